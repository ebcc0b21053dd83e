//! Copying: what is copied of a response, that it is said when it is there, and how it gets through
//! tmux and screen.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::program;
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::wait_until;

const BODY: &str = r#"{"user":{"name":"Ann \"A\"","tags":[1,2]},"n":7,"note":"caf\u00e9"}"#;

/// A preset that asks a peer which answers with this.
fn preset(body: &[u8], content_type: &'static str) -> String {
    let body = body.to_vec();
    let peer = tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    format!("[http]\nurl = \"http://{peer}/\"\n")
}

/// The last text given to the clipboard.
fn clipboard(raw: &[u8]) -> Option<String> {
    let at = memchr::memmem::rfind(raw, b"\x1b]52;")?;
    let rest = &raw[at + 5..];
    let rest = &rest[rest.iter().position(|byte| *byte == b';')? + 1..];
    let end = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b))?;
    String::from_utf8(STANDARD.decode(&rest[..end]).ok()?).ok()
}

/// Presses the keys, waits for what is said, and returns what was copied.
fn copied(tui: &mut Tui, keys: &str, said: &str) -> String {
    tui.keys(keys);
    tui.wait_for(said);
    clipboard(&tui.raw()).unwrap_or_default()
}

#[test]
fn the_value_the_body_and_the_laid_out_body_are_copied_whole() {
    let mut tui = Launch::sending(&preset(BODY.as_bytes(), "application/json"));
    tui.wait_for("\"note\"");
    tui.keys("<Tab><Tab><Tab>");
    assert_eq!(copied(&mut tui, "Y", "copied body, 67 B"), BODY);
    let laid_out = "{\n  \"user\": {\n    \"name\": \"Ann \\\"A\\\"\",\n    \"tags\": [\n      1,\n      2\n    ]\n  },\n  \"n\": 7,\n  \"note\": \"caf\\u00e9\"\n}";
    assert_eq!(copied(&mut tui, "<A-y>", "copied body, laid out, 1"), format!("{laid_out}\n"));
    assert_eq!(copied(&mut tui, "y", "copied the object of line 1, "), laid_out);
    for (key, value) in [
        ("name", "Ann \"A\""),
        ("note", "café"),
        ("tags", "[\n  1,\n  2\n]"),
        ("user", "{\n  \"name\": \"Ann \\\"A\\\"\",\n  \"tags\": [\n    1,\n    2\n  ]\n}"),
    ] {
        tui.keys(&format!("/{key}<Enter>"));
        // Until the search has its hit.
        wait_until(key, || {
            tui.keys("y");
            clipboard(&tui.raw()).is_some_and(|text| text == value)
        });
        tui.wait_for(&format!("copied {key}, "));
    }
}

#[test]
fn more_than_the_screen_is_copied_and_more_than_a_terminal_takes_is_said() {
    let lines: Vec<String> = (0..2000).map(|n| format!("line {n} of many")).collect();
    let mut tui = Launch::sending(&preset(lines.join("\n").as_bytes(), "text/plain"));
    tui.wait_for("line 3 of many");
    tui.keys("<Tab><Tab><Tab>");
    assert_eq!(copied(&mut tui, "Y", "copied body, 34.1 KiB"), lines.join("\n"));
    assert_eq!(copied(&mut tui, "y", "copied line 1, 14 B"), "line 0 of many");
    assert!(copied(&mut tui, "<A-y>", "not JSON").len() < 20, "nothing else was copied");
    let large = vec![b'x'; 100_000];
    let mut tui = Launch::sending(&preset(&large, "text/plain"));
    tui.wait_for("xxxx");
    tui.keys("<Tab><Tab><Tab>Y");
    tui.wait_for("body has 97.7 KiB, a terminal's clipboard takes 73.2 KiB: s saves it to a file");
    assert_eq!(clipboard(&tui.raw()), None);
}

/// Runs the program below something else, on a terminal that is ours.
fn below(script: &str, home: &Launch) -> Launch {
    let home = home.home.clone();
    let program = program().display().to_string();
    let launch = Launch { home, ..Launch::default() };
    launch.size(180, 50).shell(&script.replace("PROGRAM", &program))
}

/// A server of tmux or screen: it outlives the terminal, so it is ended with the test, however that ends.
struct Server {
    /// How it is told to end.
    command: Vec<String>,
    sockets: PathBuf,
}

impl Server {
    /// One of tmux that will have this socket.
    fn tmux(socket: PathBuf) -> Self {
        let path = socket.display().to_string();
        let command = ["tmux", "-S", &path, "kill-server"].map(str::to_owned).to_vec();
        Server { command, sockets: socket }
    }

    /// One of screen that will have its socket in this folder.
    fn screen(folder: PathBuf) -> Self {
        let command = ["screen", "-S", SCREEN, "-X", "quit"].map(str::to_owned).to_vec();
        Server { command, sockets: folder }
    }

    /// Processes that have its socket in their arguments or environment: server and what runs in it.
    fn processes(&self) -> Vec<String> {
        let own = std::process::id().to_string();
        let path = self.sockets.as_os_str().as_encoded_bytes();
        let is_of = |process: &PathBuf| {
            let has = |name| {
                let text = std::fs::read(process.join(name)).unwrap_or_default();
                memchr::memmem::find(&text, path).is_some()
            };
            // What ended and was not waited for has neither.
            has("cmdline") || has("environ")
        };
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let others = all.map(|entry| entry.path()).filter(|path| !path.ends_with(&own));
        others.filter(is_of).map(|path| path.display().to_string()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut end = Command::new(&self.command[0]);
        let end = end.args(&self.command[1..]).env("SCREENDIR", &self.sockets);
        let _ = end.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Name of the session of screen.
const SCREEN: &str = "copies";

#[test]
fn what_runs_below_tmux_and_screen_ends_with_its_test_also_when_that_fails() {
    for (name, script) in [
        ("tmux", "exec tmux -S 'SOCKETS' -f /dev/null new-session PROGRAM"),
        ("screen", "exec screen -c /dev/null -S copies -U PROGRAM"),
    ] {
        if !there_is(name) {
            continue;
        }
        let home = Launch::default().preset("a", "[http]\nurl = \"http://127.0.0.1:1/\"\n");
        let sockets = sockets(&home, name);
        let path = sockets.display().to_string();
        let server = match name {
            "tmux" => Server::tmux(sockets),
            _ => Server::screen(sockets),
        };
        let left = Server { command: vec!["true".into()], sockets: server.sockets.clone() };
        let failing = std::panic::AssertUnwindSafe(move || {
            let server = server;
            let tui = below(&script.replace("SOCKETS", &path), &home);
            let tui = tui.env("SCREENDIR", &path).env("TERM", "xterm-256color").start();
            tui.wait_for("─ a ");
            assert!(server.processes().len() > 1, "the server and what runs in it");
            // As an assertion that does not hold, without its message.
            std::panic::resume_unwind(Box::new("failed"));
        });
        assert!(std::panic::catch_unwind(failing).is_err());
        wait_until("all have ended", || left.processes().is_empty());
    }
}

/// Where the server of a multiplexer has its socket, or sockets: a folder of its own for screen.
fn sockets(home: &Launch, name: &str) -> PathBuf {
    let place = home.home.path().join(name);
    if name == "screen" {
        std::fs::create_dir(&place).unwrap();
        std::fs::set_permissions(&place, PermissionsExt::from_mode(0o700)).unwrap();
    }
    place
}

fn there_is(name: &str) -> bool {
    let found = Command::new(name).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_err() {
        eprintln!("skipped: there is no {name}");
    }
    found.is_ok()
}

#[test]
fn tmux_hands_a_copy_on_or_the_setting_is_named_that_lets_it() {
    if !there_is("tmux") {
        return;
    }
    let missing = "'set -as terminal-features ',*:clipboard'' in tmux.conf";
    for (setting, term, said) in [
        ("set -g set-clipboard on", "xterm-256color", "copied body, 67 B"),
        ("set -g set-clipboard off", "xterm-256color", "copied body, 67 B"),
        ("set -g set-clipboard on", "vt100", missing),
        ("set -as terminal-features ',*:clipboard'", "vt100", "copied body, 67 B"),
    ] {
        let home = Launch::default().preset("a", &preset(BODY.as_bytes(), "application/json"));
        let server = Server::tmux(sockets(&home, "tmux"));
        let socket = server.sockets.display();
        let conf = home.home.path().join("tmux.conf");
        std::fs::write(&conf, format!("{setting}\n")).unwrap();
        let conf = conf.display();
        let script = format!("exec tmux -S '{socket}' -f '{conf}' new-session PROGRAM");
        let mut tui = below(&script, &home).env("TERM", term).start();
        tui.wait_for("─ a ");
        tui.keys("<F5>");
        tui.wait_for("\"note\"");
        tui.keys("<Tab><Tab><Tab>Y");
        tui.wait_for(said);
        if said.starts_with("copied") {
            wait_until("the clipboard", || clipboard(&tui.raw()).is_some_and(|text| text == BODY));
        } else {
            assert_eq!(clipboard(&tui.raw()), None, "{setting}");
            assert!(!tui.screen().contains("copied body"), "{}", tui.screen());
        }
    }
}

#[test]
fn screen_hands_a_copy_on_and_it_is_not_called_copied() {
    if !there_is("screen") {
        return;
    }
    let home = Launch::default().preset("a", &preset(BODY.as_bytes(), "application/json"));
    let server = Server::screen(sockets(&home, "screen"));
    let folder = server.sockets.display().to_string();
    let script = format!("exec screen -c /dev/null -S {SCREEN} -U PROGRAM");
    let launch = below(&script, &home).env("SCREENDIR", &folder);
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("\"note\"");
    tui.keys("<Tab><Tab><Tab>Y");
    tui.wait_for("handed to the terminal through screen: body, 67 B");
    wait_until("the clipboard", || clipboard(&tui.raw()).is_some_and(|text| text == BODY));
}
