//! The same of what listens and of what stands between two: TCP, UDP and SOCKS5, and of the words of a crash.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;

use super::{Home, assert_clean_file, assert_told_nothing, canary, holds, secret, text};
use crate::harness::program::{Listening, listening};
use crate::harness::wait::{PATIENCE, wait_until};
use crate::panics::Fault;

/// Presets that listen, with secrets where one can stand.
fn listeners(home: &Home) {
    let (tcp, udp) = (home.peers.tcp, home.peers.udp);
    let [greeting, answer, said] = ["tcp", "own", "udp"].map(secret);
    let [login, rewritten, typed] = ["basic", "key", "cookie"].map(secret);
    let rule = format!("rule = [{{ when = \"contains 'x'\", send = \"<{answer}>\" }}]\n");
    home.write(
        "presets/l/tcp.toml",
        &format!("[tcp-listener]\nbind = \"127.0.0.1:0\"\ngreeting = \"{greeting}\"\n{rule}"),
    );
    home.write(
        "presets/l/udp.toml",
        &format!("[udp-listener]\nbind = \"127.0.0.1:0\"\nrule = [{{ send = \"{said}\" }}]\n"),
    );
    let rewrite = format!(
        "rewrite = [{{ replace = \"hello\", with = \"{rewritten}\" }}, {{ replace = \"there\", with = \"{typed}\" }}]\n"
    );
    home.write(
        "presets/r/tcp.toml",
        &format!("[tcp-relay]\nbind = \"127.0.0.1:0\"\ntarget = \"{tcp}\"\n{rewrite}"),
    );
    home.write(
        "presets/r/udp.toml",
        &format!("[udp-relay]\nbind = \"127.0.0.1:0\"\ntarget = \"{udp}\"\n{rewrite}"),
    );
    home.write(
        "presets/r/socks.toml",
        &format!(
            "[tcp-relay]\nbind = \"127.0.0.1:0\"\nsocks = true\nsocks-user = \"ann\"\nsocks-password = \"{login}\"\n{rewrite}"
        ),
    );
}

fn started(home: &Home, what: &str, preset: &str, style: &str) -> Listening {
    let mut words = vec![what, preset, "--env", "e", style, "--pcapng", "l.pcapng"];
    if style != "--json" {
        words.extend(["--har", "l.har", "--jsonl", "l.jsonl"]);
    }
    listening(&mut home.command(&words))
}

/// A TCP conversation; what came back.
fn talked(mut stream: TcpStream, said: &[u8]) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(said).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    got
}

fn connected(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

/// A datagram and its answer.
fn answered(port: u16, said: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(said, ("127.0.0.1", port)).unwrap();
    let mut room = [0; 1024];
    let (length, _) = socket.recv_from(&mut room).unwrap();
    room[..length].to_vec()
}

/// A stream that a SOCKS5 relay led on after a login (RFC 1928, RFC 1929).
fn led(port: u16, to: SocketAddr) -> TcpStream {
    let mut stream = connected(port);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut exact = |said: &[u8], length: usize| {
        stream.write_all(said).unwrap();
        let mut got = vec![0; length];
        stream.read_exact(&mut got).unwrap();
        got
    };
    assert_eq!(exact(b"\x05\x01\x02", 2), [5, 2]);
    let password = canary("basic");
    let login = [&b"\x01\x03ann"[..], &[password.len() as u8], password.as_bytes()].concat();
    assert_eq!(exact(&login, 2), [1, 0]);
    let SocketAddr::V4(to) = to else { panic!("{to}") };
    let ask = [&[5, 1, 0, 1][..], &to.ip().octets(), &to.port().to_be_bytes()].concat();
    assert_eq!(exact(&ask, 10)[..2], [5, 0]);
    stream
}

fn ended(home: &Home, what: &str, running: Listening) {
    running.interrupt();
    assert_told_nothing(what, running.said().as_bytes(), &[]);
    home.assert_clean(what, &[]);
    for name in ["l.har", "l.jsonl", "l.pcapng"] {
        let _ = std::fs::remove_file(home.path(name));
    }
}

#[test]
fn listeners_of_tcp_and_udp_tell_no_canary_of_what_they_answer() {
    let home = Home::new();
    listeners(&home);
    for style in ["--json", "--text"] {
        let running = started(&home, "listen", "l/tcp", style);
        let got = talked(connected(running.port), b"x\r\n");
        assert!(holds(&got, "tcp") && holds(&got, "own"), "{}", text(&got));
        ended(&home, "listen l/tcp", running);
        let running = started(&home, "listen", "l/udp", style);
        assert!(holds(&answered(running.port, b"hi"), "udp"));
        ended(&home, "listen l/udp", running);
    }
}

#[test]
fn relays_of_tcp_udp_and_socks5_tell_no_canary_of_what_they_know_or_pass_on() {
    let home = Home::new();
    listeners(&home);
    let passed = format!("x {}\r\nhello there\r\n", canary("bearer"));
    for style in ["--json", "--text"] {
        for (preset, place) in [("r/tcp", "tcp"), ("r/socks", "socks"), ("r/udp", "udp")] {
            let running = started(&home, "relay", preset, style);
            home.peers.got.lock().unwrap().clear();
            match place {
                "tcp" => drop(talked(connected(running.port), passed.as_bytes())),
                "socks" => {
                    let stream = led(running.port, home.peers.tcp);
                    drop(talked(stream, passed.as_bytes()));
                }
                _ => drop(answered(running.port, passed.as_bytes())),
            }
            let has_crossed = |place: &str| holds(&home.peers.got.lock().unwrap(), place);
            for place in ["bearer", "key", "cookie"] {
                wait_until(&format!("{preset}: {place} crossed"), || has_crossed(place));
            }
            ended(&home, &format!("relay {preset}"), running);
        }
    }
}

#[test]
fn the_words_of_a_crash_hold_no_canary() {
    for fault in [Fault::Sessions, Fault::Loop] {
        let preset = "[http]\nurl = \"http://ann:{{secret.path}}@127.0.0.1:1/{{secret.own}}\"\n";
        let launch = fault.launch("", "").preset("a", preset).size(160, 50);
        let launch = launch.env("RUST_BACKTRACE", "full");
        let home = Arc::clone(&launch.home);
        let folder = home.path().join("home/presets/env");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("e.toml"), "x = \"1\"\n").unwrap();
        let secrets = format!("path = \"{}\"\nown = \"{}\"\n", canary("path"), canary("own"));
        std::fs::write(folder.join("e.secret.toml"), secrets).unwrap();
        let mut tui = launch.start();
        if fault == Fault::Sessions {
            tui.wait_for("─ a ");
            tui.keys("<F5>");
            tui.wait_for("internal error: the task of this session stopped");
            assert_told_nothing("all that was written", &tui.raw(), &[]);
            tui.quit();
        } else {
            assert_eq!(tui.wait_exit().exit_code(), 101);
            assert_told_nothing("all that was written", &tui.raw(), &[]);
        }
        let mut folders = vec![home.path().join("home/state")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() && !path.ends_with("drafts") => folders.push(path),
                    path if path.is_file() => assert_clean_file(&path),
                    _ => {}
                }
            }
        }
    }
}
