//! Bytes for the clipboard: as they are looked at, as hex digits, as payload text with escapes.

use super::effect::{COPY_LIMIT, Effect};
use super::format;
use super::intent::Intent;
use super::record_view::is_text;
use crate::codec::lines::{JsonCheck, LineScanner};
use crate::codec::printable::{is_harmless, printable_lines};
use crate::codec::{escape, hex};
use crate::model::view::ViewMode;

/// Bytes of a message put on the clipboard at most.
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
    /// `unsigned char data[] = { ... };`
    C,
    /// `data = b"..."`
    Python,
}

/// What has to be done to copy bytes, and what is said about it; `what` they are.
pub fn copy(what: &str, bytes: &[u8], how: CopyAs) -> Vec<Intent> {
    let part = bytes.get(..LIMIT).unwrap_or(bytes);
    let (form, text) = match how {
        CopyAs::Seen if is_text(part) => ("text", printable_lines(part)),
        CopyAs::Seen => ("a hex dump", dump(part)),
        CopyAs::Hex => ("hex", digits(part)),
        CopyAs::Escaped => ("text with escapes", escape::escape(part)),
        CopyAs::C => ("an array of C", c_array(part)),
        CopyAs::Python => ("a literal of Python", python_literal(part)),
    };
    let (part, all) = (part.len() as u64, bytes.len() as u64);
    let of = if part < all {
        format!(" (the first {} of {})", format::size(part), format::size(all))
    } else {
        String::new()
    };
    vec![put(format!("{what}{of} as {form}"), text)]
}

/// What puts a text on the clipboard. The answer says what it was, and how much, when it is there.
pub fn put(what: impl Into<String>, text: String) -> Intent {
    Intent::Perform(Effect::Copy { what: what.into(), text })
}

/// Why a text of so many bytes is not copied; `[save-to-file]` is what is offered instead.
pub(super) fn too_long(what: &str, bytes: u64) -> Option<Intent> {
    let (size, most) = (format::size(bytes), format::size(COPY_LIMIT as u64));
    (bytes > COPY_LIMIT as u64).then(|| {
        let takes = "a terminal's clipboard takes";
        Intent::Warn(format!(
            "{what} has {size}, {takes} {most}: [save-to-file] saves it to a file"
        ))
    })
}

/// A whole body as text: its characters as they are where none of them would act on a terminal it is
/// pasted into, else made visible; anything but text as a hex dump. With what form that is.
pub(super) fn whole(bytes: &[u8]) -> (&'static str, String) {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_harmless(bytes) => ("", text.to_owned()),
        _ if is_text(bytes) => (" with control characters made visible", printable_lines(bytes)),
        _ => (" as a hex dump", dump(bytes)),
    }
}

/// The same with one value of JSON a line.
pub(super) fn pretty(bytes: &[u8]) -> Result<String, String> {
    let mut check = JsonCheck::default();
    check.push(bytes);
    let flaw = check.flaw().map(ToString::to_string);
    if let Some(why) = flaw.or_else(|| check.unfinished().map(|why| format!("not JSON: {why}"))) {
        return Err(why);
    }
    Ok(laid_out(bytes) + "\n")
}

/// JSON, or one value of it with its name, one value a line; no line break at the end.
pub(super) fn laid_out(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in LineScanner::new(ViewMode::Pretty).format(bytes, 0, bytes.len()) {
        if !line.continued {
            text += if text.is_empty() { "" } else { "\n" };
            text += &" ".repeat(line.indent.into());
        }
        text += &String::from_utf8_lossy(&line.bytes);
    }
    text
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

/// `unsigned char data[] = { 0x47, ... };`, twelve bytes a line.
fn c_array(bytes: &[u8]) -> String {
    let line = |line: &[u8]| {
        let digits: Vec<String> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
        format!("    {},\n", digits.join(", "))
    };
    // C has no empty array.
    let lines: String = match bytes {
        [] => "    0x00,\n".into(),
        _ => bytes.chunks(12).map(line).collect(),
    };
    let len = bytes.len();
    format!("unsigned char data[] = {{\n{lines}}};\nunsigned int data_len = {len};\n")
}

/// `data = b"GET / HTTP/1.1\\r\\n"`; several lines as several literals, which Python joins.
fn python_literal(bytes: &[u8]) -> String {
    let literal = |line: &[u8]| format!("b\"{}\"", line.escape_ascii());
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        lines.extend(line.chunks(64).map(literal));
    }
    match lines.as_slice() {
        [] => "data = b\"\"\n".into(),
        [line] => format!("data = {line}\n"),
        _ => format!("data = (\n    {}\n)\n", lines.join("\n    ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_an_array_of_c_and_a_literal_of_python() {
        let c = c_array(b"GET\xff");
        assert!(c.starts_with("unsigned char data[] = {\n    0x47, 0x45, 0x54, 0xff,\n};"), "{c}");
        assert!(c.ends_with("data_len = 4;\n"), "{c}");
        assert_eq!(python_literal(b"a\"\\\xff"), "data = b\"a\\\"\\\\\\xff\"\n");
        let two = "data = (\n    b\"a\\r\\n\"\n    b\"b\"\n)\n";
        assert_eq!(python_literal(b"a\r\nb"), two);
        assert_eq!(python_literal(b""), "data = b\"\"\n");
    }

    #[test]
    fn a_whole_body_is_its_text_unless_that_would_act_on_a_terminal() {
        assert_eq!(whole(b"a\tb\r\nc"), ("", "a\tb\r\nc".to_owned()));
        let (form, text) = whole(b"a\x1b[31mb");
        assert!(form.contains("made visible") && !text.contains('\x1b'), "{form}: {text}");
        assert_eq!(whole(b"\0\xff\0\x01").0, " as a hex dump");
    }

    #[test]
    fn what_is_no_json_is_not_laid_out() {
        assert_eq!(pretty(b"{\"a\":[1]}").unwrap(), "{\n  \"a\": [\n    1\n  ]\n}\n");
        assert!(pretty(b"{\"a\":").unwrap_err().contains("not JSON"));
        assert!(pretty(b"nothing").is_err());
    }

    #[test]
    fn a_text_that_is_too_long_is_offered_to_be_saved() {
        assert_eq!(too_long("body", COPY_LIMIT as u64), None);
        let Some(Intent::Warn(words)) = too_long("body", COPY_LIMIT as u64 + 1) else { panic!() };
        assert!(words.contains("[save-to-file]"), "{words}");
    }
}
