//! Whether JSON is JSON (RFC 8259): the first byte that does not fit, and why.
//!
//! Goes along with the layout, on the same masks, and changes nothing of it: what can be laid out is,
//! and the flaw is told beside it. Looked at are brackets, commas, colons, where values begin, the
//! bytes of numbers, literals and escapes, and controls. Values that follow each other are fine when
//! a line ends between them (JSON Lines) or a record separator stands there (RFC 7464). Bytes of
//! strings that are no UTF-8 are left to the reader, who sees them.

use super::super::start::NotJson;
use super::blocks::{BLOCK, Masks};
use super::scalar::Scalar;
use crate::codec::printable::printable;

/// Brackets inside each other whose kinds are remembered: 1 MiB.
const DEEPEST: u64 = 8 << 20;

/// What separates the texts of a sequence (RFC 7464).
const RECORD_SEPARATOR: u8 = 0x1e;

const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Where the check stands, between any two bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct JsonCheck {
    expected: Expected,
    depth: u64,
    /// Kinds of the innermost open brackets, the last in the lowest bit; 1 = object.
    kinds: u64,
    /// Those of the outer ones, 64 each.
    outer: Vec<u64>,
    /// The number or literal that reaches up to here.
    scalar: Option<Scalar>,
    /// Digits of a `\u` still to come.
    digits: u8,
    /// Bytes of a byte order mark so far.
    mark: u8,
    /// Something stood between the last value at the top and here that may.
    is_parted: bool,
    /// Place in the block behind that value.
    since: u32,
    flaw: Option<NotJson>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Expected {
    /// The first value of all.
    #[default]
    Top,
    /// Nothing, or another value on a line of its own.
    AfterTop,
    Value,
    /// A value or `]`.
    FirstValue,
    Name,
    /// A name or `}`.
    FirstName,
    Colon,
    /// A comma or the closing bracket.
    After,
}

/// Place in a block and what is wrong there.
type Flaw = (u32, String);

impl JsonCheck {
    /// The first place at which the bytes are no JSON.
    pub(super) fn flaw(&self) -> Option<&NotJson> {
        self.flaw.as_ref()
    }

    /// What is missing at the end, strings and brackets aside.
    pub(super) fn unfinished(&self) -> Option<&'static str> {
        match (self.scalar, self.expected) {
            (Some(scalar), _) if !scalar.is_whole() => Some(scalar.cut()),
            (_, Expected::Top) => Some("there is no value"),
            _ => None,
        }
    }

    /// Looks at the first `length` bytes of a block, of which the first stands at `offset`.
    #[inline]
    pub(super) fn block(
        &mut self,
        offset: u64,
        (block, length): (&[u8; BLOCK], usize),
        masks: &Masks,
    ) {
        if self.flaw.is_none()
            && let Err((at, message)) = self.look(offset, (block, length), masks)
        {
            self.flaw = Some(NotJson { offset: offset + u64::from(at), message });
        }
    }

    fn look(
        &mut self,
        offset: u64,
        (block, length): (&[u8; BLOCK], usize),
        masks: &Masks,
    ) -> Result<(), Flaw> {
        self.since = 0;
        let mut scalars = masks.scalars();
        if offset < MARK.len() as u64 && self.expected == Expected::Top {
            scalars &= !self.byte_order_mark(offset, &block[..length])?;
        }
        let begun = u64::from(self.scalar.is_some());
        if let Some(scalar) = self.scalar.take() {
            self.run(scalar, 0, (block, length), scalars)?;
        }
        let mut odd = masks.odd | masks.stray | (masks.blank & masks.in_string);
        let escape = self.escapes(&block[..length], masks.escaped).err();
        let mut left =
            masks.structure | masks.colon | masks.opening() | scalars & !(scalars << 1 | begun);
        loop {
            let bad = odd.trailing_zeros();
            let until = escape.as_ref().map_or(bad, |(at, _)| bad.min(*at));
            while left.trailing_zeros() < until {
                let at = left.trailing_zeros();
                left &= left - 1;
                self.token(at, (block, length), scalars)?;
            }
            match escape {
                Some(flaw) if flaw.0 <= bad => return Err(flaw),
                _ if bad >= BLOCK as u32 => break,
                _ => self.separator(bad, block[bad as usize], masks)?,
            }
            odd &= odd - 1;
        }
        if self.expected == Expected::AfterTop {
            self.is_parted |= parts(&block[self.since as usize..length]);
        }
        Ok(())
    }

    /// The bits of a byte order mark in front, which is no part of the text.
    #[cold]
    fn byte_order_mark(&mut self, offset: u64, bytes: &[u8]) -> Result<u64, Flaw> {
        let mut bits = 0;
        for (at, byte) in (0u32..).zip(bytes) {
            if u64::from(self.mark) != offset + u64::from(at) || self.mark == 3 {
                break;
            }
            if Some(byte) != MARK.get(usize::from(self.mark)) {
                let cut = (at, "a byte order mark that is cut".to_owned());
                return if self.mark == 0 { Ok(0) } else { Err(cut) };
            }
            self.mark += 1;
            bits |= 1 << at;
        }
        Ok(bits)
    }

    /// A byte that may stand nowhere, but for what parts the texts of a sequence.
    #[cold]
    fn separator(&self, at: u32, byte: u8, masks: &Masks) -> Result<(), Flaw> {
        let in_string = masks.in_string >> at & 1 == 1;
        let message = match byte {
            RECORD_SEPARATOR if self.depth == 0 && !in_string => return Ok(()),
            b'\\' => "a backslash outside a string".to_owned(),
            _ if in_string => format!("'{}' in a string; it has to be escaped", printable(&[byte])),
            _ => format!("'{}' is no space", printable(&[byte])),
        };
        Err((at, message))
    }

    /// The bytes behind backslashes, and the digits of `\u`.
    #[inline]
    fn escapes(&mut self, bytes: &[u8], mut escaped: u64) -> Result<(), Flaw> {
        if self.digits > 0 {
            self.hex_digits(0, bytes)?;
        }
        while escaped != 0 {
            let at = escaped.trailing_zeros();
            escaped &= escaped - 1;
            match bytes.get(at as usize) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') | None => {}
                Some(b'u') => {
                    self.digits = 4;
                    self.hex_digits(at + 1, bytes)?;
                }
                Some(byte) => {
                    return Err((at, format!("'\\{}' is no escape", printable(&[*byte]))));
                }
            }
        }
        Ok(())
    }

    fn hex_digits(&mut self, at: u32, bytes: &[u8]) -> Result<(), Flaw> {
        for (at, byte) in (at..).zip(&bytes[at as usize..]).take(self.digits.into()) {
            if !byte.is_ascii_hexdigit() {
                let found = printable(&[*byte]);
                return Err((at, format!("'{found}' instead of a hex digit behind \\u")));
            }
            self.digits -= 1;
        }
        Ok(())
    }

    /// A bracket, comma or colon, or the first byte of a value.
    #[inline]
    fn token(
        &mut self,
        at: u32,
        (block, length): (&[u8; BLOCK], usize),
        scalars: u64,
    ) -> Result<(), Flaw> {
        use Expected::{After, AfterTop, Colon, FirstName, FirstValue, Name, Top, Value};
        let byte = block[at as usize];
        let is_object = self.kinds & 1 == 1 && self.depth > 0;
        match (self.expected, byte) {
            (Top | Value | FirstValue, b'{' | b'[') => self.open(byte, at)?,
            (Name | FirstName, b'"') => self.expected = Colon,
            (Colon, b':') => self.expected = Value,
            (After, b',') => self.expected = if is_object { Name } else { Value },
            (After, b'}') if is_object => self.close(at),
            (After, b']') if !is_object => self.close(at),
            (FirstName, b'}') | (FirstValue, b']') => self.close(at),
            (Top | Value | FirstValue, b'"') => self.ended(at),
            (AfterTop, _) if !b",:]}".contains(&byte) && self.is_next_text(at, block) => {
                self.is_parted = false;
                self.expected = Top;
                return self.token(at, (block, length), scalars);
            }
            (Top | Value | FirstValue, _) if scalars >> at & 1 == 1 => {
                let Some(scalar) = Scalar::begin(byte) else {
                    return Err(self.unexpected(at, byte));
                };
                self.ended(at);
                self.run(scalar, at + 1, (block, length), scalars)?;
            }
            _ => return Err(self.unexpected(at, byte)),
        }
        Ok(())
    }

    /// Whether what begins here may be another text behind the last.
    #[cold]
    fn is_next_text(&self, at: u32, block: &[u8; BLOCK]) -> bool {
        self.is_parted || parts(&block[self.since as usize..at as usize])
    }

    /// The rest of a number or literal from `at` on, as far as it goes in this block.
    #[inline]
    fn run(
        &mut self,
        mut scalar: Scalar,
        at: u32,
        (block, length): (&[u8; BLOCK], usize),
        scalars: u64,
    ) -> Result<(), Flaw> {
        let solid = (!scalars.checked_shr(at).unwrap_or(0)).trailing_zeros();
        let end = (at + solid).min(length as u32);
        for place in at..end {
            let byte = block[place as usize];
            scalar = scalar.next(byte).ok_or_else(|| (place, scalar.unexpected(byte)))?;
        }
        if end as usize == length {
            self.scalar = Some(scalar);
        } else if !scalar.is_whole() {
            return Err((end, scalar.unexpected(block[end as usize])));
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, byte: u8, at: u32) -> Result<(), Flaw> {
        if self.depth == DEEPEST {
            return Err((at, format!("more than {DEEPEST} brackets inside each other")));
        }
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.kinds);
        }
        let is_object = byte == b'{';
        self.kinds = self.kinds << 1 | u64::from(is_object);
        self.depth += 1;
        self.expected = if is_object { Expected::FirstName } else { Expected::FirstValue };
        Ok(())
    }

    #[inline]
    fn close(&mut self, at: u32) {
        self.depth -= 1;
        self.kinds >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.kinds = self.outer.pop().unwrap_or_default();
        }
        self.ended(at);
    }

    /// A value ends, or begins and has nothing in it that counts.
    #[inline]
    fn ended(&mut self, at: u32) {
        if self.depth == 0 {
            self.expected = Expected::AfterTop;
            self.since = at;
        } else {
            self.expected = Expected::After;
        }
    }

    #[cold]
    fn unexpected(&self, at: u32, byte: u8) -> Flaw {
        let found = printable(&[byte]);
        let wanted = match self.expected {
            Expected::AfterTop if b"]}".contains(&byte) => {
                return (at, format!("'{found}' closes nothing"));
            }
            Expected::AfterTop => return (at, format!("'{found}' after the end of the value")),
            Expected::Top | Expected::Value | Expected::FirstValue => "a value",
            Expected::Name | Expected::FirstName => "a name",
            Expected::Colon => "':'",
            Expected::After if self.kinds & 1 == 1 => "',' or '}'",
            Expected::After => "',' or ']'",
        };
        (at, format!("'{found}' instead of {wanted}"))
    }
}

/// Whether this is something that may stand between two texts.
fn parts(bytes: &[u8]) -> bool {
    memchr::memchr2(b'\n', RECORD_SEPARATOR, bytes).is_some()
}

#[cfg(test)]
mod check_tests;
