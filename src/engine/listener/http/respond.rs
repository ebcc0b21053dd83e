//! Writes answers: the rule's, or our own to what cannot be served.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use super::answer::{AnswerShape, Asked, choose, shape};
use super::connection::{AfterRequest, HttpConnection};
use super::request::ReceivedRequest;
use crate::codec::http1::write::{chunk, last_chunk};
use crate::codec::http1::{Expected, HeadReader};
use crate::engine::body::{BodyWriter, DecodedBytes};
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_message};
use crate::engine::http::failure;
use crate::engine::http::source::BodySource;
use crate::engine::transport::stream::Stream;
use crate::model::exchange::{Head, HttpMessage, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{AnswerPlan, PlanBody};

/// A body up to this size goes out in one write with the head.
const WITH_HEAD: u64 = 64 * 1024;

/// An answer on its way out.
struct OutgoingAnswer {
    writer: BodyWriter,
    /// Bytes before the body on the wire, interim responses included.
    start: u64,
    shape: AnswerShape,
    source: BodySource,
    sent: u64,
}

impl HttpConnection {
    /// Answers a request and closes its exchange.
    pub(super) async fn respond(
        &mut self,
        stream: &mut Stream,
        request: ReceivedRequest,
    ) -> AfterRequest {
        let case = &*request.case;
        let answer = self.answer(&request);
        if !answer.delay.is_zero() {
            case.publish();
            sleep(answer.delay).await;
        }
        let (answer, source) = self.open(answer, case).await;
        let keep_alive = request.keep_alive && !self.is_stopping();
        let ReceivedRequest { method, version, .. } = &request;
        let shape = shape(&answer, source.len(), Asked { method, version: *version, keep_alive });
        let next = if shape.keep_alive { AfterRequest::Request } else { AfterRequest::Close };
        let began = case.elapsed();
        let outcome = self.send(stream, &request, shape, source).await;
        case.edit(|exchange| {
            exchange.timing.send = Some(case.elapsed().saturating_sub(began));
        });
        match outcome {
            Ok(()) => {
                case.close(Ok(()));
                next
            }
            Err(failure) => {
                case.close(Err(failure));
                AfterRequest::Close
            }
        }
    }

    fn answer(&self, request: &ReceivedRequest) -> AnswerPlan {
        match &request.refusal {
            None => choose(&self.listener.plan(), &request.method, &request.target).clone(),
            Some(refusal) => {
                let status = refusal.status;
                request.case.warn(format!("{}; answered {status}", refusal.why));
                text(status, &refusal.why)
            }
        }
    }

    /// The body of an answer; a file that cannot be read becomes a 500 that says so.
    async fn open(&self, answer: AnswerPlan, case: &ExchangeRecorder) -> (AnswerPlan, BodySource) {
        let why = match BodySource::open(&answer.body).await {
            Ok(source) => return (answer, source),
            Err(why) => why,
        };
        case.warn(format!("{why}; answered 500"));
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
        let case = &*request.case;
        let mut start = shape.head.len() as u64;
        if let Some(interim) = &request.interim {
            start += interim.len() as u64;
            keep(&writer, interim.clone(), &self.target()).await?;
            case.edit(|exchange| exchange.interim.push(parse(interim)));
        }
        let decoded = if shape.chunked { DecodedBytes::Separate } else { DecodedBytes::OnTheWire };
        writer.body_starts(start, decoded);
        case.edit(|exchange| exchange.response = Some(message));
        let mut outgoing = OutgoingAnswer { writer, start, shape, source, sent: 0 };
        let outcome = self.write_all(stream, &mut outgoing, case).await;
        let OutgoingAnswer { writer, .. } = outgoing;
        writer.finish().await;
        case.edit(|exchange| {
            if let Some(HttpMessage { body, .. }) = &mut exchange.response {
                body.complete = outcome.is_ok();
            }
        });
        outcome
    }

    async fn write_all(
        &mut self,
        stream: &mut Stream,
        out: &mut OutgoingAnswer,
        case: &ExchangeRecorder,
    ) -> Result<(), Failure> {
        let head = Bytes::from(std::mem::take(&mut out.shape.head));
        if !out.shape.has_body {
            self.write(stream, out, head).await?;
            return self.flush(stream, out).await;
        }
        let mut waiting = BytesMut::from(&head[..]);
        let small = out.source.len() <= WITH_HEAD;
        loop {
            let piece = out.source.next().await.map_err(|error| {
                let why = format!("the body file could not be read to its end: {error}");
                Failure::new(Stage::Send, self.target(), FailureKind::Io, why)
            })?;
            let is_last = piece.is_empty();
            let wire = match (out.shape.chunked, is_last) {
                (false, _) => piece.clone(),
                (true, false) => chunk(&piece).into(),
                (true, true) => last_chunk(&[]).into(),
            };
            if out.shape.chunked {
                let kept = out.writer.decoded(piece.clone()).await;
                kept.map_err(|why| storage(&self.target(), &why))?;
            }
            if waiting.is_empty() {
                self.write(stream, out, wire).await?;
            } else {
                waiting.extend_from_slice(&wire);
                if is_last || !small {
                    let both = waiting.split().freeze();
                    self.write(stream, out, both).await?;
                }
            }
            case.edit(|exchange| {
                if let Some(HttpMessage { body, .. }) = &mut exchange.response {
                    body.encoded_len += piece.len() as u64;
                    body.decoded_len = body.encoded_len;
                }
            });
            if is_last {
                return self.flush(stream, out).await;
            }
        }
    }

    async fn write(
        &mut self,
        stream: &mut Stream,
        out: &mut OutgoingAnswer,
        mut bytes: Bytes,
    ) -> Result<(), Failure> {
        while !bytes.is_empty() {
            self.sent.ready().await;
            let (count, moment) = self.sent.timed(stream.write(&bytes)).await;
            let count = match count {
                Ok(0) => return Err(self.broke(out, &io::ErrorKind::BrokenPipe.into())),
                Ok(count) => count,
                Err(error) => return Err(self.broke(out, &error)),
            };
            let part = bytes.split_to(count);
            self.sent.sent(&part, moment);
            out.sent += part.len() as u64;
            keep(&out.writer, part, &self.target()).await?;
        }
        Ok(())
    }

    async fn flush(&self, stream: &mut Stream, out: &OutgoingAnswer) -> Result<(), Failure> {
        stream.flush().await.map_err(|error| self.broke(out, &error))
    }

    fn broke(&self, out: &OutgoingAnswer, error: &io::Error) -> Failure {
        let total = out.start + out.source.len();
        let so_far = format!("after {} of about {total} bytes of the answer", out.sent);
        failure::socket(Stage::Send, &self.target(), error, &so_far)
    }
}

async fn keep(writer: &BodyWriter, bytes: Bytes, target: &str) -> Result<(), Failure> {
    writer.wire(bytes).await.map_err(|why| storage(target, &why))
}

fn storage(target: &str, why: &str) -> Failure {
    Failure::new(Stage::Storage, target, FailureKind::Io, why)
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
