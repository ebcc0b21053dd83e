//! A piece of a body whose head came before it, in a record of its own: told by what that head says.

use super::known::{DecodeHints, Known};
use super::sheet::Sheet;
use super::{coded, http};
use crate::codec::http1::body::BodyReader;
use crate::codec::http1::{content_codings, request_framing};
use crate::codec::{charset, json_text};
use crate::model::exchange::{Head, MessageFraming};

/// Bytes of chunks that are put together.
const BODY: usize = 256 * 1024;

/// A piece of a body, if a head says what it is and it is something by itself.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if hints.head.is_empty() || hints.content_type.is_some() || http::expected(bytes).is_some() {
        return None;
    }
    let head = Head { fields: hints.head.to_vec(), ..Head::default() };
    let is_chunked = request_framing(&head).framing == MessageFraming::Chunked;
    if let Some(plain) = is_chunked.then(|| without_chunks(bytes)).flatten() {
        let told = sheet.made_of(0..bytes.len(), |sheet| content(&plain, &head, sheet))?;
        return Some(Known::named(format!("body in chunks: {told}")));
    }
    content(bytes, &head, sheet).map(|told| Known::named(format!("body: {told}")))
}

/// What chunks hold, if some begin here; of the last one as much as there is.
fn without_chunks(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut keep = |piece: &[u8]| {
        let room = BODY - plain.len().min(BODY);
        plain.extend_from_slice(piece.get(..room).unwrap_or(piece));
    };
    BodyReader::new(MessageFraming::Chunked).push(bytes, &mut keep).ok()?;
    (!plain.is_empty()).then_some(plain)
}

/// Tells what it is; `None` = it goes on with something that began before.
fn content(plain: &[u8], head: &Head, sheet: &mut Sheet) -> Option<String> {
    let (kind, codings) = (http::content_type(head), content_codings(head));
    // What is packed is never text: that stands here without its coding.
    if !codings.is_empty() && !charset::is_text(plain) {
        return coded::unpack(&codings, plain, kind.as_deref(), sheet).ok();
    }
    let kind = kind?;
    if !begins(plain, &kind) {
        return None;
    }
    let name = sheet.inside(plain, Some(&kind));
    (!matches!(name.as_str(), "text" | "data" | "nothing")).then_some(name)
}

/// Whether something of this type can begin here; what goes on with JSON, or with a head, would be
/// told as full of mistakes.
fn begins(plain: &[u8], kind: &str) -> bool {
    let hints = DecodeHints { content_type: Some(kind), ..DecodeHints::default() };
    let (media, text) = (hints.media(), plain.trim_ascii());
    if media.ends_with("json") {
        return matches!(text.first(), Some(b'{' | b'[')) || json_text::flaw(plain).is_none();
    }
    !media.ends_with("form-urlencoded") || !text.contains(&b'\n')
}
