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

/// What the viewer is asked. `None` = the body is gone.
#[derive(Debug)]
pub(super) enum ViewerQuestion {
    View {
        query: ViewQuery,
        body: Option<Arc<Body>>,
    },
    /// Tell on which display line a hit lies, and report it.
    Locate {
        query: SearchQuery,
        body: Arc<Body>,
        hit: u64,
        wrapped: bool,
    },
    Forget(Vec<BodyId>),
}

#[derive(Debug, Default)]
struct Waiting {
    questions: VecDeque<ViewerQuestion>,
    grew: bool,
    closed: bool,
}

/// Where questions wait and growth is announced.
#[derive(Debug, Default)]
pub(super) struct ViewQueue {
    waiting: Mutex<Waiting>,
    rung: Condvar,
}

impl ViewQueue {
    /// A watched body grew.
    pub(super) fn ring(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.grew = true;
        self.rung.notify_one();
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.rung.notify_one();
    }

    /// Asks; a newer window of the same body replaces one that was not answered yet.
    pub(super) fn ask(&self, question: ViewerQuestion) -> Result<(), Failure> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let ViewerQuestion::View { query: new, .. } = &question {
            waiting.questions.retain(
                |old| !matches!(old, ViewerQuestion::View { query, .. } if query.body == new.body),
            );
        }
        if waiting.questions.len() >= QUESTIONS {
            let cause = "too many windows asked at once";
            return Err(Failure::new(Stage::Session, "", FailureKind::Busy, cause));
        }
        waiting.questions.push_back(question);
        self.rung.notify_one();
        Ok(())
    }

    /// The store itself wants something; few of these ever wait.
    pub(super) fn order(&self, question: ViewerQuestion) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.questions.push_back(question);
        self.rung.notify_one();
    }

    /// Waits for a question, for growth or for `until`; `None` = end.
    pub(super) fn wait(&self, until: Option<Instant>) -> Option<VecDeque<ViewerQuestion>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.closed {
                return None;
            }
            if waiting.grew || !waiting.questions.is_empty() {
                waiting.grew = false;
                return Some(std::mem::take(&mut waiting.questions));
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            waiting = match left {
                Some(Duration::ZERO) => return Some(VecDeque::new()),
                Some(left) => {
                    let woken = self.rung.wait_timeout(waiting, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.rung.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
