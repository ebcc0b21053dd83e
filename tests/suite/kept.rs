//! Answers that outlive the program, on the real one: kept privately, found again after a restart, gone
//! with their preset, said when their file is damaged.
#![allow(clippy::unwrap_used, clippy::panic, reason = "failing is how a test speaks")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use crate::harness::peers::http_peer;
use crate::harness::program::{command, finished};
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

const SECRET: &str = "hunter2-literal";

/// The files of kept answers, each with its folder's mode checked.
fn answers(home: &Path) -> Vec<PathBuf> {
    let folder = home.join("home/state/answers");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut files = Vec::new();
    for preset in fs::read_dir(&folder).into_iter().flatten().flatten() {
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&preset.path()), 0o700);
        for file in fs::read_dir(preset.path()).unwrap().flatten() {
            if file.path().extension().is_some_and(|ending| ending == "answer") {
                assert_eq!(mode(&file.path()), 0o600);
                files.push(file.path());
            }
        }
    }
    files.sort();
    files
}

fn again(home: &Arc<tempfile::TempDir>) -> Tui {
    let launch = Launch { home: Arc::clone(home), ..Launch::default() };
    let mut tui = launch.size(120, 40).start();
    tui.wait_for("─ a ");
    tui.keys("<A-4>");
    tui
}

#[test]
fn answers_are_found_again_after_a_restart_and_go_with_their_preset() {
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Answer: yes\r\nContent-Length: 14\r\n\
          Connection: close\r\n\r\n{\"kept\": true}",
    );
    let preset = format!(
        "[http]\nurl = \"http://{peer}/\"\nheaders = [\"X-Api-Key: {SECRET}\"]\n\
         auth.bearer = \"{SECRET}\"\n"
    );
    let mut tui = Launch::default().preset("a", &preset).size(120, 40).start();
    let home = Arc::clone(&tui.home);
    tui.wait_for("─ a ");
    for count in 1..=2 {
        tui.keys("<F5>");
        wait_until("the answer is kept", || answers(home.path()).len() == count);
    }
    tui.quit();
    for file in answers(home.path()) {
        let bytes = fs::read(&file).unwrap();
        assert!(memchr::memmem::find(&bytes, SECRET.as_bytes()).is_none());
        assert!(memchr::memmem::find(&bytes, b"{\"kept\": true}").is_some());
    }
    let mut tui = again(&home);
    tui.keys("{");
    tui.wait_for("kept answer 2 of 2");
    tui.wait_for("\"kept\": true");
    let files = answers(home.path());
    let first = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &first[..first.len() - 5]).unwrap();
    tui.keys("{");
    tui.wait_for("kept answer 1 of 2");
    tui.wait_for("cut or damaged");
    fs::remove_file(&files[0]).unwrap();
    tui.keys("}");
    tui.wait_for("\"kept\": true");
    tui.keys("<A-1>d");
    tui.wait_for("Delete");
    tui.keys("y");
    wait_until("the answers are put aside", || {
        !files[1].exists() && files[1].parent().is_some_and(|folder| !folder.exists())
    });
    tui.keys("<A-z>");
    wait_until("the answers are back", || files[1].exists());
    tui.quit();
}

/// A copy of the program on this home, on its Response pane.
fn copy(home: &Arc<tempfile::TempDir>) -> Tui {
    let launch = Launch { home: Arc::clone(home), ..Launch::default() };
    launch.size(120, 40).start()
}

#[test]
fn answers_of_a_request_that_was_never_saved_are_there_in_the_next_run_and_its_entry_is_compared() {
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\
          Connection: close\r\n\r\n{\"kept\": true}",
    );
    let mut tui = Launch::default().size(120, 40).start();
    let home = Arc::clone(&tui.home);
    tui.wait_for("http-server");
    tui.keys(&format!("<C-n><C-l>http://{peer}/draft"));
    for count in 1..=3 {
        tui.keys("<F5>");
        wait_until("the answer is kept", || answers(home.path()).len() == count);
    }
    tui.keys("<A-4>{");
    tui.wait_for("kept answer 2 of 3");
    tui.quit();
    let mut tui = copy(&home);
    tui.wait_for(&format!("http://{peer}/draft"));
    tui.keys("<A-4>{");
    tui.wait_for("kept answer 3 of 3");
    tui.wait_for("\"kept\": true");
    tui.quit();
    let mut tui = copy(&home);
    tui.wait_for("200");
    // The second of the three, from the history.
    tui.keys("<A-2>ggj=");
    tui.wait_for("Two answers");
    tui.wait_for("equal: status, headers and body");
    tui.wait_for("JSON");
    tui.keys("<Esc>");
    tui.wait_for_screen("the window is closed", |screen| !screen.contains("Two answers"));
    tui.keys("j=");
    tui.wait_for("there is none before it");
    // Saved, it keeps them.
    tui.keys("<A-3><C-s>");
    tui.wait_for("Save");
    tui.keys("<C-u>mine<Enter>");
    tui.wait_for("saved mine");
    tui.keys("<A-4>{");
    tui.wait_for("kept answer 3 of 3");
    tui.quit();
}

#[test]
fn what_another_copy_is_answered_is_counted_in_the_one_that_looks_on() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
    let mut first = Launch::default().preset("a", &preset).size(120, 40).start();
    let home = Arc::clone(&first.home);
    first.wait_for("─ a ");
    first.keys("<F5>");
    wait_until("the answer is kept", || answers(home.path()).len() == 1);
    let mut second = copy(&home);
    second.wait_for("─ a ");
    second.keys("<A-4>{");
    second.wait_for("kept answer 1 of 1");
    for count in 2..=3 {
        first.keys("<F5>");
        second.wait_for(&format!("kept answer 1 of {count}"));
    }
    first.quit();
    second.quit();
}

#[test]
fn an_answer_to_send_is_kept_too_and_seen_by_a_copy_that_runs() {
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\
          Connection: close\r\n\r\n{\"kept\": true}",
    );
    let preset = |keep: &str| {
        format!(
            "[http]\nurl = \"http://{peer}/\"\nheaders = [\"X-Api-Key: {SECRET}\"]\n\
             auth.bearer = \"{SECRET}\"\n{keep}"
        )
    };
    let launch = Launch::default().preset("a", &preset("")).preset("b", &preset("keep = false\n"));
    let mut tui = launch.size(120, 40).start();
    let home = Arc::clone(&tui.home);
    tui.wait_for("─ a ");
    let send = |args: &[&str]| {
        let folder = home.path().join("home");
        let args = [&["--home", folder.to_str().unwrap(), "send"], args].concat();
        let ended = finished(command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    };
    send(&["b"]);
    send(&["a", "--no-history"]);
    send(&["a", "--no-keep"]);
    send(&[&format!("http://{peer}/")]);
    assert_eq!(answers(home.path()), Vec::<PathBuf>::new());
    send(&["a", "--with-secrets"]);
    let files = answers(home.path());
    assert_eq!(files.len(), 1);
    let bytes = fs::read(&files[0]).unwrap();
    assert!(memchr::memmem::find(&bytes, SECRET.as_bytes()).is_none());
    tui.keys("<A-4>{");
    tui.wait_for("kept answer 1 of 1");
    tui.wait_for("\"kept\": true");
    // What is kept meanwhile is there with the next look.
    send(&["a"]);
    tui.keys("}");
    tui.wait_for("kept answer 2 of 2");
    tui.quit();
}
