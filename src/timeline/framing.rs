//! How a stream is cut into messages: what can be chosen, and how it is written.
//!
//! A stream has no boundaries of its own; how it was read is chance. A framing finds the
//! boundaries again, on bytes that were received long ago and on those that still come:
//!
//! ```text
//!   reads     [ab\ncd] [\nef] [g\n]            lines    [ab\n] [cd\n] [efg\n]
//!             [00 02 a b 00] [01 c]            length   [00 02 a b] [00 01 c]
//! ```

use std::fmt;

use crate::codec::escape;

/// A frame longer than this goes on in another row.
pub(crate) const FRAME_MAX: u64 = 1024 * 1024;
/// Longest delimiter.
pub(super) const DELIMITER_MAX: usize = 64;
/// Bytes a length can have.
pub(crate) const LENGTH_WIDTHS: [usize; 4] = [1, 2, 4, 8];

/// How a stream is cut into messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StreamFraming {
    /// As it was read; reads of one moment are one row.
    #[default]
    AsReceived,
    /// Behind every LF.
    Lines,
    /// Behind every occurrence of these bytes.
    Delimiter(Vec<u8>),
    /// So many bytes each.
    Fixed(u64),
    /// A length stands before every message.
    Length { width: usize, order: ByteOrder, counts: Counts },
}

/// Which byte of a length comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    Big,
    Little,
}

/// What a length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// The bytes behind it.
    Payload,
    /// Itself too.
    Whole,
}

impl StreamFraming {
    /// Reads a framing as it is printed: `lines`, `delimiter \x03`, `fixed 16`, `length 2 little
    /// whole`.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn parse(text: &str) -> Result<StreamFraming, String> {
        let text = text.trim();
        let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        match name {
            "as" | "" if matches!(rest, "received" | "") => Ok(StreamFraming::AsReceived),
            "lines" | "line" if rest.is_empty() => Ok(StreamFraming::Lines),
            "delimiter" => delimiter(rest),
            "fixed" => match rest.parse() {
                Ok(bytes) if (1..=FRAME_MAX).contains(&bytes) => Ok(StreamFraming::Fixed(bytes)),
                _ => Err("how many bytes? Such as: fixed 16".into()),
            },
            "length" => length(rest),
            _ => Err("lines, delimiter BYTES, fixed N or length 1|2|4|8".into()),
        }
    }
}

fn delimiter(text: &str) -> Result<StreamFraming, String> {
    match escape::unescape(text) {
        Ok(bytes) if bytes.is_empty() => Err(r"which bytes? Such as: delimiter \x03".into()),
        Ok(bytes) if bytes.len() > DELIMITER_MAX => {
            Err(format!("a delimiter has {DELIMITER_MAX} bytes at most"))
        }
        Ok(bytes) => Ok(StreamFraming::Delimiter(bytes)),
        Err(error) => Err(error.to_string()),
    }
}

fn length(text: &str) -> Result<StreamFraming, String> {
    let mut words = text.split_whitespace();
    let digits = words.next().unwrap_or_default();
    let width = LENGTH_WIDTHS.into_iter().find(|width| width.to_string() == digits);
    let width = width.ok_or("how many bytes has the length? 1, 2, 4 or 8")?;
    let (mut order, mut counts) = (ByteOrder::Big, Counts::Payload);
    for word in words {
        match word {
            "big" => order = ByteOrder::Big,
            "little" => order = ByteOrder::Little,
            "whole" => counts = Counts::Whole,
            _ => return Err(format!("'{word}' is none of: big, little, whole")),
        }
    }
    Ok(StreamFraming::Length { width, order, counts })
}

impl fmt::Display for StreamFraming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamFraming::AsReceived => f.write_str("as received"),
            StreamFraming::Lines => f.write_str("lines"),
            StreamFraming::Delimiter(bytes) => write!(f, "delimiter {}", escape::escape(bytes)),
            StreamFraming::Fixed(bytes) => write!(f, "fixed {bytes}"),
            StreamFraming::Length { width, order, counts } => {
                let order = match (width, order) {
                    (1, _) => "",
                    (_, ByteOrder::Big) => " big",
                    (_, ByteOrder::Little) => " little",
                };
                let counts = if *counts == Counts::Whole { " whole" } else { "" };
                write!(f, "length {width}{order}{counts}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(text: &str) -> StreamFraming {
        StreamFraming::parse(text).unwrap()
    }

    #[test]
    fn a_framing_reads_as_it_is_printed_and_says_what_is_missing() {
        for text in [
            "as received",
            "lines",
            r"delimiter \x03",
            "fixed 16",
            "length 1",
            "length 8 little whole",
        ] {
            assert_eq!(framing(text).to_string(), text);
        }
        assert_eq!(framing(""), StreamFraming::AsReceived);
        assert_eq!(framing("length 2"), framing("length 2 big"));
        for text in
            ["fixed", "fixed 0", "delimiter", r"delimiter \q", "length 3", "length 2 x", "y"]
        {
            assert!(StreamFraming::parse(text).is_err(), "{text}");
        }
    }
}
