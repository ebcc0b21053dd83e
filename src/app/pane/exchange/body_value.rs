//! The value on a line of a body: what `y` copies. Pure; looks at the window that is here.

use super::body_view::BodyView;
use crate::codec::highlight::{self, HighlightToken};
use crate::codec::printable::{is_harmless, printable};
use crate::codec::{escape, hex};
use crate::model::view::{ViewLine, ViewMode};

/// How a value of JSON is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueForm {
    /// A string as what it stands for.
    Plain,
    /// As JSON, quotes and escapes included.
    Json,
}

/// Name and text of the value on the line of the cursor; or why there is none, in words, empty when
/// there is nothing at all.
pub(super) fn under(view: &BodyView, form: ValueForm) -> Result<(String, String), String> {
    let mut number = view.cursor();
    while number > 0 && view.line(number).is_some_and(|line| line.continued) {
        number -= 1;
    }
    let line = view.line(number).ok_or_else(String::new)?;
    let bytes = whole_line(view, number, line);
    let numbered = format!("line {}", number + 1);
    match view.mode {
        ViewMode::Hex => Ok((numbered, hex::dump_line(line.offset, &line.bytes))),
        ViewMode::Text | ViewMode::Wide(_) => Ok((numbered, printable(&bytes))),
        ViewMode::Pretty => json_value(view, (number, line), &bytes, form)
            .map(|(key, text)| (key.unwrap_or(numbered), text)),
    }
}

/// A line with the lines that continue it.
fn whole_line(view: &BodyView, number: u64, line: &ViewLine) -> Vec<u8> {
    let more = (number + 1..).map_while(|at| view.line(at)).take_while(|line| line.continued);
    more.fold(line.bytes.to_vec(), |mut bytes, line| {
        bytes.extend_from_slice(&line.bytes);
        bytes
    })
}

/// The value of a line of JSON with its key: an object or a list with all that is in it.
fn json_value(
    view: &BodyView,
    (number, line): (u64, &ViewLine),
    bytes: &[u8],
    form: ValueForm,
) -> Result<(Option<String>, String), String> {
    let tokens = highlight::json(bytes);
    let key = match tokens.first() {
        Some((range, HighlightToken::Key)) => Some(range.clone()),
        _ => None,
    };
    let behind = key.as_ref().map_or(0, |key| key.end);
    let rest = bytes.get(behind..).unwrap_or_default().trim_ascii_start();
    let value = rest.strip_prefix(b":").filter(|_| key.is_some()).unwrap_or(rest).trim_ascii();
    let value = value.strip_suffix(b",").unwrap_or(value);
    let name = key.and_then(|key| bytes.get(key)).map(unquoted);
    if matches!(value, b"{" | b"[") {
        return Ok((name, nested(view, number, line, value)?));
    }
    let text = if form == ValueForm::Json { as_json(value) } else { unquoted(value) };
    Ok((name, text))
}

/// A string as what it stands for, unless that would act on a terminal it is pasted into.
fn unquoted(value: &[u8]) -> String {
    let text = serde_json::from_slice::<String>(value).ok();
    text.filter(|text| is_harmless(text.as_bytes())).unwrap_or_else(|| printable(value))
}

fn as_json(value: &[u8]) -> String {
    if is_harmless(value) { String::from_utf8_lossy(value).into_owned() } else { printable(value) }
}

/// An object or list from its bracket to the one that closes it.
fn nested(view: &BodyView, number: u64, line: &ViewLine, open: &[u8]) -> Result<String, String> {
    let mut text = String::from_utf8_lossy(open).into_owned();
    for at in number + 1.. {
        let Some(inner) = view.line(at) else {
            return Err("its end is not here: [copy-pretty] copies the whole body".to_owned());
        };
        if !inner.continued {
            text.push('\n');
            text += &" ".repeat(inner.indent.saturating_sub(line.indent).into());
        }
        let closes = inner.indent <= line.indent && !inner.continued;
        let shown = if is_harmless(&inner.bytes) {
            String::from_utf8_lossy(&inner.bytes).into_owned()
        } else {
            escape::escape(&inner.bytes)
        };
        text += if closes { shown.trim_end_matches(',') } else { &shown };
        if closes {
            break;
        }
    }
    Ok(text)
}
