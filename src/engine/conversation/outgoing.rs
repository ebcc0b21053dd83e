//! What a connection still has to send: bytes in order, and answers that wait for their delay.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::engine::rules::Answer;

/// Most bytes of one write, and so of one record.
const WRITE: usize = 64 * 1024;
/// Bytes waiting above which nothing more is taken in: an echo to a peer that does not read must
/// push back instead of growing.
const ROOM: usize = 4 * 1024 * 1024;
/// Delayed answers waiting above which nothing more is taken in.
const DELAYED: usize = 1024;

/// Bytes of the queue and whose they are.
#[derive(Debug)]
struct QueuedBytes {
    data: Bytes,
    is_answer: bool,
}

/// The queue of one connection.
#[derive(Debug, Default)]
pub(super) struct OutboundQueue {
    queue: VecDeque<QueuedBytes>,
    queued: usize,
    /// Bytes of automatic answers among those, and of delayed ones.
    answers: usize,
    /// By due time and order of arrival.
    delayed: BTreeMap<(Instant, u64), Bytes>,
    arrivals: u64,
    /// Bytes of the front that were accepted but not flushed yet (TLS buffers).
    unflushed: usize,
}

impl OutboundQueue {
    /// What a person or a script sends.
    pub(super) fn push(&mut self, data: Bytes) {
        self.enqueue(QueuedBytes { data, is_answer: false });
    }

    fn enqueue(&mut self, piece: QueuedBytes) {
        if !piece.data.is_empty() {
            self.queued += piece.data.len();
            self.queue.push_back(piece);
        }
    }

    /// An automatic answer, at once or after its delay.
    pub(super) fn answer(&mut self, answer: Answer) {
        self.answers += answer.data.len();
        if answer.delay.is_zero() {
            return self.enqueue(QueuedBytes { data: answer.data, is_answer: true });
        }
        self.arrivals += 1;
        self.delayed.insert((Instant::now() + answer.delay, self.arrivals), answer.data);
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.delayed.first_key_value().map(|((due, _), _)| *due)
    }

    pub(super) fn release_due(&mut self, now: Instant) {
        while let Some(first) = self.delayed.first_entry()
            && first.key().0 <= now
        {
            let data = first.remove();
            self.enqueue(QueuedBytes { data, is_answer: true });
        }
    }

    pub(super) fn has_delayed(&self) -> bool {
        !self.delayed.is_empty()
    }

    pub(super) fn forget_delayed(&mut self) {
        let forgotten: usize = self.delayed.values().map(Bytes::len).sum();
        self.answers -= forgotten;
        self.delayed.clear();
    }

    pub(super) fn has_output(&self) -> bool {
        !self.queue.is_empty()
    }

    /// More may be sent by a person.
    pub(super) fn has_room(&self) -> bool {
        self.queued < ROOM
    }

    /// More may be received that will be answered.
    pub(super) fn has_room_for_answers(&self) -> bool {
        self.answers < ROOM && self.delayed.len() < DELAYED
    }

    /// Bytes still to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.queued + self.delayed.values().map(Bytes::len).sum::<usize>()
    }

    /// Writes and flushes a piece of the front; returns its length. Safe to drop and call again.
    pub(super) async fn transmit(
        &mut self,
        write: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<usize> {
        let Some(QueuedBytes { data: front, .. }) = self.queue.front() else { return Ok(0) };
        if self.unflushed == 0 {
            let piece = front.get(..front.len().min(WRITE)).unwrap_or(front);
            self.unflushed = write.write(piece).await?;
            if self.unflushed == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        write.flush().await?;
        Ok(std::mem::take(&mut self.unflushed))
    }

    /// Takes out what [`transmit`](Self::transmit) said was written.
    pub(super) fn written(&mut self, count: usize) -> Bytes {
        let Some(front) = self.queue.front_mut() else { return Bytes::new() };
        let count = count.min(front.data.len());
        let data = front.data.split_to(count);
        self.queued -= data.len();
        if front.is_answer {
            self.answers -= data.len();
        }
        if front.data.is_empty() {
            self.queue.pop_front();
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn large_sends_go_out_in_pieces_and_in_order() {
        let mut outgoing = OutboundQueue::default();
        outgoing.push(Bytes::from(vec![1; WRITE + 5]));
        outgoing.push(Bytes::from_static(b"end"));
        let mut written = Vec::new();
        let mut lengths = Vec::new();
        while outgoing.has_output() {
            let count = outgoing.transmit(&mut written).await.unwrap();
            lengths.push(outgoing.written(count).len());
        }
        assert_eq!(lengths, [WRITE, 5, 3]);
        assert!(written.ends_with(b"\x01end"));
        assert_eq!(outgoing.unsent(), 0);
    }

    #[tokio::test]
    async fn delayed_answers_come_out_by_time_then_arrival() {
        let mut outgoing = OutboundQueue::default();
        for (millis, text) in [(20, "c"), (10, "a"), (10, "b"), (0, "now")] {
            let data = Bytes::from_static(text.as_bytes());
            outgoing.answer(Answer { data, delay: Duration::from_millis(millis) });
        }
        assert_eq!(outgoing.written(9), "now");
        let due = outgoing.next_due().unwrap();
        outgoing.release_due(due + Duration::from_millis(1));
        assert_eq!([outgoing.written(9), outgoing.written(9)], ["a", "b"]);
        assert!(outgoing.has_delayed() && !outgoing.has_output());
    }

    #[test]
    fn a_full_queue_takes_nothing_more_in() {
        let mut outgoing = OutboundQueue::default();
        assert!(outgoing.has_room());
        let data = Bytes::from(vec![0; ROOM]);
        outgoing.push(data.clone());
        assert!(!outgoing.has_room() && outgoing.has_room_for_answers());
        outgoing.answer(Answer { data, delay: Duration::from_secs(9) });
        assert!(!outgoing.has_room_for_answers());
        outgoing.forget_delayed();
        assert!(outgoing.has_room_for_answers());
    }
}
