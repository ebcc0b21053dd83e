//! Where a response wants the client to go: the payloads in addresses that are followed, and in
//! ones that are refused with an error text.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::audit::{assert_log, assert_plain_lines, assert_screen_bytes};
use super::roads::leave;
use super::{Case, MARKER, cases};
use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::run;
use crate::harness::terminal::Launch;

/// What is before a payload in a `Location`, and what is said in the end.
const FORMS: [(&str, &str); 3] =
    [("/hop/", "landed"), ("x:", "leads to 'x:'"), ("http://h:bad/", "is no URL")];

/// What is said at the n-th place, and how many times its marker is on the screen: in the head among
/// the traffic, and in the next request or the refusal.
fn wanted(case: &Case, n: usize) -> (&'static str, usize) {
    if case.has_nul() {
        return ("holds a NUL", usize::from(case.has_marker()));
    }
    let marks = if case.has_marker() && !case.is_long() { 2 } else { 0 };
    (FORMS[n % FORMS.len()].1, marks)
}

/// Sends to the n-th place; whoever comes to another path has landed.
fn guide(cases: Arc<Vec<Case>>) -> SocketAddr {
    let number = AtomicUsize::new(0);
    tcp_peer(move |mut stream| {
        while let Some(request) = read_head(&mut stream) {
            if !request.starts_with(b"GET / ") {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nlanded");
                continue;
            }
            let n = number.fetch_add(1, Ordering::SeqCst);
            let (form, payload) = (FORMS[n % FORMS.len()].0, &cases[n / FORMS.len()].bytes);
            let head = format!("HTTP/1.1 302 N{n}.\r\nContent-Length: 0\r\nLocation: {form}");
            let _ = stream.write_all(&[head.as_bytes(), payload, b"\r\n\r\n"].concat());
        }
    })
}

#[test]
fn redirect_targets_on_the_screen() {
    let Some(cases) = cases().map(Arc::new) else { return };
    let peer = guide(Arc::clone(&cases));
    let mut tui = Launch::default()
        .preset("a", &format!("[http]\nurl = \"http://{peer}/\"\n"))
        .env("WIREBENCH_LOG", "trace")
        .size(498, 60)
        .start();
    tui.wait_for("─ a ");
    // The list of traffic stays open, and long lines have room beside the request.
    tui.keys(&format!("<F12><A-4>{}<A-1>", "]".repeat(64)));
    for n in 0..cases.len() * FORMS.len() {
        tui.keys("<F5>");
        let case = &cases[n / FORMS.len()];
        let (words, marks) = wanted(case, n);
        tui.wait_for_screen(&case.id, |screen| {
            let (list, response) = (screen.split("Traffic ─").nth(1), screen.split("Response ─"));
            list.is_some_and(|list| list.contains(&format!("N{n}.")))
                && response.last().is_some_and(|shown| shown.contains(words))
                && screen.matches(MARKER).count() >= marks
        });
    }
    let (home, raw) = leave(tui);
    assert_screen_bytes(&raw);
    let log = assert_log(&home);
    assert!(log.contains(MARKER), "what is said of a refusal is in the log: {log}");
}

#[test]
fn redirect_targets_without_the_screen() {
    let Some(cases) = cases().map(Arc::new) else { return };
    let url = format!("http://{}/", guide(Arc::clone(&cases)));
    for n in 0..cases.len() * FORMS.len() {
        let output = run(&["send", &url, "--text"]);
        let said = [output.stdout, output.stderr].concat();
        let case = &cases[n / FORMS.len()];
        let (id, (words, _)) = (&case.id, wanted(case, n));
        assert_plain_lines(&said, id);
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(words), "{id}: {said}");
        assert_eq!(output.status.code(), Some(if words == "landed" { 0 } else { 3 }), "{said}");
    }
}
