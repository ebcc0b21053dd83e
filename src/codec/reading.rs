//! What bytes can mean: numbers of both byte orders, times, addresses, text. The answer to "what is
//! this" of the byte under the cursor.
//!
//! Called by the detail of a record. Whatever the bytes are, the answers are short and visible.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

use super::printable::printable;

/// Bytes of text told when none are selected.
const TEXT: usize = 48;
/// Bytes of text told at most.
const SELECTED_TEXT: usize = 256;
/// Bytes of a number of seven bits each that has 64.
const VARINT: usize = 10;

/// One way to read bytes; empty where they are too few for it or mean nothing so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteReading {
    pub name: &'static str,
    /// With the least significant byte first.
    pub little: String,
    /// With the most significant byte first; empty where there is but one order.
    pub big: String,
    /// The order of the bytes means nothing: `little` is all there is.
    pub is_one: bool,
}

impl ByteReading {
    fn both(name: &'static str, little: Option<String>, big: Option<String>) -> Self {
        let (little, big) = (little.unwrap_or_default(), big.unwrap_or_default());
        ByteReading { name, little, big, is_one: false }
    }

    fn one(name: &'static str, told: Option<String>) -> Self {
        let (little, big) = (told.unwrap_or_default(), String::new());
        ByteReading { name, little, big, is_one: true }
    }
}

/// How many ways there are to read bytes.
pub(crate) const READINGS: usize = 12;

/// What the first of these bytes mean, what is asked for most first. Of a selection `bytes` begin
/// there, and `selected` are its length: what lies behind it is no part of any answer.
#[must_use]
pub fn readings(bytes: &[u8], selected: Option<usize>) -> [ByteReading; READINGS] {
    let bytes = selected.and_then(|len| bytes.get(..len)).unwrap_or(bytes);
    let (unsigned_name, signed_name, of_long) = long_names(selected);
    let both = ByteReading::both;
    let one = ByteReading::one;
    let (two, four, eight) = (first::<2>(bytes), first::<4>(bytes), first::<8>(bytes));
    let u32s = (four.map(u32::from_le_bytes), four.map(u32::from_be_bytes));
    let u64s = (eight.map(u64::from_le_bytes), eight.map(u64::from_be_bytes));
    let u16_told = |value: u16| signed(value, value.cast_signed());
    let u32_told = |value: u32| signed(value, value.cast_signed());
    [
        one("8 bit", bytes.first().map(|byte| byte_told(*byte))),
        both(
            "16 bit",
            two.map(u16::from_le_bytes).map(u16_told),
            two.map(u16::from_be_bytes).map(u16_told),
        ),
        both("32 bit", u32s.0.map(u32_told), u32s.1.map(u32_told)),
        both(unsigned_name, long(bytes, of_long, false).0, long(bytes, of_long, false).1),
        both(signed_name, long(bytes, of_long, true).0, long(bytes, of_long, true).1),
        one("text", text(bytes, selected)),
        both("time s", seconds(u32s.0, u64s.0), seconds(u32s.1, u64s.1)),
        both("time ms", millis(u64s.0), millis(u64s.1)),
        both(
            "f32",
            four.map(f32::from_le_bytes).map(|it| float(it, it.is_finite())),
            four.map(f32::from_be_bytes).map(|it| float(it, it.is_finite())),
        ),
        both(
            "f64",
            eight.map(f64::from_le_bytes).map(|it| float(it, it.is_finite())),
            eight.map(f64::from_be_bytes).map(|it| float(it, it.is_finite())),
        ),
        one("varint", varint(bytes)),
        one("IP", address(four, first::<16>(bytes))),
    ]
}

fn first<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.first_chunk().copied()
}

/// `200 (-56)`: a number, and what it is with a sign where that is another one.
fn signed(unsigned: impl Into<u64>, signed: impl Into<i64>) -> String {
    let (told, signed) = (unsigned.into().to_string(), signed.into());
    if signed < 0 { format!("{told} ({signed})") } else { told }
}

fn byte_told(byte: u8) -> String {
    let told = signed(byte, byte.cast_signed());
    format!("{told}  0x{byte:02x}  0b{:04b}_{:04b}  0o{byte:03o}", byte >> 4, byte & 15)
}

/// What the longest numbers are called, and their bytes: eight, or as many as are selected where no other
/// number has so many.
fn long_names(selected: Option<usize>) -> (&'static str, &'static str, usize) {
    match selected {
        Some(3) => ("u24", "i24", 3),
        Some(5) => ("u40", "i40", 5),
        Some(6) => ("u48", "i48", 6),
        Some(7) => ("u56", "i56", 7),
        _ => ("u64", "i64", 8),
    }
}

/// A number of so many bytes, eight at most, in both orders.
fn long(bytes: &[u8], len: usize, is_signed: bool) -> (Option<String>, Option<String>) {
    let Some(bytes) = bytes.get(..len).filter(|bytes| bytes.len() <= 8) else {
        return (None, None);
    };
    let told = |value: u64| {
        // The highest bit that there is becomes the sign.
        let unused = 64 - 8 * bytes.len() as u32;
        let signed = value.checked_shl(unused).unwrap_or(0).cast_signed() >> unused;
        Some(if is_signed { signed.to_string() } else { value.to_string() })
    };
    let of = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    (told(bytes.iter().rev().fold(0, of)), told(bytes.iter().fold(0, of)))
}

/// A float, in the shorter of two ways to write it.
fn float<F: fmt::Display + fmt::LowerExp>(value: F, is_finite: bool) -> String {
    let (plain, scientific) = (value.to_string(), format!("{value:e}"));
    if !is_finite || plain.len() <= scientific.len().max(12) { plain } else { scientific }
}

/// Seconds since 1970 in four bytes, or in eight where these make a year with four digits.
fn seconds(short: Option<u32>, long: Option<u64>) -> Option<String> {
    let long = long.and_then(|it| i64::try_from(it).ok()).filter(|it| *it > 0);
    let long = long.and_then(|it| Timestamp::from_second(it).ok()).map(moment);
    long.or_else(|| Some(moment(Timestamp::from_second(short?.into()).ok()?)))
}

fn millis(value: Option<u64>) -> Option<String> {
    let at = Timestamp::from_millisecond(i64::try_from(value?).ok()?).ok()?;
    Some(at.strftime("%F %T%.3fZ").to_string())
}

fn moment(at: Timestamp) -> String {
    at.strftime("%F %TZ").to_string()
}

/// The number that bytes of seven bits make, the last of them without its highest bit; with its
/// sign as Protocol Buffers zigzag it, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<String> {
    let len = bytes.iter().take(VARINT).position(|byte| byte & 0x80 == 0)? + 1;
    let value = bytes.get(..len)?.iter().enumerate().try_fold(0u64, |value, (at, byte)| {
        let part = u64::from(byte & 0x7f);
        let shifted = part << (7 * at);
        // The tenth byte has room for one bit.
        (shifted >> (7 * at) == part).then_some(value | shifted)
    })?;
    let zigzag = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
    let bytes = if len == 1 { "byte" } else { "bytes" };
    Some(format!("{value}  zigzag {zigzag}  ({len} {bytes})"))
}

/// The addresses of IP version 4 and 6 that begin here.
fn address(four: Option<[u8; 4]>, sixteen: Option<[u8; 16]>) -> Option<String> {
    let short = Ipv4Addr::from(four?).to_string();
    Some(match sixteen {
        Some(long) => format!("{short}  {}", Ipv6Addr::from(long)),
        None => short,
    })
}

/// Text that begins here, as far as it is UTF-8: of a selection all of it.
fn text(bytes: &[u8], selected: Option<usize>) -> Option<String> {
    let reach = selected.unwrap_or(TEXT).min(SELECTED_TEXT);
    let part = bytes.get(..reach).unwrap_or(bytes);
    let valid = part.utf8_chunks().next().map(|chunk| chunk.valid().as_bytes())?;
    (!valid.is_empty()).then(|| printable(valid))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(bytes: &[u8], name: &str) -> (String, String) {
        let all = readings(bytes, None);
        let it = all.into_iter().find(|reading| reading.name == name).unwrap();
        (it.little, it.big)
    }

    fn both(little: &str, big: &str) -> (String, String) {
        (little.to_owned(), big.to_owned())
    }

    #[test]
    fn numbers_are_told_in_both_orders_and_with_their_sign() {
        assert_eq!(told(b"\xc8", "8 bit").0, "200 (-56)  0xc8  0b1100_1000  0o310");
        assert_eq!(told(b"\x01\x02", "16 bit"), both("513", "258"));
        assert_eq!(
            told(b"\xfe\xff\xff\xff", "32 bit"),
            both("4294967294 (-2)", "4278190079 (-16777217)")
        );
        let eight = b"\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(told(eight, "u64").0, "18446744073709551615");
        assert_eq!(told(eight, "i64"), both("-1", "-1"));
        assert_eq!(told(b"\x01", "16 bit"), both("", ""), "too few bytes say nothing");
    }

    #[test]
    fn a_selection_is_read_as_it_is_long_and_nothing_behind_it() {
        let of = |bytes: &[u8], selected, name: &str| {
            let all = readings(bytes, Some(selected));
            let found = all.into_iter().find(|reading| reading.name == name);
            found.map(|it| (it.little, it.big))
        };
        let bytes = b"\x01\x00\xff\x02\x03\x04\x05\x06\x07\x08";
        assert_eq!(of(bytes, 3, "u24"), Some(both("16711681", "65791")));
        assert_eq!(of(bytes, 3, "i24"), Some(both("-65535", "65791")));
        assert_eq!(of(bytes, 3, "32 bit"), Some(both("", "")), "the fourth byte is not selected");
        assert_eq!(of(bytes, 4, "u64"), Some(both("", "")));
        assert_eq!(of(bytes, 8, "u64").unwrap().1, "72337978143540486");
        let ones = [0xff; 7];
        assert_eq!(of(&ones, 7, "i56"), Some(both("-1", "-1")));
        assert_eq!(of(&ones, 5, "u40").unwrap().0, "1099511627775");
        assert_eq!(of(&ones, 6, "i48"), Some(both("-1", "-1")));
        assert_eq!(of(b"abc", 1, "16 bit"), Some(both("", "")));
    }

    #[test]
    fn floats_are_never_longer_than_their_column() {
        assert_eq!(told(&1.5f32.to_le_bytes(), "f32").0, "1.5");
        assert_eq!(told(&1e300f64.to_be_bytes(), "f64").1, "1e300");
        assert_eq!(told(&f64::NAN.to_be_bytes(), "f64").1, "NaN");
        assert_eq!(told(&f64::NEG_INFINITY.to_le_bytes(), "f64").0, "-inf");
    }

    #[test]
    fn times_are_seconds_in_four_or_eight_bytes_and_milliseconds_in_eight() {
        let at: u32 = 1_700_000_000;
        assert_eq!(told(&at.to_be_bytes(), "time s").1, "2023-11-14 22:13:20Z");
        assert_eq!(told(&u64::from(at).to_be_bytes(), "time s").1, "2023-11-14 22:13:20Z");
        assert_eq!(told(&u64::from(at).to_le_bytes(), "time s").0, "2023-11-14 22:13:20Z");
        let millis = u64::from(at) * 1000 + 7;
        assert_eq!(told(&millis.to_le_bytes(), "time ms").0, "2023-11-14 22:13:20.007Z");
        assert_eq!(told(&[0xff; 8], "time ms").0, "");
    }

    #[test]
    fn a_varint_says_how_long_it_is_and_what_its_sign_would_be() {
        assert_eq!(told(b"\xac\x02rest", "varint").0, "300  zigzag 150  (2 bytes)");
        assert_eq!(told(b"\x01", "varint").0, "1  zigzag -1  (1 byte)");
        let mut most = [0xff; 10];
        most[9] = 1;
        let all = format!("{}  zigzag {}  (10 bytes)", u64::MAX, i64::MIN);
        assert_eq!(told(&most, "varint").0, all);
        most[9] = 2;
        assert_eq!(told(&most, "varint").0, "", "more than 64 bits are no such number");
        assert_eq!(told(&[0x80; 4], "varint").0, "", "its end is missing");
    }

    #[test]
    fn addresses_and_text_are_told_and_text_ends_with_the_selection() {
        assert_eq!(told(&[127, 0, 0, 1], "IP").0, "127.0.0.1");
        let mut localhost = [0; 16];
        localhost[15] = 1;
        assert_eq!(told(&localhost, "IP").0, "0.0.0.0  ::1");
        assert_eq!(told("né\n\u{1b}".as_bytes(), "text").0, r"né\n\e");
        let of = |selected| readings(b"GET /", selected)[5].little.clone();
        assert_eq!((of(None).as_str(), of(Some(3)).as_str()), ("GET /", "GET"));
        assert_eq!(told(b"\xff", "text").0, "");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn whatever_the_bytes_are_numbers_fit_a_column(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            for reading in readings(&bytes, None).iter().filter(|it| !it.is_one) {
                prop_assert!(reading.little.len() <= 24 && reading.big.len() <= 24, "{reading:?}");
            }
        }
    }
}
