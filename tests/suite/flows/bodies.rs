//! Writing a body: what helps to write it, what is said of it, and how much of it is in sight.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::form::{FormFieldId, FormTab, access};
use wirebench::app::message::{Input, Message, MouseKind, Timer};
use wirebench::model::field_id::FieldId;
use wirebench::model::plan::Plan;

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const SMALL: (u16, u16) = (80, 24);

/// A request with this body, the cursor of the form at the end of its text.
fn writing(kind: &str, body: &str, size: (u16, u16)) -> Driver {
    let file =
        format!("[http]\nmethod='POST'\nurl='http://127.0.0.1:9/'\nbody.{kind}='''\n{body}'''\n");
    let mut driver = Driver::with(size, workspace(&[("it", &file)]));
    driver.keys("<Enter>");
    driver.app.shared.focus = Pane::Request;
    let draft = driver.app.shared.drafts.current_mut();
    let key = if kind == "json" { "json" } else { "text" };
    (draft.tab, draft.at) = (FormTab::Body, FormFieldId::Field(FieldId::new("body").then(key)));
    driver.keys("<C-A-Down><End>");
    driver
}

fn body(driver: &Driver) -> String {
    let spec = &driver.shared.drafts.current().spec;
    access::get(spec, access::body_text(spec).unwrap())
}

/// Rows of the screen with a line of the text in them, by their numbers.
fn rows_in_sight(driver: &Driver) -> usize {
    let area = driver.shared.areas().request;
    let buffer = driver.buffer();
    let number = |y: &u16| {
        let text: String = (area.x + 1..area.x + 9).map(|x| buffer[(x, *y)].symbol()).collect();
        text.trim_start().starts_with(|c: char| c.is_ascii_digit())
    };
    (area.y + 1..area.bottom() - 1).filter(number).count()
}

#[test]
fn json_is_written_with_pairs_and_indents_and_its_first_mistake_is_told_at_once() {
    let mut driver = writing("json", "", SMALL);
    driver.keys("{<Enter>\"name\": {{who}},<Enter>\"tags\": [1, 2");
    assert_eq!(body(&driver), "{\n  \"name\": {{who}},\n  \"tags\": [1, 2]\n}");
    driver.assert_shows("\u{2713} JSON");
    driver.keys(",");
    driver.assert_shows("\u{2717} 3:17 ']' instead of a value");
    driver.assert_shows("\u{2717} 3");
    driver.keys("<Backspace>");
    driver.assert_shows("\u{2713} JSON");
    let (_, plan) = Driver::opened(&driver.keys("<A-l>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert!(format!("{:?}", plan.body).contains("tags"), "what is seen is what is sent");
}

#[test]
fn a_body_is_laid_out_with_its_names_and_undone_as_one_change() {
    let mut driver = writing("json", r#"{"a":{{x}},"b":[1,{}]}"#, SMALL);
    driver.keys("<A-F>");
    let new = "{\n  \"a\": {{x}},\n  \"b\": [\n    1,\n    {}\n  ]\n}";
    assert_eq!(body(&driver), new);
    driver.assert_shows("Alt+Z brings the old text back");
    driver.keys("<A-z>");
    assert_eq!(body(&driver), r#"{"a":{{x}},"b":[1,{}]}"#);
    driver.keys("<A-y>");
    assert_eq!(body(&driver), new);
    driver.keys("<C-_>");
    assert_eq!(body(&driver), r#"{"a":{{x}},"b":[1,{}]}"#, "the undo of terminals");
    driver.keys("<C-A-Down>,<A-F>");
    driver.assert_shows("not laid out: line 1, column 23");
    // From elsewhere in the form the key goes to the body.
    driver.keys("<Backspace><C-l><A-F>");
    assert_eq!(body(&driver), new);
}

#[test]
fn the_body_is_laid_out_from_whichever_tab_is_shown() {
    for tab in [FormTab::Params, FormTab::Headers, FormTab::Body, FormTab::Auth, FormTab::Options] {
        let mut driver = writing("json", "[1]", SMALL);
        let draft = driver.app.shared.drafts.current_mut();
        (draft.tab, draft.at) = (tab, FormFieldId::Tabs);
        driver.keys("<A-F>");
        assert_eq!(body(&driver), "[\n  1\n]", "from {tab:?}");
        assert_eq!(driver.shared.drafts.current().tab, FormTab::Body, "from {tab:?}");
    }
}

#[test]
fn a_letter_on_the_button_of_a_list_that_is_not_there_goes_nowhere() {
    let mut driver = Driver::with(SMALL, workspace(&[("it", "[tcp]\naddress='127.0.0.1:9'\n")]));
    driver.keys("<Enter>");
    driver.app.shared.focus = Pane::Request;
    driver.app.shared.drafts.current_mut().at = FormFieldId::Add("headers");
    driver.keys("x");
    assert!(!driver.shared.drafts.current().is_modified());
}

#[test]
fn words_are_undone_one_by_one_and_the_footer_says_how() {
    let mut driver = writing("text", "", (120, 40));
    driver.keys("one two");
    let footer = driver.screen().lines().last().unwrap().to_owned();
    assert!(footer.contains("Alt+Z Undo") && !footer.contains("Redo"), "{footer}");
    driver.keys("<A-z>");
    assert_eq!(body(&driver), "one");
    let footer = driver.screen().lines().last().unwrap().to_owned();
    assert!(footer.contains("Alt+Y Redo"), "{footer}");
    driver.keys("<A-u>");
    assert_eq!(body(&driver), "");
    driver.keys("<A-y><A-y>");
    assert_eq!(body(&driver), "one two");
}

#[test]
fn what_was_deleted_key_by_key_comes_back_by_word_in_texts_of_every_size() {
    for before in ["", "{\n", &"x ".repeat(40_000)] {
        let mut driver = writing("text", &format!("{before}one two é"), (120, 40));
        let mut after = |keys: &str| {
            driver.keys(keys);
            body(&driver).strip_prefix(before).unwrap().to_owned()
        };
        assert_eq!(after(&"<Backspace>".repeat(8)), "o");
        assert_eq!(after("<A-z>"), "one ");
        assert_eq!(after("<A-z>"), "one two ");
        assert_eq!(after("<A-z>"), "one two é");
        assert_eq!(after("<A-y><A-y>"), "one ");
        assert_eq!(after("<A-z><A-z>"), "one two é");
        assert_eq!(after("<Left><Left><Left><Left><Left><Del><Del>"), "one o é");
        assert_eq!(after("<A-z>"), "one two é");
    }
}

#[test]
fn what_was_deleted_in_a_row_of_the_address_comes_back_as_one() {
    let mut driver = Driver::bare((120, 40));
    driver.keys("<C-l>http://h/?a=b%20c%C3%A9<Down><Down><Tab><End><Backspace><Backspace>");
    let url = |driver: &Driver| driver.shared.drafts.current().spec.address().to_owned();
    assert_eq!(url(&driver), "http://h/?a=b%20");
    driver.keys("<A-z>");
    assert_eq!(url(&driver), "http://h/?a=b%20c%C3%A9");
}

#[test]
fn a_paste_of_ten_thousand_lines_is_one_change() {
    let lines: Vec<String> = (0..10_000).map(|at| format!("  {{\"n\": {at}}},\n")).collect();
    let lines = lines.concat();
    let mut driver = writing("json", "[1]", SMALL);
    driver.keys("<Left>");
    driver.paste(&format!(",\n{lines}  2"));
    assert_eq!(body(&driver).lines().count(), 10_002);
    // The check goes on in steps that no key waits for.
    driver.assert_shows("10,001");
    while let Some(at) = driver
        .effects
        .iter()
        .position(|effect| matches!(effect, Effect::After { timer: Timer::TextCheck, .. }))
    {
        driver.effects.remove(at);
        driver.send(Message::Timer(Timer::TextCheck));
    }
    driver.assert_shows("\u{2713} JSON");
    driver.keys("<A-z>");
    assert_eq!(body(&driver), "[1]");
    driver.keys("<A-y><C-A-Up>");
    assert_eq!(body(&driver).lines().count(), 10_002);
}

#[test]
fn five_rows_at_least_are_in_sight_while_a_body_is_written() {
    let text = "1,\n".repeat(50);
    for prepare in ["", "<F12>", "<A-5>]]]]]]]]]]]]<A-3>", "<A-3><F5><A-3>"] {
        let mut driver = writing("json", &text, SMALL);
        let draft_at = driver.shared.drafts.current().at;
        driver.keys(prepare);
        driver.app.shared.focus = Pane::Request;
        driver.app.shared.drafts.current_mut().at = draft_at;
        driver.keys("<C-A-Up>");
        assert!(rows_in_sight(&driver) >= 5, "{prepare}\n{}", driver.screen());
        assert!(driver.shared.areas().response.height >= 4);
    }
}

#[test]
fn tab_is_an_indent_in_a_body_and_selected_lines_move() {
    let mut driver = writing("json", "", SMALL);
    driver.keys("[<Enter>1,<Enter>2");
    driver.keys("<S-Up><S-Up><S-Home><S-Tab>");
    assert_eq!(body(&driver), "[\n1,\n2\n]");
    driver.keys("<Tab><Tab>");
    assert_eq!(driver.shared.focus, Pane::Request);
    assert_eq!(body(&driver), "    [\n    1,\n    2\n]");
    driver.keys("<Esc>");
    driver.keys("<A-4>");
    assert_eq!(driver.shared.focus, Pane::Response);
}

#[test]
fn all_is_selected_copied_and_cut() {
    let copied = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Copy { text, .. } => Some(text.clone()),
            _ => None,
        })
    };
    let mut driver = writing("json", "[1, 2]", SMALL);
    assert_eq!(copied(&driver.keys("<A-a><C-c>")).as_deref(), Some("[1, 2]"));
    driver.assert_shows("copied what is selected");
    assert_eq!(body(&driver), "[1, 2]");
    assert_eq!(copied(&driver.keys("<C-x>")).as_deref(), Some("[1, 2]"));
    assert_eq!(body(&driver), "");
    driver.keys("<C-y>");
    assert_eq!(body(&driver), "[1, 2]");
    // With nothing selected the key cancels, as everywhere.
    driver.keys("<C-c>");
    assert!(!driver.shows("copied"));
}

#[test]
fn the_mouse_puts_the_cursor_where_it_points_beside_the_numbers() {
    let mut driver = writing("json", "[\n  10,\n  20\n]", SMALL);
    driver.keys("<C-l>");
    driver.click("20");
    driver.keys("3");
    assert_eq!(body(&driver), "[\n  10,\n  320\n]");
    driver.click("10,");
    driver.keys("4");
    assert_eq!(body(&driver), "[\n  410,\n  320\n]");
    // What it is dragged over is selected.
    let screen = driver.screen();
    let row = screen.lines().position(|line| line.contains("410,")).unwrap();
    let column = screen.lines().nth(row).unwrap().chars().position(|c| c == '4').unwrap();
    let at = |step: usize| ((column + step) as u16, row as u16);
    driver.mouse(MouseKind::Press, at(0).0, at(0).1);
    driver.mouse(MouseKind::Drag, at(3).0, at(3).1);
    driver.mouse(MouseKind::Release, at(3).0, at(3).1);
    driver.keys("7");
    assert_eq!(body(&driver), "[\n  7,\n  320\n]");
}

#[test]
fn a_body_has_the_colours_of_its_language_with_and_without_the_cursor() {
    for (kind, text, word) in
        [("json", "{\"abc\": 1}", "\"abc\""), ("text", "<abc x=\"1\">t</abc>", "abc")]
    {
        let mut driver = writing(kind, text, SMALL);
        let style = |driver: &Driver| {
            let screen = driver.screen();
            let found = screen.lines().enumerate().find_map(|(row, line)| {
                line.find(word).map(|at| (line[..at].chars().count(), row))
            });
            let (x, y) = found.unwrap();
            let buffer = driver.buffer();
            (buffer[(x as u16, y as u16)].fg, (x, y))
        };
        let (color, place) = style(&driver);
        assert_ne!(color, driver.buffer()[(0, 0)].fg);
        driver.keys("<C-l>");
        assert_eq!(style(&driver), (color, place), "it does not move when the cursor leaves");
    }
}

#[test]
fn no_key_of_the_editor_panics_at_any_size() {
    for size in [(1, 1), (10, 5), (36, 12), (44, 14), (200, 60)] {
        let mut driver = writing("json", "{\"a\": [1,\n2]}", size);
        driver.keys("{\"<Enter><Tab><S-Tab><A-F><A-a><Backspace><A-z><A-y>");
        let _ = driver.screen();
        for kind in [MouseKind::Press, MouseKind::Release, MouseKind::ScrollDown] {
            driver.mouse(kind, size.0 / 2, size.1 / 2);
        }
        driver.send(Message::Input(Input::Resize { columns: 80, rows: 24 }));
        let _ = driver.screen();
    }
}
