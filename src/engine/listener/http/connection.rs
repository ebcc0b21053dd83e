//! One accepted connection: reads request after request and has each answered.
//!
//! ```text
//! (TLS) ─► [ idle ─► head ─► 100? ─► body ─► answer ]* ─► linger ─► closed
//! ```
//!
//! What a client sends is kept and shown byte for byte; what is malformed is answered 400 and
//! named, never hidden. A client that begins a head and does not end it, or stops inside a body, is
//! answered 408 after [`STALL`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::HttpListener;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::engine::transport::Stream;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
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
    /// Stops between two requests.
    stop: CancellationToken,
    received: Tap,
    pub(super) sent: Tap,
    buffer: ReadBuffer,
    /// Bytes that came behind the last request.
    pub(super) rest: Bytes,
    /// The exchange being made; outlives a cancelled [`HttpConnection::serve`].
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
    pub(super) fn new(
        listener: Arc<HttpListener>,
        conn: ConnId,
        peer: SocketAddr,
        stop: CancellationToken,
    ) -> Self {
        let tap = || Tap::new(listener.session.events.clone(), conn);
        let (received, sent) = (tap(), tap());
        HttpConnection {
            listener,
            conn,
            peer,
            local: None,
            tls: None,
            stop,
            received,
            sent,
            buffer: ReadBuffer::new(),
            rest: Bytes::new(),
            current: None,
            finished: false,
        }
    }

    /// Serves the connection to its end; `reset` aborts it.
    pub(super) async fn run(mut self, tcp: TcpStream, reset: CancellationToken) {
        let secured = tokio::select! {
            biased;
            () = reset.cancelled() => return,
            secured = self.secure(tcp) => secured,
        };
        let Some(mut stream) = secured else { return };
        let ended = tokio::select! {
            biased;
            () = reset.cancelled() => None,
            ended = Box::pin(self.serve(&mut stream)) => Some(ended),
        };
        if let Some(text) = ended {
            tokio::select! {
                biased;
                () = reset.cancelled() => {}
                () = self.linger(&mut stream) => {}
            }
            self.note(Direction::Local, RecordKind::Closed, text);
        } else {
            self.aborted();
            stream.reset();
        }
    }

    /// Somebody on our side ended it in the middle of whatever it did.
    fn aborted(&mut self) {
        if let Some(case) = self.current.take() {
            let (peer, kind) = (self.target(), FailureKind::Cancelled);
            let cause = "the connection was reset by us";
            case.close(Err(Failure::new(Stage::Session, peer, kind, cause)));
        }
        self.note(Direction::Local, RecordKind::Reset, "reset by us");
    }

    pub(super) fn note(&self, from: Direction, kind: RecordKind, text: impl Into<String>) {
        self.listener.session.events.note(self.conn, from, kind, text);
    }

    pub(super) fn target(&self) -> String {
        self.peer.to_string()
    }

    async fn secure(&mut self, tcp: TcpStream) -> Option<Stream> {
        self.local = tcp.local_addr().ok();
        let (id, protocol, side) = (self.conn, Protocol::Http, Side::Listener);
        let (local, peer, tls) = (self.local, Some(self.peer), self.listener.acceptor.is_tls());
        self.listener.session.events.conn(ConnInfo { id, protocol, side, local, peer, tls });
        let text = format!("accepted {}", self.peer);
        self.note(Direction::Received, RecordKind::Accepted, text);
        match Box::pin(self.listener.acceptor.secure(tcp)).await {
            Ok((stream, facts)) => {
                if let Some(facts) = &facts {
                    let text = format!("{} {}", facts.version, facts.cipher);
                    self.note(Direction::Local, RecordKind::Secured, text);
                }
                self.tls = facts;
                Some(stream)
            }
            Err(failure) => {
                self.note(Direction::Local, RecordKind::Failed, failure.to_string());
                None
            }
        }
    }

    /// Serves requests until one of the sides has enough; says how it ended.
    async fn serve(&mut self, stream: &mut Stream) -> &'static str {
        loop {
            self.received.next_message();
            self.sent.next_message();
            let Some(first) = self.first_bytes(stream).await else { return "closed" };
            let request = match self.request(stream, first).await {
                Ok(request) => request,
                Err(why) => {
                    if let Some(case) = self.current.take() {
                        self.note(Direction::Local, RecordKind::Failed, why.to_string());
                        case.close(Err(why));
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
        self.listener.set_idle(self.conn, Some(Instant::now()));
        let stop = self.stop.clone();
        let read = tokio::select! {
            biased;
            () = stop.cancelled() => Ok(None),
            read = self.read(stream) => read,
        };
        self.listener.set_idle(self.conn, None);
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
        self.stop.is_cancelled()
    }
}
