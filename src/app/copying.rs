//! Bytes for the clipboard: as they are looked at, as hex digits, as payload text with escapes.

use super::effect::Effect;
use super::format;
use super::intent::Intent;
use super::record_view::is_text;
use crate::codec::printable::printable_lines;
use crate::codec::{escape, hex};

/// Bytes put on the clipboard at most.
const LIMIT: usize = 64 * 1024;

/// How bytes are written onto the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyAs {
    /// Text as text, anything else as a hex dump.
    Seen,
    /// `de ad be ef`
    Hex,
    /// `ok\r\n`, which an input line and a preset read back.
    Escaped,
}

/// What has to be done to copy bytes, and what is said about it.
pub fn copy(bytes: &[u8], how: CopyAs) -> Vec<Intent> {
    let part = bytes.get(..LIMIT).unwrap_or(bytes);
    let (form, text) = match how {
        CopyAs::Seen if is_text(part) => ("text", printable_lines(part)),
        CopyAs::Seen => ("a hex dump", dump(part)),
        CopyAs::Hex => ("hex", digits(part)),
        CopyAs::Escaped => ("text with escapes", escape::escape(part)),
    };
    let cut = if part.len() < bytes.len() { " (the beginning)" } else { "" };
    let said = format!("{} copied as {form}{cut}", format::size(part.len() as u64));
    vec![Intent::Say(said), Intent::Perform(Effect::Copy(text))]
}

fn dump(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).enumerate();
    let dump = lines.map(|(at, line)| hex::dump_line(at as u64 * 16, line));
    dump.collect::<Vec<_>>().join("\n")
}

/// `de ad be ef`
pub(super) fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
