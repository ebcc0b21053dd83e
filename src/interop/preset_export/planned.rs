//! A preset as a plan in which names stand as marks: for a kind with variables of its own all names, for
//! others those without a value and those nobody shall read.
//!
//! Nothing is asked for and no program runs: what such a name would give is a mark, too. A mark is no host, so
//! a request whose host has one is planned for a stand-in, which the mark replaces in the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::order::ExportedPreset;
use crate::compose::template::WantedValue;
use crate::compose::{UnknownNames, filled, plan_with, spec_names};
use crate::interop::secrets::{self, NamedValues, has_variable};
use crate::interop::typed_credentials::each_typed;
use crate::model::http::HttpBody;
use crate::model::name_value::NameValue;
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::secrets::{MASK, is_secret_value};
use crate::model::spec::Spec;
use crate::model::url_text::UrlText;

/// What becomes of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameUse {
    /// They stay names.
    Kept,
    /// Their values stand in their place, where there are any that may; others are variables of a shell.
    Filled,
    /// The same, and others stand there as they are written.
    Shown,
}

/// A plan, and what is to be known of it.
#[derive(Debug)]
pub(super) struct PlannedExport {
    pub(super) plan: Plan,
    /// Names that have no value, as they stand between braces.
    pub(super) missing: Vec<String>,
    /// The address of a conversation, where it has a mark; that of the plan is a stand-in then.
    pub(super) address: Option<String>,
    /// What its texts were expanded with.
    pub(super) scope: Scope,
}

/// Names of an answer that stand for what came.
const OF_WHAT_CAME: [&str; 2] = ["message", "match"];

/// Stands for a host; a name that nothing has (RFC 6761, section 6.4).
const STAND_IN: &str = "stand-in.invalid";

/// Plans it; the error says why it cannot be.
pub(super) fn planned(
    preset: &ExportedPreset,
    names: NameUse,
    with_secrets: bool,
) -> Result<PlannedExport, String> {
    let (mut scope, missing) = marked(preset, names, with_secrets);
    let mut spec = preset.spec.clone();
    // A mark is none of what there is to choose from.
    spec_names::open_choices(&mut spec);
    for value in scope.variables.values_mut() {
        if let Some(open) = spec_names::with_open_choices(value) {
            *value = open;
        }
    }
    if !with_secrets {
        // Heads are masked when all is planned; bodies are bytes then, and a query may be a list of pairs.
        each_typed(&mut spec, &mut |one| {
            (one.is_named_value() || one.is_key()).then(|| MASK.to_owned())
        });
    }
    let has_mark = |name: &str| {
        let value = filled(&format!("{{{{{name}}}}}"), &scope);
        value.is_some_and(|value| has_variable(value.as_bytes()))
    };
    if spec_names::names_in(&spec).iter().any(|name| has_mark(name)) {
        json_as_text(&mut spec);
    }
    let address = stand_in(&mut spec, &scope, &preset.scope);
    mark_json(&mut spec, &mut scope);
    let mut plan = plan_with(&spec, &scope, UnknownNames::Literal);
    // What has to be asked for is known only once it is planned.
    for _ in 0..8 {
        let Err(issues) = &plan else { break };
        let mut is_new = false;
        for wanted in issues.iter().filter_map(|issue| issue.wants.as_deref()) {
            if let WantedValue::Asked(asked) = wanted {
                let mark = secrets::mark(&label(&asked.label, names));
                is_new |= scope.typed.insert(asked.label.clone(), mark).is_none();
            }
        }
        if !is_new {
            break;
        }
        plan = plan_with(&spec, &scope, UnknownNames::Literal);
    }
    let mut plan = plan
        .map_err(|issues| issues.first().map(ToString::to_string).unwrap_or_default())
        .map(|plan| if with_secrets { plan } else { secrets::masked(&plan) })?;
    let request = plan.as_http_mut();
    if let (Some(address), Some(plan)) = (&address, request) {
        put_host(address, &mut plan.url, &mut plan.headers);
    }
    Ok(PlannedExport { plan, missing, address, scope })
}

/// JSON with names as a text of its type: a mark is no JSON value, as the value of the name may be.
fn json_as_text(spec: &mut Spec) {
    let Some(http) = spec.as_http_mut() else { return };
    let HttpBody::Json(text) = &mut http.body else { return };
    http.body = HttpBody::Text(std::mem::take(text));
    let is_said = |row: &NameValue| {
        row.name.eq_ignore_ascii_case("content-type") && (row.enabled || row.value.is_empty())
    };
    if !http.headers.iter().any(is_said) {
        http.headers.push(NameValue::new("Content-Type", "application/json"));
    }
}

/// Gives names whose values are written as JSON marks that say so, under names of their own.
fn mark_json(spec: &mut Spec, scope: &mut Scope) {
    let known = scope.clone();
    let mut marks = BTreeMap::new();
    let mut other = |name: &str| {
        let value = filled(&format!("{{{{{name}}}}}"), &known)?;
        let other = format!("as-json.{name}");
        has_variable(value.as_bytes()).then(|| {
            marks.insert(other.clone(), secrets::for_json(&value));
            other
        })
    };
    spec_names::rename_json(spec, &mut other);
    for value in scope.variables.values_mut() {
        spec_names::rename_json_in(value, false, &mut other);
    }
    scope.variables.extend(marks);
}

/// How a name is marked.
fn label(name: &str, names: NameUse) -> String {
    match names {
        NameUse::Kept | NameUse::Shown => name.to_owned(),
        NameUse::Filled => {
            let plain = name.strip_prefix("env.").or_else(|| name.strip_prefix("secret."));
            secrets::variable(plain.unwrap_or(name))
        }
    }
}

/// The scope with marks, and the names without a value.
fn marked(preset: &ExportedPreset, names: NameUse, with_secrets: bool) -> (Scope, Vec<String>) {
    let own = &preset.scope;
    let mut scope = match names {
        NameUse::Filled | NameUse::Shown if !with_secrets => {
            secrets::named_scope(own, NamedValues::Secrets)
        }
        NameUse::Filled | NameUse::Shown | NameUse::Kept => own.clone(),
    };
    let mut used: BTreeSet<String> = spec_names::names_in(&preset.spec);
    if preset.spec.side().listens() {
        // What came, which an answer may hold.
        used.retain(|name| !OF_WHAT_CAME.contains(&name.as_str()));
    }
    let mut missing = Vec::new();
    for name in used {
        let value = filled(&format!("{{{{{name}}}}}"), own);
        if value.is_none() {
            missing.push(name.clone());
        }
        let is_named = names != NameUse::Kept && !with_secrets;
        let is_hidden = is_named && value.as_ref().is_some_and(|value| is_secret(&name, value));
        if names != NameUse::Kept && value.is_some() && !is_hidden {
            continue;
        }
        let mark = secrets::mark(&label(&name, names));
        scope.commands.remove(&name);
        scope.typed.remove(&name);
        scope.captured.remove(&name);
        if let Some(secret) = name.strip_prefix("secret.") {
            scope.secrets.insert(secret.to_owned(), mark);
        } else if let Some(os) = name.strip_prefix("env.") {
            scope.os.insert(os.to_owned(), mark);
        } else {
            scope.variables.insert(name, mark);
        }
    }
    if names != NameUse::Kept && !with_secrets {
        // Values that others are made of.
        for (name, value) in &mut scope.os {
            hide(&format!("env.{name}"), value, names);
        }
        for (name, value) in &mut scope.variables {
            hide(name, value, names);
        }
    }
    (scope, missing)
}

/// Puts the mark of a name in the place of a value that nobody shall read.
fn hide(name: &str, value: &mut String, names: NameUse) {
    let plain = name.strip_prefix("env.").unwrap_or(name);
    if is_secret_value(plain, value) && !has_variable(value.as_bytes()) {
        *value = secrets::mark(&label(name, names));
    }
}

/// Whether the value of a name is one that nobody shall read.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    name.starts_with("secret.") || is_secret_value(name, value)
}

/// Puts a stand-in where the address has a mark, and gives what stood there; `own` has the values.
fn stand_in(spec: &mut Spec, scope: &Scope, own: &Scope) -> Option<String> {
    if spec.side().listens() {
        return None;
    }
    let is_request = spec.capabilities().exchanges;
    let text = spec.address().to_owned();
    let parts = UrlText::of(&text);
    let written = if is_request { parts.host_port } else { &text };
    let expanded = filled(written, scope).filter(|it| has_variable(it.as_bytes()))?;
    let (before, behind) = if is_request { text.split_at(parts.host_at) } else { ("", &*text) };
    let behind = behind.strip_prefix(written).unwrap_or(behind);
    let port = if is_request { "" } else { ":9" };
    *spec.address_mut() = format!("{before}{STAND_IN}{port}{behind}");
    // A name alone before the path may be a whole origin, and is one where that is not known.
    let is_bare = is_request && parts.scheme.is_empty() && written.starts_with("{{");
    let is_origin = is_bare && filled(written, own).is_none_or(|value| value.contains("://"));
    Some(if is_origin { format!("://{expanded}") } else { expanded })
}

/// Puts what stood there in the place of the stand-in.
fn put_host(address: &str, url: &mut String, headers: &mut [(String, String)]) {
    let (bare, from) = match address.strip_prefix("://") {
        Some(bare) => (bare, format!("http://{STAND_IN}")),
        None => (address, STAND_IN.to_owned()),
    };
    *url = url.replacen(&from, bare, 1);
    let host = headers
        .iter_mut()
        .find(|(name, value)| name.eq_ignore_ascii_case("host") && value == STAND_IN);
    if let Some((_, value)) = host {
        UrlText::of(bare).host_port.clone_into(value);
    }
}
