//! What a body is: its shape, judged by its declared type and its first bytes, and its charset.
//!
//! Called when a body is first shown, to choose the view, and by the screen for text that is not
//! UTF-8. A declared type is believed unless the bytes say plainly otherwise.

use std::borrow::Cow;

use encoding_rs::Encoding;

use crate::model::view::{ViewMode, Wide};

/// What the bytes of a body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentShape {
    Json,
    Html,
    Xml,
    Text,
    Binary,
}

impl ContentShape {
    /// The view to begin with.
    #[must_use]
    pub fn view_mode(self) -> ViewMode {
        match self {
            ContentShape::Json => ViewMode::Pretty,
            ContentShape::Html | ContentShape::Xml | ContentShape::Text => ViewMode::Text,
            ContentShape::Binary => ViewMode::Hex,
        }
    }
}

/// Whether the beginning of some bytes reads as text: UTF-8 (a character may be cut at the end)
/// with next to no control characters. Terminal escapes of logs count as text.
#[must_use]
pub fn is_text(bytes: &[u8]) -> bool {
    let valid = match str::from_utf8(bytes) {
        Ok(_) => bytes,
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        Err(_) => return false,
    };
    mostly_printable(valid)
}

fn mostly_printable(bytes: &[u8]) -> bool {
    let is_control = |b: &u8| *b < 0x20 && !b"\t\n\r\x0c\x1b\x08".contains(b) || *b == 0x7f;
    !bytes.contains(&0) && bytes.iter().filter(|b| is_control(b)).count() * 20 <= bytes.len()
}

/// The shape of a body from its `Content-Type` (if any) and its first bytes (some hundred are
/// enough).
#[must_use]
pub fn sniff(content_type: Option<&str>, first: &[u8]) -> ContentShape {
    let kind = essence(content_type.unwrap_or_default());
    if kind == "application/json" || kind == "text/json" || kind.ends_with("json") {
        return ContentShape::Json;
    }
    let is_text = is_text(first) || charset(content_type).is_some() && mostly_printable(first);
    if !is_text {
        return ContentShape::Binary;
    }
    if looks_like_json(first) {
        return ContentShape::Json;
    }
    if kind == "text/html" || kind == "application/xhtml+xml" {
        return ContentShape::Html;
    }
    if kind.ends_with("/xml") || kind.ends_with("+xml") {
        return ContentShape::Xml;
    }
    if kind.is_empty() || kind == "application/octet-stream" {
        return by_bytes(first);
    }
    ContentShape::Text
}

/// Type and subtype, lower case, without parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn by_bytes(first: &[u8]) -> ContentShape {
    let start = first.trim_ascii_start();
    let begins =
        |text: &[u8]| start.get(..text.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(text));
    if begins(b"<!doctype html") || begins(b"<html") {
        ContentShape::Html
    } else if begins(b"<?xml") {
        ContentShape::Xml
    } else {
        ContentShape::Text
    }
}

/// Begins as an object or array does. Log lines such as `[INFO]` do not.
fn looks_like_json(first: &[u8]) -> bool {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let mut solid = first.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (solid.next(), solid.next()) {
        (Some(b'{'), Some(next)) => b"\"}".contains(next),
        (Some(b'['), Some(next)) => {
            next.is_ascii_digit() && !has_date(first) || b"{[\"-tfn]".contains(next)
        }
        _ => false,
    }
}

/// `[2024-05-01 …]` and `[12:00:00]` begin log lines, not arrays.
fn has_date(first: &[u8]) -> bool {
    let Some(rest) = first.trim_ascii_start().strip_prefix(b"[") else { return false };
    let number = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    rest.get(number).is_some_and(|byte| b"-:/".contains(byte))
}

/// The charset a `Content-Type` names, unless that is UTF-8 or unknown.
#[must_use]
pub fn charset(content_type: Option<&str>) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label(content_type)?.as_bytes())?;
    Some(encoding).filter(|encoding| *encoding != encoding_rs::UTF_8)
}

/// The `charset` parameter.
fn label(content_type: Option<&str>) -> Option<&str> {
    content_type?.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// The encoding in wide units a body is in: by the byte order mark it begins with, or by the charset
/// its `Content-Type` names. Without either sign UTF-16 is taken for little-endian, as browsers do.
#[must_use]
pub fn wide(content_type: Option<&str>, first: &[u8]) -> Option<Wide> {
    let marks: [(&[u8], Wide); 4] = [
        (b"\xff\xfe\0\0", Wide::Utf32Le),
        (b"\0\0\xfe\xff", Wide::Utf32Be),
        (b"\xff\xfe", Wide::Utf16Le),
        (b"\xfe\xff", Wide::Utf16Be),
    ];
    let marked = marks.into_iter().find(|(mark, _)| first.starts_with(mark));
    marked.map_or_else(|| label(content_type)?.parse().ok(), |(_, wide)| Some(wide))
}

/// Bytes in a charset as UTF-8, for the screen. Bytes that are not valid in it become U+FFFD.
#[must_use]
pub fn to_utf8<'a>(bytes: &'a [u8], encoding: Option<&'static Encoding>) -> Cow<'a, [u8]> {
    let Some(encoding) = encoding else { return Cow::Borrowed(bytes) };
    match encoding.decode_without_bom_handling(bytes).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_told_from_binary() {
        for text in ["", "hello\r\n", "é", "\x1b[31mred\x1b[0m"] {
            assert!(is_text(text.as_bytes()), "{text:?}");
        }
        assert!(is_text(&"aé".as_bytes()[..2]));
        for bytes in [&b"\0"[..], b"\xff\xfe", b"\x89PNG\r\n\x1a\n\0\0", b"\x01\x02\x03"] {
            assert!(!is_text(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn the_declared_type_and_the_bytes_give_the_shape() {
        for (kind, first, shape) in [
            (Some("application/json"), "anything", ContentShape::Json),
            (Some("application/problem+JSON; charset=utf-8"), "", ContentShape::Json),
            (Some("text/plain"), " {\n \"a\":1}", ContentShape::Json),
            (None, "[{\"a\":1}]", ContentShape::Json),
            (None, "[1,2]", ContentShape::Json),
            (None, "[INFO] started", ContentShape::Text),
            (None, "[2024-05-01 12:00] started", ContentShape::Text),
            (None, "{{ template }}", ContentShape::Text),
            (Some("text/html"), "<p>", ContentShape::Html),
            (None, "<!DOCTYPE HTML><p>", ContentShape::Html),
            (Some("image/svg+xml"), "<svg>", ContentShape::Xml),
            (None, "<?xml version=\"1.0\"?>", ContentShape::Xml),
            (Some("application/octet-stream"), "plain", ContentShape::Text),
            (Some("text/plain"), "\0\x01", ContentShape::Binary),
            (Some("image/png"), "\0", ContentShape::Binary),
        ] {
            assert_eq!(sniff(kind, first.as_bytes()), shape, "{kind:?} {first:?}");
        }
        assert_eq!(
            sniff(Some("text/plain; charset=iso-8859-1"), b"Gr\xfc\xdfe"),
            ContentShape::Text
        );
    }

    #[test]
    fn text_of_another_charset_is_converted() {
        let latin = charset(Some("text/plain; Charset=\"ISO-8859-1\""));
        assert_eq!(&*to_utf8(b"Gr\xfc\xdfe", latin), "Grüße".as_bytes());
        assert_eq!(charset(Some("text/plain; charset=utf-8")), None);
        assert_eq!(charset(Some("text/plain; charset=nonsense")), None);
        assert!(matches!(to_utf8(b"\xff", None), Cow::Borrowed(b"\xff")));
    }

    #[test]
    fn wide_text_is_known_by_its_mark_or_its_charset() {
        for (kind, first, expected) in [
            (None, &b"\xff\xfea\0"[..], Some(Wide::Utf16Le)),
            (Some("text/plain; charset=utf-8"), b"\xfe\xff\0a", Some(Wide::Utf16Be)),
            (None, b"\xff\xfe\0\0a\0\0\0", Some(Wide::Utf32Le)),
            (None, b"\0\0\xfe\xff", Some(Wide::Utf32Be)),
            (Some("text/plain; charset=UTF-16be"), b"\0a", Some(Wide::Utf16Be)),
            (Some("text/plain; charset=\"utf-16\""), b"a\0", Some(Wide::Utf16Le)),
            (Some("text/plain; charset=iso-8859-1"), b"a\0", None),
            (None, b"a\0", None),
        ] {
            assert_eq!(wide(kind, first), expected, "{kind:?} {first:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn arbitrary_types_and_bytes_have_a_shape(kind in ".*", first: Vec<u8>) {
            let _ = sniff(Some(&kind), &first).view_mode();
            let _ = to_utf8(&first, charset(Some(&kind)));
        }
    }
}
