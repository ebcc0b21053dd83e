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
use crate::model::environment_layers::LayeredValues;
use crate::model::name_order::in_order;
use crate::model::preset::{Environment, ValueCommand};
use crate::model::secrets::{MASK, is_secret_value};
use crate::store::job::{Variable, VariableKind};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableOrigin<'a> {
    /// One of the files of the environment.
    Environment(VariableKind),
    /// One of the files of this environment, which it extends.
    Base(&'a str, VariableKind),
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
    /// A program gives it, which stands in its place.
    pub is_command: bool,
}

impl VariableRow<'_> {
    /// What stands before the name in templates.
    pub fn prefix(&self) -> &'static str {
        match self.origin {
            VariableOrigin::Environment(kind) | VariableOrigin::Base(_, kind) => {
                prefix(kind == VariableKind::Secret)
            }
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
        let is_of_secrets = matches!(
            self.origin,
            VariableOrigin::Environment(VariableKind::Secret)
                | VariableOrigin::Base(_, VariableKind::Secret)
        );
        !self.is_command && (is_of_secrets || is_secret_value(self.name, self.value))
    }

    /// The file it comes from, or who says it.
    pub fn source(&self, environment: &str) -> String {
        match self.origin {
            VariableOrigin::Environment(kind) => kind.file(environment),
            VariableOrigin::Base(base, kind) => kind.file(base),
            VariableOrigin::Folder("") => "_defaults.toml".to_owned(),
            VariableOrigin::Folder(folder) => format!("{folder}/_defaults.toml"),
            VariableOrigin::System => "operating system".to_owned(),
        }
    }

    /// The variable of the environment, if it is one of its own.
    pub(crate) fn variable(&self) -> Option<Variable> {
        let VariableOrigin::Environment(kind) = self.origin else { return None };
        if self.is_command {
            return None;
        }
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
    is_command: bool,
}

/// As [`VariableOrigin`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum KeptOrigin {
    Environment(VariableKind),
    Base(String, VariableKind),
    Folder(String),
    System,
}

impl KeptVariable {
    /// What is kept of a row.
    pub(crate) fn of(row: &VariableRow<'_>) -> Self {
        let origin = match row.origin {
            VariableOrigin::Environment(kind) => KeptOrigin::Environment(kind),
            VariableOrigin::Base(base, kind) => KeptOrigin::Base(base.to_owned(), kind),
            VariableOrigin::Folder(folder) => KeptOrigin::Folder(folder.to_owned()),
            VariableOrigin::System => KeptOrigin::System,
        };
        let (is_hidden, is_command) = (row.is_hidden, row.is_command);
        KeptVariable { name: row.name.to_owned(), origin, is_hidden, is_command }
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
                (self.value(found, *kind)?, VariableOrigin::Environment(*kind))
            }
            KeptOrigin::Base(base, kind) => {
                let found = shared.environment_named(base)?;
                (self.value(found, *kind)?, VariableOrigin::Base(base, *kind))
            }
            KeptOrigin::Folder(folder) => {
                let defaults = &shared.workspace.defaults;
                let found = defaults.iter().find(|it| it.folder == *folder)?;
                (found.variables.get(name)?.as_str(), VariableOrigin::Folder(folder))
            }
            KeptOrigin::System => (shared.os.get(name)?.as_str(), VariableOrigin::System),
        };
        let (is_hidden, is_command) = (self.is_hidden, self.is_command);
        Some(VariableRow { name, value, origin, is_hidden, is_command })
    }

    fn value<'a>(&self, environment: &'a Environment, kind: VariableKind) -> Option<&'a str> {
        if self.is_command {
            let reference = format!("{}{}", prefix(kind == VariableKind::Secret), self.name);
            return environment.commands.get(&reference).map(ValueCommand::shown);
        }
        of_kind(environment, kind).get(&self.name).map(String::as_str)
    }
}

/// What stands in a file of an environment.
fn of_kind(environment: &Environment, kind: VariableKind) -> &BTreeMap<String, String> {
    match kind {
        VariableKind::Plain => &environment.variables,
        VariableKind::Secret => &environment.secrets,
    }
}

/// Programs that give values in a file of an environment, by the names these have there.
fn commands_of(
    environment: &Environment,
    kind: VariableKind,
) -> impl Iterator<Item = (&str, &ValueCommand)> {
    let named = environment.commands.iter().map(|(reference, command)| {
        match reference.strip_prefix("secret.") {
            Some(name) => (VariableKind::Secret, name, command),
            None => (VariableKind::Plain, reference.as_str(), command),
        }
    });
    let of_kind = named.filter(move |(of, ..)| *of == kind);
    of_kind.map(|(_, name, command)| (name, command))
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
    let layers = environment.map(|name| shared.workspace.layers(name)).unwrap_or_default();
    let mut rows = Vec::new();
    let (mut known, mut secrets): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
    for (at, layer) in layers.into_iter().enumerate() {
        for kind in [VariableKind::Plain, VariableKind::Secret] {
            let origin = match at {
                0 => VariableOrigin::Environment(kind),
                _ => VariableOrigin::Base(&layer.name, kind),
            };
            let known = if kind == VariableKind::Plain { &mut known } else { &mut secrets };
            for (name, value) in in_order(of_kind(layer, kind)) {
                let is_hidden = !known.insert(name);
                rows.push(VariableRow { name, value, origin, is_hidden, is_command: false });
            }
            for (name, command) in commands_of(layer, kind) {
                let (value, is_hidden) = (command.shown(), !known.insert(name));
                rows.push(VariableRow { name, value, origin, is_hidden, is_command: true });
            }
        }
    }
    for defaults in shared.workspace.applying(shared.folder()).rev() {
        for (name, value) in in_order(&defaults.variables) {
            let origin = VariableOrigin::Folder(&defaults.folder);
            let is_hidden = !known.insert(name);
            rows.push(VariableRow { name, value, origin, is_hidden, is_command: false });
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
        let origin = VariableOrigin::System;
        Some(VariableRow { name, value, origin, is_hidden: false, is_command: false })
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
        VariableOrigin::Folder(_)
            | VariableOrigin::Environment(VariableKind::Plain)
            | VariableOrigin::Base(_, VariableKind::Plain)
    );
    if !is_text || !row.value.contains("{{") || row.is_hidden || row.is_command {
        return None;
    }
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
    pub fn row<'a>(&'a self, two: [&[&'a Environment]; 2]) -> DifferenceRow<'a> {
        let name = self.name.as_str();
        let kind = if self.is_secret { VariableKind::Secret } else { VariableKind::Plain };
        let reference = format!("{}{name}", prefix(self.is_secret));
        let values = two.map(|layers| {
            let mut layers = layers.iter().copied();
            layers.find_map(|it| {
                let value = of_kind(it, kind).get(name).map(String::as_str);
                value.or_else(|| it.commands.get(&reference).map(ValueCommand::shown))
            })
        });
        DifferenceRow { name, values, is_secret: self.is_secret }
    }
}

/// Every name of two environments with the layers they inherit, those that differ first; without layers it is
/// the one that says nothing.
pub fn differences<'a>(
    left: &[&'a Environment],
    right: &[&'a Environment],
) -> Vec<DifferenceRow<'a>> {
    let mut rows = Vec::new();
    let two = [left, right].map(LayeredValues::of);
    for is_secret in [false, true] {
        let sides = two.each_ref().map(|it| if is_secret { &it.secrets } else { &it.variables });
        let names: BTreeSet<&str> = sides.into_iter().flat_map(BTreeMap::keys).copied().collect();
        let names = in_order(names.into_iter().map(|name| (name, ())));
        rows.extend(names.map(|(name, ())| DifferenceRow {
            name,
            values: sides.map(|side| side.get(name).copied()),
            is_secret,
        }));
    }
    rows.sort_by_key(|row| row.tie() == VariableTie::Equal);
    rows
}
