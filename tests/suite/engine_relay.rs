//! The TCP relay between real peers: every byte once, ends and resets passed on, limits kept.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Command as Process, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;
use wirebench::engine::command::{CloseMode, Recipient};
use wirebench::engine::event::Phase;
use wirebench::model::endpoint::Endpoint;
use wirebench::model::failure::FailureKind;
use wirebench::model::hold::HoldPlan;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, TargetPlan, TcpRelayPlan};
use wirebench::model::protocol::Side;
use wirebench::model::record::{Direction, RecordKind};
use wirebench::model::socket_options::SocketOptions;
use wirebench::model::tls::{ClientTls, ListenerTls};
use wirebench::model::trust::{TrustedCertificates, Verify};

use super::bench::{Bench, DEADLINE, accept, connect, echo, tcp, tcp_listener, text};
use crate::harness::peers::{echo_peer, free_port, tcp_peer};

pub fn relay(target: SocketAddr) -> TcpRelayPlan {
    let client = tcp(target);
    TcpRelayPlan {
        bind: "127.0.0.1:0".parse().unwrap(),
        tls: ListenerTls::Off,
        socket: SocketOptions::default(),
        faults: wirebench::model::fault::FaultsPlan::default(),
        rewrites: Vec::new(),
        socks: None,
        hold: HoldPlan::default(),
        target: TargetPlan {
            endpoint: client.endpoint,
            tls: ClientTls::Off,
            connect_timeout: client.connect_timeout,
            socket: SocketOptions::default(),
            client: client.client,
        },
    }
}

/// A relay to a target that listens; what it is bound to.
async fn relaying(bench: &mut Bench, plan: TcpRelayPlan) -> (SessionId, SocketAddr) {
    let id = bench.open(Plan::TcpRelay(plan));
    (id, bench.listening(id).await[0])
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A relay, and a client of it whose connection has come to the server.
async fn passing() -> (Bench, SessionId, TcpStream, TcpStream) {
    let target = listener();
    let mut bench = Bench::start();
    let (id, address) = relaying(&mut bench, relay(target.local_addr().unwrap())).await;
    let client = connect(address);
    (bench, id, client, accept(&target))
}

fn reads(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, expected);
}

fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// What was told of a connection, without bytes.
fn facts(bench: &Bench, id: SessionId, index: u32) -> Vec<(RecordKind, Direction)> {
    let of = bench.records.iter().filter(|record| record.conn == id.conn(index));
    let facts = of.filter(|record| record.kind != RecordKind::Data);
    facts.map(|record| (record.kind, record.direction)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_byte_is_told_once_as_the_client_saw_it_and_ends_are_passed_on() {
    let (mut bench, id, mut client, mut server) = passing().await;
    let target = server.local_addr().unwrap();
    client.write_all(b"PING").unwrap();
    reads(&mut server, b"PING");
    server.write_all(b"PONG!").unwrap();
    reads(&mut client, b"PONG!");
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(server.read(&mut [0]).unwrap(), 0, "the client's end reached the server");
    server.write_all(b"late").unwrap();
    reads(&mut client, b"late");
    drop(server);
    assert_eq!(client.read(&mut [0]).unwrap(), 0, "the server's end reached the client");
    drop(client);

    let closed =
        |bench: &Bench| facts(bench, id, 1).last().is_some_and(|it| it.0 == RecordKind::Closed);
    bench.until("both ends", closed).await;
    assert_eq!(bench.totals(id), (9, 4), "sent to and received from the client, nothing twice");
    let client = id.conn(1);
    assert_eq!(bench.bytes(client, Direction::Received), b"PING");
    assert_eq!(bench.bytes(client, Direction::Sent), b"PONG!late");
    let data = bench.records.iter().filter(|record| record.kind == RecordKind::Data);
    let order: Vec<_> = data.map(text).collect();
    assert_eq!(order, ["PING", "PONG!", "late"]);
    let (sent, received, local) = (Direction::Sent, Direction::Received, Direction::Local);
    assert_eq!(
        facts(&bench, id, 1),
        [
            (RecordKind::Accepted, received),
            (RecordKind::Finished, received),
            (RecordKind::Finished, sent),
            (RecordKind::Closed, local)
        ]
    );
    assert_eq!(
        facts(&bench, id, 2),
        [
            (RecordKind::Connected, local),
            (RecordKind::Finished, sent),
            (RecordKind::Finished, received),
            (RecordKind::Closed, local)
        ]
    );
    let halves: Vec<_> = [1, 2]
        .map(|index| bench.conns.iter().rfind(|info| info.id == id.conn(index)).unwrap())
        .into_iter()
        .collect();
    assert!(halves.iter().all(|info| info.side == Side::Relay));
    assert_eq!(halves[0].pair, halves[1].pair);
    assert_eq!(halves[1].told_under(), client);
    assert_eq!(halves[1].peer, Some(target.into()));
    assert!(
        !bench.phases.iter().any(|(_, phase)| matches!(phase, Phase::Connecting { .. })),
        "a connection on its way says nothing about the session"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_of_either_is_passed_on_as_a_reset() {
    for by_client in [true, false] {
        let (mut bench, id, mut client, mut server) = passing().await;
        client.write_all(b"12345").unwrap();
        reads(&mut server, b"12345");
        let (gone, mut left) = if by_client { (client, server) } else { (server, client) };
        reset(gone);
        assert_eq!(left.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        bench
            .until("two resets", |bench| {
                [1, 2].iter().all(|index| {
                    facts(bench, id, *index).last().is_some_and(|it| it.0 == RecordKind::Reset)
                })
            })
            .await;
        let of = |index| facts(&bench, id, index).last().unwrap().1;
        let expected = [Direction::Received, Direction::Sent];
        let (first, second) = if by_client { (of(1), of(2)) } else { (of(2), of(1)) };
        assert_eq!([first, second], expected);
        let words = bench.records.iter().map(text).collect::<Vec<_>>().join("\n");
        let who = if by_client { "client" } else { "server" };
        assert!(words.contains(&format!("the connection of the {who} was reset")), "{words}");
    }
}

/// More waits than a relay reads ahead, so nothing is read that would tell of the reset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_is_noticed_while_nothing_is_read_because_of_what_waits() {
    let mut both = Vec::new();
    for by_client in [true, false] {
        let (bench, id, client, server) = passing().await;
        let (mut gone, left) = if by_client { (client, server) } else { (server, client) };
        gone.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        while gone.write(&[b'x'; 8192]).is_ok() {}
        reset(gone);
        both.push((bench, id, by_client, left));
    }
    for (mut bench, id, by_client, left) in both {
        let reset = |bench: &Bench| {
            [1, 2].iter().all(|index| {
                facts(bench, id, *index).last().is_some_and(|it| it.0 == RecordKind::Reset)
            })
        };
        bench.until("both halves reset", reset).await;
        let of = |index| facts(&bench, id, index).last().unwrap().1;
        let (first, second) = if by_client { (of(1), of(2)) } else { (of(2), of(1)) };
        assert_eq!([first, second], [Direction::Received, Direction::Sent]);
        let whose = if by_client { "of the client " } else { "of the server " };
        let is_left = |text: &str| text.starts_with(whose) && text.contains("were not passed on");
        bench.record("what was left", |record| is_left(&text(record))).await;
        drop(left);
    }
}

/// A server that answers early and resets while the client still sends: its answer arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_said_before_it_reset_still_reaches_the_client() {
    let (mut bench, id, mut client, mut server) = passing().await;
    // Connected on: one that resets before that was not reached.
    client.write_all(b"x").unwrap();
    reads(&mut server, b"x");
    server.write_all(b"413 too large").unwrap();
    reset(server);
    reads(&mut client, b"413 too large");
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    bench.record("the answer", |record| text(record) == "413 too large").await;
    assert_eq!(bench.bytes(id.conn(1), Direction::Sent), b"413 too large");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_cannot_be_reached_resets_the_client_and_says_why() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut bench = Bench::start();
    let (id, address) = relaying(&mut bench, relay(nobody)).await;
    let mut client = connect(address);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let failed = bench.kind(id, RecordKind::Failed).await;
    assert_eq!(failed.conn, id.conn(2));
    assert!(text(&failed).contains("connection refused"), "{}", text(&failed));
    let told = bench.kind(id, RecordKind::Reset).await;
    assert!(
        text(&told).contains(&format!("there is no connection to {nobody}")),
        "{}",
        text(&told)
    );
    bench
        .until("nobody left", |bench| {
            bench.phases.iter().any(|(_, phase)| *phase == Phase::Clients { open: 0, refused: 0 })
        })
        .await;
    assert!(bench.done.is_empty(), "the relay goes on");
}

/// A side that does not read makes the other wait, and nothing is lost or counted twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_server_slows_the_client_and_every_byte_arrives() {
    const MUCH: usize = 24 * 1024 * 1024;
    let (mut bench, id, mut client, mut server) = passing().await;
    let (sender, mut stuck) = tokio::sync::oneshot::channel();
    let writing = thread::spawn(move || {
        let all: Vec<u8> = (0..=255).cycle().take(MUCH).collect();
        client.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut written = 0;
        while let Ok(more) = client.write(&all[written..]) {
            written += more;
        }
        sender.send(written).unwrap();
        client.set_write_timeout(None).unwrap();
        client.write_all(&all[written..]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        client
    });
    // The shell keeps up, so it is the server alone who makes the client wait.
    let written = loop {
        tokio::select! {
            written = &mut stuck => break written.unwrap(),
            () = bench.step() => {}
        }
    };
    assert!(written < MUCH, "the client was made to wait");
    let reading = thread::spawn(move || {
        let mut got = Vec::new();
        server.read_to_end(&mut got).unwrap();
        got
    });
    bench
        .until("the end", |bench| facts(bench, id, 1).iter().any(|it| it.0 == RecordKind::Finished))
        .await;
    let got = tokio::task::spawn_blocking(move || reading.join().unwrap()).await.unwrap();
    assert!(
        got.len() == MUCH && got.iter().zip((0..=255).cycle()).all(|(is, wanted)| *is == wanted)
    );
    assert_eq!(bench.totals(id), (0, MUCH as u64));
    drop(writing.join().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_a_relay_ends_both_halves_within_the_time_of_listeners() {
    let (mut bench, id, mut client, mut server) = passing().await;
    client.write_all(b"x").unwrap();
    reads(&mut server, b"x");
    bench.close(id, CloseMode::Close);
    assert_eq!(client.read(&mut [0]).unwrap(), 0, "FIN, no reset");
    assert_eq!(server.read(&mut [0]).unwrap(), 0, "FIN, no reset");
    let begun = Instant::now();
    assert_eq!(bench.outcome(id).await.unwrap().ended, "closed by us");
    assert!(begun.elapsed() < Duration::from_secs(2));

    // One whose server takes nothing is not waited for for ever, and what was left is counted.
    let target = listener();
    let (id, address) = relaying(&mut bench, relay(target.local_addr().unwrap())).await;
    let mut client = connect(address);
    let server = accept(&target);
    client.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while client.write(&[b'x'; 8_192]).is_ok() {}
    bench.close(id, CloseMode::Close);
    bench.outcome(id).await.unwrap();
    let words: Vec<String> = bench.records.iter().map(text).collect();
    assert!(words.iter().any(|it| it.contains("bytes were not passed on")));
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_one_connection_or_all_by_reset_resets_both_peers() {
    for all in [true, false] {
        let (mut bench, id, mut client, mut server) = passing().await;
        client.write_all(b"x").unwrap();
        reads(&mut server, b"x");
        if all {
            bench.close(id, CloseMode::Reset);
        } else {
            bench.end(id.conn(1), CloseMode::Reset);
        }
        for end in [&mut client, &mut server] {
            assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
        bench.record("a reset by us", |record| text(record) == "reset by us").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_that_is_one_too_many_is_refused_and_the_rest_go_on() {
    let mut bench = Bench::start();
    let (id, address) = relaying(&mut bench, relay(echo_peer())).await;
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..256 {
        let mut client = connect(address);
        client.write_all(b"a").unwrap();
        clients.push(client);
    }
    for client in &mut clients {
        reads(client, b"a");
    }
    let mut extra = connect(address);
    assert!(matches!(extra.read(&mut [0]), Ok(0) | Err(_)));
    bench
        .until("a refusal", |bench| {
            bench.phases.iter().any(|(_, phase)| *phase == Phase::Clients { open: 256, refused: 1 })
        })
        .await;
    clients[0].write_all(b"still").unwrap();
    reads(&mut clients[0], b"still");
    assert_eq!(bench.done.iter().filter(|(of, _)| *of == id).count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_connections_go_to_the_new_target_and_nothing_can_be_said_by_hand() {
    let greets = |word: &'static [u8]| {
        tcp_peer(move |mut stream| {
            let _ = stream.write_all(word);
        })
    };
    let (one, other) = (greets(b"one"), greets(b"two"));
    let mut bench = Bench::start();
    let (id, address) = relaying(&mut bench, relay(one)).await;
    reads(&mut connect(address), b"one");
    let plan = Box::new(Plan::TcpRelay(relay(other)));
    bench.handle.command(wirebench::engine::command::Command::Update { id, plan }).unwrap();
    bench.record("the news", |record| text(record).contains(&other.to_string())).await;
    reads(&mut connect(address), b"two");
    bench.send(Recipient::All(id), b"of my own");
    bench.until("a refusal", |bench| bench.refused.len() == 1).await;
    assert_eq!(bench.refused[0].kind, FailureKind::Usage);
}

/// TLS towards the clients, towards the target, and both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_half_or_both_may_be_under_tls() {
    let unverified = || ClientTls::On {
        verify: Verify::Off,
        trust: TrustedCertificates::default(),
        sni: String::new(),
        choices: wirebench::model::tls::TlsChoices::default(),
    };
    for (of_clients, of_target) in [(true, false), (false, true), (true, true)] {
        let mut bench = Bench::start();
        let mut server = tcp_listener(echo());
        let mut plan = relay(SocketAddr::from(([127, 0, 0, 1], 1)));
        if of_target {
            server.tls = ListenerTls::Generated;
            plan.target.tls = unverified();
        }
        if of_clients {
            plan.tls = ListenerTls::Generated;
        }
        let server = bench.open(Plan::TcpListener(server));
        let there = bench.listening(server).await[0];
        plan.target.endpoint = Endpoint::new("127.0.0.1", there.port());
        let (id, address) = relaying(&mut bench, plan).await;
        let mut client = tcp(address);
        if of_clients {
            client.tls = unverified();
        }
        let client = bench.open(Plan::Tcp(client));
        bench.connected(client).await;
        bench.send(Recipient::All(client), b"over it");
        bench.received(client.conn(1), b"over it").await;
        bench.end(client.conn(1), CloseMode::HalfClose);
        bench.outcome(client).await.unwrap();
        assert_eq!(bench.bytes(id.conn(1), Direction::Received), b"over it", "in clear");
        assert_eq!(bench.bytes(id.conn(1), Direction::Sent), b"over it", "in clear");
        let secured = |index| facts(&bench, id, index).iter().any(|it| it.0 == RecordKind::Secured);
        assert_eq!((secured(1), secured(2)), (of_clients, of_target));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_does_not_verify_is_told_with_its_chain() {
    let mut server = Bench::start();
    let mut plan = tcp_listener(echo());
    plan.tls = ListenerTls::Generated;
    let there = server.open(Plan::TcpListener(plan));
    let there = server.listening(there).await[0];
    let mut plan = relay(there);
    plan.target.tls = ClientTls::verified();
    let mut bench = Bench::start();
    let (id, address) = relaying(&mut bench, plan).await;
    let mut client = connect(address);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let failed = text(&bench.kind(id, RecordKind::Failed).await);
    assert!(failed.contains("0: CN=wirebench listener") && failed.contains("SHA-256"), "{failed}");
}

/// Peers that leave at any moment: no task stops by a panic, and everybody is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_peers_leave_nothing_behind() {
    let target = tcp_peer(|mut stream| {
        let mut first = [0; 1];
        let _ = stream.read(&mut first);
        match first[0] % 4 {
            0 => reset(stream),
            1 => {
                let _ = stream.write_all(&vec![b'y'; 300_000]);
                reset(stream);
            }
            2 => {
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.read(&mut first);
            }
            _ => drop(stream),
        }
    });
    let mut bench = Bench::start();
    let (id, address) = relaying(&mut bench, relay(target)).await;
    for number in 0..64_u8 {
        let mut client = connect(address);
        let _ = client.write_all(&[number, number]);
        match number / 4 % 4 {
            0 => reset(client),
            1 => drop(client),
            2 => {
                let _ = client.shutdown(Shutdown::Write);
                let _ = client.read_to_end(&mut Vec::new());
            }
            _ => {
                let _ = client.read(&mut [0; 10]);
            }
        }
    }
    bench
        .until("everybody has left", |bench| {
            let ended =
                |kind| matches!(kind, RecordKind::Closed | RecordKind::Reset | RecordKind::Failed);
            let of = |index: u32| facts(bench, id, index).iter().any(|it| ended(it.0));
            (1..=128).all(of)
        })
        .await;
    let words: Vec<String> = bench.records.iter().map(text).collect();
    assert!(!words.iter().any(|it| it.contains("internal error")), "{words:?}");
    bench.close(id, CloseMode::Close);
    bench.outcome(id).await.unwrap();
}

/// Programs of others through it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_gets_a_page_of_python_through_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.txt"), "a page\n").unwrap();
    let port = free_port();
    let server = Process::new("python3")
        .args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut server) = server else { return };
    let there = SocketAddr::from(([127, 0, 0, 1], port));
    let until = Instant::now() + DEADLINE;
    while TcpStream::connect(there).is_err() && Instant::now() < until {
        thread::yield_now();
    }
    let mut bench = Bench::start();
    let (id, address) = relaying(&mut bench, relay(there)).await;
    let url = format!("http://{address}/page.txt");
    let got = Process::new("curl").args(["-sS", "--max-time", "10", &url]).output();
    let _ = server.kill();
    let _ = server.wait();
    let Ok(got) = got else { return };
    assert_eq!(got.stdout, b"a page\n", "{}", String::from_utf8_lossy(&got.stderr));
    bench.record("the page", |record| text(record).ends_with("a page\n")).await;
    assert!(
        bench.bytes(id.conn(1), Direction::Received).starts_with(b"GET /page.txt HTTP/1.1\r\n")
    );
}

/// Another target for a relay that runs.
fn lead_to(bench: &Bench, id: SessionId, bind: SocketAddr, target: SocketAddr) {
    let plan = TcpRelayPlan { bind: bind.to_string().parse().unwrap(), ..relay(target) };
    let plan = Box::new(Plan::TcpRelay(plan));
    bench.handle.command(wirebench::engine::command::Command::Update { id, plan }).unwrap();
}

/// One over Unix sockets is known by the names of theirs, which only Linux has.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_over_unix_sockets_that_lead_to_each_other_turn_away_what_comes_back() {
    let folder = tempfile::Builder::new().prefix("wb").tempdir_in("/tmp").unwrap();
    let at = |name: &str| format!("unix:{}", folder.path().join(name).display());
    let between = |bind: &str, target: &str| {
        let plan = relay(SocketAddr::from(([127, 0, 0, 1], 9)));
        let target = TargetPlan { endpoint: target.parse().unwrap(), ..plan.target };
        Plan::TcpRelay(TcpRelayPlan { bind: bind.parse().unwrap(), target, ..plan })
    };
    let mut bench = Bench::start();
    let one = bench.open(between(&at("one"), &at("other")));
    let other = bench.open(between(&at("other"), &at("one")));
    for id in [one, other] {
        bench.kind(id, RecordKind::Bound).await;
    }
    let mut client = UnixStream::connect(folder.path().join("one")).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let round = "it came through this relay before";
    bench.record("why not", |it| text(it).contains(round)).await;
    let ended = client.read(&mut [0; 1]);
    assert!(matches!(ended, Ok(0)) || ended.is_err_and(|it| it.kind() != ErrorKind::WouldBlock));
    let accepted = bench.records.iter().filter(|it| it.kind == RecordKind::Accepted);
    assert!(accepted.count() < 40);
}

/// One by another name: a path with a dot, or a link.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_knows_its_own_unix_socket_whatever_it_is_written_like() {
    let folder = tempfile::Builder::new().prefix("wb").tempdir_in("/tmp").unwrap();
    let at = |name: &str| format!("unix:{}/{name}", folder.path().display());
    std::os::unix::fs::symlink(folder.path().join("one"), folder.path().join("link")).unwrap();
    for (number, target) in ["./one", "link"].into_iter().enumerate() {
        let plan = relay(SocketAddr::from(([127, 0, 0, 1], 9)));
        let target = TargetPlan { endpoint: at(target).parse().unwrap(), ..plan.target };
        let bind = at("one").parse().unwrap();
        let mut bench = Bench::start();
        let id = bench.open(Plan::TcpRelay(TcpRelayPlan { bind, target, ..plan }));
        bench.kind(id, RecordKind::Bound).await;
        let mut client = UnixStream::connect(folder.path().join("one")).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        let why = "this leads back to the relay itself";
        bench.record("why not", |it| text(it).contains(why)).await;
        let ended = client.read(&mut [0; 1]);
        assert!(matches!(ended, Ok(0) | Err(_)), "{number}: {ended:?}");
        let accepted = bench.records.iter().filter(|it| it.kind == RecordKind::Accepted);
        assert_eq!(accepted.count(), 1, "{number}");
        bench.close(id, CloseMode::Close);
        bench.outcome(id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_that_lead_to_themselves_or_to_each_other_turn_away_what_comes_back() {
    const ROUND: &str = "it came through this relay before";
    for is_itself in [true, false] {
        let nobody = free_port();
        let nobody = SocketAddr::from(([127, 0, 0, 1], nobody));
        let mut bench = Bench::start();
        let one = bench.open(Plan::TcpRelay(relay(nobody)));
        let first = bench.listening(one).await[0];
        let (other, second) = if is_itself {
            (one, first)
        } else {
            let other = bench.open(Plan::TcpRelay(relay(first)));
            (other, bench.listening(other).await[0])
        };
        lead_to(&bench, one, first, second);
        let words = format!("who connects is connected on to {second}");
        bench.record("where to", |it| text(it) == words).await;
        let mut client = connect(first);
        bench.record("why not", |it| text(it).contains(ROUND)).await;
        let ended = client.read(&mut [0; 1]);
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
        let met = |id: SessionId| {
            let accepted = bench.records.iter().filter(|it| it.kind == RecordKind::Accepted);
            accepted.filter(|it| it.conn.session == id).count()
        };
        assert!(met(one) + met(other) < 40, "{} and {}", met(one), met(other));
    }
}
