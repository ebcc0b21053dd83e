//! What a text of JSON becomes in memory, before it is read: files of others are read as a tree of values,
//! and a value that takes two bytes there (`0,`) takes many here.
//!
//! Called by readers of files, which refuse what is too heavy instead of being ended by the system.

/// Bytes that the tree of one text may take.
pub(crate) const HEAVIEST: u64 = 2 << 30;

/// A value in a list, a member of an object with its name: what is kept of it beside its text.
const VALUE: u64 = 104;
/// An object: room for its first members.
const OBJECT: u64 = 500;

/// Bytes that the values of a text take, about, and at least as many as it has.
pub(crate) fn weight(text: &[u8]) -> u64 {
    let (mut rest, mut weight) = (text, text.len() as u64);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'{' => weight += OBJECT,
            b'[' | b',' => weight += VALUE,
            b'"' => rest = behind_string(after),
            _ => {}
        }
    }
    weight
}

/// What follows a string whose opening quote was read.
fn behind_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        let is_end = rest.get(at) == Some(&b'"');
        // What is escaped is one byte more, whatever it is.
        let behind = if is_end { at + 1 } else { at + 2 };
        let Some(after) = rest.get(behind..) else { return &[] };
        rest = after;
        if is_end {
            return rest;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_weigh_more_than_their_text_and_what_stands_in_strings_does_not() {
        let list = |text: &str| weight(text.as_bytes());
        assert_eq!(list("[0,0,0]"), 7 + 3 * VALUE);
        assert_eq!(list(r#"{"a":{}}"#), 8 + 2 * OBJECT);
        assert_eq!(list(r#"["{[,\"{[,\\",1]"#), 16 + 2 * VALUE);
        assert_eq!(list(r#""never ends {{{{ \"#), 18);
        assert_eq!(list(""), 0);
    }
}
