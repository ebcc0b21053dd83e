//! Datagrams that wait to be sent: for the socket to take them, or for the delay of an answer.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// Datagrams waiting above which nothing more is taken in.
const DATAGRAMS: usize = 4_096;
/// Payload waiting above which nothing more is taken in.
const BYTES: usize = 4 * 1024 * 1024;

/// One datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) to: SocketAddr,
    pub(super) data: Bytes,
    pub(super) why: Why,
}

/// Who wants it sent: what a person sent is always shown, answers may be dropped from the record
/// (counted) when the screen cannot keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Ordered,
    Answer,
}

/// Letters in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Letter>,
    delayed: BTreeMap<(Instant, u64), Letter>,
    arrivals: u64,
    bytes: usize,
}

impl Outbox {
    pub(super) fn push(&mut self, letter: Letter, delay: Duration) {
        self.bytes += letter.data.len();
        if delay.is_zero() {
            return self.queue.push_back(letter);
        }
        self.arrivals += 1;
        self.delayed.insert((Instant::now() + delay, self.arrivals), letter);
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.delayed.first_key_value().map(|((due, _), _)| *due)
    }

    pub(super) fn release_due(&mut self, now: Instant) {
        while let Some(first) = self.delayed.first_entry()
            && first.key().0 <= now
        {
            self.queue.push_back(first.remove());
        }
    }

    pub(super) fn front(&self) -> Option<&Letter> {
        self.queue.front()
    }

    pub(super) fn pop(&mut self) -> Option<Letter> {
        let letter = self.queue.pop_front()?;
        self.bytes -= letter.data.len();
        Some(letter)
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() + self.delayed.len() < DATAGRAMS && self.bytes < BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(text: &'static str) -> Letter {
        let to = SocketAddr::from(([127, 0, 0, 1], 1));
        Letter { to, data: Bytes::from_static(text.as_bytes()), why: Why::Answer }
    }

    #[tokio::test]
    async fn a_delayed_letter_waits_and_others_pass() {
        let mut outbox = Outbox::default();
        outbox.push(letter("late"), Duration::from_millis(5));
        outbox.push(letter(""), Duration::ZERO);
        assert_eq!(outbox.pop().unwrap().data, "");
        assert_eq!(outbox.pop(), None);
        let due = outbox.next_due().unwrap();
        outbox.release_due(due);
        assert_eq!(outbox.pop().unwrap().data, "late");
        assert_eq!((outbox.bytes, outbox.next_due()), (0, None));
    }

    #[test]
    fn a_full_outbox_takes_nothing_more_in() {
        let mut outbox = Outbox::default();
        for _ in 0..DATAGRAMS {
            assert!(outbox.has_room());
            outbox.push(letter(""), Duration::ZERO);
        }
        assert!(!outbox.has_room());
    }
}
