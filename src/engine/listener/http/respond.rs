//! Writes answers: the rule's, or our own to what cannot be served.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::connection::HttpConnection;
use crate::codec::event_stream::is_event_stream;
use crate::codec::http1::status::has_no_content;
use crate::engine::http::answer::{AnswerShape, RequestFacts, choose, fitting, shape};
use crate::engine::http::body_source::{BodySource, SourceError};
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::message_writer::{Drip, MessageWriter, answer_message};
use crate::model::failure::Failure;
use crate::model::plan::{AnswerPlan, HttpListenerPlan, HttpRulePlan, OTHERWISE, PlanBody};
use crate::model::record::{Direction, RecordKind};

impl HttpConnection {
    /// Answers a request and closes its exchange; says whether another one may follow.
    pub(super) async fn respond(
        &mut self,
        mut asked: RequestFacts,
        recorder: &ExchangeRecorder,
    ) -> bool {
        let plan = Arc::clone(&self.listener.plan.borrow());
        let answer = match self.handshake(&asked, recorder) {
            Some(answer) => Cow::Owned(answer),
            None => match self.mocked(&plan, &asked, recorder).await {
                Some(answer) => Cow::Owned(answer),
                None => self.answer(&plan, &asked, recorder),
            },
        };
        if !answer.delay.is_zero() {
            recorder.publish();
            sleep(answer.delay).await;
        }
        let opened = BodySource::open(&answer.body, &self.listener.session.budget).await;
        let (answer, source) = match opened {
            Ok(source) => (answer, source),
            Err(unopened) => {
                let (status, why) = match unopened {
                    SourceError::Full(why) => (503, why),
                    SourceError::Unreadable(why) => (500, why),
                };
                self.note(Direction::Local, RecordKind::Failed, why.clone());
                let answer = Cow::Owned(own_answer(status, &why, recorder));
                (answer, BodySource::bytes(format!("{why}\n").into()))
            }
        };
        let source = if has_no_content("", answer.status) && source.len() > 0 {
            let status = answer.status;
            recorder.warn(format!("the body of the rule is not sent: a {status} has no content"));
            BodySource::bytes(Bytes::new())
        } else {
            source
        };
        asked.keep_alive &= !self.is_stopping();
        let shape = shape(&answer, source.len(), &asked);
        let drip = drip(&answer);
        let keep_alive = shape.keep_alive;
        let began = recorder.elapsed();
        let listener = self.listener.clone();
        let ends = async {
            let outcome = self.send(shape, (source, drip), recorder).await;
            recorder.edit(|exchange| {
                exchange.timing.send = Some(recorder.elapsed().saturating_sub(began));
            });
            let (bodies, ended) =
                (&listener.session.bodies, outcome.as_ref().map_err(drop).copied());
            listener.contract.check(recorder, bodies, ended, false).await;
            if outcome.is_err() {
                self.agreed = None;
            }
            (keep_alive && outcome.is_ok(), recorder.taken_out(outcome))
        };
        listener.endings.told(&listener.session.events, ends).await
    }

    /// What the contract answers in place of a server, where it does and no rule is there for the request.
    async fn mocked(
        &self,
        plan: &HttpListenerPlan,
        asked: &RequestFacts,
        recorder: &ExchangeRecorder,
    ) -> Option<AnswerPlan> {
        let is_ruled = fitting(&plan.rules, &asked.method, &asked.target).is_some();
        if !plan.mocks || asked.refusal.is_some() || is_ruled {
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
                let body = PlanBody::Bytes(mock.body.into());
                Some(AnswerPlan {
                    status,
                    headers,
                    body,
                    delay: Duration::ZERO,
                    every: Duration::ZERO,
                })
            }
            Err(failure) => {
                self.note(Direction::Local, RecordKind::Failed, failure.cause.clone());
                Some(own_answer(500, &failure.cause, recorder))
            }
        }
    }

    /// What to answer: what the rules say, or why the request is not served.
    fn answer<'a>(
        &self,
        plan: &'a HttpListenerPlan,
        asked: &RequestFacts,
        recorder: &ExchangeRecorder,
    ) -> Cow<'a, AnswerPlan> {
        if let Some(refusal) = &asked.refusal {
            let kind = match refusal.status {
                // It is we who cannot.
                413 | 507 => RecordKind::Failed,
                _ => RecordKind::Note,
            };
            self.note(Direction::Local, kind, refusal.why.clone());
            return Cow::Owned(own_answer(refusal.status, &refusal.why, recorder));
        }
        let turns = &self.listener.turns;
        let (answer, rule) = choose(plan, &asked.method, &asked.target, turns);
        let name = rule.map_or_else(|| OTHERWISE.to_owned(), HttpRulePlan::name);
        let id = rule.map_or(0, |rule| rule.id);
        recorder.edit(|exchange| (exchange.rule, exchange.rule_id) = (Some(name), id));
        Cow::Borrowed(answer)
    }

    async fn send(
        &mut self,
        shape: AnswerShape,
        (source, drip): (BodySource, Option<Drip>),
        recorder: &ExchangeRecorder,
    ) -> Result<(), Failure> {
        let writer = self.listener.session.bodies.create();
        let shown = self.answered.shown(&shape.head);
        let message = answer_message(&shape, shown, writer.id(), source.len());
        let AnswerShape { head, has_body, chunked, .. } = shape;
        let interim = recorder.edit(|exchange| {
            exchange.response = Some(message);
            exchange.interim.first().map(|head| head.raw.clone())
        });
        if let Some(interim) = interim {
            recorder.keep(&writer, interim, "before the answer").await?;
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
        match (joined, drip.filter(|_| has_body)) {
            (_, Some(drip)) => outgoing.send_dripping(&mut stream, head, (source, drip)).await,
            (Some(message), None) => {
                outgoing.send_joined(&mut stream, head.len() as u64, message).await
            }
            (None, None) => outgoing.send(&mut stream, head, has_body.then_some(source)).await,
        }
    }
}

/// How the body of an answer goes out, where not as a whole.
fn drip(answer: &AnswerPlan) -> Option<Drip> {
    let mut kinds =
        answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let by_event = kinds.any(|(_, kind)| is_event_stream(kind.as_bytes()));
    (!answer.every.is_zero()).then_some(Drip { every: answer.every, by_event })
}

/// A plain text answer of our own, and the warning that it is one.
pub(super) fn own_answer(status: u16, why: &str, recorder: &ExchangeRecorder) -> AnswerPlan {
    recorder.warn(format!("{why}; answered {status}"));
    AnswerPlan {
        status,
        headers: vec![("Content-Type".into(), "text/plain; charset=utf-8".into())],
        body: PlanBody::Bytes(format!("{why}\n").into()),
        delay: Duration::ZERO,
        every: Duration::ZERO,
    }
}
