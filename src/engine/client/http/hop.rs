//! One hop: connect, send and receive at the same time, and the exchange that tells about it.
//!
//! The two directions are two futures of one task that share the [`Hop`], which outlives both; a
//! peer may answer, or give up, while the request is still on its way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::again::StreamAgain;
use super::cookies::{self, SessionCookies};
use super::pace::PacedWriter;
use super::receive::Incoming;
use super::request;
use super::two::request::Http2Request;
use super::two::{self, StreamSlot};
use super::upgrade::{UpgradeSlot, UpgradedStream};
use crate::codec::http1::{Expected, HeadReader, request_framing};
use crate::engine::body::BodyWriter;
use crate::engine::event::Phase;
use crate::engine::http::body_source::{BodySource, SourceError};
use crate::engine::http::event_tap::EventTap;
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_message};
use crate::engine::http::message_writer::{MessageWriter, shown};
use crate::engine::http::tap::Tap;
use crate::engine::http2::routes::RouteGuard;
use crate::engine::refusal;
use crate::engine::session::SessionHandle;
use crate::engine::transport::dial::{self, ConnectFacts, Dial};
use crate::engine::transport::kept::{ConnectionKey, KeptConnection, SharedConnection};
use crate::engine::transport::stream::Stream;
use crate::engine::transport::tunnel::ProxyHop;
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
    cookies: &'a SessionCookies,
    again: &'a StreamAgain,
    endpoint: Endpoint,
    tls: ClientTls,
    /// Whom it goes through.
    proxy: Option<&'a ProxyHop>,
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
    /// The server did nothing about the request.
    is_unprocessed: AtomicBool,
    /// Its stream, if it goes over HTTP/2: told of until it is over, however it ends.
    pub(super) stream_hold: StreamSlot,
    /// Others go on over its connection.
    is_left_to_others: bool,
    /// It asks for another protocol: where its connection is left then.
    upgrade: Option<&'a UpgradeSlot>,
}

/// What carries the messages.
enum Carrier {
    One(Stream, ConnectFacts),
    /// With who is told of the first frames, if it was just made.
    Two(SharedConnection, Option<RouteGuard>),
}

/// What a hop is made for.
#[derive(Clone, Copy)]
pub(super) struct HopOrder<'a> {
    pub(super) plan: &'a HttpPlan,
    pub(super) proxy: Option<&'a ProxyHop>,
    /// Of the exchange in its session.
    pub(super) number: u32,
    /// How many before it only asked for credentials, or were tried again.
    pub(super) challenges: u32,
    /// Where the first hop went under TLS: what the user consented to holds there.
    pub(super) own: Option<&'a Endpoint>,
    pub(super) session: &'a SessionHandle,
    /// What the session knows of cookies, and of a stream that it goes on with.
    pub(super) of: (&'a SessionCookies, &'a StreamAgain),
    /// Where its connection is left, if it asks for another protocol.
    pub(super) upgrade: Option<&'a UpgradeSlot>,
}

impl<'a> Hop<'a> {
    /// Prepares a hop; fails when the plan names no place to go to. The writers keep the request and
    /// the response.
    pub(super) fn new(
        order: HopOrder<'a>,
        takes_kept: bool,
    ) -> Result<(Self, [BodyWriter; 2]), Failure> {
        let HopOrder { plan, proxy, number, challenges, own, session, upgrade, of } = order;
        let (cookies, again) = of;
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
            exchange.cookies = cookies.facts(plan);
            exchange.warnings.extend(exchange.cookies.iter().flat_map(|it| cookies::kept_back(it)));
            exchange.proxy = proxy.map(|hop| hop.proxy.to_string().into());
        });
        let taken = Mutex::new(Instant::now());
        let takes_kept = takes_kept && request::may_take_kept(plan);
        let [is_on_kept, is_keeping, is_unprocessed] = [(); 3].map(|()| AtomicBool::new(false));
        let hop = Hop {
            plan,
            session,
            conn,
            recorder,
            cookies,
            again,
            endpoint,
            tls,
            proxy,
            response,
            taken,
            takes_kept,
            is_on_kept,
            is_keeping,
            is_unprocessed,
            stream_hold: StreamSlot::new(),
            is_left_to_others: false,
            upgrade,
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
        let (length, head) = (source.len(), request::head(self.plan, source.len(), self.proxy)?);
        if request::is_sure_of_two(self.plan) {
            self.announce(Http2Request::of(self.plan, length)?.head, length);
        } else {
            self.announce(shown(Expected::Request, head.clone().into()), length);
        }
        let (stream, facts) = match self.carrier().await? {
            Carrier::One(stream, facts) => (stream, facts),
            Carrier::Two(shared, early) => {
                let message = Http2Request::of(self.plan, length)?;
                self.announce(message.head.clone(), length);
                let carried = (&shared, early);
                let over = two::carry(self, message, carried, (source, [request, response]));
                return Ok(Box::pin(over).await?.head);
            }
        };
        let (mut from, mut to) = tokio::io::split(stream);
        self.peer_takes();
        let taken = || self.peer_takes();
        let mut paced = PacedWriter::new(&mut to, self.plan.transfer.limit_rate, &taken);
        let sending = self.send(&mut paced, head, source, request);
        let received = Box::pin(Incoming::new(self, &mut from, sending).run(response)).await?;
        if let (Some(slot), Some(rest)) = (self.upgrade, received.upgraded) {
            let (conn, tls, stream) = (self.conn, self.tls.clone(), from.unsplit(to));
            let asked = self.plan.headers.clone();
            slot.put(UpgradedStream { conn, stream, facts, tls, rest, asked, recorder: None });
        } else if received.leaves_connection && request::leaves_connection(self.plan, length) {
            self.keep(from.unsplit(to), facts);
        }
        Ok(received.head)
    }

    /// A connection that was kept, or a new one.
    async fn carrier(&self) -> Result<Carrier, Failure> {
        let key = self.takes_kept.then(|| self.key());
        if let Some(shared) = key.as_ref().and_then(|key| self.session.kept.shared(key)) {
            self.goes_over_kept(&shared.facts, shared.first);
            return Ok(Carrier::Two(shared, None));
        }
        if let Some(kept) = key.and_then(|key| self.session.kept.take(&key)) {
            let KeptConnection { stream, facts, first } = kept;
            self.goes_over_kept(&facts, first);
            return Ok(Carrier::One(stream, facts));
        }
        let (stream, facts) = self.connect().await?;
        if !two::is_spoken(self.plan, &facts)? {
            return Ok(Carrier::One(stream, facts));
        }
        self.peer_takes();
        let (shared, route) = two::begun(self, stream, facts).await?;
        Ok(Carrier::Two(shared, Some(route)))
    }

    /// Tells that no new connection is made.
    fn goes_over_kept(&self, facts: &ConnectFacts, first: ConnId) {
        self.is_on_kept.store(true, Ordering::Relaxed);
        self.session.introduce(&ConnInfo {
            local: facts.local.clone(),
            peer: facts.peer.clone(),
            tls: self.tls != ClientTls::Off,
            ..ConnInfo::new(self.conn, Protocol::Http, Side::Client)
        });
        let words = format!("goes over the connection of {first}, which was kept");
        self.session.events.note(self.conn, Direction::Local, RecordKind::Note, words);
        self.tell_connection(facts);
        self.warn_of(facts);
        self.peer_takes();
    }

    fn key(&self) -> ConnectionKey {
        ConnectionKey {
            endpoint: self.endpoint.clone(),
            tls: self.tls.clone(),
            version: self.plan.version,
            socket: self.plan.socket.clone(),
            client: self.plan.client.clone(),
        }
    }

    /// Keeps the connection for the next, where any are.
    fn keep(&self, stream: Stream, facts: ConnectFacts) {
        if self.keeps_any() {
            self.is_keeping.store(true, Ordering::Relaxed);
            let connection = KeptConnection { stream, facts, first: self.conn };
            self.session.kept.put(self.key(), connection);
        }
    }

    /// What crosses below TLS is told of who made it alone.
    fn keeps_any(&self) -> bool {
        let is_told = self.tls != ClientTls::Off && self.session.events.wants_ciphertext();
        self.session.kept.are_kept() && !is_told
    }

    /// Gives a new connection of HTTP/2 to others, too; it is kept as long as it takes more.
    pub(super) fn share(&self, shared: &SharedConnection) {
        if self.keeps_any() {
            self.is_keeping.store(true, Ordering::Relaxed);
            if shared.first == self.conn {
                self.session.kept.share(self.key(), shared.clone());
            }
        }
    }

    /// What reads the events of the response, if it is a stream of them.
    pub(super) fn event_tap(&self, head: &Head) -> Option<EventTap> {
        let number = self.recorder.edit(|exchange| exchange.number);
        self.again.tap(head, number, &self.session.events)
    }

    /// Takes the cookies that the head of the response sets.
    pub(super) fn takes_cookies(&self, head: &Head) {
        let Some(taken) = self.cookies.take(self.plan, head) else { return };
        self.recorder.edit(|exchange| {
            let odd = taken.lines.iter().zip(head.all("set-cookie"));
            let odd = odd.filter(|(outcome, _)| !outcome.is_taken);
            exchange.warnings.extend(odd.map(|(outcome, line)| cookies::remark(outcome, line)));
            if let Some(facts) = &mut exchange.cookies {
                Arc::make_mut(facts).lines = taken.lines;
            }
        });
        if !taken.changes.is_empty() {
            self.session.events.cookies(taken.changes);
        }
    }

    /// Whether the server is known to have done nothing about the request.
    pub(super) fn is_unprocessed(&self, is_so: bool) {
        self.is_unprocessed.fetch_or(is_so, Ordering::Relaxed);
    }

    /// The exchange is over, and so is its stream, if it has one. Never takes long.
    pub(super) async fn lets_go_of_stream(&mut self, is_complete: bool) {
        let Some(hold) = self.stream_hold.take() else { return };
        let is_kept = self.is_keeping.load(Ordering::Relaxed);
        if is_complete && is_kept {
            return;
        }
        self.session.kept.forget(hold.first);
        self.is_keeping.store(false, Ordering::Relaxed);
        self.is_left_to_others = !hold.let_go(is_complete).await;
    }

    /// Whether the request may go out once more: the server did nothing about it, or this failure is of a kept connection whose
    /// peer had let go of it, before it said anything.
    pub(super) fn may_be_repeated(&self, failure: &Failure) -> bool {
        if self.is_unprocessed.load(Ordering::Relaxed) {
            return failure.kind != FailureKind::Cancelled;
        }
        let is_silent = || self.recorder.edit(|exchange| exchange.timing.first_byte.is_none());
        let is_of_connection =
            !matches!(failure.kind, FailureKind::Cancelled | FailureKind::Timeout(_))
                && matches!(failure.stage, Stage::Send | Stage::Head);
        self.is_on_kept.load(Ordering::Relaxed) && is_of_connection && is_silent()
    }

    /// The request goes out once more, so nothing is left of this exchange.
    pub(super) fn is_repeated(&self) {
        let words = if self.is_unprocessed.load(Ordering::Relaxed) {
            "the server did nothing about the request, which goes out once more over a new connection"
        } else {
            "the peer had let go of the connection; the request goes out over a new one"
        };
        let (events, request) = (&self.session.events, self.recorder.edit(|it| it.request.body.id));
        events.note(self.conn, Direction::Local, RecordKind::Closed, words);
        events.retire(self.conn);
        self.session.bodies.release([request, self.response]);
    }

    /// Puts the request into the exchange before it goes out.
    fn announce(&self, head: Head, len: u64) {
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
            alpn: two::offered(self.plan.version),
            timeout: self.plan.connect_timeout,
            socket: &self.plan.socket,
            client: &self.plan.client,
            proxy: self.proxy,
            pair: None,
        };
        let (stream, facts) = Box::pin(dial::connect(dial, self.session)).await;
        self.recorder.edit(|exchange| {
            exchange.timing.lookup = facts.lookup;
            exchange.timing.connect = facts.connect;
            exchange.timing.tunnel = facts.tunnel;
            exchange.timing.tls = facts.tls;
        });
        self.tell_connection(&facts);
        self.recorder.warn_all(facts.remarks.iter().cloned());
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

    /// The peer took something of the request just now.
    pub(super) fn peer_takes(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When the peer last took something of the request, the connection itself included.
    pub(super) fn taken_at(&self) -> Instant {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it asks for another protocol.
    pub(super) fn asks_for_upgrade(&self) -> bool {
        self.upgrade.is_some()
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
        let is_upgraded = failure.is_none() && self.upgrade.is_some_and(UpgradeSlot::is_full);
        if self.recorder.edit(|exchange| exchange.local.is_some()) && !is_upgraded {
            let (kind, text) = if self.is_keeping.load(Ordering::Relaxed) {
                (RecordKind::Note, "kept for the next request")
            } else if self.is_left_to_others {
                (RecordKind::Note, "the stream is over; other requests go on over its connection")
            } else {
                (RecordKind::Closed, "closed by us")
            };
            self.session.events.note(self.conn, Direction::Local, kind, text);
        }
        if is_upgraded {
            // It goes on as another one, and its exchange with it.
            return self.recorder.publish();
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
