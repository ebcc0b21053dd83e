//! The value on a line of a body: what `y` copies. Pure; looks at the window that is here.

use super::body_view::BodyView;
use super::json_value::{self, ValueForm};
use crate::codec::printable::{is_harmless, printable};
use crate::codec::{escape, hex};
use crate::model::view::{ViewLine, ViewMode};

/// What is under the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ValueFound {
    Nothing,
    /// Its name and its text.
    Text(String, String),
    /// A line of text that is not all here.
    Line,
    /// Not all of it is here: its name, and the first byte of its line.
    Beyond(String, u64),
}

/// The value on the line of the cursor; on that of a closing bracket the object or list it ends.
pub(super) fn under(view: &BodyView, form: ValueForm) -> ValueFound {
    let mut number = view.cursor();
    while number > 0 && view.line(number).is_some_and(|line| line.continued) {
        number -= 1;
    }
    let Some(line) = view.line(number) else {
        let is_line = view.mode != ViewMode::Hex && view.line(view.cursor()).is_some();
        return if is_line { ValueFound::Line } else { ValueFound::Nothing };
    };
    let numbered = format!("line {}", number + 1);
    let is_cut = view.window.as_ref().is_some_and(|window| window.cut != view.mode);
    match view.mode {
        ViewMode::Hex => ValueFound::Text(numbered, hex::dump_line(line.offset, &line.bytes)),
        ViewMode::Pretty if !is_cut => json(view, line, numbered, form),
        ViewMode::Pretty | ViewMode::Text | ViewMode::Wide(_) => {
            let (bytes, is_here) = whole_line(view, line);
            if !is_here || line.continued {
                return ValueFound::Line;
            }
            ValueFound::Text(numbered, printable(&bytes))
        }
    }
}

/// A line with the lines that continue it, and whether that is all of it.
fn whole_line(view: &BodyView, line: &ViewLine) -> (Vec<u8>, bool) {
    let more = (line.number + 1..).map_while(|at| view.line(at)).take_while(|line| line.continued);
    let (mut bytes, mut next) = (line.bytes.to_vec(), line.number + 1);
    for piece in more {
        bytes.extend_from_slice(&piece.bytes);
        next = piece.number + 1;
    }
    (bytes, view.line(next).is_some() || next >= view.total())
}

fn json(view: &BodyView, line: &ViewLine, numbered: String, form: ValueForm) -> ValueFound {
    if line.place.closes {
        let opening = view.opened_by(line.number);
        return opening.map_or(ValueFound::Nothing, |at| ValueFound::Beyond(numbered, at));
    }
    let (bytes, is_here) = whole_line(view, line);
    let (name, value) = json_value::split(&bytes);
    let nesting = match value {
        b"{" => Some("object"),
        b"[" => Some("list"),
        _ => None,
    };
    let unnamed = match nesting {
        Some(kind) => format!("the {kind} of {numbered}"),
        None => numbered,
    };
    let name = name.unwrap_or(unnamed);
    let text = if nesting.is_some() {
        nested(view, line, value)
    } else {
        is_here.then(|| json_value::written(value, form))
    };
    match text {
        Some(text) => ValueFound::Text(name, text),
        None => ValueFound::Beyond(name, line.offset),
    }
}

/// An object or list from its bracket to the one that closes it, if all of it is here.
fn nested(view: &BodyView, line: &ViewLine, open: &[u8]) -> Option<String> {
    if line.folded.is_some() {
        return None;
    }
    let mut text = String::from_utf8_lossy(open).into_owned();
    for at in line.number + 1.. {
        let inner = view.line(at).filter(|inner| inner.folded.is_none())?;
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
    Some(text)
}
