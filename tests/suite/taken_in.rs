//! What was taken in, or was to be sent, is never passed over in silence: after a signal, in a coding
//! that is damaged, from a pipe, in files of a workspace that are not read.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::peers::{http_peer, read_head, tcp_peer, udp_peer};
use crate::harness::program::{command, finished, listen, run, spawned, text, told};
use crate::harness::wait::PATIENCE;
use crate::kill::let_run_for;

/// Long enough for what was sent to arrive, and much shorter than anything that is waited for.
const ON_ITS_WAY: Duration = Duration::from_millis(700);

/// A peer that answers the first bytes with these and then waits; says when it has answered.
fn stuck(answer: &'static [u8]) -> (String, Receiver<()>) {
    let (sender, answered) = mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer);
        let _ = sender.send(());
        let _ = stream.read_to_end(&mut Vec::new());
    });
    (peer.to_string(), answered)
}

fn interrupted(args: &[&str], answered: &Receiver<()>) -> Output {
    let child = spawned(args);
    answered.recv_timeout(PATIENCE).unwrap();
    let_run_for(ON_ITS_WAY);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    finished(Ok(child))
}

#[test]
fn send_prints_what_had_come_when_it_is_interrupted() {
    let (peer, answered) = stuck(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
    let url = format!("http://{peer}/");
    for style in ["--raw", "--text", "--json"] {
        let output = interrupted(&["send", &url, style], &answered);
        let (status, said) = told(&output);
        assert_eq!(status, Some(6), "{said}");
        assert!(said.contains("interrupted") && said.contains("after 10 body bytes"), "{said}");
        let printed = text(&output.stdout);
        if style == "--json" {
            let line: Value = serde_json::from_str(&printed).unwrap();
            let body = &line["response"]["body"];
            assert_eq!((&body["text"], &body["complete"]), (&json!("0123456789"), &json!(false)));
            assert_eq!(line["state"], "failed");
        } else {
            assert!(printed.trim_end().ends_with("0123456789"), "{printed}");
        }
    }
    let (peer, answered) = stuck(b"part of an answer");
    let target = format!("tcp://{peer}");
    for style in ["--raw", "--text", "--json"] {
        let output = interrupted(&["send", &target, "x", "--wait", "1h", style], &answered);
        assert_eq!(output.status.code(), Some(6));
        assert!(text(&output.stdout).contains("part of an answer"), "{style}");
    }
}

#[test]
fn listen_prints_a_request_of_which_only_a_part_has_come() {
    let head = "POST /half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n";
    let whole = format!("{head}\r\n0123456789");
    for (sent, body) in [(&*whole, "0123456789"), (head, "")] {
        for style in ["--json", "--text", "--raw"] {
            let listening = listen("http://127.0.0.1:0", &[style]);
            let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
            stream.write_all(sent.as_bytes()).unwrap();
            let_run_for(ON_ITS_WAY);
            listening.interrupt();
            let printed = listening.said();
            match style {
                "--raw" => assert_eq!(printed, body),
                "--text" => assert!(
                    printed.contains("POST /half") && printed.contains("reset by us"),
                    "{printed}"
                ),
                _ => {
                    let line = printed.lines().find(|line| line.contains("exchange")).unwrap();
                    let line: Value = serde_json::from_str(line).unwrap();
                    let request = &line["request"];
                    assert_eq!(
                        (&request["target"], &line["state"]),
                        (&json!("/half"), &json!("failed"))
                    );
                    assert_eq!(request["body"]["complete"], false);
                    assert_eq!(request["body"]["text"], body);
                }
            }
        }
    }
}

const BROTLI: &[u8] = b"\x8b\x05\x80hello brotli\x03";
const TEXT: &[u8] = b"hello brotli";

fn zlib() -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(TEXT).unwrap();
    encoder.finish().unwrap()
}

fn gzip() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(TEXT).unwrap();
    encoder.finish().unwrap()
}

fn deflate() -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(TEXT).unwrap();
    encoder.finish().unwrap()
}

fn in_coding(coding: &str, body: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = [head.as_bytes(), body].concat();
    let peer = tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(&answer);
        }
    });
    let output = run(&["send", &format!("http://{peer}/")]);
    let (status, said) = told(&output);
    (status, output.stdout, said)
}

#[test]
fn bytes_after_the_end_of_any_coding_are_said_however_many() {
    let zstd = zstd::encode_all(TEXT, 1).unwrap();
    let codings = [
        ("br", BROTLI.to_vec()),
        ("gzip", gzip()),
        ("deflate", zlib()),
        ("deflate", deflate()),
        ("zstd", zstd),
    ];
    for (coding, packed) in &codings {
        for (count, byte) in
            [(1, b'T'), (1, b'\n'), (4, b'T'), (8, b'T'), (20, b'T'), (1000, b'T'), (5000, b'T')]
        {
            let body = [&**packed, &vec![byte; count]].concat();
            let (status, printed, said) = in_coding(coding, &body);
            assert_eq!((status, &*printed), (Some(0), TEXT), "{coding} {count}: {said}");
            assert!(said.contains("bytes after its end are ignored"), "{coding} {count}: {said}");
        }
        let cut = &packed[..packed.len() - 1];
        let (status, printed, said) = in_coding(coding, cut);
        assert_eq!(status, Some(3), "{coding} cut: {said}");
        assert!(said.contains("cut off"), "{said}");
        assert!(TEXT.starts_with(&printed) || printed == cut, "{coding}: {printed:?}");
    }
    let mut damaged = zlib();
    *damaged.last_mut().unwrap() ^= 1;
    let (status, printed, said) = in_coding("deflate", &damaged);
    assert_eq!((status, &*printed), (Some(3), TEXT), "{said}");
    // A fixed block of deflate begins like this text.
    let lie = br#"{"a":"hello world"}"#.repeat(300);
    let (status, printed, said) = in_coding("deflate", &lie);
    assert!(status == Some(0) && printed == lie, "{said}");
}

#[test]
fn a_listener_says_what_follows_the_end_of_a_coding() {
    let listening = listen("http://127.0.0.1:0", &["--count", "1", "--raw"]);
    let body = [&*gzip(), b"T"].concat();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    assert_eq!(listening.said().as_bytes(), TEXT);
}

/// A home with a preset called `it`, and files beside it.
fn home(preset: &str, others: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    for (name, content) in others.iter().chain(&[("it.toml", preset)]) {
        let path = presets.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    home
}

fn piped(home: &Path, args: &[&str], input: Option<&[u8]>) -> (Option<i32>, String, String) {
    let mut command = command(args);
    command.env("WIREBENCH_HOME", home).stdout(Stdio::piped()).stderr(Stdio::piped());
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    let pipe = child.stdin.take();
    if let (Some(mut pipe), Some(input)) = (pipe, input) {
        pipe.write_all(input).unwrap();
    }
    let output = finished(Ok(child));
    let (status, said) = told(&output);
    (status, text(&output.stdout), said)
}

/// A peer that greets, and tells what came until its client has finished.
fn greeting() -> (String, Receiver<Vec<u8>>) {
    let (sender, came) = mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let _ = stream.write_all(b"220 ready\r\n");
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = sender.send(all);
    });
    (peer.to_string(), came)
}

#[test]
fn what_is_piped_to_a_preset_is_sent_where_it_has_nothing_of_its_own_to_send() {
    const LEFT: &str = "standard input was not read";
    let (peer, came) = greeting();
    let expecting = format!("[tcp]\naddress = \"{peer}\"\nstep = [{{ expect = \"220\" }}]\n");
    let only_expects = home(&expecting, &[]);
    for (args, sent, is_left) in [
        (&["send", "it"][..], "piped", false),
        (&["send", "it", "-d", "more"], "more", true),
        (&["send", "it", "-I"], "", false),
    ] {
        let (status, _, said) = piped(only_expects.path(), args, Some(b"piped"));
        assert_eq!((status, said.contains(LEFT)), (Some(0), is_left), "{args:?}: {said}");
        assert_eq!(text(&came.recv_timeout(PATIENCE).unwrap()), sent, "{args:?}");
    }
    let own = expecting.replace("}]", "}, { send = \"own\" }]");
    let (status, _, said) = piped(home(&own, &[]).path(), &["send", "it"], Some(b"piped"));
    assert!(status == Some(0) && said.contains(LEFT), "{said}");
    assert_eq!(text(&came.recv_timeout(PATIENCE).unwrap()), "own");

    let (socket, there) = udp_peer();
    let answers = std::thread::spawn(move || {
        let mut datagram = [0; 99];
        let (read, from) = socket.recv_from(&mut datagram).unwrap();
        socket.send_to(&[b"re:", &datagram[..read]].concat(), from).unwrap();
    });
    let udp = format!("[udp]\naddress = \"{there}\"\nstep = [{{ expect = \"re:piped\" }}]\n");
    let (status, _, said) = piped(home(&udp, &[]).path(), &["send", "it"], Some(b"piped"));
    assert_eq!(status, Some(0), "{said}");
    answers.join().unwrap();

    let (sender, bodies) = mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let request = text(&read_head(&mut stream).unwrap_or_default());
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        let _ = sender.send(request.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned());
    });
    for (lines, sent, is_left) in [
        ("method = \"POST\"\n", "piped", false),
        ("method = \"POST\"\nbody.text = \"own\"\n", "own", true),
        ("", "", false),
    ] {
        let preset = home(&format!("[http]\nurl = \"http://{peer}/\"\n{lines}"), &[]);
        let (status, _, said) = piped(preset.path(), &["send", "it"], Some(b"piped"));
        assert_eq!((status, said.contains(LEFT)), (Some(0), is_left), "{lines}: {said}");
        assert_eq!(bodies.recv_timeout(PATIENCE).unwrap(), sent, "{lines}");
    }
}

#[test]
fn a_file_of_the_workspace_that_is_not_read_as_a_whole_is_a_failure() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
    for (name, content, says) in [
        ("_defaults.toml", "[capture]\nid = \"json .id\"\n", "capture"),
        ("_defaults.toml", "[foo]\n", "foo"),
        ("_defaults.toml", "[vars\n", "_defaults.toml:1"),
        ("in/_defaults.toml", "[vars]\na = [1]\n", "in/_defaults.toml:2"),
        ("env/here.toml", "a = [1]\n", "env/here.toml:1"),
    ] {
        let home = home(&preset, &[("in/side.toml", &preset), (name, content)]);
        let args = ["send", "in/side", "--env", "here"];
        let args = if name.starts_with("env/") { &args[..] } else { &args[..2] };
        let (status, _, said) = piped(home.path(), args, None);
        assert_eq!(status, Some(2), "{name} {content}: {said}");
        assert!(said.contains(says), "{said}");
    }
    // That of another folder is no business of this one.
    let elsewhere = home(&preset, &[("out/_defaults.toml", "[foo]\n")]);
    assert_eq!(piped(elsewhere.path(), &["send", "it"], None).0, Some(0));
    let device = home(&preset, &[(&*format!("{}x.toml", "d/".repeat(12)), "")]);
    std::os::unix::fs::symlink("/dev/zero", device.path().join("presets/z.toml")).unwrap();
    let (status, _, said) = piped(device.path(), &["send", "z"], None);
    assert!(status == Some(2) && said.contains("z.toml") && said.contains("a device"), "{said}");
}

#[test]
fn json_lines_have_the_words_of_a_start_line_as_they_came() {
    let mut listening = listen("http://127.0.0.1:0", &["--count", "1", "--json"]);
    let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
    stream.write_all(b"GET /\xff?q=1 HTTP/1.1\r\nHost: there\r\n\r\n").unwrap();
    let line = listening.lines().find(|line| line["type"] == "exchange").unwrap();
    let target = line["request"]["target"]["base64"].as_str().unwrap();
    assert_eq!(STANDARD.decode(target).unwrap(), b"/\xff?q=1");
    assert_eq!(line["url"], "http://there/%FF?q=1");
    let odd = http_peer(b"HTTP/1.\xff 200 OK\r\nContent-Length: 0\r\n\r\n");
    let output = run(&["send", &format!("http://{odd}/"), "--json"]);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let version = line["response"]["version"]["base64"].as_str().unwrap();
    assert_eq!(STANDARD.decode(version).unwrap(), b"HTTP/1.\xff");
    assert_eq!(line["request"]["version"], "HTTP/1.1");
}

#[test]
fn a_charset_that_looks_like_ascii_is_read_all_the_same() {
    for (charset, answer, body) in [
        (
            "utf-16be",
            &b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-16be\r\nContent-Length: 4\r\n\r\n\0h\0e"[..],
            &b"\0h\0e"[..],
        ),
        (
            "iso-2022-jp",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=iso-2022-jp\r\nContent-Length: 10\r\n\r\n\x1b$BF|K\\\x1b(B",
            b"\x1b$BF|K\\\x1b(B",
        ),
    ] {
        let peer = http_peer(answer);
        let output = run(&["send", &format!("http://{peer}/"), "--json"]);
        let line: Value = serde_json::from_slice(&output.stdout).unwrap();
        let facts = &line["response"]["body"];
        let exact = facts["base64"].as_str().unwrap_or_else(|| panic!("{charset}: {facts}"));
        assert_eq!(STANDARD.decode(exact).unwrap(), body);
        let read = if charset == "utf-16be" { "he" } else { "日本" };
        assert_eq!(facts["text"], read);
    }
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin1\r\nContent-Length: 2\r\n\r\nok",
    );
    let output = run(&["send", &format!("http://{peer}/"), "--json"]);
    assert!(!text(&output.stdout).contains("base64"));
}

#[test]
fn what_is_no_http_is_printed_as_it_came() {
    let peer = http_peer(b"\0\x01SSH-2.0-x\r\nmore");
    let output = run(&["send", &format!("http://{peer}/")]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(3), &b"\0\x01SSH-2.0-x\r\nmore"[..]));
}
