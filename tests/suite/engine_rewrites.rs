//! What rules of relays change between real peers: whole on the wire, and told as it came and as it went.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::exchange::{Exchange, ExchangeState};
use wirebench::model::fault::{FaultEffect, FaultFrom, FaultsPlan};
use wirebench::model::hold::{Decision, Held, HoldMark, HoldPlan};
use wirebench::model::http_relay::HostHeader;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{
    AnswerPlan, HttpRelayPlan, HttpRulePlan, OriginPlan, Plan, PlanBody, TcpRelayPlan,
};
use wirebench::model::record::{Direction, Record};
use wirebench::model::rewrite::{RewriteEdit, RewriteNeedle, RewritePlan};
use wirebench::model::tls::ClientTls;

use super::bench::{Bench, DEADLINE, accept, connect, fault, text};
use super::{http_relay, relay as streams, udp_relay};

fn rule(when: &str, (of_client, of_server): (bool, bool), edit: RewriteEdit) -> RewritePlan {
    let when = (!when.is_empty()).then(|| when.to_owned());
    RewritePlan { number: 1, of_client, of_server, when, edit }
}

fn replace(what: &'static str, with: &'static str) -> RewriteEdit {
    let what = RewriteNeedle::Bytes(Bytes::from_static(what.as_bytes()));
    RewriteEdit::Replace { what, with: Bytes::from_static(with.as_bytes()) }
}

fn regex(what: &str, with: &'static str) -> RewriteEdit {
    let with = Bytes::from_static(with.as_bytes());
    RewriteEdit::Replace { what: RewriteNeedle::Regex(what.to_owned()), with }
}

fn set(name: &str, value: &str) -> RewriteEdit {
    RewriteEdit::SetHeader { name: name.into(), value: value.into() }
}

/// Numbered as they stand.
fn rules(list: Vec<RewritePlan>) -> Vec<RewritePlan> {
    let number = |(at, it): (usize, RewritePlan)| RewritePlan { number: at + 1, ..it };
    list.into_iter().enumerate().map(number).collect()
}

const CLIENT: (bool, bool) = (true, false);
const SERVER: (bool, bool) = (false, true);
const BOTH: (bool, bool) = (true, true);

/// A relay of bytes, its client and its server.
struct Streams {
    bench: Bench,
    id: SessionId,
    plan: TcpRelayPlan,
    client: TcpStream,
    server: TcpStream,
}

impl Streams {
    async fn of(change: impl FnOnce(&mut TcpRelayPlan)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut plan = streams::relay(listener.local_addr().unwrap());
        change(&mut plan);
        let mut bench = Bench::start();
        let id = bench.open(Plan::TcpRelay(plan.clone()));
        let client = connect(bench.listening(id).await[0]);
        let server = accept(&listener);
        Streams { bench, id, plan, client, server }
    }
}

fn reads(stream: &mut TcpStream, expected: &str) {
    let mut got = vec![0; expected.len()];
    let outcome = stream.read_exact(&mut got);
    assert!(outcome.is_ok(), "{outcome:?} for {expected:?}: {:?}", String::from_utf8_lossy(&got));
    assert_eq!(String::from_utf8_lossy(&got), expected);
}

/// A message up to and with these last bytes.
fn reads_to(stream: &mut TcpStream, end: &str) -> String {
    let mut got = Vec::new();
    while !got.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap_or_else(|error| {
            panic!("{error} after {}", String::from_utf8_lossy(&got));
        });
        got.push(byte[0]);
    }
    String::from_utf8(got).unwrap()
}

fn changed(record: &Record) -> bool {
    record.faults.is_rewritten()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_are_replaced_either_way_and_both_versions_are_told() {
    let list = vec![
        rule("", CLIENT, replace("secret", "X")),
        rule("data contains 'id='", SERVER, regex(r"id=(\d+)", "id=<$1>")),
    ];
    let mut it = Streams::of(|plan| plan.rewrites = rules(list)).await;
    it.client.write_all(b"a secret b\n").unwrap();
    reads(&mut it.server, "a X b\n");
    it.server.write_all(b"id=12 secret\n").unwrap();
    reads(&mut it.client, "id=<12> secret\n");
    it.server.write_all(b"plain\n").unwrap();
    reads(&mut it.client, "plain\n");
    let (client, target) = (it.id.conn(1), it.id.conn(2));
    it.bench.record("the last", |record| text(record) == "plain\n").await;
    let told = |conn, direction| -> Vec<(String, bool)> {
        it.bench.data(conn, direction).map(|it| (text(it), changed(it))).collect()
    };
    assert_eq!(told(client, Direction::Received), [("a secret b\n".into(), true)]);
    assert_eq!(told(target, Direction::Sent), [("a X b\n".into(), true)]);
    assert_eq!(told(target, Direction::Received), [("id=12 secret\n".into(), true)]);
    let to_client = [("id=<12> secret\n".into(), true), ("plain\n".into(), false)];
    assert_eq!(told(client, Direction::Sent), to_client);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_match_across_two_reads_is_found_and_half_a_one_does_not_wait_for_ever() {
    let mut it =
        Streams::of(|plan| plan.rewrites = rules(vec![rule("", BOTH, replace("foobar", "X"))]))
            .await;
    it.client.write_all(b"say foo").unwrap();
    // What cannot be a part of it goes on at once.
    reads(&mut it.server, "say ");
    it.client.write_all(b"bar.").unwrap();
    let mut got = String::new();
    while !got.ends_with('.') {
        let mut room = [0; 64];
        let count = it.server.read(&mut room).unwrap();
        got.push_str(&String::from_utf8_lossy(&room[..count]));
    }
    // Unless the machine slept between the two writes.
    assert!(got == "X." || got == "foobar.", "{got}");
    // Who waits for an answer to half a word gets it.
    it.client.write_all(b"foo").unwrap();
    reads(&mut it.server, "foo");
    it.server.write_all(b"what").unwrap();
    reads(&mut it.client, "what");
    // An end comes behind what was kept back.
    it.client.write_all(b"end foob").unwrap();
    it.client.shutdown(Shutdown::Write).unwrap();
    let mut rest = String::new();
    it.server.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "end foob");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_come_before_a_hold_and_that_before_faults() {
    let split = fault(FaultFrom::Client, FaultEffect::Split(2));
    let mut it = Streams::of(|plan| {
        plan.rewrites = rules(vec![rule("", CLIENT, replace("one", "two"))]);
        let filter = Some("in and data contains two".to_owned());
        plan.hold = HoldPlan { filter, timeout: Duration::from_secs(60) };
        plan.faults = FaultsPlan { seed: Some(7), list: vec![split], off: false };
    })
    .await;
    it.client.write_all(b"one!").unwrap();
    let held = |bench: &Bench| -> Option<Held> {
        bench.others.iter().find_map(|event| match event {
            Event::Held(held) => Some((**held).clone()),
            _ => None,
        })
    };
    it.bench.until("it is held", |bench| held(bench).is_some()).await;
    let waiting = held(&it.bench).unwrap();
    assert_eq!(waiting.data, Bytes::from_static(b"two!"));
    let (id, number, decision) = (it.id, waiting.number, Decision::Forward);
    it.bench.handle.command(Command::Decide { id, number, decision }).unwrap();
    reads(&mut it.server, "two!");
    let went = it.bench.record("a piece", |record| text(record) == "tw").await;
    let names: Vec<&str> = went.faults.names().chain(went.faults.hold_names()).collect();
    assert_eq!(names, ["split", "held"]);
    assert!(changed(&went) && went.faults.holds().eq([HoldMark::Held]));
    let came = it.bench.data(it.id.conn(1), Direction::Received).map(text).collect::<Vec<_>>();
    assert_eq!(came, ["one!"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_rules_are_for_the_connections_that_are_there_too() {
    let mut it =
        Streams::of(|plan| plan.rewrites = rules(vec![rule("", CLIENT, replace("a", "b"))])).await;
    it.bench.record("how many", |it| text(it) == "1 rule changes what is passed on").await;
    it.client.write_all(b"a").unwrap();
    reads(&mut it.server, "b");
    it.plan.rewrites = Vec::new();
    let plan = Box::new(Plan::TcpRelay(it.plan.clone()));
    it.bench.handle.command(Command::Update { id: it.id, plan }).unwrap();
    it.bench.record("that there are none", |it| text(it) == "nothing is changed any more").await;
    it.client.write_all(b"a").unwrap();
    reads(&mut it.server, "a");
}

/// How often a rule changed something, as far as that is told.
fn times(bench: &Bench, number: u32) -> u64 {
    let told = bench.others.iter().filter_map(|event| match event {
        Event::Rewrote { rule, times, .. } if *rule == number => Some(*times),
        _ => None,
    });
    told.last().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_each_rule_changed_is_counted_and_goes_on_when_it_is_switched_off_and_on() {
    let list = vec![rule("", CLIENT, replace("x", "y")), rule("", SERVER, replace("secret", "X"))];
    let mut it = Streams::of(|plan| plan.rewrites = rules(list)).await;
    for _ in 0..2 {
        it.client.write_all(b"an x and an x\n").unwrap();
        reads(&mut it.server, "an y and an y\n");
    }
    it.server.write_all(b"plain\n").unwrap();
    reads(&mut it.client, "plain\n");
    // Reads, not places.
    it.bench.until("two", |bench| times(bench, 1) == 2).await;
    assert_eq!(times(&it.bench, 2), 0);
    let all = std::mem::take(&mut it.plan.rewrites);
    let update = |it: &Streams| {
        let plan = Box::new(Plan::TcpRelay(it.plan.clone()));
        it.bench.handle.command(Command::Update { id: it.id, plan }).unwrap();
    };
    update(&it);
    it.bench.record("that there are none", |it| text(it) == "nothing is changed any more").await;
    it.bench.others.clear();
    // The same one at another place.
    it.plan.rewrites = rules(all.into_iter().rev().collect());
    update(&it);
    it.bench.until("its count", |bench| times(bench, 2) == 2).await;
    it.client.write_all(b"x\n").unwrap();
    reads(&mut it.server, "y\n");
    it.bench.until("three", |bench| times(bench, 2) == 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_are_changed_one_by_one() {
    let socket = || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket
    };
    let (server, client) = (socket(), socket());
    let mut plan = udp_relay::plan(&server.local_addr().unwrap().to_string());
    plan.rewrites = rules(vec![
        rule("", CLIENT, replace("ping", "pong")),
        rule("len < 4", SERVER, regex("^.", "<$0>")),
    ]);
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpRelay(plan));
    let at = bench.listening(id).await[0];
    let reads = |socket: &UdpSocket, expected: &str| -> SocketAddr {
        let mut room = [0; 64];
        let (count, from) = socket.recv_from(&mut room).unwrap();
        assert_eq!(String::from_utf8_lossy(&room[..count]), expected);
        from
    };
    // A datagram is whole: nothing is looked for across two.
    client.send_to(b"pi", at).unwrap();
    let back = reads(&server, "pi");
    client.send_to(b"ng ping", at).unwrap();
    reads(&server, "ng pong");
    server.send_to(b"abc", back).unwrap();
    reads(&client, "<a>bc");
    server.send_to(b"long enough", back).unwrap();
    reads(&client, "long enough");
    bench.record("the last", |record| text(record) == "long enough").await;
    let told = |conn, direction| -> Vec<(String, bool)> {
        bench.data(conn, direction).map(|it| (text(it), changed(it))).collect()
    };
    let (of_client, of_target) = (id.conn(1), id.conn(2));
    assert_eq!(
        told(of_client, Direction::Received),
        [("pi".into(), false), ("ng ping".into(), true)]
    );
    assert_eq!(told(of_target, Direction::Sent), [("ng pong".into(), true)]);
    assert_eq!(told(of_target, Direction::Received), [("abc".into(), true)]);
    let sent = [("<a>bc".into(), true), ("long enough".into(), false)];
    assert_eq!(told(of_client, Direction::Sent), sent);
}

/// An HTTP relay with rules, a client of it, and where its server is reached.
struct Messages {
    bench: Bench,
    id: SessionId,
    listener: TcpListener,
    client: TcpStream,
}

impl Messages {
    async fn of(list: Vec<RewritePlan>) -> Self {
        Messages::with(list, |_| {}).await
    }

    async fn with(list: Vec<RewritePlan>, change: impl FnOnce(&mut HttpRelayPlan)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut plan = http_relay::relay(Some(listener.local_addr().unwrap()));
        plan.rewrites = rules(list);
        change(&mut plan);
        let mut bench = Bench::start();
        let id = bench.open(Plan::HttpRelay(Box::new(plan)));
        let client = connect(bench.listening(id).await[0]);
        Messages { bench, id, listener, client }
    }

    async fn exchange(&mut self, number: u32) -> Exchange {
        let found = |bench: &Bench| {
            bench.others.iter().find_map(|event| match event {
                Event::Exchange(it) if it.number == number && it.state != ExchangeState::Active => {
                    Some((**it).clone())
                }
                _ => None,
            })
        };
        self.bench.until("the exchange", |bench| found(bench).is_some()).await;
        found(&self.bench).unwrap()
    }

    /// Asks this and takes what the server gets, which answers.
    fn ask(&mut self, request: &str, end: &str, answer: &[u8]) -> (TcpStream, String) {
        self.client.write_all(request.as_bytes()).unwrap();
        let mut server = accept(&self.listener);
        let got = reads_to(&mut server, end);
        server.write_all(answer).unwrap();
        (server, got)
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_what_fits_are_set_and_removed_while_bodies_stream() {
    let remove = RewriteEdit::RemoveHeader { name: "server".into() };
    let mut it = Messages::of(vec![
        rule("path contains /api", CLIENT, set("X-Env", "test")),
        rule("status == 200", SERVER, remove),
        rule("method == POST", SERVER, set("X-Out", "1")),
    ])
    .await;
    it.client.write_all(b"POST /api/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab").unwrap();
    let mut server = accept(&it.listener);
    // Nothing waits for the end of the body.
    let got = reads_to(&mut server, "\r\n\r\nab");
    assert_eq!(
        got,
        "POST /api/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nX-Env: test\r\n\r\nab"
    );
    it.client.write_all(b"cd").unwrap();
    reads(&mut server, "cd");
    server.write_all(OK).unwrap();
    let got = reads_to(&mut it.client, "\r\n\r\nok");
    assert_eq!(got, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Out: 1\r\n\r\nok");
    let exchange = it.exchange(0).await;
    assert_eq!(
        exchange.warnings,
        [
            "changed by rule 1: header X-Env added",
            "changed by rule 2: header server removed",
            "changed by rule 3: header X-Out added"
        ]
    );
    // What the client sent and got is the exchange; the other versions are on the server's half.
    assert!(exchange.request.head.field("x-env").is_none());
    assert!(exchange.response.as_ref().unwrap().head.field("x-out").is_some());
    let came = it.bench.record("what the server said", |it| text(it).contains("Server: s")).await;
    assert!(changed(&came) && came.direction == Direction::Received);
    let answer = it.bench.record("the answer", |it| text(it).contains("X-Out: 1")).await;
    assert!(changed(&answer) && answer.conn == it.id.conn(1));
    let went = it.bench.record("what it got", |it| text(it).contains("X-Env: test")).await;
    assert!(changed(&went) && went.direction == Direction::Sent && went.conn == it.id.conn(3));
    // The connections are kept, and what does not fit passes untouched.
    it.client.write_all(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_eq!(reads_to(&mut server, "\r\n\r\n"), "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_in_chunks_is_changed_whole_and_framed_by_its_new_length() {
    let mut it = Messages::of(vec![
        rule("", CLIENT, replace("secret", "nothing at all")),
        rule("", SERVER, regex(r"(\w+)@example", "<$1>")),
    ])
    .await;
    it.client
        .write_all(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\na secr")
        .unwrap();
    it.client.write_all(b"\r\n2\r\net\r\n0\r\n\r\n").unwrap();
    let mut server = accept(&it.listener);
    let got = reads_to(&mut server, "a nothing at all");
    assert!(got.contains("Content-Length: 16\r\n") && !got.contains("chunked"), "{got}");
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nann\r\n8\r\n@example\r\n0\r\n\r\n";
    server.write_all(chunks.as_bytes()).unwrap();
    let got = reads_to(&mut it.client, "<ann>");
    assert!(got.contains("Content-Length: 5\r\n") && !got.contains("chunked"), "{got}");
    let exchange = it.exchange(0).await;
    assert_eq!(exchange.request.body.decoded_len, 8, "what the client sent");
    assert_eq!(exchange.response.as_ref().unwrap().body.decoded_len, 5, "what it got");
    let said = exchange.warnings.join("\n");
    for words in
        ["changed by rule 1: 1 place in the body of the request", "changed by rule 2: 1 place"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    // One in which nothing is found goes on as it came.
    it.client.write_all(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    reads_to(&mut server, "\r\n\r\n");
    let same = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nann\r\n0\r\n\r\n";
    server.write_all(same.as_bytes()).unwrap();
    assert_eq!(reads_to(&mut it.client, "0\r\n\r\n"), same);
    assert_eq!(it.exchange(1).await.warnings, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_or_endless_passes_unchanged_and_that_is_said() {
    let mut it = Messages::of(vec![rule("", SERVER, replace("foo", "bar"))]).await;
    let body = "foo ".repeat(400_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    it.client.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut server = accept(&it.listener);
    reads_to(&mut server, "\r\n\r\n");
    let sending = std::thread::spawn(move || {
        server.write_all(answer.as_bytes()).unwrap();
        server
    });
    reads_to(&mut it.client, "\r\n\r\n");
    let mut got = vec![0; body.len()];
    it.client.read_exact(&mut got).unwrap();
    assert!(got == body.as_bytes());
    let said = it.exchange(0).await.warnings.join("\n");
    assert!(said.contains("did not end within 1 MiB and 2 s"), "{said}");
    // Events reach their client at once.
    let mut server = sending.join().unwrap();
    it.client.write_all(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    reads_to(&mut server, "\r\n\r\n");
    server
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: foo\n\n")
        .unwrap();
    assert!(reads_to(&mut it.client, "\n\n").ends_with("data: foo\n\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_led_to_another_server_and_told_what_the_rule_says() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = |told| {
        let endpoint = other.local_addr().unwrap().to_string().parse().unwrap();
        let to = OriginPlan { endpoint, tls: ClientTls::Off };
        let host = if told == HostHeader::Keep { "*.kept.example" } else { "api.example" };
        RewriteEdit::MapHost { host: host.into(), to, told }
    };
    let path = RewriteEdit::ReplacePath { regex: "^/v1/".into(), with: "/v2/".into() };
    let list = vec![
        rule("", CLIENT, to(HostHeader::Keep)),
        rule("", CLIENT, to(HostHeader::Target)),
        rule("", CLIENT, path),
    ];
    let mut it = Messages::with(list, |plan| plan.target = None).await;
    let place = other.local_addr().unwrap();
    for (asked, host) in [
        ("http://a.kept.example/v1/x?y", "a.kept.example".to_owned()),
        ("http://api.example:80/v1/x?y", place.to_string()),
    ] {
        it.client.write_all(format!("GET {asked} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        let mut server = accept(&other);
        let got = reads_to(&mut server, "\r\n\r\n");
        assert_eq!(got, format!("GET /v2/x?y HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        server
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            .unwrap();
        reads_to(&mut it.client, "\r\n\r\nok");
        let client = connect(it.client.peer_addr().unwrap());
        it.client = client;
    }
    let exchange = it.exchange(0).await;
    assert_eq!(exchange.url, "http://a.kept.example/v1/x?y");
    let said = exchange.warnings.join("\n");
    assert!(said.contains(&format!("changed by rule 1: it goes to http://{place}")), "{said}");
    assert!(said.contains("changed by rule 3: its path"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_answers_in_place_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), "{}").unwrap();
    let file = folder.path().to_str().unwrap().to_owned();
    let local = RewriteEdit::LocalFile { file, under: "/static".into() };
    let mut it = Messages::of(vec![rule("method == GET", CLIENT, local)]).await;
    it.client.write_all(b"GET /static/a.json?x HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let got = reads_to(&mut it.client, "{}");
    assert!(got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/json"), "{got}");
    let exchange = it.exchange(0).await;
    assert_eq!(exchange.rule.as_deref(), Some("rewrite rule 1"));
    // Another method, and another path, go on.
    let (_server, got) = it.ask(
        "PUT /static/a.json HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        "\r\n\r\n",
        OK,
    );
    assert!(got.starts_with("PUT /static/a.json "), "{got}");
    reads_to(&mut it.client, "\r\n\r\nok");
    it.client.write_all(b"GET /static/%2e%2e/a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert!(reads_to(&mut it.client, "\r\n").starts_with("HTTP/1.1 403 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_rules_changed_is_held_as_they_made_it() {
    let list = vec![rule("", CLIENT, replace("one", "two")), rule("", CLIENT, set("X-A", "1"))];
    let mut it = Messages::with(list, |plan| {
        let filter = Some("in and body contains two".to_owned());
        plan.hold = HoldPlan { filter, timeout: Duration::from_secs(60) };
    })
    .await;
    it.client.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none").unwrap();
    let held = |bench: &Bench| -> Option<Held> {
        bench.others.iter().find_map(|event| match event {
            Event::Held(held) => Some((**held).clone()),
            _ => None,
        })
    };
    it.bench.until("it is held", |bench| held(bench).is_some()).await;
    let waiting = held(&it.bench).unwrap();
    let shown = String::from_utf8_lossy(&waiting.data).into_owned();
    assert!(shown.contains("X-A: 1\r\n") && shown.ends_with("\r\n\r\ntwo"), "{shown}");
    let (id, number, decision) = (it.id, waiting.number, Decision::Forward);
    it.bench.handle.command(Command::Decide { id, number, decision }).unwrap();
    let mut server = accept(&it.listener);
    assert!(reads_to(&mut server, "two").contains("X-A: 1\r\n"));
    server.write_all(OK).unwrap();
    reads_to(&mut it.client, "\r\n\r\nok");
    let touched = it.exchange(0).await.touched;
    assert_eq!(touched.request.to_string(), "held, rewritten");
    assert!(touched.response.is_empty(), "{touched:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_gets_another_status_and_stays_framed_as_it_is() {
    let status = |status| RewriteEdit::SetStatus { status };
    let mut it = Messages::of(vec![
        rule("path contains /api", SERVER, status(503)),
        rule("status == 304", SERVER, status(418)),
    ])
    .await;
    let (mut server, _) = it.ask("GET /api HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n", OK);
    let got = reads_to(&mut it.client, "ok");
    assert!(got.starts_with("HTTP/1.1 503 Service Unavailable\r\nServer: s\r\n"), "{got}");
    let exchange = it.exchange(0).await;
    assert_eq!(exchange.response.as_ref().unwrap().head.status(), Some(503));
    assert_eq!(exchange.warnings, ["changed by rule 1: status 200 became 503"]);
    assert!(exchange.touched.response.is_rewritten() && exchange.touched.request.is_empty());
    it.bench.until("the count", |bench| times(bench, 1) == 1).await;
    // Over the same connections: one that has no body gets none.
    it.client.write_all(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    reads_to(&mut server, "\r\n\r\n");
    server.write_all(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").unwrap();
    let got = reads_to(&mut it.client, "\r\n\r\n");
    assert_eq!(got, "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n");
    it.client.write_all(b"GET /c HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    reads_to(&mut server, "\r\n\r\n");
    server.write_all(OK).unwrap();
    assert!(reads_to(&mut it.client, "ok").starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_answer_the_same_requests_take_turns() {
    let answer = |status| {
        let (headers, body) = (Vec::new(), PlanBody::Bytes(Bytes::new()));
        AnswerPlan {
            status,
            headers,
            body,
            delay: Duration::ZERO,
            more: wirebench::model::http_answer::AnswerMore::default(),
        }
    };
    let rule = |id, status| HttpRulePlan {
        terms: wirebench::model::plan::RuleTerms::default(),
        id,
        row: None,
        method: String::new(),
        path: "/a".into(),
        answer: answer(status),
    };
    let mut it =
        Messages::with(Vec::new(), |plan| plan.rules = vec![rule(1, 500), rule(2, 200)]).await;
    for status in [500, 200, 200] {
        it.client.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let got = reads_to(&mut it.client, "\r\n\r\n");
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{got}");
    }
}

/// Who waits for `100 Continue` is asked for its body by whoever looks into it first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_waits_to_be_asked_for_is_asked_for_where_a_rule_looks_into_it() {
    let by_file = RewriteEdit::LocalFile { file: "nowhere".into(), under: "/static".into() };
    let mut it =
        Messages::of(vec![rule("", CLIENT, replace("secret", "X")), rule("", CLIENT, by_file)])
            .await;
    let head = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n";
    it.client.write_all(head.as_bytes()).unwrap();
    let asked_for = "HTTP/1.1 100 Continue\r\n\r\n";
    assert_eq!(reads_to(&mut it.client, "\r\n\r\n"), asked_for);
    it.client.write_all(b"secret").unwrap();
    let mut server = accept(&it.listener);
    let got = reads_to(&mut server, "\r\n\r\nX");
    assert!(got.contains("Content-Length: 1\r\n"), "{got}");
    server.write_all(OK).unwrap();
    assert_eq!(reads_to(&mut it.client, "\r\n\r\nok").as_bytes(), OK);
    let said = it.exchange(0).await.warnings.join("\n");
    assert!(said.contains("told by the relay to send its body"), "{said}");
    assert!(said.contains("1 place in the body of the request"), "{said}");
    // What is answered here is asked for here as well, each time anew.
    it.client.write_all(head.replace("/a", "/static/x").as_bytes()).unwrap();
    assert_eq!(reads_to(&mut it.client, "\r\n\r\n"), asked_for);
    it.client.write_all(b"secret").unwrap();
    let answer = reads_to(&mut it.client, "\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

/// Of HTTP/1.0 nobody is, and who did not wait need not be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_wait_is_not_asked_for() {
    let head = "Host: h\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\nsecret";
    for ask in [format!("POST /a HTTP/1.0\r\n{head}"), format!("POST /a HTTP/1.1\r\n{head}")] {
        let mut it = Messages::of(vec![rule("", CLIENT, replace("secret", "X"))]).await;
        let _server = it.ask(&ask, "\r\n\r\nX", OK);
        assert_eq!(reads_to(&mut it.client, "\r\n\r\nok").as_bytes(), OK);
    }
}
