//! Addresses as people mistype them: each leads where curl and browsers lead, or to words.

use crate::harness::peers::http_peer;
use crate::harness::program::{run, told};

#[test]
fn a_broken_scheme_host_or_port_is_said_and_nothing_is_sent() {
    for (typed, words) in [
        ("http:/localhost:1/", "write http://localhost:1/"),
        ("http:localhost:1/", "lacks '//'"),
        ("https//localhost:1", "lacks ':' behind it; write https://localhost:1"),
        (r"http:\\localhost:1\x", "write http://localhost:1"),
        ("//localhost:1/", "the scheme is missing"),
        ("http:", "write http://host"),
        ("foo://localhost/", "'foo://' is none of"),
        ("http://http://localhost/", "stands twice"),
        ("http://::1:80/", "needs brackets"),
        ("http://[::1:80/", "invalid IPv6"),
        ("http://localhost:0/", "port 0"),
        ("http://localhost:65536/", "up to 65535"),
        ("http://localhost:80a/", "up to 65535"),
        ("http://local host/", "a space (column 13"),
        (r"http://localhost\a", "a backslash"),
        ("http:///a", "no host"),
        ("http://:80/", "no host"),
        ("http://localhost%2f/", "is no host name"),
        ("http://256.1.1.1/", "IPv4"),
        ("*:80", "for listeners"),
        ("tcp://localhost:1/path", "has a path"),
        ("tcp://u:p@localhost:1", "has a user"),
        ("tcp://localhost:0", "port 0"),
        ("udp://localhost", "no port"),
        ("tcp:localhost:1", "write tcp://localhost:1"),
        ("ws://localhost/", "not supported yet"),
    ] {
        let (status, said) = told(&run(&["send", typed, "-I"]));
        assert!(status == Some(2) && said.contains(words), "{typed}: {status:?} {said}");
    }
}

#[test]
fn what_curl_and_browsers_take_is_taken() {
    let peer = http_peer(b"HTTP/1.1 204 X\r\n\r\n");
    let port = peer.port();
    for typed in [
        "http://localhost:PORT/a#b",
        "http://x.localhost:PORT/",
        "http://LOCALHOST.:PORT/",
        "http://127.1:PORT/",
        "http://0x7f.1:PORT",
        "http://[::ffff:127.0.0.1]:PORT/",
        " HTTP://localhost:PORT/ ",
        ":PORT/x",
        "localhost:PORT",
        "localhost:PORT/a b",
        "http://u:p@ss@localhost:PORT/",
        "http://@localhost:PORT/",
        "http://loc%61lhost:PORT?x=%zz",
        "http://a_b.localhost:PORT/../{x}|",
        "http://☃.localhost:PORT/é",
    ] {
        let url = typed.replace("PORT", &port.to_string());
        let (status, said) = told(&run(&["send", &url, "-I"]));
        assert_eq!(status, Some(0), "{url}: {said}");
    }
}
