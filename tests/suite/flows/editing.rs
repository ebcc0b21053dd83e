//! Words and lines of what is typed: by the mouse, by keys, and laid out anew.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::form::FormTab;
use wirebench::app::message::MouseKind;

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

/// What Ctrl+C copies.
fn copied(driver: &mut Driver) -> String {
    let copies = driver.keys("<C-c>");
    copies
        .iter()
        .filter_map(|effect| match effect {
            Effect::Copy { text, .. } => Some(text.clone()),
            _ => None,
        })
        .collect()
}

/// Where a text is on the screen.
fn place(driver: &Driver, text: &str) -> (u16, u16) {
    let screen = driver.screen();
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        line.find(text).map(|at| (line.get(..at).unwrap().chars().count() as u16, row as u16))
    });
    found.unwrap_or_else(|| panic!("no {text:?} on:\n{screen}"))
}

fn press(driver: &mut Driver, (column, row): (u16, u16), times: usize) {
    for _ in 0..times {
        driver.mouse(MouseKind::Press, column, row);
        driver.mouse(MouseKind::Release, column, row);
    }
}

fn body(kind: &str, text: &str) -> Driver {
    let file = format!(
        "[http]\nmethod = 'POST'\nurl = 'http://host.test/some_path'\nbody.{kind} = '''\n{text}'''\n"
    );
    let mut driver = Driver::with(WIDE, workspace(&[("a", &file)]));
    driver.keys("<Enter>");
    driver.app.shared.focus = Pane::Request;
    driver.app.shared.drafts.current_mut().tab = FormTab::Body;
    driver
}

#[test]
fn a_double_click_selects_a_word_and_a_third_the_line_in_every_text() {
    let mut driver = body("text", "one two three\nlast line");
    let two = place(&driver, "two three");
    press(&mut driver, two, 2);
    assert_eq!(copied(&mut driver), "two", "{}", driver.screen());
    // The time between is what tells a second press from a new one; here a click elsewhere does.
    let last = place(&driver, "last line");
    press(&mut driver, last, 3);
    assert_eq!(copied(&mut driver), "last line");
    let path = place(&driver, "some_path");
    press(&mut driver, path, 2);
    assert_eq!(copied(&mut driver), "some_path");
    driver.keys("other");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://host.test/other");
    let host = place(&driver, "host.test");
    press(&mut driver, host, 3);
    assert_eq!(copied(&mut driver), "http://host.test/other");
}

#[test]
fn control_and_arrows_go_by_words_where_a_text_is_typed_and_by_tabs_elsewhere() {
    let mut driver = body("text", "one two three\n");
    let two = place(&driver, "two three");
    press(&mut driver, two, 1);
    driver.keys("<C-Right>X<C-Left><C-Left>Y");
    driver.assert_shows("one Ytwo Xthree");
    driver.keys("<Home><C-S-Right>");
    assert_eq!(copied(&mut driver).trim(), "one");
    driver.keys("<End><C-Backspace>");
    driver.assert_shows("one Ytwo");
    assert!(!driver.shows("Xthree"), "{}", driver.screen());
    driver.assert_shows("Alt+Right Next tab");
    assert_eq!(driver.app.shared.drafts.current().tab, FormTab::Body);
    driver.keys("<C-l><C-Left>q");
    assert!(driver.app.shared.drafts.current().spec.address().ends_with("qsome_path"));
    driver.keys("<A-Right>");
    assert_eq!(driver.app.shared.drafts.current().tab, FormTab::Options, "also from a text");
    driver.keys("<Down><C-Left>");
    assert_eq!(driver.app.shared.drafts.current().tab, FormTab::Body, "where no text is");
}

#[test]
fn markup_that_is_well_formed_is_laid_out_and_what_is_not_is_said() {
    let mut driver = body("text", "<a><b x='{{v}}'>1</b><c/></a>");
    let start = place(&driver, "<a>");
    press(&mut driver, start, 1);
    driver.keys("<A-F>");
    for line in ["<a>", "  <b x='{{v}}'>1</b>", "  <c/>", "</a>"] {
        driver.assert_shows(line);
    }
    driver.assert_shows("laid out; Alt+Z brings the old text back");
    driver.keys("<A-F>");
    driver.assert_shows("it is laid out already");
    driver.keys("<A-z>");
    driver.assert_shows("<a><b x='{{v}}'>1</b><c/></a>");
    driver.keys("<C-A-Down>");
    driver.paste("</b>");
    driver.keys("<A-F>");
    driver.assert_shows("not laid out: </b> ends nothing that is open");
    let mut driver = body("text", "no markup");
    let start = place(&driver, "no markup");
    press(&mut driver, start, 1);
    driver.keys("<A-F>");
    driver.assert_shows("not laid out: only JSON, XML and HTML are laid out");
}

#[test]
fn the_mouse_places_selects_words_and_lines_and_drags_in_every_line_that_is_typed_into() {
    let opened: [(&str, &str); 8] = [
        ("the search of presets", "<A-1>/"),
        ("the search of history", "<A-2>/"),
        ("the filter", "<A-5>/"),
        ("the palette", "<C-p>"),
        ("the help", "<F1>"),
        ("a name", "<A-1>S"),
        ("an environment", "<A-E>n"),
        ("the address", "<C-l>"),
    ];
    for (what, keys) in opened {
        let mut driver = Driver::starter(WIDE);
        driver.keys(keys);
        driver.keys("<C-u>one two_3 x");
        let shown = |driver: &Driver, text: &str| {
            assert!(driver.shows(text), "{what}: {text}\n{}", driver.screen());
        };
        let (column, row) = place(&driver, "one two_3 x");
        press(&mut driver, (column + 5, row), 2);
        driver.keys("Q");
        shown(&driver, "one Q x");
        press(&mut driver, (column + 4, row), 1);
        driver.keys("7");
        shown(&driver, "one 7Q x");
        driver.mouse(MouseKind::Press, column, row);
        driver.mouse(MouseKind::Drag, column + 3, row);
        driver.mouse(MouseKind::Release, column + 3, row);
        driver.keys("8");
        shown(&driver, "8 7Q x");
        press(&mut driver, (column + 2, row), 3);
        driver.keys("9");
        shown(&driver, "9");
        assert!(!driver.shows("7Q x"), "{what}: {}", driver.screen());
    }
}
