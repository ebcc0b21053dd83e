//! Rows of the form that are moved, pasted and chosen.

use super::{checks, draft, overlays};
use crate::app::editor::Caret;
use crate::app::form::pasted_rows::PastedRows;
use crate::app::form::row_steps::RowPlace;
use crate::app::form::{FormFieldId, access};
use crate::app::format;
use crate::app::intent::RowChange;
use crate::app::overlay::pickers;
use crate::app::state::App;

/// Moves, pastes or chooses something in the rows of the form.
pub(crate) fn change(app: &mut App, change: RowChange) {
    match change {
        RowChange::Move { is_down } => move_row(app, is_down),
        RowChange::Paste(field, new) => paste_rows(app, field, &new),
        RowChange::Pick(field) => pick(app, field),
        RowChange::Choose(field, word) => choose(app, field, word),
        RowChange::Check(wish) => checks::wished(app, wish),
    }
}

/// Moves the row, rule or step under the cursor by one; the cursor goes along.
fn move_row(app: &mut App, is_down: bool) {
    draft::blur(app);
    let current = app.shared.drafts.current_mut();
    match current.steps.move_by_one(&mut current.spec, current.at, is_down) {
        Some(there) => {
            draft::spec_changed(app);
            draft::go(app, there, Caret::Keep);
        }
        None if current.at.in_list().is_none() => app.say("this is no row of a list"),
        None => app.say(format!("it is the {} row", if is_down { "last" } else { "first" })),
    }
}

/// Puts pasted rows where the cursor is, in place of a row that is empty.
fn paste_rows(app: &mut App, id: FormFieldId, new: &PastedRows) {
    draft::blur(app);
    let current = app.shared.drafts.current_mut();
    let Some((list, at)) = access::cell(&current.spec, id) else { return };
    let count = current.steps.paste(&mut current.spec, RowPlace { list, at }, &new.rows);
    draft::spec_changed(app);
    if let Some(last) = count.checked_sub(1) {
        draft::go(app, FormFieldId::Field(list.row(at + last).then("value")), Caret::End);
    }
    let rows = format::counted(count as u64, "row");
    let undo = app.keyed("[undo] takes them back");
    app.done(format!("{rows} pasted{}; {undo}", new.remark()));
}

/// Shows what a choice can be.
fn pick(app: &mut App, id: FormFieldId) {
    if let Some(choices) = pickers::words(&app.shared, id) {
        overlays::choose_from(app, choices);
    }
}

/// A choice becomes this.
fn choose(app: &mut App, id: FormFieldId, word: &str) {
    let draft = app.shared.drafts.current_mut();
    let taken = draft.steps.choose(&mut draft.spec, id, |spec| access::set(spec, id, word));
    if let Err(why) = taken {
        app.warn(why);
    }
    draft::spec_changed(app);
}
