//! How requests are carried: parts of an answer, rates, logins of a file, further tries; beside curl where it does the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::harness::peers::{http_peer, read_head, tcp_peer, told_back};
use super::harness::program::{finished, run, text, told};

fn exchanges(sent: &Output) -> Vec<Value> {
    let lines = text(&sent.stdout);
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["type"] == "exchange").collect()
}

/// What curl gets; `None` = it is not here.
fn curl(args: &[&str]) -> Option<String> {
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "20", "--noproxy", "*"]).args(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    if child.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return None;
    }
    Some(text(&finished(child).stdout))
}

fn line_of(head: &str, name: &str) -> Option<String> {
    head.lines().find(|line| line.to_ascii_lowercase().starts_with(name)).map(str::to_owned)
}

#[test]
fn a_part_is_asked_for_and_what_came_of_it_is_said() {
    let url = format!("http://{}/", told_back());
    for range in ["0-499", "500-", "-100", "0-0,-1"] {
        let ours = line_of(&text(&run(&["send", &url, "--range", range]).stdout), "range:");
        assert_eq!(ours, Some(format!("Range: bytes={range}")));
        if let Some(theirs) = curl(&["-r", range, &url]) {
            assert_eq!(line_of(&theirs, "range:"), ours);
        }
    }
    for (answer, words) in [
        (
            &b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab"[..],
            "a part of the whole came: bytes 0-1/9",
        ),
        (
            b"HTTP/1.1 416 No\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n",
            "nothing of the range that was asked for: bytes */9",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "the server does not give parts"),
    ] {
        let url = format!("http://{}/", http_peer(answer));
        let sent = run(&["send", "--json", &url, "--set", "range=0-1"]);
        assert!(exchanges(&sent)[0]["warnings"].to_string().contains(words), "{}", text(&sent.stdout));
    }
    let (status, said) = told(&run(&["send", &url, "--range", "x"]));
    assert!(status == Some(2) && said.contains("'x' is no range of bytes"), "{said}");
}

#[test]
fn a_rate_holds_for_what_comes_and_for_what_goes() {
    let body = "x".repeat(200_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let large = http_peer(answer.leak().as_bytes());
    let began = Instant::now();
    let sent = run(&["send", &format!("http://{large}/"), "--limit-rate", "100k"]);
    assert_eq!(sent.stdout.len(), 200_000, "{}", text(&sent.stderr));
    let took = began.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(10)).contains(&took), "{took:?}");
    let url = format!("http://{}/", told_back());
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    std::fs::write(&file, &body).unwrap();
    let data = format!("@{}", file.display());
    let args =
        ["send", &url, "-d", &data, "--limit-rate", "200k", "-H", "Content-Type: text/plain"];
    let sent = run(&args);
    assert!(sent.stdout.len() > 200_000, "{}", text(&sent.stderr));
    assert!(began.elapsed() >= Duration::from_millis(900));
    let (status, said) = told(&run(&["send", &url, "--limit-rate", "fast"]));
    assert!(status == Some(2) && said.contains("is not a rate"), "{said}");
}

#[test]
fn logins_of_a_file_go_to_the_hosts_they_are_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("netrc");
    std::fs::write(
        &file,
        "machine 127.0.0.1 login ann password p:w\ndefault login any password canary\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let target = told_back();
    let url = format!("http://{target}/");
    let ours = run(&["send", &url, "--netrc-file", file]);
    let own = line_of(&text(&ours.stdout), "authorization:");
    assert_eq!(own.as_deref(), Some("Authorization: Basic YW5uOnA6dw=="));
    if let Some(theirs) = curl(&["--netrc-file", file, &url]) {
        assert_eq!(line_of(&theirs, "authorization:"), own);
    }
    let other = format!("http://localhost:{}/", target.port());
    let any =
        line_of(&text(&run(&["send", &other, "--netrc-file", file]).stdout), "authorization:");
    assert_eq!(any.as_deref(), Some("Authorization: Basic YW55OmNhbmFyeQ=="));
    // What is for everybody goes nowhere a server chooses.
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n");
    let from = http_peer(answer.leak().as_bytes());
    let led = run(&["send", &format!("http://{from}/"), "--netrc-file", file]);
    let got = text(&led.stdout);
    assert!(got.starts_with("GET / ") && line_of(&got, "authorization:").is_none(), "{got}");
    // What is said of the request goes before the file.
    let set = format!("netrc={file}");
    let said = run(&["send", &url, "--set", &set, "-a", "own:1"]);
    let own = line_of(&text(&said.stdout), "authorization:");
    assert_eq!(own.as_deref(), Some("Authorization: Basic b3duOjE="));
    let (status, said) = told(&run(&["send", &url, "--netrc-file", "/no/such/file"]));
    assert!(status == Some(2) && said.contains("/no/such/file"), "{said}");
}

/// Answers with each of these in turn, the last one again and again; counts who came.
fn in_turn(answers: &'static [&'static str]) -> (SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let address = tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            let at = counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let _ = stream.write_all(answers[at].as_bytes());
        }
    });
    (address, count)
}

const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy";
const LATE: &str =
    "HTTP/1.1 429 No\r\nRetry-After: 3600\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate";
const DONE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone";

#[test]
fn what_may_come_out_otherwise_is_tried_again_and_each_try_is_seen() {
    let (peer, count) = in_turn(&[BUSY, BUSY, DONE]);
    let url = format!("http://{peer}/");
    let sent = run(&["send", &url, "--retry", "3", "--retry-delay", "10ms"]);
    assert_eq!(text(&sent.stdout), "done", "{}", text(&sent.stderr));
    assert_eq!(count.load(Ordering::SeqCst), 3);
    let (peer, _) = in_turn(&[BUSY, DONE]);
    let url = format!("http://{peer}/");
    let sent = run(&["send", "--json", &url, "--retry", "3", "--retry-delay", "10ms"]);
    let tries = exchanges(&sent);
    assert_eq!(tries.len(), 2, "{}", text(&sent.stdout));
    assert_eq!(tries[0]["response"]["status"], 503);
    let words = "tried again (1 of 3) after 0.01 s: the answer was 503";
    assert!(tries[1]["warnings"].to_string().contains(words), "{}", tries[1]);
    // The last answer is the answer.
    let (peer, count) = in_turn(&[BUSY]);
    let url = format!("http://{peer}/");
    let args = ["send", &url, "--retry", "2", "--retry-delay", "10ms", "--check-status"];
    let sent = run(&args);
    assert_eq!((sent.status.code(), &*text(&sent.stdout)), (Some(1), "busy"));
    assert_eq!(count.load(Ordering::SeqCst), 3);
    let (peer, count) = in_turn(&["HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"]);
    run(&["send", &format!("http://{peer}/"), "--retry", "2", "--retry-delay", "10ms"]);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_server_that_takes_too_long_is_asked_again_and_one_that_wants_too_much_is_not() {
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let peer = tcp_peer(move |mut stream| {
        let _ = read_head(&mut stream);
        let mut asked = counted.lock().unwrap();
        *asked += 1;
        if *asked > 1 {
            let _ = stream.write_all(DONE.as_bytes());
        } else {
            drop(asked);
            std::thread::park_timeout(Duration::from_secs(3));
        }
    });
    let url = format!("http://{peer}/");
    let args = ["send", &url, "--timeout", "300ms", "--retry", "1", "--retry-delay", "10ms"];
    let sent = run(&args);
    assert_eq!(text(&sent.stdout), "done", "{}", text(&sent.stderr));
    let (peer, count) = in_turn(&[LATE]);
    let sent = run(&["send", &format!("http://{peer}/"), "--retry", "5"]);
    assert_eq!((text(&sent.stdout), count.load(Ordering::SeqCst)), ("late".into(), 1));
    let (peer, count) = in_turn(&[BUSY]);
    let args = ["--retry", "9", "--retry-delay", "400ms", "--retry-max-time", "1s"];
    run(&[&["send", &format!("http://{peer}/")], &args[..]].concat());
    assert!((2..=3).contains(&count.load(Ordering::SeqCst)));
}
