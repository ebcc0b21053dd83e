//! Runs side by side: to several places, and with one that was kept; what differs is named and is exit status 1.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::peers::{echo_peer, read_head, tcp_peer};
use crate::runs::Home;

/// A server that answers with these bodies in turn.
fn server(bodies: &'static [&'static str]) -> std::net::SocketAddr {
    let count = Arc::new(AtomicUsize::new(0));
    tcp_peer(move |mut stream| {
        use std::io::Write as _;
        while read_head(&mut stream).is_some() {
            let at = count.fetch_add(1, Ordering::SeqCst);
            let body = bodies[at.min(bodies.len() - 1)];
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: {at}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            if stream.write_all((head + body).as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn preset() -> &'static str {
    "[http]\nurl = \"{{base}}/users\"\n\n[expect]\n\"json .total\" = 2\n"
}

#[test]
fn one_folder_is_run_to_two_places_and_what_differs_is_marked() {
    let (dev, prod) =
        (server(&[r#"{"total": 2, "at": 1}"#]), server(&[r#"{"total": 3, "at": 2}"#]));
    let (dev, prod) = (format!("base = \"http://{dev}\"\n"), format!("base = \"http://{prod}\"\n"));
    let home =
        Home::new(&[("it/users.toml", preset()), ("env/dev.toml", &dev), ("env/prod.toml", &prod)]);
    let ran = home.run(&[
        "it",
        "--compare",
        "dev",
        "--compare",
        "prod",
        "--ignore",
        "json .at",
        "--text",
    ]);
    assert_eq!(ran.status, Some(1), "{} {}", ran.said, ran.printed);
    for line in [
        "--- dev",
        "--- prod",
        "dev and prod: 1 of 1 preset differs",
        "    expect json .total: met → not met",
        "    json .total: 2 → 3",
    ] {
        assert!(ran.printed.contains(line), "{line}: {}", ran.printed);
    }
    assert!(
        !ran.printed.contains(".at:") && !ran.printed.contains("header.date"),
        "{}",
        ran.printed
    );
    let same = home.run(&["it", "--env", "dev", "--compare", "dev", "--json"]);
    assert_eq!(same.status, Some(0), "{}", same.printed);
    let last = same.lines().pop().unwrap();
    assert_eq!((last["type"].as_str(), last["differences"].as_u64()), (Some("compared"), Some(0)));
    let md = home.run(&["it", "--compare", "dev", "--compare", "prod", "--report", "md"]);
    assert!(md.printed.contains("| `it/users` | `json .total` | `2` | `3` |"), "{}", md.printed);
    let wrong = home.run(&["it", "--env", "dev", "--ignore", "dat"]);
    assert_eq!(wrong.status, Some(2), "{}", wrong.said);
}

#[test]
fn a_run_that_was_kept_says_what_changed_since() {
    let peer = server(&[r#"{"total": 2}"#, r#"{"total": 2}"#, r#"{"total": 4}"#]);
    let echo = echo_peer();
    let tcp = format!(
        "[tcp]\naddress = \"{echo}\"\nstep = [{{ send = \"hello\\r\\n\" }}, {{ expect = \"hello\" }}]\n"
    );
    let base = format!("base={}", format_args!("http://{peer}"));
    let home = Home::new(&[("it/tcp.toml", &tcp), ("it/users.toml", preset())]);
    for kept in ["before", "./kept.json"] {
        let name = if kept == "before" {
            home.path().join("state/runs/before.json")
        } else {
            home.path().join("kept.json")
        };
        let missing = home.run(&["it", "--var", &base, "--baseline", kept]);
        assert_eq!(missing.status, Some(2), "{}", missing.said);
        if kept == "before" {
            let ran = home.run(&["it", "--var", &base, "--save", kept, "--text"]);
            assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
            let ran = home.run(&["it", "--var", &base, "--baseline", kept, "--text"]);
            assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
            assert!(
                ran.printed.contains("before and now: no difference in 2 presets"),
                "{}",
                ran.printed
            );
            let text = std::fs::read_to_string(&name).unwrap();
            assert!(text.contains("hello"), "{text}");
        }
    }
    let ran = home.run(&["it", "--var", &base, "--baseline", "before", "--report", "json"]);
    assert_eq!(ran.status, Some(1), "{} {}", ran.said, ran.printed);
    let document: serde_json::Value = serde_json::from_str(&ran.printed).unwrap();
    let differences = &document["compared"][0]["differ"][0]["differences"];
    assert!(
        differences.to_string().contains(r#""what":"json .total","old":"2","new":"4""#)
            || differences.to_string().contains("json .total"),
        "{differences}"
    );
}

#[test]
fn what_differs_fails_in_reports_of_tests_and_stands_side_by_side_in_html() {
    let (dev, prod) = (server(&[r#"{"total": 2}"#]), server(&[r#"{"total": 3, "more": "<b>"}"#]));
    let (dev, prod) = (format!("base = \"http://{dev}\"\n"), format!("base = \"http://{prod}\"\n"));
    let home =
        Home::new(&[("it/users.toml", preset()), ("env/dev.toml", &dev), ("env/prod.toml", &prod)]);
    let differing =
        |kind| home.run(&["it", "--compare", "dev", "--compare", "prod", "--report", kind]);
    let junit = differing("junit").printed;
    assert!(junit.contains("tests=\"3\" failures=\"2\""), "two presets ran, one differs: {junit}");
    assert!(
        junit.contains("type=\"difference\"") && junit.contains("json .total: 2 → 3"),
        "{junit}"
    );
    let tap = differing("tap").printed;
    assert!(tap.starts_with("TAP version 14\n1..3\n"), "{tap}");
    assert!(tap.contains("not ok 3 - dev and prod: it/users"), "{tap}");
    let html = differing("html").printed;
    assert!(html.contains("<th>dev<th>prod"), "{html}");
    assert!(html.contains("<code>2</code>") && html.contains("<code>3</code>"), "{html}");
    assert!(!html.contains("<b>"), "{html}");
    let same = home.run(&["it", "--env", "dev", "--compare", "dev", "--report", "junit"]).printed;
    assert!(
        same.contains("tests=\"3\" failures=\"0\"") && same.contains("no difference"),
        "{same}"
    );
}

#[test]
fn a_place_may_be_an_address_that_every_preset_goes_to() {
    let (old, new) = (server(&[r#"{"total": 2}"#]), server(&[r#"{"total": 4}"#]));
    let preset = format!("[http]\nurl = \"http://{old}/users?page=1\"\n");
    let home = Home::new(&[("it/users.toml", &preset)]);
    let address = format!("http://{new}");
    let ran = home.run(&["it", "--compare", &address, "--text"]);
    assert_eq!(ran.status, Some(1), "{} {}", ran.said, ran.printed);
    assert!(
        ran.printed.contains(&format!("as it is and {address}: 1 of 1 preset differs")),
        "{}",
        ran.printed
    );
    assert!(ran.printed.contains("json .total: 2 → 4"), "{}", ran.printed);
    let json = home.run(&["it", "--compare", &address, "--json"]).printed;
    assert!(json.contains(&format!("{address}/users?page=1")), "its own path stays: {json}");
}
