//! Draws what is typed in the window of environments: a variable, and the name of an environment.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::painter::Painter;
use super::widget::fit;
use crate::app::layout::cut_top;
use crate::app::overlay::environments::edit_cells::{EditCell, NameEdit, NameFor, VariableEdit};
use crate::app::overlay::environments::writing::{name_trouble, variable_trouble};
use crate::model::secrets::is_secret_value;
use crate::store::job::VariableKind;

/// Columns of the labels of what is typed.
const LABELS: u16 = 13;

/// A variable that is written.
pub(super) fn variable_form(mut painter: Painter<'_>, edit: &VariableEdit) {
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
            if kind == VariableKind::Plain && is_secret_value(&after.name, &after.value) {
                (format!("{text}, which git may keep: below it becomes a secret"), palette.warning)
            } else {
                (text, palette.success)
            }
        }
    };
    let mut first = painter.at(title);
    first.put(&what, palette.title);
    first.put("   ", Style::new());
    let room = first.area.width;
    first.put(&fit::start(&verdict, room), style);
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
pub(super) fn name_form(mut painter: Painter<'_>, edit: &NameEdit) {
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
    painter.at(rest).lines(fit::lines(&text, rest.width, rest.height), style);
}
