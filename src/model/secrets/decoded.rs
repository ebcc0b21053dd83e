//! What a text says when its escapes, its base64 or its hex digits are undone; each byte knows the
//! bytes of the text it was made of.

use std::ops::Range;

use super::escapes::{self, Escape};

/// Digits of base64 or hex below which a run is none: four bytes of a value take six of the first.
const SHORTEST: usize = 6;

/// A text, and what of it matters for finding something in it.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    /// More may follow, which is not seen.
    pub(super) is_open: bool,
    /// Made of digits, so that most of it means nothing.
    pub(super) of_digits: bool,
}

/// What was made of a text.
#[derive(Default)]
pub(super) struct Decoded {
    bytes: Vec<u8>,
    /// Where in the text each byte comes from.
    from: Vec<Range<u32>>,
    is_open: bool,
    of_digits: bool,
}

impl Decoded {
    /// As a text of its own.
    pub(super) fn text(&self) -> Text<'_> {
        Text { bytes: &self.bytes, is_open: self.is_open, of_digits: self.of_digits }
    }

    /// The part of the text, `len` bytes long, that these bytes were made of. What is not over at
    /// the end goes on to the end.
    pub(super) fn source(&self, part: &Range<usize>, len: usize) -> Range<usize> {
        let start = self.from.get(part.start).map_or(len, |from| from.start as usize);
        let is_cut = self.is_open && part.end == self.bytes.len();
        let last = self.from.get(part.end.saturating_sub(1)).filter(|_| !is_cut);
        start..last.map_or(len, |from| from.end as usize)
    }

    fn push(&mut self, byte: u8, from: Range<usize>) {
        self.bytes.push(byte);
        self.from.push(from.start as u32..from.end as u32);
    }
}

/// Everything that can be made of a text, one after the other.
pub(super) fn all(text: Text<'_>, escapes: &[Escape]) -> impl Iterator<Item = Decoded> {
    let unescaped = unescaped(text, escapes);
    let (base64, hex) = (Digits::of(text, base64_digit, 0), Digits::of(text, hex_digit, 2));
    let base64 = (0..4).map(move |skip| base64.decoded(6, skip));
    let hex = (0..2).map(move |skip| hex.decoded(4, skip));
    unescaped.into_iter().chain(base64).chain(hex).filter(|decoded| !decoded.bytes.is_empty())
}

/// Without its escapes; what is one only perhaps stays, for base64. `None` = there are none.
fn unescaped(text: Text<'_>, escapes: &[Escape]) -> Option<Decoded> {
    let mut escapes = escapes.iter().filter(|escape| !escape.is_doubtful()).peekable();
    escapes.peek()?;
    let mut out =
        Decoded { is_open: text.is_open, of_digits: text.of_digits, ..Decoded::default() };
    let mut at = 0;
    while let Some(byte) = text.bytes.get(at) {
        if let Some(escape) = escapes.next_if(|escape| escape.at == at) {
            for byte in escape.meant() {
                out.push(*byte, at..at + escape.len);
            }
            at += escape.len;
        } else if text.is_open && escapes::is_cut(text.bytes, at) {
            break;
        } else {
            out.push(*byte, at..at + 1);
            at += 1;
        }
    }
    Some(out)
}

/// The digits of a text, in runs.
struct Digits {
    runs: Vec<Vec<(u8, u32)>>,
    /// The last run goes to the end of a text that is open.
    is_open: bool,
}

impl Digits {
    /// Line breaks may stand within a run, and `separators` other bytes between two pairs (`68:75`).
    fn of(text: Text<'_>, digit: fn(u8) -> Option<u8>, separators: usize) -> Self {
        let (mut runs, mut run) = (Vec::new(), Vec::new());
        let mut apart = 0;
        for (at, byte) in text.bytes.iter().enumerate() {
            if let Some(value) = digit(*byte) {
                run.push((value, at as u32));
                apart = 0;
                continue;
            }
            let is_separator = match byte {
                b'\r' | b'\n' => true,
                b' ' | b':' | b'-' | b',' if run.len() % 2 == 0 => {
                    apart += 1;
                    apart <= separators
                }
                _ => false,
            };
            if !is_separator {
                runs.extend(Some(std::mem::take(&mut run)).filter(|run| run.len() >= SHORTEST));
                run.clear();
                apart = 0;
            }
        }
        let is_open = text.is_open && !run.is_empty();
        if is_open || run.len() >= SHORTEST {
            runs.push(run);
        }
        Digits { runs, is_open }
    }

    /// The bytes of digits of so many bits each, after the first few of each run. Between runs
    /// stands a zero.
    fn decoded(&self, bits: usize, skip: usize) -> Decoded {
        let mut out = Decoded { is_open: self.is_open, of_digits: true, ..Decoded::default() };
        for run in &self.runs {
            if !out.bytes.is_empty() {
                out.push(0, 0..0);
            }
            // One that goes on behind an open text may be shorter yet.
            let run = &run[skip.min(run.len())..];
            let (mut held, mut have) = (0u32, 0);
            for (place, (value, at)) in run.iter().enumerate() {
                held = held << bits | u32::from(*value);
                have += bits;
                if have >= 8 {
                    have -= 8;
                    let first = (place * bits + bits - have - 8) / bits;
                    out.push((held >> have) as u8, run[first].1 as usize..*at as usize + 1);
                    held &= (1 << have) - 1;
                }
            }
        }
        out
    }
}

/// Of both alphabets (RFC 4648, sections 4 and 5).
fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &[u8], is_open: bool) -> Vec<Vec<u8>> {
        let text = Text { bytes: text, is_open, of_digits: false };
        all(text, &escapes::escapes(text.bytes)).map(|decoded| decoded.bytes).collect()
    }

    #[test]
    fn escapes_base64_and_hex_are_undone() {
        assert!(told(b"a%41\\n", false).contains(&b"aA\n".to_vec()));
        assert!(told(b"<aHVudGVyMg==>", false).contains(&b"hunter2".to_vec()));
        assert!(told(b"/xaHVudGVy\r\nMg", false).iter().any(|it| it.ends_with(b"hunter2")));
        for hex in
            ["68756e746572", "68:75:6E:74:65:72", "68 75 6e 74 65 72", "68, 75, 6e, 74, 65, 72"]
        {
            let all = told(hex.as_bytes(), false);
            assert!(all.iter().any(|it| it.ends_with(b"hunter")), "{hex}: {all:?}");
        }
        assert!(told(b"a b c", false).is_empty());
    }

    #[test]
    fn what_was_found_is_found_in_the_text() {
        let text = Text { bytes: b"x: YW5uOmh1bnRlcjI= y", is_open: false, of_digits: false };
        let decoded = all(text, &[]).find(|decoded| decoded.bytes == b"ann:hunter2").unwrap();
        // The digit that holds the last bits of the colon goes with it.
        assert_eq!(decoded.source(&(4..11), text.bytes.len()), 8..18);
    }
}
