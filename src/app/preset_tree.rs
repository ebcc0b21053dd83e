//! From the sorted presets of a workspace to the rows of a tree, and what a row stands for.
//!
//! Presets of one folder stand together because paths are sorted; a folder's row comes before the
//! first of them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::drafts::{Draft, DraftId};
use super::fuzzy::Finder;
use super::shared::Shared;
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::model::secrets::without_userinfo;
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
    /// Folders around it.
    pub depth: u16,
}

impl TreeItem {
    /// The draft it stands for, if it is open.
    pub fn draft<'a>(&self, shared: &'a Shared) -> Option<&'a Draft> {
        match self {
            TreeItem::Draft(id) => shared.drafts.get(*id),
            TreeItem::Preset(path) => shared.drafts.of_preset(path),
            TreeItem::Folder(_) => None,
        }
    }

    /// What a draft stands for in the list: its preset, as long as that is there.
    pub(super) fn of(shared: &Shared, draft: &Draft) -> TreeItem {
        match &draft.preset {
            Some(path) if shared.stored(path).is_some() => TreeItem::Preset(path.clone()),
            _ => TreeItem::Draft(draft.id),
        }
    }

    /// Whether it is what is on screen.
    pub(crate) fn is_open(&self, shared: &Shared) -> bool {
        self.draft(shared).is_some_and(|draft| draft.id == shared.drafts.current().id)
    }

    /// Whether what it stands for runs.
    pub(crate) fn is_live(&self, shared: &Shared) -> bool {
        let session = self.draft(shared).and_then(|draft| draft.session);
        session.and_then(|id| shared.sessions.get(id)).is_some_and(|session| !session.is_over())
    }

    /// Whether it is a file that cannot be read.
    pub(crate) fn is_broken(&self, shared: &Shared) -> bool {
        let TreeItem::Preset(path) = self else { return false };
        shared.stored(path).is_some_and(|stored| stored.content.is_err())
    }
}

/// The presets of a folder and below.
pub(super) fn in_folder(presets: &[StoredPreset], folder: &str) -> Vec<PresetPath> {
    let paths = presets.iter().map(|stored| &stored.path);
    paths.filter(|path| is_inside(path, folder)).cloned().collect()
}

/// The rows, without what is folded or does not match.
pub(super) fn rows(
    presets: &[StoredPreset],
    text: &str,
    hidden: &BTreeSet<String>,
) -> Vec<TreeRow> {
    let mut finder = PresetFinder::new(text);
    let mut rows = Vec::new();
    let mut before = "";
    for stored in presets {
        if finder.rank(stored).is_none() {
            continue;
        }
        let within = stored.path.folder();
        if !folders(&mut rows, before, within, hidden) {
            let item = TreeItem::Preset(stored.path.clone());
            rows.push(TreeRow { item, depth: folders_to(within).count() as u16 });
        }
        before = within;
    }
    rows
}

/// Adds rows for the folders that begin here; tells whether one around is folded.
fn folders(rows: &mut Vec<TreeRow>, before: &str, folder: &str, hidden: &BTreeSet<String>) -> bool {
    for (depth, path) in folders_to(folder).enumerate() {
        let known = before.strip_prefix(path).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        if !known {
            rows.push(TreeRow { item: TreeItem::Folder(path.to_owned()), depth: depth as u16 });
        }
        if hidden.contains(path) {
            return true;
        }
    }
    false
}

/// A folder after those around it, the outermost first; none for the root.
pub(super) fn folders_to(folder: &str) -> impl Iterator<Item = &str> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    ends.filter_map(|end| folder.get(..end)).filter(|path| !path.is_empty())
}

/// Finds presets by their names, letters between or not, and by what they are: the words typed
/// anywhere in address, kind and description.
pub(super) struct PresetFinder {
    names: Finder,
    words: Finder,
}

impl PresetFinder {
    /// An empty text fits everything.
    pub(super) fn new(text: &str) -> Self {
        PresetFinder { names: Finder::new(text), words: Finder::of_words(text) }
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
        if let Some(score) = self.names.score(&format!("{name} {badge}")) {
            return Some((true, score));
        }
        let (protocol, side) = (spec.protocol().title(), spec.side().into_str());
        let all = format!("{name} {badge} {protocol} {side} {} {about}", spec.address());
        self.words.score(&all).map(|score| (false, score))
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

/// Which characters of a text belong to one of the words.
pub(crate) fn word_marks(shown: &str, words: &str) -> Vec<usize> {
    let lower: Vec<char> = shown.chars().filter_map(|c| c.to_lowercase().next()).collect();
    let mut found = BTreeSet::new();
    for word in words.to_lowercase().split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        let starts = (0..lower.len()).filter(|at| lower[*at..].starts_with(&word));
        found.extend(starts.flat_map(|at| at..at + word.len()));
    }
    found.into_iter().collect()
}

/// What else of a preset has the words of a search: its address, or a part of its description.
pub(crate) fn found_in(stored: &StoredPreset, words: &str) -> Option<String> {
    /// Characters before the first hit that are shown with it.
    const BEFORE: usize = 8;
    let preset = stored.content.as_ref().ok()?;
    let address = without_userinfo(preset.spec.address());
    [&*address, &*preset.about].into_iter().find_map(|text| {
        let first = *word_marks(text, words).first()?;
        let from = first.saturating_sub(BEFORE);
        let rest: String = text.chars().skip(from).take_while(|c| *c != '\n').collect();
        Some(if from > 0 { format!("…{rest}") } else { rest })
    })
}

/// The preset that fits a text best.
pub(super) fn best(presets: &[StoredPreset], text: &str) -> Option<PresetPath> {
    let mut finder = PresetFinder::new(text);
    let fitting = presets.iter().filter_map(|stored| Some((finder.rank(stored)?, stored)));
    fitting.min_by_key(|(rank, _)| Reverse(*rank)).map(|(_, stored)| stored.path.clone())
}

/// Whether a preset lies in a folder or below.
pub(super) fn is_inside(path: &PresetPath, folder: &str) -> bool {
    path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::{Protocol, Side};

    fn presets(paths: &[&str]) -> Vec<StoredPreset> {
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
        list
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
            ["a-b", "a/", " a/x/", "  1", "  2", " y", "b/", " 1", "top"].map(str::to_owned);
        assert_eq!(shown(&rows), expected);
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
        assert_eq!(best(&presets, "two").unwrap().as_str(), "a/two");
    }
}
