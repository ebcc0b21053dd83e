//! A program that ends while an external editor has the terminal loses nothing the editor saved.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

use crate::harness::terminal::{Launch, Tui, count};
use crate::harness::wait::wait_until;

/// Saves, and goes on as an editor does.
const EDITOR: &str = "#!/bin/sh\nprintf '{\"a\":\"typed\"}' > \"$1\"\necho $$ > \"$ED_PID\"\n\
                      echo EDITOR\nexec sleep 30\n";
const PRESET: &str =
    "[http]\nmethod = \"POST\"\nurl = \"http://localhost/\"\nbody.json = '{\"a\":1}'\n";

/// A program whose editor has saved and still has the terminal.
fn with_editor() -> (Tui, Pid) {
    with(EDITOR)
}

fn with(script: &str) -> (Tui, Pid) {
    let launch = Launch::default().preset("only", PRESET).size(120, 40);
    let place = |name: &str| launch.home.path().join(name);
    let (editor, process, temporary) = (place("ed"), place("pid"), place("tmp"));
    std::fs::create_dir(&temporary).unwrap();
    std::fs::write(&editor, script).unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let shown = |path: &Path| path.display().to_string();
    let launch = launch.env("VISUAL", &shown(&editor)).env("ED_PID", &shown(&process));
    let mut tui = launch.env("TMPDIR", &shown(&temporary)).start();
    tui.wait_for("only");
    tui.keys("<Enter>");
    tui.wait_for("http://localhost/");
    tui.keys("<C-e>");
    wait_until("the editor", || count(&tui.raw(), b"EDITOR") == 1);
    let process = std::fs::read_to_string(process).unwrap();
    assert_eq!(
        std::fs::read_dir(&temporary).unwrap().count(),
        0,
        "nothing in the temporary folder"
    );
    (tui, Pid::from_raw(process.trim().parse().unwrap()).unwrap())
}

/// Whether a process lives; one that nobody asks for its end does not.
fn lives(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z'))
}

/// Saves, and does this instead of ending.
fn stubborn(then: &str) -> String {
    EDITOR.replace("exec sleep 30", then)
}

#[test]
fn an_editor_that_does_not_listen_or_is_stopped_is_ended_all_the_same() {
    for then in ["trap '' TERM HUP INT; while :; do sleep 1; done", "kill -STOP $$"] {
        let (tui, editor) = with(&stubborn(then));
        let home = Arc::clone(&tui.home);
        tui.signal(Signal::TERM);
        assert_eq!(tui.wait_exit().exit_code(), 143, "{then}");
        assert!(!lives(editor), "{then}");
        let tui = again(&home);
        tui.wait_for("typed");
        tui.quit();
    }
}

#[test]
fn a_text_that_an_editor_of_an_earlier_run_still_has_is_taken_up_when_it_ends() {
    let go_on = "trap '' TERM HUP; until [ -e \"$ED_PID.on\" ]; do sleep 0.1; done\n\
                 printf '{\"a\":\"later\"}' > \"$1\"";
    let (tui, editor) = with(&stubborn(go_on));
    let home = Arc::clone(&tui.home);
    tui.signal(Signal::KILL);
    tui.wait_exit();
    assert!(lives(editor));
    let mut tui = again(&home);
    tui.wait_for("only");
    tui.keys("<Enter>");
    tui.wait_for("http://localhost/");
    assert!(!tui.screen().contains("typed"), "{}", tui.screen());
    std::fs::write(home.path().join("pid.on"), "").unwrap();
    tui.wait_for("later");
    tui.quit();
    assert_eq!(files(&home), Vec::<PathBuf>::new());
}

fn again(home: &Arc<TempDir>) -> Tui {
    Launch { home: Arc::clone(home), ..Launch::default() }.size(120, 40).start()
}

/// The files of editors, locks included.
fn files(home: &TempDir) -> Vec<PathBuf> {
    let Ok(folders) = std::fs::read_dir(home.path().join("home/state/editing")) else {
        return Vec::new();
    };
    let inside = folders.flatten().flat_map(|folder| std::fs::read_dir(folder.path()).unwrap());
    inside.flatten().map(|file| file.path()).collect()
}

#[test]
fn a_signal_ends_the_editor_too_and_what_it_saved_is_in_the_draft() {
    let (tui, editor) = with_editor();
    for file in files(&tui.home) {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit().exit_code(), 143);
    wait_until("the editor is gone", || test_kill_process(editor).is_err());
    let home = Arc::clone(&tui.home);
    let tui = again(&home);
    tui.wait_for("typed");
    tui.quit();
    assert_eq!(files(&home), Vec::<PathBuf>::new());
}

#[test]
fn what_an_editor_saved_after_a_kill_is_taken_up_by_the_next_start() {
    let (tui, editor) = with_editor();
    let home = Arc::clone(&tui.home);
    tui.signal(Signal::KILL);
    tui.wait_exit();
    let _gone = kill_process(editor, Signal::KILL);
    let tui = again(&home);
    tui.wait_for("body.json is what the editor saved before wirebench ended");
    tui.wait_for("typed");
    wait_until("its file is gone", || files(&home).is_empty());
    tui.quit();
    let tui = again(&home);
    tui.wait_for("typed");
    assert!(!tui.screen().contains("what the editor saved"), "{}", tui.screen());
    tui.quit();
}

#[test]
fn what_fits_nowhere_any_more_is_kept_and_said_where() {
    let (tui, editor) = with_editor();
    let home = Arc::clone(&tui.home);
    tui.signal(Signal::KILL);
    tui.wait_exit();
    let _gone = kill_process(editor, Signal::KILL);
    let other = PRESET.replace(":1", ":2");
    std::fs::write(home.path().join("home/presets/only.toml"), other).unwrap();
    let tui = again(&home);
    tui.wait_for("the editor saved another body.json than is here");
    tui.quit();
    assert_eq!(files(&home).len(), 2);
}
