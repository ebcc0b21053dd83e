//! Whether JSON is JSON (RFC 8259): the first byte that does not fit, and why.
//!
//! A pass of its own, for which the layout never waits: what can be laid out is, and the flaw is told
//! beside it (`engine/body/index.rs`, `cli/send/http.rs`). Any split of the input gives the same.
//! Looked at are brackets, commas, colons, where values begin, the
//! bytes of numbers, literals and escapes, and controls. Values that follow each other are fine when
//! a line ends between them (JSON Lines) or a record separator stands there (RFC 7464). Bytes of
//! strings that are no UTF-8 are left to the reader, who sees them.

use super::super::start::NotJson;
use super::blocks::{self, BLOCK, BlockState, FineMasks, Masks};
use super::scalar::Scalar;
use crate::codec::printable::printable;

/// Brackets inside each other whose kinds are remembered: 1 MiB.
const DEEPEST: u64 = 8 << 20;

/// What separates the texts of a sequence (RFC 7464).
const RECORD_SEPARATOR: u8 = 0x1e;

const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Where the check of a text stands, between any two bytes.
#[derive(Debug, Clone, Default)]
pub struct JsonCheck {
    /// Bytes looked at.
    offset: u64,
    carry: BlockState,
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
    /// A value or `]`.
    FirstElement,
    Element,
    /// A comma or `]`.
    AfterElement,
    /// A name or `}`.
    FirstName,
    Name,
    Colon,
    Value,
    /// A comma or `}`.
    AfterValue,
}

/// What follows what inside brackets, by the low five bits of the byte (no two that count share
/// them); what opens, closes or is looked at closely is not here. A table, because a branch for each
/// would be guessed wrong too often.
const NEXT: [[Option<Expected>; 32]; 10] = {
    use Expected::{
        AfterElement, AfterValue, Colon, Element, FirstElement, FirstName, Name, Value,
    };
    const QUOTE: usize = (b'"' & 31) as usize;
    const COMMA: usize = (b',' & 31) as usize;
    let mut next = [[None; 32]; 10];
    next[FirstElement as usize][QUOTE] = Some(AfterElement);
    next[Element as usize][QUOTE] = Some(AfterElement);
    next[AfterElement as usize][COMMA] = Some(Element);
    next[FirstName as usize][QUOTE] = Some(Colon);
    next[Name as usize][QUOTE] = Some(Colon);
    next[Colon as usize][(b':' & 31) as usize] = Some(Value);
    next[Value as usize][QUOTE] = Some(AfterValue);
    next[AfterValue as usize][COMMA] = Some(Name);
    next
};

/// Place in a block and what is wrong there; put into words once.
type Flaw = (u32, Why);

#[derive(Debug, Clone, Copy)]
enum Why {
    CutMark,
    Escape,
    HexDigit,
    TooDeep,
    /// Not what is expected.
    Token,
    /// Not what a number or literal goes on with.
    Scalar(Scalar),
}

/// The block under the eye.
#[derive(Clone, Copy)]
struct Sight<'a> {
    block: &'a [u8; BLOCK],
    length: usize,
    /// Bytes of numbers and literals.
    scalars: u64,
    digits: u64,
    in_string: u64,
}

impl JsonCheck {
    /// Looks at the next bytes, up to the first flaw.
    pub fn push(&mut self, chunk: &[u8]) {
        let (blocks, tail) = chunk.as_chunks::<BLOCK>();
        for block in blocks {
            self.block(block, BLOCK);
        }
        if !tail.is_empty() {
            let mut block = [b' '; BLOCK];
            block[..tail.len()].copy_from_slice(tail);
            self.block(&block, tail.len());
        }
    }

    /// Bytes looked at, or taken after a flaw.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The first place at which the bytes are no JSON.
    #[must_use]
    pub fn flaw(&self) -> Option<&NotJson> {
        self.flaw.as_ref()
    }

    /// The text ends here: what is missing of it.
    #[must_use]
    pub fn unfinished(&self) -> Option<String> {
        if self.carry.in_string() {
            return Some("the JSON ends inside a string".to_owned());
        }
        if self.depth > 0 {
            let s = if self.depth == 1 { "" } else { "s" };
            return Some(format!("the JSON ends with {} bracket{s} open", self.depth));
        }
        match (self.scalar, self.expected) {
            (Some(scalar), _) if !scalar.is_whole() => Some(scalar.cut().to_owned()),
            (_, Expected::Top) => Some("there is no value".to_owned()),
            _ => None,
        }
    }

    /// Looks at the first `length` bytes of a block.
    #[inline]
    fn block(&mut self, block: &[u8; BLOCK], length: usize) {
        let offset = self.offset;
        self.offset += length as u64;
        if self.flaw.is_some() {
            return;
        }
        let masks = blocks::masks(block, length, &mut self.carry);
        let fine = blocks::fine_masks(block, &masks);
        let FineMasks { digits, scalars, .. } = fine;
        let mut sight = Sight { block, length, scalars, digits, in_string: masks.in_string };
        let found = if offset < MARK.len() as u64 && self.expected == Expected::Top {
            self.behind_mark(offset, &mut sight)
        } else {
            Ok(())
        };
        if let Err((at, why)) = found.and_then(|()| self.look(sight, &masks, &fine)) {
            let message = self.words(why, block[at as usize], masks.in_string >> at & 1 == 1);
            self.flaw = Some(NotJson { offset: offset + u64::from(at), message });
        }
    }

    /// A byte order mark in front is no part of the text.
    #[cold]
    fn behind_mark(&mut self, offset: u64, sight: &mut Sight<'_>) -> Result<(), Flaw> {
        for (at, byte) in (0u32..).zip(&sight.block[..sight.length]) {
            if self.mark == 3 || u64::from(self.mark) != offset + u64::from(at) {
                break;
            }
            if Some(byte) != MARK.get(usize::from(self.mark)) {
                return if self.mark == 0 { Ok(()) } else { Err((at, Why::CutMark)) };
            }
            self.mark += 1;
            sight.scalars &= !(1 << at);
        }
        Ok(())
    }

    #[inline]
    fn look(&mut self, sight: Sight<'_>, masks: &Masks, fine: &FineMasks) -> Result<(), Flaw> {
        let Sight { block, length, scalars, .. } = sight;
        self.since = 0;
        let begun = u64::from(self.scalar.is_some());
        if let Some(scalar) = self.scalar.take() {
            self.run(scalar, 0, sight)?;
        }
        let mut escape = None;
        if masks.escaped != 0 || self.digits != 0 {
            escape = self.escapes(&block[..length], masks.escaped).err();
        }
        let starts = scalars & !(scalars << 1 | begun);
        let tokens = masks.structure | fine.colon | masks.opening() | starts;
        let mut left = tokens | fine.odd | masks.stray;
        if let Some((at, _)) = escape {
            left &= !(u64::MAX << at);
        }
        while left != 0 {
            self.token(left.trailing_zeros(), sight)?;
            left &= left - 1;
        }
        if self.expected == Expected::AfterTop {
            self.is_parted |= parts(&block[self.since as usize..length]);
        }
        escape.map_or(Ok(()), Err)
    }

    /// The bytes behind backslashes, and the digits of `\u`.
    #[cold]
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
                Some(_) => return Err((at, Why::Escape)),
            }
        }
        Ok(())
    }

    fn hex_digits(&mut self, at: u32, bytes: &[u8]) -> Result<(), Flaw> {
        for (at, byte) in (at..).zip(&bytes[at as usize..]).take(self.digits.into()) {
            if !byte.is_ascii_hexdigit() {
                return Err((at, Why::HexDigit));
            }
            self.digits -= 1;
        }
        Ok(())
    }

    /// A bracket, comma or colon, the first byte of a value, or a control.
    #[inline]
    fn token(&mut self, at: u32, sight: Sight<'_>) -> Result<(), Flaw> {
        let byte = sight.block[at as usize];
        match NEXT[self.expected as usize][usize::from(byte & 31)] {
            Some(next) if matches!(byte, b'"' | b',' | b':') => self.expected = next,
            _ => return self.rarer(byte, at, sight),
        }
        Ok(())
    }

    #[inline]
    fn rarer(&mut self, byte: u8, at: u32, sight: Sight<'_>) -> Result<(), Flaw> {
        use Expected::{
            AfterElement, AfterTop, AfterValue, Element, FirstElement, FirstName, Top, Value,
        };
        if self.expected == AfterTop && !b",:]}".contains(&byte) && self.is_next_text(at, sight) {
            self.is_parted = false;
            self.expected = Top;
        }
        match (self.expected, byte) {
            (Value, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.expected = AfterValue;
                self.scalar(byte, at, sight)?;
            }
            (Element | FirstElement, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.expected = AfterElement;
                self.scalar(byte, at, sight)?;
            }
            (Value | Element | FirstElement | Top, b'{' | b'[') => self.open(byte, at)?,
            (FirstName | AfterValue, b'}') | (FirstElement | AfterElement, b']') => self.close(at),
            (Top, b'"') => self.ended(at),
            (Top, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.ended(at);
                self.scalar(byte, at, sight)?;
            }
            (Top | AfterTop, RECORD_SEPARATOR) if sight.in_string >> at & 1 == 0 => {}
            _ => return Err((at, Why::Token)),
        }
        Ok(())
    }

    /// Whether what begins here may be another text behind the last.
    #[cold]
    fn is_next_text(&self, at: u32, sight: Sight<'_>) -> bool {
        self.is_parted || parts(&sight.block[self.since as usize..at as usize])
    }

    /// A number or literal: what is usual is seen at a glance.
    #[inline]
    fn scalar(&mut self, byte: u8, at: u32, sight: Sight<'_>) -> Result<(), Flaw> {
        let run = sight.scalars >> at;
        let solid = (!run).trailing_zeros();
        let end = at + solid;
        if (end as usize) < sight.length {
            let others = run & !(sight.digits >> at) & !(u64::MAX << solid);
            let is_known = match byte {
                b't' => sight.block[at as usize..end as usize] == *b"true",
                b'f' => sight.block[at as usize..end as usize] == *b"false",
                b'n' => sight.block[at as usize..end as usize] == *b"null",
                b'1'..=b'9' if others != 0 => {
                    let point = others.trailing_zeros();
                    let is_alone = others.is_power_of_two() && point + 1 < solid;
                    is_alone && sight.block[(at + point) as usize] == b'.'
                }
                b'1'..=b'9' => true,
                _ => solid == 1 && byte == b'0',
            };
            if is_known {
                return Ok(());
            }
        }
        let scalar = Scalar::begin(byte).ok_or((at, Why::Token))?;
        self.run(scalar, at + 1, sight)
    }

    /// The rest of a number or literal from `at` on, as far as it goes in this block.
    fn run(&mut self, mut scalar: Scalar, at: u32, sight: Sight<'_>) -> Result<(), Flaw> {
        let solid = (!sight.scalars.checked_shr(at).unwrap_or(0)).trailing_zeros();
        let end = (at + solid).min(sight.length as u32);
        for place in at..end {
            let Some(next) = scalar.next(sight.block[place as usize]) else {
                return Err((place, Why::Scalar(scalar)));
            };
            scalar = next;
        }
        if end as usize == sight.length {
            self.scalar = Some(scalar);
        } else if !scalar.is_whole() {
            return Err((end, Why::Scalar(scalar)));
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, byte: u8, at: u32) -> Result<(), Flaw> {
        if self.depth == DEEPEST {
            return Err((at, Why::TooDeep));
        }
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.kinds);
        }
        let is_object = byte == b'{';
        self.kinds = self.kinds << 1 | u64::from(is_object);
        self.depth += 1;
        self.expected = if is_object { Expected::FirstName } else { Expected::FirstElement };
        Ok(())
    }

    #[inline]
    fn close(&mut self, at: u32) {
        self.depth -= 1;
        self.kinds >>= 1;
        // None at depth 0, where none was put away.
        if self.depth.is_multiple_of(64)
            && let Some(outer) = self.outer.pop()
        {
            self.kinds = outer;
        }
        self.ended(at);
    }

    /// A value ends, or a string or number at the top begins.
    #[inline]
    fn ended(&mut self, at: u32) {
        self.expected = match (self.depth, self.kinds & 1) {
            (0, _) => Expected::AfterTop,
            (_, 0) => Expected::AfterElement,
            _ => Expected::AfterValue,
        };
        self.since = at;
    }

    #[cold]
    fn words(&self, why: Why, byte: u8, in_string: bool) -> String {
        let found = printable(&[byte]);
        let wanted = match (why, self.expected) {
            (Why::CutMark, _) => return "a byte order mark that is cut".to_owned(),
            (Why::Escape, _) => return format!("'\\{found}' is no escape"),
            (Why::HexDigit, _) => return format!("'{found}' instead of a hex digit behind \\u"),
            (Why::TooDeep, _) => return format!("more than {DEEPEST} brackets inside each other"),
            (Why::Scalar(scalar), _) => return scalar.unexpected(byte),
            _ if byte == b'\\' => return "a backslash outside a string".to_owned(),
            _ if in_string && byte != b'"' => {
                return format!("'{found}' in a string, where it has to be escaped");
            }
            _ if byte < b' ' => return format!("'{found}' is no space"),
            (_, Expected::AfterTop) if b"]}".contains(&byte) => {
                return format!("'{found}' closes nothing");
            }
            (_, Expected::AfterTop) => return format!("'{found}' after the end of the value"),
            (_, Expected::Name | Expected::FirstName) => "a name",
            (_, Expected::Colon) => "':'",
            (_, Expected::AfterValue) => "',' or '}'",
            (_, Expected::AfterElement) => "',' or ']'",
            _ => "a value",
        };
        format!("'{found}' instead of {wanted}")
    }
}

/// Whether this is something that may stand between two texts.
fn parts(bytes: &[u8]) -> bool {
    memchr::memchr2(b'\n', RECORD_SEPARATOR, bytes).is_some()
}

/// Whether a type of content is JSON, one value and not a row of them.
#[must_use]
pub fn is_labelled_json(content_type: &str) -> bool {
    let value = content_type.to_ascii_lowercase();
    value.contains("json") && !value.contains("ndjson")
}

/// Why these bytes, of which more follow unless they are all, are no JSON. Nothing is neither.
#[must_use]
pub fn not_json(bytes: &[u8], are_all: bool) -> Option<String> {
    let mut check = JsonCheck::default();
    check.push(bytes);
    if let Some(flaw) = check.flaw() {
        return Some(flaw.to_string());
    }
    let why = check.unfinished().filter(|_| are_all && !bytes.is_empty())?;
    Some(format!("not JSON: {why} at byte {}", bytes.len()))
}

#[cfg(test)]
mod check_tests;
