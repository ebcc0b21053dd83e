//! Making, copying, renaming, removing and changing environments, as files that people own.
//!
//! A variable is changed where it stands, and comments stay. What somebody else wrote meanwhile is
//! never overwritten: a change names the value it starts from. A file that cannot be read is never
//! written, nor is one written that could not be read again. What moves is written at its new place
//! before it goes from the old one.

mod extended;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::environment::{COLOR, EXTENDS, ParsedFile};
use super::job::{
    ChangedText, EnvironmentDone, EnvironmentFiles, EnvironmentTask, Overwrite, Reply, Variable,
    VariableChange, VariableKind,
};
use super::preset_files::{locked, remove_empty_folders};
use super::{atomic, inside, preset, starter, workspace};
use crate::model::braces::is_name;
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::{Environment, ValueCommand};

/// The two files of an environment, in the order in which they are written.
const KINDS: [VariableKind; 2] = [VariableKind::Secret, VariableKind::Plain];
/// The table of variables in a file that has one.
const VARS: &str = "vars";

/// Does a task under the lock of the workspace.
pub(super) fn perform(root: &Path, task: EnvironmentTask) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let mut changed_to = None;
    let (mut followed, mut behind) = (Vec::new(), Vec::new());
    let back = match &task {
        EnvironmentTask::Create { name } => {
            let files = EnvironmentFiles { plain: Some(Bytes::new()), secret: None };
            write_new(root, name, &files)?;
            EnvironmentTask::Unmake { name: name.clone(), files }
        }
        EnvironmentTask::Copy { from, to } => {
            let files = existing(root, from)?;
            write_new(root, to, &files)?;
            EnvironmentTask::Unmake { name: to.clone(), files }
        }
        EnvironmentTask::Rename { from, to } => {
            rename(root, from, to)?;
            (followed, behind) = extended::follow(root, from, to);
            EnvironmentTask::Rename { from: to.clone(), to: from.clone() }
        }
        EnvironmentTask::Delete { name } => {
            let files = existing(root, name)?;
            remove_files(root, name)?;
            EnvironmentTask::BringBack { name: name.clone(), files }
        }
        EnvironmentTask::Unmake { name, files } => {
            if existing(root, name)? != *files {
                return Err(not_as_made(name));
            }
            remove_files(root, name)?;
            EnvironmentTask::BringBack { name: name.clone(), files: files.clone() }
        }
        EnvironmentTask::BringBack { name, files } => {
            write_new(root, name, files)?;
            EnvironmentTask::Delete { name: name.clone() }
        }
        EnvironmentTask::Change { name, change } => {
            let (now, written) = change_variable(root, name, change)?;
            changed_to = Some(now);
            EnvironmentTask::Change { name: name.clone(), change: Box::new(change.back(written)) }
        }
    };
    let now = match &task {
        EnvironmentTask::Delete { .. } | EnvironmentTask::Unmake { .. } => None,
        EnvironmentTask::Rename { to: name, .. }
        | EnvironmentTask::Copy { to: name, .. }
        | EnvironmentTask::Create { name }
        | EnvironmentTask::BringBack { name, .. } => Some(as_it_is(root, name)),
        EnvironmentTask::Change { .. } => changed_to,
    };
    Ok(Reply::EnvironmentDone(Box::new(EnvironmentDone { task, back, now, followed, behind })))
}

/// The environment as its files say now, as far as they can be read.
fn as_it_is(root: &Path, name: &str) -> Environment {
    let mut found = workspace::without_presets(root, gone(name));
    for kind in KINDS {
        let file = kind.file(name);
        if let Ok(Some(text)) = read(root, &file) {
            // What is wrong with it is said when the workspace is read.
            let _ = workspace::enter(&mut found, &file, Ok(text.into_bytes()));
        }
    }
    found
        .environments
        .pop()
        .unwrap_or_else(|| Environment { name: name.into(), ..Environment::default() })
}

fn gone(name: &str) -> Failure {
    let cause = "the environment is not there any more";
    atomic::refusal(VariableKind::Plain.file(name), FailureKind::NotFound, cause)
        .hint("it was removed or renamed by somebody else")
}

fn not_as_made(name: &str) -> Failure {
    let cause = "it holds something else than when it was made";
    atomic::refusal(VariableKind::Plain.file(name), FailureKind::Busy, cause)
        .hint("nothing was removed: delete the environment if all of it is to go")
}

fn remove_files(root: &Path, name: &str) -> Result<(), Failure> {
    for kind in KINDS {
        let file = inside::entry(root, &root.join(kind.file(name)))?;
        if atomic::is_there(&file)? {
            atomic::remove(&file)?;
        }
    }
    Ok(())
}

/// What the files of an environment hold, if it has one.
fn existing(root: &Path, name: &str) -> Result<EnvironmentFiles, Failure> {
    let bytes = |kind: VariableKind| {
        let file = inside::target(root, &root.join(kind.file(name)))?;
        let bytes = atomic::is_there(&file)?.then(|| workspace::read_bytes(&file)).transpose()?;
        Ok::<_, Failure>(bytes.map(Bytes::from))
    };
    let files = EnvironmentFiles {
        plain: bytes(VariableKind::Plain)?,
        secret: bytes(VariableKind::Secret)?,
    };
    if files == EnvironmentFiles::default() { Err(gone(name)) } else { Ok(files) }
}

/// Refuses a name that no environment can have, and that of one that is there; `but` is none of them.
fn free(root: &Path, name: &str, but: Option<&str>) -> Result<(), Failure> {
    let file = VariableKind::Plain.file(name);
    Environment::check_name(name)
        .map_err(|cause| atomic::refusal(&file, FailureKind::Usage, cause))?;
    let taken = |file: &str, cause: &str| {
        let failure = atomic::refusal(file, FailureKind::Usage, cause);
        Err(failure.hint("choose another name"))
    };
    for known in environments(root) {
        let is_same = Environment::is_same_name(&known, name);
        if is_same && known != name && Some(known.as_str()) != but {
            let cause = format!(
                "there is an environment '{known}' already, and some disks keep one file for both"
            );
            return taken(&file, &cause);
        }
    }
    for kind in KINDS {
        if fs::symlink_metadata(root.join(kind.file(name))).is_err() {
            continue;
        }
        // On a disk that keeps one file for both spellings it is the one that gets another name.
        if but.is_some_and(|but| Environment::is_same_name(but, name) && but != name) {
            let names = environments(root);
            if !names.iter().any(|known| known == name) {
                continue;
            }
        }
        return taken(&kind.file(name), "there is an environment of this name already");
    }
    Ok(())
}

/// Names of the environments there are, as far as their folder can be read.
fn environments(root: &Path) -> Vec<String> {
    let names = fs::read_dir(root.join(workspace::ENVIRONMENTS)).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let stem = |name: String| {
        let stem = name.strip_suffix(".toml")?;
        Some(stem.strip_suffix(".secret").unwrap_or(stem).to_owned())
    };
    names.filter_map(stem).collect()
}

/// Writes the files of an environment that is not there yet.
fn write_new(root: &Path, name: &str, files: &EnvironmentFiles) -> Result<(), Failure> {
    free(root, name, None)?;
    for (kind, bytes) in KINDS.into_iter().zip([&files.secret, &files.plain]) {
        if let Some(bytes) = bytes {
            let file = place(root, &kind.file(name), kind)?;
            atomic::write(&file, bytes, Overwrite::Refuse)?;
        }
    }
    Ok(())
}

/// Where a file of an environment is written; what keeps secrets out of git is written before.
fn place(root: &Path, file: &str, kind: VariableKind) -> Result<PathBuf, Failure> {
    let folder = inside::target(root, &root.join(workspace::ENVIRONMENTS))?;
    atomic::make_folders(&folder)?;
    if kind == VariableKind::Secret {
        starter::ignore_secrets(root)?;
    } else {
        starter::protect_secrets(root)?;
    }
    inside::target(root, &root.join(file))
}

/// Moves both files, or none.
fn rename(root: &Path, from: &str, to: &str) -> Result<(), Failure> {
    existing(root, from)?;
    free(root, to, Some(from))?;
    let mut moved: Vec<(PathBuf, PathBuf)> = Vec::new();
    for kind in KINDS {
        let (source, target) = (root.join(kind.file(from)), root.join(kind.file(to)));
        let source = inside::entry(root, &source)?;
        if !atomic::is_there(&source)? {
            continue;
        }
        let target = inside::entry(root, &target)?;
        if let Err(failure) = atomic::rename(&source, &target) {
            for (source, target) in moved {
                atomic::rename(&target, &source)?;
            }
            return Err(failure);
        }
        moved.push((source, target));
    }
    remove_empty_folders(root, &root.join(VariableKind::Plain.file(from)));
    Ok(())
}

/// The text of a file from the root; `None` = it is not there.
fn read(root: &Path, file: &str) -> Result<Option<String>, Failure> {
    let path = inside::target(root, &root.join(file))?;
    let bytes = atomic::is_there(&path)?.then(|| workspace::read_bytes(&path)).transpose()?;
    bytes
        .map(|bytes| {
            String::from_utf8(bytes).map_err(|_| {
                atomic::refusal(file, FailureKind::Malformed, "the file is not UTF-8")
                    .hint("nothing was written: mend it with an editor")
            })
        })
        .transpose()
}

/// A file of variables under change.
struct VariableFile {
    kind: VariableKind,
    name: String,
    /// As it is on the disk.
    text: Option<String>,
    variables: BTreeMap<String, String>,
    color: Option<String>,
    extends: Option<String>,
    commands: BTreeMap<String, ValueCommand>,
    document: DocumentMut,
}

impl VariableFile {
    fn read(root: &Path, environment: &str, kind: VariableKind) -> Result<Self, Failure> {
        let name = kind.file(environment);
        let text = match inside::target(root, &root.join(workspace::ENVIRONMENTS)) {
            Err(_) if !root.join(workspace::ENVIRONMENTS).exists() => None,
            Err(failure) => return Err(failure),
            Ok(_) => read(root, &name)?,
        };
        let written = text.as_deref().unwrap_or_default();
        let unread = |failure: Failure| failure.hint("nothing was written: mend the file first");
        let parsed = ParsedFile::parse(written, &name).map_err(unread)?;
        let variables = parsed.variables().map_err(unread)?;
        let commands = parsed.commands().map_err(unread)?;
        // What is wrong with it is said when the workspace is read.
        let color = parsed.color().ok().flatten();
        let extends = parsed.extends().ok().flatten();
        let document = parsed.into_document();
        Ok(VariableFile { kind, name, text, variables, color, extends, commands, document })
    }

    /// Whether it gives this name a value, be it by a program.
    fn has(&self, name: &str) -> bool {
        let variable = Variable { kind: self.kind, name: name.to_owned(), value: String::new() };
        self.variables.contains_key(name) || self.commands.contains_key(&variable.reference())
    }

    /// Where a variable of this name stands, or would.
    fn table(&mut self, name: &str) -> Option<&mut dyn TableLike> {
        let vars = self.document.get(VARS).filter(|vars| vars.is_table_like());
        let is_below = |vars: &Item| vars.get(name).is_some();
        let on_top = name != VARS && self.document.contains_key(name);
        let table = match vars {
            Some(vars) if is_below(vars) || !on_top => &mut self.document[VARS],
            _ => self.document.as_item_mut(),
        };
        table.as_table_like_mut()
    }

    fn set(&mut self, name: &str, value: &str) {
        let Some(table) = self.table(name) else { return };
        match table.get_mut(name).and_then(Item::as_value_mut) {
            Some(old) => {
                let mut new = spelled(value, Some(old));
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
            None => {
                table.insert(name, Item::Value(spelled(value, None)));
            }
        }
    }

    /// A new variable, where its name means nothing else.
    fn add(&mut self, name: &str, value: &str) {
        if [VARS, COLOR, EXTENDS].contains(&name) && !self.document.contains_key(VARS) {
            self.document[VARS] = Item::Table(Table::new());
        }
        self.set(name, value);
    }

    /// Gives a variable of this file another name, at its place.
    fn rename(&mut self, from: &str, to: &str) {
        let Some(table) = self.table(from) else { return };
        let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        let at = names.iter().position(|name| name == from).unwrap_or(names.len());
        // What stands behind it is put behind it again.
        let decor =
            |table: &dyn TableLike, name: &str| table.key(name).map(|key| key.leaf_decor().clone());
        let mut behind = Vec::new();
        for name in names.iter().skip(at) {
            let kept = decor(table, name);
            if let Some(item) = table.remove(name) {
                let name = if name == from { to } else { name };
                behind.push((name.to_owned(), kept, item));
            }
        }
        for (name, kept, item) in behind {
            table.insert(&name, item);
            if let (Some(kept), Some(mut key)) = (kept, table.key_mut(&name)) {
                *key.leaf_decor_mut() = kept;
            }
        }
    }

    /// Takes a variable away; comments above it stay, at what comes behind it.
    fn remove(&mut self, name: &str) {
        let Some(table) = self.table(name) else { return };
        let prefix = |table: &dyn TableLike, name: &str| {
            let prefix = table.key(name).and_then(|key| key.leaf_decor().prefix().cloned());
            prefix.and_then(|prefix| prefix.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let comments = prefix(table, name);
        let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        let behind = names.iter().skip_while(|known| *known != name).nth(1);
        let behind = behind.filter(|behind| table.get(behind).is_some_and(Item::is_value));
        let after = behind.map(|behind| format!("{comments}{}", prefix(table, behind)));
        table.remove(name);
        if !comments.contains('#') {
            return;
        }
        let place =
            behind.zip(after).and_then(|(behind, after)| Some((table.key_mut(behind)?, after)));
        if let Some((mut key, after)) = place {
            key.leaf_decor_mut().set_prefix(after);
        } else {
            let rest = self.document.trailing().as_str().unwrap_or_default().to_owned();
            self.document.set_trailing(format!("{comments}{rest}"));
        }
    }

    /// Writes it, if that changes anything and it can be read again; gives what was written.
    fn write(&mut self, root: &Path) -> Result<Option<ChangedText>, Failure> {
        let before = self.text.as_deref().unwrap_or_default();
        let text = preset::with_line_ends_of(before, self.document.to_string());
        self.put(root, text)
    }

    /// The same with this text.
    fn put(&mut self, root: &Path, text: String) -> Result<Option<ChangedText>, Failure> {
        if self.text.as_ref() == Some(&text) {
            return Ok(None);
        }
        let parsed = ParsedFile::parse(&text, &self.name)?;
        let variables = parsed.variables()?;
        self.commands = parsed.commands()?;
        if self.kind == VariableKind::Plain {
            self.color = parsed.color()?;
            self.extends = parsed.extends()?;
        }
        let file = place(root, &self.name, self.kind)?;
        atomic::write(&file, text.as_bytes(), Overwrite::Replace)?;
        self.variables = variables;
        let from = self.text.replace(text.clone()).unwrap_or_default();
        Ok(Some(ChangedText { kind: self.kind, from, to: text }))
    }
}

/// A value in the spelling of the one before, as far as it can have that: a number stays one.
fn spelled(value: &str, before: Option<&Value>) -> Value {
    let number = value.parse::<i64>().ok().filter(|number| number.to_string() == value);
    match (before, number) {
        (Some(Value::Integer(_)), Some(number)) => Value::from(number),
        (Some(Value::Boolean(_)), _) if value == "true" || value == "false" => {
            Value::from(value == "true")
        }
        _ => Value::from(value),
    }
}

/// Writes a change whose files were looked at; what was written, in that order.
fn write_change(
    root: &Path,
    files: &mut [VariableFile; 2],
    change: &VariableChange,
) -> Result<Vec<ChangedText>, Failure> {
    let VariableChange { before, after, texts } = change;
    let at = |kind: VariableKind| usize::from(kind == VariableKind::Secret);
    let says = |text: &ChangedText| files[at(text.kind)].text.as_ref() == Some(&text.from);
    let is_exact = !texts.is_empty() && texts.iter().all(says);
    let mut written = Vec::new();
    match (before, after) {
        _ if is_exact => {
            for text in texts {
                written.extend(files[at(text.kind)].put(root, text.to.clone())?);
            }
        }
        (Some(before), Some(after)) if before.kind == after.kind => {
            let file = &mut files[at(after.kind)];
            if before.name != after.name {
                file.rename(&before.name, &after.name);
            }
            file.set(&after.name, &after.value);
            written.extend(file.write(root)?);
        }
        _ => {
            if let Some(after) = after {
                let file = &mut files[at(after.kind)];
                file.set(&after.name, &after.value);
                written.extend(file.write(root)?);
            }
            if let Some(before) = before {
                let file = &mut files[at(before.kind)];
                file.remove(&before.name);
                written.extend(file.write(root)?);
            }
        }
    }
    Ok(written)
}

/// Gives the environment as its files say then, and what was written, in that order.
fn change_variable(
    root: &Path,
    name: &str,
    change: &VariableChange,
) -> Result<(Environment, Vec<ChangedText>), Failure> {
    let VariableChange { before, after, .. } = change;
    if let Some(after) = after {
        check(name, after)?;
    }
    let open = |kind| VariableFile::read(root, name, kind);
    let mut files = [open(VariableKind::Plain)?, open(VariableKind::Secret)?];
    let is_there = files.iter().any(|file| file.text.is_some());
    if !is_there {
        free(root, name, None)?;
    }
    let at = |kind: VariableKind| usize::from(kind == VariableKind::Secret);
    if let Some(before) = before {
        let known = files[at(before.kind)].variables.get(&before.name);
        if known != Some(&before.value) {
            return Err(changed(name, before, known.is_some()));
        }
    }
    let is_same =
        |one: &Variable, other: &Variable| one.kind == other.kind && one.name == other.name;
    if let Some(after) = after.as_ref().filter(|after| !before.iter().any(|it| is_same(it, after)))
        && files[at(after.kind)].has(&after.name)
    {
        let cause = format!("'{}' is there already", after.name);
        return Err(atomic::refusal(after.kind.file(name), FailureKind::Busy, cause)
            .hint("nothing was overwritten: choose another name, or change that one"));
    }
    let written = write_change(root, &mut files, change)?;
    let [plain, secret] = files;
    let now = Environment {
        name: name.into(),
        variables: plain.variables,
        secrets: secret.variables,
        commands: plain.commands.into_iter().chain(secret.commands).collect(),
        color: plain.color,
        extends: plain.extends,
    };
    Ok((now, written))
}

/// Adds variables and secrets to an environment, which is made if it is not there; what has a value keeps it.
pub(super) fn take_in(
    root: &Path,
    name: &str,
    variables: &[(String, String)],
    secrets: &[(String, String)],
) -> Result<(), Failure> {
    let file = VariableKind::Plain.file(name);
    Environment::check_name(name)
        .map_err(|cause| atomic::refusal(&file, FailureKind::Usage, cause))?;
    for (kind, list) in [(VariableKind::Secret, secrets), (VariableKind::Plain, variables)] {
        if list.is_empty() {
            continue;
        }
        let mut file = VariableFile::read(root, name, kind)?;
        for (name, value) in list {
            if !file.has(name) {
                file.add(name, value);
            }
        }
        file.write(root)?;
    }
    Ok(())
}

fn check(environment: &str, variable: &Variable) -> Result<(), Failure> {
    if is_name(&variable.name) {
        return Ok(());
    }
    let cause = format!("'{}' is a name that no {{{{template}}}} can have", variable.name);
    Err(atomic::refusal(variable.kind.file(environment), FailureKind::Usage, cause)
        .hint("names are of letters, digits, '_', '-' and '.'"))
}

fn changed(environment: &str, before: &Variable, is_there: bool) -> Failure {
    let what = if is_there { "has another value by now" } else { "is not there any more" };
    let cause = format!("'{}' {what}: the file changed on disk", before.name);
    atomic::refusal(before.kind.file(environment), FailureKind::Busy, cause).hint(
        "nothing was overwritten: what the file says is shown now; do it again to replace that",
    )
}

#[cfg(test)]
mod environment_files_tests;
