#[path = "searched_tests.rs"]
mod searched;

use std::fs;

use super::*;
use crate::model::failure::FailureKind;
use crate::model::http::{HttpBody, HttpSpec};
use crate::model::preset::PresetPath;
use crate::query::AskersClock;

fn sent(at: u64, url: &str) -> HistoryEntry {
    HistoryEntry {
        at: Stamp(at),
        summary: format!("GET {url}"),
        outcome: SessionOutcome::Unknown,
        spec: Spec::Http(HttpSpec { url: url.into(), ..HttpSpec::default() }),
        preset: PresetPath::parse("a/b").ok(),
        left_out: 0,
    }
}

fn ok() -> SessionOutcome {
    SessionOutcome::Status { code: 200, took: Some(Duration::from_millis(12)) }
}

fn posted(at: u64, body: String) -> HistoryEntry {
    let body = HttpBody::Text(body);
    let spec = Spec::Http(HttpSpec { body, ..HttpSpec::default() });
    HistoryEntry { spec, ..sent(at, "with a body") }
}

/// What the entries show, and what each of them sent.
fn whole(history: &mut History, rows: &[HistoryRow]) -> Vec<HistoryEntry> {
    let entry = |row: &HistoryRow| {
        let HistorySpec::Kept { spec, left_out } = history.read(row.name).unwrap() else {
            panic!("{row:?} is gone")
        };
        HistoryEntry {
            at: row.name.at,
            summary: row.summary.clone(),
            outcome: row.outcome.clone(),
            spec: *spec,
            preset: row.preset.clone(),
            left_out,
        }
    };
    rows.iter().map(entry).collect()
}

fn question(text: &str, limit: u32) -> HistoryQuestion {
    let search = HistorySearch::read(text, AskersClock::default()).unwrap();
    HistoryQuestion { text: text.into(), search, limit, ..HistoryQuestion::default() }
}

/// What the newest entries are for which a text holds, and how many there are.
fn asked(history: &mut History, text: &str, limit: u32) -> Result<(Vec<HistoryRow>, u64), Failure> {
    history.query(&question(text, limit))
}

fn summaries(history: &mut History, text: &str) -> Vec<String> {
    let (entries, _) = asked(history, text, 100).unwrap();
    entries.into_iter().map(|entry| entry.summary).collect()
}

fn fresh() -> (tempfile::TempDir, History) {
    let folder = tempfile::tempdir().unwrap();
    let history = History::new(folder.path().join("state/history.db"));
    (folder, history)
}

#[test]
fn entries_come_back_as_they_were_newest_first() {
    let (folder, mut history) = fresh();
    assert_eq!(asked(&mut history, "", 10).unwrap(), (vec![], 0));
    assert!(!folder.path().join("state").exists(), "looking creates nothing");
    history.append(sent(1, "one")).unwrap();
    history.append(sent(u64::MAX, "two")).unwrap();
    history.finish(Stamp(1), ok()).unwrap();
    let (entries, total) = asked(&mut history, "", 10).unwrap();
    assert_eq!(total, 2);
    let first = HistoryEntry { outcome: ok(), ..sent(1, "one") };
    assert_eq!(whole(&mut history, &entries), [sent(u64::MAX, "two"), first]);
    assert_eq!(entries[0].badge, "GET");
    assert_eq!(asked(&mut history, "", 1).unwrap().0.len(), 1);
}

#[test]
fn every_word_must_occur_and_wildcards_mean_themselves() {
    let (_folder, mut history) = fresh();
    for url in ["http://h/100%", "http://h/100", "http://h/a_b", "http://h/axb", r"http://h/c\d"] {
        history.append(sent(1, url)).unwrap();
    }
    assert_eq!(summaries(&mut history, "100%"), ["GET http://h/100%"]);
    assert_eq!(summaries(&mut history, "a_b get"), ["GET http://h/a_b"]);
    assert_eq!(summaries(&mut history, r"c\d"), [r"GET http://h/c\d"]);
    assert_eq!(summaries(&mut history, "h 100 nowhere"), Vec::<String>::new());
    assert_eq!(summaries(&mut history, "'; DROP TABLE entry; --"), Vec::<String>::new());
    assert_eq!(summaries(&mut history, "").len(), 5);
}

#[test]
fn only_the_newest_are_kept() {
    let (_folder, mut history) = fresh();
    history.append(sent(0, "zero")).unwrap();
    let keeps = database::ENTRIES;
    let fill = |connection: &Connection| {
        connection.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {keeps})
             INSERT INTO entry (at, badge, summary, outcome, left_out)
             SELECT i, 'GET', 's' || i, '', 0 FROM n"
        ))
    };
    history.with(fill).unwrap();
    history.append(sent(1, "last")).unwrap();
    let (entries, total) = asked(&mut history, "", 1).unwrap();
    assert_eq!(total, u64::from(database::ENTRIES));
    assert_eq!(entries[0].summary, "GET last");
    assert_eq!(summaries(&mut history, "zero"), Vec::<String>::new());
}

#[test]
fn two_instances_write_at_once() {
    let (folder, mut first) = fresh();
    let path = folder.path().join("state/history.db");
    // One that finds it locked tries again later, as its owner does.
    let append = |history: &mut History, number, name| {
        let mut tries = (0..1_000).map(|_| history.append(sent(number, name)));
        let kept = tries.find(|tried| !matches!(tried, Err(e) if e.kind == FailureKind::Busy));
        kept.expect("it is free in the end").unwrap();
    };
    let other = std::thread::spawn(move || {
        let mut second = History::new(path);
        for number in 0..100 {
            append(&mut second, number, "second");
        }
    });
    for number in 0..100 {
        append(&mut first, number, "first");
    }
    other.join().unwrap();
    let failed = SessionOutcome::Failed("mine".into());
    first.finish(Stamp(7), failed).unwrap();
    assert_eq!(asked(&mut first, "", 1).unwrap().1, 200);
    let (mine, _) = asked(&mut first, "mine", 10).unwrap();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0].summary, "GET first");
}

/// Closes with everything in the database file itself, none of it in its log.
fn close(mut history: History) {
    let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
    history.with(|connection| connection.query_row(fold, [], |_| Ok(()))).unwrap();
}

#[test]
fn a_damaged_database_is_set_aside_and_told_once() {
    let (folder, mut history) = fresh();
    history.append(sent(1, "before")).unwrap();
    close(history);
    let path = folder.path().join("state/history.db");
    fs::write(&path, b"this is no database, it only looks like a file of that name").unwrap();
    let mut history = History::new(path.clone());
    history.append(sent(2, "after")).unwrap();
    let notice = history.notice.take().unwrap();
    assert!(notice.hint.contains("history.damaged-1.db"), "{notice}");
    assert_eq!(history.notice.take(), None);
    assert_eq!(summaries(&mut history, ""), ["GET after"]);
    assert!(fs::read(aside(&path, 1, "")).unwrap().starts_with(b"this is no database"));
}

#[test]
fn damage_in_the_middle_is_noticed_too() {
    let (folder, mut history) = fresh();
    for number in 0..200 {
        history.append(sent(number, &"x".repeat(400))).unwrap();
    }
    close(history);
    let path = folder.path().join("state/history.db");
    let mut bytes = fs::read(&path).unwrap();
    let len = bytes.len();
    bytes[4096..len].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let mut history = History::new(path);
    let answer = asked(&mut history, "x", 10);
    assert!(answer.is_ok(), "{answer:?}");
    history.append(sent(1, "after")).unwrap();
    assert!(history.notice.take().is_some());
}

#[test]
fn a_newer_database_is_left_alone() {
    let (folder, mut history) = fresh();
    history.append(sent(1, "a")).unwrap();
    history.with(|connection| connection.execute_batch("PRAGMA user_version = 99")).unwrap();
    drop(history);
    let mut history = History::new(folder.path().join("state/history.db"));
    let failure = history.append(sent(2, "b")).unwrap_err();
    assert!(failure.cause.contains("newer"), "{failure}");
}

#[test]
fn a_place_that_cannot_be_written_is_a_failure_in_words() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state"), "a file").unwrap();
    let mut history = History::new(folder.path().join("state/history.db"));
    let failure = history.append(sent(1, "a")).unwrap_err();
    assert!(failure.cause.contains("a file stands where a folder is needed"), "{failure}");
}

fn number(history: &mut History, select: &str) -> i64 {
    history.with(|connection| connection.query_row(select, [], |row| row.get(0))).unwrap()
}

#[test]
fn equal_requests_are_kept_once_and_the_oldest_bodies_make_room() {
    let (folder, mut history) = fresh();
    let body = |n: u64| format!("{n}").repeat(4 << 20);
    for at in 0..20 {
        history.append(posted(at, body(1))).unwrap();
    }
    assert_eq!(number(&mut history, "SELECT count(*) FROM spec"), 1);
    for at in 20..44 {
        history.append(posted(at, body(at % 8 + 2) + &at.to_string())).unwrap();
    }
    let (rows, total) = asked(&mut history, "", 100).unwrap();
    assert_eq!((rows.len(), total), (44, 44), "every entry stays in the list");
    let kept = number(&mut history, "SELECT sum(bytes) FROM spec").unsigned_abs();
    assert!(kept <= database::SPEC_BYTES && kept > database::SPEC_BYTES / 2, "{kept}");
    assert_eq!(whole(&mut history, &rows[..10])[0], posted(43, body(5) + "43"));
    let oldest = history.read(rows[43].name).unwrap();
    assert_eq!(oldest, HistorySpec::Gone { preset: PresetPath::parse("a/b").ok() });
    close(history);
    let files = fs::read_dir(folder.path().join("state")).unwrap().flatten();
    let bytes: u64 = files.map(|file| file.metadata().unwrap().len()).sum();
    assert!(bytes < database::SPEC_BYTES * 3 / 2, "{bytes}");
}

#[test]
fn a_database_of_version_1_keeps_its_rows_and_its_newest_texts() {
    let (folder, mut history) = fresh();
    let path = folder.path().join("state/history.db");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
             protocol TEXT NOT NULL, side TEXT NOT NULL, summary TEXT NOT NULL,
             outcome TEXT NOT NULL, spec TEXT NOT NULL, preset TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         INSERT INTO entry (at, protocol, side, summary, outcome, spec, preset)
             SELECT i, 'http', 'client', 'POST http://h/' || i, '200',
             '[http]' || char(10) || 'body.text = ''' || hex(zeroblob(500000)) || i || '''', 'a/b'
             FROM n;
         INSERT INTO entry (at, protocol, side, summary, outcome, spec, preset)
             VALUES (101, 'tcp', 'listener', 'listen tcp :1', '', '[tcp-listener]', NULL),
                    (102, 'udp', 'client', 'udp h:1', '', '[udp]', NULL);
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let before = fs::metadata(&path).unwrap().len();
    let (rows, total) = asked(&mut history, "", 200).unwrap();
    assert_eq!((rows.len(), total), (102, 102));
    let badges: Vec<&str> = rows[..3].iter().map(|row| row.badge.as_str()).collect();
    assert_eq!(badges, ["UDP", "SRV", "POST"]);
    assert!(whole(&mut history, &rows[2..3])[0].spec.payload_bytes() > 1_000_000);
    let oldest = history.read(rows[101].name).unwrap();
    assert_eq!(oldest, HistorySpec::Gone { preset: PresetPath::parse("a/b").ok() });
    history.append(sent(103, "new")).unwrap();
    assert_eq!(number(&mut history, "SELECT max(id) FROM entry"), 103, "ids go on");
    close(history);
    assert!(fs::metadata(&path).unwrap().len() < before * 4 / 5, "the room is given back");
}

#[test]
fn what_is_forgotten_is_in_no_file_any_more() {
    let (folder, mut history) = fresh();
    let state = folder.path().join("state");
    let found = |word: &str| {
        let files = fs::read_dir(&state).unwrap().flatten();
        let bytes: Vec<Vec<u8>> = files.map(|file| fs::read(file.path()).unwrap()).collect();
        bytes.iter().any(|bytes| memchr::memmem::find(bytes, word.as_bytes()).is_some())
    };
    for (at, word) in [(1, "first-secret"), (2, "second-secret"), (3, "third-secret")] {
        history.append(posted(at, format!("{word} {}", "x".repeat(9000)))).unwrap();
    }
    fs::write(aside(&state.join("history.db"), 1, ""), "a-damaged-secret").unwrap();
    let (rows, _) = asked(&mut history, "", 10).unwrap();
    assert!(found("second-secret"));
    assert_eq!(history.forget(Some(rows[1].name)).unwrap(), 1);
    assert!(!found("second-secret") && found("first-secret"));
    history.finish(Stamp(2), ok()).unwrap();
    assert!(history.read(rows[1].name).is_err());
    assert_eq!(asked(&mut history, "", 10).unwrap().1, 2);
    assert!(found("a-damaged-secret"));
    assert_eq!(history.forget(None).unwrap(), 2);
    for word in ["first-secret", "third-secret", "a-damaged-secret"] {
        assert!(!found(word), "{word}");
    }
    history.append(sent(4, "goes on")).unwrap();
    assert_eq!(summaries(&mut history, ""), ["GET goes on"]);
}

#[test]
fn what_cannot_be_written_is_shown_and_written_later() {
    let (folder, mut history) = fresh();
    history.append(sent(1, "before")).unwrap();
    let other = Connection::open(folder.path().join("state/history.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let failure = history.append(sent(2, "meanwhile")).unwrap_err();
    assert!(failure.cause.contains("locked") && failure.hint.contains("tried again"), "{failure}");
    assert!(history.retry.is_some());
    let (rows, total) = asked(&mut history, "", 10).unwrap();
    assert_eq!((rows[0].summary.as_str(), rows[0].name.row, total), ("GET meanwhile", None, 2));
    assert_eq!(asked(&mut history, "nothing", 10).unwrap().1, 0);
    assert_eq!(whole(&mut history, &rows[..1]), [sent(2, "meanwhile")]);
    other.execute_batch("COMMIT").unwrap();
    history.finish(Stamp(2), ok()).unwrap();
    assert_eq!(history.retry, None);
    // A row that was shown before it was written is still found.
    let HistorySpec::Kept { .. } = history.read(rows[0].name).unwrap() else { panic!() };
    let (rows, total) = asked(&mut history, "", 10).unwrap();
    assert_eq!((&rows[0].outcome, total), (&ok(), 2));
    assert!(rows[0].name.row.is_some());
}

/// Makes what this version laid out into what version 5 did.
const WITHOUT_WORDS: &str = "DROP TRIGGER entry_made; DROP TRIGGER entry_told; DROP TRIGGER entry_unsaid;
    DROP TRIGGER entry_gone; DROP TRIGGER spec_made; DROP TRIGGER spec_gone; DROP TRIGGER said_made;
    DROP TRIGGER said_gone; DROP TABLE entry_words; DROP TABLE spec_words; DROP TABLE said_words;
    DROP TABLE fresh; DROP TABLE said; DROP INDEX entry_at; DROP INDEX entry_spec; DROP INDEX entry_said;
    ALTER TABLE entry DROP COLUMN root;
    ALTER TABLE entry DROP COLUMN said; PRAGMA user_version = 5;";

/// Makes what version 5 laid out into what version 3 did.
const WITHOUT_KINDS: &str =
    "ALTER TABLE entry DROP COLUMN kind; ALTER TABLE entry DROP COLUMN first;
    ALTER TABLE entry DROP COLUMN second; DROP INDEX entry_pinned;
    ALTER TABLE entry DROP COLUMN pinned; PRAGMA user_version = 3;";

#[test]
fn outcomes_of_version_3_are_read_from_their_words_and_stay_found() {
    let (folder, mut history) = fresh();
    history.append(sent(1, "one")).unwrap();
    close(history);
    let path = folder.path().join("state/history.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(WITHOUT_WORDS).unwrap();
    old.execute_batch(WITHOUT_KINDS).unwrap();
    let rows =
        ["201 Created, 12 ms", "5 B sent, 13 B received", "4 requests", "it said 5 requests"];
    for (at, words) in (2..).zip(rows) {
        let add = "INSERT INTO entry (at, badge, summary, outcome, left_out)
            VALUES (?1, 'GET', 'GET old', ?2, 0)";
        old.execute(add, rusqlite::params![at, words]).unwrap();
    }
    drop(old);
    let mut history = History::new(path);
    history.finish(Stamp(1), ok()).unwrap();
    history.append(HistoryEntry { outcome: ok(), ..sent(9, "new") }).unwrap();
    let (rows, _) = asked(&mut history, "", 10).unwrap();
    let outcomes: Vec<SessionOutcome> = rows.into_iter().map(|row| row.outcome).collect();
    let took = Some(Duration::from_millis(12));
    let expected = [
        ok(),
        SessionOutcome::Failed("it said 5 requests".into()),
        SessionOutcome::Requests(4),
        SessionOutcome::Bytes { sent: 5, received: 13 },
        SessionOutcome::Status { code: 201, took },
        SessionOutcome::Unknown,
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(summaries(&mut history, "created"), ["GET old"]);
}

#[test]
fn what_earlier_versions_kept_of_credentials_becomes_marks_at_the_first_start() {
    let (folder, mut history) = fresh();
    history.append(sent(1, "http://h/plain")).unwrap();
    close(history);
    let state = folder.path().join("state");
    let old = Connection::open(state.join("history.db")).unwrap();
    old.execute_batch(WITHOUT_WORDS).unwrap();
    old.execute_batch(WITHOUT_KINDS).unwrap();
    old.execute_batch(
        "INSERT INTO spec (hash, bytes, used, text) VALUES (7, 9, 2, '[http]
url = \"http://ann:hunter2@h/x\"
auth.bearer = \"hunter2\"
headers = [\"Cookie: sid=hunter2\", \"X-Api-Key: {{secret.k}}\"]
');
         INSERT INTO spec (hash, bytes, used, text) VALUES (8, 9, 3, 'no preset');
         INSERT INTO entry (at, badge, summary, outcome, preset, spec, left_out)
             VALUES (2, 'GET', 'GET http://ann:hunter2@h/x', 'no http://ann:hunter2@h', NULL, 2, 0),
                    (3, 'GET', 'GET http://h/3', '', NULL, 3, 0);
         PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(old);
    let mut history = History::new(state.join("history.db"));
    let (rows, total) = asked(&mut history, "", 10).unwrap();
    assert_eq!(total, 3);
    assert_eq!(rows[1].summary, "GET http://********@h/x");
    let HistorySpec::Kept { spec, .. } = history.read(rows[1].name).unwrap() else { panic!() };
    let Spec::Http(http) = *spec else { panic!() };
    assert_eq!(http.url, "http://ann:{{forgotten}}@h/x");
    assert_eq!(http.headers[1].value, "{{secret.k}}");
    let HistorySpec::Kept { spec, .. } = history.read(rows[2].name).unwrap() else { panic!() };
    assert_eq!(*spec, sent(1, "http://h/plain").spec);
    assert!(history.read(rows[0].name).is_err(), "what cannot be read stays as it is");
    close(history);
    for file in fs::read_dir(&state).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap();
        assert!(memchr::memmem::find(&bytes, b"hunter2").is_none(), "{:?}", file.path());
    }
}

#[test]
fn entries_are_found_by_tests_and_words_together() {
    let (_folder, mut history) = fresh();
    for (at, url, code) in [(1, "http://a/x", 200), (2, "http://b/x", 500), (3, "http://b/y", 404)]
    {
        let outcome = SessionOutcome::Status { code, took: None };
        history.append(HistoryEntry { outcome, ..sent(at, url) }).unwrap();
    }
    assert_eq!(summaries(&mut history, "status >= 400"), ["GET http://b/y", "GET http://b/x"]);
    assert_eq!(summaries(&mut history, "status >= 400 and host == b b/x"), ["GET http://b/x"]);
    assert_eq!(
        summaries(&mut history, "preset == a method == GET status < 300"),
        ["GET http://a/x"]
    );
    let (rows, total) = asked(&mut history, "host == b", 1).unwrap();
    assert_eq!((rows.len(), total), (1, 2));
}

#[test]
fn what_is_pinned_outlives_bounds_and_age_until_it_is_not() {
    let (folder, mut history) = fresh();
    history.append(posted(1, "kept".into())).unwrap();
    history.append(posted(2, "not kept".into())).unwrap();
    let (rows, _) = asked(&mut history, "", 10).unwrap();
    let (old, other) = (rows[1].name, rows[0].name);
    history.pin(old, true).unwrap();
    assert_eq!(asked(&mut history, "pinned", 10).unwrap().1, 1);
    // Far more than a year later, and more bytes than are kept.
    let years = 3 * 365 * 24 * 60 * 60 * 1_000_000_000;
    for at in 0..10 {
        let body = format!("{at}{}", "x".repeat(HISTORY_BODY as usize - 1));
        history.append(posted(years + at, body)).unwrap();
    }
    let HistorySpec::Kept { spec, .. } = history.read(old).unwrap() else { panic!("it went") };
    assert!(format!("{spec:?}").contains("kept"));
    assert!(history.read(other).is_err(), "older than a year");
    close(history);
    let mut history = History::new(folder.path().join("state/history.db"));
    assert!(asked(&mut history, "pinned", 10).unwrap().0[0].is_pinned);
    history.pin(old, false).unwrap();
    history.append(sent(years + 20, "http://h/")).unwrap();
    assert!(history.read(old).is_err(), "it goes as others do");
    history.pin(other, true).unwrap();
    assert_eq!(asked(&mut history, "pinned", 10).unwrap().1, 0, "one that is gone is not pinned");
}
