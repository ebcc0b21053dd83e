//! Exchanges against documents.

use bytes::Bytes;

use super::*;
use crate::model::contract_facts::ContractFacts;
use crate::model::exchange::{FieldLine, Head, HttpVersion, StartLine};

pub(super) const SHOP: &str = r#"
openapi: 3.0.3
info: {title: Shop, version: "1"}
servers:
  - url: https://api.example.com/v1
paths:
  /items:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: tags, in: query, schema: {type: array, items: {type: string, enum: [a, b]}}}
        - {name: X-Trace, in: header, required: true, schema: {type: string, format: uuid}}
      responses:
        "200":
          description: all
          headers:
            X-Total: {required: true, schema: {type: integer}}
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Item'}}
        4XX: {$ref: '#/components/responses/Problem'}
    post:
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: '#/components/schemas/Item'}}
      responses:
        "201": {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}
  /items/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}}
    get:
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}, examples: {pen: {value: {id: 7, price: 1.5, kind: pen}}, book: {value: {id: 8, price: 9}}}}}}
        "404": {$ref: '#/components/responses/Problem'}
    delete:
      responses: {"204": {description: gone}}
components:
  responses:
    Problem:
      description: wrong
      content:
        application/problem+json: {schema: {type: object, required: [title], properties: {title: {type: string}}}}
  schemas:
    Item:
      type: object
      required: [id, price]
      properties:
        id: {type: integer, readOnly: true}
        price: {type: number, minimum: 0, exclusiveMinimum: true}
        kind: {type: string, nullable: true, enum: [pen, book]}
        parts: {type: array, items: {$ref: '#/components/schemas/Item'}}
"#;

pub(super) fn head(start: StartLine, fields: &[(&str, &str)]) -> Head {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let fields =
        fields.iter().map(|(name, value)| FieldLine { name: bytes(name), value: bytes(value) });
    Head { raw: Bytes::new(), start, fields: fields.collect() }
}

pub(super) fn asked(method: &str, fields: &[(&str, &str)]) -> Head {
    let (method, target) = (method.to_owned(), "/".to_owned());
    head(StartLine::Request { method, target, version: HttpVersion::Http11 }, fields)
}

/// What is found in an exchange: method and URL, headers and body of the request, status, headers and body of
/// its answer.
pub(super) fn checked(
    contract: &Contract,
    (method, url): (&str, &str),
    (fields, body): (&[(&str, &str)], &str),
    (status, answer_fields, answer): (u16, &[(&str, &str)], &str),
) -> ContractFacts {
    let request = asked(method, fields);
    let start = StartLine::Response { version: HttpVersion::Http11, status, reason: Bytes::new() };
    let response = head(start, answer_fields);
    let [body, answer] = [body, answer].map(|body| SeenBody::Whole(body.as_bytes().to_vec()));
    let facts = contract.check(
        url,
        SeenMessage { head: &request, body: &body },
        Some(SeenMessage { head: &response, body: &answer }),
    );
    facts.unwrap()
}

/// What differs in an exchange of which all is looked at.
fn told(
    contract: &Contract,
    place: (&str, &str),
    request: (&[(&str, &str)], &str),
    answer: (u16, &[(&str, &str)], &str),
) -> Vec<String> {
    let facts = checked(contract, place, request, answer);
    assert_eq!(facts.unchecked, Vec::<String>::new());
    facts.findings
}

const TRACE: (&str, &str) = ("X-Trace", "00000000-0000-4000-8000-000000000000");
const JSON: (&str, &str) = ("Content-Type", "application/json; charset=utf-8");
const TOTAL: (&str, &str) = ("X-Total", "1");

#[test]
fn what_is_as_the_document_says_has_no_findings() {
    let shop = contract_of(SHOP).unwrap();
    let item = r#"[{"id": 1, "price": 2.5, "kind": null, "parts": [{"id": 2, "price": 1}]}]"#;
    for url in
        ["https://api.example.com/v1/items?limit=5&tags=a&tags=b", "http://localhost:8080/items"]
    {
        let all = told(&shop, ("GET", url), (&[TRACE], ""), (200, &[JSON, TOTAL], item));
        assert_eq!(all, Vec::<String>::new(), "{url}");
    }
    // What is only read need not be sent.
    let made = (201, &[JSON][..], r#"{"id": 1, "price": 1}"#);
    let all = told(&shop, ("POST", "http://h/items"), (&[JSON], r#"{"price": 1}"#), made);
    assert_eq!(all, Vec::<String>::new());
    let head = told(&shop, ("HEAD", "http://h/items/7"), (&[], ""), (200, &[JSON], ""));
    assert_eq!(head, Vec::<String>::new());
    let gone = told(&shop, ("DELETE", "http://h/v1/items/7"), (&[], ""), (204, &[], ""));
    assert_eq!(gone, Vec::<String>::new());
}

#[test]
fn every_difference_is_told_with_its_place_and_its_operation() {
    let shop = contract_of(SHOP).unwrap();
    let ok = (200, &[JSON, TOTAL][..], "[]");
    let cases: Vec<(Vec<String>, &[&str])> = vec![
        (told(&shop, ("GET", "http://h/nothing"), (&[], ""), ok), &["unknown path /nothing"]),
        (
            told(&shop, ("PATCH", "http://h/items/7"), (&[], ""), ok),
            &["undocumented method PATCH of /items/{id}, which has GET, DELETE"],
        ),
        (
            told(&shop, ("GET", "http://h/items?limit=x&tags=c"), (&[], ""), ok),
            &[
                "request: query parameter 'limit' = \"x\": expected integer, got string (GET /items 200)",
                "request: query parameter 'tags' = \"c\": /0: expected one of [\"a\",\"b\"], got \"c\" (GET /items 200)",
                "request: header parameter 'X-Trace' is missing (GET /items 200)",
            ],
        ),
        (
            told(
                &shop,
                ("GET", "http://h/items?limit=0"),
                (&[TRACE], ""),
                (200, &[JSON], r#"[{"id": 1, "price": "1"}]"#),
            ),
            &[
                "request: query parameter 'limit' = \"0\": 0 is less than the minimum of 1 (GET /items 200)",
                "response: header X-Total is missing (GET /items 200)",
                "response: /0/price: expected number, got string (GET /items 200)",
            ],
        ),
        (
            told(&shop, ("GET", "http://h/items/x"), (&[], ""), (500, &[], "")),
            &[
                "request: path parameter 'id' = \"x\": expected integer, got string (GET /items/{id} 500)",
                "response: status 500 is not documented; 200, 404 are (GET /items/{id} 500)",
            ],
        ),
    ];
    for (all, expected) in cases {
        assert_eq!(all, expected);
    }
}

#[test]
fn every_difference_of_an_answer_is_told() {
    let shop = contract_of(SHOP).unwrap();
    let cases: Vec<(Vec<String>, &[&str])> = vec![
        (
            told(&shop, ("GET", "http://h/items/1"), (&[], ""), (404, &[JSON], "{}")),
            &[
                "response: content type application/json is not documented; application/problem+json is (GET /items/{id} 404)",
            ],
        ),
        (
            told(&shop, ("GET", "http://h/items/1"), (&[], ""), (200, &[JSON], "")),
            &["response: the body is missing (GET /items/{id} 200)"],
        ),
        (
            told(&shop, ("POST", "http://h/items"), (&[], ""), (201, &[JSON], "{")),
            &[
                "request: the body is missing (POST /items 201)",
                "response: the body is no JSON: EOF while parsing an object at line 1 column 1 (POST /items 201)",
            ],
        ),
        (
            told(
                &shop,
                ("POST", "http://h/items"),
                (&[("content-type", "text/plain")], "x"),
                (201, &[JSON], r#"{"id": 1, "price": 0}"#),
            ),
            &[
                "request: content type text/plain is not documented; application/json is (POST /items 201)",
                "response: /price: 0 is less than or equal to the minimum of 0 (POST /items 201)",
            ],
        ),
    ];
    for (all, expected) in cases {
        assert_eq!(all, expected);
    }
}

#[test]
fn a_document_of_version_two_is_one_too() {
    let second = r##"{
        "swagger": "2.0", "info": {"title": "t", "version": "1"}, "basePath": "/api",
        "consumes": ["application/json"], "produces": ["application/json"],
        "paths": {"/pets": {
            "get": {"parameters": [{"name": "ids", "in": "query", "type": "array", "collectionFormat": "pipes", "items": {"type": "integer"}}],
                    "responses": {"200": {"description": "", "schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}}},
            "post": {"parameters": [{"name": "pet", "in": "body", "required": true, "schema": {"$ref": "#/definitions/Pet"}}],
                     "responses": {"default": {"description": ""}}}}},
        "definitions": {"Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "x-nullable": true}}}}
    }"##;
    let pets = contract_of(second).unwrap();
    let all = told(
        &pets,
        ("GET", "http://h/api/pets?ids=1%7C2"),
        (&[], ""),
        (200, &[JSON], r#"[{"name": null}]"#),
    );
    assert_eq!(all, Vec::<String>::new());
    let all = told(&pets, ("GET", "http://h/api/pets?ids=1|x"), (&[], ""), (200, &[JSON], "[{}]"));
    assert_eq!(
        all,
        [
            "request: query parameter 'ids' = \"1|x\": /1: expected integer, got string (GET /pets 200)",
            "response: /0: 'name' is missing (GET /pets 200)"
        ]
    );
    let all =
        told(&pets, ("POST", "http://h/api/pets"), (&[JSON], r#"{"name": 1}"#), (200, &[], ""));
    assert_eq!(all, ["request: /name: expected null or string, got integer (POST /pets 200)"]);
}

const ODD: &str = r#"
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /a:
    get:
      responses:
        "200":
          description: ""
          content:
            application/json:
              schema:
                oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
                discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat', dog: Dog}}
  /b:
    get:
      responses: {"200": {description: "", content: {application/json: {schema: {$ref: '#/components/schemas/Round'}}}}}
  /c:
    get:
      responses: {"200": {description: "", content: {application/json: {schema: {$ref: 'other.yaml#/X'}}}}}
  /d:
    get:
      responses: {"200": {description: "", content: {application/json: {schema: {type: string, pattern: '('}}}}}
  /e:
    get:
      responses: {"200": {description: "", content: {application/json: {schema: {type: number, format: int32}}}}}
components:
  schemas:
    Cat: {type: object, properties: {kind: {type: string}, lives: {type: [integer, "null"], exclusiveMinimum: 0}}}
    Dog: {type: object, properties: {kind: {type: string}, lives: {const: 1}}}
    Round: {allOf: [{$ref: '#/components/schemas/Round'}]}
"#;

#[test]
fn schemas_that_choose_by_a_property_circles_and_holes_are_no_trouble() {
    let odd = contract_of(ODD).unwrap();
    let get = |path: &str, answer: &str| {
        let request = asked("GET", &[]);
        let start =
            StartLine::Response { version: HttpVersion::Http11, status: 200, reason: Bytes::new() };
        let response = head(start, &[JSON]);
        let (none, body) = (SeenBody::Whole(Vec::new()), SeenBody::Whole(answer.into()));
        let request = SeenMessage { head: &request, body: &none };
        let facts = odd.check(
            &format!("http://h{path}"),
            request,
            Some(SeenMessage { head: &response, body: &body }),
        );
        facts.unwrap()
    };
    assert!(get("/a", r#"{"kind": "cat", "lives": 9}"#).is_ok());
    assert!(
        get("/a", r#"{"kind": "Cat", "lives": 9}"#).is_ok(),
        "the name of a schema counts, too"
    );
    assert!(get("/e", "2147483647").is_ok() && get("/e", "9.5").is_ok());
    assert!(!get("/e", "3000000000").is_ok(), "a width is a bound");
    let findings = get("/a", r#"{"kind": "dog", "lives": 9}"#).findings;
    assert_eq!(findings, ["response: /lives: expected 1, got 9 (GET /a 200)"]);
    let findings = get("/a", r#"{"kind": "cow"}"#).findings;
    assert_eq!(
        findings,
        [
            "response: /kind: expected one of [\"cat\",\"dog\",\"Cat\",\"Dog\"], got \"cow\" (GET /a 200)"
        ]
    );
    for (path, why) in [
        ("/b", "consists of itself"),
        ("/c", "in other.yaml: there is none"),
        ("/d", "patterns of a schema"),
    ] {
        let facts = get(path, "\"x\"");
        assert!(facts.is_ok() && facts.unchecked[0].contains(why), "{facts:?}");
    }
    assert_eq!(get("/d", "1").findings, ["response: expected string, got integer (GET /d 200)"]);
}

#[test]
fn what_is_no_document_is_refused_with_its_place() {
    for (text, words) in [
        ("{\"a\": 1}", "neither 'openapi' nor 'swagger'"),
        ("openapi: 4.0.0\npaths: {}\n", "version '4.0.0' is not known"),
        ("openapi: 3.0.0\npaths: []\n", "paths: it is no object"),
        ("openapi: 3.0.0\na: [1,\n", "line 3"),
        ("{\"openapi\": \"3.0.0\",", "line 1, column"),
    ] {
        let why = contract_of(text).unwrap_err();
        assert!(why.contains(words), "{text}: {why}");
    }
    assert!(tree_of(b"\xff").is_err());
}

#[test]
fn a_proxy_asks_only_about_servers_that_are_named() {
    let shop = contract_of(SHOP).unwrap();
    assert!(
        shop.is_about("https://API.example.com:443/v1/items")
            && shop.is_about("http://api.example.com/x")
    );
    assert!(!shop.is_about("https://example.com/v1/items"));
    let any = contract_of("openapi: 3.0.0\nservers: [{url: /v1}]\npaths: {}\n").unwrap();
    assert!(any.is_about("http://a/"));
}
