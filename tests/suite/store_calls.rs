//! Every kind of file call of the store fails in turn, in the real program on a terminal: old files
//! stay whole, what went wrong is said, the program goes on, the next try works, and the terminal is
//! given back. Only threads of the store are traced, so nothing else fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::harness::terminal::{Launch, Tui};
use crate::harness::tracer::{ERRORS, Tracer, can_trace, every_file_fault};
use crate::harness::wait::wait_until;

/// Calls of a save over an old file, and of the drafts kept beside it.
const SAVING: &str = "open,openat read write,pwrite64@1 fsync rename,renameat,renameat2 \
    link,linkat,unlink,unlinkat fchmod flock lstat,stat,newfstatat fstat,statx readlink,readlinkat";
/// Calls that make, move and remove presets and their folders.
const MOVING: &str = "open,openat mkdir,mkdirat rename,renameat,renameat2 link,linkat \
    unlink,unlinkat,rmdir fsync chmod,fchmodat,fchmodat2 lstat,stat,newfstatat,statx";
const READING: &str =
    "open,openat read lstat,stat,newfstatat fstat,statx getdents64 readlink,readlinkat";
const HISTORY: &str = "open,openat pwrite64 pread64,read fdatasync,fsync fcntl \
    fstat,stat,newfstatat,statx ftruncate,fallocate";
const PRESET: &str = "[http]\nurl = \"http://127.0.0.1:1/v0\"\n";

fn file(home: &TempDir, name: &str) -> PathBuf {
    home.path().join(format!("home/presets/{name}.toml"))
}

fn text(version: usize) -> String {
    PRESET.replace("v0", &format!("v{version}"))
}

/// The drafts that are on the disk, of all instances; each file is whole.
fn drafts(home: &Path) -> String {
    let files = fs::read_dir(home.join("home/state/drafts")).into_iter().flatten().flatten();
    let tables = files.filter(|file| file.path().extension().is_some_and(|it| it == "toml"));
    let texts: Vec<String> =
        tables.filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
    for text in &texts {
        assert!(text.parse::<toml::Table>().is_ok(), "{text}");
    }
    texts.concat()
}

fn start(launch: Launch) -> Tui {
    let tui = launch.size(250, 40).start();
    tui.wait_for("─ a ");
    tui
}

/// The address line gets this version, which is not saved yet.
fn typed(tui: &mut Tui, version: usize) {
    tui.keys(&format!("<C-l><C-u>http://127.0.0.1:1/v{version}"));
    tui.wait_for_screen("the version", |screen| {
        screen.contains(&format!("v{version} ")) && screen.contains("a ●")
    });
}

fn is_saved(screen: &str) -> bool {
    screen.contains("saved a") && !screen.contains("a ●")
}

#[test]
fn a_save_survives_every_failing_call() {
    let mut tui = start(Launch::default().preset("a", PRESET));
    if !can_trace(&tui, "store") {
        return;
    }
    let home = Arc::clone(&tui.home);
    let (mut version, mut injected, mut told) = (0, 0, 0);
    for fault in every_file_fault(SAVING) {
        let place = fault.place();
        version += 1;
        typed(&mut tui, version);
        let tracer = Tracer::attach(&tui, "store", &fault).unwrap();
        tui.keys("<C-s>");
        let screen = tui.shown_when(&place, |screen| is_saved(screen) || screen.contains("failed"));
        injected += usize::from(tracer.detach());
        let now = fs::read_to_string(file(&home, "a")).unwrap();
        let (old, new) = (text(version - 1), text(version));
        assert!(now == new || (now == old && !is_saved(&screen)), "{place}: {now}\n{screen}");
        drafts(home.path());
        if !is_saved(&screen) {
            told += 1;
            tui.keys("<C-s>");
            tui.wait_for_screen(&format!("a save after {place}"), |screen| {
                is_saved(screen) || screen.contains("no unsaved changes")
            });
        }
        assert_eq!(fs::read_to_string(file(&home, "a")).unwrap(), new, "{place}");
    }
    assert!(injected > 20 && told > 5, "{injected} faults, {told} of them told");
    tui.quit();
}

/// What is done to a preset, in turn.
struct UserAction {
    /// Up to a question, and its answer.
    keys: [String; 2],
    question: String,
    words: String,
    is_done: Box<dyn Fn() -> bool>,
}

impl UserAction {
    /// Types up to its question, whatever was asked about before what is selected is known.
    fn ask(&self, tui: &mut Tui) {
        loop {
            tui.keys(&self.keys[0]);
            let screen = tui.shown_when("a question", is_asking);
            if screen.contains(&self.question) {
                return;
            }
            tui.keys("<Esc>");
            tui.wait_for_screen("no question", |screen| !is_asking(screen));
        }
    }

    /// Whether the screen says what became of it. What fails may also be the drafts, and it goes on then.
    fn is_told(&self, screen: &str) -> bool {
        let failed = |line: &str| line.contains("failed") && !line.contains("/home/state");
        screen.contains(&self.words) || screen.lines().any(failed)
    }
}

fn is_asking(screen: &str) -> bool {
    ["╭ Save ", "╭ Rename", "╭ Sure? "].iter().any(|title| screen.contains(title))
}

fn user_actions(home: &Arc<TempDir>, round: usize) -> [UserAction; 3] {
    let (new, moved) = (format!("f{round}/new"), format!("f{round}/in/moved"));
    let is_there = |name: &str, wanted: bool| -> Box<dyn Fn() -> bool> {
        let file = file(home, name);
        Box::new(move || file.exists() == wanted)
    };
    [
        UserAction {
            keys: ["<C-s>".into(), format!("<C-u>{new}<Enter>")],
            question: "╭ Save ".into(),
            words: format!("saved {new}"),
            is_done: is_there(&new, true),
        },
        UserAction {
            keys: ["<C-o>ar".into(), format!("<C-u>{moved}<Enter>")],
            question: format!("╭ Rename {new} "),
            words: format!("{new} is now {moved}"),
            is_done: is_there(&moved, true),
        },
        UserAction {
            keys: ["<C-o>ad".into(), "y".into()],
            question: format!("Delete {moved}?"),
            words: format!("{moved} deleted"),
            is_done: is_there(&moved, false),
        },
    ]
}

#[test]
fn making_moving_and_removing_survive_every_failing_call() {
    let mut tui = start(Launch::default().preset("a", PRESET));
    if !can_trace(&tui, "store") {
        return;
    }
    let home = Arc::clone(&tui.home);
    let mut faults = every_file_fault(MOVING);
    let mut injected = 0;
    for round in 0.. {
        tui.keys(&format!("<C-n><C-l>http://127.0.0.1:1/r{round}"));
        tui.wait_for(&format!("r{round} "));
        for action in user_actions(&home, round) {
            let Some(fault) = faults.next() else {
                assert!(injected > 10, "{injected} faults");
                assert_eq!(fs::read_to_string(file(&home, "a")).unwrap(), PRESET);
                return tui.quit();
            };
            let place = format!("{} while {}", fault.place(), action.words);
            let tracer = Tracer::attach(&tui, "store", &fault).unwrap();
            action.ask(&mut tui);
            tui.keys(&action.keys[1]);
            let screen = tui.shown_when(&place, |screen| action.is_told(screen));
            injected += usize::from(tracer.detach());
            if !screen.contains(&action.words) {
                action.ask(&mut tui);
                tui.keys(&action.keys[1]);
                tui.wait_for(&action.words);
            }
            assert!((action.is_done)(), "{place}:\n{screen}");
            tui.keys("<F7>");
            tui.wait_for_screen("another remark", |screen| !screen.contains(&action.words));
        }
    }
}

#[test]
fn reading_survives_every_failing_call() {
    let mut tui = start(Launch::default().preset("a", PRESET));
    if !can_trace(&tui, "workspace") {
        return;
    }
    let home = Arc::clone(&tui.home);
    let mut injected = 0;
    for (number, fault) in every_file_fault(READING).enumerate() {
        let (place, name) = (fault.place(), format!("c{number}"));
        let tracer = Tracer::attach(&tui, "workspace", &fault).unwrap();
        fs::write(file(&home, &name), PRESET).unwrap();
        // Seen, or said what was not read.
        tui.wait_for_screen(&place, |screen| {
            screen.contains(&name) || screen.contains("storage failed")
        });
        injected += usize::from(tracer.detach());
        // Whatever it read, work goes on.
        typed(&mut tui, number + 1);
        tui.keys("<C-s>");
        tui.wait_for_screen("saved", is_saved);
        assert_eq!(fs::read_to_string(file(&home, "a")).unwrap(), text(number + 1));
        tui.wait_for(&name);
        fs::remove_file(file(&home, &name)).unwrap();
    }
    assert!(injected > 12, "{injected} faults");
    tui.quit();
}

#[test]
fn the_history_survives_every_failing_call() {
    let mut tui = start(Launch::default().preset("a", PRESET));
    if !can_trace(&tui, "history") {
        return;
    }
    let home = Arc::clone(&tui.home);
    let (mut injected, mut sent) = (0, 0);
    for (number, fault) in every_file_fault(HISTORY).enumerate() {
        let tracer = Tracer::attach(&tui, "history", &fault).unwrap();
        tui.keys("<F5>");
        sent += 1;
        typed(&mut tui, number + 1);
        tui.keys("<C-s>");
        // What is said about the history may take the place of `saved a`.
        tui.wait_for_screen("saved", |screen| !screen.contains("a ●"));
        injected += usize::from(tracer.detach());
        assert_eq!(fs::read_to_string(file(&home, "a")).unwrap(), text(number + 1));
    }
    assert!(injected > 5, "{injected} faults");
    // What could not be written was written later.
    let database = home.path().join("home/state/history.db");
    let kept = || -> rusqlite::Result<u32> {
        let database = rusqlite::Connection::open(&database)?;
        database.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
    };
    wait_until("all entries are kept", || kept() == Ok(sent));
    let state = fs::read_dir(home.path().join("home/state")).unwrap().flatten();
    let names: Vec<String> =
        state.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(!names.iter().any(|name| name.contains("damaged")), "{names:?}");
    tui.quit();
}

/// Calls with which the drafts of the last run are found, locked and read.
const RESTORING: [&str; 6] =
    ["open,openat", "read", "fstat,statx", "lstat,stat,newfstatat,statx", "flock", "getdents64"];

#[test]
fn drafts_that_cannot_be_read_at_the_start_are_never_written_over() {
    let launch = Launch::default().preset("a", PRESET);
    let home = Arc::clone(&launch.home);
    let mut tui = start(launch);
    if !can_trace(&tui, "store") {
        return;
    }
    tui.keys("<C-n><C-l>http://h/of-the-last-run");
    tui.wait_for("of-the-last-run ");
    tui.quit();
    let drafts_folder = home.path().join("home/state/drafts");
    let mut injected = 0;
    for (number, calls) in RESTORING.into_iter().enumerate() {
        let (error, log) = (ERRORS[number % 4], home.path().join("strace.log"));
        let _ = fs::remove_file(&log);
        let files = fs::read_dir(&drafts_folder).unwrap().flatten();
        let toml = files
            .map(|file| file.path())
            .filter(|it| it.extension().is_some_and(|it| it == "toml"));
        let folder = Some(drafts_folder.clone()).filter(|_| calls == "getdents64");
        let places = toml.chain(folder).map(|path| format!(" -P '{}'", path.display()));
        let places: String = places.collect();
        let names = calls.split(',').map(|call| format!("?{call}")).collect::<Vec<_>>().join(",");
        let script = format!(
            "exec strace -D -f -qq -o '{}' -e trace={names} -e inject={names}:error={error}:when=1+{places} \
             \"$WIREBENCH_TEST_BIN\"",
            log.display()
        );
        let bin = crate::harness::program::program();
        let again = Launch { home: Arc::clone(&home), ..Launch::default() }.shell(&script);
        let mut tui = again.env("WIREBENCH_TEST_BIN", bin.to_str().unwrap()).size(250, 40).start();
        tui.wait_for("GET  a ");
        tui.keys(&format!("<C-n><C-l>http://h/typed-{number}"));
        tui.wait_for(&format!("typed-{number}"));
        let typed = format!("typed-{number}");
        wait_until(&format!("kept with {calls} {error}"), || drafts(home.path()).contains(&typed));
        injected += usize::from(fs::read_to_string(&log).unwrap_or_default().contains("INJECTED"));
        drop(tui);
        assert!(drafts(home.path()).contains("of-the-last-run"), "{calls} {error}");
    }
    assert!(injected > 3, "{injected} faults");
    // All of them come back.
    let again = Launch { home: Arc::clone(&home), ..Launch::default() };
    let tui = again.size(250, 40).start();
    tui.wait_for("GET  a ");
    tui.quit();
    let kept = drafts(home.path());
    assert!(kept.contains("of-the-last-run"), "{kept}");
    for number in 0..RESTORING.len() {
        assert!(kept.contains(&format!("typed-{number}")), "{number}: {kept}");
    }
}
