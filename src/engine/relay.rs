//! The TCP relay: lets clients in by the one accept loop, connects each on to the target, and passes
//! on what either says.
//!
//! ```text
//! client ─► accept loop ─► TLS? ─► dial the target ─► passing: two ways, until both have ended
//!            refused, reset ◄────────┘ not reached: the client is reset, as it would have been there
//! ```

pub(crate) mod http;
mod passing;
mod socks;

use std::sync::Arc;

use tokio::sync::watch;

use super::accept::pace::Evictability;
use super::accept::{AcceptLoop, AcceptedConn, ConnControl, ListenerEvent, NewConn};
use super::command::CloseMode;
use super::event::Summary;
use super::faults::control::{FaultControl, FaultWatch};
use super::refusal;
use super::rewrites::{RewriteControl, Rewrites};
use super::session::{SessionContext, SessionHandle};
use super::transport::dial::{self, Dial};
use super::transport::stream::{
    Stream, is_unix, local_address, peer_address, reset, told_reset, way_on,
};
use super::udp_relay::association::{Association, AssociationPlan};
use super::way_back::{Trail, WayIn, leads_back, way_in};
use crate::codec::socks5::{self, SocksReply};
use crate::model::asked_target::AskedTarget;
use crate::model::end_address::EndAddress;
use crate::model::failure::Failure;
use crate::model::plan::{ANYWHERE, Plan, SocksPlan, TargetPlan, TcpRelayPlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind, RelayPair};
use crate::model::tls::ClientTls;
use passing::Passing;
use socks::SocksWish;

/// What the half towards the target opens: its socket, and what a name lookup needs.
const ONWARD: u32 = 2;

struct Relay {
    session: SessionHandle,
    accept: AcceptLoop<RelayControl>,
    target: Arc<TargetPlan>,
    socks: Option<Arc<SocksPlan>>,
    faults: FaultControl,
    rewrites: RewriteControl,
}

/// Runs the session to its end.
pub(crate) async fn run(plan: TcpRelayPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input, .. } = cx;
    let own = session.clone();
    let kind = (Protocol::Tcp, Side::Relay);
    let accept = AcceptLoop::open(kind, &plan.bind, &plan.tls, &plan.socket, own, None).await?;
    let faults = FaultControl::new(&plan.faults, &session);
    let (target, socks, hold) = (Arc::new(plan.target), plan.socks.map(Arc::new), plan.hold);
    let rewrites = RewriteControl::new(&plan.rewrites, &session);
    let mut relay = Relay { session, accept, target, socks, faults, rewrites };
    relay.tell_target();
    relay.faults.tell();
    relay.session.holds.change(&hold);
    loop {
        let happened = tokio::select! {
            happened = relay.accept.next(&mut input) => happened,
            () = relay.faults.changed() => continue,
        };
        match happened {
            ListenerEvent::NewConn(new) => relay.start(new),
            ListenerEvent::Update(plan) => relay.update(*plan),
            ListenerEvent::Send { .. } => {
                relay.session.events.refused(refusal::relay_sends_nothing());
            }
            ListenerEvent::Over(words) => return Ok(Summary::of(words)),
        }
    }
}

impl Relay {
    fn tell_target(&self) {
        let TargetPlan { endpoint, tls, .. } = &*self.target;
        let tls = if *tls == ClientTls::Off { "" } else { " (TLS)" };
        let text = match &self.socks {
            Some(_) => format!("who connects is connected on to {ANYWHERE}{tls}"),
            None => format!("who connects is connected on to {endpoint}{tls}"),
        };
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
    }

    /// Connections to come go on to another target.
    fn update(&mut self, plan: Plan) {
        match plan.tcp_relay() {
            Some(plan) => {
                let socks = plan.socks.map(Arc::new);
                if *self.target != plan.target || self.socks != socks {
                    (self.target, self.socks) = (Arc::new(plan.target), socks);
                    self.tell_target();
                }
                self.rewrites.change(&plan.rewrites);
                self.faults.change(&plan.faults);
                self.session.holds.change(&plan.hold);
            }
            None => self.session.events.refused(refusal::other_answers()),
        }
    }

    fn start(&mut self, new: NewConn) {
        // The accept loop of a relay gives one to everybody it lets in.
        let Some(pair) = new.pair else { return };
        let (sender, ending) = watch::channel(None);
        let onward = Onward {
            session: self.session.clone(),
            pair,
            target: Arc::clone(&self.target),
            socks: self.socks.clone(),
            ending: Ending(ending),
            faults: self.faults.watch(),
            rewrites: self.rewrites.watch(),
        };
        self.accept.start(new, RelayControl(sender), async move |accepted| {
            let (session, target) = (onward.session.clone(), onward.pair.target);
            onward.run(accepted).await;
            session.events.retire(target);
        });
    }
}

/// The accept loop's end of what is passed on for one client.
struct RelayControl(watch::Sender<Option<CloseMode>>);

impl ConnControl for RelayControl {
    /// What others say to each other is never ended for somebody else.
    fn evictability(&self) -> Evictability {
        Evictability::Busy
    }

    fn end(&self, how: CloseMode) {
        self.0.send_replace(Some(how));
    }

    fn evict(&self) {
        self.end(CloseMode::Close);
    }
}

/// The other end of it.
struct Ending(watch::Receiver<Option<CloseMode>>);

impl Ending {
    /// How it shall end, once it shall. Safe to drop.
    async fn ordered(&mut self) -> CloseMode {
        // A relay that is gone lets go of everything.
        if self.0.changed().await.is_err() {
            return CloseMode::Reset;
        }
        self.0.borrow_and_update().unwrap_or(CloseMode::Close)
    }
}

/// A client on its way to the target.
struct Onward {
    session: SessionHandle,
    pair: RelayPair,
    target: Arc<TargetPlan>,
    socks: Option<Arc<SocksPlan>>,
    ending: Ending,
    faults: FaultWatch,
    rewrites: watch::Receiver<Arc<Rewrites>>,
}

impl Onward {
    async fn run(mut self, accepted: AcceptedConn) {
        let mut half = self.half(&accepted);
        let AcceptedConn { mut stream, peer, local, .. } = accepted;
        if let Some(socks) = self.socks.clone() {
            match self.asked(&socks, &mut stream).await {
                Some(SocksWish::Connect(endpoint)) => {
                    self.target = Arc::new(TargetPlan { endpoint, ..(*self.target).clone() });
                }
                Some(SocksWish::Associate(port)) => {
                    return self.associate(stream, (&peer, port)).await;
                }
                None => return,
            }
        }
        self.leads_to(&mut half, None);
        let from = way_in(&peer, local.as_ref());
        if let Err(failure) = self.unless_round(from.as_ref(), local.as_ref()) {
            return self.leads_round(stream, &peer, &failure).await;
        }
        let (target, _held) = match self.connect().await {
            Ok(connected) => connected,
            Err(why) => return self.turn_away(stream, (&peer, why)).await,
        };
        let _trail = match self.trail(from.as_ref(), &target) {
            Ok(trail) => trail,
            Err(failure) => return self.leads_round(stream, &peer, &failure).await,
        };
        self.leads_to(&mut half, Some(&target));
        if self.socks.is_some() {
            let said = socks5::reply(SocksReply::Succeeded, local_address(&target));
            // One that is gone meanwhile says so when it is read.
            let _ = socks::say(&mut stream, &said).await;
        }
        let Onward { session, pair, target: plan, ending, faults, rewrites, .. } = self;
        let names = [peer.to_string(), plan.endpoint.to_string()];
        let passing = Passing { session, pair, conn: half, names, ending, faults, rewrites };
        passing.run(stream, target).await;
    }

    /// The client's half, of which it is not known yet where it leads to.
    fn half(&self, accepted: &AcceptedConn) -> ConnInfo {
        ConnInfo {
            local: accepted.local.clone(),
            peer: Some(accepted.peer.clone()),
            tls: accepted.tls.is_some(),
            pair: Some(self.pair),
            ..ConnInfo::new(accepted.conn, Protocol::Tcp, Side::Relay)
        }
    }

    /// Tells of the client's half where it leads to, and which address that is once there is a connection.
    fn leads_to(&self, half: &mut ConnInfo, target: Option<&Stream>) {
        let endpoint = &self.target.endpoint;
        let by_name = || endpoint.socket.clone().map(EndAddress::Unix);
        let address = |stream| peer_address(stream).map(EndAddress::from).or_else(by_name);
        let (address, tls) = (target.and_then(address), self.target.tls != ClientTls::Off);
        half.asked = Some(match &self.socks {
            Some(_) => AskedTarget::by_client(endpoint, address, tls),
            None => AskedTarget::new(endpoint, address),
        });
        self.session.events.conn(half.clone());
    }

    /// What a client of SOCKS5 wants; `None` = it is turned away, and why is recorded.
    async fn asked(&mut self, socks: &SocksPlan, stream: &mut Stream) -> Option<SocksWish> {
        let (session, conn) = (self.session.clone(), self.pair.client);
        let asked = tokio::select! {
            biased;
            () = session.cancel.cancelled() => return None,
            _ = self.ending.ordered() => return None,
            asked = Box::pin(socks::asked(socks, stream)) => asked,
        };
        let (way, kind, text) = match &asked {
            Ok(SocksWish::Connect(endpoint)) => {
                let text = format!("SOCKS5: it asks for {endpoint}");
                (Direction::Received, RecordKind::Note, text)
            }
            Ok(SocksWish::Associate(_)) => {
                let text = "SOCKS5: it asks for its datagrams to be passed on".to_owned();
                (Direction::Received, RecordKind::Note, text)
            }
            Err(why) => (Direction::Local, RecordKind::Failed, format!("turned away: {why}")),
        };
        session.events.note(conn, way, kind, text);
        asked.ok()
    }

    /// Passes on the datagrams of a client of SOCKS5, for as long as its connection is there.
    async fn associate(mut self, mut stream: Stream, (peer, port): (&EndAddress, u16)) {
        let (session, conn) = (self.session.clone(), self.pair.client);
        let Some(from) = peer.inet().map(|address| address.ip()) else {
            let text = "it has no address that its datagrams could come from";
            session.events.note(conn, Direction::Local, RecordKind::Failed, text);
            return self.turn_away(stream, (peer, SocksReply::Failed)).await;
        };
        let local = local_address(&stream).map_or(from, |local| local.ip());
        let asked = AssociationPlan {
            control: conn,
            client: (from, port),
            local,
            options: self.target.client.clone(),
        };
        let association =
            match Association::open(asked, &session, (self.faults.clone(), self.rewrites.clone()))
                .await
            {
                Ok(association) => association,
                Err(failure) => {
                    session.events.failed(conn, &failure);
                    return self.turn_away(stream, (peer, SocksReply::Failed)).await;
                }
            };
        let said = socks5::reply(SocksReply::Succeeded, Some(association.local()));
        // One that is gone meanwhile says so when it is read.
        let _ = socks::say(&mut stream, &said).await;
        let over = async {
            tokio::select! {
                biased;
                () = session.cancel.cancelled() => (Direction::Local, "stopped by us"),
                _ = self.ending.ordered() => (Direction::Local, "closed by us"),
                gone = socks::gone(&mut stream) => (Direction::Received, gone),
            }
        };
        let (direction, why) = association.run(over).await;
        let text = format!("{why}; no datagrams are passed on any more");
        session.events.note(conn, direction, RecordKind::Closed, text);
    }

    /// The connection to the target with what it holds; an error = there is none, why is recorded, and
    /// told to a client of SOCKS5 like this.
    async fn connect(&mut self) -> Result<(Stream, impl Sized + use<>), SocksReply> {
        const FAILED: SocksReply = SocksReply::Failed;
        let (session, conn) = (&self.session, self.pair.target);
        let held = session.budget.descriptors(ONWARD).map_err(refusal::no_descriptors);
        let held = held.inspect_err(|failure| session.events.failed(conn, failure));
        let held = held.map_err(|_| FAILED)?;
        let dial = Dial {
            conn,
            protocol: Protocol::Tcp,
            endpoint: &self.target.endpoint,
            tls: &self.target.tls,
            alpn: &[],
            timeout: self.target.connect_timeout,
            socket: &self.target.socket,
            client: &self.target.client,
            proxy: None,
            pair: Some(self.pair),
        };
        let (connected, facts) = tokio::select! {
            biased;
            () = session.cancel.cancelled() => return Err(FAILED),
            _ = self.ending.ordered() => return Err(FAILED),
            dialled = Box::pin(dial::connect(dial, session)) => dialled,
        };
        let failed = |failure: &Failure| {
            let (way, kind) = (Direction::Local, RecordKind::Failed);
            session.events.note(conn, way, kind, facts.words(failure));
        };
        let connected = connected.inspect_err(failed);
        connected.map(|stream| (stream, held)).map_err(|failure| socks::reply_to(&failure))
    }

    /// It would be passed on for ever.
    async fn leads_round(&self, stream: Stream, peer: &EndAddress, failure: &Failure) {
        // Nothing is known of the other half, which may not even have begun.
        self.session.events.failed(self.pair.client, failure);
        self.turn_away(stream, (peer, socks::reply_to(failure))).await;
    }

    /// Fails where it is known before it is connected on that it would go round.
    fn unless_round(
        &self,
        from: Option<&WayIn>,
        local: Option<&EndAddress>,
    ) -> Result<(), Failure> {
        let name = self.target.endpoint.to_string();
        self.session.relay.check(from, &name)?;
        let is_own = dial::is_own_socket(&self.target.endpoint, local);
        if is_own { Err(leads_back(&name)) } else { Ok(()) }
    }

    /// The trail of a connection to the target, which leads round if it fails.
    fn trail(&self, from: Option<&WayIn>, target: &Stream) -> Result<Option<Trail>, Failure> {
        let Some(on) = way_on(target) else { return Ok(None) };
        let name = self.target.endpoint.to_string();
        self.session.relay.leads_on(from, &on, &name).map(Some)
    }

    /// There is nobody to connect it on to: it is told as the target's machine would have done.
    async fn turn_away(&self, mut stream: Stream, (peer, why): (&EndAddress, SocksReply)) {
        if self.socks.is_some() {
            let _ = socks::say(&mut stream, &socks5::reply(why, None)).await;
            let endpoint = &self.target.endpoint;
            let text = if endpoint.host == ANYWHERE {
                format!("{peer} was told that its datagrams are not passed on")
            } else {
                format!("{peer} was told that there is no connection to {endpoint}")
            };
            let (direction, kind) = (Direction::Local, RecordKind::Closed);
            return self.session.events.note(self.pair.client, direction, kind, text);
        }
        let (client, endpoint) = (self.pair.client, &self.target.endpoint);
        let text = format!("{peer} reset by us: there is no connection to {endpoint}");
        let (direction, kind, text) = told_reset(is_unix(&stream), &text);
        self.session.events.note(client, direction, kind, text);
        reset(stream);
    }
}
