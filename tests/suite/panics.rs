//! What panics or hangs while the screen is ours: the terminal is given back, what happened can be
//! read, and a panic elsewhere than in the loop ends no more than its task.
//!
//! The program has no place to ask for a panic at. So this binary is the program: it runs itself in
//! the terminal, with the screen, store and engine of the library, and goes wrong where the engine is
//! started, on the loop's thread after the first frame.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::runtime::Builder;
use wirebench::app::Startup;
use wirebench::engine::{Engine, EngineConfig};
use wirebench::store::Store;
use wirebench::store::paths::Paths;
use wirebench::tui;

use crate::harness::terminal::Launch;

/// The variable that tells this binary what to do in place of its tests.
const FAULT: &str = "WIREBENCH_TESTED_FAULT";
/// What a panic says, before what the test adds.
const WORDS: &str = "asked for by the test";

/// Where it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The loop panics.
    Loop,
    /// The loop does not go on.
    Hang,
    /// A thread panics that is nobody's.
    Thread,
    /// Every session panics: the engine's runtime opens no sockets.
    Sessions,
}

const FAULTS: [Fault; 4] = [Fault::Loop, Fault::Hang, Fault::Thread, Fault::Sessions];

impl Fault {
    /// The program with this fault; a panic says the words too. `redirected` is for the shell.
    pub fn launch(self, words: &str, redirected: &str) -> Launch {
        let this = std::env::current_exe().expect("the tests");
        let tests = "--exact panics::the_program_goes_wrong --ignored --nocapture --quiet";
        let script = format!("exec '{}' {tests} {redirected}", this.display());
        Launch::default().env(FAULT, &format!("{self:?}:{words}")).shell(&script)
    }

    fn happen(self, words: &str) {
        match self {
            Fault::Loop => panic!("{WORDS}{words}"),
            Fault::Hang => loop {
                std::thread::park();
            },
            Fault::Thread => {
                let words = words.to_owned();
                std::thread::spawn(move || panic!("{WORDS}{words}"));
            }
            Fault::Sessions => {}
        }
    }
}

#[test]
#[ignore = "the program that the other tests run"]
fn the_program_goes_wrong() {
    let Ok(told) = std::env::var(FAULT) else { return };
    let (fault, words) = told.split_once(':').expect("a fault and words");
    let fault = FAULTS.into_iter().find(|known| format!("{known:?}") == fault).expect("a fault");
    // A panic leads to the same exit status here and in a program.
    assert_eq!(program(fault, words), 0);
}

/// What `run` puts together.
fn program(fault: Fault, words: &str) -> u8 {
    let home = std::env::var_os("WIREBENCH_HOME").map(PathBuf::from).expect("a home");
    let paths = Paths::under(&home);
    let (store, replies) = Store::start(paths.clone());
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_time();
    if fault != Fault::Sessions {
        builder.enable_io();
    }
    let runtime = builder.build().expect("a runtime");
    let folders = tui::WorkFolders { editing: paths.editing(), state: paths.state.clone() };
    let ended = tui::run(Startup::default(), folders, store.clone(), replies, || {
        fault.happen(words);
        let _entered = runtime.enter();
        Ok(Engine::start(EngineConfig::default()))
    });
    store.shutdown(Duration::from_secs(5)).expect("all is written");
    ended.outcome.expect("an exit status")
}

#[test]
fn a_panic_of_the_loop_gives_the_terminal_back_and_says_what_happened() {
    let tui = Fault::Loop.launch("", "").start();
    let status = tui.wait_exit();
    assert_eq!(status.exit_code(), 101);
    tui.assert_restored();
    tui.wait_text_after_leaving(WORDS);
    tui.wait_text_after_leaving("unsaved work is offered again on the next start");
}

#[test]
fn a_panic_of_the_loop_is_told_without_another() {
    // Standard error of the workbench is full, its terminal is not.
    let tui = Fault::Loop.launch("", "2>/dev/full").start();
    let status = tui.wait_exit();
    assert_eq!((status.exit_code(), status.signal()), (101, None), "{status:?}");
    tui.assert_restored();
}

#[test]
fn a_panic_elsewhere_is_told_and_the_program_goes_on() {
    let mut tui = Fault::Thread.launch("", "").size(200, 50).start();
    tui.wait_for(WORDS);
    tui.keys("<F1>");
    tui.wait_for("Help ─");
    tui.quit();
}

#[test]
fn a_loop_that_hangs_is_ended_by_the_default_action() {
    let tui = Fault::Hang.launch("", "").start();
    tui.wait_for("wirebench");
    tui.signal(Signal::TERM);
    let status = tui.wait_exit();
    assert!(status.signal().is_some(), "{status:?}");
    tui.assert_restored();
}

#[test]
fn a_panic_of_a_session_ends_that_session_alone() {
    let preset = "[http]\nurl = \"http://127.0.0.1:1/\"\n";
    let launch = Fault::Sessions.launch("", "").preset("a", preset).size(160, 50);
    let home = Arc::clone(&launch.home);
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    for _ in 0..2 {
        tui.keys("<F5>");
        tui.wait_for("internal error: the task of this session stopped");
        tui.keys("<F1>");
        tui.wait_for("Help ─");
        tui.keys("<F1>");
    }
    // What is written after a panic is kept.
    tui.keys("<C-l><End>changed");
    tui.wait_for("─ a ●");
    tui.quit();
    let tui = Launch { home, ..Launch::default() }.size(160, 50).start();
    tui.wait_for("http://127.0.0.1:1/changed");
    tui.wait_for("─ a ●");
    tui.quit();
}
