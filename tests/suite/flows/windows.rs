//! No window lets a key through to what lies below it.

use wirebench::app::action::{Action, TABLE};
use wirebench::app::effect::Effect;
use wirebench::app::keymap::{Context, Lookup};
use wirebench::app::message::{Input, Message};
use wirebench::app::overlay::Overlay;
use wirebench::engine::command::Command;
use wirebench::model::key::Key;

use crate::harness::app::Driver;

const WIDE: (u16, u16) = (120, 40);

/// Every kind of window, and the keys that open it from the list of presets.
const WINDOWS: [(&str, &str); 16] = [
    ("palette", "<C-p>"),
    ("environments", "E"),
    ("help", "<F1>"),
    ("save as", "S"),
    ("rename", "r"),
    ("describe", "A"),
    ("held", "<A-h>"),
    ("question", "d"),
    ("jump", "<C-o>"),
    ("import", "i"),
    ("readdress", "U"),
    ("code", "c"),
    ("environments window", "<A-E>"),
    ("cookies", "<A-k>"),
    ("variable", "<A-E>a"),
    ("conflict", "<Enter><C-l><End>9<C-s>"),
];

/// Those of them in which a text is typed that is not only searched for.
const TYPED_IN: [&str; 6] = ["save as", "rename", "describe", "import", "readdress", "variable"];

fn opened(keys: &str) -> Driver {
    let mut driver = Driver::starter(WIDE);
    if keys.ends_with("<C-s>") {
        driver.store.changed_by_others("tutorial/http-server", |preset| {
            "127.0.0.1:777".clone_into(preset.spec.address_mut());
        });
    }
    driver.keys(keys);
    assert_eq!(driver.app.overlays.len(), 1, "{keys}: {}", driver.screen());
    driver
}

/// What lies below the windows, as text: drafts, selection, focus, look, traffic.
fn below(driver: &Driver) -> String {
    let shared = &driver.app.shared;
    let drafts: Vec<_> = shared.drafts.iter().map(|draft| &draft.spec).collect();
    let selected = driver.app.presets.selected(shared);
    let sessions = shared.sessions.live().count();
    format!(
        "{drafts:?} {selected:?} {:?} {} {:?} {:?} {sessions} {:?} {:?} {}",
        shared.focus,
        shared.zoom,
        shared.themes.chosen(),
        shared.arrangement,
        shared.environment,
        shared.drafts.current().tab,
        driver.app.presets.search.is_some() || driver.app.history.search.is_some(),
    )
}

/// Whether a key means something to the window itself, or to the whole program from everywhere.
fn is_its_own(overlay: &Overlay, driver: &Driver, keys: &[Key]) -> bool {
    let own: &[Context] = match overlay {
        Overlay::Choices(_) => &[Context::Choices],
        Overlay::Help(_) => &[Context::Help],
        Overlay::Naming(_) => &[Context::Name],
        Overlay::About(_) => &[Context::About],
        Overlay::Ask(_) => &[Context::Variable],
        Overlay::Confirm(_) => &[Context::Question],
        Overlay::Conflict(_) => &[Context::Conflict],
        Overlay::Jump(_) => return keys.iter().all(|key| key.printable().is_some()),
        Overlay::Code(_) => &[Context::Code],
        Overlay::Compare(_) => &[Context::Compare],
        Overlay::Columns(_) => &[Context::ColumnList],
        Overlay::Cookies(_) => &[Context::Cookies],
        Overlay::Held(_) => &[Context::Held],
        Overlay::Statistics(_) => &[Context::Statistics],
        Overlay::Export(_) | Overlay::Replay(_) | Overlay::Readdress(_) => {
            &[Context::Export, Context::ExportChoice]
        }
        Overlay::Import(_) => &[Context::Import],
        Overlay::Run(_) => &[Context::RunRows],
        Overlay::RunOptions(_) => &[Context::RunOptions, Context::RunChoice],
        Overlay::Environments(it) if it.edit.is_some() => &[Context::Variable],
        Overlay::Environments(_) => &[Context::Environments],
    };
    TABLE.iter().any(|row| {
        row.keys.iter().any(|(context, text)| {
            own.contains(context) && Key::parse_run(text).is_ok_and(|bound| bound == keys)
        })
    }) || is_global(driver, Action::Quit, keys)
}

fn is_global(driver: &Driver, action: Action, keys: &[Key]) -> bool {
    driver.app.shared.keymap.lookup(&[Context::Global], keys) == Lookup::Matched(action)
}

#[test]
fn every_window_keeps_every_key_of_the_table_from_what_lies_below() {
    let mut pressed = 0;
    for (name, keys) in WINDOWS {
        let mut driver = opened(keys);
        for row in TABLE {
            for (_, text) in row.keys {
                let run = Key::parse_run(text).unwrap();
                if name == "conflict" {
                    driver = opened(keys);
                } else {
                    driver.app.overlays.clear();
                    driver.keys(keys);
                }
                let before = below(&driver);
                let is_palette_send = name == "palette" && is_global(&driver, Action::Send, &run);
                if is_its_own(&driver.app.overlays[0], &driver, &run) || is_palette_send {
                    continue;
                }
                pressed += 1;
                let effects = driver.keys(text);
                assert_eq!(below(&driver), before, "{text} ({}) in {name}", row.name);
                let acts = |effect: &Effect| {
                    matches!(
                        effect,
                        Effect::Engine(
                            Command::Open { .. } | Command::Close { .. } | Command::Send { .. }
                        ) | Effect::Copy { .. }
                            | Effect::Edit { .. }
                    )
                };
                assert!(!effects.iter().any(acts), "{text} in {name}: {effects:?}");
            }
        }
    }
    assert!(pressed > 500, "{pressed}");
}

/// The lower border of the topmost window, and the rows of the scroll bar inside it.
fn lower_border(driver: &Driver) -> (String, usize) {
    let area = driver.app.overlays.last().unwrap().area(&driver.app.shared);
    let buffer = driver.buffer();
    let border = (area.x..area.right()).map(|x| buffer[(x, area.bottom() - 1)].symbol());
    let bar = |y: &u16| buffer[(area.right() - 2, *y)].symbol() == "\u{2590}";
    (border.collect(), (area.y..area.bottom()).filter(bar).count())
}

#[test]
fn a_window_that_cannot_show_all_says_where_it_is_and_how_much_there_is() {
    for (keys, moves) in [("<C-p>", "<Down>"), ("?", "<PgDn>"), ("c", "<Down>")] {
        let mut driver = Driver::starter((80, 10));
        driver.keys(keys);
        let (before, bar) = lower_border(&driver);
        assert!(before.contains(" of ") && bar > 0, "{keys}: {before}");
        driver.keys(moves);
        let (after, bar) = lower_border(&driver);
        assert!(after.contains(" of ") && bar > 0 && after != before, "{keys}: {after}");
    }
    // Where all is in sight, nothing is said.
    let mut driver = Driver::starter(WIDE);
    driver.keys("E");
    let (border, bar) = lower_border(&driver);
    assert!(!border.contains(" of ") && bar == 0, "{border}");
}

#[test]
fn differences_on_disk_are_scrolled_and_decide_nothing() {
    let mut driver = opened("<Enter><C-l><End>9<C-s>");
    driver.send(Message::Input(Input::Resize { columns: 80, rows: 7 }));
    let (before, _) = lower_border(&driver);
    assert!(before.contains("1 of 2"), "{before}");
    driver.keys("<PgDn>");
    assert_ne!(lower_border(&driver).0, before);
    assert_eq!(driver.app.overlays.len(), 1, "no way was gone");
}

#[test]
fn a_paste_and_the_mouse_stay_in_the_window() {
    for (name, keys) in WINDOWS {
        let mut driver = opened(keys);
        let before = below(&driver);
        driver.paste("dyTa[z");
        assert_eq!(below(&driver), before, "{name}");
        if TYPED_IN.contains(&name) {
            driver.click_at(119, 38);
            assert!(!driver.app.overlays.is_empty(), "{name}: a slip loses nothing that is typed");
            assert!(driver.shows("what you typed stays"), "{name}: {}", driver.screen());
            driver.app.overlays.clear();
            driver.keys(keys);
            driver.click_at(119, 38);
            let is_kept = name == "variable";
            assert_eq!(!driver.app.overlays.is_empty(), is_kept, "{name}: nothing is typed yet");
        } else if name != "jump" {
            driver.click_at(119, 38);
            assert!(driver.app.overlays.is_empty(), "{name}: a press outside closes it");
        }
        assert_eq!(below(&driver), before, "{name}");
    }
}

/// Names of files, targets and filters were lost where no window of the list of presets is.
#[test]
fn what_is_typed_in_windows_of_traffic_is_not_lost_by_a_slip() {
    use crate::harness::samples::{record, tcp_plan, traffic};
    use wirebench::model::record::Direction;
    for (keys, typed) in [
        ("X", "<C-u>seen.har"),
        ("X", "<C-u>seen.pcapng<Up><Up><Right>"),
        ("r", "<C-u>127.0.0.1:9"),
    ] {
        let mut driver = Driver::starter(WIDE);
        let id = driver.open(tcp_plan());
        driver.event(traffic(Vec::new(), vec![record(id.conn(1), 1, Direction::Sent, b"a row")]));
        driver.keys("<A-5>");
        driver.keys(keys);
        assert!(!driver.app.overlays.is_empty(), "{keys}: {}", driver.screen());
        driver.click_at(119, 38);
        assert!(driver.app.overlays.is_empty(), "{keys}: {}", driver.screen());
        driver.keys(keys);
        driver.keys(typed);
        driver.click_at(119, 38);
        assert!(!driver.app.overlays.is_empty(), "{keys}: {}", driver.screen());
        assert!(driver.shows("what you typed stays"), "{keys}: {}", driver.screen());
        driver.keys("<Esc>");
    }
}

#[test]
fn the_help_is_wrapped_anew_for_another_size() {
    let mut driver = opened("<F1>");
    driver.send(Message::Input(Input::Resize { columns: 80, rows: 24 }));
    let mut fresh = Driver::starter((80, 24));
    fresh.keys("<F1>");
    assert_eq!(driver.screen(), fresh.screen());
}

#[test]
fn the_rows_that_columns_are_about_are_seen_beside_their_window() {
    use crate::harness::samples::{record, tcp_plan, traffic};
    use wirebench::model::record::Direction;
    let mut driver = Driver::bare((80, 24));
    let id = driver.open(tcp_plan());
    let rows = (1..=30).map(|at| record(id.conn(1), at, Direction::Received, b"the row"));
    driver.event(traffic(Vec::new(), rows.collect()));
    driver.keys("<A-5>");
    for keys in ["#", "<Esc>z#"] {
        driver.keys(keys);
        assert!(driver.screen().matches("the row").count() > 2, "{}", driver.screen());
    }
}

#[test]
fn colours_of_rows_are_listed_in_what_they_look_like() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<A-5>/tcp<Enter>*");
    let buffer = driver.buffer();
    let row = driver.screen().lines().position(|line| line.contains("abc red")).unwrap() as u16;
    let other = driver.screen().lines().position(|line| line.contains("abc blue")).unwrap() as u16;
    let at = |row: u16| {
        let line: String = (0..buffer.area.width).map(|x| buffer[(x, row)].symbol()).collect();
        line.chars().position(|c| c == '■').unwrap() as u16
    };
    let color = |row: u16| buffer[(at(row), row)].style().fg;
    assert_ne!(color(row), color(other));
}
