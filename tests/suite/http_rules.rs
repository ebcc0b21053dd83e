//! The HTTP listener of the real program on the wire: whatever is odd about a request, the bytes
//! behind it are never taken for the next one, and each refusal has its status, its words and its
//! place in the traffic.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::harness::program::{Listening, listen};
use crate::harness::wait::PATIENCE;

/// What stands behind each request: no second answer may come for it.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends and reads until the listener closes; the statuses of all answers.
fn statuses(port: u16, sent: &[u8]) -> Vec<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(sent).unwrap();
    let mut reply = Vec::new();
    // A reset behind the answer takes nothing back.
    let read = stream.read_to_end(&mut reply);
    let reply = String::from_utf8_lossy(&reply).into_owned();
    assert!(read.is_ok() || !reply.is_empty(), "{read:?} for {}", String::from_utf8_lossy(sent));
    let answers = reply.split("HTTP/1.1 ").skip(1);
    answers.map(|answer| answer.get(..3).unwrap().parse().unwrap()).collect()
}

fn http_listener() -> Listening {
    listen("http://127.0.0.1:0", &["--json", "--for", "20s"])
}

/// Framing that has two readings or none, with the status it gets.
const FRAMINGS: &[(&str, u16)] = &[
    ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 200),
    ("Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 200),
    ("Content-Length: 3, 3\r\n\r\nabc", 200),
    ("Content-Length: 0\r\nContent-Length: 44\r\n\r\n", 400),
    ("Content-Length: 0, 44\r\n\r\n", 400),
    ("Content-Length: +0\r\n\r\n", 400),
    ("Content-Length: 0x0\r\n\r\n", 400),
    ("Content-Length:\r\n\r\n", 400),
    ("Content-Length: 0\r\nTransfer-Encoding:\r\n\r\n", 400),
    ("Content-Length: no\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("Content-Length : 0\r\n\r\n", 400),
    ("Content_Length\u{1}: 0\r\n\r\n", 400),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
    ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    ("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    ("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ("Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n", 400),
    ("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    ("Transfer-Encoding: cow, chunked\r\n\r\n0\r\n\r\n", 501),
    ("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 200),
    ("Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", 200),
    ("A: b\rContent-Length: 3\r\n\r\n", 400),
    ("A: b\nContent-Length: 0\r\n\r\n", 200),
    ("no colon\r\n\r\n", 400),
    ("Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n", 400),
    ("Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n", 400),
    ("Transfer-Encoding: chunked\r\n\r\n0\n\n", 200),
    ("Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\nx\r\n0\r\n\r\n", 200),
    ("Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n", 200),
    ("Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", 400),
    ("Transfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n\r\n", 200),
];

#[test]
fn bytes_behind_a_request_of_doubtful_length_are_never_the_next_request() {
    let mut listening = http_listener();
    let mut wrong = Vec::new();
    for (framing, status) in FRAMINGS {
        let head = "POST /first HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n";
        let got = statuses(listening.port, format!("{head}{framing}{HIDDEN}").as_bytes());
        if got != [*status] {
            wrong.push(format!("{framing:?}: {got:?} instead of {status}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Each is an exchange that says what was odd.
    let exchanges: Vec<Value> = exchanges(&mut listening, FRAMINGS.len());
    for exchange in exchanges {
        assert!(!exchange["warnings"].as_array().unwrap().is_empty(), "{exchange}");
        assert!(exchange["url"].as_str().unwrap().ends_with("/first"), "{exchange}");
    }
}

/// The exchanges the listener reports, as many as are waited for.
fn exchanges(listening: &mut Listening, count: usize) -> Vec<Value> {
    listening.lines().filter(|line| line["type"] == "exchange").take(count).collect()
}

#[test]
fn an_old_client_with_chunks_is_answered_and_closed() {
    let listening = http_listener();
    let sent = format!(
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\n{HIDDEN}"
    );
    assert_eq!(statuses(listening.port, sent.as_bytes()), [200]);
}

#[test]
fn plain_requests_still_share_their_connection() {
    let listening = http_listener();
    let last = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let sent = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc\
         POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
         1\r\nx\r\n0\r\nT: 1\r\n\r\n\r\n{last}{HIDDEN}"
    );
    assert_eq!(statuses(listening.port, sent.as_bytes()), [200, 200, 200]);
}

#[test]
fn hosts_tunnels_versions_and_upgrades_are_answered_as_the_rules_say() {
    // Two of the ten share their connection with a plain one.
    let listening = listen("http://127.0.0.1:0", &["--json", "--count", "12", "--for", "20s"]);
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n", vec![400], "no Host header"),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
            vec![400],
            "more than one",
        ),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", vec![400], "'a b'"),
        ("GET http://localhost/ HTTP/1.1\r\n\r\n", vec![400], "no Host header"),
        ("HEAD / HTTP/1.1\r\n\r\n", vec![400], "no Host header"),
        ("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n", vec![501], "tunnel"),
        ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", vec![505], "HTTP/2.0"),
        ("GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", vec![400], "three words"),
    ];
    for (sent, wanted, _) in &cases {
        assert_eq!(
            &statuses(listening.port, format!("{sent}{HIDDEN}").as_bytes()),
            wanted,
            "{sent}"
        );
    }
    let end = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let kept = [
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "another host, 'evil.example'"),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            "upgrade to 'websocket'",
        ),
    ];
    for (sent, _) in &kept {
        let sent = format!("{sent}{end}");
        assert_eq!(statuses(listening.port, sent.as_bytes()), [200, 200], "{sent}");
    }
    let (_, lines) = listening.finish();
    let said = |words: &str| {
        let marked = |line: &Value| {
            line["type"] == "exchange" && line["warnings"].to_string().contains(words)
        };
        assert!(lines.iter().any(marked), "{words}");
    };
    for (_, _, words) in &cases {
        said(words);
    }
    for (_, words) in kept {
        said(words);
        let shown = |line: &Value| line["type"] != "exchange" && line.to_string().contains(words);
        assert!(lines.iter().any(shown), "a row with: {words}");
    }
}

/// RFC 9112, section 3.2: a target of none of the four forms, or of one that its method has not.
#[test]
fn targets_of_no_form_are_refused_and_a_foreign_one_is_marked() {
    const REFUSED: [&str; 8] = [
        "GET foo",
        "GET *",
        "GET localhost:80",
        "GET ftp://localhost/",
        "GET http:///x",
        "GET /a#b",
        "CONNECT /",
        "CONNECT localhost",
    ];
    let marked = [
        ("GET http://localhost/", "the Host header says"),
        ("GET http://other.example/a", "'other.example'"),
        ("GET /a{b}", "'{'"),
    ];
    let count = (REFUSED.len() + 1 + 2 * marked.len()).to_string();
    let listening = listen("http://127.0.0.1:0", &["--json", "--count", &count, "--for", "20s"]);
    let asked = |line: &str, host: &str, rest: &str| {
        let sent = format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n{rest}");
        statuses(listening.port, sent.as_bytes())
    };
    for line in REFUSED {
        assert_eq!(asked(line, "localhost", HIDDEN), [400], "{line}");
    }
    let end = "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(statuses(listening.port, end.as_bytes()), [200]);
    for (line, _) in marked {
        assert_eq!(asked(line, "127.0.0.1", end), [200, 200], "{line}");
    }
    let (_, lines) = listening.finish();
    let rows: Vec<String> =
        lines.iter().filter(|line| line["type"] != "exchange").map(ToString::to_string).collect();
    for words in REFUSED.map(|line| line.split(' ').nth(1).unwrap()) {
        let shown = format!("the target '{words}'");
        assert!(rows.iter().any(|row| row.contains(&shown)), "a row with: {shown} in {rows:?}");
    }
    for (_, words) in marked {
        assert!(rows.iter().any(|row| row.contains(words)), "a row with: {words} in {rows:?}");
    }
}

/// A URL within a path is a part of it: what is asked for is still this host.
#[test]
fn a_path_that_holds_a_url_is_of_the_host_that_was_asked() {
    let listening = listen("http://127.0.0.1:0", &["--json", "--count", "1", "--for", "20s"]);
    let sent =
        "GET /to/http://other.test/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(statuses(listening.port, sent.as_bytes()), [200]);
    let (_, lines) = listening.finish();
    let exchange = lines.iter().find(|line| line["type"] == "exchange").unwrap();
    assert_eq!(exchange["url"], "http://localhost/to/http://other.test/x", "{exchange}");
    assert!(!lines.iter().any(|line| line.to_string().contains("another host")), "{lines:?}");
}
