//! Captures that hold TLS as it crossed, with its keys: `--pcapng FILE --with-secrets`. Wireshark's own reader decrypts
//! them with nothing but the file.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::captures_written::tshark;
use crate::foreign::{Peer, has};
use crate::harness::program::{command, finished, listen, listening, run, said_by, text, told};

/// What a client asks for and is told, which nobody reads in a capture without its keys.
const ASKED: &[u8] = b"/asked-in-secret";
const TOLD: &[u8] = b"told-in-secret";

/// A certificate of openssl's and its key.
struct Identity(tempfile::TempDir);

impl Identity {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        std::fs::write(folder.path().join("c.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("k.pem"), made.signing_key.serialize_pem()).unwrap();
        Identity(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// `openssl s_server` that answers requests of HTTP with files of the folder.
    fn serve(&self, version: &str) -> (Peer, u16) {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-HTTP", "-cert", "c.pem"]);
        command.args(["-key", "k.pem", version]).current_dir(self.0.path());
        let peer = Peer::start(&mut command);
        let line = peer.line_with("ACCEPT");
        let port = line.rsplit(':').next().and_then(|port| port.trim().parse().ok());
        (peer, port.unwrap_or_else(|| panic!("no port in {line}")))
    }
}

fn holds(file: &str, bytes: &[u8]) -> bool {
    memchr::memmem::find(&std::fs::read(file).unwrap(), bytes).is_some()
}

/// One line for each packet that the filter finds.
fn fields(file: &str, filter: &str, names: &[&str]) -> Vec<String> {
    let mut arguments = vec!["-o", "tcp.check_checksum:TRUE", "-Y", filter, "-T", "fields"];
    for name in names {
        arguments.extend(["-e", name]);
    }
    tshark(Path::new(file), &arguments).lines().map(str::to_owned).collect()
}

/// It decrypts, in order and without anything to warn of, and is ciphertext to who does not.
fn is_sealed(file: &str) {
    let warned = tshark(Path::new(file), &["-q", "-z", "expert,warn"]);
    assert_eq!(warned.trim(), "", "{file}");
    for bytes in [ASKED, TOLD] {
        assert!(!holds(file, bytes), "{file} holds {}", text(bytes));
    }
    assert!(holds(file, b"CLIENT_"), "the keys are in {file}");
    let times = fields(file, "frame", &["frame.time_delta"]);
    assert!(times.iter().all(|delta| !delta.starts_with('-')), "in order: {times:?}");
}

#[test]
fn a_client_writes_what_crossed_and_wireshark_reads_the_http_in_it() {
    if !has("tshark", &["--version"]) || !has("openssl", &["version"]) {
        return;
    }
    let identity = Identity::new();
    let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n", TOLD].concat();
    std::fs::write(identity.file("asked-in-secret"), answer).unwrap();
    for version in ["-tls1_3", "-tls1_2"] {
        let (_server, port) = identity.serve(version);
        let (file, plain) = (identity.file("a.pcapng"), identity.file("b.pcapng"));
        let url = format!("https://localhost:{port}{}", text(ASKED));
        let ended = run(&["send", &url, "-k", "--pcapng", &file, "--with-secrets"]);
        assert_eq!((ended.status.code(), &ended.stdout[..]), (Some(0), TOLD), "{:?}", told(&ended));
        is_sealed(&file);
        let seen = fields(&file, "http", &["http.request.uri", "http.response.code"]);
        assert_eq!(seen, [format!("{}\t", text(ASKED)), "\t200".to_owned()], "{version}");
        // The handshake is there from its first byte, and the end of the connection.
        let hello =
            fields(&file, "tls.handshake.type == 1", &["tls.handshake.extensions_server_name"]);
        assert_eq!(hello, ["localhost"]);
        assert!(!fields(&file, "tcp.flags.fin == 1", &["tcp.stream"]).is_empty());

        let ended = run(&["send", &url, "-k", "--pcapng", &plain]);
        assert_eq!(ended.status.code(), Some(0));
        assert!(holds(&plain, ASKED) && holds(&plain, TOLD) && !holds(&plain, b"CLIENT_"));
    }
}

#[test]
fn a_listener_writes_what_its_clients_said_below_tls() {
    if !has("tshark", &["--version"]) || !has("openssl", &["version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, keys) = (at("a.pcapng"), at("keys"));
    let to_file = ["--pcapng", &file, "--with-secrets", "--keylog", &keys];
    let body = ["--body", std::str::from_utf8(TOLD).unwrap()];
    let listener = listen("https://127.0.0.1:0", &[&to_file[..], &body].concat());
    let url = format!("https://127.0.0.1:{}{}", listener.port, text(ASKED));
    let mut asked = 0;
    for version in ["--tlsv1.3", "--tls-max=1.2"] {
        let [option, value] = match version.split_once('=') {
            Some((option, value)) => [option, value],
            None => [version, "-s"],
        };
        if let Some(got) = said_by("curl", &["-sk", option, value, &url]) {
            assert_eq!(got.as_bytes(), TOLD);
            asked += 1;
        }
    }
    // Two requests on one connection, and one that is not TLS at all.
    if let Some(got) = said_by("curl", &["-sk", &url, &url]) {
        assert_eq!(got.as_bytes(), [TOLD, TOLD].concat());
        asked += 2;
    }
    let mut plain = std::net::TcpStream::connect(("127.0.0.1", listener.port)).unwrap();
    std::io::Write::write_all(&mut plain, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = plain.read_to_end(&mut Vec::new());
    listener.interrupt();
    assert_eq!(listener.wait(), Some(0));
    is_sealed(&file);
    let seen = fields(&file, "http.request && tls", &["http.request.uri"]);
    assert_eq!(seen, vec![text(ASKED); asked]);
    assert_eq!(fields(&file, "http.response.code == 200", &["tcp.stream"]).len(), asked);
    let keys = std::fs::read_to_string(keys).unwrap();
    assert!(keys.lines().all(|line| holds(&file, line.as_bytes())), "both have all of them");
}

#[test]
fn a_relay_that_opens_a_tunnel_writes_both_its_halves_and_what_was_plain_before_them() {
    if !has("tshark", &["--version"]) || !has("curl", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.pcapng").to_str().unwrap().to_owned();
    let server = listen("https://127.0.0.1:0", &["--body", std::str::from_utf8(TOLD).unwrap()]);
    let open = ["relay", "http://127.0.0.1:0", "--open", "127.0.0.1", "--insecure"];
    let relay =
        listening(&mut command(&[&open[..], &["--pcapng", &file, "--with-secrets"]].concat()));
    let proxy = format!("http://127.0.0.1:{}", relay.port);
    let url = format!("https://127.0.0.1:{}{}", server.port, text(ASKED));
    let got = said_by("curl", &["-skx", &proxy, &url, &url]).unwrap();
    assert_eq!(got.as_bytes(), [TOLD, TOLD].concat());
    relay.interrupt();
    assert_eq!(relay.wait(), Some(0));
    is_sealed(&file);
    let connect = fields(&file, "http.request.method == CONNECT", &["tcp.stream"]);
    let inside = fields(&file, "http.request.method == GET", &["tcp.stream"]);
    assert_eq!((connect.len(), inside.len()), (1, 4), "{connect:?} {inside:?}");
    let of_client = inside.iter().filter(|stream| **stream == connect[0]).count();
    assert_eq!(of_client, 2, "one stream from the tunnel's request on");
}

#[test]
fn a_relay_between_two_tls_sockets_holds_both_and_reads_as_it_grows() {
    if !has("tshark", &["--version"]) {
        return;
    }
    let echo = listen("tls://127.0.0.1:0", &["--echo"]);
    let target = format!("tls://127.0.0.1:{}", echo.port);
    let mut relay = listening(&mut command(&[
        "relay",
        "tls://127.0.0.1:0",
        &target,
        "-k",
        "--pcapng",
        "-",
        "--with-secrets",
    ]));
    let mut reader = Command::new("tshark")
        .args(["-n", "-l", "-r", "-", "-T", "fields", "-e", "tcp.dstport", "-e", "data.data"])
        .args(["-Y", "data.data"])
        .stdin(Stdio::from(relay.output()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let to = format!("tls://127.0.0.1:{}", relay.port);
    let ended = run(&["send", &to, "-k", "-d", &text(TOLD), "--wait", "1"]);
    assert_eq!(&ended.stdout[..], TOLD, "{:?}", told(&ended));
    relay.interrupt();
    assert_eq!(relay.wait(), Some(0));
    let mut seen = String::new();
    reader.stdout.take().unwrap().read_to_string(&mut seen).unwrap();
    assert!(reader.wait().unwrap().success());
    // TOLD, as tshark writes bytes.
    let hex = "746f6c642d696e2d736563726574";
    assert_eq!(seen.matches(hex).count(), 4, "there and back, on either side: {seen}");
}

#[test]
fn a_large_body_is_whole_and_a_handshake_that_fails_is_there_too() {
    if !has("tshark", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, refused) = (at("a.pcapng"), at("b.pcapng"));
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(at("body"), &body).unwrap();
    let listener =
        listen("https://127.0.0.1:0", &["--body", "ok", "--pcapng", &file, "--with-secrets"]);
    let url = format!("https://127.0.0.1:{}/big", listener.port);
    let words = ["send", "POST", &url, "-k", "-d", &format!("@{}", at("body"))];
    let mut sender = command(&words);
    sender.stdout(Stdio::piped()).stderr(Stdio::piped());
    assert_eq!(finished(sender.spawn()).stdout, b"ok");
    let untrusted = command(&["send", &url, "--pcapng", &refused, "--with-secrets"])
        .env("WIREBENCH_HOME", at("home"))
        .output()
        .unwrap();
    assert_ne!(untrusted.status.code(), Some(0));
    listener.interrupt();
    assert_eq!(listener.wait(), Some(0));
    let objects = at("objects");
    tshark(Path::new(&file), &["-q", "--export-objects", &format!("http,{objects}")]);
    assert!(std::fs::read(Path::new(&objects).join("big")).unwrap() == body);
    assert_eq!(tshark(Path::new(&file), &["-q", "-z", "expert,error"]).trim(), "");
    let alert = fields(&refused, "tls.alert_message", &["tls.alert_message.desc"]);
    assert_eq!(alert.len(), 1, "{alert:?}");
}
