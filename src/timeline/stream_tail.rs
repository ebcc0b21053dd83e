//! What was said in a stream just before a record: for whoever may not show half of something.

use super::store::Timeline;
use crate::model::id::RecordId;
use crate::model::record::{Record, RecordKind};

/// Records looked at before the one in question; they may be of other connections.
const LOOKED_AT: usize = 64;

/// The last bytes of its stream before a record of data, `reach` at most.
#[must_use]
pub fn before(timeline: &Timeline, id: RecordId, record: &Record, reach: usize) -> Vec<u8> {
    if reach == 0 || record.kind != RecordKind::Data {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    let mut left = reach;
    for (_, other) in timeline.range(RecordId(0), id).rev().take(LOOKED_AT) {
        let is_before = other.conn == record.conn && other.direction == record.direction;
        if is_before && other.kind == RecordKind::Data {
            let from = other.data.len().saturating_sub(left);
            left -= other.data.len() - from;
            pieces.push(other.data.slice(from..));
        }
        if left == 0 {
            break;
        }
    }
    pieces.reverse();
    pieces.concat()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::id::SessionId;
    use crate::model::record::Direction;
    use crate::model::timing::Stamp;

    #[test]
    fn the_tail_is_of_the_same_stream() {
        let mut timeline = Timeline::default();
        let mut push = |conn, direction, kind, data: &'static str| {
            let (conn, data) = (SessionId(1).conn(conn), Bytes::from_static(data.as_bytes()));
            let record = Record::new(Stamp(0), conn, direction, kind, data);
            (timeline.push(record.clone()), record)
        };
        let (sent, received) = (Direction::Sent, Direction::Received);
        push(1, received, RecordKind::Data, "one ");
        push(2, received, RecordKind::Data, "other");
        push(1, sent, RecordKind::Data, "back");
        push(1, received, RecordKind::Note, "note");
        push(1, received, RecordKind::Data, "two ");
        let (id, last) = push(1, received, RecordKind::Data, "three");
        push(1, received, RecordKind::Data, "after");
        assert_eq!(before(&timeline, id, &last, 100), b"one two ");
        assert_eq!(before(&timeline, id, &last, 6), b"e two ");
        assert_eq!(before(&timeline, id, &last, 0), b"");
    }
}
