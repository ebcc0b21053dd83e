//! Draws the bytes of a record or row: a title, then text or hex, only what is visible.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::bytes::{self, Marks};
use super::row_writer::RowWriter;
use super::scrollbar::{self, Extent};
use crate::app::record_view::{Content, Detail};
use crate::app::{App, format};
use crate::codec::search::Pattern;
use crate::model::id::RecordId;
use crate::model::record::{Record, RecordKind};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::put;

/// `#1041  14:02:07.113  3/1 127.0.0.1:9000 ↔ 127.0.0.1:4000  64 B`
fn title(app: &App, id: RecordId, record: &Record) -> String {
    let ends = app.shared.timeline.conn(record.conn).map(|conn| {
        let end = |at: Option<std::net::SocketAddr>| at.map_or("?".into(), |at| at.to_string());
        format!("  {} ↔ {}", end(conn.local), end(conn.peer))
    });
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
    format!(
        "#{}  {}  conn {}{}  {what}",
        id.0,
        format::clock(record.at, app.shared.utc_offset),
        record.conn,
        ends.unwrap_or_default(),
    )
}

/// A record that is looked at closely, and where it is drawn.
pub(crate) struct RecordView<'a> {
    pub(crate) detail: &'a Detail,
    /// What is searched for in it.
    pub(crate) pattern: Option<&'a Pattern>,
    pub(crate) title: Rect,
    pub(crate) rows: Rect,
}

/// Draws title and rows.
pub(crate) fn draw(app: &App, palette: &ThemeStyles, view: &RecordView<'_>, buffer: &mut Buffer) {
    let RecordView { detail, pattern, title: title_area, rows: area } = *view;
    let record = app.shared.timeline.get(detail.of);
    let title = record.map_or_else(String::new, |record| title(app, detail.of, &record));
    let style = if detail.inside { palette.title } else { palette.dim };
    if !title_area.is_empty() {
        put(buffer, title_area, &"─".repeat(title_area.width.into()), palette.border);
        let inside = if detail.inside { "▸ " } else { "" };
        let form = match (detail.content, detail.is_hex) {
            (Content::Words, _) => "",
            (Content::Payload, true) => "  hex",
            (Content::Payload, false) => "  text",
        };
        put(buffer, title_area, &format!("{inside}{title}{form} "), style);
    }
    if detail.is_empty() {
        put(buffer, Rect { height: area.height.min(1), ..area }, "no bytes", palette.dim);
        return;
    }
    let marks = Marks { pattern, here: detail.here.map(|at| at as u64) };
    for (y, at) in (area.y..area.bottom()).zip(detail.top..) {
        let row = Rect { y, height: 1, ..area };
        let Some((offset, part)) = detail.row(at) else { break };
        let hits = marks.hits(0, &detail.bytes, &(offset..offset + part.len()));
        if detail.is_hex {
            bytes::hex_row(palette, row, (offset as u64, part), &hits, buffer);
        } else {
            let mut run = RowWriter::new(row, buffer);
            bytes::text(&mut run, palette, (part, palette.base), (&[], &hits), 0);
        }
    }
    let extent = Extent { top: detail.top as u64, total: detail.len() as u64 };
    scrollbar::draw(palette, area, extent, buffer);
}
