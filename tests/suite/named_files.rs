//! Files whose names somebody chose: a named pipe, a device or a folder in the place of each is
//! refused in words, at once, and nothing hangs.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::peers::{http_peer, udp_peer};
use crate::harness::program::{command, finished, run, text};
use crate::harness::terminal::Launch;

/// Long enough for a busy machine, far too short for a hang.
const AT_ONCE: Duration = Duration::from_secs(8);

fn pipe(path: &Path) -> String {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _old = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    path.display().to_string()
}

#[test]
fn bodies_messages_certificates_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = pipe(&folder.path().join("fifo"));
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (url, tls) = (format!("http://{peer}/"), "tls://127.0.0.1:0");
    let (tcp, udp) = (format!("tcp://{peer}"), udp_peer().1);
    let udp = format!("udp://{udp}");
    for (path, what) in [(&*fifo, "a named pipe"), ("/dev/zero", "a device"), ("/", "a folder")] {
        let at = format!("@{path}");
        let upload = format!("file@{path}");
        for args in [
            &["send", &url, &at][..],
            &["send", &url, "--data", &at],
            &["send", "POST", &url, &upload],
            &["send", &tcp, &at],
            &["send", &udp, "-d", &at],
            &["listen", tls, "--cert", path, "--key", path],
        ] {
            let began = Instant::now();
            let output = run(args);
            let said = text(&output.stderr);
            assert_ne!(output.status.code(), Some(0), "{args:?}: {said}");
            assert!(said.contains(what) && said.contains(path), "{args:?}: {said}");
            assert!(began.elapsed() < AT_ONCE, "{args:?}");
        }
    }
}

#[test]
fn a_file_of_the_kernel_is_sent_with_what_it_says() {
    if !Path::new("/proc/version").exists() {
        return;
    }
    let (sender, requests) = std::sync::mpsc::channel();
    let peer = crate::harness::peers::tcp_peer(move |mut stream: TcpStream| {
        let request = crate::harness::peers::read_head(&mut stream).unwrap_or_default();
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        let _ = sender.send(request);
    });
    let output = run(&["send", &format!("http://{peer}/"), "@/proc/version"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&requests.recv().unwrap()).contains("Linux version"));
}

#[test]
fn presets_environments_logs_and_trusted_certificates() {
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    pipe(&presets.join("broken.toml"));
    pipe(&presets.join("env/local.toml"));
    pipe(&presets.join("_defaults.toml"));
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    std::fs::write(presets.join("good.toml"), format!("[http]\nurl = \"http://{peer}/\"\n"))
        .unwrap();
    let fifo = pipe(&home.path().join("state/wirebench.log"));
    let run = |args: &[&str], variable: (&str, &str)| {
        let mut command = command(args);
        command.env("WIREBENCH_HOME", home.path()).env(variable.0, variable.1);
        let began = Instant::now();
        let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        assert!(began.elapsed() < AT_ONCE, "{args:?}");
        (output.status.code(), text(&output.stderr))
    };
    let (status, said) = run(&["send", "good"], ("X", ""));
    assert!(status == Some(2) && said.contains("_defaults.toml"), "what it lacks is named: {said}");
    std::fs::remove_file(presets.join("_defaults.toml")).unwrap();
    let (status, said) = run(&["send", "good"], ("X", ""));
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = run(&["send", "broken"], ("X", ""));
    assert_eq!(status, Some(2), "{said}");
    let (status, said) = run(&["send", "good", "--env", "local"], ("X", ""));
    assert_eq!(status, Some(2), "{said}");
    let (status, said) = run(&["send", "good"], ("WIREBENCH_LOG", "info"));
    assert!(status == Some(2) && said.contains("a named pipe"), "{said}");
    let mut server = crate::harness::program::listen("tls://127.0.0.1:0", &["--for", "10s"]);
    let target = format!("tls://127.0.0.1:{}", server.port);
    let (status, said) = run(&["send", &target, "x"], ("SSL_CERT_FILE", &fifo));
    assert!(status == Some(4) && said.contains("SSL_CERT_FILE"), "{status:?} {said}");
    drop(server.lines());
}

#[test]
fn keymap_history_and_drafts_of_the_workbench() {
    let launch = Launch::default().preset("a", "[http]\nurl = \"http://127.0.0.1:9/\"\n");
    let home = launch.home.path().join("home");
    for name in ["config/keymap.toml", "state/history.db", "state/drafts/x-1.toml"] {
        pipe(&home.join(name));
    }
    let mut tui = launch.size(160, 50).start();
    tui.wait_for("─ a ");
    // Sending writes the history; leaving writes the drafts.
    tui.keys("<F5>");
    tui.wait_for("refused");
    tui.wait_for("a named pipe");
    tui.quit();
}
