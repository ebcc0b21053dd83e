//! Where questions for the viewer thread wait, and where a body that is looked at says that it grew.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::message::Body;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::BodyId;
use crate::model::view::{SearchQuery, ViewQuery};

/// Questions waiting. Each body has at most one, and a screen shows few bodies.
const QUESTIONS: usize = 64;

/// What the viewer is asked.
#[derive(Debug)]
pub(super) enum ViewerQuestion {
    /// `None` = the body is gone.
    View(ViewQuery, Option<Arc<Body>>),
    /// Tell on which display line a hit lies, and report it.
    Locate(PendingHit),
    Forget(Vec<BodyId>),
}

/// A hit whose display line is not known yet.
#[derive(Debug)]
pub(super) struct PendingHit {
    pub(super) query: SearchQuery,
    pub(super) body: Arc<Body>,
    /// Its first byte.
    pub(super) at: u64,
    pub(super) wrapped: bool,
    pub(super) behind_cut: bool,
}

/// What the viewer thread is woken for.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) questions: VecDeque<ViewerQuestion>,
    /// A watched body grew.
    pub(super) grew: bool,
    /// The thread shall end.
    pub(super) closed: bool,
}

/// Where questions wait and growth is announced.
#[derive(Debug, Default)]
pub(super) struct ViewQueue {
    waiting: Mutex<Waiting>,
    rung: Condvar,
}

impl ViewQueue {
    /// Changes what waits, and wakes the viewer.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.rung.notify_one();
        change(&mut waiting)
    }

    /// Asks for a window, in place of one of the same body that was not answered yet.
    pub(super) fn ask(&self, new: ViewQuery, body: Option<Arc<Body>>) -> Result<(), Failure> {
        if let Some(body) = &body {
            body.was_asked.store(true, Ordering::Release);
        }
        self.change(|Waiting { questions, .. }| {
            questions.retain(
                |old| !matches!(old, ViewerQuestion::View(query, _) if query.body == new.body),
            );
            if questions.len() >= QUESTIONS {
                let cause = "too many windows asked at once";
                return Err(Failure::new(Stage::Program, "", FailureKind::Busy, cause));
            }
            questions.push_back(ViewerQuestion::View(new, body));
            Ok(())
        })
    }

    /// Asks where a hit is shown.
    pub(super) fn locate(&self, hit: PendingHit) {
        hit.body.was_asked.store(true, Ordering::Release);
        self.change(|waiting| waiting.questions.push_back(ViewerQuestion::Locate(hit)));
    }

    /// Nobody will ask about these again; of most nobody ever did, and the viewer is left alone.
    pub(super) fn forget(&self, bodies: &[Arc<Body>]) {
        let known = bodies.iter().filter(|body| body.was_asked.load(Ordering::Acquire));
        let ids: Vec<BodyId> = known.map(|body| body.id).collect();
        if !ids.is_empty() {
            self.change(|waiting| waiting.questions.push_back(ViewerQuestion::Forget(ids)));
        }
    }

    /// Waits for a question, for growth or for `until`; `None` = end.
    pub(super) fn wait(&self, until: Option<Instant>) -> Option<VecDeque<ViewerQuestion>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_idle = |w: &mut Waiting| !w.closed && !w.grew && w.questions.is_empty();
        let left =
            until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        let waited = self.rung.wait_timeout_while(waiting, left, is_idle);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.grew = false;
        (!waiting.closed).then(|| std::mem::take(&mut waiting.questions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::body::usage::Usage;
    use crate::engine::budget::Budget;
    use crate::model::view::{ViewMode, ViewPart};

    #[test]
    fn a_body_that_nobody_asked_about_leaves_the_viewer_alone() {
        let views = Arc::new(ViewQueue::default());
        let usage = Arc::new(Usage::new(None, Budget::of(16)));
        let body = |id| Arc::new(Body::new(BodyId(id), Arc::clone(&usage), Arc::clone(&views)));
        let (seen, other) = (body(1), body(2));
        let query = ViewQuery::new(seen.id, ViewPart::Decoded, ViewMode::Text, 0, 10);
        views.ask(query, Some(Arc::clone(&seen))).unwrap();
        let waiting = || views.change(|waiting| std::mem::take(&mut waiting.questions));
        waiting();
        views.forget(&[Arc::clone(&other)]);
        assert!(waiting().is_empty(), "it is not woken");
        views.forget(&[other, seen]);
        assert!(
            matches!(waiting().pop_front(), Some(ViewerQuestion::Forget(ids)) if ids == [BodyId(1)])
        );
    }
}
