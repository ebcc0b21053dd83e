//! What an `expect` step waits for: as composed, and ready to be looked for.

use bytes::Bytes;
use serde_json::Value;
use strum::{Display, EnumString, IntoStaticStr};

use super::counts::counted;
use super::field::{Options, ValueKind};
use super::payload::{Payload, PayloadFormat};

/// Received bytes kept while a step waits; the newest stay. No step can wait for more.
pub(crate) const AWAITED_BYTES: usize = 1024 * 1024;

/// Bytes of it that are quoted in words.
pub(crate) const QUOTED: usize = 40;

/// How the text of what is awaited is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum AwaitedFormat {
    /// These bytes, written as text with escapes.
    #[default]
    Text,
    /// These bytes, written as hex digits; `??` is any byte.
    Hex,
    /// Something that this regular expression matches.
    Matches,
    /// So many bytes.
    Length,
    /// A JSON value that has these members and elements.
    Json,
}

/// What is awaited as written, templates unexpanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Awaited {
    pub text: String,
    pub format: AwaitedFormat,
}

/// The same, ready to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwaitedPlan {
    Bytes(Bytes),
    /// `None` is any byte.
    Pattern(Vec<Option<u8>>),
    /// Source of a `regex::bytes::Regex`, checked when the plan was made.
    Matches(String),
    Length(usize),
    /// What the value has to have.
    Json(Value),
}

impl AwaitedPlan {
    /// What is awaited, as a part of a sentence.
    #[must_use]
    pub(crate) fn words(&self) -> String {
        match self {
            AwaitedPlan::Bytes(bytes) => quoted(bytes),
            AwaitedPlan::Pattern(bytes) => {
                let byte =
                    |byte: &Option<u8>| byte.map_or("??".to_owned(), |it| format!("{it:02x}"));
                let kept: Vec<String> = bytes.iter().take(QUOTED).map(byte).collect();
                let more = if bytes.len() > QUOTED { " …" } else { "" };
                format!("hex {}{more}", kept.join(" "))
            }
            AwaitedPlan::Matches(source) => format!("what matches {}", as_written(source)),
            AwaitedPlan::Length(count) => counted(*count as u64, "byte"),
            AwaitedPlan::Json(part) => format!("JSON that has {}", as_written(&part.to_string())),
        }
    }
}

/// A text in quotes as it is written, which has escapes of its own; of a long one the beginning.
fn as_written(text: &str) -> String {
    let (mut shown, mut left) = (String::new(), QUOTED);
    for c in text.chars() {
        if left < c.len_utf8() {
            shown.push('…');
            break;
        }
        left -= c.len_utf8();
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    format!("'{shown}'")
}

/// Bytes in quotes, escaped; of many the first.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let kept = bytes.get(..QUOTED).unwrap_or(bytes);
    let more = if kept.len() < bytes.len() { "…" } else { "" };
    format!("'{}{more}'", kept.escape_ascii())
}

/// The words of the formats of a payload that are not plain text; what is written in one stands in a
/// table of its name: `{ hex = "..." }`.
pub(crate) fn formats(payload: &dyn Options) -> &'static [&'static str] {
    match payload.fields().first().map(|info| info.kind) {
        Some(ValueKind::Choice([_, formats @ ..])) => formats,
        _ => &[],
    }
}

/// Whether what is written in a format is a number.
pub(crate) fn is_counted(format: &str) -> bool {
    format == AwaitedFormat::Length.into_str()
}

impl Awaited {
    /// Text with escapes.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Awaited { text: text.into(), format: AwaitedFormat::Text }
    }

    /// The same as something to send.
    pub(crate) fn into_payload(self) -> Payload {
        let format = match self.format {
            AwaitedFormat::Hex => PayloadFormat::Hex,
            AwaitedFormat::Text
            | AwaitedFormat::Matches
            | AwaitedFormat::Length
            | AwaitedFormat::Json => PayloadFormat::Text,
        };
        Payload { text: self.text, format }
    }
}

impl From<Payload> for Awaited {
    fn from(payload: Payload) -> Self {
        let format = match payload.format {
            PayloadFormat::Text => AwaitedFormat::Text,
            PayloadFormat::Hex => AwaitedFormat::Hex,
        };
        Awaited { text: payload.text, format }
    }
}
