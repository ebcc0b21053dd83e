//! The same payloads without the screen: what goes to a terminal and to standard error.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::audit::{assert_coloured_lines, assert_plain_lines};
use super::roads::{hostile_http, request};
use super::{Case, MARKER, cases};
use crate::harness::peers::{free_port, tcp_peer};
use crate::harness::program::program;
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;

#[test]
fn what_a_response_prints_on_a_terminal() {
    let Some(cases) = cases().map(Arc::new) else { return };
    for style in ["--text", "--json", "--color=never"] {
        let number = Arc::new(AtomicUsize::new(0));
        let peer = hostile_http(Arc::clone(&cases), number);
        for case in cases.iter() {
            let url = format!("http://{peer}/");
            let tui = Launch::default().args(&["send", &url, style]).size(200, 50).start();
            let status = tui.wait_exit();
            assert_eq!(status.success(), !case.has_nul(), "{}: {status:?}", case.id);
            match style {
                "--text" => assert_coloured_lines(&tui.raw(), &case.id),
                _ => assert_plain_lines(&tui.raw(), &case.id),
            }
            assert_marked(case, &tui.raw());
        }
    }
}

fn assert_marked(case: &Case, shown: &[u8]) {
    let shown = String::from_utf8_lossy(shown);
    assert!(!case.has_marker() || shown.contains(MARKER), "{}: {shown}", case.id);
}

#[test]
fn what_a_listener_prints_on_a_terminal() {
    let Some(cases) = cases() else { return };
    for style in ["--text", "--json"] {
        let port = free_port();
        let spec = format!("tcp://127.0.0.1:{port}");
        let tui = Launch::default().args(&["listen", &spec, style]).size(200, 50).start();
        let mut stream = None;
        wait_until("a listener", || {
            stream = TcpStream::connect(("127.0.0.1", port)).ok();
            stream.is_some()
        });
        let mut stream = stream.expect("connected");
        for (n, case) in cases.iter().enumerate() {
            let message = [format!("L{n}.").as_bytes(), &case.bytes, b"\n"].concat();
            stream.write_all(&message).unwrap();
            let wanted = match case.text() {
                None if style == "--json" => STANDARD.encode(&message),
                _ => format!("L{n}."),
            };
            wait_until(&case.id, || memchr::memmem::find(&tui.raw(), wanted.as_bytes()).is_some());
        }
        tui.signal(rustix::process::Signal::INT);
        tui.wait_exit();
        assert_plain_lines(&tui.raw(), style);
    }
}

#[test]
fn what_an_http_listener_and_a_udp_listener_print_on_a_terminal() {
    let Some(cases) = cases() else { return };
    for (scheme, style) in
        [("http", "--text"), ("http", "--json"), ("udp", "--text"), ("udp", "--json")]
    {
        let port = free_port();
        let spec = format!("{scheme}://127.0.0.1:{port}");
        let tui = Launch::default().args(&["listen", &spec, style]).size(200, 50).start();
        let has = |text: &str| memchr::memmem::find(&tui.raw(), text.as_bytes()).is_some();
        wait_until("a listener", || has(&format!("127.0.0.1:{port}")));
        for (n, case) in cases.iter().enumerate() {
            if scheme == "udp" {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.send_to(&case.bytes, ("127.0.0.1", port)).unwrap();
                wait_until(&case.id, || has(&socket.local_addr().unwrap().to_string()));
                continue;
            }
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
            stream.write_all(&request(&case.bytes, n)).unwrap();
            wait_until(&case.id, || has(&format!("R{n}.")));
        }
        tui.signal(rustix::process::Signal::INT);
        tui.wait_exit();
        assert_plain_lines(&tui.raw(), &format!("{scheme} {style}"));
        let shown = String::from_utf8_lossy(&tui.raw()).matches(MARKER).count();
        let marked = cases.iter().filter(|case| case.has_marker()).count();
        assert!(shown >= marked, "{scheme} {style}: {shown} of {marked}");
    }
}

#[test]
fn what_a_reply_prints_on_a_terminal() {
    let Some(cases) = cases().map(Arc::new) else { return };
    let all: Vec<u8> = cases.iter().flat_map(|case| [&case.bytes[..], b"\n"].concat()).collect();
    let peer = tcp_peer(move |mut stream| {
        let _ = stream.write_all(&all);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    for style in ["--text", "--json"] {
        let target = format!("tcp://{peer}");
        let args = ["send", &target, "hello", style, "--wait", "300ms"];
        let tui = Launch::default().args(&args).size(200, 50).start();
        assert!(tui.wait_exit().success(), "{}", tui.screen());
        assert_plain_lines(&tui.raw(), style);
        let shown = String::from_utf8_lossy(&tui.raw()).matches(MARKER).count();
        let marked = cases.iter().filter(|case| case.has_marker()).count();
        // Bytes that are no text may stand as base64 in a JSON line.
        assert!(style == "--json" || shown >= marked, "{style}: {shown} of {marked}");
    }
}

#[test]
fn arguments_quoted_in_complaints() {
    let Some(cases) = cases() else { return };
    for case in cases.iter().filter(|case| !case.bytes.contains(&0) && !case.is_long()) {
        for before in ["", "--", "tcp://", "http://127.0.0.1:1/", "http://h:1 "] {
            let word = [before.as_bytes(), &case.bytes].concat();
            // Two words where there is a space: a header item.
            let words = word.split(|byte| *byte == b' ').map(std::ffi::OsStr::from_bytes);
            let home = tempfile::tempdir().unwrap();
            let output = Command::new(program())
                .args(["send", "--timeout", "200ms"].map(std::ffi::OsStr::new))
                .args(words)
                .env("WIREBENCH_HOME", home.path())
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert_ne!(output.status.code(), Some(0), "{}", case.id);
            assert_plain_lines(&output.stderr, &case.id);
        }
    }
}
