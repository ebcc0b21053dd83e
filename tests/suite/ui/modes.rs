//! Snapshots of whole screens in four colour modes, by style: the text once, and below it one letter for
//! each way a cell looks in all modes together, in runs (`a12.3` = twelve cells of `a`, three of the dot,
//! `*2` = two such rows), and what the letters mean in each mode.
//!
//! Accept wanted changes with `INSTA_UPDATE=always cargo test --test main ui::modes`.

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use wirebench::app::focus::Pane;
use wirebench::app::form::FormTab;
use wirebench::app::message::Message;
use wirebench::app::themes::Themes;
use wirebench::engine::event::{Event, Summary};
use wirebench::model::theme::ColorDepth;

use crate::harness::app::{Driver, text};
use crate::harness::samples::{START, answer, exchange, http_plan, json_window, queries};
use crate::harness::store::workspace;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (160, 48), (200, 60)];

/// What a terminal shows, and whether it is dark.
const MODES: [(&str, ColorDepth, bool); 4] = [
    ("dark", ColorDepth::Direct, true),
    ("light", ColorDepth::Direct, false),
    ("16", ColorDepth::Sixteen, true),
    ("none", ColorDepth::None, true),
];

const JSON: &str = r#"{"id":42,"name":"Ann \"A.\" Müller","active":true,"note":null,"tags":["a","b"],"orders":[{"id":1,"total":12.50},{"id":2,"total":0}]}"#;

const MOCK: &str = "[http-listener]\nbind='127.0.0.1:8080'\n\
    [[http-listener.rule]]\npath='/users'\nbody.json='[1, true, \"x\"]'\n\
    [[http-listener.rule]]\nmethod='POST'\npath='/users'\nstatus=201\ndelay='250ms'\n\
    [[http-listener.rule]]\npath='/gone'\nstatus=410\noff=true\n";

/// How a cell looks in each mode.
type Looks = [Style; MODES.len()];

fn looks(screens: &[Buffer], x: u16, y: u16) -> Looks {
    std::array::from_fn(|mode| screens[mode][(x, y)].style())
}

fn letters() -> impl Iterator<Item = char> {
    ('a'..='z').chain('A'..='Z').chain('α'..='ω')
}

/// The text, the letters of its cells, and what they mean.
fn picture(screens: &[Buffer]) -> String {
    let area = screens[0].area;
    let mut known: Vec<(Looks, usize)> = Vec::new();
    for y in 0..area.height {
        for x in 0..area.width {
            let look = looks(screens, x, y);
            match known.iter_mut().find(|(it, _)| *it == look) {
                Some((_, count)) => *count += 1,
                None => known.push((look, 1)),
            }
        }
    }
    assert!(known.len() <= letters().count(), "too many ways to look: {}", known.len());
    let most = known.iter().max_by_key(|(_, count)| *count).map(|(look, _)| *look);
    let mut free = letters();
    let named = known.iter().map(|(look, _)| {
        let letter = if Some(*look) == most { Some('.') } else { free.next() };
        (*look, letter.unwrap_or('?'))
    });
    let named: Vec<(Looks, char)> = named.collect();
    let mut out = text(&screens[0]);
    let rows = (0..area.height).map(|y| row(screens, &named, y)).collect::<Vec<_>>();
    for same in rows.chunk_by(|one, next| one == next) {
        let times = if same.len() > 1 { format!(" *{}", same.len()) } else { String::new() };
        let _ = writeln!(out, "{}{times}", same[0]);
    }
    for (look, letter) in &named {
        let _ = write!(out, "{letter}");
        for ((mode, ..), style) in MODES.iter().zip(look) {
            let fg = style.fg.map_or_else(|| "-".to_owned(), |color| color.to_string());
            let bg = style.bg.map_or_else(|| "-".to_owned(), |color| color.to_string());
            let _ = write!(out, " | {mode} {fg}/{bg}");
            if !style.add_modifier.is_empty() {
                let _ = write!(out, " {:?}", style.add_modifier);
            }
        }
        out.push('\n');
    }
    out
}

/// The letters of a row in runs.
fn row(screens: &[Buffer], named: &[(Looks, char)], y: u16) -> String {
    let letter = |x: u16| {
        let look = looks(screens, x, y);
        named.iter().find(|(known, _)| *known == look).map_or('?', |(_, letter)| *letter)
    };
    let cells: Vec<char> = (0..screens[0].area.width).map(letter).collect();
    let runs = cells.chunk_by(|one, next| one == next);
    runs.fold(String::new(), |mut line, run| {
        let count = if run.len() > 1 { run.len().to_string() } else { String::new() };
        let _ = write!(line, "{}{count}", run[0]);
        line
    })
}

/// Pins a scene at all sizes.
fn pin(name: &str, scene: impl Fn((u16, u16)) -> Driver) {
    for size in SIZES {
        let mut driver = scene(size);
        let screens = MODES.map(|(_, depth, is_dark)| {
            driver.app.shared.themes = Themes::new(depth);
            driver.send(Message::Background { is_dark });
            driver.buffer()
        });
        for (screen, (mode, ..)) in screens.iter().zip(MODES) {
            assert_eq!(text(screen), text(&screens[0]), "{mode} has another text");
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots/modes");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let name = format!("{name}-{}x{}", size.0, size.1);
        settings.bind(|| insta::assert_snapshot!(name, picture(&screens)));
    }
}

#[test]
fn the_first_screen_looks_so() {
    pin("start", Driver::starter);
}

#[test]
fn the_reader_of_an_answer_looks_so() {
    pin("reader", |size| {
        let mut driver = Driver::new(size, START);
        let id = driver.open(http_plan());
        let answer = answer(200, 1, JSON.len() as u64);
        let told = Event::Exchange(Box::new(exchange(id, 0, Some(answer))));
        let mut waiting = queries(&driver.event(told));
        driver.ended(id, Ok(Summary::of("answered")));
        driver.app.shared.focus = Pane::Response;
        // The tags are folded, the cursor is on a member behind them.
        for keys in ["jjjjj", "<Enter>", "jjj", "#"] {
            while let Some(query) = waiting.pop() {
                waiting.extend(queries(&driver.event(json_window(&query, JSON))));
            }
            waiting = queries(&driver.keys(keys));
        }
        driver
    });
}

#[test]
fn the_form_of_a_mock_looks_so() {
    pin("mock", |size| {
        let mut driver = Driver::with(size, workspace(&[("mock", MOCK)]));
        driver.keys("<Enter>");
        driver.app.shared.focus = Pane::Request;
        driver.app.shared.drafts.current_mut().tab = FormTab::Answers;
        driver.keys("<Down><Down><Up>");
        driver
    });
}

#[test]
fn a_window_over_the_screen_looks_so() {
    pin("palette", |size| {
        let mut driver = Driver::starter(size);
        driver.keys("<C-p>http");
        driver
    });
}
