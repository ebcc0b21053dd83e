//! Figures of large bodies, run by hand with a release build and `netload http` beside it:
//! `NETLOAD=127.0.0.1:18080 cargo test --release --test main http_bench -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::time::{Duration, Instant};

use tokio::time::timeout;
use wirebench::engine::event::Event;
use wirebench::model::exchange::ExchangeState;
use wirebench::model::plan::Plan;
use wirebench::model::view::{View, ViewMode, ViewPart, ViewQuery};

use super::http::{Bench, plan};

fn rss_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    line("VmHWM:")
}

struct Figures {
    first_lines: Duration,
    complete: Duration,
    browsable: Duration,
    view: View,
}

/// Fetches a body with its first page on screen.
async fn fetch(bench: &mut Bench, url: &str, mode: ViewMode) -> Figures {
    let began = Instant::now();
    bench.open(Plan::Http(plan("GET", url)));
    let (mut complete, mut first_lines, mut head, mut last) = (None, None, None, None);
    loop {
        if let Some(complete) = complete
            && let Some(view) = last.take_if(|view: &mut View| view.complete)
        {
            let first = first_lines.unwrap_or_else(|| began.elapsed());
            let browsable = began.elapsed();
            return Figures { first_lines: first, complete, browsable, view };
        }
        let event = tokio::select! {
            event = bench.events.facts.recv() => event,
            event = bench.events.urgent.recv() => event,
        };
        match event.unwrap() {
            Event::Exchange(exchange) => {
                if let (Some(response), None) = (&exchange.response, head) {
                    head = Some(began.elapsed());
                    let body = response.body.id;
                    let part = ViewPart::Decoded;
                    bench.handle.view(ViewQuery::new(body, part, mode, 0, 50)).unwrap();
                }
                if exchange.state == ExchangeState::Complete {
                    complete = Some(began.elapsed());
                }
            }
            Event::View(view) => {
                if !view.lines.is_empty() && first_lines.is_none() {
                    first_lines = Some(began.elapsed().saturating_sub(head.unwrap()));
                }
                last = Some(*view);
            }
            Event::Done { outcome, .. } => {
                outcome.unwrap();
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs netload and a release build"]
async fn large_bodies() {
    let Ok(address) = std::env::var("NETLOAD") else { return };
    let mut bench = Bench::new();
    for path in std::env::var("PATHS").unwrap_or("/json/100M".into()).split(',') {
        let url = format!("http://{address}{path}");
        let curl = std::process::Command::new("curl")
            .args(["-s", "-o", "/dev/null", "-w", "%{time_total}", &url])
            .output()
            .unwrap();
        let curl = String::from_utf8(curl.stdout).unwrap();
        let run = fetch(&mut bench, &url, ViewMode::Pretty);
        let figures = timeout(Duration::from_secs(120), run).await.unwrap();
        println!(
            "{path}: curl {curl} s; first lines {:?}, complete {:?}, browsable {:?}, {} lines, \
             peak {} MiB, note {:?}",
            figures.first_lines,
            figures.complete,
            figures.browsable,
            figures.view.total_lines,
            rss_mib(),
            figures.view.note,
        );
        let mut slowest = Duration::ZERO;
        for part in 0..20 {
            let top = figures.view.total_lines / 20 * part;
            let query = ViewQuery { top, ..figures.view.query.clone() };
            let asked = Instant::now();
            bench.handle.view(query).unwrap();
            while !matches!(bench.events.urgent.recv().await, Some(Event::View(_))) {}
            slowest = slowest.max(asked.elapsed());
        }
        println!("slowest of 20 windows {slowest:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs netload and a release build"]
async fn listener_under_a_flood() {
    let Ok(program) = std::env::var("NETLOAD_BIN") else { return };
    let mut bench = Bench::new();
    let (session, address) = bench.listen(super::http::listener_of(200, &"x".repeat(1024))).await;
    let flood = std::process::Command::new(program)
        .args(["http-flood", &address.to_string(), "--count", "100000", "--concurrency", "16"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (mut exchanges, mut records, mut batches) = (0, 0, 0);
    while exchanges < 100_000 {
        match bench.fact().await {
            Event::Exchange(exchange) if exchange.conn.session == session => {
                exchanges += usize::from(exchange.state == ExchangeState::Complete);
            }
            Event::Traffic(batch) => {
                batches += 1;
                records += batch.records.len();
            }
            _ => {}
        }
    }
    let output = flood.wait_with_output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    println!("{exchanges} exchanges, {records} records in {batches} batches, {} MiB", rss_mib());
}
