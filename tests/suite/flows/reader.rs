//! Reading what came: the cursor, what it copies, what the mouse selects, the numbers of lines.

use wirebench::app::effect::Effect;
use wirebench::app::message::{Input, Message, MouseKind};
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::id::BodyId;
use wirebench::model::key::Key;
use wirebench::model::recipe::DerivationReport;
use wirebench::model::view::{HitCount, SearchHit, ViewMode};

use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, commands, exchange, http_plan, json_window, queries};

const JSON: &str = r#"{"users":[{"city":"Bad \"Ems\"","age":41}],"note":"a long line that goes on and on beyond the right edge of the pane, as there is more of it than fits, and then some more of it that is out of sight"}"#;

/// Presses keys, and answers what is asked of the body.
fn press(app: &mut Driver, keys: &str) {
    for key in Key::parse_run(keys).unwrap() {
        let effects = app.tell(Message::Input(Input::Key(key)));
        for query in queries(&effects) {
            app.event(json_window(&query, JSON));
        }
    }
}

fn json() -> Driver {
    shown(JSON)
}

fn shown(json: &str) -> Driver {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
    let query = queries(&effects).remove(0);
    app.event(json_window(&query, json));
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

#[test]
fn the_path_of_the_value_is_shown_and_copied() {
    let mut app = json();
    app.keys("jjj");
    app.assert_shows(" .users[0].city ");
    assert_eq!(copied(&app.keys("p")).1, ".users[0].city");
    app.keys("jj");
    app.assert_shows(" .users[0] ");
    app.keys("g");
    app.assert_shows("━ . ━");
}

#[test]
fn objects_and_lists_are_folded_counted_and_unfolded() {
    let mut app = json();
    press(&mut app, "jj<Enter>");
    app.assert_shows("▸ │ │ {… 2 keys}");
    app.assert_shows("line 3 of 9");
    press(&mut app, "k<Space>");
    app.assert_shows("▸ │ \"users\": [… 1 item]");
    // Down goes to what is behind the fold, and a fold within stays.
    app.keys("j");
    app.assert_shows("line 8 of 9");
    press(&mut app, "k<Enter>");
    app.assert_shows("▸ │ │ {… 2 keys}");
    // A value folds what it is in, a bracket what it ends.
    press(&mut app, "j<Enter>j<Enter>");
    app.assert_shows("▸ │ │ {… 2 keys}");
    press(&mut app, "<Enter>jjj<Enter>");
    app.assert_shows("▸ │ │ {… 2 keys}");
    app.assert_shows("line 3 of 9");
}

#[test]
fn everything_is_folded_by_level_and_unfolded() {
    let mut app = json();
    press(&mut app, "jjjF");
    app.assert_shows("\"users\": [… 1 item]");
    app.assert_shows("line 2 of 9");
    press(&mut app, "<lt>");
    app.assert_shows("{… 2 keys}");
    press(&mut app, ">>");
    app.assert_shows("▸ │ │ {… 2 keys}");
    press(&mut app, "F");
    app.assert_shows("\"age\"");
    press(&mut app, ">");
    app.assert_shows("nothing is folded");
}

#[test]
fn the_mark_in_the_gutter_folds_and_what_is_folded_is_copied_whole() {
    let mut app = json();
    let (column, row) = place(&app, "▾ │ \"users\"");
    let before = app.effects.len();
    app.click_at(column, row);
    let query = queries(&app.effects.split_off(before)).remove(0);
    app.event(json_window(&query, JSON));
    app.assert_shows("[… 1 item]");
    let effects = app.keys("y");
    let query = queries(&effects).remove(0);
    assert_eq!((query.mode, query.top), (ViewMode::Hex, 0));
    let effects = app.event(json_window(&query, JSON));
    let (what, text) = copied(&effects);
    assert_eq!(what, "users");
    assert!(text.starts_with("[\n  {\n    \"city\"") && text.ends_with("  }\n]"), "{text}");
}

#[test]
fn a_hit_that_is_folded_is_unfolded_and_hits_are_counted() {
    let mut app = json();
    press(&mut app, "F");
    let sent = commands(app.keys("/Ems<Enter>"));
    let Some(Command::Search(query)) = sent.first().cloned() else { panic!("{sent:?}") };
    let inside = vec![0, 1, 10];
    let hit = SearchHit {
        query,
        hit: Some((3, 18)),
        inside,
        wrapped: false,
        behind_cut: false,
        flaw: None,
    };
    let effects = app.event(Event::Found(hit.clone()));
    let asked = queries(&effects).remove(0);
    app.event(json_window(&asked, JSON));
    app.assert_shows("Bad \\\"Ems");
    app.assert_shows("line 4 of 9");
    let count =
        HitCount { query: hit.query.clone(), hit: 18, place: Some(1), total: 12, is_more: false };
    app.event(Event::HitsCounted(count.clone()));
    app.assert_shows("hit 2 of 12");
    app.event(Event::HitsCounted(HitCount { place: None, total: 1000, is_more: true, ..count }));
    app.assert_shows("hit of 1,000+");
    // It is no hit of what is made of this body.
    let sorted = commands(app.keys("K"));
    let Some(Command::Derive(order)) = sorted.last() else { panic!("{sorted:?}") };
    let (number, body, mode) = (order.number, Some(BodyId(900)), Some(ViewMode::Pretty));
    let (header, remark, is_cut) = (String::new(), String::new(), false);
    let outcome = Some(Ok(()));
    let has_long_lines = false;
    let report = DerivationReport {
        number,
        body,
        mode,
        header,
        has_long_lines,
        remark,
        is_cut,
        warns: false,
        outcome,
    };
    let effects = app.event(Event::Derived(Box::new(report)));
    app.event(json_window(&queries(&effects).remove(0), JSON));
    app.assert_shows("⇒ sorted keys");
    assert!(!app.screen().contains("hit of"), "{}", app.screen());
}

#[test]
fn what_has_no_end_is_not_folded_and_that_is_said() {
    let cut = r#"{"list":[1,2,{"a":{"b":1}"#;
    let mut app = shown(cut);
    let mut press = |keys: &str| {
        for query in queries(&app.keys(keys)) {
            app.event(json_window(&query, cut));
        }
        app.screen()
    };
    for keys in ["<Enter>", "jj<Enter>"] {
        let screen = press(keys);
        assert!(screen.contains("the body ends before its bracket is closed"), "{screen}");
        assert!(screen.contains("▾") && screen.contains("\"b\": 1"), "{screen}");
    }
    // What has an end within it folds.
    let screen = press("G<Enter>");
    assert!(!screen.contains("\"b\": 1"), "{screen}");
}

#[test]
fn of_several_values_each_is_folded() {
    let lines = "{\"n\":1}\n{\"n\":2,\"m\":[]}\n";
    let mut app = shown(lines);
    let query = queries(&app.keys("F")).remove(0);
    app.event(json_window(&query, lines));
    app.assert_shows("▸ {… 1 key}");
    app.assert_shows("▸ {… 2 keys}");
}
