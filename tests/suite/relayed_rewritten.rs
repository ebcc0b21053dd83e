//! `wirebench relay --rewrite …` as a script uses it, between programs of others.

use serde_json::Value;

use crate::harness::peers::told_back;
use crate::harness::program::{Listening, command, listening, run, said_by, text};

fn relay(args: &[&str]) -> Listening {
    listening(&mut command(&[&["relay"], args].concat()))
}

/// What curl prints; `None` where it is not installed.
fn curl(args: &[&str]) -> Option<String> {
    said_by("curl", args)
}

fn lines(relay: Listening) -> Vec<Value> {
    let (status, lines) = relay.finish();
    assert_eq!(status, Some(0));
    lines
}

#[test]
fn curl_gets_through_a_relay_what_its_rules_make() {
    let target = told_back();
    let relay = relay(&[
        "http://127.0.0.1:0",
        &format!("http://{target}"),
        "--rewrite",
        r#"set-header="X-Env: test" when="path contains /api""#,
        "--rewrite",
        "remove-header=User-Agent",
        "--rewrite",
        r"replace-path=^/v1/(\w+) with=/v2/$1",
        "--rewrite",
        "replace=Accept with=Took from=server",
        "--json",
    ]);
    let url = format!("http://127.0.0.1:{}/v1/api?a=b", relay.port);
    let Some(got) = curl(&["-s", &url]) else { return };
    assert!(got.starts_with("GET /v2/api?a=b HTTP/1.1\r\n"), "{got}");
    assert!(got.contains("X-Env: test\r\n") && !got.contains("User-Agent"), "{got}");
    assert!(got.contains("Took: */*\r\n"), "{got}");
    relay.interrupt();
    let told = lines(relay);
    let exchange = told.iter().find(|line| line["type"] == "exchange").unwrap();
    let said = exchange["warnings"].to_string();
    for number in 1..=4 {
        assert!(said.contains(&format!("changed by rule {number}: ")), "{number} in {said}");
    }
    assert!(told.iter().any(|line| line["rewritten"] == true), "{told:?}");
}

#[test]
fn the_request_that_a_rule_changed_is_found_as_its_client_sent_it() {
    let target = told_back();
    let relay = relay(&[
        "http://127.0.0.1:0",
        &format!("http://{target}"),
        "--rewrite",
        r#"set-header="X-Env: test" when="path contains /api""#,
        "--filter",
        "rewritten",
        "--json",
    ]);
    for path in ["/api", "/other"] {
        let url = format!("http://127.0.0.1:{}{path}", relay.port);
        let Some(got) = curl(&["-s", &url]) else { return };
        assert_eq!(got.contains("X-Env: test"), path == "/api", "{got}");
    }
    relay.interrupt();
    let told = lines(relay);
    let found: Vec<&Value> = told.iter().filter(|line| line["type"] == "exchange").collect();
    let [exchange] = found[..] else { panic!("{told:?}") };
    assert!(exchange["url"].as_str().unwrap().ends_with("/api"), "{exchange}");
    assert_eq!(exchange["request"]["rewritten"], true);
    assert_eq!(exchange["response"].get("rewritten"), None);
    let has = |head: &Value| {
        let fields = head["headers"].as_array().unwrap();
        fields.iter().any(|field| field[0] == "X-Env" && field[1] == "test")
    };
    assert!(!has(&exchange["request"]) && has(&exchange["passed_on"]), "{exchange}");
}

#[test]
fn what_is_asked_inside_an_opened_tunnel_is_changed_and_led_elsewhere() {
    let target = told_back();
    // Nobody is at the host that the client asks for.
    let map = format!("map-host=api.example:443 to={target} host=keep");
    let relay = relay(&[
        "http://127.0.0.1:0",
        "--open",
        "api.example",
        "--rewrite",
        &map,
        "--rewrite",
        "set-header=X-Env: test",
        "--json",
    ]);
    let proxy = format!("http://127.0.0.1:{}", relay.port);
    let Some(got) = curl(&["-skx", &proxy, "https://api.example/x"]) else { return };
    assert!(got.starts_with("GET /x HTTP/1.1\r\nHost: api.example\r\n"), "{got}");
    assert!(got.contains("X-Env: test\r\n"), "{got}");
    relay.interrupt();
    let told = lines(relay);
    let inside = told.iter().find(|line| line["url"] == "https://api.example/x").unwrap();
    let said = inside["warnings"].to_string();
    assert!(said.contains(&format!("changed by rule 1: it goes to http://{target}")), "{said}");
}

#[test]
fn a_program_that_exec_starts_is_led_elsewhere() {
    if curl(&["--version"]).is_none() {
        return;
    }
    let map = format!("map-host=api.example to={}", told_back());
    let ended = run(&["exec", "--rewrite", &map, "--", "curl", "-sS", "https://api.example/x"]);
    let got = text(&ended.stdout);
    assert!(got.starts_with("GET /x HTTP/1.1\r\n"), "{got} {}", text(&ended.stderr));
}

#[test]
fn a_rule_that_is_none_is_refused_at_its_place() {
    for (rule, said) in [
        ("set-haeder=x", "column 1: there is no 'set-haeder' here; did you mean 'set-header'?"),
        ("replace=a when=\"stats == 4\"", "there is no field 'stats'"),
        ("set-header='A: 1'", "set-header is of HTTP"),
    ] {
        let ended = run(&["relay", ":0", "127.0.0.1:1", "--rewrite", rule]);
        assert_eq!(ended.status.code(), Some(2), "{rule}");
        assert!(text(&ended.stderr).contains(said), "{rule}: {}", text(&ended.stderr));
    }
}
