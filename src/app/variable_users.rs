//! Who uses a variable: presets, drafts that are not saved, and other variables.
//!
//! Asked when one goes, moves or gets another name: what names it does not follow by itself.

use super::drafts::Draft;
use super::format;
use super::shared::Shared;
use crate::compose::address_parts::names_used;
use crate::compose::spec_names::names_in;
use crate::model::preset::StoredPreset;
use crate::store::job::VariableKind;

/// Users that are named; the others are counted.
const NAMED: usize = 3;

/// The presets that use a name, as their drafts say now where they are open, and drafts of none.
fn presets(shared: &Shared, name: &str) -> Vec<String> {
    let stored = shared.workspace.presets.iter().filter(|stored| {
        let draft = shared.drafts.of_preset(&stored.path);
        match (draft, &stored.content) {
            (Some(draft), _) => names_in(&draft.spec).contains(name),
            (None, Ok(preset)) => names_in(&preset.spec).contains(name),
            (None, Err(_)) => false,
        }
    });
    let title = |stored: &StoredPreset| stored.path.to_string();
    let unsaved = shared.drafts.iter().filter(|draft| draft.preset.is_none());
    let unsaved = unsaved.filter(|draft| names_in(&draft.spec).contains(name));
    stored.map(title).chain(unsaved.map(Draft::title)).collect()
}

/// Variables of the environment whose values use a name.
fn variables(shared: &Shared, environment: &str, name: &str) -> Vec<String> {
    let Some(found) = shared.environment_named(environment) else { return Vec::new() };
    let uses = |value: &str| names_used(value).iter().any(|used| used == name);
    let using = found.variables.iter().filter(|(_, value)| uses(value));
    using.map(|(name, _)| name.clone()).collect()
}

/// A few of them, and how many more there are.
fn listed(names: &[String]) -> String {
    let (first, rest) = names.split_at(names.len().min(NAMED));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Who uses what is called so between braces, in words; empty = nobody.
pub(crate) fn told(shared: &Shared, environment: &str, name: &str) -> String {
    let (presets, variables) = (presets(shared, name), variables(shared, environment, name));
    let mut parts = Vec::new();
    if !presets.is_empty() {
        let use_it = if presets.len() == 1 { "uses" } else { "use" };
        let count = format::counted(presets.len() as u64, "preset");
        parts.push(format!("{count} {use_it} {{{{{name}}}}} ({})", listed(&presets)));
    }
    if !variables.is_empty() {
        let use_it = if variables.len() == 1 { "uses" } else { "use" };
        let file = VariableKind::Plain.file(environment);
        parts.push(format!("{} in {file} {use_it} it", listed(&variables)));
    }
    parts.join(", and ")
}
