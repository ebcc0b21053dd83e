//! From a peer to the screen: every part of a response, of a request, and bytes of conversations.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use super::audit::{assert_log, assert_screen_bytes};
use super::{Borders, Case, cases};
use crate::harness::peers::{free_port, read_head, tcp_peer, udp_peer};
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

/// Answers request number n with the n-th payload in every part of the response; each part ends
/// with a mark of its own.
pub fn hostile_http(cases: Arc<Vec<Case>>, number: Arc<AtomicUsize>) -> SocketAddr {
    tcp_peer(move |mut stream| {
        while read_head(&mut stream).is_some() {
            let n = number.load(Ordering::SeqCst);
            let _ = stream.write_all(&response(&cases[n % cases.len()].bytes, n));
            number.store(n + 1, Ordering::SeqCst);
        }
    })
}

fn response(payload: &[u8], n: usize) -> Vec<u8> {
    let kinds = ["text/plain", "application/json", "text/html; charset=utf-8"];
    // Enough plain text that the whole counts as text and not as binary.
    let words = "plain words ".repeat(60);
    let body = [format!("BODY{n}:").as_bytes(), payload, b"\r\n", words.as_bytes()].concat();
    let mut response = Vec::new();
    for (before, after) in [
        ("HTTP/1.1 200 REASON{n}:", "\r\n"),
        ("X-Value: VALUE{n}:", "\r\n"),
        ("X-NAME{n}-", ": 1\r\n"),
        ("Set-Cookie: COOKIE{n}:", "\r\n"),
        ("Location: LOCATION{n}:", "\r\n"),
        ("Content-Disposition: attachment; filename=\"FILE{n}:", "\"\r\n"),
        ("WWW-Authenticate: Basic realm=\"REALM{n}:", "\"\r\n"),
    ] {
        response.extend_from_slice(before.replace("{n}", &n.to_string()).as_bytes());
        response.extend_from_slice(payload);
        response.extend_from_slice(after.as_bytes());
    }
    let kind = kinds[n % kinds.len()];
    let rest = format!(
        "Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n{:x}\r\n",
        body.len()
    );
    response.extend_from_slice(rest.as_bytes());
    response.extend_from_slice(&body);
    response.extend_from_slice(b"\r\n0\r\nX-T: ");
    response.extend_from_slice(format!("TRAILER{n}:").as_bytes());
    response.extend_from_slice(payload);
    response.extend_from_slice(b"\r\n\r\n");
    response
}

#[test]
fn every_part_of_a_response() {
    let Some(cases) = cases().map(Arc::new) else { return };
    let sent = Arc::new(AtomicUsize::new(0));
    let peer = hostile_http(Arc::clone(&cases), Arc::clone(&sent));
    let mut tui = Launch::default()
        .preset("a", &format!("[http]\nurl = \"http://{peer}/\"\n"))
        .env("WIREBENCH_LOG", "trace")
        .size(400, 70)
        .start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("BODY0:");
    let borders = Borders::of(&tui);
    let headers = ["VALUE", "NAME", "COOKIE", "LOCATION", "FILE", "REALM", "TRAILER"];
    // The body is on top first; from the presets three panes on is the response.
    for (keys, labels) in [
        ("", &["REASON", "BODY"][..]),
        ("<Tab><Tab><Tab>L", &headers[..]),
        // Cookies: taken apart at ';' and '=', so that a payload does not stand there whole.
        ("L", &["REASON"][..]),
        ("LL", &["REASON", "BODY", "TRAILER"][..]),
    ] {
        tui.keys(keys);
        for _ in 0..cases.len() {
            let n = sent.load(Ordering::SeqCst);
            let case = &cases[n % cases.len()];
            tui.keys("<F5>");
            wait_until("it is asked for", || sent.load(Ordering::SeqCst) > n);
            if case.is_long() {
                tui.wait_for(&format!("REASON{n}:"));
                continue;
            }
            for label in labels {
                // A colon ends the name.
                if *label == "NAME" && case.bytes.contains(&b':') {
                    continue;
                }
                let end = if *label == "NAME" { '-' } else { ':' };
                let label = &format!("{label}{n}{end}");
                tui.wait_for_screen(&case.wanted(label), |screen| case.is_shown(screen, label));
            }
            borders.assert_whole(&tui, case);
        }
    }
    let (home, raw) = leave(tui);
    assert_screen_bytes(&raw);
    assert_log(&home);
}

/// Leaves and returns everything that was written.
pub fn leave(mut tui: Tui) -> (Arc<tempfile::TempDir>, Vec<u8>) {
    tui.keys("<C-q>");
    let status = tui.wait_exit();
    assert!(status.success(), "{status:?}");
    tui.assert_restored();
    (Arc::clone(&tui.home), tui.raw())
}

#[test]
fn bytes_of_a_tcp_peer() {
    let Some(cases) = cases() else { return };
    let (sender, receiver) = channel::<Vec<u8>>();
    let receiver = Mutex::new(receiver);
    let peer = tcp_peer(move |mut stream| {
        while let Ok(bytes) = receiver.lock().unwrap().recv() {
            let _ = stream.write_all(&bytes);
        }
    });
    let mut tui = Launch::default()
        .preset("a", &format!("[tcp]\naddress = \"{peer}\"\n"))
        .env("WIREBENCH_LOG", "trace")
        .size(360, 50)
        .start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("F8 close");
    let borders = Borders::of(&tui);
    for (n, case) in cases.iter().enumerate() {
        sender.send([format!("T{n}.").as_bytes(), &case.bytes, b"\r\n"].concat()).unwrap();
        // A large frame reaches a terminal in several pieces.
        let label = &format!("T{n}.");
        tui.wait_for_screen(&case.wanted(label), |screen| case.is_shown(screen, label));
        borders.assert_whole(&tui, case);
    }
    drop(sender);
    assert_screen_bytes(&leave(tui).1);
}

#[test]
fn datagrams() {
    let Some(cases) = cases() else { return };
    let (socket, address) = udp_peer();
    let text = format!("[udp]\naddress = \"{address}\"\nstep = [{{ send = \"hello\" }}]\n");
    let mut tui = Launch::default().preset("a", &text).size(360, 50).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    let (_, program) = socket.recv_from(&mut [0; 64]).expect("the first datagram");
    tui.wait_for("1 live");
    tui.wait_quiet(std::time::Duration::from_millis(300));
    let borders = Borders::of(&tui);
    for (n, case) in cases.iter().enumerate() {
        let datagram = [format!("U{n}.").as_bytes(), &case.bytes].concat();
        socket.send_to(&datagram, program).unwrap();
        // A large frame reaches a terminal in several pieces.
        let label = &format!("U{n}.");
        tui.wait_for_screen(&case.wanted(label), |screen| case.is_shown(screen, label));
        borders.assert_whole(&tui, case);
    }
    assert_screen_bytes(&leave(tui).1);
}

#[test]
fn requests_to_our_listener() {
    let Some(cases) = cases() else { return };
    let port = free_port();
    let mut tui = Launch::default()
        .preset("a", &format!("[http-listener]\nbind = \"127.0.0.1:{port}\"\n"))
        .size(400, 60)
        .start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("1 listening");
    let borders = Borders::of(&tui);
    for (n, case) in cases.iter().enumerate() {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
        stream.write_all(&request(&case.bytes, n)).unwrap();
        let mut answer = [0; 12];
        std::io::Read::read_exact(&mut stream, &mut answer).expect("an answer");
        tui.wait_for(&format!("R{n}."));
        if case.has_marker() {
            tui.wait_for_screen(&case.id, |screen| screen.contains(super::MARKER));
        }
        borders.assert_whole(&tui, case);
    }
    assert_screen_bytes(&leave(tui).1);
}

/// A request with the payload in every part of it.
pub fn request(payload: &[u8], n: usize) -> Vec<u8> {
    let start = format!("GET /R{n}.");
    let length = format!(": 1\r\nContent-Length: {}\r\n\r\n", payload.len());
    let fields = b" HTTP/1.1\r\nHost: x\r\nUser-Agent: ";
    let parts: [&[u8]; 8] = [
        start.as_bytes(),
        payload,
        fields,
        payload,
        b" AGENT\r\nX-",
        payload,
        length.as_bytes(),
        payload,
    ];
    parts.concat()
}
