//! One connection of HTTP/2: opened, driven by a task, shared by those that send requests over it.
//!
//! The task ends with the connection, and soon after the last of those that share it is gone: it says so to the server
//! (`RST_STREAM`, `GOAWAY`) as far as that takes no time.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use h2::SendStream;
use h2::client::{Builder, ResponseFuture, SendRequest};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::routes::{GoneAway, HEADER_LIST, RouteGuard, Routes};
use super::tapped::TappedStream;
use crate::engine::sink::Sink;
use crate::engine::transport::stream::Stream;
use crate::model::id::ConnId;

/// Bytes of one body that the server may send ahead of us.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// The same of all bodies of a connection together.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// Bytes of a request that wait for the socket.
const SENDING: usize = 256 * 1024;
/// Largest frame, as every server may send it (RFC 9113, section 4.2).
const FRAME: u32 = 16 * 1024;
/// Exchanges on one connection at most, if the server allows as many.
const EXCHANGES: usize = 100;
/// How long the last words to a server may take.
pub(crate) const LAST_FRAMES: Duration = Duration::from_millis(100);

/// A connection. Clones share it.
#[derive(Clone)]
pub(crate) struct Http2Connection {
    requests: SendRequest<Bytes>,
    routes: Routes,
    shared: Arc<Shared>,
}

struct Shared {
    /// Streams are opened in the order of their routes.
    opening: Mutex<()>,
    used: Mutex<Instant>,
    over: CancellationToken,
    /// Tells the driver that nobody is left, when it is dropped.
    _gone: oneshot::Sender<()>,
}

/// A stream of a connection, just opened.
pub(crate) struct OpenStream {
    pub(crate) response: ResponseFuture,
    pub(crate) body: SendStream<Bytes>,
}

/// What carries the connections of an engine on.
pub(crate) trait Drives {
    /// Runs this to its end.
    fn drive(&self, connection: impl Future<Output = ()> + Send + 'static);
}

impl Http2Connection {
    /// Says the first words over a stream that was connected for it; frames are told to whoever opens a route, which has to
    /// be before.
    pub(crate) async fn begin(
        stream: Stream,
        routes: Routes,
        drives: &impl Drives,
    ) -> Result<Self, h2::Error> {
        let tapped = TappedStream::new(stream, routes.clone());
        let (requests, connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME)
            .max_header_list_size(HEADER_LIST)
            .max_send_buffer_size(SENDING)
            .initial_max_send_streams(EXCHANGES)
            .handshake::<_, Bytes>(tapped)
            .await?;
        let over = CancellationToken::new();
        let (gone_sender, gone) = oneshot::channel();
        let ended: DropGuard = over.clone().drop_guard();
        drives.drive(async move {
            let _ended = ended;
            let mut connection = pin!(connection);
            tokio::select! {
                biased;
                _ = &mut connection => {}
                _ = gone => drop(timeout(LAST_FRAMES, connection).await),
            }
        });
        let used = Mutex::new(Instant::now());
        let shared = Shared { opening: Mutex::new(()), used, over, _gone: gone_sender };
        Ok(Http2Connection { requests, routes, shared: Arc::new(shared) })
    }

    /// Waits until it takes another stream.
    pub(crate) async fn ready(&self) -> Result<(), h2::Error> {
        self.requests.clone().ready().await.map(drop)
    }

    /// Opens a stream for a request; `is_whole` = no body follows.
    pub(crate) fn open(
        &self,
        request: http::Request<()>,
        is_whole: bool,
        (sink, conn): (&Sink, ConnId),
        early: Option<RouteGuard>,
    ) -> Result<(OpenStream, RouteGuard), h2::Error> {
        let _opening = self.shared.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let guard = early.unwrap_or_else(|| self.routes.open(sink.clone(), conn));
        let (response, body) = self.requests.clone().send_request(request, is_whole)?;
        guard.is_stream(response.stream_id().as_u32());
        Ok((OpenStream { response, body }, guard))
    }

    /// What the server said when it took no further streams.
    pub(crate) fn away(&self) -> Option<GoneAway> {
        self.routes.away()
    }

    /// The server finished sending.
    pub(crate) fn peer_ended(&self) -> bool {
        self.routes.peer_ended()
    }

    /// Whether another exchange can go over it.
    pub(crate) fn takes_more(&self) -> bool {
        let most = self.requests.current_max_send_streams().min(EXCHANGES);
        !self.is_over() && self.away().is_none() && self.routes.count() < most
    }

    /// Whether it is closed.
    pub(crate) fn is_over(&self) -> bool {
        self.shared.over.is_cancelled() || self.peer_ended()
    }

    /// Nothing goes over it, for so long.
    pub(crate) fn idle_for(&self) -> Option<Duration> {
        let used = self.shared.used.lock().unwrap_or_else(PoisonError::into_inner);
        (self.routes.count() == 0).then(|| used.elapsed())
    }

    /// An exchange over it is over.
    pub(crate) fn was_used(&self) {
        *self.shared.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Fires when it is closed.
    pub(crate) fn end(&self) -> CancellationToken {
        self.shared.over.clone()
    }
}
