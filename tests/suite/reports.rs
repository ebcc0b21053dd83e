//! Responses after public reports about other tools: what `send` makes of them, byte for byte.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::run;

/// What a peer that answers with the file of this name leads to: what `send` prints with these
/// arguments, its remarks, its exit status and how many requests there were.
fn sent(name: &str, arguments: &[&str]) -> Option<(String, String, Option<i32>, usize)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/own/reports/");
    let Ok(answer) = std::fs::read(std::path::Path::new(folder).join(name)) else {
        assert!(std::env::var_os("CI").is_none(), "{name} is missing");
        return None;
    };
    Some(answered(answer, arguments))
}

/// The same for these bytes.
fn answered(answer: Vec<u8>, arguments: &[&str]) -> (String, String, Option<i32>, usize) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let address = tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            counted.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(&answer);
        }
    });
    let url = format!("http://{address}/");
    let output = run(&[&["send", &url], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let count = requests.load(Ordering::Relaxed);
    (text(&output.stdout), text(&output.stderr), output.status.code(), count)
}

#[test]
fn a_status_below_100_is_a_final_response() {
    let Some((body, said, status, _)) = sent("01-status-0.http", &["--raw"]) else { return };
    assert_eq!((body.as_str(), status), ("<html>hi</html>", Some(0)), "{said}");
    assert!(said.contains("status code '0'"), "{said}");
}

#[test]
fn chunks_announced_twice_are_undone_once() {
    let Some((body, said, status, _)) = sent("02-chunked-twice.http", &["--raw"]) else { return };
    assert_eq!((body.as_str(), status), ("{\"a\":1}", Some(0)), "{said}");
    assert!(said.contains("chunked more than once"), "{said}");
}

#[test]
fn an_empty_location_is_no_redirect() {
    let Some((body, said, status, requests)) = sent("08-empty-location.http", &["--raw"]) else {
        return;
    };
    assert_eq!((body.as_str(), status, requests), ("body", Some(0), 1), "{said}");
    assert!(said.contains("the Location is empty"), "{said}");
}

#[test]
fn odd_heads_are_read_and_said() {
    let cases: [(&str, &str, &[&str]); 14] = [
        ("099 X\r\nContent-Length: 2", "hi", &["status code '099'"]),
        ("1000 X\r\nContent-Length: 2", "hi", &["status code '1000'"]),
        ("600 X\r\nContent-Length: 2", "hi", &["status code 600 is beyond 599"]),
        ("999 X\r\nContent-Length: 2", "hi", &["status code 999 is beyond 599"]),
        ("599 X\r\nContent-Length: 2", "hi", &[]),
        (
            "101 X\r\nUpgrade: foo",
            "",
            &["101 switches to another protocol", "2 bytes after the end"],
        ),
        (
            "200 X\r\nContent-Encoding: identity, x-identity",
            "hi",
            &["x-identity: unknown content coding"],
        ),
        ("200 X\r\nContent-Encoding:", "hi", &[]),
        ("200 X\r\nContent-Encoding: ,identity,,", "hi", &[]),
        ("200 X\r\nContent-Encoding: aws-chunked", "hi", &[]),
        ("200 X\r\nContent-Encoding: AWS-CHUNKED, identity", "hi", &[]),
        ("302 X\r\nLocation:  \r\nContent-Length: 2", "hi", &["the Location is empty"]),
        (
            "307 X\r\nLocation:\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2",
            "hi",
            &["the Location is empty"],
        ),
        ("200 X\r\nContent-Type:\r\nX-Empty:", "hi", &[]),
    ];
    for (head, body, remarks) in cases {
        let answer = format!("HTTP/1.1 {head}\r\n\r\nhi").into_bytes();
        let (printed, said, status, requests) = answered(answer, &["--raw"]);
        assert_eq!((&*printed, status, requests), (body, Some(0), 1), "{head}: {said}");
        assert_eq!(said.lines().count(), remarks.len(), "{head}: {said}");
        assert!(remarks.iter().all(|remark| said.contains(remark)), "{head}: {said}");
    }
}

#[test]
fn an_upload_coding_is_passed_over() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"packed").unwrap();
    let packed = encoder.finish().unwrap();
    for codings in
        ["aws-chunked,gzip", "gzip, aws-chunked", "AWS-Chunked\r\nContent-Encoding: X-GZIP"]
    {
        let head = format!("HTTP/1.1 200 X\r\nContent-Encoding: {codings}\r\n\r\n");
        let (printed, said, ..) = answered([head.as_bytes(), &packed].concat(), &["--raw"]);
        assert_eq!((&*printed, &*said), ("packed", ""), "{codings}");
    }
}

#[test]
fn interim_responses_alone_are_no_answer() {
    let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
    let (_, said, status, _) = answered(answer, &["--raw"]);
    assert!(said.contains("closed after 2 interim (1xx) responses"), "{said}");
    assert_eq!(status, Some(3));
}
