//! Yes or no, before something is lost. For what cannot be undone, Enter alone means no.

use ratatui::layout::Rect;

use super::{Flow, Overlay};
use crate::app::drafts::{Draft, DraftId};
use crate::app::flow::save;
use crate::app::format;
use crate::app::message::{Mouse, MouseKind};
use crate::app::preset_tree::{self, TreeItem};
use crate::app::state::App;
use crate::app::wrap_words::wrap;
use crate::model::key::{Key, KeyCode};
use crate::model::preset::PresetPath;
use crate::store::job::Overwrite;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmQuestion {
    Delete(PresetPath),
    DeleteFolder(String, Vec<PresetPath>),
    Discard(DraftId, String),
    Revert(DraftId, String),
    Overwrite(DraftId, PresetPath),
}

/// State of the overlay.
#[derive(Debug)]
pub struct Confirm {
    pub question: ConfirmQuestion,
    /// Whether Enter means yes.
    pub yes: bool,
    /// A remark under the question.
    pub remark: String,
}

pub(super) fn delete(app: &mut App, item: &TreeItem) {
    match item {
        TreeItem::Folder(folder) => {
            let presets = preset_tree::in_folder(&app.shared.workspace.presets, folder);
            ask(app, ConfirmQuestion::DeleteFolder(folder.clone(), presets));
        }
        TreeItem::Preset(path) => ask(app, ConfirmQuestion::Delete(path.clone())),
        TreeItem::Draft(id) => {
            let title = app.shared.drafts.get(*id).map(Draft::title).unwrap_or_default();
            ask(app, ConfirmQuestion::Discard(*id, title));
        }
    }
}

pub(super) fn revert(app: &mut App, item: &TreeItem) {
    let Some(draft) = item.draft(&app.shared).filter(|draft| draft.is_modified()) else {
        app.say("no unsaved changes here");
        return;
    };
    let (id, title) = (draft.id, draft.title());
    if draft.preset.is_some() {
        ask(app, ConfirmQuestion::Revert(id, title));
    } else {
        ask(app, ConfirmQuestion::Discard(id, title));
    }
}

/// Asks a question.
pub(super) fn ask(app: &mut App, question: ConfirmQuestion) {
    let item = match &question {
        ConfirmQuestion::Delete(path) => Some(TreeItem::Preset(path.clone())),
        ConfirmQuestion::Discard(id, _) => Some(TreeItem::Draft(*id)),
        _ => None,
    };
    let live = item.is_some_and(|item| item.is_live(&app.shared));
    let remark = match &question {
        ConfirmQuestion::DeleteFolder(_, paths) => remark_on(app, paths),
        _ if live => "It is running and will be closed.".to_owned(),
        _ => String::new(),
    };
    app.overlays.push(Overlay::Confirm(Confirm { question, yes: false, remark }));
}

/// What else is lost with these presets.
fn remark_on(app: &App, paths: &[PresetPath]) -> String {
    let items = || paths.iter().map(|path| TreeItem::Preset(path.clone()));
    let live = items().filter(|item| item.is_live(&app.shared)).count();
    let changed =
        items().filter(|item| item.draft(&app.shared).is_some_and(Draft::is_modified)).count();
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

impl Confirm {
    /// The question as a sentence.
    pub fn text(&self) -> String {
        let text = match &self.question {
            ConfirmQuestion::Delete(path) => format!("Delete {path}? The file is removed."),
            ConfirmQuestion::DeleteFolder(folder, paths) => {
                let count = format::counted(paths.len() as u64, "preset");
                format!("Delete {folder}/ with {count}? Their files are removed; other files stay.")
            }
            ConfirmQuestion::Discard(_, title) => {
                format!("Throw {title} away? It was never saved.")
            }
            ConfirmQuestion::Revert(_, title) => {
                format!("Throw away the unsaved changes of {title}?")
            }
            ConfirmQuestion::Overwrite(_, path) => format!("{path} is there already. Replace it?"),
        };
        if self.remark.is_empty() { text } else { format!("{text} {}", self.remark) }
    }

    /// What yes and no are called.
    pub fn answers(&self) -> [&'static str; 2] {
        match self.question {
            ConfirmQuestion::Delete(_) | ConfirmQuestion::DeleteFolder(..) => {
                [" y Delete ", " n Keep "]
            }
            ConfirmQuestion::Discard(..) | ConfirmQuestion::Revert(..) => {
                [" y Throw away ", " n Keep "]
            }
            ConfirmQuestion::Overwrite(..) => [" y Replace ", " n Cancel "],
        }
    }

    /// Where the answers are, in the last row.
    pub fn buttons(&self, inner: Rect) -> [Rect; 2] {
        let mut x = inner.x;
        self.answers().map(|text| {
            let width = (text.len() as u16).min(inner.right().saturating_sub(x));
            let y = inner.bottom().saturating_sub(1).max(inner.y);
            let area = Rect { x, y, width, height: inner.height.min(1) };
            x = x.saturating_add(width + 1).min(inner.right());
            area
        })
    }
}

/// Rows the overlay wants.
pub(super) fn height(confirm: &Confirm, width: u16) -> u16 {
    wrap(&confirm.text(), width.saturating_sub(2)).len().min(20) as u16 + 4
}

pub(super) fn key(app: &mut App, confirm: &mut Confirm, key: Key) -> Flow {
    match key.code {
        KeyCode::Char('y' | 'Y') if key.printable().is_some() => yes(app, &confirm.question),
        KeyCode::Left | KeyCode::Right | KeyCode::Tab | KeyCode::Char('h' | 'l') => {
            confirm.yes = !confirm.yes;
            Flow::Stay
        }
        KeyCode::Enter if confirm.yes => yes(app, &confirm.question),
        KeyCode::Char('n' | 'N' | 'q') | KeyCode::Enter => Flow::Close,
        _ => Flow::Stay,
    }
}

pub(super) fn mouse(app: &mut App, confirm: &mut Confirm, inner: Rect, mouse: Mouse) -> Flow {
    if mouse.kind != MouseKind::Press {
        return Flow::Stay;
    }
    let [accept, refuse] = confirm.buttons(inner);
    let at = (mouse.column, mouse.row).into();
    if accept.contains(at) {
        yes(app, &confirm.question)
    } else if refuse.contains(at) {
        Flow::Close
    } else {
        Flow::Stay
    }
}

fn yes(app: &mut App, question: &ConfirmQuestion) -> Flow {
    match question.clone() {
        ConfirmQuestion::Delete(path) => save::delete(app, path),
        ConfirmQuestion::DeleteFolder(folder, presets) => {
            save::delete_folder(app, folder, presets);
        }
        ConfirmQuestion::Discard(id, _) => save::discard(app, id),
        ConfirmQuestion::Revert(id, _) => save::revert(app, id),
        ConfirmQuestion::Overwrite(id, path) => {
            save::hand_over(app, id, path, Overwrite::Replace);
        }
    }
    Flow::Close
}
