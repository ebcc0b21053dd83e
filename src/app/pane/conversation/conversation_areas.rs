//! Where the pieces of a conversation are drawn: pure geometry, shared by clicks and `ui`.
//!
//! ```text
//!   wide, several peers                    else
//!   ├ status ───────────────────┤          ├ status ────────────┤
//!   ├ why it failed ────────────┤          ├ why it failed ─────┤
//!   ├ peers ──┬ rows ───────────┤          ├ the chosen peer ───┤  (with several)
//!   │         ├ detail ─────────┤          ├ rows ──────────────┤
//!   ├ input ──┴─────────────────┤          ├ detail ────────────┤
//!                                          ├ input ─────────────┤
//! ```

use ratatui::layout::Rect;

use super::conversation_view::{ConversationPane, conns, has_several};
use crate::app::layout::{cut_bottom, cut_top};
use crate::app::session_words;
use crate::app::sessions::SessionState;
use crate::app::shared::Shared;
use crate::codec::wrap_words::wrap;
use crate::model::id::ConnId;
use crate::model::payload::{InputMode, PayloadFormat};

/// Width from which peers have a column of their own.
const WIDE: u16 = 84;
const PEERS: u16 = 34;

/// Areas of the pane; empty where there is nothing or no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConversationAreas {
    pub status: Rect,
    /// Why it failed and what to try.
    pub failure: Rect,
    pub peers: Rect,
    pub rows: Rect,
    /// A line with the title of the detail.
    pub detail_title: Rect,
    pub detail: Rect,
    pub input: Rect,
    /// What is searched for or where to save, while it is typed: in place of the input line.
    pub prompt: Rect,
}

impl ConversationPane {
    /// Lays the pieces out in the pane's inner area.
    pub(crate) fn areas(&self, shared: &Shared, inner: Rect) -> ConversationAreas {
        let mut parts = ConversationAreas::default();
        let (Some(session), Some(view)) = (shared.session(), self.view(shared)) else {
            parts.status = Rect { height: inner.height.min(1), ..inner };
            return parts;
        };
        let mut rest = inner;
        // On one row the input line shows while it is written in, the rows otherwise.
        if self.prompt.is_some() {
            parts.prompt = cut_bottom(&mut rest, 1);
        } else if session.capabilities().input && (rest.height > 1 || view.writing) {
            let lines = view.input.editor.line_count().min(64) as u16;
            let height = lines.clamp(1, (rest.height / 3).max(1));
            parts.input = cut_bottom(&mut rest, height);
        }
        if rest.height > 1 {
            parts.status = cut_top(&mut rest, 1);
            let rows = failure(shared, rest.width).len().min(usize::from(rest.height / 2));
            parts.failure = cut_top(&mut rest, rows as u16);
        }
        if has_several(session) {
            if rest.width >= WIDE && rest.height > 1 {
                parts.peers = Rect { width: PEERS, ..rest };
                rest.x += PEERS + 1;
                rest.width -= PEERS + 1;
            } else if rest.height > 2 {
                parts.peers = cut_top(&mut rest, 1);
            }
        }
        if let Some(detail) = &view.detail {
            let is_beside_rows = rest.height > 3;
            let rows = detail.rows_of(rest.height, rest.height / 2);
            let height = if is_beside_rows { rows } else { rest.height };
            parts.detail = cut_bottom(&mut rest, height);
            parts.detail_title = cut_top(&mut parts.detail, u16::from(is_beside_rows));
        }
        parts.rows = rest;
        parts
    }

    /// The rows of the peers list that are visible: all of them first, then one each, so that the
    /// chosen one is among them.
    pub(crate) fn peer_rows(&self, shared: &Shared, height: usize) -> Vec<Option<ConnId>> {
        let (Some(session), Some(view)) = (shared.session(), self.view(shared)) else {
            return Vec::new();
        };
        let ids = || conns(session).map(|conn| conn.info.id);
        if let (Some(chosen), 0..=1) = (view.chosen, height) {
            return vec![Some(chosen)];
        }
        // As many before the chosen one as fit in half of the list.
        let before = |chosen: ConnId| ids().rev().skip_while(move |id| *id >= chosen);
        match view.chosen.and_then(|chosen| before(chosen).nth(height / 2)) {
            Some(start) => ids().skip_while(|id| *id < start).map(Some).take(height).collect(),
            None => std::iter::once(None).chain(ids().map(Some)).take(height).collect(),
        }
    }
}

/// Why the session failed and what to try, in rows of this width; the status line tells the rest.
pub fn failure(shared: &Shared, width: u16) -> Vec<String> {
    let Some(SessionState::Over(Err(failure))) = shared.session().map(|session| &session.state)
    else {
        return Vec::new();
    };
    if failure.is_cancelled() {
        return Vec::new();
    }
    let mut rows = wrap(&failure.details(), width);
    if failure.distrusted().is_some() {
        rows.extend(wrap(&session_words::anyway_hint(shared), width));
    }
    rows
}

/// What stands before the text of the input line.
pub fn prefix(mode: InputMode) -> &'static str {
    match mode.format {
        PayloadFormat::Text => "❯ ",
        PayloadFormat::Hex => "hex ❯ ",
    }
}
