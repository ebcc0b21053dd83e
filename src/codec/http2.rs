//! HTTP/2 on the wire (RFC 9113, RFC 7541), to be told of: frames, their words, and header blocks.
//!
//! Called by the HTTP client, which records each frame that crosses a connection of its own, and by the detail of a
//! record. What is sent is made by the library that speaks the protocol; nothing here writes.
//!
//! ```text
//! bytes -> FrameSplitter -> frames -> header blocks -> HpackReader -> fields in their order
//! ```

pub(crate) mod frame;
pub(crate) mod hpack;
mod huffman;
pub(crate) mod splitter;
pub(crate) mod words;

/// What a client says first (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
