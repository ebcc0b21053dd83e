//! The bodies of messages that are put together from the bytes of a file: framing off, codings undone.
//!
//! Used by `opened_exchanges.rs`. Bounded: what bodies that are not over hold together, and what a coding
//! may make of one; what is longer is told by its length and kept up to there.

use std::io::Read as _;

use bytes::Bytes;

use crate::codec::content_coding::ContentDecoder;
use crate::codec::http1::{BodyFraming, BodyReader, content_codings};
use crate::model::counts::counted;
use crate::model::exchange::{BodyFacts, Head, MessageFraming};

/// Bytes of all bodies that are not over.
const HELD: usize = 64 * 1024 * 1024;
/// Bytes that the codings of one may make.
const DECODED: u64 = 64 * 1024 * 1024;

/// How much the bodies hold that are not over.
#[derive(Debug, Default)]
pub(super) struct OpenBytes(usize);

/// A body being read.
#[derive(Debug)]
pub(super) struct MessageBody {
    reader: BodyReader,
    facts: BodyFacts,
    bytes: Vec<u8>,
    /// There was no room for all of it.
    is_cut: bool,
}

impl MessageBody {
    /// The body behind this head.
    pub(super) fn new(head: &Head, framing: BodyFraming) -> Self {
        let codings = framing.transfer_codings.into_iter().chain(content_codings(head)).collect();
        let framing = framing.framing;
        let expected = match framing {
            MessageFraming::Length(length) => Some(length),
            MessageFraming::None
            | MessageFraming::Chunked
            | MessageFraming::UntilClose
            | MessageFraming::UntilStreamEnd => None,
        };
        let facts = BodyFacts { framing, codings, expected, ..BodyFacts::default() };
        let reader = BodyReader::new(framing);
        MessageBody { reader, facts, bytes: Vec::new(), is_cut: false }
    }

    /// Takes bytes; how many were its own. `None` = its framing is broken.
    pub(super) fn push(&mut self, bytes: &[u8], held: &mut OpenBytes) -> Option<usize> {
        let (kept, is_cut) = (&mut self.bytes, &mut self.is_cut);
        let mut keep = |piece: &[u8]| {
            let room = if *is_cut { 0 } else { HELD.saturating_sub(held.0) };
            let piece = &piece[..piece.len().min(room)];
            *is_cut |= piece.len() == room;
            held.0 += piece.len();
            kept.extend_from_slice(piece);
        };
        self.reader.push(bytes, &mut keep).ok().map(|progress| progress.used)
    }

    /// Whether nothing more is of it.
    pub(super) fn is_over(&mut self) -> bool {
        self.reader.push(&[], &mut |_| {}).is_ok_and(|progress| progress.done)
    }

    /// What there is to say of it, and what it reads; it is as long as it gets.
    pub(super) fn told(self, held: &mut OpenBytes) -> (BodyFacts, Bytes) {
        let MessageBody { reader, mut facts, bytes, is_cut } = self;
        held.0 = held.0.saturating_sub(bytes.len());
        (facts.encoded_len, facts.decoded_len) = (reader.received(), reader.received());
        facts.complete = reader.finish().is_ok();
        facts.trailers = reader.trailers().to_vec();
        let bytes = Bytes::from(bytes);
        if facts.codings.is_empty() || facts.encoded_len == 0 {
            return (facts, bytes);
        }
        let (decoded, error) = decoded(&facts.codings, bytes.clone());
        let error = error.filter(|_| !is_cut).or_else(|| {
            let kept = counted(bytes.len() as u64, "byte");
            is_cut.then(|| format!("only the first {kept} of it are kept"))
        });
        facts.decode_error = error;
        if facts.decode_error.is_some() && decoded.is_empty() {
            facts.as_came = true;
            return (facts, bytes);
        }
        facts.damaged = facts.decode_error.is_some();
        facts.decoded_len = decoded.len() as u64;
        (facts, decoded)
    }
}

/// What these codings make of a body, and why that ends early.
fn decoded(codings: &[String], bytes: Bytes) -> (Bytes, Option<String>) {
    let mut pieces = Some(bytes);
    let decoder = match ContentDecoder::pulling(codings, move || Ok(pieces.take())) {
        Ok(decoder) => decoder,
        Err(error) => return (Bytes::new(), Some(error.to_string())),
    };
    let mut text = Vec::new();
    let ended = decoder.take(DECODED + 1).read_to_end(&mut text);
    let mut error = ended.err().map(|error| error.to_string());
    if text.len() as u64 > DECODED {
        text.truncate(usize::try_from(DECODED).unwrap_or(usize::MAX));
        error = Some("it decodes to more than 64 MiB".to_owned());
    }
    (text.into(), error)
}
