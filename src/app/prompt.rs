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
use crate::model::key::{Key, KeyCode};
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

    /// Takes a key; with Enter the prompt is over and this is to be done.
    fn key(&mut self, shared: &Shared, key: Key) -> Option<Intent> {
        if key.code != KeyCode::Enter {
            self.editor.key(key);
            return None;
        }
        let text = self.editor.text();
        Some(match &self.purpose {
            PromptPurpose::Search => Intent::LookFor(text),
            PromptPurpose::Save(body, part) => save(shared, text.trim(), |path| {
                Effect::Engine(Command::SaveBody { body: *body, part: *part, path })
            }),
            PromptPurpose::SaveBytes(bytes) => save(shared, text.trim(), |path| {
                let overwrite = Overwrite::Refuse;
                Effect::Store(Job::WriteFile { path, bytes: bytes.clone(), overwrite })
            }),
        })
    }
}

/// Gives an input to the prompt that is open; `None` = there is none, or the input is not for it.
pub fn update(open: &mut Option<Prompt>, shared: &Shared, input: PaneInput<'_>) -> Option<Outcome> {
    let prompt = open.as_mut()?;
    match input {
        PaneInput::Act(Action::Back) => *open = None,
        PaneInput::Act(_) => return Some(Outcome::no()),
        PaneInput::Key(key) => {
            if let Some(intent) = prompt.key(shared, key) {
                *open = None;
                return Some(intent.into());
            }
        }
        PaneInput::Paste(text) => {
            prompt.editor.insert(text);
        }
        PaneInput::Press(..) => return None,
    }
    Some(Outcome::yes())
}

fn save(shared: &Shared, text: &str, effect: impl FnOnce(PathBuf) -> Effect) -> Intent {
    if text.is_empty() {
        return Intent::Say("not saved: no file name".into());
    }
    let path = match (text.strip_prefix("~/"), shared.os.get("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(text),
    };
    Intent::Perform(effect(path))
}
