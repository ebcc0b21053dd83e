//! What a run does, in its order: the presets that were chosen, before each what it needs, and which of them
//! wait for each other when several run at once.
//!
//! ```text
//! RunSelection ─► needs put before their users (a circle is refused) ─► steps ─► who waits for whom
//! ```
//! One at a time a run is simply its steps in order. Beside each other (`--parallel`) a step waits for the
//! makers it `needs`, for the one before it that captures a name it uses, and for what stands before it in
//! the `order` of a folder; nothing else keeps two steps apart.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::selection::RunSelection;
use super::tags::TagTest;
use crate::compose::spec_names::names_in;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::{Preset, PresetPath, StoredPreset, listed};
use crate::model::spec::Spec;
use crate::model::suggest::suggest;
use crate::store::job::Workspace;

/// What a run does with every round of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunScript {
    pub steps: Vec<RunStep>,
    /// Started before the first step and ended behind the last.
    pub listeners: Vec<RunListener>,
    /// Who captures names that the steps use, in this run or not.
    pub captured_by: BTreeMap<String, Vec<PresetPath>>,
    /// Presets that the tags or their kind left out, and why.
    pub left_out: Vec<(PresetPath, String)>,
    /// Who waits for whom.
    pub(super) graph: StepGraph,
}

/// A preset that is run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStep {
    pub path: PresetPath,
    pub content: Result<Preset, Failure>,
    /// Why it is run although nobody named it; empty = it was named.
    pub why: String,
    /// Steps whose captures it needs.
    pub makers: Vec<usize>,
    /// Places in `RunScript::listeners`.
    pub listeners: Vec<usize>,
}

/// A listener or relay that is started for the run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunListener {
    pub path: PresetPath,
    /// Its description.
    pub about: String,
    pub spec: Spec,
}

/// Steps, and behind them barriers, with how many they wait for and who waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct StepGraph {
    pub(super) waits: Vec<usize>,
    pub(super) followers: Vec<Vec<usize>>,
}

impl StepGraph {
    fn of(steps: usize) -> Self {
        StepGraph { waits: vec![0; steps], followers: vec![Vec::new(); steps] }
    }

    fn add(&mut self) -> usize {
        self.waits.push(0);
        self.followers.push(Vec::new());
        self.waits.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize) {
        if let (Some(followers), Some(waits)) =
            (self.followers.get_mut(from), self.waits.get_mut(to))
        {
            followers.push(to);
            *waits += 1;
        }
    }
}

/// What has to run before something is sent that is no part of the run itself.
#[derive(Debug, Clone, Copy)]
pub struct SentAfter<'a> {
    /// Its preset, if it has one.
    pub path: Option<&'a PresetPath>,
    /// What messages call it.
    pub name: &'a str,
    /// By path, or by name beside it.
    pub needs: &'a [String],
}

/// What stands in the place of a stored preset: changes of it that are not saved.
pub type UnsavedPreset<'a> = &'a dyn Fn(&PresetPath) -> Option<Preset>;

struct Writing<'a> {
    workspace: &'a Workspace,
    script: RunScript,
    edited: UnsavedPreset<'a>,
    /// Presets that have made what they make already.
    is_fresh: &'a dyn Fn(&Preset) -> bool,
    /// Where a preset of the workspace stands in the script.
    written: HashMap<usize, usize>,
    listeners: HashMap<usize, usize>,
    /// What is being written, for circles.
    open: Vec<usize>,
}

/// The script of a selection. `is_parallel` says that steps may run beside each other.
///
/// # Errors
/// A need that is not there, or a circle of needs with its path.
pub fn script(
    workspace: &Workspace,
    selection: &RunSelection,
    tags: &[TagTest],
    is_parallel: bool,
) -> Result<RunScript, Failure> {
    let mut writing = Writing::of(workspace, &|_| None, &|_| false);
    let servers = selection.left_out.iter().map(|path| (path.clone(), WAITS.to_owned()));
    writing.script.left_out.extend(servers);
    for at in &selection.presets {
        if writing.fits(*at, tags) {
            writing.step(*at, "")?;
        } else {
            writing.leave_out(*at);
        }
    }
    let Writing { mut script, written, .. } = writing;
    script.captured_by = captured_by(&script, workspace);
    let started = &script.listeners;
    script.left_out.retain(|(path, _)| !started.iter().any(|listener| listener.path == *path));
    script.graph = StepGraph::of(script.steps.len());
    if is_parallel {
        let place = |at: &usize| selection.presets.get(*at).and_then(|it| written.get(it));
        script.wait_for_needs();
        script.wait_for_captures();
        for sequence in &selection.sequences {
            let group = |range: &Range<usize>| range.clone().filter_map(|at| place(&at).copied());
            let groups = sequence.iter().map(|range| group(range).collect::<Vec<usize>>());
            script.wait_in_order(groups.filter(|group| !group.is_empty()).collect());
        }
    }
    Ok(script)
}

/// Who captures the names that the steps use.
fn captured_by(script: &RunScript, workspace: &Workspace) -> BTreeMap<String, Vec<PresetPath>> {
    let presets = script.steps.iter().filter_map(|step| step.content.as_ref().ok());
    let names: BTreeSet<String> = presets.flat_map(|preset| names_in(&preset.spec)).collect();
    let mut all: BTreeMap<String, Vec<PresetPath>> = BTreeMap::new();
    for stored in &workspace.presets {
        let captured: BTreeSet<&str> = stored.captures().collect();
        for name in captured.into_iter().filter(|name| names.contains(*name)) {
            all.entry(name.to_owned()).or_default().push(stored.path.clone());
        }
    }
    all
}

/// The script of what something needs that is sent behind it, without that itself: what `is_fresh` is left out
/// with what it needs in turn. What is `edited` runs as it is now.
///
/// # Errors
/// A need that is not there, or a circle of needs with its path, be they fresh or not.
pub fn script_before(
    workspace: &Workspace,
    after: SentAfter<'_>,
    edited: UnsavedPreset<'_>,
    is_fresh: &dyn Fn(&Preset) -> bool,
) -> Result<RunScript, Failure> {
    let written = |is_fresh| {
        let mut writing = Writing::of(workspace, edited, is_fresh);
        let own =
            |path: &PresetPath| workspace.presets.iter().position(|stored| stored.path == *path);
        writing.open.extend(after.path.and_then(own));
        let folder = after.path.map_or("", PresetPath::folder);
        writing.needs((after.name, folder), after.needs)?;
        writing.script.graph = StepGraph::of(writing.script.steps.len());
        Ok(writing.script)
    };
    // What is wrong is told now, not when the values are too old.
    written(&|_| false)?;
    written(is_fresh)
}

/// Presets that are named as capturing a name.
pub(crate) const MAKERS: usize = 3;

impl RunScript {
    /// Who captures a name besides the preset that uses it, and how that goes before; `None` = nobody does.
    #[must_use]
    pub fn told_makers(&self, name: &str, user: &PresetPath) -> Option<String> {
        let makers = self.captured_by.get(name)?.iter().filter(|maker| *maker != user);
        let makers: Vec<PresetPath> = makers.cloned().collect();
        let first = makers.first()?;
        let (all, captures) =
            (listed(&makers, MAKERS), if makers.len() == 1 { "captures" } else { "capture" });
        Some(format!("{all} {captures} {name}: needs = [\"{first}\"] in {user} sends it before"))
    }
}

/// Presets that need each other in a row.
const DEEPEST: usize = 100;
const WAITS: &str = "it waits for others; a preset that needs it starts it";

impl<'a> Writing<'a> {
    fn of(
        workspace: &'a Workspace,
        edited: UnsavedPreset<'a>,
        is_fresh: &'a dyn Fn(&Preset) -> bool,
    ) -> Self {
        let script = RunScript::default();
        let (written, listeners, open) = (HashMap::new(), HashMap::new(), Vec::new());
        Writing { workspace, script, edited, is_fresh, written, listeners, open }
    }

    /// What runs of a preset.
    fn content(&self, stored: &'a StoredPreset) -> Cow<'a, Result<Preset, Failure>> {
        match (self.edited)(&stored.path) {
            Some(preset) => Cow::Owned(Ok(preset)),
            None => Cow::Borrowed(&stored.content),
        }
    }

    fn fits(&self, at: usize, tags: &[TagTest]) -> bool {
        let preset = self.workspace.presets.get(at).and_then(|it| it.content.as_ref().ok());
        let own = preset.and_then(|preset| preset.spec.run()).map(|run| run.tags.0.as_slice());
        tags.iter().all(|test| test.fits(own.unwrap_or_default()))
    }

    fn leave_out(&mut self, at: usize) {
        let path = self.workspace.presets.get(at).map(|stored| stored.path.clone());
        let why = "its tags are others".to_owned();
        self.script.left_out.extend(path.map(|path| (path, why)));
    }

    /// Writes a preset behind what it needs, unless it stands there; where it stands.
    fn step(&mut self, at: usize, why: &str) -> Result<Option<usize>, Failure> {
        if let Some(known) = self.written.get(&at) {
            return Ok(Some(*known));
        }
        let workspace = self.workspace;
        let Some(stored) = workspace.presets.get(at) else { return Ok(None) };
        if self.open.contains(&at) {
            return Err(self.circle(at));
        }
        if self.open.len() >= DEEPEST {
            let cause = format!("more than {DEEPEST} presets need each other in a row");
            let target = stored.path.as_str();
            return Err(Failure::new(Stage::Compose, target, FailureKind::TooLarge, cause));
        }
        let content = self.content(stored).into_owned();
        let run = content.as_ref().ok().and_then(|preset| preset.spec.run());
        let needs = run.map(|run| run.needs.0.as_slice()).unwrap_or_default();
        self.open.push(at);
        let (makers, listeners) =
            self.needs((stored.path.as_str(), stored.path.folder()), needs)?;
        self.open.pop();
        let path = stored.path.clone();
        let step = RunStep { path, content, why: why.to_owned(), makers, listeners };
        self.script.steps.push(step);
        let place = self.script.steps.len() - 1;
        self.written.insert(at, place);
        Ok(Some(place))
    }

    /// Writes what a preset of this name in this folder needs: the steps that make it, and the listeners.
    fn needs(
        &mut self,
        (of, folder): (&str, &str),
        needs: &[String],
    ) -> Result<(Vec<usize>, Vec<usize>), Failure> {
        let (mut makers, mut listeners) = (Vec::new(), Vec::new());
        let workspace = self.workspace;
        for name in needs {
            let found = self.needed((of, folder), name)?;
            let Some(stored) = workspace.presets.get(found) else { continue };
            match self.content(stored).as_ref() {
                Ok(preset) if preset.spec.run().is_none() => {
                    listeners.push(self.listener(found, &stored.path, preset));
                }
                Ok(preset) if (self.is_fresh)(preset) => {}
                _ => makers.extend(self.step(found, &format!("needed by {of}"))?),
            }
        }
        Ok((makers, listeners))
    }

    fn listener(&mut self, at: usize, path: &PresetPath, preset: &Preset) -> usize {
        let all = &mut self.script.listeners;
        *self.listeners.entry(at).or_insert_with(|| {
            let (about, spec) = (preset.about.clone(), preset.spec.clone());
            all.push(RunListener { path: path.clone(), about, spec });
            all.len() - 1
        })
    }

    /// A need by its path, or by its name beside the preset.
    fn needed(&self, (of, folder): (&str, &str), name: &str) -> Result<usize, Failure> {
        let presets = &self.workspace.presets;
        let place = |path: &str| presets.iter().position(|stored| stored.path.as_str() == path);
        let mark = if folder.is_empty() { "" } else { "/" };
        let beside = format!("{folder}{mark}{name}");
        place(name).or_else(|| place(&beside)).ok_or_else(|| {
            let known: Vec<&str> = presets.iter().map(|stored| stored.path.as_str()).collect();
            let cause = format!("it needs '{name}', and there is no such preset");
            let failure = Failure::new(Stage::Compose, of, FailureKind::Usage, cause);
            let meant = suggest(name, &known);
            if meant.starts_with("did you mean") { failure.hint(meant) } else { failure }
        })
    }

    fn circle(&self, at: usize) -> Failure {
        let name = |at: &usize| self.workspace.presets.get(*at).map(|it| it.path.to_string());
        let from = self.open.iter().position(|open| *open == at).unwrap_or(0);
        let circle: Vec<String> =
            self.open.iter().skip(from).chain([&at]).filter_map(name).collect();
        let cause = format!("presets need each other in a circle: {}", circle.join(" → "));
        let target = circle.first().cloned().unwrap_or_default();
        Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
            .hint("take one of these out of 'needs'")
    }
}

impl RunScript {
    fn wait_for_needs(&mut self) {
        for (at, step) in self.steps.iter().enumerate() {
            for maker in &step.makers {
                self.graph.edge(*maker, at);
            }
        }
    }

    /// Names go from who captures them to who uses them, and not past another who captures them.
    fn wait_for_captures(&mut self) {
        let captured: BTreeSet<String> =
            self.steps.iter().flat_map(|step| step.captures().map(str::to_owned)).collect();
        let mut makers: HashMap<String, usize> = HashMap::new();
        let mut users: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, step) in self.steps.iter().enumerate() {
            let Ok(preset) = &step.content else { continue };
            for name in names_in(&preset.spec).intersection(&captured) {
                if let Some(maker) = makers.get(name) {
                    self.graph.edge(*maker, at);
                }
                users.entry(name.clone()).or_default().push(at);
            }
            for name in step.captures() {
                let before = users.remove(name).unwrap_or_default();
                let before = before.into_iter().chain(makers.insert(name.to_owned(), at));
                for before in before.filter(|before| *before != at) {
                    self.graph.edge(before, at);
                }
            }
        }
    }

    /// Each group waits for all of the one before it.
    fn wait_in_order(&mut self, groups: Vec<Vec<usize>>) {
        let mut before: Option<Vec<usize>> = None;
        for group in groups {
            if let Some(before) = before {
                let last = before.iter().max().copied();
                let barrier = self.graph.add();
                for step in before {
                    self.graph.edge(step, barrier);
                }
                // One that was needed earlier cannot wait.
                for step in group.iter().filter(|step| Some(**step) > last) {
                    self.graph.edge(barrier, *step);
                }
            }
            before = Some(group);
        }
    }
}

impl RunStep {
    /// The names it captures.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.content.iter().flat_map(|preset| preset.spec.captures())
    }

    /// How long what it captured is good for.
    pub(super) fn max_age(&self) -> Option<std::time::Duration> {
        self.content.as_ref().ok()?.spec.run()?.max_age
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name_value::NameValue;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::run_spec::WordList;
    use crate::runner::selection::select;

    /// A client that uses, captures and needs these, or a listener.
    fn stored(path: &str, uses: &str, captures: &str, needs: &[&str]) -> StoredPreset {
        let side = if path.starts_with("mock") { Side::Listener } else { Side::Client };
        let mut spec = Spec::empty(Protocol::Http, side);
        *spec.address_mut() = format!("http://h/{uses}");
        if let Spec::Http(http) = &mut spec {
            http.run.needs = WordList(needs.iter().map(ToString::to_string).collect());
            http.run.tags = WordList(vec![path.chars().next().unwrap().into()]);
            let row = NameValue::new(captures, "json .x");
            http.capture.rows.extend(Some(row).filter(|row| !row.name.is_empty()));
        }
        let path = PresetPath::parse(path).unwrap();
        let preset = Preset { path: path.clone(), about: String::new(), spec, unused: Vec::new() };
        StoredPreset { path, content: Ok(preset), fingerprint: 0 }
    }

    /// What goes before something that needs these, as names of steps and of listeners.
    fn before(
        presets: Vec<StoredPreset>,
        path: Option<&str>,
        needs: &[&str],
        fresh: &[&str],
    ) -> Result<(Vec<String>, Vec<String>), String> {
        let workspace = Workspace { presets, ..Workspace::default() };
        let path = path.map(|path| PresetPath::parse(path).unwrap());
        let needs: Vec<String> = needs.iter().map(ToString::to_string).collect();
        let after = SentAfter { path: path.as_ref(), name: "it", needs: &needs };
        let is_fresh = |preset: &Preset| fresh.contains(&preset.path.as_str());
        let script = script_before(&workspace, after, &|_| None, &is_fresh);
        let script = script.map_err(|failure| failure.to_string())?;
        let steps = script.steps.iter().map(|step| step.path.to_string());
        let listeners = script.listeners.iter().map(|listener| listener.path.to_string());
        Ok((steps.collect(), listeners.collect()))
    }

    #[test]
    fn what_goes_before_is_what_is_not_there_yet_and_a_circle_is_refused_anyway() {
        let chain = || {
            vec![
                stored("key", "", "key", &["mock/b"]),
                stored("login", "key", "token", &["key", "mock/a"]),
                stored("me", "token", "", &["login"]),
                stored("mock/a", "", "", &[]),
                stored("mock/b", "", "", &[]),
            ]
        };
        let words = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let found = |fresh: &[&str]| before(chain(), Some("me"), &["login"], fresh).unwrap();
        assert_eq!(found(&[]), (words(&["key", "login"]), words(&["mock/b", "mock/a"])));
        assert_eq!(found(&["key"]), (words(&["login"]), words(&["mock/a"])));
        assert_eq!(found(&["login"]), (words(&[]), words(&[])), "nor what that needs");
        // Of something that has no file, and beside which nothing stands.
        assert_eq!(before(chain(), None, &["mock/a"], &[]).unwrap().1, words(&["mock/a"]));
        let mut round = chain();
        round[0] = stored("key", "", "key", &["me"]);
        let refused = before(round, Some("me"), &["login"], &["login"]).unwrap_err();
        assert!(refused.contains("me → login → key → me"), "{refused}");
        let refused = before(chain(), Some("me"), &["logn"], &[]).unwrap_err();
        assert!(refused.contains("it needs 'logn'") && refused.contains("'login'"), "{refused}");
    }

    fn written(
        presets: Vec<StoredPreset>,
        names: &[&str],
        tags: &str,
    ) -> Result<RunScript, String> {
        let workspace = Workspace { presets, ..Workspace::default() };
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let selection = select(&workspace, &names).unwrap();
        let tags: Vec<TagTest> = TagTest::parse(tags).into_iter().collect();
        script(&workspace, &selection, &tags, true).map_err(|failure| failure.to_string())
    }

    fn order(script: &RunScript) -> Vec<(String, String)> {
        script.steps.iter().map(|step| (step.path.to_string(), step.why.clone())).collect()
    }

    #[test]
    fn what_is_needed_runs_before_and_says_for_whom() {
        let presets = || {
            vec![
                stored("a/list", "{{token}}", "", &["login", "mock/users"]),
                stored("a/login", "", "token", &["mock/users"]),
                stored("mock/users", "", "", &[]),
            ]
        };
        let script = written(presets(), &["a/list"], "").unwrap();
        let named = |name: &str, why: &str| (name.to_owned(), why.to_owned());
        let both = [named("a/login", "needed by a/list"), named("a/list", "")];
        assert_eq!(order(&script), both);
        assert_eq!(script.listeners.len(), 1);
        assert_eq!(script.steps[1].makers, [0]);
        let script = written(presets(), &["a"], "").unwrap();
        assert_eq!(order(&script).len(), 2, "each runs once");
    }

    #[test]
    fn a_circle_is_refused_with_its_path_and_what_is_missing_with_its_name() {
        let presets = vec![
            stored("a", "", "", &["b"]),
            stored("b", "", "", &["c"]),
            stored("c", "", "", &["b"]),
        ];
        let said = written(presets, &["a"], "").unwrap_err();
        assert!(said.contains("in a circle: b → c → b"), "{said}");
        let said = written(vec![stored("a", "", "", &["a"])], &["a"], "").unwrap_err();
        assert!(said.contains("in a circle: a → a"), "{said}");
        let presets = vec![stored("a", "", "", &["logn"]), stored("login", "", "", &[])];
        let said = written(presets, &["a"], "").unwrap_err();
        assert!(said.contains("a: it needs 'logn'") && said.contains("'login'?"), "{said}");
    }

    #[test]
    fn beside_each_other_a_step_waits_for_whose_values_it_uses() {
        let presets = vec![
            stored("a", "", "x", &[]),
            stored("b", "{{x}}", "", &[]),
            stored("c", "", "x", &[]),
            stored("d", "{{x}}", "", &[]),
            stored("e", "", "", &[]),
        ];
        let script = written(presets, &["."], "").unwrap();
        assert_eq!(script.graph.waits, [0, 1, 2, 1, 0]);
        assert_eq!(script.graph.followers[0], [1, 2]);
    }

    #[test]
    fn tags_choose_and_do_not_keep_what_is_needed_away() {
        let presets = vec![stored("a", "", "", &["b"]), stored("b", "", "", &[])];
        let script = written(presets.clone(), &["."], "a").unwrap();
        assert_eq!(order(&script).len(), 2);
        let script = written(presets, &["."], "not a").unwrap();
        assert_eq!(order(&script), [("b".to_owned(), String::new())]);
        assert_eq!(script.left_out[0].0.as_str(), "a");
    }
}
