//! JSON in, JSON out, value by value: lists at the top are gone through element by element, so that
//! the first are there before the last have come. Shared by the makers that change single values.

use crate::codec::json_pieces::{JsonPiece, JsonPieces};
use crate::codec::lines::JsonCheck;

use super::maker::LONGEST;

/// Where such a pass stands.
#[derive(Debug)]
pub(super) struct ValuePass {
    pieces: JsonPieces,
    check: JsonCheck,
    /// Inside a list at the top, of which something was written.
    in_list: bool,
}

impl Default for ValuePass {
    fn default() -> Self {
        let (pieces, check) = (JsonPieces::new(Some(Vec::new()), LONGEST), JsonCheck::default());
        ValuePass { pieces, check, in_list: false }
    }
}

/// What is done to a value: appends what it becomes.
pub(super) type ValueEdit<'a> = dyn FnMut(&[u8], &mut Vec<u8>) -> Result<(), String> + 'a;

impl ValuePass {
    /// Takes bytes that are JSON, or says where they are not.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        made: &mut Vec<u8>,
        change: &mut ValueEdit<'_>,
    ) -> Result<(), String> {
        self.check.push(bytes);
        if let Some(flaw) = self.check.flaw() {
            return Err(flaw.to_string());
        }
        let ValuePass { pieces, in_list, .. } = self;
        pieces.push(bytes, &mut |piece| write(piece, in_list, made, change))
    }

    /// The body is over.
    pub(super) fn finish(
        &mut self,
        made: &mut Vec<u8>,
        change: &mut ValueEdit<'_>,
    ) -> Result<(), String> {
        if let Some(why) = self.check.unfinished() {
            return Err(why);
        }
        let ValuePass { pieces, in_list, .. } = self;
        pieces.finish(&mut |piece| write(piece, in_list, made, change))
    }
}

fn write(
    piece: JsonPiece<'_>,
    in_list: &mut bool,
    made: &mut Vec<u8>,
    change: &mut ValueEdit<'_>,
) -> Result<(), String> {
    match piece {
        JsonPiece::Value(bytes, _) | JsonPiece::Passed(bytes) => {
            change(bytes, made)?;
            made.push(b'\n');
        }
        JsonPiece::Element(bytes, _) => {
            made.push(if std::mem::replace(in_list, true) { b',' } else { b'[' });
            change(bytes, made)?;
        }
        JsonPiece::End => {
            let rest: &[u8] = if std::mem::take(in_list) { b"]\n" } else { b"[]\n" };
            made.extend_from_slice(rest);
        }
    }
    Ok(())
}
