//! Yes or no, before something is lost. For what cannot be undone, Enter alone means no.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::drafts::Draft;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::keymap::Context;
use crate::app::layout::{inner, window};
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::{Outcome, OverlayInput};
use crate::app::preset_tree::TreeItem;
use crate::app::question::Question;
use crate::app::shared::Shared;
use crate::app::wrap_words::wrap;
use crate::model::preset::PresetPath;

/// Columns it wants.
const WIDTH: u16 = 60;

/// State of the overlay.
#[derive(Debug)]
pub struct Confirm {
    pub question: Question,
    /// Whether Enter means yes.
    pub yes: bool,
    /// A remark under the question.
    pub remark: String,
}

impl Confirm {
    /// The question as a sentence.
    pub fn text(&self) -> String {
        let text = match &self.question {
            Question::Delete(path) => format!("Delete {path}? The file is removed."),
            Question::DeleteFolder(folder, paths) => {
                let count = format::counted(paths.len() as u64, "preset");
                format!("Delete {folder}/ with {count}? Their files are removed; other files stay.")
            }
            Question::Discard(_, title) => {
                format!("Throw {title} away? It was never saved.")
            }
            Question::Revert(_, title) => {
                format!("Throw away the unsaved changes of {title}?")
            }
            Question::Overwrite(_, path) => format!("{path} is there already. Replace it?"),
        };
        if self.remark.is_empty() { text } else { format!("{text} {}", self.remark) }
    }

    /// What yes and no are called, behind their keys.
    pub fn answers(&self, shared: &Shared) -> [String; 2] {
        let key = |action| shared.keymap.key_of(&[Context::Question], action);
        let (yes, no) = match self.question {
            Question::Delete(_) | Question::DeleteFolder(..) => ("Delete", "Keep"),
            Question::Discard(..) | Question::Revert(..) => ("Throw away", "Keep"),
            Question::Overwrite(..) => ("Replace", "Cancel"),
        };
        [format!(" {} {yes} ", key(Action::Accept)), format!(" {} {no} ", key(Action::Back))]
    }

    /// Where the answers are, in the last row.
    pub fn buttons(&self, shared: &Shared, inner: Rect) -> [Rect; 2] {
        let mut x = inner.x;
        self.answers(shared).map(|text| {
            let width = (text.chars().count() as u16).min(inner.right().saturating_sub(x));
            let y = inner.bottom().saturating_sub(1).max(inner.y);
            let area = Rect { x, y, width, height: inner.height.min(1) };
            x = x.saturating_add(width + 1).min(inner.right());
            area
        })
    }

    /// Asks a question; what else it would cost is said with it.
    pub(crate) fn new(shared: &Shared, question: Question) -> Self {
        let item = match &question {
            Question::Delete(path) => Some(TreeItem::Preset(path.clone())),
            Question::Discard(id, _) => Some(TreeItem::Draft(*id)),
            _ => None,
        };
        let live = item.is_some_and(|item| item.is_live(shared));
        let remark = match &question {
            Question::DeleteFolder(_, paths) => remark_on(shared, paths),
            _ if live => "It is running and will be closed.".to_owned(),
            _ => String::new(),
        };
        Confirm { question, yes: false, remark }
    }

    /// Where it is on the screen, border included.
    pub fn area(&self, shared: &Shared) -> Rect {
        let width = window(shared.size, WIDTH, 3).width;
        let rows = wrap(&self.text(), width.saturating_sub(2)).len().min(20) as u16;
        window(shared.size, WIDTH, rows + 4)
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, input: OverlayInput<'_>) -> Outcome {
        match input {
            OverlayInput::Act(Action::Accept) => self.accept(),
            OverlayInput::Act(Action::Choose) if self.yes => self.accept(),
            OverlayInput::Act(Action::Choose) => Intent::CloseOverlay.into(),
            OverlayInput::Act(Action::Left | Action::Right) => {
                self.yes = !self.yes;
                Outcome::yes()
            }
            OverlayInput::Mouse(mouse) => self.mouse(shared, mouse),
            OverlayInput::Act(_) | OverlayInput::Key(_) | OverlayInput::Paste(_) => Outcome::no(),
        }
    }

    fn accept(&self) -> Outcome {
        Outcome::from(Intent::CloseOverlay).with(Intent::Confirmed(self.question.clone()))
    }

    fn mouse(&self, shared: &Shared, mouse: Mouse) -> Outcome {
        let [accept, refuse] = self.buttons(shared, inner(self.area(shared)));
        let at = (mouse.column, mouse.row).into();
        match mouse.kind {
            MouseKind::Press if accept.contains(at) => self.accept(),
            MouseKind::Press if refuse.contains(at) => Intent::CloseOverlay.into(),
            _ => Outcome::yes(),
        }
    }
}

/// What else is lost with these presets.
fn remark_on(shared: &Shared, paths: &[PresetPath]) -> String {
    let items = || paths.iter().map(|path| TreeItem::Preset(path.clone()));
    let live = items().filter(|item| item.is_live(shared)).count();
    let changed = items().filter(|item| item.draft(shared).is_some_and(Draft::is_modified)).count();
    let mut remarks = Vec::new();
    match live {
        0 => {}
        1 => remarks.push("1 is running and will be closed.".to_owned()),
        n => remarks.push(format!("{n} are running and will be closed.")),
    }
    match changed {
        0 => {}
        1 => remarks.push("1 has unsaved changes, which go too.".to_owned()),
        n => remarks.push(format!("{n} have unsaved changes, which go too.")),
    }
    remarks.join(" ")
}
