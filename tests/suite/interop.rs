//! Foreign formats against the programs they are for: commands recorded from the real curl, and
//! our snippets run by curl and Python against loopback peers.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test may stop at the first thing that is not as it should be"
)]

#[path = "interop/pasted_curl.rs"]
mod pasted_curl;
#[path = "interop/pastes.rs"]
mod pastes;
#[path = "interop/python.rs"]
mod python_sessions;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use wirebench::codec::http1::BodyReader;
use wirebench::codec::multipart;
use wirebench::compose::plan;
use wirebench::interop::curl::CommandFiles;
use wirebench::interop::python::Library;
use wirebench::interop::secrets::{self, NamedValues};
use wirebench::interop::{curl, from_traffic, python};
use wirebench::model::http::{Auth, AutomaticHeader, FormPart, HttpBody, HttpSpec, PartSource};
use wirebench::model::payload::Payload;
use wirebench::model::plan::{HttpPlan, PartContent, Plan, PlanBody};
use wirebench::model::preset::Scope;
use wirebench::model::spec::{NameValue, Spec};

/// No step of these tests takes longer on a machine that works.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it crossed the wire, headers sorted and in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Seen {
    fn read(raw: &[u8]) -> Seen {
        let end = raw.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&raw[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let mut start = lines.next().unwrap().split(' ');
        let (method, target) = (start.next().unwrap().into(), start.next().unwrap().into());
        let mut headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()))
            .collect();
        headers.sort();
        Seen { method, target, headers, body: raw[end + 4..].to_vec() }
    }

    fn of_plan(plan: &HttpPlan) -> Seen {
        let rest = plan.url.split_once("://").unwrap().1;
        let target = rest.find('/').map_or("/", |at| &rest[at..]).to_string();
        let mut headers: Vec<(String, String)> = plan
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()))
            .collect();
        headers.sort();
        let body = match &plan.body {
            PlanBody::Bytes(bytes) => bytes.to_vec(),
            PlanBody::File(path) => format!("<{}>", path.display()).into_bytes(),
            PlanBody::Multipart { boundary, parts } => {
                let mut body = Vec::new();
                for piece in multipart::pieces(boundary, parts) {
                    match piece {
                        PartContent::Bytes(bytes) => body.extend_from_slice(&bytes),
                        PartContent::File(path) => {
                            let content = std::fs::read(&*path);
                            // Every file of the recording held its name.
                            let dummy = || format!("DUMMY-{}\n", path.display()).into_bytes();
                            body.extend(content.unwrap_or_else(|_| dummy()));
                        }
                    }
                }
                headers.push(("content-length".into(), body.len().to_string()));
                headers.sort();
                body
            }
        };
        Seen { method: plan.method.clone(), target, headers, body }
    }

    fn without(mut self, names: &[&str]) -> Seen {
        self.headers.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// The body without the framing of chunks.
    fn without_chunks(mut self) -> Seen {
        let mut reader = BodyReader::new(wirebench::model::exchange::MessageFraming::Chunked);
        let mut body = Vec::new();
        if self.value("transfer-encoding") == Some("chunked") {
            reader.push(&self.body, &mut |piece| body.extend_from_slice(piece)).unwrap();
            self.body = body;
        }
        self
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Escapes of the target in one spelling: curl 7.88 writes the digits of some in lower case, later
    /// ones in upper case (RFC 3986, section 2.1: equivalent).
    fn with_equal_escapes(mut self) -> Seen {
        let mut pieces = self.target.split('%');
        let first = pieces.next().unwrap_or_default().to_owned();
        self.target = pieces.fold(first, |target, piece| {
            let (digits, rest) = piece.split_at(2.min(piece.len()));
            format!("{target}%{}{rest}", digits.to_uppercase())
        });
        self
    }

    /// The same with another name for the boundary of a multipart body.
    fn with_plain_boundary(mut self) -> Seen {
        let kind = self.value("content-type").unwrap_or_default().to_string();
        if let Some((_, boundary)) = kind.split_once("; boundary=------------------------") {
            let text = String::from_utf8_lossy(&self.body).replace(boundary, "0123456789abcdef");
            self.body = text.into_bytes();
            for (_, value) in &mut self.headers {
                *value = value.replace(boundary, "0123456789abcdef");
            }
        }
        self
    }
}

fn corpus(name: &str) -> Option<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/");
    let path = PathBuf::from(path).join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {error}", path.display());
            println!("skipped: {}: {error}", path.display());
            None
        }
    }
}

/// Cases of the corpus whose request is meant to differ from curl's, and why.
const DIFFERENT: &[(&str, &str)] = &[
    // Whoever offers to change to h2c must be able to when the server takes it up.
    ("get_http2_warning", "curl offers h2c in an Upgrade header; said, not sent"),
];

#[test]
fn curl_commands_give_the_requests_recorded_from_curl() {
    let Some(text) = corpus("curl-import/cases.json") else { return };
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut scope = Scope::default();
    scope.os.insert("DO_API_TOKEN".into(), "TOKENVALUE".into());
    let (mut compared, mut same, mut wrong) = (0, 0, Vec::new());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let mut command = case["command"].as_str().unwrap();
        if id == "form_quotes" {
            // The first command failed when it was recorded; the request is that of the second.
            command = &command[command.find("curl --location").unwrap()..];
        }
        // The file of the recording held this cookie.
        let jar = "localhost\tFALSE\t/\tFALSE\t0\tck\tcv\n".to_owned();
        let mut contents: BTreeMap<String, Result<String, String>> = curl::files(command)
            .into_iter()
            .map(|name| (name.clone(), Ok(format!("DUMMY-{name}\n"))))
            .collect();
        contents.insert("cookies.txt".to_owned(), Ok(jar));
        let parsed = curl::parse(command, &CommandFiles { contents, now: 1 });
        let Some(raw) = case["curl_7_88_1"]["requests"][0]["raw_b64"].as_str() else {
            assert!(parsed.is_ok(), "{id}: curl itself sent nothing, but the command reads well");
            continue;
        };
        compared += 1;
        let raw = base64::engine::general_purpose::STANDARD.decode(raw).unwrap();
        let (spec, warnings) = parsed.unwrap_or_else(|error| panic!("{id}: {error}"));
        // What wirebench sends of its own accord (curl has its own habits) unless the command
        // says what to send.
        let command = command.to_ascii_lowercase();
        let mut automatic = Vec::new();
        if !command.contains("user-agent") && !command.contains("-a ") {
            automatic.push("user-agent");
        }
        let Plan::Http(plan) = plan(&Spec::Http(spec), &scope).unwrap() else { unreachable!() };
        let mut ours = Seen::of_plan(&plan).without(&automatic).with_plain_boundary();
        ours = ours.with_equal_escapes();
        if let PlanBody::File(path) = &plan.body {
            // Every file of the recording held its name; the engine adds the length.
            ours.body = format!("DUMMY-{}", path.display()).into_bytes();
            ours.headers.push(("content-length".into(), ours.body.len().to_string()));
            ours.headers.sort();
        }
        let theirs = Seen::read(&raw).without(&automatic);
        let theirs = theirs.with_plain_boundary().with_equal_escapes();
        let reason = DIFFERENT.iter().find(|(known, _)| *known == id);
        match (ours == theirs, reason) {
            (true, None) => same += 1,
            (false, Some((_, reason))) => println!("differs: {id}: {reason}"),
            (true, Some(_)) => wrong.push(format!("{id} is listed as different and is not")),
            (false, None) => {
                wrong.push(format!("{id}\n ours: {ours:?}\n curl: {theirs:?}\n {warnings:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{same} of {compared} requests are those of curl");
    assert!(same * 100 >= compared * 95, "{same} of {compared}");
    assert!(compared > 50, "the corpus has shrunk: {compared}");
}

/// The next connection; a client that never comes must not hang the test.
fn accept(listener: &TcpListener) -> TcpStream {
    let listener = listener.try_clone().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(listener.accept()));
    let (stream, _) = receiver.recv_timeout(PATIENCE).expect("a client connects").unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Accepts one connection, reads one request, answers 200, gives the request.
fn receive_request(listener: &TcpListener) -> Vec<u8> {
    let mut stream = accept(listener);
    let mut raw = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if let Some(end) = raw.windows(4).position(|w| w == b"\r\n\r\n") {
            let seen = Seen::read(&raw);
            let length = seen.value("content-length").map_or(0, |v| v.parse::<usize>().unwrap());
            let chunked = seen.value("transfer-encoding").is_some();
            let done =
                if chunked { raw.ends_with(b"0\r\n\r\n") } else { raw.len() >= end + 4 + length };
            if done {
                break;
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&raw));
        raw.extend_from_slice(&buffer[..count]);
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        .unwrap();
    raw
}

/// A child process that does not outlive its test.
struct Running(
    Child,
    #[expect(dead_code, reason = "removes the script when dropped")] tempfile::TempPath,
);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a script from a file (an argument would have to be short).
fn start(program: &str, script: &str) -> Option<Running> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(script.as_bytes()).unwrap();
    let path = file.into_temp_path();
    let mut command = Command::new(program);
    command.env("WIRE_TOKEN", "s3cr-t--x");
    command.arg(&path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match command.spawn() {
        Ok(child) => Some(Running(child, path)),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{program}: {error}");
            println!("skipped: {program}: {error}");
            None
        }
    }
}

/// Waits for the end and gives what was printed, both streams.
fn finish(mut running: Running) -> String {
    let mut text = String::new();
    running.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    running.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    running.0.wait().unwrap();
    text
}

/// Requests whose every byte must arrive, whoever sends them.
fn requests(port: u16) -> Vec<Plan> {
    let url = format!("http://127.0.0.1:{port}/path/x?q=1&r=a%20b");
    let spec = |method: &str, headers: &[(&str, &str)], body: HttpBody| HttpSpec {
        method: method.into(),
        url: url.clone(),
        headers: headers.iter().map(|(name, value)| NameValue::new(*name, *value)).collect(),
        body,
        redirects: 0,
        ..HttpSpec::default()
    };
    let every: Vec<u8> = (0..=255).chain(*b"%s\\x").collect();
    let odd = "it's \"50%\" $HOME `id` \\n {{!x}} é\u{202e}\r\n\tend!";
    let specs = [
        spec(
            "GET",
            &[("X-One", "it's \"quoted\" $HOME `id` %d \\"), ("X-Empty", "")],
            HttpBody::None,
        ),
        spec("GET", &[("Accept", "text/x"), ("User-Agent", "me/1")], HttpBody::None),
        spec("POST", &[("Content-Type", "text/x")], HttpBody::Text(odd.into())),
        spec("PUT", &[], HttpBody::Json("{\n  \"a\": [1, \"é\"]\n}\n".into())),
        spec(
            "POST",
            &[],
            HttpBody::Form(vec![NameValue::new("a b", "c&d"), NameValue::new("@x", "é")]),
        ),
        spec("DELETE", &[("Host", "other.example"), ("X-Utf8", "é")], HttpBody::None),
        spec("PATCH", &[("Content-Type", "text/x")], HttpBody::Text("@not-a-file".into())),
        spec(
            "POST",
            &[("Content-Type", "text/x"), ("Transfer-Encoding", "chunked")],
            HttpBody::Text("chunk".into()),
        ),
        spec("PROPFIND", &[("Content-Type", "text/x")], HttpBody::Text("x".repeat(150_000))),
        spec("POST", &[], HttpBody::Payload(from_traffic::payload(&every))),
        spec("PUT", &[("Content-Type", "x/y")], HttpBody::Payload(Payload::text(r"a\0\xffé%d"))),
    ];
    specs.into_iter().map(|spec| plan(&Spec::Http(spec), &Scope::default()).unwrap()).collect()
}

/// Everything the plan says arrived; what the client added on its own is in `added`.
fn assert_arrived(plan: &Plan, raw: &[u8], added: &[&str], script: &str) {
    let Plan::Http(plan) = plan else { panic!() };
    let (ours, theirs) = (Seen::of_plan(plan), Seen::read(raw).without_chunks());
    assert_eq!(
        (&ours.method, &ours.target),
        (&theirs.method, &theirs.target),
        "{script}\n{}",
        String::from_utf8_lossy(raw)
    );
    assert!(ours.body == theirs.body, "{script}\n{ours:?}\n{theirs:?}");
    let is_automatic = |name: &str, value: &str| {
        value.starts_with("wirebench/")
            || (name == "accept" && value == "*/*")
            || (name == "accept-encoding" && value == "deflate, gzip, br, zstd")
    };
    for (name, value) in &ours.headers {
        if !is_automatic(name, value) {
            assert!(
                theirs.headers.iter().any(|header| header == &(name.clone(), value.clone())),
                "{name}: {value} did not arrive\n{script}\n{}",
                String::from_utf8_lossy(raw)
            );
        }
    }
    for (name, value) in &theirs.headers {
        let known = ours.value(name).is_some() || added.contains(&name.as_str());
        assert!(known, "{name}: {value} was added\n{script}");
    }
}

#[test]
fn curl_commands_we_write_send_the_planned_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for plan in requests(listener.local_addr().unwrap().port()) {
        let command = curl::write(&plan);
        let Some(running) = start("bash", &command) else { return };
        let raw = receive_request(&listener);
        assert_arrived(&plan, &raw, &[], &command);
        assert!(finish(running).contains("ok"));
    }
}

fn python_runs(plan: &Plan, library: Library, listener: &TcpListener, added: &[&str]) -> bool {
    let script = python::write(plan, library);
    let Some(running) = start("python3", &script) else { return false };
    let raw = receive_request(listener);
    assert_arrived(plan, &raw, added, &script);
    let printed = finish(running);
    assert!(printed.contains("200 OK") && printed.contains("ok"), "{script}\n{printed}");
    true
}

/// A form with texts and files that are hard to quote, in a folder of its own.
fn form(port: u16, folder: &std::path::Path) -> Plan {
    let file = folder.join("a \"b\\;c,.png");
    std::fs::write(&file, b"\x00\xff--\r\n").unwrap();
    let field = |source, name: &str, value: &str, content_type: &str| FormPart {
        name: name.into(),
        source,
        value: value.into(),
        content_type: content_type.into(),
        ..FormPart::default()
    };
    let path = file.display().to_string();
    let parts = vec![
        field(PartSource::Text, "note", "@it's \"50%\";type=x, $HOME\r\n é", ""),
        field(PartSource::File, "photo", &path, ""),
        FormPart { file_name: "other.bin".into(), ..field(PartSource::File, "b", &path, "x/y") },
        field(PartSource::FileText, "text", &path, ""),
        field(PartSource::Text, "json", "{\"a\": 1}", "application/json"),
        FormPart { enabled: false, ..field(PartSource::Text, "off", "x", "") },
    ];
    let url = format!("http://127.0.0.1:{port}/");
    let (method, body) = ("POST".into(), HttpBody::Multipart(parts));
    let spec = HttpSpec { method, url, body, redirects: 0, ..HttpSpec::default() };
    plan(&Spec::Http(spec), &Scope::default()).unwrap()
}

/// The parts of a body, whatever the boundary and the order of the lines of their heads.
fn parts_of(seen: &Seen) -> Vec<(Vec<String>, Vec<u8>)> {
    let kind = seen.value("content-type").unwrap();
    let boundary = multipart::boundary_of(kind).unwrap();
    let text: String = seen.body.iter().map(|byte| char::from(*byte)).collect();
    let delimiter = format!("--{boundary}");
    let parts = text.split(&delimiter).skip(1);
    let parts = parts.filter_map(|part| part.strip_prefix("\r\n"));
    let cut = parts.map(|part| {
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        let mut head: Vec<String> = head.split("\r\n").map(str::to_owned).collect();
        head.sort();
        let content = content.strip_suffix("\r\n").unwrap();
        (head, content.chars().map(|c| c as u8).collect())
    });
    cut.collect()
}

#[test]
fn the_forms_with_files_we_write_arrive_as_we_send_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plan = form(listener.local_addr().unwrap().port(), folder.path());
    let Plan::Http(http) = &plan else { unreachable!() };
    let ours = parts_of(&Seen::of_plan(http));
    assert_eq!(ours.len(), 5);
    let mut writers =
        vec![("bash", curl::write(&plan)), ("python3", python::write(&plan, Library::Urllib))];
    if has_requests() {
        writers.push(("python3", python::write(&plan, Library::Requests)));
    }
    for (program, script) in writers {
        let Some(running) = start(program, &script) else { continue };
        let raw = receive_request(&listener);
        let theirs = parts_of(&Seen::read(&raw));
        assert_eq!(ours, theirs, "{script}");
        assert!(finish(running).contains("ok"), "{script}");
    }
}

#[test]
fn headers_that_are_switched_off_are_not_sent_by_other_clients_either() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let mut spec = HttpSpec { url, redirects: 0, ..HttpSpec::default() };
    for header in [AutomaticHeader::UserAgent, AutomaticHeader::Accept] {
        spec.toggle_automatic(header);
    }
    let plan = plan(&Spec::Http(spec), &Scope::default()).unwrap();
    let Plan::Http(http) = &plan else { unreachable!() };
    let ours: Vec<&str> = http.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(ours, ["Host", "Accept-Encoding"]);
    let mut writers =
        vec![("bash", curl::write(&plan)), ("python3", python::write(&plan, Library::Urllib))];
    if has_requests() {
        writers.push(("python3", python::write(&plan, Library::Requests)));
    }
    for (program, script) in writers {
        let Some(running) = start(program, &script) else { continue };
        let seen = Seen::read(&receive_request(&listener));
        for name in ["user-agent", "accept"] {
            assert_eq!(seen.value(name), None, "{script}");
        }
        assert!(finish(running).contains("ok"), "{script}");
    }
}

#[test]
fn secrets_are_read_from_the_environment_by_what_we_write() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let mut scope = Scope::default();
    scope.secrets.insert("wire-token".into(), "never shown".into());
    let named = secrets::named_scope(&scope, NamedValues::SecretsAndOs);
    let secret = || "{{secret.wire-token}}".to_owned();
    let basic = Auth::Basic { user: "me".into(), password: secret() };
    for auth in [Auth::Bearer(secret()), basic] {
        let spec = HttpSpec {
            method: "POST".into(),
            url: url.clone(),
            query: vec![NameValue::new("k", secret())],
            headers: vec![NameValue::new("X-Key", format!("a {} b", secret()))],
            body: HttpBody::Json(format!("{{\"t\": \"{}\"}}\n", secret())),
            auth,
            redirects: 0,
            ..HttpSpec::default()
        };
        let spec = Spec::Http(spec);
        let shown = secrets::masked(&plan(&spec, &named).unwrap());
        let mut writers = vec![
            ("bash", curl::write(&shown)),
            ("python3", python::write(&shown, Library::Urllib)),
        ];
        if has_requests() {
            writers.push(("python3", python::write(&shown, Library::Requests)));
        }
        // What the request is with the value the environment has.
        scope.secrets.insert("wire-token".into(), "s3cr-t--x".into());
        let Plan::Http(real) = plan(&spec, &scope).unwrap() else { unreachable!() };
        let real = Seen::of_plan(&real);
        for (program, script) in writers {
            assert!(!script.contains("never") && !script.contains("s3cr"), "{script}");
            let Some(running) = start(program, &script) else { continue };
            let seen = Seen::read(&receive_request(&listener));
            assert_eq!(seen.target, real.target, "{script}");
            assert_eq!(seen.body, real.body, "{script}");
            for name in ["authorization", "x-key"] {
                assert_eq!(seen.value(name), real.value(name), "{script}");
            }
            assert!(finish(running).contains("ok"), "{script}");
        }
    }
}

fn has_requests() -> bool {
    let found = Command::new("python3").args(["-c", "import requests"]).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: python3 has no 'requests' here");
    }
    found
}

#[test]
fn python_with_requests_sends_the_planned_bytes() {
    if !has_requests() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for plan in requests(listener.local_addr().unwrap().port()) {
        let added = ["user-agent", "accept", "accept-encoding", "connection", "content-length"];
        assert!(python_runs(&plan, Library::Requests, &listener, &added));
    }
}

#[test]
fn python_with_urllib_sends_the_planned_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for plan in requests(listener.local_addr().unwrap().port()) {
        let added = ["user-agent", "accept-encoding", "connection", "content-type"];
        if !python_runs(&plan, Library::Urllib, &listener, &added) {
            return;
        }
    }
}
