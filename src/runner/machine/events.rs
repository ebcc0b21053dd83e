//! What the engine reports, and times that come.

use std::sync::Arc;

use super::{CLOSING, Run, RunNews, RunOrder, RunTime, later};
use crate::check::CheckReport;
use crate::engine::command::{CloseMode, Command};
use crate::engine::event::{Batch, Event, Phase};
use crate::model::cookie::CookieChange;
use crate::model::exchange::{Exchange, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, SessionId};
use crate::model::secrets::Secrets;
use crate::model::timing::Stamp;
use crate::runner::listeners::{ListenerState, RunningListener};
use crate::runner::live::{Live, LiveWait, Requested};
use crate::runner::row::{RunVerdict, RunWire};
use crate::runner::talk::RunTalkState;

impl Run {
    /// Takes what the engine reports.
    pub fn on_event(&mut self, event: &Event, time: RunTime) {
        match event {
            Event::Exchange(exchange) => self.on_exchange(exchange),
            Event::Cookies { id, changes } => self.on_cookies(*id, changes, time),
            Event::Traffic(batch) => self.on_traffic(batch, time),
            Event::Dialled { conn, how } => {
                if let Some(LiveWait::Talk(talk)) =
                    self.live.get_mut(&conn.session).map(|it| &mut it.waiting)
                {
                    talk.dialled(how);
                }
            }
            Event::StepDone { id, at, .. } => self.on_step(*id, *at, time),
            Event::Phase { id, phase: Phase::Connected { .. }, at } => {
                if let Some(live) = self.live.get_mut(id) {
                    live.steps.begin(*at);
                }
                self.tell_steps(*id, time);
                if let Some(LiveWait::Talk(talk)) = self.live.get_mut(id).map(|it| &mut it.waiting)
                {
                    talk.connected();
                }
                self.look_at_talk(*id, time);
            }
            Event::Phase { id, phase: Phase::Listening { addresses, .. }, .. } => {
                let own = |it: &&mut RunningListener| it.session == *id && !it.is_lent();
                if let Some(listener) = self.listeners.iter_mut().find(own) {
                    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                    let words = format!("{} listens on {}", listener.path, list.join(", "));
                    listener.state = ListenerState::Up(addresses.clone());
                    listener.settle();
                    self.news.push(RunNews::Said(words));
                }
            }
            Event::Refused { id, failure } if self.live.contains_key(id) => {
                self.cut_off(*id, failure.clone(), time);
            }
            Event::Done { id, outcome, .. } => {
                self.on_done(*id, outcome.as_ref().err().cloned(), time);
            }
            _ => {}
        }
    }

    /// What an answer of a step set goes with the steps of its round from now on.
    fn on_cookies(&mut self, session: SessionId, changes: &[CookieChange], time: RunTime) {
        let round = self.live.get(&session).map(|live| live.round);
        let Some(round) = round.and_then(|round| self.open.get_mut(&round)) else { return };
        let now = i64::try_from(time.wall.0 / 1_000_000_000).unwrap_or(i64::MAX);
        Arc::make_mut(&mut round.cookies).apply(changes, now);
    }

    /// Takes what came of what was looked at.
    pub fn on_report(
        &mut self,
        session: SessionId,
        outcome: Result<CheckReport, Failure>,
        time: RunTime,
    ) {
        if let Some((at, _)) = self.reading(session) {
            return self.listener_looked_at(at, outcome, time);
        }
        if let Some(LiveWait::Talk(talk)) = self.live.get_mut(&session).map(|it| &mut it.waiting) {
            let over = talk.looked(outcome);
            return self.talked(session, over, time);
        }
        if let Some(LiveWait::Heard(talk)) = self.live.get_mut(&session).map(|it| &mut it.waiting)
            && talk.is_looked_at()
            && talk.looked(outcome.clone()).is_none()
        {
            // What came behind is looked at now.
            return;
        }
        let is_waited_for = self
            .live
            .get(&session)
            .is_some_and(|it| matches!(it.waiting, LiveWait::Body(..) | LiveWait::Heard(_)));
        let Some(mut live) = self.live.remove(&session).filter(|_| is_waited_for) else { return };
        if let LiveWait::Body(_, bodies) = &mut live.waiting {
            let bodies = std::mem::take(bodies);
            self.release(bodies);
        }
        self.judged(live, outcome, time);
    }

    /// Nobody looks at these again, unless the shell shows them.
    pub(super) fn release(&mut self, bodies: Vec<BodyId>) {
        if !self.settings.keeps_bodies && !bodies.is_empty() {
            self.orders.push(RunOrder::Engine(Command::Release(bodies)));
        }
    }

    /// Does what was to be done by now.
    pub(super) fn look_at_times(&mut self, time: RunTime) {
        let is_due = |due: &Stamp| *due <= time.now;
        let due = self.live.iter().filter(|(_, live)| live.due().as_ref().is_some_and(is_due));
        for session in due.map(|(session, _)| *session).collect::<Vec<SessionId>>() {
            self.on_due(session, time);
        }
        if self.ending.as_ref().is_some_and(is_due) {
            self.close_listeners(CloseMode::Reset);
            for listener in self.listeners.iter_mut().filter(|it| it.is_open()) {
                listener.state = ListenerState::Down;
            }
        }
    }

    fn on_due(&mut self, session: SessionId, time: RunTime) {
        let Some(live) = self.live.get(&session) else { return };
        match &live.waiting {
            LiveWait::Closing(..) => {
                self.close(session, CloseMode::Reset);
                self.on_done(session, None, time);
            }
            LiveWait::Retry(_) => {
                if let Some(live) = self.live.remove(&session) {
                    self.send(live, time);
                }
            }
            _ if live.ends.is_some_and(|ends| ends <= time.now) => {
                if let LiveWait::Talk(talk) = &live.waiting
                    && let Some(report) = talk.late(&live.checks, time.wall)
                {
                    return self.talked(session, Some(Ok(report)), time);
                }
                let longest = self.settings.timeout.unwrap_or_default();
                let cause = format!("it was not over within {longest:?}");
                let kind = FailureKind::Timeout(longest);
                let failure = Failure::new(Stage::Session, "", kind, cause);
                self.cut_off(session, failure.hint(self.settings.words.timeout), time);
            }
            _ => self.look_at_talk(session, time),
        }
    }

    /// A step of a conversation is done.
    fn on_step(&mut self, session: SessionId, at: Stamp, time: RunTime) {
        if let Some(live) = self.live.get_mut(&session) {
            live.steps.done(at);
            self.tell_steps(session, time);
        }
    }

    /// How far the steps of a conversation under way are.
    fn tell_steps(&mut self, session: SessionId, time: RunTime) {
        let Some(live) = self.live.get(&session) else { return };
        if let Some(row) = self.rows.get_mut(live.row) {
            row.steps = live.steps.told(&RunVerdict::Running, live.began, time.now);
        }
    }

    /// Ends a session because of this failure.
    fn cut_off(&mut self, session: SessionId, failure: Failure, time: RunTime) {
        let Some(live) = self.live.get_mut(&session) else { return };
        live.waiting = LiveWait::Closing(Err(failure), later(time.now, CLOSING));
        self.close(session, CloseMode::Reset);
    }

    fn on_exchange(&mut self, exchange: &Exchange) {
        if let Some(facts) = &exchange.contract {
            self.covered.take(facts);
        }
        let session = exchange.conn.session;
        let Some(live) = self.live.get_mut(&session) else {
            return self.on_served(exchange);
        };
        if let LiveWait::Exchange(requested) = &mut live.waiting {
            requested.take(exchange);
        }
    }

    fn on_traffic(&mut self, batch: &Batch, time: RunTime) {
        let mut touched = Vec::new();
        for record in &batch.records {
            let session = record.conn.session;
            if let Some(LiveWait::Talk(talk)) =
                self.live.get_mut(&session).map(|it| &mut it.waiting)
            {
                talk.take(record);
                if touched.last() != Some(&session) {
                    touched.push(session);
                }
            } else {
                self.on_record(record);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for session in touched {
            self.look_at_talk(session, time);
        }
    }

    /// Ends a conversation that is over by its steps and expectations.
    fn look_at_talk(&mut self, session: SessionId, time: RunTime) {
        let Some(live) = self.live.get_mut(&session) else { return };
        let LiveWait::Talk(talk) = &mut live.waiting else { return };
        match talk.state(&live.checks, time.now, time.wall) {
            RunTalkState::Open => {}
            RunTalkState::Look => self.orders.push(RunOrder::Look { session }),
            RunTalkState::Over(outcome) => self.talked(session, Some(outcome), time),
        }
    }

    /// A conversation was looked at: it is over with this, or goes on.
    fn talked(
        &mut self,
        session: SessionId,
        over: Option<Result<CheckReport, Failure>>,
        time: RunTime,
    ) {
        let Some(outcome) = over else { return self.look_at_talk(session, time) };
        if let Some(live) = self.live.get_mut(&session) {
            live.waiting = LiveWait::Closing(outcome, later(time.now, CLOSING));
            self.close(session, CloseMode::Close);
        }
    }

    fn on_done(&mut self, session: SessionId, failure: Option<Failure>, time: RunTime) {
        let Some(mut live) = self.live.remove(&session) else {
            return self.listener_done(session, failure);
        };
        let waiting = std::mem::replace(&mut live.waiting, LiveWait::Retry(time.now));
        let outcome = match (waiting, failure) {
            (LiveWait::Closing(outcome, _), _) => outcome,
            (LiveWait::Exchange(requested), failure) => {
                return self.answered(session, live, (requested, failure), time);
            }
            (
                LiveWait::Talk(_) | LiveWait::Heard(_) | LiveWait::Body(..) | LiveWait::Retry(_),
                Some(failure),
            ) => Err(failure),
            (LiveWait::Talk(talk), None) if talk.needs_help() => {
                live.waiting = LiveWait::Heard(talk);
                self.live.insert(session, live);
                return self.orders.push(RunOrder::Look { session });
            }
            (LiveWait::Talk(talk), None) => Ok(talk.report(&live.checks, time.wall)),
            (LiveWait::Heard(_) | LiveWait::Body(..) | LiveWait::Retry(_), None) => {
                Ok(CheckReport::default())
            }
        };
        self.judged(live, outcome, time);
    }

    /// An exchange is over, redirects followed: its body is asked for where anything looks at it.
    fn answered(
        &mut self,
        session: SessionId,
        mut live: Live,
        (requested, failure): (Requested, Option<Failure>),
        time: RunTime,
    ) {
        let (last, bodies, wrong) = requested.over();
        if let Some(row) = self.rows.get_mut(live.row) {
            let answer = last.as_ref().and_then(|last| last.response.as_ref());
            row.status = answer.and_then(|answer| answer.head.status());
            row.wire = last.as_ref().map(|last| Box::new(on_the_wire(last, live.began)));
        }
        match (failure.or(wrong), last) {
            (None, Some(last)) if !live.checks.is_empty() || self.settings.keeps_answers => {
                live.waiting = LiveWait::Body(last, bodies);
                self.live.insert(session, live);
                self.orders.push(RunOrder::Look { session });
            }
            (failure, _) => {
                self.release(bodies);
                let outcome = failure.map_or_else(|| Ok(CheckReport::default()), Err);
                self.judged(live, outcome, time);
            }
        }
    }

    /// The end of a preset's session, with what came of it.
    fn judged(&mut self, live: Live, outcome: Result<CheckReport, Failure>, time: RunTime) {
        match outcome {
            Ok(report) if report.is_met() => self.ended(&live, RunVerdict::Passed, report, time),
            Ok(report) => self.ended_unmet(live, RunVerdict::NotMet(None), report, time),
            Err(failure) => {
                let failure = hidden(&live.secrets, failure, self.settings.tells_secrets);
                let verdict = RunVerdict::of(failure);
                self.ended_unmet(live, verdict, CheckReport::default(), time);
            }
        }
    }
}

fn hidden(secrets: &Secrets, failure: Failure, tells_secrets: bool) -> Failure {
    if tells_secrets { failure } else { secrets.hide_failure(failure) }
}

/// How an exchange went, of a preset that began then.
fn on_the_wire(exchange: &Exchange, began: Stamp) -> RunWire {
    let answer = exchange.response.as_ref().map(|answer| &answer.head.start);
    let version = match answer {
        Some(StartLine::Response { version, .. }) => Some(version.name()),
        _ => None,
    };
    RunWire {
        after: exchange.started.since(began),
        timing: exchange.timing,
        peer: exchange.peer.clone(),
        version,
    }
}
