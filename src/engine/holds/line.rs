//! One way of one client whose bytes wait for decisions: in order, and what follows behind them.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{HoldTicket, HoldVerdict};

/// What waits, oldest first; the first has a ticket.
#[derive(Default)]
pub(crate) struct HoldLine {
    queue: VecDeque<HeldBytes>,
    bytes: usize,
}

/// Bytes that wait.
pub(crate) struct HeldBytes {
    pub(crate) data: Bytes,
    /// Somebody decides about them; else they wait for those before.
    pub(crate) ticket: Option<HoldTicket>,
}

impl HoldLine {
    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.bytes
    }

    /// One more at the end.
    pub(crate) fn push(&mut self, data: Bytes, ticket: Option<HoldTicket>) {
        self.bytes += data.len();
        self.queue.push_back(HeldBytes { data, ticket });
    }

    /// What was decided about the first. Never ends while nothing waits; safe to drop.
    pub(crate) async fn decided(&mut self) -> HoldVerdict {
        match self.queue.front_mut().and_then(|first| first.ticket.as_mut()) {
            Some(ticket) => ticket.decided().await,
            None => std::future::pending().await,
        }
    }

    /// Takes the first out.
    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        let first = self.queue.pop_front()?;
        self.bytes -= first.data.len();
        Some(first.data)
    }

    /// Takes the first out if it only waited for those before.
    pub(crate) fn pop_follower(&mut self) -> Option<Bytes> {
        self.queue.front().filter(|first| first.ticket.is_none())?;
        self.pop()
    }

    /// Takes everything out: nobody is to decide any more.
    pub(crate) fn drain(&mut self) -> Vec<Bytes> {
        self.bytes = 0;
        std::mem::take(&mut self.queue).into_iter().map(|it| it.data).collect()
    }
}
