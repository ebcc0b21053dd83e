//! Whether a request is served, and whether its connection may carry another one, judged from its
//! head alone (RFC 9112, sections 2.2, 3.2, 6.1, 6.3 and 11.2; RFC 9110, sections 7.8 and 9.3.6).
//!
//! Called by the HTTP listener. A connection ends wherever somebody between the client and us may
//! have read another message: what follows could be meant for another reader.

use super::fields::excerpt;
use super::framing::{BodyFraming, keeps_alive, request_framing};
use super::head::ParsedHead;
use super::refusal::Refusal;
use super::target::{self, is_host};
use crate::model::exchange::{Head, HttpVersion, StartLine};

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestVerdict {
    pub framing: BodyFraming,
    /// Answer this instead, without reading a body, and close.
    pub refusal: Option<Refusal>,
    /// Another request may follow, if nothing is odd about the body.
    pub keep_alive: bool,
    /// What is odd and served all the same, warnings of head and framing not repeated.
    pub marks: Vec<String>,
    /// Others may read it differently.
    doubtful: bool,
}

/// Judges a request by its head.
#[must_use]
pub(crate) fn judge(parsed: &ParsedHead) -> RequestVerdict {
    let mut verdict = judged(parsed);
    let head = &parsed.head;
    verdict.refusal = verdict.refusal.or_else(|| tunnel(head));
    if verdict.doubtful && verdict.refusal.is_none() {
        let mark = "others may read this request differently; the connection ends with it";
        verdict.marks.insert(0, mark.into());
    }
    verdict.keep_alive &= verdict.refusal.is_none();
    verdict
}

/// What is odd about a request that asks for another protocol, where none is served.
#[must_use]
pub(crate) fn unserved_upgrade(head: &Head) -> Option<String> {
    let protocol = excerpt(head.field("upgrade")?);
    Some(format!("asks to upgrade to '{protocol}', which is not served; ignored"))
}

/// The same for who passes it on: what the next one may read differently goes no further, and what
/// asks for a tunnel or another protocol is for the next one to answer.
#[must_use]
pub(crate) fn judge_onward(parsed: &ParsedHead) -> RequestVerdict {
    let mut verdict = judged(parsed);
    if verdict.doubtful && verdict.refusal.is_none() {
        let why = parsed.warnings.iter().chain(&verdict.framing.warnings).next();
        let why = why.map_or("it is framed twice", String::as_str);
        verdict.refusal = Some(Refusal::bad(format!(
            "{why}: the server may read another request than this one, so it is not passed on"
        )));
        verdict.keep_alive = false;
    }
    verdict
}

fn judged(parsed: &ParsedHead) -> RequestVerdict {
    let head = &parsed.head;
    let mut framing = request_framing(head);
    // Gateways to CGI and some proxies take one sign for the other.
    let is_alias = |name: &[u8]| {
        ["content_length", "transfer_encoding"]
            .iter()
            .any(|alias| name.eq_ignore_ascii_case(alias.as_bytes()))
    };
    let alias = head.fields.iter().find(|field| is_alias(&field.name));
    framing.warnings.extend(alias.map(|field| {
        let name = excerpt(&field.name);
        format!("the header '{name}' has an underscore, which some read as a hyphen")
    }));
    let doubtful = parsed.doubtful || framing.doubtful || alias.is_some();
    let refusal = parsed.refusal.clone().or_else(|| framing.error.clone());
    let (of_target, marks) = target::judge(head);
    let refusal = refusal.or_else(|| host(head)).or(of_target);
    let keep_alive = refusal.is_none() && !doubtful && keeps_alive(head);
    RequestVerdict { framing, refusal, keep_alive, marks, doubtful }
}

/// Which Host there has to be (RFC 9112, section 3.2).
fn host(head: &Head) -> Option<Refusal> {
    let mut hosts = head.all("host");
    let is_new = matches!(head.start, StartLine::Request { version: HttpVersion::Http11, .. });
    match (hosts.next(), hosts.next()) {
        (None, _) => is_new.then(|| Refusal::bad("the request has no Host header")),
        (Some(_), Some(_)) => Some(Refusal::bad("the request has more than one Host header")),
        (Some(host), None) => (!is_host(host)).then(|| {
            Refusal::bad(format!("the Host header '{}' is not a host and port", excerpt(host)))
        }),
    }
}

/// A tunnel is not HTTP any more: nothing behind its head may be read as a request.
fn tunnel(head: &Head) -> Option<Refusal> {
    let StartLine::Request { method, .. } = &head.start else { return None };
    let why = || "CONNECT asks for a tunnel, which this listener does not make".to_owned();
    (method == "CONNECT").then(|| Refusal { status: 501, why: why() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{Expected, HeadReader};

    fn verdict(text: &str) -> RequestVerdict {
        let text = format!("{text}\r\n\r\n");
        judge(&HeadReader::new(Expected::Request).push(text.as_bytes()).unwrap().unwrap().1)
    }

    fn status(text: &str) -> Option<u16> {
        verdict(text).refusal.map(|refusal| refusal.status)
    }

    #[test]
    fn a_plain_request_is_served_and_keeps_its_connection() {
        for plain in [
            "GET / HTTP/1.1\r\nHost: a",
            "GET / HTTP/1.1\r\nHost:",
            "GET / HTTP/1.1\r\nHost: [::1]:80",
            "GET / HTTP/1.1\r\nHost: a.b-c:",
            "GET / HTTP/1.0\r\nConnection: keep-alive",
            "\r\nGET / HTTP/1.1\r\nHost: a",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked",
        ] {
            let verdict = verdict(plain);
            assert!(verdict.keep_alive && verdict.marks.is_empty(), "{plain}: {verdict:?}");
        }
    }

    #[test]
    fn host_is_there_once_and_is_one() {
        for bad in [
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a",
            "GET / HTTP/1.0\r\nHost: a\r\nHost: b",
            "GET / HTTP/1.1\r\nHost: a b",
            "GET / HTTP/1.1\r\nHost: a, b",
            "GET / HTTP/1.1\r\nHost: a,b",
            "GET / HTTP/1.1\r\nHost: u@a",
            "GET / HTTP/1.1\r\nHost: a/b",
            "GET / HTTP/1.1\r\nHost: a:x",
            "GET / HTTP/1.1\r\nHost: a:99999",
            "GET / HTTP/1.1\r\nHost: [::1",
            "GET / HTTP/1.1\r\nHost: [::1]x",
            "GET / HTTP/1.1\r\nHost: [cow]",
            "GET / HTTP/1.1\r\nHost: \u{e9}",
            "GET http://a/ HTTP/1.1",
        ] {
            assert_eq!(status(bad), Some(400), "{bad}");
            assert!(!verdict(bad).keep_alive, "{bad}");
        }
        assert_eq!(status("GET / HTTP/1.0"), None);
    }

    #[test]
    fn what_a_server_must_not_pass_over_is_refused() {
        for (bad, wanted) in [
            ("GET / HTTP/1.1\r\nHost : a", 400),
            ("GET / HTTP/1.1\r\n Host: a", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nno colon", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer\u{b}Encoding: chunked", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nA: b\0", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nA: b\rC: d", 400),
            ("GET  / HTTP/1.1\r\nHost: a", 400),
            ("GET /a b HTTP/1.1\r\nHost: a", 400),
            ("GET HTTP/1.1\r\nHost: a", 400),
            ("GET / http/1.1\r\nHost: a", 400),
            ("GET / HTTP/1.1x\r\nHost: a", 505),
            ("GET / HTTP/2.0\r\nHost: a", 505),
            ("CONNECT a:443 HTTP/1.1\r\nHost: a:443", 501),
            ("CONNECT a:443 HTTP/1.0", 501),
        ] {
            assert_eq!(status(bad), Some(wanted), "{bad}");
        }
    }

    #[test]
    fn what_may_be_read_differently_is_served_marked_and_the_last_one() {
        for doubtful in [
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5",
            "POST / HTTP/1.1\nHost: a",
            "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c",
            "GET / HTTP/1.2\r\nHost: a",
            "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5",
            "POST / HTTP/1.1\r\nHost: a\r\nTRANSFER_encoding: chunked",
            "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked",
        ] {
            let verdict = verdict(doubtful);
            assert_eq!(verdict.refusal, None, "{doubtful}");
            assert!(!verdict.keep_alive && verdict.marks.len() == 1, "{doubtful}: {verdict:?}");
            let text = format!("{doubtful}\r\n\r\n");
            let head = HeadReader::new(Expected::Request).push(text.as_bytes());
            let of_head = head.unwrap().unwrap().1.warnings.len();
            let reasons = of_head + verdict.framing.warnings.len();
            assert!(reasons > 0, "{doubtful}: the reason is named");
        }
    }

    #[test]
    fn an_upgrade_that_is_not_served_is_marked_and_ignored() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket";
        let verdict = verdict(text);
        assert!(verdict.refusal.is_none() && verdict.keep_alive && verdict.marks.is_empty());
        let text = format!("{text}\r\n\r\n");
        let head =
            HeadReader::new(Expected::Request).push(text.as_bytes()).unwrap().unwrap().1.head;
        assert!(unserved_upgrade(&head).unwrap().contains("'websocket'"));
    }
}
