//! The request that a row of traffic belongs to, read from the bytes of its client.
//!
//! Called by the application for drafts and copies of rows. The bytes are all there is: who recorded them
//! and whether anybody told an exchange about them does not matter.

use bytes::Bytes;

use super::from_traffic;
use crate::codec::http1::{BodyReader, Expected, HeadReader, request_framing};
use crate::model::exchange::{BodyFacts, Exchange, Head, HttpMessage, StartLine};
use crate::model::record::ConnInfo;
use crate::model::spec::Spec;
use crate::model::timing::Stamp;

/// What a client said, and which byte of it is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SaidBytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) at: usize,
    /// Where something of it was not kept, if anywhere.
    pub(crate) cut: Option<usize>,
}

/// The request in which the byte lies, as the spec that sends it, with what could not be carried over
/// as it was; `None` = there is none, or one that is no request of a client of a server (`CONNECT`).
/// `url` is where it went when that is known, else its `Host` says so.
pub(crate) fn spec_at(
    conn: &ConnInfo,
    said: &SaidBytes,
    url: Option<String>,
) -> Option<(Spec, Vec<String>)> {
    let seen = find(&said.bytes, said.at)
        // Its beginning may be evicted, or not HTTP (a greeting of a proxy).
        .or_else(|| find(said.bytes.get(said.at..)?, 0))?;
    let StartLine::Request { method, target, .. } = &seen.head.start else { return None };
    if method == "CONNECT" {
        return None;
    }
    let url = url.unwrap_or_else(|| url_of(conn, &seen.head, target));
    let is_whole = seen.is_whole && said.cut.is_none_or(|cut| cut < said.at);
    let body = BodyFacts { complete: is_whole, ..BodyFacts::default() };
    let request = HttpMessage { head: seen.head, body };
    let exchange = Exchange::begun(conn.side, conn.id, 0, request, Stamp(0));
    Some(from_traffic::spec_and_remarks(&Exchange { url, ..exchange }, &seen.body))
}

/// One request.
struct SeenRequest {
    head: Head,
    /// Without its framing; packed where it was.
    body: Bytes,
    is_whole: bool,
}

/// Goes from request to request up to that in which this byte lies.
fn find(said: &[u8], at: usize) -> Option<SeenRequest> {
    let mut from = 0;
    loop {
        let rest = said.get(from..).filter(|rest| !rest.is_empty())?;
        let (used, parsed) = HeadReader::new(Expected::Request).push(rest).ok()??;
        let mut reader = BodyReader::new(request_framing(&parsed.head).framing);
        let mut body = Vec::new();
        let progress = reader.push(&rest[used..], &mut |piece| body.extend_from_slice(piece));
        let progress = progress.ok()?;
        let next = from + used + progress.used;
        if at < next || !progress.done {
            let is_whole = reader.finish().is_ok();
            return Some(SeenRequest { head: parsed.head, body: body.into(), is_whole });
        }
        from = next;
    }
}

/// Where a request of this connection went, as its target, its `Host` or its connection says.
pub(super) fn url_of(conn: &ConnInfo, head: &Head, target: &str) -> String {
    if target.contains("://") {
        return target.to_owned();
    }
    let scheme = if conn.tls { "https" } else { "http" };
    let host = head.field("host").and_then(|host| std::str::from_utf8(host).ok());
    let authority = match host.map(str::trim).filter(|host| !host.is_empty()) {
        Some(host) => host.to_owned(),
        None => from_traffic::client_of(conn).address().to_owned(),
    };
    let path = if target.starts_with('/') { target } else { "/" };
    format!("{scheme}://{authority}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::{HttpBody, HttpSpec};
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};

    fn conn(tls: bool) -> ConnInfo {
        let (local, peer) = ("127.0.0.1:8080".parse().ok(), "127.0.0.1:5".parse().ok());
        let (protocol, side) = (Protocol::Http, Side::Listener);
        ConnInfo { local, peer, tls, ..ConnInfo::new(SessionId(1).conn(1), protocol, side) }
    }

    fn read(said: &str, at: usize, tls: bool) -> Option<(HttpSpec, Vec<String>)> {
        let said = SaidBytes { bytes: said.into(), at, cut: None };
        let (spec, remarks) = spec_at(&conn(tls), &said, None)?;
        let Spec::Http(spec) = spec else { return None };
        Some((spec, remarks))
    }

    const TWO: &str = "POST /a?x=1 HTTP/1.1\r\nHost: h:80\r\nTransfer-Encoding: chunked\r\n\
                       Content-Type: application/json\r\n\r\n3\r\n[1]\r\n0\r\n\r\n\
                       PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";

    #[test]
    fn the_request_in_which_a_byte_lies_is_the_one_that_is_sent() {
        let second = TWO.find("PUT").unwrap();
        for at in [0, 40, second - 1] {
            let (spec, remarks) = read(TWO, at, false).unwrap();
            assert_eq!((spec.method.as_str(), spec.url.as_str()), ("POST", "http://h:80/a?x=1"));
            assert_eq!((spec.body, remarks.len()), (HttpBody::Json("[1]".into()), 0));
        }
        for at in [second, TWO.len() - 1] {
            let (spec, _) = read(TWO, at, true).unwrap();
            assert_eq!((spec.method.as_str(), spec.url.as_str()), ("PUT", "https://h/b"));
            assert_eq!(spec.body, HttpBody::Text("ok".into()));
        }
        // What came before it is not there any more.
        let (spec, _) = read(TWO.get(30..).unwrap(), second - 30, false).unwrap();
        assert_eq!(spec.method, "PUT");
    }

    #[test]
    fn where_it_went_is_said_by_its_target_its_host_or_its_connection() {
        let (spec, _) = read("GET http://o/p HTTP/1.1\r\nHost: h\r\n\r\n", 0, false).unwrap();
        assert_eq!(spec.url, "http://o/p");
        let (spec, _) = read("GET /p HTTP/1.0\r\n\r\n", 0, false).unwrap();
        assert_eq!(spec.url, "http://127.0.0.1:8080/p");
    }

    #[test]
    fn half_a_body_is_told_and_what_is_no_request_is_none() {
        let (_, remarks) =
            read("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nok", 0, false).unwrap();
        assert!(remarks.iter().any(|it| it.contains("cut off")), "{remarks:?}");
        for said in ["", "EHLO me\r\n", "GET / HT", "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n"] {
            assert!(read(said, 0, false).is_none(), "{said}");
        }
    }
}
