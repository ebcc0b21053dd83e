//! Connections of HTTP/2, as a client has them: the library `h2` speaks the protocol, and every frame that crosses is
//! recorded below it.
//!
//! ```text
//! requests ─► h2 ─► TappedStream (frames are told) ─► TLS, or none ─► socket
//! ```
//!
//! A task drives each connection, which may carry several exchanges at once; what crosses on the stream of an exchange
//! is told under its own connection (`routes`), what is of the connection as a whole under that of the oldest of them.

pub(crate) mod connection;
pub(crate) mod routes;
mod tapped;
pub(crate) mod words;
