//! Leaving the real program while the store is behind: a locked history, a state folder that takes
//! nothing, a signal; and what the next run makes of what it finds.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

fn state(home: &TempDir) -> PathBuf {
    home.path().join("home/state")
}

/// The drafts' files of a home with this extension.
fn drafts(home: &TempDir, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(state(home).join("drafts")).into_iter().flatten().flatten();
    files
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect()
}

fn holds(files: &[PathBuf], text: &str) -> bool {
    files.iter().any(|file| fs::read_to_string(file).is_ok_and(|kept| kept.contains(text)))
}

/// A run in this home; other places for drafts lie in it too.
fn run(home: &Arc<TempDir>) -> Tui {
    let elsewhere = home.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let launch = Launch { home: Arc::clone(home), ..Launch::default() }.size(160, 40);
    launch.env("TMPDIR", elsewhere.to_str().unwrap()).start()
}

fn typed(tui: &mut Tui, address: &str) {
    tui.keys(&format!("<C-n><C-l><C-u>{address}"));
    tui.wait_for(address);
}

fn new_home() -> Arc<TempDir> {
    let preset = "[http]\nurl = \"http://127.0.0.1:1/\"\n";
    Launch::default().preset("a", preset).home
}

/// Another program holds the database for as long as this lives.
fn locked_history(home: &TempDir) -> rusqlite::Connection {
    fs::create_dir_all(state(home)).unwrap();
    let other = rusqlite::Connection::open(state(home).join("history.db")).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held (x);")
        .unwrap();
    other
}

#[test]
fn a_locked_history_delays_no_save_and_leaving_keeps_the_drafts() {
    let home = new_home();
    let other = locked_history(&home);
    let mut tui = run(&home);
    tui.wait_for("─ a ");
    for _ in 0..4 {
        tui.keys("<F5>");
    }
    tui.keys("<C-l><End>changed<C-s>");
    let started = Instant::now();
    tui.wait_for("saved a");
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2), "Ctrl+S took {took:?}");
    typed(&mut tui, "http://h/unsaved");
    tui.keys("<C-q>");
    let started = Instant::now();
    let ended = tui.wait_exit();
    let took = started.elapsed();
    assert!(ended.success() && took < Duration::from_secs(4), "{ended:?} after {took:?}");
    assert!(holds(&drafts(&home, "toml"), "http://h/unsaved"));
    tui.wait_text_after_leaving("the history of the last moments could not be written");
    drop(other);
}

#[test]
fn drafts_that_cannot_be_written_keep_the_program_and_a_signal_takes_them_elsewhere() {
    let home = new_home();
    fs::create_dir_all(state(&home)).unwrap();
    let in_the_way = state(&home).join("drafts");
    fs::write(&in_the_way, "a file where a folder is needed").unwrap();
    let mut tui = run(&home);
    tui.wait_for("─ a ");
    typed(&mut tui, "http://h/unsaved");
    tui.keys("<C-q>");
    tui.wait_for("Not left: the drafts cannot be kept");
    tui.keys("<Esc>");
    tui.wait_for("http://h/unsaved");
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit().exit_code(), 143);
    tui.assert_restored();
    tui.wait_text_after_leaving("wirebench-drafts-");
    let elsewhere = || files_in(&home.path().join("elsewhere"), "wirebench-drafts-");
    assert!(holds(&elsewhere(), "http://h/unsaved"));
    // The next run fetches them, and has them in their place before the others go.
    fs::remove_file(&in_the_way).unwrap();
    let tui = run(&home);
    tui.wait_for("http://h/unsaved");
    tui.quit();
    assert!(holds(&drafts(&home, "toml"), "http://h/unsaved"));
    assert_eq!(elsewhere(), Vec::<PathBuf>::new());
}

fn files_in(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().flatten();
    let is_meant = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(prefix);
    files.filter(is_meant).map(|entry| entry.path()).collect()
}

#[test]
fn leaving_all_the_same_prints_where_the_drafts_are() {
    let home = new_home();
    fs::create_dir_all(state(&home)).unwrap();
    fs::write(state(&home).join("drafts"), "").unwrap();
    let mut tui = run(&home);
    tui.wait_for("─ a ");
    typed(&mut tui, "http://h/unsaved");
    tui.keys("<C-q>");
    tui.wait_for("Not left");
    tui.keys("y");
    assert!(tui.wait_exit().success());
    tui.wait_text_after_leaving("wirebench-drafts-");
}

#[test]
fn a_key_pressed_before_the_drafts_are_read_costs_none_of_them() {
    let home = new_home();
    for number in 0..500 {
        let text = format!("[http]\nurl = \"http://h/{number}\"\n");
        fs::write(home.path().join(format!("home/presets/p{number}.toml")), text).unwrap();
    }
    let mut tui = run(&home);
    tui.wait_for("p11 ");
    typed(&mut tui, "http://h/last-run");
    tui.quit();
    let mut tui = run(&home);
    // As early as keys can come: the terminal is ours, the first frame is drawn.
    tui.wait_for("wirebench");
    tui.keys("<F3>h:12345");
    wait_until("both are kept", || {
        let files = drafts(&home, "toml");
        holds(&files, "http://h/last-run") && holds(&files, "h:12345")
    });
    tui.quit();
    assert!(holds(&drafts(&home, "previous"), "http://h/last-run"), "the generation before");
}

#[test]
fn what_is_no_drafts_file_is_set_aside_whole_and_told() {
    let home = new_home();
    let mut tui = run(&home);
    tui.wait_for("─ a ");
    typed(&mut tui, "http://h/unsaved");
    tui.quit();
    let file = drafts(&home, "toml").remove(0);
    let junk = vec![b'x'; 33 << 20];
    fs::write(&file, &junk).unwrap();
    let mut tui = run(&home);
    tui.wait_for("it is kept as");
    typed(&mut tui, "http://h/later");
    tui.quit();
    let aside = drafts(&home, "broken-1").remove(0);
    assert!(fs::read(aside).unwrap() == junk, "as it was");
    assert!(holds(&drafts(&home, "toml"), "http://h/later"));
}
