//! How the end of a body is known, for both roles (RFC 9112, section 6), and what the head says
//! about codings and the connection (RFC 9110, section 8.4; RFC 9112, section 9).
//!
//! Called by the engine once a head is read. A contradiction is never resolved in silence: for a
//! response the safest reading is taken and named, for a request it is an error (answer 400 and
//! close), because two readings of one request are how requests are smuggled.

use super::fields::excerpt;
use super::refusal::Refusal;
use super::status::ends_with_head;
use crate::codec::content_coding::is_known;
use crate::model::exchange::{Head, HttpVersion, MessageFraming, StartLine};

/// The decision for one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyFraming {
    pub framing: MessageFraming,
    /// Transfer codings besides chunked, outermost first (`gzip`); decode them before the content
    /// codings.
    pub transfer_codings: Vec<String>,
    pub warnings: Vec<String>,
    /// Why a request cannot be framed: answer this and close. Of a response: why its length cannot be
    /// believed, so that it counts as none, whatever came (RFC 9112, section 6.3).
    pub error: Option<Refusal>,
    /// Somebody on the way may have read another length: the connection must not carry another
    /// message (RFC 9112, sections 6.1 and 11.2).
    pub doubtful: bool,
}

/// Framing of a request.
#[must_use]
pub fn request_framing(head: &Head) -> BodyFraming {
    let (mut decision, contradiction) = announced(head, MessageFraming::None);
    if contradiction.is_some() {
        decision.framing = MessageFraming::None;
    }
    BodyFraming { error: contradiction, ..decision }
}

/// Framing of the response to a request with this method.
#[must_use]
pub fn response_framing(head: &Head, method: &str) -> BodyFraming {
    let status = head.status().unwrap_or(0);
    if ends_with_head(method, status) {
        let mut decision = BodyFraming::default();
        let sized = head.field("content-length").is_some_and(|value| &value[..] != b"0");
        let may_be_sized = method == "HEAD" || status == 304;
        if head.field("transfer-encoding").is_some() || (sized && !may_be_sized) {
            decision.warnings.push(format!("a {status} response announces a body it cannot have"));
        }
        return decision;
    }
    let (mut decision, contradiction) = announced(head, MessageFraming::UntilClose);
    if decision.framing == MessageFraming::Chunked && contradiction.is_some() {
        // Proxies add what is there already; nobody frames a body twice.
        decision.warnings.push("Transfer-Encoding says chunked more than once; undone once".into());
    } else if let Some(refusal) = contradiction {
        decision.warnings.push(format!("{}; reading until the peer closes", refusal.why));
        decision.framing = MessageFraming::UntilClose;
        let is_length = head.field("transfer-encoding").is_none();
        decision.error = (is_length && !is_long(head)).then_some(refusal);
    }
    decision
}

/// Whether all that is wrong with the length is that it does not fit into a number of ours.
fn is_long(head: &Head) -> bool {
    let mut lengths = head.all("content-length");
    let Some(first) = lengths.next() else { return false };
    first.iter().all(u8::is_ascii_digit) && lengths.all(|other| other == first)
}

/// What the head announces, and what of it contradicts itself, in words.
fn announced(head: &Head, otherwise: MessageFraming) -> (BodyFraming, Option<Refusal>) {
    let doubtful = !is_plain(head);
    let mut decision = BodyFraming { framing: otherwise, doubtful, ..BodyFraming::default() };
    let is_request = matches!(head.start, StartLine::Request { .. });
    let mut codings = list(head, "transfer-encoding");
    decision.warnings.extend(odd_codings(head, &codings, is_request));
    // Old servers announce that they did nothing. In a request only chunked may come last.
    if !is_request && !codings.is_empty() && codings.iter().all(|coding| coding == "identity") {
        codings.clear();
        decision.warnings.push("the transfer coding 'identity' was withdrawn; ignored".into());
    }
    let length = content_length(head, &mut decision.warnings);
    let Some(last) = codings.pop() else {
        decision.framing =
            length.as_ref().ok().copied().flatten().map_or(otherwise, MessageFraming::Length);
        let empty = is_request && head.field("transfer-encoding").is_some();
        let empty = empty.then(|| Refusal::bad("Transfer-Encoding names no coding"));
        return (decision, length.map_err(Refusal::bad).err().or(empty));
    };
    if head.field("content-length").is_some() {
        decision.warnings.push(
            "both Transfer-Encoding and Content-Length; the length is ignored (RFC 9112, 6.3)"
                .into(),
        );
    }
    if version(head) == HttpVersion::Http10 {
        decision.warnings.push("Transfer-Encoding in an HTTP/1.0 message".into());
    }
    let contradiction = contradiction(&codings, &last, is_request);
    let contradiction = contradiction.or(length.map_err(Refusal::bad).err().filter(|_| is_request));
    decision.framing = if last == "chunked" {
        MessageFraming::Chunked
    } else {
        codings.push(last);
        MessageFraming::UntilClose
    };
    codings.retain(|coding| coding != "chunked" && coding != "identity");
    codings.reverse();
    decision.transfer_codings = codings;
    (decision, contradiction)
}

/// What of the transfer codings is read in more than one way, or means nothing, in words.
fn odd_codings(head: &Head, codings: &[String], is_request: bool) -> Vec<String> {
    let values = || head.all("transfer-encoding").flat_map(|value| value.split(|b| *b == b','));
    let mut odd = Vec::new();
    if !is_request && codings.is_empty() && values().next().is_some() {
        odd.push("Transfer-Encoding names no coding; ignored".to_owned());
    } else if values().any(|member| member.trim_ascii().is_empty()) {
        odd.push("Transfer-Encoding has an empty place in its list".to_owned());
    }
    if let Some(member) = values().find(|member| member.contains(&b';')) {
        let member = excerpt(member.trim_ascii());
        odd.push(format!("the transfer coding '{member}' has a parameter; ignored"));
    }
    if is_request && codings.len() > 1 && codings.last().is_some_and(|last| last == "chunked") {
        odd.push("the request has a transfer coding besides chunked".to_owned());
    }
    let is_withdrawn = |coding: &String| coding == "identity";
    if !is_request && codings.iter().any(is_withdrawn) && !codings.iter().all(is_withdrawn) {
        odd.push("the transfer coding 'identity' was withdrawn; ignored".to_owned());
    }
    odd
}

/// What is wrong with these transfer codings before the last one, and with that.
fn contradiction(before: &[String], last: &str, is_request: bool) -> Option<Refusal> {
    if before.iter().any(|coding| coding == "chunked") {
        let why = "chunked is not the last transfer coding, or stands there twice";
        return Some(Refusal::bad(why));
    }
    if !is_request {
        return None;
    }
    if last != "chunked" {
        let last = excerpt(last.as_bytes());
        let why = format!("the last transfer coding of a request is '{last}', not chunked");
        return Some(Refusal::bad(why));
    }
    let foreign = before.iter().find(|coding| !is_known(coding))?;
    let why = format!("the transfer coding '{}' is not known here", excerpt(foreign.as_bytes()));
    Some(Refusal { status: 501, why })
}

/// Everybody reads the same length: one of them in one field, or `chunked` alone, or neither.
fn is_plain(head: &Head) -> bool {
    let (mut lengths, mut codings) = (head.all("content-length"), head.all("transfer-encoding"));
    match (lengths.next(), codings.next()) {
        (None, None) => true,
        (Some(length), None) => lengths.next().is_none() && length.iter().all(u8::is_ascii_digit),
        (None, Some(coding)) => {
            let is_chunked = coding.eq_ignore_ascii_case(b"chunked");
            is_chunked && codings.next().is_none() && version(head) == HttpVersion::Http11
        }
        (Some(_), Some(_)) => false,
    }
}

/// The announced length; the error names a contradiction.
fn content_length(head: &Head, warnings: &mut Vec<String>) -> Result<Option<u64>, String> {
    let mut found: Option<(u64, Vec<u8>)> = None;
    let mut count = 0;
    for field in head.all("content-length") {
        for part in field.split(|b| *b == b',') {
            let part = part.trim_ascii();
            count += 1;
            let digits = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
            let length = str::from_utf8(part).ok().filter(|_| digits).and_then(|p| p.parse().ok());
            let Some(length) = length else {
                return Err(format!("Content-Length '{}' is not a length", excerpt(part)));
            };
            match &found {
                Some((first, text)) if *first != length => {
                    let (a, b) = (excerpt(text), excerpt(part));
                    return Err(format!("contradicting Content-Length '{a}' and '{b}'"));
                }
                Some(_) => {}
                None => found = Some((length, part.to_vec())),
            }
        }
    }
    if count > 1 {
        warnings.push("Content-Length stands there more than once".into());
    }
    Ok(found.map(|(length, _)| length))
}

/// Comma-separated members of all fields of this name, lower case, in order, without parameters.
fn list(head: &Head, name: &str) -> Vec<String> {
    head.all(name)
        .flat_map(|value| value.split(|b| *b == b','))
        .map(|member| {
            let word = member.split(|b| *b == b';').next().unwrap_or_default();
            String::from_utf8_lossy(word.trim_ascii()).to_ascii_lowercase()
        })
        .filter(|member| !member.is_empty())
        .collect()
}

fn version(head: &Head) -> HttpVersion {
    match &head.start {
        StartLine::Request { version, .. } | StartLine::Response { version, .. } => *version,
        StartLine::Unknown => HttpVersion::Http10,
    }
}

/// Content codings of a message, outermost first, lower case, old names made new.
#[must_use]
pub fn content_codings(head: &Head) -> Vec<String> {
    let mut codings = list(head, "content-encoding");
    // `aws-chunked` says how something was uploaded; what a store hands out has it no more.
    codings.retain(|coding| coding != "identity" && coding != "aws-chunked");
    for coding in &mut codings {
        if coding == "x-gzip" {
            *coding = "gzip".into();
        }
    }
    codings.reverse();
    codings
}

/// Whether the connection can carry another message after this one (if its body has an end).
#[must_use]
pub(crate) fn keeps_alive(head: &Head) -> bool {
    let options = list(head, "connection");
    let has = |option: &str| options.iter().any(|found| found == option);
    match version(head) {
        HttpVersion::Http11 | HttpVersion::Http2 => !has("close"),
        HttpVersion::Http10 => has("keep-alive") && !has("close"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{Expected, HeadReader};

    fn head(text: &str) -> Head {
        let expected =
            if text.starts_with("HTTP") { Expected::Response } else { Expected::Request };
        let text = format!("{text}\r\n\r\n");
        HeadReader::new(expected).push(text.as_bytes()).unwrap().unwrap().1.head
    }

    fn response(fields: &str) -> BodyFraming {
        response_framing(&head(&format!("HTTP/1.1 200 OK\r\n{fields}")), "GET")
    }

    fn request(fields: &str) -> BodyFraming {
        request_framing(&head(&format!("POST / HTTP/1.1\r\n{fields}")))
    }

    #[test]
    fn the_plain_cases_of_section_six() {
        assert_eq!(response("Content-Length: 5").framing, MessageFraming::Length(5));
        assert_eq!(response("Transfer-Encoding: Chunked").framing, MessageFraming::Chunked);
        assert_eq!(response("A: b").framing, MessageFraming::UntilClose);
        assert_eq!(request("A: b").framing, MessageFraming::None);
        assert_eq!(request("Content-Length: 0").framing, MessageFraming::Length(0));
        assert!(response("Content-Length: 5").warnings.is_empty());
    }

    #[test]
    fn responses_without_bodies() {
        for (status, method) in
            [(204, "GET"), (304, "GET"), (100, "GET"), (200, "HEAD"), (200, "CONNECT")]
        {
            let head = head(&format!("HTTP/1.1 {status} x\r\nContent-Length: 7"));
            let decision = response_framing(&head, method);
            assert_eq!(decision.framing, MessageFraming::None, "{status} {method}");
            let quiet = status == 304 || method == "HEAD";
            assert_eq!(decision.warnings.is_empty(), quiet, "{status} {method}");
        }
    }

    #[test]
    fn length_and_chunked_together_are_flagged() {
        let decision = response("Content-Length: 5\r\nTransfer-Encoding: chunked");
        assert_eq!(decision.framing, MessageFraming::Chunked);
        assert_eq!(decision.warnings.len(), 1);
    }

    #[test]
    fn only_what_everybody_reads_alike_leaves_no_doubt() {
        for plain in ["A: b", "Content-Length: 5", "Transfer-Encoding: Chunked"] {
            assert!(!request(plain).doubtful, "{plain}");
        }
        for doubtful in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5, 5",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked;q=1",
            "Transfer-Encoding: ,chunked",
        ] {
            let decision = request(doubtful);
            assert!(decision.doubtful && decision.error.is_none(), "{doubtful}: {decision:?}");
        }
        let old = request_framing(&head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked"));
        assert!(old.doubtful);
    }

    #[test]
    fn a_coding_nobody_knows_is_501_and_an_invalid_length_or_no_coding_400() {
        for (fields, status) in [
            ("Transfer-Encoding: identity, chunked", 501),
            ("Transfer-Encoding: cow, chunked", 501),
            ("Transfer-Encoding: cow", 400),
            ("Transfer-Encoding: \u{b}chunked", 400),
            ("Transfer-Encoding:", 400),
            ("Transfer-Encoding: ,\r\nContent-Length: 5", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: x", 400),
        ] {
            assert_eq!(request(fields).error.map(|error| error.status), Some(status), "{fields}");
        }
    }

    #[test]
    fn odd_transfer_codings_are_named_in_both_directions() {
        for (fields, word) in [
            ("Transfer-Encoding:", "names no coding"),
            ("Transfer-Encoding: , ", "names no coding"),
            ("Transfer-Encoding: identity, chunked", "'identity' was withdrawn"),
            ("Transfer-Encoding: chunked, identity", "'identity' was withdrawn"),
            ("Transfer-Encoding: chunked;a=b", "'chunked;a=b' has a parameter"),
            ("Transfer-Encoding: ,chunked", "an empty place"),
        ] {
            let said = response(fields).warnings;
            assert!(said.iter().any(|warning| warning.contains(word)), "{fields}: {said:?}");
        }
        for plain in ["chunked", "gzip, chunked", "gzip", " CHUNKED "] {
            let said = response(&format!("Transfer-Encoding: {plain}")).warnings;
            assert!(said.is_empty(), "{plain}: {said:?}");
        }
        for (fields, word) in [
            ("Transfer-Encoding: gzip, chunked", "a transfer coding besides chunked"),
            ("Transfer-Encoding: ,chunked", "an empty place"),
            ("Transfer-Encoding: chunked,", "an empty place"),
            ("Transfer-Encoding: chunked;q=1", "'chunked;q=1' has a parameter"),
        ] {
            let said = request(fields);
            assert_eq!(said.error, None, "{fields}");
            assert!(said.warnings.iter().any(|warning| warning.contains(word)), "{said:?}");
        }
    }

    #[test]
    fn lengths_that_agree_are_used_and_named_those_that_do_not_are_refused() {
        for same in ["Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5"] {
            assert_eq!(response(same).framing, MessageFraming::Length(5));
            assert_eq!(response(same).warnings.len(), 1);
        }
        for bad in [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5, 6",
            "Content-Length: -1",
            "Content-Length: +5",
            "Content-Length: 0x5",
            "Content-Length:",
            "Content-Length: 99999999999999999999999",
        ] {
            assert_eq!(response(bad).framing, MessageFraming::UntilClose, "{bad}");
            assert_eq!(response(bad).warnings.len(), 1, "{bad}");
            assert!(request(bad).error.is_some(), "{bad}");
        }
    }

    #[test]
    fn transfer_codings_under_chunked_come_outermost_first() {
        let decision = response("Transfer-Encoding: deflate, gzip\r\nTransfer-Encoding: chunked");
        assert_eq!(decision.framing, MessageFraming::Chunked);
        assert_eq!(decision.transfer_codings, ["gzip", "deflate"]);
        let decision = response("Transfer-Encoding: gzip");
        assert_eq!(
            (decision.framing, decision.transfer_codings.len()),
            (MessageFraming::UntilClose, 1)
        );
        assert!(request("Transfer-Encoding: gzip").error.is_some());
        assert!(request("Transfer-Encoding: chunked, gzip").error.is_some());
        assert!(request("Transfer-Encoding: chunked, chunked").error.is_some());
    }

    #[test]
    fn identity_means_nothing_in_a_response_and_is_refused_in_a_request() {
        let fields = "Transfer-Encoding: identity\r\nContent-Length: 5";
        assert_eq!(response(fields).framing, MessageFraming::Length(5));
        assert_eq!(response(fields).warnings.len(), 1);
        assert!(request(fields).error.is_some());
    }

    #[test]
    fn content_codings_come_outermost_first() {
        let codings =
            |fields: &str| content_codings(&head(&format!("HTTP/1.1 200 OK\r\n{fields}")));
        let two = "Content-Encoding: X-Gzip, identity\r\ncontent-encoding: br";
        assert_eq!(codings(two), ["br", "gzip"]);
        assert_eq!(codings("Content-Encoding: aws-chunked,GZIP\r\ncontent-encoding:"), ["gzip"]);
    }

    #[test]
    fn persistence_follows_version_and_options() {
        assert!(keeps_alive(&head("HTTP/1.1 200 OK")));
        assert!(!keeps_alive(&head("HTTP/1.1 200 OK\r\nConnection: foo, Close")));
        assert!(!keeps_alive(&head("HTTP/1.0 200 OK")));
        assert!(keeps_alive(&head("HTTP/1.0 200 OK\r\nConnection: Keep-Alive")));
    }
}
