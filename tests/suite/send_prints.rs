//! What `send` composes of its options and prints of an exchange: as text for people, in colours on a
//! terminal, as bytes into a pipe, and without a socket.

use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use crate::harness::peers::{http_peer, read_head, tcp_peer};
use crate::harness::program::{command, finished, run, run_with_input, text, told};
use crate::harness::terminal::Launch;

/// Answers with the request as JSON text; `/moved` leads elsewhere, `/gone` is not there.
fn mirror() -> String {
    let peer = tcp_peer(|mut stream| {
        let Some(request) = read_head(&mut stream) else { return };
        let request = text(&request);
        let answer = if request.starts_with("GET /moved ") {
            "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else {
            let body = serde_json::json!({ "got": request, "n": [1, true] }).to_string();
            let length = body.len();
            let kind = "Content-Type: application/json";
            format!("HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    format!("http://{peer}")
}

/// Standard output of a `send` that is well.
fn sent(args: &[&str]) -> String {
    let output = run(&[&["send"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn credentials_headers_and_methods_reach_the_peer() {
    let url = mirror();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "ann:from-file\n").unwrap();
    let at = format!("@{}", file.path().display());
    for (args, wanted) in [
        (&["-a", "ann:p:w"][..], "Authorization: Basic YW5uOnA6dw=="),
        (&["-u", "ann:p:w"], "Authorization: Basic YW5uOnA6dw=="),
        (&["--auth", "ann:"], "Authorization: Basic YW5uOg=="),
        (&["-a", &at], "Authorization: Basic YW5uOmZyb20tZmlsZQ=="),
        (&["--bearer", "t0k"], "Authorization: Bearer t0k"),
        (&["-A", "bearer", "-a", "t0k"], "Authorization: Bearer t0k"),
        (&["-H", "X-A: b: c"], "X-A: b: c"),
        (&["-H", "Accept:", "-H", "Y;"], "Y:"),
    ] {
        let got = sent(&[&[&*url], args].concat());
        assert!(got.contains(&format!("\\r\\n{wanted}\\r\\n")), "{args:?}: {got}");
        assert!(!args.contains(&"Accept:") || !got.contains("Accept: "), "{got}");
    }
    for (args, method) in [
        (&["post", &*url, "a=b"][..], "POST"),
        (&["Delete", &url], "DELETE"),
        (&["-X", "post", &url], "post"),
        (&["PURGE", &url], "PURGE"),
    ] {
        let got = sent(args);
        assert!(got.contains(&format!("\"got\":\"{method} / HTTP/1.1")), "{args:?}: {got}");
    }
}

#[test]
fn a_password_is_asked_for_on_a_terminal_and_not_shown() {
    let url = mirror();
    let mut tui = Launch::default().args(&["send", "-a", "ann", "--body", &url]).start();
    tui.wait_for("Password for ann: ");
    tui.bytes(b"p{{w}}\n");
    tui.wait_for("Authorization: Basic YW5uOnB7e3d9fQ==");
    assert!(!text(&tui.raw()).contains("p{{w}}"));
    let output = run(&["send", "-a", "ann", &url]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there is no terminal to ask on"));
}

#[test]
fn parts_of_an_exchange_are_printed_as_in_httpie() {
    let url = mirror();
    let moved = format!("{url}/moved");
    let head = "HTTP/1.1 200 OK\r\n";
    for (args, holds, lacks) in [
        (&["--headers"][..], &[head][..], &["\"got\""][..]),
        (&["--body"], &["\"got\""], &[head]),
        (&["-p", "hb"], &[head, "\"got\""], &["User-Agent: wirebench/0.1.0\r\n\r\nHTTP"]),
        (&["-v"], &["GET / HTTP/1.1\r\nHost: ", "\r\n\r\nHTTP/1.1 200 OK\r\n", "\"got\""], &[]),
        (&["-m"], &[" ms from 127.0.0.1:", "first byte "], &["\"got\""]),
        (&["-q"], &[], &["HTTP", "got"]),
    ] {
        let got = sent(&[&[&*url], args].concat());
        assert!(holds.iter().all(|part| got.contains(part)), "{args:?}: {got}");
        assert!(!lacks.iter().any(|part| got.contains(part)), "{args:?}: {got}");
    }
    let post = sent(&["-v", &url, "a=b"]);
    assert!(post.contains("\r\n\r\n{\"a\": \"b\"}\r\n\r\nHTTP/1.1 200 OK"), "{post:?}");
    // Every hop with -v and --all, the last one else, none where they are not followed.
    let hops = |args: &[&str]| sent(&[&[&*moved], args].concat()).matches("HTTP/1.1").count();
    assert_eq!(hops(&["--headers"]), 1);
    assert_eq!(hops(&["--headers", "--all"]), 2);
    assert_eq!(hops(&["-p", "Hh"]), 4);
    assert!(sent(&[&moved, "--max-redirects", "0", "--headers"]).starts_with("HTTP/1.1 302"));
    let circle = ["send", &moved, "--max-redirects", "1", "--check-status"];
    assert_eq!(run(&circle).status.code(), Some(0));
}

#[test]
fn a_terminal_gets_colours_and_laid_out_json_unless_told_otherwise() {
    let url = mirror();
    let shown = |args: &[&str], color: &str| {
        let mut launch = Launch::default().args(&[&["send", &*url], args].concat()).size(120, 30);
        launch = launch.env("NO_COLOR", color);
        let tui = launch.start();
        tui.wait_for("\"n\":");
        tui.wait_for_screen("the end", |screen| screen.trim_end().ends_with('}'));
        text(&tui.raw())
    };
    let raw = shown(&["-v"], "");
    for part in ["\x1b[1;32mGET\x1b[0m / ", "\x1b[1;32m 200 OK\x1b[0m", "  \x1b[34m\"n\"\x1b[0m"] {
        assert!(raw.contains(part), "{part:?} in {raw:?}");
    }
    for (args, no_color) in
        [(&[][..], "1"), (&["--color", "never"], ""), (&["--pretty=format"], "")]
    {
        let raw = shown(args, no_color);
        assert!(!raw.contains("\x1b["), "{args:?} {raw:?}");
        assert!(raw.contains("\r\n  \"n\": [\r\n"), "{args:?} {raw:?}");
    }
    assert!(shown(&["--color=always"], "1").contains("\x1b[34m\"n\"\x1b[0m"));
    // Into a pipe the bytes, until colours are asked for.
    assert!(!sent(&[&url]).contains('\x1b'));
    assert!(sent(&[&url, "--pretty=all"]).contains("  \x1b[34m\"n\"\x1b[0m"));
    assert!(sent(&[&url, "--color=always", "--headers"]).contains("\x1b[1;32m 200 OK"));
    let evil =
        http_peer(b"HTTP/1.1 200 \x1b]0;x\x07OK\r\nContent-Length: 2\r\nX: \x1b[2J\r\n\r\nok");
    let evil = sent(&[&format!("http://{evil}/"), "--color=always"]);
    assert!(!evil.contains("\x1b]") && !evil.contains("\x1b[2J"), "{evil:?}");
}

#[test]
fn offline_is_the_request_as_it_goes_and_opens_no_socket() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.bin"), vec![7; 70_000]).unwrap();
    for args in [
        &["a=b", "X:y"][..],
        &["--bearer", "t", "PUT"],
        &["f@x.bin", "a=1"],
        &["@x.bin", "Transfer-Encoding:chunked"],
        &["q==ä b"],
    ] {
        let (taken, requests) = channel();
        let peer = tcp_peer(move |mut stream| {
            let mut request = read_head(&mut stream).unwrap_or_default();
            let mut byte = [0];
            let is_chunked = memchr::memmem::find(&request, b": chunked\r\n").is_some();
            while is_chunked
                && !request.ends_with(b"\r\n0\r\n\r\n")
                && stream.read_exact(&mut byte).is_ok()
            {
                request.push(byte[0]);
            }
            let _ = taken.send(request);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        });
        let url = format!("http://{peer}/p?x=1");
        let (method, rest): (Vec<&str>, Vec<&str>) = args.iter().partition(|word| **word == "PUT");
        let words = [&method[..], &[&*url], &rest[..]].concat();
        let mut offline = command(&[&["send", "--offline", "--with-secrets"], &words[..]].concat());
        offline.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let offline = finished(offline.spawn());
        assert_eq!(told(&offline), (Some(0), String::new()), "{args:?}");
        assert!(requests.try_recv().is_err(), "{args:?} opened a socket");
        let mut sending = command(&[&["send"], &words[..]].concat());
        sending.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        assert_eq!(told(&finished(sending.spawn())), (Some(0), String::new()), "{args:?}");
        let (sent, printed) = (requests.recv().unwrap(), offline.stdout);
        // The boundary of a form is another one each time.
        let boundary =
            |bytes: &[u8]| text(bytes).split("boundary=").nth(1).map(|rest| rest[..10].to_owned());
        if boundary(&sent).is_none() {
            assert_eq!(text(&printed), text(&sent), "{args:?}");
        } else {
            assert_eq!(printed.len(), sent.len(), "{args:?}");
        }
    }
    let masked = run(&["send", "--offline", "-a", "u:pw", "http://h.example/"]);
    assert!(text(&masked.stdout).contains("Authorization: Basic ********\r\n"));
    assert!(text(&masked.stderr).contains("--with-secrets"));
    let laid_out = sent(&["--offline", "--text", "http://h.example/", "a:=[1]"]);
    assert!(laid_out.ends_with("{\n  \"a\": [\n    1\n  ]\n}\n"), "{laid_out}");
}

/// Answers with this, and counts requests.
fn answering(head: &'static str, body: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let peer = tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_none() {
            return;
        }
        counted.fetch_add(1, Ordering::SeqCst);
        let length = body.len();
        let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n");
        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    });
    (format!("http://{peer}"), count)
}

#[test]
fn a_jq_filter_prints_its_results_a_line_each_or_says_why_not() {
    let json =
        "{\"items\":[{\"n\":\"M\u{fc}ller\"},{\"n\":\"a\\nb\"}],\"big\":12345678901234567890123}";
    let latin: Vec<u8> = json.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let kind = "200 OK\r\nContent-Type: application/json";
    let (url, count) = answering(kind, json.as_bytes().to_vec());
    let latin_kind = "404 Not Found\r\nContent-Type: application/json; charset=iso-8859-1";
    let (latin_url, _) = answering(latin_kind, latin);
    for (url, args, expected) in [
        (&url, &["--jq", ".items[] | .n"][..], "\"Müller\"\n\"a\\nb\"\n"),
        (&url, &["--jq=-r .items[].n"], "Müller\na\nb\n"),
        (&url, &["--jq", "-r .items[].n"], "Müller\na\nb\n"),
        (&url, &["--text", "--jq", ".big"], "12345678901234567890123\n"),
        (&url, &["--jq", "empty"], ""),
        (&latin_url, &["--jq", ".items[0].n"], "\"Müller\"\n"),
    ] {
        assert_eq!(sent(&[&[&**url], args].concat()), expected, "{args:?}");
    }
    // Nothing is sent for a filter that cannot be used.
    let before = count.load(Ordering::SeqCst);
    for filter in [".items[", ".[] | foo", "-x ."] {
        let (status, said) = told(&run(&["send", &url, "--jq", filter]));
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains("--jq: "), "{said}");
    }
    assert_eq!(count.load(Ordering::SeqCst), before);
    // What was printed before a failure stays, and the status tells.
    let failing =
        run(&["send", &url, "--jq", ".items[] | if .n == \"a\\nb\" then error(\"no\") else 1 end"]);
    assert_eq!((failing.status.code(), text(&failing.stdout)), (Some(6), "1\n".to_owned()));
    let (status, said) = told(&run(&["send", &latin_url, "--check-status", "--jq", ".x.y.z[]"]));
    assert_eq!(status, Some(1), "{said}");
    let (plain, _) = answering("200 OK\r\nContent-Type: text/plain", b"no json".to_vec());
    let (status, said) = told(&run(&["send", &plain, "--jq", "."]));
    assert_eq!(status, Some(6), "{said}");
    assert!(said.contains("jq: not JSON"), "{said}");
    let (status, said) = told(&run(&["send", "tcp://127.0.0.1:1", "--jq", "."]));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("--jq means nothing to"), "{said}");
}

#[test]
fn what_means_nothing_to_a_conversation_is_refused() {
    for (args, named) in [
        (&["tcp://127.0.0.1:1", "--meta"][..], "--meta"),
        (&["udp://127.0.0.1:1", "--offline"], "--offline"),
        (&["tcp://127.0.0.1:1", "--bearer", "x"], "--bearer"),
        (&["tcp://127.0.0.1:1", "--check-status"], "--check-status"),
        (&["get", "tcp://127.0.0.1:1"], "a method"),
    ] {
        let output = run(&[&["send"], args].concat());
        let (status, said) = told(&output);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(&format!("{named} means nothing to")), "{said}");
    }
}

#[test]
fn a_send_is_in_the_history_without_its_secrets() {
    let url = mirror();
    let home = tempfile::tempdir().unwrap();
    let send = |args: &[&str], input: &[u8]| {
        let args = [&["--home", home.path().to_str().unwrap(), "send"], args].concat();
        assert_eq!(run_with_input(&args, input).status.code(), Some(0), "{args:?}");
    };
    send(&[&url, "-a", "ann:hidden-1"], b"");
    send(&["POST", &url], b"{\"piped\": \"{{x}}\"}");
    send(&[&url, "--no-history", "nothere==1"], b"");
    send(&[&url, "--offline", "nothere==1"], b"");
    let several: Vec<_> = (0..10)
        .map(|n| {
            let url = format!("{url}/{n}");
            let mut command = command(&["--home", home.path().to_str().unwrap(), "send", &url]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
        })
        .collect();
    assert!(several.into_iter().all(|child| finished(child).status.success()));
    let database = home.path().join("state/history.db");
    let bytes =
        |end: &str| std::fs::read(format!("{}{end}", database.display())).unwrap_or_default();
    let all = [bytes(""), bytes("-wal")].concat();
    let holds = |part: &str| memchr::memmem::find(&all, part.as_bytes()).is_some();
    assert!(!holds("hidden-1") && !holds("YW5uOmhpZGRlbi0x") && !holds("nothere"));
    assert!(holds("{{forgotten}}") && holds("{{!x}}"));
    // The workbench lists them with what came of them.
    let home = std::sync::Arc::new(home);
    std::fs::create_dir_all(home.path().join("home")).unwrap();
    std::fs::rename(home.path().join("state"), home.path().join("home/state")).unwrap();
    let tui = Launch { home, ..Launch::default() }.size(160, 60).start();
    let is_sent =
        |line: &str| line.contains(':') && line.contains(" 127.0.0.1:") && line.contains("200");
    tui.wait_for_screen("12 entries", |screen| {
        screen.lines().filter(|line| is_sent(line)).count() == 12
    });
}
