//! One accepted connection: reads request after request and has each answered.
//!
//! ```text
//! [ idle ─► head ─► 100? ─► body ─► answer ]* ─► linger ─► closed
//! ```
//!
//! What a client sends is kept and shown byte for byte; what is malformed is answered 400 and
//! named, never hidden. A client that begins a head and does not end it, or stops inside a body, is
//! answered 408 after [`STALL`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout};

use super::shared::{HttpGuest, HttpListener};
use crate::engine::accept::AcceptedConn;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::engine::transport::stream::{Stream, reset};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::record::{Direction, RecordKind};
use crate::model::tls::TlsFacts;

/// Longest wait for the rest of a head that has begun, and for the next byte of a body.
pub(super) const STALL: Duration =
    if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(60) };
/// How long and how much is read after our last byte, so that closing does not reset the answer
/// away from a client that still sends.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// A connection and what is known about it.
pub(super) struct HttpConnection {
    pub(super) listener: Arc<HttpListener>,
    pub(super) conn: ConnId,
    pub(super) peer: SocketAddr,
    pub(super) local: Option<SocketAddr>,
    pub(super) tls: Option<TlsFacts>,
    guest: HttpGuest,
    received: Tap,
    pub(super) sent: Tap,
    buffer: ReadBuffer,
    /// Bytes that came behind the last request.
    pub(super) rest: Bytes,
    /// The exchange being made; outlives a cancelled [`HttpConnection::requests`].
    pub(super) current: Option<Arc<ExchangeRecorder>>,
    /// The client's end was noted.
    finished: bool,
}

/// Whether another request may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterRequest {
    Request,
    Close,
}

impl HttpConnection {
    /// Serves an accepted connection to its end.
    pub(super) async fn serve(
        listener: Arc<HttpListener>,
        accepted: AcceptedConn,
        guest: HttpGuest,
    ) {
        let AcceptedConn { conn, peer, local, tls, mut stream, abort } = accepted;
        let tap = || Tap::new(listener.session.events.clone(), conn);
        let (received, sent) = (tap(), tap());
        let mut connection = HttpConnection {
            listener,
            conn,
            peer,
            local,
            tls,
            guest,
            received,
            sent,
            buffer: ReadBuffer::new(),
            rest: Bytes::new(),
            current: None,
            finished: false,
        };
        let ended = tokio::select! {
            biased;
            () = abort.cancelled() => None,
            ended = Box::pin(connection.requests(&mut stream)) => Some(ended),
        };
        let Some(text) = ended else {
            connection.aborted();
            return reset(stream);
        };
        tokio::select! {
            biased;
            () = abort.cancelled() => {}
            () = connection.linger(&mut stream) => {}
        }
        connection.note(Direction::Local, RecordKind::Closed, text);
    }

    /// Somebody on our side ended it in the middle of whatever it did.
    fn aborted(&mut self) {
        if let Some(recorder) = self.current.take() {
            let when = "the connection was reset by us";
            let failure = Failure::new(Stage::Session, self.target(), FailureKind::Cancelled, when);
            recorder.close(Err(failure));
        }
        self.note(Direction::Local, RecordKind::Reset, "reset by us");
    }

    /// A record of this connection that is about an event and carries words.
    pub(super) fn note(&self, from: Direction, kind: RecordKind, text: impl Into<String>) {
        self.listener.session.events.note(self.conn, from, kind, text);
    }

    /// The peer's address and port, as failures name it.
    pub(super) fn target(&self) -> String {
        self.peer.to_string()
    }

    /// Serves requests until one of the sides has enough; says how it ended.
    async fn requests(&mut self, stream: &mut Stream) -> &'static str {
        loop {
            self.received.next_message();
            self.sent.next_message();
            let Some(first) = self.first_bytes(stream).await else { return "closed" };
            let request = match self.request(stream, first).await {
                Ok(request) => request,
                Err(why) => {
                    if let Some(recorder) = self.current.take() {
                        self.listener.session.events.failed(self.conn, &why);
                        recorder.close(Err(why));
                    }
                    return "closed inside a request";
                }
            };
            let outcome = self.respond(stream, request).await;
            self.current = None;
            match outcome {
                AfterRequest::Request => {}
                AfterRequest::Close => return "closed after the answer",
            }
        }
    }

    /// One read; `None` = the client finished sending.
    pub(super) async fn read(&mut self, stream: &mut Stream) -> io::Result<Option<Bytes>> {
        self.received.ready().await;
        let bytes = match self.buffer.read(stream).await {
            // A client that leaves without close_notify has left.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Bytes::new(),
            other => other?,
        };
        if bytes.is_empty() {
            if !std::mem::replace(&mut self.finished, true) {
                let text = "the client finished sending";
                self.note(Direction::Received, RecordKind::Finished, text);
            }
            return Ok(None);
        }
        self.received.received(&bytes);
        Ok(Some(bytes))
    }

    /// Waits for a request to begin.
    async fn first_bytes(&mut self, stream: &mut Stream) -> Option<Bytes> {
        if !self.rest.is_empty() {
            return Some(std::mem::take(&mut self.rest));
        }
        self.guest.set_idle(Some(Instant::now()));
        let stop = self.guest.stop.clone();
        let read = tokio::select! {
            biased;
            () = stop.cancelled() => Ok(None),
            read = self.read(stream) => read,
        };
        self.guest.set_idle(None);
        match read {
            Ok(bytes) => bytes,
            Err(error) => {
                let failure = failure::socket(Stage::Session, &self.target(), &error, "idle");
                self.note(Direction::Received, RecordKind::Reset, failure.cause);
                None
            }
        }
    }

    /// Ends our side and lets the client finish its own.
    async fn linger(&mut self, stream: &mut Stream) {
        // A peer that is gone already needs no farewell.
        if stream.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut drained = 0;
            while let Ok(Some(bytes)) = self.read(stream).await {
                drained += bytes.len();
                if drained > LINGER_BYTES {
                    return;
                }
            }
        };
        let _ = timeout(LINGER, drain).await;
    }

    /// Whether the listener wants the connection to end after this answer.
    pub(super) fn is_stopping(&self) -> bool {
        self.guest.stop.is_cancelled()
    }
}
