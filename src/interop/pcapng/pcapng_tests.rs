use bytes::Bytes;

use super::*;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::Direction;

const SESSION: SessionId = SessionId(1);

fn info(index: u32, protocol: Protocol, side: Side) -> ConnInfo {
    ConnInfo {
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("127.0.0.1:50000".parse().unwrap()),
        ..ConnInfo::new(SESSION.conn(index), protocol, side)
    }
}

fn record(index: u32, direction: Direction, kind: RecordKind, data: &[u8]) -> Record {
    let data = Bytes::copy_from_slice(data);
    Record::new(Stamp(1_700_000_000_000_000_001), SESSION.conn(index), direction, kind, data)
}

/// Blocks by type, taken apart from the front; checks the length at both ends of each.
fn blocks(mut file: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let number = |at: &[u8]| u32::from_le_bytes(at[..4].try_into().unwrap());
    let mut blocks = Vec::new();
    while !file.is_empty() {
        let len = number(&file[4..]) as usize;
        assert_eq!(len % 4, 0);
        assert_eq!(number(&file[len - 4..]) as usize, len);
        blocks.push((number(file), file[8..len - 4].to_vec()));
        file = &file[len..];
    }
    blocks
}

/// Captured and original length, and the bytes, of each packet.
fn packets(file: &[u8]) -> Vec<(usize, usize, Vec<u8>)> {
    let packet = |body: Vec<u8>| {
        let number = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().unwrap()) as usize;
        (number(12), number(16), body[20..20 + number(12)].to_vec())
    };
    let of_packets = blocks(file).into_iter().filter(|(kind, _)| *kind == block::PACKET);
    of_packets.map(|(_, body)| packet(body)).collect()
}

/// Flags, sequence and acknowledgement number, and payload of a segment over IPv4.
fn segment(packet: &[u8]) -> (u8, u32, u32, &[u8]) {
    let number = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
    (packet[33], number(24), number(28), &packet[40..])
}

fn told(packet: &(usize, usize, Vec<u8>)) -> (u8, usize) {
    let (flags, _, _, payload) = segment(&packet.2);
    (flags, payload.len())
}

#[test]
fn a_stream_is_opened_acknowledged_and_ended_as_it_was() {
    let mut writer = PcapngWriter::new();
    writer.conn(&info(1, Protocol::Tcp, Side::Listener));
    let (sent, received) = (Direction::Sent, Direction::Received);
    for (direction, kind, data) in [
        (received, RecordKind::Accepted, &b"accepted"[..]),
        (received, RecordKind::Data, b"hello"),
        (sent, RecordKind::Data, b"you too"),
        (received, RecordKind::Finished, b"the peer finished sending"),
        (Direction::Local, RecordKind::Closed, b"closed by us"),
    ] {
        writer.record(&record(1, direction, kind, data), &[]);
    }
    writer.finish();
    let file = writer.take();
    let kinds: Vec<u32> = blocks(&file).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds[..2], [block::SECTION, block::INTERFACE]);
    assert_eq!(kinds.last(), Some(&block::STATISTICS));
    let packets = packets(&file);
    let seen: Vec<_> = packets.iter().map(told).collect();
    let (syn, syn_ack, ack, push, fin) = (0x02, 0x12, 0x10, 0x18, 0x11);
    assert_eq!(
        seen,
        [
            (syn, 0),
            (syn_ack, 0),
            (ack, 0),
            (push, 5),
            (ack, 0),
            (push, 7),
            (ack, 0),
            (fin, 0),
            (ack, 0),
            (fin, 0),
            (ack, 0),
        ]
    );
    // Each side begins where the other says it has come to.
    let mut next = std::collections::HashMap::new();
    for (_, _, packet) in &packets {
        let (flags, seq, ack, payload) = segment(packet);
        let way = (packet[12..16].to_vec(), packet[20..22].to_vec());
        let back = (packet[16..20].to_vec(), packet[22..24].to_vec());
        assert_eq!(*next.get(&way).unwrap_or(&seq), seq, "{packet:?}");
        if flags != syn {
            assert_eq!(next[&back], ack);
        }
        let takes = payload.len() as u32 + u32::from(flags & 3 != 0);
        next.insert(way, seq.wrapping_add(takes));
    }
    assert_eq!(writer.left_out(), LeftOut::default());
}

#[test]
fn what_is_long_is_split_and_what_is_not_kept_is_missing_in_plain_sight() {
    let mut writer = PcapngWriter::new();
    writer.conn(&info(1, Protocol::Tcp, Side::Client));
    let bytes = vec![7; 150_000];
    let mut cut = record(1, Direction::Received, RecordKind::Data, &bytes);
    cut.original_len = 200_000;
    writer.record(&cut, &[]);
    let packets = packets(&writer.take());
    let data: Vec<(usize, usize)> = packets
        .iter()
        .filter(|(_, original, _)| *original > 40)
        .map(|(captured, original, _)| (captured - 40, original - 40))
        .collect();
    assert_eq!(data, [(65_495, 65_495), (65_495, 65_495), (19_010, 65_495), (0, 3_515)]);
    assert_eq!(writer.left_out().bytes, 50_000);
    assert!(writer.left_out().words().unwrap().contains("50,000 bytes not kept"));
}

#[test]
fn secrets_are_hidden_in_as_many_bytes_and_records_without_addresses_are_counted() {
    let mut writer = PcapngWriter::new();
    let unix = ConnInfo { local: None, peer: None, ..info(2, Protocol::Tcp, Side::Client) };
    writer.conn(&info(1, Protocol::Udp, Side::Client));
    writer.conn(&unix);
    let hello = record(1, Direction::Sent, RecordKind::Data, b"a hunter2 b");
    writer.record(&hello, std::slice::from_ref(&(2..9)));
    for _ in 0..3 {
        writer.record(&record(2, Direction::Sent, RecordKind::Data, b"x"), &[]);
    }
    let packets = packets(&writer.take());
    assert_eq!(packets.len(), 1);
    assert!(packets[0].2.ends_with(b"a ******* b"));
    assert_eq!(writer.left_out(), LeftOut { without_address: 3, bytes: 0, hidden: 7 });
}

#[test]
fn a_socket_of_both_families_is_told_in_that_of_its_peer() {
    let mut writer = PcapngWriter::new();
    let any = ConnInfo {
        local: Some("[::]:9000".parse().unwrap()),
        peer: Some("[::ffff:10.0.0.7]:5".parse().unwrap()),
        ..info(1, Protocol::Udp, Side::Listener)
    };
    writer.conn(&any);
    writer.record(&record(1, Direction::Received, RecordKind::Data, b"x"), &[]);
    let packets = packets(&writer.take());
    assert_eq!(packets[0].2[12..20], [10, 0, 0, 7, 0, 0, 0, 0]);
}

#[test]
fn what_is_decrypted_behind_a_connect_is_a_stream_of_its_own() {
    let mut writer = PcapngWriter::new();
    writer.conn(&info(1, Protocol::Http, Side::Relay));
    let (sent, received) = (Direction::Sent, Direction::Received);
    for (direction, kind, data) in [
        (received, RecordKind::Accepted, &b"accepted"[..]),
        (received, RecordKind::Data, b"CONNECT a:443 HTTP/1.1\r\n\r\n"),
        (sent, RecordKind::Data, b"HTTP/1.1 200 OK\r\n\r\n"),
        (Direction::Local, RecordKind::Secured, b"TLS is opened here"),
        (received, RecordKind::Data, b"GET / HTTP/1.1\r\n\r\n"),
        (sent, RecordKind::Data, b"HTTP/1.1 204 No Content\r\n\r\n"),
        (Direction::Local, RecordKind::Closed, b"closed by us"),
    ] {
        writer.record(&record(1, direction, kind, data), &[]);
    }
    let packets = packets(&writer.take());
    let seen: Vec<_> = packets.iter().map(|packet| told(packet).0).collect();
    let (syn, syn_ack, ack, push, fin) = (0x02, 0x12, 0x10, 0x18, 0x11);
    let begin = [syn, syn_ack, ack, push, ack, push, ack, fin, ack];
    let tunnel = [&begin[..], &[fin, ack]].concat();
    assert_eq!(seen, [&tunnel[..], &begin[..]].concat());
    let first = |at: usize| segment(&packets[at].2).1;
    assert_ne!(first(0), first(tunnel.len()));
    assert_eq!(segment(&packets[tunnel.len() + 3].2).1, first(tunnel.len()).wrapping_add(1));
}

#[test]
fn tls_from_the_first_byte_is_one_stream() {
    let mut writer = PcapngWriter::new();
    writer.conn(&info(1, Protocol::Tcp, Side::Client));
    let sent = Direction::Sent;
    for kind in [RecordKind::Connected, RecordKind::Secured, RecordKind::Data] {
        writer.record(&record(1, sent, kind, b"x"), &[]);
    }
    let flags: Vec<_> = packets(&writer.take()).iter().map(|packet| told(packet).0).collect();
    assert_eq!(flags, [0x02, 0x12, 0x10, 0x18, 0x10]);
}

#[test]
fn what_crossed_below_tls_stands_behind_its_keys_in_place_of_what_it_carried() {
    let mut writer = PcapngWriter::with_ciphertext();
    let tls = ConnInfo { tls: true, ..info(1, Protocol::Http, Side::Relay) };
    writer.conn(&tls);
    let (sent, received, local) = (Direction::Sent, Direction::Received, Direction::Local);
    let crossed = |way, kind, data: &[u8]| Ciphertext::Crossed(record(1, way, kind, data));
    writer.record(&record(1, received, RecordKind::Accepted, b"accepted"), &[]);
    writer.record(&record(1, received, RecordKind::Data, b"CONNECT"), &[]);
    writer.ciphertext(&Ciphertext::Keys { conn: tls.id, lines: "A b\n".into() });
    writer.ciphertext(&crossed(received, RecordKind::Data, b"hello"));
    writer.record(&record(1, local, RecordKind::Secured, b"secured"), &[]);
    for kind in [RecordKind::Data, RecordKind::Closed] {
        writer.record(&record(1, sent, kind, b"what it carried"), &[]);
    }
    writer.over(tls.id);
    writer.ciphertext(&crossed(sent, RecordKind::Data, b"bye"));
    writer.ciphertext(&crossed(sent, RecordKind::Closed, b""));
    writer.finish();
    let file = writer.take();
    let (ack, push, fin) = (0x10, 0x18, 0x11);
    let seen: Vec<_> = packets(&file).iter().skip(3).map(told).collect();
    assert_eq!(
        seen,
        [(push, 7), (ack, 0), (push, 5), (ack, 0), (push, 3), (ack, 0), (fin, 0), (ack, 0)]
    );
    let kinds: Vec<u32> = blocks(&file).into_iter().map(|(kind, _)| kind).collect();
    let keys = kinds.iter().position(|kind| *kind == block::SECRETS).unwrap();
    assert_eq!(keys, 2 + 5, "behind what was plain, before what needs them");
    assert_eq!(blocks(&file)[keys].1, [&b"KSLT\x04\0\0\0"[..], b"A b\n"].concat());
    let all = packets(&file);
    let last = segment(&all[all.len() - 2].2).1;
    let first = segment(&all[0].2).1;
    let ours = segment(&all[1].2).1;
    assert_eq!((last.wrapping_sub(ours), segment(&all[5].2).1.wrapping_sub(first)), (4, 8));
}
