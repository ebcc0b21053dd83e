//! What a body is: how it is best shown, judged by its declared type and its first bytes, and its
//! charset.
//!
//! Called when a body is first shown, to choose the view, and by the screen for text that is not
//! UTF-8. A declared type is believed unless the bytes say plainly otherwise.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::printable::printable_str;
use crate::model::view::{ViewMode, WideEncoding};

/// Whether the beginning of some bytes reads as text: UTF-8 (a character may be cut at the end)
/// with next to no control characters. Terminal escapes of logs count as text.
#[must_use]
pub(crate) fn is_text(bytes: &[u8]) -> bool {
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

/// The view to begin with, by the `Content-Type` of a body (if any) and its first bytes (some hundred
/// are enough): pretty for JSON, hex for what is no text.
#[must_use]
pub(crate) fn sniff(content_type: Option<&str>, first: &[u8]) -> ViewMode {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_named =
        || charset(content_type).is_some() || named_within(content_type, first).is_some();
    let is_text = is_text(first) || mostly_printable(first) && is_named();
    if kind.to_ascii_lowercase().ends_with("json") || is_text && looks_like_json(first) {
        ViewMode::Pretty
    } else if is_text {
        ViewMode::Text
    } else {
        ViewMode::Hex
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

fn label(content_type: Option<&str>) -> Option<&str> {
    labels(content_type?).next()
}

fn labels(content_type: &str) -> impl Iterator<Item = &str> {
    parameters(content_type, "charset").map(|label| label.trim_matches(['"', '\'']).trim())
}

/// The value of a parameter of a `Content-Type`, with the quotes it may have.
pub(super) fn parameter<'a>(content_type: &'a str, wanted: &'a str) -> Option<&'a str> {
    parameters(content_type, wanted).next()
}

fn parameters<'a>(content_type: &'a str, wanted: &'a str) -> impl Iterator<Item = &'a str> {
    content_type.split(';').skip(1).filter_map(move |parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then_some(value.trim())
    })
}

/// Bytes of a page in which it names its charset (HTML, section 4.2.5.4).
pub(crate) const NAMED_WITHIN: usize = 1024;

/// What there is to say about the charset of a text that is printed: that nobody here reads it, or that
/// there are two. `first` is its beginning, [`NAMED_WITHIN`] bytes.
#[must_use]
pub(crate) fn remark(content_type: Option<&str>, first: &[u8]) -> Option<String> {
    let mut declared = content_type.into_iter().flat_map(labels).filter(|label| !label.is_empty());
    if marked(first).is_some() {
        return None;
    }
    if let Some(label) = declared.next() {
        let second = declared.find(|other| !other.eq_ignore_ascii_case(label));
        return match second {
            _ if !is_read(label) => Some(format!(
                "the charset '{}' is not known here; the bytes are printed as they came",
                printable_str(label)
            )),
            Some(second) => Some(format!(
                "two charsets are named, '{}' and '{}'; the text is read in the first",
                printable_str(label),
                printable_str(second)
            )),
            None => None,
        };
    }
    let label = label_within(content_type, first).filter(|label| !is_read(label))?;
    let label = printable_str(&label);
    Some(format!(
        "the charset '{label}' is named and not known here; the bytes are printed as they came"
    ))
}

/// The charset a page or an XML document names itself, where nothing else does: neither its type nor a
/// byte order mark. `first` is its beginning, [`NAMED_WITHIN`] bytes.
#[must_use]
pub(crate) fn named_within(content_type: Option<&str>, first: &[u8]) -> Option<&'static Encoding> {
    let is_declared = content_type.into_iter().flat_map(labels).any(|label| !label.is_empty());
    let is_marked = marked(first).is_some() || first.starts_with(b"\xef\xbb\xbf");
    if is_declared || is_marked {
        return None;
    }
    let encoding = Encoding::for_label(label_within(content_type, first)?.as_bytes())?;
    // A text that can be read so far is not in wide units, whatever it says.
    let is_other = encoding != encoding_rs::UTF_8 && encoding.output_encoding() == encoding;
    (is_other && encoding != encoding_rs::REPLACEMENT).then_some(encoding)
}

/// Whether a text of this type may name its charset itself.
#[must_use]
pub(crate) fn may_name_itself(content_type: Option<&str>, first: &[u8]) -> bool {
    let is_declared = content_type.into_iter().flat_map(labels).any(|label| !label.is_empty());
    let kind = kind(content_type);
    let is_markup = kind.contains("html") || is_xml(&kind);
    !is_declared && (is_markup || kind.is_empty() && first.trim_ascii_start().starts_with(b"<"))
}

fn kind(content_type: Option<&str>) -> String {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

fn is_xml(kind: &str) -> bool {
    kind.ends_with("/xml") || kind.ends_with("+xml")
}

/// The charset a text of this type names itself, lower case.
fn label_within(content_type: Option<&str>, first: &[u8]) -> Option<String> {
    let first = first.get(..NAMED_WITHIN).unwrap_or(first);
    let kind = kind(content_type);
    let is_page = kind.is_empty() || kind.contains("html");
    let of_page = || Some(first).filter(|_| is_page).and_then(named_in_page);
    let is_document = kind.is_empty() || is_xml(&kind);
    Some(first).filter(|_| is_document).and_then(named_in_xml).or_else(of_page)
}

/// The encoding an XML declaration names (XML 1.0, section 4.3.3), lower case. It is the first thing in
/// the document.
fn named_in_xml(first: &[u8]) -> Option<String> {
    let rest = first.strip_prefix(b"<?xml")?;
    let end = memchr::memmem::find(rest, b"?>")?;
    let text = String::from_utf8_lossy(rest.get(..end)?).to_ascii_lowercase();
    let (_, after) = text.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value.split(quote).nth(1)?.trim();
    (!label.is_empty()).then(|| label.to_owned())
}

/// Whether text in a charset of this name is read here.
fn is_read(label: &str) -> bool {
    let known = Encoding::for_label(label.as_bytes());
    known.is_some_and(|known| known != encoding_rs::REPLACEMENT)
        || label.parse::<WideEncoding>().is_ok()
}

/// The charset a `<meta>` of a page names, lower case.
fn named_in_page(first: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(first).to_ascii_lowercase();
    let tags = text.split("<meta").skip(1).map(|rest| rest.split('>').next().unwrap_or(rest));
    let label = tags.into_iter().find_map(|tag| {
        let (_, after) = tag.split_once("charset")?;
        let value = after.trim_start().strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['"', '\'']).trim_start();
        value.split(|c: char| c.is_whitespace() || "\"';/".contains(c)).next()
    })?;
    (!label.is_empty()).then(|| label.to_owned())
}

/// The encoding in wide units a body is in: by the byte order mark it begins with, by the charset its
/// `Content-Type` names, or, of JSON, by its first four bytes. A charset without a mark takes UTF-16 for
/// little-endian, as browsers do.
#[must_use]
pub fn wide(content_type: Option<&str>, first: &[u8]) -> Option<WideEncoding> {
    let named = || label(content_type)?.parse().ok();
    marked(first).or_else(named).or_else(|| by_zeros(content_type, first))
}

/// The encoding of JSON by where its first bytes are zero (RFC 4627, section 3): it begins with two
/// characters of ASCII, and as UTF-8 has no zero byte at all, whatever its charset is called.
fn by_zeros(content_type: Option<&str>, first: &[u8]) -> Option<WideEncoding> {
    let (encoding, begins) = match *first.first_chunk()? {
        [0, 0, 0, a] => (WideEncoding::Utf32Be, [a, b'"']),
        [a, 0, 0, 0] => (WideEncoding::Utf32Le, [a, b'"']),
        [0, a, 0, b] => (WideEncoding::Utf16Be, [a, b]),
        [a, 0, b, 0] => (WideEncoding::Utf16Le, [a, b]),
        _ => return None,
    };
    let is_character = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let kind = kind(content_type);
    let is_json = kind.ends_with("json") || b"{[".contains(&begins[0]) && !kind.contains('/');
    (is_json && begins.iter().all(is_character)).then_some(encoding)
}

/// The encoding whose byte order mark these bytes begin with.
fn marked(first: &[u8]) -> Option<WideEncoding> {
    let marks: [(&[u8], WideEncoding); 4] = [
        (b"\xff\xfe\0\0", WideEncoding::Utf32Le),
        (b"\0\0\xfe\xff", WideEncoding::Utf32Be),
        (b"\xff\xfe", WideEncoding::Utf16Le),
        (b"\xfe\xff", WideEncoding::Utf16Be),
    ];
    marks.into_iter().find(|(mark, _)| first.starts_with(mark)).map(|(_, wide)| wide)
}

/// Bytes in a charset as UTF-8, for the screen. Bytes that are not valid in it become U+FFFD.
#[must_use]
pub(crate) fn to_utf8<'a>(bytes: &'a [u8], encoding: Option<&'static Encoding>) -> Cow<'a, [u8]> {
    let Some(encoding) = encoding else { return Cow::Borrowed(bytes) };
    match encoding.decode_without_bom_handling(bytes).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// Turns text of another charset into UTF-8, piece by piece.
#[derive(Debug)]
pub struct Recoder {
    kind: RecoderKind,
    is_damaged: bool,
}

enum RecoderKind {
    Decoder(encoding_rs::Decoder),
    /// UTF-32, with the bytes of a unit whose end has not come.
    Wide(WideEncoding, Vec<u8>),
}

impl std::fmt::Debug for RecoderKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RecoderKind::Decoder(decoder) => decoder.encoding().name(),
            RecoderKind::Wide(wide, _) => wide.into(),
        })
    }
}

impl Recoder {
    /// For a body with this `Content-Type` that begins with these bytes (four are enough, `NAMED_WITHIN`
    /// where it may name its charset itself); `None` = it is UTF-8, or what it is in is not known.
    #[must_use]
    pub fn of(content_type: Option<&str>, first: &[u8]) -> Option<Recoder> {
        let kind = match wide(content_type, first) {
            Some(WideEncoding::Utf16Le) => with_mark(encoding_rs::UTF_16LE),
            Some(WideEncoding::Utf16Be) => with_mark(encoding_rs::UTF_16BE),
            Some(wide) => RecoderKind::Wide(wide, Vec::new()),
            None => {
                let encoding =
                    charset(content_type).or_else(|| named_within(content_type, first))?;
                // It stands for charsets that nobody should decode, and would swallow everything.
                (encoding != encoding_rs::REPLACEMENT).then_some(())?;
                RecoderKind::Decoder(encoding.new_decoder_without_bom_handling())
            }
        };
        Some(Recoder { kind, is_damaged: false })
    }

    /// What the next bytes say; `is_last` when none follow. What is no text becomes U+FFFD.
    pub fn push(&mut self, bytes: &[u8], is_last: bool) -> String {
        let mut text = String::new();
        match &mut self.kind {
            RecoderKind::Decoder(decoder) => {
                text.reserve(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len()));
                let (_, _, is_damaged) = decoder.decode_to_string(bytes, &mut text, is_last);
                self.is_damaged |= is_damaged;
            }
            RecoderKind::Wide(wide, rest) => {
                rest.extend_from_slice(bytes);
                let units = rest.as_chunks::<4>().0.iter();
                for unit in units {
                    let number = match wide {
                        WideEncoding::Utf32Be => u32::from_be_bytes(*unit),
                        _ => u32::from_le_bytes(*unit),
                    };
                    let found = char::from_u32(number);
                    self.is_damaged |= found.is_none();
                    text.push(found.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                rest.drain(..rest.len() / 4 * 4);
                if is_last && !rest.is_empty() {
                    self.is_damaged = true;
                    text.push(char::REPLACEMENT_CHARACTER);
                }
                // The mark in front, and harmless anywhere else.
                text.retain(|c| c != '\u{feff}');
            }
        }
        text
    }

    /// Some bytes were no text in this charset.
    #[must_use]
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// How the charset is called.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{:?}", self.kind)
    }
}

fn with_mark(encoding: &'static Encoding) -> RecoderKind {
    RecoderKind::Decoder(encoding.new_decoder_with_bom_removal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_in_wide_units_is_known_by_its_zero_bytes() {
        let text = "{\"a\": 1}";
        let units = |wide: fn(u32) -> Vec<u8>| -> Vec<u8> {
            text.chars().flat_map(|c| wide(u32::from(c))).collect()
        };
        for (bytes, encoding) in [
            (units(|c| (c as u16).to_le_bytes().to_vec()), WideEncoding::Utf16Le),
            (units(|c| (c as u16).to_be_bytes().to_vec()), WideEncoding::Utf16Be),
            (units(|c| c.to_le_bytes().to_vec()), WideEncoding::Utf32Le),
            (units(|c| c.to_be_bytes().to_vec()), WideEncoding::Utf32Be),
        ] {
            for declared in [Some("application/json"), Some("a/b+json; charset=utf-8"), None] {
                assert_eq!(wide(declared, &bytes), Some(encoding), "{declared:?}");
                let mut recoder = Recoder::of(declared, &bytes).unwrap();
                assert_eq!(recoder.push(&bytes, true), text);
            }
            assert_eq!(wide(Some("application/octet-stream"), &bytes), None);
            assert_eq!(wide(Some("application/json"), &bytes[..3]), None);
        }
        for other in [&b"{\"a\": 1}"[..], b"\0\0\0\0", b"{\0\x01\0", b"\0\x07\0\x08", b"{}"] {
            assert_eq!(wide(Some("application/json"), other), None);
        }
    }

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
    fn the_declared_type_and_the_bytes_give_the_view() {
        for (kind, first, shape) in [
            (Some("application/json"), "anything", ViewMode::Pretty),
            (Some("application/problem+JSON; charset=utf-8"), "", ViewMode::Pretty),
            (Some("text/plain"), " {\n \"a\":1}", ViewMode::Pretty),
            (None, "[{\"a\":1}]", ViewMode::Pretty),
            (None, "[1,2]", ViewMode::Pretty),
            (None, "[INFO] started", ViewMode::Text),
            (None, "[2024-05-01 12:00] started", ViewMode::Text),
            (None, "{{ template }}", ViewMode::Text),
            (Some("text/html"), "<p>", ViewMode::Text),
            (None, "<!DOCTYPE HTML><p>", ViewMode::Text),
            (Some("image/svg+xml"), "<svg>", ViewMode::Text),
            (None, "<?xml version=\"1.0\"?>", ViewMode::Text),
            (Some("application/octet-stream"), "plain", ViewMode::Text),
            (Some("text/plain"), "\0\x01", ViewMode::Hex),
            (Some("image/png"), "\0", ViewMode::Hex),
        ] {
            assert_eq!(sniff(kind, first.as_bytes()), shape, "{kind:?} {first:?}");
        }
        assert_eq!(sniff(Some("text/plain; charset=iso-8859-1"), b"Gr\xfc\xdfe"), ViewMode::Text);
    }

    #[test]
    fn pieces_of_another_charset_give_the_text_of_the_whole() {
        let utf16: Vec<u8> =
            "\u{feff}{\"a\": \"é😀\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf32: Vec<u8> = "é😀".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        for (kind, bytes, text) in [
            ("application/json; charset=utf-16", &utf16[..], "{\"a\": \"é😀\"}"),
            ("text/plain", &utf16, "{\"a\": \"é😀\"}"),
            ("text/plain; charset=utf-32be", &utf32, "é😀"),
            ("text/plain; charset=windows-1253", b"\xca\xe1\xeb\xdc", "Καλά"),
            ("text/plain; charset=GBK", b"\xc4\xe3\xba\xc3\n", "你好\n"),
        ] {
            for cut in 0..=bytes.len() {
                let mut recoder = Recoder::of(Some(kind), &bytes[..4]).unwrap();
                let whole = recoder.push(&bytes[..cut], false) + &recoder.push(&bytes[cut..], true);
                assert_eq!((&*whole, recoder.is_damaged()), (text, false), "{kind} {cut}");
            }
        }
        let mut gbk = Recoder::of(Some("text/plain; charset=gbk"), b"").unwrap();
        assert_eq!((&*gbk.push(b"a\xc4", true), gbk.is_damaged()), ("a\u{fffd}", true));
        for kind in
            ["text/plain", "a/b; charset=utf-8", "a/b; charset=klingon", "a/b; charset=hz-gb-2312"]
        {
            assert!(Recoder::of(Some(kind), b"abcd").is_none(), "{kind}");
        }
    }

    #[test]
    fn a_charset_that_is_not_read_is_named() {
        for (kind, first, says) in [
            (Some("text/plain; charset=foo"), "", "the charset 'foo' is not known here; the bytes"),
            (Some("text/plain; charset=\"foo\""), "", "'foo' is not known"),
            (Some("text/plain; charset='foo bar'"), "", "'foo bar' is not known"),
            (Some("text/plain; CHARSET=FOO"), "", "'FOO' is not known"),
            (Some("a/b; charset=hz-gb-2312"), "", "'hz-gb-2312' is not known"),
            (Some("a/b; charset=utf-7"), "", "'utf-7' is not known"),
            (Some("a/b; charset=foo; charset=gbk"), "", "'foo' is not known"),
            (Some("a/b; charset=gbk; charset=foo"), "", "two charsets are named, 'gbk' and 'foo'"),
            (Some("a/b; charset=\u{1b}[1m"), "", "'\\e[1m' is not known"),
            (Some("text/html"), "<META charset=Foo>", "'foo' is named and not known here"),
            (Some("text/xml"), "<?xml version='1.0' encoding='foo'?>", "'foo' is named and not"),
            (
                Some("text/html; x=y"),
                "<p><meta http-equiv=Content-Type content=\"text/html; charset=x-klingon\">",
                "'x-klingon' is named and not",
            ),
            (None, "<meta charset='foo'>", "'foo' is named and not"),
        ] {
            let said = remark(kind, first.as_bytes()).unwrap_or_default();
            assert!(said.contains(says), "{kind:?} {first}: {said}");
        }
        for (kind, first) in [
            (None, ""),
            (Some("text/plain"), "<meta charset=foo>"),
            (Some("text/plain; charset="), ""),
            (Some("text/plain; charset=utf8"), ""),
            (Some("text/plain; charset=UTF-32"), ""),
            (Some("text/plain; charset=gbk; charset=GBK"), ""),
            (Some("text/html; charset=utf-8"), "<meta charset=foo>"),
            (Some("text/html"), "<meta charset=utf-8>"),
            (Some("text/html"), "<meta name=charset content=foo>"),
            (Some("text/html"), "<meta charset>"),
            (Some("text/html"), "<meta charset = \"gbk\" />"),
            (Some("text/xml"), "<meta charset=foo>"),
            (Some("text/plain"), "<?xml version='1.0' encoding='foo'?>"),
        ] {
            assert_eq!(remark(kind, first.as_bytes()), None, "{kind:?} {first}");
        }
        assert_eq!(remark(Some("a/b; charset=foo"), b"\xff\xfea\0"), None);
    }

    #[test]
    fn a_page_or_document_names_its_charset_unless_somebody_else_does() {
        let xml = "<?xml version=\"1.0\" encoding = 'Windows-1251' standalone=\"yes\"?><a/>";
        let page = "<html><head><META http-equiv=Content-Type content='text/html; charset=koi8-r'>";
        for (kind, first, name) in [
            (Some("text/html"), page, Some("KOI8-R")),
            (Some("TEXT/HTML; x=y"), "<meta charset=\"windows-1252\">", Some("windows-1252")),
            (None, "<meta charset=gbk>", Some("GBK")),
            (Some("application/atom+xml"), xml, Some("windows-1251")),
            (Some("application/xhtml+xml"), xml, Some("windows-1251")),
            (None, xml, Some("windows-1251")),
            (Some("text/html; charset=utf-8"), page, None),
            (Some("text/html; charset=latin1"), page, None),
            (Some("text/plain"), page, None),
            (Some("text/html"), "\u{feff}<meta charset=gbk>", None),
            (Some("text/html"), "<meta charset=utf-16>", None),
            (Some("text/html"), "<meta charset=hz-gb-2312>", None),
            (Some("text/xml"), " <?xml version='1.0' encoding='gbk'?>", None),
            (Some("text/xml"), "<?xml version='1.0'?><a encoding='gbk'/>", None),
            (Some("text/xml"), "<?xml encoding=", None),
        ] {
            let found = named_within(kind, first.as_bytes()).map(Encoding::name);
            assert_eq!(found, name, "{kind:?} {first}");
        }
        let far = format!("{}<meta charset=gbk>", " ".repeat(NAMED_WITHIN));
        assert_eq!(named_within(Some("text/html"), far.as_bytes()), None);
        let cyrillic = [xml.as_bytes(), b"\xcf\xf0"].concat();
        assert_eq!(sniff(Some("text/xml"), &cyrillic), ViewMode::Text);
        let mut recoder = Recoder::of(Some("text/xml"), &cyrillic).unwrap();
        assert!(recoder.push(&cyrillic, true).ends_with("<a/>Пр"));
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
            (None, &b"\xff\xfea\0"[..], Some(WideEncoding::Utf16Le)),
            (Some("text/plain; charset=utf-8"), b"\xfe\xff\0a", Some(WideEncoding::Utf16Be)),
            (None, b"\xff\xfe\0\0a\0\0\0", Some(WideEncoding::Utf32Le)),
            (None, b"\0\0\xfe\xff", Some(WideEncoding::Utf32Be)),
            (Some("text/plain; charset=UTF-16be"), b"\0a", Some(WideEncoding::Utf16Be)),
            (Some("text/plain; charset=\"utf-16\""), b"a\0", Some(WideEncoding::Utf16Le)),
            (Some("text/plain; charset=iso-8859-1"), b"a\0", None),
            (None, b"a\0", None),
        ] {
            assert_eq!(wide(kind, first), expected, "{kind:?} {first:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn arbitrary_types_and_bytes_have_a_view(kind in ".*", first: Vec<u8>) {
            let _ = sniff(Some(&kind), &first);
            let _ = to_utf8(&first, charset(Some(&kind)));
        }
    }
}
