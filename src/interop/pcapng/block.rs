//! Blocks of a pcapng file (draft-ietf-opsawg-pcapng): a type, a length, a body of 32-bit words and
//! the length again, so that a file can be read from either end. Ours are little-endian.
//!
//! Called by the writer; nothing here knows what a packet is.

/// Section Header Block.
pub(super) const SECTION: u32 = 0x0A0D_0D0A;
/// Interface Description Block.
pub(super) const INTERFACE: u32 = 1;
/// Interface Statistics Block.
pub(super) const STATISTICS: u32 = 5;
/// Enhanced Packet Block.
pub(super) const PACKET: u32 = 6;
/// Decryption Secrets Block, and the kind of secrets that is a key log of TLS.
pub(super) const SECRETS: u32 = 10;
pub(super) const TLS_KEY_LOG: u32 = 0x544C_534B;
/// In a section header: which byte order follows.
pub(super) const BYTE_ORDER: u32 = 0x1A2B_3C4D;
/// `opt_comment`, of any block.
pub(super) const COMMENT: u16 = 1;

/// Longest value of an option: its length is a number of 16 bits, and it is padded to whole words.
const LONGEST_OPTION: usize = 0xFFFC;

/// A block that is being written to the end of `out`.
pub(super) struct Block<'a> {
    pub(super) out: &'a mut Vec<u8>,
    start: usize,
    has_options: bool,
}

impl<'a> Block<'a> {
    /// Begins one of this type.
    pub(super) fn begin(out: &'a mut Vec<u8>, kind: u32) -> Self {
        let start = out.len();
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        Block { out, start, has_options: false }
    }

    /// A number of 16 bits.
    pub(super) fn u16(&mut self, value: u16) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// A number of 32 bits.
    pub(super) fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// A time in units of the interface: the high word first.
    pub(super) fn time(&mut self, units: u64) {
        self.u32((units >> 32) as u32);
        self.u32(units as u32);
    }

    /// Bytes behind their number, filled up to a whole word.
    pub(super) fn counted(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.out.extend_from_slice(bytes);
        self.pad();
    }

    /// Fills up to a whole word.
    pub(super) fn pad(&mut self) {
        let over = (self.out.len() - self.start) % 4;
        self.out.resize(self.out.len() + (4 - over) % 4, 0);
    }

    /// An option; what is too long for one is cut.
    pub(super) fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..LONGEST_OPTION).unwrap_or(value);
        self.u16(code);
        self.u16(value.len() as u16);
        self.out.extend_from_slice(value);
        self.pad();
        self.has_options = true;
    }

    /// A text as an option, cut between two characters where it is too long.
    pub(super) fn text(&mut self, code: u16, text: &str) {
        let mut end = text.len().min(LONGEST_OPTION);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.option(code, &text.as_bytes()[..end]);
    }

    /// A number of 64 bits as an option.
    pub(super) fn count(&mut self, code: u16, count: u64) {
        self.option(code, &count.to_le_bytes());
    }

    /// Puts a number where room was left for it.
    pub(super) fn put(&mut self, at: usize, value: u32) {
        if let Some(place) = self.out.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// The end of the options, and the length at both ends.
    pub(super) fn end(mut self) {
        if self.has_options {
            self.u32(0);
        }
        let len = (self.out.len() + 4 - self.start) as u32;
        self.u32(len);
        self.put(self.start + 4, len);
    }
}
