//! `wirebench run --dry-run`: what would run, where each leads, and what is missing, as text or as JSON Lines.
//! Nothing is sent, nobody is asked and no program runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::prepare::Prepared;
use crate::cli::exit;
use crate::cli::output::Output;
use crate::compose::address_parts::{NameLack, lack, names_used, resolved_as_far};
use crate::compose::listening_names::listening_variables;
use crate::compose::spec_names::{names_in, veiled_labels};
use crate::interop::preset_export::{ExportedPreset, foreseen};
use crate::interop::run_report::foreseen_line;
use crate::model::end_address::EndAddress;
use crate::model::endpoint::Bind;
use crate::model::preset::{Preset, PresetPath, Scope};
use crate::model::spec::Spec;
use crate::model::timing::Stamp;
use crate::runner::{self, RunListener, RunScript, RunStep};

/// How it is told.
pub(super) struct DryTelling<'a> {
    /// The place it goes to, where there are several.
    pub(super) place: &'a str,
    pub(super) is_json: bool,
    pub(super) now: Stamp,
    pub(super) output: &'a mut Output,
}

/// What is known when it is a preset's turn.
#[derive(Default)]
struct Known {
    /// Names whose values come only then.
    later: BTreeSet<String>,
    /// Values that are known before: where listeners of fixed ports will be.
    values: BTreeMap<String, String>,
}

/// A name without a value, and why.
struct Missing {
    name: String,
    why: String,
}

/// Tells what would run, and what is missing; the exit status.
pub(super) fn dry(prepared: &Prepared, telling: &mut DryTelling<'_>) -> u8 {
    let Prepared { script, scopes, rounds, .. } = prepared;
    let mut known = Known::default();
    for (at, listener) in script.listeners.iter().enumerate() {
        let scope = scopes.get(script.steps.len() + at);
        known.listens(listener, scope.map_or(&Scope::default(), |scope| scope), telling);
    }
    let mut is_whole = true;
    for (at, step) in script.steps.iter().enumerate() {
        is_whole &= match &step.content {
            Ok(preset) => known.sends((at, step), preset, prepared, telling),
            Err(failure) => {
                let error = failure.to_string();
                telling.text(&format!("{:>3}. {}{}", at + 1, step.path, why(step)));
                telling.text(&format!("     {error}"));
                telling.json(
                    "would_send",
                    json!({ "number": at + 1, "preset": step.path.as_str(), "error": error }),
                );
                false
            }
        };
        known.later.extend(step.captures().map(str::to_owned));
    }
    for (path, why) in &script.left_out {
        telling.text(&format!("  -  {path}: left out, {why}"));
        telling.json("left_out", json!({ "preset": path.as_str(), "why": why }));
    }
    let (steps, rounds) = (script.steps.len(), rounds.len());
    let times = if rounds > 1 { format!(", {rounds} rounds of it") } else { String::new() };
    telling.text(&format!("{steps} would run{times}; nothing was sent"));
    telling.json("dry_run", json!({ "presets": steps, "rounds": rounds, "complete": is_whole }));
    if is_whole { exit::OK } else { exit::USAGE }
}

/// Why a step runs that nobody named, behind something else.
fn why(step: &RunStep) -> String {
    if step.why.is_empty() { String::new() } else { format!(", {}", step.why) }
}

impl DryTelling<'_> {
    fn text(&mut self, line: &str) {
        if !self.is_json {
            self.output.line(line);
        }
    }

    fn json(&mut self, kind: &str, mut facts: Value) {
        if self.is_json {
            if !self.place.is_empty() {
                facts["place"] = self.place.into();
            }
            self.output.json(&foreseen_line(kind, self.now, facts));
        }
    }
}

impl Known {
    /// Tells of a listener that would be started.
    fn listens(&mut self, listener: &RunListener, scope: &Scope, telling: &mut DryTelling<'_>) {
        let (path, spec) = (listener.path.as_str(), &listener.spec);
        let bind = resolved_as_far(spec.address(), scope);
        let fixed = fixed(&bind);
        let values = listening_variables(path, fixed.as_slice());
        let name = path.replace('/', ".");
        let names = [format!("{name}.address"), format!("{name}.port")];
        let is_known = !values.is_empty();
        let place = match &fixed {
            Some(address) => address.to_string(),
            None => format!("{{{{{}}}}} is known when it listens", names[0]),
        };
        telling.text(&format!("starts {path} ({}, {place})", spec.badge()));
        let expected = spec.expected().into_iter().flatten().filter(|row| row.is_used());
        let expected: Vec<[&str; 2]> =
            expected.map(|row| [row.name.as_str(), row.value.as_str()]).collect();
        for [name, value] in &expected {
            telling.text(&format!("     expects {name} = {value}"));
        }
        let mut facts = json!({
            "preset": path, "protocol": spec.protocol().to_string(), "bind": bind,
            "address": fixed.map(|address| address.to_string()), "expects": expected,
        });
        if is_known {
            self.values.extend(values);
        } else {
            facts["at_run_time"] = json!(names);
            self.later.extend(names);
        }
        telling.json("would_start", facts);
    }

    /// Tells of a preset that would be sent; whether nothing is missing.
    fn sends(
        &self,
        (at, step): (usize, &RunStep),
        preset: &Preset,
        prepared: &Prepared,
        telling: &mut DryTelling<'_>,
    ) -> bool {
        let spec = &preset.spec;
        let (mut known, varying) = self.scope(prepared.scopes.get(at), prepared);
        known.veiled.extend(veiled_labels(spec));
        let later: BTreeSet<&String> = self.later.iter().chain(&varying).collect();
        // What only comes then stands for itself.
        let mut scope = known.clone();
        scope
            .captured
            .extend(later.iter().map(|name| ((*name).clone(), format!("{{{{{name}}}}}"))));
        let with_secrets = prepared.settings.tells_secrets;
        let target = runner::foreseen_target(spec, &scope, with_secrets);
        let missing = missing((spec, &step.path), &scope, &prepared.script);
        telling.text(&format!("{:>3}. {} ({target}{})", at + 1, step.path, why(step)));
        for Missing { name, why } in &missing {
            telling.text(&format!("     {{{{{name}}}}} {why}"));
        }
        if telling.is_json {
            let used = used(spec, &known);
            let later: Vec<&String> = later.into_iter().filter(|it| used.contains(*it)).collect();
            let all = later.clone();
            let unresolved = missing.iter().map(|it| json!({ "name": it.name, "why": it.why }));
            let mut facts = json!({
                "number": at + 1, "preset": step.path.as_str(), "about": preset.about,
                "why": step.why, "protocol": spec.protocol().to_string(), "target": target,
                "at_run_time": later, "unresolved": unresolved.collect::<Vec<_>>(),
            });
            let exported = ExportedPreset {
                path: step.path.clone(),
                folder: Vec::new(),
                about: String::new(),
                spec: spec.clone(),
                scope: known,
            };
            match foreseen(exported, all, with_secrets) {
                Ok(Value::Object(sent)) => sent.into_iter().for_each(|(key, value)| {
                    facts[key] = value;
                }),
                Ok(_) => {}
                Err(why) => facts["error"] = why.into(),
            }
            telling.json("would_send", facts);
        }
        missing.is_empty()
    }

    /// What templates can refer to when it is a preset's turn, and the names that have another value in each round.
    fn scope(&self, scope: Option<&Arc<Scope>>, prepared: &Prepared) -> (Scope, Vec<String>) {
        let mut scope = scope.map(|scope| Scope::clone(scope)).unwrap_or_default();
        scope.captured.extend(self.values.clone());
        let mut varying = Vec::new();
        if let Some((first, others)) = prepared.rounds.split_first() {
            for (name, value) in &first.variables {
                if others.iter().all(|round| round.variables.get(name) == Some(value)) {
                    scope.captured.insert(name.clone(), value.clone());
                } else if others.iter().all(|round| round.variables.contains_key(name)) {
                    varying.push(name.clone());
                }
            }
        }
        // What is asked for is answered by them, too.
        let given = prepared.settings.variables.iter();
        scope.typed.extend(given.map(|(name, value)| (name.clone(), value.clone())));
        (scope, varying)
    }
}

/// Where a listener will be, if the system does not choose.
fn fixed(bind: &str) -> Option<EndAddress> {
    match bind.parse::<Bind>().ok()? {
        Bind::Unix { name, .. } => Some(EndAddress::Unix(name)),
        bind => {
            let first = bind.sockets().into_iter().next()?;
            (first.port() != 0).then_some(EndAddress::Inet(first))
        }
    }
}

/// The names a preset uses that will have no value, with why.
fn missing((spec, path): (&Spec, &PresetPath), scope: &Scope, script: &RunScript) -> Vec<Missing> {
    let missing = |name: String| {
        let why = match (lack(&name, scope)?, script.told_makers(&name, path)) {
            (NameLack::Unknown, None) => "has no value".to_owned(),
            (NameLack::Unknown, Some(makers)) => format!("has no value; {makers}"),
            (NameLack::Because(why), _) => format!("has no value: {why}"),
        };
        Some(Missing { name, why })
    };
    names_in(spec).into_iter().filter_map(missing).collect()
}

/// The names a preset uses, with those that the values of its variables use.
fn used(spec: &Spec, scope: &Scope) -> BTreeSet<String> {
    let mut found = names_in(spec);
    let mut waiting: Vec<String> = found.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let is_value = scope.captured.contains_key(&name) || scope.typed.contains_key(&name);
        let value = scope.variables.get(&name).filter(|_| !is_value);
        for name in value.map(|value| names_used(value)).unwrap_or_default() {
            if found.insert(name.clone()) {
                waiting.push(name);
            }
        }
    }
    found
}
