use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::interop::pcapng::PcapngWriter;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, RecordKind};
use crate::model::timing::Stamp;

const SESSION: SessionId = SessionId(7);

fn read(file: &[u8], piece: usize) -> (CaptureBatch, Result<CaptureCounts, CaptureFault>) {
    let (mut reader, mut out) = (CaptureReader::new(SESSION), CaptureBatch::default());
    for bytes in file.chunks(piece) {
        if let Err(fault) = reader.push(bytes, &mut out, &mut |_| {}) {
            return (out, Err(fault));
        }
    }
    let counts = reader.finish(&mut out);
    (out, counts)
}

/// What each way of a connection said.
fn said(batch: &CaptureBatch, index: u32, direction: Direction) -> Vec<u8> {
    let is_said = |record: &&Record| {
        record.kind == RecordKind::Data
            && record.direction == direction
            && record.conn == SESSION.conn(index)
    };
    batch.records.iter().filter(is_said).flat_map(|record| record.data.to_vec()).collect()
}

fn words(batch: &CaptureBatch, kind: RecordKind) -> Vec<String> {
    let told = batch.records.iter().filter(|record| record.kind == kind);
    told.map(|record| String::from_utf8_lossy(&record.data).into_owned()).collect()
}

/// A capture of ours: a listener over IPv4, a client over IPv6, datagrams.
fn ours() -> Vec<u8> {
    let mut writer = PcapngWriter::new();
    let info = |index, protocol, side, local: &str, peer: &str| ConnInfo {
        local: local.parse().ok(),
        peer: peer.parse().ok(),
        ..ConnInfo::new(SessionId(1).conn(index), protocol, side)
    };
    writer.conn(&info(1, Protocol::Tcp, Side::Listener, "127.0.0.1:9000", "127.0.0.1:50000"));
    writer.conn(&info(2, Protocol::Tcp, Side::Client, "[::1]:50000", "[::1]:9000"));
    writer.conn(&info(3, Protocol::Udp, Side::Listener, "127.0.0.1:9000", "127.0.0.1:50000"));
    let mut say = |index, direction, kind, data: &[u8]| {
        let data = Bytes::copy_from_slice(data);
        let at = Stamp(1_700_000_000_000_000_123);
        let record = Record::new(at, SessionId(1).conn(index), direction, kind, data);
        writer.record(&record, &[]);
    };
    let (sent, received, data) = (Direction::Sent, Direction::Received, RecordKind::Data);
    say(1, received, RecordKind::Accepted, b"");
    say(2, Direction::Local, RecordKind::Connected, b"");
    say(1, received, data, &vec![b'a'; 100_000]);
    say(1, sent, data, b"answer");
    say(2, sent, data, b"hello");
    say(3, received, data, b"datagram");
    say(3, sent, data, b"");
    say(1, received, RecordKind::Finished, b"");
    say(1, Direction::Local, RecordKind::Closed, b"");
    say(2, received, RecordKind::Reset, b"");
    writer.finish();
    writer.take()
}

#[test]
fn a_capture_of_ours_reads_as_it_was_written_in_any_pieces() {
    let file = ours();
    for piece in [1, 7, 1000, file.len()] {
        let (batch, counts) = read(&file, piece);
        assert_eq!(counts.map(|counts| counts.others), Ok(0));
        assert!(said(&batch, 1, Direction::Received) == vec![b'a'; 100_000]);
        assert_eq!(said(&batch, 1, Direction::Sent), b"answer");
        assert_eq!(said(&batch, 2, Direction::Sent), b"hello");
        assert_eq!(said(&batch, 3, Direction::Received), b"datagram");
        let sides: Vec<_> = batch.conns.iter().map(|conn| (conn.protocol, conn.side)).collect();
        let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
        assert_eq!(sides, [(tcp, Side::Listener), (tcp, Side::Client), (udp, Side::Listener)]);
        assert_eq!(batch.conns[1].local, "[::1]:50000".parse().ok());
        assert_eq!(words(&batch, RecordKind::Finished).len(), 2);
        assert_eq!(words(&batch, RecordKind::Reset).len(), 1);
        assert!(words(&batch, RecordKind::Note).is_empty());
        assert_eq!(batch.records[0].at, Stamp(1_700_000_000_000_000_123));
    }
}

/// A time beyond the year 2554 was one of 1970.
/// What asks a proxy makes no sense at the address it was said to; packets made of packets tell it, too.
#[test]
fn that_a_client_spoke_to_an_http_relay_is_read_again_and_written_again() {
    let half = |protocol, side| ConnInfo {
        local: "127.0.0.1:8080".parse().ok(),
        peer: "127.0.0.1:50000".parse().ok(),
        ..ConnInfo::new(SESSION.conn(1), protocol, side)
    };
    let again = |info: ConnInfo| {
        let mut writer = PcapngWriter::new();
        writer.conn(&info);
        let (way, kind) = (Direction::Received, RecordKind::Data);
        let ask = Bytes::from_static(b"GET http://h/ HTTP/1.1\r\n\r\n");
        writer.record(&Record::new(Stamp(1), info.id, way, kind, ask), &[]);
        read(&writer.take(), usize::MAX).0.conns.pop().unwrap()
    };
    for (protocol, was, read) in [
        (Protocol::Http, Side::Relay, Side::Relay),
        (Protocol::Http, Side::Listener, Side::Listener),
        // Where one of TCP leads to is told later than that it is there.
        (Protocol::Tcp, Side::Relay, Side::Listener),
    ] {
        let once = again(half(protocol, was));
        assert_eq!((once.side, once.asked.clone()), (read, None), "{protocol:?} {was:?}");
        let twice = again(once);
        assert_eq!((twice.side, twice.asked), (read, None), "{protocol:?} {was:?}");
    }
}

#[test]
fn a_time_that_cannot_be_told_is_the_nearest_one() {
    let mut file = ours();
    let nanoseconds = [9, 0, 1, 0, 9, 0, 0, 0];
    let places: Vec<usize> =
        (0..file.len() - 8).filter(|at| file[*at..*at + 8] == nanoseconds).collect();
    for at in &places {
        // Microseconds: the same numbers are a thousand times as much.
        file[at + 4] = 6;
    }
    assert!(!places.is_empty());
    let (batch, counts) = read(&file, 1000);
    assert_eq!(counts.map(|counts| counts.others), Ok(0));
    assert!(batch.records.iter().all(|record| record.at == Stamp(u64::MAX)));
}

/// A frame of Ethernet with two VLAN tags around a segment over IPv4.
fn tagged(seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x88, 0xA8, 0, 1, 0x81, 0, 0, 2, 8, 0]);
    frame.extend([0x45, 0]);
    frame.extend(((40 + payload.len()) as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend(40_000_u16.to_be_bytes());
    frame.extend(80_u16.to_be_bytes());
    frame.extend(seq.to_be_bytes());
    frame.extend([0, 0, 0, 0, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}

/// A pcap file of big-endian microseconds with frames of Ethernet.
fn classic(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([0, 0, 0, 1]);
    for frame in frames {
        file.extend([0, 0, 0, 5, 0, 0, 0, 7]);
        file.extend((frame.len() as u32).to_be_bytes());
        file.extend((frame.len() as u32).to_be_bytes());
        file.extend(frame);
    }
    file
}

#[test]
fn segments_are_put_in_order_told_once_and_what_is_missing_is_said() {
    let near_the_end = u32::MAX - 2;
    let (syn, ack, fin) = (0x02, 0x10, 0x11);
    let at = |offset: u32| near_the_end.wrapping_add(1 + offset);
    let frames = [
        tagged(near_the_end, syn, b""),
        tagged(at(3), ack, b"def"),
        tagged(at(0), ack, b"abc"),
        tagged(at(0), ack, b"abcdefgh"),
        tagged(at(5), ack, b"f"),
        tagged(at(12), ack, b"mn"),
        tagged(at(14), fin, b""),
        tagged(99, syn, b""),
        tagged(100, ack, b"again"),
    ];
    let (batch, counts) = read(&classic(&frames), 11);
    assert_eq!(counts, Ok(CaptureCounts { frames: 9, ..CaptureCounts::default() }));
    assert_eq!(said(&batch, 1, Direction::Received), b"abcdefghmn");
    assert_eq!(said(&batch, 2, Direction::Received), b"again");
    assert_eq!(words(&batch, RecordKind::Note), ["4 bytes are missing here"]);
    assert_eq!(words(&batch, RecordKind::Finished), ["the peer finished sending"]);
    assert_eq!(batch.records[0].at, Stamp(5_000_007_000));
    assert_eq!(batch.conns[0].local, "10.0.0.2:80".parse().ok(), "who listens");
}

#[test]
fn a_file_that_is_cut_off_or_none_gives_what_came_before_and_the_place() {
    let file = ours();
    let (whole, _) = read(&file, 4096);
    let (batch, cut) = read(&file[..file.len() - 5], 4096);
    assert!(cut.unwrap_err().to_string().contains("the file is cut off"));
    assert_eq!(batch.records.len(), whole.records.len());
    let mut broken = file.clone();
    let at = broken.len() - 1;
    broken[at] ^= 0x55;
    let fault = read(&broken, 4096).1.unwrap_err();
    assert!(fault.cause.contains("lengths at both ends") && fault.at > 1000, "{fault}");
    let text = read(b"GET / HTTP/1.1\r\n", 4096).1.unwrap_err();
    assert_eq!(text.to_string(), "it is neither pcap nor pcapng (at byte 0)");
    for (first, by) in
        [(&b"\x1f\x8b\x08\0 "[..], "gzip"), (b"BZh9 ", "bzip2"), (b"PK\x03\x04", "zip")]
    {
        let packed = read(first, 4096).1.unwrap_err();
        assert_eq!(packed.cause, format!("it is packed by {by}; unpack it first"));
    }
    assert_eq!(read(b"", 1).1, Ok(CaptureCounts::default()));
}

#[test]
fn frames_of_a_link_layer_that_is_not_read_are_counted_apart() {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x7f\0\0\0".to_vec();
    file.extend(b"\0\0\0\0\0\0\0\0\x04\0\0\0\x04\0\0\0abcd");
    let counts = read(&file, 4096).1.unwrap();
    let unread =
        CaptureCounts { frames: 1, unread: 1, unread_link: Some(127), ..CaptureCounts::default() };
    assert_eq!(counts, unread);
}

/// A frame of Ethernet with a part of a datagram over IPv4.
fn part_of_4(id: u16, offset: u16, more: bool, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([8, 0, 0x45, 0]);
    frame.extend(((20 + data.len()) as u16).to_be_bytes());
    frame.extend(id.to_be_bytes());
    frame.extend(((offset / 8) | if more { 0x2000 } else { 0 }).to_be_bytes());
    frame.extend([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend(data);
    frame
}

/// The same over IPv6, behind options for the way, those for the end being in the datagram.
fn part_of_6(id: u32, offset: u16, more: bool, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x86, 0xDD, 0x60, 0, 0, 0]);
    frame.extend(((16 + data.len()) as u16).to_be_bytes());
    frame.extend([0, 64]);
    for end in [1, 2] {
        frame.extend([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, end]);
    }
    frame.extend([44, 0, 1, 4, 0, 0, 0, 0]);
    frame.extend([60, 0]);
    frame.extend((offset | u16::from(more)).to_be_bytes());
    frame.extend(id.to_be_bytes());
    frame.extend(data);
    frame
}

/// A datagram of UDP with a payload of `len` bytes.
fn datagram(len: u16) -> (Vec<u8>, Vec<u8>) {
    let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
    let mut whole = [40_000_u16.to_be_bytes(), 53_u16.to_be_bytes()].concat();
    whole.extend((8 + len).to_be_bytes());
    whole.extend([0, 0]);
    whole.extend(&payload);
    (whole, payload)
}

#[test]
fn datagrams_in_parts_are_put_together_and_what_is_not_whole_is_counted() {
    let (four, payload) = datagram(3_000);
    let (mut six, _) = datagram(3_000);
    six.splice(..0, [17, 0, 1, 4, 0, 0, 0, 0]);
    let frames = [
        part_of_4(7, 1_480, true, &four[1_480..2_960]),
        part_of_6(9, 2_400, false, &six[2_400..]),
        part_of_4(7, 2_960, false, &four[2_960..]),
        part_of_6(9, 0, true, &six[..1_200]),
        part_of_4(8, 0, true, &four[..1_480]),
        part_of_4(7, 0, true, &four[..1_480]),
        part_of_6(9, 1_200, true, &six[1_200..2_400]),
        part_of_6(10, 0, false, &six),
    ];
    let (batch, counts) = read(&classic(&frames), 100);
    let expected = CaptureCounts { frames: 8, unfinished: 1, ..CaptureCounts::default() };
    assert_eq!(counts, Ok(expected));
    let data: Vec<_> = batch.records.iter().map(|it| (it.conn.index, &it.data[..])).collect();
    assert_eq!(data, [(1, &payload[..]), (2, &payload[..]), (2, &payload[..])]);
    assert_eq!(batch.conns[1].local, "[fd00::2]:53".parse().ok());
    assert!(batch.remarks.is_empty());
    let overlapping = [
        part_of_4(7, 0, true, &four[..1_480]),
        part_of_4(7, 1_472, true, &four[..1_488]),
        part_of_4(7, 2_960, false, &four[2_960..]),
    ];
    let (batch, counts) = read(&classic(&overlapping), 100);
    assert_eq!(counts.map(|counts| counts.overlaps), Ok(1));
    let told = batch.remarks[0].comment.as_deref().unwrap();
    assert!(told.contains("overlap and differ"), "{told}");
    assert_eq!(batch.records[0].data[..1_472], payload[..1_472]);
}

#[test]
fn a_retransmission_that_says_other_bytes_is_told_in_its_place_and_counted() {
    let (syn, ack) = (0x02, 0x10);
    let frames = [
        tagged(99, syn, b""),
        tagged(100, ack, b"GET /good"),
        // The same again, more of it, and other bytes of what was told.
        tagged(100, ack, b"GET /good"),
        tagged(105, ack, b"good HTTP"),
        tagged(104, ack, b"/evil"),
        // Of what waits behind bytes that are missing.
        tagged(120, ack, b"behind"),
        tagged(120, ack, b"beHINd it"),
        // Asks whether the other is there, with any byte.
        tagged(113, ack, b"\0"),
        tagged(114, ack, b"/1.1\r\n"),
    ];
    for piece in [1, 5_000] {
        let (batch, counts) = read(&classic(&frames), piece);
        assert_eq!(counts.map(|counts| counts.differing), Ok(2));
        assert_eq!(said(&batch, 1, Direction::Sent), b"");
        assert_eq!(said(&batch, 1, Direction::Received), b"GET /good HTTP/1.1\r\nbehind it");
        let notes = [
            "a retransmission says 4 bytes otherwise; what came first is shown",
            "a retransmission says 3 bytes otherwise; what came first is shown",
        ];
        assert_eq!(words(&batch, RecordKind::Note), notes);
        let place = batch.records.iter().position(|it| it.kind == RecordKind::Note);
        let before = place.and_then(|at| batch.records.get(at - 1)).unwrap();
        assert_eq!(&before.data[..], b" HTTP", "it stands where it came");
    }
}

#[test]
fn a_section_that_counts_anew_is_no_retransmission_and_one_that_goes_on_is() {
    let (syn, ack) = (0x02, 0x10);
    let sections = |sections: &[&[Vec<u8>]]| {
        let mut file = Vec::new();
        for frames in sections {
            file.extend(b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0");
            file.extend(b"\x01\0\0\0\x14\0\0\0\x01\0\0\0\0\0\0\0\x14\0\0\0");
            for frame in *frames {
                let padded = frame.len().div_ceil(4) * 4;
                let len = (32 + padded as u32).to_le_bytes();
                file.extend(6_u32.to_le_bytes());
                file.extend(len);
                file.extend([0; 12]);
                file.extend((frame.len() as u32).to_le_bytes());
                file.extend((frame.len() as u32).to_le_bytes());
                file.extend(frame);
                file.resize(file.len() + padded - frame.len(), 0);
                file.extend(len);
            }
        }
        read(&file, 64).0
    };
    let joined = [tagged(100, ack, b"first"), tagged(105, ack, b"second")];
    let again = [tagged(100, ack, b"third")];
    let batch = sections(&[&joined, &again]);
    let said_by = |batch: &CaptureBatch, conn| said(batch, conn, Direction::Received);
    assert_eq!((said_by(&batch, 1), said_by(&batch, 2)), (b"firstsecond".into(), b"third".into()));
    assert_eq!(words(&batch, RecordKind::Note).len(), 2, "neither has its beginning");
    let batch = sections(&[&joined, &[tagged(111, ack, b"third")]]);
    assert_eq!(said_by(&batch, 1), b"firstsecondthird");
    let begun = [tagged(99, syn, b""), tagged(100, ack, b"one")];
    let batch = sections(&[&begun, &begun]);
    assert_eq!((said_by(&batch, 1), said_by(&batch, 2)), (b"one".into(), b"one".into()));
    let ours = [ours(), ours()].concat();
    let (twice, _) = read(&ours, 4096);
    assert_eq!(twice.conns.iter().filter(|conn| conn.protocol == Protocol::Tcp).count(), 4);
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn no_bytes_are_a_surprise(
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        piece in 1_usize..5000,
    ) {
        let mut file = ours();
        for (at, byte) in noise {
            let len = file.len();
            file[at.index(len)] = byte;
        }
        let (batch, _) = read(&file, piece);
        prop_assert!(batch.records.len() < 1000);
        let mut frames = classic(&[tagged(1, 2, b""), tagged(2, 16, &file[..300])]);
        let middle = frames.len() / 2;
        frames[middle] ^= piece as u8;
        let _ = read(&frames, piece);
    }
}

#[test]
fn what_interfaces_say_was_dropped_is_lost_by_us_in_our_own_files_alone() {
    let mut writer = PcapngWriter::new();
    let id = SessionId(1).conn(1);
    writer.conn(&ConnInfo {
        local: "127.0.0.1:9000".parse().ok(),
        peer: "127.0.0.1:50000".parse().ok(),
        ..ConnInfo::new(id, Protocol::Udp, Side::Listener)
    });
    let (way, kind) = (Direction::Received, RecordKind::Data);
    writer.record(&Record::new(Stamp(7), id, way, kind, Bytes::from_static(b"x")), &[]);
    writer.lost(LossTotals { session: SessionId(1), by_app: 2, by_kernel: Some(3) });
    writer.finish();
    let ours = writer.take();
    let name = memchr::memmem::find(&ours, b"wirebench 0").unwrap();
    let mut others = ours.clone();
    others[name..name + 9].copy_from_slice(b"otherwise");
    for (file, by_app, by_kernel) in [(ours, 2, Some(3)), (others, 0, Some(5))] {
        let lost = LossTotals { session: SESSION, by_app, by_kernel };
        for piece in [1, file.len()] {
            let (batch, counts) = read(&file, piece);
            assert_eq!((counts.unwrap().frames, batch.lost()), (1, Some(lost)), "{piece}");
            assert_eq!(batch.told.len(), 1, "told once");
        }
    }
}
