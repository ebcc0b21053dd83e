use bytes::Bytes;

use super::*;
use crate::interop::har::{HarBodies, talk_entry};
use crate::model::exchange::{Head, HttpMessage, HttpVersion, StartLine};
use crate::model::id::SessionId;
use crate::model::protocol::{Protocol, Side};
use crate::model::secrets::Secrets;

const ASKED: &[u8] = b"GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\n\r\n";
const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

fn conn(side: Side) -> ConnInfo {
    let (protocol, id) = (Protocol::Http, SessionId(1).conn(1));
    let (local, peer, pair) = (None, None, None);
    ConnInfo { local, peer, pair, ..ConnInfo::new(id, protocol, side) }
}

fn exchange(status: u16) -> Exchange {
    let (version, reason) = (HttpVersion::Http11, Bytes::new());
    let start = StartLine::Response { version, status, reason };
    let head = Head { raw: Bytes::new(), start, fields: Vec::new() };
    let response = Some(HttpMessage { head, ..HttpMessage::default() });
    let id = SessionId(1).conn(1);
    let begun = Exchange::begun(Side::Relay, id, 0, HttpMessage::default(), Stamp(0));
    Exchange { response, ..begun }
}

/// A frame of one of the two.
fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(bit | short as u8),
        long => {
            frame.push(bit | 0x7E);
            frame.extend((long as u16).to_be_bytes());
        }
    }
    frame.extend(mask.iter().flatten());
    let mask = mask.unwrap_or_default();
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// What a relay saw of both, each piece a second after the one before.
fn talk(side: Side, pieces: &[(bool, &[u8])], told: &Disclosure) -> Option<Value> {
    let (info, mut talks) = (conn(side), WebSocketTalks::default());
    for (at, (of_client, data)) in pieces.iter().enumerate() {
        let is_received = *of_client == info.is_accepted();
        let way = if is_received { Direction::Received } else { Direction::Sent };
        let at = Stamp((1_700_000_000 + at as u64) * 1_000_000_000);
        let data = Bytes::copy_from_slice(data);
        talks.record(&Record::new(at, info.id, way, RecordKind::Data, data), Some(&info), true);
    }
    let exchange = exchange(101);
    assert_eq!(talks.has(&exchange), talks.talks.contains_key(&info.id));
    let talk = talks.of(&exchange)?;
    assert_eq!(talks.kept, 0, "all of it is given back");
    let entry = talk_entry(&exchange, HarBodies::default(), Some(&talk), told);
    Some(serde_json::from_str(&entry).unwrap())
}

fn messages(entry: &Value) -> Vec<(&str, u64, &str)> {
    let all = entry["_webSocketMessages"].as_array().unwrap();
    let of = |it: &'_ Value| it["opcode"].as_u64().unwrap();
    all.iter()
        .map(|it| (it["type"].as_str().unwrap(), of(it), it["data"].as_str().unwrap()))
        .collect()
}

#[test]
fn frames_of_both_are_messages_without_masks_whole_and_in_their_times() {
    let mask = Some([1, 2, 3, 4]);
    let first = frame(0x81, mask, b"hello");
    let long = frame(0x81, None, &[b'x'; 300]);
    let parts = [
        frame(0x01, mask, b"in "),
        // What is about the connection may stand between the parts.
        frame(0x89, mask, b"ping"),
        frame(0x80, mask, b"parts"),
    ]
    .concat();
    let (start, end) = long.split_at(1);
    let answered = [AGREED, &frame(0x82, None, b"\x00\xff"), start].concat();
    for side in [Side::Relay, Side::Listener, Side::Client] {
        let pieces: [(bool, &[u8]); 6] = [
            (true, &ASKED[..30]),
            (true, &ASKED[30..]),
            (false, &answered),
            (true, &[&first[..], &parts].concat()),
            (false, end),
            (false, &frame(0x88, None, b"\x03\xe8")),
        ];
        let entry = talk(side, &pieces, &Disclosure::Everything).unwrap();
        let x = "x".repeat(300);
        let expected = [
            ("receive", 2, "AP8="),
            ("send", 1, "hello"),
            ("send", 9, "cGluZw=="),
            ("send", 1, "in parts"),
            ("receive", 1, &*x),
            ("receive", 8, "A+g="),
        ];
        assert_eq!(messages(&entry), expected);
        assert_eq!(entry["_webSocketMessages"][1]["time"], 1_700_000_003.0);
        assert_eq!(entry["_resourceType"], "websocket");
        assert_eq!(entry["comment"], Value::Null);
    }
}

#[test]
fn packed_messages_are_unpacked_as_was_agreed() {
    let agreed = b"HTTP/1.1 101 S\r\nSec-WebSocket-Extensions: permessage-deflate; \
        server_no_context_takeover\r\n\r\n";
    // The example of RFC 7692, section 7.2.3.2: the second refers to the first.
    let one = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let other = b"\xf2\x00\x11\x00\x00";
    let (sent, again) = (frame(0xC1, Some([7; 4]), one), frame(0xC1, Some([7; 4]), other));
    let (received, no_reference) = (frame(0xC1, None, one), frame(0xC1, None, one));
    let pieces: [(bool, &[u8]); 6] = [
        (true, ASKED),
        (false, agreed),
        (true, &sent),
        (true, &again),
        (false, &received),
        (false, &no_reference),
    ];
    let entry = talk(Side::Relay, &pieces, &Disclosure::Everything).unwrap();
    let hello = |way| (way, 1, "Hello");
    let expected = [hello("send"), hello("send"), hello("receive"), hello("receive")];
    assert_eq!(messages(&entry), expected);
}

#[test]
fn what_cannot_be_read_is_said_and_secrets_are_masked() {
    let pieces: [(bool, &[u8]); 5] = [
        (true, ASKED),
        (false, AGREED),
        (true, &frame(0xC1, Some([0; 4]), b"\xff\xff\xff")),
        (true, &frame(0x81, Some([0; 4]), b"token hunter2 end")),
        (false, b"no frames at all"),
    ];
    let told = Disclosure::Hiding(Secrets::new(["hunter2"]));
    let entry = talk(Side::Relay, &pieces, &told).unwrap();
    let all = messages(&entry);
    assert_eq!(all[0], ("send", 1, "////"));
    assert_eq!(entry["_webSocketMessages"][0]["_packed"], true);
    assert!(all[1].2.starts_with("token ") && !all[1].2.contains("hunter2"), "{all:?}");
    let comment = entry["comment"].as_str().unwrap();
    for part in ["1 message of its WebSocket could not be unpacked", "the server", "it is no frame"]
    {
        assert!(comment.contains(part), "{comment}");
    }
}

#[test]
fn what_is_no_web_socket_is_kept_nowhere() {
    let plain = b"GET / HTTP/1.1\r\n\r\n";
    let refused = b"HTTP/1.1 403 Forbidden\r\n\r\n";
    for pieces in [
        &[(true, &plain[..]), (false, b"HTTP/1.1 200 OK\r\n\r\n")][..],
        &[(true, ASKED), (false, b"HTTP/1.1 103 Early Hints\r\n\r\n"), (false, refused)],
        &[(true, b"POST / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")],
        &[(false, AGREED)],
    ] {
        assert!(talk(Side::Relay, pieces, &Disclosure::Everything).is_none());
    }
}
