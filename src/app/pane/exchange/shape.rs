//! How a body is best shown: by its declared type, and by its first bytes once they are here.

use encoding_rs::Encoding;

use crate::codec::charset::{self, NAMED_WITHIN, sniff};
use crate::model::exchange::{Exchange, HttpMessage};
use crate::model::id::BodyId;
use crate::model::view::{View, ViewMode, ViewPart, ViewQuery};

/// Pretty for JSON, hex for binary, text for the rest, by the declared type alone; the first bytes
/// may tell better ([`sniffed`]).
pub(super) fn default_mode(message: &HttpMessage) -> ViewMode {
    let declared = content_type(message);
    if let Some(wide) = charset::wide(declared.as_deref(), b"") {
        return ViewMode::Wide(wide);
    }
    match sniff(declared.as_deref(), b"") {
        ViewMode::Text if declared.as_deref().is_some_and(is_binary) => ViewMode::Hex,
        mode => mode,
    }
}

fn is_binary(declared: &str) -> bool {
    const BINARY: [&str; 5] = ["image/", "audio/", "video/", "font/", "application/zip"];
    let is_markup = declared.contains("svg") || declared.contains("+xml");
    BINARY.iter().any(|kind| declared.starts_with(kind)) && !is_markup
}

fn content_type(message: &HttpMessage) -> Option<String> {
    let value = message.head.field("content-type")?;
    Some(String::from_utf8_lossy(value).trim().to_ascii_lowercase())
}

/// The way the first bytes ask to be shown, once they are here.
pub(super) fn sniffed(message: &HttpMessage, default: ViewMode, view: &View) -> Option<ViewMode> {
    sniffed_as(content_type(message).as_deref(), default, view)
}

/// The same of bytes of this declared type.
pub(super) fn sniffed_as(
    declared: Option<&str>,
    default: ViewMode,
    view: &View,
) -> Option<ViewMode> {
    let is_first = view.top == 0 && !view.lines.is_empty() && view.query.part == ViewPart::Decoded;
    if !is_first || matches!(view.query.mode, ViewMode::Wide(_)) {
        return None;
    }
    // Neither a byte order mark nor a zero byte is JSON, so pretty printing has fallen back to text.
    if let Some(wide) = charset::wide(declared, &mark(view)) {
        return Some(ViewMode::Wide(wide));
    }
    if view.query.mode != default {
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
    let mode = sniff(declared, &first);
    (!first.is_empty() && mode != default).then_some(mode)
}

/// Whether a window shows the beginning of JSON in units of two or four bytes.
pub(super) fn is_wide_json(declared: Option<&str>, view: &View) -> bool {
    let is_wide = matches!(view.query.mode, ViewMode::Wide(_));
    let is_first = view.top == 0 && !view.lines.is_empty() && view.query.part == ViewPart::Decoded;
    is_wide && is_first && {
        let first: Vec<_> = view.lines.iter().take(32).map(|line| &line.bytes[..]).collect();
        sniff(declared, &first.join(&b'\n')) == ViewMode::Pretty
    }
}

/// The bytes a body begins with, enough for its byte order mark. Between lines are those of line ends.
fn mark(view: &View) -> Vec<u8> {
    let mut first = Vec::new();
    for line in view.lines.iter().take_while(|line| line.offset < 4) {
        let at = usize::try_from(line.offset).unwrap_or_default();
        first.resize(at.max(first.len()), b'\n');
        first.extend_from_slice(&line.bytes);
    }
    first
}

/// The beginning of a body, as far as a window onto its first lines holds it.
pub(super) fn beginning(view: &View) -> Option<Vec<u8>> {
    let is_first = view.top == 0 && view.query.part == ViewPart::Decoded;
    let is_bytes = matches!(view.query.mode, ViewMode::Text | ViewMode::Pretty);
    (is_first && is_bytes).then(|| {
        let mut first = Vec::new();
        for line in view.lines.iter().take_while(|line| line.offset < NAMED_WITHIN as u64) {
            first.extend_from_slice(&line.bytes);
            first.push(b'\n');
        }
        first.truncate(NAMED_WITHIN);
        first
    })
}

/// The charset text has to be read in, where its type names one that is not UTF-8, or the text itself,
/// which begins so.
pub(super) fn encoding(
    exchange: &Exchange,
    query: &ViewQuery,
    first: &[u8],
) -> Option<&'static Encoding> {
    let kind = content_type(message_of(exchange, query.body)?);
    let declared = charset::charset(kind.as_deref());
    let encoding = declared.or_else(|| charset::named_within(kind.as_deref(), first))?;
    let is_bytes = matches!(query.mode, ViewMode::Text | ViewMode::Pretty);
    let is_body = is_bytes && query.part == ViewPart::Decoded;
    (is_body && encoding.is_ascii_compatible()).then_some(encoding)
}

/// The type the message of an exchange gives its body.
pub(super) fn content_type_of(exchange: &Exchange, body: BodyId) -> Option<String> {
    content_type(message_of(exchange, body)?)
}

fn message_of(exchange: &Exchange, body: BodyId) -> Option<&HttpMessage> {
    let messages = [Some(&exchange.request), exchange.response.as_ref()];
    messages.into_iter().flatten().find(|message| message.body.id == body)
}
