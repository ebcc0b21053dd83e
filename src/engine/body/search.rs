//! Searches: each finds text in a body, block by block, on a thread of its own.
//!
//! A newer search cancels the one that runs. The hit's byte goes to the viewer, which knows the
//! display lines and reports the answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::BodyStore;
use super::derive::cut_hits::CutHits;
use super::hit_count::CountedHits;
use super::message::Body;
use super::thread::on_thread;
use super::view_queue::{PendingHit, ViewQueue};
use super::viewer::GONE;
use crate::codec::search::Pattern;
use crate::engine::event::Event;
use crate::model::view::{HitCount, SearchDirection, SearchHit, SearchQuery, ViewMode};

/// Bytes searched between two looks whether somebody still wants to know.
const BLOCK: usize = 1024 * 1024;

/// What searches know of each other.
#[derive(Debug, Default)]
pub(super) struct Searches {
    /// Counts searches: a change cancels the one that runs.
    newest: AtomicU64,
    /// The last one that found something, and where.
    last: Mutex<Option<(SearchQuery, u64)>>,
    /// What was counted last.
    counted: Mutex<Option<CountedHits>>,
}

impl Searches {
    /// Ends the search that runs; the number is the next one's.
    pub(super) fn cancel(&self) -> u64 {
        self.newest.fetch_add(1, Ordering::AcqRel) + 1
    }
}

impl Searches {
    /// How many hits there are; `None` when that is asked no more.
    fn count(
        &self,
        (store, body): (&BodyStore, &Body),
        query: SearchQuery,
        hit: u64,
        is_current: &dyn Fn() -> bool,
    ) -> Option<HitCount> {
        let before = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pattern = pattern(&query)?;
        let cut = CutHits::of(store, body, &query, &pattern, is_current);
        let cut = |end, most| cut.as_ref().map_or_else(Vec::new, |cut| cut.all(0, end, most));
        let counted = CountedHits::of(before, body, &query, (&pattern, &cut), is_current)?;
        let told = counted.at(query, hit);
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        is_current().then_some(told)
    }
}

fn pattern(query: &SearchQuery) -> Option<Pattern> {
    match query.mode {
        ViewMode::Wide(wide) => Pattern::wide(&query.text, wide),
        _ => Pattern::parse(&query.text),
    }
}

/// Starts a search and cancels the one that runs. `None` = the body is gone.
pub(super) fn start(
    searches: &Arc<Searches>,
    query: SearchQuery,
    (store, body): (BodyStore, Option<Arc<Body>>),
    views: Arc<ViewQueue>,
    urgent: mpsc::Sender<Event>,
) {
    let number = searches.cancel();
    let searches = Arc::clone(searches);
    on_thread("body-search", move || {
        let is_current = || searches.newest.load(Ordering::Acquire) == number;
        let last = searches.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let after = goes_on(&query, last.as_ref());
        let found = body.as_ref();
        let found = found.and_then(|body| find((&store, body), &query, after, &is_current));
        // Held until it is reported: two searches must not report in the wrong order.
        let mut last = searches.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_current() {
            return;
        }
        let flaw = match &body {
            Some(body) => body.spool(query.part).flaw(),
            None => Some(GONE.into()),
        };
        if let (Some(found), Some(body)) = (found, body) {
            let FoundHit { at, wrapped, behind_cut } = found;
            *last = Some((query.clone(), at));
            drop(last);
            let (asked, of) = (query.clone(), Arc::clone(&body));
            let hit = PendingHit { query: asked, body: of, at, wrapped, behind_cut };
            views.locate(hit);
            if let Some(count) = searches.count((&store, &body), query, at, &is_current) {
                let _ = urgent.blocking_send(Event::HitsCounted(count));
            }
        } else {
            let flaw = flaw.map(|why| why.to_string());
            let inside = Vec::new();
            let (wrapped, behind_cut) = (false, false);
            let nothing = SearchHit { query, hit: None, inside, wrapped, behind_cut, flaw };
            let _ = urgent.blocking_send(Event::Found(nothing));
        }
    });
}

/// Whether the query goes on from the last hit, which then does not count again.
fn goes_on(query: &SearchQuery, last: Option<&(SearchQuery, u64)>) -> bool {
    last.is_some_and(|(before, hit)| {
        *hit == query.from
            && (before.body, before.part) == (query.body, query.part)
            && before.text == query.text
    })
}

/// A hit that was found.
struct FoundHit {
    at: u64,
    wrapped: bool,
    /// Its text is in what a table leaves out of a cell; the place is that of the mark.
    behind_cut: bool,
}

/// Finds the nearest hit from `query.from` on, going round once; with `after` not the one there.
fn find(
    (store, body): (&BodyStore, &Body),
    query: &SearchQuery,
    after: bool,
    is_current: &dyn Fn() -> bool,
) -> Option<FoundHit> {
    let pattern = &pattern(query)?;
    let cut = CutHits::of(store, body, query, pattern, is_current);
    let scan = Scan { body, query, pattern, cut, is_current };
    let len = body.len(query.part);
    let from = query.from.min(len);
    let found = |wrapped| move |(at, behind_cut)| FoundHit { at, wrapped, behind_cut };
    match query.direction {
        SearchDirection::Forward => {
            let start = if after { from.saturating_add(1) } else { from };
            let ahead = scan.next(start, len).map(found(false));
            ahead.or_else(|| scan.next(0, start.min(len)).map(found(true)))
        }
        SearchDirection::Backward => {
            let end = if after { from } else { from.saturating_add(1).min(len) };
            let ahead = scan.previous(0, end).map(found(false));
            ahead.or_else(|| scan.previous(end, len).map(found(true)))
        }
    }
}

struct Scan<'a> {
    body: &'a Body,
    query: &'a SearchQuery,
    pattern: &'a Pattern,
    cut: Option<CutHits<'a>>,
    is_current: &'a dyn Fn() -> bool,
}

impl Scan<'_> {
    /// First hit in `start..end`, and whether it is behind a cut.
    fn next(&self, start: u64, end: u64) -> Option<(u64, bool)> {
        let seen = self.forward(start, end);
        let cut = self.cut.as_ref().and_then(|cut| cut.first(start, seen.unwrap_or(end)));
        cut.map(|at| (at, true)).or(seen.map(|at| (at, false)))
    }

    /// Last hit in `start..end`, and whether it is behind a cut.
    fn previous(&self, start: u64, end: u64) -> Option<(u64, bool)> {
        let seen = self.backward(start, end);
        let cut = self.cut.as_ref().and_then(|cut| cut.last(seen.unwrap_or(start), end));
        cut.map(|at| (at, true)).or(seen.map(|at| (at, false)))
    }

    /// A block and what a hit that starts in it may need behind it. What cannot be read is skipped,
    /// and told as a flaw of the body when nothing is found.
    fn block(&self, start: u64, count: usize) -> Vec<u8> {
        let count = count.saturating_add(self.pattern.longest());
        self.body.read(self.query.part, start, count).unwrap_or_default()
    }

    /// First hit that starts in `start..end`.
    fn forward(&self, start: u64, end: u64) -> Option<u64> {
        let mut at = start;
        while at < end && (self.is_current)() {
            let count = (end - at).min(BLOCK as u64);
            let bytes = self.block(at, count as usize);
            if let Some(hit) = self.pattern.first(&bytes, 0)
                && (hit.start as u64) < count
            {
                return Some(at + hit.start as u64);
            }
            at += count;
        }
        None
    }

    /// Last hit that starts in `start..end`.
    fn backward(&self, start: u64, end: u64) -> Option<u64> {
        let mut to = end;
        while to > start && (self.is_current)() {
            let count = (to - start).min(BLOCK as u64);
            let at = to - count;
            let bytes = self.block(at, count as usize);
            if let Some(hit) = self.pattern.last(&bytes, count as usize) {
                return Some(at + hit.start as u64);
            }
            to = at;
        }
        None
    }
}
