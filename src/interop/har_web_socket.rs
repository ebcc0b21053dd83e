//! What was said on a WebSocket, as browsers add it to an entry of HAR (`_webSocketMessages`): each message
//! as the frame it was, in its time.
//!
//! Called by the reader of HAR. A mask, which every frame of a client has (RFC 6455, section 5.3), is not told;
//! here it is of zeros, so that the bytes of the message stand in the frame as they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::codec::web_socket::frame::{FrameHeader, Opcode};
use crate::model::counts::counted;
use crate::model::id::ConnId;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// The messages of an entry as records of its connection, none before its answer.
pub(super) fn messages(entry: &Value, conn: ConnId, answered: Stamp) -> Vec<Record> {
    let all = entry["_webSocketMessages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (mut at, mut left_out, mut records) = (answered, 0, Vec::with_capacity(all.len()));
    for message in all {
        at = time(message).map_or(at, |time| time.max(answered));
        let data = message["data"].as_str().unwrap_or_default();
        let way = match message["type"].as_str() {
            Some("send") => Direction::Sent,
            Some("receive") => Direction::Received,
            Some("error") => {
                let (way, words) = (Direction::Local, format!("WebSocket: {data}"));
                records.push(Record::new(at, conn, way, RecordKind::Note, words.into()));
                continue;
            }
            _ => {
                left_out += 1;
                continue;
            }
        };
        let opcode = message["opcode"].as_u64().and_then(|it| u8::try_from(it).ok()).unwrap_or(1);
        // What is no text is packed up as one.
        let coded = (opcode != 1).then(|| STANDARD.decode(data).ok()).flatten();
        let payload = coded.unwrap_or_else(|| data.as_bytes().to_vec());
        let bytes = frame(opcode & 0x0F, way == Direction::Sent, &payload);
        records.push(Record::new(at, conn, way, RecordKind::Data, bytes.into()));
    }
    if left_out > 0 {
        let words = format!(
            "{} left out, of which the file does not say who sent them",
            counted(left_out, "WebSocket message")
        );
        records.push(Record::new(at, conn, Direction::Local, RecordKind::Note, words.into()));
    }
    records
}

/// When the last message of an entry was said.
pub(super) fn last_said(entry: &Value) -> Option<Stamp> {
    entry["_webSocketMessages"].as_array()?.iter().filter_map(time).max()
}

/// Seconds since the epoch, with their parts.
fn time(message: &Value) -> Option<Stamp> {
    let seconds = message["time"].as_f64().filter(|seconds| (0.0..1e10).contains(seconds))?;
    // Microseconds are what is told: a float has no room for more.
    Some(Stamp((seconds * 1e6).round() as u64 * 1000))
}

/// A message in one frame.
fn frame(opcode: u8, is_masked: bool, payload: &[u8]) -> Vec<u8> {
    let mask = is_masked.then_some([0; 4]);
    let whole = FrameHeader::whole(Opcode::Binary, false, mask, payload.len() as u64);
    let mut frame = Vec::with_capacity(whole.size() + payload.len());
    FrameHeader { opcode, ..whole }.write(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::har_read::read_har;
    use crate::model::id::SessionId;

    #[test]
    fn messages_of_both_ways_are_frames_in_their_times_and_what_cannot_be_placed_is_said() {
        let har = r#"{"log":{"entries":[{"startedDateTime":"2023-11-14T22:13:20Z","time":5,
            "request":{"method":"GET","url":"ws://127.0.0.1:9/chat"},
            "response":{"status":101,"statusText":"Switching Protocols"},
            "_webSocketMessages":[
              {"type":"send","time":1700000001.25,"opcode":1,"data":"hello"},
              {"type":"receive","time":1700000002,"opcode":2,"data":"AP8="},
              {"type":"error","time":1700000003,"opcode":-1,"data":"gone"},
              {"type":"receive","opcode":8,"data":"A+g="},
              {"opcode":1,"data":"?"}]},
            {"startedDateTime":"2023-11-14T22:13:21.5Z","time":5,
            "request":{"method":"GET","url":"http://127.0.0.1:9/other"},"response":{"status":200}}]}}"#;
        let (batch, entries) = read_har(har.as_bytes(), SessionId(0)).unwrap();
        assert_eq!(entries, 2);
        let of_socket = batch.records.iter().filter(|it| it.conn.index == 1).skip(2);
        let told: Vec<_> = of_socket
            .map(|it| (it.at.0 / 10_000_000 % 10_000, it.direction, &it.data[..]))
            .collect();
        let (sent, received, local) = (Direction::Sent, Direction::Received, Direction::Local);
        let expected: [(u64, Direction, &[u8]); 5] = [
            (125, sent, b"\x81\x85\0\0\0\0hello"),
            (200, received, b"\x82\x02\x00\xff"),
            (300, local, b"WebSocket: gone"),
            (300, received, b"\x88\x02\x03\xe8"),
            (
                300,
                local,
                b"1 WebSocket message left out, of which the file does not say who sent them",
            ),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_frame_says_its_length_in_as_many_bytes_as_it_takes() {
        for (len, header) in [(125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(frame(1, false, &vec![b'x'; len]).len(), header + len);
        }
    }
}
