//! Where in what a client says its requests begin, for who looks at it before it is served.
//!
//! Used by the faults of HTTP relays, which count requests, and of which several may come in one read.
//! What cannot be read as a request, or may be read as two, is taken for more of it: who serves it ends
//! the connection there. Pure.

use super::body::BodyReader;
use super::framing::request_framing;
use super::head::{HeadReader, ParsedHead};
use super::start_line::Expected;
use crate::model::exchange::StartLine;

/// The place in what a client says.
#[derive(Debug, Clone)]
pub(crate) enum RequestBounds {
    /// It is not known where a request begins.
    Unknown,
    /// In front of one.
    Between,
    Head(HeadReader),
    Body(BodyReader),
}

impl RequestBounds {
    /// Whether it is known where requests begin.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self, RequestBounds::Unknown)
    }

    /// How many of these bytes, which follow those of before, belong together, and whether they begin a
    /// request. Of none it is none.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> (usize, bool) {
        let begins = matches!(self, RequestBounds::Between);
        if begins {
            // Empty lines in front of a request are not part of it (RFC 9112, section 2.2).
            let empty = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if empty > 0 || bytes.is_empty() {
                return (empty, false);
            }
            *self = RequestBounds::Head(HeadReader::new(Expected::Request));
        }
        (self.of_request(bytes), begins)
    }

    /// How many of these bytes are of the request that has begun.
    fn of_request(&mut self, bytes: &[u8]) -> usize {
        let mut head = 0;
        if let RequestBounds::Head(reader) = self {
            match reader.push(bytes) {
                Ok(None) => return bytes.len(),
                Ok(Some((used, parsed))) => {
                    (head, *self) = (used, Self::behind(&parsed));
                }
                Err(_) => *self = RequestBounds::Unknown,
            }
        }
        let RequestBounds::Body(body) = self else { return bytes.len() };
        let Ok(progress) = body.push(&bytes[head..], &mut |_| {}) else {
            *self = RequestBounds::Unknown;
            return bytes.len();
        };
        if progress.done {
            *self = RequestBounds::Between;
        }
        head + progress.used
    }

    /// What follows a head.
    fn behind(parsed: &ParsedHead) -> Self {
        let framing = request_framing(&parsed.head);
        let is_odd = parsed.refusal.is_some() || parsed.doubtful;
        let is_framed_oddly = framing.error.is_some() || framing.doubtful;
        // Behind one that asks for a tunnel anything may follow.
        let is_tunnel = matches!(&parsed.head.start,
            StartLine::Request { method, .. } if method == "CONNECT");
        if is_odd || is_framed_oddly || is_tunnel {
            return RequestBounds::Unknown;
        }
        RequestBounds::Body(BodyReader::new(framing.framing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cut as the bounds say, when it comes in pieces of this length; `|` begins a request.
    fn cut(said: &str, piece: usize) -> String {
        let mut bounds = RequestBounds::Between;
        let mut out = String::new();
        for mut rest in said.as_bytes().chunks(piece) {
            while !rest.is_empty() {
                let (len, begins) = bounds.next(rest);
                assert!(len > 0, "nothing was taken of {rest:?}");
                out.push_str(if begins { "|" } else { "" });
                out.push_str(std::str::from_utf8(&rest[..len]).unwrap());
                rest = &rest[len..];
            }
        }
        out
    }

    #[test]
    fn each_request_of_many_in_one_read_or_in_any_pieces_begins_where_it_does() {
        let cuts = "|GET /1 HTTP/1.1\r\nHost: x\r\n\r\n\
            |POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody\r\n\
            |POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n\
            |GET /4 HTTP/1.1\r\nHost: x\r\n\r\n\
            |CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nGET /5 HTTP/1.1\r\nHost: x\r\n\r\n";
        let said = cuts.replace('|', "");
        for piece in 1..=said.len() {
            assert_eq!(cut(&said, piece), cuts, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_request_or_may_be_two_is_one() {
        for said in [
            "\x16\x03\x01 GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(cut(said, said.len()), format!("|{said}"));
            assert_eq!(cut(said, 7), format!("|{said}"));
        }
    }
}
