//! Reading what came: the cursor, what it copies, what the mouse selects, the numbers of lines.

use bytes::Bytes;
use wirebench::app::effect::Effect;
use wirebench::app::message::MouseKind;
use wirebench::engine::event::Event;
use wirebench::model::view::{View, ViewLine, ViewQuery};

use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, exchange, http_plan, queries};

const JSON: &[(u16, &str)] = &[
    (0, "{"),
    (2, "\"users\": ["),
    (4, "{"),
    (6, "\"city\": \"Bad \\\"Ems\\\"\","),
    (6, "\"age\": 41"),
    (4, "}"),
    (2, "],"),
    (
        2,
        "\"note\": \"a long line that goes on and on beyond the right edge of the pane, as \
         there is more of it than fits, and then some more of it that is out of sight\"",
    ),
    (0, "}"),
];

/// Plays the engine with these lines as the whole body.
pub(super) fn served(query: &ViewQuery, lines: &[(u16, &str)]) -> Event {
    let mut offset = 0;
    let line = |(indent, text): &(u16, &str)| {
        offset += 100;
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        ViewLine { offset: offset - 100, bytes, indent: *indent, continued: false }
    };
    let lines: Vec<ViewLine> = lines.iter().map(line).collect();
    let (total_lines, total_bytes) = (lines.len() as u64, lines.len() as u64 * 100);
    let (cut, query) = (query.mode, query.clone());
    let (top, note) = (0, None);
    Event::View(Box::new(View {
        query,
        cut,
        top,
        lines,
        total_lines,
        total_bytes,
        complete: true,
        note,
    }))
}

fn json() -> Driver {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
    let query = queries(&effects).remove(0);
    app.event(served(&query, JSON));
    app
}

fn copied(effects: &[Effect]) -> (String, String) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Copy { what, text } => Some((what.clone(), text.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing was copied: {effects:?}"))
}

/// Column and row of a text on the screen.
fn place(app: &Driver, text: &str) -> (u16, u16) {
    let screen = app.screen();
    let mut lines = screen.lines().enumerate();
    let found = lines.find_map(|(row, line)| {
        let at = line.find(text)?;
        Some((line.get(..at)?.chars().count() as u16, row as u16))
    });
    found.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}"))
}

#[test]
fn the_value_under_the_cursor_is_copied_as_text_and_as_json() {
    let mut app = json();
    app.keys("jjj");
    app.assert_shows("line 4 of 9");
    assert_eq!(copied(&app.keys("y")), ("city".into(), "Bad \"Ems\"".into()));
    assert_eq!(copied(&app.keys("J")), ("city".into(), "\"Bad \\\"Ems\\\"\"".into()));
    assert_eq!(copied(&app.keys("jy")), ("age".into(), "41".into()));
    let (what, text) = copied(&app.keys("kkky"));
    assert_eq!(what, "users");
    assert!(text.starts_with("[\n  {\n    \"city\"") && text.ends_with("  }\n]"), "{text}");
}

#[test]
fn lines_are_selected_with_the_keyboard_and_escape_ends_it() {
    let mut app = json();
    app.keys("jjjVj");
    let (what, text) = copied(&app.keys("y"));
    assert_eq!(what, "2 lines");
    assert_eq!(text, "      \"city\": \"Bad \\\"Ems\\\"\",\n      \"age\": 41");
    app.keys("V<Esc>");
    assert_eq!(copied(&app.keys("y")).0, "age");
}

#[test]
fn a_drag_selects_text_and_copies_it_on_release() {
    let mut app = json();
    let (column, row) = place(&app, "city");
    app.mouse(MouseKind::Press, column, row);
    app.mouse(MouseKind::Drag, column + 3, row);
    app.mouse(MouseKind::Drag, column + 2, row);
    let before = app.effects.len();
    app.mouse(MouseKind::Release, column + 2, row);
    assert_eq!(copied(&app.effects.split_off(before)), ("selection".into(), "ci".into()));
    app.assert_shows("copied selection, 2 B");
    // A click alone places the cursor and copies nothing.
    let before = app.effects.len();
    app.click("\"age\"");
    assert!(app.effects.split_off(before).iter().all(|it| !matches!(it, Effect::Copy { .. })));
    app.assert_shows("line 5 of 9");
}

#[test]
fn a_double_click_copies_the_value_without_its_quotes() {
    let mut app = json();
    let (column, row) = place(&app, "Bad");
    app.click_at(column + 1, row);
    let before = app.effects.len();
    app.click_at(column + 1, row);
    assert_eq!(copied(&app.effects.split_off(before)).1, "Bad \\\"Ems\\\"");
}

#[test]
fn lines_have_numbers_and_say_where_they_go_on() {
    let mut app = json();
    app.assert_shows("  4  │ │ │ \"city\"");
    let screen = app.screen();
    let long = screen.lines().find(|line| line.contains("\"note\"")).unwrap();
    assert!(long.contains("›"), "{long}");
    app.keys("l");
    assert!(app.screen().contains('‹'), "{}", app.screen());
    app.keys("hw");
    app.assert_shows("↳");
    app.keys("w#");
    assert!(!app.screen().contains("  4  │"), "{}", app.screen());
}

#[test]
fn the_cursor_of_the_headers_copies_one_of_them() {
    let mut app = json();
    app.keys("Ljj");
    assert_eq!(copied(&app.keys("y")), ("X-Case".into(), "Kept".into()));
    app.click("application/json");
    assert_eq!(copied(&app.keys("y")).0, "Content-Type");
}

#[test]
fn each_body_keeps_its_cursor() {
    let mut app = json();
    app.keys("jjjj");
    app.keys("LL");
    app.keys("HH");
    app.assert_shows("line 5 of 9");
}
