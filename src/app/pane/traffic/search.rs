//! Search in the record that is open: what was typed, and from hit to hit.
//!
//! The bytes of one record are bounded, so a search is over before the next frame. Without a search
//! of its own, the record shows what the filter looks for.

use super::traffic_areas;
use crate::app::editor::{Editor, LineMode};
use crate::app::state::App;
use crate::codec::search::Pattern;
use crate::model::key::{Key, KeyCode};
use crate::model::view::Towards;

/// What is searched for in an open record.
#[derive(Debug, Default)]
pub struct RecordSearch {
    /// Open while it is typed.
    pub editor: Option<Editor>,
    pub text: String,
    pub pattern: Option<Pattern>,
}

/// What is marked in rows and in the open record.
pub fn pattern(app: &App) -> Option<&Pattern> {
    app.traffic.search.pattern.as_ref().or(app.traffic.filter.pattern.as_ref())
}

pub(super) fn start(app: &mut App) {
    app.traffic.search.editor = Some(Editor::new("", LineMode::One));
}

/// A key while it is typed: Enter goes to the first hit, or on to the next one when nothing else
/// was typed.
pub(super) fn key(app: &mut App, key: Key) {
    let search = &mut app.traffic.search;
    let Some(editor) = &mut search.editor else { return };
    if key.code != KeyCode::Enter {
        editor.key(key);
        return;
    }
    let text = editor.text();
    search.editor = None;
    if !text.is_empty() && text != search.text {
        search.pattern = Pattern::parse(&text);
        search.text = text;
        if let Some(detail) = &mut app.traffic.detail {
            detail.here = None;
        }
    }
    go(app, Towards::End);
}

/// Goes to the next hit or the one before, round the ends.
pub(super) fn go(app: &mut App, towards: Towards) {
    if pattern(app).is_none() {
        app.say("nothing is searched for: / in an open record begins");
        return;
    }
    let height = usize::from(traffic_areas(app, super::inner(app)).detail.height);
    let Some(detail) = &app.traffic.detail else {
        app.say("Enter opens the record; then n goes from hit to hit");
        return;
    };
    let first = detail.row(detail.top).map_or(0, |(at, _)| at);
    let found = pattern(app).and_then(|pattern| {
        let bytes = &detail.bytes;
        let (ahead, round) = match towards {
            Towards::End => {
                let from = detail.here.map_or(first, |at| at + 1);
                (pattern.first(bytes, from), pattern.first(bytes, 0))
            }
            Towards::Start => {
                let before = detail.here.unwrap_or(first);
                (pattern.last(bytes, before), pattern.last(bytes, bytes.len()))
            }
        };
        ahead.map(|hit| (hit, false)).or(round.map(|hit| (hit, true)))
    });
    match found {
        Some((hit, wrapped)) => {
            if let Some(detail) = &mut app.traffic.detail {
                detail.reveal(hit.start, height);
            }
            if wrapped {
                let edge = if towards == Towards::End { "top" } else { "bottom" };
                app.say(format!("the search went on from the {edge}"));
            }
        }
        None => app.say("not found in this record"),
    }
}
