//! Overlays: layers above the panes. The topmost takes every key, click and paste.
//!
//! ```text
//! open(action) ──► pushed ──► key, paste, mouse ──► Flow::Stay | Flow::Close
//! ```
//! While an overlay handles something it is taken off the stack and put back under whatever it
//! opened, so it may open another one and close itself. `Esc`, `Ctrl+C` and a click outside close
//! the topmost; leaving, suspending and redrawing work from every overlay.

pub mod about;
pub mod choices;
pub mod code;
pub mod confirm;
pub mod conflict;
pub mod environments;
pub mod framing;
pub mod help;
pub mod jump;
pub mod naming;
pub mod palette;

use ratatui::layout::Rect;

use super::action::Action;
use super::keymap::{Context, Lookup};
use super::message::{Mouse, MouseKind};
use super::preset_tree::TreeItem;
use crate::app::flow::input;
use crate::app::outcome::Handled;
use crate::app::state::App;
use crate::model::key::Key;
use crate::model::preset::{Preset, StoredPreset};

/// Columns and rows that overlays want.
const PALETTE: (u16, u16) = (76, 24);
const ENVIRONMENTS: (u16, u16) = (60, 12);
const ABOUT: (u16, u16) = (70, 8);
const FRAMING: (u16, u16) = (66, 22);
const CODE: (u16, u16) = (100, 30);
const HELP_WIDTH: u16 = 84;

/// A layer above the screen.
#[derive(Debug)]
pub enum Overlay {
    Palette(palette::Palette),
    Help(help::Help),
    Naming(naming::Naming),
    About(about::About),
    Confirm(confirm::Confirm),
    Conflict(conflict::Conflict),
    Environments(environments::Environments),
    Framing(framing::FramingPicker),
    Jump(jump::Jump),
    Code(code::Code),
}

/// What becomes of an overlay that handled something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Stay,
    Close,
}

/// Opens the overlay an action stands for.
pub(super) fn open(app: &mut App, action: Action) -> Handled {
    match action {
        Action::Palette => palette::open(app),
        Action::Help => help::open(app),
        Action::PickEnvironment => environments::open(app),
        Action::Jump => jump::open(app),
        Action::ShowCode => code::open(app),
        Action::Save => crate::app::flow::save::save(app),
        Action::SaveAs => {
            let id = app.shared.drafts.current().id;
            naming::save_as(app, id);
        }
        Action::Rename
        | Action::Duplicate
        | Action::Delete
        | Action::Revert
        | Action::EditAbout => {
            let draft = app.shared.drafts.current();
            let item = match &draft.preset {
                Some(path) => TreeItem::Preset(path.clone()),
                None => TreeItem::Draft(draft.id),
            };
            on_item(app, action, &item);
        }
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Renames, duplicates, deletes, reverts or describes what a row of the presets pane stands for, after
/// asking what has to be asked.
pub(super) fn on_item(app: &mut App, action: Action, item: &TreeItem) {
    match action {
        Action::Rename => naming::rename(app, item),
        Action::Duplicate => naming::duplicate(app, item),
        Action::Delete => confirm::delete(app, item),
        Action::Revert => confirm::revert(app, item),
        Action::EditAbout => about::open(app, item),
        _ => {}
    }
}

/// The file on disk is not the one the draft was opened with.
pub(super) fn conflict(app: &mut App, mine: Preset, theirs: StoredPreset) {
    conflict::open(app, mine, theirs);
}

/// Gives the topmost overlay a key.
pub(super) fn key(app: &mut App, key: Key) {
    let bound = app.shared.keymap.lookup(&[Context::Global], &[key]);
    let action = if let Lookup::Matched(action) = bound { Some(action) } else { None };
    match action {
        Some(Action::Quit | Action::Suspend | Action::Redraw) => {
            if let Some(action) = action {
                input::act(app, action);
            }
        }
        Some(Action::Back | Action::Interrupt) => close(app),
        action
            if action.is_some() && action == app.overlays.last().and_then(Overlay::opened_by) =>
        {
            close(app);
        }
        action => with_top(app, |app, top| match top {
            Overlay::Palette(it) => palette::key(app, it, key, action),
            Overlay::Help(it) => help::key(app, it, key),
            Overlay::Naming(it) => naming::key(app, it, key),
            Overlay::About(it) => about::key(app, it, key),
            Overlay::Confirm(it) => confirm::key(app, it, key),
            Overlay::Conflict(it) => conflict::key(app, it, key),
            Overlay::Environments(it) => environments::key(app, it, key),
            Overlay::Framing(it) => framing::key(app, it, key),
            Overlay::Jump(it) => jump::key(app, it, key),
            Overlay::Code(it) => code::key(app, it, key),
        }),
    }
}

/// Gives the topmost overlay pasted text.
pub(super) fn paste(app: &mut App, text: &str) {
    with_top(app, |app, top| {
        match top {
            Overlay::Palette(it) => it.choices.paste(text),
            Overlay::Environments(it) => it.choices.paste(text),
            Overlay::Framing(it) => framing::paste(it, text),
            Overlay::Help(it) => help::paste(app, it, text),
            Overlay::Naming(it) => naming::paste(app, it, text),
            Overlay::About(it) => {
                it.editor.insert(text);
            }
            Overlay::Confirm(_) | Overlay::Conflict(_) | Overlay::Jump(_) | Overlay::Code(_) => {}
        }
        Flow::Stay
    });
}

/// Gives the topmost overlay a mouse event; a press outside closes it.
pub(super) fn mouse(app: &mut App, mouse: Mouse) {
    let Some(top) = app.overlays.last() else { return };
    let area = top.area(app);
    let inside = area.contains((mouse.column, mouse.row).into());
    if mouse.kind == MouseKind::Press && !inside {
        close(app);
        return;
    }
    let inner = inner(area);
    with_top(app, |app, top| match top {
        Overlay::Palette(it) => palette::mouse(app, it, inner, mouse),
        Overlay::Help(it) => help::mouse(app, it, inner, mouse),
        Overlay::Naming(it) => naming::mouse(app, it, inner, mouse),
        Overlay::About(it) => about::mouse(it, inner, mouse),
        Overlay::Confirm(it) => confirm::mouse(app, it, inner, mouse),
        Overlay::Conflict(it) => conflict::mouse(app, it, inner, mouse),
        Overlay::Environments(it) => environments::mouse(app, it, inner, mouse),
        Overlay::Framing(it) => framing::mouse(app, it, inner, mouse),
        Overlay::Jump(it) => jump::mouse(app, it, mouse),
        Overlay::Code(it) => code::mouse(it, inner, mouse),
    });
}

/// Closes the topmost overlay without doing what it is for.
fn close(app: &mut App) {
    if let Some(Overlay::Conflict(conflict)) = app.overlays.pop() {
        conflict::give_up(app, &conflict);
    }
}

fn with_top(app: &mut App, handle: impl FnOnce(&mut App, &mut Overlay) -> Flow) {
    let Some(mut top) = app.overlays.pop() else { return };
    let depth = app.overlays.len();
    if handle(app, &mut top) == Flow::Stay {
        app.overlays.insert(depth.min(app.overlays.len()), top);
    }
}

impl Overlay {
    /// Where it is on the screen, border included.
    pub fn area(&self, app: &App) -> Rect {
        let (width, height) = match self {
            Overlay::Palette(_) => PALETTE,
            Overlay::Help(_) => (HELP_WIDTH, help::height(app.shared.size)),
            Overlay::Naming(_) => (60, 12),
            Overlay::About(_) => ABOUT,
            Overlay::Confirm(it) => (60, confirm::height(it, placed(app.shared.size, 60, 3).width)),
            Overlay::Conflict(_) => (80, 24),
            Overlay::Environments(_) => ENVIRONMENTS,
            Overlay::Framing(_) => FRAMING,
            Overlay::Jump(_) => (app.shared.size.0, app.shared.size.1),
            Overlay::Code(_) => CODE,
        };
        placed(app.shared.size, width, height)
    }

    /// The action that opened it closes it again.
    fn opened_by(&self) -> Option<Action> {
        match self {
            Overlay::Palette(_) => Some(Action::Palette),
            Overlay::Help(_) => Some(Action::Help),
            Overlay::Jump(_) => Some(Action::Jump),
            _ => None,
        }
    }
}

/// An area of this size in the upper middle of the screen, cut to the screen.
fn placed(size: (u16, u16), width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(size.0), height.min(size.1));
    Rect::new((size.0 - width) / 2, (size.1 - height) / 3, width, height)
}

/// An overlay's area without its border.
pub fn inner(area: Rect) -> Rect {
    crate::app::layout::inner(area)
}
