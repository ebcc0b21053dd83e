//! Tests of plans.

use std::time::Duration;

use super::template::UnknownName;
use super::*;
use crate::model::awaited::{Awaited, AwaitedFormat, AwaitedPlan};
use crate::model::client::{ClientSpec, ScriptStep, TcpSpec, UdpSpec};
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::field_access;
use crate::model::http::{
    Auth, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule, HttpSpec, PartSource,
    VersionChoice,
};
use crate::model::listener::{Rule, TcpListenerSpec, When, WhenKind};
use crate::model::plan::{
    AnswerPart, HttpPlan, LengthHeader, PartContent, PlanBody, StepPlan, WhenPlan,
};
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::NameValue;
use crate::model::tls::ClientTls;
use crate::model::trust::{TrustedCertificates, Verify};

const USER_AGENT_TOLD: &str = concat!("wirebench/", env!("CARGO_PKG_VERSION"));

fn scope() -> Scope {
    let mut scope = Scope::default();
    let pairs = [("host", "a.example"), ("evil", "x\r\nX-Inj: 1"), ("id", "4 2&"), ("nul", "\0")];
    scope.variables.extend(pairs.map(|(k, v)| (k.into(), v.into())));
    scope.secrets.insert("token".into(), "s3".into());
    scope
}

fn http(change: impl FnOnce(&mut HttpSpec)) -> Result<HttpPlan, Vec<Issue>> {
    let mut spec = HttpSpec { url: "http://{{host}}/p".into(), ..HttpSpec::default() };
    change(&mut spec);
    match plan(&Spec::Http(spec), &scope())? {
        Plan::Http(plan) => Ok(plan),
        other => panic!("{other:?}"),
    }
}

fn names(plan: &HttpPlan) -> Vec<&str> {
    plan.headers.iter().map(|(name, _)| name.as_str()).collect()
}

fn header<'a>(plan: &'a HttpPlan, name: &str) -> Option<&'a str> {
    plan.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

fn body(plan: &HttpPlan) -> &[u8] {
    match &plan.body {
        PlanBody::Bytes(bytes) => bytes,
        PlanBody::File(_) | PlanBody::Multipart { .. } => b"file",
    }
}

fn one(result: Result<impl std::fmt::Debug, Vec<Issue>>) -> Issue {
    let mut issues = result.unwrap_err();
    assert_eq!(issues.len(), 1, "{issues:?}");
    issues.remove(0)
}

#[test]
fn http2_is_agreed_on_in_tls_or_known_before() {
    let strict = |url: &str, version| {
        let url = url.to_owned();
        http(move |spec| (spec.url, spec.version) = (url, version)).map(|plan| plan.version)
    };
    let two = VersionChoice::Http2;
    assert_eq!(strict("https://a/", two).unwrap(), two);
    let issues = strict("http://a/", two).unwrap_err();
    assert!(issues[0].message.contains("2-prior-knowledge"), "{issues:?}");
    assert_eq!(issues[0].field, FieldId::new("version"));
    assert!(strict("http://a/", VersionChoice::Http2PriorKnowledge).is_ok());
}

#[test]
fn a_plain_get_has_the_automatic_headers_in_order() {
    let plan = http(|_| ()).unwrap();
    assert_eq!(names(&plan), ["Host", "User-Agent", "Accept", "Accept-Encoding"]);
    assert_eq!(header(&plan, "Host"), Some("a.example"));
    assert!(header(&plan, "User-Agent").unwrap().starts_with("wirebench/"));
    assert_eq!(plan.url, "http://a.example/p");
}

#[test]
fn a_body_that_no_preset_holds_brings_its_headers_as_one_of_a_preset_does() {
    let with = |change: fn(&mut HttpSpec), content_type| {
        let mut plan = http(|spec| {
            spec.method = "POST".into();
            change(spec);
        });
        let plan = plan.as_mut().unwrap();
        http::put_body(plan, PlanBody::Bytes(Bytes::from_static(b"[]")), 2, content_type);
        let own = |name| header(plan, name).map(str::to_owned);
        (own("Content-Type"), own("Content-Length"), body(plan).to_vec())
    };
    let some = |text: &str| Some(text.to_owned());
    let own = |spec: &mut HttpSpec| spec.headers.push(NameValue::new("Content-Type", "a/b"));
    let chunks =
        |spec: &mut HttpSpec| spec.headers.push(NameValue::new("Transfer-Encoding", "chunked"));
    let off = |spec: &mut HttpSpec| spec.toggle_automatic(AutomaticHeader::ContentLength);
    assert_eq!(with(|_| (), Some("c/d")), (some("c/d"), some("2"), b"[]".to_vec()));
    assert_eq!(with(own, Some("c/d")), (some("a/b"), some("2"), b"[]".to_vec()));
    assert_eq!(with(chunks, None), (None, None, b"[]".to_vec()));
    assert_eq!(with(off, None), (None, None, b"[]".to_vec()));
}

#[test]
fn own_headers_keep_case_order_and_duplicates_and_replace_automatic_ones() {
    let plan = http(|spec| {
        spec.headers = vec![
            NameValue::new("x-B", "1"),
            NameValue::new("accept", "text/html"),
            NameValue { enabled: false, ..NameValue::new("X-Off", "{{nope}}") },
            NameValue::new("hOST", "other"),
            NameValue::new("x-B", "2"),
            NameValue::default(),
        ];
    })
    .unwrap();
    assert_eq!(names(&plan), ["User-Agent", "Accept-Encoding", "x-B", "accept", "hOST", "x-B"]);
}

#[test]
fn query_rows_are_encoded_and_appended() {
    let rows =
        || vec![NameValue::new("q", "{{id}}"), NameValue::new("é", "a+b"), NameValue::default()];
    let url = |url: &str| http(|spec| (spec.url, spec.query) = (url.into(), rows())).unwrap().url;
    assert_eq!(url("http://h/p"), "http://h/p?q=4%202%26&%C3%A9=a%2Bb");
    assert_eq!(url("http://h/p?x=1#f"), "http://h/p?x=1&q=4%202%26&%C3%A9=a%2Bb");
    assert_eq!(url(":8080?"), "http://localhost:8080/?q=4%202%26&%C3%A9=a%2Bb");
}

#[test]
fn a_url_goes_out_as_typed_and_what_cannot_is_said() {
    let plan = http(|spec| spec.url = "http://h/x/../{a}|b?q={\"c\"}".into()).unwrap();
    assert_eq!(plan.url, "http://h/x/../{a}|b?q={\"c\"}");
    assert_eq!(plan.notes, Vec::<String>::new());
    let plan = http(|spec| spec.url = "http://h/a b/é".into()).unwrap();
    assert_eq!(plan.url, "http://h/a%20b/%C3%A9");
    assert!(plan.notes[0].ends_with("sent ' ' as %20, 'é' as %C3%A9"), "{:?}", plan.notes);
}

#[test]
fn bodies_bring_their_type_and_length() {
    let plan = http(|spec| {
        spec.method = "POST".into();
        spec.body = HttpBody::Json(r#"{"n":"$100 {{!pod}}","h":"{{host}}"}"#.into());
    })
    .unwrap();
    assert_eq!(body(&plan), br#"{"n":"$100 {{pod}}","h":"a.example"}"#);
    assert_eq!(header(&plan, "Content-Type"), Some("application/json"));
    assert_eq!(header(&plan, "Content-Length"), Some("36"));
    let plan =
        http(|spec| spec.body = HttpBody::Form(vec![NameValue::new("a b", "c&\n")])).unwrap();
    assert_eq!(body(&plan), b"a+b=c%26%0A");
    assert_eq!(header(&plan, "Content-Type"), Some("application/x-www-form-urlencoded"));
    let plan = http(|spec| spec.body = HttpBody::File("{{host}}.bin".into())).unwrap();
    assert_eq!(plan.body, PlanBody::File("a.example.bin".into()));
    assert_eq!(header(&plan, "Content-Length"), None);
    let plan = http(|spec| spec.method = "POST".into()).unwrap();
    assert_eq!(header(&plan, "Content-Length"), Some("0"));
}

#[test]
fn a_name_with_an_exclamation_mark_is_sent_as_the_name_in_braces() {
    let plan = http(|spec| {
        spec.url = "http://{{host}}/{{!a}}".into();
        spec.headers = vec![NameValue::new("X", "{{!host}} {{host}}")];
        spec.body = HttpBody::Text("{{!pod}} $100 {{! x }} {{!}}".into());
    })
    .unwrap();
    assert_eq!(body(&plan), b"{{pod}} $100 {{ x }} {{}}");
    assert_eq!(header(&plan, "X"), Some("{{host}} a.example"));
    let plan = http(|spec| spec.body = HttpBody::Payload(Payload::text(r"\{{pod}}"))).unwrap();
    assert_eq!(body(&plan), b"{{pod}}");
}

#[test]
fn bytes_may_be_hex_with_names_in_between() {
    let hex =
        |text: &str| HttpBody::Payload(Payload { text: text.into(), format: PayloadFormat::Hex });
    let plan = http(|spec| spec.body = hex("00 {{host}} ff")).unwrap();
    assert_eq!(body(&plan), b"\0a.example\xff");
    assert_eq!(header(&plan, "Content-Type"), Some("application/octet-stream"));
    assert_eq!(header(&plan, "Content-Length"), Some("11"));
    assert_eq!(one(http(|spec| spec.body = hex("0"))).field.to_string(), "body.hex");
}

#[test]
fn the_parts_of_a_form_are_planned_and_their_troubles_named() {
    let part = |source, value: &str| FormPart {
        name: "{{host}}".into(),
        source,
        value: value.into(),
        ..FormPart::default()
    };
    let parts =
        vec![part(PartSource::Text, "@{{host}}"), part(PartSource::File, "dir/{{host}}.PNG")];
    let plan = http(|spec| spec.body = HttpBody::Multipart(parts)).unwrap();
    let PlanBody::Multipart { boundary, parts } = &plan.body else { panic!("{:?}", plan.body) };
    let kind = format!("multipart/form-data; boundary={boundary}");
    assert_eq!(header(&plan, "Content-Type"), Some(&*kind));
    // A value never turns text into a file.
    assert_eq!(parts[0].content, PartContent::Bytes("@a.example".into()));
    assert_eq!(parts[1].content, PartContent::File("dir/a.example.PNG".into()));
    assert_eq!(parts[1].file_name.as_deref(), Some("a.example.PNG"));
    assert_eq!(parts[1].content_type.as_deref(), Some("image/png"));

    let typed = FormPart { content_type: "{{evil}}".into(), ..part(PartSource::Text, "") };
    let issue = one(http(|spec| spec.body = HttpBody::Multipart(vec![typed])));
    assert_eq!(issue.field.to_string(), "body.multipart.1.type");
    let nameless = vec![FormPart::default(), part(PartSource::File, "")];
    let issue = one(http(|spec| spec.body = HttpBody::Multipart(nameless)));
    assert_eq!(
        (&*issue.field.to_string(), &*issue.message),
        ("body.multipart.2.file", "no file is named")
    );
    let plan = http(|spec| {
        spec.headers = vec![NameValue::new("content-type", "multipart/mixed; boundary=mine")];
        spec.body = HttpBody::Multipart(Vec::new());
    });
    assert!(
        matches!(plan.unwrap().body, PlanBody::Multipart { boundary, .. } if boundary == "mine")
    );
}

#[test]
fn automatic_headers_are_told_before_sending_and_left_out_when_switched_off() {
    let off = |name: &str| NameValue { enabled: false, ..NameValue::new(name, "") };
    let mut spec = HttpSpec {
        method: "POST".into(),
        url: "http://{{host}}/".into(),
        headers: vec![off("user-agent"), off("X-Other"), NameValue::new("ACCEPT", "a/b")],
        body: HttpBody::Text("{{id}}".into()),
        ..HttpSpec::default()
    };
    let told: Vec<_> = automatic(&spec, &scope())
        .into_iter()
        .map(|known| (known.header.into_str(), known.value.unwrap_or_default(), known.omitted))
        .collect();
    let told: Vec<_> = told.iter().map(|(name, value, off)| (*name, &**value, *off)).collect();
    assert_eq!(
        told,
        [
            ("Host", "a.example", false),
            ("User-Agent", USER_AGENT_TOLD, true),
            ("Accept-Encoding", "deflate, gzip, br, zstd", false),
            ("Content-Type", "text/plain; charset=utf-8", false),
            ("Content-Length", "4", false),
        ]
    );
    for header in [AutomaticHeader::Host, AutomaticHeader::ContentLength] {
        spec.toggle_automatic(header);
    }
    let Plan::Http(plan) = plan(&Spec::Http(spec.clone()), &scope()).unwrap() else { panic!() };
    assert_eq!(names(&plan), ["Accept-Encoding", "Content-Type", "ACCEPT"]);
    spec.body = HttpBody::File("x".into());
    let Plan::Http(plan) = super::plan(&Spec::Http(spec), &scope()).unwrap() else { panic!() };
    assert_eq!(plan.length, LengthHeader::Omitted);
    // A row with a value rests, so the automatic header is sent.
    let resting = NameValue { enabled: false, ..NameValue::new("User-Agent", "mine") };
    let plan = http(|spec| spec.headers = vec![resting]).unwrap();
    assert!(header(&plan, "User-Agent").unwrap().starts_with("wirebench/"));
}

#[test]
fn a_length_or_type_of_the_users_own_is_respected() {
    let plan = http(|spec| {
        spec.body = HttpBody::Text("abc".into());
        spec.headers =
            vec![NameValue::new("content-length", "99"), NameValue::new("Content-type", "x/y")];
    })
    .unwrap();
    assert_eq!(header(&plan, "content-length"), Some("99"));
    assert_eq!(header(&plan, "Content-Length"), None);
    assert_eq!(header(&plan, "Content-Type"), None);
}

#[test]
fn a_body_chunked_by_a_header_has_no_length() {
    let plan = http(|spec| {
        spec.body = HttpBody::Text("abc".into());
        spec.headers = vec![NameValue::new("Transfer-Encoding", "chunked")];
    })
    .unwrap();
    // Whoever sends it makes the chunks.
    assert_eq!(body(&plan), b"abc");
    assert_eq!(header(&plan, "Content-Length"), None);
}

#[test]
fn credentials_become_a_header() {
    let basic = || Auth::Basic { user: "u".into(), password: "{{secret.token}}".into() };
    let plan = http(|spec| spec.auth = basic()).unwrap();
    assert_eq!(header(&plan, "Authorization"), Some("Basic dTpzMw=="));
    let plan = http(|spec| spec.auth = Auth::Bearer("{{secret.token}}".into())).unwrap();
    assert_eq!(header(&plan, "Authorization"), Some("Bearer s3"));
    let plan = http(|spec| spec.url = "http://u:s3@h/".into()).unwrap();
    assert_eq!(header(&plan, "Authorization"), Some("Basic dTpzMw=="));
    assert_eq!(plan.url, "http://h/");
    let plan = http(|spec| {
        spec.auth = basic();
        spec.headers = vec![NameValue::new("authorization", "mine")];
    });
    assert_eq!(header(&plan.unwrap(), "Authorization"), None);
}

#[test]
fn line_breaks_from_variables_never_reach_a_head() {
    let issue = one(http(|spec| spec.headers = vec![NameValue::new("A", "b{{evil}}")]));
    assert_eq!((&*issue.field.to_string(), issue.span), ("headers.1.value", Some(1..9)));
    assert_eq!(issue.message, "CR is not allowed here; it comes from {{evil}}");
    assert_eq!(
        one(http(|spec| spec.headers = vec![NameValue::new("{{nul}}", "")])).field.to_string(),
        "headers.1.name"
    );
    assert_eq!(one(http(|spec| spec.method = "GET{{evil}}".into())).field.to_string(), "method");
    assert_eq!(one(http(|spec| spec.url = "http://h/{{evil}}".into())).field.to_string(), "url");
    let encoded = http(|spec| spec.query = vec![NameValue::new("a", "{{evil}}")]).unwrap();
    assert_eq!(encoded.url, "http://a.example/p?a=x%0D%0AX-Inj%3A%201");
    assert_eq!(
        one(http(|spec| spec.auth = Auth::Bearer("{{evil}}".into()))).field.to_string(),
        "auth.bearer"
    );
}

#[test]
fn names_and_methods_must_be_tokens() {
    let issue =
        one(http(|spec| spec.headers = vec![NameValue::default(), NameValue::new("a b", "")]));
    assert_eq!(
        (&*issue.field.to_string(), issue.message.as_str()),
        ("headers.2.name", "' ' is not allowed here")
    );
    assert_eq!(one(http(|spec| spec.method = String::new())).message, "this is empty");
    assert_eq!(http(|spec| spec.method = "PROPfind".into()).unwrap().method, "PROPfind");
}

#[test]
fn every_unknown_name_is_reported_with_its_place() {
    let issues = http(|spec| {
        spec.url = "{{base}}/x".into();
        spec.query = vec![NameValue::new("a", "1 {{b}}")];
        spec.body = HttpBody::Text("{{c}}".into());
    })
    .unwrap_err();
    let found: Vec<_> = issues
        .iter()
        .map(|i| (i.field.to_string(), i.span.clone(), i.unknown.as_ref().map(UnknownName::inner)))
        .collect();
    assert_eq!(
        found,
        [
            ("url".to_owned(), Some(0..8), Some("base")),
            ("query.1.value".to_owned(), Some(2..7), Some("b")),
            ("body.text".to_owned(), Some(0..5), Some("c")),
        ]
    );
}

#[test]
fn an_unknown_name_can_be_sent_literally() {
    let body = HttpBody::Text("{{ pod }} {{host}}".into());
    let spec = Spec::Http(HttpSpec { url: "http://h/".into(), body, ..HttpSpec::default() });
    let Plan::Http(plan) = plan_with(&spec, &scope(), UnknownNames::Literal).unwrap() else {
        panic!("not HTTP")
    };
    assert_eq!(self::body(&plan), b"{{ pod }} a.example");
}

#[test]
fn a_bad_url_is_an_issue_of_the_address() {
    for url in ["", "http://", "ws://h/", "http://h:99999/", "http://h\\x"] {
        assert_eq!(one(http(|spec| spec.url = url.into())).field.to_string(), "url", "{url}");
    }
}

#[test]
fn an_http_listener_plans_its_rules_and_answers() {
    let json = HttpAnswer { body: HttpBody::Json("{}".into()), ..HttpAnswer::default() };
    let mut spec =
        HttpListenerSpec { bind: ":8080".into(), answer: json, ..HttpListenerSpec::default() };
    let Plan::HttpListener(plan) = plan(&Spec::HttpListener(spec.clone()), &scope()).unwrap()
    else {
        panic!("not a listener")
    };
    assert_eq!(plan.bind, Bind::Loopback { port: 8080 });
    assert_eq!(plan.answer.headers, [("Content-Type".into(), "application/json".into())]);
    let headers = vec![NameValue::new("A", "{{evil}}")];
    let answer = HttpAnswer { status: 20, headers, ..HttpAnswer::default() };
    spec.rules.push(HttpRule { path: "/".into(), answer, ..HttpRule::default() });
    let issues = super::plan(&Spec::HttpListener(spec), &scope()).unwrap_err();
    let fields: Vec<String> = issues.iter().map(|issue| issue.field.to_string()).collect();
    assert_eq!(fields, ["rule.1.status", "rule.1.headers.1.value"]);
}

#[test]
fn a_bind_may_be_a_port_alone_or_carry_its_scheme() {
    for (text, bind) in [
        ("9000", Bind::Loopback { port: 9000 }),
        ("tcp://:9000/", Bind::Loopback { port: 9000 }),
        ("*:9000", Bind::All { port: 9000 }),
    ] {
        let spec = TcpListenerSpec { bind: text.into(), ..TcpListenerSpec::default() };
        match plan(&Spec::TcpListener(spec), &scope()) {
            Ok(Plan::TcpListener(plan)) => assert_eq!(plan.bind, bind),
            other => panic!("{other:?}"),
        }
    }
    let spec = TcpListenerSpec { bind: "example.com:1".into(), ..TcpListenerSpec::default() };
    assert_eq!(one(plan(&Spec::TcpListener(spec), &scope())).field.to_string(), "bind");
}

#[test]
fn a_unix_socket_is_planned_from_its_templates_and_what_it_cannot_have_is_said() {
    let mut scope = scope();
    scope.os.insert("HOME".into(), "/home/ann/".into());
    let planned = |protocol, side, set: &[(&str, &str)]| {
        let mut spec = Spec::empty(protocol, side);
        for (key, value) in set {
            field_access::assign(spec.options_mut(), key, value).unwrap();
        }
        super::plan(&spec, &scope)
    };
    let (client, listener) = (Side::Client, Side::Listener);
    for (typed, address) in [
        ("unix:/run/{{host}}.sock", "unix:/run/a.example.sock"),
        ("unix://~/a.sock", "unix:/home/ann/a.sock"),
        (" unix:@{{host}} ", "unix:@a.example"),
    ] {
        let plan = planned(Protocol::Tcp, client, &[("address", typed)]).unwrap();
        assert_eq!(plan.address(), address);
        let plan = planned(Protocol::Http, Side::Relay, &[("bind", typed), ("target", "unix:/b")]);
        assert_eq!(plan.unwrap().address(), format!("{address} → unix:/b"));
    }
    let modes = [("bind", "unix:/a"), ("socket-mode", "660")];
    let Plan::TcpListener(plan) = planned(Protocol::Tcp, listener, &modes).unwrap() else {
        panic!("no listener")
    };
    assert!(matches!(plan.bind, Bind::Unix { mode: 0o660, .. }));
    let socket = [("url", "http://h/"), ("unix-socket", "~/a.sock")];
    let Plan::Http(plan) = planned(Protocol::Http, client, &socket).unwrap() else {
        panic!("no request")
    };
    assert_eq!(plan.unix_socket.unwrap().to_string(), "unix:/home/ann/a.sock");
    for (protocol, side, set, field) in [
        (Protocol::Udp, client, &[("address", "unix:/a")][..], "address"),
        (Protocol::Udp, listener, &[("bind", "unix:/a")], "bind"),
        (Protocol::Udp, Side::Relay, &[("target", "unix:/a")], "target"),
        (Protocol::Tcp, client, &[("address", "unix:/a"), ("source", ":9")], "source"),
        (Protocol::Tcp, listener, &[("bind", "unix:/a"), ("socket-mode", "0888")], "socket-mode"),
        (Protocol::Http, listener, &[("bind", ":9000"), ("socket-mode", "0666")], "socket-mode"),
        (Protocol::Tcp, listener, &[("bind", "unix:@")], "bind"),
        (Protocol::Http, client, &[("url", "http://h/"), ("unix-socket", "@")], "unix-socket"),
    ] {
        assert_eq!(one(planned(protocol, side, set)).field.to_string(), field, "{set:?}");
    }
    for (protocol, side, set, has_it) in [
        (Protocol::Tcp, client, &[("address", "unix:/a")][..], false),
        (Protocol::Tcp, listener, &[("bind", "unix:/a")], false),
        (Protocol::Http, listener, &[("bind", "unix:/a")], false),
        (Protocol::Http, client, &[("url", "http://h/"), ("unix-socket", "/a")], false),
        (Protocol::Tcp, Side::Relay, &[("bind", "unix:/a"), ("target", "unix:/b")], false),
        (Protocol::Tcp, Side::Relay, &[("bind", "unix:/a"), ("target", "b:1")], true),
        (Protocol::Http, Side::Relay, &[("bind", "unix:/a"), ("target", "unix:/b")], false),
        (Protocol::Http, Side::Relay, &[("bind", ":1"), ("target", "unix:/b")], true),
        (Protocol::Http, Side::Relay, &[("bind", "unix:/a")], true),
    ] {
        let planned = planned(protocol, side, &[set, &[("keep-alive", "9s")]].concat());
        if has_it {
            assert!(planned.is_ok(), "{set:?}: {planned:?}");
        } else {
            assert_eq!(one(planned).field.to_string(), "keep-alive", "{set:?}");
        }
    }
}

#[test]
fn a_tcp_client_plans_its_address_steps_and_tls() {
    let spec = TcpSpec {
        address: "tcp://{{host}}:7/".into(),
        tls: ClientTls::On {
            verify: Verify::On,
            trust: TrustedCertificates::default(),
            sni: "{{host}}".into(),
            choices: crate::model::tls::TlsChoices::default(),
        },
        steps: vec![
            ScriptStep::Send(Payload::text(r"PING\r\n")),
            ScriptStep::Expect { awaited: Awaited::text("PONG"), within: Duration::from_secs(1) },
        ],
        ..TcpSpec::default()
    };
    let Plan::Tcp(plan) = plan(&Spec::Tcp(spec.clone()), &scope()).unwrap() else {
        panic!("not TCP")
    };
    assert_eq!(plan.endpoint, Endpoint::new("a.example", 7));
    assert!(
        matches!(&plan.tls, ClientTls::On { verify: Verify::On, sni, .. } if sni == "a.example")
    );
    assert_eq!(plan.steps[0], StepPlan::Send(b"PING\r\n"[..].into()));
    let steps =
        vec![ScriptStep::Send(Payload::text("ok")), ScriptStep::Send(Payload::text(r"a\q"))];
    let issue = one(super::plan(&Spec::Tcp(TcpSpec { steps, ..spec.clone() }), &scope()));
    assert_eq!((&*issue.field.to_string(), issue.span), ("step.2.send", Some(1..3)));
    for address in ["", "host", "host:0", "host:99999", "unix:"] {
        let spec = TcpSpec { address: address.into(), ..spec.clone() };
        assert_eq!(
            one(super::plan(&Spec::Tcp(spec), &scope())).field.to_string(),
            "address",
            "{address}"
        );
    }
}

#[test]
fn what_a_step_waits_for_is_checked_before_it_runs() {
    let planned = |format, text: &str| {
        let step = ScriptStep::Expect {
            awaited: Awaited { text: text.into(), format },
            within: Duration::from_secs(1),
        };
        let spec = TcpSpec { address: "a:7".into(), steps: vec![step], ..TcpSpec::default() };
        plan(&Spec::Tcp(spec), &scope())
    };
    let (hex, matches) = (AwaitedFormat::Hex, AwaitedFormat::Matches);
    let (length, json) = (AwaitedFormat::Length, AwaitedFormat::Json);
    for (format, text, wanted) in [
        (hex, "0a0B", AwaitedPlan::Bytes(b"\n\x0b"[..].into())),
        (hex, "01 ?? 03", AwaitedPlan::Pattern(vec![Some(1), None, Some(3)])),
        (matches, "^{{host}}$", AwaitedPlan::Matches("^a.example$".into())),
        (length, " 12 ", AwaitedPlan::Length(12)),
        (
            json,
            r#"{ "host": "{{host}}" }"#,
            AwaitedPlan::Json(serde_json::json!({ "host": "a.example" })),
        ),
    ] {
        let Plan::Tcp(plan) = planned(format, text).unwrap() else { panic!("not TCP") };
        let within = Duration::from_secs(1);
        assert_eq!(plan.steps, [StepPlan::Expect { awaited: wanted, within }], "{text}");
    }
    for (format, text, why) in [
        (hex, "01 ?", "one digit is missing or too many"),
        (hex, "??x1", "a byte is two hex digits, or ?? for any"),
        (matches, "(", "not a regular expression"),
        (matches, "", "what to wait for is missing"),
        (length, "0", "from 1 to 1048576"),
        (length, "twelve", "from 1 to 1048576"),
        (json, "{", "this is no JSON"),
    ] {
        let issue = one(planned(format, text));
        assert_eq!(issue.field.to_string(), "step.1.expect");
        assert!(issue.message.contains(why), "{text}: {}", issue.message);
    }
}

#[test]
fn automatic_answers_keep_message_and_match_open() {
    let rule = |kind, text: &str, send| Rule {
        enabled: true,
        when: When { kind, text: text.into() },
        send: Payload::text(send),
        delay: Duration::ZERO,
        ..Rule::default()
    };
    let spec = TcpListenerSpec {
        rules: vec![
            rule(WhenKind::Contains, r"PI\x4eG", r"<{{match}}>{{host}}\r\n"),
            Rule::default(),
        ],
        ..TcpListenerSpec::default()
    };
    let Plan::TcpListener(plan) = plan(&Spec::TcpListener(spec.clone()), &scope()).unwrap() else {
        panic!("not a listener")
    };
    assert_eq!(plan.rules[0].when, WhenPlan::Contains(b"PING"[..].into()));
    let literal = |text: &'static str| AnswerPart::Literal(text.into());
    assert_eq!(plan.rules[0].send, [literal("<"), AnswerPart::Match, literal(">a.example\r\n")]);
    assert_eq!(plan.rules[1].send, [AnswerPart::Message]);
    let rules = vec![rule(WhenKind::Matches, "(", "x")];
    let issue = one(super::plan(&Spec::TcpListener(TcpListenerSpec { rules, ..spec }), &scope()));
    assert_eq!(issue.field.to_string(), "rule.1.when.text");
    assert!(!issue.message.contains('\n'), "{}", issue.message);
}

#[test]
fn the_input_line_gets_its_ending_only_as_text() {
    let bytes = |format, text: &str| {
        let payload = Payload { text: text.into(), format };
        super::payload(&payload, LineEnding::CrLf, &scope(), UnknownNames::Refused)
    };
    assert_eq!(bytes(PayloadFormat::Text, r"a\t{{host}}").unwrap(), "a\ta.example\r\n");
    assert_eq!(bytes(PayloadFormat::Hex, "61 62").unwrap(), "ab");
    assert_eq!(bytes(PayloadFormat::Text, "").unwrap(), "\r\n");
    let issue = bytes(PayloadFormat::Text, "{{nope}}").unwrap_err();
    assert_eq!(
        (&*issue.field.to_string(), issue.unknown.as_ref().unwrap().inner()),
        ("input", "nope")
    );
    assert_eq!(bytes(PayloadFormat::Hex, "6").unwrap_err().field.to_string(), "input");
}

#[test]
fn a_source_is_an_address_a_port_or_an_interface() {
    let source = |source: &str| {
        let client = ClientSpec { source: source.into(), ..ClientSpec::default() };
        let address = "h:1".to_owned();
        let tcp =
            TcpSpec { address: address.clone(), client: client.clone(), ..TcpSpec::default() };
        let http = HttpSpec { url: address.clone(), client: client.clone(), ..HttpSpec::default() };
        let udp = UdpSpec { address, client, ..UdpSpec::default() };
        let found = [Spec::Tcp(tcp), Spec::Http(http), Spec::Udp(udp)].map(|spec| {
            let client = match plan(&spec, &scope()) {
                Ok(Plan::Tcp(plan)) => plan.client,
                Ok(Plan::Http(plan)) => plan.client,
                Ok(Plan::Udp(plan)) => plan.client,
                Ok(other) => panic!("{other:?}"),
                Err(issues) => return Err(one(Err::<(), _>(issues)).to_string()),
            };
            Ok(client.source.map(|source| source.to_string()))
        });
        assert!(found.iter().all(|one| *one == found[0]), "the same to each client: {found:?}");
        found[0].clone()
    };
    for (text, shown) in [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("127.0.0.1:70", "127.0.0.1:70"),
        (":70", ":70"),
        ("70", ":70"),
        ("*:70", "*:70"),
        ("eth0.5", "eth0.5"),
    ] {
        assert_eq!(source(text), Ok(Some(shown.to_owned())), "{text}");
    }
    assert_eq!(source(""), Ok(None));
    for bad in ["no interface", "a/b", "x:1", "much-too-long-a-name"] {
        let issue = source(bad).unwrap_err();
        assert_eq!(issue, format!("source: '{bad}' is no address, :port or interface"));
    }
}

#[test]
fn keep_alive_counts_in_whole_seconds() {
    let planned = |keep_alive| http(|spec| spec.socket.keep_alive = Some(keep_alive));
    let minute = Duration::from_secs(60);
    assert_eq!(planned(minute).unwrap().socket.keep_alive, Some(minute));
    for bad in [Duration::ZERO, Duration::from_millis(1500), Duration::from_secs(40_000)] {
        assert_eq!(one(planned(bad)).field.to_string(), "keep-alive");
    }
}

#[test]
fn a_value_that_breaks_the_json_it_goes_into_is_named() {
    let planned = |body: &str| {
        let mut scope = scope();
        for (name, value) in
            [("quote", "a \"b\""), ("plain", "a"), ("object", "{\"x\":1}"), ("line", "a\nb")]
        {
            scope.variables.insert(name.into(), value.into());
        }
        let body = HttpBody::Json(body.into());
        let spec = HttpSpec { url: "http://a/".into(), body, ..HttpSpec::default() };
        plan(&Spec::Http(spec), &scope)
    };
    for (body, guilty) in [
        (r#"{"a":"{{quote}}"}"#, "{{quote}}"),
        (r#"{"p":"{{plain}}","a":"{{line}}"}"#, "{{line}}"),
        (r#"{"a":{{plain}}}"#, "{{plain}}"),
    ] {
        let issues = planned(body).unwrap_err();
        assert!(issues[0].message.contains(&format!("the value of {guilty}")), "{issues:?}");
    }
    // Names that go out as they are do what was asked for.
    let spec = HttpSpec {
        url: "http://a/".into(),
        body: HttpBody::Json(r#"{"a":{{num}},"b":"{{text}}"}"#.into()),
        ..HttpSpec::default()
    };
    assert!(plan_with(&Spec::Http(spec), &Scope::default(), UnknownNames::Literal).is_ok());
    for body in [r#"{"a":"{{plain}}","b":{{object}}}"#, "not JSON {{quote}}", "{{object}}"] {
        assert!(planned(body).is_ok(), "{body}");
    }
}

#[test]
fn what_a_value_brings_into_a_url_stays_data_and_what_is_not_sent_is_noted() {
    let planned = |url: &str| {
        let mut scope = scope();
        scope.variables.insert("key".into(), "abc#7".into());
        scope.variables.insert("base".into(), "http://a/#x".into());
        let spec = HttpSpec { url: url.into(), ..HttpSpec::default() };
        match plan(&Spec::Http(spec), &scope) {
            Ok(Plan::Http(plan)) => plan,
            other => panic!("{other:?}"),
        }
    };
    let plan = planned("http://a/?key={{key}}&lang=fr");
    assert_eq!((plan.url.as_str(), plan.notes.len()), ("http://a/?key=abc%237&lang=fr", 0));
    for url in ["http://a/?q=a#b&c", "{{base}}"] {
        let notes = planned(url).notes;
        assert!(notes[0].contains("write %23"), "{url}: {notes:?}");
    }
}
