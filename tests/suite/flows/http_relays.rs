//! An HTTP relay in the workbench: composed, started, watched as exchanges, led elsewhere.

use wirebench::app::focus::Pane;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::fault::FaultSpec;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{HttpRelayPlan, Plan};
use wirebench::model::protocol::Side;
use wirebench::model::spec::Spec;
use wirebench::model::tls::ClientTls;

use super::conversations::WIDE;
use crate::harness::app::Driver;
use crate::harness::samples::{answer, commands, exchange};

fn relay(plan: Plan) -> HttpRelayPlan {
    let Plan::HttpRelay(plan) = plan else { panic!("no HTTP relay: {plan:?}") };
    *plan
}

/// A relay on port 8080 for a server, started by hand.
fn relaying(target: &str) -> (Driver, SessionId, HttpRelayPlan) {
    let mut driver = Driver::bare(WIDE);
    let keys = format!("<A-r><A-r><C-l>:8080<Tab>{target}<F5>");
    let (id, plan) = Driver::opened(&driver.keys(&keys));
    driver.listening(id);
    (driver, id, relay(plan))
}

#[test]
fn the_key_of_relays_pressed_again_composes_one_of_http_for_the_same_place() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<F2><C-l>https://h:8443/x<A-r>");
    driver.assert_shows("TCP relay ─ not saved");
    driver.keys("<A-r>");
    driver.assert_shows("HTTP relay ─ not saved");
    driver.keys("<A-r>");
    driver.assert_shows("relay ─ not saved");
}

#[test]
fn it_is_started_with_a_target_and_without_one() {
    let (driver, _, plan) = relaying("http://127.0.0.1:9000");
    assert_eq!(plan.target.unwrap().url(), "http://127.0.0.1:9000");
    driver.assert_shows("F8 stop");
    let (_, _, plan) = relaying("");
    assert_eq!(plan.target, None, "a forward proxy");
}

#[test]
fn a_target_that_is_none_is_said_at_its_field() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<A-r><A-r><C-l>:8080<Tab>tcp://h:1<F5>");
    driver.assert_shows("not relaying: target: 'tcp://' is no URL of HTTP");
}

#[test]
fn each_exchange_shows_what_was_answered_and_what_was_asked() {
    let (mut driver, id, _) = relaying("http://127.0.0.1:9000");
    for (number, status) in [(0, 200), (1, 404)] {
        let mut told = exchange(id, number, Some(answer(status, 20 + u64::from(number), 5)));
        told.side = Side::Relay;
        told.warnings = vec!["X-Hop was not passed on".into()];
        driver.event(Event::Exchange(Box::new(told)));
    }
    driver.app.shared.focus = Pane::Response;
    let screen = driver.screen();
    for part in ["404", "X-Hop was not passed on", "Request"] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
}

#[test]
fn faults_of_it_are_composed_and_switched_off_and_on_again_while_it_runs() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<A-r><A-r><C-l>:8080<Tab>http://a:1");
    let mut spec = Spec::clone(&driver.app.shared.drafts.current().spec);
    let Spec::HttpRelay(http) = &mut spec else { panic!("no HTTP relay") };
    http.fault.push(FaultSpec::default());
    driver.app.shared.drafts.current_mut().spec = spec.into();
    driver.assert_shows("Faults");
    let off = |effects| {
        let update = commands(effects).into_iter().find_map(|command| match command {
            Command::Update { plan, .. } => Some(relay(*plan)),
            _ => None,
        });
        update.map(|plan| (plan.faults.list.len(), plan.faults.off))
    };
    let (id, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(relay(plan).faults.list.len(), 1);
    driver.listening(id);
    driver.app.shared.focus = Pane::Response;
    assert_eq!(off(driver.keys("!")), Some((1, true)));
    driver.assert_shows("the faults are off");
    assert_eq!(off(driver.keys("!")), Some((1, false)));
}

#[test]
fn another_target_is_for_the_requests_to_come() {
    let (mut driver, id, _) = relaying("http://a:1");
    let back = "<Backspace>".repeat(10);
    let effects = driver.keys(&format!("<C-l><Tab><End>{back}https://b<F5>"));
    let update = commands(effects).into_iter().find_map(|command| match command {
        Command::Update { id: of, plan } if of == id => Some(relay(*plan)),
        _ => None,
    });
    let target = update.expect("an update").target.unwrap();
    assert_eq!((target.url().as_str(), target.tls), ("https://b", ClientTls::verified()));
}

#[test]
fn a_preset_of_it_is_saved_and_keeps_its_options() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<A-r><A-r><C-l>:8080<Tab>http://a:1<C-s><Enter>");
    let kept = driver.store.presets.values().next().expect("a preset").0.clone();
    let Spec::HttpRelay(spec) = kept.spec else { panic!("{kept:?}") };
    assert_eq!((&*spec.bind, &*spec.target), (":8080", "http://a:1"));
    driver.assert_shows("RLY");
}

/// The palette says what cannot be done here, and this can.
#[test]
fn faults_of_an_http_relay_are_offered_to_be_switched_off() {
    let mut driver = Driver::bare(WIDE);
    let (id, _) = Driver::opened(&driver.keys("<A-r><A-r><C-l>:8080<Tab>http://a:1<F5>"));
    driver.listening(id);
    driver.keys("<C-p>toggle faults");
    driver.assert_shows("Toggle faults");
    assert!(!driver.screen().contains("no relay runs here"), "{}", driver.screen());
}
