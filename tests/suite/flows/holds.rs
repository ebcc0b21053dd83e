//! What relays hold, in the workbench: said, looked at, decided about by keys.

use wirebench::app::effect::Effect;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::hold::{Decision, Held, HeldKind, HoldEnd};
use wirebench::model::id::SessionId;
use wirebench::model::plan::Plan;

use super::conversations::WIDE;
use crate::harness::app::Driver;

/// A relay that runs and holds what clients send.
fn holding(size: (u16, u16)) -> (Driver, SessionId) {
    let mut driver = Driver::bare(size);
    let (id, _) = Driver::opened(&driver.keys("<A-r><C-l>:9000<Tab>db:5432<F5>"));
    driver.listening(id);
    (driver, id)
}

fn hold(driver: &mut Driver, id: SessionId, number: u32, data: &'static [u8]) {
    let at = driver.app.shared.now;
    let (conn, until) = (id.conn(2 * number - 1), at + std::time::Duration::from_secs(60));
    let kind = HeldKind::Stream;
    let data = data.into();
    let held = Held { number, conn, kind, from_client: true, at, until, data };
    driver.event(Event::Held(Box::new(held)));
}

fn decided(effects: &[Effect]) -> Vec<(u32, Decision)> {
    let decided = effects.iter().filter_map(|effect| match effect {
        Effect::Engine(Command::Decide { number, decision, .. }) => {
            Some((*number, decision.clone()))
        }
        _ => None,
    });
    decided.collect()
}

#[test]
fn what_is_held_is_said_counted_shown_and_decided_by_keys() {
    let (mut driver, id) = holding(WIDE);
    hold(&mut driver, id, 1, b"login ann");
    assert!(
        driver.shows("a relay holds bytes of the client: Alt+H shows what waits"),
        "{}",
        driver.screen()
    );
    hold(&mut driver, id, 2, b"login bob");
    assert!(driver.screen().contains("2 held (Alt+H)"), "{}", driver.screen());
    driver.keys("<A-h>");
    let screen = driver.screen();
    for shown in ["Held ─ 2 wait", "login ann", "login bob", "s left"] {
        assert!(screen.contains(shown), "{shown} in {screen}");
    }
    assert_eq!(decided(&driver.keys("f")), [(1, Decision::Forward)]);
    driver.event(Event::HoldEnded { id, number: 1, end: HoldEnd::Forwarded });
    assert!(driver.screen().contains("Held ─ 1 wait"));
    assert_eq!(decided(&driver.keys("d")), [(2, Decision::Drop)], "the next has its place");
    driver.event(Event::HoldEnded { id, number: 2, end: HoldEnd::Dropped });
    assert!(driver.screen().contains("nothing is held now"), "{}", driver.screen());
    assert!(decided(&driver.keys("f")).is_empty());
    driver.keys("<Esc>");
    assert!(!driver.screen().contains("held (Alt+H)"));
}

#[test]
fn what_is_written_goes_on_and_mistakes_are_told_with_their_place() {
    let (mut driver, id) = holding(WIDE);
    hold(&mut driver, id, 1, b"GET /\r\n\x00");
    driver.keys("<A-h>e");
    assert!(driver.screen().contains("GET /\\r"), "{}", driver.screen());
    let effects = driver.keys("<End><Backspace><Backspace>x<F5>");
    let edited = b"GET /x\n\x00".as_slice().into();
    assert_eq!(decided(&effects), [(1, Decision::Edit(edited))]);
    hold(&mut driver, id, 2, b"\x01\x02");
    driver.event(Event::HoldEnded { id, number: 1, end: HoldEnd::Edited });
    driver.keys("x");
    assert!(driver.screen().contains("00000000  01 02"), "{}", driver.screen());
    driver
        .keys("<Home><Right><Right><Right><Right><Right><Right><Right><Right><Right><Right><Del>g");
    assert!(driver.screen().contains("column 11: 'g' is not a hex digit"), "{}", driver.screen());
    assert!(decided(&driver.keys("<F5>")).is_empty(), "a mistake goes nowhere");
    let edited = b"\xf1\x02".as_slice().into();
    assert_eq!(decided(&driver.keys("<Backspace>f<F5>")), [(2, Decision::Edit(edited))]);
    // What nobody changed is forwarded as it came.
    assert_eq!(decided(&driver.keys("e<F5>")), [(2, Decision::Forward)]);
}

#[test]
fn the_filter_is_set_and_cleared_while_the_relay_runs() {
    let (mut driver, id) = holding(WIDE);
    driver.keys("<A-h>/latency > 1s<Enter>");
    assert!(driver.screen().contains("latency is not known before it is passed on"));
    let set = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Engine(Command::Update { id: of, plan }) => {
                assert_eq!(*of, id);
                let wirebench::model::plan::Plan::TcpRelay(plan) = &**plan else { return None };
                Some(plan.hold.filter.clone())
            }
            _ => None,
        })
    };
    let effects = driver.keys("<Esc>/in and data contains login<Enter>");
    assert_eq!(set(&effects), Some(Some("in and data contains login".into())));
    assert!(driver.screen().contains("hold  in and data contains login"), "{}", driver.screen());
    assert_eq!(set(&driver.keys("R")), Some(None), "all on, and nothing more is held");
}

#[test]
fn what_waits_no_longer_is_said_unless_somebody_decided() {
    let (mut driver, id) = holding(WIDE);
    hold(&mut driver, id, 1, b"x");
    driver.event(Event::HoldEnded { id, number: 1, end: HoldEnd::TimedOut });
    assert!(driver.shows("nobody decided for 60 seconds: the bytes of the client went on as held"));
    hold(&mut driver, id, 2, b"y");
    driver.keys("<A-h>e");
    driver.event(Event::HoldEnded { id, number: 2, end: HoldEnd::Gone });
    assert!(driver.screen().contains("it is no longer held; what you wrote goes nowhere"));
}

#[test]
fn what_comes_to_wait_while_the_window_is_open_and_empty_is_chosen() {
    let (mut driver, id) = holding(WIDE);
    hold(&mut driver, id, 1, b"login ann");
    driver.keys("<A-h>");
    driver.event(Event::HoldEnded { id, number: 1, end: HoldEnd::Forwarded });
    hold(&mut driver, id, 2, b"login bob");
    let screen = driver.screen();
    assert!(!screen.contains("nothing is held now"), "{screen}");
    assert_eq!(decided(&driver.keys("f")), [(2, Decision::Forward)]);
    driver.event(Event::HoldEnded { id, number: 2, end: HoldEnd::Forwarded });
    driver.keys("<Esc><A-h>");
    hold(&mut driver, id, 3, b"login eve");
    assert_eq!(decided(&driver.keys("d")), [(3, Decision::Drop)], "opened when nothing waited");
}

#[test]
fn one_request_that_waits_has_its_article() {
    let (mut driver, id) = holding(WIDE);
    let at = driver.app.shared.now;
    let until = at + std::time::Duration::from_secs(60);
    let data = b"GET / HTTP/1.1\r\n\r\n".as_slice().into();
    let kind = HeldKind::Request;
    let held = Held { number: 1, conn: id.conn(1), kind, from_client: true, at, until, data };
    driver.event(Event::Held(Box::new(held)));
    assert!(driver.shows("a relay holds a request of the client"), "{}", driver.screen());
}

#[test]
fn the_prompt_of_the_hold_offers_what_a_filter_can_say_and_tab_takes_it() {
    let (mut driver, _) = holding(WIDE);
    driver.keys("<A-h>/dat");
    let screen = driver.screen();
    assert!(screen.contains("data"), "{screen}");
    driver.keys("<Tab>");
    driver.assert_shows("hold  data");
    driver.keys(" contains x");
    let effects = driver.keys("<Enter>");
    let held = effects.iter().find_map(|effect| match effect {
        Effect::Engine(Command::Update { plan, .. }) => match &**plan {
            Plan::TcpRelay(plan) => plan.hold.filter.clone(),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(held.as_deref(), Some("data contains x"));
    // Escape leaves the line, whatever is offered.
    driver.keys("/<C-u>po");
    driver.assert_shows("port");
    driver.keys("<Esc>");
    driver.assert_shows("hold  data contains x");
}

#[test]
fn control_end_goes_behind_the_last_line_of_what_is_edited() {
    let (mut driver, id) = holding(WIDE);
    hold(&mut driver, id, 1, b"one\r\ntwo\r\nthree");
    driver.keys("<A-h>e<C-End>!");
    driver.assert_shows("three!");
    assert_eq!(decided(&driver.keys("<F5>")), [(1, Decision::Edit("one\r\ntwo\r\nthree!".into()))]);
}

#[test]
fn that_a_client_left_is_said() {
    let (mut driver, id) = holding(WIDE);
    hold(&mut driver, id, 1, b"GET /");
    driver.event(Event::HoldEnded { id, number: 1, end: HoldEnd::Left });
    driver.assert_shows("the client left: the bytes of the client went nowhere");
}

#[test]
fn that_something_waits_is_counted_on_a_small_screen_too() {
    let (mut driver, id) = holding((80, 24));
    hold(&mut driver, id, 1, b"x");
    driver.assert_shows("◼ 1 held (Alt+H)");
}
