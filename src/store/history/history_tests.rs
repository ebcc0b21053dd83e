use std::fs;

use super::*;
use crate::model::http::HttpSpec;
use crate::model::spec::Spec;

fn sent(at: u64, url: &str) -> HistoryEntry {
    HistoryEntry {
        at: Stamp(at),
        summary: format!("GET {url}"),
        outcome: String::new(),
        spec: Spec::Http(HttpSpec { url: url.into(), ..HttpSpec::default() }),
        preset: PresetPath::parse("a/b").ok(),
    }
}

fn summaries(history: &mut History, text: &str) -> Vec<String> {
    let (entries, _) = history.query(text, 100).unwrap();
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
    assert_eq!(history.query("", 10).unwrap(), (vec![], 0));
    assert!(!folder.path().join("state").exists(), "looking creates nothing");
    history.append(&sent(1, "one")).unwrap();
    history.append(&sent(u64::MAX, "two")).unwrap();
    history.finish(Stamp(1), "200 OK").unwrap();
    let (entries, total) = history.query("", 10).unwrap();
    assert_eq!(total, 2);
    assert_eq!(entries[0], sent(u64::MAX, "two"));
    assert_eq!(entries[1], HistoryEntry { outcome: "200 OK".into(), ..sent(1, "one") });
    assert_eq!(history.query("", 1).unwrap().0.len(), 1);
}

#[test]
fn every_word_must_occur_and_wildcards_mean_themselves() {
    let (_folder, mut history) = fresh();
    for url in ["http://h/100%", "http://h/100", "http://h/a_b", "http://h/axb", r"http://h/c\d"] {
        history.append(&sent(1, url)).unwrap();
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
    history.append(&sent(0, "zero")).unwrap();
    let fill = |connection: &Connection| {
        connection.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {HISTORY_KEEPS})
             INSERT INTO entry (at, protocol, side, summary, outcome, spec)
             SELECT i, 'http', 'client', 's' || i, '', '[http]' FROM n"
        ))
    };
    history.with(fill).unwrap();
    history.append(&sent(1, "last")).unwrap();
    let (entries, total) = history.query("", 1).unwrap();
    assert_eq!(total, u64::from(HISTORY_KEEPS));
    assert_eq!(entries[0].summary, "GET last");
    assert_eq!(summaries(&mut history, "zero"), Vec::<String>::new());
}

#[test]
fn two_instances_write_at_once() {
    let (folder, mut first) = fresh();
    let path = folder.path().join("state/history.db");
    let other = std::thread::spawn(move || {
        let mut second = History::new(path);
        for number in 0..100 {
            second.append(&sent(number, "second")).unwrap();
        }
    });
    for number in 0..100 {
        first.append(&sent(number, "first")).unwrap();
    }
    other.join().unwrap();
    first.finish(Stamp(7), "mine").unwrap();
    assert_eq!(first.query("", 1).unwrap().1, 200);
    let (mine, _) = first.query("mine", 10).unwrap();
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
    history.append(&sent(1, "before")).unwrap();
    close(history);
    let path = folder.path().join("state/history.db");
    fs::write(&path, b"this is no database, it only looks like a file of that name").unwrap();
    let mut history = History::new(path.clone());
    history.append(&sent(2, "after")).unwrap();
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
        history.append(&sent(number, &"x".repeat(400))).unwrap();
    }
    close(history);
    let path = folder.path().join("state/history.db");
    let mut bytes = fs::read(&path).unwrap();
    let len = bytes.len();
    bytes[4096..len].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let mut history = History::new(path);
    let answer = history.query("x", 10);
    assert!(answer.is_ok(), "{answer:?}");
    history.append(&sent(1, "after")).unwrap();
    assert!(history.notice.take().is_some());
}

#[test]
fn a_newer_database_is_left_alone() {
    let (folder, mut history) = fresh();
    history.append(&sent(1, "a")).unwrap();
    history.with(|connection| connection.execute_batch("PRAGMA user_version = 99")).unwrap();
    drop(history);
    let mut history = History::new(folder.path().join("state/history.db"));
    let failure = history.append(&sent(2, "b")).unwrap_err();
    assert!(failure.cause.contains("newer"), "{failure}");
}

#[test]
fn a_place_that_cannot_be_written_is_a_failure_in_words() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state"), "a file").unwrap();
    let mut history = History::new(folder.path().join("state/history.db"));
    let failure = history.append(&sent(1, "a")).unwrap_err();
    assert!(failure.cause.contains("a file stands where a folder is needed"), "{failure}");
}
