//! One table of exit statuses, and every ending of `send` and `listen` with the one it has. What help
//! and docs/command-line.md list is the table.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::peers::{echo_peer, http_peer, read_head, tcp_peer, udp_peer};
use crate::harness::program::{command, finished, listen, run, spawned, text, told};
use crate::kill::let_run_for;

/// Status, what it means to `send` and in general, and to `listen`, which has fewer.
const EXITS: [(i32, &str, Option<&str>); 8] = [
    (0, "what was asked for happened", Some("stopped as asked")),
    (1, "not as expected (a step, [expect], [capture], --check-status, --download)", None),
    (2, "usage", Some("usage")),
    (3, "network", Some("network")),
    (4, "TLS", None),
    (5, "timeout", None),
    (
        6,
        "interrupted, or not all printed or filtered (--jq)",
        Some("not all was printed (how much is said)"),
    ),
    (141, "the reader of the output left", Some("the reader of the output left")),
];

/// What came of one ending.
struct Ended {
    /// How it ended, in words.
    ending: String,
    status: Option<i32>,
    said: String,
}

/// The endings of one command with the statuses they should have.
#[derive(Default)]
struct Endings {
    seen: BTreeSet<i32>,
    wrong: Vec<String>,
}

impl Endings {
    /// Each ends with this status, and says this.
    fn expect(&mut self, status: i32, says: &str, ended: Ended) {
        self.seen.insert(status);
        if ended.status != Some(status) || !ended.said.contains(says) {
            let Ended { ending, status: got, said } = ended;
            self.wrong.push(format!("{ending}: {got:?} instead of {status}: {said}"));
        }
    }

    /// All were as expected, and none of the statuses is missing.
    fn check(self, statuses: impl Iterator<Item = i32>) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert_eq!(self.seen, statuses.collect());
    }
}

fn ended(args: &[&str]) -> Ended {
    let (status, said) = told(&run(args));
    Ended { ending: format!("{args:?}"), status, said }
}

/// Sent a signal once `is_time` has returned.
fn signalled(args: &[&str], number: Signal, is_time: impl FnOnce(&mut Child)) -> Ended {
    let mut child = spawned(args);
    is_time(&mut child);
    kill_process(Pid::from_child(&child), number).unwrap();
    let (status, said) = told(&finished(Ok(child)));
    Ended { ending: format!("{args:?} {number:?}"), status, said }
}

/// With a reader that leaves after the first byte.
fn left(args: &[&str], begin: impl FnOnce(&mut Child)) -> Ended {
    let mut child = spawned(args);
    begin(&mut child);
    child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    let (status, said) = told(&finished(Ok(child)));
    Ended { ending: format!("{args:?}, its reader left"), status, said }
}

/// With an output that takes nothing.
fn full(args: &[&str]) -> Ended {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (status, said) = told(&finished(command(args).stdout(full).stderr(Stdio::piped()).spawn()));
    Ended { ending: format!("{args:?}, a full output"), status, said }
}

/// With a preset of this text, called `it`.
fn preset(text: &str, args: &[&str]) -> Ended {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("presets")).unwrap();
    std::fs::write(home.path().join("presets/it.toml"), text).unwrap();
    let mut command = command(args);
    command.env("WIREBENCH_HOME", home.path());
    let (status, said) =
        told(&finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()));
    Ended { ending: format!("{args:?} {text}"), status, said }
}

/// A port that nobody has: it is bound and does not listen.
fn closed_port() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// Bytes without an end after the first ones that come.
fn endless(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 4096]);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    while stream.write_all(&[b'z'; 16384]).is_ok() {}
}

/// Takes what comes and says nothing.
fn silent(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

#[test]
fn every_ending_of_send_has_its_status() {
    let mut endings = Endings::default();
    met(&mut endings);
    not_met_and_usage(&mut endings);
    cut_upload(&mut endings);
    network_and_tls(&mut endings);
    timeouts_interrupts_and_outputs(&mut endings);
    endings.check(EXITS.iter().map(|(status, ..)| *status));
}

fn met(endings: &mut Endings) {
    let http = format!("http://{}/", http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    let gone = http_peer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let tcp = format!("tcp://{}", echo_peer());
    let answering = tcp_peer(|mut stream| drop((stream.read(&mut [0; 9]), stream.write(b"y"))));
    for args in [
        &["send", &http][..],
        &["send", &http, "--check-status", "--json"],
        &["send", &format!("http://{gone}/")],
        &["send", &http, "-q"],
        &["send", &http, "-v", "--max-redirects", "0"],
        &["send", &http, "--offline"],
        &["send", &http, "--download", "-o", "/dev/null"],
        &["send", &tcp, "x"],
        &["send", &tcp, "x", "--wait", "0"],
        &["send", &format!("tcp://{answering}"), "x", "--wait", "1h"],
    ] {
        endings.expect(0, "", ended(args));
    }
    let (answering, there) = udp_peer();
    let answers = std::thread::spawn(move || {
        let (_, from) = answering.recv_from(&mut [0; 9]).unwrap();
        answering.send_to(b"y", from).unwrap();
    });
    endings.expect(0, "", ended(&["send", &format!("udp://{there}"), "x"]));
    answers.join().unwrap();
    let steps = "step = [{ send = \"x\" }, { expect = \"x\" }]";
    let text = format!("[tcp]\naddress = \"{}\"\n{steps}\n", echo_peer());
    endings.expect(0, "", preset(&text, &["send", "it"]));
    endings.expect(0, "", ended(&["send", "--help"]));
    endings.expect(0, "", ended(&["completions", "bash"]));
    endings.expect(0, "", ended(&["man", "send"]));
}

#[test]
fn options_that_contradict_each_other_are_refused_in_either_order() {
    let of_send: [(&str, &[&str]); 15] = [
        (
            "--json",
            &["--text", "--raw", "-v", "--headers", "--body", "--meta", "-p h", "-q", "--offline"],
        ),
        ("--raw", &["--text", "--pretty all", "--color always"]),
        (
            "--quiet",
            &["-v", "--headers", "-b", "-m", "-p h", "--all", "--text", "--raw", "--pretty all"],
        ),
        ("--verbose", &["--headers", "-b", "-m", "-p h"]),
        ("--offline", &["--download", "--quiet", "--check-status"]),
        ("--form", &["-d x", "--hex"]),
        ("--output f", &["--json", "--text", "--pretty all"]),
        ("--download", &["--json", "--text", "--raw", "--pretty all"]),
        ("--bearer x", &["--auth a:b"]),
        ("--follow", &["--max-redirects 0"]),
        ("-L", &["--max-redirects=0"]),
        ("--ignore-stdin", &["-d @-"]),
        ("--json", &["--color always", "--pretty all"]),
        ("--force", &["--json", "--text"]),
        ("--color always", &["--json"]),
    ];
    let of_listen: [(&str, &[&str]); 4] = [
        ("--json", &["--text", "--raw"]),
        ("--raw", &["--text", "--json"]),
        ("--echo", &["--body x"]),
        ("--force", &["--json", "--text"]),
    ];
    for (command, target, pairs) in
        [("send", "http://127.0.0.1:1/", &of_send[..]), ("listen", "tcp://127.0.0.1:0", &of_listen)]
    {
        for (one, others) in pairs {
            for other in *others {
                for (first, second) in [(one, other), (other, one)] {
                    let words = [first, second].into_iter().flat_map(|it| it.split(' '));
                    let words: Vec<&str> =
                        [command].into_iter().chain(words).chain([target]).collect();
                    let (status, said) = told(&run(&words));
                    assert_eq!(status, Some(2), "{words:?}: {said}");
                    assert!(said.contains("cannot be used with"), "{words:?}: {said}");
                }
            }
        }
    }
    let (status, said) = told(&run(&["listen", "tcp://127.0.0.1:0", "-k"]));
    assert!(status == Some(2) && said.contains("--insecure means nothing"), "{said}");
}

#[test]
fn a_link_local_address_asks_for_its_link() {
    for scheme in ["tcp", "udp", "http"] {
        let bare = told(&run(&["send", &format!("{scheme}://[fe80::1]:9"), "--timeout", "5s"]));
        assert_eq!(bare.0, Some(2), "{scheme}: {}", bare.1);
        assert!(bare.1.contains("name the link, as in [fe80::1%"), "{scheme}: {}", bare.1);
        let named = format!("{scheme}://[fe80::1%25no-such]:9");
        let (status, said) = told(&run(&["send", &named, "--timeout", "5s"]));
        assert!(status == Some(3) && said.contains("zone 'no-such'"), "{scheme}: {said}");
    }
}

fn not_met_and_usage(endings: &mut Endings) {
    let gone = http_peer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let gone = format!("http://{gone}/");
    for style in ["--raw", "--text", "--json"] {
        endings.expect(1, "", ended(&["send", &gone, "--check-status", style]));
    }
    endings.expect(1, "nothing is saved", ended(&["send", &gone, "--download"]));
    let leaving = tcp_peer(|mut stream| drop(stream.write_all(b"221 bye\r\n")));
    let steps = "step = [{ expect = \"220\", within = \"100ms\" }]";
    for (address, says) in [
        (leaving, "the peer finished sending before '220' came"),
        (tcp_peer(silent), "step 1: '220' did not come within 100 ms"),
    ] {
        let text = format!("[tcp]\naddress = \"{address}\"\n{steps}\n");
        endings.expect(1, says, preset(&text, &["send", "it"]));
    }
    let (_socket, there) = udp_peer();
    let text = format!("[udp]\naddress = \"{there}\"\n{steps}\n");
    endings.expect(1, "step 1", preset(&text, &["send", "it", "--json"]));
    for (args, says) in [
        (&["send"][..], "required"),
        (&["send", "--no-such-option", ":1"], "--no-such-option"),
        (&["send", "no-such-preset"], "neither an address nor a preset"),
        (&["send", "ftp://x/"], "not supported yet"),
        (&["send", "http://{{nowhere}}/"], "nowhere"),
        (&["send", "tcp://127.0.0.1:1", "--data", "@/no/such/file"], "/no/such/file"),
        (&["send", "tcp://127.0.0.1:1", r"\q"], "escape"),
        (&["send", "tcp://127.0.0.1:1", "x", "--any-peer"], "--any-peer"),
        (&["send", "http://127.0.0.1:1/", "a:=b"], "not JSON"),
        (&["send", ":1", "--timeout", "soon"], "soon"),
        (&["completions"], "required"),
        (&["completions", "tcsh"], "tcsh"),
        (&["man", "nothing"], "no command of this name"),
        (&["no-such-preset"], "neither an address nor a preset"),
        (&["send", ":1", "-p", "x"], "'x' is none of"),
        (&["send", ":1", "-c"], "--download"),
        (&["send", ":1", "-a", "ann"], "the password is missing"),
        (&["send", ":1", "--bearer", "@/no/such"], "/no/such"),
        (&["send", ":1", "-H", "x"], "write Name:value"),
        (&["send", ":1", "-v", "-q"], "cannot be used with"),
        (&["send", ":1", "--offline", "@/no/such"], "/no/such"),
        (&["send", "tcp://127.0.0.1:1", "--meta"], "--meta means nothing"),
    ] {
        endings.expect(2, says, ended(args));
    }
    let url = "[http]\nurl = \"http://127.0.0.1:1/\"\n";
    let expecting = format!("{url}[expect]\nstatus = \"fine\"\n");
    endings.expect(2, "'fine' is not a status", preset(&expecting, &["send", "it"]));
    endings.expect(2, "it.toml:1", preset("[http\n", &["send", "it"]));
    endings.expect(2, "a listener", preset("[tcp-listener]\nbind = \":0\"\n", &["send", "it"]));
}

fn cut_upload(endings: &mut Endings) {
    let early = tcp_peer(|mut stream| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
            head.push(byte[0]);
        }
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        let_run_for(Duration::from_millis(200));
    });
    let upload = tempfile::NamedTempFile::new().unwrap();
    upload.as_file().set_len(64 << 20).unwrap();
    let upload = format!("@{}", upload.path().display());
    for style in ["--raw", "--text", "--json"] {
        let args = ["send", "POST", &format!("http://{early}/"), &upload, style];
        endings.expect(3, "answered before the request was complete", ended(&args));
    }
}

fn network_and_tls(endings: &mut Endings) {
    let (_socket, nobody) = closed_port();
    let no_udp = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mute = tcp_peer(|mut stream| drop(read_head(&mut stream)));
    let cut = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut");
    let resets = tcp_peer(|stream| {
        let socket = socket2::Socket::from(stream);
        let_run_for(Duration::from_millis(50));
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    });
    let unsized_one = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nkept");
    let odd = http_peer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    let leaving = tcp_peer(|mut stream| drop(stream.read(&mut [0; 9])));
    let long = tempfile::NamedTempFile::new().unwrap();
    long.as_file().set_len(65_508).unwrap();
    let long = format!("@{}", long.path().display());
    let (_udp, there) = udp_peer();
    for (args, says) in [
        (&["send", &format!("http://{nobody}/")][..], "refused"),
        (&["send", &format!("https://{nobody}/")], "refused"),
        (&["send", &format!("tcp://{nobody}"), "x"], "refused"),
        (&["send", &format!("udp://{no_udp}"), "x"], "nobody listens"),
        (&["send", &format!("udp://{there}"), &long], "a datagram holds 65,507"),
        (&["send", &format!("http://{mute}/")], "http"),
        (&["send", &format!("http://{cut}/")], "after 3 of 20"),
        (&["send", &format!("http://{cut}/"), "--json"], "after 3 of 20"),
        (&["send", &format!("tcp://{resets}"), "x"], "reset"),
        (&["send", &format!("http://{odd}/")], "chunk"),
        (&["send", &format!("http://{unsized_one}/")], "not to be believed"),
        // However long it would be waited: nothing can come any more.
        (&["send", &format!("tcp://{leaving}"), "x", "--wait", "1h"], "finished without a reply"),
        (&["send", &format!("tcp://{leaving}"), "x", "--timeout", "1h"], "without a reply"),
        (&["send", &format!("http://{nobody}/"), "--set", "source=192.0.2.1"], "192.0.2.1"),
    ] {
        endings.expect(3, says, ended(args));
    }
    let plain = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"220 ready\r\n");
        silent(stream);
    });
    endings.expect(4, "TLS", ended(&["send", &format!("https://{plain}/")]));
    endings.expect(4, "TLS", ended(&["send", &format!("tls://{plain}"), "x"]));
    let trusted = listen("tls://127.0.0.1:0", &["--echo"]);
    let target = format!("tls://127.0.0.1:{}", trusted.port);
    let elsewhere = tempfile::tempdir().unwrap();
    let home = elsewhere.path().to_str().unwrap();
    endings.expect(4, "", ended(&["--home", home, "send", &target, "x"]));
}

/// What `--jq` makes of an answer, and what `--download` does not save.
fn filtered(endings: &mut Endings) {
    let url = |answer| format!("http://{}/", http_peer(answer));
    let json = url(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\": 1}\n");
    let text = url(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain");
    let gone = url(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    endings.expect(0, "", ended(&["send", &json, "--jq", ".a"]));
    endings.expect(2, "not closed", ended(&["send", &json, "--jq", ".a["]));
    endings.expect(6, "jq: ", ended(&["send", &json, "--jq", ".a.b"]));
    endings.expect(6, "not JSON", ended(&["send", &text, "--jq", "."]));
    endings.expect(1, "nothing is saved", ended(&["send", &gone, "--download"]));
}

fn timeouts_interrupts_and_outputs(endings: &mut Endings) {
    filtered(endings);
    let peer = tcp_peer(silent);
    let (http, tcp) = (format!("http://{peer}/"), format!("tcp://{peer}"));
    let (_socket, there) = udp_peer();
    let udp = format!("udp://{there}");
    let soon = ["--timeout", "0.15"];
    for words in [&["send", &http][..], &["send", &tcp, "x"], &["send", &udp, "x"]] {
        endings.expect(5, "", ended(&[words, &soon].concat()));
    }
    let begun = tcp_peer(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        silent(stream);
    });
    let words = ["send", &format!("http://{begun}/"), "--timeout", "300ms"];
    endings.expect(5, "no final response within 0.3 s (1 interim one", ended(&words));
    // None is no bound, and not a bound of nothing.
    let slow = tcp_peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let_run_for(Duration::from_millis(100));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let slow = [format!("http://{slow}/"), format!("tcp://{slow}")];
    for words in [&["send", &slow[0]][..], &["send", &slow[1], "x"]] {
        endings.expect(0, "", ended(&[words, &["--timeout", "0"]].concat()));
    }
    endings.expect(0, "", ended(&["send", &slow[0], "--set", "timeout=0"]));
    let mut piped = command(&["send", &tcp, "--timeout", "150ms"]);
    piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let open = child.stdin.take();
    let (status, said) = told(&finished(Ok(child)));
    drop(open);
    let ending = "silent standard input".to_owned();
    endings.expect(5, "nothing came within", Ended { ending, status, said });
    for number in [Signal::INT, Signal::TERM, Signal::HUP] {
        for words in [&["send", &http][..], &["send", &tcp, "x"], &["send", &udp, "x"]] {
            // Long enough to have its handlers; it would wait for seconds.
            let begun = |_: &mut Child| let_run_for(Duration::from_millis(600));
            endings.expect(6, "interrupted", signalled(words, number, begun));
        }
    }
    let peer = tcp_peer(endless);
    let (http, tcp) = (format!("http://{peer}/"), format!("tcp://{peer}"));
    for words in [&["send", &http][..], &["send", &http, "--text"], &["send", &tcp, "x"]] {
        endings.expect(141, "", left(words, |_| {}));
    }
    let some = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    for style in ["--raw", "--text", "--json"] {
        let words = ["send", &format!("http://{some}/"), style];
        endings.expect(6, "standard output: No space left", full(&words));
    }
}

#[test]
fn every_ending_of_listen_has_its_status() {
    let mut endings = Endings::default();
    let free = ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "http://127.0.0.1:0"];
    for spec in free {
        endings.expect(0, "listening on", ended(&["listen", spec, "--for", "50ms"]));
        for number in [Signal::INT, Signal::TERM, Signal::HUP] {
            let ready = |child: &mut Child| drop(first_line(child));
            endings.expect(0, "", signalled(&["listen", spec], number, ready));
        }
    }
    for (args, says) in [
        (&["listen"][..], "required"),
        (&["listen", "no-such-preset"], "neither an address nor a preset"),
        (&["listen", ":99999"], "'99999' is not a port"),
        (&["relay", ":99999", "x:1"], "'99999' is not a port"),
        (&["listen", "http://:0", "--echo"], "--echo means nothing to an HTTP listener"),
        (&["listen", "http://:0", "-H", "bad"], "write Name:value"),
        (&["listen", "http://:0", "-H", ""], "write Name:value"),
        (&["listen", "http://:0", "-H", ":x"], "write Name:value"),
        (&["listen", "http://:0", "--status", "204", "--body", "x"], "a 204 has no content"),
        (&["listen", "http://:0", "--status", "304", "--body", "x"], "a 304 has no content"),
        (&["listen", "udp://:0", "--tls"], "--tls"),
        (&["listen", "tls://:0", "--cert", "/no/such/file"], "--key"),
        (&["listen", "tcp://:0", "--count", "x"], "--count"),
    ] {
        endings.expect(2, says, ended(args));
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _holds = TcpListener::bind(taken).unwrap();
    for spec in [format!("tcp://{taken}"), format!("http://{taken}"), "tcp://192.0.2.1:0".into()] {
        endings.expect(3, "cannot listen", ended(&["listen", &spec, "--for", "5s"]));
    }
    let pem = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pem.path(), "no certificate").unwrap();
    let pem = pem.path().to_str().unwrap();
    let args = ["listen", "tls://127.0.0.1:0", "--cert", pem, "--key", pem, "--for", "5s"];
    endings.expect(2, "it holds no certificate", ended(&args));
    endings.expect(6, "No space left", full(&["listen", free[0], "--for", "50ms"]));
    counted(&mut endings, free);
    readers_left(&mut endings, free);
    let flood = |child: &mut Child| {
        let port = port_of(child);
        std::thread::spawn(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        });
    };
    endings.expect(141, "", left(&["listen", free[0]], flood));
    endings.expect(141, "", left(&["listen", free[0], "--raw"], flood));
    let listed = EXITS.iter().filter(|(.., listen)| listen.is_some());
    endings.check(listed.map(|(status, ..)| *status));
}

/// As many messages came as were asked for.
fn counted(endings: &mut Endings, free: [&str; 3]) {
    for (spec, count) in [(free[0], "2"), (free[1], "1"), (free[2], "1")] {
        let once = |child: &mut Child| {
            let there = ("127.0.0.1", port_of(child));
            if spec.starts_with("udp") {
                UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"x", there).unwrap();
                return;
            }
            let mut stream = TcpStream::connect(there).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            if spec.starts_with("tcp") {
                let mut second = TcpStream::connect(there).unwrap();
                second.write_all(b"y").unwrap();
                let _ = second.read(&mut [0]);
            }
            let _ = stream.read(&mut [0]);
        };
        let mut child = spawned(&["listen", spec, "--count", count]);
        once(&mut child);
        let (status, said) = told(&finished(Ok(child)));
        let ending = format!("listen {spec} --count {count}");
        endings.expect(0, "", Ended { ending, status, said });
    }
}

/// Requests and datagrams that nobody reads.
fn readers_left(endings: &mut Endings, free: [&str; 3]) {
    let requests = |child: &mut Child| {
        let there = ("127.0.0.1", port_of(child));
        std::thread::spawn(move || {
            while let Ok(mut stream) = TcpStream::connect(there) {
                let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                let _ = stream.read(&mut [0]);
            }
        });
    };
    endings.expect(141, "", left(&["listen", free[2]], requests));
    let datagrams = |child: &mut Child| {
        let there = ("127.0.0.1", port_of(child));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        std::thread::spawn(move || {
            while socket.send_to(&[b'x'; 1024], there).is_ok() {
                let_run_for(Duration::from_millis(1));
            }
        });
    };
    endings.expect(141, "", left(&["listen", free[1]], datagrams));
}

/// The port it says it listens on.
fn port_of(child: &mut Child) -> u16 {
    let line = first_line(child);
    line.split("127.0.0.1:").nth(1).unwrap().split(';').next().unwrap().parse().unwrap()
}

/// The first line on standard error.
fn first_line(child: &mut Child) -> String {
    let errors = child.stderr.as_mut().unwrap();
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\n") {
        errors.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    text(&line)
}

#[test]
fn help_and_docs_list_the_statuses_of_the_table() {
    let chapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/command-line.md");
    // It is a quotation there.
    let chapter = std::fs::read_to_string(chapter).unwrap().replace("\n> ", "\n");
    let help = |args: &[&str]| text(&run(args).stdout);
    let all: Vec<String> = EXITS.iter().map(|(code, send, _)| format!("{code} {send}")).collect();
    let listening: Vec<String> = EXITS
        .iter()
        .filter_map(|(code, _, listen)| Some(format!("{code} {}", (*listen)?)))
        .collect();
    for (what, text, rows) in [
        ("docs/command-line.md", chapter, &all),
        ("--help", help(&["--help"]), &all),
        ("-h", help(&["-h"]), &all),
        ("send --help", help(&["send", "--help"]), &all),
        ("send -h", help(&["send", "-h"]), &all),
        ("listen --help", help(&["listen", "--help"]), &listening),
        ("listen -h", help(&["listen", "-h"]), &listening),
    ] {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let listed = format!("Exit status: {}.", rows.join(", "));
        assert!(words.contains(&listed), "{what}: {listed}\n{text}");
    }
}
