//! Messages of DNS, made by a program of its own.

use proptest::prelude::*;

use super::*;

const ALL: &str = "\
    000984000001000800000000017404746573740000ff0001c00c001c00010000003c001020010db8000000000000\
    000000000001c00c000f00010000003c0009000a046d61696cc00cc00c001000010000003c000c0b763d73706631\
    202d616c6cc00c002100010000003c0010000100021f9003737276047465737400c00c010100010000003c001600\
    0569737375656c657473656e63727970742e6f7267c00c004100010000003c001500010000010006026832026833\
    00040004c0000201c00c000c00010000003c000a03707472047465737400c00cff0000010000003c0002dead";
const REFUSED: &str = "\
    000785830001000000010000026e6f076578616d706c6500001c0001c00f000600010000003c002e026e73076578\
    616d706c650004726f6f74076578616d706c650078a3f17500000e1000000258000151800000003c";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |it: &[u8]| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

#[test]
fn the_usual_types_say_what_they_are() {
    let message = DnsMessage::read(&bytes(ALL)).unwrap();
    assert_eq!(message.flaw, None);
    let told = message.records.iter().map(|record| {
        let values: Vec<_> = record.fields.iter().map(|it| it.value.as_str()).collect();
        format!("{} {}", type_name(record.kind), values.join(" "))
    });
    let expected = [
        "AAAA 2001:db8::1",
        "MX 10 mail.t.test",
        "TXT v=spf1 -all",
        "SRV 1 2 8080 srv.test",
        "CAA 0 issue letsencrypt.org",
        "HTTPS 1 . h2, h3 192.0.2.1",
        "PTR ptr.test",
        "TYPE65280 de ad",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn a_name_that_is_not_there_is_told_with_its_authority() {
    let message = DnsMessage::read(&bytes(REFUSED)).unwrap();
    assert!(message.is_response() && message.is_sure(bytes(REFUSED).len()));
    assert_eq!(response_name(message.response_code()), "NXDOMAIN");
    let soa = &message.records[0];
    assert_eq!((soa.list, soa.name.as_str(), soa.fields.len()), (1, "example", 7));
    assert_eq!(soa.fields[2].value, "2024010101");
}

#[test]
fn names_are_written_as_zones_have_them_and_circles_end() {
    let name = |bytes: &[u8]| name_at(bytes, 0).map(|(name, _)| name);
    assert_eq!(name(b"\x03a.b\x01\xff\0").unwrap(), r"a\.b.\255");
    assert_eq!(name(b"\0").unwrap(), ".");
    assert_eq!(name_at(b"\x01a\0\x01b\xc0\0", 3).unwrap(), ("b.a".to_owned(), 7));
    for broken in [&b"\xc0\0"[..], b"\x01a\xc0\0", b"\x05ab", b"\xc0", b"\xc0\x09", b"\x80", b""] {
        assert!(name(broken).is_err(), "{broken:?}");
    }
    let long = [&[63; 64][..], &[63; 64], &[63; 64], &[63; 64], &[0]].concat();
    assert!(name(&long).is_err(), "longer than a name may be");
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        counts in prop::collection::vec(0u8..4, 4),
    ) {
        let mut bytes = bytes;
        for (at, count) in counts.iter().enumerate() {
            if let Some(it) = bytes.get_mut(4 + 2 * at..6 + 2 * at) {
                it.copy_from_slice(&[0, *count]);
            }
        }
        if let Some(message) = DnsMessage::read(&bytes) {
            prop_assert!(message.end <= bytes.len());
            for field in message.records.iter().flat_map(|record| &record.fields) {
                prop_assert!(field.at.start <= field.at.end && field.at.end <= bytes.len());
            }
        }
    }
}
