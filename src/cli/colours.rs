//! Colours of what `send` prints for people: heads of messages and lines of JSON.
//!
//! The terminal's own sixteen colours, so that they can be read on any ground. Texts are made
//! printable here; what comes out holds no escape sequence but ours.

use std::fmt::Write as _;

use crate::codec::highlight::{HighlightToken, Tokens};
use crate::codec::printable::{printable, printable_lines};

/// What a piece of text is, as the parameters of `CSI m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Faint,
    Name,
    Method,
    Success,
    Redirect,
    ClientError,
    ServerError,
    Text,
    Number,
    Literal,
    Wrong,
}

impl Ink {
    fn parameters(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Faint => "2",
            Ink::Name => "34",
            Ink::Method | Ink::Success => "1;32",
            Ink::Redirect => "1;36",
            Ink::ClientError => "1;33",
            Ink::ServerError => "1;31",
            Ink::Text => "32",
            Ink::Number => "36",
            Ink::Literal => "35",
            Ink::Wrong => "31",
        }
    }

    /// Of a status (RFC 9110, section 15).
    fn of_status(code: &str) -> Ink {
        match code.as_bytes().first() {
            Some(b'2') => Ink::Success,
            Some(b'3') => Ink::Redirect,
            Some(b'4') => Ink::ClientError,
            Some(b'5') => Ink::ServerError,
            _ => Ink::Plain,
        }
    }

    fn of_token(token: HighlightToken) -> Ink {
        match token {
            HighlightToken::Plain => Ink::Plain,
            HighlightToken::Key => Ink::Name,
            HighlightToken::String => Ink::Text,
            HighlightToken::Number => Ink::Number,
            HighlightToken::Literal => Ink::Literal,
            HighlightToken::Punctuation => Ink::Faint,
            HighlightToken::Error => Ink::Wrong,
        }
    }
}

fn put(out: &mut String, ink: Ink, text: &str) {
    let _ = match ink {
        _ if text.is_empty() => Ok(()),
        Ink::Plain => write!(out, "{text}"),
        ink => write!(out, "\x1b[{}m{text}\x1b[0m", ink.parameters()),
    };
}

/// The head of a message, start line and fields; ends as it came.
pub(super) fn head(bytes: &[u8]) -> String {
    let shown = printable_lines(bytes);
    let mut out = String::with_capacity(2 * shown.len());
    for (index, line) in shown.split_inclusive('\n').enumerate() {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if index == 0 {
            start_line(&mut out, line);
        } else if let Some((name, value)) = line.split_once(':') {
            put(&mut out, Ink::Name, name);
            put(&mut out, Ink::Faint, ":");
            put(&mut out, Ink::Plain, value);
        } else {
            out.push_str(line);
        }
        out.push_str(end);
    }
    out
}

fn start_line(out: &mut String, line: &str) {
    let Some((first, rest)) = line.split_once(' ') else {
        return out.push_str(line);
    };
    if first.starts_with("HTTP/") {
        put(out, Ink::Faint, first);
        put(out, Ink::of_status(rest), &format!(" {rest}"));
        return;
    }
    put(out, Ink::Method, first);
    match rest.rsplit_once(' ') {
        Some((target, version)) => {
            put(out, Ink::Plain, &format!(" {target} "));
            put(out, Ink::Faint, version);
        }
        None => put(out, Ink::Plain, &format!(" {rest}")),
    }
}

/// A line with what its ranges are.
pub(super) fn tokens(line: &[u8], tokens: &Tokens) -> String {
    let mut out = String::with_capacity(2 * line.len());
    for (range, token) in tokens {
        let part = &line[range.clone()];
        put(&mut out, Ink::of_token(*token), &printable(part));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::highlight;
    use proptest::prelude::*;

    fn plain(painted: &str) -> String {
        let mut parts = painted.split("\x1b[");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
    }

    #[test]
    fn a_head_has_its_parts_in_colours() {
        let response = head(b"HTTP/1.1 404 Not Found\r\nA: b:c\r\n\r\n");
        assert!(response.contains("\x1b[1;33m 404 Not Found\x1b[0m\n"), "{response:?}");
        assert!(response.contains("\x1b[34mA\x1b[0m\x1b[2m:\x1b[0m b:c\n\n"), "{response:?}");
        let request = head(b"GET /x HTTP/1.1\r\n\r\n");
        assert!(request.starts_with("\x1b[1;32mGET\x1b[0m /x \x1b[2mHTTP/1.1"), "{request:?}");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn colours_change_no_text_and_let_no_control_through(bytes: Vec<u8>) {
            let painted = head(&bytes);
            prop_assert_eq!(plain(&painted), printable_lines(&bytes));
            let ours = painted.matches('\x1b').count();
            prop_assert_eq!(ours, painted.matches("\x1b[").count());
            let line = tokens(&bytes, &highlight::json(&bytes));
            prop_assert!(!plain(&line).contains(char::is_control));
        }
    }
}
