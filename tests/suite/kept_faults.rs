//! Keeping an answer while every kind of file call fails in turn, in the real program: those kept before stay
//! whole, what was answered is printed all the same, nothing half is left, and the next one is kept.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::peers::http_peer;
use crate::harness::program::{finished, program, text};

const BODY: &str = "{\"kept\": true}";
const ERRORS: [&str; 5] = ["ENOSPC", "EIO", "EROFS", "EACCES", "EDQUOT"];
/// Calls, and how many of each are made to fail in turn. `rename` and links are made for answers alone; `write`
/// wakes threads, too, which cannot fail.
const CALLS: [(&str, usize); 7] = [
    ("rename,renameat,renameat2", 2),
    ("linkat,link", 2),
    ("fsync,fdatasync", 4),
    ("fchmod,fchmodat", 3),
    ("mkdir,mkdirat", 4),
    ("ftruncate", 3),
    ("unlink,unlinkat", 3),
];

/// The files of kept answers, and all others that lie there.
fn answers(home: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let folders = fs::read_dir(home.join("state/answers")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten());
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    files.into_iter().partition(|file| file.extension().is_some_and(|it| it == "answer"))
}

/// Each is as long as its first line says, and ends with the body.
fn assert_whole(files: &[PathBuf], place: &str) {
    for file in files {
        let bytes = fs::read(file).unwrap();
        let end = memchr::memchr(b'\n', &bytes).unwrap_or_else(|| panic!("{place}: no first line"));
        let line = text(&bytes[..end]);
        let numbers: Vec<usize> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        // The version, the text, the wire, where the body begins and ends there.
        assert_eq!(bytes.len(), end + 1 + numbers[1] + numbers[2], "{place}: {line}");
        assert!(bytes.ends_with(BODY.as_bytes()), "{place}");
    }
}

fn send(home: &Path, traced: Option<(&str, &str, usize)>) -> Output {
    let log = home.join("strace.log");
    let mut command = match traced {
        None => Command::new(program()),
        Some((calls, error, turn)) => {
            let names: Vec<String> = calls.split(',').map(|call| format!("?{call}")).collect();
            let names = names.join(",");
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o"]).arg(&log).args(["-e", &format!("trace={names}")]);
            command.args(["-e", &format!("inject={names}:error={error}:when={turn}")]);
            command.arg(program());
            command
        }
    };
    command.args(["send", "a"]).env("WIREBENCH_HOME", home).current_dir(home);
    finished(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
}

fn home_with(peer: SocketAddr) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("presets")).unwrap();
    let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
    fs::write(home.path().join("presets/a.toml"), preset).unwrap();
    home
}

#[test]
fn keeping_an_answer_survives_every_failing_call() {
    let allowed = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "strace cannot trace");
        println!("skipped: no strace here, or it may not trace");
        return;
    }
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{\"kept\": true}",
    );
    let (mut injected, mut missed) = (0, 0);
    for (number, (calls, turns)) in CALLS.into_iter().enumerate() {
        let home = home_with(peer);
        assert_eq!(send(home.path(), None).status.code(), Some(0));
        for turn in 1..=turns {
            let error = ERRORS[(number + turn) % ERRORS.len()];
            let place = format!("{calls} {error} {turn}");
            let (before, _) = answers(home.path());
            let old: Vec<Vec<u8>> = before.iter().map(|file| fs::read(file).unwrap()).collect();
            let output = send(home.path(), Some((calls, error, turn)));
            let log = fs::read_to_string(home.path().join("strace.log")).unwrap_or_default();
            injected += usize::from(log.contains("INJECTED"));
            assert_eq!(output.status.code(), Some(0), "{place}: {}", text(&output.stderr));
            assert!(text(&output.stdout).contains(BODY), "{place}");
            let (now, _) = answers(home.path());
            for (file, old) in before.iter().zip(&old) {
                assert_eq!(&fs::read(file).unwrap(), old, "{place}: {} changed", file.display());
            }
            assert_whole(&now, &place);
            missed += usize::from(now.len() == before.len());
            let after = send(home.path(), None);
            assert_eq!(after.status.code(), Some(0), "{place}: {}", text(&after.stderr));
            let (next, _) = answers(home.path());
            assert_eq!(next.len(), now.len() + 1, "{place}: the next one is kept");
            assert_whole(&next, &place);
        }
        // What a failing call left behind is cleaned when the store looks at the folder first.
        let (_, others) = answers(home.path());
        assert!(others.len() <= 2, "{calls}: {others:?}");
    }
    println!("{injected} faults, {missed} answers were not kept");
    // How often the database cuts its files is a matter of time.
    assert!(injected > 3 && missed > 1, "{injected} faults, {missed} missed");
}
