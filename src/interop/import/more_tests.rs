//! What came otherwise than it was, of one format or of all that have it.

use super::formats_tests::{http, tree};
use super::*;
use crate::interop::typed_credentials::typed;
use crate::model::http::{ApiKey, ApiKeyPlace, Auth, HttpBody, HttpSpec};

fn told(tree: &ImportTree, what: &str) -> Vec<String> {
    let it = tree.left_out.iter().filter(|remark| remark.what.contains(what));
    it.map(|remark| remark.place.clone()).collect()
}

fn inside(name: &str, text: &str) -> ImportFile {
    let inside = Some(name.to_owned());
    ImportFile { name: name.into(), inside, bytes: text.into() }
}

fn planned(tree: ImportTree) -> ImportPlan {
    plan(vec![tree], &ImportPlace::default()).unwrap()
}

#[test]
fn keys_of_apis_are_credentials_and_go_to_the_file_of_secrets() {
    let insomnia = |to: &str| {
        format!(
            r#"{{"_type":"export","__export_format":4,"resources":[{{"_id":"wrk_1","_type":"workspace","name":"W"}},
              {{"_id":"req_1","_type":"request","parentId":"wrk_1","name":"R","method":"GET","url":"http://h",
                "authentication":{{"type":"apikey","key":"zz","value":"CANARY-1","addTo":"{to}"}}}}]}}"#
        )
    };
    let postman = |to: &str| {
        format!(
            r#"{{"info":{{"name":"K","schema":"https://schema.getpostman.com/json/collection/v2.1.0/"}},"item":[{{"name":"h",
              "request":{{"auth":{{"type":"apikey","apikey":[{{"key":"key","value":"zz"}},{{"key":"value","value":"CANARY-1"}},
              {{"key":"in","value":"{to}"}}]}},"url":"http://h"}}}}]}}"#
        )
    };
    let bru = |to: &str| {
        format!(
            "meta {{\n  name: k\n}}\n\nget {{\n  url: http://h\n  auth: apikey\n}}\n\nauth:apikey {{\n  key: zz\n  value: CANARY-1\n  placement: {to}\n}}\n"
        )
    };
    let open = |to: &str| {
        format!(
            "info: {{name: k, type: http}}\nhttp:\n  url: http://h\n  auth: {{type: apikey, key: zz, value: CANARY-1, placement: {to}}}\n"
        )
    };
    let (header, query) = (ApiKeyPlace::Header, ApiKeyPlace::Query);
    for (name, text, place) in [
        ("a.json", insomnia("header"), header),
        ("a.json", insomnia("queryParams"), query),
        ("a.json", insomnia("cookie"), ApiKeyPlace::Cookie),
        ("a.json", postman("header"), header),
        ("a.json", postman("query"), query),
        ("a.bru", bru("header"), header),
        ("a.bru", bru("queryparams"), query),
        ("a.yml", open("header"), header),
        ("a.yml", open("query"), query),
    ] {
        let tree = tree(name, &text);
        let key = ApiKey { name: "zz".into(), value: "CANARY-1".into(), place };
        assert_eq!(http(&tree.presets[0]).auth, Auth::ApiKey(key), "{text}");
        let planned = planned(tree);
        let spec = format!("{:?}", planned.presets[0].preset.spec);
        assert!(spec.contains("{{secret.api-key}}") && !spec.contains("CANARY"), "{spec}");
        assert_eq!(planned.environments[0].secrets[0].1, "CANARY-1");
    }
}

#[test]
fn values_of_texts_that_are_json_or_forms_are_found_as_those_of_json_are() {
    for (command, gone) in [
        ("curl https://h/x -d '{\"password\":\"CANARY\",\"n\":[{\"api_key\":\"CANARY\"}]}'", true),
        (
            "curl https://h/x --data-binary '[{\"token\": \"CANARY\"}]' -H 'Content-Type: text/x'",
            true,
        ),
        ("curl https://h/x -H 'Content-Type: text/x' -d 'a=1&client_secret=CANARY'", true),
        // What it would be written as there nobody knows.
        ("curl https://h/x -d '{\"password\":\"CANARY\\n\"}'", false),
    ] {
        let planned = planned(tree("a.txt", command));
        let spec = planned.presets[0].preset.spec.clone();
        assert_eq!(!format!("{spec:?}").contains("CANARY"), gone, "{command}: {spec:?}");
        assert_eq!(typed(&spec).is_empty(), gone, "{command}: {spec:?}");
    }
}

#[test]
fn a_folder_of_bruno_in_yaml_is_one_collection() {
    let files = [
        inside(
            "c/opencollection.yml",
            "opencollection: '1.0.0'\ninfo: {name: Shop}\nrequest: {headers: [{name: X-C, value: c}]}\n",
        ),
        inside(
            "c/environments/dev.yml",
            "name: dev\nvariables:\n  - {name: base, value: 'http://h'}\n  - {name: tok, secret: true, value: t-1}\n",
        ),
        inside(
            "c/sub/folder.yml",
            "info: {name: Sub, type: folder, seq: 1}\nrequest:\n  auth: {type: bearer, token: '{{tok}}'}\n",
        ),
        inside(
            "c/sub/gq.yml",
            "info: {name: gq, type: graphql}\ngraphql:\n  url: '{{base}}/graphql'\n  method: POST\n  \
             body: {query: 'query { a }', variables: '{\"x\": 1}'}\n  auth: inherit\n",
        ),
        inside(
            "c/get.yml",
            "info: {name: get, type: http}\nhttp: {url: '{{base}}/u'}\nruntime:\n  assertions:\n    \
             - {expression: res.body.items.length, operator: gt, value: '1'}\n    \
             - {expression: res.body.g, operator: eq, value: 'true', disabled: true}\n  \
             actions:\n    - {type: set-variable, phase: after-response, selector: {expression: res.body.id}, \
             variable: {name: vid}}\n",
        ),
    ];
    let trees = import(&files, None).unwrap();
    let [tree] = trees.as_slice() else { panic!("{trees:?}") };
    assert_eq!(&*tree.title, "Shop");
    assert!(tree.left_out.is_empty(), "{:?}", tree.left_out);
    let environment = &tree.environments[0];
    assert_eq!((&*environment.name, environment.variables.len()), ("dev", 2));
    let named = |name: &str| http(tree.presets.iter().find(|it| it.name == name).unwrap());
    let query = named("gq");
    assert_eq!((&*query.method, &*query.url), ("POST", "{{base}}/graphql"));
    let text = "{\"query\":\"query { a }\",\"variables\":{\"x\": 1}}";
    assert_eq!(query.body, HttpBody::Json(text.into()));
    assert_eq!(query.auth, Auth::Bearer("{{tok}}".into()), "that of its folder");
    let get = named("get");
    let rows: Vec<_> =
        get.expect.rows.iter().map(|row| (row.enabled, &*row.name, &*row.value)).collect();
    assert_eq!(rows, [(true, "json .items | length", "> 1"), (false, "json .g", "true")]);
    assert_eq!(get.capture.rows, [crate::model::spec::NameValue::new("vid", "json .id")]);
}

#[test]
fn what_bruno_has_switched_off_stays_so() {
    let tree = tree(
        "a.bru",
        "meta {\n  name: a\n}\n\nget {\n  url: http://h\n}\n\nassert {\n  ~res.status: eq 200\n  ~res.body.a: isTruthy\n}\n\n\
         vars:post-response {\n  ~id: res.body.id\n}\n",
    );
    let spec = http(&tree.presets[0]);
    let rows = |rows: &[crate::model::spec::NameValue]| {
        rows.iter().map(|row| (row.enabled, row.name.clone())).collect::<Vec<_>>()
    };
    assert_eq!(rows(&spec.expect.rows), [(false, "status".to_owned())]);
    assert_eq!(rows(&spec.capture.rows), [(false, "id".to_owned())]);
    assert!(tree.presets[0].notes[0].contains("~res.body.a: isTruthy"), "{:?}", tree.presets);
}

const PETS: &str = "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\nservers: [{url: 'http://h'}]\npaths:\n  \
     /pets: {$ref: 'paths.yaml#/pets'}\n  /gone: {$ref: 'gone.yaml#/x'}\n  \
     /other: {post: {requestBody: {content: {application/json: {schema: {$ref: '../out.yaml#/X'}}}}, responses: {}}}\n  \
     /deep: {post: {requestBody: {content: {application/json: {schema: {type: object, properties: {a: {$ref: '#/no'}}}}}}, \
     responses: {}}}\n";
const PATHS: &str = "pets:\n  post:\n    operationId: add\n    requestBody:\n      content:\n        \
     application/json: {schema: {$ref: 'schemas/pet.yaml#/Pet'}}\n    responses: {}\n";
const PET: &str = "Pet: {type: object, properties: {kind: {type: string, example: cat}, owner: {$ref: '#/Owner'}}}\n\
     Owner: {type: string, example: Ann}\n";

fn is_whole(tree: &ImportTree) {
    let add = tree.presets.iter().find(|preset| preset.name == "add").expect("the operation");
    let HttpBody::Json(text) = &http(add).body else { panic!("{add:?}") };
    let body: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(body, serde_json::json!({ "kind": "cat", "owner": "Ann" }));
    let nowhere = told(tree, "references that lead nowhere");
    for place in ["gone.yaml", "outside of the folder", "#/no"] {
        assert!(nowhere.iter().any(|it| it.contains(place)), "{place}: {nowhere:?}");
    }
    assert!(nowhere.iter().any(|it| it.contains("POST /other")), "{nowhere:?}");
}

#[test]
fn an_openapi_document_of_several_files_is_one() {
    let read = |name: &str| match name {
        "paths.yaml" => Ok(PATHS.into()),
        "schemas/pet.yaml" => Ok(PET.into()),
        _ => Err("it is not there".to_owned()),
    };
    let file = ImportFile { name: "/x/pets.yaml".into(), inside: None, bytes: PETS.into() };
    let trees = import_with(&[file], None, &mut |_, name| read(name)).unwrap();
    is_whole(&trees[0]);
    // Of a folder its files are read, and are no imports of their own.
    let files = [
        inside("api/paths.yaml", PATHS),
        inside("api/pets.yaml", PETS),
        inside("api/schemas/pet.yaml", PET),
        inside("api/readme.yaml", "a: b\n"),
    ];
    let trees = import(&files, None).unwrap();
    let [tree] = trees.as_slice() else { panic!("{trees:?}") };
    is_whole(tree);
    let broken = told(tree, "files that are broken");
    assert!(matches!(broken.as_slice(), [one] if one.contains("readme.yaml")), "{broken:?}");
}

#[test]
fn hurl_says_what_it_can_and_refuses_what_is_no_assert() {
    let tree = tree(
        "a.hurl",
        "GET http://h/\nHTTP 200\n[Captures]\nck: cookie \"sid[Value]\"\n[Asserts]\nredirects count == 1\n\
         certificate \"Subject\" contains \"X\"\njsonpath \"$.a[*].id\" count == 3\nbody contains \"z\"\n\
         jsonpath \"$.n\" not contains \"q\"\n`ok`\n\nGET http://h/b\nHTTP 200\nbase64,AAEC;\n\n\
         GET http://h/c\nHTTP 200\n{\"a\": 1}\n",
    );
    let rows = |at: usize| {
        let rows = &http(&tree.presets[at]).expect.rows;
        rows.iter().map(|row| (row.name.clone(), row.value.clone())).collect::<Vec<_>>()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        rows(0),
        [
            pair("status", "200"),
            pair("redirects", "1"),
            pair("tls.subject", "contains 'X'"),
            pair("json [.a[].id] | length", "3"),
            pair("body", "matches '(?-i)z' and == 'ok'"),
            pair("json .n", "not contains 'q'"),
        ]
    );
    assert_eq!(told(&tree, "mind the case"), ["line 1 (jsonpath \"$.n\" not contains \"q\")"]);
    assert_eq!(rows(1), [pair("status", "200"), pair("body", "0x000102")]);
    assert!(tree.presets[2].notes[0].contains("{\"a\": 1}"), "{:?}", tree.presets[2]);
    for (text, place) in [
        (
            "GET http://h/\n\nHTTP 200\n[Asserts]\nstatus == 200\nnot-an-assert\n",
            "line 6, column 1",
        ),
        ("GET http://h/\nHTTP 200\n[Captures]\nid: nothing \"x\"\n", "line 4, column 1"),
    ] {
        let file = ImportFile { name: "a.hurl".into(), inside: None, bytes: text.into() };
        let (_, fault) = import(&[file], None).unwrap_err();
        assert_eq!(fault.place, place, "{fault}");
    }
}

#[test]
fn har_has_requests_of_http_alone() {
    let entry = |url: &str| format!("{{\"request\":{{\"method\":\"GET\",\"url\":\"{url}\"}}}}");
    let urls = [
        "http://h/a",
        "data:text/plain,hi",
        "blob:http://h/1",
        "chrome-extension://x/y",
        "HTTPS://h/b",
    ];
    let entries = urls.map(entry).join(",");
    let tree = tree("a.har", &format!("{{\"log\":{{\"entries\":[{entries}]}}}}"));
    assert_eq!(tree.presets.len(), 2);
    let told = told(&tree, "not HTTP");
    assert_eq!(told[0], "log.entries[1] (data:)");
    assert_eq!(told.len(), 3);
}

#[test]
fn variables_beside_requests_of_posting_are_an_environment() {
    let variables =
        "# mine\nBASE=http://h # here\nexport NAME='a$b'\nURL=\"${BASE}/x\"\nAPI_KEY=CANARY-7\n";
    let request = "name: Get\nmethod: GET\nurl: $BASE/x\nheaders: [{name: X, value: $API_KEY}]\n";
    let files = [inside("p/get.posting.yaml", request), inside("p/posting.env", variables)];
    let trees = import(&files, None).unwrap();
    let [tree] = trees.as_slice() else { panic!("{trees:?}") };
    assert!(tree.left_out.is_empty(), "{:?}", tree.left_out);
    let environment = &tree.environments[0];
    let values: Vec<_> =
        environment.variables.iter().map(|it| (&*it.name, &*it.value, it.is_secret)).collect();
    let expected = [
        ("BASE", "http://h", false),
        ("NAME", "a$b", false),
        ("URL", "{{BASE}}/x", false),
        ("API_KEY", "CANARY-7", true),
    ];
    assert_eq!((&*environment.name, values.as_slice()), ("posting", &expected[..]));
    let planned = planned(tree.clone());
    assert!(format!("{planned:?}").contains("{{secret.API_KEY}}"), "{planned:?}");
    // Beside nothing else it is one all the same, and what is no such file is told.
    let file = |text: &str| ImportFile { name: "lab.env".into(), inside: None, bytes: text.into() };
    assert_eq!(import(&[file(variables)], None).unwrap()[0].environments[0].name, "lab");
    assert!(import(&[file("not a variable\n")], None).is_err());
}

#[test]
fn variables_that_use_others_go_on_doing_so_and_name_secrets_as_such() {
    let tree = tree(
        "a.http",
        "@host = http://h\n@api_key = CANARY-9\n@full = {{host}}/v1\n@auth = Bearer {{api_key}}\n\n\
         GET {{full}}/x\nAuthorization: {{auth}}\n",
    );
    let planned = planned(tree);
    let folder = planned.folders.iter().find(|it| !it.variables.is_empty()).unwrap();
    let value = |name: &str| folder.variables.iter().find(|it| it.0 == name).unwrap().1.clone();
    assert_eq!(
        (value("full"), value("auth")),
        ("{{host}}/v1".into(), "Bearer {{secret.api_key}}".into())
    );
    assert!(!format!("{:?}", planned.folders).contains("CANARY"));
}

#[test]
fn json_of_xh_and_httpie_is_as_they_send_it() {
    for (command, sent) in [
        ("xh put h/a b:='{\"x\":[1,2]}' c=d", "{\"b\":{\"x\":[1,2]},\"c\":\"d\"}"),
        ("http put h/a b:='{\"x\":[1,2]}' c=d", "{\"b\": {\"x\": [1, 2]}, \"c\": \"d\"}"),
    ] {
        let tree = tree("a.txt", command);
        assert_eq!(http(&tree.presets[0]).body, HttpBody::Json(sent.into()), "{command}");
    }
}

#[test]
fn every_place_is_named_where_all_of_them_are_asked_for() {
    let item = |at: usize| {
        format!(
            "{{\"name\":\"r{at}\",\"request\":\"http://h/{at}\",\"event\":[{{\"listen\":\"test\",\"script\":{{\"exec\":\"x()\"}}}}]}}"
        )
    };
    let items: Vec<String> = (0..20).map(item).collect();
    let text = format!("{{\"info\":{{\"name\":\"S\"}},\"item\":[{}]}}", items.join(","));
    let tree = tree("a.json", &text);
    let summary = ImportSummary::of(std::slice::from_ref(&tree), &planned(tree.clone()));
    assert!(summary.differs[0].ends_with("and 8 more"), "{:?}", summary.differs);
    assert!(summary.differs_in_full[0].ends_with("r18, r19"), "{:?}", summary.differs_in_full);
}

#[test]
fn a_signature_for_aws_says_only_what_there_is() {
    let tree = tree("a.txt", "curl --aws-sigv4 aws:amz:eu-west-1:s3 -u AK:SK https://h/s3");
    let HttpSpec { auth, .. } = http(&tree.presets[0]);
    assert!(matches!(auth, Auth::Aws(keys) if keys.session_token.is_empty()), "{auth:?}");
}
