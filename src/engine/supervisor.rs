//! The supervisor: takes commands, owns the sessions, and sees to it that every `Open` gets exactly
//! one `Done`, even when its task panics.
//!
//! ```text
//! Open ─► session task ──────────► outcome ─┐
//!         its connection tasks ─► all gone ─┴─► Done is the sink's last event ─► pump ends
//! ```
//!
//! The supervisor itself waits for nothing but commands and ends of sessions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::BodyStore;
use super::certificate::TlsStore;
use super::clock;
use super::command::{Command, Ending, To};
use super::event::{Event, Summary};
use super::session::{self, GRACE, INPUTS, Session, SessionContext, SessionInput, Surroundings};
use super::sink::{Sink, pump};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::SessionId;
use crate::model::plan::Plan;
use crate::model::record::ConnInfo;
use crate::model::tls::Authority;

/// Sessions open at the same time; a person has a dozen, a script must not eat the machine.
const SESSIONS: usize = 1024;
/// Ends of sessions waiting to be noticed; the tasks wait when it is full.
const ENDS: usize = 64;

/// Owns every session of an engine.
pub(super) struct Supervisor {
    sessions: HashMap<SessionId, Running>,
    facts: mpsc::Sender<Event>,
    surroundings: Surroundings,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// For what belongs to no open session.
    events: Sink,
}

struct Running {
    input: mpsc::Sender<SessionInput>,
    cancel: CancellationToken,
    events: Sink,
}

impl Supervisor {
    pub(super) fn new(
        authority: Option<Authority>,
        facts: mpsc::Sender<Event>,
        bodies: BodyStore,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        let events = Sink::new(SessionId(0));
        let tls = TlsStore::new(authority, events.clone());
        let surroundings = Surroundings { bodies, tls, stop: stop.clone() };
        Supervisor { sessions: HashMap::new(), facts, surroundings, stop, tasks, events }
    }

    /// Takes commands until the handles are gone or the engine stops.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (ended, mut ends) = mpsc::channel(ENDS);
        self.tasks.spawn(pump(self.events.clone(), self.facts.clone(), self.stop.clone()));
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(id) = ends.recv() => { self.sessions.remove(&id); }
                command = commands.recv() => match command {
                    Some(command) => self.obey(command, &ended),
                    None => break,
                },
            }
        }
        self.stop.cancel();
    }

    fn obey(&mut self, command: Command, ended: &mpsc::Sender<SessionId>) {
        match command {
            Command::Open { id, plan } => self.open(id, *plan, ended.clone()),
            Command::Update { id, plan } => self.order(id, SessionInput::Update(plan)),
            Command::Send { to: To::Conn(conn), data } => {
                self.order(conn.session, SessionInput::Send { conn: Some(conn), data });
            }
            Command::Send { to: To::All(id), data } => {
                self.order(id, SessionInput::Send { conn: None, data });
            }
            Command::End { conn, how } => self.order(conn.session, SessionInput::End { conn, how }),
            Command::Close { id, how: Ending::Reset } => self.abort(id),
            Command::Close { id, how } => self.order(id, SessionInput::Close(how)),
            Command::Search(query) => self.surroundings.bodies.search(query),
            Command::SaveBody { body, part, path } => {
                self.surroundings.bodies.save(body, part, path);
            }
            Command::Release(bodies) => self.surroundings.bodies.release(bodies),
        }
    }

    fn open(&mut self, id: SessionId, plan: Plan, ended: mpsc::Sender<SessionId>) {
        if self.sessions.len() >= SESSIONS {
            let failure =
                Failure::new(Stage::Session, "", FailureKind::Busy, "too many sessions are open")
                    .hint("close some");
            self.events.event(Event::Done { id, outcome: Err(failure), at: clock::now() });
            return;
        }
        let Entry::Vacant(place) = self.sessions.entry(id) else {
            let cause = "a session with this number is open already";
            let failure = Failure::new(Stage::Session, "", FailureKind::Internal, cause);
            self.events.refused_for(id, failure);
            return;
        };
        let events = Sink::new(id);
        let (input, inputs) = mpsc::channel(INPUTS);
        let session = Session::new(id, events.clone(), self.surroundings.clone());
        let cancel = session.cancel.clone();
        place.insert(Running { input, cancel, events: events.clone() });
        self.tasks.spawn(pump(events, self.facts.clone(), self.stop.clone()));
        self.tasks.spawn(async move {
            watch_over(plan, session, inputs).await;
            // Nobody listens any more when the engine has stopped.
            let _ = ended.send(id).await;
        });
    }

    fn order(&mut self, id: SessionId, input: SessionInput) {
        let Some(running) = self.sessions.get(&id) else {
            return self.events.refused_for(id, closed());
        };
        match running.input.try_send(input) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Closed(_)) => running.events.refused(closed()),
            Err(mpsc::error::TrySendError::Full(_)) => {
                let cause = "earlier orders still wait, the peer takes no more bytes";
                let failure = Failure::new(Stage::Session, "", FailureKind::Busy, cause);
                running.events.refused(failure.hint("wait, or reset the connection"));
            }
        }
    }

    fn abort(&mut self, id: SessionId) {
        match self.sessions.get(&id) {
            Some(running) => running.cancel.cancel(),
            None => self.events.refused_for(id, closed()),
        }
    }
}

fn closed() -> Failure {
    Failure::new(Stage::Session, "", FailureKind::NotFound, "this session is over")
        .hint("open it again")
}

/// Runs a session and everything it started to the end, then says `Done`.
async fn watch_over(plan: Plan, session: Session, input: mpsc::Receiver<SessionInput>) {
    let started = Instant::now();
    session.events.conn(ConnInfo {
        id: session.id.itself(),
        protocol: plan.protocol(),
        side: plan.side(),
        local: None,
        peer: None,
        tls: false,
    });
    let context = SessionContext { session: session.clone(), input };
    let mut run = Box::pin(AssertUnwindSafe(session::run(plan, context)).catch_unwind());
    let ran = tokio::select! {
        ran = &mut run => Some(ran),
        () = session.cancel.cancelled() => timeout(GRACE, &mut run).await.ok(),
    };
    let outcome = match ran {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) => Err(Failure::new(
            Stage::Session,
            "",
            FailureKind::Internal,
            "internal error: the task of this session stopped",
        )
        .hint("the other sessions go on; please report it")),
        None => Err(Failure::new(Stage::Session, "", FailureKind::Cancelled, "cancelled")),
    };
    drop(run);
    session.cancel.cancel();
    session.tasks.close();
    if timeout(GRACE, session.tasks.wait()).await.is_err() {
        session.kill.cancel();
        session.tasks.wait().await;
    }
    let outcome = outcome.map(|summary| complete(summary, &session, started));
    let id = session.id;
    session.events.finish(Some(Event::Done { id, outcome, at: clock::now() }));
}

/// A session that counted nothing itself gets the totals of its records.
fn complete(mut summary: Summary, session: &Session, started: Instant) -> Summary {
    if (summary.sent, summary.received) == (0, 0) {
        (summary.sent, summary.received) = session.events.totals();
    }
    summary.lasted = started.elapsed();
    summary
}
