//! Unix sockets as both ends and in between, with peers of others: the standard library, curl, socat.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::harness::peers::{echo_peer, http_peer};
use crate::harness::program::{
    Listening, command, finished, listening, run, run_with_input, said_by, talk, text, told,
};
use crate::harness::wait::{PATIENCE, wait_until};

/// A folder for sockets; their names may not be long.
fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("wb").tempdir_in("/tmp").expect("a folder")
}

fn address(path: &Path) -> String {
    format!("unix:{}", path.display())
}

fn started(args: &[&str]) -> Listening {
    listening(&mut command(args))
}

fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).expect("who listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
    stream
}

/// Says this, ends, and reads to the end.
fn talk_at(path: &Path, ask: &[u8]) -> Vec<u8> {
    let mut stream = connect(path);
    stream.write_all(ask).expect("a listener");
    stream.shutdown(std::net::Shutdown::Write).expect("an end");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an end of it");
    answer
}

/// A server of another's that echoes, for as long as the test runs.
fn echo_at(path: PathBuf) {
    let listener = UnixListener::bind(path).expect("a socket");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                if stream.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
        }
    });
}

fn data(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["kind"] == "data").collect()
}

#[test]
fn a_listener_says_who_came_answers_and_leaves_nothing_behind() {
    let folder = folder();
    let path = folder.path().join("a.sock");
    let args = ["listen", &address(&path), "--json", "--echo", "--count", "2"];
    let mut listener = started(&args);
    let facts = fs::metadata(&path).expect("a socket");
    assert!(facts.file_type().is_socket());
    assert_eq!(facts.permissions().mode() & 0o777, 0o600, "its owner alone");
    assert_eq!(talk_at(&path, b"PING"), b"PING");
    let mut told = listener.lines();
    let mut lines = Vec::new();
    if cfg!(target_os = "linux") {
        // It is found a little later; who ends meanwhile does not wait for it.
        let is_peer = |line: &Value| line["type"] == "peer";
        lines.extend(told.by_ref().take_while(|line| {
            if is_peer(line) {
                assert_eq!(line["pid"], std::process::id(), "{line}");
            }
            !is_peer(line)
        }));
    }
    let own = folder.path().join("client.sock");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    socket.bind(&socket2::SockAddr::unix(&own).expect("a name")).expect("bound");
    socket.connect(&socket2::SockAddr::unix(&path).expect("a name")).expect("who listens");
    (&socket).write_all(b"named").expect("a listener");
    lines.extend(told);
    let (status, _) = listener.finish();
    assert_eq!(status, Some(0));
    let data = data(&lines);
    let came = data.iter().filter(|it| it["dir"] == "in");
    let said: Vec<_> = came.map(|it| (it["text"].as_str(), it["peer"].as_str())).collect();
    let named = address(&own);
    assert_eq!(said, [(Some("PING"), Some("unix:#1")), (Some("named"), Some(&*named))]);
    assert!(data.iter().all(|it| it["local"] == address(&path) && it["proto"] == "tcp"));
    let accepted = lines.iter().find(|line| line["kind"] == "accepted").expect("who came");
    assert!(accepted["message"].as_str().is_some_and(|it| it.contains("the number is ours")));
    assert!(!path.exists(), "the socket is gone with its listener");
}

#[test]
fn a_socket_that_is_used_stays_and_one_that_was_left_is_replaced() {
    let folder = folder();
    let path = folder.path().join("a.sock");
    echo_at(path.clone());
    let (status, said) = told(&run(&["listen", &address(&path), "--text"]));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("listens there"), "{said}");
    assert_eq!(talk_at(&path, b"still"), b"still");

    let left = folder.path().join("left.sock");
    drop(UnixListener::bind(&left).expect("a socket"));
    let args = ["listen", &address(&left), "--json", "--count", "1", "--set", "socket-mode=0666"];
    let listener = started(&args);
    assert_eq!(fs::metadata(&left).expect("a socket").permissions().mode() & 0o777, 0o666);
    drop(connect(&left).write_all(b"x"));
    let (status, lines) = listener.finish();
    assert_eq!(status, Some(0));
    let is_said = |line: &Value| {
        line["message"].as_str().is_some_and(|it| it.contains("that was left there is replaced"))
    };
    assert!(lines.iter().any(is_said), "{lines:?}");
}

#[test]
fn a_signal_removes_the_socket_and_a_file_of_others_stays() {
    let folder = folder();
    let path = folder.path().join("a.sock");
    let listener = started(&["listen", &address(&path), "--text"]);
    assert!(path.exists());
    listener.interrupt();
    assert_eq!(listener.wait(), Some(0));
    assert!(!path.exists());
    fs::write(&path, "mine").expect("a file");
    let (status, said) = told(&run(&["listen", &address(&path), "--text"]));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("a file that is no socket"), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("the file"), "mine");
}

#[test]
fn a_client_talks_to_a_socket_and_says_why_there_is_none() {
    let folder = folder();
    let path = folder.path().join("a.sock");
    echo_at(path.clone());
    let sent = run_with_input(&["send", &address(&path), "--wait", "200ms"], b"hello");
    assert_eq!((sent.status.code(), &*sent.stdout), (Some(0), &b"hello"[..]));
    let ours = run(&["send", &address(&path), "-d", "x", "--wait", "100ms", "--json"]);
    let lines: Vec<Value> =
        text(&ours.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.iter().any(|line| line["peer"] == address(&path)), "{lines:?}");
    let left = folder.path().join("left.sock");
    drop(UnixListener::bind(&left).expect("a socket"));
    let long = PathBuf::from(format!("/{}", "a".repeat(120)));
    for (path, code, why) in [
        (folder.path().join("none.sock"), 3, "is the server running?"),
        (left, 3, "nobody listens there any more"),
        (folder.path().to_owned(), 2, "what is there is no socket"),
        (long, 2, "is 121 bytes long"),
        (PathBuf::new(), 2, "the name of the socket is missing"),
    ] {
        let (status, said) = told(&run(&["send", &address(&path), "-d", "x"]));
        assert!(said.contains(why), "{}: {said}", path.display());
        assert_eq!(status, Some(code), "{said}");
    }
    let (status, said) = told(&run(&["send", "--set", "source=:1", &address(&path), "-d", "x"]));
    assert_eq!(status, Some(2), "{said}");
}

#[test]
fn a_name_without_a_file_works_on_both_ends() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let name = format!("unix:@wirebench-test-{}", std::process::id());
    let listener = started(&["listen", &name, "--json", "--echo", "--count", "1"]);
    let sent = run_with_input(&["send", &name, "--wait", "200ms"], b"hello");
    assert_eq!(&*sent.stdout, b"hello");
    assert_eq!(listener.finish().0, Some(0));
}

#[test]
fn a_relay_stands_between_ports_and_sockets_either_way() {
    let folder = folder();
    let (front, back) = (folder.path().join("front.sock"), folder.path().join("back.sock"));
    echo_at(back.clone());
    let echo = echo_peer().to_string();
    let (front_name, back_name) = (address(&front), address(&back));
    let relay =
        |listen: &str, target: &str| started(&["relay", listen, target, "--json", "--count", "2"]);
    let between = relay(&front_name, &back_name);
    assert_eq!(talk_at(&front, b"one"), b"one");
    let (status, lines) = between.finish();
    assert_eq!(status, Some(0));
    let data = data(&lines);
    assert_eq!((&data[0]["from"], &data[1]["from"]), (&"client".into(), &"server".into()));
    let connected = lines.iter().find(|line| line["kind"] == "connected").expect("the target");
    assert_eq!((&connected["peer"], &connected["pair"]), (&back_name.into(), &data[0]["conn"]));
    assert!(!front.exists());

    let from_port = relay("127.0.0.1:0", &address(&back));
    assert_eq!(talk(from_port.port, b"two"), b"two");
    assert_eq!(from_port.finish().0, Some(0));
    let to_port = relay(&address(&front), &echo);
    assert_eq!(talk_at(&front, b"three"), b"three");
    assert_eq!(to_port.finish().0, Some(0));
    let faulty = started(&[
        "relay",
        &address(&front),
        &echo,
        "--json",
        "--rewrite",
        "replace=four with=five from=client",
    ]);
    assert_eq!(talk_at(&front, b"four"), b"five");
    faulty.interrupt();
    assert_eq!(faulty.wait(), Some(0));
    assert!(!front.exists());
}

#[test]
fn a_filter_and_a_capture_know_the_socket() {
    let folder = folder();
    let (path, file) = (folder.path().join("a.sock"), folder.path().join("a.pcapng"));
    let capture = file.to_str().expect("a path");
    let filter = format!("local == {} and peer == unix:* and unix", address(&path));
    let args = ["listen", &address(&path), "--json", "--echo", "--count", "2"];
    let args = [&args[..], &["--pcapng", capture, "--filter", &filter]].concat();
    let listener = started(&args);
    assert_eq!(talk_at(&path, b"PING"), b"PING");
    let (status, lines) = listener.finish();
    assert_eq!((status, data(&lines).len()), (Some(0), 2), "{lines:?}");
    let opened = run(&["open", capture, "--filter", "kind == data"]);
    let said = text(&opened.stdout);
    assert!(said.contains("2001:db8:") && said.contains("PING"), "{said}");
    let bytes = fs::read(&file).expect("a capture");
    let has = |wanted: String| bytes.windows(wanted.len()).any(|it| it == wanted.as_bytes());
    assert!(has(format!("tcp:{}", address(&path))), "the interface is named by the path");
    assert!(has(format!("a Unix socket, {} ↔ unix:#1", address(&path))));
}

#[test]
fn http_goes_through_a_socket_at_both_ends_and_in_between() {
    let folder = folder();
    let path = folder.path().join("h.sock");
    let name = format!("http+{}", address(&path));
    let listener = started(&["listen", &name, "--json", "--count", "4", "--body", "hi"]);
    let socket = path.to_str().expect("a path");
    for target in [
        &["send", "--unix-socket", socket, "http://any.host/a"][..],
        &["send", &name],
        &["send", &format!("http+unix://{}/b?c", socket.replace('/', "%2F"))],
    ] {
        let sent = run(target);
        assert_eq!(text(&sent.stdout), "hi", "{target:?} {}", text(&sent.stderr));
    }
    let url = "http://localhost/curl";
    match said_by("curl", &["-sS", "--unix-socket", socket, url]) {
        Some(said) => assert_eq!(said, "hi"),
        None => drop(talk_at(&path, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
    }
    let (status, lines) = listener.finish();
    assert_eq!(status, Some(0));
    let urls: Vec<_> = lines.iter().filter_map(|line| line["url"].as_str()).collect();
    assert!(urls.contains(&"http://any.host/a") && urls.contains(&"http://localhost/b?c"));
    assert!(!lines.iter().any(|line| line["message"].to_string().contains("another host")));

    let front = folder.path().join("front.sock");
    let server = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let relay = started(&["relay", &address(&front), &format!("http://{server}"), "--count", "1"]);
    let sent = run(&["send", "--unix-socket", front.to_str().expect("a path"), "http://x/"]);
    assert_eq!(text(&sent.stdout), "ok", "{}", text(&sent.stderr));
    assert_eq!(relay.finish().0, Some(0));
    let back = started(&["listen", &name, "--json", "--count", "1", "--body", "back"]);
    let relay = started(&["relay", "http://127.0.0.1:0", &address(&path), "--count", "1"]);
    let sent = run(&["send", &format!("http://127.0.0.1:{}/", relay.port)]);
    assert_eq!(text(&sent.stdout), "back", "{}", text(&sent.stderr));
    assert_eq!((relay.finish().0, back.finish().0), (Some(0), Some(0)));
}

#[test]
fn tls_stays_possible_on_top() {
    let folder = folder();
    let path = folder.path().join("t.sock");
    let listener =
        started(&["listen", &address(&path), "--tls", "--json", "--echo", "--count", "1"]);
    let on = ["--set", "tls=true", "--insecure"];
    let at = address(&path);
    let args = [&["send", &at, "--wait", "300ms"][..], &on].concat();
    let sent = run_with_input(&args, b"secret");
    assert_eq!(&*sent.stdout, b"secret", "{}", text(&sent.stderr));
    let (_, lines) = listener.finish();
    assert!(data(&lines).iter().all(|line| line["tls"] == true), "{lines:?}");
}

#[test]
fn socat_is_understood_on_both_ends() {
    let folder = folder();
    let path = folder.path().join("s.sock");
    let socat = |args: &[&str]| {
        Command::new("socat").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    };
    let listens = format!("UNIX-LISTEN:{}", path.display());
    let Ok(server) = socat(&[&listens, "EXEC:cat"]) else {
        eprintln!("skipped: there is no socat");
        return;
    };
    wait_until("socat listens", || path.exists());
    let sent = run_with_input(&["send", &address(&path), "--wait", "300ms"], b"to socat");
    assert_eq!(&*sent.stdout, b"to socat", "{}", text(&sent.stderr));
    finished(Ok(server));
    let listener = started(&["listen", &address(&path), "--json", "--echo", "--count", "1"]);
    let mut client = socat(&["-", &format!("UNIX-CONNECT:{}", path.display())]).expect("socat");
    client.stdin.take().expect("a pipe").write_all(b"of socat").expect("socat");
    assert_eq!(&*finished(Ok(client)).stdout, b"of socat");
    let (_, lines) = listener.finish();
    assert_eq!(data(&lines)[0]["text"], "of socat");
}
