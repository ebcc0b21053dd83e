//! `OpenAPI` files beside real traffic: a mock of one, requests to it and relays before it, held against it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::peers::http_peer;
use crate::harness::program::{Listening, command, finished, listening, run, spawned, text, told};
use crate::runs::Home;

const SHOP: &str = "\
openapi: 3.0.3
info: {title: Shop, version: '1'}
servers: [{url: 'https://api.example.com/v1'}]
paths:
  /items:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses:
        '200': {description: all, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Item'}}}}}
        '503': {description: later}
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      responses:
        '200': {description: one, content: {application/json: {example: {id: 7, price: 1.5}, schema: {$ref: '#/components/schemas/Item'}}}}
components:
  schemas:
    Item: {type: object, required: [id, price], properties: {id: {type: integer}, price: {type: number}}}
";

/// A file of its own with this text.
fn file(name: &str, content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn mock(path: &Path, count: &str) -> Listening {
    let path = path.to_str().unwrap();
    listening(&mut command(&[
        "listen",
        "http://127.0.0.1:0",
        "--mock",
        path,
        "--json",
        "--count",
        count,
    ]))
}

fn exchanges(listener: Listening) -> Vec<Value> {
    told_lines(listener).into_iter().filter(|line| line["type"] == "exchange").collect()
}

fn told_lines(listener: Listening) -> Vec<Value> {
    let (status, lines) = listener.finish();
    assert_eq!(status, Some(0));
    lines
}

#[test]
fn what_of_the_file_was_called_is_told_where_enough_requests_came_too() {
    let (_folder, path) = file("openapi.yaml", SHOP);
    let listener = mock(&path, "1");
    let place = format!("http://127.0.0.1:{}/v1/items/7", listener.port);
    assert_eq!(run(&["send", &place]).status.code(), Some(0));
    let lines = told_lines(listener);
    let is_told = |line: &Value| line.to_string().contains("operations called; never called: ");
    assert_eq!(lines.iter().filter(|line| is_told(line)).count(), 1, "{lines:?}");
}

#[test]
fn what_was_called_is_told_as_text_too_however_it_ends() {
    let (_folder, path) = file("openapi.yaml", SHOP);
    for ends in [&["--count", "1"][..], &[]] {
        let words = ["listen", "http://127.0.0.1:0", "--mock", path.to_str().unwrap(), "--text"];
        let mut listener = spawned(&[&words[..], ends].concat());
        let mut said = BufReader::new(listener.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let place = line.split("listening on ").nth(1).unwrap().split(';').next().unwrap();
        let target = format!("http://{place}/v1/items/7");
        assert_eq!(run(&["send", &target]).status.code(), Some(0));
        if ends.is_empty() {
            let pid = listener.id().to_string();
            assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        }
        let ended = finished(Ok(listener));
        let printed = text(&ended.stdout);
        let last = printed.lines().last().unwrap_or_default();
        assert_eq!(
            last, "openapi.yaml: 1 of 2 operations called; never called: GET /items",
            "{ends:?}: {printed}"
        );
        assert_eq!(printed.matches("operations called").count(), 1, "{printed}");
    }
}

#[test]
fn a_run_tells_what_of_its_contracts_was_called_whoever_has_them() {
    let both =
        "[http]\ncontract = \"openapi.yaml\"\n\n[http-listener]\ncontract = \"openapi.yaml\"\n";
    let (client, server) = both.split_once("\n\n").unwrap();
    let get = "[http]\nurl = \"http://{{api.mock.address}}/v1/items/7\"\nneeds = [\"mock\"]\n";
    let answer = "body.json = '{\"id\": 7, \"price\": 1.5}'\n";
    for (defaults, answers) in
        [(both, "mock = true\n"), (server, "mock = true\n"), (client, answer)]
    {
        let home = Home::new(&[
            ("api/_defaults.toml", defaults),
            ("api/openapi.yaml", SHOP),
            ("api/mock.toml", &format!("[http-listener]\nbind = \"127.0.0.1:0\"\n{answers}")),
            ("api/one.toml", get),
        ]);
        let line = "openapi.yaml: 1 of 2 operations called; never called: GET /items";
        let ran = home.run(&["api", "--text"]);
        assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
        assert!(ran.printed.contains(line), "{defaults}: {}", ran.printed);
        for kind in ["text", "md"] {
            let ran = home.run(&["api", "--report", kind]);
            assert!(ran.printed.contains("1 of 2 operations called"), "{kind}: {}", ran.printed);
        }
        let ran = home.run(&["api", "--report", "json"]);
        let report: Value = serde_json::from_str(&ran.printed).unwrap();
        let covered = &report["summary"]["contracts"][0];
        assert_eq!((&covered["all"], &covered["called"]), (&2.into(), &1.into()), "{report}");
        assert_eq!(covered["never"], serde_json::json!(["GET /items"]));
    }
}

#[test]
fn a_mock_answers_by_the_file_and_send_says_what_differs_from_it() {
    let (_folder, path) = file("openapi.yaml", SHOP);
    let contract = ["--contract", path.to_str().unwrap()];
    let listener = mock(&path, "5");
    let place = format!("http://127.0.0.1:{}", listener.port);
    let send = |target: &str, more: &[&str]| {
        let target = format!("{place}{target}");
        run(&[&["send", &target, "--body"], &contract[..], more].concat())
    };
    let one = send("/v1/items/7", &[]);
    assert_eq!(told(&one), (Some(0), String::new()));
    let body: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(body, serde_json::json!({"id": 7, "price": 1.5}));
    assert_eq!(told(&send("/items", &[])).0, Some(0));
    let later = send("/items", &["Prefer:code=503"]);
    assert_eq!(told(&later), (Some(0), String::new()));
    let (status, said) = told(&send("/items?limit=all", &[]));
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("query parameter 'limit' = \"all\": expected integer, got string"),
        "{said}"
    );
    let (status, said) = told(&send("/nothing", &[]));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("unknown path /nothing"), "{said}");
    let seen = exchanges(listener);
    let facts: Vec<(u64, &str, bool)> = seen
        .iter()
        .map(|it| {
            let status = it["response"]["status"].as_u64().unwrap();
            (status, it["rule"].as_str().unwrap(), it["contract"]["ok"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(
        facts,
        [
            (200, "contract GET /items/{id}", true),
            (200, "contract GET /items", true),
            (503, "contract GET /items", true),
            (400, "contract GET /items", false),
            (404, "contract", false),
        ]
    );
}

#[test]
fn a_relay_marks_what_a_server_answers_otherwise_than_the_file_says() {
    let second = r#"{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get":
        {"produces": ["application/json"],
        "responses": {"200": {"description": "", "schema": {"type": "object", "required": ["b"]}}}}}}}"#;
    let (_folder, path) = file("openapi.json", second);
    let target = http_peer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"c\":1}",
    );
    let target = format!("http://{target}");
    let relay = listening(&mut command(&[
        "relay",
        "http://127.0.0.1:0",
        &target,
        "--contract",
        path.to_str().unwrap(),
        "--json",
        "--count",
        "1",
        "--filter",
        "contract contains missing",
    ]));
    let answer = run(&["send", &format!("http://127.0.0.1:{}/a", relay.port), "--body"]);
    assert_eq!((answer.status.code(), text(&answer.stdout)), (Some(0), "{\"c\":1}".to_owned()));
    let seen = exchanges(relay);
    assert_eq!(seen[0]["contract"]["findings"][0], "response: 'b' is missing (GET /a 200)");
}

#[test]
fn a_file_that_is_none_is_said_before_anything_is_opened() {
    let (_folder, path) = file("openapi.yaml", "openapi: 3.0.0\npaths: [\n");
    let contract = path.to_str().unwrap();
    for args in [
        &["send", "http://127.0.0.1:1/", "--contract", contract][..],
        &["listen", "http://127.0.0.1:0", "--mock", contract],
        &["relay", "http://127.0.0.1:0", "http://127.0.0.1:1", "--contract", contract],
    ] {
        let (status, said) = told(&run(args));
        assert!(status.is_some_and(|status| status > 1), "{args:?}: {status:?}");
        assert!(said.contains("the contract cannot be used: line 3"), "{said}");
    }
    let (status, said) =
        told(&run(&["send", "http://127.0.0.1:1/", "--contract", "/nothing.yaml"]));
    assert!(status.is_some_and(|status| status > 1) && said.contains("cannot be read"), "{said}");
}
