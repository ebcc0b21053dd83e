//! How a body is best shown: by its declared type, and by its first bytes once they are here.

use encoding_rs::Encoding;

use super::{kind, message, shown, subject};
use crate::app::App;
use crate::codec::charset::{Shape, charset, sniff};
use crate::model::exchange::HttpMessage;
use crate::model::view::{View, ViewMode, ViewPart, ViewQuery};

/// Pretty for JSON, hex for binary, text for the rest, by the declared type alone; the first bytes
/// may tell better ([`sniffed`]).
pub(super) fn default_mode(message: &HttpMessage) -> ViewMode {
    let declared = content_type(message);
    match sniff(declared.as_deref(), b"") {
        Shape::Text if declared.as_deref().is_some_and(is_binary) => ViewMode::Hex,
        shape => shape.view_mode(),
    }
}

fn is_binary(declared: &str) -> bool {
    const BINARY: [&str; 5] = ["image/", "audio/", "video/", "font/", "application/zip"];
    BINARY.iter().any(|kind| declared.starts_with(kind)) && !declared.contains("svg")
}

fn content_type(message: &HttpMessage) -> Option<String> {
    let value = message.head.field("content-type")?;
    Some(String::from_utf8_lossy(value).trim().to_ascii_lowercase())
}

/// The way the first bytes ask to be shown, once they are here.
pub(in crate::app::pane::response) fn sniffed(app: &App, view: &View) -> Option<ViewMode> {
    let subject =
        subject(app).filter(|s| (s.body, s.part) == (view.query.body, view.query.part))?;
    let is_first = view.top == 0 && !view.lines.is_empty() && subject.part == ViewPart::Decoded;
    if !is_first || view.query.mode != subject.default {
        return None;
    }
    let mut first = Vec::new();
    for line in view.lines.iter().take_while(|_| view.query.mode != ViewMode::Pretty).take(32) {
        first.extend_from_slice(&line.bytes);
        if view.query.mode == ViewMode::Text {
            first.push(b'\n');
        }
        if first.len() > 512 {
            break;
        }
    }
    let declared = content_type(message(shown(app)?, kind(app))?);
    let mode = sniff(declared.as_deref(), &first).view_mode();
    (!first.is_empty() && mode != subject.default).then_some(mode)
}

/// The charset text has to be read in, where its type names one that is not UTF-8.
pub(in crate::app::pane::response) fn encoding(
    app: &App,
    query: &ViewQuery,
) -> Option<&'static Encoding> {
    let exchange = shown(app).filter(|_| query.part == ViewPart::Decoded)?;
    let messages = [Some(&exchange.request), exchange.response.as_ref()];
    let message = messages.into_iter().flatten().find(|m| m.body.id == query.body)?;
    let encoding = charset(content_type(message).as_deref())?;
    (query.mode != ViewMode::Hex && encoding.is_ascii_compatible()).then_some(encoding)
}
