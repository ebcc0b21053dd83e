//! The way out: writes a request as planned, and keeps and records exactly what was written.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::exchange::Attempt;
use crate::engine::body::{BodyWriter, DecodedBytes};
use crate::engine::event::Phase;
use crate::engine::http::failure;
use crate::engine::http::source::Source;
use crate::engine::http::tap::Tap;
use crate::model::failure::{Failure, FailureKind, Stage};

/// A first piece of the body up to this size goes out in one write with the head.
const WITH_HEAD: u64 = 64 * 1024;

/// A request on its way out.
pub(super) struct Outgoing<'a> {
    attempt: &'a Attempt<'a>,
    tap: Tap,
    writer: BodyWriter,
    head_len: u64,
    sent: u64,
    total: u64,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(attempt: &'a Attempt<'a>, writer: BodyWriter) -> Self {
        let events = attempt.session.events.clone();
        let tap = Tap::new(events, attempt.conn);
        Outgoing { attempt, tap, writer, head_len: 0, sent: 0, total: 0 }
    }

    /// Writes everything; the failure says how far it came.
    pub(super) async fn run(
        mut self,
        mut to: impl AsyncWrite + Unpin,
        head: Bytes,
        mut source: Source,
    ) -> Result<(), Failure> {
        self.head_len = head.len() as u64;
        self.total = self.head_len + source.len();
        self.writer.body_starts(self.head_len, DecodedBytes::OnTheWire);
        let mut first = head;
        if (1..=WITH_HEAD).contains(&source.len()) {
            let mut both = BytesMut::from(&first[..]);
            both.extend_from_slice(&self.piece(&mut source).await?);
            first = both.freeze();
        }
        self.write(&mut to, first).await?;
        loop {
            let piece = self.piece(&mut source).await?;
            if piece.is_empty() {
                break;
            }
            self.write(&mut to, piece).await?;
        }
        to.flush().await.map_err(|error| self.failed(&error))?;
        self.attempt.case.edit(|exchange| exchange.request.body.complete = true);
        self.writer.finish().await;
        Ok(())
    }

    async fn piece(&self, source: &mut Source) -> Result<Bytes, Failure> {
        source.next().await.map_err(|error| {
            let cause = format!("the body file could not be read to its end: {error}");
            Failure::new(Stage::Send, &*self.attempt.plan.url, FailureKind::Io, cause)
        })
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
            self.writer.wire(part).await.map_err(|why| {
                let url = &*self.attempt.plan.url;
                Failure::new(Stage::Storage, url, FailureKind::Io, why.to_string())
            })?;
            self.report();
        }
        Ok(())
    }

    fn report(&self) {
        let sent = self.sent.saturating_sub(self.head_len);
        self.attempt.case.edit(|exchange| {
            exchange.request.body.encoded_len = sent;
            exchange.request.body.decoded_len = sent;
        });
        if self.total > WITH_HEAD {
            let phase = Phase::Sending { sent: self.sent, total: Some(self.total) };
            self.attempt.session.events.phase(phase);
        }
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        let so_far = format!("after {} of {} request bytes", self.sent, self.total);
        failure::socket(Stage::Send, &self.attempt.plan.url, error, &so_far)
    }
}
