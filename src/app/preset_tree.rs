//! From the sorted presets of a workspace to the rows of a tree, and what a row stands for.
//!
//! A folder's row comes before those of what is in it. What its file names in an order stands first,
//! the others follow by name.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use nucleo_matcher::chars::{normalize, to_lower_case};

use super::drafts::Draft;
use super::folder_tree::{FolderTree, TreeChild, folders_to};
use super::fuzzy::Finder;
pub use super::preset_tree_item::TreeItem;
use super::shared::Shared;
use crate::model::name_order::by_path;
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::model::secrets::without_userinfo;
use crate::model::spec::Spec;
use crate::store::job::Workspace;

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    pub item: TreeItem,
    /// Folders around it.
    pub depth: u16,
}

/// The presets of a folder and below.
pub(super) fn in_folder(presets: &[StoredPreset], folder: &str) -> Vec<PresetPath> {
    let paths = presets.iter().map(|stored| &stored.path);
    paths.filter(|path| is_inside(path, folder)).cloned().collect()
}

/// The rows, without what is folded or does not match.
pub(super) fn rows(workspace: &Workspace, text: &str, hidden: &BTreeSet<String>) -> Vec<TreeRow> {
    search(workspace, text, hidden).0
}

/// The rows that match, and the preset that fits best.
pub(super) fn search<'a>(
    workspace: &'a Workspace,
    text: &str,
    hidden: &BTreeSet<String>,
) -> (Vec<TreeRow>, Option<&'a PresetPath>) {
    let mut finder = PresetFinder::new(text);
    let (mut found, mut best) = (Vec::new(), None);
    for stored in &workspace.presets {
        let Some(rank) = finder.rank(stored) else { continue };
        found.push(&stored.path);
        if best.is_none_or(|(known, _)| rank > known) {
            best = Some((rank, &stored.path));
        }
    }
    let mut tree = FolderTree::of(found.into_iter());
    if text.trim().is_empty() {
        tree.add_folders(&workspace.folders);
    }
    let mut rows = Vec::new();
    below(&mut rows, &tree, workspace, "", 0, hidden);
    (rows, best.map(|(_, path)| path))
}

/// Adds the rows of what is in a folder at this depth.
fn below(
    rows: &mut Vec<TreeRow>,
    tree: &FolderTree<'_>,
    workspace: &Workspace,
    folder: &str,
    depth: u16,
    hidden: &BTreeSet<String>,
) {
    for child in tree.children(folder, workspace.order_of(folder)) {
        rows.push(TreeRow { item: child.item(), depth });
        if let TreeChild::Folder(path) = child
            && !hidden.contains(path)
        {
            below(rows, tree, workspace, path, depth + 1, hidden);
        }
    }
}

/// Every folder there is, those without presets too, sorted.
pub(super) fn all_folders(workspace: &Workspace) -> Vec<String> {
    let of_presets = workspace.presets.iter().map(|stored| stored.path.folder());
    let empty = workspace.folders.iter().map(String::as_str);
    let all: BTreeSet<&str> = of_presets.chain(empty).flat_map(folders_to).collect();
    let mut all: Vec<String> = all.into_iter().map(str::to_owned).collect();
    all.sort_by(|one, other| by_path(one, other));
    all
}

/// Finds presets by their names, letters between or not, and by what they are: the words typed
/// anywhere in address, kind and description.
pub(super) struct PresetFinder {
    names: Finder,
    words: Finder,
    /// What is looked at; its room is used again.
    text: String,
}

impl PresetFinder {
    /// An empty text fits everything.
    pub(super) fn new(text: &str) -> Self {
        PresetFinder {
            names: Finder::new(text),
            words: Finder::of_words(text),
            text: String::new(),
        }
    }

    /// How well a preset fits, names before what else is known of it; `None` = not at all.
    fn rank(&mut self, stored: &StoredPreset) -> Option<(bool, u32)> {
        let Ok(preset) = &stored.content else {
            return self.names.score(stored.path.as_str()).map(|score| (true, score));
        };
        let Preset { spec, about, .. } = preset;
        self.rank_of(stored.path.as_str(), spec, about)
    }

    /// The same of a draft that has no file.
    pub(super) fn fits(&mut self, draft: &Draft) -> bool {
        self.rank_of(&draft.title(), &draft.spec, &draft.about).is_some()
    }

    fn rank_of(&mut self, name: &str, spec: &Spec, about: &str) -> Option<(bool, u32)> {
        let badge = spec.badge();
        self.text.clear();
        let _ = write!(self.text, "{name} {badge}");
        if let Some(score) = self.names.score(&self.text) {
            return Some((true, score));
        }
        let (protocol, side) = (spec.protocol().title(), spec.side().into_str());
        let _ = write!(self.text, " {protocol} {side} {} {about}", spec.address());
        self.words.score(&self.text).map(|score| (false, score))
    }
}

/// Which characters of a preset's name a search found: its words, else its letters.
pub(crate) fn marks(path: &PresetPath, text: &str) -> Vec<usize> {
    let found = word_marks(path.name(), text);
    if !found.is_empty() {
        return found;
    }
    let before = path.as_str().chars().count() - path.name().chars().count();
    let hits = Finder::new(text).hits(path.as_str()).into_iter();
    hits.filter_map(|at| at.checked_sub(before)).collect()
}

/// Which characters of a text belong to one of the words; accents count only where they were typed, as
/// in what finds them.
pub(crate) fn word_marks(shown: &str, words: &str) -> Vec<usize> {
    let lower = |text: &str| text.chars().map(to_lower_case).collect::<Vec<char>>();
    let bare = |text: &[char]| text.iter().copied().map(normalize).collect::<Vec<char>>();
    let text = lower(shown);
    let bare_text = bare(&text);
    let mut found = BTreeSet::new();
    for word in words.split_whitespace().map(lower) {
        let text = if bare(&word) == word { &bare_text } else { &text };
        let starts = (0..text.len()).filter(|at| text[*at..].starts_with(&word));
        found.extend(starts.flat_map(|at| at..at + word.len()));
    }
    found.into_iter().collect()
}

/// What else of a preset has the words of a search: its address, or a part of its description.
pub(crate) fn found_in(stored: &StoredPreset, words: &str) -> Option<String> {
    /// Characters before the first hit that are shown with it.
    const BEFORE: usize = 3;
    let preset = stored.content.as_ref().ok()?;
    let address = without_userinfo(preset.spec.address());
    let held = |text: &str| {
        words.split_whitespace().filter(|word| !word_marks(text, word).is_empty()).count()
    };
    // Where more of the words are; the address first.
    let (address, about) = (&*address, &*preset.about);
    let text = if held(about) > held(address) { about } else { address };
    let first = *word_marks(text, words).first()?;
    let from = first.saturating_sub(BEFORE);
    let rest: String = text.chars().skip(from).take_while(|c| *c != '\n').collect();
    Some(if from > 0 { format!("…{rest}") } else { rest })
}

/// Whether a folder can have another path, or why not.
pub(super) fn may_move(shared: &Shared, from: &str, to: &str) -> Result<(), String> {
    if to.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
        return Err("a folder cannot lie in itself".into());
    }
    for path in in_folder(&shared.workspace.presets, from) {
        path.moved(from, to).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

/// Whether a folder is another one or lies below it.
pub(super) fn is_within(folder: &str, other: &str) -> bool {
    let rest = folder.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a preset lies in a folder or below.
pub(super) fn is_inside(path: &PresetPath, folder: &str) -> bool {
    path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::{Protocol, Side};
    use crate::store::job::FolderDefaults;

    fn presets(paths: &[&str]) -> Workspace {
        let mut list: Vec<StoredPreset> = paths
            .iter()
            .map(|path| {
                let path = PresetPath::parse(path).unwrap();
                let spec = Spec::empty(Protocol::Tcp, Side::Client);
                let preset =
                    Preset { path: path.clone(), about: String::new(), spec, unused: Vec::new() };
                StoredPreset { path, content: Ok(preset), fingerprint: 1 }
            })
            .collect();
        list.sort_by(|a, b| a.path.cmp(&b.path));
        Workspace { presets: list, ..Workspace::default() }
    }

    fn shown(rows: &[TreeRow]) -> Vec<String> {
        rows.iter()
            .map(|row| {
                let name = match &row.item {
                    TreeItem::Folder(folder) => format!("{folder}/"),
                    TreeItem::Preset(path) => path.name().to_owned(),
                    TreeItem::Draft(_) => unreachable!("no drafts in a tree"),
                };
                format!("{}{name}", " ".repeat(usize::from(row.depth)))
            })
            .collect()
    }

    #[test]
    fn folders_come_before_what_they_hold_and_only_once() {
        let presets = presets(&["a/x/1", "a/x/2", "a/y", "a-b", "b/1", "top"]);
        let rows = rows(&presets, "", &BTreeSet::new());
        let expected =
            ["a/", " a/x/", "  1", "  2", " y", "a-b", "b/", " 1", "top"].map(str::to_owned);
        assert_eq!(shown(&rows), expected);
    }

    #[test]
    fn an_order_comes_before_names_and_empty_folders_are_there() {
        let mut workspace = presets(&["a/x", "a/y", "b", "c"]);
        workspace.folders = vec!["a".into(), "a/empty".into(), "new".into()];
        let order = |folder: &str, names: &[&str]| FolderDefaults {
            folder: folder.into(),
            order: names.iter().map(|name| (*name).to_owned()).collect(),
            ..FolderDefaults::default()
        };
        workspace.defaults = vec![order("", &["c", "gone", "a/"]), order("a", &["y", "x/"])];
        let rows = rows(&workspace, "", &BTreeSet::new());
        assert_eq!(shown(&rows), ["c", "a/", " y", " a/empty/", " x", "b", "new/"]);
        assert_eq!(all_folders(&workspace), ["a", "a/empty", "new"]);
    }

    #[test]
    fn a_folded_folder_hides_everything_below() {
        let presets = presets(&["a/x/1", "a/y", "b"]);
        let rows = rows(&presets, "", &BTreeSet::from(["a".to_owned()]));
        assert_eq!(shown(&rows), ["a/", "b"]);
    }

    #[test]
    fn a_search_keeps_the_folders_of_its_hits() {
        let presets = presets(&["a/x/one", "a/two", "b/three"]);
        assert_eq!(shown(&rows(&presets, "three", &BTreeSet::new())), ["b/", " three"]);
        let best = search(&presets, "two", &BTreeSet::new()).1;
        assert_eq!(best.unwrap().as_str(), "a/two");
    }
}
