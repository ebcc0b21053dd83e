//! The HTTP client and listener against scripted peers on loopback, and against each other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use tokio::time::timeout;
use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::{Event, Phase, Summary};
use wirebench::engine::{Engine, EngineConfig, EngineHandle, Events};
use wirebench::model::endpoint::Bind;
use wirebench::model::exchange::{Exchange, ExchangeState, StartLine};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::http_answer::AnswerMore;
use wirebench::model::id::{BodyId, SessionId};
use wirebench::model::plan::{
    AnswerPlan, HttpListenerPlan, HttpPlan, HttpRulePlan, LengthHeader, Plan, PlanBody, RuleTerms,
};
use wirebench::model::record::{Record, RecordKind};
use wirebench::model::secrets::Secrets;
use wirebench::model::tls::ListenerTls;
use wirebench::model::trust::{TrustedCertificates, Verify};
use wirebench::model::view::ViewPart;

use super::harness::program::program;

/// No test waits longer for anything.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct Bench {
    pub handle: EngineHandle,
    pub events: Events,
    next: u64,
    folder: tempfile::TempDir,
}

/// What a finished client session came to.
#[derive(Debug)]
pub struct Outcome {
    pub exchanges: Vec<Exchange>,
    pub records: Vec<Record>,
    pub done: Result<Summary, Failure>,
}

impl Outcome {
    pub fn exchange(&self) -> &Exchange {
        self.exchanges.last().expect("an exchange")
    }

    pub fn status(&self) -> Option<u16> {
        self.exchange().response.as_ref().and_then(|response| response.head.status())
    }

    pub fn failure(&self) -> &Failure {
        self.done.as_ref().expect_err("a failure")
    }
}

impl Bench {
    pub fn new() -> Self {
        let (handle, events) =
            Engine::start(EngineConfig { program: Some(program()), ..EngineConfig::default() });
        Bench::of(handle, events)
    }

    pub fn of(handle: EngineHandle, events: Events) -> Self {
        Bench { handle, events, next: 1, folder: tempfile::tempdir().unwrap() }
    }

    pub fn open(&mut self, plan: Plan) -> SessionId {
        let id = SessionId(self.next);
        self.next += 1;
        self.handle
            .command(Command::Open { id, plan: Box::new(plan), secrets: Secrets::default() })
            .unwrap();
        id
    }

    pub async fn fact(&mut self) -> Event {
        timeout(DEADLINE, self.events.facts.recv()).await.expect("in time").expect("an event")
    }

    pub async fn finish(&mut self, session: SessionId) -> Outcome {
        let mut exchanges = BTreeMap::new();
        let mut records = Vec::new();
        loop {
            match self.fact().await {
                Event::Exchange(exchange) if exchange.conn.session == session => {
                    exchanges.insert(exchange.number, *exchange);
                }
                Event::Traffic(batch) => {
                    records.extend(batch.records.into_iter().filter(|r| r.conn.session == session));
                }
                Event::Done { id, outcome, .. } if id == session => {
                    let exchanges = exchanges.into_values().collect();
                    return Outcome { exchanges, records, done: outcome };
                }
                _ => {}
            }
        }
    }

    pub async fn get(&mut self, url: &str) -> Outcome {
        self.request(plan("GET", url)).await
    }

    pub async fn request(&mut self, plan: HttpPlan) -> Outcome {
        let id = self.open(Plan::Http(plan));
        self.finish(id).await
    }

    /// The bytes of a body, by way of a file.
    pub async fn bytes(&mut self, body: BodyId, part: ViewPart) -> Vec<u8> {
        let path: PathBuf = self.folder.path().join(format!("{}-{part:?}", body.0));
        let _ = std::fs::remove_file(&path);
        self.handle.command(Command::SaveBody { body, part, path: path.clone() }).unwrap();
        loop {
            let event = timeout(DEADLINE, self.events.urgent.recv()).await.unwrap().unwrap();
            if let Event::BodySaved { outcome, .. } = event {
                outcome.unwrap();
                return std::fs::read(&path).unwrap();
            }
        }
    }

    pub async fn response_body(&mut self, outcome: &Outcome) -> Vec<u8> {
        let id = outcome.exchange().response.as_ref().expect("a response").body.id;
        self.bytes(id, ViewPart::Decoded).await
    }

    /// Opens a listener; returns it with its address.
    pub async fn listen(&mut self, plan: HttpListenerPlan) -> (SessionId, SocketAddr) {
        let id = self.open(Plan::HttpListener(plan));
        loop {
            match self.fact().await {
                Event::Phase { id: other, phase: Phase::Listening { addresses, .. }, .. }
                    if other == id =>
                {
                    return (id, addresses[0].inet().unwrap());
                }
                Event::Done { outcome, .. } => panic!("{outcome:?}"),
                _ => {}
            }
        }
    }

    /// The next exchange of a session that has ended.
    pub async fn ended_exchange(&mut self, session: SessionId) -> Exchange {
        loop {
            if let Event::Exchange(exchange) = self.fact().await
                && exchange.conn.session == session
                && exchange.state != ExchangeState::Active
            {
                return *exchange;
            }
        }
    }
}

pub fn plan(method: &str, url: &str) -> HttpPlan {
    let host = url.split("://").nth(1).unwrap_or("").split('/').next().unwrap_or("");
    HttpPlan {
        method: method.into(),
        url: url.into(),
        headers: vec![("Host".into(), host.into()), ("X-oDD-Case".into(), "1".into())],
        body: PlanBody::Bytes(Bytes::new()),
        length: LengthHeader::Added,
        head_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        version: wirebench::model::http::VersionChoice::default(),
        verify: Verify::On,
        trust: TrustedCertificates::default(),
        sni: String::new(),
        tls: wirebench::model::tls::TlsChoices::default(),
        transfer: wirebench::model::transfer::TransferOptions::default(),
        redirects: 10,
        auth: wirebench::model::plan::PlanAuth::None,
        cookies: wirebench::model::cookie::PlanCookies::default(),
        events: wirebench::model::plan::PlanEvents::default(),
        contract: None,
        notes: Vec::new(),
        socket: wirebench::model::socket_options::SocketOptions::default(),
        client: wirebench::model::socket_options::ClientOptions::default(),
        unix_socket: None,
        new_connection: false,
    }
}

pub fn posting(url: &str, body: &[u8]) -> HttpPlan {
    let mut plan = plan("POST", url);
    plan.headers.push(("Content-Length".into(), body.len().to_string()));
    plan.body = PlanBody::Bytes(Bytes::copy_from_slice(body));
    plan
}

/// A step of a scripted peer.
#[derive(Debug, Clone)]
pub enum Step {
    /// Read until the end of a request head.
    Head,
    Write(Vec<u8>),
    /// So many bytes a write.
    Drip(Vec<u8>, usize),
    Pause(Duration),
    /// Until the other side closes.
    Wait,
}

fn write(text: impl AsRef<[u8]>) -> Step {
    Step::Write(text.as_ref().to_vec())
}

/// Serves one script per connection, then closes. Returns the address.
pub fn peer(scripts: Vec<Vec<Step>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for script in scripts {
            let Ok((stream, _)) = listener.accept() else { return };
            play(stream, &script);
        }
    });
    format!("http://{address}")
}

/// Lets what was written go out by itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the peer is to see a gap, and there is no event to wait for"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn play(mut stream: TcpStream, script: &[Step]) {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_nodelay(true).unwrap();
    for step in script {
        match step {
            Step::Head => {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut byte) {
                        Ok(1) => head.push(byte[0]),
                        _ => return,
                    }
                }
            }
            Step::Write(bytes) => {
                if stream.write_all(bytes).is_err() {
                    return;
                }
            }
            Step::Drip(bytes, size) => {
                for piece in bytes.chunks(*size) {
                    if stream.write_all(piece).is_err() {
                        return;
                    }
                }
            }
            Step::Pause(time) => pause(*time),
            Step::Wait => {
                let mut buf = [0; 4096];
                while matches!(stream.read(&mut buf), Ok(1..)) {}
            }
        }
    }
}

async fn answered(bench: &mut Bench, bytes: impl AsRef<[u8]>) -> Outcome {
    let url = peer(vec![vec![Step::Head, write(bytes)]]);
    bench.get(&url).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_keeps_its_bytes_and_tells_its_phases() {
    let mut bench = Bench::new();
    let reply = b"HTTP/1.1 200 Fine\r\nX-B: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello";
    let outcome = answered(&mut bench, reply).await;
    outcome.done.as_ref().unwrap();
    let exchange = outcome.exchange().clone();
    assert_eq!(exchange.state, ExchangeState::Complete);
    assert_eq!(exchange.warnings, Vec::<String>::new());
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(response.head.raw, reply[..reply.len() - 5]);
    assert!(response.body.complete);
    assert_eq!((response.body.encoded_len, response.body.decoded_len), (5, 5));
    assert_eq!(bench.bytes(response.body.id, ViewPart::Raw).await, reply);
    assert_eq!(bench.bytes(response.body.id, ViewPart::Decoded).await, b"hello");
    let sent = bench.bytes(exchange.request.body.id, ViewPart::Raw).await;
    let sent = String::from_utf8(sent).unwrap();
    assert!(sent.starts_with("GET / HTTP/1.1\r\nHost: 127.0.0.1:"), "{sent}");
    assert!(sent.ends_with("X-oDD-Case: 1\r\n\r\n"), "{sent}");
    assert_eq!(exchange.request.head.raw, sent);
    let timing = exchange.timing;
    assert!(timing.connect.is_some() && timing.send.is_some() && timing.first_byte.is_some());
    assert!(timing.transfer.is_some() && timing.total > Duration::ZERO && timing.tls.is_none());
    let data: Vec<_> = outcome.records.iter().filter(|r| r.kind == RecordKind::Data).collect();
    assert_eq!(data[0].data, sent);
    assert_eq!(data[1..].iter().map(|r| r.data.to_vec()).collect::<Vec<_>>().concat(), reply);
    outcome.done.unwrap();
    let lengths: u64 = data.iter().map(|record| record.original_len).sum();
    assert_eq!(lengths, (sent.len() + reply.len()) as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_framing_is_read_to_its_end_and_no_further() {
    let mut bench = Bench::new();
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nDigest: z\r\n\r\n";
    for (reply, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
        (chunked, "hello"),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ""),
    ] {
        // The peer keeps the connection open: the end is known without a close.
        for bytes in [write(reply), Step::Drip(reply.into(), 1)] {
            let url = peer(vec![vec![Step::Head, bytes, Step::Wait]]);
            let outcome = bench.get(&url).await;
            assert!(outcome.done.is_ok(), "{:?}", outcome.done);
            assert_eq!(bench.response_body(&outcome).await, body.as_bytes(), "{reply}");
        }
    }
    let outcome = answered(&mut bench, "HTTP/1.0 200 OK\r\n\r\nuntil close").await;
    assert_eq!(bench.response_body(&outcome).await, b"until close");
    let url = peer(vec![vec![Step::Head, write(chunked), Step::Wait]]);
    let outcome = bench.get(&url).await;
    assert_eq!(outcome.exchange().response.as_ref().unwrap().body.trailers[0].value, "z");
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
    let url = peer(vec![vec![Step::Head, write(head), Step::Wait]]);
    let outcome = bench.request(plan("HEAD", &url)).await;
    assert!(outcome.done.is_ok() && bench.response_body(&outcome).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn interim_responses_are_kept_and_bounded() {
    let mut bench = Bench::new();
    let reply = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n\
                 HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let outcome = answered(&mut bench, reply).await;
    let statuses: Vec<_> =
        outcome.exchange().interim.iter().map(wirebench::model::exchange::Head::status).collect();
    assert_eq!(statuses, [Some(100), Some(103)]);
    assert_eq!(bench.response_body(&outcome).await, b"ok");
    let flood = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    let outcome = answered(&mut bench, flood).await;
    assert_eq!(outcome.failure().kind, FailureKind::TooLarge);
    assert!(outcome.exchange().interim.len() <= 100);
}

/// What a broken peer sends, and what must be said about it.
struct Fault {
    name: &'static str,
    script: Vec<Step>,
    kind: FailureKind,
    stage: Stage,
    words: &'static str,
    /// Body bytes that must have been kept.
    body: &'static [u8],
}

fn faults() -> Vec<Fault> {
    let fault = |name, script: Vec<Step>, kind, stage, words, body| {
        let script = [vec![Step::Head], script].concat();
        Fault { name, script, kind, stage, words, body }
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let with = |more: &str| vec![write(format!("{chunked}{more}"))];
    let (malformed, truncated) = (FailureKind::Malformed, FailureKind::Truncated);
    vec![
        fault("empty", vec![], truncated, Stage::Head, "without sending anything", b""),
        fault(
            "hdr-partial-fin",
            vec![write("HTTP/1.1 2")],
            truncated,
            Stage::Head,
            "10 bytes",
            b"",
        ),
        fault("body-short", vec![write(head)], truncated, Stage::Body, "5 of 10", b"hello"),
        fault("chunk-bad-size", with("zz\r\nx"), malformed, Stage::Body, "zz", b"hello"),
        fault("chunk-huge", with("fffffffffffffffff\r\n"), malformed, Stage::Body, "", b"hello"),
        fault("chunk-cut-off", with("9\r\nabc"), truncated, Stage::Body, "missing", b"helloabc"),
        fault("no last chunk", with(""), truncated, Stage::Body, "last chunk", b"hello"),
        fault("garbage", vec![write("\x00\x01SSH-2.0")], malformed, Stage::Head, "HTTP", b""),
        fault(
            "tls-on-plain",
            vec![write("\x15\x03\x01\0\x02\x02\x46")],
            malformed,
            Stage::Head,
            "TLS",
            b"",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named_and_keeps_what_arrived() {
    let mut bench = Bench::new();
    for fault in faults() {
        let name = fault.name;
        let outcome = bench.get(&peer(vec![fault.script])).await;
        let failure = outcome.failure().clone();
        assert_eq!((failure.kind, failure.stage), (fault.kind, fault.stage), "{name}: {failure}");
        assert!(failure.to_string().contains(fault.words), "{name}: {failure}");
        assert_eq!(outcome.exchange().state, ExchangeState::Failed(Box::new(failure)), "{name}");
        if outcome.exchange().response.is_some() {
            assert_eq!(bench.response_body(&outcome).await, fault.body, "{name}");
            let id = outcome.exchange().response.as_ref().unwrap().body.id;
            assert!(!bench.bytes(id, ViewPart::Raw).await.is_empty(), "{name}");
        } else {
            assert_eq!(name, "empty");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_says_how_much_had_arrived() {
    let mut bench = Bench::new();
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    // The reset must come after the bytes were read, so the client is watched.
    for (bytes, stage) in [("HTTP/1.1 200", Stage::Head), (head, Stage::Body)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let session = bench.open(Plan::Http(plan("GET", &url)));
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut seen = 0;
        while seen < bytes.len() as u64 {
            if let Event::Traffic(batch) = bench.fact().await {
                let data = batch.records.iter().filter(|r| r.kind == RecordKind::Data);
                let received = data.filter(|r| r.data.starts_with(b"HTTP"));
                seen += received.map(|r| r.original_len).sum::<u64>();
            }
        }
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        let outcome = bench.finish(session).await;
        let failure = outcome.failure();
        assert_eq!((failure.kind, failure.stage), (FailureKind::Reset, stage), "{failure}");
        assert!(failure.cause.contains("reset"), "{failure}");
        assert!(outcome.records.iter().any(|r| r.kind == RecordKind::Reset));
        let id = outcome.exchange().response.as_ref().unwrap().body.id;
        assert_eq!(bench.bytes(id, ViewPart::Raw).await, bytes.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_says_nothing_times_out_in_words() {
    let mut bench = Bench::new();
    let url = peer(vec![vec![Step::Head, write("HTTP/1.1 "), Step::Wait]]);
    let plan = HttpPlan { head_timeout: Duration::from_millis(100), ..plan("GET", &url) };
    let outcome = bench.request(plan).await;
    let failure = outcome.failure();
    assert_eq!(failure.kind, FailureKind::Timeout(Duration::from_millis(100)));
    assert!(failure.cause.contains("9 bytes received"), "{failure}");
    let response = outcome.exchange().response.as_ref().unwrap();
    assert_eq!(response.head.raw, "HTTP/1.1 ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_head_is_bounded() {
    let mut bench = Bench::new();
    let mut reply = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
    reply.resize(10 << 20, b'a');
    let outcome = answered(&mut bench, reply).await;
    assert_eq!(outcome.failure().kind, FailureKind::TooLarge);
    let response = outcome.exchange().response.as_ref().unwrap();
    assert!(bench.bytes(response.body.id, ViewPart::Raw).await.len() < 1 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_is_quick_at_any_byte_and_keeps_what_arrived() {
    let mut bench = Bench::new();
    let body = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    for (bytes, stage) in [("", Stage::Head), ("HTTP/1.1 200", Stage::Head), (body, Stage::Body)] {
        let url = peer(vec![vec![Step::Head, write(bytes), Step::Wait]]);
        let session = bench.open(Plan::Http(plan("GET", &url)));
        let mut received = 0;
        loop {
            match bench.fact().await {
                Event::Traffic(batch) => {
                    let data = batch.records.iter().filter(|r| r.data.starts_with(b"HTTP"));
                    received += data.map(|r| r.data.len()).sum::<usize>();
                }
                Event::Exchange(_) => {}
                _ => continue,
            }
            if received >= bytes.len() {
                break;
            }
        }
        let began = std::time::Instant::now();
        bench.handle.command(Command::Close { id: session, how: CloseMode::Reset }).unwrap();
        let outcome = bench.finish(session).await;
        assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
        let failure = outcome.failure();
        assert_eq!((failure.kind, failure.stage), (FailureKind::Cancelled, stage));
        if !bytes.is_empty() {
            let id = outcome.exchange().response.as_ref().unwrap().body.id;
            assert_eq!(bench.bytes(id, ViewPart::Raw).await, bytes.as_bytes());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_stops_the_upload() {
    let mut bench = Bench::new();
    let reply = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig";
    // The peer never reads the body, so sending cannot finish.
    let url = peer(vec![vec![Step::Head, write(reply), Step::Head]]);
    let outcome = bench.request(posting(&url, &vec![b'x'; 64 << 20])).await;
    assert_eq!(outcome.status(), Some(413));
    assert!(outcome.done.is_ok(), "{:?}", outcome.done);
    assert!(outcome.exchange().warnings[0].contains("before the request was complete"));
    assert_eq!(bench.response_body(&outcome).await, b"big");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_streamed_with_its_length() {
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener(answer(200, "ok"))).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    file.write_all(&bytes).unwrap();
    let mut plan = plan("PUT", &format!("http://{address}/up"));
    plan.body = PlanBody::File(file.path().into());
    let client = bench.open(Plan::Http(plan.clone()));
    let mut ended = Vec::new();
    while ended.len() < 2 {
        if let Event::Exchange(exchange) = bench.fact().await
            && exchange.state != ExchangeState::Active
        {
            ended.push(*exchange);
        }
    }
    let received = ended.iter().find(|e| e.conn.session == session).unwrap().clone();
    let sent = ended.iter().find(|e| e.conn.session == client).unwrap().clone();
    assert_eq!(received.request.head.field("content-length").unwrap(), "3000000");
    assert!(bench.bytes(received.request.body.id, ViewPart::Decoded).await == bytes);
    assert!(bench.bytes(sent.request.body.id, ViewPart::Decoded).await == bytes);
    plan.body = PlanBody::File("/nonexistent/file".into());
    let outcome = bench.request(plan).await;
    assert_eq!(outcome.failure().stage, Stage::Compose);
    assert!(outcome.failure().cause.contains("/nonexistent/file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed_shown_and_bounded() {
    let mut bench = Bench::new();
    let there = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
    let end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let url = peer(vec![vec![Step::Head, write(there)], vec![Step::Head, write(end)]]);
    let outcome = bench.request(posting(&format!("{url}/first"), b"data")).await;
    assert_eq!(outcome.exchanges.len(), 2);
    assert_eq!(outcome.exchanges[0].response.as_ref().unwrap().head.status(), Some(302));
    let second = outcome.exchange();
    assert!(second.url.ends_with("/next"));
    let StartLine::Request { method, .. } = &second.request.head.start else { panic!() };
    assert_eq!(method, "GET");
    assert!(second.request.head.field("content-length").is_none());

    let hop = |place: &str| {
        let text = there.replace("/next", place);
        vec![Step::Head, write(&text)]
    };
    let url = peer(["/a", "/b", "/a", "/b"].map(hop).to_vec());
    let outcome = bench.request(HttpPlan { redirects: 3, ..plan("GET", &url) }).await;
    assert_eq!(outcome.exchanges.len(), 4);
    assert!(outcome.failure().cause.contains("3 redirects followed"), "{}", outcome.failure());

    let url = peer(vec![vec![Step::Head, write(there)]]);
    let outcome = bench.request(HttpPlan { redirects: 0, ..plan("GET", &url) }).await;
    assert_eq!((outcome.status(), outcome.exchanges.len()), (Some(302), 1));
    assert!(outcome.done.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_itself_ends_after_the_second_time() {
    let mut bench = Bench::new();
    for (cookie, hint) in [("", ""), ("Set-Cookie: seen=1\r\n", "sets a cookie")] {
        let here =
            format!("HTTP/1.1 302 Found\r\nLocation: /x?y\r\n{cookie}Content-Length: 0\r\n\r\n");
        let url = peer(vec![vec![Step::Head, write(&here)]; 3]);
        let outcome = bench.request(plan("GET", &format!("{url}/x?y"))).await;
        let failure = outcome.failure();
        assert_eq!(outcome.exchanges.len(), 2);
        assert!(
            failure.cause.contains("leads to itself") && failure.hint.contains(hint),
            "{failure}"
        );
        // A POST becomes a GET, so only the third answer says again what the second said.
        let url = peer(vec![vec![Step::Head, write(&here)]; 4]);
        let outcome = bench.request(posting(&format!("{url}/x?y"), b"data")).await;
        assert_eq!(outcome.exchanges.len(), 3);
        assert!(outcome.failure().cause.contains("leads to itself"));
    }
}

pub fn answer(status: u16, body: &str) -> AnswerPlan {
    AnswerPlan {
        status,
        headers: vec![("X-Mock".into(), "yes".into())],
        body: PlanBody::Bytes(Bytes::copy_from_slice(body.as_bytes())),
        delay: Duration::ZERO,
        more: AnswerMore::default(),
    }
}

pub fn listener(answer: AnswerPlan) -> HttpListenerPlan {
    HttpListenerPlan {
        contract: None,
        mocks: false,
        bind: Bind::Address("127.0.0.1:0".parse().unwrap()),
        tls: ListenerTls::Off,
        socket: wirebench::model::socket_options::SocketOptions::default(),
        rules: vec![HttpRulePlan {
            id: 1,
            row: None,
            method: "POST".into(),
            path: "/users/*".into(),
            terms: RuleTerms::default(),
            answer: AnswerPlan { status: 201, ..answer.clone() },
        }],
        answer,
    }
}

/// A listener that answers everything like this.
pub fn listener_of(status: u16, body: &str) -> HttpListenerPlan {
    listener(answer(status, body))
}
