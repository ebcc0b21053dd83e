//! Jump: a letter on every target; typing it goes there.
//!
//! Targets are what the screen shows: panes, fields and tabs of the form, tabs of the response,
//! rows of presets, history and traffic, requests of a listener, rows, peers and the input line of
//! a conversation. Letters go from the home row outward in reading order, panes first; when there
//! are more targets than letters, the last ones take two. A capital also opens the row.

use ratatui::layout::Rect;

use super::{Flow, Overlay};
use crate::app::action::Action;
use crate::app::editor::Caret;
use crate::app::flow::{draft, input, program};
use crate::app::focus::Pane;
use crate::app::form::{FieldKind, FormFieldId, FormTab};
use crate::app::message::{Mouse, MouseKind};
use crate::app::pane::request;
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};

/// Letters in the order they are given out.
const LETTERS: [char; 26] = [
    'a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p',
    'z', 'x', 'c', 'v', 'b', 'n', 'm',
];

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JumpTarget {
    Pane(Pane),
    Field(FormFieldId),
    Tab(FormTab),
    /// A row of the presets list.
    Preset(usize),
    /// A row of the history.
    Entry(usize),
    /// Whatever a click on this cell means to the pane there: tabs of the response, the input
    /// line and the peers of a conversation.
    Cell(u16, u16),
    /// The same for a row that can be opened: of the traffic, of a conversation, of a listener's
    /// requests.
    Row(u16, u16),
}

/// A target with its letters and the cell they are drawn at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub label: String,
    pub column: u16,
    pub row: u16,
    pub target: JumpTarget,
}

/// State of the overlay.
#[derive(Debug)]
pub struct Jump {
    pub marks: Vec<Mark>,
    /// Letters typed so far.
    pub typed: String,
}

pub(super) fn open(app: &mut App) {
    let targets = targets(app);
    let labels = labels(targets.len());
    let marks = targets.into_iter().zip(labels).map(|((column, row, target), label)| Mark {
        label,
        column,
        row,
        target,
    });
    let marks = marks.collect();
    app.overlays.push(Overlay::Jump(Jump { marks, typed: String::new() }));
}

/// So many labels, none the beginning of another.
fn labels(count: usize) -> Vec<String> {
    // Each letter given up as a first of two makes room for 26 targets instead of one.
    let firsts = count.saturating_sub(LETTERS.len()).div_ceil(LETTERS.len() - 1).min(LETTERS.len());
    let (singles, firsts) = LETTERS.split_at(LETTERS.len() - firsts);
    let doubles = firsts.iter().flat_map(|a| LETTERS.iter().map(move |b| format!("{a}{b}")));
    singles.iter().map(char::to_string).chain(doubles).take(count).collect()
}

fn targets(app: &App) -> Vec<(u16, u16, JumpTarget)> {
    let areas = app.areas();
    let mut found = Vec::new();
    for pane in Pane::ALL {
        let area = areas.of(pane);
        if !area.is_empty() {
            found.push((area.x, area.y, JumpTarget::Pane(pane)));
        }
    }
    form(app, crate::app::layout::inner(areas.request), &mut found);
    preset_rows(app, areas.presets, &mut found);
    history_rows(app, areas.history, &mut found);
    requests(app, areas.response, &mut found);
    response_tabs(app, areas.response, &mut found);
    conversation(app, areas.response, &mut found);
    traffic_rows(app, areas.traffic, &mut found);
    found
}

fn form(app: &App, inner: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    if inner.is_empty() {
        return;
    }
    for placed in app.request.place(&app.shared, inner) {
        let area = placed.area;
        match placed.field.kind {
            FieldKind::Tabs => {
                for (tab, _, start) in request::tab_strip(&app.shared) {
                    let column = area.x.saturating_add(start);
                    if column < area.right() {
                        found.push((column, area.y, JumpTarget::Tab(tab)));
                    }
                }
            }
            // The check box of a row is one step left of its name.
            FieldKind::Check if matches!(placed.field.id, FormFieldId::Cell(..)) => {}
            _ if area.is_empty() => {}
            _ => found.push((area.x, area.y, JumpTarget::Field(placed.field.id))),
        }
    }
}

fn preset_rows(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    let list = app.presets.areas(&app.shared, crate::app::layout::inner(area)).list;
    let offset = app.presets.cursor(&app.shared, usize::from(list.height)).offset;
    let len = app.presets.listing(&app.shared).len();
    rows(list, offset, len, JumpTarget::Preset, found);
}

fn history_rows(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    let list = app.history.areas(crate::app::layout::inner(area)).1;
    let offset = app.history.cursor(usize::from(list.height)).offset;
    rows(list, offset, app.history.entries.len(), JumpTarget::Entry, found);
}

fn response_tabs(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    if area.is_empty() {
        return;
    }
    let tabs = app.exchange.areas(&app.shared, crate::app::layout::inner(area)).tabs;
    for (.., start) in app.exchange.tab_strip(&app.shared) {
        let column = tabs.x.saturating_add(start);
        if column < tabs.right() && !tabs.is_empty() {
            found.push((column, tabs.y, JumpTarget::Cell(column, tabs.y)));
        }
    }
}

/// The requests of an HTTP listener.
fn requests(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    if area.is_empty() {
        return;
    }
    let list = app.exchange.areas(&app.shared, crate::app::layout::inner(area)).list;
    let first = app.exchange.list_cursor(&app.shared, list.height.into()).offset;
    let len = app.shared.session().map_or(0, |session| session.exchanges.len());
    cells(list, len.saturating_sub(first), JumpTarget::Row, found);
}

/// Peers, rows and the input line of a TCP or UDP conversation.
fn conversation(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    let view = app.conversation.view(&app.shared).filter(|_| !area.is_empty());
    let (Some(session), Some(view)) = (app.shared.session(), view) else { return };
    let parts = app.conversation.areas(&app.shared, crate::app::layout::inner(area));
    // In one row it is no list: there is nothing to choose from.
    if parts.peers.height > 1 {
        let peers = app.conversation.peer_rows(&app.shared, parts.peers.height.into()).len();
        cells(parts.peers, peers, JumpTarget::Cell, found);
    }
    let shown = view.len(session).saturating_sub(view.cursor.offset);
    cells(parts.rows, shown, JumpTarget::Row, found);
    cells(parts.input, 1, JumpTarget::Cell, found);
}

/// The beginnings of so many rows, as far as there is room.
fn cells(
    list: Rect,
    rows: usize,
    target: fn(u16, u16) -> JumpTarget,
    found: &mut Vec<(u16, u16, JumpTarget)>,
) {
    let shown = (list.y..list.bottom()).take(if list.width > 0 { rows } else { 0 });
    found.extend(shown.map(|y| (list.x, y, target(list.x, y))));
}

fn traffic_rows(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    let list = app.traffic.areas(crate::app::layout::inner(area)).rows;
    let first = app.traffic.cursor(usize::from(list.height)).offset;
    cells(list, app.traffic.len().saturating_sub(first), JumpTarget::Row, found);
}

fn rows(
    list: Rect,
    offset: usize,
    len: usize,
    target: fn(usize) -> JumpTarget,
    found: &mut Vec<(u16, u16, JumpTarget)>,
) {
    if list.is_empty() {
        return;
    }
    for (y, at) in (list.y..list.bottom()).zip(offset..len) {
        found.push((list.x, y, target(at)));
    }
}

pub(super) fn key(app: &mut App, jump: &mut Jump, key: Key) -> Flow {
    if key.code == KeyCode::Backspace {
        jump.typed.pop();
        return Flow::Stay;
    }
    let Some(c) = key.printable() else { return Flow::Close };
    jump.typed.extend(c.to_lowercase());
    let mut fitting = jump.marks.iter().filter(|mark| mark.label.starts_with(&jump.typed));
    match fitting.next() {
        None => Flow::Close,
        Some(mark) if mark.label == jump.typed => {
            let target = mark.target.clone();
            go(app, &target);
            let is_row = matches!(
                target,
                JumpTarget::Preset(_) | JumpTarget::Entry(_) | JumpTarget::Row(..)
            );
            if c.is_uppercase() && is_row {
                input::act(app, Action::Open);
            }
            Flow::Close
        }
        Some(_) => Flow::Stay,
    }
}

/// A click goes to the mark under the mouse, else just ends jumping.
pub(super) fn mouse(app: &mut App, jump: &mut Jump, mouse: Mouse) -> Flow {
    if mouse.kind != MouseKind::Press {
        return Flow::Stay;
    }
    let hit = jump.marks.iter().find(|mark| {
        let width = mark.label.len() as u16;
        mark.row == mouse.row && (mark.column..mark.column + width).contains(&mouse.column)
    });
    if let Some(mark) = hit {
        go(app, &mark.target);
    }
    Flow::Close
}

fn go(app: &mut App, target: &JumpTarget) {
    match target {
        JumpTarget::Pane(pane) => program::focus(app, *pane),
        JumpTarget::Field(id) => {
            program::focus(app, Pane::Request);
            draft::go(app, *id, Caret::Keep);
        }
        JumpTarget::Tab(tab) => {
            program::focus(app, Pane::Request);
            draft::show_tab(app, *tab);
            draft::go(app, FormFieldId::Tabs, Caret::Keep);
        }
        JumpTarget::Preset(at) => {
            program::focus(app, Pane::Presets);
            app.presets.select(&app.shared, *at);
        }
        JumpTarget::Entry(at) => {
            program::focus(app, Pane::History);
            app.history.select(&app.shared, *at);
        }
        JumpTarget::Cell(column, row) | JumpTarget::Row(column, row) => {
            input::press(app, *column, *row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_many_enough_and_none_begins_another() {
        for count in [0, 1, 26, 27, 51, 52, 120, 676] {
            let labels = labels(count);
            assert_eq!(labels.len(), count);
            for (at, a) in labels.iter().enumerate() {
                assert!(labels.iter().skip(at + 1).all(|b| !b.starts_with(a.as_str())), "{a}");
            }
        }
        assert_eq!(labels(3), ["a", "s", "d"]);
    }
}
