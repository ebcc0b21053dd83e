//! One client of an HTTP relay: reads request after request, has each passed on, and ends as its
//! server does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::HttpRelay;
use super::client_faults::ClientFaults;
use super::faulty_read::FaultyRead;
use super::faulty_write::FaultyWrite;
use super::onward::OnwardConn;
use crate::engine::accept::pace::{Evictability, PeerPace};
use crate::engine::accept::{AcceptedConn, ConnControl};
use crate::engine::command::CloseMode;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::engine::refusal;
use crate::engine::session::SessionHandle;
use crate::engine::transport::halves::{split, unless_gone};
use crate::engine::transport::stream::{Stream, reset, told_reset};
use crate::model::end_address::EndAddress;
use crate::model::exchange::Head;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, ConnId};
use crate::model::plan::OriginPlan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind, RelayPair};
use crate::model::tls::TlsFacts;

/// How long and how much is read after our last byte, so that closing does not reset the answer
/// away from a client that still sends.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// Who finishes sending within this time of its request still waits for its answer, as `nc -N` does.
const SAID_ALL: Duration = Duration::from_millis(250);
/// Bytes of requests behind one that is held that are read at most.
const KEPT_AHEAD: usize = 2 * 1024 * 1024;

/// What is said of a client that closes while it is waited for with something of its own.
pub(super) fn gone_away(target: &str) -> Failure {
    let cause = "the client left while it was held";
    Failure::new(Stage::Session, target, FailureKind::Cancelled, cause)
}

/// A connection, as the relay sees it and as it shows itself.
#[derive(Debug, Clone, Default)]
pub(super) struct VisitorControl {
    /// Stops between two requests.
    stop: CancellationToken,
    pace: PeerPace,
}

impl ConnControl for VisitorControl {
    /// Between two requests somebody else may have its place; what others say to each other is never
    /// ended for somebody else.
    fn evictability(&self) -> Evictability {
        match self.pace.evictability() {
            Evictability::Slow(_) => Evictability::Busy,
            other => other,
        }
    }

    /// A reset comes by the accept loop, which aborts the task.
    fn end(&self, _how: CloseMode) {
        self.stop.cancel();
    }

    fn evict(&self) {
        self.stop.cancel();
    }
}

/// Who a client is.
#[derive(Debug, Clone)]
pub(super) struct Met {
    pub(super) conn: ConnId,
    pub(super) peer: EndAddress,
    pub(super) local: Option<EndAddress>,
    pub(super) tls: Option<Arc<TlsFacts>>,
}

/// A client and what is known about it.
pub(super) struct Visitor {
    pub(super) relay: Arc<HttpRelay>,
    pub(super) met: Met,
    pub(super) input: ClientInput,
    pub(super) write: FaultyWrite,
    pub(super) faults: ClientFaults,
    pub(super) sent: Tap,
    /// The server of the last request, while its connection is kept.
    pub(super) onward: Option<OnwardConn>,
    pub(super) control: VisitorControl,
    /// The exchange being made; outlives a cancelled [`Visitor::requests`].
    pub(super) current: Option<Arc<ExchangeRecorder>>,
    /// The server of the tunnel that is about to be opened.
    pub(super) opening: Option<OriginPlan>,
    /// That of the tunnel it is inside of.
    pub(super) opened: Option<OriginPlan>,
    /// It was told to send the body of its request.
    pub(super) is_invited: bool,
}

/// What comes from a client.
pub(super) struct ClientInput {
    session: SessionHandle,
    conn: ConnId,
    pub(super) read: FaultyRead,
    faults: ClientFaults,
    buffer: ReadBuffer,
    /// Bytes that were read and not looked at.
    pub(super) rest: Bytes,
    /// The client's end came.
    is_over: bool,
    /// It was seen to be gone while nothing was read: the end of what it said is no end.
    gone: Option<io::Error>,
}

/// What follows an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Another request may come.
    Request,
    /// The connection is closed, after what the client still sends was let pass.
    Close(&'static str),
    /// It is closed at once: there is nobody any more, or all was said.
    Gone(&'static str),
    /// It begins anew inside its tunnel.
    Open,
    /// It is reset, as the server's was: nobody shall take what came for all there is.
    Reset(&'static str),
}

impl VisitorControl {
    /// Fires when the connection is to end.
    pub(super) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }
}

impl ClientInput {
    /// The end of a request was read: what comes now is another one.
    pub(super) fn next_message(&mut self) {
        if self.rest.is_empty() {
            self.read.is_served();
        }
    }

    /// Bytes that were read are read again.
    pub(super) fn put_back(&mut self, bytes: Bytes) {
        self.rest = bytes;
    }

    /// One read; empty = the client finished sending. Safe to cancel.
    pub(super) async fn read(&mut self) -> io::Result<Bytes> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        self.read.tap.ready().await;
        let read = self.buffer.read(&mut self.read).await;
        self.took(read)
    }

    /// The same while nothing has begun: its place may be needed.
    async fn idle(&mut self, pace: &PeerPace) -> io::Result<Bytes> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        self.read.tap.ready().await;
        let read = self.buffer.read(&mut pace.of(&mut self.read)).await;
        self.took(read)
    }

    /// Waits until the client is gone, who waits for something of ours; what it sends meanwhile is kept. One
    /// that finishes right behind its request has only nothing more to say. Safe to drop.
    pub(super) async fn left(&mut self, target: &str) -> Failure {
        let began = Instant::now();
        while !self.is_over && self.rest.len() < KEPT_AHEAD {
            match self.read_on().await {
                Ok(()) if self.is_over && began.elapsed() < SAID_ALL => {}
                Ok(()) if self.is_over => return gone_away(target),
                Ok(()) => {}
                Err(error) => {
                    return failure::socket(Stage::Session, target, &error, "while it was held");
                }
            }
        }
        let error = self.read.gone().gone().await;
        failure::socket(Stage::Session, target, &error, "while it was held")
    }

    /// Does something with what it said, while nothing more is read of it. When it is gone meanwhile what it
    /// said before still has a little time, and the read behind it fails. Safe to drop if `work` is.
    ///
    /// # Errors
    /// It is gone, and nothing came of it.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> io::Result<T> {
        unless_gone(work, &self.read.gone(), &mut self.gone).await
    }

    /// Waits until something comes of a client whose request is served: its end, which is told, or what it
    /// asks next, which is kept. Safe to drop.
    pub(super) async fn watched(&mut self) -> io::Result<bool> {
        let mut faults = self.faults.watch.watch.clone();
        loop {
            // Behind what it asks next its end is looked for where its answer may be stalled for ever.
            let looks = self.rest.is_empty() || !faults.borrow_and_update().is_none();
            if !self.is_over && looks && self.rest.len() < KEPT_AHEAD {
                self.read_on().await?;
                return Ok(self.is_over);
            }
            let gone = self.read.gone();
            tokio::select! {
                changed = faults.changed() => if changed.is_err() {
                    // A relay that is gone changes nothing any more.
                    std::future::pending::<()>().await;
                },
                error = gone.gone() => return Err(error),
            }
        }
    }

    /// One read behind what is kept.
    async fn read_on(&mut self) -> io::Result<()> {
        self.read.tap.ready().await;
        let read = self.buffer.read(&mut self.read).await;
        let bytes = self.took(read)?;
        if self.rest.is_empty() {
            self.rest = bytes;
        } else {
            self.rest = [&self.rest[..], &bytes].concat().into();
        }
        Ok(())
    }

    /// What need not be read.
    fn known(&mut self) -> Option<Bytes> {
        let is_known = self.is_over || !self.rest.is_empty();
        is_known.then(|| std::mem::take(&mut self.rest))
    }

    fn took(&mut self, read: io::Result<Bytes>) -> io::Result<Bytes> {
        let bytes = match read {
            // A client that leaves without close_notify has left.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Bytes::new(),
            other => other?,
        };
        if let Some(error) = self.gone.take_if(|_| bytes.is_empty()) {
            return Err(error);
        }
        if bytes.is_empty() {
            self.is_over = true;
            let (way, kind) = (Direction::Received, RecordKind::Finished);
            self.session.events.note(self.conn, way, kind, "the client finished sending");
        } else if !self.read.is_told {
            self.read.tap.received(&bytes);
        }
        Ok(bytes)
    }
}

impl Met {
    /// The half of the client, as filters know it.
    pub(super) fn info(&self) -> ConnInfo {
        ConnInfo {
            local: self.local.clone(),
            peer: Some(self.peer.clone()),
            tls: self.tls.is_some(),
            ..ConnInfo::new(self.conn, Protocol::Http, Side::Relay)
        }
    }
}

/// What is done to what a client says and gets; `opened`: the server of the tunnel it is inside of.
fn faults(relay: &Arc<HttpRelay>, met: &Met, opened: Option<OriginPlan>) -> ClientFaults {
    let (session, watch, info) = (relay.session.clone(), relay.faults.clone(), met.info());
    let (relay, met) = (Arc::clone(relay), met.clone());
    let url_of = move |head: &Head| {
        let route = relay.route(&met, opened.as_ref(), head);
        route.map_or_else(|_| String::new(), |route| route.url)
    };
    ClientFaults::new(session, info, watch, Arc::new(url_of))
}

impl Visitor {
    /// Serves an accepted connection to its end. Each connection to a server is a half of its own, of
    /// which `pair` has made none yet.
    pub(super) async fn serve(
        relay: Arc<HttpRelay>,
        accepted: AcceptedConn,
        pair: RelayPair,
        control: VisitorControl,
    ) {
        let AcceptedConn { conn, peer, local, stream, tls, abort } = accepted;
        relay.session.events.retire(pair.target);
        let met = Met { conn, peer, local, tls };
        let mut visitor = Visitor::new(relay, met, (stream, None), control);
        loop {
            let faulty = visitor.faults.reset();
            let ended = tokio::select! {
                biased;
                () = abort.cancelled() => Next::Reset("reset by us"),
                () = faulty.cancelled() => Next::Reset("reset by us: a fault asks for it"),
                ended = Box::pin(visitor.requests()) => ended,
            };
            let Some(origin) = visitor.opening.take().filter(|_| ended == Next::Open) else {
                return visitor.end(ended, &abort).await;
            };
            let inside = tokio::select! {
                biased;
                () = abort.cancelled() => None,
                inside = Box::pin(visitor.opened(origin)) => inside,
            };
            let Some(inside) = inside else { return };
            visitor = inside;
        }
    }

    /// Nothing was read of it yet.
    pub(super) fn new(
        relay: Arc<HttpRelay>,
        met: Met,
        (stream, opened): (Stream, Option<OriginPlan>),
        control: VisitorControl,
    ) -> Self {
        let (conn, session) = (met.conn, relay.session.clone());
        let tap = Tap::new(session.events.clone(), conn);
        let (read, write) = split(stream);
        let (buffer, rest) = (ReadBuffer::new(), Bytes::new());
        let faults = faults(&relay, &met, opened.clone());
        let write = FaultyWrite::new(write, faults.clone(), (tap.clone(), control.stop()));
        let (read, sent) = (FaultyRead::new(read, faults.clone(), tap), write.recorder());
        let of_input = faults.clone();
        Visitor {
            relay,
            met,
            input: ClientInput {
                session,
                conn,
                read,
                faults: of_input,
                buffer,
                rest,
                is_over: false,
                gone: None,
            },
            write,
            faults,
            sent,
            onward: None,
            control,
            current: None,
            opening: None,
            opened,
            is_invited: false,
        }
    }

    async fn end(mut self, ended: Next, abort: &CancellationToken) {
        let (Next::Close(words) | Next::Gone(words) | Next::Reset(words)) = ended else { return };
        if let Some(recorder) = self.current.take() {
            let target = recorder.target.clone();
            let when = format!("the connection was {words}");
            recorder.close(Err(refusal::cancelled(Stage::Session, &*target, when)));
        }
        if ended == Next::Reset(words) {
            self.drop_onward(words);
            let (direction, kind, words) = told_reset(self.met.peer.is_unix(), words);
            self.note(direction, kind, words);
            // The whole program ends: it is let go as that does it.
            if !self.relay.session.is_stopping()
                && let Some(write) = self.write.into_inner().await
            {
                self.input.read.into_inner().unsplit(write).into_iter().for_each(reset);
            }
            return;
        }
        if let Some(onward) = self.onward.take() {
            onward.close(&self.relay, "closed by us");
        }
        tokio::select! {
            biased;
            () = abort.cancelled() => {}
            () = self.leave(matches!(ended, Next::Close(_))) => {}
        }
        self.note(Direction::Local, RecordKind::Closed, words);
    }

    /// A row about this connection.
    pub(super) fn note(&self, from: Direction, kind: RecordKind, text: impl Into<String>) {
        self.relay.session.events.note(self.met.conn, from, kind, text);
    }

    /// Resets what there is towards a server.
    pub(super) fn drop_onward(&mut self, words: &str) {
        if let Some(onward) = self.onward.take() {
            onward.reset(&self.relay, words);
        }
    }

    /// Serves requests until one of the sides has enough; says how it ended.
    async fn requests(&mut self) -> Next {
        loop {
            self.input.read.tap.next_message();
            self.sent.next_message();
            self.faults.next_answer();
            self.input.next_message();
            self.is_invited = false;
            let Some(first) = self.first_bytes().await else { return Next::Close("closed") };
            let writer = self.relay.session.bodies.create();
            let recorder = Arc::new(self.begin(writer.id()));
            self.current = Some(Arc::clone(&recorder));
            self.faults.exchange(&recorder);
            let next = Box::pin(self.request(first, &recorder, writer)).await;
            if next == Next::Open {
                return next;
            }
            self.current = None;
            if next != Next::Request {
                return next;
            }
            if self.is_stopping() {
                return Next::Close("closed after the answer");
            }
        }
    }

    fn begin(&self, request: BodyId) -> ExchangeRecorder {
        let Met { conn, peer, local, tls } = &self.met;
        let number = self.relay.requests.fetch_add(1, Ordering::Relaxed);
        let events = self.relay.session.events.clone();
        let target = peer.to_string();
        let recorder = ExchangeRecorder::begin(Side::Relay, *conn, number, request, target, events);
        recorder.edit(|exchange| {
            (exchange.local, exchange.peer) = (local.clone(), Some(peer.clone()));
            exchange.tls.clone_from(tls);
        });
        recorder
    }

    /// Waits for a request to begin.
    async fn first_bytes(&mut self) -> Option<Bytes> {
        let has_more = !self.input.rest.is_empty();
        if !has_more {
            self.control.pace.rest();
        }
        let stop = self.control.stop.clone();
        let read = tokio::select! {
            biased;
            () = stop.cancelled(), if !has_more => Ok(Bytes::new()),
            read = self.input.idle(&self.control.pace) => read,
        };
        self.control.pace.begin();
        let bytes = read.unwrap_or_else(|error| {
            let peer = self.met.peer.to_string();
            let failure = failure::socket(Stage::Session, &peer, &error, "idle");
            self.note(Direction::Received, RecordKind::Reset, failure.cause);
            Bytes::new()
        });
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Lets the last words leave that faults keep back.
    async fn leave(&mut self, lingers: bool) {
        if self.write.is_delayed() {
            let over =
                async { while self.input.read().await.is_ok_and(|bytes| !bytes.is_empty()) {} };
            let is_out = tokio::select! {
                biased;
                _ = self.write.flush() => true,
                () = over => false,
            };
            if !is_out {
                let _ = self.write.flush().await;
            }
        }
        if lingers {
            self.linger().await;
        }
    }

    /// Ends our side and lets the client finish its own.
    async fn linger(&mut self) {
        // A peer that is gone already needs no goodbye.
        if self.write.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut drained = 0;
            while drained <= LINGER_BYTES
                && let Ok(bytes) = self.input.read().await
                && !bytes.is_empty()
            {
                drained += bytes.len();
            }
        };
        let _ = timeout(LINGER, drain).await;
    }

    /// Whether the relay wants the connection to end after this answer.
    pub(super) fn is_stopping(&self) -> bool {
        self.control.stop.is_cancelled()
    }
}
