//! The screen: `render(&App, &mut Frame)`, pure.
//!
//! Nothing here changes state, reads a clock or touches a channel. Every text that came from
//! outside goes through `codec::printable`. Drawing costs what is on the screen, never what is
//! stored.

mod badge;
mod chrome;
mod overlay;
mod pane;
pub mod theme;
mod widget;

use ratatui::Frame;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear};

use crate::app::App;
use crate::app::focus::Pane;
use theme::Palette;

/// Draws the application as it is.
pub fn render(app: &App, frame: &mut Frame<'_>) {
    let palette = Palette::of(app.theme, app.truecolor);
    let screen = frame.area();
    frame.render_widget(Clear, screen);
    frame.render_widget(Block::new().style(palette.base), screen);
    let areas = app.areas();
    chrome::header(app, &palette, areas.header.intersection(screen), frame.buffer_mut());
    for which in Pane::ALL {
        let area = areas.of(which).intersection(screen);
        if !area.is_empty() {
            pane::draw(app, which, &palette, area, frame);
        }
    }
    chrome::footer(app, &palette, areas.footer.intersection(screen), frame.buffer_mut());
    overlay::draw(app, &palette, frame);
}

/// Writes one line of text into a row, cut at its end; returns the cells used.
fn put(
    buffer: &mut ratatui::buffer::Buffer,
    area: ratatui::layout::Rect,
    text: &str,
    style: Style,
) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let safe = crate::codec::printable::printable_str(text);
    let (x, _) = buffer.set_stringn(area.x, area.y, safe, usize::from(area.width), style);
    x - area.x
}

/// The search line of a list.
fn search_line(
    search: &crate::app::pane::presets::Search,
    palette: &Palette,
    area: ratatui::layout::Rect,
    buffer: &mut ratatui::buffer::Buffer,
) {
    use ratatui::layout::Rect;
    use ratatui::widgets::Widget;

    let used = put(buffer, area, "/ ", palette.key);
    let rest = Rect { x: area.x + used, width: area.width.saturating_sub(used), ..area };
    if rest.is_empty() {
        return;
    }
    if search.typing {
        search.editor.area().render(rest, buffer);
    } else {
        put(buffer, rest, &search.editor.text(), palette.dim);
    }
}
