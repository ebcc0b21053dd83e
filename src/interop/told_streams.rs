//! What an output may tell of the records of streams, one after the other: a value that comes in two
//! reads is hidden in both.
//!
//! Used by the shell without a screen, which prints a record when it comes and cannot look ahead:
//! what may be the beginning of a value is hidden at the end of a record. Bounded: of a stream that
//! is not over a few kilobytes are kept, of the many that said nothing for long none.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::codec::http2::frame::{FRAME_HEAD, FrameHead};
use crate::model::id::ConnId;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::secrets::{Disclosure, joined, masked};

/// Streams whose last bytes are kept, and as many again that said something before them.
const STREAMS: usize = 1024;

/// The last bytes of streams, by connection and direction.
type Tails = HashMap<(ConnId, Direction), Vec<u8>>;

/// What may be told, and where each stream stands.
#[derive(Debug, Default)]
pub struct ToldStreams {
    told: Disclosure,
    recent: Tails,
    older: Tails,
}

impl ToldStreams {
    /// Tells so much of each stream.
    #[must_use]
    pub fn new(told: Disclosure) -> Self {
        ToldStreams { told, ..ToldStreams::default() }
    }

    /// Tells so much from now on.
    pub fn told_from_now_on(&mut self, told: &Disclosure) {
        self.told.clone_from(told);
    }

    /// The next record as it may be told, payload or words.
    pub fn tell<'a>(&mut self, record: &'a Record) -> Cow<'a, [u8]> {
        if record.kind != RecordKind::Data {
            let words = self.told.words(&String::from_utf8_lossy(&record.data));
            return Cow::Owned(words.into_bytes());
        }
        match self.hidden(record) {
            hidden if hidden.is_empty() => Cow::Borrowed(&record.data),
            hidden => Cow::Owned(masked(&record.data, &hidden)),
        }
    }

    /// What nobody may see of the next record's payload.
    pub(super) fn hidden(&mut self, record: &Record) -> Vec<Range<usize>> {
        let block = self.header_block(record);
        let reach = self.told.reach_of_stream();
        if reach == 0 {
            return block.into_iter().collect();
        }
        let stream = (record.conn, record.direction);
        let kept = self.recent.remove(&stream).or_else(|| self.older.remove(&stream));
        let mut tail = kept.unwrap_or_default();
        let hidden = self.told.hidden_of_stream(&tail, &record.data);
        let last = &record.data[record.data.len().saturating_sub(reach)..];
        tail.extend_from_slice(last);
        tail.drain(..tail.len().saturating_sub(reach));
        if self.recent.len() >= STREAMS {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(stream, tail);
        if let Some(block) = block {
            return joined(hidden.into_iter().chain([block]).collect());
        }
        hidden
    }

    /// The header block that a record of HTTP/2 holds. It is packed: what of it is a credential cannot be told apart, so
    /// none of it is told.
    fn header_block(&self, record: &Record) -> Option<Range<usize>> {
        let head = FrameHead::of_whole(&record.data, record.original_len)?;
        let is_hidden = self.told != Disclosure::Everything && head.has_block() && head.stream != 0;
        is_hidden.then_some(FRAME_HEAD..record.data.len())
    }

    /// A connection has no further records.
    pub fn over(&mut self, conn: ConnId) {
        for direction in [Direction::Sent, Direction::Received] {
            self.recent.remove(&(conn, direction));
            self.older.remove(&(conn, direction));
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::id::SessionId;
    use crate::model::secrets::{MASK, Secrets};
    use crate::model::timing::Stamp;

    fn record(conn: u32, direction: Direction, data: &str) -> Record {
        let (at, data) = (Stamp(0), Bytes::copy_from_slice(data.as_bytes()));
        Record::new(at, SessionId(1).conn(conn), direction, RecordKind::Data, data)
    }

    #[test]
    fn a_value_in_two_records_of_a_stream_is_hidden_and_of_two_streams_is_none() {
        let secrets = Secrets::new(["hunter2"]);
        let mut streams = ToldStreams::new(Disclosure::Hiding(secrets));
        let mut tell = |conn, direction, data: &str| {
            let told = streams.tell(&record(conn, direction, data)).into_owned();
            String::from_utf8(told).unwrap()
        };
        let (sent, received) = (Direction::Sent, Direction::Received);
        assert_eq!(tell(1, received, "a hun"), format!("a {MASK}"));
        assert_eq!(tell(2, received, "ter2"), "ter2");
        assert_eq!(tell(1, sent, "ter2"), "ter2");
        assert_eq!(tell(1, received, "ter2 b"), format!("{MASK} b"));
        let letters: String =
            "x hunter2 y".chars().map(|c| tell(3, sent, &c.to_string())).collect();
        assert!(!letters.contains("hu") && letters.ends_with(" y"), "{letters}");
    }

    #[test]
    fn credentials_of_a_head_in_a_stream_are_hidden_wherever_it_is_cut() {
        let head = "GET /?api_key=k-1&a=b HTTP/1.1\r\nCookie: sid=k-2\r\nX-Api-Key: k-3\r\n\r\nCookie: all\r\n";
        for size in [1000, 60, 33] {
            let mut streams = ToldStreams::new(Disclosure::default());
            let told: String = head
                .as_bytes()
                .chunks(size)
                .map(|piece| {
                    let piece = record(1, Direction::Received, str::from_utf8(piece).unwrap());
                    String::from_utf8(streams.tell(&piece).into_owned()).unwrap()
                })
                .collect();
            assert!(
                !told.contains("k-") && told.contains("a=b") && told.contains("Cookie: all"),
                "{told}"
            );
        }
        let mut streams = ToldStreams::new(Disclosure::Everything);
        assert_eq!(*streams.tell(&record(1, Direction::Received, head)), *head.as_bytes());
    }

    #[test]
    fn what_is_kept_of_streams_is_bounded() {
        let told = Disclosure::Hiding(Secrets::new(["hunter2"]));
        let (reach, mut streams) = (told.reach_of_stream(), ToldStreams::new(told));
        for conn in 0..5 * STREAMS as u32 {
            streams.tell(&record(conn, Direction::Sent, &"long ".repeat(100)));
        }
        assert!(streams.recent.len() + streams.older.len() <= 2 * STREAMS);
        assert!(streams.recent.values().all(|tail| tail.len() <= reach));
        streams.over(SessionId(1).conn(5 * STREAMS as u32 - 1));
        let conns = streams.recent.len() + streams.older.len();
        streams.over(SessionId(1).conn(5 * STREAMS as u32 - 2));
        assert_eq!(streams.recent.len() + streams.older.len(), conns - 1);
    }
}
