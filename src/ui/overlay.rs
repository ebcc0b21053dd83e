//! Draws the overlays, bottom first.

mod choices;
mod code;
mod confirm;
mod conflict;
mod help;
mod jump;
mod naming;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::ThemeStyles;
use super::widget::frame::window;
use super::widget::text::put_editor;
use crate::app::App;
use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::overlay::Overlay;

pub(super) fn draw(app: &App, palette: &ThemeStyles, screen: Rect, buffer: &mut Buffer) {
    for overlay in &app.overlays {
        let area = overlay.area(app).intersection(screen);
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
                put_editor(buffer, inner, &it.editor);
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
