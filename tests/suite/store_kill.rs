//! Kill -9 at any moment: every file is the whole old or the whole new one, and nothing that was
//! acknowledged is lost.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use wirebench::store::job::{Job, Overwrite, Reply};

use super::{Desk, again, drafts, history, number_of, preset, request};

const ROUNDS: usize = 100;

/// Saves a preset, the drafts and a history entry again and again, and says so after each.
pub fn save_until_killed(home: &Path) {
    let mut desk = Desk::new(home);
    let start = last_saved(&mut desk) + 1;
    // Without having read what is there, nothing would be written over it.
    assert!(matches!(desk.ask(Job::LoadRestore), Reply::Restored(_)));
    let mut out = std::io::stdout();
    for number in start.. {
        let preset = preset("deep/er/preset", request(number, 50_000));
        let saved = desk.save(preset, None, Overwrite::Replace);
        assert!(matches!(saved, Reply::Saved { .. }), "{saved:?}");
        writeln!(out, "\npreset {number}").unwrap();
        let kept = desk.ask(Job::SaveRestore(Box::new(drafts(number))));
        assert_eq!(kept, Reply::RestoreSaved);
        writeln!(out, "\ndrafts {number}").unwrap();
        let appended = desk.ask(Job::AppendHistory(Box::new(history(number))));
        assert_eq!(appended, Reply::HistoryAppended);
        writeln!(out, "\nhistory {number}").unwrap();
        out.flush().unwrap();
    }
}

/// The number in the preset file; fails when the file is anything but whole.
fn last_saved(desk: &mut Desk) -> u64 {
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    assert_eq!(workspace.problems, []);
    let saved = workspace.presets.iter().find(|preset| preset.path.as_str() == "deep/er/preset");
    let Some(saved) = saved else { return 0 };
    let content = saved.content.as_ref().expect("the file is whole");
    let number = number_of(&content.spec);
    assert_eq!(content.spec, request(number, 50_000), "old and new are not mixed");
    number
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
        && let (true, Ok(number)) =
            (["preset", "drafts", "history"].contains(&what), number.parse())
    {
        acknowledged.insert(what.into(), number);
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed() {
    let home = tempfile::tempdir().unwrap();
    let random = RandomState::new();
    let mut last: HashMap<String, u64> = HashMap::new();
    for round in 0..ROUNDS {
        let after = Duration::from_micros(random.hash_one(round) % 50_000);
        last.extend(killed_round(home.path(), after));
        let mut desk = Desk::new(home.path());
        let saved = last_saved(&mut desk);
        let said = last.get("preset").copied().unwrap_or(0);
        assert!(saved == said || saved == said + 1, "round {round}: said {said}, found {saved}");
        let Reply::Restored(restore) = desk.ask(Job::LoadRestore) else {
            panic!("round {round}: the drafts do not read")
        };
        let kept = restore.map_or(0, |restore| number_of(&restore.drafts[0].spec));
        let said = last.get("drafts").copied().unwrap_or(0);
        assert!(kept >= said, "round {round}: drafts said {said}, found {kept}");
        let query = Job::QueryHistory { text: String::new(), limit: 1 };
        let Reply::History { entries, .. } = desk.ask(query) else {
            panic!("round {round}: the history does not read")
        };
        let kept = entries.first().map_or(0, |entry| entry.at.0);
        let said = last.get("history").copied().unwrap_or(0);
        assert!(kept >= said, "round {round}: history said {said}, found {kept}");
        assert_eq!(desk.store.shutdown(super::PATIENCE), Ok(()));
    }
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
