use bytes::Bytes;

use super::*;
use crate::model::exchange::{BodyFacts, FieldLine, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::SessionId;
use crate::model::protocol::Side;

/// The kinds of values in HAR 1.2.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Number,
    Flag,
    Date,
    Object(&'static [Key]),
    List(&'static [Key]),
}

/// A name, whether it may be left out, and what it is.
type Key = (&'static str, bool, Kind);

use Kind::{Date, Flag, List, Number, Object, Text, Whole};

const PAIR: &[Key] = &[("name", false, Text), ("value", false, Text), ("comment", true, Text)];
const COOKIE: &[Key] = &[
    ("name", false, Text),
    ("value", false, Text),
    ("path", true, Text),
    ("domain", true, Text),
    ("expires", true, Date),
    ("httpOnly", true, Flag),
    ("secure", true, Flag),
    ("comment", true, Text),
];
const POST: &[Key] = &[
    ("mimeType", false, Text),
    ("params", true, List(PAIR)),
    ("text", true, Text),
    ("comment", true, Text),
];
const REQUEST: &[Key] = &[
    ("method", false, Text),
    ("url", false, Text),
    ("httpVersion", false, Text),
    ("cookies", false, List(COOKIE)),
    ("headers", false, List(PAIR)),
    ("queryString", false, List(PAIR)),
    ("postData", true, Object(POST)),
    ("headersSize", false, Whole),
    ("bodySize", false, Whole),
    ("comment", true, Text),
];
const CONTENT: &[Key] = &[
    ("size", false, Whole),
    ("compression", true, Whole),
    ("mimeType", false, Text),
    ("text", true, Text),
    ("encoding", true, Text),
    ("comment", true, Text),
];
const RESPONSE: &[Key] = &[
    ("status", false, Whole),
    ("statusText", false, Text),
    ("httpVersion", false, Text),
    ("cookies", false, List(COOKIE)),
    ("headers", false, List(PAIR)),
    ("content", false, Object(CONTENT)),
    ("redirectURL", false, Text),
    ("headersSize", false, Whole),
    ("bodySize", false, Whole),
    ("comment", true, Text),
];
const TIMINGS: &[Key] = &[
    ("blocked", true, Number),
    ("dns", true, Number),
    ("connect", true, Number),
    ("send", false, Number),
    ("wait", false, Number),
    ("receive", false, Number),
    ("ssl", true, Number),
    ("comment", true, Text),
];
const ENTRY: &[Key] = &[
    ("pageref", true, Text),
    ("startedDateTime", false, Date),
    ("time", false, Number),
    ("request", false, Object(REQUEST)),
    ("response", false, Object(RESPONSE)),
    ("cache", false, Object(&[])),
    ("timings", false, Object(TIMINGS)),
    ("serverIPAddress", true, Text),
    ("connection", true, Text),
    ("comment", true, Text),
];
const LOG: &[Key] = &[
    ("version", false, Text),
    ("creator", false, Object(&[("name", false, Text), ("version", false, Text)])),
    ("entries", false, List(ENTRY)),
    ("comment", true, Text),
];
const FILE: &[Key] = &[("log", false, Object(LOG))];

fn check(value: &Value, keys: &'static [Key], place: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{place} is no object: {value}"));
    for (name, optional, kind) in keys {
        let place = format!("{place}.{name}");
        match (object.get(*name), kind) {
            (None, _) => assert!(*optional, "{place} is missing"),
            (Some(value), Text) => assert!(value.is_string(), "{place}: {value}"),
            (Some(value), Whole) => assert!(value.is_i64() || value.is_u64(), "{place}: {value}"),
            (Some(value), Number) => assert!(value.is_number(), "{place}: {value}"),
            (Some(value), Flag) => assert!(value.is_boolean(), "{place}: {value}"),
            (Some(value), Date) => {
                let text = value.as_str().unwrap();
                assert!(text.parse::<jiff::Timestamp>().is_ok() && text.contains('T'), "{place}");
            }
            (Some(value), Object(keys)) => check(value, keys, &place),
            (Some(value), List(keys)) => {
                value.as_array().unwrap().iter().for_each(|value| check(value, keys, &place));
            }
        }
    }
    for name in object.keys() {
        let is_known = keys.iter().any(|(known, ..)| known == name);
        assert!(is_known || name.starts_with('_'), "{place} has a field of its own: {name}");
    }
}

/// Checks a whole file, and what the texts of the specification say besides.
fn checked(text: &str) -> Value {
    let har: Value = serde_json::from_str(text).unwrap();
    check(&har, FILE, "");
    assert_eq!(har["log"]["version"], "1.2");
    for entry in har["log"]["entries"].as_array().unwrap() {
        let timings = entry["timings"].as_object().unwrap();
        let sum: f64 = timings
            .iter()
            .filter(|(name, _)| *name != "ssl")
            .filter_map(|(_, time)| time.as_f64().filter(|time| *time >= 0.0))
            .sum();
        assert!((sum - entry["time"].as_f64().unwrap()).abs() < 0.001, "{entry}");
        for needed in ["send", "wait", "receive"] {
            assert!(timings[needed].as_f64().unwrap() >= 0.0);
        }
        let ssl = timings["ssl"].as_f64().unwrap();
        assert!(ssl < 0.0 || ssl <= timings["connect"].as_f64().unwrap());
        let post = &entry["request"]["postData"];
        assert!(post.get("text").is_none() || post.get("params").is_none(), "{post}");
        assert!(!entry["request"]["url"].as_str().unwrap().contains('#'));
    }
    har
}

fn field(name: &str, value: &str) -> FieldLine {
    let of = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    FieldLine { name: of(name), value: of(value) }
}

fn message(start: StartLine, raw: &str, fields: &[(&str, &str)], body: BodyFacts) -> HttpMessage {
    let line = format!("{}\r\n", raw.trim_end());
    let lines = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let raw: String = std::iter::once(line).chain(lines).chain(["\r\n".to_owned()]).collect();
    let fields = fields.iter().map(|(name, value)| field(name, value)).collect();
    HttpMessage { head: Head { raw: raw.into(), start, fields }, body }
}

fn posted(side: Side, mime: &str, body: BodyFacts) -> Exchange {
    let start = StartLine::Request {
        method: "POST".into(),
        target: "/a?q=a+b%26&&x".into(),
        version: HttpVersion::Http11,
    };
    let fields = [("Host", "h"), ("Cookie", "sid=hunter2; a=b"), ("Content-Type", mime)];
    let request = message(start, "POST ... 123 bytes", &fields, body);
    let ms = Duration::from_millis;
    let mut exchange = Exchange {
        url: "https://h/a?q=a+b%26&&x#part".into(),
        local: Some("127.0.0.1:5".parse().unwrap()),
        peer: Some("[::1]:443".parse().unwrap()),
        state: ExchangeState::Complete,
        ..Exchange::begun(side, SessionId(1).conn(2), 0, request, Stamp(1_700_000_000_123_456_789))
    };
    exchange.timing = Timing {
        lookup: Some(ms(1)),
        connect: Some(ms(2)),
        tunnel: None,
        tls: Some(ms(4)),
        send: Some(ms(8)),
        first_byte: Some(ms(16)),
        transfer: Some(ms(32)),
        total: ms(63),
    };
    exchange
}

fn facts(encoded_len: u64, decoded_len: u64, codings: &[&str]) -> BodyFacts {
    let codings = codings.iter().map(|coding| (*coding).to_owned()).collect();
    let framing = MessageFraming::Length(encoded_len);
    BodyFacts { framing, encoded_len, decoded_len, codings, complete: true, ..BodyFacts::default() }
}

fn answer(exchange: &mut Exchange, status: u16, fields: &[(&str, &str)], body: BodyFacts) {
    let reason = Bytes::from_static(b"Fine");
    let start = StartLine::Response { version: HttpVersion::Http11, status, reason };
    exchange.response = Some(message(start, "HTTP/1.1 200 Fine\r\n\r\n", fields, body));
}

fn file(entries: &[String]) -> Value {
    let mut text = begin();
    for (at, entry) in entries.iter().enumerate() {
        text.push_str(separator(at == 0));
        text.push_str(entry);
    }
    text.push_str(&end(Some("a \"remark\"")));
    checked(&text)
}

#[test]
fn an_exchange_is_written_to_the_letter() {
    let mut exchange = posted(Side::Client, "application/x-www-form-urlencoded", facts(7, 7, &[]));
    let set =
        "id=hunter2; Path=/; Expires=Wed, 21-Oct-2015 07:28:00 GMT; Secure; HttpOnly; Max-Age=9";
    let fields = [("Content-Type", "text/html; charset=iso-8859-1"), ("Set-Cookie", set)];
    answer(&mut exchange, 200, &fields, facts(20, 5, &["gzip"]));
    let bodies = HarBodies { request: b"a=1&b=+", response: b"caf\xe9!" };
    let har = file(&[entry(&exchange, bodies, &Disclosure::Everything)]);
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["startedDateTime"], "2023-11-14T22:13:20.123456Z");
    assert_eq!(entry["time"], 63.0);
    assert_eq!(entry["timings"]["connect"], 6.0);
    assert_eq!(entry["timings"]["blocked"], -1);
    assert_eq!((&entry["serverIPAddress"], &entry["connection"]), (&json!("::1"), &json!("1/2")));
    let (request, response) = (&entry["request"], &entry["response"]);
    assert_eq!(request["url"], "https://h/a?q=a+b%26&&x");
    let pairs = json!([{ "name": "q", "value": "a b&" }, { "name": "x", "value": "" }]);
    assert_eq!(request["queryString"], pairs);
    assert_eq!(request["headersSize"], exchange.request.head.raw.len());
    let first_line = Bytes::from_static(b"POST / HTTP/1.1\r\n\r\n");
    exchange.request.head.raw = first_line;
    assert_eq!(head_size(&exchange.request), -1, "a first line alone is no head");
    assert_eq!(request["postData"]["params"][1], json!({ "name": "b", "value": " " }));
    assert_eq!(request["cookies"][0], json!({ "name": "sid", "value": "hunter2" }));
    assert_eq!(response["content"]["size"], 5);
    assert_eq!(response["content"]["compression"], -15);
    assert_eq!(
        (&response["content"]["text"], &response["bodySize"]),
        (&json!("café!"), &json!(20))
    );
    let cookie = &response["cookies"][0];
    assert_eq!(cookie["expires"], "2015-10-21T07:28:00.000Z");
    assert_eq!((&cookie["secure"], &cookie["httpOnly"]), (&json!(true), &json!(true)));
    assert_eq!(har["log"]["comment"], "a \"remark\"");
}

/// `curl -d hello` says that it sends a form; written as fields it was sent again as `hello=`.
#[test]
fn a_form_that_its_fields_do_not_tell_exactly_is_a_text() {
    for (body, is_fields) in [
        ("a=1&b=+", true),
        ("a=1&b=%20", false),
        ("hello", false),
        ("a=1&", false),
        ("{\"a\": 1}", false),
    ] {
        let len = body.len() as u64;
        let form = "application/x-www-form-urlencoded";
        let mut exchange = posted(Side::Client, form, facts(len, len, &[]));
        answer(&mut exchange, 200, &[], facts(0, 0, &[]));
        let bodies = HarBodies { request: body.as_bytes(), response: b"" };
        let har = file(&[entry(&exchange, bodies, &Disclosure::Everything)]);
        let post = &har["log"]["entries"][0]["request"]["postData"];
        assert_eq!(post["params"].is_array(), is_fields, "{body}");
        assert_eq!(post["text"].as_str(), (!is_fields).then_some(body));
        let (read, _) =
            crate::interop::har_read::read_har(har.to_string().as_bytes(), SessionId(0)).unwrap();
        assert!(read.records[0].data.ends_with(format!("\r\n\r\n{body}").as_bytes()), "{body}");
    }
}

#[test]
fn what_is_no_text_is_base64_and_what_is_not_there_is_said() {
    let mut exchange = posted(Side::Client, "application/octet-stream", facts(2, 2, &[]));
    answer(&mut exchange, 304, &[("Content-Type", "image/png")], facts(90, 90, &[]));
    let bodies = HarBodies { request: b"\xff\x00", response: b"\x89PNG" };
    let har = file(&[entry(&exchange, bodies, &Disclosure::Everything)]);
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["request"]["postData"]["_encoding"], "base64");
    assert_eq!(entry["response"]["content"]["text"], "iVBORw==");
    assert_eq!(entry["response"]["content"]["encoding"], "base64");
    assert_eq!(entry["response"]["bodySize"], 0, "of a 304");
    let comment = entry["comment"].as_str().unwrap();
    assert!(comment.contains("the first 4 of 90 bytes of the response's body"), "{comment}");
}

#[test]
fn a_request_without_an_answer_and_one_that_we_answered_are_entries_too() {
    let mut failed = posted(Side::Client, "", BodyFacts::default());
    let failure = Failure::new(Stage::Connect, "h:1", FailureKind::Refused, "connection refused");
    failed.state = ExchangeState::Failed(Box::new(failure));
    failed.timing = Timing { total: Duration::from_millis(3), ..Timing::default() };
    let mut ours = posted(Side::Listener, "text/plain", facts(5, 5, &[]));
    answer(&mut ours, 200, &[], BodyFacts::default());
    let bodies = HarBodies { request: b"hello", response: b"" };
    let told = Disclosure::Everything;
    let har = file(&[entry(&failed, HarBodies::default(), &told), entry(&ours, bodies, &told)]);
    let (failed, ours) = (&har["log"]["entries"][0], &har["log"]["entries"][1]);
    assert_eq!((&failed["response"]["status"], &failed["time"]), (&json!(0), &json!(0.0)));
    assert!(failed["response"]["_error"].as_str().unwrap().contains("connection refused"));
    assert!(failed["request"].get("postData").is_none());
    assert_eq!(ours["serverIPAddress"], "127.0.0.1");
    assert_eq!(ours["timings"]["wait"], 55.0);
    assert_eq!(ours["request"]["postData"]["text"], "hello");
}

#[test]
fn secrets_are_told_when_they_are_asked_for_alone() {
    let mut exchange = posted(Side::Client, "text/plain", facts(7, 7, &[]));
    answer(&mut exchange, 200, &[("Set-Cookie", "id=hunter2")], facts(7, 7, &[]));
    let bodies = HarBodies { request: b"hunter2", response: b"hunter2" };
    let secrets = crate::model::secrets::Secrets::new(["hunter2"]);
    let text = entry(&exchange, bodies, &Disclosure::Hiding(secrets));
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("\"sid\""), "the name of a cookie is none");
    file(&[text]);
    assert!(entry(&exchange, bodies, &Disclosure::Everything).contains("hunter2"));
}
