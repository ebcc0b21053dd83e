//! Records of several sessions come out in the order of their stamps.

use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::engine::event::Summary;
use crate::engine::facts::Facts;
use crate::engine::http::exchange_recorder::empty_message;
use crate::model::protocol::Side;

const SESSIONS: usize = 3;

/// What somebody may do at any time.
#[derive(Debug, Clone)]
enum Step {
    Received(usize),
    Offered(usize),
    Phase(usize),
    HoldStamp(usize),
    /// Puts what was sent at the oldest stamp that is held.
    Sent,
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..SESSIONS).prop_map(Step::Received),
        2 => (0..SESSIONS).prop_map(Step::Offered),
        1 => (0..SESSIONS).prop_map(Step::Phase),
        2 => (0..SESSIONS).prop_map(Step::HoldStamp),
        2 => Just(Step::Sent),
        2 => Just(Step::Take),
    ]
}

fn sinks(root: &Sink) -> Vec<Sink> {
    (1..=SESSIONS as u64).map(|id| root.of(SessionId(id))).collect()
}

fn conn(sink: &Sink) -> ConnId {
    sink.session.conn(1)
}

fn offered(sink: &Sink) {
    let held = sink.hold_stamp();
    let record = |_| Record {
        at: clock::now(),
        conn: conn(sink),
        direction: Direction::Received,
        kind: RecordKind::Data,
        data: Bytes::new(),
        frames: Bytes::new(),
        original_len: 0,
        faults: crate::model::fault::FaultMarks::default(),
    };
    sink.offer((0..3).map(record));
    drop(held);
}

fn stamps(events: impl IntoIterator<Item = Event>) -> Vec<Stamp> {
    let batches = events.into_iter().filter_map(|event| match event {
        Event::Traffic(batch) => Some(batch.records),
        _ => None,
    });
    batches.flatten().map(|record| record.at).collect()
}

fn exchange(sink: &Sink, number: u32) -> Exchange {
    Exchange::begun(Side::Listener, conn(sink), number, empty_message(BodyId(1)), Stamp::default())
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn whatever_several_sessions_do_their_records_come_sorted(
        steps in proptest::collection::vec(step(), 0..200),
    ) {
        let root = Sink::new(SessionId(0));
        let sinks = sinks(&root);
        let mut held = std::collections::VecDeque::new();
        let (mut put, mut taken) = (0, Vec::new());
        for step in steps {
            match step {
                Step::Received(at) => {
                    put += 1;
                    sinks[at].received(conn(&sinks[at]), Bytes::new(), 0);
                }
                Step::Offered(at) => {
                    put += 3;
                    offered(&sinks[at]);
                }
                Step::Phase(at) => sinks[at].phase(Phase::Waiting),
                Step::HoldStamp(at) => held.push_back((at, sinks[at].hold_stamp())),
                Step::Sent => if let Some((at, held)) = held.pop_front() {
                    put += 1;
                    sinks[at].sent(held, conn(&sinks[at]), Bytes::new(), 0);
                },
                Step::Take => taken.extend(stamps(root.shared.lock().take())),
            }
        }
        held.clear();
        taken.extend(stamps(root.shared.lock().take()));
        prop_assert_eq!(taken.len(), put);
        prop_assert!(taken.is_sorted());
        prop_assert!(root.shared.lock().is_balanced());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_that_race_come_out_sorted_and_complete() {
    const EACH: usize = 3_000;
    let (facts, received) = mpsc::channel(1);
    let mut received = Facts::new(received);
    let root = Sink::new(SessionId(0));
    let stop = CancellationToken::new();
    let threads: Vec<_> = sinks(&root)
        .into_iter()
        .chain(sinks(&root))
        .map(|sink| {
            std::thread::spawn(move || {
                for at in 0..EACH {
                    if at % 2 == 0 {
                        let held = sink.hold_stamp();
                        std::thread::yield_now();
                        sink.sent(held, conn(&sink), Bytes::new(), 0);
                    } else {
                        sink.received(conn(&sink), Bytes::new(), 0);
                    }
                }
            })
        })
        .collect();
    let all = EACH * threads.len();
    let reading = async {
        let mut taken = Vec::new();
        while taken.len() < all {
            let event = timeout(Duration::from_secs(20), received.recv()).await.unwrap().unwrap();
            taken.extend(stamps([event]));
        }
        stop.cancel();
        taken
    };
    let (taken, ()) = tokio::join!(reading, root.pump(facts, stop.clone()));
    assert!(taken.is_sorted());
    for thread in threads {
        thread.join().unwrap();
    }
}

#[tokio::test]
async fn what_is_younger_than_a_held_stamp_waits_for_its_end_without_turning() {
    let (facts, received) = mpsc::channel(1);
    let mut received = Facts::new(received);
    let root = Sink::new(SessionId(0));
    let sinks = sinks(&root);
    let stop = CancellationToken::new();
    let pumping = root.pump(facts, stop.clone());
    let script = async {
        let held = sinks[0].hold_stamp();
        sinks[1].received(conn(&sinks[1]), Bytes::new(), 0);
        let early = timeout(Duration::from_millis(30), received.recv()).await;
        assert!(early.is_err(), "{early:?}");
        sinks[0].sent(held, conn(&sinks[0]), Bytes::new(), 0);
        let event = timeout(Duration::from_secs(5), received.recv()).await.unwrap();
        let Some(Event::Traffic(batch)) = event else { panic!("{event:?}") };
        let conns: Vec<_> = batch.records.iter().map(|record| record.conn).collect();
        assert_eq!(conns, [conn(&sinks[0]), conn(&sinks[1])]);
        for _ in 0..3 {
            sinks[1].received(conn(&sinks[1]), Bytes::new(), 0);
            let event = timeout(Duration::from_secs(5), received.recv()).await.unwrap();
            assert!(matches!(event, Some(Event::Traffic(_))), "{event:?}");
        }
        stop.cancel();
    };
    tokio::join!(pumping, script);
}

#[test]
fn exchanges_stand_beside_batches_and_before_the_end() {
    let root = Sink::new(SessionId(0));
    let sink = root.of(SessionId(1));
    for number in 0..20 {
        sink.received(conn(&sink), Bytes::new(), 0);
        sink.exchange(Box::new(exchange(&sink, number)));
        sink.progress(number, BodyId(1), 1, 1);
        sink.received(conn(&sink), Bytes::new(), 0);
    }
    let done =
        Event::Done { id: sink.session, outcome: Ok(Summary::default()), at: Stamp::default() };
    sink.finish(done.clone());
    let events: Vec<Event> = root.shared.lock().take().into();
    let Some(Event::Traffic(batch)) = events.first() else { panic!("{events:?}") };
    assert_eq!(batch.records.len(), 40, "one batch");
    let numbers: Vec<u32> = events
        .iter()
        .filter_map(|event| match event {
            Event::Exchange(exchange) => Some(exchange.number),
            _ => None,
        })
        .collect();
    assert!(numbers.iter().copied().eq(0..20), "{numbers:?}");
    assert!(matches!(events.get(2), Some(Event::Progress { number: 0, .. })), "{events:?}");
    assert_eq!(events.last(), Some(&done));
    assert!(!root.shared.lock().knows(sink.session), "the session is forgotten");
}

/// Whoever puts the last fact of a batch sends it; none is sent before the one that was taken first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_threads_send_themselves_come_in_the_order_of_their_stamps() {
    const EACH: usize = 20_000;
    let (facts, received) = mpsc::channel(2);
    let mut received = Facts::new(received);
    let root = Sink::new(SessionId(0));
    let stop = CancellationToken::new();
    let all = EACH * SESSIONS;
    let tasks = TaskTracker::new();
    for sink in sinks(&root) {
        tasks.spawn(async move {
            for _ in 0..EACH {
                sink.ready().await;
                sink.received(conn(&sink), Bytes::from_static(b"some bytes"), 10);
            }
        });
    }
    tasks.close();
    let reading = async {
        let mut taken = Vec::new();
        while taken.len() < all {
            let event = timeout(Duration::from_secs(20), received.recv()).await.unwrap().unwrap();
            taken.extend(stamps([event]));
        }
        stop.cancel();
        taken
    };
    let (taken, ()) = tokio::join!(reading, root.clone().pump(facts, stop.clone()));
    assert!(taken.is_sorted() && taken.len() == all);
    tasks.wait().await;
}
