//! Numbers and stretches of bytes that may not be there, read one after the other.

use std::ops::Range;

/// Reads on from where it stands; `None` = the bytes end before, and it stays where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cut<'a> {
    /// At the first byte.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cut { bytes, at: 0 }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next bytes and where they stand.
    pub(super) fn take(&mut self, length: usize) -> Option<(&'a [u8], Range<usize>)> {
        let range = self.at..self.at.checked_add(length)?;
        let taken = self.bytes.get(range.clone())?;
        self.at = range.end;
        Some((taken, range))
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> (&'a [u8], Range<usize>) {
        let range = self.at..self.bytes.len();
        self.at = self.bytes.len();
        (self.bytes.get(range.clone()).unwrap_or_default(), range)
    }

    /// A number of 8 bits.
    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1).and_then(|(bytes, _)| bytes.first().copied())
    }

    /// A number of 16 bits, the most significant byte first; so are the others.
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2).and_then(|(bytes, _)| bytes.first_chunk().copied()).map(u16::from_be_bytes)
    }

    /// A number of 24 bits.
    pub(super) fn u24(&mut self) -> Option<usize> {
        let [first, second, third] = self.take(3)?.0.first_chunk::<3>().copied()?;
        Some(usize::from(first) << 16 | usize::from(second) << 8 | usize::from(third))
    }

    /// A number of 32 bits.
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4).and_then(|(bytes, _)| bytes.first_chunk().copied()).map(u32::from_be_bytes)
    }

    /// A number of 64 bits.
    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take(8).and_then(|(bytes, _)| bytes.first_chunk().copied()).map(u64::from_be_bytes)
    }

    /// Bytes behind their length of 16 bits; their place has the length in it.
    pub(super) fn long(&mut self) -> Option<(&'a [u8], Range<usize>)> {
        let (mut ahead, start) = (*self, self.at);
        let length = ahead.u16()?;
        let (bytes, range) = ahead.take(length.into())?;
        self.at = ahead.at;
        Some((bytes, start..range.end))
    }

    /// The same behind one of 8 bits.
    pub(super) fn short(&mut self) -> Option<(&'a [u8], Range<usize>)> {
        let (mut ahead, start) = (*self, self.at);
        let length = ahead.u8()?;
        let (bytes, range) = ahead.take(length.into())?;
        self.at = ahead.at;
        Some((bytes, start..range.end))
    }
}
