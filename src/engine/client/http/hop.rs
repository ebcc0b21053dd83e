//! What the two directions of one hop share: the exchange that tells about it, and what has
//! arrived so far.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::time::Instant as TokioInstant;

use super::request;
use crate::codec::http1::{Expected, HeadReader, request_framing};
use crate::engine::body::BodyWriter;
use crate::engine::clock;
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_body, empty_message};
use crate::engine::http::failure;
use crate::engine::http::source::BodySource;
use crate::engine::session::SessionHandle;
use crate::engine::transport::dial::ConnectFacts;
use crate::model::endpoint::Endpoint;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, ConnId};
use crate::model::plan::HttpPlan;
use crate::model::protocol::Side;
use crate::model::record::{Direction, RecordKind};
use crate::model::timing::Timing;
use crate::model::tls::ClientTls;

/// One hop of a client session.
pub(super) struct Hop<'a> {
    pub(super) plan: &'a HttpPlan,
    pub(super) session: &'a SessionHandle,
    pub(super) conn: ConnId,
    pub(super) recorder: ExchangeRecorder,
    pub(super) endpoint: Endpoint,
    pub(super) tls: ClientTls,
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
        let recorder = ExchangeRecorder::new(exchange, session.events.clone(), Instant::now());
        let (arrived, waiting) = (Mutex::default(), Mutex::default());
        Ok((Hop { plan, session, conn, recorder, endpoint, tls, arrived, waiting }, writer))
    }

    /// Puts the request into the exchange before it goes out.
    pub(super) fn announce(&self, head: &[u8], source: &BodySource) {
        let parsed = HeadReader::new(Expected::Request).push(head);
        let Ok(Some((_, parsed))) = parsed else { return };
        self.recorder.edit(|exchange| {
            let body = &mut exchange.request.body;
            body.framing = request_framing(&parsed.head).framing;
            if body.framing == MessageFraming::None && source.len() > 0 {
                body.framing = MessageFraming::Length(source.len());
            }
            body.expected = (body.framing != MessageFraming::None).then_some(source.len());
            exchange.request.head = parsed.head;
        });
    }

    /// What was learnt while connecting goes into the exchange.
    pub(super) fn learn(&self, facts: &ConnectFacts) {
        self.recorder.edit(|exchange| {
            exchange.timing.lookup = facts.lookup;
            exchange.timing.connect = facts.connect;
            exchange.timing.tls = facts.tls;
            exchange.local = facts.local;
            exchange.peer = facts.peer;
            exchange.tls.clone_from(&facts.tls_facts);
        });
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
        self.recorder.edit(|exchange| {
            exchange.warnings.extend(parsed.warnings);
            exchange.response = Some(HttpMessage { head: parsed.head, body: empty_body(id) });
        });
    }

    /// The head of the response is in.
    pub(super) fn has_head(&self) -> bool {
        self.recorder.edit(|exchange| exchange.response.is_some())
    }

    /// When to look again whether the body still moves; a peer that was silent for as long as the
    /// head may take is given up.
    pub(super) fn next_look(&self) -> Result<TokioInstant, Failure> {
        let limit = self.plan.head_timeout;
        let waiting = *self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = TokioInstant::now();
        let next = waiting.unwrap_or(now) + limit;
        if next > now { Ok(next) } else { Err(self.silent(limit)) }
    }

    /// No head came in time.
    pub(super) fn no_head(&self) -> Failure {
        let wait = self.plan.head_timeout;
        let bytes = self.arrived.lock().unwrap_or_else(PoisonError::into_inner).bytes.len();
        let what = if bytes == 0 { "no response" } else { "no complete response head" };
        let cause = format!("{what} within {} s ({bytes} bytes received)", wait.as_secs_f64());
        Failure::new(Stage::Head, &*self.plan.url, FailureKind::Timeout(wait), cause)
            .hint("raise the timeout in the options, or look at what the peer waits for")
    }

    fn silent(&self, limit: Duration) -> Failure {
        let so_far = self.recorder.edit(|exchange| {
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
        let (stage, so_far) = self.recorder.edit(|exchange| match &exchange.response {
            Some(response) => {
                (Stage::Body, format!("cancelled after {} body bytes", response.body.encoded_len))
            }
            None => (Stage::Head, "cancelled before the response head".to_owned()),
        });
        Failure::new(stage, &*self.plan.url, FailureKind::Cancelled, so_far)
    }

    /// The last word about this hop.
    pub(super) fn close(&self, outcome: Result<(), &Failure>) {
        if let Err(failure) = outcome {
            self.keep_partial_head();
            self.session.events.failed(self.conn, failure);
        }
        if self.recorder.edit(|exchange| exchange.local.is_some()) {
            let text = "closed by us";
            self.session.events.note(self.conn, Direction::Local, RecordKind::Closed, text);
        }
        self.recorder.close(outcome.map_err(Clone::clone));
        self.session.events.retire(self.conn);
    }
}
