//! What clients of a relay ask for is the host of what crosses there: in filters, faults and lines.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use serde_json::Value;

use crate::harness::peers::{echo_peer, free_port, udp_peer};
use crate::harness::program::{Listening, command, listening, run, text};
use crate::harness::wait::PATIENCE;

fn relay(args: &[&str]) -> Listening {
    listening(&mut command(&[&["relay"], args, &["--json"]].concat()))
}

fn reads(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).expect("an answer");
    assert_eq!(got, expected);
}

fn client(relay: &Listening) -> TcpStream {
    let client = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client
}

/// A client of SOCKS5 that asks for a name.
fn led_to(relay: &Listening, host: &str, port: u16) -> (TcpStream, u8) {
    let mut client = client(relay);
    let name = [&[host.len() as u8], host.as_bytes()].concat();
    let asked = [&b"\x05\x01\x00\x05\x01\x00\x03"[..], &name, &port.to_be_bytes()].concat();
    client.write_all(&asked).expect("taken");
    let mut said = [0; 12];
    client.read_exact(&mut said).expect("an answer");
    (client, said[3])
}

/// The end of a relay, and its lines with bytes.
fn data(relay: Listening) -> Vec<Value> {
    relay.interrupt();
    let (_, lines) = relay.finish();
    lines.into_iter().filter(|line| line["kind"] == "data").collect()
}

fn texts(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["text"].as_str()).collect()
}

#[test]
fn a_filter_knows_the_name_that_a_client_of_socks5_asked_for_and_its_address() {
    let echo = echo_peer();
    let target = format!("localhost:{}", echo.port());
    for (filter, expected) in [
        ("host == localhost", &["by name", "by name"][..]),
        ("host contains LOCAL or host == localhost", &["by name", "by name"]),
        ("host == 127.0.0.1", &["by name", "by name", "by address", "by address"]),
        ("host != localhost", &["by address", "by address"]),
        (&format!("port == {}", echo.port()), &["by name", "by name", "by address", "by address"]),
    ] {
        let relay = relay(&["socks5://127.0.0.1:0", "--filter", filter]);
        for (host, said) in [("localhost", "by name"), ("127.0.0.1", "by address")] {
            let (mut client, status) = led_to(&relay, host, echo.port());
            assert_eq!(status, 0);
            client.write_all(said.as_bytes()).expect("taken");
            reads(&mut client, said.as_bytes());
        }
        let lines = data(relay);
        assert_eq!(texts(&lines), expected, "{filter}");
        for line in lines.iter().filter(|line| line["text"] == "by name") {
            assert_eq!(line["target"], *target);
            assert_eq!(line["target_address"], *echo.to_string());
        }
    }
}

#[test]
fn a_fault_is_for_the_target_that_it_names_and_who_is_not_reached_is_told_with_it() {
    let (echo, nobody) = (echo_peer(), free_port());
    let relay =
        relay(&["socks5://127.0.0.1:0", "--fault", "corrupt=1 from=client when=host == localhost"]);
    for (host, is_touched) in [("127.0.0.1", false), ("localhost", true)] {
        let (mut client, _) = led_to(&relay, host, echo.port());
        client.write_all(b"question").expect("taken");
        let mut got = [0; 8];
        client.read_exact(&mut got).expect("an answer");
        assert_eq!(got != *b"question", is_touched, "{host}");
    }
    let (_, status) = led_to(&relay, "localhost", nobody);
    assert_eq!(status, 5, "refused");
    relay.interrupt();
    let (_, lines) = relay.finish();
    let asked = format!("localhost:{nobody}");
    let told = lines.iter().filter(|line| line["target"] == *asked);
    let kinds: Vec<_> = told.filter_map(|line| line["kind"].as_str()).collect();
    assert!(kinds.contains(&"failed") && kinds.contains(&"closed"), "{kinds:?}");
}

#[test]
fn what_crosses_a_tunnel_or_an_ordinary_relay_is_of_its_target() {
    let echo = echo_peer();
    let target = format!("localhost:{}", echo.port());
    let filter = "host == localhost and host == 127.0.0.1";
    let forward = relay(&["http://127.0.0.1:0", "--filter", filter]);
    let mut through = client(&forward);
    through
        .write_all(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes())
        .expect("taken");
    reads(&mut through, b"HTTP/1.1 200 Connection Established\r\n\r\n");
    through.write_all(b"inside").expect("taken");
    reads(&mut through, b"inside");
    drop(through);
    forward.interrupt();
    let (_, lines) = forward.finish();
    // What crosses a tunnel that is not opened is counted alone.
    let told = lines.iter().filter(|line| line["target"] == *target);
    let told: Vec<_> = told.filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(told, ["tunnel: 6 bytes to the server, 6 bytes from it"], "{lines:?}");

    let plain = relay(&["127.0.0.1:0", &target, "--filter", "host == localhost"]);
    let mut through = client(&plain);
    through.write_all(b"plain").expect("taken");
    reads(&mut through, b"plain");
    drop(through);
    assert_eq!(texts(&data(plain)), ["plain", "plain"]);
}

#[test]
fn datagrams_are_of_the_target_of_their_relay() {
    let (peer, address) = udp_peer();
    let target = format!("localhost:{}", address.port());
    let relay = relay(&["udp://127.0.0.1:0", &target, "--filter", "host == localhost"]);
    let client = UdpSocket::bind("127.0.0.1:0").expect("a client");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let to = SocketAddr::from(([127, 0, 0, 1], relay.port));
    client.send_to(b"ask", to).expect("sent");
    let mut room = [0; 64];
    let (length, from) = peer.recv_from(&mut room).expect("a datagram");
    assert_eq!(&room[..length], b"ask");
    peer.send_to(b"answer", from).expect("sent");
    client.recv_from(&mut room).expect("an answer");
    let lines = data(relay);
    assert_eq!(texts(&lines), ["ask", "answer"]);
    assert!(lines.iter().all(|line| line["target"] == *target), "{lines:?}");
    assert_eq!(lines[1]["target_address"], *address.to_string());
}

#[test]
fn a_capture_of_packets_knows_where_a_client_asked_to_be_led() {
    let echo = echo_peer();
    let target = format!("localhost:{}", echo.port());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seen.pcapng");
    let file = file.to_str().expect("a name");
    let socks = relay(&["socks5://127.0.0.1:0", "--pcapng", file]);
    let (mut client, _) = led_to(&socks, "localhost", echo.port());
    client.write_all(b"question").expect("taken");
    reads(&mut client, b"question");
    drop(client);
    data(socks);
    let ended = run(&["open", file, "--filter", "host == localhost"]);
    let lines = text(&ended.stdout);
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let said: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "data").collect();
    assert_eq!(said.len(), 2, "{lines:?}");
    assert!(said.iter().all(|line| line["target"] == *target && line["target_by"] == "client"));
    // The relay is gone: it is said to whom it was for.
    let ended = run(&["replay", file, "--check", "--text"]);
    assert!(ended.status.success(), "{}{}", text(&ended.stdout), text(&ended.stderr));

    let forward = relay(&["http://127.0.0.1:0", "--pcapng", file]);
    let mut through = self::client(&forward);
    let asked = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    through.write_all(asked.as_bytes()).expect("taken");
    reads(&mut through, b"HTTP/1.1 200 Connection Established\r\n\r\n");
    through.write_all(b"inside").expect("taken");
    reads(&mut through, b"inside");
    drop(through);
    data(forward);
    let ended = run(&["replay", file, "--check", "--text"]);
    assert!(ended.status.success(), "{}{}", text(&ended.stdout), text(&ended.stderr));
}
