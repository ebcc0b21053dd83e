//! A reset of the client or of the server, passed on as one where the way to the server is asked for first: inside
//! a CONNECT whose TLS is opened, and behind a SOCKS5 entry.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use socket2::SockRef;
use wirebench::model::exchange::ExchangeState;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, SocksPlan};
use wirebench::model::record::{Direction, RecordKind};

use super::bench::{Bench, accept, connect, text};
use super::http_faults::{FaultyHttp, reads};
use super::relay::relay;

fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// What the rows of a connection say of its end.
fn resets(bench: &Bench, id: SessionId, index: u32) -> Vec<Direction> {
    let of = bench.records.iter().filter(|record| record.conn == id.conn(index));
    of.filter(|record| record.kind == RecordKind::Reset).map(|record| record.direction).collect()
}

/// Waits until both halves tell of a reset: whose it was as received, the other as sent.
async fn told_by_both(bench: &mut Bench, id: SessionId, by_client: bool) {
    let both = |bench: &Bench| [1, 2].iter().all(|index| !resets(bench, id, *index).is_empty());
    bench.until("two resets", both).await;
    let (gone, left) = if by_client { (1, 2) } else { (2, 1) };
    assert_eq!(resets(bench, id, gone), [Direction::Received], "by the client: {by_client}");
    assert_eq!(resets(bench, id, left), [Direction::Sent], "by the client: {by_client}");
}

/// A client of SOCKS5 that is led to this server.
fn led_to(relay: SocketAddr, server: SocketAddr) -> TcpStream {
    let mut client = connect(relay);
    let asked =
        [&b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01"[..], &server.port().to_be_bytes()];
    client.write_all(&asked.concat()).unwrap();
    let mut said = [0; 12];
    client.read_exact(&mut said).unwrap();
    assert_eq!(said[..4], [5, 0, 5, 0]);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_of_either_behind_a_socks5_entry_is_passed_on_as_a_reset() {
    for by_client in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let mut plan = relay(place);
        plan.socks = Some(SocksPlan::default());
        let mut bench = Bench::start();
        let id = bench.open(Plan::TcpRelay(plan));
        let address = bench.listening(id).await[0];
        let mut client = led_to(address, place);
        let mut server = accept(&listener);
        client.write_all(b"12345").unwrap();
        reads(&mut server, "12345");
        let (gone, mut left) = if by_client { (client, server) } else { (server, client) };
        reset(gone);
        assert_eq!(left.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        told_by_both(&mut bench, id, by_client).await;
    }
}

/// A client whose TLS inside its tunnel is opened: it says what it read, or why it cannot any more.
const CLIENT: &str = "\
import os, socket, ssl, struct, sys
relay, target, resets = int(sys.argv[1]), sys.argv[2], sys.argv[3] == 'resets'
plain = socket.create_connection(('127.0.0.1', relay), 20)
plain.sendall(f'CONNECT {target} HTTP/1.1\\r\\nHost: {target}\\r\\n\\r\\n'.encode())
head = b''
while not head.endswith(b'\\r\\n\\r\\n'):
    head += plain.recv(1)
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
inside = context.wrap_socket(plain)
inside.sendall(b'GET /slow HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')
print('asked', flush=True)
if resets:
    sys.stdin.readline()
    inside.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    inside.close()
else:
    got = b''
    while not got.endswith(b'begun'):
        got += inside.recv(999)
    print('begun', flush=True)
    # Its TLS tells a reset as an end.
    raw = socket.socket(fileno=inside.detach())
    raw.settimeout(20)
    try:
        while raw.recv(999): pass
        print('an end', flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
";

/// The client, once it has asked inside its tunnel; `None` where there is no Python.
fn asking(relay: SocketAddr, server: SocketAddr, by_client: bool) -> Option<(Child, impl BufRead)> {
    let whose = if by_client { "resets" } else { "reads" };
    let mut python = Command::new("python3");
    python.args(["-c", CLIENT, &relay.port().to_string(), &server.to_string(), whose]);
    let child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    if child.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        eprintln!("skipped: there is no python3");
        return None;
    }
    let mut child = child.expect("a client");
    let said = BufReader::new(child.stdout.take().expect("a pipe"));
    Some((child, said))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_of_either_inside_an_opened_tunnel_is_passed_on_as_a_reset() {
    for by_client in [true, false] {
        let mut it = FaultyHttp::opening(Vec::new()).await;
        let (relay, place) = (it.client.peer_addr().unwrap(), it.listener.local_addr().unwrap());
        // The first client of the bench says nothing and is another connection.
        let Some((mut child, mut said)) = asking(relay, place, by_client) else { return };
        let mut server = accept(&it.listener);
        let (mut head, mut next) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            server.read_exact(&mut next).unwrap();
            head.extend(next);
        }
        assert!(head.starts_with(b"GET /slow HTTP/1.1\r\n"), "{head:?}");
        let mut word = String::new();
        said.read_line(&mut word).unwrap();
        assert_eq!(word, "asked\n");
        if by_client {
            child.stdin.take().unwrap().write_all(b"\n").unwrap();
            assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        } else {
            server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun").unwrap();
            word.clear();
            said.read_line(&mut word).unwrap();
            assert_eq!(word, "begun\n");
            reset(server);
            word.clear();
            said.read_line(&mut word).unwrap();
            assert_eq!(word, "ConnectionResetError\n");
        }
        child.wait().unwrap();
        let exchange = it.over(1).await;
        assert!(matches!(exchange.state, ExchangeState::Failed(_)), "{:?}", exchange.state);
        let rows = |bench: &Bench, kind| {
            let of = bench.records.iter().filter(|record| record.kind == kind);
            of.map(|record| (record.conn.index, record.direction)).collect::<Vec<_>>()
        };
        let (received, sent) = (Direction::Received, Direction::Sent);
        let is_told = |bench: &Bench| rows(bench, RecordKind::Reset).len() >= 2;
        it.bench.until("the resets", is_told).await;
        let ways: Vec<_> = rows(&it.bench, RecordKind::Reset).iter().map(|row| row.1).collect();
        assert!(ways.contains(&sent) && ways.contains(&received) && ways.len() == 2, "{ways:?}");
        // What broke off of an answer is told with what there was of it.
        let words: Vec<_> = it.bench.records.iter().map(text).collect();
        let broke_off = "the peer reset the connection, after 5 of 1,000 body bytes";
        assert_eq!(words.iter().any(|it| it.contains(broke_off)), !by_client, "{words:?}");
    }
}
