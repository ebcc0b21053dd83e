//! Automatic answers to datagrams, and what is taken for a reply: a sender can be forged, and
//! strangers may send to any port.

use std::net::UdpSocket;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::foreign::{Home, Peer};
use crate::harness::peers::udp_peer;
use crate::harness::program::{run, text};
use crate::harness::wait::wait_until;

fn listening(command: &mut Command) -> (Peer, String) {
    let peer = Peer::start(command);
    let bound: Value = serde_json::from_str(&peer.line_with("\"bound\"")).unwrap();
    (peer, bound["local"].as_str().unwrap().to_owned())
}

#[cfg(target_os = "linux")]
fn is_stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

/// What waits for a stopped listener comes from a port where another listener is by then, which is
/// what a forged datagram looks like.
#[cfg(target_os = "linux")]
#[test]
fn two_programs_that_echo_do_not_answer_each_other() {
    let (one, other) = (Home::new(), Home::new());
    let echo = |home: &Home, address: &str| {
        listening(&mut home.command(&["listen", &format!("udp://{address}"), "--json", "--echo"]))
    };
    let (first, first_address) = echo(&one, "127.0.0.1:0");
    let pid = Pid::from_child(&first.child);
    kill_process(pid, Signal::STOP).unwrap();
    wait_until("it is stopped", || is_stopped(pid));
    let (sender, _) = udp_peer();
    sender.send_to(b"once", &first_address).unwrap();
    let address = sender.local_addr().unwrap().to_string();
    drop(sender);
    let (second, _) = echo(&other, &address);
    kill_process(pid, Signal::CONT).unwrap();

    let mut data = 0;
    let note = loop {
        let line = first.line_with("\"kind\"");
        data += usize::from(line.contains("\"kind\":\"data\""));
        if line.contains("\"kind\":\"note\"") {
            break line;
        }
    };
    assert!(note.contains(&format!("{address} is a listener of wirebench")), "{note}");
    assert_eq!(data, 1, "it came, and nothing went back");
    assert!(second.lines.recv_timeout(Duration::from_millis(100)).is_err(), "nothing came here");
}

#[test]
fn equal_datagrams_of_a_peer_are_answered_up_to_a_rate_and_the_rest_is_noted() {
    const SENT: usize = 500;
    let home = Home::new();
    let words = ["listen", "udp://127.0.0.1:0", "--json", "--echo", "--set", "answer-rate=50"];
    let (peer, address) = listening(&mut home.command(&words));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    for _ in 0..SENT {
        socket.send_to(b"the same", &address).unwrap();
    }
    let mut buffer = [0; 100];
    let answers = std::iter::from_fn(|| socket.recv(&mut buffer).ok()).count();
    assert!((50..SENT / 2).contains(&answers), "{answers}");
    let note = peer.line_with("\"note\"");
    assert!(note.contains("gets 50 automatic answers a second (option answer-rate)"), "{note}");
}

/// Sends "q" from the program; a stranger answers first, then the peer.
fn asked(
    options: &[&str],
    stranger_first: &[u8],
    reply: &'static [u8],
) -> (Option<i32>, [String; 2]) {
    let ((peer, _), (stranger, _)) = (udp_peer(), udp_peer());
    let target = format!("udp://{}", peer.local_addr().unwrap());
    let stranger_first = stranger_first.to_vec();
    let answering = thread::spawn(move || {
        let (_, from) = peer.recv_from(&mut [0; 100]).unwrap();
        stranger.send_to(&stranger_first, from).unwrap();
        if !reply.is_empty() {
            peer.send_to(reply, from).unwrap();
        }
    });
    let ended = run(&[&["send", &target, "-d", "q", "--wait", "400ms"], options].concat());
    answering.join().unwrap();
    (ended.status.code(), [text(&ended.stdout), text(&ended.stderr)])
}

#[test]
fn a_reply_comes_from_the_peer_unless_anybody_may_reply() {
    let (status, [out, said]) = asked(&["--raw"], b"forged", b"true");
    assert_eq!((status, out.as_str()), (Some(0), "true"), "{said}");
    assert!(said.contains("--any-peer") && said.contains("left out"), "{said}");
    let (status, [out, said]) = asked(&["--raw", "--any-peer"], b"first", b"second");
    assert_eq!((status, out.as_str()), (Some(0), "firstsecond"), "{said}");
    let (status, [out, said]) = asked(&["--json"], b"forged", b"true");
    assert!(status == Some(0) && !out.contains("forged") && out.contains("true"), "{out}{said}");
}

#[test]
fn a_stranger_alone_is_no_reply() {
    let (status, [out, said]) = asked(&["--raw"], b"forged", b"");
    assert_eq!((status, out.as_str()), (Some(5), ""), "{said}");
    assert!(said.contains("no reply within 400ms (1 from others)"), "{said}");
}

#[test]
fn any_peer_is_refused_where_a_connection_has_one() {
    let ended = run(&["send", "tcp://127.0.0.1:1", "--any-peer"]);
    assert_eq!(ended.status.code(), Some(2), "{}", text(&ended.stderr));
}
