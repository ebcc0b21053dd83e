//! What an environment makes of names, as rows: every value with the file it comes from, and what
//! differs between two environments.
//!
//! Made for the window of environments when something changes. Rows borrow from `&Shared`, and names
//! are looked up where they lie: no value or environment is copied. What the window keeps of them are
//! names ([`KeptVariable`], [`KeptDifference`]), with which a row in sight is found again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::shared::{InEnvironment, Shared};
use crate::compose::address_parts::{names_used, resolved};
use crate::model::name_order::in_order;
use crate::model::preset::Environment;
use crate::model::secrets::{MASK, is_secret_value};
use crate::store::job::{Variable, VariableKind};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableOrigin<'a> {
    /// One of the files of the environment.
    Environment(VariableKind),
    /// The `_defaults.toml` of this folder; empty for the root.
    Folder(&'a str),
    /// The operating system, as `env.NAME`.
    System,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableRow<'a> {
    /// As its file names it.
    pub name: &'a str,
    pub value: &'a str,
    pub origin: VariableOrigin<'a>,
    /// Something nearer gives the name another value.
    pub is_hidden: bool,
}

impl VariableRow<'_> {
    /// What stands before the name in templates.
    pub fn prefix(&self) -> &'static str {
        match self.origin {
            VariableOrigin::Environment(kind) => prefix(kind == VariableKind::Secret),
            VariableOrigin::Folder(_) => "",
            VariableOrigin::System => "env.",
        }
    }

    /// As templates name it.
    pub fn reference(&self) -> String {
        format!("{}{}", self.prefix(), self.name)
    }

    /// Whether nobody shall read the value by chance.
    pub fn is_secret(&self) -> bool {
        self.origin == VariableOrigin::Environment(VariableKind::Secret)
            || is_secret_value(self.name, self.value)
    }

    /// The file it comes from, or who says it.
    pub fn source(&self, environment: &str) -> String {
        match self.origin {
            VariableOrigin::Environment(kind) => kind.file(environment),
            VariableOrigin::Folder("") => "_defaults.toml".to_owned(),
            VariableOrigin::Folder(folder) => format!("{folder}/_defaults.toml"),
            VariableOrigin::System => "operating system".to_owned(),
        }
    }

    /// The variable of the environment, if it is one of its own.
    pub(crate) fn variable(&self) -> Option<Variable> {
        let VariableOrigin::Environment(kind) = self.origin else { return None };
        Some(Variable { kind, name: self.name.to_owned(), value: self.value.to_owned() })
    }

    /// The value as it is shown: in one line, a secret masked.
    pub fn shown(&self, shows_secret: bool) -> Cow<'_, str> {
        shown(self.value, self.is_secret() && !shows_secret)
    }
}

/// Which variable a row is of, without its value: what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVariable {
    name: String,
    origin: KeptOrigin,
    is_hidden: bool,
}

/// As [`VariableOrigin`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum KeptOrigin {
    Environment(VariableKind),
    Folder(String),
    System,
}

impl KeptVariable {
    /// What is kept of a row.
    pub(crate) fn of(row: &VariableRow<'_>) -> Self {
        let origin = match row.origin {
            VariableOrigin::Environment(kind) => KeptOrigin::Environment(kind),
            VariableOrigin::Folder(folder) => KeptOrigin::Folder(folder.to_owned()),
            VariableOrigin::System => KeptOrigin::System,
        };
        KeptVariable { name: row.name.to_owned(), origin, is_hidden: row.is_hidden }
    }

    /// The row as it is now; `None` = the variable is gone.
    pub fn row<'a>(
        &'a self,
        shared: &'a Shared,
        environment: Option<&str>,
    ) -> Option<VariableRow<'a>> {
        let name = self.name.as_str();
        let (value, origin) = match &self.origin {
            KeptOrigin::Environment(kind) => {
                let found = shared.environment_named(environment?)?;
                let values = match kind {
                    VariableKind::Plain => &found.variables,
                    VariableKind::Secret => &found.secrets,
                };
                (values.get(name)?, VariableOrigin::Environment(*kind))
            }
            KeptOrigin::Folder(folder) => {
                let defaults = &shared.workspace.defaults;
                let found = defaults.iter().find(|it| it.folder == *folder)?;
                (found.variables.get(name)?, VariableOrigin::Folder(folder))
            }
            KeptOrigin::System => (shared.os.get(name)?, VariableOrigin::System),
        };
        Some(VariableRow { name, value, origin, is_hidden: self.is_hidden })
    }
}

/// What stands before a name of an environment in templates.
fn prefix(is_secret: bool) -> &'static str {
    if is_secret { "secret." } else { "" }
}

/// A value in one line.
fn shown(value: &str, is_masked: bool) -> Cow<'_, str> {
    match is_masked {
        true => MASK.into(),
        false if value.contains('\n') => value.replace('\n', "⏎").into(),
        false => value.into(),
    }
}

/// All that has a value with this environment in force, for the preset on screen: its own variables
/// and secrets, what folders define, and of the system's what is used by these or by that preset.
pub fn rows<'a>(
    shared: &'a Shared,
    environment: Option<&str>,
    used: &BTreeSet<String>,
) -> Vec<VariableRow<'a>> {
    let found = environment.and_then(|name| shared.environment_named(name));
    let mut rows = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (kind, variables) in found
        .into_iter()
        .flat_map(|it| [(VariableKind::Plain, &it.variables), (VariableKind::Secret, &it.secrets)])
    {
        for (name, value) in in_order(variables) {
            if kind == VariableKind::Plain {
                known.insert(name);
            }
            let origin = VariableOrigin::Environment(kind);
            rows.push(VariableRow { name, value, origin, is_hidden: false });
        }
    }
    for defaults in shared.workspace.applying(shared.folder()).rev() {
        for (name, value) in in_order(&defaults.variables) {
            let origin = VariableOrigin::Folder(&defaults.folder);
            rows.push(VariableRow { name, value, origin, is_hidden: !known.insert(name) });
        }
    }
    let system = of_the_system(shared, &rows, used);
    rows.extend(system);
    rows
}

/// The variables of the operating system that values use, and the preset on screen.
fn of_the_system<'a>(
    shared: &'a Shared,
    rows: &[VariableRow<'a>],
    used: &BTreeSet<String>,
) -> Vec<VariableRow<'a>> {
    let values = rows.iter().filter(|row| !row.is_secret()).map(|row| row.value);
    let texts = values.filter(|text| text.contains("env."));
    let names = texts.flat_map(names_used).chain(used.iter().cloned());
    let used: BTreeSet<String> =
        names.filter_map(|name| name.strip_prefix("env.").map(str::to_owned)).collect();
    let row = |name: &String| {
        let (name, value) = shared.os.get_key_value(name)?;
        Some(VariableRow { name, value, origin: VariableOrigin::System, is_hidden: false })
    };
    in_order(used.iter().map(|name| (name, ()))).filter_map(|(name, ())| row(name)).collect()
}

/// What a value that uses other variables comes to, secrets in it masked; `None` = it uses none.
pub fn outcome(
    shared: &Shared,
    environment: Option<&str>,
    row: &VariableRow<'_>,
) -> Option<Result<String, String>> {
    let is_text = matches!(
        row.origin,
        VariableOrigin::Folder(_) | VariableOrigin::Environment(VariableKind::Plain)
    );
    if !is_text || !row.value.contains("{{") || row.is_hidden {
        return None;
    }
    let environment = environment.and_then(|name| shared.environment_named(name));
    let disclosure = shared.disclosure();
    Some(match resolved(row.value, &InEnvironment { shared, environment }) {
        Ok(value) => Ok(disclosure.words(&value)),
        Err(why) => Err(disclosure.words(&why)),
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
pub struct DifferenceRow<'a> {
    /// As its file names it.
    pub name: &'a str,
    /// The values, `None` where there is none.
    pub values: [Option<&'a str>; 2],
    pub is_secret: bool,
}

impl DifferenceRow<'_> {
    /// What stands before the name in templates.
    pub fn prefix(&self) -> &'static str {
        prefix(self.is_secret)
    }

    /// As templates name it.
    pub fn reference(&self) -> String {
        format!("{}{}", self.prefix(), self.name)
    }

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
    pub fn shown(&self, at: usize, shows_secret: bool) -> Option<Cow<'_, str>> {
        let value = (*self.values.get(at)?)?;
        let is_masked = self.is_secret || is_secret_value(self.name, value);
        Some(shown(value, is_masked && !shows_secret))
    }
}

/// Which name a difference is of: what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDifference {
    name: String,
    is_secret: bool,
}

impl KeptDifference {
    /// What is kept of a row.
    pub(crate) fn of(row: &DifferenceRow<'_>) -> Self {
        KeptDifference { name: row.name.to_owned(), is_secret: row.is_secret }
    }

    /// The row as it is now in these two.
    pub fn row<'a>(&'a self, two: [Option<&'a Environment>; 2]) -> DifferenceRow<'a> {
        let name = self.name.as_str();
        let of = |it: &'a Environment| if self.is_secret { &it.secrets } else { &it.variables };
        let values = two.map(|it| of(it?).get(name).map(String::as_str));
        DifferenceRow { name, values, is_secret: self.is_secret }
    }
}

/// Every name of two environments, those that differ first; `None` = the one without any.
pub fn differences<'a>(
    left: Option<&'a Environment>,
    right: Option<&'a Environment>,
) -> Vec<DifferenceRow<'a>> {
    let mut rows = Vec::new();
    for is_secret in [false, true] {
        let of = |it: &'a Environment| if is_secret { &it.secrets } else { &it.variables };
        let sides = [left.map(of), right.map(of)];
        let names: BTreeSet<&str> =
            sides.into_iter().flatten().flat_map(BTreeMap::keys).map(String::as_str).collect();
        let names = in_order(names.into_iter().map(|name| (name, ())));
        rows.extend(names.map(|(name, ())| DifferenceRow {
            name,
            values: sides.map(|side| side?.get(name).map(String::as_str)),
            is_secret,
        }));
    }
    rows.sort_by_key(|row| row.tie() == VariableTie::Equal);
    rows
}
