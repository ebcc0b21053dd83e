//! Draws the window of environments: which there are, their values with where they come from, what
//! differs, and what is typed.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::painter::{Painter, cells};
use super::widget::fit;
use crate::app::keymap::Context;
use crate::app::layout::cut_top;
use crate::app::overlay::environments::areas::{EnvironmentsAreas, areas};
use crate::app::overlay::environments::edit_cells::{
    EditCell, EnvironmentEdit, NameEdit, NameFor, VariableEdit,
};
use crate::app::overlay::environments::writing::{name_trouble, variable_trouble};
use crate::app::overlay::environments::{Environments, EnvironmentsSide, names};
use crate::app::shared::Shared;
use crate::app::variable_rows::{DifferenceRow, VariableOrigin, VariableRow, VariableTie, outcome};
use crate::store::job::VariableKind;

/// Columns of the labels of what is typed.
const LABELS: u16 = 13;

/// The keys that do something here, by what has them.
pub(super) fn hint(it: &Environments) -> &'static str {
    match (&it.edit, it.half, &it.against) {
        (Some(EnvironmentEdit::Name(_)), ..) => "[choose] take · [back] cancel",
        (Some(EnvironmentEdit::Variable(edit)), ..) if edit.is_choice() => {
            "[choose] write · [toggle] another · [next-field] next · [back] cancel"
        }
        (Some(EnvironmentEdit::Variable(edit)), ..) if edit.kind == VariableKind::Secret => {
            "[choose] write · [next-field] next · [show-secrets] show · [back] cancel"
        }
        (Some(EnvironmentEdit::Variable(_)), ..) => {
            "[choose] write · [next-field] next · [new-line] new line · [back] cancel"
        }
        (None, EnvironmentsSide::List, _) => {
            "[choose] use · [new] new · [duplicate] copy · [rename] name · [delete] delete · [compare] diff"
        }
        (None, _, Some(_)) => "[compare] the next · [show-secrets] show · [back] back",
        (None, ..) => {
            "[add-row] add · [choose] edit · [delete] delete · [toggle-secret] secret · [show-secrets] show"
        }
    }
}

/// The window without its frame.
pub(super) fn draw(mut painter: Painter<'_>, it: &Environments) {
    let shared = &painter.app.shared;
    let areas = areas(painter.area, it.edit.as_ref());
    list(painter.at(areas.list), it);
    let line = Rect { x: areas.list.right(), width: 1, ..areas.list };
    let border = painter.palette.border;
    painter.at(line).lines((0..line.height).map(|_| "│"), border);
    match it.differences(shared) {
        Some(rows) => differences(&mut painter, it, &areas, &rows),
        None => variables(&mut painter, it, &areas, &it.rows(shared)),
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
        let color = name.and_then(|name| shared.environment_named(name)?.color.as_deref());
        let style = match (name, color) {
            (None, _) => palette.dim,
            (_, None) => Style::new(),
            (_, color) => palette.chip(&shared.themes, color),
        };
        let text = fit::start(name.unwrap_or("none"), painter.area.width).into_owned();
        painter.put(&text, style);
    });
}

/// What is wrong with the files of an environment.
fn trouble(shared: &Shared, name: Option<&str>) -> Option<String> {
    let name = name?;
    let files = [VariableKind::Plain, VariableKind::Secret].map(|kind| kind.file(name));
    let is_of = |target: &str| {
        files.iter().any(|file| target == file || target.starts_with(&format!("{file}:")))
    };
    let problems = &shared.workspace.problems;
    problems.iter().find(|problem| is_of(&problem.target)).map(ToString::to_string)
}

fn head(painter: &mut Painter<'_>, it: &Environments, areas: &EnvironmentsAreas, text: &str) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let mut rest = areas.head;
    let first = cut_top(&mut rest, 1);
    painter.at(first).put(text, palette.title);
    if let Some(trouble) = trouble(shared, it.selected.as_deref()) {
        let text = fit::start(&trouble, rest.width).into_owned();
        painter.at(rest).put(&text, palette.error);
    }
}

/// Names, values and where these come from; below what is under the cursor.
fn variables(
    painter: &mut Painter<'_>,
    it: &Environments,
    areas: &EnvironmentsAreas,
    rows: &[VariableRow<'_>],
) {
    let palette = painter.palette;
    let environment = it.selected.as_deref().unwrap_or("none");
    head(painter, it, areas, environment);
    let cursor = it.cursor(rows.len(), areas.rows.height);
    painter.at(areas.rows).scroll_bar(cursor.offset as u64, rows.len() as u64);
    if rows.is_empty() {
        let key = |text: &str| painter.app.shared.keymap.keyed(&[Context::Environments], text);
        let text = match it.selected {
            Some(_) => key("no variables yet: [add-row] adds one"),
            None => key("no environment yet: [new] makes one, a file of its own"),
        };
        painter.at(areas.rows).put(&text, palette.dim);
    }
    let room = areas.rows.width;
    let names = rows.iter().map(|row| cells(row.prefix()) + cells(row.name));
    let name = (names.max().unwrap_or(0) + 2).min(room / 3);
    // Rows of one file stand together.
    let files = rows.chunk_by(|one, next| one.origin == next.origin).filter_map(<[_]>::first);
    let sources = files.map(|row| cells(&row.source(environment)));
    let source = (sources.max().unwrap_or(0) + 2).min(room / 3);
    let has_keys = it.half == EnvironmentsSide::Variables && it.edit.is_none();
    let selected = palette.selection(has_keys);
    painter.at(areas.rows).list(cursor, rows.len(), selected, |mut painter, at| {
        let Some(row) = rows.get(at) else { return };
        let style = if row.is_hidden { palette.off } else { Style::new() };
        cell(&mut painter, &row.reference(), name, style);
        let value = painter.area.width.saturating_sub(source);
        let shown = row.shown(it.is_shown(&row.reference()));
        cell(&mut painter, &shown, value, if row.is_hidden { style } else { palette.base });
        painter.put(&fit::start(&row.source(environment), painter.area.width), palette.dim);
    });
    match &it.edit {
        Some(EnvironmentEdit::Variable(edit)) => variable_form(painter.at(areas.detail), edit),
        Some(EnvironmentEdit::Name(edit)) => name_form(painter.at(areas.detail), edit),
        None => {
            if let Some(row) = rows.get(cursor.selected) {
                detail(painter.at(areas.detail), it, row);
            }
        }
    }
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
        VariableOrigin::Environment(VariableKind::Secret) => {
            format!("from {}, kept out of git", row.source(environment))
        }
        _ => format!("from {}", row.source(environment)),
    };
    painter.at(second).put(&from, palette.dim);
}

/// The two values of each name, and how they stand to each other.
fn differences(
    painter: &mut Painter<'_>,
    it: &Environments,
    areas: &EnvironmentsAreas,
    rows: &[DifferenceRow<'_>],
) {
    let palette = painter.palette;
    let (left, right) = (it.selected.as_deref().unwrap_or("none"), it.against.as_deref());
    let right = right.unwrap_or("none");
    let count = rows.iter().filter(|row| row.tie() != VariableTie::Equal).count();
    let said = match count {
        0 => "nothing differs".to_owned(),
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    };
    head(painter, it, areas, &format!("{left} and {right}: {said}"));
    let cursor = it.cursor(rows.len(), areas.rows.height);
    painter.at(areas.rows).scroll_bar(cursor.offset as u64, rows.len() as u64);
    let name = rows.iter().map(|row| cells(row.prefix()) + cells(row.name)).max().unwrap_or(0) + 2;
    let name = name.min(areas.rows.width / 3);
    let value = areas.rows.width.saturating_sub(name + 2) / 2;
    let columns = Rect { y: areas.head.y + 1, height: 1, ..areas.head };
    let mut titles = painter.at(columns);
    titles.skip(name + 2);
    cell(&mut titles, left, value, palette.label);
    cell(&mut titles, right, value, palette.label);
    let selected = palette.selection(it.half == EnvironmentsSide::Variables);
    painter.at(areas.rows).list(cursor, rows.len(), selected, |mut painter, at| {
        let Some(row) = rows.get(at) else { return };
        let (sign, style) = match row.tie() {
            VariableTie::Equal => ("= ", palette.dim),
            VariableTie::Different => ("~ ", palette.warning),
            VariableTie::OnlyLeft => ("- ", palette.error),
            VariableTie::OnlyRight => ("+ ", palette.success),
        };
        painter.put(sign, style);
        cell(&mut painter, &row.reference(), name, Style::new());
        for side in 0..2 {
            match row.shown(side, it.is_shown(&row.reference())) {
                Some(text) => cell(&mut painter, &text, value, style),
                None => cell(&mut painter, "missing", value, palette.placeholder),
            }
        }
    });
    if let Some(row) = rows.get(cursor.selected) {
        let file = |at: usize, name: &str| {
            let kind = if row.is_secret { VariableKind::Secret } else { VariableKind::Plain };
            row.values.get(at).copied().flatten().map(|_| kind.file(name))
        };
        let text = match (row.tie(), file(0, left), file(1, right)) {
            (VariableTie::Equal, ..) => format!("{} is equal in both", row.reference()),
            (_, Some(left), Some(right)) => {
                format!("{} differs between {left} and {right}", row.reference())
            }
            (_, Some(only), None) | (_, None, Some(only)) => {
                format!("{} is in {only} alone", row.reference())
            }
            (_, None, None) => String::new(),
        };
        painter.at(areas.detail).put(&text, palette.dim);
    }
}

/// A variable that is written.
fn variable_form(mut painter: Painter<'_>, edit: &VariableEdit) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let mut rest = painter.area;
    let what = match &edit.before {
        Some(before) => format!("Change {}", before.name),
        None => "New variable".to_owned(),
    };
    let title = cut_top(&mut rest, 1);
    let (verdict, style) = match variable_trouble(shared, edit) {
        Some(why) if !edit.name.is_empty() => (why, palette.error),
        Some(why) => (why, palette.dim),
        None => {
            let (kind, after) = (edit.kind, edit.after());
            let text =
                format!("{} in {}", kind.reference(&after.name), kind.file(&edit.environment));
            (text, palette.success)
        }
    };
    let mut first = painter.at(title);
    first.put(&what, palette.title);
    first.put("   ", Style::new());
    first.put(&verdict, style);
    let mut line = |painter: &mut Painter<'_>, cell: EditCell, label: &str, height: u16| {
        let area = cut_top(&mut rest, height);
        let mut label_of =
            painter.at(Rect { width: LABELS.min(area.width), height: area.height.min(1), ..area });
        label_of.put(label, if edit.cell == cell { palette.key } else { palette.label });
        let x = (area.x + LABELS).min(area.right());
        Rect { x, width: area.right() - x, ..area }
    };
    let area = line(&mut painter, EditCell::Name, "Name", 1);
    painter.at(area).fill(palette.field);
    painter.at(area).text_field(&edit.name, edit.cell == EditCell::Name);
    let area = line(&mut painter, EditCell::Value, "Value", 3);
    painter.at(area).fill(palette.field);
    painter.at(area).text_field(&edit.value, edit.cell == EditCell::Value);
    let kind = match edit.kind {
        VariableKind::Plain => "plain",
        VariableKind::Secret => "secret, kept out of git",
    };
    let area = line(&mut painter, EditCell::Kind, "Kept", 1);
    choice(painter.at(area), kind, edit.cell == EditCell::Kind);
    let area = line(&mut painter, EditCell::Environment, "Environment", 1);
    let is_new = shared.environment_named(&edit.environment).is_none();
    let name = if is_new {
        format!("{} (will be made)", edit.environment)
    } else {
        edit.environment.clone()
    };
    if edit.environments.len() > 1 {
        choice(painter.at(area), &name, edit.cell == EditCell::Environment);
    } else {
        painter.at(area).put(&name, palette.dim);
    }
}

/// One of several, taken with the arrow keys.
fn choice(mut painter: Painter<'_>, text: &str, has_keys: bool) {
    let palette = painter.palette;
    painter.put(&format!("◂ {text} ▸"), if has_keys { palette.selected } else { Style::new() });
}

/// The name of an environment that is written.
fn name_form(mut painter: Painter<'_>, edit: &NameEdit) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let mut rest = painter.area;
    let title = match &edit.purpose {
        NameFor::New => "New environment".to_owned(),
        NameFor::Copy(from) => format!("Copy of {from}"),
        NameFor::Rename(from) => format!("New name of {from}"),
    };
    let first = cut_top(&mut rest, 1);
    painter.at(first).put(&title, palette.title);
    let field = cut_top(&mut rest, 1);
    painter.at(field).fill(palette.field);
    painter.at(field).editor(&edit.editor);
    let (text, style) = match name_trouble(shared, edit) {
        Some(_) if edit.editor.is_empty() => ("as in env/NAME.toml".to_owned(), palette.dim),
        Some(why) => (why, palette.error),
        None => (VariableKind::Plain.file(&edit.text()), palette.success),
    };
    painter.at(rest).put(&text, style);
}
