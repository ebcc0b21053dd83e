//! Rules of HTTP listeners as presets have them, on the wire: which of them answers, and what it makes of the request.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use wirebench::compose;
use wirebench::engine::command::Command;
use wirebench::model::exchange::Exchange;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{HttpListenerPlan, Plan};
use wirebench::model::preset::{PresetPath, Scope};
use wirebench::store::preset;

use super::http::{Bench, DEADLINE};

/// The plan of a preset; else all that is wrong with it.
fn planned(rules: &str) -> Result<HttpListenerPlan, String> {
    let text = format!("[http-listener]\nbind = \"127.0.0.1:0\"\nstatus = 404\n{rules}");
    let read = preset::read(&text, &PresetPath::parse("mock").unwrap());
    let read = read.map_err(|failure| failure.to_string())?;
    match compose::plan(&read.spec, &Scope::default()) {
        Ok(Plan::HttpListener(plan)) => Ok(plan),
        Ok(other) => panic!("{other:?}"),
        Err(issues) => {
            let told = issues.iter().map(|issue| format!("{}: {}", issue.field, issue.message));
            Err(told.collect::<Vec<_>>().join("\n"))
        }
    }
}

struct Mock {
    bench: Bench,
    session: SessionId,
    address: SocketAddr,
    version: u32,
}

impl Mock {
    async fn of(rules: &str) -> Self {
        let mut bench = Bench::new();
        let plan = planned(rules).unwrap();
        let (session, address) = bench.listen(plan).await;
        Mock { bench, session, address, version: 0 }
    }

    /// Other rules are in force, as a rule of their own tells.
    async fn change(&mut self, rules: &str) {
        self.version += 1;
        let path = format!("/version-{}", self.version);
        let told = format!("{rules}\n[[http-listener.rule]]\npath = \"{path}\"\nstatus = 210\n");
        let plan = Box::new(Plan::HttpListener(planned(&told).unwrap()));
        self.bench.handle.command(Command::Update { id: self.session, plan }).unwrap();
        let asked = format!("GET {path}");
        let began = std::time::Instant::now();
        while self.status(&asked, "").await != 210 {
            assert!(began.elapsed() < DEADLINE, "{rules}");
        }
    }

    /// Status, head and body of the answer, and the exchange.
    async fn asked(&mut self, head: &str, body: &str) -> (u16, String, String, Exchange) {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
        let fields: Vec<String> = fields.lines().map(|field| format!("{field}\r\n")).collect();
        let fields = fields.concat();
        let sent = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\n{fields}{length}Connection: close\r\n\r\n{body}"
        );
        let address = self.address;
        let reply = tokio::task::spawn_blocking(move || raw(address, sent.as_bytes()));
        let exchange = self.bench.ended_exchange(self.session).await;
        let reply = reply.await.unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
        let status = head.get(9..12).and_then(|it| it.parse().ok()).unwrap_or_default();
        (status, head.to_owned(), body.to_owned(), exchange)
    }

    async fn status(&mut self, head: &str, body: &str) -> u16 {
        self.asked(head, body).await.0
    }

    async fn body(&mut self, head: &str, body: &str) -> String {
        self.asked(head, body).await.2
    }
}

fn raw(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(sent).unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_answers_what_its_path_and_condition_say() {
    let mut mock = Mock::of(
        r#"
[[http-listener.rule]]
method = "GET"
path = "/users/{id}"
when = "header.accept contains json and query.full == yes"
status = 201

[[http-listener.rule]]
path = "~^/v\\d+/"
status = 202

[[http-listener.rule]]
method = "POST"
path = "/**"
when = "json .user.id == 42 or body matches '^id=\\d+$'"
status = 203

[[http-listener.rule]]
path = "/who"
when = "peer == 127.0.0.1 and cookie.sid == abc"
status = 205
"#,
    )
    .await;
    for (head, body, status) in [
        ("GET /users/7?full=yes\nAccept: application/json", "", 201),
        ("GET /users/7?full=no\nAccept: application/json", "", 404),
        ("GET /users/7/x?full=yes\nAccept: application/json", "", 404),
        ("DELETE /v12/anything", "", 202),
        ("POST /x/y", r#"{"user": {"id": 42}}"#, 203),
        ("POST /x/y", r#"{"user": {"id": 43}}"#, 404),
        ("POST /x/y", "id=12", 203),
        ("GET /who\nCookie: a=1; sid=abc", "", 205),
        ("GET /who", "", 404),
    ] {
        assert_eq!(mock.status(head, body).await, status, "{head} {body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_to_be_looked_into_fits_no_condition_and_is_said() {
    let rules =
        "[[http-listener.rule]]\npath = \"*\"\nwhen = \"not body contains x\"\nstatus = 200";
    let mut mock = Mock::of(rules).await;
    assert_eq!(mock.status("POST /", &"a".repeat(1024 * 1024)).await, 200);
    let (status, .., exchange) = mock.asked("POST /", &"a".repeat(1024 * 1024 + 1)).await;
    assert_eq!(status, 404);
    let said = exchange.warnings.join("\n");
    assert!(said.contains("1 MiB is looked into"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_answer_so_often_and_go_on_where_they_were_when_others_change() {
    let flaky = "[[http-listener.rule]]\npath = \"/a\"\ntimes = 2\nstatus = 503\n\
                 [[http-listener.rule]]\npath = \"/a\"\nstatus = 200\ncycle = true\nbody.text = \"try {{times}}\"\n";
    let mut mock = Mock::of(flaky).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(mock.status("GET /a", "").await);
    }
    mock.change(&format!("[[http-listener.rule]]\npath = \"/b\"\nstatus = 204\n{flaky}")).await;
    let _ = mock.status("GET /b", "").await;
    // Without tags of a screen a rule is known by its place, which is another one now.
    mock.change(flaky).await;
    for _ in 0..3 {
        seen.push(mock.status("GET /a", "").await);
    }
    assert_eq!(seen, [503, 503, 200, 503, 503]);
    assert_eq!(mock.body("GET /a", "").await, "try 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_made_of_what_was_asked() {
    let mut mock = Mock::of(
        r#"
[[http-listener.rule]]
path = "/users/{id}"
headers = ["X-Id: u-{{request.path.id}}", "X-From: {{request.header.user-agent}}"]
body.json = '''{"id": "{{json request.path.id}}", "q": {{json request.query.q}}, "name": "{{json request.json .user.name}}", "n": {{request.json .n}}, "times": {{times}}}'''

[[http-listener.rule]]
path = "/echo/*"
body.text = "{{request.method}} {{match}} {{request.body}} {{!request.body}}"
"#,
    )
    .await;
    let asked = "POST /users/a%22b?q=1%0a2\nUser-Agent: it/1";
    let (status, head, body, _) =
        mock.asked(asked, r#"{"user": {"name": "A\"{{times}}"}, "n": [1, 2]}"#).await;
    assert_eq!(status, 200);
    assert!(head.contains("\r\nX-Id: u-a\"b\r\nX-From: it/1\r\n"), "{head}");
    let value: serde_json::Value = serde_json::from_str(&body).unwrap();
    let expected = serde_json::json!({ "id": "a\"b", "q": "1\n2", "name": "A\"{{times}}", "n": [1, 2], "times": 1 });
    assert_eq!(value, expected);
    assert_eq!(mock.body("PUT /echo/a/b", "{{times}}").await, "PUT a/b {{times}} {{request.body}}");
    let (.., exchange) = mock.asked("GET /users/1", "").await;
    let said = exchange.warnings.join("\n");
    assert!(said.contains("request.query.q has no value") && said.contains("no JSON"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_received_begins_a_header_or_an_answer() {
    let rules = "[[http-listener.rule]]\npath = \"/{name}\"\nheaders = [\"X-A: {{request.query.v}}\", \"Location: /{{request.path.name}}\"]\n";
    let mut mock = Mock::of(rules).await;
    let corpus = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/corpora/own/crlf-injection.json"
    ));
    let cases = std::fs::read(corpus)
        .ok()
        .and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    let own = [
        "a\r\nX-Inj: 1",
        "a\nX-Inj: 1",
        "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "a\0b",
        "a\u{85}X-Inj: 1",
    ];
    let of_corpus = cases.iter().flat_map(|it| it["cases"].as_array().unwrap());
    let of_corpus = of_corpus.map(|case| case["value"].as_str().unwrap().to_owned());
    for value in own.map(str::to_owned).into_iter().chain(of_corpus) {
        let encoded: Vec<String> = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let encoded = encoded.concat();
        let (status, head, body, exchange) =
            mock.asked(&format!("GET /{encoded}?v={encoded}"), "").await;
        assert_eq!((status, &*body), (200, ""), "{value:?}");
        assert_eq!(head.lines().count(), 5, "{head}");
        assert!(!head.contains("\nX-Inj"), "{head}");
        let is_odd = value.contains(|c: char| c.is_control());
        let is_said = exchange.warnings.iter().any(|it| it.contains("sent as spaces"));
        assert_eq!(is_said, is_odd, "{value:?}: {:?}", exchange.warnings);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_remember_what_others_set() {
    let mut mock = Mock::of(
        r#"
[[http-listener.rule]]
method = "PUT"
path = "/cart/{item}"
status = 204
set = ["cart={{request.path.item}}", "count={{times}}"]

[[http-listener.rule]]
path = "/cart"
when = "state.cart"
body.text = "{{state.cart}} {{state.count}}"
"#,
    )
    .await;
    assert_eq!(mock.status("GET /cart", "").await, 404);
    assert_eq!(mock.status("PUT /cart/book", "").await, 204);
    assert_eq!(mock.status("PUT /cart/pen%20%7B%7Btimes%7D%7D", "").await, 204);
    assert_eq!(mock.body("GET /cart", "").await, "pen {{times}} 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_folder_answer_by_their_path_and_nothing_else_does() {
    let home = tempfile::tempdir().unwrap();
    let site = home.path().join("site");
    std::fs::create_dir_all(site.join("sub")).unwrap();
    for (name, text) in [
        ("site/index.html", "<p>"),
        ("site/a.css", "p {}"),
        ("site/sub/index.html", "sub"),
        ("site/.env", "no"),
        ("secret", "no"),
    ] {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    std::os::unix::fs::symlink("../secret", site.join("link")).unwrap();
    let rules = format!("[[http-listener.rule]]\npath = \"/static/*\"\nfolder = {site:?}\n");
    let mut mock = Mock::of(&rules).await;
    let (status, head, body, _) = mock.asked("GET /static/a.css?v=1", "").await;
    assert_eq!((status, &*body), (200, "p {}"));
    assert!(head.contains("Content-Type: text/css"), "{head}");
    let tag = head.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap().to_owned();
    let (status, _, body, _) =
        mock.asked(&format!("GET /static/a.css\nIf-None-Match: \"x\", {tag}"), "").await;
    assert_eq!((status, &*body), (304, ""));
    for (head, status, part) in [
        ("GET /static/", 200, "<p>"),
        ("HEAD /static/a.css", 200, ""),
        ("GET /static/sub/", 200, "sub"),
        ("GET /static/nothing", 404, "is not there"),
        ("GET /static/.env", 404, "begins with a point"),
        ("GET /static/link", 403, "out of the folder"),
        ("GET /static/../secret", 403, "out of the folder"),
        ("GET /static/%2e%2e/secret", 403, "out of the folder"),
        ("GET /static/..%2fsecret", 403, "out of the folder"),
        ("GET /static/sub/%5c..%5c..%5csecret", 403, "out of the folder"),
        ("POST /static/a.css", 405, "not for files"),
        ("GET /other", 404, ""),
    ] {
        let (got, answer, body, _) = mock.asked(head, "").await;
        assert_eq!(got, status, "{head}: {answer}");
        assert!(body.contains(part) && !body.contains("no\n"), "{head}: {body}");
    }
    let (status, head, ..) = mock.asked("GET /static/sub?x=1", "").await;
    assert_eq!(status, 301);
    assert!(head.contains("\r\nLocation: /static/sub/?x=1\r\n"), "{head}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delay_between_two_times_is_waited_for() {
    let rules = "[[http-listener.rule]]\npath = \"/a\"\ndelay = \"60ms..90ms\"\nstatus = 200\n";
    let mut mock = Mock::of(rules).await;
    let began = std::time::Instant::now();
    assert_eq!(mock.status("GET /a", "").await, 200);
    assert!(began.elapsed().as_millis() >= 60);
}

#[test]
fn what_cannot_be_is_said_where_it_stands() {
    let rule = |lines: &str| planned(&format!("[[http-listener.rule]]\n{lines}")).unwrap_err();
    for (lines, said) in [
        ("path = \"/a\"\nwhen = \"latency > 1s\"", "latency is not known before it is answered"),
        ("path = \"/a\"\nwhen = \"status == 200\"", "status is not known before it is answered"),
        ("path = \"/a\"\nwhen = \"pth == /a\"", "did you mean 'path'"),
        ("path = \"/a\"\nwhen = \"state.x == 1\"", "rule.1.when: no rule sets 'x'"),
        ("path = \"~(\"", "rule.1.path: this regular expression cannot be used"),
        (
            "path = \"/{id}\"\nbody.text = \"{{request.path.ib}}\"",
            "rule.1.body.text: the path of this rule has no {ib}",
        ),
        (
            "path = \"/a\"\nheaders = [\"A: {{state.x}}\"]",
            "rule.1.headers.1.value: no rule sets 'x'",
        ),
        ("path = \"/a\"\nheaders = [\"A: {{nope}}\"]", "unknown variable 'nope'"),
        ("path = \"/a\"\nbody.text = \"{{request.jsn .a}}\"", "nothing stands behind the name"),
        (
            "path = \"/a\"\nbody.text = \"{{request.jsn}}\"",
            "a request has no 'jsn'; did you mean 'json'?",
        ),
        (
            "path = \"/a\"\nbody.form = [\"a={{request.body}}\"]",
            "{{request.body}} is known when a request is answered",
        ),
        ("path = \"/{{request.path}}\"", "is known when a request is answered"),
        ("path = \"/a\"\nheaders = [\"Content-Length: {{times}}\"]", "what frames a message"),
        ("path = \"/a\"\nset = [\"a b=1\"]", "a name is made of letters"),
        ("path = \"/a\"\nfolder = \"x\"\nbody.text = \"y\"", "leave one of the two out"),
        ("path = \"/a\"\ndelay = \"2s..1s\"", "write 1s..2s"),
        ("path = \"/a\"\ntimes = 0", "from 1 to 1000000000"),
    ] {
        let why = rule(lines);
        assert!(why.contains(said), "{lines}\n{why}");
    }
    let why = planned("body.text = \"{{match}}\"").unwrap_err();
    assert!(why.contains("is of rules"), "{why}");
}

/// What a client says of an answer with this fault: ours in words, and curl with its exit status.
async fn named(fault: &str, body: &str) -> (String, Option<i32>, Exchange) {
    let rules = format!(
        "[[http-listener.rule]]\npath = \"/a\"\nstatus = 200\nbody.text = \"{body}\"\n{fault}\n"
    );
    let mut mock = Mock::of(&rules).await;
    let url = format!("http://{}/a", mock.address);
    let mut plan = super::http::plan("GET", &url);
    plan.head_timeout = std::time::Duration::from_millis(500);
    let asked = mock.bench.open(Plan::Http(plan));
    let outcome = mock.bench.finish(asked).await;
    let ours = match &outcome.done {
        Ok(_) => "fine".to_owned(),
        Err(failure) => failure.to_string(),
    };
    let curl = tokio::task::spawn_blocking(move || {
        let args = ["-sS", "-m", "1", "-o", "/dev/null", &url];
        let done = std::process::Command::new("curl").args(args).output().ok()?;
        done.status.code()
    });
    let exchange = mock.bench.ended_exchange(mock.session).await;
    (ours, curl.await.unwrap(), exchange)
}

/// Each fault is one of the listener's own for whoever looks at it there, and something else for the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_on_purpose_is_named_on_both_sides() {
    let cases: [(&str, &str, &[i32], &str); 10] = [
        ("fault.reset = 0", "reset", &[56], "the connection is reset behind 0 bytes"),
        ("fault.reset = 90", "reset", &[56], "the connection is reset behind 90 bytes"),
        ("fault.half-close = 0", "closed", &[52], "the connection is closed behind 0 bytes"),
        // A head that is cut is whole to some versions of curl.
        ("fault.half-close = 20", "closed", &[0, 8, 18, 52, 56], "is closed behind 20 bytes"),
        ("fault.half-close = 90", "closed", &[18], "the connection is closed behind 90 bytes"),
        ("fault.stall = 90", "", &[28], "nothing comes behind 90 bytes"),
        ("fault.wrong-length = 10", "closed", &[18], "10 bytes too long"),
        ("fault.bad-chunk = 3", "chunk", &[56], "behind 3 bytes of the body stands a chunk"),
        ("fault.garbage = 40", "HTTP", &[1], "40 bytes that are no HTTP"),
        ("fault.split = 10", "fine", &[0], "in writes of 10 bytes"),
    ];
    for (fault, ours, curl, told) in cases {
        let (said, status, exchange) = named(fault, "0123456789".repeat(5).as_str()).await;
        assert!(said.contains(ours), "{fault}: {said}");
        assert!(ours == "fine" || said != "fine", "{fault}");
        assert!(status.is_none_or(|it| curl.contains(&it)), "{fault}: curl {status:?}");
        let warnings = exchange.warnings.join("\n");
        assert!(
            warnings.contains("on purpose: ") && warnings.contains(told),
            "{fault}: {warnings}"
        );
        assert!(!exchange.touched.response.is_empty(), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_behind_the_end_of_an_answer_does_not_come_and_that_is_said() {
    let (said, _, exchange) = named("fault.reset = 10000", "hello").await;
    assert_eq!(said, "fine");
    let warnings = exchange.warnings.join("\n");
    assert!(warnings.contains("the fault did not come"), "{warnings}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_drips_and_what_is_told_is_what_crossed() {
    let rules = "[[http-listener.rule]]\npath = \"/a\"\nstatus = 200\nbody.text = \"0123456789\"\nfault.rate = 400\n";
    let mut mock = Mock::of(rules).await;
    let began = std::time::Instant::now();
    let (status, _, body, _) = mock.asked("GET /a", "").await;
    assert_eq!((status, &*body), (200, "0123456789"));
    assert!(began.elapsed().as_millis() >= 150, "{:?}", began.elapsed());
    mock.change("[[http-listener.rule]]\npath = \"/a\"\nstatus = 200\nbody.text = \"0123456789\"\nfault.half-close = 30\n").await;
    let address = mock.address;
    let got =
        tokio::task::spawn_blocking(move || raw(address, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
    let exchange = mock.bench.ended_exchange(mock.session).await;
    let got = got.await.unwrap();
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(got.len(), 30);
    let kept = mock.bench.bytes(response.body.id, wirebench::model::view::ViewPart::Raw).await;
    assert_eq!(String::from_utf8_lossy(&kept), got);
}
