//! The supervisor: takes commands, owns the sessions, and sees to it that every `Open` gets exactly
//! one `Done`, even when its task panics.
//!
//! ```text
//! Open ─► session task ──────────► outcome ─┐
//!         its connection tasks ─► all gone ─┴─► Done is the sink's last event
//! ```
//!
//! The supervisor itself waits for nothing but commands and ends of sessions.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::command::{CloseMode, Command, Recipient};
use super::event::{Event, Summary};
use super::holds::HoldDesk;
use super::session::{GRACE, INPUTS, SessionContext, SessionEnv, SessionHandle, SessionInput};
use super::sink::Sink;
use super::{clock, dispatch, refusal};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::SessionId;
use crate::model::plan::Plan;
use crate::model::record::ConnInfo;
use crate::model::secrets::Secrets;

/// Sessions open at the same time; a person has a dozen, a script must not eat the machine.
const SESSIONS: usize = 1024;
/// Places in a session's queue that messages may not take, so that it can always be ended.
const KEPT_FOR_ENDINGS: usize = 16;
/// Ends of sessions waiting to be noticed; the tasks wait when it is full.
const ENDS: usize = 64;

/// Owns every session of an engine.
pub(super) struct Supervisor {
    sessions: HashMap<SessionId, Running>,
    env: SessionEnv,
    tasks: TaskTracker,
    /// For what belongs to no open session.
    events: Sink,
}

struct Running {
    input: mpsc::Sender<SessionInput>,
    cancel: CancellationToken,
    events: Sink,
    holds: HoldDesk,
}

impl Supervisor {
    /// `events` is for what belongs to no open session.
    pub(super) fn new(events: Sink, env: SessionEnv, tasks: TaskTracker) -> Self {
        Supervisor { sessions: HashMap::new(), env, tasks, events }
    }

    /// Takes commands until the handles are gone or the engine stops.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (ended, mut ends) = mpsc::channel(ENDS);
        loop {
            tokio::select! {
                biased;
                () = self.env.stop.cancelled() => break,
                Some(id) = ends.recv() => { self.sessions.remove(&id); }
                command = commands.recv() => match command {
                    Some(command) => self.handle_command(command, &ended),
                    None => break,
                },
            }
        }
        self.env.stop.cancel();
    }

    fn handle_command(&mut self, command: Command, ended: &mpsc::Sender<SessionId>) {
        match command {
            Command::Open { id, plan, secrets } => self.open(id, *plan, secrets, ended.clone()),
            Command::Update { id, plan } => self.order(id, SessionInput::Update(plan)),
            Command::Send { to: Recipient::Conn(conn), data } => {
                self.order(conn.session, SessionInput::Send { conn: Some(conn), data });
            }
            Command::Send { to: Recipient::All(id), data } => {
                self.order(id, SessionInput::Send { conn: None, data });
            }
            Command::Decide { id, number, decision } => match self.sessions.get(&id) {
                Some(running) => running.holds.decide(number, decision),
                None => self.events.refused_for(id, refusal::session_over()),
            },
            Command::End { conn, how } => self.order(conn.session, SessionInput::End { conn, how }),
            Command::Close { id, how: CloseMode::Reset } => self.abort(id),
            Command::Close { id, how } => self.order(id, SessionInput::Close(how)),
            Command::Search(query) => self.env.bodies.search(query),
            Command::Derive(order) => self.env.bodies.derive(order),
            Command::LookAtCell(query) => self.env.bodies.look_at_cell(query),
            Command::StopDeriving => self.env.bodies.stop_deriving(),
            Command::Compare(query) => self.env.bodies.compare(query),
            Command::SaveBody { body, part, path } => self.env.bodies.save(body, part, path),
            Command::KeepAnswer { body, text, path } => {
                self.env.bodies.keep_answer(body, text, path);
            }
            Command::OpenAnswer { path } => self.env.bodies.open_answer(path),
            Command::LetGo => self.env.kept.let_go(),
            Command::Release(bodies) => self.env.bodies.release(bodies),
        }
    }

    fn open(
        &mut self,
        id: SessionId,
        plan: Plan,
        secrets: Secrets,
        ended: mpsc::Sender<SessionId>,
    ) {
        if self.sessions.len() >= SESSIONS {
            let failure =
                Failure::new(Stage::Program, "", FailureKind::Busy, "too many sessions are open")
                    .hint("close some");
            self.events.event(Event::Done { id, outcome: Err(failure), at: clock::now() });
            return;
        }
        let Entry::Vacant(place) = self.sessions.entry(id) else {
            let cause = "a session with this number is open already";
            let failure = Failure::new(Stage::Program, "", FailureKind::Internal, cause);
            self.events.refused_for(id, failure);
            return;
        };
        tracing::info!("session {id} opens: {:?} {:?}", plan.protocol(), plan.side());
        let events = self.events.of(id).hiding(secrets);
        let (input, inputs) = mpsc::channel(INPUTS);
        let session = SessionHandle::new(id, events.clone(), self.env.clone());
        let cancel = session.cancel.clone();
        let holds = session.holds.clone();
        place.insert(Running { input, cancel, events, holds });
        self.tasks.spawn(async move {
            watch_over(run(plan, session.clone(), inputs), session).await;
            // Nobody listens any more when the engine has stopped.
            let _ = ended.send(id).await;
        });
    }

    fn order(&mut self, id: SessionId, input: SessionInput) {
        // Whoever ends something that is over is late: what was wanted has come about.
        let asks_for_more = !matches!(input, SessionInput::End { .. } | SessionInput::Close(_));
        let Some(running) = self.sessions.get(&id) else {
            if asks_for_more {
                self.events.refused_for(id, refusal::session_over());
            }
            return;
        };
        let is_message = matches!(input, SessionInput::Send { .. });
        if is_message && running.input.capacity() <= KEPT_FOR_ENDINGS {
            return running.events.refused(refusal::peer_does_not_read("", "orders"));
        }
        match running.input.try_send(input) {
            Err(TrySendError::Closed(_)) if asks_for_more => {
                running.events.refused(refusal::session_over());
            }
            Err(TrySendError::Full(_)) => {
                running.events.refused(refusal::peer_does_not_read("", "orders"));
            }
            Ok(()) | Err(TrySendError::Closed(_)) => {}
        }
    }

    fn abort(&mut self, id: SessionId) {
        if let Some(running) = self.sessions.get(&id) {
            running.cancel.cancel();
        }
    }
}

/// Introduces a session and runs it.
async fn run(
    plan: Plan,
    session: SessionHandle,
    input: mpsc::Receiver<SessionInput>,
) -> Result<Summary, Failure> {
    let (id, protocol, side) = (session.id.itself(), plan.protocol(), plan.side());
    session.events.conn(ConnInfo::new(id, protocol, side));
    dispatch::run(plan, SessionContext { session, input, early: VecDeque::new() }).await
}

/// Sees a session and everything it started to the end, then says `Done`.
async fn watch_over(run: impl Future<Output = Result<Summary, Failure>>, session: SessionHandle) {
    let mut run = Box::pin(AssertUnwindSafe(run).catch_unwind());
    let ran = tokio::select! {
        ran = &mut run => Some(ran),
        () = session.cancel.cancelled() => timeout(GRACE, &mut run).await.ok(),
    };
    let outcome = match ran {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) => {
            let cause = "internal error: the task of this session stopped";
            let failure = Failure::new(Stage::Session, "", FailureKind::Internal, cause);
            Err(failure.hint("the other sessions go on; please report it"))
        }
        None => Err(refusal::cancelled(Stage::Session, "", "cancelled")),
    };
    drop(run);
    session.cancel.cancel();
    session.tasks.close();
    if timeout(GRACE, session.tasks.wait()).await.is_err() {
        session.kill.cancel();
        session.tasks.wait().await;
    }
    let id = session.id;
    session.events.finish(Event::Done { id, outcome, at: clock::now() });
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::engine::body::BodyStore;
    use crate::engine::budget::Budget;
    use crate::engine::contracts::Contracts;
    use crate::engine::peers::PeerFinder;
    use crate::engine::tls::store::TlsStore;
    use crate::engine::transport::kept::KeptConnections;

    /// Watches over a task as the supervisor does and returns everything it reported.
    async fn watched<R>(run: impl FnOnce(SessionHandle) -> R) -> Vec<Event>
    where
        R: Future<Output = Result<Summary, Failure>>,
    {
        let (facts, mut received) = mpsc::channel(16);
        let (urgent, _views) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let budget = Budget::of(64);
        let bodies = BodyStore::start(None, budget.clone(), urgent);
        let own = Sink::new(SessionId(0));
        let tls = TlsStore::new(None, None);
        let peers = PeerFinder::default();
        let kept = KeptConnections::default();
        let contracts = Contracts::default();
        let env = SessionEnv { bodies, budget, tls, kept, contracts, peers, stop: stop.clone() };
        let session = SessionHandle::new(SessionId(1), own.of(SessionId(1)), env);
        let watching = watch_over(run(session.clone()), session);
        let reading = async {
            let mut events = Vec::new();
            while !matches!(events.last(), Some(Event::Done { .. })) {
                events.extend(received.recv().await.unwrap());
            }
            stop.cancel();
            events
        };
        let all = async { tokio::join!(watching, own.pump(facts, stop.clone()), reading) };
        timeout(Duration::from_secs(5), all).await.unwrap().2
    }

    fn outcome(events: &[Event]) -> Result<Summary, Failure> {
        let done: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Done { outcome, .. } => Some(outcome.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(done.len(), 1, "{events:?}");
        assert!(matches!(events.last(), Some(Event::Done { .. })), "{events:?}");
        done[0].clone()
    }

    #[tokio::test]
    async fn a_task_that_panics_still_gets_its_one_done() {
        let events = watched(|_| async { panic!("on purpose") }).await;
        assert_eq!(outcome(&events).unwrap_err().kind, FailureKind::Internal);
    }

    #[tokio::test]
    async fn a_connection_that_panics_is_recorded_and_the_session_ends_well() {
        let events = watched(|session| {
            session.spawn(session.id.conn(1), async { panic!("on purpose") });
            ready(Ok(Summary::of("closed by us")))
        })
        .await;
        assert_eq!(outcome(&events).unwrap().ended, "closed by us");
        assert!(format!("{events:?}").contains("internal error"), "{events:?}");
    }

    #[tokio::test]
    async fn tasks_that_ignore_a_cancel_are_dropped() {
        let started = Instant::now();
        let events = watched(|session| {
            session.spawn(session.id.conn(1), pending());
            session.cancel.cancel();
            pending()
        })
        .await;
        assert_eq!(outcome(&events).unwrap_err().kind, FailureKind::Cancelled);
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}
