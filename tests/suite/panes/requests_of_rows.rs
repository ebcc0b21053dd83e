//! Rows of HTTP in Traffic become requests: as drafts, and as curl commands.

use wirebench::app::effect::Effect;
use wirebench::model::http::HttpBody;
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;
use wirebench::model::spec::Spec;

use crate::harness::app::Driver;
use crate::harness::samples::{START, http_plan, info, record, traffic};

const SAID: [&str; 2] = [
    "GET /first HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "POST /second?a=1 HTTP/1.1\r\nHost: example.com\r\nX-Id: {7}\r\n\
     Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"a\"",
];

/// Two requests and their answers, the body of the second in a row of its own.
fn watched(id: SessionId, app: &mut Driver, protocol: Protocol, side: Side) {
    let conn = id.conn(1);
    let (asks, answers) = if side.listens() {
        (Direction::Received, Direction::Sent)
    } else {
        (Direction::Sent, Direction::Received)
    };
    let row = |at, direction, text: &str| record(conn, at, direction, text.as_bytes());
    let records = vec![
        row(1, asks, SAID[0]),
        row(2, answers, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        row(3, asks, SAID[1]),
        row(4, asks, ": 1}"),
        row(5, answers, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
    ];
    app.event(traffic(vec![info(conn, protocol, side)], records));
    app.keys("<A-5>");
}

fn drafted(app: &Driver) -> (String, String, HttpBody) {
    let Spec::Http(http) = &*app.shared.drafts.current().spec else { panic!("no HTTP draft") };
    (http.method.clone(), http.url.clone(), http.body.clone())
}

#[test]
fn a_row_of_http_becomes_the_whole_request_that_it_is_of_or_answers() {
    let second = HttpBody::Json("{\"a\": 1}".into());
    for side in [Side::Client, Side::Listener] {
        for (up, method, path, body) in [
            (0, "POST", "/second?a=1", &second),
            (1, "POST", "/second?a=1", &second),
            (2, "POST", "/second?a=1", &second),
            (3, "GET", "/first", &HttpBody::None),
            (4, "GET", "/first", &HttpBody::None),
        ] {
            let mut app = Driver::new((120, 40), START);
            let id = app.open(http_plan());
            watched(id, &mut app, Protocol::Http, side);
            app.keys(&"<Up>".repeat(up));
            app.keys("t");
            let url = format!("http://example.com{path}");
            assert_eq!(drafted(&app), (method.into(), url, body.clone()), "{side:?} {up}");
        }
    }
}

#[test]
fn of_a_file_so_does_what_tcp_carried() {
    let mut app = Driver::new((120, 40), START);
    watched(SessionId::FOREIGN, &mut app, Protocol::Tcp, Side::Client);
    app.keys("t");
    assert_eq!(drafted(&app).1, "http://example.com/second?a=1");
}

#[test]
fn a_row_of_http_is_copied_as_a_curl_command() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    watched(id, &mut app, Protocol::Http, Side::Listener);
    let effects = app.keys("<A-u>");
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::Copy { text, .. } => Some(text.clone()),
        _ => None,
    });
    let copied = copied.unwrap();
    for part in ["curl", "http://example.com/second?a=1", "X-Id: {7}", "{\"a\": 1}"] {
        assert!(copied.contains(part), "{part} in {copied}");
    }
    assert!(!copied.contains("--location"), "the client asked once: {copied}");
}

#[test]
fn a_row_of_tcp_is_no_curl_command() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let conn = id.conn(1);
    let row = record(conn, 1, Direction::Sent, b"EHLO me\r\n");
    app.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], vec![row]));
    app.keys("<A-5><A-u>");
    app.assert_shows("this row is of no HTTP request");
}
