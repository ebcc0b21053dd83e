//! The real program in a pseudo terminal: it starts, is left, and leaves the terminal as it was.

use std::io::Read;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::peers::tcp_peer;
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::{PATIENCE, wait_until};

/// Text that every size of the main screen down to 80x24 shows.
const READY: &str = "wirebench";

fn started() -> Tui {
    let tui = Launch::default().start();
    tui.wait_for(READY);
    tui
}

#[test]
fn it_starts_and_quits_and_gives_the_terminal_back() {
    started().quit();
}

#[test]
fn each_signal_that_ends_it_gives_the_terminal_back() {
    for (signal, status) in
        [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)]
    {
        let tui = started();
        tui.signal(signal);
        let ended = tui.wait_exit();
        assert_eq!(ended.exit_code(), status, "{signal:?}");
        tui.assert_restored();
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let mut tui = started();
    tui.hang_up();
    let gone = Instant::now();
    // Whatever tells first, the signal, a read or a write.
    assert_eq!(tui.wait_exit().exit_code(), 129);
    assert!(gone.elapsed() < Duration::from_secs(1), "{:?}", gone.elapsed());
}

#[test]
fn an_arrow_cut_behind_its_escape_is_an_arrow_and_never_typed() {
    let mut tui = started();
    tui.keys("<C-l><C-u>ab");
    tui.wait_for("ab");
    tui.bytes(b"\x1b");
    std::thread::park_timeout(Duration::from_millis(15));
    tui.bytes(b"[DX");
    tui.wait_for("aXb");
    // Taken for the key by now; its rest is no text all the same.
    tui.bytes(b"\x1b");
    std::thread::park_timeout(Duration::from_millis(150));
    tui.bytes(b"[D");
    tui.wait_quiet(Duration::from_millis(50));
    assert!(!tui.screen().contains("[D"), "{}", tui.screen());
    tui.quit();
}

#[test]
fn the_number_block_characters_and_answers_that_come_byte_by_byte_are_what_they_are() {
    let mut tui = started();
    tui.keys("<C-l><C-u>");
    tui.wait_quiet(Duration::from_millis(50));
    let slowly = |tui: &mut Tui, sequence: &[u8], whole: usize| {
        // What follows Escape comes with it: a machine that is busy makes a key of a lone one.
        let (start, rest) = sequence.split_at(whole);
        tui.bytes(start);
        for byte in rest.chunks(1) {
            std::thread::park_timeout(Duration::from_millis(3));
            tui.bytes(byte);
        }
    };
    for key in b"qrxnpko" {
        slowly(&mut tui, &[0x1b, b'O', *key], 2);
    }
    for answer in [&b"\x1b]11;rgb:1414/1717/1c1c\x1b\\"[..], b"\x1b[?2026;2$y", b"\x1b[12;40R"] {
        slowly(&mut tui, answer, 2);
    }
    slowly(&mut tui, "\u{e9}\u{20ac}".as_bytes(), 1);
    // With NumLock, put behind `ESC O`; its last letter is a command elsewhere.
    tui.bytes(b"\x1bO129D\x1bOm");
    tui.wait_for("128.0+/\u{e9}-\u{20ac}");
    assert!(!tui.screen().contains("29D") && !tui.screen().contains("rgb"), "{}", tui.screen());
    tui.quit();
}

#[test]
fn a_paste_without_an_end_leaves_the_keyboard_alive() {
    let mut tui = started();
    tui.keys("<C-l><C-u>");
    tui.wait_quiet(Duration::from_millis(50));
    tui.bytes(b"\x1b[200~pasted");
    tui.wait_quiet(Duration::from_millis(100));
    tui.bytes(b"\x03");
    tui.wait_for("its end did not come");
    tui.wait_for("pasted");
    tui.bytes(b"rest of it");
    tui.wait_quiet(Duration::from_millis(50));
    assert!(!tui.screen().contains("rest"), "{}", tui.screen());
    tui.quit();
}

#[test]
fn it_stops_and_comes_back_with_the_whole_screen() {
    let mut tui = started();
    for by_key in [true, false] {
        if by_key {
            tui.keys("<C-z>");
        } else {
            tui.signal(Signal::TSTP);
        }
        wait_until("the program is stopped", || tui.process_state() == 'T');
        tui.wait_all_read();
        tui.assert_restored();
        assert!(!tui.screen().contains(READY), "the alternate screen is left");
        tui.signal(Signal::CONT);
        tui.wait_for(READY);
    }
    tui.quit();
}

#[test]
fn being_stopped_from_outside_redraws_when_continued() {
    let tui = started();
    let before = tui.wait_quiet(Duration::from_millis(50));
    tui.signal(Signal::STOP);
    wait_until("the program is stopped", || tui.process_state() == 'T');
    tui.signal(Signal::CONT);
    wait_until("a whole new frame", || {
        tui.raw().get(before..).is_some_and(|new| new.windows(8).any(|w| w == b"wirebenc"))
    });
    tui.wait_for(READY);
    tui.quit();
}

/// A program that waits for a line, then replaces the text it was given.
const EDITOR: &str =
    "#!/bin/sh\necho EDITOR\nread line\nprintf '{\"n\":\"%s\"}' \"$line\" > \"$1\"\n";

/// Started with a preset that has a body, which is open; its temporary files go to `tmp`.
fn started_with_editor() -> Tui {
    use std::os::unix::fs::PermissionsExt;
    let launch = Launch::default().size(120, 40);
    let place = |name: &str| launch.home.path().join(name);
    let (presets, editor, temporary) = (place("home/presets"), place("ed"), place("tmp"));
    std::fs::create_dir_all(&presets).unwrap();
    std::fs::create_dir(&temporary).unwrap();
    let preset =
        "[http]\nmethod = \"POST\"\nurl = \"http://localhost/\"\nbody.json = '{\"a\":1}'\n";
    std::fs::write(presets.join("only.toml"), preset).unwrap();
    std::fs::write(&editor, EDITOR).unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (editor, temporary) = (editor.display().to_string(), temporary.display().to_string());
    let mut tui = launch.env("VISUAL", &editor).env("TMPDIR", &temporary).start();
    tui.wait_for("only");
    tui.keys("<Enter>");
    tui.wait_for("http://localhost/");
    tui
}

/// Waits until the editor has spoken that many times. What it said before is still on the
/// terminal's own screen, which comes back a moment before the editor does.
fn wait_for_editor(tui: &Tui, times: usize) {
    wait_until("the editor", || crate::harness::terminal::count(&tui.raw(), b"EDITOR") == times);
    tui.wait_for_screen("the editor alone", |screen| !screen.contains(READY));
}

#[test]
fn what_is_typed_for_the_editor_does_not_reach_us_afterwards() {
    let mut tui = started_with_editor();
    for (times, word) in [(1, "first"), (2, "second")] {
        tui.keys("<C-e>");
        wait_for_editor(&tui, times);
        tui.assert_restored();
        // The rest of the line is for nobody.
        tui.bytes(format!("{word}\rzzzz\x1b[A").as_bytes());
        tui.wait_for_screen("the edited text", |screen| {
            screen.contains(READY) && screen.contains(word)
        });
        assert!(!tui.screen().contains("zzz"), "{}", tui.screen());
    }
    let kept = std::fs::read_dir(tui.home.path().join("tmp")).unwrap().count();
    assert_eq!(kept, 0, "the editor's file is removed");
    tui.quit();
}

#[test]
fn an_interrupt_while_the_editor_has_the_terminal_is_the_editors() {
    let mut tui = started_with_editor();
    tui.keys("<C-e>");
    wait_for_editor(&tui, 1);
    tui.signal(Signal::INT);
    tui.bytes(b"after\r");
    tui.wait_for_screen("the edited text", |screen| {
        screen.contains(READY) && screen.contains("after")
    });
    tui.quit();
}

#[test]
fn a_storm_of_sizes_ends_in_the_right_picture() {
    let tui = started();
    for round in 0..40u16 {
        for (columns, rows) in [(1, 1), (20, 5), (500, 200), (3, 40), (120 + round, 30)] {
            tui.resize(columns, rows);
        }
    }
    tui.resize(1, 1);
    tui.wait_quiet(Duration::from_millis(50));
    tui.resize(80, 24);
    tui.wait_for(READY);
    tui.quit();
}

#[test]
fn it_starts_in_the_smallest_terminals() {
    for (columns, rows) in [(1, 1), (2, 1), (20, 5), (40, 12)] {
        let tui = Launch::default().size(columns, rows).start();
        wait_until("a first frame", || tui.raw().windows(8).any(|w| w == b"\x1b[?2026l"));
        tui.quit();
    }
}

#[test]
fn with_nothing_to_do_it_writes_nothing_and_sleeps() {
    let tui = started();
    tui.wait_quiet(Duration::from_millis(500));
    // What it wrote to the disk itself at the start is noticed and looked at once.
    wait_until("it has settled", || {
        let before = tui.wake_ups();
        std::thread::park_timeout(Duration::from_millis(700));
        tui.wake_ups() == before
    });
    let (bytes, wake_ups) = (tui.raw().len(), tui.wake_ups());
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline {
        std::thread::park_timeout(Duration::from_millis(500));
    }
    assert_eq!(tui.raw().len(), bytes, "bytes written while idle");
    let woken = tui.wake_ups() - wake_ups;
    assert!(woken <= 4, "{woken} wake-ups in two seconds");
    tui.quit();
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() {
    let output = std::process::Command::new(crate::harness::program::program())
        .env("WIREBENCH_HOME", tempfile::tempdir().unwrap().path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("wirebench send"), "{text}");
}

#[test]
fn a_terminal_that_speaks_kitty_keys_gets_them_switched_off_again() {
    let mut tui = started();
    tui.bytes(b"\x1b[?0u");
    wait_until("kitty keys are on", || {
        crate::harness::terminal::count(&tui.raw(), b"\x1b[>1u") == 1
    });
    tui.bytes(b"\x1b[113;5u");
    let status = tui.wait_exit();
    assert!(status.success());
    tui.assert_restored();
}

#[test]
fn ctrl_c_in_an_idle_conversation_asks_and_closes_without_a_reset() {
    let (told, ends) = std::sync::mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let mut heard = Vec::new();
        let end = stream.read_to_end(&mut heard).map_err(|error| error.kind());
        let _ = told.send((heard, end));
    });
    let mut tui = Launch::sending(&format!("[tcp]\naddress = \"{peer}\"\n"));
    tui.wait_for("connected");
    tui.keys("half<C-c>");
    tui.wait_for("the line is cleared; Up brings it back");
    tui.keys("<C-c>");
    tui.wait_for("Close this connection?");
    tui.keys("<Enter>");
    tui.wait_for_screen("it is kept", |screen| !screen.contains("Close this connection?"));
    tui.keys("said<Enter><C-c>");
    tui.wait_for("Close this connection?");
    tui.keys("y");
    let (heard, end) = ends.recv_timeout(PATIENCE).unwrap();
    assert_eq!((heard.as_slice(), end), (b"said\r\n".as_slice(), Ok(6)), "FIN, not RST");
    tui.quit();
}
