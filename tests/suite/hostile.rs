//! Hostile peers, met by the real program on its screen and without one: what happened is said in
//! words, what had arrived is kept and shown, keys are answered all the while.

#[path = "hostile/table.rs"]
pub mod table;

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use table::{FAULTS, Fault, Then};

use crate::harness::peers::{free_port, read_head, tcp_peer, udp_peer};
use crate::harness::program::spawned;
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::PATIENCE;

/// Between bytes of a peer that is slow on purpose.
const SLOW: Duration = Duration::from_millis(20);

/// A peer that plays the fault of the moment; it goes on when told, or soon by itself.
struct Stage {
    address: SocketAddr,
    number: Arc<AtomicUsize>,
    go_on: Sender<()>,
}

impl Stage {
    fn new() -> Stage {
        let number = Arc::new(AtomicUsize::new(0));
        let (go_on, told) = channel();
        let told = Mutex::new(told);
        let now = Arc::clone(&number);
        let address = tcp_peer(move |mut stream| {
            if read_head(&mut stream).is_some() {
                play(&stream, &FAULTS[now.load(Ordering::SeqCst)], &told);
            }
        });
        Stage { address, number, go_on }
    }
}

fn play(stream: &TcpStream, fault: &Fault, told: &Mutex<Receiver<()>>) {
    let mut stream = stream;
    let _ = stream.write_all(fault.start.as_bytes());
    let _ = told.lock().unwrap().recv_timeout(PATIENCE);
    match fault.then {
        Then::Close => {}
        Then::Reset => {
            let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
        Then::Hold => {
            let _ = std::io::Read::read(&mut stream, &mut [0]);
        }
        Then::Drip(text) => {
            while stream.write_all(text.as_bytes()).is_ok() {
                thread::park_timeout(SLOW);
            }
        }
        Then::Flood(text) => while stream.write_all(text.repeat(500).as_bytes()).is_ok() {},
    }
}

/// A key is answered whatever goes on: help opens and closes.
pub fn assert_keys_are_answered(tui: &mut Tui) {
    tui.keys("<F1>");
    tui.wait_for("Help ─");
    tui.keys("<F1>");
    tui.wait_for_screen("no help", |screen| !screen.contains("Help ─"));
}

#[test]
fn every_fault_of_a_response_is_told_and_what_arrived_is_shown() {
    let stage = Stage::new();
    let preset = format!("[http]\nurl = \"http://{}/\"\ntimeout = \"1s\"\n", stage.address);
    let mut tui = Launch::default().preset("a", &preset).size(150, 50).start();
    tui.wait_for("─ a ");
    // What is kept of a body is on the first tab, what is kept of a head on the fourth.
    for (is_body, keys) in [(true, ""), (false, "<Tab><Tab><Tab>LLL")] {
        tui.keys(keys);
        for (n, fault) in FAULTS.iter().enumerate().filter(|(_, it)| it.is_in_body() == is_body) {
            stage.number.store(n, Ordering::SeqCst);
            tui.keys("<F5>");
            tui.wait_for(fault.kept);
            assert_keys_are_answered(&mut tui);
            stage.go_on.send(()).unwrap();
            tui.wait_for_screen(fault.name, |screen| {
                let response = pane(screen, "Response ─");
                response.contains(fault.words) && response.contains(fault.kept)
            });
            assert_keys_are_answered(&mut tui);
        }
    }
    tui.quit();
}

/// The rows of a pane: from its title down to the bottom border.
pub fn pane(screen: &str, title: &str) -> String {
    let from_title = screen.lines().skip_while(|line| !line.contains(title));
    let ends = |line: &&str| !(line.contains("┘└") || line.contains("┛└") || line.contains("┘┗"));
    from_title.take_while(ends).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_fault_without_the_screen_has_its_exit_status() {
    let stage = Stage::new();
    for (n, fault) in FAULTS.iter().enumerate() {
        stage.number.store(n, Ordering::SeqCst);
        let child =
            spawned(&["send", &format!("http://{}/", stage.address), "--timeout", "1s", "--text"]);
        // A reset overtakes what was not read yet; nothing tells from outside what was.
        thread::park_timeout(Duration::from_millis(150));
        stage.go_on.send(()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(fault.status), "{}: {said}", fault.name);
        assert!(said.contains(fault.words), "{}: {said}", fault.name);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(!fault.is_in_body() || shown.contains(fault.kept), "{}: {shown}", fault.name);
    }
}

#[test]
fn a_response_that_comes_byte_by_byte_is_a_response() {
    let peer = tcp_peer(|mut stream| {
        let _ = stream.set_nodelay(true);
        if read_head(&mut stream).is_some() {
            for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhol\r\n1\r\ne\r\n0\r\n\r\n"
            {
                let _ = stream.write_all(&[*byte]);
            }
        }
    });
    let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
    let tui = Launch::sending(&preset);
    tui.wait_for_screen("the whole body", |screen| pane(screen, "Response ─").contains("whole"));
    tui.quit();
}

#[test]
fn a_tcp_peer_that_resets_or_ends_or_is_silent_is_told() {
    let (go_on, told) = channel::<Then>();
    let told = Mutex::new(told);
    let peer = tcp_peer(move |mut stream| {
        let _ = stream.write_all(b"kept so far\r\n");
        match told.lock().unwrap().recv_timeout(PATIENCE) {
            Ok(Then::Reset) => {
                let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            }
            Ok(Then::Drip(text)) => {
                let _ = stream.set_nodelay(true);
                for byte in text.as_bytes() {
                    let _ = stream.write_all(&[*byte]);
                }
            }
            _ => {}
        }
    });
    let preset = format!("[tcp]\naddress = \"{peer}\"\n");
    let mut tui = Launch::default().preset("a", &preset).size(150, 50).start();
    tui.wait_for("─ a ");
    for (then, words) in [
        (Then::Reset, "reset"),
        (Then::Close, "finished sending"),
        (Then::Drip("byte after byte\r\n"), "byte after byte"),
    ] {
        tui.keys("<F5>");
        tui.wait_for_screen("the first bytes", |screen| {
            let talk = pane(screen, "Conversation ─");
            talk.contains("kept so far") && !talk.contains(words)
        });
        assert_keys_are_answered(&mut tui);
        go_on.send(then).unwrap();
        tui.wait_for_screen(words, |screen| {
            let talk = pane(screen, "Conversation ─");
            talk.contains(words) && talk.contains("kept so far")
        });
        assert_keys_are_answered(&mut tui);
        tui.keys("<F8>");
    }
    tui.quit();
}

#[test]
fn tcp_and_udp_peers_that_refuse_or_never_answer_are_told() {
    let silent = tcp_peer(|mut stream| {
        let _ = std::io::Read::read(&mut stream, &mut [0; 64]);
        let _ = std::io::Read::read(&mut stream, &mut [0; 64]);
    });
    let (_quiet, datagrams) = udp_peer();
    let free = free_port();
    let step = |send: &str| {
        format!("step = [{{ send = \"{send}\" }}, {{ expect = \"x\", within = \"300ms\" }}]\n")
    };
    for (table, address, words) in [
        ("tcp", format!("127.0.0.1:{free}"), "refused"),
        ("udp", format!("127.0.0.1:{free}"), "nobody listens"),
        ("tcp", silent.to_string(), "300 ms"),
        ("udp", datagrams.to_string(), "300 ms"),
    ] {
        let preset = format!("[{table}]\naddress = \"{address}\"\n{}", step("hello"));
        let mut tui = Launch::sending(&preset);
        tui.wait_for(words);
        assert_keys_are_answered(&mut tui);
        tui.quit();
    }
}
