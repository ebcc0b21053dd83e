//! A body shown as a table: the cursor is on a cell, which is copied and opened as it is in the body.

use wirebench::app::effect::Effect;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::id::BodyId;
use wirebench::model::recipe::{DerivationReport, RecipeKind};
use wirebench::model::table_cell::{CellQuery, TableCell};
use wirebench::model::view::{SearchHit, ViewMode};

use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, commands, exchange, http_plan, json_window, queries};

const SOURCE: BodyId = BodyId(1);
const TABLE: BodyId = BodyId(900);
const HEADER: &str = "name      │ city   │ note";
const LINES: &str = "Ann       │ Zürich │ a note that goes on and on, to where it is c…
Bernadett │        │
Chris     │ Bern   │ short
";

/// Answers what is asked of the table.
fn serve(app: &mut Driver, effects: &[Effect]) {
    let mut waiting = queries(effects);
    while let Some(query) = waiting.pop() {
        let text = if query.body == TABLE { LINES } else { "name,city,note\n" };
        waiting.extend(queries(&app.event(json_window(&query, text))));
    }
}

/// A table is on screen.
fn table(size: (u16, u16)) -> Driver {
    let mut app = Driver::new(size, START);
    let id = app.open(http_plan());
    let answer = answer(200, SOURCE.0, 15);
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer)))));
    serve(&mut app, &effects);
    let orders = commands(app.keys("C"));
    let [Command::Derive(order)] = &orders[..] else { panic!("{orders:?}") };
    let report = DerivationReport {
        number: order.number,
        body: Some(TABLE),
        mode: Some(ViewMode::Text),
        header: HEADER.to_owned(),
        has_long_lines: false,
        remark: "3 rows".to_owned(),
        is_cut: false,
        warns: false,
        outcome: Some(Ok(())),
    };
    let effects = app.event(Event::Derived(Box::new(report)));
    serve(&mut app, &effects);
    app
}

/// What is asked of the engine about a cell.
fn asked(effects: Vec<Effect>) -> CellQuery {
    let orders = commands(effects);
    let [Command::LookAtCell(query)] = &orders[..] else { panic!("{orders:?}") };
    query.clone()
}

fn at(text: &str) -> u64 {
    LINES.find(text).unwrap() as u64
}

fn found(column: &str, row: u64, value: Option<&str>, text: &str) -> TableCell {
    let (column, value, text) = (column.to_owned(), value.map(str::to_owned), text.to_owned());
    TableCell { column, row, value, text }
}

fn copied(effects: Vec<Effect>) -> (String, String) {
    let copied = effects.into_iter().find_map(|effect| match effect {
        Effect::Copy { what, text } => Some((what, text)),
        _ => None,
    });
    copied.expect("something is copied")
}

#[test]
fn the_arrows_move_over_cells_and_the_frame_tells_row_and_column() {
    for size in [(80, 24), (160, 48)] {
        let mut app = table(size);
        app.assert_shows("name, row 1");
        app.keys("<Right>");
        app.assert_shows("city, row 1");
        app.keys("jl");
        app.assert_shows("note, row 2");
        // It ends at the last cell, and the names stay.
        app.keys("lll");
        app.assert_shows("note, row 2");
        app.assert_shows("city");
        app.keys("h<Left><Left>k");
        app.assert_shows("name, row 1");
        app.assert_shows(HEADER.split('…').next().unwrap());
    }
}

#[test]
fn the_cell_is_marked_also_without_colours() {
    use ratatui::style::Modifier;
    let mut app = table((120, 40));
    app.keys("jjl");
    let buffer = app.buffer();
    let area = *buffer.area();
    let marked: String = area
        .positions()
        .filter(|position| buffer[*position].modifier.contains(Modifier::REVERSED))
        .map(|position| buffer[position].symbol().to_owned())
        .collect();
    assert_eq!(marked.trim(), "Bern");
}

#[test]
fn what_is_copied_of_a_table_is_what_is_in_the_body() {
    let mut app = table((120, 40));
    let whole = "a note that goes on and on, to where it is cut on the screen, and further";
    let query = asked(app.keys("lly"));
    assert_eq!((query.body, query.at, query.rows), (TABLE, at(" a note"), 1));
    let row = format!("Ann,Zürich,\"{whole}\"");
    let cell = found("note", 0, Some(whole), &row);
    let effects = app.event(Event::Cell { query, outcome: Ok(Box::new(cell)) });
    assert_eq!(copied(effects), ("note, row 1".to_owned(), whole.to_owned()));
    // The row, and rows that are selected.
    let query = asked(app.keys("R"));
    let cell = found("note", 0, Some(whole), &row);
    let effects = app.event(Event::Cell { query, outcome: Ok(Box::new(cell)) });
    assert_eq!(copied(effects), ("row 1 as in the body".to_owned(), row));
    let query = asked(app.keys("jVjy"));
    assert_eq!((query.at, query.rows), (at("Bernadett"), 2));
    let cell = found("name", 1, Some("Bernadett"), "Bernadett,,\nChris,Bern,short");
    let effects = app.event(Event::Cell { query, outcome: Ok(Box::new(cell)) });
    assert_eq!(copied(effects).0, "rows 2 to 3 as in the body");
    // Nothing is no value, and an answer nobody waits for is none.
    let query = asked(app.keys("khy"));
    let old = query.clone();
    let outcome = Ok(Box::new(found("city", 1, Some(""), "Bernadett,,")));
    let effects = app.event(Event::Cell { query, outcome });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Copy { .. })));
    app.assert_shows("there is nothing in city, row 2");
    let outcome = Ok(Box::new(found("city", 1, Some("late"), "")));
    let effects = app.event(Event::Cell { query: old, outcome });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Copy { .. })));
    // All of it is the body as it was received.
    let fetched = queries(&app.keys("Y"));
    assert_eq!(fetched[0].body, SOURCE, "{fetched:?}");
}

#[test]
fn a_table_is_handed_on_as_the_body_it_was_made_of() {
    let mut app = table((120, 40));
    let outside = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Page { body, .. }
            | Effect::OpenOutside { body, .. }
            | Effect::Engine(Command::SaveBody { body, .. }) => Some(body),
            Effect::Engine(Command::Derive(order)) => Some(order.body),
            _ => None,
        })
    };
    for keys in ["P", "o", "|wc -l<Enter>", "<Esc>s<C-u>/tmp/x<Enter>", "q."] {
        assert_eq!(outside(app.keys(keys)), Some(SOURCE), "{keys}");
    }
}

#[test]
fn enter_opens_a_cell_whole_and_escape_comes_back_to_it() {
    let mut app = table((120, 40));
    let orders = commands(app.keys("ll<Enter>"));
    let [Command::Derive(order)] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!((order.body, order.from), (TABLE, at(" a note")));
    assert_eq!((order.recipe.kind, &*order.recipe.text), (RecipeKind::Cell, "note, row 1"));
    let report = DerivationReport {
        number: order.number,
        body: Some(BodyId(901)),
        mode: None,
        header: String::new(),
        has_long_lines: false,
        remark: String::new(),
        is_cut: false,
        warns: false,
        outcome: Some(Ok(())),
    };
    let long = format!("{}the end of it", "a note that goes on ".repeat(9));
    for query in queries(&app.event(Event::Derived(Box::new(report)))) {
        app.event(json_window(&query, &long));
    }
    app.assert_shows("⇒ cell note, row 1");
    // It is read whole.
    app.assert_shows("the end of it");
    let effects = app.keys("<Esc>");
    serve(&mut app, &effects);
    app.assert_shows("note, row 1");
    app.assert_shows("⇒ table");
}

#[test]
fn a_press_and_a_hit_choose_the_cell() {
    let mut app = table((120, 40));
    app.click("Bern ");
    app.assert_shows("city, row 3");
    app.click("Ann");
    app.assert_shows("name, row 1");
    let searched = commands(app.keys("/short<Enter>"));
    let Some(Command::Search(query)) = searched.into_iter().next() else { panic!("no search") };
    let hit = Some((2, at("short")));
    let (inside, flaw) = (Vec::new(), None);
    let effects = app.event(Event::Found(SearchHit {
        query,
        hit,
        inside,
        wrapped: false,
        behind_cut: false,
        flaw,
    }));
    serve(&mut app, &effects);
    app.assert_shows("note, row 3");
}

#[test]
fn a_hit_where_a_cell_is_cut_is_said_and_the_cell_is_under_the_cursor() {
    let mut app = table((120, 40));
    let orders = commands(app.keys("/further<Enter>"));
    let [Command::Search(query)] = &orders[..] else { panic!("{orders:?}") };
    let (hit, inside) = (Some((0, at("…"))), Vec::new());
    let (query, flaw) = (query.clone(), None);
    let found = SearchHit { query, hit, inside, wrapped: false, behind_cut: true, flaw };
    let effects = app.event(Event::Found(found));
    serve(&mut app, &effects);
    app.assert_shows("note, row 1");
    app.assert_shows("found where this cell is cut: Enter shows it whole");
    let orders = commands(app.keys("<Enter>"));
    assert!(
        matches!(&orders[..], [Command::Derive(order)] if order.recipe.kind == RecipeKind::Cell)
    );
}

#[test]
fn how_many_rows_there_are_is_no_warning_and_rows_of_other_columns_are() {
    use ratatui::style::Color;
    let ink = |app: &Driver, text: &str| -> Color {
        let screen = app.screen();
        let (y, row) = screen.lines().enumerate().find(|(_, row)| row.contains(text)).unwrap();
        let x = row.split(text).next().unwrap().chars().count();
        app.buffer()[(x as u16, y as u16)].fg
    };
    let app = table((120, 40));
    assert_eq!(ink(&app, "3 rows"), ink(&app, "line 1 of 3"), "a plain fact");
}

#[test]
fn without_colours_the_cell_alone_of_its_row_is_inside_out() {
    use ratatui::style::Modifier;
    use wirebench::app::themes::Themes;
    use wirebench::model::theme::ColorDepth;
    let mut app = table((80, 24));
    app.app.shared.themes = Themes::new(ColorDepth::None);
    app.keys("jjl");
    let screen = app.screen();
    let y = screen.lines().position(|row| row.contains("Chris")).unwrap() as u16;
    let buffer = app.buffer();
    let cells = (0..80).map(|x| &buffer[(x, y)]);
    let reversed = cells.filter(|cell| cell.modifier.contains(Modifier::REVERSED));
    let reversed: String = reversed.map(|cell| cell.symbol().to_owned()).collect();
    assert_eq!(reversed.trim(), "Bern", "{screen}");
}
