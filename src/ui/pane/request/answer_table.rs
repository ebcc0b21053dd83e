//! What stands beside the answers of a listener: which one is chosen, how often each answered,
//! and which are not live yet.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::focus::Pane;
use crate::app::form::rows::{ChosenAnswer, ROW_END};
use crate::app::form::{FormFieldId, FormTab};
use crate::app::format;
use crate::app::pane::request::{LiveAnswer, LiveAnswers, PlacedField, rewrites_done};
use crate::ui::painter::Painter;

/// Marks the rows of the table.
pub(super) fn draw(painter: &mut Painter<'_>, placed: &[PlacedField]) {
    let (shared, palette, area) = (&painter.app.shared, painter.palette, painter.area);
    let draft = shared.drafts.current();
    if draft.tab == FormTab::Rules {
        return draw_rules(painter, placed);
    }
    if draft.tab == FormTab::Rewrites {
        return draw_rewrites(painter, placed);
    }
    if draft.tab != FormTab::Answers {
        return;
    }
    let mut heads = placed.iter().filter(|placed| placed.heading == "status");
    if let Some(first) = heads.next().filter(|first| first.area.y > area.y) {
        let mut painter = painter.at(end(area, first.area.y - 1));
        painter.column_right("hits", ROW_END, palette.label);
    }
    let answers = LiveAnswers::of(shared);
    for PlacedField { field, area: cell, .. } in placed {
        let row = ChosenAnswer::of(&draft.spec, field.id);
        let Some(row) = row.filter(|row| row.last_cell() == field.id) else { continue };
        if row == draft.chosen && shared.focus == Pane::Request {
            let x = area.x.saturating_sub(1);
            painter.at(Rect { x, y: cell.y, width: 1, height: 1 }).put("▸", palette.key);
        }
        live(painter.at(end(area, cell.y)), answers.as_ref().and_then(|all| all.row(row)));
    }
}

/// Marks the first lines of the rules of a TCP or UDP listener.
fn draw_rules(painter: &mut Painter<'_>, placed: &[PlacedField]) {
    let area = painter.area;
    let Some(answers) = LiveAnswers::of(&painter.app.shared) else { return };
    for PlacedField { field, area: cell, .. } in placed {
        if let FormFieldId::Field(id) = field.id
            && id.last_key() == "off"
            && let Some((_, at)) = id.in_list()
        {
            live(painter.at(end(area, cell.y)), answers.row(ChosenAnswer::Rule(at)));
        }
    }
}

/// Says on the first line of each rule of a relay how often it changed something.
fn draw_rewrites(painter: &mut Painter<'_>, placed: &[PlacedField]) {
    let area = painter.area;
    let Some(done) = rewrites_done(&painter.app.shared) else { return };
    for PlacedField { field, area: cell, .. } in placed {
        if let FormFieldId::Field(id) = field.id
            && id.last_key() == "off"
            && let Some((_, at)) = id.in_list()
            && let Some(times) = done.get(at)
        {
            let mut painter = painter.at(end(area, cell.y));
            let palette = painter.palette;
            let words = format!("×{}", format::count(*times));
            painter.column_right(&words, ROW_END, palette.dim);
        }
    }
}

/// The cells at the end of a row.
fn end(area: Rect, y: u16) -> Rect {
    let x = area.right().saturating_sub(ROW_END);
    Rect { x, y, width: ROW_END, height: 1 }.intersection(area)
}

/// Whether an answer is live, and how often it was given.
fn live(mut painter: Painter<'_>, answer: Option<LiveAnswer>) {
    let palette = painter.palette;
    let Some(LiveAnswer { is_changed, hits }) = answer else { return };
    painter.column(if is_changed { " ●" } else { "" }, 2, palette.warning);
    painter.column_right(&format::count(hits), ROW_END - 2, palette.dim);
}

/// How many answers are not live yet, and the key that makes them so.
pub(super) fn remark(painter: &Painter<'_>) -> Option<(String, Style)> {
    let app = painter.app;
    let answers = LiveAnswers::of(&app.shared)?;
    let count = format::counted(answers.changed() as u64, "answer");
    let what = match (answers.changed(), answers.is_moved) {
        (0, false) => return None,
        (0, true) => "the order of the answers".to_owned(),
        (_, false) => count,
        (_, true) => format!("{count} and the order"),
    };
    let text = app.keyed(&format!("● {what} not live yet: [send] applies"));
    Some((text, painter.palette.warning))
}
