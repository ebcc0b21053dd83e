//! A scroll bar on the right border of a pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::put;

/// What is visible of how much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) top: u64,
    pub(crate) total: u64,
}

/// Draws the thumb right of `area`, on the border; nothing when everything is visible.
pub(crate) fn draw(palette: &ThemeStyles, area: Rect, extent: Extent, buffer: &mut Buffer) {
    let height = u64::from(area.height);
    if extent.total <= height || height < 2 {
        return;
    }
    let size = (height * height / extent.total).max(1);
    let free = height - size;
    let range = extent.total - height;
    let top = (u128::from(extent.top.min(range)) * u128::from(free) / u128::from(range)) as u64;
    for row in top..top + size {
        let cell = Rect { x: area.right(), y: area.y + row as u16, width: 1, height: 1 };
        put(buffer, cell.intersection(buffer.area), "▐", palette.dim);
    }
}
