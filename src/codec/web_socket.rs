//! WebSocket (RFC 6455): frames, messages put together from them and made into them, what closes say, and what a
//! handshake asks and agrees.
//!
//! ```text
//! bytes ─► message_reader (frame by frame) ─► messages, or the flaw that ends the connection
//! message ─► message_writer ─► one frame
//! ```
//! Called by the engine, which has the sockets, and by who tells frames to people. Pure: keys and masks come in as
//! arguments.

pub(crate) mod close;
pub(crate) mod extension;
pub(crate) mod frame;
pub(crate) mod handshake;
pub(crate) mod message_reader;
pub(crate) mod message_writer;
pub(crate) mod told;

/// Longest message that is put together, packed and unpacked.
pub(crate) const MESSAGE: usize = 16 * 1024 * 1024;
