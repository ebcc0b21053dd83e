//! How a session speaks to one of its connections: messages through a bounded queue, endings past
//! it, so that a connection whose peer does not read can always be ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::engine::command::CloseMode;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Messages waiting for one connection; more means the peer does not read.
const MESSAGES: usize = 64;

/// The session's end.
#[derive(Debug)]
pub(crate) struct ConnHandle {
    messages: mpsc::Sender<Bytes>,
    ending: watch::Sender<Option<CloseMode>>,
    peer_finished: Arc<AtomicBool>,
}

/// The connection's end.
#[derive(Debug)]
pub(crate) struct Orders {
    messages: mpsc::Receiver<Bytes>,
    ending: watch::Receiver<Option<CloseMode>>,
    /// The session has let go of the line.
    hung_up: bool,
    peer_finished: Arc<AtomicBool>,
}

/// What a connection is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConnOrder {
    Send(Bytes),
    End(CloseMode),
    /// No further orders will come.
    HungUp,
}

/// A line to a new connection.
pub(crate) fn line() -> (ConnHandle, Orders) {
    let (message_sender, messages) = mpsc::channel(MESSAGES);
    let (ending_sender, ending) = watch::channel(None);
    let finished = Arc::new(AtomicBool::new(false));
    let peer_finished = Arc::clone(&finished);
    let line =
        ConnHandle { messages: message_sender, ending: ending_sender, peer_finished: finished };
    (line, Orders { messages, ending, hung_up: false, peer_finished })
}

impl ConnHandle {
    /// Queues a message. Refused when empty (a stream has no empty messages), when the peer does
    /// not read, or when the connection is over.
    pub(crate) fn send(&self, peer: &str, data: Bytes) -> Result<(), Failure> {
        if data.is_empty() {
            let cause = "an empty message cannot be sent on a stream";
            return Err(Failure::new(Stage::Send, peer, FailureKind::Usage, cause));
        }
        self.messages.try_send(data).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                let cause = "earlier messages still wait, the peer takes no more bytes";
                Failure::new(Stage::Send, peer, FailureKind::Busy, cause)
                    .hint("wait, or reset the connection")
            }
            mpsc::error::TrySendError::Closed(_) => {
                Failure::new(Stage::Send, peer, FailureKind::NotFound, "the connection is over")
            }
        })
    }

    /// The peer has sent its FIN.
    pub(crate) fn peer_has_finished(&self) -> bool {
        self.peer_finished.load(Ordering::Relaxed)
    }

    /// Ends the connection; messages queued before are sent first, except by a reset.
    pub(crate) fn end(&self, how: CloseMode) {
        self.ending.send_modify(|ending| {
            // A half-close does not take back a close.
            if !(how == CloseMode::HalfClose && ending.is_some()) {
                *ending = Some(how);
            }
        });
    }
}

impl Orders {
    /// The next order; messages only if there is `room` for them. Safe to drop.
    pub(super) async fn next(&mut self, room: bool) -> ConnOrder {
        tokio::select! {
            biased;
            message = self.messages.recv(), if room && !self.hung_up => match message {
                Some(message) => ConnOrder::Send(message),
                None => self.hang_up(),
            },
            changed = self.ending.changed(), if !self.hung_up => match changed {
                Ok(()) => {
                    let ending = *self.ending.borrow_and_update();
                    ending.map_or(ConnOrder::HungUp, ConnOrder::End)
                }
                Err(_) => self.hang_up(),
            },
            else => std::future::pending().await,
        }
    }

    fn hang_up(&mut self) -> ConnOrder {
        self.hung_up = true;
        ConnOrder::HungUp
    }

    /// Tells the session that the peer has sent its FIN.
    pub(super) fn peer_finished(&self) {
        self.peer_finished.store(true, Ordering::Relaxed);
    }

    /// A message that is queued already.
    pub(super) fn queued(&mut self) -> Option<Bytes> {
        self.messages.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ending_passes_a_full_queue() {
        let (line, mut orders) = line();
        while line.send("h:1", Bytes::from_static(b"x")).is_ok() {}
        let failure = line.send("h:1", Bytes::from_static(b"x")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Busy);
        line.end(CloseMode::Close);
        line.end(CloseMode::HalfClose);
        assert_eq!(orders.next(false).await, ConnOrder::End(CloseMode::Close));
        assert!(orders.queued().is_some());
    }

    #[tokio::test]
    async fn messages_come_before_the_ending_given_after_them() {
        let (line, mut orders) = line();
        line.send("h:1", Bytes::from_static(b"x")).unwrap();
        line.end(CloseMode::HalfClose);
        assert_eq!(orders.next(true).await, ConnOrder::Send(Bytes::from_static(b"x")));
        assert_eq!(orders.next(true).await, ConnOrder::End(CloseMode::HalfClose));
        drop(line);
        assert_eq!(orders.next(true).await, ConnOrder::HungUp);
    }

    #[test]
    fn empty_messages_and_dead_connections_are_refused() {
        let (line, orders) = line();
        let kind = |data: &'static [u8]| line.send("", Bytes::from_static(data)).unwrap_err().kind;
        assert_eq!(kind(b""), FailureKind::Usage);
        drop(orders);
        assert_eq!(kind(b"x"), FailureKind::NotFound);
    }
}
