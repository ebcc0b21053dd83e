//! The panes' frames, and one file per pane.

mod history;
mod presets;
mod request;
mod response;
mod traffic;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Borders};

use super::theme::ThemeStyles;
use crate::app::App;
use crate::app::focus::Pane;

/// Draws a pane with its border.
pub(super) fn draw(
    app: &App,
    which: Pane,
    palette: &ThemeStyles,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let focused = app.shared.focus == which && app.overlays.is_empty();
    let (border, title) = if focused {
        (palette.focused_border, palette.title)
    } else {
        (palette.border, palette.dim)
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_type(if focused { BorderType::Thick } else { BorderType::Plain })
        .border_style(border)
        .title_style(title);
    match which {
        Pane::Presets => presets::draw(app, palette, block, area, frame),
        Pane::History => history::draw(app, palette, block, area, frame),
        Pane::Request => request::draw(app, palette, block, area, frame),
        Pane::Response => response::draw(app, palette, block, area, frame),
        Pane::Traffic => traffic::draw(app, palette, block, area, frame),
    }
}
