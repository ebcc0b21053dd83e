//! The lane of folders whose names are offered while a path is typed: one that hangs (a disk of another
//! machine) delays nothing else, and nobody waits for it at the end.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::lane::{ReplySender, Work, not_ours};
use crate::model::failure::Failure;
use crate::model::name_order::by_name;
use crate::store::job::{FolderEntry, FolderListing, Job, Reply};

/// Names read of one folder.
const NAMES: usize = 5_000;
/// Longest time for one folder.
const TIME: Duration = Duration::from_millis(500);

/// Reads them.
pub(super) struct Folders;

impl Work for Folders {
    fn perform(&mut self, job: Job, outbox: &ReplySender) -> Result<(), Failure> {
        let Job::ListFolder { folder } = job else { return Err(not_ours(&job)) };
        let listing = listing(&folder, NAMES);
        outbox.send(Reply::FolderListed { folder, listing });
        Ok(())
    }
}

/// The names in a folder; those that are no text are left out, and so is all of what is no folder.
fn listing(folder: &Path, names: usize) -> FolderListing {
    let started = Instant::now();
    let (mut entries, mut is_cut) = (Vec::new(), false);
    // Nothing is opened but the folder, so pipes and devices in it are only named.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entries.len() >= names || started.elapsed() > TIME {
            is_cut = true;
            break;
        }
        let Ok(name) = entry.file_name().into_string() else { continue };
        let facts = fs::metadata(entry.path()).ok();
        let is_folder = facts.as_ref().is_some_and(fs::Metadata::is_dir);
        let size = facts.filter(fs::Metadata::is_file).map(|facts| facts.len());
        entries.push(FolderEntry { name, is_folder, size });
    }
    entries.sort_by(|one, other| by_name(&one.name, &other.name));
    FolderListing { entries, is_cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_bounded_and_links_are_what_they_lead_to() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.json", ".hidden"] {
            fs::write(folder.path().join(name), "12").unwrap();
        }
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("lost")).unwrap();
        let found = listing(folder.path(), 10);
        let shown: Vec<_> =
            found.entries.iter().map(|it| (&*it.name, it.is_folder, it.size)).collect();
        assert_eq!(
            shown,
            [
                (".hidden", false, Some(2)),
                ("a.json", false, Some(2)),
                ("b.json", false, Some(2)),
                ("lost", false, None),
                ("root", true, None),
            ]
        );
        assert!(!found.is_cut && listing(folder.path(), 2).is_cut);
        assert_eq!(listing(&folder.path().join("none"), 2), FolderListing::default());
        assert_eq!(listing(&folder.path().join("a.json"), 2), FolderListing::default());
    }
}
