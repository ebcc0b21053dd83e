//! Reading and writing of a live stream, for all that own one: a conversation has one, a relay two.
//!
//! Nothing is read or written while the shell is behind ([`Sink::ready`]), so TCP pushes back. What
//! waits here is safe to drop and call again.

use std::io;

use bytes::Bytes;
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};

use super::outbound::OutboundQueue;
use super::sink::{Sink, StampGuard};
use super::transport::stream::Stream;

/// Reads once; empty is the peer's FIN.
pub(crate) async fn receive(read: &mut ReadHalf<Stream>, events: &Sink) -> io::Result<Bytes> {
    events.ready().await;
    events.blocks().read(read).await
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
