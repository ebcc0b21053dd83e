//! Unsaved work of the last run, one TOML file per workspace and running instance.
//!
//! ```text
//! STATE/drafts/HASH-1.toml    drafts of the first instance in the workspace that HASH stands for
//! STATE/drafts/HASH-1.lock    locked while that instance lives; the system frees it when it dies
//! ```
//! A second instance takes number 2, so neither overwrites the other's work. Whoever starts next
//! also takes over the drafts of instances that are gone. Drafts are kept as preset text.

use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::job::{Overwrite, Restore, StoredDraft};
use super::strict_toml::{Fields, Trouble, parse_document};
use super::toml_string::{Lines, string};
use super::{atomic, preset, workspace};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::PresetPath;

/// Longest drafts file; far above what a person composes, so only damage is refused.
const DRAFTS_LIMIT: u64 = 1024 * 1024 * 1024;
/// Instances in one workspace that keep drafts.
const INSTANCES: u32 = 16;

/// The drafts file of this instance.
#[derive(Default)]
pub(super) struct RestoreFile {
    folder: PathBuf,
    /// Names the workspace.
    stem: String,
    own: Option<RestoreSlot>,
    /// Drafts of dead instances, taken over; removed once they are kept as ours.
    adopted: Vec<RestoreSlot>,
    /// What the own file holds, so that the same is not written again.
    kept: Option<String>,
}

/// A drafts file, with the lock that keeps it ours.
type RestoreSlot = (PathBuf, File);

impl RestoreFile {
    /// Touches no disk; drafts are kept apart for every workspace.
    pub(super) fn new(state: &Path, workspace: &Path) -> Self {
        let name = workspace.as_os_str().as_encoded_bytes();
        let stem = format!("{:016x}", preset::fingerprint(name));
        RestoreFile { folder: state.join("drafts"), stem, ..RestoreFile::default() }
    }

    fn file(&self, number: u32, extension: &str) -> PathBuf {
        self.folder.join(format!("{}-{number}.{extension}", self.stem))
    }

    /// Drafts of the last run, and those of instances that died.
    pub(super) fn load(&mut self) -> Result<Option<Restore>, Failure> {
        if !self.folder.exists() {
            return Ok(None);
        }
        atomic::clean(&self.folder);
        // Where nothing can be written, what is there can still be read.
        let own = self.claim().unwrap_or_else(|_| self.file(1, "toml"));
        let mut restore = read(&own)?;
        let on_disk = workspace::read_bytes(&own).unwrap_or_default();
        self.kept = restore.as_ref().map(write).filter(|text| text.as_bytes() == on_disk);
        for number in 1..=INSTANCES {
            let file = self.file(number, "toml");
            if file == own || !file.exists() {
                continue;
            }
            let Some(lock) = self.try_lock(number) else { continue };
            if let Ok(Some(orphan)) = read(&file) {
                restore.get_or_insert_default().drafts.extend(orphan.drafts);
                self.adopted.push((file, lock));
            }
        }
        Ok(restore)
    }

    /// Keeps drafts; when this returns `Ok`, they are on the disk.
    pub(super) fn save(&mut self, restore: &Restore) -> Result<(), Failure> {
        atomic::make_folders(&self.folder)?;
        let file = self.claim()?;
        let text = write(restore);
        if self.adopted.is_empty() && self.kept.as_ref() == Some(&text) && file.exists() {
            return Ok(());
        }
        self.kept = None;
        atomic::write(&file, text.as_bytes(), Overwrite::Replace)?;
        self.kept = Some(text);
        for (file, _lock) in self.adopted.drain(..) {
            // Left behind, it would only be offered again.
            let _ = atomic::remove(&file);
        }
        Ok(())
    }

    /// The file of this instance; the first call picks a free number.
    fn claim(&mut self) -> Result<PathBuf, Failure> {
        if let Some((file, _)) = &self.own {
            return Ok(file.clone());
        }
        atomic::open_private(&self.file(1, "lock"))
            .map_err(|error| atomic::failure(&self.folder, &error))?;
        let slot = |number| Some((self.file(number, "toml"), self.try_lock(number)?));
        let own = (1..=INSTANCES).find_map(slot).ok_or_else(|| {
            let cause = format!("{INSTANCES} wirebenches run in this workspace");
            atomic::refusal(&self.folder, FailureKind::Busy, cause)
                .hint("drafts of this one are not kept")
        })?;
        Ok(self.own.insert(own).0.clone())
    }

    fn try_lock(&self, number: u32) -> Option<File> {
        let lock = atomic::open_private(&self.file(number, "lock")).ok()?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            // A file system without locks: one instance is assumed.
            Ok(()) | Err(TryLockError::Error(_)) => Some(lock),
        }
    }
}

fn read(file: &Path) -> Result<Option<Restore>, Failure> {
    if !file.exists() {
        return Ok(None);
    }
    let bytes = workspace::read_bounded(file, DRAFTS_LIMIT)?;
    let name = file.display().to_string();
    let broken = |failure: Failure| set_aside(file, failure);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| broken(atomic::refusal(file, FailureKind::Malformed, "not UTF-8")))?;
    let (restore, trouble) =
        parse(text).map_err(|trouble| broken(trouble.into_failure(&name, text)))?;
    if trouble {
        // The drafts that do read come back; the others stay in the copy.
        let cause = "some drafts cannot be read by this version";
        set_aside(file, atomic::refusal(file, FailureKind::Malformed, cause));
    }
    Ok(Some(restore))
}

/// Keeps a copy of a file that the next save would replace.
fn set_aside(file: &Path, failure: Failure) -> Failure {
    let copy = (1..1000).map(|n| file.with_extension(format!("broken-{n}"))).find(|c| !c.exists());
    let bytes = workspace::read_bytes(file).unwrap_or_default();
    match copy.filter(|copy| atomic::write(copy, &bytes, Overwrite::Refuse).is_ok()) {
        Some(copy) => failure.hint(format!("a copy is kept as {}", copy.display())),
        None => failure,
    }
}

fn write(restore: &Restore) -> String {
    let long_string = |text: &str| string(text, Lines::Many);
    let mut text = String::new();
    let _ = writeln!(text, "current = {}", restore.current);
    if let Some(environment) = &restore.environment {
        let _ = writeln!(text, "environment = {}", long_string(environment));
    }
    for (name, value) in &restore.layout {
        let (name, value) = (long_string(name), long_string(value));
        let _ = writeln!(text, "\n[[layout]]\nname = {name}\nvalue = {value}");
    }
    for draft in &restore.drafts {
        text.push_str("\n[[draft]]\n");
        if let Some(path) = &draft.preset {
            let _ = writeln!(text, "preset = {}", long_string(path.as_str()));
        }
        if let Some(fingerprint) = draft.based_on {
            let _ = writeln!(text, "based-on = \"{fingerprint:016x}\"");
        }
        if !draft.unsaved {
            text.push_str("unsaved = false\n");
        }
        let _ = writeln!(text, "text = {}", long_string(&preset::write_spec(&draft.spec)));
    }
    text
}

/// The restore, and whether drafts had to be left out.
fn parse(text: &str) -> Result<(Restore, bool), Trouble> {
    let document = parse_document(text)?;
    let mut root = Fields::root(&document);
    let current =
        root.get("current").map(|entry| entry.number(0, i64::MAX, "from 0")).transpose()?;
    let mut restore = Restore {
        current: current.and_then(|current| usize::try_from(current).ok()).unwrap_or_default(),
        environment: root.text("environment")?,
        ..Restore::default()
    };
    for element in root.list("layout")? {
        let mut fields = element.table()?;
        let name = fields.text("name")?.unwrap_or_default();
        restore.layout.push((name, fields.text("value")?.unwrap_or_default()));
    }
    let mut left_out = false;
    for element in root.list("draft")? {
        match draft(&mut element.table()?) {
            Ok(Some(draft)) => restore.drafts.push(draft),
            Ok(None) | Err(_) => left_out = true,
        }
    }
    Ok((restore, left_out))
}

fn draft(fields: &mut Fields<'_>) -> Result<Option<StoredDraft>, Trouble> {
    let preset = fields.text("preset")?.and_then(|path| PresetPath::parse(&path).ok());
    let based_on = fields.text("based-on")?.and_then(|hex| u64::from_str_radix(&hex, 16).ok());
    let unsaved = fields.get("unsaved").map_or(Ok(true), |entry| entry.flag())?;
    let text = fields.text("text")?.unwrap_or_default();
    let spec = preset::read_spec(&text, "draft").ok();
    Ok(spec.map(|spec| StoredDraft { preset, based_on, unsaved, spec }))
}
