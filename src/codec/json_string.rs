//! Where a string of JSON ends (RFC 8259, section 7): the one loop of all who go through JSON by its
//! bytes without reading it.

use memchr::memchr2;

/// The place behind the closing quote of a string whose inside begins at `inside`; `None` = its end is
/// not among these bytes.
#[must_use]
pub(crate) fn end(bytes: &[u8], inside: usize) -> Option<usize> {
    let mut at = inside;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_the_first_quote_that_is_not_escaped() {
        for (text, found) in [
            (&br#""a","b""#[..], Some(3)),
            (br#""""#, Some(2)),
            (br#""a\"b\\""#, Some(8)),
            (br#""a\""#, None),
            (br#""a\"#, None),
            (br#"""#, None),
            (b"", None),
        ] {
            assert_eq!(end(text, 1), found, "{}", String::from_utf8_lossy(text));
        }
    }
}
