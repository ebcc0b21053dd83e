//! Presets, folders, environments: what a workspace holds.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::failure::Failure;
use super::name_order::by_path;
use super::secrets::{Secrets, is_looked_for, secret_values};
use super::spec::Spec;
use super::value_source::ValueSource;

/// Folder and name of a preset inside the workspace, `/`-separated, without extension
/// (`users/create`). Always relative, never contains `.` or `..` parts. In the order of names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PresetPath(String);

/// What is on screen first, because it was named when the program was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    Preset(PresetPath),
    /// Composed of words, in a draft of its own.
    Spec(Box<Spec>),
    /// Traffic that is read from a file or was kept, with this filter in force.
    Traffic {
        filter: String,
        /// What there is to be said of it.
        said: String,
    },
}

/// A named, saved `Spec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    pub path: PresetPath,
    pub about: String,
    pub spec: Spec,
    /// Sections of its file that are kept there and that nothing carries out yet.
    pub unused: Vec<&'static str>,
}

/// A preset file as found on disk: readable, or broken with the reason (which never stops the
/// others).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPreset {
    pub path: PresetPath,
    pub content: Result<Preset, Failure>,
    /// Hash of the file's bytes; a save names the one it started from, so a change on disk by
    /// somebody else is noticed.
    pub fingerprint: u64,
}

impl StoredPreset {
    /// The names it captures; none of what cannot be read.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        self.content.iter().flat_map(|preset| preset.spec.captures())
    }

    /// The same file at another place.
    #[must_use]
    pub fn at(mut self, path: PresetPath) -> Self {
        if let Ok(preset) = &mut self.content {
            preset.path = path.clone();
        }
        self.path = path;
        self
    }
}

/// So many presets at most by their names, and how many more there are.
#[must_use]
pub(crate) fn listed(presets: &[PresetPath], most: usize) -> String {
    let names: Vec<&str> = presets.iter().take(most).map(PresetPath::as_str).collect();
    match (names.as_slice(), presets.len().saturating_sub(most)) {
        ([before @ .., last], 0) if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        (names, 0) => names.join(", "),
        (names, more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// Named variables (`env/NAME.toml`) and secrets (`env/NAME.secret.toml`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    pub name: String,
    /// The environment whose values it has where it says nothing else.
    pub extends: Option<String>,
    pub variables: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
    /// Programs and entries of the keyring that give values, by how templates name them: `token`, `secret.token`.
    pub commands: BTreeMap<String, ValueCommand>,
    /// The word for the colour its name is shown in.
    pub color: Option<String>,
}

/// What an environment says that gives the value of a variable: `token = { command = ["gh", "auth", "token"] }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCommand {
    pub source: ValueSource,
    /// Nobody shall read what it gives.
    pub is_secret: bool,
    /// The file where it stands, as it is shown; empty = none.
    pub file: Box<str>,
    shown: Box<str>,
}

impl ValueCommand {
    /// A program with its arguments.
    #[must_use]
    pub fn of(words: Vec<String>, is_secret: bool) -> Self {
        ValueCommand::given_by(ValueSource::Program(words), is_secret)
    }

    /// What this source gives.
    #[must_use]
    pub fn given_by(source: ValueSource, is_secret: bool) -> Self {
        let shown = source.as_value().into();
        ValueCommand { source, is_secret, file: Box::default(), shown }
    }

    /// The same, as it stands in this file.
    #[must_use]
    pub fn in_file(self, file: &str) -> Self {
        ValueCommand { file: file.into(), ..self }
    }

    /// What stands in the place of the value before it is known: the program with its arguments, the entry.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// A program with its arguments in one line; arguments that hold blanks stand in quotes.
#[must_use]
pub fn shown_words(words: &[String]) -> String {
    let shown = words.iter().map(|word| {
        let is_plain = !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == '"');
        if is_plain { word.clone() } else { format!("{word:?}") }
    });
    shown.collect::<Vec<_>>().join(" ")
}

impl Environment {
    /// Whether two names mean one file on some disks: those that keep both spellings apart are not all.
    #[must_use]
    pub fn is_same_name(one: &str, other: &str) -> bool {
        one.to_lowercase() == other.to_lowercase()
    }

    /// Whether files of an environment can have this name.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn check_name(name: &str) -> Result<(), String> {
        let is_of_file = PresetPath::parse(name).is_ok_and(|path| path.as_str() == name);
        match name {
            "" => Err("an environment needs a name".into()),
            _ if name.eq_ignore_ascii_case("none") => {
                Err(format!("'{name}' is what the choice without an environment is called"))
            }
            _ if name.ends_with(".secret") => {
                Err(format!("'{name}' would be the file of secrets of another environment"))
            }
            _ if !is_of_file || name.contains('/') => {
                Err(format!("'{name}' cannot be the name of an environment"))
            }
            _ => Ok(()),
        }
    }
}

/// What begins names of secrets in templates.
const SECRET: &str = "secret.";

/// What templates may refer to. Later layers of the product's order are merged in by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The folder of the preset on the disk; empty where there is none.
    pub folder: String,
    pub variables: BTreeMap<String, String>,
    /// Taken from answers in this run: they go before variables, and are never looked into.
    pub captured: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
    /// Operating system environment, reachable as `{{env.NAME}}` only.
    pub os: BTreeMap<String, String>,
    /// Given on the command line, by name, or typed when it was asked for, by label: before all others.
    pub typed: BTreeMap<String, String>,
    /// Labels of what was typed unseen, and names of what was captured where credentials stand.
    pub veiled: BTreeSet<String>,
    /// Programs that give values, by how templates name these.
    pub commands: BTreeMap<String, ValueCommand>,
    /// What they gave so far.
    pub outputs: BTreeMap<ValueSource, String>,
}

impl Scope {
    /// The values nobody shall read: secrets, and what is one by its name.
    #[must_use]
    pub fn hidden(&self) -> Secrets {
        let secrets = self.secrets.values().map(String::as_str);
        let named = self.variables.iter().chain(&self.captured).chain(&self.os).chain(&self.typed);
        let is_veiled = |(name, _): &(&String, &String)| self.veiled.contains(*name);
        let taken =
            self.captured.iter().filter(is_veiled).filter(|(_, value)| is_looked_for(value));
        let veiled = self.typed.iter().filter(is_veiled).chain(taken);
        let given = self.commands.values().filter(|command| command.is_secret);
        let given = given.filter_map(|command| self.outputs.get(&command.source));
        let of_all = secrets.chain(veiled.map(|(_, value)| value.as_str()));
        Secrets::new(of_all.chain(given.map(String::as_str)).chain(secret_values(named)))
    }

    /// Takes this in the place of what programs give that nobody shall read, by the name of that.
    pub fn cover_programs(&mut self, cover: impl Fn(&str) -> String) {
        let (secret, rest) = std::mem::take(&mut self.commands)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, command)| command.is_secret);
        self.commands = rest;
        for reference in secret.into_keys() {
            match reference.strip_prefix(SECRET) {
                Some(name) => self.secrets.insert(name.to_owned(), cover(name)),
                None => self.variables.insert(reference.clone(), cover(&reference)),
            };
        }
    }

    /// An environment that is nearer than what is here: what it says replaces that.
    pub fn take_layer(&mut self, layer: &Environment) {
        for (name, value) in &layer.variables {
            self.commands.remove(name);
            self.variables.insert(name.clone(), value.clone());
        }
        for (name, value) in &layer.secrets {
            self.commands.remove(&format!("{SECRET}{name}"));
            self.secrets.insert(name.clone(), value.clone());
        }
        for (reference, command) in &layer.commands {
            match reference.strip_prefix(SECRET) {
                Some(name) => self.secrets.remove(name),
                None => self.variables.remove(reference),
            };
            self.commands.insert(reference.clone(), command.clone());
        }
    }
}

/// Why a text is not a preset path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetPathError {
    #[error("a preset needs a name")]
    Empty,
    #[error("'{0}' cannot be part of a preset name")]
    BadPart(String),
    #[error("a preset name is at most 200 bytes long")]
    TooLong,
    #[error("a preset lies at most {} folders deep", PresetPath::FOLDERS)]
    TooDeep,
}

impl PresetPath {
    /// Folders a preset lies in at most, when it is saved as when it is read.
    pub(crate) const FOLDERS: usize = 8;

    /// Checks and normalises a path typed by the user or found on disk.
    ///
    /// # Errors
    /// When it is empty, too long, too deep, absolute, climbs, hides (leading dot), starts with `_`, or
    /// holds control characters or characters some file system refuses.
    pub fn parse(text: &str) -> Result<Self, PresetPathError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PresetPathError::Empty);
        }
        if text.len() > 200 {
            return Err(PresetPathError::TooLong);
        }
        let mut parts = Vec::new();
        for part in text.split('/') {
            let part = part.trim();
            let bad = part.is_empty()
                || part.starts_with(['.', '_'])
                || part.ends_with('.')
                || part.chars().any(|c| c.is_control() || "\\:*?\"<>|".contains(c));
            if bad {
                return Err(PresetPathError::BadPart(part.into()));
            }
            parts.push(part);
        }
        if parts.len() > 1 && parts[0] == "env" {
            return Err(PresetPathError::BadPart("env".into()));
        }
        if parts.len() > PresetPath::FOLDERS + 1 {
            return Err(PresetPathError::TooDeep);
        }
        Ok(PresetPath(parts.join("/")))
    }

    /// Checks and normalises the path of a folder of presets.
    ///
    /// # Errors
    /// When no preset could lie in it.
    pub fn parse_folder(text: &str) -> Result<Self, PresetPathError> {
        let text = text.trim().trim_end_matches('/');
        if text.is_empty() {
            return Err(PresetPathError::Empty);
        }
        PresetPath::parse(&format!("{text}/x")).map(|inside| PresetPath(inside.folder().into()))
    }

    /// The path it has once a folder it lies in has another one.
    ///
    /// # Errors
    /// As [`PresetPath::parse`].
    pub fn moved(&self, from: &str, to: &str) -> Result<Self, PresetPathError> {
        match self.0.strip_prefix(from).filter(|rest| rest.starts_with('/')) {
            Some(rest) => PresetPath::parse(&format!("{to}{rest}")),
            None => Ok(self.clone()),
        }
    }

    /// Folders and name parted by `/`, without the ending of the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Name without its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.0.as_str(), |(_, name)| name)
    }

    /// Folder, empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl Ord for PresetPath {
    fn cmp(&self, other: &Self) -> Ordering {
        // Most that are compared after a search are the same.
        if self.0 == other.0 { Ordering::Equal } else { by_path(&self.0, &other.0) }
    }
}

impl PartialOrd for PresetPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for PresetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nearer_environment_replaces_values_and_programs() {
        let map = |name: &str| [(name.to_owned(), "v".to_owned())].into();
        let command = ValueCommand::of(vec!["gh".into(), "a b".into()], true);
        let commands = |name: &str| [(name.to_owned(), command.clone())].into();
        let mut scope = Scope { variables: map("token"), ..Scope::default() };
        scope.take_layer(&Environment { secrets: map("token"), ..Environment::default() });
        scope.take_layer(&Environment { commands: commands("token"), ..Environment::default() });
        assert!(scope.variables.is_empty() && scope.secrets.len() == 1);
        scope.take_layer(&Environment {
            commands: commands("secret.token"),
            ..Environment::default()
        });
        assert!(scope.secrets.is_empty() && scope.commands.len() == 2);
        scope.take_layer(&Environment { variables: map("token"), ..Environment::default() });
        assert_eq!(scope.commands.keys().collect::<Vec<_>>(), ["secret.token"]);
        scope.outputs.insert(command.source.clone(), "canary-of-gh".into());
        scope.typed.insert("PIN".into(), "canary-pin".into());
        assert_eq!(scope.hidden().hide_words("x canary-of-gh canary-pin"), "x ******** canary-pin");
        scope.veiled.insert("PIN".into());
        assert_eq!(scope.hidden().hide_words("canary-pin"), "********");
        assert_eq!(command.shown(), "$ gh \"a b\"");
    }

    #[test]
    fn what_lies_too_deep_to_be_read_is_refused_with_the_bound() {
        let deepest = format!("{}x", "f/".repeat(PresetPath::FOLDERS));
        assert!(PresetPath::parse(&deepest).is_ok());
        let error = PresetPath::parse(&format!("f/{deepest}")).unwrap_err();
        assert_eq!(error.to_string(), "a preset lies at most 8 folders deep");
    }
}
