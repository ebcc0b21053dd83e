//! Takes the body of a message off the wire into the body store: framing removed, codings undone.
//!
//! Used by the client for responses and by the listener for requests. The wire's bytes are kept
//! whatever happens; what cannot be deframed or decoded is said in the facts, in words.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio_util::task::TaskTracker;

use super::decoding::Decoding;
use super::event_tap::EventTap;
use super::exchange_recorder::ExchangeRecorder;
use crate::codec::http1::{BodyFraming, BodyReader, content_codings};
use crate::engine::body::BodyWriter;
use crate::model::counts::count;
use crate::model::exchange::{BodyFacts, FieldLine, Head, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::record::Direction;

/// Why a body cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The peer's framing is broken.
    Malformed(String),
    /// The bytes cannot be kept.
    Storage(Arc<str>),
    /// It unpacks to more than one body may.
    TooLarge(String),
}

/// How much of a body came, and how much was announced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceivedSoFar {
    received: u64,
    expected: Option<u64>,
}

impl ReceivedSoFar {
    /// `after 512 of 1000 body bytes`, or without the total when nobody announced one.
    pub(crate) fn words(self) -> String {
        let received = count(self.received);
        match self.expected.map(count) {
            Some(expected) => format!("after {received} of {expected} body bytes"),
            None => format!("after {received} body bytes"),
        }
    }
}

/// A body on its way from the wire into the store.
pub(crate) struct BodyReceiver {
    writer: BodyWriter,
    reader: BodyReader,
    decoding: Option<Decoding>,
    /// What reads the events in it, of what is decoded.
    events: Option<EventTap>,
    /// The decoded body differs from the wire and is kept on its own.
    separate: bool,
    /// Which of the two messages of the exchange it belongs to.
    pub(crate) way: Direction,
    /// The body is complete by its framing.
    pub(crate) done: bool,
    /// What is known of it so far.
    pub(crate) facts: BodyFacts,
}

impl BodyReceiver {
    /// The body behind this head, which is all that the writer holds yet; decoded by one of these
    /// tasks.
    pub(crate) fn new(
        writer: BodyWriter,
        framing: &BodyFraming,
        head: &Head,
        tasks: &TaskTracker,
    ) -> Self {
        Self::telling(writer, framing, (head, tasks), None)
    }

    /// The same of a body whose events are told, if it has any.
    pub(crate) fn telling(
        writer: BodyWriter,
        framing: &BodyFraming,
        (head, tasks): (&Head, &TaskTracker),
        events: Option<EventTap>,
    ) -> Self {
        let (codings, framing) = (&framing.transfer_codings, framing.framing);
        let mut facts = BodyFacts {
            framing,
            codings: codings.iter().cloned().chain(content_codings(head)).collect(),
            id: writer.id(),
            expected: framing.announced(),
            ..BodyFacts::default()
        };
        let done = framing.is_empty();
        let coded = !done && !facts.codings.is_empty();
        let separate = coded || framing == MessageFraming::Chunked;
        writer.body_starts(writer.wire_len());
        if separate {
            writer.separate();
        }
        let (keep, tap) = (writer.decoded_sink(), events.clone());
        let sink = move |bytes: &[u8]| {
            if let Some(tap) = &tap {
                tap.push(bytes);
            }
            keep(bytes)
        };
        let decoding = coded.then(|| Decoding::start(&facts.codings, tasks, sink));
        let decoding = decoding.transpose().unwrap_or_else(|why| {
            facts.decode_error = Some(why);
            facts.as_came = true;
            None
        });
        let (reader, way) = (BodyReader::new(framing), Direction::Received);
        BodyReceiver { writer, reader, decoding, events, separate, way, done, facts }
    }

    /// Takes bytes of the wire; returns how many belonged to the body. All of them are kept when
    /// they break the framing.
    pub(crate) async fn push(&mut self, bytes: &Bytes) -> Result<usize, Fault> {
        let (used, kept) = self.take(bytes).await;
        kept.map_err(Fault::Storage)?;
        used.map_err(Fault::Malformed)
    }

    /// As [`push`](Self::push) for who passes them on, whatever becomes of our copy: how many belong
    /// to the body, or what is wrong with them; and why they are not kept.
    pub(crate) async fn take(
        &mut self,
        bytes: &Bytes,
    ) -> (Result<usize, String>, Result<(), Arc<str>>) {
        let (mut data, separate) = (BytesMut::new(), self.separate);
        let tap = self.events.as_ref().filter(|_| self.decoding.is_none());
        let wants_data = separate || tap.is_some();
        let progress = self.reader.push(bytes, &mut |part| {
            if wants_data {
                data.extend_from_slice(part);
            }
        });
        if let Some(tap) = tap {
            tap.push(&data);
        }
        let used = progress.as_ref().map_or(bytes.len(), |progress| progress.used);
        self.facts.encoded_len = self.reader.received();
        let mut kept = self.writer.wire(bytes.slice(..used)).await;
        match &self.decoding {
            _ if kept.is_err() => {}
            Some(decoding) => decoding.push(data.freeze()).await,
            None if separate => kept = self.writer.decoded(data.freeze()).await,
            None => {}
        }
        self.facts.decoded_len =
            self.decoding.as_ref().map_or(self.facts.encoded_len, Decoding::decoded);
        let used = progress.map_err(|error| error.to_string()).map(|progress| {
            self.done = progress.done;
            progress.used
        });
        (used, kept)
    }

    /// Keeps bytes that came after the body; they are the last ones.
    pub(crate) async fn surplus(&mut self, bytes: Bytes) -> Result<(), Fault> {
        self.writer.body_ends();
        self.writer.wire(bytes).await.map_err(Fault::Storage)
    }

    /// What came behind the body apart from it, and how that is written.
    pub(crate) async fn trailers_came(
        &mut self,
        text: Bytes,
        fields: Vec<FieldLine>,
    ) -> Result<(), Fault> {
        self.facts.trailers = fields;
        self.surplus(text).await
    }

    /// How much of it came, in words.
    pub(crate) fn so_far(&self) -> String {
        self.received().words()
    }

    /// How much of it came.
    pub(crate) fn received(&self) -> ReceivedSoFar {
        ReceivedSoFar { received: self.facts.encoded_len, expected: self.facts.expected }
    }

    /// `who` finished sending, which only some framings allow here.
    pub(crate) fn closed(&self, who: &str, target: &str) -> Result<(), Failure> {
        self.reader.finish().map_err(|missing| {
            let cause = format!("{who} closed: {missing}, {}", self.so_far());
            Failure::new(Stage::Body, target, FailureKind::Truncated, cause)
        })
    }

    /// Whether it is a stream of events, which may be silent for long.
    pub(crate) fn has_events(&self) -> bool {
        self.events.is_some()
    }

    /// Something about the framing was odd: others may have read another end.
    pub(crate) fn is_doubtful(&self) -> bool {
        !self.reader.warnings().is_empty()
    }

    /// Waits until everything is decoded and readable, and puts the last facts into the exchange.
    /// `complete`: its framing said so, or the peer finished where that is the end. Fails when bytes
    /// could not be kept.
    pub(crate) async fn finish(
        mut self,
        complete: bool,
        recorder: &ExchangeRecorder,
    ) -> Result<(), Fault> {
        let mut too_large = None;
        let mut warnings = self.reader.warnings();
        if let Some(decoding) = self.decoding {
            let ended = decoding.finish(complete).await;
            self.facts.decoded_len = ended.decoded;
            too_large = ended.error.clone().filter(|_| ended.too_large);
            self.facts.decode_error = ended.error;
            (self.facts.as_came, self.facts.damaged) = (ended.as_came, ended.damaged);
            warnings.extend(ended.warnings);
        }
        if self.facts.trailers.is_empty() {
            self.facts.trailers = self.reader.trailers().to_vec();
        }
        if let Some(events) = &self.events {
            events.finish();
        }
        self.facts.complete = complete;
        let kept = self.writer.finish().await;
        recorder.edit_body(self.way, |body| *body = self.facts);
        recorder.warn_all(warnings);
        kept.map_err(Fault::Storage)?;
        too_large.map_or(Ok(()), |why| Err(Fault::TooLarge(why)))
    }
}
