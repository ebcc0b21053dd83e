//! Listeners of a run: started before its first preset and ended behind its last; then what came to them is
//! looked at, once for the whole run, and told in rows of their own.
//!
//! ```text
//! start ─► Starting ─► Up ─► the last preset is over: closed ─► Down ─► the last body is read ─► row
//! ```

use std::time::Duration;

use super::beside::NO_ROUND;
use super::{Run, RunNews, RunOrder, RunTime, planned};
use crate::check::{Came, CameBody, CameFrom, CheckReport, Checks, Heard, Served};
use crate::compose::{self, UnknownNames};
use crate::engine::command::{CloseMode, Command};
use crate::model::exchange::{Exchange, ExchangeState};
use crate::model::failure::Failure;
use crate::model::id::{BodyId, SessionId};
use crate::model::preset::PresetPath;
use crate::model::record::Record;
use crate::model::timing::Stamp;
use crate::runner::listeners::{ListenerLook, ListenerState, ListenerWatch, RunningListener};
use crate::runner::live::LiveWait;
use crate::runner::row::{RunRow, RunTally, RunVerdict};
use crate::runner::script::RunStep;

/// What a run waits for to be looked at.
#[derive(Debug, Clone, Copy)]
pub enum RunCame<'a> {
    /// An answer.
    Exchange(&'a Exchange),
    /// All that was said.
    Conversation(&'a Heard),
    /// What came to a listener.
    Served(&'a Served),
}

impl RunCame<'_> {
    /// The body that lies with the engine.
    #[must_use]
    pub fn body(&self) -> Option<BodyId> {
        match self {
            RunCame::Exchange(exchange) => exchange.response.as_ref().map(|it| it.body.id),
            RunCame::Conversation(_) => None,
            RunCame::Served(served) => served.body(),
        }
    }

    /// It with that body, at this time of the wall clock.
    #[must_use]
    pub fn came<'b>(&'b self, bytes: &'b [u8], wall: Stamp) -> Came<'b> {
        match self {
            RunCame::Exchange(exchange) => {
                let body = exchange.response.as_ref().map(|response| &response.body);
                let length = body.map_or(0, |body| body.decoded_len);
                let body = CameBody { bytes, length };
                Came::new(CameFrom::Exchange(exchange), body, wall)
            }
            RunCame::Conversation(heard) => heard.came(wall),
            RunCame::Served(served) => served.came(bytes, wall),
        }
    }
}

impl Run {
    /// Opens what the presets need.
    pub(super) fn start_listeners(&mut self, time: RunTime) {
        for at in 0..self.script.listeners.len() {
            let own = self.session();
            let place = self.script.steps.len() + at;
            let scope = self.scope(NO_ROUND, place);
            let Some(listener) = self.script.listeners.get(at) else { return };
            let (path, preset) = (listener.path.to_string(), listener.path.clone());
            let secrets = scope.hidden();
            let checks = compose::checks(&listener.spec, &*scope, UnknownNames::Refused);
            let plan = planned(&listener.spec, &scope, self.settings.words, |_| None);
            let can = listener.spec.capabilities();
            // What comes to one that stays is looked at when that ends.
            let is_looked_at = !checks.is_empty() && !self.leaves_listeners;
            let look = if is_looked_at { ListenerLook::Due } else { ListenerLook::Over };
            let served = Served::new(can);
            let (began, told) = (time.now, secrets.clone());
            let watch = ListenerWatch { checks, served, look, began, secrets: told };
            let (session, state) = match (self.lent.remove(&preset), plan) {
                (Some((lent, addresses)), _) => {
                    let words = format!("{path} runs already and is used as it is");
                    self.news.push(RunNews::Said(words));
                    (lent, ListenerState::Lent(addresses))
                }
                (None, Ok(plan)) => {
                    let secrets = self.told(&secrets).hidden();
                    let open = Command::Open { id: own, plan: Box::new(plan), secrets };
                    self.orders.push(RunOrder::Engine(open));
                    (own, ListenerState::Starting)
                }
                (None, Err(failure)) => {
                    let failure = secrets.hide_failure(failure.of_listener());
                    self.listener_failed(at, failure);
                    (own, ListenerState::Down)
                }
            };
            let place = String::new();
            let mut listener = RunningListener { path, session, state, place, watch };
            listener.settle();
            self.listeners.push(listener);
        }
    }

    /// What was started for it stays, if that is wanted and all passed.
    pub(super) fn leave_listeners(&mut self) {
        if !self.leaves_listeners || self.stopped.is_some() || !RunTally::of(&self.rows).is_green()
        {
            return;
        }
        for (at, listener) in self.listeners.iter_mut().enumerate() {
            if let ListenerState::Up(addresses) = &mut listener.state {
                self.left.push((at, listener.session));
                listener.state = ListenerState::Lent(std::mem::take(addresses));
            }
        }
    }

    /// Ends the listeners that are open.
    pub(super) fn close_listeners(&mut self, how: CloseMode) {
        let open = self.listeners.iter().filter(|it| it.is_open()).map(|it| it.session);
        for session in open.collect::<Vec<SessionId>>() {
            self.close(session, how);
        }
    }

    /// A session that is no preset's is over.
    pub(super) fn listener_done(&mut self, session: SessionId, failure: Option<Failure>) {
        let Some(at) = self.listeners.iter().position(|it| it.session == session) else { return };
        let Some(listener) = self.listeners.get_mut(at) else { return };
        listener.state = ListenerState::Down;
        if let Some(failure) = failure.filter(|_| self.ending.is_none()) {
            listener.watch.look = ListenerLook::Over;
            self.listener_failed(at, failure);
        }
    }

    /// A listener is not up: a row says so, and those that need it are skipped.
    fn listener_failed(&mut self, at: usize, failure: Failure) {
        let verdict = RunVerdict::Failed(failure);
        self.listener_row(at, verdict, CheckReport::default(), Duration::ZERO);
    }

    fn listener_row(
        &mut self,
        at: usize,
        verdict: RunVerdict,
        report: CheckReport,
        took: Duration,
    ) {
        let Some(listener) = self.script.listeners.get(at) else { return };
        let needs = |step: &&RunStep| step.listeners.contains(&at);
        let user = self.script.steps.iter().find(needs).map(|step| step.path.to_string());
        let running = self.listeners.get(at);
        let place = running.map(|it| it.place.clone()).filter(|place| !place.is_empty());
        let target = place.map(|place| format!("{} listener {place}", listener.spec.protocol()));
        self.rows.push(RunRow {
            path: listener.path.clone(),
            about: listener.about.clone(),
            place: String::new(),
            round: String::new(),
            why: format!("needed by {}", user.unwrap_or_default()),
            target: target.unwrap_or_default(),
            tries: 1,
            began: self.began,
            took,
            verdict,
            status: None,
            report,
            wire: None,
            steps: Vec::new(),
            session: running.map(|it| it.session),
        });
        self.news.push(RunNews::Over(self.rows.len() - 1));
    }

    /// Takes a request of a listener as far as it is.
    pub(super) fn on_served(&mut self, exchange: &Exchange) {
        let session = exchange.conn.session;
        let watching =
            |it: &&mut RunningListener| it.session == session && it.watch.look == ListenerLook::Due;
        let gone = match self.listeners.iter_mut().find(watching) {
            Some(listener) => listener.watch.served.take_exchange(exchange),
            // Of one that was cut off, or of which nothing is expected: nobody looks at its bodies.
            None if exchange.state != ExchangeState::Active => exchange.bodies(),
            None => return,
        };
        self.release(gone);
    }

    /// Takes a record of a listener.
    pub(super) fn on_record(&mut self, record: &Record) {
        let session = record.conn.session;
        if let Some(listener) = self.listeners.iter_mut().find(|it| it.session == session) {
            listener.watch.served.take(record);
        }
    }

    /// Looks at what came to the listeners, once all are gone.
    pub(super) fn look_at_listeners(&mut self, time: RunTime) {
        let Some(ending) = self.ending else { return };
        if self.listeners.iter().any(RunningListener::is_open) {
            return;
        }
        for at in 0..self.listeners.len() {
            let Some(listener) = self.listeners.get_mut(at) else { return };
            let watch = &mut listener.watch;
            // What a listener that stays has begun to answer is told in a moment.
            let is_due = watch.look == ListenerLook::Due;
            if !is_due || watch.served.is_busy() && time.now < ending {
                continue;
            }
            if let Some(why) = self.stopped.clone() {
                watch.look = ListenerLook::Over;
                let took = time.now.since(watch.began);
                let verdict = RunVerdict::Skipped(why);
                self.listener_row(at, verdict, CheckReport::default(), took);
            } else {
                watch.look = ListenerLook::Reading;
                self.orders.push(RunOrder::Look { session: listener.session });
            }
        }
    }

    /// The listener of this session, where its last body is being read.
    pub(super) fn reading(&self, session: SessionId) -> Option<(usize, &ListenerWatch)> {
        let is_meant =
            |it: &RunningListener| it.session == session && it.watch.look == ListenerLook::Reading;
        let at = self.listeners.iter().position(is_meant)?;
        Some((at, &self.listeners.get(at)?.watch))
    }

    /// What came of that is known.
    pub(super) fn listener_looked_at(
        &mut self,
        at: usize,
        outcome: Result<CheckReport, Failure>,
        time: RunTime,
    ) {
        let Some(listener) = self.listeners.get_mut(at) else { return };
        let watch = &mut listener.watch;
        watch.look = ListenerLook::Over;
        let (took, body) = (time.now.since(watch.began), watch.served.body());
        let secrets = watch.secrets.clone();
        let told = self.told(&secrets);
        self.release(body.into_iter().collect());
        let (verdict, report) = match outcome {
            Ok(report) if report.is_met() => (RunVerdict::Passed, report),
            Ok(report) => (RunVerdict::NotMet(None), report),
            Err(failure) => (RunVerdict::Failed(failure), CheckReport::default()),
        };
        self.news.push(RunNews::Looked(self.rows.len(), report.clone()));
        self.listener_row(at, verdict, report.disclosed(&told), took);
    }

    /// Steps that need this listener.
    pub fn users_of(&self, path: &PresetPath) -> impl Iterator<Item = &PresetPath> + use<'_> {
        let at = self.script.listeners.iter().position(|listener| listener.path == *path);
        let steps = self.script.steps.iter();
        let needs = move |step: &&RunStep| at.is_some_and(|at| step.listeners.contains(&at));
        steps.filter(needs).map(|step| &step.path)
    }

    /// What is waited for to be looked at in this session, and what is asked of it: for a shell that looks itself.
    #[must_use]
    pub fn looked_at(&self, session: SessionId) -> Option<(RunCame<'_>, &Checks)> {
        if let Some((_, watch)) = self.reading(session) {
            return Some((RunCame::Served(&watch.served), &watch.checks));
        }
        let live = self.live.get(&session)?;
        let came = match &live.waiting {
            LiveWait::Body(exchange, _) => RunCame::Exchange(exchange),
            LiveWait::Heard(talk) => RunCame::Conversation(talk.heard()),
            LiveWait::Talk(talk) if talk.is_looked_at() => RunCame::Conversation(talk.heard()),
            LiveWait::Talk(_)
            | LiveWait::Exchange(_)
            | LiveWait::Closing(..)
            | LiveWait::Retry(_) => return None,
        };
        Some((came, &live.checks))
    }
}
