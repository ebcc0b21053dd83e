//! Items of `send`, as bytes on the wire; what `HTTPie` sends for them stands beside each.

use std::io::Write;
use std::process::Stdio;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::{command, finished, run, run_with_input, text, told};

/// A peer that answers with the request it got.
fn mirror() -> String {
    let peer = tcp_peer(|mut stream| {
        let Some(request) = read_head(&mut stream) else { return };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.len());
        let _ = stream.write_all(&[head.as_bytes(), &request].concat());
    });
    format!("http://{peer}/")
}

#[test]
fn items_send_what_httpie_sends() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("x.json", "{\"x\": 1}\n"),
        ("t.txt", "hi {{x}}\n"),
        ("a b.png", "png"),
        ("plain", "p"),
        ("lines", "a\r\n\tb\n"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let url = mirror();
    let json = "Content-Type: application/json\r\n";
    let cases: [(&[&str], &[&str]); 17] = [
        (&["a:=@x.json"], &["POST / ", json, "\r\n\r\n{\"a\": {\"x\": 1}}"]),
        (&["a=@t.txt"], &[json, "\r\n\r\n{\"a\": \"hi {{x}}\\n\"}"]),
        (&["q==@t.txt"], &["GET /?q=hi%20%7B%7Bx%7D%7D HTTP"]),
        (&["H:@t.txt"], &["GET / ", "\r\nH: hi {{x}}\r\n"]),
        (&["Name;"], &["\r\nName:\r\n"]),
        (&["-f", "a=@t.txt", "b=1"], &["\r\n\r\na=hi+%7B%7Bx%7D%7D%0A&b=1"]),
        (&["f@x.json"], &["filename=\"x.json\"\r\nContent-Type: application/json\r\n"]),
        (&["f@a b.png"], &["filename=\"a b.png\"\r\nContent-Type: image/png\r\n"]),
        (&["f@plain;type=text/foo"], &["filename=\"plain\"\r\nContent-Type: text/foo\r\n"]),
        (&["f@plain", "a=@t.txt"], &["name=\"a\"\r\n\r\nhi {{x}}\n"]),
        (&["q==@lines"], &["GET /?q=a%0D%0A%09b HTTP"]),
        (
            &["f@plain", "Content-Type:multipart/mixed"],
            &["Content-Type: multipart/mixed; boundary=------------------------"],
        ),
        (&["@x.json"], &["POST / ", json, "\r\n\r\n{\"x\": 1}\n"]),
        (&["X:1", "X:2"], &["\r\nX: 1\r\nX: 2\r\n"]),
        (&[r"a\=b=c\=d", r"e\:f:=1"], &[r#"{"a=b": "c=d", "e:f": 1}"#]),
        (&["a[]=1", "a[]=2", "b[c][1]:=true"], &[r#"{"a": ["1", "2"], "b": {"c": [null, true]}}"#]),
        (&["-f", "a[]=1", "a[]=2"], &["\r\n\r\na%5B%5D=1&a%5B%5D=2"]),
    ];
    for (items, wanted) in cases {
        let mut sending = command(&["send", &url, "--raw"]);
        sending.args(items).current_dir(folder.path());
        let output = finished(sending.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        let (status, said) = told(&output);
        let request = text(&output.stdout);
        assert_eq!(status, Some(0), "{items:?}: {said}");
        for part in wanted {
            assert!(request.contains(part), "{items:?} without {part:?}: {request}");
        }
    }
}

#[test]
fn standard_input_is_the_data_that_is_asked_for() {
    let url = mirror();
    for args in [&["-d", "@-"][..], &["@-"], &["--data", "@-", "Content-Type:a/b"]] {
        let output = run_with_input(&[&["send", &url, "--raw"], args].concat(), b"from {{a}} pipe");
        let request = text(&output.stdout);
        assert!(
            request.starts_with("POST / ") && request.ends_with("from {{a}} pipe"),
            "{request}"
        );
        assert_eq!(request.contains("Content-Type: a/b"), args.len() == 3, "{request}");
    }
}

#[test]
fn a_header_without_a_value_is_taken_away() {
    let url = mirror();
    let request = text(&run(&["send", &url, "--raw", "User-Agent:", "accept:", "X-None:"]).stdout);
    for name in ["user-agent", "accept:", "x-none"] {
        assert!(!request.to_ascii_lowercase().contains(name), "{request}");
    }
}

#[test]
fn a_header_that_peers_need_is_missed_in_words() {
    let url = mirror();
    for (items, remark) in [
        (&["Host:"][..], "Host is not sent: a server answers 400 without it"),
        (&["host:", "Accept:"], "Host is not sent"),
        (&["Host:a", "Host:b"], "Host is sent 2 times"),
        (&["a=1", "Content-Length:"], "Content-Length is not sent: without it the peer sees no"),
        (&["Host:", "Host:a"], ""),
        (&["Host:a"], ""),
        (&["User-Agent:", "Accept-Encoding:"], ""),
        (&["Content-Length:", "Transfer-Encoding:chunked", "a=1"], ""),
    ] {
        let (status, said) = told(&run(&[&["send", &url, "--raw"], items].concat()));
        assert!(status == Some(0) && said.contains(remark), "{items:?}: {said}");
        assert_eq!(said.lines().count(), usize::from(!remark.is_empty()), "{items:?}: {said}");
    }
}

#[test]
fn what_cannot_be_sent_together_is_refused() {
    for (args, said) in [
        (&["a=1", "-d", "x"][..], "--data x"),
        (&["-d", "@a", "-d", "b"], "--data @a"),
        (&["@file", "a=1"], "'@file'"),
        (&["a=@/nowhere/x"], "/nowhere/x: No such file"),
        (&["a:=@/dev/null"], "a device"),
        (&["Name;x"], "not an item"),
        (&["-f", "a:=1"], "a form has no JSON values"),
        (&["a=1", "a[b]=2"], "an earlier item gave it a value"),
    ] {
        let (status, words) = told(&run(&[&["send", "http://127.0.0.1:9/"], args].concat()));
        assert!(status == Some(2) && words.contains(said), "{args:?}: {words}");
    }
}
