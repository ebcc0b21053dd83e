//! What was sent and started, in a database (`SQLite`).
//!
//! Opened at the first use, never at start. WAL mode and a busy timeout let several instances
//! write at once. A damaged database is set aside under another name and a new one begun.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, params, params_from_iter};

use super::atomic::refusal;
use super::job::HistoryEntry;
use super::{atomic, preset};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::PresetPath;
use crate::model::timing::Stamp;

/// Entries kept.
pub const HISTORY_KEEPS: u32 = 10_000;
/// Wait for another instance that is writing.
const BUSY: Duration = Duration::from_secs(2);
/// Layout of the database; a higher one belongs to a newer wirebench.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        protocol TEXT NOT NULL,
        side TEXT NOT NULL,
        summary TEXT NOT NULL,
        outcome TEXT NOT NULL,
        spec TEXT NOT NULL,
        preset TEXT
    );
    PRAGMA user_version = 1;";

/// The history of all runs; entries of this one can be finished.
pub(super) struct History {
    path: PathBuf,
    open: Option<Connection>,
    /// Rows appended by this run, by their time.
    run: HashMap<Stamp, i64>,
    /// Why a damaged database was set aside, to be told once although no job asked for it.
    pub(super) notice: Option<Failure>,
}

impl History {
    /// Opens nothing yet; the file is made at the first use.
    pub(super) fn new(path: PathBuf) -> Self {
        History { path, open: None, run: HashMap::new(), notice: None }
    }

    /// Adds an entry and drops those beyond [`HISTORY_KEEPS`]; `entry.at` names it later.
    pub(super) fn append(&mut self, entry: &HistoryEntry) -> Result<(), Failure> {
        let spec = preset::write_spec(&entry.spec);
        let id = self.with(|connection| {
            connection.execute(
                "INSERT INTO entry (at, protocol, side, summary, outcome, spec, preset)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    entry.at.0.cast_signed(),
                    entry.spec.protocol().into_str(),
                    entry.spec.side().into_str(),
                    entry.summary,
                    entry.outcome,
                    spec,
                    entry.preset.as_ref().map(PresetPath::as_str),
                ],
            )?;
            let id = connection.last_insert_rowid();
            connection
                .execute("DELETE FROM entry WHERE id <= ?1", [id - i64::from(HISTORY_KEEPS)])?;
            Ok(id)
        })?;
        self.run.insert(entry.at, id);
        Ok(())
    }

    /// Says how it went; nothing when `at` is no entry of this run, or it is finished.
    pub(super) fn finish(&mut self, at: Stamp, outcome: &str) -> Result<(), Failure> {
        let Some(id) = self.run.remove(&at) else { return Ok(()) };
        self.with(|connection| {
            connection.execute("UPDATE entry SET outcome = ?2 WHERE id = ?1", params![id, outcome])
        })?;
        Ok(())
    }

    /// Entries that hold every word of `text`, newest first, and how many there are in all.
    pub(super) fn query(
        &mut self,
        text: &str,
        limit: u32,
    ) -> Result<(Vec<HistoryEntry>, u64), Failure> {
        if self.open.is_none() && !self.path.exists() {
            return Ok((Vec::new(), 0));
        }
        let words: Vec<String> = text.split_whitespace().map(pattern).collect();
        // A word has no space, so it is found in one of the three.
        let text = "(summary || ' ' || outcome || ' ' || spec)";
        let has = |n: usize| format!(r" AND {text} LIKE ?{n} ESCAPE '\'");
        let filter = (1..=words.len()).map(has).collect::<Vec<_>>().concat();
        self.with(|connection| {
            let count = format!("SELECT count(*) FROM entry WHERE 1{filter}");
            let total: i64 =
                connection.query_row(&count, params_from_iter(&words), |row| row.get(0))?;
            let select =
                format!("SELECT * FROM entry WHERE 1{filter} ORDER BY id DESC LIMIT {limit}");
            let mut statement = connection.prepare(&select)?;
            let rows = statement.query_map(params_from_iter(&words), entry)?;
            // An entry of another version that does not read is left out, not fatal.
            let entries = rows.filter_map(Result::transpose).collect::<rusqlite::Result<_>>()?;
            Ok((entries, total.unsigned_abs()))
        })
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
                Err(error) if is_damage(&error) => self.set_aside(&error)?,
                other => return other.map_err(|error| self.failure(&error)),
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
        prepared(&self.path).transpose().ok_or_else(|| {
            let cause = "the history was written by a newer wirebench";
            refusal(&self.path, FailureKind::Malformed, cause)
                .hint("use that version, or move the file away")
        })
    }

    /// Renames a damaged database so that nothing of it is lost, and forgets it.
    fn set_aside(&mut self, error: &rusqlite::Error) -> Result<(), Failure> {
        self.open = None;
        self.run.clear();
        let free = |n: &u32| !aside(&self.path, *n, "").exists();
        let number = (1..1000).find(free).unwrap_or(1000);
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
                let cause = "another wirebench is writing the history";
                (FailureKind::Busy, cause, "try again in a moment")
            }
            _ => (FailureKind::Io, &*error.to_string(), ""),
        };
        refusal(&self.path, kind, cause).hint(hint)
    }
}

/// Opens and prepares the database; `None` = it belongs to a newer wirebench.
fn prepared(path: &Path) -> rusqlite::Result<Option<Connection>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > VERSION {
        return Ok(None);
    }
    // Where WAL is impossible (network disks) SQLite stays with its journal.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // Closing would fold the log into the database and wait for the disk twice, while the user
    // waits to leave; SQLite folds it by itself whenever it has grown.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512;")?;
    if version < VERSION {
        connection.execute_batch(SCHEMA)?;
    }
    Ok(Some(connection))
}

fn aside(path: &Path, number: u32, suffix: &str) -> PathBuf {
    path.with_extension(format!("damaged-{number}.db{suffix}"))
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// A word as a LIKE pattern that means just this word.
fn pattern(word: &str) -> String {
    let plain = word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{plain}%")
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Option<HistoryEntry>> {
    let Ok(spec) = preset::read_spec(&row.get::<_, String>("spec")?, "history") else {
        return Ok(None);
    };
    let preset: Option<String> = row.get("preset")?;
    Ok(Some(HistoryEntry {
        at: Stamp(row.get::<_, i64>("at")?.cast_unsigned()),
        summary: row.get("summary")?,
        outcome: row.get("outcome")?,
        spec,
        preset: preset.and_then(|path| PresetPath::parse(&path).ok()),
    }))
}

#[cfg(test)]
mod history_tests;
