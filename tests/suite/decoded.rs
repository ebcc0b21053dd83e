//! Bodies that are not what their head says: on every road without the screen all their bytes come
//! out, with one remark; and no output is longer than a multiple of what came in.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wirebench::app::format;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::{command, finished, listen, run, text, told};

const PLAIN: &[u8] = br#"{"error": "quota exceeded"}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A peer that answers with these header lines and this body, in chunks of `chunk` bytes if asked.
fn answering(headers: &str, body: &[u8], chunk: Option<usize>) -> String {
    let mut answer = format!("HTTP/1.1 200 OK\r\n{headers}").into_bytes();
    match chunk {
        None => {
            write!(answer, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
            answer.extend_from_slice(body);
        }
        Some(size) => {
            answer.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for piece in body.chunks(size) {
                write!(answer, "{:x}\r\n", piece.len()).unwrap();
                answer.extend_from_slice(&[piece, b"\r\n"].concat());
            }
            answer.extend_from_slice(b"0\r\n\r\n");
        }
    }
    let peer = tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(&answer);
        }
    });
    format!("http://{peer}/")
}

/// Exit status, output and remarks in one style.
fn sent(url: &str, style: &str) -> (Option<i32>, Vec<u8>, String) {
    let output = run(&["send", url, style]);
    let (status, said) = told(&output);
    (status, output.stdout, said)
}

/// The body in a line of JSON: its exact bytes.
fn exact(body: &Value) -> Vec<u8> {
    match body["base64"].as_str() {
        Some(base64) => STANDARD.decode(base64).unwrap(),
        None => body["text"].as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}

#[test]
fn what_is_not_in_the_coding_it_names_comes_out_as_it_came() {
    let lorem = "Plain text of some length, which is in no coding at all. ".repeat(400);
    for coding in ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "br, gzip", "compress"] {
        for body in [PLAIN, b"x", b"Hello\n", b"<!DOCTYPE html>\n<p>Bad gateway", lorem.as_bytes()]
        {
            for chunk in [None, Some(5)] {
                let headers = format!("Content-Encoding: {coding}\r\n");
                let url = answering(&headers, body, chunk);
                let (status, printed, said) = sent(&url, "--raw");
                assert!(printed == body, "{coding} {body:.20?} {chunk:?}: {said}");
                assert_eq!(status, Some(0), "{coding}: {said}");
                assert_eq!(said.matches("wirebench: ").count(), 1, "{said}");
                assert!(said.contains("as it came"), "{said}");
                // The outermost one, which stands last.
                let layer = coding.rsplit(", ").next().unwrap().trim_start_matches("x-");
                let named = format!("{layer}: the data is not {layer}");
                assert!(
                    coding == "compress" || said.contains(&named),
                    "{coding} {body:.20?}: {said}"
                );
                if body != PLAIN {
                    continue;
                }
                let (status, printed, said) = sent(&url, "--text");
                assert!(text(&printed).ends_with(&format!("\n{}\n", text(body))), "{printed:?}");
                assert_eq!((status, said.matches("wirebench: ").count()), (Some(0), 1), "{said}");
                let (status, printed, said) = sent(&url, "--json");
                let line: Value = serde_json::from_slice(&printed).unwrap();
                let facts = &line["response"]["body"];
                assert_eq!(exact(facts), body, "{coding}");
                assert!(facts["as_came"] == true && facts["decode_error"].is_string(), "{facts}");
                assert_eq!((status, said.matches("wirebench: ").count()), (Some(0), 1), "{said}");
            }
        }
    }
}

#[test]
fn of_a_list_of_codings_the_one_that_is_a_lie_is_named_and_one_that_is_cut_off_is_damage() {
    let packed = gzip(&b"hello world\n".repeat(9));
    let (cut, kept) = (&packed[..packed.len() - 9], packed.as_slice());
    for (codings, body, status, says) in [
        ("aws-chunked,gzip", PLAIN, 0, "gzip: the data is not gzip"),
        ("aws-chunked,gzip", b"hi", 0, "gzip: the data is not gzip"),
        ("identity, gzip,, identity", b"hi", 0, "gzip: the data is not gzip"),
        ("X-GZIP\r\nContent-Encoding: aws-chunked", b"{", 0, "gzip: the data is not gzip"),
        (
            "gzip\r\nContent-Encoding:\r\nContent-Encoding: br",
            kept,
            0,
            "br: the data is not br; it",
        ),
        ("br, x-gzip", kept, 0, "br: the data is not br"),
        ("gzip, zstd", kept, 0, "zstd: the data is not zstd; it begins as gzip"),
        ("aws-chunked,gzip", cut, 3, "gzip: the data is cut off"),
        ("identity,x-gzip,", cut, 3, "gzip: the data is cut off"),
    ] {
        let url = answering(&format!("Content-Encoding: {codings}\r\n"), body, Some(7));
        let (ended, printed, said) = sent(&url, "--raw");
        assert_eq!(ended, Some(status), "{codings}: {said}");
        assert!(said.contains(says), "{codings}: {said}");
        assert_eq!(said.matches("wirebench: ").count(), 1, "{codings}: {said}");
        assert!(status == 3 || printed == body, "{codings}: {printed:?}");
    }
    // The peer closes before its length is over: both is said, and no byte is lost.
    let peer = tcp_peer(|mut stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nhi!";
        let _ = read_head(&mut stream).map(|_| stream.write_all(head.as_bytes()));
    });
    let (status, printed, said) = sent(&format!("http://{peer}/"), "--raw");
    assert_eq!((status, &*printed), (Some(3), &b"hi!"[..]), "{said}");
    assert!(said.contains("after 3 of 20"), "{said}");
}

#[test]
fn data_after_the_end_and_damage_are_said() {
    let packed = gzip(b"hello world\n");
    let url = answering("Content-Encoding: gzip\r\n", &[&*packed, b"TRAILING"].concat(), None);
    for style in ["--raw", "--text"] {
        let (status, printed, said) = sent(&url, style);
        assert!(text(&printed).ends_with("hello world\n"), "{printed:?}");
        assert_eq!(status, Some(0));
        assert!(said.contains("bytes after its end are ignored"), "{said}");
    }
    let mut damaged = gzip(&b"hello world\n".repeat(1000));
    let end = damaged.len() - 5;
    damaged[end] ^= 1;
    let url = answering("Content-Encoding: gzip\r\n", &damaged, None);
    let (status, printed, said) = sent(&url, "--raw");
    assert_eq!((status, printed.len()), (Some(3), 12_000), "{said}");
    assert!(said.contains("checksum"), "{said}");
}

#[test]
fn a_listener_tells_a_request_that_is_not_what_it_says() {
    for (style, coding) in
        [("--text", "gzip"), ("--raw", "br"), ("--json", "zstd"), ("--text", "deflate")]
    {
        let listening = listen("http://127.0.0.1:0", &["--count", "1", style]);
        let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: {coding}\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            PLAIN.len()
        );
        stream.write_all(&[head.as_bytes(), PLAIN].concat()).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
        let said = listening.said();
        match style {
            "--raw" => assert_eq!(said.as_bytes(), PLAIN),
            "--text" => {
                assert!(said.contains(&*text(PLAIN)), "{said}");
                assert!(said.contains(&format!("! {coding}: ")), "{said}");
                assert!(said.contains("as it came"), "{said}");
            }
            _ => {
                let line = said.lines().find(|line| line.contains("\"exchange\"")).unwrap();
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(exact(&line["request"]["body"]), PLAIN);
            }
        }
    }
}

#[test]
fn what_is_called_json_and_is_none_comes_out_as_it_came() {
    let late = format!("[{}, , 3]", "{\"n\": 12}, ".repeat(50_000));
    let cases: [(&[u8], &str); 12] = [
        (b"<html><body>Bad gateway</body></html>", "at byte 0"),
        (b"[1,,2]", "at byte 3"),
        (b"{\"a\": [1, 2", "2 brackets open at byte 11"),
        (b"[1]\n\\", "at byte 4"),
        (b"\"never ends", "ends inside a string"),
        (late.as_bytes(), "at byte 550001"),
        (b"[1, NaN]", "'N' instead of a value at byte 4"),
        (b"{\"a\": 01}", "begins with 0 at byte 7"),
        (b"{\"a\" 1}", "'1' instead of ':' at byte 5"),
        (b"[\"a\", tru]", "at byte 9"),
        (b"[1][2]", "after the end of the value at byte 3"),
        (b"[1,]", "at byte 3"),
    ];
    for (body, at) in cases {
        let url = answering("Content-Type: application/json\r\n", body, None);
        let (status, printed, said) = sent(&url, "--text");
        assert!(text(&printed).ends_with(&format!("\n\n{}\n", text(body))), "{at}: {said}");
        assert_eq!((status, said.matches("wirebench: ").count()), (Some(0), 1), "{said}");
        assert!(said.contains("not JSON: ") && said.contains(at), "{said}");
    }
    let url = answering("Content-Type: application/json\r\n", b"\x7fELF\0\0", None);
    let (status, printed, said) = sent(&url, "--text");
    assert!(status == Some(0) && text(&printed).contains("--raw prints its bytes"), "{said}");
    assert!(said.contains("not JSON: ") && !said.contains("as it came"), "{said}");
    let url = answering("Content-Type: application/json\r\n", b"{\"a\": [1, 2]}", None);
    let (status, printed, said) = sent(&url, "--text");
    assert!(text(&printed).ends_with("{\n  \"a\": [\n    1,\n    2\n  ]\n}\n"), "{printed:?}");
    assert_eq!((status, &*said), (Some(0), ""));
}

#[test]
fn values_in_lines_stay_in_lines() {
    for (body, printed) in [
        ("1\n2", "1\n2\n"),
        ("\"a\"\r\n\"b\"\r\n", "\"a\"\n\"b\"\n"),
        ("null\n{\"a\":1}\ntrue", "null\n{\n  \"a\": 1\n}\ntrue\n"),
    ] {
        let url = answering("Content-Type: application/json\r\n", body.as_bytes(), None);
        let (status, output, said) = sent(&url, "--text");
        assert!(text(&output).ends_with(&format!("\n\n{printed}")), "{body}: {output:?}");
        assert_eq!((status, &*said), (Some(0), ""), "{body}");
    }
}

#[test]
fn a_listener_says_that_a_body_is_not_the_json_it_is_called() {
    for (kind, body, remark) in [
        ("application/json", "{\"a\":,}", "! not JSON: ',' instead of a value at byte 5"),
        ("application/problem+json", "[1", "! not JSON: "),
        ("application/json", "{\"a\": 1}\n2", ""),
        ("application/json", "", ""),
        ("application/x-ndjson", "[1", ""),
        ("text/plain", "[1", ""),
    ] {
        let listening = listen("http://127.0.0.1:0", &["--count", "1", "--text"]);
        let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
        let length = body.len();
        let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n");
        let rest = format!("Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all((head + &rest).as_bytes()).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
        let said = listening.said();
        assert!(said.contains(remark), "{kind} {body}: {said}");
        assert_eq!(said.contains("\n! "), !remark.is_empty(), "{kind} {body}: {said}");
    }
}

#[test]
fn text_is_read_in_the_charset_it_names_and_its_bytes_are_kept() {
    let utf16: Vec<u8> =
        "\u{feff}{\"a\": \"é\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (kind, body, read) in [
        ("application/json; charset=utf-16", &utf16[..], "{\"a\": \"é\"}"),
        ("application/json", &utf16, "{\"a\": \"é\"}"),
        ("text/plain; charset=utf-16", &utf16, "{\"a\": \"é\"}"),
        ("text/plain; charset=windows-1253", b"\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1", "Καλημέρα"),
        ("text/plain; charset=gbk", b"\xc4\xe3\xba\xc3", "你好"),
        ("application/json; charset=gbk", b"[\"\xc4\xe3\"]", "[\"你\"]"),
    ] {
        let url = answering(&format!("Content-Type: {kind}\r\n"), body, Some(3));
        let (status, printed, said) = sent(&url, "--text");
        let laid_out = match read {
            "{\"a\": \"é\"}" if kind.starts_with("application") => "{\n  \"a\": \"é\"\n}",
            "[\"你\"]" => "[\n  \"你\"\n]",
            read => read,
        };
        assert!(text(&printed).ends_with(&format!("\n\n{laid_out}\n")), "{kind}: {printed:?}");
        assert_eq!((status, &*said), (Some(0), ""), "{kind}");
        assert_eq!(sent(&url, "--raw").1, body, "{kind}");
        let line: Value = serde_json::from_slice(&sent(&url, "--json").1).unwrap();
        let facts = &line["response"]["body"];
        let shown = facts["text"].as_str().unwrap();
        assert_eq!((shown, exact(facts)), (read, body.to_vec()), "{kind}");
    }
    let url = answering("Content-Type: text/plain; charset=gbk\r\n", b"a\xff\xff\n", None);
    let (_, printed, said) = sent(&url, "--text");
    assert!(text(&printed).contains('\u{fffd}') && said.contains("no GBK"), "{said}");
    let listening = listen("http://127.0.0.1:0", &["--count", "1", "--text"]);
    let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: a/b; charset=gbk\r\nContent-Length: 4";
    stream.write_all(&[head.as_bytes(), b"\r\n\r\n\xc4\xe3\xba\xc3"].concat()).unwrap();
    assert!(listening.said().contains("你好"));
}

#[test]
fn json_of_another_charset_is_laid_out_for_people_and_what_is_wrong_with_it_is_said() {
    let wide = |text: &str| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    let (long, good): (Vec<u8>, Vec<u8>) =
        (wide(&format!("[{}2]", "1,".repeat(200_000))), wide("{\"b\": [\"é\", 1]}"));
    let kind = "Content-Type: application/json; charset=utf-32be\r\n";
    for (body, end) in [
        (&good, "\n\n{\n  \"b\": [\n    \"é\",\n    1\n  ]\n}\n"),
        (&long, "\n  1,\n  1,\n  2\n]\n"),
    ] {
        let url = answering(kind, body, Some(1001));
        let (status, printed, said) = sent(&url, "--text");
        assert!(text(&printed).ends_with(end), "{printed:?}");
        assert_eq!((status, &*said), (Some(0), ""));
        assert_eq!(sent(&url, "--raw").1, *body);
    }
    for (body, says) in [
        (wide("[\"é\",,1]"), "',' instead of a value at byte 6 of its text in UTF-8"),
        (wide("[\"é\""), "1 bracket open at byte 5 of its text in UTF-8"),
        ([wide("[\""), vec![0, 0, 0xd8, 0], wide("\"]")].concat(), "are no UTF-32BE"),
    ] {
        let (status, printed, said) = sent(&answering(kind, &body, None), "--text");
        assert!(said.contains(says) && text(&printed).contains("\n\n[\""), "{says}: {said}");
        assert_eq!((status, said.matches("wirebench: ").count()), (Some(0), 1), "{said}");
    }
}

#[test]
fn text_is_read_in_the_charset_it_names_itself_unless_its_type_names_another() {
    let page = b"<html><head><meta charset=windows-1251></head>\xcf\xf0\xe8";
    let xml = b"<?xml version=\"1.0\" encoding=\"windows-1251\"?><a>\xcf\xf0\xe8</a>";
    for (kind, body, read) in [
        ("text/html", &page[..], "</head>При"),
        ("application/atom+xml", xml, "<a>При</a>"),
        ("text/html; charset=windows-1253", page, "</head>Οπθ"),
    ] {
        for cut in [None, Some(10), Some(40)] {
            let url = answering(&format!("Content-Type: {kind}\r\n"), body, cut);
            let (status, printed, said) = sent(&url, "--text");
            assert!(text(&printed).ends_with(&format!("{read}\n")), "{kind}: {}", text(&printed));
            assert_eq!((status, &*said), (Some(0), ""), "{kind}");
        }
        let url = answering(&format!("Content-Type: {kind}\r\n"), body, None);
        assert_eq!(sent(&url, "--raw").1, body, "{kind}");
    }
}

#[test]
fn a_charset_nobody_reads_is_named_and_its_bytes_come_through() {
    for (kind, body, says) in [
        ("text/plain; charset=foo", &b"a\xe9b"[..], "the charset 'foo' is not known here"),
        ("text/plain; charset=\"FOO\"", b"plain", "'FOO' is not known here"),
        ("text/plain; charset=foo; charset=utf-8", b"plain", "'foo' is not known here"),
        ("application/json; charset=foo", b"[1]", "'foo' is not known here"),
        ("text/plain; charset=gbk; charset=foo", b"\xc4\xe3", "two charsets are named"),
        ("text/html", b"<meta charset=\"foo\">\xe9", "'foo' is named and not known"),
    ] {
        let url = answering(&format!("Content-Type: {kind}\r\n"), body, Some(3));
        let (status, printed, said) = sent(&url, "--text");
        assert_eq!((status, said.lines().count()), (Some(0), 1), "{kind}: {said}");
        assert!(said.contains(says) && !printed.is_empty(), "{kind}: {said}");
        let (status, printed, said) = sent(&url, "--raw");
        assert_eq!((status, &*printed, &*said), (Some(0), body, ""), "{kind}");
    }
    let listening = listen("http://127.0.0.1:0", &["--count", "1", "--text"]);
    let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: a/b; charset=foo\r\n";
    stream.write_all(format!("{head}Content-Length: 2\r\n\r\nhi").as_bytes()).unwrap();
    let said = listening.said();
    assert!(said.contains("! the charset 'foo' is not known here"), "{said}");
}

#[test]
fn emoji_and_scripts_with_joiners_are_text_and_joiners_alone_are_named() {
    let text_of =
        "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 1\u{fe0f}\u{20e3} می\u{200c}خواهم ක\u{dca}\u{200d}ෂ";
    let url = answering("Content-Type: text/plain\r\n", text_of.as_bytes(), None);
    let (_, printed, said) = sent(&url, "--text");
    assert!(text(&printed).ends_with(&format!("\n\n{text_of}\n")), "{said}{}", text(&printed));
    let alone = "a\u{200d}b 👩\u{200d}\u{202e} \u{fe0f}";
    let url = answering("Content-Type: text/plain\r\n", alone.as_bytes(), None);
    let printed = text(&sent(&url, "--text").1);
    assert!(printed.contains("a‹U+200D›b 👩‹U+200D›‹U+202E› ‹U+FE0F›"), "{printed}");
}

#[test]
fn a_body_longer_than_a_line_of_json_is_said_to_be_cut() {
    const KEPT: usize = 16 << 20;
    // A character lies across the bound.
    let body = ["é".repeat(KEPT / 2 - 1), "a".into(), "é".repeat(1000)].concat();
    let url = answering("Content-Type: text/plain\r\n", body.as_bytes(), None);
    let (status, printed, said) = sent(&url, "--json");
    assert_eq!(status, Some(0), "{said}");
    let line: Value = serde_json::from_slice(&printed).unwrap();
    let facts = &line["response"]["body"];
    assert_eq!(facts["kept"], KEPT - 1);
    assert_eq!(facts["len"], body.len());
    assert_eq!(facts["text"].as_str().unwrap().len(), KEPT - 1);
    let count = |number: usize| format::count(number as u64);
    let words = format!(
        "the first {} of {} bytes of the response's body",
        count(KEPT - 1),
        count(body.len())
    );
    assert!(said.contains(&words) && said.contains("--raw"), "{said}");
    let url = answering("", &b"a".repeat(KEPT), None);
    let (_, printed, said) = sent(&url, "--json");
    assert!(!said.contains("bytes of") && !text(&printed[..400]).contains("kept"), "{said}");
    let listening = listen("http://127.0.0.1:0", &["--count", "1", "--text"]);
    let url = format!("http://127.0.0.1:{}/", listening.port);
    let mut command = command(&["send", "PUT", &url, &format!("--data={}", "b".repeat(100_000))]);
    let sent = finished(command.stdout(std::process::Stdio::piped()).spawn());
    assert_eq!(sent.status.code(), Some(0));
    assert!(listening.said().contains("! 65,536 of 100,000 bytes of the body are shown"));
}

#[test]
fn nothing_printed_grows_with_the_square_of_what_came() {
    let deep = "[".repeat(20_000);
    let closed = format!("{deep}{}", "]".repeat(20_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    for body in [&deep, &closed, &objects] {
        let url = answering("Content-Type: application/json\r\n", body.as_bytes(), None);
        for style in ["--text", "--json", "--raw"] {
            let (status, printed, said) = sent(&url, style);
            assert_eq!(status, Some(0), "{said}");
            assert!(printed.len() < 24 * body.len() + 8192, "{style}: {} bytes", printed.len());
        }
    }
}

#[test]
fn no_control_character_of_a_variable_stands_in_a_form_part() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("presets/env")).unwrap();
    let (sender, requests) = std::sync::mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let request = read_head(&mut stream).unwrap_or_default();
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        let _ = sender.send(request);
    });
    let preset = format!(
        "[http]\nmethod = \"POST\"\nurl = \"http://{peer}/\"\n\
         body.multipart = [{{ name = \"a{{{{bad}}}}\", value = \"t\", file-name = \"f{{{{bad}}}}.txt\" }}]\n"
    );
    std::fs::write(home.path().join("presets/form.toml"), preset).unwrap();
    let bad = "bad = \"\\u0000\\u0001\\u007f\\r\\n\\\"\"\n";
    std::fs::write(home.path().join("presets/env/local.toml"), bad).unwrap();
    let mut command = command(&["send", "form", "--env", "local"]);
    command.env("WIREBENCH_HOME", home.path());
    let output = finished(command.stderr(std::process::Stdio::piped()).spawn());
    let (status, said) = told(&output);
    assert_eq!(status, Some(0), "{said}");
    let request = text(&requests.recv().unwrap());
    let written = "name=\"a%00%01%7F%0D%0A%22\"; filename=\"f%00%01%7F%0D%0A%22.txt\"\r\n";
    assert!(request.contains(written), "{request}");
}
