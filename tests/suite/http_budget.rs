//! One budget of descriptors, memory and disk on the real program: what is full is refused in the
//! words of HTTP and shown in the traffic, and the program never comes near its limit.

#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use crate::harness::peers::free_port;
use crate::harness::program::{Listening, command, listening, program, text};
use crate::harness::terminal::Launch;
use crate::harness::wait::{PATIENCE, wait_until};

/// Starts a listener in a process with these limits (`-n 160`), which answers after a long time.
fn limited(limits: &str, args: &str) -> Listening {
    in_shell(Command::new("sh").arg("-c"), &format!("ulimit {limits}"), args)
}

/// Starts a listener behind what a shell does before.
fn in_shell(shell: &mut Command, before: &str, args: &str) -> Listening {
    let script = format!("{before} && exec \"$0\" listen http://127.0.0.1:0 {args}");
    shell.arg(script).arg(program());
    let plain = command(&[]);
    for (name, value) in plain.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        shell.env(name, value);
    }
    listening(shell)
}

fn client(port: u16, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A listener that refuses does not wait for what is said.
    let _ = stream.write_all(sent);
    stream
}

fn reply(mut stream: TcpStream) -> String {
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Temporary files of bodies, and the bytes in them.
fn body_files(pid: u32) -> (usize, u64) {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let deleted = files.filter(|file| {
        std::fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().ends_with(" (deleted)"))
    });
    let sizes = deleted.filter_map(|file| Some(std::fs::metadata(file.path()).ok()?.len()));
    sizes.fold((0, 0), |(count, sum), size| (count + 1, sum + size))
}

/// A number of `/proc/PID/status`.
fn status(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A gzip body that unpacks to 1 GiB of zeros.
fn gibibyte() -> Vec<u8> {
    gzip(&vec![0; 64 << 20]).repeat(16)
}

fn zipped(length: usize) -> Vec<u8> {
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n";
    format!("{head}Content-Length: {length}\r\n\r\n").into_bytes()
}

const CLOSING: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[test]
fn connections_beyond_the_budget_are_refused_with_503_and_descriptors_are_left() {
    let listener = limited("-n 160", "--json --set delay=60s --for 15s");
    // Of 160 64 are kept for the store, 15 by session and listener.
    let all: Vec<_> = (0..120).map(|_| client(listener.port, REQUEST)).collect();
    let mut last = all.into_iter().skip(100);
    let answer = reply(last.next().unwrap());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
    // Who is told in passing may have sent more than was read away, and is reset then.
    wait_until("one is told in words", || {
        let answer = reply(client(listener.port, REQUEST));
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")
    });
    let open = open_files(listener.id());
    assert!((80..=125).contains(&open), "{open} of 160 are open");
    let (status, lines) = listener.finish();
    assert_eq!(status, Some(0));
    let said = |line: &&Value| line["message"].to_string().contains("all 96 descriptors");
    assert!(lines.iter().filter(said).count() >= 20);
}

#[test]
fn a_body_that_cannot_be_kept_is_answered_507() {
    let listener = limited("-n 160", "--json --for 15s");
    let alone = open_files(listener.id());
    let huge = b"PUT /huge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n";
    let answer = reply(client(listener.port, huge));
    assert!(answer.starts_with("HTTP/1.1 507 "), "{answer}");
    wait_until("its connection is over", || open_files(listener.id()) <= alone);
    // Others have all descriptors, none is left for a file of a body.
    let head = b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n";
    let mut uploads: Vec<_> = (0..81).map(|_| client(listener.port, head)).collect();
    let mut upload = uploads.pop().unwrap();
    wait_until("all are let in", || open_files(listener.id()) >= 90);
    let _ = upload.write_all(&vec![b'x'; 3_000_000]);
    let answer = reply(upload);
    assert!(answer.starts_with("HTTP/1.1 507 "), "{answer}");
    drop(uploads);
    let (_, lines) = listener.finish();
    let said = |words: &str| lines.iter().any(|line| line["message"].to_string().contains(words));
    assert!(said("are kept at most") && said("cannot keep the body"), "rows of the traffic");
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let listener = limited("-Sn 100 && ulimit -Hn 512", "--json --for 6s");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", listener.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().nth(3), Some("512"), "{line}");
}

#[test]
fn many_large_uploads_hold_what_is_allowed_and_nothing_once_they_left() {
    const SIZE: usize = 2 << 20;
    let mut listener = limited("-n 1024", "--text --for 60s");
    let mut output = listener.output();
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let (pid, port) = (listener.id(), listener.port);
    let alone = open_files(pid);
    let head = format!("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SIZE}\r\n\r\n");
    let clients: Vec<_> = std::thread::scope(|scope| {
        let upload = |_| {
            scope.spawn(|| {
                let mut stream = client(port, head.as_bytes());
                stream.write_all(&vec![b'x'; SIZE - 1]).unwrap();
                stream
            })
        };
        let started: Vec<_> = (0..256).map(upload).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    wait_until("all but the last byte is kept", || {
        // What a body has beyond its share of the memory.
        body_files(pid).1 >= 256 * (SIZE as u64 - 1) - (256 << 20)
    });
    let (files, bytes) = body_files(pid);
    assert!(files <= 256 && bytes <= 256 * SIZE as u64, "{files} files of {bytes} bytes");
    assert!(open_files(pid) <= alone + 512, "{} descriptors", open_files(pid));
    let peak = status(pid, "VmHWM") >> 10;
    assert!(peak < 512, "{peak} MiB");
    drop(clients);
    wait_until("everything is given back", || {
        body_files(pid).0 == 0 && open_files(pid) <= alone + 1 && status(pid, "VmRSS") >> 10 < 256
    });
}

#[test]
fn a_body_that_unpacks_to_too_much_is_answered_413_and_shown() {
    let listener = limited("-n 1024", "--text --for 30s");
    let bomb = gibibyte();
    let answer = reply(client(listener.port, &[zipped(bomb.len()), bomb].concat()));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("decoding stopped at 256 MiB"), "{answer}");
    wait_until("its file is gone", || body_files(listener.id()).0 == 0);
    listener.interrupt();
    let said = listener.said();
    assert!(said.contains("decoding stopped at 256 MiB, after"), "{said}");
    assert!(said.contains("; answered 413"), "{said}");
}

/// A tenth of a small disk is what all bodies get together.
#[test]
fn bodies_that_unpack_to_more_than_the_disk_has_are_answered_507() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().display();
    let mount = format!("mount -t tmpfs -o size=200m,mode=700 none '{path}'");
    let allowed = Command::new("unshare").args(["-Urm", "sh", "-c", &mount]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: no small disk can be mounted here");
        return;
    }
    let mut shell = Command::new("unshare");
    shell.args(["-Urm", "sh", "-c"]).env("TMPDIR", place.path());
    let mut listener = in_shell(&mut shell, &mount, "--text --for 60s");
    // A body is kept until it is printed, so what is printed has to be read.
    let output = listener.output();
    let said = std::thread::spawn(move || std::io::read_to_string(output).unwrap());
    let (pid, bomb) = (listener.id(), gibibyte());
    let request = [zipped(bomb.len()), bomb].concat();
    let answers: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| reply(client(listener.port, &request)))).collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            let (_, bytes) = body_files(pid);
            // What is being written at this moment counts for free and for used.
            assert!(bytes <= 30 << 20, "{bytes} bytes of 200 MiB");
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 507 ") && answer.contains("of disk"), "{answer}");
    }
    wait_until("their files are gone", || body_files(pid).0 == 0);
    let small = reply(client(listener.port, CLOSING));
    assert!(small.starts_with("HTTP/1.1 200 "), "{small}");
    assert!(status(pid, "VmHWM") >> 10 < 512);
    listener.interrupt();
    listener.wait();
    assert_eq!(said.join().unwrap().matches("; answered 507").count(), 8);
}

#[test]
fn slow_uploads_hold_no_threads_and_files_are_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer");
    std::fs::write(&file, "of a file").unwrap();
    let listener =
        limited("-n 1024", &format!("--text --set body.file={} --for 30s", file.display()));
    let alone = status(listener.id(), "Threads");
    let small = gzip(b"abc");
    let begun = [zipped(small.len()), small[..12].to_vec()].concat();
    let mut slow: Vec<_> = (0..200).map(|_| client(listener.port, &begun)).collect();
    wait_until("all are let in", || open_files(listener.id()) >= 200);
    let answer = reply(client(listener.port, CLOSING));
    assert!(answer.ends_with("of a file"), "{answer}");
    let threads = status(listener.id(), "Threads") - alone;
    assert!(threads < 50, "{threads} threads for 200 uploads");
    for mut stream in slow.drain(..).rev() {
        stream.write_all(&small[12..]).unwrap();
        let mut line = [0; 12];
        stream.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"HTTP/1.1 200");
    }
}

#[test]
fn the_files_of_an_answer_and_of_a_form_come_out_of_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    std::fs::write(&file, "of a file").unwrap();
    let listener =
        limited("-n 160", &format!("--text --set body.file={} --for 30s", file.display()));
    // Of 160 64 are kept for the store, 15 by session and listener: one more than is left.
    let head = b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n";
    let mut uploads: Vec<_> = (0..81).map(|_| client(listener.port, head)).collect();
    let mut upload = uploads.pop().unwrap();
    wait_until("all are let in", || open_files(listener.id()) >= 90);
    upload.write_all(b"abc").unwrap();
    let mut answer = vec![0; 512];
    let read = upload.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("descriptors"), "{answer}");
    drop(uploads);
    // A form of more files than there are descriptors is sent all the same.
    let mut form = Command::new("sh");
    let items: Vec<String> = (0..200).map(|n| format!("f{n}@{}", file.display())).collect();
    let script = "ulimit -n 100 && exec \"$0\" send --form --text POST \"$@\"";
    let url = format!("http://127.0.0.1:{}/", listener.port);
    form.arg("-c").arg(script).arg(program()).arg(url).args(items);
    let plain = command(&[]);
    form.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wait_until("there is room again", || {
        reply(client(listener.port, CLOSING)).ends_with("of a file")
    });
    let sent = form.output().unwrap();
    assert!(sent.status.success() && text(&sent.stdout).contains("of a file"), "{sent:?}");
}

#[test]
fn a_preset_is_saved_while_clients_have_all_descriptors() {
    let port = free_port();
    let preset = format!("[http-listener]\nbind = \"127.0.0.1:{port}\"\ndelay = \"60s\"\n");
    let launch = Launch::default().size(160, 40).preset("a", &preset);
    let script = format!("ulimit -n 160 && exec '{}'", program().display());
    let mut tui = launch.shell(&script).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("listening on");
    let clients: Vec<_> = (0..120).map(|_| client(port, REQUEST)).collect();
    wait_until("all descriptors are in use", || open_files(tui.id()) >= 96);
    for (number, name) in ["one", "two", "three"].iter().enumerate() {
        tui.keys(&format!("<C-n><C-l><C-u>http://127.0.0.1:1/{number}"));
        tui.wait_for(&format!("127.0.0.1:1/{number}"));
        tui.keys(&format!("<C-s>{name}<Enter>"));
        tui.wait_for(&format!("saved {name}"));
        let file = tui.home.path().join(format!("home/presets/{name}.toml"));
        assert!(std::fs::read_to_string(file).unwrap().contains(&format!("1/{number}")));
    }
    assert!(open_files(tui.id()) <= 160);
    drop(clients);
    tui.quit();
}
