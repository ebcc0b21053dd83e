//! Where a jump can lead from what is on the screen.

use std::ops::Range;

use ratatui::layout::Rect;

use crate::app::editor::Caret;
use crate::app::focus::Pane;
use crate::app::form::{FieldKind, FormFieldId};
use crate::app::intent::Intent;
use crate::app::layout::pane_inner;
use crate::app::overlay::jump::JumpLabel;
use crate::app::pane::request;
use crate::app::state::App;

/// Where no cell is.
const HIDDEN: (u16, u16) = (u16::MAX, u16::MAX);

/// Everything on the screen one can go to, panes first. Panes that are hidden have their letters
/// too, so that those of the form are the same at every size.
pub(crate) fn targets(app: &App) -> Vec<JumpLabel> {
    let areas = app.shared.areas();
    let panes = Pane::ALL.into_iter().map(|pane| (areas.of(pane), pane));
    let mut found: Vec<JumpLabel> = panes
        .map(|(area, pane)| {
            let (x, y) = if area.is_empty() { HIDDEN } else { (area.x, area.y) };
            JumpLabel::new(x, y, vec![Intent::Focus(pane)])
        })
        .collect();
    if !areas.request.is_empty() {
        form(app, pane_inner(areas.request), &mut found);
    }
    let list = app.presets.areas(&app.shared, pane_inner(areas.presets)).list;
    let offset = app.presets.cursor(&app.shared, list.height.into()).offset;
    let select = |x, y, at| JumpLabel::of_row(x, y, Intent::SelectRow(Pane::Presets, at));
    rows(list, offset..app.presets.listing(&app.shared).count(), select, &mut found);
    let list = app.history.areas(pane_inner(areas.history)).list;
    let offset = app.history.cursor(list.height.into()).offset;
    let select = |x, y, at| JumpLabel::of_row(x, y, Intent::SelectRow(Pane::History, at));
    let tops = (list.y..list.bottom()).step_by(app.history.entry_rows().into());
    let entries = offset..app.history.entries.len();
    found.extend(
        tops.zip(entries).map(|(y, at)| select(list.x, y, at)).filter(|_| !list.is_empty()),
    );
    if !areas.response.is_empty() {
        exchange(app, pane_inner(areas.response), &mut found);
        conversation(app, pane_inner(areas.response), &mut found);
    }
    let list = app.traffic.areas(pane_inner(areas.traffic)).rows;
    let offset = app.traffic.cursor(list.height.into()).offset;
    rows(list, offset..app.traffic.len(), press_row, &mut found);
    found
}

fn form(app: &App, inner: Rect, found: &mut Vec<JumpLabel>) {
    for placed in app.request.place(&app.shared, inner) {
        let (area, id) = (placed.area, placed.field.id);
        let mut go = |x, intents: &[Intent]| {
            let intents = [&[Intent::Focus(Pane::Request)], intents].concat();
            found.push(JumpLabel::new(x, area.y, intents));
        };
        match placed.field.kind {
            FieldKind::Tabs => {
                for (tab, _, start) in request::tab_strip(&app.shared) {
                    let column = area.x.saturating_add(start);
                    if column < area.right() {
                        let strip = Intent::GoToField(FormFieldId::Tabs, Caret::Keep);
                        go(column, &[Intent::ShowTab(tab), strip]);
                    }
                }
            }
            // The check box of a row is one step left of its name.
            FieldKind::Check if id.in_list().is_some() => {}
            _ if area.is_empty() => {}
            _ => go(area.x, &[Intent::GoToField(id, Caret::Keep)]),
        }
    }
}

/// The requests of an HTTP listener, and the tabs of the one looked at.
fn exchange(app: &App, inner: Rect, found: &mut Vec<JumpLabel>) {
    let areas = app.exchange.areas(&app.shared, inner);
    let first = app.exchange.list_cursor(&app.shared, areas.list.height.into()).offset;
    let len = app.shared.session().map_or(0, |session| session.exchanges.len());
    rows(areas.list, first..len, press_row, found);
    let tabs = areas.tabs;
    for (.., start) in app.exchange.tab_strip(&app.shared) {
        let column = tabs.x.saturating_add(start);
        if column < tabs.right() && !tabs.is_empty() {
            found.push(press(column, tabs.y, 0));
        }
    }
}

/// Peers, rows and the input line of a TCP or UDP conversation.
fn conversation(app: &App, inner: Rect, found: &mut Vec<JumpLabel>) {
    let view = app.conversation.view(&app.shared);
    let (Some(session), Some(view)) = (app.shared.session(), view) else { return };
    let parts = app.conversation.areas(&app.shared, inner);
    // In one row it is no list: there is nothing to choose from.
    if parts.peers.height > 1 {
        let peers = app.conversation.peer_rows(&app.shared, parts.peers.height.into()).len();
        rows(parts.peers, 0..peers, press, found);
    }
    rows(parts.rows, view.cursor.offset..view.len(session), press_row, found);
    rows(parts.input, 0..1, press, found);
}

/// What a click on this cell means to the pane there.
fn press(column: u16, row: u16, _: usize) -> JumpLabel {
    JumpLabel::new(column, row, vec![Intent::Press(column, row)])
}

/// The same for a row that can be opened.
fn press_row(column: u16, row: u16, _: usize) -> JumpLabel {
    JumpLabel::of_row(column, row, Intent::Press(column, row))
}

/// The beginnings of the rows of a list that are shown, as far as there is room.
fn rows(
    list: Rect,
    shown: Range<usize>,
    mark: impl Fn(u16, u16, usize) -> JumpLabel,
    found: &mut Vec<JumpLabel>,
) {
    if !list.is_empty() {
        found.extend((list.y..list.bottom()).zip(shown).map(|(y, at)| mark(list.x, y, at)));
    }
}
