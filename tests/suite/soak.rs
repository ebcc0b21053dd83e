//! Memory stays flat however many connections and peers come and go while a session runs. What is
//! measured is a process of its own: other tests would take memory meanwhile.

#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Instant;

use wirebench::app::format;
use wirebench::engine::event::{Batch, Event, Phase};
use wirebench::model::plan::{Plan, UdpListenerPlan};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};
use wirebench::timeline::Timeline;

use crate::foreign::{Home, Peer};
use crate::harness::app::Driver;
use crate::harness::samples::{START, address, fact, info, record};

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
        socket: wirebench::model::plan::DatagramOptions::default(),
        answer_rate: 9,
    }));
    app.phase(id, Phase::Listening { addresses: vec![address(9000)], receive_buffer: None });
    let mut after_first = 0;
    let began = Instant::now();
    for first in (1..=ALL).step_by(BATCH as usize) {
        let ids = (first..first + BATCH).map(|index| id.conn(index));
        let mut batch = Batch::default();
        for conn in ids {
            batch.conns.push(info(conn, Protocol::Udp, Side::Listener));
            batch.records.push(record(conn, 0, Direction::Received, b"x"));
            // Half of them say so themselves, like connections of TCP.
            if conn.index % 2 == 0 {
                batch.records.push(fact(conn, Direction::Received, RecordKind::Closed, "closed"));
            }
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
