//! Faults of an HTTP relay: done to the bytes of the client's connection, counted in messages, marked on the
//! exchange.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::Event;
use wirebench::model::exchange::{Exchange, ExchangeState};
use wirebench::model::fault::{
    FaultEffect, FaultFrom, FaultKind, FaultPlan, FaultWhen, FaultsPlan,
};
use wirebench::model::id::SessionId;
use wirebench::model::plan::{HttpRelayPlan, OpenPlan, Plan, WhenPlan};
use wirebench::model::record::Direction;
use wirebench::model::tls::ClientTls;

use super::bench::{Bench, accept, connect, delay, fault, text};
use super::http_relay::relay;

pub const ASK: &str = "GET /a HTTP/1.1\r\nHost: x.example\r\n\r\n";
pub const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A relay with these faults, a client of it and the server behind it.
pub struct FaultyHttp {
    pub bench: Bench,
    pub id: SessionId,
    plan: HttpRelayPlan,
    pub listener: TcpListener,
    pub client: TcpStream,
}

impl FaultyHttp {
    pub async fn of(list: Vec<FaultPlan>) -> Self {
        FaultyHttp::with(list, true).await
    }

    pub async fn with(list: Vec<FaultPlan>, is_reverse: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        FaultyHttp::at(list, listener, relay(is_reverse.then_some(target))).await
    }

    /// A forward proxy that opens TLS; to the server none is spoken.
    pub async fn opening(list: Vec<FaultPlan>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = OpenPlan { hosts: vec!["127.0.0.1".into()], authority: None };
        let plan = HttpRelayPlan { open, onward_tls: ClientTls::Off, ..relay(None) };
        FaultyHttp::at(list, listener, plan).await
    }

    async fn at(list: Vec<FaultPlan>, listener: TcpListener, plan: HttpRelayPlan) -> Self {
        let faults = FaultsPlan { seed: Some(7), list, off: false };
        let plan = HttpRelayPlan { faults, ..plan };
        let mut bench = Bench::start();
        let id = bench.open(Plan::HttpRelay(Box::new(plan.clone())));
        let address = bench.listening(id).await[0];
        FaultyHttp { bench, id, plan, listener, client: connect(address) }
    }

    pub fn change(&mut self, list: Vec<FaultPlan>) {
        self.plan.faults.list = list;
        let plan = Box::new(Plan::HttpRelay(Box::new(self.plan.clone())));
        self.bench.handle.command(Command::Update { id: self.id, plan }).unwrap();
    }

    pub fn asks(&mut self, ask: &str) {
        self.client.write_all(ask.as_bytes()).unwrap();
    }

    pub fn gets(&mut self, expected: &str) {
        reads(&mut self.client, expected);
    }

    /// The exchange with this number once it is over.
    pub async fn over(&mut self, number: u32) -> Exchange {
        let found = |bench: &Bench| {
            bench.others.iter().rev().find_map(|event| match event {
                Event::Exchange(it) if it.number == number && it.state != ExchangeState::Active => {
                    Some((**it).clone())
                }
                _ => None,
            })
        };
        self.bench.until("an exchange that is over", |bench| found(bench).is_some()).await;
        found(&self.bench).unwrap()
    }
}

/// Reads exactly this.
pub fn reads(stream: &mut TcpStream, expected: &str) {
    let mut got = vec![0; expected.len()];
    let outcome = stream.read_exact(&mut got);
    assert!(outcome.is_ok(), "{outcome:?} for {expected:?}");
    assert_eq!(String::from_utf8_lossy(&got), expected);
}

/// Answers this request.
pub fn answers(server: &mut TcpStream, ask: &str) {
    reads(server, ask);
    server.write_all(ANSWER.as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_delayed_comes_later_and_its_exchange_says_so() {
    let mut it = FaultyHttp::of(vec![fault(FaultFrom::Server, delay(150))]).await;
    let began = Instant::now();
    it.asks(ASK);
    let mut server = accept(&it.listener);
    answers(&mut server, ASK);
    it.gets(ANSWER);
    assert!(began.elapsed() >= Duration::from_millis(150), "{:?}", began.elapsed());
    let exchange = it.over(0).await;
    assert!(exchange.touched.response.contains(FaultKind::Delay));
    assert!(exchange.touched.request.is_empty());
    assert!(exchange.warnings.contains(&"a fault touched the answer: delay".to_owned()));
    assert_eq!(exchange.state, ExchangeState::Complete);
    assert!(exchange.timing.total >= Duration::from_millis(150), "{:?}", exchange.timing);
    let told = it.bench.record("the answer", |it| it.direction == Direction::Sent).await;
    assert_eq!((text(&told), told.conn), (ANSWER.to_owned(), it.id.conn(1)));
    assert!(told.faults.contains(FaultKind::Delay));
    it.bench.record("what is done", |it| text(it).starts_with("faults: delay 150ms")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_counted_and_not_the_reads_they_come_in() {
    let every = FaultPlan { every: Some(2), ..fault(FaultFrom::Client, delay(1)) };
    let mut it = FaultyHttp::of(vec![every]).await;
    let mut server = None;
    for number in 0..4 {
        let [head, body] = ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n", "body"];
        it.asks(head);
        let server = server.get_or_insert_with(|| accept(&it.listener));
        reads(server, head);
        it.asks(body);
        answers(server, body);
        it.gets(ANSWER);
        let touched = it.over(number).await.touched;
        assert_eq!(touched.request.contains(FaultKind::Delay), number % 2 == 1, "{number}");
        assert!(touched.response.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_requests_in_one_read_is_counted_asked_about_and_marked() {
    let every = FaultPlan { every: Some(2), ..fault(FaultFrom::Client, delay(1)) };
    let named = FaultPlan {
        when: FaultWhen::Bytes(WhenPlan::StartsWith(bytes::Bytes::from_static(b"GET /4"))),
        ..fault(FaultFrom::Client, FaultEffect::Split(9))
    };
    let mut it = FaultyHttp::of(vec![every, named]).await;
    let asks: Vec<_> = (1..=5).map(|at| ASK.replace("/a", &format!("/{at}"))).collect();
    it.asks(&asks.concat());
    let mut server = accept(&it.listener);
    for ask in &asks {
        answers(&mut server, ask);
        it.gets(ANSWER);
    }
    for number in 0..5 {
        let touched = it.over(number).await.touched;
        assert_eq!(touched.request.contains(FaultKind::Delay), number % 2 == 1, "{number}");
        assert_eq!(touched.request.contains(FaultKind::Split), number == 3, "{number}");
    }
    for (at, ask) in asks.iter().enumerate() {
        let came = it.bench.record(ask, |it| text(it) == *ask).await;
        assert_eq!(came.faults.contains(FaultKind::Delay), at % 2 == 1, "{ask}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_counted_from_the_next_one_on_when_faults_come_in_the_middle_of_one() {
    let mut it = FaultyHttp::of(Vec::new()).await;
    let [head, body] = ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n", "body"];
    it.asks(head);
    let mut server = accept(&it.listener);
    reads(&mut server, head);
    it.change(vec![FaultPlan { first: Some(1), ..fault(FaultFrom::Client, delay(1)) }]);
    it.bench.record("that there are some", |it| text(it).starts_with("faults: delay")).await;
    it.asks(body);
    answers(&mut server, body);
    it.gets(ANSWER);
    it.asks(&[ASK, ASK].concat());
    for _ in 0..2 {
        answers(&mut server, ASK);
        it.gets(ANSWER);
    }
    for number in 0..3 {
        let touched = it.over(number).await.touched;
        assert_eq!(touched.request.contains(FaultKind::Delay), number == 1, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_megabyte_split_delayed_and_both_ways_comes_whole_and_in_order() {
    let jitter =
        FaultEffect::Delay { delay: Duration::from_millis(2), jitter: Duration::from_millis(9) };
    let split = fault(FaultFrom::Both, FaultEffect::Split(5_000));
    let mut it = FaultyHttp::of(vec![fault(FaultFrom::Both, jitter), split]).await;
    let body: String = (0..1_000_000_u32).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
    let head =
        |start: &str| format!("{start}\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    let (ask, answer) = (head("PUT / HTTP/1.1"), head("HTTP/1.1 200 OK"));
    let (mut client, sent) = (it.client.try_clone().unwrap(), format!("{ask}{body}"));
    let writer = std::thread::spawn(move || client.write_all(sent.as_bytes()));
    let mut server = accept(&it.listener);
    reads(&mut server, &ask);
    reads(&mut server, &body);
    server.write_all(answer.as_bytes()).unwrap();
    let told = body.clone();
    let answering = std::thread::spawn(move || server.write_all(told.as_bytes()));
    it.gets(&answer);
    it.gets(&body);
    writer.join().unwrap().unwrap();
    answering.join().unwrap().unwrap();
    let exchange = it.over(0).await;
    assert_eq!(exchange.state, ExchangeState::Complete);
    assert!(exchange.touched.request.contains(FaultKind::Split));
    assert!(exchange.touched.response.contains(FaultKind::Split));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_byte_the_client_is_reset_and_the_server_let_go_of() {
    for (from, byte) in [(FaultFrom::Server, 20), (FaultFrom::Client, 40)] {
        let mut it = FaultyHttp::of(vec![fault(from, FaultEffect::Reset(byte))]).await;
        let ask = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n";
        it.asks(ask);
        let mut server = (from == FaultFrom::Server).then(|| {
            let mut server = accept(&it.listener);
            reads(&mut server, ask);
            server.write_all(ANSWER.as_bytes()).unwrap();
            server
        });
        let error = it.client.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{from:?}");
        let exchange = it.over(0).await;
        let touched = exchange.touched;
        let of = if from == FaultFrom::Server { touched.response } else { touched.request };
        assert!(of.contains(FaultKind::Reset), "{from:?}: {touched:?}");
        assert!(matches!(exchange.state, ExchangeState::Failed(_)));
        it.bench.record("why", |it| text(it) == "reset by us: a fault asks for it").await;
        if let Some(server) = &mut server {
            assert!(matches!(server.read(&mut [0]), Ok(0) | Err(_)));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_byte_the_client_finishes_or_nothing_more_comes_to_it() {
    let mut it = FaultyHttp::of(vec![fault(FaultFrom::Server, FaultEffect::HalfClose(40))]).await;
    it.asks(ASK);
    answers(&mut accept(&it.listener), ASK);
    let mut got = String::new();
    it.client.read_to_string(&mut got).unwrap();
    assert_eq!(got, ANSWER[..40], "and its end");
    assert!(it.over(0).await.touched.response.contains(FaultKind::HalfClose));
    it.bench.record("why", |it| text(it) == "a fault ends what the server sends").await;
    let mut it = FaultyHttp::of(vec![fault(FaultFrom::Client, FaultEffect::HalfClose(49))]).await;
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n";
    it.asks(head);
    let mut server = accept(&it.listener);
    reads(&mut server, head);
    it.asks("body");
    // It is let go of, by a reset or an end.
    let mut got = Vec::new();
    let _ = server.read_to_end(&mut got);
    assert!(got.len() <= 2, "{got:?}");
    assert!(it.over(0).await.touched.request.contains(FaultKind::HalfClose));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stalled_goes_on_when_the_faults_change_and_ends_when_the_client_leaves() {
    let stall = || vec![fault(FaultFrom::Server, FaultEffect::Stall(10))];
    let mut it = FaultyHttp::of(stall()).await;
    it.asks(ASK);
    let mut server = accept(&it.listener);
    answers(&mut server, ASK);
    it.gets(&ANSWER[..10]);
    it.change(Vec::new());
    it.gets(&ANSWER[10..]);
    it.over(0).await;
    it.change(stall());
    it.bench
        .until("the stall again", |bench| {
            bench.records.iter().filter(|it| text(it).starts_with("faults: stall")).count() == 2
        })
        .await;
    it.asks(ASK);
    answers(&mut server, ASK);
    it.gets(&ANSWER[..10]);
    it.client.shutdown(Shutdown::Both).unwrap();
    let exchange = it.over(1).await;
    assert!(matches!(exchange.state, ExchangeState::Failed(_)), "{:?}", exchange.state);
    assert!(exchange.touched.response.contains(FaultKind::Stall));
}

/// What it asked next stands before its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_behind_what_it_asks_next_ends_its_stalled_answer() {
    let mut it = FaultyHttp::of(vec![fault(FaultFrom::Server, FaultEffect::Stall(10))]).await;
    it.asks(&[ASK, ASK].concat());
    answers(&mut accept(&it.listener), ASK);
    it.gets(&ANSWER[..10]);
    it.asks(ASK);
    it.client.shutdown(Shutdown::Both).unwrap();
    let exchange = it.over(0).await;
    assert!(matches!(exchange.state, ExchangeState::Failed(_)), "{:?}", exchange.state);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tunnel_to_be_opened_that_is_stalled_for_ever_ends_with_its_client_and_with_the_relay() {
    let stall = || vec![fault(FaultFrom::Server, FaultEffect::Stall(12))];
    let established = "HTTP/1.1 200 Connection Established\r\n\r\n";
    for client_leaves in [true, false] {
        let mut it = FaultyHttp::opening(stall()).await;
        let to = it.listener.local_addr().unwrap();
        it.asks(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"));
        let mut server = accept(&it.listener);
        it.gets(&established[..12]);
        if client_leaves {
            it.client.shutdown(Shutdown::Both).unwrap();
            let exchange = it.over(0).await;
            assert!(matches!(exchange.state, ExchangeState::Failed(_)), "{:?}", exchange.state);
            assert!(exchange.touched.response.contains(FaultKind::Stall));
        } else {
            it.bench.close(it.id, CloseMode::Close);
            it.gets(&established[12..]);
            it.client.shutdown(Shutdown::Both).unwrap();
            it.bench.outcome(it.id).await.unwrap();
        }
        assert!(matches!(server.read(&mut [0]), Ok(0) | Err(_)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_closes_does_not_wait_for_faults() {
    let mut it = FaultyHttp::of(vec![fault(FaultFrom::Server, delay(3_600_000))]).await;
    it.asks(ASK);
    answers(&mut accept(&it.listener), ASK);
    let is_taken = |event: &Event| matches!(event, Event::Progress { encoded: 5, .. });
    it.bench.until("it is taken", |bench| bench.others.iter().any(is_taken)).await;
    let close = Command::Close { id: it.id, how: CloseMode::Close };
    it.bench.handle.command(close).unwrap();
    it.gets(ANSWER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_corrupted_is_told_as_it_came_and_goes_on_as_it_is() {
    let corrupt = FaultPlan {
        when: FaultWhen::Bytes(WhenPlan::StartsWith(bytes::Bytes::from_static(b"body"))),
        ..fault(FaultFrom::Client, FaultEffect::Corrupt(1))
    };
    let mut it = FaultyHttp::with(vec![corrupt], false).await;
    // Inside a tunnel each read is asked about.
    let to = it.listener.local_addr().unwrap();
    it.asks(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    let mut server = accept(&it.listener);
    it.gets("HTTP/1.1 200 Connection Established\r\n\r\n");
    it.asks("body");
    let mut got = [0; 4];
    server.read_exact(&mut got).unwrap();
    assert_ne!(&got, b"body");
    let came = it.bench.record("what came", |it| text(it) == "body").await;
    assert!(came.faults.contains(FaultKind::Corrupt) && came.direction == Direction::Received);
    it.asks("others");
    reads(&mut server, "others");
    let came = it.bench.record("what came then", |it| text(it) == "others").await;
    assert!(came.faults.is_empty());
}

/// A tunnel that is there when they are switched on, and off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_switched_on_and_off_while_a_tunnel_is_there() {
    let mut it = FaultyHttp::with(Vec::new(), false).await;
    let to = it.listener.local_addr().unwrap();
    it.asks(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    let mut server = accept(&it.listener);
    it.gets("HTTP/1.1 200 Connection Established\r\n\r\n");
    server.write_all(b"plain").unwrap();
    it.gets("plain");
    it.change(vec![fault(FaultFrom::Both, delay(60))]);
    it.bench.record("that there are some", |it| text(it).starts_with("faults: delay")).await;
    let began = Instant::now();
    server.write_all(b"late").unwrap();
    it.gets("late");
    it.asks("later");
    reads(&mut server, "later");
    assert!(began.elapsed() >= Duration::from_millis(120), "{:?}", began.elapsed());
    for said in ["late", "later"] {
        let told = it.bench.record(said, |it| text(it) == said).await;
        assert!(told.faults.contains(FaultKind::Delay), "{said}");
    }
    it.change(Vec::new());
    it.bench.record("that there are none", |it| text(it) == "there are no faults any more").await;
    server.write_all(b"again").unwrap();
    it.gets("again");
    it.asks("and again");
    reads(&mut server, "and again");
    let told = it.bench.record("again", |it| text(it) == "again").await;
    assert!(told.faults.is_empty());
}
