//! Whose a peer is: programs whose numbers are known connect, and `listen` and `relay` say who they are.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::peers::{echo_peer, free_port};
use crate::harness::program::{Listening, command, listening, run, talk, text, told};
use crate::harness::wait::PATIENCE;

/// A shell whose descriptor 3 is connected; it ends when its standard input does.
fn bash(port: u16) -> Child {
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo hello >&3; read line");
    let mut command = Command::new("bash");
    command.args(["-c", &script]).stdin(Stdio::piped()).spawn().expect("bash")
}

fn goes(mut child: Child) {
    drop(child.stdin.take());
    child.wait().expect("an end");
}

fn started(args: &[&str]) -> Listening {
    listening(&mut command(args))
}

/// The first line about a peer.
fn peer_in(listener: &mut Listening) -> Value {
    listener.lines().find(|line| line["type"] == "peer").expect("a line about the peer")
}

#[test]
fn the_process_of_a_peer_is_told_by_number_name_and_user() {
    if !cfg!(target_os = "linux") {
        return;
    }
    for address in ["tcp://127.0.0.1:0", "http://127.0.0.1:0"] {
        let mut listener = started(&["listen", address, "--json"]);
        let child = bash(listener.port);
        let peer = peer_in(&mut listener);
        assert_eq!(peer["pid"], child.id(), "{peer}");
        assert_eq!((&peer["state"], &peer["program"]), (&"known".into(), &"bash".into()), "{peer}");
        assert_eq!(peer["uid"], rustix::process::getuid().as_raw(), "{peer}");
        assert!(peer["peer"].as_str().is_some_and(|it| it.starts_with("127.0.0.1:")), "{peer}");
        goes(child);
    }
}

#[test]
fn an_ipv4_client_of_a_socket_for_both_families_is_found() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let mut listener = started(&["listen", "tcp://127.0.0.1:0", "--json"]);
    let mapped = socket2::Socket::new(socket2::Domain::IPV6, socket2::Type::STREAM, None);
    let mapped = mapped.expect("IPv6");
    mapped.set_only_v6(false).expect("both");
    let to: std::net::SocketAddr =
        format!("[::ffff:127.0.0.1]:{}", listener.port).parse().expect("an address");
    mapped.connect(&to.into()).expect("who listens");
    let peer = peer_in(&mut listener);
    assert_eq!(peer["pid"], std::process::id(), "{peer}");
}

#[test]
fn whoever_sends_a_datagram_is_found_with_the_first() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let mut listener = started(&["listen", "udp://127.0.0.1:0", "--json"]);
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
    socket.send_to(b"hello", ("127.0.0.1", listener.port)).expect("sent");
    let peer = peer_in(&mut listener);
    assert_eq!(peer["pid"], std::process::id(), "{peer}");
}

#[test]
fn a_peer_that_has_gone_is_said_to_have_gone() {
    if !cfg!(target_os = "linux") {
        return;
    }
    for listens in ["tcp://127.0.0.1:0", "tls://127.0.0.1:0"] {
        let mut listener = started(&["listen", listens, "--json"]);
        // Its socket goes with the reset, and nobody holds what is left of it.
        for _ in 0..50 {
            let stream = TcpStream::connect(("127.0.0.1", listener.port)).expect("who listens");
            let stream = socket2::Socket::from(stream);
            stream.set_linger(Some(std::time::Duration::ZERO)).expect("an option");
        }
        let peers: Vec<_> =
            listener.lines().filter(|line| line["type"] == "peer").take(50).collect();
        let gone = peers.iter().find(|peer| peer["state"] == "gone");
        let gone = gone.expect("one that was not found in time");
        assert_eq!((gone.get("pid"), gone.get("user")), (None, None), "{gone}");
        // Where it was is known, although its connection is over.
        for peer in &peers {
            let address = peer["peer"].as_str();
            assert!(address.is_some_and(|it| it.starts_with("127.0.0.1:")), "{peer}");
        }
    }
}

#[test]
fn text_tells_of_both_ends_of_a_relay_where_it_is_asked_for() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let echo = echo_peer().to_string();
    for (verbose, is_told) in [(&["-v"][..], true), (&[], false)] {
        let mut relay = started(&[&["relay", "127.0.0.1:0", &echo, "--text"], verbose].concat());
        let mut client = TcpStream::connect(("127.0.0.1", relay.port)).expect("who listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        client.write_all(b"PING").expect("taken");
        client.read_exact(&mut [0; 4]).expect("an answer");
        if is_told {
            let us = format!("(pid {}, user ", std::process::id());
            let lines = BufReader::new(relay.output()).lines().map_while(Result::ok);
            let mut ends = lines.filter(|line| line.contains(&us));
            let ends = [ends.next().expect("one"), ends.next().expect("the other")];
            let of = |what: &str| ends.iter().any(|line| line.contains(what));
            assert!(of("  peer  ") && of("  target  "), "{ends:?}");
        } else {
            drop(client);
            relay.interrupt();
            assert!(!relay.said().contains("(pid "));
        }
    }
}

#[test]
fn a_filter_by_process_lets_the_first_bytes_of_its_connections_through() {
    if !cfg!(target_os = "linux") {
        return;
    }
    for (filter, wanted) in [("process == bash", "hello\n"), ("not process == bash", "ours")] {
        let listener =
            started(&["listen", "tcp://127.0.0.1:0", "--json", "--filter", filter, "--count", "1"]);
        let child = bash(listener.port);
        let mut ours = TcpStream::connect(("127.0.0.1", listener.port)).expect("who listens");
        ours.write_all(b"ours").expect("taken");
        let (status, lines) = listener.finish();
        assert_eq!(status, Some(0));
        let data: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "data").collect();
        assert_eq!(data.len(), 1, "{lines:?}");
        assert_eq!(data[0]["text"], wanted.replace("\\n", "\n"), "{lines:?}");
        goes(child);
    }
}

#[test]
fn an_answer_says_how_long_it_took() {
    let relay = started(&["relay", "127.0.0.1:0", &echo_peer().to_string(), "--count", "2"]);
    assert_eq!(talk(relay.port, b"PING"), b"PING");
    let (_, lines) = relay.finish();
    let data: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "data").collect();
    let after = |line: &Value| line["latency_us"].as_u64();
    assert_eq!(data.len(), 2);
    assert_eq!(after(data[0]), None, "it asks");
    assert!(after(data[1]).is_some_and(|it| it < PATIENCE.as_micros() as u64), "{}", data[1]);
}

#[test]
fn a_target_that_is_not_there_has_no_owner() {
    let nobody = format!("127.0.0.1:{}", free_port());
    let ended = run(&["relay", "127.0.0.1:0", &nobody, "-v", "--text", "--for", "0.1"]);
    assert_eq!(told(&ended).0, Some(0));
    assert!(!text(&ended.stdout).contains("target"), "{}", text(&ended.stdout));
}
