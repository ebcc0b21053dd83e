//! Datagrams that come while the program cannot read: the kernel drops what its buffer does not
//! hold, and the figures add up to the last one: sent = shown + evicted + dropped by us + dropped
//! by the kernel.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::foreign::Home;
use crate::harness::peers::free_port;
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;

/// More than the largest receive buffer that is asked for can hold.
const SENT: u64 = 60_000;

fn flood(to: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..SENT {
        socket.send_to(&number.to_be_bytes(), to).unwrap();
    }
}

fn is_stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

#[cfg(target_os = "linux")]
#[test]
fn without_the_screen_every_datagram_is_printed_or_counted() {
    let home = Home::new();
    let mut child = home
        .command(&["listen", "udp://127.0.0.1:0", "--json", "--for", "20s"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&child);
    let output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = output.map(|line| serde_json::from_str::<Value>(&line).expect("JSON"));
    let bound = lines.find(|line| line["kind"] == "bound").expect("it is bound");
    let address = bound["local"].as_str().unwrap().parse().unwrap();

    kill_process(pid, Signal::STOP).unwrap();
    wait_until("it is stopped", || is_stopped(pid));
    flood(address);
    kill_process(pid, Signal::CONT).unwrap();
    let (mut shown, mut by_app, mut by_kernel) = (0, 0, 0);
    for line in lines {
        match (line["type"].as_str(), line["kind"].as_str()) {
            (Some("lost"), _) => {
                by_app = line["by_app"].as_u64().unwrap();
                by_kernel = line["by_kernel"].as_u64().unwrap();
            }
            (_, Some("data")) => shown += 1,
            _ => {}
        }
        assert!(shown + by_app + by_kernel <= SENT, "{shown} + {by_app} + {by_kernel}");
        if shown + by_app + by_kernel == SENT {
            break;
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(shown + by_app + by_kernel, SENT, "{shown} + {by_app} + {by_kernel}");
    assert!(by_kernel > 0, "the kernel's buffer cannot hold them all");
}

/// The figure before these words on the title of the traffic pane; 0 when they are not there.
fn figure(screen: &str, words: &str) -> u64 {
    let title = screen.lines().find(|line| line.contains("Traffic ─")).unwrap_or_default();
    let before = title.split(words).next().filter(|before| before.len() < title.len());
    let number = before.and_then(|before| before.split_whitespace().last());
    number.map_or(0, |number| number.replace(',', "").parse().unwrap_or(0))
}

#[cfg(target_os = "linux")]
#[test]
fn on_the_screen_every_datagram_is_shown_or_counted() {
    let port = free_port();
    let preset = format!("[udp-listener]\nbind = \"127.0.0.1:{port}\"\n");
    let mut tui = Launch::default().preset("a", &preset).size(160, 40).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("1 listening");
    tui.signal(Signal::STOP);
    wait_until("it is stopped", || tui.process_state() == 'T');
    flood(SocketAddr::from(([127, 0, 0, 1], port)));
    tui.signal(Signal::CONT);
    // All but the record of the bind are datagrams.
    tui.wait_for_screen("figures that add up", |screen| {
        let (records, evicted) = (figure(screen, "records"), figure(screen, "evicted"));
        let (by_us, by_kernel) =
            (figure(screen, "dropped by us"), figure(screen, "dropped by the kernel"));
        by_kernel > 0 && records + evicted + by_us + by_kernel == SENT + 1
    });
    tui.quit();
}
