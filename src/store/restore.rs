//! Unsaved work of the last run, one TOML file per workspace and running instance.
//!
//! ```text
//! STATE/drafts/HASH-1.toml      drafts of the first instance in the workspace that HASH stands for
//! STATE/drafts/HASH-1.lock      locked while that instance lives; the system frees it when it dies
//! STATE/drafts/HASH-1.previous  what the last run left, kept until the next one begins
//! PLACE/wirebench-drafts-…      what could not be written there (`rescue`)
//! ```
//! A second instance takes number 2, so neither overwrites the other's work. Whoever starts next
//! also takes over the drafts of instances that are gone. Nothing is ever written over a file that
//! was not read: what is no drafts file is set aside, what cannot be read now is left for later,
//! and the run keeps its drafts under another number. Drafts are kept as preset text.

use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::job::{Overwrite, Restore, StoredDraft};
use super::paths::Paths;
use super::toml_string::{Lines, string};
use super::{atomic, preset, workspace};
use crate::codec::strict_toml::{Fields, Trouble, parse_document};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::PresetPath;
use crate::named_file;

/// Longest drafts file, to be read or written; far above what a person composes.
const DRAFTS_LIMIT: u64 = 256 * 1024 * 1024;
/// Instances in one workspace that keep drafts, and files for them in a second place.
const INSTANCES: u32 = 16;

/// Bits of a mode that are the rights of others.
const OTHERS: u32 = 6;

/// The drafts file of this instance.
#[derive(Default)]
pub(super) struct RestoreFile {
    folder: PathBuf,
    /// Names the workspace.
    stem: String,
    /// Where a run that could not write here may have left its drafts.
    second_places: Vec<PathBuf>,
    /// Its file was read, or there was none.
    own: Option<RestoreSlot>,
    /// Drafts of dead instances, taken over; removed once they are kept as ours.
    adopted: Vec<RestoreSlot>,
    /// What the own file holds, so that the same is not written again.
    kept: Option<String>,
    /// What the last run left lies beside it, or has to give way.
    is_previous_kept: bool,
    /// What has to be told about files that were not read.
    notices: Vec<Failure>,
}

/// A drafts file, with the lock that keeps it ours.
type RestoreSlot = (PathBuf, File);

/// What became of the wish to lock a number.
enum Claim {
    Ours(File),
    /// Another instance lives.
    Taken,
    /// Nothing can be written there.
    Impossible,
}

impl RestoreFile {
    /// Touches no disk; drafts are kept apart for every workspace.
    pub(super) fn new(paths: &Paths) -> Self {
        RestoreFile {
            folder: paths.state.join("drafts"),
            stem: stem(&paths.workspace),
            second_places: paths.second_places.clone(),
            ..RestoreFile::default()
        }
    }

    fn file(&self, number: u32, extension: &str) -> PathBuf {
        self.folder.join(format!("{}-{number}.{extension}", self.stem))
    }

    /// Drafts of the last run, and those of instances that died. Whatever is not read is told
    /// afterwards by [`RestoreFile::take_notices`].
    pub(super) fn load(&mut self) -> Option<Restore> {
        let mut found = None;
        let mut is_writable = true;
        // What cannot be looked at is taken for there: each file says for itself what is wrong.
        if atomic::is_there(&self.folder).unwrap_or(true) {
            atomic::clean(&self.folder);
            for number in 1..=INSTANCES {
                is_writable &= self.load_number(number, &mut found);
            }
        }
        if !is_writable && self.own.is_none() && found.is_none() {
            // Where nothing can be written, what is there can still be read.
            found = self.read(&self.file(1, "toml")).unwrap_or_default();
        }
        for file in second_files(&self.second_places, &self.stem) {
            self.adopt_rescued(file, &mut found);
        }
        found
    }

    /// Takes what lies under a number unless its instance lives; tells whether it can be locked.
    fn load_number(&mut self, number: u32, found: &mut Option<Restore>) -> bool {
        let file = self.file(number, "toml");
        let is_own = self.own.as_ref().is_some_and(|(own, _)| *own == file);
        if self.own.is_some() && is_free(&file) {
            return true;
        }
        let lock = match self.claim_number(number) {
            Claim::Ours(lock) => Some(lock),
            Claim::Taken if is_own => None,
            Claim::Taken => return true,
            Claim::Impossible => return false,
        };
        let read = self.read(&file);
        let is_left_alone = read.is_err() && !is_free(&file);
        let restore = read.unwrap_or_default();
        match lock {
            Some(lock) if self.own.is_none() && !is_left_alone => {
                self.kept = restore.as_ref().map(write).filter(|text| holds(&file, text));
                self.own = Some((file, lock));
            }
            Some(lock) if restore.is_some() => self.adopted.push((file, lock)),
            _ => {}
        }
        if let Some(restore) = restore {
            add(found, restore);
        }
        true
    }

    /// Takes over what an earlier run left in a second place, if it is ours alone.
    fn adopt_rescued(&mut self, file: PathBuf, found: &mut Option<Restore>) {
        let is_private = |facts: std::fs::Metadata| {
            let user = rustix::process::geteuid().as_raw();
            facts.is_file() && facts.uid() == user && facts.mode().trailing_zeros() >= OTHERS
        };
        if !std::fs::symlink_metadata(&file).is_ok_and(is_private) {
            return;
        }
        let Ok((lock, _)) = named_file::open(&file) else { return };
        if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            return;
        }
        if let Ok(Some(restore)) = self.read(&file) {
            add(found, restore);
            self.adopted.push((file, lock));
        }
    }

    /// What has to be told once.
    pub(super) fn take_notices(&mut self) -> Vec<Failure> {
        std::mem::take(&mut self.notices)
    }

    /// Keeps drafts; when this returns `Ok`, they are on the disk.
    pub(super) fn save(&mut self, restore: &Restore) -> Result<(), Failure> {
        atomic::make_folders(&self.folder)?;
        let file = self.claim()?;
        let text = write(restore);
        if text.len() as u64 > DRAFTS_LIMIT {
            return Err(workspace::too_large(&file, DRAFTS_LIMIT));
        }
        if self.adopted.is_empty() && self.kept.as_ref() == Some(&text) && file.exists() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.is_previous_kept, true) {
            // Best effort: what is being saved now matters more.
            let _ = atomic::keep_as(&file, &file.with_extension("previous"));
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

    /// The file of this instance. Without one the first number is taken under which nothing lies
    /// that was not read.
    fn claim(&mut self) -> Result<PathBuf, Failure> {
        if let Some((file, _)) = &self.own {
            return Ok(file.clone());
        }
        let first = self.file(1, "lock");
        atomic::open_private(&first).map_err(|error| atomic::failure(&first, &error))?;
        let slot = |number| {
            let file = self.file(number, "toml");
            match self.claim_number(number) {
                Claim::Ours(lock) if is_free(&file) => Some((file, lock)),
                _ => None,
            }
        };
        let own = (1..=INSTANCES).find_map(slot).ok_or_else(|| {
            let cause = format!("{INSTANCES} wirebenches run in this workspace");
            atomic::refusal(&self.folder, FailureKind::Busy, cause)
                .hint("drafts of this one are not kept")
        })?;
        Ok(self.own.insert(own).0.clone())
    }

    fn claim_number(&self, number: u32) -> Claim {
        let Ok(lock) = atomic::open_private(&self.file(number, "lock")) else {
            return Claim::Impossible;
        };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Claim::Taken,
            // A file system without locks: one instance is assumed.
            Ok(()) | Err(TryLockError::Error(_)) => Claim::Ours(lock),
        }
    }

    /// What a drafts file holds; `Err` = it was not read, and the notices say why.
    fn read(&mut self, file: &Path) -> Result<Option<Restore>, ()> {
        let bytes = match workspace::read_ours(file, DRAFTS_LIMIT) {
            Ok(bytes) => bytes,
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
            Err(failure) if matches!(failure.kind, FailureKind::Io | FailureKind::Permission) => {
                let failure = failure.hint("the drafts in it are left alone until the next start");
                return self.not_read(failure);
            }
            Err(failure) => return self.not_read(set_aside(file, failure)),
        };
        let name = file.display().to_string();
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| atomic::refusal(file, FailureKind::Malformed, "not UTF-8"));
        let parsed =
            text.and_then(|text| parse(text).map_err(|trouble| trouble.into_failure(&name, text)));
        match parsed {
            Err(failure) => self.not_read(set_aside(file, failure)),
            Ok((restore, false)) => Ok(Some(restore)),
            Ok((restore, true)) => {
                // The drafts that do read come back; the others stay in the copy.
                let cause = "some drafts cannot be read by this version";
                let failure = atomic::refusal(file, FailureKind::Malformed, cause);
                let copy = aside(file);
                let kept = atomic::write(&copy, &bytes, Overwrite::Refuse);
                self.notices.push(kept.map_or_else(
                    |refused| refused.hint("so the file is left alone"),
                    |()| failure.hint(format!("a copy is kept as {}", copy.display())),
                ));
                Ok(Some(restore))
            }
        }
    }

    fn not_read(&mut self, failure: Failure) -> Result<Option<Restore>, ()> {
        self.notices.push(failure);
        Err(())
    }
}

/// Writes drafts of a workspace into the first of the second places that takes them; `Err` says what
/// stood in the way at the last of them.
pub(super) fn rescue(
    second_places: &[PathBuf],
    workspace: &Path,
    restore: &Restore,
) -> Result<PathBuf, Failure> {
    let text = write(restore);
    let mut refused = atomic::refusal("", FailureKind::NotFound, "no other folder is known")
        .hint("the drafts of this run are lost");
    for file in second_files(second_places, &stem(workspace)) {
        match atomic::write(&file, text.as_bytes(), Overwrite::Refuse) {
            Ok(()) => return Ok(file),
            Err(failure) => refused = failure.hint("the drafts of this run are lost"),
        }
    }
    Err(refused)
}

/// Names the workspace in names of files.
fn stem(workspace: &Path) -> String {
    format!("{:016x}", preset::fingerprint(workspace.as_os_str().as_encoded_bytes()))
}

fn second_files(places: &[PathBuf], stem: &str) -> Vec<PathBuf> {
    let name = |number| format!("wirebench-drafts-{stem}-{number}.toml");
    let files = |place: &PathBuf| (1..=INSTANCES).map(|n| place.join(name(n))).collect::<Vec<_>>();
    places.iter().flat_map(files).collect()
}

/// Whether a file holds exactly this.
fn holds(file: &Path, text: &str) -> bool {
    workspace::read_bounded(file, DRAFTS_LIMIT).is_ok_and(|bytes| bytes == text.as_bytes())
}

/// Adds drafts to those found before; the first also say what the screen was like.
fn add(found: &mut Option<Restore>, more: Restore) {
    match found {
        Some(found) => found.drafts.extend(more.drafts),
        None => *found = Some(more),
    }
}

/// A free name beside a file that is no drafts file.
fn aside(file: &Path) -> PathBuf {
    let names = (1..1000).map(|n| file.with_extension(format!("broken-{n}")));
    let free = names.into_iter().find(|name| is_free(name));
    free.unwrap_or_else(|| file.with_extension("broken"))
}

/// Whether nothing lies there for certain.
fn is_free(file: &Path) -> bool {
    atomic::is_there(file) == Ok(false)
}

/// Renames a file that is no drafts file, so that nothing of it is lost and it stands in nobody's
/// way.
fn set_aside(file: &Path, failure: Failure) -> Failure {
    let kept = aside(file);
    match atomic::rename(file, &kept) {
        Ok(()) => failure.hint(format!("it is kept as {}", kept.display())),
        Err(_) => failure.hint("it is left alone; this run keeps its drafts beside it"),
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
        if let Some(answers) = &draft.answers {
            let _ = writeln!(text, "answers = {}", long_string(answers));
        }
        if !draft.unsaved {
            text.push_str("unsaved = false\n");
        }
        let _ = writeln!(text, "text = {}", long_string(&preset::write_spec(&draft.spec)));
    }
    text
}

/// The restore, and whether drafts had to be left out. What the file does not say is as at a first
/// start: the first draft is shown, no environment is chosen.
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
    // It becomes the name of a folder.
    let is_key = |text: &String| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let answers = fields.text("answers")?.filter(is_key);
    let text = fields.text("text")?.unwrap_or_default();
    let spec = preset::read_spec(&text, "draft").ok();
    Ok(spec.map(|spec| StoredDraft { preset, based_on, unsaved, answers, spec: spec.into() }))
}
