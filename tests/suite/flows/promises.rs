//! What the screen offers is done: hints, buttons, entries of the palette; and nothing is scrolled
//! away when the screen changes.

use wirebench::app::effect::Effect;
use wirebench::app::flow::hints::{self, KeyHint};
use wirebench::app::focus::Pane;
use wirebench::app::form::{FieldKind, FormFieldId, rows::rows, tabs};
use wirebench::app::message::{Input, Message};
use wirebench::app::overlay::Overlay;
use wirebench::engine::command::Command;
use wirebench::engine::event::{Event, Phase};
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};
use wirebench::model::spec::Spec;

use crate::harness::app::Driver;
use crate::harness::samples::{
    address, answer, exchange, fact, http_plan, info, record, tcp_plan, traffic,
};

const SIZE: (u16, u16) = (150, 36);

/// Records of a session nobody looks at.
fn with_records(driver: &mut Driver) {
    let conn = SessionId(900).conn(1);
    let records = (0..20).map(|at| record(conn, at, Direction::Received, b"ping pong")).collect();
    driver.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], records));
}

fn answered(driver: &mut Driver) -> SessionId {
    let id = driver.open(http_plan());
    let told = Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000)))));
    let effects = driver.event(told);
    driver.serve(&effects, 500);
    id
}

fn connected(driver: &mut Driver) -> SessionId {
    let id = driver.open(tcp_plan());
    driver
        .phase(id, Phase::Connected { local: address(50_000).into(), peer: address(9000).into() });
    let conn = id.conn(1);
    let records = vec![
        fact(conn, Direction::Local, RecordKind::Connected, "connected to 127.0.0.1:9000"),
        record(conn, 1, Direction::Received, b"220 hello\r\n"),
        record(conn, 2, Direction::Received, b"221 hello again\r\n"),
    ];
    driver.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], records));
    id
}

/// Makes a place where the keys may go, with something there or with nothing.
type Scene = (String, Box<dyn Fn() -> Driver>);

fn scene(name: impl Into<String>, make: impl Fn() -> Driver + 'static) -> Scene {
    (name.into(), Box::new(make))
}

fn scenes() -> Vec<Scene> {
    let mut all = Vec::new();
    for pane in [Pane::Presets, Pane::History, Pane::Traffic, Pane::Response] {
        all.push(scene(format!("{pane:?} with nothing"), move || {
            let mut driver = Driver::bare(SIZE);
            driver.app.shared.focus = pane;
            driver
        }));
        all.push(scene(format!("{pane:?}"), move || {
            let mut driver = Driver::starter(SIZE);
            driver.keys("<C-n><C-l>http://h/1<F5><C-l><End>2<F5><C-n>");
            with_records(&mut driver);
            driver.app.shared.focus = pane;
            driver
        }));
    }
    for is_over in [false, true] {
        all.push(scene(format!("an answer, over: {is_over}"), move || {
            let mut driver = Driver::bare(SIZE);
            let id = answered(&mut driver);
            if is_over {
                driver.done(id);
            }
            driver
        }));
        for keys in ["", "i", "<Enter>"] {
            all.push(scene(format!("a conversation after {keys:?}, over: {is_over}"), move || {
                let mut driver = Driver::bare(SIZE);
                let id = connected(&mut driver);
                driver.keys(keys);
                if is_over {
                    driver.done(id);
                }
                driver
            }));
        }
    }
    all.extend(forms());
    all
}

/// Every kind of cell of every form.
fn forms() -> Vec<Scene> {
    let mut all = Vec::new();
    for spec in Spec::kinds() {
        let mut seen: Vec<(FieldKind, bool)> = Vec::new();
        for tab in tabs(&spec) {
            for field in rows(&spec, tab).into_iter().flat_map(|line| line.fields) {
                let kind = (field.kind, matches!(field.id, FormFieldId::Automatic(_)));
                if seen.contains(&kind) {
                    continue;
                }
                seen.push(kind);
                let (spec, at) = (spec.clone(), field.id);
                all.push(scene(format!("{} {tab:?} {at:?}", spec.badge()), move || {
                    let mut driver = Driver::bare(SIZE);
                    let draft = driver.app.shared.drafts.current_mut();
                    draft.spec = spec.clone().into();
                    (draft.tab, draft.at) = (tab, at);
                    driver.app.shared.focus = Pane::Request;
                    driver
                }));
            }
        }
    }
    all
}

/// The key of a hint as keymap files write it.
fn as_written(shown: &str) -> String {
    let mut parts: Vec<&str> = shown.split('+').filter(|part| !part.is_empty()).collect();
    let Some(name) = parts.pop() else { return shown.to_owned() };
    if parts.is_empty() {
        let is_named = name.chars().count() > 1;
        return if is_named { format!("<{name}>") } else { name.to_owned() };
    }
    let name = if name.chars().count() == 1 { name.to_lowercase() } else { name.to_owned() };
    let first = |part: &&str| part.chars().next();
    let modifiers: Vec<String> =
        parts.iter().filter_map(first).map(|letter| format!("{letter}-")).collect();
    let modifiers = modifiers.concat();
    format!("<{modifiers}{name}>")
}

/// The screen but for its last line, where remarks stand.
fn above_footer(driver: &Driver) -> String {
    let screen = driver.screen();
    let lines: Vec<&str> = screen.lines().collect();
    lines[..lines.len() - 1].join("\n")
}

/// What a user would call nothing: no effect, and a screen that at most says so.
fn did_nothing(before: &str, driver: &Driver, effects: &[Effect]) -> bool {
    let is_quiet = effects.iter().all(|effect| matches!(effect, Effect::After { .. }));
    let notice = driver.app.notice.as_ref().map_or("", |notice| notice.text.as_str());
    let words = ["nothing", "does nothing", "not in", "only ", "there is no", "this is no"];
    let is_refused = notice.is_empty() || words.iter().any(|word| notice.contains(word));
    is_quiet && above_footer(driver) == before && is_refused
}

#[test]
fn every_hint_does_something_by_its_key_and_by_a_click() {
    let mut pressed = 0;
    for (name, make) in scenes() {
        let first = make();
        let before = above_footer(&first);
        for hint in hints::footer(&first.app, SIZE.0) {
            for is_click in [false, true] {
                let mut driver = make();
                let stored = driver.store.jobs.len();
                let effects = if is_click {
                    let before = driver.effects.len();
                    driver.click_at(hint.column, SIZE.1 - 1);
                    driver.effects.split_off(before)
                } else {
                    driver.keys(&as_written(&hint.key))
                };
                pressed += 1;
                let is_stored = driver.store.jobs.len() > stored;
                let nothing = !is_stored && did_nothing(&before, &driver, &effects);
                let how = if is_click { "click" } else { "key" };
                let KeyHint { key, title, .. } = &hint;
                assert!(!nothing, "{name}: {key} {title} by {how}:\n{}", driver.screen());
            }
        }
    }
    assert!(pressed > 300, "{pressed}");
}

#[test]
fn what_cannot_be_done_is_dimmed_in_the_palette_and_says_why() {
    let mut refused = 0;
    for (name, make) in scenes().into_iter().step_by(3) {
        let mut driver = make();
        driver.keys("<C-p>");
        let Some(Overlay::Choices(it)) = driver.app.overlays.last() else { panic!("{name}") };
        let all: Vec<(String, Option<&str>)> =
            it.shown(400).map(|(choice, _)| (choice.title.clone(), choice.why_not)).collect();
        for (title, why) in all.into_iter().filter_map(|(title, why)| Some((title, why?))) {
            refused += 1;
            let mut driver = make();
            let before = above_footer(&driver);
            driver.keys("<C-p>");
            driver.paste(&title);
            driver.assert_shows(why);
            let effects = driver.keys("<Enter>");
            assert_eq!(driver.app.overlays.len(), 1, "{name}: {title} stays to be seen");
            let said = &driver.app.notice.as_ref().unwrap().text;
            assert_eq!(*said, format!("{title}: {why}"), "{name}");
            driver.keys("<Esc>");
            assert!(did_nothing(&before, &driver, &effects), "{name}: {title}");
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_letter_that_means_nothing_where_it_is_pressed_says_so() {
    let mut driver = Driver::starter(SIZE);
    driver.keys("<F6>");
    driver.app.shared.focus = Pane::Presets;
    driver.keys("w");
    driver.assert_shows("Wrap: not in this list");
    driver.keys("<C-e>");
    driver.assert_shows("External editor: not in this list");
    driver.keys("<C-l>http://h/<Down><A-n>");
    driver.assert_shows("there is no list here to add a row to");
}

#[test]
fn the_edges_of_the_screen_are_buttons() {
    let mut driver = Driver::starter((120, 40));
    driver.click("F1 help");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Help(_))));
    driver.keys("<Esc>");
    driver.click("env local");
    driver.assert_shows(" Environment ");
    driver.keys("<Esc>");
    let before = driver.effects.len();
    driver.click("F5 listen");
    let (id, _) = Driver::opened(&driver.effects.split_off(before));
    driver.listening(id);
    let listener = driver.app.shared.drafts.iter().find(|draft| draft.session == Some(id));
    let listener = listener.unwrap().id;
    driver.app.shared.drafts.select(listener);
    driver.click("F8 stop");
    let is_close = |effect: &Effect| matches!(effect, Effect::Engine(Command::Close { id: closed, .. }) if *closed == id);
    assert!(driver.effects.iter().any(is_close), "{:?}", driver.effects);
}

fn resize(driver: &mut Driver, columns: u16, rows: u16) {
    driver.send(Message::Input(Input::Resize { columns, rows }));
}

#[test]
fn an_address_that_was_scrolled_comes_back_as_a_whole_when_there_is_room() {
    let url = format!("http://127.0.0.1:8080/{}/end", "part/".repeat(10));
    for (from, to) in [((80, 24), (260, 60)), ((44, 14), (150, 48)), ((30, 10), (140, 40))] {
        let mut driver = Driver::bare(from);
        driver.keys(&format!("<C-l>{url}"));
        let _ = driver.screen();
        assert!(!driver.shows(&url));
        resize(&mut driver, to.0, to.1);
        let _ = driver.screen();
        assert!(driver.shows(&url), "{from:?} {to:?}\n{}", driver.screen());
        // The same with the whole screen for the form.
        resize(&mut driver, from.0, from.1);
        let _ = driver.screen();
        resize(&mut driver, 140, 24);
        driver.keys("<F11>");
        let _ = driver.screen();
        assert!(driver.shows(&url), "{}", driver.screen());
    }
}

#[test]
fn no_form_is_scrolled_further_than_its_last_row() {
    for spec in Spec::kinds() {
        for tab in tabs(&spec) {
            let mut driver = Driver::bare((100, 20));
            let draft = driver.app.shared.drafts.current_mut();
            draft.spec = spec.clone().into();
            draft.tab = tab;
            driver.app.shared.focus = Pane::Request;
            for (columns, height) in
                [(100, 20), (60, 16), (100, 30), (160, 60), (44, 14), (200, 60)]
            {
                let area = |driver: &Driver| driver.app.shared.areas().of(Pane::Request);
                for _ in 0..40 {
                    let at = area(&driver);
                    let (column, row) = (at.x + at.width / 2, at.y + at.height / 2);
                    driver.mouse(wirebench::app::message::MouseKind::ScrollDown, column, row);
                }
                resize(&mut driver, columns, height);
                let lines = rows(&driver.app.shared.drafts.current().spec, tab);
                let heights: u16 = lines.iter().map(|line| line.height).sum();
                let inner = area(&driver).height - 2;
                if heights <= inner {
                    assert_eq!(
                        driver.app.request.scroll,
                        0,
                        "{} {tab:?} {columns}x{height}",
                        spec.badge()
                    );
                }
            }
        }
    }
}

#[test]
fn a_body_is_not_scrolled_away_by_more_room() {
    let mut driver = Driver::bare((80, 24));
    answered(&mut driver);
    driver.app.shared.focus = Pane::Response;
    driver.keys("G");
    for (columns, rows) in [(80, 24), (200, 60), (60, 16), (120, 40), (44, 14), (200, 90)] {
        resize(&mut driver, columns, rows);
        let asked = driver.effects.split_off(0);
        driver.serve(&asked, 500);
        let area = driver.app.shared.areas().of(Pane::Response);
        let shown = driver.screen().lines().filter(|line| line.contains("\"line ")).count();
        // Status, tabs and borders take some rows; all others show lines.
        assert!(shown + 5 >= usize::from(area.height), "{columns}x{rows}\n{}", driver.screen());
        driver.keys("l");
        assert!(driver.shows("line 4"), "nothing lies to the right:\n{}", driver.screen());
    }
}

#[test]
fn an_open_record_is_not_scrolled_away_by_more_room() {
    let mut driver = Driver::bare((80, 24));
    let conn = SessionId(900).conn(1);
    let text = (0..30).map(|n| format!("row {n}\n")).collect::<Vec<_>>().concat();
    let records = vec![record(conn, 1, Direction::Received, text.as_bytes())];
    driver.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], records));
    driver.app.shared.focus = Pane::Traffic;
    driver.keys("<Enter><Enter>G");
    driver.assert_shows("row 29");
    resize(&mut driver, 100, 90);
    driver.assert_shows("row 0");
    driver.assert_shows("row 29");
}

#[test]
fn letters_that_jump_go_when_the_screen_changes() {
    let mut driver = Driver::starter((120, 40));
    driver.keys("<C-o>");
    resize(&mut driver, 80, 24);
    assert!(driver.app.overlays.is_empty(), "they would stand beside their targets");
}

#[test]
fn keys_of_the_pane_below_a_window_are_not_offered_while_it_has_them() {
    let mut driver = Driver::starter((80, 24));
    for (keys, title) in [("<A-5>#", "Columns"), ("T", "heme"), ("<A-h>", "Held"), ("<C-p>", "")] {
        driver.keys(keys);
        assert!(driver.shows(title), "{}", driver.screen());
        let last = driver.screen().lines().last().unwrap_or_default().trim().to_owned();
        assert_eq!(last, "", "{keys}");
        driver.keys("<Esc><Esc>");
    }
}

#[test]
fn what_a_window_teaches_names_its_own_keys() {
    let mut driver = Driver::starter((80, 24));
    driver.keys("<A-h>");
    driver.assert_shows(" /  says what relays hold: in and data contains \"login\"");
    driver.assert_shows("Esc close");
}
