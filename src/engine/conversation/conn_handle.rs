//! How a session speaks to one of its connections: messages through a bounded queue, endings past
//! it, so that a connection whose peer does not read can always be ended.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::engine::accept::ConnControl;
use crate::engine::accept::pace::Evictability;
use crate::engine::command::CloseMode;
use crate::engine::refusal;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Messages waiting for one connection; more means the peer does not read.
const MESSAGES: usize = 64;

/// The session's end.
#[derive(Debug)]
pub(crate) struct ConnHandle {
    /// How the peer is called in failures.
    peer: String,
    messages: mpsc::Sender<Bytes>,
    ending: watch::Sender<Option<CloseMode>>,
    peer_finished: Arc<OnceLock<Instant>>,
    /// Messages may be empty.
    takes_empty: bool,
}

/// The connection's end.
#[derive(Debug)]
pub(crate) struct ConnReceiver {
    messages: mpsc::Receiver<Bytes>,
    ending: watch::Receiver<Option<CloseMode>>,
    /// Set when the peer has sent its FIN.
    peer_finished: Arc<OnceLock<Instant>>,
}

/// What a connection is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ConnOrder {
    Send(Bytes),
    End(CloseMode),
}

/// A channel to a new connection. `peer` is how it is called in failures.
pub(crate) fn channel(peer: &str) -> (ConnHandle, ConnReceiver) {
    let (message_sender, messages) = mpsc::channel(MESSAGES);
    let (ending_sender, ending) = watch::channel(None);
    let peer_finished = Arc::new(OnceLock::new());
    let handle = ConnHandle {
        peer: peer.to_owned(),
        messages: message_sender,
        ending: ending_sender,
        peer_finished: Arc::clone(&peer_finished),
        takes_empty: false,
    };
    (handle, ConnReceiver { messages, ending, peer_finished })
}

impl ConnHandle {
    /// The same, of a connection whose messages may be empty.
    pub(crate) fn taking_empty(self) -> Self {
        ConnHandle { takes_empty: true, ..self }
    }

    /// Queues a message. Refused when empty (a stream has no empty messages), when the peer does
    /// not read, or when the connection is over.
    pub(crate) fn send(&self, data: Bytes) -> Result<(), Failure> {
        let peer = &*self.peer;
        if data.is_empty() && !self.takes_empty {
            let cause = "an empty message cannot be sent on a stream";
            return Err(Failure::new(Stage::Send, peer, FailureKind::Usage, cause));
        }
        self.messages.try_send(data).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => refusal::peer_does_not_read(peer, "messages"),
            mpsc::error::TrySendError::Closed(_) => {
                Failure::new(Stage::Send, peer, FailureKind::NotFound, "the connection is over")
            }
        })
    }
}

impl ConnControl for ConnHandle {
    /// Clients that finished sending stay open for a late answer, but not for ever; a conversation
    /// is never ended for its pace.
    fn evictability(&self) -> Evictability {
        self.peer_finished.get().map_or(Evictability::Busy, |since| Evictability::Done(*since))
    }

    /// Ends the connection; messages queued before are sent first, except by a reset.
    fn end(&self, how: CloseMode) {
        self.ending.send_modify(|ending| {
            // A half-close does not take back a close.
            if !(how == CloseMode::HalfClose && ending.is_some()) {
                *ending = Some(how);
            }
        });
    }

    fn evict(&self) {
        self.end(CloseMode::Close);
    }
}

impl ConnReceiver {
    /// The next order, `None` when the session has dropped the handle; messages only if there is
    /// `room` for them. Safe to drop.
    pub(crate) async fn next(&mut self, room: bool) -> Option<ConnOrder> {
        tokio::select! {
            biased;
            message = self.messages.recv(), if room => message.map(ConnOrder::Send),
            changed = self.ending.changed() => {
                changed.ok()?;
                self.ending.borrow_and_update().map(ConnOrder::End)
            }
        }
    }

    /// Tells the session that the peer has sent its FIN.
    pub(crate) fn peer_finished(&self) {
        self.peer_finished.get_or_init(Instant::now);
    }

    /// A message that is queued already.
    pub(crate) fn queued(&mut self) -> Option<Bytes> {
        self.messages.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ending_passes_a_full_queue() {
        let (handle, mut orders) = channel("h:1");
        while handle.send(Bytes::from_static(b"x")).is_ok() {}
        let failure = handle.send(Bytes::from_static(b"x")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Busy);
        handle.end(CloseMode::Close);
        handle.end(CloseMode::HalfClose);
        assert_eq!(orders.next(false).await, Some(ConnOrder::End(CloseMode::Close)));
        assert!(orders.queued().is_some());
    }

    #[tokio::test]
    async fn messages_come_before_the_ending_given_after_them() {
        let (handle, mut orders) = channel("h:1");
        handle.send(Bytes::from_static(b"x")).unwrap();
        handle.end(CloseMode::HalfClose);
        let message = ConnOrder::Send(Bytes::from_static(b"x"));
        assert_eq!(orders.next(true).await, Some(message));
        assert_eq!(orders.next(true).await, Some(ConnOrder::End(CloseMode::HalfClose)));
        drop(handle);
        assert_eq!(orders.next(true).await, None);
    }

    #[test]
    fn empty_messages_and_dead_connections_are_refused() {
        let (handle, orders) = channel("");
        let kind = |data: &'static [u8]| handle.send(Bytes::from_static(data)).unwrap_err().kind;
        assert_eq!(kind(b""), FailureKind::Usage);
        drop(orders);
        assert_eq!(kind(b"x"), FailureKind::NotFound);
    }
}
