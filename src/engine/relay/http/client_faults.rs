//! The faults of one client of an HTTP relay: what both ways of its connection know of each other.
//!
//! ```text
//! client ─► FaultyRead: line ─► the relay reads      the relay writes ─► FaultyWrite: line ─► client
//! ```
//! What is counted is messages: more of one is done to as its beginning was. Where an answer begins the
//! visitor says; requests are found in what is read, before they are served, since several may come in
//! one read. Inside a tunnel there are none, and each read and write is one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::engine::clock;
use crate::engine::faults::control::FaultWatch;
use crate::engine::faults::line::FaultLine;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::session::SessionHandle;
use crate::model::exchange::{Exchange, Head, HttpMessage};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::fault::{FaultKind, FaultMarks};
use crate::model::id::ConnId;
use crate::model::protocol::Side;
use crate::model::record::ConnInfo;

/// What a request asks for, as its exchange will say it.
pub(super) type UrlOf = Arc<dyn Fn(&Head) -> String + Send + Sync>;

/// A client's, shared by its ways.
#[derive(Clone)]
pub(super) struct ClientFaults {
    pub(super) session: SessionHandle,
    pub(super) conn: ConnId,
    /// Those in force.
    pub(super) watch: FaultWatch,
    /// The client's half, as filters know it.
    about: ConnInfo,
    url_of: UrlOf,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Requests that were read: the first is the one that is served, or will be next.
    up: Mutex<VecDeque<MessageNow>>,
    down: Mutex<MessageNow>,
    /// Inside a tunnel.
    has_messages_no_more: AtomicBool,
    /// The exchange that led there.
    tunnel: OnceLock<Arc<ExchangeFacts>>,
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
    /// What filters know of it, once the answer has a head.
    facts: Option<Arc<ExchangeFacts>>,
}

impl ClientFaults {
    /// Of a client that said nothing yet.
    pub(super) fn new(
        session: SessionHandle,
        about: ConnInfo,
        watch: FaultWatch,
        url_of: UrlOf,
    ) -> Self {
        let (conn, shared) = (about.id, Arc::default());
        ClientFaults { session, conn, watch, about, url_of, shared }
    }

    /// What is done to one of its ways.
    pub(super) fn line(&mut self, from_client: bool) -> FaultLine {
        let line = FaultLine::new(&self.watch.now(), self.conn.index, true, from_client);
        line.of_messages().of_conn(&self.about)
    }

    /// A request with this head, as filters see it.
    pub(super) fn asked(&self, head: Head) -> Arc<ExchangeFacts> {
        let url = (self.url_of)(&head);
        let request = HttpMessage { head, ..HttpMessage::default() };
        let exchange = Exchange::begun(Side::Relay, self.conn, 0, request, clock::now());
        Arc::new(ExchangeFacts::of(&Exchange { url, ..exchange }))
    }

    /// The exchange that is answered now, or that led to the tunnel, as filters see it.
    pub(super) fn answered(&self) -> Option<Arc<ExchangeFacts>> {
        if self.is_in_tunnel() {
            return self.shared.tunnel.get().cloned();
        }
        let mut answer = self.answer();
        if answer.facts.as_ref().is_none_or(|facts| facts.status.is_none()) {
            let recorder = answer.recorder.as_ref()?;
            answer.facts = Some(Arc::new(recorder.edit(|exchange| ExchangeFacts::of(exchange))));
        }
        answer.facts.clone()
    }

    fn requests(&self) -> MutexGuard<'_, VecDeque<MessageNow>> {
        self.shared.up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self) -> MutexGuard<'_, MessageNow> {
        self.shared.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is written from now on is another answer.
    pub(super) fn next_answer(&self) {
        *self.answer() = MessageNow::default();
    }

    /// The messages that go now are those of this exchange, which says what touches them.
    pub(super) fn exchange(&self, recorder: &Arc<ExchangeRecorder>) {
        let mut requests = self.requests();
        // The one before is over.
        if requests.front().is_some_and(|request| request.recorder.is_some()) {
            requests.pop_front();
        }
        if requests.is_empty() {
            requests.push_back(MessageNow::default());
        }
        if let Some(request) = requests.front_mut() {
            request.recorder = Some(Arc::clone(recorder));
            request.tell(true);
        }
        drop(requests);
        let mut answer = self.answer();
        answer.recorder = Some(Arc::clone(recorder));
        answer.tell(false);
    }

    /// What is said from now on are no messages any more.
    pub(super) fn in_tunnel(&self) {
        if let Some(exchange) = self.answered() {
            let _ = self.shared.tunnel.set(exchange);
        }
        self.shared.has_messages_no_more.store(true, Ordering::Relaxed);
    }

    /// Whether there are no messages, but reads and writes.
    pub(super) fn is_in_tunnel(&self) -> bool {
        self.shared.has_messages_no_more.load(Ordering::Relaxed)
    }

    /// A request begins in what is read.
    pub(super) fn request_begins(&self) {
        self.requests().push_back(MessageNow::default());
    }

    /// Something is written: whether it is more of the message before it.
    pub(super) fn continues_answer(&self) -> bool {
        let has_begun = std::mem::replace(&mut self.answer().has_begun, true);
        has_begun && !self.is_in_tunnel()
    }

    /// Faults touched what goes this way; of requests the last one that was read.
    pub(super) fn touch(&self, from_client: bool, marks: FaultMarks) {
        if from_client {
            let mut requests = self.requests();
            if let Some(request) = requests.back_mut() {
                request.touch(true, marks);
            }
        } else {
            self.answer().touch(false, marks);
        }
    }

    /// What a fault does to the connection: before a request or an answer there is nothing else to mark.
    pub(super) fn tell_done(&self, kind: FaultKind, text: &str) {
        let mut marks = FaultMarks::default();
        marks.insert(kind);
        self.session.events.note_touched(self.conn, text, marks);
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
    fn touch(&mut self, from_client: bool, marks: FaultMarks) {
        let marks = self.marks.with(marks);
        if marks.has_fault() && marks != self.marks {
            self.marks = marks;
            self.tell(from_client);
        }
    }

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
