//! A connection whose last answer was 101: what is spoken on it is no HTTP any more.
//!
//! A leaf: the hop puts it here, who asked for the upgrade takes it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::transport::dial::ConnectFacts;
use crate::engine::transport::stream::Stream;
use crate::model::id::ConnId;
use crate::model::tls::ClientTls;

/// The connection of an upgrade.
pub(crate) struct UpgradedStream {
    pub(crate) conn: ConnId,
    pub(crate) stream: Stream,
    pub(crate) facts: ConnectFacts,
    pub(crate) tls: ClientTls,
    /// What came behind the answer.
    pub(crate) rest: Bytes,
    /// The headers of the request.
    pub(crate) asked: Vec<(String, String)>,
    /// Of the exchange, which ends with the connection.
    pub(crate) recorder: Option<ExchangeRecorder>,
}

/// Where the connection of an upgrade is left.
#[derive(Default)]
pub(crate) struct UpgradeSlot(Mutex<Option<UpgradedStream>>);

impl UpgradeSlot {
    /// Leaves it.
    pub(super) fn put(&self, upgraded: UpgradedStream) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgraded);
    }

    /// Leaves the exchange with it.
    pub(super) fn keep(&self, recorder: ExchangeRecorder) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(upgraded) = &mut *slot {
            upgraded.recorder = Some(recorder);
        }
    }

    /// Takes it; `None` = there was none.
    pub(crate) fn take(&self) -> Option<UpgradedStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether there is one.
    pub(super) fn is_full(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}
