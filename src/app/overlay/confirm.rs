//! Yes or no, before something is lost. For what cannot be undone, Enter alone means no.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::editor::{Editor, LineMode};
use crate::app::intent::{Intent, Question};
use crate::app::keymap::Context;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::codec::printable::printable_str;
use crate::codec::wrap_words::wrap;

/// Columns it wants.
const WIDTH: u16 = 60;

/// State of the overlay.
#[derive(Debug)]
pub struct Confirm {
    pub question: Question,
    /// Whether Enter means yes.
    pub yes: bool,
    /// What was typed while it stood here and is no answer: it is given on when that is no.
    pub typed: Editor,
}

impl Confirm {
    /// Asks; Enter alone means no.
    pub(crate) fn new(question: Question) -> Self {
        Confirm { question, yes: false, typed: Editor::new("", LineMode::One) }
    }

    /// What yes and no are called, behind their keys.
    pub fn answers(&self, shared: &Shared) -> [String; 2] {
        let key = |action| shared.keymap.key_of(&[Context::Question], action);
        let [yes, no] = self.question.answers;
        [format!(" {} {yes} ", key(Action::Accept)), format!(" {} {no} ", key(Action::Back))]
    }

    /// Where the answers are, in the last row.
    pub(crate) fn buttons(&self, shared: &Shared, inner: Rect) -> [Rect; 2] {
        let mut x = inner.x;
        self.answers(shared).map(|text| {
            let width = (text.chars().count() as u16).min(inner.right().saturating_sub(x));
            let y = inner.bottom().saturating_sub(1).max(inner.y);
            let area = Rect { x, y, width, height: inner.height.min(1) };
            x = x.saturating_add(width + 1).min(inner.right());
            area
        })
    }

    /// Columns and rows it wants on a screen.
    pub(super) fn size(&self, shared: &Shared) -> (u16, u16) {
        let width = WIDTH.min(shared.size.0);
        let rows = wrap(&self.question.text, width.saturating_sub(3)).len().min(20) as u16;
        (WIDTH, rows + 4)
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(Action::Accept) => self.accept(),
            PaneInput::Act(Action::Choose) if self.yes => self.accept(),
            PaneInput::Act(Action::Choose) => Intent::DismissOverlay.into(),
            PaneInput::Act(Action::Left | Action::Right) => {
                self.yes = !self.yes;
                Outcome::yes()
            }
            PaneInput::Press(_, mouse) => {
                let at = (mouse.column, mouse.row).into();
                match self.buttons(shared, inner).map(|button| button.contains(at)) {
                    [true, _] => self.accept(),
                    [_, true] => Intent::DismissOverlay.into(),
                    _ => Outcome::yes(),
                }
            }
            // Who types a text has not read the question: nothing of it is an answer, and none is lost.
            PaneInput::Key(_) | PaneInput::Paste(_) if input.edit(&mut self.typed) => {
                Outcome::yes()
            }
            _ => Outcome::no(),
        }
    }

    /// What is said of what was typed.
    pub fn typed_words(&self) -> String {
        let typed = self.typed.text();
        if typed.is_empty() {
            return String::new();
        }
        let shown = printable_str(&typed);
        format!("typed: {shown} ([back]: not answered so, and it goes on there)")
    }

    fn accept(&self) -> Outcome {
        Outcome::from(Intent::CloseOverlay).with(*self.question.then.clone())
    }
}
