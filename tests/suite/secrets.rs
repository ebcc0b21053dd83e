//! Secrets stay out of what leaves the screen: JSON Lines, failures, logs and the history hold
//! neither values of `{{secret.NAME}}` nor credentials that were typed in place.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use tempfile::TempDir;

use crate::harness::peers::{http_peer, tcp_peer};
use crate::harness::program::{command, finished, listen, listening, run, text};
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;

const SECRET: &str = "s3cr3t/v%lue";
const SPELLED: [&str; 3] = [SECRET, "s3cr3t%2Fv%25lue", "czNjcjN0L3YlbHVl"];

/// A home whose environment has the secret, with this preset.
fn home(preset: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    std::fs::create_dir_all(presets.join("env")).unwrap();
    std::fs::write(presets.join("a.toml"), preset).unwrap();
    std::fs::write(presets.join("env/e.toml"), "x = \"1\"\n").unwrap();
    let (file, secret) = (presets.join("env/e.secret.toml"), format!("token = \"{SECRET}\"\n"));
    std::fs::write(&file, secret).unwrap();
    // As the program leaves it, which has a word about any other mode.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    home
}

fn send(home: &TempDir, more: &[&str]) -> Output {
    let home = home.path().to_str().unwrap();
    let words = ["--home", home, "send", "a", "--env", "e", "--json", "--wait", "200ms"];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut command = command(&[&words[..], more].concat());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    finished(command.spawn())
}

fn assert_hidden(output: &Output) -> String {
    let all = text(&output.stdout) + &text(&output.stderr);
    for spelled in SPELLED {
        assert!(!all.contains(spelled), "{spelled} in {all}");
    }
    assert!(all.contains("********"), "{all}");
    all
}

#[test]
fn json_lines_hold_no_secrets_unless_they_are_asked_for() {
    let peer = http_peer(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=typed\r\nContent-Length: 14\r\n\r\n{\"s3cr3t/v%lue",
    );
    let home = home(&format!(
        "[http]\nurl = \"http://{peer}/{{{{secret.token}}}}\"\nauth.bearer = \"{{{{secret.token}}}}\"\n\
         query = [\"q={{{{secret.token}}}}\"]\nheaders = [\"X-Api-Key: typed\", \"X-Own: {{{{secret.token}}}}\"]\n"
    ));
    let all = assert_hidden(&send(&home, &[]));
    assert!(!all.contains("typed") && all.contains("Bearer ********"), "{all}");
    let told = text(&send(&home, &["--with-secrets"]).stdout);
    assert!(told.contains(SPELLED[1]) && told.contains("typed"), "{told}");
}

#[test]
fn failures_hold_no_secrets() {
    // Refused, looked up, and refused before it is sent.
    for url in ["http://127.0.0.1:1/{{secret.token}}", "http://u:{{secret.token}}@127.0.0.1:1/"] {
        let home = home(&format!("[http]\nurl = \"{url}\"\n"));
        let output = send(&home, &["--log", "trace"]);
        assert!(matches!(output.status.code(), Some(2 | 3)), "{output:?}");
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(SPELLED.iter().all(|spelled| !all.contains(spelled)), "{all}");
        let log = std::fs::read_to_string(home.path().join("state/wirebench.log")).unwrap();
        assert!(SPELLED.iter().all(|spelled| !log.contains(spelled)), "{log}");
    }
    let said = text(&run(&["send", "http://ann:hunter2@127.0.0.1:1/", "--json"]).stderr);
    assert!(!said.is_empty() && !said.contains("hunter2"), "{said}");
    let said = text(&run(&["send", "http://ann:hunter2@[/", "--json"]).stderr);
    assert!(!said.is_empty() && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_secret_is_hidden_wherever_it_stands_in_an_exchange() {
    const TOKEN: &str = "S3CRETVAL";
    let utf16: Vec<u8> = TOKEN.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let in_body = [
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-16\r\nContent-Length: {}\r\n\r\n",
            utf16.len()
        )
        .into_bytes(),
        utf16,
    ];
    let answers = [
        in_body.concat(),
        format!("HTTP/1.1 200 {TOKEN}\r\nX-{TOKEN}: 1\r\nContent-Length: 0\r\n\r\n").into_bytes(),
        format!("HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\n").into_bytes(),
        format!("HTTP/1.1 103 {TOKEN}\r\nX: {TOKEN}\r\n\r\nHTTP/1.1 204 N\r\n\r\n").into_bytes(),
        format!("{TOKEN} HTTP\r\n\r\n").into_bytes(),
    ];
    for answer in answers {
        let peer = http_peer(answer.leak());
        let home = home(&format!(
            "[http]\nurl = \"http://{peer}/\"\nmethod = \"{{{{secret.own}}}}\"\n\
             headers = [\"X-{{{{secret.own}}}}: 1\"]\n"
        ));
        let file = home.path().join("presets/env/e.secret.toml");
        std::fs::write(file, format!("own = \"{TOKEN}\"\n")).unwrap();
        let output = send(&home, &[]);
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(all.contains("********") && !all.contains(TOKEN), "{all}");
    }
}

#[test]
fn users_in_urls_of_headers_are_hidden_in_what_is_printed_of_heads() {
    let answer = b"HTTP/1.1 201 Made\r\nLocation: http://u:hunter2@127.0.0.1:1/\r\n\
        Link: <//u:hunter2@h/>; rel=next\r\nRefresh: 5; url=http://u:hunter2@h\r\n\
        Set-Cookie2: hunter2\r\nAuthentication-Info: hunter2\r\nContent-Length: 2\r\n\r\nok";
    for style in ["--json", "--text"] {
        let url = format!("http://{}/", http_peer(answer));
        let told = run(&["send", &url, style]);
        let all = text(&told.stdout) + &text(&told.stderr);
        assert!(all.contains("://********@127.0.0.1:1/") && all.contains("ok"), "{all}");
        assert!(!all.contains("hunter2"), "{all}");
        let all = text(&run(&["send", &url, style, "--with-secrets"]).stdout);
        assert_eq!(all.matches("hunter2").count(), 5, "{all}");
    }
}

#[test]
fn failures_hold_no_password_that_was_typed() {
    let set = ["send", "http://127.0.0.1:1/", "--set"];
    for words in [
        &["send", "tcp://u:hunter2@127.0.0.1:1", "-d", "x"][..],
        &["send", "udp://u:hunter2@127.0.0.1:1", "-d", "x"],
        &["listen", "tcp://u:hunter2@127.0.0.1:0"],
        &["send", "//u:hunter2@h/"],
        &["send", "http:/u:hunter2@h"],
        &["send", "http:u:hunter2@h"],
        &["send", "u:hunter2@127.0.0.1:1/"],
        &["send", "ftp://u:hunter2@h/"],
        &["send", "http://u:hunter2@127.0.0.1:99999/"],
        &["send", "http://127.0.0.1:1/", "Authorization Bearer hunter2"],
        &["listen", "http://127.0.0.1:0", "-H", "Authorization Bearer hunter2"],
        &[&set[..], &["headers=Authorization Bearer hunter2"]].concat(),
        &[&set[..], &["auth.bearer.x=hunter2"]].concat(),
        &[&set[..], &["auth.basic.passwort=hunter2"]].concat(),
    ] {
        let output = run(words);
        assert!(!matches!(output.status.code(), None | Some(0)), "{words:?} {output:?}");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.is_empty() && !said.contains("hunter2"), "{words:?}: {said}");
    }
}

#[test]
fn the_log_tells_what_was_sent_received_and_noted_but_no_payload() {
    let answer = b"HTTP/1.1 200 OK\r\nX-Hush: hunter2\r\nContent-Length: 4\r\n\r\nhush";
    let peer = http_peer(answer);
    let home = home(&format!("[http]\nurl = \"http://{peer}/\"\n"));
    let output = send(&home, &["--log", "trace"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let log = std::fs::read_to_string(home.path().join("state/wirebench.log")).unwrap();
    let received = format!("Received {} bytes", answer.len());
    for told in ["Sent ", &received, "connected to "] {
        assert!(log.contains(told), "{told} in {log}");
    }
    assert!(!log.contains("hunter2") && !log.contains("hush"), "{log}");
}

#[test]
fn a_listener_tells_no_credentials_of_others() {
    for (format, with) in [("--json", false), ("--text", false), ("--json", true)] {
        let more: &[&str] = if with { &["--with-secrets"] } else { &[] };
        let listening = listen("http://127.0.0.1:0", &[&["--count", "1", format], more].concat());
        let url = format!("http://127.0.0.1:{}/", listening.port);
        let asked = run(&["send", &url, "Authorization:Bearer hunter2", "Cookie:sid=hunter2"]);
        assert_eq!(asked.status.code(), Some(0), "{asked:?}");
        let said = listening.said();
        assert_eq!(said.contains("hunter2"), with, "{said}");
        assert!(said.contains("Bearer"), "{said}");
    }
}

#[test]
fn the_history_keeps_no_credentials() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere");
    let preset = format!(
        "[http]\nurl = \"http://ann:hunter2@{peer}/\"\nauth.bearer = \"hunter2\"\n\
         headers = [\"Cookie: sid=hunter2\", \"X-Api-Key: hunter2\"]\n"
    );
    let mut tui = Launch::default().size(150, 50).preset("a", &preset).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("here");
    let state = tui.home.path().join("home/state");
    let stored = |name: &str| std::fs::read(state.join(name)).unwrap_or_default();
    let holds = |bytes: &[u8], text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
    let all = || [stored("history.db"), stored("history.db-wal")].concat();
    wait_until("the entry is stored", || holds(&all(), "{{forgotten}}"));
    assert!(!holds(&all(), "hunter2"), "the history holds a credential");
    tui.quit();
}

#[test]
fn lists_on_the_screen_hold_no_secrets_and_what_is_looked_at_closely_does() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere");
    let preset = format!(
        "[http]\nurl = \"http://{peer}/{{{{secret.token}}}}\"\nauth.basic = {{ user = \"ann\", password = \"{{{{secret.token}}}}\" }}\n"
    );
    let launch = Launch::default().size(150, 50).preset("a", &preset);
    let folder = launch.home.path().join("home/presets/env");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("e.toml"), "x = \"1\"\n").unwrap();
    std::fs::write(folder.join("e.secret.toml"), format!("token = \"{SECRET}\"\n")).unwrap();
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("here");
    tui.keys("<A-5>");
    tui.wait_for("GET /********");
    let screen = tui.screen();
    assert!(SPELLED.iter().all(|spelled| !screen.contains(spelled)), "{screen}");
    assert!(!screen.contains("ann:s3cr3t"), "{screen}");
    tui.keys("<Home>/GET<Enter><Enter>");
    tui.wait_for(SECRET);
    tui.quit();
}

#[test]
fn rows_of_conversations_hold_no_secrets() {
    let port = tcp_peer(|mut stream| {
        let _ = std::io::copy(&mut stream.try_clone().unwrap(), &mut stream);
    });
    let launch = Launch::default().size(150, 45);
    let launch = launch.preset("a", &format!("[tcp]\naddress = \"{port}\"\n"));
    let folder = launch.home.path().join("home/presets/env");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("e.toml"), "x = \"1\"\n").unwrap();
    std::fs::write(folder.join("e.secret.toml"), "token = \"hunter2\"\n").unwrap();
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("connected");
    tui.keys("AUTH hunter2 now<Enter>");
    // Sent and echoed, in the conversation and in the traffic.
    tui.wait_for_screen("four masks", |screen| screen.matches("AUTH ******** now").count() == 4);
    assert!(!tui.screen().contains("hunter2"), "{}", tui.screen());
    tui.quit();
}

#[test]
fn what_a_peer_makes_of_a_secret_is_hidden_too() {
    // As an echo service: Basic credentials, a URL, JSON.
    let body = b"HTTP/1.1 200 OK\r\nContent-Length: 81\r\n\r\n\
        {\"a\":\"Basic YW5uOnMzY3IzdC92JWx1ZQ==\",\"b\":\"s3cr3t\\/v%lue\",\"c\":\"s3cr3t%2fv%25lue\"}";
    let peer = http_peer(body);
    let home = home(&format!("[http]\nurl = \"http://{peer}/\"\n"));
    let all = assert_hidden(&send(&home, &[]));
    for part in ["YW5uOnMzY3I", "s3cr3t", "lue"] {
        assert!(!all.contains(part), "{part} in {all}");
    }
}

/// What a peer may make of a secret, each cut at a place of its own.
const ECHOED: [&str; 8] = [
    "s3cr3t/v%lue",
    "s3cr3t%2Fv%25lue",
    "s3cr3t\\/v\\u0025lue",
    "YW5uOnMzY3IzdC92JWx1ZQ==",
    "7333637233742F76256C7565",
    "73 33 63 72 33 74 2f 76 25 6c 75 65",
    "s3cr3t&#47;v&#37;lue",
    "czNjcjN0JTJGdiUyNWx1ZQ==",
];

#[test]
fn a_secret_that_comes_in_two_reads_is_hidden_in_both() {
    for (at, echoed) in ECHOED.iter().enumerate() {
        let cut = echoed.len() / 2 + at % 3;
        let peer = tcp_peer(move |mut stream| {
            let (first, second) = echoed.as_bytes().split_at(cut);
            let _ = stream.write_all(&[b"one ", first].concat());
            // The other half goes when the first was read.
            let _ = stream.read(&mut [0; 8]);
            let _ = stream.write_all(&[second, b" two"].concat());
        });
        let step = "step = [{ expect = \"one\" }, { send = \"go\" }]";
        let home = home(&format!("[tcp]\naddress = \"{peer}\"\n{step}\n"));
        let all = assert_hidden(&send(&home, &[]));
        let texts: Vec<String> = all
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|line| line["kind"] == "data" && line["dir"] == "in")
            .map(|line| line["text"].as_str().unwrap_or_default().to_owned())
            .collect();
        let said = texts.concat();
        assert!(said.starts_with("one ") && said.ends_with(" two"), "{said}");
        // What is left of it are the characters before it in base64, and their padding.
        let left = said.replace("********", "");
        let left = left.trim_start_matches("one ").trim_end_matches(" two").trim_matches('=');
        assert!(left.len() <= 7, "{echoed} at {cut}: {said}");
    }
}

#[test]
fn a_secret_that_is_a_url_is_hidden_in_its_parts() {
    let peer = http_peer(b"HTTP/1.1 200 here-t0ken\r\nContent-Length: 2\r\n\r\nok");
    let home = home("[http]\nurl = \"http://{{secret.hook}}\"\n");
    let secret = format!("hook = \"ann:hunter2@{peer}/h00k/t0ken-of-it?k=v4lue-of-it\"\n");
    std::fs::write(home.path().join("presets/env/e.secret.toml"), secret).unwrap();
    let output = send(&home, &["--log", "trace"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let log = std::fs::read_to_string(home.path().join("state/wirebench.log")).unwrap();
    let all = text(&output.stdout) + &text(&output.stderr) + &log;
    for part in ["hunter2", "aHVudGVyMg", "h00k", "t0ken-of-it", "v4lue"] {
        assert!(!all.contains(part), "{part} in {all}");
    }
    // Nobody is there: the failure tells no more.
    let secret = "hook = \"127.0.0.1:1/h00k/t0ken-of-it\"\n";
    std::fs::write(home.path().join("presets/env/e.secret.toml"), secret).unwrap();
    let output = send(&home, &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let all = text(&output.stdout) + &text(&output.stderr);
    assert!(!all.contains("h00k") && !all.contains("t0ken"), "{all}");
}

#[test]
fn a_listener_hides_what_comes_in_any_coding() {
    let home = home("[http-listener]\nbind = \"127.0.0.1:0\"\n");
    let words = ["--home", home.path().to_str().unwrap(), "listen", "a", "--env", "e"];
    for format in ["--json", "--text"] {
        let all = [&words[..], &["--count", "1", format]].concat();
        let listening = listening(&mut command(&all));
        let url = format!("http://127.0.0.1:{}/s3cr3t%2fv%25lue", listening.port);
        let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let body = home.path().join("body");
        std::fs::write(&body, [&[0xff, 0xfe], &wide[..]].concat()).unwrap();
        let body = format!("@{}", body.to_str().unwrap());
        let asked =
            run(&["send", "POST", &url, "Content-Type:text/plain; charset=utf-16", "-d", &body]);
        assert_eq!(asked.status.code(), Some(0), "{asked:?}");
        let said = listening.said();
        for spelled in [SECRET, "s3cr3t", "cwAzAGMA"] {
            assert!(!said.contains(spelled), "{format}: {spelled} in {said}");
        }
        assert!(said.contains("********"), "{said}");
    }
}

#[test]
fn rows_in_hex_and_rows_of_halves_hold_no_secrets() {
    let peer = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"hello hunt");
        let _ = stream.read(&mut [0; 8]);
        let _ = stream.write_all(b"er2222 bye");
        let _ = std::io::copy(&mut stream.try_clone().unwrap(), &mut stream);
    });
    let launch = Launch::default().size(150, 45);
    let launch = launch.preset("a", &format!("[tcp]\naddress = \"{peer}\"\n"));
    let folder = launch.home.path().join("home/presets/env");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("e.toml"), "x = \"1\"\n").unwrap();
    std::fs::write(folder.join("e.secret.toml"), "token = \"hunter2222\"\n").unwrap();
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("hello ********");
    tui.keys("go<Enter>");
    tui.wait_for("******** bye");
    let screen = tui.screen();
    assert!(!screen.contains("hunt") && !screen.contains("er2222"), "{screen}");
    tui.wait_for(" +2 B ━ text");
    tui.keys("<Esc>");
    tui.wait_for_screen("the rows have the keys", |screen| !screen.contains(" +2 B ━ text"));
    tui.keys("x");
    // `hello `, then eight stars; eight stars, then ` bye`.
    tui.wait_for("68 65 6c 6c 6f 20 ** ** ** ** ** ** ** **");
    tui.wait_for("** ** ** ** ** ** ** ** 20 62 79 65");
    let screen = tui.screen();
    assert!(!screen.contains("68 75 6e") && !screen.contains("32 32"), "{screen}");
    tui.quit();
}
