//! Captures of others, and ours, read again: the shared corpus against the counts of tshark, and
//! `wirebench open` with and without a screen.

use std::path::{Path, PathBuf};

use serde_json::Value;
use wirebench::interop::har_read::read_har;
use wirebench::interop::pcap::{CaptureBatch, CaptureCounts, CaptureReader};
use wirebench::model::id::SessionId;
use wirebench::model::record::Direction;

use crate::harness::peers::http_peer;
use crate::harness::program::{run, text, told};
use crate::harness::terminal::Launch;

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
    for option in ["--pcapng", "--jsonl"] {
        let folder = tempfile::tempdir().unwrap();
        let file = captured(option, folder.path());
        for (filter, records) in [
            ("kind == data and status == 200", true),
            ("kind == data and method == GET and path == /path", true),
            ("kind == data and host == 127.0.0.1", true),
            ("kind == data and status == 404", false),
            ("kind == data and path contains other", false),
        ] {
            let ended = run(&["open", &file, "--filter", filter]);
            let lines = text(&ended.stdout).lines().count();
            assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
            assert_eq!(lines >= 2, records, "{option} {filter}: {lines} lines");
            assert!(records || lines == 0, "{option} {filter}: {lines} lines");
        }
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
        let data: Vec<_> = lines.iter().filter(|line| line["kind"] == "data").collect();
        let ways: Vec<_> = data.iter().map(|line| line["dir"].as_str().unwrap()).collect();
        assert_eq!((ways[0], *ways.last().unwrap()), ("out", "in"), "{option}");
        assert!(data[0]["text"].as_str().unwrap().starts_with("GET /path HTTP/1.1\r\n"));
        assert!(data.last().unwrap()["text"].as_str().unwrap().ends_with("hello"));
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
    assert_eq!(told(&run(&["open", "/nowhere"])).0, Some(2));
}

#[test]
fn a_capture_is_looked_at_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let file = captured("--pcapng", folder.path());
    let terminal = Launch::default().args(&["open", &file]).start();
    terminal.wait_for("GET /path");
    terminal.wait_for("records of");
}
