//! Where the fields of the form are: pure geometry, for drawing, clicking and jumping.

use ratatui::layout::Rect;

use super::address_line::AddressAreas;

use crate::app::drafts::Draft;
use crate::app::form::rows::COLUMNS;
use crate::app::form::{
    FieldKind, FieldWidth, FormField, FormFieldId, FormLine, FormTab, access, tabs, url_rows,
};
use crate::app::layout::{self, TabStrip};
use crate::app::shared::Shared;
use crate::model::field::Options;
use crate::model::field_id::FieldId;

/// A field and where it is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedField {
    pub field: FormField,
    pub area: Rect,
    /// What stands in the row above; empty = nothing of its own.
    pub heading: &'static str,
}

impl PlacedField {
    /// Where its text is, behind its label.
    pub(super) fn text_area(&self) -> Rect {
        let label = label_width(&self.field).min(self.area.width);
        Rect { x: self.area.x + label, width: self.area.width - label, ..self.area }
    }
}

/// Puts every visible field of the form, scrolled so far, into the pane's inner area, around what
/// else belongs to the address.
pub(super) fn place(
    form: &[FormLine],
    scroll: usize,
    inner: Rect,
    line: AddressAreas,
) -> Vec<PlacedField> {
    let mut placed = Vec::new();
    let mut y = inner.y;
    for (at, row) in form.iter().enumerate() {
        // The address line and the tab strip stay; the rest scrolls.
        if at >= 2 && at < 2 + scroll {
            continue;
        }
        if y >= inner.bottom() {
            break;
        }
        if !row.heading.is_empty() {
            y += 1;
        }
        let Some(left) = inner.bottom().checked_sub(y).filter(|left| *left > 0) else { break };
        let last_area =
            at + 1 == form.len() && row.fields.iter().any(|f| f.kind == FieldKind::Area);
        let height = if last_area { left } else { row.height.min(left) };
        if at == 0 {
            place_row(row, Rect { height, ..line.fields }, &mut placed);
            y += line.resolved.height;
        } else {
            place_row(row, Rect { y, height, ..inner }, &mut placed);
        }
        y += height;
    }
    placed
}

/// What stands above the column of a field.
fn column_of(field: &FormField) -> &'static str {
    match field.id {
        FormFieldId::Field(id) if id.last_key() != "off" => id.last_key(),
        _ => "",
    }
}

/// Cells that a field which fills keeps at least, for each of its shares: those behind it give way.
const LEAST: u16 = 8;

fn place_row(row: &FormLine, area: Rect, placed: &mut Vec<PlacedField>) {
    let (mut fixed, mut shares) = (row.fields.len().saturating_sub(1) as u16, 0);
    for field in &row.fields {
        match field.width {
            FieldWidth::Cells(cells) => fixed += cells,
            FieldWidth::Fill(share) => shares += share,
        }
    }
    let room = area.width.saturating_sub(row.pad);
    let free = room.saturating_sub(fixed).max(LEAST * shares);
    let (mut x, end) = (area.x, area.x + room);
    for field in &row.fields {
        let width = match field.width {
            FieldWidth::Cells(width) => width,
            FieldWidth::Fill(part) => free * part / shares.max(1),
        };
        let width = width.min(end.saturating_sub(x));
        let heading = match row.heading {
            COLUMNS => column_of(field),
            heading if x == area.x => heading,
            _ => "",
        };
        placed.push(PlacedField { field: field.clone(), area: Rect { x, width, ..area }, heading });
        x = x.saturating_add(width + 1).min(end);
    }
}

/// Cells from which a text of many lines has the numbers of its lines.
const NUMBERED: u16 = 36;

/// The column of line numbers, with a cell for a sign before and an empty one behind; and the text of
/// a field of so many lines.
pub fn text_parts(area: Rect, lines: usize) -> (Rect, Rect) {
    let digits = lines.max(10).ilog10() as u16 + 1;
    let width = if area.width < NUMBERED { 0 } else { digits + 2 };
    (Rect { width, ..area }, Rect { x: area.x + width, width: area.width - width, ..area })
}

/// Cells the label of a field takes, the space after it included.
pub(crate) fn label_width(field: &FormField) -> u16 {
    match field.label.chars().count() {
        0 => 0,
        len => len as u16 + 1,
    }
}

/// The tab strip: each tab's title and where it begins.
pub(crate) fn tab_strip(shared: &Shared) -> TabStrip<FormTab> {
    let draft = shared.drafts.current();
    layout::tab_strip(tabs(&draft.spec).into_iter().map(|tab| match tab_count(draft, tab) {
        Some(count) => (tab, format!("{} {count}", tab.into_str())),
        None => (tab, tab.into_str().to_owned()),
    }))
}

/// Rows that are switched on, of the lists in a table that stands among the rows around it.
fn rows_inside(draft: &Draft, inner: &dyn Options) -> usize {
    let lists = inner.fields().iter().enumerate().filter_map(|(at, info)| {
        let rows = inner.value(at)?.rows()?.count();
        let row = |at: &usize| FormFieldId::Field(FieldId::new(info.key).row(*at));
        Some((0..rows).filter(|at| !access::is_off(&draft.spec, row(at))).count())
    });
    lists.sum()
}

/// What a tab holds: rows that are switched on, rules or steps, the kind of a body or of credentials.
fn tab_count(draft: &Draft, tab: FormTab) -> Option<String> {
    let options = draft.spec.options();
    let mut count = 0;
    for (at, info) in options.fields().iter().enumerate().filter(|(_, info)| info.tab == Some(tab))
    {
        let Some(value) = options.value(at) else { continue };
        let id = FieldId::new(info.key);
        if let Some(rows) = value.rows() {
            let row = |at: &usize| FormFieldId::Field(id.row(*at));
            if id == url_rows::added() {
                count += draft.url_rows().count();
            }
            count += (0..rows.count()).filter(|at| !access::is_off(&draft.spec, row(at))).count();
        } else if [FormTab::Auth, FormTab::Body].contains(&tab) {
            let kind = value.show();
            return (kind != "none").then(|| kind.into_owned());
        } else if info.is_inline() && !info.label.is_empty() {
            count += 1;
        } else if let Some(inner) = value.options().filter(|_| info.is_inline()) {
            count += rows_inside(draft, inner);
        }
    }
    (count > 0).then(|| count.to_string())
}
