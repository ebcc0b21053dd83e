//! The shell's end of the facts: what the pump sends in batches, handed out event by event.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::event::Event;

/// Facts of all sessions.
#[derive(Debug)]
pub struct Facts {
    parcels: mpsc::Receiver<VecDeque<Event>>,
    /// The rest of the parcel that was received last.
    open: VecDeque<Event>,
}

impl Facts {
    /// Hands out what arrives in these parcels.
    pub(super) fn new(parcels: mpsc::Receiver<VecDeque<Event>>) -> Self {
        Facts { parcels, open: VecDeque::new() }
    }

    /// The next event; `None` = the engine has ended. Safe to cancel.
    pub async fn recv(&mut self) -> Option<Event> {
        while self.open.is_empty() {
            self.open = self.parcels.recv().await?;
        }
        self.open.pop_front()
    }

    /// More events came with the one received last, so the next `recv` does not wait.
    pub fn has_more(&self) -> bool {
        !self.open.is_empty()
    }

    /// Nothing more is wanted; the engine's byte streams wait no longer for room.
    pub fn close(&mut self) {
        self.parcels.close();
    }
}
