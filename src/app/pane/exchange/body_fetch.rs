//! A body as a whole, for what cannot be done with a window onto it: turning an exchange around, so
//! that what was received becomes something to send, and copying.
//!
//! The body is with the engine, so it is fetched first, in hex lines because those hold every
//! byte; [`BodyFetch`] remembers how far that is, and what for.

use super::shape;
use crate::app::copying;
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::app::to_preset;
use crate::codec::charset;
use crate::codec::image::{self, ImageFacts};
use crate::model::exchange::Exchange;
use crate::model::id::{BodyId, SessionId};
use crate::model::view::{View, ViewMode, ViewPart, ViewQuery};

/// Body bytes taken into a preset; a longer body belongs into a file.
const LIMIT: usize = 1024 * 1024;
/// Bytes of an image that are looked through for its size.
const IMAGE: u64 = 256 * 1024;
/// Hex lines fetched at a time.
const ROWS: u16 = 1024;
/// Bytes of a hex line.
const LINE: u64 = 16;

/// What a body is fetched for.
#[derive(Debug)]
pub(super) enum FetchAim {
    Draft,
    Copy {
        what: &'static str,
        form: CopyForm,
    },
    /// How many pixels an image has, which may stand far behind its beginning.
    Image,
}

/// How a whole body is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyForm {
    Whole,
    /// JSON laid out.
    Pretty,
}

/// A body on its way.
#[derive(Debug)]
pub struct BodyFetch {
    session: SessionId,
    number: u32,
    query: ViewQuery,
    bytes: Vec<u8>,
    aim: FetchAim,
}

/// Makes a draft of an exchange, at once or when its body is here.
pub(super) fn make_preset(exchange: &Exchange, fetch: &mut Option<BodyFetch>) -> Outcome {
    let request = &exchange.request.body;
    if request.decoded_len == 0 {
        return to_preset::exchange(exchange, &[]).into();
    }
    if request.decoded_len > LIMIT as u64 {
        let too_long = "the body is longer than 1 MiB: save it with s and send it as a file";
        return Outcome::warn(too_long);
    }
    let begun = BodyFetch::begin(exchange, (request.id, ViewPart::Decoded), FetchAim::Draft);
    fetch.insert(begun).ask().into()
}

fn window(body: BodyId, part: ViewPart, top: u64) -> ViewQuery {
    ViewQuery { body, part, mode: ViewMode::Hex, top, rows: ROWS }
}

impl BodyFetch {
    /// Nothing is asked for yet.
    pub(super) fn begin(exchange: &Exchange, of: (BodyId, ViewPart), aim: FetchAim) -> Self {
        let (session, number) = (exchange.conn.session, exchange.number);
        let query = window(of.0, of.1, 0);
        BodyFetch { session, number, query, bytes: Vec::new(), aim }
    }

    /// Asks for the next window.
    pub(super) fn ask(&self) -> Intent {
        Intent::Perform(Effect::View(self.query.clone()))
    }

    /// Whether this window was asked for here.
    pub(super) fn is_mine(&self, view: &View) -> bool {
        self.query == view.query
    }

    /// Takes a window that was asked for here; asks for the next one unless it was the last.
    pub(super) fn take(&mut self, view: &View) -> Option<Intent> {
        for line in &view.lines {
            if line.offset == self.bytes.len() as u64 {
                self.bytes.extend_from_slice(&line.bytes);
            }
        }
        let have = self.bytes.len() as u64;
        let is_enough = matches!(self.aim, FetchAim::Image)
            && (have > IMAGE || self.image().is_none_or(|facts| facts.size.is_some()));
        if is_enough
            || have >= view.total_bytes
            || self.bytes.len() >= LIMIT
            || view.lines.is_empty()
        {
            return None;
        }
        self.query = window(view.query.body, view.query.part, have / LINE);
        Some(self.ask())
    }

    /// What the bytes so far tell of an image, when that is what they are fetched for.
    pub(super) fn image(&self) -> Option<ImageFacts> {
        image::facts(&self.bytes).filter(|_| matches!(self.aim, FetchAim::Image))
    }

    /// Makes the draft, or copies.
    pub(super) fn finish(&self, shared: &Shared) -> Vec<Intent> {
        if matches!(self.aim, FetchAim::Image) {
            return Vec::new();
        }
        let session = shared.sessions.get(self.session);
        let exchange = session.and_then(|it| it.exchanges.iter().find(|e| e.number == self.number));
        let Some(exchange) = exchange else { return Vec::new() };
        let FetchAim::Copy { what, form } = self.aim else {
            return to_preset::exchange(exchange, &self.bytes);
        };
        let as_text = ViewQuery { mode: ViewMode::Text, ..self.query.clone() };
        let encoding = shape::encoding(exchange, &as_text, &self.bytes);
        let text = encoding.map(|encoding| charset::to_utf8(&self.bytes, Some(encoding)));
        let bytes = text.as_deref().unwrap_or(&self.bytes);
        if form == CopyForm::Whole {
            let (form, text) = copying::whole(bytes);
            return vec![copying::put(format!("{what}{form}"), text)];
        }
        vec![match copying::pretty(bytes) {
            Ok(text) => copying::put(format!("{what}, laid out"), text),
            Err(why) => Intent::Warn(format!("{why}; [copy-whole] copies it as it came")),
        }]
    }
}
