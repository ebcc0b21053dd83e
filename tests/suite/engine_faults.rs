//! Faults of relays between real peers: in time, in order, marked, and over when they shall be.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use wirebench::engine::command::{CloseMode, Command};
use wirebench::model::fault::{
    FaultEffect, FaultFrom, FaultKind, FaultPlan, FaultWhen, FaultsPlan,
};
use wirebench::model::hold::HoldPlan;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, TargetPlan, TcpRelayPlan, UdpRelayPlan, WhenPlan};
use wirebench::model::record::{Direction, RecordKind};
use wirebench::model::socket_options::{ClientOptions, DatagramOptions, SocketOptions};
use wirebench::model::tls::{ClientTls, ListenerTls};

use super::bench::{Bench, DEADLINE, delay, fault, tcp, text};

fn faults(list: Vec<FaultPlan>) -> FaultsPlan {
    FaultsPlan { seed: Some(7), list, off: false }
}

fn streams(target: SocketAddr, list: Vec<FaultPlan>) -> Plan {
    let client = tcp(target);
    Plan::TcpRelay(TcpRelayPlan {
        bind: "127.0.0.1:0".parse().unwrap(),
        tls: ListenerTls::Off,
        socket: SocketOptions::default(),
        faults: faults(list),
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
    })
}

/// A relay with these faults, a client of it and the server it was led to.
pub struct Faulty {
    pub bench: Bench,
    id: SessionId,
    target: SocketAddr,
    pub client: TcpStream,
    pub server: TcpStream,
}

impl Faulty {
    pub async fn of(list: Vec<FaultPlan>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        let mut bench = Bench::start();
        let id = bench.open(streams(target, list));
        let client = TcpStream::connect(bench.listening(id).await[0]).unwrap();
        let (server, _) = listener.accept().unwrap();
        for stream in [&client, &server] {
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
        }
        Faulty { bench, id, target, client, server }
    }

    fn change(&self, list: Vec<FaultPlan>) {
        let plan = Box::new(streams(self.target, list));
        self.bench.handle.command(Command::Update { id: self.id, plan }).unwrap();
    }
}

fn reads(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_delayed_comes_later_whole_and_marked_and_its_end_behind_it() {
    let mut it = Faulty::of(vec![fault(FaultFrom::Server, delay(150))]).await;
    it.client.write_all(b"ask").unwrap();
    reads(&mut it.server, b"ask");
    let began = Instant::now();
    it.server.write_all(b"answer").unwrap();
    it.server.shutdown(Shutdown::Write).unwrap();
    reads(&mut it.client, b"answer");
    assert_eq!(it.client.read(&mut [0]).unwrap(), 0);
    assert!(began.elapsed() >= Duration::from_millis(150), "{:?}", began.elapsed());
    let record = it.bench.record("the answer", |record| text(record) == "answer").await;
    assert_eq!((record.conn, record.direction), (it.id.conn(1), Direction::Sent));
    assert!(record.faults.contains(FaultKind::Delay));
    let asked = it.bench.record("the question", |record| text(record) == "ask").await;
    assert!(asked.faults.is_empty(), "of the server alone");
    let told = it.bench.record("what is done", |record| text(record).starts_with("faults: ")).await;
    assert_eq!(text(&told), "faults: delay 150ms of the server; seed 7 repeats them");
    assert_eq!(it.bench.totals(it.id), (6, 3), "each byte once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_megabyte_split_merged_and_delayed_by_chance_comes_whole_and_in_order() {
    let jitter =
        FaultEffect::Delay { delay: Duration::from_millis(5), jitter: Duration::from_millis(20) };
    let merge = FaultPlan {
        chance: 30,
        ..fault(FaultFrom::Both, FaultEffect::Merge(Duration::from_millis(5)))
    };
    let list = vec![
        fault(FaultFrom::Both, jitter),
        fault(FaultFrom::Both, FaultEffect::Split(1_000)),
        merge,
    ];
    let it = Faulty::of(list).await;
    let Faulty { mut client, mut server, mut bench, id, .. } = it;
    let data: Vec<u8> = (0..1_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    let sent = data.clone();
    let writing = tokio::task::spawn_blocking(move || {
        client.write_all(&sent).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        client
    });
    let reading = tokio::task::spawn_blocking(move || {
        let mut got = Vec::new();
        server.read_to_end(&mut got).unwrap();
        got
    });
    bench.until("all", |bench| bench.totals(id).1 == 1_000_000).await;
    assert!(reading.await.unwrap() == data);
    drop(writing.await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_pushes_back_and_is_kept() {
    let it = Faulty::of(vec![fault(FaultFrom::Client, FaultEffect::Rate(100_000))]).await;
    let Faulty { mut client, mut server, .. } = it;
    let began = Instant::now();
    let data = vec![7; 65_536];
    client.write_all(&data[..50_000]).unwrap();
    reads(&mut server, &data[..50_000]);
    let took = began.elapsed();
    assert!((450..2_000).contains(&took.as_millis()), "{took:?}");
    // Who sends without an end is stopped by TCP, not kept in memory.
    client.set_nonblocking(true).unwrap();
    let (mut written, until) = (0, Instant::now() + DEADLINE);
    let mut idle = Instant::now();
    while idle.elapsed() < Duration::from_millis(200) {
        assert!(Instant::now() < until && written < 64 * 1024 * 1024, "{written} bytes taken");
        match client.write(&data) {
            Ok(count) => (written, idle) = (written + count, Instant::now()),
            Err(_) => std::thread::yield_now(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_and_an_end_come_behind_their_byte() {
    let mut it = Faulty::of(vec![fault(FaultFrom::Server, FaultEffect::HalfClose(4))]).await;
    it.server.write_all(b"12345678").unwrap();
    reads(&mut it.client, b"1234");
    assert_eq!(it.client.read(&mut [0]).unwrap(), 0, "an end");
    it.client.write_all(b"the other way goes on").unwrap();
    reads(&mut it.server, b"the other way goes on");
    drop((it.client, it.server));
    let lost = "of the server 4 bytes were not passed on to the client";
    it.bench.record("the rest", |record| text(record) == lost).await;

    let reset = FaultPlan {
        when: FaultWhen::Bytes(WhenPlan::Contains("COMMIT".into())),
        ..fault(FaultFrom::Client, FaultEffect::Reset(6))
    };
    let mut it = Faulty::of(vec![reset]).await;
    it.client.write_all(b"BEGIN").unwrap();
    reads(&mut it.server, b"BEGIN");
    it.client.write_all(b"COMMIT; more").unwrap();
    reads(&mut it.server, b"COMMIT");
    assert_eq!(it.server.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(it.client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let told = it.bench.kind(it.id, RecordKind::Reset).await;
    assert_eq!(text(&told), "reset by us: a fault asks for it");
    let commit = it.bench.record("it", |record| text(record) == "COMMIT; more").await;
    assert!(commit.faults.contains(FaultKind::Reset));
}

/// A stalled way holds back, an end of the relay is not held up by it, and a change frees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stalled_goes_on_when_the_faults_change_and_closes_at_once() {
    let stall = vec![fault(FaultFrom::Client, FaultEffect::Stall(2))];
    let mut it = Faulty::of(stall.clone()).await;
    it.client.write_all(b"abcdef").unwrap();
    reads(&mut it.server, b"ab");
    it.server.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert_eq!(it.server.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    it.server.set_read_timeout(Some(DEADLINE)).unwrap();
    it.change(Vec::new());
    reads(&mut it.server, b"cdef");
    it.bench.record("words", |record| text(record) == "there are no faults any more").await;
    it.client.write_all(b"goes on").unwrap();
    reads(&mut it.server, b"goes on");

    let mut it = Faulty::of(stall).await;
    it.client.write_all(b"abcdef").unwrap();
    reads(&mut it.server, b"ab");
    let began = Instant::now();
    it.bench.close(it.id, CloseMode::Close);
    let mut rest = Vec::new();
    it.server.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"cdef");
    drop((it.client, it.server));
    it.bench.outcome(it.id).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_corrupt_is_told_as_it_came_and_as_it_went() {
    let mut it = Faulty::of(vec![fault(FaultFrom::Both, FaultEffect::Corrupt(1))]).await;
    it.client.write_all(b"question").unwrap();
    let mut got = [0; 8];
    it.server.read_exact(&mut got).unwrap();
    let bits = |one: &[u8], other: &[u8]| -> u32 {
        one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
    };
    assert_eq!(bits(&got, b"question"), 1);
    let (client, target) = (it.id.conn(1), it.id.conn(2));
    it.bench.until("both", |bench| !bench.bytes(target, Direction::Sent).is_empty()).await;
    assert_eq!(it.bench.bytes(client, Direction::Received), b"question");
    assert_eq!(it.bench.bytes(target, Direction::Sent), got);
    it.server.write_all(b"answer").unwrap();
    let mut got = [0; 6];
    it.client.read_exact(&mut got).unwrap();
    it.bench.until("both", |bench| bench.bytes(client, Direction::Sent).len() == 6).await;
    assert_eq!(it.bench.bytes(client, Direction::Sent), got);
    assert_eq!(it.bench.bytes(target, Direction::Received), b"answer");
    let marked = it.bench.records.iter().filter(|record| record.kind == RecordKind::Data);
    assert!(marked.into_iter().all(|record| record.faults.contains(FaultKind::Corrupt)));
}

/// A list of faults with times: told when each begins and ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_has_its_time_and_is_told() {
    let timed = FaultPlan {
        after: Duration::from_millis(20),
        lasts: Some(Duration::from_millis(60)),
        ..fault(FaultFrom::Both, FaultEffect::Stall(0))
    };
    let mut it = Faulty::of(vec![timed]).await;
    it.bench.record("the end", |record| text(record).starts_with("a fault ends: stall")).await;
    it.bench.record("the start", |record| text(record).starts_with("a fault begins: stall")).await;
    it.client.write_all(b"after it").unwrap();
    reads(&mut it.server, b"after it");
}

/// The plan of a relay of datagrams with these faults.
pub fn datagrams(target: &UdpSocket, list: Vec<FaultPlan>) -> Plan {
    Plan::UdpRelay(UdpRelayPlan {
        bind: "127.0.0.1:0".parse().unwrap(),
        socket: DatagramOptions::default(),
        target: target.local_addr().unwrap().to_string().parse().unwrap(),
        client: ClientOptions::default(),
        any_peer: false,
        idle: Duration::from_secs(60),
        hold: HoldPlan::default(),
        faults: faults(list),
        rewrites: Vec::new(),
    })
}

/// A socket of datagrams.
pub fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

/// The next datagram.
pub fn next(socket: &UdpSocket) -> String {
    let mut room = [0; 2_000];
    let (len, _) = socket.recv_from(&mut room).unwrap();
    String::from_utf8_lossy(&room[..len]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_are_dropped_copied_and_overtaken_as_said_and_marked() {
    let (server, client) = (socket(), socket());
    let only = |word: &'static str| FaultWhen::Bytes(WhenPlan::Equals(word.into()));
    let list = vec![
        FaultPlan { when: only("gone"), ..fault(FaultFrom::Client, FaultEffect::Drop(100)) },
        FaultPlan { when: only("twice"), ..fault(FaultFrom::Client, FaultEffect::Duplicate(1)) },
        FaultPlan { when: only("late"), ..fault(FaultFrom::Client, FaultEffect::Reorder(1)) },
        fault(FaultFrom::Server, delay(50)),
    ];
    let mut bench = Bench::start();
    let id = bench.open(datagrams(&server, list));
    let at = bench.listening(id).await[0];
    for word in ["gone", "twice", "late", "last"] {
        client.send_to(word.as_bytes(), at).unwrap();
    }
    assert_eq!([(); 4].map(|()| next(&server)), ["twice", "twice", "last", "late"]);
    bench.until("all", |bench| bench.data(id.conn(1), Direction::Received).count() == 4).await;
    let marks: Vec<String> =
        bench.data(id.conn(1), Direction::Received).map(|it| it.faults.to_string()).collect();
    assert_eq!(marks, ["drop", "duplicate", "reorder", ""]);
    bench.record("the copy", |it| it.conn == id.conn(2) && text(it) == "twice").await;

    let onward = bench.conns.iter().rfind(|info| info.id == id.conn(2)).unwrap();
    let onward =
        onward.local.as_ref().and_then(wirebench::model::end_address::EndAddress::inet).unwrap();
    let began = Instant::now();
    server.send_to(b"answer", onward).unwrap();
    assert_eq!(next(&client), "answer");
    assert!(began.elapsed() >= Duration::from_millis(50), "{:?}", began.elapsed());
    let answer = bench.record("it", |record| text(record) == "answer").await;
    assert_eq!((answer.conn, answer.faults.to_string()), (id.conn(1), "delay".into()));
}

/// The same seed drops the same datagrams; switched off, none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seed_repeats_a_run_and_faults_are_switched_off_while_it_runs() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (server, client) = (socket(), socket());
        let mut bench = Bench::start();
        let list = vec![fault(FaultFrom::Both, FaultEffect::Drop(50))];
        let id = bench.open(datagrams(&server, list.clone()));
        let at = bench.listening(id).await[0];
        for number in 0..40 {
            client.send_to(number.to_string().as_bytes(), at).unwrap();
        }
        bench.until("all", |bench| bench.data(id.conn(1), Direction::Received).count() == 40).await;
        let dropped: Vec<String> = bench
            .data(id.conn(1), Direction::Received)
            .filter(|record| record.faults.contains(FaultKind::Drop))
            .map(text)
            .collect();
        assert!((8..32).contains(&dropped.len()), "{dropped:?}");
        runs.push(dropped);
        let mut off = datagrams(&server, list);
        if let Plan::UdpRelay(plan) = &mut off {
            plan.faults.off = true;
        }
        bench.handle.command(Command::Update { id, plan: Box::new(off) }).unwrap();
        bench.record("off", |record| text(record) == "the faults are switched off").await;
        while next(&server) != "end" {
            client.send_to(b"end", at).unwrap();
        }
    }
    assert_eq!(runs[0], runs[1]);
}

/// The bench takes no record of a connection that it was not told of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_when_a_relay_ends_is_told_of_a_half_that_is_known() {
    let effect = FaultEffect::Delay { delay: Duration::from_secs(60), jitter: Duration::ZERO };
    let nobody = socket();
    let mut bench = Bench::start();
    let id = bench.open(datagrams(&nobody, vec![fault(FaultFrom::Client, effect)]));
    let at = bench.listening(id).await[0];
    socket().send_to(b"late", at).unwrap();
    bench
        .until("the datagram", |bench| bench.data(id.conn(1), Direction::Received).count() == 1)
        .await;
    bench.close(id, CloseMode::Close);
    bench.outcome(id).await.unwrap();
    let lost = bench.records.iter().filter(|record| record.conn == id.conn(2));
    let lost: Vec<_> = lost.map(text).collect();
    let told = "a datagram of 4 bytes of the client was not passed on to the server: closed by us";
    assert_eq!(lost, [told]);
}
