//! Kill -9 at any moment: every file is the whole old or the whole new one, and nothing that was
//! acknowledged is lost.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use wirebench::model::preset::PresetPath;
use wirebench::model::session_outcome::SessionOutcome;
use wirebench::model::timing::Stamp;
use wirebench::store::job::{
    EnvironmentTask, ForeignProject, HistoryQuestion, Job, Overwrite, ProjectWriter, Reply,
    Restore, Variable, VariableChange, VariableKind,
};

use super::{Desk, again, drafts, history, number_of, preset, request};

/// Rounds; by hand as many as `WIREBENCH_KILL_ROUNDS` says.
fn rounds() -> usize {
    std::env::var("WIREBENCH_KILL_ROUNDS").ok().and_then(|said| said.parse().ok()).unwrap_or(100)
}

/// What is kept again and again, each with a number; said on standard output when it is.
const KEPT: [&str; 10] = [
    "preset", "drafts", "history", "outcome", "moved", "brief", "project", "variable", "secret",
    "named",
];

/// Keeps one of each kind again and again, and says so after each.
pub fn save_until_killed(home: &Path) {
    let mut desk = Desk::new(home);
    let start = found(&mut desk, home)["preset"] + 1;
    // Without having read what is there, nothing would be written over it.
    assert!(matches!(desk.ask(Job::LoadRestore), Reply::Restored(_)));
    let mut out = std::io::stdout();
    for number in start.. {
        for kind in KEPT {
            keep(&mut desk, home, kind, number);
            writeln!(out, "\n{kind} {number}").unwrap();
            out.flush().unwrap();
        }
    }
}

/// Keeps this; returns when it was acknowledged.
fn keep(desk: &mut Desk, home: &Path, kind: &str, number: u64) {
    let path = |name: &str| PresetPath::parse(name).unwrap();
    let at = Stamp(number);
    let (reply, wanted) = match kind {
        "preset" => {
            let preset = preset("deep/er/preset", request(number, 50_000));
            let reply = desk.save(preset, None, Overwrite::Replace);
            return assert!(matches!(reply, Reply::Saved { .. }), "{reply:?}");
        }
        "drafts" => {
            let environment = Some(number.to_string());
            let restore = Restore { environment, ..drafts(number) };
            (desk.ask(Job::SaveRestore(Box::new(restore))), Reply::RestoreSaved)
        }
        "history" => {
            (desk.ask(Job::AppendHistory(Box::new(history(number)))), Reply::HistoryAppended)
        }
        "outcome" => {
            let outcome = SessionOutcome::Requests(number);
            (desk.ask(Job::FinishHistory { at, outcome }), Reply::HistoryAppended)
        }
        "moved" => {
            let places = [0, 1].map(|n| path(&format!("moved/{n}/preset")));
            let is_there = |path: &PresetPath| home.join(format!("presets/{path}.toml")).exists();
            let [from, to] = if is_there(&places[1]) { [1, 0] } else { [0, 1] };
            let (from, to) = (places[from].clone(), places[to].clone());
            if !is_there(&from) {
                let first = preset(from.as_str(), request(7, 5_000));
                assert!(matches!(desk.save(first, None, Overwrite::Replace), Reply::Saved { .. }));
            }
            let wanted = Reply::Renamed { from: from.clone(), to: to.clone() };
            (desk.ask(Job::RenamePreset { from, to }), wanted)
        }
        "brief" => {
            let name = format!("brief/{number}");
            let reply = desk.save(preset(&name, request(number, 5_000)), None, Overwrite::Refuse);
            assert!(matches!(reply, Reply::Saved { .. }), "{reply:?}");
            let before = path(&format!("brief/{}", number - 1));
            let Ok(bytes) = std::fs::read(home.join(format!("presets/{before}.toml"))) else {
                return;
            };
            let wanted = Reply::Deleted { path: before.clone(), kept: Some(bytes.into()) };
            (desk.ask(Job::DeletePreset { path: before }), wanted)
        }
        "project" => {
            let owner = u32::try_from(number).unwrap();
            let (writer, place) = (ProjectWriter::Owner(owner), home.to_owned());
            let project = ForeignProject { folder: home.into(), writer, place, used: None };
            let wanted = Reply::ProjectChosen { failure: None };
            (desk.ask(Job::UseProject { project, used: false }), wanted)
        }
        "variable" => return change_variable(desk, home, VariableKind::Plain, number),
        "secret" => return change_variable(desk, home, VariableKind::Secret, number),
        _ => {
            let (path, bytes) = (home.join("named"), number.to_string().repeat(5_000));
            let wanted = Reply::FileWritten { path: path.clone(), bytes: bytes.len() as u64 };
            let overwrite = Overwrite::Replace;
            (desk.ask(Job::WriteFile { path, bytes: bytes.into(), overwrite }), wanted)
        }
    };
    assert_eq!(reply, wanted, "{kind} {number}");
}

/// Changes a variable of an environment, which is made first where there is none.
fn change_variable(desk: &mut Desk, home: &Path, kind: VariableKind, number: u64) {
    let variable = |value: String| Variable { kind, name: "number".into(), value };
    let text = std::fs::read_to_string(home.join("presets").join(kind.file("e")));
    let old = text.unwrap_or_default().split('"').nth(1).map(|old| variable(old.to_owned()));
    let change = Box::new(VariableChange::new(old, Some(variable(number.to_string()))));
    let task = EnvironmentTask::Change { name: "e".into(), change };
    let reply = desk.ask(Job::Environment(task));
    assert!(matches!(reply, Reply::EnvironmentDone(_)), "{reply:?}");
}

/// The newest number of each kind that is on the disk; fails when a file is anything but whole.
fn found(desk: &mut Desk, home: &Path) -> HashMap<&'static str, u64> {
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    assert_eq!(workspace.problems, []);
    let mut found = HashMap::from([("preset", 0), ("moved", 0), ("brief", 0)]);
    let mut moved = 0;
    for stored in &workspace.presets {
        let content = stored.content.as_ref().expect("the file is whole");
        let (kind, bytes) = match stored.path.as_str() {
            "deep/er/preset" => ("preset", 50_000),
            path if path.starts_with("moved/") => ("moved", 5_000),
            path if path.starts_with("brief/") => ("brief", 5_000),
            _ => continue,
        };
        let number = number_of(&content.spec);
        assert_eq!(content.spec, request(number, bytes), "old and new are not mixed");
        moved += u32::from(kind == "moved");
        let newest = found.entry(kind).or_default();
        *newest = (*newest).max(number);
    }
    assert!(moved <= 1, "it is here or there, never both");
    let environment = workspace.environments.iter().find(|it| it.name == "e");
    let value =
        |values: &BTreeMap<String, String>| values.get("number").map(|it| it.parse().unwrap());
    found.insert("variable", environment.and_then(|it| value(&it.variables)).unwrap_or(0));
    found.insert("secret", environment.and_then(|it| value(&it.secrets)).unwrap_or(0));
    let Reply::Restored(restore) = desk.ask(Job::LoadRestore) else { panic!("no drafts") };
    let kept = restore.map(|restore| (number_of(&restore.drafts[0].spec), restore.environment));
    if let Some((number, environment)) = &kept {
        assert_eq!(environment.as_ref(), Some(&number.to_string()));
    }
    found.insert("drafts", kept.map_or(0, |(number, _)| number));
    let query =
        Job::QueryHistory(Box::new(HistoryQuestion { limit: 5, ..HistoryQuestion::default() }));
    let Reply::History { entries, .. } = desk.ask(query) else { panic!("no history") };
    found.insert("history", entries.first().map_or(0, |entry| entry.name.at.0));
    let finished = entries.iter().find_map(|entry| match entry.outcome {
        SessionOutcome::Requests(number) => Some(number),
        _ => None,
    });
    found.insert("outcome", finished.unwrap_or(0));
    let text = |name: &str| std::fs::read_to_string(home.join(name)).unwrap_or_default();
    let projects = text("state/projects.toml");
    let owner = projects.split_once("owner = ").and_then(|(_, rest)| rest.split_once(','));
    found.insert("project", owner.map_or(0, |(owner, _)| owner.parse().unwrap()));
    let named = text("named");
    let number = named.get(..named.len() / 5_000).unwrap();
    assert_eq!(named, number.repeat(5_000));
    found.insert("named", number.parse().unwrap_or(0));
    found
}

/// Runs the helper and kills it `after` its first word; returns what it acknowledged last.
fn killed_round(home: &Path, after: Duration) -> HashMap<String, u64> {
    let mut child = again("", "save until killed", home)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (heard, words) = channel();
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let _ = heard.send(line);
        }
    });
    let mut acknowledged = HashMap::new();
    let mut deadline = None;
    loop {
        let left = deadline
            .map_or(super::PATIENCE, |at: Instant| at.saturating_duration_since(Instant::now()));
        match words.recv_timeout(left) {
            Ok(line) => note(&mut acknowledged, &line),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => panic!("the helper ended by itself"),
        }
        if !acknowledged.is_empty() && deadline.is_none() {
            deadline = Some(Instant::now() + after);
        }
        if deadline.is_some_and(|at| Instant::now() >= at) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    // What it said before it died counts, also when we had not listened yet.
    for line in words.try_iter() {
        note(&mut acknowledged, &line);
    }
    acknowledged
}

fn note(acknowledged: &mut HashMap<String, u64>, line: &str) {
    if let Some((what, number)) = line.split_once(' ')
        && let (true, Ok(number)) = (KEPT.contains(&what), number.parse())
    {
        acknowledged.insert(what.into(), number);
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed() {
    let home = tempfile::tempdir().unwrap();
    let random = RandomState::new();
    let mut last: HashMap<String, u64> = HashMap::new();
    for round in 0..rounds() {
        let after = Duration::from_micros(random.hash_one(round) % 50_000);
        last.extend(killed_round(home.path(), after));
        let mut desk = Desk::new(home.path());
        let found = found(&mut desk, home.path());
        for (kind, said) in &last {
            let (kind, said, kept) = (kind.as_str(), *said, found[kind.as_str()]);
            let is_kept = match kind {
                // It has no number; it is there.
                "moved" => kept == 7,
                "preset" => (said..=said + 1).contains(&kept),
                // Every run begins with the preset.
                _ => (said..=found["preset"]).contains(&kept),
            };
            assert!(is_kept, "round {round}: {kind} {said} was said, {kept} found");
        }
        assert_eq!(desk.store.shutdown(super::PATIENCE), Ok(()));
    }
    assert_eq!(last.len(), KEPT.len(), "{last:?}");
    keep(&mut Desk::new(home.path()), home.path(), "named", 0);
    let left = temporary_files(home.path());
    assert!(left.is_empty(), "cleaned at the last start: {left:?}");
}

fn temporary_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(temporary_files(&entry.path()));
        } else if entry.file_name().to_string_lossy().contains("wirebench-") {
            found.push(entry.path());
        }
    }
    found
}
