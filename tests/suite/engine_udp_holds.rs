//! What a UDP relay holds between real peers: each datagram by itself, decided about or let go visibly.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::Event;
use wirebench::model::fault::{
    FaultEffect, FaultFrom, FaultKind, FaultPlan, FaultWhen, FaultsPlan,
};
use wirebench::model::hold::{Decision, Held, HeldKind, HoldEnd, HoldMark, HoldPlan};
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, UdpRelayPlan, WhenPlan};
use wirebench::model::record::{Direction, Record};
use wirebench::model::socket_options::{ClientOptions, DatagramOptions};

use super::bench::{Bench, DEADLINE, text};

fn hold(filter: &str) -> HoldPlan {
    let filter = (!filter.is_empty()).then(|| filter.to_owned());
    HoldPlan { filter, timeout: Duration::from_secs(60) }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn next(socket: &UdpSocket) -> (String, SocketAddr) {
    let mut room = [0; 2048];
    let (len, from) = socket.recv_from(&mut room).unwrap();
    (room[..len].escape_ascii().to_string(), from)
}

/// Nothing has come: told without waiting, behind something else that has gone all the way.
fn has_nothing(socket: &UdpSocket) {
    socket.set_nonblocking(true).unwrap();
    assert_eq!(socket.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    socket.set_nonblocking(false).unwrap();
}

/// A relay that holds, a client of it and the server behind it.
struct Holding {
    bench: Bench,
    id: SessionId,
    plan: UdpRelayPlan,
    client: UdpSocket,
    server: UdpSocket,
    /// Where the server sees the client.
    onward: SocketAddr,
}

impl Holding {
    async fn of(hold: HoldPlan) -> Self {
        Holding::with(hold, FaultsPlan::default(), Duration::from_secs(60)).await
    }

    /// After one datagram each way that was not held.
    async fn with(hold: HoldPlan, faults: FaultsPlan, idle: Duration) -> Self {
        let (client, server) = (socket(), socket());
        let plan = UdpRelayPlan {
            bind: "127.0.0.1:0".parse().unwrap(),
            socket: DatagramOptions::default(),
            target: server.local_addr().unwrap().to_string().parse().unwrap(),
            client: ClientOptions::default(),
            any_peer: false,
            idle,
            hold,
            faults,
            rewrites: Vec::new(),
        };
        let mut bench = Bench::start();
        let id = bench.open(Plan::UdpRelay(plan.clone()));
        client.connect(bench.listening(id).await[0]).unwrap();
        client.send(b"").unwrap();
        let onward = next(&server).1;
        server.send_to(b"", onward).unwrap();
        next(&client);
        Holding { bench, id, plan, client, server, onward }
    }

    fn send(&self, data: &str) {
        self.client.send(data.as_bytes()).unwrap();
    }

    fn answer(&self, data: &str) {
        self.server.send_to(data.as_bytes(), self.onward).unwrap();
    }

    fn at_server(&self) -> String {
        next(&self.server).0
    }

    fn at_client(&self) -> String {
        next(&self.client).0
    }

    fn held(bench: &Bench) -> Vec<Held> {
        let held = bench.others.iter().filter_map(|event| match event {
            Event::Held(held) => Some((**held).clone()),
            _ => None,
        });
        held.collect()
    }

    fn ends(bench: &Bench) -> Vec<HoldEnd> {
        let ends = bench.others.iter().filter_map(|event| match event {
            Event::HoldEnded { end, .. } => Some(*end),
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
        Holding::ends(&self.bench)
    }

    fn decide(&self, held: &Held, decision: Decision) {
        let number = held.number;
        self.bench.handle.command(Command::Decide { id: self.id, number, decision }).unwrap();
    }

    fn update(&mut self, hold: HoldPlan) {
        self.plan.hold = hold;
        let plan = Box::new(Plan::UdpRelay(self.plan.clone()));
        self.bench.handle.command(Command::Update { id: self.id, plan }).unwrap();
    }

    /// Datagrams with bytes that are told of a half.
    fn told(&self, half: u32, direction: Direction) -> Vec<String> {
        let data = self.bench.data(self.id.conn(half), direction).map(text);
        data.filter(|text| !text.is_empty()).collect()
    }
}

fn marks(record: &Record) -> Vec<HoldMark> {
    record.faults.holds().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fits_waits_and_those_behind_pass_it_by() {
    let mut it = Holding::of(hold("data contains ask")).await;
    it.send("ask 1");
    let held = it.holds(1).await;
    let seen = (&held.data[..], held.kind, held.from_client);
    assert_eq!(seen, (&b"ask 1"[..], HeldKind::Datagram, true));
    it.send("after");
    assert_eq!(it.at_server(), "after", "UDP promises no order");
    it.answer("answer");
    assert_eq!(it.at_client(), "answer");
    has_nothing(&it.server);
    it.decide(&held, Decision::Forward);
    assert_eq!(it.at_server(), "ask 1");
    it.answer("ask back");
    let held = it.holds(2).await;
    assert!(!held.from_client);
    it.answer("more");
    assert_eq!(it.at_client(), "more");
    it.decide(&held, Decision::Forward);
    assert_eq!(it.at_client(), "ask back");
    assert_eq!(it.ended(2).await, [HoldEnd::Forwarded, HoldEnd::Forwarded]);
    let back = it.bench.record("the answer", |record| text(record) == "ask back").await;
    assert_eq!(marks(&back), [HoldMark::Held]);
    assert_eq!(it.told(1, Direction::Received), ["ask 1", "after"], "each once");
    assert_eq!(it.told(1, Direction::Sent), ["answer", "more", "ask back"]);
    assert_eq!((it.told(2, Direction::Sent).len(), it.told(2, Direction::Received).len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_one_is_told_as_it_came_and_as_it_went_and_may_be_empty() {
    let mut it = Holding::of(hold("data contains secret")).await;
    for (at, edited) in ["open", ""].into_iter().enumerate() {
        it.send("a secret");
        let held = it.holds(2 * at + 1).await;
        it.decide(&held, Decision::Edit(Bytes::copy_from_slice(edited.as_bytes())));
        assert_eq!(it.at_server(), edited);
        it.answer("secret too");
        let held = it.holds(2 * at + 2).await;
        it.decide(&held, Decision::Edit(Bytes::copy_from_slice(edited.as_bytes())));
        assert_eq!(it.at_client(), edited);
    }
    assert_eq!(it.ended(4).await, [HoldEnd::Edited; 4]);
    let edited = |record: &Record| marks(record).contains(&HoldMark::Edited);
    let all = |bench: &Bench| bench.records.iter().filter(|it| edited(it)).count() == 6;
    it.bench.until("all is told", all).await;
    assert_eq!(it.told(1, Direction::Received), ["a secret", "a secret"]);
    assert_eq!(it.told(2, Direction::Sent), ["open"]);
    assert_eq!(it.told(2, Direction::Received), ["secret too", "secret too"]);
    assert_eq!(it.told(1, Direction::Sent), ["open"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_one_goes_nowhere_and_says_so() {
    let mut it = Holding::of(hold("data contains bad")).await;
    it.send("bad");
    let held = it.holds(1).await;
    it.decide(&held, Decision::Drop);
    it.ended(1).await;
    it.send("good");
    assert_eq!(it.at_server(), "good");
    it.answer("bad too");
    let held = it.holds(2).await;
    it.decide(&held, Decision::Drop);
    assert_eq!(it.ended(2).await, [HoldEnd::Dropped, HoldEnd::Dropped]);
    it.answer("fine");
    assert_eq!(it.at_client(), "fine");
    it.bench.record("the answer", |record| text(record) == "fine").await;
    let dropped = |record: &&Record| marks(record).contains(&HoldMark::Dropped);
    let told: Vec<_> = it.bench.records.iter().filter(dropped).map(text).collect();
    assert_eq!(
        told,
        [
            "a datagram of 3 bytes of the client dropped, not passed on",
            "a datagram of 7 bytes of the server dropped, not passed on",
            "bad too"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_ones_go_on_in_their_order_and_their_client_is_kept_for_them() {
    let plan = HoldPlan { timeout: Duration::from_millis(300), ..hold("len > 0") };
    let idle = Duration::from_millis(50);
    let mut it = Holding::with(plan, FaultsPlan::default(), idle).await;
    let sent: Vec<_> = (0..20).map(|number| format!("number {number}")).collect();
    for data in &sent {
        it.send(data);
    }
    let got: Vec<_> = sent.iter().map(|_| it.at_server()).collect();
    assert_eq!(got, sent);
    assert_eq!(it.ended(20).await, [HoldEnd::TimedOut; 20]);
    let late =
        |record: &Record| text(record).starts_with("nobody decided in time: a datagram of 8");
    let late = it.bench.record("what was late", late).await;
    assert_eq!(marks(&late), [HoldMark::Held, HoldMark::TimedOut]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switched_off_all_goes_on_in_order_except_what_was_decided_before() {
    let mut it = Holding::of(hold("len > 0")).await;
    for (at, data) in ["one", "two", "six"].into_iter().enumerate() {
        it.send(data);
        it.holds(at + 1).await;
    }
    let second = Holding::held(&it.bench).remove(1);
    it.decide(&second, Decision::Edit(Bytes::from_static(b"2")));
    assert_eq!(it.at_server(), "2", "it waits for no other");
    it.update(hold(""));
    assert_eq!((it.at_server(), it.at_server()), ("one".into(), "six".into()));
    assert_eq!(it.ended(3).await, [HoldEnd::Edited, HoldEnd::Released, HoldEnd::Released]);
    it.send("free");
    assert_eq!(it.at_server(), "free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_wait_and_what_finds_no_place_goes_on_and_is_marked() {
    let mut it = Holding::of(hold("in and len > 0")).await;
    for number in 0..1_000 {
        it.send(&format!("{number}"));
        // No more than the receive buffer holds.
        if number % 100 == 99 {
            it.holds(number + 1).await;
        }
    }
    it.send("too many");
    assert_eq!(it.at_server(), "too many");
    let told = it.bench.record("the one too many", |record| text(record) == "too many").await;
    assert_eq!(marks(&told), [HoldMark::Missed]);
    it.update(hold(""));
    assert_eq!(it.ended(1_000).await.len(), 1_000);
    assert_eq!(it.at_server(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_or_relay_that_ends_passes_nothing_on_that_was_held() {
    for by_client in [true, false] {
        let mut it = Holding::of(hold("len > 0")).await;
        it.send("held");
        it.holds(1).await;
        it.answer("held too");
        it.holds(2).await;
        if by_client {
            it.bench.end(it.id.conn(1), CloseMode::Close);
        } else {
            it.bench.close(it.id, CloseMode::Close);
        }
        assert_eq!(it.ended(2).await, [HoldEnd::Gone, HoldEnd::Gone]);
        let words =
            "a datagram of 4 bytes of the client was not passed on to the server: closed by us";
        it.bench.record("what was lost", |record| text(record) == words).await;
        let words =
            "a datagram of 8 bytes of the server was not passed on to the client: closed by us";
        it.bench.record("what was lost, too", |record| text(record) == words).await;
        assert_eq!(it.told(2, Direction::Received), ["held too"]);
        it.bench.close(it.id, CloseMode::Close);
        assert!(it.bench.outcome(it.id).await.is_ok());
        has_nothing(&it.server);
        has_nothing(&it.client);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_done_to_what_is_passed_on_after_the_hold() {
    let fault = |from, effect| FaultPlan {
        from,
        effect,
        first: None,
        every: None,
        chance: 100,
        when: FaultWhen::Bytes(WhenPlan::Contains(Bytes::from_static(b"edited"))),
        after: Duration::ZERO,
        lasts: None,
    };
    let list = vec![
        fault(FaultFrom::Client, FaultEffect::Duplicate(1)),
        fault(FaultFrom::Server, FaultEffect::Drop(100)),
    ];
    let faults = FaultsPlan { seed: Some(7), list, off: false };
    let mut it = Holding::with(hold("len > 0"), faults, Duration::from_secs(60)).await;
    it.send("plain");
    let held = it.holds(1).await;
    it.decide(&held, Decision::Edit(Bytes::from_static(b"edited")));
    assert_eq!((it.at_server(), it.at_server()), ("edited".into(), "edited".into()));
    it.answer("edited by nobody");
    let held = it.holds(2).await;
    it.decide(&held, Decision::Forward);
    let dropped = |record: &Record| record.faults.contains(FaultKind::Drop);
    let words = it.bench.record("that a fault dropped it", dropped).await;
    assert_eq!(text(&words), "16 bytes of the server, held before, not passed on");
    it.bench.record("what came", |it| dropped(it) && text(it) == "edited by nobody").await;
    let sent = it.told(2, Direction::Sent);
    assert_eq!(sent, ["edited", "edited"]);
    has_nothing(&it.client);
}
