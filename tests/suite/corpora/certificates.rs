//! The certificates of the corpus, served by the program itself and asked for by it: what curl
//! accepts is accepted, and what it refuses is refused with the reason in words.

use serde_json::Value;

use super::{json, list, root};
use crate::harness::program::{command, finished, listen, told};

/// How a class of reasons is said.
const WORDS: [(&str, &str); 7] = [
    ("expired", "it expired on 2025-12-31"),
    ("not yet valid", "it is not valid before 2045-01-01"),
    ("name mismatch", "it is for *, not for localhost"),
    ("unknown issuer", "which is not trusted here"),
    ("expired (intermediate)", "expired on 2025-12-22"),
    ("wrong purpose", "it may not be used for servers"),
    ("weak signature", "signed with SHA-1"),
];

#[test]
fn what_curl_accepts_is_accepted_and_the_rest_is_refused_for_its_reason() {
    let Some(corpus) = json("own/certs/cases.json") else { return };
    let folder = root().join("own/certs");
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for case in list(&corpus, "cases") {
        let text = |key: &str| case.get(key).and_then(Value::as_str).unwrap_or_default();
        let pem = folder.join(text("file"));
        let pem = pem.to_str().unwrap();
        let listener = listen("https://127.0.0.1:0", &["--cert", pem, "--key", pem]);
        let url = format!("https://{}:{}/", text("host"), listener.port);
        let mut send = command(&["send", &url]);
        send.env("SSL_CERT_FILE", folder.join("root.pem"));
        send.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let (status, said) = told(&finished(send.spawn()));
        let words = WORDS.iter().find(|(class, _)| *class == text("reason_class"));
        let is_right = match (text("expect"), words) {
            ("accept", _) => status == Some(0),
            (_, Some((_, words))) => status == Some(4) && said.contains(words),
            (_, None) => false,
        };
        if !is_right {
            wrong.push(format!("{}: {status:?} {said}", text("id")));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 11, "{seen}");
}
