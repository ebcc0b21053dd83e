//! Datagrams of clients of SOCKS5 (UDP ASSOCIATE), between sockets of others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::peers::udp_peer;
use crate::harness::program::{Listening, command, listening};
use crate::harness::wait::PATIENCE;

fn relay(args: &[&str]) -> Listening {
    listening(&mut command(&[&["relay", "socks5://127.0.0.1:0", "--json"], args].concat()))
}

/// A server that sends everything back, with a mark in front.
fn echo() -> SocketAddr {
    let (socket, address) = udp_peer();
    thread::spawn(move || {
        let mut room = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut room) {
            let said = [b"re:", &room[..length]].concat();
            let _ = socket.send_to(&said, from);
        }
    });
    address
}

/// The connection of a client that asked for its datagrams to be passed on, and where it sends them.
fn associated(relay: &Listening, port: u16) -> (TcpStream, SocketAddr) {
    let mut control = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
    control.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let asked = [&b"\x05\x01\x00\x05\x03\x00\x01\0\0\0\0"[..], &port.to_be_bytes()].concat();
    control.write_all(&asked).expect("taken");
    let mut said = [0; 12];
    control.read_exact(&mut said).expect("an answer");
    assert_eq!(said[..6], [5, 0, 5, 0, 0, 1]);
    let port = u16::from_be_bytes([said[10], said[11]]);
    (control, SocketAddr::from(([127, 0, 0, 1], port)))
}

fn client() -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").expect("a client");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client
}

fn head(to: SocketAddr) -> Vec<u8> {
    let SocketAddr::V4(to) = to else { panic!("{to}") };
    [&[0, 0, 0, 1][..], &to.ip().octets(), &to.port().to_be_bytes()].concat()
}

fn received(client: &UdpSocket) -> Vec<u8> {
    let mut room = [0; 2048];
    let (length, _) = client.recv_from(&mut room).expect("an answer");
    room[..length].to_vec()
}

fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}

/// The lines up to the one that tells the end.
fn to_the_end(relay: &mut Listening) -> Vec<Value> {
    let mut lines = Vec::new();
    for line in relay.lines() {
        let is_last = message(&line).contains("no datagrams are passed on any more");
        lines.push(line);
        if is_last {
            return lines;
        }
    }
    panic!("it did not end: {lines:?}")
}

/// Faults that only datagrams know were refused, since a SOCKS5 entry is of TCP first.
#[test]
fn what_can_be_done_to_datagrams_alone_is_done_to_those_behind_socks5_and_not_to_its_streams() {
    let mut relay =
        relay(&["--fault", "duplicate=1 from=server", "--fault", "split=1 from=server"]);
    let server = echo();
    let (control, to) = associated(&relay, 0);
    let client = client();
    client.send_to(&[&head(server)[..], b"once"].concat(), to).expect("sent");
    for _ in 0..2 {
        assert_eq!(received(&client), [&head(server)[..], b"re:once"].concat());
    }
    let target = crate::harness::peers::echo_peer();
    let mut stream = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let asked = [&b"\x05\x01\x00\x05\x01\x00\x01\x7f\0\0\x01"[..], &target.port().to_be_bytes()];
    stream.write_all(&asked.concat()).expect("taken");
    let mut said = [0; 12];
    stream.read_exact(&mut said).expect("an answer");
    stream.write_all(b"stream").expect("taken");
    let mut got = [0; 6];
    stream.read_exact(&mut got).expect("an answer");
    assert_eq!(&got, b"stream");
    drop((control, stream));
    let lines = to_the_end(&mut relay);
    let marks: Vec<_> = lines.iter().filter(|line| line["fault"].is_array()).collect();
    let is = |line: &Value, proto, fault| line["proto"] == proto && line["fault"][0] == fault;
    assert!(marks.iter().any(|line| is(line, "udp", "duplicate")), "{marks:?}");
    let strange = |line: &&&Value| is(line, "udp", "split") || is(line, "tcp", "duplicate");
    assert!(!marks.iter().any(|line| strange(&line)), "{marks:?}");
}

#[test]
fn each_datagram_goes_where_it_says_and_what_comes_back_says_from_where() {
    let mut relay = relay(&[]);
    let (one, other) = (echo(), echo());
    let client = client();
    let (control, to) = associated(&relay, client.local_addr().expect("bound").port());
    client.send_to(&[&head(one)[..], b"first"].concat(), to).expect("sent");
    assert_eq!(received(&client), [&head(one)[..], b"re:first"].concat());
    // By name, which we look up.
    let port = other.port().to_be_bytes();
    let named = [&b"\0\0\0\x03\x09localhost"[..], &port, b"second"].concat();
    client.send_to(&named, to).expect("sent");
    assert_eq!(received(&client), [&head(other)[..], b"re:second"].concat());
    client.send_to(&[&head(one)[..], b""].concat(), to).expect("sent");
    assert_eq!(received(&client), [&head(one)[..], b"re:"].concat());
    drop(control);
    let lines = to_the_end(&mut relay);
    let data: Vec<_> = lines.iter().filter(|line| line["kind"] == "data").collect();
    let said: Vec<_> = data
        .iter()
        .map(|line| (line["proto"].as_str(), line["from"].as_str(), line["text"].as_str()))
        .collect();
    let row = |from, text| (Some("udp"), Some(from), Some(text));
    assert_eq!(
        said,
        [
            row("client", "first"),
            row("server", "re:first"),
            row("client", "second"),
            row("server", "re:second"),
            row("client", ""),
            row("server", "re:"),
        ]
    );
    assert_eq!(data[0]["conn"], data[4]["conn"], "one target is one conversation");
    assert_ne!(data[0]["conn"], data[2]["conn"]);
}

#[test]
fn what_is_of_somebody_else_or_says_nowhere_is_counted_and_goes_nowhere() {
    let mut relay = relay(&["--fault", "corrupt=1 from=server"]);
    let (server, address) = udp_peer();
    server.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let (client, stranger) = (client(), self::client());
    let (control, to) = associated(&relay, 0);
    client.send_to(&[&head(address)[..], b"mine"].concat(), to).expect("sent");
    let mut room = [0; 99];
    let (length, from) = server.recv_from(&mut room).expect("passed on");
    assert_eq!(&room[..length], b"mine");
    stranger.send_to(&[&head(address)[..], b"not mine"].concat(), to).expect("sent");
    client.send_to(b"what?", to).expect("sent");
    client.send_to(&[b"\0\0\x01", &head(address)[3..], b"a piece"].concat(), to).expect("sent");
    client.send_to(&[&head(address)[..], b"last"].concat(), to).expect("sent");
    let (length, _) = server.recv_from(&mut room).expect("passed on");
    assert_eq!(&room[..length], b"last");
    server.send_to(b"back", from).expect("sent");
    let back = received(&client);
    assert!(back.starts_with(&head(address)) && !back.ends_with(b"back"), "{back:?}");
    drop(control);
    let lines = to_the_end(&mut relay);
    let told: String = lines.iter().map(message).collect();
    for why in ["not from who asked for this", "it has no head of SOCKS5", "it is a piece"] {
        assert!(told.contains(why), "{told}");
    }
    let marked = lines.iter().find(|line| line["from"] == "server" && line["dir"] == "out");
    assert_eq!(marked.expect("the answer")["fault"], serde_json::json!(["corrupt"]));
}

#[test]
fn rules_change_what_datagrams_say_either_way() {
    let mut relay = relay(&[
        "--rewrite",
        "replace=first with=second",
        "--rewrite",
        "replace=re: with=RE: from=server",
    ]);
    let (one, client) = (echo(), client());
    let (control, to) = associated(&relay, 0);
    client.send_to(&[&head(one)[..], b"first"].concat(), to).expect("sent");
    assert_eq!(received(&client), [&head(one)[..], b"RE:second"].concat());
    drop(control);
    let lines = to_the_end(&mut relay);
    let said: Vec<_> =
        lines.iter().filter(|line| line["kind"] == "data").map(|line| &line["text"]).collect();
    assert!(
        said.contains(&&Value::from("first")) && said.contains(&&Value::from("RE:second")),
        "{said:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_flood_that_nobody_reads_is_counted_to_the_last_datagram() {
    // More than the largest receive buffer that is asked for can hold.
    const SENT: u64 = 60_000;
    let mut relay = relay(&[]);
    let (_server, address) = udp_peer();
    let client = client();
    let (_control, to) = associated(&relay, 0);
    let pid = Pid::from_raw(relay.id().cast_signed()).expect("a process");
    kill_process(pid, Signal::STOP).expect("stopped");
    let said = [&head(address)[..], b"flood"].concat();
    for _ in 0..SENT {
        client.send_to(&said, to).expect("sent");
    }
    kill_process(pid, Signal::CONT).expect("continued");
    let (mut shown, mut by_app, mut by_kernel) = (0, 0, 0);
    for line in relay.lines() {
        if line["type"] == "lost" {
            by_app = line["by_app"].as_u64().expect("a number");
            by_kernel = line["by_kernel"].as_u64().expect("a number");
        }
        shown += u64::from(line["kind"] == "data");
        if shown + by_app + by_kernel >= SENT {
            break;
        }
    }
    assert_eq!(shown + by_app + by_kernel, SENT, "{shown} + {by_app} + {by_kernel}");
    assert!(by_kernel > 0, "the kernel's buffer cannot hold them all");
}
