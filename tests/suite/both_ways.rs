//! `listen --raw` with standard input, which goes to its peers, and `send -o`: nothing is lost, and
//! no half of a file is left without a word.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::harness::peers::{http_peer, tcp_peer};
use crate::harness::program::{
    Listening, command, finished, listening, peak_memory, run, text, told,
};
use crate::harness::wait::{PATIENCE, wait_until};

const SIZE: usize = 8 << 20;

/// Bytes that are nowhere the same.
fn bytes() -> Vec<u8> {
    (0..SIZE as u32 / 4).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

/// A listener whose standard input is a file with these bytes.
fn listener(folder: &TempDir, spec: &str, input: &[u8], more: &[&str]) -> Listening {
    let path = folder.path().join("in");
    std::fs::write(&path, input).unwrap();
    let words = [&["listen", "--raw", spec], more].concat();
    listening(command(&words).stdin(File::open(path).unwrap()))
}

fn connect(listener: &Listening) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", listener.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Interrupts it and waits for its end: status, what was printed.
fn end(mut listener: Listening) -> (Option<i32>, Vec<u8>) {
    let mut output = listener.output();
    let printed = std::thread::spawn(move || {
        let mut all = Vec::new();
        output.read_to_end(&mut all).map(|_| all)
    });
    listener.interrupt();
    let status = listener.wait();
    (status, printed.join().unwrap().unwrap())
}

#[test]
fn input_goes_to_every_peer_as_fast_as_the_slowest_takes_it_and_so_does_its_end() {
    let sent = bytes();
    // Both are there before anything is read: an input that is empty waits for its writer.
    let mut child = command(&["listen", "--raw", "tcp://127.0.0.1:0"]);
    let mut listener = listening(child.stdin(Stdio::piped()));
    let mut peers = [connect(&listener), connect(&listener)];
    let mut output = listener.output();
    for peer in &mut peers {
        // What a peer says is printed, so it is known to be there.
        peer.write_all(b"x").unwrap();
        output.read_exact(&mut [0]).unwrap();
    }
    let before = peak_memory(listener.id()).unwrap();
    let (mut input, given) = (listener.input(), sent.clone());
    let writer = std::thread::spawn(move || input.write_all(&given).unwrap());
    let [mut quick, mut slow] = peers;
    let wanted = sent.clone();
    let quick = std::thread::spawn(move || {
        let mut got = Vec::new();
        quick.read_to_end(&mut got).unwrap();
        quick.write_all(b"thanks").unwrap();
        got == wanted
    });
    let mut got = vec![0; 1024];
    for piece in got.chunks_mut(64) {
        std::thread::park_timeout(std::time::Duration::from_millis(10));
        slow.read_exact(piece).unwrap();
    }
    let more = peak_memory(listener.id()).unwrap() - before;
    assert!(more < SIZE as u64 / 2, "what is not taken is not read: {more}");
    slow.read_to_end(&mut got).unwrap();
    assert!(got == sent && quick.join().unwrap());
    writer.join().unwrap();
    let mut thanks = [0; 6];
    output.read_exact(&mut thanks).unwrap();
    assert_eq!(&thanks, b"thanks", "the other way goes on");
    listener.interrupt();
    assert_eq!(listener.wait(), Some(0));
}

#[test]
fn a_peer_that_leaves_without_all_of_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let listener = listener(&folder, "tcp://127.0.0.1:0", &bytes(), &["--for", "60s"]);
    let mut peer = connect(&listener);
    peer.read_exact(&mut [0; 100]).unwrap();
    // Unread bytes make a reset of this.
    drop(peer);
    let mut next = connect(&listener);
    next.read_exact(&mut [0; 100]).unwrap();
    drop(next);
    let (status, _) = end(listener);
    assert_eq!(status, Some(3));
}

#[test]
fn input_goes_through_tls_once_it_is_up() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let listener = listener(&folder, "tls://127.0.0.1:0", b"through\n", &[]);
    let target = format!("tls://127.0.0.1:{}", listener.port);
    let got =
        run(&["--home", home.path().to_str().unwrap(), "send", &target, "hello", "--insecure"]);
    assert_eq!((text(&got.stdout).as_str(), got.status.code()), ("through\n", Some(0)));
    assert_eq!(end(listener), (Some(0), b"hello".to_vec()));
}

#[test]
fn over_udp_it_goes_to_the_peer_heard_last_in_datagrams() {
    let folder = tempfile::tempdir().unwrap();
    let sent = &bytes()[..20_000];
    let listener = listener(&folder, "udp://127.0.0.1:0", sent, &[]);
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.send_to(b"hi", ("127.0.0.1", listener.port)).unwrap();
    let mut got = Vec::new();
    let mut buffer = vec![0; 65_536];
    while got.len() < sent.len() {
        let read = peer.recv(&mut buffer).unwrap();
        assert!(read <= 8192);
        got.extend_from_slice(&buffer[..read]);
    }
    assert!(got == sent);
    assert_eq!(end(listener), (Some(0), b"hi".to_vec()));
}

#[test]
fn where_the_listener_answers_by_itself_input_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for more in [&["--echo"][..], &["-I"]] {
        let listener = listener(&folder, "tcp://127.0.0.1:0", b"never", more);
        let mut peer = connect(&listener);
        peer.write_all(b"said").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        let mut got = String::new();
        if more == ["--echo"] {
            peer.read_to_string(&mut got).unwrap();
            assert_eq!(got, "said");
        }
        drop(peer);
        assert_eq!(end(listener).0, Some(0));
    }
}

fn send(url: &str, file: &Path, more: &[&str]) -> (Option<i32>, String) {
    let ended = run(&[&["send", url, "-o", file.to_str().unwrap()], more].concat());
    assert!(ended.stdout.is_empty(), "{:?}", text(&ended.stdout));
    told(&ended)
}

#[test]
fn the_body_is_in_the_file_decoded_or_the_file_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    // gzip of "hello\n".
    let whole = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 26\r\n\r\n\
          \x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0",
    );
    let half = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so much");
    let url = |peer: std::net::SocketAddr| format!("http://{peer}/");
    assert_eq!(send(&url(whole), &file, &[]), (Some(0), String::new()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "hello\n");
    let (status, said) = send(&url(half), &file, &[]);
    assert_eq!(status, Some(3), "{said}");
    let part = folder.path().join("out.part");
    let place = part.display();
    assert!(said.contains(&format!("is not written; the first 12 bytes are in {place}")), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "hello\n", "untouched");
    assert_eq!(std::fs::read_to_string(&part).unwrap(), "only so much");
    // An error page is a body too; what the status shall mean, --check-status says.
    let missing = http_peer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
    assert_eq!(send(&url(missing), &file, &["--check-status"]), (Some(1), String::new()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "gone");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 2, "nothing else: {left:?}");
}

#[test]
fn what_cannot_be_written_to_is_named_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = "http://127.0.0.1:9/";
    let (status, said) = send(nobody, &folder.path().join("none/out"), &[]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("none does not exist") && said.contains("make it first"), "{said}");
    let (status, said) = send(nobody, folder.path(), &[]);
    assert!(status == Some(2) && said.contains("it is a folder; name a file in it"), "{said}");
    let json = told(&run(&["send", nobody, "--json", "-o", "x"]));
    assert_eq!(json.0, Some(2), "{}", json.1);
    // Nothing received: nothing is written, and what was there stays.
    std::fs::write(folder.path().join("kept"), "kept").unwrap();
    assert_eq!(send(nobody, &folder.path().join("kept"), &[]).0, Some(3));
    assert_eq!(std::fs::read_to_string(folder.path().join("kept")).unwrap(), "kept");
}

#[test]
fn devices_links_and_modes_are_what_they_were() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew");
    let url = format!("http://{peer}/");
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&real, "old").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    assert_eq!(send(&url, &link, &[]).0, Some(0));
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(send(&url, Path::new("/dev/null"), &[]).0, Some(0));
    let (status, said) = send(&url, Path::new("/dev/full"), &[]);
    assert_eq!(status, Some(6), "{said}");
    assert!(said.contains("/dev/full: No space left on device"), "{said}");
    let out = run(&["send", &url, "-o", "-"]);
    assert_eq!((text(&out.stdout).as_str(), out.status.code()), ("new", Some(0)));
}

#[test]
fn of_a_conversation_the_file_has_the_bytes_received_and_a_signal_leaves_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    let peer = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"\0\xffbytes");
        let _ = stream.read(&mut [0; 16]);
    });
    let target = format!("tcp://{peer}");
    assert_eq!(send(&target, &file, &["hello"]), (Some(0), String::new()));
    assert_eq!(std::fs::read(&file).unwrap(), b"\0\xffbytes");
    let mut child: Child = command(&["send", &target, "-I", "--wait", "60s", "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let filled = |entry: std::fs::DirEntry| entry.metadata().is_ok_and(|it| it.len() == 7);
    wait_until("the part is there", || {
        let entries = std::fs::read_dir(folder.path()).unwrap().flatten();
        entries.filter(|entry| entry.file_name() != "out").any(filled)
            || child.try_wait().unwrap().is_some()
    });
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let (status, said) = told(&finished(Ok(child)));
    assert_eq!(status, Some(6), "{said}");
    assert!(said.contains("the first 7 bytes are in"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), b"\0\xffbytes");
}
