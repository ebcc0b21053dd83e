//! UDP: one implementation for client and listener. One bound socket (two for both families of
//! loopback) sends and receives; peers are told apart by address and may be answered one by one.
//!
//! Receiving never waits for the shell: records that cannot be shown are dropped and counted
//! (`LossTotals::by_app`), and what the kernel dropped is read from its own counter, so that always
//! sent = shown + dropped by us + dropped by the kernel.

mod allowance;
mod answerer;
pub(crate) mod bound_socket;
pub(crate) mod by_use;
pub(crate) mod destination;
pub(crate) mod own_sockets;
mod peers;

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::conversation::script::Script;
use super::event::{Phase, STEPS_DONE, Summary};
use super::outbound::{Origin, OutboundMessage, OutboundQueue};
use super::rules::{RuleHits, Rules};
use super::session::{SessionContext, SessionHandle, SessionInput};
use super::{clock, refusal};
use crate::model::byte_size::size;
use crate::model::counts;
use crate::model::end_address::EndAddress;
use crate::model::endpoint::{Bind, Endpoint, is_reply};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::plan::Plan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::socket_options::{ClientOptions, DatagramOptions};
use crate::os;
pub(super) use answerer::Answerer;
use bound_socket::{BoundSocket, any_readable, is_late_report, socket_for};
use peers::Peers;

/// Datagrams taken in one go before orders and timers get their turn.
const DRAIN: usize = 512;
/// Datagrams taken in when the session ends, so that what had arrived is counted.
const LAST_DRAIN: usize = 128 * 1024;
/// How often the kernel's drop counter is read while datagrams arrive.
const DROPS_EVERY: Duration = Duration::from_millis(250);
/// Payload that fits an Ethernet frame: 1,500 less the IP (20 or 40) and UDP (8) headers.
const FITS_A_FRAME: [usize; 2] = [1_472, 1_452];

/// The peer a client was opened for.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) address: SocketAddr,
    /// As it was typed.
    pub(super) endpoint: Endpoint,
    /// What others send is a reply, too.
    pub(super) any_peer: bool,
    pub(super) options: ClientOptions,
}

/// Runs the session to its end. `remote` is a client's peer, a listener has none.
pub(super) async fn run(
    bind: &Bind,
    options: DatagramOptions,
    remote: Option<Remote>,
    answerer: Answerer,
    script: Script,
    mut cx: SessionContext,
) -> Result<Summary, Failure> {
    let session = cx.session.clone();
    let (id, protocol) = (session.id.itself(), Protocol::Udp);
    let side = if remote.is_some() { Side::Client } else { Side::Listener };
    let client = remote.as_ref().map(|remote| &remote.options);
    let sockets = BoundSocket::bind(bind, options, client).await;
    let local = sockets.as_ref().ok().and_then(|sockets| sockets.first()).map(|bound| bound.local);
    let peer = remote.as_ref().map(|remote| remote.address);
    let (local, to) = (local.map(EndAddress::from), peer.map(EndAddress::from));
    session.events.conn(ConnInfo { local, peer: to, ..ConnInfo::new(id, protocol, side) });
    let mut socket = Datagrams {
        sockets: sockets.inspect_err(|failure| session.events.failed(id, failure))?,
        session,
        side,
        peers: Peers::new(peer),
        outbox: OutboundQueue::default(),
        answerer,
        script,
        remote,
        drops_at: None,
        steps_done: false,
        noted_size: false,
        noted_broadcast: false,
    };
    socket.announce();
    socket.play_steps();
    loop {
        socket.send_what_waits();
        socket.tell_steps_done();
        if let Some(ended) = socket.turn(&mut cx).await {
            socket.last_look();
            return ended.map(Summary::of);
        }
    }
}

struct Datagrams {
    session: SessionHandle,
    side: Side,
    sockets: Vec<BoundSocket>,
    peers: Peers,
    outbox: OutboundQueue,
    answerer: Answerer,
    script: Script,
    remote: Option<Remote>,
    /// When to read the kernel's drop counter, while datagrams arrive.
    drops_at: Option<Instant>,
    /// The script is over, and what it sends may still wait.
    steps_done: bool,
    noted_size: bool,
    noted_broadcast: bool,
}

impl Datagrams {
    /// Whom a client was opened for.
    fn peer(&self) -> Option<SocketAddr> {
        self.remote.as_ref().map(|remote| remote.address)
    }

    /// An address for people, a client's peer with the zone it was typed with.
    fn named(&self, address: SocketAddr) -> String {
        let remote = self.remote.as_ref();
        remote.map_or_else(|| address.to_string(), |remote| remote.endpoint.named(address))
    }

    fn announce(&mut self) {
        let addresses: Vec<EndAddress> =
            self.sockets.iter().map(|bound| bound.local.into()).collect();
        let receive_buffer = self.sockets.iter().filter_map(BoundSocket::receive_buffer).min();
        let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let buffer = receive_buffer
            .map_or_else(String::new, |bytes| format!(", receive buffer {}", size(bytes as u64)));
        let groups: String = self.sockets.iter().map(BoundSocket::told).collect();
        let text = format!("bound to {}{groups}{buffer}", list.join(" and "));
        self.note(self.session.id.itself(), RecordKind::Bound, text);
        let first = addresses.first().cloned();
        self.answerer.announce(self.sockets.iter().map(|bound| bound.local));
        self.session.events.phase(Phase::Listening { addresses, receive_buffer });
        if let (Some(peer), Some(local)) = (self.peer(), first) {
            self.peer_at(peer);
            self.session.events.phase(Phase::Connected { local, peer: peer.into() });
        }
        self.count_peers();
        self.read_drops();
    }

    fn note(&self, conn: ConnId, kind: RecordKind, text: impl Into<String>) {
        self.session.events.note(conn, Direction::Local, kind, text);
    }

    fn count_peers(&self) {
        let open = u32::try_from(self.peers.len()).unwrap_or(u32::MAX);
        self.session.events.phase(Phase::Clients { open, refused: 0 });
    }

    /// Waits for the next thing to happen and takes it in; says how the session ended, if it did.
    /// Every arm is safe to drop.
    async fn turn(&mut self, cx: &mut SessionContext) -> Option<Result<&'static str, Failure>> {
        let room = self.outbox.has_room_for_answers();
        let waiting = self.outbox.front().and_then(|message| message.to);
        tokio::select! {
            biased;
            () = self.session.cancel.cancelled() => return Some(Ok("stopped by us")),
            order = cx.next() => match order {
                Some(SessionInput::Close(_)) | None => return Some(Ok("closed by us")),
                Some(order) => self.handle_command(order),
            },
            () = clock::at(self.script.deadline()) => {
                let target = self.peer().map(|peer| self.named(peer)).unwrap_or_default();
                let failure = self.script.late(&target)?;
                self.session.events.failed(self.session.id.itself(), &failure);
                return Some(Err(failure));
            }
            () = clock::at(self.outbox.next_due()) => self.outbox.release_due(Instant::now()),
            () = clock::at(self.drops_at) => {
                self.drops_at = None;
                self.read_drops();
            }
            () = clock::at(self.answerer.told_at()) => self.note_unanswered(),
            () = writable(&self.sockets, waiting) => {}
            index = any_readable(&self.sockets), if room => self.receive(index, DRAIN),
        }
        None
    }

    /// The number of a peer, which is introduced when it is new.
    fn peer_at(&mut self, address: SocketAddr) -> ConnId {
        if let Some(conn) = self.peers.used(address) {
            return conn;
        }
        let (id, protocol, side) = (self.session.next_conn(), Protocol::Udp, self.side);
        if let Some(forgotten) = self.peers.add(address, id) {
            self.session.events.retire(forgotten);
        }
        let local = socket_for(&self.sockets, address).map(|bound| bound.local.into());
        let peer = Some(address.into());
        self.session.introduce(&ConnInfo { local, peer, ..ConnInfo::new(id, protocol, side) });
        self.count_peers();
        id
    }

    /// Takes in what has arrived on a socket.
    fn receive(&mut self, index: usize, limit: usize) {
        let held = self.session.events.hold_stamp();
        let (mut records, mut answered) = (Vec::new(), BTreeMap::new());
        while records.len() < limit
            && let Some((from, data)) = self.sockets.get_mut(index).and_then(BoundSocket::receive)
        {
            let (at, kind) = (clock::now(), RecordKind::Data);
            let conn = self.peer_at(from);
            records.push(Record::new(at, conn, Direction::Received, kind, data.clone()));
            if self
                .remote
                .as_ref()
                .is_none_or(|remote| remote.any_peer || is_reply(remote.address, from))
            {
                self.script.received(&data);
            }
            if let Some(answer) = self.answerer.answer(from, &data) {
                answered.insert(answer.by.rule, answer.by.hits);
                let message = OutboundMessage {
                    to: Some(from),
                    data: answer.data,
                    origin: Origin::Answer,
                    is_binary: false,
                };
                self.outbox.push(message, answer.delay);
                if !self.outbox.has_room_for_answers() {
                    break;
                }
            }
        }
        let some = !records.is_empty();
        self.session.events.offer(records);
        drop(held);
        for (rule, hits) in answered {
            self.session.events.answered(RuleHits { rule, hits });
        }
        if some {
            self.drops_at = self.drops_at.or_else(|| Some(Instant::now() + DROPS_EVERY));
            self.play_steps();
        }
        self.report_undelivered(index);
    }

    /// Says what got no automatic answer.
    fn note_unanswered(&mut self) {
        for (from, text) in self.answerer.notes() {
            let conn = from.and_then(|from| self.peers.conn(from));
            self.note(conn.unwrap_or(self.session.id.itself()), RecordKind::Note, text);
        }
    }

    /// Shows which of our datagrams came back; several of one kind become one record.
    fn report_undelivered(&mut self, index: usize) {
        let Some(bound) = self.sockets.get(index) else { return };
        let mut reports = BTreeMap::new();
        for back in bound.undelivered(DRAIN) {
            let to = back.to;
            let why = bound_socket::words(&self.named(to), &back);
            // Of its own address the system may report another link.
            let remote = self.remote.as_ref().filter(|remote| remote.endpoint.is_zoned(to));
            let to = remote.map_or(to, |remote| remote.address);
            *reports.entry((to, why)).or_insert(0) += 1;
        }
        for ((to, why), count) in reports {
            let conn = self.peers.conn(to).unwrap_or(self.session.id.itself());
            let text = if count == 1 {
                why
            } else {
                format!("{why} ({} datagrams)", counts::count(count))
            };
            let direction = Direction::Received;
            self.session.events.note(conn, direction, RecordKind::Failed, text);
        }
    }

    fn handle_command(&mut self, order: SessionInput) {
        let refused = match order {
            SessionInput::Send { conn: Some(conn), data } if conn != self.session.id.itself() => {
                self.peers.address(conn).and_then(|to| self.post(to, data))
            }
            SessionInput::Send { data, .. } => self.post_to_all(&data),
            SessionInput::End { conn, .. } => {
                self.forget(conn);
                Ok(())
            }
            SessionInput::Update(plan) => self.update(*plan),
            SessionInput::Close(_) => Ok(()),
        };
        refused.unwrap_or_else(|failure| self.session.events.refused(failure));
    }

    fn post(&mut self, to: SocketAddr, data: Bytes) -> Result<(), Failure> {
        if !self.outbox.has_room() {
            let cause = "earlier datagrams still wait to be sent";
            return Err(Failure::new(Stage::Send, self.named(to), FailureKind::Busy, cause));
        }
        self.outbox.push(
            OutboundMessage { to: Some(to), data, origin: Origin::User, is_binary: false },
            Duration::ZERO,
        );
        Ok(())
    }

    /// A client's "all" is its one peer; a listener's is everybody known.
    fn post_to_all(&mut self, data: &Bytes) -> Result<(), Failure> {
        if let Some(peer) = self.peer() {
            return self.post(peer, data.clone());
        }
        let all = self.peers.all();
        if all.is_empty() {
            let cause = "nobody has sent anything yet";
            return Err(Failure::new(Stage::Send, "", FailureKind::NotFound, cause)
                .hint("a listener learns whom to answer from what it receives"));
        }
        all.into_values().try_for_each(|to| self.post(to, data.clone()))
    }

    fn forget(&mut self, conn: ConnId) {
        // One that was forgotten meanwhile needs no end.
        let Ok(address) = self.peers.address(conn) else { return };
        self.peers.forget(address);
        self.note(conn, RecordKind::Closed, "forgotten by us");
        self.session.events.retire(conn);
        self.count_peers();
    }

    fn update(&mut self, plan: Plan) -> Result<(), Failure> {
        let plan = plan.udp_listener().ok_or_else(refusal::other_answers)?;
        self.answerer.change(Rules::new(plan.rules)?, plan.answer_rate);
        self.answerer.announce(self.sockets.iter().map(|bound| bound.local));
        self.note(self.session.id.itself(), RecordKind::Note, "the answers were changed");
        Ok(())
    }

    /// Queues the sends of the script up to its next expectation.
    fn play_steps(&mut self) {
        let to = self.peer();
        let Datagrams { script, outbox, .. } = self;
        let message = |data| OutboundMessage { to, data, origin: Origin::User, is_binary: false };
        self.steps_done |= script.play(|data| outbox.push(message(data), Duration::ZERO));
        self.session.events.steps_done(self.script.newly_done());
    }

    /// Says that the script is over, once its last datagram has left.
    fn tell_steps_done(&mut self) {
        if self.outbox.front().is_none() && std::mem::take(&mut self.steps_done) {
            self.note(self.session.id.itself(), RecordKind::Note, STEPS_DONE);
            self.session.events.phase(Phase::StepsDone);
        }
    }

    /// Sends until the socket takes no more.
    fn send_what_waits(&mut self) {
        if self.outbox.front().is_none() {
            return;
        }
        // Stamped before they are sent, so that no answer comes before its question.
        let held = self.session.events.hold_stamp();
        let mut answers = Vec::new();
        while let Some(OutboundMessage { to: Some(to), data, .. }) = self.outbox.front() {
            let to = *to;
            let Some(bound) = socket_for(&self.sockets, to) else {
                let cause = io::Error::from(io::ErrorKind::AddrNotAvailable);
                self.undeliverable(to, &cause);
                continue;
            };
            let at = clock::now();
            let mut result = bound.socket.try_send_to(data, to);
            if is_late_report(&result) {
                result = bound.socket.try_send_to(data, to);
            }
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if self.is_about_broadcast(&error, to) => {}
                Err(error) => self.undeliverable(to, &error),
                Ok(_) => {
                    let Some(message) = self.outbox.pop() else { break };
                    let conn = self.peer_at(to);
                    let size = message.data.len();
                    let (direction, kind) = (Direction::Sent, RecordKind::Data);
                    let record = Record::new(at, conn, direction, kind, message.data);
                    match message.origin {
                        Origin::Answer => answers.push(record),
                        Origin::User => {
                            self.session.events.offer(answers.drain(..));
                            self.session.events.push(record);
                        }
                    }
                    self.note_size(conn, to, size);
                }
            }
        }
        self.session.events.offer(answers);
        drop(held);
    }

    /// Switches broadcast on when the system refused a datagram for want of it.
    fn is_about_broadcast(&mut self, error: &io::Error, to: SocketAddr) -> bool {
        if error.kind() != io::ErrorKind::PermissionDenied || self.noted_broadcast {
            return false;
        }
        let Some(bound) = socket_for(&self.sockets, to) else { return false };
        self.noted_broadcast = bound.socket.set_broadcast(true).is_ok();
        if self.noted_broadcast {
            let text = format!("broadcast was switched on to send to {}", self.named(to));
            self.note(self.session.id.itself(), RecordKind::Note, text);
        }
        self.noted_broadcast
    }

    /// The front message cannot be sent; it is taken out and the reason shown.
    fn undeliverable(&mut self, to: SocketAddr, error: &io::Error) {
        let Some(message) = self.outbox.pop() else { return };
        let conn = self.peers.conn(to).unwrap_or(self.session.id.itself());
        let size = message.data.len();
        let cause = bound_socket::unsent(to, size, error);
        // What was not sent is no step that is done.
        self.steps_done &= message.origin == Origin::Answer;
        let size = counts::counted(size as u64, "byte");
        let text = format!("{size} to {} were not sent: {cause}", self.named(to));
        self.session.events.note(conn, Direction::Sent, RecordKind::Failed, text);
    }

    fn note_size(&mut self, conn: ConnId, to: SocketAddr, size: usize) {
        let fits = FITS_A_FRAME[usize::from(to.is_ipv6())];
        if size > fits && !self.noted_size {
            self.noted_size = true;
            let [size, fits] = [size, fits].map(|size| counts::count(size as u64));
            let text = format!(
                "{size} bytes are more than the {fits} that fit one Ethernet frame: \
                 outside this machine the datagram is sent in fragments and lost with any of them"
            );
            self.note(conn, RecordKind::Note, text);
        }
    }

    fn read_drops(&self) {
        let drops: Option<u64> =
            self.sockets.iter().map(|bound| os::kernel_drops(&bound.socket)).sum();
        if let Some(total) = drops {
            self.session.events.lost_by_kernel(total);
        }
    }

    /// The end: what has arrived is still taken in, what was dropped is counted.
    fn last_look(&mut self) {
        self.note_unanswered();
        self.answerer.stop();
        for index in 0..self.sockets.len() {
            self.receive(index, LAST_DRAIN);
        }
        self.read_drops();
        self.note(self.session.id.itself(), RecordKind::Closed, "closed by us");
    }
}

/// The socket that the front message waits for takes datagrams again.
async fn writable(sockets: &[BoundSocket], to: Option<SocketAddr>) {
    match to.and_then(|to| socket_for(sockets, to)) {
        Some(bound) if bound.socket.writable().await.is_ok() => {}
        _ => pending().await,
    }
}
