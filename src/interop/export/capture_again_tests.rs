//! A capture that was opened and is written again: what went in comes out.

use bytes::Bytes;

use super::*;
use crate::interop::pcap::{CaptureBatch, CaptureReader, ToldThing};
use crate::model::id::SessionId;
use crate::model::protocol::{Protocol, Side};
use crate::model::secrets::Secrets;

const KEYS: &[u8] = b"CLIENT_RANDOM 00 11\n";
const TLS_KEY_LOG: u32 = 0x544C_534B;

fn read(file: &[u8]) -> CaptureBatch {
    let (mut reader, mut out) = (CaptureReader::new(SessionId(0)), CaptureBatch::default());
    for bytes in file.chunks(100) {
        reader.push(bytes, &mut out, &mut |_| {}).unwrap();
    }
    reader.finish(&mut out).unwrap();
    out
}

/// Writes again what was read.
fn again(batch: &CaptureBatch, told: Disclosure) -> (Vec<u8>, ExportWriter) {
    let mut writer = ExportWriter::new(ExportFormat::Pcapng, told, ExportTimes::At(Offset::UTC));
    let exported = |(id, record): (usize, &Record)| ExportedRecord {
        id: RecordId(id as u64),
        record: record.clone(),
        is_chosen: true,
        delta: None,
        latency: Lapse::NONE,
        comment: None,
        origin: RecordOrigin::default(),
        cells: Vec::new(),
    };
    let piece = ExportPiece {
        conns: batch.conns.clone(),
        records: batch.records.iter().enumerate().map(exported).collect(),
        lost: batch.lost().into_iter().collect(),
        secrets: batch.secrets.clone(),
        ..ExportPiece::default()
    };
    writer.piece(piece, |_| ExportedBodies::default());
    writer.finish();
    (writer.take(0), writer)
}

fn conn(session: u64, protocol: Protocol, local: &str) -> ConnInfo {
    ConnInfo {
        local: local.parse().ok(),
        peer: "127.0.0.1:50000".parse().ok(),
        ..ConnInfo::new(SessionId(session).conn(1), protocol, Side::Listener)
    }
}

/// Two sessions, of which one lost something.
fn live() -> Vec<u8> {
    let mut writer = PcapngWriter::new();
    let conns =
        [conn(1, Protocol::Http, "127.0.0.1:7481"), conn(2, Protocol::Udp, "127.0.0.1:9000")];
    for conn in &conns {
        writer.conn(conn);
    }
    writer.secrets(&CaptureSecrets { kind: TLS_KEY_LOG, data: Bytes::from_static(KEYS) });
    let mut at = 0;
    let mut say = |writer: &mut PcapngWriter, session: u64, data: &'static [u8]| {
        at += 1_000_000;
        let (conn, data) = (SessionId(session).conn(1), Bytes::from_static(data));
        let (way, kind) = (Direction::Received, RecordKind::Data);
        writer.record(
            &Record::new(Stamp(1_700_000_000_000_000_000 + at), conn, way, kind, data),
            &[],
        );
    };
    let lost = |by_app, by_kernel| LossTotals {
        session: SessionId(2),
        by_app,
        by_kernel: Some(by_kernel),
    };
    say(&mut writer, 1, b"GET / HTTP/1.1\r\n\r\n");
    say(&mut writer, 2, b"one");
    writer.lost(lost(3, 2));
    say(&mut writer, 1, b"more");
    say(&mut writer, 2, b"two");
    // Nothing comes behind it that could tell.
    writer.lost(lost(3, 4));
    writer.finish();
    writer.take()
}

fn names(batch: &CaptureBatch) -> Vec<(Option<&str>, Option<&str>)> {
    let interfaces = batch.conns.iter().filter_map(|conn| conn.captured.as_deref());
    interfaces.map(|it| (it.name.as_deref(), it.description.as_deref())).collect()
}

/// Records in their order: words of what was lost, and bytes.
fn rows(batch: &CaptureBatch) -> Vec<(RecordKind, String)> {
    let told = batch.records.iter().filter(|it| it.kind != RecordKind::Accepted);
    told.map(|it| (it.kind, String::from_utf8_lossy(&it.data).into_owned())).collect()
}

fn lost(batch: &CaptureBatch) -> Option<(u64, Option<u64>)> {
    batch.told.iter().rev().find_map(|line| match line.what {
        ToldThing::Lost(lost, _) => Some((lost.by_app, lost.by_kernel)),
        ToldThing::Exchange(_) => None,
    })
}

#[test]
fn interfaces_losses_and_secrets_of_a_capture_that_was_opened_are_written_again() {
    let first = read(&live());
    let expected = [
        (Some("http:7481"), Some("session 1, http listener")),
        (Some("udp:9000"), Some("session 2, udp listener")),
    ];
    assert_eq!(names(&first), expected);
    assert_eq!(first.secrets, [CaptureSecrets { kind: TLS_KEY_LOG, data: KEYS.into() }]);
    let lost_row = (RecordKind::Lost, "lost: 3 by us, 2 by the kernel".to_owned());
    let place = rows(&first).iter().position(|row| *row == lost_row);
    let two = rows(&first).iter().position(|row| row.1 == "two");
    assert_eq!(place.map(|at| at + 1), two, "{:?}", rows(&first));
    assert_eq!(lost(&first), Some((3, Some(4))));

    let (file, writer) = again(&first, Disclosure::Everything);
    let second = read(&file);
    assert_eq!(names(&second), expected);
    assert_eq!(rows(&second), rows(&first));
    assert_eq!((&second.secrets, lost(&second)), (&first.secrets, lost(&first)));
    let (second_file, _) = again(&second, Disclosure::Everything);
    assert_eq!(second_file, file, "the same again");
    assert!(writer.remarks()[0].starts_with("packets of captures are made anew"));
}

#[test]
fn who_sees_no_secrets_gets_nothing_that_they_could_be_read_with_and_is_told() {
    let first = read(&live());
    let (file, writer) = again(&first, Disclosure::Hiding(Secrets::default()));
    assert!(read(&file).secrets.is_empty());
    assert!(memchr::memmem::find(&file, KEYS).is_none());
    let said = writer.remarks().join("; ");
    assert!(said.contains("1 block of secrets of the file left out"), "{said}");
}

/// A block of a file of others.
fn block(kind: u32, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let len = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &len, &body, &len].concat()
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let padding = vec![0; (4 - value.len() % 4) % 4];
    [&code.to_le_bytes()[..], &(value.len() as u16).to_le_bytes(), value, &padding].concat()
}

/// A datagram over IPv4.
fn datagram(port: u16, data: &[u8]) -> Vec<u8> {
    let len = (28 + data.len()) as u16;
    let mut packet = [&[0x45, 0][..], &len.to_be_bytes(), &[0, 0, 0, 0, 64, 17, 0, 0]].concat();
    packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend([&port.to_be_bytes()[..], &53_u16.to_be_bytes()].concat());
    packet.extend([&(len - 20).to_be_bytes()[..], &[0, 0], data].concat());
    packet
}

#[test]
fn what_others_say_was_lost_before_a_packet_stands_there_and_the_rest_comes_last() {
    let packet = |interface: u32, data: &[u8], options: &[u8]| {
        let (bytes, number) = (datagram(4_000 + interface as u16, data), u32::to_le_bytes);
        let len = number(bytes.len() as u32);
        let padding = vec![0; (4 - bytes.len() % 4) % 4];
        let body = [&number(interface)[..], &[0; 8], &len, &len, &bytes, &padding, options];
        block(6, &body)
    };
    let dropped = |count: u64| option(4, &count.to_le_bytes());
    let interface = |name: &[u8]| block(1, &[&[101, 0, 0, 0, 0, 0, 0, 0], &option(2, name)]);
    let statistics = |of: u32, system: u64| {
        block(5, &[&of.to_le_bytes()[..], &[0; 8], &option(7, &system.to_le_bytes())])
    };
    let file = [
        block(0x0A0D_0D0A, &[b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"]),
        interface(b"eth0"),
        interface(b"wlan0"),
        // Keys of another kind than those of TLS.
        block(10, &[&0x5353_484B_u32.to_le_bytes(), &3_u32.to_le_bytes(), b"abc\0"]),
        packet(0, b"one", &[]),
        packet(1, b"two", &dropped(7)),
        packet(0, b"six", &dropped(1)),
        statistics(0, 1),
        statistics(1, 10),
    ]
    .concat();
    let first = read(&file);
    assert_eq!(names(&first), [(Some("eth0"), None), (Some("wlan0"), None)]);
    let words: Vec<_> = rows(&first).into_iter().map(|(_, words)| words).collect();
    assert_eq!(words, ["one", "lost: 7 by the kernel", "two", "lost: 1 by the kernel", "six"]);
    assert_eq!(lost(&first), Some((0, Some(11))));
    let (file, _) = again(&first, Disclosure::Everything);
    let second = read(&file);
    assert_eq!((names(&second), rows(&second)), (names(&first), rows(&first)));
    assert_eq!((lost(&second), &second.secrets), (lost(&first), &first.secrets));
}
