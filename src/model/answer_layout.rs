//! The first line of a kept answer's file: what it is, and how long its parts are.
//!
//! ```text
//! wirebench-answer 1 TEXT WIRE START END DECODED\n   lengths; START..END is the body on the wire,
//! text, wire, decoded                                DECODED is "-" where it has no bytes of its own
//! ```
//! Written and read by the engine; the store reads what is searched.

const MAGIC: &str = "wirebench-answer 1";
/// Longest first line.
pub(crate) const FIRST_LINE: usize = 200;
/// Longest text, in bytes.
pub(crate) const LONGEST_TEXT: u64 = 8 * 1024 * 1024;

/// Lengths as the first line tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AnswerLayout {
    pub(crate) text: u64,
    pub(crate) wire: u64,
    /// The body on the wire.
    pub(crate) body: (u64, u64),
    /// The same decoded, where that has bytes of its own.
    pub(crate) decoded: Option<u64>,
}

impl AnswerLayout {
    /// The first line, without its end.
    #[must_use]
    pub(crate) fn line(&self) -> String {
        let AnswerLayout { text, wire, body: (start, end), decoded } = self;
        let own = decoded.map_or("-".to_owned(), |len| len.to_string());
        format!("{MAGIC} {text} {wire} {start} {end} {own}")
    }

    /// What a first line says; `None` = it is none of this version.
    #[must_use]
    pub(crate) fn parse(line: &[u8]) -> Option<AnswerLayout> {
        let line = str::from_utf8(line).ok()?;
        let words: Vec<&str> = line.strip_prefix(MAGIC)?.strip_prefix(' ')?.split(' ').collect();
        let [text, wire, start, end, decoded] = words.try_into().ok()?;
        let decoded = if decoded == "-" { None } else { Some(decoded.parse().ok()?) };
        let number = |word: &str| word.parse::<u64>().ok();
        let (wire, body) = (number(wire)?, (number(start)?, number(end)?));
        (body.0 <= body.1 && body.1 <= wire).then_some(())?;
        Some(AnswerLayout { text: number(text)?, wire, body, decoded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_reads_back() {
        for decoded in [None, Some(7)] {
            let layout = AnswerLayout { text: 3, wire: 10, body: (2, 9), decoded };
            assert_eq!(AnswerLayout::parse(layout.line().as_bytes()), Some(layout));
        }
        for line in ["", "wirebench-answer 2 1 1 0 1 -", "wirebench-answer 1 1 1 0 2 -", "\u{e9}"] {
            assert_eq!(AnswerLayout::parse(line.as_bytes()), None, "{line}");
        }
    }
}
