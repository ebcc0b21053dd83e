//! Reading and writing of a live stream, for all that own one: a conversation has one, a relay two.
//!
//! Nothing is read or written while the shell is behind ([`Sink::ready`]), so TCP pushes back. What
//! waits here is safe to drop and call again.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};

use super::outbound::OutboundQueue;
use super::sink::{Sink, StampGuard};
use super::transport::stream::Stream;

/// Room for one read.
const READ: usize = 64 * 1024;
/// Reads below this are copied, so that a record pins little more memory than it shows: what waits for
/// the shell is bounded by what it shows.
const COPIED: usize = READ / 4 * 3;

/// Where one read goes, and out of which its bytes are taken.
#[derive(Debug, Default)]
pub(crate) struct StreamBuffer(BytesMut);

impl StreamBuffer {
    /// Reads once; 0 is the peer's FIN.
    pub(crate) async fn read(
        &mut self,
        read: &mut ReadHalf<Stream>,
        events: &Sink,
    ) -> io::Result<usize> {
        if self.0.capacity() < READ {
            self.0.reserve(READ);
        }
        events.ready().await;
        read.read_buf(&mut self.0).await
    }

    /// The bytes of the last read; small ones are copied out of the buffer.
    pub(crate) fn take(&mut self) -> Bytes {
        if self.0.len() < COPIED {
            let data = Bytes::copy_from_slice(&self.0);
            self.0.clear();
            return data;
        }
        std::mem::take(&mut self.0).freeze()
    }
}

/// Writes a piece of what waits, or our FIN where nothing does, and says when. Returns the length of
/// the piece.
pub(crate) async fn write_or_finish(
    outgoing: &mut OutboundQueue,
    write: &mut WriteHalf<Stream>,
    events: &Sink,
) -> (io::Result<usize>, StampGuard) {
    if outgoing.front().is_none() {
        return events.timed(async { write.shutdown().await.map(|()| 0) }).await;
    }
    events.ready().await;
    events.timed(outgoing.transmit(write)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_read_is_copied_and_a_large_one_is_handed_on_as_it_is() {
        let mut buffer = StreamBuffer(BytesMut::with_capacity(READ));
        for (len, is_copied) in [(1, true), (COPIED - 1, true), (COPIED, false), (READ, false)] {
            buffer.0.reserve(READ);
            buffer.0.extend_from_slice(&vec![7; len]);
            let place = buffer.0.as_ptr();
            let data = buffer.take();
            assert_eq!(data.len(), len);
            assert_eq!(data.as_ptr() != place, is_copied, "{len}");
            assert!(buffer.0.is_empty() && (is_copied == (buffer.0.capacity() >= READ)), "{len}");
        }
    }
}
