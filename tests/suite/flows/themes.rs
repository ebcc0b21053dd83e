//! Themes: chosen with a look at them, kept, following the terminal; and what a screen shows of them.

use std::collections::HashSet;

use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};
use wirebench::app::Startup;
use wirebench::app::message::Message;
use wirebench::app::themes::Themes;
use wirebench::codec::theme_file;
use wirebench::engine::event::Event;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::theme::{
    ColorDepth, LEAST_CONTRAST, StoredTheme, ThemeColor, ThemeRole, ThemeSheet, contrast,
};
use wirebench::store::job::{Reply, Restore};

use crate::harness::app::Driver;
use crate::harness::samples::{answer, exchange};
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

fn sheet(name: &str) -> ThemeSheet {
    theme_file::built_in(name).unwrap()
}

/// The theme on the screen of a terminal with 24-bit colours, by its name.
fn shown(driver: &Driver) -> &'static str {
    let ground = driver.buffer()[(0, 0)].bg;
    let is_shown = |name: &&str| sheet(name).color(ThemeRole::Ground) == color(ground);
    let names = theme_file::BUILT_IN.iter().map(|(name, _)| *name);
    names.into_iter().find(is_shown).expect("a built-in theme")
}

fn direct() -> Driver {
    let mut driver = Driver::starter(WIDE);
    driver.app.shared.themes = Themes::new(ColorDepth::Direct);
    driver
}

fn left_behind(driver: &mut Driver) -> Restore {
    driver.keys("<C-q>");
    driver.store.restore.clone().expect("leaving writes what has to survive")
}

#[test]
fn a_theme_is_seen_while_the_cursor_is_on_it_and_escape_goes_back() {
    let mut driver = direct();
    driver.keys("T");
    for (name, _) in theme_file::BUILT_IN {
        driver.assert_shows(name);
    }
    driver.keys("paper");
    assert_eq!(shown(&driver), "paper");
    driver.keys("<Esc>");
    assert_eq!(shown(&driver), "dark");
    driver.keys("T<Down><Down>");
    assert_eq!(shown(&driver), "light");
    driver.keys("<Enter>");
    assert_eq!(shown(&driver), "light");
    driver.assert_shows("theme: light");
    // A click outside is an Esc.
    driver.keys("T<Down>");
    assert_eq!(shown(&driver), "forest");
    driver.click_at(0, 0);
    assert_eq!(shown(&driver), "light");
}

#[test]
fn the_palette_lists_themes_and_shows_them_too() {
    let mut driver = direct();
    driver.keys("<C-p>high-contrast");
    assert_eq!(shown(&driver), "high-contrast");
    driver.keys("x");
    assert_eq!(shown(&driver), "dark", "the cursor is not on it any more");
    driver.keys("<Backspace><Enter>");
    assert_eq!(shown(&driver), "high-contrast");
}

#[test]
fn the_theme_that_was_chosen_comes_back_where_the_terminal_has_its_colours() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("Tlight<Enter>");
    assert_eq!(*driver.app.shared.themes.sheet(), sheet("light").in_256());
    let left = left_behind(&mut driver);
    let theme_after = |colors: ColorDepth| {
        let startup = Startup { size: WIDE, colors, ..Startup::default() };
        let mut next = Driver::starting(startup);
        next.send(Message::Store(Reply::Workspace(Box::new(workspace(&[])))));
        next.send(Message::Store(Reply::Restored(Some(Box::new(left.clone())))));
        let again = left_behind(&mut next);
        assert_eq!(again.layout, left.layout, "it stays chosen for other terminals");
        next.app.shared.themes.sheet().clone()
    };
    assert_eq!(theme_after(ColorDepth::Direct), sheet("light"));
    assert_eq!(theme_after(ColorDepth::Sixteen), sheet("terminal"));
}

#[test]
fn auto_follows_the_terminal_and_the_next_start_begins_as_it_was() {
    let mut driver = direct();
    driver.send(Message::Background { is_dark: false });
    assert_eq!(shown(&driver), "light");
    let left = left_behind(&mut driver);
    let mut next = direct();
    next.send(Message::Store(Reply::Restored(Some(Box::new(left)))));
    assert_eq!(shown(&next), "light", "before the terminal has said anything");
    next.send(Message::Background { is_dark: true });
    assert_eq!(shown(&next), "dark");
    next.keys("Tforest<Enter>");
    next.send(Message::Background { is_dark: false });
    assert_eq!(shown(&next), "forest");
}

#[test]
fn theme_files_are_offered_and_a_broken_one_is_a_remark() {
    let mut driver = direct();
    let mine = theme_file::read("about = \"Mine alone\"\n[roles]\nground = \"#010203\"\n", "x");
    let broken = Failure::new(Stage::Storage, "themes/bad.toml:7", FailureKind::Malformed, "oh");
    driver.send(Message::Store(Reply::Themes(vec![
        StoredTheme { name: "bad".into(), content: Err(broken) },
        StoredTheme { name: "mine".into(), content: mine },
    ])));
    driver.assert_shows("themes/bad.toml:7");
    driver.keys("Tmine");
    driver.assert_shows("Mine alone");
    assert_eq!(driver.buffer()[(0, 0)].bg, Color::Rgb(1, 2, 3));
    driver.keys("<Enter>Tbad");
    driver.assert_shows("cannot be read");
    driver.keys("<Esc>");
    assert_eq!(driver.buffer()[(0, 0)].bg, Color::Rgb(1, 2, 3));
    // Its file is changed, then it is gone.
    let changed = theme_file::read("[roles]\nground = \"#040506\"\n", "x");
    let stored = StoredTheme { name: "mine".into(), content: changed };
    driver.send(Message::Store(Reply::Themes(vec![stored])));
    assert_eq!(driver.buffer()[(0, 0)].bg, Color::Rgb(4, 5, 6));
    driver.send(Message::Store(Reply::Themes(Vec::new())));
    driver.assert_shows("there is no theme 'mine' any more");
    assert_eq!(shown(&driver), "dark");
}

/// As far as the colours are known.
fn color(of: Color) -> ThemeColor {
    match of {
        Color::Rgb(r, g, b) => ThemeColor::Direct([r, g, b]),
        Color::Indexed(at) => ThemeColor::Index(at),
        _ => ThemeColor::Own,
    }
}

/// Whether a cell lies below a window from which the rest of the screen steps back.
fn is_below(driver: &Driver, at: Position) -> bool {
    let window = driver.app.overlays.last().filter(|window| window.dims());
    window.is_some_and(|window| !window.area(&driver.app.shared).contains(at))
}

/// Whatever has the keys: its letters can be read.
#[test]
fn every_letter_on_the_screen_can_be_read_in_every_theme() {
    for (name, _) in theme_file::BUILT_IN {
        for depth in [ColorDepth::Direct, ColorDepth::Indexed] {
            for keys in
                ["", "<C-p>", "T", "?", "<Enter>", "<F5>", "j", "<C-n>http://h:1/a?b=c#d", "E", "c"]
            {
                let mut driver = Driver::starter(WIDE);
                driver.app.shared.themes = Themes::new(depth);
                driver.app.shared.themes.choose(name.into());
                driver.keys(keys);
                let buffer = driver.buffer();
                for at in buffer.area.positions().filter(|at| !is_below(&driver, *at)) {
                    let cell = &buffer[at];
                    let is_letter = cell.symbol().chars().any(char::is_alphanumeric);
                    let found = contrast(color(cell.fg), color(cell.bg)).filter(|_| is_letter);
                    let found = found.unwrap_or(LEAST_CONTRAST);
                    assert!(found >= LEAST_CONTRAST, "{name} {keys}: {cell:?} has {found:.2}");
                }
            }
        }
    }
}

/// What came back for a request that is another one by now, and bytes in it that cannot be shown.
#[test]
fn a_status_can_be_read_in_every_theme_also_when_it_is_of_another_request_by_now() {
    let depths = [ColorDepth::None, ColorDepth::Sixteen, ColorDepth::Indexed, ColorDepth::Direct];
    let themes = theme_file::BUILT_IN.iter().map(|(name, _)| *name);
    for (name, depth) in themes.flat_map(|name| depths.map(|depth| (name, depth))) {
        for status in [101, 200, 302, 404, 503] {
            let mut driver = Driver::bare((120, 40));
            driver.app.shared.themes = Themes::new(depth);
            driver.app.shared.themes.choose(name.into());
            let (id, _) = Driver::opened(&driver.keys("<C-n>http://127.0.0.1:8080/0<F5>"));
            let told = exchange(id, 0, Some(answer(status, 1, 5)));
            let effects = driver.event(Event::Exchange(Box::new(told)));
            driver.serve(&effects, 3);
            driver.done(id);
            for keys in ["<A-4>", "<A-3>x"] {
                driver.keys(keys);
                let buffer = driver.buffer();
                let row = (0..buffer.area.height).find(|row| {
                    let cells = (0..buffer.area.width).map(|at| buffer[(at, *row)].symbol());
                    cells.collect::<String>().contains(&format!("{status} OK"))
                });
                let row = row.expect("the status");
                for cell in (0..buffer.area.width).map(|at| &buffer[(at, row)]) {
                    let is_letter = cell.symbol().chars().any(char::is_alphanumeric);
                    let found = contrast(color(cell.fg), color(cell.bg)).filter(|_| is_letter);
                    let found = found.unwrap_or(LEAST_CONTRAST);
                    assert!(found >= LEAST_CONTRAST, "{name} {keys}: {cell:?} has {found:.2}");
                }
                // What stands for a byte is told from the text beside it.
                let at = (0..buffer.area.width)
                    .find(|at| {
                        (buffer[(*at, row)].symbol(), buffer[(at + 1, row)].symbol()) == ("O", "K")
                    })
                    .expect("the reason");
                let style = |at: u16| buffer[(at, row)].style();
                assert_eq!(buffer[(at + 3, row)].symbol(), "\\");
                assert_ne!(style(at + 3), style(at), "{name} {depth:?} {keys}");
            }
            driver.assert_shows("of the request before your changes");
        }
    }
}

#[test]
fn what_lies_below_a_window_steps_back_in_every_theme() {
    let depths = [ColorDepth::None, ColorDepth::Sixteen, ColorDepth::Indexed, ColorDepth::Direct];
    for depth in depths {
        for (name, _) in theme_file::BUILT_IN {
            let mut driver = Driver::starter(WIDE);
            driver.app.shared.themes = Themes::new(depth);
            driver.app.shared.themes.choose(name.into());
            let before = driver.buffer();
            driver.keys("<C-p>");
            let buffer = driver.buffer();
            let below: HashSet<Style> = buffer
                .area
                .positions()
                .filter(|at| is_below(&driver, *at))
                .map(|at| buffer[at].style())
                .collect();
            assert_eq!(below.len(), 1, "{name} {depth:?}: {below:?}");
            let style = below.into_iter().next().unwrap();
            let is_dim = style.add_modifier.contains(Modifier::DIM);
            let found = contrast(color(style.fg.unwrap()), color(style.bg.unwrap()));
            let is_quiet = found.is_some_and(|found| (1.5..LEAST_CONTRAST).contains(&found));
            assert!(is_dim || is_quiet, "{name} {depth:?}: {style:?} {found:?}");
            // What is chosen by its look stays as it is; so does what is pointed at.
            for keys in ["<Esc>T<Esc>", "<C-o><Esc>"] {
                driver.keys(keys.strip_suffix("<Esc>").unwrap());
                assert_eq!(driver.buffer()[(0, 0)], before[(0, 0)], "{name} {keys}");
                driver.keys("<Esc>");
            }
            assert_eq!(driver.buffer(), before, "{name} {depth:?}");
        }
    }
}

#[test]
fn a_selected_row_has_one_colour_of_text_where_colours_are_the_terminals() {
    let mut driver = Driver::starter(WIDE);
    driver.app.shared.themes = Themes::new(ColorDepth::Sixteen);
    let buffer = driver.buffer();
    let on_blue: Vec<Color> =
        buffer.content().iter().filter(|cell| cell.bg == Color::Blue).map(|cell| cell.fg).collect();
    assert!(on_blue.len() > 20 && on_blue.iter().all(|fg| *fg == Color::White), "{on_blue:?}");
}

#[test]
fn no_color_draws_no_colour_anywhere() {
    for keys in ["", "<C-p>", "T", "?", "<F5>", "c"] {
        let mut driver = Driver::starter(WIDE);
        driver.app.shared.themes = Themes::new(ColorDepth::None);
        driver.keys(keys);
        for cell in driver.buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{keys}: {cell:?}");
        }
    }
}

/// A method has its colour in the presets, the history, the traffic, the address line, the palette.
#[test]
fn a_method_has_one_colour_everywhere() {
    let mut driver = direct();
    let color_of = |driver: &Driver, word: &str| {
        let buffer = driver.buffer();
        let width = usize::from(buffer.area.width);
        let symbols: Vec<&str> =
            buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        let word: Vec<String> = word.chars().map(String::from).collect();
        let at = symbols.windows(word.len()).position(|it| it == word.as_slice());
        let at = at.unwrap_or_else(|| panic!("no {word:?} on a screen {width} wide"));
        let cell = &buffer.content()[at];
        (cell.fg, cell.bg)
    };
    let wanted = {
        let ThemeColor::Direct([r, g, b]) = sheet("dark").color(ThemeRole::MethodGet) else {
            panic!("a colour")
        };
        Color::Rgb(r, g, b)
    };
    assert_eq!(color_of(&driver, "GET  http-client").0, wanted, "presets");
    driver.keys("<C-p>http-client");
    assert_eq!(color_of(&driver, "GET  tutorial/http-client").0, wanted, "palette");
}

#[test]
fn a_chosen_theme_without_a_file_is_told_at_the_next_start() {
    let mut driver = Driver::starting(Startup { size: WIDE, ..Startup::default() });
    let layout = vec![("theme".to_owned(), "mine".to_owned())];
    let left = Restore { layout, ..Restore::default() };
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace(&[])))));
    driver.send(Message::Store(Reply::Restored(Some(Box::new(left)))));
    driver.assert_shows("there is no theme 'mine' any more");
}
