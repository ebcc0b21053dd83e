//! Writes answers: the rule's, or our own to what cannot be served.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::connection::{HttpConnection, RunningAnswers};
use crate::codec::event_stream::is_event_stream;
use crate::codec::http1::status::has_no_content;
use crate::engine::accept::AcceptedConn;
use crate::engine::http::answer::{AnswerShape, RequestFacts, shape};
use crate::engine::http::asked_rules::{AskedFor, ChosenRule};
use crate::engine::http::body_source::{BodySource, SourceError};
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::faulted_answer;
use crate::engine::http::faulted_write::FaultedWrite;
use crate::engine::http::made_answer::{AnswerMaker, waited};
use crate::engine::http::message_writer::{Drip, MessageWriter, answer_message};
use crate::engine::refusal;
use crate::model::exchange::MessageFraming;
use crate::model::failure::{Failure, Stage};
use crate::model::fault::FaultMarks;
use crate::model::http_answer::{AnswerFault, AnswerMore};
use crate::model::plan::{AnswerPlan, HttpListenerPlan, OTHERWISE, PlanBody};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};

impl HttpConnection {
    /// Answers a request and closes its exchange; says whether another one may follow.
    pub(super) async fn respond(
        &mut self,
        mut asked: RequestFacts,
        recorder: &ExchangeRecorder,
    ) -> bool {
        let running = Arc::clone(&self.listener.plan.borrow());
        let handshake = self.handshake(&asked, recorder);
        let rule = match &handshake {
            Some(_) => None,
            None => self.chosen(&running, &asked, recorder).await,
        };
        let of = (rule.as_ref(), recorder);
        let mocked = match handshake {
            Some(answer) => Some(answer),
            None => self.mocked(&running.plan, &asked, of).await,
        };
        let answer = match mocked {
            Some(answer) => Cow::Owned(answer),
            None => self.answer(&running.plan, &asked, of).await,
        };
        let delay = waited(&answer);
        if !delay.is_zero() {
            recorder.publish();
            sleep(delay).await;
        }
        let (answer, source) = self.opened(answer, recorder).await;
        asked.keep_alive &= !self.is_stopping();
        let fault = answer.more.fault;
        let drip = drip(&answer);
        let (shape, source) = self.shaped(answer, source, (&asked, recorder)).await;
        let keep_alive = shape.keep_alive;
        let began = recorder.elapsed();
        let listener = self.listener.clone();
        let ends = async {
            let (outcome, ended) = self.send((shape, fault), (source, drip), recorder).await;
            recorder.edit(|exchange| {
                exchange.timing.send = Some(recorder.elapsed().saturating_sub(began));
            });
            let (bodies, whole) =
                (&listener.session.bodies, outcome.as_ref().map_err(drop).copied());
            listener.contract.check(recorder, bodies, whole, false).await;
            if outcome.is_err() {
                self.agreed = None;
            }
            ((keep_alive && outcome.is_ok(), ended), recorder.taken_out(outcome))
        };
        let (go_on, ended) = listener.endings.told(&listener.session.events, ends).await;
        if ended {
            self.ended_by(fault).await;
        }
        go_on && !ended
    }

    /// The body of an answer; what cannot be read is answered with why.
    async fn opened<'a>(
        &self,
        answer: Cow<'a, AnswerPlan>,
        recorder: &ExchangeRecorder,
    ) -> (Cow<'a, AnswerPlan>, BodySource) {
        let unopened = match BodySource::open(&answer.body, &self.listener.session.budget).await {
            Ok(source) if has_no_content("", answer.status) && source.len() > 0 => {
                let status = answer.status;
                recorder
                    .warn(format!("the body of the rule is not sent: a {status} has no content"));
                return (answer, BodySource::bytes(Bytes::new()));
            }
            Ok(source) => return (answer, source),
            Err(unopened) => unopened,
        };
        let (status, why) = match unopened {
            SourceError::Full(why) => (503, why),
            SourceError::Unreadable(why) => (500, why),
        };
        self.note(Direction::Local, RecordKind::Failed, why.clone());
        let answer = Cow::Owned(self.maker(recorder).own(status, &why, None));
        (answer, BodySource::bytes(format!("{why}\n").into()))
    }

    /// The head of an answer, and how both go out; a fault on purpose is told before.
    async fn shaped(
        &self,
        mut answer: Cow<'_, AnswerPlan>,
        source: BodySource,
        (asked, recorder): (&RequestFacts, &ExchangeRecorder),
    ) -> (AnswerShape, BodySource) {
        let fault = answer.more.fault;
        let Some(mark) = fault.mark() else {
            return (shape(&answer, source.len(), asked), source);
        };
        faulted_answer::with_headers(answer.to_mut(), source.len());
        let shape = shape(&answer, source.len(), asked);
        let mut marks = FaultMarks::default();
        marks.insert(mark);
        let text = format!("on purpose: {}", fault.words());
        recorder.warn(text.clone());
        recorder.edit(|exchange| exchange.touched.response = marks);
        self.listener.session.events.note_touched(self.accepted.conn, &text, marks);
        let (head, has_body) = (shape.clone(), shape.has_body);
        match faulted_answer::message(fault, shape, source).await {
            Ok(made) => made,
            Err(error) => {
                recorder.warn(format!("the body file could not be read to its end: {error}"));
                let none = BodySource::bytes(Bytes::new());
                (AnswerShape { keep_alive: false, has_body, ..head }, none)
            }
        }
    }

    /// The connection is over as the fault of an answer wants it.
    async fn ended_by(&mut self, fault: AnswerFault) {
        match fault {
            AnswerFault::Reset(_) => self.reset_on_purpose().await,
            AnswerFault::Stall(_) => self.until_left().await,
            _ => {}
        }
    }

    /// The rule that answers, whose turn it is.
    async fn chosen(
        &self,
        running: &RunningAnswers,
        asked: &RequestFacts,
        recorder: &ExchangeRecorder,
    ) -> Option<ChosenRule> {
        if asked.refusal.is_some() {
            return None;
        }
        let asked_for = running.rules.asked_for(&asked.method, &asked.target);
        let message = match asked_for {
            AskedFor::Path => None,
            AskedFor::Head | AskedFor::Body => {
                let AcceptedConn { conn, peer, local, tls, .. } = &self.accepted;
                let conn = ConnInfo {
                    local: local.clone(),
                    peer: Some(peer.clone()),
                    tls: tls.is_some(),
                    ..ConnInfo::new(*conn, Protocol::Http, Side::Listener)
                };
                Some(self.maker(recorder).message(conn, asked_for).await)
            }
        };
        let about = (&*asked.method, &*asked.target);
        running.rules.choose(about, message.as_ref(), &self.listener.memory)
    }

    /// What makes answers of a request.
    pub(super) fn maker<'a>(&'a self, recorder: &'a ExchangeRecorder) -> AnswerMaker<'a> {
        AnswerMaker { session: &self.listener.session, memory: &self.listener.memory, recorder }
    }

    /// What the contract answers in place of a server, where it does and no rule is there for the request.
    async fn mocked(
        &self,
        plan: &HttpListenerPlan,
        asked: &RequestFacts,
        (rule, recorder): (Option<&ChosenRule>, &ExchangeRecorder),
    ) -> Option<AnswerPlan> {
        if !plan.mocks || asked.refusal.is_some() || rule.is_some() {
            return None;
        }
        let listener = &self.listener;
        match listener.contract.answer(recorder, &listener.session.bodies).await? {
            Ok(mock) => {
                let name = format!("contract {}", mock.operation);
                recorder.edit(|exchange| {
                    exchange.rule = Some(name.trim_end().to_owned());
                    exchange.contract = mock.facts.map(Arc::new);
                });
                let (status, headers) = (mock.status, mock.headers);
                let (body, more) = (PlanBody::Bytes(mock.body.into()), AnswerMore::default());
                Some(AnswerPlan { status, headers, body, delay: Duration::ZERO, more })
            }
            Err(failure) => {
                self.note(Direction::Local, RecordKind::Failed, failure.cause.clone());
                Some(self.maker(recorder).own(500, &failure.cause, None))
            }
        }
    }

    /// What to answer: what the rules say, or why the request is not served.
    async fn answer<'a>(
        &self,
        plan: &'a HttpListenerPlan,
        asked: &RequestFacts,
        (rule, recorder): (Option<&'a ChosenRule>, &ExchangeRecorder),
    ) -> Cow<'a, AnswerPlan> {
        if let Some(refusal) = &asked.refusal {
            let kind = match refusal.status {
                // It is we who cannot.
                413 | 507 => RecordKind::Failed,
                _ => RecordKind::Note,
            };
            self.note(Direction::Local, kind, refusal.why.clone());
            return Cow::Owned(self.maker(recorder).own(refusal.status, &refusal.why, None));
        }
        let name = rule.map_or_else(|| OTHERWISE.to_owned(), |rule| rule.plan.name());
        let id = rule.map_or(0, |rule| rule.plan.id);
        recorder.edit(|exchange| (exchange.rule, exchange.rule_id) = (Some(name), id));
        let answer = rule.map_or(&plan.answer, |rule| &rule.plan.answer);
        self.maker(recorder).made(answer, rule).await
    }

    /// Writes an answer; tells also whether its fault ended it, which is no failure of ours.
    async fn send(
        &mut self,
        (shape, fault): (AnswerShape, AnswerFault),
        source: (BodySource, Option<Drip>),
        recorder: &ExchangeRecorder,
    ) -> (Result<(), Failure>, bool) {
        let Some(at) = fault.ends_behind() else {
            return (self.written((shape, fault), source, recorder).await.0, false);
        };
        let (sent, is_at_end) = match at {
            0 => (Ok(()), true),
            _ => self.written((shape, fault), source, recorder).await,
        };
        if !is_at_end {
            if sent.is_ok() {
                recorder.warn("the fault did not come: the answer is shorter");
            }
            return (sent, false);
        }
        let cause = format!("on purpose: {}", fault.words());
        (Err(refusal::cancelled(Stage::Send, &*recorder.target, cause)), true)
    }

    /// Writes it; tells also whether its fault ended it.
    async fn written(
        &mut self,
        (shape, fault): (AnswerShape, AnswerFault),
        (source, drip): (BodySource, Option<Drip>),
        recorder: &ExchangeRecorder,
    ) -> (Result<(), Failure>, bool) {
        let writer = self.listener.session.bodies.create();
        let shown = self.answered.shown(&shape.head);
        let mut message = answer_message(&shape, shown, writer.id(), source.len());
        if let AnswerFault::BadChunk(_) = fault {
            message.body.framing = MessageFraming::Chunked;
        }
        let AnswerShape { head, has_body, chunked, .. } = shape;
        let interim = recorder.edit(|exchange| {
            exchange.response = Some(message);
            exchange.interim.first().map(|head| head.raw.clone())
        });
        if let Some(interim) = interim {
            let kept = recorder.keep(&writer, interim, "before the answer").await;
            if kept.is_err() {
                return (kept, false);
            }
        }
        let is_plain = has_body && !chunked && drip.is_none();
        let joined = is_plain.then(|| self.answered.joined(&head, source.in_memory()?)).flatten();
        let (mut stream, tap) = self.paced();
        let outgoing = MessageWriter {
            recorder,
            tap,
            writer,
            what: "bytes of the answer",
            chunked,
            report: &|_, _| {},
        };
        let drip = drip.filter(|_| has_body);
        if fault != AnswerFault::None {
            let mut stream = FaultedWrite::new(stream, fault);
            let sent = match drip {
                Some(drip) => outgoing.send_dripping(&mut stream, head, (source, drip)).await,
                None => outgoing.send(&mut stream, head, has_body.then_some(source)).await,
            };
            return (sent, stream.is_at_end());
        }
        let sent = match (joined, drip) {
            (_, Some(drip)) => outgoing.send_dripping(&mut stream, head, (source, drip)).await,
            (Some(message), None) => {
                outgoing.send_joined(&mut stream, head.len() as u64, message).await
            }
            (None, None) => outgoing.send(&mut stream, head, has_body.then_some(source)).await,
        };
        (sent, false)
    }
}

/// How the body of an answer goes out, where not as a whole.
fn drip(answer: &AnswerPlan) -> Option<Drip> {
    let mut kinds =
        answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let by_event = kinds.any(|(_, kind)| is_event_stream(kind.as_bytes()));
    let every = answer.more.every;
    (!every.is_zero()).then_some(Drip { every, by_event })
}
