//! The HTTP client over HTTP/2, against servers of the library on the other side, against peers that write frames
//! themselves, and against nghttpd and curl.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "servers of the other side have no tracker")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wirebench::engine::command::{CloseMode, Command as Order};
use wirebench::engine::event::Event;
use wirebench::engine::{Engine, EngineConfig};
use wirebench::model::exchange::{Exchange, HttpVersion, MessageFraming, StartLine};
use wirebench::model::failure::{FailureKind, Stage};
use wirebench::model::http::VersionChoice;
use wirebench::model::plan::{HttpPlan, Plan};
use wirebench::model::record::{Direction, Record, RecordKind};
use wirebench::model::trust::Verify;
use wirebench::model::view::ViewPart;

use super::harness::program::program;
use super::http::{Bench, DEADLINE, Outcome, plan, posting};

type Asked = (Request<RecvStream>, SendResponse<Bytes>);

/// Speaks HTTP/2 without TLS; each request is answered by this, in a task of its own.
async fn server<F, Done>(answer: F) -> SocketAddr
where
    F: Fn(Asked) -> Done + Clone + Send + Sync + 'static,
    Done: Future<Output = ()> + Send + 'static,
{
    connections(move |mut connection: Connection<TcpStream, Bytes>| {
        let answer = answer.clone();
        async move {
            while let Some(Ok(asked)) = connection.accept().await {
                tokio::spawn(answer(asked));
            }
        }
    })
    .await
}

/// The same, of whole connections.
async fn connections<F, Done>(serve: F) -> SocketAddr
where
    F: Fn(Connection<TcpStream, Bytes>) -> Done + Send + Sync + 'static,
    Done: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(connection) = h2::server::handshake(tcp).await {
                tokio::spawn(serve(connection));
            }
        }
    });
    address
}

/// Reads until a header block came: no stream is there before.
async fn wait_for_request(tcp: &mut TcpStream) {
    let mut heard = Vec::new();
    while tcp.read_buf(&mut heard).await.is_ok_and(|count| count > 0) {
        let mut at = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
        while let Some([a, b, c, kind]) = heard.get(at..).and_then(|rest| rest.first_chunk()) {
            if *kind == 1 {
                return;
            }
            at += 9 + (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c));
        }
    }
}

/// Writes these bytes once a client has asked for something, and reads on.
async fn scripted(bytes: Vec<u8>, closes: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                wait_for_request(&mut tcp).await;
                let mut heard = [0; 4096];
                let _ = tcp.write_all(&bytes).await;
                while !closes && tcp.read(&mut heard).await.is_ok_and(|count| count > 0) {}
                let _ = tcp.shutdown().await;
                while closes && tcp.read(&mut heard).await.is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
/// ":status: 200" alone.
const OK: [u8; 1] = [0x88];

fn known(plan: HttpPlan) -> HttpPlan {
    HttpPlan { version: VersionChoice::Http2PriorKnowledge, ..plan }
}

fn asking(address: SocketAddr) -> HttpPlan {
    known(plan("GET", &format!("http://{address}/x?y=1")))
}

async fn got(plan: HttpPlan) -> (Bench, Outcome) {
    let mut bench = Bench::new();
    let outcome = bench.request(plan).await;
    (bench, outcome)
}

fn head(status: u16) -> Response<()> {
    Response::builder().status(status).body(()).unwrap()
}

fn lines(exchange: &Exchange) -> Vec<String> {
    let head = &exchange.response.as_ref().unwrap().head;
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    head.fields.iter().map(|it| format!("{}: {}", text(&it.name), text(&it.value))).collect()
}

/// Kinds of the frames that crossed this way.
fn kinds(records: &[Record], way: Direction) -> Vec<u8> {
    let frames = records.iter().filter(|it| it.kind == RecordKind::Data && it.direction == way);
    frames.filter(|it| !it.data.starts_with(b"PRI ")).map(|it| it.data[3]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_answer_are_told_as_they_were_said() {
    let address = server(|(request, mut respond): Asked| async move {
        assert_eq!(request.uri().path(), "/x");
        let headers = [("set-cookie", "a=1"), ("x-first", "1"), ("set-cookie", "b=2")];
        let mut response = Response::builder().status(200);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let mut body = respond.send_response(response.body(()).unwrap(), false).unwrap();
        body.send_data(Bytes::from_static(b"hello"), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "5".parse().unwrap());
        body.send_trailers(trailers).unwrap();
    })
    .await;
    let (mut bench, outcome) = got(asking(address)).await;
    assert_eq!(outcome.status(), Some(200), "{:?}", outcome.done);
    assert_eq!(bench.response_body(&outcome).await, b"hello");
    let exchange = outcome.exchange();
    let request = &exchange.request.head;
    assert!(matches!(request.start, StartLine::Request { version: HttpVersion::Http2, .. }));
    let names: Vec<_> = request.fields.iter().map(|it| it.name.clone()).collect();
    assert_eq!(names, [":method", ":scheme", ":authority", ":path", "x-odd-case"]);
    assert_eq!(request.field(":authority").unwrap(), address.to_string().as_str());
    assert_eq!(lines(exchange)[0], ":status: 200");
    let body = &exchange.response.as_ref().unwrap().body;
    assert_eq!((body.framing, body.encoded_len), (MessageFraming::UntilStreamEnd, 5));
    assert_eq!((&*body.trailers[0].name, &*body.trailers[0].value), (&b"x-sum"[..], &b"5"[..]));
    let id = body.id;
    let raw = bench.bytes(id, ViewPart::Raw).await;
    assert!(
        raw.starts_with(b"HTTP/2 200\r\n") && raw.ends_with(b"hellox-sum: 5\r\n\r\n"),
        "{}",
        String::from_utf8_lossy(&raw)
    );
    let sent = kinds(&outcome.records, Direction::Sent);
    assert!(sent.starts_with(&[4]) && sent.contains(&1) && sent.ends_with(&[7]), "{sent:?}");
    let received = kinds(&outcome.records, Direction::Received);
    assert_eq!(
        received.iter().filter(|kind| matches!(kind, 0 | 1)).collect::<Vec<_>>(),
        [&1, &0, &1]
    );
    let first = outcome.records.iter().find(|it| it.kind == RecordKind::Data).unwrap();
    assert_eq!(&*first.data, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_stand_in_the_order_they_came_in_also_where_names_come_twice() {
    // Literals without indexing: the library would put the two cookies beside each other.
    let literal = |name: &str, value: &str| {
        [&[0, name.len() as u8][..], name.as_bytes(), &[value.len() as u8], value.as_bytes()]
            .concat()
    };
    let block =
        [&OK[..], &literal("set-cookie", "a"), &literal("x", "1"), &literal("set-cookie", "b")]
            .concat();
    let (first, second) = block.split_at(9);
    let answer = [&SETTINGS[..], &frame(1, 1, 1, first), &frame(9, 4, 1, second)].concat();
    let (_, outcome) = got(asking(scripted(answer, false).await)).await;
    assert_eq!(
        lines(outcome.exchange()),
        [":status: 200", "set-cookie: a", "x: 1", "set-cookie: b"]
    );
    assert_eq!(
        outcome.exchange().response.as_ref().unwrap().body.framing,
        MessageFraming::Length(0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_go_out_as_the_server_lets_them() {
    let address = server(|(request, mut respond): Asked| async move {
        let (mut body, mut count) = (request.into_body(), 0);
        while let Some(Ok(bytes)) = body.data().await {
            count += bytes.len();
            let _ = body.flow_control().release_capacity(bytes.len());
        }
        let mut answer = respond.send_response(head(200), false).unwrap();
        answer.send_data(count.to_string().into(), true).unwrap();
    })
    .await;
    let body = vec![b'x'; 3_000_000];
    let mut bench = Bench::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &body).unwrap();
    let url = format!("http://{address}/");
    let mut from_file = posting(&url, b"");
    from_file.headers.retain(|(name, _)| name != "Content-Length");
    from_file.body = wirebench::model::plan::PlanBody::File(file.path().into());
    let mut chunked = posting(&url, &body);
    chunked.headers.retain(|(name, _)| name != "Content-Length");
    chunked.headers.push(("Transfer-Encoding".into(), "chunked".into()));
    for (plan, remarks) in [(posting(&url, &body), 0), (from_file, 0), (chunked, 1)] {
        let outcome = bench.request(known(plan)).await;
        assert_eq!(outcome.status(), Some(200), "{:?}", outcome.done);
        assert_eq!(bench.response_body(&outcome).await, b"3000000");
        let exchange = outcome.exchange();
        assert_eq!(exchange.request.body.encoded_len, 3_000_000);
        assert!(exchange.request.body.complete && exchange.timing.send.is_some());
        assert_eq!(exchange.warnings.len(), remarks, "{:?}", exchange.warnings);
        let raw = bench.bytes(exchange.request.body.id, ViewPart::Raw).await;
        assert!(raw.starts_with(b"POST / HTTP/2\r\n") && raw.ends_with(b"xxx"));
        let data: u64 = outcome
            .records
            .iter()
            .filter(|it| {
                it.kind == RecordKind::Data && it.direction == Direction::Sent && it.data[3] == 0
            })
            .map(|it| it.original_len - 9)
            .sum();
        assert_eq!(data, 3_000_000, "all of it is in rows, whatever they keep");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_are_received_while_the_window_grows_and_codings_are_undone() {
    let address = server(|(_, mut respond): Asked| async move {
        let response = Response::builder().header("content-encoding", "gzip").body(()).unwrap();
        let mut body = respond.send_response(response, false).unwrap();
        let zeros = vec![0; 9_000_000];
        let mut packed = Vec::new();
        let mut gzip = flate2::read::GzEncoder::new(&*zeros, flate2::Compression::none());
        std::io::Read::read_to_end(&mut gzip, &mut packed).unwrap();
        body.send_data(packed.into(), true).unwrap();
    })
    .await;
    let (mut bench, outcome) = got(asking(address)).await;
    assert_eq!(outcome.status(), Some(200), "{:?}", outcome.done);
    assert_eq!(bench.response_body(&outcome).await.len(), 9_000_000);
    let updates = kinds(&outcome.records, Direction::Sent);
    assert!(updates.into_iter().filter(|kind| matches!(kind, 8)).count() > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn interim_answers_are_told_and_head_has_no_body() {
    let interim = |code: &[u8]| [&[0x08, 3][..], code].concat();
    let answer = [
        &SETTINGS[..],
        &frame(1, 4, 1, &interim(b"103")),
        &frame(1, 4, 1, &interim(b"102")),
        &frame(1, 5, 1, &[&OK[..], &[0x0f, 0x0d, 2], b"12"].concat()),
    ]
    .concat();
    let address = scripted(answer, false).await;
    let mut head = asking(address);
    head.method = "HEAD".into();
    let (_, outcome) = got(head).await;
    let exchange = outcome.exchange();
    assert_eq!(outcome.status(), Some(200), "{:?}", outcome.done);
    let codes: Vec<_> = exchange.interim.iter().map(|head| head.status().unwrap()).collect();
    assert_eq!(codes, [103, 102]);
    assert_eq!(exchange.response.as_ref().unwrap().body.framing, MessageFraming::None);
    assert_eq!(lines(exchange)[1], "content-length: 12");
}

#[tokio::test(flavor = "multi_thread")]
async fn resets_are_told_by_name_with_what_had_come() {
    let address = server(|(_, mut respond): Asked| async move {
        let response = Response::builder().header("content-length", "100").body(()).unwrap();
        let mut body = respond.send_response(response, false).unwrap();
        body.send_data(Bytes::from_static(b"half"), false).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        body.send_reset(Reason::INTERNAL_ERROR);
    })
    .await;
    let (mut bench, outcome) = got(asking(address)).await;
    let failure = outcome.failure();
    assert_eq!((failure.stage, failure.kind), (Stage::Body, FailureKind::Reset));
    assert_eq!(
        failure.cause,
        "the server reset the stream: INTERNAL_ERROR (something failed inside of it), after 4 of 100 body bytes"
    );
    assert_eq!(bench.response_body(&outcome).await, b"half", "what came is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_nobody_looked_at_goes_out_once_more() {
    let refused = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = Arc::clone(&refused);
    let address = server(move |(_, mut respond): Asked| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move {
            if first {
                respond.send_reset(Reason::REFUSED_STREAM);
            } else {
                respond.send_response(head(201), true).unwrap();
            }
        }
    })
    .await;
    let (_, outcome) = got(known(posting(&format!("http://{address}/"), b"once"))).await;
    assert_eq!(outcome.status(), Some(201), "{:?}", outcome.done);
    assert_eq!(outcome.exchanges.len(), 1);
    assert_eq!(refused.load(std::sync::atomic::Ordering::SeqCst), 2);
    let always = server(|(_, mut respond): Asked| async move {
        respond.send_reset(Reason::REFUSED_STREAM);
    })
    .await;
    let (_, outcome) = got(asking(always)).await;
    assert!(outcome.failure().cause.contains("REFUSED_STREAM"), "{}", outcome.failure());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_ended_says_why() {
    let away = |last: u32, code: u32| {
        frame(7, 0, 0, &[&last.to_be_bytes()[..], &code.to_be_bytes(), b"slow down"].concat())
    };
    let answer = [&SETTINGS[..], &away(1, 11)].concat();
    let (_, outcome) = got(asking(scripted(answer, true).await)).await;
    let failure = outcome.failure();
    assert!(failure.cause.contains("GOAWAY, ENHANCE_YOUR_CALM"), "{failure}");
    assert!(failure.cause.contains("last stream 1: 'slow down'"), "{failure}");
    assert_eq!(failure.stage, Stage::Head);

    let half =
        [&SETTINGS[..], &frame(1, 4, 1, &OK), &frame(0, 0, 1, b"half"), &[0, 0, 9, 0]].concat();
    let (_, outcome) = got(asking(scripted(half, true).await)).await;
    let failure = outcome.failure();
    assert_eq!((failure.stage, failure.kind), (Stage::Body, FailureKind::Truncated), "{failure}");
    assert!(failure.cause.ends_with("after 4 body bytes"), "{failure}");
    let last = outcome
        .records
        .iter()
        .rfind(|it| it.kind == RecordKind::Data && it.direction == Direction::Received);
    assert_eq!(&*last.unwrap().data, [0, 0, 9, 0], "a frame that is cut is told, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http2_is_told_and_kept() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    let (_, outcome) = got(asking(scripted(answer, true).await)).await;
    let failure = outcome.failure();
    assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
    let all: Vec<u8> = outcome
        .records
        .iter()
        .filter(|it| it.kind == RecordKind::Data && it.direction == Direction::Received)
        .flat_map(|it| it.data.to_vec())
        .collect();
    assert!(all.starts_with(b"HTTP/1.1 400"), "{all:?}");
    for broken in [
        [&SETTINGS[..], &frame(1, 5, 1, &[0xff; 20])].concat(),
        [&SETTINGS[..], &frame(0, 0, 0, b"x")].concat(),
        [&SETTINGS[..], &frame(5, 4, 1, &[0, 0, 0, 2, 0x82])].concat(),
        [&SETTINGS[..], &frame(1, 5, 1, &[0x0, 1, b'A', 1, b'x'])].concat(),
    ] {
        let (_, outcome) = got(asking(scripted(broken, false).await)).await;
        let failure = outcome.failure();
        assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
        assert!(failure.cause.contains("breaks HTTP/2"), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_or_only_pings_is_given_up() {
    let pings: Vec<u8> = (0..200).flat_map(|_| frame(6, 0, 0, &[7; 8])).collect();
    for said in [Vec::new(), [&SETTINGS[..], &pings].concat()] {
        let plan = HttpPlan {
            head_timeout: Duration::from_millis(300),
            ..asking(scripted(said, false).await)
        };
        let (_, outcome) = got(plan).await;
        let failure = outcome.failure();
        assert!(matches!(failure.kind, FailureKind::Timeout(_)), "{failure}");
        assert_eq!(failure.stage, Stage::Head, "{failure}");
    }
    // Frames without a byte are no body.
    let empty: Vec<u8> = (0..50).flat_map(|_| frame(0, 0, 1, b"")).collect();
    let said = [&SETTINGS[..], &frame(1, 4, 1, &OK), &empty].concat();
    let plan = HttpPlan {
        head_timeout: Duration::from_millis(300),
        ..asking(scripted(said, false).await)
    };
    let failure = got(plan).await.1.done.unwrap_err();
    assert_eq!(failure.stage, Stage::Body, "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_stays_shut_is_given_up_with_what_went_out() {
    let address = server(|(request, respond): Asked| async move {
        tokio::time::sleep(DEADLINE).await;
        drop((request, respond));
    })
    .await;
    let plan = known(posting(&format!("http://{address}/"), &vec![b'x'; 200_000]));
    let plan = HttpPlan { head_timeout: Duration::from_millis(400), ..plan };
    let failure = got(plan).await.1.done.unwrap_err();
    assert_eq!(failure.stage, Stage::Send, "{failure}");
    assert!(
        failure.cause.contains("took nothing for 0.4 s (65,535 of 200,000 body bytes sent)"),
        "{failure}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_fields_end_the_stream_and_nothing_else() {
    let field = |at: usize| {
        [&[0, 7][..], format!("x-{at:05}").as_bytes(), &[127, 233, 6], &[b'v'; 1000]].concat()
    };
    let block: Vec<u8> = OK.into_iter().chain((0..400).flat_map(field)).collect();
    let pieces: Vec<&[u8]> = block.chunks(16_000).collect();
    let mut said = SETTINGS.to_vec();
    for (at, piece) in pieces.iter().enumerate() {
        let kind = if at == 0 { 1 } else { 9 };
        let flags = if at + 1 == pieces.len() { 4 } else { 0 };
        said.extend(frame(kind, flags, 1, piece));
    }
    let (_, outcome) = got(asking(scripted(said, false).await)).await;
    let failure = outcome.failure();
    assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_resets_the_stream_and_says_goodbye() {
    let address = server(|(_, mut respond): Asked| async move {
        let mut body = respond.send_response(head(200), false).unwrap();
        body.send_data(Bytes::from_static(b"begun"), false).unwrap();
        tokio::time::sleep(DEADLINE).await;
    })
    .await;
    let mut bench = Bench::new();
    let id = bench.open(Plan::Http(asking(address)));
    loop {
        match bench.fact().await {
            Event::Progress { encoded, .. } if encoded > 0 => break,
            Event::Done { outcome, .. } => panic!("{outcome:?}"),
            _ => {}
        }
    }
    bench.handle.command(Order::Close { id, how: CloseMode::Reset }).unwrap();
    let outcome = bench.finish(id).await;
    assert_eq!(outcome.failure().kind, FailureKind::Cancelled);
    let sent = kinds(&outcome.records, Direction::Sent);
    assert!(sent.contains(&3), "RST_STREAM in {sent:?}");
    assert_eq!(bench.response_body(&outcome).await, b"begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_carries_several_requests_in_turn_and_at_once() {
    let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let made = Arc::clone(&count);
    let address = connections(move |mut connection| {
        made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    respond.send_response(head(200), true).unwrap();
                });
            }
        }
    })
    .await;
    let (handle, events) = Engine::start(EngineConfig {
        program: Some(program()),
        keeps_connections: true,
        ..EngineConfig::default()
    });
    let mut bench = Bench::of(handle, events);
    let first = bench.request(asking(address)).await;
    assert_eq!(first.status(), Some(200), "{:?}", first.done);
    let ids: Vec<_> = (0..8).map(|_| bench.open(Plan::Http(asking(address)))).collect();
    let mut over = 0;
    let mut notes = Vec::new();
    while over < ids.len() {
        match bench.fact().await {
            Event::Done { outcome, .. } => {
                outcome.unwrap();
                over += 1;
            }
            Event::Traffic(batch) => notes.extend(
                batch
                    .records
                    .iter()
                    .filter(|it| it.kind == RecordKind::Note)
                    .map(|it| String::from_utf8_lossy(&it.data).into_owned()),
            ),
            _ => {}
        }
    }
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 1, "one connection for all");
    let over = notes.iter().filter(|note| note.contains("goes over the connection of")).count();
    assert_eq!(over, 8, "{notes:?}");
    bench.handle.command(Order::LetGo).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_0_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let count = tcp.read(&mut heard).await.unwrap();
        tcp.write_all(b"HTTP/1.0 200 OK\r\n\r\nold").await.unwrap();
        heard.truncate(count);
        heard
    });
    let plan =
        HttpPlan { version: VersionChoice::Http10, ..plan("GET", &format!("http://{address}/")) };
    let (_, outcome) = got(plan).await;
    assert_eq!(outcome.status(), Some(200));
    assert!(served.await.unwrap().starts_with(b"GET / HTTP/1.0\r\n"));
}

/// What takes TLS and speaks these protocols.
fn secure(protocols: &[&[u8]]) -> tokio_rustls::TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

/// Answers in what was agreed on.
async fn serve(acceptor: tokio_rustls::TlsAcceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            if tls.get_ref().1.alpn_protocol() == Some(b"h2") {
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(tls).await.unwrap();
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        let _ = respond.send_response(head(200), true);
                    }
                });
            } else {
                let _ = tls.read(&mut [0; 4096]).await;
                let _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_the_server_chooses_and_strict_means_strict() {
    let both = serve(secure(&[b"h2", b"http/1.1"])).await;
    let old = serve(secure(&[b"http/1.1"])).await;
    let none = serve(secure(&[])).await;
    let asked = |address: SocketAddr, version| HttpPlan {
        version,
        verify: Verify::Off,
        ..plan("GET", &format!("https://{address}/"))
    };
    let spoken = |outcome: &Outcome| {
        let StartLine::Response { version, .. } =
            outcome.exchange().response.as_ref().unwrap().head.start
        else {
            panic!("{outcome:?}")
        };
        version
    };
    for (address, version, expected) in [
        (both, VersionChoice::Auto, HttpVersion::Http2),
        (both, VersionChoice::Http2, HttpVersion::Http2),
        (both, VersionChoice::Http11, HttpVersion::Http11),
        (old, VersionChoice::Auto, HttpVersion::Http11),
        (none, VersionChoice::Auto, HttpVersion::Http11),
    ] {
        let (_, outcome) = got(asked(address, version)).await;
        assert_eq!(outcome.status(), Some(200), "{version}: {:?}", outcome.done);
        assert_eq!(spoken(&outcome), expected, "{version}");
    }
    let (_, outcome) = got(asked(none, VersionChoice::Http2)).await;
    assert!(outcome.failure().cause.contains("does not speak HTTP/2"), "{}", outcome.failure());
    let (_, outcome) = got(asked(old, VersionChoice::Http2)).await;
    assert_eq!(outcome.failure().stage, Stage::Tls, "{}", outcome.failure());
}

/// A server that others wrote; ends when it is dropped.
struct Nghttpd(Child, SocketAddr);

impl Drop for Nghttpd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn has(program: &str) -> bool {
    let ran =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = ran.is_ok_and(|status| status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "{program} is not here");
        println!("skipped: {program} is not here");
    }
    works
}

async fn nghttpd(folder: &Path, arguments: &[&str]) -> Nghttpd {
    let port = super::harness::peers::free_port();
    let child = Command::new("nghttpd")
        .args(arguments)
        .args(["--address=127.0.0.1", "-d"])
        .arg(folder)
        .args(["--echo-upload", "--trailer=x-sum: 1"])
        .arg(port.to_string())
        .args(if arguments.is_empty() {
            vec![folder.join("key.pem"), folder.join("cert.pem")]
        } else {
            Vec::new()
        })
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let began = std::time::Instant::now();
    while TcpStream::connect(address).await.is_err() {
        assert!(began.elapsed() < DEADLINE, "nghttpd does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Nghttpd(child, address)
}

fn curl(arguments: &[&str]) -> Vec<u8> {
    let output =
        Command::new("curl").args(["-sS", "--max-time", "20"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn nghttpd_gives_us_what_it_gives_curl() {
    if !has("nghttpd") || !has("curl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let large: Vec<u8> = (0..2_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(folder.path().join("large.bin"), &large).unwrap();
    std::fs::write(folder.path().join("a.txt"), "text").unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let plain = nghttpd(folder.path(), &["--no-tls"]).await;
    let secure = nghttpd(folder.path(), &[]).await;
    let mut bench = Bench::new();
    for (base, version, option) in [
        (
            format!("http://{}", plain.1),
            VersionChoice::Http2PriorKnowledge,
            "--http2-prior-knowledge",
        ),
        (format!("https://{}", secure.1), VersionChoice::Auto, "--http2"),
    ] {
        for path in ["/large.bin", "/a.txt", "/missing"] {
            let url = format!("{base}{path}");
            let asked = HttpPlan { version, verify: Verify::Off, ..plan("GET", &url) };
            let outcome = bench.request(asked).await;
            assert!(outcome.done.is_ok(), "{:?}", outcome.done);
            let theirs = curl(&["-k", option, &url]);
            assert!(bench.response_body(&outcome).await == theirs, "{url}");
            let head = String::from_utf8(curl(&["-k", option, "-o", "/dev/null", "-D", "-", &url]))
                .unwrap();
            let names = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
            // curl writes the trailers behind the head.
            let expected: Vec<_> =
                head.split("\r\n\r\n").next().unwrap().lines().skip(1).map(names).collect();
            let ours: Vec<_> =
                lines(outcome.exchange()).iter().skip(1).map(|line| names(line)).collect();
            assert_eq!(ours, expected, "{url}");
        }
        let echoed =
            HttpPlan { version, verify: Verify::Off, ..posting(&format!("{base}/"), &large) };
        let outcome = bench.request(echoed).await;
        assert_eq!(outcome.status(), Some(200), "{:?}", outcome.done);
        assert!(bench.response_body(&outcome).await == large);
    }
}
