//! A preset of a run that is under way: what came so far, and what is waited for.

use super::steps::StepsTaken;
use super::talk::RunTalk;
use crate::check::{CheckReport, Checks};
use crate::model::exchange::{Exchange, ExchangeState};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::BodyId;
use crate::model::secrets::Secrets;
use crate::model::timing::Stamp;

/// One that runs.
#[derive(Debug)]
pub(super) struct Live {
    /// Its place among the rows.
    pub(super) row: usize,
    pub(super) round: usize,
    pub(super) step: usize,
    /// Steps that wait for this one, the next one last, and makers that ran again for them.
    pub(super) then: Vec<usize>,
    pub(super) renewed: Vec<usize>,
    pub(super) checks: Checks,
    pub(super) secrets: Secrets,
    pub(super) steps: StepsTaken,
    pub(super) waiting: LiveWait,
    /// When it began, by the engine's clock.
    pub(super) began: Stamp,
    /// When it is ended, whatever it waits for.
    pub(super) ends: Option<Stamp>,
}

/// What a preset that runs waits for.
#[derive(Debug)]
pub(super) enum LiveWait {
    /// The end of its exchange.
    Exchange(Requested),
    /// The body of its last answer, read by the shell.
    Body(Box<Exchange>, Vec<BodyId>),
    Talk(Box<RunTalk>),
    /// A conversation that is over, and is being looked at by the shell.
    Heard(Box<RunTalk>),
    /// The end of a session of which is known what came of it, until this time at most.
    Closing(Result<CheckReport, Failure>, Stamp),
    /// To be tried again then.
    Retry(Stamp),
}

/// A request as far as it is.
#[derive(Debug, Default)]
pub(super) struct Requested {
    last: Option<Box<Exchange>>,
    bodies: Vec<BodyId>,
    unsent: Option<Failure>,
}

impl Live {
    /// Nothing of it was sent yet.
    pub(super) fn new(
        row: usize,
        (round, step): (usize, usize),
        (then, renewed): (Vec<usize>, Vec<usize>),
        now: Stamp,
    ) -> Self {
        Live {
            row,
            round,
            step,
            then,
            renewed,
            checks: Checks::default(),
            secrets: Secrets::default(),
            steps: StepsTaken::default(),
            waiting: LiveWait::Retry(now),
            began: now,
            ends: None,
        }
    }

    /// When something is to be done about it although nothing has happened.
    pub(super) fn due(&self) -> Option<Stamp> {
        let own = match &self.waiting {
            LiveWait::Exchange(_) | LiveWait::Body(..) | LiveWait::Heard(_) => None,
            LiveWait::Talk(talk) => talk.due(),
            LiveWait::Closing(_, until) | LiveWait::Retry(until) => return Some(*until),
        };
        own.into_iter().chain(self.ends).min()
    }
}

impl Requested {
    /// What is known of one of its exchanges now; of one that goes on only its bodies matter.
    pub(super) fn take(&mut self, exchange: &Exchange) {
        for body in exchange.bodies() {
            if !self.bodies.contains(&body) {
                self.bodies.push(body);
            }
        }
        if exchange.state == ExchangeState::Active {
            return;
        }
        if exchange.state == ExchangeState::Complete {
            let unsent = exchange.request.body.unsent().map(|cause| {
                Failure::new(Stage::Send, &*exchange.url, FailureKind::Truncated, cause)
            });
            self.unsent = unsent;
        }
        self.last = Some(Box::new(exchange.clone()));
    }

    /// The last exchange, and all bodies; what is wrong with it although it came to its end.
    pub(super) fn over(self) -> (Option<Box<Exchange>>, Vec<BodyId>, Option<Failure>) {
        let undecoded = self.last.as_ref().and_then(|last| undecoded(last));
        (self.last, self.bodies, self.unsent.or(undecoded))
    }
}

/// A body that was not decoded to its end is no success; one that is something else than its codings say is
/// looked at as it came.
fn undecoded(exchange: &Exchange) -> Option<Failure> {
    let body = &exchange.response.as_ref()?.body;
    let error = body.decode_error.as_deref()?;
    (body.damaged || !body.as_came)
        .then(|| Failure::new(Stage::Body, &*exchange.url, FailureKind::Malformed, error))
}
