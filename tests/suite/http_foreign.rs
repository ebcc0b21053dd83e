//! The HTTP client and listener against programs that others wrote: Python, curl, OpenSSL. A tool
//! that is not here is skipped with a printed reason, except in CI.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use wirebench::model::exchange::{ExchangeState, MessageFraming};
use wirebench::model::failure::{FailureKind, Stage};
use wirebench::model::plan::{HttpListenerPlan, HttpPlan};
use wirebench::model::tls::ListenerTls;
use wirebench::model::trust::Verify;
use wirebench::model::view::ViewPart;

use super::http::{Bench, listener_of, plan};

/// Whether a tool can be run.
fn has(program: &str, check: &[&str]) -> bool {
    let ran =
        Command::new(program).args(check).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = ran.is_ok_and(|status| status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "{program} {check:?} does not work");
        println!("skipped: {program} {check:?} does not work here");
    }
    works
}

/// Ends a server when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn run(program: &str, arguments: Vec<String>) -> String {
    let program = program.to_owned();
    let task = tokio::task::spawn_blocking(move || {
        let output = Command::new(&program).args(&arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    });
    task.await.unwrap()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(Into::into).collect()
}

const PYTHON_SERVER: &str = "
import http.server
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(201, 'Made')
        self.send_header('X-Got', str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])
    def log_message(self, *a): pass
s = http.server.HTTPServer(('127.0.0.1', 0), H)
print(s.server_port, flush=True)
s.serve_forever()
";

#[tokio::test(flavor = "multi_thread")]
async fn the_client_talks_to_pythons_http_server() {
    if !has("python3", &["-c", "import http.server"]) {
        return;
    }
    let mut server =
        Command::new("python3").args(["-c", PYTHON_SERVER]).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let _server = Server(server);
    let url = format!("http://127.0.0.1:{}", port.trim());
    let mut bench = Bench::new();
    let outcome = bench.request(super::http::posting(&url, b"abc")).await;
    assert_eq!(outcome.status(), Some(201));
    let response = outcome.exchange().response.clone().unwrap();
    assert_eq!(response.body.framing, MessageFraming::UntilClose);
    assert_eq!(response.head.field("x-got").unwrap(), "3");
    assert_eq!(bench.response_body(&outcome).await, b"cba");
    let outcome = bench.get(&url).await;
    assert_eq!(outcome.status(), Some(501));
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_talks_to_the_listener_in_all_its_ways() {
    if !has("curl", &["--version"]) {
        return;
    }
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener_of(200, "hello")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("upload");
    std::fs::write(&file, vec![b'u'; 2_000_000]).unwrap();
    let file = file.display();
    for (arguments, method, framing, length, answer) in [
        ("", "GET", MessageFraming::None, 0, "hello"),
        ("-0", "GET", MessageFraming::None, 0, "hello"),
        ("-I", "HEAD", MessageFraming::None, 0, ""),
        ("-d a=b", "POST", MessageFraming::Length(3), 3, "hello"),
        (&format!("-T {file}"), "PUT", MessageFraming::Length(2_000_000), 2_000_000, "hello"),
        (
            &format!("-H Transfer-Encoding:chunked --data-binary @{file}"),
            "POST",
            MessageFraming::Chunked,
            2_000_000,
            "hello",
        ),
        (
            &format!("-H Expect:100-continue -T {file}"),
            "PUT",
            MessageFraming::Length(2_000_000),
            2_000_000,
            "hello",
        ),
    ] {
        let all = words(&format!("-sS --max-time 20 {arguments} http://{address}/x?y"));
        let (printed, exchange) = tokio::join!(run("curl", all), bench.ended_exchange(session));
        assert!(printed.ends_with(answer), "{arguments}: {printed}");
        assert_eq!(exchange.state, ExchangeState::Complete, "{arguments}");
        let head = String::from_utf8_lossy(&exchange.request.head.raw).into_owned();
        assert!(head.starts_with(method), "{arguments}: {head}");
        assert_eq!(exchange.url, format!("http://{address}/x?y"), "{arguments}");
        let body = &exchange.request.body;
        assert_eq!((body.framing, body.decoded_len), (framing, length), "{arguments}");
        let bytes = bench.bytes(body.id, ViewPart::Decoded).await;
        assert_eq!(bytes.len() as u64, length, "{arguments}");
        // curl asks for 100 by itself before a large upload.
        let asked = exchange.request.head.field("expect").is_some();
        assert_eq!(exchange.interim.len(), usize::from(asked), "{arguments}");
        assert!(asked || !arguments.contains("Expect"));
        assert_eq!(exchange.warnings, Vec::<String>::new(), "{arguments}");
    }
    let twice = format!("-sS http://{address}/1 http://{address}/2");
    let exchanges =
        async { (bench.ended_exchange(session).await, bench.ended_exchange(session).await) };
    let (printed, (first, second)) = tokio::join!(run("curl", words(&twice)), exchanges);
    assert_eq!(printed, "hellohello");
    assert_eq!(first.conn, second.conn, "the connection is used again");
}

const PYTHON_CLIENTS: &str = "
import sys, urllib.request
url = sys.argv[1]
r = urllib.request.urlopen(urllib.request.Request(url, data=b'from urllib'))
assert (r.status, r.read()) == (200, b'hello'), r
if sys.argv[2] == 'requests':
    import requests
    s = requests.Session()
    for _ in range(3):
        r = s.post(url, json={'a': 1})
        assert (r.status_code, r.text, r.headers['X-Mock']) == (200, 'hello', 'yes'), r
print('fine')
";

#[tokio::test(flavor = "multi_thread")]
async fn pythons_clients_talk_to_the_listener() {
    if !has("python3", &["-c", "import urllib.request"]) {
        return;
    }
    let mut bench = Bench::new();
    let (session, address) = bench.listen(listener_of(200, "hello")).await;
    let which = if has("python3", &["-c", "import requests"]) { "requests" } else { "urllib" };
    let url = format!("http://{address}/");
    let arguments = vec!["-c".into(), PYTHON_CLIENTS.into(), url, which.into()];
    let python = tokio::join!(run("python3", arguments), bench.ended_exchange(session));
    assert_eq!(python.0.trim(), "fine");
    assert_eq!(python.1.state, ExchangeState::Complete);
    let body = bench.bytes(python.1.request.body.id, ViewPart::Decoded).await;
    assert_eq!(body, b"from urllib");
}

async fn listen_tls(bench: &mut Bench) -> SocketAddr {
    let plan = HttpListenerPlan { tls: ListenerTls::Generated, ..listener_of(200, "secret") };
    bench.listen(plan).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_verify_stops_the_request_and_is_shown() {
    let (mut other, mut bench) = (Bench::new(), Bench::new());
    let address = listen_tls(&mut other).await;
    let url = format!("https://{address}/");
    let outcome = bench.get(&url).await;
    let failure = outcome.failure();
    assert!(failure.stage == Stage::Tls && failure.distrusted().is_some(), "{failure}");
    let facts = outcome.exchange().tls.as_ref().unwrap();
    assert!(!facts.chain.is_empty() && !facts.chain[0].subject.is_empty());
    assert!(outcome.exchange().response.is_none());

    let outcome = bench.request(HttpPlan { verify: Verify::Off, ..plan("GET", &url) }).await;
    assert_eq!(outcome.status(), Some(200), "{:?}", outcome.done);
    assert_eq!(bench.response_body(&outcome).await, b"secret");
    let exchange = outcome.exchange();
    let facts = exchange.tls.as_ref().unwrap();
    assert!(facts.version.starts_with("TLSv1") && !facts.unverified.is_empty());
    assert!(exchange.timing.tls.is_some());
    assert!(exchange.warnings[0].contains("does not verify"), "{:?}", exchange.warnings);

    let outcome = bench.get(&url.replace("https", "http")).await;
    assert_eq!(outcome.failure().kind, FailureKind::Malformed);
    assert!(outcome.failure().cause.contains("TLS"), "{}", outcome.failure());
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_talks_to_a_tls_listener() {
    if !has("curl", &["--version"]) {
        return;
    }
    let mut bench = Bench::new();
    let address = listen_tls(&mut bench).await;
    let curl = words(&format!("-sS -k --max-time 20 https://{address}/"));
    assert_eq!(run("curl", curl).await, "secret");
}
