//! A listener that answers as others were seen to: rules made of a recording.
//!
//! ```text
//! HTTP   request ─► method, path and query      the answers it got, one after the other, the last stays
//! TCP    greeting; message ─► equals            what followed it
//! UDP    datagram ─► equals                     the first datagram that followed it
//! ```
//! Literal, so that planning it gives the very bytes that were seen. What cannot be a rule is left out and
//! named. HTTP is read from the bytes of its connections, so that it does not matter who recorded it.

use std::collections::BTreeMap;

use super::from_traffic::http_body;
use super::replay::{ReplayAct, ReplayScript, ReplayTalk};
use crate::codec::escape;
use crate::codec::http1::{BodyReader, Expected, HeadReader, request_framing, response_framing};
use crate::compose::template;
use crate::model::counts::counted;
use crate::model::end_address::EndAddress;
use crate::model::exchange::{Head, StartLine};
use crate::model::http::{HttpAnswer, HttpBody, HttpListenerSpec, HttpRule};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When, WhenKind};
use crate::model::payload::Payload;
use crate::model::spec::{NameValue, Spec};
use crate::model::url_text::UrlText;

/// Rules of a mock, and bytes of one answer, which a preset is still a text with.
const RULES: usize = 500;
const ANSWER: usize = 256 * 1024;
/// What the connection or the moment decides, not the answer.
const OF_THE_MOMENT: [&str; 6] =
    ["content-length", "transfer-encoding", "connection", "keep-alive", "date", "proxy-connection"];

/// A mock, and what of the recording is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedMock {
    pub spec: Spec,
    /// What it answers, in words.
    pub words: String,
    pub remarks: Vec<String>,
}

/// Counts of what is left out, by why.
#[derive(Debug, Default)]
struct LeftOut(BTreeMap<&'static str, u64>);

impl LeftOut {
    fn add(&mut self, why: &'static str) {
        *self.0.entry(why).or_default() += 1;
    }

    fn words(self, talks: &[String]) -> Vec<String> {
        let told =
            |(why, count): (&'static str, u64)| format!("{}: {why}", counted(count, "answer"));
        talks.iter().cloned().chain(self.0.into_iter().map(told)).collect()
    }
}

/// The mock of a recording.
///
/// # Errors
/// Why there is none.
pub fn mock(script: &ReplayScript) -> Result<RecordedMock, String> {
    let mut left_out = LeftOut::default();
    let first = script.talks.first().ok_or("there is nothing to answer")?;
    let made = if is_http(first) {
        http(script, &mut left_out)
    } else if first.is_datagrams() {
        udp(script, &mut left_out)
    } else {
        tcp(script, &mut left_out)
    };
    let (mut spec, rules) = made;
    if let Some(EndAddress::Unix(name)) = first.conn.listening_end() {
        // Whose client knows a path has no port to go to instead.
        *spec.address_mut() = template::quote(&name.to_string());
    }
    if rules == 0 {
        let whys = left_out.words(&script.left_out);
        let why = if whys.is_empty() { "nothing was answered".into() } else { whys.join("; ") };
        return Err(format!("there is nothing to make a mock of: {why}"));
    }
    let words = format!("a mock with {}", counted(rules as u64, "rule"));
    let mut remarks = left_out.words(&script.left_out);
    if script.talks.iter().any(|talk| talk.old.is_masked) {
        remarks.push("secrets in its answers are the stars of the file: write them there".into());
    }
    Ok(RecordedMock { spec, words, remarks })
}

/// Whether its client speaks HTTP/1.
fn is_http(talk: &ReplayTalk) -> bool {
    talk.conn.capabilities().exchanges || !requests(talk).is_empty()
}

fn http(script: &ReplayScript, left_out: &mut LeftOut) -> (Spec, usize) {
    let mut seen: Vec<((String, String), Vec<HttpAnswer>)> = Vec::new();
    for talk in &script.talks {
        let (asked, mut rest) = (requests(talk), talk.old.joined());
        for (method, target) in asked {
            let Some((answer, after)) = response(&rest, &method) else {
                left_out.add("it is not there, or not whole");
                break;
            };
            rest = rest.split_off(rest.len() - after);
            match answer {
                Err(why) => left_out.add(why),
                Ok(answer) => {
                    let key = (method, target);
                    match seen.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, answers)) if answers.last() == Some(&answer) => {}
                        Some((_, answers)) => answers.push(answer),
                        None => seen.push((key, vec![answer])),
                    }
                }
            }
        }
    }
    let mut rules = Vec::new();
    for ((method, path), answers) in seen {
        for answer in answers {
            if rules.len() == RULES {
                left_out.add("a mock has 500 rules at most");
                continue;
            }
            let (method, path) = (template::quote(&method), template::quote(&path));
            rules.push(HttpRule { method, path, answer, ..HttpRule::default() });
        }
    }
    let body = HttpBody::Text("this request is not in the recording\n".into());
    let answer = HttpAnswer { status: 404, body, ..HttpAnswer::default() };
    let count = rules.len();
    (Spec::HttpListener(HttpListenerSpec { rules, answer, ..HttpListenerSpec::default() }), count)
}

/// Method and target of each request that a client sent whole.
fn requests(talk: &ReplayTalk) -> Vec<(String, String)> {
    let sent = talk.steps.iter().filter_map(|step| match &step.act {
        ReplayAct::Send(data) => Some(&data[..]),
        ReplayAct::Finish => None,
    });
    let (all, mut found) = (sent.collect::<Vec<_>>().concat(), Vec::new());
    let mut rest = &all[..];
    while !rest.is_empty() {
        let Ok(Some((used, parsed))) = HeadReader::new(Expected::Request).push(rest) else { break };
        let StartLine::Request { method, target, .. } = &parsed.head.start else { break };
        found.push((method.clone(), origin_form(target)));
        let mut body = BodyReader::new(request_framing(&parsed.head).framing);
        let Ok(progress) = body.push(&rest[used..], &mut |_| {}) else { break };
        rest = &rest[used + progress.used..];
    }
    found
}

/// Path and query of a target, which may be a whole URL for a proxy.
fn origin_form(target: &str) -> String {
    let url = UrlText::literal(target);
    let path = if url.path.is_empty() { "/" } else { url.path };
    match url.query {
        _ if url.scheme.is_empty() => target.to_owned(),
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// The answer at the beginning of these bytes, or why it is no rule, and how many bytes follow it.
fn response(bytes: &[u8], method: &str) -> Option<(Result<HttpAnswer, &'static str>, usize)> {
    let mut rest = bytes;
    let head = loop {
        let (used, parsed) = HeadReader::new(Expected::Response).push(rest).ok()??;
        rest = &rest[used..];
        // What is said before it is no answer.
        if parsed.head.status().is_none_or(|status| status >= 200 || status == 101) {
            break parsed.head;
        }
    };
    let (mut reader, mut body) =
        (BodyReader::new(response_framing(&head, method).framing), Vec::new());
    let progress = reader.push(rest, &mut |piece| body.extend_from_slice(piece)).ok()?;
    reader.finish().ok()?;
    Some((answer(&head, &body), rest.len() - progress.used))
}

fn answer(head: &Head, body: &[u8]) -> Result<HttpAnswer, &'static str> {
    let status = head.status().ok_or("it has no status")?;
    if status == 101 {
        return Err("what follows an upgrade is no HTTP");
    }
    if body.len() > ANSWER {
        return Err("its body is longer than 256 KiB: save it to a file and name that in the rule");
    }
    let mut headers = Vec::new();
    for field in &head.fields {
        let name = String::from_utf8_lossy(&field.name).into_owned();
        // `:status` of HTTP/2 is said already.
        if name.starts_with(':') || OF_THE_MOMENT.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        let Ok(value) = std::str::from_utf8(&field.value) else {
            return Err("a header of it is not UTF-8");
        };
        headers.push(NameValue::new(template::quote(&name), template::quote(value)));
    }
    // What is packed stays so: it is sent as it was.
    let is_packed = head.field("content-encoding").is_some();
    let kind = head.field("content-type").filter(|_| !is_packed);
    let body = http_body(kind.map_or(&[][..], |kind| kind), body);
    Ok(HttpAnswer { status, headers, body, ..HttpAnswer::default() })
}

/// What a client said, and what came before its next word.
fn answered(talk: &ReplayTalk) -> Vec<(&[u8], Vec<u8>)> {
    let joined = talk.old.joined();
    let part = |from: u64, to: u64| -> Vec<u8> {
        if talk.is_datagrams() {
            return talk
                .old
                .messages
                .get(from as usize)
                .filter(|_| from < to)
                .map_or_else(Vec::new, |it| it.to_vec());
        }
        let (from, to) = ((from as usize).min(joined.len()), (to as usize).min(joined.len()));
        joined[from..to.max(from)].to_vec()
    };
    let all = if talk.is_datagrams() { talk.old.messages.len() as u64 } else { talk.old.len };
    let heard: Vec<u64> = talk.steps.iter().map(|step| step.heard).chain([all]).collect();
    let said = talk.steps.iter().enumerate();
    said.filter_map(|(at, step)| match &step.act {
        ReplayAct::Send(data) => Some((&data[..], part(heard[at], heard[at + 1]))),
        ReplayAct::Finish => None,
    })
    .collect()
}

fn rules(script: &ReplayScript, left_out: &mut LeftOut, is_datagrams: bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for talk in &script.talks {
        if talk.is_datagrams() != is_datagrams {
            left_out.add("datagrams and streams have mocks of their own");
            continue;
        }
        for (said, came) in answered(talk) {
            if came.is_empty() {
                continue;
            }
            if said.len() > ANSWER || came.len() > ANSWER {
                left_out.add("it is longer than 256 KiB");
                continue;
            }
            let when = When { kind: WhenKind::Equals, text: escape::escape(said) };
            let send = Payload::text(escape::escape(&came));
            match rules.iter().find(|rule| rule.when == when) {
                Some(rule) if rule.send == send => {}
                Some(_) => left_out.add("the same message had another answer before"),
                None if rules.len() == RULES => left_out.add("a mock has 500 rules at most"),
                None => rules.push(Rule { when, send, ..Rule::default() }),
            }
        }
    }
    rules
}

fn tcp(script: &ReplayScript, left_out: &mut LeftOut) -> (Spec, usize) {
    let rules = rules(script, left_out, false);
    // What a server says before its client does.
    let greeting = script.talks.first().and_then(|talk| {
        let before = talk.steps.first()?.heard as usize;
        let joined = talk.old.joined();
        joined.get(..before.min(joined.len())).map(escape::escape)
    });
    let greeting = Payload::text(greeting.unwrap_or_default());
    let count = rules.len() + usize::from(!greeting.text.is_empty());
    (Spec::TcpListener(TcpListenerSpec { greeting, rules, ..TcpListenerSpec::default() }), count)
}

fn udp(script: &ReplayScript, left_out: &mut LeftOut) -> (Spec, usize) {
    let rules = rules(script, left_out, true);
    let count = rules.len();
    (Spec::UdpListener(UdpListenerSpec { rules, ..UdpListenerSpec::default() }), count)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::compose;
    use crate::interop::replay::Recording;
    use crate::model::id::SessionId;
    use crate::model::plan::{AnswerPart, WhenPlan};
    use crate::model::preset::Scope;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
    use crate::model::timing::Stamp;

    /// `>` is what the client said, `<` what came.
    fn recorded(protocol: Protocol, talks: &[&[&str]]) -> ReplayScript {
        let mut recording = Recording::default();
        for (index, said) in talks.iter().enumerate() {
            let conn = ConnInfo {
                peer: "127.0.0.1:1".parse().ok(),
                ..ConnInfo::new(SessionId(1).conn(index as u32 + 1), protocol, Side::Client)
            };
            for (at, text) in said.iter().enumerate() {
                let way = if text.starts_with('>') { Direction::Sent } else { Direction::Received };
                let data = Bytes::copy_from_slice(&text.as_bytes()[1..]);
                let record = Record::new(Stamp(at as u64), conn.id, way, RecordKind::Data, data);
                recording.take(&record, &conn, true, false);
            }
        }
        recording.finish().unwrap()
    }

    fn http_rules(talks: &[&[&str]]) -> (Vec<HttpRule>, Vec<String>) {
        let made = mock(&recorded(Protocol::Tcp, talks)).unwrap();
        compose::plan(&made.spec, &Scope::default()).expect("it can be started as it is");
        let Spec::HttpListener(spec) = made.spec else { panic!("no HTTP") };
        assert_eq!(spec.answer.status, 404);
        (spec.rules, made.remarks)
    }

    #[test]
    fn a_mock_of_what_was_said_over_a_unix_socket_listens_where_its_clients_go() {
        let http = "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        for said in [[">PING", "<PONG"], [">GET / HTTP/1.1\r\nHost: h\r\n\r\n", http]] {
            let mut script = recorded(Protocol::Tcp, &[&said]);
            assert!(mock(&script).unwrap().spec.address().starts_with("127.0.0.1:"));
            script.talks[0].conn.peer = "unix:/run/a {{b}}.sock".parse().ok();
            let made = mock(&script).unwrap();
            let plan = compose::plan(&made.spec, &Scope::default()).unwrap();
            assert_eq!(plan.address(), "unix:/run/a {{b}}.sock");
        }
    }

    #[test]
    fn each_request_is_answered_as_it_was_and_in_turn_when_it_was_answered_otherwise() {
        let (rules, remarks) = http_rules(&[&[
            ">GET /a?x={{1}} HTTP/1.1\r\nHost: h\r\n\r\n",
            "<HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: x\r\nContent-Length: 9\r\nX-A: {{b}}\r\n\r\n{\"a\":\"1\"}",
            ">GET /n HTTP/1.1\r\nHost: h\r\n\r\nGET /n HTTP/1.1\r\nHost: h\r\n\r\nGET /n HTTP/1.1\r\nHost: h\r\n\r\n",
            "<HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
            "<HTTP/1.1 503 No\r\nContent-Length: 1\r\n\r\n2",
            ">POST http://h/p HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
            "<HTTP/1.1 204 No\r\n\r\n",
            ">GET /last HTTP/1.1\r\nHost: h\r\n\r\n",
        ]]);
        let told: Vec<(String, String, u16)> =
            rules.iter().map(|it| (it.method.clone(), it.path.clone(), it.answer.status)).collect();
        let rule = |method: &str, path: &str, status| (method.to_owned(), path.to_owned(), status);
        assert_eq!(
            told,
            [
                rule("GET", &template::quote("/a?x={{1}}"), 200),
                rule("GET", "/n", 200),
                rule("GET", "/n", 503),
                rule("POST", "/p", 204)
            ]
        );
        let names: Vec<&str> = rules[0].answer.headers.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["Content-Type", "X-A"]);
        assert_eq!(rules[0].answer.body, HttpBody::Json("{\"a\":\"1\"}".into()));
        assert_eq!(rules[1].answer.body, HttpBody::Text("1".into()), "chunks are no part of it");
        assert_eq!(remarks, ["1 answer: it is not there, or not whole"]);
    }

    #[test]
    fn a_body_that_is_too_large_is_left_out_and_named() {
        let large = format!("<HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(ANSWER + 1));
        let why =
            mock(&recorded(Protocol::Http, &[&[">GET / HTTP/1.0\r\n\r\n", &large]])).unwrap_err();
        assert!(why.contains("longer than 256 KiB"), "{why}");
    }

    #[test]
    fn streams_and_datagrams_are_answered_by_what_followed_each_message() {
        let made = mock(&recorded(
            Protocol::Tcp,
            &[&["<220 hello\r\n", ">HELO {{x}}\r\n", "<250 ", "<ok\r\n", ">QUIT\r\n"]],
        ))
        .unwrap();
        assert_eq!(made.words, "a mock with 2 rules");
        let plan = compose::plan(&made.spec, &Scope::default()).unwrap().tcp_listener().unwrap();
        assert_eq!(plan.greeting, "220 hello\r\n");
        assert_eq!(plan.rules[0].when, WhenPlan::Equals(Bytes::from_static(b"HELO {{x}}\r\n")));
        assert_eq!(plan.rules[0].send, [AnswerPart::Literal(Bytes::from_static(b"250 ok\r\n"))]);
        let made =
            mock(&recorded(Protocol::Udp, &[&[">a", "<1", "<more", ">b"], &[">a", "<2"]])).unwrap();
        let plan = compose::plan(&made.spec, &Scope::default()).unwrap().udp_listener().unwrap();
        assert_eq!(plan.rules.len(), 1);
        assert_eq!(plan.rules[0].send, [AnswerPart::Literal(Bytes::from_static(b"1"))]);
        assert_eq!(made.remarks, ["1 answer: the same message had another answer before"]);
        let none = mock(&recorded(Protocol::Udp, &[&[">a"]])).unwrap_err();
        assert!(none.contains("nothing was answered"), "{none}");
    }
}
