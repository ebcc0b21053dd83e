//! The rows of the presets pane, and which of them is selected.
//!
//! The selection is an item, not a row number, so it survives whatever comes and goes above it.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::partner;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::drafts::{Draft, DraftId};
use crate::app::folder_tree::{self, folders_to};
use crate::app::keymap::Context;
use crate::app::layout::{cut_bottom, cut_top, pane_inner};
use crate::app::preset_tree::{self, PresetFinder, TreeItem, TreeRow};
use crate::app::search_line::SearchLine;
use crate::app::shared::Shared;
use crate::codec::wrap_words::wrap;
use crate::model::preset::PresetPath;

/// State of the pane.
#[derive(Debug, Default)]
pub struct PresetsPane {
    /// What was selected, not only what came to stand in its row.
    pub(super) chosen: Option<TreeItem>,
    /// Where the selection was, for when its item is gone.
    at: usize,
    offset: usize,
    folded: BTreeSet<String>,
    /// Presets that are marked, to be run together.
    marked: BTreeSet<PresetPath>,
    /// What was selected when the search began, and in which row.
    pub(super) before: Option<(Option<TreeItem>, usize)>,
    pub search: Option<SearchLine>,
    /// The draft on screen as the selection last followed it: its id, its preset, whether its row
    /// stands above the tree.
    open: Option<(DraftId, Option<PresetPath>, bool)>,
    /// Rows of folders and presets; rebuilt when one of them, a fold or the search changes.
    tree: Vec<TreeRow>,
}

/// The rows as they are now.
pub struct TreeListing<'a> {
    drafts: Vec<DraftId>,
    tree: &'a [TreeRow],
}

impl TreeListing<'_> {
    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.drafts.len() + self.tree.len()
    }

    /// A row by its place.
    pub fn row(&self, at: usize) -> Option<TreeRow> {
        match self.drafts.get(at) {
            Some(id) => Some(TreeRow { item: TreeItem::Draft(*id), depth: 0 }),
            None => self.tree.get(at - self.drafts.len()).cloned(),
        }
    }

    fn is_at(&self, at: usize, item: &TreeItem) -> bool {
        let row = at.checked_sub(self.drafts.len()).and_then(|at| self.tree.get(at));
        row.is_some_and(|row| row.item == *item)
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

impl PresetsPane {
    /// The rows, drafts without a file first.
    pub fn listing(&self, shared: &Shared) -> TreeListing<'_> {
        let mut finder = PresetFinder::new(&self.search_text());
        let drafts = shared
            .drafts
            .iter()
            .filter(|draft| is_loose(shared, draft) && finder.fits(draft))
            .map(|draft| draft.id)
            .collect();
        TreeListing { drafts, tree: &self.tree }
    }

    /// The selected row and the first one shown, brought into the list as it is now.
    pub fn cursor(&self, shared: &Shared, height: usize) -> Cursor {
        let listing = self.listing(shared);
        // It is looked for only where it is not any more: there may be twenty thousand rows.
        let found = self.chosen.as_ref().and_then(|item| {
            if listing.is_at(self.at, item) { Some(self.at) } else { listing.position(item) }
        });
        let mut cursor = Cursor { selected: found.unwrap_or(self.at), offset: self.offset };
        cursor.settle(listing.count(), height);
        cursor
    }

    /// What the selected row stands for.
    pub fn selected(&self, shared: &Shared) -> Option<TreeItem> {
        let at = self.cursor(shared, 1).selected;
        self.listing(shared).row(at).map(|row| row.item)
    }

    /// Presets that are marked, in the order of their names.
    pub(crate) fn marked(&self) -> impl Iterator<Item = &PresetPath> {
        self.marked.iter()
    }

    /// Whether a preset is marked.
    pub fn is_marked(&self, path: &PresetPath) -> bool {
        self.marked.contains(path)
    }

    /// Marks a preset, or takes its mark away; marks of presets that are gone go, too.
    fn toggle_mark(&mut self, shared: &Shared, path: PresetPath) {
        if !self.marked.remove(&path) {
            self.marked.retain(|marked| shared.stored(marked).is_some());
            self.marked.insert(path);
        }
    }

    /// Whether the rows of a folder are hidden.
    pub(crate) fn is_folded(&self, folder: &str) -> bool {
        self.search.is_none() && self.folded.contains(folder)
    }

    /// Divides the inner area: search line, list, and what the selected row is about.
    pub(crate) fn areas(&self, shared: &Shared, inner: Rect) -> PresetsAreas {
        let mut list = inner;
        let search = cut_top(&mut list, u16::from(self.search.is_some()));
        let rows = u16::try_from(self.listing(shared).count()).unwrap_or(u16::MAX);
        let wanted = u16::try_from(self.about(shared, inner.width).len()).unwrap_or(u16::MAX);
        // The list gets what it needs; what it is about at least a third, on all but tiny screens.
        let least = if list.height >= 6 { list.height / 3 } else { 0 };
        let height = wanted.min(list.height.saturating_sub(rows).max(least));
        let about = cut_bottom(&mut list, height);
        PresetsAreas { search, list, about }
    }

    /// What is said about the selected row, in lines.
    pub fn about(&self, shared: &Shared, width: u16) -> Vec<String> {
        let keyed = |text| shared.keymap.keyed(&[Context::Global, Context::Input], text);
        let text = match self.selected(shared) {
            None if self.search.is_some() => keyed("nothing matches; [back] ends the search"),
            None => keyed("no presets yet: type an address and press [send], save it with [save]"),
            Some(TreeItem::Draft(id)) => {
                let is_lost = shared.drafts.get(id).is_some_and(|it| shared.has_lost_file(it));
                let lost = "its file is gone: [save] writes it again";
                keyed(if is_lost { lost } else { "not saved: [save] keeps it as a preset" })
            }
            Some(TreeItem::Folder(folder)) if shared.workspace.is_starter => {
                format!("{folder}: the starter workspace, yours once you save something")
            }
            Some(TreeItem::Folder(folder)) if shared.fault_of_folder(&folder).is_some() => {
                shared.fault_of_folder(&folder).map(ToString::to_string).unwrap_or_default()
            }
            Some(TreeItem::Folder(folder)) => {
                let unknown = folder_tree::unknown(&shared.workspace, &folder);
                match unknown.as_slice() {
                    [] => return Vec::new(),
                    names => {
                        let verb = if names.len() == 1 { "is" } else { "are" };
                        let names = names.join(", ");
                        format!(
                            "the order in its _defaults.toml names {names}, which {verb} not here"
                        )
                    }
                }
            }
            Some(TreeItem::Preset(path)) => match shared.stored(&path).map(|s| &s.content) {
                Some(Ok(preset)) => keyed(&preset.about),
                Some(Err(failure)) => failure.to_string(),
                None => String::new(),
            },
        };
        if text.is_empty() { Vec::new() } else { wrap(&text, width) }
    }

    /// Puts the cursor on a row.
    pub fn select(&mut self, shared: &Shared, at: usize) {
        self.chosen = self.listing(shared).row(at).map(|row| row.item);
        self.at = at;
        self.offset = self.cursor(shared, self.list_height(shared)).offset;
    }

    /// The workspace was read, for the first time or because files changed.
    pub(crate) fn workspace_changed(&mut self, shared: &Shared, first: bool) {
        let beginning = beginning(shared).filter(|_| first);
        if let Some(path) = beginning {
            // What a newcomer comes to later is folded.
            let all = preset_tree::all_folders(&shared.workspace).into_iter();
            self.folded = all.filter(|it| !preset_tree::is_inside(path, it)).collect();
        }
        self.rebuild(shared);
        let is_readable =
            |path: &&PresetPath| shared.stored(path).is_some_and(|stored| stored.content.is_ok());
        let mut rows = self.tree.iter().filter_map(|row| row.item.preset());
        let path = beginning.or_else(|| rows.find(is_readable)).filter(|_| first).cloned();
        if let Some(path) = path {
            self.reveal(shared, &path);
        }
    }

    /// Selects the row of the draft on screen when another one is, or when its row became another
    /// one; tells whether it did. A draft nobody did anything to has none.
    pub(crate) fn follow(&mut self, shared: &Shared) -> bool {
        let draft = shared.drafts.current();
        let open = (draft.id, draft.preset.as_ref(), is_loose(shared, draft));
        let is_same = |(id, path, loose): &(DraftId, Option<PresetPath>, bool)| {
            (*id, path.as_ref(), *loose) == open
        };
        if self.open.as_ref().is_some_and(is_same) {
            return false;
        }
        self.open = Some((open.0, open.1.cloned(), open.2));
        match TreeItem::of(shared, draft) {
            TreeItem::Preset(path) => self.reveal(shared, &path),
            item => self.select_item(shared, &item),
        }
        true
    }

    /// Whether a folder that is folded hides what is on screen.
    pub(crate) fn hides_open(&self, shared: &Shared, folder: &str) -> bool {
        let open = shared.drafts.current().preset.as_ref();
        self.is_folded(folder) && open.is_some_and(|path| preset_tree::is_inside(path, folder))
    }

    /// Makes the tree anew.
    pub fn rebuild(&mut self, shared: &Shared) {
        let folded = if self.search.is_some() { &BTreeSet::new() } else { &self.folded };
        self.tree = preset_tree::rows(&shared.workspace, &self.search_text(), folded);
    }

    /// A folder has another path: it stays folded or open, and selected.
    pub(crate) fn folder_moved(&mut self, shared: &Shared, from: &str, to: &str) {
        let moved = |folder: &str| {
            let rest = folder.strip_prefix(from)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
        };
        let folded = std::mem::take(&mut self.folded);
        self.folded = folded.into_iter().map(|it| moved(&it).unwrap_or(it)).collect();
        if let Some((_, Some(path), _)) = &mut self.open
            && let Ok(moved) = path.moved(from, to)
        {
            *path = moved;
        }
        self.reveal_folder(shared, to);
    }

    /// Selects a folder and unfolds what hides it.
    pub(crate) fn reveal_folder(&mut self, shared: &Shared, folder: &str) {
        self.folded.retain(|around| !folder.starts_with(&format!("{around}/")));
        self.rebuild(shared);
        self.select_item(shared, &TreeItem::Folder(folder.to_owned()));
    }

    /// Selects a preset and unfolds what hides it.
    pub(crate) fn reveal(&mut self, shared: &Shared, path: &PresetPath) {
        self.folded.retain(|folder| !preset_tree::is_inside(path, folder));
        self.rebuild(shared);
        self.select_item(shared, &TreeItem::Preset(path.clone()));
    }

    /// Moves the cursor within what is listed; pages are as high as the list is shown.
    pub(super) fn step(&mut self, shared: &Shared, step: CursorStep) {
        let height = self.list_height(shared);
        let mut cursor = self.cursor(shared, height);
        cursor.step(step, self.listing(shared).count(), height);
        self.select(shared, cursor.selected);
    }

    /// Folds the selected folder, or unfolds it.
    pub(super) fn toggle(&mut self, shared: &Shared) {
        if let Some(TreeItem::Folder(folder)) = self.selected(shared) {
            if !self.folded.remove(&folder) {
                self.folded.insert(folder);
            }
            self.rebuild(shared);
        } else if let Some(TreeItem::Preset(path)) = self.selected(shared) {
            self.toggle_mark(shared, path);
            self.step(shared, CursorStep::Down);
        }
    }

    /// Folds all folders, or unfolds them when all are folded; the cursor stays where it is seen.
    pub(super) fn fold_all(&mut self, shared: &Shared) {
        let all: BTreeSet<String> =
            preset_tree::all_folders(&shared.workspace).into_iter().collect();
        let selected = self.selected(shared);
        let outermost = match &selected {
            Some(TreeItem::Preset(path)) => folders_to(path.folder()).next(),
            Some(TreeItem::Folder(folder)) => folders_to(folder).next(),
            Some(TreeItem::Draft(_)) | None => None,
        };
        let outermost = outermost.map(str::to_owned);
        let is_folded = all.is_subset(&self.folded);
        self.folded = if is_folded { BTreeSet::new() } else { all };
        self.rebuild(shared);
        if let Some(folder) = outermost.filter(|_| !is_folded) {
            self.select_item(shared, &TreeItem::Folder(folder));
        }
    }

    /// Left: folds an open folder, else goes to the folder around.
    pub(super) fn fold(&mut self, shared: &Shared) {
        let around = match self.selected(shared) {
            Some(TreeItem::Folder(folder)) if !self.is_folded(&folder) => {
                self.folded.insert(folder);
                self.rebuild(shared);
                return;
            }
            Some(TreeItem::Folder(folder)) => {
                folder.rsplit_once('/').map(|(around, _)| around.to_owned())
            }
            Some(TreeItem::Preset(path)) => Some(path.folder().to_owned()),
            Some(TreeItem::Draft(_)) | None => None,
        };
        if let Some(folder) = around {
            self.select_item(shared, &TreeItem::Folder(folder));
        }
    }

    /// Right: unfolds a folder, else goes into it.
    pub(super) fn unfold(&mut self, shared: &Shared) {
        if let Some(TreeItem::Folder(folder)) = self.selected(shared) {
            if self.folded.remove(&folder) {
                self.rebuild(shared);
            } else {
                self.step(shared, CursorStep::Down);
            }
        }
    }

    /// Nothing was found: the cursor goes back to where it was, if that is still there.
    pub(super) fn restore_selection(&mut self, shared: &Shared) {
        self.rebuild(shared);
        if let Some((item, at)) = self.before.take() {
            let found = item.and_then(|item| self.listing(shared).position(&item));
            self.select(shared, found.unwrap_or(at));
        }
    }

    /// Another text is searched: the best hit is selected.
    pub(super) fn search_changed(&mut self, shared: &Shared) {
        let (rows, best) =
            preset_tree::search(&shared.workspace, &self.search_text(), &BTreeSet::new());
        self.tree = rows;
        let best = best.map(|path| TreeItem::Preset(path.clone()));
        let at = best.and_then(|item| self.listing(shared).position(&item));
        self.select(shared, at.unwrap_or(0));
    }

    fn select_item(&mut self, shared: &Shared, item: &TreeItem) {
        if let Some(at) = self.listing(shared).position(item) {
            self.select(shared, at);
        }
    }

    /// What is searched; empty = nothing.
    pub(crate) fn search_text(&self) -> String {
        self.search.as_ref().map(|search| search.editor.text().into_owned()).unwrap_or_default()
    }

    /// Notes where the cursor is, to come back to it.
    pub(super) fn note_selection(&mut self, shared: &Shared) {
        let cursor = self.cursor(shared, self.list_height(shared));
        self.before = Some((self.selected(shared), cursor.selected));
    }

    fn list_height(&self, shared: &Shared) -> usize {
        self.areas(shared, pane_inner(shared.areas().presets)).list.height.into()
    }
}

/// Whether a draft has no row in the tree.
fn is_loose(shared: &Shared, draft: &Draft) -> bool {
    match &draft.preset {
        Some(path) => shared.stored(path).is_none(),
        // Something new has its row as long as it is looked at.
        None if draft.is_new() => draft.id == shared.drafts.current().id,
        None => !draft.is_blank() || draft.session.is_some(),
    }
}

/// Where a newcomer begins: a listener of the starter workspace that a preset beside it talks to.
fn beginning(shared: &Shared) -> Option<&PresetPath> {
    let mut paths = shared.workspace.presets.iter().map(|stored| &stored.path);
    paths.find(|path| partner(shared, path).is_some())
}
