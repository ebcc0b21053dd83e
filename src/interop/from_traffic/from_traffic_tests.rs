use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::compose::plan;
use crate::model::exchange::{
    BodyFacts, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming,
};
use crate::model::id::{BodyId, SessionId};
use crate::model::plan::{Plan, PlanBody, StepPlan};
use crate::model::preset::Scope;
use crate::model::protocol::Side;
use crate::model::record::Direction;
use crate::model::timing::Stamp;

fn received(method: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Exchange {
    let field = |(name, value): &(&str, &[u8])| FieldLine {
        name: Bytes::copy_from_slice(name.as_bytes()),
        value: Bytes::copy_from_slice(value),
    };
    let start = StartLine::Request {
        method: method.into(),
        target: "/a?b={{c}}".into(),
        version: HttpVersion::Http11,
    };
    let fields = headers.iter().map(field).collect();
    let body = BodyFacts {
        id: BodyId(1),
        framing: MessageFraming::Length(body.len() as u64),
        codings: Vec::new(),
        encoded_len: body.len() as u64,
        decoded_len: body.len() as u64,
        expected: None,
        trailers: Vec::new(),
        complete: true,
        decode_error: None,
        as_came: false,
        damaged: false,
    };
    let request = HttpMessage { head: Head { raw: Bytes::new(), start, fields }, body };
    Exchange {
        url: "http://127.0.0.1:8080/a?b={{c}}".into(),
        state: ExchangeState::Complete,
        ..Exchange::begun(Side::Listener, SessionId(1).conn(1), 0, request, Stamp(0))
    }
}

#[test]
fn a_request_of_http2_is_asked_for_in_http2_without_what_stands_for_its_first_line() {
    let headers: &[(&str, &[u8])] =
        &[(":method", b"GET"), (":authority", b"a"), (":path", b"/"), ("x-a", b"1")];
    let mut exchange = received("GET", headers, b"");
    let StartLine::Request { version, .. } = &mut exchange.request.head.start else { panic!() };
    *version = HttpVersion::Http2;
    let (Spec::Http(http), _) = spec_and_remarks(&exchange, b"") else { panic!() };
    assert_eq!(http.version, VersionChoice::Http2PriorKnowledge);
    let used = http.headers.iter().filter(|row| row.enabled);
    assert_eq!(used.map(|row| &*row.name).collect::<Vec<_>>(), ["x-a"]);
    exchange.url = "https://a/".into();
    let (Spec::Http(http), _) = spec_and_remarks(&exchange, b"") else { panic!() };
    assert_eq!(http.version, VersionChoice::Auto);
}

#[test]
fn a_received_request_becomes_one_that_sends_the_same() {
    let body = br#"{"n":"costs $100, keep {{pod}}"}"#;
    let headers: &[(&str, &[u8])] = &[
        ("Host", b"127.0.0.1:8080"),
        ("User-Agent", b"x/1"),
        ("Accept", b"a/b"),
        ("Accept-Encoding", b"gzip"),
        ("content-TYPE", b"application/json; charset=utf-8"),
        ("X-A", b"1"),
        ("x-a", b"{{2}} {{name}}"),
        ("Connection", b"close, X-Hop"),
        ("X-Hop", b"gone"),
        ("Content-Length", b"32"),
    ];
    let (spec, remarks) = spec_and_remarks(&received("PUT", headers, body), body);
    assert_eq!(remarks, Vec::<String>::new());
    let Spec::Http(http) = &spec else { panic!("{spec:?}") };
    assert!(matches!(http.body, HttpBody::Json(_)));
    let Plan::Http(plan) = plan(&spec, &Scope::default()).unwrap() else { panic!() };
    assert_eq!(
        (plan.method.as_str(), plan.url.as_str()),
        ("PUT", "http://127.0.0.1:8080/a?b={{c}}")
    );
    assert_eq!(plan.body, PlanBody::Bytes(Bytes::from_static(body)));
    let mut sent: Vec<(&str, &str)> =
        plan.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sent.sort_unstable();
    assert_eq!(
        sent,
        [
            ("Accept", "a/b"),
            ("Accept-Encoding", "gzip"),
            ("Content-Length", "32"),
            ("Host", "127.0.0.1:8080"),
            ("User-Agent", "x/1"),
            ("X-A", "1"),
            ("content-TYPE", "application/json; charset=utf-8"),
            ("x-a", "{{2}} {{name}}"),
        ]
    );
}

#[test]
fn what_cannot_be_carried_over_is_said() {
    let headers: &[(&str, &[u8])] = &[("X-Odd", b"\xff"), ("Content-Encoding", b"gzip")];
    let mut exchange = received("POST", headers, b"\xff\xfe");
    exchange.request.body.codings = vec!["gzip".into()];
    exchange.request.body.complete = false;
    let (spec, remarks) = spec_and_remarks(&exchange, b"\xff\xfe");
    let Spec::Http(http) = spec else { panic!() };
    assert!(http.headers.iter().all(|row| !row.enabled), "{:?}", http.headers);
    let all = remarks.join("\n");
    for part in ["X-Odd", "content coding", "cut off"] {
        assert!(all.contains(part), "{part} in {all}");
    }
}

#[test]
fn a_request_without_the_usual_headers_is_sent_without_them() {
    let (spec, _) = spec_and_remarks(&received("POST", &[("Host", b"h")], b"a"), b"a");
    let Plan::Http(plan) = plan(&spec, &Scope::default()).unwrap() else { panic!() };
    let names: Vec<&str> = plan.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Host", "Content-Length"]);
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_body_is_sent_again_byte_for_byte(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            "[a-z{}\\\\\r\n\t\x00-\x08é%$]{0,40}".prop_map(String::into_bytes),
        ],
        json: bool,
    ) {
        let kind: &[(&str, &[u8])] =
            if json { &[("Content-Type", b"application/json")] } else { &[("Content-Type", b"x/y")] };
        let (spec, remarks) = spec_and_remarks(&received("POST", kind, &body), &body);
        prop_assert_eq!(remarks, Vec::<String>::new());
        let Ok(Plan::Http(plan)) = plan(&spec, &Scope::default()) else { panic!("{spec:?}") };
        prop_assert_eq!(plan.body, PlanBody::Bytes(body.into()));
    }
}

fn conn(protocol: Protocol, side: Side) -> ConnInfo {
    ConnInfo {
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("[::ffff:10.0.0.1]:5000".parse().unwrap()),
        ..ConnInfo::new(SessionId(1).conn(1), protocol, side)
    }
}

fn record(data: &[u8]) -> Record {
    Record {
        frames: bytes::Bytes::new(),
        at: Stamp(0),
        conn: SessionId(1).conn(1),
        direction: Direction::Received,
        kind: RecordKind::Data,
        data: Bytes::copy_from_slice(data),
        original_len: data.len() as u64,
        faults: crate::model::fault::FaultMarks::default(),
    }
}

#[test]
fn a_message_goes_to_our_listener_again_or_to_the_peer_of_our_client() {
    let to = |protocol, side| {
        spec_from_record(&record(b"x"), &conn(protocol, side)).address().to_string()
    };
    assert_eq!(to(Protocol::Tcp, Side::Listener), "127.0.0.1:9000");
    assert_eq!(to(Protocol::Udp, Side::Client), "10.0.0.1:5000");
    assert_eq!(to(Protocol::Tcp, Side::Relay), "127.0.0.1:9000", "through it once more");
    let fact = Record { kind: RecordKind::Closed, ..record(b"closed") };
    let Spec::Tcp(spec) = spec_from_record(&fact, &conn(Protocol::Tcp, Side::Client)) else {
        panic!()
    };
    assert!(spec.steps.is_empty());
}

#[test]
fn text_stays_readable_and_the_rest_becomes_hex() {
    assert_eq!(payload(b"PING\r\n"), Payload::text("PING\\r\\n"));
    assert_eq!(payload(b"\x00\x01\xff").format, PayloadFormat::Hex);
    assert_eq!(payload(b"\x00\x01\xff").text, "00 01 ff");
    assert_eq!(payload(b""), Payload::text(""));
    assert_eq!(payload(b"{{x}}").text, r"\{{x}}");
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn a_message_turned_around_sends_the_very_bytes(
        data in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            "[ -~\r\n\t{}\\\\]{0,60}".prop_map(String::into_bytes),
            "\\PC{0,30}".prop_map(String::into_bytes),
        ],
        udp: bool,
    ) {
        let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
        let spec = spec_from_record(&record(&data), &conn(protocol, Side::Listener));
        let steps = match plan(&spec, &Scope::default()) {
            Ok(Plan::Tcp(plan)) => plan.steps,
            Ok(Plan::Udp(plan)) => plan.steps,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(steps, vec![StepPlan::Send(data.into())]);
    }

    #[test]
    fn a_text_body_turned_around_is_the_very_body(body in "[{}!a-c\"\r\n ]{1,40}|\\PC{1,20}") {
        let headers: &[(&str, &[u8])] = &[("Content-Type", b"text/x")];
        let exchange = received("POST", headers, body.as_bytes());
        let (spec, _) = spec_and_remarks(&exchange, body.as_bytes());
        let Ok(Plan::Http(plan)) = plan(&spec, &Scope::default()) else {
            return Err(TestCaseError::fail("no plan"));
        };
        prop_assert_eq!(plan.body, PlanBody::Bytes(body.into()));
    }
}
