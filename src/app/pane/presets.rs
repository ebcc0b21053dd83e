//! The presets pane: the workspace as a tree of folders, above it what was never saved.
//!
//! ```text
//! / user▏                 search line, while there is a search
//! TCP 127.0.0.1:9000      drafts without a file
//! ▾ users                 folders and presets, by name
//!   POST create ●      ◉  ● = unsaved changes, ◉ = runs
//! Create a user           about the selected row
//! ```
//! The selection is an item, not a row number, so it survives whatever comes and goes above it.

mod opening;
mod search;
mod tree;

use std::collections::BTreeSet;

use ratatui::layout::Rect;

pub use opening::{listening, open};
pub use search::{blur, key, paste};

use opening::{is_modified, send, show, show_selected};

use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::drafts::{Draft, DraftId};
use crate::app::editor::Editor;
use crate::app::effect::Effect;
use crate::app::flow::program;
use crate::app::focus::Pane;
use crate::app::keymap::Context;
use crate::app::message::Mouse;
use crate::app::outcome::Handled;
use crate::app::state::App;
use crate::app::wrap_words::wrap;
use crate::app::{fuzzy, overlay};
use crate::model::preset::{PresetPath, StoredPreset};
use crate::model::protocol::Side;
use crate::model::spec::Spec;

/// What a row stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeItem {
    Draft(DraftId),
    Folder(String),
    Preset(PresetPath),
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    pub item: TreeItem,
    pub depth: u16,
}

/// The search line.
#[derive(Debug)]
pub struct PresetSearch {
    pub editor: Editor,
    /// Whether keys go into it.
    pub typing: bool,
}

/// State of the pane.
#[derive(Debug, Default)]
pub struct PresetsPane {
    selected: Option<TreeItem>,
    /// Where the selection was, for when its item is gone.
    at: usize,
    offset: usize,
    folded: BTreeSet<String>,
    pub search: Option<PresetSearch>,
    /// Rows of folders and presets; rebuilt when one of them, a fold or the search changes.
    tree: Vec<TreeRow>,
}

/// The rows as they are now.
pub struct TreeListing<'a> {
    drafts: Vec<DraftId>,
    tree: &'a [TreeRow],
}

impl TreeListing<'_> {
    pub fn len(&self) -> usize {
        self.drafts.len() + self.tree.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row by its place.
    pub fn row(&self, at: usize) -> Option<TreeRow> {
        match self.drafts.get(at) {
            Some(id) => Some(TreeRow { item: TreeItem::Draft(*id), depth: 0 }),
            None => self.tree.get(at - self.drafts.len()).cloned(),
        }
    }

    fn position(&self, item: &TreeItem) -> Option<usize> {
        if let TreeItem::Draft(id) = item {
            return self.drafts.iter().position(|draft| draft == id);
        }
        let at = self.tree.iter().position(|row| row.item == *item)?;
        Some(at + self.drafts.len())
    }
}

/// Parts of the pane's inner area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresetsAreas {
    pub search: Rect,
    pub list: Rect,
    pub about: Rect,
}

/// The rows, drafts without a file first.
pub fn listing(app: &App) -> TreeListing<'_> {
    let text = search_text(app);
    let mut finder = fuzzy::Finder::new(&text);
    let drafts = app
        .shared
        .drafts
        .iter()
        .filter(|draft| is_loose(app, draft) && finder.score(&draft.title()).is_some())
        .map(|draft| draft.id)
        .collect();
    TreeListing { drafts, tree: &app.presets.tree }
}

/// Whether a draft has no row in the tree.
fn is_loose(app: &App, draft: &Draft) -> bool {
    match &draft.preset {
        Some(path) => stored(app, path).is_none(),
        None => !draft.is_blank() || draft.session.is_some(),
    }
}

/// The file of a preset as last read.
pub fn stored<'a>(app: &'a App, path: &PresetPath) -> Option<&'a StoredPreset> {
    let presets = &app.shared.workspace.presets;
    let at = presets.binary_search_by(|stored| stored.path.cmp(path)).ok()?;
    presets.get(at)
}

/// The presets of a folder and below.
pub fn in_folder(app: &App, folder: &str) -> Vec<PresetPath> {
    let paths = app.shared.workspace.presets.iter().map(|stored| &stored.path);
    paths.filter(|path| tree::is_inside(path, folder)).cloned().collect()
}

fn search_text(app: &App) -> String {
    app.presets.search.as_ref().map(|search| search.editor.text()).unwrap_or_default()
}

/// Whether the rows of a folder are hidden.
pub fn is_folded(app: &App, folder: &str) -> bool {
    app.presets.search.is_none() && app.presets.folded.contains(folder)
}

/// The draft a row stands for, if it is open.
pub fn draft_of<'a>(app: &'a App, item: &TreeItem) -> Option<&'a Draft> {
    match item {
        TreeItem::Draft(id) => app.shared.drafts.get(*id),
        TreeItem::Preset(path) => app.shared.drafts.of_preset(path),
        TreeItem::Folder(_) => None,
    }
}

/// Whether what a row stands for runs.
pub fn is_live(app: &App, item: &TreeItem) -> bool {
    let session = draft_of(app, item).and_then(|draft| draft.session);
    session.and_then(|id| app.shared.sessions.get(id)).is_some_and(|session| !session.is_over())
}

/// The selected row and the first one shown, brought into the list as it is now.
pub fn cursor(app: &App, height: usize) -> Cursor {
    let listing = listing(app);
    let found = app.presets.selected.as_ref().and_then(|item| listing.position(item));
    let mut cursor =
        Cursor { selected: found.unwrap_or(app.presets.at), offset: app.presets.offset };
    cursor.settle(listing.len(), height);
    cursor
}

/// What the selected row stands for.
pub fn selected(app: &App) -> Option<TreeItem> {
    let at = cursor(app, 1).selected;
    listing(app).row(at).map(|row| row.item)
}

/// Puts the cursor on a row.
pub fn select(app: &mut App, at: usize) {
    let item = listing(app).row(at).map(|row| row.item);
    app.presets.selected = item;
    app.presets.at = at;
    let height = list_height(app);
    app.presets.offset = cursor(app, height).offset;
}

fn list_height(app: &App) -> usize {
    usize::from(presets_areas(app, inner(app.areas().presets)).list.height)
}

/// The pane without its border.
pub fn inner(area: Rect) -> Rect {
    crate::app::layout::inner(area)
}

/// Divides the inner area: search line, list, and what the selected row is about.
pub fn presets_areas(app: &App, inner: Rect) -> PresetsAreas {
    let search =
        Rect { height: inner.height.min(u16::from(app.presets.search.is_some())), ..inner };
    let left = inner.height - search.height;
    let rows = u16::try_from(listing(app).len()).unwrap_or(u16::MAX);
    let wanted = u16::try_from(about(app, inner.width).len()).unwrap_or(u16::MAX);
    // The list gets what it needs; what it is about at least a third, on all but tiny screens.
    let least = if left >= 6 { left / 3 } else { 0 };
    let height = wanted.min(left.saturating_sub(rows).max(least));
    let list = Rect { y: search.bottom(), height: left - height, ..inner };
    PresetsAreas { search, list, about: Rect { y: list.bottom(), height, ..inner } }
}

/// What is said about the selected row, in lines.
pub fn about(app: &App, width: u16) -> Vec<String> {
    let text = match selected(app) {
        None if app.presets.search.is_some() => "nothing matches; Esc ends the search".into(),
        None => app.keyed("no presets yet: type an address and press [send], save it with [save]"),
        Some(TreeItem::Draft(_)) => app.keyed("not saved: [save] keeps it as a preset"),
        Some(TreeItem::Folder(folder)) if app.shared.workspace.is_starter => {
            format!("{folder}: the starter workspace, yours once you save something")
        }
        Some(TreeItem::Folder(_)) => return Vec::new(),
        Some(TreeItem::Preset(path)) => match stored(app, &path).map(|stored| &stored.content) {
            Some(Ok(preset)) => preset.about.clone(),
            Some(Err(failure)) => failure.to_string(),
            None => String::new(),
        },
    };
    if text.is_empty() { Vec::new() } else { wrap(&text, width) }
}

/// Whether the selected row is a file that cannot be read.
pub fn is_broken(app: &App, item: &TreeItem) -> bool {
    let TreeItem::Preset(path) = item else { return false };
    stored(app, path).is_some_and(|stored| stored.content.is_err())
}

/// Contexts of the pane.
pub fn contexts(app: &App) -> Vec<Context> {
    if search::is_typing(app) {
        return vec![Context::Global];
    }
    vec![Context::Presets, Context::List, Context::Plain, Context::Global]
}

/// The workspace was read, for the first time or because files changed.
pub fn workspace_changed(app: &mut App, first: bool) {
    rebuild(app);
    if first && let Some(path) = first_preset(app) {
        reveal(app, &path);
    }
}

/// Where a newcomer begins: a listener that the presets beside it talk to, else the first preset.
fn first_preset(app: &App) -> Option<PresetPath> {
    let readable = || app.shared.workspace.presets.iter().filter(|stored| stored.content.is_ok());
    let is_listener = |stored: &&StoredPreset| {
        stored.content.as_ref().is_ok_and(|preset| preset.spec.side() == Side::Listener)
    };
    let begin = readable().find(is_listener).filter(|_| app.shared.workspace.is_starter);
    begin.or_else(|| readable().next()).map(|stored| stored.path.clone())
}

/// Nothing was left by the last run: the selected preset is put on screen.
pub fn open_first(app: &mut App) {
    if app.shared.drafts.current().is_blank()
        && let Some(item @ TreeItem::Preset(_)) = selected(app)
    {
        show(app, &item);
    }
}

/// Selects the row of the draft on screen, if it has one.
pub fn follow(app: &mut App) {
    let draft = app.shared.drafts.current();
    match draft.preset.clone() {
        Some(path) if stored(app, &path).is_some() => reveal(app, &path),
        _ => {
            let item = TreeItem::Draft(draft.id);
            if let Some(at) = listing(app).position(&item) {
                select(app, at);
            }
        }
    }
}

/// Makes the tree anew.
pub fn rebuild(app: &mut App) {
    let text = search_text(app);
    let folded = if app.presets.search.is_some() { &BTreeSet::new() } else { &app.presets.folded };
    app.presets.tree = tree::rows(&app.shared.workspace.presets, &text, folded);
}

/// Selects a preset and unfolds what hides it.
pub fn reveal(app: &mut App, path: &PresetPath) {
    app.presets.folded.retain(|folder| !tree::is_inside(path, folder));
    rebuild(app);
    if let Some(at) = listing(app).position(&TreeItem::Preset(path.clone())) {
        select(app, at);
    }
}

/// Handles an action.
pub fn act(app: &mut App, action: Action) -> Handled {
    if let Some(step) = CursorStep::of(action) {
        step_to(app, step);
        return Handled::Yes;
    }
    match action {
        Action::Open => open_selected(app),
        Action::Toggle => toggle(app),
        Action::Left => fold(app),
        Action::Right => unfold(app),
        Action::Find => search::start(app),
        Action::Back if app.presets.search.is_some() => search::end(app),
        Action::Copy => copy(app),
        Action::Rename
        | Action::Duplicate
        | Action::Delete
        | Action::Revert
        | Action::EditAbout => {
            if let Some(item) = selected(app) {
                overlay::on_item(app, action, &item);
            }
        }
        Action::Send => return send(app),
        // These mean the selected row; then the program does them to what is on screen.
        Action::SendLiteral | Action::SaveAs | Action::ShowCode => {
            show_selected(app, |_, _| true);
            return Handled::No;
        }
        Action::Stop => {
            show_selected(app, is_live);
            return Handled::No;
        }
        // What was just edited is saved before what happens to be selected.
        Action::Save => {
            if !app.shared.drafts.current().is_modified() {
                show_selected(app, is_modified);
            }
            return Handled::No;
        }
        _ => return Handled::No,
    }
    Handled::Yes
}

fn step_to(app: &mut App, step: CursorStep) {
    let height = list_height(app);
    let mut cursor = cursor(app, height);
    cursor.step(step, listing(app).len(), height);
    select(app, cursor.selected);
}

fn open_selected(app: &mut App) {
    match selected(app) {
        Some(TreeItem::Folder(_)) => toggle(app),
        Some(item) if show(app, &item) => program::focus(app, Pane::Request),
        _ => {}
    }
}

fn toggle(app: &mut App) {
    if let Some(TreeItem::Folder(folder)) = selected(app) {
        if !app.presets.folded.remove(&folder) {
            app.presets.folded.insert(folder);
        }
        rebuild(app);
    }
}

/// Left: folds an open folder, else goes to the folder around.
fn fold(app: &mut App) {
    let around = match selected(app) {
        Some(TreeItem::Folder(folder)) if !is_folded(app, &folder) => {
            app.presets.folded.insert(folder);
            rebuild(app);
            return;
        }
        Some(TreeItem::Folder(folder)) => {
            folder.rsplit_once('/').map(|(around, _)| around.to_owned())
        }
        Some(TreeItem::Preset(path)) => Some(path.folder().to_owned()),
        _ => None,
    };
    let at = around.and_then(|folder| listing(app).position(&TreeItem::Folder(folder)));
    if let Some(at) = at {
        select(app, at);
    }
}

fn unfold(app: &mut App) {
    if let Some(TreeItem::Folder(folder)) = selected(app) {
        if app.presets.folded.remove(&folder) {
            rebuild(app);
        } else {
            step_to(app, CursorStep::Down);
        }
    }
}

fn copy(app: &mut App) {
    let text = match selected(app) {
        Some(TreeItem::Preset(path)) => path.to_string(),
        Some(TreeItem::Folder(folder)) => folder,
        _ => return,
    };
    app.say(format!("copied {text}"));
    app.effects.push(Effect::Copy(text));
}

/// A click: selects a row; on the selected one it opens, on a folder it folds.
pub fn click(app: &mut App, area: Rect, mouse: Mouse) {
    let parts = presets_areas(app, inner(area));
    let at = (mouse.column, mouse.row).into();
    if parts.search.contains(at) {
        search::start(app);
        return;
    }
    blur(app);
    if !parts.list.contains(at) {
        return;
    }
    let before = cursor(app, usize::from(parts.list.height));
    let row = before.offset + usize::from(mouse.row - parts.list.y);
    let Some(hit) = listing(app).row(row) else { return };
    let again = app.presets.selected.as_ref() == Some(&hit.item);
    select(app, row);
    if again || matches!(hit.item, TreeItem::Folder(_)) {
        open_selected(app);
    }
}

impl Draft {
    /// Name in lists: the preset's path, the address, or what it is.
    pub fn title(&self) -> String {
        match &self.preset {
            Some(path) => path.to_string(),
            None if !self.spec.address().is_empty() => self.spec.address().to_owned(),
            None => kind(&self.spec),
        }
    }
}

/// `new TCP listener`
fn kind(spec: &Spec) -> String {
    format!("new {} {}", spec.protocol().title(), spec.side().name())
}
