//! What of a body laid out as JSON is folded, and where its lines stand: said by the screen, found by
//! the viewer.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

/// Objects and lists inside each other that can be folded and are named in paths; deeper ones stay as
/// they are.
pub const FOLDABLE: usize = 64;

/// Which objects and lists are folded. Each is known by the first byte of the line that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folds {
    /// All at this depth are, the outermost being at 0.
    pub level: Option<u32>,
    /// Those of which the contrary holds.
    pub except: Arc<BTreeSet<u64>>,
}

/// Where a line stands in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JsonPlace {
    /// Objects and lists around it.
    pub depth: u32,
    /// Members before it in its object or list; of a closing bracket, those it holds.
    pub member: u64,
    pub closes: bool,
}

/// What a folded line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldedLines {
    /// Members of the object or list.
    pub members: u64,
    /// Lines that are hidden after it, that of its closing bracket included.
    pub lines: u64,
}

/// An object or list around a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosing {
    /// First byte and number of the line that opens it.
    pub at: u64,
    pub number: u64,
    pub step: JsonStep,
}

/// One step from an object or list to a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonStep {
    /// A value at the top.
    Top,
    /// A name as it stands in the body, without its quotes.
    Name(Bytes),
    Index(u64),
}

impl Folds {
    /// Whether all is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.level.is_none() && self.except.is_empty()
    }

    /// Whether an object or list is folded.
    #[must_use]
    pub fn holds(&self, depth: u32, at: u64) -> bool {
        (self.level == Some(depth)) != self.except.contains(&at)
    }

    /// Folds an object or list, or unfolds it.
    pub fn toggle(&mut self, at: u64) {
        let except = Arc::make_mut(&mut self.except);
        if !except.remove(&at) {
            except.insert(at);
        }
    }
}

impl JsonStep {
    /// Adds the step to a path: `.name`, `["no name"]`, `[2]`; the first one begins with a dot.
    pub fn extend(&self, path: &mut String) {
        let step = match self {
            JsonStep::Top => return,
            JsonStep::Index(at) => format!("[{at}]"),
            JsonStep::Name(name) => match String::from_utf8_lossy(name) {
                text if is_identifier(name) => format!(".{text}"),
                text => format!("[\"{}\"]", without_pairs(&text)),
            },
        };
        if path.is_empty() && step.starts_with('[') {
            path.push('.');
        }
        path.push_str(&step);
    }
}

/// A name in which characters that are written as two escapes of UTF-16 stand for themselves: jq reads
/// escapes one by one.
fn without_pairs(name: &str) -> String {
    const ESCAPE: usize = r"\ud83d".len();
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut made, mut rest) = (String::with_capacity(name.len()), name);
    while let Some(at) = rest.find('\\') {
        let (before, escaped) = rest.split_at(at);
        made.push_str(before);
        let second = unit(escaped).zip(escaped.get(ESCAPE..).and_then(unit));
        let pair = second.and_then(|(high, low)| char::decode_utf16([high, low]).next()?.ok());
        let length = if let Some(c) = pair.filter(|c| c.len_utf16() == 2) {
            made.push(c);
            2 * ESCAPE
        } else {
            let end = (2..=escaped.len()).find(|at| escaped.is_char_boundary(*at));
            let end = end.unwrap_or(escaped.len());
            made.push_str(escaped.split_at(end).0);
            end
        };
        rest = escaped.split_at(length).1;
    }
    made + rest
}

/// Whether a name needs no quotes in a path.
fn is_identifier(name: &[u8]) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.first().is_some_and(|first| is_letter(*first))
        && name.iter().all(|byte| is_letter(*byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_jq() {
        let name = |text: &'static str| JsonStep::Name(Bytes::from_static(text.as_bytes()));
        for (steps, path) in [
            (
                vec![JsonStep::Top, name("users"), JsonStep::Index(2), name("city")],
                ".users[2].city",
            ),
            (vec![JsonStep::Top, JsonStep::Index(0), name("a b")], ".[0][\"a b\"]"),
            (vec![JsonStep::Top, name("x-1"), name("_y")], ".[\"x-1\"]._y"),
            (vec![JsonStep::Top, name("")], ".[\"\"]"),
            (vec![name(r"\ud83d\ude00\\ud83d\u00e9é")], r#".["😀\\ud83d\u00e9é"]"#),
            (vec![name(r#"a\"b\ud83d"#)], r#".["a\"b\ud83d"]"#),
            (vec![JsonStep::Top], ""),
        ] {
            let mut text = String::new();
            for step in &steps {
                step.extend(&mut text);
            }
            assert_eq!(text, path);
        }
    }

    #[test]
    fn a_toggle_is_taken_back_by_another() {
        let mut folds = Folds { level: Some(1), ..Folds::default() };
        assert!(folds.holds(1, 7) && !folds.holds(2, 7));
        folds.toggle(7);
        assert!(!folds.holds(1, 7) && folds.holds(1, 8));
        folds.toggle(7);
        assert!(folds.holds(1, 7) && !folds.is_empty());
    }
}
