//! Odd files that are valid all the same, and what the programs they are of send for them.

use super::formats_tests::{http, tree};
use super::*;
use crate::model::client::{TcpSpec, UdpSpec};
use crate::model::http::{Auth, HttpBody, HttpSpec, PartSource};
use crate::model::spec::Spec;
use crate::model::tls::ClientTls;
use crate::model::trust::Verify;
use std::time::Duration;

fn headers(spec: &HttpSpec) -> Vec<String> {
    let sign = |is_on: bool| if is_on { "" } else { "~" };
    let rows = spec.headers.iter();
    rows.map(|row| format!("{}{}: {}", sign(row.enabled), row.name, row.value)).collect()
}

fn is_told(tree: &ImportTree, what: &str) -> bool {
    tree.left_out.iter().any(|it| it.what.contains(what) || it.place.contains(what))
}

/// A Postman collection of requests.
fn postman(items: &str) -> ImportTree {
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/";
    tree("p.json", &format!(r#"{{"info":{{"name":"P","schema":"{schema}"}},"item":[{items}]}}"#))
}

#[test]
fn postman_bodies_go_out_as_postman_sends_them() {
    let tree = postman(
        r#"{"name":"raw","request":{"method":"post","url":"http://h/","body":{"mode":"raw","raw":"x"}}},
        {"name":"get","request":{"method":"GET","url":"http://h/","body":{"mode":"raw","raw":"x=1"}}},
        {"name":"kept","protocolProfileBehavior":{"disableBodyPruning":true},
         "request":{"method":"GET","url":"http://h/","body":{"mode":"raw","raw":"x=1"}}},
        {"name":"part","request":{"method":"POST","url":"http://h/","body":{"mode":"formdata","formdata":[
         {"key":"f","type":"file","src":"a.bin","fileName":"b.png"}]}}},
        {"name":"ql","request":{"method":"POST","url":"http://h/","body":{"mode":"graphql","graphql":
         {"query":"{x}","operationName":"A","variables":"{\n \"a\": {{n}}\n}"}}}},
        {"name":"ql alone","request":{"method":"POST","url":"http://h/","body":{"mode":"graphql","graphql":{"query":"{x}"}}}},
        {"name":"form","request":{"method":"POST","url":"http://h/","body":{"mode":"urlencoded","urlencoded":[]}}}"#,
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!(
        (&*specs[0].method, headers(specs[0])),
        ("POST", vec!["Content-Type: text/plain".into()])
    );
    assert_eq!((&specs[1].body, &specs[6].body), (&HttpBody::None, &HttpBody::None));
    assert!(
        tree.presets[1].notes[0].contains("x=1") && is_told(&tree, "not sent with this method")
    );
    assert_eq!(specs[2].body, HttpBody::Text("x=1".into()));
    let HttpBody::Multipart(parts) = &specs[3].body else { panic!("{:?}", specs[3].body) };
    assert_eq!((&*parts[0].value, &*parts[0].file_name), ("a.bin", "b.png"));
    let text = "{\"query\":\"{x}\",\"operationName\":\"A\",\"variables\":{\n \"a\": {{n}}\n}}";
    assert_eq!(specs[4].body, HttpBody::Json(text.into()));
    assert_eq!(specs[5].body, HttpBody::Json("{\"query\":\"{x}\"}".into()));
}

#[test]
fn postman_credentials_urls_and_names_alone_are_as_postman_has_them() {
    let tree = postman(
        r#"{"name":"a","request":{"url":"http://h/","header":[{"key":"Authorization","value":"Own"}],"auth":{"type":"bearer","bearer":[{"key":"token","value":"t"}]}}},
        {"name":"b","request":{"url":"http://h/","auth":{"type":"oauth2","oauth2":[{"key":"accessToken","value":"t"},{"key":"headerPrefix","value":"Token"}]}}},
        {"name":"c","request":{"url":"http://h/","auth":{"type":"apikey","apikey":[{"key":"value","value":"t"}]}}},
        {"name":"d","request":{"url":"http://h/","auth":{"type":"bearer","bearer":[{"key":"token","value":""}]}}},
        {"name":"e","request":{"url":"http://h/","auth":{"type":"basic","basic":{"username":"u:x","password":"p"}}}},
        {"name":"f","request":{"url":{"raw":"http://h/a?a=1&b=2&c&d=#z","query":[{"key":"a","value":"1"},
         {"key":"b","value":"2","disabled":true},{"key":"c","value":null},{"key":"d","value":""}]}}},
        {"name":"g","request":{"url":"http://h/'<?q='\"<{{x}}"}}"#,
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!(
        (headers(specs[0]), &specs[0].auth),
        (vec!["~Authorization: Own".into()], &Auth::Bearer("t".into()))
    );
    assert_eq!(headers(specs[1]), ["Authorization: Token t"]);
    assert_eq!((&specs[2].headers.len(), &specs[3].auth), (&0, &Auth::None));
    assert_eq!(specs[4].auth, Auth::Basic { user: "u".into(), password: "x:p".into() });
    assert_eq!(specs[5].url, "http://h/a?a=1&c#z");
    let rows: Vec<_> = specs[5].query.iter().map(|row| (row.enabled, &*row.name)).collect();
    assert_eq!(rows, [(false, "b"), (true, "d")]);
    assert_eq!(specs[6].url, "http://h/'%3C?q=%27%22%3C{{x}}");
}

#[test]
fn the_first_postman_format_has_values_of_paths_and_credentials_of_folders() {
    let tree = tree(
        "p.json",
        r#"{"id":"c","name":"P","order":[],"folders":[{"id":"f","name":"F","order":["r"],"auth":{"type":"basic",
        "basic":[{"key":"username","value":"u"},{"key":"password","value":"p"}]}}],"folders_order":["f"],"requests":[
        {"id":"r","name":"R","url":"http://h/:id/:x","method":"POST","pathVariables":{"id":"7","x":"1"},
         "pathVariableData":[{"key":"x","value":"2"}],"queryParams":[{"key":"off","value":"1","enabled":false}],
         "dataMode":"graphql","graphqlModeData":{"query":"{x}","variables":""}}]}"#,
    );
    let spec = http(&tree.presets[0]);
    assert_eq!(spec.url, "http://h/7/2");
    assert_eq!(spec.auth, Auth::Basic { user: "u".into(), password: "p".into() });
    assert_eq!((spec.query.len(), spec.query[0].enabled), (1, false));
    assert_eq!(spec.body, HttpBody::Json("{\"query\":\"{x}\"}".into()));
}

#[test]
fn insomnia_requests_have_credentials_and_headers_of_their_folders() {
    let tree = tree(
        "x.yaml",
        "type: collection.insomnia.rest/5.0\nname: I\ncollection:\n- name: F\n  authentication: {type: basic, username: u, \
         password: p}\n  headers: [{name: X-F, value: f}, {name: Content-Type, value: text/f}]\n  children:\n  - {name: a, url: \
         'http://h', method: POST, authentication: {}, headers: [{name: X-F, value: own}, {name: content-type, value: text/o}], \
         body: {mimeType: text/o, text: '{{x}}'}, settings: {renderRequestBody: false}}\n  - {name: b, url: 'http://h', method: GET, \
         authentication: {type: none}, parameters: [{name: '', value: z}]}\n  - name: D\n    authentication: {type: bearer, token: t, \
         prefix: NO_PREFIX}\n    children: [{name: c, url: 'http://h', method: GET, authentication: {type: bearer, disabled: true}}]\n",
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!(specs[0].auth, Auth::Basic { user: "u".into(), password: "p".into() });
    assert_eq!(headers(specs[0]), ["X-F: f", "X-F: own", "content-type: text/o"]);
    assert_eq!(specs[0].body, HttpBody::Text("{{!x}}".into()));
    assert_eq!((&specs[1].auth, specs[1].query.len()), (&Auth::None, 0));
    assert_eq!(headers(specs[2]), ["X-F: f", "Content-Type: text/f", "Authorization: t"]);
}

#[test]
fn bruno_values_types_files_tags_settings_and_variables_come() {
    let tree = tree(
        "a.bru",
        "meta {\n  name: A\n  type: http\n  seq: 1\n  tags: [\n    smoke\n    name\n  ]\n}\n\npost {\n  url: \
         http://h/{{local}}?q=<\n  body: multipartForm\n  auth: none\n}\n\nbody:multipart-form {\n  j: {\"a\":1} \
         @contentType(application/json)\n  f: @file(a.bin|b (1).bin) @contentType(image/png)\n  m: '''\n    one\n\n    three\n  ''' \
         @contentType(text/x)\n}\n\nvars:pre-request {\n  local: L\n}\n\nsettings {\n  timeout: 1500\n  followRedirects: \
         false\n  maxRedirects: 3\n}\n",
    );
    let spec = http(&tree.presets[0]);
    assert_eq!((&*tree.presets[0].name, &*spec.url), ("A", "http://h/L?q=%3C"));
    assert_eq!(spec.run.tags.0, ["smoke", "name"]);
    assert_eq!((spec.redirects, spec.timeout), (0, Duration::from_millis(1500)));
    let HttpBody::Multipart(parts) = &spec.body else { panic!("{:?}", spec.body) };
    let parts: Vec<_> =
        parts.iter().map(|it| (&*it.name, it.source, &*it.value, &*it.content_type)).collect();
    let expected = [
        ("j", PartSource::Text, "{\"a\":1}", "application/json"),
        ("f", PartSource::File, "a.bin", "image/png"),
        ("f", PartSource::File, "b (1).bin", "image/png"),
        ("m", PartSource::Text, "one\n\nthree", "text/x"),
    ];
    assert_eq!(parts, expected);
    let json = self::tree(
        "b.bru",
        "meta {\n  name: B\n}\n\npost {\n  url: http://h\n  body: json\n}\n\nbody:json {\n  {\n    \"a\": \"// no /* no */ \\\" \
         //\", // yes\n    /* yes */\"b\": 1\n  }\n}\n",
    );
    let text = "{\n  \"a\": \"// no /* no */ \\\" //\", \n  \"b\": 1\n}";
    assert_eq!(http(&json.presets[0]).body, HttpBody::Json(text.into()));
    assert!(is_told(&json, "comments in JSON"));
}

#[test]
fn a_bruno_folder_is_called_as_its_own_file_says() {
    let file = |name: &str, text: &str| ImportFile {
        name: name.into(),
        inside: Some(format!("dir/{name}")),
        bytes: text.into(),
    };
    let files = [
        file("bruno.json", r#"{"version":"1","name":"Shop","type":"collection"}"#),
        file("a.bru", "meta {\n  name: A\n}\n\nget {\n  url: http://h\n}\n"),
    ];
    let trees = import(&files, None).unwrap();
    assert_eq!((trees.len(), &*trees[0].title), (1, "Shop"));
    assert_eq!((trees[0].presets.len(), trees[0].left_out.len()), (1, 0));
}

#[test]
fn files_of_requests_have_scripts_directives_and_answers_of_every_dialect() {
    let tree = tree(
        "a.http",
        "import ./x.http\n@base = http://h\n\n### one\n# @no-redirect\n# @timeout 3\n< ./pre.js\nGET {{base}}/1\n  ?a=1\n  # said\n  \
         &b=2\nX: 1\n> ./after.js\n<> kept.json\n\n### two\n{{\n  go(\"GET http://evil\");\n}}\nPOST {{base}}/2\n...defaults\nContent-Type: \
         text/x\n\nhi\n\n{{\n  later();\n}}\n?? status == 200\n\n### three\nget {{base}}/3\n\n>>! out.json\n\n### four\nPOST \
         {{base}}/4\nContent-Type: application/x-www-form-urlencoded\n\na = 1 &\nb = 2 3\n\n### five\nGET {{base}}/5\nAuthorization: Digest \
         u p\n\nHTTP/1.1 200 OK\nA: b\n\nbody\n\n### six\nPUT {{base}}/6\n\n< a.bin\n\n### seven\nPOST {{base}}/7\nContent-Type: \
         multipart/form-data; boundary=B; charset=utf-8\n\n--B\nContent-Disposition: form-data; name=\"t\"\n\nv\n--B--\n",
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!((specs.len(), &*specs[0].url), (7, "{{base}}/1?a=1&b=2"));
    assert_eq!((specs[0].redirects, specs[0].timeout), (0, Duration::from_secs(3)));
    assert_eq!((headers(specs[0]), &specs[0].body), (vec!["X: 1".into()], &HttpBody::None));
    assert_eq!(
        (headers(specs[1]), &specs[1].body),
        (vec!["Content-Type: text/x".into()], &HttpBody::Text("hi".into()))
    );
    assert!(tree.presets[1].notes.iter().any(|note| note.contains("later()")));
    assert_eq!((&*specs[2].method, &specs[2].body), ("GET", &HttpBody::None));
    assert_eq!(specs[3].body, HttpBody::Text("a=1&b=2 3".into()));
    assert_eq!((specs[4].headers.len(), &specs[4].body), (0, &HttpBody::None));
    assert_eq!(specs[4].auth, Auth::Digest { user: "u".into(), password: "p".into() });
    assert_eq!(
        (headers(specs[5]), &specs[5].body),
        (vec!["~Content-Type: ".into()], &HttpBody::File("a.bin".into()))
    );
    assert!(matches!(&specs[6].body, HttpBody::Multipart(parts) if parts[0].value == "v"));
    for what in ["other files", "headers that scripts", "examples of", ">>! out.json"] {
        assert!(is_told(&tree, what), "{what}: {:?}", tree.left_out);
    }
}

#[test]
fn environments_beside_files_of_requests_are_one_with_their_private_values() {
    let file =
        |name: &str, text: &str| ImportFile { name: name.into(), inside: None, bytes: text.into() };
    let files = [
        file(
            "http-client.env.json",
            r#"{"$shared":{"s":"1"},"dev":{"host":"h","n":2,"Security":{"Auth":{}}}}"#,
        ),
        file("http-client.private.env.json", r#"{"dev":{"pin":"9"}}"#),
    ];
    let trees = import(&files, None).unwrap();
    let [tree] = trees.as_slice() else { panic!("{trees:?}") };
    let [dev] = tree.environments.as_slice() else { panic!("{tree:?}") };
    let said: Vec<_> =
        dev.variables.iter().map(|it| (&*it.name, &*it.value, it.is_secret)).collect();
    assert_eq!(
        said,
        [("s", "1", false), ("host", "h", false), ("n", "2", false), ("pin", "9", true)]
    );
    assert!(is_told(tree, "Security"));
}

#[test]
fn hurl_comments_bodies_and_options_come_as_hurl_sends_them() {
    let tree = tree(
        "a.hurl",
        "GET http://h/1 # c\nX-A: b # c\nX-B: a\\#b\\u{e9}\n[Query] # c\na: b c # d\n[Options]\ncompressed: true\nunix-socket: \
         /run/a.sock\ninsecure: false\n\nPOST http://h/2\nbase64,SG\n k=;\n\nPOST http://h/3\n```graphql\nquery Q {\n  \
         x\n}\nvariables {\"a\": {{n}}}\n```\n\nPOST http://h/4\n```xml\n<a/>\n```\n\nPOST http://h/5\n`one\\ntwo`\n\nPOST \
         http://h/6\n[Multipart]\nf: file,a\\;b.bin; image/png\n\nGET\thttp://h/7\n",
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!((&*specs[0].url, specs.len()), ("http://h/1", 7));
    assert_eq!(headers(specs[0]), ["X-A: b", "X-B: a#bé", "Accept-Encoding: gzip, deflate, br"]);
    assert_eq!((&*specs[0].query[0].value, &*specs[0].unix_socket), ("b c", "/run/a.sock"));
    assert!(
        matches!(&specs[1].body, HttpBody::Payload(payload) if payload.text == "4869"),
        "{:?}",
        specs[1].body
    );
    let text = "{\"query\":\"query Q {\\n  x\\n}\\n\",\"variables\":{\"a\": {{n}}}}";
    assert_eq!(specs[2].body, HttpBody::Json(text.into()));
    assert_eq!(headers(specs[3]), ["Content-Type: application/xml"]);
    assert_eq!(
        (headers(specs[4]), &specs[4].body),
        (vec!["~Content-Type: ".into()], &HttpBody::Text("one\ntwo".into()))
    );
    let HttpBody::Multipart(parts) = &specs[5].body else { panic!("{:?}", specs[5].body) };
    assert_eq!((&*parts[0].value, &*parts[0].content_type), ("a;b.bin", "image/png"));
}

#[test]
fn slumber_references_are_put_in_and_circles_are_refused() {
    let tree = tree(
        "s.yml",
        ".base: {headers: {Accept: a, X: base}}\n.auth: {$ref: '#/.base', authentication: {type: bearer, token: \"{{ env('TOK') }}\"}}\n\
         .data: {host: 'http://h', lit: '{_{x}}'}\nprofiles: {dev: {data: {$ref: '#/.data', n: 5}}}\nchains: {img: {source: !file {path: \
         b.bin}}}\nrequests:\n  one: {$ref: '#/.auth', method: get, url: '{{host}}/1', headers: {$ref: '#/.base/headers', X: own}}\n  two: \
         {$ref: './o.yml#/x', method: POST, url: '{{host}}/2', body: \"{{ file('a.bin') }}\"}\n  three: {method: POST, url: '{{host}}/3', \
         body: {type: form_multipart, data: {f: '{{chains.img}}', t: x}}}\n",
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!(
        (headers(specs[0]), &specs[0].auth),
        (vec!["Accept: a".into(), "X: own".into()], &Auth::Bearer("{{env.TOK}}".into()))
    );
    assert_eq!(specs[1].body, HttpBody::File("a.bin".into()));
    assert!(is_told(&tree, "./o.yml#/x"));
    let HttpBody::Multipart(parts) = &specs[2].body else { panic!("{:?}", specs[2].body) };
    assert_eq!((parts[0].source, &*parts[0].value), (PartSource::File, "b.bin"));
    let values: Vec<_> = tree.environments[0].variables.iter().map(|it| &*it.value).collect();
    assert_eq!(values, ["http://h", "{{!x}}", "5"]);
    let doubled = |at: usize| {
        let next = at + 1;
        format!(".v{at}: {{a: {{$ref: '#/.v{next}'}}, b: {{$ref: '#/.v{next}'}}}}\n")
    };
    let doubling = (0..40).map(doubled).collect::<Vec<_>>().concat();
    for text in [
        ".a: {$ref: '#/.b'}\n.b: {$ref: '#/.a'}\nrequests: {}\n".to_owned(),
        format!("{doubling}.v40: 1\nrequests: {{}}\n"),
    ] {
        let file = ImportFile { name: "s.yml".into(), inside: None, bytes: text.into() };
        let fault = import(&[file], None).unwrap_err().1;
        assert!(
            fault.place.starts_with("$ref #/.") && fault.cause.contains("reference"),
            "{fault}"
        );
    }
}

#[test]
fn posting_and_atac_say_paths_types_times_and_cookies() {
    let posting = tree(
        "p.posting.yaml",
        "name: P\nurl: http://h/:id/a::b/:idle\npath_params: [{name: id, value: '7'}]\ncookies: [{name: a, value: b}, {name: c, value: \
         d}]\nbody: {content: '<a/>', content_type: application/xml}\nmethod: POST\noptions: {timeout: 0.5, proxy_url: 'http://p'}\n",
    );
    let spec = http(&posting.presets[0]);
    assert_eq!((&*spec.url, spec.timeout), ("http://h/7/a:b/:idle", Duration::from_millis(500)));
    assert_eq!(headers(spec), ["Content-Type: application/xml", "Cookie: a=b; c=d"]);
    assert!(is_told(&posting, "proxies"));
    let atac = tree(
        "a.json",
        r#"{"name":"A","last_position":0,"requests":[{"name":"R","url":"http://h","params":[],"headers":[],
        "auth":{"bearer_token":{"token":"{{T}}"}},"protocol":{"type":"http","method":"GET","body":"no_body"},
        "settings":{"timeout":1000,"accept_invalid_certs":true,"allow_redirects":true}}]}"#,
    );
    let spec = http(&atac.presets[0]);
    assert_eq!((&spec.auth, spec.verify), (&Auth::Bearer("{{T}}".into()), Verify::Off));
    assert_eq!(spec.timeout, Duration::from_secs(1));
}

#[test]
fn options_of_httpie_stand_anywhere_and_signs_can_be_kept() {
    let tree = tree(
        "x.sh",
        "http -vf :1/a a=1 -v\nhttp :1/b 'a\\:b=c' 'Empty;' X:\nhttp -A digest -a u:p --ssl tls1.2 :1/c\nhttp :1/d 'f@a.bin;type=image/png' \
         t=1\nhttp :1/e a:=@x.json b=1 --max-redirects=2 --timeout 3\nhttp nothing else\n",
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!(specs.len(), 5, "{:?}", tree.left_out);
    assert!(matches!(&specs[0].body, HttpBody::Form(rows) if rows.len() == 1));
    assert_eq!(specs[1].body, HttpBody::Json("{\"a:b\": \"c\"}".into()));
    assert_eq!(headers(specs[1]), ["Empty: ", "~X: "]);
    let digest = Auth::Digest { user: "u".into(), password: "p".into() };
    assert_eq!((&*specs[2].url, &specs[2].auth), ("http://localhost:1/c", &digest));
    assert!(is_told(&tree, "x.json") && is_told(&tree, "no item"));
    assert!(matches!(&specs[3].body, HttpBody::Multipart(parts) if parts.len() == 2));
    assert_eq!((specs[4].redirects, specs[4].timeout), (2, Duration::from_secs(3)));
}

#[test]
fn netcat_and_socat_reach_unix_sockets_and_skip_values_of_options() {
    let tree = tree(
        "x.sh",
        "nc -U /run/a.sock\nncat --proxy 1.2.3.4:8080 --ssl --ssl-servername s.h h 443\nnc -zv h 20-25\nnc -s 10.0.0.1 -p 99 h 80\nnc -lU \
         /run/b.sock\nncat --listen --source-port=9000 --exec=/bin/cat\nsocat -t 5 -d - UNIX-CONNECT:/run/c.sock\nsocat \
         UNIX-LISTEN:/run/d.sock,fork TCP:h:1\nsocat - ABSTRACT-CONNECT:n\nsocat PROXY:p:h:80 -\nnc -u -U /run/e.sock\n",
    );
    let addresses: Vec<_> = tree.presets.iter().map(|it| it.spec.address().to_owned()).collect();
    let expected = [
        "unix:/run/a.sock",
        "h:443",
        "h:20",
        "h:80",
        "unix:/run/b.sock",
        "*:9000",
        "unix:/run/c.sock",
        "unix:/run/d.sock",
        "unix:@n",
        "unix:/run/e.sock",
    ];
    assert_eq!(addresses, expected);
    let Spec::Tcp(TcpSpec { tls: ClientTls::On { sni, .. }, .. }) = &tree.presets[1].spec else {
        panic!("no TLS")
    };
    assert_eq!(sni, "s.h");
    assert!(
        matches!(&tree.presets[3].spec, Spec::Tcp(spec) if spec.client.source == "10.0.0.1:99")
    );
    assert!(matches!(&tree.presets[9].spec, Spec::Udp(UdpSpec { .. })));
    assert!(is_told(&tree, "commands that cannot be read"));
}

#[test]
fn what_stands_in_quotes_and_here_documents_begins_no_command() {
    let tree = tree(
        "x.sh",
        "# don't\ncurl http://h/1 -d 'a\ncurl http://no/\nb'\ncurl -d @- http://h/2 <<'X'\ncurl http://no/\nX\ncurl ftp://h/\nnc h 7\n",
    );
    let urls: Vec<_> = tree.presets.iter().map(|it| it.spec.address().to_owned()).collect();
    assert_eq!(urls, ["http://h/1", "http://h/2", "h:7"]);
    assert_eq!(http(&tree.presets[0]).body, HttpBody::Text("a\ncurl http://no/\nb".into()));
    assert!(is_told(&tree, "only http and https"));
}

#[test]
fn openapi_examples_of_contents_cookies_segments_and_parts_come() {
    let tree = tree(
        "o.yaml",
        "openapi: 3.1.0\ninfo: {title: O, version: '1'}\nservers: [{url: 'http://h'}]\ncomponents: {securitySchemes: {sid: {type: apiKey, \
         in: cookie, name: sid}}}\npaths:\n  /a/{id}:\n    post:\n      security: [{sid: []}]\n      parameters:\n      - {name: id, in: \
         path, required: true, schema: {example: 'x/y?z'}}\n      - {name: j, in: query, required: true, content: {application/json: \
         {example: {a: 1}}}}\n      - {name: c, in: cookie, required: true, schema: {example: v}}\n      requestBody: {content: \
         {multipart/form-data: {example: {j: {a: 1}, t: x}, encoding: {t: {contentType: text/x}}}}}\n    put:\n      requestBody: \
         {content: {application/x-www-form-urlencoded: {example: {l: [1, 2], m: y}}}}\n",
    );
    let specs: Vec<_> = tree.presets.iter().map(http).collect();
    assert_eq!(tree.folders[0].variables[1].value, "x%2Fy%3Fz");
    assert_eq!(
        (&*specs[0].query[0].value, headers(specs[0])),
        (r#"{"a":1}"#, vec!["Cookie: c=v; sid={{secret.sid}}".into()])
    );
    let HttpBody::Multipart(parts) = &specs[0].body else { panic!("{:?}", specs[0].body) };
    let parts: Vec<_> = parts.iter().map(|it| (&*it.value, &*it.content_type)).collect();
    assert_eq!(parts, [(r#"{"a":1}"#, "application/json"), ("x", "text/x")]);
    let HttpBody::Form(rows) = &specs[1].body else { panic!("{:?}", specs[1].body) };
    let rows: Vec<_> = rows.iter().map(|row| (&*row.name, &*row.value)).collect();
    assert_eq!(rows, [("l", "1"), ("l", "2"), ("m", "y")]);
}

#[test]
fn har_lists_that_stand_alone_and_ports_that_are_none_are_not_lost() {
    let har = tree(
        "x.har",
        r#"{"log":{"entries":[{"request":{"method":"POST","url":"http://h/","headers":[],"cookies":[{"name":"a","value":"b"}],
        "queryString":[{"name":"q","value":"x y"}],"postData":{"mimeType":"multipart/form-data","params":[
        {"name":"f","fileName":"a.txt","value":"inline"}]}}},{"request":{"url":"http://h/?q=1","queryString":[{"name":"q","value":"1"}],
        "postData":{"mimeType":"","text":"x"}}}]}}"#,
    );
    let specs: Vec<_> = har.presets.iter().map(http).collect();
    assert_eq!((headers(specs[0]), &*specs[0].query[0].value), (vec!["Cookie: a=b".into()], "x y"));
    let HttpBody::Multipart(parts) = &specs[0].body else { panic!("{:?}", specs[0].body) };
    assert_eq!(
        (parts[0].source, &*parts[0].value, &*parts[0].file_name),
        (PartSource::Text, "inline", "a.txt")
    );
    assert_eq!((specs[1].query.len(), headers(specs[1])), (0, vec!["~Content-Type: ".into()]));
    let packets = tree(
        "p.json",
        r#"[{"name":"a","hexstring":"00","toip":"h","port":"70000","tcporudp":"UDP"}]"#,
    );
    assert!(is_told(&packets, "70000"), "{packets:?}");
}

#[test]
fn texts_of_nothing_but_beginnings_are_read_once() {
    for (name, around) in [
        ("a.sh", "curl http://h/ -d \"{}\"\n"),
        ("b.sh", "curl http://h/ -d {}\n"),
        ("c.ps1", "irm http://h/ -Method Post -Body \"{}\"\n"),
        ("d.ps1", "irm http://h/ -Method Post -Body (New-Guid){}\n"),
    ] {
        for beginning in ["$(a ", "${a ", ".a()", "|a "] {
            let text = around.replace("{}", &beginning.repeat(2_000));
            let file = ImportFile { name: name.into(), inside: None, bytes: text.into() };
            // Refused or not: it ends.
            let _ = import(&[file], None);
        }
    }
    let items: Vec<String> = (0..20_000).map(|at| format!(" a[{at}]=1")).collect();
    let items = items.concat();
    let file = ImportFile {
        name: "x.sh".into(),
        inside: None,
        bytes: format!("xh POST http://h/{items}\n").into(),
    };
    let (_, fault) = import(&[file], None).unwrap_err();
    assert!(fault.to_string().contains("more than 5000 items"), "{fault}");
}

#[test]
fn an_option_with_a_value_takes_it_and_what_is_long_is_told_cut() {
    let own = tree("x.sh", "xh --interface eth0 POST http://h/x a=1\n");
    assert_eq!((&*http(&own.presets[0]).url, own.presets.len()), ("http://h/x", 1));
    assert!(is_told(&own, "--interface eth0 means nothing here"), "{own:?}");
    let long = "x".repeat(300);
    let cut = tree("x.sh", &format!("xh --style {long} http://h/x\n"));
    let told = &cut.left_out[0].place;
    assert!(told.contains('…') && told.len() < 200, "{told}");
}
