//! Faults that are about what a filter lets through, of each kind of relay.

use std::io::Write;
use std::time::{Duration, Instant};

use wirebench::model::fault::{FaultEffect, FaultFrom, FaultKind, FaultPlan, FaultWhen};
use wirebench::model::plan::{Plan, UdpRelayPlan};
use wirebench::model::record::Direction;

use super::bench::{Bench, accept, delay, fault, text};
use super::faults::{Faulty, datagrams, next, socket};
use super::http_faults::{ANSWER, ASK, FaultyHttp, answers, reads};

fn when(filter: &str, fault: &FaultPlan) -> FaultPlan {
    FaultPlan { when: FaultWhen::Filter(filter.into()), ..fault.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_http_messages_it_asks_what_their_exchange_says() {
    let list = vec![
        when("path contains /api", &fault(FaultFrom::Client, delay(1))),
        when("header.x-slow == yes and method == POST", &fault(FaultFrom::Client, delay(1))),
        when(
            "status >= 500 and path contains /api",
            &fault(FaultFrom::Server, FaultEffect::Split(3)),
        ),
    ];
    let mut it = FaultyHttp::of(list).await;
    let unavailable = "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno";
    let (api, slow) = (ASK.replace("/a", "/api/1"), "POST /b HTTP/1.1\r\nHost: x\r\n");
    let slow = format!("{slow}X-Slow: yes\r\nContent-Length: 0\r\n\r\n");
    let asks = [(ASK, ANSWER), (&*api, ANSWER), (&*api, unavailable), (&*slow, unavailable)];
    it.asks(&asks.map(|(ask, _)| ask).concat());
    let mut server = accept(&it.listener);
    for (ask, answer) in asks {
        reads(&mut server, ask);
        server.write_all(answer.as_bytes()).unwrap();
        it.gets(answer);
    }
    let mut marks = Vec::new();
    for number in 0..4 {
        let touched = it.over(number).await.touched;
        let [request, response] = [touched.request, touched.response].map(|it| it.to_string());
        marks.push((request, response));
    }
    let is = |request: &str, response: &str| (request.to_owned(), response.to_owned());
    assert_eq!(marks, [is("", ""), is("delay", ""), is("delay", "split"), is("delay", "")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_comes_in_pieces_is_waited_for_and_told_with_its_faults() {
    let list = vec![when("host == x.example and path == /a", &fault(FaultFrom::Client, delay(60)))];
    let mut it = FaultyHttp::with(list, false).await;
    let to = it.listener.local_addr().unwrap();
    let ask = format!("GET http://{to}/a HTTP/1.1\r\nHost: {to}\r\n\r\n");
    it.asks(&ask[..9]);
    it.asks(&ask[9..30]);
    it.asks(&ask[30..]);
    let mut server = accept(&it.listener);
    answers(&mut server, &format!("GET /a HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    it.gets(ANSWER);
    assert!(it.over(0).await.touched.request.is_empty(), "another host");
    it.change(vec![when("host == 127.0.0.1 and path == /a", &fault(FaultFrom::Client, delay(60)))]);
    it.bench.record("that they changed", |it| text(it).contains("when host == 127.0.0.1")).await;
    it.asks(&ask[..40]);
    let began = Instant::now();
    it.asks(&ask[40..]);
    answers(&mut server, &format!("GET /a HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    it.gets(ANSWER);
    assert!(began.elapsed() >= Duration::from_millis(60), "{:?}", began.elapsed());
    assert!(it.over(1).await.touched.request.contains(FaultKind::Delay));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_tunnel_it_asks_of_each_read_what_led_there() {
    let list = vec![
        when("host == 127.0.0.1 and data contains slow", &fault(FaultFrom::Both, delay(1))),
        when("host == elsewhere.example", &fault(FaultFrom::Both, FaultEffect::Stall(0))),
    ];
    let mut it = FaultyHttp::with(list, false).await;
    let to = it.listener.local_addr().unwrap();
    it.asks(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    let mut server = accept(&it.listener);
    it.gets("HTTP/1.1 200 Connection Established\r\n\r\n");
    for word in ["fast up", "slow up"] {
        it.asks(word);
        reads(&mut server, word);
        let told = it.bench.record(word, |it| text(it) == word).await;
        assert_eq!(told.faults.contains(FaultKind::Delay), word.starts_with("slow"), "{word}");
    }
    for word in ["fast down", "slow down"] {
        server.write_all(word.as_bytes()).unwrap();
        it.gets(word);
        let told = it.bench.record(word, |it| text(it) == word).await;
        assert_eq!(told.faults.contains(FaultKind::Delay), word.starts_with("slow"), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_streams_and_datagrams_it_asks_what_their_records_say() {
    let list = vec![when("out and len > 3", &fault(FaultFrom::Both, delay(1)))];
    let mut it = Faulty::of(list.clone()).await;
    it.client.write_all(b"question").unwrap();
    reads(&mut it.server, "question");
    let told = it.bench.record("it", |it| text(it) == "question").await;
    assert!(told.faults.is_empty());
    for (answer, is_touched) in [("yes", false), ("perhaps", true)] {
        it.server.write_all(answer.as_bytes()).unwrap();
        reads(&mut it.client, answer);
        let told = it.bench.record("it", |it| text(it) == answer).await;
        assert_eq!(told.faults.contains(FaultKind::Delay), is_touched, "{answer}");
    }

    let (server, client) = (socket(), socket());
    let port = client.local_addr().unwrap().port();
    let drops = |filter: &str| when(filter, &fault(FaultFrom::Client, FaultEffect::Drop(100)));
    let list = vec![
        drops(&format!("port == {port} and data matches \"^a.c$\"")),
        drops("port == 1"),
        drops("proto == tcp"),
    ];
    let mut bench = Bench::start();
    let id = bench.open(datagrams(&server, list));
    let at = bench.listening(id).await[0];
    for word in ["abc", "abcd", "axc", "last"] {
        client.send_to(word.as_bytes(), at).unwrap();
    }
    assert_eq!([next(&server), next(&server)], ["abcd", "last"]);
    bench.until("all", |bench| bench.data(id.conn(1), Direction::Received).count() == 4).await;
}

/// Of a name the address is known once it is looked up, and the first datagram is there before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_datagrams_it_asks_for_the_address_that_the_target_became() {
    for (host, filter, is_dropped) in [
        ("127.0.0.1", "host == 127.0.0.1", true),
        ("localhost", "host == 127.0.0.1 or host == ::1", true),
        ("localhost", "host == localhost and (host == 127.0.0.1 or host == ::1)", true),
        ("localhost", "host == 10.0.0.1", false),
    ] {
        let (server, client) = (socket(), socket());
        let target = format!("{host}:{}", server.local_addr().unwrap().port()).parse().unwrap();
        let list = vec![
            when(filter, &fault(FaultFrom::Client, FaultEffect::Drop(100))),
            when("data == never", &fault(FaultFrom::Server, FaultEffect::Drop(100))),
        ];
        let Plan::UdpRelay(plan) = datagrams(&server, list) else { unreachable!() };
        let plan = UdpRelayPlan { target, ..plan };
        let mut bench = Bench::start();
        let id = bench.open(Plan::UdpRelay(plan));
        let at = bench.listening(id).await[0];
        for word in ["first", "second"] {
            client.send_to(word.as_bytes(), at).unwrap();
        }
        bench.until("both", |it| it.data(id.conn(1), Direction::Received).count() == 2).await;
        let told: Vec<(String, bool)> = bench
            .data(id.conn(1), Direction::Received)
            .map(|it| (text(it), it.faults.contains(FaultKind::Drop)))
            .collect();
        let expected = ["first", "second"].map(|word| (word.to_owned(), is_dropped));
        assert_eq!(told, expected, "{host} {filter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_target_that_is_not_there_is_told_and_counted() {
    let (server, client) = (socket(), socket());
    let list = vec![when("host == 127.0.0.1", &fault(FaultFrom::Client, FaultEffect::Drop(100)))];
    let Plan::UdpRelay(plan) = datagrams(&server, list) else { unreachable!() };
    let plan = UdpRelayPlan { target: "nowhere.invalid:9".parse().unwrap(), ..plan };
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpRelay(plan));
    let at = bench.listening(id).await[0];
    client.send_to(b"first", at).unwrap();
    let told_lost =
        bench.record("its loss", |it| text(it).contains("the target was not found")).await;
    assert!(text(&told_lost).contains("a datagram of 5 bytes of the client was not passed on"));
    let told: Vec<_> = bench.data(id.conn(1), Direction::Received).map(text).collect();
    assert_eq!(told, ["first"]);
}
