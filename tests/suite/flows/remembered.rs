//! What stands in the history: what is left out, what is pinned, and what follows a preset that is renamed outside.

use wirebench::app::effect::Effect;
use wirebench::app::message::Message;
use wirebench::model::preset::PresetPath;
use wirebench::store::job::{Job, Reply};

use crate::harness::app::Driver;
use crate::harness::store::workspace;

fn jobs(driver: &Driver, is_it: impl Fn(&Job) -> bool) -> usize {
    driver.store.jobs.iter().filter(|job| is_it(job)).count()
}

#[test]
fn a_preset_that_is_left_out_of_the_history_is_sent_and_not_remembered() {
    let files = [
        ("seen", "[http]\nurl = 'http://127.0.0.1:1/'\n"),
        ("unseen", "[http]\nurl = 'http://127.0.0.1:1/'\nhistory = false\n"),
    ];
    let mut driver = Driver::with((120, 40), workspace(&files));
    let appended = |job: &Job| matches!(job, Job::AppendHistory(_));
    for (name, count) in [("unseen", 0), ("seen", 1)] {
        driver.keys(&format!("<C-p>{name}<Enter>"));
        let effects = driver.keys("<F5>");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Engine(_))), "{name}");
        assert_eq!(jobs(&driver, appended), count, "{name}");
    }
}

#[test]
fn a_listener_or_relay_that_is_left_out_of_the_history_starts_and_is_not_remembered() {
    let kinds = [
        ("http-listener", "bind = '127.0.0.1:0'\n"),
        ("tcp-listener", "bind = '127.0.0.1:0'\n"),
        ("udp-listener", "bind = '127.0.0.1:0'\n"),
        ("http-relay", "bind = '127.0.0.1:0'\ntarget = 'http://127.0.0.1:1'\n"),
        ("tcp-relay", "bind = '127.0.0.1:0'\ntarget = '127.0.0.1:1'\n"),
        ("udp-relay", "bind = '127.0.0.1:0'\ntarget = '127.0.0.1:1'\n"),
    ];
    let appended = |job: &Job| matches!(job, Job::AppendHistory(_));
    for (kind, options) in kinds {
        let seen = format!("[{kind}]\n{options}");
        let unseen = format!("{seen}history = false\n");
        for (text, count) in [(unseen, 0), (seen, 1)] {
            let mut driver = Driver::with((120, 40), workspace(&[("one", &text)]));
            let effects = driver.keys("<C-p>one<Enter><F5>");
            let is_opened = effects.iter().any(|effect| matches!(effect, Effect::Engine(_)));
            assert!(is_opened, "{kind}: {}", driver.screen());
            let (id, _) = Driver::opened(&effects);
            driver.listening(id);
            driver.done(id);
            assert_eq!(jobs(&driver, appended), count, "{kind}");
        }
    }
}

#[test]
fn entries_follow_a_preset_that_was_renamed_while_nobody_watched() {
    let text = "[http]\nurl = 'http://127.0.0.1:1/'\n";
    let mut driver = Driver::with((120, 40), workspace(&[("new/name", text)]));
    let asked = |job: &Job| matches!(job, Job::FollowPresets);
    assert_eq!(jobs(&driver, asked), 1, "once a workspace is there: {:?}", driver.store.jobs);
    let [from, to] = ["old", "new/name"].map(|name| PresetPath::parse(name).unwrap());
    driver.send(Message::Store(Reply::PresetsFollowed(vec![(from, to)])));
    let moved = |job: &Job| matches!(job, Job::MoveHistory { from, to } if from == "old" && to == "new/name");
    assert_eq!(jobs(&driver, moved), 1, "{:?}", driver.store.jobs);
}

#[test]
fn an_entry_is_pinned_by_a_key() {
    let files = [("get", "[http]\nurl = 'http://127.0.0.1:1/'\n")];
    let mut driver = Driver::with((120, 40), workspace(&files));
    driver.keys("<C-p>get<Enter><F5><A-2>m");
    let pinned = |job: &Job| matches!(job, Job::PinHistory { is_pinned: true, .. });
    assert_eq!(jobs(&driver, pinned), 1, "{}", driver.screen());
    assert!(driver.shows("pinned: it stays whatever else goes"), "{}", driver.screen());
}

#[test]
fn entries_follow_a_preset_that_is_renamed_in_an_editor() {
    let text = "[http]\nurl = 'http://127.0.0.1:1/'\n";
    let other = "[http]\nurl = 'http://127.0.0.1:2/'\n";
    let mut driver = Driver::with((120, 40), workspace(&[("old", text), ("other", other)]));
    driver.keys("<C-p>old<Enter>");
    let found = workspace(&[("new/name", text), ("other", other)]);
    driver.send(Message::Store(Reply::Workspace(Box::new(found))));
    assert!(driver.shows("old is new/name now: its file was renamed"), "{}", driver.screen());
    assert!(!driver.shows("not on disk"), "the form is of the new one: {}", driver.screen());
    let moved = |job: &Job| matches!(job, Job::MoveHistory { from, to } if from == "old" && to == "new/name");
    assert_eq!(jobs(&driver, moved), 1, "{:?}", driver.store.jobs);
}
