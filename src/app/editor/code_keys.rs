//! What typing does besides typing where JSON or markup is written: pairs of brackets and quotes,
//! indents, rows of lines moved in and out.
//!
//! Used by `editor`, which carries out what is found here, each as one change.

use std::ops::Range;

use super::text_model::{TextModel, TextPlace};
use crate::codec::json_text::INDENT;
use crate::codec::syntax::TextLanguage;

/// Bytes of a line that are looked through for strings.
const REACH: usize = 64 * 1024;

/// A piece of the text that becomes another, and where the cursor is afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeEdit {
    pub(super) range: Range<TextPlace>,
    pub(super) text: String,
    /// Bytes of the text before the cursor, and those behind it that are selected then.
    pub(super) caret: usize,
    pub(super) selected: usize,
}

/// What a typed character does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CodeKey {
    /// Nothing else.
    Plain,
    /// It stands there already: the cursor goes behind it.
    StepOver,
    /// It comes with its partner, around what was selected.
    Pair(CodeEdit, char),
}

/// What typing a character does in JSON; `closers` are the partners right behind the cursor that came
/// by themselves, the nearest last.
pub(super) fn typed(model: &dyn TextModel, c: char, closers: &[char]) -> CodeKey {
    let at = model.cursor();
    let closing = partner(c);
    if let (Some(closing), Some(range)) = (closing, model.selection()) {
        let inner = between(model, &range);
        let text = format!("{c}{inner}{closing}");
        let edit = CodeEdit { range, text, caret: 1, selected: inner.len() };
        return CodeKey::Pair(edit, closing);
    }
    let (before, behind) = model.line(at.line).split_at(at.byte);
    let next = behind.chars().next();
    let is_string = in_string(before);
    if next == Some(c) && (c == '"' && is_string || closers.last() == Some(&c)) {
        return CodeKey::StepOver;
    }
    let Some(closing) = closing.filter(|_| !is_string) else { return CodeKey::Plain };
    let is_free = next.is_none_or(|next| next.is_whitespace() || ",}]".contains(next));
    let is_word = |c: char| c.is_alphanumeric() || c == '\\' || c == '"';
    let is_joined = c == '"' && before.chars().next_back().is_some_and(is_word);
    if !is_free || is_joined {
        return CodeKey::Plain;
    }
    let text = format!("{c}{closing}");
    CodeKey::Pair(CodeEdit { range: at..at, text, caret: 1, selected: 0 }, closing)
}

/// Between a bracket or quote and its partner, both are deleted.
pub(super) fn deleted_pair(model: &dyn TextModel) -> Option<CodeEdit> {
    let at = model.cursor();
    if model.selection().is_some() {
        return None;
    }
    let (before, behind) = model.line(at.line).split_at(at.byte);
    let (left, right) = (before.chars().next_back()?, behind.chars().next()?);
    let is_escaped = before.strip_suffix(left).is_some_and(|it| it.ends_with('\\'));
    let is_pair = partner(left) == Some(right) && !is_escaped;
    // The quotes of an empty string, not those between two strings.
    let is_open = left != '"' || in_string(before);
    let (start, end) = (at.byte.checked_sub(1)?, at.byte + 1);
    let range = TextPlace { byte: start, ..at }..TextPlace { byte: end, ..at };
    (is_pair && is_open).then(|| CodeEdit { range, text: String::new(), caret: 0, selected: 0 })
}

/// A line break with the indent of the line, one level more where something is open; what closes right
/// behind it goes to a line of its own.
pub(super) fn new_line(model: &dyn TextModel, language: TextLanguage) -> CodeEdit {
    let at = model.cursor();
    let mut range = model.selection().unwrap_or(at..at);
    let line = model.line(range.start.line);
    let before = line.split_at(range.start.byte).0;
    let behind = model.line(range.end.line).split_at(range.end.byte).1;
    let rest = behind.trim_start_matches([' ', '\t']);
    let indent = indent_of(before);
    let end = if line.ends_with('\r') { "\r\n" } else { "\n" };
    let unit = " ".repeat(INDENT);
    let (opens, closes) = match language {
        TextLanguage::Json => {
            let closing = open_bracket(before).and_then(partner);
            (closing.is_some(), closing.is_some_and(|closing| rest.starts_with(closing)))
        }
        TextLanguage::Markup => (opens_element(before), rest.starts_with("</")),
        TextLanguage::Plain | TextLanguage::Form => (false, false),
    };
    let mut text = format!("{end}{indent}");
    if opens {
        text += &unit;
    }
    let caret = text.len();
    if opens && closes {
        text += end;
        text += indent;
    }
    range.end.byte += behind.len() - rest.len();
    CodeEdit { range, text, caret, selected: 0 }
}

/// The lines of the selection, or that of the cursor, moved in or out by a level; `None` = there is
/// nothing to move.
pub(super) fn moved(model: &dyn TextModel, is_out: bool, level: usize) -> Option<CodeEdit> {
    let at = model.cursor();
    let selection = model.selection();
    let range = selection.clone().unwrap_or(at..at);
    let (first, mut last) = (range.start.line, range.end.line);
    if last > first && range.end.byte == 0 {
        last -= 1;
    }
    let shifted = |line: &str| {
        if !is_out {
            let is_empty = line.trim().is_empty();
            return if is_empty { line.to_owned() } else { " ".repeat(level) + line };
        }
        let spaces = line.bytes().take(level).take_while(|byte| *byte == b' ').count();
        let taken = if line.starts_with('\t') { 1 } else { spaces };
        line.split_at(taken).1.to_owned()
    };
    let lines: Vec<String> = (first..=last).map(|line| shifted(model.line(line))).collect();
    let text = lines.join("\n");
    let start = TextPlace { line: first, byte: 0 };
    let end = TextPlace { line: last, byte: model.line(last).len() };
    if text == between(model, &(start..end)) {
        return None;
    }
    let removed = model.line(first).len().saturating_sub(lines.first().map_or(0, String::len));
    let (caret, selected) =
        if selection.is_some() { (0, text.len()) } else { (at.byte.saturating_sub(removed), 0) };
    Some(CodeEdit { range: start..end, text, caret, selected })
}

/// The text between two places.
pub(super) fn between(model: &dyn TextModel, range: &Range<TextPlace>) -> String {
    let mut text = String::new();
    for line in range.start.line..=range.end.line {
        let whole = model.line(line);
        let end = if line == range.end.line { range.end.byte } else { whole.len() };
        let start = if line == range.start.line { range.start.byte } else { 0 };
        text.push_str(whole.split_at(end).0.split_at(start).1);
        if line < range.end.line {
            text.push('\n');
        }
    }
    text
}

fn partner(c: char) -> Option<char> {
    match c {
        '{' => Some('}'),
        '[' => Some(']'),
        '"' => Some('"'),
        _ => None,
    }
}

fn indent_of(before: &str) -> &str {
    let rest = before.trim_start_matches([' ', '\t']);
    before.split_at(before.len() - rest.len()).0
}

/// Whether what stands before in the line leaves a string open.
fn in_string(before: &str) -> bool {
    if before.len() > REACH {
        return false;
    }
    let (mut is_string, mut is_escape) = (false, false);
    for byte in before.bytes() {
        match byte {
            _ if is_escape => is_escape = false,
            b'\\' if is_string => is_escape = true,
            b'"' => is_string = !is_string,
            _ => {}
        }
    }
    is_string
}

/// The bracket of what stands before in the line that is still open, the last of them; `None` = there is
/// none, or the line goes on in a string.
fn open_bracket(before: &str) -> Option<char> {
    if in_string(before) || before.len() > REACH {
        return None;
    }
    let (mut open, mut is_string, mut is_escape) = (Vec::new(), false, false);
    for c in before.chars() {
        match c {
            _ if is_escape => is_escape = false,
            '\\' if is_string => is_escape = true,
            '"' => is_string = !is_string,
            '{' | '[' if !is_string => open.push(c),
            '}' | ']' if !is_string => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// Whether the last tag of what stands before opens an element.
fn opens_element(before: &str) -> bool {
    let Some(tag) = before.trim_end().strip_suffix('>') else { return false };
    let tag = tag.rsplit('<').next().unwrap_or_default();
    tag.starts_with(char::is_alphanumeric) && !tag.ends_with('/')
}
