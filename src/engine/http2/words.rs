//! What ended a stream or a connection of HTTP/2 before its time, in words.

use super::routes::GoneAway;
use crate::codec::http2::words;
use crate::codec::printable::printable;
use crate::engine::http::failure;
use crate::model::failure::{Failure, FailureKind, Stage};

/// `REFUSED_STREAM` (RFC 9113, section 7).
const REFUSED: u32 = 7;
/// `HTTP_1_1_REQUIRED`.
const OLDER: u32 = 13;

/// What is known of a stream and its connection when it failed.
pub(crate) struct StreamEnd<'a> {
    pub(crate) stage: Stage,
    pub(crate) target: &'a str,
    /// `after 120 of 500 body bytes`
    pub(crate) so_far: String,
    /// The stream, and with what code the server reset it.
    pub(crate) stream: Option<u32>,
    pub(crate) reset: Option<u32>,
    pub(crate) away: Option<GoneAway>,
    pub(crate) peer_ended: bool,
}

impl<'a> StreamEnd<'a> {
    /// Of a connection that takes no request to this target.
    pub(crate) fn before_request(
        target: &'a str,
        away: Option<GoneAway>,
        peer_ended: bool,
    ) -> Self {
        let (stage, so_far) = (Stage::Send, "before the request".to_owned());
        StreamEnd { stage, target, so_far, stream: None, reset: None, away, peer_ended }
    }

    /// The server did nothing about the request, which may be sent again whatever it asks for (RFC 9113, section 8.7).
    pub(crate) fn is_unprocessed(&self) -> bool {
        let is_above = |away: &GoneAway| self.stream.is_none_or(|stream| stream > away.last);
        self.reset == Some(REFUSED) || self.away.as_ref().is_some_and(is_above)
    }

    /// The failure, with the error of the library.
    pub(crate) fn failure(&self, error: &h2::Error) -> Failure {
        let so_far = &self.so_far;
        let made = |kind, cause: String| {
            Failure::new(self.stage, self.target, kind, format!("{cause}, {so_far}"))
        };
        if let Some(code) = self.reset {
            let words = words::error_and_meaning(code);
            let failure = made(FailureKind::Reset, format!("the server reset the stream: {words}"));
            return if code == OLDER { failure.hint("set the version to 1.1") } else { failure };
        }
        if let Some(away) = &self.away
            && (self.is_unprocessed() || away.code != 0)
        {
            return made(
                FailureKind::Reset,
                format!("the server ended the connection: {}", said(away)),
            );
        }
        let is_cut = |io: &std::io::Error| io.kind() == std::io::ErrorKind::UnexpectedEof;
        if self.peer_ended || error.get_io().is_some_and(is_cut) {
            let cause = "the server closed the connection in the middle of the stream";
            return made(FailureKind::Truncated, cause.into());
        }
        if let Some(io) = error.get_io() {
            return failure::socket(self.stage, self.target, io, so_far);
        }
        let Some(reason) = error.reason() else {
            return made(FailureKind::Malformed, error.to_string());
        };
        let name = words::error_and_meaning(reason.into());
        if error.is_remote() {
            return made(FailureKind::Reset, format!("the server ended it: {name}"));
        }
        let cause = format!(
            "what the server sent breaks HTTP/2, so we ended it: {}",
            words::error(reason.into())
        );
        made(FailureKind::Malformed, cause)
            .hint("every frame it sent is kept: look at the last ones in Traffic")
    }
}

/// `GOAWAY, ENHANCE_YOUR_CALM (too much was asked of it), last stream 1: 'words'`
fn said(away: &GoneAway) -> String {
    const SHOWN: usize = 200;
    let debug = away.debug.get(..SHOWN).unwrap_or(&away.debug);
    let debug = if debug.is_empty() { String::new() } else { format!(": '{}'", printable(debug)) };
    format!("GOAWAY, {}, last stream {}{debug}", words::error_and_meaning(away.code), away.last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end() -> StreamEnd<'static> {
        StreamEnd {
            stage: Stage::Head,
            target: "http://a/",
            so_far: "before the response head".into(),
            stream: Some(3),
            reset: None,
            away: None,
            peer_ended: false,
        }
    }

    fn broken() -> h2::Error {
        h2::Reason::PROTOCOL_ERROR.into()
    }

    #[test]
    fn a_request_nobody_looked_at_may_go_out_again() {
        let away = |last| Some(GoneAway { last, code: 0, debug: bytes::Bytes::new() });
        assert!(!end().is_unprocessed());
        assert!(StreamEnd { reset: Some(REFUSED), ..end() }.is_unprocessed());
        assert!(!StreamEnd { reset: Some(8), ..end() }.is_unprocessed());
        assert!(StreamEnd { away: away(1), ..end() }.is_unprocessed());
        assert!(!StreamEnd { away: away(3), ..end() }.is_unprocessed());
        assert!(StreamEnd { away: away(3), stream: None, ..end() }.is_unprocessed());
    }

    #[test]
    fn codes_have_their_names() {
        let failure = StreamEnd { reset: Some(OLDER), ..end() }.failure(&broken());
        assert_eq!(failure.kind, FailureKind::Reset);
        assert!(failure.cause.contains("HTTP_1_1_REQUIRED"), "{}", failure.cause);
        assert_eq!(failure.hint, "set the version to 1.1");
        let debug = bytes::Bytes::from_static(b"calm\x1b[m");
        let away = Some(GoneAway { last: 3, code: 11, debug });
        let cause = StreamEnd { away, ..end() }.failure(&broken()).cause;
        assert!(
            cause.contains("GOAWAY, ENHANCE_YOUR_CALM") && cause.contains("last stream 3"),
            "{cause}"
        );
        assert!(!cause.contains('\x1b') && cause.ends_with("before the response head"), "{cause}");
        let closed = StreamEnd { peer_ended: true, ..end() }.failure(&broken());
        assert_eq!(closed.kind, FailureKind::Truncated);
        let ours = end().failure(&broken());
        assert_eq!(ours.kind, FailureKind::Malformed);
        assert!(
            ours.cause.contains("breaks HTTP/2, so we ended it: PROTOCOL_ERROR"),
            "{}",
            ours.cause
        );
    }
}
