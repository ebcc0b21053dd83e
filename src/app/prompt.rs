//! The line at the bottom of a pane that asks what to search for, or where to save bytes.

use std::path::PathBuf;

use bytes::Bytes;

use super::action::Action;
use super::editor::{Editor, LineMode};
use super::effect::Effect;
use super::intent::Intent;
use super::outcome::{Outcome, PaneInput};
use super::shared::Shared;
use crate::engine::command::Command;
use crate::model::id::BodyId;
use crate::model::view::ViewPart;
use crate::store::job::{Job, Overwrite};

/// What is asked, and what was typed so far.
#[derive(Debug)]
pub struct Prompt {
    purpose: PromptPurpose,
    pub editor: Editor,
}

/// What the answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptPurpose {
    Search,
    /// The path of the file this body goes to.
    Save(BodyId, ViewPart),
    /// The same for bytes that are here.
    SaveBytes(Bytes),
}

impl Prompt {
    /// Asks, with an answer that can be taken as it is.
    pub fn new(purpose: PromptPurpose, answer: &str) -> Self {
        Prompt { purpose, editor: Editor::new(answer, LineMode::One) }
    }

    /// What stands before the answer.
    pub fn label(&self) -> &'static str {
        match self.purpose {
            PromptPurpose::Search => "search: ",
            PromptPurpose::Save(..) | PromptPurpose::SaveBytes(_) => "save to: ",
        }
    }

    /// What has to be done after the answer.
    fn answered(self, shared: &Shared) -> Intent {
        let text = self.editor.text().into_owned();
        match self.purpose {
            PromptPurpose::Search => Intent::LookFor(text),
            PromptPurpose::Save(body, part) => save(shared, text.trim(), |path| {
                Effect::Engine(Command::SaveBody { body, part, path })
            }),
            PromptPurpose::SaveBytes(bytes) => save(shared, text.trim(), |path| {
                Effect::Store(Job::WriteFile { path, bytes, overwrite: Overwrite::Refuse })
            }),
        }
    }
}

/// Opens the search line; the last text stays and is gone with one key.
pub(super) fn open_search(open: &mut Option<Prompt>) -> Outcome {
    *open = Some(Prompt::new(PromptPurpose::Search, ""));
    Outcome::yes()
}

/// Gives an input to the prompt that is open; `None` = there is none, or the input is not for it.
pub fn update(open: &mut Option<Prompt>, shared: &Shared, input: PaneInput<'_>) -> Option<Outcome> {
    let prompt = open.as_mut()?;
    if input.point(&mut prompt.editor) {
        return Some(Outcome::yes());
    }
    match input {
        PaneInput::Act(Action::Back) => *open = None,
        PaneInput::Act(Action::Choose) => {
            return open.take().map(|prompt| prompt.answered(shared).into());
        }
        PaneInput::Act(_) => return Some(Outcome::no()),
        PaneInput::Key(_) | PaneInput::Paste(_) => drop(input.edit(&mut prompt.editor)),
        PaneInput::Press(..) | PaneInput::Drag(..) | PaneInput::Wheel(_) => return None,
    }
    Some(Outcome::yes())
}

fn save(shared: &Shared, text: &str, effect: impl FnOnce(PathBuf) -> Effect) -> Intent {
    if text.is_empty() {
        return Intent::Say("not saved: no file name".into());
    }
    Intent::Perform(effect(shared.typed_path(text)))
}
