//! Draws the overlays, bottom first.

mod choices;
mod code;
mod confirm;
mod conflict;
mod help;
mod jump;
mod naming;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::theme::ThemeStyles;
use crate::app::App;
use crate::app::action::Action;
use crate::app::editor::Editor;
use crate::app::keymap::Context;
use crate::app::overlay::Overlay;

pub(super) fn draw(app: &App, palette: &ThemeStyles, frame: &mut Frame<'_>) {
    let screen = frame.area();
    for overlay in &app.overlays {
        let area = overlay.area(app).intersection(screen);
        let buffer = frame.buffer_mut();
        match overlay {
            Overlay::Jump(it) => jump::draw(it, palette, screen, buffer),
            Overlay::Palette(it) => {
                let text = app.keyed("Enter run or open · [send] send · Esc close");
                let inner = window(" Palette ", &text, palette, area, buffer);
                choices::draw(&it.choices, palette, inner, buffer);
            }
            Overlay::Environments(it) => {
                let text = "Enter choose · type to search · Esc close";
                let inner = window(" Environment ", text, palette, area, buffer);
                choices::draw(&it.choices, palette, inner, buffer);
            }
            Overlay::Framing(it) => {
                let text = r"or type: fixed 12 · delimiter \x03 · length 2 little";
                let inner = window(" Framing of what is received ", text, palette, area, buffer);
                choices::draw(&it.choices, palette, inner, buffer);
            }
            Overlay::Help(it) => {
                let title = format!(" Help ─ {} ", it.place);
                let text = "type to search · arrows scroll · Esc close";
                let inner = window(&title, text, palette, area, buffer);
                help::draw(it, palette, inner, buffer);
            }
            Overlay::Code(it) => {
                let title = format!(" {} as code ", it.title);
                let inner = window(&title, code::hint(it), palette, area, buffer);
                code::draw(it, palette, inner, buffer);
            }
            Overlay::Naming(it) => {
                let title = format!(" {} ", it.title());
                let text = "Enter take · Tab complete · Esc cancel";
                let inner = window(&title, text, palette, area, buffer);
                naming::draw(app, it, palette, inner, buffer);
            }
            Overlay::About(it) => {
                let title = format!(" About {} ", it.title);
                let line =
                    app.shared.keymap.hint(&[Context::Input], Action::NewLine).unwrap_or_default();
                let text = format!("Enter keep · {line} new line · Esc cancel");
                let inner = window(&title, &text, palette, area, buffer);
                if !inner.is_empty() {
                    super::put_editor(buffer, inner, &it.editor);
                }
            }
            Overlay::Confirm(it) => {
                let inner = window(" Sure? ", "", palette, area, buffer);
                confirm::draw(it, palette, inner, buffer);
            }
            Overlay::Conflict(it) => {
                let title = format!(" {} changed on disk ", it.mine.path);
                let inner = window(&title, "", palette, area, buffer);
                conflict::draw(it, palette, inner, buffer);
            }
        }
    }
}

/// Clears the area, draws a border, and returns what is inside.
fn window(title: &str, hint: &str, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) -> Rect {
    Clear.render(area, buffer);
    let title = crate::codec::printable::printable_str(title).into_owned();
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .style(palette.base)
        .border_style(palette.focused_border)
        .title_style(palette.title)
        .title(title);
    if usize::from(area.width) > hint.chars().count() + 4 && !hint.is_empty() {
        let hint = ratatui::text::Line::styled(format!(" {hint} "), palette.dim);
        block = block.title_bottom(hint.right_aligned());
    }
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// A text field with a prompt before it.
fn field(prompt: &str, editor: &Editor, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let used = super::put(buffer, area, prompt, palette.key);
    let rest = Rect { x: area.x + used, width: area.width.saturating_sub(used), ..area };
    if !rest.is_empty() {
        super::put_editor(buffer, rest, editor);
    }
}
