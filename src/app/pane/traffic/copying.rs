//! Bytes for the clipboard: as they are looked at, as hex digits, as payload text with escapes.

use crate::app::effect::Effect;
use crate::app::format;
use crate::app::record_view::is_text;
use crate::app::state::App;
use crate::codec::printable::printable_lines;
use crate::codec::{escape, hex};

/// Bytes put on the clipboard at most.
const LIMIT: usize = 64 * 1024;

/// Text as text, anything else as a hex dump.
pub(in crate::app::pane) fn as_seen(app: &mut App, bytes: &[u8]) {
    if is_text(first(bytes)) {
        put(app, bytes, "text", printable_lines);
    } else {
        put(app, bytes, "a hex dump", |bytes| {
            let lines = bytes.chunks(16).enumerate();
            let dump = lines.map(|(at, line)| hex::dump_line(at as u64 * 16, line));
            dump.collect::<Vec<_>>().join("\n")
        });
    }
}

/// `de ad be ef`
pub(in crate::app::pane) fn as_hex(app: &mut App, bytes: &[u8]) {
    put(app, bytes, "hex", |bytes| {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.join(" ")
    });
}

/// `ok\r\n`, which an input line and a preset read back.
pub(in crate::app::pane) fn escaped(app: &mut App, bytes: &[u8]) {
    put(app, bytes, "text with escapes", escape::escape);
}

fn first(bytes: &[u8]) -> &[u8] {
    bytes.get(..LIMIT).unwrap_or(bytes)
}

fn put(app: &mut App, bytes: &[u8], form: &str, write: impl Fn(&[u8]) -> String) {
    let part = first(bytes);
    let cut = if part.len() < bytes.len() { " (the beginning)" } else { "" };
    app.say(format!("{} copied as {form}{cut}", format::size(part.len() as u64)));
    app.effects.push(Effect::Copy(write(part)));
}
