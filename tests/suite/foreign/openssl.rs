//! TLS with openssl and curl at the other end: verified against certificates the user names with
//! `SSL_CERT_FILE`, refused without, connected anyway when told so; and our listeners with a
//! certificate and key of the user's own.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::{Home, Peer, has, talk, text};
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;

/// A certificate and its key as PEM files.
struct Identity {
    _folder: TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

impl Identity {
    /// Self-signed, as developers make them: an authority by openssl's defaults.
    fn new() -> Identity {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext"])
            .arg("subjectAltName=DNS:localhost,IP:127.0.0.1")
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Identity { _folder: folder, certificate, key }
    }

    /// `openssl s_server` with this certificate on a port of its own.
    fn serve(&self, options: &[&str]) -> (Peer, u16) {
        let peer = Peer::start(
            Command::new("openssl")
                .args(["s_server", "-accept", "127.0.0.1:0"])
                .arg("-cert")
                .arg(&self.certificate)
                .arg("-key")
                .arg(&self.key)
                .args(options),
        );
        let line = peer.line_with("ACCEPT");
        let port = line.rsplit(':').next().and_then(|port| port.trim().parse().ok());
        (peer, port.unwrap_or_else(|| panic!("no port in {line}")))
    }
}

/// Sends with and without the certificate named, and anyway.
fn three_ways(home: &Home, identity: &Identity, words: &[&str]) -> [Output; 3] {
    let run = |named: bool, more: &[&str]| {
        let mut command = home.command(&[words, more].concat());
        command.stdin(Stdio::null()).env_remove("SSL_CERT_FILE");
        if named {
            command.env("SSL_CERT_FILE", &identity.certificate);
        }
        command.output().unwrap()
    };
    [run(true, &[]), run(false, &[]), run(false, &["--insecure"])]
}

#[test]
fn a_server_of_openssl_is_trusted_when_its_certificate_is_named() {
    if !has("openssl", &["version"]) {
        return;
    }
    let (home, identity) = (Home::new(), Identity::new());
    for version in ["-tls1_3", "-tls1_2"] {
        // It sends each line back with its letters reversed.
        let (_peer, port) = identity.serve(&["-rev", version]);
        let target = format!("tls://localhost:{port}");
        let words = ["send", &target, "--data", "hello\\n", "--wait", "500ms", "--text"];
        let [trusted, refused, anyway] = three_ways(&home, &identity, &words);
        assert!(text(&trusted).contains("olleh"), "{version}: {trusted:?}");
        assert_eq!(refused.status.code(), Some(4), "{version}: {refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("the certificate is not trusted"), "{version}: {said}");
        assert!(text(&anyway).contains("olleh"), "{version}: {anyway:?}");

        // Trust is in the certificate and its names, not in everybody who shows it.
        let presets = home.0.path().join("presets");
        std::fs::create_dir_all(&presets).unwrap();
        let preset =
            format!("[tcp]\naddress = \"localhost:{port}\"\ntls = {{ sni = \"other.test\" }}\n");
        std::fs::write(presets.join("other.toml"), preset).unwrap();
        let [wrong_name, _, _] = three_ways(&home, &identity, &["send", "other", "--wait", "0"]);
        assert_eq!(wrong_name.status.code(), Some(4), "{wrong_name:?}");
        let said = String::from_utf8_lossy(&wrong_name.stderr);
        assert!(said.contains("other.test"), "{said}");
    }
}

#[test]
fn a_page_of_openssl_over_https() {
    if !has("openssl", &["version"]) {
        return;
    }
    let (home, identity) = (Home::new(), Identity::new());
    let (_peer, port) = identity.serve(&["-www"]);
    let url = format!("https://localhost:{port}/");
    let [trusted, refused, anyway] = three_ways(&home, &identity, &["send", "--raw", &url]);
    assert!(trusted.status.success() && text(&trusted).contains("s_server"), "{trusted:?}");
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    assert!(refused.stdout.is_empty(), "nothing is sent to whom is not trusted: {refused:?}");
    assert!(anyway.status.success() && text(&anyway).contains("s_server"), "{anyway:?}");
    let said = String::from_utf8_lossy(&anyway.stderr);
    assert!(said.contains("does not verify"), "going on is said every time: {said}");
}

#[test]
fn the_screen_shows_the_refused_chain_and_connects_anyway_when_told_so() {
    if !has("openssl", &["version"]) {
        return;
    }
    let identity = Identity::new();
    let (_peer, port) = identity.serve(&["-www"]);
    let url = format!("[http]\nurl = \"https://localhost:{port}/\"\n");
    let launch = Launch::default()
        .size(150, 50)
        .preset("strict", &url)
        .preset("trusting", &format!("{url}verify = false\n"));
    let mut tui = launch.start();
    tui.wait_for("─ strict ");
    tui.keys("<F5>");
    tui.wait_for("the certificate is not trusted");
    tui.wait_for("accepts this certificate");
    tui.keys("<C-p>trusting<Enter>");
    tui.wait_for("─ trusting ");
    tui.keys("<F5>");
    tui.wait_for("200 ok");
    tui.wait_for("NOT VERIFIED");
    tui.quit();
}

#[test]
fn openssl_may_ask_for_another_handshake() {
    if !has("openssl", &["version"]) {
        return;
    }
    let (home, identity) = (Home::new(), Identity::new());
    let (mut server, port) = identity.serve(&["-tls1_2"]);
    let target = format!("tls://localhost:{port}");
    let client = Peer::start(
        home.command(&["send", &target, "--data", "x\\n", "--insecure"])
            .args(["--wait", "10s", "--json"]),
    );
    client.line_with("secured");
    server.line_with("CIPHER is");
    let mut input = server.child.stdin.take().unwrap();
    // A line of one R asks for a renegotiation, which TLS 1.3 does not have and we refuse.
    input.write_all(b"R\n").unwrap();
    wait_until("the conversation goes on", || {
        // What it reads together with the R is lost on it.
        input.write_all(b"still there\n").unwrap();
        client.lines.try_iter().any(|line| line.contains("still there"))
    });
}

#[test]
fn our_listeners_with_a_certificate_of_the_users_own() {
    if !has("openssl", &["version"]) {
        return;
    }
    let (home, identity) = (Home::new(), Identity::new());
    let (certificate, key) =
        (identity.certificate.to_str().unwrap(), identity.key.to_str().unwrap());
    let pem = ["--cert", certificate, "--key", key];
    let (_tls, port) = home.listen(&[&["tls://127.0.0.1:0", "--echo"], &pem[..]].concat());
    talk(
        Command::new("openssl")
            .args(["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost"])
            .args(["-connect", &format!("127.0.0.1:{port}"), "-CAfile", certificate]),
        b"from openssl\n",
        "from openssl",
    );
    let target = format!("tls://localhost:{port}");
    let words = ["send", &target, "--data", "ours\\n", "--wait", "500ms", "--text"];
    let [trusted, refused, _] = three_ways(&home, &identity, &words);
    assert!(text(&trusted).contains("ours"), "{trusted:?}");
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");

    let (_https, port) =
        home.listen(&[&["http://127.0.0.1:0", "--body", "secure"], &pem[..]].concat());
    if has("curl", &["--version"]) {
        let url = format!("https://localhost:{port}/");
        let output = Command::new("curl").args(["-s", "--cacert", certificate, &url]).output();
        assert_eq!(text(&output.unwrap()), "secure");
    }

    // The same from a preset, and what is wrong with the files in words.
    let folder = home.0.path().join("presets");
    std::fs::create_dir_all(&folder).unwrap();
    let preset = |certificate: &str| {
        format!(
            "[tcp-listener]\nbind = \"127.0.0.1:0\"\n\
             tls = {{ certificate = \"{certificate}\", key = \"{key}\" }}\n"
        )
    };
    std::fs::write(folder.join("mine.toml"), preset(certificate)).unwrap();
    std::fs::write(folder.join("wrong.toml"), preset(key)).unwrap();
    let (_preset, port) = home.listen(&["mine"]);
    let found = Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-CAfile", certificate])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(text(&found).contains("Verify return code: 0 (ok)"), "{}", text(&found));
    let wrong = home.command(&["listen", "wrong"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(said.contains("it holds no certificate in PEM form"), "{said}");
}
