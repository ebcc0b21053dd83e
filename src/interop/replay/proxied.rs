//! What a client said to a relay of ours as to its proxy, and what of it is for the server behind it: a
//! `CONNECT` is for the proxy alone, and where a server gets a path, a proxy gets a URL.
//!
//! Read from the bytes, so that it does not matter who recorded them.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::talk::{ReplayAct, ReplayStep};
use crate::codec::http1::{BodyReader, Expected, HeadReader, request_framing};
use crate::model::endpoint::Endpoint;
use crate::model::exchange::StartLine;
use crate::model::url_text::UrlText;

/// Fields of a request that are for a proxy alone.
const FOR_PROXIES: [&[u8]; 2] = [b"proxy-authorization:", b"proxy-connection:"];

/// Where a request wants to be let through to, if it is a `CONNECT`.
pub(super) fn way_asked_for(said: &[u8]) -> Option<Endpoint> {
    let line = said.strip_prefix(b"CONNECT ")?.split(|byte| *byte == b' ').next()?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

/// Whether it is the answer that lets a client through.
pub(super) fn lets_through(answer: &[u8]) -> bool {
    matches!(answer, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', b'2', ..])
}

/// Makes requests that name whole URLs such as their server gets; which one that is and whether under TLS,
/// `None` = they name none.
///
/// # Errors
/// Why they are for no one server.
pub(super) fn for_the_server(steps: &mut [ReplayStep]) -> Result<Option<(Endpoint, bool)>, String> {
    let said: Vec<u8> = steps.iter().flat_map(|step| sent(step).to_vec()).collect();
    let (mut edits, mut server, mut from) = (Vec::new(), None, 0);
    while let Some(rest) = said.get(from..).filter(|rest| !rest.is_empty()) {
        let Ok(Some((used, parsed))) = HeadReader::new(Expected::Request).push(rest) else { break };
        let StartLine::Request { target, .. } = &parsed.head.start else { break };
        if let Some(named) = server_of(target) {
            if server.as_ref().is_some_and(|known| *known != named) {
                return Err(
                    "it asks a proxy for more than one server: choose requests of one".into()
                );
            }
            server = Some(named);
            edits.extend(
                edits_of(&rest[..used], target)
                    .map(|(at, to)| (from + at.start..from + at.end, to)),
            );
        }
        let mut body = BodyReader::new(request_framing(&parsed.head).framing);
        let Ok(progress) = body.push(&rest[used..], &mut |_| {}) else { break };
        from += used + progress.used;
    }
    edit(steps, &edits);
    Ok(server)
}

fn sent(step: &ReplayStep) -> &[u8] {
    match &step.act {
        ReplayAct::Send(data) => data,
        ReplayAct::Finish => &[],
    }
}

/// The server that a target names.
fn server_of(target: &str) -> Option<(Endpoint, bool)> {
    let url = UrlText::literal(target);
    let tls = match url.scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let port = match url.port.filter(|port| !port.is_empty()) {
        Some(port) => port.parse().ok()?,
        None => {
            if tls {
                443
            } else {
                80
            }
        }
    };
    let host = url.host.trim_matches(['[', ']']).to_ascii_lowercase();
    (!host.is_empty()).then(|| (Endpoint::new(host, port), tls))
}

/// What of a head is to be something else, the first first.
fn edits_of(head: &[u8], target: &str) -> impl Iterator<Item = (Range<usize>, Bytes)> {
    let at = memchr::memmem::find(head, target.as_bytes()).unwrap_or(0);
    let url = UrlText::literal(target);
    let path = if url.target.starts_with('/') { "" } else { "/" };
    let path = Bytes::from(format!("{path}{}", url.target));
    let mut edits = vec![(at..at + target.len(), path)];
    let mut from = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let is_for_proxies = |name: &&[u8]| {
            line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        };
        if FOR_PROXIES.iter().any(is_for_proxies) {
            edits.push((from..from + line.len(), Bytes::new()));
        }
        from += line.len();
    }
    edits.into_iter()
}

/// Makes these ranges of all that is sent something else.
fn edit(steps: &mut [ReplayStep], edits: &[(Range<usize>, Bytes)]) {
    let mut begins = 0;
    for step in steps.iter_mut().filter(|_| !edits.is_empty()) {
        let ReplayAct::Send(data) = &mut step.act else { continue };
        let ends = begins + data.len();
        let (mut made, mut kept_to) = (BytesMut::new(), begins);
        for (at, to) in edits {
            let cut = at.start.clamp(begins, ends)..at.end.clamp(begins, ends);
            if cut.is_empty() {
                continue;
            }
            made.extend_from_slice(&data[kept_to - begins..cut.start - begins]);
            if at.start >= begins {
                made.extend_from_slice(to);
            }
            kept_to = cut.end;
        }
        made.extend_from_slice(&data[kept_to - begins..]);
        (*data, begins) = (made.freeze(), ends);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::timing::Stamp;

    fn steps(pieces: &[&str]) -> Vec<ReplayStep> {
        let step = |text: &&str| {
            let act = ReplayAct::Send(Bytes::copy_from_slice(text.as_bytes()));
            ReplayStep { at: Stamp(0), act, heard: 0 }
        };
        pieces.iter().map(step).collect()
    }

    type FoundServer = Result<Option<(Endpoint, bool)>, String>;

    fn made(pieces: &[&str]) -> (Vec<String>, FoundServer) {
        let mut steps = steps(pieces);
        let server = for_the_server(&mut steps);
        let text = |step: &ReplayStep| String::from_utf8_lossy(sent(step)).into_owned();
        (steps.iter().map(text).collect(), server)
    }

    #[test]
    fn a_request_to_a_proxy_becomes_one_to_its_server() {
        let head = "Host: h\r\nProxy-Authorization: Basic eA==\r\nX: http://h/a\r\n\
                    proxy-connection: keep-alive\r\n\r\n";
        let ask = format!("GET http://h/a?b=http://h/a HTTP/1.1\r\n{head}");
        let more = "POST http://H:80 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET http://h?q HTTP/1.1\r\n\r\n";
        let made_of = [
            "GET /a?b=http://h/a HTTP/1.1\r\nHost: h\r\nX: http://h/a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /?q HTTP/1.1\r\n\r\n",
        ];
        let server = Ok(Some((Endpoint::new("h", 80), false)));
        assert_eq!(made(&[&ask, more]), (made_of.map(str::to_owned).to_vec(), server.clone()));
        for cut in 1..ask.len() {
            let (one, two) = ask.split_at(cut);
            let (pieces, found) = made(&[one, two]);
            assert_eq!((pieces.concat(), found), (made_of[0].to_owned(), server.clone()), "{cut}");
        }
    }

    #[test]
    fn what_names_no_url_stays_and_several_servers_are_refused() {
        for said in ["GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "* OK ready\r\n", "GET http://h/ HT", ""]
        {
            assert_eq!(made(&[said]), (vec![said.to_owned()], Ok(None)));
        }
        let of = |url: &str| made(&[&format!("GET {url} HTTP/1.1\r\n\r\n")]).1;
        assert_eq!(of("https://[::1]:8443/a"), Ok(Some((Endpoint::new("::1", 8443), true))));
        assert_eq!(of("ftp://h/a"), Ok(None));
        let two = "GET http://a/ HTTP/1.1\r\n\r\nGET http://b/ HTTP/1.1\r\n\r\n";
        assert!(made(&[two]).1.unwrap_err().contains("more than one server"));
    }

    #[test]
    fn a_connect_and_its_answer_are_known() {
        let asked = way_asked_for(b"CONNECT [::1]:443 HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(asked, Some(Endpoint::new("::1", 443)));
        assert_eq!(way_asked_for(b"GET / HTTP/1.1\r\n\r\n"), None);
        assert_eq!(way_asked_for(b"CONNECT h HTTP/1.1\r\n\r\n"), None);
        assert!(lets_through(b"HTTP/1.0 200 OK\r\n\r\n"));
        assert!(!lets_through(b"HTTP/1.1 407 Who\r\n\r\n") && !lets_through(b"220 ready"));
    }
}
