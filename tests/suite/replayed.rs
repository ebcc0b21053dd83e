//! `wirebench replay` as a script uses it: what was recorded by us, said again to peers of the tests.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::peers::{echo_peer, http_peer, tcp_peer, udp_peer};
use crate::harness::program::{command, listening, run, run_with_input, text};
use crate::harness::wait::PATIENCE;

/// Exit status, and what was printed and said.
fn told(ended: &std::process::Output) -> (Option<i32>, String) {
    (ended.status.code(), text(&ended.stdout) + &text(&ended.stderr))
}

/// Answers each read with these bytes before it.
fn prefixing(prefix: &'static [u8]) -> SocketAddr {
    tcp_peer(move |mut stream| {
        let mut bytes = [0; 1024];
        while let Ok(len @ 1..) = stream.read(&mut bytes) {
            let _ = stream.write_all(&[prefix, &bytes[..len]].concat());
        }
    })
}

/// What a client said to a peer, as a file of this kind.
fn recorded(folder: &Path, kind: &str, peer: SocketAddr, said: &[u8]) -> PathBuf {
    let file = folder.join(format!("seen.{kind}"));
    let (option, name) = (format!("--{kind}"), file.to_str().unwrap().to_owned());
    let target = format!("tcp://{peer}");
    let sent = run_with_input(&["send", &target, &option, &name, "--wait", "300ms"], said);
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
    file
}

#[test]
fn what_was_recorded_is_said_again_and_the_answers_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let same = prefixing(b"one ");
    for kind in ["pcapng", "jsonl"] {
        let file = recorded(folder.path(), kind, same, b"hello\n");
        let file = file.to_str().unwrap();
        let (status, said) = told(&run(&["replay", file, "--text", "--check"]));
        assert_eq!(status, Some(0), "{said}");
        assert!(said.contains("1 of 1 message sent; the same answer (10 bytes)"), "{said}");
        let other = prefixing(b"two ").to_string();
        let (status, said) = told(&run(&["replay", file, &other, "--text", "--check"]));
        assert_eq!(status, Some(1), "{said}");
        assert!(
            said.contains("the answer differs from byte 0 (0x0) on (10 bytes, now 10)"),
            "{said}"
        );
        assert!(said.contains("one hello\\n") && said.contains("≠ two hello\\n"), "{said}");
        // Unless that is asked about, an answer may be any.
        assert_eq!(told(&run(&["replay", file, &other, "--text"])).0, Some(0));
    }
}

#[test]
fn json_lines_tell_each_conversation_and_records_go_to_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = recorded(folder.path(), "pcapng", prefixing(b"one "), b"hello\n");
    let (file, again) = (file.to_str().unwrap(), folder.path().join("again.jsonl"));
    let other = format!("tcp://{}", prefixing(b"one!"));
    let ended =
        run(&["replay", file, &other, "--speed", "max", "--jsonl", again.to_str().unwrap()]);
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    let line: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(
        (&line["type"], &line["sent"], &line["of"]),
        (&"replay".into(), &1.into(), &1.into())
    );
    assert_eq!((&line["same"], &line["first_difference"]["offset"]), (&false.into(), &3.into()));
    let records = std::fs::read_to_string(again).unwrap();
    assert!(
        records.contains("\"text\":\"hello\\n\"") && records.contains("one!hello"),
        "{records}"
    );
}

#[test]
fn a_step_is_taken_for_each_line_and_the_rest_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let peer = echo_peer();
    let file = folder.path().join("seen.jsonl");
    let line = |dir: &str, text: &str, second: u32| {
        format!(
            r#"{{"v":1,"type":"record","time":"2026-01-01T00:00:{second:02}Z","conn":"1/1","proto":"tcp","side":"client","tls":false,"local":"127.0.0.1:5","peer":"{peer}","dir":"{dir}","kind":"data","len":1,"text":"{text}"}}"#
        ) + "\n"
    };
    let lines =
        [line("out", "a", 1), line("in", "a", 2), line("out", "b", 30), line("in", "b", 31)];
    std::fs::write(&file, lines.concat()).unwrap();
    let file = file.to_str().unwrap();
    let ended = run_with_input(&["replay", file, "--step", "--text"], b"\n\n");
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    assert!(text(&ended.stderr).contains("step 1 of 2"), "{}", text(&ended.stderr));
    assert!(text(&ended.stdout).contains("2 of 2 messages sent; the same answer"));
    let ended = run_with_input(&["replay", file, "--step", "--text"], b"\n");
    assert_eq!(ended.status.code(), Some(1), "{}", text(&ended.stdout));
    assert!(text(&ended.stdout).contains("1 of 2 messages sent"), "{}", text(&ended.stdout));
    let said = text(&ended.stderr).matches("standard input is over").count();
    assert_eq!(said, 1, "{}", text(&ended.stderr));
    // What a filter lets through is said, and nothing else.
    let ended = run(&["replay", file, "--text", "--filter", "data contains b"]);
    assert!(text(&ended.stdout).contains("1 of 1 message sent; the same answer (1 byte)"));
}

#[test]
fn datagrams_are_said_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let (socket, peer) = udp_peer();
    let answering = std::thread::spawn(move || answer(&socket, 2));
    let file = folder.path().join("seen.pcapng");
    let file = file.to_str().unwrap();
    let target = format!("udp://{peer}");
    let sent = run(&["send", &target, "-d", "ping", "--wait", "300ms", "--pcapng", file]);
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
    let (status, said) = told(&run(&["replay", file, "--text", "--check"]));
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("1 of 1 message sent; the same answer (4 bytes)"), "{said}");
    answering.join().unwrap();
    let (status, said) = told(&run(&["replay", file, "tcp://127.0.0.1:1", "--text"]));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("a target of datagrams takes no streams"), "{said}");
}

fn answer(socket: &UdpSocket, times: usize) {
    for _ in 0..times {
        let mut bytes = [0; 64];
        let (len, from) = socket.recv_from(&mut bytes).unwrap();
        socket.send_to(&bytes[..len], from).unwrap();
    }
}

#[test]
fn what_cannot_be_said_again_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen.jsonl");
    let line = |more: &str| {
        format!(
            r#"{{"v":1,"type":"record","time":"2026-01-01T00:00:00Z","conn":"1/1","proto":"tcp","side":"client","peer":"127.0.0.1:9","dir":"out","kind":"data",{more}}}"#
        ) + "\n"
    };
    for (more, says) in [
        (r#""len":9,"kept":1,"text":"a""#, "8 bytes its client said were not kept"),
        (r#""len":8,"text":"********","masked":true"#, "secrets its client said are masked"),
        (r#""len":0,"text":"""#, "nothing in it was said by a client"),
    ] {
        std::fs::write(&file, line(more)).unwrap();
        let (status, said) = told(&run(&["replay", file.to_str().unwrap(), "--text"]));
        assert_eq!((status, said.contains(says)), (Some(2), true), "{said}");
    }
    let (status, said) = told(&run(&["replay", "/nowhere/at/all", "--text"]));
    assert_eq!(status, Some(2), "{said}");
    let (status, said) = told(&run(&["replay", file.to_str().unwrap(), "--speed", "0"]));
    assert_eq!((status, said.contains("--speed")), (Some(2), true), "{said}");
}

#[test]
fn credentials_that_a_capture_masks_are_not_sent_as_masks() {
    let folder = tempfile::tempdir().unwrap();
    let ask = b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer canary\r\n\r\n";
    for (kind, option) in [("pcapng", ""), ("jsonl", ""), ("pcapng", "--with-secrets")] {
        let file = folder.path().join(format!("{option}.{kind}"));
        let (to, name) = (format!("--{kind}"), file.to_str().unwrap());
        let target = format!("tcp://{}", echo_peer());
        let mut arguments = vec!["send", &target, &to, name, "--wait", "300ms"];
        arguments.extend((!option.is_empty()).then_some(option));
        assert_eq!(run_with_input(&arguments, ask).status.code(), Some(0));
        let (status, said) = told(&run(&["replay", name, "--text", "--check"]));
        if option.is_empty() {
            assert_eq!((status, said.contains("masked in the file")), (Some(2), true), "{said}");
        } else {
            assert_eq!(status, Some(0), "{said}");
        }
    }
}

#[test]
fn a_filter_of_open_prints_what_it_lets_through() {
    let folder = tempfile::tempdir().unwrap();
    let file = recorded(folder.path(), "pcapng", echo_peer(), b"hello\n");
    let ended = run(&["open", file.to_str().unwrap(), "--filter", "dir == in and kind == data"]);
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    let lines: Vec<Value> =
        text(&ended.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["text"]), (1, &"hello\n".into()));
    let (status, said) = told(&run(&["open", file.to_str().unwrap(), "--filter", "port == x"]));
    assert_eq!((status, said.contains("at column")), (Some(2), true), "{said}");
}

/// Filters know requests and their answers, which stand behind them, as those of `open` do.
#[test]
fn a_filter_of_replay_chooses_by_what_requests_and_answers_say() {
    let folder = tempfile::tempdir().unwrap();
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    for kind in ["pcapng", "jsonl", "har"] {
        let file = folder.path().join(format!("web.{kind}"));
        let (option, file) = (format!("--{kind}"), file.to_str().unwrap());
        let sent = run(&["send", &format!("http://{peer}/path"), &option, file]);
        assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
        for (filter, status) in [
            ("path == /path and status == 200", Some(0)),
            ("method == POST", Some(2)),
            ("status == 404", Some(2)),
        ] {
            let (ended, said) = told(&run(&["replay", file, "--text", "--filter", filter]));
            assert_eq!(ended, status, "{kind} {filter}: {said}");
            assert_eq!(said.contains("1 of 1 message sent"), status == Some(0), "{said}");
        }
    }
}

#[test]
fn filters_find_what_somebody_wrote_about_a_row_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, peer) = (folder.path().join("seen.jsonl"), echo_peer());
    let line = |more: &str, said: &str| {
        format!(
            r#"{{"v":1,"type":"record","time":"2026-01-01T00:00:01Z","conn":"1/1","proto":"tcp","side":"client","tls":false,"local":"127.0.0.1:5","peer":"{peer}","dir":"out","kind":"data",{more}"len":3,"text":"{said}"}}"#
        ) + "\n"
    };
    let lines = [line("", "one"), line(r#""comment":"an odd one","#, "two")];
    std::fs::write(&file, lines.concat()).unwrap();
    let file = file.to_str().unwrap();
    for filter in ["comment contains odd", "comment", "marked"] {
        let ended = run(&["open", file, "--filter", filter]);
        let printed = text(&ended.stdout);
        assert_eq!((printed.lines().count(), printed.contains("\"two\"")), (1, true), "{filter}");
    }
    let (_, said) = told(&run(&["replay", file, "--text", "--filter", "comment contains odd"]));
    assert!(said.contains("1 of 1 message sent"), "{said}");
}

/// What a program said through a relay that leads it where it asks goes there again, the relay being gone.
#[test]
fn what_was_said_through_socks_or_a_proxy_goes_to_the_server_again() {
    let folder = tempfile::tempdir().unwrap();
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let ask = format!("GET /a HTTP/1.1\r\nHost: {peer}\r\nConnection: close\r\n\r\n");
    let port = peer.port().to_be_bytes();
    let socks = [&b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01"[..], &port].concat();
    let connect = format!("CONNECT {peer} HTTP/1.1\r\nHost: {peer}\r\n\r\n");
    let through = ask.replace("GET /a", &format!("GET http://{peer}/a"));
    for (listens, entry, answer, ask) in [
        ("socks5://127.0.0.1:0", socks, 12, &ask),
        ("http://127.0.0.1:0", connect.into_bytes(), 39, &ask),
        ("http://127.0.0.1:0", Vec::new(), 0, &through),
    ] {
        let [lines, packets] = ["seen.jsonl", "seen.pcapng"]
            .map(|name| folder.path().join(name).to_str().unwrap().to_owned());
        let files = ["--jsonl", &lines, "--pcapng", &packets];
        let relay = listening(&mut command(&[&["relay", listens], &files[..]].concat()));
        let mut client = TcpStream::connect(("127.0.0.1", relay.port)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all(&entry).unwrap();
        client.read_exact(&mut vec![0; answer]).unwrap();
        client.write_all(ask.as_bytes()).unwrap();
        let mut got = String::new();
        client.read_to_string(&mut got).unwrap();
        assert!(got.ends_with("\r\n\r\nok"), "{got}");
        relay.interrupt();
        assert_eq!(relay.wait(), Some(0));
        for file in [lines, packets] {
            let again = ["replay", &file, "--text", "--check", "--speed", "max"];
            let (status, said) = told(&run(&again));
            assert_eq!(status, Some(0), "{listens} {file}: {said}");
            assert!(said.contains("1 of 1 message sent; the same answer"), "{file}: {said}");
            assert!(said.contains(&peer.to_string()), "{file}: {said}");
        }
    }
}

#[test]
fn a_connect_of_a_har_is_left_out_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen.har");
    let har = r#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[{
        "startedDateTime":"2026-11-30T00:00:00.000Z","time":1,"cache":{},
        "timings":{"send":0,"wait":1,"receive":0},"serverIPAddress":"127.0.0.1",
        "request":{"method":"CONNECT","url":"127.0.0.1:9","httpVersion":"HTTP/1.1","headers":[],
            "queryString":[],"cookies":[],"headersSize":-1,"bodySize":0},
        "response":{"status":200,"statusText":"Connection Established","httpVersion":"HTTP/1.1",
            "headers":[],"cookies":[],"content":{"size":0,"mimeType":""},"redirectURL":"",
            "headersSize":-1,"bodySize":0}}]}}"#;
    std::fs::write(&file, har).unwrap();
    let (status, said) = told(&run(&["replay", file.to_str().unwrap(), "--text"]));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("a CONNECT only asks a proxy for a way"), "{said}");
}
