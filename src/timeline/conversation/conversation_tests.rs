use proptest::prelude::*;

use super::super::segment::cost;
use super::*;
use crate::model::protocol::Protocol;
use crate::timeline::samples::{conn_id, fact, info, received, sent};

fn talk(records: Vec<Record>, datagram: bool) -> (Timeline, Conversation) {
    let mut timeline = Timeline::default();
    let mut conversation = Conversation::new(SessionId(1));
    for record in records {
        let id = timeline.push(record.clone());
        conversation.extend(&record, id, datagram);
    }
    (timeline, conversation)
}

/// The conversation as the timeline holds it.
fn from_timeline(session: SessionId, timeline: &Timeline) -> Conversation {
    let mut conversation = Conversation::new(session);
    let logged = timeline.range(timeline.first(), timeline.next_id());
    for (id, record) in timeline.kept.iter().cloned().chain(logged) {
        conversation.extend(&record, id, false);
    }
    conversation
}

fn counts(conversation: &Conversation) -> Vec<u32> {
    conversation.rows.iter().map(|row| row.count).collect()
}

#[test]
fn reads_within_twenty_milliseconds_are_one_row() {
    let one = conn_id(1, 1);
    let (timeline, conversation) = talk(
        vec![
            received(one, 0, b"GE"),
            received(one, 5, b"T "),
            received(one, 19, b"/"),
            received(one, 20, b"x"),
        ],
        false,
    );
    assert_eq!(counts(&conversation), [3, 1]);
    let row = conversation.row(0).unwrap();
    assert_eq!((row.len, row.kept, row.at), (5, 5, Stamp(0)));
    assert_eq!(bytes(&timeline, row), Bytes::from_static(b"GET /"));
    assert_eq!(bytes(&timeline, conversation.row(1).unwrap()), Bytes::from_static(b"x"));
}

#[test]
fn the_other_direction_and_facts_end_a_row() {
    let one = conn_id(1, 1);
    let (_, conversation) = talk(
        vec![
            received(one, 0, b"a"),
            sent(one, 1, b"b"),
            received(one, 2, b"c"),
            fact(one, 3, RecordKind::Note, "note"),
            received(one, 4, b"d"),
        ],
        false,
    );
    assert_eq!(counts(&conversation), [1; 5]);
}

#[test]
fn connections_are_joined_each_for_itself() {
    let (one, two) = (conn_id(1, 1), conn_id(1, 2));
    let (timeline, conversation) = talk(
        vec![
            received(one, 0, b"a"),
            received(two, 1, b"1"),
            received(one, 2, b"b"),
            received(conn_id(2, 1), 2, b"of another session"),
            received(two, 3, b"2"),
        ],
        false,
    );
    assert_eq!(counts(&conversation), [2, 2]);
    assert_eq!(bytes(&timeline, conversation.row(0).unwrap()).as_ref(), b"ab");
    assert_eq!(bytes(&timeline, conversation.row(1).unwrap()).as_ref(), b"12");
}

#[test]
fn datagrams_are_never_joined_and_empty_ones_are_rows() {
    let one = conn_id(1, 1);
    let (_, conversation) =
        talk(vec![received(one, 0, b"a"), received(one, 0, b""), received(one, 1, b"b")], true);
    assert_eq!(counts(&conversation), [1, 1, 1]);
}

#[test]
fn a_row_ends_at_sixty_four_kibibytes() {
    let chunk = vec![b'x'; 40_000];
    let one = conn_id(1, 1);
    let (_, conversation) = talk((0..3).map(|at| received(one, at, &chunk)).collect(), false);
    assert_eq!(counts(&conversation), [1, 1, 1]);
    let halves = vec![b'x'; 32_768];
    let (_, conversation) = talk((0..3).map(|at| received(one, at, &halves)).collect(), false);
    assert_eq!(counts(&conversation), [2, 1]);
}

#[test]
fn pruned_rows_are_counted_and_half_evicted_ones_show_the_rest() {
    let one = conn_id(1, 1);
    let mut timeline = Timeline::new(4 * cost(100) + 330);
    let mut conversation = Conversation::new(SessionId(1));
    for at in 0..9 {
        let record = received(one, at * 10, &[b'0' + at as u8; 100]);
        let id = timeline.push(record.clone());
        conversation.extend(&record, id, false);
    }
    assert_eq!(counts(&conversation), [2, 2, 2, 2, 1]);
    let evicted = timeline.first().0 as usize;
    assert_eq!(evicted, 5);
    assert_eq!(conversation.prune(&timeline), 2);
    assert_eq!(conversation.gone(), 2);
    let half = conversation.row(0).unwrap();
    assert_eq!(bytes(&timeline, half).len(), 100);
    assert_eq!(conversation.place_of(RecordId(8)), Some(2));
    let rebuilt = from_timeline(SessionId(1), &timeline);
    assert_eq!(counts(&rebuilt), [2, 2]);
}

#[test]
fn the_rows_of_a_filled_timeline_are_those_made_live() {
    let one = conn_id(1, 1);
    let (mut timeline, live) =
        talk((0..100).map(|at| received(one, at * 3, b"abc")).collect(), false);
    timeline.connect(info(one, Protocol::Tcp));
    let later = from_timeline(SessionId(1), &timeline);
    assert_eq!(later.rows, live.rows);
}

#[test]
fn the_number_of_rows_is_bounded() {
    let mut conversation = Conversation::new(SessionId(1));
    for at in 0..ROWS_MAX as u64 + 500 {
        conversation.extend(&received(conn_id(1, at as u32), at, b"x"), RecordId(at), true);
    }
    assert_eq!(conversation.len(), ROWS_MAX);
    assert_eq!(conversation.gone(), 500);
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn every_byte_stands_in_exactly_one_row(
        steps in prop::collection::vec((1..4u32, 0..30u64, any::<bool>(), 0..5usize), 0..60),
    ) {
        let mut at = 0;
        let mut text = b'a';
        let mut expected: HashMap<(ConnId, bool), Vec<u8>> = HashMap::new();
        let mut records = Vec::new();
        for (index, gap, ours, len) in steps {
            at += gap;
            text = if text == b'z' { b'a' } else { text + 1 };
            let (conn, data) = (conn_id(1, index), vec![text; len]);
            expected.entry((conn, ours)).or_default().extend(&data);
            records.push(if ours { sent(conn, at, &data) } else { received(conn, at, &data) });
        }
        let (timeline, conversation) = talk(records, false);
        let mut found: HashMap<(ConnId, bool), Vec<u8>> = HashMap::new();
        for row in &conversation.rows {
            let key = (row.conn, row.direction == Direction::Sent);
            found.entry(key).or_default().extend(bytes(&timeline, row).as_ref());
            prop_assert_eq!(records_len(&timeline, row), row.count as usize);
        }
        expected.retain(|_, bytes| !bytes.is_empty());
        found.retain(|_, bytes| !bytes.is_empty());
        prop_assert_eq!(found, expected);
    }
}

fn records_len(timeline: &Timeline, row: &MessageRow) -> usize {
    super::records(timeline, row).count()
}
