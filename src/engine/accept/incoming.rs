//! Where connections come in: waits for the shell, pauses when the system has none to give, and
//! tells a row of failures as one.
//!
//! Called by the accept loop. [`IncomingConns::next`] is safe to drop at any point: what it knows is
//! kept in it, so that a pause is a pause whatever happens meanwhile.

use std::future::pending;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::clock;
use crate::engine::session::SessionHandle;
use crate::engine::transport::listen::{AcceptFault, Listeners};
use crate::engine::transport::stream::StreamSocket;
use crate::model::end_address::EndAddress;
use crate::model::record::{Direction, RecordKind};

/// Pause after a failure that would come again at once.
const PAUSE: Duration = Duration::from_millis(100);
/// After this long without another failure they are over, and counted.
const OVER: Duration = Duration::from_secs(2);

/// The sockets of a listener.
pub(super) struct IncomingConns {
    session: SessionHandle,
    /// `None` once it was closed.
    sockets: Option<Listeners>,
    /// Nothing is accepted before.
    paused: Option<Instant>,
    failing: Option<Failing>,
}

/// Failures in a row, of which the first was told.
struct Failing {
    count: u32,
    first: Instant,
    last: Instant,
}

impl IncomingConns {
    /// Opens it for these sockets.
    pub(super) fn new(session: SessionHandle, sockets: Listeners) -> Self {
        IncomingConns { session, sockets: Some(sockets), paused: None, failing: None }
    }

    /// Nobody comes in any more.
    pub(super) fn close(&mut self) {
        self.sockets = None;
        self.tell();
    }

    /// The next connection, as soon as the shell has kept up with the others.
    pub(super) async fn next(&mut self) -> (StreamSocket, Option<EndAddress>) {
        loop {
            self.session.events.ready().await;
            if let Some(until) = self.paused {
                tokio::time::sleep_until(until).await;
                self.paused = None;
            }
            let over = self.failing.as_ref().map(|failing| failing.last + OVER);
            let accepted = async {
                match &self.sockets {
                    Some(sockets) => sockets.accept().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                accepted = accepted => match accepted {
                    Ok(accepted) => return accepted,
                    Err(fault) => self.failed(&fault),
                },
                () = clock::at(over) => self.tell(),
            }
        }
    }

    fn failed(&mut self, fault: &AcceptFault) {
        let now = Instant::now();
        if fault.comes_again {
            self.paused = Some(now + PAUSE);
        }
        if let Some(failing) = &mut self.failing {
            failing.count = failing.count.saturating_add(1);
            failing.last = now;
            return;
        }
        self.failing = Some(Failing { count: 1, first: now, last: now });
        let text = format!(
            "a connection could not be accepted: {}; the listener goes on and counts more of \
             these; close what you do not need",
            fault.cause
        );
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Failed, text);
    }

    /// The count of failures that are over; a single one was told.
    fn tell(&mut self) {
        let Some(Failing { count: count @ 2.., first, last }) = self.failing.take() else { return };
        let took = last.saturating_duration_since(first).as_secs_f64();
        let text = format!("connections could not be accepted {count} times in {took:.1} s");
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
    }
}
