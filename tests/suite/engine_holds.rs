//! What relays hold between real peers: it waits, is decided about, and ends visibly whatever happens.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use socket2::SockRef;
use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::Event;
use wirebench::model::fault::{
    FaultEffect, FaultFrom, FaultKind, FaultPlan, FaultWhen, FaultsPlan,
};
use wirebench::model::hold::{Decision, Held, HoldEnd, HoldMark, HoldPlan};
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, TargetPlan, TcpRelayPlan, WhenPlan};
use wirebench::model::record::{Direction, Record};
use wirebench::model::socket_options::SocketOptions;
use wirebench::model::tls::{ClientTls, ListenerTls};

use super::bench::{Bench, accept, connect, tcp, text};

fn hold(filter: &str) -> HoldPlan {
    let filter = (!filter.is_empty()).then(|| filter.to_owned());
    HoldPlan { filter, timeout: Duration::from_secs(60) }
}

fn streams(target: SocketAddr, hold: HoldPlan, faults: FaultsPlan) -> TcpRelayPlan {
    let client = tcp(target);
    TcpRelayPlan {
        bind: "127.0.0.1:0".parse().unwrap(),
        tls: ListenerTls::Off,
        socket: SocketOptions::default(),
        faults,
        rewrites: Vec::new(),
        socks: None,
        hold,
        target: TargetPlan {
            endpoint: client.endpoint,
            tls: ClientTls::Off,
            connect_timeout: client.connect_timeout,
            socket: SocketOptions::default(),
            client: client.client,
        },
    }
}

/// A relay that holds, a client of it and the server it was led to.
struct Holding {
    bench: Bench,
    id: SessionId,
    address: SocketAddr,
    plan: TcpRelayPlan,
    listener: TcpListener,
    client: TcpStream,
    server: TcpStream,
}

impl Holding {
    async fn of(hold: HoldPlan) -> Self {
        Holding::with(hold, FaultsPlan::default()).await
    }

    async fn with(hold: HoldPlan, faults: FaultsPlan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let plan = streams(listener.local_addr().unwrap(), hold, faults);
        let mut bench = Bench::start();
        let id = bench.open(Plan::TcpRelay(plan.clone()));
        let address = bench.listening(id).await[0];
        let client = connect(address);
        let server = accept(&listener);
        Holding { bench, id, address, plan, listener, client, server }
    }

    /// What was held so far.
    fn held(bench: &Bench) -> Vec<Held> {
        let held = bench.others.iter().filter_map(|event| match event {
            Event::Held(held) => Some((**held).clone()),
            _ => None,
        });
        held.collect()
    }

    fn ends(bench: &Bench) -> Vec<(u32, HoldEnd)> {
        let ends = bench.others.iter().filter_map(|event| match event {
            Event::HoldEnded { number, end, .. } => Some((*number, *end)),
            _ => None,
        });
        ends.collect()
    }

    async fn holds(&mut self, count: usize) -> Held {
        self.bench.until("it is held", |bench| Holding::held(bench).len() >= count).await;
        Holding::held(&self.bench).pop().unwrap()
    }

    async fn ended(&mut self, count: usize) -> Vec<HoldEnd> {
        self.bench.until("it ended", |bench| Holding::ends(bench).len() >= count).await;
        Holding::ends(&self.bench).into_iter().map(|(_, end)| end).collect()
    }

    fn decide(&self, number: u32, decision: Decision) {
        self.bench.handle.command(Command::Decide { id: self.id, number, decision }).unwrap();
    }

    fn update(&mut self, hold: HoldPlan) {
        self.plan.hold = hold;
        let plan = Box::new(Plan::TcpRelay(self.plan.clone()));
        self.bench.handle.command(Command::Update { id: self.id, plan }).unwrap();
    }

    /// Bytes told of what the client's socket took and gave.
    fn totals(&self) -> (usize, usize) {
        let client = self.id.conn(1);
        let of = |direction| self.bench.bytes(client, direction).len();
        (of(Direction::Received), of(Direction::Sent))
    }
}

fn reads(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

/// Nothing has come: told without waiting, behind something else that has gone all the way.
fn has_nothing(stream: &TcpStream) {
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
}

fn marks(record: &Record) -> Vec<HoldMark> {
    record.faults.holds().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fits_waits_until_it_is_forwarded_and_the_rest_goes_on() {
    let mut it = Holding::of(hold("in and data contains login")).await;
    it.client.write_all(b"hello").unwrap();
    reads(&mut it.server, b"hello");
    it.client.write_all(b"login ann").unwrap();
    let held = it.holds(1).await;
    assert_eq!((&held.data[..], held.from_client), (&b"login ann"[..], true));
    // What follows it waits behind it; the other way and others go on.
    it.client.write_all(b"after").unwrap();
    it.server.write_all(b"answer").unwrap();
    reads(&mut it.client, b"answer");
    let mut other = connect(it.address);
    let mut other_server = accept(&it.listener);
    other.write_all(b"other").unwrap();
    reads(&mut other_server, b"other");
    it.bench.record("what follows", |record| text(record) == "after").await;
    has_nothing(&it.server);
    it.decide(held.number, Decision::Forward);
    reads(&mut it.server, b"login annafter");
    assert_eq!(it.ended(1).await, [HoldEnd::Forwarded]);
    let told = it.bench.record("the login", |record| text(record) == "login ann").await;
    assert_eq!((told.at, told.conn, marks(&told)), (held.at, held.conn, vec![HoldMark::Held]));
    assert_eq!(it.totals(), (19, 6), "each byte once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_edited_is_told_as_it_came_and_as_it_went() {
    let mut it = Holding::of(hold("data contains secret")).await;
    it.client.write_all(b"a secret").unwrap();
    let held = it.holds(1).await;
    it.decide(held.number, Decision::Edit(Bytes::from_static(b"nothing")));
    reads(&mut it.server, b"nothing");
    it.server.write_all(b"secret too").unwrap();
    let held = it.holds(2).await;
    assert!(!held.from_client);
    it.decide(held.number, Decision::Edit(Bytes::from_static(b"open")));
    reads(&mut it.client, b"open");
    assert_eq!(it.ended(2).await, [HoldEnd::Edited, HoldEnd::Edited]);
    let (client, target) = (it.id.conn(1), it.id.conn(2));
    it.bench.record("what went", |record| text(record) == "open").await;
    let edited = |record: &&Record| marks(record).contains(&HoldMark::Edited);
    let data: Vec<_> = it.bench.records.iter().filter(edited).collect();
    let told: Vec<_> = data.iter().map(|it| (it.conn, it.direction, text(it))).collect();
    assert_eq!(
        told,
        [
            (target, Direction::Sent, "nothing".into()),
            (target, Direction::Received, "secret too".into()),
            (client, Direction::Sent, "open".into())
        ]
    );
    assert_eq!(it.bench.bytes(client, Direction::Received), b"a secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dropped_is_left_out_and_said_either_way() {
    let mut it = Holding::of(hold("data contains bad")).await;
    it.client.write_all(b"bad").unwrap();
    let held = it.holds(1).await;
    it.decide(held.number, Decision::Drop);
    it.ended(1).await;
    it.client.write_all(b"good").unwrap();
    reads(&mut it.server, b"good");
    it.server.write_all(b"bad too").unwrap();
    let held = it.holds(2).await;
    it.decide(held.number, Decision::Drop);
    assert_eq!(it.ended(2).await, [HoldEnd::Dropped, HoldEnd::Dropped]);
    it.server.write_all(b"fine").unwrap();
    reads(&mut it.client, b"fine");
    let is_drop = |record: &Record| marks(record).contains(&HoldMark::Dropped);
    it.bench.record("the answer", |record| text(record) == "fine").await;
    let told: Vec<_> = it.bench.records.iter().filter(|it| is_drop(it)).map(text).collect();
    assert_eq!(
        told,
        [
            "3 bytes of the client dropped, not passed on",
            "7 bytes of the server dropped, not passed on",
            "bad too"
        ]
    );
    assert_eq!(it.totals(), (7, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_one_goes_on_as_it_came_and_says_so() {
    let plan = HoldPlan { timeout: Duration::from_millis(80), ..hold("kind == data") };
    let mut it = Holding::of(plan).await;
    let began = Instant::now();
    it.client.write_all(b"ask").unwrap();
    reads(&mut it.server, b"ask");
    assert!(began.elapsed() >= Duration::from_millis(80));
    it.server.write_all(b"answer").unwrap();
    reads(&mut it.client, b"answer");
    assert_eq!(it.ended(2).await, [HoldEnd::TimedOut, HoldEnd::TimedOut]);
    let answer = it.bench.record("the answer", |record| text(record) == "answer").await;
    assert_eq!(marks(&answer), [HoldMark::Held, HoldMark::TimedOut]);
    let late = |record: &Record| text(record).starts_with("nobody decided in time: 3 bytes");
    assert_eq!(
        marks(&it.bench.record("what was late", late).await),
        [HoldMark::Held, HoldMark::TimedOut]
    );
    it.decide(1, Decision::Drop);
    it.bench.until("it is too late", |bench| !bench.refused.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switched_off_all_goes_on_in_order_whatever_was_decided_meanwhile() {
    let mut it = Holding::of(hold("in")).await;
    for (at, part) in [b"one", b"two", b"six"].iter().enumerate() {
        it.client.write_all(*part).unwrap();
        it.holds(at + 1).await;
    }
    // The second is decided before the first, and waits for its turn.
    let second = Holding::held(&it.bench)[1].number;
    it.decide(second, Decision::Edit(Bytes::from_static(b"2")));
    it.ended(1).await;
    has_nothing(&it.server);
    it.update(hold(""));
    reads(&mut it.server, b"one2six");
    assert_eq!(it.ended(3).await, [HoldEnd::Edited, HoldEnd::Released, HoldEnd::Released]);
    it.client.write_all(b"free").unwrap();
    reads(&mut it.server, b"free");
    let words = "nothing is held any more; 2 went on as they came";
    it.bench.record("what is said", |record| text(record) == words).await;
    // Another filter leaves what waits where it is.
    it.update(hold("in"));
    let holds_again = |bench: &Bench| {
        let told = bench.records.iter().filter(|it| text(it).starts_with("holding in:"));
        told.count() == 2
    };
    it.bench.until("it holds again", holds_again).await;
    it.client.write_all(b"more").unwrap();
    let held = it.holds(4).await;
    it.update(hold("out"));
    it.bench.record("the hold", |record| text(record).starts_with("holding out:")).await;
    it.server.write_all(b"held").unwrap();
    it.holds(5).await;
    has_nothing(&it.server);
    it.decide(held.number, Decision::Forward);
    reads(&mut it.server, b"more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_waits_behind_what_is_held() {
    let mut it = Holding::of(hold("in")).await;
    it.client.write_all(b"last words").unwrap();
    it.client.shutdown(Shutdown::Write).unwrap();
    let held = it.holds(1).await;
    it.bench.record("the end", |it| text(it) == "the client finished sending").await;
    has_nothing(&it.server);
    it.decide(held.number, Decision::Forward);
    reads(&mut it.server, b"last words");
    assert_eq!(it.server.read(&mut [0]).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_goes_away_takes_what_is_held_with_it() {
    for by_client in [true, false] {
        let mut it = Holding::of(hold("in")).await;
        it.client.write_all(b"pending").unwrap();
        it.holds(1).await;
        let (gone, mut left) =
            if by_client { (it.client, it.server) } else { (it.server, it.client) };
        SockRef::from(&gone).set_linger(Some(Duration::ZERO)).unwrap();
        drop(gone);
        assert_eq!(left.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        let over = |bench: &Bench| Holding::ends(bench) == [(1, HoldEnd::Gone)];
        it.bench.until("it went with its connection", over).await;
        let words = "of the client 7 bytes were not passed on to the server";
        it.bench.record("what was left", |record| text(record) == words).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_closed_or_stopped_passes_nothing_on_that_was_held() {
    for how in [CloseMode::Close, CloseMode::Reset] {
        let mut it = Holding::of(hold("data contains held")).await;
        it.client.write_all(b"held").unwrap();
        it.holds(1).await;
        it.server.write_all(b"held too").unwrap();
        it.holds(2).await;
        it.bench.close(it.id, how);
        let mut got = Vec::new();
        let _ = it.server.read_to_end(&mut got);
        assert_eq!(got, b"", "nobody said that it may go on");
        drop((it.client, it.server));
        assert!(it.bench.outcome(it.id).await.is_ok());
        let mut ends = Holding::ends(&it.bench);
        ends.sort_by_key(|it| it.0);
        assert_eq!(ends, [(1, HoldEnd::Gone), (2, HoldEnd::Gone)]);
        let target = it.id.conn(2);
        assert_eq!(it.bench.bytes(target, Direction::Received), b"held too");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_wait_and_what_finds_no_place_goes_on_and_is_marked() {
    let mut it = Holding::of(hold("in")).await;
    let mut clients = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..100 {
        clients.push(connect(it.address));
        servers.push(accept(&it.listener));
    }
    for round in 0..10 {
        for (at, client) in clients.iter_mut().enumerate() {
            client.write_all(b"x").unwrap();
            // One read each: the next comes when this one is known.
            if at == 99 {
                it.holds((round + 1) * 100).await;
            }
        }
    }
    assert_eq!(Holding::held(&it.bench).len(), 1_000);
    it.client.write_all(b"too many").unwrap();
    reads(&mut it.server, b"too many");
    let told = it.bench.record("the one too many", |record| text(record) == "too many").await;
    assert_eq!(marks(&told), [HoldMark::Missed]);
    it.update(hold(""));
    for server in &mut servers {
        reads(server, b"xxxxxxxxxx");
    }
    assert_eq!(it.ended(1_000).await.len(), 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_reads_no_more_than_is_ahead_while_something_is_held() {
    let mut it = Holding::of(hold("data contains first")).await;
    it.client.write_all(b"first").unwrap();
    let held = it.holds(1).await;
    let data = vec![b'x'; 8 * 1024 * 1024];
    let sent = data.clone();
    let mut client = it.client.try_clone().unwrap();
    let writing = std::thread::spawn(move || client.write_all(&sent));
    let far = |bench: &Bench| {
        bench.records.iter().map(|record| record.original_len).sum::<u64>() > 64 * 1024
    };
    it.bench.until("it has read ahead", far).await;
    it.decide(held.number, Decision::Forward);
    reads(&mut it.server, b"first");
    let mut got = vec![0; data.len()];
    // What it was told of before was a read ahead at most.
    let before = it.totals().0;
    assert!(before <= 256 * 1024, "{before} bytes were taken in");
    let mut server = it.server.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        server.read_exact(&mut got).unwrap();
        got
    });
    let all = |bench: &Bench| {
        let data = bench.records.iter().filter(|it| it.direction == Direction::Received);
        data.map(|record| record.original_len).sum::<u64>() >= 8 * 1024 * 1024
    };
    it.bench.until("all of it", all).await;
    assert!(reading.join().unwrap() == data);
    writing.join().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_done_to_what_is_passed_on_after_the_hold() {
    let split = FaultPlan {
        from: FaultFrom::Client,
        effect: FaultEffect::Split(2),
        first: None,
        every: None,
        chance: 100,
        when: FaultWhen::Bytes(WhenPlan::Contains(Bytes::from_static(b"edited"))),
        after: Duration::ZERO,
        lasts: None,
    };
    let faults = FaultsPlan { seed: Some(7), list: vec![split], off: false };
    let mut it = Holding::with(hold("in"), faults).await;
    it.client.write_all(b"plain").unwrap();
    let held = it.holds(1).await;
    it.decide(held.number, Decision::Edit(Bytes::from_static(b"edited")));
    reads(&mut it.server, b"edited");
    let sent = |record: &Record| record.direction == Direction::Sent && text(record) == "ed";
    let piece = it.bench.record("the last piece", sent).await;
    assert!(piece.faults.contains(FaultKind::Split));
    assert_eq!(marks(&piece), [HoldMark::Held, HoldMark::Edited]);
}
