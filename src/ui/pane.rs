//! The panes: a border with its titles, and one file per pane for what is inside.

mod conversation;
mod exchange;
mod history;
mod presets;
mod request;
mod traffic;
mod unopened;

use super::painter::Painter;
use super::widget::frame;
use crate::app::focus::Pane;
use crate::app::shared::Shown;

/// Draws a pane with its border.
pub(super) fn draw(painter: Painter<'_>, which: Pane) {
    let app = painter.app;
    if which == Pane::Traffic && app.shared.areas().is_strip() {
        return traffic::folded(painter);
    }
    let (border, inside): (_, fn(Painter<'_>)) = match (which, app.shared.shown()) {
        (Pane::Presets, _) => (presets::border(&painter), presets::draw),
        (Pane::History, _) => (history::border(&painter), history::draw),
        (Pane::Request, _) => (request::border(&painter), request::draw),
        (Pane::Response, Shown::Nothing) => (unopened::border(), unopened::draw),
        (Pane::Response, Shown::Exchange) => (exchange::border(&painter), exchange::draw),
        (Pane::Response, Shown::Conversation) => {
            (conversation::border(&painter), conversation::draw)
        }
        (Pane::Traffic, _) => (traffic::border(&painter), traffic::draw),
    };
    let focused = app.shared.focus == which && app.overlays.is_empty();
    inside(frame::pane(painter, border, focused));
}
