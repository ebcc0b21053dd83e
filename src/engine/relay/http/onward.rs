//! The connection to the server a request is passed on to: made, kept for the next request of the same
//! client, looked at before it is used again, let go of.

use std::sync::Arc;

use futures_util::FutureExt as _;

use super::HttpRelay;
use super::route::is_loop;
use crate::engine::budget::Descriptors;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::tap::ReadBuffer;
use crate::engine::refusal;
use crate::engine::session::SessionHandle;
use crate::engine::transport::dial::{self, Dial};
use crate::engine::transport::halves::{ReadHalf, WriteHalf, split};
use crate::engine::transport::stream::{Stream, is_unix, reset, told_reset, way_on};
use crate::engine::way_back::{Trail, leads_back, way_in};
use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind};
use crate::model::id::ConnId;
use crate::model::plan::OriginPlan;
use crate::model::protocol::Protocol;
use crate::model::record::{Direction, RecordKind, RelayPair};
use crate::model::tls::TlsFacts;

/// What the half towards a server opens: its socket, and what a name lookup needs.
const ONWARD: u32 = 2;

/// A connection to a server.
pub(super) struct OnwardConn {
    pub(super) origin: OriginPlan,
    pub(super) read: ReadHalf,
    pub(super) write: WriteHalf,
    pub(super) buffer: ReadBuffer,
    /// A request was answered over it already.
    pub(super) is_used: bool,
    pub(super) conn: ConnId,
    /// Where it leads to.
    pub(super) peer: Option<EndAddress>,
    tls: Option<Arc<TlsFacts>>,
    /// By which other relays know that it leads on from here.
    _trail: Option<Trail>,
    _held: Descriptors,
}

/// Fails where it is known before it is connected on that it would go round.
fn unless_known_round(
    session: &SessionHandle,
    client: &super::visitor::Met,
    origin: &OriginPlan,
) -> Result<(), Failure> {
    let from = way_in(&client.peer, client.local.as_ref());
    session.relay.check(from.as_ref(), &origin.url())?;
    let is_own = dial::is_own_socket(&origin.endpoint, client.local.as_ref());
    if is_own { Err(leads_back(&origin.url())) } else { Ok(()) }
}

/// A connection with its trail; fails where its client came through this relay before.
fn unless_round(
    session: &SessionHandle,
    client: &super::visitor::Met,
    origin: &OriginPlan,
    stream: Stream,
) -> Result<(Stream, Option<Trail>), Failure> {
    let Some(on) = way_on(&stream) else { return Ok((stream, None)) };
    let from = way_in(&client.peer, client.local.as_ref());
    let trail = session.relay.leads_on(from.as_ref(), &on, &origin.url())?;
    Ok((stream, Some(trail)))
}

impl OnwardConn {
    /// Connects, and tells the exchange how long it took. `client` is the connection it is for.
    pub(super) async fn connect(
        relay: &HttpRelay,
        origin: &OriginPlan,
        client: &super::visitor::Met,
        recorder: &ExchangeRecorder,
    ) -> Result<Self, Failure> {
        let session = &relay.session;
        unless_known_round(session, client, origin)?;
        let held = session.budget.descriptors(ONWARD).map_err(refusal::no_descriptors)?;
        let pair = RelayPair { client: client.conn, target: session.next_conn() };
        let (timeout, socket, options, alpn): (_, _, _, &[&[u8]]) = {
            let plan = relay.plan.borrow();
            (plan.connect_timeout, plan.socket.clone(), plan.client.clone(), &[b"http/1.1"])
        };
        let dial = Dial {
            conn: pair.target,
            protocol: Protocol::Http,
            endpoint: &origin.endpoint,
            tls: &origin.tls,
            alpn,
            timeout,
            socket: &socket,
            client: &options,
            proxy: None,
            pair: Some(pair),
        };
        let (stream, facts) = Box::pin(dial::connect(dial, session)).await;
        recorder.edit(|exchange| {
            exchange.timing.lookup = facts.lookup;
            exchange.timing.connect = facts.connect;
            exchange.timing.tls = facts.tls;
        });
        let stream = stream.and_then(|stream| {
            let ends = facts.peer.as_ref().zip(client.local.as_ref());
            let looped = ends.is_some_and(|(peer, us)| is_loop(peer, us));
            if looped {
                Err(leads_back(&origin.url()))
            } else {
                unless_round(session, client, origin, stream)
            }
        });
        match stream {
            Ok((stream, trail)) => {
                let (read, write) = split(stream);
                Ok(OnwardConn {
                    origin: origin.clone(),
                    read,
                    write,
                    buffer: ReadBuffer::new(),
                    is_used: false,
                    conn: pair.target,
                    peer: facts.peer,
                    tls: facts.tls_facts,
                    _trail: trail,
                    _held: held,
                })
            }
            Err(failure) => {
                let (way, kind) = (Direction::Local, RecordKind::Failed);
                session.events.note(pair.target, way, kind, facts.words(&failure));
                session.events.retire(pair.target);
                Err(failure)
            }
        }
    }

    /// What is known of its TLS, for the exchange and in warnings.
    pub(super) fn tell_tls(&self, recorder: &ExchangeRecorder) {
        let Some(tls) = &self.tls else { return };
        if !tls.unverified.is_empty() {
            recorder.warn(format!("the server's certificate does not verify: {}", tls.unverified));
        }
        if !tls.unproven.is_empty() {
            recorder.warn(format!("the server's identity is unproven: {}", tls.unproven));
        }
        recorder.edit(|exchange| exchange.tls = Some(tls.clone()));
    }

    /// Whether it leads there and nothing came over it that nobody asked for, its end included.
    pub(super) fn is_good_for(&mut self, origin: &OriginPlan) -> bool {
        self.origin == *origin && self.buffer.read(&mut self.read).now_or_never().is_none()
    }

    /// Lets go of it, which is over by this.
    pub(super) fn broke(self, relay: &HttpRelay, failure: &Failure) {
        let events = &relay.session.events;
        events.broke(self.conn, failure);
        if failure.kind == FailureKind::Reset {
            return events.retire(self.conn);
        }
        self.close(relay, "closed by us");
    }

    /// Lets go of it with FIN, and says so.
    pub(super) fn close(self, relay: &HttpRelay, words: &str) {
        let events = &relay.session.events;
        events.note(self.conn, Direction::Local, RecordKind::Closed, words);
        events.retire(self.conn);
    }

    /// The same with RST: nothing of what it still says is wanted.
    pub(super) fn reset(self, relay: &HttpRelay, words: &str) {
        let events = &relay.session.events;
        let stream = self.read.unsplit(self.write);
        let (direction, kind, words) = told_reset(stream.as_ref().is_some_and(is_unix), words);
        events.note(self.conn, direction, kind, words);
        events.retire(self.conn);
        stream.into_iter().for_each(reset);
    }
}
