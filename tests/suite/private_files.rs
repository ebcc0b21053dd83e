//! Whatever mask the user has, what the program keeps is its owner's alone: files 0600, folders 0700. What the
//! user names has the mode that the mask leaves, but for files of traffic, which are private too.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use crate::harness::peers::http_peer;
use crate::harness::program::{finished, program, text};
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file below has mode 0600 and every folder 0700; how many files there are.
fn assert_private(folder: &Path) -> usize {
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            files += assert_private(&entry.path());
        } else {
            assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
            files += 1;
        }
    }
    files
}

/// The program on this home, under a mask that takes nothing away.
fn unmasked(home: &Path, place: &Path, words: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(program()).args(words);
    shell.env("WIREBENCH_HOME", home).env("WIREBENCH_LOG", "trace").current_dir(place);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finished(shell.spawn())
}

const SHOP: &str = "curl -u ann:secret-of-ann http://127.0.0.1:1/x";

#[test]
fn what_a_busy_session_leaves_is_private_although_the_mask_takes_nothing_away() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
    let launch = Launch::default().size(150, 50);
    let kept = Arc::clone(&launch.home);
    let (home, place) = (kept.path().join("home"), kept.path().join("place"));
    fs::create_dir(&place).unwrap();
    fs::write(place.join("command"), SHOP).unwrap();
    // Nothing is there: every folder is made by the program.
    for words in
        [&["import", "command", "--env", "e"][..], &["import", "command", "--into", "deep/er"]]
    {
        let ended = unmasked(&home, &place, words);
        assert_eq!(ended.status.code(), Some(0), "{words:?}: {}", text(&ended.stderr));
    }
    said_on_the_command_line(peer, &home, &place);
    let tui = on_the_screen(launch, peer, &home);
    // While it runs: the side files of the database are gone afterwards.
    let files = assert_private(&home);
    tui.quit();
    assert_private(&home);
    for name in
        ["state/history.db", "state/wirebench.log", "state/runs/kept.json", "data/authority.pem"]
    {
        assert!(home.join(name).exists(), "{name}");
    }
    for folder in ["state/answers", "state/drafts", "presets/env", "presets/new/folder"] {
        assert!(home.join(folder).is_dir(), "{folder}");
    }
    assert!(files > 12, "{files} files");
}

/// Everything that writes files without a screen.
fn said_on_the_command_line(peer: SocketAddr, home: &Path, place: &Path) {
    let url = format!("url=http://{peer}/");
    let presets = home.join("presets");
    let preset = fs::read_dir(presets.join("deep/er")).unwrap().flatten().next().unwrap().path();
    let preset = preset.strip_prefix(&presets).unwrap().with_extension("");
    let preset = preset.to_str().unwrap();
    for words in [
        &["send", preset, "--env", "e", "--set", &url, "--har", "x.har", "--jsonl", "x.jsonl"][..],
        &[
            "send",
            preset,
            "--env",
            "e",
            "--set",
            &url,
            "--pcapng",
            "x.pcapng",
            "--keylog",
            "x.keys",
            "-o",
            "mine.body",
        ],
        &[
            "run",
            preset,
            "--env",
            "e",
            "--set",
            &url,
            "--save",
            "kept",
            "--report",
            "html=mine.html",
        ],
        &["export", preset, "--as", "curl", "-o", "mine.sh"],
        &["listen", "tls://127.0.0.1:0", "--for", "1ms"],
        &["authority", "export", "ca.pem"],
    ] {
        let ended = unmasked(home, place, words);
        assert_eq!(ended.status.code(), Some(0), "{words:?}: {}", text(&ended.stderr));
    }
    for name in ["x.har", "x.jsonl", "x.pcapng", "x.keys", "ca.pem"] {
        assert_eq!(mode(&place.join(name)), 0o600, "{name}");
    }
    for name in ["mine.body", "mine.html", "mine.sh"] {
        assert_eq!(mode(&place.join(name)), 0o666, "{name}");
    }
}

/// A request that is sent and saved on the screen, and one that is not saved.
fn on_the_screen(launch: Launch, peer: SocketAddr, home: &Path) -> Tui {
    let bin = program();
    let launch = launch.shell("umask 000; exec \"$WIREBENCH_TEST_BIN\"");
    let mut tui = launch.env("WIREBENCH_TEST_BIN", bin.to_str().unwrap()).start();
    tui.wait_for("deep");
    tui.keys(&format!("<C-n><C-l>http://{peer}/typed"));
    tui.wait_for("/typed");
    tui.keys("<F5>");
    tui.wait_for("200 OK");
    tui.keys("<C-s>");
    tui.wait_for("Save");
    tui.keys("<C-u>new/folder/mine<Enter>");
    tui.wait_for("saved new/folder/mine");
    tui.keys("<C-l><C-u>http://h/unsaved");
    let drafts = home.join("state/drafts");
    wait_until("the draft is kept", || {
        fs::read_dir(&drafts)
            .into_iter()
            .flatten()
            .flatten()
            .any(|file| fs::read_to_string(file.path()).unwrap_or_default().contains("/unsaved"))
    });
    tui
}
