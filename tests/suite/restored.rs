//! The terminal is given back whatever ends the program or stops it, at whatever moment: lines
//! settings, screen, mouse, paste, cursor, keyboard protocol (see `Tui::assert_restored`).

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;
use crate::kill::{Numbers, let_run_for};

/// Rounds for each of the two tests of signals.
const ROUNDS: u64 = 60;
/// Longest time from the last key to the signal.
const LATEST: Duration = Duration::from_millis(60);

/// Where the program is when the signal comes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    /// Anywhere from its first instruction on.
    Starting,
    Traffic,
    Overlay,
    /// Help over a filter that is typed, with kitty's keyboard protocol.
    KittyKeys,
    /// The editor has the terminal, or is about to.
    Editor,
}

const MOMENTS: [Moment; 5] =
    [Moment::Starting, Moment::Traffic, Moment::Overlay, Moment::KittyKeys, Moment::Editor];

/// A response that never ends.
fn endless() -> SocketAddr {
    tcp_peer(|mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&b"more and more\r\n".repeat(100)).is_ok() {
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
    })
}

/// The program at that moment.
fn at(moment: Moment, peer: SocketAddr) -> Tui {
    let preset = format!("[http]\nurl = \"http://{peer}/\"\nbody.text = \"text\"\n");
    let launch = Launch::default().preset("a", &preset).size(100, 30);
    let editor = launch.home.path().join("ed");
    std::fs::write(&editor, "#!/bin/sh\necho EDITOR\nread line\n").unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut tui = launch.env("VISUAL", editor.to_str().unwrap()).start();
    if moment == Moment::Starting {
        return tui;
    }
    tui.wait_for("─ a ");
    match moment {
        Moment::Starting => {}
        Moment::Traffic => tui.keys("<F5>"),
        Moment::Overlay => tui.keys("<F5><C-p>se"),
        Moment::KittyKeys => {
            tui.bytes(b"\x1b[?0u");
            tui.keys("<S-Tab>/port<F1>");
        }
        Moment::Editor => tui.keys("<F5><C-e>"),
    }
    tui
}

/// Sends signals at random moments; every time the terminal is as it was before.
fn signals(seed: u64, signals: &[(Signal, u32)], moments: &[Moment]) {
    let mut numbers = Numbers(seed);
    let peer = endless();
    for round in 0..ROUNDS {
        let moment = moments[(numbers.next() % moments.len() as u64) as usize];
        let (signal, status) = signals[(round % signals.len() as u64) as usize];
        let tui = at(moment, peer);
        let_run_for(numbers.up_to(LATEST));
        tui.signal(signal);
        let ended = tui.wait_exit();
        // Before the program listens to signals they end it as they end any other.
        let killed = moment == Moment::Starting && ended.signal().is_some();
        let place = format!("round {round}, {signal:?} while {moment:?}: {ended:?}");
        assert!(killed || ended.exit_code() == status, "{place}");
        tui.assert_restored();
    }
}

#[test]
fn terminate_and_hang_up_at_any_moment() {
    signals(3, &[(Signal::TERM, 143), (Signal::HUP, 129)], &MOMENTS);
}

#[test]
fn an_interrupt_at_any_moment() {
    // While an editor runs the interrupt is the editor's; that has a test of its own.
    signals(5, &[(Signal::INT, 130)], &MOMENTS[..4]);
}

#[test]
fn suspended_at_any_moment_and_back() {
    let mut numbers = Numbers(7);
    let peer = endless();
    for round in 0..12 {
        let moment = [Moment::Traffic, Moment::Overlay, Moment::KittyKeys][round % 3];
        let mut tui = at(moment, peer);
        let_run_for(numbers.up_to(LATEST));
        tui.keys("<C-z>");
        wait_until("the program is stopped", || tui.process_state() == 'T');
        tui.wait_all_read();
        tui.assert_restored();
        tui.signal(Signal::CONT);
        tui.wait_for("wirebench");
        tui.keys("<Esc><Esc><C-q><C-q>");
        let started = Instant::now();
        tui.wait_exit();
        assert!(started.elapsed() < Duration::from_secs(5), "{moment:?}");
        tui.assert_restored();
    }
}
