//! Every kind of socket and file call of a session fails in turn, in the real program on a terminal:
//! what went wrong is said, the program goes on, the next try works, and the terminal is given back.
//! Only the engine's threads are traced, and those that keep its bodies.
//!
//! What cannot be made to fail like the system does, and is left out:
//!
//! | call | why |
//! |---|---|
//! | `epoll_wait` | the system lets it fail for an interrupt alone, and a tracer that leaves meanwhile turns that into another error |
//! | `write` to an eventfd | it wakes a thread and cannot fail; streams go by `sendto`, bodies by `pwrite64` |
//! | `close` | it always lets go of the descriptor, a call that is made to fail does not |
//! | `epoll_create1`, `eventfd2`, `socketpair`, `fcntl` | made once before the first frame, or only looking |
//! | `clone3`, `mmap`, `futex` | threads and memory, no file or socket |

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::harness::peers::{free_port, read_head, tcp_peer, udp_peer};
use crate::harness::terminal::{Launch, Tui};
use crate::harness::tracer::{Tracer, can_trace, every_fault};
use crate::harness::wait::PATIENCE;
use crate::hostile::{assert_keys_are_answered, pane};

/// Calls of a client, from the socket to its end. `epoll_wait` is not among them: the system never
/// lets it fail but for an interrupt.
const CLIENT: &str = "socket setsockopt bind connect getsockopt getsockname,getpeername \
    sendto,sendmsg,writev recvfrom,recvmsg,readv shutdown epoll_ctl";
/// Calls of the system's library when it looks a name up, and of a connection to what it found.
const BY_NAME: &str = "open,openat read fstat,newfstatat,statx socket connect recvfrom";
/// Calls that put a long body on the disk. One open that fails is made good by another kind of open.
const KEEPING: &str = "open,openat@1 pwrite64";
const OPENING: &str = "socket setsockopt bind listen getsockname epoll_ctl";
const SERVING: &str = "accept4,accept setsockopt sendto,sendmsg,writev recvfrom,recvmsg,readv \
    shutdown epoll_ctl";

/// What a failure begins with; `Stage::title` of those a session can have.
const WORDS: [&str; 10] = [
    "storage failed",
    "name lookup failed",
    "cannot connect",
    "cannot listen",
    "sending failed",
    "no response head",
    "body ended early",
    "session ended",
    "not done",
    // Of a datagram, after which the socket goes on.
    "were not sent",
];

fn is_told(screen: &str) -> bool {
    WORDS.iter().any(|words| screen.contains(words))
}

/// The program with this preset; `None` where it may not be traced.
fn started(preset: &str) -> Option<Tui> {
    let tui = Launch::default().preset("a", preset).size(316, 50).start();
    tui.wait_for("─ a ");
    can_trace(&tui, "engine").then_some(tui)
}

/// How a try ended, and the screen that said it.
struct Tried {
    went_well: bool,
    screen: String,
}

/// A failing call in each try, and a try without one after it. `try_once` makes the try and waits
/// for its end, for a good one alone if it is to be one; it tells whether it was.
fn every_try(
    mut tui: Tui,
    (thread, calls): (&str, &'static str),
    mut try_once: impl FnMut(&mut Tui, &str, bool) -> Tried,
) {
    assert!(try_once(&mut tui, "the first try", true).went_well);
    let (mut injected, mut told) = (0, 0);
    for fault in every_fault(calls) {
        let place = fault.place();
        let tracer = Tracer::attach(&tui, thread, &fault).unwrap();
        let Tried { went_well, screen } = try_once(&mut tui, &place, false);
        let failed = tracer.detach();
        injected += usize::from(failed);
        told += usize::from(!went_well);
        assert!(failed || went_well, "{place}: nothing failed, and yet:\n{screen}");
        try_once(&mut tui, &format!("good try after {place}"), true);
    }
    assert!(injected > 4 && told > 0, "{injected} faults, {told} of them told");
    assert_keys_are_answered(&mut tui);
    tui.quit();
}

/// A peer that answers with the path it was asked for, and so many bytes after it.
fn telling_peer(more: usize) -> SocketAddr {
    tcp_peer(move |mut stream| {
        let Some(request) = read_head(&mut stream) else { return };
        let line = String::from_utf8_lossy(&request);
        let path = line.split(' ').nth(1).unwrap_or_default();
        let body = format!("answer to {path}\n{}", "x".repeat(more));
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(body.as_bytes());
    })
}

#[test]
fn a_name_that_is_looked_up_survives_every_failing_call() {
    let port = telling_peer(0).port();
    requested(("engine", BY_NAME), &format!("http://localhost:{port}"), ("", " B"));
}

#[test]
fn a_body_on_the_disk_survives_every_failing_call() {
    // Well beyond what stays in memory.
    let peer = telling_peer(3 << 20);
    requested(("body-disk", KEEPING), &format!("http://{peer}"), ("", "3.0 MiB"));
}

#[test]
fn a_request_survives_every_failing_call() {
    let peer = telling_peer(0);
    requested(("engine", CLIENT), &format!("http://{peer}"), ("source = \"127.0.0.1\"", " B"));
}

/// Requests of a peer that tells the path it was asked for; the whole answer has this size.
fn requested(traced: (&str, &'static str), peer: &str, (more, size): (&str, &'static str)) {
    let Some(tui) = started(&format!("[http]\nurl = \"{peer}/0\"\n{more}\n")) else { return };
    let (peer, mut number) = (peer.to_owned(), 0);
    every_try(tui, traced, move |tui, place, must| {
        number += 1;
        tui.keys(&format!("<C-l><C-u>{peer}/n{number}"));
        tui.wait_for(&format!("/n{number} "));
        tui.keys("<F5>");
        let answer = format!("answer to /n{number}");
        // Sending is over then: what fails at the end of a body is told behind its last byte.
        let is_whole = |screen: &str| {
            let response = pane(screen, "Response ─");
            let is_all = response.contains(&answer) && response.contains(size);
            is_all && !response.contains(" of ") && screen.contains("F5 send")
        };
        let screen = tui.shown_when(place, |screen| {
            is_whole(screen) || (!must && is_told(&pane(screen, "Response ─")))
        });
        Tried { went_well: is_whole(&screen), screen }
    });
}

/// Opens a conversation, in which a step says something, and closes it when the answer is there.
fn talk(tui: &mut Tui, place: &str, must: bool, answers: &AtomicUsize) -> Tried {
    // One to an earlier try may still be counted.
    let before = answers.load(Ordering::SeqCst);
    tui.keys("<F5>");
    let talk_of =
        |screen: &str| ["Conversation ─", "Datagrams ─"].map(|title| pane(screen, title)).concat();
    let is_there = |screen: &str| {
        let talk = talk_of(screen);
        let mut numbers = talk.split("answer-").skip(1).filter_map(|text| text.split(' ').next());
        numbers.any(|number| number.parse::<usize>().is_ok_and(|number| number >= before))
    };
    let is_over = |screen: &str| is_there(screen) || (!must && is_told(&talk_of(screen)));
    let screen = tui.shown_when(place, is_over);
    tui.keys("<F8>");
    Tried { went_well: is_there(&screen), screen }
}

#[test]
fn a_conversation_survives_every_failing_call() {
    let answers = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answers);
    let peer = tcp_peer(move |mut stream| {
        if let Ok(1..) = stream.read(&mut [0; 64]) {
            let number = count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(format!("answer-{number} \n").as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let preset = format!("[tcp]\naddress = \"{peer}\"\nstep = [{{ send = \"hello\" }}]\n");
    let Some(tui) = started(&preset) else { return };
    every_try(tui, ("engine", CLIENT), move |tui, place, must| talk(tui, place, must, &answers));
}

#[test]
fn a_udp_conversation_survives_every_failing_call() {
    let answers = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answers);
    let (peer, address) = udp_peer();
    thread::spawn(move || {
        while let Ok((_, from)) = peer.recv_from(&mut [0; 64]) {
            let number = count.fetch_add(1, Ordering::SeqCst);
            let _ = peer.send_to(format!("answer-{number} ").as_bytes(), from);
        }
    });
    let preset = format!("[udp]\naddress = \"{address}\"\nstep = [{{ send = \"hello\" }}]\n");
    let Some(tui) = started(&preset) else { return };
    every_try(tui, ("engine", CLIENT), move |tui, place, must| talk(tui, place, must, &answers));
}

#[test]
fn opening_a_listener_survives_every_failing_call() {
    let preset = format!("[tcp-listener]\nbind = \"127.0.0.1:{}\"\n", free_port());
    let Some(tui) = started(&preset) else { return };
    every_try(tui, ("engine", OPENING), |tui, place, must| {
        tui.keys("<F5>");
        let screen = tui.shown_when(place, |screen| {
            let told = is_told(&pane(screen, "Connections ─"));
            screen.contains("● 1 listening") || (!must && told)
        });
        tui.keys("<F8>");
        tui.wait_for_screen("the end of it", |screen| !screen.contains("● 1 listening"));
        Tried { went_well: screen.contains("● 1 listening"), screen }
    });
}

#[test]
fn serving_survives_every_failing_call() {
    let port = free_port();
    let rule = "[[tcp-listener.rule]]\nwhen = \"always\"\nsend = \"{{message}}\"\n";
    let preset = format!("[tcp-listener]\nbind = \"127.0.0.1:{port}\"\n{rule}");
    let Some(mut tui) = started(&preset) else { return };
    tui.keys("<F5>");
    tui.wait_for("● 1 listening");
    every_try(tui, ("engine", SERVING), move |tui, place, _| {
        let screen = tui.screen();
        assert!(screen.contains("● 1 listening"), "{place}:\n{screen}");
        Tried { went_well: echoed(port), screen }
    });
}

/// Whether a new connection gets back what it sends.
fn echoed(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, PATIENCE) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut echo = [0; 4];
    stream.write_all(b"ping").is_ok() && stream.read_exact(&mut echo).is_ok() && &echo == b"ping"
}
