//! Authorities that a user names, certificates of ours that servers ask for, and versions of TLS: against nginx, openssl
//! and curl. What is not installed is skipped with a printed reason, except in CI.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

use super::harness::peers::free_port;
use super::harness::program::{finished, listen, run, run_with_input, text, told};

/// An authority, a server's certificate and a client's, both of it, and the same of a client of another authority.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        let files = Files(tempfile::tempdir().unwrap());
        files.authority("ca", &[("server", "localhost"), ("client", "ann")]);
        files.authority("other", &[("stranger", "eve")]);
        let both = [files.read("client.pem"), files.read("client.key")].concat();
        std::fs::write(files.path("both.pem"), both).unwrap();
        files
    }

    fn authority(&self, name: &str, leaves: &[(&str, &str)]) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        std::fs::write(self.path(&format!("{name}.pem")), made.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        for (file, called) in leaves {
            let mut params = CertificateParams::new(vec![(*called).to_owned()]).unwrap();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, *called);
            let key = KeyPair::generate().unwrap();
            let made = params.signed_by(&key, &issuer).unwrap();
            std::fs::write(self.path(&format!("{file}.pem")), made.pem()).unwrap();
            std::fs::write(self.path(&format!("{file}.key")), key.serialize_pem()).unwrap();
        }
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn has(program: &str) -> bool {
    let mut there = Command::new("sh");
    there.args(["-c", &format!("PATH=$PATH:/usr/sbin command -v {program}")]).stdout(Stdio::null());
    let works = there.status().is_ok_and(|status| status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "{program} is not here");
        println!("skipped: {program} is not here");
    }
    works
}

fn started(command: &mut Command, port: u16) -> Server {
    let server = Server(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody listens");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    server
}

/// nginx, which says whom it sees; `verify` is what it does about certificates of clients.
fn nginx(files: &Files, verify: &str) -> (Server, u16) {
    let (port, folder) = (free_port(), files.0.path().display());
    let config = format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;\n\
         events {{}}\n\
         http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};\n\
         fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};\n\
         server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/server.pem;\n\
         ssl_certificate_key {folder}/server.key; ssl_client_certificate {folder}/ca.pem;\n\
         ssl_verify_client {verify}; ssl_protocols TLSv1.2 TLSv1.3;\n\
         location / {{ return 200 \"$ssl_client_verify $ssl_client_s_dn $ssl_protocol $ssl_server_name\"; }}\n\
         }} }}\n"
    );
    let file = files.path("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("nginx");
    command.env("PATH", format!("{path}:/usr/sbin"));
    command.args(["-p", &files.path(""), "-c", &file, "-e", &files.path("error")]);
    (started(&mut command, port), port)
}

fn curl(args: &[&str]) -> Output {
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "20", "--noproxy", "*"]).args(args);
    finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
}

fn exchange(sent: &Output) -> Value {
    let lines = text(&sent.stdout);
    let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = lines.rfind(|line| line["type"] == "exchange");
    found.unwrap_or_else(|| panic!("{}", text(&sent.stderr)))
}

#[test]
fn nginx_sees_the_certificate_that_it_sees_of_curl() {
    if !has("nginx") || !has("curl") {
        return;
    }
    let files = Files::new();
    let (_server, port) = nginx(&files, "optional");
    let url = format!("https://localhost:{port}/");
    let [ca, pem, key, both] =
        ["ca.pem", "client.pem", "client.key", "both.pem"].map(|name| files.path(name));
    for (args, expected) in [
        (&["--cacert", &*ca][..], "NONE  TLSv1.3 localhost"),
        (&["--cacert", &ca, "--cert", &pem, "--key", &key], "SUCCESS CN=ann TLSv1.3 localhost"),
        (
            &["--cacert", &ca, "--cert", &both, "--tls-max", "1.2"],
            "SUCCESS CN=ann TLSv1.2 localhost",
        ),
        (&["--cacert", &ca, "--tlsv1.3", "--cert", &both], "SUCCESS CN=ann TLSv1.3 localhost"),
    ] {
        let ours = run(&[&["send", "--http1.1", &url], args].concat());
        assert_eq!(text(&ours.stdout), expected, "{}", text(&ours.stderr));
        let theirs = curl(&[args, &[&url]].concat());
        assert_eq!(text(&theirs.stdout), expected, "{}", text(&theirs.stderr));
    }
    let shown = run(&["send", "--json", &url, "--cacert", &ca, "--cert", &both]);
    assert_eq!(exchange(&shown)["tls"]["shown"], "CN=ann");
    let (status, said) = told(&run(&["send", &url, "--cacert", &files.path("other.pem")]));
    assert!(status == Some(4) && said.contains("not trusted"), "{said}");
    // Who is named by another name has another certificate.
    let named = run(&["send", &url, "--cacert", &ca, "--set", "tls.sni=other.test"]);
    let (status, said) = told(&named);
    assert!(status == Some(4) && said.contains("other.test"), "{said}");
    let named = run(&["send", &url, "--insecure", "--set", "tls.sni=other.test"]);
    assert!(text(&named.stdout).ends_with(" other.test"), "{}", text(&named.stdout));
}

#[test]
fn a_server_that_insists_says_so_and_a_stranger_is_told_whose_certificate_was_shown() {
    if !has("openssl") {
        return;
    }
    let files = Files::new();
    let path = |name: &str| files.path(name);
    for version in ["-tls1_2", "-tls1_3"] {
        let port = free_port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-rev", version]);
        command.args(["-cert", &path("server.pem"), "-key", &path("server.key")]);
        command.args(["-CAfile", &path("ca.pem"), "-Verify", "1", "-verify_return_error"]);
        let _server = started(&mut command, port);
        let target = format!("tls://localhost:{port}");
        let ca = path("ca.pem");
        let talked = |more: &[&str]| {
            let args = ["send", &target, "--wait", "500ms", "--cacert", &ca];
            run_with_input(&[&args[..], more].concat(), b"hello\n")
        };
        let sent = talked(&["--cert", &path("client.pem"), "--key", &path("client.key")]);
        assert!(text(&sent.stdout).contains("olleh"), "{version} {}", text(&sent.stderr));
        let (status, said) = told(&talked(&[]));
        assert!(status == Some(4) && said.contains("certificate"), "{version} {said}");
        let stranger = talked(&["--cert", &path("stranger.pem"), "--key", &path("stranger.key")]);
        let (status, said) = told(&stranger);
        assert!(status == Some(4) && said.contains("alert"), "{version} {said}");
        if version == "-tls1_2" {
            assert!(said.contains("it was shown our certificate CN=eve"), "{said}");
        }
    }
}

#[test]
fn files_that_will_not_do_are_told_with_what_to_do() {
    let files = Files::new();
    let server = listen("https://127.0.0.1:0", &["--json"]);
    let url = format!("https://localhost:{}/", server.port);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (name, content) in
        [("enc.key", encrypted.as_bytes()), ("x.p12", b"0\x82\x01"), ("no.pem", b"x")]
    {
        std::fs::write(files.path(name), content).unwrap();
    }
    let path = |name: &str| files.path(name);
    for (args, words) in [
        (vec!["--cert", "client.pem", "--key", "enc.key"], "openssl pkey -in"),
        (vec!["--cert", "client.pem", "--key", "server.key"], "not that of the certificate"),
        (vec!["--cert", "client.pem"], "name the file of the key, too"),
        (vec!["--cert", "x.p12"], "openssl pkcs12 -in"),
        (vec!["--cacert", "no.pem"], "holds no authorities in PEM form"),
        (vec!["--cacert", "missing.pem"], "authorities cannot be read of it"),
        (vec!["--key", "client.key"], "a key is of use with its certificate alone"),
    ] {
        let args: Vec<String> = args
            .iter()
            .map(|word| if word.starts_with("--") { (*word).to_owned() } else { path(word) })
            .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (status, said) = told(&run(&[&["send", &url], &args[..]].concat()));
        assert!(status == Some(2) && said.contains(words), "{args:?}: {said}");
    }
    let (status, said) = told(&run(&["send", "tcp://127.0.0.1:9", "--cacert", &path("ca.pem")]));
    assert!(status == Some(2) && said.contains("--cacert means nothing to"), "{said}");
    server.interrupt();
}

#[test]
fn a_certificate_of_ours_stays_where_it_was_meant_for() {
    if !has("nginx") {
        return;
    }
    let files = Files::new();
    let (_server, port) = nginx(&files, "optional");
    let place = format!("https://localhost:{port}/");
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
    let from = super::harness::peers::http_peer(answer.leak().as_bytes());
    let own = ["--cacert", &files.path("ca.pem"), "--cert", &files.path("both.pem")];
    let sent = run(&[&["send", &format!("http://{from}/")], &own[..]].concat());
    assert_eq!(text(&sent.stdout), "NONE  TLSv1.3 localhost", "{}", text(&sent.stderr));
    let sent = run(&[&["send", "-v", &format!("http://{from}/")], &own[..]].concat());
    assert!(text(&sent.stderr).contains("not shown at another origin"), "{}", text(&sent.stderr));
}
