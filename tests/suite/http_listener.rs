//! The HTTP listener: requests byte for byte, bounds, and how it ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::{Event, Phase};
use wirebench::model::exchange::ExchangeState;
use wirebench::model::failure::FailureKind;
use wirebench::model::plan::{AnswerPlan, Plan};
use wirebench::model::record::RecordKind;
use wirebench::model::view::ViewPart;

use super::http::{Bench, DEADLINE, answer, listener};

/// Sends bytes and reads until the listener closes.
fn exchange_raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8(reply).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_answers_pipelined_requests_in_order() {
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener(answer(200, "hi"))).await;
    let requests = b"GET /a HTTP/1.1\r\nhOsT: x\r\n\r\nPOST /users/1 HTTP/1.1\r\nHost: x\r\n\
        Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\
        Connection: close\r\n\r\n";
    let reply = tokio::task::spawn_blocking(move || exchange_raw(address, requests));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(bench.ended_exchange(session).await);
    }
    let reply = reply.await.unwrap();
    assert_eq!(
        reply,
        "HTTP/1.1 200 OK\r\nX-Mock: yes\r\nContent-Length: 2\r\n\r\nhi\
         HTTP/1.1 201 Created\r\nX-Mock: yes\r\nContent-Length: 2\r\n\r\nhi\
         HTTP/1.1 200 OK\r\nX-Mock: yes\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(seen[0].request.head.fields[0].name, "hOsT");
    assert_eq!(seen[0].url, "http://x/a");
    assert_eq!(bench.bytes(seen[1].request.body.id, ViewPart::Decoded).await, b"abc");
    let raw = bench.bytes(seen[1].request.body.id, ViewPart::Raw).await;
    assert!(raw.ends_with(b"3\r\nabc\r\n0\r\n\r\n") && raw.starts_with(b"POST"));
    let answered = seen[1].response.as_ref().unwrap();
    assert_eq!(bench.bytes(answered.body.id, ViewPart::Decoded).await, b"hi");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_shown_and_answered() {
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener(answer(200, "hi"))).await;
    let endless = [&b"GET / HTTP/1.1\r\nA: "[..], &vec![b'x'; 300 * 1024]].concat();
    let cases: [(&[u8], &str); 6] = [
        (b"hello there\r\n\r\n", "HTTP/1.1 400"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 400",
        ),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"),
        (&endless, "HTTP/1.1 431"),
        (b"\x16\x03\x01\x02\x00\x01", "HTTP/1.1 400"),
    ];
    for (bytes, status) in cases {
        let bytes = bytes.to_vec();
        let sent = bytes.clone();
        let reply = tokio::task::spawn_blocking(move || exchange_raw(address, &sent));
        let exchange = bench.ended_exchange(session).await;
        assert!(reply.await.unwrap().starts_with(status), "{exchange:?}");
        assert!(!exchange.warnings.is_empty(), "{exchange:?}");
        let raw = bench.bytes(exchange.request.body.id, ViewPart::Raw).await;
        assert!(bytes.starts_with(&raw) && !raw.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_for_100_gets_it_and_a_short_body_is_named() {
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener(answer(200, "hi"))).await;
    let task = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head =
            "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).unwrap();
        stream.write_all(b"data").unwrap();
        let mut rest = [0; 53];
        stream.read_exact(&mut rest).unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc").unwrap();
        String::from_utf8([&interim[..], &rest[..15]].concat()).unwrap()
    });
    let first = bench.ended_exchange(session).await;
    assert_eq!(task.await.unwrap(), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK");
    assert_eq!(first.interim[0].status(), Some(100));
    let second = bench.ended_exchange(session).await;
    let ExchangeState::Failed(failure) = &second.state else { panic!("{second:?}") };
    assert_eq!(failure.kind, FailureKind::Truncated);
    assert!(failure.cause.contains("3 of 9"), "{failure}");
    assert_eq!(bench.bytes(second.request.body.id, ViewPart::Decoded).await, b"abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_change_while_the_listener_runs_and_closing_lets_it_end() {
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener(answer(200, "old"))).await;
    let url = format!("http://{address}/");
    let outcome = bench.get(&url).await;
    assert_eq!(bench.response_body(&outcome).await, b"old");
    let plan = Plan::HttpListener(listener(answer(503, "new")));
    bench.handle.command(Command::Update { id: session, plan: Box::new(plan) }).unwrap();
    let outcome = bench.get(&url).await;
    assert_eq!((outcome.status(), bench.response_body(&outcome).await), (Some(503), b"new".into()));
    bench.handle.command(Command::Close { id: session, how: CloseMode::Close }).unwrap();
    let outcome = bench.finish(session).await;
    assert_eq!(outcome.done.unwrap().ended, "closed by us");
}

/// Waits until the listener has this many connections and has refused this many.
async fn clients(bench: &mut Bench, wanted: (u32, u32)) {
    loop {
        if let Event::Phase { phase: Phase::Clients { open, refused }, .. } = bench.fact().await
            && (open, refused) == wanted
        {
            return;
        }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_too_many_is_refused_and_counted() {
    let mut bench = Bench::new();
    // It keeps them waiting itself: none of them is slow.
    let slow = AnswerPlan { delay: Duration::from_secs(60), ..answer(200, "late") };
    let (_, address) = bench.listen(listener(slow)).await;
    let mut busy: Vec<TcpStream> = (0..256).map(|_| connect(address)).collect();
    for stream in &mut busy {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    }
    let mut begun = 0;
    while begun < 256 {
        if let Event::Traffic(batch) = bench.fact().await {
            begun += batch.records.iter().filter(|r| r.kind == RecordKind::Data).count();
        }
    }
    let mut refused = connect(address);
    clients(&mut bench, (256, 1)).await;
    let mut told = String::new();
    refused.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    drop(busy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_idles_makes_place() {
    let mut bench = Bench::new();
    let (_, address) = bench.listen(listener(answer(200, "hi"))).await;
    let mut idle: Vec<TcpStream> = (0..256).map(|_| connect(address)).collect();
    clients(&mut bench, (256, 0)).await;
    let ask = || {
        let mut newcomer = connect(address);
        let mut status = [0; 12];
        newcomer.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        newcomer.read_exact(&mut status).is_ok().then_some(status)
    };
    assert_eq!(ask().as_ref(), Some(b"HTTP/1.1 503"), "who came just now keeps the place");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(ask().as_ref(), Some(b"HTTP/1.1 200"));
    for stream in &idle {
        stream.set_nonblocking(true).unwrap();
    }
    // The newcomer may be answered before the end of the other one has arrived here.
    let mut closed = 0;
    crate::harness::wait::wait_until("one idle connection is closed", || {
        closed = idle.iter_mut().filter(|s| matches!((&**s).read(&mut [0; 1]), Ok(0))).count();
        closed > 0
    });
    assert_eq!(closed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_lets_an_answer_finish() {
    let mut bench = Bench::new();
    let slow = AnswerPlan { delay: Duration::from_millis(300), ..answer(200, "late") };
    let (session, address) = bench.listen(listener(slow)).await;
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let reply = tokio::task::spawn_blocking(move || exchange_raw(address, request));
    loop {
        if let Event::Exchange(exchange) = bench.fact().await {
            assert_eq!(exchange.state, ExchangeState::Active);
            break;
        }
    }
    bench.handle.command(Command::Close { id: session, how: CloseMode::Close }).unwrap();
    let outcome = bench.finish(session).await;
    assert_eq!(outcome.done.unwrap().ended, "closed by us");
    assert_eq!(outcome.exchanges[0].state, ExchangeState::Complete);
    let reply = reply.await.unwrap();
    assert!(reply.contains("Connection: close") && reply.ends_with("late"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_connection_tells_what_became_of_its_request() {
    let mut bench = Bench::new();
    let slow = AnswerPlan { delay: Duration::from_secs(60), ..answer(200, "late") };
    let (session, address) = bench.listen(listener(slow)).await;
    let mut stream = connect(address);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let conn = loop {
        if let Event::Exchange(exchange) = bench.fact().await {
            break exchange.conn;
        }
    };
    bench.handle.command(Command::End { conn, how: CloseMode::Reset }).unwrap();
    let exchange = bench.ended_exchange(session).await;
    let ExchangeState::Failed(failure) = &exchange.state else { panic!("{exchange:?}") };
    assert_eq!(failure.kind, FailureKind::Cancelled);
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_answered_500_with_the_reason() {
    let mut bench = Bench::new();
    let body = wirebench::model::plan::PlanBody::File("/nonexistent/answer".into());
    let (session, address) = bench.listen(listener(AnswerPlan { body, ..answer(200, "") })).await;
    let request = b"GET / HTTP/1.0\r\n\r\n";
    let reply = tokio::task::spawn_blocking(move || exchange_raw(address, request));
    let exchange = bench.ended_exchange(session).await;
    assert!(exchange.warnings[0].contains("/nonexistent/answer"), "{:?}", exchange.warnings);
    assert!(reply.await.unwrap().starts_with("HTTP/1.1 500"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_drips_a_body_through_every_byte_border_is_read() {
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener(answer(200, "hi"))).await;
    let request: &[u8] =
        b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
        3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n";
    let task = tokio::task::spawn_blocking(move || {
        let mut stream = connect(address);
        stream.set_nodelay(true).unwrap();
        for byte in request {
            stream.write_all(&[*byte]).unwrap();
        }
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    });
    let exchange = bench.ended_exchange(session).await;
    assert!(task.await.unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(bench.bytes(exchange.request.body.id, ViewPart::Decoded).await, b"abcde");
    assert_eq!(bench.bytes(exchange.request.body.id, ViewPart::Raw).await, request);
    assert_eq!(exchange.request.body.trailers[0].value, "1");
}

/// Each client comes when the one before has its whole answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exchanges_end_in_the_order_in_which_their_answers_left() {
    const CLIENTS: u32 = 300;
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener(answer(200, "hi"))).await;
    let clients = tokio::task::spawn_blocking(move || {
        for _ in 0..CLIENTS {
            let mut stream = connect(address);
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            assert!(stream.read(&mut [0; 999]).unwrap() > 0);
        }
    });
    let mut seen = Vec::new();
    for _ in 0..CLIENTS {
        seen.push(bench.ended_exchange(session).await.number);
    }
    clients.await.unwrap();
    assert!(seen.is_sorted(), "{seen:?}");
}
