//! Consent to a certificate, on the real program: it holds for one origin, and by its hash for one
//! certificate; who shows a certificate has to have its key.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

use crate::foreign::{Peer, has};
use crate::harness::peers::free_port;
use crate::harness::program::{self, Listening, listening, text, told};
use crate::harness::terminal::Launch;

/// A certificate nobody vouches for, with its key, as PEM files.
struct Identity {
    folder: TempDir,
    der: CertificateDer<'static>,
}

impl Identity {
    fn new() -> Self {
        let (der, key) = certificate();
        let folder = tempfile::tempdir().unwrap();
        let pem = |kind: &str, der: &[u8]| {
            use base64::Engine as _;
            let lines = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n")
        };
        std::fs::write(folder.path().join("c.pem"), pem("CERTIFICATE", &der)).unwrap();
        let key = pem("PRIVATE KEY", &key.serialize_der());
        std::fs::write(folder.path().join("k.pem"), key).unwrap();
        Identity { folder, der }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// `sha256:` and its digits.
    fn hash(&self) -> String {
        let hash = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13().unwrap();
        let hash = hash.common.hash_provider.hash(&self.der);
        let digits: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{}", digits.concat())
    }

    /// A listener of ours that shows it.
    fn listen(&self, target: &str, more: &[&str]) -> Listening {
        let (certificate, key) = (self.file("c.pem"), self.file("k.pem"));
        let pem = ["listen", target, "--cert", &certificate, "--key", &key, "--for", "20s"];
        listening(&mut program::command(&[&pem, more].concat()))
    }
}

/// A certificate for `localhost` that nobody vouches for, with its key.
pub fn certificate() -> (CertificateDer<'static>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let certificate = params.unwrap().self_signed(&key).unwrap();
    (certificate.der().clone(), key)
}

fn send(words: &[&str]) -> Output {
    program::run(&[&["send", "--raw"], words].concat())
}

/// The requests a listener was sent in the end.
fn requests(listening: Listening) -> usize {
    listening.interrupt();
    let (_, lines) = listening.finish();
    lines.iter().filter(|line: &&Value| line["type"] == "exchange").count()
}

#[test]
fn consent_is_not_taken_along_to_another_origin() {
    let (here, there) = (Identity::new(), Identity::new());
    let other = there.listen("https://127.0.0.1:0", &["--body", "there"]);
    let place = format!("Location:https://127.0.0.1:{}/", other.port);
    let own = here.listen("https://127.0.0.1:0", &["--status", "307", "-H", &place]);
    let url = format!("https://127.0.0.1:{}/", own.port);

    let refused = send(&["POST", &url, "password=hunter2", "--insecure"]);
    let (status, said) = told(&refused);
    assert_eq!(status, Some(4), "{said}");
    let accept = format!("{}@127.0.0.1:{}", there.hash(), other.port);
    assert!(said.contains(&format!("tls.trust={accept}")), "{said}");
    let by_hash = format!("tls.trust={}", here.hash());
    assert_eq!(told(&send(&["POST", &url, "a=b", "--set", &by_hash])).0, Some(4));

    // A way there is: the other one named too, by its hash and place.
    let both = format!("{by_hash} {accept}");
    let accepted = send(&["POST", &url, "a=b", "--set", &both]);
    assert_eq!((accepted.status.code(), text(&accepted.stdout)), (Some(0), "there".to_owned()));
    // Named for another place it does not count.
    let elsewhere = format!("{by_hash} {}@127.0.0.1:1", there.hash());
    assert_eq!(told(&send(&["POST", &url, "a=b", "--set", &elsewhere])).0, Some(4));
    assert_eq!(requests(other), 1, "the body went nowhere else");
}

#[test]
fn consent_still_holds_when_a_redirect_leads_back() {
    let (here, there) = (Identity::new(), Identity::new());
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    std::fs::create_dir_all(&presets).unwrap();
    let port = free_port();
    let back = format!("Location:https://127.0.0.1:{port}/end");
    let other = there.listen("https://127.0.0.1:0", &["--status", "302", "-H", &back]);
    let preset = format!(
        "[http-listener]\nbind = \"127.0.0.1:{port}\"\n\
         tls = {{ certificate = \"{}\", key = \"{}\" }}\nbody.text = \"back\"\n\
         rule = [{{ path = \"/\", status = 302, headers = [\"Location: https://127.0.0.1:{}/\"] }}]\n",
        here.file("c.pem"),
        here.file("k.pem"),
        other.port
    );
    std::fs::write(presets.join("own.toml"), preset).unwrap();
    let home = home.path().to_str().unwrap();
    let _own = listening(&mut program::command(&["--home", home, "listen", "own", "--for", "20s"]));
    let url = format!("https://127.0.0.1:{port}/");
    let trust = format!("tls.trust={}@127.0.0.1:{}", there.hash(), other.port);
    let ended = send(&[&url, "--insecure", "--set", &trust]);
    assert_eq!((told(&ended), text(&ended.stdout)).1, "back", "{:?}", told(&ended));
}

#[test]
fn a_hash_accepts_one_certificate_under_tcp_too() {
    let (one, other) = (Identity::new(), Identity::new());
    let server = one.listen("tls://127.0.0.1:0", &["--echo"]);
    let target = format!("tls://127.0.0.1:{}", server.port);
    let words = [&*target, "ping", "--wait", "100ms"];
    let with = |trust: &str| send(&[&words[..], &["--set", trust]].concat());
    let accepted = with(&format!("tls.trust={}", one.hash()));
    assert_eq!((accepted.status.code(), text(&accepted.stdout)), (Some(0), "ping".to_owned()));
    let (status, said) = told(&with(&format!("tls.trust={}", other.hash())));
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("not trusted"), "{said}");
    assert_eq!(told(&with("tls.trust=sha256:12")).0, Some(2));
}

#[test]
fn a_certificate_that_is_missing_or_unfit_is_a_matter_of_its_file() {
    let (one, other) = (Identity::new(), Identity::new());
    let missing = one.file("none.pem");
    for (certificate, key, named) in [
        (&missing, &one.file("k.pem"), &missing),
        (&one.file("c.pem"), &missing, &missing),
        (&one.file("k.pem"), &one.file("k.pem"), &one.file("k.pem")),
        (&one.file("c.pem"), &one.file("c.pem"), &one.file("c.pem")),
        (&one.file("c.pem"), &other.file("k.pem"), &other.file("k.pem")),
    ] {
        let words = ["listen", "tls://127.0.0.1:0", "--cert", certificate, "--key", key];
        let (status, said) = told(&program::run(&words));
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(named.as_str()) && !said.contains("handshake"), "{said}");
    }
}

#[test]
fn the_key_on_the_screen_keeps_the_hash_in_the_preset() {
    let identity = Identity::new();
    let server = identity.listen("https://127.0.0.1:0", &["--body", "let in"]);
    let preset = format!("# mine\n[http]\nurl = \"https://127.0.0.1:{}/\"\n", server.port);
    let mut tui = Launch::default().size(280, 50).preset("strict", &preset).start();
    tui.wait_for("─ strict ");
    tui.keys("<F5>");
    tui.wait_for("the certificate is not trusted");
    tui.keys("<A-v>");
    tui.wait_for("let in");
    tui.wait_for("CERTIFICATE ACCEPTED BY HASH");
    tui.keys("<C-s>");
    tui.wait_for("saved");
    let saved = std::fs::read_to_string(tui.home.path().join("home/presets/strict.toml")).unwrap();
    assert!(saved.contains(&format!("tls.trust = \"{}\"", identity.hash())), "{saved}");
    assert!(saved.starts_with("# mine\n") && !saved.contains("verify"), "{saved}");
    tui.quit();
}

/// Shows a certificate and signs with another key.
#[derive(Debug)]
struct Impostor(Arc<CertifiedKey>);

impl ResolvesServerCert for Impostor {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[test]
fn who_shows_a_certificate_has_to_have_its_key() {
    let (identity, (_, stolen)) = (Identity::new(), certificate());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(stolen.serialize_der()));
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = Arc::new(CertifiedKey::new(vec![identity.der.clone()], key));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Impostor(shown)));
    let (config, server) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let target = format!("tls://{}", server.local_addr().unwrap());
    std::thread::spawn(move || {
        for tcp in server.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = StreamOwned::new(connection, tcp).read(&mut [0; 16]);
        }
    });
    let trust = format!("tls.trust={}", identity.hash());
    for consent in [&["--insecure"][..], &["--set", &trust]] {
        let (status, said) = told(&send(&[&[&*target, "secret"], consent].concat()));
        assert_eq!(status, Some(4), "{said}");
        assert!(said.contains("does not have the key of the certificate"), "{said}");
    }
}

/// Runs openssl in a folder.
fn openssl(folder: &Path, words: &[&str]) -> String {
    let output = Command::new("openssl").current_dir(folder).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// `openssl s_server` with the certificate in a folder.
fn server(folder: &Path, version: &str) -> (Peer, u16) {
    let peer = Peer::start(
        Command::new("openssl")
            .current_dir(folder)
            .args(["s_server", "-accept", "127.0.0.1:0", "-rev", "-cert", "c.pem"])
            .args(["-key", "k.pem", "-cipher", "DEFAULT@SECLEVEL=0", version]),
    );
    let line = peer.line_with("ACCEPT");
    (peer, line.rsplit(':').next().unwrap().trim().parse().unwrap())
}

#[test]
fn a_certificate_whose_handshake_cannot_be_checked_is_accepted_as_unproven_only() {
    if !has("openssl", &["version"]) {
        return;
    }
    let request = ["req", "-new", "-nodes", "-subj", "/CN=localhost", "-keyout", "k.pem"];
    let sign = ["x509", "-req", "-days", "2", "-in", "r.pem", "-signkey", "k.pem", "-out", "c.pem"];
    for (key, why) in [("rsa:1024", "1024 bits"), ("rsa:2048", "version 1")] {
        let folder = tempfile::tempdir().unwrap();
        openssl(folder.path(), &[&request[..], &["-newkey", key, "-out", "r.pem"]].concat());
        openssl(folder.path(), &sign);
        let shown = openssl(folder.path(), &["x509", "-in", "c.pem", "-noout", "-text"]);
        if why == "version 1" && !shown.contains("Version: 1 ") {
            eprintln!("skipped: this openssl makes no certificates of version 1");
            continue;
        }
        for version in ["-tls1_2", "-tls1_3"] {
            let (_peer, port) = server(folder.path(), version);
            let target = format!("tls://localhost:{port}");
            let words = ["send", &target, "ping\\n", "--wait", "300ms", "--json"];
            let (status, said) = told(&program::run(&words));
            assert_eq!(status, Some(4), "{why} {version}: {said}");
            let output = program::run(&[&words[..], &["--insecure"]].concat());
            let lines = text(&output.stdout);
            assert_eq!(output.status.code(), Some(0), "{why} {version}: {:?}", told(&output));
            let badged = lines.contains("IDENTITY UNPROVEN") && lines.contains(why);
            assert!(badged && lines.contains("gnip"), "{why} {version}: {lines}");
        }
    }
}

#[test]
fn a_relay_names_its_own_option_that_accepts_a_certificate() {
    let identity = Identity::new();
    let server = identity.listen("tls://127.0.0.1:0", &[]);
    let target = format!("tls://127.0.0.1:{}", server.port);
    let secured = |more: &[&str]| {
        let words = [&["relay", "127.0.0.1:0", &target], more].concat();
        let mut relay = listening(&mut program::command(&words));
        let _client = TcpStream::connect(("127.0.0.1", relay.port)).unwrap();
        let of_tls = |line: &Value| line["kind"] == "failed" || line["kind"] == "secured";
        relay.lines().find(of_tls).unwrap()
    };
    let refused = secured(&[]);
    let option = format!("target-tls.trust={}@127.0.0.1:{}", identity.hash(), server.port);
    assert!(refused["message"].as_str().unwrap().contains(&option), "{refused}");
    assert_eq!(secured(&["--set", &option])["kind"], "secured");
}
