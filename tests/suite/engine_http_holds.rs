//! What an HTTP relay holds: whole messages, edited and made right, dropped with an answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::Event;
use wirebench::model::exchange::Exchange;
use wirebench::model::hold::{Decision, Held, HeldKind, HoldEnd, HoldMark, HoldPlan};
use wirebench::model::id::SessionId;
use wirebench::model::plan::{HttpRelayPlan, Plan};
use wirebench::model::record::Direction;

use super::bench::{Bench, accept, connect, text};
use super::http_relay::relay;

struct HoldingHttp {
    bench: Bench,
    id: SessionId,
    plan: HttpRelayPlan,
    listener: TcpListener,
    client: TcpStream,
}

impl HoldingHttp {
    async fn of(filter: &str) -> Self {
        HoldingHttp::with(HoldPlan {
            filter: Some(filter.into()),
            timeout: Duration::from_secs(60),
        })
        .await
    }

    async fn with(hold: HoldPlan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target: SocketAddr = listener.local_addr().unwrap();
        let plan = HttpRelayPlan { hold, ..relay(Some(target)) };
        let mut bench = Bench::start();
        let id = bench.open(Plan::HttpRelay(Box::new(plan.clone())));
        let address = bench.listening(id).await[0];
        HoldingHttp { bench, id, plan, listener, client: connect(address) }
    }

    fn held(bench: &Bench) -> Vec<Held> {
        let held = bench.others.iter().filter_map(|event| match event {
            Event::Held(held) => Some((**held).clone()),
            _ => None,
        });
        held.collect()
    }

    async fn holds(&mut self, count: usize) -> Held {
        self.bench.until("it is held", |bench| HoldingHttp::held(bench).len() >= count).await;
        HoldingHttp::held(&self.bench).pop().unwrap()
    }

    fn decide(&self, number: u32, decision: Decision) {
        self.bench.handle.command(Command::Decide { id: self.id, number, decision }).unwrap();
    }

    async fn exchange(&mut self) -> Exchange {
        let is_over = |event: &Event| match event {
            Event::Exchange(it) => it.state != wirebench::model::exchange::ExchangeState::Active,
            _ => false,
        };
        self.bench.until("the exchange", |bench| bench.others.iter().any(is_over)).await;
        let found = self.bench.others.iter().rev().find_map(|event| match event {
            Event::Exchange(exchange) if is_over(event) => Some((**exchange).clone()),
            _ => None,
        });
        found.unwrap()
    }
}

/// A message up to and with these last bytes.
fn reads(stream: &mut TcpStream, end: &str) -> String {
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

fn replaced(held: &Held, from: &str, to: &str) -> Decision {
    let text = String::from_utf8(held.data.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    Decision::Edit(Bytes::from(text.replace(from, to)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_chunks_is_held_whole_and_goes_on_edited_with_its_length() {
    let mut it = HoldingHttp::of("in and method == POST and body contains secret").await;
    it.client
        .write_all(b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsec")
        .unwrap();
    it.client.write_all(b"ret\r\n0\r\n\r\n").unwrap();
    let held = it.holds(1).await;
    assert_eq!((held.kind, held.from_client), (HeldKind::Request, true));
    assert!(held.data.ends_with(b"\r\n\r\nsecret"), "{:?}", held.data);
    it.decide(held.number, replaced(&held, "secret", "nothing at all"));
    let mut server = accept(&it.listener);
    let got = reads(&mut server, "nothing at all");
    assert!(got.starts_with("POST /a HTTP/1.1\r\nHost: x\r\n"), "{got}");
    assert!(got.contains("Content-Length: 14\r\n") && !got.contains("chunked"), "{got}");
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    reads(&mut it.client, "\r\n\r\nok");
    let exchange = it.exchange().await;
    assert_eq!(exchange.request.body.decoded_len, 6, "what the client sent");
    let said = exchange.warnings.join("\n");
    for words in ["Content-Length is 14", "edited before it was passed on", "in one piece"] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let went = it.bench.record("what went on", |it| text(it).ends_with("nothing at all")).await;
    assert!(went.faults.holds().any(|mark| mark == HoldMark::Edited));
    assert_eq!(went.direction, Direction::Sent);
    // The connections are kept, and what does not fit passes.
    it.client.write_all(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(reads(&mut server, "\r\n\r\n").starts_with("GET /b "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn method_target_and_headers_can_be_edited_and_a_drop_is_answered() {
    let mut it = HoldingHttp::of("in").await;
    it.client.write_all(b"GET /old?q=1 HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n").unwrap();
    let held = it.holds(1).await;
    let edited = Bytes::from_static(b"DELETE /new HTTP/1.1\nHost: x\nX-A: 2\nX-B: 3\n\n");
    it.decide(held.number, Decision::Edit(edited));
    let mut server = accept(&it.listener);
    let got = reads(&mut server, "\r\n\r\n");
    assert_eq!(got, "DELETE /new HTTP/1.1\r\nHost: x\r\nX-A: 2\r\nX-B: 3\r\n\r\n");
    server.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    reads(&mut it.client, "\r\n\r\n");
    it.client.write_all(b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").unwrap();
    let held = it.holds(2).await;
    let is_known = |event: &Event| match event {
        Event::Exchange(exchange) => exchange.request.body.expected == Some(3),
        _ => false,
    };
    it.bench.until("its length", |bench| bench.others.iter().any(is_known)).await;
    it.decide(held.number, Decision::Drop);
    let got = reads(&mut it.client, "by hand\n");
    assert!(got.starts_with("HTTP/1.1 502 "), "{got}");
    assert_eq!(it.client.read(&mut [0]).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_held_edited_and_dropped() {
    let mut it = HoldingHttp::of("out and status >= 400").await;
    let ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    it.client.write_all(ask).unwrap();
    let mut server = accept(&it.listener);
    reads(&mut server, "\r\n\r\n");
    server
        .write_all(b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n")
        .unwrap();
    let held = it.holds(1).await;
    assert_eq!((held.kind, held.from_client), (HeldKind::Response, false));
    it.decide(
        held.number,
        Decision::Edit(Bytes::from_static(b"HTTP/1.1 200 Fine\nX: y\n\nall good")),
    );
    let got = reads(&mut it.client, "all good");
    assert_eq!(got, "HTTP/1.1 200 Fine\r\nX: y\r\nContent-Length: 8\r\n\r\nall good");
    let exchange = it.exchange().await;
    assert_eq!(exchange.response.unwrap().head.status(), Some(200), "what the client got");
    let came = it.bench.record("what came", |record| text(record).contains("3\r\nbad\r\n")).await;
    assert!(came.faults.holds().any(|mark| mark == HoldMark::Edited));
    it.client.write_all(ask).unwrap();
    reads(&mut server, "\r\n\r\n");
    server.write_all(b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno").unwrap();
    let held = it.holds(2).await;
    it.decide(held.number, Decision::Drop);
    assert!(reads(&mut it.client, "by hand\n").starts_with("HTTP/1.1 502 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_decides_goes_on_as_it_came_and_what_is_too_large_is_said() {
    let hold = HoldPlan { filter: Some("kind == data".into()), timeout: Duration::from_millis(80) };
    let mut it = HoldingHttp::with(hold).await;
    it.client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut server = accept(&it.listener);
    reads(&mut server, "\r\n\r\n");
    let body = vec![b'x'; 3 * 1024 * 1024];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let writing = std::thread::spawn(move || {
        server.write_all(head.as_bytes()).unwrap();
        server.write_all(&body).unwrap();
        server
    });
    reads(&mut it.client, "\r\n\r\n");
    let mut got = vec![0; 3 * 1024 * 1024];
    it.client.read_exact(&mut got).unwrap();
    drop(writing.join().unwrap());
    let said = it.exchange().await.warnings.join("\n");
    assert!(
        said.contains("nobody decided in time: the request was passed on as it came"),
        "{said}"
    );
    assert!(said.contains("the response was to be held and was passed on"), "{said}");
    assert_eq!(HoldingHttp::held(&it.bench).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_relay_and_a_hold_switched_off_end_what_is_held() {
    for is_closed in [true, false] {
        let mut it = HoldingHttp::of("in").await;
        it.client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        it.holds(1).await;
        if is_closed {
            it.bench.close(it.id, CloseMode::Close);
            assert!(reads(&mut it.client, "by hand\n").starts_with("HTTP/1.1 502 "));
        } else {
            it.plan.hold = HoldPlan::default();
            let plan = Box::new(Plan::HttpRelay(Box::new(it.plan.clone())));
            it.bench.handle.command(Command::Update { id: it.id, plan }).unwrap();
            let mut server = accept(&it.listener);
            assert_eq!(reads(&mut server, "\r\n\r\n"), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        let ended = |bench: &Bench| {
            bench.others.iter().any(|event| {
                matches!(event, Event::HoldEnded { end, .. }
                if *end == if is_closed { HoldEnd::Gone } else { HoldEnd::Released })
            })
        };
        it.bench.until("it ended", ended).await;
    }
}

impl HoldingHttp {
    async fn ended(&mut self) -> HoldEnd {
        let end = |bench: &Bench| {
            bench.others.iter().find_map(|event| match event {
                Event::HoldEnded { end, .. } => Some(*end),
                _ => None,
            })
        };
        self.bench.until("its end", |bench| end(bench).is_some()).await;
        end(&self.bench).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_gives_up_while_its_request_is_held_ends_that_at_once() {
    for is_reset in [false, true] {
        let mut it = HoldingHttp::of("in and method == GET").await;
        it.client.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        it.holds(1).await;
        if is_reset {
            socket2::SockRef::from(&it.client).set_linger(Some(Duration::ZERO)).unwrap();
        } else {
            // Who gives up has waited, and does not finish right behind its request.
            std::thread::park_timeout(Duration::from_millis(300));
        }
        let gone = connect(it.listener.local_addr().unwrap());
        drop(std::mem::replace(&mut it.client, gone));
        accept(&it.listener);
        assert_eq!(it.ended().await, HoldEnd::Left);
        let words = "the client left while its request was held: it went nowhere";
        assert_eq!(it.exchange().await.warnings, [words]);
        it.bench.record("a row", |record| text(record) == words).await;
        it.listener.set_nonblocking(true).unwrap();
        assert!(it.listener.accept().is_err(), "it was passed on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finishes_right_behind_its_request_still_waits_for_its_answer() {
    let mut it = HoldingHttp::of("in and method == GET").await;
    it.client.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    it.client.shutdown(std::net::Shutdown::Write).unwrap();
    let held = it.holds(1).await;
    it.bench.record("its end", |record| text(record) == "the client finished sending").await;
    it.decide(held.number, Decision::Forward);
    let mut server = accept(&it.listener);
    reads(&mut server, "\r\n\r\n");
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    assert!(reads(&mut it.client, "ok").starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_asks_behind_what_is_held_is_kept_and_passed_on_after_it() {
    let mut it = HoldingHttp::of("in and path == /a").await;
    it.client.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let held = it.holds(1).await;
    it.client.write_all(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    it.bench.record("the next", |record| text(record).starts_with("GET /b")).await;
    it.decide(held.number, Decision::Forward);
    let mut server = accept(&it.listener);
    for path in ["/a", "/b"] {
        assert!(reads(&mut server, "\r\n\r\n").starts_with(&format!("GET {path} ")));
        server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        reads(&mut it.client, "ok");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_gives_up_while_its_answer_is_held_ends_that_and_one_whose_server_leaves_gets_it()
 {
    for gives_up in [true, false] {
        let mut it = HoldingHttp::of("status == 200").await;
        it.client.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let mut server = accept(&it.listener);
        reads(&mut server, "\r\n\r\n");
        server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        let held = it.holds(1).await;
        if gives_up {
            it.client.shutdown(std::net::Shutdown::Both).unwrap();
            assert_eq!(it.ended().await, HoldEnd::Left);
            let words = "the client left while its response was held: it went nowhere";
            assert_eq!(it.exchange().await.warnings, [words]);
        } else {
            drop(server);
            it.decide(held.number, Decision::Forward);
            assert!(reads(&mut it.client, "ok").starts_with("HTTP/1.1 200 OK\r\n"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_waits_to_be_asked_for_is_held_with_its_request() {
    let ask = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n";
    for is_dropped in [false, true] {
        let mut it = HoldingHttp::of("in and body contains secret").await;
        it.client.write_all(ask.as_bytes()).unwrap();
        assert_eq!(reads(&mut it.client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        it.client.write_all(b"secret").unwrap();
        let held = it.holds(1).await;
        assert!(held.data.ends_with(b"\r\n\r\nsecret"), "{:?}", held.data);
        if is_dropped {
            it.decide(held.number, Decision::Drop);
            assert!(reads(&mut it.client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
        } else {
            it.decide(held.number, replaced(&held, "secret", "open"));
            let mut server = accept(&it.listener);
            let got = reads(&mut server, "\r\n\r\nopen");
            assert!(got.contains("Content-Length: 4\r\n"), "{got}");
        }
    }
}
