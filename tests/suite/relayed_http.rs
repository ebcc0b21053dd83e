//! `wirebench relay http://…` as a script uses it, between programs of others.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::harness::peers::{http_peer, tcp_peer, told_back};
use crate::harness::program::{Listening, command, listening, said_by, text};
use crate::harness::wait::PATIENCE;

fn relay(args: &[&str]) -> Listening {
    listening(&mut command(&[&["relay"], args].concat()))
}

fn exchanges(relay: Listening) -> Vec<Value> {
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    lines.into_iter().filter(|line| line["type"] == "exchange").collect()
}

#[test]
fn curl_sees_through_it_what_it_would_see_without() {
    let target = told_back();
    let relay = relay(&["http://127.0.0.1:0", &format!("http://{target}"), "--count", "3"]);
    let place = format!("http://127.0.0.1:{}", relay.port);
    let urls = [format!("{place}/a?b=%7E"), format!("{place}/c")];
    let Some(got) = said_by("curl", &["-s", "-H", "x-own:  1", &urls[0], &urls[1]]) else { return };
    assert!(got.contains("GET /a?b=%7E HTTP/1.1\r\n") && got.contains("GET /c HTTP/1.1"), "{got}");
    assert!(got.contains("x-own:  1\r\n") && !got.to_lowercase().contains("via"), "{got}");
    let body = "x".repeat(100);
    let args = ["-s", "-H", "Expect: 100-continue", "-d", &body, &urls[1]];
    assert!(said_by("curl", &args).unwrap().ends_with(&body));
    let told = exchanges(relay);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|it| it["side"] == "relay" && it["state"] == "complete"));
    assert_eq!(told[0]["url"], format!("http://{target}/a?b=%7E"));
    assert_eq!(told[0]["conn"], told[1]["conn"], "curl keeps its connection");
    assert_eq!(told[2]["request"]["body"]["text"], body);
    assert!(told[0]["timing_us"]["first_byte"].is_u64());
}

#[test]
fn python_reads_chunks_and_sends_them() {
    let script = "
import http.client, sys, urllib.request
place = sys.argv[1]
print(urllib.request.urlopen('http://' + place + '/u').read().decode())
connection = http.client.HTTPConnection(place)
for _ in range(2):
    connection.request('POST', '/c', body=iter([b'one', b'two']))
    print(connection.getresponse().read().decode())
try:
    import requests
    print(requests.get('http://' + place + '/r').text)
except ImportError:
    print('requests')
";
    let target = tcp_peer(|mut stream| {
        let mut seen = Vec::new();
        let mut piece = [0; 4096];
        // Until the end of a head without a body, or of the chunks.
        while let Ok(read @ 1..) = stream.read(&mut piece) {
            seen.extend_from_slice(&piece[..read]);
            let is_chunked = text(&seen).to_lowercase().contains("chunked");
            let end: &[u8] = if is_chunked { b"0\r\n\r\n" } else { b"\r\n\r\n" };
            if seen.ends_with(end) {
                let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n3\r\nial\r\n0\r\n\r\n";
                let _ = stream.write_all(chunks.as_bytes());
                seen.clear();
            }
        }
    });
    let relay = relay(&["http://127.0.0.1:0", &target.to_string(), "--json"]);
    let Some(got) = said_by("python3", &["-c", script, &format!("127.0.0.1:{}", relay.port)])
    else {
        return;
    };
    assert_eq!(got.matches("partial").count() + got.matches("requests").count(), 4, "{got}");
    relay.interrupt();
    let told = exchanges(relay);
    assert_eq!(told[1]["request"]["body"]["text"], "onetwo");
    assert_eq!(told[1]["response"]["body"]["text"], "partial");
    assert_eq!(told[1]["response"]["body"]["framing"], "chunked");
}

#[test]
fn without_a_target_it_is_the_proxy_of_curl_and_asks_for_a_password_if_it_shall() {
    let target = told_back();
    let relay =
        relay(&["http://127.0.0.1:0", "--set", "user=ann", "--set", "password=pw", "--count", "3"]);
    let proxy = |who: &str| format!("http://{who}127.0.0.1:{}", relay.port);
    let url = format!("http://{target}/x");
    let with = proxy("ann:pw@");
    let Some(got) = said_by("curl", &["-s", "-x", &with, &url]) else { return };
    assert!(got.starts_with("GET /x HTTP/1.1\r\n") && !got.contains("Proxy"), "{got}");
    let tunnelled = said_by("curl", &["-s", "-p", "-x", &with, &url]).unwrap();
    assert!(tunnelled.starts_with("GET /x HTTP/1.1\r\n"), "{tunnelled}");
    let args = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-x", &proxy(""), &url];
    assert_eq!(said_by("curl", &args).unwrap(), "407");
    let told = exchanges(relay);
    let methods: Vec<_> = told.iter().map(|it| it["request"]["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["GET", "CONNECT", "GET"]);
    assert!(!told[0].to_string().contains("YW5uOnB3"), "a password is told: {}", told[0]);
    let tunnel = told[1]["warnings"][0].as_str().unwrap();
    assert!(tunnel.starts_with("tunnel: "), "{tunnel}");
}

#[test]
fn a_host_that_was_named_is_opened_and_its_client_told_whom_to_trust() {
    let relay = relay(&["http://127.0.0.1:0", "--open", "127.0.0.1", "--insecure", "--json"]);
    let server = listening(&mut command(&["listen", "https://127.0.0.1:0", "--body", "inside"]));
    let proxy = format!("http://127.0.0.1:{}", relay.port);
    let url = format!("https://127.0.0.1:{}/x", server.port);
    if said_by("curl", &["-skx", &proxy, &url]).is_none() {
        return;
    }
    relay.interrupt();
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    let words = lines.iter().filter_map(|line| line["message"].as_str());
    let words: Vec<&str> = words.filter(|words| words.contains("is opened with")).collect();
    let file = words[0].split("by ").last().expect("a file");
    let path = std::path::Path::new(file);
    assert!(path.extension().is_some_and(|it| it == "pem") && !path.exists(), "{file}");
    let told = lines.iter().find(|line| line["url"] == *url).expect("what is inside");
    assert_eq!(told["response"]["body"]["text"], "inside");
}

#[test]
fn tls_towards_the_clients_is_taken_off_for_the_server() {
    let target = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain");
    let relay =
        relay(&["https://127.0.0.1:0", &format!("http://{target}"), "--count", "1", "--json"]);
    let url = format!("https://127.0.0.1:{}/", relay.port);
    let Some(got) = said_by("curl", &["-sk", &url]) else { return };
    assert_eq!(got, "plain");
    let told = exchanges(relay);
    assert!(told[0]["tls"]["version"].as_str().unwrap().starts_with("TLS"));
}

#[test]
fn a_port_alone_and_a_url_behind_it_is_an_http_relay() {
    let target = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let relay = relay(&["127.0.0.1:0", &format!("http://{target}"), "--count", "1", "--text"]);
    let mut client = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.write_all(b"GET /seen HTTP/1.1\r\nHost: a\r\n\r\n").expect("taken");
    let mut got = [0; 15];
    client.read_exact(&mut got).expect("an answer");
    assert_eq!(&got, b"HTTP/1.1 200 OK");
    drop(client);
    let said = relay.said();
    assert!(said.contains("/seen  →  200"), "{said}");
}

#[test]
fn rules_answer_what_fits_and_the_rest_is_passed_on() {
    let target = told_back();
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(home.path().join("presets")).expect("a folder");
    let file = home.path().join("local.json");
    std::fs::write(&file, "{\"mocked\": true}").expect("a file");
    let preset = format!(
        "[http-relay]\nbind = \"127.0.0.1:0\"\ntarget = \"http://{target}\"\n\n\
         [[http-relay.rule]]\nmethod = \"POST\"\npath = \"/api/*\"\nstatus = 201\n\
         headers = [\"X-Mock: yes\"]\nbody.file = \"{}\"\n",
        file.display()
    );
    std::fs::write(home.path().join("presets/through.toml"), preset).expect("a preset");
    let mut command = command(&["relay", "through", "--count", "3", "--json"]);
    let relay = listening(command.env("WIREBENCH_HOME", home.path()));
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", relay.port);
    let (api, other) = (url("/api/x"), url("/other"));
    let args = ["-si", "-d", "asked", &api, "--next", "-s", &api, "--next", "-s", &other];
    let Some(got) = said_by("curl", &args) else { return };
    assert!(got.starts_with("HTTP/1.1 201 Created\r\n") && got.contains("X-Mock: yes"), "{got}");
    assert!(got.contains("{\"mocked\": true}GET /api/x HTTP/1.1\r\n"), "{got}");
    assert!(got.contains("GET /other HTTP/1.1"), "{got}");
    let told = exchanges(relay);
    assert_eq!(
        (&told[0]["rule"], &told[0]["request"]["body"]["text"]),
        (&"POST /api/*".into(), &"asked".into())
    );
    assert_eq!(told[1].get("rule"), None);
}

/// Accepts an upgrade to WebSocket, and says "world" to the first frame.
fn web_socket_peer() -> std::net::SocketAddr {
    tcp_peer(|mut stream| {
        read_head(&mut stream);
        let accepted =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let _ = stream.write_all(accepted.as_bytes());
        let mut frame = [0; 11];
        if stream.read_exact(&mut frame).is_ok() {
            let _ = stream.write_all(b"\x81\x05world");
        }
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

fn read_head(stream: &mut TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
}

#[test]
fn what_is_said_on_a_web_socket_is_told_by_message() {
    for style in ["--text", "--json"] {
        let target = format!("http://{}", web_socket_peer());
        let mut relay = relay(&["http://127.0.0.1:0", &target, style]);
        let mut client = TcpStream::connect(("127.0.0.1", relay.port)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let asked =
            "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        client.write_all(asked.as_bytes()).unwrap();
        read_head(&mut client);
        client.write_all(b"\x81\x85\x01\x02\x03\x04igohn").unwrap();
        let mut frame = [0; 7];
        client.read_exact(&mut frame).unwrap();
        assert_eq!(&frame, b"\x81\x05world");
        let mut output = relay.output();
        relay.interrupt();
        let mut told = String::new();
        output.read_to_string(&mut told).unwrap();
        assert_eq!(relay.wait(), Some(0));
        let of = |sender: &str| told.lines().find(|line| line.contains(sender)).unwrap_or(&told);
        if style == "--json" {
            let record: Value = serde_json::from_str(of("\"from\":\"client\"")).unwrap();
            assert_eq!((&record["kind"], &record["len"]), (&"data".into(), &11.into()), "{told}");
            let record: Value = serde_json::from_str(of("\"from\":\"server\"")).unwrap();
            assert_eq!((&record["kind"], &record["len"]), (&"data".into(), &7.into()), "{told}");
        } else {
            let (asks, answers) = (of("client →"), of("server →"));
            assert!(asks.contains("WebSocket") && asks.contains("hello"), "{told}");
            assert!(answers.contains("WebSocket") && answers.contains("world"), "{told}");
        }
    }
}
