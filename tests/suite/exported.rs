//! Exports from the workbench, as a person makes them: the files, what other programs read in them, and
//! the program that gets packets as they come.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::foreign::has;
use crate::harness::peers::http_peer;
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

/// A workbench in whose traffic a request and its answer are.
fn with_traffic() -> Tui {
    let answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=canary\r\nContent-Length: 2\r\n\r\nok";
    let url = format!("http://{}/x?a=1&token=canary", http_peer(answer));
    let mut tui = Launch::default().size(120, 40).args(&[&url]).start();
    tui.wait_for("/x?a=1");
    tui.keys("<F5>");
    tui.wait_for("200 OK");
    tui.keys("<A-5>");
    tui
}

/// Exports in the format that so many steps lead to, from the first one.
fn export(tui: &mut Tui, format: usize, file: &Path) {
    tui.keys("X");
    tui.wait_for("Secrets");
    let steps = "<Right>".repeat(format);
    tui.keys(&format!("<Down>{steps}<Down><Down><C-u>"));
    tui.bytes(file.to_str().unwrap().as_bytes());
    tui.wait_for("Enter: ");
    tui.keys("<Enter>");
    tui.wait_for_screen("a word at the end", |screen| screen.contains("written to"));
    tui.keys("<Down>");
    tui.wait_for_screen("the word gone", |screen| !screen.contains("written to"));
}

fn tshark(file: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("tshark");
    let output = command.args(["-n", "-r"]).arg(file).args(arguments).stderr(Stdio::null());
    String::from_utf8_lossy(&output.output().expect("it runs").stdout).into_owned()
}

#[test]
fn what_crossed_is_written_in_every_format_and_read_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut tui = with_traffic();
    let names = ["a.pcapng", "a.har", "a.jsonl", "a.csv", "a.txt", "a.bin"];
    for (format, name) in names.into_iter().enumerate() {
        export(&mut tui, format, &at(name));
    }
    tui.quit();
    let read =
        |name: &str| std::fs::read(at(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let har: Value = serde_json::from_slice(&read("a.har")).unwrap();
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["response"]["content"]["text"], "ok");
    let lines = String::from_utf8(read("a.jsonl")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["type"] == "exchange").count(), 1);
    assert!(String::from_utf8(read("a.csv")).unwrap().contains(",out,data,"));
    assert!(String::from_utf8(read("a.txt")).unwrap().contains("GET /x?a=1&token=********"));
    assert!(read("a.sent.bin").starts_with(b"GET /x?a=1&token=****** HTTP/1.1\r\n"));
    assert!(read("a.received.bin").ends_with(b"\r\n\r\nok"));
    for name in ["a.pcapng", "a.har", "a.jsonl", "a.csv", "a.txt", "a.sent.bin", "a.received.bin"] {
        let bytes = read(name);
        assert!(!bytes.windows(6).any(|it| it == b"canary"), "{name} holds a secret");
    }
    if has("tshark", &["--version"]) {
        let requests =
            ["-Y", "http", "-T", "fields", "-e", "http.request.uri", "-e", "http.file_data"];
        let told = tshark(&at("a.pcapng"), &requests);
        assert!(told.starts_with("/x?a=1&token=******\t\n"), "{told}");
        // As text or in hex, by its version.
        assert!(told.ends_with("\tok\n") || told.ends_with("\t6f6b\n"), "{told}");
        let expert = tshark(&at("a.pcapng"), &["-Y", "_ws.expert.severity >= warn"]);
        assert_eq!(expert, "");
    }
}

/// The screen on a file, in whose traffic this stands.
fn opened(file: &Path, shows: &str) -> Tui {
    let mut tui = Launch::default().size(120, 40).args(&["open", file.to_str().unwrap()]).start();
    tui.wait_for(shows);
    tui.keys("<A-5>");
    tui
}

fn entries(file: &Path) -> Vec<Value> {
    let har: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(har["log"]["comment"], Value::Null, "nothing is left out");
    let mut entries = har["log"]["entries"].as_array().unwrap().clone();
    for entry in &mut entries {
        // A file does not say how long heads were, and what connections are called is ours.
        entry["connection"] = Value::Null;
        // What is masked does not say which cookies it was.
        entry["response"]["cookies"] = Value::Null;
        entry["request"]["headersSize"] = Value::Null;
        entry["response"]["headersSize"] = Value::Null;
    }
    entries
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        let conn = line["conn"].as_str().unwrap();
        line["conn"] = conn.split_once('/').unwrap().1.into();
        // How long a message was in whose place there is a mask now is not known any more.
        let line = line.as_object_mut().unwrap();
        let text = line.get("text").and_then(Value::as_str);
        let is_masked = text.is_some_and(|text| text.contains("***"));
        if is_masked {
            line.retain(|key, _| !["len", "kept", "masked"].contains(&key.as_str()));
        }
    }
    lines
}

#[test]
fn an_opened_file_is_exported_with_its_exchanges() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut tui = with_traffic();
    for (format, name) in ["a.pcapng", "a.har", "a.jsonl"].into_iter().enumerate() {
        export(&mut tui, format, &at(name));
    }
    tui.quit();
    let (har, jsonl) = (entries(&at("a.har")), lines(&at("a.jsonl")));
    let mut tui = opened(&at("a.har"), "1 entry");
    export(&mut tui, 1, &at("b.har"));
    tui.quit();
    assert_eq!(entries(&at("b.har")), har);
    let mut tui = opened(&at("a.jsonl"), "and 1 exchange");
    export(&mut tui, 2, &at("b.jsonl"));
    export(&mut tui, 1, &at("c.har"));
    tui.quit();
    assert_eq!(lines(&at("b.jsonl")), jsonl);
    assert_eq!(entries(&at("c.har")), har);
    let mut tui = opened(&at("a.pcapng"), " packets");
    export(&mut tui, 2, &at("d.jsonl"));
    export(&mut tui, 1, &at("d.har"));
    tui.quit();
    let found = lines(&at("d.jsonl"));
    let of = |line: &&Value| line["type"] == "exchange";
    let found = found.iter().find(of).expect("an exchange");
    let told = jsonl.iter().find(of).expect("an exchange");
    // Packets have masks as long as what they hide, so heads differ in those.
    let parts = [
        "/request/body",
        "/request/method",
        "/response/body",
        "/response/status",
        "/state",
        "/peer",
    ];
    for part in parts {
        assert_eq!(found.pointer(part), told.pointer(part), "{part}");
    }
    let found = &entries(&at("d.har"))[0];
    for part in ["/response/content", "/request/method", "/serverIPAddress"] {
        assert_eq!(found.pointer(part), har[0].pointer(part), "{part}");
    }
}

#[test]
fn packets_go_into_a_program_as_they_come_and_its_end_and_absence_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let piped = folder.path().join("live.pcapng");
    let mut tui = with_traffic();
    tui.keys("|");
    tui.wait_for("pipe pcapng into: wireshark -k -i -");
    tui.keys("<C-u>no-such-program-here -i -<Enter>");
    tui.wait_for("the program was not found");
    tui.keys("<Down>|<C-u>");
    tui.bytes(format!("cat > {}", piped.display()).as_bytes());
    tui.keys("<Enter>");
    tui.wait_for("piping live");
    wait_until("packets", || std::fs::metadata(&piped).is_ok_and(|it| it.len() > 500));
    let before = std::fs::metadata(&piped).unwrap().len();
    tui.keys("<F5>");
    wait_until("more packets", || std::fs::metadata(&piped).unwrap().len() > before + 200);
    tui.keys("|");
    tui.wait_for_screen("its end", |screen| !screen.contains("piping live"));
    tui.keys("|<C-u>echo broken >&2; exit 3<Enter>");
    tui.wait_for("it ended with status 3: broken");
    tui.quit();
    if has("tshark", &["--version"]) {
        let requests = ["-Y", "http.request", "-T", "fields", "-e", "tcp.stream"];
        assert_eq!(tshark(&piped, &requests), "0\n1\n");
    }
}

#[test]
fn leaving_in_the_middle_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody reads the pipe: a program that takes nothing holds up neither keys nor the end.
    let mut tui = with_traffic();
    tui.keys("|<C-u>sleep 20<Enter>");
    tui.wait_for("piping live");
    export(&mut tui, 3, &folder.path().join("a.csv"));
    tui.quit();
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "the file alone");
}
