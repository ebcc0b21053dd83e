//! The same datagram behind every link layer that is read, in every form of a pcap file.

use super::*;
use crate::model::record::Direction;

/// A datagram over IPv4.
fn over_4(payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(((28 + payload.len()) as u16).to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(datagram(payload));
    packet
}

/// A datagram over IPv6.
fn over_6(payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(((8 + payload.len()) as u16).to_be_bytes());
    packet.extend([17, 64]);
    packet.extend([[0; 15], [0; 15]].into_iter().flat_map(|ip| [&ip[..], &[1]].concat()));
    packet.extend(datagram(payload));
    packet
}

fn datagram(payload: &[u8]) -> Vec<u8> {
    let len = 8 + payload.len() as u16;
    let head = [40_000_u16, 53, len, 0].map(u16::to_be_bytes).concat();
    [&head[..], payload].concat()
}

/// A file of this byte order and of this unit of times, with one frame of which `cut` bytes are missing.
fn file(is_big: bool, unit: u64, link: u32, frame: &[u8], cut: usize) -> Vec<u8> {
    let four = |number: u32| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let two = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let magic = if unit == 1 { 0xA1B2_3C4D } else { 0xA1B2_C3D4 };
    let kept = frame.len() - cut;
    [
        &four(magic)[..],
        &two(2),
        &two(4),
        &[0; 8],
        &four(65_535),
        &four(link),
        &four(1_700_000_000),
        &four(7),
        &four(kept as u32),
        &four(frame.len() as u32),
        &frame[..kept],
    ]
    .concat()
}

fn read(file: &[u8]) -> (CaptureBatch, CaptureCounts) {
    let (mut reader, mut out) = (CaptureReader::new(SessionId(7)), CaptureBatch::default());
    reader.push(file, &mut out, &mut |_| {}).unwrap();
    let counts = reader.finish(&mut out).unwrap();
    (out, counts)
}

#[test]
fn a_datagram_is_found_behind_every_link_layer_in_every_form_of_a_file() {
    let behind = |head: &[u8], packet: &[u8]| [head, packet].concat();
    let (four, six) = (over_4(b"hello"), over_6(b"hello"));
    let cooked: &[u8] = &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0];
    let cooked_2 = |kind: [u8; 2]| [&kind[..], &[0; 18]].concat();
    let mut tagged = [&[0; 12][..], &[0x81, 0, 0, 5, 8, 0]].concat();
    tagged.extend(&four);
    let frames: Vec<(&str, u32, Vec<u8>)> = vec![
        ("raw, 4", 101, four.clone()),
        ("raw, 6", 101, six.clone()),
        ("IPv4 alone", 228, four.clone()),
        ("IPv6 alone", 229, six.clone()),
        ("raw of BSD", 12, four.clone()),
        ("Ethernet", 1, behind(&[&[0; 12][..], &[8, 0]].concat(), &four)),
        ("Ethernet, 6", 1, behind(&[&[0; 12][..], &[0x86, 0xDD]].concat(), &six)),
        ("VLAN", 1, tagged),
        ("a length of a checksum", 0x4400_0001, behind(&[&[0; 12][..], &[8, 0]].concat(), &four)),
        ("cooked", 113, behind(&behind(cooked, &[8, 0]), &four)),
        ("cooked, 6", 113, behind(&behind(cooked, &[0x86, 0xDD]), &six)),
        ("cooked, VLAN", 113, behind(&behind(cooked, &[0x81, 0, 0, 5, 8, 0]), &four)),
        ("cooked 2", 276, behind(&cooked_2([8, 0]), &four)),
        ("cooked 2, 6", 276, behind(&cooked_2([0x86, 0xDD]), &six)),
        ("cooked 2, VLAN", 276, behind(&behind(&cooked_2([0x81, 0]), &[0, 5, 8, 0]), &four)),
        ("loopback", 0, behind(&[2, 0, 0, 0], &four)),
        ("loopback of OpenBSD", 108, behind(&[0, 0, 0, 2], &four)),
    ];
    for (name, link, frame) in &frames {
        for (is_big, unit) in [(false, 1000), (true, 1000), (false, 1), (true, 1)] {
            let (batch, counts) = read(&file(is_big, unit, *link, frame, 0));
            assert_eq!((counts.frames, counts.others, counts.unread), (1, 0, 0), "{name}");
            let [record] = &batch.records[..] else { panic!("{name}: {:?}", batch.records) };
            assert_eq!(&record.data[..], b"hello", "{name}");
            assert_eq!(record.at, Stamp(1_700_000_000_000_000_000 + 7 * unit), "{name}");
            // Of what a short snapshot cut off the length is told.
            let (batch, _) = read(&file(is_big, unit, *link, frame, 2));
            let [record] = &batch.records[..] else { panic!("{name}: {:?}", batch.records) };
            assert_eq!((&record.data[..], record.original_len), (&b"hel"[..], 5), "{name}");
            assert_ne!(record.direction, Direction::Local);
        }
    }
}
