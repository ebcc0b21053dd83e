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
use crate::app::overlay::Overlay;

/// All open windows, the lowest first, over what is on the screen already.
pub(super) fn draw(app: &App, palette: &ThemeStyles, screen: Rect, buffer: &mut Buffer) {
    for overlay in &app.overlays {
        let area = overlay.area(&app.shared).intersection(screen);
        let keyed = |text: &str| app.shared.keymap.keyed(&overlay.contexts(), text);
        match overlay {
            Overlay::Jump(it) => jump::draw(it, palette, screen, buffer),
            Overlay::Choices(it) => {
                let inner = window(it.title, &keyed(it.hint), palette, area, buffer);
                choices::draw(it, palette, inner, buffer);
            }
            Overlay::Help(it) => {
                let title = format!(" Help ─ {} ", it.place);
                let text = keyed("type to search · arrows scroll · [back] close");
                let inner = window(&title, &text, palette, area, buffer);
                help::draw(it, palette, inner, buffer);
            }
            Overlay::Code(it) => {
                let title = format!(" {} as code ", it.title);
                let inner = window(&title, &keyed(code::hint(it)), palette, area, buffer);
                code::draw(it, palette, inner, buffer);
            }
            Overlay::Naming(it) => {
                let title = format!(" {} ", it.title());
                let text = keyed("[choose] take · [complete] complete · [back] cancel");
                let inner = window(&title, &text, palette, area, buffer);
                naming::draw(&app.shared, it, palette, inner, buffer);
            }
            Overlay::About(it) => {
                let title = format!(" About {} ", it.title);
                let text = keyed("[choose] keep · [new-line] new line · [back] cancel");
                let inner = window(&title, &text, palette, area, buffer);
                put_editor(buffer, inner, &it.editor);
            }
            Overlay::Confirm(it) => {
                let inner = window(" Sure? ", "", palette, area, buffer);
                confirm::draw(&app.shared, it, palette, inner, buffer);
            }
            Overlay::Conflict(it) => {
                let title = format!(" {} changed on disk ", it.mine.path);
                let inner = window(&title, "", palette, area, buffer);
                conflict::draw(&app.shared, it, palette, inner, buffer);
            }
        }
    }
}
