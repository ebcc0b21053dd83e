//! The history pane: everything sent, newest first, searchable; opens again as it was.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::message::Mouse;
use crate::app::{App, Handled};
use crate::model::key::Key;
use crate::store::job::{HistoryEntry, Job};

/// Rows asked of the store.
const LIMIT: u32 = 500;

/// State of the pane.
#[derive(Debug, Default)]
pub struct HistoryPane {
    pub entries: Vec<HistoryEntry>,
    pub total: u64,
    pub text: String,
}

/// The job that reads the history.
pub fn query(text: &str) -> Job {
    Job::QueryHistory { text: text.into(), limit: LIMIT }
}

pub fn refresh(app: &App) -> Job {
    query(&app.history.text)
}

pub fn arrived(app: &mut App, text: String, entries: Vec<HistoryEntry>, total: u64) {
    if text == app.history.text {
        app.history.entries = entries;
        app.history.total = total;
    }
}

pub fn act(_app: &mut App, _action: Action) -> Handled {
    Handled::No
}

pub fn key(_app: &mut App, _key: Key) {}

pub fn paste(_app: &mut App, _text: &str) {}

pub fn click(_app: &mut App, _area: Rect, _mouse: Mouse) {}
