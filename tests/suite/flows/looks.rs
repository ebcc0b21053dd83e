//! What the screen says by itself: what to do while a pane is empty, what can be done with what the
//! cursor is on, what was said last, and which environment it is.

use ratatui::layout::Margin;
use ratatui::style::Color;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Input, Message, MouseKind};
use wirebench::app::themes::Themes;
use wirebench::engine::event::Phase;
use wirebench::model::preset::Environment;
use wirebench::model::theme::{ColorDepth, ThemeColor, ThemeRole};

use crate::harness::app::Driver;
use crate::harness::samples::{START, tcp_plan};
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

fn footer(driver: &Driver) -> String {
    driver.screen().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_remark_has_a_place_of_its_own_and_covers_nothing_that_is_read() {
    for size in [WIDE, (80, 24), (40, 12)] {
        let mut driver = Driver::starter(size);
        let before = driver.screen();
        driver.keys("y");
        driver.assert_shows("\u{2713} copied tutorial/http-");
        let after = driver.screen();
        let changed: Vec<usize> = (0..usize::from(size.1))
            .filter(|row| before.lines().nth(*row) != after.lines().nth(*row))
            .collect();
        // Above the line of the traffic, where that is folded.
        let lowest = usize::from(size.1) - 3..usize::from(size.1) - 1;
        assert!(changed.len() == 1 && lowest.contains(&changed[0]), "{size:?}\n{after}");
        driver.keys("<Esc>");
        assert_eq!(driver.screen(), before, "{size:?}");
    }
}

#[test]
fn an_empty_program_says_what_to_do_and_stops_when_it_is_done() {
    let mut driver = Driver::bare(WIDE);
    let lessons = [
        "no presets yet",
        " Ctrl+N  composes one",
        "nothing sent yet",
        " Enter  opens it again",
        " F5  sends the request",
        "the response appears here",
    ];
    for lesson in lessons {
        driver.assert_shows(lesson);
    }
    // Keys look like keys.
    let buffer = driver.buffer();
    let raised = driver.app.shared.themes.sheet().color(ThemeRole::Raised);
    let caps = buffer.content().iter().filter(|cell| match (cell.bg, raised) {
        (Color::Indexed(shown), ThemeColor::Index(wanted)) => shown == wanted,
        _ => false,
    });
    assert!(caps.count() > 12);
    driver.app.shared.focus = Pane::Traffic;
    driver.assert_shows("everything that crosses a socket appears here");
    driver.assert_shows(" /  filters: port == 9000 and dir == in");
    driver.keys("<C-l>http://127.0.0.1:9/<Enter>");
    for gone in ["nothing sent yet", "sends the request", "the response appears here", "no presets"]
    {
        assert!(!driver.shows(gone), "{gone}\n{}", driver.screen());
    }
}

#[test]
fn a_search_without_a_hit_says_how_to_end_it() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/nothing-is-called-so");
    driver.assert_shows("nothing found");
    driver.assert_shows(" Esc  ends the search");
    driver.keys("<Esc>");
    assert!(!driver.shows("nothing found"));
}

#[test]
fn an_open_conversation_says_how_to_speak_until_something_was_said() {
    let mut app = Driver::new(WIDE, START);
    let id = app.open(tcp_plan());
    let (local, peer) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
    app.phase(id, Phase::Connected { local, peer });
    app.assert_shows("nothing was said yet");
    app.assert_shows("sends the line below");
}

#[test]
fn hints_are_about_what_the_cursor_is_on() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("g");
    let folder = footer(&driver);
    assert!(folder.contains("Toggle") && !folder.contains("F5 Send"), "{folder}");
    driver.keys("j");
    let preset = footer(&driver);
    assert!(preset.contains("Enter Open") && !preset.contains("F5 "), "{preset}");
    driver.keys("<Enter><A-1>");
    assert!(footer(&driver).contains("F5 Send"), "{}", footer(&driver));
    driver.keys("<C-l>");
    let address = footer(&driver);
    assert!(address.contains("F5 Send") && !address.contains("Toggle row"), "{address}");
    driver.keys("<Down>");
    let tabs = footer(&driver);
    assert!(tabs.contains("Next tab") && tabs.contains("Previous tab"), "{tabs}");
    driver.keys("<Down><Right>n");
    let row = footer(&driver);
    assert!(row.contains("Toggle row") && row.contains("Add row"), "{row}");
    driver.app.shared.focus = Pane::Traffic;
    let nothing = footer(&driver);
    assert!(!nothing.contains("Detail") && !nothing.contains("Make preset"), "{nothing}");
    driver.app.shared.focus = Pane::History;
    assert!(!footer(&driver).contains("Forget entry"));
}

#[test]
fn the_environment_is_a_chip_in_the_colour_its_file_names() {
    let mut found = workspace(&[("a", "[http]\nurl='http://h/'\n")]);
    for (name, color) in [("prod", Some("red")), ("stage", Some("#ffd700")), ("test", None)] {
        found.environments.push(Environment {
            name: name.into(),
            color: color.map(str::to_owned),
            ..Environment::default()
        });
    }
    let mut driver = Driver::with(WIDE, found);
    driver.app.shared.themes = Themes::new(ColorDepth::Direct);
    let chip = |driver: &Driver| {
        let at = driver.screen().lines().next().unwrap().find("env ").unwrap() as u16;
        driver.buffer()[(at, 0)].style()
    };
    let rgb = |color| match color {
        ThemeColor::Direct([r, g, b]) => Some(Color::Rgb(r, g, b)),
        _ => None,
    };
    let sheet = driver.app.shared.themes.sheet().clone();
    driver.assert_shows(" env prod ");
    assert_eq!(chip(&driver).bg, rgb(sheet.named("red").unwrap()));
    driver.keys("<F7>");
    driver.assert_shows(" env stage ");
    assert_eq!(chip(&driver).bg, Some(Color::Rgb(0xff, 0xd7, 0)));
    driver.keys("<F7>");
    assert_eq!(chip(&driver).bg, rgb(sheet.color(ThemeRole::Raised)));
    driver.keys("<F7>");
    driver.assert_shows(" env none ");
    assert_eq!(chip(&driver).bg, rgb(sheet.color(ThemeRole::Ground)));
    // Without colours it is seen all the same.
    driver.keys("<F7>");
    driver.app.shared.themes = Themes::new(ColorDepth::None);
    assert!(chip(&driver).add_modifier.contains(ratatui::style::Modifier::REVERSED));
}

/// Says something as a flow would.
fn say(driver: &mut Driver, text: &str) {
    driver.app.warn(text);
    driver.send(Message::Input(Input::Resumed));
}

#[test]
fn a_remark_has_a_row_of_its_own_and_covers_neither_frames_nor_hints_nor_content() {
    for size in [(80, 24), (120, 40), (160, 48), (200, 60)] {
        for keys in ["", "<A-3>", "<A-5>", "<A-4>z"] {
            let mut driver = Driver::starter(size);
            driver.keys(keys);
            let before = driver.screen();
            let slot = usize::from(size.1) - 2;
            assert_eq!(before.lines().nth(slot).unwrap().trim(), "", "{before}");
            for cells in [1, 20, size.0 - 6] {
                say(&mut driver, &"x".repeat(cells.into()));
                let screen = driver.screen();
                assert!(screen.lines().nth(slot).unwrap().contains('x'), "{screen}");
                for (at, (row, was)) in screen.lines().zip(before.lines()).enumerate() {
                    assert!(at == slot || row == was, "{row} was {was}");
                }
            }
        }
    }
}

#[test]
fn a_long_remark_is_read_to_its_end_and_moves_nothing_that_stands_above() {
    let long = format!("{} end of it", "word ".repeat(30));
    for size in [WIDE, (80, 24)] {
        let mut driver = Driver::starter(size);
        let before = driver.screen();
        say(&mut driver, &long);
        let screen = driver.screen();
        assert!(screen.contains("end of it"), "{screen}");
        assert_eq!(screen.lines().last(), before.lines().last(), "the hints");
        let tops = |text: &str| -> Vec<(usize, usize)> {
            let corner = |c| matches!(c, '┌' | '┏');
            let at = |(y, row): (usize, &str)| {
                let row: Vec<char> = row.chars().collect();
                let found = (0..row.len()).filter(|x| corner(row[*x])).map(|x| (x, y));
                found.collect::<Vec<_>>()
            };
            text.lines().enumerate().flat_map(at).collect()
        };
        assert_eq!(tops(&screen), tops(&before), "every pane begins where it did: {screen}");
        // Every frame is closed.
        let ends = |text: &str| text.matches(['┘', '┛']).count();
        assert_eq!(ends(&screen), ends(&before), "{screen}");
        // What has to go gives the rows back.
        driver.app.notice = None;
        driver.send(Message::Input(Input::Resumed));
        assert_eq!(driver.screen(), before);
    }
}

#[test]
fn on_a_tiny_screen_a_remark_leaves_no_half_of_what_stands_on_the_frame() {
    let mut driver = Driver::starter((40, 12));
    driver.keys("<A-1>F");
    let row_of = |driver: &Driver| driver.screen().lines().rev().nth(1).unwrap().to_owned();
    let foot = row_of(&driver);
    for cells in 1..40 {
        say(&mut driver, &"x".repeat(cells));
        let row = row_of(&driver);
        let tail = row.rsplit(['x', '\u{2026}']).next().unwrap_or_default();
        assert!(
            tail.trim().is_empty()
                || foot.ends_with(tail.trim_start())
                || tail.trim_start().starts_with(['\u{2501}', '\u{2500}', '\u{251b}']),
            "{row}"
        );
    }
}

const LONG: &str = "[http]\nurl='http://localhost:1/path?page=2'\nquery=['a=1', 'b=2', 'c=3', 'last=4']\n\
    headers=['A: 1', 'B: 2', 'X-Trace: {{nobody}}']\n";

/// The lines of the request, between its frames.
fn form(driver: &Driver) -> Vec<String> {
    let screen = driver.screen();
    let lines = screen.lines().map(str::to_owned);
    let from = lines.skip_while(|line| !line.contains("HTTP client"));
    from.take_while(|line| !line.contains("Response")).collect()
}

#[test]
fn what_is_wrong_with_a_row_stands_below_the_rows_and_hides_none_of_them() {
    for size in [(80, 24), (80, 20), WIDE] {
        let mut driver = Driver::with(size, workspace(&[("long", LONG)]));
        driver.keys("<Enter><F5>");
        let form = form(&driver);
        let at = |text: &str| form.iter().position(|line| line.contains(text));
        let (row, complaint) = (at("X-Trace"), at("unknown variable"));
        assert!(row.is_some() && complaint > row, "{size:?}\n{}", driver.screen());
        // On every row of the form the cursor is seen.
        for _ in 0..8 {
            driver.keys("<Down>");
            let shared = &driver.app.shared;
            let inner = shared.areas().request.inner(Margin::new(1, 1));
            let placed = driver.app.request.place(shared, inner);
            let room = driver.app.request.form_place(shared, inner).room;
            let here = placed.iter().find(|it| it.field.id == shared.drafts.current().at);
            let is_seen = here.is_some_and(|it| it.area.bottom() <= room.bottom());
            assert!(is_seen, "{size:?}\n{}", driver.screen());
        }
    }
}

#[test]
fn a_form_that_is_longer_than_its_pane_says_so_and_is_scrolled_to_its_end() {
    let mut driver = Driver::with((80, 24), workspace(&[("long", LONG)]));
    driver.keys("<Enter>");
    let shown = form(&driver);
    let bars = |form: &[String]| form.iter().filter(|line| line.contains('\u{2590}')).count();
    assert!(bars(&shown) > 0 && shown.iter().any(|line| line.contains(" of 6 ")), "{shown:#?}");
    let area = driver.app.shared.areas().request;
    for _ in 0..9 {
        driver.mouse(MouseKind::ScrollDown, area.x + 4, area.y + 4);
    }
    let shown = form(&driver);
    assert!(shown.iter().any(|line| line.contains(" 6 of 6 ")), "{shown:#?}");
    let end = shown.iter().rposition(|line| line.contains(" +  name"));
    assert_eq!(end, Some(shown.len() - 2), "{shown:#?}");
    // Nothing of it stays behind where all of it is in sight.
    driver.app.shared.size = (120, 60);
    driver.keys("<A-3>");
    let shown = form(&driver);
    assert!(bars(&shown) == 0 && !shown.iter().any(|line| line.contains(" of 6 ")), "{shown:#?}");
    assert!(shown.iter().any(|line| line.contains("page")), "{shown:#?}");
}

#[test]
fn the_footer_calls_sending_what_the_button_calls_it() {
    const MOCK: &str = "[http-listener]\nbind='127.0.0.1:0'\n";
    let files = [("a", LONG), ("m", MOCK), ("t", "[tcp]\naddress='h:1'\n")];
    let mut driver = Driver::with(WIDE, workspace(&files));
    let says = |driver: &Driver, words: &str| {
        assert!(footer(driver).contains(words), "{words}\n{}", driver.screen());
    };
    driver.keys("<Enter>");
    says(&driver, "F5 Send ");
    // On another row the key would only open that, as Enter does.
    driver.keys("<A-1><Down>");
    assert!(!footer(&driver).contains("F5"), "{}", driver.screen());
    driver.keys("<F5>");
    says(&driver, "F5 Listen ");
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    driver.keys("<A-1>");
    says(&driver, "F5 Update answers ");
    driver.keys("<Down><F5>");
    says(&driver, "F5 Connect ");
    driver.keys("<A-3>");
    says(&driver, "F5 Connect ");
}
