//! The conversation pane: what is said on TCP connections or in datagrams, and the line to say more.
//!
//! It shares the response region of the screen with the exchange. Keys go to the list of rows, to
//! the row that is looked at closely, or to the input line.

mod completing;
mod conversation_areas;
pub(crate) mod conversation_view;
pub(crate) mod input_line;
mod peers;
mod reframing;
mod row_actions;
mod rows;
mod sending;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::copying::CopyAs;
use crate::app::cursor::CursorStep;
use crate::app::intent::{EditTarget, Intent};
use crate::app::keymap::Context;
use crate::app::layout;
use crate::app::message::{Mouse, Timer};
use crate::app::outcome::{Handled, Outcome, PaneInput};
use crate::app::prompt;
use crate::app::shared::Shared;
use crate::engine::command::CloseMode;
use crate::model::view::SearchDirection;
pub use conversation_areas::{failure, prefix};
pub(crate) use conversation_view::has_several;
pub use conversation_view::{ConversationPane, conns};
pub(crate) use peers::no_input;

impl ConversationPane {
    /// Takes an input while the pane has the focus.
    pub(crate) fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        let asked = prompt::update(&mut self.prompt, shared, input);
        let outcome = asked.unwrap_or_else(|| match input {
            PaneInput::Act(action) => self.act(shared, action),
            PaneInput::Wheel(step) => {
                self.wheel(shared, step);
                Outcome::yes()
            }
            PaneInput::Key(key) => self.type_key(shared, key),
            PaneInput::Paste(text) => self.paste_input(shared, text),
            PaneInput::Press(area, mouse) => self.press(shared, area, mouse),
            PaneInput::Drag(area, mouse) => self.drag(shared, area, mouse),
        });
        self.settle(shared);
        outcome
    }

    /// Another session is on screen, or none.
    pub(crate) fn session_changed(&mut self, shared: &Shared) {
        self.prompt = None;
        self.completer.close();
        self.views.retain(|id, _| shared.sessions.get(*id).is_some());
    }

    /// A timer that was asked for here went off.
    pub(crate) fn timer_fired(&mut self, shared: &Shared, timer: Timer) -> Option<Intent> {
        match timer {
            Timer::ConversationFraming => self.reframe_on(shared),
            Timer::ConversationSearch => self.search_on(shared),
            _ => None,
        }
    }

    /// Contexts of the pane.
    pub(crate) fn contexts(&self, shared: &Shared) -> Vec<Context> {
        if self.prompt.is_some() {
            return vec![Context::Line, Context::Global];
        }
        if self.is_writing(shared) {
            let own = [Context::Input, Context::Global];
            return self.completer.contexts().iter().copied().chain(own).collect();
        }
        let rows = [Context::Conversation, Context::Response, Context::List];
        rows.into_iter().chain([Context::Plain, Context::Global]).collect()
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        let silent = shared.session().filter(|it| !it.capabilities().input);
        if let Some(session) = silent.filter(|_| is_of_input(action)) {
            return Outcome::say(no_input(session));
        }
        let outcome = if self.is_writing(shared) {
            self.act_writing(shared, action)
        } else {
            self.act_rows(shared, action)
        };
        if outcome.handled == Handled::Yes { outcome } else { self.act_conn(shared, action) }
    }

    /// What the input line does with an action.
    fn act_writing(&mut self, shared: &Shared, action: Action) -> Outcome {
        if let Some(outcome) = self.act_on_completions(shared, action) {
            return outcome;
        }
        match action {
            Action::SendLine
            | Action::SendWithoutEnding
            | Action::SendToAll
            | Action::SendLiteral => {
                return self.send(shared, action);
            }
            Action::ExternalEditor => return self.edit_external(shared),
            Action::NewLine => self.new_line(shared),
            Action::OlderInput => return self.recall(shared, true),
            Action::NewerInput => return self.recall(shared, false),
            Action::PageUp => self.scroll(shared, CursorStep::PageUp),
            Action::PageDown => self.scroll(shared, CursorStep::PageDown),
            Action::Back => self.leave_input(shared),
            Action::Cancel => return self.clear_line(shared),
            _ => return Outcome::no(),
        }
        Outcome::yes()
    }

    /// Writes the text of the input line in the external editor.
    fn edit_external(&self, shared: &Shared) -> Outcome {
        let text = self.typed(shared);
        Intent::EditExternal { text, extension: "txt", target: EditTarget::InputLine }.into()
    }

    /// What the list of rows does with an action.
    fn act_rows(&mut self, shared: &Shared, action: Action) -> Outcome {
        if self.act_on_bytes(shared, action) {
            return Outcome::yes();
        }
        let told = |outcome: Result<Outcome, Outcome>| outcome.unwrap_or_else(|why| why);
        match action {
            Action::InputLine => self.write(shared),
            Action::Open => self.open_detail(shared),
            Action::Back => return self.close_detail(shared),
            Action::ViewHex => self.toggle_hex(shared),
            Action::ViewMode => self.next_form(shared),
            Action::Select => {
                let how = "[open] opens a row, once more goes in; there [select] selects bytes of \
                           text or hex";
                return Outcome::say(how);
            }
            Action::Copy => return self.copy(shared, CopyAs::Seen),
            Action::CopyHex => return self.copy(shared, CopyAs::Hex),
            Action::CopyEscaped => return self.copy(shared, CopyAs::Escaped),
            Action::CopyC => return self.copy(shared, CopyAs::C),
            Action::CopyPython => return self.copy(shared, CopyAs::Python),
            Action::Resend => return told(self.resend(shared)),
            Action::EditMessage => return told(self.take_up(shared)),
            Action::SaveToFile => return told(self.save(shared)),
            Action::MakePreset => return told(self.make_preset(shared)),
            Action::ExpectValue | Action::CaptureValue => {
                return told(self.check_by(shared, action));
            }
            Action::Find => return prompt::open_search(&mut self.prompt),
            Action::FindNext => return self.search(shared, SearchDirection::Forward, true),
            Action::FindPrevious => return self.search(shared, SearchDirection::Backward, true),
            Action::ExternalEditor => return self.edit_external(shared),
            _ => match CursorStep::of(action) {
                Some(way) => self.scroll(shared, way),
                None => return Outcome::no(),
            },
        }
        Outcome::yes()
    }

    /// What concerns a connection or the way lines are sent, wherever the keys go.
    fn act_conn(&mut self, shared: &Shared, action: Action) -> Outcome {
        match action {
            Action::PayloadFormat => self.next_format(shared),
            Action::Framing => reframing::pick(shared),
            Action::LineEnding => self.next_ending(shared),
            Action::NextItem => self.next_conn(shared, true),
            Action::PreviousItem => self.next_conn(shared, false),
            Action::FinishSending => self.end(shared, CloseMode::HalfClose),
            Action::CloseConnection => self.end(shared, CloseMode::Close),
            Action::ResetConnection => self.end(shared, CloseMode::Reset),
            _ => Outcome::no(),
        }
    }

    /// Takes the keys from the input line.
    fn leave_input(&mut self, shared: &Shared) {
        self.completer.close();
        if let Some(view) = self.view_mut(shared) {
            view.writing = false;
        }
    }

    /// The mouse moves with its button down: what began in the input line or on bytes selects there.
    fn drag(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let room = self.areas(shared, layout::pane_inner(area)).detail;
        let Some(view) = self.view_mut(shared) else { return Outcome::no() };
        match &mut view.detail {
            _ if view.writing => {
                view.input.editor.mouse(mouse);
            }
            Some(detail) if detail.inside => detail.mouse(mouse, room),
            _ => return Outcome::no(),
        }
        Outcome::yes()
    }

    /// A press of the mouse: the keys go to what is there.
    fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let at = (mouse.column, mouse.row).into();
        if let Some(outcome) = self.press_completion(shared, at) {
            return outcome;
        }
        self.completer.close();
        let parts = self.areas(shared, layout::pane_inner(area));
        if parts.input.contains(at) {
            self.write(shared);
            let column = usize::from(mouse.column - parts.input.x);
            let column = column.saturating_sub(prefix(self.mode(shared)).chars().count());
            if let Some(view) = self.view_mut(shared) {
                let row = usize::from(mouse.row - parts.input.y);
                if !view.input.editor.mouse(mouse) {
                    view.input.editor.press(mouse.kind, row, column);
                }
            }
            return Outcome::yes();
        }
        self.leave_input(shared);
        if parts.peers.contains(at) {
            let row = usize::from(mouse.row - parts.peers.y);
            let rows = self.peer_rows(shared, parts.peers.height.into());
            if let Some(conn) = rows.into_iter().nth(row) {
                self.choose(shared, conn);
            }
        } else if parts.rows.contains(at) {
            self.select(shared, usize::from(mouse.row - parts.rows.y));
        } else if parts.detail.contains(at)
            && let Some(detail) = self.view_mut(shared).and_then(|view| view.detail.as_mut())
        {
            detail.mouse(mouse, parts.detail);
        }
        Outcome::yes()
    }

    /// Actions worth naming in the footer while the pane has the focus.
    pub fn hints(&self, shared: &Shared) -> Vec<Action> {
        let Some(session) = shared.session() else { return Vec::new() };
        if self.is_writing(shared) {
            let mut hints = vec![Action::SendLine, Action::SendWithoutEnding, Action::LineEnding];
            hints.extend([Action::PayloadFormat, Action::OlderInput, Action::Back]);
            if session.side().listens() {
                hints.insert(1, Action::SendToAll);
            }
            // Without its ending an empty line is nothing at all.
            let is_empty = self.typed(shared).is_empty();
            let has_older = self.sent.has_any(session);
            hints.retain(|action| match action {
                Action::SendWithoutEnding => !is_empty,
                Action::OlderInput => has_older,
                _ => true,
            });
            return hints;
        }
        if session.is_past {
            let shown = [Action::Open, Action::Find, Action::ViewHex, Action::Copy];
            return [&shown[..], &[Action::MakePreset, Action::Back]].concat();
        }
        if session.is_over() {
            return vec![Action::Send, Action::Open, Action::Find, Action::ViewHex, Action::Copy];
        }
        let can = session.capabilities();
        let mut hints = vec![Action::InputLine, Action::Open, Action::Find, Action::ViewHex];
        if has_several(session) {
            hints.insert(1, Action::NextItem);
        }
        hints.extend([Action::Resend, Action::MakePreset]);
        if can.connections {
            hints.extend([Action::FinishSending, Action::CloseConnection, Action::ResetConnection]);
        }
        hints.retain(|action| can.input || !is_of_input(*action));
        hints
    }
}

/// Whether an action is about what a person sends.
pub(crate) fn is_of_input(action: Action) -> bool {
    matches!(
        action,
        Action::InputLine
            | Action::SendLine
            | Action::SendWithoutEnding
            | Action::SendToAll
            | Action::Resend
            | Action::EditMessage
            | Action::FinishSending
            | Action::LineEnding
            | Action::PayloadFormat
            | Action::ExternalEditor
    )
}
