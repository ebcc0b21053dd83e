//! The history's database: its layout, what was laid out by earlier versions, and opening it.
//!
//! ```text
//! entry   what the list shows, one row each           at most 100,000 of a year, the oldest go; pinned ones stay
//! spec    what was sent, as preset text, each once    at most 64 MiB, what was not sent for longest goes
//! said    the words of answers, each once             at most 64 MiB, what was not said for longest goes
//! *_words  indices of these three, by three letters   the first 256 KiB of a text
//! fresh   rows of the three that are in no index yet  they are looked through one by one
//! ```
//! Texts lie apart from the rows, so a list of five hundred rows reads five hundred lines however
//! long the bodies were; equal ones are kept once. What is written is in no index at first, so that nobody
//! waits for that who writes; `indexing.rs` does it in pieces, and triggers keep indices and rows together
//! whoever deletes, also an earlier version that has the database open.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::database::{SPEC_BYTES, begin, keep};
use crate::interop::history_spec::forgetting;
use crate::model::secrets::without_userinfo;
use crate::store::preset;

/// Layout of the database; a higher one belongs to a newer wirebench.
const VERSION: i64 = 6;

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
    CREATE INDEX entry_pinned ON entry (spec) WHERE pinned;";

/// From the layout of versions 2 to 4, where nothing was pinned.
const PINNED_COLUMN: &str = "
    ALTER TABLE entry ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX entry_pinned ON entry (spec) WHERE pinned;";

/// From the layout of versions 2 and 3, where an outcome was words only.
const OUTCOME_COLUMNS: &str = "
    ALTER TABLE entry ADD COLUMN kind TEXT;
    ALTER TABLE entry ADD COLUMN first INTEGER;
    ALTER TABLE entry ADD COLUMN second INTEGER;";

/// From the layout of version 1, where the text stood in the row and had no bound.
const FROM_VERSION_1: &str = "
    INSERT INTO entry (id, at, badge, summary, outcome, preset, spec, left_out)
        SELECT id, at,
            CASE WHEN side = 'listener' THEN 'SRV'
                WHEN protocol = 'http' THEN substr(summary, 1, instr(summary || ' ', ' ') - 1)
                ELSE upper(protocol) END,
            substr(summary, 1, 2000), substr(outcome, 1, 2000), preset, NULL, 0
        FROM old_entry;";

/// From the layout of versions before 6, of which nothing was in an index. Texts are long: of each what is
/// indexed is its beginning, and the same has to be told when it goes. `detail = none`: an index tells who
/// may hold a word, and the text is looked at.
const WORDS: &str = "
    ALTER TABLE entry ADD COLUMN said INTEGER;
    ALTER TABLE entry ADD COLUMN root TEXT;
    CREATE INDEX entry_at ON entry (at);
    CREATE INDEX entry_spec ON entry (spec);
    CREATE INDEX entry_said ON entry (said) WHERE said > 0;
    CREATE TABLE said (
        id INTEGER PRIMARY KEY,
        hash INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        used INTEGER NOT NULL,
        text TEXT NOT NULL
    );
    CREATE INDEX said_hash ON said (hash);
    CREATE INDEX said_used ON said (used, bytes);
    CREATE TABLE fresh (part INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (part, id))
        WITHOUT ROWID;
    INSERT INTO fresh SELECT 0, id FROM entry UNION ALL SELECT 1, id FROM spec;
    CREATE VIRTUAL TABLE entry_words USING fts5(summary, outcome,
        content = 'entry', content_rowid = 'id', tokenize = 'trigram', detail = none, columnsize = 0);
    CREATE VIRTUAL TABLE spec_words USING fts5(text,
        content = 'spec', content_rowid = 'id', tokenize = 'trigram', detail = none, columnsize = 0);
    CREATE VIRTUAL TABLE said_words USING fts5(text,
        content = 'said', content_rowid = 'id', tokenize = 'trigram', detail = none, columnsize = 0);
    INSERT INTO entry_words (entry_words, rank) VALUES ('secure-delete', 1);
    INSERT INTO spec_words (spec_words, rank) VALUES ('secure-delete', 1);
    INSERT INTO said_words (said_words, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER entry_made AFTER INSERT ON entry BEGIN
        INSERT OR IGNORE INTO fresh VALUES (0, new.id);
    END;
    CREATE TRIGGER entry_told AFTER UPDATE OF summary, outcome ON entry BEGIN
        INSERT INTO entry_words (entry_words, rowid, summary, outcome)
            SELECT 'delete', old.id, old.summary, old.outcome
            WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE part = 0 AND id = old.id);
        INSERT OR IGNORE INTO fresh VALUES (0, old.id);
    END;
    CREATE TRIGGER entry_unsaid AFTER UPDATE OF said ON entry WHEN old.said > 0 BEGIN
        DELETE FROM said WHERE id = old.said
            AND NOT EXISTS (SELECT 1 FROM entry WHERE said = old.said AND said > 0);
    END;
    CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN
        INSERT INTO entry_words (entry_words, rowid, summary, outcome)
            SELECT 'delete', old.id, old.summary, old.outcome
            WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE part = 0 AND id = old.id);
        DELETE FROM fresh WHERE part = 0 AND id = old.id;
        DELETE FROM said WHERE id = old.said
            AND NOT EXISTS (SELECT 1 FROM entry WHERE said = old.said AND said > 0);
    END;
    CREATE TRIGGER spec_made AFTER INSERT ON spec BEGIN
        INSERT OR IGNORE INTO fresh VALUES (1, new.id);
    END;
    CREATE TRIGGER spec_gone AFTER DELETE ON spec BEGIN
        INSERT INTO spec_words (spec_words, rowid, text)
            SELECT 'delete', old.id, substr(old.text, 1, 262144)
            WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE part = 1 AND id = old.id);
        DELETE FROM fresh WHERE part = 1 AND id = old.id;
    END;
    CREATE TRIGGER said_made AFTER INSERT ON said BEGIN
        INSERT OR IGNORE INTO fresh VALUES (2, new.id);
    END;
    CREATE TRIGGER said_gone AFTER DELETE ON said BEGIN
        INSERT INTO said_words (said_words, rowid, text)
            SELECT 'delete', old.id, old.text
            WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE part = 2 AND id = old.id);
        DELETE FROM fresh WHERE part = 2 AND id = old.id;
    END;
    PRAGMA user_version = 6;";

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
    if old < VERSION {
        work.execute_batch(WORDS)?;
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
