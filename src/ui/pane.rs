//! The panes: a border with its titles, and one file per pane for what is inside.

mod conversation;
mod exchange;
mod history;
mod presets;
mod request;
mod traffic;
mod unopened;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::ThemeStyles;
use super::widget::frame;
use crate::app::App;
use crate::app::focus::Pane;
use crate::app::shared::Shown;

/// Draws a pane with its border.
pub(super) fn draw(app: &App, which: Pane, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let titles = match which {
        Pane::Presets => presets::titles(app),
        Pane::History => history::titles(app),
        Pane::Request => request::titles(app),
        Pane::Response => match app.shared.shown() {
            Shown::Nothing => unopened::titles(),
            Shown::Exchange => exchange::titles(app, palette),
            Shown::Conversation => conversation::titles(app, palette),
        },
        Pane::Traffic => traffic::titles(app, palette),
    };
    let focused = app.shared.focus == which && app.overlays.is_empty();
    let inner = frame::pane(titles, focused, palette, area, buffer);
    match which {
        Pane::Presets => presets::draw(app, palette, inner, buffer),
        Pane::History => history::draw(app, palette, inner, buffer),
        Pane::Request => request::draw(app, palette, inner, buffer),
        Pane::Response => match app.shared.shown() {
            Shown::Nothing => unopened::draw(app, palette, inner, buffer),
            Shown::Exchange => exchange::draw(app, palette, inner, buffer),
            Shown::Conversation => conversation::draw(app, palette, inner, buffer),
        },
        Pane::Traffic => traffic::draw(app, palette, inner, buffer),
    }
}
