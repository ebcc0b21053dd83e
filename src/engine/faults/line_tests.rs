//! Faults as a table of numbers: what goes in, and what comes out when.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::Faults;
use super::line::{FaultLine, FaultStep};
use crate::model::exchange::{Exchange, HttpMessage, HttpVersion, StartLine};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::fault::{FaultEffect, FaultFrom, FaultKind, FaultPlan, FaultWhen, FaultsPlan};
use crate::model::id::{ConnId, SessionId};
use crate::model::plan::WhenPlan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::ConnInfo;
use crate::model::timing::Stamp;

const MS: Duration = Duration::from_millis(1);

fn fault(effect: FaultEffect) -> FaultPlan {
    FaultPlan {
        from: FaultFrom::Both,
        effect,
        first: None,
        every: None,
        chance: 100,
        when: FaultWhen::default(),
        after: Duration::ZERO,
        lasts: None,
    }
}

fn faults(list: Vec<FaultPlan>) -> Arc<Faults> {
    Faults::new(&FaultsPlan { seed: Some(1), list, off: false }, 0, Stamp::default())
}

fn line(list: Vec<FaultPlan>, is_stream: bool) -> FaultLine {
    FaultLine::new(&faults(list), 1, is_stream, true)
}

/// What comes out with its time, all of it.
fn all(line: &mut FaultLine) -> Vec<(Duration, FaultStep)> {
    let mut out = Vec::new();
    while let Some(due) = line.next_due() {
        while let Some(step) = line.pop_due(due) {
            out.push((due, step));
        }
    }
    out
}

fn pieces(out: &[(Duration, FaultStep)]) -> Vec<(u128, String)> {
    let piece = |(at, step): &(Duration, FaultStep)| match step {
        FaultStep::Piece { data, .. } => {
            (at.as_millis(), String::from_utf8_lossy(data).into_owned())
        }
        end => (at.as_millis(), format!("{end:?}")),
    };
    out.iter().map(piece).collect()
}

fn said(list: &[(u128, &str)]) -> Vec<(u128, String)> {
    list.iter().map(|(at, text)| (*at, (*text).to_owned())).collect()
}

fn delay(by: u64) -> FaultEffect {
    FaultEffect::Delay { delay: MS * by as u32, jitter: Duration::ZERO }
}

#[test]
fn without_faults_nothing_need_go_in_and_switched_off_ones_are_none() {
    assert!(line(Vec::new(), true).is_plain());
    let off = FaultsPlan { list: vec![fault(delay(9))], off: true, ..FaultsPlan::default() };
    let off = Faults::new(&off, 7, Stamp::default());
    assert!(FaultLine::new(&off, 1, true, true).is_plain());
    assert_eq!(off.told().unwrap(), "the faults are switched off");
    assert_eq!(faults(Vec::new()).told(), None);
}

#[test]
fn what_is_delayed_split_or_at_a_rate_leaves_in_order_and_time() {
    let mut delayed = line(vec![fault(delay(20)), fault(FaultEffect::Split(2))], true);
    let taken = delayed.take(Bytes::from_static(b"abcde"), MS * 5);
    assert_eq!(taken.marks.to_string(), "delay, split");
    assert_eq!(delayed.waiting(), 5);
    assert_eq!(pieces(&all(&mut delayed)), said(&[(25, "ab"), (25, "cd"), (25, "e")]));
    assert_eq!(delayed.waiting(), 0);
    // 100 bytes a second: 5 of them every 50 ms.
    let mut slow = line(vec![fault(FaultEffect::Rate(100))], true);
    slow.take(Bytes::from_static(b"0123456789"), Duration::ZERO);
    slow.take(Bytes::from_static(b"ab"), MS);
    assert_eq!(pieces(&all(&mut slow)), said(&[(50, "01234"), (100, "56789"), (120, "ab")]));
}

#[test]
fn what_is_merged_leaves_in_one_write_in_time_or_when_it_is_much() {
    let mut merged = line(vec![fault(FaultEffect::Merge(MS * 30))], true);
    merged.take(Bytes::from_static(b"a"), MS * 10);
    merged.take(Bytes::from_static(b"b"), MS * 20);
    assert_eq!(merged.next_due(), Some(MS * 40));
    assert_eq!(merged.pop_due(MS * 39), None);
    assert_eq!(pieces(&all(&mut merged)), said(&[(40, "ab")]));
    merged.take(vec![7; 64 * 1024].into(), MS * 50);
    assert_eq!(merged.next_due(), Some(MS * 50));
}

#[test]
fn the_first_every_other_and_those_that_fit_are_counted_apart() {
    let only = FaultPlan {
        first: Some(4),
        every: Some(2),
        when: FaultWhen::Bytes(WhenPlan::Contains(Bytes::from_static(b"x"))),
        ..fault(FaultEffect::Drop(100))
    };
    let mut dropping = line(vec![only], false);
    let dropped: Vec<bool> = ["x1", "y", "x2", "x3", "x4", "x5", "x6"]
        .map(|text| dropping.take(text.into(), MS).marks.contains(FaultKind::Drop))
        .into();
    assert_eq!(dropped, [false, false, true, false, true, false, false]);
    let left: Vec<_> = pieces(&all(&mut dropping)).into_iter().map(|(_, text)| text).collect();
    assert_eq!(left, ["x1", "y", "x3", "x5", "x6"]);
}

#[test]
fn ends_come_behind_the_byte_they_name_and_count_from_what_fits() {
    let reset = FaultPlan {
        when: FaultWhen::Bytes(WhenPlan::Contains(Bytes::from_static(b"GO"))),
        ..fault(FaultEffect::Reset(3))
    };
    let mut line = line(vec![reset], true);
    assert!(line.take(Bytes::from_static(b"before"), MS).marks.is_empty());
    assert!(line.take(Bytes::from_static(b"GO"), MS).marks.is_empty());
    assert_eq!(line.take(Bytes::from_static(b"abc"), MS).marks.to_string(), "reset");
    let out = pieces(&all(&mut line));
    assert_eq!(out, said(&[(1, "before"), (1, "GO"), (1, "a"), (1, "Reset"), (1, "bc")]));
}

#[test]
fn of_ends_the_first_and_every_other_connection_are_counted_by_the_whole_relay() {
    let reset = |first, every| FaultPlan { first, every, ..fault(FaultEffect::Reset(0)) };
    let number = std::cell::Cell::new(0);
    let ended = |faults: &Arc<Faults>, from_client| {
        number.set(number.get() + 1);
        let mut line = FaultLine::new(faults, number.get(), true, from_client);
        let marks = [(); 2].map(|()| line.take(Bytes::from_static(b"x"), MS).marks);
        assert!(!marks[1].contains(FaultKind::Reset), "once");
        marks[0].contains(FaultKind::Reset)
    };
    let first = faults(vec![reset(Some(2), None)]);
    assert_eq!([(); 4].map(|()| ended(&first, true)), [true, true, false, false]);
    let mut back = FaultLine::new(&first, 1, true, false);
    let marks = back.take(Bytes::from_static(b"x"), MS).marks;
    assert!(
        marks.contains(FaultKind::Reset),
        "the other way of the first connection is no other one"
    );
    let other = fault(delay(1));
    let plan = FaultsPlan { seed: None, list: vec![other, reset(Some(2), None)], off: false };
    assert!(!ended(&first.followed_by(&plan, 0), true), "one that stays counts on");
    let every = faults(vec![reset(None, Some(3))]);
    assert_eq!([(); 4].map(|()| ended(&every, true)), [false, false, true, false]);
}

#[test]
fn messages_are_counted_by_the_whole_relay() {
    let all = faults(vec![FaultPlan { every: Some(2), ..fault(delay(100)) }]);
    let touched = |_| {
        let mut line = FaultLine::new(&all, 1, true, true).of_messages();
        line.take(Bytes::from_static(b"x"), MS).marks.contains(FaultKind::Delay)
    };
    assert_eq!([1, 2, 3, 4].map(touched), [false, true, false, true]);
}

fn conn() -> ConnInfo {
    let id = ConnId { session: SessionId(1), index: 3 };
    let (local, peer) = (Some("127.0.0.1:9000".parse().unwrap()), "127.0.0.1:50000".parse().ok());
    ConnInfo { local, peer, ..ConnInfo::new(id, Protocol::Tcp, Side::Relay) }
}

fn filtered(filter: &str, from_client: bool) -> FaultLine {
    let when = FaultWhen::Filter(filter.to_owned());
    let faults = faults(vec![FaultPlan { when, ..fault(delay(1)) }]);
    FaultLine::new(&faults, 3, true, from_client).of_conn(&conn())
}

#[test]
fn a_filter_asks_what_holds_and_rules_are_asked() {
    let touches = |filter: &str, from_client, data: &'static str| {
        let taken = filtered(filter, from_client).take(Bytes::from_static(data.as_bytes()), MS);
        taken.marks.contains(FaultKind::Delay)
    };
    for (filter, from_client, data, is_touched) in [
        ("in", true, "x", true),
        ("in", false, "x", false),
        ("out and len > 2", false, "abc", true),
        ("out and len > 2", false, "ab", false),
        ("port == 50000 and data contains b", true, "abc", true),
        ("port == 50001", true, "abc", false),
        ("data[0:2] == 0x6162 or data contains 'z'", true, "abc", true),
        ("host == a.example", true, "abc", false),
        ("not data contains b", true, "abc", false),
        ("this is no filter", true, "abc", false),
    ] {
        assert_eq!(touches(filter, from_client, data), is_touched, "{filter}: {data}");
    }
}

#[test]
fn a_filter_asks_an_answer_again_once_its_status_is_known() {
    let exchange = |status: Option<u16>| {
        let mut request = HttpMessage::default();
        let (method, target) = ("GET".to_owned(), "/api/1".to_owned());
        request.head.start = StartLine::Request { method, target, version: HttpVersion::Http11 };
        let mut exchange = Exchange::begun(Side::Relay, conn().id, 0, request, Stamp::default());
        exchange.response = status.map(|status| {
            let mut response = HttpMessage::default();
            let (version, reason) = (HttpVersion::Http11, Bytes::new());
            response.head.start = StartLine::Response { version, status, reason };
            response
        });
        Some(Arc::new(ExchangeFacts::of(&exchange)))
    };
    let mut line = filtered("path contains /api and status >= 500", false);
    let mut touched = |status, continues| {
        line.of_exchange(exchange(status));
        line.continues(continues);
        line.take(Bytes::from_static(b"x"), MS).marks.contains(FaultKind::Delay)
    };
    assert_eq!([touched(None, false), touched(Some(503), true)], [false, true], "behind a 100");
    assert_eq!([touched(Some(503), true), touched(Some(200), false)], [true, false]);
}

#[test]
fn a_stall_holds_until_its_time_is_over_or_the_faults_change() {
    let stall = FaultPlan { lasts: Some(MS * 100), ..fault(FaultEffect::Stall(1)) };
    let mut stalling = line(vec![stall, fault(delay(1))], true);
    stalling.take(Bytes::from_static(b"abc"), MS);
    let out = all(&mut stalling);
    assert_eq!(pieces(&out), said(&[(2, "a"), (2, "Stall"), (100, "bc")]));
    let mut for_ever = line(vec![fault(FaultEffect::Stall(0))], true);
    for_ever.take(Bytes::from_static(b"abc"), MS);
    assert_eq!(pieces(&all(&mut for_ever)), said(&[(1, "Stall")]));
    assert!(for_ever.is_stalled() && !for_ever.is_empty() && for_ever.next_due().is_none());
    for_ever.change(&faults(Vec::new()));
    assert_eq!(pieces(&all(&mut for_ever)), said(&[(0, "abc")]));
    assert!(for_ever.is_plain());
}

#[test]
fn a_datagram_that_ends_where_a_stall_begins_leaves_before_it() {
    let mut line = line(vec![fault(FaultEffect::Stall(4))], false);
    for text in ["ab", "cd", "ef"] {
        line.take(text.into(), MS);
    }
    assert_eq!(pieces(&all(&mut line)), said(&[(1, "ab"), (1, "cd"), (1, "Stall")]));
    assert!(line.is_stalled() && !line.is_empty());
}

#[test]
fn datagrams_are_copied_and_overtaken() {
    let copied = FaultPlan { first: Some(1), ..fault(FaultEffect::Duplicate(1)) };
    let overtaken = FaultPlan {
        when: FaultWhen::Bytes(WhenPlan::Equals(Bytes::from_static(b"late"))),
        ..fault(FaultEffect::Reorder(2))
    };
    let mut line = line(vec![copied, overtaken], false);
    for text in ["twice", "late", "one", "two", "three"] {
        line.take(text.into(), MS);
    }
    let out: Vec<_> = pieces(&all(&mut line)).into_iter().map(|(_, text)| text).collect();
    assert_eq!(out, ["twice", "twice", "one", "two", "late", "three"]);
    // Where nobody comes behind it, it waits a second.
    line.take("late".into(), MS * 10);
    assert_eq!(pieces(&all(&mut line)), said(&[(1010, "late")]));
}

#[test]
fn a_datagram_for_which_there_is_no_room_is_refused() {
    let mut line = line(vec![fault(FaultEffect::Stall(0))], false);
    let refused = (0..5_000).filter(|_| line.take("x".into(), MS).is_refused).count();
    assert!((800..=910).contains(&refused), "{refused}");
    assert!(line.waiting() <= 4_096);
    assert_eq!(line.drain().len(), 5_000 - refused);
}

#[test]
fn a_bit_is_turned_and_a_seed_turns_it_again() {
    let turned = |seed| {
        let list = vec![fault(FaultEffect::Corrupt(2))];
        let faults =
            Faults::new(&FaultsPlan { seed: Some(seed), list, off: false }, 0, Stamp::default());
        let mut line = FaultLine::new(&faults, 1, true, true);
        assert!(line.take(vec![0; 1000].into(), MS).differs);
        let Some(FaultStep::Piece { data, differs: true, .. }) = line.pop_due(MS) else { panic!() };
        data
    };
    let bits: u32 = turned(1).iter().map(|byte| byte.count_ones()).sum();
    assert_eq!((bits, turned(1)), (2, turned(1)));
    assert_ne!(turned(1), turned(2));
}

/// Of HTTP messages are counted, however many reads they come in.
#[test]
fn more_of_a_message_is_done_to_as_its_beginning_was() {
    let mut line = line(vec![FaultPlan { every: Some(2), ..fault(delay(100)) }], true);
    let mut touched = |continues: bool| {
        line.continues(continues);
        line.take(Bytes::from_static(b"x"), Duration::ZERO).marks.contains(FaultKind::Delay)
    };
    assert_eq!([touched(false), touched(true)], [false, false], "the first");
    assert_eq!([touched(false), touched(true), touched(true)], [true, true, true], "the second");
    assert_eq!([touched(false), touched(false)], [false, true], "each read alone");
}

#[test]
fn what_begins_and_ends_in_time_is_told() {
    let timed = FaultPlan {
        from: FaultFrom::Server,
        after: MS * 500,
        lasts: Some(MS * 250),
        ..fault(delay(100))
    };
    let faults = faults(vec![timed, fault(FaultEffect::Rate(5))]);
    let words = "delay 100ms of the server, after 500ms, for 250ms";
    assert_eq!(faults.told().unwrap(), format!("faults: {words}; rate 5 B/s; seed 1 repeats them"));
    assert_eq!(faults.next_change(Duration::ZERO), Some(MS * 500));
    assert_eq!(faults.changes_at(MS * 500), [format!("a fault begins: {words}")]);
    assert_eq!(faults.next_change(MS * 500), Some(MS * 750));
    assert_eq!(faults.changes_at(MS * 750), [format!("a fault ends: {words}")]);
    assert_eq!(faults.next_change(MS * 750), None);
    let when = FaultWhen::Filter("path contains /api".into());
    let jitter = FaultEffect::Delay { delay: Duration::ZERO, jitter: MS * 5 };
    let told = self::faults(vec![FaultPlan { when, ..fault(jitter) }]).told().unwrap();
    assert_eq!(told, "faults: delay up to 5ms, when path contains /api; seed 1 repeats them");
    let when = FaultWhen::Bytes(WhenPlan::Contains(Bytes::from_static(b"COMMIT\n")));
    let told = self::faults(vec![FaultPlan { when, ..fault(FaultEffect::Reset(0)) }]).told();
    assert_eq!(
        told.unwrap(),
        r#"faults: reset 0 B, when contains "COMMIT\n"; seed 1 repeats them"#
    );
}

fn effect() -> impl Strategy<Value = FaultEffect> {
    let millis = |most: u64| (0..most).prop_map(Duration::from_millis);
    prop_oneof![
        (millis(50), millis(50)).prop_map(|(delay, jitter)| FaultEffect::Delay { delay, jitter }),
        (1_u32..5_000).prop_map(FaultEffect::Rate),
        (1_u32..9).prop_map(FaultEffect::Split),
        millis(40).prop_map(FaultEffect::Merge),
        (0_u32..99).prop_map(FaultEffect::Stall),
    ]
}

fn any_fault(effect: impl Strategy<Value = FaultEffect>) -> impl Strategy<Value = FaultPlan> {
    let counts = (prop::option::of(1_u32..5), prop::option::of(1_u32..5), 1_u8..=100);
    let times = (0_u64..200, prop::option::of(0_u64..200));
    (effect, counts, times).prop_map(|(effect, (first, every, chance), (after, lasts))| FaultPlan {
        first,
        every,
        chance,
        after: Duration::from_millis(after),
        lasts: lasts.map(Duration::from_millis),
        ..fault(effect)
    })
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    /// Whatever is done to the times of a stream, and whenever it is changed, its bytes stay.
    #[test]
    fn a_stream_keeps_its_bytes_and_their_order(
        list in prop::collection::vec(any_fault(effect()), 0..5),
        reads in prop::collection::vec((0_u64..30, 1_usize..200), 1..20),
    ) {
        let mut line = line(list, true);
        let (mut now, mut sent, mut got) = (Duration::ZERO, Vec::new(), Vec::new());
        let mut last = Duration::ZERO;
        for (at, (gap, len)) in reads.into_iter().enumerate() {
            now += Duration::from_millis(gap);
            let data = vec![at as u8; len];
            sent.extend_from_slice(&data);
            line.take(data.into(), now);
            while let Some(step) = line.pop_due(now) {
                if let FaultStep::Piece { data, .. } = step {
                    got.extend_from_slice(&data);
                }
            }
            prop_assert_eq!(line.waiting(), sent.len() - got.len());
        }
        for (due, step) in all(&mut line) {
            prop_assert!(due >= last);
            last = due;
            if let FaultStep::Piece { data, .. } = step {
                got.extend_from_slice(&data);
            }
        }
        // One that stalls for ever is let go by a change.
        line.change(&faults(Vec::new()));
        for data in line.drain() {
            got.extend_from_slice(&data);
        }
        prop_assert_eq!(got, sent);
        prop_assert_eq!(line.waiting(), 0);
    }

    /// Each datagram leaves once and for each copy, or is counted as dropped or refused.
    #[test]
    fn datagrams_are_accounted_for(
        list in prop::collection::vec(any_fault(prop_oneof![
            (1_u32..4).prop_map(FaultEffect::Duplicate),
            (1_u32..9).prop_map(FaultEffect::Reorder),
            (1_u8..=100).prop_map(FaultEffect::Drop),
            (1_u32..5_000).prop_map(FaultEffect::Rate),
            (0_u32..99).prop_map(FaultEffect::Stall),
        ]), 0..5),
        gaps in prop::collection::vec(0_u64..30, 1..60),
    ) {
        let mut line = line(list, false);
        let (mut now, mut expected, mut copies) = (Duration::ZERO, 0_usize, 0_usize);
        let mut got = 0;
        for (at, gap) in gaps.into_iter().enumerate() {
            now += Duration::from_millis(gap);
            let taken = line.take(Bytes::from(format!("{at}")), now);
            let is_gone = taken.is_refused || taken.marks.contains(FaultKind::Drop);
            expected += usize::from(!is_gone);
            copies += usize::from(!is_gone && taken.marks.contains(FaultKind::Duplicate)) * 3;
            while let Some(step) = line.pop_due(now) {
                got += usize::from(matches!(step, FaultStep::Piece { .. }));
            }
        }
        got += all(&mut line).iter().filter(|(_, it)| matches!(it, FaultStep::Piece { .. })).count();
        got += line.drain().len();
        prop_assert!(got >= expected && got <= expected + copies, "{} of {}", got, expected);
    }
}
