//! The README's five minutes, key by key, with the real program: whoever follows it sees what it
//! says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use crate::harness::terminal::{Launch, Tui, starter_with_free_ports};

/// The starter workspace on ports of its own, large enough to read along.
fn started() -> (Tui, [u16; 3]) {
    let launch = Launch::default().size(120, 36);
    let ports = starter_with_free_ports(&launch.home);
    let tui = launch.start();
    tui.wait_for("tutorial/http-client");
    (tui, ports)
}

/// The title of the pane that has the focus.
fn wait_focus(tui: &Tui, pane: &str) {
    tui.wait_for(&format!("━ {pane}"));
}

/// Starts the listener and the client of a kind; both are other rows than the one that is open, so
/// the first key opens them.
fn start_pair(tui: &mut Tui, server: usize, listening: &str) {
    tui.keys(&format!("<Home>{}<F5><F5>", "<Down>".repeat(server)));
    tui.wait_for(listening);
    tui.keys(&format!("<Home>{}<F5><F5>", "<Down>".repeat(server - 1)));
}

/// Jumps to the presets; letters stand on the titles.
fn back_to_presets(tui: &mut Tui) {
    tui.keys("<C-o>");
    tui.wait_for_screen("letters on titles", |screen| screen.contains("\na1"));
    tui.keys("a");
    wait_focus(tui, "Presets");
}

/// Leaves an overlay; the key comes alone, so it cannot be taken for the start of another.
fn leave(tui: &mut Tui, title: &str) {
    tui.keys("<Esc>");
    tui.wait_for_screen("the panes", |screen| !screen.contains(title));
}

#[test]
fn a_first_start_stands_on_the_listener_and_moves_on_to_its_client() {
    let mut tui = Launch::default().start();
    tui.wait_for("tutorial/http-server");
    wait_focus(&tui, "Presets");
    tui.wait_for("F5 starts listening");
    // Whether or not the port is free here, the cursor goes on to the client.
    tui.keys("<F5>");
    tui.wait_for("Start http-server first");
    tui.quit();
}

#[test]
fn both_ends_of_an_http_exchange_are_one_key_each() {
    let (mut tui, [port, ..]) = started();
    start_pair(&mut tui, 2, "1 listening");
    tui.wait_for("200 OK");
    tui.wait_for("\"message\": \"Hello from wirebench\"");
    // Both ends are in the traffic list.
    tui.keys("<S-Tab>z");
    tui.wait_for(&format!("http→{port}"));
    tui.wait_for(&format!("http:{port}"));
    tui.keys("z<Tab>");
    wait_focus(&tui, "Presets");
    // The listener's end: the request as it arrived.
    tui.keys("<Down><Enter>");
    tui.wait_for("answered 200 in");
    back_to_presets(&mut tui);
    tui.quit();
}

#[test]
fn a_tcp_conversation_is_held_from_both_ends() {
    let (mut tui, _) = started();
    start_pair(&mut tui, 4, "1 listening");
    tui.wait_for("all steps are done");
    wait_focus(&tui, "Conversation");
    tui.keys("good morning<Enter>");
    tui.wait_for_screen("the echo", |screen| {
        let rows = |mark: &str| {
            screen.lines().filter(|row| row.contains(mark) && row.contains("good morning")).count()
        };
        rows("▶") >= 1 && rows("◀") >= 1
    });
    tui.keys("<A-x>");
    tui.wait_for("hex ❯");
    tui.keys("68 69 0a<Enter>");
    tui.wait_for("hi\\n");
    tui.keys("<A-x>");
    // The same connection from the other end, answered by hand.
    back_to_presets(&mut tui);
    tui.keys("<Down><Enter>");
    wait_focus(&tui, "TCP listener");
    tui.wait_for("hi\\n");
    tui.keys("<Tab>i");
    tui.wait_for("CRLF");
    tui.keys("by hand<Enter>");
    tui.wait_for("by hand\\r\\n");
    tui.quit();
}

#[test]
fn composing_starts_with_a_key_and_an_address_chooses_the_rest() {
    let (mut tui, _) = started();
    for (keys, title) in [
        ("<C-n>", "HTTP client ─ not saved"),
        ("<F3>", "TCP client ─ not saved"),
        ("<F4>", "UDP client ─ not saved"),
        ("<F6>", "UDP listener ─ not saved"),
        ("<F6><F2><C-l>tls://h:443<Down>", "TCP client ─ not saved ●"),
    ] {
        tui.keys(keys);
        tui.wait_for_screen(title, |screen| screen.replace('━', "─").contains(title));
    }
    tui.keys("<F2><C-n>");
    tui.bytes(b"\x1b[200~curl -X PUT http://127.0.0.1:1/x -H 'A: b'\x1b[201~");
    tui.wait_for("filled from the curl command");
    tui.wait_for("PUT");
    tui.keys("<C-s>");
    tui.wait_for("Save http://127.0.0.1:1/x as");
    tui.keys("mine/put-x<Enter>");
    tui.wait_for("saved mine/put-x");
    let saved = tui.home.path().join("home/presets/mine/put-x.toml");
    assert!(fs::read_to_string(saved).unwrap().contains("method = \"PUT\""));
    tui.quit();
}

#[test]
fn traffic_is_filtered_paused_read_and_turned_around() {
    let (mut tui, [_, port, _]) = started();
    start_pair(&mut tui, 4, "1 listening");
    tui.wait_for("all steps are done");
    tui.keys("<Tab>");
    wait_focus(&tui, "Traffic");
    tui.keys(&format!("/port == {port} and dir == in<Enter>"));
    tui.wait_for("shown");
    tui.keys("<Space>");
    tui.wait_for("paused");
    tui.keys("<End><Enter>");
    tui.wait_for("text ──");
    tui.keys("x");
    tui.wait_for("48 65 6c 6c 6f");
    tui.keys("t");
    tui.wait_for("a draft that sends it");
    tui.wait_for("Hello, I am Ann\\r\\n");
    tui.quit();
}

#[test]
fn a_preset_is_shown_as_code_and_everything_is_found() {
    let (mut tui, [port, ..]) = started();
    tui.keys("<Home><Down>c");
    tui.wait_for("as code");
    tui.wait_for(&format!("curl http://localhost:{port}/hello"));
    tui.wait_for("Python requests");
    leave(&mut tui, "as code");
    tui.keys("<F1>");
    tui.wait_for("Help ─ Presets");
    leave(&mut tui, "Help ─");
    tui.keys("<C-p>");
    tui.wait_for("╭ Palette");
    tui.keys("udp-server<Enter>");
    tui.wait_for("tutorial/udp-server");
    wait_focus(&tui, "UDP listener");
    tui.keys("<C-o>");
    // Letters stand on the titles.
    tui.wait_for_screen("letters on titles", |screen| screen.contains("\na1"));
    tui.keys("g");
    wait_focus(&tui, "Traffic");
    tui.keys("z");
    tui.wait_for_screen("only this pane", |screen| !screen.contains("Presets"));
    tui.quit();
}
