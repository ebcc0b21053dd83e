//! Asks for the description of a preset: its `about`, one line or several.

use ratatui::layout::Rect;

use super::{Flow, Overlay};
use crate::app::action::Action;
use crate::app::drafts::DraftId;
use crate::app::editor::{Editor, LineMode};
use crate::app::flow::save;
use crate::app::keymap::{Context, Lookup};
use crate::app::message::{Mouse, MouseKind};
use crate::app::preset_tree::TreeItem;
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};
use crate::model::preset::PresetPath;

/// What is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AboutSubject {
    Preset(PresetPath),
    /// A draft that was never saved; the description goes into its file one day.
    Draft(DraftId),
}

/// State of the overlay.
#[derive(Debug)]
pub struct About {
    pub subject: AboutSubject,
    pub title: String,
    pub editor: Editor,
}

pub(super) fn open(app: &mut App, item: &TreeItem) {
    let (subject, title, text) = match item {
        TreeItem::Folder(_) => {
            app.say("select a preset to describe it");
            return;
        }
        TreeItem::Draft(id) => {
            let Some(draft) = app.shared.drafts.get(*id) else { return };
            (AboutSubject::Draft(*id), draft.title(), draft.about.clone())
        }
        TreeItem::Preset(path) => {
            let stored = app.shared.stored(path).and_then(|stored| stored.content.as_ref().ok());
            let Some(preset) = stored else {
                app.warn(format!("{path}.toml cannot be read: what is wrong in it comes first"));
                return;
            };
            (AboutSubject::Preset(path.clone()), path.to_string(), preset.about.clone())
        }
    };
    let mut editor = Editor::new(&text, LineMode::Many);
    editor.place(usize::from(u16::MAX), usize::from(u16::MAX));
    app.overlays.push(Overlay::About(About { subject, title, editor }));
}

pub(super) fn key(app: &mut App, about: &mut About, key: Key) -> Flow {
    let action = app.shared.keymap.lookup(&[Context::Input], &[key]);
    if action == Lookup::Matched(Action::NewLine) {
        about.editor.new_line();
    } else if key.code == KeyCode::Enter {
        let text = about.editor.text().trim().to_owned();
        save::describe(app, &about.subject, text);
        return Flow::Close;
    } else {
        about.editor.key(key);
    }
    Flow::Stay
}

pub(super) fn mouse(about: &mut About, inner: Rect, mouse: Mouse) -> Flow {
    if mouse.kind == MouseKind::Press && inner.contains((mouse.column, mouse.row).into()) {
        let (row, column) = (mouse.row - inner.y, mouse.column - inner.x);
        about.editor.place(row.into(), column.into());
    }
    Flow::Stay
}
