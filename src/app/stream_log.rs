//! The Server-Sent Events of an exchange, as far as they are kept: the newest, what they come to, and how they followed each other.

use std::collections::VecDeque;

use crate::codec::event_stream::{EventPace, StreamMessage};
use crate::model::stream_event::StreamEvent;

/// Events that are kept of an exchange.
const EVENTS: usize = 10_000;
/// Bytes of them.
const BYTES: usize = 16 * 1024 * 1024;

/// See the module's text.
#[derive(Debug, Default)]
pub struct StreamLog {
    events: VecDeque<StreamEvent>,
    bytes: usize,
    forgotten: u64,
    pub(super) assembled: StreamMessage,
    pub(super) pace: EventPace,
}

impl StreamLog {
    /// More came; the oldest make room.
    pub(super) fn extend(&mut self, events: Vec<StreamEvent>) {
        for event in events {
            self.pace.take(event.at);
            self.assembled.take(&event);
            self.bytes += event.bytes();
            self.events.push_back(event);
            while self.events.len() > EVENTS || (self.bytes > BYTES && self.events.len() > 1) {
                let gone = self.events.pop_front().map_or(0, |gone| gone.bytes());
                self.bytes = self.bytes.saturating_sub(gone);
                self.forgotten += 1;
            }
        }
    }

    /// Those that are kept, the oldest first.
    pub(super) fn events(&self) -> &VecDeque<StreamEvent> {
        &self.events
    }

    /// How many are not kept any more.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let mut log = StreamLog::default();
        let event =
            |data: usize| StreamEvent { data: Some("x".repeat(data)), ..StreamEvent::default() };
        log.extend((0..EVENTS + 3).map(|_| event(1)).collect());
        assert_eq!((log.events().len(), log.forgotten()), (EVENTS, 3));
        log.extend(vec![event(BYTES + 1)]);
        assert_eq!(log.events().len(), 1, "the newest stays, however long it is");
    }
}
