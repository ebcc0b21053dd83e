//! WebSocket against the Python package `websockets`, both ways: packed messages, fragments, closes.
#![allow(clippy::print_stdout, reason = "tests")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::harness::program::{listen, run, run_with_input, text, told};

/// Whether the package is there; in CI it has to be.
fn has_package() -> bool {
    let ran = Command::new("python3")
        .args(["-c", "import websockets.sync.server"])
        .stderr(Stdio::null())
        .status();
    let works = ran.is_ok_and(|status| status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "there is no websockets for python3");
        println!("skipped: there is no websockets for python3");
    }
    works
}

/// Ends a server when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server whose handler is this Python, with its port.
fn server(handler: &str, options: &str) -> (Server, u16) {
    let script = format!(
        "
from websockets.sync.server import serve
def handler(ws):
{handler}
with serve(handler, '127.0.0.1', 0, {options}) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
"
    );
    let mut child =
        Command::new("python3").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    (Server(child), port.trim().parse().unwrap())
}

fn json_lines(output: &[u8]) -> Vec<Value> {
    text(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const ECHO: &str = "    for message in ws:\n        ws.send(message)\n";

#[test]
fn our_client_packs_and_unpacks_with_pythons_server() {
    if !has_package() {
        return;
    }
    let (_server, port) = server(ECHO, "max_size=None");
    let url = format!("ws://127.0.0.1:{port}/");
    let long = "hello ".repeat(2000);
    let input = format!("{long}\n{long}\nshort\n");
    let ended = run_with_input(&["send", &url, "--json"], input.as_bytes());
    assert_eq!(told(&ended).0, Some(0), "{}", text(&ended.stderr));
    let lines = json_lines(&ended.stdout);
    for way in ["in", "out"] {
        let said: Vec<&Value> =
            lines.iter().filter(|it| it["opcode"] == "text" && it["dir"] == way).collect();
        let texts: Vec<&str> = said.iter().map(|it| it["text"].as_str().unwrap()).collect();
        assert_eq!(texts, [long.as_str(), long.as_str(), "short"], "{way}");
        let first = &said[0]["frames"][0];
        assert_eq!(first["reserved"], 4, "it is packed");
        assert!(first["len"].as_u64().unwrap() < 200, "{first}");
        let again = said[1]["frames"][0]["len"].as_u64().unwrap();
        assert!(again < first["len"].as_u64().unwrap(), "the second refers to the first");
    }
    // And where one side does not want it.
    let ended =
        run(&["send", &url, "--set", "deflate=off", "-d", &long, "--json", "--wait", "300ms"]);
    let lines = json_lines(&ended.stdout);
    let said = lines.iter().find(|it| it["opcode"] == "text" && it["dir"] == "in").unwrap();
    assert_eq!((said["frames"][0].get("reserved"), &said["text"]), (None, &Value::from(long)));
}

#[test]
fn fragments_and_closes_of_pythons_server_are_told() {
    if !has_package() {
        return;
    }
    let handler = "    ws.send(['one ', 'two ', 'three'])\n    ws.send([b'a', b'b'])\n    ws.close(1011, 'broken')\n";
    let (_server, port) = server(handler, "compression=None");
    let ended = run(&["send", &format!("ws://127.0.0.1:{port}"), "--json", "--wait", "2s"]);
    let lines = json_lines(&ended.stdout);
    let text_one = lines.iter().find(|it| it["opcode"] == "text").unwrap();
    assert_eq!(text_one["text"], "one two three");
    assert!(text_one["frames"].as_array().unwrap().len() >= 3);
    let binary = lines.iter().find(|it| it["opcode"] == "binary").unwrap();
    assert_eq!(binary["text"], "ab");
    let (status, said) = told(&ended);
    assert!(
        status == Some(3) && said.contains("the peer closed: 1011 internal error: broken"),
        "{said}"
    );
}

#[test]
fn pythons_client_talks_to_our_listener() {
    if !has_package() {
        return;
    }
    let mut listening = listen("ws://127.0.0.1:0/x", &["--echo", "--set", "subprotocols=chat"]);
    // It waits for who reads what it prints.
    let mut output = listening.output();
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let script = format!(
        "
from websockets.sync.client import connect
long = 'hello ' * 100000
for options in [dict(), dict(compression=None), dict(subprotocols=['other', 'chat'])]:
    with connect('ws://127.0.0.1:{}/x', max_size=None, **options) as ws:
        for message in ['hi', long, long, b'\\x00\\xff', '']:
            ws.send(message)
            assert ws.recv(timeout=20) == message
        ws.send(['in ', 'three ', 'parts'])
        assert ws.recv(timeout=20) == 'in three parts'
        assert ws.ping().wait(20)
        print(ws.subprotocol, ws.protocol.extensions)
    print(ws.close_code)
",
        listening.port
    );
    let ran = Command::new("python3").args(["-c", &script]).output().unwrap();
    let said = text(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", text(&ran.stderr));
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("None [PerMessageDeflate"), "{said}");
    assert_eq!(lines[1], "1000");
    assert_eq!(lines[2], "None []");
    assert!(lines[4].starts_with("chat "), "{said}");
}
