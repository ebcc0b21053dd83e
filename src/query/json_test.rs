//! Tests of a value in a body that is JSON: `json .user.id == 42`. The path and what it is compared with are those of
//! expectations, so both mean the same.

use super::comparison::FacetTest;
use super::operators::{operator_word, sign};
use super::question::FacetQuestion;
use super::scanner::{QueryError, Scanner, error};

/// What is asked of a value in a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JsonTest {
    question: FacetQuestion,
    test: FacetTest,
}

impl JsonTest {
    /// Whether a body holds it; one that is no JSON holds nothing that could be asked for.
    pub(super) fn holds(&self, body: &[u8]) -> bool {
        let first = body.trim_ascii_start().first();
        let is_begun = first.is_some_and(|it| it.is_ascii_digit() || b"{[\"-tfn".contains(it));
        let whole = is_begun.then(|| serde_json::from_slice(body).ok()).flatten();
        whole.is_some_and(|whole| self.test.holds(&self.question.at_path(&whole)))
    }
}

/// Reads what stands behind the word.
///
/// # Errors
/// When it is no path, or cannot be compared so.
pub(super) fn read(scanner: &mut Scanner, example: &str) -> Result<JsonTest, QueryError> {
    scanner.skip_space();
    let column = scanner.column();
    let path = path(scanner);
    let question = FacetQuestion::parse(&format!("json {path}"));
    let question = question.map_err(|why| error(column, why.message))?;
    if question.help_wanted().is_some() {
        return Err(error(column, format!("'{path}' is no path; write one, such as {example}")));
    }
    let after = scanner.column();
    scanner.skip_space();
    let begins = scanner.column();
    let in_list = |scanner: &mut Scanner| scanner.take_word("in").then_some("in");
    let operator = sign(scanner).or_else(|| operator_word(scanner)).or_else(|| in_list(scanner));
    let Some(operator) = operator else {
        scanner.go_to(after);
        let test = FacetTest::parse(&question, "exists");
        return test.map(|test| JsonTest { question, test });
    };
    scanner.skip_space();
    let value = match scanner.peek() {
        Some('{' | '[') => value_of_json(scanner),
        _ => scanner.as_written(),
    };
    if value.is_empty() {
        return Err(error(scanner.column(), format!("a value is missing; write {example}")));
    }
    let is_number = || value.trim_matches(['"', '\'']).parse::<f64>().is_ok();
    if operator.starts_with(['<', '>']) && !is_number() {
        return Err(error(begins, format!("'{value}' is no number; write {example}")));
    }
    let test = FacetTest::parse(&question, &format!("{operator} {value}"));
    test.map(|test| JsonTest { question, test }).map_err(|why| error(begins, why.message))
}

/// A path, to its first space or operator outside of brackets and quotes.
fn path(scanner: &mut Scanner) -> String {
    let mut nesting = Nesting::default();
    scanner.until(|c| !nesting.is_inside(c) && (c.is_whitespace() || "=!<>()".contains(c)))
}

/// A list or an object, to its end.
fn value_of_json(scanner: &mut Scanner) -> String {
    let mut nesting = Nesting::default();
    let mut is_over = false;
    scanner.until(|c| {
        let was_over = is_over;
        is_over = !nesting.is_inside(c);
        was_over
    })
}

/// How deep in brackets a place is.
#[derive(Debug, Default)]
struct Nesting {
    brackets: usize,
    in_quotes: bool,
    is_escaped: bool,
}

impl Nesting {
    /// Whether this character, which comes next, stands inside of some, or closes them.
    fn is_inside(&mut self, c: char) -> bool {
        match c {
            _ if std::mem::take(&mut self.is_escaped) => {}
            '\\' if self.in_quotes => self.is_escaped = true,
            '"' => self.in_quotes = !self.in_quotes,
            _ if self.in_quotes => {}
            '[' | '{' => self.brackets += 1,
            ']' | '}' => self.brackets = self.brackets.saturating_sub(1),
            _ => {}
        }
        self.brackets > 0 || self.in_quotes
    }
}

#[cfg(test)]
mod tests {
    use crate::model::exchange::{Exchange, HttpMessage};
    use crate::model::exchange_facts::ExchangeFacts;
    use crate::model::id::SessionId;
    use crate::model::protocol::Side;
    use crate::model::record::{Direction, Record, RecordKind};
    use crate::model::timing::Stamp;
    use crate::query::{Filter, RecordFacts};

    fn is_found(filter: &str, body: &str) -> bool {
        let conn = SessionId(1).conn(1);
        let data = format!("POST / HTTP/1.1\r\nHost: a\r\n\r\n{body}").into_bytes();
        let record =
            Record::new(Stamp(0), conn, Direction::Received, RecordKind::Data, data.into());
        let exchange = Exchange::begun(Side::Listener, conn, 0, HttpMessage::default(), Stamp(0));
        let exchange = ExchangeFacts::of(&exchange);
        let facts = RecordFacts { exchange: Some(&exchange), ..RecordFacts::of(&record) };
        Filter::parse(filter).unwrap().about(conn, None).matches(&facts)
    }

    #[test]
    fn a_value_at_a_path_is_compared_as_expectations_compare_it() {
        let body = r#"{"user": {"id": 42, "name": "Ann B"}, "tags": ["a", "b"], "a b": true, "none": null}"#;
        for (filter, expected) in [
            ("json .user.id == 42", true),
            ("json .user.id==42", true),
            ("json .user.id != 42", false),
            ("json .user.id >= 42 and json .user.id < 43", true),
            ("json .user.id in {1, 42}", true),
            ("(json .user.name == 'Ann B')", true),
            ("json .user.name contains ann", true),
            ("json .user.name matches '^ann'", true),
            ("json .tags == [\"a\", \"b\"] and len > 1", true),
            ("json .tags[1] == b", true),
            (r#"json .["a b"] == true"#, true),
            ("json .user", true),
            ("json .nothing", false),
            ("not json .nothing", true),
            ("json .nothing != 1", false),
            ("json .tags|length == 2", true),
        ] {
            assert_eq!(is_found(filter, body), expected, "{filter}");
            assert!(!is_found(&format!("json .x and {filter}"), "no json"), "{filter}");
        }
        assert!(is_found("json", "a json b"), "a word is a text");
    }

    #[test]
    fn what_is_no_path_or_no_value_is_told_with_its_column() {
        for (filter, said) in [
            ("json .a[ == 1", "column 6"),
            ("json .a ==", "a value is missing; write json .user.id == 42"),
            ("json .a > x", "'x' is no number"),
            ("json .[] | select(.a) == 1", "column 23"),
        ] {
            let why = Filter::parse(filter).unwrap_err().to_string();
            assert!(why.contains(said), "{filter}: {why}");
        }
    }
}
