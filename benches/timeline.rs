//! Cost of the timeline under load: pushing a batch, evicting, filtering a million records,
//! and what one step on the user interface's task takes.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench has no callers and may stop")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wirebench::model::exchange::{Exchange, ExchangeState, FieldLine, Head, HttpMessage};
use wirebench::model::exchange_facts::ExchangeFacts;
use wirebench::model::id::{ConnId, SessionId};
use wirebench::model::peer_owner::{LocalUser, PeerOwner, PeerProcess};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, Record, RecordKind};
use wirebench::model::timing::Stamp;
use wirebench::query::Filter;
use wirebench::timeline::Timeline;
use wirebench::timeline::conversation::Conversation;
use wirebench::timeline::listing::{Listing, Rebuild, STEP_WORK};

const RECORDS: u64 = 1_000_000;
const BATCH: u64 = 512;
const CONNS: u32 = 16;
/// As many as a timeline remembers.
const EXCHANGES: u32 = 50_000;

fn conn(index: u64) -> ConnId {
    SessionId(1).conn((index % u64::from(CONNS)) as u32 + 1)
}

/// Records of about 150 bytes whose payloads share one buffer, as the engine hands them over.
fn batch(first: u64) -> Vec<Record> {
    let mut arena = BytesMut::new();
    let mut records = Vec::with_capacity(BATCH as usize);
    for index in first..first + BATCH {
        let text = format!(
            "{{\"sensor\":{},\"temperature\":21.{},\"state\":\"running\",\"note\":\"{}\"}}\n",
            index % 97,
            index % 10,
            "all good here, nothing to report, next sample follows in a moment or two, as ever"
        );
        arena.extend_from_slice(text.as_bytes());
        let data: Bytes = arena.split().freeze();
        records.push(Record {
            frames: bytes::Bytes::new(),
            at: Stamp(index * 10_000),
            conn: conn(index),
            direction: if index % 8 == 0 { Direction::Sent } else { Direction::Received },
            kind: RecordKind::Data,
            original_len: data.len() as u64,
            faults: wirebench::model::fault::FaultMarks::default(),
            data,
        });
    }
    records
}

fn introduce(timeline: &mut Timeline) {
    for index in 0..u64::from(CONNS) {
        timeline.connect(ConnInfo {
            local: Some(([127, 0, 0, 1], 9000).into()),
            peer: Some(([127, 0, 0, 1], 40_000 + index as u16).into()),
            ..ConnInfo::new(conn(index), Protocol::Udp, Side::Listener)
        });
    }
}

/// Whose the peers are, and what was asked and answered: half of the time something was.
fn know(timeline: &mut Timeline) {
    for index in 0..u64::from(CONNS) {
        let program = if index % 4 == 0 { "curl" } else { "python3" }.to_owned();
        let user = LocalUser { uid: 1000, name: Some("somebody".into()) };
        let process = PeerProcess { pid: 4711, program, user, listens: false, is_us: false };
        timeline.found(conn(index), Arc::new(PeerOwner::Process(process)));
    }
    let pause = RECORDS * 10_000 / u64::from(EXCHANGES);
    for number in 0..EXCHANGES {
        let (of, at) = (conn(u64::from(number)), Stamp(u64::from(number) * pause));
        let mut exchange = Exchange::begun(Side::Listener, of, number, HttpMessage::default(), at);
        exchange.state = ExchangeState::Complete;
        exchange.timing.total = Duration::from_nanos(pause * u64::from(CONNS) / 2);
        let field = |name: &'static str, value: String| FieldLine {
            name: Bytes::from_static(name.as_bytes()),
            value: value.into(),
        };
        let fields = vec![
            field("Content-Type", "application/json".into()),
            field("X-Request-Id", format!("request-{number}")),
        ];
        let head = Head { fields, ..Head::default() };
        exchange.response = Some(HttpMessage { head, ..HttpMessage::default() });
        timeline.exchange(ExchangeFacts::of(&exchange));
    }
}

fn push_all(timeline: &mut Timeline, records: Vec<Record>) {
    for record in records {
        timeline.push(record);
    }
}

fn filled() -> Timeline {
    let mut timeline = Timeline::default();
    introduce(&mut timeline);
    for first in (0..RECORDS).step_by(BATCH as usize) {
        push_all(&mut timeline, batch(first));
    }
    timeline
}

fn push(c: &mut Criterion) {
    let mut group = c.benchmark_group("push 512 records");
    group.throughput(Throughput::Elements(BATCH));
    for (name, limit) in [("with room", usize::MAX), ("evicting", 4 * 1024 * 1024)] {
        let mut timeline = Timeline::new(limit);
        introduce(&mut timeline);
        for first in (0..50_000).step_by(BATCH as usize) {
            push_all(&mut timeline, batch(first));
        }
        group.bench_function(name, |b| {
            b.iter_batched(
                || batch(0),
                |records| {
                    push_all(&mut timeline, records);
                    if timeline.len() > 2_000_000 {
                        timeline.clear();
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn filter(c: &mut Criterion) {
    let mut timeline = filled();
    know(&mut timeline);
    let mut group = c.benchmark_group("filter 1,000,000 records");
    group.throughput(Throughput::Elements(timeline.len() as u64));
    group.sample_size(10);
    for text in [
        "len > 64",
        "port == 9000",
        "port == 9000 and dir == in",
        "port == 40003 and dir == in",
        "text contains \"x\"",
        "text contains \"TEMPERATURE\"",
        "\"nowhere to be found\"",
        "hex contains 0d0a",
        "not (conn == 1/3 or kind == closed)",
        "port in {40001, 40003..40005}",
        "peer in 127.0.0.0/8 and latency > 1ms",
        "process == curl",
        "process == curl and not header.x-request-id",
        "header.x-request-id contains \"77\"",
        "status == 4xx or error",
        "data[0:2] == 7b22",
        "data matches \"temp[a-z]+\\\":22\"",
    ] {
        let filter = Filter::parse(text).unwrap();
        group.bench_function(text, |b| {
            b.iter(|| {
                let mut listing = listing(&filter);
                listing.extend(&timeline);
                black_box(listing.len())
            });
        });
    }
    group.finish();
}

/// One that has seen nothing yet.
fn listing(filter: &Filter) -> Listing {
    let mut listing = Listing::default();
    listing.set_filter(filter.clone(), &Timeline::default());
    listing
}

fn steps(c: &mut Criterion) {
    let mut timeline = filled();
    let mut group = c.benchmark_group("one step");
    for text in ["port == 40003", "\"nowhere to be found\""] {
        let filter = Filter::parse(text).unwrap();
        let mut listing = Listing::default();
        group.bench_function(format!("rebuild {text}"), |b| {
            b.iter(|| {
                if listing.rebuild_step(&timeline, STEP_WORK) == Rebuild::Done {
                    listing.set_filter(filter.clone(), &timeline);
                }
            });
        });
    }
    let mut live = listing(&Filter::parse("port == 40003").unwrap());
    live.extend(&timeline);
    let at = std::cell::Cell::new(RECORDS);
    group.bench_function("extend by a batch", |b| {
        b.iter_batched(
            || batch(at.get()),
            |records| {
                at.set(at.get() + BATCH);
                push_all(&mut timeline, records);
                live.extend(&timeline);
            },
            BatchSize::LargeInput,
        );
    });
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.bench_function("conversation of one session", |b| {
        b.iter(|| {
            let mut conversation = Conversation::new(SessionId(1));
            for (id, record) in timeline.range(timeline.first(), timeline.next_id()) {
                conversation.extend(&record, id, true);
            }
            conversation.rows.len()
        });
    });
    group.bench_function("clear 1,000,000 records", |b| {
        b.iter_batched(
            filled,
            |mut timeline| {
                timeline.clear();
                timeline
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, push, filter, steps);
criterion_main!(benches);
