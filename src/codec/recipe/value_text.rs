//! One string of JSON as the text it stands for: what is given begins with it, or with its name.

use super::maker::{BodyMaker, LONGEST};
use super::unescape::is_json;
use crate::codec::json_string;
use crate::model::view::ViewMode;

/// Takes a string for what it holds.
#[derive(Debug, Default)]
pub(super) struct ValueText {
    /// What came, until the end of the string is here.
    held: Vec<u8>,
    is_json: bool,
    is_done: bool,
}

impl ValueText {
    /// Makes the text as soon as the string is whole; `is_last` when nothing more comes.
    fn make(&mut self, is_last: bool, made: &mut Vec<u8>) -> Result<(), String> {
        let Some(quoted) = string(&self.held, is_last)? else { return Ok(()) };
        let text = serde_json::from_slice::<String>(quoted);
        let text = text.map_err(|why| format!("this string is no text: {why}"))?;
        if text.is_empty() {
            return Err("this string is empty".to_owned());
        }
        self.is_json = is_json(text.as_bytes());
        self.is_done = true;
        made.extend_from_slice(text.as_bytes());
        self.held = Vec::new();
        Ok(())
    }
}

impl BodyMaker for ValueText {
    fn push(&mut self, bytes: &[u8], made: &mut Vec<u8>) -> Result<(), String> {
        if self.is_done {
            return Ok(());
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() > LONGEST {
            return Err(format!("a string of more than {} MiB is not opened", LONGEST >> 20));
        }
        self.make(false, made)
    }

    fn finish(&mut self, made: &mut Vec<u8>) -> Result<(), String> {
        if self.is_done { Ok(()) } else { self.make(true, made) }
    }

    fn is_done(&self) -> bool {
        self.is_done
    }

    fn mode(&self) -> ViewMode {
        if self.is_json { ViewMode::Pretty } else { ViewMode::Text }
    }
}

/// The string some bytes begin with, or the one behind the name they begin with; `None` = its end is not
/// here.
fn string(bytes: &[u8], is_last: bool) -> Result<Option<&[u8]>, String> {
    let no_string = || "the value under the cursor is no string".to_owned();
    let cut = || if is_last { Err("this string has no end".to_owned()) } else { Ok(None) };
    let bytes = bytes.trim_ascii_start();
    let (first, rest) = match bytes.first() {
        Some(b'"') => match json_string::end(bytes, 1) {
            Some(end) => bytes.split_at(end),
            None => return cut(),
        },
        Some(_) => return Err(no_string()),
        None => return cut(),
    };
    let Some(value) = rest.trim_ascii_start().strip_prefix(b":") else {
        let is_whole = is_last || !rest.trim_ascii_start().is_empty();
        return Ok(is_whole.then_some(first));
    };
    let value = value.trim_ascii_start();
    match value.first() {
        Some(b'"') => match json_string::end(value, 1) {
            Some(end) => Ok(value.get(..end)),
            None => cut(),
        },
        Some(_) => Err(no_string()),
        None => cut(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::maker::made_of;
    use super::*;

    #[test]
    fn a_string_is_what_it_stands_for_whatever_follows() {
        for (text, expected) in [
            (r#""a\nb\u00e9", 7]"#, "a\nbé"),
            (r#""k" : "{\"a\":[1]}"}"#, "{\"a\":[1]}"),
            (r#""k":"x\\","y": broken"#, "x\\"),
            (r#""last""#, "last"),
        ] {
            for part in [1, 4, 100] {
                assert_eq!(made_of::<ValueText>(text, part).as_deref(), Ok(expected), "{text}");
            }
        }
        for (text, words) in [
            ("17,", "is no string"),
            (r#""""#, "is empty"),
            (r#""k": ""}"#, "is empty"),
            (r#""k": {"#, "is no string"),
            (r#""k": "open"#, "has no end"),
            (r#""k":"#, "has no end"),
            (r#""\ud800","#, "is no text"),
        ] {
            let why = made_of::<ValueText>(text, 3).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[test]
    fn json_in_a_string_is_laid_out() {
        let (mut maker, mut made) = (ValueText::default(), Vec::new());
        maker.push(br#""{\"a\":1}","#, &mut made).unwrap();
        assert_eq!((maker.mode(), maker.is_done()), (ViewMode::Pretty, true));
        let mut maker = ValueText::default();
        maker.push(br#""{a","#, &mut made).unwrap();
        assert_eq!(maker.mode(), ViewMode::Text);
    }
}
