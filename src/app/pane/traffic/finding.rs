//! Find beside the filter: it hides no row, marks what it finds in rows, counts it, and goes from hit to hit.
//!
//! The rows with hits are a list of their own, of what the filter in force and the text let through: built in
//! the same steps as the list itself, the newest first, and going on with what comes.

use super::TrafficPane;
use crate::app::intent::Intent;
use crate::app::message::Timer;
use crate::app::outcome::Outcome;
use crate::app::shared::{Shared, TextSearch};
use crate::codec::escape;
use crate::codec::search::Pattern;
use crate::model::id::RecordId;
use crate::model::view::SearchDirection;
use crate::query::Filter;
use crate::timeline::listing::{Listing, Rebuild, STEP_WORK};

/// The rows in which a text was found.
#[derive(Debug)]
pub struct RowFind {
    text: String,
    hits: Listing,
    /// Where to go as soon as it is known what is there.
    goes: Option<SearchDirection>,
}

impl RowFind {
    fn new(shared: &Shared, text: &str, filter: &Filter) -> Option<Self> {
        let of_text = Filter::parse(&as_filter(text)).ok()?;
        let mut hits = Listing::of_hits();
        hits.set_filter(of_text.and(filter), &shared.timeline);
        Some(RowFind { text: text.to_owned(), hits, goes: None })
    }

    /// What is looked for.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many rows have it, and whether all were looked at.
    pub fn count(&self) -> (usize, bool) {
        (self.hits.len(), self.hits.is_complete())
    }

    /// The place of a row among those that have it, from 1.
    pub fn place(&self, id: RecordId) -> Option<usize> {
        let at = self.hits.rows_before(id);
        (self.hits.get(at) == Some(id)).then_some(at + 1)
    }

    /// New records came, or old ones went.
    pub(super) fn extend(&mut self, shared: &Shared) {
        self.hits.extend(&shared.timeline);
    }
}

/// A text as the filter that finds what the screen marks: as it is, with its escapes, as hex.
fn as_filter(text: &str) -> String {
    let mut ways = vec![format!("text contains {text:?}")];
    let hex = |bytes: &[u8]| {
        let words: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        words.concat()
    };
    let escaped = text.contains('\\').then(|| escape::unescape(text).ok()).flatten();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = digits.map(str::to_owned).filter(|digits| {
        digits.len() >= 2
            && digits.len().is_multiple_of(2)
            && digits.bytes().all(|it| it.is_ascii_hexdigit())
    });
    let bytes = escaped.filter(|it| !it.is_empty()).map(|bytes| hex(&bytes)).or(digits);
    ways.extend(bytes.map(|digits| format!("hex contains {digits}")));
    ways.join(" or ")
}

impl TrafficPane {
    /// Finds a text in the rows; an empty one is the one before.
    pub(super) fn find_in_rows(&mut self, shared: &Shared, text: &str) -> Outcome {
        let known = self.found.as_ref().map(|found| found.text.clone()).unwrap_or_default();
        let text = if text.is_empty() { known.as_str() } else { text };
        if text.is_empty() {
            return Outcome::yes();
        }
        self.search = TextSearch { pattern: Pattern::parse(text), text: text.to_owned() };
        if known != text {
            let Some(found) = RowFind::new(shared, text, self.listing.filter()) else {
                return Outcome::warn("this is too long to be found");
            };
            self.found = Some(found);
        }
        // Who follows the newest looks back from it.
        let is_last = self.is_following();
        let way = if is_last { SearchDirection::Backward } else { SearchDirection::Forward };
        if let Some(found) = &mut self.found {
            found.goes = Some(way);
        }
        self.find_on(shared).into()
    }

    /// The same among the rows of another filter.
    pub(super) fn find_anew(&mut self, shared: &Shared) {
        if let Some(found) = self.found.take() {
            self.found = RowFind::new(shared, &found.text, self.listing.filter());
        }
    }

    /// Ends finding; tells whether there was something to end.
    pub(super) fn forget_found(&mut self) -> bool {
        let was = self.found.take().is_some();
        if was {
            self.search = TextSearch::default();
        }
        was
    }

    /// A step of looking; the rest follows in a moment.
    pub(super) fn find_on(&mut self, shared: &Shared) -> Vec<Intent> {
        let Some(found) = &mut self.found else { return Vec::new() };
        let more = found.hits.rebuild_step(&shared.timeline, STEP_WORK) == Rebuild::More;
        let is_known =
            !more || (found.goes == Some(SearchDirection::Backward) && found.hits.len() > 0);
        let mut intents = match found.goes.filter(|_| is_known) {
            Some(way) => {
                found.goes = None;
                self.go_to_hit(shared, way, true).intents
            }
            None => Vec::new(),
        };
        if more && !std::mem::replace(&mut self.rebuild_due, true) {
            intents.push(Intent::soon(Timer::FilterRebuild));
        }
        intents
    }

    /// Goes to the next row that has the text or the one before, round the ends; the row under the cursor
    /// counts where that is asked for.
    pub(super) fn go_to_hit(
        &mut self,
        shared: &Shared,
        direction: SearchDirection,
        is_here_too: bool,
    ) -> Outcome {
        let (Some(found), Some(here)) = (&self.found, self.selected(shared)) else {
            return Outcome::say("there is no row to be found");
        };
        let is_hit = |row: &usize| self.row(*row).is_some_and(|id| found.place(id).is_some());
        let (at, len) = (self.row_of(here), self.len());
        let beside = usize::from(!is_here_too);
        let row = if self.shows_sorted() {
            match direction {
                SearchDirection::Forward => (at + beside..len).chain(0..at).find(is_hit),
                SearchDirection::Backward => {
                    (0..(at + 1 - beside).min(len)).rev().chain((at..len).rev()).find(is_hit)
                }
            }
        } else {
            let id = |row: usize| RecordId(here.0 + row as u64);
            let hit = match direction {
                SearchDirection::Forward => {
                    let next = found.hits.rows_before(id(beside));
                    found.hits.get(next).or_else(|| found.hits.get(0))
                }
                SearchDirection::Backward => {
                    let before = found.hits.rows_before(id(1 - beside));
                    let last = before.checked_sub(1).or(found.hits.len().checked_sub(1));
                    last.and_then(|last| found.hits.get(last))
                }
            };
            hit.map(|hit| self.row_of(hit)).filter(|row| *row < len)
        };
        let Some(row) = row else {
            let (count, is_complete) = found.count();
            return Outcome::say(match (count, is_complete) {
                (0, true) => "no row has it",
                (_, true) => "no row on the screen's list has it",
                _ => "not found yet: not all rows were looked at",
            });
        };
        let is_round = match direction {
            SearchDirection::Forward => row < at || (row == at && !is_here_too),
            SearchDirection::Backward => row > at || (row == at && !is_here_too),
        };
        let outcome = self.select(shared, row);
        if is_round { outcome.with(Intent::say_wrapped(direction)) } else { outcome }
    }
}
