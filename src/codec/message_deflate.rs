//! Messages of WebSocket that are packed (permessage-deflate, RFC 7692): one after the other, since what came
//! before may be what a later one refers to.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What a sender leaves out at the end of each (section 7.2.1).
const TAIL: &[u8] = &[0, 0, 0xFF, 0xFF];
/// Bytes made room for at once.
const ROOM: usize = 16 * 1024;

/// Unpacks what one side says.
#[derive(Debug)]
pub(crate) struct MessageInflater {
    inner: Decompress,
    /// Each message stands by itself.
    begins_anew: bool,
}

/// Why a message cannot be unpacked. Nothing behind it can be, either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InflateFlaw {
    /// It is longer than is taken.
    TooLong,
    /// It is not packed so.
    Broken,
}

/// Packs what one side says.
#[derive(Debug)]
pub(crate) struct MessageDeflater {
    inner: Compress,
    begins_anew: bool,
}

impl MessageDeflater {
    /// At the first message of a side; `begins_anew` = none refers to those before it.
    pub(crate) fn new(begins_anew: bool) -> Self {
        MessageDeflater { inner: Compress::new(Compression::default(), false), begins_anew }
    }

    /// A message, packed.
    pub(crate) fn message(&mut self, message: &[u8]) -> Vec<u8> {
        // Room for all of it at once: brought to its end in several calls, the library may keep the last bytes of a
        // message that cannot be packed.
        let mut out = Vec::with_capacity(message.len() + message.len() / 8 + ROOM);
        // Packing cannot fail: there is room, and all states of a stream are ours.
        let _ = self.inner.compress_vec(message, &mut out, FlushCompress::Sync);
        if self.begins_anew {
            self.inner.reset();
        }
        out.truncate(out.len() - if out.ends_with(TAIL) { TAIL.len() } else { 0 });
        out
    }
}

impl MessageInflater {
    /// At the first message of a side; `begins_anew` = none refers to those before it.
    pub(crate) fn new(begins_anew: bool) -> Self {
        MessageInflater { inner: Decompress::new(false), begins_anew }
    }

    /// A message of no more than `most` bytes; `None` = it is longer, or not packed so: nothing behind it can
    /// be unpacked.
    pub(crate) fn message(&mut self, packed: &[u8], most: usize) -> Option<Vec<u8>> {
        self.unpacked(packed, most).ok()
    }

    /// The same.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn unpacked(&mut self, packed: &[u8], most: usize) -> Result<Vec<u8>, InflateFlaw> {
        let mut out = Vec::new();
        for mut input in [packed, TAIL] {
            loop {
                out.reserve(ROOM);
                let (read, written) = (self.inner.total_in(), self.inner.total_out());
                let status = self.inner.decompress_vec(input, &mut out, FlushDecompress::Sync);
                let status = status.map_err(|_| InflateFlaw::Broken)?;
                let taken = usize::try_from(self.inner.total_in() - read).unwrap_or(usize::MAX);
                input = input.get(taken..).ok_or(InflateFlaw::Broken)?;
                if out.len() > most {
                    return Err(InflateFlaw::TooLong);
                }
                let stands_still = taken == 0 && self.inner.total_out() == written;
                // A last block is one all the same: what follows is another stream.
                if status == Status::StreamEnd {
                    self.inner.reset(false);
                } else if input.is_empty() && out.len() < out.capacity() || stands_still {
                    break;
                }
                if input.is_empty() && status == Status::StreamEnd {
                    break;
                }
            }
        }
        if self.begins_anew {
            self.inner.reset(false);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages packed by one sender.
    fn packed(messages: &[&[u8]], begins_anew: bool) -> Vec<Vec<u8>> {
        let mut deflater = MessageDeflater::new(begins_anew);
        messages.iter().map(|message| deflater.message(message)).collect()
    }

    #[test]
    fn messages_refer_to_those_before_or_stand_by_themselves() {
        let long: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let messages: [&[u8]; 4] = [b"hello hello hello", &long, b"", b"hello hello hello"];
        for begins_anew in [false, true] {
            let all = packed(&messages, begins_anew);
            let mut inflater = MessageInflater::new(begins_anew);
            for (packed, message) in all.iter().zip(messages) {
                assert!(inflater.message(packed, long.len()).as_deref() == Some(message));
            }
            assert!(begins_anew || all[3].len() < all[0].len(), "the last one refers to the first");
        }
    }

    #[test]
    fn what_cannot_be_packed_comes_whole() {
        let mut state = 88_172_645_463_325_252_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        for length in (60_000..70_000).step_by(37) {
            let message: Vec<u8> = (0..length).map(|_| random()).collect();
            let packed = packed(&[&message], false);
            let whole = MessageInflater::new(false).message(&packed[0], length);
            assert!(whole.as_deref() == Some(&message[..]), "{length}");
        }
    }

    #[test]
    fn what_is_not_packed_or_too_long_is_none() {
        assert_eq!(MessageInflater::new(false).message(b"\xFF\xFF\xFF\xFF", 100), None);
        let bomb = packed(&[&vec![b'x'; 100_000]], false);
        assert_eq!(MessageInflater::new(false).message(&bomb[0], 99_999), None);
    }
}
