//! An exchange over HTTP/2: what differs from HTTP/1 is who carries the messages.
//!
//! Head, body and trailers are told as they were decoded, in their order; the frames that carried them are records.

mod receive;
pub(super) mod request;
mod send;

use std::sync::OnceLock;

use tokio::time::timeout;

use super::hop::Hop;
use super::receive::Received;
use crate::engine::body::BodyWriter;
use crate::engine::http::body_source::BodySource;
use crate::engine::http2::connection::{Http2Connection, LAST_FRAMES};
use crate::engine::http2::routes::{RouteGuard, Routes};
use crate::engine::http2::words::StreamEnd;
use crate::engine::transport::dial::ConnectFacts;
use crate::engine::transport::kept::SharedConnection;
use crate::engine::transport::stream::Stream;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::VersionChoice;
use crate::model::id::ConnId;
use crate::model::plan::HttpPlan;
use request::Http2Request;

/// What ALPN calls it (RFC 9113, section 3.2).
const H2: &[u8] = b"h2";
const HTTP11: &[u8] = b"http/1.1";

/// The connection and the stream of an exchange.
pub(super) struct StreamHold {
    connection: Http2Connection,
    route: RouteGuard,
    /// What the connection was called when it was made.
    pub(super) first: ConnId,
}

/// What is offered under TLS. `http/1.0` is a name that servers do not know; HTTP/1.1 answers such a request, too.
pub(super) fn offered(version: VersionChoice) -> &'static [&'static [u8]] {
    match version {
        VersionChoice::Auto => &[H2, HTTP11],
        VersionChoice::Http10 | VersionChoice::Http11 => &[HTTP11],
        VersionChoice::Http2 | VersionChoice::Http2PriorKnowledge => &[H2],
    }
}

/// Whether HTTP/2 is spoken over a connection that was just made.
///
/// # Errors
/// It has to be, and the server does not want to.
pub(super) fn is_spoken(plan: &HttpPlan, facts: &ConnectFacts) -> Result<bool, Failure> {
    let agreed = facts.tls_facts.as_ref().map_or("", |facts| &*facts.alpn);
    match plan.version {
        VersionChoice::Http10 | VersionChoice::Http11 => Ok(false),
        VersionChoice::Auto => Ok(agreed.as_bytes() == H2),
        VersionChoice::Http2PriorKnowledge => Ok(true),
        VersionChoice::Http2 if agreed.as_bytes() == H2 => Ok(true),
        VersionChoice::Http2 => {
            let (stage, kind, words) = if facts.tls_facts.is_some() {
                let words =
                    "the server does not speak HTTP/2: it agreed on no protocol in TLS (ALPN)";
                (Stage::Tls, FailureKind::Refused, words)
            } else {
                let words = "HTTP/2 is agreed on in TLS, which this address has not";
                (Stage::Compose, FailureKind::Usage, words)
            };
            let failure = Failure::new(stage, &*plan.url, kind, words);
            Err(failure.hint(
                "set the version to auto, or to 2-prior-knowledge if it speaks HTTP/2 all the same",
            ))
        }
    }
}

/// Begins a connection over a stream that was just made.
pub(super) async fn begun(
    hop: &Hop<'_>,
    stream: Stream,
    facts: ConnectFacts,
) -> Result<(SharedConnection, RouteGuard), Failure> {
    let routes = Routes::default();
    // The first frames are told, too.
    let route = routes.open(hop.session.events.clone(), hop.conn);
    let began = Http2Connection::begin(stream, routes.clone(), &hop.session.kept);
    let began = timeout(hop.plan.head_timeout, began).await.map_err(|_| {
        let (wait, cause) = (hop.plan.head_timeout, "the peer took not even the first bytes");
        Failure::new(Stage::Send, &*hop.plan.url, FailureKind::Timeout(wait), cause)
    })?;
    let connection = began.map_err(|error| {
        StreamEnd::before_request(&hop.plan.url, routes.away(), routes.peer_ended()).failure(&error)
    })?;
    Ok((SharedConnection { connection, facts, first: hop.conn }, route))
}

/// Sends the request and receives the response; `early` = who is told of the first frames of the connection.
pub(super) async fn carry(
    hop: &Hop<'_>,
    request: Http2Request,
    (shared, early): (&SharedConnection, Option<RouteGuard>),
    (source, [request_writer, response_writer]): (BodySource, [BodyWriter; 2]),
) -> Result<Received, Failure> {
    hop.recorder.warn_all(request.remarks.iter().cloned());
    let connection = &shared.connection;
    let is_whole = source.len() == 0;
    let head = request.head.clone();
    let (stream, route) = open(hop, request, connection, early, is_whole).await?;
    let hold = hop.stream_hold.get_or_init(|| StreamHold {
        connection: connection.clone(),
        route,
        first: shared.first,
    });
    // Not before: the first frames of an unknown stream are of who asked first.
    hop.share(shared);
    let sending =
        send::Sending { hop, hold, writer: request_writer }.run(stream.body, head, source);
    let received = Box::pin(
        receive::IncomingStream::new(hop, hold, stream.response, sending).run(response_writer),
    )
    .await;
    connection.was_used();
    received
}

async fn open(
    hop: &Hop<'_>,
    request: Http2Request,
    connection: &Http2Connection,
    early: Option<RouteGuard>,
    is_whole: bool,
) -> Result<(crate::engine::http2::connection::OpenStream, RouteGuard), Failure> {
    let ended = |error: h2::Error| {
        let (away, peer_ended) = (connection.away(), connection.peer_ended());
        let end = StreamEnd::before_request(&hop.plan.url, away, peer_ended);
        hop.is_unprocessed(end.is_unprocessed() || connection.is_over());
        end.failure(&error)
    };
    let ready = timeout(hop.plan.head_timeout, connection.ready()).await.map_err(|_| {
        let (wait, cause) = (hop.plan.head_timeout, "the server takes no further stream");
        Failure::new(Stage::Send, &*hop.plan.url, FailureKind::Timeout(wait), cause)
    })?;
    ready.map_err(ended)?;
    let told = (&hop.session.events, hop.conn);
    connection.open(request.message, is_whole, told, early).map_err(ended)
}

impl StreamHold {
    /// What ended the stream, in words, and whether the request may go out again.
    pub(super) fn failure(
        &self,
        hop: &Hop<'_>,
        (stage, so_far): (Stage, String),
        error: &h2::Error,
    ) -> Failure {
        let (stream, reset) = self.route.reset();
        let end = StreamEnd {
            stage,
            target: &hop.plan.url,
            so_far,
            stream,
            reset,
            away: self.connection.away(),
            peer_ended: self.connection.peer_ended(),
        };
        hop.is_unprocessed(end.is_unprocessed());
        end.failure(error)
    }

    /// Waits until the server was told that the stream is over, and the connection if nobody else uses it; never long. Says
    /// whether the connection is over.
    pub(super) async fn let_go(self, is_complete: bool) -> bool {
        let StreamHold { connection, route, .. } = self;
        let end = connection.end();
        drop(connection);
        let told = async {
            tokio::select! {
                () = end.cancelled() => {}
                () = route.is_reset(), if !is_complete => {}
            }
        };
        let _ = timeout(LAST_FRAMES, told).await;
        end.is_cancelled()
    }
}

/// Where the stream of an exchange is, once it has one.
pub(super) type StreamSlot = OnceLock<StreamHold>;
