//! Faults outside of a response: connections that do not come about, TLS that fails, floods of
//! connections, urgent bytes, full disks. And the list of all faults of the shared corpus, each
//! with the test that meets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::peers::{free_port, http_peer, read_head, tcp_peer, udp_peer};
use crate::harness::program::{program, run, spawned, told};
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;
use crate::hostile::{assert_keys_are_answered, pane, table::FAULTS};

/// Faults of the corpus that are met by a test of their own.
const ELSEWHERE: [(&str, &str); 20] = [
    ("refused", "tcp_and_udp_peers_that_refuse_or_never_answer_are_told"),
    ("backlog-full", "a_peer_that_never_accepts_is_told_and_can_be_cancelled"),
    ("endless", "a_body_without_an_end_is_bounded_and_can_be_cancelled"),
    ("udp-zero", "a_udp_listener_keeps_empty_datagrams_and_answers"),
    ("tcp-many", "a_flood_of_connections_is_counted_and_refusals_are_named"),
    ("tcp-urgent", "an_urgent_byte_is_shown_in_its_place_and_does_no_harm"),
    ("half-close", "the_peer_finishing_is_said_and_our_side_stays_open"),
    ("tls-alert", "an_alert_of_the_peer_is_named"),
    ("tls-renego", "openssl_may_ask_for_another_handshake"),
    ("redirect-21", "a_circle_of_redirects_is_left_and_said"),
    ("dns-nx", "a_name_that_does_not_exist_is_said"),
    ("port-in-use", "a_taken_port_is_said_and_no_other_is_used"),
    ("port-priv", "a_port_for_root_alone_is_explained"),
    ("enospc-log", "a_full_disk_under_the_log_stops_nothing_and_is_said"),
    ("erofs", "it_works_where_nothing_can_be_written"),
    ("hdr-drip", "every_fault_of_a_response_is_told_and_what_arrived_is_shown"),
    // The bytes are shown, the length is named as wrong, and the response counts as none.
    ("cl-negative", "every_fault_of_a_response_is_told_and_what_arrived_is_shown"),
    ("hdr-partial-fin", "every_fault_without_the_screen_has_its_exit_status"),
    ("body-short", "every_fault_without_the_screen_has_its_exit_status"),
    ("ws-burst", "a_burst_of_frames_is_counted_right"),
];

/// Faults in what this program does not speak yet.
const LATER: [(&str, &str); 8] = [
    ("sse-burst", "an event stream is a body without an end here, see 'endless'"),
    ("proxy-407", "no proxies yet"),
    ("proxy-garbage", "no proxies yet"),
    ("h2-goaway", "no HTTP/2 yet"),
    ("h2-rst", "no HTTP/2 yet"),
    ("h2-ping-flood", "no HTTP/2 yet"),
    ("h2-settings-flood", "no HTTP/2 yet"),
    ("h2-empty-data", "no HTTP/2 yet"),
];

#[test]
fn every_fault_of_the_corpus_has_a_test() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/own/faults.json");
    let corpus = match std::fs::read(path) {
        Ok(text) => serde_json::from_slice::<Value>(&text).expect("valid JSON"),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            eprintln!("skipped: the list of faults is not here ({error})");
            return;
        }
    };
    let sources: String = sources(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite"));
    for (id, test) in ELSEWHERE {
        assert!(sources.contains(&format!("fn {test}(")), "{id}: there is no test {test}");
    }
    for case in corpus["cases"].as_array().expect("cases") {
        let id = case["id"].as_str().expect("a name");
        let known = FAULTS.iter().any(|fault| fault.id == id)
            || ELSEWHERE.iter().any(|(name, _)| *name == id)
            || LATER.iter().any(|(name, _)| *name == id);
        assert!(known, "{id} ({}) is met by no test", case["fault"]);
    }
}

fn sources(folder: &str) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all += &sources(path.to_str().unwrap());
        } else {
            all += &std::fs::read_to_string(path).unwrap();
        }
    }
    all
}

/// A listener whose queue is full; it answers no further attempt to connect.
fn full_listener() -> (socket2::Socket, Vec<std::io::Result<TcpStream>>, SocketAddr) {
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    full.listen(0).unwrap();
    let address = full.local_addr().unwrap().as_socket().unwrap();
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(20));
    let filling = (0..4).map(connect).collect();
    (full, filling, address)
}

#[test]
fn a_peer_that_never_accepts_is_told_and_can_be_cancelled() {
    let (_full, _filling, address) = full_listener();
    for scheme in ["http", "tcp", "tls", "https"] {
        let target = format!("{scheme}://{address}");
        let (status, said) = told(&run(&["send", &target, "--timeout", "200ms", "-I"]));
        assert_eq!(status, Some(5), "{scheme}: {said}");
        assert!(said.contains("timed out after 200 ms: no answer from"), "{scheme}: {said}");
    }
    for preset in [
        format!("[http]\nurl = \"http://{address}/\"\n"),
        format!("[tcp]\naddress = \"{address}\"\n"),
    ] {
        let mut tui = Launch::sending(&preset);
        tui.wait_for("connecting");
        assert_keys_are_answered(&mut tui);
        tui.keys("<C-c>");
        tui.wait_for("cancelled");
        tui.quit();
    }
}

#[test]
fn a_body_that_moves_is_never_timed_out_and_a_silent_one_is() {
    let peer = tcp_peer(|mut stream| {
        let Some(request) = read_head(&mut stream) else { return };
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
        for _ in 0..20 {
            if stream.write_all(b"x").is_err() {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(60));
            if request.starts_with(b"GET /silent") {
                let _ = stream.read(&mut [0]);
            }
        }
    });
    let started = Instant::now();
    let (status, said) = told(&run(&["send", &format!("http://{peer}/"), "--timeout", "500ms"]));
    assert_eq!(status, Some(0), "{said}");
    assert!(started.elapsed() > Duration::from_secs(1), "longer than the timeout");
    let (status, said) =
        told(&run(&["send", &format!("http://{peer}/silent"), "--timeout", "500ms"]));
    assert_eq!(status, Some(5), "{said}");
    let words = "body ended early";
    assert!(said.contains(words) && said.contains("within 0.5 s, after 1 of 20"), "{said}");
}

#[test]
fn a_body_without_an_end_is_bounded_and_can_be_cancelled() {
    let peer = tcp_peer(|mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nkept-z\r\n");
            let piece = b"event: more\r\n".repeat(5000);
            while stream.write_all(&piece).is_ok() {}
        }
    });
    let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
    let mut tui = Launch::sending(&preset);
    tui.wait_for_screen("the beginning", |screen| pane(screen, "Response ─").contains("kept-z"));
    assert_keys_are_answered(&mut tui);
    tui.wait_for_screen("a lot of it", |screen| {
        let sizes = screen.split_whitespace().zip(screen.split_whitespace().skip(1));
        let mut megabytes = sizes.filter(|(_, unit)| unit.starts_with("MiB"));
        megabytes.any(|(size, _)| size.parse::<f64>().is_ok_and(|size| size > 100.0))
    });
    tui.keys("<C-c>");
    tui.wait_for_screen("cancelled with its bytes", |screen| {
        let response = pane(screen, "Response ─");
        response.contains("cancelled after") && response.contains("kept-z")
    });
    assert!(tui.peak_memory() < 150 << 20, "{} MiB", tui.peak_memory() >> 20);
    tui.quit();

    // Without the screen a reader that has enough ends it.
    let mut child = spawned(&["send", "--raw", &format!("http://{peer}/")]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "kept-z\r\n");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "a closed pipe is no complaint");
}

/// More than a listener holds at once.
const FLOOD: usize = 1000;

#[test]
fn a_flood_of_connections_is_counted_and_refusals_are_named() {
    // Few file handles: what does not fit is said, and the listener goes on.
    let port = free_port();
    let home = tempfile::tempdir().unwrap();
    let command = format!("ulimit -n 80; exec \"$0\" listen tcp://127.0.0.1:{port} --echo --json");
    let mut child = Command::new("sh")
        .args(["-c", &command])
        .arg(program())
        .env("WIREBENCH_HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut clients = Vec::new();
    wait_until("a listener", || {
        TcpStream::connect(("127.0.0.1", port)).map(|first| clients.push(first)).is_ok()
    });
    for _ in 1..100 {
        clients.push(TcpStream::connect(("127.0.0.1", port)).expect("the system queues it"));
    }
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let named = lines.find(|line| line.contains("refused 127.0.0.1:"));
    let named = named.expect("who does not fit is refused");
    assert!(named.contains("all 16 descriptors of the program are in use"), "{named}");
    drop(clients);
    // It goes on: once those who left are gone, the next client is answered.
    wait_until("an echo", || {
        let mut echo = [0; 9];
        TcpStream::connect(("127.0.0.1", port)).is_ok_and(|mut next| {
            next.set_read_timeout(Some(crate::harness::wait::PATIENCE)).unwrap();
            next.write_all(b"after all").is_ok()
                && next.read_exact(&mut echo).is_ok()
                && &echo == b"after all"
        })
    });
    let _ = child.kill();
    let _ = child.wait();

    // More connections than are held at once: each one is counted, answered or refused.
    let preset = format!("[tcp-listener]\nbind = \"127.0.0.1:{port}\"\n");
    let mut tui = Launch::sending(&preset);
    tui.wait_for("1 listening");
    let clients: Vec<_> = (0..FLOOD).map(|_| TcpStream::connect(("127.0.0.1", port))).collect();
    assert!(clients.iter().all(Result::is_ok));
    tui.keys("<S-Tab>/refused<Enter>");
    tui.wait_for(&format!("{} shown", FLOOD - 256));
    assert_keys_are_answered(&mut tui);
    tui.quit();
}

#[test]
fn an_urgent_byte_is_shown_in_its_place_and_does_no_harm() {
    let port = free_port();
    let preset = format!("[tcp-listener]\nbind = \"127.0.0.1:{port}\"\n");
    let tui = Launch::sending(&preset);
    tui.wait_for("1 listening");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"before ").unwrap();
    socket2::SockRef::from(&stream).send_out_of_band(b"~").unwrap();
    tui.wait_for("before ");
    stream.write_all(b"behind").unwrap();
    tui.wait_for("~");
    tui.wait_for("behind");
    tui.quit();
}

#[test]
fn an_alert_of_the_peer_is_named() {
    // handshake_failure, fatal (RFC 8446, section 6)
    let peer = tcp_peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"\x15\x03\x03\0\x02\x02\x28");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    for (scheme, table, key) in [("https", "http", "url"), ("tls", "tcp", "address")] {
        let target = format!("{scheme}://{peer}");
        let (status, said) = told(&run(&["send", &target, "-I"]));
        assert_eq!(status, Some(4), "{said}");
        assert!(said.contains("alert 'handshake failure'"), "{said}");
        let tls = if table == "tcp" { "tls = true\n" } else { "" };
        let address = if table == "tcp" { peer.to_string() } else { target };
        let preset = format!("[{table}]\n{key} = \"{address}\"\n{tls}");
        let tui = Launch::sending(&preset);
        tui.wait_for("alert 'handshake failure'");
        tui.quit();
    }
}

#[test]
fn a_circle_of_redirects_is_left_and_said() {
    let peer = http_peer(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n");
    let (status, said) = told(&run(&["send", &format!("http://{peer}/")]));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("the redirect leads to itself"), "{said}");
}

#[test]
fn a_name_that_does_not_exist_is_said() {
    for scheme in ["http", "tcp", "udp", "tls"] {
        let target = format!("{scheme}://no-such-host.invalid:9");
        let (status, said) = told(&run(&["send", &target, "-I"]));
        assert_eq!(status, Some(3), "{said}");
        let words = "name lookup failed: no-such-host.invalid";
        assert!(said.contains(words), "{scheme}: {said}");
    }
}

#[test]
fn a_port_for_root_alone_is_explained() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: root may use any port; the words are tested with the engine");
        return;
    }
    if std::net::TcpListener::bind("127.0.0.1:81").is_ok() {
        eprintln!("skipped: everybody may use low ports here");
        return;
    }
    let (status, said) = told(&run(&["listen", "tcp://127.0.0.1:81"]));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("no permission for port 81") && said.contains("try 8081"), "{said}");
}

#[test]
fn a_full_disk_under_the_log_stops_nothing_and_is_said() {
    // A file may not grow: that is a full disk of one file.
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let home = tempfile::tempdir().unwrap();
    let ended = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" --log trace send --raw \"$1\""])
        .arg(program())
        .arg(format!("http://{peer}/"))
        .env("WIREBENCH_HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (status, said) = told(&ended);
    assert_eq!((status, &*ended.stdout), (Some(0), &b"hello"[..]), "{said}");
    assert_eq!(said, "wirebench: the log is not complete: File too large (os error 27)\n");
}

#[test]
fn an_empty_datagram_is_seen_on_the_screen() {
    let (peer, address) = udp_peer();
    let preset = format!("[udp]\naddress = \"{address}\"\nstep = [{{ send = \"hello\" }}]\n");
    let tui = Launch::sending(&preset);
    let (_, program) = peer.recv_from(&mut [0; 16]).unwrap();
    peer.send_to(b"", program).unwrap();
    tui.wait_for("(empty)");
    tui.quit();
}
