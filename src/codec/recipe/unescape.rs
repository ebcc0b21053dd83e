//! Strings as what they hold: JSON inside a string becomes a part of the JSON around it, a body that
//! is one string becomes its text, and text with escapes in it becomes the text they stand for.

use std::borrow::Cow;

use super::maker::{BodyMaker, DEEPEST, LONGEST};
use super::values::ValuePass;
use super::walk::{JsonSlice, member, parts, text};
use crate::codec::lines::JsonCheck;
use crate::model::view::ViewMode;

/// Strings inside strings that are taken out.
const LAYERS: usize = 16;
/// Bytes that are held back until a string is found that holds something.
const HELD: usize = 8 << 20;

/// Takes strings for what they hold.
#[derive(Debug, Default)]
pub(super) struct Unescaper {
    pass: ValuePass,
    /// What is made before something was found.
    held: Vec<u8>,
    found: usize,
    shape: Shape,
    /// Of a text that is no JSON.
    plain: Vec<u8>,
}

/// What the body is, by its first bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Shape {
    #[default]
    Unknown,
    Json,
    /// One string and nothing else.
    Text,
    /// No JSON.
    Plain,
}

impl Unescaper {
    fn release(&mut self, made: &mut Vec<u8>) {
        if self.found > 0 || self.held.len() > HELD {
            made.append(&mut self.held);
        }
    }
}

impl BodyMaker for Unescaper {
    fn push(&mut self, bytes: &[u8], made: &mut Vec<u8>) -> Result<(), String> {
        if self.shape == Shape::Unknown {
            self.shape = match bytes.trim_ascii_start().first() {
                None => return Ok(()),
                Some(b'{' | b'[') => Shape::Json,
                Some(b'"') => Shape::Text,
                Some(_) => Shape::Plain,
            };
        }
        if self.shape == Shape::Json {
            let Unescaper { pass, held, found, .. } = self;
            pass.push(bytes, held, &mut |value, made| open(value, made, 0, 0, found))?;
            self.release(made);
            return Ok(());
        }
        self.plain.extend_from_slice(bytes);
        if self.plain.len() > LONGEST {
            return Err(format!("a text of more than {} MiB is not unescaped", LONGEST >> 20));
        }
        Ok(())
    }

    fn finish(&mut self, made: &mut Vec<u8>) -> Result<(), String> {
        if self.shape == Shape::Json {
            let Unescaper { pass, held, found, .. } = self;
            pass.finish(held, &mut |value, made| open(value, made, 0, 0, found))?;
            if self.found == 0 {
                return Err("no string here holds JSON".to_owned());
            }
            self.release(made);
            return Ok(());
        }
        let whole = std::mem::take(&mut self.plain);
        let inner = serde_json::from_slice::<String>(whole.trim_ascii());
        let text = match inner {
            Ok(text) => Cow::Owned(text.into_bytes()),
            Err(_) => plain(&whole).map(Cow::Owned).ok_or("there are no escapes here")?,
        };
        self.found = 1;
        self.shape = if is_json(&text) { Shape::Json } else { Shape::Text };
        made.extend_from_slice(&text);
        Ok(())
    }

    fn mode(&self) -> ViewMode {
        if self.shape == Shape::Json { ViewMode::Pretty } else { ViewMode::Text }
    }

    fn remark(&self) -> String {
        match (self.shape, self.found) {
            (Shape::Json, 1) => "1 string was JSON".to_owned(),
            (Shape::Json, found) => format!("{found} strings were JSON"),
            _ => String::new(),
        }
    }
}

/// Whether a text is an object or list of JSON.
pub(super) fn is_json(text: &[u8]) -> bool {
    let mut check = JsonCheck::default();
    let begins = matches!(text.trim_ascii().first(), Some(b'{' | b'['));
    begins && {
        check.push(text);
        check.flaw().is_none() && check.unfinished().is_none()
    }
}

fn open(
    value: &[u8],
    made: &mut Vec<u8>,
    depth: usize,
    layer: usize,
    found: &mut usize,
) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("values are more than {DEEPEST} deep inside each other"));
    }
    match JsonSlice::of(value) {
        JsonSlice::Object(inner) => {
            made.push(b'{');
            for (at, part) in parts(inner).into_iter().enumerate() {
                made.extend_from_slice(if at > 0 { b"," } else { b"" });
                let (key, value) = member(part);
                made.extend_from_slice(key);
                made.push(b':');
                open(value, made, depth + 1, layer, found)?;
            }
            made.push(b'}');
        }
        JsonSlice::List(inner) => {
            made.push(b'[');
            for (at, element) in parts(inner).into_iter().enumerate() {
                made.extend_from_slice(if at > 0 { b"," } else { b"" });
                open(element, made, depth + 1, layer, found)?;
            }
            made.push(b']');
        }
        // Nothing that is shorter than its quotes and brackets.
        JsonSlice::Text(quoted) if quoted.len() > 3 && layer < LAYERS => {
            let inner = text(quoted);
            if !is_json(inner.as_bytes()) {
                made.extend_from_slice(quoted);
                return Ok(());
            }
            *found += 1;
            open(inner.trim().as_bytes(), made, depth + 1, layer + 1, found)?;
        }
        JsonSlice::Text(bytes) | JsonSlice::Other(bytes) => made.extend_from_slice(bytes),
    }
    Ok(())
}

/// A text that is no JSON with its escapes (`\n`, `\"`, `\u00e9`) taken for what they stand for;
/// `None` = there are none.
fn plain(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut made = Vec::with_capacity(bytes.len());
    let mut any = false;
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(at);
        made.extend_from_slice(before);
        let count = if escape.get(1) == Some(&b'u') { length_of_unicode(escape) } else { 2 };
        let (escape, behind) = escape.split_at(count.min(escape.len()));
        let quoted = [b"\"", escape, b"\""].concat();
        match serde_json::from_slice::<String>(&quoted) {
            Ok(text) => {
                any = true;
                made.extend_from_slice(text.as_bytes());
            }
            Err(_) => made.extend_from_slice(escape),
        }
        rest = behind;
    }
    made.extend_from_slice(rest);
    any.then_some(made)
}

/// Bytes of a `\u` escape, with its second half where it is one of a pair.
fn length_of_unicode(escape: &[u8]) -> usize {
    let is_high =
        matches!(escape.get(2..4), Some([b'd' | b'D', b'8' | b'9' | b'a'..=b'b' | b'A'..=b'B']));
    if is_high && escape.get(6..8) == Some(b"\\u") { 12 } else { 6 }
}

#[cfg(test)]
mod tests {
    use super::super::maker::made_of;
    use super::*;

    #[test]
    fn json_inside_strings_becomes_json() {
        let text = r#"{"a":"{\"b\":[1.50,\"[2]\"]}","c":"x","d":"5"}"#;
        let made = made_of::<Unescaper>(text, 7).unwrap();
        assert_eq!(made, "{\"a\":{\"b\":[1.50,[2]]},\"c\":\"x\",\"d\":\"5\"}\n");
    }

    #[test]
    fn a_string_is_its_text_and_escapes_what_they_stand_for() {
        for (text, expected) in [
            (r#""line 1\nline \u00e9""#, "line 1\nline é"),
            (r#""{\"a\":1}""#, "{\"a\":1}"),
            (r"a\tb \ud83d\ude00 \q \", "a\tb 😀 \\q \\"),
        ] {
            assert_eq!(made_of::<Unescaper>(text, 3).unwrap(), expected);
        }
    }

    #[test]
    fn where_nothing_is_escaped_that_is_said() {
        for text in ["{\"a\":\"b\"}", "[1]", "plain text", "[\"[1\"]"] {
            let why = made_of::<Unescaper>(text, 100).unwrap_err();
            assert!(why.contains("no string here") || why.contains("no escapes"), "{why}");
        }
    }
}
