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

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant as TokioInstant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Listener;
use crate::codec::http1::{
    Expected, HeadError, HeadErrorKind, HeadReader, ParsedHead, content_codings, keeps_alive,
    request_framing,
};
use crate::codec::printable::printable;
use crate::engine::body::BodyWriter;
use crate::engine::clock;
use crate::engine::http::case::{Case, empty_message};
use crate::engine::http::failure;
use crate::engine::http::intake::{BodyEnd, Fault, Intake};
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::engine::transport::Stream;
use crate::model::exchange::{Exchange, ExchangeState, Head, HttpVersion, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::timing::Timing;
use crate::model::tls::TlsFacts;

/// Longest wait for the rest of a head that has begun, and for the next byte of a body.
pub(super) const STALL: Duration = Duration::from_secs(60);
/// How long and how much is read after our last byte, so that closing does not reset the answer
/// away from a client that still sends.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// A connection and what is known about it.
pub(super) struct Connection {
    pub(super) listener: Arc<Listener>,
    pub(super) conn: ConnId,
    peer: SocketAddr,
    local: Option<SocketAddr>,
    tls: Option<TlsFacts>,
    /// Stops between two requests.
    stop: CancellationToken,
    received: Tap,
    pub(super) sent: Tap,
    buffer: ReadBuffer,
    /// Bytes that came behind the last request.
    rest: Bytes,
    /// The exchange being made; outlives a cancelled [`Connection::serve`].
    current: Option<Arc<Case>>,
}

/// Whether another request may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Request,
    Close,
}

/// A request that was read as far as it could be.
pub(super) struct Request {
    pub(super) case: Arc<Case>,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: HttpVersion,
    pub(super) keep_alive: bool,
    /// Answer this instead of what the rules say.
    pub(super) refusal: Option<Refusal>,
    /// Head of the interim response that was sent.
    pub(super) interim: Option<Bytes>,
}

/// An answer of our own to a request that cannot be served.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: String,
}

impl Connection {
    pub(super) fn new(
        listener: Arc<Listener>,
        conn: ConnId,
        peer: SocketAddr,
        stop: CancellationToken,
    ) -> Self {
        let tap = |direction| Tap::new(listener.session.events.clone(), conn, direction);
        let (received, sent) = (tap(Direction::Received), tap(Direction::Sent));
        Connection {
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
                Next::Request => {}
                Next::Close => return "closed after the answer",
            }
        }
    }

    /// One read; `None` = the client finished sending.
    async fn read(&mut self, stream: &mut Stream) -> io::Result<Option<Bytes>> {
        self.received.ready().await;
        let bytes = match self.buffer.read(stream).await {
            // A client that leaves without close_notify has left.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Bytes::new(),
            other => other?,
        };
        if bytes.is_empty() {
            let text = "the client finished sending";
            self.note(Direction::Received, RecordKind::Finished, text);
            return Ok(None);
        }
        self.received.data(&bytes);
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

    /// Reads a request: `Err` = there is nobody left to answer.
    async fn request(&mut self, stream: &mut Stream, first: Bytes) -> Result<Request, Failure> {
        let writer = self.listener.session.bodies.create();
        let case = self.begin(&writer);
        let mut reader = HeadReader::new(Expected::Request);
        let until = TokioInstant::now() + STALL;
        let mut bytes = first;
        let found = loop {
            match reader.push(&bytes) {
                Ok(Some(found)) => break Ok(found),
                Err(error) => {
                    self.keep(&writer, error.partial.head.raw.clone()).await?;
                    break Err(error);
                }
                Ok(None) => {}
            }
            bytes = match timeout_at(until, self.read(stream)).await {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => {
                    let error = reader.finish();
                    self.keep(&writer, error.partial.head.raw.clone()).await?;
                    return Err(self.no_head(&case, error));
                }
                Ok(Err(error)) => {
                    let so_far = format!("after {} bytes of the head", reader.received().len());
                    let failure = failure::socket(Stage::Head, &self.target(), &error, &so_far);
                    let partial = reader.finish();
                    self.keep(&writer, partial.partial.head.raw.clone()).await?;
                    self.no_head(&case, partial);
                    return Err(failure);
                }
                Err(_) => {
                    let received = reader.received().len();
                    let partial = reader.finish();
                    self.keep(&writer, partial.partial.head.raw.clone()).await?;
                    self.no_head(&case, partial);
                    let wait = STALL.as_secs();
                    let why =
                        format!("the head was not complete after {wait} s ({received} bytes)");
                    return Ok(refused(case, 408, why));
                }
            };
        };
        match found {
            Ok((used, parsed)) => {
                self.keep(&writer, parsed.head.raw.clone()).await?;
                bytes.advance(used);
                self.rest = bytes;
                self.body(stream, case, writer, parsed).await
            }
            Err(error) => {
                let status = if error.kind == HeadErrorKind::TooLarge { 431 } else { 400 };
                let why = error.message.clone();
                self.no_head(&case, error);
                Ok(refused(case, status, why))
            }
        }
    }

    fn begin(&mut self, writer: &BodyWriter) -> Arc<Case> {
        let exchange = Exchange {
            conn: self.conn,
            number: self.listener.next_number(),
            side: Side::Listener,
            url: String::new(),
            started: clock::now(),
            local: self.local,
            peer: Some(self.peer),
            request: empty_message(writer.id()),
            response: None,
            interim: Vec::new(),
            timing: Timing::default(),
            tls: self.tls.clone(),
            state: ExchangeState::Active,
            warnings: Vec::new(),
        };
        let events = self.listener.session.events.clone();
        let case = Arc::new(Case::new(exchange, events, Instant::now()));
        self.current = Some(Arc::clone(&case));
        case
    }

    async fn keep(&self, writer: &BodyWriter, raw: Bytes) -> Result<(), Failure> {
        writer.wire(raw).await.map_err(|why| {
            failure::body(&self.target(), &Fault::Storage(why.to_string()), "before the body")
        })
    }

    /// What came of a head that is none becomes the request.
    fn no_head(&self, case: &Case, error: HeadError) -> Failure {
        let failure = failure::head(&self.target(), &error);
        case.edit(|exchange| {
            exchange.warnings.extend(error.partial.warnings);
            exchange.request.head = error.partial.head;
        });
        failure
    }

    async fn body(
        &mut self,
        stream: &mut Stream,
        case: Arc<Case>,
        writer: BodyWriter,
        parsed: ParsedHead,
    ) -> Result<Request, Failure> {
        let ParsedHead { head, warnings } = parsed;
        let framing = request_framing(&head);
        let mut request = Self::describe(Arc::clone(&case), &head);
        for warning in warnings.into_iter().chain(framing.warnings.iter().cloned()) {
            case.warn(warning);
        }
        let start = head.raw.len() as u64;
        let expects = head.field("expect").is_some_and(|value| {
            value.eq_ignore_ascii_case(b"100-continue") && request.version == HttpVersion::Http11
        });
        let codings = content_codings(&head);
        case.edit(|exchange| {
            exchange.url = self.url(&head, &request.target);
            exchange.request.head = head;
        });
        if let Some(why) = framing.error {
            request.keep_alive = false;
            request.refusal = Some(Refusal { status: 400, why });
            return Ok(request);
        }
        let mut intake = Intake::new(writer, start, &framing, codings);
        if !intake.is_done() {
            case.edit(|exchange| exchange.request.body = intake.facts().clone());
            case.publish();
            if expects && self.rest.is_empty() {
                request.interim = Some(self.go_on(stream).await?);
            }
        }
        let outcome = self.fill(stream, &case, &mut intake).await;
        let ending = if matches!(outcome, Ok(None)) { BodyEnd::Complete } else { BodyEnd::CutOff };
        let (facts, warnings) = intake.finish(ending).await;
        case.edit(|exchange| exchange.request.body = facts);
        for warning in warnings {
            case.warn(warning);
        }
        request.refusal = outcome?;
        request.keep_alive &= request.refusal.is_none();
        Ok(request)
    }

    fn describe(case: Arc<Case>, head: &Head) -> Request {
        let (method, target, version) = match &head.start {
            StartLine::Request { method, target, version } => {
                (method.clone(), target.clone(), *version)
            }
            _ => (String::new(), String::new(), HttpVersion::Http10),
        };
        let keep_alive = keeps_alive(head);
        Request { case, method, target, version, keep_alive, refusal: None, interim: None }
    }

    /// The absolute URL the client meant (RFC 9112, section 3.3).
    fn url(&self, head: &Head, target: &str) -> String {
        if target.contains("://") {
            return target.to_owned();
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let host = match head.field("host") {
            Some(host) if !host.is_empty() => printable(host),
            _ => self.local.map(|local| local.to_string()).unwrap_or_default(),
        };
        let slash = if target.starts_with('/') { "" } else { "/" };
        format!("{scheme}://{host}{slash}{target}")
    }

    /// Tells a client that waits before it sends its body (RFC 9110, section 10.1.1).
    async fn go_on(&mut self, stream: &mut Stream) -> Result<Bytes, Failure> {
        let head = Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n");
        self.sent.ready().await;
        let written = async {
            stream.write_all(&head).await?;
            stream.flush().await
        };
        written.await.map_err(|error| {
            failure::socket(Stage::Send, &self.target(), &error, "sending 100 Continue")
        })?;
        self.sent.data(&head);
        Ok(head)
    }

    /// Feeds the body until it is complete; `Some` = answer this instead.
    async fn fill(
        &mut self,
        stream: &mut Stream,
        case: &Case,
        intake: &mut Intake,
    ) -> Result<Option<Refusal>, Failure> {
        while !intake.is_done() {
            let bytes = if self.rest.is_empty() {
                match timeout(STALL, self.read(stream)).await {
                    Ok(Ok(Some(bytes))) => bytes,
                    Ok(Ok(None)) => return Err(self.cut_off(intake)),
                    Ok(Err(error)) => {
                        let so_far = so_far(intake);
                        return Err(failure::socket(Stage::Body, &self.target(), &error, &so_far));
                    }
                    Err(_) => {
                        let wait = STALL.as_secs();
                        let why = format!("no body byte for {wait} s, {}", so_far(intake));
                        return Ok(Some(Refusal { status: 408, why }));
                    }
                }
            } else {
                std::mem::take(&mut self.rest)
            };
            match intake.push(&bytes).await {
                Ok(used) => self.rest = bytes.slice(used..),
                Err(Fault::Malformed(why)) => {
                    return Ok(Some(Refusal { status: 400, why }));
                }
                Err(fault) => return Err(failure::body(&self.target(), &fault, &so_far(intake))),
            }
            case.progress(intake.facts());
        }
        Ok(None)
    }

    fn cut_off(&self, intake: &Intake) -> Failure {
        let missing = intake.end_of_stream().err().unwrap_or_default();
        let cause = format!("the client closed: {missing}, {}", so_far(intake));
        Failure::new(Stage::Body, self.target(), FailureKind::Truncated, cause)
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

fn refused(case: Arc<Case>, status: u16, why: String) -> Request {
    Request {
        case,
        method: String::new(),
        target: String::new(),
        version: HttpVersion::Http11,
        keep_alive: false,
        refusal: Some(Refusal { status, why }),
        interim: None,
    }
}

fn so_far(intake: &Intake) -> String {
    let facts = intake.facts();
    failure::body_so_far(facts.encoded_len, facts.expected)
}
