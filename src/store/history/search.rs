//! What entries of the history are looked for with: words, and tests in the words of the filter of Traffic.
//!
//! ```text
//! status >= 400 host == api.example preset contains users login      all of it has to hold
//! ```
//! `status` (also `5xx`), `method`, `host` and `preset` (a folder is all below it) with `==`, `!=`, `contains`, numbers also with
//! `<`, `<=`, `>`, `>=`; `pinned` alone. `:` is `==`, and `and` between tests may stand there. Anything else is a word, which stands
//! in the summary, the outcome or what was sent. Pure; the database looks for the words, and rows are tested one by one.

use crate::model::session_outcome::SessionOutcome;
use crate::model::url_text::UrlText;
use crate::store::job::HistoryRow;

/// What a test asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HistoryField {
    Status,
    Method,
    Host,
    Preset,
}

const FIELDS: [(&str, HistoryField); 4] = [
    ("status", HistoryField::Status),
    ("method", HistoryField::Method),
    ("host", HistoryField::Host),
    ("preset", HistoryField::Preset),
];

/// Longer ones first: they begin with shorter ones.
const OPERATORS: [&str; 8] = ["==", "!=", "<=", ">=", "<", ">", "contains", ":"];
const PINNED: &str = "pinned";

#[derive(Debug, Clone, PartialEq, Eq)]
enum HistoryTest {
    Pinned,
    Status { operator: &'static str, first: u16, last: u16 },
    Text { field: HistoryField, operator: &'static str, value: String },
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct HistorySearch {
    pub(super) words: Vec<String>,
    tests: Vec<HistoryTest>,
}

impl HistorySearch {
    /// Reads what was typed.
    pub(super) fn read(text: &str) -> Self {
        let mut search = HistorySearch::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            if let Some((test, behind)) = read_test(rest) {
                search.tests.push(test);
                let after = behind.trim_start();
                let joined = after
                    .strip_prefix("and ")
                    .filter(|next| read_test(next.trim_start()).is_some());
                rest = joined.unwrap_or(after).trim_start();
                continue;
            }
            let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            search.words.push(word.to_owned());
            rest = behind.trim_start();
        }
        search
    }

    /// Whether rows have to be tested one by one.
    pub(super) fn has_tests(&self) -> bool {
        !self.tests.is_empty()
    }

    /// Whether all tests hold; of words nothing is said here.
    pub(super) fn lets_through(&self, row: &HistoryRow) -> bool {
        self.tests.iter().all(|test| test.holds(row))
    }
}

/// A test that a text begins with, and what is behind it.
fn read_test(text: &str) -> Option<(HistoryTest, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
    if name == PINNED && is_whole {
        return Some((HistoryTest::Pinned, rest));
    }
    let (_, field) = FIELDS.iter().find(|(known, _)| *known == name)?;
    let rest = rest.trim_start();
    let operator = OPERATORS.into_iter().find(|operator| rest.starts_with(operator))?;
    let rest = rest.strip_prefix(operator)?;
    let operator = if operator == ":" { "==" } else { operator };
    let (value, behind) = value(rest.trim_start())?;
    let is_number = ["<", "<=", ">", ">="].contains(&operator);
    let found = match field {
        HistoryField::Status if operator != "contains" => {
            let (first, last) = status(&value)?;
            HistoryTest::Status { operator, first, last }
        }
        HistoryField::Status => return None,
        _ if is_number => return None,
        field => HistoryTest::Text { field: *field, operator, value: value.to_lowercase() },
    };
    Some((found, behind))
}

/// A word, or a text in quotes.
fn value(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c));
    let (value, behind) = match quote {
        Some(quote) => text.strip_prefix(quote)?.split_once(quote)?,
        None => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    };
    (!value.is_empty()).then(|| (value.to_owned(), behind))
}

/// `404`, or `4xx` for all of them.
fn status(value: &str) -> Option<(u16, u16)> {
    let value = value.to_ascii_lowercase();
    match value.strip_suffix("xx") {
        Some(class) => {
            let class = class.parse::<u16>().ok().filter(|class| (1..=9).contains(class))?;
            Some((class * 100, class * 100 + 99))
        }
        None => value.parse().ok().map(|code| (code, code)),
    }
}

impl HistoryTest {
    fn holds(&self, row: &HistoryRow) -> bool {
        match self {
            HistoryTest::Pinned => row.is_pinned,
            HistoryTest::Status { operator, first, last } => {
                let SessionOutcome::Status { code, .. } = &row.outcome else { return false };
                match *operator {
                    "<" => code < first,
                    "<=" => code <= last,
                    ">" => code > last,
                    ">=" => code >= first,
                    "!=" => !(first..=last).contains(&code),
                    _ => (first..=last).contains(&code),
                }
            }
            HistoryTest::Text { field, operator, value } => {
                let found = text_of(*field, row).to_lowercase();
                let is_below =
                    || *field == HistoryField::Preset && found.starts_with(&format!("{value}/"));
                match *operator {
                    "contains" => found.contains(value),
                    "!=" => !found.is_empty() && found != *value && !is_below(),
                    _ => found == *value || is_below(),
                }
            }
        }
    }
}

fn text_of(field: HistoryField, row: &HistoryRow) -> String {
    let (first, address) = row.summary.split_once(' ').unwrap_or(("", &row.summary));
    match field {
        HistoryField::Preset => row.preset.as_ref().map(ToString::to_string).unwrap_or_default(),
        HistoryField::Method => first.to_owned(),
        HistoryField::Host => {
            UrlText::of(address.rsplit(' ').next().unwrap_or(address)).host.to_owned()
        }
        HistoryField::Status => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::preset::PresetPath;
    use crate::model::timing::Stamp;
    use crate::store::job::HistoryName;

    fn row(summary: &str, preset: &str, code: Option<u16>) -> HistoryRow {
        HistoryRow {
            name: HistoryName { row: None, at: Stamp(1) },
            badge: String::new(),
            summary: summary.into(),
            outcome: code.map_or(SessionOutcome::Unknown, |code| SessionOutcome::Status {
                code,
                took: None,
            }),
            preset: PresetPath::parse(preset).ok(),
            is_pinned: preset == "pin",
        }
    }

    #[test]
    fn tests_hold_of_rows() {
        let created =
            row("POST https://ann:x@Api.Example:8443/users?a=1", "users/create", Some(201));
        let failed = row("GET http://api.example/x", "users/list", Some(503));
        let talk = row("tcp 127.0.0.1:9000", "pin", None);
        for (text, expected) in [
            ("status >= 400", [false, true, false]),
            ("status<300", [true, false, false]),
            ("status == 5xx", [false, true, false]),
            ("status != 5xx", [true, false, false]),
            ("status > 2xx", [false, true, false]),
            ("host == api.example", [true, true, false]),
            ("host:127.0.0.1", [false, false, true]),
            ("host contains api and method == POST", [true, false, false]),
            ("method != POST", [false, true, true]),
            ("preset == users", [true, true, false]),
            ("preset == users/create", [true, false, false]),
            ("preset != users", [false, false, true]),
            ("preset contains 'LIST'", [false, true, false]),
            ("pinned", [false, false, true]),
            ("", [true, true, true]),
        ] {
            let search = HistorySearch::read(text);
            assert!(search.words.is_empty(), "{text}: {search:?}");
            let found = [&created, &failed, &talk].map(|row| search.lets_through(row));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_a_word() {
        for (text, words, tests) in [
            ("login status >= 400 users", vec!["login", "users"], 1),
            ("status", vec!["status"], 0),
            ("status >= many", vec!["status", ">=", "many"], 0),
            ("host", vec!["host"], 0),
            ("hosts == a", vec!["hosts", "==", "a"], 0),
            ("salt and pepper", vec!["salt", "and", "pepper"], 0),
            ("status == 200 and pepper", vec!["and", "pepper"], 1),
            ("pinned-down", vec!["pinned-down"], 0),
            ("preset == 'a b' c", vec!["c"], 1),
            ("preset == 'a b", vec!["preset", "==", "'a", "b"], 0),
        ] {
            let search = HistorySearch::read(text);
            assert_eq!(
                (search.words, search.tests.len()),
                (words.iter().map(|it| (*it).to_owned()).collect(), tests),
                "{text}"
            );
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn whatever_is_typed_is_read(text in r#"(status|host|preset|pinned|and|[<>=!:'" é4x]|contains){0,12}"#) {
            let search = HistorySearch::read(&text);
            let _ = search.lets_through(&row("GET http://h/", "a", Some(200)));
        }
    }
}
