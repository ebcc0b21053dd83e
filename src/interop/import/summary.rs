//! What an import brings and what it leaves out, in lines: printed by the command line, and shown before anything
//! is written.

use std::collections::BTreeMap;

use super::plan::ImportPlan;
use super::tree::{ImportRemark, ImportTree};
use crate::model::counts::{count, counted};

/// Names of what comes that a line has.
const NAMES: usize = 3;
/// Places that are named of each kind of things left out: each of them says why.
const PLACES: usize = 12;

/// An import in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportSummary {
    /// What it is: `Postman collection`.
    pub title: String,
    pub presets: usize,
    /// The folder that all presets of it go to; empty = the workspace's own.
    pub folder: String,
    /// Whether there is nothing to be written.
    pub is_empty: bool,
    /// What comes, a line each.
    pub comes: Vec<String>,
    /// What is not as it was, a line for each kind of it, in the order in which they were met.
    pub differs: Vec<String>,
    /// The same with every place of it.
    pub differs_in_full: Vec<String>,
}

impl ImportSummary {
    /// Of what was read, and where it goes.
    #[must_use]
    pub fn of(trees: &[ImportTree], plan: &ImportPlan) -> Self {
        ImportSummary::titled(trees).with(plan)
    }

    /// Says what it is that was read.
    #[must_use]
    pub fn titled(trees: &[ImportTree]) -> Self {
        let mut kinds: Vec<&str> = Vec::new();
        for title in trees.iter().map(|tree| tree.kind.title()) {
            if !kinds.contains(&title) {
                kinds.push(title);
            }
        }
        ImportSummary { title: kinds.join(", "), is_empty: true, ..ImportSummary::default() }
    }

    /// The same with what comes of it.
    #[must_use]
    pub fn with(self, plan: &ImportPlan) -> Self {
        ImportSummary {
            title: self.title,
            presets: plan.presets.len(),
            folder: common_folder(plan),
            is_empty: plan.presets.is_empty()
                && plan.environments.is_empty()
                && plan.folders.is_empty(),
            comes: comes(plan),
            differs: differs(&plan.left_out, PLACES),
            differs_in_full: differs(&plan.left_out, usize::MAX),
        }
    }
}

/// The innermost folder that all presets lie in.
fn common_folder(plan: &ImportPlan) -> String {
    let mut folders = plan.presets.iter().map(|it| it.preset.path.folder());
    let mut common = folders.next().unwrap_or_default();
    for folder in folders {
        let is_around = |around: &str| {
            let rest = folder.strip_prefix(around);
            around.is_empty() || rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
        };
        while !is_around(common) {
            common = common.rsplit_once('/').map_or("", |(around, _)| around);
        }
    }
    common.to_owned()
}

fn comes(plan: &ImportPlan) -> Vec<String> {
    let mut lines = Vec::new();
    let top = |path: &str| path.split_once('/').map_or("", |(top, _)| top).to_owned();
    let mut by_folder: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for path in plan.presets.iter().map(|it| it.preset.path.as_str()) {
        by_folder.entry(top(path)).or_default().push(path);
    }
    for paths in by_folder.into_values() {
        let presets = counted(paths.len() as u64, "preset");
        lines.push(format!("{presets}: {}", listed(paths)));
    }
    for folder in plan.folders.iter().filter(|it| !it.variables.is_empty()) {
        let file = format!("{}/_defaults.toml", folder.folder);
        let names = folder.variables.iter().map(|(name, _)| name.as_str());
        let variables = counted(folder.variables.len() as u64, "variable");
        lines.push(format!("{variables} in {}: {}", file.trim_start_matches('/'), listed(names)));
    }
    for it in &plan.environments {
        for (list, file, what) in [
            (&it.variables, format!("env/{}.toml", it.name), "variable"),
            (&it.secrets, format!("env/{}.secret.toml", it.name), "secret"),
        ] {
            if !list.is_empty() {
                let names = list.iter().map(|(name, _)| name.as_str());
                let many = counted(list.len() as u64, what);
                lines.push(format!("{many} in {file}: {}", listed(names)));
            }
        }
    }
    if !plan.renamed.is_empty() {
        let names = plan.renamed.iter().map(|(from, to)| format!("{from} -> {to}"));
        let names: Vec<String> = names.collect();
        let taken = counted(names.len() as u64, "name");
        lines.push(format!("{taken} taken already: {}", listed(names.iter().map(String::as_str))));
    }
    lines
}

fn differs(left_out: &[ImportRemark], most: usize) -> Vec<String> {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for ImportRemark { what, place } in left_out {
        match kinds.iter_mut().find(|(known, _)| known == what) {
            Some((_, places)) => places.push(place),
            None => kinds.push((what, vec![place])),
        }
    }
    let line = |(what, places): (&str, Vec<&str>)| {
        let many = count(places.len() as u64);
        let places = first(places.into_iter().filter(|place| !place.is_empty()), most);
        let places = if places.is_empty() { places } else { format!(": {places}") };
        format!("{what} ({many}){places}")
    };
    kinds.into_iter().map(line).collect()
}

/// The first of some names, and how many more there are.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    first(names, NAMES)
}

fn first<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(most).copied().collect();
    match names.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), count(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::import::{ImportFile, ImportPlace, import, plan};

    fn told(text: &str) -> ImportSummary {
        let file = ImportFile { name: "x".into(), inside: None, bytes: text.into() };
        let trees = import(&[file], None).unwrap();
        let planned = plan(trees.clone(), &ImportPlace::default()).unwrap();
        ImportSummary::of(&trees, &planned)
    }

    #[test]
    fn a_summary_says_what_comes_and_where_to_and_what_differs() {
        let summary = told(
            r#"{"info":{"name":"Shop"},"variable":[{"key":"base","value":"http://h"}],
              "item":[{"name":"f","item":[{"name":"x","request":"http://h/"}]},
                {"name":"a","request":{"url":"http://h/a"},
                 "event":[{"listen":"test","script":{"exec":"pm.test()"}}]}]}"#,
        );
        assert_eq!((&*summary.title, &*summary.folder), ("Postman collection", "Shop"));
        assert_eq!(
            summary.comes,
            ["2 presets: Shop/f/x, Shop/a", "1 variable in Shop/_defaults.toml: base"]
        );
        assert_eq!(summary.differs.len(), 1, "{:?}", summary.differs);
        assert!(summary.differs[0].contains("scripts"), "{:?}", summary.differs);
        assert!(!summary.is_empty && summary.presets == 2);
        let script = told("$b = @{ a = 1 }\nirm http://h/x -Method Post -Body $b\n");
        assert_eq!((script.presets, &*script.folder), (1, ""));
        let commands = told("nc -u 127.0.0.1 9\nhttp POST http://h/x a=1\n");
        assert_eq!((commands.presets, &*commands.folder), (2, ""));
    }
}
