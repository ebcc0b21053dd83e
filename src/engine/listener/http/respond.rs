//! Writes answers: the rule's, or our own to what cannot be served.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::answer::{AnswerShape, Asked, choose, shape};
use super::connection::{AfterRequest, HttpConnection};
use super::request::ReceivedRequest;
use crate::codec::http1::{Expected, HeadReader};
use crate::engine::http::body_receiver::Fault;
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_message};
use crate::engine::http::failure;
use crate::engine::http::message_writer::{MessageWriter, OutgoingMessage, WrittenBytes};
use crate::engine::http::source::BodySource;
use crate::engine::transport::stream::Stream;
use crate::model::exchange::{BodyFacts, Head, HttpMessage, MessageFraming};
use crate::model::failure::Failure;
use crate::model::plan::{AnswerPlan, PlanBody};

impl HttpConnection {
    /// Answers a request and closes its exchange.
    pub(super) async fn respond(
        &mut self,
        stream: &mut Stream,
        request: ReceivedRequest,
    ) -> AfterRequest {
        let recorder = &*request.recorder;
        let answer = self.answer(&request);
        if !answer.delay.is_zero() {
            recorder.publish();
            sleep(answer.delay).await;
        }
        let (answer, source) = self.open(answer, recorder).await;
        let keep_alive = request.keep_alive && !self.is_stopping();
        let ReceivedRequest { method, version, .. } = &request;
        let shape = shape(&answer, source.len(), Asked { method, version: *version, keep_alive });
        let next = if shape.keep_alive { AfterRequest::Request } else { AfterRequest::Close };
        let began = recorder.elapsed();
        let outcome = self.send(stream, &request, shape, source).await;
        recorder.edit(|exchange| {
            exchange.timing.send = Some(recorder.elapsed().saturating_sub(began));
        });
        match outcome {
            Ok(()) => {
                recorder.close(Ok(()));
                next
            }
            Err(failure) => {
                recorder.close(Err(failure));
                AfterRequest::Close
            }
        }
    }

    fn answer(&self, request: &ReceivedRequest) -> AnswerPlan {
        match &request.refusal {
            None => choose(&self.listener.plan(), &request.method, &request.target).clone(),
            Some(refusal) => {
                let status = refusal.status;
                request.recorder.warn(format!("{}; answered {status}", refusal.why));
                text(status, &refusal.why)
            }
        }
    }

    /// The body of an answer; a file that cannot be read becomes a 500 that says so.
    async fn open(
        &self,
        answer: AnswerPlan,
        recorder: &ExchangeRecorder,
    ) -> (AnswerPlan, BodySource) {
        let why = match BodySource::open(&answer.body).await {
            Ok(source) => return (answer, source),
            Err(why) => why,
        };
        recorder.warn(format!("{why}; answered 500"));
        let answer = text(500, &why);
        let source = match &answer.body {
            PlanBody::Bytes(bytes) => BodySource::bytes(bytes.clone()),
            PlanBody::File(_) | PlanBody::Multipart { .. } => BodySource::bytes(Bytes::new()),
        };
        (answer, source)
    }

    async fn send(
        &mut self,
        stream: &mut Stream,
        request: &ReceivedRequest,
        shape: AnswerShape,
        source: BodySource,
    ) -> Result<(), Failure> {
        let writer = self.listener.session.bodies.create();
        let mut message = empty_message(writer.id());
        message.head = parse(&shape.head);
        message.body.framing = framing(&shape, source.len());
        message.body.expected = shape.has_body.then_some(source.len());
        let (recorder, target) = (&*request.recorder, self.target());
        if let Some(interim) = &request.interim {
            writer.wire(interim.clone()).await.map_err(|why| {
                failure::body(&target, &Fault::Storage(why.to_string()), "before the answer")
            })?;
            recorder.edit(|exchange| exchange.interim.push(parse(interim)));
        }
        recorder.edit(|exchange| exchange.response = Some(message));
        let edit = |change: &dyn Fn(&mut BodyFacts)| {
            recorder.edit(|exchange| {
                if let Some(HttpMessage { body, .. }) = &mut exchange.response {
                    change(body);
                }
            });
        };
        let outgoing = MessageWriter {
            tap: &mut self.sent,
            writer,
            target: &target,
            what: "bytes of the answer",
            report: |written: WrittenBytes| {
                edit(&|body| (body.encoded_len, body.decoded_len) = (written.body, written.body));
            },
        };
        let body = shape.has_body.then_some(source);
        let message = OutgoingMessage { head: shape.head.into(), body, chunked: shape.chunked };
        let outcome = outgoing.send(stream, message).await;
        edit(&|body| body.complete = outcome.is_ok());
        outcome
    }
}

fn framing(shape: &AnswerShape, len: u64) -> MessageFraming {
    match (shape.has_body, shape.chunked) {
        (false, _) => MessageFraming::None,
        (true, true) => MessageFraming::Chunked,
        (true, false) => MessageFraming::Length(len),
    }
}

/// A head of ours as the exchange shows it.
fn parse(head: &[u8]) -> Head {
    match HeadReader::new(Expected::Response).push(head) {
        Ok(Some((_, parsed))) => parsed.head,
        _ => Head { raw: Bytes::copy_from_slice(head), ..Head::default() },
    }
}

/// A plain text answer of our own.
fn text(status: u16, why: &str) -> AnswerPlan {
    AnswerPlan {
        status,
        headers: vec![("Content-Type".into(), "text/plain; charset=utf-8".into())],
        body: PlanBody::Bytes(format!("{why}\n").into()),
        delay: Duration::ZERO,
    }
}
