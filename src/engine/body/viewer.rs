//! The viewer thread: answers windows onto bodies and keeps them fresh while bodies grow.
//!
//! ```text
//!   view(query) ──┐                 ┌── one slice of indexing, then look again
//!   body grew ────┼──► queue ─► Viewer ──► Event::View / Event::Found (urgent channel)
//!   search hit ───┘
//! ```
//!
//! One thread owns every line index, so nothing is locked while it answers; it works in slices of
//! [`SLICE`] bytes and looks for new questions between two of them. It sleeps when there is
//! nothing to do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::index::{Indexes, Window};
use super::message::Body;
use super::view_queue::{ViewQueue, ViewerQuestion};
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
/// Rows of one window at most; no screen has more.
const ROWS: u16 = 1024;
/// Said instead of lines when a body was released.
const GONE: &str = "this body is no longer kept (released to bound memory)";

/// Starts the thread; it ends with [`ViewQueue::close`].
pub(super) fn start(views: &Arc<ViewQueue>, urgent: mpsc::Sender<Event>) {
    let viewer = Viewer {
        views: Arc::clone(views),
        urgent,
        indexes: Indexes::default(),
        watches: VecDeque::new(),
        hits: Vec::new(),
    };
    let thread = thread::Builder::new().name("body-view".into());
    let run = move || {
        viewer.run();
    };
    if let Err(error) = thread.spawn(run) {
        tracing::error!(%error, "no thread for windows onto bodies");
    }
}

/// A window that is kept fresh.
struct WatchedView {
    query: ViewQuery,
    body: Arc<Body>,
    sent_at: Instant,
    /// Lines, bytes and completeness when it was last sent.
    sent: (u64, u64, bool),
    is_full: bool,
}

/// A hit whose display line is not known yet.
struct PendingHit {
    query: SearchQuery,
    body: Arc<Body>,
    at: u64,
    wrapped: bool,
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
                    ViewerQuestion::View { query, body: Some(body) } => self.answer(query, body),
                    ViewerQuestion::View { query, body: None } => self.send(gone(query)),
                    ViewerQuestion::Locate { query, body, hit, wrapped } => {
                        self.hits.push(PendingHit { query, body, at: hit, wrapped });
                    }
                    ViewerQuestion::Forget(ids) => self.forget(&ids),
                }
            }
            self.index();
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
            if self.indexes.is_behind(&watch.body, &watch.query) {
                return Some(Instant::now());
            }
            (self.indexes.facts(&watch.body, &watch.query) != watch.sent).then(|| watch.due())
        };
        self.watches.iter().filter_map(behind).min()
    }

    fn answer(&mut self, mut query: ViewQuery, body: Arc<Body>) {
        let asked = query.clone();
        query.rows = query.rows.min(ROWS);
        // Set before looking: growth from here on rings.
        body.watched.store(true, Ordering::Release);
        if !self.indexes.covers(&body, &query) {
            self.indexes.extend(&body, &query, SLICE);
        }
        let window = self.indexes.window(&body, &query);
        let is_full = window.lines.len() >= usize::from(query.rows);
        let sent = (window.total_lines, window.total_bytes, window.complete);
        self.send(view(asked.clone(), window));
        self.watches.retain(|watch| watch.body.id != body.id);
        if sent.2 {
            body.watched.store(false, Ordering::Release);
            return;
        }
        let sent_at = Instant::now();
        self.watches.push_back(WatchedView { query: asked, body, sent_at, sent, is_full });
        if self.watches.len() > WATCHES
            && let Some(oldest) = self.watches.pop_front()
        {
            oldest.body.watched.store(false, Ordering::Release);
        }
    }

    /// One slice for everything that is behind.
    fn index(&mut self) {
        for watch in self.watches.iter().rev() {
            self.indexes.extend(&watch.body, &watch.query, SLICE);
        }
        for hit in &self.hits {
            self.indexes.extend(&hit.body, &hit.as_view(), SLICE);
        }
    }

    /// Reports the hits whose line is known by now.
    fn locate(&mut self) {
        let indexes = &self.indexes;
        let mut found = Vec::new();
        self.hits.retain(|hit| {
            let line = indexes.line_of(&hit.body, &hit.as_view(), hit.at);
            if let Some(line) = line {
                let hit_at = Some((line, hit.at));
                let query = hit.query.clone();
                found.push(SearchHit { query, hit: hit_at, wrapped: hit.wrapped });
            }
            line.is_none()
        });
        for hit in found {
            let _ = self.urgent.blocking_send(Event::Found(hit));
        }
    }

    /// Sends what changed, no more often than the screen can show.
    fn refresh(&mut self) {
        let now = Instant::now();
        for watch in &mut self.watches {
            let facts = self.indexes.facts(&watch.body, &watch.query);
            if facts == watch.sent || (now < watch.due() && !facts.2) {
                continue;
            }
            let window = self.indexes.window(&watch.body, &watch.query);
            let is_full = window.lines.len() >= usize::from(watch.query.rows.min(ROWS));
            let event = Event::View(Box::new(view(watch.query.clone(), window)));
            watch.sent_at = now;
            // A full channel means the screen is busy: try again a frame later.
            if self.urgent.try_send(event).is_ok() {
                (watch.sent, watch.is_full) = (facts, is_full);
            }
        }
        self.watches.retain(|watch| {
            watch.body.watched.store(!watch.sent.2, Ordering::Release);
            !watch.sent.2
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
}

impl PendingHit {
    fn as_view(&self) -> ViewQuery {
        let SearchQuery { body, part, mode, .. } = self.query;
        ViewQuery { body, part, mode, top: 0, rows: 1 }
    }
}

fn view(query: ViewQuery, window: Window) -> View {
    let Window { top, lines, total_lines, total_bytes, complete, note } = window;
    View { query, top, lines, total_lines, total_bytes, complete, note }
}

fn gone(query: ViewQuery) -> View {
    let note = Some(GONE.into());
    let (top, lines, total_lines, total_bytes) = (0, Vec::new(), 0, 0);
    View { query, top, lines, total_lines, total_bytes, complete: true, note }
}
