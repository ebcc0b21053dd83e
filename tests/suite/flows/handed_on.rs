//! Bodies that other programs open or show, and images, of which only the kind and size are told.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use bytes::Bytes;
use wirebench::app::effect::Effect;
use wirebench::app::message::{Input, Message};
use wirebench::engine::event::Event;
use wirebench::model::exchange::FieldLine;
use wirebench::model::view::{View, ViewLine, ViewMode, ViewPart, ViewQuery};

use crate::harness::app::Driver;
use crate::harness::peers::http_peer;
use crate::harness::samples::{START, answer, exchange, http_plan, queries};
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";

/// A body of this type that has arrived.
fn arrived(kind: &'static str, name: &'static str) -> (Driver, Vec<ViewQuery>) {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let mut answer = answer(200, 1, 500);
    let field = |name: &'static str, value: &'static str| FieldLine {
        name: Bytes::from_static(name.as_bytes()),
        value: Bytes::from_static(value.as_bytes()),
    };
    answer.head.fields = vec![field("Content-Type", kind), field("Content-Disposition", name)];
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer)))));
    let asked = queries(&effects);
    (app, asked)
}

fn hex(query: ViewQuery, bytes: &'static [u8]) -> Event {
    let line = |(at, bytes): (usize, &'static [u8])| ViewLine {
        number: at as u64,
        offset: at as u64 * 16,
        bytes: Bytes::from_static(bytes),
        ..ViewLine::default()
    };
    let lines: Vec<ViewLine> = bytes.chunks(16).enumerate().map(line).collect();
    let (total_lines, total_bytes) = (lines.len() as u64, bytes.len() as u64);
    let (cut, top, complete) = (query.mode, 0, true);
    let (enclosing, note) = (Vec::new(), None);
    Event::View(Box::new(View {
        query,
        cut,
        top,
        lines,
        total_lines,
        total_bytes,
        complete,
        enclosing,
        note,
    }))
}

#[test]
fn an_image_is_named_with_its_size_and_opened_outside() {
    let (mut app, asked) = arrived("image/png", "attachment; filename=\"cat.desktop\"");
    assert_eq!(asked[0].mode, ViewMode::Hex);
    app.event(hex(asked[0].clone(), PNG));
    app.assert_shows("PNG image, 640 × 480");
    app.assert_shows("o Open outside");
    let effects = app.keys("o");
    let Some(Effect::OpenOutside { body, part, name }) = effects.first() else {
        panic!("{effects:?}")
    };
    assert_eq!((*body, *part, &**name), (asked[0].body, ViewPart::Decoded, "cat.png"));
}

#[test]
fn hex_that_is_wider_than_its_pane_says_so_and_is_read_to_its_end() {
    for (columns, rows) in [(80, 24), (160, 48)] {
        let (mut app, asked) = arrived("image/png", "inline");
        app.event(hex(asked[0].clone(), PNG));
        app.send(Message::Input(Input::Resize { columns, rows }));
        let first = |app: &Driver| {
            let screen = app.screen();
            screen.lines().find(|line| line.contains("4e 47 0d")).unwrap_or_default().to_owned()
        };
        let all = "|.PNG........IHDR|";
        assert!(first(&app).contains('›') && !first(&app).contains(all), "{}", app.screen());
        for _ in 0..10 {
            app.keys("<Right>");
        }
        assert!(app.screen().contains(all) && app.screen().contains('‹'), "{}", app.screen());
        assert!(!first(&app).contains('›'), "{}", app.screen());
    }
}

#[test]
fn the_name_of_what_is_opened_outside_has_an_ending_of_ours() {
    for (kind, proposed, expected) in [
        ("application/json", "attachment; filename=run.sh", "run.json"),
        ("text/html; charset=utf-8", "attachment; filename=\"../x.exe\"", "_x.html"),
        ("text/plain", "attachment; filename=.bashrc", "bashrc.txt"),
        ("application/x-sh", "attachment; filename=a.sh", "a.txt"),
        ("application/octet-stream", "attachment", "0.txt"),
    ] {
        let (mut app, _) = arrived(kind, proposed);
        let effects = app.keys("o");
        let name = effects.iter().find_map(|effect| match effect {
            Effect::OpenOutside { name, .. } => Some(name.as_str()),
            _ => None,
        });
        assert_eq!(name, Some(expected), "{kind}");
    }
}

#[test]
fn the_pager_gets_the_body_as_it_is_shown() {
    let (mut app, asked) = arrived("application/json", "attachment");
    let effects = app.keys("P");
    let page =
        Effect::Page { body: asked[0].body, part: ViewPart::Decoded, mode: ViewMode::Pretty };
    assert_eq!(effects, [page]);
}

fn answered(launch: Launch, body: &'static [u8]) -> Tui {
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let answer: &'static [u8] = Vec::leak([&head[..], body].concat());
    let url = format!("http://{}/a.txt", http_peer(answer));
    let preset = format!("[http]\nurl = \"{url}\"\n");
    let mut tui = launch.preset("a", &preset).size(100, 30).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("200 OK");
    tui.wait_for("body of a peer");
    tui.keys("<A-4>");
    tui
}

/// A program for a test.
fn script(launch: &Launch, name: &str, text: &str) -> String {
    let path = launch.home.path().join(name);
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn the_pager_has_the_terminal_and_never_the_bytes_of_a_peer() {
    let launch = Launch::default();
    let seen = launch.home.path().join("seen");
    let pager =
        script(&launch, "pager", &format!("#!/bin/sh\ncat > '{}'\necho PAGER\n", seen.display()));
    let mut tui = answered(launch.env("PAGER", &pager), b"body of a peer\x1b]0;title\x07\n\tend\n");
    tui.keys("P");
    wait_until("the pager", || std::fs::read(&seen).is_ok_and(|text| text.ends_with(b"end\n")));
    assert_eq!(std::fs::read(&seen).unwrap(), b"body of a peer\\e]0;title\\a\n\tend\n");
    // The screen is there again and takes keys.
    tui.wait_for("200 OK");
    tui.keys("q");
    tui.wait_for("jq: ");
    tui.quit();
}

#[test]
fn a_body_is_opened_outside_from_a_private_file_that_goes_with_us() {
    let launch = Launch::default();
    let told = launch.home.path().join("told");
    let opener = script(
        &launch,
        "opener",
        &format!(
            "#!/bin/sh\nstat -c '%a %n' \"$1\" > '{0}.new'\ncat \"$1\" >> '{0}.new'\nmv '{0}.new' '{0}'\n",
            told.display()
        ),
    );
    let mut tui = answered(launch.env("WIREBENCH_OPENER", &opener), b"body of a peer\n");
    tui.keys("o");
    tui.wait_for("a.txt was opened with");
    let text = std::fs::read_to_string(&told).unwrap();
    let (line, body) = text.split_once('\n').unwrap();
    let (mode, path) = line.split_once(' ').unwrap();
    assert_eq!((mode, body), ("600", "body of a peer\n"));
    assert!(std::fs::exists(path).unwrap());
    tui.quit();
    assert!(!std::fs::exists(path).unwrap(), "{path} stays");
}

#[test]
fn without_a_display_it_is_said_why_nothing_is_opened() {
    let launch = Launch::default().env("DISPLAY", "").env("WAYLAND_DISPLAY", "");
    let mut tui = answered(launch.env("WIREBENCH_OPENER", ""), b"body of a peer\n");
    tui.keys("o");
    if cfg!(target_os = "linux") {
        tui.wait_for("there is no display here");
    }
    tui.quit();
}
