//! Signals always win: whatever is not read, not written or hangs, the program ends when it is told
//! to, says what is missing, and a second signal or a second of silence takes the default action.

use std::io::{BufRead as _, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::peers::{echo_peer, tcp_peer};
use crate::harness::program::{command, finished, program, spawned, text};
use crate::harness::terminal::Launch;
use crate::harness::wait::{PATIENCE, wait_until};
use crate::kill::let_run_for;

/// Longest time from the first signal to the end: a second of printing, and a busy machine.
const SOON: Duration = Duration::from_secs(4);

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Waits for the end of a program whose outputs may be unread.
fn ended(child: &mut Child, within: Duration) -> ExitStatus {
    let deadline = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("only kill -9 ends it");
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// The port a listener says it has.
fn port_of(child: &mut Child) -> (u16, impl FnOnce() -> String + use<>) {
    let mut errors = child.stderr.take().unwrap();
    let mut said = Vec::new();
    let mut byte = [0];
    while !said.ends_with(b"\n") {
        errors.read_exact(&mut byte).unwrap();
        said.push(byte[0]);
    }
    let said = text(&said);
    let digits = said.split("127.0.0.1:").nth(1).unwrap().split([';', ',']).next().unwrap();
    let rest = move || {
        let mut rest = String::new();
        errors.read_to_string(&mut rest).unwrap();
        rest
    };
    (digits.parse().unwrap(), rest)
}

/// Sends more than a pipe and our buffers hold.
fn flood(scheme: &str, port: u16) {
    match scheme {
        "udp" => {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            for _ in 0..4000 {
                let _ = socket.send_to(&[b'u'; 300], ("127.0.0.1", port));
            }
        }
        "http" => {
            for _ in 0..60 {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let head =
                    "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9000";
                stream.write_all(format!("{head}\r\n\r\n{}", "h".repeat(9000)).as_bytes()).unwrap();
            }
        }
        _ => {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_nonblocking(true).unwrap();
            let deadline = Instant::now() + Duration::from_secs(1);
            while Instant::now() < deadline {
                match stream.write(&[b't'; 16384]) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        std::thread::park_timeout(Duration::from_millis(20));
                    }
                    outcome => drop(outcome.unwrap()),
                }
            }
        }
    }
}

/// Waits until the listener has taken in what there is and the pipe takes no more of it: what was sent
/// is not received as long as the listener does not get to it.
fn wait_until_stuck(child: &Child) {
    let output = child.stdout.as_ref().unwrap();
    let (mut before, mut since) = (0, Instant::now());
    wait_until("its output waits", || {
        let waiting = rustix::io::ioctl_fionread(output).unwrap();
        if waiting != before {
            (before, since) = (waiting, Instant::now());
        }
        waiting > 16 * 1024 && since.elapsed() > Duration::from_millis(300)
    });
}

#[test]
fn a_listener_whose_output_nobody_reads_ends_and_says_what_is_missing() {
    let cases = [("tcp", "--json", Signal::TERM), ("tcp", "--raw", Signal::INT)];
    let cases = cases.into_iter().chain([
        ("udp", "--text", Signal::HUP),
        ("http", "--json", Signal::TERM),
        ("http", "--raw", Signal::INT),
    ]);
    for (scheme, style, number) in cases {
        let mut child = spawned(&["listen", &format!("{scheme}://127.0.0.1:0"), style]);
        let (port, rest) = port_of(&mut child);
        flood(scheme, port);
        wait_until_stuck(&child);
        signal(&child, number);
        let status = ended(&mut child, SOON);
        let said = rest();
        assert_eq!(status.code(), Some(6), "{scheme} {style}: {said}");
        assert!(said.contains("the output was not read: "), "{scheme} {style}: {said}");
        assert!(said.contains("were not printed"), "{scheme} {style}: {said}");
    }
}

#[test]
fn a_reader_that_is_merely_slow_is_not_said_to_read_nothing() {
    let mut child = spawned(&["listen", "tcp://127.0.0.1:0", "--json"]);
    let (port, rest) = port_of(&mut child);
    flood("tcp", port);
    wait_until_stuck(&child);
    let mut output = child.stdout.take().unwrap();
    signal(&child, Signal::INT);
    let reader = std::thread::spawn(move || {
        while output.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
            std::thread::park_timeout(Duration::from_millis(60));
        }
    });
    let status = ended(&mut child, SOON);
    let said = rest();
    assert_eq!(status.code(), Some(6), "{said}");
    assert!(said.contains("a second was not enough: "), "{said}");
    reader.join().unwrap();
}

#[test]
fn printed_and_missing_together_are_everything_received() {
    const SENT: usize = 3000;
    let mut child = spawned(&["listen", "udp://127.0.0.1:0", "--json"]);
    let (port, rest) = port_of(&mut child);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..SENT {
        socket.send_to(&[b'u'; 300], ("127.0.0.1", port)).unwrap();
        std::thread::yield_now();
    }
    let_run_for(Duration::from_millis(300));
    signal(&child, Signal::TERM);
    assert_eq!(ended(&mut child, SOON).code(), Some(6));
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    let whole = printed.matches('\n').count();
    let said = rest();
    // Counts are grouped.
    let numbers: Vec<usize> = said
        .replace(',', "")
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    // "n lines (m bytes)", or with "and k records received after them".
    let missing = numbers[0] + numbers.get(2).copied().unwrap_or_default();
    let facts = whole + missing;
    assert!((SENT..SENT + 20).contains(&facts), "{whole} printed, {said}");
}

#[test]
fn what_was_taken_in_is_printed_after_an_interrupt_when_somebody_reads() {
    let mut child = spawned(&["listen", "tcp://127.0.0.1:0", "--json"]);
    let (port, rest) = port_of(&mut child);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut output = child.stdout.take().unwrap();
    for number in 0..200 {
        stream.write_all(format!("message {number}\n").as_bytes()).unwrap();
        std::thread::park_timeout(Duration::from_micros(200));
    }
    let_run_for(Duration::from_millis(100));
    signal(&child, Signal::INT);
    let mut lines = String::new();
    output.read_to_string(&mut lines).unwrap();
    assert_eq!(ended(&mut child, SOON).code(), Some(0), "{}", rest());
    let received: String = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["dir"] == "in" && line["kind"] == "data")
        .map(|line| line["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(received.matches('\n').count(), 200);
}

#[test]
fn a_second_signal_takes_the_default_action() {
    let mut child = spawned(&["listen", "tcp://127.0.0.1:0", "--json"]);
    let (port, _rest) = port_of(&mut child);
    flood("tcp", port);
    wait_until_stuck(&child);
    signal(&child, Signal::TERM);
    let_run_for(Duration::from_millis(300));
    let second = Instant::now();
    signal(&child, Signal::TERM);
    let status = ended(&mut child, SOON);
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()), "{status:?}");
    assert!(second.elapsed() < Duration::from_millis(600), "{:?}", second.elapsed());
}

/// An endless body, or an endless stream of bytes.
fn endless() -> std::net::SocketAddr {
    tcp_peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'z'; 16384]).is_ok() {}
    })
}

#[test]
fn a_send_whose_output_nobody_reads_ends() {
    let peer = endless();
    for args in [
        &["send", "--raw", &format!("http://{peer}/")][..],
        &["send", "--text", &format!("http://{peer}/")],
        &["send", "--raw", &format!("tcp://{peer}"), "hi"],
        &["send", "--json", &format!("tcp://{peer}"), "hi"],
    ] {
        let mut child = spawned(args);
        let_run_for(Duration::from_millis(400));
        signal(&child, Signal::INT);
        assert_eq!(ended(&mut child, SOON).code(), Some(6), "{args:?}");
    }
}

#[test]
fn standard_input_that_stays_open_holds_nobody_up() {
    let peer = echo_peer();
    for args in [
        &["send", "udp://127.0.0.1:9"][..],
        &["send", "POST", &format!("http://{peer}/")],
        &["send", &format!("http://{peer}/"), "@-"],
        &["send", &format!("tcp://{peer}")],
        &["send", &format!("tcp://{peer}"), "--data", "@-"],
    ] {
        let mut command = command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _open = child.stdin.take();
        let_run_for(Duration::from_millis(250));
        assert_eq!(child.try_wait().unwrap(), None, "{args:?} waits for its input");
        let asked = Instant::now();
        signal(&child, Signal::TERM);
        assert_eq!(ended(&mut child, SOON).code(), Some(6), "{args:?}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{args:?} {:?}", asked.elapsed());
    }
}

#[test]
fn a_timeout_covers_the_wait_for_standard_input() {
    let mut command = command(&["send", "POST", "http://127.0.0.1:9/", "--timeout", "1500ms"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let open = child.stdin.take();
    let output = finished(Ok(child));
    drop(open);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("waiting for standard input") && said.contains("-I"), "{said}");
}

#[test]
fn what_was_ignored_at_the_start_stays_ignored() {
    for (trap, ignored, obeyed) in
        [("HUP", Signal::HUP, Signal::INT), ("INT HUP", Signal::INT, Signal::TERM)]
    {
        let mut shell = Command::new("sh");
        let script = format!("trap '' {trap}; exec \"$0\" listen tcp://127.0.0.1:0");
        shell.args(["-c", &script]).arg(program());
        let home = tempfile::tempdir().unwrap();
        shell.env("WIREBENCH_HOME", home.path()).stdin(Stdio::null());
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (_port, rest) = port_of(&mut child);
        signal(&child, ignored);
        let_run_for(Duration::from_millis(300));
        assert_eq!(child.try_wait().unwrap(), None, "{trap}");
        signal(&child, obeyed);
        assert_eq!(ended(&mut child, SOON).code(), Some(0), "{}", rest());
    }
}

#[test]
fn a_workbench_that_ignores_hang_ups_ends_with_its_terminal_alone() {
    let launch = Launch::default().preset("only", "[http]\nurl = \"http://h/\"\n");
    let binary = program();
    let script = format!("trap '' HUP; exec '{}'", binary.display());
    let mut tui = launch.shell(&script).start();
    tui.wait_for("only");
    tui.signal(Signal::HUP);
    tui.keys("?");
    tui.wait_for("Help");
    tui.hang_up();
    assert_eq!(tui.wait_exit().exit_code(), 129);
}

#[test]
fn a_peer_that_takes_nothing_is_told_where_nobody_bounds_the_sending() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("tcp://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("much");
    std::fs::File::create(&file).unwrap().set_len(64 << 20).unwrap();
    let data = format!("@{}", file.display());
    let mut child = spawned(&["send", &target, "-d", &data, "--wait", "1s"]);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("the peer takes nothing") && line.contains("--timeout"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The workbench on a terminal that is read until its first frame and then no more.
#[test]
fn the_workbench_on_a_terminal_that_nobody_reads_ends_and_gives_it_back() {
    for (number, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let size = PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = format!("{:?}", pair.master.get_termios());
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(program());
        command.env("WIREBENCH_HOME", home.path());
        command.env("TERM", "xterm-256color");
        let mut child = pair.slave.spawn_command(command).unwrap();
        let pid = Pid::from_raw(child.process_id().unwrap().cast_signed()).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut seen = Vec::new();
        while memchr::memmem::find(&seen, b"\x1b[?2026l").is_none() {
            let mut buffer = [0; 4096];
            let read = reader.read(&mut buffer).unwrap();
            seen.extend_from_slice(&buffer[..read]);
        }
        // Every size is a frame of all its cells.
        for columns in 0..20 {
            pair.master.resize(PtySize { cols: 200 - columns, ..size }).unwrap();
            let_run_for(Duration::from_millis(20));
        }
        kill_process(pid, number).unwrap();
        let deadline = Instant::now() + SOON;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "only kill -9 ends it");
            std::thread::park_timeout(Duration::from_millis(5));
        };
        assert_eq!(status.exit_code(), code, "{status:?}");
        assert_eq!(format!("{:?}", pair.master.get_termios()), before);
        drop(pair.slave);
        let mut rest = Vec::new();
        let _ = reader.read_to_end(&mut rest);
        assert!(memchr::memmem::find(&rest, b"\x1b[?1049l").is_some(), "{rest:?}");
    }
}

#[test]
fn a_terminal_that_is_read_slowly_gets_the_newest_frame() {
    let tui = Launch::default().size(200, 60).start();
    tui.wait_for("wirebench");
    for columns in 0..50 {
        tui.resize(200 - columns, 60);
    }
    tui.resize(90, 30);
    tui.wait_for("wirebench");
    tui.quit();
}

#[test]
fn a_slow_peer_gets_every_byte_that_is_piped_in() {
    const SIZE: usize = 24 << 20;
    let (sender, counts) = std::sync::mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let_run_for(Duration::from_millis(400));
        let mut all = 0;
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            all += read;
        }
        let _ = stream.write_all(b"done");
        let _ = sender.send(all);
    });
    let mut command = command(&["send", "--raw", &format!("tcp://{peer}")]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || input.write_all(&vec![b'a'; SIZE]));
    let output = finished(Ok(child));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    writing.join().unwrap().unwrap();
    assert_eq!(counts.recv_timeout(PATIENCE).unwrap(), SIZE);
    assert_eq!(output.stdout, b"done");
}

#[test]
fn an_upload_that_the_peer_does_not_take_is_timed_out() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = peer.local_addr().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(64 << 20).unwrap();
    let body = format!("@{}", file.path().display());
    let began = Instant::now();
    let url = format!("http://{address}/");
    let http = spawned(&["send", "--raw", &url, &body, "--timeout", "1s"]);
    let output = finished(Ok(http));
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("the peer took nothing for 1 s"), "{said}");
    let target = format!("tcp://{address}");
    let mut command = command(&["send", "--raw", &target, "--timeout", "1s"]);
    command.stdin(std::fs::File::open(file.path()).unwrap());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = finished(child);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("the peer took nothing for 1s"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn quiet_gaps_of_a_pipe_are_not_the_end() {
    let peer = echo_peer();
    let args = ["send", "--raw", &format!("tcp://{peer}"), "--wait", "1ms"];
    let mut command = command(&args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for _ in 0..300 {
        input.write_all(b"x").unwrap();
        output.read_exact(&mut [0]).unwrap();
        std::thread::park_timeout(Duration::from_millis(2));
    }
    drop(input);
    let ended = finished(Ok(child));
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
}

#[test]
fn a_datagram_from_a_pipe_asks_for_no_reply() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let send = |target: std::net::SocketAddr, more: &[&str], piped: bool| {
        let target = format!("udp://{target}");
        let mut command = command(&[&["send", &target][..], more].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if piped {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().unwrap();
        if let Some(mut input) = child.stdin.take() {
            input.write_all(b"x:1|c").unwrap();
        }
        let began = Instant::now();
        let output = finished(Ok(child));
        (output.status.code(), began.elapsed(), text(&output.stderr))
    };
    let to = silent.local_addr().unwrap();
    let (status, took, said) = send(to, &[], true);
    assert_eq!(status, Some(0), "{said}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    let mut datagram = [0; 16];
    assert_eq!(silent.recv(&mut datagram).unwrap(), 5);
    for (more, piped) in
        [(&[][..], true), (&["-d", "x"], false), (&["--wait", "3s"], true), (&["x"], false)]
    {
        let (status, took, said) = send(closed, more, piped);
        assert_eq!(status, Some(3), "{more:?}: {said}");
        assert!(took < Duration::from_millis(2500), "{more:?}: {took:?}");
    }
    for (more, piped) in
        [(&["-d", "x", "--timeout", "200ms"][..], false), (&["--wait", "200ms"], true)]
    {
        assert_eq!(send(to, more, piped).0, Some(5), "{more:?}");
    }
}

#[test]
fn a_bare_address_leaves_standard_input_to_the_script_it_stands_in() {
    let peer = crate::harness::peers::http_peer(b"HTTP/1.1 204 No Content\r\n\r\n");
    let script = "while read line; do \"$0\" send --json \"$1\"; done";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(program()).arg(format!("http://{peer}/"));
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        shell.env("WIREBENCH_HOME", tempfile::tempdir().unwrap().path()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1\n2\n3\n").unwrap();
    let output = finished(Ok(child));
    assert_eq!(text(&output.stdout).matches("\"status\":204").count(), 3, "{output:?}");
    assert!(!text(&output.stdout).contains("POST"));
}
