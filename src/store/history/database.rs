//! The history's database: its layout, opening it, and what is done in it.
//!
//! ```text
//! entry   what the list shows, one row each          at most 10,000 of a year, the oldest go; pinned ones stay
//! spec    what was sent, as preset text, each once    at most 64 MiB, what was not sent for longest goes
//! ```
//! Texts lie apart from the rows, so a list of five hundred rows reads five hundred lines however
//! long the bodies were; equal ones are kept once.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Row, Transaction, TransactionBehavior, params,
    params_from_iter,
};

use super::kept_outcome::{self, KeptColumns};
use super::search::HistorySearch;
use crate::interop::history_spec::forgetting;
use crate::model::preset::PresetPath;
use crate::model::secrets::without_userinfo;
use crate::model::session_outcome::SessionOutcome;
use crate::model::timing::Stamp;
use crate::store::job::{HistoryEntry, HistoryName, HistoryRow};
use crate::store::preset;

/// Entries kept.
pub(super) const ENTRIES: u32 = 10_000;
/// Bytes of what was sent that are kept.
pub(super) const SPEC_BYTES: u64 = 64 * 1024 * 1024;
/// Longest summary or outcome, in characters.
const LINE: usize = 2_000;
/// Layout of the database; a higher one belongs to a newer wirebench.
const VERSION: i64 = 5;

const SCHEMA: &str = "
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        badge TEXT NOT NULL,
        summary TEXT NOT NULL,
        outcome TEXT NOT NULL,
        preset TEXT,
        spec INTEGER,
        left_out INTEGER NOT NULL,
        kind TEXT,
        first INTEGER,
        second INTEGER,
        pinned INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE spec (
        id INTEGER PRIMARY KEY,
        hash INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        used INTEGER NOT NULL,
        text TEXT NOT NULL
    );
    CREATE INDEX spec_hash ON spec (hash);
    CREATE INDEX spec_used ON spec (used, bytes);
    CREATE INDEX entry_pinned ON entry (spec) WHERE pinned;
    PRAGMA user_version = 5;";

/// From the layout of versions 2 to 4, where nothing was pinned.
const PINNED_COLUMN: &str = "
    ALTER TABLE entry ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX entry_pinned ON entry (spec) WHERE pinned;
    PRAGMA user_version = 5;";

/// From the layout of versions 2 and 3, where an outcome was words only.
const OUTCOME_COLUMNS: &str = "
    ALTER TABLE entry ADD COLUMN kind TEXT;
    ALTER TABLE entry ADD COLUMN first INTEGER;
    ALTER TABLE entry ADD COLUMN second INTEGER;
    PRAGMA user_version = 4;";

/// From the layout of version 1, where the text stood in the row and had no bound.
const FROM_VERSION_1: &str = "
    INSERT INTO entry (id, at, badge, summary, outcome, preset, spec, left_out)
        SELECT id, at,
            CASE WHEN side = 'listener' THEN 'SRV'
                WHEN protocol = 'http' THEN substr(summary, 1, instr(summary || ' ', ' ') - 1)
                ELSE upper(protocol) END,
            substr(summary, 1, 2000), substr(outcome, 1, 2000), preset, NULL, 0
        FROM old_entry;";

/// Nanoseconds that an entry is kept: a year.
const AGE: u64 = 365 * 24 * 60 * 60 * 1_000_000_000;
/// Entries that are pinned at most.
const PINNED: i64 = 1_000;
/// Texts that no pinned entry has.
const UNPINNED: &str = "id NOT IN (SELECT spec FROM entry WHERE pinned AND spec IS NOT NULL)";
/// Texts that no entry has any more.
const UNUSED: &str =
    "DELETE FROM spec WHERE id NOT IN (SELECT spec FROM entry WHERE spec IS NOT NULL)";

/// What is left of what was sent.
pub(super) struct KeptText {
    /// As preset text; `None` = it had to make room.
    pub(super) text: Option<String>,
    /// Bytes of bodies that were too long to be kept.
    pub(super) left_out: u64,
    pub(super) preset: Option<PresetPath>,
}

/// Opens and prepares the database; `None` = it belongs to a newer wirebench. Another instance that
/// writes is waited for so long.
pub(super) fn open(path: &Path, patience: Duration) -> rusqlite::Result<Option<Connection>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(patience)?;
    if version(&connection)? > VERSION {
        return Ok(None);
    }
    // Where WAL is impossible (network disks) SQLite stays with its journal.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // Closing would fold the log into the database and wait for the disk twice, while the user
    // waits to leave; SQLite folds it by itself whenever it has grown.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512;")?;
    connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
    if version(&connection)? < VERSION {
        prepare(&connection)?;
    }
    Ok(Some(connection))
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Makes the tables, or those of version 1 into ours, unless another instance was faster.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let work = begin(connection)?;
    let old = version(&work)?;
    match old {
        0 => work.execute_batch(SCHEMA)?,
        1 => {
            work.execute_batch("ALTER TABLE entry RENAME TO old_entry")?;
            work.execute_batch(SCHEMA)?;
            work.execute_batch(FROM_VERSION_1)?;
            take_over_texts(&work)?;
            work.execute_batch("DROP TABLE old_entry")?;
            forget_credentials(&work)?;
        }
        2 => {
            forget_credentials(&work)?;
            work.execute_batch(OUTCOME_COLUMNS)?;
            work.execute_batch(PINNED_COLUMN)?;
        }
        3 => {
            work.execute_batch(OUTCOME_COLUMNS)?;
            work.execute_batch(PINNED_COLUMN)?;
        }
        4 => work.execute_batch(PINNED_COLUMN)?,
        _ => {}
    }
    work.commit()?;
    if matches!(old, 1 | 2) {
        // Nothing of what is not kept stays in the files. Where another instance reads at the moment
        // the room is used again.
        let _ = connection.execute_batch("VACUUM");
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
    Ok(())
}

/// Credentials that were typed in place become marks: before version 3 they were kept.
fn forget_credentials(work: &Connection) -> rusqlite::Result<()> {
    let mut texts = work.prepare("SELECT id FROM spec")?;
    let ids = texts.query_map([], |row| row.get::<_, i64>(0))?;
    for id in ids.collect::<rusqlite::Result<Vec<_>>>()? {
        let text: String =
            work.query_row("SELECT text FROM spec WHERE id = ?1", [id], |row| row.get(0))?;
        // What cannot be read any more cannot be sent again either.
        let Ok(spec) = preset::read_spec(&text, "history") else { continue };
        let kept = forgetting(&spec);
        if kept != spec {
            let text = preset::write_spec(&kept);
            let hash = preset::fingerprint(text.as_bytes()).cast_signed();
            work.execute(
                "UPDATE spec SET text = ?2, hash = ?3, bytes = ?4 WHERE id = ?1",
                params![id, text, hash, text.len().cast_signed()],
            )?;
        }
    }
    let mut rows = work.prepare(
        "SELECT id, summary, outcome FROM entry WHERE summary LIKE '%@%' OR outcome LIKE '%@%'",
    )?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let (id, summary, outcome): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        work.execute(
            "UPDATE entry SET summary = ?2, outcome = ?3 WHERE id = ?1",
            params![id, without_userinfo(&summary), without_userinfo(&outcome)],
        )?;
    }
    Ok(())
}

/// The newest texts, as far as they fit.
fn take_over_texts(work: &Connection) -> rusqlite::Result<()> {
    let mut left = SPEC_BYTES;
    let mut newest =
        work.prepare("SELECT id, octet_length(spec) FROM old_entry ORDER BY id DESC")?;
    let mut rows = newest.query([])?;
    while let Some(row) = rows.next()? {
        let (id, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
        let Some(less) = left.checked_sub(bytes.unsigned_abs()) else { break };
        left = less;
        let text: String =
            work.query_row("SELECT spec FROM old_entry WHERE id = ?1", [id], |row| row.get(0))?;
        keep(work, id, &text)?;
    }
    Ok(())
}

/// Differs from what it was on this connection after another one has written.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0))
}

fn begin(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

/// Adds entries with what they sent, all or none, and drops what is beyond the bounds; returns
/// their rows.
pub(super) fn append(
    connection: &Connection,
    entries: &[(&HistoryEntry, String)],
) -> rusqlite::Result<Vec<i64>> {
    let work = begin(connection)?;
    let rows = entries.iter().map(|(entry, text)| insert(&work, entry, text));
    let rows = rows.collect::<rusqlite::Result<Vec<i64>>>()?;
    if let Some(newest) = rows.last() {
        let beyond = newest - i64::from(ENTRIES);
        work.execute("DELETE FROM entry WHERE id <= ?1 AND NOT pinned", [beyond])?;
        let texts = format!("DELETE FROM spec WHERE used <= ?1 AND {UNPINNED}");
        work.execute(&texts, [beyond])?;
    }
    if let Some((newest, _)) = entries.last() {
        let oldest = newest.at.0.saturating_sub(AGE).cast_signed();
        let old = "DELETE FROM entry WHERE at < ?1 AND NOT pinned";
        if work.execute(old, [oldest])? > 0 {
            work.execute(UNUSED, [])?;
        }
    }
    make_room(&work)?;
    work.commit()?;
    Ok(rows)
}

fn insert(work: &Connection, entry: &HistoryEntry, text: &str) -> rusqlite::Result<i64> {
    let KeptColumns { kind, first, second } = kept_outcome::columns(&entry.outcome);
    work.execute(
        "INSERT INTO entry (at, badge, summary, outcome, preset, left_out, kind, first, second)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            entry.at.0.cast_signed(),
            entry.spec.badge(),
            line(&entry.summary),
            line(&entry.outcome.words()),
            entry.preset.as_ref().map(PresetPath::as_str),
            entry.left_out.cast_signed(),
            kind,
            first,
            second,
        ],
    )?;
    let id = work.last_insert_rowid();
    keep(work, id, text)?;
    Ok(id)
}

/// Keeps what an entry sent, once for all that sent the same.
fn keep(work: &Connection, entry: i64, text: &str) -> rusqlite::Result<()> {
    let hash = preset::fingerprint(text.as_bytes()).cast_signed();
    let known = "SELECT id FROM spec WHERE hash = ?1 AND text = ?2";
    let known =
        work.query_row(known, params![hash, text], |row| row.get::<_, i64>(0)).optional()?;
    let id = if let Some(id) = known {
        work.execute("UPDATE spec SET used = max(used, ?2) WHERE id = ?1", [id, entry])?;
        id
    } else {
        work.execute(
            "INSERT INTO spec (hash, bytes, used, text) VALUES (?1, ?2, ?3, ?4)",
            params![hash, text.len().cast_signed(), entry, text],
        )?;
        work.last_insert_rowid()
    };
    work.execute("UPDATE entry SET spec = ?2 WHERE id = ?1", [entry, id])?;
    Ok(())
}

/// The oldest texts go until the rest fits.
fn make_room(work: &Connection) -> rusqlite::Result<()> {
    let sum = "SELECT coalesce(sum(bytes), 0) FROM spec";
    let mut total: i64 = work.query_row(sum, [], |row| row.get(0))?;
    while total.unsigned_abs() > SPEC_BYTES {
        let oldest = format!("SELECT id, bytes FROM spec WHERE {UNPINNED} ORDER BY used LIMIT 1");
        let oldest =
            work.query_row(&oldest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        // What is pinned stays.
        let Some((id, bytes)): Option<(i64, i64)> = oldest else { break };
        work.execute("UPDATE entry SET spec = NULL WHERE spec = ?1", [id])?;
        work.execute("DELETE FROM spec WHERE id = ?1", [id])?;
        total -= bytes;
    }
    Ok(())
}

/// Says how an entry went.
pub(super) fn finish(
    connection: &Connection,
    id: i64,
    outcome: &SessionOutcome,
) -> rusqlite::Result<()> {
    let update = "UPDATE entry SET outcome = ?2, kind = ?3, first = ?4, second = ?5 WHERE id = ?1";
    let KeptColumns { kind, first, second } = kept_outcome::columns(outcome);
    connection.execute(update, params![id, line(&outcome.words()), kind, first, second]).map(drop)
}

/// Entries of this preset, or of those below this folder, are of another one from now on.
pub(super) fn move_presets(connection: &Connection, from: &str, to: &str) -> rusqlite::Result<()> {
    let update = "UPDATE entry SET preset = ?2 || substr(preset, length(?1) + 1)
        WHERE preset = ?1 OR substr(preset, 1, length(?1) + 1) = ?1 || '/'";
    connection.execute(update, [from, to]).map(drop)
}

/// Keeps an entry whatever else goes, or not any more; tells whether there was room for it.
pub(super) fn pin(
    connection: &Connection,
    name: HistoryName,
    is_pinned: bool,
) -> rusqlite::Result<bool> {
    let work = begin(connection)?;
    let count = "SELECT count(*) FROM entry WHERE pinned";
    let pinned: i64 = work.query_row(count, [], |row| row.get(0))?;
    if is_pinned && pinned >= PINNED {
        return Ok(false);
    }
    if let Some(id) = find(&work, name)? {
        let update = "UPDATE entry SET pinned = ?2 WHERE id = ?1";
        work.execute(update, params![id, i64::from(is_pinned)])?;
    }
    work.commit()?;
    Ok(true)
}

/// Rows that are looked for, newest first, and how many there are in all.
pub(super) fn query(
    connection: &Connection,
    search: &HistorySearch,
    limit: u32,
) -> rusqlite::Result<(Vec<HistoryRow>, u64)> {
    // A word has no space, so it is found in one of the three.
    let has = |n: usize| {
        let like = format!(r"LIKE ?{n} ESCAPE '\'");
        format!(" AND (summary || ' ' || outcome {like} OR coalesce(text, '') {like})")
    };
    let from = match search.words.as_slice() {
        [] => "FROM entry".to_owned(),
        words => {
            let filter = (1..=words.len()).map(has).collect::<String>();
            format!("FROM entry LEFT JOIN spec ON spec.id = entry.spec WHERE 1{filter}")
        }
    };
    let words: Vec<String> = search.words.iter().map(|word| pattern(word)).collect();
    let select = format!(
        "SELECT entry.id, at, badge, summary, outcome, kind, first, second, preset, pinned {from}
         ORDER BY entry.id DESC"
    );
    if search.has_tests() {
        // Ten thousand short rows at most.
        let mut statement = connection.prepare(&select)?;
        let rows = statement.query_map(params_from_iter(&words), history_row)?;
        let mut rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        rows.retain(|row| search.lets_through(row));
        let total = rows.len() as u64;
        rows.truncate(limit as usize);
        return Ok((rows, total));
    }
    let count = format!("SELECT count(*) {from}");
    let total: i64 = connection.query_row(&count, params_from_iter(&words), |row| row.get(0))?;
    let mut statement = connection.prepare(&format!("{select} LIMIT {limit}"))?;
    let rows = statement.query_map(params_from_iter(&words), history_row)?;
    Ok((rows.collect::<rusqlite::Result<_>>()?, total.unsigned_abs()))
}

fn history_row(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
    let (preset, kind): (Option<String>, Option<String>) = (row.get("preset")?, row.get("kind")?);
    let (first, second) = (row.get("first")?, row.get("second")?);
    let kept = KeptColumns { kind: kind.as_deref(), first, second };
    Ok(HistoryRow {
        name: HistoryName {
            row: Some(row.get("id")?),
            at: Stamp(row.get::<_, i64>("at")?.cast_unsigned()),
        },
        badge: row.get("badge")?,
        summary: row.get("summary")?,
        outcome: kept_outcome::outcome(kept, row.get("outcome")?),
        preset: preset.and_then(|path| PresetPath::parse(&path).ok()),
        is_pinned: row.get("pinned")?,
    })
}

/// What an entry sent; nothing when there is no such entry.
pub(super) fn read(
    connection: &Connection,
    name: HistoryName,
) -> rusqlite::Result<Option<KeptText>> {
    let Some(id) = find(connection, name)? else { return Ok(None) };
    let select = "SELECT text, left_out, preset FROM entry
        LEFT JOIN spec ON spec.id = entry.spec WHERE entry.id = ?1";
    let kept = |row: &Row<'_>| {
        let preset: Option<String> = row.get("preset")?;
        Ok(KeptText {
            text: row.get("text")?,
            left_out: row.get::<_, i64>("left_out")?.unsigned_abs(),
            preset: preset.and_then(|path| PresetPath::parse(&path).ok()),
        })
    };
    connection.query_row(select, [id], kept).optional()
}

fn find(connection: &Connection, name: HistoryName) -> rusqlite::Result<Option<i64>> {
    if name.row.is_some() {
        return Ok(name.row);
    }
    // It was shown before it was written.
    let select = "SELECT id FROM entry WHERE at = ?1 ORDER BY id DESC LIMIT 1";
    connection.query_row(select, [name.at.0.cast_signed()], |row| row.get(0)).optional()
}

/// Forgets an entry, or all, so that nothing of it stays in the files; returns how many there were.
pub(super) fn forget(connection: &Connection, name: Option<HistoryName>) -> rusqlite::Result<u64> {
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    let work = begin(connection)?;
    let gone = match name {
        None => {
            work.execute("DELETE FROM spec", [])?;
            work.execute("DELETE FROM entry", [])?
        }
        Some(name) => match find(&work, name)? {
            None => 0,
            Some(id) => {
                let gone = work.execute("DELETE FROM entry WHERE id = ?1", [id])?;
                work.execute(UNUSED, [])?;
                gone
            }
        },
    };
    work.commit()?;
    // The log holds it too. Where another instance reads at the moment, it is folded later.
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    if name.is_none() {
        let _ = connection.execute_batch("VACUUM");
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
    connection.query_row("PRAGMA secure_delete = OFF", [], |_| Ok(()))?;
    Ok(gone as u64)
}

/// A word as a LIKE pattern that means just this word.
fn pattern(word: &str) -> String {
    let plain = word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{plain}%")
}

fn line(text: &str) -> String {
    text.chars().take(LINE).collect()
}
