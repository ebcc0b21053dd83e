//! What a document answers.

use serde_json::{Value, json};

use super::contract_tests::{SHOP, asked};
use super::*;

fn answered(
    contract: &Contract,
    method: &str,
    url: &str,
    fields: &[(&str, &str)],
    body: &str,
) -> MockAnswer {
    contract.mocked(url, &asked(method, fields), &SeenBody::Whole(body.as_bytes().to_vec()))
}

fn json_of(answer: &MockAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn header<'a>(answer: &'a MockAnswer, name: &str) -> Option<&'a str> {
    let found = answer.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[test]
fn an_operation_is_answered_with_its_example_or_what_its_schema_allows() {
    let shop = contract_of(SHOP).unwrap();
    let one = answered(&shop, "GET", "http://h/items/7", &[], "");
    assert_eq!((one.status, json_of(&one)), (200, json!({"id": 7, "price": 1.5, "kind": "pen"})));
    assert_eq!(one.operation, "GET /items/{id}");
    let book = answered(&shop, "GET", "http://h/items/7", &[("Prefer", "example=book")], "");
    assert_eq!(json_of(&book)["id"], 8);
    let trace = ("X-Trace", "00000000-0000-4000-8000-000000000000");
    let all = answered(&shop, "GET", "http://h/v1/items", &[trace], "");
    assert_eq!(json_of(&all), json!([{"id": 0, "price": 0.5, "kind": "pen", "parts": []}]));
    assert_eq!(header(&all, "x-total"), Some("0"));
    let gone = answered(&shop, "DELETE", "http://h/items/7", &[], "");
    assert_eq!((gone.status, gone.body.len(), header(&gone, "content-type")), (204, 0, None));
}

#[test]
fn another_answer_can_be_preferred_and_a_wrong_request_is_told_why() {
    let shop = contract_of(SHOP).unwrap();
    let none = answered(&shop, "GET", "http://h/items/7", &[("Prefer", "code=404")], "");
    assert_eq!((none.status, header(&none, "preference-applied")), (404, Some("code=404")));
    assert_eq!(json_of(&none), json!({"title": "string"}));
    let unknown = answered(&shop, "GET", "http://h/nothing", &[], "");
    assert_eq!(
        (unknown.status, json_of(&unknown)["title"].as_str()),
        (404, Some("unknown path /nothing"))
    );
    let method = answered(&shop, "PUT", "http://h/items/7", &[], "");
    assert_eq!(
        (method.status, header(&method, "allow")),
        (405, Some("GET, DELETE, HEAD, OPTIONS"))
    );
    let wrong =
        answered(&shop, "POST", "http://h/items", &[("Content-Type", "application/json")], "{}");
    assert_eq!(wrong.status, 400);
    let findings = wrong.facts.unwrap().findings;
    assert_eq!(findings, ["request: 'price' is missing (POST /items)"]);
}

#[test]
fn what_is_made_of_a_schema_is_allowed_by_it_and_always_the_same() {
    for schema in [
        r#"{"type": "string", "minLength": 10, "maxLength": 12}"#,
        r#"{"type": "string", "maxLength": 3}"#,
        r#"{"type": "string", "pattern": "^[A-Z]{3}-\\d{2,4}(x|y)?$"}"#,
        r#"{"type": "string", "format": "date-time"}"#,
        r#"{"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5}"#,
        r#"{"type": "integer", "maximum": -2}"#,
        r#"{"type": "number", "minimum": 0.25, "maximum": 0.75}"#,
        r#"{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1}"#,
        r#"{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "integer"}}"#,
        r#"{"type": "array", "minItems": 2, "uniqueItems": true, "items": {"enum": ["a", "b", "c"]}}"#,
        r#"{"type": ["null", "object"], "required": ["a"], "properties": {"a": {"oneOf": [{"type": "boolean"}, {"type": "string"}]}}}"#,
        r#"{"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}}"#,
        r#"{"type": "object", "minProperties": 3, "additionalProperties": {"type": "boolean"}}"#,
        r#"{"type": "object", "minProperties": 2, "properties": {"key": {"type": "integer"}}}"#,
        r#"{"type": "object", "required": ["x"], "properties": {"y": {"type": "integer"}}}"#,
        r#"{"allOf": [{"required": ["a"], "properties": {"a": {"const": 5}}}, {"required": ["b"], "properties": {"b": {"type": "null"}}}]}"#,
        r#"{"anyOf": [{"type": "string", "format": "ipv6"}, {"type": "integer"}]}"#,
    ] {
        let text = format!(
            r#"{{"openapi": "3.1.0", "paths": {{"/": {{"get": {{"responses": {{"200": {{"content":
            {{"application/json": {{"schema": {schema}}}}}}}}}}}}}}}}}"#
        );
        let contract = contract_of(&text).unwrap();
        let answer = answered(&contract, "GET", "http://h/", &[], "");
        assert_eq!(answer, answered(&contract, "GET", "http://h/", &[], ""));
        let written: Value = serde_json::from_str(schema).unwrap();
        let draft = Some(jsonschema::Draft::Draft202012);
        let ready = crate::json_schema::Schema::compile(&written, draft).unwrap();
        let answered = json_of(&answer);
        let misfits: Vec<_> = ready.misfits(&answered, 5).collect();
        assert_eq!(misfits, [], "{schema}: {}", json_of(&answer));
    }
}

#[test]
fn a_mock_answers_what_every_server_does() {
    let shop = contract_of(SHOP).unwrap();
    let asked_for = answered(&shop, "OPTIONS", "http://h/items/7", &[], "");
    assert_eq!((asked_for.status, asked_for.body.len()), (204, 0));
    assert_eq!(header(&asked_for, "allow"), Some("GET, DELETE, HEAD, OPTIONS"));
    assert!(asked_for.facts.unwrap().is_ok());
    let fields = [
        ("Origin", "http://page"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type, x-a"),
    ];
    let preflight = answered(&shop, "OPTIONS", "http://h/items", &fields, "");
    assert_eq!(
        header(&preflight, "access-control-allow-methods"),
        Some("GET, POST, HEAD, OPTIONS")
    );
    assert_eq!(header(&preflight, "access-control-allow-headers"), Some("content-type, x-a"));
    assert_eq!(header(&preflight, "access-control-allow-origin"), Some("*"));
    let page = answered(&shop, "GET", "http://h/items/7", &fields[..1], "");
    assert_eq!((page.status, header(&page, "access-control-allow-origin")), (200, Some("*")));
    let head = answered(&shop, "HEAD", "http://h/items/7", &[], "");
    assert_eq!((head.status, head.operation.as_str()), (200, "HEAD /items/{id}"));
    let none = answered(&shop, "GET", "http://h/items/7", &[("Accept", "text/html")], "");
    assert_eq!(none.status, 406);
    assert_eq!(
        json_of(&none)["title"],
        "the answer is application/json, which the request does not accept"
    );
    let text = answered(&shop, "POST", "http://h/items", &[("Content-Type", "text/plain")], "x");
    assert_eq!((text.status, header(&text, "accept")), (415, Some("application/json")));
    let book = answered(&shop, "GET", "http://h/items/7", &[("Prefer", "example=book")], "");
    assert_eq!(header(&book, "preference-applied"), Some("example=book"));
}

const TWINS: &str = r#"
servers: [{url: "https://h/{v}", variables: {v: {default: v1, enum: [v1, v2]}}}]
paths:
  /users/me: {get: {responses: {"200": {description: me}}}}
  /users/{id}: {get: {responses: {"201": {description: one}}}}
  /users/{name}: {delete: {responses: {"202": {description: gone}}}}
  /lost: {$ref: '#/components/pathItems/lost'}
"#;

#[test]
fn paths_that_say_the_same_have_their_methods_together() {
    let twins = contract_with(TWINS).unwrap();
    let status = |method: &str, url: &str| answered(&twins, method, url, &[], "").status;
    assert_eq!(status("GET", "http://h/users/me"), 200);
    assert_eq!(status("GET", "http://h/users/7"), 201);
    assert_eq!(status("DELETE", "http://h/v1/users/7"), 202);
    assert_eq!(status("DELETE", "http://h/v2/users/7"), 202);
    let put = answered(&twins, "PUT", "http://h/users/7", &[], "");
    assert_eq!((put.status, header(&put, "allow")), (405, Some("GET, DELETE, HEAD, OPTIONS")));
    let lost = answered(&twins, "GET", "http://h/lost", &[], "");
    assert_eq!(lost.status, 501);
    assert_eq!(json_of(&lost)["title"], "/lost leads to what is not there ($ref)");
    let names = &twins.known().names;
    assert_eq!(names, &["GET /users/me", "GET /users/{id}", "DELETE /users/{name}"]);
}

#[test]
fn what_would_grow_without_end_is_cut() {
    let mut schema = r#"{"type": "string"}"#.to_owned();
    for _ in 0..11 {
        schema = format!(r#"{{"type": "array", "minItems": 50, "items": {schema}}}"#);
    }
    let pattern = "((((a?){999}){999}){999}){999}";
    let text = format!(
        r#"{{"openapi": "3.1.0", "paths": {{
            "/lists": {{"get": {{"responses": {{"200": {{"content": {{"application/json": {{"schema": {schema}}}}}}}}}}}}},
            "/pattern": {{"get": {{"responses": {{"200": {{"content": {{"application/json": {{"schema":
                {{"type": "string", "pattern": "{pattern}"}}}}}}}}}}}}}}}}}}"#
    );
    let contract = contract_of(&text).unwrap();
    let lists = answered(&contract, "GET", "http://h/lists", &[], "");
    assert!(lists.body.len() < 2_000_000, "{}", lists.body.len());
    assert_eq!(answered(&contract, "GET", "http://h/pattern", &[], "").status, 200);
}
