//! The search thread: finds text in a body, block by block.
//!
//! A newer search cancels the one that runs. The hit's byte goes to the viewer, which knows the
//! display lines and reports the answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use tokio::sync::mpsc;

use super::message::Body;
use super::view_queue::{ViewQueue, ViewerQuestion};
use crate::codec::search::Pattern;
use crate::engine::event::Event;
use crate::model::view::{SearchHit, SearchQuery, Towards, ViewMode};

/// Bytes searched between two looks whether somebody still wants to know.
const BLOCK: usize = 1024 * 1024;

#[derive(Debug, Default)]
struct WaitingSearch {
    /// Only the newest search counts.
    next: Option<(SearchQuery, Option<Arc<Body>>)>,
    closed: bool,
}

/// Where the newest search waits.
#[derive(Debug, Default)]
pub(super) struct SearchQueue {
    waiting: Mutex<WaitingSearch>,
    changed: Condvar,
    /// Counts searches: a change cancels the one that runs.
    newest: AtomicU64,
}

impl SearchQueue {
    /// Starts a search and cancels the one that runs. `None` = the body is gone.
    pub(super) fn search(&self, query: SearchQuery, body: Option<Arc<Body>>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next = Some((query, body));
        self.newest.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_one();
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.newest.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_one();
    }

    fn next(&self) -> Option<(SearchQuery, Option<Arc<Body>>, u64)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.closed {
                return None;
            }
            if let Some((query, body)) = waiting.next.take() {
                return Some((query, body, self.newest.load(Ordering::Acquire)));
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Starts the thread; it ends with [`SearchQueue::close`].
pub(super) fn start(
    searches: &Arc<SearchQueue>,
    views: Arc<ViewQueue>,
    urgent: mpsc::Sender<Event>,
) {
    let searches = Arc::clone(searches);
    let thread = thread::Builder::new().name("body-search".into());
    let started = thread.spawn(move || {
        let mut last = None;
        while let Some((query, body, number)) = searches.next() {
            let is_current = || searches.newest.load(Ordering::Acquire) == number;
            let after = goes_on(&query, last.as_ref());
            let found = body.as_ref().and_then(|body| find(body, &query, after, &is_current));
            if !is_current() {
                continue;
            }
            if let (Some((hit, wrapped)), Some(body)) = (found, body) {
                last = Some((query.clone(), hit));
                views.order(ViewerQuestion::Locate { query, body, hit, wrapped });
            } else {
                let nothing = SearchHit { query, hit: None, wrapped: false };
                let _ = urgent.blocking_send(Event::Found(nothing));
            }
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "no thread for searches");
    }
}

/// Whether the query goes on from the last hit, which then does not count again.
fn goes_on(query: &SearchQuery, last: Option<&(SearchQuery, u64)>) -> bool {
    last.is_some_and(|(before, hit)| {
        *hit == query.from
            && (before.body, before.part) == (query.body, query.part)
            && before.text == query.text
    })
}

/// Finds the nearest hit from `query.from` on, going round once; with `after` not the one there.
fn find(
    body: &Body,
    query: &SearchQuery,
    after: bool,
    is_current: &dyn Fn() -> bool,
) -> Option<(u64, bool)> {
    let pattern = match query.mode {
        ViewMode::Wide(wide) => Pattern::wide(&query.text, wide),
        _ => Pattern::parse(&query.text),
    };
    let scan = Scan { body, query, pattern: &pattern?, is_current };
    let len = body.len(query.part);
    let from = query.from.min(len);
    match query.towards {
        Towards::End => {
            let start = if after { from.saturating_add(1) } else { from };
            let ahead = scan.forward(start, len).map(|hit| (hit, false));
            ahead.or_else(|| scan.forward(0, start.min(len)).map(|hit| (hit, true)))
        }
        Towards::Start => {
            let end = if after { from } else { from.saturating_add(1).min(len) };
            let ahead = scan.backward(0, end).map(|hit| (hit, false));
            ahead.or_else(|| scan.backward(end, len).map(|hit| (hit, true)))
        }
    }
}

struct Scan<'a> {
    body: &'a Body,
    query: &'a SearchQuery,
    pattern: &'a Pattern,
    is_current: &'a dyn Fn() -> bool,
}

impl Scan<'_> {
    /// A block and what a hit that starts in it may need behind it.
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
