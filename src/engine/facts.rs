//! The shell's end of the facts: what the pump sends in batches, handed out event by event.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::event::Event;

/// Facts of all sessions.
#[derive(Debug)]
pub struct Facts {
    batches: mpsc::Receiver<VecDeque<Event>>,
    /// The rest of the batch that was received last.
    open: VecDeque<Event>,
}

impl Facts {
    /// Hands out what arrives in these batches.
    pub(super) fn new(batches: mpsc::Receiver<VecDeque<Event>>) -> Self {
        Facts { batches, open: VecDeque::new() }
    }

    /// The next event; `None` = the engine has ended. Safe to cancel.
    pub async fn recv(&mut self) -> Option<Event> {
        while self.open.is_empty() {
            self.open = self.batches.recv().await?;
        }
        self.open.pop_front()
    }

    /// One that came with the one received last.
    pub(crate) fn at_hand(&mut self) -> Option<Event> {
        self.open.pop_front()
    }

    /// Nothing more is wanted; the engine's byte streams wait no longer for room.
    pub fn close(&mut self) {
        self.batches.close();
    }
}
