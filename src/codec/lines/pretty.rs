//! JSON laid out anew without parsing it into values: one value a line, bytes untouched.
//!
//! Called through `codec::lines`. The scanner looks at 64 bytes at a time: a class per byte, bit
//! masks of quotes, escapes, structure and space, then only the set bits (the idea of the
//! simdjson paper by Langdale and Lemire, in plain integer code). It keeps no tree and no stack
//! beyond `NESTED` bits, so depth costs nothing.
//!
//! The layout is lenient on purpose: it fails at strings, brackets, and how values begin, which is
//! enough to tell JSON from what is not. What is JSON but for a slip (`NaN`, `[1,]`) is laid out, and
//! [`check`] says where the slip is. Several values after each other (JSON Lines) are fine; so is a
//! text that is cut off.

mod blocks;
mod check;
mod scalar;

use super::start::{CUT, JsonState, LineStart, NotJson, OpenBracket, continues_character};
use crate::model::folds::{FOLDABLE, JsonPlace};
use blocks::{BLOCK, Masks};

pub use check::{JsonCheck, is_labelled_json, not_json};

/// Spaces of one level.
const INDENT: u32 = 2;

/// Spaces that indents may take in all for each byte scanned, and at the start. JSON that is nothing
/// but nesting would grow with its square.
const INDENTS: u64 = 16;
const FREE_INDENTS: u64 = 4096;

/// The indent of whoever has used these up, at most.
const FLAT: u16 = 8;

/// Depth up to which the kind of every bracket is remembered and checked.
const NESTED: u32 = 128;

/// Where the layout stands, between any two bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct JsonScanner {
    /// Raw bytes scanned so far.
    pub(super) offset: u64,
    carry: blocks::BlockState,
    /// What the next byte that is not space begins.
    next: Next,
    depth: u32,
    /// Kinds of the open brackets, innermost in the lowest bit; 1 = object.
    kinds: u128,
    /// The open ones of the brackets from outside, `FOLDABLE` at most.
    pub(super) open: Vec<OpenBracket>,
    /// Start of the current line.
    start: u64,
    /// Start of the current piece of a line.
    piece: u64,
    /// Spaces that indents have taken.
    indents: u64,
    failed: Option<NotJson>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Next {
    /// A value at the top, on a line of its own.
    #[default]
    Top,
    /// The first member, on a new line, or the closing bracket on this one.
    First,
    /// Another member, on a new line.
    Member,
    /// More of the current line.
    Rest,
}

/// What begins where a line begins.
#[derive(Debug, Clone, Copy)]
enum LineKind {
    Value,
    /// A bracket that holds so many members ends.
    Closing(u64),
    /// The line goes on, inside of this.
    Piece(JsonState),
}

impl JsonScanner {
    /// Takes the next raw bytes and reports display lines; an error (RFC 8259) stays for good.
    pub(super) fn scan(
        &mut self,
        chunk: &[u8],
        on_line: &mut impl FnMut(LineStart),
    ) -> Result<(), NotJson> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let (blocks, tail) = chunk.as_chunks::<BLOCK>();
        for block in blocks {
            self.block(block, BLOCK, on_line)?;
        }
        if !tail.is_empty() {
            let mut block = [b' '; BLOCK];
            for (to, from) in block.iter_mut().zip(tail) {
                *to = *from;
            }
            self.block(&block, tail.len(), on_line)?;
        }
        Ok(())
    }

    /// Scans the first `length` bytes of a block.
    #[inline]
    fn block(
        &mut self,
        block: &[u8; BLOCK],
        length: usize,
        on_line: &mut impl FnMut(LineStart),
    ) -> Result<(), NotJson> {
        let mut masks = blocks::masks(block, length, &mut self.carry);
        let stray = masks.stray.trailing_zeros();
        if stray < 64 {
            // What comes before the first error counts, whatever the split is.
            masks.solid &= !(u64::MAX << stray);
            masks.structure &= !(u64::MAX << stray);
        }
        self.tokens(block, &masks, on_line)?;
        if stray < 64 {
            return Err(self.fail(stray, "a backslash outside a string"));
        }
        if self.next == Next::Rest {
            self.cut(block, &masks, length as u64, on_line);
        }
        self.offset += length as u64;
        Ok(())
    }

    /// Goes through the brackets and commas of a block, and through what begins after them.
    #[inline]
    fn tokens(
        &mut self,
        block: &[u8; BLOCK],
        masks: &Masks,
        on_line: &mut impl FnMut(LineStart),
    ) -> Result<(), NotJson> {
        // Bits not dealt with yet.
        let mut left = u64::MAX;
        loop {
            let mut empty = false;
            if self.next != Next::Rest {
                let at = (masks.solid & left).trailing_zeros();
                let Some(byte) = block.get(at as usize).copied() else { return Ok(()) };
                left = u64::MAX << at;
                if self.is_mark(byte, at) {
                    left &= left - 1;
                    continue;
                }
                empty = self.begin(byte, at, on_line)?;
            }
            let at = (masks.structure & left).trailing_zeros();
            if self.depth == 0
                && let Some(end) = line_end(block, masks, left, at)
            {
                self.cut(block, masks, u64::from(end), on_line);
                self.next = Next::Top;
                left = u64::MAX << end << 1;
                continue;
            }
            let Some(byte) = block.get(at as usize).copied() else { return Ok(()) };
            left = u64::MAX << at << 1;
            match byte {
                b'}' | b']' => self.close(byte, at, empty, block, masks, on_line)?,
                _ => {
                    self.cut(block, masks, u64::from(at) + 1, on_line);
                    self.open_or_comma(byte, at)?;
                }
            }
        }
    }

    /// A byte order mark in front is no part of the text.
    fn is_mark(&self, byte: u8, at: u32) -> bool {
        self.next == Next::Top && byte >= 0x80 && {
            let place = self.offset + u64::from(at);
            [0xef, 0xbb, 0xbf].get(place as usize) == Some(&byte)
        }
    }

    /// The first byte after a bracket, a comma or the start: usually a new line. `true` when it
    /// closes an empty bracket, which stays on its line.
    #[inline]
    fn begin(
        &mut self,
        byte: u8,
        at: u32,
        on_line: &mut impl FnMut(LineStart),
    ) -> Result<bool, NotJson> {
        let next = std::mem::replace(&mut self.next, Next::Rest);
        let fits = match byte {
            b'"' => true,
            b'}' | b']' => return Ok(next == Next::First),
            _ if next != Next::Top && self.is_object() => false,
            b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I' => true,
            _ => false,
        };
        if !fits {
            let what = if next != Next::Top && self.is_object() { "a name" } else { "a value" };
            let found = crate::codec::printable::printable(&[byte]);
            return Err(self.fail(at, &format!("'{found}' instead of {what}")));
        }
        self.line(u64::from(at), LineKind::Value, on_line);
        Ok(false)
    }

    /// Whether the innermost open bracket is known to be that of an object.
    fn is_object(&self) -> bool {
        self.depth <= NESTED && self.kinds & 1 == 1
    }

    #[inline]
    fn open_or_comma(&mut self, byte: u8, at: u32) -> Result<(), NotJson> {
        if byte == b',' {
            if self.depth == 0 {
                return Err(self.fail(at, "',' outside all brackets"));
            }
            self.next = Next::Member;
            if let Some(open) = self.innermost() {
                open.member += 1;
            }
        } else {
            if self.open.len() < FOLDABLE && self.open.len() == self.depth as usize {
                let (at, is_object, member) = (self.start, byte == b'{', 0);
                self.open.push(OpenBracket { at, is_object, member });
            }
            if self.depth < NESTED {
                self.kinds = self.kinds << 1 | u128::from(byte == b'{');
            }
            self.depth = self.depth.saturating_add(1);
            self.next = Next::First;
        }
        Ok(())
    }

    /// A closing bracket: on a line of its own unless there was nothing in it.
    #[inline]
    fn close(
        &mut self,
        byte: u8,
        at: u32,
        empty: bool,
        block: &[u8; BLOCK],
        masks: &Masks,
        on_line: &mut impl FnMut(LineStart),
    ) -> Result<(), NotJson> {
        if self.depth == 0 {
            return Err(self.fail(at, "a bracket is closed that is not open"));
        }
        if self.depth <= NESTED {
            if (self.kinds & 1 == 1) != (byte == b'}') {
                return Err(self.fail(at, "a bracket is closed by one of another kind"));
            }
            self.kinds >>= 1;
        }
        let members = self.innermost().map_or(0, |open| open.member + 1);
        if self.open.len() == self.depth as usize {
            self.open.pop();
        }
        self.depth -= 1;
        let place = u64::from(at);
        if !empty {
            self.cut(block, masks, place, on_line);
            self.line(place, LineKind::Closing(members), on_line);
        } else if self.offset + place - self.piece >= CUT {
            self.line(place, LineKind::Piece(JsonState::Nothing), on_line);
        }
        self.next = if self.depth == 0 { Next::Top } else { Next::Rest };
        Ok(())
    }

    /// The innermost bracket that is open, if it is one that is kept.
    #[inline]
    fn innermost(&mut self) -> Option<&mut OpenBracket> {
        if self.open.len() == self.depth as usize { self.open.last_mut() } else { None }
    }

    #[inline]
    fn line(&mut self, at: u64, kind: LineKind, on_line: &mut impl FnMut(LineStart)) {
        self.piece = self.offset + at;
        let (continued, inside) = match kind {
            LineKind::Piece(inside) => (true, inside),
            LineKind::Value | LineKind::Closing(_) => (false, JsonState::Nothing),
        };
        let member = match kind {
            LineKind::Closing(members) => members,
            _ => self.innermost().map_or(0, |open| open.member),
        };
        let closes = matches!(kind, LineKind::Closing(_));
        let place = JsonPlace { depth: self.depth, member, closes };
        let mut indent = u16::try_from(self.depth.saturating_mul(INDENT)).unwrap_or(u16::MAX);
        if !continued {
            self.start = self.piece;
            if self.indents + u64::from(indent) > FREE_INDENTS + INDENTS * self.piece {
                indent = indent.min(FLAT);
            }
            self.indents += u64::from(indent);
        }
        on_line(LineStart { offset: self.piece, indent, continued, place, inside });
    }

    /// Cuts the current line where it gets too long, before byte `until` of the block.
    #[inline]
    fn cut(
        &mut self,
        block: &[u8; BLOCK],
        masks: &Masks,
        until: u64,
        on_line: &mut impl FnMut(LineStart),
    ) {
        if self.offset + until <= self.piece + CUT {
            return;
        }
        let mut at = (self.piece + CUT).saturating_sub(self.offset);
        while at < until {
            let byte = block[at as usize];
            // At most three bytes later, or the bytes are no UTF-8 and any cut is as good.
            if continues_character(byte) && self.offset + at < self.piece + CUT + 3 {
                at += 1;
                continue;
            }
            let bit = |mask: u64| mask >> at & 1 == 1;
            let inside = match (bit(masks.in_string), bit(masks.escaped)) {
                (false, _) => JsonState::Nothing,
                (true, false) => JsonState::String,
                (true, true) => JsonState::Escape,
            };
            self.line(at, LineKind::Piece(inside), on_line);
            at += CUT;
        }
    }

    #[cold]
    fn fail(&mut self, at: u32, message: &str) -> NotJson {
        let error = NotJson { offset: self.offset + u64::from(at), message: message.into() };
        self.failed = Some(error.clone());
        error
    }
}

/// Where the line ends that a number, a word or a string at the top stands on (JSON Lines), before the
/// next bracket or comma; brackets and commas tell nothing of those.
fn line_end(block: &[u8; BLOCK], masks: &Masks, left: u64, before: u32) -> Option<u32> {
    let is_end =
        |at: &u32| block.get(*at as usize) == Some(&b'\n') && masks.in_string >> at & 1 == 0;
    (left.trailing_zeros()..before.min(64)).find(is_end)
}

/// The bytes of one line (or piece of one) as shown: strings, numbers and literals verbatim, no
/// space around them, one after a colon. Bytes that belong to no valid JSON are kept, too.
pub(super) fn normalise(raw: &[u8], inside: JsonState) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + 1);
    let (mut string, mut escape) = match inside {
        JsonState::Nothing => (false, false),
        JsonState::String => (true, false),
        JsonState::Escape => (true, true),
    };
    let (mut colon, mut space) = (false, false);
    for &byte in raw {
        if string {
            out.push(byte);
            string = byte != b'"' || escape;
            escape = byte == b'\\' && !escape;
            continue;
        }
        if byte <= b' ' {
            space = true;
            continue;
        }
        // Space between two values is an error of the sender; keep them apart.
        let touches = out.last().is_some_and(|last| !b"[{,: ".contains(last));
        if std::mem::take(&mut space) && touches && !b"]},:".contains(&byte) {
            out.push(b' ');
        }
        out.push(byte);
        string = byte == b'"';
        if byte == b':' && !colon {
            colon = true;
            out.push(b' ');
        }
    }
    out
}
