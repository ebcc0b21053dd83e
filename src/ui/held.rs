//! Draws the window of what relays hold.

use super::painter::Painter;
use super::widget::bytes::{HEX_ROW, hex_row};
use super::widget::fit;
use super::widget::frame;
use super::widget::lesson;
use crate::app::format;
use crate::app::overlay::held::{HeldWindow, PROMPT};
use crate::codec::printable::{printable, printable_str};
use crate::model::hold::Held;
use crate::model::record::{ConnInfo, Direction};

/// Columns of the times, of who it is from, and of the length.
const WAITED: u16 = 7;
const LEFT: u16 = 12;
const CONN: u16 = 18;
const KIND: u16 = 18;
const LENGTH: u16 = 9;
/// Bytes of a row.
const ROW: usize = 16;

/// The window; its title says how many wait.
pub(super) fn window(painter: Painter<'_>, hint: &str, it: &HeldWindow) {
    let title = match painter.app.shared.held.len() {
        0 => " Held ".to_owned(),
        1 => " Held ─ 1 waits ".to_owned(),
        count => format!(" Held ─ {} wait ", format::count(count as u64)),
    };
    draw(frame::window(painter, &title, hint, ""), it);
}

/// The window without its frame.
fn draw(mut painter: Painter<'_>, it: &HeldWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let areas = it.areas(shared, painter.area);
    filter(painter.at(areas.filter), it);
    if let Some(problem) = &it.problem {
        let text = fit::start(&printable_str(problem), areas.problem.width).into_owned();
        painter.at(areas.problem).put(&text, palette.error);
    }
    let cursor = it.cursor(shared, areas.list.height);
    let selected = palette.selection(it.edit.is_none() && it.filter.is_none());
    painter.at(areas.list).list(cursor, shared.held.len(), selected, |painter, at| {
        if let Some(held) = shared.held.at(at) {
            row(painter, held);
        }
    });
    let border = painter.palette.border;
    painter.at(areas.rule).put(&"─".repeat(areas.rule.width.into()), border);
    let mut below = painter.at(areas.content);
    match (&it.edit, it.chosen(shared)) {
        (Some(edit), _) => below.text_field(&edit.editor, true),
        (None, Some(held)) => content(below, it, held),
        (None, None) => lesson::put(
            &mut below,
            &[
                "nothing is held now",
                "[hold-filter] says what relays hold: in and data contains \"login\"",
                "it waits here until it is forwarded, edited or dropped, or its time is up",
            ],
        ),
    }
}

fn filter(mut painter: Painter<'_>, it: &HeldWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let Some(relay) = it.relay(shared) else {
        return painter.put("no relay runs that could hold something", palette.dim);
    };
    if let Some(editor) = &it.filter {
        return painter.prompt(PROMPT, editor);
    }
    painter.put(PROMPT, palette.dim);
    let hold = relay.plan.hold();
    match hold.and_then(|hold| hold.filter.as_deref()) {
        Some(filter) => painter.put(&printable_str(filter), palette.key),
        None => painter.put("nothing", palette.dim),
    }
    let timeout = hold.map(|hold| format::duration(hold.timeout)).unwrap_or_default();
    let text = format!("  of {}, for at most {timeout}", printable_str(&relay.title));
    painter.put(&text, palette.dim);
}

fn row(mut painter: Painter<'_>, held: &Held) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let seconds = |time: std::time::Duration| format!("{} s", time.as_secs());
    painter.column_right(&seconds(shared.now.since(held.at)), WAITED - 1, palette.warning);
    painter.skip(1);
    let left = format!("{} left", seconds(held.until.since(shared.now)));
    painter.column_right(&left, LEFT - 2, palette.dim);
    painter.skip(2);
    let info = shared.timeline.conn(held.conn);
    painter.column(&ConnInfo::label(info, held.conn), CONN, palette.base);
    let direction = if held.from_client { Direction::Received } else { Direction::Sent };
    let (glyph, style) = palette.direction(direction);
    painter.column(&format!("{glyph} {} {}", held.sender(), held.kind.noun()), KIND, style);
    painter.column_right(&format::count(held.data.len() as u64), LENGTH - 2, palette.base);
    painter.skip(2);
    let most = usize::from(painter.area.width) * 4;
    let told = held.data.get(..most).unwrap_or(&held.data);
    let told = shared.disclosure().words(&printable(told));
    painter.put(&fit::start(&told, painter.area.width), style);
}

/// What the chosen one says.
fn content(mut painter: Painter<'_>, it: &HeldWindow, held: &Held) {
    let area = painter.area;
    let rows = usize::from(area.height);
    if it.is_hex {
        let total = held.data.len().div_ceil(ROW);
        let top = it.scroll.min(total.saturating_sub(rows));
        let chunks = held.data.chunks(ROW).enumerate().skip(top);
        for (line, (at, bytes)) in area.rows().zip(chunks) {
            hex_row(&mut painter.at(line), (at * ROW) as u64, bytes, HEX_ROW, &[], 0);
        }
        return painter.scroll_bar(top as u64, total as u64);
    }
    let lines = || held.data.split(|byte| *byte == b'\n');
    let total = lines().count();
    let top = it.scroll.min(total.saturating_sub(rows));
    let base = painter.palette.base;
    for (line, text) in area.rows().zip(lines().skip(top)) {
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let most = usize::from(line.width) * 4;
        let text = printable(text.get(..most).unwrap_or(text));
        painter.at(line).put(&fit::start(&text, line.width), base);
    }
    painter.scroll_bar(top as u64, total as u64);
}
