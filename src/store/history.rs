//! What was sent and started, in a database (`SQLite`).
//!
//! Opened at the first use, never at start. WAL mode and a busy timeout let several instances
//! write at once. A damaged database is set aside under another name and a new one begun. What
//! cannot be written at the moment is held here, shown in the list like everything else, and tried
//! again.

mod database;
mod found;
mod indexing;
mod kept_outcome;
mod layout;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, ffi};

use super::atomic::refusal;
use super::job::{
    HISTORY_BODY, HistoryEntry, HistoryName, HistoryQuestion, HistoryRow, HistorySpec,
};
use super::paths::Paths;
use super::{atomic, preset};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::PresetPath;
use crate::model::session_outcome::SessionOutcome;
use crate::model::spec::Spec;
use crate::model::timing::Stamp;
use crate::query::HistorySearch;

/// Pause before what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Entries that are held while they cannot be written.
const HELD: usize = 10_000;
/// Presets without a file that are looked for at the start.
const LOST: usize = 1_000;
/// Bytes of bodies that are written at once.
const AT_ONCE: u64 = 1024 * 1024;
/// Wait for another instance that is writing.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same for whoever ends with it.
const ONCE: Duration = Duration::from_millis(500);
/// Names a damaged database is given.
const ASIDE: u32 = 1000;

/// Adds one entry that is over already, by a program that ends then: nothing is held or tried again.
/// Who else writes is waited for, but not for long: scripts send one after the other.
pub fn append_once(paths: &Paths, mut entry: HistoryEntry) -> Result<(), Failure> {
    if entry.spec.payload_bytes() > HISTORY_BODY {
        entry.left_out += entry.spec.leave_payloads_out();
    }
    let mut history = History { patience: ONCE, ..History::new(paths.history()) };
    history.use_workspace(&paths.workspace);
    let written = history.append(entry);
    // A damaged one was set aside, which nobody else will say.
    written.and(history.notice.map_or(Ok(()), Err))
}

/// Has what an entry was answered searched, and what went no more; by a program that ends then.
pub(super) fn search_once(
    path: PathBuf,
    (at, words): (Stamp, Option<&str>),
    gone: &[Stamp],
) -> Result<(), Failure> {
    let mut history = History { patience: ONCE, ..History::new(path) };
    history.forget_words(gone)?;
    if history.wants_words(at)? { history.keep_words(at, words) } else { Ok(()) }
}

/// The history of all runs; entries of this one can be finished.
pub(super) struct History {
    path: PathBuf,
    /// The workspace whose presets are meant.
    root: String,
    /// Longest wait for others who write.
    patience: Duration,
    open: Option<Connection>,
    /// Rows appended by this run that have no outcome yet, by their time.
    run: HashMap<Stamp, i64>,
    /// What is not written yet, the oldest first.
    held: VecDeque<HistoryEntry>,
    /// Outcomes of written entries that are not written yet.
    outcomes: Vec<(i64, SessionOutcome)>,
    /// Bytes of bodies that are not held any more, until somebody counts them.
    pub(super) released: u64,
    /// When to try again.
    pub(super) retry: Option<Instant>,
    /// Number of the state another program left the database in, as far as it was looked at.
    seen: Option<i64>,
    /// Why a damaged database was set aside, to be told once although no job asked for it.
    pub(super) notice: Option<Failure>,
}

impl History {
    /// Opens nothing yet; the file is made at the first use.
    pub(super) fn new(path: PathBuf) -> Self {
        History {
            path,
            root: String::new(),
            patience: PATIENCE,
            open: None,
            run: HashMap::new(),
            held: VecDeque::new(),
            outcomes: Vec::new(),
            released: 0,
            retry: None,
            seen: None,
            notice: None,
        }
    }

    /// Presets are those of this workspace from now on.
    pub(super) fn use_workspace(&mut self, root: &Path) {
        self.root = root.to_string_lossy().into_owned();
    }

    /// Adds an entry and drops those beyond the bounds; `entry.at` names it later. One that cannot
    /// be written is not lost.
    pub(super) fn append(&mut self, entry: HistoryEntry) -> Result<(), Failure> {
        self.held.push_back(entry);
        if self.held.len() > HELD {
            let oldest = self.held.pop_front();
            self.released += oldest.map_or(0, |mut oldest| oldest.spec.payload_bytes());
        }
        self.write_held()
    }

    /// Says how it went; nothing when `at` is no entry of this run, or it is finished.
    pub(super) fn finish(&mut self, at: Stamp, outcome: SessionOutcome) -> Result<(), Failure> {
        if let Some(held) = self.held.iter_mut().find(|held| held.at == at) {
            held.outcome = outcome;
        } else if let Some(id) = self.run.remove(&at) {
            self.outcomes.push((id, outcome));
        }
        self.write_held()
    }

    /// Writes what is held; what cannot be written is tried again a moment later.
    pub(super) fn write_held(&mut self) -> Result<(), Failure> {
        let written = self.write_all();
        self.retry = written.is_err().then(|| Instant::now() + RETRY);
        written.map_err(|failure| match failure.hint.as_str() {
            "" => failure.hint("it is kept in memory and tried again"),
            _ => failure,
        })
    }

    fn write_all(&mut self) -> Result<(), Failure> {
        while !self.held.is_empty() {
            self.write_some()?;
        }
        while let Some((id, outcome)) = self.outcomes.pop() {
            let written = self.with(|connection| database::finish(connection, id, &outcome));
            if let Err(failure) = written {
                self.outcomes.push((id, outcome));
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Writes the oldest of what is held at once: many small entries, or one with a big body.
    fn write_some(&mut self) -> Result<(), Failure> {
        let mut held = std::mem::take(&mut self.held);
        let (mut count, mut bytes) = (0, 0);
        for entry in &mut held {
            bytes += entry.spec.payload_bytes();
            if count > 0 && bytes > AT_ONCE {
                break;
            }
            count += 1;
        }
        let with_text = |entry: &HistoryEntry| preset::write_spec(&entry.spec);
        let some: Vec<(&HistoryEntry, String)> =
            held.iter().take(count).map(|entry| (entry, with_text(entry))).collect();
        let root = self.root.clone();
        let written = self.with(|connection| database::append(connection, &root, &some));
        drop(some);
        if let Ok(rows) = &written {
            for (mut entry, row) in held.drain(..count).zip(rows) {
                self.released += entry.spec.payload_bytes();
                if entry.outcome == SessionOutcome::Unknown {
                    self.run.insert(entry.at, *row);
                }
            }
        }
        self.held = held;
        written.map(drop)
    }

    /// Rows that hold every word of a text and for which its tests hold, newest first, and how many there
    /// are in all; when there are more than are wanted, that may be just above it.
    pub(super) fn query(
        &mut self,
        question: &HistoryQuestion,
    ) -> Result<(Vec<HistoryRow>, u64), Failure> {
        let (search, limit) = (&question.search, question.limit);
        let held = self.held.iter().rev().filter(|held| holds(held, search)).map(held_row);
        let held = held.filter(|row| search.lets_through(row.subject()));
        let mut rows: Vec<HistoryRow> = held.collect();
        let waiting = rows.len() as u64;
        let mut total = 0;
        let found = match self.has_begun() {
            Ok(true) => {
                let root = self.root.clone();
                self.with(|connection| found::query(connection, &root, question))
            }
            Ok(false) => Ok((Vec::new(), 0)),
            Err(failure) => Err(failure),
        };
        match found {
            Ok((written, all)) => {
                rows.extend(written);
                total = all;
            }
            // What is not written yet is shown although nothing else can be.
            Err(failure) if rows.is_empty() => return Err(failure),
            Err(_) => {}
        }
        rows.truncate(limit as usize);
        Ok((rows, total + waiting))
    }

    /// What an entry sent, as far as it is kept.
    pub(super) fn read(&mut self, name: HistoryName) -> Result<HistorySpec, Failure> {
        let is_it = |held: &&HistoryEntry| name.row.is_none() && held.at == name.at;
        if let Some(held) = self.held.iter().find(is_it) {
            return Ok(kept(held.spec.clone(), held.left_out));
        }
        let found = if self.has_begun()? {
            let root = self.root.clone();
            self.with(|connection| database::read(connection, &root, name))?
        } else {
            None
        };
        let found = found.ok_or_else(|| {
            let cause = "the entry is not in the history any more";
            refusal(&self.path, FailureKind::NotFound, cause)
        })?;
        match found.text {
            Some(text) => Ok(kept(preset::read_spec(&text, "history")?, found.left_out)),
            None => Ok(HistorySpec::Gone { preset: found.preset }),
        }
    }

    /// Forgets an entry, or all and every damaged database that was set aside; how many there were.
    pub(super) fn forget(&mut self, name: Option<HistoryName>) -> Result<u64, Failure> {
        let (mut gone, mut released) = (0, 0);
        self.held.retain_mut(|held| {
            let stays = name.is_some_and(|name| name.row.is_some() || held.at != name.at);
            if !stays {
                (gone, released) = (gone + 1, released + held.spec.payload_bytes());
            }
            stays
        });
        self.released += released;
        if gone == 0 || name.is_none() {
            if self.has_begun()? {
                gone += self.with(|connection| database::forget(connection, name))?;
            }
            self.run.retain(|_, id| name.is_some_and(|name| name.row != Some(*id)));
        }
        if name.is_none() {
            self.outcomes.clear();
            for number in 1..=ASIDE {
                for file in ["", "-wal", "-shm"].map(|end| aside(&self.path, number, end)) {
                    if atomic::is_there(&file)? {
                        atomic::remove(&file)?;
                    }
                }
            }
        }
        Ok(gone)
    }

    /// Keeps an entry whatever else goes, or not any more.
    pub(super) fn pin(&mut self, name: HistoryName, is_pinned: bool) -> Result<(), Failure> {
        let refuse = |cause: &str| refusal(&self.path, FailureKind::Busy, cause);
        let is_waiting = |held: &HistoryEntry| name.row.is_none() && held.at == name.at;
        if self.held.iter().any(is_waiting) {
            return Err(refuse("the entry is not written yet: in a moment"));
        }
        let full = refuse("so many entries are pinned that no more can be: unpin one first");
        let is_done = self.with(|connection| database::pin(connection, name, is_pinned))?;
        if is_done { Ok(()) } else { Err(full) }
    }

    /// Entries of this preset, or of those below this folder, are of another one from now on.
    pub(super) fn move_presets(&mut self, from: &str, to: &str) -> Result<(), Failure> {
        for held in &mut self.held {
            let moved = held.preset.as_ref().map(|path| {
                if path.as_str() == from { PresetPath::parse(to) } else { path.moved(from, to) }
            });
            held.preset = moved.and_then(Result::ok);
        }
        if self.has_begun()? {
            let root = self.root.clone();
            self.with(|connection| database::move_presets(connection, &root, from, to))?;
        }
        Ok(())
    }

    /// Presets of the workspace that sent something and of which this is not known any more, with what each sent last, as
    /// far as that is kept; the newest of them, when there are many.
    pub(super) fn lost_presets(
        &mut self,
        is_known: impl Fn(&PresetPath) -> bool,
    ) -> Result<Vec<(PresetPath, Spec)>, Failure> {
        if !self.has_begun()? {
            return Ok(Vec::new());
        }
        let root = self.root.clone();
        let senders = self.with(|connection| database::senders(connection, &root))?;
        let mut lost = Vec::new();
        for (preset, spec) in senders {
            if lost.len() >= LOST {
                break;
            }
            let Some(path) = PresetPath::parse(&preset).ok().filter(|path| !is_known(path)) else {
                continue;
            };
            let text = self.with(|connection| database::short_text(connection, spec))?;
            // What cannot be read any more is no preset of today.
            if let Some(Ok(spec)) = text.map(|text| preset::read_spec(&text, "history")) {
                lost.push((path, spec));
            }
        }
        Ok(lost)
    }

    /// Puts a piece of what was written into the indices; whether there is more.
    pub(super) fn index_some(&mut self) -> Result<bool, Failure> {
        Ok(self.has_begun()? && self.with(indexing::index_some)?)
    }

    /// Whether the answer an entry of this time got was not looked through yet.
    pub(super) fn wants_words(&mut self, at: Stamp) -> Result<bool, Failure> {
        Ok(self.has_begun()? && self.with(|connection| indexing::wants_words(connection, at))?)
    }

    /// What an entry was answered is searched from now on; `None` = there is nothing to search in it.
    pub(super) fn keep_words(&mut self, at: Stamp, words: Option<&str>) -> Result<(), Failure> {
        self.with(|connection| indexing::keep_words(connection, at, words))
    }

    /// Answers that are kept no longer are not searched either: those of these times.
    pub(super) fn forget_words(&mut self, gone: &[Stamp]) -> Result<(), Failure> {
        if gone.is_empty() || !self.has_begun()? {
            return Ok(());
        }
        self.with(|connection| indexing::forget_words(connection, gone))
    }

    /// When the entries behind this row were whose answers were not looked through, and the newest row.
    pub(super) fn unworded(&mut self, since: i64) -> Result<(HashSet<Stamp>, i64), Failure> {
        if !self.has_begun()? {
            return Ok((HashSet::new(), 0));
        }
        self.with(|connection| indexing::unworded(connection, since))
    }

    /// When the answers that are searched were.
    pub(super) fn worded(&mut self) -> Result<Vec<Stamp>, Failure> {
        if self.has_begun()? { self.with(indexing::worded) } else { Ok(Vec::new()) }
    }

    /// The files that change when somebody writes.
    pub(super) fn files(&self) -> [PathBuf; 2] {
        [self.path.clone(), self.path.with_extension("db-wal")]
    }

    /// Whether the database was opened.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether another program wrote since this was asked last. What cannot be looked at was
    /// changed: asking for it says more.
    pub(super) fn is_changed_by_others(&mut self) -> bool {
        let Some(connection) = &self.open else { return self.has_begun() != Ok(false) };
        let version = database::data_version(connection).ok();
        version.is_none() || std::mem::replace(&mut self.seen, version) != version
    }

    /// Whether there is a database.
    fn has_begun(&self) -> Result<bool, Failure> {
        if self.open.is_some() { Ok(true) } else { atomic::is_there(&self.path) }
    }

    fn with<T>(&mut self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        for _ in 0..2 {
            let result = match &self.open {
                Some(connection) => work(connection),
                None => match self.connect()? {
                    Ok(connection) => work(self.open.insert(connection)),
                    Err(error) => Err(error),
                },
            };
            match result {
                Err(error) if is_damage(&error) => match self.examined(&error) {
                    Damage::None => return Err(self.failure(&error)),
                    Damage::OfIndices => self.index_anew()?,
                    Damage::Of(error) => self.set_aside(&error)?,
                },
                Err(error) => {
                    // What went wrong may stick to the connection: a lock that could not be given
                    // back keeps it from ever writing again.
                    self.open = None;
                    return Err(self.failure(&error));
                }
                done => return done.map_err(|error| self.failure(&error)),
            }
        }
        Err(refusal(&self.path, FailureKind::Io, "the history stays unreadable"))
    }

    /// Opens the database; the inner error is the database's own.
    fn connect(&self) -> Result<rusqlite::Result<Connection>, Failure> {
        if let Some(folder) = self.path.parent() {
            atomic::make_folders(folder)?;
        }
        // The side files get the mode of the database, so this one decides.
        atomic::open_private(&self.path).map_err(|error| atomic::failure(&self.path, &error))?;
        layout::open(&self.path, self.patience).transpose().ok_or_else(|| {
            let cause = "the history was written by a newer wirebench";
            refusal(&self.path, FailureKind::Malformed, cause)
                .hint("use that version, or move the file away")
        })
    }

    /// How far damage goes that an error tells of: a call that failed at the wrong moment looks like
    /// damage, too, and no database is given up that is whole.
    fn examined(&mut self, error: &rusqlite::Error) -> Damage {
        // What the connection holds in memory may be what is wrong.
        self.open = None;
        if is_index_damage(error) {
            return Damage::OfIndices;
        }
        let found = self.connect().map(|it| it.and_then(|it| database::check(&it)));
        match found {
            Ok(Ok(words)) if words == "ok" => Damage::None,
            Ok(Ok(words)) if words.contains("inverted index") => Damage::OfIndices,
            Ok(Ok(words)) => Damage::Of(words),
            Ok(Err(error)) if is_damage(&error) => Damage::Of(error.to_string()),
            Ok(Err(_)) | Err(_) => Damage::None,
        }
    }

    /// Makes the indices of words anew: what they were made of is whole.
    fn index_anew(&mut self) -> Result<(), Failure> {
        let emptied = self.connect()?.and_then(|connection| {
            indexing::start_again(&connection)?;
            Ok(connection)
        });
        match emptied {
            Ok(connection) => {
                self.open = Some(connection);
                Ok(())
            }
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// Renames a damaged database so that nothing of it is lost, and forgets it.
    fn set_aside(&mut self, error: &str) -> Result<(), Failure> {
        self.open = None;
        self.run.clear();
        self.outcomes.clear();
        let free = |n: &u32| !aside(&self.path, *n, "").exists();
        let number = (1..ASIDE).find(free).unwrap_or(ASIDE);
        let kept = aside(&self.path, number, "");
        atomic::rename(&self.path, &kept)?;
        for suffix in ["-wal", "-shm"] {
            let from = self.path.with_extension(format!("db{suffix}"));
            // It need not exist.
            let _ = atomic::rename(&from, &aside(&self.path, number, suffix));
        }
        let cause = format!("the history was damaged ({error}); a new one was begun");
        let notice = refusal(&self.path, FailureKind::Malformed, cause);
        self.notice = Some(notice.hint(format!("the old one is kept as {}", kept.display())));
        Ok(())
    }

    fn failure(&self, error: &rusqlite::Error) -> Failure {
        let (kind, cause, hint) = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => (FailureKind::Io, "the disk is full", "free some space"),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                let cause = "the history cannot be written";
                (FailureKind::Permission, cause, atomic::PERMISSION_HINT)
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (FailureKind::Busy, "another program has the history locked", "")
            }
            _ => (FailureKind::Io, &*error.to_string(), ""),
        };
        refusal(&self.path, kind, cause).hint(hint)
    }
}

fn kept(spec: Spec, left_out: u64) -> HistorySpec {
    HistorySpec::Kept { spec: Box::new(spec), left_out }
}

fn holds(entry: &HistoryEntry, search: &HistorySearch) -> bool {
    let line = format!("{} {}", entry.summary, entry.outcome.words());
    search.words.iter().all(|word| found::is_in_line(word, &line))
}

fn held_row(entry: &HistoryEntry) -> HistoryRow {
    HistoryRow {
        name: HistoryName { row: None, at: entry.at },
        badge: entry.spec.badge().to_owned(),
        summary: entry.summary.clone(),
        outcome: entry.outcome.clone(),
        preset: entry.preset.clone(),
        is_pinned: false,
        hit: None,
    }
}

fn aside(path: &Path, number: u32, suffix: &str) -> PathBuf {
    path.with_extension(format!("damaged-{number}.db{suffix}"))
}

/// How far a damage goes.
enum Damage {
    None,
    /// What they were made of is whole.
    OfIndices,
    /// Of the database itself, in words.
    Of(String),
}

/// Whether an index of words is damaged, or what lies below it could not be read.
fn is_index_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_CORRUPT_VTAB)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

#[cfg(test)]
mod history_tests;
