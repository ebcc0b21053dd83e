//! Texts that were in an external editor when an earlier run ended: each goes into the field it was
//! the text of, if that still holds what the editor was opened with; else it is said where it lies.

use std::path::PathBuf;

use super::{draft, restore};
use crate::app::drafts::DraftId;
use crate::app::edited_text::{EditedText, fingerprint};
use crate::app::effect::Effect;
use crate::app::form::{FormFieldId, access, rows::rows, tabs};
use crate::app::intent::EditTarget;
use crate::app::state::App;
use crate::model::spec::Spec;

/// Gives a text to the editor of the user.
pub(crate) fn begin(app: &mut App, text: String, extension: &'static str, target: EditTarget) {
    app.editing = Some(target);
    app.effects.push(Effect::Edit { field: name_of(target), text, extension });
}

/// The name of what an editor is opened for.
pub(crate) fn name_of(target: EditTarget) -> String {
    match target {
        EditTarget::Field(id) => field_name(id),
        EditTarget::InputLine => "input-line".into(),
    }
}

fn field_name(id: FormFieldId) -> String {
    match id {
        FormFieldId::Field(id) => id.to_string(),
        FormFieldId::Address => "address".into(),
        FormFieldId::Tabs | FormFieldId::Automatic(_) | FormFieldId::Add(_) => String::new(),
    }
}

/// A text was found; it waits until the drafts of the last run are there.
pub(crate) fn found(app: &mut App, edited: EditedText) {
    app.edited.waiting.push(edited);
    take_up(app);
}

/// Puts what was found where it belongs, once the drafts of the last run are there.
pub(crate) fn take_up(app: &mut App) {
    if !restore::is_begun(app) {
        return;
    }
    for edited in std::mem::take(&mut app.edited.waiting) {
        let EditedText { path, field, text, .. } = &edited;
        let place = place_of(app, &edited);
        let taken = place.zip(text.as_ref()).is_some_and(|((id, at), text)| {
            let draft = app.shared.drafts.get_mut(id);
            draft.is_some_and(|draft| access::set(&mut draft.spec, at, text).is_ok())
        });
        if taken {
            app.edited.taken.push(path.clone());
            draft::form_changed(app);
            app.touched();
            app.warn(format!("{field} is what the editor saved before wirebench ended"));
        } else {
            let place = path.display();
            app.warn(format!("the editor saved another {field} than is here; it is kept: {place}"));
        }
    }
}

/// The draft and field that still hold what the editor was opened with; the one on screen first.
fn place_of(app: &App, edited: &EditedText) -> Option<(DraftId, FormFieldId)> {
    let drafts = &app.shared.drafts;
    let all = std::iter::once(drafts.current()).chain(drafts.iter());
    all.into_iter().find_map(|draft| {
        let at = field_named(&draft.spec, &edited.field)?;
        let is_same = fingerprint(&access::text(&draft.spec, at)) == edited.before;
        is_same.then_some((draft.id, at))
    })
}

fn field_named(spec: &Spec, name: &str) -> Option<FormFieldId> {
    let lines = tabs(spec).into_iter().flat_map(|tab| rows(spec, tab));
    let mut ids = lines.flat_map(|line| line.fields).map(|field| field.id);
    ids.find(|id| field_name(*id) == name)
}

/// Drafts are being written: with them what was taken up.
pub(crate) fn saving(app: &mut App) {
    let taken = std::mem::take(&mut app.edited.taken);
    app.edited.saving.extend(taken);
}

/// Drafts were written, so nobody needs the files any more.
pub(crate) fn saved(app: &mut App) {
    if app.save_state.is_writing() {
        return;
    }
    let gone: Vec<PathBuf> = std::mem::take(&mut app.edited.saving);
    app.effects.extend(gone.into_iter().map(Effect::RemoveEdited));
}
