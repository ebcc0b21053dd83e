//! What is made of a body: keys in, orders to the engine and the screen out.

use wirebench::app::effect::Effect;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::id::BodyId;
use wirebench::model::recipe::{Derivation, DerivationReport, RecipeKind};
use wirebench::model::view::{ViewMode, ViewPart};

use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, commands, exchange, http_plan};

const WIDE: (u16, u16) = (120, 40);
/// The body of the answer.
const SOURCE: BodyId = BodyId(1);

/// An answer of so many lines is on screen.
fn shown(lines: u64) -> Driver {
    let mut app = Driver::new(WIDE, START);
    let id = app.open(http_plan());
    let answer = answer(200, SOURCE.0, lines * 10);
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer)))));
    app.serve(&effects, lines);
    app
}

fn order(effects: Vec<Effect>) -> Derivation {
    let mut orders = commands(effects).into_iter().filter_map(|command| match command {
        Command::Derive(order) => Some(order),
        _ => None,
    });
    let order = orders.next().expect("an order");
    assert_eq!(orders.next(), None, "one key, one order");
    order
}

fn report(number: u64, body: Option<u64>, outcome: Option<Result<(), String>>) -> Event {
    let (body, mode) = (body.map(BodyId), Some(ViewMode::Pretty));
    let (header, remark) = (String::new(), String::new());
    let is_cut = false;
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
    Event::Derived(Box::new(report))
}

/// The engine makes what was ordered.
fn make(app: &mut Driver, number: u64, body: u64, lines: u64) {
    let effects = app.event(report(number, Some(body), Some(Ok(()))));
    app.serve(&effects, lines);
}

#[test]
fn a_key_makes_a_body_and_the_same_key_or_escape_goes_back() {
    let mut app = shown(5);
    for back in ["K", "<Esc>"] {
        let made = order(app.keys("K"));
        assert_eq!((made.body, made.part), (SOURCE, ViewPart::Decoded));
        assert_eq!(made.recipe.kind, RecipeKind::SortKeys);
        app.assert_shows("being made");
        make(&mut app, made.number, 900 + made.number, 3);
        app.assert_shows("⇒ sorted keys");
        app.assert_shows("line 1 of 3");
        let released = commands(app.keys(back));
        assert_eq!(released, [Command::Release(vec![BodyId(900 + made.number)])], "{back}");
        app.assert_shows("line 1 of 5");
        assert!(!app.shows("⇒"));
    }
}

#[test]
fn what_is_said_of_a_body_is_seen_to_its_end_or_stands_in_rows_of_its_own() {
    let mut app = shown(5);
    app.app.shared.size = (80, 24);
    for (remark, is_long) in [
        ("12 rows", false),
        ("1,000,000 rows, 33 of them have other columns ◂, as said to the end", true),
    ] {
        let made = order(app.keys("C"));
        let Event::Derived(mut told) = report(made.number, Some(900 + made.number), Some(Ok(())))
        else {
            unreachable!()
        };
        remark.clone_into(&mut told.remark);
        let effects = app.event(Event::Derived(told));
        app.serve(&effects, 3);
        let screen = app.screen();
        let row = screen.lines().position(|row| row.contains(remark)).expect(&screen);
        assert_eq!(row < 12, is_long, "{screen}");
        app.keys("C");
    }
    // What is wrong with a filter, too.
    let typed = order(app.keys("q."));
    let flaw =
        "the filter is not one: a name, a number or a bracket was to come behind the dot, at 2";
    app.event(report(typed.number, None, Some(Err(flaw.into()))));
    let told = app.screen().replace(['┃', '│', '\n'], " ");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("behind the dot, at 2"), "{}", app.screen());
}

#[test]
fn what_is_made_can_be_made_something_of() {
    let mut app = shown(5);
    let first = order(app.keys("K"));
    make(&mut app, first.number, 900, 3);
    let second = order(app.keys("C"));
    assert_eq!((second.body, second.part), (BodyId(900), ViewPart::Decoded));
    make(&mut app, second.number, 901, 2);
    app.assert_shows("⇒ table");
    // What is still being made is not made something of: its end would be lost.
    let third = order(app.keys("U"));
    app.event(report(third.number, Some(902), None));
    assert_eq!(commands(app.keys("K")), []);
    app.assert_shows("still being made");
    app.keys("<Esc>");
    app.keys("<Esc>");
    app.assert_shows("⇒ sorted keys");
    // Another tab shows what it always did.
    app.keys("L");
    assert!(!app.shows("⇒"));
    app.keys("H");
    app.assert_shows("⇒ sorted keys");
}

#[test]
fn a_filter_is_applied_while_it_is_typed_and_a_mistake_leaves_the_last_result() {
    let mut app = shown(5);
    app.keys("q");
    app.assert_shows("jq:  a filter, as .items[] | .name");
    let first = order(app.keys("."));
    assert_eq!(first.recipe.text, ".");
    let first = order(app.keys("a"));
    assert_eq!(first.recipe.text, ".a");
    make(&mut app, first.number, 900, 3);
    app.assert_shows("⇒ jq .a");
    let second = order(app.keys("("));
    app.event(report(second.number, None, Some(Err("( is not closed, at column 3".into()))));
    app.assert_shows("( is not closed, at column 3");
    app.assert_shows("⇒ jq .a");
    // It cannot be taken as it is.
    assert_eq!(commands(app.keys("<Enter>")), []);
    app.assert_shows("jq: .a(");
    let third = order(app.keys("<Backspace>"));
    make(&mut app, third.number, 901, 2);
    assert!(!app.shows("is not closed"));
    assert_eq!(commands(app.keys("<Enter>")), []);
    assert!(!app.shows("jq: .a") && app.shows("⇒ jq .a"));
    // The key opens it again, what was typed before is one key away.
    app.keys("q");
    app.assert_shows("jq: .a");
    let changed = order(app.keys("b"));
    make(&mut app, changed.number, 902, 1);
    let before = order(app.keys("<Esc>"));
    assert_eq!(before.recipe.text, ".a");
}

#[test]
fn a_filter_that_is_cleared_is_no_more() {
    let mut app = shown(5);
    app.keys("q<Enter>");
    app.assert_shows("nothing was filtered");
    assert!(!app.shows("jq:"));
    app.keys("q.");
    let typed = order(app.keys("a"));
    assert_eq!(typed.content_type.as_deref(), Some("application/json"));
    make(&mut app, typed.number, 900, 3);
    app.keys("<Enter>");
    app.assert_shows("⇒ jq .a");
    app.keys("q<Backspace>");
    assert_eq!(commands(app.keys("<Backspace>")).last(), Some(&Command::StopDeriving));
    app.keys("<Enter>");
    app.assert_shows("line 1 of 5");
    assert!(!app.shows("⇒"));
}

#[test]
fn a_string_is_opened_from_its_line_and_what_it_holds_from_there() {
    let mut app = shown(5);
    let opened = order(app.keys("jji"));
    let recipe = &opened.recipe;
    assert_eq!((recipe.kind, opened.from), (RecipeKind::Value, 20), "{opened:?}");
    make(&mut app, opened.number, 900, 3);
    app.assert_shows("⇒ inside ");
    let inner = order(app.keys("i"));
    assert_eq!((inner.body, inner.content_type), (BodyId(900), None));
    app.event(report(
        inner.number,
        None,
        Some(Err("the value under the cursor is no string".into())),
    ));
    app.assert_shows("not made: the value under the cursor is no string");
    app.keys("<Esc>");
    app.assert_shows("line 3 of 5");
    // Where nothing is laid out there is nothing to open.
    let effects = app.keys("v");
    app.serve(&effects, 5);
    assert_eq!(commands(app.keys("i")), []);
    app.assert_shows("only a string of JSON that is laid out");
}

#[test]
fn giving_up_what_is_typed_goes_back_to_what_was_there() {
    let mut app = shown(5);
    app.keys("q");
    app.keys(".");
    let typed = order(app.keys("b"));
    make(&mut app, typed.number, 900, 3);
    assert_eq!(commands(app.keys("<Esc>")), [Command::Release(vec![BodyId(900)])]);
    app.assert_shows("line 1 of 5");
    // What was given up says something late: nobody wants it.
    let late = commands(app.event(report(typed.number, Some(901), None)));
    assert_eq!(late, [Command::Release(vec![BodyId(901)])]);
}

#[test]
fn a_large_body_is_filtered_when_the_filter_is_taken() {
    let mut app = shown(200_000);
    app.keys("q");
    assert_eq!(commands(app.keys(".a.b")), []);
    let taken = order(app.keys("<Enter>"));
    assert_eq!(taken.recipe.text, ".a.b");
    app.assert_shows("being made");
    // A filter that cannot be used comes back to be mended.
    app.event(report(taken.number, None, Some(Err("cannot index".into()))));
    app.assert_shows("jq: .a.b");
    app.assert_shows("cannot index");
    let again = order(app.keys("c<Enter>"));
    assert_eq!(commands(app.keys("<C-c>")), [Command::StopDeriving]);
    app.event(report(again.number, Some(900), Some(Err("stopped".into()))));
    app.assert_shows("stopped");
    let up = app.keys("<Esc>q<Up>");
    assert!(commands(up).contains(&Command::Release(vec![BodyId(900)])));
    app.assert_shows("jq: .a.bc");
    app.keys("<Up>");
    app.assert_shows("jq: .a.b");
}

#[test]
fn a_command_is_asked_for_and_what_it_says_stands_in_the_frame() {
    let mut app = shown(5);
    app.keys("|");
    app.assert_shows("pipe to:");
    let piped = order(app.keys("wc -l<Enter>"));
    assert_eq!((piped.recipe.kind, &*piped.recipe.text), (RecipeKind::Pipe, "wc -l"));
    let (body, mode, outcome) = (Some(BodyId(900)), None, Some(Ok(())));
    let (header, remark) = (String::new(), "exit status 3: \u{1b}[31mwrong".to_owned());
    let number = piped.number;
    let is_cut = false;
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
    app.serve(&effects, 2);
    app.assert_shows("⇒ | wc -l");
    app.assert_shows("exit status 3: \\e[31mwrong");
}

#[test]
fn why_a_command_printed_nothing_is_read_whole_where_its_output_would_be() {
    let mut app = shown(5);
    let piped = order(app.keys("|wc -l<Enter>"));
    let why = "exit status 127: sh: 1: a-program-with-a-long-name-that-is-nowhere: not found; and \
               what it said besides";
    let (number, is_cut, header) = (piped.number, false, String::new());
    let (body, mode, outcome) = (Some(BodyId(900)), None, Some(Ok(())));
    let remark = why.to_owned();
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
    app.serve(&effects, 0);
    let screen = app.screen();
    let read: String = screen.chars().filter(|c| !"│┃ \n".contains(*c)).collect();
    assert!(read.contains(&why.replace(' ', "")), "{screen}");
}

#[test]
fn the_names_of_the_columns_stand_above_a_table_and_move_with_it() {
    let mut app = shown(5);
    let asked = order(app.keys("C"));
    let (body, mode, outcome) = (Some(BodyId(900)), Some(ViewMode::Text), Some(Ok(())));
    let (header, remark) = ("name     │ city".to_owned(), "5 rows".to_owned());
    let number = asked.number;
    let is_cut = false;
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
    app.serve(&effects, 500);
    app.assert_shows("name     │ city");
    app.assert_shows("5 rows");
    let effects = app.keys("<PgDn><PgDn>");
    app.serve(&effects, 500);
    app.assert_shows("name     │ city");
}

#[test]
fn the_menu_lists_every_recipe_with_its_key() {
    let mut app = shown(5);
    app.keys("M");
    for text in ["Make of this body", "Sort keys", "Tabulate", "Pipe", "Jq", "Unescape", "Lay out"]
    {
        app.assert_shows(text);
    }
    let made = order(app.keys("sort<Enter>"));
    assert_eq!(made.recipe.kind, RecipeKind::SortKeys);
    // Where no bytes are shown nothing can be made.
    let mut empty = Driver::bare(WIDE);
    empty.keys("<A-4>M");
    assert_eq!(commands(empty.keys("K")), []);
}
