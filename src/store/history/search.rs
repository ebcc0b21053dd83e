//! What entries of the history are looked for with: words, and tests in the words of the filter of Traffic.
//!
//! ```text
//! status >= 400 host == api.example preset contains users login      all of it has to hold
//! answer contains "no such user" age < 2h                            time >= 2026-11-29, time < 14:02
//! ```
//! `status` (also `5xx`), `method`, `host` and `preset` (a folder is all below it) with `==`, `!=`, `contains`, numbers also with
//! `<`, `<=`, `>`, `>=`; `time` and `age` (`search/times.rs`); `pinned` alone. `:` is `==`, and `and` between tests may stand there.
//! Anything else is a word (or several in quotes), which stands in the summary, the outcome, what was sent or what was answered;
//! `request contains` and `answer contains` look in one of the last two. Pure; the database finds rows, and here they are tested.

mod times;

use jiff::tz::Offset;

use crate::model::secrets::Secrets;
use crate::model::session_outcome::SessionOutcome;
use crate::model::timing::Stamp;
use crate::model::url_text::UrlText;
use crate::store::job::{HistoryQuestion, HistoryRow, HitPlace};
use times::MomentTest;

/// What a test asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HistoryField {
    Status,
    Method,
    Host,
    Preset,
    Time,
    Age,
    Text(HitPlace),
}

const FIELDS: [(&str, HistoryField); 8] = [
    ("status", HistoryField::Status),
    ("method", HistoryField::Method),
    ("host", HistoryField::Host),
    ("preset", HistoryField::Preset),
    ("time", HistoryField::Time),
    ("age", HistoryField::Age),
    ("request", HistoryField::Text(HitPlace::Request)),
    ("answer", HistoryField::Text(HitPlace::Answer)),
];

/// Longer ones first: they begin with shorter ones.
const OPERATORS: [&str; 8] = ["==", "!=", "<=", ">=", "<", ">", "contains", ":"];
const CONTAINS: &str = "contains";
const PINNED: &str = "pinned";

#[derive(Debug, Clone, PartialEq, Eq)]
enum HistoryTest {
    Pinned,
    Status { operator: &'static str, first: u16, last: u16 },
    Time(MomentTest),
    Text { field: HistoryField, operator: &'static str, value: String },
}

/// A word, or several in a row, that an entry has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SoughtWord {
    pub(super) text: String,
    /// Where alone; `None` = anywhere.
    pub(super) place: Option<HitPlace>,
}

impl SoughtWord {
    /// Whether the line of an entry holds it.
    pub(super) fn is_in_line(&self, line: &str) -> bool {
        self.place.is_none() && super::found::place_of(line, &self.text).is_some()
    }
}

/// The wall clock of whoever asks.
#[derive(Debug, Clone, Copy)]
struct AskersClock {
    now: Stamp,
    offset: Offset,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct HistorySearch {
    pub(super) words: Vec<SoughtWord>,
    /// What nobody shall read of what is found.
    pub(super) hidden: Secrets,
    tests: Vec<HistoryTest>,
}

impl HistorySearch {
    /// Reads what was typed.
    pub(super) fn read(question: &HistoryQuestion) -> Self {
        let offset = question.utc_offset.unwrap_or(Offset::UTC);
        let clock = AskersClock { now: question.now, offset };
        let hidden = question.hidden.clone();
        let mut search = HistorySearch { hidden, ..HistorySearch::default() };
        let mut rest = question.text.trim_start();
        while !rest.is_empty() {
            let behind = search.take_test(rest, clock).map(|behind| {
                let after = behind.trim_start();
                let joined = after.strip_prefix("and ").map(str::trim_start);
                let is_test =
                    |next: &&str| HistorySearch::default().take_test(next, clock).is_some();
                joined.filter(is_test).unwrap_or(after)
            });
            rest = behind.unwrap_or_else(|| search.take_word(rest)).trim_start();
        }
        search
    }

    /// Whether everything is looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.tests.is_empty()
    }

    /// Whether all tests hold; of words nothing is said here.
    pub(super) fn lets_through(&self, row: &HistoryRow) -> bool {
        self.tests.iter().all(|test| test.holds(row))
    }

    /// Texts that the line of every row that is found holds.
    pub(super) fn in_lines(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().filter_map(|test| match test {
            HistoryTest::Text { field: HistoryField::Host, operator, value } => {
                (*operator != "!=").then_some(value.as_str())
            }
            HistoryTest::Text { .. }
            | HistoryTest::Pinned
            | HistoryTest::Status { .. }
            | HistoryTest::Time(_) => None,
        })
    }

    /// The first and the last time, as it is kept, that the tests let through.
    pub(super) fn times(&self) -> (i64, i64) {
        let mut times = (i64::MIN, i64::MAX);
        for test in &self.tests {
            if let HistoryTest::Time(test) = test {
                let (first, last) = test.bounds();
                times = (times.0.max(first), times.1.min(last));
            }
        }
        times
    }

    /// The first and the last status that the tests let through; `None` = they say nothing of one.
    pub(super) fn codes(&self) -> Option<(u16, u16)> {
        let codes = self.tests.iter().filter_map(|test| match test {
            HistoryTest::Status { operator, first, last } => Some(match *operator {
                "<" | "<=" => (0, *last),
                ">" | ">=" => (*first, u16::MAX),
                "!=" => (0, u16::MAX),
                _ => (*first, *last),
            }),
            HistoryTest::Pinned | HistoryTest::Time(_) | HistoryTest::Text { .. } => None,
        });
        codes.reduce(|one, other| (one.0.max(other.0), one.1.min(other.1)))
    }

    /// Takes a word that a text begins with; what is behind it.
    fn take_word<'a>(&mut self, text: &'a str) -> &'a str {
        let (word, behind) = several(text)
            .unwrap_or_else(|| text.split_once(char::is_whitespace).unwrap_or((text, "")));
        self.words.push(SoughtWord { text: word.to_owned(), place: None });
        behind
    }

    /// Takes a test that a text begins with; what is behind it.
    fn take_test<'a>(&mut self, text: &'a str, clock: AskersClock) -> Option<&'a str> {
        let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
        if name == PINNED && is_whole {
            self.tests.push(HistoryTest::Pinned);
            return Some(rest);
        }
        let (_, field) = FIELDS.iter().find(|(known, _)| *known == name)?;
        let rest = rest.trim_start();
        let operator = OPERATORS.into_iter().find(|operator| rest.starts_with(operator))?;
        let rest = rest.strip_prefix(operator)?;
        let operator = if operator == ":" { "==" } else { operator };
        let (value, behind) = value(rest.trim_start())?;
        let is_number = ["<", "<=", ">", ">="].contains(&operator);
        let found = match field {
            HistoryField::Time => HistoryTest::Time(MomentTest::at(operator, &value, clock)?),
            HistoryField::Age => HistoryTest::Time(MomentTest::of_age(operator, &value, clock)?),
            HistoryField::Status if operator != CONTAINS => {
                let (first, last) = status(&value)?;
                HistoryTest::Status { operator, first, last }
            }
            HistoryField::Status => return None,
            HistoryField::Text(place) => {
                let is_for_it = [CONTAINS, "=="].contains(&operator);
                is_for_it.then(|| {
                    self.words.push(SoughtWord { text: value, place: Some(*place) });
                })?;
                return Some(behind);
            }
            _ if is_number => return None,
            field => HistoryTest::Text { field: *field, operator, value: value.to_lowercase() },
        };
        self.tests.push(found);
        Some(behind)
    }
}

/// Words in quotes, which are one. A single word in them is meant with its quotes, as JSON has them.
fn several(text: &str) -> Option<(&str, &str)> {
    let (inside, behind) = text.strip_prefix('"')?.split_once('"')?;
    let ends = behind.is_empty() || behind.starts_with(char::is_whitespace);
    (ends && inside.trim().contains(char::is_whitespace)).then_some((inside, behind))
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
            HistoryTest::Time(test) => test.holds(row.name.at),
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
        HistoryField::Status | HistoryField::Time | HistoryField::Age | HistoryField::Text(_) => {
            String::new()
        }
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
            hit: None,
        }
    }

    fn read(text: &str) -> HistorySearch {
        HistorySearch::read(&HistoryQuestion { text: text.into(), ..HistoryQuestion::default() })
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
            let search = read(text);
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
            ("\"not found\" x", vec!["not found", "x"], 0),
            (r#""name":"a b""#, vec![r#""name":"a"#, "b\""], 0),
            (r#""name""#, vec![r#""name""#], 0),
            ("answer contains 'a b' request:c", vec!["a b", "c"], 0),
            ("answer < 3", vec!["answer", "<", "3"], 0),
            ("time == never age > old", vec!["time", "==", "never", "age", ">", "old"], 0),
        ] {
            let search = read(text);
            let found: Vec<&str> = search.words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!((found, search.tests.len()), (words, tests), "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn whatever_is_typed_is_read(text in r#"(status|host|preset|pinned|and|time|age|answer|[<>=!:'" é4x-]|contains){0,12}"#) {
            let search = read(&text);
            let _ = search.lets_through(&row("GET http://h/", "a", Some(200)));
        }
    }
}
