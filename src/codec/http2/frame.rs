//! The head of a frame, and what of a frame is a piece of a header block (RFC 9113, sections 4.1 and 6).

use std::ops::Range;

/// Bytes before the payload of every frame.
pub(crate) const FRAME_HEAD: usize = 9;

/// Kinds of frames that somebody asks for.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// What every frame begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHead {
    /// Bytes of the payload.
    pub(crate) length: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// 0 = the connection.
    pub(crate) stream: u32,
}

impl FrameHead {
    /// The one that these bytes begin with; `None` = there are too few.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, stream @ ..] = bytes.first_chunk::<FRAME_HEAD>()?;
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        // The first bit is reserved.
        let stream = u32::from_be_bytes(*stream) & 0x7fff_ffff;
        Some(FrameHead { length, kind: *kind, flags: *flags, stream })
    }

    /// The frame that these bytes are, of which so many crossed, when they are one; `None` = they are something else.
    pub(crate) fn of_whole(bytes: &[u8], crossed: u64) -> Option<Self> {
        let head = FrameHead::read(bytes)?;
        let is_reserved = bytes.get(5).is_some_and(|byte| byte & 0x80 != 0);
        let is_whole = (FRAME_HEAD + head.length) as u64 == crossed;
        (is_whole && !is_reserved && head.kind <= CONTINUATION).then_some(head)
    }

    /// It confirms one of the other side (RFC 9113, sections 6.5 and 6.7).
    pub(crate) fn is_ack(self) -> bool {
        matches!(self.kind, SETTINGS | PING) && self.flags & ACK != 0
    }

    /// Nothing follows on its stream this way.
    pub(crate) fn ends_stream(self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }

    /// The header block ends with it.
    pub(crate) fn ends_block(self) -> bool {
        self.has_block() && self.flags & END_HEADERS != 0
    }

    /// It carries a piece of a header block.
    pub(crate) fn has_block(self) -> bool {
        matches!(self.kind, HEADERS | PUSH_PROMISE | CONTINUATION)
    }

    /// Where the padding of its payload is told, which its kind may have (RFC 9113, section 6.1).
    pub(crate) fn is_padded(self) -> bool {
        matches!(self.kind, DATA | HEADERS | PUSH_PROMISE) && self.flags & PADDED != 0
    }

    /// It says on what it depends (RFC 9113, section 5.3.2: nobody heeds that any more).
    pub(crate) fn has_priority(self) -> bool {
        self.kind == HEADERS && self.flags & PRIORITY != 0
    }

    /// Where in its payload the content is, without padding and what stands before; `None` = it is malformed.
    pub(crate) fn content(self, payload: &[u8]) -> Option<Range<usize>> {
        let mut start = 0;
        let mut padding = 0;
        if self.is_padded() {
            padding = usize::from(*payload.first()?);
            start += 1;
        }
        if self.has_priority() {
            start += 5;
        }
        if self.kind == PUSH_PROMISE {
            start += 4;
        }
        let end = payload.len().checked_sub(padding)?;
        (start <= end).then_some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_without_the_reserved_bit() {
        let bytes = [0, 1, 2, HEADERS, 0x25, 0x80, 0, 0, 7, 0xff];
        let head = FrameHead::read(&bytes).unwrap();
        assert_eq!(head, FrameHead { length: 258, kind: HEADERS, flags: 0x25, stream: 7 });
        assert!(head.ends_stream() && head.ends_block() && head.has_priority());
        assert_eq!(FrameHead::read(&bytes[..8]), None);
    }

    #[test]
    fn padding_and_what_stands_before_the_content_are_taken_off() {
        let head = |kind, flags| FrameHead { length: 10, kind, flags, stream: 1 };
        let padded = [2, 10, 11, 12, 13, 14, 15, 16, 0, 0];
        assert_eq!(head(DATA, 0).content(&padded), Some(0..10));
        assert_eq!(head(DATA, PADDED).content(&padded), Some(1..8));
        assert_eq!(head(HEADERS, PADDED | PRIORITY).content(&padded), Some(6..8));
        assert_eq!(head(PUSH_PROMISE, PADDED).content(&padded), Some(5..8));
        assert_eq!(head(DATA, PADDED).content(&[9, 1, 2]), None);
        assert_eq!(head(DATA, PADDED).content(&[]), None);
        assert_eq!(head(HEADERS, PRIORITY).content(&[1, 2]), None);
    }
}
