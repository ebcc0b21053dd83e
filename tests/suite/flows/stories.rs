//! Stories with the real program, real sockets and real files: the starter's presets on free ports.

use std::fs;
use std::path::Path;

use wirebench::store::starter;

use crate::harness::peers::free_port;
use crate::harness::terminal::{Launch, Tui};

/// Writes the starter's files as a workspace of the user's own.
fn started() -> Tui {
    let launch = Launch::default().size(100, 30);
    let root = launch.home.path().join("home/presets");
    for (name, text) in starter::FILES {
        let text = ["18080", "19000", "19001"]
            .iter()
            .fold(text.to_owned(), |text, port| text.replace(port, &free_port().to_string()));
        let file = root.join(name);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).unwrap();
        fs::write(file, text).unwrap();
    }
    let tui = launch.start();
    tui.wait_for("http-server");
    tui
}

/// Opens a preset by searching it.
fn open(tui: &mut Tui, name: &str) {
    tui.keys(&format!("<C-o>a/{name}"));
    tui.wait_for(&format!("/ {name}"));
    tui.keys("<Enter>");
    tui.wait_for(&format!("─ tutorial/{name}"));
    tui.keys("<F5>");
}

#[test]
fn a_request_is_answered_by_our_own_listener_and_seen_from_both_ends() {
    let mut tui = started();
    open(&mut tui, "http-server");
    tui.wait_for("1 listening");
    open(&mut tui, "http-client");
    tui.wait_for("200 OK");
    tui.wait_for("Hello from wirebench");
    tui.wait_for_screen("the exchange in the history", |screen| {
        screen.lines().any(|line| line.contains("GET") && line.contains(" 200"))
    });
    tui.quit();
}

#[test]
fn a_tcp_conversation_is_held_with_our_own_listener() {
    let mut tui = started();
    open(&mut tui, "tcp-server");
    tui.wait_for("1 listening");
    open(&mut tui, "tcp-client");
    tui.wait_for("Hello, I am Ann");
    tui.keys("time please<Enter>");
    tui.wait_for("it is time for lunch");
    tui.quit();
}

#[test]
fn datagrams_are_answered_by_our_own_listener() {
    let mut tui = started();
    open(&mut tui, "udp-server");
    tui.wait_for("1 listening");
    open(&mut tui, "udp-client");
    tui.wait_for("sensor=7 temp=21.4");
    tui.keys("anybody there?<Enter>");
    tui.wait_for_screen("what was sent and its echo", |screen| {
        screen.matches("anybody there?").count() >= 2
    });
    tui.quit();
}

#[test]
fn what_is_composed_is_saved_to_a_file_and_what_is_not_comes_back() {
    let mut tui = started();
    let file = tui.home.path().join("home/presets/mine/ping.toml");
    tui.keys("<F3><C-l>127.0.0.1:7<C-s>mine/ping<Enter>");
    tui.wait_for("saved mine/ping");
    assert!(fs::read_to_string(&file).unwrap().contains("127.0.0.1:7"));
    tui.keys("<C-l><End>77");
    tui.wait_for("mine/ping ●");
    let home = tui.home.clone();
    tui.quit();
    assert!(!fs::read_to_string(&file).unwrap().contains("127.0.0.1:777"));
    let again = Launch { home, ..Launch::default() }.size(100, 30).start();
    again.wait_for("127.0.0.1:777");
    again.wait_for("mine/ping ●");
    again.quit();
}
