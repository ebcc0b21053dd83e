//! Draws the line that asks what to search for, or where to save.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::pane::response::prompt::PromptPurpose;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::put_prompt;

pub(super) fn draw(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let Some(prompt) = &app.response.prompt else { return };
    let label = match prompt.purpose {
        PromptPurpose::Search => "search: ",
        PromptPurpose::Save(..) | PromptPurpose::SaveBytes(_) => "save to: ",
    };
    put_prompt(buffer, area, palette, label, &prompt.editor);
}
