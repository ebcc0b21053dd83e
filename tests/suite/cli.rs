//! `wirebench send` and `wirebench listen` as a script uses them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use serde_json::Value;

use crate::harness::peers::{echo_peer, http_peer, read_head, tcp_peer, udp_peer};
use crate::harness::program::{command, finished, listen, run, run_with_input, text};
use crate::harness::wait::PATIENCE;

#[test]
fn a_body_goes_to_a_pipe_as_its_bytes() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\x00\xff\x1b[m");
    let output = run(&["send", "--raw", &format!("http://{peer}/")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(output.stdout, b"\x00\xff\x1b[m");
}

#[test]
fn text_output_never_carries_a_control_byte_of_the_peer() {
    let peer = http_peer(
        b"HTTP/1.1 200 \x1b]0;reason\x07\r\nX-A: \x1b[2J\r\nContent-Length: 12\r\n\r\n\xc2\x9b31mMARK\x1b]52",
    );
    let output = run(&["send", "--text", &format!("http://{peer}/")]);
    let shown = text(&output.stdout);
    assert!(shown.contains("MARK"), "{shown:?}");
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
}

#[test]
fn json_on_a_terminal_is_laid_out_and_its_bytes_kept() {
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"n\":1.50,\"a\":[1,2]}\n",
    );
    let output = run(&["send", "--text", &format!("http://{peer}/")]);
    let shown = text(&output.stdout);
    assert!(shown.contains("\n  \"n\": 1.50,\n"), "{shown}");
    assert!(shown.trim_end().ends_with('}'), "{shown}");
}

#[test]
fn items_become_query_headers_and_body() {
    let (sender, requests) = std::sync::mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        if let Some(request) = read_head(&mut stream) {
            let _ = sender.send(request);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    let url = format!("http://{peer}/users");
    let output =
        run(&["send", "PUT", &url, "name=Ann", "age:=42", "q==a b", "X-Token:s", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let request = text(&requests.recv_timeout(PATIENCE).expect("a request"));
    assert!(request.starts_with("PUT /users?q=a%20b HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nX-Token: s\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"name\": \"Ann\", \"age\": 42}"), "{request}");
    let line: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
    assert_eq!(line["type"], "exchange");
    assert_eq!(line["response"]["status"], 204);
}

#[test]
fn standard_input_is_the_body_and_its_braces_are_no_templates() {
    let (sender, requests) = std::sync::mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        if let Some(request) = read_head(&mut stream) {
            let _ = sender.send(request);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let output = run_with_input(
        &["send", "--raw", "POST", &format!("http://{peer}/")],
        b"costs $100 {{pod}} \xff",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let request = requests.recv_timeout(PATIENCE).expect("a request");
    assert!(request.starts_with(b"POST / "), "{}", text(&request));
    assert!(request.ends_with(b"costs $100 {{pod}} \xff"), "{}", text(&request));
}

#[test]
fn exit_statuses_tell_what_went_wrong() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let not_found = http_peer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let silent = tcp_peer(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    // No TLS, and it says so at once.
    let plain = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"220 ready\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let cases: [(Vec<String>, i32, &str); 8] = [
        (vec!["send".into(), format!("http://{free}/")], 3, "refused"),
        (vec!["send".into(), format!("tcp://{free}"), "x".into()], 3, "refused"),
        (vec!["send".into(), "http://{{nowhere}}/".into()], 2, "nowhere"),
        (vec!["send".into(), "no-such-preset".into()], 2, "no-such-preset"),
        (vec!["send".into(), "ftp://x/".into()], 2, "not supported yet"),
        (vec!["send".into(), format!("http://{not_found}/"), "--check-status".into()], 1, ""),
        (
            vec!["send".into(), format!("http://{silent}/"), "--timeout".into(), "100ms".into()],
            5,
            "no response",
        ),
        (vec!["send".into(), format!("https://{plain}/")], 4, "TLS"),
    ];
    for (args, status, words) in cases {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = run(&args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn a_tcp_peer_gets_the_bytes_and_its_reply_is_printed() {
    let peer = echo_peer();
    let output =
        run(&["send", "--raw", &format!("tcp://{peer}"), r"PING\r\n\x00", "--wait", "100ms"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(output.stdout, b"PING\r\n\0");
}

#[test]
fn piped_input_is_streamed_and_ends_with_a_half_close() {
    let peer = tcp_peer(|mut stream| {
        let mut all = Vec::new();
        // Only answers when the other side has finished sending.
        if stream.read_to_end(&mut all).is_ok() {
            let _ = write!(stream, "{} bytes", all.len());
        }
    });
    let input = vec![b'a'; 1_000_000];
    let output = run_with_input(&["send", "--raw", &format!("tcp://{peer}")], &input);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "1000000 bytes");
}

#[test]
fn a_datagram_is_sent_and_no_answer_is_a_timeout() {
    let (peer, _) = udp_peer();
    let target = format!("udp://{}", peer.local_addr().expect("an address"));
    let output = run(&["send", &target, "--hex", "--data", "de ad", "--timeout", "100ms"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("no reply within 100ms"), "{}", text(&output.stderr));
    let mut datagram = [0; 16];
    let (len, _) = peer.recv_from(&mut datagram).expect("a datagram");
    assert_eq!(&datagram[..len], b"\xde\xad");
    let output = run(&["send", &target, "x", "--wait", "0"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_tcp_listener_echoes_and_prints_records_until_its_count() {
    let listening = listen("tcp://127.0.0.1:0", &["--echo", "--count", "1"]);
    let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(b"hello\x1b").expect("a write");
    let mut echoed = [0; 6];
    stream.read_exact(&mut echoed).expect("an echo");
    assert_eq!(&echoed, b"hello\x1b");
    let (status, lines) = listening.finish();
    assert_eq!(status, Some(0));
    let data: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "data").collect();
    assert_eq!(data[0]["dir"], "in");
    assert_eq!(data[0]["text"], "hello\u{1b}");
}

#[test]
fn a_udp_listener_keeps_empty_datagrams_and_answers() {
    let listening = listen("udp://127.0.0.1:0", &["--body", "pong", "--count", "2"]);
    let (socket, _) = udp_peer();
    for message in [b"".as_slice(), b"two"] {
        socket.send_to(message, ("127.0.0.1", listening.port)).expect("a send");
        let mut answer = [0; 16];
        let (len, _) = socket.recv_from(&mut answer).expect("an answer");
        assert_eq!(&answer[..len], b"pong");
    }
    let (status, lines) = listening.finish();
    assert_eq!(status, Some(0));
    let received: Vec<u64> = lines
        .iter()
        .filter(|line| line["kind"] == "data" && line["dir"] == "in")
        .filter_map(|line| line["len"].as_u64())
        .collect();
    assert_eq!(received, [0, 3]);
}

#[test]
fn an_http_listener_answers_and_tells_the_request() {
    let listening = listen(
        "http://127.0.0.1:0",
        &["--status", "201", "--body", "made", "-H", "X-A: b", "--count", "1"],
    );
    let url = format!("http://127.0.0.1:{}/x", listening.port);
    let output = run(&["send", "POST", &url, "name=Ann", "--text"]);
    let shown = text(&output.stdout);
    assert!(shown.starts_with("HTTP/1.1 201 Created\n"), "{shown}");
    assert!(shown.contains("X-A: b\n") && shown.ends_with("\nmade\n"), "{shown}");
    let (status, lines) = listening.finish();
    assert_eq!(status, Some(0));
    let exchange = lines.iter().find(|line| line["type"] == "exchange").expect("an exchange");
    assert_eq!(exchange["request"]["method"], "POST");
    assert!(exchange["request"].to_string().contains("Ann"), "{exchange}");
}

#[test]
fn a_tls_listener_is_trusted_by_its_own_installation_only() {
    let listening = listen("tls://127.0.0.1:0", &["--echo", "--for", "20s"]);
    let target = format!("tls://127.0.0.1:{}", listening.port);
    let trusted = run(&["send", "--raw", &target, "x", "--wait", "100ms"]);
    assert_eq!(trusted.status.code(), Some(0), "{}", text(&trusted.stderr));
    assert_eq!(trusted.stdout, b"x");
    let elsewhere = tempfile::tempdir().expect("a folder");
    // The option beats the variable, which every program here gets.
    let home = elsewhere.path().to_str().expect("a name");
    let stranger = |args: &[&str]| {
        let mut command = command(&[&["--home", home], args].concat());
        finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
    };
    let refused = stranger(&["send", &target, "x"]);
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
    let accepted = stranger(&["send", "--raw", &target, "x", "--insecure", "--wait", "100ms"]);
    assert_eq!(accepted.status.code(), Some(0), "{}", text(&accepted.stderr));
    assert_eq!(accepted.stdout, b"x");
}

#[test]
fn an_interrupt_stops_a_listener_as_asked() {
    let listening = listen("tcp://127.0.0.1:0", &[]);
    listening.interrupt();
    assert_eq!(listening.finish().0, Some(0));
}

#[test]
fn a_taken_port_is_said_and_no_other_is_used() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let spec = format!("tcp://{}", taken.local_addr().expect("an address"));
    let output = run(&["listen", &spec, "--for", "5s"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("taken by"), "{}", text(&output.stderr));
}

#[test]
fn presets_of_the_starter_workspace_can_be_sent() {
    let home = tempfile::tempdir().expect("a folder");
    let presets = home.path().join("presets/demo");
    std::fs::create_dir_all(&presets).expect("folders");
    let peer = echo_peer();
    let toml = format!("[tcp]\naddress = \"{peer}\"\nstep = [{{ send = \"{{{{word}}}}\" }}]\n");
    std::fs::write(presets.join("ping.toml"), toml).expect("a preset");
    std::fs::create_dir_all(home.path().join("presets/env")).expect("folders");
    std::fs::write(home.path().join("presets/env/local.toml"), "word = \"hi there\"\n")
        .expect("an environment");
    let run = |args: &[&str]| {
        let mut command = command(args);
        command.env("WIREBENCH_HOME", home.path());
        finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
    };
    let output = run(&["send", "--raw", "demo/ping", "--env", "local", "--wait", "100ms"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(output.stdout, b"hi there");
    let output = run(&["send", "demo/ping"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--env"), "{}", text(&output.stderr));
    let output = run(&["listen", "demo/ping"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("wirebench send"), "{}", text(&output.stderr));
}

#[test]
fn help_shows_examples_and_the_exit_statuses() {
    for (args, words) in [
        (["send", "--help"], "Examples:"),
        (["listen", "--help"], "udp://:9000"),
        (["--help", "--help"], "Exit status: 0"),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(words), "{}", text(&output.stdout));
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_without_a_complaint() {
    let peer = tcp_peer(|mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[b'a'; 4096]).is_ok() {}
        }
    });
    let mut child = command(&["send", "--raw", &format!("http://{peer}/")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut first = [0; 10];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("some bytes");
    let output = finished(Ok(child));
    assert!(text(&output.stderr).is_empty(), "{}", text(&output.stderr));
}

#[test]
fn options_of_a_target_or_preset_are_set_by_their_path() {
    let home = tempfile::tempdir().expect("a folder");
    let presets = home.path().join("presets");
    std::fs::create_dir_all(&presets).expect("folders");
    let peer = echo_peer();
    let toml = format!("[tcp]\naddress = \"{peer}\"\nstep = [{{ send = \"saved\" }}]\n");
    std::fs::write(presets.join("ping.toml"), toml).expect("a preset");
    let run = |args: &[&str]| {
        let mut command = command(args);
        command.env("WIREBENCH_HOME", home.path());
        finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
    };
    let output = run(&["send", "--raw", "ping", "--wait", "100ms", "--set", "step.1.send=set"]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"set"[..]));
    for (setting, says) in [
        ("tls.snii=x", "did you mean 'sni'?"),
        ("connect-timeout=soon", "not a duration"),
        ("line-ending=crlff", "did you mean 'crlf'?"),
        ("step.9.send=x", "rows are counted from 1"),
        ("timeout", "write PATH=VALUE"),
    ] {
        let output = run(&["send", "ping", "--set", setting]);
        assert_eq!(output.status.code(), Some(2), "{setting}");
        assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
}

#[test]
fn connections_come_from_where_they_shall() {
    let peer = tcp_peer(|mut stream| {
        let from = stream.peer_addr().expect("an address").ip().to_string();
        if read_head(&mut stream).is_some() {
            let length = from.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{from}");
            let _ = stream.write_all(head.as_bytes());
        }
    });
    let target = format!("http://{peer}/");
    let from =
        |source: &str| run(&["send", "--raw", &target, "--set", &format!("source={source}")]);
    assert_eq!(text(&from("127.0.0.2").stdout), "127.0.0.2");
    assert_eq!(text(&from("127.0.0.1:0").stdout), "127.0.0.1");
    for (source, says) in [
        ("192.0.2.1", "192.0.2.1 is not an address of this machine"),
        ("::1", "one is IPv4, the other IPv6"),
        ("nosuch0", "nosuch0"),
    ] {
        let output = from(source);
        assert_eq!(output.status.code(), Some(3), "{source}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
}

/// The same option, for datagrams.
#[test]
fn datagrams_come_from_where_they_shall() {
    let (peer, _) = udp_peer();
    let target = format!("udp://{}", peer.local_addr().expect("an address"));
    let send = |source: &str| {
        let setting = format!("source={source}");
        run(&["send", &target, "--timeout", "10ms", "-d", "x", "--set", &setting])
    };
    for (source, from) in [("127.0.0.2", "127.0.0.2"), (":0", "127.0.0.1"), ("*:0", "127.0.0.1")] {
        send(source);
        let (_, sender) = peer.recv_from(&mut [0; 9]).expect("a datagram");
        assert_eq!(sender.ip().to_string(), from, "{source}");
    }
    for (source, says) in [
        ("192.0.2.1", "192.0.2.1 is not an address of this machine"),
        ("::1", "one is IPv4, the other IPv6"),
        ("nosuch0", "nosuch0"),
    ] {
        let output = send(source);
        assert_eq!(output.status.code(), Some(3), "{source}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
}

#[test]
fn the_help_names_the_options_that_can_be_set() {
    for (command, path) in [("send", "tls.sni"), ("listen", "rule.1.status")] {
        let output = run(&[command, "--help"]);
        assert!(text(&output.stdout).contains(path), "{}", text(&output.stdout));
    }
}

#[test]
fn a_listener_that_cannot_start_says_so_of_listening() {
    for arguments in [
        &["listen", "udp://127.0.0.1:0", "--set", "ttl=0"][..],
        &["listen", "tutorial/echo-server"],
        &["listen", "udp://127.0.0.1:0", "--tls"],
        &["listen", "tcp://:0", "--env", "nowhere"],
    ] {
        let output = run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("cannot listen: ") && !said.contains("send"), "{said}");
    }
}

#[test]
fn every_preset_an_example_names_is_shipped() {
    for task in ["send", "listen"] {
        let help = text(&run(&[task, "--help"]).stdout);
        let mut named = help.split_whitespace().filter(|word| word.starts_with("tutorial/"));
        let preset = named.next().expect("an example with a preset");
        let file = format!("{}/assets/starter/{preset}.toml", env!("CARGO_MANIFEST_DIR"));
        assert!(std::path::Path::new(&file).is_file(), "{file}");
    }
}
