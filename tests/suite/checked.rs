//! Expectations and captures of presets, with the program as it is run: what is met is 0, what is not is
//! 1 with expected and got, and what cannot be read is 2 before anything is sent.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::harness::peers::{echo_peer, http_peer, udp_peer};
use crate::harness::program::{command, finished, listen, told};

const ANSWER: &[u8] =
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nLocation: /users/42\r\n\
    Set-Cookie: session=abc; HttpOnly\r\nContent-Length: 65\r\nConnection: close\r\n\r\n\
    {\"user\": {\"id\": 42, \"name\": \"Ann\", \"tags\": [\"a\"]}, \"token\": \"s3\"}";

/// Status, what was said, and what was printed of a preset that is sent.
fn sent(text: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("presets")).unwrap();
    std::fs::write(home.path().join("presets/it.toml"), text).unwrap();
    let mut command = command(&[&["send", "it"], more].concat());
    command.env("WIREBENCH_HOME", home.path());
    let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    let (status, said) = told(&output);
    (status, said, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn http(peer: SocketAddr, more: &str) -> String {
    format!("[http]\nurl = \"http://{peer}/users\"\n\n{more}")
}

#[test]
fn an_answer_that_is_as_expected_ends_with_0() {
    let peer = http_peer(ANSWER);
    let text = http(
        peer,
        "[expect]\nstatus = 201\ntotal = \"<= 20s\"\nredirects = 0\nsize = 65\n\
         \"header.location\" = \"matches '^/users/'\"\n\"cookie.session\" = \"abc\"\n\
         \"json .user.id\" = 42\n\"json .user.tags\" = [\"a\"]\n\"json .user\" = \"contains {\\\"name\\\": \\\"Ann\\\"}\"\n\
         body = \"contains 'ann'\"\n\n[capture]\nuser = \"json .user.id\"\ntoken = \"json .token\"\n",
    );
    let (status, said, printed) = sent(&text, &[]);
    assert_eq!((status, &*said), (Some(0), ""), "{printed}");
    assert!(printed.contains("\"Ann\""));
    let (status, said, _) = sent(&text, &["-v"]);
    assert_eq!(status, Some(0));
    assert!(said.contains("captured user = 42 (json .user.id)"), "{said}");
    assert!(said.contains("captured token = ****"), "a secret by its name: {said}");
    let (_, said, _) = sent(&text, &["-v", "--with-secrets"]);
    assert!(said.contains("captured token = s3"), "{said}");
}

#[test]
fn an_answer_that_is_not_says_expected_and_got_and_ends_with_1() {
    let peer = http_peer(ANSWER);
    let expect =
        "[expect]\nstatus = 200\n\"json .user\" = { id = 43, name = \"Ann\", tags = [\"a\"] }\n";
    let (status, said, printed) = sent(&http(peer, expect), &[]);
    assert_eq!(status, Some(1), "{said}");
    for line in
        ["not as expected: 2 of 2", "status: expected 200, got 201", "  .id: expected 43, got 42"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(printed.contains("\"Ann\""), "the answer is printed all the same");
    let (status, said, _) = sent(&http(peer, "[capture]\nx = \"json .nothing\"\n"), &[]);
    assert_eq!(status, Some(1));
    assert!(said.contains("x was not captured from json .nothing"), "{said}");
    // What is off is not looked at; one more can be expected for once.
    let off = http(peer, "[expect]\n\"~status\" = 200\n");
    assert_eq!(sent(&off, &[]).0, Some(0));
    assert_eq!(sent(&off, &["--set", "expect.status=2xx"]).0, Some(0));
    let (status, said, _) = sent(&off, &["--set", "expect.json .user.id=43"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("json .user.id: expected 43, got 42"), "{said}");
}

#[test]
fn what_cannot_be_expected_is_said_with_its_place_and_nothing_is_sent() {
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    for (more, says) in [
        (
            "[expect]\nstatsu = 200\n",
            "it.toml:5:1: 'statsu' in 'expect': there is no field 'statsu'; did you mean 'status'?",
        ),
        (
            "[expect]\nstatus = \"contains 2\"\n",
            "it.toml:5:1: 'status' in 'expect': 'contains' says nothing of status",
        ),
        ("[expect]\ntotal = 5\n", "'5' is not a duration"),
        ("[expect]\nmessages = 1\n", "'messages' is of TCP and UDP"),
        (
            "[capture]\nid = \"jsn .id\"\n",
            "it.toml:5:1: 'id' in 'capture': there is no field 'jsn'",
        ),
        ("[capture]\n\"a b\" = \"json .id\"\n", "cannot be in the name of a variable"),
    ] {
        let (status, said, _) = sent(&http(peer, more), &[]);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(says), "{says}: {said}");
    }
}

#[test]
fn names_are_filled_into_what_is_expected() {
    let peer = http_peer(ANSWER);
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("presets/env")).unwrap();
    let text = http(peer, "[expect]\n\"json .user.id\" = \"{{id}}\"\n");
    std::fs::write(home.path().join("presets/it.toml"), text).unwrap();
    for (id, status) in [("42", 0), ("43", 1)] {
        let file = home.path().join("presets/env/dev.toml");
        std::fs::write(file, format!("id = \"{id}\"\n")).unwrap();
        let mut command = command(&["send", "it", "--env", "dev"]);
        command.env("WIREBENCH_HOME", home.path());
        let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        assert_eq!(told(&output).0, Some(status), "{}", told(&output).1);
    }
}

#[test]
fn conversations_are_looked_at_when_their_steps_are_over() {
    let peer = echo_peer();
    let tcp =
        |step: &str, more: &str| format!("[tcp]\naddress = \"{peer}\"\nstep = [{step}]\n\n{more}");
    let ping = "{ send = \"PING\" }, { expect = \"PING\" }";
    let began = Instant::now();
    let good = tcp(ping, "[expect]\nbody = \"contains 'PING'\"\nsize = 4\nsent = 1\n");
    let (status, said, printed) = sent(&good, &[]);
    assert_eq!((status, &*said, &*printed), (Some(0), "", "PING"));
    // A debug build begins in less.
    assert!(began.elapsed() < Duration::from_secs(4));
    let (status, said, _) = sent(&tcp(ping, "[expect]\nbody = \"contains 'PONG'\"\n"), &[]);
    assert_eq!(status, Some(1));
    assert!(said.contains("body: expected contains 'PONG', got 'PING'"), "{said}");
    let never = "{ send = \"a\" }, { expect = \"NEVER\", within = \"700ms\" }";
    let (status, said, _) = sent(&tcp(never, "[expect]\nsize = 1\n"), &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("'NEVER' did not come"), "{said}");
}

/// Answers every datagram with itself.
fn udp_echo() -> SocketAddr {
    let (socket, peer) = udp_peer();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((read, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..read], from);
        }
    });
    peer
}

#[test]
fn datagrams_without_an_answer_are_counted() {
    let peer = udp_echo();
    let step = "{ send = \"1\" }, { expect = \"1\" }, { send = \"2\" }, { expect = \"2\" }";
    let text = format!(
        "[udp]\naddress = \"{peer}\"\nstep = [{step}]\n\n[expect]\nmessages = 2\nlost = 0\nsent = 2\n"
    );
    let (status, said, _) = sent(&text, &[]);
    assert_eq!(status, Some(0), "{said}");
    let (status, said, _) = sent(&text.replace("lost = 0", "lost = 1"), &[]);
    assert_eq!(status, Some(1));
    assert!(said.contains("lost: expected 1, got 0"), "{said}");
}

#[test]
fn a_conversation_over_tls_answers_what_was_agreed_on_and_how_long_it_took() {
    let listener = listen("tls://127.0.0.1:0", &["--echo", "--for", "20s"]);
    let text = format!(
        "[tcp]\naddress = \"tls://127.0.0.1:{}\"\ntls.verify = false\n\
         step = [{{ send = \"PING\\r\\n\" }}, {{ expect = \"PING\" }}]\n\n[expect]\n\"tls.version\" = \"TLSv1.3\"\n\
         \"tls.days-left\" = \">= 1\"\n\"tls.name\" = \"localhost\"\n\"tls.verified\" = false\n\"tls.cipher\" = \"exists\"\n\
         handshake = \"<= 10s\"\nconnect = \"<= 10s\"\nfirst-byte = \"<= 10s\"\nlookup = \"absent\"\n\n\
         [capture]\ncertificate = \"tls.sha256\"\n",
        listener.port
    );
    let (status, said, _) = sent(&text, &["-v"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("captured certificate = "), "{said}");
    let (_, said, printed) = sent(&text, &["-v"]);
    let lines: Vec<&str> = printed.lines().collect();
    let place = |mark: char, words: &str| {
        let is_it = |line: &str| line.starts_with(mark) && line.contains(words);
        lines
            .iter()
            .position(|line| is_it(line))
            .unwrap_or_else(|| panic!("{words}: {printed} {said}"))
    };
    let (up, secured) = (place('·', "connected to"), place('·', "TLSv1.3"));
    let (sent_at, came) = (place('▶', "PING"), place('◀', "PING"));
    assert!(up < secured && secured < sent_at && sent_at < came, "{printed}");
    let (_, said, printed) = sent(&text, &["-v", "--raw"]);
    assert_eq!(printed, "PING\r\n");
    assert!(said.contains('▶') && said.contains('◀'), "{said}");
    let home = crate::runs::Home::new(&[("it.toml", &text)]);
    let ran = home.run(&["it", "--text"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
}
