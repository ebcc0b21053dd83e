//! TLS configurations of the engine, built on first use: trust for clients, an authority and
//! leaves for listeners.

use std::sync::Arc;

use super::sink::Sink;
use crate::model::tls::Authority;

/// What every TLS connection of an engine shares. Cheap to clone; nothing is built until needed.
#[derive(Clone)]
pub(crate) struct TlsStore {
    _shared: Arc<(Option<Authority>, Sink)>,
}

impl TlsStore {
    /// `events` is told when an authority was made.
    pub(super) fn new(authority: Option<Authority>, events: Sink) -> Self {
        TlsStore { _shared: Arc::new((authority, events)) }
    }
}
