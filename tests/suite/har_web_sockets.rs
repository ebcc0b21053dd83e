//! What is said on a WebSocket through a relay stands in the entry of its upgrade in HAR.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;

use serde_json::Value;

use crate::harness::peers::tcp_peer;
use crate::harness::program::{Listening, command, finished, listening, text};
use crate::harness::wait::PATIENCE;

const ASKED: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const AGREED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// An HTTP relay to this server that writes a HAR file.
fn relay(target: &str, har: &str) -> Listening {
    let args = ["relay", "http://127.0.0.1:0", target, "--har", har, "--json"];
    listening(&mut command(&args))
}

fn entries(har: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(har).expect("a file");
    let har: Value = serde_json::from_str(&text).expect("JSON");
    har["log"]["entries"].as_array().expect("entries").clone()
}

fn said(entry: &Value) -> Vec<(&str, &str)> {
    let all = entry["_webSocketMessages"].as_array().expect("messages").iter();
    let data = all.filter(|it| it["opcode"] == 1);
    data.map(|it| (it["type"].as_str().unwrap(), it["data"].as_str().unwrap())).collect()
}

#[test]
fn frames_through_a_relay_are_messages_of_the_entry_of_their_upgrade() {
    let server = tcp_peer(|mut stream| {
        let mut room = [0; 4096];
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut room).unwrap();
            head.extend_from_slice(&room[..read]);
        }
        stream.write_all(&[AGREED, b"\x81\x07welcome"].concat()).unwrap();
        let read = stream.read(&mut room).unwrap();
        assert!(read > 0);
        stream.write_all(b"\x81\x05again").unwrap();
        let _ = stream.read(&mut room);
    });
    let folder = tempfile::tempdir().expect("a folder");
    let har = folder.path().join("a.har");
    let relay = relay(&format!("http://{server}"), har.to_str().unwrap());
    let mut client = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.write_all(ASKED).expect("taken");
    let mut got = Vec::new();
    let mut room = [0; 4096];
    while !got.ends_with(b"welcome") {
        let read = client.read(&mut room).expect("an answer");
        got.extend_from_slice(&room[..read]);
    }
    // A mask of ones, and one message in two parts.
    let masked = |first: u8, data: &[u8]| {
        let bytes: Vec<u8> = data.iter().map(|byte| byte ^ 1).collect();
        [&[first, 0x80 | data.len() as u8, 1, 1, 1, 1][..], &bytes].concat()
    };
    client.write_all(&[masked(0x01, b"two "), masked(0x80, b"parts")].concat()).expect("taken");
    let mut again = [0; 7];
    client.read_exact(&mut again).expect("an answer");
    client.shutdown(Shutdown::Both).expect("an end");
    relay.interrupt();
    let (status, _) = relay.finish();
    assert_eq!(status, Some(0));
    let entries = entries(&har);
    let expected = [("receive", "welcome"), ("send", "two parts"), ("receive", "again")];
    assert_eq!(said(&entries[0]), expected);
    let times = entries[0]["_webSocketMessages"].as_array().unwrap().iter();
    let times: Vec<f64> = times.filter_map(|it| it["time"].as_f64()).collect();
    assert!(times.is_sorted() && times[0] > 1e9, "{times:?}");
}

/// Packs what it says, as every browser does.
#[test]
fn what_the_websockets_of_python_say_packed_through_a_relay_is_told_unpacked() {
    const PEERS: &str = "\
import asyncio, sys, websockets
async def echo(socket):
    async for message in socket: await socket.send('re: ' + message)
async def main():
    async with websockets.serve(echo, '127.0.0.1', 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        port = (await asyncio.to_thread(sys.stdin.readline)).strip()
        async with websockets.connect(f'ws://127.0.0.1:{port}/', compression='deflate', proxy=None) as socket:
            for text in ['hello hello hello', 'hello hello hello', 'x' * 5000]:
                await socket.send(text)
                await socket.recv()
asyncio.run(main())
";
    let has = Command::new("python3").args(["-c", "import websockets"]).output();
    if !has.is_ok_and(|it| it.status.success()) {
        return eprintln!("skipped: there is no websockets for python3");
    }
    let mut python = Command::new("python3");
    python.args(["-c", PEERS]).stdin(std::process::Stdio::piped());
    python.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut python = python.spawn().expect("a peer");
    let mut port = String::new();
    let mut output = std::io::BufReader::new(python.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut output, &mut port).expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let har = folder.path().join("a.har");
    let relay = relay(&format!("http://127.0.0.1:{}", port.trim()), har.to_str().unwrap());
    let mut input = python.stdin.take().expect("a pipe");
    input.write_all(format!("{}\n", relay.port).as_bytes()).expect("taken");
    let ended = finished(Ok(python));
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    relay.interrupt();
    assert_eq!(relay.finish().0, Some(0));
    let entries = entries(&har);
    let long = "x".repeat(5_000);
    let expected: Vec<(&str, String)> = ["hello hello hello", "hello hello hello", &long]
        .iter()
        .flat_map(|it| [("send", (*it).to_owned()), ("receive", format!("re: {it}"))])
        .collect();
    let told = said(&entries[0]);
    let expected: Vec<_> = expected.iter().map(|(way, it)| (*way, it.as_str())).collect();
    assert_eq!(told, expected);
}
