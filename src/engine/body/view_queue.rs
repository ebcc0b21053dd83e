//! Where questions for the viewer thread wait, and where a body that is looked at says that it grew.

use std::collections::VecDeque;
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

    /// The store itself wants something; few of these ever wait.
    pub(super) fn order(&self, question: ViewerQuestion) {
        self.change(|waiting| waiting.questions.push_back(question));
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
