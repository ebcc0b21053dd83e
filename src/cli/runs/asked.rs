//! Values that the presets of a run want to be got before it begins, each once: programs that environments name are
//! run, and what is asked for is asked on the terminal.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::cli::wanted::{self, ProgramPlace};
use crate::compose::spec_names::asks_for_values;
use crate::model::failure::Failure;
use crate::model::preset::Scope;
use crate::model::spec::Spec;
use crate::runner::{RunRound, RunScript};

/// Stands for what the run itself will capture, so that a name without a value yet keeps nothing from being asked.
const CAPTURED: &str = "1";

/// Gets them, and puts them into the scopes of the steps and, behind these, of the listeners. `variables` are those
/// of the command line, which answer what is called so.
pub(super) async fn supply(
    script: &RunScript,
    scopes: &mut [Arc<Scope>],
    round: Option<&RunRound>,
    variables: &BTreeMap<String, String>,
    place: &ProgramPlace,
) -> Result<(), Failure> {
    let mut got = Scope::default();
    got.typed.extend(pairs(variables));
    let mut is_asked = false;
    for (spec, scope) in specs(script).zip(scopes.iter()) {
        let Some(spec) = spec else { continue };
        if scope.commands.is_empty() && !asks_for_values(spec) {
            continue;
        }
        is_asked = true;
        let mut own = with(scope, &got);
        own.captured.extend(made(script));
        own.captured.extend(round.into_iter().flat_map(|round| pairs(&round.variables)));
        wanted::supply(spec, &mut own, place).await?;
        (got.typed, got.veiled, got.outputs) = (own.typed, own.veiled, own.outputs);
    }
    // Scopes of a folder stay one.
    let mut of_folders: HashMap<*const Scope, Arc<Scope>> = HashMap::new();
    for scope in scopes.iter_mut().filter(|_| is_asked) {
        let filled = of_folders.entry(Arc::as_ptr(scope));
        *scope = Arc::clone(filled.or_insert_with(|| Arc::new(with(scope, &got))));
    }
    Ok(())
}

fn pairs(of: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    of.iter().map(|(name, value)| (name.clone(), value.clone()))
}

fn specs(script: &RunScript) -> impl Iterator<Item = Option<&Spec>> {
    let steps = script.steps.iter().map(|step| step.content.as_ref().ok().map(|it| &it.spec));
    steps.chain(script.listeners.iter().map(|listener| Some(&listener.spec)))
}

/// A scope with what was got.
fn with(scope: &Scope, got: &Scope) -> Scope {
    let mut scope = scope.clone();
    scope.typed.extend(got.typed.clone());
    scope.veiled.extend(got.veiled.clone());
    scope.outputs.extend(got.outputs.clone());
    scope
}

/// The names that have values once it runs.
fn made(script: &RunScript) -> BTreeMap<String, String> {
    let captured = script.steps.iter().flat_map(|step| step.captures().map(str::to_owned));
    let listeners = script.listeners.iter().flat_map(|listener| {
        let name = listener.path.as_str().replace('/', ".");
        [format!("{name}.address"), format!("{name}.port")]
    });
    captured.chain(listeners).map(|name| (name, CAPTURED.to_owned())).collect()
}
