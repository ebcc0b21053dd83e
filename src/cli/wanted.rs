//! Values that are got when they are needed: programs that environments name are run, the keyring is asked, and what
//! is asked for is asked on the terminal. Called before something is planned.
//!
//! Nothing is run or asked while something else is wrong, and of a project only programs that its user said may run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::asked_line::ask_line;
use crate::compose::asked_value::AskedValue;
use crate::compose::plan;
use crate::compose::spec_names::veiled_labels;
use crate::compose::template::WantedValue;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::{Scope, ValueCommand};
use crate::model::secrets::MASK;
use crate::model::spec::Spec;
use crate::model::value_source::ValueSource;
use crate::store::command_trust;
use crate::store::paths::Paths;
use crate::value_command::{self, CommandTerminal};

/// Rounds of getting values: each may show that another one is needed.
const ROUNDS: usize = 32;

/// `--var NAME=VALUE`
pub(super) fn typed(words: &[String], scope: &mut Scope) -> Result<(), Failure> {
    scope.typed.extend(variables(words)?);
    Ok(())
}

/// The names and values of `--var`; what may be a value is in no error.
pub(super) fn variables(words: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let parted = |word: &String| {
        let parted = word.split_once('=').filter(|(name, _)| !name.trim().is_empty());
        let pair = parted.map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
        pair.ok_or_else(|| {
            let target = format!("--var {}", word.split(['=', ':']).next().unwrap_or_default());
            let cause = "write NAME=VALUE, such as id=42";
            Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
        })
    };
    words.iter().map(parted).collect()
}

/// Whose programs are run, and with whose consent.
#[derive(Debug, Clone)]
pub(super) struct ProgramPlace {
    root: PathBuf,
    state: PathBuf,
    /// The user says that the project is trusted.
    is_trusted: bool,
}

impl ProgramPlace {
    /// Of this workspace, as it is shown.
    pub(super) fn new(workspace: Option<&str>, paths: &Paths) -> Self {
        let root = workspace.map_or_else(|| paths.workspace.clone(), PathBuf::from);
        ProgramPlace { root, state: paths.state.clone(), is_trusted: paths.is_trusted }
    }
}

/// A program by the name of what it gives.
type NamedProgram = (String, ValueCommand);

/// What a spec wants; `None` = nothing, or something else is wrong with it, which is told when it is planned.
fn wants(spec: &Spec, scope: &Scope) -> Option<(Vec<NamedProgram>, Vec<AskedValue>)> {
    let issues = plan(spec, scope).err()?;
    let wanted = issues.into_iter().map(|issue| issue.wants).collect::<Option<Vec<_>>>()?;
    let (mut given, mut asked) = (Vec::new(), Vec::new());
    for wanted in wanted {
        match *wanted {
            WantedValue::Given(name, command) => given.push((name, command)),
            WantedValue::Asked(one) if !asked.contains(&one) => asked.push(one),
            WantedValue::Asked(_) => {}
        }
    }
    given.dedup();
    Some((given, asked))
}

/// Gets what a spec wants.
pub(super) async fn supply(
    spec: &Spec,
    scope: &mut Scope,
    place: &ProgramPlace,
) -> Result<(), Failure> {
    // What the command line answers is hidden as what is typed unseen.
    scope.veiled.extend(veiled_labels(spec));
    for _ in 0..ROUNDS {
        let Some((given, asked)) = wants(spec, scope) else { return Ok(()) };
        if !given.is_empty() {
            let (of_programs, place) = (given.clone(), place.clone());
            let run = tokio::task::spawn_blocking(move || run(&of_programs, &place));
            let run = run.await.unwrap_or_else(|error| Err(failed("", &error.to_string())));
            scope.outputs.extend(run?);
            continue;
        }
        for one in asked {
            let value = ask(&one).await?;
            scope.typed.insert(one.label, value);
        }
    }
    Ok(())
}

/// The same where nothing is asked for on the terminal.
pub(super) fn supply_unasked(
    spec: &Spec,
    scope: &mut Scope,
    place: &ProgramPlace,
) -> Result<(), Failure> {
    scope.veiled.extend(veiled_labels(spec));
    for _ in 0..ROUNDS {
        match wants(spec, scope) {
            None => return Ok(()),
            Some((given, asked)) if given.is_empty() => {
                return asked.first().map_or(Ok(()), |one| Err(unasked(one)));
            }
            Some((given, _)) => scope.outputs.extend(run(&given, place)?),
        }
    }
    Ok(())
}

fn failed(target: &str, cause: &str) -> Failure {
    Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
}

fn unasked(one: &AskedValue) -> Failure {
    failed(&one.label, "it has to be asked for, and there is nobody to ask")
        .hint(format!("--var {:?} gives it", format!("{}=VALUE", one.label)))
}

/// What programs and the keyring give.
fn run(
    given: &[NamedProgram],
    place: &ProgramPlace,
) -> Result<Vec<(ValueSource, String)>, Failure> {
    let sources: BTreeSet<ValueSource> = given.iter().map(|(_, it)| it.source.clone()).collect();
    let sources: Vec<ValueSource> = sources.into_iter().collect();
    let unanswered = command_trust::unanswered(&place.state, &place.root, &sources)?;
    if place.is_trusted && !unanswered.is_empty() {
        command_trust::remember(&place.state, &place.root, &unanswered)?;
    } else if let Some(source) = unanswered.first() {
        let name = given.iter().find(|(_, it)| it.source == *source).map(|(name, _)| name.as_str());
        let wants = match source {
            ValueSource::Program(_) => "wants to run a program for its value",
            ValueSource::Keyring(_) => "wants a value of the system keyring",
        };
        let cause = format!("this project {wants}: {}", source.in_words());
        let hint =
            "--trust-project lets it, from now on; --var NAME=VALUE gives a value without it";
        return Err(failed(name.unwrap_or_default(), &cause).hint(hint));
    }
    let folder = command_trust::folder(&place.root);
    sources.into_iter().map(|source| one(source, &folder, given)).collect()
}

fn one(
    source: ValueSource,
    folder: &Path,
    given: &[NamedProgram],
) -> Result<(ValueSource, String), Failure> {
    match value_command::value(&source, folder, CommandTerminal::Shared) {
        Ok(value) => Ok((source, value)),
        Err(why) => {
            let named = given.iter().find(|(_, it)| it.source == source);
            let (name, file) = named.map_or(("", ""), |(name, it)| (name.as_str(), &*it.file));
            let words = source.in_words();
            Err(match source {
                ValueSource::Program(_) => failed(&format!("{name} ({words})"), &why)
                    .hint("run it by hand to see what it says"),
                ValueSource::Keyring(_) => failed(&format!("{name} in {file} ({words})"), &why)
                    .hint(format!("--var {name}=VALUE gives a value without it")),
            })
        }
    }
}

/// Asks on the terminal; of what there is to choose from, by number or by name.
async fn ask(one: &AskedValue) -> Result<String, Failure> {
    let choices = one.choices.iter().enumerate();
    let choices = choices.map(|(at, choice)| format!("  {} {choice}\n", at + 1));
    let question = format!("{}{}: ", choices.collect::<String>(), one.label);
    let Some(asked) = ask_line(&question, !one.is_secret).await else { return Err(unasked(one)) };
    let typed = asked.map_err(|why| failed(&one.label, &why))?;
    let numbered = typed.trim().parse::<usize>().ok().and_then(|at| at.checked_sub(1));
    let chosen = numbered.and_then(|at| one.choices.get(at));
    let is_named = one.choices.contains(&typed);
    let value = if is_named { typed } else { chosen.cloned().unwrap_or(typed) };
    match one.wrong(&value) {
        None => Ok(value),
        Some(why) => Err(failed(if one.is_secret { MASK } else { &value }, &why)),
    }
}
