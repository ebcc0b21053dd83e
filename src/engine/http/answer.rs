//! Which answer a request gets, and its head. Pure.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::codec::http1::Refusal;
use crate::codec::http1::status::ends_with_head;
use crate::codec::http1::write::{response_head, texts};
use crate::model::exchange::HttpVersion;
use crate::model::plan::{AnswerPlan, HttpListenerPlan, HttpRulePlan};
use crate::model::url_text::UrlText;

/// What a request asks of its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestFacts {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: HttpVersion,
    /// The request allows another one on this connection.
    pub(crate) keep_alive: bool,
    /// Answer this instead of what the rules say.
    pub(crate) refusal: Option<Refusal>,
}

/// How an answer goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnswerShape {
    pub(crate) head: Bytes,
    /// Body bytes are sent: not where the answer ends with its head.
    pub(crate) has_body: bool,
    pub(crate) chunked: bool,
    /// The connection can carry another request afterwards.
    pub(crate) keep_alive: bool,
}

/// Whose turn it is among rules for the same requests: they answer one after the other, and the last
/// stays.
#[derive(Debug, Default)]
pub(crate) struct RuleTurns(Mutex<HashMap<(String, String), usize>>);

impl RuleTurns {
    /// The rule whose turn it is, of those for the same requests as this one; its turn is then over.
    pub(crate) fn take<'a>(
        &self,
        rules: &'a [HttpRulePlan],
        first: &'a HttpRulePlan,
    ) -> &'a HttpRulePlan {
        let is_same =
            |rule: &&HttpRulePlan| (&rule.method, &rule.path) == (&first.method, &first.path);
        let same: Vec<&HttpRulePlan> = rules.iter().filter(is_same).collect();
        if same.len() < 2 {
            return first;
        }
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns.entry((first.method.clone(), first.path.clone())).or_default();
        let rule = same.get(*turn).or(same.last()).copied().unwrap_or(first);
        *turn = (*turn + 1).min(same.len() - 1);
        rule
    }
}

/// The answer of the first rule that matches, or of the one whose turn it is among those for the same
/// requests, or that for everything else; and which it was.
pub(crate) fn choose<'a>(
    plan: &'a HttpListenerPlan,
    method: &str,
    target: &str,
    turns: &RuleTurns,
) -> (&'a AnswerPlan, Option<&'a HttpRulePlan>) {
    let rule = fitting(&plan.rules, method, target);
    let rule = rule.map(|first| turns.take(&plan.rules, first));
    (rule.map_or(&plan.answer, |rule| &rule.answer), rule)
}

/// The first of these rules that matches.
pub(crate) fn fitting<'a>(
    rules: &'a [HttpRulePlan],
    method: &str,
    target: &str,
) -> Option<&'a HttpRulePlan> {
    if rules.is_empty() {
        return None;
    }
    let path = path(target);
    // A query that is written is asked for.
    let has_path = |glob: &str| {
        if glob.contains('?') {
            matches(glob, &path_and_query(target))
        } else {
            matches(glob, path)
        }
    };
    let fits = |name: &str, glob: &str| (name.is_empty() || name == method) && has_path(glob);
    rules.iter().find(|rule| fits(&rule.method, &rule.path))
}

/// The path of a request target, without scheme, host and query.
fn path(target: &str) -> &str {
    let url = UrlText::literal(target);
    match (url.scheme, url.path) {
        // `*` and what is no URL stand whole.
        ("", _) => url.place,
        (_, "") => "/",
        (_, path) => path,
    }
}

/// Path and query of a request target.
fn path_and_query(target: &str) -> String {
    let query = UrlText::literal(target).query;
    query.map_or_else(|| path(target).to_owned(), |query| format!("{}?{query}", path(target)))
}

/// Whether a glob, where `*` stands for any run of characters, matches the whole path.
fn matches(glob: &str, path: &str) -> bool {
    let mut pieces = glob.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    // What a star takes too little of, the next one may take: the first place will do.
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The head of an answer whose body has `len` bytes.
pub(crate) fn shape(answer: &AnswerPlan, len: u64, asked: &RequestFacts) -> AnswerShape {
    let value = |name: &str| {
        let found = answer.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let chunked = value("transfer-encoding").is_some_and(|value| value.ends_with("chunked"));
    let has_body = !ends_with_head(&asked.method, answer.status);
    // HEAD is told the length that GET would have.
    let bodiless = ends_with_head("", answer.status);
    let ends = has_end(answer, has_body.then_some(len));
    let is_framed = value("content-length").is_some() || value("transfer-encoding").is_some();
    let length = (!is_framed && !bodiless).then(|| len.to_string());
    let says_close = value("connection").is_some_and(|value| value.contains("close"));
    // A client of HTTP/1.0 does not see where chunks end; after 1xx it speaks something else.
    let is_last = answer.status < 200 || (chunked && asked.version == HttpVersion::Http10);
    let keep_alive = asked.keep_alive && !says_close && ends && !is_last;
    let connection = match (asked.version, keep_alive) {
        _ if value("connection").is_some() => None,
        (HttpVersion::Http10, true) => Some("keep-alive"),
        (_, false) => Some("close"),
        (HttpVersion::Http11 | HttpVersion::Http2, true) => None,
    };
    let ours = [("Content-Length", length.as_deref()), ("Connection", connection)];
    let ours = ours.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let head = response_head(answer.status, texts(&answer.headers).chain(ours)).into();
    AnswerShape { head, has_body, chunked, keep_alive }
}

/// The client sees where an answer with these headers ends: a length that is not true, two of
/// them, or another coding than chunked leave it waiting or with bytes to spare. `len` is that of
/// the body that is sent.
fn has_end(answer: &AnswerPlan, len: Option<u64>) -> bool {
    let all = |name: &'static str| {
        let of_name = answer.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.trim())
    };
    let (mut lengths, mut codings) = (all("content-length"), all("transfer-encoding"));
    match (lengths.next(), codings.next()) {
        (None, None) => true,
        (Some(length), None) => {
            lengths.next().is_none() && len.is_none_or(|len| length == len.to_string())
        }
        (None, Some(coding)) => {
            codings.next().is_none() && coding.to_ascii_lowercase().ends_with("chunked")
        }
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::endpoint::Bind;
    use crate::model::plan::PlanBody;
    use crate::model::tls::ListenerTls;

    fn answer(status: u16, headers: &[(&str, &str)]) -> AnswerPlan {
        AnswerPlan {
            status,
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body: PlanBody::Bytes(Bytes::new()),
            delay: Duration::ZERO,
            every: Duration::ZERO,
        }
    }

    fn asked(method: &str) -> RequestFacts {
        RequestFacts { method: method.into(), keep_alive: true, ..RequestFacts::default() }
    }

    #[test]
    fn a_star_stands_for_any_run() {
        for (glob, path, expected) in [
            ("/a", "/a", true),
            ("/a", "/a/", false),
            ("/*", "/", true),
            ("/users/*", "/users/1/x", true),
            ("/users/*/x", "/users/1/2/x", true),
            ("/users/*/x", "/users/1/2/y", false),
            ("*b*b", "/abab", true),
            ("", "/", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(glob, path), expected, "{glob} {path}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_answers() {
        let rule = |method: &str, path: &str, status| HttpRulePlan {
            id: 0,
            row: None,
            method: method.into(),
            path: path.into(),
            answer: answer(status, &[]),
        };
        let plan = HttpListenerPlan {
            bind: Bind::Loopback { port: 0 },
            tls: ListenerTls::Off,
            rules: vec![rule("POST", "/a", 201), rule("", "/a*", 202), rule("", "/a", 203)],
            answer: answer(404, &[]),
            contract: None,
            mocks: false,
            socket: crate::model::socket_options::SocketOptions::default(),
        };
        let turns = RuleTurns::default();
        let status = |method, target| choose(&plan, method, target, &turns).0.status;
        assert_eq!(status("POST", "/a?x=1"), 201);
        assert_eq!(status("GET", "/a"), 202);
        assert_eq!(status("GET", "http://host/abc?q"), 202);
        assert_eq!(status("GET", "/b"), 404);
        // A URL within a path is a part of it.
        assert_eq!(status("GET", "/ab/http://host/b"), 202);
        assert_eq!(status("GET", "/b/http://host/a"), 404);
    }

    #[test]
    fn rules_for_the_same_requests_take_turns_and_a_query_that_is_written_is_asked_for() {
        let rule = |path: &str, status| HttpRulePlan {
            id: 0,
            row: None,
            method: "GET".into(),
            path: path.into(),
            answer: answer(status, &[]),
        };
        let plan = HttpListenerPlan {
            bind: Bind::Loopback { port: 0 },
            tls: ListenerTls::Off,
            rules: vec![
                rule("/a?x=1", 210),
                rule("/a", 201),
                rule("/b", 211),
                rule("/a", 202),
                rule("/a", 203),
            ],
            answer: answer(404, &[]),
            contract: None,
            mocks: false,
            socket: crate::model::socket_options::SocketOptions::default(),
        };
        let turns = RuleTurns::default();
        let status = |target| choose(&plan, "GET", target, &turns).0.status;
        assert_eq!(["/a", "/a?x=2", "/a", "/a"].map(status), [201, 202, 203, 203]);
        assert_eq!(["/a?x=1", "/b", "/b", "http://h/a?x=1"].map(status), [210, 211, 211, 210]);
    }

    #[test]
    fn length_and_connection_are_added_as_needed() {
        let head = |shape: &AnswerShape| String::from_utf8(shape.head.to_vec()).unwrap();
        let plain = shape(&answer(200, &[("A", "1")]), 5, &asked("GET"));
        assert_eq!(head(&plain), "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 5\r\n\r\n");
        assert!(plain.keep_alive && plain.has_body);
        let none = shape(&answer(204, &[]), 0, &asked("GET"));
        assert_eq!(head(&none), "HTTP/1.1 204 No Content\r\n\r\n");
        let heads = shape(&answer(200, &[]), 5, &asked("HEAD"));
        assert!(head(&heads).contains("Content-Length: 5") && !heads.has_body);
        let old = RequestFacts { version: HttpVersion::Http10, ..asked("GET") };
        assert!(head(&shape(&answer(200, &[]), 0, &old)).contains("Connection: keep-alive"));
        let last = RequestFacts { keep_alive: false, ..asked("GET") };
        assert!(head(&shape(&answer(200, &[]), 0, &last)).contains("Connection: close"));
    }

    #[test]
    fn framing_written_by_the_user_is_kept_and_a_false_length_closes() {
        let wrong = shape(&answer(200, &[("content-length", "9")]), 5, &asked("GET"));
        assert!(!wrong.keep_alive);
        for unclear in [
            &[("Content-Length", "5"), ("content-length", "5")][..],
            &[("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
            &[("Transfer-Encoding", "gzip")],
            &[("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        ] {
            assert!(!shape(&answer(200, unclear), 5, &asked("GET")).keep_alive, "{unclear:?}");
        }
        assert!(!shape(&answer(101, &[]), 0, &asked("GET")).keep_alive);
        let chunked = shape(&answer(200, &[("Transfer-Encoding", "chunked")]), 5, &asked("GET"));
        assert!(chunked.chunked && chunked.keep_alive);
        assert!(!String::from_utf8(chunked.head.to_vec()).unwrap().contains("Content-Length"));
    }
}
