//! What a preset needs goes first when the preset is sent alone: who makes its values, and the listeners it talks to.

use std::time::Duration;

use wirebench::app::message::{Message, Timer};
use wirebench::model::id::SessionId;
use wirebench::model::preset::PresetPath;
use wirebench::model::protocol::Protocol;

use super::runs::Peer;
use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);
const LOGIN: &str = "[http]\nurl = \"http://h/login\"\nmax-age = \"10m\"\n\n[expect]\nstatus = 200\n\n[capture]\n\
                     token = \"json .token\"\n";
const ME: &str = "[http]\nurl = \"http://h/me?t={{token}}\"\nneeds = [\"login\"]\n";
const SENT: [&str; 2] = ["http://h/login", "http://h/me?t=t0p-value"];

/// Puts a preset on screen by its name.
fn open(driver: &mut Driver, name: &str) {
    let path = PresetPath::parse(name).unwrap();
    let at = driver.app.shared.workspace.presets.iter().position(|it| it.path == path).unwrap();
    driver.keys(&format!("<A-1>g{}<Enter>", "<Down>".repeat(at)));
    assert_eq!(driver.app.shared.drafts.current().preset.as_ref(), Some(&path));
}

fn with(files: &[(&str, &str)], name: &str) -> Driver {
    let mut driver = Driver::with(WIDE, workspace(files));
    open(&mut driver, name);
    driver
}

/// Presses the key that sends; the engine and the peers of it do what they do.
fn send(driver: &mut Driver, peer: &mut Peer) {
    let effects = driver.keys("<F5>");
    peer.play(driver, effects);
}

#[test]
fn who_makes_a_value_is_sent_first_and_seen_and_not_again_while_that_is_young() {
    let mut driver = with(&[("login", LOGIN), ("me", ME)], "me");
    let mut peer = Peer::new(None);
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets(), SENT[..1], "what is sent waits for it");
    driver.assert_shows("login is sent first, then this goes; F8 stops it");
    driver.keys("<A-5>");
    driver.assert_shows("login is sent first, 0 of 1");
    // Another press begins nothing anew.
    driver.keys("<A-3>");
    send(&mut driver, &mut peer);
    driver.assert_shows("what it needs is being sent");
    assert_eq!(peer.opened.len(), 1);

    let mut driver = with(&[("login", LOGIN), ("me", ME)], "me");
    let mut peer = Peer::new(Some(200));
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets(), SENT);
    let (login, me) = (peer.opened[0].0, peer.opened[1].0);
    assert_eq!(driver.app.shared.session().map(|session| session.id), Some(me));
    let title = |id: SessionId| driver.app.shared.sessions.get(id).unwrap().title.clone();
    assert_eq!((title(login), title(me)), ("login".to_owned(), "me".to_owned()));
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets()[2..], SENT[1..], "the token is there");
    // Eleven minutes later it is too old.
    let later = driver.app.shared.now + Duration::from_secs(11 * 60);
    driver.app.update(Message::Timer(Timer::Notice), later);
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets()[3..], SENT);
}

#[test]
fn what_does_not_pass_keeps_what_needs_it_from_being_sent() {
    let mut driver = with(&[("login", LOGIN), ("me", ME)], "me");
    let mut peer = Peer::new(Some(401));
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets(), SENT[..1]);
    driver.assert_shows("not sent: login did not pass: status: expected 200, got 401");
    driver.assert_shows("Alt+Shift+R shows it");
    driver.keys("<A-R>");
    driver.assert_shows("+ got      401");
    driver.keys("<Esc>");
    // It is tried anew with the next press.
    let mut peer = Peer::new(Some(200));
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets(), SENT);
}

#[test]
fn each_key_that_stops_stops_what_is_sent_first_and_nothing_follows() {
    for key in ["<Esc>", "<F8>", "<C-c>"] {
        let mut driver = with(&[("login", LOGIN), ("me", ME)], "me");
        let mut peer = Peer::new(None);
        send(&mut driver, &mut peer);
        let effects = driver.keys(key);
        peer.play(&mut driver, effects);
        assert_eq!(peer.closed, [peer.opened[0].0], "{key}");
        assert_eq!(peer.targets(), SENT[..1], "{key}");
        driver.assert_shows("not sent: it was stopped before");
        driver.keys("<F5>");
        driver.assert_shows("login is sent first");
    }
}

#[test]
fn a_circle_is_refused_with_its_path_and_a_need_that_is_not_there_by_name() {
    let login = LOGIN.replace("max-age = \"10m\"", "needs = [\"key\"]");
    let key = ME.replace("needs = [\"login\"]", "needs = [\"me\"]");
    let mut driver = with(&[("key", &key), ("login", &login), ("me", ME)], "me");
    let mut peer = Peer::new(Some(200));
    send(&mut driver, &mut peer);
    assert!(peer.opened.is_empty());
    driver.assert_shows("presets need each other in a circle: me → login → key → me");
    let mut driver = with(&[("login", LOGIN), ("me", &ME.replace("login", "logon"))], "me");
    send(&mut driver, &mut peer);
    assert!(peer.opened.is_empty());
    driver.assert_shows("it needs 'logon', and there is no such preset");
    driver.assert_shows("did you mean 'login'");
}

#[test]
fn a_listener_that_is_needed_begins_and_stays_for_what_is_sent_to_it() {
    let login = LOGIN.replace("http://h", "http://{{mock.address}}");
    let login = login.replace("max-age = \"10m\"", "needs = [\"mock\"]");
    let me = ME.replace("http://h", "http://{{mock.address}}").replace("[\"l", "[\"mock\", \"l");
    let mock = "[http-listener]\nbind = \"127.0.0.1:0\"\n\n[expect]\ncalled = 3\n";
    let mut driver = with(&[("login", &login), ("me", &me), ("mock", mock)], "me");
    let mut peer = Peer::new(Some(200));
    send(&mut driver, &mut peer);
    let sent = SENT.map(|target| target.replace("//h", "//127.0.0.1:4001"));
    assert_eq!(peer.targets(), sent);
    assert!(peer.closed.is_empty(), "the listener is up still");
    send(&mut driver, &mut peer);
    assert_eq!((peer.targets().len(), peer.opened.len()), (3, 4), "no other one is begun");
    // It is the one of its preset, and ends as one that was begun there.
    open(&mut driver, "mock");
    driver.assert_shows("127.0.0.1:4001");
    let effects = driver.keys("<F8>");
    peer.play(&mut driver, effects);
    assert_eq!(peer.closed, [peer.opened[0].0]);
    open(&mut driver, "me");
    send(&mut driver, &mut peer);
    assert_eq!(peer.opened.len(), 6, "it begins anew, and the token is there still");
}

#[test]
fn conversations_wait_for_what_they_need_too() {
    for (preset, protocol) in [
        (
            "[tcp]\naddress = \"h:1\"\nneeds = [\"login\"]\nstep = [{ send = \"AUTH {{token}}\" }]\n",
            Protocol::Tcp,
        ),
        (
            "[udp]\naddress = \"h:1\"\nneeds = [\"login\"]\nstep = [{ send = \"{{token}}\" }]\n",
            Protocol::Udp,
        ),
        (
            "[tcp]\naddress = \"tls://h:1\"\nneeds = [\"login\"]\nstep = [{ send = \"{{token}}\" }]\n",
            Protocol::Tcp,
        ),
    ] {
        let mut driver = with(&[("login", LOGIN), ("talk", preset)], "talk");
        let mut peer = Peer { hangs_after: Some(1), ..Peer::new(Some(200)) };
        send(&mut driver, &mut peer);
        let protocols: Vec<Protocol> =
            peer.opened.iter().map(|(_, plan)| plan.protocol()).collect();
        assert_eq!(protocols, [Protocol::Http, protocol], "{preset}");
        // While it is open nothing is sent first: what is typed goes to it.
        send(&mut driver, &mut peer);
        assert_eq!(peer.opened.len(), 2, "{preset}");
    }
}

#[test]
fn what_stands_in_the_forms_is_what_is_sent_and_what_changed_meanwhile_is_not() {
    let mut driver = with(&[("login", LOGIN), ("me", ME)], "login");
    driver.keys("<C-l><End>?as=ann<Esc>");
    open(&mut driver, "me");
    driver.keys("<C-l><End>&x=1<Esc>");
    let mut peer = Peer::new(Some(200));
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets(), ["http://h/login?as=ann", "http://h/me?t=t0p-value&x=1"]);
    let mut driver = with(&[("login", LOGIN), ("me", ME)], "me");
    let mut peer = Peer::new(Some(200));
    let effects = driver.keys("<F5>");
    driver.keys("<C-l><End>&x=1");
    peer.play(&mut driver, effects);
    assert_eq!(peer.targets(), SENT[..1]);
    driver.assert_shows("what is sent was changed meanwhile");
}

#[test]
fn what_is_wrong_anyway_is_said_before_anything_is_sent() {
    let me = ME.replace("/me", "/{{nowhere}}");
    let mut driver = with(&[("login", LOGIN), ("me", &me)], "me");
    let mut peer = Peer::new(Some(200));
    send(&mut driver, &mut peer);
    assert!(peer.opened.is_empty());
    driver.assert_shows("{{nowhere}} is not defined in this environment");
}

#[test]
fn who_captures_a_name_is_offered_where_nothing_says_that_it_is_needed() {
    let me = ME.replace("needs = [\"login\"]\n", "");
    let mut driver = with(&[("login", LOGIN), ("me", &me)], "me");
    let mut peer = Peer::new(Some(200));
    send(&mut driver, &mut peer);
    assert!(peer.opened.is_empty(), "nothing goes out that nobody named");
    driver.assert_shows("{{token}} has no value yet, and login captures it");
    let effects = driver.keys("y");
    peer.play(&mut driver, effects);
    assert_eq!(peer.targets(), SENT);
    // From now on the capture says whose it is: it is sent again when it is too old.
    let later = driver.app.shared.now + Duration::from_secs(11 * 60);
    driver.app.update(Message::Timer(Timer::Notice), later);
    send(&mut driver, &mut peer);
    assert_eq!(peer.targets()[2..], SENT);
}

#[test]
fn a_run_that_is_under_way_is_waited_for() {
    let slow = "[http]\nurl = \"http://h/slow\"\n";
    let mut driver = with(&[("login", LOGIN), ("me", ME), ("slow", slow)], "slow");
    let mut peer = Peer::new(None);
    let effects = driver.keys("<A-1>R<Enter>");
    peer.play(&mut driver, effects);
    driver.keys("<Esc>");
    open(&mut driver, "me");
    send(&mut driver, &mut peer);
    driver.assert_shows("not sent: login is sent first, and a run is under way");
    assert_eq!(peer.targets(), ["http://h/slow"]);
}
