//! Turning an exchange around: what was received becomes something to send.
//!
//! The body is with the engine, so it is fetched first, in hex lines because those hold every
//! byte; [`BodyFetch`] remembers how far that is.

use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::app::to_preset;
use crate::model::exchange::Exchange;
use crate::model::id::{BodyId, SessionId};
use crate::model::view::{View, ViewMode, ViewPart, ViewQuery};

/// Body bytes taken into a preset; a longer body belongs into a file.
const LIMIT: usize = 1024 * 1024;
/// Hex lines fetched at a time.
const ROWS: u16 = 1024;
/// Bytes of a hex line.
const LINE: u64 = 16;

/// A body on its way into a draft.
#[derive(Debug)]
pub struct BodyFetch {
    session: SessionId,
    number: u32,
    query: ViewQuery,
    bytes: Vec<u8>,
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
    let (session, number) = (exchange.conn.session, exchange.number);
    let begun = BodyFetch { session, number, query: window(request.id, 0), bytes: Vec::new() };
    fetch.insert(begun).ask().into()
}

fn window(body: BodyId, top: u64) -> ViewQuery {
    ViewQuery { body, part: ViewPart::Decoded, mode: ViewMode::Hex, top, rows: ROWS }
}

impl BodyFetch {
    fn ask(&self) -> Intent {
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
        if have >= view.total_bytes || self.bytes.len() >= LIMIT || view.lines.is_empty() {
            return None;
        }
        self.query = window(view.query.body, have / LINE);
        Some(self.ask())
    }

    /// Makes the draft.
    pub(super) fn finish(&self, shared: &Shared) -> Vec<Intent> {
        let session = shared.sessions.get(self.session);
        let exchange = session.and_then(|it| it.exchanges.iter().find(|e| e.number == self.number));
        exchange.map_or_else(Vec::new, |exchange| to_preset::exchange(exchange, &self.bytes))
    }
}
