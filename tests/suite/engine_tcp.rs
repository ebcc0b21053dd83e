//! TCP clients and listeners against std sockets and foreign programs.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command as Process, Stdio};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::engine::event::Phase;
use wirebench::model::awaited::AwaitedPlan;
use wirebench::model::endpoint::{Bind, Endpoint};
use wirebench::model::failure::{FailureKind, Stage};
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, StepPlan};
use wirebench::model::record::{Direction, Record, RecordKind};

use super::bench::{Bench, DEADLINE, answer, echo, tcp, tcp_listener, text};

fn peer() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn read_exactly(stream: &mut TcpStream, expected: &[u8]) {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, expected);
}

fn client(address: std::net::SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_talks_live_and_half_closes_and_still_receives() {
    let peer = peer();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(tcp(peer.local_addr().unwrap())));
    let (mut far, _) = peer.accept().unwrap();
    let (local, to) = bench.connected(id).await;
    assert_eq!((local, to), (far.peer_addr().unwrap(), far.local_addr().unwrap()));
    let conn = id.conn(1);

    far.write_all(b"220 hello\r\n").unwrap();
    bench.received(conn, b"220 hello\r\n").await;
    bench.send(Recipient::All(id), b"PING\r\n");
    read_exactly(&mut far, b"PING\r\n");
    bench.send(Recipient::Conn(conn), b"QUIT\r\n");
    bench.end(conn, CloseMode::HalfClose);
    let mut rest = Vec::new();
    far.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"QUIT\r\n");
    far.write_all(b"bye\r\n").unwrap();
    bench.received(conn, b"220 hello\r\nbye\r\n").await;
    bench.send(Recipient::Conn(conn), b"too late");
    bench.until("a refusal", |bench| bench.refused.len() == 1).await;
    drop(far);

    let summary = bench.outcome(id).await.unwrap();
    assert_eq!(summary.ended, "closed, both sides finished");
    assert_eq!(bench.totals(id), (12, 16));
    assert_eq!(bench.bytes(conn, Direction::Sent), b"PING\r\nQUIT\r\n");
    let kinds: Vec<_> = bench.records.iter().map(|record| record.kind).collect();
    assert_eq!(kinds.first(), Some(&RecordKind::Connected));
    assert_eq!(kinds.last(), Some(&RecordKind::Closed));
    assert!(bench.records.is_sorted_by_key(|record| record.at), "records are in order of time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_peer_finishing_is_said_and_our_side_stays_open() {
    let peer = peer();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(tcp(peer.local_addr().unwrap())));
    let (mut far, _) = peer.accept().unwrap();
    far.write_all(b"all").unwrap();
    far.shutdown(Shutdown::Write).unwrap();
    let finished = bench.kind(id, RecordKind::Finished).await;
    assert_eq!(finished.direction, Direction::Received);
    assert_eq!(text(&finished), "the peer finished sending");
    bench.send(Recipient::All(id), b"still here");
    read_exactly(&mut far, b"still here");
    bench.close(id, CloseMode::Close);
    assert_eq!(far.read(&mut [0]).unwrap(), 0, "we closed with FIN");
    assert_eq!(bench.outcome(id).await.unwrap().ended, "closed by us");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_by_the_peer_names_the_bytes_received() {
    let peer = peer();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(tcp(peer.local_addr().unwrap())));
    let (mut far, _) = peer.accept().unwrap();
    far.write_all(b"12345").unwrap();
    bench.received(id.conn(1), b"12345").await;
    socket2::SockRef::from(&far).set_linger(Some(Duration::ZERO)).unwrap();
    drop(far);
    let failure = bench.outcome(id).await.unwrap_err();
    assert_eq!((failure.stage, failure.kind), (Stage::Session, FailureKind::Reset));
    assert_eq!(failure.cause, "the peer reset the connection after 5 bytes received");
    let reset = bench.kind(id, RecordKind::Reset).await;
    assert_eq!(reset.direction, Direction::Received);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_reset_reaches_the_peer_as_a_reset() {
    for by_connection in [true, false] {
        let peer = peer();
        let mut bench = Bench::start();
        let id = bench.open(Plan::Tcp(tcp(peer.local_addr().unwrap())));
        let (mut far, _) = peer.accept().unwrap();
        bench.connected(id).await;
        if by_connection {
            bench.end(id.conn(1), CloseMode::Reset);
        } else {
            bench.close(id, CloseMode::Reset);
        }
        let error = far.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(bench.outcome(id).await.unwrap().ended, "reset by us");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_connection_says_so_and_what_to_try() {
    let free = peer().local_addr().unwrap();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(tcp(free)));
    let failure = bench.outcome(id).await.unwrap_err();
    assert_eq!((failure.stage, failure.kind), (Stage::Connect, FailureKind::Refused));
    assert!(failure.hint.contains("is the server running?"), "{failure}");
    let failed = bench.kind(id, RecordKind::Failed).await;
    assert_eq!(text(&failed), failure.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_with_two_addresses_reaches_the_one_that_listens() {
    let peer = peer();
    let port = peer.local_addr().unwrap().port();
    let mut plan = tcp(peer.local_addr().unwrap());
    plan.endpoint = Endpoint::new("localhost", port);
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(plan));
    assert_eq!(bench.connected(id).await.1, peer.local_addr().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_never_reads_does_not_stop_us_from_reading() {
    let peer = peer();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(tcp(peer.local_addr().unwrap())));
    let (mut far, _) = peer.accept().unwrap();
    bench.connected(id).await;
    let large = Bytes::from(vec![b'x'; 32 * 1024 * 1024]);
    let to = Recipient::All(id);
    bench.handle.command(Command::Send { to, data: large.clone() }).unwrap();
    bench.record("a first write", |record| record.direction == Direction::Sent).await;
    far.write_all(b"I do not read").unwrap();
    bench.received(id.conn(1), b"I do not read").await;
    // Ever more messages are refused in the end, and a reset passes them all.
    while bench.refused.is_empty() {
        let _ = bench.handle.command(Command::Send { to, data: large.slice(..1) });
        tokio::task::yield_now().await;
        while let Some(Some(event)) = bench.events.facts.recv().now_or_never() {
            bench.keep(event);
        }
    }
    assert_eq!(bench.refused[0].kind, FailureKind::Busy);
    bench.end(id.conn(1), CloseMode::Reset);
    assert_eq!(bench.outcome(id).await.unwrap().ended, "reset by us");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_sender_is_pushed_back_while_nobody_reads_events() {
    let peer = peer();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(tcp(peer.local_addr().unwrap())));
    let (mut far, _) = peer.accept().unwrap();
    bench.connected(id).await;
    far.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let chunk = vec![7; 1024 * 1024];
    let mut sent = 0_u64;
    let stuck = (0..256).any(|_| match far.write(&chunk) {
        Ok(count) => {
            sent += count as u64;
            false
        }
        Err(_) => true,
    });
    assert!(stuck, "{sent} bytes went in without anybody reading them");
    drop(far);
    let conn = id.conn(1);
    bench
        .until("every byte", |bench| {
            bench.records.iter().any(|record| record.kind == RecordKind::Finished)
        })
        .await;
    let received: u64 =
        bench.data(conn, Direction::Received).map(|record| record.original_len).sum();
    assert_eq!(received, sent, "nothing of a byte stream is ever dropped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_send_and_expect_in_order() {
    let peer = peer();
    let mut plan = tcp(peer.local_addr().unwrap());
    let within = Duration::from_secs(5);
    plan.steps = vec![
        StepPlan::Expect { awaited: AwaitedPlan::Bytes(Bytes::from_static(b"220")), within },
        StepPlan::Send(Bytes::from_static(b"HELO\r\n")),
        StepPlan::Expect { awaited: AwaitedPlan::Bytes(Bytes::from_static(b"250")), within },
        StepPlan::Send(Bytes::from_static(b"QUIT\r\n")),
    ];
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(plan));
    let (mut far, _) = peer.accept().unwrap();
    far.write_all(b"22").unwrap();
    far.write_all(b"0 hi\r\n").unwrap();
    read_exactly(&mut far, b"HELO\r\n");
    far.write_all(b"250 ok\r\n").unwrap();
    read_exactly(&mut far, b"QUIT\r\n");
    let note = bench.kind(id, RecordKind::Note).await;
    assert_eq!(text(&note), "all steps are done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expectation_that_fails_ends_the_session_with_what_came_instead() {
    let peer = peer();
    let mut plan = tcp(peer.local_addr().unwrap());
    let within = Duration::from_millis(50);
    plan.steps =
        vec![StepPlan::Expect { awaited: AwaitedPlan::Bytes(Bytes::from_static(b"OK")), within }];
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(plan.clone()));
    let (mut far, _) = peer.accept().unwrap();
    far.write_all(b"ERR").unwrap();
    let failure = bench.outcome(id).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotMet);
    assert!(failure.cause.ends_with("the last bytes were 'ERR'"), "{failure}");

    let id = bench.open(Plan::Tcp(plan));
    let (far, _) = peer.accept().unwrap();
    drop(far);
    assert_eq!(bench.outcome(id).await.unwrap_err().kind, FailureKind::NotMet);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_answers_every_message_of_every_client() {
    let mut bench = Bench::start();
    let mut plan = tcp_listener(vec![answer("PING", "PONG\n"), answer("", "what?\n")]);
    plan.greeting = Bytes::from_static(b"hello\n");
    let id = bench.open(Plan::TcpListener(plan));
    let address = bench.listening(id).await[0];
    let (mut a, mut b) = (client(address), client(address));
    for stream in [&mut a, &mut b] {
        read_exactly(stream, b"hello\n");
    }
    for _ in 0..3 {
        a.write_all(b"PING").unwrap();
        read_exactly(&mut a, b"PONG\n");
        b.write_all(b"x").unwrap();
        read_exactly(&mut b, b"what?\n");
    }
    let peers: Vec<_> = bench.conns.iter().filter_map(|info| info.peer.clone()).collect();
    bench.received(id.conn(1), b"PINGPINGPING").await;
    bench.received(id.conn(2), b"xxx").await;
    assert!(peers.len() <= 2);
    bench.close(id, CloseMode::Close);
    assert_eq!(a.read(&mut [0]).unwrap(), 0);
    bench.outcome(id).await.unwrap();
    assert!(TcpStream::connect(address).is_err(), "the port is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_sends_to_one_or_to_all_and_ends_one() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(Vec::new())));
    let address = bench.listening(id).await[0];
    let mut a = client(address);
    let conn_a = bench.kind(id, RecordKind::Accepted).await.conn;
    let mut b = client(address);
    bench
        .until("two clients", |bench| {
            bench.phases.iter().any(|(_, phase)| *phase == Phase::Clients { open: 2, refused: 0 })
        })
        .await;
    bench.send(Recipient::Conn(conn_a), b"only a;");
    bench.send(Recipient::All(id), b"all;");
    read_exactly(&mut a, b"only a;all;");
    read_exactly(&mut b, b"all;");
    bench.end(conn_a, CloseMode::Reset);
    assert_eq!(a.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    bench
        .until("one client", |bench| {
            bench
                .phases
                .last()
                .is_some_and(|(_, phase)| *phase == Phase::Clients { open: 1, refused: 0 })
        })
        .await;
    bench.send(Recipient::All(id), b"b");
    read_exactly(&mut b, b"b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_change_while_a_connection_is_open() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(vec![answer("", "old")])));
    let address = bench.listening(id).await[0];
    let mut far = client(address);
    far.write_all(b"1").unwrap();
    read_exactly(&mut far, b"old");
    let plan = Box::new(Plan::TcpListener(tcp_listener(vec![answer("", "new")])));
    bench.handle.command(Command::Update { id, plan }).unwrap();
    bench.kind(id, RecordKind::Note).await;
    far.write_all(b"2").unwrap();
    read_exactly(&mut far, b"new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delayed_answer_comes_late_and_also_after_a_half_close() {
    let mut rule = answer("", "late");
    rule.delay = Duration::from_millis(40);
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(vec![rule])));
    let address = bench.listening(id).await[0];
    let mut far = client(address);
    far.write_all(b"q").unwrap();
    far.shutdown(Shutdown::Write).unwrap();
    let mut got = Vec::new();
    far.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"late");
    let sent = bench.record("the answer", |r| r.direction == Direction::Sent).await;
    let asked = bench
        .record("the question", |r| {
            r.direction == Direction::Received && r.kind == RecordKind::Data
        })
        .await;
    assert!(sent.at.since(asked.at) >= Duration::from_millis(40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_two_hundred_fifty_seventh_connection_is_refused_and_shown() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(echo())));
    let address = bench.listening(id).await[0];
    let clients: Vec<_> = (0..257).map(|_| client(address)).collect();
    let refused = bench.kind(id, RecordKind::Failed).await;
    assert!(text(&refused).contains("256 connections are open already"));
    assert_eq!(refused.conn, id.itself());
    bench
        .until("the count", |bench| {
            bench.phases.iter().any(|(_, phase)| *phase == Phase::Clients { open: 256, refused: 1 })
        })
        .await;
    let mut first = &clients[0];
    first.write_all(b"served").unwrap();
    read_exactly(&mut first.try_clone().unwrap(), b"served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loopback_listens_on_both_families_with_one_port() {
    let mut bench = Bench::start();
    let mut plan = tcp_listener(echo());
    plan.bind = Bind::Loopback { port: 0 };
    let id = bench.open(Plan::TcpListener(plan.clone()));
    let addresses = bench.listening(id).await;
    assert!(addresses.iter().all(|address| address.ip().is_loopback()));
    assert!(addresses.iter().all(|address| address.port() == addresses[0].port()));
    for address in &addresses {
        let mut far = client(*address);
        far.write_all(b"x").unwrap();
        read_exactly(&mut far, b"x");
    }

    plan.bind = Bind::Loopback { port: addresses[0].port() };
    let second = bench.open(Plan::TcpListener(plan));
    let failure = bench.outcome(second).await.unwrap_err();
    assert_eq!((failure.stage, failure.kind), (Stage::Bind, FailureKind::AddressInUse));
    assert!(failure.cause.contains("another session of this program"), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_to_a_client_that_does_not_read_stays_bounded_and_can_be_ended() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(echo())));
    let address = bench.listening(id).await[0];
    let far = client(address);
    far.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let chunk = vec![1; 1024 * 1024];
    let flood = thread::spawn(move || {
        let mut far = far;
        let stuck = (0..256).any(|_| far.write(&chunk).is_err());
        (stuck, far)
    });
    while !flood.is_finished() {
        tokio::time::timeout(Duration::from_millis(20), bench.step()).await.ok();
    }
    let (stuck, _far) = flood.join().unwrap();
    assert!(stuck, "the echo pushed back");
    bench.close(id, CloseMode::Reset);
    bench.outcome(id).await.unwrap();
}

/// Runs a foreign program with input on stdin and returns what it printed; `None` = not here.
fn foreign(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let spawned = Process::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("skipped: {program} is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    Some(child.wait_with_output().unwrap().stdout)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_clients_get_their_answers() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(vec![answer("PING", "PONG\n")])));
    let port = bench.listening(id).await[0].port().to_string();
    let target = format!("TCP:127.0.0.1:{port}");
    let script = format!(
        "import socket\ns = socket.create_connection(('127.0.0.1', {port}))\n\
         for _ in range(2):\n s.sendall(b'PING')\n print(s.recv(100).decode(), end='')\n"
    );
    let runs = [
        ("ncat", vec!["127.0.0.1", &port], "PING\n", "PONG\n"),
        ("socat", vec!["-t", "5", "-", &target], "PING\n", "PONG\n"),
        ("python3", vec!["-c", &script], "", "PONG\nPONG\n"),
    ];
    for (program, arguments, input, expected) in runs {
        if let Some(output) = foreign(program, &arguments, input.as_bytes()) {
            assert_eq!(output, expected.as_bytes(), "{program}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tutorials_server_is_spoken_to() {
    let script = "import socket\ns = socket.create_server(('127.0.0.1', 0))\n\
                  print(s.getsockname()[1], flush=True)\nc, a = s.accept()\n\
                  while data := c.recv(1024):\n c.sendall(data.upper())\nc.close()\n";
    let spawned = Process::new("python3").args(["-c", script]).stdout(Stdio::piped()).spawn();
    let Ok(mut server) = spawned else { return println!("skipped: python3 is not installed") };
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(server.stdout.take().unwrap()),
        &mut line,
    )
    .unwrap();
    let mut plan = tcp("127.0.0.1:1".parse().unwrap());
    plan.endpoint.port = line.trim().parse().unwrap();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(plan));
    bench.connected(id).await;
    bench.send(Recipient::All(id), b"hello");
    bench.received(id.conn(1), b"HELLO").await;
    bench.close(id, CloseMode::HalfClose);
    assert_eq!(bench.outcome(id).await.unwrap().ended, "closed, both sides finished");
    server.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ends_in_one_program_are_told_in_the_order_of_time() {
    let mut bench = Bench::start();
    let server = bench.open(Plan::TcpListener(tcp_listener(echo())));
    let address = bench.listening(server).await[0];
    for _ in 0..10 {
        let id = bench.open(Plan::Tcp(tcp(address)));
        bench.connected(id).await;
        for _ in 0..10 {
            bench.send(Recipient::All(id), b"question\n");
        }
        let all = b"question\n".repeat(10);
        bench.received(id.conn(1), &all).await;
        bench.close(id, CloseMode::Close);
        bench.outcome(id).await.unwrap();
    }
    bench.close(server, CloseMode::Close);
    bench.outcome(server).await.unwrap();

    assert!(bench.records.is_sorted_by_key(|record| record.at));
    let place = |wanted: &dyn Fn(&Record) -> bool| bench.records.iter().position(wanted).unwrap();
    for round in 1..=10 {
        // The connections of the listener are the clients in their order.
        let (client, far) = (SessionId(server.0 + u64::from(round)).conn(1), server.conn(round));
        let first = |conn, direction| {
            place(&|r| (r.conn, r.kind, r.direction) == (conn, RecordKind::Data, direction))
        };
        let steps = [
            first(client, Direction::Sent),
            first(far, Direction::Received),
            first(far, Direction::Sent),
            first(client, Direction::Received),
            place(&|r| (r.conn, r.kind) == (client, RecordKind::Closed)),
        ];
        assert!(steps.is_sorted(), "{steps:?}");
        assert!(place(&|r| (r.conn, r.kind) == (far, RecordKind::Accepted)) < steps[1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_to_all_is_told_in_the_order_of_the_connections() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(Vec::new())));
    let address = bench.listening(id).await[0];
    let clients: Vec<_> = (0..40).map(|_| client(address)).collect();
    let count = Phase::Clients { open: 40, refused: 0 };
    bench.until("40 clients", |bench| bench.phases.contains(&(id, count.clone()))).await;
    for word in ["zero", "one", "two", "three", "four"] {
        bench.send(Recipient::All(id), word.as_bytes());
        let sent = |bench: &Bench| -> Vec<u32> {
            let is_it = |record: &&Record| {
                record.direction == Direction::Sent && record.data == word.as_bytes()
            };
            bench.records.iter().filter(is_it).map(|record| record.conn.index).collect()
        };
        bench.until("all of them", |bench| sent(bench).len() == 40).await;
        assert_eq!(sent(&bench), (1..=40).collect::<Vec<_>>(), "{word}");
    }
    drop(clients);
}
