//! Answers kept of presets: a folder for each preset, a file for each answer, named by when it was.
//!
//! ```text
//! answers/KEY/00001722340800000000.answer      KEY stands for workspace and preset
//! answers/deleted-KEY/                         until it is brought back or the next run begins
//! ```
//! The engine writes and reads the files; here they are listed, bounded, moved, removed, and what is searched
//! of them is read. Called by the lane of the history.

mod searched;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::job::AnswersTask;
use super::paths::Paths;
use super::{atomic, history};
use crate::interop::kept_answer;
use crate::model::failure::Failure;
use crate::model::secrets::Secrets;
use crate::model::timing::Stamp;

/// Answers kept of a preset.
const OF_PRESET: usize = 50;
/// Bytes kept of a preset.
const OF_PRESET_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes kept in all.
const BYTES: u64 = 256 * 1024 * 1024;
/// How long one is kept.
const AGE_NANOS: u64 = 30 * 24 * 60 * 60 * 1_000_000_000;
/// Presets looked at for what they keep.
const PRESETS: usize = 10_000;
/// Files of a folder looked at.
const FILES: usize = 1_000;
/// Ending of the files.
const ENDING: &str = ".answer";
/// Beginning of folders that can still be brought back.
const DELETED: &str = "deleted-";

/// See the module's text.
pub(super) struct Answers {
    folder: PathBuf,
    /// What earlier runs deleted is gone for good.
    is_swept: bool,
    /// Those that had to go, until somebody asks.
    removed: Vec<Stamp>,
}

/// One file.
struct AnswerFile {
    at: Stamp,
    bytes: u64,
    path: PathBuf,
}

impl Answers {
    /// Looks at nothing yet.
    pub(super) fn new(folder: PathBuf) -> Self {
        Answers { folder, is_swept: false, removed: Vec::new() }
    }

    /// Where the answers of a preset lie.
    pub(super) fn folder_of(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    /// Does what is asked with the answers of a preset; which there are then, the oldest first.
    pub(super) fn perform(&mut self, key: &str, task: AnswersTask) -> Result<Vec<Stamp>, Failure> {
        self.sweep();
        let (own, deleted) = (self.folder.join(key), self.folder.join(format!("{DELETED}{key}")));
        let failed = |path: &Path, error: io::Error| atomic::failure(path, &error);
        match task {
            AnswersTask::List => {}
            AnswersTask::Tidy { now, .. } => {
                self.tidy(key, now).map_err(|error| failed(&self.folder, error))?;
            }
            AnswersTask::MoveTo(other) => {
                let other = self.folder.join(other);
                move_files(&own, &other)?;
            }
            AnswersTask::Delete => {
                remove(&deleted).map_err(|error| failed(&deleted, error))?;
                move_files(&own, &deleted)?;
            }
            AnswersTask::BringBack => {
                move_files(&deleted, &own)?;
            }
        }
        let found = files(&own).map_err(|error| failed(&own, error))?;
        Ok(found.into_iter().map(|file| file.at).collect())
    }

    /// The key under which the answer of an entry is kept, whatever its preset is called by now.
    pub(super) fn find(&self, at: Stamp) -> Result<Option<String>, Failure> {
        let folders = self.folders().map_err(|error| atomic::failure(&self.folder, &error))?;
        let keys = folders.iter().filter_map(|it| it.file_name()?.to_str());
        let mut there = keys.filter(|key| !key.starts_with(DELETED));
        let found = there.find(|key| kept_answer::file(&self.folder, key, at).is_file());
        Ok(found.map(str::to_owned))
    }

    /// Forgets the answer an entry of the history got, or all; nothing of it stays.
    pub(super) fn forget(&self, at: Option<Stamp>) -> Result<(), Failure> {
        let failed = |error: io::Error| atomic::failure(&self.folder, &error);
        let Some(at) = at else { return remove(&self.folder).map_err(failed) };
        for folder in self.folders().map_err(failed)? {
            for file in files(&folder).map_err(failed)?.iter().filter(|file| file.at == at) {
                gone(fs::remove_file(&file.path)).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn sweep(&mut self) {
        if std::mem::replace(&mut self.is_swept, true) {
            return;
        }
        for folder in self.folders().unwrap_or_default() {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(DELETED) {
                let _ = fs::remove_dir_all(&folder);
            } else {
                atomic::clean(&folder);
            }
        }
    }

    fn folders(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        Ok(entries.take(PRESETS).flatten().map(|entry| entry.path()).collect())
    }

    /// All answers that are kept, the newest first, and under which keys.
    pub(super) fn all(&self) -> Result<Vec<(String, Stamp)>, Failure> {
        let failed = |error: io::Error| atomic::failure(&self.folder, &error);
        let mut all = Vec::new();
        for folder in self.folders().map_err(failed)? {
            let key = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // What is deleted may come back, and is searched as long.
            let key = key.to_owned();
            all.extend(files(&folder).map_err(failed)?.iter().map(|file| (key.clone(), file.at)));
        }
        all.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        Ok(all)
    }

    /// What is searched of an answer; `None` = it is damaged, or of another version.
    pub(super) fn words(
        &self,
        key: &str,
        at: Stamp,
        hidden: &Secrets,
    ) -> Result<Option<String>, Failure> {
        let file = kept_answer::file(&self.folder, key, at);
        searched::words(&file, hidden).map_err(|error| atomic::failure(&file, &error))
    }

    /// When those were that had to go since this was asked last.
    pub(super) fn take_removed(&mut self) -> Vec<Stamp> {
        std::mem::take(&mut self.removed)
    }

    /// The oldest go: those of the preset beyond its bounds, then those of all.
    fn tidy(&mut self, key: &str, now: Stamp) -> io::Result<()> {
        let mut all = Vec::new();
        for folder in self.folders()? {
            let mut own = files(&folder)?;
            let is_of = folder.file_name().is_some_and(|name| name == key);
            let mut bytes: u64 = own.iter().map(|file| file.bytes).sum();
            let mut count = own.len();
            let mut kept = Vec::with_capacity(own.len());
            for file in own.drain(..) {
                let is_old = now.0.saturating_sub(file.at.0) > AGE_NANOS;
                // The newest stays, however long it is.
                let is_much = is_of && (count > OF_PRESET || bytes > OF_PRESET_BYTES && count > 1);
                if is_old || is_much {
                    gone(fs::remove_file(&file.path))?;
                    self.removed.push(file.at);
                    (bytes, count) = (bytes - file.bytes, count - 1);
                } else {
                    kept.push(file);
                }
            }
            if kept.is_empty() {
                let _ = fs::remove_dir(&folder);
            }
            all.append(&mut kept);
        }
        all.sort_by_key(|file| file.at);
        let mut bytes: u64 = all.iter().map(|file| file.bytes).sum();
        for file in all {
            if bytes <= BYTES {
                break;
            }
            gone(fs::remove_file(&file.path))?;
            self.removed.push(file.at);
            bytes -= file.bytes;
        }
        Ok(())
    }
}

/// Keeps the answers of a preset, and those of all, within their bounds, and has the history search the one of
/// this time but for what is hidden; for who keeps one and has no store. What was deleted stays for the copy of
/// the program that may bring it back.
pub fn tidy_answers(
    paths: &Paths,
    (key, at): (&str, Stamp),
    now: Stamp,
    hidden: &Secrets,
) -> Result<(), Failure> {
    let mut answers = Answers { is_swept: true, ..Answers::new(paths.answers()) };
    answers.perform(key, AnswersTask::Tidy { now, hidden: hidden.clone() })?;
    let words = answers.words(key, at, hidden)?;
    history::search_once(paths.history(), (at, words.as_deref()), &answers.take_removed())
}

/// The answers in a folder, the oldest first; none where there is no folder.
fn files(folder: &Path) -> io::Result<Vec<AnswerFile>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let at = name.to_str()?.strip_suffix(ENDING)?.parse().ok()?;
        // It may be gone since it was listed.
        let facts = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(AnswerFile { at: Stamp(at), bytes: facts.len(), path: entry.path() })
    };
    let mut files: Vec<AnswerFile> = entries.take(FILES).flatten().filter_map(file).collect();
    files.sort_by_key(|file| file.at);
    Ok(files)
}

/// Moves all answers of a folder into another one, which may be there already.
fn move_files(from: &Path, to: &Path) -> Result<(), Failure> {
    let files = files(from).map_err(|error| atomic::failure(from, &error))?;
    if files.is_empty() || atomic::place_folder(from, to)? {
        return Ok(());
    }
    for file in files {
        let Some(name) = file.path.file_name() else { continue };
        atomic::rename(&file.path, &to.join(name))?;
    }
    let _ = fs::remove_dir(from);
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    gone(fs::remove_dir_all(folder))
}

/// What is not there any more needs not be removed.
fn gone(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1_000_000_000;
    const NONE: [u64; 0] = [];

    struct Bench {
        answers: Answers,
        _folder: tempfile::TempDir,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            Bench { answers: Answers::new(folder.path().join("answers")), _folder: folder }
        }

        fn put(&self, key: &str, at: u64, bytes: usize) {
            let folder = self.answers.folder.join(key);
            atomic::make_folders(&folder).unwrap();
            let file = folder.join(format!("{at:020}{ENDING}"));
            atomic::write(&file, &vec![b'x'; bytes], crate::store::job::Overwrite::Replace)
                .unwrap();
        }

        fn run(&mut self, key: &str, task: AnswersTask) -> Vec<u64> {
            self.answers.perform(key, task).unwrap().into_iter().map(|at| at.0).collect()
        }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_old() {
        let mut bench = Bench::new();
        let now = Stamp(100 * DAY);
        for at in 0..60 {
            bench.put("a", 99 * DAY + at, 10);
        }
        bench.put("b", 10 * DAY, 10);
        bench.put("b", 90 * DAY, 10);
        let kept = bench.run("a", AnswersTask::Tidy { now, hidden: Secrets::default() });
        assert_eq!((kept.len(), kept[0]), (OF_PRESET, 99 * DAY + 10));
        assert_eq!(bench.run("b", AnswersTask::List), [90 * DAY]);
        assert_eq!(bench.run("nobody", AnswersTask::List), NONE);
    }

    #[test]
    fn deleted_answers_come_back_until_the_next_run() {
        let mut bench = Bench::new();
        bench.put("a", 5, 1);
        assert_eq!(bench.run("a", AnswersTask::Delete), NONE);
        assert_eq!(bench.run("a", AnswersTask::BringBack), [5]);
        assert_eq!(bench.run("a", AnswersTask::MoveTo("b".into())), NONE);
        bench.put("a", 6, 1);
        assert_eq!(bench.run("a", AnswersTask::MoveTo("b".into())), NONE);
        assert_eq!(bench.run("b", AnswersTask::List), [5, 6], "both presets had some");
        bench.run("b", AnswersTask::Delete);
        bench.answers.is_swept = false;
        assert_eq!(bench.run("b", AnswersTask::BringBack), NONE, "another run began");
    }

    #[test]
    fn the_answer_of_a_forgotten_entry_is_forgotten_and_all_are_with_the_whole_history() {
        let mut bench = Bench::new();
        for (key, at) in [("a", 5), ("a", 6), ("b", 7)] {
            bench.put(key, at, 1);
        }
        bench.answers.forget(Some(Stamp(5))).unwrap();
        assert_eq!(bench.run("a", AnswersTask::List), [6]);
        bench.answers.forget(None).unwrap();
        assert!(!bench.answers.folder.exists());
        bench.answers.forget(Some(Stamp(5))).unwrap();
    }

    #[test]
    fn what_is_no_answer_is_left_alone() {
        let mut bench = Bench::new();
        bench.put("a", 5, 1);
        fs::write(bench.answers.folder.join("a/notes.txt"), "mine").unwrap();
        fs::create_dir(bench.answers.folder.join("a/00000000000000000009.answer")).unwrap();
        assert_eq!(
            bench.run("a", AnswersTask::Tidy { now: Stamp(100 * DAY), hidden: Secrets::default() }),
            NONE
        );
        assert!(bench.answers.folder.join("a/notes.txt").exists());
    }
}
