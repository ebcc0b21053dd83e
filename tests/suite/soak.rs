//! Memory stays flat however many connections and peers come and go while a session runs. What is
//! measured is a process of its own: other tests would take memory meanwhile.

#![cfg(target_os = "linux")]

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::Range;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol as Protocols, Socket, Type};
use wirebench::app::format;
use wirebench::engine::event::{Batch, Event, Phase};
use wirebench::model::plan::{Plan, UdpListenerPlan};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};
use wirebench::timeline::Timeline;

use crate::foreign::{Home, Peer};
use crate::harness::app::Driver;
use crate::harness::peers::free_port;
use crate::harness::samples::{START, address, fact, info, record};
use crate::harness::terminal::Launch;

/// Bytes that a process has in memory now.
fn resident(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Runs a test of this file that is left out otherwise, alone in a process.
fn alone(test: &str) {
    let name = format!("soak::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    let ended = command.args([&name, "--exact", "--ignored"]).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_million_connections_and_peers_take_no_memory_on_the_screen() {
    alone("measured_on_the_screen");
}

/// Feeds batches as the engine sends them: each connection is named, says something, and is over.
#[test]
#[ignore = "run by the test before it, alone in a process"]
fn measured_on_the_screen() {
    const BATCH: u32 = 5_000;
    const FIRST: u32 = 50_000;
    /// A build that is not optimized takes too long for the million; what it would keep shows.
    const ALL: u32 = if cfg!(debug_assertions) { 300_000 } else { 1_000_000 };
    let mut app = Driver::new((100, 30), START);
    // Full early, so that what grows is the tables.
    app.app.shared.timeline = Timeline::new(4 << 20);
    let bind = "127.0.0.1:9000".parse().unwrap();
    let rules = Vec::new();
    let id = app.open(Plan::UdpListener(UdpListenerPlan {
        bind,
        rules,
        socket: wirebench::model::socket_options::DatagramOptions::default(),
        answer_rate: 9,
    }));
    app.phase(id, Phase::Listening { addresses: vec![address(9000).into()], receive_buffer: None });
    let mut after_first = 0;
    let began = Instant::now();
    for first in (1..=ALL).step_by(BATCH as usize) {
        let ids = (first..first + BATCH).map(|index| id.conn(index));
        let mut batch = Batch::default();
        for conn in ids {
            // Half of them are connections of TCP, which say themselves how they begin and end.
            let is_tcp = conn.index % 2 == 0;
            let protocol = if is_tcp { Protocol::Tcp } else { Protocol::Udp };
            batch.conns.push(info(conn, protocol, Side::Listener));
            let facts =
                [(RecordKind::Accepted, 0), (RecordKind::Finished, 2), (RecordKind::Closed, 3)];
            let mut said: Vec<_> = vec![(1, record(conn, 0, Direction::Received, b"x"))];
            if is_tcp {
                said.push((1, record(conn, 0, Direction::Sent, b"x")));
                let told = |(kind, at)| (at, fact(conn, Direction::Received, kind, "told"));
                said.extend(facts.map(told));
            }
            said.sort_by_key(|(at, _)| *at);
            batch.records.extend(said.into_iter().map(|(_, record)| record));
            batch.over.push(conn);
        }
        app.event(Event::Traffic(batch));
        if first < FIRST {
            after_first = resident("self");
        }
    }
    let grown = resident("self").saturating_sub(after_first);
    assert!(grown < 12 << 20, "{grown} bytes more after {ALL} connections");
    app.assert_shows(&format!("all {}", format::count(ALL.into())));
    assert!(app.app.shared.sessions.get(id).unwrap().conns.len() <= 1_001);
    eprintln!("{ALL} connections took {:?}", began.elapsed());
}

/// Sends one datagram from each of so many peers: ports of many loopback addresses.
fn peers(to: &str, from: u32, count: u32) {
    for number in from..from + count {
        let ip = Ipv4Addr::from(0x7f01_0000 + number / 200);
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        socket.send_to(b"x", to).unwrap();
    }
}

#[test]
fn peers_that_are_forgotten_take_no_memory_without_the_screen() {
    const FIRST: u32 = 15_000;
    const MORE: u32 = 40_000;
    let home = Home::new();
    let words = ["listen", "udp://127.0.0.1:0", "--json"];
    let mut command = home.command(&words);
    command.stderr(Stdio::null());
    let peer = Peer::start(&mut command);
    let bound = peer.line_with("\"bound\"");
    let bound: serde_json::Value = serde_json::from_str(&bound).unwrap();
    let to = bound["local"].as_str().unwrap().to_owned();
    let pid = peer.child.id().to_string();
    let mut told = 0;
    let mut settled = |from: u32, count: u32| {
        let mut sent = 0;
        // In portions, so that nothing is dropped on the way.
        while sent < count {
            let portion = 1_000.min(count - sent);
            peers(&to, from + sent, portion);
            sent += portion;
            while told < from + sent {
                peer.line_with("\"data\"");
                told += 1;
            }
        }
    };
    settled(0, FIRST);
    let before = resident(&pid);
    settled(FIRST, MORE);
    let grown = resident(&pid).saturating_sub(before);
    assert!(grown < 5 << 20, "{grown} bytes more after {MORE} peers");
}

/// A peer of an address of its own comes, says a byte, has it echoed, and leaves.
fn visit(tcp: bool, number: u32, to: SocketAddr) -> std::io::Result<()> {
    let (kind, protocol) =
        if tcp { (Type::STREAM, Protocols::TCP) } else { (Type::DGRAM, Protocols::UDP) };
    let socket = Socket::new(Domain::IPV4, kind, Some(protocol))?;
    // Many addresses, so that no port is used twice in time.
    let from = Ipv4Addr::new(127, 1, (number / 250 % 250) as u8, (number % 250 + 1) as u8);
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&to.into())?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    socket.send(b"x")?;
    (&socket).read_exact(&mut [0])
}

/// So many visits from a few threads; what was lost on the way comes again.
fn visits(tcp: bool, to: SocketAddr, numbers: Range<u32>) {
    const THREADS: u32 = 8;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let mine = numbers.clone().skip(thread as usize).step_by(THREADS as usize);
            scope.spawn(move || {
                for number in mine {
                    while visit(tcp, number, to).is_err() {}
                }
            });
        }
    });
}

/// The figures of benches/README.md: a million, and another one once the timeline is full. Of the program that `WIREBENCH_BIN` names.
#[test]
#[ignore = "takes minutes"]
fn a_million_connections_and_a_million_peers_in_full() {
    const STEPS: [u32; 4] = [250_000, 500_000, 1_000_000, 2_000_000];
    for (scheme, tcp) in [("tcp", true), ("udp", false)] {
        let home = Home::new();
        let [without, port] = [free_port(), free_port()];
        let words = ["listen", &*format!("{scheme}://127.0.0.1:{without}"), "--json", "--echo"];
        let mut command = home.command(&words);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let preset = format!(
            "[{scheme}-listener]\nbind = \"127.0.0.1:{port}\"\nrule = [{{ when = \"always\", send = \"{{{{message}}}}\" }}]\n"
        );
        let mut tui = Launch::default().size(120, 40).preset("a", &preset).start();
        tui.wait_for("─ a ");
        tui.keys("<F5>");
        tui.wait_for("listening");
        for (shell, process, port) in [("listen", child.id(), without), ("screen", tui.id(), port)]
        {
            let to = SocketAddr::from(([127, 0, 0, 1], port));
            let (mut done, began) = (0, Instant::now());
            for step in STEPS {
                visits(tcp, to, done..step);
                done = step;
                let memory = resident(&process.to_string()) >> 10;
                eprintln!("{scheme} {shell}: {step} after {:?}: {memory} KiB", began.elapsed());
            }
        }
        tui.quit();
        let _ = child.kill().and_then(|()| child.wait());
    }
}
