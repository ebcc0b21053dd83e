//! Whose the peers of connections are: asked when one begins, told as a fact of its own when it is found.
//!
//! ```text
//!   SessionHandle::introduce ──orders(1,024)──► one round after the other, each on a thread for what waits
//!                                               ├─ told by the sink of the session
//!                                               └─ not taken in by its server yet: once more a little later
//! ```
//! A peer that lives for a moment is only found by who looks at once, so the first round begins with the
//! first order; a flood is looked up together, by a fifth of a processor at most where it lasts. Only peers of this machine are looked for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::clock;
use super::event::Event;
use super::sink::Sink;
use crate::model::end_address::EndAddress;
use crate::model::peer_owner::{LocalUser, PeerOwner, PeerProcess};
use crate::model::record::ConnInfo;
use crate::model::timing::Stamp;
use crate::os::{self, FoundPeer, FoundUser, PeerCache, SoughtPeer, SoughtProcess, SoughtSocket};

/// Peers that wait to be looked for, and those of them that wait for their server.
const WAITING: usize = 1_024;
/// When a connection is looked at again that nobody has taken in yet; then it is who listens there.
const AGAIN: [Duration; 3] =
    [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(500)];
/// What rounds may take in a row; beyond it each is followed by a rest of so many times its length.
const CREDIT: Duration = Duration::from_millis(200);
const REST: u32 = 4;
/// The first datagram of a peer is read before it is introduced.
const READ_BEFORE: Duration = Duration::from_millis(100);
/// Owners that are kept to be told again without a copy.
const KEPT: usize = 16;

/// The way to ask; without a task behind it nothing is looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeerFinder(Option<mpsc::Sender<PeerOrder>>);

/// A peer to be looked for.
struct PeerOrder {
    sought: SoughtPeer,
    conn: Arc<ConnInfo>,
    since: Stamp,
    events: Sink,
    /// Rounds that it was in.
    tries: usize,
    due: Instant,
}

impl PeerFinder {
    /// One that asks the task, which is to be run.
    pub(super) fn new(
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (orders, queue) = mpsc::channel(WAITING);
        (PeerFinder(Some(orders)), run(queue, stop))
    }

    /// Looks for the peer of a connection, if it is of this machine; what is found is told there.
    pub(crate) fn look_for(&self, conn: &ConnInfo, process: Option<SoughtProcess>, events: &Sink) {
        let Some(orders) = &self.0 else { return };
        let by_address = || {
            let is_there = conn.local.is_some() && conn.is_peer_local();
            Some(SoughtPeer::Socket(SoughtSocket {
                is_tcp: !conn.capabilities().datagrams,
                local: conn.local.as_ref().and_then(EndAddress::inet),
                peer: conn.peer.as_ref().filter(|_| is_there)?.inet()?,
                is_dialled: !conn.is_accepted(),
            }))
        };
        let Some(sought) = process.map(SoughtPeer::Process).or_else(by_address) else { return };
        let (since, due) = (clock::now().before(READ_BEFORE), Instant::now());
        let (conn, events) = (Arc::new(conn.clone()), events.clone());
        let order = PeerOrder { sought, conn, since, events, tries: 0, due };
        if let Err(refused) = orders.try_send(order) {
            let (mpsc::error::TrySendError::Full(order) | mpsc::error::TrySendError::Closed(order)) =
                refused;
            order.tell(Arc::new(PeerOwner::Skipped));
        }
    }
}

impl PeerOrder {
    fn tell(&self, owner: Arc<PeerOwner>) {
        let (conn, since, info) = (self.conn.id, self.since, Some(Arc::clone(&self.conn)));
        self.events.event(Event::PeerFound { conn, info, since, owner });
    }
}

/// Takes orders until nobody is left to give one, or the engine stops.
async fn run(mut orders: mpsc::Receiver<PeerOrder>, stop: CancellationToken) {
    let (mut cache, mut known) = (PeerCache::default(), VecDeque::new());
    let mut later: Vec<PeerOrder> = Vec::new();
    let (mut spent, mut rested) = (Duration::ZERO, Instant::now());
    loop {
        let mut round = Vec::new();
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            taken = orders.recv_many(&mut round, WAITING) => if taken == 0 {
                return;
            },
            () = clock::at(later.iter().map(|order| order.due).min()) => {}
        }
        let now = Instant::now();
        round.extend(later.extract_if(.., |order| order.due <= now));
        let sought: Vec<SoughtPeer> = round.iter().map(|order| order.sought).collect();
        let look = spawn_blocking(move || {
            let found = os::look_for_peers(&mut cache, &sought);
            (cache, found)
        });
        let Ok((again, found)) = look.await else { return };
        cache = again;
        for (mut order, found) in round.into_iter().zip(found) {
            let is_socket = matches!(order.sought, SoughtPeer::Socket(_));
            let waits = is_socket && matches!(found, FoundPeer::Process { listens: true, .. });
            if let Some(after) = AGAIN.get(order.tries).filter(|_| waits && later.len() < WAITING) {
                order.tries += 1;
                order.due = Instant::now() + *after;
                later.push(order);
            } else {
                order.tell(shared(&mut known, owner(found)));
            }
        }
        let end = Instant::now();
        spent = spent.saturating_sub(now.duration_since(rested) / REST) + (end - now);
        rested = end;
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = sleep(spent.saturating_sub(CREDIT) * REST) => {}
        }
    }
}

/// The same owner as told before, if it is one of the last.
fn shared(known: &mut VecDeque<Arc<PeerOwner>>, owner: PeerOwner) -> Arc<PeerOwner> {
    if let Some(same) = known.iter().find(|it| ***it == owner) {
        return Arc::clone(same);
    }
    let owner = Arc::new(owner);
    known.push_front(Arc::clone(&owner));
    known.truncate(KEPT);
    owner
}

fn owner(found: FoundPeer) -> PeerOwner {
    let named = |(uid, name): FoundUser| LocalUser { uid, name };
    match found {
        FoundPeer::Process { pid, program, user, listens } => PeerOwner::Process(PeerProcess {
            pid,
            program,
            user: named(user),
            listens,
            is_us: pid == std::process::id(),
        }),
        FoundPeer::Unseen { user, is_ours: true } => PeerOwner::Hidden(named(user)),
        FoundPeer::Unseen { user, is_ours: false } => PeerOwner::OtherUser(named(user)),
        FoundPeer::Shared => PeerOwner::Shared,
        FoundPeer::Gone => PeerOwner::Gone,
        FoundPeer::Late => PeerOwner::Skipped,
        FoundPeer::Untold => PeerOwner::Untold,
    }
}
