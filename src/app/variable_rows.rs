//! What an environment makes of names, as rows: every value with the file it comes from, and what
//! differs between two environments.
//!
//! Made for the window of environments; of `&Shared`, whenever they are drawn or moved in.

use std::collections::BTreeSet;

use super::shared::Shared;
use crate::compose::address_parts::{names_used, resolved};
use crate::model::preset::Environment;
use crate::model::secrets::MASK;
use crate::store::job::{Variable, VariableKind};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableOrigin {
    /// One of the files of the environment.
    Environment(VariableKind),
    /// The `_defaults.toml` of this folder; empty for the root.
    Folder(String),
    /// The operating system, as `env.NAME`.
    System,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableRow {
    /// As templates name it.
    pub reference: String,
    /// As its file names it.
    pub name: String,
    pub value: String,
    pub origin: VariableOrigin,
    /// Something nearer gives the name another value.
    pub is_hidden: bool,
}

impl VariableRow {
    /// Whether nobody shall read the value by chance.
    pub fn is_secret(&self) -> bool {
        self.origin == VariableOrigin::Environment(VariableKind::Secret)
    }

    /// The file it comes from, or who says it.
    pub fn source(&self, environment: &str) -> String {
        match &self.origin {
            VariableOrigin::Environment(kind) => kind.file(environment),
            VariableOrigin::Folder(folder) if folder.is_empty() => "_defaults.toml".to_owned(),
            VariableOrigin::Folder(folder) => format!("{folder}/_defaults.toml"),
            VariableOrigin::System => "operating system".to_owned(),
        }
    }

    /// The variable of the environment, if it is one of its own.
    pub(crate) fn variable(&self) -> Option<Variable> {
        let VariableOrigin::Environment(kind) = self.origin else { return None };
        Some(Variable { kind, name: self.name.clone(), value: self.value.clone() })
    }

    /// The value as it is shown: in one line, a secret masked.
    pub fn shown(&self, shows_secret: bool) -> String {
        shown(&self.value, self.is_secret() && !shows_secret)
    }
}

/// A value in one line.
fn shown(value: &str, is_masked: bool) -> String {
    if is_masked { MASK.to_owned() } else { value.replace('\n', "⏎") }
}

/// All that has a value with this environment in force, for the preset on screen: its own variables
/// and secrets, what folders define, and of the system's what is used by these.
pub fn rows(shared: &Shared, environment: Option<&str>) -> Vec<VariableRow> {
    let found = environment.and_then(|name| shared.environment_named(name));
    let mut rows = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (kind, variables) in found
        .iter()
        .flat_map(|it| [(VariableKind::Plain, &it.variables), (VariableKind::Secret, &it.secrets)])
    {
        for (name, value) in variables {
            let reference = match kind {
                VariableKind::Plain => name.clone(),
                VariableKind::Secret => format!("secret.{name}"),
            };
            if kind == VariableKind::Plain {
                known.insert(name);
            }
            let origin = VariableOrigin::Environment(kind);
            let (name, value) = (name.clone(), value.clone());
            rows.push(VariableRow { reference, name, value, origin, is_hidden: false });
        }
    }
    for defaults in shared.workspace.applying(shared.folder()).rev() {
        for (name, value) in &defaults.variables {
            rows.push(VariableRow {
                reference: name.clone(),
                name: name.clone(),
                value: value.clone(),
                origin: VariableOrigin::Folder(defaults.folder.clone()),
                is_hidden: !known.insert(name),
            });
        }
    }
    let system = of_the_system(shared, &rows);
    rows.extend(system);
    rows
}

/// The variables of the operating system that values use, and the address on screen.
fn of_the_system(shared: &Shared, rows: &[VariableRow]) -> Vec<VariableRow> {
    let address = shared.drafts.current().spec.address();
    let values = rows.iter().filter(|row| !row.is_secret()).map(|row| &*row.value);
    let texts = values.chain([address]).filter(|text| text.contains("env."));
    let used: BTreeSet<String> = texts
        .flat_map(names_used)
        .filter_map(|name| name.strip_prefix("env.").map(str::to_owned))
        .collect();
    let row = |name: String| {
        let value = shared.os.get(&name)?.clone();
        let (reference, origin) = (format!("env.{name}"), VariableOrigin::System);
        Some(VariableRow { reference, name, value, origin, is_hidden: false })
    };
    used.into_iter().filter_map(row).collect()
}

/// What a value that uses other variables comes to, secrets in it masked; `None` = it uses none.
pub fn outcome(
    shared: &Shared,
    environment: Option<&str>,
    row: &VariableRow,
) -> Option<Result<String, String>> {
    let is_text = matches!(
        row.origin,
        VariableOrigin::Folder(_) | VariableOrigin::Environment(VariableKind::Plain)
    );
    if !is_text || !row.value.contains("{{") || row.is_hidden {
        return None;
    }
    let scope = shared.scope_in(environment);
    let hidden = scope.hidden();
    Some(match resolved(&row.value, &scope) {
        Ok(value) => Ok(hidden.hide_words(&value)),
        Err(why) => Err(hidden.hide_words(&why)),
    })
}

/// How a name stands in two environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableTie {
    Equal,
    Different,
    OnlyLeft,
    OnlyRight,
}

/// A name in two environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferenceRow {
    pub reference: String,
    /// The values, `None` where there is none.
    pub values: [Option<String>; 2],
    pub is_secret: bool,
}

impl DifferenceRow {
    /// How the two stand to each other.
    pub fn tie(&self) -> VariableTie {
        match &self.values {
            [Some(left), Some(right)] if left == right => VariableTie::Equal,
            [Some(_), Some(_)] => VariableTie::Different,
            [Some(_), None] => VariableTie::OnlyLeft,
            [None, _] => VariableTie::OnlyRight,
        }
    }

    /// A value as it is shown: in one line, a secret masked.
    pub fn shown(&self, at: usize, shows_secret: bool) -> Option<String> {
        let value = self.values.get(at)?.as_ref()?;
        Some(shown(value, self.is_secret && !shows_secret))
    }
}

/// Every name of two environments, those that differ first.
pub fn differences(left: &Environment, right: &Environment) -> Vec<DifferenceRow> {
    let mut rows = Vec::new();
    for (is_secret, left, right) in
        [(false, &left.variables, &right.variables), (true, &left.secrets, &right.secrets)]
    {
        let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        rows.extend(names.into_iter().map(|name| DifferenceRow {
            reference: if is_secret { format!("secret.{name}") } else { name.clone() },
            values: [left.get(name).cloned(), right.get(name).cloned()],
            is_secret,
        }));
    }
    rows.sort_by_key(|row| row.tie() == VariableTie::Equal);
    rows
}
