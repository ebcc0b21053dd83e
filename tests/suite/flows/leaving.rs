//! Leaving, and coming back: the program goes when the drafts are on the disk, and what the last
//! run left is merged into what was done before it was read.

use std::collections::VecDeque;

use wirebench::app::Startup;
use wirebench::app::effect::Effect;
use wirebench::app::message::{Input, Message, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::http::HttpSpec;
use wirebench::model::spec::Spec;
use wirebench::store::job::{
    ForeignProject, Job, JobKind, JobLabel, ProjectWriter, Reply, Restore, StoredDraft, Workspace,
};

use crate::harness::app::{Driver, NOON};
use crate::harness::store::{starter_workspace, workspace};

const WIDE: (u16, u16) = (160, 50);

fn full() -> Reply {
    let failure = Failure::new(Stage::Storage, "drafts", FailureKind::Io, "the disk is full");
    Reply::Failed { job: JobKind::SaveRestore.into(), failure }
}

/// The save that waits for its answer.
fn save(driver: &Driver) -> JobLabel {
    let mut held = driver.store.held.iter().flatten().map(Job::label);
    held.find(|job| job.kind == JobKind::SavePreset).unwrap()
}

fn unsaved() -> Driver {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<C-n><C-l><C-u>http://h/unsaved");
    driver.store.held = Some(VecDeque::new());
    driver
}

fn last_run(url: &str) -> Message {
    let spec = Spec::Http(HttpSpec { url: url.into(), ..HttpSpec::default() });
    let draft = StoredDraft {
        preset: None,
        based_on: None,
        unsaved: true,
        answers: None,
        spec: spec.into(),
    };
    let environment = Some("last".into());
    let restore = Restore { drafts: vec![draft], environment, ..Restore::default() };
    Message::Store(Reply::Restored(Some(Box::new(restore))))
}

fn addresses(driver: &Driver) -> Vec<String> {
    driver.app.shared.drafts.iter().map(|draft| draft.spec.address().to_owned()).collect()
}

#[test]
fn the_program_leaves_with_the_reply_for_the_drafts_and_not_before() {
    let mut driver = unsaved();
    assert_eq!(driver.keys("<C-q>").iter().filter(|it| **it == Effect::Quit).count(), 0);
    // Of what was typed meanwhile nothing is lost either.
    driver.keys("2");
    assert!(!driver.tell(Message::Store(Reply::RestoreSaved)).contains(&Effect::Quit));
    assert!(driver.tell(Message::Store(Reply::RestoreSaved)).contains(&Effect::Quit));
    assert_eq!(driver.app.unkept(), None);
}

#[test]
fn drafts_that_cannot_be_kept_are_a_reason_to_stay_and_say_so() {
    let mut driver = unsaved();
    driver.keys("<C-q>");
    assert!(!driver.tell(Message::Store(full())).contains(&Effect::Quit));
    assert!(driver.shows("the disk is full") && driver.shows("Stay"), "{}", driver.screen());
    driver.keys("<Esc>");
    assert!(driver.app.overlays.is_empty());
    driver.keys("<C-q>");
    assert!(driver.tell(Message::Store(Reply::RestoreSaved)).contains(&Effect::Quit), "freed");
}

fn retries(effects: &[Effect]) -> usize {
    let is_retry =
        |effect: &&Effect| matches!(effect, Effect::After { timer: Timer::RestoreAgain, .. });
    effects.iter().filter(is_retry).count()
}

#[test]
fn drafts_that_could_not_be_kept_are_tried_again_and_the_warning_goes_with_its_cause() {
    let mut driver = unsaved();
    driver.send(Message::Timer(Timer::Restore));
    assert_eq!(retries(&driver.tell(Message::Store(full()))), 1);
    assert!(driver.shows("the disk is full"), "{}", driver.screen());
    driver.keys("x");
    driver.send(Message::Timer(Timer::Restore));
    assert_eq!(retries(&driver.tell(Message::Store(full()))), 0, "one is under way");
    driver.app.notice = None;
    // Trying again is no news, however often; another cause is.
    for _ in 0..3 {
        let held = driver.store.held.as_ref().unwrap().len();
        driver.send(Message::Timer(Timer::RestoreAgain));
        assert_eq!(driver.store.held.as_ref().unwrap().len(), held + 1);
        assert_eq!(retries(&driver.tell(Message::Store(full()))), 1);
        assert_eq!(driver.app.notice, None);
    }
    driver.send(Message::Timer(Timer::RestoreAgain));
    let failure = Failure::new(Stage::Storage, "drafts", FailureKind::Io, "it is read-only");
    driver.tell(Message::Store(Reply::Failed { job: JobKind::SaveRestore.into(), failure }));
    assert!(driver.shows("it is read-only"), "{}", driver.screen());
    driver.send(Message::Timer(Timer::RestoreAgain));
    assert_eq!(retries(&driver.tell(Message::Store(Reply::RestoreSaved))), 0);
    assert!(driver.app.is_dirty(), "the warning is gone from the screen");
    assert_eq!((&driver.app.notice, driver.app.unkept()), (&None, None));
    driver.app.drawn();
    driver.send(Message::Timer(Timer::RestoreAgain));
    assert!(!driver.app.is_dirty(), "there is nothing to try");
}

#[test]
fn the_question_whether_to_leave_without_the_drafts_goes_when_they_are_kept() {
    let mut driver = unsaved();
    driver.keys("<C-q>");
    driver.tell(Message::Store(full()));
    assert!(driver.shows("Stay"), "{}", driver.screen());
    driver.send(Message::Timer(Timer::RestoreAgain));
    assert!(!driver.tell(Message::Store(Reply::RestoreSaved)).contains(&Effect::Quit));
    assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
    assert!(driver.shows("the drafts are kept now"), "{}", driver.screen());
}

#[test]
fn a_file_that_stays_broken_hides_nothing_that_is_said_later() {
    let trouble =
        |file: &str| Failure::new(Stage::Storage, file, FailureKind::Malformed, "no TOML");
    let read = |files: &[&str]| {
        let problems = files.iter().map(|file| trouble(file)).collect();
        Message::Store(Reply::Workspace(Box::new(Workspace { problems, ..workspace(&[]) })))
    };
    let mut driver = Driver::with(WIDE, workspace(&[]));
    driver.send(read(&["one.toml"]));
    driver.assert_shows("one.toml");
    driver.app.say("something else");
    driver.send(read(&["one.toml"]));
    driver.assert_shows("something else");
    driver.send(read(&["one.toml", "two.toml"]));
    driver.assert_shows("two.toml");
}

#[test]
fn a_warning_goes_with_the_trouble_it_tells_of_and_with_no_other() {
    let trouble = |cause: &str| Failure::new(Stage::Storage, "x", FailureKind::Io, cause);
    let failed = |job: JobKind| {
        Message::Store(Reply::Failed { job: job.into(), failure: trouble("no space left") })
    };
    let read = |problems: &[Failure]| {
        let found = Workspace { problems: problems.to_vec(), ..workspace(&[]) };
        Message::Store(Reply::Workspace(Box::new(found)))
    };
    let listed =
        || Message::Store(Reply::History { text: String::new(), entries: Vec::new(), total: 0 });
    let appended = || Message::Store(Reply::HistoryAppended);
    let kept = || Message::Store(Reply::RestoreSaved);
    let unread = || read(&[trouble("no space left")]);
    for (began, ended) in [
        (unread(), read(&[])),
        (failed(JobKind::LoadWorkspace), read(&[])),
        (failed(JobKind::WriteHistory), appended()),
        (failed(JobKind::ReadHistory), listed()),
        (failed(JobKind::SaveRestore), kept()),
    ] {
        let mut driver = Driver::with(WIDE, workspace(&[]));
        driver.store.held = Some(VecDeque::new());
        driver.send(began);
        for other in [unread(), read(&[]), appended(), listed(), kept()] {
            if other != ended && other != unread() {
                driver.send(other);
                assert!(driver.shows("no space left"), "{ended:?}");
            }
        }
        driver.app.drawn();
        driver.send(ended);
        assert!(driver.app.is_dirty() && !driver.shows("no space left"), "{}", driver.screen());
    }
    // What happened once stays until it is read.
    for once in [Message::Store(Reply::SetAside(trouble("begun anew"))), failed(JobKind::OpenEntry)]
    {
        let mut driver = Driver::with(WIDE, workspace(&[]));
        driver.store.held = Some(VecDeque::new());
        driver.send(once);
        for other in [read(&[]), appended(), listed(), kept()] {
            driver.send(other);
        }
        assert!(driver.shows("begun anew") || driver.shows("no space left"));
    }
}

#[test]
fn who_leaves_all_the_same_takes_the_drafts_along() {
    let mut driver = unsaved();
    driver.keys("<C-q>");
    driver.tell(Message::Store(full()));
    assert!(driver.keys("y").contains(&Effect::Quit), "{}", driver.screen());
    let unkept = driver.app.unkept().unwrap();
    assert!(unkept.drafts.iter().any(|draft| draft.spec.address() == "http://h/unsaved"));
}

#[test]
fn a_disk_that_does_not_answer_keeps_nobody_and_one_that_does_later_neither() {
    let mut driver = unsaved();
    driver.keys("<C-q><C-q>");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Confirm(_))));
    assert!(driver.app.unkept().is_some());
    assert!(driver.tell(Message::Store(Reply::RestoreSaved)).contains(&Effect::Quit));
    let mut driver = unsaved();
    driver.keys("<C-q><C-q><Esc>");
    assert!(!driver.tell(Message::Store(Reply::RestoreSaved)).contains(&Effect::Quit), "stayed");
}

#[test]
fn a_save_that_fails_on_the_way_out_is_read_before_leaving() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("j<Enter><C-l><End>x");
    driver.store.held = Some(VecDeque::new());
    driver.keys("<C-s><C-q>");
    let failure = Failure::new(Stage::Storage, "a", FailureKind::Io, "the disk is full");
    driver.tell(Message::Store(Reply::Failed { job: save(&driver), failure }));
    for _ in 0..3 {
        assert!(!driver.tell(Message::Store(Reply::RestoreSaved)).contains(&Effect::Quit));
    }
    assert!(driver.shows("the disk is full"), "{}", driver.screen());
}

#[test]
fn a_signal_does_not_ask() {
    let mut driver = unsaved();
    driver.send(Message::Input(Input::Terminate));
    assert!(driver.tell(Message::Store(full())).contains(&Effect::Quit));
    assert!(driver.app.unkept().is_some(), "the shell writes it elsewhere");
}

#[test]
fn a_full_queue_is_an_answer_and_the_next_save_is_taken() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("j<Enter><C-l><End>x");
    driver.store.held = Some(VecDeque::new());
    driver.keys("<C-s>");
    let failure = Failure::new(Stage::Storage, "a", FailureKind::Busy, "the disk is slow");
    driver.tell(Message::Store(Reply::Failed { job: save(&driver), failure }));
    driver.store.held = None;
    driver.keys("<C-s>");
    assert!(driver.shows("saved "), "{}", driver.screen());
}

#[test]
fn what_was_typed_before_the_last_run_was_read_does_not_overwrite_it() {
    for workspace_first in [true, false] {
        let mut driver = Driver::new(WIDE, NOON);
        driver.app.begin();
        let read = Message::Store(Reply::Workspace(Box::new(starter_workspace())));
        if workspace_first {
            driver.send(read.clone());
        }
        driver.keys("<C-l>http://h/typed<C-n>");
        driver.send(Message::Timer(Timer::Restore));
        assert_eq!(driver.store.restore, None, "nothing is written before it was read");
        driver.send(last_run("http://h/last"));
        if !workspace_first {
            driver.send(read);
        }
        assert!(addresses(&driver).contains(&"http://h/typed".into()), "{}", driver.screen());
        assert!(addresses(&driver).contains(&"http://h/last".into()), "{}", driver.screen());
        driver.keys("<C-q>");
        let kept = driver.store.restore.clone().unwrap();
        assert_eq!(kept.drafts.iter().filter(|draft| draft.unsaved).count(), 2);
    }
}

#[test]
fn a_kind_chosen_before_the_last_run_was_read_stays_on_screen() {
    for left in [last_run("http://h/last"), Message::Store(Reply::Restored(None))] {
        let mut driver = Driver::new(WIDE, NOON);
        driver.app.begin();
        driver.keys("<F3>");
        let kind = driver.app.shared.drafts.current().spec.protocol();
        driver.send(left);
        driver.send(Message::Store(Reply::Workspace(Box::new(starter_workspace()))));
        assert_eq!(driver.app.shared.drafts.current().spec.protocol(), kind);
        assert_ne!(kind, wirebench::model::protocol::Protocol::Http);
    }
}

#[test]
fn an_environment_chosen_before_the_last_run_was_read_stays_in_force() {
    let mut read = workspace(&[]);
    for name in ["here", "last"] {
        let environment =
            wirebench::model::preset::Environment { name: name.into(), ..Default::default() };
        read.environments.push(environment);
    }
    let mut driver = Driver::new(WIDE, NOON);
    driver.app.begin();
    driver.send(Message::Store(Reply::Workspace(Box::new(read))));
    driver.keys(
        "<C-p>next environment<Enter><C-p>next environment<Enter><C-p>next environment<Enter>",
    );
    let chosen = driver.app.shared.environment.clone();
    driver.send(last_run("http://h/last"));
    assert_eq!(driver.app.shared.environment, chosen);
}

#[test]
fn a_question_that_is_closed_in_any_way_but_yes_means_no_and_once() {
    let asked = || {
        let foreign = ForeignProject {
            folder: "/p/.wirebench".into(),
            writer: ProjectWriter::Anybody,
            place: "/p".into(),
            used: None,
        };
        let startup =
            Startup { size: WIDE, now: NOON, foreign: Some(foreign), ..Startup::default() };
        let mut driver = Driver::starting(startup);
        driver.app.begin();
        driver.assert_shows("Leave out");
        driver
    };
    let answers = |driver: &Driver| -> Vec<bool> {
        let used = |job: &Job| match job {
            Job::UseProject { used, .. } => Some(*used),
            _ => None,
        };
        driver.store.jobs.iter().filter_map(used).collect()
    };
    for (keys, used) in
        [("<Esc>", false), ("<Enter>", false), ("<Right><Enter>", true), ("y", true)]
    {
        let mut driver = asked();
        driver.keys(keys);
        assert_eq!(answers(&driver), [used], "{keys}");
        driver.keys("<F1><Esc>");
        assert_eq!(answers(&driver), [used], "{keys}, and another window");
    }
    let mut driver = asked();
    driver.click("Leave out");
    assert_eq!(answers(&driver), [false]);
    let mut driver = asked();
    driver.click_at(0, 0);
    assert_eq!(answers(&driver), [false]);
    // Another window above it is no answer.
    let mut driver = asked();
    driver.keys("<C-q>");
    assert_eq!(answers(&driver), [] as [bool; 0]);
}

#[test]
fn what_is_sent_before_the_workspace_is_read_waits_for_it_with_a_word_that_goes() {
    let word = "the workspace is being read";
    let files = [("a", "[http]\nurl = \"http://h/{{x}}\"\n")];
    for is_read_first in [true, false] {
        let mut driver = Driver::new(WIDE, NOON);
        driver.keys("<F5>");
        assert!(driver.shows(word) && !driver.shows("is empty"), "{}", driver.screen());
        let mut replies = [
            Message::Store(Reply::Restored(None)),
            Message::Store(Reply::Workspace(Box::new(workspace(&files)))),
        ];
        if is_read_first {
            replies.reverse();
        }
        let [first, second] = replies;
        driver.send(first);
        assert!(driver.shows(word), "{}", driver.screen());
        driver.send(second);
        assert!(driver.shows("http://h/") && !driver.shows(word), "{}", driver.screen());
        driver.keys("<F5>");
        assert!(driver.shows("not defined"), "{}", driver.screen());
    }
    // What is complete needs nothing of it.
    let mut driver = Driver::new(WIDE, NOON);
    Driver::opened(&driver.keys("<C-n>:8080/x<F5>"));
}

#[test]
fn what_keeps_drafts_from_the_disk_does_not_cover_what_keeps_a_preset_from_it() {
    let mut driver = unsaved();
    driver.tell(Message::Store(full()));
    driver.assert_shows("the disk is full");
    let failure =
        Failure::new(Stage::Storage, "/presets/one.toml", FailureKind::Io, "no room for it");
    let not_saved = Reply::Failed { job: JobKind::SavePreset.into(), failure };
    driver.tell(Message::Store(not_saved));
    driver.tell(Message::Store(full()));
    driver.assert_shows("one.toml: no room for it");
    driver.app.notice = None;
    driver.tell(Message::Store(full()));
    driver.assert_shows("the disk is full");
}
