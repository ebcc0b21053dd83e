//! One hop: connect, send and receive at the same time, and the exchange that tells about it.
//!
//! The two directions are two futures of one task that share the [`Hop`], which outlives both; a
//! peer may answer, or give up, while the request is still on its way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::receive::Incoming;
use super::request;
use crate::codec::http1::{Expected, HeadReader, request_framing};
use crate::engine::body::BodyWriter;
use crate::engine::event::Phase;
use crate::engine::http::body_source::{BodySource, SourceError};
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_message};
use crate::engine::http::message_writer::{MessageWriter, shown};
use crate::engine::http::tap::Tap;
use crate::engine::refusal;
use crate::engine::session::SessionHandle;
use crate::engine::transport::dial::{self, ConnectFacts, Dial};
use crate::engine::transport::kept::{ConnectionKey, KeptConnection};
use crate::engine::transport::stream::Stream;
use crate::model::endpoint::Endpoint;
use crate::model::exchange::{Head, HttpMessage, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, ConnId};
use crate::model::plan::HttpPlan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::tls::ClientTls;
use crate::model::view::ViewPart;

/// One hop of a client session.
pub(super) struct Hop<'a> {
    pub(super) plan: &'a HttpPlan,
    pub(super) session: &'a SessionHandle,
    pub(super) conn: ConnId,
    pub(super) recorder: ExchangeRecorder,
    endpoint: Endpoint,
    tls: ClientTls,
    /// What keeps the response.
    response: BodyId,
    /// When the peer last took something of the request.
    taken: Mutex<Instant>,
    /// A connection that was kept will do.
    takes_kept: bool,
    /// It goes over such a one.
    is_on_kept: AtomicBool,
    /// Its connection is kept for the next.
    is_keeping: AtomicBool,
}

/// What a hop is made for.
#[derive(Clone, Copy)]
pub(super) struct HopOrder<'a> {
    pub(super) plan: &'a HttpPlan,
    /// Of the exchange in its session.
    pub(super) number: u32,
    /// How many before it only asked for credentials.
    pub(super) challenges: u32,
    /// Where the first hop went under TLS: what the user consented to holds there.
    pub(super) own: Option<&'a Endpoint>,
    pub(super) session: &'a SessionHandle,
}

impl<'a> Hop<'a> {
    /// Prepares a hop; fails when the plan names no place to go to. The writers keep the request and
    /// the response.
    pub(super) fn new(
        order: HopOrder<'a>,
        takes_kept: bool,
    ) -> Result<(Self, [BodyWriter; 2]), Failure> {
        let HopOrder { plan, number, challenges, own, session } = order;
        let (endpoint, tls) = request::destination(plan)?;
        let tls = request::consented(tls, own.is_some_and(|own| own.is_same(&endpoint)));
        let (conn, side) = (session.next_conn(), Side::Client);
        let writers = [session.bodies.create(), session.bodies.create()];
        let [request, response] = writers.each_ref().map(BodyWriter::id);
        let (url, events) = (plan.url.clone(), session.events.clone());
        let recorder = ExchangeRecorder::begin(side, conn, number, request, url, events);
        recorder.edit(|exchange| {
            exchange.url.clone_from(&plan.url);
            exchange.warnings.clone_from(&plan.notes);
            exchange.challenges = challenges;
        });
        let taken = Mutex::new(Instant::now());
        let takes_kept = takes_kept && request::may_take_kept(plan);
        let (is_on_kept, is_keeping) = (AtomicBool::new(false), AtomicBool::new(false));
        let hop = Hop {
            plan,
            session,
            conn,
            recorder,
            endpoint,
            tls,
            response,
            taken,
            takes_kept,
            is_on_kept,
            is_keeping,
        };
        Ok((hop, writers))
    }

    /// Makes the hop; returns the head of the response when its body is complete.
    pub(super) async fn make(&self, writers: [BodyWriter; 2]) -> Result<Head, Failure> {
        let [request, response] = writers;
        let source = BodySource::open(&self.plan.body, &self.session.budget).await;
        let source = source.map_err(|why| match why {
            SourceError::Full(why) => refusal::no_descriptors(why),
            SourceError::Unreadable(why) => {
                Failure::new(Stage::Compose, &*self.plan.url, FailureKind::NotFound, why)
            }
        })?;
        let (length, head) = (source.len(), request::head(self.plan, source.len())?);
        self.announce(&head, source.len());
        let (stream, facts) = self.connection().await?;
        let (mut from, mut to) = tokio::io::split(stream);
        self.peer_takes();
        let sending = self.send(&mut to, head, source, request);
        let received = Box::pin(Incoming::new(self, &mut from, sending).run(response)).await?;
        if received.leaves_connection && request::leaves_connection(self.plan, length) {
            self.keep(from.unsplit(to), facts);
        }
        Ok(received.head)
    }

    /// A connection that was kept, or a new one.
    async fn connection(&self) -> Result<(Stream, ConnectFacts), Failure> {
        let taken = if self.takes_kept { self.session.kept.take(&self.key()) } else { None };
        let Some(KeptConnection { stream, facts, first }) = taken else {
            return self.connect().await;
        };
        self.is_on_kept.store(true, Ordering::Relaxed);
        self.session.introduce(&ConnInfo {
            local: facts.local.clone(),
            peer: facts.peer.clone(),
            tls: self.tls != ClientTls::Off,
            ..ConnInfo::new(self.conn, Protocol::Http, Side::Client)
        });
        let words = format!("goes over the connection of {first}, which was kept");
        self.session.events.note(self.conn, Direction::Local, RecordKind::Note, words);
        self.tell_connection(&facts);
        self.warn_of(&facts);
        Ok((stream, facts))
    }

    fn key(&self) -> ConnectionKey {
        ConnectionKey {
            endpoint: self.endpoint.clone(),
            tls: self.tls.clone(),
            socket: self.plan.socket.clone(),
            client: self.plan.client.clone(),
        }
    }

    /// Keeps the connection for the next, where any are. What crosses below TLS is told of who made it alone.
    fn keep(&self, stream: Stream, facts: ConnectFacts) {
        let is_told = self.tls != ClientTls::Off && self.session.events.wants_ciphertext();
        if self.session.kept.are_kept() && !is_told {
            self.is_keeping.store(true, Ordering::Relaxed);
            let connection = KeptConnection { stream, facts, first: self.conn };
            self.session.kept.put(self.key(), connection);
        }
    }

    /// Whether this failure is of a kept connection whose peer had let go of it, before it said anything.
    pub(super) fn was_let_go(&self, failure: &Failure) -> bool {
        let is_silent = || self.recorder.edit(|exchange| exchange.timing.first_byte.is_none());
        let is_of_connection =
            !matches!(failure.kind, FailureKind::Cancelled | FailureKind::Timeout(_))
                && matches!(failure.stage, Stage::Send | Stage::Head);
        self.is_on_kept.load(Ordering::Relaxed) && is_of_connection && is_silent()
    }

    /// The request goes out once more, so nothing is left of this exchange.
    pub(super) fn is_repeated(&self) {
        let words = "the peer had let go of the connection; the request goes out over a new one";
        let (events, request) = (&self.session.events, self.recorder.edit(|it| it.request.body.id));
        events.note(self.conn, Direction::Local, RecordKind::Closed, words);
        events.retire(self.conn);
        self.session.bodies.release([request, self.response]);
    }

    /// Puts the request into the exchange before it goes out.
    fn announce(&self, head: &[u8], len: u64) {
        let head = shown(Expected::Request, head.to_vec().into());
        self.recorder.edit(|exchange| {
            let body = &mut exchange.request.body;
            body.framing = request_framing(&head).framing;
            if body.framing == MessageFraming::None && len > 0 {
                body.framing = MessageFraming::Length(len);
            }
            body.expected = (body.framing != MessageFraming::None).then_some(len);
            exchange.request.head = head;
        });
    }

    async fn connect(&self) -> Result<(Stream, ConnectFacts), Failure> {
        let dial = Dial {
            conn: self.conn,
            protocol: Protocol::Http,
            endpoint: &self.endpoint,
            tls: &self.tls,
            alpn: &[b"http/1.1"],
            timeout: self.plan.connect_timeout,
            socket: &self.plan.socket,
            client: &self.plan.client,
            pair: None,
        };
        let (stream, facts) = Box::pin(dial::connect(dial, self.session)).await;
        self.recorder.edit(|exchange| {
            exchange.timing.lookup = facts.lookup;
            exchange.timing.connect = facts.connect;
            exchange.timing.tls = facts.tls;
        });
        self.tell_connection(&facts);
        let stream = stream?;
        self.warn_of(&facts);
        Ok((stream, facts))
    }

    /// Puts what is known of the connection into the exchange.
    fn tell_connection(&self, facts: &ConnectFacts) {
        self.recorder.edit(|exchange| {
            (exchange.local, exchange.peer) = (facts.local.clone(), facts.peer.clone());
            exchange.tls.clone_from(&facts.tls_facts);
        });
    }

    fn warn_of(&self, facts: &ConnectFacts) {
        let Some(tls) = &facts.tls_facts else { return };
        if !tls.unverified.is_empty() {
            self.recorder.warn(format!("the certificate does not verify: {}", tls.unverified));
        }
        if !tls.unproven.is_empty() {
            self.recorder.warn(format!("the peer's identity is unproven: {}", tls.unproven));
        }
    }

    /// Writes the request, and tells how far it is and how long it took.
    async fn send(
        &self,
        mut to: impl AsyncWrite + Unpin,
        head: Vec<u8>,
        source: BodySource,
        writer: BodyWriter,
    ) -> Result<(), Failure> {
        let began = self.recorder.elapsed();
        let events = &self.session.events;
        let outgoing = MessageWriter {
            recorder: &self.recorder,
            tap: &mut Tap::new(events.clone(), self.conn),
            writer,
            what: "request bytes",
            chunked: request::is_chunked(self.plan),
            report: &|sent, total| {
                self.peer_takes();
                events.phase(Phase::Sending { sent, total: Some(total) });
            },
        };
        let outcome = outgoing.send(&mut to, head.into(), Some(source)).await;
        let took = self.recorder.elapsed().saturating_sub(began);
        self.recorder.edit(|exchange| exchange.timing.send = Some(took));
        outcome
    }

    fn peer_takes(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When the peer last took something of the request, the connection itself included.
    pub(super) fn taken_at(&self) -> Instant {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The head of the response is in.
    pub(super) fn has_head(&self) -> bool {
        self.recorder.edit(|exchange| exchange.response.is_some())
    }

    /// The user stopped it.
    pub(super) fn cancelled(&self) -> Failure {
        let (stage, so_far) = self.recorder.edit(|exchange| match &exchange.response {
            Some(response) => {
                (Stage::Body, format!("cancelled after {} body bytes", response.body.encoded_len))
            }
            None => (Stage::Head, "cancelled before the response head".to_owned()),
        });
        refusal::cancelled(stage, &*self.plan.url, so_far)
    }

    /// The last word about this hop.
    pub(super) fn close(&self, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            self.keep_partial_head();
            self.session.events.failed(self.conn, failure);
        }
        if self.recorder.edit(|exchange| exchange.local.is_some()) {
            let (kind, text) = if self.is_keeping.load(Ordering::Relaxed) {
                (RecordKind::Note, "kept for the next request")
            } else {
                (RecordKind::Closed, "closed by us")
            };
            self.session.events.note(self.conn, Direction::Local, kind, text);
        }
        self.recorder.close(failure.cloned().map_or(Ok(()), Err));
        self.session.events.retire(self.conn);
    }

    /// What came of a head that never was completed becomes the response.
    fn keep_partial_head(&self) {
        if self.has_head() {
            return;
        }
        let bodies = &self.session.bodies;
        let start = self
            .recorder
            .edit(|exchange| exchange.interim.iter().map(|head| head.raw.len() as u64).sum());
        // Heads are short enough to be in memory.
        let begun =
            bodies.read(self.response, ViewPart::Raw, start, usize::MAX).unwrap_or_default();
        if start == 0 && begun.is_empty() {
            return bodies.release([self.response]);
        }
        let mut reader = HeadReader::new(Expected::Response);
        let parsed = match reader.push(&begun) {
            Err(error) => *error.partial,
            Ok(_) => *reader.finish().partial,
        };
        self.recorder.edit(|exchange| {
            exchange.warnings.extend(parsed.warnings);
            exchange.response =
                Some(HttpMessage { head: parsed.head, ..empty_message(self.response) });
        });
    }
}
