//! Connections that presets of a run leave to each other: when, and when not.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::harness::peers::{read_head, tcp_peer};
use crate::runs::{Home, http};

/// What came, as `connection method path`, connections counted from 1.
type Seen = Arc<Mutex<Vec<String>>>;

/// Answers any number of requests of a connection, or as many as that; what comes behind is read and the connection then
/// let go without a word.
fn server(answers: usize, more: &'static str) -> (SocketAddr, Seen) {
    let (seen, count) = (Seen::default(), AtomicUsize::new(0));
    let notes = Arc::clone(&seen);
    let peer = tcp_peer(move |mut stream| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        for answered in 0.. {
            let Some(head) = read_head(&mut stream) else { return };
            let head = String::from_utf8_lossy(&head);
            let mut words = head.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            notes.lock().unwrap().push(format!("{number} {method} {path}"));
            if answered == answers {
                return;
            }
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{more}\r\nok");
        }
    });
    (peer, seen)
}

/// Runs these presets one after the other; what the peer saw.
fn ran(peer: SocketAddr, seen: &Seen, presets: &[&str]) -> Vec<String> {
    let named: Vec<(String, String)> = presets
        .iter()
        .enumerate()
        .map(|(at, more)| (format!("f/{at}.toml"), http(peer, &format!("/{at}"), more)))
        .collect();
    let files: Vec<(&str, &str)> = named.iter().map(|(name, text)| (&**name, &**text)).collect();
    let ran = Home::new(&files).run(&["f"]);
    assert_eq!(ran.status, Some(0), "{}{}", ran.said, ran.printed);
    std::mem::take(&mut *seen.lock().unwrap())
}

const POST: &str = "method = \"POST\"\nbody.text = \"ab\"\n";

#[test]
fn presets_of_a_run_leave_their_connection_to_the_next() {
    let (peer, seen) = server(usize::MAX, "");
    let seen = ran(peer, &seen, &["", "\n[expect]\nbody = \"ok\"\n", ""]);
    assert_eq!(seen, ["1 GET /0", "1 GET /1", "1 GET /2"]);
}

#[test]
fn what_must_not_share_a_connection_has_one_of_its_own() {
    let (peer, seen) = server(usize::MAX, "");
    for own in [
        POST,
        "\n[expect]\nconnect = \"< 1m\"\n",
        "\n[capture]\ntook = \"connect\"\n",
        "source = \"127.0.0.2\"\n",
        "keep-alive = \"9s\"\n",
    ] {
        let seen = ran(peer, &seen, &["", own, ""]);
        let of: Vec<&str> = seen.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert!(of[0] != of[1], "{own}: {seen:?}");
    }
}

#[test]
fn a_connection_is_not_left_by_what_may_not_have_ended() {
    let (peer, seen) = server(usize::MAX, "");
    for own in [
        "headers = [\"Connection: close\"]\n",
        "headers = [\"Connection: keep-alive\"]\n",
        "headers = [\"Upgrade: h2c\"]\n",
        "headers = [\"Content-Length: 0\", \"Content-Length: 0\"]\n",
    ] {
        let seen = ran(peer, &seen, &[own, ""]);
        let of: Vec<&str> = seen.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert!(of[0] != of[1], "{own}: {seen:?}");
    }
    let (peer, seen) = server(usize::MAX, "Connection: close\r\n");
    let seen = ran(peer, &seen, &["", ""]);
    assert_eq!(seen, ["1 GET /0", "2 GET /1"]);
}

#[test]
fn a_request_is_sent_once_more_when_its_peer_had_let_go_of_the_connection() {
    let (peer, seen) = server(1, "");
    let seen = ran(peer, &seen, &["", "", POST, ""]);
    assert_eq!(
        seen,
        ["1 GET /0", "1 GET /1", "2 GET /1", "3 POST /2", "3 GET /3", "4 GET /3"],
        "POST goes out once, over a connection of its own"
    );
}

#[test]
fn a_mock_of_the_run_ends_with_it_although_connections_to_it_are_kept() {
    let mock = "[http-listener]\nbind = \"127.0.0.1:0\"\nbody.text = \"hi\"\n";
    let asks = "[http]\nurl = \"http://127.0.0.1:{{mock.port}}/\"\nneeds = [\"mock\"]\n\n[expect]\nbody = \"hi\"\n";
    let home = Home::new(&[("mock.toml", mock), ("f/a.toml", asks), ("f/b.toml", asks)]);
    let ran = home.run(&["f"]);
    assert_eq!(ran.status, Some(0), "{}{}", ran.said, ran.printed);
    assert_eq!(ran.verdicts(), ["f/a passed", "f/b passed"]);
}
