//! The way in over HTTP/1: interim heads, the head, the body. Keeps every byte that arrived, however it ends.

use std::io;

use bytes::Bytes;
use tokio::io::AsyncRead;

use super::hop::Hop;
use super::waiting::{ReceivedBody, ResponseWait};
use crate::codec::http1::{
    Expected, HeadReader, ParsedHead, keeps_alive, response_framing, status,
};
use crate::engine::body::BodyWriter;
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::failure;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::model::counts::counted;
use crate::model::exchange::{Head, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::record::{Direction, RecordKind};

/// A response on its way in.
pub(super) struct Incoming<'a, R, S> {
    waiting: ResponseWait<'a, S>,
    from: R,
    tap: Tap,
    buffer: ReadBuffer,
    /// The peer finished sending, or sent more than its answer.
    is_spent: bool,
    /// What came behind an answer that leads on to another protocol.
    upgraded: Option<Bytes>,
}

/// A response that is complete.
pub(super) struct Received {
    pub(super) head: Head,
    /// The peer lets the connection carry another request (RFC 9112, section 9.3), and all of this one is out.
    pub(super) leaves_connection: bool,
    /// It leads on to another protocol, of which this came already.
    pub(super) upgraded: Option<Bytes>,
}

impl<'a, R: AsyncRead + Unpin, S: Future<Output = Result<(), Failure>>> Incoming<'a, R, S> {
    /// For the response to the request of this hop, which `sending` sends; nothing is read yet.
    pub(super) fn new(hop: &'a Hop<'a>, from: R, sending: S) -> Self {
        Incoming {
            waiting: ResponseWait::new(hop, sending),
            from,
            tap: Tap::new(hop.session.events.clone(), hop.conn),
            buffer: ReadBuffer::new(),
            is_spent: false,
            upgraded: None,
        }
    }

    /// Reads until the response is complete.
    pub(super) async fn run(mut self, writer: BodyWriter) -> Result<Received, Failure> {
        let received = match self.head(&writer).await {
            Ok((head, rest)) => self.body(writer, head, rest).await,
            Err(failure) => Err(failure),
        };
        let (head, is_sent) = self.waiting.ended(received).await?;
        let is_http = head.status() != Some(status::SWITCHING);
        let leaves_connection = is_sent && !self.is_spent && is_http && keeps_alive(&head);
        Ok(Received { head, leaves_connection, upgraded: self.upgraded })
    }

    /// One read, of the body if there is one; empty = the peer finished sending.
    async fn read(&mut self, body: Option<&BodyReceiver>) -> Result<Bytes, Failure> {
        let read = self.waiting.arrival(body, self.buffer.read(&mut self.from)).await?;
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => return self.broke(body, &error),
        };
        let hop = self.waiting.hop;
        if bytes.is_empty() {
            let text = "the peer finished sending";
            hop.session.events.note(hop.conn, Direction::Received, RecordKind::Finished, text);
            self.is_spent = true;
            return Ok(bytes);
        }
        self.tap.received(&bytes);
        self.waiting.has_come();
        Ok(bytes)
    }

    /// The socket failed.
    fn broke(&self, body: Option<&BodyReceiver>, error: &io::Error) -> Result<Bytes, Failure> {
        let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
        if is_end && body.is_some_and(|body| body.facts.framing == MessageFraming::UntilClose) {
            self.waiting.hop.recorder.warn(
                "the peer closed without ending TLS (no close_notify): the body may be cut off",
            );
            return Ok(Bytes::new());
        }
        let (stage, so_far) = match body {
            Some(body) => (Stage::Body, body.so_far()),
            None => (
                Stage::Head,
                format!("after {} of the head", counted(self.waiting.begun as u64, "byte")),
            ),
        };
        let failure = failure::socket(stage, &self.waiting.hop.plan.url, error, &so_far);
        if failure.kind == FailureKind::Reset {
            let (events, text) = (&self.waiting.hop.session.events, failure.cause.clone());
            events.note(self.waiting.hop.conn, Direction::Received, RecordKind::Reset, text);
        }
        Err(failure)
    }

    /// The final head, and what came with it.
    async fn head(&mut self, writer: &BodyWriter) -> Result<(ParsedHead, Bytes), Failure> {
        let hop = self.waiting.hop;
        let (recorder, url) = (&hop.recorder, &*hop.plan.url);
        let mut reader = HeadReader::new(Expected::Response);
        loop {
            let mut bytes = self.read(None).await?;
            if bytes.is_empty() {
                let mut failure = failure::head(url, &reader.finish());
                let interim = recorder.edit(|exchange| exchange.interim.len());
                if interim > 0 && self.waiting.begun == 0 {
                    let count = format!("{interim} interim (1xx) response");
                    let many = if interim == 1 { "" } else { "s" };
                    failure.cause =
                        format!("the peer closed after {count}{many}, without a final one");
                    failure.hint.clear();
                }
                return Err(failure);
            }
            while !bytes.is_empty() {
                let found = reader.push(&bytes);
                let used = match &found {
                    Ok(Some((used, _))) => *used,
                    Ok(None) | Err(_) => bytes.len(),
                };
                recorder.keep(writer, bytes.split_to(used), "before the body").await?;
                self.waiting.begun = reader.received().len();
                let Some((_, parsed)) = found.map_err(|error| failure::head(url, &error))? else {
                    break;
                };
                if !status::is_interim(&parsed.head) {
                    return Ok((parsed, bytes));
                }
                recorder.warn_all(parsed.warnings);
                self.waiting.interim(parsed.head, writer.wire_len())?;
                self.waiting.begun = 0;
                reader = HeadReader::new(Expected::Response);
            }
        }
    }

    async fn body(
        &mut self,
        writer: BodyWriter,
        parsed: ParsedHead,
        mut rest: Bytes,
    ) -> Result<Head, Failure> {
        let ParsedHead { head, warnings, .. } = parsed;
        let hop = self.waiting.hop;
        if hop.asks_for_upgrade() && head.status() == Some(status::SWITCHING) {
            self.upgraded = Some(std::mem::take(&mut rest));
        }
        let framing = response_framing(&head, &hop.plan.method);
        hop.recorder.warn_all(warnings);
        let mut body: ReceivedBody = self.waiting.head_is_in(writer, head, framing);
        let outcome = self.fill(&mut body.receiver, rest).await;
        self.waiting.body_is_over(body, outcome).await
    }

    /// Feeds the body until it is complete.
    async fn fill(&mut self, body: &mut BodyReceiver, mut bytes: Bytes) -> Result<(), Failure> {
        let hop = self.waiting.hop;
        let (recorder, url) = (&hop.recorder, &*hop.plan.url);
        loop {
            let used = self.waiting.while_sending(body.push(&bytes)).await;
            let used = used.map_err(|fault| failure::body(url, &fault, &body.so_far()))?;
            recorder.progress(&body.facts);
            if used < bytes.len() {
                self.is_spent = true;
                let surplus = counted((bytes.len() - used) as u64, "byte");
                recorder.warn(format!("{surplus} after the end of the response"));
                let kept = body.surplus(bytes.split_off(used)).await;
                kept.map_err(|fault| failure::body(url, &fault, &body.so_far()))?;
            }
            if body.done {
                return Ok(());
            }
            bytes = self.read(Some(body)).await?;
            if bytes.is_empty() {
                return body.closed("the peer", url);
            }
        }
    }
}
