//! The shared corpora over real sockets: replies that curl has judged, redirects with credentials.
//! Where the corpora are absent a test prints so and passes, except in CI.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use serde_json::Value;
use wirebench::model::exchange::MessageFraming;
use wirebench::model::plan::{HttpPlan, PlanBody};
use wirebench::model::record::{Direction, Record, RecordKind};

use super::http::{Bench, Outcome, Step, peer, plan};

fn corpus(name: &str) -> Option<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/").to_owned() + name;
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{name}: {error}");
            println!("skipped: {name} is not here ({error})");
            None
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else { panic!() };
    let hash = suite.common.hash_provider.hash(bytes);
    hash.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Where our verdict about a reply differs from curl's, and why.
const OTHER_VERDICT: &[(u64, &str)] = &[
    (129, "an unknown HTTP version is named in a warning and read as 1.1"),
    (771, "two lengths that contradict each other are none (RFC 9112, section 6.3)"),
    (1154, "curl's own test lets it run out of memory; the head is within our bound"),
    (1277, "both codings are undone here; curl undoes the transfer coding alone"),
    (1495, "the coding is not chunked in the end: named and read until the close"),
];

/// How the bytes of a reply come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Whole,
    ByteByByte,
    SevenBytes,
    WithGaps,
}

impl Delivery {
    fn steps(self, reply: Vec<u8>) -> Vec<Step> {
        let mut steps = vec![Step::Head];
        match self {
            Delivery::Whole => steps.push(Step::Write(reply)),
            Delivery::ByteByByte => steps.push(Step::Drip(reply, 1)),
            Delivery::SevenBytes => steps.push(Step::Drip(reply, 7)),
            Delivery::WithGaps => {
                for piece in with_gaps(&reply) {
                    steps.extend([Step::Write(piece.to_vec()), Step::Pause(GAP)]);
                }
            }
        }
        steps
    }
}

/// Between pieces, so that each is a read of its own.
const GAP: Duration = Duration::from_millis(3);

/// A reply cut within its first line, within the end of its head, and twice in what is behind it.
fn with_gaps(reply: &[u8]) -> Vec<&[u8]> {
    let head = reply.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 3);
    let rest = reply.len() - head;
    let mut cuts = vec![5, head, head + rest / 3, head + rest * 2 / 3, reply.len()];
    cuts.retain(|cut| *cut <= reply.len());
    cuts.sort_unstable();
    let mut from = 0;
    let pieces = cuts.into_iter().map(|to| &reply[std::mem::replace(&mut from, to)..to]);
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// What came of a reply, to be the same however its bytes come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ending {
    failure: Option<String>,
    decode_error: Option<String>,
    status: Option<u16>,
    body: String,
    warnings: Vec<String>,
}

/// That every byte which was read is on the timeline, in order, and nothing else.
fn assert_kept(id: u64, delivery: Delivery, outcome: &Outcome, reply: &[u8]) {
    let data = |record: &&Record| {
        record.kind == RecordKind::Data && record.direction == Direction::Received
    };
    let mut at = 0;
    for record in outcome.records.iter().filter(data) {
        let length = usize::try_from(record.original_len).unwrap();
        let came = reply.get(at..at + length).unwrap_or_else(|| panic!("{id}: more than came"));
        assert!(came.starts_with(&record.data), "{id}, {delivery:?}: other bytes at {at}");
        at += length;
    }
    let raw = outcome.exchange().response.as_ref().map_or(0, |response| response.body.encoded_len);
    assert!(at as u64 >= raw, "{id}, {delivery:?}: {at} bytes of {raw}");
    let ended = outcome.exchange().response.as_ref().map(|response| &response.body.framing);
    if outcome.done.is_ok() && ended == Some(&MessageFraming::UntilClose) {
        assert_eq!(at, reply.len(), "{id}, {delivery:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_end_as_they_do_for_curl_however_their_bytes_come() {
    let Some(cases) = corpus("curl-tests/cases.json") else { return };
    let mut bench = Bench::new();
    let (mut differences, mut compared, mut other_class) = (BTreeMap::new(), 0, 0);
    for case in cases.as_array().unwrap().iter().filter(|case| case["class"] == "reply") {
        let id = case["id"].as_u64().unwrap();
        let verdict = &case["expect"]["plain_get_curl"];
        let reply = STANDARD.decode(case["reply"]["data"].as_str().unwrap()).unwrap();
        let (outcome, whole) = ending(&mut bench, id, Delivery::Whole, &reply).await;
        for delivery in [Delivery::ByteByByte, Delivery::SevenBytes, Delivery::WithGaps] {
            let (_, other) = ending(&mut bench, id, delivery, &reply).await;
            assert_eq!(other, whole, "{id}, {delivery:?}");
        }
        compared += 1;
        // Without being asked curl undoes transfer codings, but not content codings.
        let decode_error = whole.decode_error.filter(|_| verdict["exit"] != 0);
        let failure = whole.failure.or(decode_error);
        let body = outcome.exchanges[0].response.as_ref().map(|response| &response.body);
        if (verdict["exit"] == 0) != failure.is_none() {
            other_class += 1;
            differences.insert(id, format!("curl {verdict}, here {failure:?}"));
        } else if failure.is_none() && verdict["body_len"].is_u64() {
            let is_encoded = verdict["body_len"] == body.map_or(0, |body| body.encoded_len);
            let coded = body.is_some_and(|body| !body.codings.is_empty());
            if verdict["body_sha256"] != whole.body && !(coded && is_encoded) {
                differences.insert(id, format!("curl {verdict}, here {}", whole.body));
            }
        }
    }
    assert!(compared > 200);
    let same = compared - other_class;
    assert!(same * 100 >= compared * 97, "{same} of {compared} end as for curl");
    for (id, _) in OTHER_VERDICT {
        if differences.remove(id).is_none() {
            differences.insert(*id, "listed as different, but it is not".into());
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Asks a peer that answers so, and what came of it.
async fn ending(bench: &mut Bench, id: u64, delivery: Delivery, reply: &[u8]) -> (Outcome, Ending) {
    let url = peer(vec![delivery.steps(reply.to_vec())]);
    let outcome = bench.request(HttpPlan { redirects: 0, ..plan("GET", &url) }).await;
    assert_kept(id, delivery, &outcome, reply);
    let response = outcome.exchanges[0].response.as_ref();
    let body = match response {
        Some(_) => sha256(&bench.response_body(&outcome).await),
        None => String::new(),
    };
    let ending = Ending {
        // Its words quote what came until then.
        failure: outcome.done.as_ref().err().map(|it| format!("{:?} {:?}", it.stage, it.kind)),
        decode_error: response.and_then(|response| response.body.decode_error.clone()),
        status: response.and_then(|response| response.head.status()),
        body,
        warnings: outcome.exchanges[0].warnings.clone(),
    };
    (outcome, ending)
}

/// Answers every request like this and hands the requests out.
fn origin(address: &str, answer: String) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let bound = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let Ok(request) = serve(stream, &answer) else { continue };
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (bound, requests)
}

fn serve(mut stream: TcpStream, answer: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body)?;
    request.extend_from_slice(&body);
    stream.write_all(answer.as_bytes())?;
    Ok(String::from_utf8_lossy(&request).into_owned())
}

const SECRET: &str = "S3CRET";

fn credential(kind: &str) -> (&'static str, String) {
    match kind {
        "cookie-engine" | "cookie-header" => ("Cookie", format!("session={SECRET}")),
        "auth-header" => ("Authorization", format!("Bearer {SECRET}")),
        "basic-user" => ("Authorization", format!("Basic {SECRET}")),
        "api-key-header" => ("X-Api-Key", SECRET.into()),
        "proxy-auth-header" => ("Proxy-Authorization", format!("Basic {SECRET}")),
        other => panic!("unknown credential {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_crosses_an_origin() {
    let Some(corpus) = corpus("own/redirect-credentials.json") else { return };
    let mut bench = Bench::new();
    let end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".to_owned();
    for case in corpus["cases"].as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap();
        let host = if text("target") == "other-host" { "127.0.0.2" } else { "127.0.0.1" };
        let (there, requests) = origin(host, end.clone());
        let location = match text("target") {
            "same-origin" | "relative" => "/landed".to_owned(),
            "other-port" | "other-host" => format!("http://{there}/landed"),
            "scheme-relative" => format!("//{there}/landed"),
            "userinfo-in-location" => format!("http://u:{SECRET}@{there}/landed"),
            other => panic!("unknown target {other}"),
        };
        let answer = format!(
            "HTTP/1.1 {} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n",
            case["status"]
        );
        let is_same = matches!(text("target"), "same-origin" | "relative");
        let start = if is_same {
            let script = |answer: &str| vec![Step::Head, Step::Write(answer.into())];
            peer(vec![script(&answer), script(&end)])
        } else {
            format!("http://{}", origin("127.0.0.1", answer).0)
        };
        let mut plan = plan(text("method"), &format!("{start}/start"));
        let (name, value) = credential(text("credential"));
        plan.headers.push((name.into(), value));
        if text("method") == "POST" {
            plan.headers.push(("Content-Length".into(), "4".into()));
            plan.body = PlanBody::Bytes(Bytes::from_static(b"data"));
        }
        let outcome = bench.request(plan).await;
        assert!(outcome.done.is_ok(), "{case}: {:?}", outcome.done);
        let second = String::from_utf8_lossy(&outcome.exchange().request.head.raw).into_owned();
        assert_eq!(outcome.exchanges.len(), 2, "{case}");
        assert_eq!(case["must"]["secret_sent"], second.contains(SECRET), "{case}: {second}");
        assert!(second.starts_with(text_of(&case["curl_7_88_1"]["method"])), "{case}: {second}");
        if !is_same {
            let arrived = requests.recv_timeout(Duration::from_secs(10)).unwrap();
            assert!(!arrived.contains(SECRET), "{case}: {arrived}");
            let resent = arrived.ends_with("\r\n\r\ndata");
            assert_eq!(case["curl_7_88_1"]["body_resent"], resent, "{case}: {arrived}");
        }
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap()
}
