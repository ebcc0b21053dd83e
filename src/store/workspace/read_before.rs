//! Presets that were read before and were not changed since: of twenty thousand, one that an editor wrote is read.
//!
//! Kept by the lane that reads, asked by the scan. A file is the same when the system says so of it (its place, length
//! and times), nobody told of a change, and what is known of it is still what was read. Two changes within one tick of
//! the file system's clock look the same to the first; so what the watch told of is read in any case.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use super::walk::FoundFile;
use crate::model::preset::{PresetPath, StoredPreset};
use crate::store::job::{FolderDefaults, given};

/// What tells two states of a file apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileVersion {
    file: (u64, u64),
    pub(super) len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileVersion {
    /// The state of a file by what the system tells of it.
    pub(super) fn of(facts: &Metadata) -> Self {
        FileVersion {
            file: (facts.dev(), facts.ino()),
            len: facts.len(),
            modified: (facts.mtime(), facts.mtime_nsec()),
            changed: (facts.ctime(), facts.ctime_nsec()),
        }
    }
}

/// Which versions of presets were read, the fingerprints of what they held, and over which defaults that was read.
#[derive(Debug, Default)]
pub(crate) struct ReadVersions {
    files: HashMap<PresetPath, (FileVersion, u64)>,
    pub(crate) defaults: Vec<FolderDefaults>,
}

/// What is known of a preset, unless its file, by its name without folders, may have changed since.
pub(crate) type KnownPreset<'a> = &'a dyn Fn(&PresetPath, &str) -> Option<StoredPreset>;

/// What a scan need not read again.
pub(crate) struct ReadBefore<'a> {
    /// By the scan before.
    pub(crate) last: &'a ReadVersions,
    /// By this one.
    pub(crate) now: ReadVersions,
    pub(crate) known: KnownPreset<'a>,
}

impl ReadBefore<'_> {
    /// What a file holds, if it is as it was when it was read, and so are the defaults of its folder.
    pub(super) fn unchanged(
        &mut self,
        file: &FoundFile,
        defaults: &[FolderDefaults],
    ) -> Option<StoredPreset> {
        let version = file.version?;
        let path = file.preset_path()?;
        let (read, fingerprint) = *self.last.files.get(&path)?;
        let folder = path.folder();
        if read != version || given(defaults, folder) != given(&self.last.defaults, folder) {
            return None;
        }
        let name = file.name.rsplit_once('/').map_or(&*file.name, |(_, name)| name);
        let is_same = |it: &StoredPreset| it.fingerprint == fingerprint && it.content.is_ok();
        let stored = (self.known)(&path, name).filter(is_same)?;
        self.now.files.insert(path, (version, fingerprint));
        Some(stored)
    }

    /// A file was read.
    pub(super) fn read(&mut self, file: &FoundFile, stored: &StoredPreset) {
        if let Some(version) = file.version.filter(|_| stored.content.is_ok()) {
            self.now.files.insert(stored.path.clone(), (version, stored.fingerprint));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use super::*;

    fn found(root: &std::path::Path, name: &str) -> FoundFile {
        let path = root.join(name);
        let version = Some(FileVersion::of(&fs::symlink_metadata(&path).unwrap()));
        FoundFile { name: name.into(), path, version }
    }

    #[test]
    fn a_file_is_the_same_as_long_as_nothing_says_otherwise() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.toml"), "[http]\nurl = \"http://a/\"\n").unwrap();
        let read = |text: &[u8]| {
            super::super::stored(&PresetPath::parse("a").unwrap(), Ok(text.to_vec()), &[])
        };
        let first = read(b"[http]\nurl = \"http://a/\"\n");
        let told = Cell::new(false);
        let known = |_: &PresetPath, name: &str| {
            assert_eq!(name, "a.toml");
            Some(first.clone()).filter(|_| !told.get())
        };
        let nothing = ReadVersions::default();
        let mut before = ReadBefore { last: &nothing, now: ReadVersions::default(), known: &known };
        let file = found(root.path(), "a.toml");
        assert_eq!(before.unchanged(&file, &[]), None, "never read");
        before.read(&file, &first);
        let last = before.now;
        let asked = |file: &FoundFile, known: KnownPreset<'_>| {
            let mut before = ReadBefore { last: &last, now: ReadVersions::default(), known };
            before.unchanged(file, &[]).is_some()
        };
        assert!(asked(&file, &known));
        let spec = first.content.clone().unwrap().spec;
        let given = FolderDefaults { given: vec![spec], ..FolderDefaults::default() };
        let mut other = ReadBefore { last: &last, now: ReadVersions::default(), known: &known };
        assert_eq!(other.unchanged(&file, &[given]), None, "its folder gives something else");
        told.set(true);
        assert!(!asked(&file, &known), "somebody told of a change");
        told.set(false);
        let other = read(b"[http]\nurl = \"http://b/\"\n");
        assert!(!asked(&file, &|_, _| Some(other.clone())), "another one is known");
        assert!(!asked(&FoundFile { version: None, ..file.clone() }, &known), "a link");
        fs::write(root.path().join("a.toml"), "[http]\nurl = \"http://bb/\"\n").unwrap();
        assert!(!asked(&found(root.path(), "a.toml"), &known), "it was written");
    }
}
