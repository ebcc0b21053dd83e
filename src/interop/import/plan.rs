//! Where what was imported goes: paths that are free, variables into files of their folders, secrets into
//! files that git ignores. Nothing that is there is replaced; a name that is taken gets a number.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::gathered::{as_secrets, with_secrets};
use super::names;
use super::tree::{
    ImportRemark, ImportTree, ImportedEnvironment, ImportedPreset, ImportedVariable,
};
use crate::interop::typed_credentials::each_typed;
use crate::model::preset::{Preset, PresetPath};

/// Bytes of a path, with room for a number.
const PATH: usize = 190;
/// Where secrets go when there is no environment at all.
const LOCAL: &str = "local";

/// What a workspace holds, and where the import is to go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportPlace {
    /// The folder it goes into; `None` = one of its own.
    pub into: Option<PresetPath>,
    /// The environment whose file takes credentials.
    pub environment: Option<String>,
    pub presets: Vec<PresetPath>,
    /// Top folders, those without presets too.
    pub folders: Vec<String>,
    /// Environments with their secrets.
    pub environments: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportPlan {
    pub presets: Vec<PlannedPreset>,
    pub folders: Vec<PlannedFolder>,
    pub environments: Vec<PlannedEnvironment>,
    /// What had another name in the import, with the one it has here.
    pub renamed: Vec<(String, String)>,
    pub left_out: Vec<ImportRemark>,
}

/// A preset and the comments that go into its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPreset {
    pub preset: Preset,
    pub notes: Vec<String>,
}

/// What goes into the `_defaults.toml` of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedFolder {
    /// From the root; empty = the root itself.
    pub folder: String,
    pub variables: Vec<(String, String)>,
    /// What is in it, as it stood there.
    pub order: Vec<String>,
    pub notes: Vec<String>,
}

/// What goes into the files of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedEnvironment {
    pub name: String,
    pub variables: Vec<(String, String)>,
    pub secrets: Vec<(String, String)>,
}

/// Plans where everything goes.
///
/// # Errors
/// When the folder leaves no room for names.
pub fn plan(trees: Vec<ImportTree>, place: &ImportPlace) -> Result<ImportPlan, String> {
    let mut planning = Planning::new(place);
    let mut trees = trees;
    for environment in trees.iter_mut().flat_map(|tree| std::mem::take(&mut tree.environments)) {
        planning.environment(environment);
    }
    for tree in trees {
        planning.tree(tree)?;
    }
    Ok(planning.plan)
}

struct Planning<'p> {
    place: &'p ImportPlace,
    taken: BTreeSet<String>,
    folders: BTreeSet<String>,
    environments: BTreeSet<String>,
    /// The number a name that is taken gets next.
    numbers: HashMap<String, u64>,
    secrets: Option<SecretFile>,
    plan: ImportPlan,
}

/// The file of secrets that takes credentials, and what is in it.
struct SecretFile {
    /// Its environment, in the plan.
    at: usize,
    by_name: HashMap<String, String>,
    by_value: HashMap<String, String>,
    numbers: HashMap<String, u64>,
}

/// Presets in the order in which they stood, by their folders.
#[derive(Default)]
struct ImportOrder {
    folders: Vec<PlannedFolder>,
    known: HashMap<String, usize>,
    entries: HashSet<(usize, String)>,
}

impl<'p> Planning<'p> {
    fn new(place: &'p ImportPlace) -> Self {
        let lower = |text: &str| text.to_lowercase();
        let of_presets = place.presets.iter().filter_map(|path| {
            let (folder, _) = path.as_str().split_once('/')?;
            Some(lower(folder))
        });
        let folders = place.folders.iter().filter_map(|folder| folder.split('/').next());
        Planning {
            place,
            taken: place.presets.iter().map(|path| lower(path.as_str())).collect(),
            folders: of_presets.chain(folders.map(lower)).collect(),
            environments: place.environments.keys().map(|name| lower(name)).collect(),
            numbers: HashMap::new(),
            secrets: None,
            plan: ImportPlan::default(),
        }
    }

    fn environment(&mut self, imported: ImportedEnvironment) {
        let is_free = |name: &str| !self.environments.contains(&name.to_lowercase());
        let name = free(&imported.name, &mut HashMap::new(), is_free);
        self.environments.insert(name.to_lowercase());
        if name != imported.name {
            let of = |name: &str| format!("env/{name}.toml");
            self.plan.renamed.push((of(&imported.name), of(&name)));
        }
        let mut planned = PlannedEnvironment { name, ..PlannedEnvironment::default() };
        for ImportedVariable { name, value, is_secret } in imported.variables {
            let list = if is_secret { &mut planned.secrets } else { &mut planned.variables };
            list.push((name, value));
        }
        self.plan.environments.push(planned);
    }

    fn tree(&mut self, tree: ImportTree) -> Result<(), String> {
        self.plan.left_out.extend(tree.left_out);
        if tree.presets.is_empty() && tree.folders.is_empty() {
            return Ok(());
        }
        let base = self.base(&tree.title);
        let (mut secrets, mut folders) = (BTreeMap::new(), Vec::new());
        for found in tree.folders {
            let folder = joined(&base, &found.folder);
            let mut planned =
                PlannedFolder { folder, notes: found.notes, ..PlannedFolder::default() };
            for ImportedVariable { name, value, is_secret } in found.variables {
                if is_secret {
                    let called = self.secret(&name, &value);
                    secrets.insert(name, called);
                } else {
                    planned.variables.push((name, value));
                }
            }
            folders.push(planned);
        }
        for environment in &self.plan.environments {
            for (name, _) in &environment.secrets {
                secrets.entry(name.clone()).or_insert_with(|| name.clone());
            }
        }
        let of_folders = folders.iter_mut().map(|folder| &mut folder.variables);
        let of_environments = self.plan.environments.iter_mut().map(|it| &mut it.variables);
        for (_, value) in of_folders.chain(of_environments).flatten() {
            *value = as_secrets(value, &secrets);
        }
        let mut order = ImportOrder::default();
        for mut imported in tree.presets {
            with_secrets(&mut imported.spec, &secrets);
            let path = self.preset(&base, imported)?;
            order.take(&path, &base);
        }
        let said = |(at, it): (usize, &PlannedFolder)| (it.folder.clone(), at);
        let known: HashMap<String, usize> = folders.iter().enumerate().map(said).collect();
        for planned in order.folders {
            match known.get(&planned.folder) {
                Some(at) => folders[*at].order = planned.order,
                None => folders.push(planned),
            }
        }
        // Of a single command nothing is to be put in order.
        folders.retain(|it| {
            !it.variables.is_empty()
                || !it.notes.is_empty()
                || (it.order.len() > 1 && !base.is_empty())
        });
        self.plan.folders.extend(folders);
        Ok(())
    }

    /// The folder of an import.
    fn base(&mut self, title: &str) -> Vec<String> {
        if let Some(into) = &self.place.into {
            return into.as_str().split('/').map(str::to_owned).collect();
        }
        if title.is_empty() {
            return Vec::new();
        }
        let is_free = |name: &str| !self.folders.contains(&name.to_lowercase());
        let name = free(title, &mut HashMap::new(), is_free);
        self.folders.insert(name.to_lowercase());
        if name != title {
            self.plan.renamed.push((format!("{title}/"), format!("{name}/")));
        }
        vec![name]
    }

    fn preset(&mut self, base: &[String], imported: ImportedPreset) -> Result<PresetPath, String> {
        let ImportedPreset { folder, name, about, mut spec, notes, .. } = imported;
        let wanted = fitting(base, &folder, &name);
        let taken = &self.taken;
        let path = free(&wanted, &mut self.numbers, |path| !taken.contains(&path.to_lowercase()));
        self.taken.insert(path.to_lowercase());
        if path != wanted {
            self.plan.renamed.push((wanted, path.clone()));
        }
        let path = PresetPath::parse(&path).map_err(|error| format!("{path}: {error}"))?;
        each_typed(&mut spec, &mut |one| {
            let is_plain = one.can_move && !one.value.contains("{{");
            is_plain.then(|| "{{secret.".to_owned() + &self.secret(&one.name, &one.value) + "}}")
        });
        let preset = Preset { path: path.clone(), about, spec, unused: Vec::new() };
        self.plan.presets.push(PlannedPreset { preset, notes });
        Ok(path)
    }

    /// Where credentials go, and what this one is called there.
    fn secret(&mut self, name: &str, value: &str) -> String {
        let mut file = self.secrets.take().unwrap_or_else(|| self.secret_file());
        let name = names::variable(name);
        let is_same = file.by_name.get(&name).is_some_and(|known| known == value);
        // A short value may be the same by chance.
        let known = file.by_value.get(value).filter(|_| value.len() > 3).cloned();
        let called = match known {
            _ if is_same => name,
            Some(known) => known,
            None => {
                let by_name = &file.by_name;
                let called = free(&name, &mut file.numbers, |name| !by_name.contains_key(name));
                let secrets = &mut self.plan.environments[file.at].secrets;
                secrets.push((called.clone(), value.to_owned()));
                file.by_name.insert(called.clone(), value.to_owned());
                file.by_value.insert(value.to_owned(), called.clone());
                called
            }
        };
        self.secrets = Some(file);
        called
    }

    fn secret_file(&mut self) -> SecretFile {
        let place = self.place;
        let imported = || self.plan.environments.first().map(|it| it.name.clone());
        let there = || place.environments.keys().next().cloned();
        let name = place.environment.clone().or_else(imported).or_else(there);
        let name = name.unwrap_or_else(|| LOCAL.to_owned());
        let known = self.plan.environments.iter().position(|it| it.name == name);
        let at = known.unwrap_or_else(|| {
            let name = name.clone();
            let planned = PlannedEnvironment { name, ..PlannedEnvironment::default() };
            self.plan.environments.push(planned);
            self.plan.environments.len() - 1
        });
        let mut by_name: HashMap<String, String> = HashMap::new();
        by_name.extend(place.environments.get(&name).cloned().into_iter().flatten());
        by_name.extend(self.plan.environments[at].secrets.iter().cloned());
        let turned = |(name, value): (&String, &String)| (value.clone(), name.clone());
        let by_value = by_name.iter().map(turned).collect();
        SecretFile { at, by_name, by_value, numbers: HashMap::new() }
    }
}

/// A name that is free: itself, or with a number behind it; `numbers` knows where to begin.
fn free(name: &str, numbers: &mut HashMap<String, u64>, is_free: impl Fn(&str) -> bool) -> String {
    if is_free(name) {
        return name.to_owned();
    }
    let next = numbers.entry(name.to_lowercase()).or_insert(2);
    loop {
        let numbered = format!("{name}-{next}");
        *next += 1;
        if is_free(&numbered) {
            return numbered;
        }
    }
}

fn joined(base: &[String], folder: &[String]) -> String {
    let most = PresetPath::FOLDERS.saturating_sub(base.len());
    [base, &names::folders(folder, most)].concat().join("/")
}

/// A path that is short enough: the longest names in it get shorter.
fn fitting(base: &[String], folder: &[String], name: &str) -> String {
    let most = PresetPath::FOLDERS.saturating_sub(base.len());
    let mut parts = names::folders(folder, most);
    parts.push(name.to_owned());
    let length =
        |parts: &[String]| base.iter().chain(parts).map(|part| part.len() + 1).sum::<usize>();
    while length(&parts) > PATH {
        let Some(longest) = parts.iter_mut().max_by_key(|part| part.len()) else { break };
        let shorter = names::shortened(longest, longest.len() * 3 / 4).to_owned();
        if shorter.is_empty() || shorter == *longest {
            break;
        }
        *longest = shorter;
    }
    base.iter().chain(&parts).map(String::as_str).collect::<Vec<_>>().join("/")
}

impl ImportOrder {
    /// Notes the place of a preset in the folders of the import.
    fn take(&mut self, path: &PresetPath, base: &[String]) {
        let parts: Vec<&str> = path.as_str().split('/').collect();
        for at in base.len()..parts.len() {
            let (around, rest) = parts.split_at(at);
            let folder = around.join("/");
            let slash = if rest.len() > 1 { "/" } else { "" };
            let entry = rest.first().map_or_else(String::new, |name| format!("{name}{slash}"));
            let known = *self.known.entry(folder.clone()).or_insert_with(|| {
                self.folders.push(PlannedFolder { folder, ..PlannedFolder::default() });
                self.folders.len() - 1
            });
            if self.entries.insert((known, entry.clone())) {
                self.folders[known].order.push(entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{ImportKind, ImportedFolder};
    use super::*;
    use crate::model::http::{Auth, HttpSpec};
    use crate::model::spec::Spec;

    fn preset(folder: &[&str], name: &str, token: &str) -> ImportedPreset {
        let auth = Auth::Bearer(token.into());
        ImportedPreset {
            folder: folder.iter().map(|name| (*name).to_owned()).collect(),
            name: name.into(),
            about: String::new(),
            spec: Spec::Http(HttpSpec { url: "http://h/".into(), auth, ..HttpSpec::default() }),
            notes: Vec::new(),
            place: name.into(),
        }
    }

    fn tree(title: &str, presets: Vec<ImportedPreset>) -> ImportTree {
        let (kind, title) = (ImportKind::Postman, title.to_owned());
        let (folders, environments, left_out) = (Vec::new(), Vec::new(), Vec::new());
        ImportTree { kind, title, presets, folders, environments, left_out }
    }

    fn paths(plan: &ImportPlan) -> Vec<&str> {
        plan.presets.iter().map(|it| it.preset.path.as_str()).collect()
    }

    #[test]
    fn names_that_are_taken_get_numbers_whatever_their_case() {
        let place = ImportPlace {
            into: Some(PresetPath::parse_folder("api").unwrap()),
            presets: vec![PresetPath::parse("API/get").unwrap()],
            ..ImportPlace::default()
        };
        let presets = vec![preset(&[], "Get", ""), preset(&[], "get", ""), preset(&["A"], "x", "")];
        let made = plan(vec![tree("Shop", presets)], &place).unwrap();
        assert_eq!(paths(&made), ["api/Get-2", "api/get-3", "api/A/x"]);
        assert_eq!(made.renamed.len(), 2);
        let order: Vec<_> =
            made.folders.iter().map(|it| (it.folder.as_str(), it.order.len())).collect();
        assert_eq!(order, [("api", 3)]);
        let again = ImportPlace {
            presets: vec![PresetPath::parse("shop/x").unwrap()],
            ..ImportPlace::default()
        };
        let made = plan(vec![tree("Shop", vec![preset(&[], "a", "")])], &again).unwrap();
        assert_eq!(paths(&made), ["Shop-2/a"]);
    }

    #[test]
    fn credentials_go_where_git_looks_away_each_once() {
        let presets = vec![
            preset(&[], "a", "t-one-1"),
            preset(&[], "b", "t-one-1"),
            preset(&[], "c", "t-two-2"),
            preset(&[], "d", "{{x}}"),
        ];
        let environments = BTreeMap::from([("dev".to_owned(), BTreeMap::new())]);
        let place = ImportPlace { environments, ..ImportPlace::default() };
        let made = plan(vec![tree("s", presets)], &place).unwrap();
        let secret = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = vec![secret("token", "t-one-1"), secret("token-2", "t-two-2")];
        assert_eq!(made.environments[0].secrets, expected);
        assert_eq!(made.environments[0].name, "dev");
        let bearer = |at: usize| match &made.presets[at].preset.spec {
            Spec::Http(HttpSpec { auth: Auth::Bearer(token), .. }) => token.as_str(),
            other => panic!("{other:?}"),
        };
        let all: Vec<_> = (0..4).map(bearer).collect();
        assert_eq!(all, ["{{secret.token}}", "{{secret.token}}", "{{secret.token-2}}", "{{x}}"]);
    }

    #[test]
    fn a_secret_of_the_collection_is_named_as_one() {
        let mut tree = tree("s", vec![preset(&[], "a", "{{key}}")]);
        let variable = |name: &str, is_secret| ImportedVariable {
            name: name.into(),
            value: format!("value of {name}"),
            is_secret,
        };
        let variables = vec![variable("key", true), variable("base", false)];
        tree.folders.push(ImportedFolder { variables, ..ImportedFolder::default() });
        let made = plan(vec![tree], &ImportPlace::default()).unwrap();
        assert_eq!(made.folders[0].variables, [("base".to_owned(), "value of base".to_owned())]);
        assert_eq!(made.environments[0].secrets.len(), 1);
        let text = format!("{:?}", made.presets[0].preset.spec);
        assert!(text.contains("{{secret.key}}"), "{text}");
    }

    #[test]
    fn deep_and_long_paths_fit() {
        let long = "n".repeat(80);
        let folders: Vec<String> = (0..7).map(|at| format!("{at}{long}")).collect();
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        let presets = vec![preset(&folders, &long, ""), preset(&folders, &long, "")];
        let into = Some(PresetPath::parse_folder("a/b/c/d").unwrap());
        let made = plan(vec![tree("x", presets)], &ImportPlace { into, ..ImportPlace::default() });
        let made = made.unwrap();
        assert!(
            paths(&made).iter().all(|path| path.len() <= 200 && path.matches('/').count() <= 8)
        );
        assert_ne!(paths(&made)[0], paths(&made)[1]);
    }
}
