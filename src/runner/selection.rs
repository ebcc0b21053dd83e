//! Which presets are meant by the names of presets and folders, in the order in which they are run.
//!
//! What the file of a folder names in its `order` comes first and stays in that order, the others follow by
//! name. A folder has the clients in it and below; listeners and relays wait for others, so they are
//! started by `needs` alone.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_problems::hidden_in;
use crate::model::name_order::by_name;
use crate::model::preset::{PresetPath, StoredPreset};
use crate::model::suggest::suggest;
use crate::store::job::Workspace;

/// Presets in the order in which they are run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunSelection {
    /// Places in the workspace, each once.
    pub presets: Vec<usize>,
    /// Groups of them that an `order` says follow each other, as ranges of `presets`.
    pub sequences: Vec<Vec<Range<usize>>>,
    /// Listeners and relays of folders.
    pub left_out: Vec<PresetPath>,
    /// Files and folders in folders that were named, of which no preset could be made.
    pub unread: Vec<Failure>,
}

#[derive(Debug, Clone, Copy)]
enum Child<'a> {
    Folder(&'a str),
    Preset(usize),
}

struct Selecting<'a> {
    workspace: &'a Workspace,
    children: HashMap<&'a str, Vec<Child<'a>>>,
    found: RunSelection,
    taken: HashSet<usize>,
    /// Listeners and relays, too.
    takes_all: bool,
}

/// What these names mean.
///
/// # Errors
/// A name that nothing has, a listener by its name, an `order` that names what is not there, or a file of a folder that
/// is no preset by its name or cannot be got at: a folder that runs without it would pass in silence.
pub fn select(workspace: &Workspace, names: &[String]) -> Result<RunSelection, Failure> {
    let found = selected(workspace, names, false)?;
    match found.unread.first() {
        Some(unread) => Err(unread.clone()),
        None => Ok(found),
    }
}

/// The same with listeners and relays, for who sends nothing.
///
/// # Errors
/// A name that nothing has, or an `order` that names what is not there.
pub fn select_all(workspace: &Workspace, names: &[String]) -> Result<RunSelection, Failure> {
    selected(workspace, names, true)
}

fn selected(
    workspace: &Workspace,
    names: &[String],
    takes_all: bool,
) -> Result<RunSelection, Failure> {
    let children = children(&workspace.presets);
    let (found, taken) = (RunSelection::default(), HashSet::new());
    let mut selecting = Selecting { workspace, children, found, taken, takes_all };
    for name in names {
        selecting.name(name)?;
    }
    Ok(selecting.found)
}

fn children(presets: &[StoredPreset]) -> HashMap<&str, Vec<Child<'_>>> {
    let mut all: HashMap<&str, Vec<Child<'_>>> = HashMap::from([("", Vec::new())]);
    for (at, stored) in presets.iter().enumerate() {
        let mut folder = stored.path.folder();
        let is_known = all.contains_key(folder);
        all.entry(folder).or_default().push(Child::Preset(at));
        let mut is_new = !is_known;
        while is_new && !folder.is_empty() {
            let around = folder.rsplit_once('/').map_or("", |(around, _)| around);
            is_new = !all.contains_key(around);
            all.entry(around).or_default().push(Child::Folder(folder));
            folder = around;
        }
    }
    all
}

impl<'a> Selecting<'a> {
    fn name(&mut self, name: &str) -> Result<(), Failure> {
        let text = name.strip_suffix(".toml").unwrap_or(name);
        let text = text.trim_start_matches("./");
        let presets = &self.workspace.presets;
        let preset = presets.iter().position(|stored| stored.path.as_str() == text);
        if let Some(at) = preset {
            return self.named(at);
        }
        let folder = text.trim_end_matches('/');
        let folder = if folder == "." { "" } else { folder };
        match self.children.get_key_value(folder) {
            Some((folder, _)) if !text.is_empty() => {
                let hidden = hidden_in(&self.workspace.root, &self.workspace.problems, folder);
                self.found.unread.extend(hidden.cloned());
                self.folder(folder)
            }
            _ => Err(self.unknown(name)),
        }
    }

    /// A preset that was named by itself.
    fn named(&mut self, at: usize) -> Result<(), Failure> {
        let Some(stored) = self.workspace.presets.get(at) else { return Ok(()) };
        let waits = stored.content.as_ref().ok().filter(|preset| preset.spec.run().is_none());
        let waits = waits.filter(|_| !self.takes_all);
        let Some(waits) = waits else {
            self.take(at);
            return Ok(());
        };
        let path = stored.path.as_str();
        let side = waits.spec.side().into_str();
        let cause = format!("it is a {side}, which waits for others and sends nothing");
        Err(Failure::new(Stage::Compose, path, FailureKind::Usage, cause)
            .hint(format!("a preset that talks to it starts it: needs = [\"{path}\"]")))
    }

    fn take(&mut self, at: usize) {
        if self.taken.insert(at) {
            self.found.presets.push(at);
        }
    }

    fn unknown(&self, name: &str) -> Failure {
        let presets = self.workspace.presets.iter().map(|stored| stored.path.as_str());
        let folders = self.children.keys().copied().filter(|folder| !folder.is_empty());
        let known: Vec<&str> = folders.chain(presets).collect();
        let cause = "there is no preset or folder of this name";
        let failure = Failure::new(Stage::Compose, name, FailureKind::NotFound, cause);
        match self.workspace.problems.first() {
            Some(problem) => failure.hint(format!("not all presets were read: {problem}")),
            None if known.is_empty() => {
                failure.hint(format!("there are no presets in {}", self.workspace.root))
            }
            None => {
                let meant = suggest(name, &known);
                let is_near = meant.starts_with("did you mean");
                failure.hint(if is_near {
                    meant
                } else {
                    format!("presets are in {}", self.workspace.root)
                })
            }
        }
    }

    fn folder(&mut self, folder: &'a str) -> Result<(), Failure> {
        let order = self.workspace.order_of(folder);
        let mut children = self.children.get(folder).cloned().unwrap_or_default();
        children.sort_by(|one, other| self.by_name(*one, *other));
        self.check_order(folder, order, &children)?;
        let ranks: BTreeMap<&str, usize> =
            order.iter().enumerate().map(|(at, entry)| (entry.as_str(), at)).collect();
        let place = |child: &Child<'_>| ranks.get(self.entry(*child).as_str()).copied();
        let mut placed: Vec<(Option<usize>, Child<'a>)> =
            children.into_iter().map(|child| (place(&child), child)).collect();
        placed.sort_by_key(|(place, _)| place.unwrap_or(usize::MAX));
        let mut sequence = Vec::new();
        for (place, child) in placed {
            let from = self.found.presets.len();
            self.child(child)?;
            let range = from..self.found.presets.len();
            if place.is_some() && !range.is_empty() {
                sequence.push(range);
            }
        }
        if sequence.len() > 1 {
            self.found.sequences.push(sequence);
        }
        Ok(())
    }

    fn child(&mut self, child: Child<'a>) -> Result<(), Failure> {
        match child {
            Child::Folder(path) => self.folder(path),
            Child::Preset(at) => {
                let stored = self.workspace.presets.get(at);
                match stored.map(|stored| (&stored.path, &stored.content)) {
                    Some((path, Ok(preset))) if preset.spec.run().is_none() && !self.takes_all => {
                        self.found.left_out.push(path.clone());
                    }
                    _ => self.take(at),
                }
                Ok(())
            }
        }
    }

    fn own_name(&self, child: Child<'a>) -> &'a str {
        let name = |path: &'a str| path.rsplit_once('/').map_or(path, |(_, name)| name);
        match child {
            Child::Folder(path) => name(path),
            Child::Preset(at) => {
                self.workspace.presets.get(at).map_or("", |stored| stored.path.name())
            }
        }
    }

    /// As an order names it.
    fn entry(&self, child: Child<'a>) -> String {
        let mark = if matches!(child, Child::Folder(_)) { "/" } else { "" };
        format!("{}{mark}", self.own_name(child))
    }

    fn by_name(&self, one: Child<'a>, other: Child<'a>) -> Ordering {
        let is_folder = |child| matches!(child, Child::Folder(_));
        by_name(self.own_name(one), self.own_name(other))
            .then(is_folder(one).cmp(&is_folder(other)))
    }

    /// What is named and not there would be left out unsaid.
    fn check_order(
        &self,
        folder: &str,
        order: &[String],
        children: &[Child<'a>],
    ) -> Result<(), Failure> {
        let there: Vec<String> = children.iter().map(|child| self.entry(*child)).collect();
        // Folders without presets are known, too.
        let is_empty_folder = |entry: &str| {
            let name = entry.trim_end_matches('/');
            let path = if folder.is_empty() { name.into() } else { format!("{folder}/{name}") };
            entry.ends_with('/') && self.workspace.folders.contains(&path)
        };
        let missing = order.iter().find(|entry| !there.contains(entry) && !is_empty_folder(entry));
        let Some(missing) = missing else { return Ok(()) };
        let mark = if folder.is_empty() { "" } else { "/" };
        let known: Vec<&str> = there.iter().map(String::as_str).collect();
        let cause = format!("'order' names '{missing}', which is not there");
        Err(Failure::new(
            Stage::Storage,
            format!("{folder}{mark}_defaults.toml"),
            FailureKind::Usage,
            cause,
        )
        .hint(suggest(missing, &known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset::Preset;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::spec::Spec;
    use crate::store::job::FolderDefaults;

    fn workspace(clients: &[&str], listeners: &[&str], orders: &[(&str, &[&str])]) -> Workspace {
        let stored = |(path, side): (&str, Side)| {
            let path = PresetPath::parse(path).unwrap();
            let spec = Spec::empty(Protocol::Http, side);
            let preset =
                Preset { path: path.clone(), about: String::new(), spec, unused: Vec::new() };
            StoredPreset { path, content: Ok(preset), fingerprint: 0 }
        };
        let clients = clients.iter().map(|path| (*path, Side::Client));
        let listeners = listeners.iter().map(|path| (*path, Side::Listener));
        let mut presets: Vec<StoredPreset> = clients.chain(listeners).map(stored).collect();
        presets.sort_by(|a, b| a.path.cmp(&b.path));
        let defaults = orders.iter().map(|(folder, order)| FolderDefaults {
            folder: (*folder).to_owned(),
            order: order.iter().map(ToString::to_string).collect(),
            ..FolderDefaults::default()
        });
        Workspace { presets, defaults: defaults.collect(), ..Workspace::default() }
    }

    fn names(workspace: &Workspace, of: &[&str]) -> Result<Vec<String>, String> {
        let of: Vec<String> = of.iter().map(ToString::to_string).collect();
        let found = select(workspace, &of).map_err(|failure| failure.to_string())?;
        let name = |at: &usize| workspace.presets[*at].path.to_string();
        Ok(found.presets.iter().map(name).collect())
    }

    #[test]
    fn a_folder_is_run_in_its_order_and_else_by_name() {
        let clients = ["a/z", "a/b10", "a/b9", "a/sub/x", "a/sub/y", "c", "a/deep/er/z"];
        let ordered = workspace(&clients, &["a/mock"], &[("a", &["z", "sub/"]), ("a/sub", &["y"])]);
        let all = ["a/z", "a/sub/y", "a/sub/x", "a/b9", "a/b10", "a/deep/er/z"];
        assert_eq!(names(&ordered, &["a"]).unwrap(), all);
        assert_eq!(names(&ordered, &["a/", "c", "a/z"]).unwrap(), [&all[..], &["c"]].concat());
        assert_eq!(names(&ordered, &["c.toml", "a/sub/y"]).unwrap(), ["c", "a/sub/y"]);
        assert_eq!(names(&ordered, &["."]).unwrap().len(), 7);
        let of = select(&ordered, &["a".to_owned()]).unwrap();
        assert_eq!(of.left_out, [PresetPath::parse("a/mock").unwrap()]);
        assert_eq!(of.sequences, [[0..1, 1..3]]);
        assert_eq!(names(&workspace(&["b", "a"], &[], &[]), &["."]).unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_file_of_a_folder_that_is_no_preset_is_not_left_out_in_silence() {
        let at = |target: &str| Failure::new(Stage::Storage, target, FailureKind::Usage, "no name");
        let mut space = workspace(&["a/one", "b/two"], &[], &[]);
        space.problems = vec![at("a/in?.toml"), at("env/dev.toml:1:1"), at("b/_defaults.toml:2")];
        assert_eq!(names(&space, &["b"]).unwrap(), ["b/two"]);
        assert_eq!(names(&space, &["a/one"]).unwrap(), ["a/one"], "the preset alone is whole");
        for name in ["a", "."] {
            assert!(names(&space, &[name]).unwrap_err().contains("a/in?.toml"), "{name}");
        }
        let all = select_all(&space, &["a".to_owned()]).unwrap();
        assert_eq!((all.presets.len(), all.unread), (1, vec![at("a/in?.toml")]));
    }

    #[test]
    fn what_is_not_there_is_said_with_its_place() {
        let space = workspace(&["a/login"], &["mock/users"], &[("a", &["lgin"])]);
        let said = names(&space, &["a"]).unwrap_err();
        assert!(said.contains("a/_defaults.toml: 'order' names 'lgin'"), "{said}");
        assert!(said.contains("did you mean 'login'?"), "{said}");
        let said = names(&space, &["a/logn"]).unwrap_err();
        assert!(said.contains("did you mean 'a/login'?"), "{said}");
        let said = names(&space, &["mock/users"]).unwrap_err();
        assert!(said.contains("it is a listener") && said.contains("needs = ["), "{said}");
    }
}
