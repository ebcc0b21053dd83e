//! What differs between two messages: header fields as sets, bodies by structure, by lines or by bytes.
//!
//! ```text
//!   both JSON        path: old → new, added, removed, moved; other order and spelling said quietly
//!   both text        lines
//!   anything else    lengths and the first byte that differs
//! ```
//! Called by the engine, on a thread of its own for bodies, and by the application for heads. Total:
//! whatever the bytes are there is an answer, and what it was not made of is said in it. How much is
//! looked at is bounded by [`COMPARED`] and by the deadline; values are cut, changes are counted.

mod change;
mod fields;
mod json;
mod structure;
mod text;

use crate::model::counts::{count, counted};
use std::time::Instant;

pub use change::{Change, ChangeKind, ComparedAs, Comparison, Excerpt};
pub use fields::fields;

/// Bytes of a body that are compared by structure or lines; of longer ones the bytes are.
pub const COMPARED: usize = 4 * 1024 * 1024;

/// What differs between two bodies of at most [`COMPARED`] bytes. Past `deadline` what is left is told
/// as removed and added whole.
#[must_use]
pub fn bodies(old: &[u8], new: &[u8], deadline: Option<Instant>) -> Comparison {
    if old == new {
        let how = match () {
            () if json::parse(old).is_some() => ComparedAs::Json,
            () if text::is_text(old) => ComparedAs::Text,
            () => ComparedAs::Bytes,
        };
        return Comparison::new(how);
    }
    if let (Some(old), Some(new)) = (json::parse(old), json::parse(new)) {
        return structure::compare(&old, &new, deadline);
    }
    if text::is_text(old) && text::is_text(new) {
        return text::compare(old, new, deadline);
    }
    let first = first_difference(old, new);
    let there = [old, new].map(|bytes| first.map_or(&[][..], |at| &bytes[at as usize..]));
    bytes([old.len() as u64, new.len() as u64], first, there)
}

/// Place of the first byte that is not the same; the shorter end when one begins with the other.
#[must_use]
pub fn first_difference(old: &[u8], new: &[u8]) -> Option<u64> {
    let common = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    (common < old.len() || common < new.len()).then_some(common as u64)
}

/// The comparison of two bodies of which lengths and the first difference are known; `there` is what
/// each has from that on, as far as it is shown.
#[must_use]
pub fn bytes(lens: [u64; 2], first: Option<u64>, there: [&[u8]; 2]) -> Comparison {
    let mut found = Comparison::new(ComparedAs::Bytes);
    let Some(first) = first else { return found };
    let [old, new] = there.map(|bytes| Excerpt::of(bytes.get(..16).unwrap_or(bytes)));
    found.push(Change {
        kind: ChangeKind::Changed,
        place: format!("byte {first} (0x{first:x})"),
        old: Some(old),
        new: Some(new),
    });
    let [old, new] = lens;
    found.note = Some(if old == new {
        format!("{} each", counted(old, "byte"))
    } else {
        format!("{}, now {}", counted(old, "byte"), count(new))
    });
    found
}

#[cfg(test)]
mod compare_tests;
