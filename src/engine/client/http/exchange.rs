//! One hop: connect, send and receive at the same time.
//!
//! The two directions are two futures of one task that share the [`Hop`]; a peer may answer, or give
//! up, while the request is still on its way.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::time::{Instant, sleep_until};

use super::hop::Hop;
use super::receive::Incoming;
use super::request;
use crate::engine::body::BodyWriter;
use crate::engine::event::Phase;
use crate::engine::http::message_writer::{
    MessageWriter, OutgoingMessage, WITH_HEAD, WrittenBytes,
};
use crate::engine::http::source::BodySource;
use crate::engine::http::tap::Tap;
use crate::engine::transport::dial::{self, Dial};
use crate::engine::transport::stream::Stream;
use crate::model::exchange::Head;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::protocol::Protocol;

/// How long an answer may still come after sending failed: it is on its way already or never.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Hop<'_> {
    /// Makes the hop; returns the head of the response when its body is complete.
    pub(super) async fn make(&self, writer: BodyWriter) -> Result<Head, Failure> {
        let source = BodySource::open(&self.plan.body).await.map_err(|why| {
            Failure::new(Stage::Compose, &*self.plan.url, FailureKind::NotFound, why)
        })?;
        let head = request::head(self.plan, source.len())?;
        self.announce(&head, &source);
        let stream = self.connect().await?;
        Box::pin(self.converse(stream, head.into(), source, writer)).await
    }

    async fn connect(&self) -> Result<Stream, Failure> {
        let dial = Dial {
            conn: self.conn,
            protocol: Protocol::Http,
            endpoint: &self.endpoint,
            tls: &self.tls,
            alpn: &[b"http/1.1"],
            timeout: self.plan.connect_timeout,
            socket: &self.plan.socket,
        };
        let (stream, facts) = Box::pin(dial::connect(dial, self.session)).await;
        self.learn(&facts);
        let unverified = facts.tls_facts.map(|tls| tls.unverified).unwrap_or_default();
        if stream.is_ok() && !unverified.is_empty() {
            self.recorder.warn(format!("the certificate does not verify: {unverified}"));
        }
        stream
    }

    async fn converse(
        &self,
        stream: Stream,
        head: Bytes,
        source: BodySource,
        writer: BodyWriter,
    ) -> Result<Head, Failure> {
        let began = self.recorder.elapsed();
        let (from, to) = tokio::io::split(stream);
        let mut sending = Box::pin(self.send(to, head, source, writer));
        let mut receiving = Box::pin(Incoming::new(self).run(from));
        let mut sent = None;
        let far = self.plan.head_timeout;
        let deadline = sleep_until(Instant::now());
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                biased;
                received = &mut receiving => return self.conclude(received, sent),
                outcome = &mut sending, if sent.is_none() => {
                    let wait = if outcome.is_ok() { far } else { far.min(LAST_WORDS) };
                    deadline.as_mut().reset(Instant::now() + wait);
                    self.recorder.edit(|exchange| {
                        exchange.timing.send = Some(self.recorder.elapsed().saturating_sub(began));
                    });
                    if !self.has_head() {
                        self.session.events.phase(Phase::Waiting);
                        self.recorder.publish();
                    }
                    sent = Some(outcome);
                }
                // Whether there is a head is known when the time is over and not before: it may
                // have come while this was waited for.
                () = &mut deadline, if sent.is_some() => {
                    if self.has_head() {
                        deadline.as_mut().reset(self.next_look()?);
                    } else {
                        return Err(sent.and_then(Result::err).unwrap_or_else(|| self.no_head()));
                    }
                }
            }
        }
    }

    /// Writes the request, and tells how far it is.
    async fn send(
        &self,
        mut to: impl AsyncWrite + Unpin,
        head: Bytes,
        source: BodySource,
        writer: BodyWriter,
    ) -> Result<(), Failure> {
        let message =
            OutgoingMessage { head, body: Some(source), chunked: request::is_chunked(self.plan) };
        let mut tap = Tap::new(self.session.events.clone(), self.conn);
        let outgoing = MessageWriter {
            tap: &mut tap,
            writer,
            target: &self.plan.url,
            what: "request bytes",
            report: |written| self.report_sent(written),
        };
        outgoing.send(&mut to, message).await?;
        self.recorder.edit(|exchange| exchange.request.body.complete = true);
        Ok(())
    }

    fn report_sent(&self, WrittenBytes { wire, body, total }: WrittenBytes) {
        self.recorder.edit(|exchange| {
            exchange.request.body.encoded_len = body;
            exchange.request.body.decoded_len = body;
        });
        if total > WITH_HEAD {
            self.session.events.phase(Phase::Sending { sent: wire.min(total), total: Some(total) });
        }
    }

    /// Weighs what receiving came to against what sending had come to.
    fn conclude(
        &self,
        received: Result<Head, Failure>,
        sent: Option<Result<(), Failure>>,
    ) -> Result<Head, Failure> {
        match (&received, sent) {
            (Ok(_), Some(Err(failure))) => self.recorder.warn(failure.to_string()),
            (Ok(_), None) => {
                let (sent, total) = self.recorder.edit(|exchange| {
                    let body = &exchange.request.body;
                    (body.encoded_len, body.expected.unwrap_or_default())
                });
                self.recorder.warn(format!(
                    "answered before the request was complete ({sent} of {total} body bytes sent)"
                ));
            }
            // Without a head the reason is that sending failed.
            (Err(_), Some(Err(failure))) if !self.has_head() => return Err(failure),
            _ => {}
        }
        received
    }
}
