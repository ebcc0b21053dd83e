//! What each maker of bodies is, and the bounds they share. A leaf of `codec/recipe`.

use crate::model::view::ViewMode;

/// Longest value at the top of a text that is held in memory as a whole, in bytes.
pub(super) const LONGEST: usize = 64 << 20;
/// Values inside each other, which are gone into by calls inside each other.
pub(super) const DEEPEST: usize = 512;

/// A place between two rows of a table, from which rows behind it can be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowMark {
    /// Rows of the table before it.
    pub(crate) rows: u64,
    /// Bytes of the table before it.
    pub(crate) made: u64,
    /// Bytes of the text it is made of before its next row.
    pub(crate) read: u64,
    /// Rows behind it in the text that are none in the table: that of the names.
    pub(crate) heads: u64,
    pub(crate) kind: RowKind,
}

/// How the rows behind a mark are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// Between cells stands this byte.
    Delimited(u8),
    /// A line of JSON each.
    Lines,
    /// Values at the top.
    Values,
    /// Elements of a list at the top.
    Elements,
}

/// Makes a body of another, block by block.
pub(crate) trait BodyMaker {
    /// Takes the next bytes and appends what is made of them. An error, in words, is final.
    fn push(&mut self, bytes: &[u8], made: &mut Vec<u8>) -> Result<(), String>;

    /// The body is over: appends the rest.
    fn finish(&mut self, made: &mut Vec<u8>) -> Result<(), String>;

    /// Nothing of what follows changes what is made.
    fn is_done(&self) -> bool {
        false
    }

    /// How what is made is shown.
    fn mode(&self) -> ViewMode {
        ViewMode::Pretty
    }

    /// What stands above the lines, once something was made.
    fn header(&self) -> String {
        String::new()
    }

    /// Places between two rows of a table that were passed since the last time, and its columns.
    fn take_marks(&mut self) -> (Vec<RowMark>, &[String]) {
        (Vec::new(), &[])
    }

    /// A line of what is made goes on in another one where it is shown, so lines are not counted as rows.
    fn has_long_lines(&self) -> bool {
        false
    }

    /// What is to be said about it, once it is finished.
    fn remark(&self) -> String {
        String::new()
    }

    /// That is of something that is not as it should be.
    fn warns(&self) -> bool {
        false
    }
}

/// What a maker makes of a text that comes in parts of this length.
#[cfg(test)]
pub(super) fn made_of<M: BodyMaker + Default>(text: &str, part: usize) -> Result<String, String> {
    let (mut maker, mut made) = (M::default(), Vec::new());
    for part in text.as_bytes().chunks(part) {
        maker.push(part, &mut made)?;
    }
    maker.finish(&mut made)?;
    Ok(String::from_utf8(made).unwrap())
}
