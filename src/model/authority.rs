//! The certificate authority of this installation, and who keeps it.
//!
//! The engine makes and uses it, the store keeps it; neither knows the other. Whoever changes it
//! does so through [`AuthorityKeeper::keep`], so that of two programs that need one at the same
//! time the second finds what the first has made.

use std::fmt;
use std::path::PathBuf;

use super::failure::Failure;

/// Certificate and key that sign the leaves of TLS listeners.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority {
    pub certificate_pem: String,
    /// Secret; kept in a file of mode 0600, never printed.
    pub key_pem: String,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("certificate_pem", &self.certificate_pem)
            .field("key_pem", &"(secret)")
            .finish()
    }
}

/// An authority that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuthority {
    pub authority: Authority,
    /// The file with the certificate alone, for others to trust.
    pub certificate: PathBuf,
    /// What was mended on the way, in words.
    pub remarks: Vec<String>,
}

/// Decides about the kept authority (`None` = there is none): the one to keep in its place, or
/// `None` when it stays.
pub type ChooseAuthority<'a> =
    &'a mut dyn FnMut(Option<&Authority>) -> Result<Option<Authority>, Failure>;

/// Where the authority of this installation is kept. Reads and writes files: not for threads that
/// must not wait.
pub trait AuthorityKeeper: fmt::Debug + Send + Sync {
    /// The one that is kept, if there is one that can be read.
    fn kept(&self) -> Option<Authority>;

    /// Keeps what is chosen, under a lock that all programs of this installation respect.
    ///
    /// # Errors
    /// When nothing can be kept there; then nothing has changed.
    fn keep(&self, choose: ChooseAuthority<'_>) -> Result<StoredAuthority, Failure>;
}
