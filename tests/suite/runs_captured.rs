//! Files of what a run sends and gets: everything of every preset and of the listeners that run for it, to be
//! opened again.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::program::{command, finished, told};
use crate::runs::Home;

const FILES: &[(&str, &str)] = &[
    (
        "mock/web.toml",
        "[http-listener]\nbind = \"127.0.0.1:0\"\nstatus = 200\nbody.json = '{\"token\": \"k3y\"}'\n",
    ),
    (
        "mock/echo.toml",
        "[tcp-listener]\nbind = \"127.0.0.1:0\"\nrule = [{ send = \"{{message}}\" }]\n",
    ),
    (
        "mock/udp.toml",
        "[udp-listener]\nbind = \"127.0.0.1:0\"\nrule = [{ send = \"{{message}}\" }]\n",
    ),
    (
        "all/1.toml",
        "[http]\nurl = \"http://{{mock.web.address}}/one\"\nneeds = [\"mock/web\"]\n\n[expect]\nstatus = 200\n",
    ),
    (
        "all/2.toml",
        "[http]\nurl = \"http://{{mock.web.address}}/two\"\nneeds = [\"mock/web\"]\nheaders = [\"Authorization: Bearer s3cret\"]\n",
    ),
    (
        "all/3.toml",
        "[tcp]\naddress = \"{{mock.echo.address}}\"\nneeds = [\"mock/echo\"]\nstep = [{ send = \"over tcp\\r\\n\" }, { expect = \"over tcp\" }]\n",
    ),
    (
        "all/4.toml",
        "[udp]\naddress = \"{{mock.udp.address}}\"\nneeds = [\"mock/udp\"]\nstep = [{ send = \"over udp\" }, { expect = \"over udp\" }]\n",
    ),
];

/// The lines that `open` prints of a file.
fn opened(file: &Path) -> Vec<Value> {
    let mut command = command(&["open", file.to_str().unwrap()]);
    let output = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    assert_eq!(told(&output).0, Some(0), "{}: {}", file.display(), told(&output).1);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_a_run_sends_and_gets_is_in_files_that_open_again() {
    let home = Home::new(FILES);
    let ran = home.run(&[
        "all",
        "--har",
        "run.har",
        "--pcapng",
        "run.pcapng",
        "--jsonl",
        "run.jsonl",
        "--text",
    ]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    for name in ["run.har", "run.pcapng", "run.jsonl"] {
        let text = std::fs::read(home.path().join(name)).unwrap();
        let has_secret = text.windows(6).any(|window| window == b"s3cret");
        assert!(!has_secret, "{name}");
        let lines = opened(&home.path().join(name));
        let whole = lines.iter().map(Value::to_string).collect::<String>();
        let exchanges = lines.iter().filter(|line| line["type"] == "exchange").count();
        // Packets are records, each of them once: both ends of every connection are ours.
        let wanted = if name == "run.pcapng" { 0 } else { 4 };
        assert_eq!(exchanges, wanted, "{name}: {whole}");
        let times = |words: &str| whole.matches(words).count();
        assert!(times("/one") > 0 && times("/two") > 0, "{name}: {whole}");
        if name != "run.har" {
            assert!(times("over tcp") > 0 && times("over udp") > 0, "{name}: {whole}");
        }
        if name == "run.pcapng" {
            assert_eq!((times("GET /one"), times("GET /two")), (1, 1), "{whole}");
            assert_eq!(
                (times("200 OK"), times("over tcp"), times("over udp")),
                (2, 2, 2),
                "{whole}"
            );
        }
    }
    let refused = home.run(&["all", "--har", "-"]);
    assert_eq!(refused.status, Some(2), "{}", refused.said);
}
