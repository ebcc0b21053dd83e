//! What is expected of listeners, in `wirebench run` and `wirebench listen`: how often they were called, and what
//! came last.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::process::{Child, ChildStderr, Stdio};

use crate::harness::program::{command, finished, talk};
use crate::runs::Home;

fn mock(expect: &str) -> String {
    format!(
        "about = \"users\"\n[http-listener]\nbind = \"127.0.0.1:0\"\nstatus = 201\n\n[expect]\n{expect}"
    )
}

fn client(path: &str, more: &str) -> String {
    format!(
        "[http]\nneeds = [\"mock/users\"]\nurl = \"http://{{{{mock.users.address}}}}{path}\"\n{more}"
    )
}

const POST: &str = "method = \"POST\"\nheaders = [\"X-Id: 7\", \"Cookie: a=1; b=2\"]\nbody.json = '{\"user\": {\"name\": \"Ann\"}}'\n";

#[test]
fn a_run_looks_at_what_came_to_its_listener() {
    let wanted = "called = 2\nmethod = \"POST\"\npath = \"/users\"\n\"query.page\" = 2\n\"query.q\" = \"a b\"\n\"header.x-id\" = 7\n\
                  \"cookie.b\" = 2\n\"json .user.name\" = \"Ann\"\nbody = \"contains 'Ann'\"\nsize = \"> 4\"\nstatus = 201\n";
    let home = Home::new(&[
        ("mock/users.toml", &mock(wanted)),
        ("api/a.toml", &client("/first", "")),
        ("api/b.toml", &client("/users?page=2&q=a+b", POST)),
    ]);
    let ran = home.run(&["api"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    assert_eq!(ran.verdicts(), ["api/a passed", "api/b passed", "mock/users passed"]);
    let last = ran.lines().pop().unwrap();
    assert_eq!((&last["checks"], &last["met"]), (&11.into(), &11.into()), "{last}");
    let ran = home.run(&["api", "--repeat", "3", "--parallel", "2", "--text"]);
    assert_eq!(ran.status, Some(1), "{}", ran.printed);
    assert!(
        ran.printed.contains("called: expected 2, got 6"),
        "once, of all rounds: {}",
        ran.printed
    );
}

#[test]
fn what_did_not_come_to_a_listener_is_1_in_every_report() {
    let home = Home::new(&[
        ("mock/users.toml", &mock("called = 2\npath = \"/users\"\n\"json .id\" = 1\n")),
        ("api/a.toml", &client("/other", "")),
    ]);
    let ran = home.run(&["api", "--text"]);
    assert_eq!(ran.status, Some(1), "{}", ran.printed);
    for part in [
        "FAIL mock/users",
        "needed by api/a",
        "    called: expected 2, got 1",
        "    path: expected /users, got '/other'",
        "    json .id: expected 1, got nothing: the body is empty",
        "1 of 2 passed, 1 failed; 0 of 3 expectations met",
    ] {
        assert!(ran.printed.contains(part), "{part}: {}", ran.printed);
    }
    for (kind, part) in [
        ("json", "\"preset\": \"mock/users\""),
        ("junit", "<testcase classname=\"mock\" name=\"users\""),
        ("tap", "not ok 2 - mock/users"),
        ("html", "<strong>mock/users</strong>"),
        ("md", "### `mock/users`: failed"),
    ] {
        let ran = home.run(&["api", "--report", kind]);
        assert!(ran.printed.contains(part) && ran.status == Some(1), "{kind}: {}", ran.printed);
        assert!(ran.printed.contains("called"), "{kind}: {}", ran.printed);
    }
}

#[test]
fn a_listener_that_nobody_called_says_so_and_one_that_was_not_to_be_called_passes() {
    let quiet = "[tcp-listener]\nbind = \"127.0.0.1:0\"\n\n[expect]\n";
    let home = Home::new(&[
        ("mock/users.toml", &mock("called = 0\n")),
        ("quiet.toml", &format!("{quiet}called = \"1..2\"\nbody = \"x\"\n")),
        (
            "a.toml",
            "[udp]\naddress = \"{{mock.users.address}}\"\nneeds = [\"mock/users\", \"quiet\"]\nstep = [{ send = \"x\" }]\n",
        ),
    ]);
    let ran = home.run(&["a", "--text"]);
    assert!(ran.printed.contains("ok   mock/users"), "{}", ran.printed);
    for part in
        ["called: expected 1..2, got 0", "body: expected x, got nothing: it was never called"]
    {
        assert!(ran.printed.contains(part), "{part}: {}", ran.printed);
    }
}

#[test]
fn connections_and_datagrams_are_counted_and_the_last_one_is_looked_at() {
    let lines = "[tcp-listener]\nbind = \"127.0.0.1:0\"\nrule = [{ send = \"ok\\n\" }]\n\n[expect]\ncalled = 2\nbody = \"second\"\n";
    let meter = "[udp-listener]\nbind = \"127.0.0.1:0\"\nrule = [{ send = \"ok\" }]\n\n[expect]\ncalled = 3\nbody = \"c\"\nsize = 1\n";
    let tcp = |text: &str| {
        format!(
            "[tcp]\naddress = \"{{{{lines.address}}}}\"\nneeds = [\"lines\"]\nstep = [{{ send = \"{text}\" }}, {{ expect = \"ok\" }}]\n"
        )
    };
    let steps = ["a", "b", "c"]
        .map(|text| format!("{{ send = \"{text}\" }}, {{ expect = \"ok\" }}"))
        .join(", ");
    let udp = format!(
        "[udp]\naddress = \"{{{{meter.address}}}}\"\nneeds = [\"meter\"]\nstep = [{steps}]\n"
    );
    let home = Home::new(&[
        ("lines.toml", lines),
        ("meter.toml", meter),
        ("t/a.toml", &tcp("first")),
        ("t/b.toml", &tcp("second")),
        ("t/c.toml", &udp),
    ]);
    let ran = home.run(&["t", "--text"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    assert!(ran.printed.contains("5 of 5 passed; 5 of 5 expectations met"), "{}", ran.printed);
}

#[test]
fn rules_are_counted_by_what_they_are_called() {
    let rules = "[http-listener]\nbind = \"127.0.0.1:0\"\nrule = [{ method = \"POST\", path = \"/users\", status = 201 }, { path = \"/x/*\" }]\n\n\
                 [expect]\n\"rule POST /users\" = 1\n\"rule any /x/*\" = \">= 2\"\n\"rule otherwise\" = 0\n";
    let files = |rules: &str| {
        Home::new(&[
            ("mock/users.toml", rules),
            ("api/a.toml", &client("/users", POST)),
            ("api/b.toml", &client("/x/1", "")),
            ("api/c.toml", &client("/x/2", "")),
        ])
    };
    let ran = files(rules).run(&["api", "--text"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    assert!(ran.printed.contains("3 of 3 expectations met"), "{}", ran.printed);
    let ran = files(&rules.replace("rule any /x/*", "rule any /y/*")).run(&["api"]);
    let told = format!("{} {}", ran.said, ran.printed);
    assert!(told.contains("there is no rule 'any /y/*'"), "{told}");
}

#[test]
fn rules_of_one_method_and_path_are_counted_together_and_by_their_rows() {
    let files = |expect: &str| {
        let rules = "[http-listener]\nbind = \"127.0.0.1:0\"\nrule = [{ path = \"/login\" }, { path = \"/login\", status = 429 }]\n\n";
        Home::new(&[
            ("mock/users.toml", &format!("{rules}[expect]\n{expect}\n")),
            ("api/a.toml", &client("/login", "")),
            ("api/b.toml", &client("/login", "\n[expect]\nstatus = 429\n")),
        ])
    };
    let counted = "\"rule any /login\" = 2\n\"rule any /login (row 1)\" = 1\n\"rule any /login (row 2)\" = 1\n";
    let ran = files(counted).run(&["api", "--text"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    let ran = files("\"rule any /login (row 9)\" = 0").run(&["api"]);
    let told = format!("{} {}", ran.said, ran.printed);
    assert!(told.contains("row 9 is no rule 'any /login'; it is in row 1, 2"), "{told}");
}

#[test]
fn a_run_that_ended_early_does_not_judge_its_listener() {
    let home = Home::new(&[
        ("mock/users.toml", &mock("called = 2\n")),
        ("api/a.toml", &client("/a", "\n[expect]\nstatus = 500\n")),
        ("api/b.toml", &client("/b", "")),
    ]);
    let ran = home.run(&["api", "--fail-fast"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.verdicts(), ["api/a failed", "mock/users skipped"], "{}", ran.printed);
}

#[test]
fn what_cannot_be_asked_of_a_listener_is_refused_at_its_line() {
    for (text, said) in [
        (mock("total = \"< 1s\"\n"), "'total' is not asked of a listener of http"),
        (mock("calls = 2\n"), "there is no field 'calls'; write called"),
        (
            "[http]\nurl = \"http://h/\"\n\n[expect]\ncalled = 1\n".to_owned(),
            "'called' is of listeners",
        ),
        (
            "[tcp-listener]\nbind = \":0\"\n\n[expect]\npath = \"/\"\n".to_owned(),
            "'path' is not asked of a listener of tcp",
        ),
    ] {
        let home = Home::new(&[("mock/users.toml", &text), ("api/a.toml", &client("/", ""))]);
        let ran = home.run(&["api", "mock"]);
        let told = format!("{} {}", ran.said, ran.printed);
        assert!(told.contains(said), "{said}: {told}");
    }
}

/// `wirebench listen` of a preset, where it listens, and what it says on standard error.
fn listening(home: &Home, more: &[&str]) -> (Child, u16, BufReader<ChildStderr>) {
    let mut command = command(&[&["listen", "it", "--json"], more].concat());
    command.env("WIREBENCH_HOME", home.path()).current_dir(home.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    errors.read_line(&mut first).unwrap();
    let place = first.split("127.0.0.1:").nth(1).unwrap_or_default();
    let port = place.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    (child, port.parse().unwrap_or_else(|_| panic!("{first}")), errors)
}

/// Its status, and what it said.
fn ended(child: Child, mut errors: BufReader<ChildStderr>) -> (Option<i32>, String) {
    let mut said = String::new();
    errors.read_to_string(&mut said).unwrap();
    (finished(Ok(child)).status.code(), said)
}

#[test]
fn listen_looks_at_its_end() {
    let of = |path: &str| {
        format!(
            "[http-listener]\nbind = \"127.0.0.1:0\"\n\n[expect]\ncalled = 2\npath = \"{path}\"\nbody = \"two\"\n"
        )
    };
    for (path, status) in [("/b", 0), ("/c", 1)] {
        let home = Home::new(&[("it.toml", &of(path))]);
        let (child, port, errors) = listening(&home, &["--count", "2"]);
        for (path, body) in [("/a", "one"), ("/b", "two")] {
            let ask = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{body}"
            );
            talk(port, ask.as_bytes());
        }
        let (ended, said) = ended(child, errors);
        assert_eq!(ended, Some(status), "{said}");
        assert_eq!(said.contains("path: expected /c, got '/b'"), status == 1, "{said}");
    }
}

#[test]
fn listen_counts_datagrams() {
    let text = "[udp-listener]\nbind = \"127.0.0.1:0\"\n\n[expect]\ncalled = 1\nbody = \"x\"\n";
    let home = Home::new(&[("it.toml", text)]);
    let (child, port, errors) = listening(&home, &["--count", "2"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..2 {
        socket.send_to(b"x", ("127.0.0.1", port)).unwrap();
    }
    let (ended, said) = ended(child, errors);
    assert_eq!(ended, Some(1), "{said}");
    assert!(said.contains("called: expected 1, got 2") && !said.contains("body"), "{said}");
}

#[test]
fn files_of_bodies_lie_beside_the_preset_else_where_the_program_was_started() {
    let mock = |name: &str, expect: &str| {
        let head = "[http-listener]\nbind = \"127.0.0.1:0\"\n\n[expect]\n";
        (format!("mock/{name}.toml"), format!("{head}{expect}\n"))
    };
    let sent = |name: &str, body: &str| {
        let address = format!("http://{{{{mock.{name}.address}}}}/");
        let head =
            format!("[http]\nneeds = [\"mock/{name}\"]\nmethod = \"POST\"\nurl = \"{address}\"\n");
        (format!("f/{name}.toml"), format!("{head}{body}\n"))
    };
    let files = [
        mock("whole", "body = \"beside\""),
        mock("form", "body = \"contains 'beside'\""),
        mock("here", "body = \"here\""),
        sent("whole", "body.file = \"body.txt\""),
        sent("form", "body.multipart = [{ name = \"a\", file = \"body.txt\" }]"),
        sent("here", "body.file = \"only-here.txt\""),
        ("f/body.txt".to_owned(), "beside".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    let home = Home::new(&files);
    for (name, text) in [("body.txt", "here, too"), ("only-here.txt", "here")] {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let ran = home.run(&["f", "--text"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    // What is typed on the command line is of the folder it is typed in.
    let offline = |words: &[&str]| {
        let mut command = command(&[&["send", "f/whole", "--offline"], words].concat());
        command.env("WIREBENCH_HOME", home.path()).current_dir(home.path());
        finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
    };
    let typed = offline(&["-d", "@body.txt", "--set", "url=http://127.0.0.1:1/"]);
    let printed = String::from_utf8_lossy(&typed.stdout);
    assert!(printed.contains("here, too"), "{typed:?}");
    std::fs::remove_file(home.path().join("presets/f/body.txt")).unwrap();
    std::fs::remove_file(home.path().join("body.txt")).unwrap();
    let gone = offline(&["--set", "url=http://127.0.0.1:1/"]);
    let said = String::from_utf8_lossy(&gone.stderr);
    assert!(
        said.contains("the body file body.txt cannot be read")
            && said.contains("presets/f nor here"),
        "{said}"
    );
}
