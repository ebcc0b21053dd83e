//! Going where a jump leads.

use super::{draft, focus, input};
use crate::app::editor::Caret;
use crate::app::focus::Pane;
use crate::app::form::FormFieldId;
use crate::app::jump_target::JumpTarget;
use crate::app::state::App;

/// Goes to a target.
pub(crate) fn go(app: &mut App, target: &JumpTarget) {
    match target {
        JumpTarget::Pane(pane) => focus::focus(app, *pane),
        JumpTarget::Field(id) => {
            focus::focus(app, Pane::Request);
            draft::go(app, *id, Caret::Keep);
        }
        JumpTarget::Tab(tab) => {
            focus::focus(app, Pane::Request);
            draft::show_tab(app, *tab);
            draft::go(app, FormFieldId::Tabs, Caret::Keep);
        }
        JumpTarget::Preset(at) => {
            focus::focus(app, Pane::Presets);
            app.presets.select(&app.shared, *at);
        }
        JumpTarget::Entry(at) => {
            focus::focus(app, Pane::History);
            app.history.select(&app.shared, *at);
        }
        JumpTarget::Cell(column, row) | JumpTarget::Row(column, row) => {
            input::press(app, *column, *row);
        }
    }
}
