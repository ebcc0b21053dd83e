//! What is told at the end of bytes that were read and never passed on: none of them goes unsaid.

use super::{Half, Live};
use crate::model::counts::counted_were;
use crate::model::record::{Direction, RecordKind};

impl Live {
    /// What was read of a half and did not get to the other.
    pub(super) fn tell_left(&mut self, from: Half) {
        let pair = self.setup.pair;
        let way = self.way(from);
        let mut left = way.dropped;
        let mut kept = way.line.drain();
        kept.extend(Some(way.rewrites.take()).filter(|data| !data.is_empty()));
        left += kept.iter().map(|data| data.len() as u64).sum::<u64>();
        let mut at = 0;
        while let Some(message) = way.outgoing.pop() {
            left += message.data.len() as u64;
            kept.insert(at, message.data);
            at += 1;
        }
        if left == 0 {
            return;
        }
        let events = &self.setup.session.events;
        // Nobody else tells what the server said and the client never got.
        for data in kept.into_iter().filter(|_| from == Half::Target) {
            let len = data.len() as u64;
            events.received(pair.target, data, len);
        }
        let text = format!(
            "of the {} {} not passed on to the {}",
            from.name(),
            counted_were(left, "byte"),
            from.other().name()
        );
        let conn = from.other().conn(pair);
        events.note(conn, Direction::Local, RecordKind::Note, text);
    }
}
