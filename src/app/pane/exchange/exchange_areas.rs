//! Where the pieces of an exchange are drawn: pure geometry, shared by clicks, scrolling and `ui`.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::exchange_state::{ExchangePane, position, session};
use super::shown_exchange::ExchangeTab;
use super::tab_lines::Tone;
use crate::app::cursor::Cursor;
use crate::app::layout::{TabStrip, cut_bottom, cut_top, tab_strip};
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shared;
use crate::app::{format, session_words};
use crate::codec::wrap_words::wrap;
use crate::model::exchange::ExchangeState;
use crate::model::failure::Failure;

/// Warnings shown above the tabs; the Headers tab has all of them.
const WARNINGS: usize = 2;

/// Areas of the pane, from top to bottom; empty where there is nothing or no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExchangeAreas {
    /// Requests of a listener.
    pub list: Rect,
    pub status: Rect,
    /// Redirect hops of a client.
    pub hops: Rect,
    /// Failure and warnings.
    pub remarks: Rect,
    pub tabs: Rect,
    /// The names of the columns of a table.
    pub header: Rect,
    pub content: Rect,
    /// What is wrong with what is typed below.
    pub trouble: Rect,
    /// The search or file name line, or what a body is made by.
    pub prompt: Rect,
}

impl ExchangePane {
    /// Lays the pieces out in the pane's inner area.
    pub(crate) fn areas(&self, shared: &Shared, inner: Rect) -> ExchangeAreas {
        let mut rest = inner;
        let mut parts = ExchangeAreas::default();
        let Some(session) = session(shared) else { return parts };
        if self.is_typing() && rest.height > 1 {
            parts.prompt = cut_bottom(&mut rest, 1);
            let trouble = self.making().1;
            if self.line.is_some() && !trouble.is_empty() && rest.height > 1 {
                let rows =
                    wrap(trouble, inner.width).len().min(usize::from(rest.height / 3).max(1));
                parts.trouble = cut_bottom(&mut rest, rows as u16);
            }
        }
        if session.side().listens() {
            let height = list_height(session, self.is_inside(shared), inner.height);
            parts.list = cut_top(&mut rest, height);
        }
        parts.status = cut_top(&mut rest, 1);
        if !session.side().listens() && session.exchanges.len() > 1 && rest.height >= 4 {
            parts.hops = cut_top(&mut rest, 1);
        }
        if self.shown(shared).is_some() {
            if rest.height >= 3 {
                let room = usize::from(rest.height / 3).max(1);
                let rows = self.remarks(shared, inner.width).len().min(room);
                parts.remarks = cut_top(&mut rest, rows as u16);
            }
            if rest.height >= 2 {
                parts.tabs = cut_top(&mut rest, 1);
            }
        }
        let has_header = self.derived(shared).is_some_and(|it| !it.header.is_empty());
        if has_header && rest.height >= 2 {
            parts.header = cut_top(&mut rest, 1);
        }
        parts.content = rest;
        parts
    }

    /// Why the exchange shown ended early.
    pub fn failure<'a>(&self, shared: &'a Shared) -> Option<&'a Failure> {
        let (session, exchange) = (session(shared)?, self.shown(shared)?.exchange);
        let is_last = session.exchanges.back().is_some_and(|last| last.number == exchange.number);
        match (&exchange.state, &session.state) {
            (ExchangeState::Failed(failure), _) => Some(failure),
            // The session may know what its last exchange does not: a redirect that leads nowhere.
            (_, SessionState::Over(Err(failure))) if !session.side().listens() && is_last => {
                Some(failure)
            }
            _ => None,
        }
    }

    /// What went wrong or was odd, in rows of the pane.
    pub fn remarks(&self, shared: &Shared, width: u16) -> Vec<(Tone, String)> {
        let mut remarks = Vec::new();
        let Some(shown) = self.shown(shared) else { return remarks };
        let mut add = |tone, text: &str| {
            remarks.extend(wrap(text, width).into_iter().map(|row| (tone, row)));
        };
        let message = shown.message();
        if let Some(failure) = self.failure(shared) {
            add(Tone::Failure, &failure.to_string());
            if shown.is_distrusted() {
                add(Tone::Warning, &session_words::anyway_hint(shared));
            }
            let kept = message.map_or(0, |message| message.body.decoded_len);
            if kept > 0 {
                let kept = format::size(kept);
                let text = format!("{kept} of the body arrived before and can be looked at");
                add(Tone::Warning, &text);
            }
        }
        if let Some(body) = message.map(|message| &message.body)
            && let Some(remark) = body.undecoded()
        {
            let raw = if body.as_came { "" } else { ", Raw has them as they came" };
            add(Tone::Failure, &format!("{remark}{raw}"));
        }
        for (told, _) in self.told_of_body(shared).into_iter().flatten() {
            if stands_above(told, width) {
                add(Tone::Warning, told);
            }
        }
        for difference in shown.exchange.differences().take(WARNINGS) {
            add(Tone::Failure, &format!("✗ {difference}"));
        }
        let warnings = &shown.exchange.warnings;
        for warning in warnings.iter().take(WARNINGS) {
            add(Tone::Warning, &format!("! {warning}"));
        }
        if let Some(more) = warnings.len().checked_sub(WARNINGS + 1) {
            add(Tone::Warning, &format!("! {} more in Headers", more + 1));
        }
        remarks
    }

    /// What is to be said of what was made of the body, and of how it is shown, and whether it warns.
    pub fn told_of_body<'a>(&'a self, shared: &'a Shared) -> [Option<(&'a str, bool)>; 2] {
        let made = self.derived(shared).filter(|made| !made.remark.is_empty());
        let made = made.map(|made| (&*made.remark, made.warns));
        let window = self.view(shared).and_then(|view| view.window.as_ref());
        [made, window.and_then(|window| Some((window.note.as_deref()?, true)))]
    }

    /// The tab strip: each tab's title and where it begins.
    pub(crate) fn tab_strip(&self, shared: &Shared) -> TabStrip<ExchangeTab> {
        let Some(shown) = self.shown(shared) else { return Vec::new() };
        let fields = shown.message().map_or(0, |message| message.head.fields.len());
        tab_strip(shown.tabs().into_iter().map(|tab| match tab {
            ExchangeTab::Checks => {
                let report =
                    shown.report.map_or((0, 0), |it| (it.count() - it.unmet(), it.count()));
                let mark = if report.0 == report.1 { "✓" } else { "✗" };
                (tab, format!("{mark} Checks {}/{}", report.0, report.1))
            }
            ExchangeTab::Headers if fields > 0 => {
                (tab, format!("{} {fields}", tab.title(shown.side)))
            }
            _ => (tab, tab.title(shown.side).to_owned()),
        }))
    }

    /// The exchange looked at as a place in the list, and the first row shown.
    pub(crate) fn list_cursor(&self, shared: &Shared, height: usize) -> Cursor {
        let Some(session) = session(shared) else { return Cursor::default() };
        let len = session.exchanges.len();
        let number = self.place(shared).and_then(|place| place.number);
        let selected =
            number.and_then(|n| position(session, n)).unwrap_or_else(|| len.saturating_sub(1));
        let height = height.max(1);
        // The chosen row stands in the middle unless the list ends before.
        let offset = selected.saturating_sub(height / 2).min(len.saturating_sub(height));
        Cursor { selected, offset }
    }
}

/// Whether what is said of a body has rows of its own in a pane so wide: on its border, among others, it
/// would be cut.
pub fn stands_above(text: &str, width: u16) -> bool {
    text.width() > usize::from(width / 3)
}

/// A third of the pane for the list, all of it but a line where both have no room.
fn list_height(session: &Session, is_inside: bool, height: u16) -> u16 {
    let len = session.exchanges.len().min(usize::from(u16::MAX)) as u16;
    match height {
        0..=5 if is_inside => 0,
        0..=5 => height.saturating_sub(1).min(len),
        _ => len.clamp(1, (height / 3).max(2)),
    }
}
