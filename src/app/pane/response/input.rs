//! The input line of a conversation: history, text or hex, line ending, what would be sent.
//!
//! What is typed is checked at every key, so a wrong escape is seen where it stands and never
//! sent. Format and line ending are those of the draft's form; another format can be typed in
//! without changing the preset.

use std::collections::VecDeque;

use bytes::Bytes;

use super::talk::{self, InputTarget};
use super::{place, place_mut, session};
use crate::app::editor::{Editor, LineMode, PASTE_LIMIT};
use crate::app::effect::Effect;
use crate::app::form::{FormFieldId, access};
use crate::app::format;
use crate::app::state::App;
use crate::codec::escape;
use crate::compose::payload;
use crate::compose::template::Variables;
use crate::engine::command::{Command, Recipient};
use crate::model::key::{Key, KeyCode};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::protocol::{Protocol, Side};

/// Lines remembered of each kind of session.
const HISTORY: usize = 200;
/// Longest line remembered, in bytes; a pasted file is no history.
const REMEMBERED: usize = 64 * 1024;
/// Longest text checked at every key, in bytes: about a millisecond.
const CHECKED: usize = 256 * 1024;

/// The line itself.
#[derive(Debug)]
pub struct InputLine {
    pub editor: Editor,
    pub check: Check,
    /// Place in the history, counted from the newest, and what was typed before going there.
    recalled: Option<(usize, String)>,
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
}

/// Lines sent before, by kind of session: TCP client and listener, UDP client and listener.
#[derive(Debug, Default)]
pub struct Histories([VecDeque<String>; 4]);

/// Whether the line ending is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    LineEnding,
    Bare,
}

impl Default for InputLine {
    fn default() -> Self {
        InputLine { editor: Editor::new("", LineMode::Many), check: Check::Empty, recalled: None }
    }
}

impl Histories {
    fn of(&mut self, protocol: Protocol, side: Side) -> &mut VecDeque<String> {
        let [tcp, tcp_listener, udp, udp_listener] = &mut self.0;
        match (protocol, side) {
            (Protocol::Udp, Side::Client) => udp,
            (Protocol::Udp, Side::Listener) => udp_listener,
            (_, Side::Listener) => tcp_listener,
            (_, Side::Client) => tcp,
        }
    }

    fn add(&mut self, protocol: Protocol, side: Side, text: &str) {
        let history = self.of(protocol, side);
        if text.is_empty() || text.len() > REMEMBERED || history.back().is_some_and(|l| l == text) {
            return;
        }
        history.push_back(text.to_owned());
        if history.len() > HISTORY {
            history.pop_front();
        }
    }
}

/// Line ending and format in force.
pub fn settings(app: &App) -> (LineEnding, PayloadFormat) {
    let draft = app.shared.drafts.current();
    let (ending, kept) = access::input_line(&draft.spec);
    let format = match draft.input_format {
        // What is changed in the form afterwards goes before.
        Some((before, now)) if before == kept => now,
        _ => kept,
    };
    match format {
        PayloadFormat::Hex => (LineEnding::None, format),
        PayloadFormat::Text => (ending, format),
    }
}

/// The bytes a text stands for, its line ending included.
fn compose(
    text: &str,
    format: PayloadFormat,
    ending: LineEnding,
    variables: &dyn Variables,
) -> Result<Bytes, Check> {
    let written = Payload { text: text.to_owned(), format };
    payload(&written, ending, variables).map_err(|issue| {
        let start = issue.span.map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        Check::Wrong { line, column, message: issue.message }
    })
}

/// The text changed: what does it stand for now?
fn checked(app: &mut App) {
    let (_, format) = settings(app);
    let Some(text) = place(app).map(|place| place.talk.input.editor.text()) else { return };
    let check = if text.is_empty() {
        Check::Empty
    } else if text.len() > CHECKED {
        Check::Long(text.len())
    } else {
        match compose(&text, format, LineEnding::None, &app.shared) {
            Ok(bytes) => Check::Bytes(bytes.len()),
            Err(wrong) => wrong,
        }
    };
    if let Some(place) = place_mut(app) {
        place.talk.input.check = check;
    }
    talk::resized(app);
}

/// Replaces the text.
pub(super) fn set(app: &mut App, text: &str) {
    let Some(place) = place_mut(app) else { return };
    let mut editor = Editor::new("", LineMode::Many);
    editor.insert(text);
    place.talk.input.editor = editor;
    place.talk.input.recalled = None;
    checked(app);
}

pub(super) fn key(app: &mut App, key: Key) {
    let Some(place) = place_mut(app) else { return };
    if place.talk.input.editor.key(key) {
        place.talk.input.recalled = None;
        checked(app);
    }
}

pub(super) fn paste(app: &mut App, text: &str) {
    let mut end = text.len().min(PASTE_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let Some(place) = place_mut(app) else { return };
    let rewritten = place.talk.input.editor.insert(text.get(..end).unwrap_or_default());
    checked(app);
    if end < text.len() {
        app.warn(format!("only the first {} were pasted", format::size(end as u64)));
    } else if rewritten > 0 {
        app.say(format!("{} became escapes", format::counted(rewritten as u64, "control byte")));
    }
}

pub(super) fn new_line(app: &mut App) {
    if let Some(place) = place_mut(app) {
        place.talk.input.editor.new_line();
        checked(app);
    }
}

/// Text or hex; what is typed already is written the other way.
pub(super) fn next_format(app: &mut App) {
    let (_, before) = settings(app);
    let now = match before {
        PayloadFormat::Text => PayloadFormat::Hex,
        PayloadFormat::Hex => PayloadFormat::Text,
    };
    let draft = app.shared.drafts.current_mut();
    let (_, kept) = access::input_line(&draft.spec);
    draft.input_format = (now != kept).then_some((kept, now));
    let typed = place(app).map(|place| place.talk.input.editor.text()).unwrap_or_default();
    // A template stands for something else each time, so it stays as it is written.
    if !typed.is_empty()
        && typed.len() <= CHECKED
        && !typed.contains("{{")
        && let Ok(bytes) = compose(&typed, before, LineEnding::None, &app.shared)
    {
        set(app, &written(&bytes, now));
    }
    checked(app);
    app.say(match now {
        PayloadFormat::Text => "the input line is text with \\r\\n escapes",
        PayloadFormat::Hex => "the input line is hex; no line ending is added",
    });
}

/// Bytes as they are typed in a format.
fn written(bytes: &[u8], format: PayloadFormat) -> String {
    match format {
        PayloadFormat::Text => escape::escape(bytes),
        PayloadFormat::Hex => {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            digits.join(" ")
        }
    }
}

/// Takes bytes of a message into the line, without the ending that is added on sending; the line
/// before is one key up.
pub(super) fn take_up(app: &mut App, bytes: &[u8]) {
    let (ending, format) = settings(app);
    let ending = ending.bytes();
    let bare = bytes.strip_suffix(ending).filter(|_| !ending.is_empty()).unwrap_or(bytes);
    let Some(session) = session(app) else { return };
    let (protocol, side) = (session.protocol(), session.side());
    let before = place(app).map(|place| place.talk.input.editor.text()).unwrap_or_default();
    app.response.histories.add(protocol, side, &before);
    talk::write(app);
    set(app, &written(bare, format));
}

pub(super) fn next_ending(app: &mut App) {
    access::cycle(&mut app.shared.drafts.current_mut().spec, FormFieldId::LineEnding, true);
    app.touched();
    let (ending, _) = access::input_line(&app.shared.drafts.current().spec);
    app.say(format!("line ending: {}", ending.name().to_uppercase()));
}

/// One line back or forth in the history; inside several lines the cursor moves first.
pub(super) fn recall(app: &mut App, older: bool) {
    let Some(session) = session(app) else { return };
    let (protocol, side) = (session.protocol(), session.side());
    let App { response, shared, .. } = app;
    let crate::app::shared::Shared { drafts, .. } = shared;
    let Some(id) = drafts.current().session else { return };
    let Some(place) = response.places.get_mut(&id) else { return };
    let input = &mut place.talk.input;
    let (code, at_edge) = if older {
        (KeyCode::Up, input.editor.at_top())
    } else {
        (KeyCode::Down, input.editor.at_bottom())
    };
    if !at_edge {
        input.editor.key(Key::new(code));
        return;
    }
    let history = response.histories.of(protocol, side);
    let (at, typed) = match (input.recalled.take(), older) {
        (None, true) => (Some(0), input.editor.text()),
        (None, false) => return,
        (Some((at, typed)), true) => (Some((at + 1).min(history.len().saturating_sub(1))), typed),
        (Some((at, typed)), false) => (at.checked_sub(1), typed),
    };
    let line = match at {
        Some(at) => match history.iter().rev().nth(at) {
            Some(line) => line.clone(),
            None => return,
        },
        None => typed.clone(),
    };
    let mut editor = Editor::new("", LineMode::Many);
    editor.insert(&line);
    input.editor = editor;
    input.recalled = at.map(|at| (at, typed));
    checked(app);
}

/// Sends what is typed, if it can be sent.
pub(super) fn send(app: &mut App, closing: Closing, target: InputTarget) {
    let Some(text) = place(app).map(|place| place.talk.input.editor.text()) else { return };
    let (ending, format) = settings(app);
    let to = match talk::target(app, target) {
        Ok(to) => to,
        Err(why) => {
            app.warn(why);
            return;
        }
    };
    let ending = match closing {
        Closing::LineEnding => ending,
        Closing::Bare => LineEnding::None,
    };
    let bytes = match compose(&text, format, ending, &app.shared) {
        Ok(bytes) => bytes,
        Err(wrong) => {
            if let Check::Wrong { column, message, .. } = &wrong {
                app.warn(format!("not sent: column {column}: {message}"));
            }
            return;
        }
    };
    let Some(session) = session(app) else { return };
    let (protocol, side) = (session.protocol(), session.side());
    if bytes.is_empty() && protocol != Protocol::Udp {
        app.say("nothing to send: the line and its line ending are empty");
        return;
    }
    app.response.histories.add(protocol, side, &text);
    app.effects.push(Effect::Engine(Command::Send { to, data: bytes }));
    if let Some(place) = place_mut(app) {
        place.talk.input = InputLine::default();
        place.talk.follow();
    }
    if let Recipient::All(_) = to
        && side == Side::Listener
    {
        app.say("sent to every connection");
    }
    talk::resized(app);
}

/// A line ending as shown: `\r\n`.
pub fn visible_ending(ending: LineEnding) -> &'static str {
    match ending {
        LineEnding::None => "",
        LineEnding::Lf => "\\n",
        LineEnding::CrLf => "\\r\\n",
        LineEnding::Cr => "\\r",
    }
}
