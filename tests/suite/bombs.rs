//! Small bodies that become huge, or end in the middle: what happened is said, what was decoded so
//! far is kept and shown, memory stays bounded, keys are answered; on the screen and without it.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::{run, spawned};
use crate::harness::terminal::Launch;
use crate::hostile::{assert_keys_are_answered, pane};

/// Most of one body that is decoded.
const BOUND: usize = 256 << 20;
/// The program with a bomb in it holds less.
const MEMORY: u64 = 200 << 20;
/// Made with another encoder; see the README beside it.
const ZEROS_BR: &[u8] = include_bytes!("../data/codings/zeros-300m.br");

struct Bomb {
    name: &'static str,
    coding: &'static str,
    packed: Vec<u8>,
    /// Part of what stands in the pane of the response.
    words: &'static str,
    /// The first of what was decoded.
    kept: &'static str,
    /// Length of what a pipe gets.
    decoded: usize,
    /// Exit status without the screen.
    status: i32,
}

/// A file of the shared corpora; `None`, said aloud, where they are not.
fn corpus(name: &str) -> Option<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/own/bombs");
    match std::fs::read(Path::new(folder).join(name)) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{name}: {error}");
            eprintln!("skipped: {name} is not here ({error})");
            None
        }
    }
}

fn zeros(length: u64, mut encoder: impl Write) {
    std::io::copy(&mut std::io::repeat(0).take(length), &mut encoder).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bombs() -> Vec<Bomb> {
    let mut zstd = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    zeros(300 << 20, &mut zstd);
    let stopped = |name, coding, packed| Bomb {
        name,
        coding,
        packed,
        words: "decoding stopped at 256 MiB",
        kept: "00 00 00 00",
        decoded: BOUND,
        status: 3,
    };
    let mut bombs = vec![
        stopped("zstd", "zstd", zstd.finish().unwrap()),
        stopped("brotli", "br", ZEROS_BR.to_vec()),
        stopped("brotli in gzip", "br, gzip", gzip(ZEROS_BR)),
    ];
    let known = [
        ("zero64m.gz", "gzip", "64.0 MiB", "00 00 00 00", 64 << 20, 0),
        ("truncated.gz", "gzip", "gzip: the data is cut off", "xxxx", 88_496, 3),
        ("billion-laughs-small.yaml", "identity", "184 B", "a: &a [", 184, 0),
    ];
    for (name, coding, words, kept, decoded, status) in known {
        if let Some(packed) = corpus(name) {
            bombs.push(Bomb { name, coding, packed, words, kept, decoded, status });
        }
    }
    bombs
}

fn peer(bomb: &Bomb) -> SocketAddr {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: {}\r\n\r\n",
        bomb.coding,
        bomb.packed.len()
    );
    let response = [head.into_bytes(), bomb.packed.clone()].concat();
    tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(&response);
            let _ = stream.read(&mut [0]);
        }
    })
}

#[test]
fn a_bomb_is_told_and_shown_in_bounded_memory_while_keys_are_answered() {
    for bomb in bombs() {
        let preset = format!("[http]\nurl = \"http://{}/\"\n", peer(&bomb));
        let mut tui = Launch::sending(&preset);
        assert_keys_are_answered(&mut tui);
        tui.wait_for_screen(bomb.name, |screen| {
            let response = pane(screen, "Response ─");
            response.contains(bomb.words) && response.contains(bomb.kept)
        });
        assert_keys_are_answered(&mut tui);
        let peak = tui.peak_memory();
        assert!(peak < MEMORY, "{}: {} MiB", bomb.name, peak >> 20);
        tui.quit();
    }
}

#[test]
fn a_bomb_without_the_screen_has_words_and_an_exit_status_and_bounded_memory() {
    for bomb in bombs() {
        let mut child = spawned(&["send", "--raw", &format!("http://{}/", peer(&bomb))]);
        let mut output = child.stdout.take().unwrap();
        let (mut length, mut peak, mut buffer) = (0, 0, vec![0; 1 << 20]);
        while let Ok(read @ 1..) = output.read(&mut buffer) {
            length += read;
            peak = peak.max(crate::harness::program::peak_memory(child.id()).unwrap_or_default());
        }
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(length, bomb.decoded, "{}: {said}", bomb.name);
        assert_eq!(ended.status.code(), Some(bomb.status), "{}: {said}", bomb.name);
        assert!(bomb.status == 0 || said.contains(bomb.words), "{}: {said}", bomb.name);
        assert!(
            peak < MEMORY && (peak > 0 || length < 1 << 20),
            "{}: {} MiB",
            bomb.name,
            peak >> 20
        );
    }
}

#[test]
fn a_body_in_a_coding_nobody_knows_is_printed_as_it_came_and_said() {
    let bomb = Bomb {
        name: "unknown",
        coding: "utf-8",
        packed: b"plain".to_vec(),
        words: "",
        kept: "",
        decoded: 5,
        status: 0,
    };
    let output = run(&["send", "--raw", &format!("http://{}/", peer(&bomb))]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"plain"[..]), "{said}");
    assert!(said.contains("utf-8") && said.contains("as it came"), "{said}");
}
