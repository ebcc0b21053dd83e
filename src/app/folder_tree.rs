//! Presets by the folders they lie in, and the order of what is in one.
//!
//! Used by the rows of the presets pane and by what changes their order.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::preset_tree_item::TreeItem;
use crate::model::name_order::by_name;
use crate::model::preset::PresetPath;
use crate::store::job::Workspace;

/// Something in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TreeChild<'a> {
    /// By its path.
    Folder(&'a str),
    Preset(&'a PresetPath),
}

/// What is in each folder.
pub(super) struct FolderTree<'a>(HashMap<&'a str, Vec<TreeChild<'a>>>);

impl<'a> TreeChild<'a> {
    /// What its row stands for.
    pub(super) fn item(self) -> TreeItem {
        match self {
            TreeChild::Folder(path) => TreeItem::Folder(path.to_owned()),
            TreeChild::Preset(path) => TreeItem::Preset(path.clone()),
        }
    }

    fn name(self) -> &'a str {
        match self {
            TreeChild::Folder(path) => path.rsplit_once('/').map_or(path, |(_, name)| name),
            TreeChild::Preset(path) => path.name(),
        }
    }

    fn is_folder(self) -> bool {
        matches!(self, TreeChild::Folder(_))
    }

    /// How an order names it.
    fn entry(self) -> String {
        format!("{}{}", self.name(), if self.is_folder() { "/" } else { "" })
    }

    /// By name, a folder behind a preset that is called the same.
    fn by_name(self, other: TreeChild<'_>) -> Ordering {
        by_name(self.name(), other.name()).then(self.is_folder().cmp(&other.is_folder()))
    }
}

impl<'a> FolderTree<'a> {
    /// The folders of these presets.
    pub(super) fn of(presets: impl Iterator<Item = &'a PresetPath>) -> Self {
        let mut tree = FolderTree(HashMap::new());
        for path in presets {
            tree.add_folder(path.folder());
            tree.0.entry(path.folder()).or_default().push(TreeChild::Preset(path));
        }
        tree
    }

    /// Adds folders that may have no presets.
    pub(super) fn add_folders(&mut self, folders: &'a [String]) {
        for folder in folders {
            self.add_folder(folder);
        }
    }

    fn add_folder(&mut self, folder: &'a str) {
        if self.0.contains_key(folder) {
            return;
        }
        let mut around = "";
        for path in folders_to(folder) {
            if !self.0.contains_key(path) {
                self.0.insert(path, Vec::new());
                self.0.entry(around).or_default().push(TreeChild::Folder(path));
            }
            around = path;
        }
    }

    /// What is in a folder, in this order and by name.
    pub(super) fn children(&self, folder: &str, order: &[String]) -> Vec<TreeChild<'a>> {
        let mut children = self.0.get(folder).cloned().unwrap_or_default();
        children.sort_by(|a, b| a.by_name(*b));
        if !order.is_empty() {
            let places: HashMap<&str, usize> =
                order.iter().enumerate().map(|(at, entry)| (&**entry, at)).collect();
            let rank =
                |child: &TreeChild<'_>| places.get(&*child.entry()).copied().unwrap_or(usize::MAX);
            children.sort_by_cached_key(rank);
        }
        children
    }
}

/// A folder after those around it, the outermost first; none for the root.
pub(super) fn folders_to(folder: &str) -> impl Iterator<Item = &str> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    ends.filter_map(|end| folder.get(..end)).filter(|path| !path.is_empty())
}

/// The folder an item lies in, and the order that folder gets when the item moves by one; `None` = it
/// is at the end already, or lies in no folder.
pub(super) fn moved(
    workspace: &Workspace,
    item: &TreeItem,
    is_down: bool,
) -> Option<(String, Vec<String>)> {
    let folder = match item {
        TreeItem::Preset(path) => path.folder(),
        TreeItem::Folder(path) => path.rsplit_once('/').map_or("", |(around, _)| around),
        TreeItem::Draft(_) => return None,
    };
    let order = workspace.order_of(folder);
    let mut tree = FolderTree::of(workspace.presets.iter().map(|stored| &stored.path));
    tree.add_folders(&workspace.folders);
    let by_name = tree.children(folder, &[]);
    let mut children = tree.children(folder, order);
    let at = children.iter().position(|child| child.item() == *item)?;
    let to = if is_down { at + 1 } else { at.checked_sub(1)? };
    if to >= children.len() {
        return None;
    }
    children.swap(at, to);
    // Only as many names as are needed: the rest follows by name.
    let is_rest = |rest: &[TreeChild<'_>]| {
        let sorted = by_name.iter().filter(|child| rest.contains(child));
        sorted.eq(rest.iter())
    };
    let named = (0..=children.len()).find(|named| is_rest(children.split_at(*named).1))?;
    let mut new: Vec<String> = children.iter().take(named).map(|child| child.entry()).collect();
    let there: Vec<String> = children.iter().map(|child| child.entry()).collect();
    // Names of what is not here now may come back.
    new.extend(order.iter().filter(|entry| !there.contains(entry)).cloned());
    Some((folder.to_owned(), new))
}

/// Names in the order of a folder that nothing in it has.
pub(super) fn unknown(workspace: &Workspace, folder: &str) -> Vec<String> {
    let order = workspace.order_of(folder);
    if order.is_empty() {
        return Vec::new();
    }
    let mut tree = FolderTree::of(workspace.presets.iter().map(|stored| &stored.path));
    tree.add_folders(&workspace.folders);
    let there: Vec<String> = tree.children(folder, &[]).into_iter().map(TreeChild::entry).collect();
    order.iter().filter(|entry| !there.contains(entry)).cloned().collect()
}
