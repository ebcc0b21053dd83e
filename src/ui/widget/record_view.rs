//! Draws the bytes of a record or row: a title, then text or hex, only what is visible.

use std::ops::Range;

use ratatui::layout::Rect;

use super::bytes::{self, Marks};
use super::decoded;
use crate::app::record_view::{Detail, DetailForm};
use crate::app::{App, format};
use crate::codec::printable::printable_str;
use crate::codec::reading::readings;
use crate::codec::search::Pattern;
use crate::model::end_address::EndAddress;
use crate::model::id::RecordId;
use crate::model::peer_owner::peer_cell;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::ui::painter::{Painter, cells};

/// Cells of the name of a way to read bytes.
const NAME: u16 = 8;
/// From this width on the title has room for whose the peer is, in words.
const ROOMY: u16 = 120;

/// The rule of a listener that made an answer, of the record the answer begins with.
pub(crate) fn answered_by<'a>(app: &'a App, record: &Record) -> Option<&'a str> {
    let begins = record.kind == RecordKind::Data
        && record.direction == Direction::Sent
        && record.data.starts_with(b"HTTP/");
    let session = app.shared.sessions.get(record.conn.session).filter(|_| begins)?;
    session.rule_at(record.conn, record.at)
}

/// `#1041  14:02:07.113  3/1 127.0.0.1:9000 ↔ 127.0.0.1:4000  64 B`
fn about(app: &App, id: RecordId, record: &Record, width: u16) -> String {
    let ends = app.shared.timeline.conn(record.conn).map(|conn| ends(conn, width));
    let cut = match record.original_len.checked_sub(record.data.len() as u64) {
        Some(missing) if missing > 0 && record.kind == RecordKind::Data => {
            format!(" of which {} are kept", format::size(record.data.len() as u64))
        }
        _ => String::new(),
    };
    let what = match record.kind {
        RecordKind::Data => format!("{}{cut}", format::size(record.original_len)),
        kind => kind.into_str().to_owned(),
    };
    let conn = app.shared.timeline.conn(record.conn);
    let conn = conn.filter(|_| record.kind == RecordKind::Data);
    let sender = conn.and_then(|conn| conn.sender(record.direction));
    let sender = sender.map_or_else(String::new, |sender| format!("  from the {sender}"));
    let after = after(app, id, record);
    let (whose, peer) = whose(app, record, width);
    let rule = answered_by(app, record);
    let rule = rule.map_or_else(String::new, |rule| format!("  by {}", printable_str(rule)));
    let faults = match app.shared.timeline.marks_of(record) {
        faults if faults.is_empty() => String::new(),
        faults => format!("  touched by {faults}"),
    };
    format!(
        "#{}  {}  conn {}{whose}{}{sender}  {what}{rule}{faults}{after}{peer}",
        id.0,
        app.shared.time_of_day(record.at),
        record.conn,
        ends.unwrap_or_default(),
    )
}

/// The addresses of a connection. Those of a client that a relay serves say nothing of where it is led to, which stands
/// in the place of our own.
fn ends(conn: &ConnInfo, width: u16) -> String {
    let end = |at: &Option<EndAddress>| at.as_ref().map_or("?".into(), ToString::to_string);
    let (local, peer) = (end(&conn.local), end(&conn.peer));
    if conn.peer.is_none() {
        // What is about the whole of a listener or relay is about nobody else.
        return conn.local.as_ref().map_or_else(String::new, |local| format!("  {local}"));
    }
    let is_client = conn.pair.is_some_and(|pair| pair.client == conn.id);
    let Some(asked) = conn.asked.as_ref().filter(|_| is_client) else {
        return format!("  {local} ↔ {peer}");
    };
    let named = asked.endpoint.to_string();
    let address = asked.address.as_ref().map(ToString::to_string);
    let address = address.filter(|it| *it != named && width >= ROOMY);
    let address = address.map_or_else(String::new, |it| format!(" ({it})"));
    format!("  {peer} → {}{address}", printable_str(&named))
}

/// How long after the bytes the other way it came, if it is the first of its way.
fn after(app: &App, id: RecordId, record: &Record) -> String {
    let Some(after) = app.shared.timeline.gaps(id).latency.get() else { return String::new() };
    let (after, conn) = (format::duration(after), app.shared.timeline.conn(record.conn));
    if conn.is_some_and(|conn| conn.answers(record.direction)) {
        format!("  answer after {after}")
    } else {
        format!("  {after} after the last bytes the other way")
    }
}

/// Whose the peer is: in short before its address where there is little room, else at the end.
fn whose(app: &App, record: &Record, width: u16) -> (String, String) {
    let conn = app.shared.timeline.conn(record.conn);
    let owner = app.shared.timeline.owner(record.conn).map(AsRef::as_ref);
    if width < ROOMY {
        let cell = peer_cell(conn, owner);
        let cell =
            if owner.is_some() { format!("  {}", printable_str(&cell)) } else { String::new() };
        return (cell, String::new());
    }
    let told = conn.and_then(|conn| conn.peer_told(owner));
    let told = told.map_or_else(String::new, |it| format!("  peer {}", printable_str(&it)));
    (String::new(), told)
}

/// Draws the title and the rows of a record that is looked at closely, what `pattern` finds marked.
pub(crate) fn draw(
    painter: &mut Painter<'_>,
    detail: &Detail,
    pattern: Option<&Pattern>,
    (title, rows): (Rect, Rect),
) {
    let (app, palette) = (painter.app, painter.palette);
    let mut line = painter.at(title);
    line.put_from(0, &"─".repeat(title.width.into()), palette.border);
    let inside = if detail.inside { "▸ " } else { "" };
    let form = match (detail.kind, detail.form) {
        (RecordKind::Data, DetailForm::Hex) => "  hex",
        (RecordKind::Data, DetailForm::Text) => "  text",
        _ => "",
    };
    let record = app.shared.timeline.get(detail.of);
    let about =
        record.map_or_else(String::new, |record| about(app, detail.of, &record, title.width));
    let style = if detail.inside { palette.title } else { palette.dim };
    let about = format!("{inside}{about}{form} ");
    decoded::title(&mut line, detail, cells(&about));
    line.put(&about, style);
    if detail.is_empty() {
        painter.at(rows).put("no bytes", palette.dim);
        return;
    }
    let marks = Marks { pattern, here: detail.here.map(|at| at as u64) };
    if let Some(fields) = detail.fields() {
        decoded::rows(&mut painter.at(rows), fields, detail);
        return;
    }
    let parts = detail.areas(rows);
    for (row, at) in parts.rows.rows().zip(detail.top..) {
        let Some((offset, part)) = detail.row(at) else { break };
        let mut hits = marks.hits(0, &detail.bytes, &(offset..offset + part.len()));
        if detail.is_hex() {
            if detail.inside || !parts.readings.is_empty() {
                let mut pointed = bytes::pointed(offset, detail.at, detail.selection());
                pointed.append(&mut hits);
                hits = pointed;
            }
            let mut painter = painter.at(row);
            bytes::hex_row(&mut painter, offset as u64, part, detail.hex_row, &hits, 0);
        } else {
            if let Some(selected) = detail.selection() {
                let pointed = bytes::pointed_text(
                    offset..offset + part.len(),
                    detail.under_cursor(),
                    selected,
                );
                // Marks of a search are not seen where something is selected.
                hits = if pointed.is_empty() { hits } else { pointed };
            }
            bytes::text(&mut painter.at(row), part, palette.base, &[], &hits, 0);
        }
    }
    painter.at(parts.rows).scroll_bar(detail.top as u64, detail.len() as u64);
    what_is_this(&mut painter.at(parts.readings), detail);
}

/// What the bytes under the cursor can mean: a line each, both orders of bytes side by side.
fn what_is_this(painter: &mut Painter<'_>, detail: &Detail) {
    let palette = painter.palette;
    let selection = detail.selection();
    let at = selection.as_ref().map_or(detail.at, |range| range.start);
    let selected = selection.as_ref().map(Range::len);
    let Some(rest) = detail.bytes.get(at..) else { return };
    let mut lines = painter.area.rows();
    let Some(heading) = lines.next() else { return };
    let value = painter.area.width.saturating_sub(NAME + 2) / 2;
    let mut line = painter.at(heading);
    match selected {
        Some(len) => {
            line.right(&format!(" {} ", format::counted(len as u64, "byte")), palette.active);
        }
        None => line.right(&format!(" byte {at} "), palette.dim),
    }
    line.skip(NAME + 1);
    line.column("little endian", value, palette.dim);
    line.skip(1);
    line.put("big endian", palette.dim);
    for (row, reading) in lines.zip(readings(rest, selected)) {
        let mut line = painter.at(row);
        line.column(&format!(" {}", reading.name), NAME + 1, palette.dim);
        if reading.is_one {
            line.put(&reading.little, palette.base);
            continue;
        }
        line.column(&reading.little, value, palette.base);
        line.skip(1);
        line.put(&reading.big, palette.base);
    }
}
