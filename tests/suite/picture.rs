//! The picture in the README, made from the running program.
//!
//! `UPDATE_PICTURE=1 cargo test picture` draws it anew, with the starter's own ports; otherwise
//! the same scene is played with free ports, and the committed picture must still look like it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "picture_jobs.rs"]
mod jobs;
#[path = "picture_svg.rs"]
mod svg;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::harness::terminal::{Launch, Tui, starter_with_free_ports};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/screen.svg");
const LARGEST: usize = 200 * 1024;
/// Share of the words now on the screen that the committed picture must show, in percent.
const ALIKE: usize = 85;

/// Plays the scene: both ends of HTTP, TCP and UDP have talked, an HTTP response is open.
fn scene(launch: Launch) -> Tui {
    let mut tui = launch.env("COLORTERM", "truecolor").env("TZ", "UTC").size(120, 38).start();
    tui.wait_for("─ tutorial/http-");
    let mut run = |row: usize, shown: &str, back: &str| {
        tui.keys(&format!("<Home>{}<F5><F5>", "<Down>".repeat(row)));
        tui.wait_for(shown);
        tui.keys(back);
        tui.wait_for("┏1━ Presets");
    };
    run(2, "1 listening", "");
    run(4, "2 listening", "");
    run(6, "3 listening", "");
    let to_presets = "<Esc><S-Tab><S-Tab><S-Tab>";
    run(5, "sensor=7 temp=21.4", to_presets);
    run(3, "all steps are done", to_presets);
    // The list of users is a prettier answer than the greeting.
    tui.keys("<Home><Down><Enter>");
    tui.wait_for("┏3━ HTTP client");
    tui.keys(&format!("<C-l><End>{}users<Enter>", "<Backspace>".repeat(5)));
    tui.wait_for("Zoë");
    tui.keys("<Tab>]]]<Tab>");
    tui.wait_for("┏5━ Traffic");
    tui.keys("]]/kind == data<Enter>");
    tui.wait_for("12 shown");
    tui.keys("<Esc>");
    tui.wait_for("Ctrl+P");
    // Rates go away a while after the last record.
    tui.wait_quiet(Duration::from_millis(1500));
    tui
}

/// Words of three letters and more: titles, names, hints; no times, ports and sizes.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphabetic())
        .filter(|word| word.chars().count() >= 3)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_picture_in_the_readme_shows_the_program_as_it_is() {
    let updating = std::env::var_os("UPDATE_PICTURE").is_some();
    let launch = Launch::default();
    if !updating {
        starter_with_free_ports(&launch.home);
    }
    let tui = scene(launch);
    let (drawn, text) = (tui.look(svg::draw), tui.screen());
    for label in
        ["Presets", "History", "HTTP client", "200 OK", "Traffic", "Zoë", "3 listening", "http→"]
    {
        assert!(text.contains(label), "no {label} on:\n{text}");
    }
    svg::assert_well_formed(&drawn);
    if updating {
        fs::write(Path::new(FILE), &drawn).unwrap();
    }
    tui.quit();
    let kept = fs::read_to_string(FILE).expect("run: UPDATE_PICTURE=1 cargo test picture");
    assert!(kept.len() <= LARGEST, "{} bytes", kept.len());
    svg::assert_well_formed(&kept);
    let (now, then) = (words(&text), words(&svg::text(&kept)));
    let missing: Vec<&String> = now.difference(&then).collect();
    assert!(
        (now.len() - missing.len()) * 100 >= now.len() * ALIKE,
        "run: UPDATE_PICTURE=1 cargo test picture; it does not show {missing:?}"
    );
}
