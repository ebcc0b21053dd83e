//! What the connections of an HTTP listener share, and how the listener reaches one of them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::accept::Guest;
use crate::engine::command::CloseMode;
use crate::engine::refusal;
use crate::engine::session::SessionHandle;
use crate::model::failure::Failure;
use crate::model::plan::{HttpListenerPlan, Plan};

/// What the connections of a listener share.
pub(super) struct HttpListener {
    pub(super) session: SessionHandle,
    answers: watch::Sender<Arc<HttpListenerPlan>>,
    /// Numbers the exchanges of the session.
    requests: AtomicU32,
}

impl HttpListener {
    /// Answers by this plan until it is updated; no request numbered yet.
    pub(super) fn new(session: SessionHandle, plan: HttpListenerPlan) -> Self {
        let (answers, _) = watch::channel(Arc::new(plan));
        HttpListener { session, answers, requests: AtomicU32::new(0) }
    }

    /// What to answer from now on.
    pub(super) fn update(&self, plan: Plan) -> Result<(), Failure> {
        let plan = plan.http_listener().ok_or_else(refusal::other_answers)?;
        self.answers.send_replace(Arc::new(plan));
        Ok(())
    }

    /// What to answer now.
    pub(super) fn plan(&self) -> Arc<HttpListenerPlan> {
        Arc::clone(&self.answers.borrow())
    }

    /// Counts the requests of all connections, from 0 in order of arrival.
    pub(super) fn next_number(&self) -> u32 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}

/// One connection, as the listener sees it and as it shows itself.
#[derive(Debug, Clone, Default)]
pub(super) struct HttpGuest {
    /// Stops between two requests.
    pub(super) stop: CancellationToken,
    idle_since: Arc<Mutex<Option<Instant>>>,
}

impl HttpGuest {
    /// The connection begins or ends to wait for a request.
    pub(super) fn set_idle(&self, since: Option<Instant>) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

impl Guest for HttpGuest {
    fn idle_since(&self) -> Option<Instant> {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reset comes by the accept loop, which aborts the task.
    fn end(&self, _how: CloseMode) {
        self.stop.cancel();
    }
}
