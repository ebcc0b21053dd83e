//! What `send` was asked for is what happens, or it is said: digits of files, nothing printed, the body
//! alone in a pipe, whole files, texts that begin with a variable, remarks.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::mpsc;

use crate::harness::peers::{http_peer, tcp_peer, udp_peer};
use crate::harness::program::{run, run_with_input, text, told};

/// A peer that answers `a\0` and a byte that is no text, then tells what it got.
fn recorder() -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let (sender, got) = mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let _ = stream.write_all(b"a\0\xff");
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = sender.send(all);
    });
    (peer, got)
}

#[test]
fn hex_is_read_from_files_and_standard_input_too() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, dump) = (folder.path().join("plain"), folder.path().join("dump"));
    std::fs::write(&plain, "de ad BE:ef\n").unwrap();
    std::fs::write(&dump, "00000000: dead beef                                ....\n").unwrap();
    let (peer, got) = recorder();
    let url = format!("tcp://{peer}");
    for file in [&plain, &dump] {
        let data = format!("@{}", file.display());
        let ended = run(&["send", &url, "--hex", "-d", &data, "--wait", "0"]);
        assert_eq!(told(&ended).0, Some(0), "{}", told(&ended).1);
        assert_eq!(got.recv().unwrap(), b"\xde\xad\xbe\xef");
    }
    for words in [&["--hex", "--wait", "0"][..], &["--hex", "-d", "@-", "--wait", "0"]] {
        let ended = run_with_input(&[&["send", &url], words].concat(), b"dead\nbeef");
        assert_eq!(told(&ended).0, Some(0), "{}", told(&ended).1);
        assert_eq!(got.recv().unwrap(), b"\xde\xad\xbe\xef");
    }
    let wrong = run_with_input(&["send", &url, "--hex"], b"no digits");
    assert!(told(&wrong).0 == Some(2) && told(&wrong).1.contains("standard input"), "{wrong:?}");
    let data = format!("@{}", plain.display());
    for words in [&["--hex", "-d", &data][..], &["--hex", "-d", "@-"], &["--hex"]] {
        let (sender, bodies) = mpsc::channel();
        let peer = tcp_peer(move |mut stream| {
            let (mut all, mut piece) = (Vec::new(), [0; 4096]);
            while !all.ends_with(b"\xde\xad\xbe\xef")
                && let Ok(read @ 1..) = stream.read(&mut piece)
            {
                all.extend_from_slice(&piece[..read]);
            }
            let _ = stream.write_all(b"HTTP/1.1 204 X\r\n\r\n");
            let _ = sender.send(all);
        });
        let url = format!("http://{peer}/");
        let ended = run_with_input(&[&["send", "POST", &url], words].concat(), b"de ad be ef");
        assert_eq!(told(&ended).0, Some(0), "{}", told(&ended).1);
        assert!(bodies.recv().unwrap().ends_with(b"\r\n\r\n\xde\xad\xbe\xef"), "{words:?}");
    }
}

#[test]
fn a_pipe_gets_the_bytes_of_a_conversation_whatever_the_colours_and_nothing_when_quiet() {
    let (peer, _got) = recorder();
    let url = format!("tcp://{peer}");
    for (words, printed) in [
        (&["--color", "always"][..], &b"a\0\xff"[..]),
        (&[], b"a\0\xff"),
        (&["-q"], b""),
        (&["--text"], b"a\\0\\xff\n"),
    ] {
        let ended = run(&[&["send", &url, "-d", "x"], words].concat());
        assert_eq!((ended.status.code(), &*ended.stdout), (Some(0), printed), "{words:?}");
    }
}

#[test]
fn how_a_body_looks_does_not_say_what_a_pipe_gets() {
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
    );
    let url = format!("http://{peer}/");
    for (words, printed) in [
        (&["--pretty", "format"][..], "{\n  \"a\": 1\n}\n"),
        (&["--pretty", "none"], "{\"a\":1}"),
        (&["--pretty", "all", "--color", "never"], "{\n  \"a\": 1\n}\n"),
    ] {
        let ended = run(&[&["send", &url], words].concat());
        assert_eq!((ended.status.code(), &*text(&ended.stdout)), (Some(0), printed), "{words:?}");
    }
    let coloured = text(&run(&["send", &url, "--color", "always"]).stdout);
    assert!(coloured.starts_with(['{', '\u{1b}']) && !coloured.contains("HTTP/1.1"), "{coloured}");
    let whole = text(&run(&["send", &url, "--pretty", "format", "-p", "hb"]).stdout);
    assert!(whole.starts_with("HTTP/1.1 200 OK"), "{whole}");
}

#[test]
fn an_empty_body_called_json_is_no_trouble() {
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n",
    );
    let ended = run(&["send", &format!("http://{peer}/"), "--text"]);
    assert_eq!(told(&ended), (Some(0), String::new()));
}

#[test]
fn a_file_that_becomes_shorter_while_it_is_sent_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big");
    for scheme in ["tcp", "http"] {
        std::fs::write(&path, vec![b'x'; 32 << 20]).unwrap();
        let cut = path.clone();
        let peer = tcp_peer(move |mut stream| {
            let _ = stream.read(&mut [0; 1000]);
            let file = std::fs::OpenOptions::new().write(true).open(&cut).unwrap();
            file.set_len(1000).unwrap();
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let data = format!("@{}", path.display());
        let url = format!("{scheme}://{peer}");
        let ended = run(&["send", &url, "-d", &data]);
        let (status, said) = told(&ended);
        assert!(status == Some(3) && said.contains("became shorter while"), "{scheme}: {said}");
    }
}

#[test]
fn data_that_begins_with_a_variable_is_text_and_so_is_what_a_header_calls_so() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("presets/env")).unwrap();
    std::fs::write(home.path().join("presets/env/local.toml"), "w = \"hello\"\n").unwrap();
    let home = home.path().to_str().unwrap().to_owned();
    for (words, kind, body) in [
        (&["-d", "{{w}}"][..], "text/plain; charset=utf-8", "hello"),
        (&["-d", "{{w}}=1"], "text/plain; charset=utf-8", "hello=1"),
        (&["-d", "[\"{{w}}\"]"], "application/json", "[\"hello\"]"),
        (&["-H", "Content-Type: text/x", "-d", "{\"a\": {{w}}}"], "text/x", "{\"a\": hello}"),
    ] {
        let common = ["--home", &home, "send", "--offline", "--env", "local", ":1"];
        let ended = run(&[&common, words].concat());
        let sent = text(&ended.stdout);
        assert_eq!(ended.status.code(), Some(0), "{words:?}: {}", told(&ended).1);
        assert!(sent.contains(&format!("Content-Type: {kind}\r\n")), "{words:?}: {sent}");
        assert!(sent.contains(body), "{words:?}: {sent}");
    }
}

#[test]
fn what_a_conversation_remarks_is_said_beside_its_bytes() {
    let (_socket, there) = udp_peer();
    let long = "x".repeat(5000);
    for style in ["--raw", "--text"] {
        let ended = run(&["send", &format!("udp://{there}"), "-d", &long, "--wait", "0", style]);
        let (status, said) = told(&ended);
        // On this machine nothing is cut into fragments that get lost.
        assert!(status == Some(0) && said.contains("fragments"), "{style}: {said}");
    }
    let steps = run(&["send", &format!("udp://{there}"), "-d", "x", "--wait", "0"]);
    assert_eq!(told(&steps), (Some(0), String::new()));
}
