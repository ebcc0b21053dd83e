//! Files that commands write, with every kind of call that makes them failing in turn, in the real program: what
//! had the name before is whole or what has it now is, who does not get the new one is told its name, and the exit
//! status is not that of success.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::harness::peers::http_peer;
use crate::harness::program::{finished, program, text};

const ERRORS: [&str; 6] = ["ENOSPC", "EIO", "EROFS", "EACCES", "EMFILE", "EINTR"];
/// Calls of a file that is filled beside its name and then gets it.
const OF_WHOLE_FILES: [&str; 3] =
    ["fsync,fdatasync", "rename,renameat,renameat2,link,linkat", "fchmod"];
/// Calls with the name, or of the file that has it.
const OF_THE_NAME: [&str; 3] = ["open,openat", "write,pwrite64,writev", "ftruncate"];
const OLD: &str = "what was there before\n";

/// A command that writes a file.
struct Writer {
    words: &'static [&'static str],
    file: &'static str,
    /// What the file holds before.
    old: Option<&'static str>,
    /// The file is filled as it happens and has its name from the start.
    is_live: bool,
}

const WRITERS: [Writer; 9] = [
    Writer {
        words: &["send", "a", "-q", "-o", "out"],
        file: "out",
        old: Some(OLD),
        is_live: false,
    },
    Writer {
        words: &["send", "a", "-q", "--har", "out"],
        file: "out",
        old: Some(OLD),
        is_live: false,
    },
    Writer {
        words: &["send", "a", "-q", "--jsonl", "out"],
        file: "out",
        old: Some(OLD),
        is_live: true,
    },
    Writer {
        words: &["send", "a", "-q", "--pcapng", "out"],
        file: "out",
        old: Some(OLD),
        is_live: true,
    },
    Writer {
        words: &["run", "a", "--report", "junit=out"],
        file: "out",
        old: Some(OLD),
        is_live: false,
    },
    Writer { words: &["run", "a", "--save", "./out"], file: "out", old: Some(OLD), is_live: false },
    Writer {
        words: &["export", "a", "--as", "curl", "-o", "out"],
        file: "out",
        old: Some(OLD),
        is_live: false,
    },
    Writer { words: &["authority", "export", "out"], file: "out", old: None, is_live: false },
    Writer {
        words: &["import", "command", "--env", "e"],
        file: "presets/env/e.secret.toml",
        old: Some("# mine\nold = \"1\"\n"),
        is_live: false,
    },
];

/// An installation with a preset, an authority and something to import.
fn home(writer: &Writer) -> TempDir {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
    let home = tempfile::tempdir().unwrap();
    for folder in ["presets/env", "data"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    let write = |name: &str, content: &str| fs::write(home.path().join(name), content).unwrap();
    write("presets/a.toml", &format!("[http]\nurl = \"http://{peer}/\"\n"));
    write("presets/env/e.toml", "x = \"1\"\n");
    write("command", "curl -u ann:secret-of-ann http://127.0.0.1:1/x");
    if let Some(old) = writer.old {
        write(writer.file, old);
    }
    home
}

/// The program, started by a shell that runs this before it.
fn ran(home: &Path, before: &str, words: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before} \"$0\" \"$@\"")]).arg(program()).args(words);
    shell.env("WIREBENCH_HOME", home).env_remove("WIREBENCH_LOG").current_dir(home);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finished(shell.spawn())
}

/// What of the content changes from one time to the next is left away: times, ports, and what follows from them.
fn shape(content: &[u8]) -> String {
    text(content).chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Whether a file that is whole may end so.
fn is_whole(file: &[u8], reference: &[u8]) -> bool {
    let (file, reference) = (shape(file), shape(reference));
    let end = |text: &str| text.chars().rev().take(3).collect::<String>();
    end(&file) == end(&reference) && file.len() * 10 > reference.len() * 9
}

/// One run with a fault; whether something failed.
fn one(writer: &Writer, before: &str, place: &str, reference: &[u8]) -> bool {
    let home = authority_of(writer, home(writer));
    let file = home.path().join(writer.file);
    let log = home.path().join("strace.log");
    let before = before
        .replace("FILE", &file.display().to_string())
        .replace("LOG", &log.display().to_string());
    let ended = ran(home.path(), &before, writer.words);
    let (status, said) = (ended.status.code(), text(&ended.stderr));
    let place = format!("{:?} with {place}", writer.words);
    let now = fs::read(&file).ok();
    let is_old = now.as_deref() == writer.old.map(str::as_bytes);
    let is_new = now.as_deref().is_some_and(|now| is_whole(now, reference));
    let preset = fs::read_to_string(home.path().join("presets/a.toml")).unwrap();
    assert!(preset.starts_with("[http]\nurl = "), "{place}: {preset}");
    if !writer.is_live {
        assert!(
            is_old || is_new,
            "{place}: neither old nor new: {:?}\n{said}",
            now.as_deref().map(text)
        );
    }
    if !is_new {
        let name = Path::new(writer.file).file_name().unwrap().to_string_lossy();
        assert!(said.contains(&*name), "{place}: {name} is not told ({status:?}): {said}");
        assert!(!matches!(status, None | Some(0 | 101)), "{place}: {status:?} {said}");
    }
    let working = leftovers(home.path());
    assert!(working.is_empty(), "{place}: {working:?}");
    fs::read_to_string(&log).unwrap_or_default().contains("INJECTED") || !is_new
}

/// Working files that nobody fills any more.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            found.extend(leftovers(&entry.path()));
        } else if [".wirebench-", ".out."].iter().any(|prefix| name.starts_with(prefix)) {
            found.push(entry.path());
        }
    }
    found
}

/// With the authority that is exported.
fn authority_of(writer: &Writer, home: TempDir) -> TempDir {
    if writer.words[0] == "authority" {
        ran(home.path(), "", &["listen", "tls://127.0.0.1:0", "--for", "1ms"]);
    }
    home
}

/// What a writer writes when nothing fails.
fn reference(writer: &Writer) -> Vec<u8> {
    let home = authority_of(writer, home(writer));
    let ended = ran(home.path(), "", writer.words);
    assert_eq!(ended.status.code(), Some(0), "{:?}: {}", writer.words, text(&ended.stderr));
    let made = fs::read(home.path().join(writer.file)).unwrap();
    assert_ne!(Some(&*made), writer.old.map(str::as_bytes), "{:?}", writer.words);
    made
}

#[test]
fn no_command_leaves_half_a_file_when_a_call_fails() {
    let allowed = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "strace cannot trace");
        eprintln!("skipped: no strace here, or it may not trace");
        return;
    }
    let mut turn = 0;
    for writer in &WRITERS {
        let reference = reference(writer);
        let mut failed = 0;
        let whole = OF_WHOLE_FILES.iter().filter(|_| !writer.is_live).map(|calls| (*calls, ""));
        let of_it = OF_THE_NAME.iter().map(|calls| (*calls, "-P 'FILE'"));
        for (calls, place) in whole.chain(of_it) {
            let names =
                calls.split(',').map(|call| format!("?{call}")).collect::<Vec<_>>().join(",");
            for when in 1..=2 {
                let error = ERRORS[turn % ERRORS.len()];
                turn += 1;
                let before = format!(
                    "exec strace -f -qq -o 'LOG' -e trace={names} -e inject={names}:error={error}:when={when} {place}"
                );
                failed += usize::from(one(
                    writer,
                    &before,
                    &format!("{calls} {error} {when}"),
                    &reference,
                ));
            }
        }
        assert!(failed > 0, "nothing failed of {:?}", writer.words);
    }
}

#[test]
fn no_command_leaves_half_a_file_where_no_file_may_grow() {
    for writer in &WRITERS {
        let reference = reference(writer);
        let before = "trap '' XFSZ; ulimit -f 0; exec";
        assert!(one(writer, before, "ulimit -f 0", &reference), "{:?}", writer.words);
    }
}
