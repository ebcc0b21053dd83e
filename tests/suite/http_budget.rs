//! One budget of descriptors, memory and disk on the real program: what is full is refused in the
//! words of HTTP and shown in the traffic, and the program never comes near its limit.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use crate::harness::program::{Listening, command, listening, program};
use crate::harness::wait::{PATIENCE, wait_until};

/// Starts a listener in a process with these limits (`-n 160`), which answers after a long time.
fn limited(limits: &str, args: &str) -> Listening {
    let script = format!("ulimit {limits} && exec \"$0\" listen http://127.0.0.1:0 --json {args}");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(program());
    let plain = command(&[]);
    for (name, value) in plain.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        shell.env(name, value);
    }
    listening(&mut shell)
}

fn client(port: u16, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A listener that refuses does not wait for what is said.
    let _ = stream.write_all(sent);
    stream
}

fn reply(mut stream: TcpStream) -> String {
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[cfg(target_os = "linux")]
#[test]
fn connections_beyond_the_budget_are_refused_with_503_and_descriptors_are_left() {
    let listener = limited("-n 160", "--set delay=60s --for 6s");
    // Of 160 64 are kept for the store, 15 by session and listener.
    let all: Vec<_> = (0..120).map(|_| client(listener.port, REQUEST)).collect();
    let mut last = all.into_iter().skip(100);
    let answer = reply(last.next().unwrap());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
    // Eight are told at once, the others are reset.
    wait_until("one is told in words", || {
        let answer = reply(client(listener.port, REQUEST));
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")
    });
    let open = open_files(listener.id());
    assert!((80..=125).contains(&open), "{open} of 160 are open");
    let (status, lines) = listener.finish();
    assert_eq!(status, Some(0));
    let said = |line: &&Value| line["message"].to_string().contains("all 96 descriptors");
    assert!(lines.iter().filter(said).count() >= 20);
}

#[cfg(target_os = "linux")]
#[test]
fn a_body_that_cannot_be_kept_is_answered_507() {
    let listener = limited("-n 160", "--for 6s");
    let huge = b"PUT /huge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n";
    let answer = reply(client(listener.port, huge));
    assert!(answer.starts_with("HTTP/1.1 507 "), "{answer}");
    // Others have all descriptors, none is left for a file of a body.
    let head = b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n";
    let mut uploads: Vec<_> = (0..81).map(|_| client(listener.port, head)).collect();
    let mut upload = uploads.pop().unwrap();
    wait_until("all are let in", || open_files(listener.id()) >= 90);
    let _ = upload.write_all(&vec![b'x'; 3_000_000]);
    let answer = reply(upload);
    assert!(answer.starts_with("HTTP/1.1 507 "), "{answer}");
    drop(uploads);
    let (_, lines) = listener.finish();
    let said = |words: &str| lines.iter().any(|line| line["message"].to_string().contains(words));
    assert!(said("are kept at most") && said("cannot keep the body"), "rows of the traffic");
}

#[cfg(target_os = "linux")]
#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let listener = limited("-Sn 100 && ulimit -Hn 512", "--for 3s");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", listener.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().nth(3), Some("512"), "{line}");
}
