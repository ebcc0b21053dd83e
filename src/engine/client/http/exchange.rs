//! One hop: connect, send and receive at the same time, and the exchange that tells about it.
//!
//! The two directions are two futures of one task that share the [`ExchangeRecorder`]; a peer may answer, or
//! give up, while the request is still on its way.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant as TokioInstant, sleep_until};

use super::receive::Incoming;
use super::request;
use super::send::OutgoingRequest;
use crate::codec::http1::{Expected, HeadReader, request_framing};
use crate::engine::body::BodyWriter;
use crate::engine::clock;
use crate::engine::event::Phase;
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_body, empty_message};
use crate::engine::http::failure;
use crate::engine::http::source::BodySource;
use crate::engine::refusal;
use crate::engine::session::SessionHandle;
use crate::engine::transport::dial::{self, ConnectFacts, Connected, Dial};
use crate::engine::transport::stream::Stream;
use crate::model::endpoint::Endpoint;
use crate::model::exchange::{Exchange, ExchangeState, Head, HttpMessage, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, ConnId};
use crate::model::plan::HttpPlan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, RecordKind};
use crate::model::timing::Timing;
use crate::model::tls::ClientTls;

/// How long an answer may still come after sending failed: it is on its way already or never.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);

/// One hop of a client session.
pub(super) struct Hop<'a> {
    pub(super) plan: &'a HttpPlan,
    pub(super) session: &'a SessionHandle,
    pub(super) conn: ConnId,
    pub(super) case: ExchangeRecorder,
    endpoint: Endpoint,
    tls: ClientTls,
    arrived: Mutex<Arrived>,
    /// Since when we wait for bytes of the peer; `None` while we are busy with some.
    waiting: Mutex<Option<TokioInstant>>,
}

/// What came of a response whose head is not complete.
#[derive(Default)]
struct Arrived {
    id: Option<BodyId>,
    bytes: BytesMut,
}

impl<'a> Hop<'a> {
    /// Prepares a hop; fails when the plan names no place to go to. The writer keeps the request.
    pub(super) fn new(
        plan: &'a HttpPlan,
        number: u32,
        session: &'a SessionHandle,
        notes: Vec<String>,
    ) -> Result<(Self, BodyWriter), Failure> {
        let (endpoint, tls) = request::destination(plan)?;
        let conn = session.next_conn();
        let writer = session.bodies.create();
        let exchange = Exchange {
            conn,
            number,
            side: Side::Client,
            url: plan.url.clone(),
            started: clock::now(),
            local: None,
            peer: None,
            request: empty_message(writer.id()),
            response: None,
            interim: Vec::new(),
            timing: Timing::default(),
            tls: None,
            state: ExchangeState::Active,
            warnings: notes,
        };
        let case = ExchangeRecorder::new(exchange, session.events.clone(), Instant::now());
        let (arrived, waiting) = (Mutex::default(), Mutex::default());
        Ok((Hop { plan, session, conn, case, endpoint, tls, arrived, waiting }, writer))
    }

    /// Makes the hop; returns the head of the response when its body is complete.
    pub(super) async fn make(&self, writer: BodyWriter) -> Result<Head, Failure> {
        let source = BodySource::open(&self.plan.body).await.map_err(|why| {
            Failure::new(Stage::Compose, &*self.plan.url, FailureKind::NotFound, why)
        })?;
        let head = request::head(self.plan, source.len())?;
        self.announce(&head, &source);
        let stream = self.connect().await?;
        Box::pin(self.converse(stream, head.into(), source, writer)).await
    }

    /// Puts the request into the exchange before it goes out.
    fn announce(&self, head: &[u8], source: &BodySource) {
        let parsed = HeadReader::new(Expected::Request).push(head);
        let Ok(Some((_, parsed))) = parsed else { return };
        self.case.edit(|exchange| {
            let body = &mut exchange.request.body;
            body.framing = request_framing(&parsed.head).framing;
            if body.framing == MessageFraming::None && source.len() > 0 {
                body.framing = MessageFraming::Length(source.len());
            }
            body.expected = (body.framing != MessageFraming::None).then_some(source.len());
            exchange.request.head = parsed.head;
        });
    }

    async fn connect(&self) -> Result<Stream, Failure> {
        let dial = Dial {
            conn: self.conn,
            protocol: Protocol::Http,
            endpoint: &self.endpoint,
            tls: &self.tls,
            alpn: &[b"http/1.1"],
            timeout: self.plan.connect_timeout,
        };
        match Box::pin(dial::connect(dial, self.session)).await {
            Ok(Connected { stream, facts }) => {
                self.learn(&facts);
                let unverified = facts.tls_facts.map(|tls| tls.unverified).unwrap_or_default();
                if !unverified.is_empty() {
                    self.case.warn(format!("the certificate does not verify: {unverified}"));
                }
                Ok(stream)
            }
            Err(error) => {
                self.learn(&error.facts);
                Err(error.failure)
            }
        }
    }

    fn learn(&self, facts: &ConnectFacts) {
        self.case.edit(|exchange| {
            exchange.timing.lookup = facts.lookup;
            exchange.timing.connect = facts.connect;
            exchange.timing.tls = facts.tls;
            exchange.local = facts.local;
            exchange.peer = facts.peer;
            exchange.tls.clone_from(&facts.tls_facts);
        });
    }

    async fn converse(
        &self,
        stream: Stream,
        head: Bytes,
        source: BodySource,
        writer: BodyWriter,
    ) -> Result<Head, Failure> {
        let began = self.case.elapsed();
        let (from, to) = tokio::io::split(stream);
        let mut sending = Box::pin(OutgoingRequest::new(self, writer).run(to, head, source));
        let mut receiving = Box::pin(Incoming::new(self).run(from));
        let mut sent = None;
        let far = self.plan.head_timeout;
        let deadline = sleep_until(TokioInstant::now());
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                biased;
                received = &mut receiving => return self.conclude(received, sent),
                outcome = &mut sending, if sent.is_none() => {
                    let wait = if outcome.is_ok() { far } else { far.min(LAST_WORDS) };
                    deadline.as_mut().reset(TokioInstant::now() + wait);
                    self.case.edit(|exchange| {
                        exchange.timing.send = Some(self.case.elapsed().saturating_sub(began));
                    });
                    if !self.has_head() {
                        self.session.events.phase(Phase::Waiting);
                        self.case.publish();
                    }
                    sent = Some(outcome);
                }
                // Whether there is a head is known when the time is over and not before: it may
                // have come while this was waited for.
                () = &mut deadline, if sent.is_some() => {
                    if self.has_head() {
                        deadline.as_mut().reset(self.next_look()?);
                    } else {
                        return Err(sent.and_then(Result::err).unwrap_or_else(|| self.no_head()));
                    }
                }
            }
        }
    }

    /// When to look again whether the body still moves; a peer that was silent for as long as the
    /// head may take is given up.
    fn next_look(&self) -> Result<TokioInstant, Failure> {
        let limit = self.plan.head_timeout;
        let waiting = *self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = TokioInstant::now();
        let next = waiting.unwrap_or(now) + limit;
        if next > now { Ok(next) } else { Err(self.silent(limit)) }
    }

    /// We wait for the peer from now on.
    pub(super) fn wait_begins(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(TokioInstant::now());
    }

    /// The peer sent something, or ended.
    pub(super) fn wait_ends(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Bytes of a head that is not complete, kept in this body.
    pub(super) fn arrived(&self, id: BodyId, bytes: &[u8]) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.id = Some(id);
        arrived.bytes.extend_from_slice(bytes);
    }

    /// An interim head is over; these bytes begin the next one.
    pub(super) fn next_head(&self, bytes: &[u8]) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.bytes.clear();
        arrived.bytes.extend_from_slice(bytes);
    }

    /// What came of a head that never was completed becomes the response.
    fn keep_partial_head(&self) {
        let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = arrived.id.filter(|_| !self.has_head()) else { return };
        let mut reader = HeadReader::new(Expected::Response);
        let parsed = match reader.push(&arrived.bytes) {
            Err(error) => *error.partial,
            Ok(_) => *reader.finish().partial,
        };
        self.case.edit(|exchange| {
            exchange.warnings.extend(parsed.warnings);
            exchange.response = Some(HttpMessage { head: parsed.head, body: empty_body(id) });
        });
    }

    fn has_head(&self) -> bool {
        self.case.edit(|exchange| exchange.response.is_some())
    }

    /// Weighs what receiving came to against what sending had come to.
    fn conclude(
        &self,
        received: Result<Head, Failure>,
        sent: Option<Result<(), Failure>>,
    ) -> Result<Head, Failure> {
        match (&received, sent) {
            (Ok(_), Some(Err(failure))) => self.case.warn(failure.to_string()),
            (Ok(_), None) => {
                let (sent, total) = self.case.edit(|exchange| {
                    let body = &exchange.request.body;
                    (body.encoded_len, body.expected.unwrap_or_default())
                });
                self.case.warn(format!(
                    "answered before the request was complete ({sent} of {total} body bytes sent)"
                ));
            }
            // Without a head the reason is that sending failed.
            (Err(_), Some(Err(failure))) if !self.has_head() => return Err(failure),
            _ => {}
        }
        received
    }

    fn no_head(&self) -> Failure {
        let wait = self.plan.head_timeout;
        let bytes = self.arrived.lock().unwrap_or_else(PoisonError::into_inner).bytes.len();
        let what = if bytes == 0 { "no response" } else { "no complete response head" };
        let cause = format!("{what} within {} s ({bytes} bytes received)", wait.as_secs_f64());
        Failure::new(Stage::Head, &*self.plan.url, FailureKind::Timeout(wait), cause)
            .hint("raise the timeout in the options, or look at what the peer waits for")
    }

    fn silent(&self, limit: std::time::Duration) -> Failure {
        let so_far = self.case.edit(|exchange| {
            let body = exchange.response.as_ref().map(|response| &response.body);
            body.map_or_else(String::new, |body| {
                failure::body_so_far(body.encoded_len, body.expected)
            })
        });
        let cause = format!("no further byte within {} s, {so_far}", limit.as_secs_f64());
        Failure::new(Stage::Body, &*self.plan.url, FailureKind::Timeout(limit), cause)
            .hint("raise the timeout in the options, or look at what the peer waits for")
    }

    /// The user stopped it.
    pub(super) fn cancelled(&self) -> Failure {
        let (stage, so_far) = self.case.edit(|exchange| match &exchange.response {
            Some(response) => {
                (Stage::Body, format!("cancelled after {} body bytes", response.body.encoded_len))
            }
            None => (Stage::Head, "cancelled before the response head".to_owned()),
        });
        refusal::cancelled(stage, &*self.plan.url, so_far)
    }

    /// The last word about this hop.
    pub(super) fn close(&self, outcome: Result<(), &Failure>) {
        if let Err(failure) = outcome {
            self.keep_partial_head();
            self.session.events.failed(self.conn, failure);
        }
        if self.case.edit(|exchange| exchange.local.is_some()) {
            let text = "closed by us";
            self.session.events.note(self.conn, Direction::Local, RecordKind::Closed, text);
        }
        self.case.close(outcome.map_err(Clone::clone));
        self.session.events.retire(self.conn);
    }
}
