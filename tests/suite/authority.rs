//! The certificate authority of an installation, on the real program: made once however many need
//! it, good for this machine alone, shown, exported and removed, and private.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::foreign::has;
use crate::harness::peers::free_port;
use crate::harness::program::{finished, listening, program, text, told};
use crate::harness::terminal::Launch;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Home(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--home").arg(self.0.path()).args(words).stdin(Stdio::null());
        command.env_remove("WIREBENCH_LOG");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = self.command(words);
        finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
    }

    fn send(&self, port: u16) -> Output {
        self.run(&["send", "--raw", &format!("tls://127.0.0.1:{port}"), "x", "--wait", "200ms"])
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn loosen(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

/// Ends a child with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn listeners_started_at_once_in_a_fresh_home_share_one_authority() {
    for _ in 0..3 {
        let home = Home::new();
        let words = ["listen", "tls://127.0.0.1:0", "--echo", "--json", "--for", "20s"];
        let start = || home.command(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut started: Vec<Ended> = (0..3).map(|_| Ended(start().unwrap())).collect();
        for listener in &mut started {
            let mut line = String::new();
            // Its end stays open: what it prints later has to go somewhere.
            BufReader::new(listener.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            let bound: serde_json::Value = serde_json::from_str(&line).unwrap();
            // It is kept before anybody hears of a listener.
            assert!(home.path("data/authority.pem").is_file(), "{line}");
            let local = bound["local"].as_str().unwrap();
            let port = local.rsplit(':').next().unwrap().parse().unwrap();
            let sent = home.send(port);
            assert_eq!(sent.status.code(), Some(0), "{}", told(&sent).1);
        }
    }
}

#[test]
fn an_authority_that_cannot_be_kept_is_told() {
    let home = Home::new();
    fs::write(home.path("data"), "in the way").unwrap();
    let mut command = home.command(&["listen", "tls://127.0.0.1:0", "--json", "--for", "1s"]);
    let ended = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    let (status, said) = told(&ended);
    assert_eq!(status, Some(0), "{said}");
    let lines = text(&ended.stdout);
    for told in [&said, &lines] {
        assert!(told.contains("authority cannot be kept: a file stands where"), "{told}");
    }
    let shown = told(&home.run(&["authority"]));
    assert_eq!(shown.0, Some(2), "{}", shown.1);
}

#[test]
fn an_authority_is_shown_exported_and_removed() {
    let home = Home::new();
    let (status, said) = told(&home.run(&["authority"]));
    assert!(status == Some(2) && said.contains("there is none yet"), "{status:?} {said}");
    let listener = listening(&mut home.command(&["listen", "tls://127.0.0.1:0", "--for", "20s"]));
    let shown = text(&home.run(&["authority", "show"]).stdout);
    for word in ["wirebench local authority", "localhost", "127.0.0.0/8", "::1/128", "SHA-256"] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
    assert_eq!(shown, text(&home.run(&["authority"]).stdout));

    let exported = home.path("ca.pem");
    let export = home.run(&["authority", "export", exported.to_str().unwrap()]);
    assert_eq!(export.status.code(), Some(0), "{}", told(&export).1);
    let pem = fs::read_to_string(&exported).unwrap();
    assert_eq!(pem, text(&home.run(&["authority", "export"]).stdout));
    assert!(pem.contains("BEGIN CERTIFICATE") && !pem.contains("KEY"), "{pem}");
    let again = home.run(&["authority", "export", exported.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");

    let removed = home.run(&["authority", "remove"]);
    assert!(text(&removed.stdout).contains("authority.pem"), "{removed:?}");
    assert!(!home.path("data/authority.pem").exists());
    assert_eq!(home.run(&["authority", "remove"]).status.code(), Some(2));
    // What it signed is trusted no longer.
    assert_eq!(home.send(listener.port).status.code(), Some(4));
}

#[test]
fn private_files_that_others_can_read_are_mended_with_a_word() {
    let home = Home::new();
    drop(listening(&mut home.command(&["listen", "tls://127.0.0.1:0", "--for", "20s"])));
    let (key, secret) =
        (home.path("data/authority.pem"), home.path("presets/env/local.secret.toml"));
    assert_eq!(mode(&key), 0o600);
    fs::create_dir_all(secret.parent().unwrap()).unwrap();
    fs::write(&secret, "token = \"x\"\n").unwrap();
    loosen(&key);
    loosen(&secret);
    let (_, said) = told(&home.run(&["authority"]));
    assert!(said.contains("authority.pem was open to others (mode 0644)"), "{said}");
    assert!(said.contains("local.secret.toml was open to others"), "{said}");
    assert_eq!((mode(&key), mode(&secret)), (0o600, 0o600));
    assert_eq!(told(&home.run(&["authority"])).1, "", "said once");

    let launch = Launch::default().size(160, 40).preset("a", "[http]\nurl = \"http://h/\"\n");
    let secret = launch.home.path().join("home/presets/env/local.secret.toml");
    fs::create_dir_all(secret.parent().unwrap()).unwrap();
    fs::write(&secret, "token = \"x\"\n").unwrap();
    loosen(&secret);
    let tui = launch.start();
    tui.wait_for("was open to others (mode 0644)");
    assert_eq!(mode(&secret), 0o600);
    tui.quit();
}

#[test]
fn a_running_workbench_trusts_an_authority_that_another_program_makes() {
    let port = free_port();
    let preset = format!("[http]\nurl = \"https://127.0.0.1:{port}/\"\n");
    let mut tui = Launch::default().size(160, 40).preset("later", &preset).start();
    tui.wait_for("─ later ");
    tui.keys("<F5>");
    tui.wait_for("refused");
    let place = tui.home.path().join("home");
    let bind = format!("https://127.0.0.1:{port}");
    let mut command = Command::new(program());
    command.arg("--home").arg(place).args(["listen", &bind, "--body", "now trusted"]);
    let _listener = listening(command.stdin(Stdio::null()));
    tui.keys("<F5>");
    tui.wait_for("now trusted");
    tui.quit();
}

/// Runs openssl in a folder; whether it succeeded, and all it said.
fn openssl(folder: &Path, words: &[&str]) -> (bool, String) {
    let mut command = Command::new("openssl");
    let ended = command.current_dir(folder).args(words).stdin(Stdio::null()).output().unwrap();
    (ended.status.success(), text(&ended.stdout) + &text(&ended.stderr))
}

#[test]
fn openssl_finds_chains_valid_for_this_machine_and_for_nothing_else() {
    if !has("openssl", &["version"]) {
        return;
    }
    let home = Home::new();
    let data = home.path("data");
    let listener = listening(&mut home.command(&["listen", "tls://127.0.0.1:0", "--for", "20s"]));
    let server = format!("127.0.0.1:{}", listener.port);
    for name in
        [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]]
    {
        let words = ["s_client", "-connect", &server, "-CAfile", "authority-certificate.pem"];
        let (_, said) = openssl(&data, &[&words[..], &name, &["-verify_return_error"]].concat());
        assert!(said.contains("Verify return code: 0 (ok)"), "{name:?}: {said}");
    }
    let shown = openssl(&data, &["x509", "-in", "authority-certificate.pem", "-noout", "-text"]).1;
    assert!(shown.contains("Name Constraints: critical"), "{shown}");

    // Whoever has the key still cannot speak for others.
    for (name, fits) in
        [("DNS:localhost", true), ("DNS:example.com", false), ("IP:192.0.2.9", false)]
    {
        fs::write(data.join("names"), format!("subjectAltName={name}\n")).unwrap();
        let request = ["req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt"];
        let request = [&request[..], &["ec_paramgen_curve:P-256", "-subj", "/O=x"]].concat();
        let files = ["-keyout", "leaf-key.pem", "-out", "request.pem"];
        assert!(openssl(&data, &[&request[..], &files].concat()).0);
        let sign = ["x509", "-req", "-days", "2", "-in", "request.pem", "-CA", "authority.pem"];
        let more = ["-CAkey", "authority.pem", "-set_serial", "7", "-extfile", "names"];
        let signed = openssl(&data, &[&sign[..], &more, &["-out", "leaf.pem"]].concat());
        assert!(signed.0, "{}", signed.1);
        let verify = ["verify", "-CAfile", "authority-certificate.pem", "leaf.pem"];
        let (valid, said) = openssl(&data, &verify);
        assert_eq!(valid, fits, "{name}: {said}");
        assert!(fits || said.contains("permitted subtree"), "{said}");
    }
}
