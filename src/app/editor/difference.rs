//! What became of a text: the one piece that is another, between whole characters; and texts that become
//! others by such a piece, when what was done in a form is taken back.

use super::Editor;
use super::text_model::Splice;

/// The piece that makes a text of another; `None` = they are the same.
pub(crate) fn difference(before: &str, after: &str) -> Option<Splice> {
    if before == after {
        return None;
    }
    let same = before.bytes().zip(after.bytes()).take_while(|(one, other)| one == other).count();
    let is_edge = |at: &usize| before.is_char_boundary(*at) && after.is_char_boundary(*at);
    let at = (0..=same).rev().find(is_edge)?;
    let (left, right) = (before.get(at..)?, after.get(at..)?);
    let same = left.bytes().rev().zip(right.bytes().rev());
    let same = same.take_while(|(one, other)| one == other).count();
    let is_edge = |behind: &usize| {
        left.is_char_boundary(left.len() - behind) && right.is_char_boundary(right.len() - behind)
    };
    let behind = (0..=same).rev().find(is_edge)?;
    let inserted = right.get(..right.len() - behind)?.to_owned();
    Some(Splice { at, removed: left.len() - behind, inserted })
}

impl Editor {
    /// Makes the text this one: only the piece that differs is another, as one change, and the cursor is
    /// behind it.
    pub(crate) fn become_text(&mut self, text: &str) {
        let own = self.model.text().into_owned();
        let Some(Splice { at, removed, inserted }) = difference(&own, text) else { return };
        let (start, end) = (self.model.place_of(at), self.model.place_of(at + removed));
        self.closers.clear();
        self.go(false, |model| model.jump(start));
        if start != end {
            self.go(true, |model| model.jump(end));
        }
        self.put(&inserted);
        self.run = None;
        self.look_again();
    }

    /// The cursor goes to a byte of the text.
    pub(crate) fn go_to_byte(&mut self, byte: usize) {
        let place = self.model.place_of(byte);
        self.go(false, |model| model.jump(place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_piece_that_is_another_one_is_found_between_whole_characters() {
        let between = |before, after| {
            let Splice { at, removed, inserted } = difference(before, after)?;
            Some((at, removed, inserted))
        };
        let piece = |at: usize, removed: usize, new: &str| Some((at, removed, new.to_owned()));
        assert_eq!(between("abc", "abc"), None);
        assert_eq!(between("abc", "abxc"), piece(2, 0, "x"));
        assert_eq!(between("aaa", "aa"), piece(2, 1, ""));
        assert_eq!(between("é", "è"), piece(0, 2, "è"));
        assert_eq!(between("xéy", "xèéy"), piece(1, 0, "è"));
        assert_eq!(between("", "é"), piece(0, 0, "é"));
    }
}
