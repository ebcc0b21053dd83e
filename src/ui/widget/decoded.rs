//! Draws a message whose format is known: its fields with name and value, and what stands in the title of
//! a record about it.

use super::fit;
use crate::app::decoded_view::DecodedView;
use crate::app::record_view::{Detail, DetailForm};
use crate::codec::decoded::DecodedRow;
use crate::codec::printable::printable_str;
use crate::model::record::RecordKind;
use crate::ui::painter::{Painter, cells};

/// Cells of one level.
const INDENT: u16 = 2;
/// Cells of names at least and at most.
const NAMES: (u16, u16) = (10, 34);

/// At the right of the title: the format, the field a byte of hex is in, or that there is more to see;
/// `taken` cells are of what stands there anyway.
pub(super) fn title(line: &mut Painter<'_>, detail: &Detail, taken: u16) {
    let (app, palette, width) = (line.app, line.palette, line.area.width);
    let Some(known) = detail.decoded.as_ref().filter(|_| detail.kind == RecordKind::Data) else {
        return;
    };
    let name = printable_str(&known.message.name).into_owned();
    let room = width / 2;
    match detail.form {
        DetailForm::Decoded => {
            line.right(&fit::start(&format!(" decoded: {name} "), room), palette.active);
        }
        DetailForm::Hex if detail.inside => {
            let path = known.path(known.row_at(detail.at));
            line.right(
                &format!(" {} ", path_within(&path, room.saturating_sub(2))),
                palette.active,
            );
        }
        DetailForm::Hex | DetailForm::Text => {
            let long = app.keyed(&format!(" [view-mode] decodes: {name} "));
            let short = app.keyed(" [view-mode] decodes ");
            let free = width.saturating_sub(taken);
            let has_room = |text: &&String| cells(text) <= free;
            let text = [&long, &short].into_iter().find(has_room);
            let text = text.or(Some(&short).filter(|text| cells(text) < width / 3));
            line.right(text.map_or("", String::as_str), palette.key);
        }
    }
}

/// `in DNS response › answer 1 › TTL`, the innermost names where there is little room.
fn path_within(path: &[&str], room: u16) -> String {
    let all = |from: usize| {
        let names = path.iter().skip(from).map(|name| printable_str(name).into_owned());
        names.collect::<Vec<_>>().join(" › ")
    };
    let fits = (0..path.len()).map(all).find(|text| cells(text) + 3 <= room);
    fits.map_or_else(
        || fit::start(&all(path.len().saturating_sub(1)), room).into_owned(),
        |text| format!("in {text}"),
    )
}

/// The fields that are in sight.
pub(super) fn rows(painter: &mut Painter<'_>, fields: &DecodedView, detail: &Detail) {
    let all = &fields.message.rows;
    let of_name = |row: &DecodedRow| u16::from(row.depth) * INDENT + cells(&row.label);
    let names = all.iter().map(of_name).max().unwrap_or(0).clamp(NAMES.0, NAMES.1);
    // A blank before them, and one behind.
    let names = names.min(painter.area.width / 2) + 2;
    let area = painter.area;
    for (row, (at, field)) in area.rows().zip(all.iter().enumerate().skip(detail.top)) {
        let is_here = detail.inside && at == fields.cursor;
        let selected = painter.palette.selection(is_here);
        let mut line = painter.at(row);
        if is_here {
            line.row(selected, |line| field_row(line, field, names));
        } else {
            field_row(line, field, names);
        }
    }
    painter.at(area).scroll_bar(detail.top as u64, all.len() as u64);
}

fn field_row(mut line: Painter<'_>, field: &DecodedRow, names: u16) {
    let palette = line.palette;
    line.skip(1 + u16::from(field.depth) * INDENT);
    let (label, value) = if field.is_flaw {
        (palette.warning, palette.warning)
    } else {
        (palette.dim, palette.base)
    };
    if field.label.is_empty() {
        line.put(&field.value, value);
        return;
    }
    let indent = 1 + u16::from(field.depth) * INDENT;
    let room = names.saturating_sub(indent).max(cells(&field.label).min(NAMES.1) + 1);
    line.column(&field.label, room.saturating_sub(1), label);
    line.skip(1);
    line.put(&field.value, value);
}
