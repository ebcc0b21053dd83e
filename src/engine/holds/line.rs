//! One way of one client whose bytes wait for decisions: in order, and what follows behind them.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{HoldTicket, HoldVerdict};
use crate::model::fault::FaultMarks;

/// Bytes on their way, with what they were.
#[derive(Debug, Clone)]
pub(crate) struct InTransit {
    pub(crate) original: Bytes,
    /// As they go on: rules may have changed them.
    pub(crate) data: Bytes,
    pub(crate) marks: FaultMarks,
    /// What came is told already.
    pub(crate) is_told: bool,
}

/// Less is copied when it is to be kept for long: it would keep all of what it was received into.
const COPIED: usize = 64 * 1024;

impl InTransit {
    /// The same, for as long as it takes somebody to decide.
    pub(crate) fn kept_for_long(mut self) -> Self {
        if self.original.len() < COPIED {
            let is_as_it_came = self.data == self.original;
            self.original = Bytes::copy_from_slice(&self.original);
            if is_as_it_came {
                self.data = self.original.clone();
            }
        }
        self
    }

    /// As they came, and nobody told of them.
    pub(crate) fn of(data: Bytes) -> Self {
        let (original, marks) = (data.clone(), FaultMarks::default());
        InTransit { original, data, marks, is_told: false }
    }
}

/// What waits, oldest first; the first has a ticket.
#[derive(Default)]
pub(crate) struct HoldLine {
    queue: VecDeque<HeldBytes>,
    bytes: usize,
}

/// Bytes that wait.
pub(crate) struct HeldBytes {
    going: InTransit,
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
    pub(crate) fn push(&mut self, going: InTransit, ticket: Option<HoldTicket>) {
        self.bytes += going.data.len();
        self.queue.push_back(HeldBytes { going, ticket });
    }

    /// What was decided about the first. Never ends while nothing waits; safe to drop.
    pub(crate) async fn decided(&mut self) -> HoldVerdict {
        match self.queue.front_mut().and_then(|first| first.ticket.as_mut()) {
            Some(ticket) => ticket.decided().await,
            None => std::future::pending().await,
        }
    }

    /// Takes the first out.
    pub(crate) fn pop(&mut self) -> Option<InTransit> {
        let first = self.queue.pop_front()?;
        self.bytes -= first.going.data.len();
        Some(first.going)
    }

    /// Takes the first out if it only waited for those before.
    pub(crate) fn pop_follower(&mut self) -> Option<InTransit> {
        self.queue.front().filter(|first| first.ticket.is_none())?;
        self.pop()
    }

    /// Takes everything out: nobody is to decide any more.
    pub(crate) fn drain(&mut self) -> Vec<InTransit> {
        self.bytes = 0;
        std::mem::take(&mut self.queue).into_iter().map(|it| it.going).collect()
    }
}
