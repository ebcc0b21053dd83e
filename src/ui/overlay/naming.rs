//! Draws the question for a preset's name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::overlay::naming::{NameVerdict, Naming, NamingPurpose};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::{put, put_editor};

pub(super) fn draw(
    app: &App,
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
    let (text, style) = match it.verdict(app) {
        NameVerdict::Wrong(why) => (why, palette.error),
        NameVerdict::Taken(path) if matches!(it.purpose, NamingPurpose::Save(_)) => {
            (format!("{path} is there: Enter asks before replacing it"), palette.warning)
        }
        NameVerdict::Taken(path) => (format!("{path} is there already"), palette.error),
        NameVerdict::Free(path) => (format!("Enter: {path}"), palette.success),
    };
    put(buffer, verdict, &text, style);
    for (y, folder) in (list.y..list.bottom()).zip(it.fitting()) {
        put(buffer, Rect { y, height: 1, ..list }, &format!("{folder}/"), palette.dim);
    }
}
