//! The UDP relay between real peers: every datagram once and back to whom it is for, bounds kept.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::model::endpoint::Endpoint;
use wirebench::model::failure::FailureKind;
use wirebench::model::hold::HoldPlan;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{Plan, UdpRelayPlan};
use wirebench::model::protocol::Side;
use wirebench::model::record::{Direction, RecordKind};
use wirebench::model::socket_options::{ClientOptions, DatagramOptions};

use super::bench::{Bench, DEADLINE, text};

pub fn plan(target: &str) -> UdpRelayPlan {
    UdpRelayPlan {
        bind: "127.0.0.1:0".parse().unwrap(),
        socket: DatagramOptions::default(),
        target: target.parse().unwrap(),
        client: ClientOptions::default(),
        any_peer: false,
        idle: Duration::from_secs(60),
        hold: HoldPlan::default(),
        faults: wirebench::model::fault::FaultsPlan::default(),
        rewrites: Vec::new(),
    }
}

fn socket(at: &str) -> UdpSocket {
    let socket = UdpSocket::bind(at).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn reads(socket: &UdpSocket, expected: &[u8]) -> SocketAddr {
    let mut room = vec![0; 65_536];
    let (len, from) = socket.recv_from(&mut room).unwrap();
    assert!(room[..len] == *expected, "{len} bytes instead of {}", expected.len());
    from
}

async fn relaying(bench: &mut Bench, plan: UdpRelayPlan) -> (SessionId, SocketAddr) {
    let id = bench.open(Plan::UdpRelay(plan));
    (id, bench.listening(id).await[0])
}

/// A relay, a server behind it, and where the relay is.
async fn to_server() -> (Bench, SessionId, UdpSocket, SocketAddr) {
    let server = socket("127.0.0.1:0");
    let mut bench = Bench::start();
    let target = server.local_addr().unwrap().to_string();
    let (id, at) = relaying(&mut bench, plan(&target)).await;
    (bench, id, server, at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_client_has_a_socket_of_its_own_and_gets_its_own_answers() {
    let (mut bench, id, server, at) = to_server().await;
    let (one, two) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    one.send_to(b"from one", at).unwrap();
    let first = reads(&server, b"from one");
    two.send_to(b"from two", at).unwrap();
    let second = reads(&server, b"from two");
    assert_ne!(first, second);
    server.send_to(b"for two", second).unwrap();
    server.send_to(b"", first).unwrap();
    server.send_to(b"for one", first).unwrap();
    assert_eq!(reads(&two, b"for two"), at);
    reads(&one, b"");
    reads(&one, b"for one");
    one.send_to(b"again", at).unwrap();
    assert_eq!(reads(&server, b"again"), first, "the same socket");

    bench.record("the last one", |record| text(record) == "again").await;
    assert_eq!(bench.totals(id), (14, 21), "each datagram once");
    let datagrams = |index, direction| -> Vec<String> {
        bench.data(id.conn(index), direction).map(text).collect()
    };
    assert_eq!(datagrams(1, Direction::Received), ["from one", "again"]);
    assert_eq!(datagrams(1, Direction::Sent), ["", "for one"]);
    assert_eq!(datagrams(3, Direction::Received), ["from two"]);
    assert_eq!(datagrams(3, Direction::Sent), ["for two"]);
    let half = |index| bench.conns.iter().rfind(|info| info.id == id.conn(index)).unwrap();
    let ends = (Some(first.into()), Some(server.local_addr().unwrap().into()));
    assert_eq!((half(2).local.clone(), half(2).peer.clone()), ends);
    assert_eq!(half(1).pair, half(2).pair);
    assert!(half(1).side == Side::Relay && half(2).told_under() == id.conn(1));

    bench.close(id, CloseMode::Close);
    assert_eq!(bench.outcome(id).await.unwrap().ended, "closed by us");
    let closed = bench.records.iter().filter(|record| record.kind == RecordKind::Closed);
    assert_eq!(closed.count(), 3, "two clients and the relay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_datagrams_pass_whole_in_both_directions_and_families() {
    for (family, most) in [("127.0.0.1:0", 65_507), ("[::1]:0", 65_527)] {
        let Ok(server) = UdpSocket::bind(family) else { continue };
        server.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut bench = Bench::start();
        let target = server.local_addr().unwrap().to_string();
        let there = UdpRelayPlan { bind: family.parse().unwrap(), ..plan(&target) };
        let (id, at) = relaying(&mut bench, there).await;
        let client = socket(family);
        let data: Vec<u8> = (0..most).map(|byte| (byte % 251) as u8).collect();
        client.send_to(&data, at).unwrap();
        let onward = reads(&server, &data);
        server.send_to(&data, onward).unwrap();
        reads(&client, &data);
        bench.until("both", |bench| bench.totals(id) == (most as u64, most as u64)).await;
    }
}

/// The bytes that fit the family of the client and not that of the target: said, never cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_for_the_other_family_is_told_and_not_cut() {
    let Ok(client) = UdpSocket::bind("[::1]:0") else { return };
    let server = socket("127.0.0.1:0");
    let mut bench = Bench::start();
    let target = server.local_addr().unwrap().to_string();
    let there = UdpRelayPlan { bind: "[::1]:0".parse().unwrap(), ..plan(&target) };
    let (_, at) = relaying(&mut bench, there).await;
    client.send_to(&vec![7; 65_520], at).unwrap();
    let told = bench.record("why", |record| text(record).contains("not passed on")).await;
    assert_eq!(
        text(&told),
        "a datagram of 65,520 bytes of the client was not passed on to the server: \
         a datagram holds 65,507 at most"
    );
    client.send_to(b"fits", at).unwrap();
    reads(&server, b"fits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_loopbacks_lead_to_a_target_by_name() {
    let server = socket("127.0.0.1:0");
    let port = server.local_addr().unwrap().port();
    let mut bench = Bench::start();
    let there = UdpRelayPlan { bind: ":0".parse().unwrap(), ..plan(&format!("localhost:{port}")) };
    let id = bench.open(Plan::UdpRelay(there));
    let addresses = bench.listening(id).await;
    for at in addresses {
        let client = socket(if at.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" });
        for data in [&b"one"[..], b"two", b"three"] {
            client.send_to(data, at).unwrap();
        }
        let onward = reads(&server, b"one");
        reads(&server, b"two");
        reads(&server, b"three");
        server.send_to(b"back", onward).unwrap();
        assert_eq!(reads(&client, b"back"), at);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_port_and_an_unknown_name_are_told_on_the_target_half() {
    let closed = socket("127.0.0.1:0").local_addr().unwrap();
    let mut bench = Bench::start();
    let (id, at) = relaying(&mut bench, plan(&closed.to_string())).await;
    let client = socket("127.0.0.1:0");
    client.send_to(b"anybody?", at).unwrap();
    if cfg!(target_os = "linux") {
        let failed = bench.kind(id, RecordKind::Failed).await;
        assert_eq!(failed.conn, id.conn(2));
        assert_eq!(text(&failed), format!("nobody listens on {closed} (port unreachable)"));
    }
    let server = UdpSocket::bind(closed).unwrap();
    server.set_read_timeout(Some(DEADLINE)).unwrap();
    client.send_to(b"now", at).unwrap();
    reads(&server, b"now");

    let (id, at) = relaying(&mut bench, plan("no-such-host.invalid:9")).await;
    client.send_to(b"lost", at).unwrap();
    let failed = bench.kind(id, RecordKind::Failed).await;
    assert_eq!(failed.conn, id.conn(2));
    let lost = "a datagram of 4 bytes of the client was not passed on to the server";
    bench.record("the count", |record| text(record).starts_with(lost)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_reaches_the_client_only_when_anybody_may() {
    for any_peer in [false, true] {
        let server = socket("127.0.0.1:0");
        let mut bench = Bench::start();
        let target = server.local_addr().unwrap().to_string();
        let there = UdpRelayPlan { any_peer, ..plan(&target) };
        let (id, at) = relaying(&mut bench, there).await;
        let (client, stranger) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
        client.send_to(b"ask", at).unwrap();
        let onward = reads(&server, b"ask");
        stranger.send_to(b"strange", onward).unwrap();
        let half = if any_peer { 1 } else { 2 };
        let told = bench.record("it", |record| text(record) == "strange").await;
        assert_eq!(told.conn, id.conn(half), "any-peer {any_peer}");
        server.send_to(b"answer", onward).unwrap();
        if any_peer {
            reads(&client, b"strange");
        } else {
            let why = "not from the target (option any-peer)";
            bench.record("why", |record| text(record).contains(why)).await;
        }
        reads(&client, b"answer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_ends_a_client_and_the_next_datagram_begins_another() {
    let server = socket("127.0.0.1:0");
    let mut bench = Bench::start();
    let target = server.local_addr().unwrap().to_string();
    let there = UdpRelayPlan { idle: Duration::from_millis(50), ..plan(&target) };
    let (id, at) = relaying(&mut bench, there).await;
    let client = socket("127.0.0.1:0");
    client.send_to(b"one", at).unwrap();
    let first = reads(&server, b"one");
    let closed = bench.kind(id, RecordKind::Closed).await;
    assert_eq!(
        (closed.conn, &*text(&closed)),
        (id.conn(1), "closed: nobody said anything for 0.05 s")
    );
    client.send_to(b"two", at).unwrap();
    assert_ne!(reads(&server, b"two"), first);
    bench.record("the next", |record| record.conn == id.conn(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_that_was_silent_for_longest_makes_room() {
    let (mut bench, id, server, at) = to_server().await;
    let clients: Vec<_> = (0..1_025).map(|_| UdpSocket::bind("127.0.0.1:0")).collect();
    if clients.iter().any(Result::is_err) {
        return;
    }
    let mut sources = Vec::new();
    for client in clients.iter().flatten() {
        client.send_to(b"x", at).unwrap();
        sources.push(reads(&server, b"x"));
    }
    let closed = bench.kind(id, RecordKind::Closed).await;
    assert_eq!(closed.conn, id.conn(1));
    assert_eq!(text(&closed), "closed to make room for another of 1024 clients");
    sources.dedup();
    assert_eq!(sources.len(), 1_025, "everybody was passed on");
}

/// Neither the relay nor its target answers itself for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_leads_to_itself_refuses_to_go_round() {
    for (bind, to) in [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")] {
        let port = crate::harness::peers::free_port();
        let mut bench = Bench::start();
        let round = UdpRelayPlan {
            bind: format!("{bind}:{port}").parse().unwrap(),
            ..plan(&format!("{to}:{port}"))
        };
        let (id, _) = relaying(&mut bench, round).await;
        socket("127.0.0.1:0").send_to(b"round", (to, port)).unwrap();
        let failed = bench.kind(id, RecordKind::Failed).await;
        assert!(text(&failed).contains("this relay itself"), "{}", text(&failed));
        bench.close(id, CloseMode::Close);
        bench.outcome(id).await.unwrap();
        assert_eq!(bench.totals(id), (0, 5));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_leads_newcomers_elsewhere_and_orders_by_hand_are_refused() {
    let (mut bench, id, server, at) = to_server().await;
    let (one, two) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    one.send_to(b"before", at).unwrap();
    reads(&server, b"before");
    let other = socket("127.0.0.1:0");
    let there = Plan::UdpRelay(plan(&other.local_addr().unwrap().to_string()));
    bench.handle.command(Command::Update { id, plan: Box::new(there) }).unwrap();
    bench
        .until("a note", |bench| {
            bench.records.iter().filter(|it| text(it).starts_with("what comes goes on")).count()
                == 2
        })
        .await;
    two.send_to(b"after", at).unwrap();
    reads(&other, b"after");
    one.send_to(b"still", at).unwrap();
    reads(&server, b"still");
    bench.send(Recipient::All(id), b"by hand");
    bench.until("a refusal", |bench| !bench.refused.is_empty()).await;
    assert_eq!(bench.refused[0].kind, FailureKind::Usage);
    bench.end(id.conn(1), CloseMode::Close);
    let closed = bench.kind(id, RecordKind::Closed).await;
    assert_eq!(closed.conn, id.conn(1));
}

/// All that was sent is told, lost by us or lost by the kernel, though nobody reads what is told.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_accounted_for_to_the_last_datagram() {
    const FLOOD: u64 = 60_000;
    let (mut bench, id, server, at) = to_server().await;
    let sender = socket("127.0.0.1:0");
    // Once the target is found: what comes before may all be over by then.
    sender.send_to(b"first", at).unwrap();
    reads(&server, b"first");
    let flood = tokio::task::spawn_blocking(move || {
        (0..FLOOD).for_each(|_| drop(sender.send_to(&[1; 100], at)));
    });
    let drain = std::thread::spawn(move || {
        server.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut count = 0;
        while server.recv_from(&mut [0; 128]).is_ok() {
            count += 1;
        }
        count
    });
    flood.await.unwrap();
    bench.close(id, CloseMode::Close);
    bench.outcome(id).await.unwrap();
    let got: u64 = drain.join().unwrap();
    let told = bench.data(id.conn(1), Direction::Received).count() as u64;
    let lost = bench.lost.map_or(0, |lost| lost.by_app + lost.by_kernel.unwrap_or(0));
    assert_eq!(told + lost, 1 + FLOOD, "{:?}", bench.lost);
    assert!(got > 0 && got <= FLOOD);
}

#[test]
fn an_endpoint_of_a_relay_is_one_of_its_plan() {
    let plan = Plan::UdpRelay(plan("h:53"));
    assert_eq!(plan.address(), "127.0.0.1:0 → h:53");
    assert_eq!(Endpoint::new("h", 53).to_string(), "h:53");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_that_lead_to_each_other_pass_no_datagram_round_and_say_so() {
    let nobody = crate::harness::peers::free_port();
    let mut bench = Bench::start();
    let (one, first) = relaying(&mut bench, plan(&format!("127.0.0.1:{nobody}"))).await;
    let (_other, second) = relaying(&mut bench, plan(&first.to_string())).await;
    let order = Plan::UdpRelay(plan(&second.to_string()));
    bench.handle.command(Command::Update { id: one, plan: Box::new(order) }).unwrap();
    bench.record("where to", |it| text(it).ends_with(&format!("goes on to {second}"))).await;
    let client = socket("127.0.0.1:0");
    client.send_to(b"round", first).unwrap();
    bench.record("why not", |it| text(it).contains("it came through this relay before")).await;
    let came = bench.records.iter().filter(|it| it.data == "round").count();
    // Of the client, of the first at the second, of the second at the first.
    assert!(came <= 6, "{came}");
}
