//! What a terminal sends besides keys never runs as a command, however it is cut: nothing is deleted
//! by a paste or by an answer, and the keyboard stays alive.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::harness::peers::tcp_peer;
use crate::harness::program::text;
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::{PATIENCE, wait_until};

const PRESET: &str = "[http]\nurl = \"http://127.0.0.1:9/\"\n";

/// The cursor is on the preset `a`, which `dy` would delete.
fn at_the_preset() -> (Tui, PathBuf) {
    let mut tui = Launch::default().preset("a", PRESET).size(120, 40).start();
    tui.wait_for("─ a ");
    tui.keys("<C-o>a");
    tui.wait_quiet(Duration::from_millis(50));
    let file = tui.home.path().join("home/presets/a.toml");
    (tui, file)
}

fn send(tui: &mut Tui, pieces: &[(u64, &[u8])]) {
    for (later, bytes) in pieces {
        std::thread::park_timeout(Duration::from_millis(*later));
        tui.bytes(bytes);
    }
}

/// The program takes keys, and nothing it was sent asks or did anything.
fn assert_nothing_happened(tui: &mut Tui, file: &Path) {
    tui.wait_quiet(Duration::from_millis(100));
    tui.keys("<F1>");
    tui.wait_for("Help ─");
    assert!(!tui.screen().contains("Delete a?"), "{}", tui.screen());
    tui.keys("<F1>");
    tui.wait_for_screen("no help", |screen| !screen.contains("Help ─"));
    assert!(file.exists());
}

#[test]
fn a_paste_cut_anywhere_in_its_mark_deletes_no_preset() {
    let (mut tui, file) = at_the_preset();
    for pieces in [
        [(0, b"\x1b".as_slice()), (150, b"[200~dy\rdy\r\x1b[201~")],
        [(0, b"\x1b["), (150, b"200~dy\rdy\r\x1b[201~")],
        [(0, b"\x1b[20"), (1200, b"0~dy\rdy\r\x1b[201~")],
    ] {
        send(&mut tui, &pieces);
        assert_nothing_happened(&mut tui, &file);
    }
    tui.quit();
}

/// A cursor key whose bytes come one by one, the first of them long enough alone to be Escape: no
/// part of it is the command of that letter. Tried again when this machine was too slow for that.
#[test]
fn a_cursor_key_that_comes_byte_by_byte_behind_a_late_escape_is_no_command() {
    const CLOSE_TOGETHER: Duration = Duration::from_millis(40);
    let (mut tui, file) = at_the_preset();
    for attempt in 0..20 {
        tui.bytes(b"\x1b");
        std::thread::park_timeout(Duration::from_millis(60));
        let began = Instant::now();
        tui.bytes(b"[");
        std::thread::park_timeout(Duration::from_millis(10));
        tui.bytes(b"D");
        let was_in_time = began.elapsed() < CLOSE_TOGETHER;
        std::thread::park_timeout(Duration::from_millis(120));
        tui.wait_quiet(Duration::from_millis(100));
        let screen = tui.screen();
        if !screen.contains("Duplicate") {
            break;
        }
        assert!(!was_in_time && attempt < 19, "{screen}");
        tui.keys("<Esc>");
        tui.wait_quiet(Duration::from_millis(1100));
    }
    assert_nothing_happened(&mut tui, &file);
    tui.quit();
}

#[test]
fn a_paste_that_holds_its_own_end_deletes_no_preset() {
    let (mut tui, file) = at_the_preset();
    send(&mut tui, &[(0, b"\x1b[200~x\x1b[201~dy\rdy\r\x1b[201~")]);
    assert_nothing_happened(&mut tui, &file);
    tui.quit();
}

#[test]
fn an_answer_of_the_terminal_of_any_length_deletes_no_preset() {
    let (mut tui, file) = at_the_preset();
    let long = [b"\x1b]52;c;".as_slice(), &b"dydy".repeat(5000)].concat();
    send(&mut tui, &[(0, &long), (1200, b"dydy\rdy"), (10, b"\x07")]);
    assert_nothing_happened(&mut tui, &file);
    // One without an end: the next key alone is a key.
    send(&mut tui, &[(0, &long)]);
    std::thread::park_timeout(Duration::from_millis(1200));
    assert_nothing_happened(&mut tui, &file);
    tui.quit();
}

#[test]
fn a_question_nobody_has_seen_is_not_answered_by_what_was_typed_before() {
    let (mut tui, file) = at_the_preset();
    tui.bytes(b"dy\rdy\r");
    tui.wait_for("Delete a?");
    tui.wait_quiet(Duration::from_millis(100));
    assert!(file.exists() && tui.screen().contains("Delete a?"), "{}", tui.screen());
    tui.keys("y");
    wait_until("it is deleted", || !file.exists());
    tui.quit();
}

#[test]
fn what_is_pasted_into_a_conversation_crosses_the_socket_and_comes_back_as_it_was() {
    let (told, heard) = std::sync::mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            let _ = told.send(buffer[..read].to_vec());
        }
    });
    let preset = format!("[tcp]\naddress = \"{peer}\"\nline-ending = \"crlf\"\n");
    let mut tui = Launch::sending(&preset);
    tui.wait_for("connected");
    tui.bytes(b"\x1b[200~GET /\r\nA: b\r\n\x1b[201~");
    tui.wait_for("CRLF, as pasted");
    tui.keys("<A-Enter>");
    let next = || heard.recv_timeout(PATIENCE).map(|bytes| text(&bytes)).unwrap_or_default();
    assert_eq!(next(), "GET /\r\nA: b\r\n");
    // A terminal that sends every line end as CR, and one's own escape.
    tui.bytes(b"\x1b[200~one\rC:\\temp\x1b[201~");
    tui.wait_for("escapes are read: \\t = TAB");
    tui.wait_for("one\\n");
    tui.keys("<Enter>");
    assert_eq!(next(), "one\nC:\temp\r\n");
    tui.keys("<Up>");
    tui.wait_for("text CRLF");
    // The cursor goes through the lines of the newest first.
    tui.keys("<C-A-Up><Up>");
    tui.wait_for("text NONE");
    tui.keys("<Enter>");
    assert_eq!(next(), "GET /\r\nA: b\r\n");
    tui.quit();
}
