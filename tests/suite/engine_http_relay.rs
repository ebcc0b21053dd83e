//! The HTTP relay between real peers: what is passed on is what was said, while it is said; what must
//! not be passed on is not; whoever goes is missed by the other.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use socket2::SockRef;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::exchange::{Exchange, ExchangeState};
use wirebench::model::failure::{Failure, FailureKind};
use wirebench::model::http_relay::HostHeader;
use wirebench::model::id::{BodyId, SessionId};
use wirebench::model::plan::{HttpRelayPlan, OpenPlan, OriginPlan, Plan};
use wirebench::model::protocol::Side;
use wirebench::model::record::RecordKind;
use wirebench::model::socket_options::SocketOptions;
use wirebench::model::tls::{ClientTls, ListenerTls};
use wirebench::model::view::ViewPart;

use super::bench::{Bench, DEADLINE, accept, connect, tcp};
use crate::harness::peers::{free_port, read_head, tcp_peer};

pub fn relay(target: Option<SocketAddr>) -> HttpRelayPlan {
    let client = tcp("127.0.0.1:1".parse().unwrap());
    let origin = |target| OriginPlan { endpoint: tcp(target).endpoint, tls: ClientTls::Off };
    HttpRelayPlan {
        hold: wirebench::model::hold::HoldPlan::default(),
        faults: wirebench::model::fault::FaultsPlan::default(),
        bind: "127.0.0.1:0".parse().unwrap(),
        tls: ListenerTls::Off,
        socket: SocketOptions::default(),
        target: target.map(origin),
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(30),
        client: client.client,
        host: HostHeader::Auto,
        rules: Vec::new(),
        rewrites: Vec::new(),
        forwarded: false,
        onward_tls: ClientTls::verified(),
        open: OpenPlan::default(),
        contract: None,
        credentials: None,
    }
}

async fn relaying(plan: HttpRelayPlan) -> (Bench, SessionId, SocketAddr) {
    let mut bench = Bench::start();
    let id = bench.open(Plan::HttpRelay(Box::new(plan)));
    let address = bench.listening(id).await[0];
    (bench, id, address)
}

/// A relay to a server of which each connection is handed out.
async fn between() -> (Bench, SessionId, TcpStream, TcpListener) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let (bench, id, address) = relaying(relay(Some(server.local_addr().unwrap()))).await;
    (bench, id, connect(address), server)
}

fn reads(stream: &mut TcpStream, expected: &str) {
    let mut got = vec![0; expected.len()];
    let outcome = stream.read_exact(&mut got);
    assert!(outcome.is_ok(), "{outcome:?} for {expected:?}");
    assert_eq!(String::from_utf8_lossy(&got), expected);
}

fn rest(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    String::from_utf8_lossy(&got).into_owned()
}

fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// The exchange with this number once it is over.
async fn over(bench: &mut Bench, number: u32) -> Exchange {
    let found = |bench: &Bench| {
        let all = bench.others.iter().filter_map(|event| match event {
            Event::Exchange(exchange) => Some(exchange),
            _ => None,
        });
        let mut over = all.filter(|it| it.number == number && it.state != ExchangeState::Active);
        over.next().map(|exchange| (**exchange).clone())
    };
    bench.until("an exchange that is over", |bench| found(bench).is_some()).await;
    found(bench).unwrap()
}

/// What is kept of a message.
async fn bytes(bench: &mut Bench, body: BodyId, part: ViewPart) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("body");
    bench.handle.command(Command::SaveBody { body, part, path: path.clone() }).unwrap();
    loop {
        let event = tokio::time::timeout(DEADLINE, bench.events.urgent.recv()).await;
        if let Event::BodySaved { outcome, .. } = event.unwrap().unwrap() {
            outcome.unwrap();
            return String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        }
    }
}

/// What is kept of the request and of the answer.
async fn kept(bench: &mut Bench, exchange: &Exchange, part: ViewPart) -> [String; 2] {
    let response = exchange.response.as_ref().unwrap().body.id;
    [bytes(bench, exchange.request.body.id, part).await, bytes(bench, response, part).await]
}

fn failure(exchange: &Exchange) -> &Failure {
    let ExchangeState::Failed(failure) = &exchange.state else { panic!("{exchange:?}") };
    failure
}

fn status(exchange: &Exchange) -> Option<u16> {
    exchange.response.as_ref().and_then(|response| response.head.status())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_is_passed_on_byte_for_byte_over_one_connection_and_told_as_exchanges() {
    let (mut bench, id, mut client, server) = between().await;
    let asks = [
        "GET /a?b=%7e HTTP/1.1\r\nhOST: x.example\r\nX-A:   1\r\nx-a: 2\r\n\r\n",
        "POST /c HTTP/1.1\r\nHost: x.example\r\nContent-Length: 5\r\n\r\nhello",
        "PUT /d HTTP/1.1\r\nHost: x.example\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
    ];
    let answers = [
        "HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 3\r\nset-cookie: a\r\nSet-Cookie: b\r\n\r\none",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;e\r\nc\r\n0\r\nX-T: 2\r\n\r\n",
    ];
    let mut target = None;
    for (ask, answer) in asks.into_iter().zip(answers) {
        client.write_all(ask.as_bytes()).unwrap();
        let target = target.get_or_insert_with(|| accept(&server));
        reads(target, ask);
        target.write_all(answer.as_bytes()).unwrap();
        reads(&mut client, answer);
    }
    for (number, (ask, answer)) in asks.into_iter().zip(answers).enumerate() {
        let exchange = over(&mut bench, number as u32).await;
        assert_eq!(exchange.state, ExchangeState::Complete);
        assert_eq!(exchange.side, Side::Relay);
        assert_eq!(kept(&mut bench, &exchange, ViewPart::Raw).await, [ask, answer]);
        assert!(exchange.warnings.is_empty(), "{:?}", exchange.warnings);
        let timing = &exchange.timing;
        assert!(timing.send.is_some() && timing.first_byte.is_some() && timing.transfer.is_some());
        assert_eq!(timing.connect.is_some(), number == 0, "connected once");
    }
    let last = over(&mut bench, 2).await;
    assert_eq!(kept(&mut bench, &last, ViewPart::Decoded).await, ["abc", "abc"]);
    assert_eq!(last.request.body.trailers[0].name, "X-Sum");
    assert_eq!(last.response.unwrap().body.trailers[0].name, "X-T");
    assert_eq!(last.url, format!("http://{}/d", server.local_addr().unwrap()));
    let sent: u64 = answers.iter().map(|it| it.len() as u64).sum();
    let came: u64 = asks.iter().map(|it| it.len() as u64).sum();
    assert_eq!(bench.totals(id), (sent, came), "each byte is told once");
    drop(client);
    assert_eq!(
        target.unwrap().read(&mut [0]).unwrap_or(0),
        0,
        "the client's end reached the server"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_stream_both_ways_before_they_end() {
    let (mut bench, _, mut client, server) = between().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        .unwrap();
    let mut target = accept(&server);
    reads(
        &mut target,
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    );
    // The answer begins while the request goes on.
    target.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    reads(&mut client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for word in ["one", "two"] {
        let chunk = format!("3\r\n{word}\r\n");
        client.write_all(chunk.as_bytes()).unwrap();
        reads(&mut target, &chunk);
        target.write_all(chunk.as_bytes()).unwrap();
        reads(&mut client, &chunk);
    }
    client.write_all(b"0\r\n\r\n").unwrap();
    reads(&mut target, "0\r\n\r\n");
    target.write_all(b"0\r\n\r\n").unwrap();
    reads(&mut client, "0\r\n\r\n");
    let exchange = over(&mut bench, 0).await;
    assert_eq!(kept(&mut bench, &exchange, ViewPart::Decoded).await, ["abonetwo", "onetwo"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_may_read_as_two_requests_never_reaches_the_server() {
    let (came, knocked) = mpsc::channel();
    let target = tcp_peer(move |stream| drop((came.send(()), stream)));
    let (mut bench, _, address) = relaying(relay(Some(target))).await;
    let bodies = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "Content-Length: 5, 5\r\n\r\nhello",
        "Content-Length: +5\r\n\r\nhello",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content_Length: 5\r\n\r\nhello",
        "Host: b\r\n\r\n",
    ];
    for (number, body) in bodies.into_iter().enumerate() {
        let mut client = connect(address);
        let ask = format!("POST / HTTP/1.1\r\nHost: a\r\n{body}");
        client.write_all(ask.as_bytes()).unwrap();
        let answer = rest(&mut client);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{body:?}: {answer}");
        let exchange = over(&mut bench, number as u32).await;
        assert_eq!(status(&exchange), Some(400));
        assert!(exchange.warnings.iter().any(|it| it.contains("not passed on")));
    }
    assert!(knocked.try_recv().is_err(), "nobody was connected on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_its_framing_reaches_the_server_no_further() {
    let (mut bench, _, mut client, server) = between().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        .unwrap();
    let mut target = accept(&server);
    reads(
        &mut target,
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    );
    client.write_all(b"zz\r\nGET /second HTTP/1.1\r\n\r\n").unwrap();
    assert!(rest(&mut client).starts_with("HTTP/1.1 400 "));
    assert_eq!(rest(&mut target), "", "it was cut off");
    assert_eq!(status(&over(&mut bench, 0).await), Some(400));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_whether_to_go_on_is_told_by_the_server() {
    let (mut bench, _, mut client, server) = between().await;
    let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    let mut target = accept(&server);
    reads(&mut target, head);
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    target.write_all(early.as_bytes()).unwrap();
    reads(&mut client, early);
    client.write_all(b"hi").unwrap();
    reads(&mut target, "hi");
    target.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    reads(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let exchange = over(&mut bench, 0).await;
    assert_eq!(exchange.interim.len(), 2);
    let answer = format!("{early}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(kept(&mut bench, &exchange, ViewPart::Raw).await[1], answer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_without_bodies_and_bodies_until_the_end_are_told_apart() {
    let (mut bench, _, mut client, server) = between().await;
    client.write_all(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut target = accept(&server);
    read_head(&mut target).unwrap();
    target.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n").unwrap();
    reads(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    for code in ["304 Not Modified", "204 No Content"] {
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        read_head(&mut target).unwrap();
        let answer = format!("HTTP/1.1 {code}\r\nETag: x\r\n\r\n");
        target.write_all(answer.as_bytes()).unwrap();
        reads(&mut client, &answer);
    }
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    read_head(&mut target).unwrap();
    target.write_all(b"HTTP/1.0 200 OK\r\n\r\nuntil the end").unwrap();
    reads(&mut client, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
    drop(target);
    assert_eq!(rest(&mut client), "");
    let exchange = over(&mut bench, 3).await;
    assert_eq!(exchange.state, ExchangeState::Complete);
    assert_eq!(kept(&mut bench, &exchange, ViewPart::Decoded).await[1], "until the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_come_at_once_are_answered_in_their_order() {
    let (mut bench, _, mut client, server) = between().await;
    let ask = |n: u32| format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n");
    let all: String = (0..5).map(ask).collect();
    client.write_all(all.as_bytes()).unwrap();
    let mut target = accept(&server);
    for n in 0..5 {
        reads(&mut target, &ask(n));
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{n}");
        target.write_all(answer.as_bytes()).unwrap();
        reads(&mut client, &answer);
    }
    assert!(over(&mut bench, 4).await.url.ends_with("/4"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_is_seen_by_the_client_and_told() {
    let (mut bench, _, mut client, server) = between().await;
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut target = accept(&server);
    read_head(&mut target).unwrap();
    target.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").unwrap();
    reads(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    drop(target);
    assert_eq!(rest(&mut client), "", "no byte more, and the end");
    let exchange = over(&mut bench, 0).await;
    assert_eq!(failure(&exchange).kind, FailureKind::Truncated);
    assert_eq!(kept(&mut bench, &exchange, ViewPart::Decoded).await[1], "half");

    // Where an end would look like the end of the answer there is none.
    let mut client = connect(client.peer_addr().unwrap());
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut target = accept(&server);
    read_head(&mut target).unwrap();
    target.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf").unwrap();
    reads(&mut client, "HTTP/1.1 200 OK\r\n\r\nhalf");
    reset(target);
    assert!(client.read(&mut [0]).is_err(), "a reset, as the server's was");
    assert_eq!(failure(&over(&mut bench, 1).await).kind, FailureKind::Reset);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_or_does_not_answer_is_said_in_502_and_504() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let (mut bench, _, address) = relaying(relay(Some(nobody))).await;
    let mut client = connect(address);
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = rest(&mut client);
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
    assert!(
        answer.contains("connection refused") && answer.contains(&nobody.to_string()),
        "{answer}"
    );
    let exchange = over(&mut bench, 0).await;
    assert_eq!((failure(&exchange).kind, status(&exchange)), (FailureKind::Refused, Some(502)));

    let (sender, silent) = mpsc::channel();
    let target = tcp_peer(move |stream| drop(sender.send(stream)));
    let plan = HttpRelayPlan { timeout: Duration::from_millis(200), ..relay(Some(target)) };
    let (mut bench, _, address) = relaying(plan).await;
    let mut client = connect(address);
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = rest(&mut client);
    assert!(answer.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{answer}");
    assert!(matches!(failure(&over(&mut bench, 0).await).kind, FailureKind::Timeout(_)));
    drop(silent);

    let target = tcp_peer(|mut stream| drop(stream.write_all(b"SSH-2.0-x\r\n")));
    let (mut bench, _, address) = relaying(relay(Some(target))).await;
    let mut client = connect(address);
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(rest(&mut client).starts_with("HTTP/1.1 502 "));
    assert_eq!(failure(&over(&mut bench, 0).await).kind, FailureKind::Malformed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_that_the_server_gave_up_costs_no_request() {
    let (mut bench, _, mut client, server) = between().await;
    for round in 0..2 {
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut target = accept(&server);
        read_head(&mut target).unwrap();
        target.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        reads(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!(over(&mut bench, round).await.state, ExchangeState::Complete);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_is_missed_by_the_server() {
    let (mut bench, _, mut client, server) = between().await;
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut target = accept(&server);
    read_head(&mut target).unwrap();
    reset(client);
    assert!(target.read(&mut [0]).map_or(true, |read| read == 0), "the server's connection ends");
    assert!(matches!(over(&mut bench, 0).await.state, ExchangeState::Failed(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_upgrade_bytes_are_passed_on_as_they_come_and_counted() {
    let (mut bench, id, mut client, server) = between().await;
    let ask = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
    client.write_all(ask.as_bytes()).unwrap();
    let mut target = accept(&server);
    reads(&mut target, ask);
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nfirst";
    target.write_all(answer.as_bytes()).unwrap();
    reads(&mut client, answer);
    client.write_all(b"\x00\x01up").unwrap();
    reads(&mut target, "\u{0}\u{1}up");
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(target.read(&mut [0]).unwrap(), 0, "an end is passed on");
    target.write_all(b"late").unwrap();
    drop(target);
    assert_eq!(rest(&mut client), "late");
    let exchange = over(&mut bench, 0).await;
    assert_eq!(status(&exchange), Some(101));
    let told = "tunnel: 4 bytes to the server, 9 bytes from it";
    assert!(exchange.warnings.iter().any(|it| it == told), "{:?}", exchange.warnings);
    assert_eq!(bench.totals(id), (answer.len() as u64 + 4, ask.len() as u64 + 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_makes_the_server_wait_and_memory_is_bounded() {
    const BODY: usize = 64 << 20;
    let (sender, written) = mpsc::channel();
    let target = tcp_peer(move |mut stream| {
        read_head(&mut stream).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let piece = vec![b'x'; 1 << 16];
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let stuck = (0..BODY >> 16).find(|_| stream.write_all(&piece).is_err());
        sender.send(stuck).unwrap();
    });
    let (mut bench, _, address) = relaying(relay(Some(target))).await;
    let mut client = connect(address);
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut waits = tokio::task::spawn_blocking(move || written.recv_timeout(DEADLINE).unwrap());
    let stuck = loop {
        tokio::select! {
            event = bench.events.facts.recv() => bench.keep(event.unwrap()),
            stuck = &mut waits => break stuck.unwrap(),
        }
    };
    assert!(stuck.is_some(), "the client has read nothing and all was taken");
    drop(client);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forward_proxy_goes_where_each_request_says_and_drops_what_is_for_it() {
    let servers = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let (mut bench, _, address) = relaying(relay(None)).await;
    let mut client = connect(address);
    for server in &servers {
        let place = server.local_addr().unwrap();
        let ask = format!(
            "GET http://{place}/x?y HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\nA: b\r\n\r\n"
        );
        client.write_all(ask.as_bytes()).unwrap();
        let mut target = accept(server);
        reads(&mut target, &format!("GET /x?y HTTP/1.1\r\nHost: {place}\r\nA: b\r\n\r\n"));
        target.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        reads(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    let exchange = over(&mut bench, 1).await;
    assert_eq!(exchange.url, format!("http://{}/x?y", servers[1].local_addr().unwrap()));
    client.write_all(b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = rest(&mut client);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("forward proxy"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_makes_a_tunnel_whose_bytes_are_counted() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = server.local_addr().unwrap();
    let (mut bench, _, address) = relaying(relay(None)).await;
    let mut client = connect(address);
    // What comes right behind the head is for the server already.
    client
        .write_all(format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\nearly").as_bytes())
        .unwrap();
    let mut target = accept(&server);
    reads(&mut client, "HTTP/1.1 200 Connection Established\r\n\r\n");
    reads(&mut target, "early");
    target.write_all(b"answer").unwrap();
    reads(&mut client, "answer");
    drop(target);
    assert_eq!(rest(&mut client), "");
    drop(client);
    let exchange = over(&mut bench, 0).await;
    assert_eq!((status(&exchange), &*exchange.url), (Some(200), &*place.to_string()));
    let told = "tunnel: 5 bytes to the server, 6 bytes from it";
    assert!(exchange.warnings.iter().any(|it| it == told), "{:?}", exchange.warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_that_leads_back_to_the_relay_is_refused() {
    let (mut bench, _, address) = relaying(relay(None)).await;
    for ask in [
        format!("GET http://{address}/ HTTP/1.1\r\nHost: {address}\r\n\r\n"),
        format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n"),
    ] {
        let mut client = connect(address);
        client.write_all(ask.as_bytes()).unwrap();
        let answer = rest(&mut client);
        assert!(answer.starts_with("HTTP/1.1 508 Loop Detected\r\n"), "{answer}");
    }
    let exchange = over(&mut bench, 0).await;
    assert!(failure(&exchange).cause.contains("leads back to the relay"));
    let failed = bench.records.iter().filter(|record| record.kind == RecordKind::Failed);
    assert!(failed.count() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_password_is_asked_for_one_and_nothing_is_passed_on() {
    let credentials = Some(("ann".to_owned(), "pw".to_owned()));
    let plan = HttpRelayPlan { credentials, ..relay(None) };
    let (mut bench, _, address) = relaying(plan).await;
    let mut client = connect(address);
    client.write_all(b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = rest(&mut client);
    assert!(answer.starts_with("HTTP/1.1 407 "), "{answer}");
    assert!(answer.contains("Proxy-Authenticate: Basic realm=\"wirebench\""), "{answer}");
    let exchange = over(&mut bench, 0).await;
    assert_eq!((status(&exchange), &*exchange.url), (Some(407), "http://127.0.0.1:1/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_target_is_for_the_requests_to_come() {
    let (mut bench, id, mut client, server) = between().await;
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    for (round, place) in [server, other].into_iter().enumerate() {
        let plan = Box::new(Plan::HttpRelay(Box::new(relay(Some(place.local_addr().unwrap())))));
        bench.handle.command(Command::Update { id, plan }).unwrap();
        let told = |bench: &Bench| {
            let notes = bench.records.iter().filter(|record| record.kind == RecordKind::Note);
            notes.filter(|record| record.conn == id.itself()).count()
        };
        // The same one again is not told again.
        bench.until("the word about the target", |bench| told(bench) == round + 1).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut target = accept(&place);
        read_head(&mut target).unwrap();
        target.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        reads(&mut client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
}
