//! A client or server of an HTTP relay that was reset while nothing is read of it, because the other side
//! takes nothing or a fault lets nothing out: whatever way through the relay it is, both connections end.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use socket2::SockRef;
use wirebench::engine::command::CloseMode;
use wirebench::model::exchange::ExchangeState;
use wirebench::model::fault::{FaultEffect, FaultFrom};
use wirebench::model::record::{Direction, RecordKind};

use super::bench::{accept, fault, text};
use super::http_faults::{FaultyHttp, reads};

fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// Says more than anybody takes, and then is reset.
fn fills_and_resets(mut stream: TcpStream) {
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    while stream.write(&[b'x'; 8192]).is_ok() {}
    reset(stream);
}

/// Whatever came: that the connection is over, and not only silent.
fn is_over(stream: &mut TcpStream) {
    let mut room = [0; 8 * 1024];
    loop {
        match stream.read(&mut room) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

/// A client of a forward proxy that has a tunnel to the server.
async fn in_a_tunnel() -> (FaultyHttp, TcpStream) {
    let mut it = FaultyHttp::with(Vec::new(), false).await;
    let to = it.listener.local_addr().unwrap();
    it.asks(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    let server = accept(&it.listener);
    it.gets("HTTP/1.1 200 Connection Established\r\n\r\n");
    (it, server)
}

/// One whose request became a tunnel by 101.
async fn upgraded() -> (FaultyHttp, TcpStream) {
    let mut it = FaultyHttp::of(Vec::new()).await;
    let ask = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    it.asks(ask);
    let mut server = accept(&it.listener);
    reads(&mut server, ask);
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    server.write_all(answer.as_bytes()).unwrap();
    it.gets(answer);
    (it, server)
}

async fn ends(mut it: FaultyHttp, mut left: TcpStream) {
    let exchange = it.over(0).await;
    assert!(matches!(exchange.state, ExchangeState::Failed(_)), "{:?}", exchange.state);
    is_over(&mut left);
    it.bench.close(it.id, CloseMode::Close);
    it.bench.outcome(it.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tunnel_whose_client_or_server_was_reset_while_the_other_takes_nothing_ends() {
    for is_upgrade in [false, true] {
        for by_client in [true, false] {
            let (mut it, server) = if is_upgrade { upgraded().await } else { in_a_tunnel().await };
            let other = TcpStream::connect(it.listener.local_addr().unwrap()).unwrap();
            let client = std::mem::replace(&mut it.client, other);
            let (gone, left) = if by_client { (client, server) } else { (server, client) };
            fills_and_resets(gone);
            ends(it, left).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finished_sending_in_a_tunnel_is_missed_all_the_same() {
    for by_client in [true, false] {
        let (mut it, server) = in_a_tunnel().await;
        let other = TcpStream::connect(it.listener.local_addr().unwrap()).unwrap();
        let client = std::mem::replace(&mut it.client, other);
        let (gone, mut left) = if by_client { (client, server) } else { (server, client) };
        gone.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(left.read(&mut [0]).unwrap(), 0, "its end is passed on");
        reset(gone);
        ends(it, left).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_client_was_reset_while_its_server_takes_nothing_ends() {
    let mut it = FaultyHttp::of(Vec::new()).await;
    it.asks("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    let server = accept(&it.listener);
    let other = TcpStream::connect(it.listener.local_addr().unwrap()).unwrap();
    fills_and_resets(std::mem::replace(&mut it.client, other));
    ends(it, server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_whose_server_was_reset_while_its_client_takes_nothing_ends() {
    let mut it = FaultyHttp::of(Vec::new()).await;
    let ask = "GET /down HTTP/1.1\r\nHost: x\r\n\r\n";
    it.asks(ask);
    let mut server = accept(&it.listener);
    reads(&mut server, ask);
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").unwrap();
    fills_and_resets(server);
    let client = it.client.try_clone().unwrap();
    ends(it, client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_was_reset_while_a_fault_stalls_what_it_says_is_missed() {
    for is_reverse in [true, false] {
        let stall = vec![fault(FaultFrom::Client, FaultEffect::Stall(200))];
        let mut it = FaultyHttp::with(stall, is_reverse).await;
        let to = it.listener.local_addr().unwrap();
        let ask = if is_reverse {
            "POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n".to_owned()
        } else {
            format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n")
        };
        it.asks(&ask);
        let server = accept(&it.listener);
        if !is_reverse {
            it.gets("HTTP/1.1 200 Connection Established\r\n\r\n");
        }
        let other = TcpStream::connect(to).unwrap();
        fills_and_resets(std::mem::replace(&mut it.client, other));
        ends(it, server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_was_reset_behind_much_that_it_asks_next_is_missed() {
    let stall = vec![fault(FaultFrom::Server, FaultEffect::Stall(10))];
    let mut it = FaultyHttp::of(stall).await;
    it.asks("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut server = accept(&it.listener);
    reads(&mut server, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    it.gets("HTTP/1.1 2");
    let other = TcpStream::connect(it.listener.local_addr().unwrap()).unwrap();
    fills_and_resets(std::mem::replace(&mut it.client, other));
    ends(it, server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_resets_is_told_as_who_reset() {
    let ask = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    let begun = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhal";
    for (said, is_tunnel) in [("", false), ("HTTP/1.1 2", false), (begun, false), ("hal", true)] {
        let (mut it, mut server) = if is_tunnel {
            in_a_tunnel().await
        } else {
            let mut it = FaultyHttp::of(Vec::new()).await;
            it.asks(ask);
            let mut server = accept(&it.listener);
            reads(&mut server, ask);
            (it, server)
        };
        server.write_all(said.as_bytes()).unwrap();
        if said.ends_with("hal") {
            it.gets(said);
        }
        reset(server);
        it.over(0).await;
        let bench = &mut it.bench;
        let told = bench.kind(it.id, RecordKind::Reset).await;
        assert_eq!(told.direction, Direction::Received, "{said}: {}", text(&told));
        let of = bench.conns.iter().rev().find(|conn| conn.id == told.conn).unwrap();
        assert_eq!(of.pair.map(|pair| pair.target), Some(told.conn), "the server did, {said}");
        let failed =
            |conn| bench.records.iter().any(|it| it.conn == conn && it.kind == RecordKind::Failed);
        assert!(!failed(told.conn), "{said}: told once");
        it.bench.close(it.id, CloseMode::Close);
        it.bench.outcome(it.id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_resets_inside_a_request_is_told_as_who_reset() {
    for said in ["POST /a HT", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhal"] {
        let mut it = FaultyHttp::of(Vec::new()).await;
        it.asks(said);
        it.bench.record("what it said", |it| text(it) == said).await;
        let other = TcpStream::connect(it.listener.local_addr().unwrap()).unwrap();
        reset(std::mem::replace(&mut it.client, other));
        let told = it
            .bench
            .record("its end", |it| {
                it.direction == Direction::Received
                    && ![RecordKind::Data, RecordKind::Accepted].contains(&it.kind)
            })
            .await;
        assert_eq!(told.kind, RecordKind::Reset, "{}", text(&told));
    }
}
