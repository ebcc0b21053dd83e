//! Draws the window of environments: which there are, their values with where they come from, what
//! differs, and what is typed.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::environment_forms::{name_form, variable_form};
use super::painter::Painter;
use super::widget::fit;
use crate::app::format;
use crate::app::keymap::Context;
use crate::app::layout::cut_top;
use crate::app::overlay::environments::areas::EnvironmentsAreas;
use crate::app::overlay::environments::edit_cells::EnvironmentEdit;
use crate::app::overlay::environments::listed::trouble;
use crate::app::overlay::environments::{Environments, EnvironmentsSide, names};
use crate::app::shared::Shared;
use crate::app::variable_rows::{DifferenceRow, VariableOrigin, VariableRow, VariableTie, outcome};
use crate::store::job::VariableKind;

/// The window without its frame.
pub(super) fn draw(mut painter: Painter<'_>, it: &Environments) {
    let areas = it.areas(painter.area);
    list(painter.at(areas.list), it);
    let line = Rect { x: areas.list.right(), width: 1, ..areas.list };
    let border = painter.palette.border;
    painter.at(line).lines((0..line.height).map(|_| "│"), border);
    if let Some(search) = &it.search {
        painter.at(areas.search).search_line(search);
    }
    if it.listed.is_comparison() {
        differences(&mut painter, it, &areas);
    } else {
        variables(&mut painter, it, &areas);
    }
}

/// Which environments there are; the one in force has a mark.
fn list(mut painter: Painter<'_>, it: &Environments) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let cursor = it.list(shared, painter.area.height);
    let selected = palette.selection(it.half == EnvironmentsSide::List && it.edit.is_none());
    let all: Vec<Option<&str>> = names(shared).collect();
    painter.list(cursor, all.len(), selected, |mut painter, at| {
        let Some(name) = all.get(at).copied() else { return };
        let mark = if name == shared.environment.as_deref() { "● " } else { "  " };
        painter.put(mark, palette.success);
        let color = name.and_then(|name| shared.color_of(name));
        let style = match (name, color) {
            (None, _) => palette.dim,
            (_, None) => Style::new(),
            (_, color) => palette.chip(&shared.themes, color),
        };
        let is_broken = name.is_some_and(|name| trouble(shared, name).is_some());
        if is_broken {
            painter.right(" !", palette.error);
        }
        let text = fit::middle(name.unwrap_or("none"), painter.area.width).into_owned();
        painter.put(&text, style);
    });
}

/// What is looked at and how much of it there is, with what is wrong with it.
fn head(painter: &mut Painter<'_>, it: &Environments, areas: &EnvironmentsAreas, text: &str) {
    let palette = painter.palette;
    let mut rest = areas.head;
    let mut first = painter.at(cut_top(&mut rest, 1));
    let (len, total) = (it.listed.len(), it.listed.total);
    let at = it.cursor(len, areas.rows.height).selected + 1;
    let count = match (len, total) {
        (0, 0) => String::new(),
        (0, _) => format!("none of {}", format::count(total as u64)),
        _ if len < total => {
            let [at, len, total] = [at, len, total].map(|it| format::count(it as u64));
            format!("{at} of {len} found in {total}")
        }
        _ => format!("{} of {}", format::count(at as u64), format::count(total as u64)),
    };
    first.right(&count, palette.dim);
    let text = fit::middle(text, first.area.width).into_owned();
    first.put(&text, palette.title);
}

/// Names, values and where these come from; below what is under the cursor.
fn variables(painter: &mut Painter<'_>, it: &Environments, areas: &EnvironmentsAreas) {
    let (palette, shared) = (painter.palette, &painter.app.shared);
    let environment = it.selected.as_deref().unwrap_or("none");
    head(painter, it, areas, environment);
    let mut below = areas.head;
    cut_top(&mut below, 1);
    let told = fit::lines(&it.listed.trouble, below.width, below.height);
    painter.at(below).lines(told, palette.error);
    let len = it.listed.len();
    let cursor = it.cursor(len, areas.rows.height);
    painter.at(areas.rows).scroll_bar(cursor.offset as u64, len as u64);
    if len == 0 {
        let text = nothing(shared, it);
        painter.at(areas.rows).put(&text, palette.dim);
    }
    let room = areas.rows.width;
    // Where they do not fit, names come first: two of them shall not look alike.
    let source = (it.listed.source_width + 2).min(room / 3);
    let name = (it.listed.name_width + 2).min((room - source) * 2 / 3);
    let has_keys = it.half == EnvironmentsSide::Variables && it.edit.is_none();
    let selected = palette.selection(has_keys);
    painter.at(areas.rows).list(cursor, len, selected, |mut painter, at| {
        let Some(row) = it.row(shared, at) else { return };
        let style = if row.is_hidden { palette.off } else { Style::new() };
        name_cell(&mut painter, &row.reference(), name, style);
        let value = painter.area.width.saturating_sub(source);
        let shown = row.shown(it.is_shown(&row.reference()));
        cell(&mut painter, &shown, value, if row.is_hidden { style } else { palette.base });
        let source = row.source(environment);
        painter.put(&fit::middle(&source, painter.area.width), palette.dim);
    });
    match &it.edit {
        Some(EnvironmentEdit::Variable(edit)) => variable_form(painter.at(areas.detail), edit),
        Some(EnvironmentEdit::Name(edit)) => name_form(painter.at(areas.detail), edit),
        None => {
            if let Some(row) = it.row(shared, cursor.selected) {
                detail(painter.at(areas.detail), it, &row);
            }
        }
    }
}

/// Why there are no rows.
fn nothing(shared: &Shared, it: &Environments) -> String {
    let key = |text: &str| shared.keymap.keyed(&[Context::Environments], text);
    match it.selected {
        _ if it.listed.total > 0 => "nothing here holds this".to_owned(),
        Some(_) => key("no variables yet: [add-row] adds one"),
        None if shared.workspace.environments.is_empty() => {
            key("no environment yet: [new] makes one, a file of its own")
        }
        None => "without an environment no name has a value here".to_owned(),
    }
}

/// A name in a column: of one that is too long both ends are seen, where names differ.
fn name_cell(painter: &mut Painter<'_>, text: &str, width: u16, style: Style) {
    let text = fit::middle(text, width.saturating_sub(1)).into_owned();
    painter.column(&text, width, style);
}

/// A text in a column, with a blank behind it; a cut is marked.
fn cell(painter: &mut Painter<'_>, text: &str, width: u16, style: Style) {
    let text = fit::start(text, width.saturating_sub(1)).into_owned();
    painter.column(&text, width, style);
}

/// What the value under the cursor comes to, and what else is to be known of it.
fn detail(mut painter: Painter<'_>, it: &Environments, row: &VariableRow<'_>) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let mut rest = painter.area;
    let (first, second) = (cut_top(&mut rest, 1), rest);
    let (text, style) = match outcome(shared, it.selected.as_deref(), row) {
        Some(Ok(value)) => (format!("{} comes to {value}", row.reference()), palette.base),
        Some(Err(why)) => (format!("{}: {why}", row.reference()), palette.error),
        None if row.is_hidden => {
            (format!("{} has another value nearer by", row.reference()), palette.dim)
        }
        None => (format!("{{{{{}}}}}", row.reference()), palette.dim),
    };
    let text = fit::start(&text, first.width).into_owned();
    painter.at(first).put(&text, style);
    let environment = it.selected.as_deref().unwrap_or_default();
    let from = match row.origin {
        VariableOrigin::Environment(VariableKind::Secret)
        | VariableOrigin::Base(_, VariableKind::Secret) => {
            format!("from {}, kept out of git", row.source(environment))
        }
        _ => format!("from {}", row.source(environment)),
    };
    painter.at(second).put(&from, palette.dim);
}

/// The two values of each name, and how they stand to each other.
fn differences(painter: &mut Painter<'_>, it: &Environments, areas: &EnvironmentsAreas) {
    let (palette, shared) = (painter.palette, &painter.app.shared);
    let (left, right) = (it.selected.as_deref().unwrap_or("none"), it.against.as_deref());
    let right = right.unwrap_or("none");
    let said = match it.listed.different {
        0 => "nothing differs".to_owned(),
        count => format::counted(count as u64, "difference"),
    };
    head(painter, it, areas, &format!("{left} and {right}: {said}"));
    let len = it.listed.len();
    let cursor = it.cursor(len, areas.rows.height);
    painter.at(areas.rows).scroll_bar(cursor.offset as u64, len as u64);
    if len == 0 && it.listed.total > 0 {
        painter.at(areas.rows).put("nothing here holds this", palette.dim);
    }
    let name = (it.listed.name_width + 2).min(areas.rows.width * 2 / 5);
    let value = areas.rows.width.saturating_sub(name + 2) / 2;
    let columns = Rect { y: areas.head.y + 1, height: 1, ..areas.head };
    let mut titles = painter.at(columns);
    titles.skip(name + 2);
    name_cell(&mut titles, left, value, palette.label);
    name_cell(&mut titles, right, value, palette.label);
    let selected = palette.selection(it.half == EnvironmentsSide::Variables);
    painter.at(areas.rows).list(cursor, len, selected, |mut painter, at| {
        let Some(row) = it.difference(shared, at) else { return };
        let (sign, style) = match row.tie() {
            VariableTie::Equal => ("= ", palette.dim),
            VariableTie::Different => ("~ ", palette.warning),
            VariableTie::OnlyLeft => ("- ", palette.error),
            VariableTie::OnlyRight => ("+ ", palette.success),
        };
        painter.put(sign, style);
        name_cell(&mut painter, &row.reference(), name, Style::new());
        for side in 0..2 {
            match row.shown(side, it.is_shown(&row.reference())) {
                Some(text) => cell(&mut painter, &text, value, style),
                None => cell(&mut painter, "missing", value, palette.placeholder),
            }
        }
    });
    if let Some(row) = it.difference(shared, cursor.selected) {
        painter.at(areas.detail).put(&tie(&row, left, right), palette.dim);
    }
    // What cannot be read is not missing.
    let names = [it.selected.as_deref(), it.against.as_deref()].into_iter().flatten();
    let unread: Vec<String> = names.filter_map(|name| trouble(shared, name)).collect();
    let mut last = areas.detail;
    cut_top(&mut last, 1);
    let text = fit::start(&unread.join("; "), last.width).into_owned();
    painter.at(last).put(&text, palette.error);
}

/// How a name stands in two environments, in words.
fn tie(row: &DifferenceRow<'_>, left: &str, right: &str) -> String {
    let file = |at: usize, name: &str| {
        let kind = if row.is_secret { VariableKind::Secret } else { VariableKind::Plain };
        row.values.get(at).copied().flatten().map(|_| kind.file(name))
    };
    match (row.tie(), file(0, left), file(1, right)) {
        (VariableTie::Equal, ..) => format!("{} is equal in both", row.reference()),
        (_, Some(left), Some(right)) => {
            format!("{} differs between {left} and {right}", row.reference())
        }
        (_, Some(only), None) | (_, None, Some(only)) => {
            format!("{} is in {only} alone", row.reference())
        }
        (_, None, None) => String::new(),
    }
}
