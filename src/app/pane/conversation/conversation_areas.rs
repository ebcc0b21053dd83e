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

use super::conversation_state::{ConversationPane, has_several};
use super::input_line::settings;
use crate::app::session_words;
use crate::app::sessions::SessionState;
use crate::app::shared::Shared;
use crate::app::wrap_words::wrap;
use crate::model::id::ConnId;
use crate::model::payload::PayloadFormat;

/// Width from which peers have a column of their own.
const WIDE: u16 = 88;
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
    /// Cells before the text of the input line.
    pub prefix: u16,
}

impl ConversationPane {
    /// Lays the pieces out in the pane's inner area.
    pub fn areas(&self, shared: &Shared, inner: Rect) -> ConversationAreas {
        let mut parts = ConversationAreas::default();
        let (Some(session), Some(view)) = (shared.session(), self.view(shared)) else {
            parts.status = Rect { height: inner.height.min(1), ..inner };
            return parts;
        };
        let mut rest = inner;
        parts.prefix = prefix(shared).chars().count() as u16;
        // On one row the input line shows while it is written in, the rows otherwise.
        if self.prompt.is_some() && rest.height > 0 {
            rest.height -= 1;
            parts.prompt = Rect { y: rest.bottom(), height: 1, ..inner };
        } else if rest.height > 1 || view.writing {
            let lines = view.input.editor.area().lines().len().min(64) as u16;
            let height = lines.clamp(1, (rest.height / 3).max(1)).min(rest.height);
            rest.height -= height;
            parts.input = Rect { y: rest.bottom(), height, ..inner };
        }
        if rest.height > 1 {
            parts.status = Rect { height: 1, ..rest };
            rest = below(rest, 1);
            let rows = failure(shared, rest.width).len().min(usize::from(rest.height / 2));
            parts.failure = Rect { height: rows as u16, ..rest };
            rest = below(rest, parts.failure.height);
        }
        if has_several(session) {
            if rest.width >= WIDE && rest.height > 1 {
                parts.peers = Rect { width: PEERS, ..rest };
                rest.x += PEERS + 1;
                rest.width -= PEERS + 1;
            } else if rest.height > 2 {
                parts.peers = Rect { height: 1, ..rest };
                rest = below(rest, 1);
            }
        }
        if view.detail.is_some() && rest.height > 3 {
            let height = rest.height / 2;
            let detail = Rect { y: rest.bottom() - height, height, ..rest };
            rest.height -= height;
            parts.detail_title = Rect { height: 1, ..detail };
            parts.detail = below(detail, 1);
        } else if view.detail.is_some() {
            parts.detail = rest;
            rest.height = 0;
        }
        parts.rows = rest;
        parts
    }

    /// The rows of the peers list that are visible: all of them first, then one each, so that the
    /// chosen one is among them.
    pub fn peer_rows(&self, shared: &Shared, height: usize) -> Vec<Option<ConnId>> {
        let (Some(session), Some(view)) = (shared.session(), self.view(shared)) else {
            return Vec::new();
        };
        let chosen = view.chosen;
        let ids = |from: ConnId| session.conns.range(from..).map(|(id, _)| Some(*id));
        let first = session.id.conn(1);
        let Some(chosen) = chosen else {
            return std::iter::once(None).chain(ids(first)).take(height).collect();
        };
        if height <= 1 {
            return vec![Some(chosen)];
        }
        // As many before the chosen one as fit in half of the list.
        let start = session.conns.range(first..chosen).rev().nth(height / 2).map(|(id, _)| *id);
        match start {
            Some(start) => ids(start).take(height).collect(),
            None => std::iter::once(None).chain(ids(first)).take(height).collect(),
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
    if failure.is_distrust() {
        rows.extend(wrap(&session_words::anyway_hint(shared), width));
    }
    rows
}

fn below(area: Rect, rows: u16) -> Rect {
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// What stands before the text of the input line.
pub fn prefix(shared: &Shared) -> &'static str {
    match settings(shared).1 {
        PayloadFormat::Text => "❯ ",
        PayloadFormat::Hex => "hex ❯ ",
    }
}
