//! Texts by lines.

use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::change::{Change, ChangeKind, ComparedAs, Comparison, Excerpt};

/// Whether bytes read as text: UTF-8 without NUL.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

/// What differs by lines, with their ends.
pub(super) fn compare(old: &[u8], new: &[u8], deadline: Option<Instant>) -> Comparison {
    let mut found = Comparison::new(ComparedAs::Text);
    let before: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let now: Vec<&[u8]> = new.split_inclusive(|byte| *byte == b'\n').collect();
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &before, &now, deadline);
    let joined = |lines: &[&[u8]], at: usize, len: usize| lines[at..at + len].concat();
    for op in ops {
        let (kind, from, to) = match op {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { old_index, old_len, new_index } => {
                (ChangeKind::Removed, (old_index, old_len), (new_index, 0))
            }
            DiffOp::Insert { old_index, new_index, new_len } => {
                (ChangeKind::Added, (old_index, 0), (new_index, new_len))
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                (ChangeKind::Changed, (old_index, old_len), (new_index, new_len))
            }
        };
        let (gone, come) = (joined(&before, from.0, from.1), joined(&now, to.0, to.1));
        let [old, new] = match kind {
            ChangeKind::Changed if from.1 == 1 && to.1 == 1 => Excerpt::pair(&gone, &come),
            _ => [&gone, &come].map(|text| (!text.is_empty()).then(|| Excerpt::of(text))),
        };
        let place = if to.1 > 0 { lines("line", to) } else { lines("line", from) };
        found.push(Change { kind, place, old, new });
    }
    found
}

/// `line 3`, or `lines 3 to 5`.
fn lines(word: &str, (at, len): (usize, usize)) -> String {
    match len {
        0 | 1 => format!("{word} {}", at + 1),
        len => format!("{word}s {} to {}", at + 1, at + len),
    }
}
