//! The one writer of HTTP/1 messages, requests and answers alike: head, then the body in pieces,
//! chunked where asked. Keeps and records exactly what was written.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::sleep;

use super::answer::AnswerShape;
use super::body_source::BodySource;
use super::exchange_recorder::{ExchangeRecorder, empty_message};
use super::failure;
use super::tap::Tap;
use crate::codec::http1::write::{chunk, last_chunk};
use crate::codec::http1::{Expected, HeadReader};
use crate::engine::body::BodyWriter;
use crate::model::counts::count;
use crate::model::exchange::{Head, HttpMessage, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::BodyId;
use crate::model::record::Direction;

/// A body up to this size goes out in one write with the head.
const WITH_HEAD: u64 = 64 * 1024;

/// Writes one message.
pub(crate) struct MessageWriter<'a> {
    /// Told after every write how much of the body is out.
    pub(crate) recorder: &'a ExchangeRecorder,
    /// Records what is written.
    pub(crate) tap: &'a mut Tap,
    /// Keeps what is written; what it holds already went out before the head.
    pub(crate) writer: BodyWriter,
    /// What is written, in failures: `request bytes`.
    pub(crate) what: &'static str,
    /// The body goes out in chunks (RFC 9112, section 7.1).
    pub(crate) chunked: bool,
    /// Told after every write of a message with a large body: bytes so far and in all.
    pub(crate) report: &'a (dyn Fn(u64, u64) + Sync),
}

/// How a body goes out in pieces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drip {
    pub(crate) every: Duration,
    /// A piece is an event of a stream, which ends with an empty line; else a line.
    pub(crate) by_event: bool,
}

impl Drip {
    /// Where the first piece of these bytes ends; `None` = more is needed, or there is none.
    fn end(self, bytes: &[u8], is_last: bool) -> Option<usize> {
        let ends: &[&[u8]] =
            if self.by_event { &[b"\n\n", b"\r\n\r\n", b"\r\r"] } else { &[b"\n"] };
        let found = ends.iter().filter_map(|end| Some(memmem::find(bytes, end)? + end.len()));
        found.min().or((is_last && !bytes.is_empty()).then_some(bytes.len()))
    }
}

/// How far a message is, in bytes.
#[derive(Default)]
struct WriteProgress {
    head: u64,
    /// Head and body, without the framing of chunks.
    total: u64,
    /// Head and body as they crossed the wire.
    wire: u64,
    /// Of the body, handed over so far without the framing of chunks.
    content: u64,
}

impl MessageWriter<'_> {
    /// Writes everything; the failure says how far it came. Without a body nothing follows the
    /// head (an answer to HEAD, 204 or 304).
    pub(crate) async fn send(
        mut self,
        to: &mut (impl AsyncWrite + Unpin),
        head: Bytes,
        body: Option<BodySource>,
    ) -> Result<(), Failure> {
        let outcome = self.message(to, head, body).await;
        self.ended(outcome).await
    }

    /// Writes everything, the body in pieces with this wait before each but the first.
    pub(crate) async fn send_dripping(
        mut self,
        to: &mut (impl AsyncWrite + Unpin),
        head: Bytes,
        (source, drip): (BodySource, Drip),
    ) -> Result<(), Failure> {
        let outcome = self.dripping(to, head, (source, drip)).await;
        self.ended(outcome).await
    }

    async fn dripping(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        head: Bytes,
        (mut source, drip): (BodySource, Drip),
    ) -> Result<(), Failure> {
        let len = head.len() as u64;
        let total = len + source.len();
        let mut progress = WriteProgress { head: len, total, ..WriteProgress::default() };
        self.writer.body_starts(self.writer.wire_len() + len);
        if self.chunked {
            self.writer.separate();
        }
        self.write(to, &mut progress, head).await?;
        let (mut waiting, mut is_first) = (BytesMut::new(), true);
        loop {
            let read = source.next().await.map_err(|error| {
                let cause = format!("the body file could not be read to its end: {error}");
                Failure::new(Stage::Send, &*self.recorder.target, FailureKind::Io, cause)
            })?;
            waiting.extend_from_slice(&read);
            while let Some(end) = drip.end(&waiting, read.is_empty()) {
                to.flush().await.map_err(|error| self.failed(&progress, &error))?;
                if !std::mem::take(&mut is_first) {
                    sleep(drip.every).await;
                }
                let piece = waiting.split_to(end).freeze();
                let wire = self.framed(&piece).await;
                progress.content += piece.len() as u64;
                self.write(to, &mut progress, wire).await?;
                self.recorder.publish();
            }
            if read.is_empty() {
                let wire = self.framed(&read).await;
                self.write(to, &mut progress, wire).await?;
                return to.flush().await.map_err(|error| self.failed(&progress, &error));
            }
        }
    }

    /// Writes a message that was put together before, of which so much is the head.
    pub(crate) async fn send_joined(
        mut self,
        to: &mut (impl AsyncWrite + Unpin),
        head: u64,
        message: Bytes,
    ) -> Result<(), Failure> {
        let total = message.len() as u64;
        let mut progress = WriteProgress { head, total, wire: 0, content: total - head };
        self.writer.body_starts(self.writer.wire_len() + head);
        let outcome = match self.write(to, &mut progress, message).await {
            Ok(()) => to.flush().await.map_err(|error| self.failed(&progress, &error)),
            failed => failed,
        };
        self.ended(outcome).await
    }

    async fn ended(self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        self.recorder.edit_body(Direction::Sent, |body| body.complete = outcome.is_ok());
        // Said already.
        let _ = self.writer.finish().await;
        outcome
    }

    async fn message(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        head: Bytes,
        body: Option<BodySource>,
    ) -> Result<(), Failure> {
        let len = head.len() as u64;
        let total = len + body.as_ref().map_or(0, BodySource::len);
        let mut progress = WriteProgress { head: len, total, ..WriteProgress::default() };
        self.writer.body_starts(self.writer.wire_len() + len);
        if self.chunked {
            self.writer.separate();
        }
        let Some(mut source) = body else {
            self.write(to, &mut progress, head).await?;
            return to.flush().await.map_err(|error| self.failed(&progress, &error));
        };
        let small = source.len() <= WITH_HEAD;
        let with_head = if small { source.len() as usize } else { 0 };
        let mut waiting = BytesMut::with_capacity(head.len() + with_head);
        waiting.extend_from_slice(&head);
        loop {
            let piece = source.next().await.map_err(|error| {
                let cause = format!("the body file could not be read to its end: {error}");
                Failure::new(Stage::Send, &*self.recorder.target, FailureKind::Io, cause)
            })?;
            let wire = self.framed(&piece).await;
            progress.content += piece.len() as u64;
            if waiting.is_empty() {
                self.write(to, &mut progress, wire).await?;
            } else {
                waiting.extend_from_slice(&wire);
                if piece.is_empty() || !small {
                    self.write(to, &mut progress, std::mem::take(&mut waiting).freeze()).await?;
                }
            }
            if piece.is_empty() {
                return to.flush().await.map_err(|error| self.failed(&progress, &error));
            }
        }
    }

    /// A piece as it crosses the wire; the empty one at the end closes a chunked body.
    async fn framed(&self, piece: &Bytes) -> Bytes {
        if !self.chunked {
            return piece.clone();
        }
        let kept = self.writer.decoded(piece.clone()).await;
        self.told(kept);
        if piece.is_empty() { last_chunk(&[]) } else { chunk(piece) }.into()
    }

    async fn write(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        progress: &mut WriteProgress,
        mut bytes: Bytes,
    ) -> Result<(), Failure> {
        while !bytes.is_empty() {
            let written = self.tap.write(to, &mut bytes).await;
            let part = written.map_err(|error| self.failed(progress, &error))?;
            progress.wire += part.len() as u64;
            // Before it is kept, which may have to wait for the disk: the peer may answer meanwhile.
            let body = progress.wire.saturating_sub(progress.head);
            let len = if self.chunked { body.min(progress.content) } else { body };
            self.recorder.edit_body(Direction::Sent, |body| {
                (body.encoded_len, body.decoded_len) = (len, len);
            });
            let is_whole = part.len() as u64 == progress.total;
            let kept =
                if is_whole { self.writer.whole(part).await } else { self.writer.wire(part).await };
            self.told(kept);
            if progress.total > WITH_HEAD {
                (self.report)(progress.wire.min(progress.total), progress.total);
            }
        }
        Ok(())
    }

    /// What is sent goes out whole, even if our copy of it cannot be kept.
    fn told(&self, kept: Result<(), Arc<str>>) {
        if let Err(why) = kept {
            self.recorder.warn(format!("the copy of what was sent is cut: {why}"));
        }
    }

    fn failed(&self, progress: &WriteProgress, error: &io::Error) -> Failure {
        let [wire, total] = [progress.wire, progress.total].map(count);
        let about = if self.chunked { "about " } else { "" };
        let so_far = format!("after {wire} of {about}{total} {}", self.what);
        failure::socket(Stage::Send, &self.recorder.target, error, &so_far)
    }
}

/// An answer of this shape, whose head is shown so, as it is told before its body of so many bytes goes out.
pub(crate) fn answer_message(
    shape: &AnswerShape,
    head: Head,
    id: BodyId,
    length: u64,
) -> HttpMessage {
    let mut message = empty_message(id);
    message.head = head;
    message.body.framing = match (shape.has_body, shape.chunked) {
        (false, _) => MessageFraming::None,
        (true, true) => MessageFraming::Chunked,
        (true, false) => MessageFraming::Length(length),
    };
    message.body.expected = shape.has_body.then_some(length);
    message
}

/// A head of ours as the exchange shows it.
pub(crate) fn shown(expected: Expected, raw: Bytes) -> Head {
    match HeadReader::new(expected).push(&raw) {
        Ok(Some((_, parsed))) => parsed.head,
        _ => Head { raw, ..Head::default() },
    }
}
