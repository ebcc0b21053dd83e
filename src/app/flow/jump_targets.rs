//! Where a jump can lead from what is on the screen.

use ratatui::layout::Rect;

use crate::app::focus::Pane;
use crate::app::form::FieldKind;
use crate::app::jump_target::JumpTarget;
use crate::app::layout::inner;
use crate::app::pane::request;
use crate::app::state::App;

/// Everything on the screen one can go to, with its cell, panes first.
pub(crate) fn targets(app: &App) -> Vec<(u16, u16, JumpTarget)> {
    let areas = app.areas();
    let mut found = Vec::new();
    for pane in Pane::ALL {
        let area = areas.of(pane);
        if !area.is_empty() {
            found.push((area.x, area.y, JumpTarget::Pane(pane)));
        }
    }
    form(app, inner(areas.request), &mut found);
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
            FieldKind::Check if placed.field.id.in_list().is_some() => {}
            _ if area.is_empty() => {}
            _ => found.push((area.x, area.y, JumpTarget::Field(placed.field.id))),
        }
    }
}

fn preset_rows(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    let list = app.presets.areas(&app.shared, inner(area)).list;
    let offset = app.presets.cursor(&app.shared, usize::from(list.height)).offset;
    let len = app.presets.listing(&app.shared).count();
    rows(list, offset, len, JumpTarget::Preset, found);
}

fn history_rows(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    let list = app.history.areas(inner(area)).1;
    let offset = app.history.cursor(usize::from(list.height)).offset;
    rows(list, offset, app.history.entries.len(), JumpTarget::Entry, found);
}

fn response_tabs(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    if area.is_empty() {
        return;
    }
    let tabs = app.exchange.areas(&app.shared, inner(area)).tabs;
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
    let list = app.exchange.areas(&app.shared, inner(area)).list;
    let first = app.exchange.list_cursor(&app.shared, list.height.into()).offset;
    let len = app.shared.session().map_or(0, |session| session.exchanges.len());
    cells(list, len.saturating_sub(first), JumpTarget::Row, found);
}

/// Peers, rows and the input line of a TCP or UDP conversation.
fn conversation(app: &App, area: Rect, found: &mut Vec<(u16, u16, JumpTarget)>) {
    let view = app.conversation.view(&app.shared).filter(|_| !area.is_empty());
    let (Some(session), Some(view)) = (app.shared.session(), view) else { return };
    let parts = app.conversation.areas(&app.shared, inner(area));
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
    let list = app.traffic.areas(inner(area)).rows;
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
