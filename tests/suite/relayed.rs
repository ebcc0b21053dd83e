//! `wirebench relay` as a script uses it, between programs of others.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::peers::{echo_peer, free_port, tcp_peer};
use crate::harness::program::{Listening, command, finished, listening, run, talk, text, told};
use crate::harness::wait::PATIENCE;

/// A relay on a free port, and where it listens.
fn relay(args: &[&str]) -> Listening {
    listening(&mut command(&[&["relay"], args].concat()))
}

#[test]
fn json_lines_tell_each_byte_once_with_who_sent_it_and_which_two_belong_together() {
    let relay = relay(&["127.0.0.1:0", &echo_peer().to_string(), "--count", "2"]);
    assert_eq!(talk(relay.port, b"PING"), b"PING");
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    let data: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "data").collect();
    let said: Vec<_> = data.iter().map(|it| (it["from"].as_str(), it["dir"].as_str())).collect();
    assert_eq!(said, [(Some("client"), Some("in")), (Some("server"), Some("out"))]);
    assert!(data.iter().all(|line| line["text"] == "PING" && line["side"] == "relay"));
    let connected = lines.iter().find(|line| line["kind"] == "connected").expect("the other half");
    assert_eq!(connected["pair"], data[0]["conn"]);
    assert_ne!(connected["conn"], data[0]["conn"]);
    let bound = lines.iter().find(|line| line["kind"] == "bound").expect("where it listens");
    assert_eq!(bound.get("pair"), None);
}

#[test]
fn text_says_who_sent_what_under_one_number() {
    let relay = relay(&["tcp://127.0.0.1:0", &echo_peer().to_string(), "--text", "--count", "2"]);
    talk(relay.port, b"hello\n");
    let said = relay.said();
    assert!(said.contains("client →  6 B  hello\\n"), "{said}");
    assert!(said.contains("server →  6 B  hello\\n"), "{said}");
    assert!(said.contains("connected to 127.0.0.1") && !said.contains("  1/2  "), "{said}");
}

#[test]
fn credentials_of_http_that_is_passed_on_are_masked_unless_they_are_asked_for() {
    let ask = b"GET /?api_key=canary-1&a=b HTTP/1.1\r\nAuthorization: Bearer canary-2\r\n\
        Cookie: sid=canary-3\r\nX-Api-Key: canary-4\r\n\r\n";
    for style in ["--text", "--json"] {
        let echo = echo_peer().to_string();
        let hiding = relay(&["127.0.0.1:0", &echo, style, "--count", "2"]);
        assert_eq!(talk(hiding.port, ask), ask, "what is passed on is what was said");
        let said = hiding.said();
        assert!(!said.contains("canary") && said.contains("Bearer ********"), "{said}");
        assert!(said.contains("api_key=********&a=b"), "{said}");
        let telling = relay(&["127.0.0.1:0", &echo, style, "--count", "2", "--with-secrets"]);
        talk(telling.port, ask);
        let said = telling.said();
        assert!((1..=4).all(|at| said.contains(&format!("canary-{at}"))), "{said}");
    }
}

#[test]
fn a_target_that_is_not_there_is_told_and_the_relay_goes_on() {
    let nobody = format!("127.0.0.1:{}", free_port());
    let relay = relay(&["127.0.0.1:0", &nobody, "--json"]);
    let mut client = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert!(client.read(&mut [0]).is_err(), "a reset");
    relay.interrupt();
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0), "stopped as asked");
    let failed = lines.iter().find(|line| line["kind"] == "failed").expect("a failure");
    let message = failed["message"].as_str().expect("words");
    assert!(message.contains("connection refused"), "{message}");
}

#[test]
fn with_verbose_binary_messages_of_known_formats_are_told_in_words() {
    const NAME: &[u8] = b"\x07example\x03com\0\0\x01\0\x01";
    let query = [&b"\x1a\x2b\x01\0\0\x01\0\0\0\0\0\0"[..], NAME].concat();
    let answer = [
        &b"\x1a\x2b\x81\x80\0\x01\0\x01\0\0\0\0"[..],
        NAME,
        b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x07",
    ]
    .concat();
    for (style, words) in [(&["--text", "-v"][..], true), (&["--text"], false)] {
        let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let target = format!("udp://{}", server.local_addr().expect("its address"));
        let between = ["udp://127.0.0.1:0", &target, "--count", "2"];
        let relay = relay(&[&between[..], style].concat());
        let client = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        for socket in [&server, &client] {
            socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        }
        client.send_to(&query, ("127.0.0.1", relay.port)).expect("a query");
        let (_, asks) = server.recv_from(&mut [0; 512]).expect("the query");
        server.send_to(&answer, asks).expect("an answer");
        assert_eq!(client.recv(&mut [0; 512]).expect("the answer"), answer.len());
        let said = relay.said();
        assert_eq!(said.contains("29 B  DNS query A example.com"), words, "{said}");
        assert_eq!(said.contains("DNS response A example.com → 192.0.2.7"), words, "{said}");
    }
}

#[test]
fn what_cannot_be_relayed_is_refused_with_what_to_write() {
    let cases: [(&[&str], &str); 10] = [
        (&["http://:0", "--fault", "drop=1"], "HTTP has no drop; it is of datagrams"),
        (&["http://:0", "http://h:1", "--fault", "reorder=1"], "HTTP has no reorder"),
        (&[":0"], "write wirebench relay LISTEN TARGET, such as :9000 db:5432"),
        (&["tcp://:0", "udp://h:1"], "a relay of TCP passes on TCP and TLS"),
        (&["udp://:0", "tls://h:1"], "a relay of UDP passes on UDP"),
        (&["tcp://:0", "http://h/"], "a relay of TCP passes on TCP and TLS"),
        (&[":0", "http://h/x"], "a relay passes each path on as it is"),
        (&[":0", "h"], "has no port"),
        (&[":0", "ftp://x"], "not supported yet"),
        (&[":0", "h:1", "--raw"], "prints text or JSON Lines"),
    ];
    for (args, expected) in cases {
        let (status, said) = told(&run(&[&["relay"], args].concat()));
        assert_eq!(status, Some(2), "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
    }
    let (status, said) = told(&run(&["relay", "tutorial/tcp-server", "h:1"]));
    assert_eq!(status, Some(2));
    assert!(said.contains("this preset is a listener") || said.contains("preset"), "{said}");
}

#[test]
fn a_preset_of_a_relay_runs_and_set_changes_it() {
    let home = tempfile::tempdir().expect("a folder");
    let presets = home.path().join("presets");
    std::fs::create_dir_all(&presets).expect("a folder");
    let preset = "[tcp-relay]\nbind = \"127.0.0.1:0\"\ntarget = \"127.0.0.1:1\"\n";
    std::fs::write(presets.join("through.toml"), preset).expect("a preset");
    let target = format!("target={}", echo_peer());
    let mut command = command(&["relay", "through", "--set", &target, "--count", "2"]);
    let relay = listening(command.env("WIREBENCH_HOME", home.path()));
    assert_eq!(talk(relay.port, b"by preset"), b"by preset");
    assert_eq!(relay.wait(), Some(0));
    let mut other = self::command(&["listen", "through"]);
    let refused = finished(
        other
            .env("WIREBENCH_HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn(),
    );
    let (status, said) = told(&refused);
    assert!(status == Some(2) && said.contains("wirebench relay through"), "{said}");
}

#[test]
fn the_manual_and_the_help_name_it() {
    let help = text(&run(&["relay", "--help"]).stdout);
    for part in ["LISTEN|PRESET", "tls://:9443", "target-tls.verify", "--count"] {
        assert!(help.contains(part), "{part} in {help}");
    }
    assert!(text(&run(&["man", "relay"]).stdout).contains("relay"));
    assert!(text(&run(&["--help"]).stdout).contains("relay "));
}

/// TLS towards the client with the certificate of this installation, as openssl sees it.
#[test]
fn openssl_talks_through_a_tls_half_to_socat_without() {
    let socat = Command::new("socat").arg("-V").stdout(Stdio::null()).status();
    let openssl = Command::new("openssl").arg("version").stdout(Stdio::null()).status();
    if socat.is_err() || openssl.is_err() {
        return;
    }
    let port = free_port();
    let server = format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork");
    let mut server = Command::new("socat").args([&server, "EXEC:cat"]).spawn().expect("socat");
    let until = std::time::Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() && std::time::Instant::now() < until {
        std::thread::yield_now();
    }
    let relay = relay(&["tls://127.0.0.1:0", &format!("127.0.0.1:{port}"), "--json"]);
    let at = format!("127.0.0.1:{}", relay.port);
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", &at])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl");
    let mut input = client.stdin.take().expect("a pipe");
    input.write_all(b"in the clear behind\n").expect("taken");
    let mut got = [0; 20];
    client.stdout.take().expect("a pipe").read_exact(&mut got).expect("an echo");
    assert_eq!(&got, b"in the clear behind\n");
    drop(input);
    let _ = client.kill();
    let _ = client.wait();
    relay.interrupt();
    let (status, lines) = relay.finish();
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(status, Some(0));
    let both = |line: &&Value| line["text"] == "in the clear behind\n";
    assert_eq!(lines.iter().filter(both).count(), 2);
    assert!(lines.iter().any(|line| line["kind"] == "secured"));
}

/// A peer that sends and closes before anybody asked, through `wirebench send` as the client.
#[test]
fn our_own_client_sees_through_it_what_it_would_see_without() {
    let target = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"220 ready\r\n");
        let mut line = [0; 6];
        let _ = stream.read_exact(&mut line);
        let _ = stream.write_all(b"bye\r\n");
    });
    let relay = relay(&["127.0.0.1:0", &target.to_string(), "--json"]);
    let sent =
        run(&["send", &format!("tcp://127.0.0.1:{}", relay.port), "--data", "QUIT\\r\\n", "--raw"]);
    assert_eq!(text(&sent.stdout), "220 ready\r\nbye\r\n", "{}", text(&sent.stderr));
    relay.interrupt();
    assert_eq!(relay.finish().0, Some(0));
}

/// DNS by a Python resolver and server: what a client asks comes back to it, told once.
#[test]
fn datagrams_are_told_once_with_who_sent_them() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a server");
    server.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let target = format!("udp://{}", server.local_addr().expect("its address"));
    // Of what the clients speak nothing is said: the target does.
    let relay = relay(&["127.0.0.1:0", &target, "--count", "2"]);
    let client = UdpSocket::bind("127.0.0.1:0").expect("a client");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.send_to(b"ask", ("127.0.0.1", relay.port)).expect("taken");
    let mut room = [0; 16];
    let (len, from) = server.recv_from(&mut room).expect("the question");
    assert_eq!(&room[..len], b"ask");
    server.send_to(b"answer", from).expect("taken");
    let (len, _) = client.recv_from(&mut room).expect("the answer");
    assert_eq!(&room[..len], b"answer");
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    let data: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "data").collect();
    let said: Vec<_> = data.iter().map(|it| (it["from"].as_str(), it["text"].as_str())).collect();
    assert_eq!(said, [(Some("client"), Some("ask")), (Some("server"), Some("answer"))]);
    assert!(data.iter().all(|line| line["side"] == "relay" && line["proto"] == "udp"));
}

/// What a script asks for by `--fault` is done, and told with what it touched.
#[test]
fn faults_of_the_command_line_are_done_and_told_by_name() {
    let target = echo_peer().to_string();
    let fault = "corrupt=1 from=server when=contains 'PING'";
    let relay = relay(&["127.0.0.1:0", &target, "--fault", fault, "--set", "seed=3", "--json"]);
    let answer = talk(relay.port, b"PING");
    assert_eq!(answer.len(), 4);
    assert_ne!(answer, b"PING");
    relay.interrupt();
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    let out = lines.iter().find(|line| line["dir"] == "out" && line["kind"] == "data");
    assert_eq!(out.expect("the answer")["fault"], serde_json::json!(["corrupt"]));
    let asked = lines.iter().find(|line| line["from"] == "client").expect("the question");
    assert_eq!(asked.get("fault"), None);
    let said = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
    let told = "faults: corrupt 1 B of the server, when contains \"PING\"; seed 3 repeats them";
    assert!(lines.iter().any(|line| said(line) == told), "{lines:?}");
    let (status, said) = told_of(&["127.0.0.1:0", &target, "--fault", "dealy=1s"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("did you mean 'delay'"), "{said}");
    let when = "delay=1s when=pth contains /api";
    let (status, said) = told_of(&["http://127.0.0.1:0", "--fault", when]);
    assert_eq!(status, Some(2));
    assert!(said.contains("fault.1.when: there is no field 'pth'; did you mean 'path'"), "{said}");
    let (_, said) = told_of(&["udp://127.0.0.1:0", "h:1", "--fault", "reset=1"]);
    assert!(said.contains("UDP has no reset"), "{said}");
}

/// Clients of others through an HTTP relay with faults; each exchange tells by name what touched it.
#[test]
fn curl_and_python_feel_the_faults_of_an_http_relay() {
    let web = crate::harness::peers::http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    );
    let target = format!("http://{web}");
    let faults = ["--fault", "delay=40ms from=client", "--fault", "reset=20 from=server after=1h"];
    let args = [&["http://127.0.0.1:0", &target, "--json"][..], &faults].concat();
    let relay = relay(&args);
    let url = format!("http://127.0.0.1:{}/a", relay.port);
    let mut asked = 0;
    let mut says = |mut command: Command| {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let Ok(child) = child else { return };
        let ended = finished(Ok(child));
        let (said, wrong) = (text(&ended.stdout), text(&ended.stderr));
        let (body, time) = said.trim().split_once(' ').expect(&wrong);
        assert_eq!(body, "hello", "{wrong}");
        assert!(time.parse::<f64>().expect("a time") >= 0.04, "{time}");
        asked += 1;
    };
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-w", " %{time_total}", &url]);
    says(curl);
    let script = "import sys, time, urllib.request as u\nt = time.monotonic()\n\
                  print(u.urlopen(sys.argv[1]).read().decode(), time.monotonic() - t)";
    let mut python = Command::new("python3");
    python.args(["-c", script, &url]);
    says(python);
    relay.interrupt();
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    let exchanges: Vec<&Value> = lines.iter().filter(|line| line["type"] == "exchange").collect();
    assert_eq!(exchanges.len(), asked);
    for exchange in exchanges {
        assert_eq!(exchange["request"]["fault"], serde_json::json!(["delay"]), "{exchange}");
        assert_eq!(exchange["response"].get("fault"), None);
    }
    let (status, said) = told_of(&["http://127.0.0.1:0", &target, "--fault", "drop=10"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("HTTP has no drop; it is of datagrams"), "{said}");
}

/// By the words of rules, as other programs write amounts.
#[test]
fn a_fault_of_the_command_line_is_about_what_its_filter_lets_through() {
    let web = crate::harness::peers::http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    );
    let target = format!("http://{web}");
    let faults = [
        r#"jitter=5ms from=client when="path contains /api""#,
        "rate=64KiB/s from=server when=status == 200 and not path contains /api",
    ];
    let missing = "local-file=/no/such under=/files";
    let args = ["http://127.0.0.1:0", &target, "--json", "--rewrite", missing];
    let faults = faults.map(|fault| ["--fault", fault]).concat();
    let relay = relay(&[&args[..], &faults].concat());
    for path in ["/api/1", "/other"] {
        let ask = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(talk(relay.port, ask.as_bytes()).ends_with(b"hello"));
    }
    relay.interrupt();
    let (_, lines) = relay.finish();
    let exchanges = lines.iter().filter(|line| line["type"] == "exchange");
    let touched: Vec<_> =
        exchanges.map(|it| [&it["request"]["fault"], &it["response"]["fault"]]).collect();
    let (none, json) = (&Value::Null, |name: &str| serde_json::json!([name]));
    assert_eq!(touched, [[&json("delay"), none], [none, &json("rate")]]);
    let missing = "rule 1 answers with /no/such, which is not there";
    assert!(lines.iter().any(|it| it["message"].as_str().unwrap_or("").starts_with(missing)));
}

/// There is no exchange that says it.
#[test]
fn what_a_fault_does_before_there_is_a_request_is_told_as_well_and_the_next_try_goes_through() {
    for style in ["--text", "--json"] {
        let web = crate::harness::peers::http_peer(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        );
        let (target, fault) = (format!("http://{web}"), "reset=0 first=1");
        let relay = relay(&["http://127.0.0.1:0", &target, style, "--fault", fault]);
        let ask = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut client = TcpStream::connect(("127.0.0.1", relay.port)).expect("who listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        client.write_all(ask).expect("taken");
        let error = client.read(&mut [0]).expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert!(talk(relay.port, ask).ends_with(b"hello"));
        relay.interrupt();
        let said = relay.said();
        let told = said.lines().find(|line| line.contains("a fault resets the connection"));
        let told = told.expect(&said);
        let mark = if style == "--text" { "[reset]" } else { "\"fault\":[\"reset\"]" };
        assert!(told.contains(mark), "{told}");
    }
}

fn told_of(args: &[&str]) -> (Option<i32>, String) {
    told(&run(&[&["relay"], args].concat()))
}

/// Clients of others that speak SOCKS5 by themselves; each says where to.
#[test]
fn curl_ncat_and_python_are_led_where_they_ask_by_socks5() {
    let web = crate::harness::peers::http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    );
    let relay = relay(&["socks5://127.0.0.1:0", "--json"]);
    let (proxy, port) = (format!("127.0.0.1:{}", relay.port), web.port());
    let mut asked = 0;
    let mut says = |mut command: Command, input: &[u8]| {
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let Ok(mut child) = child else { return };
        child.stdin.take().expect("a pipe").write_all(input).expect("taken");
        let ended = finished(Ok(child));
        let said = text(&ended.stdout);
        assert!(said.contains("hello"), "{command:?}: {said}{}", text(&ended.stderr));
        asked += 1;
    };
    for host in ["127.0.0.1", "localhost"] {
        let mut curl = Command::new("curl");
        curl.args(["-s", "--socks5-hostname", &proxy, &format!("http://{host}:{port}/")]);
        says(curl, b"");
    }
    let mut ncat = Command::new("ncat");
    ncat.args(["--proxy", &proxy, "--proxy-type", "socks5", "127.0.0.1", &port.to_string()]);
    says(ncat, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let script = format!(
        "import socket\ns = socket.create_connection(('127.0.0.1', {}))\n\
         s.sendall(b'\\x05\\x01\\x00'); assert s.recv(2) == b'\\x05\\x00'\n\
         s.sendall(b'\\x05\\x01\\x00\\x01\\x7f\\x00\\x00\\x01' + ({port}).to_bytes(2, 'big') + b'GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n')\n\
         data = b''\n\
         while (part := s.recv(999)): data += part\n\
         assert data[:4] == b'\\x05\\x00\\x00\\x01', data\n\
         print(data[10:].decode())",
        relay.port
    );
    let mut python = Command::new("python3");
    python.args(["-c", &script]);
    says(python, b"");
    relay.interrupt();
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    let message = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
    let to = lines.iter().filter(|line| message(line).starts_with("SOCKS5: it asks for ")).count();
    assert_eq!(to, asked);
    // What was agreed on is no byte of the two.
    let first = lines.iter().filter(|line| line["from"] == "client");
    assert!(first.into_iter().all(|line| message(line).is_empty()
        && line["text"].as_str().is_some_and(|text| text.starts_with("GET /"))));
}

#[test]
fn a_client_of_socks5_hears_why_it_goes_nowhere_and_something_else_is_told() {
    let nobody = free_port();
    let relay = relay(&[
        "socks5://127.0.0.1:0",
        "--json",
        "--set",
        "socks-user=me",
        "--set",
        "socks-password=pw",
    ]);
    let ask = |hello: &[u8], more: &[u8]| {
        let mut client = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
        client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        client.write_all(&[hello, more].concat()).expect("taken");
        let mut got = Vec::new();
        let _ = client.read_to_end(&mut got);
        got
    };
    let login = b"\x05\x01\x02\x01\x02me\x02pw";
    let request = [&b"\x05\x01\x00\x01\x7f\x00\x00\x01"[..], &nobody.to_be_bytes()].concat();
    let got = ask(login, &request);
    assert_eq!(got[..6], [5, 2, 1, 0, 5, 5], "refused");
    assert_eq!(ask(b"\x05\x01\x02\x01\x02me\x02no", b""), [5, 2, 1, 1]);
    assert_eq!(ask(b"\x05\x01\x00", b""), [5, 0xff]);
    assert_eq!(ask(b"GET / HTTP/1.1\r\n\r\n", b""), b"");
    relay.interrupt();
    let (_, lines) = relay.finish();
    let said: String = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    for part in ["offers no user and password", "but HTTP", "not those that are asked for"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}
