//! HAR 1.2 to the letter: what each kind of session writes is checked against a schema (`tests/data/har`)
//! and against what the text of the specification says besides.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;

use serde_json::Value;

use crate::harness::peers::{free_port, http_peer, read_head, tcp_peer};
use crate::harness::program::{command, listen, listening, run};
use crate::harness::wait::PATIENCE;

/// The words of a JSON Schema that ours has.
const WORDS: [&str; 17] = [
    "$schema",
    "title",
    "description",
    "definitions",
    "$ref",
    "type",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "minimum",
    "maximum",
    "enum",
    "pattern",
    "not",
    "oneOf",
];

fn schema() -> Value {
    let text = include_str!("../data/har/har-1.2.schema.json");
    serde_json::from_str(text).unwrap()
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no type: {other}"),
    }
}

/// What is wrong with a value, by place.
fn judge(root: &Value, schema: &Value, value: &Value, place: &str, wrong: &mut Vec<String>) {
    let rules = schema.as_object().unwrap();
    for word in rules.keys() {
        assert!(WORDS.contains(&word.as_str()), "the schema says {word}, which nobody judges");
    }
    if let Some(name) = schema["$ref"].as_str() {
        let part = root.pointer(name.trim_start_matches('#')).unwrap();
        return judge(root, part, value, place, wrong);
    }
    let mut say = |is_right: bool, what: String| {
        wrong.extend((!is_right).then(|| format!("{place}: {what}: {value}")));
    };
    if let Some(kind) = schema["type"].as_str() {
        say(is_a(value, kind), format!("no {kind}"));
    }
    if let Some(minimum) = schema["minimum"].as_f64() {
        say(value.as_f64().is_none_or(|it| it >= minimum), format!("below {minimum}"));
    }
    if let Some(maximum) = schema["maximum"].as_f64() {
        say(value.as_f64().is_none_or(|it| it <= maximum), format!("above {maximum}"));
    }
    if let Some(allowed) = schema["enum"].as_array() {
        say(allowed.contains(value), "none of those allowed".into());
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
        say(regex::Regex::new(pattern).unwrap().is_match(text), format!("not like {pattern}"));
    }
    let fails = |part: &Value| {
        let mut found = Vec::new();
        judge(root, part, value, place, &mut found);
        !found.is_empty()
    };
    if schema["not"].is_object() {
        say(fails(&schema["not"]), "what must not be".into());
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        say(ways.iter().filter(|way| !fails(way)).count() == 1, "not one of its forms".into());
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        say(value.get(name).is_some(), format!("{name} is missing"));
    }
    let known = |name: &str| schema["properties"].get(name);
    for (name, part) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        match known(name) {
            Some(rule) => judge(root, rule, part, &place, wrong),
            None if name.starts_with('_') => {}
            None if schema["additionalProperties"] == false => {
                wrong.push(format!("{place}: unknown"));
            }
            None => {}
        }
    }
    if schema["items"].is_object() {
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            judge(root, &schema["items"], item, &format!("{place}[{at}]"), wrong);
        }
    }
}

/// What the text says that a schema cannot.
fn judge_entry(entry: &Value, place: &str, wrong: &mut Vec<String>) {
    let mut say = |is_right: bool, what: &str| {
        wrong.extend((!is_right).then(|| format!("{place}: {what}: {entry}")));
    };
    let timings = &entry["timings"];
    let parts = ["blocked", "dns", "connect", "send", "wait", "receive"];
    let sum: f64 = parts.iter().filter_map(|it| timings[it].as_f64()).filter(|it| *it > 0.0).sum();
    say((sum - entry["time"].as_f64().unwrap()).abs() < 0.001, "time is no sum");
    let [ssl, connect] = ["ssl", "connect"].map(|it| timings[it].as_f64().unwrap_or(-1.0));
    say(ssl < 0.0 || ssl <= connect, "TLS is a part of connecting");
    let is_date = |text: &str| text.parse::<jiff::Timestamp>().is_ok();
    say(is_date(entry["startedDateTime"].as_str().unwrap()), "no time");
    let response = &entry["response"];
    let (content, body) = (&response["content"], response["bodySize"].as_i64().unwrap());
    if let Some(compression) = content["compression"].as_i64() {
        say(content["size"].as_i64().unwrap() - compression == body, "compression");
    }
    let is_empty = response["status"] == 304 || response["status"] == 204;
    say(!is_empty || body == 0, "a body where none can be");
    let headers = |it: &Value, name: &str| {
        let all = it["headers"].as_array().unwrap().iter();
        all.filter(|it| it["name"].as_str().unwrap().eq_ignore_ascii_case(name)).count()
    };
    say(
        headers(response, "set-cookie") == response["cookies"].as_array().unwrap().len(),
        "cookies",
    );
    let location = response["redirectURL"].as_str().unwrap();
    say(location.is_empty() == (headers(response, "location") == 0), "redirectURL");
    say(response["status"] != 0 || response["_error"].is_string(), "why there is no answer");
    let url = entry["request"]["url"].as_str().unwrap();
    let asks = url.split_once('?').is_some_and(|(_, query)| !query.is_empty());
    let query = entry["request"]["queryString"].as_array().unwrap();
    say(asks != query.is_empty(), "queryString");
}

/// The entries of a file, in which nothing is wrong.
fn checked(file: &Path) -> Vec<Value> {
    let har: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (schema, mut wrong) = (schema(), Vec::new());
    judge(&schema, &schema, &har, "", &mut wrong);
    let entries = har["log"]["entries"].as_array().unwrap();
    for (at, entry) in entries.iter().enumerate() {
        judge_entry(entry, &format!("entry {at}"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    entries.clone()
}

/// A schema that lets everything pass checks nothing.
#[test]
fn the_schema_refuses_what_is_not_har() {
    let pair = r#"{"name":"a","value":"b"}"#;
    let request = r#""method":"GET","url":"http://h/","httpVersion":"HTTP/1.1","cookies":[],"queryString":[],"headersSize":-1,"bodySize":0"#;
    let response = r#"{"status":200,"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":0}"#;
    let whole = format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"n","version":"1"}},"entries":[{{"startedDateTime":"2023-11-14T22:13:20.5Z","time":3,"request":{{{request},"headers":[{pair}]}},"response":{response},"cache":{{}},"timings":{{"send":1,"wait":1,"receive":1,"blocked":-1}}}}]}}}}"#
    );
    let wrong = |text: &str| {
        let (schema, mut wrong) = (schema(), Vec::new());
        judge(&schema, &schema, &serde_json::from_str(text).unwrap(), "", &mut wrong);
        wrong
    };
    assert_eq!(wrong(&whole), Vec::<String>::new());
    for (from, to) in [
        ("\"1.2\"", "\"1.1\""),
        ("20.5Z", "20.5"),
        ("2023-11-14T", "2023-11-14 "),
        ("\"send\":1", "\"send\":-1"),
        ("\"blocked\":-1", "\"blocked\":-2"),
        ("\"wait\":1,", ""),
        ("\"cache\":{},", ""),
        ("\"cache\":{}", "\"cache\":{\"extra\":1}"),
        ("\"time\":3", "\"time\":\"3\""),
        ("\"size\":0", "\"size\":0.5"),
        ("http://h/", "http://h/#part"),
        (
            "\"headersSize\":-1,\"bodySize\":0,\"headers\"",
            "\"headersSize\":-2,\"bodySize\":0,\"headers\"",
        ),
        ("{\"name\":\"a\",", "{"),
        (
            "\"bodySize\":0,\"headers\"",
            "\"bodySize\":0,\"postData\":{\"mimeType\":\"\",\"text\":\"\",\"params\":[]},\"headers\"",
        ),
    ] {
        assert!(whole.contains(from), "{from}");
        assert!(!wrong(&whole.replacen(from, to, 1)).is_empty(), "{to} passes");
    }
}

/// What peers answer, the options of who asks, and what has to stand in the entry.
type Answered = (&'static [u8], &'static [&'static str], fn(&Value));

fn of_response(entry: &Value) -> &Value {
    &entry["response"]
}

const ANSWERS: [Answered; 11] = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &[], |it| {
        assert_eq!(of_response(it)["content"]["text"], "ok");
    }),
    (b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end", &[], |it| {
        assert_eq!(of_response(it)["httpVersion"], "HTTP/1.0");
        assert_eq!(of_response(it)["bodySize"], 13);
    }),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", &["-X", "HEAD"], |it| {
        assert_eq!((&it["request"]["method"], &of_response(it)["bodySize"]), (&"HEAD".into(), &0.into()));
    }),
    (b"HTTP/1.1 204 No Content\r\n\r\n", &[], |it| assert_eq!(of_response(it)["status"], 204)),
    (b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", &[], |it| {
        assert_eq!(of_response(it)["status"], 304);
    }),
    (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n\x89PN\xff", &[], |it| {
        assert_eq!(of_response(it)["content"]["encoding"], "base64");
    }),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", &[], |it| {
        assert!(of_response(it)["_error"].is_string(), "{it}");
        assert_eq!(of_response(it)["bodySize"], 9);
    }),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: deflate\r\n\r\n5\r\nnoway\r\n0\r\n\r\n", &[], |it| {
        assert!(it["comment"].is_string(), "{it}");
    }),
    (b"HTTP/1.1 302 Found\r\nLocation: /there\r\nSet-Cookie: a=b; Expires=Wed, 21 Oct 2015 07:28:00 GMT\r\nSet-Cookie: c\r\nContent-Length: 0\r\n\r\n", &[], |it| {
        assert_eq!(of_response(it)["redirectURL"], "/there");
    }),
    (b"", &[], |it| assert_eq!(of_response(it)["status"], 0)),
    (b"not HTTP at all\r\n\r\n", &[], |it| assert!(of_response(it)["_error"].is_string())),
];

#[test]
fn what_a_client_was_answered_is_har_to_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen.har");
    let send = |url: &str, options: &[&str]| {
        let _ = std::fs::remove_file(&file);
        run(&[&["send", url, "--har", file.to_str().unwrap()], options].concat());
        let entries = checked(&file);
        // Redirects are followed.
        assert!(!entries.is_empty(), "{url} {options:?}");
        entries[0].clone()
    };
    for (answer, options, judge) in ANSWERS {
        judge(&send(&format!("http://{}/a?b=c&d#e", http_peer(answer)), options));
    }
    let ok = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let url = format!("http://{ok}/");
    let posts: [&[&str]; 3] = [&["name=value", "--form"], &["-d", "text"], &["name:=1"]];
    for options in posts {
        let entry = send(&url, &[&["-X", "POST"], options].concat());
        assert!(entry["request"]["bodySize"].as_i64().unwrap() > 0, "{options:?}");
    }
    let refused = send(&format!("http://127.0.0.1:{}/", free_port()), &[]);
    assert_eq!(refused["response"]["headersSize"], -1);
}

/// Asks over one connection, and reads until it is over in whatever way.
fn ask(port: u16, bytes: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn what_a_listener_answered_is_har_to_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen.har");
    let listener = listen("http://127.0.0.1:0", &["--har", file.to_str().unwrap(), "--body", "hi"]);
    let asks: [&[u8]; 7] = [
        b"GET /?a=b HTTP/1.1\r\nHost: h\r\nCookie: a=b; c\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n\xff\x00\x01",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\nshort",
        b"nonsense\r\n\r\n",
    ];
    for bytes in asks {
        ask(listener.port, bytes);
    }
    listener.interrupt();
    listener.wait();
    let entries = checked(&file);
    assert!(entries.len() >= 6, "{}", entries.len());
    assert_eq!(entries[0]["serverIPAddress"], "127.0.0.1");
}

#[test]
fn what_a_relay_passed_on_is_har_to_the_letter_whatever_its_faults_and_rules_did() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen.har");
    let target = tcp_peer(|mut stream: TcpStream| {
        while read_head(&mut stream).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        }
    });
    let through = |options: &[&str], ask: &dyn Fn(u16, SocketAddr)| {
        let _ = std::fs::remove_file(&file);
        let all = ["relay", "http://127.0.0.1:0", "--har", file.to_str().unwrap()];
        let relay = listening(&mut command(&[&all[..], options].concat()));
        ask(relay.port, target);
        relay.interrupt();
        relay.wait();
        checked(&file)
    };
    let get = |port, target: SocketAddr| {
        let text = format!(
            "GET http://{target}/x HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n"
        );
        ask(port, text.as_bytes());
    };
    let connect = |port, target: SocketAddr| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 12]).unwrap();
    };
    let nowhere = |port, _| {
        let text = format!("GET http://127.0.0.1:{}/ HTTP/1.1\r\nHost: h\r\n\r\n", free_port());
        ask(port, text.as_bytes());
    };
    assert_eq!(through(&[], &get).len(), 1);
    assert_eq!(through(&[], &connect).len(), 1);
    assert_eq!(through(&[], &nowhere).len(), 1);
    for options in [
        ["--fault", "corrupt=100 from=server"],
        ["--fault", "reset=20 from=server"],
        ["--fault", "half-close=20 from=server"],
        ["--fault", "delay=5ms"],
        ["--rewrite", "set-status=503"],
        ["--rewrite", "replace=hello with=other"],
    ] {
        let entries = through(&options, &get);
        assert!(entries.len() <= 1, "{options:?}: {entries:?}");
    }
}
