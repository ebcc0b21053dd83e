//! The one writer of HTTP/1 messages, requests and answers alike: head, then the body in pieces,
//! chunked where asked. Keeps and records exactly what was written.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::body_receiver::Fault;
use super::failure;
use super::source::BodySource;
use super::tap::Tap;
use crate::codec::http1::write::{chunk, last_chunk};
use crate::engine::body::{BodyWriter, DecodedBytes};
use crate::model::failure::{Failure, FailureKind, Stage};

/// A body up to this size goes out in one write with the head.
pub(crate) const WITH_HEAD: u64 = 64 * 1024;

/// A message to be written.
pub(crate) struct OutgoingMessage {
    pub(crate) head: Bytes,
    /// `None`: nothing follows the head (an answer to HEAD, 204 or 304).
    pub(crate) body: Option<BodySource>,
    /// The body goes out in chunks (RFC 9112, section 7.1).
    pub(crate) chunked: bool,
}

/// How far a message is, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WrittenBytes {
    /// Head and body as they crossed the wire.
    pub(crate) wire: u64,
    /// Of the body, without the framing of chunks.
    pub(crate) body: u64,
    /// Head and body, without the framing of chunks.
    pub(crate) total: u64,
}

/// Writes one message.
pub(crate) struct MessageWriter<'a, R> {
    /// Records what is written.
    pub(crate) tap: &'a mut Tap,
    /// Keeps what is written; what it holds already went out before the head.
    pub(crate) writer: BodyWriter,
    /// The peer, in failures.
    pub(crate) target: &'a str,
    /// What is written, in failures: `request bytes`.
    pub(crate) what: &'static str,
    /// Told after every write.
    pub(crate) report: R,
}

/// A message on its way.
#[derive(Default)]
struct Course {
    written: WrittenBytes,
    head: u64,
    /// Bytes of the body handed over so far, without the framing of chunks.
    content: u64,
    chunked: bool,
}

impl<R: Fn(WrittenBytes)> MessageWriter<'_, R> {
    /// Writes everything; the failure says how far it came.
    pub(crate) async fn send(
        mut self,
        to: &mut (impl AsyncWrite + Unpin),
        message: OutgoingMessage,
    ) -> Result<(), Failure> {
        let outcome = self.message(to, message).await;
        self.writer.finish().await;
        outcome
    }

    async fn message(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        message: OutgoingMessage,
    ) -> Result<(), Failure> {
        let OutgoingMessage { head, body, chunked } = message;
        let len = head.len() as u64;
        let mut course = Course { head: len, chunked, ..Course::default() };
        course.written.total = len + body.as_ref().map_or(0, BodySource::len);
        let decoded = if chunked { DecodedBytes::Separate } else { DecodedBytes::OnTheWire };
        self.writer.body_starts(self.writer.wire_len() + len, decoded);
        let Some(mut source) = body else {
            self.write(to, &mut course, head).await?;
            return to.flush().await.map_err(|error| self.failed(&course, &error));
        };
        let small = source.len() <= WITH_HEAD;
        let mut waiting = BytesMut::from(&head[..]);
        loop {
            let piece = source.next().await.map_err(|error| {
                let cause = format!("the body file could not be read to its end: {error}");
                Failure::new(Stage::Send, self.target, FailureKind::Io, cause)
            })?;
            let wire = self.framed(&piece, chunked).await?;
            course.content += piece.len() as u64;
            if waiting.is_empty() {
                self.write(to, &mut course, wire).await?;
            } else {
                waiting.extend_from_slice(&wire);
                if piece.is_empty() || !small {
                    self.write(to, &mut course, waiting.split().freeze()).await?;
                }
            }
            if piece.is_empty() {
                return to.flush().await.map_err(|error| self.failed(&course, &error));
            }
        }
    }

    /// A piece as it crosses the wire; the empty one at the end closes a chunked body.
    async fn framed(&self, piece: &Bytes, chunked: bool) -> Result<Bytes, Failure> {
        if !chunked {
            return Ok(piece.clone());
        }
        self.writer.decoded(piece.clone()).await.map_err(|why| self.storage(&why))?;
        Ok(if piece.is_empty() { last_chunk(&[]) } else { chunk(piece) }.into())
    }

    async fn write(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        course: &mut Course,
        mut bytes: Bytes,
    ) -> Result<(), Failure> {
        while !bytes.is_empty() {
            let written = self.tap.write(to, &mut bytes).await;
            let part = written.map_err(|error| self.failed(course, &error))?;
            course.written.wire += part.len() as u64;
            self.writer.wire(part).await.map_err(|why| self.storage(&why))?;
            let body = course.written.wire.saturating_sub(course.head);
            course.written.body = if course.chunked { body.min(course.content) } else { body };
            (self.report)(course.written);
        }
        Ok(())
    }

    fn storage(&self, why: &str) -> Failure {
        failure::body(self.target, &Fault::Storage(why.to_owned()), "while sending")
    }

    fn failed(&self, course: &Course, error: &io::Error) -> Failure {
        let WrittenBytes { wire, total, .. } = course.written;
        let about = if course.chunked { "about " } else { "" };
        let so_far = format!("after {wire} of {about}{total} {}", self.what);
        failure::socket(Stage::Send, self.target, error, &so_far)
    }
}
