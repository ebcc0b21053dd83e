//! Names that are not looked up, and targets that are connected to elsewhere: `resolve` and `connect-to`, beside curl.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::harness::peers::{echo_peer, free_port, read_head, tcp_peer, told_back};
use super::harness::program::{command, finished, listen, run, run_with_input, text, told};

#[test]
fn a_name_has_the_address_that_is_said_and_that_is_told() {
    let port = told_back().port();
    let url = format!("http://a.test:{port}/x");
    for rule in [
        format!("a.test:{port}:127.0.0.1"),
        format!("*:{port}:127.0.0.1"),
        format!("+A.TEST:{port}:[::1],127.0.0.1"),
    ] {
        let sent = run(&["send", "--json", &url, "--resolve", &rule]);
        let line: Value =
            serde_json::from_str(text(&sent.stdout).lines().next_back().unwrap()).unwrap();
        let exchange = text(&sent.stdout);
        assert!(exchange.contains(&format!("a.test:{port} has the address")), "{exchange} {line}");
        assert!(exchange.contains(&format!("Host: a.test:{port}")), "{exchange}");
    }
    let other = format!("b.test:{port}:127.0.0.1");
    let (status, said) = told(&run(&["send", &url, "--resolve", &other]));
    assert!(status == Some(3) && said.contains("name lookup failed"), "{said}");
}

#[test]
fn a_target_is_connected_to_elsewhere_and_still_asked_for() {
    let server = listen("https://127.0.0.1:0", &["--json", "--count", "1"]);
    let rule = format!("a.test:443:localhost:{}", server.port);
    let sent = run(&["send", "--insecure", "--json", "https://a.test/", "--connect-to", &rule]);
    let said = text(&sent.stdout);
    assert!(
        said.contains("\"sni\":\"a.test\"") && said.contains("[\"Host\",\"a.test\"]"),
        "{said}"
    );
    assert!(said.contains("(connect-to)"), "{said}");
    assert_eq!(server.finish().0, Some(0));
    let rule = format!("::127.0.0.1:{}", echo_peer().port());
    let args = ["send", "tcp://db.test:5432", "--connect-to", &rule, "--wait", "300ms"];
    let sent = run_with_input(&args, b"PING");
    assert_eq!(text(&sent.stdout), "PING", "{}", text(&sent.stderr));
}

#[test]
fn a_proxy_is_asked_for_where_a_target_leads_as_curl_asks() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let proxy = tcp_peer(move |mut stream| {
        if let Some(head) = read_head(&mut stream) {
            kept.lock().unwrap().push(text(&head).lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let proxy = proxy.to_string();
    let way = ["-x", &proxy, "--connect-to", "a.test::b.test:8443"];
    for url in ["https://a.test/", "http://a.test/"] {
        let (status, said) = told(&run(&[&["send", url], &way[..]].concat()));
        assert!(status == Some(3) && said.contains("CONNECT b.test:8443 with 502"), "{said}");
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "20", url]).args(way);
        let curl = curl.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        if curl.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return;
        }
        finished(curl);
        let mut heads = heads.lock().unwrap();
        assert_eq!(heads.len(), 2, "{heads:?}");
        assert_eq!(heads[0], heads[1]);
        heads.clear();
    }
}

#[test]
fn a_client_comes_from_the_interface_or_address_that_curl_would_name() {
    let peers = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&peers);
    let server = tcp_peer(move |mut stream| {
        kept.lock().unwrap().push(stream.peer_addr().unwrap().ip().to_string());
        let _ = read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let url = format!("http://{server}/");
    for name in ["127.0.0.2", "host!127.0.0.3"] {
        let sent = run(&["send", &url, "--interface", name]);
        assert!(sent.status.success(), "{}", text(&sent.stderr));
    }
    assert_eq!(*peers.lock().unwrap(), ["127.0.0.2", "127.0.0.3"]);
}

#[test]
fn presets_have_lists_of_rules_and_what_is_none_is_said() {
    let port = told_back().port();
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("presets")).unwrap();
    let preset = format!(
        "[http]\nurl = \"http://a.test/\"\nresolve = [\"b.test:{port}:127.0.0.1\"]\nconnect-to = [\"a.test:80:b.test:{port}\"]\n"
    );
    std::fs::write(home.path().join("presets/p.toml"), preset).unwrap();
    let sent = command(&["send", "p"])
        .env("WIREBENCH_HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let sent = finished(sent);
    assert!(text(&sent.stdout).contains("Host: a.test\r\n"), "{}", text(&sent.stderr));
    let nobody = format!("http://127.0.0.1:{}/", free_port());
    for (option, rule, words) in [
        ("--resolve", "a.test:443", "resolve: 'a.test:443' is no host:port:address"),
        ("--resolve", "a.test:443:b", "is no host:port:address"),
        ("--connect-to", "a:b", "connect-to: 'a:b' is no host:port:other-host:other-port"),
    ] {
        let (status, said) = told(&run(&["send", &nobody, option, rule]));
        assert!(status == Some(2) && said.contains(words), "{said}");
    }
    let (status, said) =
        told(&run(&["send", "udp://127.0.0.1:9", "-d", "x", "--resolve", "a:1:127.0.0.1"]));
    assert!(status == Some(2) && said.contains("--resolve means nothing to"), "{said}");
}
