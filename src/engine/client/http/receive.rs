//! The way in: interim heads, the head, the body. Keeps every byte that arrived, however it ends.

use std::io;

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncRead;

use super::hop::Hop;
use crate::codec::http1::{Expected, HeadReader, ParsedHead, content_codings, response_framing};
use crate::engine::body::BodyWriter;
use crate::engine::event::Phase;
use crate::engine::http::body_receiver::{BodyEnd, BodyReceiver, Fault};
use crate::engine::http::failure;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::model::exchange::{Head, HttpMessage, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::record::{Direction, RecordKind};

/// Interim responses read at most; a peer that sends more will never come to the point.
const INTERIM: usize = 100;
/// Bytes of interim responses read at most.
const INTERIM_BYTES: u64 = 256 * 1024;

/// A response on its way in.
pub(super) struct Incoming<'a> {
    hop: &'a Hop<'a>,
    tap: Tap,
    buffer: ReadBuffer,
    first_byte: Option<std::time::Duration>,
}

impl<'a> Incoming<'a> {
    /// For the response to the request of this hop; nothing is read yet.
    pub(super) fn new(hop: &'a Hop<'a>) -> Self {
        let events = hop.session.events.clone();
        let tap = Tap::new(events, hop.conn);
        Incoming { hop, tap, buffer: ReadBuffer::new(), first_byte: None }
    }

    /// Reads until the response is complete; returns its head.
    pub(super) async fn run(mut self, mut from: impl AsyncRead + Unpin) -> Result<Head, Failure> {
        let writer = self.hop.session.bodies.create();
        let id = writer.id();
        let outcome = match self.head(&mut from, &writer).await {
            Ok((head, rest)) => self.body(&mut from, writer, head, rest).await,
            Err(failure) => Err(failure),
        };
        if self.first_byte.is_none() {
            self.hop.session.bodies.release(vec![id]);
        }
        self.hop.recorder.edit(|exchange| {
            let elapsed = self.hop.recorder.elapsed();
            exchange.timing.transfer = self.first_byte.map(|first| elapsed.saturating_sub(first));
        });
        outcome
    }

    /// One read; empty = the peer finished sending.
    async fn read(&mut self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
        self.tap.ready().await;
        self.hop.wait_begins();
        let read = self.buffer.read(from).await;
        self.hop.wait_ends();
        let bytes = read?;
        let events = &self.hop.session.events;
        if bytes.is_empty() {
            let text = "the peer finished sending";
            events.note(self.hop.conn, Direction::Received, RecordKind::Finished, text);
            return Ok(bytes);
        }
        self.tap.received(&bytes);
        if self.first_byte.is_none() {
            let now = self.hop.recorder.elapsed();
            self.first_byte = Some(now);
            self.hop.recorder.edit(|exchange| {
                let before = [
                    exchange.timing.lookup,
                    exchange.timing.connect,
                    exchange.timing.tls,
                    exchange.timing.send,
                ];
                let before = before.into_iter().flatten().sum();
                exchange.timing.first_byte = Some(now.saturating_sub(before));
            });
            events.phase(Phase::Receiving);
        }
        Ok(bytes)
    }

    /// The final head, where it ends on the wire, and what came with it.
    async fn head(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        writer: &BodyWriter,
    ) -> Result<(FinalHead, Bytes), Failure> {
        let url = &*self.hop.plan.url;
        let mut reader = HeadReader::new(Expected::Response);
        let mut end = 0;
        loop {
            let mut bytes = match self.read(from).await {
                Ok(bytes) if bytes.is_empty() => {
                    return Err(failure::head(url, &reader.finish()));
                }
                Ok(bytes) => bytes,
                Err(error) => {
                    let so_far = format!("after {} bytes of the head", reader.received().len());
                    return Err(self.broke(Stage::Head, &error, &so_far));
                }
            };
            writer.wire(bytes.clone()).await.map_err(|why| {
                failure::body(url, &Fault::Storage(why.to_string()), "before the body")
            })?;
            self.hop.arrived(writer.id(), &bytes);
            loop {
                let (used, parsed) = match reader.push(&bytes) {
                    Ok(None) => {
                        end += bytes.len() as u64;
                        break;
                    }
                    Ok(Some(found)) => found,
                    Err(error) => return Err(failure::head(url, &error)),
                };
                bytes.advance(used);
                end += used as u64;
                if is_final(&parsed.head) {
                    return Ok((FinalHead { parsed, end }, bytes));
                }
                self.interim(parsed, end)?;
                self.hop.next_head(&bytes);
                reader = HeadReader::new(Expected::Response);
            }
        }
    }

    fn interim(&self, parsed: ParsedHead, end: u64) -> Result<(), Failure> {
        self.hop.recorder.warn_all(parsed.warnings);
        let count = self.hop.recorder.edit(|exchange| {
            exchange.interim.push(parsed.head);
            exchange.interim.len()
        });
        if count < INTERIM && end < INTERIM_BYTES {
            return Ok(());
        }
        let cause = format!("{count} interim (1xx) responses, {end} bytes, and no final one");
        Err(Failure::new(Stage::Head, &*self.hop.plan.url, FailureKind::TooLarge, cause))
    }

    async fn body(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        writer: BodyWriter,
        FinalHead { parsed, end }: FinalHead,
        rest: Bytes,
    ) -> Result<Head, Failure> {
        let ParsedHead { head, warnings } = parsed;
        let framing = response_framing(&head, &self.hop.plan.method);
        self.hop.recorder.warn_all(warnings.into_iter().chain(framing.warnings.iter().cloned()));
        // The head came with `rest` behind it, and all of that is on the wire's spool already.
        let mut receiver = BodyReceiver::new(writer, end, &framing, content_codings(&head));
        self.hop.recorder.edit(|exchange| {
            let body = receiver.facts().clone();
            exchange.response = Some(HttpMessage { head: head.clone(), body });
        });
        self.hop.recorder.publish();
        let outcome = self.fill(from, &mut receiver, rest).await;
        let ending = if outcome.is_ok() { BodyEnd::Complete } else { BodyEnd::CutOff };
        let (facts, warnings) = receiver.finish(ending).await;
        self.hop.recorder.warn_all(warnings);
        self.hop.recorder.edit(|exchange| {
            if let Some(response) = &mut exchange.response {
                response.body = facts;
            }
        });
        outcome.map(|()| head)
    }

    /// Feeds the body until it is complete.
    async fn fill(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        receiver: &mut BodyReceiver,
        rest: Bytes,
    ) -> Result<(), Failure> {
        self.take(receiver, rest, Kept::Already).await?;
        while !receiver.is_done() {
            let bytes = match self.read(from).await {
                Ok(bytes) => bytes,
                Err(error) => return self.broken(receiver, &error),
            };
            if bytes.is_empty() {
                return receiver.end_of_stream().map_err(|missing| {
                    let cause =
                        format!("the peer closed: {missing}, {}", failure::so_far(receiver));
                    let url = &*self.hop.plan.url;
                    Failure::new(Stage::Body, url, FailureKind::Truncated, cause)
                });
            }
            self.take(receiver, bytes, Kept::NotYet).await?;
        }
        Ok(())
    }

    async fn take(
        &self,
        receiver: &mut BodyReceiver,
        bytes: Bytes,
        kept: Kept,
    ) -> Result<(), Failure> {
        let count = bytes.len();
        let outcome = match kept {
            Kept::Already => receiver.push_kept(&bytes).await,
            Kept::NotYet => receiver.push(&bytes).await,
        };
        let url = &*self.hop.plan.url;
        let used =
            outcome.map_err(|fault| failure::body(url, &fault, &failure::so_far(receiver)))?;
        let facts = receiver.facts();
        self.hop.recorder.edit(|exchange| {
            if let Some(response) = &mut exchange.response {
                response.body.encoded_len = facts.encoded_len;
                response.body.decoded_len = facts.decoded_len;
            }
        });
        self.hop.recorder.progress(facts);
        if used < count {
            let surplus = count - used;
            self.hop.recorder.warn(format!("{surplus} bytes after the end of the response"));
            if kept == Kept::NotYet {
                let rest = bytes.slice(used..);
                let outcome = receiver.surplus(rest).await;
                outcome.map_err(|fault| failure::body(url, &fault, &failure::so_far(receiver)))?;
            }
        }
        Ok(())
    }

    /// The socket failed inside the body.
    fn broken(&self, receiver: &BodyReceiver, error: &io::Error) -> Result<(), Failure> {
        let until_close = receiver.facts().framing == MessageFraming::UntilClose;
        if error.kind() == io::ErrorKind::UnexpectedEof && until_close {
            self.hop.recorder.warn(
                "the peer closed without ending TLS (no close_notify): the body may be cut off",
            );
            return Ok(());
        }
        Err(self.broke(Stage::Body, error, &failure::so_far(receiver)))
    }

    fn broke(&self, stage: Stage, error: &io::Error, so_far: &str) -> Failure {
        let failure = failure::socket(stage, &self.hop.plan.url, error, so_far);
        if failure.kind == FailureKind::Reset {
            let (events, text) = (&self.hop.session.events, failure.cause.clone());
            events.note(self.hop.conn, Direction::Received, RecordKind::Reset, text);
        }
        failure
    }
}

struct FinalHead {
    parsed: ParsedHead,
    /// First byte of the body on the wire.
    end: u64,
}

/// Whether the wire's bytes are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Already,
    NotYet,
}

/// 101 ends the HTTP part of a connection; other 1xx heads announce another one.
fn is_final(head: &Head) -> bool {
    head.status().is_none_or(|status| status == 101 || status >= 200)
}
