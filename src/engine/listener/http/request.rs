//! Reads one request: head, perhaps `100 Continue`, body.
//!
//! Called by the connection for every request. `Err` means that there is nobody left to answer; a
//! request that cannot be served comes with the refusal to answer instead.

use std::sync::Arc;
use std::time::Instant;

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant as TokioInstant, timeout, timeout_at};

use crate::codec::http1::{
    Expected, HeadError, HeadErrorKind, HeadReader, ParsedHead, content_codings, keeps_alive,
    request_framing,
};
use crate::codec::printable::printable;
use crate::engine::body::BodyWriter;
use crate::engine::clock;
use crate::engine::http::body_receiver::{BodyEnd, BodyReceiver, Fault};
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_message};
use crate::engine::http::failure;
use crate::engine::transport::stream::Stream;
use crate::model::exchange::{Exchange, ExchangeState, Head, HttpVersion, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::protocol::Side;
use crate::model::timing::Timing;

use super::connection::{HttpConnection, STALL};

/// A request that was read as far as it could be.
pub(super) struct ReceivedRequest {
    pub(super) recorder: Arc<ExchangeRecorder>,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: HttpVersion,
    pub(super) keep_alive: bool,
    /// Answer this instead of what the rules say.
    pub(super) refusal: Option<Refusal>,
    /// Head of the interim response that was sent.
    pub(super) interim: Option<Bytes>,
}

/// An answer of our own to a request that cannot be served.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: String,
}

/// What becomes of a request without a head.
enum Verdict {
    /// Nobody is left to answer.
    Gone(Failure),
    Answer(Refusal),
}

impl HttpConnection {
    /// Reads a request: `Err` = there is nobody left to answer.
    pub(super) async fn request(
        &mut self,
        stream: &mut Stream,
        first: Bytes,
    ) -> Result<ReceivedRequest, Failure> {
        let writer = self.listener.session.bodies.create();
        let recorder = self.begin(&writer);
        let (error, verdict) = match self.head(stream, first).await {
            Ok(parsed) => {
                self.keep(&writer, parsed.head.raw.clone()).await?;
                return self.body(stream, recorder, writer, parsed).await;
            }
            Err(end) => *end,
        };
        self.keep(&writer, error.partial.head.raw.clone()).await?;
        recorder.edit(|exchange| {
            exchange.warnings.extend(error.partial.warnings);
            exchange.request.head = error.partial.head;
        });
        match verdict {
            Verdict::Gone(failure) => Err(failure),
            Verdict::Answer(refusal) => Ok(refused(recorder, refusal)),
        }
    }

    /// Reads a head; what came behind it waits in `rest`.
    async fn head(
        &mut self,
        stream: &mut Stream,
        mut bytes: Bytes,
    ) -> Result<ParsedHead, Box<(HeadError, Verdict)>> {
        let mut reader = HeadReader::new(Expected::Request);
        let until = TokioInstant::now() + STALL;
        loop {
            match reader.push(&bytes) {
                Ok(None) => {}
                Ok(Some((used, parsed))) => {
                    bytes.advance(used);
                    self.rest = bytes;
                    return Ok(parsed);
                }
                Err(error) => {
                    let status = if error.kind == HeadErrorKind::TooLarge { 431 } else { 400 };
                    let refusal = Refusal { status, why: error.message.clone() };
                    return Err(Box::new((error, Verdict::Answer(refusal))));
                }
            }
            let received = reader.received().len();
            let verdict = match timeout_at(until, self.read(stream)).await {
                Ok(Ok(Some(more))) => {
                    bytes = more;
                    continue;
                }
                Ok(Ok(None)) => None,
                Ok(Err(error)) => {
                    let so_far = format!("after {received} bytes of the head");
                    let failure = failure::socket(Stage::Head, &self.target(), &error, &so_far);
                    Some(Verdict::Gone(failure))
                }
                Err(_) => {
                    let wait = STALL.as_secs_f64();
                    let why = format!("the head was incomplete after {wait} s ({received} bytes)");
                    Some(Verdict::Answer(Refusal { status: 408, why }))
                }
            };
            let error = reader.finish();
            let closed = || Verdict::Gone(failure::head(&self.target(), &error));
            let verdict = verdict.unwrap_or_else(closed);
            return Err(Box::new((error, verdict)));
        }
    }

    fn begin(&mut self, writer: &BodyWriter) -> Arc<ExchangeRecorder> {
        let exchange = Exchange {
            conn: self.conn,
            number: self.listener.next_number(),
            side: Side::Listener,
            url: String::new(),
            started: clock::now(),
            local: self.local,
            peer: Some(self.peer),
            request: empty_message(writer.id()),
            response: None,
            interim: Vec::new(),
            timing: Timing::default(),
            tls: self.tls.clone(),
            state: ExchangeState::Active,
            warnings: Vec::new(),
        };
        let events = self.listener.session.events.clone();
        let recorder = Arc::new(ExchangeRecorder::new(exchange, events, Instant::now()));
        self.current = Some(Arc::clone(&recorder));
        recorder
    }

    async fn keep(&self, writer: &BodyWriter, raw: Bytes) -> Result<(), Failure> {
        writer.wire(raw).await.map_err(|why| {
            failure::body(&self.target(), &Fault::Storage(why.to_string()), "before the body")
        })
    }

    async fn body(
        &mut self,
        stream: &mut Stream,
        recorder: Arc<ExchangeRecorder>,
        writer: BodyWriter,
        parsed: ParsedHead,
    ) -> Result<ReceivedRequest, Failure> {
        let ParsedHead { head, warnings } = parsed;
        let framing = request_framing(&head);
        let mut request = Self::describe(Arc::clone(&recorder), &head);
        recorder.warn_all(warnings.into_iter().chain(framing.warnings.iter().cloned()));
        let start = head.raw.len() as u64;
        let expects = head.field("expect").is_some_and(|value| {
            value.eq_ignore_ascii_case(b"100-continue") && request.version == HttpVersion::Http11
        });
        let codings = content_codings(&head);
        recorder.edit(|exchange| {
            exchange.url = self.url(&head, &request.target);
            exchange.request.head = head;
        });
        if let Some(why) = framing.error {
            request.keep_alive = false;
            request.refusal = Some(Refusal { status: 400, why });
            return Ok(request);
        }
        let mut receiver = BodyReceiver::new(writer, start, &framing, codings);
        if !receiver.is_done() {
            recorder.edit(|exchange| exchange.request.body = receiver.facts().clone());
            recorder.publish();
            if expects && self.rest.is_empty() {
                request.interim = Some(self.go_on(stream).await?);
            }
        }
        let outcome = self.fill(stream, &recorder, &mut receiver).await;
        let ending = if matches!(outcome, Ok(None)) { BodyEnd::Complete } else { BodyEnd::CutOff };
        let (facts, warnings) = receiver.finish(ending).await;
        recorder.edit(|exchange| exchange.request.body = facts);
        recorder.warn_all(warnings);
        request.refusal = outcome?;
        request.keep_alive &= request.refusal.is_none();
        Ok(request)
    }

    fn describe(recorder: Arc<ExchangeRecorder>, head: &Head) -> ReceivedRequest {
        let (method, target, version) = match &head.start {
            StartLine::Request { method, target, version } => {
                (method.clone(), target.clone(), *version)
            }
            _ => (String::new(), String::new(), HttpVersion::Http10),
        };
        let keep_alive = keeps_alive(head);
        ReceivedRequest {
            recorder,
            method,
            target,
            version,
            keep_alive,
            refusal: None,
            interim: None,
        }
    }

    /// The absolute URL the client meant (RFC 9112, section 3.3).
    fn url(&self, head: &Head, target: &str) -> String {
        if target.contains("://") {
            return target.to_owned();
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let host = match head.field("host") {
            Some(host) if !host.is_empty() => printable(host),
            _ => self.local.map(|local| local.to_string()).unwrap_or_default(),
        };
        let slash = if target.starts_with('/') { "" } else { "/" };
        format!("{scheme}://{host}{slash}{target}")
    }

    /// Tells a client that waits before it sends its body (RFC 9110, section 10.1.1).
    async fn go_on(&mut self, stream: &mut Stream) -> Result<Bytes, Failure> {
        let head = Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n");
        let mut left = head.clone();
        let written = async {
            while !left.is_empty() {
                self.sent.write(stream, &mut left).await?;
            }
            stream.flush().await
        };
        written.await.map_err(|error| {
            failure::socket(Stage::Send, &self.target(), &error, "sending 100 Continue")
        })?;
        Ok(head)
    }

    /// Feeds the body until it is complete; `Some` = answer this instead.
    async fn fill(
        &mut self,
        stream: &mut Stream,
        recorder: &ExchangeRecorder,
        receiver: &mut BodyReceiver,
    ) -> Result<Option<Refusal>, Failure> {
        while !receiver.is_done() {
            let bytes = if self.rest.is_empty() {
                match timeout(STALL, self.read(stream)).await {
                    Ok(Ok(Some(bytes))) => bytes,
                    Ok(Ok(None)) => return Err(self.cut_off(receiver)),
                    Ok(Err(error)) => {
                        let so_far = failure::so_far(receiver);
                        return Err(failure::socket(Stage::Body, &self.target(), &error, &so_far));
                    }
                    Err(_) => {
                        let wait = STALL.as_secs();
                        let why =
                            format!("no body byte for {wait} s, {}", failure::so_far(receiver));
                        return Ok(Some(Refusal { status: 408, why }));
                    }
                }
            } else {
                std::mem::take(&mut self.rest)
            };
            match receiver.push(&bytes).await {
                Ok(used) => self.rest = bytes.slice(used..),
                Err(Fault::Malformed(why)) => {
                    return Ok(Some(Refusal { status: 400, why }));
                }
                Err(fault) => {
                    return Err(failure::body(&self.target(), &fault, &failure::so_far(receiver)));
                }
            }
            recorder.progress(receiver.facts());
        }
        Ok(None)
    }

    fn cut_off(&self, receiver: &BodyReceiver) -> Failure {
        let missing = receiver.end_of_stream().err().unwrap_or_default();
        let cause = format!("the client closed: {missing}, {}", failure::so_far(receiver));
        Failure::new(Stage::Body, self.target(), FailureKind::Truncated, cause)
    }
}

fn refused(recorder: Arc<ExchangeRecorder>, refusal: Refusal) -> ReceivedRequest {
    ReceivedRequest {
        recorder,
        method: String::new(),
        target: String::new(),
        version: HttpVersion::Http11,
        keep_alive: false,
        refusal: Some(refusal),
        interim: None,
    }
}
