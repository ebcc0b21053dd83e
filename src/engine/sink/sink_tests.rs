use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::queue::DATAGRAMS;
use super::queue::Load;
use super::*;
use crate::engine::event::{Batch, Summary};
use crate::engine::facts::Facts;
use crate::engine::sink::event_batch::BATCH_RECORDS;
use crate::model::protocol::{Protocol, Side};
use crate::model::timing::Stamp;
use crate::model::wall_clock::WallClock;

const SESSION: SessionId = SessionId(1);

fn record(index: u32, data: &'static [u8]) -> Record {
    Record {
        at: clock::now(),
        conn: SESSION.conn(index),
        direction: Direction::Received,
        kind: RecordKind::Data,
        data: Bytes::from_static(data),
        frames: Bytes::new(),
        original_len: data.len() as u64,
        faults: crate::model::fault::FaultMarks::default(),
    }
}

fn info(index: u32) -> ConnInfo {
    ConnInfo::new(SESSION.conn(index), Protocol::Udp, Side::Client)
}

fn done() -> Event {
    Event::Done { id: SESSION, outcome: Ok(Summary::default()), at: Stamp(0) }
}

fn take_all(sink: &Sink) -> Vec<Event> {
    std::iter::from_fn(|| Some(sink.shared.lock().take()).filter(|events| !events.is_empty()))
        .flatten()
        .collect()
}

/// Nothing is left, by the books of the session and by those of the queue.
fn is_empty(sink: &Sink) -> bool {
    let queue = sink.shared.lock();
    queue.is_empty(sink.session) && queue.is_balanced() && queue.load() == Load::Nothing
}

fn batches(events: &[Event]) -> Vec<&Batch> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Traffic(batch) => Some(batch),
            _ => None,
        })
        .collect()
}

#[test]
fn a_connection_is_named_with_its_first_record_and_only_once() {
    let sink = Sink::new(SESSION);
    sink.conn(info(1));
    sink.conn(info(2));
    sink.push(record(1, b"a"));
    sink.push(record(1, b"b"));
    let events = take_all(&sink);
    let conns: Vec<_> = batches(&events).iter().flat_map(|batch| batch.conns.clone()).collect();
    assert_eq!(conns, [info(1)], "nobody asked about the second yet");
    sink.push(record(2, b"c"));
    let events = take_all(&sink);
    assert_eq!(batches(&events)[0].conns, [info(2)]);
}

#[test]
fn a_newer_phase_replaces_a_pending_one_of_its_kind_and_order_is_kept() {
    let sink = Sink::new(SESSION);
    sink.phase(Phase::Clients { open: 1, refused: 0 });
    sink.phase(Phase::Closing);
    sink.push(record(0, b"between"));
    sink.phase(Phase::Clients { open: 2, refused: 0 });
    let events = take_all(&sink);
    assert!(matches!(&events[0], Event::Phase { phase: Phase::Closing, .. }), "{events:?}");
    assert!(matches!(&events[1], Event::Traffic(_)));
    assert!(matches!(&events[2], Event::Phase { phase: Phase::Clients { open: 2, .. }, .. }));
    assert_eq!(events.len(), 3);
}

#[test]
fn the_oldest_datagrams_are_dropped_and_counted_exactly() {
    let sink = Sink::new(SESSION);
    sink.conn(info(1));
    sink.phase(Phase::Waiting);
    let note = Record { kind: RecordKind::Note, ..record(1, b"never dropped") };
    sink.push(note.clone());
    let sent = DATAGRAMS + 1_000;
    for _ in 0..sent {
        sink.offer([record(1, b"x")]);
    }
    sink.phase(Phase::Waiting);
    let events = take_all(&sink);
    let records: Vec<_> = batches(&events).iter().flat_map(|batch| &batch.records).collect();
    assert_eq!(records.len(), DATAGRAMS + 1);
    assert_eq!(records[0], &note);
    let lost = batches(&events)[0].lost[0];
    assert_eq!((lost.by_app, lost.by_kernel), (1_000, None));
    assert!(matches!(events.last(), Some(Event::Phase { .. })), "the later phase is the one left");
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Phase { .. })).count(), 1);
    assert!(is_empty(&sink));
}

#[test]
fn a_loss_without_records_is_still_told() {
    let sink = Sink::new(SESSION);
    sink.lost_by_kernel(7);
    sink.lost_by_kernel(7);
    let events = take_all(&sink);
    assert_eq!(events.len(), 1);
    assert_eq!(batches(&events)[0].lost[0].by_kernel, Some(7));
}

#[test]
fn retired_connections_do_not_pile_up() {
    let sink = Sink::new(SESSION);
    for index in 0..100_000 {
        sink.conn(info(index));
        sink.offer([record(index, b"x")]);
        sink.retire(SESSION.conn(index));
    }
    let events = take_all(&sink);
    let (records, conns): (Vec<_>, Vec<_>) =
        batches(&events).iter().map(|batch| (batch.records.len(), batch.conns.len())).unzip();
    assert_eq!(records.iter().sum::<usize>(), DATAGRAMS);
    assert_eq!(conns.iter().sum::<usize>(), DATAGRAMS, "each shown record is introduced");
}

fn over(events: &[Event]) -> Vec<ConnId> {
    batches(events).iter().flat_map(|batch| batch.over.clone()).collect()
}

#[test]
fn the_end_of_a_connection_that_was_named_is_told_after_its_last_record_and_once() {
    let sink = Sink::new(SESSION);
    for index in 1..=3 {
        sink.conn(info(index));
    }
    sink.push(record(1, b"named"));
    assert_eq!(over(&take_all(&sink)), []);
    sink.push(record(1, b"last"));
    sink.retire(SESSION.conn(1));
    sink.push(record(2, b"only"));
    sink.retire(SESSION.conn(2));
    sink.retire(SESSION.conn(3));
    let events = take_all(&sink);
    assert_eq!(over(&events), [SESSION.conn(1), SESSION.conn(2)], "nobody heard of the third");
    for batch in batches(&events) {
        let named = |conn| batch.conns.iter().any(|info| info.id == conn);
        assert!(!named(SESSION.conn(1)) && named(SESSION.conn(2)), "{batch:?}");
    }
    sink.retire(SESSION.conn(1));
    assert_eq!(over(&take_all(&sink)), []);
    assert!(is_empty(&sink));
}

/// While nobody takes them, ends do not pile up either: only who was named has one to be told.
#[test]
fn ends_that_wait_to_be_told_are_bounded_by_who_was_open() {
    let sink = Sink::new(SESSION);
    for index in 0..100 {
        sink.conn(info(index));
        sink.push(record(index, b"x"));
    }
    take_all(&sink);
    for index in 0..100_000 {
        sink.conn(info(100 + index));
        sink.offer([record(100 + index, b"x")]);
        sink.retire(SESSION.conn(index));
    }
    let over = over(&take_all(&sink)).len();
    assert!((100..=100 + DATAGRAMS).contains(&over), "{over}");
    assert!(is_empty(&sink));
}

#[test]
fn a_record_is_cut_but_says_how_long_it_was() {
    let sink = Sink::new(SESSION);
    let long = Bytes::from(vec![0; RECORD_KEEPS + 5]);
    sink.received(SESSION.conn(1), long, RECORD_KEEPS as u64 + 5);
    let events = take_all(&sink);
    let record = &batches(&events)[0].records[0];
    assert_eq!((record.data.len(), record.original_len), (RECORD_KEEPS, RECORD_KEEPS as u64 + 5));
}

#[test]
fn a_wall_clock_that_was_set_is_told_and_noted_before_the_fact_that_shows_it() {
    let hour = 3_600_000_000_000;
    let by = Arc::new(AtomicI64::new(0));
    let sink = Sink::with_wall(SESSION, WallSource::ahead_by(Arc::clone(&by)));
    sink.received(SESSION.conn(1), Bytes::from_static(b"before"), 6);
    let then = clock::now();
    while clock::now().since(then) < Duration::from_millis(2) {
        std::hint::spin_loop();
    }
    by.store(hour, Ordering::Relaxed);
    let held = sink.hold_stamp();
    sink.sent(held, SESSION.conn(1), Bytes::from_static(b"after"), 5);
    let mut clock = WallClock::default();
    let mut shown = Vec::new();
    for event in take_all(&sink) {
        match event {
            Event::ClockStep(step) => clock.step(step),
            Event::Traffic(batch) => shown.extend(batch.records),
            event => panic!("{event:?}"),
        }
    }
    assert_eq!(shown.len(), 3);
    assert!(shown.is_sorted_by_key(|record| record.at), "stamps go on");
    let note = shown.iter().find(|record| record.kind == RecordKind::Note).unwrap();
    assert_eq!(note.conn, SESSION.itself());
    assert!(note.data.starts_with(b"the clock went 1 h 0 min forward"), "{note:?}");
    for record in &shown {
        let ahead = clock.at(record.at).0.cast_signed() - record.at.0.cast_signed();
        let is_before = *record.data == *b"before";
        assert!(
            if is_before { ahead == 0 } else { (ahead - hour).abs() < hour / 60 },
            "{record:?}"
        );
    }
    assert!(is_empty(&sink));
}

#[test]
fn nothing_follows_the_end() {
    let sink = Sink::new(SESSION);
    sink.push(record(1, b"a"));
    sink.finish(done());
    sink.push(record(1, b"late"));
    sink.phase(Phase::Waiting);
    let events = take_all(&sink);
    assert_eq!(events.len(), 2);
    assert_eq!(events[1], done());
}

#[tokio::test]
async fn the_pump_sends_at_once_after_a_pause_and_then_in_batches() {
    let (facts, received) = mpsc::channel(16);
    let mut received = Facts::new(received);
    let root = Sink::new(SessionId(0));
    let sink = root.of(SESSION);
    let stop = CancellationToken::new();
    let pumping = root.pump(facts, stop.clone());
    let script = async {
        let next = async |received: &mut Facts| {
            let event = timeout(Duration::from_secs(5), received.recv()).await.unwrap();
            match event {
                Some(Event::Traffic(batch)) => batch.records.len(),
                Some(event) => {
                    assert_eq!(event, done());
                    0
                }
                None => panic!("ended early"),
            }
        };
        sink.push(record(1, b"first"));
        assert_eq!(next(&mut received).await, 1);
        for _ in 0..BATCH_RECORDS + 88 {
            sink.push(record(1, b"x"));
        }
        assert_eq!(next(&mut received).await, BATCH_RECORDS);
        assert_eq!(next(&mut received).await, 88);
        sink.finish(done());
        assert_eq!(next(&mut received).await, 0);
        stop.cancel();
    };
    tokio::join!(pumping, script);
    assert!(received.recv().await.is_none());
}

#[tokio::test]
async fn a_shell_that_cannot_go_on_without_gets_what_there_is_or_comes_next_at_once() {
    let (facts, mut received) = mpsc::channel(16);
    let root = Sink::new(SessionId(0));
    let sink = root.of(SESSION);
    let stop = CancellationToken::new();
    let pumping = root.clone().pump(facts, stop.clone());
    let script = async {
        sink.push(record(1, b"first, after a pause"));
        timeout(Duration::from_secs(5), received.recv()).await.unwrap().unwrap();
        // Nothing below waits: what is there was sent by who put it or asked for it.
        root.hurry();
        assert!(received.try_recv().is_err(), "there is nothing yet");
        sink.push(record(1, b"comes next"));
        assert!(received.try_recv().is_ok());
        sink.push(record(1, b"waits for company"));
        assert!(received.try_recv().is_err(), "it was asked for one");
        root.hurry();
        assert!(received.try_recv().is_ok());
        stop.cancel();
    };
    tokio::join!(pumping, script);
}

#[tokio::test]
async fn streams_wait_while_the_shell_is_behind_and_go_on_after() {
    let (facts, mut received) = mpsc::channel(1);
    let root = Sink::new(SessionId(0));
    let sink = root.of(SESSION);
    let stop = CancellationToken::new();
    let pumping = root.pump(facts, stop.clone());
    let chunk = Bytes::from(vec![0; 64 * 1024]);
    let reader = async {
        let mut count = 0;
        while timeout(Duration::from_millis(50), sink.ready()).await.is_ok() {
            sink.received(SESSION.conn(1), chunk.clone(), chunk.len() as u64);
            count += 1;
        }
        let bound = STREAM_BOUND / chunk.len();
        assert!((bound..bound + 20).contains(&count), "{bound} reads are held, not {count}");
        while let Ok(Some(_)) = timeout(Duration::from_millis(50), received.recv()).await {}
        timeout(Duration::from_secs(5), sink.ready()).await.unwrap();
        stop.cancel();
    };
    tokio::join!(pumping, reader);
}

#[tokio::test]
async fn a_stopped_pump_leaves_nobody_waiting() {
    let (facts, _received) = mpsc::channel(1);
    let root = Sink::new(SessionId(0));
    let sink = root.of(SESSION);
    for _ in 0..9 {
        let data = Bytes::from(vec![0; RECORD_KEEPS]);
        sink.received(SESSION.conn(1), data, RECORD_KEEPS as u64);
    }
    let stop = CancellationToken::new();
    stop.cancel();
    let late = root.clone();
    let both = async { tokio::join!(sink.ready(), root.pump(facts, stop)) };
    timeout(Duration::from_secs(5), both).await.unwrap();
    timeout(Duration::from_secs(5), late.of(SessionId(2)).ready()).await.unwrap();
}

#[derive(Debug, Clone)]
enum Step {
    Record,
    Datagram,
    Phase(u32),
    Progress(u32),
    Kernel(u64),
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Record),
        4 => Just(Step::Datagram),
        1 => (0..3_u32).prop_map(Step::Phase),
        1 => (0..3_u32).prop_map(Step::Progress),
        1 => (0..3_u64).prop_map(Step::Kernel),
        1 => Just(Step::Take),
    ]
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn whatever_is_put_the_books_balance(steps in proptest::collection::vec(step(), 0..300)) {
        let sink = Sink::new(SESSION);
        let (mut put, mut taken) = (0_usize, 0_usize);
        let count = |event: Event| match event {
            Event::Traffic(batch) => batch.records.len(),
            _ => 0,
        };
        for step in steps {
            match step {
                Step::Record => { put += 1; sink.push(record(1, b"r")); }
                Step::Datagram => { put += 1; sink.offer([record(1, b"d")]); }
                Step::Phase(open) => sink.phase(Phase::Clients { open, refused: 0 }),
                Step::Progress(n) => sink.progress(n, BodyId(1), 0, 0),
                Step::Kernel(total) => sink.lost_by_kernel(total),
                Step::Take => {
                    taken += sink.shared.lock().take().into_iter().map(count).sum::<usize>();
                }
            }
        }
        taken += take_all(&sink).into_iter().map(count).sum::<usize>();
        prop_assert_eq!(put, taken);
        prop_assert!(is_empty(&sink));
    }
}
