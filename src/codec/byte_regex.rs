//! Regular expressions for bytes as people write them: `\x80` to `\xff` are bytes there.
//!
//! Called by `query` and `compose`. The regex crate takes such an escape for the character of that number, which is two
//! bytes in UTF-8, so that `^\x16\x03.\xff` would never be found in what crossed a socket.

use std::borrow::Cow;

use regex::bytes::Regex;

/// The expression to be compiled for this one: of bytes where it names a byte that is no ASCII, and nothing
/// that bytes do not have.
pub(crate) fn of_bytes(source: &str) -> Cow<'_, str> {
    if names_high_byte(source) {
        let bytes = format!("(?-u){source}");
        if Regex::new(&bytes).is_ok() {
            return bytes.into();
        }
    }
    source.into()
}

/// Whether it has an escape of two hex digits from `\x80` on.
fn names_high_byte(source: &str) -> bool {
    let mut rest = source;
    while let Some((_, behind)) = rest.split_once('\\') {
        let mut chars = behind.chars();
        let kind = chars.next();
        let byte = chars.as_str().get(..2).filter(|_| kind == Some('x'));
        let byte = byte.filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        if byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()).is_some_and(|it| it > 0x7f) {
            return true;
        }
        rest = chars.as_str();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(source: &str, bytes: &[u8]) -> bool {
        Regex::new(&of_bytes(source)).unwrap().is_match(bytes)
    }

    #[test]
    fn an_escape_of_two_digits_is_a_byte() {
        assert!(finds(r"^\xff\xfb.", b"\xff\xfb\x01"));
        assert!(finds(r"[\x80-\x8f]", b"a\x85"));
        assert!(finds(r"\x00.\xFF", b"\x00\xe9\xff"), "a point is any byte beside it");
        assert!(!finds(r"\xe4", "ä".as_bytes()));
        assert!(!finds(r"\\xff", b"\xff"), "a backslash that is meant");
        assert!(finds(r"\\xff", b"\\xff"));
        assert!(finds(r"ä\xff", b"\xc3\xa4\xff"), "a letter is its bytes");
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for source in [r"^j.rg$", r"\x0d\x0a", r"\x{e4}", "", "\\", r"\x", r"\xf", "("] {
            assert_eq!(of_bytes(source), source);
        }
        assert!(finds(r"^j.rg$", "jörg".as_bytes()), "a point is a character");
    }
}
