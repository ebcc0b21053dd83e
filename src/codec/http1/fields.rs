//! Field lines of heads and trailer sections (RFC 9112, section 5), read leniently.
//!
//! Called by the head reader and the chunked decoder. Every line that is not empty ends up in a
//! field, so nothing a peer sent is hidden; what is odd about it becomes a warning.

use bytes::Bytes;

use super::refusal::Refusal;
use crate::codec::printable::printable;
use crate::model::exchange::FieldLine;

/// Warnings kept of one message; a hostile peer can break as many rules as it has bytes.
const WARNINGS: usize = 20;

/// Warnings of one message: each once, and not without end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    list: Vec<String>,
    more: usize,
    /// Of a request: the first reason not to serve it.
    refusal: Option<Refusal>,
    /// Somebody on the way may have read it differently.
    doubtful: bool,
}

impl Warnings {
    /// Adds a warning unless it was given already.
    pub fn add(&mut self, warning: impl Into<String>) {
        self.doubtful = true;
        self.harmless(warning);
    }

    /// The same for what RFC 9112 allows and every reader passes over.
    pub fn harmless(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if self.list.contains(&warning) {
            return;
        }
        if self.list.len() < WARNINGS {
            self.list.push(warning);
        } else {
            self.more += 1;
        }
    }

    /// A warning about what a server must not serve: it answers with this status and closes.
    pub fn refuse(&mut self, status: u16, warning: impl Into<String>) {
        let why = warning.into();
        self.add(why.clone());
        self.refusal.get_or_insert(Refusal { status, why });
    }

    /// Why a request shall not be served.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal.clone()
    }

    /// Whether something is read differently by others.
    #[must_use]
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Whether nothing was odd so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The warnings in order, the last one counting those left out.
    #[must_use]
    pub(crate) fn into_list(mut self) -> Vec<String> {
        if self.more > 0 {
            self.list.push(format!("{} more oddities", self.more));
        }
        self.list
    }
}

/// At most 40 bytes of a peer, as visible text for a message.
#[must_use]
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    match bytes.get(..40) {
        Some(start) if bytes.len() > 40 => format!("{}…", printable(start)),
        _ => printable(bytes),
    }
}

/// A byte of a token (RFC 9110, section 5.6.2).
#[must_use]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    matches!(
        byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.'
            | b'^'..=b'`' | b'|' | b'~'
    )
}

/// Whether the bytes are a token: a method or a field name.
#[must_use]
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// Takes the line end off; a line that ended in LF alone is worth a warning.
pub(super) fn strip_line_end<'a>(line: &'a [u8], warnings: &mut Warnings) -> &'a [u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if let Some(line) = line.strip_suffix(b"\r") {
        line
    } else {
        warnings.add("lines end in LF alone instead of CRLF");
        line
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|b| !is_space(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !is_space(b)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Reads one field line (without its end) and appends or extends a field. `keep` keeps a part of the line:
/// a copy, or a slice of what the line lies in.
pub(super) fn read_line(
    line: &[u8],
    keep: impl Fn(&[u8]) -> Bytes,
    fields: &mut Vec<FieldLine>,
    warnings: &mut Warnings,
) {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        if let Some(last) = fields.last_mut() {
            warnings.add(format!(
                "header '{}' goes on in the next line (obsolete folding)",
                excerpt(&last.name)
            ));
            // RFC 9112, section 5.2: a fold stands for a space.
            last.value = [&last.value, trim(line)].join(&b' ').into();
            return;
        }
        warnings.refuse(400, "the first header line begins with white space");
    }
    let line_shown = || excerpt(line);
    let Some(colon) = memchr::memchr(b':', line) else {
        warnings.refuse(400, format!("header line without a colon: '{}'", line_shown()));
        fields.push(FieldLine { name: keep(trim(line)), value: Bytes::new() });
        return;
    };
    let (name, value) = line.split_at(colon);
    let value = trim(&value[1..]);
    let trimmed = trim(name);
    // Leading space was named above.
    if !name.ends_with(trimmed) {
        warnings.refuse(400, format!("space between header name and colon: '{}'", line_shown()));
    }
    if trimmed.is_empty() {
        warnings.refuse(400, format!("header without a name: '{}'", line_shown()));
    } else if !is_token(trimmed) {
        let name = excerpt(trimmed);
        warnings.refuse(400, format!("header name with characters not allowed: '{name}'"));
    }
    if value.iter().any(|b| (*b < 0x20 && *b != b'\t') || *b == 0x7f) {
        let warning = format!("control character in the value of '{}'", excerpt(trimmed));
        // RFC 9110, section 5.5: the others may be kept.
        if value.iter().any(|b| matches!(b, 0 | b'\r')) {
            warnings.refuse(400, warning);
        } else {
            warnings.add(warning);
        }
    }
    fields.push(FieldLine { name: keep(trimmed), value: keep(value) });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> (Vec<(String, String)>, Vec<String>) {
        let (mut fields, mut warnings) = (Vec::new(), Warnings::default());
        for line in lines {
            read_line(line.as_bytes(), Bytes::copy_from_slice, &mut fields, &mut warnings);
        }
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let fields = fields.iter().map(|f| (text(&f.name), text(&f.value))).collect();
        (fields, warnings.into_list())
    }

    #[test]
    fn names_keep_their_case_and_values_lose_outer_space() {
        let (fields, warnings) = read(&["X-aBc: \t v  w ", "Empty:"]);
        assert_eq!(fields[0], ("X-aBc".into(), "v  w".into()));
        assert_eq!(fields[1], ("Empty".into(), String::new()));
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn a_folded_value_is_joined_and_named() {
        let (fields, warnings) = read(&["A: one", "\ttwo", "  three"]);
        assert_eq!(fields, [("A".into(), "one two three".into())]);
        assert_eq!(warnings, ["header 'A' goes on in the next line (obsolete folding)"]);
    }

    #[test]
    fn odd_lines_are_kept_and_named() {
        let (fields, warnings) = read(&["A : 1", "no colon", ": x", "a b: c", "N: \0\x1b"]);
        assert_eq!(fields.len(), 5);
        assert_eq!(fields[0], ("A".into(), "1".into()));
        assert_eq!(fields[1], ("no colon".into(), String::new()));
        assert_eq!(warnings.len(), 5, "{warnings:?}");
        assert!(warnings[0].contains("space between header name and colon"));
    }

    #[test]
    fn warnings_are_bounded_and_counted() {
        let lines: Vec<String> = (0..100).map(|n| format!("bad line {n}")).collect();
        let (fields, warnings) = read(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(fields.len(), 100);
        assert_eq!(warnings.len(), WARNINGS + 1);
        assert_eq!(warnings.last().unwrap(), "80 more oddities");
    }
}
