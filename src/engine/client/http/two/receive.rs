//! The way in over HTTP/2: interim heads, the head, the body, trailers.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt as _;
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::HeaderMap;

use super::StreamHold;
use super::request::text;
use crate::codec::http1::{BodyFraming, status};
use crate::engine::body::BodyWriter;
use crate::engine::client::http::hop::Hop;
use crate::engine::client::http::receive::Received;
use crate::engine::client::http::waiting::{ReceivedBody, ResponseWait};
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::failure;
use crate::model::exchange::{FieldLine, Head, HttpVersion, MessageFraming, StartLine};
use crate::model::failure::{Failure, Stage};

/// A response on its way in.
pub(super) struct IncomingStream<'a, S> {
    waiting: ResponseWait<'a, S>,
    hold: &'a StreamHold,
    response: ResponseFuture,
}

impl<'a, S: Future<Output = Result<(), Failure>>> IncomingStream<'a, S> {
    /// For the response to the request of this hop, whose body `sending` sends.
    pub(super) fn new(
        hop: &'a Hop<'a>,
        hold: &'a StreamHold,
        response: ResponseFuture,
        sending: S,
    ) -> Self {
        IncomingStream { waiting: ResponseWait::new(hop, sending), hold, response }
    }

    /// Receives until the stream is over.
    pub(super) async fn run(mut self, writer: BodyWriter) -> Result<Received, Failure> {
        let received = match self.head(&writer).await {
            Ok((head, stream)) => self.body(writer, head, stream).await,
            Err(failure) => Err(failure),
        };
        let (head, is_sent) = self.waiting.ended(received).await?;
        Ok(Received { head, leaves_connection: is_sent, upgraded: None })
    }

    /// The final head; those before it are told.
    async fn head(&mut self, writer: &BodyWriter) -> Result<(Head, RecvStream), Failure> {
        loop {
            let response = &mut self.response;
            let next = poll_fn(|cx| match response.poll_informational(cx) {
                Poll::Ready(Some(interim)) => Poll::Ready(interim.map(|it| it.map(|()| None))),
                Poll::Ready(None) | Poll::Pending => {
                    response.poll_unpin(cx).map(|it| it.map(|it| it.map(Some)))
                }
            });
            let came = self.waiting.arrival(None, next).await?;
            let hop = self.waiting.hop;
            let (parts, stream) = came
                .map_err(|error| {
                    let so_far = "before the response head".to_owned();
                    self.hold.failure(hop, (Stage::Head, so_far), &error)
                })?
                .into_parts();
            self.waiting.has_come();
            let head = self.shown(parts.status.as_u16(), &parts.headers);
            hop.recorder.keep(writer, head.raw.clone(), "before the body").await?;
            match stream {
                Some(stream) => return Ok((head, stream)),
                None => self.waiting.interim(head, writer.wire_len())?,
            }
        }
    }

    /// A head as the exchange shows it: its fields as they stood in the header block.
    fn shown(&self, code: u16, headers: &HeaderMap) -> Head {
        let fields = self.fields(headers, || {
            let (name, value) = (Bytes::from_static(b":status"), code.to_string().into());
            Some(FieldLine { name, value })
        });
        let version = HttpVersion::Http2;
        let raw = text(&format!("{} {code}", version.name()), &fields);
        let start = StartLine::Response { version, status: code, reason: Bytes::new() };
        Head { raw, start, fields }
    }

    /// The fields of the header block that came, or what the library made of them.
    fn fields(&self, headers: &HeaderMap, first: impl Fn() -> Option<FieldLine>) -> Vec<FieldLine> {
        self.hold.route.next_head().unwrap_or_else(|| {
            let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| FieldLine {
                name: Bytes::copy_from_slice(name.as_str().as_bytes()),
                value: Bytes::copy_from_slice(value.as_bytes()),
            };
            first().into_iter().chain(headers.iter().map(line)).collect()
        })
    }

    async fn body(
        &mut self,
        writer: BodyWriter,
        head: Head,
        mut stream: RecvStream,
    ) -> Result<Head, Failure> {
        let framing = framing(&head, &self.waiting.hop.plan.method, stream.is_end_stream());
        let mut body: ReceivedBody = self.waiting.head_is_in(writer, head, framing);
        let outcome = self.fill(&mut body.receiver, &mut stream).await;
        self.waiting.body_is_over(body, outcome).await
    }

    /// Feeds the body until the stream ends, trailers included.
    async fn fill(
        &mut self,
        body: &mut BodyReceiver,
        stream: &mut RecvStream,
    ) -> Result<(), Failure> {
        let hop = self.waiting.hop;
        let (recorder, url) = (&hop.recorder, &*hop.plan.url);
        loop {
            let next = self.waiting.arrival(Some(body), piece(stream)).await?;
            let Some(bytes) = next else { break };
            let bytes = bytes.map_err(|error| self.broke(body, &error))?;
            let used = self.waiting.while_sending(body.push(&bytes)).await;
            let used = used.map_err(|fault| failure::body(url, &fault, &body.so_far()))?;
            if used < bytes.len() {
                let kept = body.surplus(bytes.slice(used..)).await;
                kept.map_err(|fault| failure::body(url, &fault, &body.so_far()))?;
            }
            // The server may send as much more; a stream that is over has no window.
            let _ = stream.flow_control().release_capacity(bytes.len());
            recorder.progress(&body.facts);
        }
        let trailers = self.waiting.arrival(Some(body), stream.trailers()).await?;
        if let Some(trailers) = trailers.map_err(|error| self.broke(body, &error))? {
            let fields = self.fields(&trailers, || None);
            let kept = body.trailers_came(text("", &fields).split_off(2), fields).await;
            kept.map_err(|fault| failure::body(url, &fault, &body.so_far()))?;
        }
        body.closed("the server", url)
    }

    fn broke(&self, body: &BodyReceiver, error: &h2::Error) -> Failure {
        self.hold.failure(self.waiting.hop, (Stage::Body, body.so_far()), error)
    }
}

/// The next bytes of a body: frames without any are no sign of life.
async fn piece(stream: &mut RecvStream) -> Option<Result<Bytes, h2::Error>> {
    loop {
        match stream.data().await {
            Some(Ok(bytes)) if bytes.is_empty() => tokio::task::yield_now().await,
            next => return next,
        }
    }
}

/// How the end of the body is known (RFC 9113, section 8.1.1): the library holds the server to a length that it said.
fn framing(head: &Head, method: &str, is_over: bool) -> BodyFraming {
    let code = head.status().unwrap_or_default();
    let length = head
        .field("content-length")
        .and_then(|value| str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok()));
    let framing = match length {
        _ if status::ends_with_head(method, code) => MessageFraming::None,
        Some(length) => MessageFraming::Length(length),
        None if is_over => MessageFraming::Length(0),
        None => MessageFraming::UntilStreamEnd,
    };
    BodyFraming { framing, ..BodyFraming::default() }
}
