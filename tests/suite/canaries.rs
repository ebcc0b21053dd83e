//! A canary in every place where a secret can stand, and everything the program writes searched for it: what is
//! printed and said, reports, captures, exports, history, kept answers, log, the words and the environment of the
//! programs it starts. The peers tell that each of them crossed the wire, so none is missing only because it was
//! never used. What was typed there stays: files of the workspace, the command line itself, drafts.

#[path = "canaries_listened.rs"]
mod listened;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tempfile::TempDir;

use crate::harness::peers::{read_head, tcp_peer, udp_peer};
use crate::harness::program::{command, finished, listening, program, text};
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;

/// Where secrets can stand: what is called so in the file of secrets, and what else is made of such words.
const PLACES: [&str; 13] = [
    "user", "path", "query", "bearer", "key", "own", "cookie", "basic", "body", "form", "tcp",
    "udp", "proxy",
];
/// Of a program, of the operating system, of the command line, typed for a prompt, taken from an answer, set by it as a cookie.
const GIVEN: [&str; 6] = ["program", "system", "given", "prompt", "captured", "jar"];
/// Typed in place, in presets.
const TYPED: [&str; 13] = [
    "tuser", "tquery", "tbearer", "tkey", "tcookie", "tbasic", "tjson", "tform", "trow", "khead",
    "kquery", "kcookie", "tproxy",
];

/// Nothing of it means anything in a URL, in JSON or to a shell, so it is spelled everywhere alike.
fn canary(place: &str) -> String {
    format!("c4nary-{place}-q7Zx5v")
}

fn all_canaries() -> impl Iterator<Item = &'static str> {
    PLACES.into_iter().chain(GIVEN).chain(TYPED)
}

/// The spellings that are looked for: as it is, in hex, and in base64 wherever it begins there.
fn spellings(place: &str) -> Vec<Vec<u8>> {
    let value = canary(place);
    let hex = value.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let shifted = (0..3).map(|shift| {
        let coded = STANDARD_NO_PAD.encode([&b"   "[..shift], value.as_bytes()].concat());
        // What the bytes around it decide is left away.
        let (from, to) = ((shift * 8).div_ceil(6), (shift + value.len()) * 8 / 6);
        coded.as_bytes()[from..to].to_vec()
    });
    [value.clone().into_bytes(), hex.into_bytes()].into_iter().chain(shifted).collect()
}

fn holds(bytes: &[u8], place: &str) -> bool {
    spellings(place).iter().any(|spelled| memchr::memmem::find(bytes, spelled).is_some())
}

/// All that a peer got.
type Got = Arc<Mutex<Vec<u8>>>;

/// The peers, and what came to them.
struct Peers {
    http: SocketAddr,
    tcp: SocketAddr,
    udp: SocketAddr,
    got: Got,
}

impl Peers {
    fn new() -> Self {
        let got = Got::default();
        let taken = Arc::clone(&got);
        let http = tcp_peer(move |mut stream| {
            while let Some(head) = read_head(&mut stream) {
                taken.lock().unwrap().extend_from_slice(&head);
                let is_login = head.starts_with(b"GET /login");
                let login = format!("{{\"token\": \"{}\"}}", canary("captured"));
                let cookie = format!("Set-Cookie: jar={}; Max-Age=600\r\n", canary("jar"));
                let cookie = if is_login { cookie } else { String::new() };
                let body = if is_login { login } else { "{\"ok\": true}".to_owned() };
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\n{cookie}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        let taken = Arc::clone(&got);
        let tcp = tcp_peer(move |mut stream| {
            let mut buffer = [0; 1024];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                taken.lock().unwrap().extend_from_slice(&buffer[..read]);
                let _ = stream.write_all(b"ok\r\n");
            }
        });
        let (socket, udp) = udp_peer();
        socket.set_read_timeout(None).unwrap();
        let taken = Arc::clone(&got);
        thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok((read, from)) = socket.recv_from(&mut buffer) {
                taken.lock().unwrap().extend_from_slice(&buffer[..read]);
                let _ = socket.send_to(b"ok", from);
            }
        });
        Peers { http, tcp, udp, got }
    }
}

/// An installation with a preset for every place.
struct Home {
    folder: TempDir,
    peers: Peers,
}

/// A file of the workspace.
type Preset = (&'static str, String);

fn secret(name: &str) -> String {
    format!("{{{{secret.{name}}}}}")
}

fn get(peer: SocketAddr, rest: &str) -> String {
    format!("[http]\nurl = \"http://{peer}{rest}\n")
}

/// Through the peer as a proxy, with this password.
fn through(proxy: SocketAddr, password: &str) -> String {
    format!("[http]\nurl = \"http://example.test/t\"\nproxy = \"http://ann:{password}@{proxy}\"\n")
}

/// Presets that name secrets.
fn of_secrets(peers: &Peers) -> Vec<Preset> {
    let (http, tcp, udp) = (peers.http, peers.tcp, peers.udp);
    let [user, path, query, bearer] = ["user", "path", "query", "bearer"].map(secret);
    let [key, own, cookie, basic] = ["key", "own", "cookie", "basic"].map(secret);
    let [body, form, over_tcp, over_udp] = ["body", "form", "tcp", "udp"].map(secret);
    let heads = format!(
        "/heads\"\nauth.bearer = \"{bearer}\"\nheaders = [\"X-Api-Key: {key}\", \"X-Own: {own}\", \"Cookie: sid={cookie}\"]"
    );
    let basic = format!("/basic\"\nauth.basic = {{ user = \"ann\", password = \"{basic}\" }}");
    let posted = format!(
        "/body\"\nmethod = \"POST\"\nbody.json = '{{\"a\": \"{body}\"}}'\n[expect]\nbody = \"contains '{body}'\""
    );
    let form = format!("/form\"\nmethod = \"POST\"\nbody.form = [\"f={form}\"]");
    let talk = |kind: &str, peer: SocketAddr, said: &str| {
        format!(
            "[{kind}]\naddress = \"{peer}\"\nstep = [{{ send = \"AUTH {said}\" }}, {{ expect = \"ok\" }}]\n"
        )
    };
    let user =
        format!("[http]\nurl = \"http://ann:{user}@{http}/{path}\"\nquery = [\"q={query}\"]\n");
    let web = format!(
        "[http-listener]\nbind = \"127.0.0.1:0\"\nheaders = [\"Set-Cookie: sid={cookie}\", \"X-Own: {own}\"]\nbody.text = \"{body}\"\n"
    );
    vec![
        ("a/user.toml", user),
        ("a/heads.toml", get(http, &heads)),
        ("a/basic.toml", get(http, &basic)),
        ("a/body.toml", get(http, &posted)),
        ("a/form.toml", get(http, &form)),
        ("a/proxy.toml", through(http, &secret("proxy"))),
        ("a/tcp.toml", talk("tcp", tcp, &over_tcp)),
        ("a/udp.toml", talk("udp", udp, &over_udp)),
        ("mock/web.toml", web),
        (
            "mock/tcp.toml",
            format!("[tcp-listener]\nbind = \"127.0.0.1:0\"\ngreeting = \"{over_tcp}\"\n"),
        ),
    ]
}

/// Presets whose values are given, asked for or captured.
fn of_given(http: SocketAddr) -> Vec<Preset> {
    let put =
        |path: &str| get(http, &format!("/{path}\"\nmethod = \"PUT\"\nbody.text = \"is {path}\""));
    let prompt = format!(
        "[http]\nurl = 'http://{http}/{{{{prompt \"Code\" secret}}}}'\nmethod = \"PUT\"\nbody.text = 'is {{{{prompt \"Code\" secret}}}}'\n"
    );
    let used = "/use/{{token}}\"\nneeds = [\"chain/1\"]\nauth.bearer = \"{{token}}\"\nmethod = \"PUT\"\n\
                body.text = \"t={{token}}\"\n[expect]\nbody = \"contains '{{token}}'\"";
    vec![
        ("a/program.toml", put("{{secret.asked}}")),
        ("a/system.toml", put("{{env.CANARY_TOKEN}}")),
        ("a/given.toml", put("{{api_token}}")),
        ("a/prompt.toml", prompt),
        ("chain/1.toml", get(http, "/login\"\n[capture]\ntoken = \"json .token\"")),
        ("chain/2.toml", get(http, used)),
    ]
}

/// Presets in which credentials were typed.
fn of_typed(http: SocketAddr) -> Vec<Preset> {
    let c = canary;
    let (user, query, row) = (c("tuser"), c("tquery"), c("trow"));
    let url = format!(
        "[http]\nurl = \"http://ann:{user}@{http}/t?api_key={query}\"\nquery = [\"password={row}\"]\n"
    );
    let heads = format!(
        "/t\"\nauth.bearer = \"{}\"\nheaders = [\"X-Api-Key: {}\", \"Cookie: sid={}\"]",
        c("tbearer"),
        c("tkey"),
        c("tcookie")
    );
    let basic = format!("/t\"\nauth.basic = {{ user = \"ann\", password = \"{}\" }}", c("tbasic"));
    let json =
        format!("/t\"\nmethod = \"POST\"\nbody.json = '{{\"password\": \"{}\"}}'", c("tjson"));
    let form = format!("/t\"\nmethod = \"POST\"\nbody.form = [\"client_secret={}\"]", c("tform"));
    // A key whose name tells nothing.
    let key = |place: &str, stands: &str| {
        let value = c(place);
        format!("/t\"\nauth.api-key = {{ name = \"zz\", value = \"{value}\", in = \"{stands}\" }}")
    };
    vec![
        ("typed/url.toml", url),
        ("typed/heads.toml", get(http, &heads)),
        ("typed/basic.toml", get(http, &basic)),
        ("typed/json.toml", get(http, &json)),
        ("typed/form.toml", get(http, &form)),
        ("typed/key-head.toml", get(http, &key("khead", "header"))),
        ("typed/key-query.toml", get(http, &key("kquery", "query"))),
        ("typed/key-cookie.toml", get(http, &key("kcookie", "cookie"))),
        ("typed/proxy.toml", through(http, &c("tproxy"))),
    ]
}

impl Home {
    fn new() -> Self {
        let home = Home { folder: tempfile::tempdir().unwrap(), peers: Peers::new() };
        let (seen, value) = (home.path("seen-env"), home.path("value"));
        let words = format!("env > {}; cat {}", seen.display(), value.display());
        let known = PLACES.iter().map(|name| format!("{name} = \"{}\"\n", canary(name)));
        let known: String = known.collect();
        let program = format!("asked = {{ command = [\"sh\", \"-c\", \"{words}\"] }}\n");
        home.write("presets/env/e.toml", "x = \"1\"\n");
        home.write("presets/env/e.secret.toml", &(known + &program));
        home.write("value", &canary("program"));
        let http = home.peers.http;
        for (name, content) in
            of_secrets(&home.peers).into_iter().chain(of_given(http)).chain(of_typed(http))
        {
            home.write(&format!("presets/{name}"), &content);
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let file = self.path(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The program with all that is typed for it.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = command(words);
        command.env("WIREBENCH_HOME", self.folder.path()).env("WIREBENCH_LOG", "trace");
        command.env("CANARY_TOKEN", canary("system")).current_dir(self.folder.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        finished(self.command(words).spawn())
    }

    /// Every file that was written by the program, but for the workspace, drafts and what a test keeps aside.
    fn written(&self) -> Vec<PathBuf> {
        let apart = ["presets", "drafts", "value", "seen-env", "typed-here"];
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if apart.iter().any(|name| entry.file_name() == *name) {
                    continue;
                }
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    found.push(entry.path());
                }
            }
        }
        found
    }

    /// No canary is in any of them.
    fn assert_clean(&self, what: &str, apart: &[&str]) {
        for file in self.written() {
            assert_told_nothing(
                &format!("{what}: {}", file.display()),
                &fs::read(&file).unwrap(),
                apart,
            );
        }
    }
}

fn assert_told_nothing(what: &str, bytes: &[u8], apart: &[&str]) {
    for place in all_canaries().filter(|place| !apart.contains(place)) {
        assert!(!holds(bytes, place), "{place} is in {what}:\n{}", text(bytes));
    }
}

/// Printed and said.
fn assert_said_nothing(what: &str, output: &Output) {
    assert_told_nothing(&format!("{what}, printed"), &output.stdout, &[]);
    assert_told_nothing(&format!("{what}, said"), &output.stderr, &[]);
}

fn given() -> [String; 2] {
    [format!("api_token={}", canary("given")), format!("Code={}", canary("prompt"))]
}

const CLIENTS: [&str; 21] = [
    "a/user",
    "a/heads",
    "a/basic",
    "a/body",
    "a/form",
    "a/proxy",
    "a/program",
    "a/system",
    "a/given",
    "a/prompt",
    "a/tcp",
    "a/udp",
    "typed/url",
    "typed/heads",
    "typed/basic",
    "typed/json",
    "typed/form",
    "typed/key-head",
    "typed/key-query",
    "typed/key-cookie",
    "typed/proxy",
];

#[test]
fn what_send_prints_writes_and_keeps_holds_no_canary() {
    let home = Home::new();
    let [token, code] = given();
    for preset in CLIENTS {
        let is_talk = matches!(preset, "a/tcp" | "a/udp");
        let is_typed_body = matches!(preset, "typed/json" | "typed/form");
        for more in [
            &["--json"][..],
            &[
                "--text", "-p", "Hhm", "--har", "s.har", "--jsonl", "s.jsonl", "--pcapng",
                "s.pcapng",
            ],
            &["--set", "timeout=9x"],
        ] {
            let words =
                ["send", preset, "--env", "e", "--var", &token, "--var", &code, "--wait", "100ms"];
            // A conversation has no heads to choose from.
            let is_for_it = |word: &&&str| !is_talk || !matches!(**word, "-p" | "Hhm");
            let words: Vec<&str> =
                words.iter().chain(more.iter().filter(is_for_it)).copied().collect();
            let output = home.run(&words);
            // JSON Lines and HAR tell of a body what was typed there.
            let apart: &[&str] = if is_typed_body { &["tjson", "tform"] } else { &[] };
            for bytes in [&output.stdout, &output.stderr] {
                assert_told_nothing(&format!("send {preset} {more:?}"), bytes, apart);
            }
            home.assert_clean(&format!("send {preset} {more:?}"), apart);
            for name in ["s.har", "s.jsonl", "s.pcapng"] {
                let _ = fs::remove_file(home.path(name));
            }
        }
    }
    let got = home.peers.got.lock().unwrap().clone();
    for place in all_canaries().filter(|place| !["captured", "jar"].contains(place)) {
        assert!(holds(&got, place), "{place} never crossed the wire");
    }
    assert!(home.path("state/history.db").exists() && home.path("state/wirebench.log").exists());
    assert!(home.written().iter().any(|file| file.extension().is_some_and(|it| it == "answer")));
}

const REPORTS: [&str; 7] = ["text", "json", "junit", "tap", "html", "md", "otlp"];

#[test]
fn what_a_run_tells_and_writes_holds_no_canary_whatever_did_not_pass() {
    let home = Home::new();
    let [token, code] = given();
    let reports: Vec<String> = REPORTS.iter().map(|kind| format!("{kind}=report.{kind}")).collect();
    let files = ["--har", "r.har", "--jsonl", "r.jsonl", "--pcapng", "r.pcapng"];
    let mut words = vec![
        "run",
        "a",
        "chain",
        "typed/key-head",
        "typed/key-query",
        "typed/key-cookie",
        "--env",
        "e",
        "--var",
        &token,
        "--var",
        &code,
    ];
    words.extend(files.iter().chain(&["--save", "kept", "--retry", "1", "--retry-delay", "1ms"]));
    words.extend(reports.iter().flat_map(|report| ["--report", report.as_str()]));
    let output = home.run(&words);
    // The answers hold nothing of what is expected of them.
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_said_nothing("run", &output);
    assert!(text(&output.stdout).contains("********"), "{}", text(&output.stdout));
    // The answer that a value is taken from tells it: nobody knows before that it is one.
    for name in ["r.har", "r.jsonl", "r.pcapng"] {
        let bytes = fs::read(home.path(name)).unwrap();
        assert!(!bytes.is_empty(), "{name}");
        assert_told_nothing(name, &bytes, &["captured"]);
        for used in ["/use/", "t=", "Bearer "] {
            let used = format!("{used}{}", canary("captured"));
            assert!(
                memchr::memmem::find(&bytes, used.as_bytes()).is_none(),
                "{used} in {name}: {}",
                text(&bytes)
            );
        }
        fs::remove_file(home.path(name)).unwrap();
    }
    let got = home.peers.got.lock().unwrap().clone();
    for came in [format!("/use/{}", canary("captured")), format!("jar={}", canary("jar"))] {
        assert!(memchr::memmem::find(&got, came.as_bytes()).is_some(), "{came}");
    }
    home.assert_clean("run", &[]);
    assert!(home.path("state/runs/kept.json").exists());
    for more in [
        &["--compare", "x=2"][..],
        &["--baseline", "kept"],
        &["--dry-run"],
        &["--text"],
        &["--timeout", "1ms"],
    ] {
        let words = ["run", "a", "chain", "--env", "e", "--var", &token, "--var", &code];
        let words: Vec<&str> = words.iter().chain(more).copied().collect();
        assert_said_nothing(&format!("run {more:?}"), &home.run(&words));
    }
    home.assert_clean("run", &[]);
}

#[test]
fn rows_of_data_tell_no_canary() {
    let home = Home::new();
    home.write("typed-here/rows.csv", &format!("api_token\n{}\n", canary("given")));
    let output = home.run(&[
        "run",
        "a/given",
        "--data",
        "typed-here/rows.csv",
        "--har",
        "d.har",
        "--jsonl",
        "d.jsonl",
        "--pcapng",
        "d.pcapng",
        "--save",
        "rows",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(holds(&home.peers.got.lock().unwrap(), "given"));
    assert_said_nothing("run --data", &output);
    home.assert_clean("run --data", &[]);
}

#[test]
fn no_export_of_any_kind_holds_a_canary() {
    let home = Home::new();
    let [token, code] = given();
    for kind in [
        "curl", "requests", "python", "http", "hurl", "postman", "har", "k6", "rust", "nc",
        "socat", "openapi",
    ] {
        for preset in CLIENTS.into_iter().chain(["chain/2", "mock/web", "mock/tcp"]) {
            let words =
                ["export", preset, "--as", kind, "--env", "e", "--var", &token, "--var", &code];
            assert_said_nothing(&format!("export {preset} --as {kind}"), &home.run(&words));
        }
        let folder = format!("exports-{kind}/");
        let all = [
            "export", ".", "--as", kind, "--env", "e", "--var", &token, "--var", &code, "-o",
            &folder,
        ];
        assert_said_nothing(&format!("export . --as {kind}"), &home.run(&all));
    }
    home.assert_clean("export", &[]);
}

#[test]
fn listeners_and_relays_tell_no_canary() {
    let home = Home::new();
    for style in ["--json", "--text"] {
        let words = [
            "listen", "mock/web", "--env", "e", "--count", "1", style, "--har", "l.har",
            "--pcapng", "l.pcapng",
        ];
        let listener = listening(&mut home.command(&words));
        let url = format!("http://127.0.0.1:{}/", listener.port);
        let asked =
            home.run(&["send", "POST", &url, "--bearer", &canary("bearer"), "-q", "--no-history"]);
        assert_eq!(asked.status.code(), Some(0), "{}", text(&asked.stderr));
        assert_told_nothing("listen", listener.said().as_bytes(), &[]);
        let target = format!("http://{}", home.peers.http);
        let relay = [
            "relay",
            "http://127.0.0.1:0",
            &target,
            "--count",
            "1",
            style,
            "--har",
            "r.har",
            "--pcapng",
            "r.pcapng",
        ];
        let relay = listening(&mut home.command(&relay));
        let set = format!("url=http://127.0.0.1:{}/relayed", relay.port);
        let ended = home.run(&["send", "typed/heads", "--set", &set, "-q", "--no-keep"]);
        assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
        relay.interrupt();
        assert_told_nothing("relay", relay.said().as_bytes(), &[]);
    }
    home.assert_clean("listen, relay", &[]);
}

#[test]
fn files_of_credentials_and_keys_are_told_by_their_names_alone() {
    let home = Home::new();
    home.write("typed-here/token", &canary("bearer"));
    home.write("typed-here/login", &format!("ann:{}", canary("basic")));
    home.write(
        "typed-here/cert.pem",
        &format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", canary("own")),
    );
    home.write(
        "typed-here/key.pem",
        &format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", canary("key")),
    );
    let url = format!("http://{}/", home.peers.http);
    for words in [
        &["send", &url, "--bearer", "@typed-here/token", "--json"][..],
        &["send", &url, "-a", "@typed-here/login", "--json"],
        &["send", &url, "-a", "@typed-here/login", "--offline"],
        &[
            "listen",
            "tls://127.0.0.1:0",
            "--cert",
            "typed-here/cert.pem",
            "--key",
            "typed-here/key.pem",
        ],
        &[
            "listen",
            "tls://127.0.0.1:0",
            "--cert",
            "typed-here/key.pem",
            "--key",
            "typed-here/token",
        ],
        &["env", "e", "--json"],
        &["env", "e"],
        &["run", "nothing-of-this-name", "--env", "e"],
    ] {
        assert_said_nothing(&format!("{words:?}"), &home.run(words));
    }
    let command = format!(
        "curl -u ann:{} -H 'Authorization: Bearer {}' {url}",
        canary("basic"),
        canary("bearer")
    );
    home.write("typed-here/command", &command);
    for more in [&["--dry-run"][..], &[]] {
        let words: Vec<&str> =
            ["import", "typed-here/command"].iter().chain(more).copied().collect();
        assert_said_nothing("import", &home.run(&words));
    }
    home.assert_clean("files", &[]);
}

/// Whether programs can be watched here.
fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let is_there = tried.is_ok_and(|tried| tried.status.success());
    assert!(is_there || std::env::var_os("CI").is_none(), "strace cannot trace");
    is_there
}

#[test]
fn programs_that_are_started_get_no_canary_in_their_words_or_environment() {
    if !can_trace() {
        eprintln!("skipped: no strace here, or it may not trace");
        return;
    }
    let home = Home::new();
    let filter = "\"json .ok\" = true";
    let checked = format!(
        "[http]\nurl = \"http://{}/{{{{secret.path}}}}\"\n[expect]\n{filter}\n",
        home.peers.http
    );
    home.write("presets/checked.toml", &checked);
    for words in [
        &["send", "a/program", "--env", "e"][..],
        &["send", "checked", "--env", "e", "--json"],
        &["send", "a/heads", "--env", "e", "--jq", ".ok"],
        &["run", "a/heads", "a/program", "checked", "chain/1", "--env", "e"],
        &["exec", "--env", "e", "--", "sh", "-c", "env; cat /proc/$PPID/cmdline"],
    ] {
        let log = home.path("typed-here");
        fs::create_dir_all(&log).unwrap();
        let log = log.join("strace.log");
        let mut traced = Command::new("strace");
        traced
            .args(["-f", "-qq", "-v", "-s", "65536", "-e", "trace=execve,execveat", "-o"])
            .arg(&log);
        traced.arg(program()).args(words).stdin(Stdio::null());
        traced.env("WIREBENCH_HOME", home.folder.path()).env_remove("WIREBENCH_LOG");
        traced.current_dir(home.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = finished(traced.spawn());
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", text(&output.stderr));
        let traced = fs::read(&log).unwrap();
        assert!(memchr::memmem::find(&traced, b"execve").is_some(), "{words:?}");
        assert_told_nothing(&format!("what {words:?} starts"), &traced, &[]);
        assert_said_nothing(&format!("{words:?}"), &output);
    }
    assert_told_nothing("the environment", &fs::read(home.path("seen-env")).unwrap(), &[]);
}

#[test]
fn the_workbench_leaves_no_canary_but_in_drafts() {
    let peers = Peers::new();
    let preset = format!(
        "[http]\nurl = \"http://ann:{}@{}/{{{{secret.path}}}}\"\nheaders = [\"X-Api-Key: {}\", \"X-Own: {{{{secret.own}}}}\"]\n",
        canary("tuser"),
        peers.http,
        canary("tkey")
    );
    let launch = Launch::default().size(150, 50).preset("a", &preset).args(&["--log", "trace"]);
    let home = Arc::clone(&launch.home);
    let folder = home.path().join("home/presets/env");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("e.toml"), "x = \"1\"\n").unwrap();
    let secrets = format!("path = \"{}\"\nown = \"{}\"\n", canary("path"), canary("own"));
    fs::write(folder.join("e.secret.toml"), secrets).unwrap();
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("200 OK");
    let state = home.path().join("home/state");
    wait_until("the entry is stored", || {
        let all = ["history.db", "history.db-wal"]
            .map(|name| fs::read(state.join(name)).unwrap_or_default());
        memchr::memmem::find(&all.concat(), b"{{forgotten}}").is_some()
    });
    tui.quit();
    assert!(holds(&peers.got.lock().unwrap(), "path"));
    let mut folders = vec![state];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() && !path.ends_with("drafts") => folders.push(path),
                path if path.is_file() => assert_clean_file(&path),
                _ => {}
            }
        }
    }
}

fn assert_clean_file(path: &Path) {
    assert_told_nothing(&path.display().to_string(), &fs::read(path).unwrap(), &[]);
}
