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
        ("ftp://localhost/", "not supported yet"),
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

/// An address of this machine that means something on its link alone, with the name of that.
fn link_local() -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/if_inet6").ok()?;
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.into_iter().find(|row| row.get(3) == Some(&"20"))?;
    let ip = std::net::Ipv6Addr::from(u128::from_str_radix(row.first()?, 16).ok()?);
    Some(format!("{ip}%{}", row.get(5)?))
}

#[test]
fn the_zone_of_an_address_is_kept_as_typed_in_every_message() {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        return eprintln!("skipped: this machine has no IPv6");
    }
    let long = tempfile::NamedTempFile::new().unwrap();
    long.as_file().set_len(65_528).unwrap();
    let long = format!("@{}", long.path().display());
    let no_datagrams = std::net::UdpSocket::bind("[::]:0").unwrap().local_addr().unwrap().port();
    let nobody = std::net::TcpListener::bind("[::]:0").unwrap().local_addr().unwrap().port();
    for host in ["::1%lo".to_owned()].into_iter().chain(link_local()) {
        let udp = format!("[{host}]:{no_datagrams}");
        let tcp = format!("[{host}]:{nobody}");
        for (target, more, says) in [
            (format!("udp://{udp}"), "x", format!("nobody listens on {udp}")),
            (format!("udp://{udp}"), &*long, format!("65,528 bytes to {udp} were not sent")),
            (format!("tcp://{tcp}"), "x", format!("{tcp}: connection refused")),
            (format!("http://{tcp}/"), "a==1", format!("{tcp}: connection refused")),
        ] {
            let (status, said) = told(&run(&["send", &target, more]));
            assert!(status == Some(3) && said.contains(&says), "{target}: {said}");
            let numbered =
                said.split('%').skip(1).any(|it| it.starts_with(|c: char| c.is_ascii_digit()));
            assert!(!numbered, "{target}: {said}");
        }
    }
}

#[test]
fn a_listener_takes_the_zone_of_a_link_by_its_name() {
    for (typed, status, words) in [
        ("udp://[ff02::1%lo]:0", 0, "listening on [ff02::1%"),
        ("udp://[ff02::1%25lo]:0", 0, "listening on [ff02::1%"),
        ("udp://255.255.255.255:0", 0, "nothing can be answered from it"),
        ("udp://[ff02::1%no-such]:0", 3, "the zone 'no-such' is no network interface"),
        ("http://[fe80::1%no-such]:0", 3, "the zone 'no-such' is no network interface"),
        ("tcp://[ff02::1%lo]:0", 2, "ff02::1 is a group of receivers"),
        ("tcp://[fe80::1%]:0", 2, "is not an address of this machine"),
        ("http://:0/path", 2, "a listener answers every path"),
        ("tcp://u@:0", 2, "has a user, which a listener"),
    ] {
        let output = run(&["listen", typed, "--for", "100ms"]);
        let (ended, said) = told(&output);
        // A machine without IPv6 binds nothing of it.
        if status == 0 && ended != Some(0) && typed.contains('[') {
            println!("skipped {typed}: {said}");
            continue;
        }
        assert!(ended == Some(status) && said.contains(words), "{typed}: {ended:?} {said}");
    }
}
