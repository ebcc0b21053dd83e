//! One file of each format, as small as it can be with all that is taken over.

use super::*;
use crate::model::client::ScriptStep;
use crate::model::http::{Auth, HttpBody, HttpSpec, PartSource};
use crate::model::spec::Spec;
use crate::model::tls::ClientTls;
use crate::model::trust::Verify;

/// What comes of one file.
pub(super) fn tree(name: &str, text: &str) -> ImportTree {
    let file = ImportFile { name: name.into(), inside: None, bytes: text.into() };
    let mut trees = import(&[file], None).unwrap_or_else(|(_, fault)| panic!("{name}: {fault}"));
    assert_eq!(trees.len(), 1);
    trees.remove(0)
}

pub(super) fn http(preset: &ImportedPreset) -> &HttpSpec {
    preset.spec.as_http().unwrap()
}

fn row(rows: &[crate::model::spec::NameValue]) -> Vec<(bool, &str, &str)> {
    rows.iter().map(|row| (row.enabled, &*row.name, &*row.value)).collect()
}

#[test]
fn an_openapi_document_comes_by_tags_with_servers_examples_and_secrets() {
    let tree = tree(
        "pets.yaml",
        "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\nservers:\n- url: https://{env}.h/v1\n  \
         description: Live\n  variables: {env: {default: api}}\n- url: http://localhost:8080\n\
         security: [{key: []}]\npaths:\n  /pets/{id}:\n    parameters:\n    - {name: id, in: path, \
         required: true, schema: {type: integer}, example: 7}\n    post:\n      tags: [pets]\n      \
         operationId: addPet\n      summary: Add a pet\n      parameters:\n      - {name: tag, in: query, \
         schema: {type: array, items: {type: string, enum: [a]}}}\n      requestBody:\n        content:\n          \
         application/json:\n            schema: {$ref: '#/components/schemas/Pet'}\ncomponents:\n  \
         securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}\n  schemas:\n    Pet:\n      \
         type: object\n      properties:\n        name: {type: string, example: 'Rex {{x}}'}\n        \
         born: {type: string, format: date}\n        parent: {$ref: '#/components/schemas/Pet'}\n        \
         id: {type: integer, readOnly: true}\n",
    );
    assert_eq!((tree.kind, tree.presets.len()), (ImportKind::Openapi, 1));
    let preset = &tree.presets[0];
    assert_eq!((&*preset.name, &*preset.about), ("addPet", "Add a pet"));
    assert_eq!(preset.folder, ["pets"]);
    let spec = http(preset);
    assert_eq!((&*spec.method, &*spec.url), ("POST", "{{base}}/pets/{{id}}"));
    assert_eq!(row(&spec.query), [(false, "tag", "a")]);
    assert_eq!(row(&spec.headers), [(true, "X-Key", "{{secret.key}}")]);
    let body = "{\n  \"name\": \"Rex {{!x}}\",\n  \"born\": \"2026-01-31\"\n}";
    assert_eq!(spec.body, HttpBody::Json(body.into()));
    let variables: Vec<_> =
        tree.folders[0].variables.iter().map(|it| (&*it.name, &*it.value)).collect();
    assert_eq!(variables, [("base", "https://api.h/v1"), ("id", "7")]);
    let names: Vec<_> = tree.environments.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["Live", "localhost-8080"]);
}

#[test]
fn an_openapi_document_brings_files_named_examples_and_paths_it_does_not_describe() {
    let tree = tree(
        "odd.yaml",
        "openapi: 3.0.3\ninfo: {title: Odd, version: '1'}\npaths:\n  /a/{id}/{x y}.json:\n    post:\n      requestBody: \
         {content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string, format: binary}, \
         t: {type: string}}}}}}\n    put:\n      requestBody: {content: {application/json: {examples: {e: {$ref: \
         '#/components/examples/E'}}}}}\n    patch:\n      requestBody: {content: {application/json: {schema: {$ref: \
         '#/components/schemas/Node'}}}}\ncomponents:\n  examples: {E: {value: {a: 1}}}\n  schemas: {Node: {type: \
         object, required: [next], properties: {id: {type: string, pattern: '^[a-z]{3}$'}, next: {$ref: \
         '#/components/schemas/Node'}}}}\n",
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!(specs[0].url, "{{base}}/a/{{id}}/{{x-y}}.json");
    let HttpBody::Multipart(parts) = &specs[0].body else { panic!("{:?}", specs[0].body) };
    let parts: Vec<_> = parts.iter().map(|it| (&*it.name, it.source, it.enabled)).collect();
    assert_eq!(parts, [("f", PartSource::File, false), ("t", PartSource::Text, true)]);
    assert_eq!(specs[1].body, HttpBody::Json("{\n  \"a\": 1\n}".into()));
    // What can never be whole is as whole as it can be.
    assert_eq!(specs[2].body, HttpBody::Json("{\n  \"id\": \"aaa\"\n}".into()));
}

#[test]
fn further_commands_urls_and_requests_of_a_line_come_too() {
    let tree = tree(
        "a.sh",
        "curl -d x=1 http://h/a && curl http://h/b | jq .\ncurl -d @- http://h/c <<X\ncurl http://h/no\nX\n\
         curl -H 'A: 1' http://h/d http://h/e --next -d y=2 http://h/f\n",
    );
    let urls: Vec<_> = tree.presets.iter().map(|it| (&*http(it).method, &*http(it).url)).collect();
    let expected = [
        ("POST", "http://h/a"),
        ("GET", "http://h/b"),
        ("POST", "http://h/c"),
        ("GET", "http://h/d"),
        ("GET", "http://h/e"),
        ("POST", "http://h/f"),
    ];
    assert_eq!(urls, expected);
    assert!(http(&tree.presets[4]).headers.iter().any(|row| row.name == "A"));
    assert!(!http(&tree.presets[5]).headers.iter().any(|row| row.name == "A"));
    assert!(!tree.left_out.iter().any(|it| it.what.contains("only the first")), "{tree:?}");
}

#[test]
fn insomnia_comes_with_folders_environments_and_functions_marked() {
    let four = tree(
        "x.json",
        r#"{"_type":"export","__export_format":4,"resources":[
        {"_id":"r","parentId":"f","_type":"request","name":"Get","method":"GET","url":"{{ _.base }}/x/:id",
         "pathParameters":[{"name":"id","value":"7"}],"parameters":[{"name":"q","value":"{% uuid 'v4' %}"}],
         "headers":[{"name":"User-Agent","value":"insomnia/9"}],"authentication":{"type":"bearer","token":"{{ _.t }}"},
         "body":{"mimeType":"application/json","text":"{}"},"preRequestScript":"go()"},
        {"_id":"f","parentId":"w","_type":"request_group","name":"Folder","environment":{"a":{"b":1}}},
        {"_id":"w","parentId":null,"_type":"workspace","name":"Shop"},
        {"_id":"e","parentId":"w","_type":"environment","name":"Base","data":{"base":"http://h"}},
        {"_id":"d","parentId":"e","_type":"environment","name":"Dev","data":{"base":"http://d"}},
        {"_id":"ws","parentId":"w","_type":"websocket_request","name":"Socket"}]}"#,
    );
    assert_eq!((&*four.title, &*four.presets[0].name), ("Shop", "Get"));
    assert_eq!(four.presets[0].folder, ["Folder"]);
    let spec = http(&four.presets[0]);
    assert_eq!(spec.url, "{{base}}/x/7");
    assert_eq!(row(&spec.query), [(true, "q", "{{$uuid 'v4'}}")]);
    assert_eq!((spec.headers.len(), &spec.auth), (0, &Auth::Bearer("{{t}}".into())));
    assert!(four.presets[0].notes[0].contains("go()"));
    assert_eq!(four.environments[0].name, "Dev");
    let folder = four.folders.iter().find(|it| it.folder == ["Folder"]).unwrap();
    assert_eq!(folder.variables[0].name, "a.b");
    assert!(four.left_out.iter().any(|it| it.what.contains("not HTTP")));
    let five = tree(
        "x.yaml",
        "type: collection.insomnia.rest/5.0\nname: Five\ncollection:\n- name: F\n  children:\n  - name: R\n    \
         url: http://h\n    method: PUT\n    body: {mimeType: text/plain, text: hi}\n    scripts: \
         {afterResponse: done()}\nenvironments:\n  name: Base\n  data: {x: 1}\n  subEnvironments:\n  - name: P\n    \
         data: {x: 2}\n",
    );
    assert_eq!((&*five.title, &*five.presets[0].name), ("Five", "R"));
    assert_eq!((&*http(&five.presets[0]).method, five.environments.len()), ("PUT", 1));
}

#[test]
fn bruno_comes_from_text_json_and_yaml() {
    let bru = "meta {\n  name: Send\n  type: http\n  seq: 1\n}\n\npost {\n  url: {{host}}/a/:id?x=1\n  body: json\n  \
               auth: basic\n}\n\nparams:query {\n  x: 1\n  ~y: 2\n}\n\nparams:path {\n  id: 7\n}\n\nheaders {\n  \
               \"key with\": v\n  ~Off: 1\n}\n\nauth:basic {\n  username: ann\n  password: {{process.env.PW}}\n}\n\n\
               body:json {\n  {\n    \"a\": 1\n  }\n}\n\nassert {\n  res.status: eq 200\n}\n\ntests {\n  test();\n}\n";
    let json = r#"{"name":"B","version":"1","items":[{"type":"folder","name":"F","items":[{"type":"http","name":"Send",
        "request":{"method":"POST","url":"{{host}}/a/7?x=1","params":[{"name":"y","value":"2","type":"query","enabled":false}],
        "headers":[{"name":"key with","value":"v","enabled":true},{"name":"Off","value":"1","enabled":false}],
        "auth":{"mode":"basic","basic":{"username":"ann","password":"{{process.env.PW}}"}},
        "body":{"mode":"json","json":"{\n  \"a\": 1\n}"},"tests":"test();"}}]}],
        "environments":[{"name":"Dev","variables":[{"name":"host","value":"h","enabled":true}]}]}"#;
    let yaml = "info: {name: Send, type: http, seq: 1}\nhttp:\n  method: POST\n  url: '{{host}}/a/:id?x=1'\n  params:\n  \
                - {name: y, value: '2', type: query, disabled: true}\n  - {name: id, value: '7', type: path}\n  headers:\n  \
                - {name: key with, value: v}\n  - {name: 'Off', value: '1', disabled: true}\n  body: {type: json, data: \
                \"{\\n  \\\"a\\\": 1\\n}\"}\n  auth: {type: basic, username: ann, password: '{{process.env.PW}}'}\nruntime:\n  \
                scripts: [{type: tests, code: 'test();'}]\n";
    for (name, text) in [("Send.bru", bru), ("b.json", json), ("Send.yml", yaml)] {
        let tree = tree(name, text);
        let preset = &tree.presets[0];
        let spec = http(preset);
        assert_eq!((&*spec.method, &*spec.url), ("POST", "{{host}}/a/7?x=1"), "{name}");
        assert_eq!(row(&spec.query), [(false, "y", "2")], "{name}");
        assert_eq!(row(&spec.headers), [(true, "key with", "v"), (false, "Off", "1")], "{name}");
        let password = "{{env.PW}}".to_owned();
        assert_eq!(spec.auth, Auth::Basic { user: "ann".into(), password }, "{name}");
        assert_eq!(spec.body, HttpBody::Json("{\n  \"a\": 1\n}".into()), "{name}");
        assert!(preset.notes.join("\n").contains("test();"), "{name}");
        if name == "Send.bru" {
            assert_eq!(row(&spec.expect.rows), [(true, "status", "200")]);
        }
    }
}

#[test]
fn a_folder_of_bruno_is_one_collection_in_its_order() {
    let file = |inside: &str, text: &str| ImportFile {
        name: inside.into(),
        inside: Some(inside.into()),
        bytes: text.into(),
    };
    let get = |seq: u8| {
        format!(
            "meta {{\n  name: r{seq}\n  seq: {seq}\n}}\n\nget {{\n  url: http://h/{seq}\n  auth: inherit\n}}\n"
        )
    };
    let trees = import(
        &[
            file("shop/a.bru", &get(2)),
            file("shop/b.bru", &get(1)),
            file("shop/in/c.bru", &get(1)),
            file(
                "shop/collection.bru",
                "headers {\n  X: 1\n}\n\nauth {\n  mode: bearer\n}\n\nauth:bearer {\n  token: {{t}}\n}\n",
            ),
            file("shop/environments/Dev.bru", "vars {\n  host: h\n}\nvars:secret [\n  t\n]\n"),
            file("shop/package.json", "{}"),
        ],
        None,
    );
    let trees = trees.unwrap();
    let tree = &trees[0];
    assert_eq!((trees.len(), &*tree.title), (1, "shop"));
    let names: Vec<_> = tree.presets.iter().map(|it| (it.folder.join("/"), &*it.name)).collect();
    assert_eq!(names, [(String::new(), "r1"), (String::new(), "r2"), ("in".to_owned(), "r1")]);
    let spec = http(&tree.presets[2]);
    assert_eq!((&spec.auth, spec.headers.len()), (&Auth::Bearer("{{t}}".into()), 1));
    assert_eq!(tree.environments[0].variables.len(), 1);
    assert!(tree.left_out.iter().any(|it| it.place.contains("package.json")));
}

#[test]
fn files_of_requests_come_with_names_variables_and_files() {
    let tree = tree(
        "x.http",
        "@host = h\n@base = http://{{host}}\n\n### First\n# @name login\nPOST {{base}}/a\n  ?x=1\n  &y=2 HTTP/1.1\n\
         Content-Type: application/json\n\n{\"a\": \"{{$guid}}\"}\n\n> {%\n  client.test();\n%}\n\n###\n\
         GET http://h/b\nAuthorization: Basic ann s:1\n\n### Up\nPUT http://h/c\n\n< ./data.bin\n### Form\nPOST http://h/d\n\
         Content-Type: multipart/form-data; boundary=abc\n\n--abc\nContent-Disposition: form-data; name=\"t\"\n\none\n\
         --abc\nContent-Disposition: form-data; name=\"f\"; filename=\"i.txt\"\n\n< ./i.txt\n--abc--\n\
         ### Socket\nWEBSOCKET ws://h\n",
    );
    let names: Vec<_> = tree.presets.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["login", "h-b", "Up", "Form"]);
    let first = http(&tree.presets[0]);
    assert_eq!(first.url, "{{base}}/a?x=1&y=2");
    assert_eq!(first.body, HttpBody::Json("{\"a\": \"{{$guid}}\"}".into()));
    assert!(tree.presets[0].notes[0].contains("client.test();"));
    let second = http(&tree.presets[1]);
    let auth = Auth::Basic { user: "ann".into(), password: "s:1".into() };
    assert_eq!((&second.auth, second.headers.len()), (&auth, 0), "it is encoded when it is sent");
    assert_eq!(http(&tree.presets[2]).body, HttpBody::File("./data.bin".into()));
    let HttpBody::Multipart(parts) = &http(&tree.presets[3]).body else { panic!("no form") };
    assert_eq!(
        (&*parts[0].value, parts[1].source, &*parts[1].file_name),
        ("one", PartSource::File, "i.txt")
    );
    assert_eq!(tree.folders[0].variables[1].value, "http://{{host}}");
}

#[test]
fn hurl_comes_with_sections_expectations_and_captures() {
    let tree = tree(
        "x.hurl",
        "# all\nPOST https://h/{{x}}\nA: 1\n[Query]\nq: a b\n[BasicAuth]\nann: {{pw}}\n[Options]\nlocation: true\n\
         {\n  \"a\": 1\n}\nHTTP 201\nX-A: b\n[Captures]\nid: jsonpath \"$.id\"\n[Asserts]\njsonpath \"$.id\" == 1\n\
         xpath \"//a\" exists\n\nGET http://h/next\nHTTP 200\n\n\
         PUT http://h/f\n```json\n{}\n```\n",
    );
    assert_eq!(tree.presets.len(), 3);
    let first = http(&tree.presets[0]);
    assert_eq!((&*first.url, first.redirects), ("https://h/{{x}}", 10));
    assert_eq!(row(&first.query), [(true, "q", "a b")]);
    assert_eq!(first.auth, Auth::Basic { user: "ann".into(), password: "{{pw}}".into() });
    assert_eq!(first.body, HttpBody::Json("{\n  \"a\": 1\n}".into()));
    let expected = [(true, "status", "201"), (true, "header.x-a", "'b'"), (true, "json .id", "1")];
    assert_eq!(row(&first.expect.rows), expected);
    assert_eq!(row(&first.capture.rows), [(true, "id", "json .id")]);
    assert_eq!(tree.presets[0].notes, ["expected of the answer:\nxpath \"//a\" exists"]);
    assert_eq!(row(&http(&tree.presets[1]).expect.rows), [(true, "status", "200")]);
    assert_eq!(http(&tree.presets[2]).body, HttpBody::Json("{}\n".into()));
}

#[test]
fn packets_come_with_their_bytes_and_how_they_go() {
    let json = r#"[{"name":"ping","hexstring":"50 49 4e 47 0d 0a","toip":"127.0.0.1","port":"7","tcporudp":"TCP","repeat":1.5},
        {"name":"bin","hexstring":"00 ff 01","toip":"h","port":"53","tcporudp":"UDP","fromport":"8041183"},
        {"name":"tls","hexstring":"","toip":"h","port":"443","tcporudp":"ssl"},
        {"name":"page","hexstring":"61 3d 31","toip":"h","port":"80","tcporudp":"HTTP Post","requestpath":"/x"}]"#;
    let ini = "[NAMES]\n1\\name=ping\nsize=1\n\n[My%20Ping]\nname=ping\ntoIP=127.0.0.1\nport=7\ntcpOrUdp=TCP\n\
               hexString=50 49 4e 47 0d 0a\nrepeat=@Variant(\\0\\0\\0\\x87?\\x80\\0\\0)\n";
    for (name, text) in [("p.json", json), ("packets.ini", ini)] {
        let tree = tree(name, text);
        let Spec::Tcp(ping) = &tree.presets[0].spec else { panic!("no TCP") };
        assert_eq!(ping.address, "127.0.0.1:7");
        let ScriptStep::Send(payload) = &ping.steps[0] else { panic!("no step") };
        assert_eq!(payload.text, "PING\\r\\n");
        assert!(tree.left_out.iter().any(|it| it.what.contains("intervals")), "{name}");
    }
    let tree = tree("p.json", json);
    assert!(matches!(&tree.presets[1].spec, Spec::Udp(spec) if spec.address == "h:53"));
    let Spec::Tcp(tls) = &tree.presets[2].spec else { panic!("no TLS") };
    assert!(matches!(&tls.tls, ClientTls::On { verify: Verify::Off, .. }));
    assert_eq!(http(&tree.presets[3]).url, "http://h:80/x");
    let broken = ImportFile {
        name: "p.json".into(),
        inside: None,
        bytes: br#"[{"hexstring":"zz","toip":"h"}]"#.to_vec(),
    };
    assert!(import(&[broken], None).unwrap_err().1.place.contains("[0].hexstring"));
}

#[test]
fn terminal_clients_come_with_what_they_write() {
    let posting = tree(
        "a.posting.yaml",
        "name: Add\nmethod: POST\nurl: $BASE/x\nbody: {content: '{\"a\": 1}', content_type: application/json}\n\
         headers:\n- {name: A, value: '${B}', enabled: false}\nauth: {type: bearer_token, bearer_token: {token: $T}}\n",
    );
    let spec = http(&posting.presets[0]);
    assert_eq!((&*spec.url, &spec.auth), ("{{BASE}}/x", &Auth::Bearer("{{T}}".into())));
    assert_eq!(row(&spec.headers), [(false, "A", "{{B}}")]);
    let atac = tree(
        "a.yaml",
        "name: C\nlast_position: 0\nrequests:\n- name: R\n  url: '{{H}}/{id}'\n  params:\n  - {enabled: true, data: \
         ['{id}', '7']}\n  headers:\n  - {enabled: true, data: [user-agent, ATAC/v0.2]}\n  auth: !basic_auth {username: a, \
         password: b}\n  protocol: {type: http, method: PUT, body: !json '{}'}\n",
    );
    let spec = http(&atac.presets[0]);
    assert_eq!(
        (&*atac.title, &*spec.method, &*spec.url, spec.headers.len()),
        ("C", "PUT", "{{H}}/7", 0)
    );
    assert_eq!(spec.body, HttpBody::Json("{}".into()));
    let slumber = tree(
        "s.yml",
        "profiles: {dev: {name: Dev, data: {host: http://h}}}\nrequests:\n  f:\n    name: F\n    requests:\n      r:\n        \
         method: POST\n        url: '{{host}}/x'\n        query: {a: [1, 2]}\n        body: {type: json, data: {b: 1}}\n        \
         authentication: {type: bearer, token: '{{ response(\"x\") }}'}\n",
    );
    let spec = http(&slumber.presets[0]);
    assert_eq!((&*slumber.presets[0].name, slumber.environments.len()), ("r", 1));
    assert_eq!(row(&spec.query), [(true, "a", "1"), (true, "a", "2")]);
    assert_eq!(spec.body, HttpBody::Json("{\n  \"b\": 1\n}".into()));
    assert!(slumber.left_out.iter().any(|it| it.what.contains("counterpart")));
}

#[test]
fn har_comes_as_requests() {
    let tree = tree(
        "x.har",
        r#"{"log":{"entries":[{"request":{"method":"POST","url":"https://h/a?b={{x}}","headers":[{"name":":method","value":"POST"},
        {"name":"Host","value":"h"},{"name":"A","value":"1"}],"postData":{"mimeType":"application/json","text":"{}"}}},
        {"request":{"method":"GET","url":"wss://h/s"}}]}}"#,
    );
    let spec = http(&tree.presets[0]);
    assert_eq!((tree.presets.len(), &*spec.url), (1, "https://h/a?b={{!x}}"));
    assert_eq!(row(&spec.headers), [(true, "A", "1")]);
    assert_eq!(spec.body, HttpBody::Json("{}".into()));
}

#[test]
fn what_xh_says_of_its_way_and_of_tls_comes_along() {
    let command =
        "xh --proxy http:http://p:1 --verify ca.pem --cert c.pem --cert-key k.pem https://h/\n";
    let tree = tree("x.sh", command);
    let spec = http(&tree.presets[0]);
    assert_eq!((&*spec.network.proxy, &*spec.tls.ca), ("http://p:1", "ca.pem"));
    assert_eq!((&*spec.tls.certificate, &*spec.tls.key), ("c.pem", "k.pem"));
}

#[test]
fn command_lines_of_other_programs_are_presets() {
    let tree = tree(
        "x.sh",
        "printf 'PING\\r\\n' | nc -w 1 127.0.0.1 7\necho hi | ncat --ssl h 443\nnc -u h 53\nncat -l -k 9000 -e /bin/cat\n\
         socat TCP-LISTEN:8000,fork,reuseaddr OPENSSL:h:443,verify=0\nhttp POST :3000/x a=1 b:=2 X:y q==z -a ann:pw\n\
         xh -f h/y k=v\n",
    );
    let told: Vec<_> = tree.presets.iter().map(|it| it.name.clone()).collect();
    let expected = [
        "TCP 127.0.0.1-7",
        "TLS h-443",
        "UDP h-53",
        "SRV -9000",
        "RLY+TLS -8000",
        "POST http-localhost-3000-x",
        "POST http-h-y",
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    let Spec::Tcp(ping) = &tree.presets[0].spec else { panic!("no TCP") };
    let ScriptStep::Send(payload) = &ping.steps[0] else { panic!("no step") };
    assert_eq!((&*ping.address, &*payload.text), ("127.0.0.1:7", "PING\\r\\n"));
    let Spec::TcpListener(echo) = &tree.presets[3].spec else { panic!("no listener") };
    assert_eq!((&*echo.bind, echo.rules.len()), ("*:9000", 1));
    let Spec::TcpRelay(relay) = &tree.presets[4].spec else { panic!("no relay") };
    assert_eq!((&*relay.bind, &*relay.target), ("*:8000", "h:443"));
    let spec = http(&tree.presets[5]);
    assert_eq!(spec.body, HttpBody::Json("{\"a\": \"1\", \"b\": 2}".into()));
    assert_eq!(
        (row(&spec.headers), row(&spec.query)),
        (vec![(true, "X", "y")], vec![(true, "q", "z")])
    );
    assert!(matches!(&http(&tree.presets[6]).body, HttpBody::Form(rows) if rows.len() == 1));
}
