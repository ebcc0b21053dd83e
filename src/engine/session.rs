//! What a session is given to work with.
//!
//! A protocol's `run` takes a [`SessionContext`] apart: `input` is what the user orders while it
//! runs, [`SessionHandle`] is everything else and can be cloned into connection tasks. `run` ends when
//! the session is over, when `cancel` fires (abort, RST) or after `SessionInput::Close`. Tasks
//! started with [`SessionHandle::spawn`] are waited for before `Done`, and dropped if they outlive the
//! cancellation by [`GRACE`].

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::BodyStore;
use super::budget::Budget;
use super::command::CloseMode;
use super::contracts::{ContractSlot, Contracts};
use super::holds::HoldDesk;
use super::peers::PeerFinder;
use super::sink::Sink;
use super::tls::store::TlsStore;
use super::transport::kept::KeptConnections;
use super::way_back::RelayMark;
use crate::model::failure::Failure;
use crate::model::id::{ConnId, SessionId};
use crate::model::plan::Plan;
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::os::SoughtProcess;

/// Orders waiting for one session. A session stops taking them while its writes are stuck, so a
/// full queue means the peer does not read.
pub(crate) const INPUTS: usize = 64;
/// How long tasks of a cancelled session may take to let go of their sockets by themselves.
pub(crate) const GRACE: Duration = Duration::from_millis(250);

/// An order for a running session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionInput {
    /// Send to one connection or peer; `None` = to all.
    Send { conn: Option<ConnId>, data: Bytes },
    /// End one connection.
    End { conn: ConnId, how: CloseMode },
    /// New answers for a listener.
    Update(Box<Plan>),
    /// End the session and let writes finish (`CloseMode::Reset` comes as `cancel` instead).
    Close(CloseMode),
}

/// Everything a protocol's `run` is given.
pub(crate) struct SessionContext {
    pub(crate) session: SessionHandle,
    pub(crate) input: mpsc::Receiver<SessionInput>,
    /// Orders that came while the socket was prepared.
    pub(super) early: VecDeque<SessionInput>,
}

impl SessionContext {
    /// The next order; `None` when nobody is left to give one. Safe to drop.
    pub(crate) async fn next(&mut self) -> Option<SessionInput> {
        match self.early.pop_front() {
            Some(order) => Some(order),
            None => self.input.recv().await,
        }
    }

    /// Does what a client needs before its socket is up. A close or cancel ends it (`None`); other
    /// orders are kept for [`next`](Self::next).
    pub(crate) async fn prepare<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                () = self.session.cancel.cancelled() => return None,
                outcome = &mut work => return Some(outcome),
                order = self.input.recv(), if self.early.len() < INPUTS => match order {
                    None | Some(SessionInput::Close(_) | SessionInput::End { .. }) => return None,
                    Some(order) => self.early.push_back(order),
                },
            }
        }
    }
}

/// The part of a session's context that its connection tasks share.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    pub(crate) id: SessionId,
    pub(crate) events: Sink,
    /// Fires when the session shall stop at once: abort connections with RST.
    pub(crate) cancel: CancellationToken,
    pub(crate) bodies: BodyStore,
    /// Asked before a socket or file is opened.
    pub(crate) budget: Budget,
    /// What waits for a decision of somebody.
    pub(crate) holds: HoldDesk,
    /// Which relay it is, if it is one.
    pub(crate) relay: RelayMark,
    /// TLS configurations, built on first use.
    pub(crate) tls: TlsStore,
    /// What HTTP clients let stand for the next request.
    pub(crate) kept: KeptConnections,
    /// Documents that exchanges are held against.
    contracts: Contracts,
    /// Finds out whose peers are.
    peers: PeerFinder,
    /// The engine stops; nobody is left to read what happens.
    stop: CancellationToken,
    /// Fires [`GRACE`] after `cancel`; tasks still there are dropped.
    pub(super) kill: CancellationToken,
    pub(crate) tasks: TaskTracker,
    next_conn: Arc<AtomicU32>,
}

/// What the supervisor shares with every session.
#[derive(Clone)]
pub(super) struct SessionEnv {
    pub(super) bodies: BodyStore,
    pub(super) budget: Budget,
    pub(super) tls: TlsStore,
    pub(super) kept: KeptConnections,
    pub(super) contracts: Contracts,
    pub(super) peers: PeerFinder,
    /// Fires when the engine stops.
    pub(super) stop: CancellationToken,
}

impl SessionHandle {
    /// The first connection gets number 1; `env.stop` cancels it too.
    pub(super) fn new(id: SessionId, events: Sink, env: SessionEnv) -> Self {
        SessionHandle {
            id,
            holds: HoldDesk::new(id, events.clone()),
            relay: RelayMark::new(),
            events,
            cancel: env.stop.child_token(),
            stop: env.stop,
            bodies: env.bodies,
            budget: env.budget,
            tls: env.tls,
            kept: env.kept,
            contracts: env.contracts,
            peers: env.peers,
            kill: CancellationToken::new(),
            tasks: TaskTracker::new(),
            next_conn: Arc::new(AtomicU32::new(1)),
        }
    }

    /// A number for a new connection or peer.
    pub(crate) fn next_conn(&self) -> ConnId {
        self.id.conn(self.next_conn.fetch_add(1, Ordering::Relaxed))
    }

    /// Names a connection whose peer has come or was reached, and asks whose that is.
    pub(crate) fn introduce(&self, conn: &ConnInfo) {
        self.introduce_with(conn, None);
    }

    /// The same where the socket says by itself which process it is.
    pub(crate) fn introduce_with(&self, conn: &ConnInfo, process: Option<SoughtProcess>) {
        self.events.conn(conn.clone());
        self.peers.look_for(conn, process, &self.events);
    }

    /// The contract of this session, where a file is named.
    pub(super) async fn contract(&self, path: Option<&Path>) -> Result<ContractSlot, Failure> {
        ContractSlot::open(&self.contracts, path).await
    }

    /// The whole engine is stopping: connections are let go as the end of a process does it.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Starts a task of this session, which gives back `conn` however it ends. Should it panic, that
    /// is recorded on `conn` and the rest of the session lives on.
    pub(crate) fn spawn(
        &self,
        conn: ConnId,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<ConnId> {
        let kill = self.kill.clone();
        let events = self.events.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = kill.cancelled() => {}
                ended = AssertUnwindSafe(task).catch_unwind() => if ended.is_err() {
                    let text = "internal error: the task of this connection stopped";
                    events.note(conn, Direction::Local, RecordKind::Failed, text);
                }
            }
            conn
        })
    }
}
