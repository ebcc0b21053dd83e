//! Full text: what was sent and answered is found, with and without the indices, and what is forgotten is not.

use proptest::prelude::*;

use super::*;
use crate::model::secrets::Secrets;
use crate::query::HitPlace;

/// Everything is in its index.
fn index(history: &mut History) {
    while history.index_some().unwrap() {}
    let check = "INSERT INTO {0} ({0}, rank) VALUES ('integrity-check', 1)";
    for table in ["entry_words", "spec_words", "said_words"] {
        let check = check.replace("{0}", table);
        history.with(|connection| connection.execute(&check, [])).unwrap();
    }
}

/// Hits as `place: before[found]after`, of rows that have one.
fn hits(history: &mut History, text: &str) -> Vec<String> {
    let (rows, _) = asked(history, text, 100).unwrap();
    let told = |row: &HistoryRow| {
        let hit = row.hit.as_ref()?;
        Some(format!("{}: {}[{}]{}", hit.place.name(), hit.before, hit.found, hit.after))
    };
    rows.iter().filter_map(told).collect()
}

#[test]
fn requests_and_answers_are_found_by_any_part_of_a_word_and_shown_around_it() {
    let (_folder, mut history) = fresh();
    history.append(posted(1, "{\"name\": \"Ann Lee\"}".into())).unwrap();
    history.append(sent(2, "http://h/users")).unwrap();
    history
        .keep_words(Stamp(2), Some("HTTP/1.1 200 OK\n\n{\"error\": \"no  such user\"}"))
        .unwrap();
    for is_indexed in [false, true] {
        if is_indexed {
            index(&mut history);
        }
        let found = hits(&mut history, "\"nn le\"");
        assert!(found.len() == 1 && found[0].starts_with("request: "), "{found:?}");
        assert!(found[0].contains("[nn Le]e"), "{found:?}");
        assert_eq!(
            hits(&mut history, "SUCH"),
            ["answer: HTTP/1.1 200 OK {\"error\": \"no [such] user\"}"]
        );
        assert_eq!(hits(&mut history, "answer contains 'users'"), Vec::<String>::new());
        assert_eq!(hits(&mut history, "answer:error get").len(), 1);
        assert_eq!(hits(&mut history, "request:error"), Vec::<String>::new());
        // The line itself needs no words beside it.
        let (rows, total) = asked(&mut history, "users", 10).unwrap();
        assert_eq!((rows.len(), total, rows[0].hit.as_ref()), (1, 1, None));
        let hidden = Secrets::new(["no  such user"]);
        let hidden = HistoryQuestion { hidden, ..question("error", 5) };
        let (rows, _) = history.query(&hidden).unwrap();
        let hit = rows[0].hit.as_ref().unwrap();
        assert!(!hit.after.contains("such") && hit.place == HitPlace::Answer, "{hit:?}");
    }
}

#[test]
fn what_lies_beyond_the_newest_rows_is_found_by_the_indices() {
    let (_folder, mut history) = fresh();
    history.append(posted(1, "the needle".into())).unwrap();
    history.append(sent(2, "http://h/hay-needle")).unwrap();
    history.append(sent(3, "http://h/answered")).unwrap();
    history.keep_words(Stamp(3), Some("a needle, too")).unwrap();
    for at in 4..1_000 {
        history.append(sent(at, &format!("http://h/{at}"))).unwrap();
    }
    for is_indexed in [false, true] {
        if is_indexed {
            index(&mut history);
        }
        let (rows, total) = asked(&mut history, "needle", 100).unwrap();
        let at: Vec<u64> = rows.iter().map(|row| row.name.at.0).collect();
        assert_eq!((at, total), (vec![3, 2, 1], 3));
        assert_eq!(asked(&mut history, "needle", 2).unwrap().1, 3);
        // A word of all of them ends with those that are wanted.
        let (rows, total) = asked(&mut history, "http", 500).unwrap();
        assert_eq!((rows.len(), total, rows[0].name.at.0), (500, 501, 999));
        assert_eq!(asked(&mut history, "h/4 status == 200", 10).unwrap().1, 0);
        assert_eq!(asked(&mut history, "/9", 1_000).unwrap().1, 1 + 10 + 100, "a short word");
    }
    let (rows, _) = asked(&mut history, "hay-needle", 10).unwrap();
    history.finish(Stamp(2), SessionOutcome::Failed("refused".into())).unwrap();
    assert_eq!(summaries(&mut history, "refused"), ["GET http://h/hay-needle"]);
    index(&mut history);
    assert_eq!(summaries(&mut history, "refused"), ["GET http://h/hay-needle"]);
    assert_eq!(history.forget(Some(rows[0].name)).unwrap(), 1);
    index(&mut history);
    assert_eq!(asked(&mut history, "needle", 100).unwrap().1, 2);
    assert_eq!(asked(&mut history, "refused", 100).unwrap().1, 0);
}

#[test]
fn answers_are_looked_for_of_entries_that_are_new_and_may_have_one() {
    let (_folder, mut history) = fresh();
    let talk = SessionOutcome::Bytes { sent: 1, received: 1 };
    let failed = SessionOutcome::Failed("cut off".into());
    for (at, outcome) in
        [(1, ok()), (2, talk), (3, failed), (4, SessionOutcome::Unknown), (5, ok())]
    {
        history.append(HistoryEntry { outcome, ..sent(at, "http://h/") }).unwrap();
    }
    let mut times = |since| {
        let (times, newest) = history.unworded(since).unwrap();
        let mut times: Vec<u64> = times.into_iter().map(|at| at.0).collect();
        times.sort_unstable();
        (times, newest)
    };
    assert_eq!(times(0), (vec![1, 3, 4, 5], 5));
    assert_eq!(times(3), (vec![4, 5], 5));
    assert_eq!(times(5), (vec![], 5));
    history.keep_words(Stamp(1), Some("HTTP/1.1 200 OK")).unwrap();
    history.keep_words(Stamp(5), None).unwrap();
    let (times, _) = history.unworded(0).unwrap();
    assert_eq!(times, [3, 4].map(Stamp).into());
}

#[test]
fn presets_that_sent_something_and_are_gone_are_told_with_what_they_sent_last() {
    let (_folder, mut history) = fresh();
    history.use_workspace(Path::new("/w"));
    let of = |preset: &str, at, url: &str| HistoryEntry {
        preset: PresetPath::parse(preset).ok(),
        ..sent(at, url)
    };
    for entry in [of("a", 1, "http://h/1"), of("b", 2, "http://h/2"), of("a", 3, "http://h/3")] {
        history.append(entry).unwrap();
    }
    history.append(HistoryEntry { preset: None, ..sent(4, "http://h/4") }).unwrap();
    let long =
        HistoryEntry { preset: PresetPath::parse("long").ok(), ..posted(5, "x".repeat(100_000)) };
    history.append(long).unwrap();
    let mut lost = |known: &str| {
        let found = history.lost_presets(|path| path.as_str() == known).unwrap();
        let told = found.iter().map(|(path, spec)| format!("{path} {}", spec.address()));
        told.collect::<Vec<_>>()
    };
    assert_eq!(lost(""), ["a http://h/3", "b http://h/2"]);
    assert_eq!(lost("a"), ["b http://h/2"]);
    history.use_workspace(Path::new("/other"));
    assert!(history.lost_presets(|_| false).unwrap().is_empty());
}

#[test]
fn a_damaged_index_is_made_anew_and_costs_no_entry() {
    let (folder, mut history) = fresh();
    for at in 1..20 {
        history.append(posted(at, format!("needle-{at}"))).unwrap();
    }
    index(&mut history);
    let damage = "DELETE FROM entry_words_data; DELETE FROM spec_words_data;
        DELETE FROM said_words_data;";
    history.with(|connection| connection.execute_batch(damage)).unwrap();
    close(history);
    let mut history = History::new(folder.path().join("state/history.db"));
    assert_eq!(asked(&mut history, "needle-7", 10).unwrap().1, 1);
    history.append(posted(20, "needle-20".into())).unwrap();
    assert_eq!(history.forget(Some(HistoryName { row: Some(3), at: Stamp(3) })).unwrap(), 1);
    index(&mut history);
    assert_eq!(asked(&mut history, "needle", 100).unwrap().1, 19);
    assert_eq!((history.notice.take(), aside(&history.path, 1, "").exists()), (None, false));
}

#[test]
fn a_database_of_version_5_is_searched_at_once_and_gets_its_indices_in_pieces() {
    let (folder, mut history) = fresh();
    for at in 1..=1_500 {
        history.append(posted(at, format!("number-{at}-sent"))).unwrap();
    }
    close(history);
    let path = folder.path().join("state/history.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(WITHOUT_WORDS).unwrap();
    let mut history = History::new(path);
    let found = hits(&mut history, "number-77-sent");
    assert!(found.len() == 1 && found[0].contains("[number-77-sent]"), "{found:?}");
    let mut pieces = 0;
    while history.index_some().unwrap() {
        pieces += 1;
        assert_eq!(asked(&mut history, "number-77-sent", 10).unwrap().1, 1, "{pieces}");
    }
    assert!(pieces >= 10, "{pieces}");
    // One that was open all the time goes on as it did.
    old.execute("DELETE FROM entry WHERE at = 77", []).unwrap();
    old.execute("DELETE FROM spec WHERE id NOT IN (SELECT spec FROM entry)", []).unwrap();
    old.execute_batch(
        "INSERT INTO spec (hash, bytes, used, text) VALUES (1, 9, 1, '[http] # of the older one');
         INSERT INTO entry (at, badge, summary, outcome, spec, left_out)
             VALUES (9999, 'GET', 'GET older', '', (SELECT max(id) FROM spec), 0);",
    )
    .unwrap();
    assert_eq!(asked(&mut history, "number-77-sent", 10).unwrap().1, 0);
    assert_eq!(hits(&mut history, "\"the older\"").len(), 1);
    index(&mut history);
    assert_eq!(hits(&mut history, "\"the older\"").len(), 1);
}

#[test]
fn words_of_answers_go_with_their_answers_their_entries_and_their_bounds() {
    let (folder, mut history) = fresh();
    for at in 1..=4 {
        history.append(sent(at, "http://h/")).unwrap();
        assert!(history.wants_words(Stamp(at)).unwrap());
        let words = if at == 4 { "the last-one" } else { "equal-words in each" };
        history.keep_words(Stamp(at), Some(words)).unwrap();
        assert!(!history.wants_words(Stamp(at)).unwrap());
    }
    assert_eq!(number(&mut history, "SELECT count(*) FROM said"), 2, "equal ones once");
    index(&mut history);
    assert_eq!(asked(&mut history, "equal-words", 10).unwrap().1, 3);
    history.forget_words(&[Stamp(1), Stamp(4), Stamp(99)]).unwrap();
    assert_eq!(history.worded().unwrap(), [Stamp(2), Stamp(3)]);
    assert_eq!(asked(&mut history, "equal-words", 10).unwrap().1, 2);
    assert_eq!(asked(&mut history, "last-one", 10).unwrap().1, 0);
    assert!(!history.wants_words(Stamp(1)).unwrap(), "it is gone for good");
    let (rows, _) = asked(&mut history, "equal-words", 10).unwrap();
    for row in rows {
        history.forget(Some(row.name)).unwrap();
    }
    index(&mut history);
    assert_eq!(number(&mut history, "SELECT count(*) FROM said"), 0);
    close(history);
    for file in fs::read_dir(folder.path().join("state")).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap();
        for word in ["equal-words", "last-one"] {
            assert!(memchr::memmem::find(&bytes, word.as_bytes()).is_none(), "{word}");
        }
    }
}

#[test]
fn no_more_words_are_kept_than_there_is_room_for() {
    let (_folder, mut history) = fresh();
    let count = indexing::SAID_BYTES / (256 * 1024) + 8;
    for at in 1..=count {
        history.append(sent(at, "http://h/")).unwrap();
        let words = format!("first-{at}-words {}", "x".repeat(256 * 1024 - 20));
        history.keep_words(Stamp(at), Some(&words)).unwrap();
    }
    let kept = number(&mut history, "SELECT sum(bytes) FROM said").unsigned_abs();
    assert!(kept <= indexing::SAID_BYTES && kept > indexing::SAID_BYTES - 512 * 1024, "{kept}");
    assert_eq!(asked(&mut history, "first-1-words", 10).unwrap().1, 0);
    assert_eq!(asked(&mut history, &format!("first-{count}-words"), 10).unwrap().1, 1);
    assert_eq!(history.forget(None).unwrap(), count);
    index(&mut history);
    assert_eq!(number(&mut history, "SELECT count(*) FROM said"), 0);
}

#[test]
#[ignore = "a measurement: a search over as many entries as are kept"]
#[allow(clippy::too_many_lines, reason = "filled, indexed and asked in a row")]
fn a_search_over_all_entries_is_timed() {
    let (_folder, mut history) = fresh();
    let entries = u64::from(database::ENTRIES);
    let kinds = ["orders", "users", "carts", "items", "prices"];
    for at in 1..=entries {
        let kind = kinds[at as usize % kinds.len()];
        let outcome = SessionOutcome::Status { code: 200 + (at % 5) as u16 * 100, took: None };
        let entry = sent(at, &format!("http://api.example/{kind}/{at}?page=1"));
        history.held.push_back(HistoryEntry { outcome, ..entry });
        if at.is_multiple_of(500) {
            history.write_held().unwrap();
        }
    }
    let words = |at: u64| {
        let kind = kinds[at as usize % kinds.len()];
        format!("HTTP/1.1 200 OK\nContent-Type: application/json\n\n{{\"id\": {at}, \"kind\": \"{kind}\", \"name\": \"name {}\", \"text\": \"lorem ipsum dolor sit amet {at:x}\"}}\n", at * 7919)
            .repeat(3)
    };
    history
        .with(|connection| {
            connection.execute_batch("BEGIN")?;
            for at in 1..=entries {
                let words = words(at);
                let insert =
                    "INSERT INTO said (id, hash, bytes, used, text) VALUES (?1, ?1, ?2, ?1, ?3)";
                connection.execute(
                    insert,
                    rusqlite::params![at.cast_signed(), words.len().cast_signed(), words],
                )?;
                connection
                    .execute("UPDATE entry SET said = ?1 WHERE at = ?1", [at.cast_signed()])?;
            }
            connection.execute_batch("COMMIT")
        })
        .unwrap();
    let started = Instant::now();
    let (mut pieces, mut longest) = (0, Duration::ZERO);
    loop {
        let piece = Instant::now();
        if !history.index_some().unwrap() {
            break;
        }
        pieces += 1;
        longest = longest.max(piece.elapsed());
    }
    println!("indexed in {:?}, {pieces} pieces, the longest {longest:?}", started.elapsed());
    for text in [
        "",
        "s",
        "/9",
        "http",
        "orders",
        "ipsum",
        "name 791900",
        "\"name 791900\"",
        "nowhere-at-all",
        "77777",
        "186a0",
        "status == 500 orders",
        "host == elsewhere",
        "orders ipsum zzz",
        "\"sit amet 1869f\"",
        "answer contains prices",
    ] {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..5 {
            let started = Instant::now();
            found = asked(&mut history, text, 500).unwrap().1;
            times.push(started.elapsed());
        }
        times.sort();
        println!(
            "{text:24} {found:6} found in {:?} (of 5: {:?} to {:?})",
            times[2], times[0], times[4]
        );
    }
}

#[test]
fn a_preset_that_is_moved_takes_its_own_entries_and_none_of_another_workspace() {
    let (_folder, mut history) = fresh();
    for (at, root) in [(1, "/one"), (2, "/two")] {
        history.use_workspace(Path::new(root));
        history.append(sent(at, "http://h/")).unwrap();
    }
    history.with(|connection| connection.execute("UPDATE entry SET spec = NULL", [])).unwrap();
    history.move_presets("a", "b").unwrap();
    assert_eq!(asked(&mut history, "preset == b", 10).unwrap().1, 1);
    history.use_workspace(Path::new("/one"));
    assert_eq!(asked(&mut history, "preset == b", 10).unwrap().1, 0);
    history.move_presets("a/b", "c").unwrap();
    let (rows, _) = asked(&mut history, "", 10).unwrap();
    let presets: Vec<&str> =
        rows.iter().filter_map(|row| Some(row.preset.as_ref()?.as_str())).collect();
    assert_eq!(presets, ["c"], "of the other workspace none is told");
    let gone = |preset: Option<&str>| {
        let preset = preset.and_then(|path| PresetPath::parse(path).ok());
        HistorySpec::Gone { preset }
    };
    assert_eq!(history.read(rows[1].name).unwrap(), gone(Some("c")));
    assert_eq!(history.read(rows[0].name).unwrap(), gone(None), "of another workspace");
}

/// What happens to a history.
#[derive(Debug, Clone)]
enum HistoryStep {
    Append(String),
    Answer(u64, String),
    Forget(u64),
    Gone(u64),
    Index,
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn whatever_happens_the_same_is_found_as_by_looking(
        steps in prop::collection::vec(prop_oneof![
            3 => "[a-cA-C é]{0,12}".prop_map(HistoryStep::Append),
            2 => (0_u64..12, "[a-cA-C é\n]{0,12}").prop_map(|(at, words)| HistoryStep::Answer(at, words)),
            1 => (0_u64..12).prop_map(HistoryStep::Forget),
            1 => (0_u64..12).prop_map(HistoryStep::Gone),
            1 => Just(HistoryStep::Index),
        ], 0..24),
        word in "[a-cA-Cé]{3,5}",
    ) {
        let (_folder, mut history) = fresh();
        let mut kept: Vec<(u64, String, Option<String>)> = Vec::new();
        let mut asked_for = std::collections::HashSet::new();
        for (at, step) in (0_u64..).zip(steps) {
            match step {
                HistoryStep::Append(text) => {
                    history.append(posted(at, text.clone())).unwrap();
                    kept.push((at, text, None));
                }
                HistoryStep::Answer(at, words) => {
                    if let Some(entry) = kept.iter_mut().find(|entry| entry.0 == at)
                        && asked_for.insert(at)
                    {
                        history.keep_words(Stamp(at), Some(&words)).unwrap();
                        entry.2 = Some(words);
                    }
                }
                HistoryStep::Forget(at) => {
                    let name = HistoryName { row: None, at: Stamp(at) };
                    history.forget(Some(name)).unwrap();
                    kept.retain(|entry| entry.0 != at);
                }
                HistoryStep::Gone(at) => {
                    history.forget_words(&[Stamp(at)]).unwrap();
                    if let Some(entry) = kept.iter_mut().find(|entry| entry.0 == at) {
                        entry.2 = None;
                    }
                }
                HistoryStep::Index => while history.index_some().unwrap() {},
            }
        }
        let is_in = |text: &str| found::place_of(text, &word).is_some();
        let expected: Vec<u64> = kept.iter().rev()
            .filter(|(_, text, words)| is_in(text) || words.as_deref().is_some_and(is_in))
            .map(|entry| entry.0).collect();
        for is_indexed in [false, true] {
            if is_indexed {
                index(&mut history);
            }
            let (rows, _) = asked(&mut history, &word, 100).unwrap();
            let found: Vec<u64> = rows.iter().map(|row| row.name.at.0).collect();
            prop_assert_eq!(&found, &expected);
        }
    }
}
