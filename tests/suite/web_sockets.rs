//! WebSocket as a script uses it, against peers of `tungstenite` and against such that break the rules.

use std::io::{BufRead as _, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};

use super::harness::peers::{read_head, tcp_peer};
use super::harness::program::{
    command, finished, listen, listening, run, run_with_input, text, told,
};
use super::harness::wait::PATIENCE;

/// A server of others, on a port of its own, that treats each connection so.
fn server(
    script: impl Fn(tungstenite::WebSocket<TcpStream>) + Send + Sync + Clone + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let script = script.clone();
            thread::spawn(move || {
                if let Ok(socket) = tungstenite::accept(stream) {
                    script(socket);
                }
            });
        }
    });
    address
}

/// One that says back what it hears.
fn echo() -> SocketAddr {
    server(|mut socket| {
        while let Ok(message) = socket.read() {
            if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
                return;
            }
        }
    })
}

/// The value of a header of a request.
fn header(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// A server that agrees and then says these bytes, whatever they are; what it hears goes to the receiver.
fn raw_server(bytes: Vec<u8>) -> (SocketAddr, std::sync::mpsc::Receiver<Vec<u8>>) {
    let (tell, rest_of_it) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let address = tcp_peer(move |mut stream| {
        let head = read_head(&mut stream).unwrap();
        let accept = derive_accept_key(header(&head, "sec-websocket-key").unwrap().as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(&[answer.as_bytes(), &bytes].concat()).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        let _ = tell.lock().unwrap().send(rest);
    });
    (address, rest_of_it)
}

/// The frames a client sent, without their masks: opcode and payload.
fn unmasked(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert_eq!(second & 0x80, 0x80, "a client masks");
        let len = usize::from(second & 0x7F);
        assert!(len < 126, "short ones");
        let (mask, rest) = rest.split_at(4);
        let (payload, after) = rest.split_at(len);
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(it, mask)| it ^ mask);
        frames.push((first & 0x0F, payload.collect()));
        bytes = after;
    }
    frames
}

#[test]
fn messages_are_sent_and_printed_a_line_for_each() {
    let url = format!("ws://{}/chat", echo());
    let ended = run(&["send", &url, "-d", "one", "-d", "zwei ä", "--wait", "300ms"]);
    assert_eq!(
        (told(&ended).0, text(&ended.stdout)),
        (Some(0), "one\nzwei ä\n".into()),
        "{ended:?}"
    );
    // What is no text is bytes.
    let ended = run(&["send", &url, "--hex", "-d", "00 ff", "--wait", "300ms"]);
    assert_eq!((told(&ended).0, &ended.stdout[..]), (Some(0), &b"\x00\xff"[..]));
    let ended = run(&["send", &url, "-d", "one", "-d", "two", "--raw", "--wait", "300ms"]);
    assert_eq!(text(&ended.stdout), "onetwo");
    // Empty ones are messages, too.
    let ended = run(&["send", &url, "-d", "", "-d", "x", "--wait", "300ms"]);
    assert_eq!(text(&ended.stdout), "\nx\n", "{}", text(&ended.stderr));
}

#[test]
fn each_line_of_standard_input_is_a_message() {
    let url = format!("ws://{}", echo());
    let ended = run_with_input(&["send", &url, "--json"], b"a\r\n\nlast");
    assert_eq!(told(&ended).0, Some(0), "{}", text(&ended.stderr));
    let lines: Vec<Value> =
        text(&ended.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let came =
        |line: &&Value| line["kind"] == "data" && line["dir"] == "in" && line["opcode"] == "text";
    let said: Vec<&str> =
        lines.iter().filter(came).map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["a", "", "last"]);
    let sent = lines.iter().find(|line| line["opcode"] == "text" && line["dir"] == "out").unwrap();
    assert_eq!(sent["proto"], "ws");
    assert_eq!(sent["frames"][0]["masked"], true);
    assert_eq!(sent["frames"][0]["len"], 1);
}

#[test]
fn a_large_message_goes_and_comes_whole() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let large: Vec<u8> = (0..1_048_576_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(file.path(), &large).unwrap();
    let data = format!("@{}", file.path().display());
    let url = format!("ws://{}", echo());
    let ended = run(&["send", &url, "-d", &data, "--raw", "--wait", "1s"]);
    assert!(ended.stdout == large, "{} {}", ended.stdout.len(), text(&ended.stderr));
}

#[test]
fn pings_of_the_server_are_answered_and_ours_are_timed() {
    let address = server(|mut socket| {
        socket.send(Message::Ping("are you there".into())).unwrap();
        assert!(matches!(socket.read(), Ok(Message::Pong(data)) if data == "are you there"));
        socket.send(Message::text("you are")).unwrap();
        while socket.read().is_ok() {}
    });
    let url = format!("ws://{address}");
    let ended = run(&["send", &url, "--set", "ping=100ms", "--json", "--wait", "500ms"]);
    assert_eq!(told(&ended).0, Some(0), "{}", text(&ended.stderr));
    let said = text(&ended.stdout);
    assert!(said.contains("ping 'are you there'") && said.contains("you are"), "{said}");
    assert!(said.contains("pong '1', round trip "), "{said}");
}

#[test]
fn a_handshake_that_is_not_agreed_to_says_why() {
    let answered = |answer: &'static str| {
        let address = tcp_peer(move |mut stream| {
            if let Some(head) = read_head(&mut stream) {
                let key = header(&head, "sec-websocket-key").unwrap();
                let answer = answer.replace("ACCEPT", &derive_accept_key(key.as_bytes()));
                let _ = stream.write_all(answer.replace('\n', "\r\n").as_bytes());
                let _ = stream.read(&mut [0; 64]);
            }
        });
        told(&run(&["send", &format!("ws://{address}/x"), "-d", "hi"]))
    };
    let upgrade = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n";
    let with = |more: &str| -> &'static str { format!("{upgrade}{more}\n").leak() };
    for (answer, why) in [
        ("HTTP/1.1 401 Unauthorized\nContent-Length: 0\n\n", "wants credentials: 401 Unauthorized"),
        ("HTTP/1.1 403 Forbidden\nContent-Length: 0\n\n", "refuses the handshake: 403 Forbidden"),
        ("HTTP/1.1 404 Not Found\nContent-Length: 2\n\nno", "speaks no WebSocket there: 404"),
        ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", "speaks no WebSocket there: 200 OK"),
        (with("Sec-WebSocket-Accept: AAAA\n"), "wrong Sec-WebSocket-Accept: 'AAAA'"),
        (with(""), "wrong Sec-WebSocket-Accept: none"),
        (
            with("Sec-WebSocket-Accept: ACCEPT\nSec-WebSocket-Protocol: chat\n"),
            "chose the subprotocol 'chat', and none was offered",
        ),
        (
            with("Sec-WebSocket-Accept: ACCEPT\nSec-WebSocket-Extensions: x-zip\n"),
            "the extension 'x-zip', which was not offered",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nSec-WebSocket-Accept: ACCEPT\n\n",
            "no 'Connection: upgrade' but none",
        ),
    ] {
        let (status, said) = answered(answer);
        assert!(status == Some(3) && said.contains(why), "{answer}: {said}");
    }
}

#[test]
fn a_redirect_and_credentials_are_followed_to_the_web_socket() {
    let end = echo();
    let address = tcp_peer(move |mut stream| {
        if let Some(head) = read_head(&mut stream) {
            assert!(text(&head).contains("Authorization: Basic dTpw"), "{}", text(&head));
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: http://{end}/\r\nContent-Length: 0\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let url = format!("ws://{address}/old");
    let ended = run(&["send", &url, "-u", "u:p", "-d", "hi", "--wait", "300ms"]);
    assert_eq!(
        (told(&ended).0, text(&ended.stdout)),
        (Some(0), "hi\n".into()),
        "{}",
        text(&ended.stderr)
    );
    let ended = run(&["send", &url, "-u", "u:p", "--max-redirects", "0", "-d", "hi"]);
    assert!(told(&ended).1.contains("leads elsewhere: 302 Found"), "{}", text(&ended.stderr));
}

#[test]
fn what_breaks_the_protocol_is_named_and_closed_with_its_code() {
    for (bytes, code, why) in [
        (&b"\xc1\x02hi"[..], 1002, "RSV1 is set"),
        (b"\xb1\x02hi", 1002, "RSV2 and RSV3 are set"),
        (b"\x83\x00", 1002, "the opcode 3 has no meaning"),
        (b"\x81\x82\0\0\0\0hi", 1002, "a frame of the server has a mask"),
        (b"\x81\x7f\x80\0\0\0\0\0\0\0", 1002, "has its first bit set"),
        (b"\x82\x7f\0\0\0\x10\0\0\0\0", 1009, "is longer than 16777216"),
        (b"\x89\x7e\0\x7e", 1002, "a ping has 126 bytes"),
        (b"\x09\x00", 1002, "a ping is in fragments"),
        (b"\x80\x01x", 1002, "continues no message"),
        (b"\x01\x01a\x81\x01b", 1002, "begins inside of a text message"),
        (b"\x81\x01\xff", 1007, "not UTF-8: byte 0"),
        (b"\x88\x01\x03", 1002, "1 byte, which is no code"),
        (b"\x88\x02\x03\xed", 1002, "1005, which is never sent"),
    ] {
        let (address, heard) = raw_server(bytes.to_vec());
        let (status, said) = told(&run(&["send", &format!("ws://{address}"), "--wait", "5s"]));
        assert!(status == Some(3) && said.contains(why), "{bytes:?}: {said}");
        let frames = unmasked(&heard.recv_timeout(PATIENCE).unwrap());
        let closes: Vec<_> = frames.iter().filter(|(opcode, _)| *opcode == 8).collect();
        assert!(
            closes.len() == 1 && closes[0].1.starts_with(&u16::to_be_bytes(code)),
            "{frames:?}"
        );
    }
}

#[test]
fn a_burst_of_frames_is_counted_right() {
    const FRAMES: usize = 100_000;
    let mut bytes: Vec<u8> = (0..FRAMES).flat_map(|n| [0x81, 1, b'0' + (n % 10) as u8]).collect();
    bytes.extend(b"\x88\x02\x03\xe8");
    let ended = run(&["send", &format!("ws://{}", raw_server(bytes).0), "--wait", "5s"]);
    assert_eq!(told(&ended), (Some(0), String::new()));
    let said = text(&ended.stdout);
    assert_eq!(said.lines().count(), FRAMES);
    assert!(said.lines().enumerate().all(|(at, line)| line == (at % 10).to_string()));
}

#[test]
fn how_the_peer_leaves_is_told() {
    let said = |bytes: &[u8]| {
        told(&run(&["send", &format!("ws://{}", raw_server(bytes.to_vec()).0), "--wait", "5s"]))
    };
    let (status, words) = said(b"\x81\x02hi\x88\x02\x03\xe8");
    assert_eq!((status, words.as_str()), (Some(0), ""));
    let (status, words) = said(b"\x81\x02hi\x88\x06\x03\xf0nope");
    assert!(
        status == Some(3) && words.contains("the peer closed: 1008 policy violated: nope"),
        "{words}"
    );
    let (status, words) = said(b"\x81\x02hi\x88\x02\x0f\xa0");
    assert!(status == Some(0) && words.contains("close 4000 of the application"), "{words}");
    let (status, words) = said(b"\x81\x02hi");
    assert!(status == Some(0) && words.contains("closed without a close frame (1006)"), "{words}");
    let (status, words) = said(b"\x81\x02hi\x01\x05hello");
    assert!(
        status == Some(3) && words.contains("a text message whose end did not come"),
        "{words}"
    );
    let (status, words) = said(b"\x81\x05he");
    assert!(
        status == Some(3) && words.contains("4 bytes of a frame whose end did not come"),
        "{words}"
    );
    // Nothing was said before it closed.
    let (status, words) = said(b"\x88\x02\x03\xe8");
    assert!(status == Some(3) && words.contains("finished without a reply"), "{words}");
}

#[test]
fn steps_expectations_and_captures_of_a_preset_are_run() {
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    std::fs::create_dir_all(&presets).unwrap();
    let preset = format!(
        "[ws]\nurl = \"ws://{}/a\"\nheaders = [\"X-Who: me\"]\nstep = [\n  {{ send = \"{{\\\"id\\\": 7}}\" }},\n  \
         {{ expect = \"id\", within = \"2s\" }},\n]\n\n[expect]\n\"json .id\" = 7\n\n[capture]\nid = \"json .id\"\n",
        echo()
    );
    std::fs::write(presets.join("talk.toml"), preset).unwrap();
    let mut command = command(&["run", "talk", "--json"]);
    let ended = finished(
        command
            .env("WIREBENCH_HOME", home.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn(),
    );
    let said = text(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{said} {}", text(&ended.stderr));
    assert!(said.contains("\"id\""), "{said}");
}

/// A client of others of our listener.
fn client(port: u16, path: &str) -> tungstenite::WebSocket<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    tungstenite::client(format!("ws://127.0.0.1:{port}{path}"), stream).unwrap().0
}

#[test]
fn a_listener_echoes_and_closes_as_it_should() {
    let mut listening = listen("ws://127.0.0.1:0/chat", &["--echo", "--json"]);
    // It waits for who reads what it prints.
    let output = listening.output();
    let (sender, printed) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for line in std::io::BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut socket = client(listening.port, "/chat");
    for message in [Message::text("hi ä"), Message::binary(vec![0, 255]), Message::text("")] {
        socket.send(message.clone()).unwrap();
        assert_eq!(socket.read().unwrap(), message);
    }
    let large = Message::binary(vec![7; 1_048_576]);
    socket.send(large.clone()).unwrap();
    assert!(socket.read().unwrap() == large);
    socket.send(Message::Ping("p".into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong("p".into()));
    let close = CloseFrame { code: CloseCode::Library(3999), reason: "enough".into() };
    socket.close(Some(close)).unwrap();
    let Message::Close(Some(answer)) = socket.read().unwrap() else { panic!("no close") };
    assert_eq!(u16::from(answer.code), 3999);
    assert!(socket.read().is_err());
    let mut words = String::new();
    while !words.contains("close 3999 of a library or framework: enough") {
        let line = printed.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{words}"));
        let line: Value = serde_json::from_str(&line).unwrap();
        words += line["message"].as_str().unwrap_or_default();
        words.push('\n');
    }
}

/// What is answered to a request as it is written, up to the end of the head or a little of the body.
fn asked(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.replace('\n', "\r\n").as_bytes()).unwrap();
    let mut got = vec![0; 4096];
    let read = stream.read(&mut got).unwrap();
    text(&got[..read])
}

#[test]
fn what_is_no_handshake_is_answered_with_the_reason() {
    let listening = listen("ws://127.0.0.1:0/chat", &[]);
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";
    let upgrade = "Host: 127.0.0.1\nUpgrade: websocket\nConnection: keep-alive, Upgrade\n";
    let version = "Sec-WebSocket-Version: 13\n";
    for (request, status, why) in [
        (
            "GET /chat HTTP/1.1\nHost: 127.0.0.1\n\n".to_owned(),
            "426",
            "only WebSocket is served here",
        ),
        (
            format!("GET /other HTTP/1.1\n{upgrade}{key}{version}\n"),
            "404",
            "nothing is served at this path",
        ),
        (format!("POST /chat HTTP/1.1\n{upgrade}{key}{version}\n"), "405", "a handshake is a GET"),
        (
            format!("GET /chat HTTP/1.1\n{upgrade}{key}Sec-WebSocket-Version: 8\n\n"),
            "426",
            "version 8, and 13",
        ),
        (format!("GET /chat HTTP/1.1\n{upgrade}{version}\n"), "400", "no Sec-WebSocket-Key"),
        (
            format!("GET /chat HTTP/1.1\n{upgrade}Sec-WebSocket-Key: abc\n{version}\n"),
            "400",
            "not 16 bytes",
        ),
        (
            format!("GET /chat HTTP/1.1\nHost: 127.0.0.1\nUpgrade: websocket\n{key}{version}\n"),
            "400",
            "no 'Connection: Upgrade'",
        ),
    ] {
        let answer = asked(listening.port, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(answer.contains(why), "{request}: {answer}");
        assert_eq!(answer.contains("Upgrade: websocket"), status == "426", "{answer}");
    }
    let answer = asked(listening.port, &format!("GET /chat?x HTTP/1.1\n{upgrade}{key}{version}\n"));
    assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
}

#[test]
fn a_listener_refuses_hostile_frames_with_their_codes() {
    let listening = listen("ws://127.0.0.1:0", &["--echo"]);
    for (bytes, code) in [
        (&b"\x81\x02hi"[..], 1002_u16),
        (b"\xf1\x82\0\0\0\0hi", 1002),
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1002),
        (b"\x82\xff\0\0\0\x10\0\0\0\0\0\0\0\0", 1009),
        (b"\x8a\xfe\0\x7e\0\0\0\0", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        read_head(&mut stream).unwrap();
        stream.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        let [0x88, len, payload @ ..] = rest.as_slice() else { panic!("{rest:?}") };
        assert_eq!(usize::from(*len), payload.len());
        assert_eq!(payload[..2], code.to_be_bytes(), "{bytes:?}");
    }
}

#[test]
fn both_ends_of_ours_talk_under_tls_and_with_a_subprotocol() {
    let home = tempfile::tempdir().unwrap();
    let mut listener = command(&[
        "listen",
        "wss://127.0.0.1:0/x",
        "--echo",
        "--set",
        "subprotocols=v2, v1",
        "--text",
    ]);
    let listening = listening(listener.env("WIREBENCH_HOME", home.path()));
    let url = format!("wss://127.0.0.1:{}/x", listening.port);
    let ended = run(&[
        "send",
        &url,
        "-k",
        "--set",
        "subprotocols=v1, v2",
        "-d",
        "hi",
        "--wait",
        "300ms",
        "--json",
    ]);
    let said = text(&ended.stdout);
    assert_eq!(told(&ended).0, Some(0), "{said} {}", text(&ended.stderr));
    assert!(
        said.contains("speaks WebSocket from now on, subprotocol v2, permessage-deflate"),
        "{said}"
    );
    let ended = run(&["send", &url, "-d", "hi"]);
    assert_eq!(told(&ended).0, Some(4), "{}", text(&ended.stderr));
}

#[test]
fn standard_input_goes_to_the_clients_of_a_listener_line_by_line() {
    let mut command = command(&["listen", "ws://127.0.0.1:0", "--raw"]);
    let mut listening = listening(command.stdin(std::process::Stdio::piped()));
    let mut socket = client(listening.port, "/");
    let mut input = listening.input();
    input.write_all(b"one\ntwo").unwrap();
    drop(input);
    assert_eq!(socket.read().unwrap(), Message::text("one"));
    assert_eq!(socket.read().unwrap(), Message::text("two"));
    assert!(socket.read().unwrap().is_close());
}
