//! What something that is seen is written as, so that it is expected to be as it is, or captured: for the panes that
//! show answers and conversations.

use std::fmt::Write as _;
use std::time::Duration;

/// Characters of a value that is expected as it is; a longer one is only expected to be there.
const LONGEST: usize = 200;
/// Bytes that are expected as they are.
const BYTES: usize = 64;

/// What a value of JSON shall be to be as it is now, in the words of the expression language.
pub(crate) fn json(text: &str) -> String {
    let flat: Option<serde_json::Value> = serde_json::from_str(text).ok();
    match flat {
        Some(serde_json::Value::String(text)) => self::text(&text),
        Some(value) if value.to_string().len() <= LONGEST => value.to_string(),
        _ => "exists".to_owned(),
    }
}

/// A text as it is, in quotes where it would mean something else.
pub(crate) fn text(text: &str) -> String {
    if text.chars().count() > LONGEST || text.contains(['\n', '\r']) {
        return "exists".to_owned();
    }
    let is_plain = text.chars().next().is_some_and(char::is_alphabetic)
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '.' | ';' | '=' | ' '))
        && !["contains", "matches", "in", "exists", "absent", "not", "true", "false", "null"]
            .iter()
            .any(|word| text.split(' ').next() == Some(word));
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A time that may be up to twice as long, in a round number.
pub(crate) fn time(took: Duration) -> String {
    let wanted = took.as_micros().saturating_mul(2).div_ceil(1000).max(1);
    let mut bound: u128 = 1;
    while bound < wanted {
        let is_five = bound.to_string().starts_with('5');
        let is_two = bound.to_string().starts_with('2');
        bound = if is_two {
            bound / 2 * 5
        } else if is_five {
            bound / 5 * 10
        } else {
            bound * 2
        };
    }
    format!("<= {bound}ms")
}

/// Bytes that shall be contained: text where they are that, else hex digits; what is too long by its beginning.
/// `None` = there are none.
pub(crate) fn contained(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let as_text = std::str::from_utf8(bytes).ok();
    let as_text =
        as_text.filter(|text| !text.chars().any(|c| c.is_control() && !"\r\n\t".contains(c)));
    if bytes.is_empty() {
        return None;
    }
    Some(match as_text {
        Some(text) => {
            let start: String = text.chars().take(LONGEST).collect();
            format!("contains {}", quoted(&start))
        }
        None => format!("contains {}", hex(bytes)),
    })
}

/// Bytes as the whole of what they are.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(BYTES).fold("0x".to_owned(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The field that captures the value of a line like `name = value` or `name: value`, and a name for it; all of the
/// body where it is no such line.
pub(crate) fn captured_line(bytes: &[u8]) -> (String, String) {
    let whole = ("body".to_owned(), "value".to_owned());
    let Ok(text) = std::str::from_utf8(bytes) else { return whole };
    let line = text.lines().next().unwrap_or_default();
    let Some(at) = line.find(['=', ':']) else { return whole };
    let (before, behind) = line.split_at(at);
    let is_apart = before.ends_with([' ', '\t']);
    let before = before.trim_end();
    let name = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).next();
    let name = name.unwrap_or_default();
    if name.is_empty() || before.len() > LONGEST {
        return whole;
    }
    let separator = if behind.starts_with('=') { '=' } else { ':' };
    let gap = if is_apart { "\\s*" } else { "" };
    (format!("body matches '{name}{gap}{separator} *([^\\s&;,]+)'"), name.replace('-', "_"))
}

/// A name for a variable: the last of the path or header.
pub(crate) fn variable(of: &str) -> String {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: Vec<&str> = of.split(|c| !is_of_name(c)).filter(|word| !word.is_empty()).collect();
    let named = words.iter().rev().find(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    match (of.strip_prefix("header."), named) {
        (Some(header), _) => header.replace('-', "_"),
        (None, Some(name)) if *name != "json" => (*name).to_owned(),
        _ => "value".to_owned(),
    }
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\\' | '\'' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{CaptureOrder, Expectation};

    #[test]
    fn a_variable_is_named_after_what_it_is() {
        for (of, name) in [
            ("json .user.id", "id"),
            ("json .items[0]", "items"),
            ("json .access_token", "access_token"),
            ("json .[\"a b\"]", "b"),
            ("json .[0]", "value"),
            ("header.x-request-id", "x_request_id"),
        ] {
            assert_eq!(variable(of), name, "{of}");
        }
    }

    #[test]
    fn what_is_expected_is_what_is_there() {
        for (text, value) in [
            ("42", "42"),
            ("true", "true"),
            ("null", "null"),
            ("\"Ann\"", "Ann"),
            ("\"42\"", "'42'"),
            ("\"it's\"", "'it\\'s'"),
            ("\"in stock\"", "'in stock'"),
            ("\"a\\nb\"", "exists"),
            ("[1, 2]", "[1,2]"),
            ("{\n  \"a\": 1\n}", "{\"a\":1}"),
        ] {
            assert_eq!(json(text), value);
            assert!(Expectation::parse("json .x", value).is_ok(), "{value}");
        }
    }

    #[test]
    fn times_are_bounded_by_a_round_number_that_leaves_room() {
        for (micros, bound) in [
            (0, "<= 1ms"),
            (400, "<= 1ms"),
            (3_000, "<= 10ms"),
            (12_000, "<= 50ms"),
            (900_000, "<= 2000ms"),
        ] {
            let value = time(Duration::from_micros(micros));
            assert_eq!(value, bound);
            assert!(Expectation::parse("total", &value).is_ok(), "{value}");
        }
    }

    #[test]
    fn messages_are_expected_as_text_or_bytes() {
        for (bytes, value) in [
            (&b"+PONG\r\n"[..], "contains '+PONG'"),
            (b"it's \\ \ttwo\nlines", "contains 'it\\'s \\\\ \\ttwo\\nlines'"),
            (b"\x01\x02\xff", "contains 0x0102ff"),
        ] {
            let found = contained(bytes).unwrap();
            assert_eq!(found, value);
            assert!(Expectation::parse("body", &found).is_ok(), "{value}");
        }
        assert_eq!(contained(b"\r\n"), None);
    }

    #[test]
    fn of_a_line_the_value_behind_its_name_is_captured() {
        for (line, of, name) in [
            ("token=abc&x=1", "body matches 'token= *([^\\s&;,]+)'", "token"),
            ("Session-Id: 42", "body matches 'Session-Id: *([^\\s&;,]+)'", "Session_Id"),
            ("name = value", "body matches 'name\\s*= *([^\\s&;,]+)'", "name"),
            ("welcome id : 77", "body matches 'id\\s*: *([^\\s&;,]+)'", "id"),
            ("hello", "body", "value"),
            (" = 5", "body", "value"),
        ] {
            assert_eq!(captured_line(line.as_bytes()), (of.to_owned(), name.to_owned()));
            CaptureOrder::parse(name, of).unwrap();
        }
    }
}
