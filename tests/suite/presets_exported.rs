//! `wirebench export` against the programs it writes for: what curl, Python, Rust, `nc` and `socat` send of an export
//! is what wirebench sends. Where one of them is absent a test prints so and passes, except in CI.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::{command, finished, told};
use crate::harness::wait::PATIENCE;

/// Whether a program is there; without it a test is skipped, and says so.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn is_there(program: &str, asked: &str) -> bool {
    let run = Command::new(program).arg(asked).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = run.is_ok();
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "{program} is not installed");
        println!("skipped: {program} is not installed");
    }
    is_there
}

/// A home with these presets.
fn home(files: &[(&str, String)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = home.path().join("presets").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    home
}

/// What is printed, and what was said beside it.
fn wirebench(home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command(arguments);
    command.env("WIREBENCH_HOME", home).env("API_KEY", "from the system").current_dir(home);
    let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    let (status, said) = told(&output);
    (status, String::from_utf8(output.stdout).unwrap(), said)
}

/// A request as it crossed: its first line, headers in order of their names, body.
type Crossed = (String, Vec<String>, Vec<u8>);

/// A server that tells what it got.
fn recorder() -> (SocketAddr, Receiver<Crossed>) {
    let (sender, requests) = channel();
    let sender = std::sync::Mutex::new(sender);
    let address = tcp_peer(move |mut stream| {
        // The body comes with it.
        let Some(all) = read_head(&mut stream) else { return };
        let end = all.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let body = all.split_at(end + 4).1.to_vec();
        let text = String::from_utf8_lossy(&all[..end]).into_owned();
        let mut lines = text.trim_end().split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let lower = |line: &str| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            format!("{}: {}", name.to_ascii_lowercase(), value.trim())
        };
        let mut headers: Vec<String> = lines.map(lower).collect();
        headers.sort();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            .unwrap();
        // Of what every program has a word of its own for.
        let own = ["user-agent: ", "accept-encoding: ", "connection: ", "accept: */*"];
        headers.retain(|line| !own.iter().any(|own| line.starts_with(own)));
        let _ = sender.lock().unwrap().send((first, headers, body));
    });
    (address, requests)
}

/// Requests that are easily sent otherwise.
fn requests(address: SocketAddr) -> Vec<(&'static str, String)> {
    let url = format!("http://{address}");
    vec![
        ("env/lab.toml", format!("base = \"{url}\"\nname = \"Zoë & co\"\n")),
        ("env/lab.secret.toml", "pw = \"it's p$w \\\\ %\"\nkey = \"k-1 %\"\npart = '/a+%20\"[é]\\ &b'\n".to_owned()),
        ("a/query.toml", format!("[http]\nurl = \"{url}/a b?q=1+2&x=%2B&e=\"\nquery = [\"u=ü&=# '\\\"$`\"]\n")),
        (
            "a/headers.toml",
            "[http]\nurl = \"{{base}}/{{name}}\"\nheaders = [\"X-Quotes: it's \\\"q\\\" $HOME `x` \\\\ % #hash\", \"X-Key: {{secret.key}}\"]\nauth.basic = { user = \"ann\", password = \"{{secret.pw}}\" }\n".to_owned(),
        ),
        (
            "a/json.toml",
            "[http]\nmethod = \"PUT\"\nurl = \"{{base}}/json\"\nauth.bearer = \"{{secret.key}}\"\nbody.json = '{ \"name\": {{json name}}, \"t\": \"it''s \\n %s $x\" }'\n".replace("''", "\u{2019}"),
        ),
        ("a/text.toml", "[http]\nmethod = \"POST\"\nurl = \"{{base}}/text\"\nbody.text = \"\"\"\none 'two' \\\"three\\\" $VAR %d\n\n  four\n\"\"\"\n".to_owned()),
        ("a/form.toml", "[http]\nmethod = \"POST\"\nurl = \"{{base}}/form\"\nbody.form = [\"a=1\", \"b=x y&+=é\", \"c={{name}}\"]\n".to_owned()),
        ("a/escaped.toml", "[http]\nmethod = \"POST\"\nurl = \"{{base}}/escaped\"\nheaders = [\"X-Tab: a\\tb\"]\nbody.escaped = '%s\\x01%d\\t$HOME\\r\\n'\n".to_owned()),
        (
            "a/place.toml",
            "[http]\nmethod = \"POST\"\nurl = \"{{base}}/{{secret.part}}/x?k={{secret.part}}\"\nquery = [\"r={{secret.part}}\"]\nbody.json = '{\"p\": {{json secret.part}}, \"q\": \"x{{json secret.part}}\"}'\n".to_owned(),
        ),
        ("a/bytes.toml", "[http]\nmethod = \"POST\"\nurl = \"{{base}}/bytes\"\nbody.hex = \"00 ff 0d 0a 41 27 25\"\n".to_owned()),
    ]
}

const NAMES: [&str; 8] =
    ["a/query", "a/headers", "a/json", "a/text", "a/form", "a/escaped", "a/place", "a/bytes"];

/// Runs what `run` makes of an export, and compares what crosses with what wirebench sends.
fn same_on_the_wire(kind: &str, run: impl Fn(&Path, &str) -> Command) {
    let (address, crossed) = recorder();
    let home = home(&requests(address));
    for name in NAMES {
        let (status, _, said) = wirebench(home.path(), &["send", name, "--env", "lab"]);
        assert_eq!(status, Some(0), "{name}: {said}");
        let own = crossed.recv_timeout(PATIENCE).expect("our request");
        let file = home.path().join("exported");
        let output = file.display().to_string();
        let arguments =
            ["export", name, "--as", kind, "--env", "lab", "--with-secrets", "-o", &output];
        let (status, _, said) = wirebench(home.path(), &arguments);
        assert_eq!(status, Some(0), "{name}: {said}");
        let mut command = run(&file, name);
        command.current_dir(home.path()).stdin(Stdio::null()).env_remove("http_proxy");
        let ended = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        let text = fs::read_to_string(&file).unwrap();
        assert!(ended.status.success(), "{name}: {:?}\n{text}", told(&ended));
        let theirs = crossed.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{name}\n{text}"));
        assert_eq!(own, theirs, "{kind} {name}:\n{text}");
    }
    with_values_of_the_system(kind, home.path(), &crossed, &run);
}

/// Without their values secrets come from the environment of the program.
fn with_values_of_the_system(
    kind: &str,
    home: &Path,
    crossed: &Receiver<Crossed>,
    run: &dyn Fn(&Path, &str) -> Command,
) {
    let file = home.join("exported").display().to_string();
    let (status, _, said) =
        wirebench(home, &["export", "a/json", "--as", kind, "--env", "lab", "-o", &file]);
    assert_eq!(status, Some(0), "{said}");
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("k-1 %") && text.contains("KEY"), "{text}");
    let mut command = run(Path::new(&file), "a/json");
    command.env("KEY", "another key").stdin(Stdio::null());
    let ended = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    assert!(ended.status.success(), "{:?}\n{text}", told(&ended));
    let (_, headers, _) = crossed.recv_timeout(PATIENCE).unwrap();
    assert!(headers.contains(&"authorization: Bearer another key".to_owned()), "{headers:?}");
    // A shell puts values in as they are, which is told; a script writes them as we do.
    let (status, _, said) =
        wirebench(home, &["export", "a/place", "--as", kind, "--env", "lab", "-o", &file]);
    assert_eq!(status, Some(0), "{said}");
    if kind == "curl" {
        assert!(
            said.contains("escaped as JSON, which a shell does not do: a/place ($PART)"),
            "{said}"
        );
        return;
    }
    let (status, ..) = wirebench(home, &["send", "a/place", "--env", "lab"]);
    assert_eq!(status, Some(0));
    let own = crossed.recv_timeout(PATIENCE).unwrap();
    let mut command = run(Path::new(&file), "a/place");
    command.env("PART", "/a+%20\"[é]\\ &b").stdin(Stdio::null());
    let ended = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    let text = fs::read_to_string(&file).unwrap();
    assert!(ended.status.success(), "{:?}\n{text}", told(&ended));
    assert_eq!(crossed.recv_timeout(PATIENCE).unwrap(), own, "{kind}\n{text}");
}

#[test]
fn curl_sends_of_an_export_what_wirebench_sends() {
    if is_there("curl", "--version") {
        same_on_the_wire("curl", |file, _| {
            let mut shell = Command::new("sh");
            shell.arg(file);
            shell
        });
    }
}

#[test]
fn python_sends_of_an_export_what_wirebench_sends() {
    if is_there("python3", "--version") {
        same_on_the_wire("python", |file, _| {
            let mut python = Command::new("python3");
            python.arg(file);
            python
        });
    }
}

#[test]
fn a_rust_program_sends_of_an_export_what_wirebench_sends() {
    if !is_there("rustc", "--version") {
        return;
    }
    same_on_the_wire("rust", |file, _| {
        let program = file.with_extension("bin");
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition", "2021", "-A", "warnings", "--crate-name", "exported", "-o"]);
        let built = finished(
            rustc.arg(&program).arg(file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn(),
        );
        let text = fs::read_to_string(file).unwrap();
        assert!(built.status.success(), "{:?}\n{text}", told(&built));
        Command::new(program)
    });
}

/// A conversation and a datagram, with bytes a shell reads as something else.
fn conversations(stream: SocketAddr, datagram: SocketAddr) -> Vec<(&'static str, String)> {
    let steps =
        "step = [{ send = 'it\\x27s 100% \\\\ $HOME\\n' }, { send = '\\x00\\xff{{name}}' }]\n";
    vec![
        ("_defaults.toml", "[vars]\nname = \"Zoë\"\n".to_owned()),
        ("tcp.toml", format!("[tcp]\naddress = \"{stream}\"\n{steps}")),
        ("udp.toml", format!("[udp]\naddress = \"{datagram}\"\nstep = [{{ send = 'a\\x00b' }}]\n")),
    ]
}

const SAID: &[u8] = b"it's 100% \\ $HOME\n\x00\xffZo\xc3\xab";

#[test]
fn nc_socat_rust_and_python_say_what_a_conversation_says() {
    for (kind, program, asked) in [
        ("nc", "nc", "-h"),
        ("socat", "socat", "-V"),
        ("python", "python3", "--version"),
        ("rust", "rustc", "--version"),
    ] {
        if !is_there(program, asked) {
            continue;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let addresses = (listener.local_addr().unwrap(), socket.local_addr().unwrap());
        let home = home(&conversations(addresses.0, addresses.1));
        let started = |name: &str| {
            let file = home.path().join("exported");
            let output = file.display().to_string();
            let arguments = ["export", name, "--as", kind, "-o", &output];
            let (status, _, said) = wirebench(home.path(), &arguments);
            assert_eq!(status, Some(0), "{kind} {name}: {said}");
            let mut command = match kind {
                "python" => Command::new("python3"),
                "rust" => Command::new("rustc"),
                _ => Command::new("sh"),
            };
            command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
            if kind == "rust" {
                let built = home.path().join("built");
                command.args(["--edition", "2021", "--crate-name", "exported", "-o"]).arg(&built);
                let ended = finished(command.spawn());
                assert!(ended.status.success(), "{:?}", told(&ended));
                command = Command::new(built);
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
            }
            command.spawn().unwrap()
        };
        let child = started("tcp");
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut said = vec![0; SAID.len()];
        stream.read_exact(&mut said).unwrap();
        assert_eq!(said, SAID, "{kind}");
        drop(stream);
        finished(Ok(child));
        let child = started("udp");
        let mut datagram = [0; 100];
        let (count, _) = socket.recv_from(&mut datagram).unwrap();
        assert_eq!(&datagram[..count], b"a\0b", "{kind}");
        finished(Ok(child));
    }
}

#[test]
fn what_a_kind_cannot_say_is_told_and_nothing_at_all_is_an_error() {
    let home = home(&conversations("127.0.0.1:9".parse().unwrap(), "127.0.0.1:9".parse().unwrap()));
    let (status, printed, said) = wirebench(home.path(), &["export", ".", "--as", "curl"]);
    assert_eq!((status, printed.as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("left out, as curl has no client of TCP: tcp"), "{said}");
    assert!(said.contains("nothing of it can be said as curl"), "{said}");
    let (status, _, said) = wirebench(home.path(), &["export", "no", "--as", "curl"]);
    assert_eq!(status, Some(2), "{said}");
    let (status, _, said) = wirebench(home.path(), &["export", "tcp", "--as", "cobol"]);
    assert!(status == Some(2) && said.contains("socat"), "{said}");
}

#[test]
fn a_folder_becomes_files_that_are_imported_as_they_were() {
    let home = home(&requests("127.0.0.1:9".parse().unwrap()));
    let place = home.path().join("out/");
    let output = format!("{}/", place.display());
    for (kind, file) in
        [("postman", "a.json"), ("hurl", "a.hurl"), ("http", "a.http"), ("har", "a.har")]
    {
        let arguments = ["export", "a", "--as", kind, "--env", "lab", "-o", &output];
        let (status, _, said) = wirebench(home.path(), &arguments);
        assert_eq!(status, Some(0), "{kind}: {said}");
        let file = place.join(file).display().to_string();
        let (status, printed, said) = wirebench(home.path(), &["import", &file, "--into", kind]);
        assert_eq!(status, Some(0), "{kind}: {said}\n{printed}");
        let came = fs::read_dir(home.path().join("presets").join(kind)).unwrap().count();
        assert!(came >= NAMES.len(), "{kind}: {came}\n{printed}");
    }
    assert!(place.join("a.lab.postman_environment.json").exists());
}

/// All spans of a document of OTLP, after a look at the shape that its JSON has.
fn spans(document: &Value) -> Vec<Value> {
    let resource = &document["resourceSpans"][0];
    assert_eq!(resource["resource"]["attributes"][0]["key"], "service.name");
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap().clone();
    let is_hex = |value: &Value, length: usize| {
        let text = value.as_str().unwrap();
        text.len() == length && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
    };
    for span in &spans {
        assert!(is_hex(&span["traceId"], 32) && is_hex(&span["spanId"], 16), "{span}");
        assert!(span.get("parentSpanId").is_none_or(|id| is_hex(id, 16)), "{span}");
        assert!(span["kind"].is_u64() && !span["name"].as_str().unwrap().is_empty(), "{span}");
        let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
        let (start, end) = (time("startTimeUnixNano"), time("endTimeUnixNano"));
        assert!(start <= end && start > 1_600_000_000_000_000_000, "{span}");
        for attribute in span["attributes"].as_array().unwrap() {
            assert!(attribute["key"].is_string(), "{attribute}");
            let value = attribute["value"].as_object().unwrap();
            assert!(value.len() == 1 && value.values().all(Value::is_string), "{attribute}");
        }
        assert!(span.get("status").is_none_or(|status| status["code"].is_u64()), "{span}");
    }
    spans
}

#[test]
fn a_run_is_told_as_spans_of_opentelemetry() {
    let (address, _requests) = recorder();
    let home = home(&[
        (
            "good.toml",
            format!("[http]\nurl = \"http://{address}/good?k=v\"\n[expect]\nstatus = 200\n"),
        ),
        (
            "wrong.toml",
            format!("[http]\nurl = \"http://{address}/wrong\"\n[expect]\nstatus = 404\n"),
        ),
    ]);
    let file = home.path().join("run.json").display().to_string();
    let report = format!("otlp={file}");
    let (status, _, said) = wirebench(home.path(), &["run", ".", "--report", &report]);
    assert_eq!(status, Some(1), "{said}");
    let document: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let spans = spans(&document);
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    let below = |parent: &Value| {
        spans.iter().filter(|span| span["parentSpanId"] == parent["spanId"]).collect::<Vec<_>>()
    };
    let (run, good, wrong) = (named("wirebench run"), named("good"), named("wrong"));
    assert_eq!(below(run).len(), 2);
    assert_eq!((&good["status"]["code"], &wrong["status"]["code"]), (&1.into(), &2.into()));
    assert!(wrong["status"]["message"].as_str().unwrap().contains("status"), "{wrong}");
    let [exchange] = below(good)[..] else { panic!("{spans:?}") };
    assert_eq!((&exchange["name"], &exchange["kind"]), (&"GET".into(), &3.into()));
    let attribute = |key: &str| {
        let all = exchange["attributes"].as_array().unwrap();
        all.iter().find(|attribute| attribute["key"] == key).unwrap()["value"].clone()
    };
    assert_eq!(attribute("http.request.method")["stringValue"], "GET");
    assert_eq!(attribute("http.response.status_code")["intValue"], "200");
    assert_eq!(attribute("server.address")["stringValue"], "127.0.0.1");
    assert_eq!(attribute("server.port")["intValue"], address.port().to_string());
    assert!(below(exchange).iter().any(|phase| phase["name"] == "first-byte"), "{spans:?}");
}
