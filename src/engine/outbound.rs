//! What waits to be sent, for streams and for datagrams: messages in order, and answers that wait
//! for their delay. Bounded: who sends and who answers asks for room before taking more in.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

/// Most bytes of one write of a stream, and so of one record.
const WRITE: usize = 256 * 1024;
/// Bytes waiting above which nothing more is taken in: an echo to a peer that does not read must
/// push back instead of growing.
const BYTES: usize = 4 * 1024 * 1024;
/// Messages waiting above which nothing more is taken in.
const MESSAGES: usize = 4_096;

/// Who wants it sent: what a person or a script sent is always shown, answers may be dropped from
/// the record (counted) when the screen cannot keep up with datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A person or a script.
    User,
    /// A listener's answer.
    Answer,
}

/// Bytes to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutboundMessage {
    /// Whom to, where one socket has several peers.
    pub(crate) to: Option<SocketAddr>,
    pub(crate) data: Bytes,
    pub(crate) origin: Origin,
    /// Of a WebSocket that sends what fits: it is no text, whatever it holds.
    pub(crate) is_binary: bool,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default)]
struct Waiting {
    messages: usize,
    bytes: usize,
}

/// Messages of one socket.
#[derive(Debug, Default)]
pub(crate) struct OutboundQueue {
    queue: VecDeque<OutboundMessage>,
    /// By due time and order of arrival.
    delayed: BTreeMap<(Instant, u64), OutboundMessage>,
    arrivals: u64,
    /// What is in the queue.
    queued: Waiting,
    /// Answers in the queue and delayed ones.
    answers: Waiting,
    /// Bytes of the front that were accepted but not flushed yet (TLS buffers).
    unflushed: usize,
}

impl OutboundQueue {
    /// Takes a message in, to be sent at once or after its delay.
    pub(crate) fn push(&mut self, message: OutboundMessage, delay: Duration) {
        if message.origin == Origin::Answer {
            self.answers.add(message.data.len());
        }
        if delay.is_zero() {
            return self.enqueue(message);
        }
        self.arrivals += 1;
        self.delayed.insert((Instant::now() + delay, self.arrivals), message);
    }

    fn enqueue(&mut self, message: OutboundMessage) {
        self.queued.add(message.data.len());
        self.queue.push_back(message);
    }

    /// When the next delayed message is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.delayed.first_key_value().map(|((due, _), _)| *due)
    }

    /// Queues what is due.
    pub(crate) fn release_due(&mut self, now: Instant) {
        while let Some(first) = self.delayed.first_entry()
            && first.key().0 <= now
        {
            let message = first.remove();
            self.enqueue(message);
        }
    }

    /// Whether messages wait for their time.
    pub(crate) fn has_delayed(&self) -> bool {
        !self.delayed.is_empty()
    }

    /// Drops messages that wait for their time; those already due are still sent.
    pub(crate) fn forget_delayed(&mut self) {
        for message in std::mem::take(&mut self.delayed).into_values() {
            if message.origin == Origin::Answer {
                self.answers.subtract(message.data.len());
            }
        }
    }

    /// More may be sent by a person.
    pub(crate) fn has_room(&self) -> bool {
        self.queued.is_in_bounds()
    }

    /// More may be received that will be answered.
    pub(crate) fn has_room_for_answers(&self) -> bool {
        self.answers.is_in_bounds()
    }

    /// Bytes still to be sent.
    pub(crate) fn unsent(&self) -> usize {
        self.queued.bytes + self.delayed.values().map(|message| message.data.len()).sum::<usize>()
    }

    /// What is sent next.
    pub(crate) fn front(&self) -> Option<&OutboundMessage> {
        self.queue.front()
    }

    /// Takes the front out.
    pub(crate) fn pop(&mut self) -> Option<OutboundMessage> {
        let message = self.queue.pop_front()?;
        self.queued.subtract(message.data.len());
        if message.origin == Origin::Answer {
            self.answers.subtract(message.data.len());
        }
        Some(message)
    }

    /// Queues bytes of a stream to be written at once or after a delay; empty ones are left out.
    pub(crate) fn push_bytes(&mut self, data: Bytes, origin: Origin, delay: Duration) {
        if !data.is_empty() {
            self.push(OutboundMessage { to: None, data, origin, is_binary: false }, delay);
        }
    }

    /// Writes and flushes a piece of the front to a stream; returns its length. Safe to drop and call again.
    pub(crate) async fn transmit(
        &mut self,
        write: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<usize> {
        let Some(OutboundMessage { data: front, .. }) = self.queue.front() else { return Ok(0) };
        if self.unflushed == 0 {
            self.unflushed = write.write(&front[..front.len().min(WRITE)]).await?;
            if self.unflushed == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        write.flush().await?;
        Ok(std::mem::take(&mut self.unflushed))
    }

    /// Takes out what [`transmit`](Self::transmit) said was written.
    pub(crate) fn written(&mut self, count: usize) -> Bytes {
        let front = self.queue.front_mut().filter(|front| count < front.data.len());
        let Some(front) = front else {
            return self.pop().map_or_else(Bytes::new, |message| message.data);
        };
        self.queued.bytes -= count;
        if front.origin == Origin::Answer {
            self.answers.bytes -= count;
        }
        front.data.split_to(count)
    }
}

impl Waiting {
    fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes;
    }

    fn subtract(&mut self, bytes: usize) {
        self.messages -= 1;
        self.bytes -= bytes;
    }

    fn is_in_bounds(self) -> bool {
        self.messages < MESSAGES && self.bytes < BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(data: impl Into<Bytes>, millis: u64, to: &mut OutboundQueue) {
        to.push_bytes(data.into(), Origin::Answer, Duration::from_millis(millis));
    }

    #[tokio::test]
    async fn large_sends_go_out_in_pieces_and_in_order() {
        let mut outbound = OutboundQueue::default();
        outbound.push_bytes(Bytes::from(vec![1; WRITE + 5]), Origin::User, Duration::ZERO);
        outbound.push_bytes(Bytes::from_static(b"end"), Origin::User, Duration::ZERO);
        let mut written = Vec::new();
        let mut lengths = Vec::new();
        while outbound.front().is_some() {
            let count = outbound.transmit(&mut written).await.unwrap();
            lengths.push(outbound.written(count).len());
        }
        assert_eq!(lengths, [WRITE, 5, 3]);
        assert!(written.ends_with(b"\x01end"));
        assert_eq!(outbound.unsent(), 0);
    }

    #[tokio::test]
    async fn delayed_answers_come_out_by_time_then_arrival() {
        let mut outbound = OutboundQueue::default();
        for (millis, text) in [(20, "c"), (10, "a"), (10, "b"), (0, "now")] {
            answer(text, millis, &mut outbound);
        }
        assert_eq!(outbound.written(9), "now");
        let due = outbound.next_due().unwrap();
        outbound.release_due(due + Duration::from_millis(1));
        assert_eq!([outbound.written(9), outbound.written(9)], ["a", "b"]);
        assert!(outbound.has_delayed() && outbound.front().is_none());
    }

    #[test]
    fn a_full_queue_takes_nothing_more_in() {
        let mut outbound = OutboundQueue::default();
        assert!(outbound.has_room());
        let data = Bytes::from(vec![0; BYTES]);
        outbound.push_bytes(data.clone(), Origin::User, Duration::ZERO);
        assert!(!outbound.has_room() && outbound.has_room_for_answers());
        answer(data, 9_000, &mut outbound);
        assert!(!outbound.has_room_for_answers());
        outbound.forget_delayed();
        assert!(outbound.has_room_for_answers());
    }

    fn message(text: &'static str) -> OutboundMessage {
        let to = Some(SocketAddr::from(([127, 0, 0, 1], 7)));
        let data = Bytes::from_static(text.as_bytes());
        OutboundMessage { to, data, origin: Origin::Answer, is_binary: false }
    }

    #[tokio::test]
    async fn a_delayed_datagram_waits_and_others_pass_empty_ones_too() {
        let mut outbound = OutboundQueue::default();
        outbound.push(message("late"), Duration::from_millis(5));
        outbound.push(message(""), Duration::ZERO);
        assert_eq!(outbound.pop().unwrap().data, "");
        assert_eq!(outbound.pop(), None);
        let due = outbound.next_due().unwrap();
        outbound.release_due(due);
        assert_eq!(outbound.pop().unwrap().data, "late");
        assert_eq!((outbound.unsent(), outbound.next_due()), (0, None));
    }

    #[test]
    fn datagrams_are_bounded_in_number_too() {
        let mut outbound = OutboundQueue::default();
        for _ in 0..MESSAGES {
            assert!(outbound.has_room() && outbound.has_room_for_answers());
            outbound.push(message(""), Duration::ZERO);
        }
        assert!(!outbound.has_room() && !outbound.has_room_for_answers());
    }
}
