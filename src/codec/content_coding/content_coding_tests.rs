//! Tests of all codings together.

use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

const TEXT: &[u8] = b"wirebench wirebench wirebench, both ends of the wire";

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn raw(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(data, 3).unwrap()
}

/// A valid br stream of uncompressed metablocks (RFC 7932, section 9.2), window 64 KiB.
fn br(data: &[u8]) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![false]; // WBITS = 16
    let number = |bits: &mut Vec<bool>, value: usize, width: usize| {
        bits.extend((0..width).map(|bit| value >> bit & 1 == 1));
    };
    let mut out = Vec::new();
    for block in data.chunks(1 << 16) {
        number(&mut bits, 0, 1); // ISLAST
        number(&mut bits, 0, 2); // MNIBBLES = 4
        number(&mut bits, block.len() - 1, 16); // MLEN - 1
        number(&mut bits, 1, 1); // ISUNCOMPRESSED
        out.extend(pack(&std::mem::take(&mut bits)));
        out.extend_from_slice(block);
    }
    number(&mut bits, 3, 2); // ISLAST, ISLASTEMPTY
    out.extend(pack(&bits));
    out
}

fn pack(bits: &[bool]) -> Vec<u8> {
    let byte = |eight: &[bool]| {
        eight.iter().enumerate().fold(0, |sum, (place, bit)| sum | u8::from(*bit) << place)
    };
    bits.chunks(8).map(byte).collect()
}

fn names(codings: &[&str]) -> Vec<String> {
    codings.iter().map(|name| (*name).to_owned()).collect()
}

fn decode(codings: &[&str], pieces: &[&[u8]]) -> (Vec<u8>, Result<(), DecodeError>) {
    let mut decoder = decoder(codings, pieces);
    let mut data = Vec::new();
    let end = read_all(&mut decoder, &mut data);
    (data, end)
}

fn decoder(codings: &[&str], pieces: &[&[u8]]) -> ContentDecoder {
    let pieces: Vec<Bytes> = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
    let mut pieces = pieces.into_iter();
    ContentDecoder::pulling(&names(codings), move || Ok(pieces.next())).unwrap()
}

/// Reads to the end, which is said again when asked again.
fn read_all(decoder: &mut ContentDecoder, data: &mut Vec<u8>) -> Result<(), DecodeError> {
    let end = match decoder.read_to_end(data) {
        Ok(_) => Ok(()),
        Err(error) => {
            let cut_off = error.kind() == std::io::ErrorKind::UnexpectedEof;
            let error = error.into_inner().unwrap().downcast::<DecodeError>().unwrap();
            assert_eq!(cut_off, error.message == "the data is cut off");
            Err(*error)
        }
    };
    assert_eq!(decoder.read(&mut [0; 8]).unwrap(), 0);
    end
}

fn encodings(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("gzip", gzip(data)),
        ("deflate", zlib(data)),
        ("deflate", raw(data)),
        ("br", br(data)),
        ("zstd", zstd(data)),
    ]
}

#[test]
fn every_coding_decodes() {
    for data in [TEXT, b"", b"x", &vec![7; 200_000][..]] {
        for (name, encoded) in encodings(data) {
            assert_eq!(decode(&[name], &[&encoded]), (data.to_vec(), Ok(())), "{name}");
        }
    }
    assert_eq!(decode(&[], &[TEXT]), (TEXT.to_vec(), Ok(())));
    assert_eq!(decode(&["identity"], &[TEXT]), (TEXT.to_vec(), Ok(())));
}

const RECORDS: &[u8] = include_bytes!("../../../tests/data/codings/records.json");
/// The same at the highest quality, with the dictionary and everything else an encoder uses.
const RECORDS_BR: &[u8] = include_bytes!("../../../tests/data/codings/records.json.br");
const ZEROS_BR: &[u8] = include_bytes!("../../../tests/data/codings/zeros-16m.br");

#[test]
fn brotli_of_another_encoder_decodes() {
    assert_eq!(decode(&["br"], &[RECORDS_BR]), (RECORDS.to_vec(), Ok(())));
    let bytes: Vec<&[u8]> = RECORDS_BR.chunks(1).collect();
    assert_eq!(decode(&["br"], &bytes), (RECORDS.to_vec(), Ok(())));
    for length in 1..RECORDS_BR.len() {
        assert!(decode(&["br"], &[&RECORDS_BR[..length]]).1.is_err(), "{length}");
    }
}

#[test]
fn many_tiny_members_are_decoded_in_time() {
    let encoded = gzip(b"").repeat(100_000);
    assert_eq!(decode(&["gzip"], &[&encoded]), (Vec::new(), Ok(())));
}

#[test]
fn codings_on_top_of_each_other_decode_from_the_outside_in() {
    let encoded = br(&gzip(&zstd(TEXT)));
    assert_eq!(decode(&["br", "gzip", "zstd"], &[&encoded]), (TEXT.to_vec(), Ok(())));
}

#[test]
fn several_members_and_frames_are_one_body() {
    let twice = [TEXT, TEXT].concat();
    for make in [gzip, zstd] {
        let encoded = [make(TEXT), make(TEXT)].concat();
        let name = if encoded[0] == 0x1f { "gzip" } else { "zstd" };
        assert_eq!(decode(&[name], &[&encoded]), (twice.clone(), Ok(())));
    }
}

#[test]
fn gzip_headers_with_every_option_are_read() {
    let mut builder = flate2::GzBuilder::new().filename("n").comment("c").extra(vec![1, 2, 3]);
    builder = builder.mtime(1);
    let mut writer = builder.write(Vec::new(), flate2::Compression::fast());
    writer.write_all(TEXT).unwrap();
    let mut encoded = writer.finish().unwrap();
    assert_eq!(decode(&["gzip"], &[&encoded]), (TEXT.to_vec(), Ok(())));
    // The same with a header checksum: flag it and put two bytes where it belongs.
    let header = 10 + 2 + 3 + 2 + 2;
    encoded[3] |= 2;
    let mut checksum = flate2::Crc::new();
    checksum.update(&encoded[..header]);
    encoded.splice(header..header, (checksum.sum() as u16).to_le_bytes());
    assert_eq!(decode(&["gzip"], &[&encoded]), (TEXT.to_vec(), Ok(())));
    encoded[header] ^= 1;
    assert!(decode(&["gzip"], &[&encoded]).1.unwrap_err().message.contains("checksum"));
}

#[test]
fn cut_data_keeps_its_beginning_and_is_reported() {
    for (name, encoded) in encodings(TEXT) {
        for length in 1..encoded.len() {
            let (data, result) = decode(&[name], &[&encoded[..length]]);
            assert!(TEXT.starts_with(&data), "{name}");
            // What could be text, and has no signature, is taken for that.
            let is_text = !is_signed(name) && encoded[..length].iter().copied().all(is_of_text);
            let other = format!("the data is not {name}");
            let message = if is_text { &*other } else { "the data is cut off" };
            assert_eq!(result.unwrap_err().message, message, "{name} {length}");
        }
        assert_eq!(decode(&[name], &[b""]), (Vec::new(), Ok(())));
    }
}

#[test]
fn data_that_is_something_else_is_an_error() {
    for name in ["gzip", "deflate", "br", "zstd"] {
        let (_, result) = decode(&[name], &[b"<html>this is not compressed at all</html>"]);
        let message = result.unwrap_err().message;
        assert_eq!(message, format!("the data is not {name}"));
    }
    // However short it is.
    for (name, body) in [("gzip", "h"), ("zstd", "{}"), ("br", "hi"), ("deflate", "[1]")] {
        let error = decode(&[name], &[body.as_bytes()]).1.unwrap_err();
        assert_eq!((error.message, error.is_foreign), (format!("the data is not {name}"), true));
    }
}

#[test]
fn the_layer_that_is_not_what_it_says_is_named() {
    let (z, g) = (zlib(TEXT), gzip(TEXT));
    for (codings, body, said) in [
        (["br", "gzip"], g.clone(), "br: the data is not br; it begins as gzip does"),
        (
            ["deflate", "zstd"],
            zstd(TEXT),
            "deflate: the data is not deflate; it begins as zstd does",
        ),
        (["br", "gzip"], br(TEXT), "gzip: the data is not gzip"),
        (["br", "gzip"], br(b"hi"), "gzip: the data is not gzip"),
        (["br", "gzip"], TEXT.to_vec(), "br: the data is not br"),
        (["br", "gzip"], b"hi".to_vec(), "br: the data is not br"),
        (["deflate", "gzip"], TEXT.to_vec(), "deflate: the data is not deflate"),
        (["deflate", "br"], z.clone(), "br: the data is not br"),
        (["gzip", "br"], gzip(b"hi there"), "br: the data is not br"),
        (["gzip", "br"], br(TEXT), "gzip: the data is not gzip"),
        (["gzip", "gzip"], g.clone(), "gzip: the data is not gzip"),
        (["zstd", "deflate"], zstd(&g), "deflate: the data is not deflate; it begins as gzip does"),
        (["gzip", "zstd"], gzip(&z), "zstd: the data is not zstd; it begins as deflate does"),
    ] {
        let (_, result) = decode(&codings, &[&body]);
        let error = result.unwrap_err();
        assert_eq!((&*error.to_string(), error.is_foreign), (said, true), "{codings:?}");
    }
}

#[test]
fn of_two_layers_the_one_that_is_cut_off_is_named() {
    for (outer, _) in encodings(b"") {
        for (inner, packed) in encodings(TEXT) {
            let around = |data: &[u8]| -> Vec<u8> {
                encodings(data).into_iter().find(|(name, _)| *name == outer).unwrap().1
            };
            let error = decode(&[outer, inner], &[&around(&packed[..packed.len() - 1])]).1;
            assert_eq!(error.unwrap_err().to_string(), format!("{inner}: the data is cut off"));
            let whole = around(&packed);
            let error = decode(&[outer, inner], &[&whole[..whole.len() - 1]]).1;
            assert_eq!(error.unwrap_err().to_string(), format!("{outer}: the data is cut off"));
        }
    }
}

#[test]
fn a_wrong_checksum_is_an_error_after_the_data() {
    let mut encoded = gzip(TEXT);
    let end = encoded.len() - 5;
    encoded[end] ^= 1;
    let (data, result) = decode(&["gzip"], &[&encoded]);
    assert_eq!(data, TEXT);
    assert!(result.unwrap_err().message.contains("checksum"));
}

#[test]
fn bytes_after_the_end_are_ignored_and_named() {
    for (name, mut encoded) in encodings(TEXT) {
        encoded.extend_from_slice(b"\0\0\0 some padding");
        let mut decoder = decoder(&[name], &[&encoded]);
        let mut data = Vec::new();
        let end = read_all(&mut decoder, &mut data);
        assert_eq!((data.as_slice(), end), (TEXT, Ok(())), "{name}");
        assert_eq!(decoder.warnings(), [format!("{name}: bytes after its end are ignored")]);
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_receiver_takes() {
    let zeros = vec![0; 8 << 20];
    for (name, encoded) in [
        ("gzip", gzip(&zeros)),
        ("zstd", zstd(&zeros)),
        ("deflate", zlib(&zeros)),
        ("br", ZEROS_BR.to_vec()),
    ] {
        let unread = Arc::new(AtomicUsize::new(encoded.len()));
        let left = Arc::clone(&unread);
        let pieces = encoded.chunks(16).map(Bytes::copy_from_slice).collect::<Vec<_>>();
        let mut pieces = pieces.into_iter().inspect(move |piece| {
            left.fetch_sub(piece.len(), Ordering::Relaxed);
        });
        let mut decoder =
            ContentDecoder::pulling(&names(&[name]), move || Ok(pieces.next())).unwrap();
        decoder.read_exact(&mut vec![1; 1 << 20]).unwrap();
        assert!(unread.load(Ordering::Relaxed) > encoded.len() / 4, "{name}");
    }
}

#[test]
fn a_zstd_window_larger_than_allowed_is_refused() {
    // Magic, a frame header with a window descriptor of 2^27, an empty last block.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x01, 0x00, 0x00];
    let error = decode(&["zstd"], &[&frame]).1.unwrap_err();
    assert!(error.message.contains("8 MiB"), "{error}");
}

/// A server that flushes after each event: nothing of one waits for the next.
#[test]
fn what_has_arrived_is_handed_out_before_more_is_asked_for() {
    type Flush = fn(&[&[u8]]) -> Vec<Vec<u8>>;
    let deflated: Flush = |events| {
        let fast = flate2::Compression::fast();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), fast);
        let flushed = events.iter().map(|event| {
            encoder.write_all(event).unwrap();
            encoder.flush().unwrap();
            std::mem::take(encoder.get_mut())
        });
        flushed.collect()
    };
    let zstd: Flush = |events| {
        let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        let flushed = events.iter().map(|event| {
            encoder.write_all(event).unwrap();
            encoder.flush().unwrap();
            std::mem::take(encoder.get_mut())
        });
        flushed.collect()
    };
    for size in [1, 100, 20_000, PIECE, 40_000, 50_000, 300_000] {
        let event = vec![b'e'; size];
        for (name, flush) in [("gzip", deflated), ("zstd", zstd)] {
            let pieces = flush(&[&event[..]; 4]);
            let asked = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&asked);
            let mut pieces = pieces.into_iter().map(Bytes::from).inspect(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            let mut decoder =
                ContentDecoder::pulling(&names(&[name]), move || Ok(pieces.next())).unwrap();
            let mut buffer = vec![0; PIECE];
            let mut total = 0;
            while total < 4 * size {
                total += decoder.read(&mut buffer).unwrap();
                let arrived = asked.load(Ordering::Relaxed) * size;
                assert!(arrived < total + size, "{name} {size}: {total} of {arrived}");
            }
        }
    }
}

#[test]
fn a_piece_that_is_not_there_yet_loses_nothing() {
    let data: Vec<u8> = (0..70_000_u32).map(|n| (n.wrapping_mul(n) % 253) as u8).collect();
    let chained = |inner: &str, outer: &str, encoded: &[u8]| {
        let outer_of = encodings(encoded).into_iter().find(|(name, _)| *name == outer).unwrap();
        (vec![outer.to_owned(), inner.to_owned()], outer_of.1)
    };
    let alone = |(name, encoded): (&str, Vec<u8>)| (vec![name.to_owned()], encoded);
    let mut all: Vec<_> = encodings(&data).into_iter().map(alone).collect();
    all.extend(encodings(b"").into_iter().map(alone));
    for (name, encoded) in encodings(&data) {
        all.push(chained(name, "gzip", &encoded));
        all.push(chained(name, "deflate", &encoded));
    }
    for (codings, encoded) in all {
        let mut left: std::collections::VecDeque<u8> = encoded.into();
        let mut is_there = false;
        // Every byte comes alone, and not at once.
        let mut decoder = ContentDecoder::pulling(&codings, move || {
            is_there = !is_there;
            if is_there {
                Err(ErrorKind::WouldBlock.into())
            } else {
                Ok(left.pop_front().map(|b| vec![b].into()))
            }
        })
        .unwrap();
        let (mut read, mut buffer) = (Vec::new(), vec![0; PIECE]);
        loop {
            match decoder.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => read.extend_from_slice(&buffer[..count]),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{codings:?}: {error}");
                }
            }
        }
        let expected = if read.is_empty() { &[][..] } else { &data[..] };
        assert!(read == expected, "{codings:?}: {}", read.len());
    }
}

fn refusal(codings: &[&str]) -> Option<String> {
    ContentDecoder::pulling(&names(codings), || Ok(None)).err().map(|error| error.coding)
}

#[test]
fn unknown_and_endless_chains_are_refused() {
    assert_eq!(refusal(&["compress"]), Some("compress".into()));
    assert!(refusal(&["gzip"; 6]).is_some());
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_split_gives_the_same_bytes(data: Vec<u8>, step in 1usize..40) {
        for (name, encoded) in encodings(&data) {
            let pieces: Vec<&[u8]> = encoded.chunks(step).collect();
            prop_assert_eq!(decode(&[name], &pieces), (data.clone(), Ok(())));
        }
    }

    #[test]
    fn broken_data_never_panics(data: Vec<u8>, at: usize, byte: u8, step in 1usize..40) {
        for (name, mut encoded) in encodings(&data) {
            let at = at % encoded.len();
            encoded[at] ^= byte;
            let _ = decode(&[name], &encoded.chunks(step).collect::<Vec<_>>());
            let _ = decode(&[name], &[&data]);
        }
        let mut encoded = RECORDS_BR.to_vec();
        let at = at % encoded.len();
        encoded[at] ^= byte;
        let _ = decode(&["br"], &encoded.chunks(step).collect::<Vec<_>>());
    }
}
