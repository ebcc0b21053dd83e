//! Captures of others, and ours, read again: the shared corpus against the counts of tshark, and
//! `wirebench open` with and without a screen.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use wirebench::interop::har_read::read_har;
use wirebench::interop::pcap::{CaptureBatch, CaptureCounts, CaptureReader};
use wirebench::model::id::SessionId;
use wirebench::model::record::Direction;

use crate::harness::peers::http_peer;
use crate::harness::program::{command, listen, run, run_with_input, text, told};
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;

/// Cases in which tshark counts Custom Blocks as frames, and how many: they hold no packet.
const WITH_CUSTOM_BLOCKS: [(&str, usize); 6] = [
    ("output_be/advanced/test102.pcapng", 3),
    ("output_be/basic/test017.pcapng", 4),
    ("output_be/basic/test018.pcapng", 4),
    ("output_be/difficult/test202.pcapng", 3),
    ("output_le/advanced/test102.pcapng", 3),
    ("output_le/basic/test018.pcapng", 4),
];

/// Frames by the lengths they had on the wire.
fn frames(file: &[u8], piece: usize) -> (Vec<u64>, Result<CaptureCounts, String>) {
    let (mut reader, mut out) = (CaptureReader::new(SessionId(0)), CaptureBatch::default());
    let mut lens = Vec::new();
    for bytes in file.chunks(piece) {
        if let Err(fault) = reader.push(bytes, &mut out, &mut |frame| lens.push(frame.len)) {
            return (lens, Err(fault.to_string()));
        }
    }
    let ended = reader.finish(&mut out).map_err(|fault| fault.to_string());
    (lens, ended)
}

#[test]
fn every_capture_of_the_corpus_has_the_packets_that_tshark_sees() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/pcapng"));
    let Ok(index) = std::fs::read(root.join("index.json")) else {
        assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
        eprintln!("skipped: the corpora are not here");
        return;
    };
    let index: Value = serde_json::from_slice(&index).unwrap();
    let cases = index["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 27);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let file = std::fs::read(root.join(case["file"].as_str().unwrap())).unwrap();
        let custom = WITH_CUSTOM_BLOCKS.iter().find(|(name, _)| *name == id);
        let expected = &case["expected"];
        for piece in [13, file.len()] {
            let (lens, ended) = frames(&file, piece);
            let count = ended.unwrap_or_else(|fault| panic!("{id}: {fault}")).frames as usize;
            assert_eq!(count, lens.len(), "{id}");
            if let Some((_, custom)) = custom {
                assert_eq!(expected["packets"], count + custom, "{id}");
            } else {
                assert_eq!(expected["lens"], Value::from(lens), "{id}");
            }
        }
        let cut = frames(&file[..file.len() - 3], 4096);
        assert!(cut.1.unwrap_err().contains("cut off"), "{id}");
    }
}

#[test]
fn every_har_of_the_corpora_has_its_entries_and_what_is_none_is_said() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora"));
    let mut seen = 0;
    for corpus in ["har-harviewer", "har-mitmproxy", "har-perfcascade", "har-httpsnippet"] {
        let Ok(index) = std::fs::read(root.join(corpus).join("index.json")) else {
            assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
            eprintln!("skipped: the corpora are not here");
            return;
        };
        let index: Value = serde_json::from_slice(&index).unwrap();
        for case in index["cases"].as_array().unwrap() {
            let name = case["file"].as_str().unwrap();
            let file = std::fs::read(root.join(corpus).join(name)).unwrap();
            let (expected, read) = (&case["expected"], read_har(&file, SessionId(0)));
            let is_broken = case["expect"] == "diagnostic, no crash" && read.is_err();
            if is_broken || expected["format"] != "har" {
                assert!(read.unwrap_err().cause.contains("it is no HAR"), "{name}");
                continue;
            }
            let (batch, entries) = read.unwrap_or_else(|fault| panic!("{name}: {fault}"));
            assert_eq!(expected["n_entries"], entries, "{name}");
            let count = |way| batch.records.iter().filter(|it| it.direction == way).count();
            assert_eq!(count(Direction::Sent), entries, "{name}: every one is a request");
            assert_eq!(count(Direction::Received) + count(Direction::Local), entries, "{name}");
            let listed = expected["entries"].as_array().unwrap().iter();
            for entry in listed.filter(|entry| entry[2].as_i64().is_some_and(|it| it > 0)) {
                let start = format!("HTTP/1.1 {} ", entry[2]);
                let is_there = batch.records.iter().any(|it| {
                    String::from_utf8_lossy(&it.data)
                        .replace("HTTP/1.0", "HTTP/1.1")
                        .starts_with(&start)
                });
                assert!(is_there, "{name}: {entry}");
            }
            seen += entries;
        }
    }
    assert!(seen > 150, "{seen}");
}

fn captured(option: &str, folder: &Path) -> String {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let file = folder.join("seen").to_string_lossy().into_owned();
    let ended = run(&["send", &format!("http://{peer}/path"), option, &file]);
    assert_eq!(told(&ended).0, Some(0));
    file
}

#[test]
fn filters_that_ask_about_requests_and_answers_find_them_in_what_is_opened() {
    for option in ["--pcapng", "--jsonl", "--har"] {
        let folder = tempfile::tempdir().unwrap();
        let file = captured(option, folder.path());
        let bytes = std::fs::read(&file).unwrap();
        for (filter, records) in [
            ("kind == data and status == 200", true),
            ("kind == data and method == GET and path == /path", true),
            ("kind == data and host == 127.0.0.1", true),
            ("kind == data and header.content-length == 5", true),
            ("kind == data and status == 404", false),
            ("kind == data and path contains other", false),
            ("latency > 1h", false),
        ] {
            let of_file = run(&["open", &file, "--filter", filter]);
            let piped = run_with_input(&["open", "-", "--filter", filter], &bytes);
            for ended in [of_file, piped] {
                let lines = text(&ended.stdout).lines().count();
                assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
                // HAR has exchanges, and no bytes that crossed.
                let least = if option == "--har" { 1 } else { 2 };
                assert_eq!(lines >= least, records, "{option} {filter}: {lines} lines");
                assert!(records || lines == 0, "{option} {filter}: {lines} lines");
            }
        }
    }
}

#[test]
fn an_answer_that_is_piped_in_later_decides_about_its_request_and_nothing_waits_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(captured("--jsonl", folder.path())).unwrap();
    let answered = memchr::memmem::find(&bytes, b"HTTP/1.1 200").unwrap();
    let line = bytes[..answered].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let mut child = command(&["open", "-", "--filter", "status == 200 or data contains hello"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap()).lines();
    // The line of the exchange itself comes before its records or behind them, that it connected first.
    let is_record =
        |line: &std::io::Result<String>| line.as_ref().unwrap().contains(r#""kind":"data""#);
    let mut printed = printed.filter(is_record);
    input.write_all(&bytes[..line]).unwrap();
    input.write_all(&bytes[line..]).unwrap();
    assert!(printed.next().unwrap().unwrap().contains("GET /path"), "its answer is known");
    assert!(printed.next().unwrap().unwrap().contains("HTTP/1.1 200"));
    // A request that nobody answers holds up what comes behind it for a moment alone.
    input.write_all(&bytes[..line]).unwrap();
    let other = r#"{"v":1,"type":"record","time":"2023-11-14T22:13:20Z","conn":"9/9","proto":"tcp","side":"client","dir":"in","kind":"data","len":5,"text":"hello"}"#;
    input.write_all(format!("{other}\n").as_bytes()).unwrap();
    let next = printed.map(Result::unwrap).find(|line| line.contains(r#""text":"hello""#));
    assert!(next.is_some());
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn whose_the_peers_were_comes_back_from_json_lines() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen.jsonl").to_string_lossy().into_owned();
    let listener = listen("tcp://127.0.0.1:0", &["--echo", "--jsonl", &file]);
    // It stays until it is found: whose a connection was that is over is not to be known.
    let mut peer = TcpStream::connect(("127.0.0.1", listener.port)).unwrap();
    peer.write_all(b"hello").unwrap();
    peer.read_exact(&mut [0; 5]).unwrap();
    let found = |file: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let peers = text.lines().filter(|line| line.contains(r#""type":"peer""#));
        peers.map(str::to_owned).collect::<Vec<_>>()
    };
    wait_until("a peer in the lines", || !found(&file).is_empty());
    drop(peer);
    listener.interrupt();
    assert_eq!(listener.wait(), Some(0));
    let told: Value = serde_json::from_str(&found(&file)[0]).unwrap();
    let all = text(&run(&["open", &file]).stdout);
    let again = all.lines().find(|line| line.contains(r#""type":"peer""#)).expect("a peer");
    let again: Value = serde_json::from_str(again).unwrap();
    for name in ["state", "pid", "program", "uid", "time"] {
        assert_eq!(again[name], told[name], "{name}");
    }
    let by_pid = format!("data contains hello and pid == {}", told["pid"]);
    for (filter, lines) in [(&*by_pid, 2), ("data contains hello and pid == 1", 0)] {
        let ended = run(&["open", &file, "--filter", filter]);
        assert_eq!(text(&ended.stdout).lines().count(), lines, "{filter}");
    }
}

#[test]
fn what_was_captured_is_opened_into_a_pipe_as_json_lines() {
    for option in ["--pcapng", "--jsonl", "--har"] {
        let folder = tempfile::tempdir().unwrap();
        let file = captured(option, folder.path());
        let ended = run(&["open", &file]);
        assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
        let lines: Vec<Value> = text(&ended.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect();
        if option == "--har" {
            let [exchange] = &lines[..] else { panic!("{lines:?}") };
            assert_eq!(
                (&exchange["type"], &exchange["records"]),
                (&"exchange".into(), &false.into())
            );
            assert_eq!(exchange["request"]["target"], "/path");
            assert_eq!(exchange["response"]["body"]["text"], "hello");
        } else {
            let data: Vec<_> = lines.iter().filter(|line| line["kind"] == "data").collect();
            let ways: Vec<_> = data.iter().map(|line| line["dir"].as_str().unwrap()).collect();
            assert_eq!((ways[0], *ways.last().unwrap()), ("out", "in"), "{option}");
            assert!(data[0]["text"].as_str().unwrap().starts_with("GET /path HTTP/1.1\r\n"));
            assert!(data.last().unwrap()["text"].as_str().unwrap().ends_with("hello"));
        }
        // As a program that was killed leaves it.
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() - 7]).unwrap();
        let (status, said) = told(&run(&["open", &file]));
        let expected = if option == "--har" { (2, "no HAR") } else { (6, "cut off") };
        assert!(status == Some(expected.0) && said.contains(expected.1), "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("text");
    std::fs::write(&other, "GET / HTTP/1.1\r\n").unwrap();
    let (status, said) = told(&run(&["open", &other.to_string_lossy()]));
    assert!(status == Some(2) && said.contains("neither pcap nor pcapng"), "{said}");
    std::fs::write(&other, "").unwrap();
    let (status, said) = told(&run(&["open", &other.to_string_lossy()]));
    assert!(status == Some(2) && said.contains("it is empty"), "{said}");
    // A capture of nothing is one.
    let header =
        [&b"\xd4\xc3\xb2\xa1\x02\0\x04\0"[..], &[0; 8], b"\xff\xff\0\0\x01\0\0\0"].concat();
    for (text, said) in [
        (&header[..], "0 records of 0 packets"),
        (br#"{"log":{"version":"1.2","entries":[]}}"#, "0 entries"),
    ] {
        std::fs::write(&other, text).unwrap();
        let (status, words) = told(&run(&["open", &other.to_string_lossy()]));
        assert!(status == Some(0) && words.contains(said), "{words}");
    }
    assert_eq!(told(&run(&["open", "/nowhere"])).0, Some(2));
    let (status, said) = told(&run(&["open", &other.to_string_lossy(), "--filter", "port == x"]));
    assert!(
        status == Some(2) && said.contains("cannot open: --filter: 'x' is not a port"),
        "{said}"
    );
}

#[test]
fn a_capture_is_looked_at_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let file = captured("--pcapng", folder.path());
    let terminal = Launch::default().args(&["open", &file]).start();
    terminal.wait_for("GET /path");
    terminal.wait_for("records of");
}
