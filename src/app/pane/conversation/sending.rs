//! What the input line does: it is typed in, sent, recalled, and read in another way.

use super::conversation_view::ConversationPane;
use super::input_line::{CHECKED, Check, InputLine, compose, form_mode, written};
use crate::app::action::Action;
use crate::app::editor::{Caret, PASTE_LIMIT};
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::app::wanted_values::{ValueWish, WaitingLine};
use crate::compose::UnknownNames;
use crate::engine::command::{Command, Recipient};
use crate::model::key::{Key, KeyCode};
use crate::model::payload::{InputMode, LineEnding, PayloadFormat};

impl ConversationPane {
    /// Gives the keys to the input line, where there is one.
    pub(crate) fn write(&mut self, shared: &Shared) {
        if !has_input(shared) {
            return;
        }
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

    /// Replaces the text; it is read as the form says.
    pub(crate) fn set_input(&mut self, shared: &Shared, text: &str) {
        self.set_line(shared, text, None);
    }

    fn set_line(&mut self, shared: &Shared, text: &str, own: Option<InputMode>) {
        if let Some(view) = self.view_mut(shared) {
            view.input.set(text, own, shared);
        }
        self.input_changed(shared);
    }

    /// How the line is read and ended.
    pub(super) fn mode(&self, shared: &Shared) -> InputMode {
        self.view(shared).map_or_else(|| form_mode(shared), |view| view.input.mode(shared))
    }

    /// What is typed.
    pub(crate) fn typed(&self, shared: &Shared) -> String {
        self.view(shared).map(|view| view.input.editor.text().into_owned()).unwrap_or_default()
    }

    /// Puts another name in the place of one in what is typed, as one change of it.
    pub(crate) fn rename_typed(&mut self, shared: &Shared, from: &str, to: &str) {
        let text = self.typed(shared);
        let [from, to] = [from, to].map(|name| format!("{{{{{name}}}}}"));
        let Some(view) = self.view_mut(shared).filter(|_| from != to) else { return };
        view.input.editor.move_to(Caret::All);
        view.input.editor.insert(&text.replace(&from, &to));
        self.input_changed(shared);
    }

    /// A key that no action took.
    pub(super) fn type_key(&mut self, shared: &Shared, key: Key) -> Outcome {
        let view = self.view_mut(shared).filter(|view| view.writing);
        let Some(view) = view else { return Outcome::no() };
        let is_changed = view.input.key(key);
        if is_changed {
            self.input_changed(shared);
        }
        self.complete(shared, key, is_changed);
        Outcome::yes()
    }

    /// Takes pasted text; the keys go where it went.
    pub(super) fn paste_input(&mut self, shared: &Shared, text: &str) -> Outcome {
        if !has_input(shared) {
            return Outcome::no();
        }
        let taken = format::start_of(text, PASTE_LIMIT);
        self.completer.close();
        self.write(shared);
        let Some(view) = self.view_mut(shared) else { return Outcome::no() };
        let inserted = view.input.insert(taken, shared);
        self.input_changed(shared);
        if taken.len() < text.len() {
            let size = format::size(taken.len() as u64);
            return Outcome::warn(format!("only the first {size} were pasted"));
        }
        inserted.remark().map(Intent::Quote).into()
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
        let before = InputMode { ending: LineEnding::None, ..self.mode(shared) };
        let (text, hex) = (PayloadFormat::Text, PayloadFormat::Hex);
        let (now, said) = match before.format {
            PayloadFormat::Text => (hex, "the input line is hex; no line ending is added"),
            PayloadFormat::Hex => (text, "the input line is text with \\r\\n escapes"),
        };
        let typed = self.typed(shared);
        // A template stands for something else each time, so it stays as it is written.
        let is_rewritten = !typed.is_empty() && typed.len() <= CHECKED && !typed.contains("{{");
        let bytes = compose(&typed, before, shared, UnknownNames::Refused);
        if let Some(view) = self.view_mut(shared) {
            match bytes {
                Ok(bytes) if is_rewritten => {
                    let own = Some(InputMode::new(now, LineEnding::None));
                    view.input.set(&written(&bytes, now), own, shared);
                }
                _ => {}
            }
            view.input.own = None;
        }
        Outcome::from(Intent::SetInputFormat(now)).with(Intent::Say(said.into()))
    }

    /// Another line ending, for this line and for the preset.
    pub(super) fn next_ending(&mut self, shared: &Shared) -> Outcome {
        let mode = self.mode(shared);
        if mode.format == PayloadFormat::Hex {
            return Outcome::say(
                "hex goes out without a line ending; [payload-format] writes text",
            );
        }
        let ending = mode.ending.next();
        if let Some(own) = self.view_mut(shared).and_then(|view| view.input.own.as_mut()) {
            own.ending = ending;
        }
        Intent::SetLineEnding(ending).into()
    }

    /// Takes bytes of a message into the line, so that they go out as they are: the ending that
    /// they have is added on sending. The line before is one key up.
    pub(super) fn take_up_bytes(&mut self, shared: &Shared, bytes: &[u8]) {
        let InputMode { format, ending } = self.mode(shared);
        let with_ending = ending.bytes();
        let bare = bytes.strip_suffix(with_ending).filter(|_| !with_ending.is_empty());
        let own = bare.is_none().then_some(InputMode { format, ending: LineEnding::None });
        let Some(session) = shared.session() else { return };
        self.sent.add(session, self.typed(shared), self.mode(shared));
        self.write(shared);
        let own = own.or(self.view(shared).and_then(|view| view.input.own));
        self.set_line(shared, &written(bare.unwrap_or(bytes), format), own);
    }

    /// One line back or forth in what was sent, read and ended as it was then.
    pub(super) fn recall(&mut self, shared: &Shared, older: bool) -> Outcome {
        let Some(session) = shared.session() else { return Outcome::yes() };
        let Some(view) = self.views.get_mut(&session.id) else { return Outcome::yes() };
        view.input.recall(self.sent.of(session), older, shared);
        self.input_changed(shared);
        Outcome::yes()
    }

    /// Takes away what is typed, which is one key up then; nothing typed is nothing to do here.
    pub(super) fn clear_line(&mut self, shared: &Shared) -> Outcome {
        let (text, mode) = (self.typed(shared), self.mode(shared));
        let Some(session) = shared.session().filter(|_| !text.is_empty()) else {
            return Outcome::no();
        };
        let is_kept = self.sent.add(session, text, mode);
        if let Some(view) = self.view_mut(shared) {
            if is_kept {
                view.input = InputLine::default();
            } else {
                view.input.editor.move_to(Caret::All);
                view.input.editor.key(Key::new(KeyCode::Backspace));
            }
        }
        self.input_changed(shared);
        let back = if is_kept { "[older-input]" } else { "[undo]" };
        Outcome::say(format!("the line is cleared; {back} brings it back"))
    }

    /// Sends what is typed, if it can be sent: with its line ending or bare, to all or as it goes,
    /// unknown names as they are written.
    pub(crate) fn send(&mut self, shared: &Shared, how: Action) -> Outcome {
        let text = self.typed(shared);
        let to = match self.target(shared, how == Action::SendToAll) {
            Ok(to) => to,
            Err(why) => return Outcome::warn(why),
        };
        let mut mode = self.mode(shared);
        if how == Action::SendWithoutEnding {
            mode.ending = LineEnding::None;
        }
        let unknown = match how {
            Action::SendLiteral => UnknownNames::Literal,
            _ => UnknownNames::Refused,
        };
        let data = match compose(&text, mode, shared, unknown) {
            Ok(bytes) => bytes,
            Err(Check::Wrong { column, message, .. }) => {
                let literal = compose(&text, mode, shared, UnknownNames::Literal);
                let hint = if literal.is_err() {
                    ""
                } else if message.starts_with("unknown ") {
                    "; [define-name] defines it, [send-literal] sends it literally"
                } else {
                    "; [send-literal] sends it literally"
                };
                return Outcome::warn(format!("not sent: column {column}: {message}{hint}"));
            }
            Err(Check::Wanted(_, wanted)) => {
                let Some(session) = shared.session() else { return Outcome::yes() };
                let line = WaitingLine { session: session.id, how };
                return Intent::from(ValueWish::OfLine(line, wanted)).into();
            }
            Err(_) => return Outcome::yes(),
        };
        let Some(session) = shared.session() else { return Outcome::yes() };
        if data.is_empty() && !session.capabilities().messages {
            return Outcome::say("nothing to send: the line and its line ending are empty");
        }
        self.sent.add(session, text, mode);
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

/// Whether what a person types can go to the peers.
fn has_input(shared: &Shared) -> bool {
    shared.session().is_some_and(|session| session.capabilities().input)
}
