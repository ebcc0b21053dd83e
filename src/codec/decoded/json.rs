//! JSON, one value or one a line: a row for each value, under its name.

use std::ops::Range;

use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, lines};
use crate::codec::{json_string, json_text};
use crate::model::counts::counted;

/// Names of values on the way to where it stands.
const OPEN: usize = 200;
/// Values at the top that make it JSON Lines.
const SEVERAL: usize = 2;

/// One value, or one a line.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let begins = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let is_said = hints.media().ends_with("json");
    let first = bytes.get(begins)?;
    if !(matches!(first, b'{' | b'[') || is_said) || std::str::from_utf8(bytes).is_err() {
        return None;
    }
    let rows: Vec<Range<usize>> =
        lines(bytes).filter(|it| !bytes[it.clone()].trim_ascii().is_empty()).collect();
    let is_value = |line: &Range<usize>| json_text::flaw(&bytes[line.clone()]).is_none();
    let flaw = json_text::flaw(bytes);
    let each = rows.len() >= SEVERAL && rows.iter().take(20).all(is_value);
    match flaw {
        // A piece of it, or braces of something else: what looks like a key decides.
        Some(_) if !each && !is_said && !looks_like(&bytes[begins..]) => return None,
        _ => {}
    }
    values(bytes, sheet);
    if let Some((at, why)) = flaw.filter(|_| !each) {
        let at = at.min(bytes.len());
        sheet.flaw(format!("at byte {at}: {why}"), at..bytes.len());
    }
    Some(Known::named(if each {
        format!("JSON Lines, {}", counted(rows.len() as u64, "value"))
    } else {
        "JSON".into()
    }))
}

/// Whether an object or a list begins here, as far as its first token.
fn looks_like(bytes: &[u8]) -> bool {
    let mut solid = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (solid.next(), solid.next()) {
        (Some(b'{'), Some(next)) => matches!(next, b'"' | b'}'),
        (Some(b'['), Some(next)) => matches!(next, b'{' | b'"' | b']'),
        _ => false,
    }
}

/// An object or list that is open: its row, whether its values have names, how many there were.
struct OpenValue {
    row: usize,
    start: usize,
    is_list: bool,
    count: usize,
}

/// Writes a row for each value.
fn values(bytes: &[u8], sheet: &mut Sheet) {
    let mut tree = Tree { open: Vec::new(), name: None, rows: Vec::new() };
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let end = match byte {
            b'"' => json_string::end(bytes, at + 1).unwrap_or(bytes.len()),
            b'{' | b'[' | b'}' | b']' | b',' | b':' => at + 1,
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{}[],:\"".contains(byte);
                bytes[at..].iter().position(ends).map_or(bytes.len(), |length| at + length)
            }
        };
        if tree.token(bytes, at..end.max(at + 1)).is_none() {
            break;
        }
        at = end.max(at + 1);
        if tree.rows.len() > super::sheet::ROWS {
            break;
        }
    }
    for row in tree.rows {
        sheet.at_depth(row.depth, |sheet| sheet.row(row.label, row.value, row.at));
    }
}

struct JsonRow {
    depth: usize,
    label: String,
    value: String,
    at: Range<usize>,
}

struct Tree {
    open: Vec<OpenValue>,
    /// The name that was read, and where it begins.
    name: Option<(String, usize)>,
    rows: Vec<JsonRow>,
}

impl Tree {
    /// Takes a token; `None` = it is too deep to go on.
    fn token(&mut self, bytes: &[u8], at: Range<usize>) -> Option<()> {
        let token = bytes.get(at.clone())?;
        match token.first()? {
            b'{' | b'[' => {
                if self.open.len() >= OPEN {
                    return None;
                }
                let (start, is_list) = (at.start, token == b"[");
                let row = self.value(String::new(), at);
                self.open.push(OpenValue { row, start, is_list, count: 0 });
            }
            b'}' | b']' => {
                if let Some(open) = self.open.pop()
                    && let Some(row) = self.rows.get_mut(open.row)
                {
                    row.value = told(open.is_list, open.count);
                    row.at.end = at.end.max(open.start);
                }
            }
            b',' | b':' => {}
            b'"' if self.is_name(bytes, at.end) => {
                self.name = Some((unquoted(token), at.start));
            }
            b'"' => {
                self.value(unquoted(token), at);
            }
            _ => {
                self.value(String::from_utf8_lossy(token).into_owned(), at);
            }
        }
        Some(())
    }

    /// Whether the string that ends here is the name of a value.
    fn is_name(&self, bytes: &[u8], end: usize) -> bool {
        let in_object = self.open.last().is_some_and(|open| !open.is_list);
        let solid = |rest: &[u8]| rest.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        in_object && bytes.get(end..).and_then(solid) == Some(b':')
    }

    fn value(&mut self, value: String, at: Range<usize>) -> usize {
        let depth = self.open.len();
        let name = self.name.take();
        let start = name.as_ref().map_or(at.start, |(_, start)| *start);
        let number = self.open.last_mut().map(|open| {
            open.count += 1;
            open.count - 1
        });
        let label = name.map(|(name, _)| name);
        let label = label.or_else(|| number.map(|number| format!("[{number}]")));
        let label = label.unwrap_or_else(|| "value".to_owned());
        self.rows.push(JsonRow { depth, label, value, at: start..at.end });
        self.rows.len() - 1
    }
}

fn told(is_list: bool, count: usize) -> String {
    if is_list {
        format!("[{}]", counted(count as u64, "value"))
    } else {
        format!("{{{}}}", counted(count as u64, "field"))
    }
}

/// The text a string says; as it stands where it is broken.
fn unquoted(token: &[u8]) -> String {
    serde_json::from_slice::<String>(token)
        .unwrap_or_else(|_| String::from_utf8_lossy(token).into_owned())
}
