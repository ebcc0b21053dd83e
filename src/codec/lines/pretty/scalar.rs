//! Numbers and literals of JSON, byte by byte (RFC 8259, sections 3 and 6).

use crate::codec::printable::printable;

/// How far a number or literal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
    /// Where in [`WORDS`] the next byte of a literal stands.
    Word(u8),
}

/// What follows the first letters of `true`, `false` and `null`, each with its end.
const WORDS: [u8; 13] = *b"rue\0alse\0ull\0";

impl Scalar {
    /// The first byte; `None` = no value begins with it.
    #[inline]
    pub(super) fn begin(byte: u8) -> Option<Self> {
        Some(match byte {
            b'-' => Scalar::Minus,
            b'0' => Scalar::Zero,
            b'1'..=b'9' => Scalar::Digits,
            b't' => Scalar::Word(0),
            b'f' => Scalar::Word(4),
            b'n' => Scalar::Word(9),
            _ => return None,
        })
    }

    /// Another byte; `None` = it does not fit.
    #[inline]
    pub(super) fn next(self, byte: u8) -> Option<Self> {
        use Scalar::{Digits, Exponent, Fraction, Minus, Point, Power, Sign, Word, Zero};
        Some(match (self, byte) {
            (Digits, b'0'..=b'9') | (Minus, b'1'..=b'9') => Digits,
            (Minus, b'0') => Zero,
            (Zero | Digits, b'.') => Point,
            (Point | Fraction, b'0'..=b'9') => Fraction,
            (Zero | Digits | Fraction, b'e' | b'E') => Exponent,
            (Exponent, b'+' | b'-') => Sign,
            (Exponent | Sign | Power, b'0'..=b'9') => Power,
            (Word(at), 1..) if WORDS.get(usize::from(at)) == Some(&byte) => Word(at + 1),
            _ => return None,
        })
    }

    /// Whether it may end here.
    #[inline]
    pub(super) fn is_whole(self) -> bool {
        use Scalar::{Digits, Fraction, Power, Word, Zero};
        match self {
            Word(at) => WORDS.get(usize::from(at)) == Some(&0),
            _ => matches!(self, Zero | Digits | Fraction | Power),
        }
    }

    /// It ends where it must not.
    pub(super) fn cut(self) -> &'static str {
        match self {
            Scalar::Word(_) => "the JSON ends inside true, false or null",
            _ => "the JSON ends inside a number",
        }
    }

    /// Why a byte does not fit.
    #[cold]
    pub(super) fn unexpected(self, byte: u8) -> String {
        let found = printable(&[byte]);
        match self {
            Scalar::Word(_) => format!("'{found}' makes it neither true, false nor null"),
            Scalar::Zero if byte.is_ascii_digit() => "a number that begins with 0".to_owned(),
            Scalar::Zero | Scalar::Digits | Scalar::Fraction | Scalar::Power => {
                format!("'{found}' in a number")
            }
            _ => format!("'{found}' instead of a digit"),
        }
    }
}
