//! Sixty-four bytes of JSON as bit masks: bit n stands for byte n.
//!
//! The byte classes are computed in a loop the compiler turns into vector instructions; eight
//! class bytes are gathered into eight bits with one multiplication.

/// Bytes looked at together.
pub(super) const BLOCK: usize = 64;

const QUOTE: u32 = 0;
const BACKSLASH: u32 = 1;
const STRUCTURE: u32 = 2;
const SOLID: u32 = 3;

/// Of the check alone.
const COLON: u32 = 0;
const DIGIT: u32 = 1;
/// Of rarer classes masks are made only where there are some.
const CONTROL: u32 = 2;
const ODD: u32 = 3;

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
    let [quote, backslash, structure, solid] = classes(block);
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
    let mut class = [0u8; BLOCK];
    for (class, byte) in class.iter_mut().zip(block) {
        *class = u8::from(*byte == b':') << COLON
            | u8::from(byte.is_ascii_digit()) << DIGIT
            | u8::from(*byte < b' ') << CONTROL
            | u8::from(*byte < b' ' && *byte != b'\t' && *byte != b'\n' && *byte != b'\r') << ODD;
    }
    let words = class.as_chunks::<8>().0;
    let some = words.iter().fold(0, |some, word| some | u64::from_le_bytes(*word));
    let rare = |bit| if gather(some >> bit) == 0 { 0 } else { mask(words, bit) };
    let colon = mask(words, COLON) & !masks.string;
    let others = masks.string | masks.in_string | masks.structure | colon | masks.stray;
    FineMasks {
        colon,
        digits: mask(words, DIGIT),
        odd: rare(ODD) | (rare(CONTROL) & masks.in_string),
        scalars: masks.solid & !others,
    }
}

#[inline]
fn classes(block: &[u8; BLOCK]) -> [u64; 4] {
    let mut class = [0u8; BLOCK];
    for (class, byte) in class.iter_mut().zip(block) {
        let folded = byte | 0x20;
        *class = u8::from(*byte == b'"') << QUOTE
            | u8::from(*byte == b'\\') << BACKSLASH
            | u8::from(folded == b'{' || folded == b'}' || *byte == b',') << STRUCTURE
            | u8::from(*byte > b' ') << SOLID;
    }
    let words = class.as_chunks::<8>().0;
    [QUOTE, BACKSLASH, STRUCTURE, SOLID].map(|bit| mask(words, bit))
}

/// One bit of each class byte.
#[inline]
fn mask(words: &[[u8; 8]], bit: u32) -> u64 {
    let gathered = words.iter().map(|word| gather(u64::from_le_bytes(*word) >> bit));
    gathered.zip(0..).fold(0, |mask, (byte, place)| mask | byte << (8 * place))
}

/// The lowest bit of every byte as one byte.
#[inline]
fn gather(word: u64) -> u64 {
    (word & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
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
