//! An HTTP listener: binds, accepts, and answers by rules that can change while it runs.
//!
//! ```text
//! accept ─► connection task: (TLS) ─► head ─► body ─► rule ─► answer ─► next request, or close
//! ```
//!
//! Every request is an exchange. Not more than [`CONNECTIONS`] connections are open; when they are
//! used up the one that idles longest makes place, and if none idles the newcomer is refused and
//! counted.

mod answer;
mod connection;
mod request;
mod respond;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::engine::command::CloseMode;
use crate::engine::event::{Phase, Summary};
use crate::engine::session::{SessionContext, SessionHandle, SessionInput};
use crate::engine::transport::{self, Acceptor};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::plan::{HttpListenerPlan, Plan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::tls::ListenerTls;
use connection::HttpConnection;

/// Connections open at the same time (PRODUCT.md).
const CONNECTIONS: usize = 256;
/// How long answers that are being written may take after the listener was closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs the listener to its end.
pub(crate) async fn run(plan: HttpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input } = cx;
    let mut sockets = transport::bind(&plan.bind)?;
    let addresses = sockets.addresses();
    let acceptor = Acceptor::new(&plan.tls, &addresses, &session)?;
    say_bound(&session, &addresses, plan.tls != ListenerTls::Off);
    let (answers, _) = watch::channel(Arc::new(plan));
    let (alive, gone) = mpsc::channel(1);
    let listener = Arc::new(HttpListener {
        session: session.clone(),
        acceptor,
        answers,
        requests: AtomicU32::new(0),
        closing: CancellationToken::new(),
        open: Mutex::new(OpenConnections::default()),
    });
    loop {
        tokio::select! {
            biased;
            () = session.cancel.cancelled() => return Ok(session.summary("stopped by us")),
            order = input.recv() => match order {
                Some(SessionInput::Close(_)) | None => break,
                Some(order) => listener.handle_command(order),
            },
            accepted = sockets.accept() => match accepted {
                Ok((tcp, peer)) => listener.accept(tcp, peer, &alive),
                Err(failure) => {
                    let text = failure.to_string();
                    let itself = session.id.itself();
                    session.events.note(itself, Direction::Local, RecordKind::Failed, text);
                }
            },
        }
    }
    drop(sockets);
    drop(alive);
    listener.farewell(gone).await;
    Ok(session.summary("closed by us"))
}

fn say_bound(session: &SessionHandle, addresses: &[SocketAddr], tls: bool) {
    session.events.conn(ConnInfo {
        id: session.id.itself(),
        protocol: Protocol::Http,
        side: Side::Listener,
        local: addresses.first().copied(),
        peer: None,
        tls,
    });
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let text = format!("listening on {}", list.join(" and "));
    session.events.note(session.id.itself(), Direction::Local, RecordKind::Bound, text);
    let addresses = addresses.to_vec();
    session.events.phase(Phase::Listening { addresses, receive_buffer: None });
}

/// What the connections of a listener share.
struct HttpListener {
    session: SessionHandle,
    acceptor: Acceptor,
    answers: watch::Sender<Arc<HttpListenerPlan>>,
    /// Numbers the exchanges of the session.
    requests: AtomicU32,
    /// The listener was closed: finish what is being answered.
    closing: CancellationToken,
    open: Mutex<OpenConnections>,
}

#[derive(Default)]
struct OpenConnections {
    connections: HashMap<ConnId, Handle>,
    refused: u32,
}

/// How the listener reaches one of its connections.
struct Handle {
    stop: CancellationToken,
    reset: CancellationToken,
    /// When it had answered its last request; `None` while it is busy.
    idle_since: Option<Instant>,
}

impl HttpListener {
    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to answer from now on.
    fn plan(&self) -> Arc<HttpListenerPlan> {
        Arc::clone(&self.answers.borrow())
    }

    fn next_number(&self) -> u32 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    fn handle_command(&self, order: SessionInput) {
        match order {
            SessionInput::Update(plan) => {
                if let Plan::HttpListener(plan) = *plan {
                    self.answers.send_replace(Arc::new(plan));
                }
            }
            SessionInput::End { conn, how } => {
                let open = self.open();
                let Some(handle) = open.connections.get(&conn) else {
                    return self.refuse_order(FailureKind::NotFound, "this connection is over");
                };
                if how == CloseMode::Reset { handle.reset.cancel() } else { handle.stop.cancel() }
            }
            SessionInput::Send { .. } => {
                let cause = "an HTTP listener answers by its rules and takes no input line";
                self.refuse_order(FailureKind::Usage, cause);
            }
            SessionInput::Close(_) => self.closing.cancel(),
        }
    }

    fn refuse_order(&self, kind: FailureKind, cause: &str) {
        self.session.events.refused(Failure::new(Stage::Session, "", kind, cause));
    }

    fn accept(self: &Arc<Self>, tcp: TcpStream, peer: SocketAddr, alive: &mpsc::Sender<()>) {
        if !self.has_place() {
            drop(tcp);
            self.open().refused += 1;
            let text = format!("refused {peer}: {CONNECTIONS} connections are open");
            let itself = self.session.id.itself();
            self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
            return self.say_clients();
        }
        let conn = self.session.next_conn();
        let (stop, reset) = (self.closing.child_token(), self.session.cancel.child_token());
        let handle = Handle { stop: stop.clone(), reset: reset.clone(), idle_since: None };
        self.open().connections.insert(conn, handle);
        self.say_clients();
        let connection = HttpConnection::new(Arc::clone(self), conn, peer, stop);
        let guard = Guard { listener: Arc::clone(self), conn, _alive: alive.clone() };
        self.session.spawn(conn, async move {
            let _guard = guard;
            connection.run(tcp, reset).await;
        });
    }

    /// Whether one more connection may come; one that idles is asked to go if need be.
    fn has_place(&self) -> bool {
        let open = self.open();
        if open.connections.len() < CONNECTIONS {
            return true;
        }
        let idle = open.connections.values().filter(|handle| !handle.stop.is_cancelled());
        let oldest = idle.filter_map(|h| Some((h.idle_since?, h))).min_by_key(|(since, _)| *since);
        oldest.is_some_and(|(_, handle)| {
            handle.stop.cancel();
            true
        })
    }

    /// A connection begins or ends to wait for a request.
    fn set_idle(&self, conn: ConnId, since: Option<Instant>) {
        if let Some(handle) = self.open().connections.get_mut(&conn) {
            handle.idle_since = since;
        }
    }

    fn say_clients(&self) {
        let (open, refused) = {
            let open = self.open();
            (open.connections.len() as u32, open.refused)
        };
        self.session.events.phase(Phase::Clients { open, refused });
    }

    /// Lets connections finish what they are answering.
    async fn farewell(&self, mut gone: mpsc::Receiver<()>) {
        self.session.events.phase(Phase::Closing);
        self.closing.cancel();
        tokio::select! {
            biased;
            () = self.session.cancel.cancelled() => {}
            _ = timeout(FAREWELL, gone.recv()) => {}
        }
    }
}

/// Takes a connection off the list, however its task ends.
struct Guard {
    listener: Arc<HttpListener>,
    conn: ConnId,
    _alive: mpsc::Sender<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.listener.open().connections.remove(&self.conn);
        self.listener.session.events.retire(self.conn);
        self.listener.say_clients();
    }
}

#[cfg(test)]
mod http_listener_tests;
