//! Expectations and captures on the screen: what came of them, where values landed, and how a value
//! under the cursor becomes one.

use wirebench::app::checking::{CheckOrder, Checked, WhatCame};
use wirebench::app::effect::Effect;
use wirebench::app::message::Message;
use wirebench::check::{Came, CameBody, CameFrom};
use wirebench::engine::event::{Event, Summary};
use wirebench::model::exchange::Exchange;
use wirebench::model::id::SessionId;
use wirebench::model::plan::Plan;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;
use wirebench::store::job::Job;

use crate::harness::app::Driver;
use crate::harness::samples::{
    answer, exchange, info, json_window, queries, record, request, traffic,
};
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);
const JSON: &str = "{\"token\":\"t0p\",\"user\":{\"id\":42,\"name\":\"Ann\"}}";
const LOGIN: &str = "[http]\nurl = \"http://h/login\"\n\n[capture]\ntoken = \"json .token\"\n\n\
    [expect]\nstatus = 200\n\"json .user.id\" = 43\n";
const USER: &str = "[http]\nurl = \"http://h/user\"\nheaders = [\"X-Token: {{token}}\"]\n";

/// The session that was opened is answered and over; what is to be looked at, if anything.
fn answered(driver: &mut Driver, id: SessionId) -> Option<CheckOrder> {
    let told = exchange(id, 0, Some(answer(200, 1, JSON.len() as u64)));
    let effects = driver.event(Event::Exchange(Box::new(told)));
    for query in queries(&effects) {
        driver.event(json_window(&query, JSON));
    }
    let done = driver.tell(Message::Engine(Event::Done {
        id,
        outcome: Ok(Summary::default()),
        at: driver.app.shared.now,
    }));
    done.into_iter().find_map(|effect| match effect {
        Effect::Check(order) => Some(*order),
        _ => None,
    })
}

/// Does what a shell does.
fn look(driver: &mut Driver, order: &CheckOrder) {
    let body = CameBody { bytes: JSON.as_bytes(), length: JSON.len() as u64 };
    let report = Ok(match &order.came {
        WhatCame::Exchange(exchange) => {
            order.checks.report(&Came::new(CameFrom::Exchange(exchange), body, order.now))
        }
        WhatCame::Conversation(heard) => order.checks.report(&heard.came(order.now)),
        WhatCame::Served(served) => order.checks.report(&served.came(JSON.as_bytes(), order.now)),
    });
    driver.send(Message::Checked(Box::new(Checked {
        session: order.session,
        report,
        found: None,
    })));
}

#[test]
fn what_is_not_met_is_said_and_stands_first_in_its_tab() {
    let mut driver = Driver::with(WIDE, workspace(&[("login", LOGIN)]));
    let (id, _) = Driver::opened(&driver.keys("<A-1>g<Enter><F5>"));
    let order = answered(&mut driver, id).expect("there is something to look at");
    assert!(!driver.shows("Checks"), "{}", driver.screen());
    look(&mut driver, &order);
    driver.assert_shows("✗ Checks 2/3");
    driver.assert_shows("not as expected: json .user.id: expected 43, got 42");
    driver.keys("<A-4><A-Right><A-Right>");
    driver.assert_shows("✗ json .user.id");
    driver.assert_shows("expected");
    let screen = driver.screen();
    let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text}: {screen}"));
    assert!(place("✗ json .user.id") < place("↓ {{token}}"));
    assert!(place("↓ {{token}}") < place("✓ status"));
    driver.assert_shows("json .token)");
    assert!(!driver.shows("t0p"), "a secret by its name: {}", driver.screen());
}

#[test]
fn a_name_that_was_captured_is_filled_in_and_offered() {
    let files = [("login", LOGIN), ("user", USER)];
    let mut driver = Driver::with(WIDE, workspace(&files));
    driver.keys("<A-1>G<Enter><F5>");
    driver.assert_shows("{{token}} is not defined");
    driver.assert_shows("{{token}} has no value yet, and login captures it");
    let (id, _) = Driver::opened(&driver.keys("n<A-1>g<Enter><F5>"));
    let order = answered(&mut driver, id).unwrap();
    look(&mut driver, &order);
    let (_, plan) = Driver::opened(&driver.keys("<A-1>G<Enter><F5>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    let header = plan.headers.iter().find(|(name, _)| name == "X-Token");
    assert_eq!(header.map(|(_, value)| value.as_str()), Some("t0p"));
    assert_eq!(driver.app.shared.scope().captured.get("token").map(String::as_str), Some("t0p"));
}

#[test]
fn a_value_under_the_cursor_becomes_a_line_of_the_preset() {
    let plain = "# mine\n[http]\nurl = \"http://h/login\"\n";
    let mut driver = Driver::with(WIDE, workspace(&[("login", plain)]));
    let (id, _) = Driver::opened(&driver.keys("<A-1>g<Enter><F5>"));
    assert_eq!(answered(&mut driver, id), None, "nothing is expected");
    driver.keys("<A-4><Down>@");
    driver.assert_shows("{{token}} is captured from json .token when this is sent");
    driver.keys("<Down><Down>+");
    driver.assert_shows("expected from now on: json .user.id = 42");
    let effects = driver.keys("<C-s>");
    let saved = effects.into_iter().find_map(|effect| match effect {
        Effect::Store(Job::SavePreset { preset, .. }) => Some(preset.spec),
        _ => None,
    });
    let saved = saved.or_else(|| {
        driver.store.jobs.iter().rev().find_map(|job| match job {
            Job::SavePreset { preset, .. } => Some(preset.spec.clone()),
            _ => None,
        })
    });
    let saved = saved.expect("it is saved");
    let (expect, capture) = saved.checks().unwrap();
    let rows = |rows: &[wirebench::model::spec::NameValue]| {
        rows.iter().map(|row| format!("{} = {}", row.name, row.value)).collect::<Vec<_>>()
    };
    assert_eq!(rows(&expect.rows), ["json .user.id = 42"]);
    assert_eq!(rows(&capture.rows), ["token = json .token"]);
}

#[test]
fn what_could_not_be_read_again_is_not_saved() {
    let text = "[http]\nurl = \"http://h/\"\n\n[expect]\nstatus = 200\n";
    let mut driver = Driver::with(WIDE, workspace(&[("it", text)]));
    driver.keys("<A-1>g<Enter>");
    let spec = &mut driver.app.shared.drafts.current_mut().spec;
    if let Some((expect, _)) = spec.checks_mut() {
        expect.rows[0].name = "statsu".into();
    }
    driver.keys("<C-s>");
    driver.assert_shows("not saved, for it would not read again");
    driver.assert_shows("did you mean 'status'?");
    let saves = driver.store.jobs.iter().filter(|job| matches!(job, Job::SavePreset { .. }));
    assert_eq!(saves.count(), 0);
}

#[test]
fn a_conversation_is_looked_at_when_it_is_over() {
    let text = "[tcp]\naddress = \"h:1\"\n\n[capture]\nid = \"body matches 'id=([0-9]+)'\"\n\n[expect]\nmessages = 1\nbody = \"contains 'x'\"\n";
    let mut driver = Driver::with(WIDE, workspace(&[("it", text)]));
    let (id, _) = Driver::opened(&driver.keys("<A-1>g<Enter><F5>"));
    let conn = id.conn(1);
    let records = vec![record(conn, 1, Direction::Received, b"id=17\r\n")];
    driver.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], records));
    let done = Event::Done { id, outcome: Ok(Summary::default()), at: driver.app.shared.now };
    let effects = driver.tell(Message::Engine(done));
    let order = effects.into_iter().find_map(|effect| match effect {
        Effect::Check(order) => Some(*order),
        _ => None,
    });
    look(&mut driver, &order.expect("there is something to look at"));
    driver.assert_shows("not as expected: body: expected contains 'x', got 'id=17\\r\\n'");
    assert_eq!(driver.app.shared.scope().captured.get("id").map(String::as_str), Some("17"));
}

#[test]
fn of_a_request_to_a_listener_the_last_one_is_expected_to_be_like_it() {
    let plain = "[http-listener]\nbind = \"127.0.0.1:0\"\n";
    let mut driver = Driver::with(WIDE, workspace(&[("mock", plain)]));
    let (id, _) = Driver::opened(&driver.keys("<A-1>g<Enter><F5>"));
    let told = exchange(id, 0, Some(answer(200, 1, 2)));
    let told = Exchange { side: Side::Listener, request: request("/0", 7), ..told };
    driver.event(Event::Exchange(Box::new(told)));
    driver.keys("<A-4><Enter>L+");
    driver.assert_shows("expected from now on of the last request: path = '/0'");
    driver.keys("@");
    driver.assert_shows("only answers to what we send are captured");
    let rows = driver.app.shared.drafts.current().spec.expected().unwrap();
    assert_eq!((&*rows[0].name, &*rows[0].value), ("path", "'/0'"));
}

/// The expectations of the draft on the screen.
fn expected(driver: &Driver) -> Vec<String> {
    let rows = driver.app.shared.drafts.current().spec.expected().unwrap();
    rows.iter().map(|row| format!("{} = {}", row.name, row.value)).collect()
}

#[test]
fn times_and_what_was_not_met_are_expected_as_they_are() {
    let mut driver = Driver::with(WIDE, workspace(&[("login", LOGIN)]));
    let (id, _) = Driver::opened(&driver.keys("<A-1>g<Enter><F5>"));
    let order = answered(&mut driver, id).unwrap();
    look(&mut driver, &order);
    driver.keys("<A-4>");
    let to_tab = |driver: &mut Driver, text: &str| {
        for _ in 0..8 {
            if driver.shows(text) {
                return;
            }
            driver.keys("<A-Right>");
        }
        panic!("no {text}: {}", driver.screen());
    };
    to_tab(&mut driver, "✗ json .user.id");
    driver.keys("g<Down>+");
    driver.assert_shows("expected from now on: json .user.id = 42");
    assert_eq!(expected(&driver), ["status = 200", "json .user.id = 42"]);
    to_tab(&mut driver, "Started");
    let total = driver.screen().lines().any(|line| line.contains("Total"));
    assert!(total, "{}", driver.screen());
    driver.keys("g<Down><Down><Down><Down><Down><Down>+");
    driver.assert_shows("expected from now on: total = <= ");
    assert!(expected(&driver)[2].ends_with("ms"), "{:?}", expected(&driver));
}

#[test]
fn messages_of_a_conversation_are_expected_and_captured() {
    let text = "[tcp]\naddress = \"h:1\"\n";
    let mut driver = Driver::with(WIDE, workspace(&[("it", text)]));
    let (id, _) = Driver::opened(&driver.keys("<A-1>g<Enter><F5>"));
    let conn = id.conn(1);
    let records = vec![
        record(conn, 1, Direction::Received, b"220 id=17\r\n"),
        record(conn, 2, Direction::Sent, b"HELO\r\n"),
        record(conn, 3, Direction::Received, b"\x00\x01"),
    ];
    driver.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], records));
    driver.keys("<A-4><Esc>g+");
    driver.assert_shows("expected from now on: body = contains '220 id=17'");
    driver.keys("@");
    driver.assert_shows("{{id}} is captured from body matches 'id= *([^");
    driver.keys("<Down>+");
    driver.assert_shows("choose a row that was received");
    driver.keys("<Down>+");
    assert_eq!(expected(&driver), ["body = contains '220 id=17' and contains 0x0001"]);
}

#[test]
fn values_of_a_json_message_are_captured_by_their_path() {
    let mut driver = Driver::with(WIDE, workspace(&[("it", "[tcp]\naddress = \"h:1\"\n")]));
    let (id, _) = Driver::opened(&driver.keys("<A-1>g<Enter><F5>"));
    let conn = id.conn(1);
    let said = b"{\"user\":{\"id\":7,\"the name\":\"Ann\"},\"items\":[{\"n\":1},{\"n\":2}]}\n";
    let records = vec![record(conn, 1, Direction::Received, said)];
    driver.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], records));
    driver.keys("<A-4><Esc>g<Enter><Enter>");
    for _ in 0..3 {
        if driver.shows("decoded: JSON") {
            break;
        }
        driver.keys("v");
    }
    driver.assert_shows("decoded: JSON");
    driver.keys("<Down><Down>@");
    driver.assert_shows("{{id}} is captured from json .user.id when this is sent");
    driver.keys("+<Down>+<Down><Down><Down><Down><Down>+");
    assert_eq!(
        expected(&driver),
        ["json .user.id = 7", "json .user[\"the name\"] = Ann", "json .items[1].n = 2"]
    );
}
