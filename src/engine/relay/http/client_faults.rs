//! The faults of one client of an HTTP relay: what both ways of its connection know of each other.
//!
//! ```text
//! client ─► FaultyRead: line ─► the relay reads      the relay writes ─► FaultyWrite: line ─► client
//! ```
//! What is counted is messages: more of one is done to as its beginning was. Which message it is, the
//! visitor says; inside a tunnel there are none, and each read and write is one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::engine::faults::control::FaultWatch;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::session::SessionHandle;
use crate::model::fault::FaultMarks;
use crate::model::id::ConnId;
use crate::model::record::{Direction, RecordKind};

/// A client's, shared by its ways.
#[derive(Clone)]
pub(super) struct ClientFaults {
    pub(super) session: SessionHandle,
    pub(super) conn: ConnId,
    /// Those in force.
    pub(super) watch: FaultWatch,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    up: Mutex<MessageNow>,
    down: Mutex<MessageNow>,
    /// Inside a tunnel.
    has_messages_no_more: AtomicBool,
    /// A fault wants the connection to be reset.
    reset: CancellationToken,
    /// The client finished sending, or is gone.
    finished: CancellationToken,
}

/// The message that goes one way.
#[derive(Default)]
struct MessageNow {
    has_begun: bool,
    /// What touched it so far.
    marks: FaultMarks,
    recorder: Option<Arc<ExchangeRecorder>>,
}

impl ClientFaults {
    /// Of a client that said nothing yet.
    pub(super) fn new(session: SessionHandle, conn: ConnId, watch: FaultWatch) -> Self {
        ClientFaults { session, conn, watch, shared: Arc::default() }
    }

    fn message(&self, from_client: bool) -> MutexGuard<'_, MessageNow> {
        let of = if from_client { &self.shared.up } else { &self.shared.down };
        of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes this way from now on is another message.
    pub(super) fn next_message(&self, from_client: bool) {
        *self.message(from_client) = MessageNow::default();
    }

    /// The messages that go now are those of this exchange, which says what touches them.
    pub(super) fn exchange(&self, recorder: &Arc<ExchangeRecorder>) {
        for from_client in [true, false] {
            let mut message = self.message(from_client);
            message.recorder = Some(Arc::clone(recorder));
            message.tell(from_client);
        }
    }

    /// What is said from now on are no messages any more.
    pub(super) fn in_tunnel(&self) {
        self.shared.has_messages_no_more.store(true, Ordering::Relaxed);
    }

    /// Something goes this way: whether it is more of the message before it.
    pub(super) fn continues(&self, from_client: bool) -> bool {
        let has_begun = std::mem::replace(&mut self.message(from_client).has_begun, true);
        has_begun && !self.shared.has_messages_no_more.load(Ordering::Relaxed)
    }

    /// Faults touched what goes this way.
    pub(super) fn touch(&self, from_client: bool, marks: FaultMarks) {
        let mut message = self.message(from_client);
        let marks = message.marks.with(marks);
        if marks.has_fault() && marks != message.marks {
            message.marks = marks;
            message.tell(from_client);
        }
    }

    /// A row of the client.
    pub(super) fn note(&self, text: &str) {
        self.session.events.note(self.conn, Direction::Local, RecordKind::Note, text);
    }

    /// Fires when a fault wants the connection to be reset.
    pub(super) fn reset(&self) -> CancellationToken {
        self.shared.reset.clone()
    }

    /// Fires when the client finished sending.
    pub(super) fn finished(&self) -> CancellationToken {
        self.shared.finished.clone()
    }
}

impl MessageNow {
    fn tell(&self, from_client: bool) {
        let Some(recorder) = self.recorder.as_ref().filter(|_| !self.marks.is_empty()) else {
            return;
        };
        recorder.edit(|exchange| {
            let touched = &mut exchange.touched;
            let of = if from_client { &mut touched.request } else { &mut touched.response };
            *of = of.with(self.marks);
        });
        let noun = if from_client { "request" } else { "answer" };
        let said = self.marks.names().map(|name| format!("a fault touched the {noun}: {name}"));
        recorder.warn_all(said);
    }
}
