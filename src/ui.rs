//! The screen: `render(&App, &ThemeStyles, &mut Frame)`, pure.
//!
//! Nothing here changes state, reads a clock or touches a channel. Every text that came from
//! outside goes through `codec::printable`. Drawing costs what is on the screen, never what is
//! stored.

mod ask;
mod columns;
mod compare;
mod cookies;
mod environment_forms;
mod environments;
mod export;
mod header_footer;
mod held;
mod import;
mod overlay;
mod painter;
mod pane;
mod readdress;
mod replay;
mod run;
mod run_table;
mod statistics;
pub mod theme;
mod widget;

use ratatui::Frame;
use ratatui::buffer::Cell;

use crate::app::App;
use crate::app::focus::Pane;
use crate::codec::joiners::is_joiner;
use crate::codec::printable::{is_visible, printable_str};
use painter::Painter;
use theme::ThemeStyles;

/// Draws the application as it is; `palette` are the styles of its theme (`ThemeStyles::follow`).
pub fn render(app: &App, palette: &ThemeStyles, frame: &mut Frame<'_>) {
    let screen = frame.area();
    // The buffer of a frame begins empty and is all of the screen; who draws over something clears it
    // first.
    for cell in &mut frame.buffer_mut().content {
        cell.set_style(palette.screen);
    }
    let mut painter = Painter::new(app, palette, frame.buffer_mut());
    let areas = app.shared.areas();
    header_footer::header(painter.at(areas.header.intersection(screen)));
    for which in Pane::ALL {
        let area = areas.of(which).intersection(screen);
        // What a window covers is not drawn below it.
        let is_covered = app.overlays.iter().any(|it| it.covers(&app.shared, area));
        if !area.is_empty() && !is_covered {
            pane::draw(painter.at(area), which);
        }
    }
    header_footer::footer(painter.at(areas.footer.intersection(screen)));
    overlay::draw(painter.at(screen));
    if let Some((popup, area)) = app.popup() {
        widget::completions::draw(painter.at(area.intersection(screen)), popup);
    }
    let remark = overlay::beside_windows(app, &areas);
    header_footer::remark(painter.at(remark.intersection(screen)));
    last_gate(frame.buffer_mut());
}

/// Whatever widget drew it: no cell holds what a terminal would obey or hide. Everything foreign
/// is made visible before; this only bites when somebody forgets to.
fn last_gate(buffer: &mut ratatui::buffer::Buffer) {
    let is_plain = |symbol: &str| matches!(symbol.as_bytes(), [0x20..0x7f]);
    let is_let_through = |symbol: &str, next: Option<&Cell>| {
        // What it is joined with may stand in the next cell.
        let joined = || format!("{symbol}{}", next.map_or("", Cell::symbol));
        symbol.chars().all(is_visible) || printable_str(&joined()).starts_with(symbol)
    };
    for at in 0..buffer.content.len() {
        let symbol = buffer.content[at].symbol();
        if is_plain(symbol) {
            continue;
        }
        let next = buffer.content.get(at + 1);
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
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::app::Startup;
    use crate::app::message::{Input, Message};
    use crate::app::shared::scopes_made;
    use crate::model::key::Key;
    use crate::model::preset::Environment;

    /// Counted here; that nothing else copies what `Shared::scope` is made of is seen to by the check
    /// `drawing_and_keys_clone_no_environment` of the architecture.
    #[test]
    fn no_frame_and_no_key_clones_the_environment() {
        let size = (140, 44);
        let os = [("HOME".to_owned(), "/home/ann".to_owned())].into();
        let mut app = App::new(Startup { size, os, ..Startup::default() });
        app.shared.workspace.environments = vec![Environment {
            name: "lab".into(),
            variables: [("host".to_owned(), "127.0.0.1".to_owned())].into(),
            ..Environment::default()
        }];
        app.shared.environment = Some("lab".into());
        let styles = ThemeStyles::of(&app.shared.themes);
        let mut screen = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let mut play = |app: &mut App, run: &str| {
            for key in Key::parse_run(run).unwrap() {
                let _ = app.update(Message::Input(Input::Key(key)), app.shared.now);
                screen.draw(|frame| render(app, &styles, frame)).unwrap();
            }
            screen.backend().to_string()
        };
        // A new request, its address with names that are known, unknown and the system's; the form,
        // the windows that show environments and names, the help.
        let typed = play(&mut app, "<C-l>http://{{host}}/{{nope}}{{env.HOME}}");
        assert!(typed.contains("http://{{host}}/{{nope}}"), "{typed}");
        play(&mut app, "<Esc><A-3><Down><Down>a<Esc><A-E><Down><Esc><Esc>E<Esc>?<Esc>");
        assert_eq!(scopes_made(), 0);
        play(&mut app, "<C-r>");
        assert!(scopes_made() > 0, "what is sent is expanded");
    }

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
