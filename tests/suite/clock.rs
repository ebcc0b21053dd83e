//! The clock is set while the program runs, or the machine sleeps: what happens is shown by the clock
//! as it is then, in the order it happened, and the step is noted.
//!
//! The clock of the real program is set by a library put before the system's (`LD_PRELOAD`), which
//! is compiled here; without a compiler these tests are skipped.

#![cfg(target_os = "linux")]

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Input, Message};
use wirebench::engine::event::{Event, Summary};
use wirebench::model::key::Key;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::spec::Spec;
use wirebench::model::timing::Stamp;
use wirebench::model::wall_clock::ClockStep;
use wirebench::store::job::Job;

use crate::foreign::{Home, Peer, has};
use crate::harness::app::{Driver, NOON};
use crate::harness::peers::free_port;
use crate::harness::terminal::Launch;

const HOUR: i64 = 3_600;

/// The system's clock, so many seconds ahead as a file says.
const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec *time) {
    static int (*system_clock)(clockid_t, struct timespec *);
    if (!system_clock) *(void **)&system_clock = dlsym(RTLD_NEXT, "clock_gettime");
    int outcome = system_clock(which, time);
    const char *path = getenv("CLOCK_AHEAD");
    if (which != CLOCK_REALTIME || outcome != 0 || !path) return outcome;
    char text[32] = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return outcome;
    if (read(file, text, sizeof text - 1) > 0) time->tv_sec += atol(text);
    close(file);
    return outcome;
}
"#;

/// A clock that can be set.
struct SetClock {
    library: PathBuf,
    file: PathBuf,
}

impl SetClock {
    fn new(folder: &Path) -> Option<SetClock> {
        if !has("cc", &["--version"]) {
            return None;
        }
        let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
        std::fs::write(&source, LIBRARY).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
        assert!(compiler.status().unwrap().success());
        let clock = SetClock { library, file: folder.join("ahead") };
        clock.set(0);
        Some(clock)
    }

    /// Written whole or not at all, as it may be read at any moment.
    fn set(&self, seconds: i64) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, seconds.to_string()).unwrap();
        std::fs::rename(new, &self.file).unwrap();
    }

    fn environment(&self) -> [(&'static str, &str); 2] {
        [("LD_PRELOAD", &self.library), ("CLOCK_AHEAD", &self.file)]
            .map(|(name, path)| (name, path.to_str().unwrap()))
    }
}

/// How many seconds the time of a line is ahead of now.
fn ahead(line: &Value) -> i64 {
    let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    time.as_second() - i64::try_from(now.as_secs()).unwrap()
}

#[test]
fn without_the_screen_lines_have_the_time_of_the_clock_as_it_was_set() {
    let home = Home::new();
    let Some(clock) = SetClock::new(home.0.path()) else { return };
    let mut command = home.command(&["listen", "udp://127.0.0.1:0", "--json"]);
    command.envs(clock.environment());
    let peer = Peer::start(&mut command);
    let value = |text: &str| serde_json::from_str::<Value>(&peer.line_with(text)).unwrap();
    let address = value("\"bound\"")["local"].as_str().unwrap().to_owned();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let steps = [
        (0, ""),
        (HOUR, "the clock went 1 h 0 min forward: it was set, or this machine slept"),
        (-HOUR, "the clock was set back by 2 h 0 min"),
        (0, "the clock went 1 h 0 min forward"),
    ];
    for (seconds, note) in steps {
        clock.set(seconds);
        socket.send_to(b"x", &address).unwrap();
        if !note.is_empty() {
            let line = value("\"message\":\"the clock");
            assert!(line["message"].as_str().unwrap().starts_with(note), "{line}");
            assert!((ahead(&line) - seconds).abs() < 30, "{line}");
        }
        let line = value("\"data\"");
        assert!((ahead(&line) - seconds).abs() < 30, "{seconds}: {line}");
    }
}

#[test]
fn on_the_screen_a_step_is_noted_and_warnings_go_with_the_next_key() {
    let home = tempfile::tempdir().unwrap();
    let Some(clock) = SetClock::new(home.path()) else { return };
    let port = free_port();
    let preset = format!("[udp-listener]\nbind = \"127.0.0.1:{port}\"\n");
    let [(preload, library), (name, file)] = clock.environment();
    let launch = Launch::default().preset("a", &preset).size(160, 40);
    let mut tui = launch.env(preload, library).env(name, file).env("TZ", "UTC").start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("1 listening");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let time = |seconds: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        // Good for the minute it is asked in, and the next one.
        [at, at + jiff::SignedDuration::from_secs(60)].map(|at| at.strftime("%H:%M:").to_string())
    };
    for (seconds, text, note) in [
        (-HOUR, "hour-before", "the clock was set back by 1 h 0 min"),
        (HOUR, "hour-after", "the clock went 2 h 0 min forward"),
    ] {
        clock.set(seconds);
        let shown = time(seconds);
        socket.send_to(text.as_bytes(), ("127.0.0.1", port)).unwrap();
        tui.wait_for(note);
        tui.wait_for_screen("the time as it was set", |screen| {
            let row = screen.lines().find(|line| line.contains(text));
            row.is_some_and(|row| shown.iter().any(|time| row.contains(time)))
        });
    }
    // A warning of a time that the clock has not reached again is no lasting one.
    clock.set(0);
    tui.keys("<C-w>");
    tui.quit();
}

/// Keys as the user presses them at that time.
fn press(driver: &mut Driver, key: &str, now: Stamp) -> Vec<Effect> {
    let keys = Key::parse_run(key).unwrap().into_iter();
    keys.flat_map(|key| driver.app.update(Message::Input(Input::Key(key)), now)).collect()
}

#[test]
fn a_warning_goes_with_a_later_key_whatever_the_clock_said() {
    let mut driver = Driver::bare((100, 30));
    for at in [NOON + Duration::from_secs(3_600), Stamp(NOON.0 - 3_600_000_000_000)] {
        driver.app.update(Message::Input(Input::Resumed), NOON);
        driver.app.warn("look here");
        press(&mut driver, "<Down>", at);
        assert_eq!(driver.app.notice, None, "{at:?}");
    }
    driver.app.warn("just now");
    let now = driver.app.shared.now;
    press(&mut driver, "<Down>", now);
    assert!(driver.app.notice.is_some(), "nobody has read it yet");
}

/// The clock is set back by exactly the time that has passed, so it says the same twice.
#[test]
fn outcomes_go_to_their_own_entries_when_the_clock_says_the_same_twice() {
    let mut driver = Driver::bare((100, 30));
    let open = |driver: &mut Driver, port: u16, now: Stamp| {
        let mut spec = Spec::empty(Protocol::Tcp, Side::Listener);
        *spec.address_mut() = format!(":{port}");
        driver.app.shared.drafts.open(spec);
        driver.app.shared.focus = Pane::Request;
        let effects = press(driver, "<F5>", now);
        let entry = effects.iter().find_map(|effect| match effect {
            Effect::Store(Job::AppendHistory(entry)) => Some(entry.at),
            _ => None,
        });
        (Driver::opened(&effects).0, entry.unwrap())
    };
    let hour = Duration::from_secs(3_600);
    let (first, first_entry) = open(&mut driver, 9_001, NOON);
    assert_eq!(first_entry, NOON);
    let step = ClockStep { from: NOON + hour, ahead: -3_600_000_000_000 };
    driver.app.update(Message::Engine(Event::ClockStep(step)), NOON + hour);
    let (second, second_entry) = open(&mut driver, 9_002, NOON + hour);
    assert_ne!(first_entry, second_entry);
    assert_eq!(second_entry.since(NOON), Duration::from_nanos(1), "by the clock as it was set");
    for (id, entry) in [(second, second_entry), (first, first_entry)] {
        let outcome = Ok(Summary::of("closed by us"));
        let done = Event::Done { id, outcome, at: NOON + hour };
        let effects = driver.app.update(Message::Engine(done), NOON + hour);
        let named = effects.iter().find_map(|effect| match effect {
            Effect::Store(Job::FinishHistory { at, .. }) => Some(*at),
            _ => None,
        });
        assert_eq!(named, Some(entry));
    }
}
