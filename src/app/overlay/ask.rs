//! Asks for a value that is needed now: `{{prompt "OTP"}}`.
//!
//! ```text
//! OTP▏                   what is typed; a secret as dots
//! ```

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::intent::Intent;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::wanted_values::ValueWish;
use crate::compose::asked_value::AskedValue;

/// State of the overlay.
#[derive(Debug)]
pub struct AskWindow {
    pub asked: AskedValue,
    pub editor: Editor,
}

impl AskWindow {
    /// Asks; what was answered last stands there.
    pub(crate) fn new(asked: AskedValue, last: &str) -> Self {
        let mut editor = Editor::new(last, LineMode::One);
        editor.move_to(Caret::End);
        editor.set_masked(asked.is_secret);
        AskWindow { asked, editor }
    }

    /// What its keys do.
    pub(crate) fn hint(&self) -> &'static str {
        if self.asked.is_secret {
            "[choose] send · [show-secrets] show · [back] do not send"
        } else {
            "[choose] send · [back] do not send"
        }
    }

    /// Takes an input.
    pub fn update(&mut self, _inner: Rect, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(Action::Choose) => {
                let answer = ValueWish::Answer(self.editor.text().into_owned());
                Outcome::from(Intent::CloseOverlay).with(answer.into())
            }
            PaneInput::Act(Action::ShowSecrets) if self.asked.is_secret => {
                let is_masked = self.editor.is_masked();
                self.editor.set_masked(!is_masked);
                Outcome::yes()
            }
            PaneInput::Act(_) => Outcome::no(),
            input => {
                if !input.point(&mut self.editor) {
                    input.edit(&mut self.editor);
                }
                Outcome::yes()
            }
        }
    }
}
