//! A TCP or TLS listener: accepts, and holds one conversation per connection.
//!
//! One task accepts and takes the user's orders; every connection has its own task, which leaves
//! by dropping its [`Leaving`]. Bounds: 256 connections, a further one is refused with RST and the
//! refusal shown.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use crate::engine::command::CloseMode;
use crate::engine::conversation::{AfterPeer, ConnHandle, ConnSetup, Script, line};
use crate::engine::event::{Phase, Summary};
use crate::engine::rules::Rules;
use crate::engine::session::{SessionContext, SessionHandle, SessionInput};
use crate::engine::transport::{self, Acceptor, Listeners, Stream};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::plan::{Plan, TcpListenerPlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::tls::TlsFacts;

/// Connections held at the same time.
pub(crate) const CONNECTIONS: usize = 256;
/// From here on connections whose peer has finished make room for new ones.
const CROWDED: usize = CONNECTIONS / 2;

struct StreamListener {
    session: SessionHandle,
    acceptor: Acceptor,
    greeting: Bytes,
    rules: watch::Sender<Arc<Rules>>,
    conns: BTreeMap<ConnId, Client>,
    refused: u32,
    leaving: mpsc::Sender<ConnId>,
    closing: bool,
}

struct Client {
    line: ConnHandle,
    peer: SocketAddr,
}

/// Tells the listener that a connection's task is gone, however it ended.
struct Leaving {
    conn: ConnId,
    to: mpsc::Sender<ConnId>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        // There is room for every connection that can exist.
        let _ = self.to.try_send(self.conn);
    }
}

/// Runs the session to its end.
pub(crate) async fn run(plan: TcpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input } = cx;
    let (sockets, mut listener, mut left) = open(plan, session)?;
    let mut sockets = Some(sockets);
    loop {
        if listener.closing {
            sockets = None;
            if listener.conns.is_empty() {
                return Ok(listener.session.summary("closed by us"));
            }
        }
        let session = &listener.session;
        tokio::select! {
            biased;
            () = session.cancel.cancelled() => return Ok(session.summary("stopped by us")),
            Some(conn) = left.recv() => listener.forget(conn),
            order = input.recv() => match order {
                Some(order) => listener.handle_command(order),
                None => session.cancel.cancel(),
            },
            accepted = accept(session, &mut sockets) => match accepted {
                Ok((tcp, peer)) => listener.welcome(tcp, peer),
                Err(failure) => listener.note(RecordKind::Failed, failure.to_string()),
            },
        }
    }
}

async fn accept(
    session: &SessionHandle,
    sockets: &mut Option<Listeners>,
) -> Result<(TcpStream, SocketAddr), Failure> {
    session.events.ready().await;
    match sockets {
        Some(sockets) => sockets.accept().await,
        None => pending().await,
    }
}

type Opened = (Listeners, StreamListener, mpsc::Receiver<ConnId>);

/// Binds, prepares TLS and rules, and says where we listen.
fn open(plan: TcpListenerPlan, session: SessionHandle) -> Result<Opened, Failure> {
    let opened = (|| {
        let rules = Rules::new(plan.rules)?;
        let sockets = transport::bind(&plan.bind)?;
        let addresses = sockets.addresses();
        let acceptor = Acceptor::new(&plan.tls, &addresses, &session)?;
        Ok((rules, sockets, addresses, acceptor))
    })();
    let (rules, sockets, addresses, acceptor) = opened.inspect_err(|failure: &Failure| {
        let text = failure.to_string();
        session.events.note(session.id.itself(), Direction::Local, RecordKind::Failed, text);
    })?;
    let (leaving, left) = mpsc::channel(CONNECTIONS + 1);
    let (rules, _) = watch::channel(Arc::new(rules));
    let listener = StreamListener {
        session,
        acceptor,
        greeting: plan.greeting,
        rules,
        conns: BTreeMap::new(),
        refused: 0,
        leaving,
        closing: false,
    };
    listener.announce(addresses);
    Ok((sockets, listener, left))
}

impl StreamListener {
    fn announce(&self, addresses: Vec<SocketAddr>) {
        self.session.events.conn(ConnInfo {
            id: self.session.id.itself(),
            protocol: Protocol::Tcp,
            side: Side::Listener,
            local: addresses.first().copied(),
            peer: None,
            tls: self.acceptor.is_tls(),
        });
        let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let tls = if self.acceptor.is_tls() { " (TLS)" } else { "" };
        self.note(RecordKind::Bound, format!("listening on {}{tls}", list.join(" and ")));
        self.session.events.phase(Phase::Listening { addresses, receive_buffer: None });
        self.count();
    }

    fn note(&self, kind: RecordKind, text: String) {
        self.session.events.note(self.session.id.itself(), Direction::Local, kind, text);
    }

    fn count(&self) {
        let open = u32::try_from(self.conns.len()).unwrap_or(u32::MAX);
        self.session.events.phase(Phase::Clients { open, refused: self.refused });
    }

    fn welcome(&mut self, tcp: TcpStream, peer: SocketAddr) {
        self.make_room();
        if self.conns.len() >= CONNECTIONS {
            Stream::Plain(tcp).reset();
            self.refused = self.refused.saturating_add(1);
            let text = format!("refused {peer}: {CONNECTIONS} connections are open already");
            self.note(RecordKind::Failed, text);
            return self.count();
        }
        let conn = self.session.next_conn();
        let local = tcp.local_addr().ok();
        self.session.events.conn(ConnInfo {
            id: conn,
            protocol: Protocol::Tcp,
            side: Side::Listener,
            local,
            peer: Some(peer),
            tls: self.acceptor.is_tls(),
        });
        let text = format!("accepted from {peer}");
        self.session.events.note(conn, Direction::Received, RecordKind::Accepted, text);
        let (line, orders) = line();
        let talk = ConnSetup {
            session: self.session.clone(),
            conn,
            peer: peer.to_string(),
            orders,
            rules: self.rules.subscribe(),
            script: Script::default(),
            after_peer: AfterPeer::CloseWhenAnswered,
        };
        let leaving = Leaving { conn, to: self.leaving.clone() };
        let serving = serve(tcp, self.acceptor.clone(), talk, self.greeting.clone());
        self.session.spawn(conn, async move {
            let _leaving = leaving;
            serving.await;
        });
        self.conns.insert(conn, Client { line, peer });
        self.count();
    }

    /// Clients that finished sending stay open for a late answer, but not for ever.
    fn make_room(&self) {
        if self.conns.len() < CROWDED {
            return;
        }
        let gone = self.conns.iter().find(|(_, client)| client.line.peer_has_finished());
        if let Some((conn, client)) = gone {
            let text = "closed to make room: the peer finished sending long ago";
            self.session.events.note(*conn, Direction::Local, RecordKind::Note, text);
            client.line.end(CloseMode::Close);
        }
    }

    fn forget(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
        self.count();
    }

    fn handle_command(&mut self, order: SessionInput) {
        let refused = match order {
            SessionInput::Send { conn: Some(conn), data } => self.send(conn, data),
            SessionInput::Send { conn: None, data } => self.send_to_all(&data),
            SessionInput::End { conn, how } => self.end(conn, how),
            SessionInput::Update(plan) => self.update(*plan),
            SessionInput::Close(_) => {
                self.close();
                Ok(())
            }
        };
        if let Err(failure) = refused {
            self.session.events.refused(failure);
        }
    }

    fn send(&self, conn: ConnId, data: Bytes) -> Result<(), Failure> {
        let client = self.conns.get(&conn).ok_or_else(|| unknown(conn))?;
        client.line.send(&client.peer.to_string(), data)
    }

    /// Every connection that can take it gets it; the others are named.
    fn send_to_all(&self, data: &Bytes) -> Result<(), Failure> {
        if self.conns.is_empty() {
            let failure =
                Failure::new(Stage::Send, "", FailureKind::NotFound, "nobody is connected");
            return Err(failure.hint("wait for a client"));
        }
        for client in self.conns.values() {
            if let Err(failure) = client.line.send(&client.peer.to_string(), data.clone()) {
                self.session.events.refused(failure);
            }
        }
        Ok(())
    }

    fn end(&self, conn: ConnId, how: CloseMode) -> Result<(), Failure> {
        let client = self.conns.get(&conn).ok_or_else(|| unknown(conn))?;
        client.line.end(how);
        Ok(())
    }

    fn update(&mut self, plan: Plan) -> Result<(), Failure> {
        let Plan::TcpListener(plan) = plan else {
            let cause = "these are not the answers of a TCP listener";
            return Err(Failure::new(Stage::Session, "", FailureKind::Usage, cause));
        };
        let rules = Rules::new(plan.rules)?;
        self.greeting = plan.greeting;
        self.rules.send_replace(Arc::new(rules));
        self.note(RecordKind::Note, "the answers were changed".to_owned());
        Ok(())
    }

    fn close(&mut self) {
        self.closing = true;
        self.session.events.phase(Phase::Closing);
        for client in self.conns.values() {
            client.line.end(CloseMode::Close);
        }
    }
}

fn unknown(conn: ConnId) -> Failure {
    let cause = format!("there is no connection {conn} (any more)");
    Failure::new(Stage::Send, "", FailureKind::NotFound, cause)
}

/// The task of one connection.
async fn serve(tcp: TcpStream, acceptor: Acceptor, talk: ConnSetup, greeting: Bytes) {
    let (session, conn) = (talk.session.clone(), talk.conn);
    let secured = tokio::select! {
        secured = acceptor.secure(tcp) => secured,
        () = session.cancel.cancelled() => {
            let text = "closed by us during the handshake";
            return session.events.note(conn, Direction::Local, RecordKind::Closed, text);
        }
    };
    match secured {
        Ok((stream, facts)) => {
            if let Some(facts) = facts {
                let text = secured_words(&facts);
                session.events.note(conn, Direction::Local, RecordKind::Secured, text);
            }
            talk.run(stream, greeting).await;
        }
        Err(failure) => {
            let text = failure.to_string();
            session.events.note(conn, Direction::Local, RecordKind::Failed, text);
        }
    }
    session.events.retire(conn);
}

fn secured_words(facts: &TlsFacts) -> String {
    let took = facts.handshake.as_secs_f64() * 1000.0;
    let sni = if facts.sni.is_empty() { String::new() } else { format!(", name {}", facts.sni) };
    format!("{} {} {} in {took:.1} ms{sni}", facts.version, facts.cipher, facts.group)
}
