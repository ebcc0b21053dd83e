use proptest::prelude::*;

use super::super::samples::{conn_id, fact, info, received, sent};
use super::*;
use crate::model::protocol::Protocol;
use crate::model::record::RecordKind;

fn small(records: usize) -> Timeline {
    // Room for this many 100-byte records of a connection that was never introduced.
    let conn_cost = {
        let mut timeline = Timeline::default();
        timeline.push(received(conn_id(1, 1), 0, b""));
        timeline.bytes() - cost(0)
    };
    Timeline::new(records * cost(100) + conn_cost)
}

fn hundred(millis: u64) -> Record {
    received(conn_id(1, 1), millis, &[b'x'; 100])
}

fn balance(timeline: &Timeline) -> u64 {
    timeline.len() as u64 + timeline.evicted.records + timeline.cleared
}

#[test]
fn ids_strictly_increase_and_survive_eviction() {
    let mut timeline = small(3);
    let ids: Vec<u64> = (0..5).map(|at| timeline.push(hundred(at)).0).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4]);
    assert_eq!(timeline.first(), RecordId(2));
    assert_eq!(timeline.get(RecordId(1)), None);
    assert_eq!(timeline.get(RecordId(4)).unwrap().at, hundred(4).at);
    assert_eq!(timeline.get(RecordId(5)), None);
}

#[test]
fn eviction_keeps_the_limit_and_counts_records_and_bytes() {
    let mut timeline = small(10);
    timeline.push_batch((0..5000).map(hundred));
    assert_eq!(timeline.len(), 10);
    assert!(timeline.bytes() <= timeline.limit);
    assert_eq!(timeline.evicted, Volume { records: 4990, bytes: 499_000 });
    assert_eq!(timeline.next_id().0, balance(&timeline));
}

#[test]
fn the_newest_record_stays_even_when_it_alone_passes_the_limit() {
    let mut timeline = Timeline::new(10);
    timeline.push(hundred(1));
    let id = timeline.push(hundred(2));
    assert_eq!(timeline.len(), 1);
    assert!(timeline.get(id).is_some());
}

#[test]
fn pinned_records_outlive_eviction_until_unpinned() {
    let mut timeline = small(4);
    timeline.push_batch((0..4).map(hundred));
    timeline.pin(RecordId(1)).unwrap();
    timeline.push_batch((4..50).map(hundred));
    assert_eq!(timeline.kept.len(), 1);
    assert_eq!(timeline.get(RecordId(1)).unwrap().at, hundred(1).at);
    assert!(timeline.bytes() <= timeline.limit);
    assert_eq!(timeline.next_id().0, balance(&timeline));

    assert!(timeline.unpin(RecordId(1)));
    assert!(!timeline.unpin(RecordId(1)));
    assert_eq!(timeline.get(RecordId(1)), None);
    assert_eq!(timeline.next_id().0, balance(&timeline));
}

#[test]
fn pins_may_take_half_of_the_memory_and_not_more() {
    let mut timeline = small(10);
    timeline.push_batch((0..10).map(hundred));
    let granted = (0..10).filter(|id| timeline.pin(RecordId(*id)).is_ok()).count();
    assert_eq!(granted, timeline.limit / 2 / cost(100));
    assert_eq!(timeline.pin(RecordId(9)), Err(PinRefused::Full));
    assert_eq!(timeline.pin(RecordId(99)), Err(PinRefused::Gone));
    assert_eq!(timeline.pin(RecordId(0)), Ok(()), "pinning twice is no error");
    timeline.unpin(RecordId(0));
    assert_eq!(timeline.pin(RecordId(9)), Ok(()));
}

#[test]
fn clear_removes_everything_and_goes_on_counting() {
    let mut timeline = small(2000);
    timeline.push_batch((0..1500).map(hundred));
    timeline.pin(RecordId(7)).unwrap();
    timeline.clear();
    assert!(timeline.is_empty());
    assert_eq!(timeline.first(), timeline.next_id());
    assert_eq!(timeline.push(hundred(1)), RecordId(1500));
    assert!(timeline.get(RecordId(1500)).is_some());
    assert_eq!(timeline.cleared, 1500);
    assert_eq!(timeline.next_id().0, balance(&timeline));
    assert_eq!(timeline.session_totals(SessionId(1)).received.records, 1501);
}

#[test]
fn a_large_clear_is_finished_by_the_pushes_that_follow() {
    let mut timeline = Timeline::default();
    timeline.push_batch((0..185_000).map(hundred));
    timeline.clear();
    assert!(timeline.is_empty() && timeline.range(RecordId(0), RecordId(u64::MAX)).count() == 0);
    timeline.discard_cleared();
    assert!(timeline.is_empty() && timeline.log.is_discarding());
    timeline.push_batch((0..400).map(hundred));
    assert!(!timeline.log.is_discarding());
    assert_eq!((timeline.len(), timeline.cleared), (400, 185_000));
}

#[test]
fn what_was_cleared_comes_back_with_its_marks_before_what_came_since() {
    let mut timeline = small(2000);
    timeline.connect(info(conn_id(1, 1), Protocol::Tcp));
    timeline.push_batch((0..1500).map(hundred));
    timeline.pin(RecordId(7)).unwrap();
    timeline.clear();
    timeline.end_session(SessionId(1));
    timeline.push(hundred(1));
    timeline.clear();
    timeline.push(hundred(2));
    assert_eq!((timeline.len(), timeline.first()), (1, RecordId(1501)));
    assert_eq!((timeline.get(RecordId(7)), timeline.is_pinned(RecordId(7))), (None, false));
    assert_eq!(timeline.undo_clear(), 1501);
    assert_eq!((timeline.len(), timeline.first()), (1502, RecordId(0)));
    assert!(timeline.is_pinned(RecordId(7)) && timeline.conn(conn_id(1, 1)).is_some());
    assert_eq!(timeline.range(RecordId(0), timeline.next_id()).count(), 1502);
    assert_eq!((timeline.next_id().0, timeline.undo_clear()), (balance(&timeline), 0));
}

#[test]
fn what_was_cleared_makes_room_before_anything_else_does() {
    let mut timeline = small(100);
    timeline.push_batch((0..100).map(hundred));
    timeline.pin(RecordId(99)).unwrap();
    timeline.clear();
    timeline.push_batch((0..60).map(hundred));
    assert_eq!((timeline.len(), timeline.evicted), (60, Volume::default()));
    let back = timeline.undo_clear();
    assert!((30..=45).contains(&back), "{back}");
    assert!(timeline.is_pinned(RecordId(99)));
    assert_eq!((timeline.len(), timeline.next_id().0), (60 + back, balance(&timeline)));

    timeline.clear();
    timeline.discard_cleared();
    assert_eq!((timeline.undo_clear(), timeline.bytes() < 1000), (0, true));
}

#[test]
fn records_of_full_segments_are_read_evicted_and_pinned_like_fresh_ones() {
    let at = |n: u64| Record {
        data: bytes::Bytes::from(vec![n as u8; if n % 1000 == 7 { 9_000 } else { 60 }]),
        ..hundred(n)
    };
    let mut timeline = Timeline::new(6_500_000);
    timeline.push_batch((0..40_000).map(at));
    timeline.pin(RecordId(1007)).unwrap();
    let whole = timeline.bytes();
    timeline.push_batch((40_000..100_000).map(at));
    let first = timeline.first().0;
    assert!((20_000..60_000).contains(&first) && whole < 6_500_000, "{first} {whole}");
    assert_eq!(timeline.get(RecordId(1007)), Some(at(1007)));
    assert_eq!(timeline.get(RecordId(first - 1)), None);
    for (id, record) in timeline.range(RecordId(0), RecordId(u64::MAX)) {
        assert_eq!(record, at(id.0));
        assert_eq!(timeline.get(id), Some(record));
    }
    let held: usize = timeline
        .range(RecordId(0), RecordId(u64::MAX))
        .map(|(_, record)| cost(record.data.len()))
        .sum();
    assert_eq!(timeline.record_bytes, held + cost(9_000));
    assert_eq!(timeline.next_id().0, balance(&timeline));
}

#[test]
fn a_range_is_read_from_both_ends_across_segments_and_eviction() {
    let mut timeline = small(3000);
    timeline.push_batch((0..5000).map(hundred));
    let first = timeline.first().0;
    let ids = |from, to| -> Vec<u64> {
        timeline.range(RecordId(from), RecordId(to)).map(|(id, _)| id.0).collect()
    };
    assert_eq!(ids(0, u64::MAX), (first..5000).collect::<Vec<_>>());
    assert_eq!(ids(3000, 4100), (3000..4100).collect::<Vec<_>>());
    assert_eq!(ids(4100, 3000), Vec::<u64>::new());
    assert_eq!(ids(6000, 7000), Vec::<u64>::new());
    let backwards: Vec<u64> =
        timeline.range(RecordId(2500), RecordId(4000)).rev().map(|(id, _)| id.0).collect();
    assert_eq!(backwards, (2500..4000).rev().collect::<Vec<_>>());
    let right = |(id, record): (RecordId, Record)| record.at == hundred(id.0).at;
    assert!(timeline.range(RecordId(0), RecordId(5000)).all(right));
}

#[test]
fn totals_count_what_crossed_not_what_is_kept() {
    let mut timeline = Timeline::default();
    timeline.push(Record { original_len: 5_000_000, ..received(conn_id(1, 1), 0, b"cut") });
    timeline.push(sent(conn_id(1, 1), 0, b"ab"));
    timeline.push(fact(conn_id(1, 1), 0, RecordKind::Note, "a remark"));
    let totals = timeline.session_totals(SessionId(1));
    assert_eq!(totals.received, Volume { records: 1, bytes: 5_000_000 });
    assert_eq!(totals.sent, Volume { records: 1, bytes: 2 });
}

#[test]
fn a_closed_connection_is_forgotten_with_its_last_record() {
    let mut timeline = small(2);
    let conn = conn_id(1, 1);
    timeline.connect(info(conn, Protocol::Tcp));
    timeline.push(fact(conn, 0, RecordKind::Closed, ""));
    assert!(timeline.conn(conn).is_some());
    timeline.push_batch((0..9).map(|at| received(conn_id(1, 2), at, &[0; 100])));
    assert_eq!(timeline.conn(conn), None);
}

#[test]
fn a_connection_that_was_reset_or_failed_is_forgotten_with_its_last_record() {
    for kind in [RecordKind::Reset, RecordKind::Failed] {
        let mut timeline = small(2);
        let conn = conn_id(1, 1);
        timeline.connect(info(conn, Protocol::Tcp));
        timeline.push(fact(conn, 0, kind, "why"));
        timeline.push_batch((0..9).map(|at| received(conn_id(1, 2), at, &[0; 100])));
        assert_eq!(timeline.conn(conn), None, "{kind:?}");
    }
}

#[test]
fn a_datagram_that_failed_ends_neither_its_peer_nor_the_session() {
    let mut timeline = Timeline::default();
    for conn in [conn_id(1, 1), conn_id(1, 0)] {
        timeline.connect(info(conn, Protocol::Udp));
        timeline.push(fact(conn, 0, RecordKind::Failed, "refused"));
    }
    timeline.clear();
    assert!(timeline.conn(conn_id(1, 1)).is_some() && timeline.conn(conn_id(1, 0)).is_some());
}

#[test]
fn totals_are_kept_by_connection_and_session_though_records_are_evicted() {
    let mut timeline = small(3);
    let (one, two, other) = (conn_id(1, 1), conn_id(1, 2), conn_id(2, 1));
    for conn in [one, two, other] {
        timeline.connect(info(conn, Protocol::Tcp));
        timeline.push_batch((0..10).map(|at| received(conn, at, &[0; 100])));
        timeline.push(sent(conn, 0, b"12"));
    }
    let each = Totals {
        sent: Volume { records: 1, bytes: 2 },
        received: Volume { records: 10, bytes: 1000 },
    };
    assert_eq!(timeline.conn_totals(one), Some(each), "open, though its records are gone");
    assert_eq!(timeline.session_totals(SessionId(1)).received.bytes, 2000);
    assert_eq!(timeline.session_totals(SessionId(2)), each);
    timeline.end_session(SessionId(1));
    assert_eq!((timeline.conn_totals(one), timeline.conn_totals(two)), (None, None));
    assert_eq!(
        timeline.session_totals(SessionId(1)).received.bytes,
        2000,
        "counted in it for ever"
    );
    timeline.clear();
    assert_eq!(timeline.conn_totals(other), Some(each));
    assert_eq!(timeline.session_totals(SessionId(1)).received.records, 20);
}

#[test]
fn an_open_connection_is_remembered_although_its_records_are_gone() {
    let mut timeline = small(2);
    let conn = conn_id(1, 1);
    timeline.connect(info(conn, Protocol::Tcp));
    timeline.push(hundred(0));
    timeline.push_batch((0..9).map(|at| received(conn_id(1, 2), at, &[0; 100])));
    assert_eq!(
        timeline.range(RecordId(0), timeline.next_id()).filter(|(_, r)| r.conn == conn).count(),
        0
    );
    assert!(timeline.conn(conn).is_some());
    timeline.end_session(SessionId(1));
    assert_eq!(timeline.conn(conn), None);
    assert!(!timeline.conns.slots.is_empty(), "a connection with records stays");
}

#[test]
fn the_connection_table_stays_bounded_when_peers_never_say_goodbye() {
    let mut timeline = small(50);
    for index in 1..200_000 {
        let conn = conn_id(1, index);
        timeline.connect(info(conn, Protocol::Udp));
        timeline.push(received(conn, u64::from(index), b"x"));
    }
    assert!(timeline.conns.slots.len() < 70_000, "{}", timeline.conns.slots.len());
    assert!(timeline.conn(conn_id(1, 199_999)).is_some());
    assert_eq!(timeline.next_id().0, balance(&timeline));
}

#[test]
fn an_older_loss_total_never_lowers_a_newer_one() {
    let mut timeline = Timeline::default();
    let lost = |by_app, by_kernel| LossTotals { session: SessionId(3), by_app, by_kernel };
    timeline.lost(lost(5, None));
    timeline.lost(lost(4, Some(2)));
    assert_eq!(timeline.losses().collect::<Vec<_>>(), [lost(5, Some(2))]);
}

#[derive(Debug, Clone)]
enum Step {
    Push(u8, u16),
    Pin(u64),
    Unpin(u64),
    Clear,
    UndoClear,
    DiscardCleared,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..4u8, 0..300u16).prop_map(|(conn, len)| Step::Push(conn, len)),
        3 => (0..200u64).prop_map(Step::Pin),
        2 => (0..200u64).prop_map(Step::Unpin),
        1 => Just(Step::Clear),
        1 => Just(Step::UndoClear),
        1 => Just(Step::DiscardCleared),
    ]
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn the_accounts_balance_after_any_sequence(steps in prop::collection::vec(step(), 0..300)) {
        let mut timeline = Timeline::new(6000);
        for step in steps {
            match step {
                Step::Push(conn, len) => {
                    timeline.push(received(conn_id(1, conn.into()), 0, &vec![0; len.into()]));
                }
                Step::Pin(id) => { let _ = timeline.pin(RecordId(id)); }
                Step::Unpin(id) => { timeline.unpin(RecordId(id)); }
                Step::Clear => timeline.clear(),
                Step::UndoClear => drop(timeline.undo_clear()),
                Step::DiscardCleared => timeline.discard_cleared(),
            }
            prop_assert_eq!(timeline.next_id().0, balance(&timeline));
            let cost: usize = timeline
                .range(RecordId(0), timeline.next_id())
                .map(|(_, record)| cost(record.data.len()))
                .chain(timeline.kept.iter().map(|(_, record)| cost(record.data.len())))
                .sum();
            prop_assert_eq!(cost, timeline.record_bytes);
            prop_assert!(timeline.bytes() <= 6000 || timeline.log.len() == 1);
            prop_assert!(timeline.pins.iter().all(|id| timeline.get(*id).is_some()));
        }
    }
}
