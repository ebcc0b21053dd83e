//! Where the pieces of an exchange are drawn: pure geometry, shared by clicks, scrolling and `ui`.

use ratatui::layout::Rect;

use super::super::{ResponseKind, kind, place, session};
use super::{ExchangeTab, is_distrusted, message, shown, tabs};
use crate::app::flow::send;
use crate::app::sessions::SessionState;
use crate::app::state::App;
use crate::app::wrap_words::wrap;
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
    pub content: Rect,
    /// The search or file name line.
    pub prompt: Rect,
}

/// A line between status and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRemark {
    pub text: String,
    pub is_failure: bool,
}

/// Lays the pieces out in the pane's inner area.
pub fn exchange_areas(app: &App, inner: Rect) -> ExchangeAreas {
    let mut rest = inner;
    let mut parts = ExchangeAreas::default();
    let Some(session) = session(app) else { return parts };
    if app.response.prompt.is_some() && rest.height > 1 {
        rest.height -= 1;
        parts.prompt = Rect { y: rest.bottom(), height: 1, ..rest };
    }
    if kind(app) == ResponseKind::Listener {
        parts.list = from_top(&mut rest, list_height(app, inner.height));
    }
    parts.status = from_top(&mut rest, 1);
    if kind(app) == ResponseKind::Client && session.exchanges.len() > 1 && rest.height >= 4 {
        parts.hops = from_top(&mut rest, 1);
    }
    if shown(app).is_some() {
        if rest.height >= 3 {
            let rows = remarks(app, inner.width).len().min(usize::from(rest.height / 3).max(1));
            parts.remarks = from_top(&mut rest, rows as u16);
        }
        if rest.height >= 2 {
            parts.tabs = from_top(&mut rest, 1);
        }
    }
    parts.content = rest;
    parts
}

/// A third of the pane for the list, all of it but a line where both have no room.
fn list_height(app: &App, height: u16) -> u16 {
    let len = session(app).map_or(0, |s| s.exchanges.len()).min(usize::from(u16::MAX)) as u16;
    let inside = place(app).is_some_and(|place| place.inside);
    match height {
        0..=5 if inside => 0,
        0..=5 => height.saturating_sub(1).min(len),
        _ => len.clamp(1, (height / 3).max(2)),
    }
}

fn from_top(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let top = Rect { height, ..*rest };
    rest.y += height;
    rest.height -= height;
    top
}

/// Why the exchange shown ended early.
pub fn failure(app: &App) -> Option<&Failure> {
    let exchange = shown(app)?;
    let session = session(app)?;
    let is_last = session.exchanges.back().is_some_and(|last| last.number == exchange.number);
    match (&exchange.state, &session.state) {
        (ExchangeState::Failed(failure), _) => Some(failure),
        // The session may know what its last exchange does not: a redirect that leads nowhere.
        (_, SessionState::Over(Err(failure))) if kind(app) == ResponseKind::Client && is_last => {
            Some(failure)
        }
        _ => None,
    }
}

/// What went wrong or was odd, in rows of the pane.
pub fn remarks(app: &App, width: u16) -> Vec<StatusRemark> {
    let mut remarks = Vec::new();
    let Some(exchange) = shown(app) else { return remarks };
    let mut add = |text: &str, is_failure| {
        let rows = wrap(text, width).into_iter();
        remarks.extend(rows.map(|text| StatusRemark { text, is_failure }));
    };
    let message = message(exchange, kind(app));
    if let Some(failure) = failure(app) {
        add(&failure.to_string(), true);
        if is_distrusted(exchange) {
            add(&send::anyway_hint(app), false);
        }
        let kept = message.map_or(0, |message| message.body.decoded_len);
        if kept > 0 {
            let kept = crate::app::format::size(kept);
            add(&format!("{kept} of the body arrived before and can be looked at"), false);
        }
    }
    let error = message.and_then(|message| message.body.decode_error.as_deref());
    if let Some(error) = error {
        add(&format!("{error}; Raw shows the bytes as they came"), true);
    }
    for warning in exchange.warnings.iter().take(WARNINGS) {
        add(&format!("! {warning}"), false);
    }
    if let Some(more) = exchange.warnings.len().checked_sub(WARNINGS + 1) {
        add(&format!("! {} more in Headers", more + 1), false);
    }
    remarks
}

/// The tab strip: each tab's title and where it begins.
pub fn tab_strip(app: &App) -> Vec<(ExchangeTab, String, u16)> {
    let Some(exchange) = shown(app) else { return Vec::new() };
    let kind = kind(app);
    let fields = message(exchange, kind).map_or(0, |message| message.head.fields.len());
    let mut x = 0;
    tabs(exchange, kind)
        .into_iter()
        .map(|tab| {
            let title = match tab {
                ExchangeTab::Headers if fields > 0 => format!("{} {fields}", tab.title(kind)),
                _ => tab.title(kind).to_owned(),
            };
            let start = x;
            x += title.chars().count() as u16 + 2;
            (tab, title, start)
        })
        .collect()
}
