//! A relay in the workbench: composed, started, watched, led elsewhere, stopped.

use std::sync::Arc;

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::{Batch, Event, Phase};
use wirebench::model::asked_target::AskedTarget;
use wirebench::model::fault::FaultKind;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, TcpRelayPlan};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, Record, RecordKind, RelayPair};
use wirebench::model::rewrite::{RewriteChange, RewriteSpec};
use wirebench::model::spec::Spec;
use wirebench::model::tls::{ClientTls, ListenerTls};

use super::conversations::{WIDE, address, record};
use crate::harness::app::Driver;

fn relay(plan: Plan) -> TcpRelayPlan {
    let Plan::TcpRelay(plan) = plan else { panic!("no relay: {plan:?}") };
    plan
}

/// A relay on port 9000 for a database, started by hand.
fn relaying(size: (u16, u16)) -> (Driver, SessionId) {
    let mut driver = Driver::bare(size);
    let (id, plan) = Driver::opened(&driver.keys("<A-r><C-l>:9000<Tab>db:5432<F5>"));
    let plan = relay(plan);
    assert_eq!(
        (plan.bind.to_string(), plan.target.endpoint.to_string()),
        (":9000".into(), "db:5432".into())
    );
    driver.listening(id);
    (driver, id)
}

/// The halves of the client with this number, counted from 0.
fn halves(id: SessionId, number: u32) -> [ConnInfo; 2] {
    let pair = RelayPair { client: id.conn(2 * number + 1), target: id.conn(2 * number + 2) };
    let info = |id, local, peer| ConnInfo {
        local: Some(address(local).into()),
        peer: Some(address(peer).into()),
        pair: Some(pair),
        ..ConnInfo::new(id, Protocol::Tcp, Side::Relay)
    };
    let port = number as u16;
    [info(pair.client, 9000, 40_000 + port), info(pair.target, 50_000 + port, 5432)]
}

fn arrive(driver: &mut Driver, conns: Vec<ConnInfo>, records: Vec<Record>) {
    driver.event(Event::Traffic(Batch { conns, records, ..Batch::default() }));
}

fn fact(of: Record, kind: RecordKind) -> Record {
    Record { kind, ..of }
}

/// A client asked and was answered.
fn one_talk(driver: &mut Driver, id: SessionId, number: u32) {
    let [client, target] = halves(id, number);
    let (up, down) = (client.id, target.id);
    let at = u64::from(number) * 100;
    let records = vec![
        fact(record(up, at, Direction::Received, b"accepted"), RecordKind::Accepted),
        fact(record(down, at + 1, Direction::Local, b"connected to db"), RecordKind::Connected),
        record(up, at + 2, Direction::Received, format!("ask {number}").as_bytes()),
        record(up, at + 30, Direction::Sent, format!("answer {number}").as_bytes()),
        fact(
            record(down, at + 60, Direction::Received, b"the server finished sending"),
            RecordKind::Finished,
        ),
    ];
    arrive(driver, vec![client, target], records);
}

#[test]
fn a_relay_is_composed_of_the_client_on_screen_and_started() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<F3><C-l>tls://db:5432<A-r>");
    driver.assert_shows("TCP relay ─ not saved");
    driver.assert_shows("RLY");
    driver.assert_shows("F5 relay");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let plan = relay(plan);
    assert_eq!(plan.target.endpoint.to_string(), "db:5432");
    assert_eq!((plan.tls, plan.target.tls), (ListenerTls::Off, ClientTls::verified()));
    assert_eq!(plan.bind.to_string(), "127.0.0.1:9000");
}

#[test]
fn without_a_target_nothing_starts_and_the_cursor_is_where_it_is_missing() {
    let mut driver = Driver::bare(WIDE);
    let effects = driver.keys("<A-r><F5>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))), "{effects:?}");
    driver.assert_shows("not relaying: target: the address is empty; write host:port");
    let (_, plan) = Driver::opened(&driver.keys("db:1<F5>"));
    assert_eq!(relay(plan).target.endpoint.to_string(), "db:1");
}

#[test]
fn one_conversation_shows_what_both_said_and_who() {
    for size in [WIDE, (80, 24)] {
        let (mut driver, id) = relaying(size);
        one_talk(&mut driver, id, 0);
        driver.app.shared.focus = Pane::Response;
        let screen = driver.screen();
        for part in ["client", "ask 0", "server", "answer 0", "connected to db"] {
            assert!(screen.contains(part), "{part} in\n{screen}");
        }
        assert!(!screen.contains("❯"), "nobody types into a relay:\n{screen}");
        let (ask, answer) = (screen.find("ask 0").unwrap(), screen.find("answer 0").unwrap());
        assert!(ask < answer);
        assert!(!screen.contains("our side stays open"), "{screen}");
    }
}

/// Neither address of a client that a relay leads somewhere says where, as a client of SOCKS5 asked for it.
#[test]
fn the_detail_of_a_row_tells_where_its_client_is_led_to() {
    let narrow = "127.0.0.1:40000 → db.example:5432";
    for (size, told) in [
        ((130, 40), "127.0.0.1:40000 → db.example:5432 (192.0.2.7:5432)"),
        (WIDE, narrow),
        ((160, 48), narrow),
        ((80, 24), narrow),
    ] {
        let (mut driver, id) = relaying(size);
        let [client, target] = halves(id, 0);
        let asked = AskedTarget {
            endpoint: "db.example:5432".parse().unwrap(),
            address: Some("192.0.2.7:5432".parse().unwrap()),
            by_client: true,
            tls: false,
        };
        let client = ConnInfo { asked: Some(Arc::new(asked)), ..client };
        let ask = record(client.id, 2, Direction::Received, b"ask");
        arrive(&mut driver, vec![client, target], vec![ask]);
        driver.app.shared.focus = Pane::Traffic;
        driver.keys("zG<Enter>");
        driver.assert_shows(told);
    }
}

#[test]
fn each_client_is_one_peer_whose_rows_are_those_of_both_halves() {
    let (mut driver, id) = relaying(WIDE);
    one_talk(&mut driver, id, 0);
    one_talk(&mut driver, id, 1);
    driver.app.shared.focus = Pane::Response;
    let screen = driver.screen();
    assert!(screen.contains("all 2"), "two clients, not four connections:\n{screen}");
    assert!(screen.contains("40000") && screen.contains("40001") && !screen.contains("● 2 "));
    driver.keys("z}");
    let screen = driver.screen();
    assert!(screen.contains("ask 0") && screen.contains("the server finished"), "{screen}");
    assert!(!screen.contains("ask 1") && !screen.contains("answer 1"), "{screen}");
    // From a row of the target's half the whole is ended, by the half that stands for it.
    driver.keys("G");
    let ended = driver.keys("d");
    let wanted = Command::End { conn: id.conn(1), how: CloseMode::Close };
    assert!(ended.contains(&Effect::Engine(wanted)), "{ended:?}");
}

#[test]
fn nothing_can_be_said_by_hand_and_no_hint_promises_it() {
    let (mut driver, id) = relaying(WIDE);
    one_talk(&mut driver, id, 0);
    driver.app.shared.focus = Pane::Response;
    for keys in ["i", "r", "f", "x"] {
        let effects = driver.keys(keys);
        assert!(!effects.iter().any(|it| matches!(it, Effect::Engine(_))), "{keys}: {effects:?}");
    }
    driver.keys("i");
    driver.assert_shows("a relay passes on what others say");
}

#[test]
fn another_target_is_for_the_connections_to_come() {
    let (mut driver, id) = relaying(WIDE);
    let effects = driver.keys(&format!("<C-l><Tab><End>{}other:1<F5>", "<Backspace>".repeat(7)));
    let update = effects.iter().find_map(|effect| match effect {
        Effect::Engine(Command::Update { id: of, plan }) if *of == id => Some(plan.clone()),
        _ => None,
    });
    let plan = relay(*update.expect("an update"));
    assert_eq!(plan.target.endpoint.to_string(), "other:1");
    driver.assert_shows("the target of new connections changed");
}

#[test]
fn a_relay_counts_as_listening_and_is_closed_like_a_listener() {
    let (mut driver, id) = relaying((80, 24));
    driver.assert_shows("1 listening");
    driver.assert_shows("F8 stop");
    let effects = driver.keys("<F8>");
    let close = Command::Close { id, how: CloseMode::Close };
    assert!(effects.contains(&Effect::Engine(close)), "{effects:?}");
    driver.phase(id, Phase::Closing);
    driver.keys("<C-c>");
    driver.assert_shows("1 session will be closed");
}

#[test]
fn a_preset_of_a_relay_is_saved_and_opened_again() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<A-r><C-l>:9000<Tab>db:5432<C-s>");
    driver.assert_shows("tcp-relay-9000");
    driver.keys("<Enter>");
    let kept = driver.store.presets.values().next().expect("a preset").0.clone();
    let Spec::TcpRelay(spec) = kept.spec else { panic!("{kept:?}") };
    assert_eq!((&*spec.bind, &*spec.target), (":9000", "db:5432"));
    driver.assert_shows("RLY");
}

#[test]
fn a_relay_of_datagrams_is_composed_of_a_client_of_datagrams() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<F3><C-l>udp://127.0.0.1:53<A-r>");
    driver.assert_shows("UDP relay ─ not saved");
    let (id, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::UdpRelay(plan) = plan else { panic!("{plan:?}") };
    assert_eq!((plan.target.to_string(), plan.any_peer), ("127.0.0.1:53".into(), false));
    let pair = RelayPair { client: id.conn(1), target: id.conn(2) };
    let info = |id, local, peer| ConnInfo {
        local: Some(address(local).into()),
        peer: Some(address(peer).into()),
        pair: Some(pair),
        ..ConnInfo::new(id, Protocol::Udp, Side::Relay)
    };
    let conns = vec![info(pair.client, 9000, 40_000), info(pair.target, 50_000, 53)];
    let records = vec![
        record(pair.client, 1, Direction::Received, b"ask"),
        record(pair.client, 2, Direction::Sent, b"answer"),
    ];
    driver.listening(id);
    arrive(&mut driver, conns, records);
    driver.app.shared.focus = Pane::Response;
    let screen = driver.screen();
    for part in ["Datagrams", "client", "ask", "server", "answer"] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
    driver.keys("i");
    driver.assert_shows("a relay passes on what others say");
}

#[test]
fn faults_are_composed_shown_where_they_touch_and_switched_off_and_on_again() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<A-r><C-l>:9000<Tab>db:5432");
    driver.keys("<A-Right><A-n>");
    driver.assert_shows("Faults");
    let (id, plan) = Driver::opened(&driver.keys("<F5>"));
    let faults = relay(plan).faults;
    assert_eq!((faults.list.len(), faults.off), (1, false));
    driver.listening(id);
    let [client, target] = halves(id, 0);
    let mut touched = record(client.id, 5, Direction::Sent, b"late answer");
    touched.faults.insert(FaultKind::Delay);
    arrive(&mut driver, vec![client, target], vec![touched]);
    driver.app.shared.focus = Pane::Response;
    driver.assert_shows("[delay] late answer");
    let effects = driver.keys("!");
    let off = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Engine(Command::Update { plan, .. }) => {
                Some(relay((**plan).clone()).faults.off)
            }
            _ => None,
        })
    };
    assert_eq!(off(&effects), Some(true));
    driver.assert_shows("the faults are off");
    // A row of figures is called by the session's name, whatever is done to it now.
    driver.keys("%");
    driver.assert_shows(&format!("{id} :9000 "));
    assert!(!driver.screen().contains("faults off"), "{}", driver.screen());
    driver.keys("<Esc>");
    assert_eq!(off(&driver.keys("!")), Some(false));
    driver.assert_shows("the faults are on again");
}

/// What the engine is to change now.
fn in_force(effects: &[Effect]) -> Option<Vec<usize>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Engine(Command::Update { plan, .. }) => {
            let rules = relay((**plan).clone()).rewrites;
            Some(rules.iter().map(|rule| rule.number).collect())
        }
        _ => None,
    })
}

/// A relay with two rules, one of which runs.
fn rewriting() -> (Driver, SessionId) {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<A-r><C-l>:9000<Tab>db:5432");
    let mut spec = Spec::clone(&driver.app.shared.drafts.current().spec);
    let Spec::TcpRelay(relay) = &mut spec else { panic!("no relay") };
    for (text, with) in [("a", "b"), ("c", "d")] {
        let change = RewriteChange::Replace { text: text.into(), with: with.into() };
        relay.rewrite.push(RewriteSpec { change, ..RewriteSpec::default() });
    }
    driver.app.shared.drafts.current_mut().spec = spec.into();
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    (driver, id)
}

#[test]
fn rules_are_switched_off_and_on_again_by_a_key_and_faults_do_not_bring_them_back() {
    let (mut driver, _) = rewriting();
    driver.app.shared.focus = Pane::Response;
    driver.assert_shows("─ 2 rules ");
    assert_eq!(in_force(&driver.keys("&")), Some(Vec::new()));
    driver.assert_shows("the rules are off: what comes is passed on as it is; & switches them on");
    driver.assert_shows("─ rules off ");
    assert_eq!(in_force(&driver.keys("&")), Some(vec![1, 2]));
    driver.assert_shows("the rules are on again");
}

#[test]
fn one_rule_is_switched_in_the_form_while_the_relay_runs_and_what_each_did_is_counted() {
    let (mut driver, id) = rewriting();
    driver.event(Event::Rewrote { id, rule: 2, times: 12 });
    driver.app.shared.focus = Pane::Request;
    for _ in 0..8 {
        if driver.shows("×12") {
            break;
        }
        driver.keys("<A-Right>");
    }
    driver.assert_shows("×12");
    driver.click("[x]");
    driver.assert_shows("rule 1 is off now on the relay that runs");
    driver.assert_shows("─ 1 rule ");
    let effects = driver.keys("<C-t>");
    assert_eq!(in_force(&effects), Some(vec![1, 2]));
    driver.assert_shows("rule 1 is on now on the relay that runs");
}
