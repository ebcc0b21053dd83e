//! The history as the real program keeps it: big bodies, big databases, and forgetting.

use std::fs;

use wirebench::model::http::{HttpBody, HttpSpec};
use wirebench::model::preset::PresetPath;
use wirebench::model::session_outcome::SessionOutcome;
use wirebench::model::spec::Spec;
use wirebench::model::timing::Stamp;
use wirebench::query::{AskersClock, HistorySearch};
use wirebench::store::job::{HistoryEntry, HistoryQuestion, Job, Reply};
use wirebench::store::paths::Paths;
use wirebench::store::{Store, StoreHandle};

use crate::harness::peers::http_peer;
use crate::harness::program::command;
use crate::harness::terminal::Launch;
use crate::store::Desk as StoreDesk;

const BODY: usize = 4 << 20;
const SENDS: usize = 15;
/// Above what the program needs by itself: far from what the bodies are together.
const MEMORY: u64 = 400 << 20;

#[test]
fn many_big_bodies_are_all_in_the_list_and_not_in_memory() {
    let peer = http_peer(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let body = "0123456789abcde\\n".repeat(BODY / 16);
    let preset =
        format!("[http]\nmethod = \"POST\"\nurl = \"http://{peer}/\"\nbody.text = \"{body}\"\n");
    let launch = Launch::default().preset("a", &preset).size(120, 50);
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    let before = tui.peak_memory();
    let listed = |screen: &str| screen.lines().filter(|line| line.contains("204 │")).count();
    for sent in 1..=SENDS {
        tui.keys("<F5>");
        tui.wait_for_screen("the entry with its outcome", |screen| {
            listed(screen) >= sent.min(5) && screen.contains("204 No Content")
        });
    }
    let peak = tui.peak_memory();
    assert!(peak < before + MEMORY, "{} MiB, {} before", peak >> 20, before >> 20);
    tui.quit();
}

/// The store in a home, and what it says.
struct Desk(StoreHandle, tokio::sync::mpsc::Receiver<Reply>);

impl Desk {
    fn ask(&mut self, job: Job) -> Reply {
        self.0.submit(job).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.1.recv()).unwrap()
    }
}

#[test]
fn a_history_of_megabytes_is_listed_without_them_and_an_entry_is_opened_and_forgotten() {
    let launch = Launch::default().preset("a", "[http]\n").size(120, 30);
    let kept = std::sync::Arc::clone(&launch.home);
    let home = kept.path().join("home");
    let (store, replies) = Store::start(Paths::under(&home));
    let mut desk = Desk(store, replies);
    for number in 0..60_u64 {
        let body = format!("number-{number} ") + &"x".repeat(1 << 20);
        let entry = HistoryEntry {
            at: Stamp(1_700_000_000_000_000_000 + number),
            summary: format!("POST http://127.0.0.1:9/{number}"),
            outcome: SessionOutcome::Status { code: 201, took: None },
            spec: Spec::Http(HttpSpec {
                url: format!("http://127.0.0.1:9/{number}"),
                body: HttpBody::Text(body),
                ..HttpSpec::default()
            }),
            preset: None,
            left_out: 0,
        };
        assert_eq!(desk.ask(Job::AppendHistory(Box::new(entry))), Reply::HistoryAppended);
    }
    desk.0.shutdown(std::time::Duration::from_secs(10)).unwrap();
    let mut tui = launch.start();
    tui.wait_for("/59");
    let peak = tui.peak_memory();
    assert!(peak < 120 << 20, "{} MiB to show a list", peak >> 20);
    // To the list, and one entry down.
    tui.keys("<Tab>jd");
    tui.wait_for("Forget POST http://127.0.0.1:9/58?");
    tui.keys("y");
    tui.wait_for("1 entry forgotten");
    tui.wait_for_screen("a list without it", |screen| !screen.contains("/58"));
    tui.keys("g<Enter>");
    tui.wait_for("http://127.0.0.1:9/59");
    tui.wait_for("Body text");
    tui.keys("<Tab><Tab><Tab><Tab>D");
    tui.wait_for("Forget the whole history?");
    tui.keys("y");
    tui.wait_for("59 entries forgotten");
    tui.wait_for("nothing sent yet");
    tui.quit();
    for file in fs::read_dir(home.join("state")).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap_or_default();
        let found = memchr::memmem::find(&bytes, b"number-7 ").is_some();
        assert!(!found, "{} still holds what was sent", file.path().display());
    }
}

#[test]
fn a_preset_that_was_renamed_while_nothing_ran_keeps_its_entries() {
    let peer = http_peer(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    fs::create_dir_all(&presets).unwrap();
    for name in ["old", "stays"] {
        // A credential that was typed in place is not in the history.
        let text = format!(
            "# kept\n[http]\nurl = \"http://{peer}/{name}\"\nauth.bearer = \"typed-canary\"\n"
        );
        fs::write(presets.join(format!("{name}.toml")), text).unwrap();
        let sent = command(&["send", name]).env("WIREBENCH_HOME", home.path()).output().unwrap();
        assert!(sent.status.success(), "{sent:?}");
    }
    fs::create_dir(presets.join("new")).unwrap();
    fs::rename(presets.join("old.toml"), presets.join("new/name.toml")).unwrap();
    let mut desk = StoreDesk::new(home.path());
    desk.ask(Job::LoadWorkspace);
    let [old, new] = ["old", "new/name"].map(|name| PresetPath::parse(name).unwrap());
    assert_eq!(desk.ask(Job::FollowPresets), Reply::PresetsFollowed(vec![(old, new.clone())]));
    // Its reply is one that is told unasked, too, and passed over here.
    desk.store.submit(Job::MoveHistory { from: "old".into(), to: new.to_string() }).unwrap();
    assert_eq!(desk.ask(Job::FollowPresets), Reply::PresetsFollowed(Vec::new()), "it followed");
    let question = HistoryQuestion {
        search: HistorySearch::read("preset == new", AskersClock::default()).unwrap(),
        limit: 10,
        ..HistoryQuestion::default()
    };
    let Reply::History { entries, .. } = desk.ask(Job::QueryHistory(Box::new(question))) else {
        panic!("another reply")
    };
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].preset, Some(new));
    desk.store.shutdown(std::time::Duration::from_secs(10)).unwrap();
}
