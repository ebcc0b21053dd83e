//! Events by the rules of the WHATWG, in any pieces.

use proptest::prelude::*;

use super::*;

fn read(pieces: &[&[u8]]) -> Vec<StreamEvent> {
    let mut reader = EventStreamReader::default();
    let mut found: Vec<_> =
        pieces.iter().flat_map(|piece| reader.push(piece, Stamp::default())).collect();
    found.extend(reader.finish(Stamp::default()));
    found
}

fn data(text: &str) -> Vec<Option<String>> {
    read(&[text.as_bytes()]).into_iter().map(|event| event.data).collect()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn the_examples_of_the_standard_are_read() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), some(&["YHOO\n+2\n10"]));
    let text =
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event";
    let events = read(&[text.as_bytes()]);
    assert_eq!(events[0].comments, ["test stream"]);
    assert_eq!(events[0].data, None);
    assert_eq!(
        (events[1].data.as_deref(), events[1].id.as_deref()),
        (Some("first event"), Some("1"))
    );
    assert_eq!(
        (events[2].data.as_deref(), events[2].id.as_deref()),
        (Some("second event"), Some(""))
    );
    // It lacks its empty line, so browsers drop it.
    assert_eq!((events[3].data.as_deref(), events[3].is_whole), (Some(" third event"), false));
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), some(&["", "\n", ""]));
    assert_eq!(data("data:test\n\ndata: test\n\n"), some(&["test", "test"]));
}

#[test]
fn lines_end_as_they_like_and_a_byte_order_mark_is_none_of_them() {
    for text in [
        "data: a\n\ndata: b\n\n",
        "data: a\r\n\r\ndata: b\r\n\r\n",
        "data: a\r\rdata: b\r\r",
        "\u{feff}data: a\r\n\ndata: b\n\r\n",
    ] {
        assert_eq!(data(text), some(&["a", "b"]), "{text:?}");
    }
    assert_eq!(data("\u{feff}\u{feff}data: a\n\n"), [None], "only one mark");
}

#[test]
fn id_retry_and_what_means_nothing() {
    let mut reader = EventStreamReader::default();
    let text =
        b"id: 7\nretry: 2500\nevent: add\ndata: x\n\nid: a\0b\nretry: 1s\nfoo: bar\n\nretry:\n\n";
    let events = reader.push(text, Stamp(5));
    assert_eq!((reader.last_id(), reader.retry()), ("7", Some(2500)));
    let StreamEvent { at, id, retry, is_whole, .. } = &events[0];
    assert_eq!((*at, id.as_deref(), *retry, *is_whole), (Stamp(5), Some("7"), Some(2500), true));
    assert_eq!(events[0].kind(), "add");
    assert_eq!(
        events[1].remarks,
        [
            "an id that holds a NUL is passed over",
            "retry '1s' is no number",
            "'foo' is no field of an event"
        ]
    );
    assert_eq!(events[1].kind(), "message");
    assert_eq!(events[2].remarks, ["retry '' is no number"]);
}

#[test]
fn what_is_too_long_is_cut_and_told() {
    let long = format!("data: {}\n\n", "x".repeat(LINE + 10));
    let events = read(&[long.as_bytes()]);
    assert_eq!(events[0].data.as_ref().unwrap().len(), LINE - "data: ".len());
    assert_eq!(events[0].remarks, ["a line of more than 1 MiB is cut"]);
    let many = format!("{}\n", format!("data: {}\n", "x".repeat(LINE / 2)).repeat(10));
    let events = read(&[many.as_bytes()]);
    assert!(events[0].data.as_ref().unwrap().len() <= EVENT);
    assert_eq!(events[0].remarks, ["data of more than 4 MiB is cut"]);
    let never = read(&[b": ping\n".repeat(2000).as_slice()]);
    assert_eq!(never[0].comments.len(), 1000);
}

#[test]
fn messages_of_models_are_put_together() {
    let assembled = |events: &[&str]| {
        let mut whole = StreamMessage::default();
        for (at, data) in events.iter().enumerate() {
            let at = Stamp(at as u64 * 500_000_000);
            let data = Some((*data).to_owned());
            whole.take(&StreamEvent { at, data, ..StreamEvent::default() });
        }
        whole
    };
    let whole = assembled(&[
        r#"{"model":"m-1","choices":[{"delta":{"role":"assistant","content":""}}]}"#,
        r#"{"choices":[{"delta":{"content":"Hel"}}]}"#,
        r#"{"choices":[{"delta":{"content":"lo"}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"choices":[],"usage":{"completion_tokens":2}}"#,
        "[DONE]",
    ]);
    assert_eq!((whole.text.as_str(), whole.chunks, whole.tokens), ("Hello", 2, Some(2)));
    assert_eq!((whole.model.as_deref(), whole.stop.as_deref()), (Some("m-1"), Some("stop")));
    assert_eq!(whole.per_second(), Some(2.0));
    let whole = assembled(&[
        r#"{"type":"message_start","message":{"model":"c-1","usage":{"output_tokens":1}}}"#,
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}"#,
    ]);
    assert_eq!((whole.text.as_str(), whole.chunks, whole.tokens), ("Hi", 1, Some(4)));
    assert_eq!((whole.model.as_deref(), whole.stop.as_deref()), (Some("c-1"), Some("end_turn")));
    assert_eq!(assembled(&["{", "1", "{\"a\":1}"]), StreamMessage::default());
}

#[test]
fn gaps_are_counted_by_their_length() {
    let mut pace = EventPace::default();
    for at in [0, 5, 25, 5000] {
        pace.take(Stamp(at * 1_000_000));
    }
    let named: Vec<_> =
        pace.bins().into_iter().map(|(name, count)| format!("{name}: {count}")).collect();
    assert_eq!(named, ["< 10 ms: 1", "< 30 ms: 1", "3 s and more: 1"]);
    assert_eq!(pace.longest(), std::time::Duration::from_millis(4975));
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn pieces_of_any_length_are_the_same_events(
        text in "(data|id|event|retry|:|x)?(:| |: )?[0-9a-cä\u{0}]{0,3}(\r\n|\n|\r|\n\n|\r\r|\r\n\r\n)?",
        parts in prop::collection::vec("(\u{feff})?(data|id|event|retry|:|x)?(:| |: )?[0-9a-cä\u{0}]{0,3}(\r\n|\n|\r|\n\n|\r\r|\r\n\r\n)?", 0..12),
        cuts in prop::collection::vec(1..6_usize, 1..40),
    ) {
        let whole = format!("{text}{}", parts.concat());
        let bytes = whole.as_bytes();
        let (mut pieces, mut rest, mut cuts) = (Vec::new(), bytes, cuts.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        prop_assert_eq!(read(&pieces), read(&[bytes]));
    }

    #[test]
    fn any_bytes_are_events(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for event in read(&[&bytes]) {
            prop_assert!(event.remarks.len() <= REMARKS);
        }
    }
}
