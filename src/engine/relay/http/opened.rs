//! The TLS of a tunnel opened: the client talks to us in the place of the host that it asked for, and
//! what it asks there is passed on to that host under TLS of our own, which verifies it.

use std::io;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::either::Either;

use super::HttpRelay;
use super::received::AskedRequest;
use super::route::Route;
use super::visitor::{Met, Next, Visitor};
use crate::codec::http1::fields::excerpt;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::tls::handshake;
use crate::engine::tls::opening::Opener;
use crate::engine::transport::stream::{Stream, StreamSocket};
use crate::engine::transport::wire::WireTap;
use crate::model::asked_target::AskedTarget;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::OriginPlan;
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::tls::ClientTls;

/// The first byte of TLS (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// How long is waited for it.
const FIRST: Duration = Duration::from_secs(10);

/// Whether one of these patterns (`host`, `*.domain`, `*`) is of a host.
pub(super) fn is_named(hosts: &[String], host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    hosts.iter().any(|pattern| match pattern.strip_prefix('*') {
        Some(rest) => host.ends_with(&rest.to_ascii_lowercase()),
        None => pattern.eq_ignore_ascii_case(&host),
    })
}

impl HttpRelay {
    /// What opens a host, if the user named it.
    pub(super) fn opens(&self, host: &str) -> Option<&Opener> {
        let opener = self.opener.as_ref()?;
        is_named(&self.plan.borrow().open.hosts, host).then_some(opener)
    }
}

impl Visitor {
    /// The client inside its tunnel to this server; `None` when it is over, which is recorded.
    pub(super) async fn opened(self, origin: OriginPlan) -> Option<Visitor> {
        let Visitor { relay, met, input, write, onward, control, current, .. } = self;
        let recorder = current?;
        let host = &origin.endpoint.host;
        let write = write.into_inner().await?;
        let stream = input.read.into_inner().unsplit(write)?;
        let ended = match first_of(stream).await {
            Ok(socket) => match relay.opens(host).map(|opener| opener.acceptor(host)) {
                Some(Ok(acceptor)) => {
                    let tap = WireTap::of(&relay.session.events, met.conn);
                    handshake::accept(Some(acceptor), socket, tap).await
                }
                Some(Err(failure)) => Err(failure),
                None => Err(not_tls(host)),
            },
            Err(failure) => Err(failure),
        };
        match ended {
            Ok((stream, tls)) => {
                let words = format!("TLS to {} is opened here", origin.endpoint);
                recorder.warn(words.clone());
                tell(&relay, &recorder, Ok(()));
                let (way, kind) = (Direction::Local, RecordKind::Secured);
                relay.session.events.note(met.conn, way, kind, words);
                // To us it says nothing but that it wants to be led there.
                let (to, onward_tls) = (&origin.endpoint, origin.tls != ClientTls::Off);
                let address = onward.as_ref().and_then(|onward| onward.peer.clone());
                let asked = Some(AskedTarget::by_client(to, address, onward_tls));
                relay.session.events.conn(ConnInfo { asked, ..met.info() });
                let met = Met { tls, ..met };
                let inside = Visitor::new(relay, met, (stream, Some(origin)), control);
                Some(Visitor { onward, ..inside })
            }
            Err(failure) => {
                let hint = "the client does not trust the authority of this run, or accepts one \
                            certificate alone; leave this host out of those that are opened";
                let failure = Failure { target: origin.endpoint.to_string(), ..failure };
                let failure = if failure.hint.is_empty() { failure.hint(hint) } else { failure };
                relay.session.events.broke(met.conn, &failure);
                tell(&relay, &recorder, Err(failure));
                if let Some(onward) = onward {
                    onward.close(&relay, "closed by us");
                }
                let (way, kind) = (Direction::Local, RecordKind::Closed);
                relay.session.events.note(met.conn, way, kind, "closed inside a handshake");
                None
            }
        }
    }

    /// Lets a client into the tunnel it asked for, whose TLS is opened; `None` = there is none, so what
    /// is said there is to be passed through as it is.
    pub(super) async fn let_in(
        &mut self,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
    ) -> Option<Next> {
        let tls = self.relay.plan.borrow().onward_tls.clone();
        let origin = OriginPlan { tls, ..asked.route.origin.clone() };
        // Who cannot be talked to is said before the client trusts us with anything.
        let route = Route { origin: origin.clone(), ..asked.route.clone() };
        // What is asked there may go to another server, which each request says.
        if !self.relay.rewrites.now().maps(&origin.endpoint.to_string()) {
            match self.connected(&route, recorder).await {
                Ok(onward) => self.onward = Some(onward),
                // Its client has TLS of its own to go on with, if it wants any.
                Err(failure) if is_without_tls(&failure) => {
                    recorder.warn("not opened: the server does not speak TLS");
                    return None;
                }
                Err(failure) => return Some(self.not_reached(failure, recorder).await),
            }
        }
        Some(match self.establish(recorder).await {
            Ok(()) => {
                // Its TLS begins with what the socket says next.
                if let Err(error) = self.write.has_left(&mut self.input.read).await {
                    return Some(not_let_in(&error, recorder));
                }
                self.opening = Some(origin);
                Next::Open
            }
            Err(next) => next,
        })
    }
}

/// Whether what answered our handshake was something else.
fn is_without_tls(failure: &Failure) -> bool {
    failure.stage == Stage::Tls && failure.kind == FailureKind::Malformed
}

/// A client that was not told that its tunnel is there.
fn not_let_in(error: &io::Error, recorder: &ExchangeRecorder) -> Next {
    if error.kind() == io::ErrorKind::InvalidData {
        let cause = "the client did not wait for its tunnel, which a fault holds up; what it said already \
                     cannot be opened";
        recorder.close(Err(Failure::new(
            Stage::Tls,
            &*recorder.target,
            FailureKind::Malformed,
            cause,
        )));
        return Next::Close("closed: the client did not wait");
    }
    let why = failure::socket(Stage::Send, &recorder.target, error, "while it was let through");
    recorder.close(Err(why));
    Next::Gone("closed: the client is gone")
}

fn tell(relay: &HttpRelay, recorder: &ExchangeRecorder, outcome: Result<(), Failure>) {
    relay.session.events.exchange(recorder.closed(outcome));
}

fn not_tls(host: &str) -> Failure {
    let cause = format!("'{}' is not opened any more", excerpt(host.as_bytes()));
    Failure::new(Stage::Tls, host, FailureKind::Usage, cause)
}

/// A client that begins with TLS.
async fn first_of(stream: Stream) -> Result<StreamSocket, Failure> {
    let refused = |kind, cause: &str| Failure::new(Stage::Tls, "", kind, cause);
    let Either::Left(socket) = stream else {
        let cause = "TLS inside TLS is not opened; use an http:// address for this relay";
        return Err(refused(FailureKind::Usage, cause));
    };
    let Either::Left(tcp) = socket else {
        let cause = "TLS is opened for clients that come by TCP; let this relay listen on a port";
        return Err(refused(FailureKind::Usage, cause));
    };
    let mut first = [0];
    match timeout(FIRST, tcp.peek(&mut first)).await {
        Ok(Ok(1)) if first == [HANDSHAKE] => Ok(Either::Left(tcp)),
        Ok(Ok(1)) => {
            let cause =
                "what the client says is not TLS; leave this host out of those that are opened";
            Err(refused(FailureKind::Malformed, cause))
        }
        Ok(Ok(_)) => {
            Err(refused(FailureKind::Truncated, "the client closed before it said anything"))
        }
        Ok(Err(error)) => Err(refused(FailureKind::Io, &error.to_string())),
        Err(_) => Err(refused(FailureKind::Timeout(FIRST), "the client said nothing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_host_a_domain_or_everything() {
        let is = |pattern: &str, host: &str| is_named(&[pattern.to_owned()], host);
        assert!(is("a.example", "A.example.") && !is("a.example", "b.a.example"));
        assert!(is("*.example", "a.b.example") && !is("*.example", "example"));
        assert!(is("*", "anything") && is("127.0.0.1", "127.0.0.1"));
        assert!(!is_named(&[], "a"));
    }
}
