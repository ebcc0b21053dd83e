//! `wirebench send` of a preset that needs others: what goes first, what that says and how it ends; and when a
//! conversation is over of which something is expected.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harness::peers::{echo_peer, udp_peer};
use crate::harness::program::{command, finished, told};
use crate::runs::{Home, Ran, http, server};

impl Home {
    fn send(&self, arguments: &[&str]) -> Ran {
        let mut command = command(&[&["send"], arguments].concat());
        command.env("WIREBENCH_HOME", self.path()).current_dir(self.path());
        let streams = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = finished(streams.spawn());
        let (status, said) = told(&output);
        Ran { status, said, printed: String::from_utf8_lossy(&output.stdout).into_owned() }
    }
}

const TOKEN: &str = "\n[capture]\ntoken = \"json .token\"\ncode = \"status\"\n";

#[test]
fn what_a_preset_needs_is_sent_first_and_said_and_only_its_own_is_printed() {
    let (peer, seen) = server();
    let home = Home::new(&[
        ("login.toml", &http(peer, "/token", TOKEN)),
        ("me.toml", &http(peer, "/200/{{token}}", "needs = [\"login\"]\n")),
    ]);
    let ran = home.send(&["me"]);
    assert_eq!((ran.status, ran.printed.as_str()), (Some(0), "T-0-long-token"), "{}", ran.said);
    assert!(ran.said.contains("sent first: ok   login"), "{}", ran.said);
    assert_eq!(*seen.lock().unwrap(), ["/token", "/200/T-0-long-token"]);
    let ran = home.send(&["me", "--json", "--har", "all.har"]);
    let lines = ran.lines();
    assert_eq!((ran.status, lines.len()), (Some(0), 1), "{}", ran.printed);
    assert!(!ran.printed.contains("T-1-long"), "a token is a secret: {}", ran.printed);
    let har: Value =
        serde_json::from_slice(&fs::read(home.path().join("all.har")).unwrap()).unwrap();
    assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 2, "what went first is in files");
    let ran = home.send(&["me", "--var", "token=mine"]);
    assert_eq!((ran.status, ran.printed.as_str()), (Some(0), "mine"));
    assert_eq!(seen.lock().unwrap().len(), 5, "the command line gives what login captures");
    let ran = home.send(&["me", "--offline"]);
    assert_eq!(ran.status, Some(2), "{}", ran.said);
    assert!(
        ran.said.contains("--offline sends nothing, what it needs (login) neither"),
        "{}",
        ran.said
    );
    assert_eq!(seen.lock().unwrap().len(), 5);
}

#[test]
fn a_listener_is_there_for_the_time_of_the_send() {
    let mock = "[tcp-listener]\nbind = \"127.0.0.1:0\"\nrule = [{ when = \"contains 'PING'\", send = \"PONG {{message}}\" }]\n";
    let call = "[tcp]\naddress = \"{{mock.line.address}}\"\nneeds = [\"mock/line\"]\nstep = [{ send = \"PING\" }, { expect = \"PONG PING\" }]\n";
    let home = Home::new(&[("mock/line.toml", mock), ("call.toml", call)]);
    let ran = home.send(&["call"]);
    assert_eq!((ran.status, ran.printed.as_str()), (Some(0), "PONG PING"), "{}", ran.said);
    assert!(ran.said.contains("mock/line listens on 127.0.0.1:"), "{}", ran.said);
    // Somebody else runs it.
    let other = echo_peer();
    let fixed = mock.replace("127.0.0.1:0", &other.to_string());
    let call = call.replace("PONG PING", "PING");
    let home = Home::new(&[("mock/line.toml", &fixed), ("call.toml", &call)]);
    let ran = home.send(&["call"]);
    assert_eq!((ran.status, ran.printed.as_str()), (Some(0), "PING"), "{}", ran.said);
    assert!(ran.said.contains("mock/line runs already and is used as it is"), "{}", ran.said);
}

#[test]
fn what_does_not_pass_keeps_the_preset_from_being_sent_and_says_so_with_its_status() {
    let (peer, seen) = server();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let home = Home::new(&[
        ("unmet.toml", &http(peer, "/500", "\n[expect]\nstatus = 200\n")),
        ("refused.toml", &http(free, "/", "")),
        ("a.toml", &http(peer, "/200/a", "needs = [\"unmet\"]\n")),
        ("b.toml", &http(peer, "/200/b", "needs = [\"refused\"]\n")),
        ("c.toml", &http(peer, "/200/c", "needs = [\"d\"]\n")),
        ("d.toml", &http(peer, "/200/d", "needs = [\"c\"]\n")),
        ("e.toml", &http(peer, "/200/{{nobody}}", "needs = [\"login\"]\n")),
        ("login.toml", &http(peer, "/token", TOKEN)),
    ]);
    fs::write(home.path().join("kept"), "as it was").unwrap();
    let ran = home.send(&["a", "-o", "kept"]);
    assert_eq!((ran.status, ran.printed.as_str()), (Some(1), ""), "{}", ran.said);
    assert!(ran.said.contains("status: expected 200, got 500"), "{}", ran.said);
    assert!(ran.said.contains("unmet did not pass, which it needs"), "{}", ran.said);
    assert_eq!(fs::read(home.path().join("kept")).unwrap(), b"as it was");
    let ran = home.send(&["b"]);
    assert_eq!(ran.status, Some(3), "{}", ran.said);
    let ran = home.send(&["c"]);
    assert_eq!(ran.status, Some(2), "{}", ran.said);
    assert!(ran.said.contains("in a circle: c → d → c"), "{}", ran.said);
    let ran = home.send(&["e"]);
    assert_eq!(ran.status, Some(2), "{}", ran.said);
    assert!(ran.said.contains("nobody") && !ran.said.contains("sent first"), "{}", ran.said);
    assert_eq!(*seen.lock().unwrap(), ["/500"], "nothing but what failed was sent");
}

/// Answers what it gets, the second time later than a conversation is quiet otherwise.
#[expect(clippy::disallowed_methods, reason = "a peer that answers late")]
fn late(socket: UdpSocket) {
    thread::spawn(move || {
        let mut buffer = [0; 64];
        for pause in [0, 900] {
            let Ok((read, from)) = socket.recv_from(&mut buffer) else { return };
            thread::sleep(Duration::from_millis(pause));
            let _ = socket.send_to(&buffer[..read], from);
        }
    });
}

#[test]
fn what_is_expected_ends_a_conversation_and_not_that_it_is_quiet() {
    let (socket, udp) = udp_peer();
    late(socket);
    let steps = "step = [{ send = \"one\" }, { send = \"two\" }]\n";
    let expect = "\n[expect]\nmessages = 2\nlost = 0\nbody = \"onetwo\"\n";
    let (silent, nobody) = udp_peer();
    let home = Home::new(&[
        ("late.toml", &format!("[udp]\naddress = \"{udp}\"\n{steps}{expect}")),
        ("none.toml", &format!("[udp]\naddress = \"{nobody}\"\n{steps}\n[expect]\nmessages = 0\n")),
        ("some.toml", &format!("[udp]\naddress = \"{nobody}\"\n{steps}\n[expect]\nmessages = 1\n")),
    ]);
    let ran = home.send(&["late"]);
    assert_eq!((ran.status, ran.printed.as_str()), (Some(0), "onetwo"), "{}", ran.said);
    let ran = home.send(&["none", "--timeout", "300ms"]);
    assert_eq!(ran.status, Some(0), "{}", ran.said);
    let ran = home.send(&["some", "--timeout", "300ms"]);
    assert_eq!(ran.status, Some(1), "{}", ran.said);
    assert!(ran.said.contains("messages: expected 1, got 0"), "{}", ran.said);
    drop(silent);
}
