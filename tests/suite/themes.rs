//! Themes on the real program: the terminal says how it looks, files are found and followed.

use std::fs;
use std::sync::Arc;

use vt100::Color;

use crate::harness::terminal::{Launch, Tui, count};
use crate::harness::wait::wait_until;

const DARK: Color = Color::Rgb(0x14, 0x17, 0x1c);
const LIGHT: Color = Color::Rgb(0xfb, 0xfb, 0xf9);

fn ground(tui: &Tui) -> Color {
    tui.look(|screen| screen.cell(0, 0).map_or(Color::Default, vt100::Cell::bgcolor))
}

fn wait_ground(tui: &Tui, wanted: Color) {
    wait_until("the theme", || ground(tui) == wanted);
}

fn colourful(launch: Launch) -> Launch {
    launch.env("COLORTERM", "truecolor").size(120, 40)
}

#[test]
fn the_terminal_is_asked_followed_and_not_waited_for() {
    let launch = colourful(Launch::default());
    let home = Arc::clone(&launch.home);
    let mut tui = launch.start();
    tui.wait_for("Presets");
    assert_eq!(ground(&tui), DARK, "no answer came");
    let raw = tui.raw();
    assert_eq!((count(&raw, b"\x1b]11;?\x1b\\"), count(&raw, b"\x1b[?2031h")), (1, 1));
    tui.bytes(b"\x1b]11;rgb:fdfd/f6f6/e3e3\x07");
    wait_ground(&tui, LIGHT);
    // At dusk.
    tui.bytes(b"\x1b[?997;1n");
    wait_ground(&tui, DARK);
    tui.bytes(b"\x1b[?997;2n");
    wait_ground(&tui, LIGHT);
    assert!(tui.screen().contains("Presets") && !tui.screen().contains("997"));
    tui.quit();
    let mut again = colourful(Launch { home: Arc::clone(&home), ..Launch::default() }).start();
    again.wait_for("Presets");
    assert_eq!(ground(&again), LIGHT, "the first frame is as the last");
    again.keys("Tforest<Enter>");
    again.wait_for("theme: forest");
    let chosen = ground(&again);
    again.bytes(b"\x1b[?997;1n");
    again.keys("?");
    again.wait_for("Help");
    assert_eq!(ground(&again), chosen);
    again.quit();
    let last = colourful(Launch { home, ..Launch::default() }).start();
    last.wait_for("Presets");
    assert_eq!(ground(&last), chosen);
    last.quit();
}

#[test]
fn theme_files_are_found_and_followed_while_they_are_edited() {
    let launch = colourful(Launch::default());
    let folder = launch.home.path().join("home/config/themes");
    let mut tui = launch.start();
    tui.wait_for("Presets");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("mine.toml");
    let write = |ground: &str| {
        fs::write(&file, format!("base = \"light\"\n[roles]\nground = \"{ground}\"\n")).unwrap();
    };
    write("#010203");
    tui.keys("T");
    tui.wait_for("high-contrast");
    tui.keys("<Esc>");
    wait_until("the file is offered", || {
        tui.keys("T");
        tui.wait_for("high-contrast");
        let is_there = tui.screen().contains("mine");
        if !is_there {
            tui.keys("<Esc>");
            tui.wait_for_screen("closed", |screen| !screen.contains("high-contrast"));
        }
        is_there
    });
    tui.keys("mine<Enter>");
    wait_ground(&tui, Color::Rgb(1, 2, 3));
    write("#040506");
    wait_ground(&tui, Color::Rgb(4, 5, 6));
    fs::write(&file, "[roles]\n\ngruond = 1\n").unwrap();
    tui.wait_for("themes/mine.toml:3");
    tui.wait_for("did you mean 'ground'");
    wait_ground(&tui, DARK);
    write("#070809");
    wait_ground(&tui, Color::Rgb(7, 8, 9));
    tui.quit();
}

#[test]
fn terminals_without_many_colours_are_not_asked() {
    let plain = Launch::default().env("NO_COLOR", "1").start();
    let console = Launch::default().env("TERM", "linux").start();
    for tui in [plain, console] {
        tui.wait_for("Presets");
        let raw = tui.raw();
        assert_eq!((count(&raw, b"\x1b]11;"), count(&raw, b"\x1b[?2031h")), (0, 0));
        tui.quit();
    }
}
