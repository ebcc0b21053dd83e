//! Python scripts written for TCP, UDP and listeners, run against loopback peers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use wirebench::compose;
use wirebench::interop::curl;
use wirebench::interop::python::{self, Library};
use wirebench::model::awaited::AwaitedPlan;
use wirebench::model::endpoint::{Bind, Endpoint};
use wirebench::model::http::HttpSpec;
use wirebench::model::plan::{
    AnswerPart, AnswerPlan, HttpListenerPlan, HttpPlan, HttpRulePlan, Plan, PlanBody, RulePlan,
    StepPlan, TcpListenerPlan, TcpPlan, UdpListenerPlan, UdpPlan, WhenPlan,
};
use wirebench::model::preset::Scope;
use wirebench::model::socket_options::{
    ClientOptions, DatagramOptions, SocketOptions, SourceAddress,
};
use wirebench::model::spec::Spec;
use wirebench::model::tls::{ClientTls, ListenerTls};
use wirebench::model::trust::{TrustedCertificates, Verify};

use super::{PATIENCE, Running, accept, finish, start};
use crate::harness::peers::udp_peer;

/// A Python listener that says where it listens.
fn start_python_listener(plan: &Plan) -> Option<(Running, u16)> {
    let script = python::write(plan, Library::Requests);
    let mut running = start("python3", &script)?;
    let mut line = String::new();
    let mut output = BufReader::new(running.0.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let digits = line.trim_end().trim_end_matches(')').rsplit(' ').next().unwrap_or_default();
    let port = digits.parse().unwrap_or_else(|_| {
        let mut error = String::new();
        running.0.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        panic!("{script}\n{line}\n{error}")
    });
    // Somebody has to read what it prints.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Some((running, port))
}

fn loopback() -> Bind {
    Bind::Address("127.0.0.1:0".parse().unwrap())
}

fn rules() -> Vec<RulePlan> {
    let rule = |when, send| RulePlan { id: 1, when, send, delay: Duration::from_millis(1) };
    let text = |text: &'static str| Bytes::from_static(text.as_bytes());
    vec![
        rule(WhenPlan::Equals(text("quit")), vec![AnswerPart::Literal(text("bye\r\n"))]),
        rule(
            WhenPlan::Contains(text("PING")),
            vec![AnswerPart::Literal(text("<")), AnswerPart::Match, AnswerPart::Literal(text(">"))],
        ),
        rule(WhenPlan::StartsWith(text("é\"")), vec![AnswerPart::Match]),
        rule(WhenPlan::Matches("[0-9]+".into()), vec![AnswerPart::Match, AnswerPart::Match]),
        rule(WhenPlan::Always, vec![AnswerPart::Message]),
    ]
}

/// What [`rules`] answer.
const DIALOGUE: &[(&[u8], &[u8])] = &[
    (b"quit\r\n", b"bye\r\n"),
    (b"a PING b", b"<PING>"),
    (b"\xc3\xa9\" x", b"\xc3\xa9\""),
    (b"abc 42 def 7", b"4242"),
    (b"\x00\xff'\\", b"\x00\xff'\\"),
];

#[test]
fn a_python_tcp_listener_answers_like_ours() {
    let plan = Plan::TcpListener(TcpListenerPlan {
        bind: loopback(),
        tls: ListenerTls::Off,
        greeting: Bytes::from_static(b"hi '\"\n"),
        rules: rules(),
        socket: SocketOptions::default(),
    });
    let Some((_running, port)) = start_python_listener(&plan) else { return };
    let mut clients: Vec<TcpStream> =
        (0..2).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    for client in &mut clients {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut greeting = [0; 6];
        client.read_exact(&mut greeting).unwrap();
        assert_eq!(&greeting, b"hi '\"\n");
        for (message, expected) in DIALOGUE {
            client.write_all(message).unwrap();
            let mut answer = vec![0; expected.len()];
            client.read_exact(&mut answer).unwrap();
            assert_eq!(answer, *expected);
        }
    }
}

#[test]
fn a_python_udp_listener_answers_like_ours() {
    let plan = Plan::UdpListener(UdpListenerPlan {
        bind: loopback(),
        rules: rules(),
        socket: DatagramOptions::default(),
        answer_rate: 9,
    });
    let Some((_running, port)) = start_python_listener(&plan) else { return };
    let (socket, _) = udp_peer();
    for (message, expected) in DIALOGUE {
        socket.send_to(message, ("127.0.0.1", port)).unwrap();
        let mut buffer = [0; 100];
        let (count, _) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], *expected);
    }
}

#[test]
fn a_python_http_listener_answers_like_ours() {
    let answer = |status, headers: &[(&str, &str)], body: &'static [u8]| AnswerPlan {
        status,
        headers: headers.iter().map(|(n, v)| ((*n).to_string(), (*v).to_string())).collect(),
        body: PlanBody::Bytes(Bytes::from_static(body)),
        delay: Duration::ZERO,
        more: wirebench::model::http_answer::AnswerMore::default(),
    };
    let rule = |method: &str, path: &str, answer| HttpRulePlan {
        terms: wirebench::model::plan::RuleTerms::default(),
        id: 1,
        row: None,
        method: method.into(),
        path: path.into(),
        answer,
    };
    let plan = Plan::HttpListener(HttpListenerPlan {
        contract: None,
        mocks: false,
        bind: loopback(),
        tls: ListenerTls::Off,
        rules: vec![
            rule("GET", "/users/*.json", answer(200, &[("X-A", "1"), ("X-a", "é")], b"[\n]\n\xff")),
            rule("", "/any", answer(418, &[], b"")),
            rule("GET", "/turn", answer(200, &[], b"one")),
            rule("GET", "/turn", answer(201, &[], b"two")),
            rule("GET", "/turn", answer(202, &[], b"three")),
            rule("GET", "/asked?a=1", answer(200, &[], b"a query")),
        ],
        answer: answer(404, &[("Content-Type", "text/plain")], b"not here"),
        socket: SocketOptions::default(),
    });
    let Some((_running, port)) = start_python_listener(&plan) else { return };
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        reply
    };
    let ours = "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-a: é\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(
        ask("GET /users/7.json?x HTTP/1.1\r\nHost: h\r\n\r\n"),
        [ours.as_bytes(), b"[\n]\n\xff"].concat()
    );
    let reply = ask("WHAT /any HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    assert!(reply.starts_with(b"HTTP/1.1 418 "), "{}", String::from_utf8_lossy(&reply));
    let reply = ask("POST /users/7.json HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(reply.starts_with(b"HTTP/1.1 404 ") && reply.ends_with(b"not here"));
    let get = |target: &str| {
        let reply = ask(&format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        String::from_utf8_lossy(&reply).rsplit("\r\n\r\n").next().unwrap_or_default().to_owned()
    };
    let turns = ["/turn", "/turn?x", "/turn", "/turn"].map(get);
    assert_eq!(turns, ["one", "two", "three", "three"], "the last one stays");
    assert_eq!(
        ["/asked?a=1", "/asked?a=2", "/asked"].map(get),
        ["a query", "not here", "not here"]
    );
}

#[test]
fn a_python_tcp_client_says_what_ours_says() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plan = Plan::Tcp(TcpPlan {
        endpoint: Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()),
        tls: ClientTls::Off,
        steps: vec![
            StepPlan::Send(Bytes::from_static(b"\x00\xff'\"\\ {x}\r\n")),
            StepPlan::Expect {
                awaited: AwaitedPlan::Bytes(Bytes::from_static(b"go\n")),
                within: PATIENCE,
            },
            StepPlan::Send(Bytes::from_static("é".as_bytes())),
        ],
        connect_timeout: PATIENCE,
        socket: SocketOptions::default(),
        client: ClientOptions::default(),
    });
    let script = python::write(&plan, Library::Requests);
    let Some(running) = start("python3", &script) else { return };
    let mut stream = accept(&listener);
    let mut first = [0; 11];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"\x00\xff'\"\\ {x}\r\n");
    stream.write_all(b"wait... go\n").unwrap();
    let mut second = [0; 2];
    stream.read_exact(&mut second).unwrap();
    assert_eq!(&second, "é".as_bytes());
    stream.write_all(b"done").unwrap();
    drop(stream);
    let printed = finish(running);
    assert!(printed.contains("b'done'"), "{script}\n{printed}");
}

#[test]
fn a_python_tcp_client_waits_for_what_ours_waits_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut steps = Vec::new();
    for (awaited, answer) in [
        (AwaitedPlan::Pattern(vec![Some(1), None, Some(b'\n')]), b"a"),
        (AwaitedPlan::Matches("2[0-9]+ ready".into()), b"b"),
        (AwaitedPlan::Length(5), b"c"),
        (AwaitedPlan::Json(serde_json::json!({ "ok": true, "list": [{ "id": 2 }] })), b"d"),
    ] {
        steps.push(StepPlan::Expect { awaited, within: PATIENCE });
        steps.push(StepPlan::Send(Bytes::from_static(answer)));
    }
    let plan = Plan::Tcp(TcpPlan {
        endpoint: Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()),
        tls: ClientTls::Off,
        steps,
        connect_timeout: PATIENCE,
        socket: SocketOptions::default(),
        client: ClientOptions::default(),
    });
    let script = python::write(&plan, Library::Requests);
    let Some(running) = start("python3", &script) else { return };
    let mut stream = accept(&listener);
    for (said, wanted) in [
        (&b"\x01\n\n"[..], b"a"),
        (b"220 ready\r\n", b"b"),
        (b"12345", b"c"),
        (br#"{"ok":true,"more":1,"list":[{"id":1},{"id":2,"x":0}]}"#, b"d"),
    ] {
        stream.write_all(said).unwrap();
        let mut answer = [0; 1];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, wanted, "{script}");
    }
    drop(stream);
    finish(running);
}

#[test]
fn a_python_udp_client_says_what_ours_says() {
    let (socket, _) = udp_peer();
    let plan = Plan::Udp(UdpPlan {
        endpoint: Endpoint::new("127.0.0.1", socket.local_addr().unwrap().port()),
        client: ClientOptions { source: Some(SourceAddress::Port(0)), ..ClientOptions::default() },
        steps: vec![
            StepPlan::Send(Bytes::new()),
            StepPlan::Send(Bytes::from_static(b"\x00\xff")),
            StepPlan::Expect {
                awaited: AwaitedPlan::Bytes(Bytes::from_static(b"ok")),
                within: PATIENCE,
            },
            StepPlan::Send(Bytes::from_static(b"end")),
        ],
        socket: DatagramOptions::default(),
        any_peer: false,
    });
    let script = python::write(&plan, Library::Requests);
    let Some(_running) = start("python3", &script) else { return };
    let mut buffer = [0; 100];
    let mut next = || {
        socket.recv_from(&mut buffer).map(|(count, peer)| (buffer[..count].to_vec(), peer)).unwrap()
    };
    assert_eq!(next().0, b"");
    let (second, peer) = next();
    assert_eq!(second, b"\x00\xff");
    socket.send_to(b"ok", peer).unwrap();
    assert_eq!(next().0, b"end");
}

#[test]
fn python_scripts_with_tls_talk_to_each_other() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let plan = Plan::TcpListener(TcpListenerPlan {
        bind: loopback(),
        tls: ListenerTls::Files {
            certificate: certificate.display().to_string(),
            key: key.display().to_string(),
        },
        greeting: Bytes::from_static(b"hello"),
        rules: rules(),
        socket: SocketOptions::default(),
    });
    let Some((_running, port)) = start_python_listener(&plan) else { return };
    let client = Plan::Tcp(TcpPlan {
        endpoint: Endpoint::new("127.0.0.1", port),
        tls: ClientTls::On {
            verify: Verify::Off,
            trust: TrustedCertificates::default(),
            sni: "localhost".into(),
            choices: wirebench::model::tls::TlsChoices::default(),
        },
        steps: vec![
            StepPlan::Expect {
                awaited: AwaitedPlan::Bytes(Bytes::from_static(b"hello")),
                within: PATIENCE,
            },
            StepPlan::Send(Bytes::from_static(b"quit\n")),
            StepPlan::Expect {
                awaited: AwaitedPlan::Bytes(Bytes::from_static(b"bye\r\n")),
                within: PATIENCE,
            },
        ],
        connect_timeout: PATIENCE,
        socket: SocketOptions::default(),
        client: ClientOptions::default(),
    });
    let script =
        python::write(&client, Library::Requests).replace("    while True:", "    while False:");
    let Some(running) = start("python3", &script) else { return };
    let printed = finish(running);
    assert_eq!(printed, "b'hello'\nb'bye\\r\\n'\n", "{script}");
}

/// An address of this machine that no system chooses by itself.
fn from_there() -> ClientOptions {
    ClientOptions {
        source: Some(SourceAddress::Bound(Bind::Address("127.0.0.2:0".parse().unwrap()))),
        ..ClientOptions::default()
    }
}

fn probed() -> SocketOptions {
    SocketOptions { keep_alive: Some(Duration::from_secs(42)) }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_asked_of_a_stream_s_socket_is_asked_by_python_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plan = Plan::Tcp(TcpPlan {
        endpoint: Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()),
        tls: ClientTls::Off,
        steps: vec![StepPlan::Send(Bytes::from_static(b"hello"))],
        connect_timeout: PATIENCE,
        socket: probed(),
        client: from_there(),
    });
    let script = python::write(&plan, Library::Requests);
    let asks = ["SOL_SOCKET, socket.SO_KEEPALIVE", "IPPROTO_TCP, socket.TCP_KEEPIDLE"];
    let asks = asks.map(|name| format!("sock.getsockopt(socket.{name})")).join(", ");
    // Who is silent is not waited for without an end.
    let (head, rest) = script.split_once("    sock.settimeout(5)\n    try:").unwrap();
    let script = format!("{head}    print({asks})\n    sock.settimeout(5)\n    try:{rest}");
    let Some(running) = start("python3", &script) else { return };
    let stream = accept(&listener);
    assert_eq!(stream.peer_addr().unwrap().ip().to_string(), "127.0.0.2", "{script}");
    drop(stream);
    let printed = finish(running);
    assert!(printed.starts_with("1 42\n"), "{script}\n{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_asked_of_a_socket_of_datagrams_is_asked_by_python_too() {
    for (host, client) in [("127.0.0.1", from_there()), ("::1", ClientOptions::default())] {
        let Ok(socket) = std::net::UdpSocket::bind((host, 0)) else { continue };
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let plan = Plan::Udp(UdpPlan {
            endpoint: Endpoint::new(host, socket.local_addr().unwrap().port()),
            client: client.clone(),
            socket: DatagramOptions { ttl: Some(7) },
            any_peer: true,
            steps: vec![StepPlan::Send(Bytes::from_static(b"hello"))],
        });
        let script = python::write(&plan, Library::Requests);
        let (head, _) = script.split_once("    sock.settimeout(5)").unwrap();
        let ask =
            if host == "::1" { "IPV6, socket.IPV6_UNICAST_HOPS" } else { "IP, socket.IP_TTL" };
        let script = format!("{head}    print(sock.getsockopt(socket.IPPROTO_{ask}))\n");
        let Some(running) = start("python3", &script) else { return };
        let (_, peer) = socket.recv_from(&mut [0; 9]).unwrap();
        let comes_from = if host == "::1" { "::1" } else { "127.0.0.2" };
        assert_eq!(peer.ip().to_string(), comes_from, "{script}");
        assert_eq!(finish(running), "7\n", "{script}");
    }
}

#[test]
fn a_connection_through_an_interface_is_made_by_hand() {
    let plan = Plan::Tcp(TcpPlan {
        endpoint: Endpoint::new("127.0.0.1", 9),
        tls: ClientTls::Off,
        steps: Vec::new(),
        connect_timeout: PATIENCE,
        socket: SocketOptions::default(),
        client: ClientOptions {
            source: Some(SourceAddress::Interface("none'9".into())),
            ..ClientOptions::default()
        },
    });
    let script = python::write(&plan, Library::Requests);
    assert!(script.contains("connect(\"127.0.0.1\", 9, "), "{script}");
    let Some(running) = start("python3", &script) else { return };
    let printed = finish(running);
    // The system knows no such interface, or does not know interfaces at all.
    let reached = ["OSError", "PermissionError", "AttributeError"];
    assert!(reached.iter().any(|error| printed.contains(error)), "{script}\n{printed}");
}

#[test]
fn python_says_what_it_leaves_out_of_a_request() {
    let mut http = plan_of("http://127.0.0.1:9/");
    (http.socket, http.client) = (probed(), from_there());
    for library in [Library::Requests, Library::Urllib] {
        let script = python::write(&Plan::Http(http.clone()), library);
        let said = "# comes from 127.0.0.2 in wirebench, not here
# set in wirebench, not here: SO_KEEPALIVE = 1, TCP_KEEPIDLE = 42, TCP_KEEPINTVL = 42
";
        assert!(script.starts_with(said), "{script}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn curl_is_asked_for_source_and_probes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut http = plan_of(&format!("http://127.0.0.1:{port}/"));
    (http.socket, http.client) = (probed(), from_there());
    let command = curl::write(&Plan::Http(http));
    assert!(command.contains("--keepalive-time 42"), "{command}");
    let Some(_running) = start("bash", &command) else { return };
    assert_eq!(accept(&listener).peer_addr().unwrap().ip().to_string(), "127.0.0.2", "{command}");
}

fn plan_of(url: &str) -> HttpPlan {
    let spec = HttpSpec { method: "GET".into(), url: url.into(), ..HttpSpec::default() };
    match compose::plan(&Spec::Http(spec), &Scope::default()) {
        Ok(Plan::Http(plan)) => plan,
        other => panic!("{other:?}"),
    }
}
