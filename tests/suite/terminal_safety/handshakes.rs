//! What a peer can say in a TLS handshake: the protocol (ALPN) a server chooses, the name (SNI)
//! and the protocols a client asks for. Certificates are under `stored`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::audit::{assert_log, assert_screen_bytes};
use super::roads::leave;
use super::{Case, cases};
use crate::harness::peers::{free_port, tcp_peer};
use crate::harness::terminal::{Launch, Tui};

/// The payloads that fit into a name.
fn names() -> Option<Vec<Case>> {
    Some(cases()?.into_iter().filter(|case| !case.is_long()).collect())
}

/// A length of two bytes, then what it counts.
fn counted(parts: &[&[u8]]) -> Vec<u8> {
    let all = parts.concat();
    let length = u16::try_from(all.len()).unwrap().to_be_bytes();
    [&length[..], &all].concat()
}

/// A length of one byte, then what it counts.
fn short(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

/// A handshake message in a record of its own (RFC 5246, sections 6.2.1 and 7.4).
fn record(kind: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let handshake = [&[kind], &length[1..], message].concat();
    [&[22, 3, 3][..], &counted(&[&handshake])].concat()
}

/// The extension for ALPN (RFC 7301, section 3.1).
fn alpn(name: &[u8]) -> Vec<u8> {
    [&[0, 16][..], &counted(&[&counted(&[&short(name)])])].concat()
}

/// A `ServerHello` of TLS 1.2 that chooses a protocol nobody offered.
fn server_hello(protocol: &[u8]) -> Vec<u8> {
    let extensions = [&[0xff, 1, 0, 1, 0][..], &[0, 23, 0, 0], &alpn(protocol)].concat();
    let suite = [0xc0, 0x2f, 0];
    record(2, &[&[3, 3][..], &[7; 32], &short(b""), &suite, &counted(&[&extensions])].concat())
}

/// A `ClientHello` that asks for a server and a protocol.
fn client_hello(server: &[u8], protocol: &[u8]) -> Vec<u8> {
    let name = counted(&[&[0], &counted(&[server])]);
    let extensions = [
        [&[0, 0][..], &counted(&[&name])].concat(),
        vec![0, 10, 0, 4, 0, 2, 0, 23],
        vec![0, 13, 0, 4, 0, 2, 4, 3],
        vec![0, 11, 0, 2, 1, 0],
        alpn(protocol),
    ]
    .concat();
    let suites = counted(&[&[0xc0, 0x2b, 0xc0, 0x2f]]);
    let parts: [&[u8]; 6] =
        [&[3, 3], &[7; 32], &short(b""), &suites, &short(b"\0"), &counted(&[&extensions])];
    record(1, &parts.concat())
}

fn leave_clean(tui: Tui) {
    let (home, raw) = leave(tui);
    assert_screen_bytes(&raw);
    assert_log(&home);
}

#[test]
fn the_protocol_a_server_chooses() {
    let Some(names) = names() else { return };
    let (number, total) = (AtomicUsize::new(0), names.len());
    let peer = tcp_peer(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let n = number.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(&server_hello(&names[n].bytes));
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let preset = format!("[http]\nurl = \"https://{peer}/\"\n");
    let mut tui =
        Launch::default().size(360, 50).preset("a", &preset).env("WIREBENCH_LOG", "trace").start();
    tui.wait_for("─ a ");
    for n in 0..total {
        tui.keys("<F5>");
        // TCP is up, the handshake failed, the connection is over.
        tui.wait_for(&format!("Traffic ─ {} records", 3 * (n + 1)));
        tui.wait_for("chose an application protocol (ALPN) that was not offered");
    }
    leave_clean(tui);
}

#[test]
fn the_server_and_the_protocol_a_client_asks_for() {
    let Some(names) = names() else { return };
    let port = free_port();
    let preset = format!("[http-listener]\nbind = \"127.0.0.1:{port}\"\ntls = true\n");
    let mut tui =
        Launch::default().size(360, 50).preset("a", &preset).env("WIREBENCH_LOG", "trace").start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("1 listening");
    tui.keys("<Tab>G");
    for case in &names {
        for hello in
            [client_hello(b"localhost", &case.bytes), client_hello(&case.bytes, b"http/1.1")]
        {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
            let from = stream.local_addr().unwrap().port().to_string();
            stream.write_all(&hello).unwrap();
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
            tui.wait_for(&from);
        }
    }
    leave_clean(tui);
}
