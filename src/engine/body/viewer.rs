//! The viewer thread: answers windows onto bodies and keeps them fresh while bodies grow.
//!
//! ```text
//!   view(query) ──┐                 ┌── one slice of indexing, then look again
//!   body grew ────┼──► queue ─► Viewer ──► Event::View / Event::Found (urgent channel)
//!   search hit ───┘
//! ```
//!
//! One thread owns every line index, so nothing is locked while it answers; it works in slices of
//! [`SLICE`] bytes and looks for new questions between two of them. What is indexed is checked when
//! there is nothing to index. It sleeps when there is nothing to do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::index::{Indexes, Progress, ROWS};
use super::message::Body;
use super::thread::on_thread;
use super::view_queue::{PendingHit, ViewQueue, ViewerQuestion};
use crate::engine::event::Event;
use crate::model::id::BodyId;
use crate::model::view::{SearchHit, SearchQuery, View, ViewQuery};

/// Bytes indexed between two looks at the questions: a third of a millisecond.
const SLICE: usize = 256 * 1024;
/// Growing bodies that get fresh windows unasked: both messages of two exchanges.
const WATCHES: usize = 4;
/// Pause between two unasked windows of one body: a frame under traffic.
const REFRESH: Duration = Duration::from_millis(33);
/// The same while the window is not full yet, so that the first lines show at once.
const FIRST_REFRESH: Duration = Duration::from_millis(5);
/// Said instead of lines when a body was released.
pub(super) const GONE: &str = "this body is no longer kept (released to bound memory)";

/// Starts the thread; it ends when the queue is closed.
pub(super) fn start(views: Arc<ViewQueue>, urgent: mpsc::Sender<Event>) {
    let (indexes, watches, hits) = (Indexes::default(), VecDeque::new(), Vec::new());
    let viewer = Viewer { views, urgent, indexes, watches, hits };
    on_thread("body-view", move || viewer.run());
}

/// A window that is kept fresh.
struct WatchedView {
    query: ViewQuery,
    body: Arc<Body>,
    sent_at: Instant,
    /// How far it had come when it was last sent.
    sent: Progress,
    is_full: bool,
}

struct Viewer {
    views: Arc<ViewQueue>,
    urgent: mpsc::Sender<Event>,
    indexes: Indexes,
    watches: VecDeque<WatchedView>,
    hits: Vec<PendingHit>,
}

impl Viewer {
    fn run(mut self) {
        while let Some(questions) = self.views.wait(self.next_look()) {
            for question in questions {
                match question {
                    ViewerQuestion::View(query, Some(body)) => self.answer(query, body),
                    ViewerQuestion::View(query, None) => self.send(gone(query)),
                    ViewerQuestion::Locate(hit) => self.hits.push(hit),
                    ViewerQuestion::Forget(ids) => self.forget(&ids),
                }
            }
            if !self.index() {
                self.check();
            }
            self.locate();
            self.refresh();
        }
    }

    /// When to look again without being rung.
    fn next_look(&self) -> Option<Instant> {
        if !self.hits.is_empty() {
            return Some(Instant::now());
        }
        let behind = |watch: &WatchedView| {
            let (body, query) = (&watch.body, &watch.query);
            if self.indexes.is_behind(body, query) {
                return Some(Instant::now());
            }
            let progress = self.indexes.progress(body, query);
            let sending = (progress != watch.sent).then(|| watch.due());
            // What still arrives rings before that, and is indexed first.
            let pause = if progress.is_complete { Duration::ZERO } else { REFRESH };
            let is_unchecked = self.indexes.is_unchecked(body, query);
            let checking = is_unchecked.then(|| Instant::now() + pause);
            sending.into_iter().chain(checking).min()
        };
        self.watches.iter().filter_map(behind).min()
    }

    fn answer(&mut self, query: ViewQuery, body: Arc<Body>) {
        // Set before looking: growth from here on rings.
        body.watched.store(true, Ordering::Release);
        self.indexes.extend(&body, &query, SLICE);
        self.indexes.fold(&body, &query, SLICE);
        if body.len(query.part) <= SLICE as u64 {
            // No time, so one answer says it all.
            self.indexes.check(&body, &query, SLICE);
        }
        self.watches.retain(|watch| watch.body.id != body.id);
        let (sent, is_full) = (Progress::default(), false);
        let mut watch = WatchedView { query, body, sent_at: Instant::now(), sent, is_full };
        self.send(watch.look(&self.indexes));
        if watch.sent.is_checked {
            return watch.body.watched.store(false, Ordering::Release);
        }
        self.watches.push_back(watch);
        if self.watches.len() > WATCHES
            && let Some(oldest) = self.watches.pop_front()
        {
            oldest.body.watched.store(false, Ordering::Release);
        }
    }

    /// One slice for everything that is behind; `false` = nothing was.
    fn index(&mut self) -> bool {
        let mut was_behind = false;
        for watch in self.watches.iter().rev() {
            was_behind |= self.indexes.extend(&watch.body, &watch.query, SLICE);
            self.indexes.fold(&watch.body, &watch.query, SLICE);
        }
        for hit in &self.hits {
            was_behind |= self.indexes.extend(&hit.body, &as_view(&hit.query), SLICE);
        }
        was_behind
    }

    /// One slice for everything that is not checked.
    fn check(&mut self) {
        for watch in self.watches.iter().rev() {
            self.indexes.check(&watch.body, &watch.query, SLICE);
        }
    }

    /// Reports the hits whose line is known by now.
    fn locate(&mut self) {
        let Viewer { indexes, urgent, hits, .. } = self;
        hits.retain(|PendingHit { query, body, at, wrapped, behind_cut }| {
            let Some(line) = indexes.line_of(body, &as_view(query), *at) else { return true };
            let inside = indexes.enclosing(body, &as_view(query), *at);
            let hit = SearchHit {
                query: query.clone(),
                hit: Some((line, *at)),
                inside: inside.into_iter().map(|it| it.at).collect(),
                wrapped: *wrapped,
                behind_cut: *behind_cut,
                flaw: None,
            };
            let _ = urgent.blocking_send(Event::Found(hit));
            false
        });
    }

    /// Sends what changed, no more often than the screen can show.
    fn refresh(&mut self) {
        let now = Instant::now();
        let Viewer { indexes, urgent, watches, .. } = self;
        watches.retain_mut(|watch| {
            let progress = indexes.progress(&watch.body, &watch.query);
            if progress != watch.sent && (progress.is_complete || now >= watch.due()) {
                let before = (watch.sent, watch.is_full);
                let event = Event::View(Box::new(watch.look(indexes)));
                // A full channel means the screen is busy: try again a frame later.
                if urgent.try_send(event).is_err() {
                    (watch.sent, watch.is_full) = before;
                }
            }
            watch.body.watched.store(!watch.sent.is_checked, Ordering::Release);
            !watch.sent.is_checked
        });
    }

    fn forget(&mut self, ids: &[BodyId]) {
        self.watches.retain(|watch| !ids.contains(&watch.body.id));
        self.hits.retain(|hit| !ids.contains(&hit.body.id));
        self.indexes.forget(ids);
    }

    fn send(&self, view: View) {
        let _ = self.urgent.blocking_send(Event::View(Box::new(view)));
    }
}

impl WatchedView {
    fn due(&self) -> Instant {
        self.sent_at + if self.is_full { REFRESH } else { FIRST_REFRESH }
    }

    /// What there is to see now, which is about to be sent.
    fn look(&mut self, indexes: &Indexes) -> View {
        self.sent = indexes.progress(&self.body, &self.query);
        let view = indexes.view(&self.body, &self.query);
        self.sent_at = Instant::now();
        self.is_full = view.lines.len() >= usize::from(self.query.rows.min(ROWS));
        view
    }
}

fn as_view(query: &SearchQuery) -> ViewQuery {
    let SearchQuery { body, part, mode, .. } = *query;
    ViewQuery::new(body, part, mode, 0, 1)
}

fn gone(query: ViewQuery) -> View {
    let note = Some(GONE.into());
    let (top, lines, enclosing, total_lines, total_bytes) = (0, Vec::new(), Vec::new(), 0, 0);
    let cut = query.mode;
    View { query, cut, top, lines, enclosing, total_lines, total_bytes, complete: true, note }
}
