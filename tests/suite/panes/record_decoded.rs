//! The bytes of a record taken apart: in turn with text and hex, with a cursor on its fields, and in one
//! line where the list would show nothing but bytes.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::MouseKind;
use wirebench::engine::event::Event;
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, exchange, info, record, tcp_plan, traffic};

/// The answer to `A www.example.com`: an alias and an address.
const ANSWER: &[u8] =
    b"\x1a\x2b\x81\x80\0\x01\0\x02\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01\
    \xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x06\x03web\xc0\x10\
    \xc0\x2d\0\x01\0\x01\0\0\x1c\x20\0\x04\xc0\0\x02\x07";
const REQUEST: &[u8] = b"POST /login?next=%2F HTTP/1.1\r\nHost: example.com\r\n\
    Content-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"user\":\"anna\",\"ids\":[1,2,30]}";

fn looking(size: (u16, u16), protocol: Protocol, bytes: &[u8]) -> (Driver, SessionId) {
    let mut app = Driver::new(size, START);
    let id = app.open(tcp_plan());
    let infos = vec![info(id.conn(1), protocol, Side::Client)];
    app.event(traffic(infos, vec![record(id.conn(1), 0, Direction::Received, bytes)]));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

fn copied(effects: &[Effect]) -> (String, String) {
    let copy = effects.iter().find_map(|effect| match effect {
        Effect::Copy { what, text } => Some((what.clone(), text.clone())),
        _ => None,
    });
    copy.unwrap()
}

#[test]
fn the_list_tells_a_message_that_is_no_text_in_one_line() {
    let (app, _) = looking((160, 48), Protocol::Udp, ANSWER);
    app.assert_shows("DNS response A www.example.com → CNAME web.example.com, 192.0.2.7");
    assert!(!app.screen().contains("\\0\\x01"));
}

#[test]
fn text_hex_and_fields_come_in_turn_and_the_title_says_what_comes() {
    for size in [(80, 24), (120, 40), (160, 48)] {
        let (mut app, _) = looking(size, Protocol::Tcp, REQUEST);
        app.keys("<Enter><Enter>");
        app.assert_shows("v decodes");
        app.keys("v");
        app.assert_shows("|POST /login?next|");
        app.keys("v");
        app.assert_shows("decoded: HTTP/1.1 request");
        app.assert_shows("method");
        app.keys("G");
        app.assert_shows("[2]");
        app.keys("v");
        app.assert_shows("POST /login?next=%2F HTTP/1.1");
        assert!(!app.screen().contains("decoded:"));
    }
}

#[test]
fn the_value_under_the_cursor_is_copied_and_hex_selects_its_bytes() {
    let (mut app, _) = looking((120, 40), Protocol::Udp, ANSWER);
    app.keys("<Enter><Enter>v");
    app.assert_shows("decoded: DNS response");
    let effects = app.keys("G");
    assert!(effects.is_empty());
    assert_eq!(copied(&app.keys("y")), ("address as text".into(), "192.0.2.7".into()));
    assert_eq!(copied(&app.keys("Y")).1, "c0 00 02 07");
    app.keys("x");
    app.assert_shows("4 bytes");
    app.assert_shows("in DNS response › answer 2 › address");
    // The byte before is of another field, and its field is where fields are shown again.
    app.keys("<Esc><Left><Left><Left><Left><Left><Left>");
    app.assert_shows("› answer 2 › TTL");
    app.keys("x");
    assert_eq!(copied(&app.keys("y")).1, "7200 s (2 h 0 min)");
}

#[test]
fn fields_once_chosen_stay_for_the_next_record_that_has_some() {
    let (mut app, id) = looking((120, 40), Protocol::Udp, ANSWER);
    let more = [&b"just words"[..], ANSWER];
    let records = more.iter().map(|bytes| record(id.conn(1), 1, Direction::Sent, bytes));
    app.event(traffic(Vec::new(), records.collect()));
    app.keys("g<Enter>v");
    app.assert_shows("decoded: DNS response");
    app.keys("<Down>");
    app.assert_shows("just words");
    assert!(!app.screen().contains("decoded:"));
    app.keys("<Down>");
    app.assert_shows("decoded: DNS response");
}

#[test]
fn the_mouse_puts_the_cursor_on_a_field() {
    let (mut app, _) = looking((100, 40), Protocol::Udp, ANSWER);
    app.keys("<Enter>v");
    let screen = app.screen();
    let row = screen.lines().position(|line| line.contains("authorities")).unwrap();
    app.mouse(MouseKind::Press, 10, row as u16);
    app.mouse(MouseKind::Release, 10, row as u16);
    let copied = copied(&app.keys("y"));
    assert!(copied.0.starts_with("authorities"), "{copied:?}");
}

#[test]
fn a_row_of_a_conversation_is_taken_apart_too() {
    let mut app = Driver::new((160, 48), START);
    let id = connected(&mut app);
    let bytes = record(id.conn(1), 2, Direction::Sent, REQUEST);
    app.event(traffic(Vec::new(), vec![bytes]));
    app.keys("<Esc>G<Enter><Enter>vv");
    app.assert_shows("decoded: HTTP/1.1 request");
    app.keys("G");
    assert_eq!(copied(&app.keys("y")).1, "30");
}

#[test]
fn rows_of_a_conversation_tell_known_messages_in_words_but_where_the_search_hits() {
    let mut app = Driver::new((160, 48), START);
    let id = connected(&mut app);
    let alert = b"\x15\x03\x03\0\x02\x02\x28";
    // It comes in two reads, which are one row.
    let halves = [&alert[..3], &alert[3..]];
    let halves = halves.map(|half| record(id.conn(1), 100, Direction::Received, half));
    app.event(traffic(Vec::new(), halves.into()));
    app.assert_shows("TLS Alert fatal: h");
    app.keys("<Esc>x");
    app.assert_shows("15 03 03");
    app.keys("x");
    app.assert_shows("TLS Alert fatal");
    app.keys("/\\x03<Enter>");
    assert!(!app.screen().contains("TLS Alert"), "{}", app.screen());
}

#[test]
fn a_body_that_comes_after_its_head_is_told_by_it() {
    let (mut app, id) = looking((120, 40), Protocol::Tcp, b"HTTP/1.1 200 OK\r\n\r\n");
    let told = exchange(id, 0, Some(answer(200, 6, 5)));
    app.event(Event::Exchange(Box::new(told)));
    let (received, sent) = (Direction::Received, Direction::Sent);
    let more = [(received, &b"[\"json\"\n"[..]), (sent, b"a=b")];
    let more = more.map(|(direction, bytes)| record(id.conn(1), 5, direction, bytes));
    app.event(traffic(Vec::new(), more.into()));
    app.keys("G<Up><Enter><Enter>vv");
    app.assert_shows("decoded: body: JSON");
    app.keys("<Esc><Down>");
    assert!(!app.screen().contains("decoded:"), "{}", app.screen());
}

#[test]
fn dns_and_http_taken_apart_look_so() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for size in [(80, 24), (120, 40)] {
        let scenes = [
            ("dns", Protocol::Udp, ANSWER, "<Enter><Enter>v"),
            ("http", Protocol::Tcp, REQUEST, "<Enter><Enter>vv"),
        ];
        for (name, protocol, bytes, keys) in scenes {
            let (mut app, _) = looking(size, protocol, bytes);
            app.keys(keys);
            let name = format!("decoded-{name}-{}x{}", size.0, size.1);
            settings.bind(|| insta::assert_snapshot!(name, app.screen()));
        }
    }
}
