//! The program against peers nobody of ours wrote: the tutorial's Python programs, curl, ncat,
//! socat and openssl, both ways.
//!
//! A peer that is missing is named and skipped, except in CI.

#[path = "foreign/openssl.rs"]
mod openssl;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::program::program;
use crate::harness::wait::{PATIENCE, wait_until};

/// A child that is ended with the test.
pub struct Peer {
    pub child: Child,
    pub lines: Receiver<String>,
}

impl Peer {
    pub fn start(command: &mut Command) -> Peer {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Peer { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the peer said something in time")
    }

    /// Lines until one holds `text`.
    pub fn line_with(&self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a tool is here; absent ones are named, and fail in CI.
pub fn has(tool: &str, probe: &[&str]) -> bool {
    let there = Command::new(tool)
        .args(probe)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        assert!(std::env::var_os("CI").is_none(), "{tool} {probe:?} is missing");
        eprintln!("skipped: {tool} {probe:?} is missing");
    }
    there
}

fn script(name: &str) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tutorial").join(name);
    let mut command = Command::new("python3");
    command.arg("-u").arg(path);
    command
}

/// Starts a script that serves and says its port first.
fn server(command: &mut Command) -> (Peer, u16) {
    let peer = Peer::start(command);
    let port = peer.line().trim().parse().expect("the first line is the port");
    (peer, port)
}

pub struct Home(pub TempDir);

impl Home {
    pub fn new() -> Self {
        Home(tempfile::tempdir().unwrap())
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--home").arg(self.0.path()).args(words);
        command
    }

    /// Puts a preset file into its workspace.
    pub fn preset(&self, name: &str, text: &str) {
        let folder = self.0.path().join("presets");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.toml")), text).unwrap();
    }

    /// Runs to the end.
    fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().unwrap()
    }

    /// Starts a listener and waits for its port.
    pub fn listen(&self, words: &[&str]) -> (Peer, u16) {
        let peer = Peer::start(&mut self.command(&[&["listen", "--json"], words].concat()));
        let bound: Value = serde_json::from_str(&peer.line_with("\"bound\"")).unwrap();
        let port = bound["local"].as_str().and_then(|local| local.rsplit(':').next());
        (peer, port.and_then(|port| port.parse().ok()).expect("the record names the port"))
    }

    /// The certificate that clients have to trust; written a moment after the listener is bound.
    fn authority(&self) -> PathBuf {
        let mut found = None;
        wait_until("the authority's certificate is kept", || {
            found = self.find_authority();
            found.is_some()
        });
        found.expect("waited for it")
    }

    fn find_authority(&self) -> Option<PathBuf> {
        let mut folders = vec![self.0.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).ok()?.flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "pem" || kind == "crt")
                    && std::fs::read_to_string(&path).is_ok_and(|text| !text.contains("PRIVATE"))
                {
                    return Some(path);
                }
            }
        }
        None
    }
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_tcp_conversation_with_the_tutorials_servers() {
    if !has("python3", &["--version"]) {
        return;
    }
    let home = Home::new();
    for (name, expected) in
        [("tcp_server.py", "HELLO\r\n"), ("tcp_server_async.py", "welcome\necho hello\r\n")]
    {
        let (_peer, port) = server(&mut script(name));
        let target = format!("tcp://127.0.0.1:{port}");
        let output =
            home.run(&["send", &target, "--data", "hello\\r\\n", "--wait", "500ms", "--text"]);
        assert!(output.status.success(), "{name}: {output:?}");
        let got = text(&output).replace("\r\n", "\n");
        assert!(got.contains(expected.replace("\r\n", "\n").trim_end()), "{name}: {got:?}");
    }
}

#[test]
fn the_tutorials_tcp_clients_against_our_listener_each_message_answered() {
    if !has("python3", &["--version"]) {
        return;
    }
    let home = Home::new();
    let (_listener, port) = home.listen(&["tcp://127.0.0.1:0", "--echo"]);
    let one = script("tcp_client.py").arg(port.to_string()).output().unwrap();
    assert_eq!(text(&one), "received Hello from a TCP client\n");
    let many = script("tcp_client_async.py").arg(port.to_string()).output().unwrap();
    let expected = "received message 0\nreceived message 1\nreceived message 2\n";
    assert_eq!(text(&many), expected, "a listener answers every message, not only the first");
}

#[test]
fn datagrams_to_and_from_the_tutorials_programs() {
    if !has("python3", &["--version"]) {
        return;
    }
    let home = Home::new();
    let (_peer, port) = server(&mut script("udp_server.py"));
    let target = format!("udp://127.0.0.1:{port}");
    let output = home.run(&["send", &target, "--data", "ping", "--wait", "500ms", "--text"]);
    assert!(text(&output).contains("PING"), "{output:?}");

    let (listener, port) = home.listen(&["udp://127.0.0.1:0", "--echo"]);
    for name in ["udp_client.py", "udp_client_async.py"] {
        let output = script(name).arg(port.to_string()).output().unwrap();
        assert!(text(&output).contains("received Hello"), "{name}: {output:?}");
    }
    let empty = listener.line_with("\"len\":0,");
    assert!(empty.contains("\"data\""), "an empty datagram is a datagram: {empty}");
}

#[test]
fn http_with_the_tutorials_server_and_its_two_clients() {
    if !has("python3", &["-c", "import requests"]) {
        return;
    }
    let home = Home::new();
    let (_peer, port) = server(&mut script("http_server.py"));
    let output = home.run(&["send", "--raw", &format!(":{port}/greet?a=1")]);
    assert_eq!(text(&output), r#"{"hello": "/greet?a=1"}"#);
    let output = home.run(&["send", "--raw", &format!(":{port}/users"), "name=Ann"]);
    assert!(text(&output).contains("received") && text(&output).contains("Ann"), "{output:?}");

    let (listener, port) = home.listen(&["http://127.0.0.1:0", "--body", r#"{"ok":true}"#]);
    let output = script("http_client_urllib.py").arg(port.to_string()).output().unwrap();
    assert_eq!(text(&output), "200 {\"ok\":true}\n200 {\"ok\":true}\n");
    let output = script("http_client_requests.py").arg(port.to_string()).output().unwrap();
    assert_eq!(text(&output), "200 {'ok': True}\n200 {'ok': True}\n");
    let seen = listener.line_with("/users");
    assert!(seen.contains("python-requests"), "the request's headers are shown: {seen}");
}

#[test]
fn tls_both_ways_with_python_verified_by_our_authority() {
    if !has("python3", &["--version"]) || !has("openssl", &["version"]) {
        return;
    }
    let home = Home::new();
    let (listener, port) = home.listen(&["tls://127.0.0.1:0", "--echo"]);
    let authority = home.authority();
    let output = script("tls_client.py").arg(port.to_string()).arg(&authority).output().unwrap();
    assert!(text(&output).contains("received Hello over TLS"), "{output:?}");
    listener.line_with("Hello over TLS");

    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"])
        .args(["/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let (_peer, port) = server(script("tls_server.py").arg(&certificate).arg(&key));
    let target = format!("tls://localhost:{port}");
    let words = ["send", &target, "--data", "hello\\n", "--wait", "500ms", "--text"];
    let refused = home.run(&words);
    assert_eq!(refused.status.code(), Some(4), "an unknown issuer is a TLS failure: {refused:?}");
    let accepted = home.run(&[&words[..], &["--insecure"]].concat());
    assert!(text(&accepted).contains("HELLO"), "{accepted:?}");
}

#[test]
fn curl_and_our_http_listener_agree() {
    if !has("curl", &["--version"]) {
        return;
    }
    let home = Home::new();
    let (listener, port) =
        home.listen(&["http://127.0.0.1:0", "--status", "201", "-H", "X-Case:Kept", "--body", "x"]);
    let url = format!("http://127.0.0.1:{port}/a?b=1");
    let output = Command::new("curl")
        .args(["-si", "-H", "X-WeIrD: 1", "-H", "X-WeIrD: 2", "-d", "p=q", &url])
        .output()
        .unwrap();
    let got = text(&output);
    assert!(got.starts_with("HTTP/1.1 201 Created\r\n") && got.contains("X-Case: Kept"), "{got}");
    let seen = listener.line_with("X-WeIrD");
    assert_eq!(seen.matches("X-WeIrD").count(), 2, "case and duplicates are kept: {seen}");

    let (_tls, port) = home.listen(&["https://127.0.0.1:0", "--body", "secure"]);
    let output = Command::new("curl")
        .arg("-s")
        .arg("--cacert")
        .arg(home.authority())
        .arg(format!("https://localhost:{port}/"))
        .output()
        .unwrap();
    assert_eq!(text(&output), "secure", "{output:?}");
}

/// Feeds bytes to a program and reads until its output holds `text`.
pub fn talk(command: &mut Command, send: &[u8], expected: &str) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(send).unwrap();
    input.flush().unwrap();
    let mut output = child.stdout.take().unwrap();
    let (sender, done) = channel();
    let wanted = expected.to_owned();
    thread::spawn(move || {
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&seen).contains(&wanted) {
            match output.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(n) => seen.extend_from_slice(&buffer[..n]),
            }
        }
        let _ = sender.send(String::from_utf8_lossy(&seen).into_owned());
    });
    let seen = done.recv_timeout(PATIENCE);
    drop(input);
    let _ = child.kill();
    let _ = child.wait();
    assert!(seen.as_ref().is_ok_and(|seen| seen.contains(expected)), "{seen:?}");
}

#[test]
fn ncat_socat_and_openssl_talk_to_our_listeners() {
    let home = Home::new();
    let (_tcp, port) = home.listen(&["tcp://127.0.0.1:0", "--echo"]);
    let port = port.to_string();
    if has("ncat", &["--version"]) {
        talk(Command::new("ncat").args(["127.0.0.1", &port]), b"from ncat\n", "from ncat");
    }
    if has("socat", &["-V"]) {
        let address = format!("TCP:127.0.0.1:{port}");
        talk(Command::new("socat").args(["-", &address]), b"from socat\n", "from socat");
        let (_udp, port) = home.listen(&["udp://127.0.0.1:0", "--echo"]);
        let address = format!("UDP:127.0.0.1:{port}");
        talk(Command::new("socat").args(["-", &address]), b"a datagram", "a datagram");
    }
    if has("openssl", &["version"]) {
        let (_tls, port) = home.listen(&["tls://127.0.0.1:0", "--echo"]);
        let address = format!("127.0.0.1:{port}");
        talk(
            Command::new("openssl").args(["s_client", "-quiet", "-connect", &address]),
            b"from openssl\n",
            "from openssl",
        );
    }
}

#[test]
fn we_talk_to_ncat_and_socat_as_servers() {
    let home = Home::new();
    let send = |target: &str| {
        let words = ["send", target, "--data", "hi there\\n", "--wait", "500ms", "--text"];
        text(&home.run(&words))
    };
    if has("socat", &["-V"]) {
        for (listen, scheme) in [("TCP-LISTEN", "tcp"), ("UDP-RECVFROM", "udp")] {
            let port = crate::harness::peers::free_port();
            let address = format!("{listen}:{port},bind=127.0.0.1,fork");
            let _peer = Peer::start(Command::new("socat").args([&address, "EXEC:cat"]));
            let target = format!("{scheme}://127.0.0.1:{port}");
            wait_until("socat answers", || send(&target).contains("hi there"));
        }
    }
    if has("ncat", &["--version"]) {
        let port = crate::harness::peers::free_port();
        let _peer = Peer::start(Command::new("ncat").args([
            "-l",
            "-k",
            "127.0.0.1",
            &port.to_string(),
            "-c",
            "cat",
        ]));
        let target = format!("tcp://127.0.0.1:{port}");
        wait_until("ncat answers", || send(&target).contains("hi there"));
    }
}
