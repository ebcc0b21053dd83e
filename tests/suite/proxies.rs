//! Requests and conversations through proxies: a scripted one that records what it gets beside what curl sends it, our own
//! relays, tinyproxy, microsocks and socat. What is not installed is skipped with a printed reason, except in CI.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::harness::peers::{echo_peer, free_port, read_head, tcp_peer, told_back};
use super::harness::program::{
    Listening, command, finished, listen, listening, run, run_with_input, text, told,
};

/// Runs with these variables of the environment and no other proxies.
fn run_in(environment: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = command(args);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD"] {
        command.env_remove(name).env_remove(name.to_ascii_uppercase());
    }
    command.envs(environment.iter().copied());
    finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
}

/// A proxy that records every head it gets and answers it so.
fn recording(answer: &'static [u8]) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let address = tcp_peer(move |mut stream| {
        while let Some(head) = read_head(&mut stream) {
            kept.lock().unwrap().push(text(&head));
            let _ = stream.write_all(answer);
        }
    });
    (address, heads)
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn has(program: &str) -> bool {
    let mut there = Command::new("sh");
    there.args(["-c", &format!("command -v {program}")]).stdout(Stdio::null());
    let works = there.status().is_ok_and(|status| status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "{program} is not here");
        println!("skipped: {program} is not here");
    }
    works
}

fn curl(args: &[&str]) -> Output {
    let mut command = Command::new("curl");
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_ascii_uppercase());
    }
    command.args(["-sS", "--max-time", "20"]).args(args);
    finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
}

/// The lines of a head but who is asking and in which codings the answer may come.
fn comparable(head: &str) -> Vec<String> {
    let is_own = |line: &&str| {
        let line = line.to_ascii_lowercase();
        !line.starts_with("user-agent:") && !line.starts_with("accept-encoding:")
    };
    head.lines().filter(is_own).map(str::to_owned).collect()
}

#[test]
fn a_proxy_gets_what_curl_sends_it() {
    if !has("curl") {
        return;
    }
    for (url, answer, is_sent) in [
        ("http://example.test/a?b=c", ANSWER, true),
        ("http://example.test:8080", ANSWER, true),
        ("https://example.test/a", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", false),
    ] {
        let (proxy, heads) = recording(answer);
        for login in ["", "ann:p%40w@"] {
            let proxy = format!("http://{login}{proxy}");
            let ours = run(&["send", "-x", &proxy, url]);
            assert_eq!(ours.status.success(), is_sent, "{}", text(&ours.stderr));
            assert!(!text(&ours.stderr).contains("p%40w"), "{}", text(&ours.stderr));
            let theirs = curl(&["-x", &proxy, url]);
            assert_eq!(theirs.status.success(), is_sent, "{}", text(&theirs.stderr));
        }
        let heads = heads.lock().unwrap();
        assert_eq!(heads.len(), 4);
        for pair in heads.chunks(2) {
            assert_eq!(comparable(&pair[0]), comparable(&pair[1]), "{url}");
        }
        assert!(
            heads[2].contains("\r\nProxy-Authorization: Basic YW5uOnBAdw==\r\n"),
            "{}",
            heads[2]
        );
    }
}

#[test]
fn what_keeps_a_proxy_from_connecting_on_is_said() {
    for (answer, login, words) in [
        (
            &b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..],
            "",
            "with 407 Proxy Authentication Required (it wants a user and a password",
        ),
        (b"HTTP/1.1 407 No\r\n\r\n", "u:canary@", "it does not take this user and password"),
        (b"HTTP/1.1 403 Filtered\r\n\r\n", "", "with 403 Filtered (it does not allow this target"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", "", "with 502 Bad Gateway (it cannot reach"),
        (b"SSH-2.0-x\r\n\r\n", "", "is no HTTP: SSH-2.0-x"),
        (b"", "", "the peer closed the connection before it answered"),
    ] {
        let proxy = tcp_peer(move |mut stream| {
            let _ = read_head(&mut stream);
            let _ = stream.write_all(answer);
        });
        for target in ["https://example.test/", "tcp://example.test:9"] {
            let proxy = format!("http://{login}{proxy}");
            let (status, said) = told(&run(&["send", "-I", "-x", &proxy, target]));
            assert_eq!(status, Some(3), "{said}");
            assert!(said.contains("the proxy does not lead there: http://"), "{said}");
            assert!(said.contains(words) && !said.contains("canary"), "{said}");
        }
    }
    let nobody = format!("127.0.0.1:{}", free_port());
    let (status, said) = told(&run(&["send", "-x", &nobody, "http://example.test/"]));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains(&format!("proxy http://{nobody}: connection refused")), "{said}");
}

#[test]
fn the_environment_names_proxies_but_for_this_machine() {
    let (proxy, heads) = recording(ANSWER);
    let (proxy, target) = (proxy.to_string(), told_back().to_string());
    let count = || heads.lock().unwrap().len();
    let own = format!("http://{target}/");
    for (environment, args, goes) in [
        (&[("http_proxy", &*proxy)][..], &["http://example.test/"][..], true),
        (&[("HTTP_PROXY", &proxy)], &["http://example.test/"], true),
        (&[("ALL_PROXY", &proxy)], &["http://example.test/"], true),
        (&[("http_proxy", &proxy)], &[&own], false),
        (&[("http_proxy", &proxy), ("NO_PROXY", "127.0.0.0/8")], &[&own, "-x", &proxy], false),
        (&[("http_proxy", "127.0.0.1:1")], &[&own, "-x", &proxy], true),
        (&[("http_proxy", "127.0.0.1:1")], &[&own, "-x", &proxy, "--noproxy", "127.0.0.1"], false),
        (&[("http_proxy", "ftp://nobody")], &[&own], false),
    ] {
        let before = count();
        let sent = run_in(environment, &[&["send"], args].concat());
        assert!(sent.status.success(), "{environment:?} {}", text(&sent.stderr));
        assert_eq!(count() > before, goes, "{environment:?} {args:?}");
    }
    let before = count();
    for environment in [
        &[("HTTP_PROXY", &*proxy), ("REQUEST_METHOD", "GET")][..],
        &[("http_proxy", &proxy), ("no_proxy", "a.test, .test")],
    ] {
        let (status, said) = told(&run_in(environment, &["send", "http://example.test/"]));
        assert!(status == Some(3) && said.contains("name lookup failed"), "{said}");
    }
    assert_eq!(count(), before);
    let bad = run_in(&[("https_proxy", "ftp://u:canary@p")], &["send", "https://example.test/"]);
    let (status, said) = told(&bad);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("https_proxy names no proxy: its scheme"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn what_is_for_the_proxy_stays_with_it_and_what_is_for_the_target_too() {
    let target = told_back();
    let place = format!("http://{target}/");
    let redirect: &'static [u8] =
        format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n")
            .leak()
            .as_bytes();
    let (proxy, heads) = recording(redirect);
    let environment = [("http_proxy", &*format!("u:canary@{proxy}"))];
    let sent = run_in(&environment, &["send", "-v", "http://example.test/"]);
    let said = text(&sent.stdout);
    assert!(sent.status.success() && !said.contains("dTpjYW5hcnk"), "{said}");
    let got = &said[said.rfind("GET / HTTP/1.1").unwrap()..];
    assert!(got.contains(&format!("Host: {target}")), "{got}");
    assert!(!got.to_lowercase().contains("proxy"), "{got}");
    assert!(heads.lock().unwrap()[0].contains("Proxy-Authorization: Basic dTpjYW5hcnk="));

    let (proxy, heads) = recording(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    let proxy = proxy.to_string();
    let own = ["-a", "ann:secret", "-H", "Proxy-Authorization: Own 1", "-H", "X-Key: 2"];
    run(&[&["send", "-x", &proxy, "https://example.test/"][..], &own].concat());
    let head = heads.lock().unwrap()[0].clone();
    assert!(head.contains("\r\nProxy-Authorization: Own 1\r\n"), "{head}");
    assert!(!head.contains("X-Key") && !head.contains("\r\nAuthorization"), "{head}");
}

/// A relay of ours on a free port.
fn relay(args: &[&str]) -> Listening {
    listening(&mut command(&[&["relay"], args].concat()))
}

/// Exchanges of a request that was printed as JSON Lines.
fn exchange(sent: &Output) -> Value {
    let lines = text(&sent.stdout);
    let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = lines.rfind(|line| line["type"] == "exchange");
    found.unwrap_or_else(|| panic!("{}", text(&sent.stderr)))
}

#[test]
fn a_tunnel_leads_to_tls_and_hides_from_the_proxy_what_is_said() {
    let server = listen("https://127.0.0.1:0", &["--json"]);
    let url = format!("https://localhost:{}/a", server.port);
    let http = relay(&["http://127.0.0.1:0"]);
    let socks = relay(&["socks5://127.0.0.1:0"]);
    for proxy in [
        format!("http://127.0.0.1:{}", http.port),
        format!("socks5://127.0.0.1:{}", socks.port),
        format!("socks5h://127.0.0.1:{}", socks.port),
    ] {
        let own = ["-H", "Proxy-Authorization: canary"];
        let sent = run(&[&["send", "--json", "--insecure", "-x", &proxy, &url][..], &own].concat());
        let told = exchange(&sent);
        assert_eq!(told["state"], "complete", "{told} {}", text(&sent.stderr));
        assert_eq!(told["proxy"], *proxy);
        assert!(
            told["timing_us"]["tunnel"].is_u64() && told["timing_us"]["tls"].is_u64(),
            "{told}"
        );
        let port = proxy.rsplit(':').next().unwrap();
        assert_eq!(told["peer"], format!("127.0.0.1:{port}"));
        assert!(!told["request"].to_string().contains("Proxy"), "{told}");
    }
    let meta =
        run(&["send", "--meta", "--insecure", "-x", &format!("127.0.0.1:{}", http.port), &url]);
    let said = text(&meta.stdout);
    assert!(said.contains(&format!("through proxy http://127.0.0.1:{}", http.port)), "{said}");
    server.interrupt();
    for relay in [http, socks] {
        relay.interrupt();
    }
    let (_, lines) = server.finish();
    assert!(!lines.iter().any(|line| line.to_string().contains("canary")));
}

#[test]
fn conversations_go_through_proxies_and_targets_may_speak_first() {
    let greets = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"220 ready\r\n");
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"250 ok\r\n");
    });
    let (http, socks) = (relay(&["http://127.0.0.1:0"]), relay(&["socks5://127.0.0.1:0"]));
    let echo = echo_peer();
    for proxy in [
        format!("http://127.0.0.1:{}", http.port),
        format!("socks5://127.0.0.1:{}", socks.port),
        format!("socks5h://127.0.0.1:{}", socks.port),
    ] {
        let target = format!("tcp://localhost:{}", greets.port());
        let args = ["send", "-x", &proxy, &target, "--wait", "500ms"];
        let sent = run_with_input(&args, b"QUIT\r\n");
        assert_eq!(text(&sent.stdout), "220 ready\r\n250 ok\r\n", "{}", text(&sent.stderr));
        let target = format!("tcp://{echo}");
        let sent = run_with_input(&["send", "-x", &proxy, &target, "--wait", "300ms"], b"PING");
        assert_eq!(text(&sent.stdout), "PING", "{}", text(&sent.stderr));
    }
    // What is refused behind a proxy is told by it.
    let nobody = format!("tcp://127.0.0.1:{}", free_port());
    let proxy = format!("socks5://127.0.0.1:{}", socks.port);
    let (status, said) = told(&run(&["send", "-I", "-x", &proxy, &nobody]));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("the target refused its connection (reply 5)"), "{said}");
    let (status, said) = told(&run(&["send", "-x", &proxy, "udp://127.0.0.1:9", "-d", "x"]));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("--proxy means nothing to"), "{said}");
}

#[test]
fn a_preset_names_its_proxy_and_what_is_wrong_with_it_is_said_before() {
    let (proxy, heads) = recording(ANSWER);
    let field = format!("proxy={proxy}");
    let sent = run(&["send", "http://example.test/", "--set", &field]);
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    assert_eq!(heads.lock().unwrap().len(), 1);
    for (args, words) in [
        (&["--set", "proxy=socks4://p:1"][..], "proxy: this is no proxy: SOCKS4 is not spoken"),
        (&["--set", "proxy=http://p:0"], "it names no host and port"),
        (
            &["--set", "proxy=p:1", "--unix-socket", "/run/x.sock"],
            "a Unix socket is connected to through no proxy",
        ),
    ] {
        let (status, said) = told(&run(&[&["send", "http://example.test/"], args].concat()));
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

/// Ends a server when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(program: &str, args: &[&str], port: u16) -> Server {
    let command = &mut Command::new(program);
    let server =
        Server(command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "{program} does not listen");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    server
}

fn tinyproxy(folder: &Path, more: &str) -> (Server, u16) {
    let (port, config) = (free_port(), folder.join("tinyproxy.conf"));
    let text = format!("Port {port}\nListen 127.0.0.1\nTimeout 20\nMaxClients 20\n{more}\n");
    std::fs::write(&config, text).unwrap();
    (started("tinyproxy", &["-d", "-c", config.to_str().unwrap()], port), port)
}

#[test]
fn tinyproxy_passes_requests_on_and_opens_tunnels_for_who_it_knows() {
    if !has("tinyproxy") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_server, port) = tinyproxy(folder.path(), "BasicAuth ann pw");
    let secure = listen("https://127.0.0.1:0", &["--json", "--body", "secure"]);
    let (plain, secure_url) = (told_back(), format!("https://localhost:{}/", secure.port));
    let with = format!("http://ann:pw@127.0.0.1:{port}");
    let sent = run(&["send", "-x", &with, &format!("http://{plain}/p")]);
    let got = text(&sent.stdout);
    assert!(got.starts_with("GET /p HTTP/1.") && !got.contains("YW5uOnB3"), "{got}");
    let sent = run(&["send", "--insecure", "-x", &with, &secure_url]);
    assert_eq!(text(&sent.stdout), "secure", "{}", text(&sent.stderr));
    let without = format!("http://127.0.0.1:{port}");
    let (status, said) = told(&run(&["send", "--insecure", "-x", &without, &secure_url]));
    assert!(status == Some(3) && said.contains("with 407"), "{said}");
    // What is asked for without TLS is answered by the proxy itself.
    let refused = run(&["send", "--json", "-x", &without, &format!("http://{plain}/")]);
    assert_eq!(exchange(&refused)["response"]["status"], 407);
}

#[test]
fn http2_is_spoken_through_a_tunnel_of_tinyproxy() {
    if !has("tinyproxy") || !has("nghttpd") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(file("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(file("a.txt"), "text").unwrap();
    let (server, plain) = (free_port(), free_port());
    let nghttpd = |port: u16, more: &[&str]| {
        let args = ["--address=127.0.0.1".to_owned(), "-d".to_owned(), file(""), port.to_string()];
        let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        started("nghttpd", &args, port)
    };
    let _secure = nghttpd(server, &[&file("key.pem"), &file("cert.pem")]);
    let _plain = nghttpd(plain, &["--no-tls"]);
    let (_proxy, port) = tinyproxy(folder.path(), "");
    let proxy = format!("http://127.0.0.1:{port}");
    let args = ["send", "--json", "--insecure", "-x", &proxy];
    for (url, more) in [
        (format!("https://localhost:{server}/a.txt"), &[][..]),
        (format!("http://localhost:{plain}/a.txt"), &["--http2-prior-knowledge"]),
    ] {
        let sent = run(&[&args[..], &[&url], more].concat());
        let told = exchange(&sent);
        assert_eq!(told["response"]["body"]["text"], "text", "{told}");
        assert!(told["response"].to_string().contains("HTTP/2"), "{told}");
        assert_eq!(told["proxy"], *proxy);
    }
}

#[test]
fn microsocks_connects_on_for_who_it_knows() {
    if !has("microsocks") || !has("curl") {
        return;
    }
    let port = free_port();
    let at = port.to_string();
    let _server =
        started("microsocks", &["-i", "127.0.0.1", "-p", &at, "-u", "ann", "-P", "p:w"], port);
    let target = told_back();
    let url = format!("http://localhost:{}/s", target.port());
    for kind in ["socks5", "socks5h"] {
        let proxy = format!("{kind}://ann:p%3Aw@127.0.0.1:{port}");
        let ours = run(&["send", "-x", &proxy, &url]);
        let theirs = curl(&["-x", &proxy, &url]);
        assert!(theirs.status.success(), "{}", text(&theirs.stderr));
        let [ours, theirs] = [&ours, &theirs].map(|it| comparable(&text(&it.stdout)));
        assert_eq!(ours, theirs);
        let wrong = format!("{kind}://ann:canary@127.0.0.1:{port}");
        let (status, said) = told(&run(&["send", "-x", &wrong, &url]));
        assert_eq!(status, Some(3), "{said}");
        assert!(said.contains("does not take this user and password"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    let nobody = format!("socks5://127.0.0.1:{port}");
    let (status, said) = told(&run(&["send", "-x", &nobody, &url]));
    assert!(status == Some(3) && said.contains("wants a user and a password"), "{said}");
}

#[test]
fn a_proxy_under_tls_has_to_have_a_certificate_that_verifies() {
    if !has("socat") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let both = format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem());
    std::fs::write(file("both.pem"), both).unwrap();
    std::fs::write(file("cert.pem"), made.cert.pem()).unwrap();
    let (behind, port) = (relay(&["http://127.0.0.1:0"]), free_port());
    let listens = format!(
        "OPENSSL-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,verify=0,cert={}",
        file("both.pem")
    );
    let _server = started("socat", &[&listens, &format!("TCP:127.0.0.1:{}", behind.port)], port);
    let secure = listen("https://127.0.0.1:0", &["--body", "inner", "--json"]);
    let plain = told_back();
    let proxy = format!("https://localhost:{port}");
    let trusts = [("SSL_CERT_FILE", &*file("cert.pem"))];
    let inner = format!("https://localhost:{}/", secure.port);
    let sent = run_in(&trusts, &["send", "--insecure", "-x", &proxy, &inner]);
    assert_eq!(text(&sent.stdout), "inner", "{}", text(&sent.stderr));
    let sent = run_in(&trusts, &["send", "-x", &proxy, &format!("http://{plain}/x")]);
    assert!(text(&sent.stdout).starts_with("GET /x HTTP/1.1"), "{}", text(&sent.stderr));
    let (status, said) = told(&run(&["send", "--insecure", "-x", &proxy, &inner]));
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains(&format!("proxy {proxy}")) && said.contains("SSL_CERT_FILE"), "{said}");
}
