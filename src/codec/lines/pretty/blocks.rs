//! Sixty-four bytes of JSON as bit masks: bit n stands for byte n.
//!
//! Which byte is of which class is asked of sixteen bytes at a time.

use wide::u8x16;

/// Bytes looked at together.
pub(super) const BLOCK: usize = 64;

/// The classes that every scan asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Classes {
    quote: u64,
    backslash: u64,
    /// Brackets, braces and commas.
    structure: u64,
    /// Bytes above the space.
    solid: u64,
}

/// Those that the check alone asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FineClasses {
    colon: u64,
    digit: u64,
    /// Bytes below the space.
    control: u64,
    /// Of these what is no tab and no end of a line.
    odd: u64,
}

/// What one block hands to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct BlockState {
    string: bool,
    escape: bool,
}

impl BlockState {
    /// Whether the block ended inside a string.
    pub(super) fn in_string(self) -> bool {
        self.string
    }
}

/// A block, sorted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Masks {
    /// Brackets, braces and commas outside strings.
    pub(super) structure: u64,
    /// Everything but white space (controls count as such).
    pub(super) solid: u64,
    /// Bytes whose predecessor is in a string or opens one.
    pub(super) in_string: u64,
    /// Bytes after a backslash that counts.
    pub(super) escaped: u64,
    /// Backslashes outside strings, which JSON does not have.
    pub(super) stray: u64,
    /// From each opening quote to the byte before its closing one.
    string: u64,
}

/// What only the check of a block looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct FineMasks {
    /// Colons outside strings.
    pub(super) colon: u64,
    /// Digits, wherever they are.
    pub(super) digits: u64,
    /// Controls inside strings, and others than tabs and ends of lines anywhere.
    pub(super) odd: u64,
    /// Bytes of numbers and literals, or of what stands in their place.
    pub(super) scalars: u64,
}

impl Masks {
    /// Quotes that open a string.
    pub(super) fn opening(&self) -> u64 {
        self.string & !self.in_string
    }
}

/// Sorts the first `length` bytes of a block; the others are spaces.
#[inline]
pub(super) fn masks(block: &[u8; BLOCK], length: usize, carry: &mut BlockState) -> Masks {
    let Classes { quote, backslash, structure, solid } = classes(block);
    let (escaped, escape_out) = escapes(backslash, carry.escape, length);
    let quotes = quote & !escaped;
    let before = if carry.string { u64::MAX } else { 0 };
    // Bits from an opening quote up to the byte before the closing one.
    let string = prefix_xor(quotes) ^ before;
    let in_string = string << 1 | u64::from(carry.string);
    *carry = BlockState { string: string >> (length - 1) & 1 == 1, escape: escape_out };
    let (structure, stray) = (structure & !string, backslash & !string);
    Masks { structure, solid, in_string, escaped, stray, string }
}

/// Looks once more at a block, more closely.
#[inline]
pub(super) fn fine_masks(block: &[u8; BLOCK], masks: &Masks) -> FineMasks {
    let FineClasses { colon, digit, control, odd } = fine_classes(block);
    let colon = colon & !masks.string;
    let others = masks.string | masks.in_string | masks.structure | colon | masks.stray;
    FineMasks {
        colon,
        digits: digit,
        odd: odd | (control & masks.in_string),
        scalars: masks.solid & !others,
    }
}

#[inline]
fn classes(block: &[u8; BLOCK]) -> Classes {
    let mut classes = Classes { quote: 0, backslash: 0, structure: 0, solid: 0 };
    for (part, shift) in parts(block) {
        let folded = part | u8x16::splat(0x20);
        let brackets = equal(folded, b'{') | equal(folded, b'}');
        classes.quote |= mask(equal(part, b'"')) << shift;
        classes.backslash |= mask(equal(part, b'\\')) << shift;
        classes.structure |= mask(brackets | equal(part, b',')) << shift;
        classes.solid |= mask(part.simd_gt(u8x16::splat(b' '))) << shift;
    }
    classes
}

#[inline]
fn fine_classes(block: &[u8; BLOCK]) -> FineClasses {
    let mut classes = FineClasses { colon: 0, digit: 0, control: 0, odd: 0 };
    for (part, shift) in parts(block) {
        let control = mask(part.simd_lt(u8x16::splat(b' ')));
        let usual = equal(part, b'\n') | equal(part, b'\r') | equal(part, b'\t');
        classes.colon |= mask(equal(part, b':')) << shift;
        classes.digit |= mask((part - u8x16::splat(b'0')).simd_lt(u8x16::splat(10))) << shift;
        classes.control |= control << shift;
        classes.odd |= (control & !mask(usual)) << shift;
    }
    classes
}

/// Sixteen bytes after the other, each with the place of its first bit.
#[inline]
fn parts(block: &[u8; BLOCK]) -> impl Iterator<Item = (u8x16, u32)> {
    block.as_chunks::<16>().0.iter().map(|part| u8x16::new(*part)).zip([0, 16, 32, 48])
}

#[inline]
fn equal(part: u8x16, byte: u8) -> u8x16 {
    part.simd_eq(u8x16::splat(byte))
}

/// The highest bit of every byte.
#[inline]
fn mask(part: u8x16) -> u64 {
    u64::from(part.to_bitmask())
}

/// The bytes that stand after a backslash that is not itself escaped.
#[inline]
fn escapes(backslash: u64, carry: bool, length: usize) -> (u64, bool) {
    let mut escaped = u64::from(carry);
    let mut left = backslash & !escaped;
    while left != 0 {
        let at = left.trailing_zeros();
        if at == 63 {
            return (escaped, true);
        }
        escaped |= 2 << at;
        left &= !(3 << at);
    }
    let beyond = length < BLOCK && escaped >> length & 1 == 1;
    (escaped, beyond)
}

/// Bit n of the result is the parity of bits 0 to n.
#[inline]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, one byte after the other.
    fn plain(bytes: &[u8]) -> Vec<[bool; 5]> {
        let (mut string, mut escape) = (false, false);
        let step = |byte: &u8| {
            let quote = *byte == b'"' && !escape;
            let inside = string || quote;
            let structural = b"{}[],".contains(byte) && !string;
            let stray = *byte == b'\\' && !string;
            let row = [structural, *byte > b' ', string, escape, stray];
            escape = *byte == b'\\' && !escape;
            string = inside && !(string && quote);
            row
        };
        bytes.iter().map(step).collect()
    }

    #[test]
    fn each_byte_is_of_its_classes() {
        for byte in 0..=u8::MAX {
            let all = |is: bool| if is { u64::MAX } else { 0 };
            let of = Classes {
                quote: all(byte == b'"'),
                backslash: all(byte == b'\\'),
                structure: all(b"{}[],".contains(&byte)),
                solid: all(byte > b' '),
            };
            let fine = FineClasses {
                colon: all(byte == b':'),
                digit: all(byte.is_ascii_digit()),
                control: all(byte < b' '),
                odd: all(byte < b' ' && !b"\t\r\n".contains(&byte)),
            };
            let block = [byte; BLOCK];
            assert_eq!((classes(&block), fine_classes(&block)), (of, fine), "{byte}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn masks_say_what_reading_byte_by_byte_says(
            text in r#"[a"\\{\[,\] \n]{1,200}"#,
            cut in 1usize..64,
        ) {
            let mut carry = BlockState::default();
            let mut rows = Vec::new();
            let (first, rest) = text.as_bytes().split_at(cut.min(text.len()));
            for piece in first.chunks(BLOCK).chain(rest.chunks(BLOCK)) {
                let mut block = [b' '; BLOCK];
                block[..piece.len()].copy_from_slice(piece);
                let m = masks(&block, piece.len(), &mut carry);
                for bit in 0..piece.len() {
                    let all = [m.structure, m.solid, m.in_string, m.escaped, m.stray];
                    rows.push(all.map(|mask| mask >> bit & 1 == 1));
                }
            }
            prop_assert_eq!(rows, plain(text.as_bytes()));
        }
    }
}
