//! What a capture that was opened says besides its packets, kept so that it can be written again.

use bytes::Bytes;

/// The interface that the packets of a connection were captured on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CaptureInterface {
    /// Its place among all of the file.
    pub number: u32,
    pub name: Option<String>,
    pub description: Option<String>,
}

/// Secrets that what is encrypted in it is read with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureSecrets {
    /// Whose they are, as pcapng numbers it: a key log of TLS, say.
    pub kind: u32,
    pub data: Bytes,
}
