//! A request that a rule of the user's answers: it is taken in whole and goes no further.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::holding::AheadBody;
use super::received::{AskedRequest, STALL};
use super::visitor::{Next, Visitor};
use crate::codec::http1::status::has_no_content;
use crate::codec::http1::{Expected, Refusal};
use crate::engine::body::BodyWriter;
use crate::engine::http::answer::{AnswerShape, RequestFacts, shape};
use crate::engine::http::asked_rules::{AskedFor, AskedMessage, ChosenRule};
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::body_source::{BodySource, SourceError};
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::http::made_answer::{AnswerMaker, waited};
use crate::engine::http::message_writer::{MessageWriter, answer_message, shown};
use crate::model::exchange::{HttpVersion, StartLine};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::failure::{Failure, Stage};
use crate::model::record::{Direction, RecordKind};

/// Why a body did not come whole: nobody is left, or this is to be answered.
pub(super) enum Unread {
    Gone(Failure),
    Refused(Refusal),
}

impl Visitor {
    /// The rule that answers a request, whose body is read ahead for it where that is asked for.
    pub(super) async fn rule_for(
        &mut self,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
    ) -> Option<ChosenRule> {
        let rules = Arc::clone(&self.relay.asked_rules.borrow());
        let about = (&*asked.method, &*asked.route.url);
        let message = match rules.asked_for(about.0, about.1) {
            AskedFor::Path => None,
            AskedFor::Head => Some(self.asked_message(asked, None, recorder)),
            AskedFor::Body => {
                let body = match &asked.instead {
                    Some((_, instead)) => AheadBody::of(instead),
                    None => self.read_ahead(asked, recorder).await,
                };
                Some(self.asked_message(asked, Some(&body), recorder))
            }
        };
        rules.choose(about, message.as_ref(), &self.relay.memory)
    }

    fn asked_message(
        &self,
        asked: &AskedRequest,
        body: Option<&AheadBody>,
        recorder: &ExchangeRecorder,
    ) -> AskedMessage {
        let mut exchange = recorder.edit(|exchange| exchange.clone());
        exchange.request.head = asked.said().clone();
        let has_body = body.is_some_and(|body| body.is_done);
        if let Some(body) = body.filter(|body| !body.is_done) {
            let why = body.why_not_whole();
            recorder.warn(format!("rules that ask about the body were left out: its body {why}"));
        }
        let content = body.map_or(&[][..], |body| &body.content);
        let data = [&exchange.request.head.raw[..], content].concat().into();
        let exchange = ExchangeFacts::of(&exchange);
        AskedMessage { conn: self.met.info(), exchange, data, has_body }
    }

    /// Answers by a rule.
    pub(super) async fn answer_by(
        &mut self,
        rule: ChosenRule,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
    ) -> Next {
        let tasks = &self.relay.session.tasks;
        let mut body = BodyReceiver::new(writer, &asked.framing, &asked.head, tasks);
        recorder.edit(|exchange| {
            exchange.request.body = body.facts.clone();
            (exchange.rule, exchange.rule_id) = (Some(rule.plan.name()), rule.plan.id);
        });
        self.invite_body(&asked.head, &asked.framing, recorder).await;
        let read = self.take_in(&mut body, recorder).await;
        let _ = body.finish(read.is_ok(), recorder).await;
        match read {
            Ok(()) => {}
            Err(Unread::Gone(why)) => {
                self.relay.session.events.broke(self.met.conn, &why);
                recorder.close(Err(why));
                return Next::Gone("closed inside a request");
            }
            Err(Unread::Refused(refusal)) => return self.refuse(refusal, recorder).await,
        }
        let relay = self.relay.clone();
        let maker = AnswerMaker { session: &relay.session, memory: &relay.memory, recorder };
        let answer = maker.made(&rule.plan.answer, Some(&rule)).await;
        let delay = waited(&answer);
        if !delay.is_zero() {
            recorder.publish();
            sleep(delay).await;
        }
        let source = match BodySource::open(&answer.body, &self.relay.session.budget).await {
            Ok(source) => source,
            Err(SourceError::Full(why) | SourceError::Unreadable(why)) => {
                self.note(Direction::Local, RecordKind::Failed, why.clone());
                return self.refuse(Refusal { status: 500, why }, recorder).await;
            }
        };
        let is_empty = has_no_content("", answer.status);
        let source = if is_empty { BodySource::bytes(Bytes::new()) } else { source };
        let version = match &asked.head.start {
            StartLine::Request { version, .. } => *version,
            StartLine::Response { .. } | StartLine::Unknown => HttpVersion::Http10,
        };
        let facts = RequestFacts {
            method: asked.method.clone(),
            target: asked.route.url.clone(),
            version,
            keep_alive: asked.keep_alive && !self.is_stopping(),
            refusal: None,
        };
        let shape = shape(&answer, source.len(), &facts);
        self.send(shape, source, recorder).await
    }

    /// Reads a body to its end.
    pub(super) async fn take_in(
        &mut self,
        body: &mut BodyReceiver,
        recorder: &ExchangeRecorder,
    ) -> Result<(), Unread> {
        let target = &recorder.target;
        while !body.done {
            let read = timeout(STALL, self.input.read()).await.map_err(|_| {
                let why = format!("no body byte for {} s, {}", STALL.as_secs_f64(), body.so_far());
                Unread::Refused(Refusal { status: 408, why })
            })?;
            let mut bytes = read.map_err(|error| {
                Unread::Gone(failure::socket(Stage::Body, target, &error, &body.so_far()))
            })?;
            if bytes.is_empty() {
                body.closed("the client", target).map_err(Unread::Gone)?;
                return Ok(());
            }
            let (used, kept) = body.take(&bytes).await;
            if let Err(why) = kept {
                recorder.warn(format!("the copy of the request is cut: {why}"));
            }
            let used = used.map_err(|why| Unread::Refused(Refusal::bad(why)))?;
            self.input.rest = bytes.split_off(used);
            recorder.progress(&body.facts);
        }
        Ok(())
    }

    async fn send(
        &mut self,
        shape: AnswerShape,
        source: BodySource,
        recorder: &ExchangeRecorder,
    ) -> Next {
        let relay = self.relay.clone();
        let writer = relay.session.bodies.create();
        let head = shown(Expected::Response, shape.head.clone());
        let message = answer_message(&shape, head, writer.id(), source.len());
        let AnswerShape { head, has_body, chunked, keep_alive } = shape;
        recorder.edit(|exchange| exchange.response = Some(message));
        let ends = async {
            let outgoing = MessageWriter {
                recorder,
                tap: &mut self.sent,
                writer,
                what: "bytes of the answer",
                chunked,
                report: &|_, _| {},
            };
            let sent = outgoing.send(&mut self.write, head, has_body.then_some(source)).await;
            relay.check(recorder, sent.as_ref().map(drop).map_err(drop)).await;
            (sent.is_ok(), recorder.closed(sent))
        };
        let is_sent = relay.endings.told(&relay.session.events, ends).await;
        if is_sent && keep_alive {
            Next::Request
        } else if is_sent {
            Next::Close("closed after the answer")
        } else {
            Next::Gone("closed")
        }
    }
}
