//! The code that texts of header blocks are written in (RFC 7541, appendix B).
//!
//! It is canonical: codes of one length are numbers in a row, in the order of their bytes, so that the lengths alone say
//! all of it.

use std::sync::LazyLock;

/// Bits of the code of each byte.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
/// Bits of the longest code.
const LONGEST: usize = 30;

/// The codes of one length.
#[derive(Debug, Clone, Default)]
struct SameLength {
    first: u32,
    bytes: Vec<u8>,
}

static BY_LENGTH: LazyLock<Vec<SameLength>> = LazyLock::new(|| {
    let mut code = 0;
    (0..=LONGEST)
        .map(|length| {
            code <<= 1;
            let all = (0..=u8::MAX).zip(LENGTHS);
            let bytes: Vec<u8> =
                all.filter(|(_, its)| usize::from(*its) == length).map(|(byte, _)| byte).collect();
            let first = code;
            code += bytes.len() as u32;
            SameLength { first, bytes }
        })
        .collect()
});

/// The text that is written so; `None` = it is not written in this code. No byte of it makes more than two.
pub(super) fn read(coded: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(coded.len() * 2);
    let (mut code, mut length) = (0u32, 0usize);
    for byte in coded {
        for bit in (0..8).rev() {
            code = code << 1 | u32::from(byte >> bit & 1);
            length += 1;
            let same = BY_LENGTH.get(length)?;
            let at = code.checked_sub(same.first).and_then(|at| usize::try_from(at).ok());
            if let Some(found) = at.and_then(|at| same.bytes.get(at)) {
                text.push(*found);
                (code, length) = (0, 0);
            }
        }
    }
    // The rest of the last byte is filled with ones, fewer than a byte of them (RFC 7541, section 5.2).
    (length < 8 && code == (1 << length) - 1).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_rfc_are_read() {
        // RFC 7541, appendix C.4 and C.6.
        for (coded, text) in [
            ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
            ("a8eb10649cbf", "no-cache"),
            ("25a849e95ba97d7f", "custom-key"),
            ("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
            ("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"),
            ("", ""),
        ] {
            let digits: Vec<char> = coded.chars().collect();
            let pair = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
            let bytes: Vec<u8> = digits.chunks(2).map(pair).collect();
            assert_eq!(read(&bytes).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn what_is_filled_otherwise_or_ends_in_the_middle_is_refused() {
        // 'a' is 00011: three ones follow.
        assert_eq!(read(&[0b0001_1111]).as_deref(), Some(&b"a"[..]));
        assert_eq!(read(&[0b0001_1000]), None);
        assert_eq!(read(&[0b0001_1111, 0xff]), None);
        assert_eq!(read(&[0xff; 4]), None, "the end has a code that nobody sends");
    }

    #[test]
    fn every_byte_has_a_code() {
        let codes: usize = BY_LENGTH.iter().map(|same| same.bytes.len()).sum();
        assert_eq!(codes, 256);
    }
}
