//! The head of an answer, and how it goes out. Pure.

use bytes::Bytes;

use crate::codec::http1::Refusal;
use crate::codec::http1::status::ends_with_head;
use crate::codec::http1::write::{response_head, texts};
use crate::model::exchange::HttpVersion;
use crate::model::plan::AnswerPlan;

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
    use crate::model::http_answer::AnswerMore;
    use crate::model::plan::PlanBody;

    fn answer(status: u16, headers: &[(&str, &str)]) -> AnswerPlan {
        AnswerPlan {
            status,
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body: PlanBody::Bytes(Bytes::new()),
            delay: Duration::ZERO,
            more: AnswerMore::default(),
        }
    }

    fn asked(method: &str) -> RequestFacts {
        RequestFacts { method: method.into(), keep_alive: true, ..RequestFacts::default() }
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
