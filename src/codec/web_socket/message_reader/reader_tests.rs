use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::codec::message_deflate::MessageDeflater;
use crate::codec::web_socket::message_writer::FrameWriter;

/// All that a side says, cut so; what came, and the flaw that ended it.
fn read(
    reader: &mut MessageReader,
    bytes: &[u8],
    cut: usize,
) -> (Vec<CameMessage>, Option<FrameFlaw>) {
    let mut came = Vec::new();
    for piece in bytes.chunks(cut.max(1)) {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(message)) => came.push(message),
                Ok(None) => break,
                Err(flaw) => return (came, Some(flaw)),
            }
        }
    }
    (came, None)
}

/// Cases of the corpus in which we differ, and why.
const DIFFERENT: &[(&str, &str)] = &[(
    "len-63bit",
    "a frame that says it is longer than any message that is taken is refused at its header (1009), not waited for",
)];

/// The payload of a case that names it.
fn generated(name: &str) -> Vec<u8> {
    let (kind, len) = name.split_once('-').unwrap();
    let len: usize = len.parse().unwrap();
    let (opcode, byte) = if kind == "text" { (Opcode::Text, b'*') } else { (Opcode::Binary, 0xFE) };
    FrameWriter::default().frame(opcode, &vec![byte; len], None).to_vec()
}

#[test]
fn all_frames_of_the_corpus_are_read_as_it_says_however_they_are_cut() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/own/websocket-frames.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        assert!(std::env::var_os("CI").is_none(), "{path} is missing");
        return;
    };
    let corpus: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = corpus["cases"].as_array().unwrap();
    assert!(cases.len() >= 49);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let bytes = match case["server_bytes_b64"].as_str() {
            Some(text) => STANDARD.decode(text).unwrap(),
            None => generated(case["generate"].as_str().unwrap()),
        };
        let told = &case["wsproto"];
        for cut in [1, 7, 4096, usize::MAX] {
            if cut < 4096 && bytes.len() > 100_000 {
                continue;
            }
            let (came, flaw) = read(&mut MessageReader::new(false, None), &bytes, cut);
            if let Some((_, why)) = DIFFERENT.iter().find(|(name, _)| *name == id) {
                assert!(flaw.is_some_and(|flaw| flaw.code == close::TOO_BIG), "{id}: {why}");
                continue;
            }
            let code = told["protocol_error"]["close_code"].as_u64();
            assert_eq!(
                flaw.as_ref().map(|flaw| u64::from(flaw.code)),
                code,
                "{id} {cut}: {flaw:?}"
            );
            if let Some(flaw) = flaw {
                assert!(!flaw.why.is_empty() && !flaw.frames.is_empty(), "{id}");
            }
            let events = told["events"].as_array().unwrap();
            if (events.len() as u64) < told["n_events"].as_u64().unwrap() {
                // The corpus lists the first of many fragments.
                assert_eq!(came.len(), 1, "{id} {cut}");
                continue;
            }
            assert_eq!(came_of(&came), expected(events), "{id} {cut}");
        }
    }
}

/// Messages by kind and length; of a close its code.
fn came_of(came: &[CameMessage]) -> Vec<(String, u64)> {
    let told = |message: &CameMessage| match message.opcode {
        Opcode::Close => CloseReason::read(&message.data).unwrap().code.unwrap_or(1005).into(),
        Opcode::Text => String::from_utf8(message.data.to_vec()).unwrap().chars().count() as u64,
        _ => message.data.len() as u64,
    };
    came.iter().map(|message| (message.opcode.word().to_uppercase(), told(message))).collect()
}

/// The events of a case, of which fragments are told one by one, put together.
fn expected(events: &[serde_json::Value]) -> Vec<(String, u64)> {
    let (mut all, mut open) = (Vec::new(), 0);
    for event in events {
        let kind = event[0].as_str().unwrap().to_owned();
        let len = event[1].as_u64().or_else(|| event[1][0].as_u64()).unwrap();
        if matches!(kind.as_str(), "TEXT" | "BINARY") {
            open += len;
            if event[2].as_bool().unwrap() {
                all.push((kind, std::mem::take(&mut open)));
            }
        } else {
            all.push((kind, len));
        }
    }
    all
}

#[test]
fn a_mask_has_to_be_there_or_not_by_side() {
    let mut writer = FrameWriter::default();
    let (masked, bare) = (
        writer.frame(Opcode::Text, b"hi", Some([1, 2, 3, 4])),
        writer.frame(Opcode::Text, b"hi", None),
    );
    let (came, _) = read(&mut MessageReader::new(true, None), &masked, 1);
    assert_eq!((&came[0].data[..], &came[0].frames), (&b"hi"[..], &masked));
    for (reader, bytes, why) in [(true, bare, "has no mask"), (false, masked, "has a mask")] {
        let (_, flaw) = read(&mut MessageReader::new(reader, None), &bytes, 1);
        let flaw = flaw.unwrap();
        assert!(flaw.code == close::PROTOCOL && flaw.why.contains(why), "{flaw:?}");
    }
}

#[test]
fn a_message_that_unpacks_to_more_than_is_taken_is_refused() {
    let bomb = MessageDeflater::new(false).message(&vec![0; MESSAGE + 1]);
    assert!(bomb.len() < MESSAGE / 500);
    let header = FrameHeader::whole(Opcode::Binary, true, None, bomb.len() as u64);
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    bytes.extend(bomb);
    let inflater = Some(MessageInflater::new(false));
    let (_, flaw) = read(&mut MessageReader::new(false, inflater), &bytes, 4096);
    assert_eq!(flaw.unwrap().code, close::TOO_BIG);
}

#[test]
fn what_is_left_half_is_told() {
    let mut reader = MessageReader::new(false, None);
    assert_eq!(reader.half(), None);
    read(&mut reader, b"\x01\x02ab\x00\x05c", 3);
    assert_eq!(reader.half().unwrap(), "a text message whose end did not come: 5 bytes in 1 frame");
    let mut reader = MessageReader::new(false, None);
    read(&mut reader, b"\x81", 1);
    assert_eq!(reader.half().unwrap(), "1 byte of a frame whose end did not come");
}

/// Messages as a peer of ours may send them.
fn messages() -> impl Strategy<Value = Vec<(Opcode, Vec<u8>)>> {
    let text = "[a-zä]{0,200}".prop_map(|text| (Opcode::Text, text.into_bytes()));
    let binary = prop::collection::vec(any::<u8>(), 0..70_000).prop_map(|it| (Opcode::Binary, it));
    let control = prop::collection::vec(any::<u8>(), 0..126);
    let control = (prop::sample::select(vec![Opcode::Ping, Opcode::Pong]), control);
    prop::collection::vec(prop_oneof![4 => text, 1 => binary, 2 => control], 0..6)
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn messages_come_as_they_went_in_any_pieces(
        said in messages(),
        key in any::<Option<[u8; 4]>>(),
        packs in any::<Option<bool>>(),
        cut in 1..5000_usize,
    ) {
        let mut writer = FrameWriter::new(packs.map(MessageDeflater::new));
        let frames: Vec<Bytes> = said.iter().map(|(opcode, it)| writer.frame(*opcode, it, key)).collect();
        let mut reader = MessageReader::new(key.is_some(), packs.map(MessageInflater::new));
        let (came, flaw) = read(&mut reader, &frames.concat(), cut);
        prop_assert_eq!(flaw, None);
        prop_assert_eq!(reader.half(), None);
        prop_assert_eq!(came.len(), said.len());
        for ((came, (opcode, data)), frame) in came.iter().zip(&said).zip(&frames) {
            prop_assert_eq!((came.opcode, &came.data[..], &came.frames), (*opcode, &data[..], frame));
        }
    }

    #[test]
    fn fragments_make_the_message_they_are_of(
        parts in prop::collection::vec("[a-zä]{0,20}", 2..6),
        cut in 1..50_usize,
    ) {
        let mut bytes = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let opcode = if at == 0 { Opcode::Text } else { Opcode::Continuation };
            let whole = FrameHeader::whole(opcode, false, None, part.len() as u64);
            FrameHeader { is_last: at + 1 == parts.len(), ..whole }.write(&mut bytes);
            bytes.extend_from_slice(part.as_bytes());
            if at == 0 {
                bytes.extend_from_slice(b"\x89\x00");
            }
        }
        let (came, _) = read(&mut MessageReader::new(false, None), &bytes, cut);
        prop_assert_eq!(came.len(), 2);
        prop_assert_eq!(came[0].opcode, Opcode::Ping);
        let whole = parts.concat();
        prop_assert_eq!(&came[1].data[..], whole.as_bytes());
        prop_assert_eq!(came[1].frames.len() + 2, bytes.len());
    }

    #[test]
    fn any_bytes_end_or_wait_the_same_in_any_pieces(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        masked: bool,
        packs in any::<Option<bool>>(),
    ) {
        let whole = read(&mut MessageReader::new(masked, packs.map(MessageInflater::new)), &bytes, 300);
        let pieces = read(&mut MessageReader::new(masked, packs.map(MessageInflater::new)), &bytes, 1);
        prop_assert_eq!(whole.0, pieces.0);
        prop_assert_eq!(whole.1.map(|it| (it.code, it.why)), pieces.1.map(|it| (it.code, it.why)));
    }
}
