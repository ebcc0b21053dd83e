//! The bytes of a record, looked at one by one: the cursor, what they mean, selections and copies.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::MouseKind;
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{START, info, record, tcp_plan, traffic};

fn looking(size: (u16, u16), bytes: &[u8]) -> (Driver, SessionId) {
    let mut app = Driver::new(size, START);
    let id = app.open(tcp_plan());
    let infos = vec![info(id.conn(1), Protocol::Tcp, Side::Listener)];
    app.event(traffic(infos, vec![record(id.conn(1), 0, Direction::Received, bytes)]));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    app.keys("<Enter><Enter>");
    (app, id)
}

fn copied(effects: &[Effect]) -> (String, String) {
    let copy = effects.iter().find_map(|effect| match effect {
        Effect::Copy { what, text } => Some((what.clone(), text.clone())),
        _ => None,
    });
    copy.unwrap()
}

const BYTES: &[u8] = b"\x00\x01\xc8\xff1234\x65\x53\xf1\x00rest of it \xfe\xff\x80";

#[test]
fn what_the_bytes_under_the_cursor_mean_is_seen_at_every_size() {
    for size in [(80, 24), (120, 30), (160, 48), (200, 60)] {
        let (mut app, _) = looking(size, BYTES);
        app.assert_shows("8 bit   0  0x00  0b0000_0000");
        app.assert_shows("varint");
        app.keys("<Right><Right>");
        app.assert_shows("byte 2");
        app.assert_shows("200 (-56)");
        app.assert_shows("65480 (-56)");
        app.keys("<Right><Right>");
        app.assert_shows("text    1234eS");
        for _ in 0..4 {
            app.keys("<Right>");
        }
        app.assert_shows("2023-11-14 22:13:20Z");
        app.assert_shows("big endian");
    }
}

#[test]
fn selected_bytes_are_copied_as_text_hex_c_and_python() {
    let (mut app, _) = looking((100, 30), BYTES);
    app.keys("<Right><Right><Right><Right>V<Right><Right><Right>");
    app.assert_shows("4 bytes");
    assert_eq!(copied(&app.keys("y")), ("selection as text".into(), "1234".into()));
    assert_eq!(copied(&app.keys("Y")).1, "31 32 33 34");
    let c = copied(&app.keys("<A-c>"));
    assert!(c.0.contains("array of C") && c.1.contains("0x31, 0x32, 0x33, 0x34,"), "{c:?}");
    assert_eq!(copied(&app.keys("<A-p>")).1, "data = b\"1234\"\n");
    // Esc ends the selection, then gives the keys back, then closes.
    app.keys("<Esc>");
    app.assert_shows("byte 7");
    assert!(copied(&app.keys("y")).0.starts_with("message"));
    app.keys("<Esc><Esc>");
    assert!(!app.screen().contains("big endian"));
}

#[test]
fn the_mouse_puts_the_cursor_on_a_byte_and_drags_a_selection() {
    let (mut app, _) = looking((100, 30), BYTES);
    let screen = app.screen();
    let row = screen.lines().position(|line| line.contains("0000  00 01")).unwrap();
    let line = screen.lines().nth(row).unwrap();
    let (before, _) = line.split_once("31 32").unwrap();
    let (column, row) = (before.chars().count() as u16, row as u16);
    app.mouse(MouseKind::Press, column, row);
    app.assert_shows("byte 4");
    app.mouse(MouseKind::Drag, column + 4, row);
    app.mouse(MouseKind::Release, column + 4, row);
    app.assert_shows("2 bytes");
    assert_eq!(copied(&app.keys("y")).1, "12");
}

#[test]
fn a_row_of_a_conversation_has_the_same_view_of_its_bytes() {
    let mut app = Driver::new((160, 48), START);
    let id = connected(&mut app);
    let bytes = record(id.conn(1), 2, Direction::Sent, BYTES);
    app.event(traffic(Vec::new(), vec![bytes]));
    app.keys("<Esc>G<Enter><Enter>");
    app.assert_shows("little endian");
    app.keys("<Right><Right>V<Right>");
    app.assert_shows("2 bytes");
    assert_eq!(copied(&app.keys("Y")).1, "c8 ff");
}

#[test]
fn bytes_are_selected_in_text_by_keys_and_mouse_at_every_size_and_copied() {
    for size in [(80, 24), (120, 40), (160, 48), (200, 60)] {
        // So long that the list does not reach the second line.
        let text = format!("GET /{} HTTP/1.1\r\nHost: example.com\r\n\r\n", "a".repeat(300));
        let (mut app, _) = looking(size, text.as_bytes());
        app.assert_shows("Select");
        app.keys("V<Right><Right>");
        app.assert_shows("3 bytes");
        app.assert_shows("u24");
        assert_eq!(copied(&app.keys("y")), ("selection as text".into(), "GET".into()));
        assert_eq!(copied(&app.keys("Y")).1, "47 45 54");
        app.keys("<Esc>");
        assert!(!app.screen().contains("u24"), "{}", app.screen());
        // The same with the mouse.
        let screen = app.screen();
        let row = screen.lines().position(|line| line.contains("Host: example")).unwrap();
        let line = screen.lines().nth(row).unwrap();
        let (before, _) = line.split_once("example").unwrap();
        let column = before.chars().count() as u16;
        app.mouse(MouseKind::Press, column, row as u16);
        app.mouse(MouseKind::Drag, column + 6, row as u16);
        assert_eq!(app.screen().lines().position(|line| line.contains("Host: example")), Some(row));
        app.mouse(MouseKind::Release, column + 6, row as u16);
        app.assert_shows("7 bytes");
        assert_eq!(copied(&app.keys("y")).1, "example");
    }
}
