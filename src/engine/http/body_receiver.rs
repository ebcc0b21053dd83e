//! Takes the body of a message off the wire into the body store: framing removed, codings undone.
//!
//! Used by the client for responses and by the listener for requests. The wire's bytes are kept
//! whatever happens; what cannot be deframed or decoded is said in the facts, in words.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

pub(crate) use super::decoding::BodyEnd;
use super::decoding::Decoding;
use crate::codec::http1::{BodyFraming, BodyReader};
use crate::engine::body::{BodyWriter, DecodedBytes};
use crate::model::exchange::{BodyFacts, MessageFraming};

/// Why a body cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The peer's framing is broken.
    Malformed(String),
    /// The bytes cannot be kept.
    Storage(String),
}

/// A body on its way from the wire into the store.
pub(crate) struct BodyReceiver {
    writer: BodyWriter,
    reader: BodyReader,
    decoding: Option<Decoding>,
    /// The decoded body differs from the wire and is kept on its own.
    separate: bool,
    /// Place of the next body byte on the wire.
    at: u64,
    done: bool,
    facts: BodyFacts,
}

impl BodyReceiver {
    /// The head is over at `start` of the wire. `codings` are the content codings.
    pub(crate) fn new(
        writer: BodyWriter,
        start: u64,
        framing: &BodyFraming,
        codings: Vec<String>,
    ) -> Self {
        let all = [framing.transfer_codings.clone(), codings].concat();
        let mut facts = crate::engine::http::exchange_recorder::empty_body(writer.id());
        facts.framing = framing.framing;
        facts.codings = all;
        facts.expected = match framing.framing {
            MessageFraming::Length(length) => Some(length),
            _ => None,
        };
        let reader = BodyReader::new(framing.framing);
        let done = matches!(framing.framing, MessageFraming::None | MessageFraming::Length(0));
        let mut receiver = BodyReceiver {
            writer,
            reader,
            decoding: None,
            separate: false,
            at: start,
            done,
            facts,
        };
        receiver.decode(start);
        receiver
    }

    /// Decides where the decoded body will be.
    fn decode(&mut self, start: u64) {
        let coded = !self.done && !self.facts.codings.is_empty();
        self.separate = coded || self.facts.framing == MessageFraming::Chunked;
        let decoded = if self.separate { DecodedBytes::Separate } else { DecodedBytes::OnTheWire };
        self.writer.body_starts(start, decoded);
        if coded {
            match Decoding::start(&self.facts.codings, self.writer.decoded_sink()) {
                Ok(decoding) => self.decoding = Some(decoding),
                Err(why) => self.facts.decode_error = Some(why),
            }
        }
    }

    /// The body is complete by its framing.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Takes bytes of the wire; returns how many belonged to the body. All of them are kept when
    /// they break the framing.
    pub(crate) async fn push(&mut self, bytes: &Bytes) -> Result<usize, Fault> {
        let (used, fault, data) = self.deframe(bytes);
        self.writer.wire(bytes.slice(..used)).await.map_err(storage)?;
        self.keep(data).await?;
        fault.map_or(Ok(used), Err)
    }

    /// The same for bytes that are on the wire's spool already, because they came with the head.
    pub(crate) async fn push_kept(&mut self, bytes: &Bytes) -> Result<usize, Fault> {
        let (used, fault, data) = self.deframe(bytes);
        self.keep(data).await?;
        fault.map_or(Ok(used), Err)
    }

    fn deframe(&mut self, bytes: &[u8]) -> (usize, Option<Fault>, Bytes) {
        let mut data = BytesMut::new();
        let separate = self.separate;
        let progress = self.reader.push(bytes, &mut |part| {
            if separate {
                data.extend_from_slice(part);
            }
        });
        let (used, fault) = match progress {
            Ok(progress) => {
                self.done = progress.done;
                (progress.used, None)
            }
            Err(error) => (bytes.len(), Some(Fault::Malformed(error.to_string()))),
        };
        self.at += used as u64;
        self.facts.encoded_len = self.reader.received();
        (used, fault, data.freeze())
    }

    async fn keep(&mut self, data: Bytes) -> Result<(), Fault> {
        match &self.decoding {
            Some(decoding) => decoding.push(data).await,
            None if self.separate => self.writer.decoded(data).await.map_err(storage)?,
            None => {}
        }
        self.facts.decoded_len =
            self.decoding.as_ref().map_or(self.facts.encoded_len, Decoding::decoded);
        Ok(())
    }

    /// Keeps bytes that came after the body.
    pub(crate) async fn surplus(&mut self, bytes: Bytes) -> Result<(), Fault> {
        self.writer.body_ends(self.at);
        self.writer.wire(bytes).await.map_err(storage)
    }

    /// The facts so far.
    pub(crate) fn facts(&self) -> &BodyFacts {
        &self.facts
    }

    /// Whether the peer may finish here; the error says what is missing.
    pub(crate) fn end_of_stream(&self) -> Result<(), String> {
        self.reader.finish()
    }

    /// Waits until everything is decoded and readable. Returns the facts and what was odd.
    pub(crate) async fn finish(mut self, end: BodyEnd) -> (BodyFacts, Vec<String>) {
        self.writer.body_ends(self.at);
        let mut warnings = self.reader.warnings();
        if let Some(mut decoding) = self.decoding.take() {
            let ended = decoding.finish(end).await;
            self.facts.decoded_len = decoding.decoded();
            self.facts.decode_error = ended.error;
            warnings.extend(ended.warnings);
        }
        self.facts.trailers = self.reader.trailers().to_vec();
        self.facts.complete = end == BodyEnd::Complete;
        self.writer.finish().await;
        (self.facts, warnings)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of an error")]
fn storage(why: Arc<str>) -> Fault {
    Fault::Storage(why.to_string())
}
