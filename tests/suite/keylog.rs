//! Keys of TLS in a file, as tshark wants them: `--keylog` and `SSLKEYLOGFILE`.

use crate::harness::program::{command, finished, listen, run, text};

/// Lines of a key log that are of both sides of a connection of TLS 1.3.
fn kinds(path: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut kinds: Vec<String> =
        text.lines().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect();
    kinds.sort();
    kinds
}

#[test]
fn the_keys_of_both_ends_are_the_same_and_named_as_nss_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let [ours, theirs, again] = ["ours", "theirs", "again"].map(|name| folder.path().join(name));
    let listener = listen("tls://127.0.0.1:0", &["--echo", "--keylog", ours.to_str().unwrap()]);
    let target = format!("tls://127.0.0.1:{}", listener.port);
    let sent = run(&["send", &target, "-k", "-d", "hi", "--keylog", theirs.to_str().unwrap()]);
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
    let mut of_environment = command(&["send", &target, "-k", "-d", "hi"]);
    of_environment.env("SSLKEYLOGFILE", &again);
    of_environment.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    assert_eq!(finished(of_environment.spawn()).status.code(), Some(0));
    listener.interrupt();
    listener.wait();
    let expected = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_TRAFFIC_SECRET_0",
    ];
    let wanted = |path| -> Vec<String> {
        kinds(path).into_iter().filter(|kind| expected.contains(&kind.as_str())).collect()
    };
    assert_eq!(wanted(&theirs), expected);
    assert_eq!(wanted(&again), expected);
    let [ours, theirs, again] =
        [&ours, &theirs, &again].map(|path| std::fs::read_to_string(path).unwrap());
    assert!(theirs.lines().chain(again.lines()).all(|line| ours.contains(line)), "both ends agree");
}

#[test]
fn a_key_log_that_cannot_be_opened_is_refused() {
    let ended = run(&["send", "tls://127.0.0.1:1", "--keylog", "/nowhere/at/all"]);
    assert_eq!(ended.status.code(), Some(2), "{}", text(&ended.stderr));
    assert!(text(&ended.stderr).contains("--keylog /nowhere/at/all"));
}
