//! What entries of the history are looked for with: words, and tests in the words of the filter of Traffic.
//!
//! ```text
//! status >= 400 host == api.example preset contains users login      all of it has to hold
//! answer contains "no such user" age < 2h                            time >= 2026-11-29, time < 14:02
//! ```
//! A line is no expression: its words are found by an index, which knows of no `or`. The table of what can be asked is
//! here; parser (`history_search/reading.rs`), completion (`history_search/places.rs`), the help page of the prompt and
//! docs/presets.md are loops over it. Pure; the store finds rows by the words, and has them tested here.

mod places;
mod reading;
mod times;

use jiff::tz::Offset;

use super::scanner::QueryError;
use crate::model::preset::PresetPath;
use crate::model::protocol::Protocol;
use crate::model::session_outcome::SessionOutcome;
use crate::model::timing::Stamp;
use crate::model::url_text::UrlText;
pub use places::HistoryPlace;
use reading::SearchReader;
use times::MomentTest;

/// Where an entry holds a word, beside the line it has in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HitPlace {
    /// What was sent, as a preset says it.
    Request,
    /// Head and body of what was answered.
    Answer,
}

impl HitPlace {
    /// Its name, as it is written in a search.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HitPlace::Request => "request",
            HitPlace::Answer => "answer",
        }
    }
}

/// What a test asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HistoryAsks {
    Status,
    Protocol,
    Method,
    Host,
    Url,
    Preset,
    Time,
    Age,
    Words(HitPlace),
    Pinned,
}

/// One field a search of the history can ask about.
#[derive(Debug)]
pub struct HistoryField {
    pub name: &'static str,
    asks: HistoryAsks,
    /// What it is called elsewhere, in Traffic or by other tools.
    elsewhere: &'static [&'static str],
    /// What it is, in a sentence.
    pub help: &'static str,
    /// A whole test that can be copied.
    pub example: &'static str,
}

macro_rules! history_fields {
    ($($name:literal $asks:expr, [$($elsewhere:literal)*], $help:literal, $example:literal;)*) => {
        /// Every field of a search of the history, in the order in which messages and lists name them.
        pub const HISTORY_FIELDS: &[HistoryField] = &[$(HistoryField {
            name: $name,
            asks: $asks,
            elsewhere: &[$($elsewhere),*],
            help: $help,
            example: $example,
        },)*];
    };
}

history_fields! {
    "status" HistoryAsks::Status, ["code" "statuscode" "response_status"],
        "The status of the answer: a number, all of a hundred (4xx), or a range (400..499).", "status >= 400";
    "method" HistoryAsks::Method, ["verb"], "The method of an HTTP request.", "method == POST";
    "host" HistoryAsks::Host, ["addr" "address" "peer" "server" "domain" "hostname"],
        "The host it went to, or where a listener was.", "host == api.example";
    "url" HistoryAsks::Url, ["path" "uri" "target" "query"],
        "The whole address, with its path and query.", "url contains /users";
    "proto" HistoryAsks::Protocol, ["protocol" "scheme" "kind" "type"],
        "What it spoke.", "proto == udp";
    "preset" HistoryAsks::Preset, ["name" "file" "folder" "collection"],
        "The preset it was sent from; a folder is all below it.", "preset == users";
    "time" HistoryAsks::Time, ["date" "when" "at" "since" "day"],
        "When it was sent: a day, a minute or second of today or of a day, today, yesterday, or a range of them.",
        "time >= 2026-11-29";
    "age" HistoryAsks::Age, ["ago" "old"], "How long ago that is: 30m, 2h, 3d, 2w.", "age < 2h";
    "request" HistoryAsks::Words(HitPlace::Request), ["sent" "payload" "header"],
        "Words of what was sent.", "request contains ann";
    "answer" HistoryAsks::Words(HitPlace::Answer), ["response" "reply" "body" "data" "received"],
        "Words of what was answered.", "answer contains \"no such user\"";
    "pinned" HistoryAsks::Pinned, ["marked" "starred" "favourite" "favorite"],
        "Those that were pinned; it stands alone.", "pinned";
}

/// The names of all fields, as a message lists them.
fn names() -> String {
    HISTORY_FIELDS.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}

impl HistoryField {
    /// The field of this name, whatever its case.
    fn named(name: &str) -> Option<&'static HistoryField> {
        HISTORY_FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The field that is called so elsewhere.
    fn called(name: &str) -> Option<&'static HistoryField> {
        let is_it = |other: &&str| other.eq_ignore_ascii_case(name);
        HISTORY_FIELDS.iter().find(|field| field.elsewhere.iter().any(is_it))
    }

    /// The operators it takes, as written; `:` stands for the first.
    #[must_use]
    pub fn operators(&self) -> &'static [&'static str] {
        match self.asks {
            HistoryAsks::Status | HistoryAsks::Time => &["==", "!=", "<", "<=", ">", ">="],
            HistoryAsks::Age => &["<", "<=", ">", ">="],
            HistoryAsks::Protocol => &["==", "!="],
            HistoryAsks::Method | HistoryAsks::Host | HistoryAsks::Preset => {
                &["==", "!=", "contains"]
            }
            HistoryAsks::Url => &["contains", "==", "!="],
            HistoryAsks::Words(_) => &["contains"],
            HistoryAsks::Pinned => &[],
        }
    }

    /// What an entry says of it, where that is a short text that is compared as it is.
    #[must_use]
    pub fn told_of(&self, entry: HistorySubject<'_>) -> Option<String> {
        match (self.asks, entry.outcome) {
            (HistoryAsks::Status, SessionOutcome::Status { code, .. }) => Some(code.to_string()),
            (HistoryAsks::Method | HistoryAsks::Host | HistoryAsks::Preset, _) => {
                Some(text_of(self.asks, entry))
            }
            _ => None,
        }
    }
}

/// What is asked of an entry: the line it has, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct HistorySubject<'a> {
    pub at: Stamp,
    pub summary: &'a str,
    pub outcome: &'a SessionOutcome,
    pub preset: Option<&'a PresetPath>,
    pub is_pinned: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HistoryTest {
    Pinned,
    Status { operator: &'static str, first: u16, last: u16 },
    Time(MomentTest),
    Text { asks: HistoryAsks, operator: &'static str, value: String },
}

/// A word, or several in a row, that an entry has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoughtWord {
    pub text: String,
    /// Where alone; `None` = anywhere.
    pub place: Option<HitPlace>,
}

/// The wall clock of whoever asks.
#[derive(Debug, Clone, Copy)]
pub struct AskersClock {
    pub now: Stamp,
    pub offset: Offset,
}

impl Default for AskersClock {
    fn default() -> Self {
        AskersClock { now: Stamp(0), offset: Offset::UTC }
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistorySearch {
    pub words: Vec<SoughtWord>,
    tests: Vec<HistoryTest>,
}

impl HistorySearch {
    /// Reads what was typed.
    ///
    /// # Errors
    /// When a test is none; the column, from 1, and what to write.
    pub fn read(text: &str, clock: AskersClock) -> Result<Self, QueryError> {
        SearchReader::new(text, clock).read()
    }

    /// The part of a text that stands before what is no test in it: while that is typed, the rest is searched.
    #[must_use]
    pub fn before_error(text: &str, clock: AskersClock) -> &str {
        let mut reader = SearchReader::new(text, clock);
        if reader.read().is_ok() {
            return text;
        }
        let end = text.char_indices().map(|(at, _)| at).nth(reader.begins - 1);
        text.get(..end.unwrap_or(text.len())).unwrap_or(text)
    }

    /// Whether everything is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.tests.is_empty()
    }

    /// Whether all tests hold; of words nothing is said here.
    #[must_use]
    pub fn lets_through(&self, entry: HistorySubject<'_>) -> bool {
        self.tests.iter().all(|test| test.holds(entry))
    }

    /// Texts that the line of every row that is found holds.
    pub fn in_lines(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().filter_map(|test| match test {
            HistoryTest::Text { asks: HistoryAsks::Host | HistoryAsks::Url, operator, value } => {
                (*operator != "!=").then_some(value.as_str())
            }
            HistoryTest::Text { .. }
            | HistoryTest::Pinned
            | HistoryTest::Status { .. }
            | HistoryTest::Time(_) => None,
        })
    }

    /// The first and the last time, as it is kept, that the tests let through.
    #[must_use]
    pub fn times(&self) -> (i64, i64) {
        let mut times = (i64::MIN, i64::MAX);
        for test in &self.tests {
            if let HistoryTest::Time(test) = test {
                let (first, last) = test.bounds();
                times = (times.0.max(first), times.1.min(last));
            }
        }
        times
    }

    /// The first and the last status that the tests let through; `None` = they say nothing of one.
    #[must_use]
    pub fn codes(&self) -> Option<(u16, u16)> {
        let codes = self.tests.iter().filter_map(|test| match test {
            HistoryTest::Status { operator, first, last } => Some(match *operator {
                "<" | "<=" => (0, *last),
                ">" | ">=" => (*first, u16::MAX),
                "!=" => (0, u16::MAX),
                _ => (*first, *last),
            }),
            HistoryTest::Pinned | HistoryTest::Time(_) | HistoryTest::Text { .. } => None,
        });
        codes.reduce(|one, other| (one.0.max(other.0), one.1.min(other.1)))
    }
}

impl HistoryTest {
    fn holds(&self, entry: HistorySubject<'_>) -> bool {
        match self {
            HistoryTest::Pinned => entry.is_pinned,
            HistoryTest::Time(test) => test.holds(entry.at),
            HistoryTest::Status { operator, first, last } => {
                let SessionOutcome::Status { code, .. } = entry.outcome else { return false };
                match *operator {
                    "<" => code < first,
                    "<=" => code <= last,
                    ">" => code > last,
                    ">=" => code >= first,
                    "!=" => !(first..=last).contains(&code),
                    _ => (first..=last).contains(&code),
                }
            }
            HistoryTest::Text { asks, operator, value } => {
                let found = text_of(*asks, entry).to_lowercase();
                let is_below =
                    || *asks == HistoryAsks::Preset && found.starts_with(&format!("{value}/"));
                match *operator {
                    "contains" => found.contains(value),
                    "!=" => !found.is_empty() && found != *value && !is_below(),
                    _ => found == *value || is_below(),
                }
            }
        }
    }
}

/// What an entry says of a field that is compared as text.
fn text_of(asks: HistoryAsks, entry: HistorySubject<'_>) -> String {
    let (first, behind) = entry.summary.split_once(' ').unwrap_or(("", entry.summary));
    // A listener or a relay says what it is before what it speaks.
    let is_listener = ["listen", "relay"].contains(&first);
    let (spoken, address) =
        if is_listener { behind.split_once(' ').unwrap_or((behind, "")) } else { (first, behind) };
    let is_request = !is_listener && !first.is_empty() && first.parse::<Protocol>().is_err();
    match asks {
        HistoryAsks::Preset => entry.preset.map(ToString::to_string).unwrap_or_default(),
        HistoryAsks::Method => if is_request { first } else { "" }.to_owned(),
        HistoryAsks::Protocol => if is_request { "http" } else { spoken }.to_owned(),
        HistoryAsks::Url => address.to_owned(),
        HistoryAsks::Host => {
            UrlText::of(address.rsplit(' ').next().unwrap_or(address)).host.to_owned()
        }
        HistoryAsks::Status
        | HistoryAsks::Time
        | HistoryAsks::Age
        | HistoryAsks::Words(_)
        | HistoryAsks::Pinned => String::new(),
    }
}

#[cfg(test)]
mod history_search_tests;
