//! The files of `--pcapng`, `--har` and `--jsonl`, as a script uses them: written as it happens, right
//! at any moment, and said where they end before it does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::foreign::has;
use crate::harness::peers::{echo_peer, free_port, http_peer};
use crate::harness::program::{command, finished, listen, listening, run, talk, told};
use crate::harness::wait::{PATIENCE, wait_until};

pub fn tshark(file: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("tshark");
    let output = command.args(["-n", "-r"]).arg(file).args(arguments).stderr(Stdio::null());
    String::from_utf8_lossy(&output.output().expect("it runs").stdout).into_owned()
}

/// All whole lines.
fn lines(file: &Path) -> Vec<Value> {
    let text = String::from_utf8(std::fs::read(file).unwrap_or_default()).unwrap();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn an_http_listener_writes_every_byte_and_each_file_is_right_before_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (pcapng, har, jsonl) = (at("a.pcapng"), at("a.har"), at("a.jsonl"));
    let files = ["--pcapng", &pcapng, "--har", &har, "--jsonl", &jsonl];
    let listener = listen("http://127.0.0.1:0", &[&files[..], &["--body", "hello"]].concat());
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 253) as u8).collect();
    let head = format!(
        "POST /big HTTP/1.1\r\nHost: h\r\nCookie: sid=abc\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    assert!(talk(listener.port, &[head.as_bytes(), &body].concat()).ends_with(b"hello"));

    let so_far = Path::new(&jsonl);
    wait_until("an exchange in the lines", || {
        lines(so_far).iter().any(|line| line["type"] == "exchange")
    });
    let has_tshark = has("tshark", &["--version"]);
    let requests = ["-Y", "http.request", "-T", "fields", "-e", "http.content_length"];
    if has_tshark {
        wait_until("a request in the capture", || {
            tshark(Path::new(&pcapng), &requests).trim() == "3000000"
        });
    }
    assert!(!Path::new(&har).exists(), "it appears whole");
    listener.interrupt();
    assert_eq!(listener.finish().0, Some(0));

    if has_tshark {
        let objects = at("objects");
        tshark(Path::new(&pcapng), &["-q", "--export-objects", &format!("http,{objects}")]);
        assert!(std::fs::read(Path::new(&objects).join("big")).unwrap() == body);
        let cookies = ["-Y", "http.cookie", "-T", "fields", "-e", "http.cookie"];
        assert_eq!(tshark(Path::new(&pcapng), &cookies).trim(), "*******");
    }
    let har: Value = serde_json::from_slice(&std::fs::read(&har).unwrap()).unwrap();
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["request"]["headersSize"], head.len());
    assert_eq!(entry["request"]["bodySize"], 3_000_000);
    assert_eq!(entry["request"]["cookies"][0]["value"], "********");
    assert_eq!(entry["response"]["content"]["text"], "hello");
    let written = lines(so_far);
    let received = written.iter().filter(|line| line["kind"] == "data" && line["dir"] == "in");
    let kept = |line: &Value| line["len"].as_u64().unwrap();
    assert_eq!(received.map(kept).sum::<u64>(), (head.len() + body.len()) as u64);
    assert!(written.iter().all(|line| line["v"] == 1 && line.get("kept").is_none()));
}

#[test]
fn a_capture_on_standard_output_is_all_that_stands_there_and_is_read_while_it_grows() {
    if !has("tshark", &["--version"]) {
        return;
    }
    let mut listener = listen("tcp://127.0.0.1:0", &["--echo", "--pcapng", "-"]);
    let mut reader = Command::new("tshark")
        .args(["-n", "-l", "-r", "-", "-T", "fields", "-e", "tcp.payload", "-Y", "tcp.payload"])
        .stdin(Stdio::from(listener.output()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(talk(listener.port, b"one"), b"one");
    let mut seen = BufReader::new(reader.stdout.take().unwrap()).lines();
    let mut next = || seen.next().unwrap().unwrap();
    assert_eq!([next(), next()], ["6f6e65", "6f6e65"]);
    assert_eq!(talk(listener.port, b"two"), b"two");
    assert_eq!([next(), next()], ["74776f", "74776f"]);
    listener.interrupt();
    assert_eq!(listener.wait(), Some(0));
    assert!(reader.wait().unwrap().success());
}

#[test]
fn a_relay_and_a_client_are_captured_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (relayed, sent, har) = (at("relay.pcapng"), at("send.pcapng"), at("send.har"));
    let echo = echo_peer().to_string();
    let relay = listening(&mut command(&[
        "relay",
        "127.0.0.1:0",
        &echo,
        "--count",
        "2",
        "--pcapng",
        &relayed,
        "--har",
        &har,
    ]));
    assert_eq!(talk(relay.port, b"PING"), b"PING");
    assert_eq!(relay.finish().0, Some(0));
    let none: Value = serde_json::from_slice(&std::fs::read(&har).unwrap()).unwrap();
    assert_eq!(none["log"]["entries"], Value::Array(Vec::new()));
    let comment = none["log"]["comment"].as_str().unwrap();
    assert!(comment.contains("1 connection without HTTP left out"), "{comment}");

    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let url = format!("http://{peer}/x?a=1");
    let ended = run(&["send", &url, "--pcapng", &sent, "--har", &har]);
    assert_eq!((ended.status.code(), &ended.stdout[..]), (Some(0), &b"ok"[..]));
    let whole: Value = serde_json::from_slice(&std::fs::read(&har).unwrap()).unwrap();
    assert_eq!(whole["log"]["entries"][0]["request"]["url"], url);
    if has("tshark", &["--version"]) {
        let flow = ["-q", "-z", "follow,tcp,ascii,0"];
        assert_eq!(tshark(Path::new(&relayed), &flow).matches("PING").count(), 2);
        let requests = ["-Y", "http.request", "-T", "fields", "-e", "http.request.uri"];
        assert_eq!(tshark(Path::new(&sent), &requests).trim(), "/x?a=1");
    }
}

#[test]
fn a_file_that_cannot_be_written_ends_the_capture_with_a_word_and_nothing_else() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let url = format!("http://{peer}/");
    for option in ["--pcapng", "--jsonl"] {
        let ended = run(&["send", &url, option, "/dev/full"]);
        let (status, said) = told(&ended);
        assert_eq!((&ended.stdout[..], status), (&b"ok"[..], Some(6)), "{said}");
        assert!(said.contains("No space left") && said.contains(option), "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_string_lossy().into_owned();
    let missing = format!("{name}/none/x");
    for (words, why) in [
        (["--pcapng", &name], "it is a folder"),
        (["--jsonl", &missing], "x: "),
        (["--har", &name], "it is a folder"),
    ] {
        let (status, said) = told(&run(&[&["send", &url][..], &words].concat()));
        assert!(status != Some(0) && said.contains(why), "{words:?}: {said}");
    }
    let two = run(&["send", &url, "--pcapng", "-", "--jsonl", "-"]);
    assert_eq!(told(&two).0, Some(2));
}

#[test]
fn what_was_not_sent_leaves_a_file_of_that_name_alone() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old");
    std::fs::write(&old, "old").unwrap();
    let name = old.to_string_lossy().into_owned();
    for option in ["--pcapng", "--jsonl", "--har"] {
        assert_eq!(told(&run(&["send", "nope://x", option, &name])).0, Some(2));
        assert_eq!(std::fs::read(&old).unwrap(), b"old");
    }
    // An exchange that failed is one.
    let nobody = format!("http://127.0.0.1:{}/", free_port());
    assert_eq!(told(&run(&["send", &nobody, "--har", &name])).0, Some(3));
    let har: Value = serde_json::from_slice(&std::fs::read(&old).unwrap()).unwrap();
    let error = har["log"]["entries"][0]["response"]["_error"].as_str().unwrap();
    assert!(error.contains("refused"), "{error}");
}

#[test]
fn a_reader_of_the_capture_that_leaves_ends_the_command() {
    let mut child = command(&["listen", "udp://127.0.0.1:0", "--pcapng", "-"]);
    let mut child =
        child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut header = [0; 4];
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut header).unwrap();
    assert_eq!(header, [0x0A, 0x0D, 0x0D, 0x0A]);
    let mut said = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    errors.read_line(&mut said).unwrap();
    let port = said.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    drop(output);
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.send_to(b"x", format!("127.0.0.1:{port}")).unwrap();
    assert_eq!(finished(Ok(child)).status.code(), Some(141));
}

/// Kills in the middle of what is written.
const KILLS: u32 = 8;

#[test]
fn what_a_killed_program_captured_is_read_up_to_the_end_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (pcapng, jsonl) = (at("a.pcapng"), at("a.jsonl"));
    for round in 0..KILLS {
        let files = ["--pcapng", &pcapng, "--jsonl", &jsonl];
        let listener = listen("tcp://127.0.0.1:0", &files);
        let mut client = TcpStream::connect(("127.0.0.1", listener.port)).expect("a listener");
        let pid = rustix::process::Pid::from_raw(listener.id().cast_signed()).expect("a process");
        let feed = std::thread::spawn(move || {
            // Numbers as lines: a gap or a byte out of place is seen.
            for number in 0_u32.. {
                if client.write_all(format!("{number:08}\n").as_bytes()).is_err() {
                    return;
                }
            }
        });
        let enough = u64::from(round + 1) * 20_000;
        wait_until("a capture that grows", || {
            [&pcapng, &jsonl]
                .iter()
                .all(|name| std::fs::metadata(name).is_ok_and(|it| it.len() > enough))
        });
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
        listener.wait();
        feed.join().expect("it ends with the connection");
        for name in [&pcapng, &jsonl] {
            let opened = run(&["open", name]);
            // What is cut in the last line is told, and nothing before it is lost.
            assert!(matches!(opened.status.code(), Some(0 | 6)), "{name}: {:?}", told(&opened));
            let text = String::from_utf8(opened.stdout).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
            let came = lines.filter(|line| line["kind"] == "data" && line["dir"] == "in");
            let bytes: String =
                came.map(|line| line["text"].as_str().unwrap().to_owned()).collect();
            assert!(bytes.len() > 5_000, "{name}: {} bytes", bytes.len());
            for (number, line) in bytes.split_inclusive('\n').enumerate() {
                let wanted = format!("{number:08}\n");
                assert!(wanted.starts_with(line), "{name}: {line:?} in place of {wanted:?}");
            }
        }
    }
}

/// HTTP that is said over a relay of bytes is in HAR, whoever knows of it.
#[test]
fn http_over_a_relay_of_bytes_is_in_har() {
    let folder = tempfile::tempdir().unwrap();
    let har = folder.path().join("seen.har").to_string_lossy().into_owned();
    let peer =
        http_peer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok");
    let target = peer.to_string();
    let relay = listening(&mut command(&["relay", "127.0.0.1:0", &target, "--har", &har]));
    let ask = |said: &[u8]| {
        let mut client = TcpStream::connect(("127.0.0.1", relay.port)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all(said).unwrap();
        let mut got = Vec::new();
        client.read_to_end(&mut got).unwrap();
        got
    };
    let head = "Host: a.example\r\nAuthorization: Bearer abc\r\nContent-Length: 3\r\n\r\nabc";
    assert!(ask(format!("POST /x?a=1 HTTP/1.1\r\n{head}").as_bytes()).ends_with(b"ok"));
    relay.interrupt();
    assert_eq!(relay.wait(), Some(0));
    let text = std::fs::read_to_string(&har).unwrap();
    assert!(!text.contains("Bearer abc"), "{text}");
    let log: Value = serde_json::from_str(&text).unwrap();
    let log = &log["log"];
    assert_eq!(log["entries"].as_array().unwrap().len(), 1, "{text}");
    assert_eq!(log.get("comment"), None, "none is left out");
    let entry = &log["entries"][0];
    assert_eq!(entry["request"]["url"], "http://a.example/x?a=1");
    assert_eq!(entry["request"]["postData"]["text"], "abc");
    assert_eq!(
        (&entry["response"]["status"], &entry["response"]["content"]["text"]),
        (&200.into(), &"ok".into())
    );
}
