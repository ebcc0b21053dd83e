//! Automatic answers to datagrams, and what is taken for a reply: a sender can be forged, and
//! strangers may send to any port.

use std::net::{SocketAddrV4, UdpSocket};
use std::process::{Command, Stdio};
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

/// A datagram with the address of somebody else; `None` where that is not allowed.
#[cfg(target_os = "linux")]
fn forge(from: SocketAddrV4, to: SocketAddrV4, data: &[u8]) -> Option<()> {
    use socket2::{Domain, Protocol, SockAddr, Socket, Type};
    // IPPROTO_RAW: the header is ours, the system fills in its checksum.
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255))).ok()?;
    let len = |bytes: usize| u16::try_from(bytes).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0];
    packet.extend(len(28 + data.len()));
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend(from.ip().octets().into_iter().chain(to.ip().octets()));
    packet.extend(from.port().to_be_bytes().into_iter().chain(to.port().to_be_bytes()));
    packet.extend(len(8 + data.len()).into_iter().chain([0, 0]));
    packet.extend(data);
    let sent = socket.send_to(&packet, &SockAddr::from(to)).ok()?;
    (sent == packet.len()).then_some(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_forged_datagram_starts_nothing_between_two_listeners() {
    let (one, other) = (Home::new(), Home::new());
    let words = ["listen", "udp://127.0.0.1:0", "--json", "--echo"];
    let ((first, to), (second, from)) =
        (listening(&mut one.command(&words)), listening(&mut other.command(&words)));
    let (Ok(from), Ok(to)) = (from.parse(), to.parse()) else { panic!("{from} {to}") };
    if forge(from, to, b"once").is_none() {
        eprintln!("skipped: no raw sockets here");
        return;
    }
    let note = first.line_with("\"note\"");
    assert!(note.contains(&format!("{from} is a listener of wirebench")), "{note}");
    // Both still answer those who are none, and nothing of the forged one came there.
    for (listener, address) in [(&first, to), (&second, from)] {
        let (socket, _) = udp_peer();
        socket.send_to(b"ping", address).unwrap();
        let mut echo = [0; 8];
        assert_eq!(socket.recv(&mut echo).unwrap(), 4);
        let line = listener.line_with("\"dir\":\"in\"");
        assert!(line.contains("\"ping\""), "{line}");
    }
}

#[test]
fn each_peer_has_a_rate_of_its_own() {
    let home = Home::new();
    let words = ["listen", "udp://127.0.0.1:0", "--json", "--echo", "--set", "answer-rate=5"];
    let (peer, address) = listening(&mut home.command(&words));
    let ((loud, loud_address), (quiet, _)) = (udp_peer(), udp_peer());
    for _ in 0..40 {
        loud.send_to(b"again", &address).unwrap();
    }
    quiet.send_to(b"once", &address).unwrap();
    let mut echo = [0; 8];
    assert_eq!(quiet.recv(&mut echo).unwrap(), 4, "whoever sends little is answered");
    let note = peer.line_with("\"note\"");
    assert!(note.contains(&loud_address.to_string()), "{note}");
    assert!(note.contains("5 automatic answers a second"), "{note}");
}

#[test]
fn a_stranger_before_the_peer_fulfils_no_step_of_a_preset() {
    let ((peer, address), (stranger, _)) = (udp_peer(), udp_peer());
    let home = Home::new();
    let preset = |more: &str| {
        let step = "step = [{ send = \"q\" }, { expect = \"yes\", within = \"5s\" }]";
        let text = format!("[udp]\naddress = \"{address}\"\n{step}\n{more}");
        home.preset("a", &text);
    };
    let answering = thread::spawn(move || {
        for reply in [&b"yes of the peer"[..], b""] {
            let (_, from) = peer.recv_from(&mut [0; 100]).unwrap();
            stranger.send_to(b"yes of a stranger", from).unwrap();
            if !reply.is_empty() {
                peer.send_to(reply, from).unwrap();
            }
        }
    });
    for (more, taken) in [("", "of the peer"), ("any-peer = true\n", "of a stranger")] {
        preset(more);
        let mut command = home.command(&["send", "a", "--raw", "--wait", "200ms"]);
        let ended = command.stdin(Stdio::null()).output().unwrap();
        let out = text(&ended.stdout);
        assert!(ended.status.success() && out.contains(taken), "{out}{}", text(&ended.stderr));
        assert_eq!(out.contains("stranger"), !more.is_empty(), "{out}");
    }
    answering.join().unwrap();
}
