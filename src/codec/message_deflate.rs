//! Messages of WebSocket that are packed (permessage-deflate, RFC 7692): one after the other, since what came
//! before may be what a later one refers to.

use flate2::{Decompress, FlushDecompress, Status};

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

impl MessageInflater {
    /// At the first message of a side; `begins_anew` = none refers to those before it.
    pub(crate) fn new(begins_anew: bool) -> Self {
        MessageInflater { inner: Decompress::new(false), begins_anew }
    }

    /// A message of no more than `most` bytes; `None` = it is longer, or not packed so: nothing behind it can
    /// be unpacked.
    pub(crate) fn message(&mut self, packed: &[u8], most: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for mut input in [packed, TAIL] {
            loop {
                out.reserve(ROOM);
                let (read, written) = (self.inner.total_in(), self.inner.total_out());
                let status = self.inner.decompress_vec(input, &mut out, FlushDecompress::Sync);
                let status = status.ok()?;
                let taken = usize::try_from(self.inner.total_in() - read).ok()?;
                input = input.get(taken..)?;
                if out.len() > most {
                    return None;
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
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;

    /// Messages packed by one sender.
    fn packed(messages: &[&[u8]], begins_anew: bool) -> Vec<Vec<u8>> {
        let mut compress = Compress::new(Compression::default(), false);
        let pack = |message: &&[u8]| {
            let mut out = Vec::with_capacity(message.len() + 1024);
            compress.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
            if begins_anew {
                compress.reset();
            }
            assert_eq!(out.split_off(out.len() - 4), TAIL);
            out
        };
        messages.iter().map(pack).collect()
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
    fn what_is_not_packed_or_too_long_is_none() {
        assert_eq!(MessageInflater::new(false).message(b"\xFF\xFF\xFF\xFF", 100), None);
        let bomb = packed(&[&vec![b'x'; 100_000]], false);
        assert_eq!(MessageInflater::new(false).message(&bomb[0], 99_999), None);
    }
}
