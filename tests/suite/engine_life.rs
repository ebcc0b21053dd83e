//! Life cycle: one `Done` per `Open`, refusals, cancelling, shutting down.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::engine::{Engine, EngineConfig};
use wirebench::model::failure::{FailureKind, Stage};
use wirebench::model::id::SessionId;
use wirebench::model::plan::Plan;
use wirebench::model::secrets::Secrets;

use super::bench::{Bench, echo, tcp, tcp_listener, udp, udp_listener};

#[tokio::test]
async fn orders_for_unknown_sessions_and_connections_are_refused() {
    let mut bench = Bench::start();
    let nobody = SessionId(99);
    bench.send(Recipient::All(nobody), b"x");
    bench.until("a refusal", |bench| bench.refused.len() == 1).await;
    assert!(bench.refused.iter().all(|failure| failure.kind == FailureKind::NotFound));

    let id = bench.open(Plan::TcpListener(tcp_listener(echo())));
    bench.listening(id).await;
    bench.send(Recipient::Conn(id.conn(7)), b"x");
    bench.send(Recipient::All(id), b"x");
    bench
        .handle
        .command(Command::Update { id, plan: Box::new(Plan::UdpListener(udp_listener(echo()))) })
        .unwrap();
    bench.until("three more", |bench| bench.refused.len() == 4).await;
}

/// Whoever ends a session or a connection cannot know that it has just ended by itself.
#[tokio::test]
async fn an_end_that_comes_too_late_is_no_news() {
    let mut bench = Bench::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = bench.open(Plan::Tcp(tcp(nobody)));
    assert!(bench.outcome(gone).await.is_err(), "nobody is there");
    let listeners = [
        bench.open(Plan::TcpListener(tcp_listener(echo()))),
        bench.open(Plan::UdpListener(udp_listener(echo()))),
    ];
    for id in listeners {
        bench.listening(id).await;
    }
    let client = bench.open(Plan::Udp(udp("127.0.0.1:9".parse().unwrap())));
    bench.connected(client).await;
    for how in [CloseMode::Close, CloseMode::HalfClose, CloseMode::Reset] {
        bench.close(gone, how);
        bench.end(gone.conn(1), how);
        for id in listeners.into_iter().chain([client]) {
            bench.end(id.conn(7), how);
        }
    }
    for id in listeners.into_iter().chain([client]) {
        bench.close(id, CloseMode::Close);
        assert!(bench.outcome(id).await.is_ok());
    }
    assert!(bench.refused.is_empty(), "{bench}");
}

#[tokio::test]
async fn opening_a_number_twice_leaves_the_first_session_alone() {
    let mut bench = Bench::start();
    let id = bench.open(Plan::TcpListener(tcp_listener(echo())));
    bench.listening(id).await;
    let plan = Box::new(Plan::TcpListener(tcp_listener(echo())));
    bench.handle.command(Command::Open { id, plan, secrets: Secrets::default() }).unwrap();
    bench.until("a refusal", |bench| bench.refused.len() == 1).await;
    bench.close(id, CloseMode::Close);
    assert_eq!(bench.outcome(id).await.unwrap().ended, "closed by us");
}

#[tokio::test]
async fn cancelling_a_connect_that_hangs_ends_it_at_once() {
    // A listener whose backlog is full answers no further connection attempt.
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    full.listen(0).unwrap();
    let address = full.local_addr().unwrap().as_socket().unwrap();
    let _filling: Vec<_> = (0..4)
        .map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(20)))
        .collect();
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(tcp(address)));
    bench.until("Connecting", |bench| format!("{:?}", bench.phases).contains("Connecting")).await;
    let started = Instant::now();
    bench.close(id, CloseMode::Reset);
    let failure = bench.outcome(id).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_millis(100));
    assert_eq!((failure.stage, failure.kind), (Stage::Connect, FailureKind::Cancelled));

    let mut plan = tcp(address);
    plan.connect_timeout = Duration::from_millis(60);
    let id = bench.open(Plan::Tcp(plan));
    let failure = bench.outcome(id).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout(Duration::from_millis(60)));
    assert!(failure.cause.starts_with("timed out after 60 ms"), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_at_random_moments_leaves_one_done_each_and_no_task() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = peer.local_addr().unwrap();
    let mut bench = Bench::start();
    let mut opened = Vec::new();
    for round in 0..60_u32 {
        let plan = match round % 4 {
            0 => Plan::Tcp(tcp(address)),
            1 => Plan::TcpListener(tcp_listener(echo())),
            2 => Plan::Udp(udp(address)),
            _ => Plan::UdpListener(udp_listener(echo())),
        };
        let id = bench.open(plan);
        bench.send(Recipient::All(id), b"hello");
        for _ in 0..round % 5 {
            tokio::task::yield_now().await;
        }
        let how = [CloseMode::Reset, CloseMode::Close][round as usize % 2];
        bench.close(id, how);
        opened.push(id);
        if round % 10 == 0 {
            bench.step().await;
        }
    }
    for id in opened {
        let _ = bench.outcome(id).await;
    }
    assert!(bench.handle.shutdown(Duration::from_secs(5)).await, "no task is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_is_quick_even_when_nobody_reads_events() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let (handle, _events) = Engine::start(EngineConfig::default());
    for number in 0..30 {
        let plan = if number % 2 == 0 {
            Plan::TcpListener(tcp_listener(echo()))
        } else {
            Plan::Tcp(tcp(peer.local_addr().unwrap()))
        };
        let open = Command::Open {
            id: SessionId(number),
            plan: Box::new(plan),
            secrets: Secrets::default(),
        };
        handle.command(open).unwrap();
    }
    let _accepted = peer.accept().unwrap();
    let started = Instant::now();
    assert!(handle.shutdown(Duration::from_secs(5)).await);
    assert!(started.elapsed() < Duration::from_millis(50), "{:?}", started.elapsed());
    assert!(handle.command(Command::Release(Vec::new())).is_err(), "a stopped engine says so");
}

#[tokio::test]
async fn a_full_command_queue_is_an_answer_and_not_a_wait() {
    let (handle, _events) = Engine::start(EngineConfig::default());
    // The supervisor cannot run before this task yields.
    let refused = (0..100)
        .find_map(|_| handle.command(Command::Release(Vec::new())).err())
        .expect("the queue is bounded");
    assert_eq!(refused.kind, FailureKind::Busy);
}
