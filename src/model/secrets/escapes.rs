//! Escapes of one byte or character: of URLs and forms, JSON and code, HTML, mail (quoted-printable),
//! a shell's quotes.
//!
//! Any mixture is read in one go: whoever searches takes each as what it means or as what it is.

/// The longest of them, `\ud83d\ude00`.
const LONGEST: usize = 12;

/// What stands for something else at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Escape {
    pub(super) at: usize,
    /// Bytes it takes.
    pub(super) len: usize,
    meant: [u8; 4],
    /// Of these: of a character in UTF-8, four at most.
    count: usize,
    doubtful: bool,
}

impl Escape {
    /// The bytes it stands for.
    pub(super) fn meant(&self) -> &[u8] {
        &self.meant[..self.count]
    }

    /// A space of a form (`+`) or a byte of a mail (`=41`), which elsewhere are often themselves.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    fn byte(at: usize, len: usize, byte: u8) -> Self {
        Escape { at, len, meant: [byte, 0, 0, 0], count: 1, doubtful: false }
    }

    fn char(at: usize, len: usize, c: char) -> Self {
        let mut meant = [0; 4];
        let count = c.encode_utf8(&mut meant).len();
        Escape { at, len, meant, count, doubtful: false }
    }
}

/// All of a text, in order; none begins within another.
pub(super) fn escapes(bytes: &[u8]) -> Vec<Escape> {
    let (mut found, mut at) = (Vec::new(), 0);
    let begins = |byte: &u8| matches!(byte, b'%' | b'\\' | b'&' | b'+' | b'=' | b'\'');
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(begins)) {
        at += next;
        let escape = escape_at(bytes, at);
        at += escape.map_or(1, |escape| escape.len);
        found.extend(escape);
    }
    found
}

/// The escape at this place: `%2F`, `+`, `=2F`, `\"`, `\x2f`, `\057`, `\u002F`, `&#x2f;`, `'\''`.
pub(super) fn escape_at(bytes: &[u8], at: usize) -> Option<Escape> {
    match (bytes.get(at)?, bytes.get(at + 1)) {
        (b'+', _) => Some(Escape { doubtful: true, ..Escape::byte(at, 1, b' ') }),
        (b'=', _) => {
            let byte = number(bytes, at + 1, 2)? as u8;
            Some(Escape { doubtful: true, ..Escape::byte(at, 3, byte) })
        }
        (b'%', _) => Some(Escape::byte(at, 3, number(bytes, at + 1, 2)? as u8)),
        (b'\'', _) => {
            bytes.get(at..at + 4).filter(|it| *it == br"'\''").map(|_| Escape::byte(at, 4, b'\''))
        }
        (b'\\', Some(b'x')) => Some(Escape::byte(at, 4, number(bytes, at + 2, 2)? as u8)),
        (b'\\', Some(b'u')) => unit(bytes, at),
        (b'\\', Some(b'0'..=b'3')) => {
            let digits = std::str::from_utf8(bytes.get(at + 1..at + 4)?).ok()?;
            Some(Escape::byte(at, 4, u8::from_str_radix(digits, 8).ok()?))
        }
        (b'\\', Some(next)) => {
            let byte = match next {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'"' | b'\'' | b'\\' | b'/' => *next,
                _ => return None,
            };
            Some(Escape::byte(at, 2, byte))
        }
        (b'&', _) => entity(bytes, at),
        _ => None,
    }
}

/// Whether an escape may begin here whose rest is cut off.
pub(super) fn is_cut(bytes: &[u8], at: usize) -> bool {
    let Some(rest @ [first, ..]) = bytes.get(at..) else { return false };
    let longest = match (first, rest.get(1)) {
        (b'%' | b'=', _) => 3,
        (b'\\', None) => 2,
        (b'\\', Some(b'x' | b'0'..=b'3')) => 4,
        (b'\\', Some(b'u')) => LONGEST,
        (b'&', _) => 8,
        _ => return false,
    };
    rest.len() < longest && escape_at(bytes, at).is_none()
}

fn number(bytes: &[u8], from: usize, count: usize) -> Option<u32> {
    let digits = bytes.get(from..from + count)?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, 16).ok()
}

/// `\u00e9`, or two of them where a character takes two units of UTF-16.
fn unit(bytes: &[u8], at: usize) -> Option<Escape> {
    let first = number(bytes, at + 2, 4)?;
    if let Some(c) = char::from_u32(first) {
        return Some(Escape::char(at, 6, c));
    }
    let second = bytes.get(at + 6..at + 8).filter(|start| *start == br"\u");
    let second = number(bytes, at + 8, 4).filter(|_| second.is_some())?;
    let c = char::decode_utf16([first as u16, second as u16]).next()?.ok()?;
    Some(Escape::char(at, LONGEST, c))
}

/// `&amp;`, `&#39;`, `&#x27;`
fn entity(bytes: &[u8], at: usize) -> Option<Escape> {
    let rest = bytes.get(at + 1..(at + LONGEST).min(bytes.len()))?;
    let end = memchr::memchr(b';', rest)?;
    let name = std::str::from_utf8(rest.get(..end)?).ok()?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let code = name.strip_prefix('#')?;
            let hex = code.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16).ok());
            char::from_u32(hex.unwrap_or_else(|| code.parse().ok())?)?
        }
    };
    Some(Escape::char(at, end + 2, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read() {
        let text = br#"a%2Fb+c\"d\u00e9e\ud83d\ude00f&amp;g&#x27;h&#39;i'\''j\x41%zz\q&no;=42\103"#;
        let meant: Vec<u8> = {
            let (mut out, mut from) = (Vec::new(), 0);
            for escape in escapes(text) {
                out.extend_from_slice(&text[from..escape.at]);
                out.extend_from_slice(escape.meant());
                from = escape.at + escape.len;
            }
            out.extend_from_slice(&text[from..]);
            out
        };
        let expected = "a/b c\"d\u{e9}e\u{1f600}f&g'h'i'jA%zz\\q&no;BC";
        assert_eq!(String::from_utf8(meant).unwrap(), expected);
    }

    #[test]
    fn an_escape_that_is_cut_is_known() {
        for text in ["%", "%4", "=4", "\\10", "\\", "\\u00", "\\x4", "&am", "\\ud83d", "\\ud83d\\u"]
        {
            assert!(is_cut(text.as_bytes(), 0), "{text}");
        }
        for text in ["%41", "a", "\\n", "+", "&amp;"] {
            assert!(!is_cut(text.as_bytes(), 0), "{text}");
        }
    }
}
