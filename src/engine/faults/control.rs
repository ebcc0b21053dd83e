//! The faults of a running relay: what is in force, when that changes by itself, and who is told.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Faults;
use crate::engine::clock;
use crate::engine::session::SessionHandle;
use crate::model::fault::FaultsPlan;
use crate::model::record::{Direction, RecordKind};

/// The relay's end.
pub(crate) struct FaultControl {
    session: SessionHandle,
    plan: FaultsPlan,
    faults: watch::Sender<Arc<Faults>>,
    started: Instant,
    /// Taken where the plan names no seed.
    seed: u32,
    /// What begins and ends is told up to this time.
    told: Duration,
}

/// A connection's end.
#[derive(Debug, Clone)]
pub(crate) struct FaultWatch {
    pub(crate) watch: watch::Receiver<Arc<Faults>>,
    /// When the relay was started, by which faults count their time.
    pub(crate) started: Instant,
}

impl FaultWatch {
    /// Those in force.
    pub(crate) fn now(&mut self) -> Arc<Faults> {
        Arc::clone(&self.watch.borrow_and_update())
    }
}

impl FaultControl {
    /// The clock begins, and chance where the plan does not say.
    pub(crate) fn new(plan: &FaultsPlan, session: &SessionHandle) -> Self {
        // Only of use when it is told, so another one each time will do.
        let seed = (clock::now().0 >> 10) as u32;
        let (faults, _) = watch::channel(Faults::new(plan, seed, clock::now()));
        let (session, plan, started) = (session.clone(), plan.clone(), Instant::now());
        FaultControl { session, plan, faults, started, seed, told: Duration::ZERO }
    }

    /// Says which are in force, if there are some.
    pub(crate) fn tell(&self) {
        let told = self.faults.borrow().told();
        if let Some(text) = told {
            self.note(text);
        }
    }

    fn note(&self, text: String) {
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
    }

    /// Other ones, for the connections that are there as well.
    pub(crate) fn change(&mut self, plan: &FaultsPlan) {
        if self.plan == *plan {
            return;
        }
        let had = !self.plan.list.is_empty();
        self.plan = plan.clone();
        let faults = self.faults.borrow().followed_by(plan, self.seed);
        self.faults.send_replace(faults);
        if had && plan.list.is_empty() {
            return self.note("there are no faults any more".into());
        }
        self.tell();
    }

    /// For a connection.
    pub(crate) fn watch(&self) -> FaultWatch {
        FaultWatch { watch: self.faults.subscribe(), started: self.started }
    }

    /// When that was.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Those in force.
    pub(crate) fn now(&self) -> Arc<Faults> {
        Arc::clone(&self.faults.borrow())
    }

    /// Waits until one begins or ends, and says so. Safe to drop.
    pub(crate) async fn changed(&mut self) {
        let next = self.faults.borrow().next_change(self.told);
        clock::at(next.map(|next| self.started + next)).await;
        if let Some(next) = next {
            self.told = next;
            let told = self.faults.borrow().changes_at(next);
            for text in told {
                self.note(text);
            }
        }
    }
}
