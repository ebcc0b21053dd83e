//! What the preset of a listener expects of what comes to it: taken in event by event, looked at when the
//! listener has ended. What is not met is the exit status.

use crate::check::{BODY_LIMIT, Checks, Served};
use crate::cli::exit;
use crate::cli::headless::Headless;
use crate::cli::unmet;
use crate::engine::event::Event;
use crate::model::failure::Failure;
use crate::model::id::BodyId;
use crate::model::plan::Plan;

/// What is expected, and what came so far.
pub(super) struct ListenExpected {
    checks: Checks,
    served: Served,
    /// Bodies that nobody will look at, to be let go of.
    gone: Vec<BodyId>,
}

impl ListenExpected {
    /// Nothing came yet.
    pub(super) fn new(checks: Checks, plan: &Plan) -> Self {
        ListenExpected { checks, served: Served::new(plan.capabilities()), gone: Vec::new() }
    }

    /// Takes what happens.
    pub(super) fn on_event(&mut self, event: &Event) {
        match event {
            Event::Exchange(exchange) => {
                let gone = self.served.take_exchange(exchange);
                self.gone.extend(gone.into_iter().filter(|_| !self.checks.is_empty()));
            }
            Event::Traffic(batch) if !self.checks.is_empty() => {
                batch.records.iter().for_each(|record| self.served.take(record));
            }
            _ => {}
        }
    }

    /// Of bodies that were printed, those to be let go of now: the last request is looked at later.
    pub(super) fn let_go(&mut self, printed: Vec<BodyId>) -> Vec<BodyId> {
        if self.checks.is_empty() {
            return printed;
        }
        std::mem::take(&mut self.gone)
    }

    /// Looks at what came when all is over; the exit status.
    pub(super) fn status(&self, headless: &Headless) -> Result<u8, Failure> {
        if self.checks.is_empty() {
            return Ok(exit::OK);
        }
        let read = |body| headless.read_body(body, 0, BODY_LIMIT);
        let body = self.served.body().map(read).transpose()?.unwrap_or_default();
        let report = headless.looked(&self.checks, self.served.came(&body, headless.now()));
        Ok(unmet::tell(&report, &headless.told))
    }
}
