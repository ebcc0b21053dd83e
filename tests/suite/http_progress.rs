//! A full HTTP listener of the real program: who moves nothing, in whatever direction, loses the
//! place to who wants it; and a system that has no connection to give makes one row, not a spin.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use socket2::{Domain, Socket, Type};
use tempfile::NamedTempFile;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::{command, listen, listening, program};
use crate::harness::wait::{PATIENCE, wait_until};

/// Connections that fill a listener.
const PLACES: usize = 256;

/// A client that takes in as little as the system allows before it reads.
fn client(port: u16) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    socket.connect(&address.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Fills a listener with clients that send this and then move nothing; a newcomer is served all the
/// same. Returns one that stood still and what the listener printed.
fn full_of(sent: &[u8]) -> (Vec<TcpStream>, Vec<Value>) {
    // Longer than what the system takes for a client that does not read.
    let answer = tempfile::NamedTempFile::new().unwrap();
    answer.as_file().set_len(16 << 20).unwrap();
    let body = format!("body.file={}", answer.path().display());
    let mut listener = listen("http://127.0.0.1:0", &["--json", "--set", &body, "--for", "16s"]);
    let port = listener.port;
    // A pipe that nobody reads would hold up the listener itself.
    let printed = std::thread::spawn(move || {
        let lines: Vec<Value> = listener.lines().collect();
        (listener.finish().0, lines)
    });
    let mut all: Vec<TcpStream> = (0..PLACES).map(|_| client(port)).collect();
    for stream in &mut all {
        stream.write_all(sent).unwrap();
    }
    for _ in 0..2 {
        // Nobody is slow before it was waited for.
        wait_until("a newcomer is served", || ask(port).starts_with("HTTP/1.1 200 "));
    }
    let (status, lines) = printed.join().unwrap();
    assert_eq!(status, Some(0));
    let room = |line: &&Value| line.to_string().contains("closed to make room");
    let made = lines.iter().filter(room).count();
    assert!((1..=2).contains(&made), "{made} made room");
    (all, lines)
}

/// What a plain request is answered; nothing when it is refused.
fn ask(port: u16) -> String {
    let mut newcomer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    newcomer.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = b"HEAD /new HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut reply = String::new();
    let _ = newcomer.write_all(request).and_then(|()| newcomer.read_to_string(&mut reply));
    reply
}

fn replies(all: &mut [TcpStream]) -> usize {
    let told = |stream: &mut TcpStream| {
        let mut start = [0; 12];
        stream.read_exact(&mut start).is_ok() && start == *b"HTTP/1.1 408"
    };
    all.iter_mut().filter_map(|stream| told(stream).then_some(())).count()
}

#[test]
fn heads_that_do_not_go_on_make_room_and_are_told() {
    let (mut all, _) = full_of(b"GET / HT");
    assert!(replies(&mut all) >= 1, "408 is their answer");
}

#[test]
fn bodies_that_do_not_go_on_make_room_and_are_told() {
    let (mut all, lines) =
        full_of(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx");
    assert!(replies(&mut all) >= 1, "408 is their answer");
    let said = |line: &Value| line.to_string().contains("too slow while another client needs");
    assert!(lines.iter().any(said));
}

#[test]
fn readers_that_never_read_make_room() {
    let (_, lines) = full_of(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let said = |line: &Value| line.to_string().contains("reset by us to make room");
    assert!(lines.iter().any(said));
}

/// The program with something the system does to one of its calls, which go into the file; `None`
/// where it cannot be traced.
fn traced(trace: &Path, fault: [&str; 2], args: &[&str]) -> Option<Command> {
    let can_trace = Command::new("strace").arg("true").stderr(Stdio::null()).status();
    if !can_trace.is_ok_and(|status| status.success()) {
        eprintln!("skipped: strace cannot trace here");
        return None;
    }
    let (call, fault) =
        (format!("trace={}", fault[0]), format!("inject={}:{}", fault[0], fault[1]));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", &call, "-e", &fault, "-o"]).arg(trace);
    strace.arg(program()).args(args);
    let plain = command(&[]);
    for (name, value) in plain.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        strace.env(name, value);
    }
    strace.stdin(Stdio::null());
    Some(strace)
}

#[test]
fn an_upload_whose_copy_waits_for_the_disk_is_complete_when_its_last_byte_is_answered() {
    const SIZE: usize = 12 << 20;
    let peer = tcp_peer(|mut stream| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let (trace, body) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
    std::fs::write(body.path(), "x".repeat(SIZE)).unwrap();
    let (url, data) = (format!("http://{peer}/"), format!("@{}", body.path().display()));
    let late = ["pwrite64", "delay_enter=30000"];
    let args = ["send", &url, "--data", &data, "--json"];
    let Some(mut upload) = traced(trace.path(), late, &args) else { return };
    let ended = upload.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{said}");
    assert!(!said.contains("before the request was complete"), "{said}");
    let line: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(line["request"]["body"]["complete"], true, "{}", line["warnings"]);
}

#[test]
fn accepts_that_fail_are_one_row_with_a_count_and_a_pause() {
    let trace = NamedTempFile::new().unwrap();
    let args = ["listen", "http://127.0.0.1:0", "--json", "--for", "14s"];
    let fault = ["accept4", "error=EMFILE:when=1..8"];
    let Some(mut strace) = traced(trace.path(), fault, &args) else { return };
    let listener = listening(&mut strace);
    let mut client = client(listener.port);
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 "), "served when the system has room again: {reply}");
    let (_, lines) = listener.finish();
    let with = |kind: &str| {
        lines.iter().filter(|line| line["kind"] == kind).map(|l| l["message"].to_string()).collect()
    };
    let (failed, notes): (Vec<String>, Vec<String>) = (with("failed"), with("note"));
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].contains("could not be accepted"), "{failed:?}");
    let counted = notes.iter().find(|note| note.contains("could not be accepted")).unwrap();
    let count: usize = counted.split(' ').find_map(|word| word.parse().ok()).unwrap();
    // strace counts in each thread; every failure was counted once, and there was a pause.
    let tries = std::fs::read_to_string(trace.path()).unwrap().matches("EMFILE").count();
    assert!(count == tries && (2..=24).contains(&tries), "{counted}, {tries} tries");
}
