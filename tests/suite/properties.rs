//! Properties that span modules: what goes in one end of a chain of codecs comes out at the other,
//! however it is cut, and nothing a peer or a user can write makes any of them panic.

use std::io::{Read as _, Write};

use bytes::Bytes;
use proptest::prelude::*;
use wirebench::codec::content_coding::ContentDecoder;
use wirebench::codec::http1::{
    BodyReader, Expected, HeadReader, content_codings, response_framing, write,
};
use wirebench::codec::lines::LineScanner;
use wirebench::codec::printable::{is_visible, printable, printable_str};
use wirebench::codec::{escape, hex, highlight};
use wirebench::compose::template::{Mode, Name, Template, lookup, quote};
use wirebench::compose::{UnknownNames, payload};
use wirebench::model::exchange::MessageFraming;
use wirebench::model::payload::{LineEnding, Payload, PayloadFormat};
use wirebench::model::preset::Scope;
use wirebench::model::view::ViewMode;

/// A response as a server sends it: chunked, gzip, with a trailer.
fn response(data: &[u8], chunk: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("writing to memory");
    let gzip = encoder.finish().expect("writing to memory");
    let headers = [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")];
    let mut wire = write::response_head(200, headers.into_iter());
    for piece in gzip.chunks(chunk) {
        wire.extend(write::chunk(piece));
    }
    wire.extend(write::last_chunk(&[("X-Sum".to_owned(), "1".to_owned())]));
    wire
}

/// The same chain the engine builds.
fn receive<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, bool) {
    let mut head = HeadReader::new(Expected::Response);
    let mut chain: Option<(BodyReader, Vec<String>)> = None;
    let (mut encoded, mut done) = (Vec::new(), false);
    for piece in pieces {
        let mut rest = piece;
        if chain.is_none() {
            let Some((used, parsed)) = head.push(rest).expect("HTTP") else { continue };
            rest = &rest[used..];
            let framing = response_framing(&parsed.head, "GET").framing;
            assert_eq!(framing, MessageFraming::Chunked);
            chain = Some((BodyReader::new(framing), content_codings(&parsed.head)));
        }
        let (body, _) = chain.as_mut().expect("set above");
        let mut keep = |bytes: &[u8]| encoded.push(Bytes::copy_from_slice(bytes));
        done = body.push(rest, &mut keep).expect("valid chunks").done;
    }
    let Some((body, codings)) = chain else { return (Vec::new(), false) };
    let mut data = Vec::new();
    let mut pieces = encoded.into_iter();
    let mut decoder =
        ContentDecoder::pulling(&codings, move || Ok(pieces.next())).expect("a known coding");
    let is_whole = decoder.read_to_end(&mut data).is_ok();
    (data, done && is_whole && body.finish().is_ok() && body.trailers().len() == 1)
}

/// Text with a liking for what means something somewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![r#"[a-z{}!\\x0-9:/?&=#%"' \r\n\t\x00]{0,16}"#, ".{0,12}"]
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn a_body_survives_coding_chunks_and_any_split(
        data: Vec<u8>, chunk in 1usize..50, step in 1usize..70,
    ) {
        let wire = response(&data, chunk);
        prop_assert_eq!(receive(wire.chunks(step)), (data, true));
    }

    #[test]
    fn received_bytes_become_a_payload_that_sends_the_same(data: Vec<u8>) {
        for (text, format) in [
            (escape::escape(&data), PayloadFormat::Text),
            (data.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "), PayloadFormat::Hex),
        ] {
            let line = Payload { text, format };
            let refused = UnknownNames::Refused;
            let sent = payload(&line, LineEnding::None, &Scope::default(), refused);
            prop_assert_eq!(sent.unwrap(), data.clone());
        }
    }

    #[test]
    fn a_value_arrives_as_it_is_whatever_it_holds(value in text(), before in text()) {
        let mut scope = Scope::default();
        scope.variables.insert("v".into(), value.clone());
        let template = Template::parse(&format!("{}{{{{v}}}}", quote(&before)), Mode::Text).unwrap();
        // A brace at the end of the text before would belong to the braces of the name.
        prop_assume!(!before.ends_with('{'));
        let known = |name: &Name| {
            lookup(name, &scope).map(|v| v.as_bytes().to_vec()).ok_or_else(|| name.unknown())
        };
        let expanded = template.expand_with(&known).unwrap();
        prop_assert_eq!(expanded, format!("{before}{value}").into_bytes());
    }

    #[test]
    fn every_line_shown_is_free_of_control_characters(body: Vec<u8>, json in r#"[\[{][",:\[{}\] a1\x1b\\]{0,60}"#) {
        for body in [&body[..], json.as_bytes()] {
            for mode in [ViewMode::Pretty, ViewMode::Text, ViewMode::Hex] {
                for line in LineScanner::new(mode).format(body, 0, 1000) {
                    let dump = hex::dump_line(line.offset, &line.bytes);
                    prop_assert!(dump.chars().all(is_visible));
                    for (range, _) in highlight::json(&line.bytes) {
                        let part = line.bytes.slice(range);
                        let shown = printable(&part);
                        prop_assert_eq!(&printable_str(&shown), &shown);
                    }
                }
            }
        }
    }

    #[test]
    fn whatever_a_peer_sends_is_read_or_refused(bytes: Vec<u8>, step in 1usize..40) {
        for expected in [Expected::Request, Expected::Response] {
            let mut reader = HeadReader::new(expected);
            for piece in bytes.chunks(step) {
                if !matches!(reader.push(piece), Ok(None)) {
                    break;
                }
            }
            let _ = reader.finish();
        }
        for framing in [MessageFraming::None, MessageFraming::Length(9), MessageFraming::Chunked, MessageFraming::UntilClose] {
            let mut body = BodyReader::new(framing);
            let _ = body.push(&bytes, &mut |_| ());
            let _ = (body.finish(), body.warnings());
        }
    }
}
