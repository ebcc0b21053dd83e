use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::model::dialled::Dialled;
use crate::model::exchange::{
    BodyFacts, Exchange, FieldLine, Head, HttpMessage, HttpVersion, StartLine,
};
use crate::model::id::SessionId;
use crate::model::protocol::{Protocol, Side};
use crate::model::timing::{Stamp, Timing};
use crate::model::tls::{CertificateFacts, TlsFacts};

const BODY: &str =
    r#"{"user": {"id": 42, "name": "Ann", "tags": ["a", "b"]}, "ok": true, "none": null}"#;
/// 2026-01-01, in seconds.
const NEW_YEAR: u64 = 1_767_225_600;

fn exchange() -> Exchange {
    let field = |name: &'static str, value: &'static str| FieldLine {
        name: Bytes::from_static(name.as_bytes()),
        value: Bytes::from_static(value.as_bytes()),
    };
    let start = StartLine::Response {
        version: HttpVersion::Http11,
        status: 201,
        reason: Bytes::from_static(b"Created"),
    };
    let fields = vec![
        field("Content-Type", "application/json; charset=utf-8"),
        field("Location", "/users/42"),
        field("Set-Cookie", "session=old; Path=/"),
        field("Set-Cookie", "session=abc=; Path=/; HttpOnly"),
    ];
    let body = BodyFacts { decoded_len: BODY.len() as u64, ..BodyFacts::default() };
    let response = HttpMessage { head: Head { start, fields, ..Head::default() }, body };
    let leaf = CertificateFacts {
        subject: "CN=example.com".into(),
        names: vec!["example.com".into(), "*.example.com".into()],
        not_after: "2026-01-15T12:00:00Z".into(),
        ..CertificateFacts::default()
    };
    let tls = TlsFacts { version: "TLSv1.3".into(), chain: vec![leaf], ..TlsFacts::default() };
    let timing = Timing {
        first_byte: Some(Duration::from_millis(120)),
        total: Duration::from_millis(250),
        ..Timing::default()
    };
    let conn = SessionId(1).conn(1);
    Exchange {
        response: Some(response),
        tls: Some(tls.into()),
        timing,
        url: "https://example.com/users".into(),
        ..Exchange::begun(Side::Client, conn, 2, HttpMessage::default(), Stamp(0))
    }
}

fn result(name: &str, value: &str) -> CheckResult {
    let expectation =
        Expectation::parse(name, value).unwrap_or_else(|why| panic!("{name} = {value}: {why}"));
    let exchange = exchange();
    let body = CameBody { bytes: BODY.as_bytes(), length: BODY.len() as u64 };
    let came = Came::new(CameFrom::Exchange(&exchange), body, Stamp(NEW_YEAR * 1_000_000_000));
    let checks = Checks { expectations: vec![expectation], captures: Vec::new() };
    checks.report(&came).results.remove(0)
}

#[test]
fn what_is_as_expected_is_met() {
    for (name, value) in [
        ("status", "201"),
        ("status", "2xx"),
        ("status", "200..204"),
        ("status", "!= 404"),
        ("status", "in {200, 201}"),
        ("status", "< 300"),
        ("status", "'201'"),
        ("total", "<= 500ms"),
        ("total", "> 100ms and < 1s"),
        ("first-byte", "100ms..150ms"),
        ("size", "< 4k"),
        ("redirects", "2"),
        ("reason", "Created"),
        ("version", "HTTP/1.1"),
        ("url", "contains '/users'"),
        ("header.content-type", "contains 'json'"),
        ("header.Content-Type", "application/json; charset=utf-8"),
        ("header.location", "matches '^/users/[0-9]+$'"),
        ("header.etag", "absent"),
        ("header.location", "exists"),
        ("header.location", "not contains 'admin'"),
        ("cookie.session", "abc="),
        ("cookie.other", "absent"),
        ("body", "contains 'Ann'"),
        ("body", "contains ann and not contains 'error'"),
        ("body", "contains 0x22??64"),
        ("body[0:3]", "{\"u"),
        ("body[0:2]", "7b:22"),
        ("json .user.id", "42"),
        ("json .user.id", "42.0"),
        ("json .user.id", ">= 42"),
        ("json .user.id", "in {41, 42}"),
        ("json .user.name", "Ann"),
        ("json .user.name", "'Ann'"),
        ("json .user.name", "\"Ann\""),
        ("json .user.name", "matches '^A'"),
        ("json .user.name", "contains 'nn'"),
        ("json .user.name | length", "3"),
        ("json .user.tags", "[\"a\", \"b\"]"),
        ("json .user.tags", "contains \"a\""),
        ("json .user.tags[]", "contains b"),
        ("json .user", "contains {\"id\": 42}"),
        ("json .user", "{\"tags\": [\"a\", \"b\"], \"name\": \"Ann\", \"id\": 42}"),
        ("json .ok", "true"),
        ("json .none", "null"),
        ("json .none | type", "'null'"),
        ("json .nothing", "absent"),
        ("json .user.id | type", "number"),
        ("tls.version", "TLSv1.3"),
        ("tls.days-left", "14"),
        ("tls.days-left", ">= 14"),
        ("tls.name", "*.example.com"),
        ("tls.verified", "true"),
    ] {
        let result = result(name, value);
        assert!(result.is_met, "{}", result.line());
    }
}

#[test]
fn what_is_not_says_what_was_expected_and_what_came() {
    for (name, value, line) in [
        ("status", "200", "status: expected 200, got 201"),
        ("status", "4xx", "status: expected 4xx, got 201"),
        ("total", "<= 100ms", "total: expected <= 100ms, got 250ms"),
        ("size", "> 1k", "size: expected > 1k, got 81 bytes"),
        ("header.etag", "exists", "header.etag: expected exists, got nothing"),
        ("header.etag", "!= 'x'", "header.etag: expected != 'x', got nothing"),
        ("header.location", "/Users/42", "header.location: expected /Users/42, got '/users/42'"),
        ("json .user.id", "'42'", "json .user.id: expected '42', got 42"),
        ("json .user.name", "ann", "json .user.name: expected ann, got \"Ann\""),
        (
            "json .user.age",
            "7",
            "json .user.age: expected 7, got nothing: there is nothing at this path",
        ),
        ("lookup", "< 1s", "lookup: expected < 1s, got nothing: this did not happen"),
        ("tls.verified", "false", "tls.verified: expected false, got true"),
        (
            "body",
            "absent",
            "body: expected absent, got '{\"user\": {\"id\": 42, \"name\": \"Ann\", \"tags\": [\"a\", \"b\"]}, \"ok\": true, \"none\": null}'",
        ),
    ] {
        let result = result(name, value);
        assert!(!result.is_met, "{}", result.line());
        assert_eq!(result.line(), line);
    }
}

#[test]
fn what_differs_is_named_by_its_path() {
    let wanted = r#"{"id": 43, "name": "Ann", "tags": ["a"], "age": 7}"#;
    assert_eq!(
        result("json .user", wanted).differences,
        [
            ".id: expected 43, got 42",
            ".tags: expected 1 element, got 2 elements",
            ".age: expected 7, got nothing",
        ]
    );
    assert_eq!(
        result("json .user", "contains {\"id\": \"42\"}").differences,
        [".id: expected \"42\" (string), got 42 (number)"]
    );
    let part = result("body", &BODY.replace("Ann", "Bob")).differences;
    assert_eq!(part.len(), 1);
    assert!(part[0].starts_with("they part at byte 30 (line 1): expected"), "{part:?}");
}

#[test]
fn bytes_are_written_in_groups_too() {
    let exchange = exchange();
    let came = Came::new(
        CameFrom::Exchange(&exchange),
        CameBody { bytes: &[0, 1, 9, 5], length: 4 },
        Stamp(0),
    );
    let result = |value: &str| {
        let expectations = vec![Expectation::parse("body", value).unwrap()];
        Checks { expectations, captures: Vec::new() }.report(&came).results.remove(0)
    };
    assert!(result("0x00 01 ?? 05").is_met && result("0x0001??05").is_met);
    let wrong = result("0x00 01 ?? 06");
    assert_eq!(
        (&*wrong.got, &*wrong.differences[0]),
        ("00 01 09 05", "byte 4: expected 06, got 05")
    );
}

#[test]
fn texts_of_several_lines_differ_line_by_line() {
    let came = b"first\nsecond\nthird\n";
    let exchange = exchange();
    let body = CameBody { bytes: came, length: came.len() as u64 };
    let came = Came::new(CameFrom::Exchange(&exchange), body, Stamp(0));
    let checks = Checks {
        expectations: vec![Expectation::parse("body", "'first\\nother\\nthird\\n'").unwrap()],
        captures: Vec::new(),
    };
    let result = checks.report(&came).results.remove(0);
    assert_eq!(result.differences, ["line 2:", "  - 'other'", "  + 'second'"]);
}

#[test]
fn what_cannot_be_expected_says_what_to_write() {
    for (name, value, why) in [
        ("statsu", "200", "did you mean 'status'?"),
        ("jsonpath", "x", "write json .path"),
        ("header", "x", "its name is missing"),
        ("json", "1", "a path is missing"),
        ("json user.id", "1", "a path begins with a point: .user.id"),
        ("json $.user", "1", "paths are written as jq has them: .user"),
        ("status", "20", "is not a status"),
        ("status", "contains 2", "'contains' says nothing of status"),
        ("total", "500", "is not a duration"),
        ("body", "contains a b", "quotes"),
        ("body", "matches '('", "cannot be used"),
        ("status", "", "what it shall be is missing"),
        ("status", "200 or 201", "is not a status"),
        ("json .a", "< x", ""),
        ("body[x]", "y", "this is no slice"),
        ("status[0]", "2", "only body has parts"),
        ("status > 3", "2", "the value stands behind the ="),
        ("tls.verified", "maybe", "neither true nor false"),
    ] {
        let found = Expectation::parse(name, value);
        match found {
            Err(found) => {
                assert!(!why.is_empty() && found.contains(why), "{name} = {value}: {found}");
            }
            // A text like any other.
            Ok(_) => assert!(why.is_empty(), "{name} = {value}"),
        }
    }
}

fn captured(of: &str) -> Result<String, String> {
    let exchange = exchange();
    let body = CameBody { bytes: BODY.as_bytes(), length: BODY.len() as u64 };
    let came = Came::new(CameFrom::Exchange(&exchange), body, Stamp(0));
    let order = CaptureOrder::parse("x", of)?;
    let checks = Checks { expectations: Vec::new(), captures: vec![order] };
    checks.report(&came).captured.remove(0).value
}

#[test]
fn what_is_captured_is_text() {
    for (of, value) in [
        ("json .user.id", "42"),
        ("json .user.name", "Ann"),
        ("json .user.tags", "[\"a\",\"b\"]"),
        ("json .user.tags[]", "[\"a\",\"b\"]"),
        ("header.location", "/users/42"),
        ("header.location matches '/users/([0-9]+)'", "42"),
        ("matches '\"name\": \"(\\w+)\"'", "Ann"),
        ("body matches \"An.\"", "Ann"),
        ("cookie.session", "abc="),
        ("status", "201"),
        ("body[2:4]", "user"),
        ("tls.version", "TLSv1.3"),
        ("size", "81"),
    ] {
        assert_eq!(captured(of), Ok(value.to_owned()), "{of}");
    }
    for (of, why) in [
        ("json .nothing", "there is nothing at this path"),
        ("header.etag", "there is none"),
        ("body matches 'zzz'", "nothing in it matches"),
        ("boddy", "did you mean 'body'?"),
        ("body[100:4]", "it has 81 bytes"),
    ] {
        let found = captured(of).unwrap_err();
        assert!(found.contains(why), "{of}: {found}");
    }
    for (name, why) in [("a b", "' '"), ("", "missing"), ("secret.x", "none that is captured")] {
        assert!(CaptureOrder::parse(name, "status").unwrap_err().contains(why));
    }
}

#[test]
fn a_capture_without_a_value_is_not_met() {
    let exchange = exchange();
    let body = CameBody { bytes: BODY.as_bytes(), length: BODY.len() as u64 };
    let came = Came::new(CameFrom::Exchange(&exchange), body, Stamp(0));
    let checks = Checks {
        expectations: vec![Expectation::parse("status", "201").unwrap()],
        captures: vec![CaptureOrder::parse("token", "json .token").unwrap()],
    };
    let report = checks.report(&came);
    assert!(!report.is_met());
    assert_eq!((report.unmet(), report.count()), (1, 2));
    assert_eq!(
        report.unmet_lines(),
        ["token was not captured from json .token: there is nothing at this path"]
    );
}

#[test]
fn a_body_that_is_not_all_here_answers_only_what_is_known() {
    let exchange = exchange();
    let body = CameBody { bytes: b"{}", length: 1 << 40 };
    let came = Came::new(CameFrom::Exchange(&exchange), body, Stamp(0));
    let got = |name: &str| {
        let checks = Checks {
            expectations: vec![Expectation::parse(name, "exists").unwrap()],
            captures: Vec::new(),
        };
        checks.report(&came).results.remove(0)
    };
    assert!(got("size").is_met);
    for name in ["body", "json .a", "sha256"] {
        assert!(got(name).got.contains("are looked at"), "{name}: {}", got(name).got);
    }
}

#[test]
fn of_json_messages_the_last_that_has_it_answers() {
    let said = b"220 ready\r\n{\"user\":{\"id\":7},\"state\":\"begun\"}\n{\"state\":\"done\",\"list\":[]}\n";
    let talk = Talk::default();
    let body = CameBody { bytes: said, length: said.len() as u64 };
    let came = Came::new(CameFrom::Conversation(&talk), body, Stamp(0));
    let row = |name: &str, value: &str| Expectation::parse(name, value).unwrap();
    let checks = Checks {
        expectations: vec![
            row("json .user.id", "7"),
            row("json .state", "done"),
            row("json .nobody", "absent"),
            row("json .state", "begun"),
        ],
        captures: vec![CaptureOrder::parse("id", "json .user.id").unwrap()],
    };
    let report = checks.report(&came);
    let met: Vec<bool> = report.results.iter().map(|result| result.is_met).collect();
    assert_eq!(met, [true, true, true, false], "{report:?}");
    assert_eq!(report.captured[0].value, Ok("7".to_owned()));
}

#[test]
fn a_conversation_answers_what_it_has() {
    let ms = |ms| Some(Duration::from_millis(ms));
    let dialled = Dialled { connect: ms(2), tls: exchange().tls, ..Dialled::default() };
    let talk = Talk {
        sent: 3,
        received: 2,
        lost: Some(1),
        took: Duration::from_millis(20),
        first_byte: ms(5),
        transfer: ms(1),
        dialled,
    };
    let body = CameBody { bytes: b"+PONG\r\n", length: 7 };
    let came = Came::new(CameFrom::Conversation(&talk), body, Stamp(0));
    for (name, value, is_met) in [
        ("body", "contains 'PONG'", true),
        ("size", "7", true),
        ("messages", "2", true),
        ("lost", "0", false),
        ("sent", "3", true),
        ("total", "< 1s", true),
        ("connect", "2ms", true),
        ("lookup", "exists", false),
        ("first-byte", "<= 5ms", true),
        ("transfer", "> 1ms", false),
        ("tls.version", "TLSv1.3", true),
        ("tls.name", "*.example.com", true),
        ("sha256", "64c2f2c744321d052076467905a0561f91e9a6de4e84441addbcc549cd71095c", true),
        ("sha256", "e9eb7b2ab1ad96a9de8a4b3d32b1ad6e0de1ee7a8f20a2c1ef16b0c6a2d0f1c4", false),
    ] {
        let checks = Checks {
            expectations: vec![Expectation::parse(name, value).unwrap()],
            captures: Vec::new(),
        };
        let result = checks.report(&came).results.remove(0);
        assert_eq!(result.is_met, is_met, "{}", result.line());
    }
}

#[test]
fn what_a_protocol_does_not_have_is_refused() {
    let flaw = |protocol, name: &str, value: &str| {
        flaw(&NameValue::new(name, value), &Spec::empty(protocol, Side::Client)).unwrap_or_default()
    };
    assert!(flaw(Protocol::Tcp, "status", "200").contains("is of HTTP"));
    assert!(flaw(Protocol::Http, "messages", "2").contains("is of TCP and UDP"));
    assert!(flaw(Protocol::Tcp, "lost", "0").contains("is of datagrams"));
    assert_eq!(flaw(Protocol::Udp, "lost", "0"), "");
    assert_eq!(
        flaw(Protocol::Http, "status", "{{wanted}}"),
        "",
        "it is looked at when names are filled in"
    );
    assert!(flaw(Protocol::Http, "statuss", "{{wanted}}").contains("status"));
}

#[test]
fn a_schema_names_where_what_and_how() {
    let wrong = result(
        "schema",
        r#"{"properties": {"user": {"properties": {"id": {"type": "string"}}, "additionalProperties": false},
            "ok": {"enum": [1, 2]}, "none": {"anyOf": [{"type": "string"}, {"type": "number"}]}}}"#,
    );
    assert!(!wrong.is_met);
    assert_eq!(wrong.got, "4 places that do not fit");
    let all = wrong.differences.join("\n");
    for line in [
        "/user/id: type: expected \"string\", got 42",
        "/user: additionalProperties: expected no other members, got \"name\", \"tags\"",
        "/ok: enum: expected [1,2], got true",
        "/none: anyOf: expected what one of 2 schemas wants, got null",
    ] {
        assert!(all.contains(line), "{line}:\n{all}");
    }
    for fits in
        ["true", "{}", r#"{"required": ["user"], "properties": {"user": {"type": "object"}}}"#]
    {
        assert!(result("schema", fits).is_met, "{fits}");
    }
    for (schema, why) in [
        ("{", "this schema is no JSON"),
        (r#"{"type": "nubmer"}"#, "this is no schema at /type"),
        (r#"{"$ref": "other.json"}"#, "nothing is fetched"),
        (r#"{"pattern": "(a"}"#, "this is no schema"),
        ("", "name a file"),
    ] {
        let error = Expectation::parse("schema", schema).unwrap_err();
        assert!(error.contains(why), "{schema}: {error}");
    }
}

#[test]
fn every_draft_is_read_and_a_schema_that_leads_nowhere_ends() {
    for (draft, schema) in [
        (
            "http://json-schema.org/draft-04/schema#",
            r#""properties": {"user": {"properties": {"id": {"minimum": 42, "exclusiveMinimum": true}}}}"#,
        ),
        (
            "http://json-schema.org/draft-06/schema#",
            r#""properties": {"user": {"properties": {"id": {"exclusiveMinimum": 42}}}}"#,
        ),
        (
            "http://json-schema.org/draft-07/schema#",
            r#""if": {"required": ["user"]}, "then": {"required": ["next"]}"#,
        ),
        (
            "https://json-schema.org/draft/2019-09/schema",
            r#""dependentRequired": {"user": ["next"]}"#,
        ),
        (
            "https://json-schema.org/draft/2020-12/schema",
            r##""$ref": "#/$defs/a", "$defs": {"a": {"required": ["next"]}}"##,
        ),
    ] {
        let wrong = result("schema", &format!(r#"{{"$schema": "{draft}", {schema}}}"#));
        assert!(!wrong.is_met && wrong.got.starts_with('1'), "{draft}: {}", wrong.line());
    }
    let endless = Expectation::parse("schema", r##"{"$ref": "#"}"##);
    assert!(endless.is_err() || result("schema", r##"{"$ref": "#"}"##).got.len() < 200);
    let circle = r##"{"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}}"##;
    assert!(
        Expectation::parse("schema", circle).is_err() || result("schema", circle).got.len() < 200
    );
}

#[test]
fn bytes_are_told_as_bytes_and_an_element_that_is_missing_as_one() {
    let told = |name: &str, value: &str| {
        let result = result(name, value);
        assert!(!result.is_met, "{name} = {value}");
        (result.got, result.differences)
    };
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        told("body[0:4]", "0x7b??7673ff"),
        (
            "7b 22 75 73".to_owned(),
            lines(&["byte 3: expected 76, got 75", "expected 5 bytes, got 4 bytes"])
        )
    );
    assert!(told("body", "contains 0xdeadbeef").0.ends_with("… (81 bytes)"));
    let (_, missing) = told("json .user.tags", "contains {\"a\": 1}");
    assert_eq!(
        missing,
        lines(&[".: expected an element that has {\"a\":1}, got 2 elements without"])
    );
}
