//! What nobody may see of captured bytes: values that are secret, and credentials in heads of HTTP.
//!
//! Called by what writes captures, record by record. Who writes them puts as many other bytes in
//! their place, so that lengths and places stay true.

use std::ops::Range;

use super::http_heads::{HttpBytes, HttpHeads};
use super::told_streams::ToldStreams;
use crate::codec::http1::Expected;
use crate::codec::http2::frame::FrameHead;
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::secrets::{Disclosure, joined};

/// Follows all streams of a capture.
#[derive(Debug, Default)]
pub struct HiddenBytes {
    told: Disclosure,
    streams: ToldStreams,
    heads: HttpHeads,
}

impl HiddenBytes {
    /// Hides what these hide.
    #[must_use]
    pub fn new(told: Disclosure) -> Self {
        let (streams, heads) = (ToldStreams::new(told.clone()), HttpHeads::default());
        HiddenBytes { told, streams, heads }
    }

    /// Hides what these hide from now on.
    pub fn tell(&mut self, told: &Disclosure) {
        self.told.clone_from(told);
        self.streams.told_from_now_on(told);
    }

    /// What is hidden of the next record, in order and apart.
    pub fn of(&mut self, record: &Record, conn: Option<&ConnInfo>) -> Vec<Range<usize>> {
        if self.told == Disclosure::Everything || record.kind != RecordKind::Data {
            return Vec::new();
        }
        let mut hidden = self.streams.hidden(record);
        let Some(conn) = conn.filter(|conn| conn.capabilities().exchanges) else { return hidden };
        if FrameHead::of_whole(&record.data, record.original_len).is_some() {
            return hidden;
        }
        let is_request = (record.direction == Direction::Received) == conn.is_accepted();
        let expected = if is_request { Expected::Request } else { Expected::Response };
        let is_cut = record.original_len > record.data.len() as u64;
        let bytes = HttpBytes { expected, kept: &record.data, is_cut };
        for piece in self.heads.pieces(record.conn, bytes) {
            let start = piece.place.start;
            let head = record.data.get(piece.place).unwrap_or_default();
            let found = self.told.hidden_of_heads(&piece.before, head);
            hidden.extend(found.into_iter().map(|part| start + part.start..start + part.end));
        }
        joined(hidden)
    }

    /// A connection has no further records.
    pub fn over(&mut self, conn: ConnId) {
        self.streams.over(conn);
        self.heads.over(conn);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::secrets::Secrets;
    use crate::model::timing::Stamp;

    #[test]
    fn credentials_of_heads_and_secret_values_are_hidden_in_pieces_and_bodies_stay() {
        let info = ConnInfo::new(SessionId(1).conn(1), Protocol::Http, Side::Listener);
        let text = "POST / HTTP/1.1\r\nAuthorization: Bearer abc\r\nContent-Length: 29\r\n\r\n\
                    Cookie: stays\r\nwith hunter2 in";
        let mut hidden = HiddenBytes::new(Disclosure::Hiding(Secrets::new(["hunter2"])));
        let mut shown = String::new();
        for piece in text.as_bytes().chunks(7) {
            let data = Bytes::copy_from_slice(piece);
            let (way, kind) = (Direction::Received, RecordKind::Data);
            let record = Record::new(Stamp(0), info.id, way, kind, data);
            let mut bytes = piece.to_vec();
            for part in hidden.of(&record, Some(&info)) {
                bytes[part].fill(b'*');
            }
            shown.push_str(&String::from_utf8(bytes).unwrap());
        }
        assert_eq!(shown.len(), text.len());
        // Of a value that comes in pieces nobody knows yet whether it begins with a scheme.
        assert!(shown.contains("Authorization: ***") && !shown.contains("abc"), "{shown}");
        assert!(shown.contains("Cookie: stays") && !shown.contains("hunter"), "{shown}");
        let everything = HiddenBytes::new(Disclosure::Everything);
        assert_eq!(everything.told, Disclosure::Everything);
    }

    #[test]
    fn header_blocks_of_http2_are_hidden_whole_and_other_frames_are_not() {
        let info = ConnInfo::new(SessionId(1).conn(1), Protocol::Http, Side::Client);
        let of = |bytes: &[u8], told: Disclosure| {
            let data = Bytes::copy_from_slice(bytes);
            let record = Record::new(Stamp(0), info.id, Direction::Sent, RecordKind::Data, data);
            HiddenBytes::new(told).of(&record, Some(&info))
        };
        let hiding = || Disclosure::Hiding(Secrets::default());
        let headers = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x87];
        assert_eq!(of(&headers, hiding()).first(), Some(&(9..12)));
        assert!(of(&headers, Disclosure::Everything).is_empty());
        let data = [0, 0, 3, 0, 1, 0, 0, 0, 1, b'a', b'b', b'c'];
        assert!(of(&data, hiding()).is_empty());
    }
}
