//! The store from outside: killed, full, read-only, shared. Scenarios that need a process of
//! their own (a umask, limits, mounts, a death) run in a copy of this test program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "store_disk.rs"]
mod disk;
#[path = "store_faults.rs"]
mod faults;
#[path = "store_files.rs"]
mod files;
#[path = "store_kill.rs"]
mod kill;
#[path = "store_workspace.rs"]
mod workspace;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use wirebench::model::http::{HttpBody, HttpSpec};
use wirebench::model::preset::{Preset, PresetPath};
use wirebench::model::session_outcome::SessionOutcome;
use wirebench::model::spec::Spec;
use wirebench::model::timing::Stamp;
use wirebench::store::job::{HistoryEntry, Job, Overwrite, Reply, Restore, StoredDraft};
use wirebench::store::paths::Paths;
use wirebench::store::{Store, StoreHandle};

const PATIENCE: Duration = Duration::from_secs(30);
const SCENARIO: &str = "WIREBENCH_TEST_SCENARIO";
const HOME: &str = "WIREBENCH_TEST_HOME";

/// A store and its replies.
pub struct Desk {
    pub store: StoreHandle,
    replies: Receiver<Reply>,
}

impl Desk {
    pub fn new(home: &Path) -> Self {
        let (store, replies) = Store::start(Paths::under(home));
        Desk { store, replies }
    }

    pub fn next(&mut self) -> Reply {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let reply =
            runtime.block_on(async { tokio::time::timeout(PATIENCE, self.replies.recv()).await });
        reply.expect("a reply in time").expect("the store lives")
    }

    /// The answer to a job; what the store says unasked is passed over.
    pub fn ask(&mut self, job: Job) -> Reply {
        let wants_workspace = job == Job::LoadWorkspace;
        self.store.submit(job).unwrap();
        loop {
            match self.next() {
                Reply::Workspace(_) if !wants_workspace => {}
                Reply::HistoryChanged | Reply::PresetsRead { .. } => {}
                reply => return reply,
            }
        }
    }

    pub fn save(&mut self, preset: Preset, based_on: Option<u64>, overwrite: Overwrite) -> Reply {
        self.ask(Job::SavePreset { preset: Box::new(preset), based_on, overwrite, like: None })
    }
}

pub fn request(number: u64, body_bytes: usize) -> Spec {
    Spec::Http(HttpSpec {
        url: format!("http://h/{number}"),
        body: HttpBody::Text("x".repeat(body_bytes)),
        ..HttpSpec::default()
    })
}

pub fn number_of(spec: &Spec) -> u64 {
    spec.address().strip_prefix("http://h/").unwrap().parse().unwrap()
}

pub fn preset(name: &str, spec: Spec) -> Preset {
    Preset {
        path: PresetPath::parse(name).unwrap(),
        about: String::new(),
        spec,
        unused: Vec::new(),
    }
}

pub fn drafts(number: u64) -> Restore {
    let draft = StoredDraft {
        preset: None,
        based_on: None,
        unsaved: true,
        answers: None,
        spec: request(number, 10_000).into(),
    };
    Restore { drafts: vec![draft], ..Restore::default() }
}

pub fn history(number: u64) -> HistoryEntry {
    HistoryEntry {
        at: Stamp(number),
        summary: format!("GET {number}"),
        outcome: SessionOutcome::Unknown,
        spec: request(number, 10),
        preset: None,
        left_out: 0,
    }
}

/// This program again, running one scenario in `home`, started through a shell prefix such as
/// `umask 000;`.
pub fn again(shell: &str, scenario: &str, home: &Path) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    let exec = if shell.starts_with("exec ") { "" } else { "exec" };
    let script = format!("{shell} {exec} \"$0\" store::scenario --exact --ignored --nocapture");
    command.arg("-c").arg(script).arg(program);
    command.env(SCENARIO, scenario).env(HOME, home);
    command
}

#[test]
#[ignore = "runs in a process of its own, started by the other tests"]
fn scenario() {
    let Some(home) = std::env::var_os(HOME) else { return };
    let home = Path::new(&home);
    match std::env::var(SCENARIO).unwrap().as_str() {
        "one of each" => disk::one_of_each(home),
        "limited file size" => disk::limited_file_size(home),
        "full disk" => disk::full_disk(home),
        "read-only disk" => disk::read_only_disk(home),
        "one fault" => faults::one_fault(home),
        "one environment fault" => faults::one_environment_fault(home),
        "save until killed" => kill::save_until_killed(home),
        other => panic!("no scenario {other}"),
    }
}
