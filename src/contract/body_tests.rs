//! Bodies of other kinds than JSON, credentials, and documents of several files.

use std::collections::HashMap;

use super::contract_tests::{asked, checked};
use super::*;
use crate::model::contract_facts::ContractFacts;

/// An exchange whose answer is 200 with this type and body.
fn looked(
    contract: &Contract,
    place: (&str, &str),
    request: (&[(&str, &str)], &str),
    (kind, answer): (&str, &str),
) -> ContractFacts {
    checked(contract, place, request, (200, &[("Content-Type", kind)], answer))
}

/// What differs in a request, without the operation behind it.
fn sent(contract: &Contract, path: &str, fields: &[(&str, &str)], body: &str) -> Vec<String> {
    let facts =
        looked(contract, ("POST", &format!("http://h{path}")), (fields, body), ("text/plain", ""));
    assert_eq!(facts.unchecked, Vec::<String>::new());
    let bare = |it: &String| it.split(" (POST").next().unwrap_or_default().to_owned();
    facts.findings.iter().map(bare).collect()
}

const FORMS: &str = r#"
paths:
  /line:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              required: [name]
              additionalProperties: false
              properties: {name: {type: string}, age: {type: integer}, tags: {type: array, items: {type: string, maxLength: 2}}}
      responses: {"200": {description: ok}}
  /parts:
    post:
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              required: [about, file]
              properties:
                about: {type: object, required: [id], properties: {id: {type: integer}}}
                file: {type: string, format: binary}
                count: {type: integer}
            encoding: {file: {contentType: "image/png, image/jpeg"}}
      responses: {"200": {description: ok}}
"#;

#[test]
fn forms_are_read_as_their_schemas_say() {
    let forms = contract_with(FORMS).unwrap();
    let line = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(sent(&forms, "/line", &line, "name=a+b&age=7&tags=x&tags=yy"), [""; 0]);
    assert_eq!(
        sent(&forms, "/line", &line, "age=x&tags=abc&other=1"),
        [
            "request: /age: expected integer, got string",
            "request: /tags/0: \"abc\" is longer than 2 characters",
            "request: 'other' not named in the schema",
            "request: 'name' is missing",
        ]
    );
    let parts = [("Content-Type", "multipart/form-data; boundary=x")];
    let part = |name: &str, kind: &str, content: &str| {
        let kind =
            if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n{kind}\r\n{content}\r\n")
    };
    let about = part("about", "application/json", "{\"id\": 1}");
    let file = part("file", "image/png", "\u{1}--x not a line\r\n");
    let whole = format!("{about}{file}{}--x--\r\n", part("count", "", "3"));
    assert_eq!(sent(&forms, "/parts", &parts, &whole), [""; 0]);
    let wrong = format!(
        "{}{}{}--x--",
        part("about", "", "{\"id\": \"a\"}"),
        part("file", "text/plain", ""),
        part("count", "", "many")
    );
    assert_eq!(
        sent(&forms, "/parts", &parts, &wrong),
        [
            "request: /file: content type text/plain is not documented; image/png, image/jpeg is",
            "request: /about/id: expected integer, got string",
            "request: /count: expected integer, got string",
        ]
    );
    let cut = whole.split_at(whole.len() - 8).0;
    let why = "request: the form cannot be read: its last boundary is missing";
    assert_eq!(sent(&forms, "/parts", &parts, cut), [why]);
    let none = [("Content-Type", "multipart/form-data")];
    let why = "request: the form cannot be read: its type names no boundary";
    assert_eq!(sent(&forms, "/parts", &none, &whole), [why]);
}

const SECOND: &str = r#"
swagger: "2.0"
info: {title: t, version: "1"}
securityDefinitions:
  key: {type: apiKey, in: header, name: X-Key}
  login: {type: basic}
paths:
  /pets:
    post:
      consumes: [application/x-www-form-urlencoded, multipart/form-data]
      security: [{key: []}, {login: []}]
      parameters:
        - {name: name, in: formData, type: string, required: true}
        - {name: age, in: formData, type: integer}
        - {name: ids, in: formData, type: array, collectionFormat: multi, items: {type: integer}}
      responses: {"200": {description: ok}}
"#;

#[test]
fn fields_and_credentials_of_version_two_are_asked_for() {
    let second = contract_of(SECOND).unwrap();
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let key = ("X-Key", "k");
    assert_eq!(sent(&second, "/pets", &[kind, key], "name=a&age=1&ids=1&ids=2"), [""; 0]);
    assert_eq!(
        sent(&second, "/pets", &[kind, key], "age=x&ids=1&ids=b"),
        [
            "request: form field 'name' is missing",
            "request: form field 'age' = \"x\": expected integer, got string",
            "request: form field 'ids' = \"1\": /1: expected integer, got string",
        ]
    );
    assert_eq!(
        sent(&second, "/pets", &[kind], "name=a"),
        [
            "request: credentials are missing: header X-Key (key), or header Authorization: Basic (login)"
        ]
    );
    let login = ("Authorization", "Basic YTpi");
    assert_eq!(sent(&second, "/pets", &[kind, login], "name=a"), [""; 0]);
    let json = ("Content-Type", "application/json");
    assert_eq!(
        sent(&second, "/pets", &[json, key], "{}"),
        ["request: content type application/json is no form"]
    );
}

const XML: &str = r#"
paths:
  /pets:
    get:
      responses:
        "200":
          description: ok
          content:
            application/xml: {schema: {$ref: '#/components/schemas/Pet'}}
            application/x-thing: {schema: {type: object}}
components:
  schemas:
    Pet:
      type: object
      required: [id, name]
      additionalProperties: false
      xml: {name: pet, prefix: p, namespace: "http://example.com/p"}
      properties:
        id: {type: integer, xml: {attribute: true}}
        name: {type: string, xml: {name: called}}
        alive: {type: boolean}
        owner: {type: object, properties: {age: {type: integer}}}
        tags: {type: array, xml: {wrapped: true}, items: {type: string, xml: {name: tag}}}
        legs: {type: array, items: {type: integer, xml: {name: leg}}}
"#;

#[test]
fn xml_is_read_as_its_schema_writes_it() {
    let pets = contract_with(XML).unwrap();
    let got = |body: &str| {
        let facts = looked(
            &pets,
            ("GET", "http://h/pets"),
            (&[], ""),
            ("application/xml; charset=utf-8", body),
        );
        assert_eq!(facts.unchecked, Vec::<String>::new());
        let bare = |it: &String| it.split(" (GET").next().unwrap_or_default().to_owned();
        facts.findings.iter().map(bare).collect::<Vec<_>>()
    };
    let whole = "<?xml version=\"1.0\"?><p:pet xmlns:p=\"http://example.com/p\" id=\"7\"><called>Rex</called>\
                 <alive>true</alive><owner><age>9</age></owner><tags><tag>a</tag><tag>b</tag></tags>\
                 <leg>1</leg><leg>2</leg></p:pet>";
    assert_eq!(got(whole), [""; 0]);
    assert_eq!(
        got("<pet id='x'><alive>yes</alive><leg>1</leg><leg>b</leg><colour>red</colour></pet>"),
        [
            "response: 'name' is missing",
            "response: /id: expected integer, got string",
            "response: /alive: expected boolean, got string",
            "response: /legs/1: expected integer, got string",
            "response: 'colour' not named in the schema",
        ]
    );
    assert_eq!(
        got("<dog id='1'><called>Rex</called></dog>"),
        ["response: the root is <dog>, the schema has <pet>"]
    );
    assert_eq!(
        got("<pet id='1'>\n<called>Rex</pet>"),
        [
            "response: the body is no XML: line 2, column 12: expected `</called>`, but `</pet>` was found"
        ]
    );
    let other = looked(&pets, ("GET", "http://h/pets"), (&[], ""), ("application/x-thing", "?"));
    assert_eq!(other.unchecked, ["response: bodies of application/x-thing are not looked at"]);
    // What is made of the schema is read by it.
    let answer = pets.mocked(
        "http://h/pets",
        &asked("GET", &[("Accept", "text/html, application/xml")]),
        &SeenBody::Whole(Vec::new()),
    );
    let body = String::from_utf8(answer.body).unwrap();
    assert!(
        body.contains("<p:pet xmlns:p=\"http://example.com/p\" id=\"0\"><called>string</called>"),
        "{body}"
    );
    assert!(body.contains("<tags><tag>string</tag></tags><leg>0</leg>"), "{body}");
    assert_eq!(got(&body), [""; 0]);
}

const FOLDER: [(&str, &str); 5] = [
    (
        "openapi.yaml",
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /users: {$ref: ./paths/users.yaml}\n  \
         /out: {get: {responses: {'200': {description: '', content: {application/json: {schema: {$ref: ../x.yaml}}}}}}}\n  \
         /net: {get: {responses: {'200': {description: '', content: {application/json: {schema: {$ref: 'http://h/x.yaml#/A'}}}}}}}\n  \
         /gone: {get: {responses: {'200': {description: '', content: {application/json: {schema: {$ref: gone.yaml#/A}}}}}}}\n\
         components: {schemas: {Id: {type: integer}}}\n",
    ),
    (
        "paths/users.yaml",
        "get:\n  responses:\n    '200':\n      description: ''\n      content: {application/json: {schema: {type: array, \
         items: {$ref: '../schemas/user.yaml#/User'}}}}\n",
    ),
    (
        "schemas/user.yaml",
        "User:\n  type: object\n  required: [id]\n  properties:\n    id: {$ref: '../openapi.yaml#/components/schemas/Id'}\n    \
         address: {$ref: address.json}\n    friend: {$ref: '#/User'}\n",
    ),
    (
        "schemas/address.json",
        "{\"type\": \"object\", \"properties\": {\"zip\": {\"type\": \"string\"}}}",
    ),
    ("broken.yaml", "a: [1,\n"),
];

#[test]
fn schemas_in_files_beside_the_document_are_read_and_none_elsewhere() {
    let files: HashMap<&str, &str> = FOLDER.into();
    let mut asked_for = Vec::new();
    let mut read = |name: &str| {
        asked_for.push(name.to_owned());
        let found = files.get(name).map(|text| text.as_bytes().to_vec());
        found.ok_or_else(|| "it is not there".to_owned())
    };
    let users =
        Contract::read("/a/openapi.yaml", files["openapi.yaml"].as_bytes(), &mut read).unwrap();
    asked_for.sort();
    let expected = ["gone.yaml", "paths/users.yaml", "schemas/address.json", "schemas/user.yaml"];
    assert_eq!(asked_for, expected);
    let got = |path: &str, body: &str| {
        looked(&users, ("GET", &format!("http://h{path}")), (&[], ""), ("application/json", body))
    };
    let body = r#"[{"id": 1, "address": {"zip": 1}, "friend": {"id": "x"}}]"#;
    assert_eq!(
        got("/users", body).findings,
        [
            "response: /0/address/zip: expected string, got integer (GET /users 200)",
            "response: /0/friend/id: expected integer, got string (GET /users 200)",
        ]
    );
    for (path, why) in [
        ("/out", "in a file outside of the folder of the document (../x.yaml)"),
        ("/net", "at an address, which is never asked (http://h/x.yaml)"),
        ("/gone", "in gone.yaml: it is not there"),
    ] {
        let facts = got(path, "1");
        assert!(facts.is_ok() && facts.unchecked[0].ends_with(why), "{facts:?}");
    }
}

#[test]
fn what_goes_one_way_is_not_in_messages_of_the_other() {
    let text = r#"
paths:
  /users:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}}}
components:
  schemas:
    User:
      type: object
      required: [id, password]
      properties: {id: {type: integer, readOnly: true}, password: {type: string, writeOnly: true}}
"#;
    let users = contract_with(text).unwrap();
    let both = r#"{"id": 1, "password": "p"}"#;
    let json = ("Content-Type", "application/json");
    let facts =
        looked(&users, ("POST", "http://h/users"), (&[json], both), ("application/json", both));
    assert_eq!(
        facts.findings,
        [
            "request: /id: it shall not be sent (readOnly) (POST /users 200)",
            "response: /password: it shall not be answered (writeOnly) (POST /users 200)",
        ]
    );
}

#[test]
fn what_an_operation_demands_and_was_not_sent_is_told() {
    let text = r#"
security: [{token: []}, {key: [], app: []}]
paths:
  /a: {post: {responses: {"200": {description: ok}}}}
  /open: {post: {security: [], responses: {"200": {description: ok}}}}
  /maybe: {post: {security: [{}, {token: []}], responses: {"200": {description: ok}}}}
  /digest: {post: {security: [{digest: []}], responses: {"200": {description: ok}, "401": {description: no}}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    key: {type: apiKey, in: query, name: key}
    app: {type: apiKey, in: cookie, name: app}
    digest: {type: http, scheme: digest}
"#;
    let contract = contract_with(text).unwrap();
    let why = "request: credentials are missing: header Authorization: Bearer (token), or query key (key) and cookie app (app)";
    assert_eq!(sent(&contract, "/a", &[], ""), [why]);
    assert_eq!(sent(&contract, "/a", &[("Authorization", "bearer x")], ""), [""; 0]);
    assert_eq!(sent(&contract, "/a?key=1", &[("Cookie", "app=2")], ""), [""; 0]);
    assert_eq!(sent(&contract, "/a?key=", &[("Cookie", "app=2")], "").len(), 1);
    assert_eq!(sent(&contract, "/open", &[], ""), [""; 0]);
    assert_eq!(sent(&contract, "/maybe", &[], ""), [""; 0]);
    assert_eq!(sent(&contract, "/digest", &[], "").len(), 1);
    let answer = contract.mocked("http://h/a", &asked("POST", &[]), &SeenBody::Whole(Vec::new()));
    assert_eq!(answer.status, 401);
    let challenge = answer.headers.iter().find(|(name, _)| name == "WWW-Authenticate");
    assert_eq!(challenge.map(|(_, value)| value.as_str()), Some("Bearer"));
}

#[test]
fn a_property_says_which_heir_of_a_schema_a_value_is_of() {
    let text = r#"
paths:
  /pets: {get: {responses: {"200": {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}}}}}
components:
  schemas:
    Pet: {type: object, required: [kind], properties: {kind: {type: string}}, discriminator: {propertyName: kind, mapping: {dog: '#/components/schemas/Dog'}}}
    Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, required: [lives], properties: {lives: {type: integer}}}]}
    Dog: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, properties: {friend: {$ref: '#/components/schemas/Pet'}}}]}
"#;
    let pets = contract_with(text).unwrap();
    let got = |body: &str| {
        let facts = looked(&pets, ("GET", "http://h/pets"), (&[], ""), ("application/json", body));
        assert_eq!(facts.unchecked, Vec::<String>::new());
        facts.findings
    };
    let fine = r#"[{"kind": "Cat", "lives": 9}, {"kind": "dog", "friend": {"kind": "Pet"}}, {"kind": "other"}]"#;
    assert_eq!(got(fine), [""; 0]);
    assert_eq!(
        got(r#"[{"kind": "Cat"}, {"kind": "dog", "friend": {"kind": "Cat", "lives": "x"}}]"#),
        [
            "response: /0: 'lives' is missing (GET /pets 200)",
            "response: /1/friend/lives: expected integer, got string (GET /pets 200)",
        ]
    );
}

#[test]
fn an_example_leaves_out_what_its_schema_does_not_allow() {
    let text = r#"
paths:
  /a:
    get:
      responses:
        "200":
          description: ok
          content:
            application/json:
              example: {name: Ann, card: {number: "1", cvc: "123"}}
              schema:
                type: object
                properties:
                  name: {type: string}
                  card: {oneOf: [{type: object, properties: {number: {type: string}, cvc: {type: string, writeOnly: true}}}]}
  /b:
    get:
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {type: object, properties: {a: {type: integer, default: null}, b: {type: string, nullable: true, example: null}, c: {type: string, format: date, pattern: '^\d{4}-\d{2}-\d{2}$'}}}
"#;
    let contract = contract_with(text).unwrap();
    let body = |path: &str| {
        let answer = contract.mocked(
            &format!("http://h{path}"),
            &asked("GET", &[]),
            &SeenBody::Whole(Vec::new()),
        );
        serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()
    };
    assert_eq!(body("/a"), serde_json::json!({"name": "Ann", "card": {"number": "1"}}));
    assert_eq!(body("/b"), serde_json::json!({"a": 0, "b": null, "c": "2026-01-31"}));
}
