//! What was received on a connection, cut anew into the messages of its protocol, as a framing
//! says. Rows stay stretches of records and hold no bytes. What we sent and life-cycle facts stay
//! rows as they were. The work is done in bounded steps, oldest record first.

use std::cmp::Ordering;
use std::collections::HashMap;

use memchr::memmem;

use super::conversation::{Conversation, FrameEnd, MessageRow};
use super::framing::{ByteOrder, Counts, DELIMITER_MAX, FRAME_MAX, StreamFraming};
use super::listing::Rebuild;
use super::store::Timeline;
use crate::model::id::{ConnId, RecordId, SessionId};
use crate::model::record::{Direction, Record, RecordKind};

/// Records of all connections between the ends of one row at most, so that reading a row stays
/// cheap however much else goes on.
const SPAN_MAX: u64 = 20_000;
/// What looking at a record, or making a row, costs besides its bytes.
const RECORD_WORK: usize = 64;

/// The rows of a session under a framing.
#[derive(Debug, Clone)]
pub struct Frames {
    framing: StreamFraming,
    rows: Conversation,
    /// First record not looked at yet.
    high: RecordId,
    open: HashMap<ConnId, OpenFrame>,
}

/// The frame a connection is in the middle of.
#[derive(Debug, Clone, Default)]
struct OpenFrame {
    /// Number of its row, once it has one.
    row: Option<u64>,
    /// Bytes of the frame so far.
    have: u64,
    /// Its length, as far as known.
    need: Option<u64>,
    /// The beginning of the frame (for a length) or its end (for a delimiter) across reads.
    edge: Vec<u8>,
}

/// How many bytes of a piece of data belong to the frame, and how it ends.
type Cut = (usize, FrameEnd);

impl Frames {
    /// Frames of what the timeline holds from a record on; nothing is looked at before
    /// [`step`](Frames::step).
    #[must_use]
    pub(crate) fn new(framing: StreamFraming, session: SessionId, from: RecordId) -> Self {
        let rows = Conversation::new(session);
        Frames { framing, rows, high: from, open: HashMap::new() }
    }

    /// How it is cut.
    pub(crate) fn framing(&self) -> &StreamFraming {
        &self.framing
    }

    /// The rows so far.
    pub(crate) fn conversation(&self) -> &Conversation {
        &self.rows
    }

    /// Whether there are records it has not looked at.
    pub(crate) fn is_behind(&self, timeline: &Timeline) -> bool {
        self.high < timeline.next_id()
    }

    /// Lets go of what was evicted and looks at records that came, as long as `work` (in bytes)
    /// lasts.
    pub(crate) fn step(&mut self, timeline: &Timeline, work: usize) -> Rebuild {
        let first = timeline.first();
        while self.rows.row(0).is_some_and(|row| row.first < first) {
            self.rows.drop_first();
        }
        if self.high < first {
            // What went unseen may have held ends of frames.
            self.open.clear();
            self.high = first;
        }
        let mut left = work.max(1);
        for (id, record) in timeline.range(self.high, timeline.next_id()) {
            let rows = self.rows.next_number();
            self.take(&record, id);
            self.high = RecordId(id.0 + 1);
            let made = self.rows.next_number() - rows;
            let cost = record.data.len() + RECORD_WORK * (1 + made as usize);
            left = left.saturating_sub(cost);
            if left == 0 {
                return if self.is_behind(timeline) { Rebuild::More } else { Rebuild::Done };
            }
        }
        Rebuild::Done
    }

    fn take(&mut self, record: &Record, id: RecordId) {
        if !self.rows.covers(record.conn) {
            return;
        }
        if record.kind != RecordKind::Data || record.direction != Direction::Received {
            self.rows.extend(record, id, false);
            if record.kind != RecordKind::Data && record.direction != Direction::Sent {
                // The peer is done, or gone: what it began is not finished any more.
                self.open.remove(&record.conn);
            }
            return;
        }
        let mut open = self.open.remove(&record.conn).unwrap_or_default();
        let mut at = 0;
        while at < record.data.len() {
            let (taken, end) = open.cut(&self.framing, &record.data[at..]);
            let number = open.row.filter(|number| self.rows.row_mut(*number).is_some());
            let number = number.unwrap_or_else(|| {
                let row = MessageRow { skip: at as u32, ..MessageRow::of(record, id) };
                self.rows.push(MessageRow { count: 0, len: 0, kept: 0, ..row })
            });
            at += taken;
            open.row = Some(number);
            open.have += taken as u64;
            if let Some(row) = self.rows.row_mut(number) {
                // A length and what it measures may come in one read.
                row.count += u32::from(row.count == 0 || row.last != id);
                row.last = id;
                row.len += taken as u64;
                row.kept += taken as u64;
                open.note(end, row, id);
            }
        }
        let missing = record.original_len.saturating_sub(record.data.len() as u64);
        if missing > 0 {
            // Bytes that were not kept: where the next frame begins is not known.
            let last = self.rows.next_number().checked_sub(1);
            if let Some(row) = open.row.or(last).and_then(|number| self.rows.row_mut(number)) {
                row.len += missing;
            }
            open = OpenFrame::default();
        }
        if open.is_begun() {
            self.open.insert(record.conn, open);
        }
    }
}

impl OpenFrame {
    /// Whether there is anything to remember: a connection between two frames has nothing.
    fn is_begun(&self) -> bool {
        self.row.is_some() || self.have > 0 || self.need.is_some() || !self.edge.is_empty()
    }

    /// How many of these bytes belong to the frame.
    fn cut(&mut self, framing: &StreamFraming, data: &[u8]) -> Cut {
        match framing {
            StreamFraming::AsReceived => (data.len(), FrameEnd::Whole),
            StreamFraming::Lines => self.until(b"\n", data),
            StreamFraming::Delimiter(delimiter) => self.until(delimiter, data),
            StreamFraming::Fixed(bytes) => {
                self.need = Some(*bytes);
                self.counted(data)
            }
            StreamFraming::Length { width, order, counts } => {
                self.measured(*width, *order, *counts, data)
            }
        }
    }

    fn until(&mut self, delimiter: &[u8], data: &[u8]) -> Cut {
        // Across the reads first: the end of what came before with the beginning of this.
        let edge = self.edge.len();
        if edge > 0 {
            let more = &data[..data.len().min(delimiter.len() - 1)];
            let seam = [self.edge.as_slice(), more].concat();
            let hit = memmem::find(&seam, delimiter).map(|at| at + delimiter.len());
            if let Some(end) = hit.filter(|end| *end > edge) {
                return (end - edge, FrameEnd::Whole);
            }
        }
        if let Some(at) = memmem::find(data, delimiter) {
            return (at + delimiter.len(), FrameEnd::Whole);
        }
        self.edge.extend_from_slice(&data[data.len().saturating_sub(DELIMITER_MAX)..]);
        let surplus = (self.edge.len() + 1).saturating_sub(delimiter.len());
        self.edge.drain(..surplus.min(self.edge.len()));
        (data.len(), FrameEnd::Open)
    }

    fn counted(&self, data: &[u8]) -> Cut {
        let missing = self.need.unwrap_or(0).saturating_sub(self.have);
        let take = data.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
        (take, if take as u64 == missing { FrameEnd::Whole } else { FrameEnd::Open })
    }

    fn measured(&mut self, header: usize, order: ByteOrder, counts: Counts, data: &[u8]) -> Cut {
        if self.need.is_some() {
            return self.counted(data);
        }
        let take = data.len().min(header - self.edge.len().min(header));
        self.edge.extend_from_slice(&data[..take]);
        if self.edge.len() < header {
            return (take, FrameEnd::Open);
        }
        let digit = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        let value = match order {
            ByteOrder::Big => self.edge.iter().fold(0, digit),
            ByteOrder::Little => self.edge.iter().rev().fold(0, digit),
        };
        let whole = match counts {
            Counts::Payload => value.saturating_add(header as u64),
            Counts::Whole => value,
        };
        self.need = Some(whole);
        let end = match whole.cmp(&(header as u64)) {
            Ordering::Less => FrameEnd::Malformed,
            Ordering::Equal => FrameEnd::Whole,
            Ordering::Greater => FrameEnd::Open,
        };
        (take, end)
    }

    /// Notes how the piece ended, in the row and for what comes next.
    fn note(&mut self, end: FrameEnd, row: &mut MessageRow, id: RecordId) {
        row.end = end;
        if end != FrameEnd::Open {
            *self = OpenFrame::default();
        } else if row.len >= FRAME_MAX || id.0 - row.first.0 > SPAN_MAX {
            row.end = FrameEnd::Part;
            self.row = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::conversation::bytes;
    use super::super::samples::{conn_id, received, sent};
    use super::*;

    fn framing(text: &str) -> StreamFraming {
        StreamFraming::parse(text).unwrap()
    }

    fn timeline(reads: &[&[u8]]) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.push_batch(
            reads.iter().enumerate().map(|(at, data)| received(conn_id(1, 1), at as u64, data)),
        );
        timeline
    }

    fn frames(text: &str, timeline: &Timeline) -> Frames {
        let mut frames = Frames::new(framing(text), SessionId(1), RecordId(0));
        while frames.step(timeline, 1) == Rebuild::More {}
        frames
    }

    fn rows(text: &str, reads: &[&[u8]]) -> Vec<(Vec<u8>, FrameEnd)> {
        let timeline = timeline(reads);
        let frames = frames(text, &timeline);
        let rows = frames.rows.rows.iter();
        rows.map(|row| (bytes(&timeline, row).to_vec(), row.end)).collect()
    }

    fn whole(parts: &[&[u8]]) -> Vec<(Vec<u8>, FrameEnd)> {
        parts.iter().map(|part| (part.to_vec(), FrameEnd::Whole)).collect()
    }

    #[test]
    fn lines_end_at_lf_wherever_the_reads_ended() {
        let expected = whole(&[b"ab\r\n", b"cd\n", b"\n"]);
        assert_eq!(rows("lines", &[b"ab\r", b"\nc", b"d\n\n"]), expected);
        let mut open = expected.clone();
        open.push((b"rest".to_vec(), FrameEnd::Open));
        assert_eq!(rows("lines", &[b"ab\r\ncd\n\nrest"]), open);
    }

    #[test]
    fn a_delimiter_is_found_across_reads_and_not_twice() {
        let expected = whole(&[b"a--", b"--", b"b-c--"]);
        for reads in [&[b"a----b-c--".as_slice()][..], &[b"a-", b"--", b"-b", b"-c-", b"-"]] {
            assert_eq!(rows("delimiter --", reads), expected, "{reads:?}");
        }
    }

    #[test]
    fn lengths_of_every_width_and_order_with_and_without_themselves() {
        assert_eq!(rows("length 1", &[b"\x02ab\x00\x01c"]), whole(&[b"\x02ab", b"\0", b"\x01c"]));
        assert_eq!(rows("length 2", &[b"\0", b"\x02a", b"b"]), whole(&[b"\0\x02ab"]));
        assert_eq!(
            rows("length 2 little whole", &[b"\x04\0ab\x02\0"]),
            whole(&[b"\x04\0ab", b"\x02\0"])
        );
        assert_eq!(rows("length 4 little", &[b"\x01\0\0\0a"]), whole(&[b"\x01\0\0\0a"]));
        assert_eq!(
            rows("length 8 whole", &[b"\0\0\0\0\0\0\0\x09a"]),
            whole(&[b"\0\0\0\0\0\0\0\x09a"])
        );
        let bad = (b"\0\x01".to_vec(), FrameEnd::Malformed);
        assert_eq!(
            rows("length 2 whole", &[b"\0\x01\0\x02"]),
            [bad, (b"\0\x02".to_vec(), FrameEnd::Whole)]
        );
        let endless = rows("length 8", &[&[0xff; 20]]);
        assert_eq!(endless, [(vec![0xff; 20], FrameEnd::Open)]);
    }

    #[test]
    fn connections_are_cut_apart_and_what_we_sent_stays_as_it_was() {
        let mut timeline = Timeline::default();
        timeline.push(received(conn_id(1, 1), 0, b"on"));
        timeline.push(received(conn_id(1, 2), 0, b"tw"));
        timeline.push(sent(conn_id(1, 1), 1, b"ours\nwhole\n"));
        timeline.push(received(conn_id(1, 2), 1, b"o\n"));
        timeline.push(received(conn_id(1, 1), 2, b"e\nmore"));
        timeline.push(received(conn_id(2, 1), 2, b"another session\n"));
        let frames = frames("lines", &timeline);
        let shown: Vec<_> =
            frames.rows.rows.iter().map(|row| bytes(&timeline, row).to_vec()).collect();
        let expected: [&[u8]; 4] = [b"one\n", b"two\n", b"ours\nwhole\n", b"more"];
        assert_eq!(shown, expected);
        assert_eq!(frames.conversation().row(0).unwrap().count, 2, "reads");
    }

    #[test]
    fn a_row_counts_reads_and_a_length_with_what_it_measures_is_one() {
        let timeline = timeline(&[b"\x02hi\x03you\x01", b"!\x02o", b"k\x00"]);
        let frames = frames("length 1", &timeline);
        let counts: Vec<_> = frames.rows.rows.iter().map(|row| (row.len, row.count)).collect();
        assert_eq!(counts, [(3, 1), (4, 1), (2, 2), (3, 2), (1, 1)]);
    }

    #[test]
    fn frames_go_on_as_records_come_and_go_with_evicted_ones() {
        let mut timeline = Timeline::new(100 * 150);
        let mut frames = Frames::new(StreamFraming::Fixed(3), SessionId(1), RecordId(0));
        for at in 0..1_000 {
            timeline.push(received(conn_id(1, 1), at, b"ab"));
            let _ = frames.step(&timeline, 1_000);
        }
        let rows = frames.conversation();
        assert!(rows.gone() > 0 && rows.len() > 10);
        for row in rows.rows.iter().filter(|row| row.end == FrameEnd::Whole) {
            assert!(row.first >= timeline.first());
            assert_eq!(bytes(&timeline, row).len(), 3);
        }
        timeline.clear();
        let _ = frames.step(&timeline, 1_000);
        assert!(frames.rows.rows.is_empty());
    }

    #[test]
    fn a_frame_without_end_is_rows_of_bounded_size() {
        let chunk = vec![b'x'; 400 * 1024];
        let reads: Vec<&[u8]> = (0..8).map(|_| chunk.as_slice()).collect();
        let rows = rows("lines", &reads);
        assert!(rows.len() >= 2 && rows.iter().all(|(row, _)| row.len() < 3 * 1024 * 1024));
        assert_eq!(rows[0].1, FrameEnd::Part);
        assert_eq!(rows.iter().map(|(row, _)| row.len()).sum::<usize>(), 8 * chunk.len());
    }

    #[test]
    fn bytes_that_were_not_kept_end_the_frame_and_are_counted() {
        let mut timeline = Timeline::default();
        let mut cut = received(conn_id(1, 1), 0, b"abc");
        cut.original_len = 10;
        cut.data = Bytes::from_static(b"abc");
        timeline.push(cut);
        timeline.push(received(conn_id(1, 1), 1, b"new\n"));
        let frames = frames("lines", &timeline);
        let rows: Vec<_> = frames.rows.rows.iter().map(|row| (row.len, row.kept)).collect();
        assert_eq!(rows, [(10, 3), (4, 4)]);
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn however_the_bytes_are_split_the_frames_are_the_same(
            data in prop::collection::vec(prop::sample::select(&b"\0\x01\x02\x03-\nab"[..]), 1..60),
            cuts in prop::collection::vec(1_usize..8, 1..60),
            text in prop::sample::select(vec![
                "lines", "delimiter --", "fixed 3", "length 1", "length 2", "length 2 little whole",
                "length 1 whole", "length 4",
            ]),
        ) {
            let mut reads: Vec<&[u8]> = Vec::new();
            let mut rest = data.as_slice();
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (read, after) = rest.split_at(cut.min(rest.len()));
                reads.push(read);
                rest = after;
            }
            let split = rows(text, &reads);
            prop_assert_eq!(&split, &rows(text, &[&data]));
            let joined: Vec<u8> = split.into_iter().flat_map(|(row, _)| row).collect();
            prop_assert_eq!(joined, data);
        }
    }
}
