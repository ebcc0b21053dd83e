//! What is done in the history's database: entries come, get an outcome, are pinned, read and forgotten.
//!
//! How it is laid out says `layout.rs`; `found.rs` looks for entries.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::indexing;
use super::kept_outcome::{self, KeptColumns};
use crate::model::preset::PresetPath;
use crate::model::session_outcome::SessionOutcome;
use crate::model::timing::Stamp;
use crate::store::job::{HistoryEntry, HistoryName, HistoryRow};
use crate::store::preset;

/// Entries kept.
pub(super) const ENTRIES: u32 = 100_000;
/// Bytes of what was sent that are kept.
pub(super) const SPEC_BYTES: u64 = 64 * 1024 * 1024;
/// Longest summary or outcome, in characters.
const LINE: usize = 2_000;
/// Nanoseconds that an entry is kept: a year.
const AGE: u64 = 365 * 24 * 60 * 60 * 1_000_000_000;
/// Longest text, in bytes, that is compared with those of presets.
const COMPARED: i64 = 64 * 1024;
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

/// Differs from what it was on this connection after another one has written.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0))
}

/// `ok`, or the first thing that is damaged.
pub(super) fn check(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
}

/// Begins to write, once nobody else does.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

/// Adds entries of this workspace with what they sent, all or none, and drops what is beyond the bounds;
/// returns their rows.
pub(super) fn append(
    connection: &Connection,
    root: &str,
    entries: &[(&HistoryEntry, String)],
) -> rusqlite::Result<Vec<i64>> {
    let work = begin(connection)?;
    let rows = entries.iter().map(|(entry, text)| insert(&work, root, entry, text));
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

fn insert(
    work: &Connection,
    root: &str,
    entry: &HistoryEntry,
    text: &str,
) -> rusqlite::Result<i64> {
    let KeptColumns { kind, first, second } = kept_outcome::columns(&entry.outcome);
    work.execute(
        "INSERT INTO entry (at, badge, summary, outcome, preset, left_out, kind, first, second, root)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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
            root,
        ],
    )?;
    let id = work.last_insert_rowid();
    keep(work, id, text)?;
    Ok(id)
}

/// Keeps what an entry sent, once for all that sent the same.
pub(super) fn keep(work: &Connection, entry: i64, text: &str) -> rusqlite::Result<()> {
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

/// Entries of this preset of a workspace, or of those below this folder, are of another one from now on. Of
/// rows of earlier versions nobody knows whose they are.
pub(super) fn move_presets(
    connection: &Connection,
    root: &str,
    from: &str,
    to: &str,
) -> rusqlite::Result<()> {
    let update = "UPDATE entry SET preset = ?2 || substr(preset, length(?1) + 1)
        WHERE (root = ?3 OR root IS NULL)
            AND (preset = ?1 OR substr(preset, 1, length(?1) + 1) = ?1 || '/')";
    connection.execute(update, [from, to, root]).map(drop)
}

/// The presets of a workspace that sent something, and the text of what each sent last; who did last comes first.
pub(super) fn senders(connection: &Connection, root: &str) -> rusqlite::Result<Vec<(String, i64)>> {
    let select = "SELECT preset, spec, max(id) AS last FROM entry
        WHERE root = ?1 AND preset IS NOT NULL AND spec IS NOT NULL
        GROUP BY preset ORDER BY last DESC";
    let mut select = connection.prepare(select)?;
    let rows = select.query_map([root], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// A text of what was sent, unless it is long.
pub(super) fn short_text(connection: &Connection, id: i64) -> rusqlite::Result<Option<String>> {
    let select = "SELECT text FROM spec WHERE id = ?1 AND bytes <= ?2";
    connection.query_row(select, [id, COMPARED], |row| row.get(0)).optional()
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

/// A row of the list. A preset of the same name in another workspace than this one is another one.
pub(super) fn history_row(row: &Row<'_>, root: &str) -> rusqlite::Result<HistoryRow> {
    let (preset, kind): (Option<String>, Option<String>) = (row.get("preset")?, row.get("kind")?);
    let of: Option<String> = row.get("root")?;
    let preset = preset.filter(|_| of.is_none_or(|of| of == root));
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
        hit: None,
    })
}

/// What an entry sent; nothing when there is no such entry.
pub(super) fn read(
    connection: &Connection,
    root: &str,
    name: HistoryName,
) -> rusqlite::Result<Option<KeptText>> {
    let Some(id) = find(connection, name)? else { return Ok(None) };
    // A preset of the same name in another workspace is another one.
    let select = "SELECT text, left_out, iif(root = ?2 OR root IS NULL, preset, NULL) AS preset
        FROM entry LEFT JOIN spec ON spec.id = entry.spec WHERE entry.id = ?1";
    let kept = |row: &Row<'_>| {
        let preset: Option<String> = row.get("preset")?;
        Ok(KeptText {
            text: row.get("text")?,
            left_out: row.get::<_, i64>("left_out")?.unsigned_abs(),
            preset: preset.and_then(|path| PresetPath::parse(&path).ok()),
        })
    };
    connection.query_row(select, params![id, root], kept).optional()
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
            indexing::forget(&work)?;
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

fn line(text: &str) -> String {
    text.chars().take(LINE).collect()
}
