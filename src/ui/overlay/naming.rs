//! Draws the question for a preset's name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::overlay::naming::{NameVerdict, Naming, NamingPurpose};
use crate::app::shared::Shared;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::{put, put_editor};

/// The name, what pressing the key would do, and the folders that fit.
pub(super) fn draw(
    shared: &Shared,
    it: &Naming,
    palette: &ThemeStyles,
    inner: Rect,
    buffer: &mut Buffer,
) {
    let (line, verdict, list) = Naming::parts(inner);
    put_editor(buffer, line, &it.editor);
    if it.editor.is_empty() && line.width > 1 {
        let rest = Rect { x: line.x + 1, width: line.width - 1, ..line };
        put(buffer, rest, &it.suggestion, palette.dim);
    }
    let enter = shared.keymap.key_of(&[Context::Name], Action::Choose);
    let (text, style) = match it.verdict(shared) {
        NameVerdict::Wrong(why) => (why, palette.error),
        NameVerdict::Taken(path) if matches!(it.purpose, NamingPurpose::Save(_)) => {
            (format!("{path} is there: {enter} asks before replacing it"), palette.warning)
        }
        NameVerdict::Taken(path) => (format!("{path} is there already"), palette.error),
        NameVerdict::Free(path) => (format!("{enter}: {path}"), palette.success),
    };
    put(buffer, verdict, &text, style);
    for (y, folder) in (list.y..list.bottom()).zip(it.fitting()) {
        put(buffer, Rect { y, height: 1, ..list }, &format!("{folder}/"), palette.dim);
    }
}
