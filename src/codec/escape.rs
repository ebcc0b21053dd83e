//! The escapes of payloads in text mode, both ways.
//!
//! `\r \n \t \0 \e \a \b \f \v \\ \" \'`, `\xNN` (exactly two digits), `\u{...}`, the hex island
//! `\x{de ad be ef}`, and `\{{` for two literal braces where a template would start. Everything
//! else after a backslash is an error that names its column. `escape` is the inverse for any bytes.

use std::fmt::Write;
use std::ops::Range;

use super::hex;
use super::printable::{LETTERS, is_visible};

/// An escape that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct EscapeError {
    /// Character of the text where the escape begins, from 1.
    pub column: usize,
    /// Bytes of the text the escape covers.
    pub span: Range<usize>,
    /// What is wrong, in words.
    pub message: String,
}

/// The bytes an escaped text stands for.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, EscapeError> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        out.extend_from_slice(before.as_bytes());
        let at = text.len() - escape.len();
        let length = one(escape, &mut out).map_err(|(length, message)| {
            let column = text.get(..at).map_or(0, |before| before.chars().count()) + 1;
            EscapeError { column, span: at..at + length, message }
        })?;
        rest = escape.split_at(length).1;
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// Bytes an escape covers that failed, and why.
type Bad = (usize, String);

/// Length in bytes of the escape at the start of `text` (which begins with a backslash), whether
/// it is a valid one or not. Lets the template parser step over escapes.
pub fn length(text: &str) -> usize {
    one(text, &mut Vec::new()).unwrap_or_else(|(length, _)| length)
}

/// What the escapes of a text that look like letters or quotes stand for, each once (`\t = TAB`):
/// somebody who meant a path or a pattern sees it there.
#[must_use]
pub fn letters(text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let escape = rest.split_at(start).1;
        let known = NAMES.iter().find(|name| escape.starts_with(name.split_at(2).0));
        found.extend(known.filter(|name| !found.contains(*name)));
        rest = escape.split_at(length(escape)).1;
    }
    found
}

/// The same for each of them.
const NAMES: [&str; 11] = [
    "\\r = CR",
    "\\n = LF",
    "\\t = TAB",
    "\\0 = NUL",
    "\\e = ESC",
    "\\a = BEL",
    "\\b = BS",
    "\\f = FF",
    "\\v = VT",
    "\\\" = \"",
    "\\' = '",
];

/// Reads one escape and returns its length in bytes.
fn one(text: &str, out: &mut Vec<u8>) -> Result<usize, Bad> {
    let rest = text.strip_prefix('\\').unwrap_or(text);
    let Some(c) = rest.chars().next() else {
        return Err((1, "the text ends with a single '\\'; write '\\\\' for a backslash".into()));
    };
    let byte = match (c, LETTERS.iter().find(|(letter, _)| *letter == c)) {
        (_, Some((_, byte))) => *byte,
        ('\\' | '"' | '\'', _) => c as u8,
        ('x', _) => {
            return match rest.strip_prefix("x{") {
                Some(inner) => hex_block(inner, out),
                None => two_digits(rest, out),
            };
        }
        ('u', _) => return unicode(rest, out),
        ('{', _) if rest.starts_with("{{") => {
            out.extend_from_slice(b"{{");
            return Ok(3);
        }
        _ => {
            let message = format!("unknown escape '\\{c}'; write '\\\\' for a backslash");
            return Err((1 + c.len_utf8(), message));
        }
    };
    out.push(byte);
    Ok(2)
}

/// `xNN`
fn two_digits(rest: &str, out: &mut Vec<u8>) -> Result<usize, Bad> {
    let digits = rest.get(1..3).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    match digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
        Some(byte) => {
            out.push(byte);
            Ok(4)
        }
        None => Err((2, "'\\x' needs exactly two hex digits, such as \\x0d".into())),
    }
}

/// `x{de ad}`, of which `text` is what follows the brace.
fn hex_block(text: &str, out: &mut Vec<u8>) -> Result<usize, Bad> {
    let Some((inner, _)) = text.split_once('}') else {
        return Err((3, "'\\x{' has no closing '}'".into()));
    };
    let length = "\\x{}".len() + inner.len();
    match hex::digits(inner) {
        Ok(bytes) => {
            out.extend_from_slice(&bytes);
            Ok(length)
        }
        Err(error) => Err((length, format!("in '\\x{{…}}': {}", error.message))),
    }
}

/// `u{1F388}`
fn unicode(rest: &str, out: &mut Vec<u8>) -> Result<usize, Bad> {
    let Some(inner) = rest.strip_prefix("u{") else {
        return Err((2, "'\\u' needs braces, such as \\u{e9}".into()));
    };
    let Some((digits, _)) = inner.split_once('}') else {
        return Err((3, "'\\u{' has no closing '}'".into()));
    };
    let length = "\\u{}".len() + digits.len();
    let valid = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let code = if valid { u32::from_str_radix(digits, 16).ok() } else { None };
    match code.and_then(char::from_u32) {
        Some(c) => {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            Ok(length)
        }
        None => Err((length, format!("'{digits}' is not a Unicode character"))),
    }
}

/// Text that `unescape` (and a payload template) turns back into exactly these bytes.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        let mut chars = chunk.valid().chars().peekable();
        while let Some(c) = chars.next() {
            if c == '{' && chars.peek() == Some(&'{') {
                chars.next();
                out.push_str("\\{{");
            } else {
                escape_char(c, &mut out);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

fn escape_char(c: char, out: &mut String) {
    // The other letters are less clear than digits.
    let known = LETTERS[..5].iter().find(|(_, byte)| char::from(*byte) == c);
    let _ = match known {
        Some((letter, _)) => write!(out, "\\{letter}"),
        None if c == '\\' => out.write_str("\\\\"),
        None if is_visible(c) => out.write_char(c),
        None if c.is_ascii() => write!(out, "\\x{:02x}", c as u32),
        None => write!(out, "\\u{{{:x}}}", c as u32),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_escape_of_the_table_is_read() {
        assert_eq!(
            unescape(r#"\r\n\t\0\e\a\b\f\v\\\"\'"#).unwrap(),
            b"\r\n\t\0\x1b\x07\x08\x0c\x0b\\\"'"
        );
        assert_eq!(unescape(r"\x0D\xff").unwrap(), b"\x0d\xff");
        assert_eq!(unescape(r"\u{e9}\u{1F388}").unwrap(), "é🎈".as_bytes());
        assert_eq!(unescape(r"a\x{de ad,be:EF}b").unwrap(), b"a\xde\xad\xbe\xefb");
        assert_eq!(unescape(r"\{{x}}").unwrap(), b"{{x}}");
        assert_eq!(unescape("plain $100 é\n").unwrap(), "plain $100 é\n".as_bytes());
    }

    #[test]
    fn what_looks_like_letters_is_told_once_each() {
        assert_eq!(letters(r"C:\temp\new\temp \\r \x41"), ["\\t = TAB", "\\n = LF"]);
        assert_eq!(letters(r"\q \"), [""; 0]);
        for (letter, byte) in LETTERS {
            let text = format!("\\{letter}");
            assert_eq!(letters(&text).len(), 1, "{text}");
            assert_eq!(unescape(&text).unwrap(), [byte]);
        }
    }

    #[test]
    fn an_unknown_escape_names_its_column() {
        let error = unescape(r"é\q").unwrap_err();
        assert_eq!((error.column, error.span), (2, 2..4));
        assert!(error.message.contains(r"\q"));
    }

    #[test]
    fn half_escapes_are_errors() {
        for text in [
            r"\",
            r"\x",
            r"\x1",
            r"\xg0",
            r"\x+1",
            r"\x{1",
            r"\x{1}",
            r"\x{zz}",
            r"\u",
            r"\u41",
            r"\u{}",
            r"\u{d800}",
            r"\u{110000}",
            r"\u{+41}",
            r"\{",
            r"\{x",
            r"\é",
        ] {
            assert!(unescape(text).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn escape_and_back_gives_the_same_bytes(bytes: Vec<u8>) {
            let text = escape(&bytes);
            prop_assert!(text.chars().all(is_visible));
            prop_assert_eq!(unescape(&text).unwrap(), bytes);
        }

        #[test]
        fn braces_and_backslashes_survive(text in r"[\\{}x!a]{0,24}") {
            prop_assert_eq!(unescape(&escape(text.as_bytes())).unwrap(), text.as_bytes());
        }

        #[test]
        fn any_text_gives_bytes_or_an_error_inside_it(text in r"[\\xu{}0-9a-fé ]{0,24}") {
            if let Err(error) = unescape(&text) {
                prop_assert!(error.span.end <= text.len());
                prop_assert!(error.column <= text.chars().count());
            }
        }
    }
}
