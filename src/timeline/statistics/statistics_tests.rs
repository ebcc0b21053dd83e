use std::sync::Arc;

use super::super::listing::STEP_WORK;
use super::super::samples::{conn_id, fact, info, received, sent};
use super::*;
use crate::model::peer_owner::{LocalUser, PeerProcess};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Record, RecordKind};

/// A connection that came to us from this end.
fn accepted(session: u64, index: u32, peer: &str) -> ConnInfo {
    let (local, peer) = ("127.0.0.1:9000".parse().ok(), peer.parse().ok());
    let known = info(conn_id(session, index), Protocol::Tcp);
    ConnInfo { side: Side::Listener, local, peer, ..known }
}

fn curl() -> PeerOwner {
    let user = LocalUser { uid: 0, name: None };
    let (pid, program) = (7, "curl".to_owned());
    PeerOwner::Process(PeerProcess { pid, program, user, listens: false, is_us: false })
}

/// Two listeners: on each a client asks and is answered.
fn asked() -> Timeline {
    let mut timeline = Timeline::default();
    for (session, peer) in [(1, "127.0.0.1:41000"), (2, "192.0.2.7:41000")] {
        timeline.connect(accepted(session, 1, peer));
        let conn = conn_id(session, 1);
        timeline.push_batch([
            fact(conn, 1_000, RecordKind::Accepted, "accepted"),
            received(conn, 1_000, b"ask"),
            sent(conn, 1_000 + session * 10, b"answer"),
            received(conn, 5_000, b"ask again"),
        ]);
    }
    timeline
}

fn counted(timeline: &Timeline, filter: &str) -> Statistics {
    let mut statistics = Statistics::of(Filter::parse(filter).unwrap());
    while !statistics.is_complete(timeline) {
        statistics.step(timeline, STEP_WORK);
    }
    statistics
}

/// Records of each group.
fn records(statistics: &Statistics, kind: StatKind) -> Vec<(StatGroup, u64)> {
    let groups = statistics.groups(kind);
    let mut told: Vec<_> = groups.into_iter().map(|(group, it)| (group, it.records)).collect();
    told.sort();
    told
}

#[test]
fn records_are_added_up_by_session_peer_process_and_second() {
    let timeline = asked();
    let statistics = counted(&timeline, "");
    assert_eq!((statistics.all.records, statistics.looked_at), (8, 8));
    let session = |id| StatGroup::Session(SessionId(id));
    assert_eq!(records(&statistics, StatKind::Session), [(session(1), 4), (session(2), 4)]);
    let host = |ip: &str| StatGroup::Host(ip.parse().ok());
    let hosts = [(host("127.0.0.1"), 4), (host("192.0.2.7"), 4)];
    assert_eq!(records(&statistics, StatKind::Peer), hosts);
    let second = |at| StatGroup::Second(Stamp(at * NANOS));
    assert_eq!(records(&statistics, StatKind::Second), [(second(1), 6), (second(5), 2)]);
    let unknown =
        [(StatGroup::NoProgram("not known"), 4), (StatGroup::NoProgram("not on this machine"), 4)];
    assert_eq!(records(&statistics, StatKind::Process), unknown);
    // What asks has no latency: 10 and 20 ms are those of the answers.
    let latencies = &statistics.all.latencies;
    assert_eq!(latencies.count, 2);
    let millis = latencies.quantile(1_000).unwrap().as_secs_f64() * 1e3;
    assert!((millis - 20.0).abs() < 0.01, "{millis}");
    assert_eq!(statistics.last_seconds(Stamp(5 * NANOS), 5), [4, 0, 0, 0, 2]);
}

#[test]
fn only_what_the_filter_lets_through_is_counted() {
    let statistics = counted(&asked(), "dir == out and session == 2");
    assert_eq!((statistics.all.records, statistics.looked_at), (1, 8));
    assert_eq!(statistics.all.totals.sent.bytes, 6);
    assert_eq!(statistics.groups(StatKind::Session).len(), 1);
}

#[test]
fn what_is_found_of_a_peer_later_counts_for_what_it_said_before() {
    let mut timeline = asked();
    let mut statistics = counted(&timeline, "");
    let owner = Arc::new(curl());
    timeline.found(conn_id(1, 1), Arc::clone(&owner));
    statistics.owner_found(conn_id(1, 1), &owner);
    timeline.push(received(conn_id(1, 1), 6_000, b"more"));
    statistics.step(&timeline, STEP_WORK);
    let expected =
        [(StatGroup::Program("curl".into()), 5), (StatGroup::NoProgram("not on this machine"), 4)];
    assert_eq!(records(&statistics, StatKind::Process), expected);
}

#[test]
fn small_steps_end_with_the_same_while_records_come_and_go() {
    let mut timeline = Timeline::new(100 * 100);
    let conn = conn_id(1, 1);
    timeline.connect(accepted(1, 1, "127.0.0.1:41000"));
    let push = |timeline: &mut Timeline, from: u64, count: u64| {
        timeline.push_batch((from..from + count).map(|at| received(conn, at, b"a record")));
    };
    push(&mut timeline, 0, 100);
    let mut statistics = Statistics::of(Filter::default());
    statistics.step(&timeline, 1);
    push(&mut timeline, 100, 20);
    let mut steps = 0;
    while !statistics.is_complete(&timeline) {
        statistics.step(&timeline, 1);
        steps += 1;
    }
    assert!(steps >= 100, "{steps}");
    assert_eq!(statistics.all.records + statistics.missed, statistics.looked_at);
    assert_eq!(statistics.all.records, 120);
    // More than the timeline holds comes at once.
    push(&mut timeline, 120, 1_000);
    statistics.step(&timeline, STEP_WORK);
    assert!(statistics.missed > 0 && statistics.is_complete(&timeline));
    assert_eq!(statistics.looked_at + statistics.missed, 1_120);
}

#[test]
fn groups_and_seconds_beyond_the_bound_are_added_up() {
    let mut timeline = Timeline::default();
    let records = |at: u64| -> Record { received(conn_id(at + 1, 1), at * 1_000, b"x") };
    timeline.push_batch((0..GROUPS as u64 + 50).map(records));
    let statistics = counted(&timeline, "");
    let sessions = statistics.groups(StatKind::Session);
    assert_eq!(sessions.len(), GROUPS + 1);
    let of = |groups: &[(StatGroup, Tally)]| {
        let found = groups.iter().find(|(group, _)| *group == StatGroup::Others);
        found.map(|(_, tally)| tally.records)
    };
    assert_eq!(of(&sessions), Some(50));
    let seconds = statistics.groups(StatKind::Second);
    assert_eq!(seconds.len(), SECONDS + 1);
    assert_eq!(of(&seconds), Some((GROUPS + 50 - SECONDS) as u64));
}

#[test]
fn what_is_pinned_is_counted_after_its_neighbours_were_let_go_of() {
    let mut timeline = asked();
    timeline.pin(RecordId(1)).unwrap();
    timeline.pin(RecordId(2)).unwrap();
    let conn = conn_id(2, 1);
    let much = bytes::Bytes::from(vec![b'x'; 1 << 20]);
    while timeline.first() < RecordId(8) {
        timeline.push_batch([received(conn, 9_000, &much)]);
    }
    let statistics = counted(&timeline, "");
    assert_eq!(statistics.looked_at, timeline.len() as u64);
    assert_eq!(
        timeline.next_id().0 - statistics.looked_at,
        timeline.evicted.records,
        "the window says of all others that they were evicted"
    );
    let first = records(&statistics, StatKind::Session);
    assert_eq!(first.first(), Some(&(StatGroup::Session(SessionId(1)), 2)));
    assert_eq!(counted(&timeline, "conn == 1/1 and out").all.records, 1);
}
