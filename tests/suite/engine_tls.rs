//! TLS on either side: verified by default, explained when it fails.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use wirebench::engine::EngineConfig;
use wirebench::engine::command::{CloseMode, Recipient};
use wirebench::model::authority::AuthorityKeeper;
use wirebench::model::failure::{FailureKind, Stage};
use wirebench::model::id::SessionId;
use wirebench::model::plan::Plan;
use wirebench::model::record::{Direction, RecordKind};
use wirebench::model::tls::{ClientTls, ListenerTls};
use wirebench::model::trust::{TrustedCertificates, Verify};
use wirebench::store::authority::AuthorityFile;
use wirebench::store::paths::Paths;

use super::bench::{Bench, echo, tcp, tcp_listener, text};

fn secure(verify: Verify) -> ClientTls {
    ClientTls::On {
        verify,
        trust: TrustedCertificates::default(),
        sni: String::new(),
        choices: wirebench::model::tls::TlsChoices::default(),
    }
}

/// An engine whose authority is kept in this home.
fn at_home(home: &TempDir) -> (Bench, AuthorityFile) {
    let file = AuthorityFile::new(Paths::under(home.path()));
    let authority = Some(Arc::new(file.clone()) as Arc<dyn AuthorityKeeper>);
    (Bench::with(EngineConfig { authority, ..EngineConfig::default() }), file)
}

async fn tls_listener(bench: &mut Bench) -> (SessionId, SocketAddr) {
    let mut plan = tcp_listener(echo());
    plan.tls = ListenerTls::Generated;
    plan.greeting = Bytes::from_static(b"hi;");
    let id = bench.open(Plan::TcpListener(plan));
    (id, bench.listening(id).await[0])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ends_of_wirebench_speak_verified_tls() {
    let home = tempfile::tempdir().unwrap();
    let (mut bench, file) = at_home(&home);
    let (_, address) = tls_listener(&mut bench).await;
    let kept = file.load().unwrap().expect("kept before the listener is announced");
    let mut plan = tcp(address);
    plan.tls = secure(Verify::On);
    let id = bench.open(Plan::Tcp(plan));
    bench.connected(id).await;
    bench.send(Recipient::All(id), b"over TLS");
    bench.received(id.conn(1), b"hi;over TLS").await;
    let secured = bench.kind(id, RecordKind::Secured).await;
    assert!(text(&secured).starts_with("TLSv1.3"), "{}", text(&secured));
    assert!(!text(&secured).contains("NOT VERIFIED"));

    let (mut next, _) = at_home(&home);
    tls_listener(&mut next).await;
    assert_eq!(file.load().unwrap(), Some(kept), "a kept authority is used again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_issuer_is_refused_with_its_chain_unless_told_otherwise() {
    let mut server = Bench::start();
    let (_, address) = tls_listener(&mut server).await;
    let mut bench = Bench::start();
    let mut plan = tcp(address);
    plan.tls = secure(Verify::On);
    let id = bench.open(Plan::Tcp(plan.clone()));
    let failure = bench.outcome(id).await.unwrap_err();
    assert!(failure.stage == Stage::Tls && failure.distrusted().is_some(), "{failure}");
    assert!(!failure.hint.is_empty());
    let shown = text(&bench.kind(id, RecordKind::Failed).await);
    for part in ["0: CN=wirebench listener", "1: O=wirebench", "SHA-256", "127.0.0.1"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let said = server.record("the client's alert", |record| record.kind == RecordKind::Failed);
    assert!(text(&said.await).contains("does not trust our certificate"));

    plan.tls = secure(Verify::Off);
    let id = bench.open(Plan::Tcp(plan));
    bench.received(id.conn(1), b"hi;").await;
    let secured = text(&bench.kind(id, RecordKind::Secured).await);
    assert!(secured.contains("NOT VERIFIED: "), "{secured}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_speaks_no_tls_is_named_on_both_sides() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut plan = tcp(mute.local_addr().unwrap());
    plan.tls = secure(Verify::On);
    let mut bench = Bench::start();
    let id = bench.open(Plan::Tcp(plan.clone()));
    let (mut far, _) = mute.accept().unwrap();
    far.write_all(b"220 smtp.example ESMTP\r\n").unwrap();
    let failure = bench.outcome(id).await.unwrap_err();
    assert_eq!((failure.stage, failure.kind), (Stage::Tls, FailureKind::Malformed));
    assert_eq!(failure.cause, "the peer does not speak TLS on this port");

    let id = bench.open(Plan::Tcp(plan));
    drop(mute.accept().unwrap());
    let failure = bench.outcome(id).await.unwrap_err();
    assert!(failure.cause.ends_with("during the handshake"), "{failure}");

    let (_, address) = tls_listener(&mut bench).await;
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    bench
        .record("plain text named", |record| {
            record.kind == RecordKind::Failed && text(record).contains("client does not speak TLS")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_speaks_to_the_listener_and_trusts_its_authority() {
    let home = tempfile::tempdir().unwrap();
    let (mut bench, kept) = at_home(&home);
    let (listener, address) = tls_listener(&mut bench).await;
    let file = kept.certificate();
    let spawned = Process::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost"])
        .args(["-connect", &address.to_string(), "-CAfile", file.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut client) = spawned else { return println!("skipped: openssl is not installed") };
    client.stdin.as_mut().unwrap().write_all(b"from openssl").unwrap();
    let asked = bench.record("the bytes of openssl", |record| {
        record.kind == RecordKind::Data && record.direction == Direction::Received
    });
    assert_eq!(text(&asked.await), "from openssl");
    bench.close(listener, CloseMode::Close);
    let output = client.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hi;from openssl");
}
