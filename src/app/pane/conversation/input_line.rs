//! The input line of a conversation: text or hex, what it stands for, and lines sent before.
//!
//! What is typed is checked at every key, so a wrong escape is seen where it stands and never
//! sent. Format and line ending are those of the draft's form; another format can be typed in
//! without changing the preset, and a line that was sent before comes back with its own.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::app::copying::digits;
use crate::app::editor::{Editor, Inserted, LineMode};
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::codec::escape;
use crate::compose::template::{Variables, WantedValue};
use crate::compose::{UnknownNames, payload};
use crate::model::client::InputSpec;
use crate::model::key::{Key, KeyCode};
use crate::model::payload::{InputMode, LineEnding, Payload, PayloadFormat};
use crate::model::protocol::{Protocol, Side};

/// Lines remembered of each kind of session.
const HISTORY: usize = 200;
/// Longest line remembered, in bytes; a pasted file is no history.
const REMEMBERED: usize = 64 * 1024;
/// Longest text checked at every key, in bytes: about a millisecond.
pub(super) const CHECKED: usize = 256 * 1024;

/// The line itself.
#[derive(Debug)]
pub struct InputLine {
    pub editor: Editor,
    pub check: Check,
    /// How this line alone is read and ended, until it is sent: it was that way before.
    pub(super) own: Option<InputMode>,
    /// Place in the history, counted from the newest, and what was typed before going there.
    recalled: Option<(usize, TypedLine)>,
}

/// A line as it was typed; without a mode of its own it follows the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedLine {
    pub(super) text: String,
    pub(super) own: Option<InputMode>,
}

/// What the text stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Check {
    #[default]
    Empty,
    /// So many bytes, the line ending not counted.
    Bytes(usize),
    /// Too long to be looked through at every key; checked when it is sent.
    Long(usize),
    Wrong {
        line: usize,
        column: usize,
        message: String,
    },
    /// A value is got when it is sent; the words for that.
    Wanted(String, Box<WantedValue>),
}

/// Lines sent before, each with its mode, by kind of session, the newest last.
#[derive(Debug, Default)]
pub(super) struct SentLines(BTreeMap<(Protocol, Side), VecDeque<TypedLine>>);

impl SentLines {
    /// Those of the kind of a session.
    pub(super) fn of(&mut self, session: &Session) -> &mut VecDeque<TypedLine> {
        self.0.entry((session.protocol(), session.side())).or_default()
    }

    /// Whether any of the kind of a session is known.
    pub(super) fn has_any(&self, session: &Session) -> bool {
        let lines = self.0.get(&(session.protocol(), session.side()));
        lines.is_some_and(|lines| !lines.is_empty())
    }

    /// Remembers a line; tells whether it could.
    pub(super) fn add(&mut self, session: &Session, text: String, mode: InputMode) -> bool {
        let line = TypedLine { text, own: Some(mode) };
        let (lines, length) = (self.of(session), line.text.len());
        if length == 0 || length > REMEMBERED {
            return false;
        }
        if lines.back() != Some(&line) {
            lines.push_back(line);
        }
        if lines.len() > HISTORY {
            lines.pop_front();
        }
        true
    }
}

impl Default for InputLine {
    fn default() -> Self {
        let editor = Editor::new("", LineMode::Many).marked();
        InputLine { editor, check: Check::Empty, own: None, recalled: None }
    }
}

impl InputLine {
    /// How it is read and ended.
    pub fn mode(&self, shared: &Shared) -> InputMode {
        self.own.unwrap_or_else(|| form_mode(shared))
    }

    /// Replaces the text and what is its own.
    pub(super) fn set(&mut self, text: &str, own: Option<InputMode>, shared: &Shared) {
        self.editor = InputLine::default().editor;
        (self.own, self.recalled) = (own, None);
        self.insert(text, shared);
    }

    /// Puts text where the cursor is, so that it goes out as it is.
    pub(super) fn insert(&mut self, text: &str, shared: &Shared) -> Inserted {
        match self.mode(shared).format {
            PayloadFormat::Text => self.editor.insert_payload(text),
            PayloadFormat::Hex => self.editor.insert(&text.replace('\r', "")),
        }
    }

    /// Takes a key; tells whether the text changed.
    pub(super) fn key(&mut self, key: Key) -> bool {
        let is_changed = self.editor.key(key);
        if is_changed {
            self.recalled = None;
        }
        is_changed
    }

    /// Finds out what the text stands for.
    pub(super) fn check(&mut self, shared: &Shared) {
        let text = &self.editor.text();
        self.check = if text.is_empty() {
            Check::Empty
        } else if text.len() > CHECKED {
            Check::Long(text.len())
        } else {
            let mode = InputMode { ending: LineEnding::None, ..self.mode(shared) };
            match compose(text, mode, shared, UnknownNames::Refused) {
                Ok(bytes) => Check::Bytes(bytes.len()),
                Err(wrong) => wrong,
            }
        };
    }

    /// One line back or forth in what was sent; inside several lines the cursor moves first.
    pub(super) fn recall(&mut self, lines: &VecDeque<TypedLine>, older: bool, shared: &Shared) {
        let (code, at_edge) = if older {
            (KeyCode::Up, self.editor.at_top())
        } else {
            (KeyCode::Down, self.editor.at_bottom())
        };
        if !at_edge {
            self.editor.key(Key::new(code));
            return;
        }
        let typed = || TypedLine { text: self.editor.text().into_owned(), own: self.own };
        let (at, typed) = match (self.recalled.take(), older) {
            (None, true) => (Some(0), typed()),
            (None, false) => return,
            (Some((at, typed)), true) => (Some((at + 1).min(lines.len().saturating_sub(1))), typed),
            (Some((at, typed)), false) => (at.checked_sub(1), typed),
        };
        let line = match at {
            Some(at) => lines.iter().rev().nth(at).cloned(),
            None => Some(typed.clone()),
        };
        let Some(line) = line else { return };
        self.set(&line.text, line.own, shared);
        self.recalled = at.map(|at| (at, typed));
    }
}

/// Line ending and format as the form says, or as the user switched meanwhile.
pub(super) fn form_mode(shared: &Shared) -> InputMode {
    let draft = shared.drafts.current();
    // What has no input line has no mode that anybody sees.
    let InputSpec { line_ending, format: kept } = draft.spec.input().unwrap_or_default();
    let format = match draft.input_format {
        // What is changed in the form afterwards goes before.
        Some((before, now)) if before == kept => now,
        _ => kept,
    };
    InputMode::new(format, line_ending)
}

/// The bytes a text stands for, its line ending included.
pub(super) fn compose(
    text: &str,
    mode: InputMode,
    variables: &dyn Variables,
    unknown: UnknownNames,
) -> Result<Bytes, Check> {
    let written = Payload { text: text.to_owned(), format: mode.format };
    payload(&written, mode.ending, variables, unknown).map_err(|issue| {
        if let Some(wanted) = issue.wants {
            return Check::Wanted(issue.message, wanted);
        }
        let start = issue.span.map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        // Of hex the message names a place itself, in the piece between two names.
        let has_place = issue.message.starts_with("column ") || issue.message.starts_with("line ");
        let bare = issue.message.split_once(": ").filter(|_| has_place);
        let message = bare.map_or(&*issue.message, |(_, rest)| rest).to_owned();
        Check::Wrong { line, column, message }
    })
}

/// Bytes as they are typed in a format.
pub(super) fn written(bytes: &[u8], format: PayloadFormat) -> String {
    match format {
        PayloadFormat::Text => escape::escape(bytes),
        PayloadFormat::Hex => digits(bytes),
    }
}
