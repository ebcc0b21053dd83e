//! Asks for the description of a preset: its `about`, one line or several.

use crate::app::action::Action;
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::intent::Intent;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::preset_tree::TreeItem;
use crate::app::shared::Shared;

/// State of the overlay.
#[derive(Debug)]
pub struct About {
    /// A preset, or a draft that was never saved.
    subject: TreeItem,
    pub title: String,
    pub editor: Editor,
}

impl About {
    /// Asks about what a row of the presets pane stands for; else says why not.
    pub(crate) fn new(shared: &Shared, subject: TreeItem) -> Result<Self, Intent> {
        let (title, text) = match &subject {
            TreeItem::Folder(_) => {
                return Err(Intent::Say("select a preset to describe it".into()));
            }
            TreeItem::Draft(id) => {
                let Some(draft) = shared.drafts.get(*id) else {
                    return Err(Intent::Say("this draft is gone".into()));
                };
                (draft.title(), draft.about.clone())
            }
            TreeItem::Preset(path) => {
                let stored = shared.stored(path).and_then(|stored| stored.content.as_ref().ok());
                let Some(preset) = stored else {
                    let why = "cannot be read: what is wrong in it comes first";
                    return Err(Intent::Warn(format!("{path}.toml {why}")));
                };
                (path.to_string(), preset.about.clone())
            }
        };
        let mut editor = Editor::new(&text, LineMode::Many);
        editor.move_to(Caret::End);
        Ok(About { subject, title, editor })
    }

    /// Takes an input.
    pub fn update(&mut self, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(Action::NewLine) => self.editor.new_line(),
            PaneInput::Act(Action::Choose) => {
                let text = self.editor.text().trim().to_owned();
                let describe = Intent::Describe(self.subject.clone(), text);
                return Outcome::from(Intent::CloseOverlay).with(describe);
            }
            PaneInput::Act(_) => return Outcome::no(),
            PaneInput::Key(_) | PaneInput::Paste(_) => drop(input.edit(&mut self.editor)),
            PaneInput::Wheel(_) => {}
            PaneInput::Press(..) | PaneInput::Drag(..) => drop(input.point(&mut self.editor)),
        }
        Outcome::yes()
    }
}
