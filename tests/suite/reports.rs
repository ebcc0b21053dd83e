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
    Some((text(&output.stdout), text(&output.stderr), output.status.code(), count))
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
