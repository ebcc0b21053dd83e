//! What is exported reads again as it was, and what a kind cannot say is said.

use bytes::Bytes;
use serde_json::Value;
use strum::VariantArray as _;

use super::*;
use crate::codec::multipart;
use crate::compose::{UnknownNames, plan_with};
use crate::interop::import::{ImportFile, ImportKind, ImportTree, import};
use crate::model::check_spec::{CaptureSpec, ExpectSpec};
use crate::model::client::{ScriptStep, TcpSpec, UdpSpec};
use crate::model::http::{
    ApiKey, ApiKeyPlace, Auth, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule,
    HttpSpec, PartSource,
};
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::plan::{HttpPlan, PartContent, Plan, PlanBody};
use crate::model::preset::PresetPath;
use crate::model::preset::Scope;
use crate::model::spec::{NameValue, Spec};
use crate::model::tls::ClientTls;
use crate::model::trust::Verify;

fn scope() -> Scope {
    let mut scope = Scope::default();
    for (name, value) in [("host", "127.0.0.1"), ("port", "8080"), ("name", "Zoë"), ("q", "a b")] {
        scope.variables.insert(name.into(), value.into());
    }
    scope.secrets.insert("key".into(), "hunter2-key".into());
    scope
}

fn preset(path: &str, spec: Spec) -> ExportedPreset {
    let path = PresetPath::parse(path).unwrap();
    let folder = path.folder().split('/').filter(|part| !part.is_empty());
    let folder = folder.map(str::to_owned).collect();
    ExportedPreset { path, folder, about: "what it is for".into(), spec, scope: scope() }
}

fn order(kind: PresetExportKind, presets: Vec<ExportedPreset>) -> PresetExportOrder {
    let (title, environment) = ("all".to_owned(), None);
    PresetExportOrder { kind, title, presets, environment, with_secrets: true, is_split: false }
}

fn text(made: &PresetExport) -> String {
    String::from_utf8(made.files[0].content.clone()).unwrap()
}

fn http(url: &str) -> HttpSpec {
    HttpSpec { url: url.into(), ..HttpSpec::default() }
}

fn post(body: HttpBody) -> HttpSpec {
    HttpSpec { method: "POST".into(), body, ..http("http://{{host}}:{{port}}/x") }
}

fn rows(rows: &[(&str, &str)]) -> Vec<NameValue> {
    rows.iter().map(|(name, value)| NameValue::new(*name, *value)).collect()
}

/// Requests with what is easily lost on the way.
fn odd() -> Vec<HttpSpec> {
    let part = |name: &str, value: &str| FormPart {
        name: name.into(),
        value: value.into(),
        ..FormPart::default()
    };
    let hex = Payload { text: "00 ff 0d 0a 41".into(), format: PayloadFormat::Hex };
    vec![
        http("http://h/a?q=1+2&x=%2B&e=&=&f"),
        http("http://{{host}}:{{port}}/{{name}}?q={{name}}&r={{q}}"),
        HttpSpec {
            query: rows(&[("k", "ü&=# '\"$`\\"), ("e", ""), ("n", "{{q}}")]),
            ..http("h:1/p")
        },
        HttpSpec {
            headers: rows(&[
                ("X-Quotes", "it's \"q\" $HOME `x` \\ % #hash"),
                ("X-Empty", ""),
                ("X-Twice", "1"),
                ("X-Twice", "2"),
                ("X-Name", "{{name}}; q={{q}}"),
                ("Accept", "text/html;q=0.9, */*"),
            ]),
            ..http("http://h/headers")
        },
        HttpSpec {
            auth: Auth::Basic { user: "ann".into(), password: "p:w'\"".into() },
            ..http("http://h/")
        },
        HttpSpec { auth: Auth::Bearer("{{secret.key}}".into()), ..http("http://h/") },
        HttpSpec { method: "PROPFIND".into(), redirects: 0, ..http("http://h/dav") },
        HttpSpec {
            method: "DELETE".into(),
            verify: Verify::Off,
            redirects: 3,
            ..http("https://h/")
        },
        post(HttpBody::Json(
            "{ \"name\": {{json name}}, \"n\": [1, 2.50], \"t\": \"a\\nb\" }".into(),
        )),
        post(HttpBody::Json("{\n  \"a\": 1\n}".into())),
        post(HttpBody::Json("{\"n\": {{port}}, \"s\": \"{{name}}\", \"all\": [{{port}}]}".into())),
        HttpSpec { method: "GET".into(), ..post(HttpBody::Json("{\"n\": {{port}}}".into())) },
        post(HttpBody::Text("one 'two' \"three\" $VAR \\back % {{name}}\n\n  four".into())),
        post(HttpBody::Text("<xml a=\"b\">é</xml>".into())),
        post(HttpBody::Form(rows(&[("a", "1"), ("b", "x y&+=é"), ("c", "{{name}}"), ("d", "")]))),
        post(HttpBody::Form(rows(&[("a", "1"), ("b", "two")]))),
        post(HttpBody::Multipart(vec![part("a", "one"), part("b", ""), part("c", "two\nlines")])),
        post(HttpBody::Multipart(vec![part("it's \"q\"", "é {{name}}")])),
        post(HttpBody::Payload(hex)),
        HttpSpec { body: HttpBody::None, ..post(HttpBody::None) },
    ]
}

/// What goes out: all that the wire shows of a plan.
#[derive(Debug, PartialEq, Eq)]
struct OnTheWire {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn on_the_wire(plan: HttpPlan) -> OnTheWire {
    let body = match &plan.body {
        PlanBody::Bytes(bytes) => bytes.to_vec(),
        PlanBody::File(path) => path.display().to_string().into_bytes(),
        PlanBody::Multipart { boundary, parts } => {
            let of = |piece: PartContent| match piece {
                PartContent::Bytes(bytes) => bytes,
                PartContent::File(path) => Bytes::from(path.display().to_string()),
            };
            multipart::pieces(boundary, parts).into_iter().flat_map(of).collect()
        }
    };
    // How long a form is, the engine says of its own.
    let is_told = |(name, _): &(String, String)| name != "content-length";
    let lower = plan.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let mut headers: Vec<(String, String)> = lower.filter(is_told).collect();
    headers.sort();
    // The boundary follows from the parts, which hold names in an export.
    let kind = headers.iter_mut().find(|(name, _)| name == "content-type");
    let Some((kind, boundary)) = kind.and_then(|(_, kind)| {
        let boundary = multipart::boundary_of(kind)?;
        Some((kind, boundary))
    }) else {
        return OnTheWire { method: plan.method, url: plan.url, headers, body };
    };
    *kind = kind.replace(&boundary, "B");
    let body = String::from_utf8(body).unwrap().replace(&boundary, "B").into_bytes();
    OnTheWire { method: plan.method, url: plan.url, headers, body }
}

fn planned(spec: &Spec, scope: &Scope) -> OnTheWire {
    match plan_with(spec, scope, UnknownNames::Refused) {
        Ok(Plan::Http(plan)) => on_the_wire(plan),
        other => panic!("{other:?}"),
    }
}

fn has_ending(file: &ExportedFile, ending: &str) -> bool {
    file.name.rsplit_once('.').is_some_and(|(_, own)| own == ending)
}

fn imported(kind: ImportKind, made: &PresetExport) -> (ImportTree, Scope) {
    let file = &made.files[0];
    let (name, bytes) = (file.name.clone(), file.content.clone());
    let mut trees = import(&[ImportFile { name, inside: None, bytes }], Some(kind))
        .unwrap_or_else(|fault| panic!("{fault:?}\n{}", text(made)));
    let tree = trees.remove(0);
    let mut scope = Scope::default();
    for variable in tree.folders.iter().flat_map(|folder| &folder.variables) {
        scope.variables.insert(variable.name.clone(), variable.value.clone());
    }
    for file in made.files.iter().filter(|file| has_ending(file, "vars")) {
        let text = String::from_utf8_lossy(&file.content).into_owned();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        scope.variables.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    (tree, scope)
}

#[test]
fn what_is_exported_reads_again_as_it_was() {
    let mut wrong = Vec::new();
    for (kind, reads) in [
        (PresetExportKind::Http, ImportKind::Http),
        (PresetExportKind::Hurl, ImportKind::Hurl),
        (PresetExportKind::Postman, ImportKind::Postman),
        (PresetExportKind::Har, ImportKind::Har),
        (PresetExportKind::Curl, ImportKind::Command),
    ] {
        for (at, spec) in odd().into_iter().enumerate() {
            // What is piped into a command is not read with it.
            if kind == PresetExportKind::Curl && matches!(spec.body, HttpBody::Payload(_)) {
                continue;
            }
            let spec = Spec::Http(spec);
            let made = export(&order(kind, vec![preset("a/b", spec.clone())]));
            assert_eq!(made.count, 1, "{kind:?} {at}: {:?}", made.remarks);
            let (tree, values) = imported(reads, &made);
            let [read] = tree.presets.as_slice() else {
                wrong.push(format!(
                    "{kind:?} {at}: {} presets\n{}",
                    tree.presets.len(),
                    text(&made)
                ));
                continue;
            };
            let (before, mut after) = (planned(&spec, &scope()), planned(&read.spec, &values));
            // A body that cannot stand among lines lies beside them.
            let beside = made.files.iter().find(|file| has_ending(file, "body"));
            if let Some(file) = beside {
                assert_eq!(after.body, format!("./{}", file.name).into_bytes());
                after.body.clone_from(&file.content);
            }
            if before != after {
                wrong.push(format!("{kind:?} {at}:\n{before:?}\n{after:?}\n{}", text(&made)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n----\n"));
}

#[test]
fn scripts_send_files_with_their_length_types_of_parts_and_urls_as_far_as_they_can() {
    let file = post(HttpBody::File("a b.bin".into()));
    let made = export(&order(PresetExportKind::Python, vec![preset("a", Spec::Http(file))]));
    let script = text(&made);
    assert!(script.contains("\"Content-Length\": str(os.path.getsize(\"a b.bin\"))"), "{script}");
    assert!(script.contains("import os\n"), "{script}");
    for (url, is_told) in [
        ("http://h/a/./b", true),
        ("http://h/a?", true),
        ("http://h/?q=\"", true),
        ("http://h/a.b/..c?d=1", false),
    ] {
        let spec = Spec::Http(http(url));
        let made = export(&order(PresetExportKind::Requests, vec![preset("a", spec)]));
        assert_eq!(text(&made).contains("writes the URL in another way"), is_told, "{url}");
    }
    let part = FormPart {
        name: "f".into(),
        source: PartSource::File,
        value: "a.bin".into(),
        file_name: "b.png".into(),
        content_type: "text/x; charset=y".into(),
        ..FormPart::default()
    };
    let spec = Spec::Http(post(HttpBody::Multipart(vec![part])));
    let made = export(&order(PresetExportKind::Curl, vec![preset("a", spec.clone())]));
    assert!(text(&made).contains(";type=text/x; charset=y;filename=b.png"), "{}", text(&made));
    let made = export(&order(PresetExportKind::Postman, vec![preset("a", spec)]));
    assert!(text(&made).contains("\"fileName\": \"b.png\""), "{}", text(&made));
    let twice = HttpSpec { headers: rows(&[("X-A", "1"), ("x-a", "2")]), ..http("http://h/") };
    let made = export(&order(PresetExportKind::K6, vec![preset("a", Spec::Http(twice))]));
    assert!(text(&made).contains("\"X-A\": \"1, 2\""), "{}", text(&made));
    for kind in [PresetExportKind::K6, PresetExportKind::Requests, PresetExportKind::Python] {
        let twice = HttpSpec { headers: rows(&[("X-A", "1"), ("x-a", "2")]), ..http("http://h/") };
        let made = export(&order(kind, vec![preset("f/a", Spec::Http(twice))]));
        let said = made.remarks.lines().join("\n");
        assert!(said.contains("more than once") && said.contains("f/a (X-A)"), "{kind:?} {said}");
    }
}

/// What is made of a request in which a name stands in JSON, in the path and in the query, and what is said.
fn with_name(kind: PresetExportKind, name: &str, with_secrets: bool) -> (String, String) {
    let json = "{\"a\": {{json N}}, \"b\": \"x{{json N}}\"}".replace('N', name);
    let url = "http://h/{{N}}?t={{N}}".replace('N', name);
    let query = vec![NameValue::new("q", "{{".to_owned() + name + "}}")];
    let spec = HttpSpec { url, query, ..post(HttpBody::Json(json)) };
    let mut preset = preset("f/a", Spec::Http(spec));
    preset.scope.variables.insert("odd".into(), "a\"b &".into());
    preset.scope.variables.insert("even".into(), "ab".into());
    let made = export(&PresetExportOrder { with_secrets, ..order(kind, vec![preset]) });
    (text(&made), made.remarks.lines().join("\n"))
}

#[test]
fn values_that_a_kind_puts_in_as_they_are_stand_there_themselves_or_it_is_said() {
    for kind in [PresetExportKind::Postman, PresetExportKind::Http, PresetExportKind::Hurl] {
        let (odd, said) = with_name(kind, "odd", true);
        assert!(odd.contains("q=a%22b%20%26") && odd.contains("/{{odd}}?t={{odd}}"), "{odd}");
        assert!(
            odd.replace("\\\\", "\\").contains("xa\\") && said.contains("f/a ({{odd}})"),
            "{odd}"
        );
        assert!(said.contains("escaped as JSON; the values stand there"), "{kind:?} {said}");
        assert!(said.contains("percent-encoded; the values stand there"), "{kind:?} {said}");
        let (even, said) = with_name(kind, "even", true);
        assert!(even.contains("q={{even}}") && even.contains("x{{even}}"), "{even}");
        assert!(said.contains("escaped as JSON, and are put in as they are"), "{kind:?} {said}");
        assert!(!said.contains("percent-encoded"), "{kind:?} {said}");
        // What nobody may read stays a name.
        let (hidden, said) = with_name(kind, "secret.key", false);
        assert!(!hidden.contains("hunter2") && said.contains("put in as they are"), "{said}");
    }
}

#[test]
fn scripts_write_values_as_they_are_sent_here_and_commands_say_that_they_do_not() {
    for (kind, parts) in [
        (
            PresetExportKind::K6,
            [
                "JSON.stringify(String(KEY)).slice(1, -1)",
                "\"?t=\" + inUrl(KEY)",
                "encodeURIComponent(KEY)",
                "function inUrl(value)",
            ],
        ),
        (
            PresetExportKind::Python,
            [
                "json.dumps(os.environ[\"KEY\"], ensure_ascii=False)[1:-1]",
                "quote(os.environ[\"KEY\"], safe=\"!",
                "quote(os.environ[\"KEY\"], safe=\"\")",
                "import json\n",
            ],
        ),
        (
            PresetExportKind::Rust,
            [
                "in_json(&variable(\"KEY\"))",
                "in_url(&variable(\"KEY\"))",
                "encoded(&variable(\"KEY\"))",
                "fn in_json(",
            ],
        ),
        (
            PresetExportKind::Curl,
            [
                "KEY has to be escaped as JSON",
                "KEY goes into the URL",
                "--globoff",
                "KEY has to be percent",
            ],
        ),
    ] {
        let (script, said) = with_name(kind, "secret.key", false);
        for part in parts {
            assert!(script.contains(part), "{kind:?} {part}\n{script}");
        }
        assert_eq!(said.contains("f/a ($KEY)"), kind == PresetExportKind::Curl, "{kind:?} {said}");
    }
}

#[test]
fn names_in_the_user_of_a_url_are_variables() {
    let spec = Spec::Http(http("http://{{secret.key}}:{{secret.key}}@h/"));
    let order = |kind, spec| {
        let presets = vec![preset("a", spec)];
        PresetExportOrder { with_secrets: false, ..order(kind, presets) }
    };
    let made = text(&export(&order(PresetExportKind::Curl, spec)));
    assert!(made.contains("-u \"$KEY\":\"$KEY\""), "{made}");
}

#[test]
fn what_a_mock_answers_may_hold_names() {
    let text = "{\"e\": \"{{secret.key}}\", \"f\": {{json secret.key}}}";
    let answer = HttpAnswer { body: HttpBody::Json(text.into()), ..HttpAnswer::default() };
    let mock = HttpListenerSpec { bind: ":8080".into(), answer, ..HttpListenerSpec::default() };
    let presets = vec![preset("mock", Spec::HttpListener(mock))];
    let order =
        PresetExportOrder { with_secrets: false, ..order(PresetExportKind::Python, presets) };
    let made = self::text(&export(&order));
    assert!(made.contains("json.dumps(os.environ[\"KEY\"], ensure_ascii=False)[1:-1]"), "{made}");
}

#[test]
fn commands_are_for_any_shell() {
    let escaped = Payload { text: "%s\\x01\\r\\n".into(), format: PayloadFormat::Text };
    let mut spec = post(HttpBody::Payload(escaped));
    spec.headers = rows(&[("X-A", "a\tb")]);
    let part = FormPart { name: "a\u{1}".into(), value: "\u{2}".into(), ..FormPart::default() };
    let presets = vec![
        preset("a", Spec::Http(spec)),
        preset("b", Spec::Http(post(HttpBody::Multipart(vec![part])))),
    ];
    let made = text(&export(&order(PresetExportKind::Curl, presets)));
    assert!(made.contains(r"printf '%%s\001\r\n' | curl "), "{made}");
    assert!(made.contains("\"$(printf 'X-A: a\\011b')\"") && !made.contains("$'"), "{made}");
}

fn checked() -> Spec {
    let expect = rows(&[
        ("status", "201"),
        ("header.content-type", "contains 'JSON'"),
        ("json .id", "42"),
        ("json .user", "{{name}}"),
        ("json .list | length", "> 2"),
        ("body", "matches 'a.C'"),
        ("size", "< 4k"),
        ("total", "<= 500ms"),
        ("json .all", "{\"a\": 1}"),
        ("tls.days-left", ">= 14"),
    ]);
    let capture = rows(&[
        ("token", "json .token"),
        ("id", "header.location matches '/users/([0-9]+)'"),
        ("tls", "tls.version"),
    ]);
    Spec::Http(HttpSpec {
        expect: ExpectSpec { rows: expect },
        capture: CaptureSpec { rows: capture },
        ..http("http://h/")
    })
}

#[test]
fn expectations_and_captures_become_those_of_hurl_and_come_back() {
    let made = export(&order(PresetExportKind::Hurl, vec![preset("a", checked())]));
    let said = made.remarks.lines().join("\n");
    assert!(said.contains("tls.days-left") && said.contains("json .all"), "{said}");
    assert!(said.contains("tls = tls.version"), "{said}");
    let (tree, _) = imported(ImportKind::Hurl, &made);
    let spec = &tree.presets[0].spec;
    let (expect, capture) = spec.checks().unwrap();
    let row = |rows: &[NameValue], name: &str| {
        rows.iter().find(|row| row.name == name).map(|row| row.value.clone()).unwrap_or_default()
    };
    assert_eq!(row(&expect.rows, "status"), "201");
    assert_eq!(row(&expect.rows, "json .id"), "42");
    assert_eq!(row(&expect.rows, "json .user"), "'{{name}}'");
    assert_eq!(row(&expect.rows, "header.content-type"), "contains 'JSON'");
    assert_eq!(row(&expect.rows, "json .list | length"), "> 2");
    assert_eq!(row(&capture.rows, "token"), "json .token");
    assert!(row(&capture.rows, "id").contains("/users/([0-9]+)"), "{:?}", capture.rows);
    assert!(tree.presets[0].notes.is_empty(), "{:?}", tree.presets[0].notes);
}

#[test]
fn expectations_are_tests_of_postman_and_checks_of_k6() {
    let postman = text(&export(&order(PresetExportKind::Postman, vec![preset("a", checked())])));
    let collection: Value = serde_json::from_str(&postman).unwrap();
    let exec = collection["item"][0]["event"][0]["script"]["exec"].to_string();
    assert!(exec.contains("pm.response.code === 201"), "{exec}");
    assert!(exec.contains("pm.collectionVariables.set"), "{exec}");
    let made = export(&order(PresetExportKind::K6, vec![preset("a", checked())]));
    let k6 = text(&made);
    for part in [
        "\"status = 201\": (r) => r.status === 201,",
        "r.json()?.[\"id\"] === 42",
        "r.headers[\"Content-Type\"]",
        "const NAME = __ENV.NAME || \"Zoë\";",
        "let TOKEN = __ENV.TOKEN;",
        "TOKEN = r.json()?.[\"token\"];",
    ] {
        assert!(k6.contains(part), "{part}\n{k6}");
    }
    assert!(made.remarks.lines().iter().any(|line| line.contains("size = < 4k")), "{made:?}");
}

#[test]
fn secrets_stay_names_in_every_kind_unless_they_are_asked_for() {
    let canary = "hunter2-key";
    let mut spec = http("http://h/{{secret.key}}?k={{secret.key}}");
    spec.headers = rows(&[("X-Key", "{{secret.key}}"), ("Cookie", "sid=typed-cookie")]);
    spec.auth = Auth::Basic { user: "ann".into(), password: "{{secret.key}}".into() };
    spec.body = HttpBody::Json("{\"k\": \"{{secret.key}}\"}".into());
    let step = |text: &str| ScriptStep::Send(Payload::text(text));
    let steps = vec![step("AUTH {{secret.key}}\\r\\n")];
    let tcp = TcpSpec { address: "h:1".into(), steps: steps.clone(), ..TcpSpec::default() };
    let rule = HttpRule {
        path: "/x".into(),
        answer: HttpAnswer { body: HttpBody::Text(canary.into()), ..HttpAnswer::default() },
        ..HttpRule::default()
    };
    let listener = HttpListenerSpec { rules: vec![rule], ..HttpListenerSpec::default() };
    let presets = || {
        vec![
            preset("http", Spec::Http(spec.clone())),
            preset("tcp", Spec::Tcp(tcp.clone())),
            preset("mock", Spec::HttpListener(listener.clone())),
        ]
    };
    let environment = crate::model::preset::Environment {
        name: "lab".into(),
        secrets: scope().secrets,
        ..crate::model::preset::Environment::default()
    };
    for kind in PresetExportKind::VARIANTS {
        let mut order = order(*kind, presets());
        order.environment = Some(environment.clone());
        order.with_secrets = false;
        let made = export(&order);
        assert!(made.count > 0, "{kind:?}");
        for file in &made.files {
            let text = String::from_utf8_lossy(&file.content);
            assert!(!text.contains(canary), "{kind:?} {}: {text}", file.name);
            assert!(!text.contains("typed-cookie"), "{kind:?}: {text}");
        }
        order.with_secrets = true;
        let all: Vec<u8> = export(&order).files.into_iter().flat_map(|it| it.content).collect();
        assert!(String::from_utf8_lossy(&all).contains(canary), "{kind:?} with secrets");
    }
}

#[test]
fn keys_that_were_typed_in_place_are_masked_wherever_they_stand() {
    for place in [ApiKeyPlace::Header, ApiKeyPlace::Query, ApiKeyPlace::Cookie] {
        for kind in [PresetExportKind::Curl, PresetExportKind::Postman, PresetExportKind::Har] {
            let key = ApiKey { name: "zz".into(), value: "CANARY".into(), place };
            let spec = Spec::Http(HttpSpec { auth: Auth::ApiKey(key), ..http("http://h/") });
            let mut order = order(kind, vec![preset("a", spec)]);
            let all = text(&export(&order));
            assert!(all.contains("CANARY"), "{kind:?} {all}");
            order.with_secrets = false;
            let hidden = text(&export(&order));
            // Of cookies nobody shall read the names either.
            let is_named = place == ApiKeyPlace::Cookie || hidden.contains("zz");
            assert!(!hidden.contains("CANARY") && is_named, "{kind:?} {hidden}");
        }
    }
}

#[test]
fn what_is_chosen_and_secrets_of_the_system_are_variables_of_a_shell() {
    let mut spec = http("http://h/x?r={{choose \"Region\" eu us}}&o={{prompt \"OTP\"}}");
    spec.headers =
        rows(&[("X-A", "{{env.MY_TOKEN}}"), ("X-B", "{{nested}}"), ("X-C", "{{where}}")]);
    let mut preset = preset("http", Spec::Http(spec));
    preset.scope.os.insert("MY_TOKEN".into(), "hunter2-os".into());
    preset.scope.variables.insert("nested".into(), "k-{{env.MY_TOKEN}}".into());
    preset.scope.variables.insert("where".into(), "{{choose \"Zone\" \"a b\" c}}".into());
    for kind in [PresetExportKind::Curl, PresetExportKind::Python, PresetExportKind::Requests] {
        let mut order = order(kind, vec![preset.clone()]);
        order.with_secrets = false;
        let made = text(&export(&order));
        for name in ["REGION", "OTP", "MY_TOKEN", "WHERE"] {
            assert!(made.to_uppercase().contains(name), "{kind:?} {name}: {made}");
        }
        for gone in ["choose", "hunter2", "****", "ENV_MY"] {
            assert!(!made.contains(gone), "{kind:?} {gone}: {made}");
        }
    }
}

#[test]
fn conversations_are_commands_of_a_shell() {
    let step = |text: &str| ScriptStep::Send(Payload::text(text));
    let steps = vec![step("it's 100%\\n"), step("\\x00\\xff")];
    let tcp = TcpSpec { address: "127.0.0.1:9".into(), steps: steps.clone(), ..TcpSpec::default() };
    let tls =
        TcpSpec { tls: ClientTls::verified(), address: "example.com:443".into(), ..tcp.clone() };
    let udp = UdpSpec { address: "{{peer}}".into(), steps, ..UdpSpec::default() };
    let presets = vec![
        preset("tcp", Spec::Tcp(tcp)),
        preset("tls", Spec::Tcp(tls)),
        preset("udp", Spec::Udp(udp)),
    ];
    let nc = text(&export(&order(PresetExportKind::Nc, presets.clone())));
    assert!(
        nc.contains(
            r"printf 'it'\''s 100%%\n'; printf '\000\377'; sleep 2; } | nc -w 2 127.0.0.1 9"
        ),
        "{nc}"
    );
    assert!(
        nc.contains("openssl s_client -quiet -connect example.com:443 -servername example.com"),
        "{nc}"
    );
    assert!(nc.contains("nc -u -w 2 \"${PEER%:*}\" \"${PEER##*:}\""), "{nc}");
    let made = export(&order(PresetExportKind::Socat, presets));
    let socat = text(&made);
    assert!(socat.contains("socat -t 2 - TCP:127.0.0.1:9"), "{socat}");
    assert!(socat.contains("OPENSSL:example.com:443,snihost=example.com"), "{socat}");
    assert!(socat.contains("socat -b 65507 -t 2 - UDP:\"$PEER\""), "{socat}");
    // What one program reads of a pipe may become one datagram: each has a program of its own.
    for (text, tool) in [(nc, "nc -u"), (socat, "UDP:")] {
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(tool)).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines.iter().all(|line| line.matches("printf").count() == 1), "{text}");
        assert!(!lines[0].contains("sleep") && lines[1].contains("sleep 2"), "{text}");
    }
    assert!(made.remarks.lines().iter().any(|line| line.contains("{{peer}}")), "{made:?}");
}

#[test]
fn a_datagram_of_nothing_is_sent_or_said() {
    let step = |text: &str| ScriptStep::Send(Payload::text(text));
    let udp = |steps: &[&str]| {
        let steps = steps.iter().map(|text| step(text)).collect();
        let udp = UdpSpec { address: "127.0.0.1:9".into(), steps, ..UdpSpec::default() };
        vec![preset("u", Spec::Udp(udp))]
    };
    let socat = text(&export(&order(PresetExportKind::Socat, udp(&["a", "", "b"]))));
    let lines: Vec<&str> = socat.lines().filter(|line| line.contains("UDP:")).collect();
    assert_eq!(lines.len(), 3, "{socat}");
    assert!(lines[1].starts_with("printf '' | ") && lines[1].ends_with(",shut-null"), "{socat}");
    assert!(!lines[0].contains("shut-null"), "{socat}");
    let made = export(&order(PresetExportKind::Nc, udp(&["a", "", "b"])));
    assert_eq!(text(&made).matches("nc -u").count(), 2, "{}", text(&made));
    assert!(made.remarks.lines().join("\n").contains("nc sends no empty datagrams: u"), "{made:?}");
    assert_eq!(export(&order(PresetExportKind::Nc, udp(&[""]))).count, 0);
}

#[test]
fn a_mock_is_a_document_that_reads_as_requests() {
    let answer = |status, body: &str| HttpAnswer {
        status,
        headers: rows(&[("Content-Type", "application/json"), ("X-Id", "7")]),
        body: HttpBody::Json(body.into()),
        ..HttpAnswer::default()
    };
    let rule = |method: &str, path: &str, answer| HttpRule {
        method: method.into(),
        path: path.into(),
        answer,
        ..HttpRule::default()
    };
    let rules = vec![
        rule("POST", "/users", answer(201, "{\"id\": 4}")),
        rule("GET", "/users/*", answer(200, "{\"id\": 4, \"tags\": [\"a\"]}")),
        rule("GET", "/users/*", answer(404, "{}")),
    ];
    let mock = HttpListenerSpec { bind: ":8080".into(), rules, ..HttpListenerSpec::default() };
    let made =
        export(&order(PresetExportKind::Openapi, vec![preset("mock", Spec::HttpListener(mock))]));
    let document: Value = serde_json::from_str(&text(&made)).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "http://localhost:8080");
    let operation = &document["paths"]["/users/{rest}"]["get"];
    assert_eq!(operation["parameters"][0]["name"], "rest");
    let content = &operation["responses"]["200"]["content"]["application/json"];
    assert_eq!(content["example"]["id"], 4);
    assert_eq!(content["schema"]["properties"]["tags"]["items"]["type"], "string");
    assert_eq!(
        document["paths"]["/users"]["post"]["responses"]["201"]["headers"]["X-Id"]["example"],
        "7"
    );
    let said = made.remarks.lines().join("\n");
    assert!(said.contains("answers behind another one") && said.contains("no rule fits"), "{said}");
    let (tree, _) = imported(ImportKind::Openapi, &made);
    assert_eq!(tree.presets.len(), 2, "{tree:?}");
}

#[test]
fn a_mock_says_of_lists_paths_and_bytes_no_more_than_is_so() {
    let rule = |path: &str, body| HttpRule {
        method: "GET".into(),
        path: path.into(),
        answer: HttpAnswer {
            headers: rows(&[("Content-Type", "application/json")]),
            body,
            ..HttpAnswer::default()
        },
        ..HttpRule::default()
    };
    let hex = Payload { text: "00 ff".into(), format: PayloadFormat::Hex };
    let list = "{\"a\": [1, null, {\"b\": 1.5}], \"c\": [1, 2], \"d\": []}";
    let rules = vec![
        rule("/l", HttpBody::Json(list.into())),
        rule("/x?y=1", HttpBody::Text("hi".into())),
        rule("/hex", HttpBody::Payload(hex)),
    ];
    let mock = HttpListenerSpec { bind: ":8080".into(), rules, ..HttpListenerSpec::default() };
    let made =
        export(&order(PresetExportKind::Openapi, vec![preset("mock", Spec::HttpListener(mock))]));
    let document: Value = serde_json::from_str(&text(&made)).unwrap();
    let content = &document["paths"]["/l"]["get"]["responses"]["200"]["content"];
    let properties = &content["application/json"]["schema"]["properties"];
    let kinds = properties["a"]["items"]["anyOf"].as_array().unwrap();
    assert_eq!(kinds.len(), 3, "{properties}");
    assert_eq!(properties["c"]["items"]["type"], "integer");
    assert!(properties["d"].get("items").is_none(), "{properties}");
    assert!(document["paths"].get("/x").is_some(), "{document}");
    let said = made.remarks.lines().join("\n");
    assert!(said.contains("queries in paths of rules") && said.contains("(/x?y=1)"), "{said}");
    assert!(said.contains("bodies of answers that are no text"), "{said}");
}

#[test]
fn folders_stay_folders_and_order_stays_order() {
    let presets = || {
        ["b", "sub/z", "a", "sub/deep/y", "sub/x"]
            .map(|path| preset(path, Spec::Http(http(&format!("http://h/{path}")))))
            .to_vec()
    };
    let (tree, _) =
        imported(ImportKind::Postman, &export(&order(PresetExportKind::Postman, presets())));
    let paths: Vec<String> = tree
        .presets
        .iter()
        .map(|it| [it.folder.join("/").as_str(), it.name.as_str()].join("/"))
        .collect();
    assert_eq!(paths, ["/b", "sub/z", "sub/deep/y", "sub/x", "/a"]);
    let mut split = order(PresetExportKind::Http, presets());
    split.is_split = true;
    let names: Vec<String> = export(&split).files.into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["all.http", "sub.http", "sub/deep.http"]);
    split.kind = PresetExportKind::Curl;
    let names: Vec<String> = export(&split).files.into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["b.sh", "sub/z.sh", "a.sh", "sub/deep/y.sh", "sub/x.sh"]);
}
