//! The Cookies tab: what a message sets or brings, one cookie after another, as it was sent.

use super::text_line::{TextLine, Tone};
use crate::codec::printable::{Marked, marked, printable};
use crate::model::exchange::HttpMessage;

/// The cookies of a response with their attributes (RFC 6265, section 5.2), or those of a request.
pub(super) fn lines(message: &HttpMessage) -> Vec<TextLine> {
    let mut lines = Vec::new();
    for value in message.head.all("set-cookie") {
        if !lines.is_empty() {
            lines.push(TextLine::new(Tone::Dim, "", ""));
        }
        let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let (name, content) = pair(parts.next().unwrap_or_default());
        lines.push(TextLine::new(Tone::Heading, "", name));
        lines.push(TextLine::pair("value", content));
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, content) = pair(part);
            // Secure and HttpOnly stand alone.
            let content = if part.contains(&b'=') { content } else { "yes".into() };
            lines.push(TextLine::pair(&name, content));
        }
    }
    for value in message.head.all("cookie") {
        let parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, content) = pair(part);
            lines.push(TextLine::pair(&name, content));
        }
    }
    lines
}

/// Name and value, printable.
fn pair(part: &[u8]) -> (String, Marked) {
    let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
    let (name, value) = part.split_at_checked(at).unwrap_or((part, b""));
    let value = value.strip_prefix(b"=").unwrap_or(value);
    (printable(name.trim_ascii()), marked(value.trim_ascii()))
}
