//! Reads the head of a request, judges it, and finds out what is to be done with it.
//!
//! What is not to be passed on is answered by us, and nothing behind it is read as a request.

use bytes::Bytes;
use tokio::time::{Duration, Instant, timeout_at};

use super::HttpRelay;
use super::onward::OnwardConn;
use super::rewriting::Redirected;
use super::route::{self, AskedBy, Route};
use super::visitor::{Met, Next, Visitor};
use crate::codec::http1::{BodyFraming, Expected, HeadErrorKind, HeadReader, ParsedHead, Refusal};
use crate::codec::http1::{judge_onward, keeps_alive};
use crate::engine::body::BodyWriter;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::model::counts::counted;
use crate::model::exchange::{Head, HttpVersion, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fault::FaultMarks;
use crate::model::hold::Decision;
use crate::model::http_relay::HostHeader;
use crate::model::plan::OriginPlan;
use crate::model::record::{Direction, RecordKind};

/// Longest wait for the rest of a head that has begun, and for the next byte of a body.
#[cfg(not(test))]
pub(super) const STALL: Duration = Duration::from_secs(60);
/// The same for tests of this layer, which run a whole engine.
#[cfg(test)]
pub(super) const STALL: Duration = Duration::from_millis(300);

/// A request that is passed on.
pub(super) struct AskedRequest {
    pub(super) head: Head,
    pub(super) method: String,
    pub(super) framing: BodyFraming,
    pub(super) route: Route,
    /// The client allows another one on its connection.
    pub(super) keep_alive: bool,
    /// What somebody made of it, to be passed on in its place; `method` and `route` are of this.
    pub(super) instead: Option<(Head, Bytes)>,
    /// Where rules changed its head alone: that.
    pub(super) rewritten: Option<Head>,
    /// The server that a rule leads it to, and whether it is told that it is for it.
    pub(super) mapped: Option<(OriginPlan, HostHeader)>,
    /// What touched it.
    pub(super) marks: FaultMarks,
}

impl AskedRequest {
    /// One that nothing touched yet: this head, which asks with this method.
    fn of(
        (head, method): (Head, String),
        framing: BodyFraming,
        route: Route,
        keep_alive: bool,
    ) -> Self {
        let (instead, rewritten, mapped, marks) = Default::default();
        AskedRequest { head, method, framing, route, keep_alive, instead, rewritten, mapped, marks }
    }
}

/// Why there is no request: nobody is left to answer, or this is the answer.
enum NoHead {
    Gone(Failure),
    Refused(Refusal),
}

impl HttpRelay {
    /// Where a request of a client goes; `opened`: the server of the tunnel it is inside of.
    pub(super) fn route(
        &self,
        met: &Met,
        opened: Option<&OriginPlan>,
        head: &Head,
    ) -> Result<Route, Refusal> {
        let by = AskedBy {
            peer: &met.peer,
            local: met.local.as_ref(),
            has_tls: met.tls.is_some(),
            machine: &self.machine,
            name: &self.name,
        };
        match opened {
            Some(origin) => route::inside(origin, head),
            None => route::of(&self.plan.borrow(), head, &by),
        }
    }
}

impl Visitor {
    /// Serves a request that begins with these bytes.
    pub(super) async fn request(
        &mut self,
        first: Bytes,
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
    ) -> Next {
        let (parsed, outcome) = self.head(first, &recorder.target).await;
        let head = parsed.head.clone();
        self.keep(recorder, &writer, head.raw.clone()).await;
        recorder.warn_all(parsed.warnings.iter().cloned());
        recorder.edit(|exchange| {
            // Of what is not passed on, that is all there is to know.
            exchange.url = route::wanted(&head);
            exchange.request.head = head.clone();
        });
        match outcome {
            Ok(()) => {}
            Err(NoHead::Gone(why)) => {
                self.relay.session.events.broke(self.met.conn, &why);
                recorder.close(Err(why));
                return Next::Gone("closed inside a request");
            }
            Err(NoHead::Refused(refusal)) => return self.refuse(refusal, recorder).await,
        }
        let verdict = judge_onward(&parsed);
        recorder.warn_all(verdict.framing.warnings.iter().cloned());
        recorder.warn_all(verdict.marks);
        if let Some(refusal) = verdict.refusal {
            return self.refuse(refusal, recorder).await;
        }
        let (framing, keep_alive) = (verdict.framing, verdict.keep_alive);
        let route = match self.route(&head) {
            Ok(route) => route,
            Err(refusal) => return self.refuse(refusal, recorder).await,
        };
        // Known before any of it goes on, which may be held.
        let expected = framing.framing.announced();
        recorder.edit(|it| (it.url, it.request.body.expected) = (route.url.clone(), expected));
        let method = method(&head);
        let mut asked = AskedRequest::of((head, method), framing, route, keep_alive);
        if !asked.route.is_tunnel {
            match Box::pin(self.rewrite_request(&mut asked, recorder)).await {
                Redirected::No => {}
                Redirected::Answered(rule) => {
                    return self.answer_by(rule, &asked, recorder, writer).await;
                }
                Redirected::Refused(refusal) => return self.refuse(refusal, recorder).await,
            }
        }
        if asked.route.is_tunnel {
            return self.connect_through(&asked, recorder, writer).await;
        }
        if let Some(rule) = Box::pin(self.rule_for(&asked, recorder)).await {
            return self.answer_by(rule, &asked, recorder, writer).await;
        }
        match Box::pin(self.hold_request(&asked, recorder)).await {
            Err(why) => Visitor::left(recorder, why),
            Ok(None | Some(Decision::Forward)) => {
                Box::pin(self.pass_on(asked, recorder, writer)).await
            }
            Ok(Some(Decision::Drop)) => self.dropped(&asked, recorder, writer).await,
            Ok(Some(Decision::Edit(data))) => {
                Box::pin(self.pass_on_edited(asked, &data, recorder, writer)).await
            }
        }
    }

    /// Where a request goes.
    pub(super) fn route(&self, head: &Head) -> Result<Route, Refusal> {
        self.relay.route(&self.met, self.opened.as_ref(), head)
    }

    /// Reads a head as far as it comes; what came behind it is the rest of the input.
    async fn head(&mut self, mut bytes: Bytes, target: &str) -> (ParsedHead, Result<(), NoHead>) {
        let until = Instant::now() + STALL;
        let mut reader = HeadReader::new(Expected::Request);
        loop {
            match reader.push(&bytes) {
                Ok(None) => {}
                Ok(Some((used, parsed))) => {
                    self.input.rest = bytes.split_off(used);
                    return (parsed, Ok(()));
                }
                Err(error) => {
                    let status = if error.kind == HeadErrorKind::TooLarge { 431 } else { 400 };
                    let refusal = Refusal { status, why: error.message };
                    return (*error.partial, Err(NoHead::Refused(refusal)));
                }
            }
            let received = counted(reader.received().len() as u64, "byte");
            let outcome = match timeout_at(until, self.input.read()).await {
                Ok(Ok(more)) if !more.is_empty() => {
                    bytes = more;
                    continue;
                }
                Ok(Ok(_)) => None,
                Ok(Err(error)) => {
                    let so_far = format!("after {received} of the head");
                    Some(NoHead::Gone(failure::socket(Stage::Head, target, &error, &so_far)))
                }
                Err(_) => {
                    let wait = STALL.as_secs_f64();
                    let why = format!("the head was incomplete after {wait} s ({received})");
                    Some(NoHead::Refused(Refusal { status: 408, why }))
                }
            };
            let error = reader.finish();
            let outcome = outcome.unwrap_or_else(|| NoHead::Gone(failure::head(target, &error)));
            return (*error.partial, Err(outcome));
        }
    }

    /// Invites a client to send its body that waits to be (RFC 9110, section 10.1.1): who reads it before
    /// its server knows of it has to. One that is gone says so when it is read.
    pub(super) async fn invite_body(
        &mut self,
        head: &Head,
        framing: &BodyFraming,
        recorder: &ExchangeRecorder,
    ) {
        let is_new =
            !matches!(&head.start, StartLine::Request { version: HttpVersion::Http10, .. });
        let expects =
            head.field("expect").is_some_and(|it| it.eq_ignore_ascii_case(b"100-continue"));
        let waits = is_new && expects && !framing.framing.is_empty();
        if !waits || !self.input.rest.is_empty() || std::mem::replace(&mut self.is_invited, true) {
            return;
        }
        recorder.warn("the client was told by the relay to send its body (100 Continue)");
        let mut left = Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n");
        while !left.is_empty() && self.sent.write(&mut self.write, &mut left).await.is_ok() {}
        let _ = self.write.hand_over().await;
    }

    /// Keeps our copy of a head; what is passed on goes on without it.
    pub(super) async fn keep(&self, recorder: &ExchangeRecorder, to: &BodyWriter, bytes: Bytes) {
        if let Err(why) = to.wire(bytes).await {
            recorder.warn(format!("the copy of what was passed on is cut: {why}"));
        }
    }

    /// The connection a request goes over: that of the one before, or a new one.
    pub(super) async fn connected(
        &mut self,
        route: &Route,
        recorder: &ExchangeRecorder,
    ) -> Result<OnwardConn, Failure> {
        if let Some(mut kept) = self.onward.take() {
            if kept.is_good_for(&route.origin) {
                return Ok(kept);
            }
            kept.close(&self.relay, "closed: the server or the next request wants another one");
        }
        let connecting = OnwardConn::connect(&self.relay, &route.origin, &self.met, recorder);
        connecting.await
    }

    /// Answers that there is no way to the server.
    pub(super) async fn not_reached(
        &mut self,
        failure: Failure,
        recorder: &ExchangeRecorder,
    ) -> Next {
        let status = status_of(&failure);
        self.note(Direction::Local, RecordKind::Failed, failure.to_string());
        self.answer(status, &failure.to_string(), recorder, Err(failure)).await
    }

    /// Whether another request may follow this one and its answer.
    pub(super) fn goes_on(asked: &AskedRequest, answer: &Head) -> bool {
        asked.keep_alive && keeps_alive(answer)
    }
}

/// What a client is told of a server that does not answer (RFC 9110, section 15.6).
pub(super) fn status_of(failure: &Failure) -> u16 {
    match failure.kind {
        FailureKind::Timeout(_) => 504,
        // That of a way back to the relay itself (RFC 5842, section 7.2).
        FailureKind::Usage => 508,
        FailureKind::Busy => 503,
        _ => 502,
    }
}

/// The method of a request.
pub(super) fn method(head: &Head) -> String {
    match &head.start {
        StartLine::Request { method, .. } => method.clone(),
        _ => String::new(),
    }
}
