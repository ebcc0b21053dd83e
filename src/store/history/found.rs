//! Looks for entries: which rows hold every word, in their line, in what was sent or in what was answered.
//!
//! ```text
//! the newest rows          read and looked at as they are: a word that is in many of them needs no index
//! all before them          the indices say who may hold the rarest word; those are read, newest first
//! ```
//! An index knows three letters of a word at a time, so whoever may hold it is looked at; a shorter word
//! is looked for in lines alone. It ends with the rows that are wanted and one more.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension as _, Row, Statement, params};

use super::database::history_row;
use crate::model::secrets::Secrets;
use crate::query::{HitPlace, SoughtWord};
use crate::store::job::{HistoryHit, HistoryQuestion, HistoryRow};

/// Rows that are looked at without an index; so few in tests that the indices are asked, too.
const NEWEST: u32 = if cfg!(test) { 3 } else { 1_000 };
/// As few rows as may hold a word are read one by one, without going through all.
const FEW: usize = 5_000;
/// Letters an index knows.
const LETTERS: usize = 3;
/// Beginnings of a word that an index is asked for.
const ASKED: usize = 24;
/// Texts whose hits are remembered while a search goes on.
const REMEMBERED: usize = 4_096;
/// Bytes around a word in which what is hidden is looked for.
const AROUND: usize = 2_048;
/// Characters shown before and behind a word.
const SHOWN: (usize, usize) = (40, 160);

const SELECT: &str =
    "SELECT id, at, badge, summary, outcome, kind, first, second, preset, root, pinned,
    spec, coalesce(said, 0) AS said FROM entry";

/// Rows that are looked for in a workspace, newest first, and how many there are in all; when there are more than `limit`
/// this is one more than that.
pub(super) fn query(
    connection: &Connection,
    root: &str,
    question: &HistoryQuestion,
) -> rusqlite::Result<(Vec<HistoryRow>, u64)> {
    let limit = question.limit;
    if question.search.is_empty() {
        let total: i64 =
            connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))?;
        let mut newest = connection.prepare(&format!("{SELECT} ORDER BY id DESC LIMIT ?1"))?;
        let rows = newest.query_map([limit], |row| history_row(row, root))?;
        return Ok((rows.collect::<rusqlite::Result<_>>()?, total.unsigned_abs()));
    }
    let mut looking = Looking::new(connection, root, question)?;
    let mut found = FoundRows { rows: Vec::new(), enough: limit as usize + 1 };
    if let Some(behind) = newest(connection, &mut looking, &mut found)? {
        older(connection, &mut looking, &mut found, behind)?;
    }
    let total = found.rows.len() as u64;
    found.rows.truncate(limit as usize);
    Ok((found.rows, total))
}

/// Rows that were found, until there are enough.
struct FoundRows {
    rows: Vec<HistoryRow>,
    enough: usize,
}

impl FoundRows {
    /// Takes a row, if it is one; tells whether there are enough.
    fn take(&mut self, row: Option<HistoryRow>) -> bool {
        self.rows.extend(row);
        self.rows.len() >= self.enough
    }
}

/// Looks at the newest rows; the id that older ones are below, when more have to be looked at.
fn newest(
    connection: &Connection,
    looking: &mut Looking<'_>,
    found: &mut FoundRows,
) -> rusqlite::Result<Option<i64>> {
    let mut newest = connection.prepare(&format!("{SELECT} ORDER BY id DESC LIMIT ?1"))?;
    let mut newest = newest.query([NEWEST])?;
    let (mut behind, mut count) = (None, 0);
    while let Some(row) = newest.next()? {
        (behind, count) = (Some(row.get("id")?), count + 1);
        if found.take(looking.found(row)?) {
            return Ok(None);
        }
    }
    Ok(behind.filter(|_| count == NEWEST))
}

/// Looks at what the indices say of the rows before.
fn older(
    connection: &Connection,
    looking: &mut Looking<'_>,
    found: &mut FoundRows,
    behind: i64,
) -> rusqlite::Result<()> {
    let long = looking.question.search.words.iter().filter(|it| it.text.chars().count() >= LETTERS);
    let candidates = long.map(|word| Candidates::of(connection, word));
    let mut candidates = candidates.collect::<rusqlite::Result<Vec<_>>>()?;
    for text in looking.question.search.in_lines().filter(|it| it.chars().count() >= LETTERS) {
        candidates.push(Candidates::in_line(connection, text)?);
    }
    candidates.sort_by_key(Candidates::len);
    if let Some(rarest) = candidates.first().filter(|rarest| rarest.len() <= FEW) {
        let mut select = connection.prepare(&format!("{SELECT} WHERE id = ?1"))?;
        for id in rarest.rows(connection, behind)? {
            let mut row = select.query([id])?;
            if let Some(row) = row.next()?
                && found.take(looking.found(row)?)
            {
                return Ok(());
            }
        }
        return Ok(());
    }
    // What tests say of a row's own columns leaves most of them out before they are read.
    let (times, codes) = (looking.question.search.times(), looking.question.search.codes());
    let of_codes = match codes {
        Some(_) => "(kind IS NULL OR kind = 'status' AND first BETWEEN ?4 AND ?5)",
        None => "?4 = ?5",
    };
    let before =
        format!("{SELECT} WHERE id < ?1 AND at BETWEEN ?2 AND ?3 AND {of_codes} ORDER BY id DESC");
    let mut before = connection.prepare(&before)?;
    let (first, last) = codes.unwrap_or_default();
    let mut before = before.query(params![behind, times.0, times.1, first, last])?;
    while let Some(row) = before.next()? {
        let ids =
            [row.get("id")?, row.get::<_, Option<i64>>("spec")?.unwrap_or(0), row.get("said")?];
        if candidates.iter().all(|word| word.may_be(ids)) && found.take(looking.found(row)?) {
            return Ok(());
        }
    }
    Ok(())
}

/// Who may hold a word: rows, and texts of rows.
struct Candidates {
    entries: HashSet<i64>,
    specs: HashSet<i64>,
    said: HashSet<i64>,
}

impl Candidates {
    fn of(connection: &Connection, word: &SoughtWord) -> rusqlite::Result<Self> {
        let of = |table: &str, part: i64, is_wanted: bool| {
            if is_wanted {
                holders(connection, table, part, &word.text)
            } else {
                Ok(HashSet::new())
            }
        };
        let is_in = |place| word.place.is_none_or(|only| only == place);
        Ok(Candidates {
            entries: of("entry_words", 0, word.place.is_none())?,
            specs: of("spec_words", 1, is_in(HitPlace::Request))?,
            said: of("said_words", 2, is_in(HitPlace::Answer))?,
        })
    }

    /// The same of a text that a line has to hold.
    fn in_line(connection: &Connection, text: &str) -> rusqlite::Result<Self> {
        let entries = holders(connection, "entry_words", 0, text)?;
        Ok(Candidates { entries, specs: HashSet::new(), said: HashSet::new() })
    }

    fn len(&self) -> usize {
        self.entries.len() + self.specs.len() + self.said.len()
    }

    /// Whether a row may hold the word: itself, what it sent, or what it was answered.
    fn may_be(&self, [entry, spec, said]: [i64; 3]) -> bool {
        self.entries.contains(&entry) || self.specs.contains(&spec) || self.said.contains(&said)
    }

    /// The rows before this one that may hold the word, newest first.
    fn rows(&self, connection: &Connection, behind: i64) -> rusqlite::Result<Vec<i64>> {
        let mut rows: BTreeSet<i64> = self.entries.iter().copied().collect();
        for (texts, select) in [
            (&self.specs, "SELECT id FROM entry WHERE spec = ?1"),
            (&self.said, "SELECT id FROM entry WHERE said = ?1 AND said > 0"),
        ] {
            let mut select = connection.prepare(select)?;
            for text in texts {
                for id in select.query_map([text], |row| row.get(0))? {
                    rows.insert(id?);
                }
            }
        }
        Ok(rows.range(..behind).rev().copied().collect())
    }
}

/// Who may hold a text as an index tells, and all that are in no index yet.
fn holders(
    connection: &Connection,
    table: &str,
    part: i64,
    text: &str,
) -> rusqlite::Result<HashSet<i64>> {
    let select = format!(
        "SELECT rowid FROM {table} WHERE {table} MATCH ?1
         UNION ALL SELECT id FROM fresh WHERE part = ?2"
    );
    let mut select = connection.prepare(&select)?;
    select.query_map(params![asked(text), part], |row| row.get(0))?.collect()
}

/// A word as an index is asked for it: all that it knows of it has to be there.
fn asked(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let three = letters.windows(LETTERS).take(ASKED);
    let quoted = three.map(|three| {
        let three: String = three.iter().collect();
        format!("\"{}\"", three.replace('"', "\"\""))
    });
    quoted.collect::<Vec<_>>().join(" AND ")
}

/// What is found of each word in a text.
type TextHits = Rc<[Option<HistoryHit>]>;

/// Looks at rows, and into their texts where they do not hold a word themselves.
struct Looking<'a> {
    root: &'a str,
    question: &'a HistoryQuestion,
    request: Statement<'a>,
    answer: Statement<'a>,
    known: HashMap<(HitPlace, i64), TextHits>,
}

impl<'a> Looking<'a> {
    fn new(
        connection: &'a Connection,
        root: &'a str,
        question: &'a HistoryQuestion,
    ) -> rusqlite::Result<Self> {
        Ok(Looking {
            root,
            question,
            request: connection
                .prepare("SELECT substr(text, 1, 262144) FROM spec WHERE id = ?1")?,
            answer: connection.prepare("SELECT text FROM said WHERE id = ?1")?,
            known: HashMap::new(),
        })
    }

    /// The row, if it is looked for.
    fn found(&mut self, row: &Row<'_>) -> rusqlite::Result<Option<HistoryRow>> {
        let mut found = history_row(row, self.root)?;
        if !self.question.search.lets_through(found.subject()) {
            return Ok(None);
        }
        let outcome: String = row.get("outcome")?;
        let line = format!("{} {outcome}", found.summary);
        let spec = row.get::<_, Option<i64>>("spec")?.unwrap_or(0);
        let texts = [(HitPlace::Request, spec), (HitPlace::Answer, row.get("said")?)];
        for (at, word) in self.question.search.words.iter().enumerate() {
            if is_in_line(word, &line) {
                continue;
            }
            let mut hit = None;
            for (place, id) in texts {
                if hit.is_none() && id > 0 && word.place.is_none_or(|only| only == place) {
                    hit = self.hits(place, id)?.get(at).cloned().flatten();
                }
            }
            let Some(hit) = hit else { return Ok(None) };
            found.hit.get_or_insert_with(|| Box::new(hit));
        }
        Ok(Some(found))
    }

    /// What is found in a text, which several rows may have.
    fn hits(&mut self, place: HitPlace, id: i64) -> rusqlite::Result<TextHits> {
        if let Some(known) = self.known.get(&(place, id)) {
            return Ok(Rc::clone(known));
        }
        let select = match place {
            HitPlace::Request => &mut self.request,
            HitPlace::Answer => &mut self.answer,
        };
        let text: Option<String> = select.query_row([id], |row| row.get(0)).optional()?;
        let text = text.unwrap_or_default();
        let words = self.question.search.words.iter();
        let hits = words.map(|word| hit(place, &text, &word.text, &self.question.hidden));
        let hits: TextHits = hits.collect();
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert((place, id), Rc::clone(&hits));
        Ok(hits)
    }
}

/// Where a text holds a word, as it may be told.
fn hit(place: HitPlace, text: &str, word: &str, hidden: &Secrets) -> Option<HistoryHit> {
    let at = place_of(text, word)?;
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let from = (0..=at.start.saturating_sub(AROUND)).rev().find(is_boundary)?;
    let to = ((at.end + AROUND).min(text.len())..=text.len()).find(is_boundary)?;
    let told = hidden.hide(text.get(from..to)?.as_bytes());
    let told = String::from_utf8_lossy(&told);
    // What is hidden is not found by a part of it either.
    let at = place_of(&told, word)?;
    let (before, rest) = told.split_at(at.start);
    let (found, after) = rest.split_at(at.end - at.start);
    let before: Vec<char> = in_a_line(before).chars().collect();
    let skipped = before.len().saturating_sub(SHOWN.0);
    Some(HistoryHit {
        place,
        before: before.iter().skip(skipped).collect(),
        found: in_a_line(found),
        after: in_a_line(after).chars().take(SHOWN.1).collect(),
    })
}

/// A text with one blank for whatever blank there is.
fn in_a_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_whitespace() {
            true if line.ends_with(' ') => {}
            true => line.push(' '),
            false => line.push(c),
        }
    }
    line
}

/// Whether the line of an entry holds a word.
pub(super) fn is_in_line(word: &SoughtWord, line: &str) -> bool {
    word.place.is_none() && place_of(line, &word.text).is_some()
}

/// Where a text holds a word first, whatever the case of its letters.
pub(super) fn place_of(text: &str, word: &str) -> Option<Range<usize>> {
    let first = *word.as_bytes().first()?;
    if word.is_ascii() {
        let (bytes, long) = (text.as_bytes(), word.len());
        let is_it = |at: &usize| {
            let there = bytes.get(*at..*at + long);
            there.is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes()))
        };
        let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
        let at = memchr::memchr2_iter(lower, upper, bytes).find(is_it)?;
        return Some(at..at + long);
    }
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    text.char_indices().find_map(|(at, _)| {
        let rest = text.get(at..)?;
        let mut sought = word.iter();
        for (place, c) in rest.char_indices() {
            for c in c.to_lowercase() {
                if sought.next()? != &c {
                    return None;
                }
            }
            if sought.len() == 0 {
                return Some(at..at + place + c.len_utf8());
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whatever_its_case() {
        for (text, word, expected) in [
            ("abc Def", "def", Some("Def")),
            ("caf\u{c9} x", "caf\u{e9}", Some("caf\u{c9}")),
            ("\u{e9}\u{e9}x", "\u{e9}x", Some("\u{e9}x")),
            ("abc", "abcd", None),
            ("\u{e9}", "\u{e9}\u{e9}", None),
            ("", "a", None),
        ] {
            let found = place_of(text, word).and_then(|at| text.get(at));
            assert_eq!(found, expected, "{text} {word}");
        }
    }

    #[test]
    fn a_hit_is_one_line_and_tells_nothing_that_is_hidden() {
        let text = "one\r\n  two three hunter2 four";
        let secrets = Secrets::new(["hunter2"]);
        let found = hit(HitPlace::Answer, text, "TWO", &secrets).unwrap();
        assert_eq!((found.before.as_str(), found.found.as_str()), ("one ", "two"));
        assert!(found.after.starts_with(" three **") && !found.after.contains("hunter"));
        assert_eq!(hit(HitPlace::Answer, text, "hunt", &secrets), None);
        assert_eq!(hit(HitPlace::Answer, text, "hunter2", &secrets), None);
    }

    #[test]
    fn an_index_is_asked_for_three_letters_at_a_time() {
        assert_eq!(asked("abcd"), r#""abc" AND "bcd""#);
        assert_eq!(asked("a\"b"), r#""a""b""#);
    }
}
