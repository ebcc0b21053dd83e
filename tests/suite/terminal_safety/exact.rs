//! Byte truth: what a peer sent stands byte for byte in the hex views, in saved bodies, in pipes
//! and in JSON Lines, while none of it acts on the terminal.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::audit::{assert_log, assert_plain_lines, assert_screen_bytes};
use super::roads::leave;
use super::{Case, cases};
use crate::harness::peers::{read_head, tcp_peer, udp_peer};
use crate::harness::program::run;
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

/// Where the hex rows on the screen begin, and their bytes; rows with a gap are a frame half read.
fn hex_rows(screen: &str) -> Option<(usize, Vec<u8>)> {
    let (mut first, mut bytes) = (None, Vec::new());
    for line in screen.lines() {
        let line = line.trim_start_matches(['│', '┃', ' ']);
        let Some((place, rest)) = line.split_once("  ") else { continue };
        let Some((digits, _)) = rest.split_once('|') else { continue };
        let Some(place) = (place.len() == 8).then(|| usize::from_str_radix(place, 16).ok()) else {
            continue;
        };
        let start = *first.get_or_insert(place?);
        if place? != start + bytes.len() {
            return None;
        }
        for two in digits.split_whitespace() {
            bytes.push(u8::from_str_radix(two, 16).ok()?);
        }
    }
    Some((first?, bytes))
}

/// Waits until the hex rows are these bytes, or as many of them as there is room for.
fn wait_for_hex(tui: &Tui, case: &Case, wanted: &[u8]) {
    tui.wait_for_screen(&format!("{} as hex", case.id), |screen| {
        hex_rows(screen).is_some_and(|(first, shown)| {
            first == 0 && wanted.starts_with(&shown) && shown.len() >= wanted.len().min(400)
        })
    });
}

fn body_of(case: &Case, n: usize) -> Vec<u8> {
    [format!("B{n}.").as_bytes(), &case.bytes, b"\r\nthe end"].concat()
}

/// Answers each request with the next payload as body.
fn bodies(cases: Arc<Vec<Case>>) -> std::net::SocketAddr {
    let number = AtomicUsize::new(0);
    tcp_peer(move |mut stream| {
        while read_head(&mut stream).is_some() {
            let n = number.fetch_add(1, Ordering::SeqCst);
            let body = body_of(&cases[n], n);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    })
}

#[test]
fn bodies_in_hex_in_saved_files_and_on_the_clipboard() {
    let Some(cases) = cases().map(Arc::new) else { return };
    let peer = bodies(Arc::clone(&cases));
    let mut tui = Launch::default()
        .preset("a", &format!("[http]\nurl = \"http://{peer}/\"\n"))
        .size(120, 60)
        .start();
    tui.wait_for("─ a ");
    tui.keys("<Tab><Tab><Tab>z");
    for (n, case) in cases.iter().enumerate() {
        let body = body_of(case, n);
        tui.keys("<F5>");
        tui.wait_for(&format!("B{n}."));
        if hex_rows(&tui.screen()).is_none() {
            tui.keys("x");
        }
        wait_for_hex(&tui, case, &body);
        tui.keys(&format!("ys<C-u>saved{n}<Enter>"));
        let file = tui.home.path().join(format!("saved{n}"));
        wait_until("the file", || std::fs::read(&file).is_ok_and(|saved| saved == body));
    }
    let (_, raw) = leave(tui);
    let (kept, copied) = without_copies(&raw);
    assert_eq!(copied.len(), cases.len(), "every copy is one whole sequence");
    assert_screen_bytes(&kept);
}

/// Cuts out the copies to the clipboard, which are asked for; returns what was copied.
fn without_copies(raw: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    const START: &[u8] = b"\x1b]52;c;";
    let (mut kept, mut copied, mut rest) = (Vec::new(), Vec::new(), raw);
    while let Some(at) = memchr::memmem::find(rest, START) {
        kept.extend_from_slice(&rest[..at]);
        rest = &rest[at + START.len()..];
        let end = memchr::memmem::find(rest, b"\x1b\\").expect("an end of the copy");
        copied.push(STANDARD.decode(&rest[..end]).expect("nothing but base64"));
        rest = &rest[end + 2..];
    }
    kept.extend_from_slice(rest);
    (kept, copied)
}

#[test]
fn bytes_of_tcp_and_udp_peers_in_hex() {
    let Some(cases) = cases() else { return };
    let (sender, receiver) = channel::<Vec<u8>>();
    let receiver = Mutex::new(receiver);
    let peer = tcp_peer(move |mut stream| {
        while let Ok(bytes) = receiver.lock().unwrap().recv() {
            let _ = stream.write_all(&bytes);
        }
    });
    let stream = format!("[tcp]\naddress = \"{peer}\"\n");
    one_by_one(&cases, &stream, || {}, |bytes| sender.send(bytes.to_vec()).unwrap());

    let (socket, address) = udp_peer();
    let datagrams = format!("[udp]\naddress = \"{address}\"\nstep = [{{ send = \"hello\" }}]\n");
    let program = Mutex::new(None);
    one_by_one(
        &cases,
        &datagrams,
        || *program.lock().unwrap() = Some(socket.recv_from(&mut [0; 64]).unwrap().1),
        |bytes| {
            socket.send_to(bytes, program.lock().unwrap().unwrap()).unwrap();
        },
    );
}

/// Opens the session, and looks at each message of the peer in the traffic pane.
fn one_by_one(cases: &[Case], preset: &str, ready: impl Fn(), send: impl Fn(&[u8])) {
    let mut tui =
        Launch::default().preset("a", preset).env("WIREBENCH_LOG", "trace").size(140, 70).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    ready();
    tui.wait_for_screen("the first record", |screen| {
        let traffic = screen.split("Traffic ─").nth(1).unwrap_or_default();
        traffic.contains("connected") || traffic.contains("hello")
    });
    tui.keys("<Tab>zG<Enter>");
    for (n, case) in cases.iter().enumerate() {
        let message = [format!("T{n}.").as_bytes(), &case.bytes, b"\r\n"].concat();
        send(&message);
        tui.wait_for(&format!("T{n}."));
        if n == 0 {
            // Hex once chosen stays, whatever comes next.
            tui.keys("x");
        }
        wait_for_hex(&tui, case, &message);
    }
    let (home, raw) = leave(tui);
    assert_screen_bytes(&raw);
    assert_log(&home);
}

#[test]
fn what_a_pipe_and_json_lines_get() {
    let Some(cases) = cases().map(Arc::new) else { return };
    for style in ["--raw", "--json"] {
        let url = format!("http://{}/", bodies(Arc::clone(&cases)));
        for (n, case) in cases.iter().enumerate() {
            let output = run(&["send", &url, style]);
            let got = if style == "--raw" {
                output.stdout
            } else {
                // Nothing but the newline behind each line acts on a terminal either.
                assert_plain_lines(&output.stdout, &case.id);
                let line: Value = serde_json::from_slice(&output.stdout).expect("one line");
                data(&line["response"]["body"])
            };
            assert_eq!(got, body_of(case, n), "{} {style}", case.id);
        }
    }

    let mut listening =
        crate::harness::program::listen("tcp://127.0.0.1:0", &["--json", "--for", "20s"]);
    let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).expect("a listener");
    let sent: Vec<u8> = cases.iter().flat_map(|case| case.bytes.iter().copied()).collect();
    for case in cases.iter() {
        stream.write_all(&case.bytes).unwrap();
    }
    drop(stream);
    let mut got = Vec::new();
    for line in listening.lines() {
        if line["kind"] == "data" {
            got.extend(data(&line));
        }
        if got.len() >= sent.len() {
            break;
        }
    }
    assert_eq!(got, sent);
}

/// The bytes a JSON line holds.
fn data(object: &Value) -> Vec<u8> {
    match object.get("text") {
        Some(text) => text.as_str().expect("text").as_bytes().to_vec(),
        None => STANDARD.decode(object["base64"].as_str().expect("base64")).expect("base64"),
    }
}
