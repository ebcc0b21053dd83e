//! The names in the folder of a path that is being typed, so that it can be gone on with.
//!
//! Kept by windows with a line for a path. The store is asked for one folder at a time; what it answers comes by
//! way of the flow.

use std::path::PathBuf;

use super::effect::Effect;
use super::intent::Intent;
use super::shared::Shared;
use crate::store::job::{FolderEntry, FolderListing, Job};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct FolderNames {
    /// Names in the folder that is typed, once they are known.
    listing: Option<(PathBuf, FolderListing)>,
    asked: Option<PathBuf>,
}

/// The folder that is typed, and what is begun in it.
fn place(shared: &Shared, typed: &str) -> (PathBuf, String) {
    let (folder, begun) = typed.split_at(typed.rfind('/').map_or(0, |at| at + 1));
    let folder = if folder.is_empty() { "." } else { folder };
    (shared.typed_path(folder), begun.to_owned())
}

impl FolderNames {
    /// Asks for the names in the folder that is typed, one folder at a time.
    pub(crate) fn ask(&mut self, shared: &Shared, typed: &str) -> Option<Intent> {
        let (folder, _) = place(shared, typed);
        let is_known = self.listing.as_ref().is_some_and(|(known, _)| *known == folder);
        if is_known || self.asked.is_some() {
            return None;
        }
        self.asked = Some(folder.clone());
        Some(Intent::Perform(Effect::Store(Job::ListFolder { folder })))
    }

    /// The names of a folder were read.
    pub(crate) fn listed(&mut self, folder: PathBuf, listing: FolderListing) {
        self.asked = None;
        self.listing = Some((folder, listing));
    }

    /// Whether something of this name is in the folder that is typed, as far as is known.
    pub(crate) fn has(&self, shared: &Shared, typed: &str, name: &str) -> bool {
        let (folder, _) = place(shared, typed);
        let known = self.listing.as_ref().filter(|(known, _)| *known == folder);
        known.is_some_and(|(_, it)| it.entries.iter().any(|entry| entry.name == name))
    }

    /// Names that go on with what is typed.
    pub(crate) fn fitting(&self, shared: &Shared, typed: &str) -> Vec<String> {
        let (folder, begun) = place(shared, typed);
        let Some((known, listing)) = &self.listing else { return Vec::new() };
        let fits = |entry: &&FolderEntry| {
            let is_seen = !entry.name.starts_with('.') || begun.starts_with('.');
            *known == folder && is_seen && entry.name.starts_with(&begun)
        };
        let name = |entry: &FolderEntry| {
            if entry.is_folder { format!("{}/", entry.name) } else { entry.name.clone() }
        };
        listing.entries.iter().filter(fits).map(name).collect()
    }

    /// What is typed, gone on with as far as all names that fit do, else to the end of the first.
    pub(crate) fn completed(&self, shared: &Shared, typed: &str) -> Option<String> {
        let fitting = self.fitting(shared, typed);
        let first = fitting.first()?;
        let common = fitting.iter().fold(first.as_str(), |common, name| common_start(common, name));
        let (_, begun) = place(shared, typed);
        let whole = if common.len() > begun.len() { common } else { first };
        let folder = typed.strip_suffix(&*begun).unwrap_or(typed);
        Some(format!("{folder}{whole}"))
    }
}

/// What both begin with.
fn common_start<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    one.split_at(same.map(|(c, _)| c.len_utf8()).sum()).0
}
