//! What lies on disk: names and texts of presets, history opened again; certificates and panics.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::pki_types::PrivateKeyDer;

use super::audit::{assert_log, assert_plain_lines, assert_screen_bytes};
use super::roads::leave;
use super::{Borders, Case, MARKER, cases};
use crate::harness::peers::tcp_peer;
use crate::harness::terminal::Launch;
use crate::panics::Fault;

fn preset_of(case: &Case, n: usize) -> Vec<u8> {
    // Without the quotes a payload that is no text goes in as it is: a broken file.
    let quoted = match case.text() {
        Some(text) => toml::Value::String(text.into()).to_string().into_bytes(),
        None => [b"\"", &case.bytes[..], b"\""].concat(),
    };
    let before = format!("about = \"P{n}.\"\n[http]\nurl = \"http://127.0.0.1:1/\"\n");
    let mut file = before.into_bytes();
    for key in ["query", "headers"] {
        file.extend_from_slice(format!("{key} = [").as_bytes());
        let label = if key == "query" { "q=" } else { "X: " };
        match case.text() {
            Some(text) => {
                let value = toml::Value::String(format!("{label}{text}"));
                file.extend_from_slice(value.to_string().as_bytes());
            }
            None => file.extend_from_slice(&quoted),
        }
        file.extend_from_slice(b"]\n");
    }
    file.extend_from_slice(b"body.text = ");
    file.extend_from_slice(&quoted);
    file.push(b'\n');
    file
}

#[test]
fn names_and_texts_of_presets_and_history() {
    let Some(cases) = cases() else { return };
    let launch = Launch::default().size(360, 50).preset("a", "[http]\nurl = \"http://h/\"\n");
    let folder = launch.home.path().join("home/presets");
    for (n, case) in cases.iter().enumerate() {
        std::fs::write(folder.join(format!("p{n:02}.toml")), preset_of(case, n)).unwrap();
        // Not every payload can be a file's name.
        let name = [format!("n{n:02}").as_bytes(), &case.bytes, b".toml"].concat();
        let _ = std::fs::write(folder.join(std::ffi::OsStr::from_bytes(&name)), b"[tcp]\n");
        let _ = std::fs::create_dir(folder.join(std::ffi::OsStr::from_bytes(&case.bytes)));
    }
    let home = Arc::clone(&launch.home);
    let mut tui = launch.env("WIREBENCH_LOG", "trace").start();
    tui.wait_for("─ a ");
    let borders = Borders::of(&tui);
    tui.keys("<C-p>");
    for _ in 0..cases.len() * 2 {
        tui.keys("<Down>");
    }
    tui.keys("<Esc>");
    for (n, case) in cases.iter().enumerate() {
        // Every field of the form in turn holds the cursor, the body at last.
        tui.keys(&format!("<C-p>p{n:02}<Enter>"));
        if case.text().is_none() {
            continue;
        }
        tui.wait_for(&format!("─ p{n:02}"));
        tui.keys("<C-l><Down><Down><Down><C-l><A-Right><Down><Down><Down><C-l>");
        tui.keys("<A-Right><A-Right><Down><Down><Down>");
        if !case.is_long() && case.has_marker() {
            tui.wait_for(MARKER);
        }
        // The list of the palette may stand there still.
        tui.wait_quiet(std::time::Duration::from_millis(50));
        borders.assert_whole(&tui, case);
        tui.keys("<F5>");
        tui.wait_for("refused");
    }
    assert_screen_bytes(&leave(tui).1);

    let mut tui = Launch { home: Arc::clone(&home), ..Launch::default() }.size(360, 50).start();
    tui.wait_for("GET  127.0.0");
    let newest = cases.iter().rposition(|case| case.text().is_some()).unwrap_or_default();
    tui.keys("<Tab><Enter>");
    tui.wait_for(&format!("─ p{newest}"));
    for _ in 0..40 {
        tui.keys("<C-l><Esc>");
        tui.wait_quiet(Duration::from_millis(30));
        tui.keys("<S-Tab><Down><Enter>");
    }
    tui.wait_for_screen("an older entry", |s| !s.contains(&format!("─ p{newest}")));
    assert_screen_bytes(&leave(tui).1);
    assert_log(&home);
}

#[test]
fn the_names_in_a_certificate() {
    let Some(cases) = cases() else { return };
    let texts: Vec<String> = cases
        .iter()
        .filter_map(Case::text)
        .filter(|text| text.len() < 200)
        .map(String::from)
        .collect();
    let (number, count) = (Arc::new(AtomicUsize::new(0)), texts.len());
    let now = Arc::clone(&number);
    let peer = tcp_peer(move |mut stream| {
        let n = now.load(Ordering::SeqCst) % texts.len();
        let config = server_config(&format!("C{n}.{}", texts[n]));
        let mut connection = rustls::ServerConnection::new(config).expect("a connection");
        while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
    });
    let text = format!("[tcp]\naddress = \"{peer}\"\ntls = true\n");
    let mut tui = Launch::default().size(360, 70).preset("a", &text).start();
    tui.wait_for("─ a ");
    // The chain stands in the detail of the newest record.
    tui.keys("<F5>");
    tui.wait_for("handshake failed");
    tui.keys("<Tab><Enter>G");
    for n in 0..count {
        number.store(n, Ordering::SeqCst);
        tui.keys("<F5>");
        tui.wait_for(&format!("C{n}."));
        tui.wait_for("F5 connect");
    }
    assert_screen_bytes(&leave(tui).1);
}

/// A server whose certificate names this subject and was issued by itself.
fn server_config(subject: &str) -> Arc<rustls::ServerConfig> {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, subject);
    params.distinguished_name = name;
    let certificate = params.self_signed(&key).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate that fits");
    Arc::new(config)
}

#[test]
fn the_message_of_a_panic() {
    let Some(cases) = cases() else { return };
    let usable = cases.iter().filter_map(Case::text).filter(|text| !text.contains('\0'));
    let all: String = usable.filter(|text| text.len() < 200).collect();
    let tui = Fault::Loop.launch(&all, "").start();
    tui.wait_exit();
    tui.wait_text_after_leaving(MARKER);
    let raw = tui.raw();
    let left = memchr::memmem::rfind(&raw, b"\x1b[?1049l").expect("the screen is left");
    assert_plain_lines(&raw[left + b"\x1b[?1049l".len()..], "panic");
}
