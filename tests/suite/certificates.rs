//! Certificates of every unhappy kind, made and served by openssl: each is refused with a sentence of
//! its own, and connects when the user said so, by `send` and on the screen.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::foreign::{Peer, has};
use crate::harness::program::{self, finished, text, told};
use crate::harness::terminal::Launch;

const NAMES: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\n";
const EC: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const PAST: [&str; 4] = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"];
const FUTURE: [&str; 4] = ["-startdate", "20400101000000Z", "-enddate", "20410101000000Z"];

/// Certificates and keys in a folder: `NAME.pem`, `NAME.key`.
struct Folder(TempDir);

impl Folder {
    /// With an authority that is trusted, one that is not, and one that may name others only.
    fn new() -> Self {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, limits) in [("root", ""), ("other", ""), ("narrow", NARROW)] {
            folder.signed(name, name, &[AUTHORITY, limits].concat(), EC, &[]);
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn openssl(&self, words: &[&str]) -> Output {
        Command::new("openssl").current_dir(self.0.path()).args(words).output().unwrap()
    }

    /// A certificate with these extensions, signed by an issuer or by itself; tells whether this
    /// openssl can make it.
    fn signed(
        &self,
        name: &str,
        issuer: &str,
        extensions: &str,
        key: &[&str],
        more: &[&str],
    ) -> bool {
        let [pem, own, ext] = ["pem", "key", "ext"].map(|ending| format!("{name}.{ending}"));
        let (subject, issuer_key) = (format!("/CN={name}"), format!("{issuer}.key"));
        let issuer_pem = format!("{issuer}.pem");
        self.write(&ext, extensions);
        let request = ["req", "-new", "-nodes", "-subj", &subject, "-keyout", &own, "-out", "r"];
        let asked = self.openssl(&[&request[..], &["-newkey"], key].concat());
        assert!(asked.status.success(), "{asked:?}");
        let by: &[&str] = if issuer == name {
            &["-signkey", &issuer_key]
        } else {
            &["-CA", &issuer_pem, "-CAkey", &issuer_key, "-set_serial", "7"]
        };
        let end: &[&str] = if extensions.is_empty() { &[] } else { &["-extfile", &ext] };
        let sign = ["x509", "-req", "-days", "2", "-in", "r", "-out", &pem];
        self.openssl(&[&sign[..], by, end, more].concat()).status.success()
    }

    /// The same with dates.
    fn dated(&self, name: &str, dates: &[&str]) -> bool {
        self.dated_for(name, NAMES, dates)
    }

    fn dated_for(&self, name: &str, extensions: &str, dates: &[&str]) -> bool {
        self.signed(name, "root", extensions, EC, &[]);
        let (pem, ext) = (format!("{name}.pem"), format!("{name}.ext"));
        let index = format!("{name}.index");
        self.write(&index, "");
        self.write("ca.cnf", &CONFIG.replace("INDEX", &index));
        let sign = ["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "root.pem"];
        let rest = ["-keyfile", "root.key", "-in", "r", "-out", &pem, "-extfile", &ext];
        self.openssl(&[&sign[..], &rest, dates].concat()).status.success()
    }

    /// Puts the issuers behind a certificate into its file, as a server sends them.
    fn chain(&self, name: &str, issuers: &[&str]) {
        let read =
            |name: &&str| std::fs::read_to_string(self.path(&format!("{name}.pem"))).unwrap();
        let all: String = std::iter::once(&name).chain(issuers).map(read).collect();
        self.write(&format!("{name}.pem"), &all);
    }

    /// `openssl s_server` that shows it, on a port of its own.
    fn serve(&self, name: &str, more: &[&str]) -> (Peer, u16) {
        let [pem, key] = ["pem", "key"].map(|ending| format!("{name}.{ending}"));
        let peer = Peer::start(
            Command::new("openssl")
                .current_dir(self.0.path())
                .args(["s_server", "-accept", "127.0.0.1:0", "-cert", &pem, "-cert_chain", &pem])
                .args(["-key", &key, "-cipher", "DEFAULT@SECLEVEL=0"])
                .args(more),
        );
        let line = peer.line_with("ACCEPT");
        (peer, line.rsplit(':').next().unwrap().trim().parse().unwrap())
    }
}

const CLIENT: &str = "extendedKeyUsage=clientAuth\n";
const NARROW: &str = "nameConstraints=critical,permitted;DNS:allowed.test\n";
const CONFIG: &str = "[ca]\ndefault_ca=d\n[d]\ndatabase=INDEX\nrand_serial=yes\nnew_certs_dir=.\n\
                      default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n";

fn send(trusted: &Path, port: u16, more: &[&str]) -> Output {
    let target = format!("tls://localhost:{port}");
    let words = [&["send", &target, "ping\\n", "--wait", "300ms"], more].concat();
    let mut command = program::command(&words);
    command.env("SSL_CERT_FILE", trusted).stdin(Stdio::null());
    finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
}

/// Refused with this sentence, and connected with consent; unproven is who cannot be checked.
fn assert_refused(folder: &Folder, name: &str, sentence: &str) {
    let is_unproven = name.starts_with("old") || name.starts_with("short");
    for version in ["-tls1_3", "-tls1_2"] {
        let (_peer, port) = folder.serve(name, &["-rev", version]);
        let trusted = folder.path("trusted.pem");
        let (status, said) = told(&send(&trusted, port, &[]));
        assert_eq!(status, Some(4), "{name} {version}: {said}");
        assert!(said.contains(sentence), "{name} {version}: {said}");
        assert!(said.contains("tls.trust=sha256:"), "what to do about it: {said}");
        let hash = said.split("tls.trust=").nth(1).and_then(|rest| rest.split(['@', ' ']).next());
        let by_hash = format!("tls.trust={}", hash.unwrap());
        let (status, said) = told(&send(&trusted, port, &["--insecure"]));
        let is_said = said.contains("NOT VERIFIED") || said.contains("IDENTITY UNPROVEN");
        assert!(status == Some(0) && is_said && said.contains(sentence), "{name}: {said}");
        for consent in [&["--insecure"][..], &["--set", &by_hash]] {
            let output = send(&trusted, port, &[&["--json"], consent].concat());
            let lines = text(&output.stdout);
            assert_eq!(output.status.code(), Some(0), "{name} {version}: {:?}", told(&output));
            assert!(lines.contains("gnip"), "{name} {version}: {lines}");
            assert_eq!(lines.contains("IDENTITY UNPROVEN"), is_unproven, "{name}: {lines}");
            let is_told = lines.contains("NOT VERIFIED") || is_unproven;
            assert!(is_told && lines.contains(sentence), "{name} {version}: {lines}");
        }
    }
}

/// Several at a time: what takes long is the waiting.
fn assert_all_refused(folder: &Folder, cases: &[(&str, bool, &str)]) {
    std::thread::scope(|scope| {
        for (name, is_made, sentence) in cases {
            if *is_made {
                scope.spawn(move || assert_refused(folder, name, sentence));
            } else {
                eprintln!("skipped: this openssl makes no certificate '{name}'");
            }
        }
    });
}

fn folder() -> Option<Folder> {
    if !has("openssl", &["version"]) {
        return None;
    }
    let folder = Folder::new();
    let both = ["root", "narrow"].map(|name| std::fs::read(folder.path(&format!("{name}.pem"))));
    std::fs::write(folder.path("trusted.pem"), both.map(Result::unwrap).concat()).unwrap();
    Some(folder)
}

#[test]
fn who_vouches_for_a_certificate_is_said_in_three_sentences() {
    let Some(folder) = folder() else { return };
    let leaf = |name: &str, issuer: &str| folder.signed(name, issuer, NAMES, EC, &[]);
    let no_authority = "basicConstraints=CA:FALSE\n";
    let cases = [
        ("own", leaf("own", "own"), "it is self-signed, and nobody else vouches for it"),
        ("unknown", leaf("unknown", "other"), "its chain ends in the authority 'CN=other'"),
        ("between", folder.signed("between", "root", AUTHORITY, EC, &[]), "'CN=between'"),
        ("lacking", leaf("lacking", "between"), "its issuer 'CN=between' was not sent along"),
        ("leafy", folder.signed("leafy", "root", no_authority, EC, &[]), ""),
        ("grown", leaf("grown", "leafy"), "its issuer is no authority"),
        ("narrowed", leaf("narrowed", "narrow"), "an issuer of it may not issue for this name"),
    ];
    folder.chain("unknown", &["other"]);
    folder.chain("grown", &["leafy"]);
    let ours = |case: &&(&str, bool, &str)| !["between", "leafy"].contains(&case.0);
    assert_all_refused(&folder, &cases.iter().filter(ours).copied().collect::<Vec<_>>());
    // With what was lacking it is trusted.
    folder.chain("lacking", &["between"]);
    let (_peer, port) = folder.serve("lacking", &["-rev"]);
    let sent = send(&folder.path("trusted.pem"), port, &[]);
    assert_eq!(told(&sent), (Some(0), String::new()));
}

/// A name that a trusted authority has, too: with a key of the same kind, and of another kind.
#[test]
fn an_authority_of_the_same_name_is_not_taken_for_the_issuer() {
    let Some(folder) = folder() else { return };
    let mut trusted = Vec::new();
    for (name, key) in [("same", EC), ("else", &["rsa:2048"][..])] {
        folder.signed(name, name, AUTHORITY, key, &[]);
        trusted.extend(std::fs::read(folder.path(&format!("{name}.pem"))).unwrap());
    }
    std::fs::write(folder.path("trusted.pem"), trusted).unwrap();
    let own = "it is self-signed, and nobody else vouches for it";
    let others = "or by another of that name than the trusted one";
    let mut cases = Vec::new();
    for (name, leaf) in [("same", "of-same"), ("else", "of-else")] {
        cases.push((name, folder.signed(name, name, NAMES, EC, &[]), own));
        cases.push((leaf, folder.signed(leaf, name, NAMES, EC, &[]), others));
    }
    assert_all_refused(&folder, &cases);
}

#[test]
fn a_server_that_wants_a_certificate_of_the_client_is_said_to() {
    let Some(folder) = folder() else { return };
    folder.signed("leaf", "root", NAMES, EC, &[]);
    for version in ["-tls1_3", "-tls1_2"] {
        let (_peer, port) = folder.serve("leaf", &["-rev", "-Verify", "2", version]);
        let (status, said) = told(&send(&folder.path("trusted.pem"), port, &[]));
        assert_eq!(status, Some(4), "{version}: {said}");
        assert!(said.contains("it wants a client certificate"), "{version}: {said}");
    }
}

#[test]
fn what_is_wrong_with_a_certificate_itself_is_said_in_words() {
    let Some(folder) = folder() else { return };
    let leaf = |name: &str, extensions: &str| {
        folder.signed(name, "root", &[NAMES, extensions].concat(), EC, &[])
    };
    let of_others = folder.signed("host", "root", "subjectAltName=DNS:other.test\n", EC, &[]);
    let cases = [
        ("past", folder.dated("past", &PAST), "it expired on 2021-01-01"),
        ("future", folder.dated("future", &FUTURE), "it is not valid before 2040-01-01"),
        ("host", of_others, "it is for other.test, not for localhost"),
        (
            "nameless",
            folder.signed("nameless", "root", "basicConstraints=CA:FALSE\n", EC, &[]),
            "it names no server (subject alternative name), so it is not for localhost",
        ),
        ("authority", leaf("authority", AUTHORITY), "it is an authority's certificate, not a"),
        (
            "critical",
            leaf("critical", "1.2.3.4.5=critical,ASN1:UTF8String:x\n"),
            "an extension marked critical that is not understood here",
        ),
        ("client", leaf("client", "extendedKeyUsage=clientAuth\n"), "may not be used for servers"),
    ];
    assert_all_refused(&folder, &cases);
}

#[test]
fn old_keys_and_signatures_are_named_and_connect_when_told_so() {
    let Some(folder) = folder() else { return };
    let rsa = |name: &str, bits: &str, extensions: &str, more: &[&str]| {
        folder.signed(name, "root", extensions, &[bits], more)
    };
    // An elliptic key signs with no MD5.
    folder.signed("root-rsa", "root-rsa", AUTHORITY, &["rsa:2048"], &[]);
    let by_rsa = |name: &str, digest: &str| folder.signed(name, "root-rsa", NAMES, EC, &[digest]);
    let mut cases = vec![
        ("short", rsa("short", "rsa:1024", NAMES, &[]), "1024 bits"),
        ("old", rsa("old", "rsa:2048", "", &[]), "version 1"),
        ("md5", by_rsa("md5", "-md5"), "signed with MD5 and RSA"),
        ("sha1", by_rsa("sha1", "-sha1"), "signed with SHA-1 and RSA"),
        ("bent", folder.signed("bent", "root", NAMES, EC, &[]), "its signature was not made by"),
    ];
    let shown = folder.openssl(&["x509", "-in", "old.pem", "-noout", "-text"]);
    cases[1].1 &= text(&shown.stdout).contains("Version: 1 ");
    let trusted = std::fs::read(folder.path("trusted.pem")).unwrap();
    let more = std::fs::read(folder.path("root-rsa.pem")).unwrap();
    std::fs::write(folder.path("trusted.pem"), [trusted, more].concat()).unwrap();
    // Another one's signature: the last bytes of a certificate are its own.
    folder.openssl(&["x509", "-in", "bent.pem", "-outform", "DER", "-out", "bent.der"]);
    let mut der = std::fs::read(folder.path("bent.der")).unwrap();
    let last = der.len() - 3;
    der[last] ^= 0x55;
    std::fs::write(folder.path("bent.der"), der).unwrap();
    folder.openssl(&["x509", "-inform", "DER", "-in", "bent.der", "-out", "bent.pem"]);
    assert_all_refused(&folder, &cases);
}

#[test]
fn all_causes_are_said_the_lasting_one_first_and_consent_covers_them() {
    let Some(folder) = folder() else { return };
    let others = "subjectAltName=DNS:other.test\n";
    let own = "it is self-signed, and nobody else vouches for it";
    let unknown = "or its authority is not among the trusted ones";
    let (key, old) = ("its RSA key of 1024 bits is not one to rely on", "it is of X.509 version 1");
    let rsa = |name: &str, issuer: &str, extensions: &str, bits: &str, more: &[&str]| {
        folder.signed(name, issuer, extensions, &[bits], more)
    };
    let host = "it is for other.test, not for localhost";
    let cases = [
        ("short-own", rsa("short-own", "short-own", NAMES, "rsa:1024", &[]), [own, key]),
        ("old-unknown", rsa("old-unknown", "other", "", "rsa:2048", &[]), [unknown, old]),
        ("old-own", rsa("old-own", "old-own", "", "rsa:2048", &[]), [own, old]),
        ("short-host", rsa("short-host", "root", others, "rsa:1024", &[]), [host, key]),
        ("past-host", folder.dated_for("past-host", others, &PAST), [host, "it expired on 2021"]),
        ("own-host", folder.signed("own-host", "own-host", others, EC, &[]), [own, host]),
        (
            "client-unknown",
            folder.signed("client-unknown", "other", &[NAMES, CLIENT].concat(), EC, &[]),
            [unknown, "it may not be used for servers"],
        ),
    ];
    let joined =
        cases.map(|(name, is_made, [first, second])| (name, is_made, format!("{first}; {second}")));
    let cases: Vec<_> = joined.iter().map(|(name, made, all)| (*name, *made, &**all)).collect();
    assert_all_refused(&folder, &cases);
}

#[test]
fn the_screen_says_the_same_and_one_key_or_the_preset_goes_on() {
    let Some(folder) = folder() else { return };
    folder.signed("short", "root", NAMES, &["rsa:1024"], &[]);
    folder.signed("old", "root", "", &["rsa:2048"], &[]);
    let (_short, short) = folder.serve("short", &["-www"]);
    let (_old, old) = folder.serve("old", &["-www"]);
    let preset =
        |port: u16, more: &str| format!("[http]\nurl = \"https://localhost:{port}/\"\n{more}");
    let mut tui = Launch::default()
        .size(150, 50)
        .env("SSL_CERT_FILE", folder.path("trusted.pem").to_str().unwrap())
        .preset("a", &preset(short, ""))
        .preset("told", &preset(old, "verify = false\n"))
        .start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("its RSA key of 1024 bits");
    tui.keys("<A-v>");
    tui.wait_for("200 ok");
    tui.wait_for("IDENTITY UNPROVEN");
    tui.keys("<C-p>told<Enter>");
    tui.wait_for("─ told ");
    tui.wait_for("CERTIFICATE NOT VERIFIED");
    tui.keys("<F5>");
    tui.wait_for_screen("the second one", |screen| {
        screen.contains("─ told ") && screen.contains("200 ok") && screen.contains("UNPROVEN")
    });
    tui.quit();
}
