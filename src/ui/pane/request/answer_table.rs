//! What stands beside the answers of a listener: which one is chosen, how often each answered,
//! and which are not live yet.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::focus::Pane;
use crate::app::form::rows::{ChosenAnswer, ROW_END};
use crate::app::form::{FormFieldId, FormTab};
use crate::app::format;
use crate::app::pane::request::{LiveAnswer, PlacedField, changed_answers, live_answer};
use crate::ui::painter::Painter;

/// Marks the rows of the table.
pub(super) fn draw(painter: &mut Painter<'_>, placed: &[PlacedField]) {
    let (shared, palette, area) = (&painter.app.shared, painter.palette, painter.area);
    let draft = shared.drafts.current();
    if draft.tab == FormTab::Rules {
        return draw_rules(painter, placed);
    }
    if draft.tab != FormTab::Answers {
        return;
    }
    let mut heads = placed.iter().filter(|placed| placed.heading == "status");
    if let Some(first) = heads.next().filter(|first| first.area.y > area.y) {
        let mut painter = painter.at(end(area, first.area.y - 1));
        painter.column_right("hits", ROW_END, palette.label);
    }
    for PlacedField { field, area: cell, .. } in placed {
        let row = ChosenAnswer::of(&draft.spec, field.id);
        let Some(row) = row.filter(|row| row.last_cell() == field.id) else { continue };
        if row == draft.chosen && shared.focus == Pane::Request {
            let x = area.x.saturating_sub(1);
            painter.at(Rect { x, y: cell.y, width: 1, height: 1 }).put("▸", palette.key);
        }
        live(painter.at(end(area, cell.y)), row);
    }
}

/// Marks the first lines of the rules of a TCP or UDP listener.
fn draw_rules(painter: &mut Painter<'_>, placed: &[PlacedField]) {
    let area = painter.area;
    for PlacedField { field, area: cell, .. } in placed {
        if let FormFieldId::Field(id) = field.id
            && id.last_key() == "off"
            && let Some((_, at)) = id.in_list()
        {
            live(painter.at(end(area, cell.y)), ChosenAnswer::Rule(at));
        }
    }
}

/// The cells at the end of a row.
fn end(area: Rect, y: u16) -> Rect {
    let x = area.right().saturating_sub(ROW_END);
    Rect { x, y, width: ROW_END, height: 1 }.intersection(area)
}

/// Whether an answer is live, and how often it was given.
fn live(mut painter: Painter<'_>, row: ChosenAnswer) {
    let palette = painter.palette;
    let Some(LiveAnswer { is_changed, hits }) = live_answer(&painter.app.shared, row) else {
        return;
    };
    painter.column(if is_changed { " ●" } else { "" }, 2, palette.warning);
    painter.column_right(&format::count(hits), ROW_END - 2, palette.dim);
}

/// How many answers are not live yet, and the key that makes them so.
pub(super) fn remark(painter: &Painter<'_>) -> Option<(String, Style)> {
    let app = painter.app;
    let count = changed_answers(&app.shared);
    let what = format::counted(count as u64, "answer");
    let text = app.keyed(&format!("● {what} not live yet: [send] applies"));
    (count > 0).then_some((text, painter.palette.warning))
}
