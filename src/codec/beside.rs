//! Two messages side by side, from where they differ on: lines of text, else rows of hex.
//!
//! Used wherever differences are told, on screen and without one. Total, and bounded by the rows asked for.

use super::compare;
use super::printable::printable;

/// Bytes of a row of hex.
const BYTES: usize = 8;
/// Characters of a line that are taken over.
const LINE: usize = 400;

/// A row; the texts are printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BesideRow {
    /// `line 3`, or the offset in hex.
    pub place: String,
    pub old: String,
    pub new: String,
    pub is_same: bool,
}

impl BesideRow {
    /// The row as text, each side so many characters wide.
    #[must_use]
    pub fn words(&self, width: usize) -> String {
        let side = |text: &str| {
            let mut cut: String = text.chars().take(width).collect();
            if text.chars().count() > width {
                cut.pop();
                cut.push('…');
            }
            cut
        };
        let sign = if self.is_same { ' ' } else { '≠' };
        let (old, new) = (side(&self.old), side(&self.new));
        format!("{:<9} {old:<width$} {sign} {new}", self.place).trim_end().to_owned()
    }
}

/// Rows from the first difference on; none where there is none.
#[must_use]
pub fn rows(old: &[u8], new: &[u8], most: usize) -> Vec<BesideRow> {
    let Some(first) = compare::first_difference(old, new) else { return Vec::new() };
    let first = first as usize;
    if [old, new].into_iter().all(is_text) {
        lines(old, new, first, most)
    } else {
        hex(old, new, first, most)
    }
}

/// Whether bytes read as text.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0)
}

fn lines(old: &[u8], new: &[u8], first: usize, most: usize) -> Vec<BesideRow> {
    // Both are the same up to there.
    let before = memchr::memchr_iter(b'\n', &old[..first]).count();
    let from = memchr::memrchr(b'\n', &old[..first]).map_or(0, |at| at + 1);
    let split = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let rest = &bytes[from.min(bytes.len())..];
        rest.split_inclusive(|byte| *byte == b'\n').take(most).map(<[u8]>::to_vec).collect()
    };
    let (old, new) = (split(old), split(new));
    let text = |line: Option<&Vec<u8>>| {
        let line = line.map_or(&[][..], |line| line);
        printable(line.get(..LINE).unwrap_or(line))
    };
    let row = |at: usize| {
        let (was, is) = (old.get(at), new.get(at));
        let place = format!("line {}", before + at + 1);
        BesideRow { place, old: text(was), new: text(is), is_same: was == is }
    };
    (0..old.len().max(new.len()).min(most)).map(row).collect()
}

fn hex(old: &[u8], new: &[u8], first: usize, most: usize) -> Vec<BesideRow> {
    let from = first - first % BYTES;
    let len = old.len().max(new.len());
    let starts = (from..len).step_by(BYTES).take(most);
    let side = |bytes: &[u8], at: usize| {
        let part = &bytes[at.min(bytes.len())..(at + BYTES).min(bytes.len())];
        let digits: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
        let signs: String =
            part.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '.' }).collect();
        (part.to_vec(), format!("{:<24}{signs}", digits.join(" ")))
    };
    let row = |at: usize| {
        let ((was, old), (is, new)) = (side(old, at), side(new, at));
        BesideRow { place: format!("{at:08x}"), old, new, is_same: was == is }
    };
    starts.map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_line_beside_line_and_bytes_row_beside_row() {
        let found = rows(b"a\nb\nc\n", b"a\nB\nc\nd\n", 9);
        let words: Vec<String> = found.iter().map(|row| row.words(6)).collect();
        assert_eq!(
            words,
            ["line 2    b\\n    ≠ B\\n", "line 3    c\\n      c\\n", "line 4           ≠ d\\n"]
        );
        let found = rows(&[0; 10], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 65], 9);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].place, found[0].is_same), ("00000008", false));
        assert!(found[0].new.starts_with("00 41 ") && found[0].new.contains("  .A"), "{found:?}");
        assert!(rows(b"same", b"same", 9).is_empty());
        assert_eq!(rows(b"", b"new", 9)[0].words(20), "line 1                         ≠ new");
    }

    #[test]
    fn any_two_messages_have_rows_within_the_bound() {
        for cut in 0..40 {
            let one: Vec<u8> = (0..cut).map(|at| (at * 37) as u8).collect();
            let other: Vec<u8> = (0..40 - cut).map(|at| (at * 91) as u8).collect();
            let found = rows(&one, &other, 3);
            assert!(found.len() <= 3 && (one == other) == found.is_empty());
        }
    }
}
