//! Connections that carried a request and its whole answer, kept for the next request to the same place.
//!
//! Only an engine that was started for many requests keeps any (`EngineConfig::keeps_connections`), and only HTTP clients
//! ask (`engine/client/http/hop.rs`, which decides what may be kept and who may take it). A connection is given to who
//! would have made the very same one: place, TLS settings, version, options of the socket and where it comes from are equal.
//! One of HTTP/2 carries several at once, so it is given while it is in use, too.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dial::ConnectFacts;
use super::stream::Stream;
use crate::engine::http2::connection::{Drives, Http2Connection};
use crate::model::endpoint::Endpoint;
use crate::model::http::VersionChoice;
use crate::model::id::ConnId;
use crate::model::socket_options::{ClientOptions, SocketOptions};
use crate::model::tls::ClientTls;

/// Connections kept at most; a run has rarely more presets beside each other.
const KEPT: usize = 64;
/// After so long without a request a connection is let go: servers do the same after a few seconds more.
const IDLE: Duration = Duration::from_secs(4);

/// What connections that may stand for each other have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionKey {
    pub(crate) endpoint: Endpoint,
    pub(crate) tls: ClientTls,
    pub(crate) version: VersionChoice,
    pub(crate) socket: SocketOptions,
    pub(crate) client: ClientOptions,
}

/// A connection that is open and carries nothing.
pub(crate) struct KeptConnection {
    pub(crate) stream: Stream,
    /// What was learnt when it was made.
    pub(crate) facts: ConnectFacts,
    /// What it was called then.
    pub(crate) first: ConnId,
}

/// A connection of HTTP/2, which may carry others at the same time.
#[derive(Clone)]
pub(crate) struct SharedConnection {
    pub(crate) connection: Http2Connection,
    /// What was learnt when it was made.
    pub(crate) facts: ConnectFacts,
    /// What it was called then.
    pub(crate) first: ConnId,
}

/// All of an engine; clones have the same. By default nothing is kept.
#[derive(Clone, Default)]
pub(crate) struct KeptConnections {
    pool: Option<Arc<Mutex<Pool>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Idle>,
    shared: Vec<(ConnectionKey, SharedConnection)>,
}

struct Idle {
    key: ConnectionKey,
    since: Instant,
    connection: KeptConnection,
}

impl KeptConnections {
    /// They are kept if so. What carries them on is one of these tasks, until `stop` fires.
    pub(crate) fn new(are_kept: bool, tasks: TaskTracker, stop: CancellationToken) -> Self {
        KeptConnections { pool: are_kept.then(Arc::default), tasks, stop }
    }

    /// Whether any are kept.
    pub(crate) fn are_kept(&self) -> bool {
        self.pool.is_some()
    }

    /// Keeps one; the one that has carried nothing for longest goes when there are too many.
    pub(crate) fn put(&self, key: ConnectionKey, connection: KeptConnection) {
        let Some(mut pool) = self.lock() else { return };
        let (now, idle) = (Instant::now(), &mut pool.idle);
        idle.retain(|it| now.duration_since(it.since) < IDLE);
        if idle.len() >= KEPT {
            idle.remove(0);
        }
        idle.push(Idle { key, since: now, connection });
    }

    /// The one that was used last of those that are the same; one whose peer has ended it, or said something that nobody
    /// asked for, is let go.
    pub(crate) fn take(&self, key: &ConnectionKey) -> Option<KeptConnection> {
        loop {
            let Idle { since, mut connection, .. } = {
                let idle = &mut self.lock()?.idle;
                let at = idle.iter().rposition(|it| it.key == *key)?;
                idle.remove(at)
            };
            let mut is_quiet = || connection.stream.read_u8().now_or_never().is_none();
            if since.elapsed() < IDLE && is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Gives one of HTTP/2 to others that want the very same one, as long as it takes more.
    pub(crate) fn share(&self, key: ConnectionKey, connection: SharedConnection) {
        let Some(mut pool) = self.lock() else { return };
        pool.let_idle_go();
        if pool.shared.len() >= KEPT {
            pool.shared.remove(0);
        }
        pool.shared.push((key, connection));
    }

    /// One of HTTP/2 that is the same and takes more; the newest first.
    pub(crate) fn shared(&self, key: &ConnectionKey) -> Option<SharedConnection> {
        let mut pool = self.lock()?;
        pool.let_idle_go();
        let takes = |(its, shared): &&(ConnectionKey, SharedConnection)| {
            its == key && shared.connection.takes_more()
        };
        pool.shared.iter().rev().find(takes).map(|(_, shared)| shared.clone())
    }

    /// The one that was first called so is given to nobody any more.
    pub(crate) fn forget(&self, first: ConnId) {
        if let Some(mut pool) = self.lock() {
            pool.shared.retain(|(_, shared)| shared.first != first);
        }
    }

    /// Closes all that carry nothing.
    pub(crate) fn let_go(&self) {
        if let Some(mut pool) = self.lock() {
            *pool = Pool::default();
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, Pool>> {
        let pool = self.pool.as_ref()?;
        Some(pool.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drives for KeptConnections {
    fn drive(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = connection => {}
            }
        });
    }
}

impl Pool {
    fn let_idle_go(&mut self) {
        self.shared.retain(|(_, shared)| {
            let is_old = shared.connection.idle_for().is_some_and(|idle| idle >= IDLE);
            !shared.connection.is_over() && shared.connection.away().is_none() && !is_old
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::either::Either;

    use super::*;

    fn kept(are_kept: bool) -> KeptConnections {
        KeptConnections::new(are_kept, TaskTracker::new(), CancellationToken::new())
    }
    use crate::model::id::SessionId;

    fn key(port: u16) -> ConnectionKey {
        ConnectionKey {
            endpoint: Endpoint::new("127.0.0.1", port),
            tls: ClientTls::Off,
            version: VersionChoice::Auto,
            socket: SocketOptions::default(),
            client: ClientOptions::default(),
        }
    }

    /// A connection of this number, and its peer's end.
    async fn connection(listener: &TcpListener, number: u32) -> (KeptConnection, TcpStream) {
        let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, first) = (Either::Left(Either::Left(ours)), SessionId(1).conn(number));
        let kept = KeptConnection { stream, facts: ConnectFacts::default(), first };
        (kept, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn the_same_is_given_to_who_wants_the_very_same() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let kept = kept(true);
        let (ours, _peer) = connection(&listener, 1).await;
        kept.put(key(1), ours);
        let probed = SocketOptions { keep_alive: Some(Duration::from_secs(9)) };
        let from = crate::model::socket_options::SourceAddress::Port(9);
        for other in [
            key(2),
            ConnectionKey { socket: probed, ..key(1) },
            ConnectionKey {
                client: ClientOptions { source: Some(from), ..ClientOptions::default() },
                ..key(1)
            },
            ConnectionKey { endpoint: Endpoint::new("localhost", 1), ..key(1) },
            ConnectionKey { version: VersionChoice::Http11, ..key(1) },
        ] {
            assert!(kept.take(&other).is_none(), "{other:?}");
        }
        assert_eq!(kept.take(&key(1)).unwrap().first, SessionId(1).conn(1));
        assert!(kept.take(&key(1)).is_none());
    }

    #[tokio::test]
    async fn one_that_its_peer_has_ended_is_not_given() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let kept = kept(true);
        let (first, _peer) = connection(&listener, 1).await;
        let (second, peer) = connection(&listener, 2).await;
        drop(peer);
        let Either::Left(Either::Left(tcp)) = &second.stream else { panic!("it is TCP") };
        tcp.readable().await.unwrap();
        kept.put(key(1), first);
        kept.put(key(1), second);
        assert_eq!(kept.take(&key(1)).unwrap().first, SessionId(1).conn(1));
    }

    #[tokio::test]
    async fn no_more_than_so_many_are_kept_and_none_where_none_shall_be() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (kept, none) = (kept(true), kept(false));
        let mut peers = Vec::new();
        for number in 0..=KEPT {
            let (ours, peer) = connection(&listener, number as u32).await;
            peers.push(peer);
            kept.put(key(1), ours);
        }
        let (ours, _peer) = connection(&listener, 0).await;
        none.put(key(1), ours);
        assert!(none.take(&key(1)).is_none());
        let mut left: Vec<u32> = Vec::new();
        while let Some(connection) = kept.take(&key(1)) {
            left.push(connection.first.index);
        }
        assert_eq!(left, (1..=KEPT as u32).rev().collect::<Vec<_>>());
        let (ours, mut peer) = connection(&listener, 0).await;
        kept.put(key(2), ours);
        kept.let_go();
        assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
    }
}
