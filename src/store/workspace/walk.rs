//! Finds the files of a workspace, inside bounds that no folder can break.
//!
//! ```text
//! folders by their names ─► then links to folders inside the workspace that were not seen yet
//! ```
//! A link to a folder is never followed out of the workspace and no folder is visited twice, so
//! circles of links end. Entries, depth and time are bounded; what was left out becomes a problem
//! with a name. Pipes, sockets and devices are passed over without being opened.

use std::collections::{HashSet, VecDeque};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, mem, vec};

use rustix::io::Errno;

use super::read_before::FileVersion;
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::PresetPath;
use crate::named_file;
use crate::store::atomic::{self, refusal};
use crate::whole_file;

/// Folder of the environments.
pub(crate) const ENVIRONMENTS: &str = "env";
/// File with the variables of a folder.
pub(crate) const DEFAULTS: &str = "_defaults.toml";
/// Troubles that are told; a thousand broken links say no more than the first hundred.
const PROBLEMS: usize = 100;

/// How much is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Files, folders and links of any kind.
    pub(super) entries: usize,
    /// Presets, folder defaults and environments.
    pub(super) files: usize,
    /// Bytes of all files that are read.
    pub(super) bytes: u64,
    pub(super) time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            entries: 200_000,
            files: 50_000,
            bytes: 256 * 1024 * 1024,
            time: Duration::from_secs(10),
        }
    }
}

/// What has to be watched to notice every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched<'a> {
    /// A folder, told before it is read.
    Folder(&'a Path),
    /// A name that may lead elsewhere, or to nothing yet.
    Name(&'a Path),
}

/// Told what a walk comes by.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(Watched<'_>);

/// A file that may hold a preset, defaults or an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundFile {
    /// From the root, `/`-separated.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// What tells whether it was changed; `None` = it is a link.
    pub(super) version: Option<FileVersion>,
}

impl FoundFile {
    /// The preset it holds by its name; `None` = it is something else.
    pub(super) fn preset_path(&self) -> Option<PresetPath> {
        let name = &*self.name;
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let stem = name.strip_suffix(".toml").unwrap_or(name);
        let is_other = folder == ENVIRONMENTS || file == DEFAULTS;
        PresetPath::parse(stem).ok().filter(|path| !is_other && path.as_str() == stem)
    }

    /// Whether it says what presets of its folder have in common.
    pub(super) fn is_defaults(&self) -> bool {
        self.path.file_name().is_some_and(|name| name == DEFAULTS)
    }
}

/// A walk under way, and what it found.
pub(super) struct Walk<'a> {
    visit: Visit<'a>,
    bounds: Bounds,
    started: Instant,
    /// The workspace without links in its name.
    root: PathBuf,
    /// Device and inode of every folder visited.
    visited: HashSet<(u64, u64)>,
    /// Links to folders inside the workspace, for when all folders have been visited by name.
    links: VecDeque<Folder>,
    /// Folders that are looked at, the innermost last.
    open: Vec<OpenFolder>,
    entries: usize,
    /// Files found so far.
    found: usize,
    is_full: bool,
    /// Those that were not handed out.
    files: Vec<FoundFile>,
    /// Folders with nothing in them but folders and what may be presets.
    pub(super) folders: Vec<String>,
    pub(super) problems: Vec<Failure>,
}

/// A folder to be visited.
struct Folder {
    path: PathBuf,
    /// From the root; empty for the root itself.
    name: String,
    /// Folders above it inside the workspace.
    depth: usize,
}

/// A folder whose entries are looked at.
struct OpenFolder {
    folder: Folder,
    /// Those that are left.
    names: vec::IntoIter<String>,
    is_environments: bool,
    /// There was nothing in it so far but folders and what may be presets.
    is_plain: bool,
}

impl<'a> Walk<'a> {
    /// Begins at `root`.
    pub(super) fn of(root: &Path, bounds: Bounds, visit: Visit<'a>) -> Self {
        let mut walk = Walk {
            visit,
            bounds,
            started: Instant::now(),
            root: fs::canonicalize(root).unwrap_or_else(|_| root.to_owned()),
            visited: HashSet::new(),
            links: VecDeque::new(),
            open: Vec::new(),
            entries: 0,
            found: 0,
            is_full: false,
            files: Vec::new(),
            folders: Vec::new(),
            problems: Vec::new(),
        };
        walk.folder(Folder { path: root.to_owned(), name: String::new(), depth: 0 });
        walk
    }

    /// Goes on until it has so many more files, or all; none = it is over.
    pub(super) fn more(&mut self, wanted: usize) -> Vec<FoundFile> {
        while self.files.len() < wanted && !self.is_full && !self.is_late() {
            let Some(open) = self.open.last_mut() else {
                let Some(linked) = self.links.pop_front() else { break };
                self.folder(linked);
                continue;
            };
            if let Some(name) = open.names.next() {
                self.entry(name);
            } else if let Some(done) = self.open.pop()
                && done.is_plain
            {
                self.folders.push(done.folder.name);
            }
        }
        mem::take(&mut self.files)
    }

    /// Bytes of all files that are read at most.
    pub(super) fn bytes(&self) -> u64 {
        self.bounds.bytes
    }

    /// When it is to be over.
    pub(super) fn ends(&self) -> Instant {
        self.started + self.bounds.time
    }

    /// Whether the time is over; said once.
    pub(super) fn is_late(&mut self) -> bool {
        let late = self.started.elapsed() > self.bounds.time;
        if late && !self.is_full {
            let seconds = self.bounds.time.as_secs();
            self.end(FailureKind::Timeout(self.bounds.time), &format!("not read in {seconds} s"));
        }
        late
    }

    /// Notes that something is left out because a bound is reached; the walk ends.
    pub(super) fn end(&mut self, kind: FailureKind, cause: &str) {
        self.is_full = true;
        let cause = format!("{cause}; the rest of the workspace is not shown");
        // The first to be told: it explains what is missing.
        self.problems
            .insert(0, refusal(&self.root, kind, cause).hint("keep other files elsewhere"));
    }

    /// Notes a trouble with one entry.
    pub(super) fn problem(&mut self, failure: Failure) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(failure);
        }
    }

    fn folder(&mut self, folder: Folder) {
        let Some(facts) = self.known(&folder.path, fs::metadata(&folder.path)) else { return };
        if !self.visited.insert((facts.dev(), facts.ino())) || self.is_full {
            return;
        }
        (self.visit)(Watched::Folder(&folder.path));
        let is_environments = folder.name == ENVIRONMENTS;
        let is_plain = !is_environments && !folder.name.is_empty();
        let mut names = self.names(&folder.path);
        // What the others are shown by comes first.
        names.sort_by_key(|name| (name != DEFAULTS, name != ENVIRONMENTS));
        self.open.push(OpenFolder { folder, names: names.into_iter(), is_environments, is_plain });
    }

    /// Looks at an entry of the folder that is open.
    fn entry(&mut self, name: String) {
        let Some(OpenFolder { folder, is_environments, .. }) = self.open.last() else { return };
        let is_environments = *is_environments;
        let is_hidden = name.starts_with('.') || (name.starts_with('_') && !is_environments);
        if is_hidden && name != DEFAULTS {
            return;
        }
        let path = folder.path.join(&name);
        let (name, depth) = match folder.name.as_str() {
            "" => (name, 1),
            above => (format!("{above}/{name}"), folder.depth + 1),
        };
        let Some(facts) = self.known(&path, fs::symlink_metadata(&path)) else { return };
        if facts.is_symlink() {
            self.link(Folder { path, name, depth });
        } else if facts.is_file() {
            if let Some(open) = self.open.last_mut() {
                open.is_plain &= is_toml(&path);
            }
            self.file(FoundFile { name, path, version: Some(FileVersion::of(&facts)) });
        } else if facts.is_dir() && !is_environments {
            self.inner(Folder { path, name, depth });
        } else if !facts.is_dir() {
            self.no_file(name, &path);
        }
    }

    /// What the system told; what is gone meanwhile is passed over, anything else is a trouble.
    fn known<T>(&mut self, path: &Path, told: io::Result<T>) -> Option<T> {
        told.map_err(|error| {
            if !whole_file::is_absence(&error) {
                self.problem(atomic::failure(path, &error));
            }
        })
        .ok()
    }

    fn inner(&mut self, folder: Folder) {
        if folder.depth <= PresetPath::FOLDERS {
            self.folder(folder);
        } else {
            let cause = format!("deeper than {} folders; it is not read", PresetPath::FOLDERS);
            self.problem(refusal(folder.name, FailureKind::TooLarge, cause));
        }
    }

    fn link(&mut self, link: Folder) {
        let is_toml = is_toml(&link.path);
        let found = fs::canonicalize(&link.path);
        let found = found.and_then(|real| fs::metadata(&real).map(|facts| (real, facts)));
        if is_toml || found.as_ref().is_ok_and(|(_, facts)| facts.is_dir()) {
            (self.visit)(Watched::Name(&link.path));
        }
        match found {
            Ok((real, facts)) if facts.is_dir() => {
                if !real.starts_with(&self.root) {
                    let cause = format!("it leads out of the workspace, to {}", real.display());
                    let failure = refusal(link.name, FailureKind::Usage, cause)
                        .hint("links to folders are not followed there; move the folder here");
                    self.problem(failure);
                } else if link.depth <= PresetPath::FOLDERS {
                    self.links.push_back(link);
                }
            }
            Ok((_, facts)) if facts.is_file() && is_toml => {
                self.file(FoundFile { name: link.name, path: link.path, version: None });
            }
            Ok(_) => self.no_file(link.name, &link.path),
            Err(error) if is_toml && leads_nowhere(&error) => {
                let cause = "the link leads nowhere";
                self.problem(refusal(link.name, FailureKind::NotFound, cause));
            }
            // Of a name that is no preset's, only what may pass by itself.
            Err(error) if is_toml || !(leads_nowhere(&error) || is_refusal(&error)) => {
                self.problem(atomic::failure(&link.path, &error));
            }
            Err(_) => {}
        }
    }

    /// A pipe, a socket or a device in the place of a preset: nobody reads those.
    fn no_file(&mut self, name: String, path: &Path) {
        if !is_toml(path) {
            return;
        }
        if let Err(error) = named_file::regular_or_none(path) {
            self.problem(refusal(name, FailureKind::Usage, error.to_string()));
        }
    }

    fn file(&mut self, file: FoundFile) {
        if !is_toml(&file.path) {
            return;
        }
        if self.found < self.bounds.files {
            self.found += 1;
            self.files.push(file);
        } else {
            self.end(FailureKind::TooLarge, &format!("more than {} presets", self.bounds.files));
        }
    }

    /// Names in a folder, sorted; temporary files left by a crash are removed on the way.
    fn names(&mut self, path: &Path) -> Vec<String> {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                self.problem(atomic::failure(path, &error));
                return Vec::new();
            }
        };
        let mut names = Vec::new();
        for entry in entries {
            let Some(entry) = self.known(path, entry) else { break };
            if self.entries == self.bounds.entries {
                let cause = format!("more than {} files and folders", self.bounds.entries);
                self.end(FailureKind::TooLarge, &cause);
            }
            if self.is_full || self.is_late() {
                break;
            }
            self.entries += 1;
            match entry.file_name().into_string() {
                Ok(name) if whole_file::is_left_over(&name) => {
                    whole_file::remove_left_over(&entry.path());
                }
                Ok(name) => names.push(name),
                Err(name) => {
                    self.problem(refusal(name, FailureKind::Usage, "the name is not UTF-8"));
                }
            }
        }
        names.sort();
        names
    }
}

fn leads_nowhere(error: &io::Error) -> bool {
    whole_file::is_absence(error) || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn found(root: &Path, bounds: Bounds) -> (Vec<String>, Vec<String>) {
        let mut visit = |_: Watched<'_>| {};
        let mut walk = Walk::of(root, bounds, &mut visit);
        let files = walk.more(usize::MAX);
        let told = walk.problems.iter().map(ToString::to_string).collect();
        (files.into_iter().map(|file| file.name).collect(), told)
    }

    fn workspace(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for name in files {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        root
    }

    #[test]
    fn circles_of_links_end_and_nothing_is_visited_twice() {
        let root = workspace(&["a.toml", "in/b.toml", "_kept/c.toml"]);
        for number in 0..6 {
            symlink(".", root.path().join(format!("again-{number}"))).unwrap();
            symlink("..", root.path().join(format!("in/up-{number}"))).unwrap();
        }
        symlink("in", root.path().join("also-in")).unwrap();
        symlink("_kept", root.path().join("kept")).unwrap();
        symlink("round", root.path().join("round")).unwrap();
        let mut visited = Vec::new();
        let mut visit = |watched: Watched<'_>| {
            if let Watched::Folder(path) = watched {
                visited.push(path.to_owned());
            }
        };
        let mut walk = Walk::of(root.path(), Bounds::default(), &mut visit);
        let files = walk.more(usize::MAX);
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((names, walk.problems), (vec!["a.toml", "in/b.toml", "kept/c.toml"], vec![]));
        assert_eq!(visited.len(), 3, "{visited:?}");
    }

    #[test]
    fn a_folder_outside_is_named_and_not_entered_and_a_file_outside_is_read() {
        let outside = workspace(&["theirs.toml", "deep/theirs.toml"]);
        let root = workspace(&["a.toml"]);
        symlink(outside.path(), root.path().join("out")).unwrap();
        symlink("/", root.path().join("everything")).unwrap();
        symlink(outside.path(), root.path().join("env")).unwrap();
        symlink(outside.path().join("theirs.toml"), root.path().join("b.toml")).unwrap();
        symlink("nowhere", root.path().join("c.toml")).unwrap();
        let (names, told) = found(root.path(), Bounds::default());
        assert_eq!(names, ["a.toml", "b.toml"]);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().any(|told| told.contains("out of the workspace, to /")), "{told:?}");
    }

    #[test]
    fn every_bound_is_named_and_what_lies_inside_is_found() {
        let root = workspace(&["a.toml", "b.toml", "c.toml", "1/2/3/4/5/6/7/8/d.toml"]);
        fs::create_dir_all(root.path().join("1/2/3/4/5/6/7/8/9")).unwrap();
        let (names, told) = found(root.path(), Bounds::default());
        assert_eq!((names.len(), told.len()), (4, 1), "{told:?}");
        assert!(told[0].contains("1/2/3/4/5/6/7/8/9") && told[0].contains("8 folders"), "{told:?}");
        let few = Bounds { files: 2, ..Bounds::default() };
        let (names, told) = found(root.path(), few);
        assert_eq!((names.len(), told[0].contains("more than 2 presets")), (2, true), "{told:?}");
        let small = Bounds { entries: 3, ..Bounds::default() };
        let (names, told) = found(root.path(), small);
        assert!(names.len() <= 3 && told[0].contains("more than 3 files"), "{told:?}");
        let short = Bounds { time: Duration::ZERO, ..Bounds::default() };
        let (names, told) = found(root.path(), short);
        assert!(
            names.is_empty() && told.len() == 1 && told[0].contains("not read in 0 s"),
            "{told:?}"
        );
    }

    #[test]
    fn files_come_a_few_at_a_time_what_they_are_shown_by_first() {
        let root = workspace(&["B/x.toml", "a.toml", "a/_defaults.toml", "a/A.toml", "env/e.toml"]);
        symlink("B", root.path().join("0-link")).unwrap();
        let mut visit = |_: Watched<'_>| {};
        let mut walk = Walk::of(root.path(), Bounds::default(), &mut visit);
        let mut parts = Vec::new();
        loop {
            let part: Vec<String> = walk.more(2).into_iter().map(|file| file.name).collect();
            if part.is_empty() {
                break;
            }
            parts.push(part.join(" "));
        }
        assert_eq!(parts, ["env/e.toml B/x.toml", "a/_defaults.toml a/A.toml", "a.toml"]);
        assert_eq!(walk.folders, ["B", "a"]);
    }

    #[test]
    fn pipes_and_sockets_are_passed_over() {
        let root = workspace(&["a.toml"]);
        let mode = 0o600.into();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.path().join("pipe.toml"), mode).unwrap();
        symlink("pipe.toml", root.path().join("to-pipe.toml")).unwrap();
        symlink("/dev/zero", root.path().join("zero.toml")).unwrap();
        let socket = root.path().join("socket.toml");
        let _bound = std::os::unix::net::UnixListener::bind(socket).unwrap();
        let (names, told) = found(root.path(), Bounds::default());
        assert_eq!(names, ["a.toml"]);
        let said = |what: &str| told.iter().any(|told| told.contains(what));
        assert!(
            told.len() == 4 && said("named pipe") && said("socket") && said("device"),
            "{told:?}"
        );
    }
}
