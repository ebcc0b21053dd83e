//! Byte streams between us and a peer, and sockets that listen.

pub(crate) mod client_options;
mod connect;
pub(crate) mod dial;
pub(crate) mod explain;
pub(crate) mod gone;
pub(crate) mod halves;
pub(crate) mod kept;
pub(crate) mod listen;
pub(crate) mod stream;
pub(crate) mod tunnel;
mod unix;
pub(crate) mod wire;
