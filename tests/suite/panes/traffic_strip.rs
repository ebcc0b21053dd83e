//! The strip of time below the rows of Traffic, the bars of the seconds before, and the colours of rows.

use wirebench::app::Startup;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Message, MouseKind};
use wirebench::model::color_rule::{ColorRule, RowColor};
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};
use wirebench::model::theme::ThemeRole;
use wirebench::store::job::Reply;

use crate::harness::app::Driver;
use crate::harness::samples::{START, fact, info, record, tcp_plan, traffic};

/// 40 rows within a second, none for nine, and 400 within the last.
fn filled(size: (u16, u16)) -> (Driver, SessionId) {
    let mut app = Driver::starting(Startup { size, now: START, ..Startup::default() });
    let id = app.open(tcp_plan());
    let infos = vec![info(id.conn(1), Protocol::Tcp, Side::Listener)];
    let row = |millis, n| {
        record(id.conn(1), millis, Direction::Received, format!("message {n}").as_bytes())
    };
    let early = (0..40).map(|n| row(n * 25, n));
    let late = (0..400).map(|n| row(10_000 + n * 2, 40 + n));
    app.event(traffic(infos, early.chain(late).collect()));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

/// The row of the screen that has the strip.
fn strip(app: &Driver) -> Option<(u16, String)> {
    let screen = app.screen();
    let is_strip = |line: &str| line.contains("00:16:40 ") && line.contains("00:16:5");
    let found = screen.lines().enumerate().find(|(_, line)| is_strip(line));
    found.map(|(at, line)| (at as u16, line.to_owned()))
}

fn selected(app: &Driver) -> u64 {
    app.traffic.selected(&app.shared).unwrap().0
}

#[test]
fn the_strip_shows_what_there_is_when_and_goes_there() {
    let (mut app, id) = filled((120, 30));
    let (row, line) = strip(&app).unwrap();
    let bars: Vec<char> = line.chars().filter(|c| ('▁'..='█').contains(c)).collect();
    assert!(bars.contains(&'█') && bars.contains(&'▁'), "{line}");
    // A press in the silence goes to the first row behind it; one at the beginning to the first.
    let middle = line.chars().count() as u16 / 2;
    app.click_at(middle, row);
    assert_eq!(selected(&app), 40);
    app.keys(",");
    assert!(selected(&app) < 40);
    app.keys(".");
    app.keys("g,");
    app.assert_shows("this is the first span");
    // Only what a filter lets through is on it, and it goes on with what comes.
    app.keys("/data contains \"message 1\"<Enter>");
    let (_, filtered) = strip(&app).unwrap();
    assert_ne!(filtered, line);
    let failed = fact(id.conn(1), Direction::Local, RecordKind::Failed, "message 1 failed");
    app.event(traffic(Vec::new(), vec![failed]));
    app.keys("~");
    assert!(strip(&app).is_none());
    app.keys("~");
    assert!(strip(&app).is_some() || app.shows("00:16:40"));
}

/// It is the scroll bar: what is dragged along it scrolls, and a press elsewhere has none of it.
#[test]
fn the_strip_is_dragged_like_a_scroll_bar_until_it_is_let_go() {
    let (mut app, _) = filled((120, 30));
    let (row, line) = strip(&app).unwrap();
    let first = line.chars().position(|c| ('▁'..='█').contains(&c)).unwrap() as u16;
    let last =
        line.chars().count() as u16 - line.chars().rev().position(|c| c == '█').unwrap() as u16 - 1;
    app.mouse(MouseKind::Press, last, row);
    assert!(selected(&app) > 40);
    app.mouse(MouseKind::Drag, first.midpoint(last), row - 3);
    assert_eq!(selected(&app), 40, "behind the silence");
    app.mouse(MouseKind::Drag, first, row);
    assert_eq!(selected(&app), 0);
    app.mouse(MouseKind::Release, first, row);
    app.mouse(MouseKind::Drag, last, row);
    assert_eq!(selected(&app), 0, "it was let go");
    // Of a press on a row nothing is dragged, whether the terminal told the release or not.
    app.mouse(MouseKind::Press, last, row);
    app.mouse(MouseKind::Press, 30, 4);
    let here = selected(&app);
    app.mouse(MouseKind::Drag, first, row);
    assert_eq!(selected(&app), here);
}

/// Two times that are the same say nothing of how much time there is between them.
#[test]
fn within_one_second_the_strip_says_how_long_it_is() {
    let mut app = Driver::starting(Startup { size: (120, 30), now: START, ..Startup::default() });
    let id = app.open(tcp_plan());
    let infos = vec![info(id.conn(1), Protocol::Tcp, Side::Listener)];
    let row = |n: u64| record(id.conn(1), n * 20, Direction::Received, b"x");
    app.event(traffic(infos, (0..20).map(row).collect()));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    let screen = app.screen();
    let line = screen
        .lines()
        .find(|line| line.contains("00:16:40 ") && line.contains('█') && !line.contains(" x "))
        .unwrap();
    assert!(line.trim_end_matches(['│', '┃', ' ']).ends_with("+380 ms"), "{line}");
}

#[test]
fn a_small_list_has_no_strip_and_one_without_rows_neither() {
    let (app, _) = filled((120, 12));
    assert!(strip(&app).is_none());
    let mut app = Driver::new((120, 30), START);
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    assert!(strip(&app).is_none());
}

#[test]
fn rows_have_the_colour_of_the_first_rule_that_lets_them_through() {
    let (mut app, _) = filled((120, 30));
    let color_of = |app: &Driver, text: &str| {
        let (buffer, screen) = (app.buffer(), app.screen());
        let (row, line) = screen.lines().enumerate().find(|(_, it)| it.contains(text)).unwrap();
        let column = line.find(text).map(|at| line[..at].chars().count()).unwrap();
        buffer[(column as u16, row as u16)].fg
    };
    app.keys("gj");
    let plain = color_of(&app, "message 7");
    let rule = |filter: &str, word: &str, line| ColorRule {
        filter: filter.into(),
        color: RowColor::read(word).unwrap(),
        line,
    };
    let rules = vec![
        rule("data contains \"message 7\"", "error", 1),
        rule("len > 0 and dir == in", "yellow", 4),
    ];
    app.tell(Message::Store(Reply::Colors(Ok(rules))));
    let (seven, eight) = (color_of(&app, "message 7"), color_of(&app, "message 8"));
    assert!(seven != plain && eight != plain && seven != eight);
    assert_eq!(RowColor::read("error"), Some(RowColor::Role(ThemeRole::Error)));
    let wrong = vec![rule("size > 5", "red", 7), rule("in", "pink", 9)];
    app.tell(Message::Store(Reply::Colors(Ok(wrong))));
    app.assert_shows("colors.toml:7: 'size' is called len here");
    assert_ne!(color_of(&app, "message 7"), plain, "the others hold");
    app.tell(Message::Store(Reply::Colors(Ok(Vec::new()))));
    assert_eq!(color_of(&app, "message 7"), plain);
}

#[test]
fn a_rule_is_made_of_the_filter_in_force() {
    let (mut app, _) = filled((120, 30));
    app.keys("*");
    app.assert_shows("no filter is in force");
    app.keys("/dir == in<Enter>*");
    app.assert_shows("Colour of these rows");
    app.keys("teal<Enter>");
    app.assert_shows("rows of dir == in are teal");
}

#[test]
fn an_idle_screen_asks_for_no_further_frame() {
    let (mut app, _) = filled((120, 30));
    let later = wirebench::model::timing::Stamp(START.0 + 60_000_000_000);
    app.tell(Message::Timer(wirebench::app::message::Timer::TrafficRate));
    app.app.shared.now = later;
    let effects = app.tell(Message::Timer(wirebench::app::message::Timer::TrafficRate));
    assert!(effects.is_empty(), "{effects:?}");
    let before = app.screen();
    app.app.shared.now = wirebench::model::timing::Stamp(later.0 + 30_000_000_000);
    assert_eq!(app.screen(), before);
}

#[test]
fn where_the_strip_cannot_be_seen_its_key_says_what_it_did() {
    let (mut app, _) = filled((120, 12));
    app.keys("~");
    app.assert_shows("the time strip is off");
    app.keys("~");
    app.assert_shows("the time strip is on; it shows where the list has 10 rows");
    let (mut app, _) = filled((120, 30));
    app.keys("~");
    assert_eq!(app.app.notice, None, "it is seen to go");
    app.keys("~");
    assert_eq!(app.app.notice, None, "and to come");
}
