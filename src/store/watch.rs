//! Notices changes in the workspace folder made by others.
//!
//! The watcher's own thread only says that something changed; the lane that reads looks at the
//! folder a moment later and compares, so bursts cost one reading and our own writes no reply.
//! Watched is what the reading visits: each folder by itself, and of each name that leads elsewhere
//! (a link, the workspace's own) every step of its way, also the one that is missing. So nothing is
//! walked a second time, and the bounds of the reading are those of the watch. Every reading begins
//! a new watch, because a name may stand for another folder than before. Nobody tells when something
//! is mounted in the place of a folder, or taken away from there: for that the folders are looked at
//! ([`FolderWatch::is_elsewhere`]).

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, Event, EventKind};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::atomic;
use super::workspace::Watched;
use crate::model::failure::{Failure, FailureKind};
use crate::whole_file;

/// Links followed from one to the next, as the system does.
const LINKS: usize = 40;
/// Looks at a name until all of its way was watched before it was looked at.
const LOOKS: usize = 4;
/// Names of what changed that are kept between two readings; of more, everything may have changed.
const TOLD: usize = 10_000;

/// Watches until dropped.
pub(super) struct FolderWatch {
    watcher: Option<RecommendedWatcher>,
    interest: Arc<Mutex<Interest>>,
    /// Folders, by their real names, that are watched already, and which they were before that.
    watched: HashMap<PathBuf, Option<FolderIdentity>>,
    /// The first thing that cannot be watched; the rest is watched all the same.
    trouble: Option<notify::Error>,
}

/// Device and inode of a folder: what tells it from another of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FolderIdentity(u64, u64);

impl FolderIdentity {
    /// That of the folder which has this name now; `None` where there is none to be seen.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let facts = fs::metadata(path).ok()?;
        Some(FolderIdentity(facts.dev(), facts.ino()))
    }
}

/// Which events mean a change, by real names.
#[derive(Default)]
struct Interest {
    /// Everything in these folders.
    folders: HashSet<PathBuf>,
    /// These alone, whatever else happens in their folder.
    names: HashSet<PathBuf>,
    /// Names, without their folders, of what was told to have changed.
    told: HashSet<OsString>,
    /// Anything may have changed.
    is_all_told: bool,
}

impl FolderWatch {
    /// Starts a watch that watches nothing yet; `changed` is called on a thread of its own.
    pub(super) fn start(changed: impl Fn() + Send + 'static) -> Self {
        let interest: Arc<Mutex<Interest>> = Arc::default();
        let wanted = Arc::clone(&interest);
        let on_event = move |event: notify::Result<Event>| {
            // An error may mean lost events (overflow), so it counts as a change.
            if lock(&wanted).is_told(event) {
                changed();
            }
        };
        let (watcher, trouble) = match RecommendedWatcher::new(on_event, Config::default()) {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(error)),
        };
        FolderWatch { watcher, interest, watched: HashMap::new(), trouble }
    }

    /// Watches something that a reading comes by.
    pub(super) fn add(&mut self, watched: Watched<'_>) {
        match watched {
            Watched::Folder(path) => {
                let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                lock(&self.interest).folders.insert(real.clone());
                self.watch(real);
            }
            Watched::Name(path) => self.follow(path),
        }
    }

    /// Watches all on which it depends what a name stands for.
    fn follow(&mut self, path: &Path) {
        let mut before = Vec::new();
        for _ in 0..LOOKS {
            let names = way(path);
            if names == before {
                return;
            }
            for name in &names {
                lock(&self.interest).names.insert(name.clone());
                if let Some(folder) = name.parent() {
                    self.watch(folder.to_owned());
                }
            }
            // What changed before it was watched has to be followed as well.
            before = names;
        }
    }

    fn watch(&mut self, folder: PathBuf) {
        let Some(watcher) = &mut self.watcher else { return };
        if self.watched.contains_key(&folder) {
            return;
        }
        // First, so that one which comes between is taken for another.
        let identity = FolderIdentity::of(&folder);
        match watcher.watch(&folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(folder, identity);
            }
            // What is gone already is noticed by the folder it was in.
            Err(error) if is_missing(&error) => {}
            Err(error) => {
                self.trouble.get_or_insert(error);
            }
        }
    }

    /// Whether a name that is watched stands for another folder by now: what is watched is the folder
    /// itself, wherever it is.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.watched.iter().any(|(folder, identity)| FolderIdentity::of(folder) != *identity)
    }

    /// Whether something of this name, in whichever folder, may have changed since this watch began.
    pub(super) fn has_told_of(&self, name: &str) -> bool {
        let interest = lock(&self.interest);
        self.is_blind() || interest.is_all_told || interest.told.contains(OsStr::new(name))
    }

    /// Whether changes may go unnoticed.
    pub(super) fn is_blind(&self) -> bool {
        self.trouble.is_some()
    }

    /// Why changes of others are not noticed at once, or not all of them.
    pub(super) fn trouble(&self, root: &Path) -> Option<Failure> {
        self.trouble.as_ref().map(|error| {
            let cause = format!("changes made by others are noticed late: {error}");
            atomic::refusal(root, FailureKind::Io, cause)
                .hint("the folder is looked at every few seconds instead")
        })
    }
}

impl Interest {
    /// Takes note of an event; tells whether it means a change.
    fn is_told(&mut self, event: notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            self.is_all_told = true;
            return true;
        };
        if !changes(event.kind) || !self.concerns(&event) {
            return false;
        }
        self.is_all_told |= event.need_rescan() || event.paths.is_empty() || self.told.len() > TOLD;
        if !self.is_all_told {
            let names = event.paths.iter().filter_map(|path| path.file_name());
            self.told.extend(names.map(OsStr::to_owned));
        }
        true
    }

    fn concerns(&self, event: &Event) -> bool {
        let is_meant = |path: &PathBuf| {
            self.names.contains(path)
                || self.folders.contains(path)
                || path.parent().is_some_and(|folder| self.folders.contains(folder))
        };
        event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(is_meant)
    }
}

fn lock(interest: &Mutex<Interest>) -> MutexGuard<'_, Interest> {
    // Nothing is half changed by a panic.
    interest.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The real names that decide what a name stands for: each link on its way, and its end or the first
/// that is missing.
fn way(path: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    let mut real = PathBuf::new();
    let mut left: VecDeque<PathBuf> = path.components().map(part).collect();
    let mut links = 0;
    while let Some(next) = left.pop_front() {
        if next == Path::new(".") {
            continue;
        }
        if next == Path::new("..") {
            real.pop();
            continue;
        }
        real.push(next);
        match fs::read_link(&real) {
            Ok(target) if links < LINKS => {
                links += 1;
                names.push(real.clone());
                real.pop();
                for next in target.components().rev() {
                    left.push_front(part(next));
                }
            }
            Ok(_) => break,
            Err(error) if whole_file::is_absence(&error) || left.is_empty() => {
                names.push(real);
                break;
            }
            Err(_) => {}
        }
    }
    names
}

fn part(component: Component<'_>) -> PathBuf {
    component.as_os_str().into()
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Our own reading opens and closes files; that is no change.
fn changes(kind: EventKind) -> bool {
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    !kind.is_access() || kind == written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn another_folder_in_the_place_of_one_that_is_watched_is_seen_by_looking() {
        let home = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(home.path()).unwrap();
        let (place, inner) = (home.join("root"), home.join("root/inner"));
        fs::create_dir_all(&inner).unwrap();
        let mut watch = FolderWatch::start(|| {});
        watch.add(Watched::Name(&place));
        watch.add(Watched::Folder(&place));
        watch.add(Watched::Folder(&inner));
        fs::write(inner.join("file"), "").unwrap();
        assert!(!watch.is_elsewhere(), "what is in it does not matter");
        fs::rename(&inner, home.join("was-inner")).unwrap();
        assert!(watch.is_elsewhere(), "it is not there");
        fs::create_dir(&inner).unwrap();
        assert!(watch.is_elsewhere(), "it is another");
        fs::remove_dir(&inner).unwrap();
        fs::rename(home.join("was-inner"), &inner).unwrap();
        assert!(!watch.is_elsewhere(), "it is back");
    }

    #[test]
    fn the_way_of_a_name_has_every_link_and_the_first_that_is_missing() {
        let home = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(home.path()).unwrap();
        let at = |name: &str| home.join(name);
        fs::create_dir_all(at("in/deep")).unwrap();
        fs::write(at("in/deep/file"), "").unwrap();
        symlink("deep", at("in/link")).unwrap();
        symlink("in/link/file", at("chain")).unwrap();
        symlink(at("nowhere/at/all"), at("dangling")).unwrap();
        symlink("round", at("round")).unwrap();
        assert_eq!(way(&at("in/deep/file")), [at("in/deep/file")]);
        assert_eq!(way(&at("chain")), [at("chain"), at("in/link"), at("in/deep/file")]);
        assert_eq!(way(&at("in/../in/./deep")), [at("in/deep")]);
        assert_eq!(way(&at("dangling")), [at("dangling"), at("nowhere")]);
        assert_eq!(way(&at("new/deep/er")), [at("new")]);
        assert_eq!(way(&at("round")).len(), LINKS);
    }
}
