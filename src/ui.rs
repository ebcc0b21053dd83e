//! The screen: `render(&App, &ThemeStyles, &mut Frame)`, pure.
//!
//! Nothing here changes state, reads a clock or touches a channel. Every text that came from
//! outside goes through `codec::printable`. Drawing costs what is on the screen, never what is
//! stored.

mod compare;
mod environment_forms;
mod environments;
mod header_footer;
mod overlay;
mod painter;
mod pane;
pub mod theme;
mod widget;

use ratatui::Frame;
use ratatui::buffer::Cell;
use ratatui::widgets::{Block, Clear};

use crate::app::App;
use crate::app::focus::Pane;
use crate::codec::joiners::is_joiner;
use crate::codec::printable::{is_visible, printable_str};
use painter::Painter;
use theme::ThemeStyles;

/// Draws the application as it is; `palette` are the styles of its theme (`ThemeStyles::follow`).
pub fn render(app: &App, palette: &ThemeStyles, frame: &mut Frame<'_>) {
    let screen = frame.area();
    let mut painter = Painter::new(app, palette, frame.buffer_mut());
    painter.render(Clear);
    painter.render(Block::new().style(palette.screen));
    let areas = app.shared.areas();
    header_footer::header(painter.at(areas.header.intersection(screen)));
    for which in Pane::ALL {
        let area = areas.of(which).intersection(screen);
        if !area.is_empty() {
            pane::draw(painter.at(area), which);
        }
    }
    header_footer::footer(painter.at(areas.footer.intersection(screen)));
    if let Some((popup, area)) = app.popup() {
        widget::completions::draw(painter.at(area.intersection(screen)), popup);
    }
    overlay::draw(painter.at(screen));
    let remark = overlay::beside_windows(app, areas.remark);
    header_footer::remark(painter.at(remark.intersection(screen)));
    last_gate(frame.buffer_mut());
}

/// Whatever widget drew it: no cell holds what a terminal would obey or hide. Everything foreign
/// is made visible before; this only bites when somebody forgets to.
fn last_gate(buffer: &mut ratatui::buffer::Buffer) {
    let is_let_through = |symbol: &str, next: Option<&Cell>| {
        let is_plain = matches!(symbol.as_bytes(), [byte] if (0x20..0x7f).contains(byte));
        // What it is joined with may stand in the next cell.
        let joined = || format!("{symbol}{}", next.map_or("", Cell::symbol));
        is_plain || symbol.chars().all(is_visible) || printable_str(&joined()).starts_with(symbol)
    };
    for at in 0..buffer.content.len() {
        let (symbol, next) = (buffer.content[at].symbol(), buffer.content.get(at + 1));
        if !is_let_through(symbol, next) {
            // Where a text is cut, a joiner has nothing to join.
            let bare = symbol.trim_end_matches(is_joiner).to_owned();
            let cell = &mut buffer.content[at];
            if !bare.is_empty() && bare.chars().all(is_visible) {
                cell.set_symbol(&bare);
            } else {
                cell.set_char(char::REPLACEMENT_CHARACTER);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    #[test]
    fn the_last_gate_lets_text_through_and_nothing_else() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 9, 1));
        let symbols =
            ["a", "e\u{301}", "\u{1b}[2J", "\u{200d}", "x\u{200d}", "ی\u{200c}", "خ", "ی\u{200c}"];
        for (x, symbol) in symbols.iter().enumerate() {
            buffer.content[x].set_symbol(symbol);
        }
        last_gate(&mut buffer);
        let shown: Vec<&str> = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        let expected = ["a", "e\u{301}", "\u{fffd}", "\u{fffd}", "x", "ی\u{200c}", "خ", "ی", " "];
        assert_eq!(shown, expected);
    }
}
