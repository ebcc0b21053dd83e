//! The way out: writes a request as planned, and keeps and records exactly what was written.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::exchange::Hop;
use super::request;
use crate::codec::http1::write::{chunk, last_chunk};
use crate::engine::body::{BodyWriter, DecodedBytes};
use crate::engine::event::Phase;
use crate::engine::http::failure;
use crate::engine::http::source::BodySource;
use crate::engine::http::tap::Tap;
use crate::model::failure::{Failure, FailureKind, Stage};

/// A first piece of the body up to this size goes out in one write with the head.
const WITH_HEAD: u64 = 64 * 1024;

/// A request on its way out.
pub(super) struct OutgoingRequest<'a> {
    attempt: &'a Hop<'a>,
    tap: Tap,
    writer: BodyWriter,
    /// The body goes out in chunks.
    chunked: bool,
    head_len: u64,
    sent: u64,
    /// Bytes of the body handed over so far, without the framing of chunks.
    content: u64,
    total: u64,
}

impl<'a> OutgoingRequest<'a> {
    pub(super) fn new(attempt: &'a Hop<'a>, writer: BodyWriter) -> Self {
        let events = attempt.session.events.clone();
        let tap = Tap::new(events, attempt.conn);
        let chunked = request::is_chunked(attempt.plan);
        OutgoingRequest {
            attempt,
            tap,
            writer,
            chunked,
            head_len: 0,
            sent: 0,
            content: 0,
            total: 0,
        }
    }

    /// Writes everything; the failure says how far it came.
    pub(super) async fn run(
        mut self,
        mut to: impl AsyncWrite + Unpin,
        head: Bytes,
        mut source: BodySource,
    ) -> Result<(), Failure> {
        self.head_len = head.len() as u64;
        self.total = self.head_len + source.len();
        let decoded = if self.chunked { DecodedBytes::Separate } else { DecodedBytes::OnTheWire };
        self.writer.body_starts(self.head_len, decoded);
        let mut together = BytesMut::new();
        let small = source.len() <= WITH_HEAD;
        if small {
            together.extend_from_slice(&head);
        } else {
            self.write(&mut to, head).await?;
        }
        loop {
            let piece = self.piece(&mut source).await?;
            let wire = self.framed(&piece).await?;
            self.content += piece.len() as u64;
            if small {
                together.extend_from_slice(&wire);
            } else {
                self.write(&mut to, wire).await?;
            }
            if piece.is_empty() {
                break;
            }
        }
        self.write(&mut to, together.freeze()).await?;
        to.flush().await.map_err(|error| self.failed(&error))?;
        self.attempt.case.edit(|exchange| exchange.request.body.complete = true);
        self.writer.finish().await;
        Ok(())
    }

    async fn piece(&self, source: &mut BodySource) -> Result<Bytes, Failure> {
        source.next().await.map_err(|error| {
            let cause = format!("the body file could not be read to its end: {error}");
            Failure::new(Stage::Send, &*self.attempt.plan.url, FailureKind::Io, cause)
        })
    }

    /// A piece as it crosses the wire; the empty one at the end closes a chunked body.
    async fn framed(&self, piece: &Bytes) -> Result<Bytes, Failure> {
        if !self.chunked {
            return Ok(piece.clone());
        }
        self.writer.decoded(piece.clone()).await.map_err(|why| self.storage(&why))?;
        Ok(if piece.is_empty() { last_chunk(&[]) } else { chunk(piece) }.into())
    }

    fn storage(&self, why: &str) -> Failure {
        Failure::new(Stage::Storage, &*self.attempt.plan.url, FailureKind::Io, why)
    }

    async fn write(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        mut bytes: Bytes,
    ) -> Result<(), Failure> {
        while !bytes.is_empty() {
            self.tap.ready().await;
            let (count, moment) = self.tap.timed(to.write(&bytes)).await;
            let count = count.map_err(|error| self.failed(&error))?;
            if count == 0 {
                return Err(self.failed(&std::io::ErrorKind::BrokenPipe.into()));
            }
            let part = bytes.split_to(count);
            self.tap.sent(&part, moment);
            self.sent += part.len() as u64;
            self.writer.wire(part).await.map_err(|why| self.storage(&why))?;
            self.report();
        }
        Ok(())
    }

    fn report(&self) {
        let sent = self.sent.saturating_sub(self.head_len);
        let sent = if self.chunked { sent.min(self.content) } else { sent };
        self.attempt.case.edit(|exchange| {
            exchange.request.body.encoded_len = sent;
            exchange.request.body.decoded_len = sent;
        });
        if self.total > WITH_HEAD {
            let phase = Phase::Sending { sent: self.sent.min(self.total), total: Some(self.total) };
            self.attempt.session.events.phase(phase);
        }
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        let about = if self.chunked { "about " } else { "" };
        let so_far = format!("after {} of {about}{} request bytes", self.sent, self.total);
        failure::socket(Stage::Send, &self.attempt.plan.url, error, &so_far)
    }
}
