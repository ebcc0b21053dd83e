//! Snapshots of whole screens: text, and below it which style each cell has.
//!
//! Accept wanted changes with `INSTA_UPDATE=always cargo test --test main ui::snapshots`.

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::sizes::SCENES;
use crate::harness::app::{Driver, text};

/// The text, then a letter per style and cell (dot = the most common), then what letters mean.
fn picture(buffer: &Buffer) -> String {
    let mut styles: Vec<(Style, usize)> = Vec::new();
    for cell in buffer.content() {
        match styles.iter_mut().find(|(style, _)| *style == cell.style()) {
            Some((_, count)) => *count += 1,
            None => styles.push((cell.style(), 1)),
        }
    }
    let common = styles.iter().max_by_key(|(_, count)| *count).map(|(style, _)| *style);
    let mut letters = ('a'..='z').chain('A'..='Z');
    let named: Vec<(Style, char)> = styles
        .iter()
        .map(|(style, _)| {
            let letter = if Some(*style) == common { '.' } else { letters.next().unwrap_or('?') };
            (*style, letter)
        })
        .collect();
    let mut out = text(buffer);
    out.push('\n');
    for y in 0..buffer.area.height {
        let letter = |x: u16| {
            let style = buffer[(x, y)].style();
            named.iter().find(|(known, _)| *known == style).map_or('?', |(_, letter)| *letter)
        };
        let line: String = (0..buffer.area.width).map(letter).collect();
        out.push_str(line.trim_end_matches('.'));
        out.push('\n');
    }
    for (style, letter) in &named {
        let fg = style.fg.map_or(String::new(), |color| color.to_string());
        let bg = style.bg.map_or(String::new(), |color| format!(" on {color}"));
        let _ = writeln!(out, "{letter} {fg}{bg} {:?}", style.add_modifier);
    }
    out
}

fn snapshot(name: &str, keys: &str, size: (u16, u16)) {
    let mut driver = Driver::starter(size);
    driver.keys(keys);
    of(name, &driver);
}

/// The screen as it is, under this name and its size.
pub fn of(name: &str, driver: &Driver) {
    let size = driver.app.shared.size;
    let name = format!("{name}-{}x{}", size.0, size.1);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture(&driver.buffer())));
}

#[test]
fn the_first_screen_at_every_size() {
    for size in [(80, 24), (120, 40), (160, 48), (200, 60), (40, 12), (20, 5)] {
        snapshot("start", "", size);
    }
}

#[test]
fn every_scene_on_a_usual_terminal() {
    for (name, keys) in SCENES {
        snapshot(name, keys, (80, 24));
    }
}

#[test]
fn overlays_on_a_small_screen() {
    for name in ["palette", "help", "save-as", "delete", "jump", "code"] {
        let keys = SCENES.iter().find(|(scene, _)| *scene == name).unwrap().1;
        snapshot(name, keys, (40, 12));
        snapshot(name, keys, (20, 5));
    }
}

#[test]
fn the_window_of_environments_on_a_large_screen() {
    snapshot("environments-window", "<A-E>", (120, 40));
}
