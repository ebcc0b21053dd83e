//! Answers of presets that are kept: what is written, going from one to the next, what is said of an
//! earlier one, of one that is gone, and what follows a preset.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use wirebench::app::Startup;
use wirebench::app::effect::Effect;
use wirebench::app::message::{Message, Timer};
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::exchange::Exchange;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::http::HttpSpec;
use wirebench::model::id::{BodyId, SessionId};
use wirebench::model::preset::PresetPath;
use wirebench::model::session_outcome::SessionOutcome;
use wirebench::model::spec::Spec;
use wirebench::model::timing::Stamp;
use wirebench::store::job::{
    AnswersTask, HistoryName, HistoryRow, HistorySpec, Job, Reply, Restore, StoredDraft, Workspace,
};

use crate::harness::app::{Driver, NOON};
use crate::harness::samples::{answer, exchange};
use crate::harness::store::stored;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The program with a preset on screen and a folder for its answers.
fn begun(options: &str) -> Driver {
    let answers = Some(PathBuf::from("/answers"));
    let startup = Startup { size: (140, 40), now: NOON, answers, ..Startup::default() };
    let mut driver = Driver::starting(startup);
    let text = format!("[http]\nurl = \"http://127.0.0.1:8080/0\"\n{options}");
    let workspace = Workspace {
        presets: vec![stored("users", &text)],
        root: "/w".into(),
        ..Workspace::default()
    };
    driver.store.presets.insert(
        PresetPath::parse("users").unwrap(),
        (workspace.presets[0].content.clone().unwrap(), workspace.presets[0].fingerprint),
    );
    driver.app.begin();
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace))));
    driver.send(Message::Store(Reply::Restored(None)));
    let history = Reply::History { text: String::new(), entries: Vec::new(), total: 0 };
    driver.send(Message::Store(history));
    driver
}

/// Sends what is on screen and has it answered; the orders to the engine that follow.
fn answered(driver: &mut Driver, status: u16, body: u64) -> Vec<Command> {
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    let told = Exchange {
        started: driver.app.shared.now,
        ..exchange(id, 0, Some(answer(status, body, 5)))
    };
    let effects = driver.event(Event::Exchange(Box::new(told)));
    driver.serve(&effects, 3);
    let at = driver.app.shared.now;
    let ended = Ok(wirebench::engine::event::Summary::default());
    commands(driver.event(Event::Done { id, outcome: ended, at }))
}

fn commands(effects: Vec<Effect>) -> Vec<Command> {
    let engine = |effect| match effect {
        Effect::Engine(command) => Some(command),
        _ => None,
    };
    effects.into_iter().filter_map(engine).collect()
}

/// What was to be kept: body, text and file.
fn kept(commands: &[Command]) -> Option<(Option<BodyId>, Bytes, PathBuf)> {
    commands.iter().find_map(|command| match command {
        Command::KeepAnswer { body, text, path } => Some((*body, text.clone(), path.clone())),
        _ => None,
    })
}

/// The newest question about kept answers.
fn asked(driver: &Driver) -> (String, AnswersTask) {
    let answers = |job: &Job| match job {
        Job::Answers { key, task } => Some((key.clone(), task.clone())),
        _ => None,
    };
    driver.store.jobs.iter().rev().find_map(answers).unwrap()
}

/// The newest task with kept answers that is no question.
fn done(driver: &Driver) -> (String, AnswersTask) {
    let answers = |job: &Job| match job {
        Job::Answers { key, task } if *task != AnswersTask::List => {
            Some((key.clone(), task.clone()))
        }
        _ => None,
    };
    driver.store.jobs.iter().rev().find_map(answers).unwrap()
}

fn listed(driver: &mut Driver, found: &[Stamp]) -> Vec<Command> {
    let (key, task) = asked(driver);
    assert_eq!(task, AnswersTask::List);
    commands(driver.tell(Message::Store(Reply::Answers { key, found: found.to_vec() })))
}

fn opened(commands: &[Command]) -> Option<PathBuf> {
    commands.iter().find_map(|command| match command {
        Command::OpenAnswer { path } => Some(path.clone()),
        _ => None,
    })
}

fn earlier(days: u32) -> Stamp {
    Stamp(NOON.0 - u64::try_from((DAY * days).as_nanos()).unwrap())
}

#[test]
fn before_anything_is_sent_it_is_said_that_there_are_answers_of_before() {
    let mut driver = begun("");
    assert!(!driver.shows("of before"), "{}", driver.screen());
    listed(&mut driver, &[earlier(3), earlier(1)]);
    driver.assert_shows("2 answers of before:");
    driver.assert_shows("shows the last");
    // What was never saved has none.
    driver.keys("<C-n>");
    assert!(!driver.shows("of before"), "{}", driver.screen());
}

/// The program as the last run left it, before the workspace is read, and what will be read.
fn before_the_workspace() -> (Driver, Workspace) {
    let answers = Some(PathBuf::from("/answers"));
    let startup = Startup { size: (140, 40), now: NOON, answers, ..Startup::default() };
    let mut driver = Driver::starting(startup);
    driver.app.begin();
    let preset = stored("users", "[http]\nurl = \"http://127.0.0.1:8080/0\"\n");
    let draft = StoredDraft {
        preset: Some(preset.path.clone()),
        based_on: Some(preset.fingerprint),
        unsaved: false,
        answers: None,
        spec: preset.content.clone().unwrap().spec.into(),
    };
    let restore = Restore { drafts: vec![draft], ..Restore::default() };
    driver.send(Message::Store(Reply::Restored(Some(Box::new(restore)))));
    (driver, Workspace { presets: vec![preset], root: "/w".into(), ..Workspace::default() })
}

/// What the last run left can be on the screen before the workspace is read: a key is not lost then.
#[test]
fn an_answer_that_is_asked_for_before_the_workspace_is_there_is_shown_when_it_is() {
    let (mut driver, workspace) = before_the_workspace();
    driver.keys("<A-4>{");
    assert!(!driver.shows("there is no answer yet"), "{}", driver.screen());
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace))));
    let asked_for = opened(&listed(&mut driver, &[earlier(3), earlier(1)])).unwrap();
    assert!(asked_for.ends_with(format!("{:020}.answer", earlier(1).0)), "{asked_for:?}");
}

/// So is an answer that comes before, and it is compared with that of the last run.
#[test]
fn an_answer_before_the_workspace_is_there_is_kept_and_compared_when_it_is() {
    let (mut driver, workspace) = before_the_workspace();
    assert_eq!(kept(&answered(&mut driver, 404, 1)), None, "under which name is not known yet");
    let jobs = driver.store.jobs.len();
    driver.keys("<A-4>=");
    assert_eq!(driver.store.jobs.len(), jobs, "nothing is asked for yet");
    assert!(!driver.shows("marked"), "{}", driver.screen());
    let orders = commands(driver.tell(Message::Store(Reply::Workspace(Box::new(workspace)))));
    let (_, _, path) = kept(&orders).expect("it is kept");
    let key = path.parent().and_then(|it| it.file_name()).unwrap().to_str().unwrap().to_owned();
    assert_eq!(asked(&driver), (key, AnswersTask::List));
    let before = opened(&listed(&mut driver, &[earlier(1)])).expect("the one before is read");
    assert!(before.ends_with(format!("{:020}.answer", earlier(1).0)), "{before:?}");
}

#[test]
fn an_answer_of_a_preset_is_kept_and_earlier_ones_are_looked_at() {
    let mut driver = begun("");
    let commands = answered(&mut driver, 201, 1);
    let (body, text, path) = kept(&commands).unwrap();
    assert_eq!(body, Some(BodyId(1)));
    assert!(path.starts_with("/answers") && path.extension().unwrap() == "answer", "{path:?}");
    driver.event(Event::AnswerKept { path: path.clone(), outcome: Ok(()) });
    let (key, task) = asked(&driver);
    assert!(matches!(task, AnswersTask::Tidy { .. }) && path.parent().unwrap().ends_with(&key));
    let own: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let all = [earlier(3), earlier(1), Stamp(own)];
    driver.keys("<A-4>{");
    let asked_for = opened(&listed(&mut driver, &all)).unwrap();
    assert!(asked_for.ends_with(format!("{key}/{:020}.answer", earlier(1).0)), "{asked_for:?}");
    driver.event(Event::AnswerOpened { path: asked_for, outcome: Ok((text, BodyId(9))) });
    driver.assert_shows("kept answer 2 of 3 · 12:00 yesterday");
    driver.assert_shows("201");
    driver.keys("{");
    let asked_for = opened(&listed(&mut driver, &all)).unwrap();
    let gone =
        Failure::new(Stage::Storage, "/answers/x", FailureKind::NotFound, "this answer is gone");
    driver.event(Event::AnswerOpened { path: asked_for, outcome: Err(gone) });
    driver.assert_shows("kept answer 1 of 3");
    driver.assert_shows("this answer is gone");
    driver.keys("{");
    assert!(opened(&listed(&mut driver, &all)).is_none());
    driver.assert_shows("no older answer is kept");
    // Back again: what was read is not read anew, and the last one is what was sent.
    driver.keys("}");
    assert!(opened(&listed(&mut driver, &all)).is_none());
    driver.assert_shows("2 of 3");
    driver.keys("}");
    listed(&mut driver, &all);
    assert!(!driver.shows("kept answer"), "{}", driver.screen());
    driver.keys("}");
    listed(&mut driver, &all);
    driver.assert_shows("this is the newest answer");
}

#[test]
fn an_earlier_answer_is_compared_with_the_newest() {
    let mut driver = begun("");
    let (_, text, _) = kept(&answered(&mut driver, 201, 1)).unwrap();
    driver.keys("<A-4>m{");
    let asked_for = opened(&listed(&mut driver, &[earlier(1)])).unwrap();
    driver.event(Event::AnswerOpened { path: asked_for, outcome: Ok((text, BodyId(9))) });
    let order = commands(driver.keys("="));
    assert!(
        order.iter().any(|it| matches!(it, Command::Compare(query)
            if (query.old, query.new) == (BodyId(9), BodyId(1)))),
        "{order:?}"
    );
}

/// What the engine is asked to compare.
fn compared(commands: &[Command]) -> Option<(u64, u64)> {
    commands.iter().find_map(|command| match command {
        Command::Compare(query) => Some((query.old.0, query.new.0)),
        _ => None,
    })
}

/// Sent three times; when each was.
fn three_times(driver: &mut Driver) -> Vec<Stamp> {
    let sent = |body| {
        let (_, _, path) = kept(&answered(driver, 200, body)).unwrap();
        Stamp(path.file_stem().unwrap().to_str().unwrap().parse().unwrap())
    };
    [1, 2, 3].map(sent).to_vec()
}

#[test]
fn a_kept_answer_on_screen_is_compared_with_the_one_before_it() {
    let mut driver = begun("");
    let all = three_times(&mut driver);
    driver.keys("<A-4>=");
    assert_eq!(compared(&listed(&mut driver, &all)), Some((2, 3)));
    driver.keys("<Esc>{");
    listed(&mut driver, &all);
    driver.assert_shows("kept answer 2 of 3");
    driver.keys("=");
    assert_eq!(compared(&listed(&mut driver, &all)), Some((1, 2)));
    driver.assert_shows("Two answers");
    driver.keys("<Esc>{");
    listed(&mut driver, &all);
    driver.assert_shows("kept answer 1 of 3");
    driver.keys("=");
    assert_eq!(compared(&listed(&mut driver, &all)), None);
    driver.assert_shows("there is none before it");
    // It is marked now, and the mark goes before.
    driver.keys("}");
    listed(&mut driver, &all);
    driver.keys("}");
    listed(&mut driver, &all);
    assert_eq!(compared(&commands(driver.keys("="))), Some((1, 3)));
}

#[test]
fn after_a_restart_the_one_before_is_read_to_be_compared() {
    let mut driver = begun("");
    let (_, text, _) = kept(&answered(&mut begun(""), 404, 1)).unwrap();
    let all = [earlier(3), earlier(2), earlier(1)];
    driver.keys("<A-4>{");
    let path = opened(&listed(&mut driver, &all)).unwrap();
    driver.event(Event::AnswerOpened { path, outcome: Ok((text.clone(), BodyId(9))) });
    driver.assert_shows("kept answer 3 of 3");
    driver.keys("=");
    let path = opened(&listed(&mut driver, &all)).unwrap();
    assert!(path.ends_with(format!("{:020}.answer", earlier(2).0)), "{path:?}");
    let outcome = Ok((text.clone(), BodyId(8)));
    let orders = commands(driver.event(Event::AnswerOpened { path, outcome }));
    assert_eq!(compared(&orders), Some((8, 9)));
    driver.keys("<Esc>");
    driver.assert_shows("kept answer 3 of 3");
    // What was read is not read anew.
    driver.keys("=");
    assert_eq!(compared(&listed(&mut driver, &all)), Some((8, 9)));
    // One that is gone meanwhile is said.
    driver.keys("<Esc>{");
    listed(&mut driver, &all);
    driver.assert_shows("kept answer 2 of 3");
    driver.keys("=");
    let path = opened(&listed(&mut driver, &all)).unwrap();
    let gone =
        Failure::new(Stage::Storage, "/answers/x", FailureKind::NotFound, "this answer is gone");
    driver.event(Event::AnswerOpened { path, outcome: Err(gone) });
    driver.assert_shows("the answer before it");
    driver.assert_shows("kept answer 2 of 3");
    // The first one sent in this run is compared with the last one of the run before.
    let sent = kept(&answered(&mut driver, 200, 5)).unwrap().2;
    let now = Stamp(sent.file_stem().unwrap().to_str().unwrap().parse().unwrap());
    driver.keys("<A-4>=");
    let orders = listed(&mut driver, &[&all[..], &[now]].concat());
    assert_eq!(compared(&orders), Some((9, 5)));
}

#[test]
fn nothing_is_kept_where_it_is_not_wanted() {
    let mut driver = begun("keep = false\n");
    assert!(kept(&answered(&mut driver, 200, 1)).is_none());
    driver.keys("<A-4>{");
    listed(&mut driver, &[]);
    driver.assert_shows("no older answer is kept");
    let mut off = begun("");
    off.app.shared.kept = wirebench::app::kept_answers::KeptAnswers::default();
    off.keys("<A-4>{");
    off.assert_shows("the program was started like that");
    // What came back in this run is looked at all the same.
    for body in 1..=2 {
        assert!(kept(&answered(&mut off, 200, body)).is_none());
    }
    off.keys("<A-4>{");
    off.assert_shows("kept answer 1 of 2");
    off.keys("{");
    off.assert_shows("no older answer is kept");
    off.keys("}");
    assert!(!off.shows("kept answer"), "{}", off.screen());
}

/// Three answers to a request that was never saved; the folder they are in.
fn of_a_draft(driver: &mut Driver) -> (String, Vec<Stamp>) {
    driver.keys("<C-n>:8080/x");
    let place = |driver: &mut Driver, body| {
        let (_, _, path) = kept(&answered(driver, 200, body)).unwrap();
        let key = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        (key, Stamp(path.file_stem().unwrap().to_str().unwrap().parse().unwrap()))
    };
    let all = [1, 2, 3].map(|body| place(driver, body));
    assert!(all.iter().all(|(key, _)| *key == all[0].0), "{all:?}");
    (all[0].0.clone(), all.iter().map(|(_, at)| *at).collect())
}

#[test]
fn answers_of_what_was_never_saved_are_kept_and_go_where_it_goes() {
    let mut driver = begun("");
    let (key, all) = of_a_draft(&mut driver);
    driver.keys("<A-4>{");
    assert!(opened(&listed(&mut driver, &all)).is_none());
    driver.assert_shows("kept answer 2 of 3");
    driver.keys("=");
    assert_eq!(compared(&listed(&mut driver, &all)), Some((1, 2)));
    // Thrown away and brought back.
    driver.keys("<Esc><A-1>d");
    driver.keys("y");
    assert_eq!(done(&driver), (key.clone(), AnswersTask::Delete));
    driver.keys("<A-1><A-z>");
    assert_eq!(done(&driver), (key.clone(), AnswersTask::BringBack));
    // The next run finds them under what the drafts' file says.
    driver.send(Message::Timer(Timer::Restore));
    let drafts = driver.store.restore.clone().unwrap().drafts;
    assert_eq!(drafts.iter().filter_map(|draft| draft.answers.as_ref()).count(), 1);
    let kept = drafts.iter().find(|draft| draft.preset.is_none()).unwrap();
    assert_eq!(kept.answers.as_deref(), Some(&*key));
    // Saved, they are the preset's.
    driver.keys("<C-s>");
    driver.keys("<Home><C-k>mine<Enter>");
    let (from, task) = asked(&driver);
    assert_eq!(from, key);
    assert!(matches!(task, AnswersTask::MoveTo(to) if to != key));
}

#[test]
fn an_older_answer_of_a_draft_is_compared_with_the_one_before_from_history_and_traffic() {
    let mut driver = begun("");
    driver.app.shared.kept = wirebench::app::kept_answers::KeptAnswers::default();
    driver.keys("<C-n>:8080/x");
    for body in [1, 2, 3] {
        answered(&mut driver, 200, body);
    }
    driver.keys("<A-2>gg=");
    assert_eq!(compared(&commands(driver.keys("<Esc>gg="))), Some((2, 3)));
    assert_eq!(compared(&commands(driver.keys("<Esc>j="))), Some((1, 2)));
    assert_eq!(compared(&commands(driver.keys("<Esc>j="))), None);
    driver.assert_shows("there is none before it");
}

#[test]
fn the_answer_of_an_entry_of_an_earlier_run_is_read_to_be_compared() {
    let mut driver = begun("");
    let (_, text, _) = kept(&answered(&mut begun(""), 404, 1)).unwrap();
    let row = |days, number| HistoryRow {
        name: HistoryName { row: Some(number), at: earlier(days) },
        badge: "GET".into(),
        summary: format!("GET http://127.0.0.1:8080/{number}"),
        outcome: SessionOutcome::Status { code: 404, took: None },
        preset: None,
        is_pinned: false,
        hit: None,
    };
    let entries = vec![row(1, 2), row(2, 1)];
    driver.send(Message::Store(Reply::History { text: String::new(), entries, total: 2 }));
    driver.keys("<A-2>gg=");
    let found = |driver: &mut Driver, days, key: Option<&str>| {
        let (at, key) = (earlier(days), key.map(str::to_owned));
        assert!(driver.store.jobs.contains(&Job::FindAnswer { at }));
        opened(&commands(driver.tell(Message::Store(Reply::AnswerFound { at, key }))))
    };
    let path = found(&mut driver, 1, Some("00ff")).unwrap();
    assert!(path.ends_with(format!("00ff/{:020}.answer", earlier(1).0)), "{path:?}");
    driver.event(Event::AnswerOpened { path, outcome: Ok((text.clone(), BodyId(9))) });
    assert_eq!(asked(&driver), ("00ff".into(), AnswersTask::List));
    let path = opened(&listed(&mut driver, &[earlier(2), earlier(1)])).unwrap();
    let outcome = Ok((text, BodyId(8)));
    let orders = commands(driver.event(Event::AnswerOpened { path, outcome }));
    assert_eq!(compared(&orders), Some((8, 9)));
    // What was read is here now; the first one is marked.
    driver.keys("<Esc>j=");
    driver.send(Message::Store(Reply::Answers { key: "00ff".into(), found: vec![earlier(2)] }));
    driver.assert_shows("marked");
    let mut other = begun("");
    let entries = vec![row(3, 1)];
    other.send(Message::Store(Reply::History { text: String::new(), entries, total: 1 }));
    other.keys("<A-2>gg=");
    assert_eq!(found(&mut other, 3, None), None);
    other.assert_shows("its answer is not kept: send it again to compare");
}

#[test]
fn the_answer_of_an_entry_that_is_opened_is_shown_with_it() {
    let mut driver = begun("");
    let (_, text, _) = kept(&answered(&mut begun(""), 404, 1)).unwrap();
    let (at, spec) =
        (earlier(3), HttpSpec { url: "http://h/opened".into(), ..HttpSpec::default() });
    let name = HistoryName { row: Some(1), at };
    let row = HistoryRow {
        name,
        badge: "GET".into(),
        summary: "GET http://h/opened".into(),
        outcome: SessionOutcome::Status { code: 404, took: None },
        preset: None,
        is_pinned: false,
        hit: None,
    };
    let history = Reply::History { text: String::new(), entries: vec![row], total: 1 };
    driver.send(Message::Store(history));
    driver.keys("<A-2>gg<Enter>");
    let spec = HistorySpec::Kept { spec: Box::new(Spec::Http(spec)), left_out: 0 };
    driver.send(Message::Store(Reply::HistoryRead { name, spec: spec.clone() }));
    assert!(driver.store.jobs.contains(&Job::FindAnswer { at }));
    driver.send(Message::Store(Reply::AnswerFound { at, key: None }));
    driver.assert_shows("its answer is not kept: F5 sends it again");
    driver.keys("<A-2>gg<Enter>");
    driver.send(Message::Store(Reply::HistoryRead { name, spec }));
    let found = Reply::AnswerFound { at, key: Some("00ff".into()) };
    let path = opened(&commands(driver.tell(Message::Store(found)))).unwrap();
    driver.event(Event::AnswerOpened { path, outcome: Ok((text, BodyId(9))) });
    driver.assert_shows("http://h/opened");
    driver.assert_shows("404");
}

#[test]
fn what_another_copy_kept_is_counted_at_once() {
    let mut driver = begun("");
    let all = three_times(&mut driver);
    driver.keys("<A-4>{");
    listed(&mut driver, &all);
    driver.assert_shows("kept answer 2 of 3");
    let (key, _) = asked(&driver);
    let found = [&all[..], &[Stamp(all[2].0 + 9)]].concat();
    driver.send(Message::Store(Reply::Answers { key, found }));
    driver.assert_shows("kept answer 2 of 4");
}

#[test]
fn before_anything_was_sent_the_newest_kept_answer_can_be_seen() {
    let mut driver = begun("");
    let (_, text, _) = kept(&answered(&mut begun(""), 404, 1)).unwrap();
    driver.keys("<A-4>{");
    let asked_for = opened(&listed(&mut driver, &[earlier(2), earlier(1)])).unwrap();
    driver.event(Event::AnswerOpened { path: asked_for, outcome: Ok((text, BodyId(9))) });
    driver.assert_shows("kept answer 2 of 2");
    driver.assert_shows("404");
    // A damaged text is said where it would be shown.
    driver.keys("{");
    let asked_for = opened(&listed(&mut driver, &[earlier(2), earlier(1)])).unwrap();
    let outcome = Ok((Bytes::from_static(b"{"), BodyId(10)));
    driver.event(Event::AnswerOpened { path: asked_for, outcome });
    driver.assert_shows("cannot be read");
    driver.assert_shows("1 of 2");
}

#[test]
fn answers_follow_their_preset() {
    let mut driver = begun("");
    driver.keys("<A-1>d");
    driver.keys("y");
    assert_eq!(done(&driver).1, AnswersTask::Delete);
    let deleted = done(&driver).0;
    driver.keys("<A-1><A-z>");
    assert_eq!(done(&driver), (deleted, AnswersTask::BringBack));
}

#[test]
fn an_answer_that_is_not_asked_for_any_more_is_let_go() {
    let mut driver = begun("");
    let path = PathBuf::from("/answers/other");
    let outcome = Ok((Bytes::new(), BodyId(5)));
    let orders = commands(driver.event(Event::AnswerOpened { path, outcome }));
    assert_eq!(orders, [Command::Release(vec![BodyId(5)])]);
    assert_eq!(driver.app.shared.drafts.current().session, None::<SessionId>);
}

#[test]
fn an_answer_is_of_the_draft_that_asked_whatever_is_on_screen_by_then() {
    let mut driver = begun("");
    let (_, text, _) = kept(&answered(&mut driver, 201, 1)).unwrap();
    driver.keys("<A-4>{");
    let asked_for = opened(&listed(&mut driver, &[earlier(1)])).unwrap();
    let asking = driver.app.shared.drafts.current().id;
    driver.keys("<C-n>:9090/other");
    driver.event(Event::AnswerOpened { path: asked_for, outcome: Ok((text, BodyId(9))) });
    assert!(!driver.shows("kept answer"), "{}", driver.screen());
    let drafts = &driver.app.shared.drafts;
    assert_eq!(drafts.current().session, None);
    let id = drafts.get(asking).unwrap().session.unwrap();
    let session = driver.app.shared.sessions.get(id).unwrap();
    assert_eq!((&*session.plan.address(), &*session.title), ("http://127.0.0.1:8080/0", "users"));
    driver.keys("<C-p>users<Enter>");
    driver.assert_shows("kept answer 1 of 2");
}

#[test]
fn a_list_that_was_asked_for_by_another_draft_moves_nothing() {
    let mut driver = begun("");
    answered(&mut driver, 201, 1);
    driver.keys("<A-4>{");
    let (key, _) = asked(&driver);
    driver.keys("<C-n>:9090/other");
    let reply = Reply::Answers { key: key.clone(), found: vec![earlier(1)] };
    assert!(opened(&commands(driver.tell(Message::Store(reply)))).is_none());
}
