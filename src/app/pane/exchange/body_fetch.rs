//! A body as a whole, for what cannot be done with a window onto it: turning an exchange around, so
//! that what was received becomes something to send, and copying.
//!
//! The body is with the engine, so it is fetched first, in hex lines because those hold every
//! byte; [`BodyFetch`] remembers how far that is, and what for.

use super::body_view::Selection;
use super::json_value::{self, ValueForm};
use super::long_line;
use super::shape;
use crate::app::copying;
use crate::app::effect::{COPY_LIMIT, Effect};
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
const IMAGE: usize = 256 * 1024;
/// Hex lines fetched at a time.
const ROWS: u16 = 1024;
/// Bytes of a hex line.
const LINE: u64 = 16;

/// Said of a line that is not copied.
const LONG_LINE: &str = "this line is longer than a terminal's clipboard takes: [save-to-file] saves the body to a file";

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
    /// A value of JSON, from the first byte of its line on.
    Value {
        what: String,
        at: u64,
        form: ValueForm,
    },
    /// The line of text that a piece of it is of.
    Line {
        cursor: u64,
    },
    /// Lines that were selected, as they are shown.
    Lines {
        what: String,
        selection: Selection,
    },
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
    /// Place of the first of the bytes.
    first: u64,
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
    ViewQuery::new(body, part, ViewMode::Hex, top, ROWS)
}

impl BodyFetch {
    /// Nothing is asked for yet.
    pub(super) fn begin(exchange: &Exchange, of: (BodyId, ViewPart), aim: FetchAim) -> Self {
        let (session, number) = (exchange.conn.session, exchange.number);
        let first = match &aim {
            FetchAim::Value { at, .. } => at / LINE,
            _ => 0,
        };
        let query = window(of.0, of.1, first);
        BodyFetch { session, number, query, first: first * LINE, bytes: Vec::new(), aim }
    }

    /// Fetches some lines at once.
    pub(super) fn lines(exchange: &Exchange, query: ViewQuery, aim: FetchAim) -> Self {
        let (session, number) = (exchange.conn.session, exchange.number);
        BodyFetch { session, number, query, first: 0, bytes: Vec::new(), aim }
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
        if matches!(self.aim, FetchAim::Lines { .. } | FetchAim::Line { .. }) {
            return None;
        }
        for line in &view.lines {
            if line.offset == self.first + self.bytes.len() as u64 {
                self.bytes.extend_from_slice(&line.bytes);
            }
        }
        let have = self.first + self.bytes.len() as u64;
        if have >= view.total_bytes || self.has_enough() || view.lines.is_empty() {
            return None;
        }
        self.query = window(view.query.body, view.query.part, have / LINE);
        Some(self.ask())
    }

    /// What the bytes so far tell of an image, when that is what they are fetched for.
    pub(super) fn image(&self) -> Option<ImageFacts> {
        image::facts(&self.bytes).filter(|_| matches!(self.aim, FetchAim::Image))
    }

    fn has_enough(&self) -> bool {
        match &self.aim {
            FetchAim::Value { at, .. } => {
                self.bytes.len() > COPY_LIMIT || json_value::is_whole(self.from(*at))
            }
            FetchAim::Image => {
                self.bytes.len() > IMAGE || self.image().is_none_or(|facts| facts.size.is_some())
            }
            _ => self.bytes.len() >= LIMIT,
        }
    }

    /// The bytes from this place on.
    fn from(&self, at: u64) -> &[u8] {
        self.bytes.get(at.saturating_sub(self.first) as usize..).unwrap_or_default()
    }

    /// Makes the draft, or copies.
    pub(super) fn finish(&self, shared: &Shared, last: &View) -> Vec<Intent> {
        let session = shared.sessions.get(self.session);
        let exchange = session.and_then(|it| it.exchanges.iter().find(|e| e.number == self.number));
        let Some(exchange) = exchange else { return Vec::new() };
        let (what, form) = match &self.aim {
            FetchAim::Image => return Vec::new(),
            FetchAim::Draft => return to_preset::exchange(exchange, &self.bytes),
            FetchAim::Value { what, at, form } => {
                return vec![json_value::copied(what, self.from(*at), *form)];
            }
            FetchAim::Line { cursor } => {
                let line = long_line::line_around(last, *cursor);
                return vec![line.map_or_else(
                    || Intent::Warn(LONG_LINE.to_owned()),
                    |(what, text)| copying::put(what, text),
                )];
            }
            FetchAim::Lines { what, selection } => {
                let text = selection.text(last).map(|text| copying::put(what.as_str(), text));
                return text.into_iter().collect();
            }
            FetchAim::Copy { what, form } => (*what, *form),
        };
        // How long it is was not known before its first bytes came.
        if let Some(too_long) = copying::too_long(what, last.total_bytes) {
            return vec![too_long];
        }
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
