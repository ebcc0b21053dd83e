//! Where heads lie in the bytes of a connection that speaks HTTP/1: credentials stand in heads, and
//! a body that looks like one stays as it is.
//!
//! Called by what hides credentials in captured bytes. Records are followed one after the other, in
//! any pieces. Where bytes are missing or something is no HTTP, what begins like a message is taken
//! for one.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use crate::codec::http1::{BodyReader, Expected, HeadReader, request_framing, response_framing};
use crate::model::exchange::{Head, StartLine};
use crate::model::id::ConnId;

/// Requests of a connection that wait for their answer; more are no conversation.
const WAITING: usize = 1024;

/// All connections that are followed.
#[derive(Debug, Default)]
pub(super) struct HttpHeads {
    conns: HashMap<ConnId, HttpConn>,
}

/// Both ways of one connection.
#[derive(Debug)]
struct HttpConn {
    requests: Messages,
    responses: Messages,
    /// Methods of requests that wait for their answer.
    methods: VecDeque<String>,
}

/// The messages of one way, and where the last one stands.
#[derive(Debug)]
struct Messages {
    expected: Expected,
    at: MessagePlace,
}

#[derive(Debug)]
enum MessagePlace {
    Head(HeadReader),
    Body(BodyReader),
    /// Nobody knows.
    Lost,
}

/// A piece of a head: where in the record, and what of the head came before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeadPiece {
    pub(super) place: Range<usize>,
    pub(super) before: Vec<u8>,
}

/// Bytes of one way.
#[derive(Debug, Clone, Copy)]
pub(super) struct HttpBytes<'a> {
    pub(super) expected: Expected,
    pub(super) kept: &'a [u8],
    /// More crossed than was kept.
    pub(super) is_cut: bool,
}

impl HttpHeads {
    /// The pieces of heads in what crossed next.
    pub(super) fn pieces(&mut self, conn: ConnId, bytes: HttpBytes<'_>) -> Vec<HeadPiece> {
        let conn = self.conns.entry(conn).or_insert_with(HttpConn::new);
        match bytes.expected {
            Expected::Request => conn.requests.push(bytes, &mut conn.methods),
            Expected::Response => conn.responses.push(bytes, &mut conn.methods),
        }
    }

    /// A connection has no further bytes.
    pub(super) fn over(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
    }
}

impl HttpConn {
    fn new() -> Self {
        let messages =
            |expected| Messages { expected, at: MessagePlace::Head(HeadReader::new(expected)) };
        HttpConn {
            requests: messages(Expected::Request),
            responses: messages(Expected::Response),
            methods: VecDeque::new(),
        }
    }
}

impl Messages {
    fn push(&mut self, bytes: HttpBytes<'_>, methods: &mut VecDeque<String>) -> Vec<HeadPiece> {
        let (kept, mut at, mut pieces) = (bytes.kept, 0, Vec::new());
        if matches!(self.at, MessagePlace::Lost) && looks_like_a_head(kept) {
            self.at = MessagePlace::Head(HeadReader::new(self.expected));
        }
        while at < kept.len() {
            let rest = &kept[at..];
            let used = match &mut self.at {
                MessagePlace::Lost => rest.len(),
                MessagePlace::Body(reader) => match reader.push(rest, &mut |_| {}) {
                    Ok(progress) if progress.done => {
                        self.at = MessagePlace::Head(HeadReader::new(self.expected));
                        progress.used
                    }
                    Ok(progress) => progress.used,
                    Err(_) => {
                        self.at = MessagePlace::Lost;
                        rest.len()
                    }
                },
                MessagePlace::Head(reader) => {
                    let before = reader.received().to_vec();
                    let (used, next) = match reader.push(rest) {
                        Ok(None) => (rest.len(), None),
                        Ok(Some((used, parsed))) => {
                            (used, Some(self.behind(&parsed.head, methods)))
                        }
                        Err(_) => (rest.len(), Some(MessagePlace::Lost)),
                    };
                    pieces.push(HeadPiece { place: at..at + used, before });
                    if let Some(next) = next {
                        self.at = next;
                    }
                    used
                }
            };
            at += used;
        }
        if bytes.is_cut {
            self.at = MessagePlace::Lost;
        }
        pieces
    }

    /// What comes behind this head.
    fn behind(&self, head: &Head, methods: &mut VecDeque<String>) -> MessagePlace {
        let framing = match &head.start {
            StartLine::Request { method, .. } => {
                if methods.len() < WAITING {
                    methods.push_back(method.clone());
                }
                request_framing(head).framing
            }
            StartLine::Unknown | StartLine::Response { status: 101, .. } => {
                return MessagePlace::Lost;
            }
            StartLine::Response { status: 100..200, .. } => {
                return MessagePlace::Head(HeadReader::new(self.expected));
            }
            StartLine::Response { .. } => {
                let method = methods.pop_front().unwrap_or_default();
                response_framing(head, &method).framing
            }
        };
        if framing.is_empty() {
            return MessagePlace::Head(HeadReader::new(self.expected));
        }
        MessagePlace::Body(BodyReader::new(framing))
    }
}

/// Whether this is the start line of a message.
fn looks_like_a_head(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = &line[..line.len().min(8192)];
    line.starts_with(b"HTTP/1.") || memchr::memmem::find(line, b" HTTP/1.").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;

    const REQUESTS: &[u8] =
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nCookie: xGET / HTTP/1.1\r\nCookie: y\r\n\r\n";
    const RESPONSES: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: \
chunked\r\n\r\n3\r\nA: \r\n0\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: z\r\n\r\nuntil the end";

    fn heads(pieces: &[&[u8]], expected: Expected) -> String {
        let mut heads = HttpHeads::default();
        let mut all = Vec::new();
        for kept in pieces {
            let found =
                heads.pieces(SessionId(1).conn(1), HttpBytes { expected, kept, is_cut: false });
            for piece in found {
                all.extend_from_slice(&kept[piece.place]);
            }
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn heads_are_found_however_the_bytes_are_cut() {
        for (bytes, expected, bodies) in [
            (REQUESTS, Expected::Request, &["Cookie: x"][..]),
            (RESPONSES, Expected::Response, &["3\r\nA: \r\n0\r\n\r\n", "until the end"]),
        ] {
            let mut only_heads = String::from_utf8(bytes.to_vec()).unwrap();
            for body in bodies {
                only_heads = only_heads.replace(body, "");
            }
            for cut in 0..=bytes.len() {
                let (first, second) = bytes.split_at(cut);
                assert_eq!(heads(&[first, second], expected), only_heads, "cut at {cut}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_gone_on_from_with_the_next_message() {
        let mut heads = HttpHeads::default();
        let expected = Expected::Request;
        let mut places = |kept, is_cut| {
            let bytes = HttpBytes { expected, kept, is_cut };
            let pieces = heads.pieces(SessionId(1).conn(1), bytes);
            pieces.into_iter().map(|piece| piece.place).collect::<Vec<_>>()
        };
        let head = b"PUT / HTTP/1.1\r\nContent-Length: 99\r\n\r\n";
        assert_eq!(places(head, true).first(), Some(&(0..head.len())));
        assert!(places(b"Cookie: of a body\r\n", false).is_empty());
        assert_eq!(places(head, false).first(), Some(&(0..head.len())));
    }
}
