//! Draws the traffic pane.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Widget};

use crate::app::App;
use crate::ui::theme::Palette;

pub(super) fn draw(
    _app: &App,
    _palette: &Palette,
    block: Block<'_>,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    block.title(" Traffic ").render(area, frame.buffer_mut());
}
