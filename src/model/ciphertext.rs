//! What crossed a socket below TLS, for captures that were asked to hold it. It is no part of the timeline: what TLS
//! carried stands there.

use bytes::Bytes;

use super::id::ConnId;
use super::record::Record;

/// One thing of a connection whose TLS is told as it crossed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ciphertext {
    /// Keys that the bytes behind them are read with: lines of a key log, as NSS writes them.
    Keys { conn: ConnId, lines: Bytes },
    /// Bytes as they crossed, or an end of the socket below.
    Crossed(Record),
}

impl Ciphertext {
    /// Whose it is.
    #[must_use]
    pub fn conn(&self) -> ConnId {
        match self {
            Ciphertext::Keys { conn, .. } => *conn,
            Ciphertext::Crossed(record) => record.conn,
        }
    }

    /// Bytes it costs in memory.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Ciphertext::Keys { lines, .. } => lines.len() + size_of::<Ciphertext>(),
            Ciphertext::Crossed(record) => record.cost(),
        }
    }
}
