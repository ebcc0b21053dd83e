//! Every command of the corpus, pasted into the real program and sent: the bytes on the wire are
//! those that were recorded from curl, compared as the corpus says (version of the `User-Agent`,
//! boundary and the port of the host aside).

use std::io::{Read as _, Write as _};
use std::sync::mpsc::{Receiver, channel};

use base64::Engine as _;

use super::{DIFFERENT, PATIENCE, Seen, corpus};
use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::terminal::Launch;

const REMARKS: &str = "What is different from the curl command";

/// A peer that hands out every request it got, whole.
pub(super) fn recorder() -> (u16, Receiver<Vec<u8>>) {
    let (sender, requests) = channel();
    let address = tcp_peer(move |mut stream| {
        let Some(mut raw) = read_head(&mut stream) else { return };
        let head = String::from_utf8_lossy(&raw).to_ascii_lowercase();
        if head.contains("expect: 100-continue") {
            let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let mut byte = [0];
        while head.contains("transfer-encoding: chunked") && !raw.ends_with(b"\r\n0\r\n\r\n") {
            if stream.read_exact(&mut byte).is_err() {
                return;
            }
            raw.extend_from_slice(&byte);
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        let head_end = raw.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
        let mut rest = vec![0; (head_end + length).saturating_sub(raw.len())];
        if stream.read_exact(&mut rest).is_ok() {
            raw.extend_from_slice(&rest);
            let _ = sender.send(raw);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer);
        }
    });
    (address.port(), requests)
}

/// What both have of their own.
pub(super) fn comparable(mut seen: Seen) -> Seen {
    for (name, value) in &mut seen.headers {
        match name.as_str() {
            "user-agent" if value.starts_with("curl/") || value.starts_with("wirebench/") => {
                value.clear();
            }
            "host" => value.truncate(value.find(':').unwrap_or(value.len())),
            _ => {}
        }
    }
    seen.with_plain_boundary().with_equal_escapes()
}

/// Files in the folder of the program that a command names.
fn files(command: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let behind = command.split(['@', '<']).skip(1).chain(command.split("-T ").skip(1));
    let names = behind.map(move |rest| rest.split(|c| !is_name(c)).next().unwrap_or_default());
    names.filter(|name| !matches!(*name, "" | "-"))
}

#[test]
fn a_pasted_command_sends_the_bytes_curl_sends() {
    let Some(text) = corpus("curl-import/cases.json") else { return };
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let (port, requests) = recorder();
    let jar = "localhost\tFALSE\t/\tFALSE\t0\tck\tcv\n";
    let (mut compared, mut wrong) = (0, Vec::new());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let Some(raw) = case["curl_7_88_1"]["requests"][0]["raw_b64"].as_str() else { continue };
        if DIFFERENT.iter().any(|(known, _)| *known == id) {
            continue;
        }
        let raw = base64::engine::general_purpose::STANDARD.decode(raw).unwrap();
        let theirs = comparable(Seen::read(&raw));
        let mut command = case["command"].as_str().unwrap();
        if id == "form_quotes" {
            // The first command failed when it was recorded; the request is that of the second.
            command = &command[command.find("curl --location").unwrap()..];
        }
        let command = command.replace("localhost:28139", &format!("localhost:{port}"));
        let launch = Launch::default().preset("a", "[http]\nurl = \"http://127.0.0.1:1/\"\n");
        let folder = launch.home.path();
        std::fs::write(folder.join("cookies.txt"), jar).unwrap();
        let read = wirebench::interop::curl::files(&command);
        for file in files(&command).chain(read.iter().map(String::as_str)) {
            // Every file of the recording held its name.
            if file != "cookies.txt" {
                std::fs::write(folder.join(file), format!("DUMMY-{file}\n")).unwrap();
            }
        }
        let mut tui = launch.env("DO_API_TOKEN", "TOKENVALUE").size(120, 40).start();
        tui.wait_for("─ a ");
        tui.keys("<C-n>");
        tui.wait_for("not saved");
        tui.bytes(format!("\x1b[200~{command}\x1b[201~").as_bytes());
        tui.wait_for("filled from the curl command");
        // Remarks that do not fit into a line stand in a window.
        if tui.screen().contains("command, with ") {
            tui.wait_for(REMARKS);
            tui.keys("<Esc>");
            tui.wait_for_screen("no window", |screen| !screen.contains(REMARKS));
        }
        tui.keys("<F5>");
        let Ok(raw) = requests.recv_timeout(PATIENCE) else {
            wrong.push(format!("{id}: nothing came\n{command}\n{}", tui.screen()));
            break;
        };
        let ours = comparable(Seen::read(&raw));
        compared += 1;
        if ours != theirs {
            wrong.push(format!("{id}\n ours: {ours:?}\n curl: {theirs:?}"));
        }
        tui.quit();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 50, "the corpus has shrunk: {compared}");
}
