//! Two answers compared: which two a key takes, what is said of them, going from one difference to the
//! next, copying.

use std::time::Duration;

use bytes::Bytes;
use wirebench::app::effect::Effect;
use wirebench::codec::compare::bodies;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::exchange::{Exchange, FieldLine};
use wirebench::model::id::{BodyId, SessionId};
use wirebench::model::plan::{AnswerPlan, HttpListenerPlan, Plan, PlanBody};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;
use wirebench::model::socket_options::SocketOptions;
use wirebench::model::timing::Stamp;
use wirebench::model::tls::ListenerTls;
use wirebench::model::view::CompareQuery;

use crate::harness::app::Driver;
use crate::harness::samples::{answer, bind, exchange, info, record, traffic};

const OLD: &str = r#"{"user":{"name":"Ann","tags":["a","b"]},"n":1}"#;
const NEW: &str = r#"{"user":{"name":"Bob","tags":["a","b"]},"more":null}"#;

/// The engine answers a request of this session with this status and body, and is done.
fn answered(driver: &mut Driver, id: SessionId, status: u16, body: u64) {
    let start = driver.app.shared.now;
    let told = Exchange { started: start, ..exchange(id, 0, Some(answer(status, body, 5))) };
    let effects = driver.event(Event::Exchange(Box::new(told)));
    driver.serve(&effects, 3);
    driver.done(id);
}

fn sent(driver: &mut Driver, keys: &str) -> SessionId {
    Driver::opened(&driver.keys(keys)).0
}

/// What the engine is asked to compare.
fn asked(effects: &[Effect]) -> Option<CompareQuery> {
    effects.iter().find_map(|effect| match effect {
        Effect::Engine(Command::Compare(query)) => Some(*query),
        _ => None,
    })
}

fn compared(driver: &mut Driver, query: CompareQuery, old: &str, new: &str) {
    let found = Ok(Box::new(bodies(old.as_bytes(), new.as_bytes(), None)));
    driver.event(Event::Compared { query, found });
}

/// Sent twice, with other answers, and compared.
fn twice(size: (u16, u16)) -> Driver {
    let mut driver = Driver::bare(size);
    let id = sent(&mut driver, "<C-n>http://127.0.0.1:8080/0<F5>");
    answered(&mut driver, id, 200, 1);
    let id = sent(&mut driver, "<F5>");
    answered(&mut driver, id, 404, 2);
    let effects = driver.keys("<A-4>=");
    let query = asked(&effects).unwrap();
    assert_eq!(query, CompareQuery { old: BodyId(1), new: BodyId(2) });
    if size.1 > 20 {
        driver.assert_shows("comparing…");
    }
    compared(&mut driver, query, OLD, NEW);
    driver
}

#[test]
fn an_answer_is_compared_with_the_one_before_in_status_headers_body_and_time() {
    let mut driver = twice((120, 40));
    driver.assert_shows("4 differences");
    driver.assert_shows("~ HTTP/1.1 200 OK → HTTP/1.1 404 OK");
    driver.assert_shows(r#"~ .user.name  "Ann" → "Bob""#);
    driver.assert_shows("+ .more  null");
    driver.assert_shows("- .n  1");
    driver.assert_shows("Connect");
    driver.assert_shows("2.0 ms →    2.0 ms  +0.00 ms");
    driver.keys("n");
    driver.assert_shows("1 of 4");
    driver.keys("n");
    driver.assert_shows("2 of 4");
    let copies = |effects: &[Effect]| {
        let text = |effect: &Effect| match effect {
            Effect::Copy { text, .. } => Some(text.clone()),
            _ => None,
        };
        effects.iter().find_map(text).unwrap()
    };
    assert_eq!(copies(&driver.keys("y")), r#"~ .user.name  "Ann" → "Bob""#);
    driver.keys("N");
    driver.assert_shows("1 of 4");
    driver.keys("N");
    driver.assert_shows("4 of 4");
    let all = copies(&driver.keys("Y"));
    assert!(all.contains("+ .more  null\n") && all.contains("Timing\n"), "{all}");
    driver.keys("<Esc>");
    assert!(driver.app.overlays.is_empty());
    for size in [(40, 12), (80, 24), (200, 60)] {
        twice(size).assert_shows("Two answers");
    }
}

#[test]
fn a_body_with_nothing_beside_it_is_a_difference() {
    for is_first in [true, false] {
        let mut driver = Driver::bare((120, 40));
        for turn in [true, false] {
            let id = sent(&mut driver, if turn { "<C-n>:8080/0<F5>" } else { "<F5>" });
            if turn == is_first {
                let start = driver.app.shared.now;
                let told = Exchange { started: start, ..exchange(id, 0, None) };
                driver.event(Event::Exchange(Box::new(told)));
                driver.done(id);
            } else {
                answered(&mut driver, id, 200, 2);
            }
        }
        let effects = driver.keys("<A-4>=");
        assert_eq!(asked(&effects), None);
        driver.assert_shows("2 differences");
        driver.assert_shows(if is_first { "~ none → 5 B" } else { "~ 5 B → none" });
    }
}

#[test]
fn what_is_equal_is_called_so_in_words() {
    let mut driver = Driver::bare((120, 40));
    for body in [1, 2] {
        let id = sent(&mut driver, if body == 1 { "<C-n>:8080/0<F5>" } else { "<F5>" });
        answered(&mut driver, id, 200, body);
    }
    let query = asked(&driver.keys("<A-4>=")).unwrap();
    driver.assert_shows("status and headers are equal");
    compared(&mut driver, query, OLD, &OLD.replace(':', ": "));
    driver.assert_shows("equal: status, headers and body");
    driver.assert_shows("no difference");
    driver.keys("n");
    driver.assert_shows("nothing differs");
    driver.keys("<Esc>");
    let query = asked(&driver.keys("=")).unwrap();
    let gone = Err("this body is no longer kept".into());
    driver.event(Event::Compared { query, found: gone });
    driver.assert_shows("this body is no longer kept");
    driver.assert_shows("the bodies are unknown");
}

#[test]
fn the_first_answer_is_marked_and_compared_with_one_of_another_request() {
    let mut driver = Driver::bare((120, 40));
    let id = sent(&mut driver, "<C-n>http://127.0.0.1:8080/0<F5>");
    assert!(asked(&driver.keys("<A-4>=")).is_none());
    driver.assert_shows("there is no answer here yet");
    answered(&mut driver, id, 200, 1);
    assert!(asked(&driver.keys("=")).is_none(), "there is no other");
    driver.assert_shows("= on another one compares the two");
    let id = sent(&mut driver, "<C-n>http://127.0.0.1:8080/other<F5>");
    answered(&mut driver, id, 200, 2);
    let query = asked(&driver.keys("<A-4>=")).unwrap();
    assert_eq!(query, CompareQuery { old: BodyId(1), new: BodyId(2) });
    // A mark is used up; the same one twice is no comparison.
    driver.keys("<Esc>m");
    driver.assert_shows("marked");
    assert!(asked(&driver.keys("=")).is_none());
}

#[test]
fn the_older_one_comes_first_whichever_was_marked() {
    let mut driver = Driver::bare((120, 40));
    let id = sent(&mut driver, "<C-n>:8080/0<F5>");
    answered(&mut driver, id, 200, 1);
    let id = sent(&mut driver, "<C-n>:8080/1<F5>");
    answered(&mut driver, id, 200, 2);
    driver.keys("<A-4>m<A-1>gg");
    let first = driver.app.shared.drafts.iter().next().unwrap().id;
    driver.app.shared.drafts.select(first);
    let query = asked(&driver.keys("<A-4>=")).unwrap();
    assert_eq!(query, CompareQuery { old: BodyId(1), new: BodyId(2) });
}

#[test]
fn requests_of_a_listener_are_compared_one_with_the_one_before() {
    let mut driver = Driver::new((120, 40), Stamp(1_000_000_000_000));
    let id = driver.open(Plan::HttpListener(HttpListenerPlan {
        contract: None,
        mocks: false,
        bind: bind(),
        tls: ListenerTls::Off,
        rules: Vec::new(),
        answer: AnswerPlan {
            status: 200,
            headers: Vec::new(),
            body: PlanBody::Bytes(Bytes::new()),
            delay: Duration::ZERO,
            more: wirebench::model::http_answer::AnswerMore::default(),
        },
        socket: SocketOptions::default(),
    }));
    for number in [0, 1] {
        let mut told = exchange(id, number, Some(answer(200, 1, 5)));
        told.side = Side::Listener;
        told.started = driver.app.shared.now;
        let value = Bytes::from(format!("t{number}"));
        told.request.head.fields.push(FieldLine { name: Bytes::from("X-Try"), value });
        driver.event(Event::Exchange(Box::new(told)));
    }
    assert!(asked(&driver.keys("=")).is_none(), "neither has a body");
    driver.assert_shows("GET /0 HTTP/1.1 → GET /1 HTTP/1.1");
    driver.assert_shows("~ X-Try  t0 → t1");
}

#[test]
fn a_row_of_the_traffic_stands_for_the_exchange_it_belongs_to() {
    let mut driver = Driver::bare((120, 40));
    for (keys, body) in [("<C-n>:8080/0<F5>", 1), ("<C-n>:8080/1<F5>", 2)] {
        let id = sent(&mut driver, keys);
        answered(&mut driver, id, 200, body);
        let conn = id.conn(1);
        let mut row = record(conn, 0, Direction::Received, b"HTTP/1.1 200 OK\r\n");
        row.at = driver.app.shared.now;
        driver.event(traffic(vec![info(conn, Protocol::Http, Side::Client)], vec![row]));
    }
    assert!(asked(&driver.keys("<A-5>k=")).is_none());
    driver.assert_shows("marked");
    let query = asked(&driver.keys("j=")).unwrap();
    assert_eq!(query, CompareQuery { old: BodyId(1), new: BodyId(2) });
}
