//! What the input line does: it is typed in, sent, recalled, and read in another way.

use super::conversation_view::ConversationPane;
use super::input_line::{CHECKED, Check, InputLine, compose, settings, written};
use crate::app::action::Action;
use crate::app::editor::PASTE_LIMIT;
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::compose::UnknownNames;
use crate::engine::command::{Command, Recipient};
use crate::model::key::Key;
use crate::model::payload::{LineEnding, Payload, PayloadFormat};

impl ConversationPane {
    /// Gives the keys to the input line.
    pub(crate) fn write(&mut self, shared: &Shared) {
        if let Some(view) = self.view_mut(shared) {
            view.writing = true;
        }
    }

    /// What is typed, or how it is read, changed: what does it stand for now?
    pub(crate) fn input_changed(&mut self, shared: &Shared) {
        if let Some(view) = self.view_mut(shared) {
            view.input.check(shared);
        }
        self.settle(shared);
    }

    /// Replaces the text.
    pub(crate) fn set_input(&mut self, shared: &Shared, text: &str) {
        if let Some(view) = self.view_mut(shared) {
            view.input.set(text);
        }
        self.input_changed(shared);
    }

    /// What is typed.
    pub(super) fn typed(&self, shared: &Shared) -> String {
        self.view(shared).map(|view| view.input.editor.text().into_owned()).unwrap_or_default()
    }

    /// A key that no action took.
    pub(super) fn type_key(&mut self, shared: &Shared, key: Key) -> Outcome {
        let view = self.view_mut(shared).filter(|view| view.writing);
        let Some(view) = view else { return Outcome::no() };
        if view.input.key(key) {
            self.input_changed(shared);
        }
        Outcome::yes()
    }

    /// Takes pasted text; the keys go where it went.
    pub(super) fn paste_input(&mut self, shared: &Shared, text: &str) -> Outcome {
        let taken = format::start_of(text, PASTE_LIMIT);
        self.write(shared);
        let Some(view) = self.view_mut(shared) else { return Outcome::no() };
        let rewritten = view.input.editor.insert(taken);
        self.input_changed(shared);
        if taken.len() < text.len() {
            let size = format::size(taken.len() as u64);
            return Outcome::warn(format!("only the first {size} were pasted"));
        }
        if rewritten > 0 {
            let bytes = format::counted(rewritten as u64, "control byte");
            return Outcome::say(format!("{bytes} became escapes"));
        }
        Outcome::yes()
    }

    /// Begins another line in the input line.
    pub(super) fn new_line(&mut self, shared: &Shared) {
        if let Some(view) = self.view_mut(shared) {
            view.input.editor.new_line();
        }
        self.input_changed(shared);
    }

    /// Text or hex; what is typed already is written the other way.
    pub(super) fn next_format(&mut self, shared: &Shared) -> Outcome {
        let (_, before) = settings(shared);
        let (text, hex) = (PayloadFormat::Text, PayloadFormat::Hex);
        let (now, said) = match before {
            PayloadFormat::Text => (hex, "the input line is hex; no line ending is added"),
            PayloadFormat::Hex => (text, "the input line is text with \\r\\n escapes"),
        };
        let typed = self.typed(shared);
        // A template stands for something else each time, so it stays as it is written.
        if !typed.is_empty()
            && typed.len() <= CHECKED
            && !typed.contains("{{")
            && let Ok(bytes) =
                compose(&typed, before, LineEnding::None, shared, UnknownNames::Refused)
            && let Some(view) = self.view_mut(shared)
        {
            view.input.set(&written(&bytes, now));
        }
        Outcome::from(Intent::SetInputFormat(now)).with(Intent::Say(said.into()))
    }

    /// Takes bytes of a message into the line, without the ending that is added on sending; the
    /// line before is one key up.
    pub(super) fn take_up_bytes(&mut self, shared: &Shared, bytes: &[u8]) {
        let (ending, format) = settings(shared);
        let ending = ending.bytes();
        let bare = bytes.strip_suffix(ending).filter(|_| !ending.is_empty()).unwrap_or(bytes);
        let Some(session) = shared.session() else { return };
        let before = Payload { text: self.typed(shared), format };
        self.sent.add(session, before);
        self.write(shared);
        self.set_input(shared, &written(bare, format));
    }

    /// One line back or forth in what was sent, read as it was then.
    pub(super) fn recall(&mut self, shared: &Shared, older: bool) -> Outcome {
        let Some(session) = shared.session() else { return Outcome::yes() };
        let Some(view) = self.views.get_mut(&session.id) else { return Outcome::yes() };
        let format = view.input.recall(self.sent.of(session), older, settings(shared).1);
        self.input_changed(shared);
        format.map(Intent::SetInputFormat).into()
    }

    /// Sends what is typed, if it can be sent: with its line ending or bare, to all or as it goes,
    /// unknown names as they are written.
    pub(super) fn send(&mut self, shared: &Shared, how: Action) -> Outcome {
        let text = self.typed(shared);
        let to = match self.target(shared, how == Action::SendToAll) {
            Ok(to) => to,
            Err(why) => return Outcome::warn(why),
        };
        let (ending, format) = settings(shared);
        let ending = if how == Action::SendWithoutEnding { LineEnding::None } else { ending };
        let unknown = match how {
            Action::SendLiteral => UnknownNames::Literal,
            _ => UnknownNames::Refused,
        };
        let data = match compose(&text, format, ending, shared, unknown) {
            Ok(bytes) => bytes,
            Err(Check::Wrong { column, message, .. }) => {
                let literal = compose(&text, format, ending, shared, UnknownNames::Literal);
                let hint = if literal.is_ok() { "; [send-literal] sends it literally" } else { "" };
                return Outcome::warn(format!("not sent: column {column}: {message}{hint}"));
            }
            Err(_) => return Outcome::yes(),
        };
        let Some(session) = shared.session() else { return Outcome::yes() };
        if data.is_empty() && !session.capabilities().datagrams {
            return Outcome::say("nothing to send: the line and its line ending are empty");
        }
        self.sent.add(session, Payload { text, format });
        if let Some(view) = self.view_mut(shared) {
            view.input = InputLine::default();
            view.is_held = false;
        }
        let sent = Outcome::from(Intent::Perform(Effect::Engine(Command::Send { to, data })));
        if matches!(to, Recipient::All(_)) && session.side().listens() {
            return sent.with(Intent::Say("sent to every connection".into()));
        }
        sent
    }
}
