//! Responses after public reports about other tools: what `send` makes of them, byte for byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::{command, finished, listening, run, spawned, text, told};
use crate::harness::wait::PATIENCE;

/// A file of the reports; `None` when they are not here.
fn report(name: &str) -> Option<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/own/reports/");
    let Ok(file) = std::fs::read(std::path::Path::new(folder).join(name)) else {
        assert!(std::env::var_os("CI").is_none(), "{name} is missing");
        return None;
    };
    Some(file)
}

/// What a peer that answers with the file of this name leads to: what `send` prints with these
/// arguments, its remarks, its exit status and how many requests there were.
fn sent(name: &str, arguments: &[&str]) -> Option<(String, String, Option<i32>, usize)> {
    let answer = report(name)?;
    Some(answered(answer, arguments))
}

/// The same for these bytes.
fn answered(answer: Vec<u8>, arguments: &[&str]) -> (String, String, Option<i32>, usize) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let address = tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            counted.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(&answer);
        }
    });
    let url = format!("http://{address}/");
    let output = run(&[&["send", &url], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let count = requests.load(Ordering::Relaxed);
    (text(&output.stdout), text(&output.stderr), output.status.code(), count)
}

#[test]
fn a_status_below_100_is_no_answer_and_is_shown() {
    for style in ["--raw", "--text"] {
        let Some((body, said, status, _)) = sent("01-status-0.http", &[style]) else { return };
        assert!(body.trim_end().ends_with("<html>hi</html>"), "{body}");
        assert_eq!(status, Some(3), "{said}");
        assert!(said.contains("status code '0' is not three digits from 100"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_status_nobody_may_send_is_no_answer_and_its_bytes_are_kept() {
    for (head, body, asked, remarks) in [
        ("000 X\r\nContent-Length: 2", "hi", "", &["status code '000'"][..]),
        ("099 X\r\nContent-Length: 2", "hi", "", &["status code '099'"]),
        ("20 X\r\nContent-Length: 2", "hi", "", &["status code '20'"]),
        ("1000 X\r\nContent-Length: 2", "hi", "", &["status code '1000'"]),
        ("0200 X\r\nContent-Length: 2", "hi", "", &["status code '0200'"]),
        // It was never whole, which is no news of what is no answer.
        ("099 X\r\nContent-Length: 9", "hi", "", &["status code '099'"]),
        ("101 X\r\nUpgrade: foo", "", "", &["101 switches to another protocol", "2 bytes after"]),
        ("101 X", "", "Upgrade;", &["did not ask for", "2 bytes after"]),
        (
            "101 X\r\nUpgrade: foo",
            "",
            "Upgrade: bar, baz",
            &["101 switches to 'foo', and the request asked for 'bar, baz'", "2 bytes after"],
        ),
    ] {
        for style in ["--raw", "--text", "--json"] {
            let answer = format!("HTTP/1.1 {head}\r\n\r\nhi").into_bytes();
            let item = Some(asked).filter(|asked| !asked.is_empty());
            let (printed, said, status, requests) =
                answered(answer, &[&[style][..], item.as_slice()].concat());
            assert_eq!((status, requests), (Some(3), 1), "{head}: {said}");
            assert!(said.contains("not to be believed"), "{head}: {said}");
            if style == "--json" {
                let line: serde_json::Value = serde_json::from_str(&printed).unwrap();
                assert_eq!(line["response"]["body"]["text"].as_str().unwrap_or_default(), body);
                continue;
            }
            let start = if style == "--raw" { "" } else { "HTTP/1.1 " };
            assert!(printed.starts_with(start) && printed.trim_end().ends_with(body), "{printed}");
            assert_eq!(said.lines().count(), remarks.len(), "{head}: {said}");
            assert!(remarks.iter().all(|remark| said.contains(remark)), "{head}: {said}");
        }
    }
    let answer = "HTTP/1.1 101 X\r\nUpgrade: Foo\r\n\r\n".to_owned();
    let (_, said, status, _) = answered(answer.into_bytes(), &["--raw", "Upgrade: bar,foo"]);
    assert_eq!((status, &*said), (Some(0), ""));
    let answer = "HTTP/1.1 700 X\r\nContent-Length: 2\r\n\r\nhi".to_owned();
    let (_, said, status, _) = answered(answer.into_bytes(), &["--raw", "--check-status"]);
    assert_eq!(status, Some(1), "{said}");
}

#[test]
fn statuses_without_content_are_the_same_everywhere() {
    let json = "Content-Type: application/json\r\n";
    for (status, method, more, remark) in [
        (204, "GET", "", ""),
        (204, "GET", "Content-Length: 2\r\n", "announces a body it cannot have"),
        (205, "GET", "Content-Length: 0\r\n", ""),
        (205, "GET", "Content-Length: 2\r\n", "205 response has no content, and this one came"),
        (304, "GET", "Content-Length: 2\r\n", ""),
        (200, "HEAD", "Content-Length: 2\r\n", ""),
    ] {
        let rest = if remark.contains("came") { "{}" } else { "" };
        let answer = format!("HTTP/1.1 {status} X\r\n{json}{more}\r\n{rest}").into_bytes();
        let (printed, said, ended, _) = answered(answer, &["--text", "--method", method]);
        assert!(ended == Some(0) && printed.contains(&status.to_string()), "{status}: {said}");
        assert!(said.contains(remark), "{status}: {said}");
        assert_eq!(said.lines().count(), usize::from(!remark.is_empty()), "{status}: {said}");
    }
}

#[test]
fn chunks_announced_twice_are_undone_once() {
    let Some((body, said, status, _)) = sent("02-chunked-twice.http", &["--raw"]) else { return };
    assert_eq!((body.as_str(), status), ("{\"a\":1}", Some(0)), "{said}");
    assert!(said.contains("chunked more than once"), "{said}");
}

#[test]
fn an_empty_location_is_no_redirect() {
    let Some((body, said, status, requests)) = sent("08-empty-location.http", &["--raw"]) else {
        return;
    };
    assert_eq!((body.as_str(), status, requests), ("body", Some(0), 1), "{said}");
    assert!(said.contains("the Location is empty"), "{said}");
}

#[test]
fn odd_heads_are_read_and_said() {
    let cases: [(&str, &str, &[&str]); 12] = [
        ("600 X\r\nContent-Length: 2", "hi", &["status code 600 is beyond 599"]),
        ("999 X\r\nContent-Length: 2", "hi", &["status code 999 is beyond 599"]),
        ("599 X\r\nContent-Length: 2", "hi", &[]),
        (
            "200 X\r\nContent-Encoding: identity, x-identity",
            "hi",
            &["x-identity: unknown content coding"],
        ),
        ("200 X\r\nContent-Encoding:", "hi", &[]),
        ("200 X\r\nContent-Encoding: ,identity,,", "hi", &[]),
        ("200 X\r\nContent-Encoding: aws-chunked", "hi", &[]),
        ("200 X\r\nContent-Encoding: AWS-CHUNKED, identity", "hi", &[]),
        ("302 X\r\nLocation:  \r\nContent-Length: 2", "hi", &["the Location is empty"]),
        ("301 X\r\nLocation: #x\r\nContent-Length: 2", "hi", &["names a part of the same place"]),
        (
            "307 X\r\nLocation:\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2",
            "hi",
            &["the Location is empty"],
        ),
        ("200 X\r\nContent-Type:\r\nX-Empty:", "hi", &[]),
    ];
    for (head, body, remarks) in cases {
        let answer = format!("HTTP/1.1 {head}\r\n\r\nhi").into_bytes();
        let (printed, said, status, requests) = answered(answer, &["--raw"]);
        assert_eq!((&*printed, status, requests), (body, Some(0), 1), "{head}: {said}");
        assert_eq!(said.lines().count(), remarks.len(), "{head}: {said}");
        assert!(remarks.iter().all(|remark| said.contains(remark)), "{head}: {said}");
    }
}

#[test]
fn an_upload_coding_is_passed_over() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"packed").unwrap();
    let packed = encoder.finish().unwrap();
    for codings in
        ["aws-chunked,gzip", "gzip, aws-chunked", "AWS-Chunked\r\nContent-Encoding: X-GZIP"]
    {
        let head = format!("HTTP/1.1 200 X\r\nContent-Encoding: {codings}\r\n\r\n");
        let (printed, said, ..) = answered([head.as_bytes(), &packed].concat(), &["--raw"]);
        assert_eq!((&*printed, &*said), ("packed", ""), "{codings}");
    }
}

#[test]
fn interim_responses_alone_are_no_answer() {
    let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
    let (_, said, status, _) = answered(answer, &["--raw"]);
    assert!(said.contains("closed after 2 interim (1xx) responses"), "{said}");
    assert_eq!(status, Some(3));
}

#[test]
fn an_answer_that_has_no_content_sends_none_and_the_next_request_is_answered() {
    for (status, field, head) in [
        ("204", "X: 1", "HTTP/1.1 204 No Content\r\nX: 1\r\nContent-Type: a/b\r\n\r\n"),
        (
            "205",
            "X: 1",
            "HTTP/1.1 205 Reset Content\r\nX: 1\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "205",
            "Transfer-Encoding: chunked",
            "HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\nContent-Type: a/b\r\n\r\n0\r\n\r\n",
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("presets")).unwrap();
        let preset = format!(
            "[http-listener]\nbind = \"127.0.0.1:0\"\nstatus = {status}\n\
             headers = [\"{field}\", \"Content-Type: a/b\"]\nbody.text = \"hi\"\n"
        );
        std::fs::write(home.path().join("presets/rule.toml"), preset).unwrap();
        let mut listen = command(&["listen", "rule", "--count", "2", "--text"]);
        let listening = listening(listen.env("WIREBENCH_HOME", home.path()));
        let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
        let (first, last) = ("GET / HTTP/1.1\r\nHost: a\r\n", "Connection: close\r\n\r\n");
        stream.write_all(format!("{first}\r\n{first}{last}").as_bytes()).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        assert!(answers.starts_with(head), "{answers:?}");
        assert!(answers[head.len()..].starts_with("HTTP/1.1 20"), "{answers:?}");
        assert!(listening.said().contains("the body of the rule is not sent"), "{answers}");
    }
}

/// What is behind the head of a file.
fn body_of(name: &str) -> Option<Vec<u8>> {
    let file = report(name)?;
    let end = file.windows(4).position(|it| it == b"\r\n\r\n").expect("a head");
    Some(file[end + 4..].to_vec())
}

#[test]
fn what_is_not_in_the_coding_it_names_is_printed_as_it_came_on_every_road() {
    let name = "03-plain-labelled-gzip.http";
    let Some(body) = body_of(name) else { return };
    let body = String::from_utf8(body).unwrap();
    for style in [&["--raw"][..], &["--text"], &["--json"], &[]] {
        let (printed, said, ..) = sent(name, style).unwrap();
        let printed = printed.replace('\\', "");
        let value = r#""error": "quota exceeded""#;
        assert!(printed.contains(value), "{style:?}: {printed}{said}");
        if style == ["--raw"] {
            assert_eq!(printed, body);
        }
        assert!(said.contains("gzip") || printed.contains("gzip"), "{style:?}: {printed}{said}");
    }
    let request = report("04-plain-labelled-gzip.request").unwrap();
    for style in ["--raw", "--text", "--json"] {
        let mut listener = spawned(&["listen", "http://127.0.0.1:0", style, "--count", "1"]);
        let mut errors = BufReader::new(listener.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let place = line.split("listening on ").nth(1).unwrap().split(';').next().unwrap();
        let mut peer = TcpStream::connect(place).unwrap();
        peer.write_all(&request).unwrap();
        let _ = peer.read_to_end(&mut Vec::new());
        let printed = text(&finished(Ok(listener)).stdout).replace('\\', "");
        assert!(printed.contains("quota exceeded"), "{style}: {printed}");
    }
}

#[test]
fn text_of_sixteen_bits_is_read_and_its_bytes_stay_beside_it() {
    let name = "05-utf16-json.http";
    let Some(body) = body_of(name) else { return };
    let (printed, ..) = sent(name, &["--text"]).unwrap();
    assert!(printed.contains("\"a\": \"\u{e9}\""), "{printed}");
    let (printed, ..) = sent(name, &["--json"]).unwrap();
    let exact = base64::engine::general_purpose::STANDARD.encode(body);
    assert!(printed.contains(&exact) && printed.contains("\u{e9}"), "{printed}");
}

/// Sends a preset with this environment file, whose values are those of the report.
fn with_environment(preset: &str, environment: &[u8]) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    std::fs::create_dir_all(presets.join("env")).unwrap();
    std::fs::write(presets.join("env/local.toml"), environment).unwrap();
    std::fs::write(presets.join("it.toml"), preset).unwrap();
    let mut send = command(&["send", "it", "--env", "local"]);
    send.env("WIREBENCH_HOME", home.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    told(&finished(send.spawn()))
}

#[test]
fn values_that_break_what_they_go_into_are_said_before_sending() {
    let Some(broken) = report("40-env-broken.local.toml") else { return };
    let preset = "[http]\nurl = \"http://127.0.0.1:1/\"\n";
    let (status, said) = with_environment(preset, &broken);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("local.toml:2"), "file and line: {said}");

    let (sender, targets) = std::sync::mpsc::channel();
    let address = tcp_peer(move |mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        let _ = sender.send(text(&head));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let preset =
        |name| text(&report(name).unwrap()).replace("127.0.0.1:8080", &address.to_string());
    let (status, said) = with_environment(&preset("41-hash.toml"), b"key = \"abc#7\"\n");
    assert_eq!(status, Some(0), "{said}");
    let head = targets.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("GET /x?key=abc%237&lang=fr HTTP/1.1\r\n"), "{head}");
    let (status, said) = with_environment(&preset("42-json-quote.toml"), b"q = \"a\\\"b\"\n");
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("JSON"), "{said}");
}
