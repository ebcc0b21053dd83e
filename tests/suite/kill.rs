//! SIGKILL around Ctrl+S: the real program, again and again in one home. A preset's file is always
//! the whole old or the whole new one, what the screen said was saved is saved, and unsaved work
//! that was written comes back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, thread};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

/// Kills around a save.
const ROUNDS: u32 = 100;
/// After so many of them, one with unsaved work.
const UNSAVED_EVERY: u32 = 10;
/// Longest time from the key to the kill.
const LATEST: Duration = Duration::from_millis(50);
/// What the versions of the preset differ in.
const ADDRESS: &str = "http://h/v";
const PRESET: &str = "kill/target";
/// Mark of unsaved changes in the title of the form.
const UNSAVED: &str = "kill/target ●";

/// Pseudo random numbers, the same in every run (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A time up to the longest, short ones more often: that is when the files are written.
    pub fn up_to(&mut self, longest: Duration) -> Duration {
        let part = self.next() as f64 / u64::MAX as f64;
        longest.mul_f64(part * part)
    }
}

/// A home in which one preset goes from version to version.
struct Victim {
    home: Arc<TempDir>,
    /// Text of version 0 of the file.
    first: String,
    /// Version in the file.
    saved: u32,
    /// Version last typed.
    typed: u32,
    /// Version that came back at the last start; its draft may still be the newest on the disk.
    came_back: u32,
}

impl Victim {
    /// Composes the preset and saves it.
    fn new() -> Victim {
        let home = Arc::new(tempfile::tempdir().unwrap());
        let mut tui = launch(&home);
        tui.wait_for("tutorial/http-server");
        tui.keys("<C-n>");
        tui.wait_for("not saved");
        // Large enough that half of it could be on the disk.
        let body = (0..400).fold(String::new(), |mut body, n| {
            let _ = writeln!(body, "line {n} of a body that is kept whole");
            body
        });
        let request = format!("curl {ADDRESS}0000 --data-raw '{body}'");
        tui.bytes(format!("\x1b[200~{request}\x1b[201~").as_bytes());
        tui.wait_for("v0000");
        tui.keys("<C-s>");
        tui.wait_for("╭ Save ");
        tui.keys("kill/target<Enter>");
        tui.wait_for("saved kill/target");
        kill(&tui);
        let first = fs::read_to_string(file(&home)).unwrap();
        assert!(first.contains("line 399 of a body"), "{first}");
        Victim { home, first, saved: 0, typed: 0, came_back: 0 }
    }

    fn text(&self, version: u32) -> String {
        self.first.replace(&address(0), &address(version))
    }

    /// Looks at the file: it is this version, whole.
    fn is_in_file(&self, version: u32) -> bool {
        fs::read_to_string(file(&self.home)).unwrap() == self.text(version)
    }

    /// Starts the program again and checks what came back. Returns whether it is unsaved.
    fn start(&mut self) -> (Tui, bool) {
        let tui = launch(&self.home);
        // Drafts may be there first; whether they are saved is known from the workspace.
        tui.wait_for_screen("the preset", |screen| {
            screen.contains(PRESET) && shown(screen).is_some() && screen.contains("▾ kill")
        });
        let screen = tui.screen();
        let back = shown(&screen).unwrap();
        let drafted = back > self.saved && [self.typed, self.came_back].contains(&back);
        assert!(drafted || back == self.saved, "{back} with {} saved on:\n{screen}", self.saved);
        assert_eq!(screen.contains(UNSAVED), back != self.saved, "{} saved:\n{screen}", self.saved);
        wait_until("left-overs are removed", || temporary_files(self.home.path()).is_empty());
        (self.typed, self.came_back) = (back, back);
        (tui, back != self.saved)
    }

    /// Types a new version into the address line.
    fn edit(&mut self, tui: &mut Tui) {
        self.typed = self.typed.max(self.saved) + 1;
        tui.keys(&format!(
            "<C-l><End><Backspace><Backspace><Backspace><Backspace>{:04}",
            self.typed
        ));
        let typed = self.typed;
        tui.wait_for_screen("the unsaved version", |screen| {
            shown(screen) == Some(typed) && screen.contains(UNSAVED)
        });
    }

    fn save(&mut self, tui: &mut Tui) {
        tui.keys("<C-s>");
        tui.wait_for_screen("the acknowledgement", acknowledged);
        self.saved = self.typed;
        assert!(self.is_in_file(self.saved), "version {} was acknowledged", self.saved);
    }
}

fn launch(home: &Arc<TempDir>) -> Tui {
    Launch { home: Arc::clone(home), ..Launch::default() }.start()
}

fn kill(tui: &Tui) {
    tui.signal(Signal::KILL);
    assert!(!tui.wait_exit().success());
}

#[expect(clippy::disallowed_methods, reason = "the moment of the kill is no event to wait for")]
pub fn let_run_for(time: Duration) {
    thread::sleep(time);
}

fn file(home: &TempDir) -> PathBuf {
    home.path().join("home/presets").join(PRESET).with_extension("toml")
}

fn address(version: u32) -> String {
    format!("{ADDRESS}{version:04}")
}

/// The version in the address line.
fn shown(screen: &str) -> Option<u32> {
    let (_, rest) = screen.split_once(ADDRESS)?;
    rest.get(..4)?.parse().ok()
}

fn acknowledged(screen: &str) -> bool {
    screen.contains("saved kill/target") && !screen.contains(UNSAVED)
}

fn temporary_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().contains(".wirebench-") {
            found.push(entry.path());
        } else if entry.path().is_dir() {
            found.extend(temporary_files(&entry.path()));
        }
    }
    found
}

fn drafts_contain(home: &TempDir, text: &str) -> bool {
    let drafts = fs::read_dir(home.path().join("home/state/drafts")).into_iter().flatten();
    let tables = drafts.flatten().filter(|entry| entry.path().extension() == Some("toml".as_ref()));
    tables.filter_map(|entry| fs::read_to_string(entry.path()).ok()).any(|kept| kept.contains(text))
}

#[test]
fn a_kill_at_any_moment_of_a_save_loses_nothing_that_was_acknowledged() {
    let mut numbers = Numbers(2);
    let mut victim = Victim::new();
    let (mut old, mut new, mut told) = (0, 0, 0);
    for round in 1..=ROUNDS {
        let (mut tui, _) = victim.start();
        for _ in 0..numbers.next() % 3 {
            victim.edit(&mut tui);
            victim.save(&mut tui);
        }
        victim.edit(&mut tui);
        tui.keys("<C-s>");
        let_run_for(numbers.up_to(LATEST));
        let was_told = acknowledged(&tui.screen());
        kill(&tui);
        if victim.is_in_file(victim.typed) {
            victim.saved = victim.typed;
            new += 1;
        } else {
            assert!(!was_told, "round {round}: {} was acknowledged", victim.typed);
            assert!(victim.is_in_file(victim.saved), "round {round}: neither the old nor the new");
            old += 1;
        }
        told += u32::from(was_told);
        if round % UNSAVED_EVERY == 0 {
            unsaved_work_survives(&mut victim);
        }
    }
    eprintln!("{ROUNDS} kills: {old} old files, {new} new, {told} of them acknowledged");
    assert!(old > 0 && new > 0, "kills came before and after the new file: {old} {new}");
    victim.start().0.quit();
    assert_eq!(temporary_files(victim.home.path()), Vec::<PathBuf>::new());
}

/// Edits, waits for the draft's file and kills: the edit comes back, the preset stays.
fn unsaved_work_survives(victim: &mut Victim) {
    let (mut tui, _) = victim.start();
    victim.edit(&mut tui);
    let wanted = address(victim.typed);
    wait_until("the draft is written", || drafts_contain(&victim.home, &wanted));
    kill(&tui);
    let typed = victim.typed;
    let (tui, unsaved) = victim.start();
    assert!(unsaved && victim.typed == typed, "version {typed} on:\n{}", tui.screen());
    assert!(victim.is_in_file(victim.saved));
    kill(&tui);
}
