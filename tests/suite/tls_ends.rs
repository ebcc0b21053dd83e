//! How a TLS peer ends: with `close_notify`, or by closing TCP alone, which looks as if somebody
//! between had cut the rest off (RFC 8446, section 6.1). The second is named on every road.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::harness::peers::tcp_peer;
use crate::harness::program::{run, text};
use crate::trust::certificate;

/// How it ends.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    Notified,
    Cut,
}

/// A TLS peer that reads up to the first empty line or `ping`, answers and ends.
fn tls_peer(answer: &'static [u8], ending: Ending) -> SocketAddr {
    let (chain, key) = certificate();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let config = Arc::new(config);
    tcp_peer(move |tcp| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        let (mut asked, mut buffer) = (Vec::new(), [0; 1024]);
        while !asked.ends_with(b"\r\n\r\n") && asked != b"ping" {
            let Ok(read @ 1..) = stream.read(&mut buffer) else { return };
            asked.extend_from_slice(&buffer[..read]);
        }
        let _ = stream.write_all(answer);
        if ending == Ending::Notified {
            stream.conn.send_close_notify();
        }
        let _ = stream.flush();
    })
}

/// Exit status, standard output and standard error.
fn sent(scheme: &str, peer: SocketAddr, words: &[&str]) -> (Option<i32>, [String; 2]) {
    let target = format!("{scheme}://{peer}");
    let ended = run(&[&["send", &target, "--insecure"], words].concat());
    (ended.status.code(), [text(&ended.stdout), text(&ended.stderr)])
}

#[test]
fn a_conversation_that_is_cut_says_so_and_one_that_ends_does_not() {
    for (ending, is_told) in [(Ending::Notified, false), (Ending::Cut, true)] {
        let (status, [out, said]) = sent("tls", tls_peer(b"hello", ending), &["ping", "--raw"]);
        assert_eq!((status, &*out), (Some(0), "hello"), "{said}");
        assert_eq!(said.contains("close_notify"), is_told, "{said}");
        let (_, [lines, _]) = sent("tls", tls_peer(b"hello", ending), &["ping", "--json"]);
        assert_eq!(lines.contains("without TLS close_notify"), is_told, "{lines}");
        assert_eq!(lines.contains("the peer finished sending\""), !is_told, "{lines}");
    }
}

#[test]
fn a_body_that_ends_with_the_connection_is_marked_when_that_is_cut() {
    let until_close = b"HTTP/1.1 200 OK\r\n\r\nall of it";
    for (ending, is_told) in [(Ending::Notified, false), (Ending::Cut, true)] {
        let (status, [lines, said]) = sent("https", tls_peer(until_close, ending), &["--json"]);
        assert_eq!(status, Some(0), "{said}");
        assert!(lines.contains("\"text\":\"all of it\""), "{lines}");
        assert_eq!(lines.contains("the body may be cut off"), is_told, "{lines}");
    }
}

#[test]
fn a_body_that_lacks_its_end_is_a_failure_however_tls_ends() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf of it";
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    for answer in [&short[..], chunked] {
        for ending in [Ending::Notified, Ending::Cut] {
            let (status, [out, said]) = sent("https", tls_peer(answer, ending), &["--raw"]);
            assert!(status.is_some_and(|status| status > 0), "{said}");
            assert!(said.contains("body ended early") && said.contains("closed"), "{said}");
            assert!(["half of it", "hello"].contains(&&*out), "{out}");
        }
    }
    // A length that is met needs no end of TLS.
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole";
    let (status, [out, said]) = sent("https", tls_peer(whole, Ending::Cut), &["--raw"]);
    assert_eq!((status, &*out, said.contains("close_notify")), (Some(0), "whole", false), "{said}");
}
