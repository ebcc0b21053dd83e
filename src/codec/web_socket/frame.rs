//! The header of a frame (RFC 6455, section 5.2), and masks.
//!
//! A leaf: everything about WebSocket reads frames with it.

use strum::IntoStaticStr;

/// Longest payload of a frame that is about the connection (section 5.5).
pub(crate) const CONTROL: u64 = 125;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    /// The one of this number, if it is one.
    pub(crate) fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return None,
        })
    }

    /// Whether it is about the connection, and may stand between the frames of a message.
    pub(crate) fn is_control(self) -> bool {
        self as u8 >= Opcode::Close as u8
    }

    /// In words.
    pub(crate) fn word(self) -> &'static str {
        self.into()
    }
}

/// What stands before the payload of a frame, right or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// The last of its message.
    pub(crate) is_last: bool,
    /// The bits without a meaning of their own, RSV1 in 4, RSV2 in 2, RSV3 in 1.
    pub(crate) reserved: u8,
    /// The number, known or not.
    pub(crate) opcode: u8,
    pub(crate) mask: Option<[u8; 4]>,
    /// Bytes of the payload, as it says.
    pub(crate) len: u64,
    /// Bytes in which that is said: 1, 2 or 8.
    pub(crate) len_bytes: u8,
}

impl FrameHeader {
    /// The first RSV bit, which says that a message is packed (RFC 7692, section 6).
    pub(crate) const PACKED: u8 = 4;

    /// Reads it; `None` = not all of it is here.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (len, len_bytes) = match second & 0x7F {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 2),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 8),
            short => (u64::from(short), 1),
        };
        let skipped = if len_bytes == 1 { 0 } else { usize::from(len_bytes) };
        let mask = match second & 0x80 {
            0 => None,
            _ => Some(*rest.get(skipped..)?.first_chunk()?),
        };
        Some(FrameHeader {
            is_last: first & 0x80 != 0,
            reserved: first >> 4 & 7,
            opcode: first & 0x0F,
            mask,
            len,
            len_bytes,
        })
    }

    /// A frame that is a whole message, its length in as few bytes as it takes.
    pub(crate) fn whole(opcode: Opcode, is_packed: bool, mask: Option<[u8; 4]>, len: u64) -> Self {
        let len_bytes = match len {
            0..=125 => 1,
            126..=0xFFFF => 2,
            _ => 8,
        };
        let reserved = if is_packed { FrameHeader::PACKED } else { 0 };
        FrameHeader { is_last: true, reserved, opcode: opcode as u8, mask, len, len_bytes }
    }

    /// Bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let mask = if self.mask.is_some() { 4 } else { 0 };
        let more = if self.len_bytes == 1 { 0 } else { usize::from(self.len_bytes) };
        2 + more + mask
    }

    /// Whether its message is packed, where that was agreed.
    pub(crate) fn is_packed(&self) -> bool {
        self.reserved & FrameHeader::PACKED != 0
    }

    /// Whether bits are set that no extension gives a meaning (RFC 7692 gives one to the first).
    pub(crate) fn has_unknown_bits(&self) -> bool {
        self.reserved & !FrameHeader::PACKED != 0
    }

    /// Whether its length could have been said in fewer bytes.
    pub(crate) fn is_long_winded(&self) -> bool {
        matches!((self.len_bytes, self.len), (2, 0..=125) | (8, 0..=0xFFFF))
    }

    /// Appends it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let last = if self.is_last { 0x80 } else { 0 };
        out.push(last | self.reserved << 4 | self.opcode);
        let mask = if self.mask.is_some() { 0x80 } else { 0 };
        match self.len_bytes {
            1 => out.push(mask | self.len as u8),
            2 => {
                out.push(mask | 0x7E);
                out.extend((self.len as u16).to_be_bytes());
            }
            _ => {
                out.push(mask | 0x7F);
                out.extend(self.len.to_be_bytes());
            }
        }
        out.extend(self.mask.unwrap_or_default().iter().take(if mask == 0 { 0 } else { 4 }));
    }
}

/// Puts a mask on a payload, or takes it off (section 5.3).
pub(crate) fn mask(payload: &mut [u8], key: [u8; 4]) {
    let wide = u32::from_ne_bytes(key);
    let (words, rest) = payload.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn a_header_is_read_as_it_was_written(
            (is_last, reserved, opcode) in (any::<bool>(), 0..8_u8, 0..16_u8),
            mask in any::<Option<[u8; 4]>>(),
            (len, len_bytes) in prop_oneof![
                (0..126_u64, Just(1)), (0..0x1_0000_u64, Just(2)), (any::<u64>(), Just(8_u8)),
            ],
        ) {
            let header = FrameHeader { is_last, reserved, opcode, mask, len, len_bytes };
            let mut bytes = Vec::new();
            header.write(&mut bytes);
            prop_assert_eq!(bytes.len(), header.size());
            for end in 0..bytes.len() {
                prop_assert_eq!(FrameHeader::read(&bytes[..end]), None);
            }
            prop_assert_eq!(FrameHeader::read(&bytes), Some(header));
        }

        #[test]
        fn a_mask_is_put_byte_by_byte(bytes: Vec<u8>, key: [u8; 4]) {
            let mut masked = bytes.clone();
            mask(&mut masked, key);
            let expected: Vec<u8> = bytes.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect();
            prop_assert_eq!(masked, expected);
        }
    }
}
