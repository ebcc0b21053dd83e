//! The shared corpora, run through the codecs. Where they are absent a test prints so and passes,
//! except in CI. A case that is not taken at its word is listed with the reason.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use wirebench::codec::content_coding::ContentDecoder;
use wirebench::codec::http1::{
    BodyReader, Expected, HeadReader, request_framing, response_framing, write,
};
use wirebench::codec::lines::{JsonCheck, LineScanner};
use wirebench::codec::printable::{printable, printable_lines, printable_str};
use wirebench::compose::address::{UrlParts, normalise_url};
use wirebench::compose::plan;
use wirebench::model::exchange::StartLine;
use wirebench::model::http::{Auth, HttpSpec};
use wirebench::model::plan::{HttpPlan, Plan};
use wirebench::model::preset::Scope;
use wirebench::model::spec::{NameValue, Spec};
use wirebench::model::view::{LINE_PIECE, ViewMode};

/// Corpora made for this project, and the test that runs each.
const OWN: [(&str, &str); 10] = [
    ("bombs", "bombs, corpora::bombs_come_in_small_pieces_and_can_be_stopped"),
    ("certs", "corpora::certificates"),
    ("content-disposition-names.json", "store_files"),
    ("crlf-injection.json", "corpora::no_injected_line_reaches_a_head"),
    ("deep-nesting.json", "corpora::deep_and_wide_json_is_laid_out"),
    ("faults.json", "faults"),
    ("redirect-credentials.json", "http_corpora::no_credential_crosses_an_origin"),
    ("reports", "reports, decoded, and the unit tests of interop::curl"),
    ("terminal-payloads.json", "corpora, terminal_safety"),
    ("websocket-frames.json", "the unit tests of codec::web_socket"),
];

/// Where the corpora are.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora"))
}

/// A file of a corpus; `None` when the corpora are not here.
fn file(name: &str) -> Option<Vec<u8>> {
    match std::fs::read(root().join(name)) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{name}: {error}");
            skipped(name, &error);
            None
        }
    }
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn skipped(name: &str, error: &std::io::Error) {
    println!("skipped: {name} is not here ({error})");
}

fn json(name: &str) -> Option<Value> {
    file(name).map(|bytes| serde_json::from_slice(&bytes).expect("a corpus is valid JSON"))
}

fn list<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    let list = if key.is_empty() { value.as_array() } else { value[key].as_array() };
    list.expect("a list of cases").iter().collect()
}

fn base64(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().expect("base64 text")).expect("valid base64")
}

#[test]
fn every_corpus_of_ours_is_run_by_a_test() {
    if file("README.md").is_none() {
        return;
    }
    let entries = std::fs::read_dir(root().join("own")).unwrap();
    let mut there: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, OWN.map(|(name, _)| name), "list a new one with its test");
}

#[test]
fn no_terminal_payload_gets_through_and_every_marker_stays_visible() {
    let Some(corpus) = json("own/terminal-payloads.json") else { return };
    let mut count = 0;
    for case in list(&corpus, "cases") {
        let bytes = base64(&case["bytes_b64"]);
        let marker = case["marker"].as_str().unwrap();
        // Halves of a payload that is split over two reads hold no whole marker.
        let holds_marker = String::from_utf8_lossy(&bytes).contains(marker);
        count += usize::from(holds_marker);
        let text = String::from_utf8_lossy(&bytes);
        for shown in [printable(&bytes), printable_str(&text).into_owned()] {
            assert!(is_safe(&shown), "{}: {shown}", case["id"]);
            assert!(!holds_marker || shown.contains(marker), "{}: {shown}", case["id"]);
        }
        let lines = printable_lines(&bytes);
        assert!(lines.lines().all(is_safe), "{}", case["id"]);
        assert!(!holds_marker || lines.contains(marker), "{}", case["id"]);
    }
    assert!(count > 45, "{count}");
}

/// Everything but white space of all lines.
fn shown(body: &[u8]) -> Vec<u8> {
    let lines = LineScanner::new(ViewMode::Pretty).format(body, 0, usize::MAX);
    let solid = |bytes: &[u8]| bytes.iter().copied().filter(|b| *b > b' ').collect::<Vec<u8>>();
    lines.iter().flat_map(|line| solid(&line.bytes)).collect()
}

#[test]
fn all_valid_json_is_laid_out_and_all_that_is_none_is_said() {
    let Some(index) = json("json-test-suite/index.json") else { return };
    let (mut accepted, mut refused) = (0, 0);
    for case in list(&index, "cases") {
        let name = case["file"].as_str().unwrap();
        let body = file(&format!("json-test-suite/{name}")).expect("a file of the index");
        let mut scanner = LineScanner::new(ViewMode::Pretty);
        let result = scanner.scan(&body, |_| {});
        for mode in [ViewMode::Pretty, ViewMode::Text, ViewMode::Hex] {
            let lines = LineScanner::new(mode).format(&body, 0, usize::MAX);
            assert!(lines.iter().all(|line| line.bytes.len() <= LINE_PIECE), "{name}");
        }
        let mut check = JsonCheck::default();
        check.push(&body);
        let flaw = check.flaw().map(ToString::to_string).or(check.unfinished());
        // Those of test_transform are JSON of which parsers make different things.
        let is_json = case["expect"] == "accept" || name.starts_with("test_transform/");
        if is_json {
            accepted += 1;
            assert_eq!((result, flaw), (Ok(()), None), "{name}");
            let solid: Vec<u8> = body.iter().copied().filter(|b| *b > b' ').collect();
            assert_eq!(shown(&body), solid, "{name}");
        } else if case["expect"] == "reject" {
            refused += 1;
            assert!(flaw.is_some(), "{name}: {}", printable(&body));
        }
    }
    assert!(accepted >= 95 && refused >= 188, "{accepted} {refused}");
}

#[test]
fn deep_and_wide_json_is_laid_out() {
    let Some(corpus) = json("own/deep-nesting.json") else { return };
    for case in list(&corpus, "cases") {
        let number = |key: &str| case[key].as_u64().map(|n| n as usize);
        let text = |key: &str| case[key].as_str().unwrap_or_default();
        let (body, expected) = if let Some(depth) = number("depth") {
            let (open, close) = (text("open").repeat(depth), text("close").repeat(depth));
            let empty = text("leaf").is_empty();
            let lines = if empty { 2 * depth - 1 } else { 2 * depth + 1 };
            (format!("{open}{}{close}", text("leaf")), Some(lines))
        } else if let Some(length) = number("one_line_bytes") {
            (format!("[\"{}\"]", "x".repeat(length.min(10_000_000))), None)
        } else if let Some(keys) = number("keys_in_one_object") {
            let keys: Vec<String> = (0..keys).map(|key| format!("\"k{key}\":{key}")).collect();
            (format!("{{{}}}", keys.join(",")), Some(keys.len() + 2))
        } else {
            let count = number("array_of_scalars").expect("a known kind of case");
            (format!("[{}0]", "0,".repeat(count - 1)), Some(count + 2))
        };
        let (mut scanner, mut lines) = (LineScanner::new(ViewMode::Pretty), 0);
        scanner.scan(body.as_bytes(), |_| lines += 1).expect("valid JSON");
        let mut check = JsonCheck::default();
        check.push(body.as_bytes());
        assert_eq!((check.flaw(), check.unfinished()), (None, None));
        if let Some(expected) = expected {
            assert_eq!(lines, expected, "{case}");
        }
    }
}

/// Whether a text may go to a terminal as it is.
fn is_safe(text: &str) -> bool {
    printable_str(text) == text
}

fn gunzip(bytes: &[u8], limit: usize) -> (usize, usize, bool, bool) {
    let pieces: Vec<Bytes> = bytes.chunks(1 << 10).map(Bytes::copy_from_slice).collect();
    let mut pieces = pieces.into_iter();
    let mut decoder = ContentDecoder::pulling(&["gzip".into()], move || Ok(pieces.next()))
        .expect("a known coding");
    let (mut total, mut largest, mut buffer) = (0, 0, vec![0; 64 << 10]);
    while total < limit {
        match decoder.read(&mut buffer) {
            Ok(0) => return (total, largest, false, false),
            Ok(length) => {
                total += length;
                largest = largest.max(length);
            }
            Err(_) => return (total, largest, false, true),
        }
    }
    (total, largest, true, false)
}

#[test]
fn bombs_come_in_small_pieces_and_can_be_stopped() {
    let Some(bomb) = file("own/bombs/zero64m.gz") else { return };
    let (total, largest, stopped, _) = gunzip(&bomb, 1 << 20);
    assert!(stopped && total < (1 << 20) + largest && largest <= 64 << 10);
    assert_eq!(gunzip(&bomb, usize::MAX).0, 64 << 20);
    let truncated = file("own/bombs/truncated.gz").expect("a file beside the bomb");
    let (_, _, _, unfinished) = gunzip(&truncated, usize::MAX);
    assert!(unfinished);
}

fn injected(field: &str) -> Option<HttpSpec> {
    let mut spec = HttpSpec { url: "http://127.0.0.1/".into(), ..HttpSpec::default() };
    let value = "{{value}}".to_owned();
    let other = || "x".to_owned();
    match field {
        "url-path" => spec.url.push_str(&value),
        "url-query" => spec.query = vec![NameValue::new("a", value)],
        "url-userinfo" => spec.url = format!("http://{value}@127.0.0.1/"),
        "method" => spec.method = value,
        "header-name" => spec.headers = vec![NameValue::new(value, "x")],
        "header-value" => spec.headers = vec![NameValue::new("A", value)],
        "cookie-value" => spec.headers = vec![NameValue::new("Cookie", format!("a={value}"))],
        "content-type" => spec.headers = vec![NameValue::new("Content-Type", value)],
        "basic-user" => spec.auth = Auth::Basic { user: value, password: other() },
        "basic-password" => spec.auth = Auth::Basic { user: other(), password: value },
        "bearer" => spec.auth = Auth::Bearer(value),
        // Multipart, proxies, WebSocket, FTP and SNI of HTTP are not in this version.
        _ => return None,
    }
    Some(spec)
}

#[test]
fn no_injected_line_reaches_a_head() {
    let Some(corpus) = json("own/crlf-injection.json") else { return };
    let mut tried = 0;
    for case in list(&corpus, "cases") {
        let field = case["field"].as_str().unwrap();
        let Some(spec) = injected(field) else { continue };
        tried += 1;
        let value = case["value"].as_str().unwrap().to_owned();
        let variables = BTreeMap::from([("value".to_owned(), value.clone())]);
        let scope = Scope { variables, ..Scope::default() };
        match plan(&Spec::Http(spec), &scope) {
            Err(issues) => assert!(!issues.is_empty()),
            Ok(Plan::Http(HttpPlan { method, url, headers, .. })) => {
                // In a query everything can be said, percent-encoded.
                let is_told = field == "url-query" || !value.contains(['\r', '\n', '\0']);
                assert!(is_told, "{}", case["id"]);
                let target = UrlParts::parse(&url).expect("a whole URL").target;
                let head = write::request_head(
                    &method,
                    &target,
                    wirebench::model::exchange::HttpVersion::Http11,
                    &headers,
                );
                let mut reader = HeadReader::new(Expected::Request);
                let (used, parsed) = reader.push(&head).unwrap().expect("a whole head");
                assert_eq!(used, head.len(), "{}", case["id"]);
                let names = parsed.head.fields.iter().map(|field| &field.name);
                assert!(names.clone().all(|name| !name.starts_with(b"X-Inj")), "{}", case["id"]);
                assert_eq!(names.count(), headers.len(), "{}", case["id"]);
            }
            Ok(other) => panic!("{other:?}"),
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn urls_become_what_the_url_standard_says() {
    let Some(corpus) = json("urltestdata/urltestdata.json") else { return };
    let mut agreed = 0;
    for case in list(&corpus, "").iter().filter(|case| case["base"].is_null()) {
        let Some(input) = case["input"].as_str() else { continue };
        let lower = input.to_ascii_lowercase();
        if !lower.starts_with("http://") && !lower.starts_with("https://") {
            continue;
        }
        let Some(href) = case["href"].as_str() else {
            assert!(normalise_url(input).is_err(), "{input}");
            continue;
        };
        if let Ok(url) = normalise_url(input) {
            agreed += 1;
            // Path and query go out as typed, so it is their reading that must be the same.
            let read = url::Url::parse(&url).unwrap();
            assert_eq!(read.as_str(), href.split('#').next().unwrap(), "{input}");
            let target = UrlParts::parse(&url).unwrap().target;
            assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{input}: {target}");
            let typed = input.split('#').next().unwrap().trim();
            if typed.bytes().all(|byte| byte.is_ascii_graphic()) && target != "/" {
                assert!(typed.ends_with(target.trim_start_matches('/')), "{input}: {target}");
            }
        } else {
            // Stricter on purpose: the standard drops or turns these in silence.
            let odd = |c: char| c.is_control() || c == '\\';
            assert!(input.contains(odd) || input.contains(":///"), "{input}");
        }
    }
    assert!(agreed > 50);
}

#[path = "corpora/certificates.rs"]
mod certificates;
#[path = "corpora/llhttp.rs"]
mod llhttp;
