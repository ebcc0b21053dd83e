//! The address line as an object, and the blocks that say what came of it.

use ratatui::style::Style;
use wirebench::app::action::Action;
use wirebench::app::focus::Pane;
use wirebench::app::themes::Themes;
use wirebench::engine::command::Command;
use wirebench::engine::event::{Event, Phase};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::preset::Environment;
use wirebench::model::theme::{ColorDepth, ThemeColor, ThemeRole};

use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, commands, exchange, http_plan, tcp_plan};
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

fn color(driver: &Driver, role: ThemeRole) -> ratatui::style::Color {
    match driver.app.shared.themes.sheet().color(role) {
        ThemeColor::Direct([r, g, b]) => ratatui::style::Color::Rgb(r, g, b),
        other => panic!("{other:?} in a theme of 24-bit colours"),
    }
}

/// Column, row and style of the first cell of a text.
fn find(driver: &Driver, text: &str) -> (u16, u16, Style) {
    let screen = driver.screen();
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        line.find(text).map(|at| (line.get(..at).unwrap().chars().count(), row))
    });
    let (column, row) = found.unwrap_or_else(|| panic!("no {text:?} on:\n{screen}"));
    let (column, row) = (column as u16, row as u16);
    (column, row, driver.buffer()[(column, row)].style())
}

fn assert_ink(driver: &Driver, text: &str, role: ThemeRole) {
    let (.., style) = find(driver, text);
    assert_eq!(style.fg, Some(color(driver, role)), "{text} as {role:?}");
}

fn assert_block(driver: &Driver, text: &str, role: ThemeRole) {
    let (.., style) = find(driver, text);
    assert_eq!(style.bg, Some(color(driver, role)), "{text} as {role:?}");
    assert_eq!(style.fg, Some(color(driver, ThemeRole::BlockText)), "{text}");
}

/// A preset with an environment that knows `host` and a secret.
fn with_address(url: &str) -> Driver {
    let mut found = workspace(&[("a", &format!("[http]\nurl = '{url}'\n"))]);
    found.environments.push(Environment {
        name: "lab".into(),
        variables: [("host".to_owned(), "lab.test".to_owned())].into(),
        secrets: [("token".to_owned(), "hunter2-hunter2".to_owned())].into(),
        ..Environment::default()
    });
    let mut driver = Driver::with(WIDE, found);
    driver.app.shared.themes = Themes::new(ColorDepth::Direct);
    driver
}

#[test]
fn an_address_is_coloured_by_part_and_names_by_whether_they_are_known() {
    let mut driver = with_address("http://{{host}}:81/one?two={{nope}}#three");
    let check = |driver: &Driver| {
        for (text, role) in [
            ("http://{{", ThemeRole::UrlScheme),
            ("{{host}}", ThemeRole::VariableKnown),
            (":81/", ThemeRole::UrlPort),
            ("/one", ThemeRole::UrlPath),
            ("two=", ThemeRole::UrlQueryName),
            ("{{nope}}", ThemeRole::VariableUnknown),
            ("#three", ThemeRole::UrlFragment),
        ] {
            assert_ink(driver, text, role);
        }
    };
    check(&driver);
    driver.keys("<C-l><Home>");
    // Under the cursor the first letter is reversed, in its colour all the same.
    driver.keys("<End>");
    check(&driver);
    // Where the environment does not know it, it is red before anything is sent.
    driver.keys("<Esc><F7>");
    assert_eq!(driver.app.shared.environment, None);
    assert_ink(&driver, "{{host}}", ThemeRole::VariableUnknown);
    driver.keys("<C-l><End>x");
    assert_ink(&driver, "{{host}}", ThemeRole::VariableUnknown);
}

#[test]
fn a_long_address_that_is_scrolled_keeps_its_colours() {
    let long = format!("http://{{{{host}}}}/{}?q={{{{host}}}}", "a".repeat(200));
    let mut driver = with_address(&long);
    driver.keys("<C-l><End>");
    assert_ink(&driver, "q={{host}}", ThemeRole::UrlQueryName);
    assert_ink(&driver, "{{host}}", ThemeRole::VariableKnown);
    assert_ink(&driver, "aaaa?", ThemeRole::UrlPath);
}

#[test]
fn names_in_other_lines_of_the_form_are_coloured_too() {
    let mut driver = with_address("http://h/");
    driver.keys("<C-l><Down><Down><Down>x<Tab>{{host}}{{nope}}<Up><Up><Up>");
    driver.app.shared.focus = Pane::Request;
    if driver.shows("{{host}}") {
        assert_ink(&driver, "{{host}}", ThemeRole::VariableKnown);
        assert_ink(&driver, "{{nope}}", ThemeRole::VariableUnknown);
    }
}

#[test]
fn what_an_address_stands_for_is_shown_when_it_is_not_what_is_written() {
    let driver = with_address("http://{{host}}/a");
    driver.assert_shows("→ http://lab.test/a");
    assert_ink(&driver, "→ http", ThemeRole::Hint);
    with_address(":8080/x").assert_shows("→ http://localhost:8080/x");
    let mut small = with_address("http://{{host}}/a");
    small.app.shared.size = (80, 24);
    small.keys("<C-l>");
    small.assert_shows("→ http://lab.test/a");
    let same = with_address("http://h:81/a");
    assert!(!same.shows("→ http"), "{}", same.screen());
    let unknown = with_address("http://{{nope}}/a");
    assert!(!unknown.shows("→ http"), "{}", unknown.screen());
    let secret = with_address("http://{{host}}/?key={{secret.token}}");
    secret.assert_shows("→ http://lab.test/?key=");
    assert!(!secret.shows("hunter2"), "{}", secret.screen());
}

#[test]
fn the_method_is_a_block_in_its_colour_and_changes_with_it() {
    let mut driver = with_address("http://h/");
    let method = |driver: &Driver| find(driver, "http://h/").0 - 10;
    let at = method(&driver);
    let ground = |driver: &Driver| driver.buffer()[(at, 2)].style().bg;
    assert_eq!(ground(&driver), Some(color(&driver, ThemeRole::MethodGet)));
    driver.keys("<C-l><Home><Left><Space>");
    driver.assert_shows("POST");
    assert_eq!(ground(&driver), Some(color(&driver, ThemeRole::MethodPost)));
    driver.keys("<F3>");
    assert_eq!(ground(&driver), Some(color(&driver, ThemeRole::Tcp)));
}

#[test]
fn the_block_at_the_end_sends_then_tells_the_time_and_cancels() {
    let mut driver = with_address("http://127.0.0.1:9/");
    assert_block(&driver, "F5 send", ThemeRole::Accent);
    let (column, row, _) = find(&driver, "F5 send");
    let before = driver.effects.len();
    driver.click_at(column, row);
    let (id, _) = Driver::opened(&driver.effects[before..]);
    driver.phase(id, Phase::Waiting);
    assert_block(&driver, "Ctrl+C cancel", ThemeRole::Running);
    let (column, row, _) = find(&driver, "Ctrl+C cancel");
    let line = driver.screen().lines().nth(usize::from(row)).unwrap().to_owned();
    assert!(line.contains("ms  Ctrl+C cancel"), "{line}");
    let before = driver.effects.len();
    driver.click_at(column, row);
    let closed = commands(driver.effects.split_off(before));
    assert!(matches!(closed.as_slice(), [Command::Close { .. }]), "{closed:?}");
    driver.ended(id, Ok(wirebench::engine::event::Summary::of("closed by us")));
    assert_block(&driver, "F5 send", ThemeRole::Accent);
}

#[test]
fn what_the_block_says_is_what_its_key_does() {
    for (keys, text) in [
        ("<F2>", "F5 send"),
        ("<F3>", "F5 connect"),
        ("<F4>", "F5 open"),
        ("<F3><F6>", "F5 listen"),
    ] {
        let mut driver = with_address("http://h/");
        driver.keys(keys);
        driver.assert_shows(text);
    }
    assert_eq!(Action::Send.row().name, "send");
}

#[test]
fn a_status_is_a_block_of_its_class() {
    for (status, role) in [
        (200, ThemeRole::Status2xx),
        (301, ThemeRole::Status3xx),
        (404, ThemeRole::Status4xx),
        (503, ThemeRole::Status5xx),
    ] {
        let mut app = Driver::new(WIDE, START);
        app.app.shared.themes = Themes::new(ColorDepth::Direct);
        let id = app.open(http_plan());
        app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(status, 1, 10))))));
        assert_block(&app, &format!("{status} "), role);
        let (.., size) = find(&app, "10 B");
        assert_eq!(size.fg, Some(color(&app, ThemeRole::Text)), "size in plain ink");
    }
}

#[test]
fn where_a_session_stands_is_a_block_too() {
    let start = |plan| {
        let mut app = Driver::new(WIDE, START);
        app.app.shared.themes = Themes::new(ColorDepth::Direct);
        let id = app.open(plan);
        (app, id)
    };
    let (mut app, id) = start(tcp_plan());
    assert_block(&app, "◌ starting", ThemeRole::Running);
    let (local, peer) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
    app.phase(id, Phase::Connected { local, peer });
    assert_block(&app, "● connected", ThemeRole::Status2xx);
    app.done(id);
    assert_block(&app, "○ closed by us", ThemeRole::Ended);
    let (mut app, id) = start(http_plan());
    app.ended(id, Err(Failure::new(Stage::Connect, "h:1", FailureKind::Refused, "refused")));
    assert_block(&app, "✗ ", ThemeRole::Failed);
}

#[test]
fn a_tab_in_the_address_is_seen_and_hides_nothing_behind_it() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l><C-u>");
    driver.paste("http://h:9/a\tbcdef");
    driver.assert_shows(r"http://h:9/a\tbcdef");
    let (column, row, _) = find(&driver, r"http://h:9/a\tb");
    driver.keys("<Home>");
    driver.click_at(column + 15, row);
    driver.keys("X");
    driver.assert_shows(r"http://h:9/a\tbXcdef");
    driver.keys("<F5>");
    driver.assert_shows("control character (tab)");
}

#[test]
fn the_name_that_keeps_a_long_address_from_being_sent_is_in_sight_and_under_the_cursor() {
    let mut driver = Driver::bare((80, 24));
    driver.keys("<C-l>");
    driver.paste(&format!("http://h/a/{{{{nobody}}}}/{}", "and/on/".repeat(20)));
    assert!(!driver.shows("{{nobody}}"), "{}", driver.screen());
    driver.keys("<F5>");
    driver.assert_shows("unknown variable 'nobody'");
    driver.assert_shows("{{nobody}}");
    driver.keys("<Del><Del><Del><Del><Del><Del>some");
    driver.assert_shows("{{some}}");
}

#[test]
fn names_that_a_rule_knows_by_itself_are_known() {
    const RULE: &str = "[tcp-listener]\nbind='127.0.0.1:0'\n\
        rule=[{ when=\"contains 'PING'\", send='{{match}} {{nobody}}' }]\n";
    let mut driver = Driver::with(WIDE, workspace(&[("rules", RULE)]));
    driver.app.shared.themes = Themes::new(ColorDepth::Direct);
    driver.keys("<Enter><A-1>");
    assert_ink(&driver, "{{match}}", ThemeRole::VariableKnown);
    assert_ink(&driver, "{{nobody}}", ThemeRole::VariableUnknown);
}

#[test]
fn the_tab_of_credentials_says_what_kind_they_are() {
    let file = "[http]\nurl='http://h/'\nauth.bearer='{{secret.token}}'\n";
    let driver = Driver::with(WIDE, workspace(&[("a", file)]));
    driver.assert_shows("Auth bearer");
    assert!(!with_address("http://h/").shows("Auth none"));
}
