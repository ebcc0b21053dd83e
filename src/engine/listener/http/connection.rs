//! One accepted connection: reads request after request and has each answered.
//!
//! ```text
//! [ idle ─► head ─► 100? ─► body ─► answer ]* ─► linger ─► closed
//! ```
//!
//! What a client sends is kept and shown byte for byte; what is malformed is answered 400 and
//! named, never hidden. A client that begins a head and does not end it, or stops inside a body, is
//! answered 408 after [`STALL`].

use std::io;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::answered::LastAnswer;
use super::web_socket::ServedWebSocket;
use crate::codec::http1::HeadReader;
use crate::engine::accept::pace::{Evictability, PeerPace, TimedStream};
use crate::engine::accept::{AcceptedConn, ConnControl};
use crate::engine::command::CloseMode;
use crate::engine::contracts::ContractSlot;
use crate::engine::conversation::conn_handle::ConnHandle;
use crate::engine::http::asked_rules::{AskedRules, RuleMemory};
use crate::engine::http::ending_order::EndingOrder;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::engine::refusal;
use crate::engine::session::SessionHandle;
use crate::engine::transport::stream::{Stream, is_unix, reset, told_reset};
use crate::engine::web_socket::agreed::AgreedTalk;
use crate::model::failure::Stage;
use crate::model::id::BodyId;
use crate::model::plan::HttpListenerPlan;
use crate::model::protocol::Side;
use crate::model::record::{Direction, RecordKind};

/// Longest wait for the rest of a head that has begun, and for the next byte of a body.
#[cfg(not(test))]
pub(super) const STALL: Duration = Duration::from_secs(60);
/// The same for tests of this layer, which run a whole engine: a standard of the product is no
/// setting of it, and with real sockets time cannot be paused.
#[cfg(test)]
pub(super) const STALL: Duration = Duration::from_millis(200);
/// How long and how much is read after our last byte, so that closing does not reset the answer
/// away from a client that still sends.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// What the connections of a listener share.
pub(super) struct HttpListener {
    pub(super) session: SessionHandle,
    /// What its exchanges are held against.
    pub(super) contract: ContractSlot,
    /// What to answer from now on.
    pub(super) plan: watch::Sender<Arc<RunningAnswers>>,
    /// The machine's own name, lower case; empty when it has none.
    pub(super) machine: String,
    /// Numbers the exchanges of the session from 0, in order of arrival.
    pub(super) requests: AtomicU32,
    /// How often rules answered, and what they set.
    pub(super) memory: RuleMemory,
    /// Exchanges are told in the order in which they ended.
    pub(super) endings: EndingOrder,
    /// What is served besides.
    pub(super) served: Option<ServedWebSocket>,
}

/// A plan, and its rules ready to be asked.
pub(super) struct RunningAnswers {
    pub(super) plan: HttpListenerPlan,
    pub(super) rules: AskedRules,
}

impl RunningAnswers {
    /// Of this plan.
    pub(super) fn new(plan: HttpListenerPlan) -> Self {
        RunningAnswers { rules: AskedRules::new(&plan.rules), plan }
    }
}

/// One connection, as the listener sees it and as it shows itself.
#[derive(Debug, Clone, Default)]
pub(super) struct HttpConnControl {
    /// Stops between two requests.
    stop: CancellationToken,
    /// Somebody else needs the place: it stops where it is.
    giving_way: CancellationToken,
    pace: PeerPace,
    /// It became a conversation.
    talk: Arc<OnceLock<ConnHandle>>,
}

impl HttpConnControl {
    /// From now on it is a conversation; gives whether it was to end before.
    pub(super) fn begins_talk(&self, talk: ConnHandle) -> bool {
        let _ = self.talk.set(talk);
        self.stop.is_cancelled()
    }

    /// The conversation, if it is one.
    pub(super) fn talk(&self) -> Option<&ConnHandle> {
        self.talk.get()
    }
}

impl ConnControl for HttpConnControl {
    fn evictability(&self) -> Evictability {
        match self.talk() {
            Some(talk) => talk.evictability(),
            None => self.pace.evictability(),
        }
    }

    /// A reset comes by the accept loop, which aborts the task.
    fn end(&self, how: CloseMode) {
        self.stop.cancel();
        if let Some(talk) = self.talk() {
            talk.end(how);
        }
    }

    fn evict(&self) {
        self.end(CloseMode::Close);
        self.giving_way.cancel();
    }
}

/// Why a request that has begun is not waited for any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadAbort {
    /// It stood still for [`STALL`].
    TimedOut,
    /// It is slow and somebody else needs its place.
    Evicted,
}

/// A connection and what is known about it.
pub(super) struct HttpConnection {
    pub(super) listener: Arc<HttpListener>,
    pub(super) accepted: AcceptedConn,
    /// The peer's address and port, as failures name it.
    target: Arc<str>,
    pub(super) control: HttpConnControl,
    received: Tap,
    sent: Tap,
    buffer: ReadBuffer,
    /// Bytes that came behind the last request.
    pub(super) rest: Bytes,
    /// The exchange being made; outlives a cancelled [`HttpConnection::requests`].
    current: Option<Arc<ExchangeRecorder>>,
    /// The client's end was noted.
    finished: bool,
    /// The head being read; outlives the same.
    pub(super) reading: Option<HeadReader>,
    pub(super) answered: LastAnswer,
    /// What follows the answer that is on its way, where that is no HTTP.
    pub(super) agreed: Option<AgreedTalk>,
}

impl HttpConnection {
    /// Serves an accepted connection to its end.
    pub(super) async fn serve(
        listener: Arc<HttpListener>,
        accepted: AcceptedConn,
        control: HttpConnControl,
    ) {
        let abort = accepted.abort.clone();
        let tap = Tap::new(listener.session.events.clone(), accepted.conn);
        let mut connection = HttpConnection {
            listener,
            target: accepted.peer.to_string().into(),
            accepted,
            control,
            received: tap.clone(),
            sent: tap,
            buffer: ReadBuffer::new(),
            rest: Bytes::new(),
            current: None,
            finished: false,
            reading: None,
            answered: LastAnswer::default(),
            agreed: None,
        };
        let giving_way = connection.control.giving_way.clone();
        // A slow request is told so; who does not read even that is reset.
        let overdue = async {
            giving_way.cancelled().await;
            sleep(LINGER).await;
        };
        let ended = tokio::select! {
            biased;
            () = abort.cancelled() => Err("reset by us"),
            () = overdue => Err("reset by us to make room for another connection"),
            ended = Box::pin(connection.requests()) => Ok(ended),
        };
        let text = match ended {
            Ok(text) => text,
            Err(text) => {
                connection.aborted(text);
                return reset(connection.accepted.stream);
            }
        };
        if let Some(agreed) = connection.agreed.take() {
            return Box::pin(connection.talk(agreed)).await;
        }
        tokio::select! {
            biased;
            () = abort.cancelled() => {}
            () = connection.linger() => {}
        }
        connection.note(Direction::Local, RecordKind::Closed, text);
    }

    /// Somebody on our side ended it in the middle of whatever it did.
    fn aborted(&mut self, text: &'static str) {
        if let Some(recorder) = self.current.take() {
            if let Some(reader) = self.reading.take() {
                let begun = reader.finish().partial.head;
                recorder.edit(|exchange| exchange.request.head = begun);
            }
            let when = format!("the connection was {text}");
            recorder.close(Err(refusal::cancelled(Stage::Session, &*self.target, when)));
        }
        let (_, kind, text) = told_reset(is_unix(&self.accepted.stream), text);
        self.note(Direction::Local, kind, text);
    }

    /// A row about this connection.
    pub(super) fn note(&self, from: Direction, kind: RecordKind, text: impl Into<String>) {
        self.listener.session.events.note(self.accepted.conn, from, kind, text);
    }

    /// Serves requests until one of the sides has enough; says how it ended.
    async fn requests(&mut self) -> &'static str {
        loop {
            self.received.next_message();
            self.sent.next_message();
            let Some(first) = self.first_bytes().await else { return "closed" };
            let writer = self.listener.session.bodies.create();
            let recorder = Arc::new(self.begin(writer.id()));
            self.current = Some(Arc::clone(&recorder));
            let go_on = match self.request(first, &recorder, writer).await {
                Ok(asked) => self.respond(asked, &recorder).await,
                Err(why) => {
                    self.listener.session.events.broke(self.accepted.conn, &why);
                    recorder.close(Err(why));
                    return "closed inside a request";
                }
            };
            self.current = None;
            if !go_on {
                return "closed after the answer";
            }
        }
    }

    fn begin(&self, request: BodyId) -> ExchangeRecorder {
        let AcceptedConn { conn, peer, local, tls, .. } = &self.accepted;
        let number = self.listener.requests.fetch_add(1, Ordering::Relaxed);
        let events = self.listener.session.events.clone();
        let target = Arc::clone(&self.target);
        let recorder =
            ExchangeRecorder::begin(Side::Listener, *conn, number, request, target, events);
        recorder.edit(|exchange| {
            (exchange.local, exchange.peer) = (local.clone(), Some(peer.clone()));
            exchange.tls.clone_from(tls);
        });
        recorder
    }

    /// One read; empty = the client finished sending.
    pub(super) async fn read(&mut self) -> io::Result<Bytes> {
        self.received.ready().await;
        let mut stream = self.control.pace.of(&mut self.accepted.stream);
        let bytes = match self.buffer.read(&mut stream).await {
            // A client that leaves without close_notify has left.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Bytes::new(),
            other => other?,
        };
        if !bytes.is_empty() {
            self.received.received(&bytes);
        } else if !std::mem::replace(&mut self.finished, true) {
            let text = "the client finished sending";
            self.note(Direction::Received, RecordKind::Finished, text);
        }
        Ok(bytes)
    }

    /// One read of a request that has begun and is waited for until then.
    pub(super) async fn arriving(
        &mut self,
        until: Instant,
    ) -> Result<io::Result<Bytes>, ReadAbort> {
        let giving_way = self.control.giving_way.clone();
        tokio::select! {
            biased;
            () = giving_way.cancelled() => Err(ReadAbort::Evicted),
            read = timeout_at(until, self.read()) => read.map_err(|_| ReadAbort::TimedOut),
        }
    }

    /// What is written through this counts for the pace of the client.
    pub(super) fn paced(&mut self) -> (TimedStream<'_, Stream>, &mut Tap) {
        (self.control.pace.of(&mut self.accepted.stream), &mut self.sent)
    }

    /// Resets the connection, which ends this task where it is next polled: its exchange was told already.
    pub(super) async fn reset_on_purpose(&mut self) {
        self.current = None;
        self.accepted.abort.cancel();
        std::future::pending::<()>().await;
    }

    /// Waits until the client left, or the listener ends.
    pub(super) async fn until_left(&mut self) {
        let stop = self.control.stop.clone();
        let left = async { while matches!(self.read().await, Ok(bytes) if !bytes.is_empty()) {} };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = left => {}
        }
    }

    /// Waits for a request to begin.
    async fn first_bytes(&mut self) -> Option<Bytes> {
        if !self.rest.is_empty() {
            return Some(std::mem::take(&mut self.rest));
        }
        self.control.pace.rest();
        let stop = self.control.stop.clone();
        let read = tokio::select! {
            biased;
            () = stop.cancelled() => Ok(Bytes::new()),
            read = self.read() => read,
        };
        self.control.pace.begin();
        let bytes = read.unwrap_or_else(|error| {
            let failure = failure::socket(Stage::Session, &self.target, &error, "idle");
            self.note(Direction::Received, RecordKind::Reset, failure.cause);
            Bytes::new()
        });
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Ends our side and lets the client finish its own.
    async fn linger(&mut self) {
        // A peer that is gone already needs no goodbye.
        if self.accepted.stream.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut drained = 0;
            while drained <= LINGER_BYTES
                && let Ok(bytes) = self.read().await
                && !bytes.is_empty()
            {
                drained += bytes.len();
            }
        };
        let _ = timeout(LINGER, drain).await;
    }

    /// Whether the listener wants the connection to end after this answer.
    pub(super) fn is_stopping(&self) -> bool {
        self.control.stop.is_cancelled()
    }
}
