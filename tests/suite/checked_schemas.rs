//! Expectations that ask more than what stands where: whole filters of jq, and JSON Schemas, of answers and of
//! conversations, sent and run.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::harness::peers::{http_peer, tcp_peer};
use crate::runs::{Home, Ran};

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 75\r\n\
    Connection: close\r\n\r\n\
    {\"items\": [{\"id\": 1, \"price\": 2.5}, {\"id\": \"2\", \"price\": 4}], \"total\": 6.5}";

fn http(peer: SocketAddr, more: &str) -> String {
    format!("[http]\nurl = \"http://{peer}/items\"\n\n{more}")
}

/// What came of a preset that is run, with other files beside it.
fn run(text: &str, files: &[(&str, &str)]) -> Ran {
    let all: Vec<(&str, &str)> =
        [("it/it.toml", text)].into_iter().chain(files.iter().copied()).collect();
    Home::new(&all).run(&["it/it", "--text"])
}

#[test]
fn a_whole_filter_of_jq_is_asked_and_captured() {
    let peer = http_peer(ANSWER);
    let text = http(
        peer,
        "[expect]\n\"json .items | length\" = 2\n\"json [.items[].price] | add\" = 6.5\n\
         \"jq .items | map(.id) | join(\\\"-\\\")\" = \"1-2\"\n\"json .total == ([.items[].price] | add)\" = true\n\
         \"json .items[] | select(.price > 3)\" = 'contains {\"id\": \"2\"}'\n\n\
         [capture]\nsum = \"json [.items[].price] | add | floor\"\n",
    );
    let ran = run(&text, &[]);
    assert_eq!((ran.status, &*ran.said), (Some(0), ""), "{}", ran.printed);
    let wrong = http(
        peer,
        "[expect]\n\"json .items | map(.price) | max\" = 5\n\"json .items | map(.a.b.c)\" = 1\n",
    );
    let ran = run(&wrong, &[]);
    assert_eq!(ran.status, Some(1), "{}", ran.said);
    assert!(ran.printed.contains("json .items | map(.price) | max"), "{}", ran.printed);
    assert!(ran.printed.contains("expected 5, got 4"), "{}", ran.printed);
}

#[test]
fn a_filter_that_never_ends_is_ended_and_one_that_is_none_is_refused() {
    let peer = http_peer(ANSWER);
    let began = Instant::now();
    let ran = run(&http(peer, "[expect]\n\"json [range(0; infinite)] | length\" = 1\n"), &[]);
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(ran.status, Some(1), "{}", ran.printed);
    assert!(ran.printed.contains("the filter was ended"), "{}", ran.printed);
    let ran = run(&http(peer, "[expect]\n\"json .items | lenght(.)\" = 1\n"), &[]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.printed.contains("there is no filter lenght"), "{}", ran.printed);
}

#[test]
fn a_schema_beside_the_preset_names_each_place_keyword_and_value() {
    let peer = http_peer(ANSWER);
    let schema = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "required": ["items", "next"], "properties": {"items": {"type": "array", "items": {"$ref": "#/definitions/item"}},
        "total": {"type": "number", "maximum": 5}},
        "definitions": {"item": {"type": "object", "properties": {"id": {"type": "integer"}}}}}"##;
    let text = http(peer, "[expect]\nschema = \"items.schema.json\"\n");
    let ran = run(&text, &[("it/items.schema.json", schema)]);
    assert_eq!(ran.status, Some(1), "{}", ran.said);
    for line in [
        "/items/1/id: type: expected \"integer\", got \"2\"",
        "the whole: required: expected \"next\", got no such member",
        "/total: maximum: expected 5, got 6.5",
    ] {
        assert!(ran.printed.contains(line), "{line}: {}", ran.printed);
    }
    let ran =
        run(&http(peer, "[expect]\nschema = { type = \"object\", required = [\"items\"] }\n"), &[]);
    assert_eq!(ran.status, Some(0), "{}", ran.printed);
}

#[test]
fn a_schema_that_is_not_there_or_none_is_said() {
    let peer = http_peer(ANSWER);
    let far = r#"{"$ref": "https://example.com/other.json"}"#;
    for (value, words) in [
        ("missing.json", "missing.json: "),
        ("broken.json", "the schema is no JSON"),
        ("far.json", "nothing is fetched"),
        ("wrong.json", "this is no schema"),
        ("endless.json", ""),
    ] {
        let ran = run(
            &http(peer, &format!("[expect]\nschema = \"{value}\"\n")),
            &[
                ("it/broken.json", "{"),
                ("it/far.json", far),
                ("it/wrong.json", r#"{"type": 5}"#),
                ("it/endless.json", r##"{"$ref": "#"}"##),
            ],
        );
        assert!(matches!(ran.status, Some(0 | 1)), "{value}: {:?} {}", ran.status, ran.said);
        assert!(ran.printed.contains(words), "{value}: {}", ran.printed);
    }
    let ran = run(&http(peer, "[expect]\nschema = { type = 5 }\n"), &[]);
    assert_eq!(ran.status, Some(2), "{}", ran.printed);
}

#[test]
fn of_a_conversation_they_are_asked_as_things_come() {
    let peer = tcp_peer(|mut stream| {
        use std::io::{Read as _, Write as _};
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"{\"n\": [1, 2");
        // Only when the first half was looked at could it be said to come in two: it goes on anyway.
        let _ = stream.write_all(b", 3]}\n");
        let _ = stream.read(&mut [0; 64]);
    });
    let text = format!(
        "[tcp]\naddress = \"{peer}\"\nstep = [{{ send = \"go\\r\\n\" }}]\n\n[expect]\n\
         \"json .n | add\" = 6\nschema = {{ properties = {{ n = {{ minItems = 3 }} }} }}\n\n\
         [capture]\nlast = \"json .n | map(. * 2) | last\"\n"
    );
    let ran = run(&text, &[]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    let wrong = text.replace("= 6", "= 7");
    let ran = run(&wrong, &[]);
    assert_eq!(ran.status, Some(1), "{} {}", ran.said, ran.printed);
    assert!(ran.printed.contains("expected 7, got 6"), "{}", ran.printed);
}
