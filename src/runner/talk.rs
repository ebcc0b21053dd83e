//! A conversation of a run: when it is over. Its steps and expectations decide that, never that it was quiet
//! for a while.
//!
//! ```text
//! steps done ┬ the last one was an answer, or nothing is asked of what comes ─► over
//!            └ expectations or captures: over as soon as something came and all of them are met,
//!              or nothing more can come, or in the end after ANSWERS; what is not met then is not met
//! ```

use std::time::Duration;

use crate::check::{CheckReport, Checks, Heard};
use crate::engine::event::STEPS_DONE;
use crate::model::dialled::Dialled;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{Plan, StepPlan};
use crate::model::protocol::Capabilities;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// How long what is expected behind the last step may take to come.
const ANSWERS: Duration = Duration::from_secs(5);
/// How long an error may take to come back of a datagram that asks for no answer.
const ONE_WAY: Duration = Duration::from_millis(50);

/// How far a conversation is.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct RunTalk {
    heard: Heard,
    is_of_datagrams: bool,
    can: Capabilities,
    ends_with_answer: bool,
    has_steps: bool,
    peer: String,
    connected: bool,
    steps_done: bool,
    peer_finished: bool,
    /// Something came behind what was sent last.
    received: bool,
    lost: Option<Failure>,
    /// A shell has to look, since that needs more than what is heard.
    needs_help: bool,
    /// It looks now, for the last time or not.
    looking: Option<bool>,
    /// Something happened since it was told to.
    unseen: bool,
    /// Since when only answers are waited for, and until when.
    since: Option<Stamp>,
    due: Option<Stamp>,
}

/// What is to be done about it now.
#[derive(Debug)]
pub(super) enum RunTalkState {
    /// Nothing before something happens, or before the time it is due.
    Open,
    /// Let the shell look.
    Look,
    /// It is over, and this came of it.
    Over(Result<CheckReport, Failure>),
}

impl RunTalk {
    /// Nothing was said yet.
    pub(super) fn new(plan: &Plan, needs_help: bool) -> Self {
        let can = plan.capabilities();
        RunTalk {
            heard: Heard::new(can),
            is_of_datagrams: can.datagrams,
            can,
            ends_with_answer: matches!(plan.steps().last(), Some(StepPlan::Expect { .. })),
            has_steps: !plan.steps().is_empty(),
            peer: plan.address(),
            connected: false,
            steps_done: false,
            peer_finished: false,
            received: false,
            lost: None,
            needs_help,
            looking: None,
            unseen: true,
            since: None,
            due: None,
        }
    }

    /// It is up.
    pub(super) fn connected(&mut self) {
        self.connected = true;
    }

    /// How it came to be connected.
    pub(super) fn dialled(&mut self, how: &Dialled) {
        self.heard.dialled(how.clone());
    }

    /// A record of it.
    pub(super) fn take(&mut self, record: &Record) {
        if !record.is_said(self.can) {
            return;
        }
        self.heard.take(record);
        self.unseen = true;
        match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Received) => self.received = true,
            // What came before is no answer to it.
            (RecordKind::Data, Direction::Sent) => self.received = false,
            (RecordKind::Finished, Direction::Received) => self.peer_finished = true,
            (RecordKind::Note, Direction::Local) if record.data == STEPS_DONE.as_bytes() => {
                self.steps_done = true;
            }
            // A datagram that could not be sent, or came back.
            (RecordKind::Failed, Direction::Sent | Direction::Received) if self.is_of_datagrams => {
                let cause = String::from_utf8_lossy(&record.data).into_owned();
                let (stage, kind) = (Stage::Send, FailureKind::Unreachable);
                self.lost.get_or_insert_with(|| Failure::new(stage, &*self.peer, kind, cause));
            }
            _ => {}
        }
    }

    /// When its state is to be asked for although nothing has happened.
    pub(super) fn due(&self) -> Option<Stamp> {
        self.due
    }

    /// What is to be done, at this time of the engine's clock and of the wall's.
    pub(super) fn state(&mut self, checks: &Checks, now: Stamp, wall: Stamp) -> RunTalkState {
        if let Some(failure) = self.lost.take() {
            return RunTalkState::Over(Err(failure));
        }
        if !(self.connected && (self.steps_done || !self.has_steps)) {
            return RunTalkState::Open;
        }
        let since = *self.since.get_or_insert(now);
        if self.looking.is_some() {
            self.due = None;
            return RunTalkState::Open;
        }
        let is_over = self.ends_with_answer || self.peer_finished;
        if is_over && !self.needs_help {
            return RunTalkState::Over(Ok(self.report(checks, wall)));
        }
        let longest = if !checks.is_empty() {
            ANSWERS
        } else if self.is_of_datagrams {
            // Nobody answers it, but the network may say that nobody is there.
            ONE_WAY
        } else {
            Duration::ZERO
        };
        let is_late = now.since(since) >= longest;
        if self.needs_help {
            let ends = is_over || is_late;
            if ends || self.received && !checks.is_empty() && std::mem::take(&mut self.unseen) {
                self.looking = Some(ends);
                self.due = None;
                return RunTalkState::Look;
            }
        } else if is_late || self.received && !checks.is_empty() {
            let report = self.report(checks, wall);
            if is_late || report.is_met() {
                return RunTalkState::Over(Ok(report));
            }
        }
        self.due = Some(Stamp(since.0.saturating_add(longest.as_nanos() as u64)));
        RunTalkState::Open
    }

    /// What came of it when there is no more time, where nothing but what is expected is waited for.
    pub(super) fn late(&self, checks: &Checks, wall: Stamp) -> Option<CheckReport> {
        let waits = self.connected && (self.steps_done || !self.has_steps) && !checks.is_empty();
        (waits && !self.needs_help).then(|| self.report(checks, wall))
    }

    /// Whether a shell has to look.
    pub(super) fn needs_help(&self) -> bool {
        self.needs_help
    }

    /// Whether it does now.
    pub(super) fn is_looked_at(&self) -> bool {
        self.looking.is_some()
    }

    /// All that was said.
    pub(super) fn heard(&self) -> &Heard {
        &self.heard
    }

    /// What a shell saw; what came of it in the end, if that is the end.
    pub(super) fn looked(
        &mut self,
        outcome: Result<CheckReport, Failure>,
    ) -> Option<Result<CheckReport, Failure>> {
        let is_last = self.looking.take()?;
        let is_met = outcome.as_ref().map_or(true, CheckReport::is_met);
        (is_last || is_met).then_some(outcome)
    }

    /// What came of it so far.
    pub(super) fn report(&self, checks: &Checks, wall: Stamp) -> CheckReport {
        checks.report(&self.heard.came(wall))
    }
}
