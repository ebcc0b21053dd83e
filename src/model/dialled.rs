//! How a connection of ours came about, part by part.

use std::sync::Arc;
use std::time::Duration;

use super::tls::TlsFacts;

/// What it took and what was agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dialled {
    /// `None` = there was no name to be looked up.
    pub lookup: Option<Duration>,
    pub connect: Option<Duration>,
    /// `None` = it goes through no proxy.
    pub tunnel: Option<Duration>,
    /// `None` = there is no TLS on it.
    pub tls: Option<Arc<TlsFacts>>,
}
