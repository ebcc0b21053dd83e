//! Puts what the history keeps into its indices, in pieces, and takes words of answers in.
//!
//! A piece is a transaction of milliseconds, so other instances get their turn between two. What two
//! instances do at once is done once: a row is fresh or it is not.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::database::begin;
use crate::model::timing::Stamp;
use crate::store::preset;

/// Bytes of texts that a piece puts into an index.
const PIECE_BYTES: u64 = 256 * 1024;
/// Rows of a piece.
const PIECE_ROWS: u64 = 256;
/// Bytes of words of answers that are kept.
pub(super) const SAID_BYTES: u64 = 64 * 1024 * 1024;
/// Words of an entry that has none, or whose answer is not kept any more.
const NONE: i64 = 0;

/// How a row of each part gets into its index; parts are numbered as in `fresh`.
const PARTS: [(i64, &str); 3] = [
    (
        0,
        "INSERT INTO entry_words (rowid, summary, outcome)
            SELECT id, summary, outcome FROM entry WHERE id = ?1",
    ),
    (
        1,
        "INSERT INTO spec_words (rowid, text)
            SELECT id, substr(text, 1, 262144) FROM spec WHERE id = ?1",
    ),
    (2, "INSERT INTO said_words (rowid, text) SELECT id, text FROM said WHERE id = ?1"),
];

/// Puts a piece of what is fresh into its index, the newest first; tells whether there is more.
pub(super) fn index_some(connection: &Connection) -> rusqlite::Result<bool> {
    let any = "SELECT 1 FROM fresh LIMIT 1";
    if connection.query_row(any, [], |_| Ok(())).optional()?.is_none() {
        return Ok(false);
    }
    let work = begin(connection)?;
    let (mut rows, mut bytes) = (0, 0);
    for (part, insert) in PARTS {
        let mut newest =
            work.prepare("SELECT id FROM fresh WHERE part = ?1 ORDER BY id DESC LIMIT ?2")?;
        let ids = newest.query_map(params![part, PIECE_ROWS.cast_signed()], |row| row.get(0))?;
        for id in ids.collect::<rusqlite::Result<Vec<i64>>>()? {
            if rows >= PIECE_ROWS || bytes >= PIECE_BYTES {
                break;
            }
            work.execute(insert, [id])?;
            work.execute("DELETE FROM fresh WHERE part = ?1 AND id = ?2", [part, id])?;
            rows += 1;
            bytes += length(&work, part, id)?;
        }
    }
    work.commit()?;
    Ok(rows > 0)
}

/// About how many bytes of a row were looked through.
fn length(work: &Transaction<'_>, part: i64, id: i64) -> rusqlite::Result<u64> {
    let select = match part {
        0 => return Ok(100),
        1 => "SELECT bytes FROM spec WHERE id = ?1",
        _ => "SELECT bytes FROM said WHERE id = ?1",
    };
    let bytes: Option<i64> = work.query_row(select, [id], |row| row.get(0)).optional()?;
    Ok(bytes.unwrap_or_default().unsigned_abs())
}

/// Whether there is an entry of this time whose answer was not looked through.
pub(super) fn wants_words(connection: &Connection, at: Stamp) -> rusqlite::Result<bool> {
    let select = "SELECT 1 FROM entry WHERE at = ?1 AND said IS NULL LIMIT 1";
    let found = connection.query_row(select, [at.0.cast_signed()], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// Keeps the words of the answer an entry got, once for all that got the same; none of an answer without.
pub(super) fn keep_words(
    connection: &Connection,
    at: Stamp,
    words: Option<&str>,
) -> rusqlite::Result<()> {
    let work = begin(connection)?;
    let newest = "SELECT id FROM entry WHERE at = ?1 AND said IS NULL ORDER BY id DESC LIMIT 1";
    let at = at.0.cast_signed();
    let Some(entry) = work.query_row(newest, [at], |row| row.get::<_, i64>(0)).optional()? else {
        return Ok(());
    };
    let said = match words {
        Some(words) => keep_once(&work, entry, words)?,
        None => NONE,
    };
    work.execute("UPDATE entry SET said = ?2 WHERE id = ?1", [entry, said])?;
    make_room(&work)?;
    work.commit()
}

fn keep_once(work: &Transaction<'_>, entry: i64, words: &str) -> rusqlite::Result<i64> {
    let hash = preset::fingerprint(words.as_bytes()).cast_signed();
    let known = "SELECT id FROM said WHERE hash = ?1 AND text = ?2";
    let known = work.query_row(known, params![hash, words], |row| row.get(0)).optional()?;
    if let Some(id) = known {
        work.execute("UPDATE said SET used = max(used, ?2) WHERE id = ?1", [id, entry])?;
        return Ok(id);
    }
    let insert = "INSERT INTO said (hash, bytes, used, text) VALUES (?1, ?2, ?3, ?4)";
    work.execute(insert, params![hash, words.len().cast_signed(), entry, words])?;
    Ok(work.last_insert_rowid())
}

/// The words that were not said for longest go until the rest fits.
fn make_room(work: &Transaction<'_>) -> rusqlite::Result<()> {
    let sum = "SELECT coalesce(sum(bytes), 0) FROM said";
    let mut total: i64 = work.query_row(sum, [], |row| row.get(0))?;
    while total.unsigned_abs() > SAID_BYTES {
        let oldest = "SELECT id, bytes FROM said ORDER BY used LIMIT 1";
        let (id, bytes): (i64, i64) =
            work.query_row(oldest, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // With the last entry that has them they go.
        work.execute("UPDATE entry SET said = 0 WHERE said = ?1 AND said > 0", [id])?;
        total -= bytes;
    }
    Ok(())
}

/// Answers that are kept no longer are not searched either.
pub(super) fn forget_words(connection: &Connection, gone: &[Stamp]) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    let work = begin(connection)?;
    for at in gone {
        let update = "UPDATE entry SET said = 0 WHERE at = ?1 AND said > 0";
        work.execute(update, [at.0.cast_signed()])?;
    }
    work.commit()?;
    connection.query_row("PRAGMA secure_delete = OFF", [], |_| Ok(()))
}

/// The times of entries behind this row that may have an answer which was not looked through, and the newest row.
/// Conversations and listeners have none; of what runs still, and of rows of earlier versions, nobody knows.
pub(super) fn unworded(
    connection: &Connection,
    since: i64,
) -> rusqlite::Result<(HashSet<Stamp>, i64)> {
    let newest = "SELECT coalesce(max(id), 0) FROM entry";
    let newest = connection.query_row(newest, [], |row| row.get(0))?;
    let select = "SELECT at FROM entry
        WHERE id > ?1 AND said IS NULL AND (kind IS NULL OR kind IN ('status', 'failed'))";
    let mut select = connection.prepare(select)?;
    let times =
        select.query_map([since], |row| Ok(Stamp(row.get::<_, i64>(0)?.cast_unsigned())))?;
    Ok((times.collect::<rusqlite::Result<_>>()?, newest))
}

/// The times of all entries whose answers are searched.
pub(super) fn worded(connection: &Connection) -> rusqlite::Result<Vec<Stamp>> {
    let mut select = connection.prepare("SELECT at FROM entry WHERE said > 0")?;
    let rows = select.query_map([], |row| Ok(Stamp(row.get::<_, i64>(0)?.cast_unsigned())))?;
    rows.collect()
}

/// Nothing is in an index any more; everything gets there in pieces, as what is new does.
pub(super) fn start_again(connection: &Connection) -> rusqlite::Result<()> {
    let work = begin(connection)?;
    forget(&work)?;
    work.commit()
}

/// All entries are about to be forgotten: their indices are at once, and not row by row.
pub(super) fn forget(work: &Transaction<'_>) -> rusqlite::Result<()> {
    work.execute_batch(
        "INSERT OR IGNORE INTO fresh SELECT 0, id FROM entry
            UNION ALL SELECT 1, id FROM spec UNION ALL SELECT 2, id FROM said;
        INSERT INTO entry_words (entry_words) VALUES ('delete-all');
        INSERT INTO spec_words (spec_words) VALUES ('delete-all');
        INSERT INTO said_words (said_words) VALUES ('delete-all');",
    )
}
