//! UDP clients and listeners against std sockets: peers told apart, boundaries kept, loss counted.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::engine::event::Phase;
use wirebench::model::awaited::AwaitedPlan;
use wirebench::model::endpoint::Bind;
use wirebench::model::failure::{FailureKind, Stage};
use wirebench::model::plan::{Plan, RulePlan, StepPlan, UdpListenerPlan, UdpPlan};
use wirebench::model::record::{Direction, RecordKind};
use wirebench::model::socket_options::SourceAddress;

use super::bench::{Bench, DEADLINE, answer, echo, text, udp, udp_listener};
use crate::harness::peers::udp_peer;

fn socket() -> UdpSocket {
    udp_peer().0
}

fn next(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let count = socket.recv(&mut buffer).unwrap();
    buffer[..count].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_sees_its_peer_and_a_second_sender() {
    let (peer, stranger) = (socket(), socket());
    let mut bench = Bench::start();
    let id = bench.open(Plan::Udp(udp(peer.local_addr().unwrap())));
    let (local, home) = bench.connected(id).await;
    assert_eq!(home, peer.local_addr().unwrap());
    for data in [&b"one"[..], b"", b"three"] {
        let data = Bytes::copy_from_slice(data);
        bench.handle.command(Command::Send { to: Recipient::All(id), data }).unwrap();
    }
    assert_eq!([next(&peer), next(&peer), next(&peer)], [&b"one"[..], b"", b"three"]);
    peer.send_to(b"reply", local).unwrap();
    peer.send_to(b"", local).unwrap();
    stranger.send_to(b"hello from elsewhere", local).unwrap();
    let conn = id.conn(1);
    bench.received(id.conn(2), b"hello from elsewhere").await;
    let lengths: Vec<_> = bench.data(conn, Direction::Received).map(|r| r.original_len).collect();
    assert_eq!(lengths, [5, 0], "an empty datagram is one, too");
    let info = bench.conns.iter().find(|info| info.id == id.conn(2)).unwrap();
    assert_eq!(info.peer, Some(stranger.local_addr().unwrap().into()));
    bench.send(Recipient::Conn(id.conn(2)), b"who are you");
    assert_eq!(next(&stranger), b"who are you");
    bench.close(id, CloseMode::Close);
    bench.outcome(id).await.unwrap();
    assert_eq!(bench.totals(id), (19, 25));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_answers_one_or_all_and_by_rule() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpListener(udp_listener(vec![answer("PING", "PONG")])));
    let address = bench.listening(id).await[0];
    let (a, b) = (socket(), socket());
    a.send_to(b"PING", address).unwrap();
    assert_eq!(next(&a), b"PONG");
    b.send_to(b"no rule for this", address).unwrap();
    bench.received(id.conn(2), b"no rule for this").await;
    bench.send(Recipient::Conn(id.conn(2)), b"only b");
    assert_eq!(next(&b), b"only b");
    bench.send(Recipient::All(id), b"all");
    assert_eq!((next(&a), next(&b)), (b"all".to_vec(), b"all".to_vec()));

    let plan = Box::new(Plan::UdpListener(udp_listener(vec![answer("PING", "NEW")])));
    bench.handle.command(Command::Update { id, plan }).unwrap();
    bench.kind(id, RecordKind::Note).await;
    a.send_to(b"PING", address).unwrap();
    assert_eq!(next(&a), b"NEW");

    bench.end(id.conn(1), CloseMode::Close);
    bench.kind(id, RecordKind::Closed).await;
    a.send_to(b"back", address).unwrap();
    bench.received(id.conn(3), b"back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_source_port_is_used_and_a_taken_one_is_explained() {
    let peer = socket();
    let free = socket().local_addr().unwrap().port();
    let mut plan = udp(peer.local_addr().unwrap());
    plan.client.source = Some(SourceAddress::Port(free));
    let mut bench = Bench::start();
    let id = bench.open(Plan::Udp(plan.clone()));
    assert_eq!(bench.connected(id).await.0.port(), free);
    bench.send(Recipient::All(id), b"x");
    let mut buffer = [0; 9];
    assert_eq!(peer.recv_from(&mut buffer).unwrap().1.port(), free);

    let second = bench.open(Plan::Udp(plan));
    let failure = bench.outcome(second).await.unwrap_err();
    assert_eq!((failure.stage, failure.kind), (Stage::Bind, FailureKind::AddressInUse));
    assert!(failure.cause.contains("another session of this program"), "{failure}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_datagram_is_explained_and_the_session_goes_on() {
    let gone = socket();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let mut bench = Bench::start();
    let id = bench.open(Plan::Udp(udp(address)));
    bench.connected(id).await;
    bench.send(Recipient::All(id), b"anybody?");
    let failed = bench.kind(id, RecordKind::Failed).await;
    assert_eq!(failed.conn, id.conn(1));
    assert_eq!(text(&failed), format!("nobody listens on {address} (port unreachable)"));
    let back = UdpSocket::bind(address).unwrap();
    back.set_read_timeout(Some(DEADLINE)).unwrap();
    bench.send(Recipient::All(id), b"again");
    assert_eq!(next(&back), b"again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_datagram_is_noted_once_and_one_too_large_is_refused() {
    let peer = socket();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Udp(udp(peer.local_addr().unwrap())));
    for size in [1_472, 1_473, 2_000, 65_507, 65_508] {
        let data = Bytes::from(vec![0; size]);
        bench.handle.command(Command::Send { to: Recipient::All(id), data }).unwrap();
    }
    for size in [1_472, 1_473, 2_000, 65_507] {
        assert_eq!(next(&peer).len(), size);
    }
    let failed = bench.kind(id, RecordKind::Failed).await;
    assert!(text(&failed).starts_with("65,508 bytes to"), "{}", text(&failed));
    let notes: Vec<_> =
        bench.records.iter().filter(|record| record.kind == RecordKind::Note).collect();
    assert_eq!(notes.len(), 1);
    assert!(text(notes[0]).contains("1,473 bytes are more than the 1,472"), "{}", text(notes[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcast_is_switched_on_when_needed_and_said() {
    let mut plan = udp("127.255.255.255:9".parse().unwrap());
    plan.client.source = Some(SourceAddress::Bound(Bind::All { port: 0 }));
    let mut bench = Bench::start();
    let id = bench.open(Plan::Udp(plan));
    bench.send(Recipient::All(id), b"anybody?");
    bench.record("the datagram", |record| record.direction == Direction::Sent).await;
    let note = bench.kind(id, RecordKind::Note).await;
    assert!(text(&note).contains("broadcast was switched on"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_families_of_loopback_share_one_port() {
    let mut plan = udp_listener(echo());
    plan.bind = Bind::Loopback { port: 0 };
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpListener(plan));
    for address in bench.listening(id).await {
        let any = if address.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        let far = UdpSocket::bind(any).unwrap();
        far.set_read_timeout(Some(DEADLINE)).unwrap();
        far.send_to(b"x", address).unwrap();
        assert_eq!(next(&far), b"x");
    }
    let granted = bench.phases.iter().find_map(|(_, phase)| match phase {
        Phase::Listening { receive_buffer, .. } => *receive_buffer,
        _ => None,
    });
    assert!(granted.unwrap() >= 64 * 1024, "the granted receive buffer is reported");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_of_a_client_send_and_expect_datagrams() {
    let peer = socket();
    let mut plan = udp(peer.local_addr().unwrap());
    plan.steps = vec![
        StepPlan::Send(Bytes::from_static(b"q")),
        StepPlan::Expect {
            awaited: AwaitedPlan::Bytes(Bytes::from_static(b"never")),
            within: Duration::from_millis(50),
        },
    ];
    let mut bench = Bench::start();
    let id = bench.open(Plan::Udp(plan));
    assert_eq!(next(&peer), b"q");
    let failure = bench.outcome(id).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotMet);
}

/// Sends numbered datagrams as fast as it can while nobody reads events, then counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_datagram_is_shown_or_counted_as_lost() {
    const SENT: u64 = 200_000;
    /// More than the queue and the ring can hold together.
    const HELD: u64 = 60_000;
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpListener(udp_listener(Vec::new())));
    let address = bench.listening(id).await[0];
    let flood = tokio::task::spawn_blocking(move || {
        let socket = socket();
        for number in 0..SENT {
            socket.send_to(&number.to_be_bytes(), address).unwrap();
        }
    });
    flood.await.unwrap();
    bench.close(id, CloseMode::Close);
    bench.outcome(id).await.unwrap();
    let shown = bench.data(id.conn(1), Direction::Received).count() as u64;
    let lost = bench.lost.unwrap();
    let reached_us = SENT - lost.by_kernel.unwrap_or_default();
    let overflowed = lost.by_app > 0 || reached_us <= HELD;
    assert!(overflowed, "nobody read, so our ring must have overflowed: {lost:?}");
    if let Some(by_kernel) = lost.by_kernel {
        assert_eq!(shown + lost.by_app + by_kernel, SENT, "{lost:?}");
    }
    let numbers: Vec<_> =
        bench.data(id.conn(1), Direction::Received).map(|r| r.data.clone()).collect();
    assert!(numbers.is_sorted(), "in order of arrival");
    if lost.by_kernel == Some(0) {
        assert_eq!(numbers.last().unwrap().as_ref(), &(SENT - 1).to_be_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_peers_are_told_apart() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpListener(udp_listener(Vec::new())));
    let address = bench.listening(id).await[0];
    for _ in 0..2_000 {
        socket().send_to(b"one", address).unwrap();
    }
    bench
        .until("all datagrams", |bench| {
            bench.records.iter().filter(|r| r.kind == RecordKind::Data).count() == 2_000
        })
        .await;
    assert!(bench.conns.len() > 1_000, "{}", bench.conns.len());
}

/// A figure, not a fact: needs a quiet machine and a release build. Run with
/// `cargo test --release --test main lossless -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a load test"]
async fn a_hundred_thousand_datagrams_a_second_are_lossless() {
    const A_MILLISECOND: u64 = 100;
    const SENT: u64 = 5_000 * A_MILLISECOND;
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpListener(udp_listener(Vec::new())));
    let address = bench.listening(id).await[0];
    let flood = std::thread::spawn(move || {
        let (socket, started) = (socket(), std::time::Instant::now());
        for millisecond in 0..SENT / A_MILLISECOND {
            while started.elapsed() < Duration::from_millis(millisecond) {
                std::hint::spin_loop();
            }
            for _ in 0..A_MILLISECOND {
                socket.send_to(&[7; 64], address).unwrap();
            }
        }
        started.elapsed()
    });
    let mut shown = 0;
    while !flood.is_finished() || shown + bench.lost.map_or(0, |lost| lost.by_app) < SENT {
        bench.step().await;
        shown += bench.records.iter().filter(|r| r.kind == RecordKind::Data).count() as u64;
        bench.records.clear();
    }
    println!("{shown} of {SENT} in {:?}, {:?}", flood.join().unwrap(), bench.lost);
    assert_eq!(shown, SENT);
}

/// The answer to a datagram of a socket that is closed meanwhile comes to the listener that is
/// opened there: for it the datagram is as good as forged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_listeners_that_echo_do_not_answer_each_other() {
    let mut bench = Bench::start();
    let slow = RulePlan { delay: Duration::from_millis(300), ..echo().remove(0) };
    let first = bench.open(Plan::UdpListener(udp_listener(vec![slow])));
    let first_address = bench.listening(first).await[0];
    let sender = socket();
    sender.send_to(b"ping", first_address).unwrap();
    bench.received(first.conn(1), b"ping").await;
    let address = sender.local_addr().unwrap();
    drop(sender);
    let bind = Bind::Address(address);
    let second = bench.open(Plan::UdpListener(UdpListenerPlan { bind, ..udp_listener(echo()) }));
    bench.received(second.conn(1), b"ping").await;
    let note = bench.kind(second, RecordKind::Note).await;
    assert_eq!(note.conn, second.conn(1));
    let words = format!("{first_address} is a listener of wirebench that answers by itself");
    assert!(text(&note).starts_with(&words), "{}", text(&note));
    assert!(text(&note).contains("1 datagram was not answered"), "{}", text(&note));
    assert_eq!(bench.totals(second), (0, 4), "nothing was sent");
    // A person may still answer, and a listener without rules is none that answers by itself.
    bench.send(Recipient::Conn(second.conn(1)), b"by hand");
    bench.received(first.conn(1), b"pingby hand").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_and_listeners_without_rules_are_answered() {
    let mut bench = Bench::start();
    let echoing = bench.open(Plan::UdpListener(udp_listener(echo())));
    let address = bench.listening(echoing).await[0];
    let client = bench.open(Plan::Udp(udp(address)));
    bench.send(Recipient::All(client), b"from a client");
    bench.received(client.conn(1), b"from a client").await;
    assert_eq!(bench.totals(echoing), (13, 13));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_does_not_fulfil_what_a_client_expects() {
    for any_peer in [false, true] {
        let (peer, stranger) = (socket(), socket());
        let within = Duration::from_millis(if any_peer { 5_000 } else { 100 });
        let bytes = Bytes::from_static(b"ok");
        let steps = vec![
            StepPlan::Expect { awaited: AwaitedPlan::Bytes(bytes), within },
            StepPlan::Send(Bytes::new()),
        ];
        let plan = UdpPlan { steps, any_peer, ..udp(peer.local_addr().unwrap()) };
        let mut bench = Bench::start();
        let id = bench.open(Plan::Udp(plan));
        let (local, _) = bench.connected(id).await;
        stranger.send_to(b"ok", local).unwrap();
        if any_peer {
            assert_eq!(next(&peer), b"");
        } else {
            let failure = bench.outcome(id).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::NotMet);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_are_done_once_their_datagrams_have_left() {
    let peer = socket();
    let mut plan = udp(peer.local_addr().unwrap());
    plan.steps = vec![StepPlan::Send(Bytes::from_static(b"step"))];
    let mut bench = Bench::start();
    let id = bench.open(Plan::Udp(plan));
    let note = bench.kind(id, RecordKind::Note).await;
    assert_eq!(text(&note), "all steps are done");
    let sent: Vec<_> = bench.data(id.conn(1), Direction::Sent).collect();
    assert!(sent.len() == 1 && sent[0].at <= note.at, "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_bound_to_a_group_joins_it_and_says_so() {
    let group: Ipv4Addr = "239.255.77.88".parse().unwrap();
    let mut bench = Bench::start();
    let bind = Bind::Address((group, 0).into());
    let plan = UdpListenerPlan { bind, ..udp_listener(Vec::new()) };
    let id = bench.open(Plan::UdpListener(plan.clone()));
    let address = bench.listening(id).await[0];
    let bound = text(&bench.kind(id, RecordKind::Bound).await);
    assert!(bound.starts_with(&format!("bound to {address}, joined its group")), "{bound}");
    // From this machine alone, whatever networks it has.
    let sender = socket();
    SockRef::from(&sender).set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    sender.send_to(b"to all of you", address).unwrap();
    bench.received(id.conn(1), b"to all of you").await;
    // Another member here shares the port.
    let bind = Bind::Address(address);
    let second = bench.open(Plan::UdpListener(UdpListenerPlan { bind, ..plan }));
    assert_eq!(bench.listening(second).await, [address]);
    sender.send_to(b"to both", address).unwrap();
    bench.received(id.conn(1), b"to all of youto both").await;
    bench.received(second.conn(1), b"to both").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_to_all_is_told_in_the_order_of_the_peers() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::UdpListener(udp_listener(Vec::new())));
    let address = bench.listening(id).await[0];
    let peers: Vec<_> = (0..40).map(|_| socket()).collect();
    for (number, peer) in (1..).zip(&peers) {
        peer.send_to(b"hello", address).unwrap();
        bench.received(id.conn(number), b"hello").await;
    }
    bench.send(Recipient::All(id), b"one");
    bench.send(Recipient::Conn(id.conn(1)), b"two");
    bench.send(Recipient::All(id), b"three");
    let sent = |bench: &Bench| -> Vec<_> {
        let sent = bench.records.iter().filter(|record| record.direction == Direction::Sent);
        sent.map(|record| (record.conn.index, text(record))).collect()
    };
    bench.until("all of them", |bench| sent(bench).len() == 81).await;
    let all = |word: &str| (1..=40).map(|number| (number, word.to_owned())).collect::<Vec<_>>();
    assert_eq!(sent(&bench), [all("one"), vec![(1, "two".into())], all("three")].concat());
    assert_eq!([next(&peers[0]), next(&peers[0])], [b"one", &b"two"[..]]);
}
