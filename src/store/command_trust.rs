//! Which programs a project may start, and which entries of the keyring it may have, for the values of its
//! variables: asked once, remembered here.
//!
//! ```text
//! STATE/commands.toml    "/srv/shop/.wirebench" = [["gh", "auth", "token"], { service = "s", user = "u" }]
//! ```
//! A project comes from anywhere, and what stands in its files would be run by whoever opens it and sends. So each
//! program, with all of its words, is asked about before it runs for the first time; another word is another program.
//! So is each entry of the keyring.
//! The workspace of the user's own folders is asked about nothing: who writes there may do worse.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::paths::PROJECT_FOLDER;
use super::toml_string::{Lines, string};
use super::{atomic, given_answers, lock};
use crate::model::failure::Failure;
use crate::model::value_source::{KeyringEntry, ValueSource};

const FILE: &str = "commands.toml";

/// Those of these sources that the user was not asked about for this workspace.
///
/// # Errors
/// When what was answered cannot be read.
pub fn unanswered(
    state: &Path,
    root: &Path,
    sources: &[ValueSource],
) -> Result<Vec<ValueSource>, Failure> {
    if root.file_name() != Some(PROJECT_FOLDER.as_ref()) {
        return Ok(Vec::new());
    }
    let known = answers(state)?;
    let known = given_answers::key(root).and_then(|key| known.get(&key));
    let is_known = |source: &&ValueSource| known.is_some_and(|known| known.contains(*source));
    Ok(sources.iter().filter(|words| !is_known(words)).cloned().collect())
}

/// The user said that these may be asked.
///
/// # Errors
/// When it cannot be kept; it would have to be asked again.
pub fn remember(state: &Path, root: &Path, sources: &[ValueSource]) -> Result<(), Failure> {
    let key = given_answers::key_to_keep(root)?;
    atomic::make_folders(state)?;
    let _lock = lock::folder(state)?;
    let mut known = answers(state)?;
    known.entry(key).or_default().extend(sources.iter().cloned());
    let mut text = String::from(
        "# Programs that give values of variables, and the projects they may run for.\n",
    );
    for (folder, sources) in known {
        let sources: Vec<String> = sources.iter().map(written).collect();
        let folder = string(&folder, Lines::One);
        let _ = writeln!(text, "{folder} = [{}]", sources.join(", "));
    }
    given_answers::write(&state.join(FILE), &text)
}

/// As it stands in the file.
fn written(source: &ValueSource) -> String {
    match source {
        ValueSource::Program(words) => {
            let words: Vec<String> = words.iter().map(|word| string(word, Lines::One)).collect();
            format!("[{}]", words.join(", "))
        }
        ValueSource::Keyring(KeyringEntry { service, user }) => {
            let [service, user] = [service, user].map(|word| string(word, Lines::One));
            format!("{{ service = {service}, user = {user} }}")
        }
    }
}

/// What stands there.
fn read(value: &toml::Value) -> Option<ValueSource> {
    let text = |value: &toml::Value| value.as_str().map(str::to_owned);
    if let Some(words) = value.as_array() {
        return Some(ValueSource::Program(words.iter().map(text).collect::<Option<_>>()?));
    }
    let (service, user) = (text(value.get("service")?)?, text(value.get("user")?)?);
    Some(ValueSource::Keyring(KeyringEntry { service, user }))
}

/// The folder a program runs in: that of the project, or of the workspace.
#[must_use]
pub fn folder(root: &Path) -> PathBuf {
    let is_project = root.file_name() == Some(PROJECT_FOLDER.as_ref());
    let folder = root.parent().filter(|_| is_project).unwrap_or(root);
    // Where there is no folder yet, there is none to run in.
    if folder.is_dir() { folder.to_owned() } else { PathBuf::from("/") }
}

/// What was answered so far.
fn answers(state: &Path) -> Result<BTreeMap<String, BTreeSet<ValueSource>>, Failure> {
    let table = given_answers::read(&state.join(FILE))?;
    let sources = |value: &toml::Value| {
        let sources = value.as_array().into_iter().flatten();
        sources.filter_map(read).collect::<BTreeSet<ValueSource>>()
    };
    Ok(table.iter().map(|(folder, value)| (folder.clone(), sources(value))).collect())
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use std::fs;

    use super::*;

    fn words(text: &str) -> ValueSource {
        ValueSource::Program(text.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn a_project_is_asked_about_each_entry_of_the_keyring() {
        let home = tempfile::tempdir().unwrap();
        let (state, root) = (home.path().join("state"), home.path().join("a/.wirebench"));
        fs::create_dir_all(&root).unwrap();
        let entry = |service: &str| {
            let entry = KeyringEntry { service: service.into(), user: "me \"x\"".into() };
            ValueSource::Keyring(entry)
        };
        let both = [entry("git.example"), words("git.example me")];
        assert_eq!(unanswered(&state, &root, &both).unwrap(), both);
        remember(&state, &root, &both).unwrap();
        assert!(unanswered(&state, &root, &both).unwrap().is_empty());
        let other = entry("other.example");
        assert_eq!(unanswered(&state, &root, from_ref(&other)).unwrap(), [other]);
    }

    #[test]
    fn a_project_is_asked_about_each_program_once_and_about_another_word_again() {
        let home = tempfile::tempdir().unwrap();
        let (state, root) = (home.path().join("state"), home.path().join("a \"b\"/.wirebench"));
        fs::create_dir_all(&root).unwrap();
        let (one, two) = (words("gh auth token"), words("pass \"x\" ü"));
        let both = [one.clone(), two.clone()];
        assert_eq!(unanswered(&state, &root, &both).unwrap(), both);
        remember(&state, &root, from_ref(&one)).unwrap();
        assert_eq!(unanswered(&state, &root, &both).unwrap(), from_ref(&two));
        remember(&state, &root, from_ref(&two)).unwrap();
        assert!(unanswered(&state, &root, &both).unwrap().is_empty());
        let other = words("gh auth token --verbose");
        assert_eq!(unanswered(&state, &root, from_ref(&other)).unwrap(), [other]);
        let elsewhere = home.path().join("c/.wirebench");
        fs::create_dir_all(&elsewhere).unwrap();
        assert_eq!(unanswered(&state, &elsewhere, from_ref(&one)).unwrap(), [one]);
        assert_eq!(folder(&root), home.path().join("a \"b\""));
    }

    #[test]
    fn what_is_the_users_own_is_not_asked_about_and_a_broken_file_allows_nothing() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("presets");
        assert!(unanswered(home.path(), &own, &[words("a")]).unwrap().is_empty());
        let root = home.path().join(".wirebench");
        fs::create_dir_all(&root).unwrap();
        fs::write(home.path().join(FILE), "broken = [").unwrap();
        assert!(unanswered(home.path(), &root, &[words("a")]).is_err());
        assert!(remember(home.path(), &root, &[words("a")]).unwrap_err().hint.contains("mend"));
    }
}
