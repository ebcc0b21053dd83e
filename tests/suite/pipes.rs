//! Bytes through `send` and `listen`: all of them arrive in both directions however slow the other
//! end is, in bounded memory, and waiting ends when what was asked for is settled.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::harness::peers::{echo_peer, tcp_peer, udp_peer};
use crate::harness::program::{command, finished, is_debug_build, listen, peak_memory, run, told};
use crate::harness::terminal::Launch;
use crate::harness::wait::PATIENCE;
use crate::kill::let_run_for;

/// Bytes that go through.
const SIZE: u64 = 64 << 20;
/// How long the other end is slow.
const SLOW: Duration = Duration::from_millis(300);

/// What the program may take: 32 MiB, and as a debug build the pages of its own code besides.
fn memory() -> u64 {
    (if is_debug_build() { 64 } else { 32 }) << 20
}

/// Bytes whose period fits no buffer.
fn period() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..99_991).map(|_| next()).collect()
}

/// The same bytes as a file.
fn file() -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let period = period();
    let mut left = SIZE as usize;
    while left > 0 {
        let piece = &period[..left.min(period.len())];
        file.write_all(piece).unwrap();
        left -= piece.len();
    }
    file
}

/// Reads to the end, at first a kilobyte every ten milliseconds; counts bytes that are as they should.
fn count(mut from: impl Read) -> u64 {
    let (period, began) = (period(), Instant::now());
    let mut buffer = vec![0; 256 * 1024];
    let mut count = 0_u64;
    loop {
        let is_slow = began.elapsed() < SLOW;
        let room = if is_slow { 1024 } else { buffer.len() };
        if is_slow {
            let_run_for(Duration::from_millis(10));
        }
        let Ok(read @ 1..) = from.read(&mut buffer[..room]) else { return count };
        let mut piece = &buffer[..read];
        while !piece.is_empty() {
            let at = (count % period.len() as u64) as usize;
            let length = piece.len().min(period.len() - at);
            assert!(piece[..length] == period[at..at + length], "wrong bytes after {count}");
            (count, piece) = (count + length as u64, &piece[length..]);
        }
    }
}

/// Waits for the end of a program and tells how much memory it took on the way.
fn watched(mut child: Child) -> (Option<i32>, u64) {
    let deadline = Instant::now() + PATIENCE;
    let mut peak = 0;
    loop {
        peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak);
        }
        assert!(Instant::now() < deadline, "no end in time");
        let_run_for(Duration::from_millis(5));
    }
}

fn spawned(args: &[&str], input: Stdio, output: Stdio) -> Child {
    command(args).stdin(input).stdout(output).stderr(Stdio::null()).spawn().unwrap()
}

/// A peer that counts what comes, past the head of a request if there is one, and answers it.
fn counting_peer(is_http: bool) -> (SocketAddr, mpsc::Receiver<u64>) {
    let (sender, counts) = mpsc::channel();
    let peer = tcp_peer(move |mut stream: TcpStream| {
        let mut head = Vec::new();
        while is_http && !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let counted = count((&stream).take(SIZE));
        let _ = sender.send(counted);
        let answer: &[u8] =
            if is_http { b"HTTP/1.1 204 No Content\r\n\r\n" } else { b"every byte" };
        let _ = stream.write_all(answer);
    });
    (peer, counts)
}

#[test]
fn everything_piped_in_or_named_arrives_in_bounded_memory() {
    let file = file();
    let named = format!("@{}", file.path().display());
    for (scheme, more) in [
        ("tcp", &[][..]),
        ("tcp", &["--data", &named]),
        ("http", &["--data", &named]),
        ("http", &["--method", "PUT"]),
    ] {
        let (peer, counts) = counting_peer(scheme == "http");
        let target = format!("{scheme}://{peer}");
        let is_put = more == ["--method", "PUT"];
        let words = if is_put { vec!["send", "PUT", &target] } else { vec!["send", &target] };
        let more = if is_put { &[][..] } else { more };
        let input = File::open(file.path()).unwrap().into();
        let child = spawned(&[&words, more].concat(), input, Stdio::null());
        let (status, peak) = watched(child);
        assert_eq!(counts.recv_timeout(PATIENCE), Ok(SIZE), "{scheme} {more:?}");
        assert_eq!(status, Some(0), "{scheme} {more:?}");
        assert!(peak < memory(), "{scheme} {more:?}: {peak} bytes");
    }
}

#[test]
fn a_pipe_that_has_nothing_for_a_while_is_waited_for_and_its_end_is_told() {
    let (sender, pieces) = mpsc::channel();
    let peer = tcp_peer(move |mut stream: TcpStream| {
        let mut buffer = vec![0; 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let _ = sender.send(buffer[..count].to_vec());
        }
        let _ = sender.send(Vec::new());
    });
    let mut child = spawned(&["send", &format!("tcp://{peer}")], Stdio::piped(), Stdio::null());
    let mut input = child.stdin.take().unwrap();
    for word in ["one", "two", "three"] {
        // Nothing is written before what came earlier has gone all the way.
        input.write_all(word.as_bytes()).unwrap();
        assert_eq!(pieces.recv_timeout(PATIENCE).as_deref(), Ok(word.as_bytes()));
    }
    drop(input);
    assert_eq!(pieces.recv_timeout(PATIENCE), Ok(Vec::new()), "its end");
    assert_eq!(watched(child).0, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_the_disk_has_to_bring_arrives() {
    let file = file();
    file.as_file().sync_all().unwrap();
    // The system forgets what it has of it in memory.
    rustix::fs::fadvise(file.as_file(), 0, None, rustix::fs::Advice::DontNeed).unwrap();
    let (peer, counts) = counting_peer(false);
    let input = File::open(file.path()).unwrap().into();
    let child = spawned(&["send", &format!("tcp://{peer}")], input, Stdio::null());
    assert_eq!(counts.recv_timeout(PATIENCE), Ok(SIZE));
    assert_eq!(watched(child).0, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_tell_what_it_has_is_sent_too() {
    let (sender, told) = mpsc::channel();
    let peer = tcp_peer(move |mut stream: TcpStream| {
        let mut all = String::new();
        let _ = stream.read_to_string(&mut all);
        let _ = sender.send(all);
    });
    // Files of the system itself are made when they are read.
    let version = "/proc/version";
    let input = File::open(version).unwrap().into();
    let child = spawned(&["send", &format!("tcp://{peer}")], input, Stdio::null());
    assert_eq!(told.recv_timeout(PATIENCE), Ok(std::fs::read_to_string(version).unwrap()));
    assert_eq!(watched(child).0, Some(0));
}

/// Sends everything and closes.
fn pour(mut stream: &TcpStream) {
    std::io::copy(&mut file().reopen().unwrap(), &mut stream).unwrap();
}

#[test]
fn everything_received_comes_out_in_bounded_memory() {
    let streaming = tcp_peer(|mut stream| {
        let _ = stream.read(&mut [0; 16]);
        pour(&stream);
    });
    let answering = tcp_peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").unwrap();
        pour(&stream);
    });
    for args in [
        &["send", &format!("tcp://{streaming}"), "hi"][..],
        &["send", "--raw", &format!("http://{answering}/")],
    ] {
        let mut child = spawned(args, Stdio::null(), Stdio::piped());
        let output = child.stdout.take().unwrap();
        let counting = std::thread::spawn(move || count(output));
        let (status, peak) = watched(child);
        assert_eq!((counting.join().unwrap(), status), (SIZE, Some(0)), "{args:?}");
        assert!(peak < memory(), "{args:?}: {peak} bytes");
    }
}

#[test]
fn a_listener_prints_every_byte_in_bounded_memory() {
    let mut listening = listen("tcp://127.0.0.1:0", &["--raw"]);
    let (port, output) = (listening.port, listening.output());
    let pouring = std::thread::spawn(move || {
        pour(&TcpStream::connect(("127.0.0.1", port)).unwrap());
    });
    assert_eq!(count(output.take(SIZE)), SIZE);
    pouring.join().unwrap();
    let peak = peak_memory(listening.id()).unwrap();
    assert!(peak < memory(), "{peak} bytes");
    listening.interrupt();
    assert_eq!(listening.finish().0, Some(0));
}

#[test]
fn texts_and_files_are_sent_in_the_order_they_stand_in() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "<the file>").unwrap();
    let named = format!("@{}", file.path().display());
    let target = format!("tcp://{}", echo_peer());
    let mut command = command(&["send", &target, "one", &named, "-d", r"two\x21", "-d", "@-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"<piped>").unwrap();
    let output = finished(Ok(child));
    assert_eq!(told(&output).0, Some(0), "{output:?}");
    assert_eq!(output.stdout, b"one<the file>two!<piped>");
}

/// Runs with a preset of this text, called `it`.
fn with_preset(text: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("presets")).unwrap();
    std::fs::write(home.path().join("presets/it.toml"), text).unwrap();
    let mut command = command(args);
    command.env("WIREBENCH_HOME", home.path());
    let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    let (status, said) = told(&output);
    (status, said, String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn steps_decide_the_end_of_a_preset() {
    // Quiet in between is longer than what ends a conversation without steps.
    let peer = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"220 hello\r\n");
        let mut buffer = [0; 64];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            let_run_for(Duration::from_millis(900));
            let _ = stream.write_all(b"250 ");
            let _ = stream.write_all(&buffer[..read]);
        }
    });
    let preset = |expected: &str, within: &str| {
        format!(
            "[tcp]\naddress = \"{peer}\"\nstep = [\n{{ expect = \"220\" }},\n\
             {{ send = \"a\" }},\n{{ expect = \"{expected}\", within = \"{within}\" }},\n\
             {{ send = \"b\" }},\n{{ expect = \"250 b\" }},\n]\n"
        )
    };
    let (status, said, printed) = with_preset(&preset("250 a", "9s"), &["send", "it"]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(printed, "220 hello\r\n250 a250 b");
    for style in ["--raw", "--json", "--text"] {
        let args = ["send", "it", style, "--wait", "1ms"];
        let (status, said, _) = with_preset(&preset("354", "1200ms"), &args);
        assert_eq!(status, Some(1), "{style}: {said}");
        assert!(said.contains("step 3: '354' did not come within 1200 ms"), "{said}");
    }
    let leaving = tcp_peer(|mut stream| drop(stream.write_all(b"221 bye\r\n")));
    let text = format!("[tcp]\naddress = \"{leaving}\"\nstep = [{{ expect = \"220\" }}]\n");
    let (status, said, _) = with_preset(&text, &["send", "it"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("the peer finished sending before '220' came"), "{said}");
    let (silent, address) = udp_peer();
    let step = "{ send = \"q\" }, { expect = \"a\", within = \"50ms\" }";
    let text = format!("[udp]\naddress = \"{address}\"\nstep = [{step}]\n");
    assert_eq!(with_preset(&text, &["send", "it", "--wait", "0"]).0, Some(1));
    drop(silent);
    let (status, said, _) = with_preset(&text, &["send", "it"]);
    assert_eq!(status, Some(3), "{said}");
}

#[test]
fn a_datagram_that_cannot_be_sent_or_comes_back_ends_it_at_once() {
    let (_socket, there) = udp_peer();
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = |size: usize| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![b'a'; size]).unwrap();
        file
    };
    for (size, says) in [
        (65_508, "65,508 bytes to 127.0.0.1:PORT were not sent: a datagram holds 65,507 at most"),
        (65_536, "more than 65,535 bytes were not sent"),
        (20 << 20, "more than 65,535 bytes were not sent"),
    ] {
        let (file, target) = (file(size), format!("udp://{there}"));
        let says = says.replace("PORT", &there.port().to_string());
        let named = format!("@{}", file.path().display());
        for args in [&["send", &target][..], &["send", &target, &named], &["send", &target, "@-"]] {
            let began = Instant::now();
            let mut command = command(args);
            command.stdin(File::open(file.path()).unwrap());
            let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
            let (status, said) = told(&output);
            assert_eq!(status, Some(3), "{size} {args:?}: {said}");
            assert!(said.contains(&says), "{size} {args:?}: {said}");
            assert!(began.elapsed() < Duration::from_secs(4), "{size} {args:?}");
        }
    }
    let began = Instant::now();
    let (status, said) = told(&run(&["send", &format!("udp://{nobody}"), "x"]));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains(&format!("nobody listens on {nobody} (port unreachable)")), "{said}");
    assert!(began.elapsed() < Duration::from_secs(4));
}

/// Starts with a pipe on standard input that nobody writes to; what it said, and how it ended.
fn with_open_pipe(args: &[&str]) -> (Option<i32>, String) {
    let mut command = command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let open = child.stdin.take();
    let output = finished(Ok(child));
    drop(open);
    told(&output)
}

#[test]
fn an_open_pipe_is_waited_for_in_words_and_within_the_timeout() {
    let target = echo_peer();
    let (tcp, http) = (format!("tcp://{target}"), format!("http://{target}/"));
    let (_socket, address) = udp_peer();
    for args in [
        &["send", &tcp][..],
        &["send", &tcp, "--data", "@-"],
        &["send", &format!("udp://{address}")],
        &["send", "PUT", &http],
        &["send", &http, "@-"],
    ] {
        let (status, said) = with_open_pipe(&[args, &["--timeout", "1200ms"]].concat());
        assert_eq!(status, Some(5), "{args:?}: {said}");
        assert!(said.contains("waiting for standard input"), "{args:?}: {said}");
        assert!(said.contains("nothing came within 1.2s"), "{args:?}: {said}");
    }
}

#[test]
fn what_only_asks_leaves_standard_input_alone() {
    let peer = tcp_peer(|mut stream| {
        let mut request = [0; 4];
        stream.read_exact(&mut request).unwrap();
        let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n";
        let body: &[u8] = if &request == b"HEAD" { b"" } else { &request };
        let _ = stream.write_all(&[answer.as_bytes(), body].concat());
        let_run_for(Duration::from_millis(50));
    });
    let url = format!("http://{peer}/");
    for words in [&["send", &url][..], &["send", "GET", &url], &["send", "HEAD", &url]] {
        let (status, said) = with_open_pipe(words);
        assert_eq!(status, Some(0), "{words:?}: {said}");
        assert!(!said.contains("standard input"), "{words:?}: {said}");
    }
    let script = "while read line; do \"$0\" send \"$1\"; done; echo; \"$0\" send --json \"$1\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(crate::harness::program::program()).arg(&url);
    shell.env("WIREBENCH_HOME", tempfile::tempdir().unwrap().path());
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1\n2\n3\n").unwrap();
    let printed = crate::harness::program::text(&finished(Ok(child)).stdout);
    let (bodies, line) = printed.split_once('\n').unwrap();
    assert_eq!(bodies, "GET GET GET ", "into a pipe goes the body");
    assert!(line.starts_with("{\"v\":1,\"type\":\"exchange\""), "{line}");
}

#[test]
fn a_datagram_too_long_is_one_row_of_the_workbench() {
    let (_socket, address) = udp_peer();
    let big = "a".repeat(65_508);
    let preset = format!("[udp]\naddress = \"{address}\"\nstep = [{{ send = \"{big}\" }}]\n");
    let mut tui = Launch::default().size(150, 40).preset("a", &preset).start();
    tui.wait_for("a ");
    tui.keys("\x1b[15~");
    tui.wait_for("were not sent: a datagram holds 65,507 at most");
    tui.wait_quiet(Duration::from_millis(300));
    let screen = tui.screen();
    assert!(screen.contains("Traffic ─ 2 records"), "{screen}");
    assert!(!screen.contains("all steps are done") && !screen.contains("too long"), "{screen}");
    tui.quit();
}
