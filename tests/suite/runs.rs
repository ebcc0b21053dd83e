//! `wirebench run` as it is run: order, captures, needs, tags, tries, rounds, what is told and how it ends.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::peers::{echo_peer, read_head, tcp_peer, udp_peer};
use crate::harness::program::{command, finished, told};

/// A home with these files among its presets.
pub struct Home(tempfile::TempDir);

/// Status, what was said, and what was printed.
pub struct Ran {
    pub status: Option<i32>,
    pub said: String,
    pub printed: String,
}

impl Home {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = home.path().join("presets").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Home(home)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = command(&[&["run"], arguments].concat());
        command.env("WIREBENCH_HOME", self.path()).current_dir(self.path());
        let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        let (status, said) = told(&output);
        Ran { status, said, printed: String::from_utf8_lossy(&output.stdout).into_owned() }
    }
}

impl Ran {
    pub fn lines(&self) -> Vec<Value> {
        self.printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `preset verdict` of each, in the order in which they were over.
    pub fn verdicts(&self) -> Vec<String> {
        let rows = self.lines().into_iter().filter(|line| line["type"] == "preset");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rows.map(|row| format!("{} {}", text(&row["preset"]), text(&row["verdict"]))).collect()
    }
}

/// Answers by the path of the request: `/200/text` is status 200 with that text, `/token` a token, and so on;
/// what was asked is noted.
pub fn server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (notes, count) = (Arc::clone(&seen), AtomicUsize::new(0));
    let peer = tcp_peer(move |mut stream| {
        let Some(head) = read_head(&mut stream) else { return };
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        notes.lock().unwrap().push(path.clone());
        let (status, body) = match path.as_str() {
            "/token" => (
                200,
                format!("{{\"token\": \"T-{}-long-token\"}}", count.fetch_add(1, Ordering::SeqCst)),
            ),
            "/flaky" if count.fetch_add(1, Ordering::SeqCst) == 0 => (503, "later".to_owned()),
            "/hang" => {
                let _ = stream.read(&mut [0; 1]);
                return;
            }
            _ => {
                let mut parts = path.split('/').skip(1);
                let status = parts.next().and_then(|status| status.parse().ok());
                (status.unwrap_or(200), parts.next().unwrap_or_default().to_owned())
            }
        };
        let _ = write!(
            stream,
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
    });
    (peer, seen)
}

pub fn http(peer: SocketAddr, path: &str, more: &str) -> String {
    format!("[http]\nurl = \"http://{peer}{path}\"\n{more}")
}

#[test]
fn a_folder_runs_in_its_order_and_hands_captures_on() {
    let (peer, seen) = server();
    let home = Home::new(&[
        ("users/_defaults.toml", "order = [\"login\"]\n[vars]\nwho = \"ann\"\n"),
        ("users/login.toml", &http(peer, "/token", "\n[capture]\ntoken = \"json .token\"\n")),
        ("users/a.toml", &http(peer, "/200/{{token}}", "\n[expect]\nbody = \"contains 'T-'\"\n")),
        ("users/sub/b.toml", &http(peer, "/201/{{who}}", "\n[expect]\nstatus = 201\n")),
        ("users/mock.toml", "[http-listener]\nbind = \"127.0.0.1:0\"\n"),
        ("other.toml", &http(peer, "/500", "")),
    ]);
    let ran = home.run(&["users"]);
    assert_eq!(ran.status, Some(0), "{}", ran.said);
    assert_eq!(ran.verdicts(), ["users/login passed", "users/a passed", "users/sub/b passed"]);
    assert_eq!(*seen.lock().unwrap(), ["/token", "/200/T-0-long-token", "/201/ann"]);
    let last = ran.lines().pop().unwrap();
    assert_eq!(
        (&last["type"], &last["passed"], &last["met"]),
        (&"run".into(), &3.into(), &3.into())
    );
    assert!(!ran.printed.contains("T-0-long"), "a token is a secret: {}", ran.printed);
    let ran = home.run(&["users", "--text", "--var", "who=bob", "--with-secrets"]);
    assert!(ran.printed.contains("3 of 3 passed; 3 of 3 expectations met"), "{}", ran.printed);
    assert_eq!(seen.lock().unwrap().last().unwrap(), "/201/bob");
}

#[test]
fn what_is_not_met_is_1_and_what_cannot_be_sent_has_its_own_status() {
    let (peer, _) = server();
    let bad = http(peer, "/200/x", "\n[expect]\nstatus = 500\nbody = \"x\"\n");
    let home = Home::new(&[
        ("a.toml", &bad),
        ("b.toml", "[http]\nurl = \"http://127.0.0.1:1/\"\n"),
        ("c.toml", &http(peer, "/{{nobody}}", "")),
        ("d.toml", "[http]\nurll = \"x\"\n"),
        ("e.toml", &http(peer, "/200/x", "")),
    ]);
    let ran = home.run(&["."]);
    assert_eq!(ran.status, Some(1));
    let all = ["a failed", "b error", "c error", "d error", "e passed"];
    assert_eq!(ran.verdicts(), all, "{}", ran.printed);
    assert_eq!(ran.lines()[0]["checks"][0]["got"], "200");
    for (names, status) in [(&["b", "e"][..], 3), (&["c", "b"], 2), (&["d"], 2), (&["nope"], 2)] {
        let ran = home.run(names);
        assert_eq!(ran.status, Some(status), "{names:?}: {} {}", ran.said, ran.printed);
    }
    let ran = home.run(&["a", "c", "d", "--text"]);
    for part in [
        "FAIL a",
        "    status: expected 500, got 200",
        "ERR  c",
        "nobody",
        "d.toml:2:1: unknown key 'urll'",
        "0 of 3 passed, 1 failed, 2 could not run",
    ] {
        assert!(ran.printed.contains(part), "{part}: {}", ran.printed);
    }
    let ran = home.run(&[".", "--fail-fast"]);
    assert_eq!((ran.status, ran.verdicts()), (Some(1), vec!["a failed".to_owned()]));
    let last = ran.lines().pop().unwrap();
    assert_eq!((&last["skipped"], &last["all"]), (&4.into(), &5.into()), "{last}");
}

#[test]
fn an_order_that_names_nothing_is_refused_with_its_line() {
    let home = Home::new(&[
        ("f/_defaults.toml", "# first\norder = [\n  \"loginn\",\n]\n"),
        ("f/login.toml", "[http]\nurl = \"http://127.0.0.1:1/\"\n"),
    ]);
    let ran = home.run(&["f"]);
    assert_eq!(ran.status, Some(2));
    let says =
        "f/_defaults.toml:3:3: 'order' names 'loginn', which is not there (did you mean 'login'?)";
    assert!(ran.said.contains(says), "{}", ran.said);
}

#[test]
fn listeners_are_started_for_the_run_and_makers_run_first() {
    let client = |path: &str, more: &str| {
        format!("[http]\nurl = \"http://127.0.0.1:{{{{mock.users.port}}}}{path}\"\n{more}")
    };
    let rules = "rule = [{ path = \"/login\", body.json = '{\"token\": \"s3cret\"}' }, { path = \"/users\", \
                 status = 201 }]\n";
    let home = Home::new(&[
        ("mock/users.toml", &format!("[http-listener]\nbind = \"127.0.0.1:0\"\n{rules}")),
        (
            "api/create.toml",
            &client(
                "/users",
                "headers = [\"X-T: {{token}}\"]\nneeds = [\"mock/users\", \"login\"]\n\n\
                 [expect]\nstatus = 201\n",
            ),
        ),
        (
            "api/login.toml",
            &client("/login", "needs = [\"mock/users\"]\n\n[capture]\ntoken = \"json .token\"\n"),
        ),
    ]);
    let ran = home.run(&["api/create"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    assert_eq!(ran.verdicts(), ["api/login passed", "api/create passed"]);
    assert!(ran.said.contains("mock/users listens on 127.0.0.1:"), "{}", ran.said);
    assert_eq!(ran.lines()[0]["why"], "needed by api/create");
    assert!(!ran.printed.contains("s3cret") && !ran.said.contains("s3cret"), "{}", ran.printed);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    fs::write(
        home.path().join("presets/mock/users.toml"),
        format!("[http-listener]\nbind = \"{port}\"\n"),
    )
    .unwrap();
    let ran = home.run(&["api/create"]);
    assert_eq!(ran.status, Some(3), "{}", ran.printed);
    assert_eq!(ran.verdicts(), ["mock/users error", "api/login skipped", "api/create skipped"]);
}

#[test]
fn a_need_that_did_not_pass_skips_and_a_circle_is_refused() {
    let (peer, _) = server();
    let home = Home::new(&[
        ("a.toml", &http(peer, "/200/x", "needs = [\"b\"]\n")),
        ("b.toml", &http(peer, "/500/x", "\n[expect]\nstatus = 200\n")),
        ("c.toml", &http(peer, "/200/x", "needs = [\"d\"]\n")),
        ("d.toml", &http(peer, "/200/x", "needs = [\"c\"]\n")),
    ]);
    let ran = home.run(&["a"]);
    assert_eq!(
        (ran.status, ran.verdicts()),
        (Some(1), vec!["b failed".into(), "a skipped".into()])
    );
    assert!(ran.printed.contains("b did not pass, which it needs"), "{}", ran.printed);
    let ran = home.run(&["c"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.said.contains("in a circle: c → d → c"), "{}", ran.said);
}

#[test]
fn what_was_captured_too_long_ago_is_captured_again() {
    let (peer, seen) = server();
    let login = http(peer, "/token", "max-age = \"1ms\"\n\n[capture]\nid = \"json .token\"\n");
    let user = http(peer, "/201/{{id}}", "needs = [\"login\"]\n");
    // So many that more than that goes by, however fast they are.
    let names: Vec<String> = (10..30).map(|number| format!("p{number}.toml")).collect();
    let users = names.iter().map(|name| (name.as_str(), user.as_str()));
    let files: Vec<(&str, &str)> = users.chain([("login.toml", login.as_str())]).collect();
    let ran = Home::new(&files).run(&["login", "."]);
    assert_eq!(ran.status, Some(0), "{}", ran.printed);
    let seen = seen.lock().unwrap().clone();
    let last = seen.iter().rposition(|path| path == "/token").unwrap();
    assert!(last > 0 && seen.last().unwrap().starts_with("/201/T-"), "{seen:?}");
    assert!(ran.printed.contains("what it captured is too old for"), "{}", ran.printed);
}

#[test]
fn tags_tries_and_rounds() {
    let (peer, seen) = server();
    let home = Home::new(&[
        ("a.toml", &http(peer, "/flaky", "tags = [\"smoke\"]\n\n[expect]\nstatus = 200\n")),
        ("b.toml", &http(peer, "/200/b", "tags = [\"smoke\", \"slow\"]\n")),
        ("c.toml", &http(peer, "/200/c", "")),
    ]);
    let ran =
        home.run(&[".", "--tag", "smoke and not slow", "--retry", "1", "--retry-delay", "10ms"]);
    assert_eq!(
        (ran.status, ran.verdicts()),
        (Some(0), vec!["a passed".to_owned()]),
        "{}",
        ran.said
    );
    assert_eq!(ran.lines()[0]["tries"], 2);
    assert!(ran.said.contains("a is tried again (2 of 2): status: expected 200, got 503"));
    seen.lock().unwrap().clear();
    let ran = home.run(&["b", "c", "--repeat", "3", "--parallel", "4"]);
    assert_eq!((ran.status, ran.verdicts().len()), (Some(0), 6));
    assert_eq!(seen.lock().unwrap().len(), 6);
    assert!(ran.printed.contains("\"round\":\"repetition 3\""), "{}", ran.printed);
    let ran = home.run(&["a", "--tag", "a b"]);
    assert_eq!(ran.status, Some(2));
}

#[test]
fn a_dry_run_sends_nothing_and_says_what_is_missing() {
    let (peer, seen) = server();
    let home = Home::new(&[
        ("a.toml", &http(peer, "/token", "\n[capture]\ntoken = \"json .token\"\n")),
        ("b.toml", &http(peer, "/200/{{token}}/{{nobody}}", "needs = [\"mock\"]\n")),
        ("mock.toml", "[http-listener]\nbind = \"127.0.0.1:0\"\n"),
    ]);
    let ran = home.run(&[".", "--dry-run"]);
    assert_eq!(ran.status, Some(2), "{}", ran.said);
    for part in ["starts mock", "  1. a (", "  2. b (", "{{nobody}} has no value", "2 would run"] {
        assert!(ran.printed.contains(part), "{part}: {}", ran.printed);
    }
    assert!(!ran.printed.contains("{{token}} has no"), "{}", ran.printed);
    assert_eq!(home.run(&[".", "--dry-run", "--var", "nobody=x"]).status, Some(0));
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn a_dry_run_shows_where_it_leads_as_far_as_that_is_known() {
    let (peer, seen) = server();
    let defaults = format!(
        "[vars]\nbase = \"http://{peer}/{{{{part}}}}\"\npart = \"200\"\nlost = \"a/{{{{nope}}}}\"\n"
    );
    let get = |path: &str, more: &str| format!("[http]\nurl = \"{{{{base}}}}/{path}\"\n{more}");
    let home = Home::new(&[
        ("_defaults.toml", &defaults),
        ("a.toml", &get("one", "\n[capture]\nid = \"json .id\"\n")),
        ("b.toml", &get("{{id}}/{{row}}/{{key.same}}?pw={{secret.pw}}", "")),
        ("c.toml", &get("{{lost}}", "")),
        ("d.toml", &get("{{choose 'Region' 'eu' 'us'}}/{{later}}", "").replace('\'', "\\\"")),
        ("env/dev.toml", "later = { command = [\"false\"] }\n"),
        ("env/dev.secret.toml", "pw = \"canary-pw\"\n"),
        ("rows.csv", "row,key.same\n1,k\n2,k\n"),
    ]);
    let rows = home.path().join("presets").join("rows.csv");
    let given = ["--env", "dev", "--data", rows.to_str().unwrap(), "--var", "Region=us"];
    let ran = home.run(&[&[".", "--dry-run"], &given[..]].concat());
    let fourth = format!("  4. d (GET http://{peer}/200/us/{{{{later}}}})");
    let first = format!("  1. a (GET http://{peer}/200/one)");
    let second = format!("  2. b (GET http://{peer}/200/{{{{id}}}}/{{{{row}}}}/k?pw=********)");
    let third = format!("  3. c (GET http://{peer}/200/a/{{{{nope}}}})");
    for part in [&first, &second, &third, &fourth, "{{lost}} has no value: ", "'lost'"] {
        assert!(ran.printed.contains(part), "{part}: {}", ran.printed);
    }
    assert!(!ran.printed.contains("{{later}} has no value"), "a program gives it: {}", ran.printed);
    assert_eq!(ran.status, Some(2), "what a run would refuse a dry run says: {}", ran.printed);
    assert!(!ran.printed.contains("canary-pw") && seen.lock().unwrap().is_empty());
}

/// What a dry run tells of: listeners, makers, what has no value, and a file that cannot be read.
const DRY: [(&str, &str); 8] = [
    ("_defaults.toml", "[vars]\nbase = \"http://{{mock.address}}\"\n"),
    (
        "a.toml",
        "about = \"logs in\"\n[http]\nmethod = \"POST\"\nurl = \"{{base}}/login?k={{secret.pw}}\"\nneeds = [\"mock\"]\nauth.bearer = \"{{secret.pw}}\"\nbody.json = '{\"u\": \"ann\"}'\n\n[capture]\ntoken = \"json .token\"\n",
    ),
    (
        "b.toml",
        "[http]\nurl = \"http://{{fixed.address}}/{{nobody}}\"\nheaders = [\"X-Token: {{token}}\"]\nneeds = [\"fixed\"]\n",
    ),
    (
        "c.toml",
        "[tcp]\naddress = \"h:{{fixed.port}}\"\nneeds = [\"fixed\"]\nstep = [{ send = \"AUTH {{token}}\\r\\n\" }, { expect = \"OK\", within = \"2s\" }]\n",
    ),
    ("d.toml", "[http]\nurll = \"x\"\n"),
    ("env/dev.secret.toml", "pw = \"canary-pw\"\n"),
    ("fixed.toml", "[http-listener]\nbind = \"127.0.0.1:7099\"\n\n[expect]\ncalled = 1\n"),
    ("mock.toml", "[http-listener]\nbind = \"127.0.0.1:0\"\n"),
];

#[test]
fn a_dry_run_tells_as_json_what_would_be_sent_and_what_stays_unresolved() {
    let home = Home::new(&DRY);
    let ran = home.run(&[".", "--dry-run", "--json", "--env", "dev"]);
    assert_eq!(ran.status, Some(2), "{}", ran.said);
    assert!(!ran.printed.contains("canary-pw"), "{}", ran.printed);
    let lines: Vec<serde_json::Value> =
        ran.printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |preset: &str| lines.iter().find(|line| line["preset"] == preset).unwrap();
    let starts = ["mock", "fixed"].map(of);
    assert_eq!(starts.map(|it| it["type"].as_str().unwrap()), ["would_start"; 2]);
    assert_eq!(starts[0]["at_run_time"], serde_json::json!(["mock.address", "mock.port"]));
    assert_eq!(starts[1]["address"], "127.0.0.1:7099");
    assert_eq!(starts[1]["expects"], serde_json::json!([["called", "1"]]));
    let (a, b, c) = (of("a"), of("b"), of("c"));
    assert_eq!((&a["type"], &a["about"]), (&"would_send".into(), &"logs in".into()));
    assert_eq!(a["request"]["url"], "http://{{mock.address}}/login?k={{secret.pw}}");
    assert_eq!(a["request"]["method"], "POST");
    assert_eq!(a["request"]["body"]["text"], "{\"u\": \"ann\"}");
    assert_eq!(
        (&a["at_run_time"], &a["unresolved"]),
        (&serde_json::json!(["mock.address"]), &serde_json::json!([]))
    );
    let headers = |line: &serde_json::Value| line["request"]["headers"].to_string();
    assert!(headers(a).contains("[\"Content-Type\",\"application/json\"]"), "{a}");
    assert!(headers(a).contains("[\"Host\",\"{{mock.address}}\"]"), "{a}");
    assert_eq!(b["request"]["url"], "http://127.0.0.1:7099/{{nobody}}");
    assert!(headers(b).contains("{{token}}"), "{b}");
    assert_eq!(b["unresolved"], serde_json::json!([{ "name": "nobody", "why": "has no value" }]));
    assert_eq!(b["at_run_time"], serde_json::json!(["token"]));
    assert_eq!(c["address"], "h:7099");
    assert_eq!(c["steps"][0]["send"]["text"], "AUTH {{token}}\r\n");
    assert_eq!(
        (&c["steps"][1]["expect"], &c["steps"][1]["within"]),
        (&"'OK'".into(), &"2s".into())
    );
    assert!(of("d")["error"].as_str().unwrap().contains("unknown key 'urll'"));
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["type"], &last["presets"], &last["complete"]),
        (&"dry_run".into(), &4.into(), &false.into())
    );
    // As text, a fixed port is filled in, and of one that the system chooses it is said.
    let ran = home.run(&[".", "--dry-run", "--env", "dev"]);
    for part in [
        "GET http://127.0.0.1:7099/{{nobody}}",
        "127.0.0.1:7099)",
        "{{mock.address}} is known when it listens)",
        "POST http://{{mock.address}}/login?k=********",
    ] {
        assert!(ran.printed.contains(part), "{part}: {}", ran.printed);
    }
}

#[test]
fn what_a_cookie_or_a_token_holds_is_told_by_no_report() {
    let home = Home::new(&[
        (
            "mock.toml",
            "[http-listener]\nbind = \"127.0.0.1:0\"\nheaders = [\"Set-Cookie: sid=canary-sid\"]\nbody.json = '{\"token\":\"canary-tok\",\"id\":\"seen\"}'\n",
        ),
        (
            "a.toml",
            "[http]\nurl = \"http://{{mock.address}}/\"\nneeds = [\"mock\"]\n\n[capture]\ns = \"cookie.sid\"\nt = \"json .token\"\nid = \"json .id\"\n\n[expect]\n\"cookie.sid\" = \"exists\"\n\"header.set-cookie\" = \"contains 'nothing'\"\n\"json .token\" = \"exists\"\n\"cookie.none\" = \"exists\"\n",
        ),
    ]);
    for kind in ["text", "json", "junit", "html", "md", "tap"] {
        let ran = home.run(&["a", "--report", kind]);
        assert_eq!(ran.status, Some(1), "{}", ran.said);
        assert!(!ran.printed.contains("canary"), "{kind}: {}", ran.printed);
    }
    let ran = home.run(&["a"]);
    assert!(
        !ran.printed.contains("canary") && ran.printed.contains("\"value\":\"seen\""),
        "{}",
        ran.printed
    );
    let ran = home.run(&["a", "--with-secrets"]);
    assert!(ran.printed.contains("'canary-sid'") && ran.printed.contains("canary-tok"));
}

#[test]
fn conversations_end_with_their_steps_and_expectations() {
    let peer = echo_peer();
    let (socket, udp) = udp_peer();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((read, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..read], from);
        }
    });
    let tcp = |steps: &str, more: &str| {
        format!("[tcp]\naddress = \"{peer}\"\nstep = [{steps}]\n\n{more}")
    };
    let home = Home::new(&[
        ("a.toml", &tcp("{ send = \"PING\" }, { expect = \"PING\" }", "[expect]\nsize = 4\n")),
        ("b.toml", &tcp("{ send = \"PONG\" }", "[capture]\nsaid = \"body\"\n")),
        ("c.toml", &tcp("{ send = \"{{said}}!\" }", "[expect]\nbody = \"PONG!\"\n")),
        ("d.toml", &tcp("{ send = \"x\" }, { expect = \"NEVER\", within = \"50ms\" }", "")),
        ("e.toml", &tcp("{ send = \"x\" }", "")),
        (
            "f.toml",
            &format!(
                "[udp]\naddress = \"{udp}\"\nstep = [{{ send = \"1\" }}]\n\n[expect]\nlost = 0\n"
            ),
        ),
    ]);
    let ran = home.run(&["."]);
    let all = ["a passed", "b passed", "c passed", "d failed", "e passed", "f passed"];
    assert_eq!(
        (ran.status, ran.verdicts()),
        (Some(1), all.map(str::to_owned).to_vec()),
        "{}",
        ran.printed
    );
    let took = ran.lines().iter().filter_map(|line| line["took_us"].as_u64()).max().unwrap();
    assert!(took < 4_000_000, "nothing waits to be quiet: {}", ran.printed);
    assert!(ran.printed.contains("'NEVER' did not come"), "{}", ran.printed);
}

#[test]
fn an_interrupt_ends_it_at_once_with_what_ran_so_far() {
    let (peer, _) = server();
    let home = Home::new(&[
        ("a.toml", &http(peer, "/200/x", "")),
        ("b.toml", &http(peer, "/hang", "")),
        ("c.toml", &http(peer, "/200/x", "")),
    ]);
    let mut command = command(&["run", "."]);
    command.env("WIREBENCH_HOME", home.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    // The first preset is over.
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = finished(Ok(child));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(6), "{printed}");
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["all"]), (&"run".into(), &3.into()), "{printed}");
    assert_eq!((&last["stopped"], &last["passed"]), (&"interrupted".into(), &1.into()));
}

#[test]
fn a_preset_that_takes_too_long_is_a_timeout() {
    let (peer, _) = server();
    let home = Home::new(&[("a.toml", &http(peer, "/hang", ""))]);
    let ran = home.run(&["a", "--timeout", "100ms"]);
    assert_eq!(ran.status, Some(5), "{} {}", ran.said, ran.printed);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one run, six reports")]
fn reports_are_whole_valid_and_hide_secrets() {
    let (peer, _) = server();
    let canary = "C4N4RY-s3cret";
    let home = Home::new(&[
        ("env/dev.secret.toml", &format!("key = \"{canary}\"\n")),
        (
            "f/a.toml",
            &format!(
                "about = \"<b>&amp; | `x`</b>\"\n{}",
                http(
                    peer,
                    "/200/{{secret.key}}?api_key={{secret.key}}",
                    "\n[expect]\nbody = \"x</pre><script>'\"\nstatus = 200\n\n[capture]\ntoken = \"body\"\n",
                )
            ),
        ),
        ("f/b.toml", &http(peer, "/200/{{token}}", "\n[expect]\nsize = 3\n")),
        ("c.toml", "[tcp]\naddress = \"127.0.0.1:1\"\n"),
        ("d.toml", &http(peer, "/200/x", "needs = [\"c\"]\n")),
    ]);
    let kinds = ["text", "json", "junit", "tap", "html", "md"];
    let file = |kind: &str| home.path().join(format!("report.{kind}"));
    let mut arguments = vec!["f".to_owned(), "d".into(), "--env".into(), "dev".into()];
    for kind in kinds {
        arguments.extend(["--report".to_owned(), format!("{kind}={}", file(kind).display())]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = home.run(&arguments);
    assert_eq!(ran.status, Some(1), "{}", ran.said);
    let mut all = vec![ran.said.clone(), ran.printed.clone()];
    let read = |kind: &str| fs::read_to_string(file(kind)).unwrap();
    all.extend(kinds.map(read));
    for (told, kind) in all.iter().zip(["said", "printed"].into_iter().chain(kinds)) {
        assert!(!told.contains(canary), "{kind} tells a secret: {told}");
    }
    let json: Value = serde_json::from_str(&read("json")).unwrap();
    assert_eq!((&json["v"], &json["summary"]["failed"]), (&1.into(), &2.into()), "{json}");
    let verdicts: Vec<&str> = json["presets"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["verdict"].as_str())
        .collect();
    assert_eq!(verdicts, ["failed", "failed", "error", "skipped"]);
    let html = read("html");
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
    assert!(!html.contains("http-equiv=\"refresh\"") && !html.contains("src="), "{html}");
    let tap = read("tap");
    assert!(tap.starts_with("TAP version 14\n1..4\nnot ok 1 - f/a"), "{tap}");
    assert!(tap.contains("ok 4 - d # SKIP c did not pass"), "{tap}");
    assert!(read("md").contains("| `f/a` | failed |"), "{}", read("md"));
    assert!(read("text").contains("FAIL f/a"), "{}", read("text"));
    let junit = read("junit");
    for part in [
        "<testsuites name=\"wirebench\" tests=\"4\" failures=\"2\" errors=\"1\"",
        "<testsuite name=\"f\" tests=\"2\" failures=\"2\" errors=\"0\" skipped=\"0\"",
        "<property name=\"environment\" value=\"dev\"/>",
        "<testcase classname=\"f\" name=\"a\"",
        "<failure message=\"body: expected x&lt;/pre&gt;&lt;script&gt;",
        "<skipped message=\"c did not pass, which it needs\"/>",
    ] {
        assert!(junit.contains(part), "{part}: {junit}");
    }
    let ran = home.run(&["f", "--env", "dev", "--report", "tap"]);
    assert!(ran.printed.starts_with("TAP version 14\n"), "{}", ran.printed);
    for (words, says) in
        [("junitt=x", "did you mean 'junit'?"), ("junit=no/such/folder/x.xml", "does not exist")]
    {
        let ran = home.run(&["d", "--report", words]);
        assert_eq!(ran.status, Some(2), "{words}: {}", ran.said);
        assert!(ran.said.contains(says), "{says}: {}", ran.said);
    }
}

#[test]
fn every_row_of_data_is_a_round_with_its_values() {
    let (peer, seen) = server();
    let home = Home::new(&[
        ("a.toml", &http(peer, "/{{status}}/{{name}}", "\n[capture]\ngot = \"body\"\n")),
        ("b.toml", &http(peer, "/200/{{got}}", "\n[expect]\nbody = \"{{name}}\"\nstatus = 200\n")),
    ]);
    let file = home.path().join("rows.csv");
    fs::write(&file, "name,status\nann,200\n\"bob\",201\n").unwrap();
    let file = file.to_str().unwrap();
    let ran = home.run(&[".", "--data", file]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    assert_eq!(*seen.lock().unwrap(), ["/200/ann", "/200/ann", "/201/bob", "/200/bob"]);
    assert_eq!(ran.lines()[2]["round"], "row 2: bob");
    let ran = home.run(&[".", "--data", file, "--parallel", "8"]);
    assert_eq!(ran.status, Some(0), "each round has values of its own: {}", ran.printed);
    fs::write(file, "name,status\nann\n").unwrap();
    let ran = home.run(&[".", "--data", file]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.said.contains("rows.csv:2: the header has 2 columns, this row 1"), "{}", ran.said);
}

#[test]
fn the_folder_that_ships_is_green_on_a_fresh_machine() {
    let home = Home::new(&[]);
    let ran = home.run(&["starter", "--json"]);
    let all = ["login", "session", "create", "missing", "greet", "measure", "mock/api"];
    let expected: Vec<String> = all.iter().map(|name| format!("starter/{name} passed")).collect();
    assert_eq!(ran.verdicts(), expected, "{}", ran.said);
    assert_eq!(ran.status, Some(0), "{}", ran.said);
    assert!(!home.path().join("presets").exists(), "nothing is made by looking");
}
