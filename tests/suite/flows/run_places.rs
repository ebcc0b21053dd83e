//! A run to several places at once: how they are chosen, what stands side by side, and what opens from there. And what
//! came to listeners while a run goes on.

use std::collections::BTreeMap;

use wirebench::app::message::{Message, Timer};
use wirebench::model::preset::Environment;
use wirebench::store::job::Workspace;

use super::runs::{Peer, RUN_FOLDER};
use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);
const USERS: &str = "[http]\nurl = \"{{base}}/users\"\n\n[expect]\nstatus = 200\n";
const LOGIN: &str = "[http]\nurl = \"http://here/login\"\n";

fn environment(name: &str, base: &str) -> Environment {
    let variables = BTreeMap::from([("base".to_owned(), base.to_owned())]);
    Environment { name: name.to_owned(), variables, ..Environment::default() }
}

fn driver() -> Driver {
    let environments = vec![environment("dev", "http://dev"), environment("prod", "http://prod")];
    let files = [("users/a-login", LOGIN), ("users/b-list", USERS)];
    let found = Workspace { environments, ..workspace(&files) };
    Driver::with(WIDE, found)
}

fn peer() -> Peer {
    Peer { by_target: vec![("prod", 500)], ..Peer::new(Some(200)) }
}

#[test]
fn a_folder_goes_to_environments_that_are_chosen_and_what_differs_stands_first() {
    let mut driver = driver();
    driver.keys("<A-1>gR<Esc><A-1>g=");
    driver.assert_shows("choose the places whose answers are to be compared");
    driver.keys("<Space>");
    driver.assert_shows("dev is in force: choose another place beside it");
    driver.keys("<Enter>");
    driver.assert_shows("Run presets");
    driver.assert_shows("[x] dev");
    driver.keys("<Down><Space>");
    driver.assert_shows("goes there; the others are compared with it");
    driver.assert_shows("[x] dev");
    driver.assert_shows("users/ to dev and prod, side by side");
    let mut peer = peer();
    let effects = driver.keys("<Enter>");
    peer.play(&mut driver, effects);
    let mut targets = peer.targets();
    targets.sort_unstable();
    assert_eq!(
        targets,
        ["http://dev/users", "http://here/login", "http://here/login", "http://prod/users"]
    );
    driver.assert_shows("4 of 4  3 passed  1 failed");
    driver.assert_shows("1 preset differs");
    let screen = driver.screen();
    let line = |text: &str| screen.lines().find(|line| line.contains(text)).unwrap().to_owned();
    let head = line("users/b-list");
    assert!(head.contains("passed 200") && head.contains("≠ failed 500"), "{screen}");
    let status = line("  status ");
    assert!(status.contains("200") && status.contains("≠ 500"), "{screen}");
    assert!(screen.find("users/b-list") < screen.find("users/a-login"), "{screen}");
    driver.keys("<Right><Down>");
    driver.assert_shows("≠ prod  failed");
    driver.keys("<Up>");
    driver.assert_shows("status: expected 200, got 500");
    driver.keys("<Down>");
    // The exchange of the place the cursor is on.
    driver.keys("<Enter>");
    driver.assert_shows("Response ─ run users/: users/b-list (prod)");
    driver.keys("<Esc><Left><Enter>");
    // Sent before the other, it is the earlier answer of the preset.
    driver.assert_shows("kept answer 12:00 ─ run users/: users/b-list (dev)");
    driver.keys("<Esc>=");
    driver.assert_shows("users/b-list (prod)");
    driver.assert_shows("- expected 200");
    driver.keys("=");
    driver.assert_shows("≠ 500");
}

#[test]
fn places_are_typed_too_and_one_alone_goes_beside_what_is_in_force() {
    let mut driver = driver();
    driver.keys("<A-1>g<Down>=<Up>nowhere");
    driver.assert_shows("there is no environment 'nowhere'");
    driver.keys("<C-u>http://there:81");
    driver.assert_shows("users/a-login to dev and http://there:81, side by side");
    let mut peer = peer();
    let effects = driver.keys("<Enter>");
    peer.play(&mut driver, effects);
    let mut targets = peer.targets();
    targets.sort_unstable();
    assert_eq!(targets, ["http://here/login", "http://there:81/login"]);
    driver.assert_shows("0 presets differ");
    // Asked for again it starts with what was chosen.
    driver.keys("c");
    driver.assert_shows("http://there:81");
    driver.assert_shows("[ ] dev");
}

#[test]
fn the_place_chosen_first_is_what_the_others_are_compared_with() {
    let mut driver = driver();
    driver.keys("<A-1>gR<Esc><A-1>g=<Down><Space><Up><Space>");
    driver.assert_shows("users/ to prod and dev, side by side");
    driver.keys("<Down><Space>http://there:81");
    driver.assert_shows("users/ to dev and http://there:81, side by side");
    driver.keys("<Down><Down><Space>");
    let mut peer = peer();
    let effects = driver.keys("<Enter>");
    peer.play(&mut driver, effects);
    let screen = driver.screen();
    let heads = screen.lines().find(|line| line.contains("http://there:81")).unwrap();
    assert!(heads.find("dev") < heads.find("prod"), "{screen}");
    driver.assert_shows("6 of 6");
    // A line that is longer than the window is told whole.
    driver.keys("c");
    driver.assert_shows("http://there:81");
}

#[test]
fn a_listener_tells_what_came_to_it_while_the_run_goes_on() {
    let mock = "[http-listener]\nbind = \"127.0.0.1:0\"\n\n[expect]\ncalled = 2\nbody = \"contains 'x'\"\n";
    let get = |name: &str| {
        format!("[http]\nneeds = [\"mock\"]\nurl = \"http://{{{{mock.address}}}}/{name}\"\n")
    };
    let (one, two) = (get("one"), get("two"));
    let files = [("mock", mock), ("users/a", &*one), ("users/b", &*two)];
    let mut driver = Driver::with(WIDE, workspace(&files));
    let mut peer = Peer { serves: true, hangs_after: Some(1), ..Peer::new(Some(200)) };
    let effects = driver.keys(RUN_FOLDER);
    peer.play(&mut driver, effects);
    driver.tell(Message::Timer(Timer::Run));
    driver.assert_shows("listens");
    driver.assert_shows("called 1 of 2  0 of 2 as expected so far  http listener 127.0.0.1:4001");
    driver.keys("/listens<Enter>");
    driver.assert_shows("… called: expected 2, 1 so far");
    driver.assert_shows("… body: expected contains 'x'; it is looked at in the end");
    driver.keys("<Enter>");
    driver.assert_shows("Esc goes back to the run");
}

#[test]
fn a_captured_secret_is_no_difference_and_stands_nowhere() {
    let login = "[http]\nurl = \"{{base}}/login\"\n\n[capture]\ntoken = \"json .token\"\n";
    let environments = vec![environment("dev", "http://dev"), environment("prod", "http://prod")];
    let found = Workspace { environments, ..workspace(&[("users/a-login", login)]) };
    let mut driver = Driver::with(WIDE, found);
    driver.keys("<A-1>g=<Space><Down><Space>");
    let mut peer = peer();
    let effects = driver.keys("<Enter>");
    peer.play(&mut driver, effects);
    driver.assert_shows("2 of 2");
    assert!(!driver.shows("t0p-value"), "{}", driver.screen());
}
