//! `wirebench exec`: programs of others whose requests go through a proxy of ours, the TLS of which is
//! opened; they notice nothing, and end as they would.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::peers::{http_peer, tcp_peer};
use crate::harness::program::{Listening, command, finished, listening, text};
use crate::harness::terminal::{Launch, Tui};

/// A server under TLS whose certificate is trusted by who names its file.
struct Secure {
    server: Listening,
    folder: tempfile::TempDir,
}

impl Secure {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        fs::write(folder.path().join("c.pem"), made.cert.pem()).unwrap();
        fs::write(folder.path().join("k.pem"), made.signing_key.serialize_pem()).unwrap();
        let [cert, key] = ["c.pem", "k.pem"].map(|name| folder.path().join(name));
        let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
        let args = ["listen", "https://127.0.0.1:0", "--cert", cert, "--key", key, "--body", "hi"];
        Secure { server: listening(&mut command(&args)), folder }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.server.port)
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("c.pem")
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

fn exec(trusted: Option<&Path>, args: &[&str]) -> Command {
    let mut command = command(&[&["exec"], args].concat());
    command.env_remove("SSL_CERT_FILE").stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(trusted) = trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    command
}

fn run(trusted: Option<&Path>, args: &[&str]) -> Output {
    finished(exec(trusted, args).spawn())
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: there is no {program}");
    }
    found
}

/// The exchanges of a file of JSON Lines.
fn exchanges(file: &str) -> Vec<Value> {
    let lines = fs::read_to_string(file).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["type"] == "exchange").collect()
}

#[test]
fn curl_asks_through_it_and_what_is_inside_tls_is_told_with_its_url() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let (file, url) = (server.file("t.jsonl"), server.url("/a?b"));
    let args = ["--jsonl", &file, "--", "curl", "-sS", &url, "-w", " %{ssl_verify_result}"];
    let ended = run(Some(&server.certificate()), &args);
    assert_eq!(text(&ended.stdout), "hi 0", "{}", text(&ended.stderr));
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(0), String::new()));
    let told = exchanges(&file);
    assert_eq!(told[0]["request"]["method"], "CONNECT");
    assert_eq!(told[1]["url"], url);
    assert_eq!(told[1]["response"]["body"]["text"], "hi");
    assert!(told[1]["tls"]["version"].as_str().unwrap().starts_with("TLS"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

/// In packets and in HAR what a tunnel held stands on a connection of its own: what asked for it is not missing.
#[test]
fn what_was_said_in_an_opened_tunnel_is_replayed_whole_from_every_kind_of_file() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let files = ["t.jsonl", "t.pcapng", "t.har"].map(|name| server.file(name));
    let [lines, packets, har] = &files;
    let url = server.url("/a");
    let curl = ["--", "curl", "-sS", &url];
    let to = ["--jsonl", lines, "--pcapng", packets, "--har", har];
    let ended = run(Some(&server.certificate()), &[&to[..], &curl].concat());
    assert_eq!(text(&ended.stdout), "hi", "{}", text(&ended.stderr));
    for file in &files {
        let args = ["replay", file, "--text", "--insecure", "--speed", "max"];
        let ended = finished(command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        let said = [text(&ended.stdout), text(&ended.stderr)].concat();
        assert_eq!(ended.status.code(), Some(0), "{file}: {said}");
        assert!(said.contains("1 of 1 message sent"), "{file}: {said}");
        assert!(!said.contains("CONNECT"), "{file}: {said}");
    }
    let only = ["replay", packets, "--text", "--filter", "data contains CONNECT"];
    let ended = finished(command(&only).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    let said = text(&ended.stderr);
    assert!(said.contains("a CONNECT only asks a proxy for a way"), "{said}");
}

/// A WebSocket, SSH or plain HTTP in a tunnel: a program that gets on without us gets on with us.
#[test]
fn what_is_no_tls_in_a_tunnel_is_passed_through_and_said() {
    if !is_there("curl") {
        return;
    }
    let server = listening(&mut command(&["listen", "http://127.0.0.1:0", "--body", "plain"]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.jsonl").to_str().unwrap().to_owned();
    let url = format!("http://127.0.0.1:{}/", server.port);
    let ended = run(None, &["--jsonl", &file, "--", "curl", "-sS", "--proxytunnel", &url]);
    assert_eq!(text(&ended.stdout), "plain", "{}", text(&ended.stderr));
    assert_eq!(ended.status.code(), Some(0));
    let told = exchanges(&file);
    assert_eq!((told.len(), &told[0]["response"]["status"]), (1, &Value::from(200)));
    let said = told[0].to_string();
    assert!(said.contains("not opened: the server does not speak TLS"), "{said}");
}

/// Faults are done to what TLS carries, and counted by messages.
#[test]
fn faults_are_done_inside_tls_that_is_opened() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let (file, url) = (server.file("t.jsonl"), server.url("/[1-4]"));
    let faults = ["--fault", "delay=20ms every=2 when=contains 'HTTP/1.1'", "--fault", "split=9"];
    let args = [&faults[..], &["--jsonl", &file, "--", "curl", "-sS", &url]].concat();
    let ended = run(Some(&server.certificate()), &args);
    assert_eq!(text(&ended.stdout), "hihihihi", "{}", text(&ended.stderr));
    let told = exchanges(&file);
    let inside = told.iter().filter(|it| it["request"]["method"] == "GET");
    let delayed = |message: &Value| {
        message["fault"].as_array().is_some_and(|names| names.contains(&"delay".into()))
    };
    let marks: Vec<_> =
        inside.map(|it| (delayed(&it["request"]), delayed(&it["response"]))).collect();
    // The first of all is what asked for the tunnel.
    assert_eq!(marks, [(true, true), (false, false), (true, true), (false, false)]);
    assert!(told.iter().all(|it| it["response"]["fault"].to_string().contains("split")));
}

#[test]
fn json_lines_stand_on_standard_error_for_who_asks_for_them() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let (file, url) = (server.file("t.har"), server.url("/a"));
    let command = ["--", "curl", "-sS", &url];
    for more in [&["--json"][..], &["--json", "--har", &file]] {
        let ended = run(Some(&server.certificate()), &[more, &command].concat());
        assert_eq!((ended.status.code(), text(&ended.stdout)), (Some(0), "hi".to_owned()));
        let said = text(&ended.stderr);
        let told: Vec<Value> = said.lines().map(|it| serde_json::from_str(it).expect(it)).collect();
        assert!(told.iter().any(|line| line["type"] == "exchange" && line["url"] == url), "{said}");
    }
}

#[test]
fn pythons_requests_and_urllib_trust_the_throw_away_authority() {
    if !is_there("python3") {
        return;
    }
    let server = Secure::start();
    let script = "
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1]).read().decode())
try:
    import requests
    print(requests.post(sys.argv[1], data={'a': 'b'}).text)
except ImportError:
    print('hi')
";
    let url = server.url("/p");
    let ended = run(Some(&server.certificate()), &["--", "python3", "-c", script, &url]);
    assert_eq!(text(&ended.stdout), "hi\nhi\n", "{}", text(&ended.stderr));
    let said = text(&ended.stderr);
    assert!(said.contains(&format!("GET {url}  →  200")), "{said}");
}

/// A server of git repositories below a folder, which says its port.
const GIT_SERVER: &str = "
import http.server, os, subprocess, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        body, length = b'', self.headers.get('Content-Length')
        if length:
            body = self.rfile.read(int(length))
        elif self.headers.get('Transfer-Encoding'):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        path, _, query = self.path.partition('?')
        env = dict(os.environ, GIT_PROJECT_ROOT=sys.argv[1], GIT_HTTP_EXPORT_ALL='1',
                   REQUEST_METHOD=self.command, PATH_INFO=path, QUERY_STRING=query,
                   CONTENT_TYPE=self.headers.get('Content-Type', ''),
                   CONTENT_LENGTH=str(len(body)),
                   HTTP_CONTENT_ENCODING=self.headers.get('Content-Encoding', ''),
                   GIT_PROTOCOL=self.headers.get('Git-Protocol', ''))
        out = subprocess.run([sys.argv[2]], input=body, env=env, capture_output=True).stdout
        head, _, content = out.partition(b'\\r\\n\\r\\n')
        self.send_response(200)
        for line in head.decode().split('\\r\\n'):
            name, _, value = line.partition(': ')
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    do_POST = do_GET
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
";

#[test]
fn git_clones_by_smart_http() {
    let backend = "/usr/lib/git-core/git-http-backend";
    if !is_there("git") || !is_there("python3") || !Path::new(backend).exists() {
        eprintln!("skipped: git, python3 and git http-backend are needed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@b"];
        let done = Command::new("git").args(who).args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", text(&done.stderr));
    };
    git(&["init", "-q", &at("work")]);
    fs::write(at("work/file"), "x".repeat(100_000)).unwrap();
    git(&["-C", &at("work"), "add", "file"]);
    git(&["-C", &at("work"), "commit", "-qm", "one"]);
    git(&["clone", "-q", "--bare", &at("work"), &at("repo.git")]);
    let mut server = Command::new("python3")
        .args(["-c", GIT_SERVER, folder.path().to_str().unwrap(), backend])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let url = format!("http://127.0.0.1:{}/repo.git", port.trim());
    let ended = run(None, &["--jsonl", &at("t"), "--", "git", "clone", "-q", &url, &at("copy")]);
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    assert_eq!(fs::read_to_string(at("copy/file")).unwrap().len(), 100_000);
    let told = exchanges(&at("t"));
    let asked = |what: &str| told.iter().any(|it| it["url"].as_str().unwrap().contains(what));
    assert!(asked("/info/refs?service=git-upload-pack") && asked("/git-upload-pack"), "{told:?}");
}

#[test]
fn hosts_that_are_not_named_are_passed_through_with_their_own_certificate() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let url = server.url("/a");
    for open in ["--open=other.example,*.example", "--open="] {
        let ended = run(Some(&server.certificate()), &[open, "--", "curl", "-sS", &url]);
        assert_eq!(text(&ended.stdout), "hi", "{open}: {}", text(&ended.stderr));
        let said = text(&ended.stderr);
        assert!(said.contains("tunnel: ") && !said.contains("GET"), "{open}: {said}");
    }
}

#[test]
fn a_server_that_does_not_verify_is_not_vouched_for() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let url = server.url("/a");
    let ended = run(None, &["--", "curl", "-sS", &url]);
    assert_ne!(ended.status.code(), Some(0), "{}", text(&ended.stdout));
    let said = text(&ended.stderr);
    assert!(said.contains("CONNECT ") && said.contains("→  502"), "{said}");
    let ended = run(None, &["-k", "--", "curl", "-sS", &url]);
    assert_eq!(text(&ended.stdout), "hi", "{}", text(&ended.stderr));
    assert!(text(&ended.stderr).contains("does not verify"), "{}", text(&ended.stderr));
}

#[test]
fn the_program_reaches_its_proxy_wherever_that_listens_and_whoever_may_use_it() {
    let say = ["--", "sh", "-c", "echo $https_proxy"];
    for (more, proxy) in [
        (&["--relay", "http://127.0.0.1:0"][..], "http://127.0.0.1:"),
        (&["--relay", "http://*:0"], "http://127.0.0.1:"),
        (&["--relay", "http://[::1]:0"], "http://[::1]:"),
        (&["--set", "user=ann", "--set", "password=p@ss"], "http://ann:p%40ss@127.0.0.1:"),
    ] {
        let ended = run(None, &[more, &say].concat());
        let said = text(&ended.stdout);
        assert!(said.starts_with(proxy), "{more:?}: {said} {}", text(&ended.stderr));
    }
    let ended = run(None, &[&["--relay", "https://:0"][..], &say].concat());
    assert_eq!(ended.status.code(), Some(2), "{}", text(&ended.stdout));
    assert!(text(&ended.stderr).contains("without TLS"), "{}", text(&ended.stderr));
}

#[test]
fn it_ends_as_the_program_does() {
    for (script, status) in [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)] {
        let ended = run(None, &["--", "sh", "-c", script]);
        assert_eq!(ended.status.code(), Some(status), "{script}: {}", text(&ended.stderr));
        let is_named = text(&ended.stderr).contains("sh was ended by SIGKILL");
        assert_eq!(is_named, status == 137, "{script}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jsonl");
    let ended = run(None, &["--jsonl", file.to_str().unwrap(), "--", "true"]);
    assert!(text(&ended.stderr).contains("true asked nothing through its proxy"));
    let ended = run(None, &["--", "/nonexistent/program"]);
    assert_eq!(ended.status.code(), Some(127), "{}", text(&ended.stderr));
    assert!(text(&ended.stderr).contains("/nonexistent/program"));
    let ended = run(None, &["--", "/etc/passwd"]);
    assert_eq!(ended.status.code(), Some(126), "{}", text(&ended.stderr));
    assert_eq!(run(None, &[]).status.code(), Some(2));
}

/// A program that runs, and the first line it said.
fn ready(script: &str) -> (Child, String) {
    let mut child = exec(None, &["--", "sh", "-c", script]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

#[test]
fn signals_are_the_programs() {
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::USR1, "USR1")] {
        let script = format!("trap 'exit 3' {name}; echo ready; while :; do sleep 0.02; done");
        let (child, line) = ready(&script);
        assert_eq!(line, "ready\n");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(finished(Ok(child)).status.code(), Some(3), "{name}");
    }
    let (child, _) = ready("echo ready; exec sleep 60");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(finished(Ok(child)).status.code(), Some(143));
}

#[test]
fn the_program_has_its_proxy_and_authorities_in_all_variables_and_they_go_with_it() {
    let script = "echo $http_proxy $HTTPS_PROXY $all_proxy; echo [$NO_PROXY$no_proxy]; \
        for file in $SSL_CERT_FILE $CURL_CA_BUNDLE $REQUESTS_CA_BUNDLE $NODE_EXTRA_CA_CERTS \
        $GIT_SSL_CAINFO; do echo $file; done; stat -c %a $SSL_CERT_FILE; cat $SSL_CERT_FILE | wc -l";
    let mut command = exec(None, &["--", "sh", "-c", script]);
    command.env("NO_PROXY", "a").env("no_proxy", "*");
    let said = text(&finished(command.spawn()).stdout);
    let lines: Vec<&str> = said.lines().collect();
    let proxies: Vec<&str> = lines[0].split(' ').collect();
    assert!(proxies.len() == 3 && proxies.iter().all(|it| it.starts_with("http://127.0.0.1:")));
    assert_eq!((lines[1], lines[7]), ("[]", "600"));
    assert!(lines[2..7].iter().all(|file| *file == lines[2]), "{lines:?}");
    assert!(!Path::new(lines[2]).exists(), "{} is still there", lines[2]);
}

#[test]
fn a_large_answer_and_one_that_breaks_off_reach_the_program_as_they_are() {
    if !is_there("curl") {
        return;
    }
    let large = tcp_peer(|mut stream| {
        use std::io::Write as _;
        let _ = crate::harness::peers::read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n");
        let _ = stream.write_all(&vec![b'x'; 20_000_000]);
    });
    let url = format!("http://{large}/");
    let args = ["--", "curl", "-sS", "-o", "/dev/null", "-w", "%{size_download}", &url];
    assert_eq!(text(&run(None, &args).stdout), "20000000");
    let broken = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    let url = format!("http://{broken}/");
    let ended = run(None, &["--", "curl", "-sS", &url]);
    assert_eq!(ended.status.code(), Some(18), "curl's own word for a partial file");
    assert!(text(&ended.stderr).contains("5 of 9 bytes are missing"), "{}", text(&ended.stderr));
}

#[test]
fn what_is_no_forward_proxy_is_refused() {
    for (args, why) in [
        (&["--relay", "tcp://:0"][..], "exec wants a forward proxy"),
        (&["--relay", "socks4://:0"], "socks5://"),
        (&["--relay", "nothing/of-the-kind"], "nothing/of-the-kind"),
        (&["--filter", "port == x"], "'x' is not a port"),
        (&["--rewrite", "nonsense"], "nonsense"),
        (&["--raw"], "--raw would mix"),
        (&["--pcapng", "-"], "name a file"),
    ] {
        let ended = run(None, &[args, &["--", "true"]].concat());
        let said = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot start the program: ") && said.contains(why), "{said}");
    }
}

/// Asks a server of ours twice and ends with a status of its own.
fn twice(server: &Secure) -> String {
    let url = server.url("/seen");
    format!("curl -sS {url} && echo done && curl -sS {url}?b && exit 3")
}

/// The screen behind a program that asked the server twice.
fn looked_at(server: &Secure, options: &[&str]) -> Tui {
    let certificate = server.certificate();
    let asks = twice(server);
    let words: Vec<&str> = [&["exec", "--screen"], options, &["--", "sh", "-c", &asks]].concat();
    let tui = Launch::default()
        .env("SSL_CERT_FILE", certificate.to_str().unwrap())
        .args(&words)
        .size(120, 40)
        .start();
    tui.wait_for("sh ended with exit status 3; ");
    tui.wait_for("GET /seen?b");
    tui
}

#[test]
fn what_a_program_said_is_looked_at_on_its_terminal_when_it_has_ended() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let mut tui = looked_at(&server, &["--filter", "status == 200"]);
    tui.keys("<C-q>");
    assert_eq!(tui.wait_exit().exit_code(), 3);
    tui.assert_restored();
}

/// Exports from there have the exchanges, with their bodies.
#[test]
fn what_a_program_said_is_exported_from_the_screen_with_its_exchanges() {
    if !is_there("curl") {
        return;
    }
    let server = Secure::start();
    let mut tui = looked_at(&server, &[]);
    tui.keys("<A-5>");
    let files = [server.file("a.har"), server.file("a.jsonl")];
    for (file, format) in files.iter().zip(["<Right>", "<Right><Right>"]) {
        tui.keys("X");
        tui.wait_for("Secrets");
        tui.keys(&format!("<Down>{format}<Down><Down><C-u>"));
        tui.bytes(file.as_bytes());
        tui.wait_for("Enter: ");
        tui.keys("<Enter>");
        tui.wait_for("written to");
        tui.keys("<Down>");
        tui.wait_for_screen("the word gone", |screen| !screen.contains("written to"));
    }
    tui.keys("<C-q>");
    assert_eq!(tui.wait_exit().exit_code(), 3);
    let har: Value = serde_json::from_str(&fs::read_to_string(&files[0]).unwrap()).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    let of_inside = entries.iter().filter(|it| it["request"]["method"] == "GET");
    let bodies: Vec<_> = of_inside.map(|it| &it["response"]["content"]["text"]).collect();
    assert_eq!(bodies, ["hi", "hi"], "{entries:?}");
    let told = exchanges(&files[1]);
    let of_inside = told.iter().filter(|it| it["request"]["method"] == "GET");
    let urls: Vec<_> = of_inside.map(|it| it["url"].clone()).collect();
    assert_eq!(urls, [server.url("/seen"), server.url("/seen?b")]);
}

#[test]
fn an_interrupt_is_the_programs_and_then_there_is_the_screen() {
    let script = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done";
    let mut tui = Launch::default().args(&["exec", "--screen", "--", "sh", "-c", script]).start();
    tui.wait_for("ready");
    tui.bytes(b"\x03");
    tui.wait_for("sh ended with exit status 7");
    tui.keys("<C-q>");
    assert_eq!(tui.wait_exit().exit_code(), 7);
}

/// An interactive shell makes the terminal its own, and one that is killed gives nothing back.
#[cfg(target_os = "linux")]
#[test]
fn after_a_shell_that_took_the_terminal_and_was_killed_there_is_the_screen() {
    if !is_there("bash") {
        return;
    }
    let shell = ["exec", "--screen", "--", "bash", "--norc", "-i", "-c", "kill -9 $$"];
    let mut tui = Launch::default().args(&shell).start();
    tui.wait_for("bash was ended by SIGKILL (exit status 137)");
    tui.keys("<C-q>");
    assert_eq!(tui.wait_exit().exit_code(), 137);
}

#[test]
fn without_a_terminal_there_is_no_screen_and_the_program_is_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("started");
    let ended = run(None, &["--screen", "--", "touch", file.to_str().unwrap()]);
    let said = text(&ended.stderr);
    assert!(said.contains("standard output is not a terminal"), "{said}");
    assert_eq!((ended.status.code(), file.exists()), (Some(2), false));
}

#[test]
fn of_what_cannot_be_started_and_after_a_signal_to_end_nothing_is_shown() {
    let tui = Launch::default().args(&["exec", "--screen", "--", "/nowhere/at-all"]).start();
    assert_eq!(tui.wait_exit().exit_code(), 127);
    let script = "echo ready; while :; do sleep 0.1; done";
    let tui = Launch::default().args(&["exec", "--screen", "--", "sh", "-c", script]).start();
    tui.wait_for("ready");
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit().exit_code(), 143);
}
