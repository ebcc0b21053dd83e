//! The one accept loop of every listener that accepts connections: bind, announce, limit, refuse,
//! TLS, guard. A taken port, a connection too many and "secured" look the same everywhere.
//!
//! ```text
//! open ─► next ─┬─ Newcomer        ─► start: task { TLS ─► what the protocol does with it }
//!               ├─ Send, Update    what only the protocol can do
//!               └─ Over            everybody has left after a close, or stopped
//! ```
//!
//! Not more than [`CONNECTIONS`] are open. When they are used up the one goes whose handshake takes
//! longest, else the one that idles longest, else the slowest that is slower than [`pace::RATE`],
//! but nobody who came just now ([`FRESH`]) and is not done; if there is none the newcomer is refused, shown and
//! counted. Descriptors are asked for before.
//! A listener keeps those of its own sockets and of who is being refused.

mod incoming;
pub(crate) mod pace;
mod rejector;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::budget::Descriptors;
use super::command::CloseMode;
use super::event::{Event, Phase};
use super::session::{SessionHandle, SessionInput};
use super::tls::{handshake, tls_words};
use super::transport::listen::{ListenerLayer, bind, layer};
use super::transport::stream::{Stream, StreamSocket, local_end, process_of};
use super::transport::wire::WireTap;
use super::{clock, refusal};
use crate::model::end_address::EndAddress;
use crate::model::endpoint::Bind;
use crate::model::failure::Failure;
use crate::model::id::ConnId;
use crate::model::plan::Plan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind, RelayPair};
use crate::model::socket_options::SocketOptions;
use crate::model::tls::{ListenerTls, TlsFacts};
use incoming::IncomingConns;
use pace::{Evictability, RATE, Slowness};
use rejector::Rejector;

/// Connections open at the same time (PRODUCT.md).
const CONNECTIONS: usize = 256;
/// The same with those that were asked to go and are on their way.
const WITH_LEAVING: usize = 2 * CONNECTIONS;
/// Descriptors a listener holds for its sockets, the next to come and those it turns away.
const OWN: u32 = 3 + rejector::AT_ONCE;
/// How long connections may take to end after the listener was closed; a little more than the
/// patience each of them has with its own writes, so that it can say what was stuck.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(5_250);
/// Who came just now keeps its place: its handshake, or what it asks, is on its way. Who is done
/// already does not.
const FRESH: Duration = Duration::from_secs(1);

/// What is said of who came without a name.
const UNNAMED: &str = " (a client without a name; the number is ours)";

/// The listener's end of one of its connections.
pub(crate) trait ConnControl {
    /// What it does for the place it has.
    fn evictability(&self) -> Evictability;
    /// Ends it.
    fn end(&self, how: CloseMode);
    /// Ends it soon, whatever it is doing: somebody else needs its place.
    fn evict(&self);
}

/// A connection that was let in.
pub(crate) struct NewConn {
    pub(crate) conn: ConnId,
    pub(crate) peer: EndAddress,
    /// Of a relay: what it is a half of.
    pub(crate) pair: Option<RelayPair>,
    local: Option<EndAddress>,
    socket: StreamSocket,
    /// Held as long as its task runs.
    descriptor: Descriptors,
}

/// A connection that is ready for its protocol.
pub(crate) struct AcceptedConn {
    pub(crate) conn: ConnId,
    pub(crate) peer: EndAddress,
    pub(crate) local: Option<EndAddress>,
    pub(crate) stream: Stream,
    pub(crate) tls: Option<Arc<TlsFacts>>,
    /// Fires when it shall be reset at once.
    pub(crate) abort: CancellationToken,
}

/// What happens to a listener.
pub(crate) enum ListenerEvent {
    /// To be handed to [`AcceptLoop::start`].
    NewConn(NewConn),
    /// To one connection; `None` = to all.
    Send { conn: Option<ConnId>, data: Bytes },
    /// New answers.
    Update(Box<Plan>),
    /// How it ended.
    Over(&'static str),
}

/// A listener's sockets and connections.
pub(crate) struct AcceptLoop<G> {
    session: SessionHandle,
    protocol: Protocol,
    side: Side,
    acceptor: Option<TlsAcceptor>,
    incoming: IncomingConns,
    rejector: Rejector,
    _own: Descriptors,
    conns: BTreeMap<ConnId, OpenConn<G>>,
    refused: u32,
    /// The tasks of the connections.
    running: FuturesUnordered<JoinHandle<ConnId>>,
    /// When patience with the last connections ends.
    close_deadline: Option<Instant>,
}

struct OpenConn<G> {
    control: G,
    abort: CancellationToken,
    /// When it came.
    since: Instant,
    /// Its handshake is over, or it needs none.
    open: Arc<AtomicBool>,
    /// It was asked to make room.
    asked: bool,
}

impl<G: ConnControl> AcceptLoop<G> {
    /// Binds, prepares TLS, and says where we listen; a failure is recorded. `words` are for who is
    /// turned away.
    pub(crate) async fn open(
        (protocol, side): (Protocol, Side),
        place: &Bind,
        tls: &ListenerTls,
        socket: &SocketOptions,
        session: SessionHandle,
        words: Option<Bytes>,
    ) -> Result<Self, Failure> {
        let failed = |failure: &Failure| session.events.failed(session.id.itself(), failure);
        let own = session.budget.descriptors(OWN).map_err(refusal::no_descriptors);
        let own = own.inspect_err(failed)?;
        let mut sockets = bind(place, socket).await.inspect_err(failed)?;
        let remark = sockets.remark();
        let addresses = sockets.addresses();
        let ListenerLayer { acceptor, news } =
            layer(tls, &addresses, &session).await.inspect_err(failed)?;
        let accept = AcceptLoop {
            incoming: IncomingConns::new(session.clone(), sockets),
            rejector: Rejector::new(words),
            _own: own,
            session,
            protocol,
            side,
            acceptor,
            conns: BTreeMap::new(),
            refused: 0,
            running: FuturesUnordered::new(),
            close_deadline: None,
        };
        accept.announce(addresses, remark);
        for news in news {
            accept.tell(news);
        }
        Ok(accept)
    }

    fn announce(&self, addresses: Vec<EndAddress>, remark: Option<String>) {
        let itself = self.session.id.itself();
        let info = self.info(itself, (addresses.first().cloned(), None), None);
        self.session.introduce(&info);
        if let Some(remark) = remark {
            self.session.events.note(itself, Direction::Local, RecordKind::Note, remark);
        }
        let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let tls = if self.acceptor.is_some() { " (TLS)" } else { "" };
        let text = format!("listening on {}{tls}", list.join(" and "));
        self.session.events.note(itself, Direction::Local, RecordKind::Bound, text);
        self.session.events.phase(Phase::Listening { addresses, receive_buffer: None });
        self.count();
    }

    /// What is to be said of the authority behind the certificate; on the timeline what is wrong.
    fn tell(&self, news: Result<String, Failure>) {
        if let Err(failure) = &news {
            let (itself, text) = (self.session.id.itself(), failure.to_string());
            self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
        }
        self.session.events.event(Event::Authority(news));
    }

    fn info(
        &self,
        id: ConnId,
        (local, peer): (Option<EndAddress>, Option<EndAddress>),
        pair: Option<RelayPair>,
    ) -> ConnInfo {
        let (protocol, side, tls) = (self.protocol, self.side, self.acceptor.is_some());
        ConnInfo { local, peer, tls, pair, ..ConnInfo::new(id, protocol, side) }
    }

    /// The half that a new connection is, where each is connected on to somebody.
    fn pair(&self, client: ConnId) -> Option<RelayPair> {
        match self.side {
            Side::Relay => Some(RelayPair { client, target: self.session.next_conn() }),
            Side::Listener | Side::Client => None,
        }
    }

    fn count(&self) {
        let open = u32::try_from(self.conns.len()).unwrap_or(u32::MAX);
        self.session.events.phase(Phase::Clients { open, refused: self.refused });
    }

    /// The next thing that is the protocol's to do.
    pub(crate) async fn next(&mut self, input: &mut mpsc::Receiver<SessionInput>) -> ListenerEvent {
        loop {
            if self.close_deadline.is_some() && self.conns.is_empty() {
                return ListenerEvent::Over("closed by us");
            }
            tokio::select! {
                biased;
                () = self.session.cancel.cancelled() => return ListenerEvent::Over("stopped by us"),
                () = clock::at(self.close_deadline) => return ListenerEvent::Over("closed by us"),
                Some(Ok(conn)) = self.running.next() => {
                    self.conns.remove(&conn);
                    self.session.events.retire(conn);
                    self.count();
                }
                order = input.recv() => match order {
                    Some(SessionInput::Send { conn, data }) => return ListenerEvent::Send { conn, data },
                    Some(SessionInput::Update(plan)) => return ListenerEvent::Update(plan),
                    Some(SessionInput::End { conn, how }) => self.end(conn, how),
                    Some(SessionInput::Close(_)) => self.close(),
                    None => self.session.cancel.cancel(),
                },
                (socket, peer) = self.incoming.next() => if let Some(new) = self.let_in(socket, peer) {
                    return ListenerEvent::NewConn(new);
                },
            }
        }
    }

    fn let_in(&mut self, socket: StreamSocket, peer: Option<EndAddress>) -> Option<NewConn> {
        let full = self.conns.len() >= CONNECTIONS && !self.make_room();
        let place = if full {
            Err(format!("{CONNECTIONS} connections are open already"))
        } else {
            self.session.budget.descriptors(1)
        };
        let descriptor = match place {
            Ok(descriptor) => descriptor,
            Err(why) => {
                // Its place is for the next one: this descriptor is one of our own.
                if !full {
                    self.make_room();
                }
                self.refuse(socket, peer, &why);
                return None;
            }
        };
        let conn = self.session.next_conn();
        let (local, pair) = (local_end(&socket), self.pair(conn));
        let unnamed = if peer.is_some() { "" } else { UNNAMED };
        let peer = peer.unwrap_or(EndAddress::Unnamed(conn.index));
        let info = self.info(conn, (local.clone(), Some(peer.clone())), pair);
        self.session.introduce_with(&info, process_of(&socket, false));
        let text = format!("accepted from {peer}{unnamed}");
        self.session.events.note(conn, Direction::Received, RecordKind::Accepted, text);
        Some(NewConn { conn, peer, pair, local, socket, descriptor })
    }

    fn refuse(&mut self, socket: StreamSocket, peer: Option<EndAddress>, why: &str) {
        self.rejector.refuse(socket, self.acceptor.clone(), &self.session);
        self.refused = self.refused.saturating_add(1);
        let peer = peer.map_or_else(|| "a client without a name".into(), |peer| peer.to_string());
        let text = format!("refused {peer}: {why}");
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Failed, text);
        self.count();
    }

    /// Asks the connection to go that needs its place least; false when there is none.
    fn make_room(&mut self) -> bool {
        if self.conns.len() >= WITH_LEAVING {
            return false;
        }
        let staying = self.conns.iter_mut().filter(|(_, held)| !held.asked);
        let ranked = staying.filter_map(|(conn, held)| Some((held.rank()?, conn, held)));
        let Some((rank, conn, held)) = ranked.min_by_key(|(rank, ..)| *rank) else { return false };
        held.asked = true;
        let text = format!("closed to make room for another connection{}", rank.words());
        self.session.events.note(*conn, Direction::Local, RecordKind::Note, text);
        match rank {
            Rank::HalfOpen(_) => held.abort.cancel(),
            Rank::Idle(_) => held.control.end(CloseMode::Close),
            Rank::Slow(_) => held.control.evict(),
        }
        true
    }

    /// Starts the task of a connection: TLS, then `serve`.
    pub(crate) fn start<F: Future<Output = ()> + Send>(
        &mut self,
        new: NewConn,
        control: G,
        serve: impl FnOnce(AcceptedConn) -> F + Send + 'static,
    ) {
        let NewConn { conn, peer, pair: _, local, socket, descriptor } = new;
        let abort = self.session.cancel.child_token();
        let open = Arc::new(AtomicBool::new(self.acceptor.is_none()));
        let (since, opened) = (Instant::now(), Arc::clone(&open));
        let held = OpenConn { control, abort: abort.clone(), since, open, asked: false };
        let (session, acceptor) = (self.session.clone(), self.acceptor.clone());
        self.running.push(self.session.spawn(conn, async move {
            let _held = descriptor;
            let tap = WireTap::of(&session.events, conn);
            let secured = tokio::select! {
                biased;
                () = abort.cancelled() => {
                    let text = "closed by us during the handshake";
                    return session.events.note(conn, Direction::Local, RecordKind::Closed, text);
                }
                secured = Box::pin(handshake::accept(acceptor, socket, tap)) => secured,
            };
            opened.store(true, Ordering::Relaxed);
            match secured {
                Ok((stream, tls)) => {
                    if let Some(facts) = &tls {
                        let text = tls_words::secured(facts);
                        session.events.note(conn, Direction::Local, RecordKind::Secured, text);
                    }
                    serve(AcceptedConn { conn, peer, local, stream, tls, abort }).await;
                }
                Err(failure) => session.events.broke(conn, &failure),
            }
        }));
        self.conns.insert(conn, held);
        self.count();
    }

    /// The connection with this number.
    pub(crate) fn control(&self, conn: ConnId) -> Result<&G, Failure> {
        self.conns.get(&conn).map(|held| &held.control).ok_or_else(|| refusal::unknown(conn))
    }

    /// All connections.
    pub(crate) fn controls(&self) -> impl Iterator<Item = &G> {
        self.conns.values().map(|held| &held.control)
    }

    fn end(&self, conn: ConnId, how: CloseMode) {
        // One that is over needs no end.
        let Some(held) = self.conns.get(&conn) else { return };
        if how == CloseMode::Reset {
            held.abort.cancel();
        }
        held.control.end(how);
    }

    fn close(&mut self) {
        self.incoming.close();
        self.close_deadline.get_or_insert_with(|| Instant::now() + CLOSE_TIMEOUT);
        self.session.events.phase(Phase::Closing);
        self.controls().for_each(|control| control.end(CloseMode::Close));
    }
}

/// Who goes first when a place is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// In its handshake since then.
    HalfOpen(Instant),
    Idle(Instant),
    Slow(Slowness),
}

impl Rank {
    /// What is said about it behind "closed to make room".
    fn words(self) -> String {
        match self {
            Rank::HalfOpen(_) => ": the handshake was not finished".into(),
            Rank::Idle(_) => String::new(),
            Rank::Slow(slow) => format!(": {}, less than {RATE} a second", slow.words()),
        }
    }
}

impl<G: ConnControl> OpenConn<G> {
    /// `None` = it keeps its place.
    fn rank(&self) -> Option<Rank> {
        let (is_open, is_fresh) = (self.open.load(Ordering::Relaxed), self.since.elapsed() < FRESH);
        match self.control.evictability() {
            Evictability::Done(since) if is_open => Some(Rank::Idle(since)),
            _ if is_fresh => None,
            _ if !is_open => Some(Rank::HalfOpen(self.since)),
            Evictability::Idle(since) | Evictability::Done(since) => Some(Rank::Idle(since)),
            Evictability::Slow(slow) => Some(Rank::Slow(slow)),
            Evictability::Busy => None,
        }
    }
}
