//! Moving the cursor over the rows and cells of the form.

use super::{form, go, kind_of, open_editor};
use crate::app::App;
use crate::app::editor::LineMode;
use crate::app::form::{FieldKind, FormFieldId, FormLine};
use crate::app::layout::inner;
use crate::model::key::{Key, KeyCode};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FormStep {
    Previous,
    Next,
}

pub(super) fn vertical(app: &mut App, towards: FormStep) {
    let at = app.shared.drafts.current().at;
    if kind_of(app, at) == Some(FieldKind::Area) {
        open_editor(app);
        let Some((_, editor)) = &mut app.request.editor else { return };
        let (code, edge) = match towards {
            FormStep::Previous => (KeyCode::Up, editor.at_top()),
            FormStep::Next => (KeyCode::Down, editor.at_bottom()),
        };
        if !edge {
            editor.key(Key::new(code));
            return;
        }
    }
    step_row(app, towards);
}

pub(super) fn step_row(app: &mut App, towards: FormStep) {
    let form = form(app);
    let at = app.shared.drafts.current().at;
    let Some((row, column)) = find(&form, at) else { return };
    let next = match towards {
        FormStep::Previous => row.checked_sub(1),
        FormStep::Next => Some(row + 1).filter(|next| *next < form.len()),
    };
    if let Some(fields) = next.and_then(|next| form.get(next)).map(|row| &row.fields) {
        // From the address line the method is one step left, so going up lands on the address.
        let column = if next == Some(0) { fields.len() - 1 } else { column.min(fields.len() - 1) };
        let skip_check = fields[column].kind == FieldKind::Check && fields.len() > 1;
        let id = fields[if skip_check && row < 2 { column + 1 } else { column }].id;
        go(app, id);
    }
}

pub(super) fn find(form: &[FormLine], id: FormFieldId) -> Option<(usize, usize)> {
    form.iter().enumerate().find_map(|(at, row)| {
        row.fields.iter().position(|field| field.id == id).map(|column| (at, column))
    })
}

pub(super) fn sideways(app: &mut App, towards: FormStep) {
    let form = form(app);
    let Some((row, column)) = find(&form, app.shared.drafts.current().at) else { return };
    let next = match towards {
        FormStep::Previous => column.checked_sub(1),
        FormStep::Next => Some(column + 1),
    };
    if let Some(field) = next.and_then(|column| form[row].fields.get(column)) {
        go(app, field.id);
        if towards == FormStep::Next
            && let Some((_, editor)) = &mut app.request.editor
        {
            editor.key(Key::new(KeyCode::Home));
        }
    }
}

pub(super) fn page(app: &mut App, towards: FormStep) {
    let code = if towards == FormStep::Next { KeyCode::PageDown } else { KeyCode::PageUp };
    if let Some((_, editor)) = &mut app.request.editor
        && editor.lines() == LineMode::Many
    {
        editor.key(Key::new(code));
        return;
    }
    for _ in 0..inner(app.areas().request).height.max(2) / 2 {
        step_row(app, towards);
    }
}
