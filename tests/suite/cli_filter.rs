//! `--filter` of `listen` and `relay`: what is let through is printed and counted, a mistake is told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::harness::program::{command, finished, listening};
use crate::harness::wait::PATIENCE;

fn ask(port: u16, bytes: &[u8], until: usize) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream.read_exact(&mut vec![0; until]).unwrap();
}

#[test]
fn records_are_printed_and_counted_that_the_filter_lets_through() {
    let filter = "dir == out and data[0:2] == \"hi\"";
    let arguments =
        ["listen", "tcp://127.0.0.1:0", "--echo", "--json", "--filter", filter, "--count", "1"];
    let listening = listening(&mut command(&arguments));
    ask(listening.port, b"ho", 2);
    ask(listening.port, b"hi", 2);
    let (status, lines) = listening.finish();
    assert_eq!((status, lines.len()), (Some(0), 1), "{lines:?}");
    assert_eq!((&lines[0]["dir"], &lines[0]["text"]), (&"out".into(), &"hi".into()));
}

#[test]
fn an_exchange_is_printed_when_its_request_or_answer_is_let_through() {
    for (filter, wanted) in [
        ("path == /b", "/b"),
        ("header.x-a contains \"two\"", "/b"),
        ("method == POST and body contains mar", "/c"),
        ("data contains \"x-a: two\" and status == 2xx", "/b"),
    ] {
        let arguments =
            ["listen", "http://127.0.0.1:0", "--json", "--count", "1", "--filter", filter];
        let listening = listening(&mut command(&arguments));
        ask(listening.port, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", 12);
        ask(listening.port, b"GET /b HTTP/1.1\r\nHost: h\r\nx-a: two\r\n\r\n", 12);
        ask(listening.port, b"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nmark", 12);
        let (status, lines) = listening.finish();
        assert_eq!((status, lines.len()), (Some(0), 1), "{filter}: {lines:?}");
        assert_eq!(lines[0]["request"]["target"], wanted, "{filter}: {lines:?}");
    }
}

#[test]
fn a_filter_that_cannot_be_read_ends_with_2_and_says_the_column() {
    for (filter, says) in [
        ("port == abc", "at column 9 of"),
        ("tcp.port == 80", "write port == 80"),
        ("stats == 3", "did you mean 'status'?"),
    ] {
        for words in [["listen", "tcp://127.0.0.1:0"], ["relay", "tcp://127.0.0.1:0"]] {
            let mut arguments = words.to_vec();
            if words[0] == "relay" {
                arguments.push("127.0.0.1:9");
            }
            arguments.extend(["--filter", filter]);
            let mut command = command(&arguments);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            let output = finished(command.spawn());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(says) && said.contains("--filter"), "{said}");
        }
    }
}
