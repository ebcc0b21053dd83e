//! `wirebench env`: which environments there are, every value with the file it comes from, and what differs
//! between two. Called by `cli`; only reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::exit;
use super::headless::Headless;
use super::output::Output;
use super::target::{scope_of_environment, whole_environment};
use crate::args::ShowEnv;
use crate::codec::printable::printable_str;
use crate::compose::address_parts::resolved;
use crate::model::counts::counted;
use crate::model::environment_layers::{LayeredValues, layer_fault};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::name_order::in_order;
use crate::model::preset::{PresetPath, Scope};
use crate::model::secrets::{Disclosure, MASK, is_secret_value};
use crate::store;
use crate::store::job::{VariableKind, Workspace};

/// Runs the command; returns the exit status.
pub(super) fn run(
    arguments: &ShowEnv,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let workspace = store::read_workspace(headless.paths.workspace_unasked()?);
    let told = Told { with_secrets: arguments.with_secrets, is_json: arguments.json };
    match (&arguments.name, &arguments.other) {
        (None, _) => list(&workspace, told, output),
        (Some(name), None) => {
            whole_environment(name, &workspace)?;
            let folder = arguments.preset.as_deref().map(folder_of).transpose()?;
            let mut rows = values(&workspace, name, folder.as_deref(), told);
            let folder = folder.unwrap_or_default();
            let scope = scope_of_environment(name, &folder, &workspace, &headless.os);
            resolve(&mut rows, &scope, told);
            show(&rows, arguments.raw, told, output);
        }
        (Some(name), Some(other)) => {
            whole_environment(name, &workspace)?;
            whole_environment(other, &workspace)?;
            let is_same = compare(&workspace, [name, other], told, output);
            if arguments.check && !is_same {
                return Ok(exit::NOT_MET);
            }
        }
    }
    Ok(exit::OK)
}

/// How it is told.
#[derive(Debug, Clone, Copy)]
struct Told {
    with_secrets: bool,
    is_json: bool,
}

impl Told {
    /// A value as it may be told, and whether it is masked.
    fn value(self, name: &str, value: &str, is_of_secrets: bool) -> (String, bool) {
        let is_secret = is_of_secrets || is_secret_value(name, value);
        if is_secret && !self.with_secrets {
            (MASK.to_owned(), true)
        } else {
            (value.to_owned(), false)
        }
    }
}

fn folder_of(preset: &str) -> Result<String, Failure> {
    let name = preset.strip_suffix(".toml").unwrap_or(preset);
    let path = PresetPath::parse(name).map_err(|error| {
        let target = format!("--for {preset}");
        Failure::new(Stage::Compose, target, FailureKind::Usage, error.to_string())
    })?;
    Ok(path.folder().to_owned())
}

fn reference(kind: VariableKind, name: &str) -> String {
    match kind {
        VariableKind::Plain => name.to_owned(),
        VariableKind::Secret => format!("secret.{name}"),
    }
}

fn list(workspace: &Workspace, told: Told, output: &mut Output) {
    if workspace.environments.is_empty() && !told.is_json {
        output.line(
            "no environment: write env/NAME.toml, or make one in the workbench (Alt+Shift+E)",
        );
    }
    for it in &workspace.environments {
        let fault = layer_fault(&workspace.environments, &it.name).map(|fault| fault.cause);
        if told.is_json {
            let line = json!({
                "environment": it.name, "extends": it.extends, "variables": it.variables.len(),
                "secrets": it.secrets.len(), "error": fault,
            });
            output.json(&line.to_string());
            continue;
        }
        let extends = it.extends.as_ref().map(|base| format!(" extends {base}"));
        let variables = counted(it.variables.len() as u64, "variable");
        let secrets = counted(it.secrets.len() as u64, "secret");
        let fault = fault.map(|cause| format!("; {cause}")).unwrap_or_default();
        let extends = extends.unwrap_or_default();
        output.line(&format!("{}{extends}: {variables}, {secrets}{fault}", it.name));
    }
}

/// A value, where it stands, and whether something nearer replaces it.
struct ShownValue {
    name: String,
    value: String,
    is_masked: bool,
    source: String,
    is_hidden: bool,
    /// No other variable is looked for in it.
    is_verbatim: bool,
    /// What it comes to with the values of the variables it uses, or why it has none; `None` = it uses none.
    resolved: Option<Result<String, String>>,
}

/// Puts in what values come to that use others; secrets in them are masked.
fn resolve(rows: &mut [ShownValue], scope: &Scope, told: Told) {
    let secrets = scope.hidden();
    let may_tell =
        if told.with_secrets { Disclosure::Everything } else { Disclosure::Hiding(secrets) };
    let uses = |row: &ShownValue| row.value.contains("{{") && !row.is_hidden && !row.is_verbatim;
    for row in rows.iter_mut().filter(|row| uses(row)) {
        row.resolved = Some(match resolved(&row.value, scope) {
            Ok(value) => Ok(may_tell.words(&value)),
            Err(why) => Err(may_tell.words(&why)),
        });
    }
}

fn values(workspace: &Workspace, name: &str, folder: Option<&str>, told: Told) -> Vec<ShownValue> {
    let mut rows: Vec<ShownValue> = Vec::new();
    let add = |rows: &mut Vec<ShownValue>,
               kind: VariableKind,
               name: &str,
               value: &str,
               source: String| {
        let (value, is_masked) = told.value(name, value, kind == VariableKind::Secret);
        let name = reference(kind, name);
        let is_hidden = rows.iter().any(|row| row.name == name);
        let is_verbatim = is_masked || kind == VariableKind::Secret;
        let resolved = None;
        rows.push(ShownValue { name, value, is_masked, source, is_hidden, is_verbatim, resolved });
    };
    for layer in workspace.layers(name) {
        for (kind, values) in
            [(VariableKind::Plain, &layer.variables), (VariableKind::Secret, &layer.secrets)]
        {
            for (name, value) in in_order(values) {
                add(&mut rows, kind, name, value, kind.file(&layer.name));
            }
        }
        for (reference, command) in &layer.commands {
            let secret = reference.strip_prefix("secret.");
            let kind = if secret.is_some() { VariableKind::Secret } else { VariableKind::Plain };
            let is_hidden = rows.iter().any(|row| row.name == *reference);
            rows.push(ShownValue {
                name: reference.clone(),
                value: command.shown().to_owned(),
                is_masked: false,
                source: kind.file(&layer.name),
                is_hidden,
                is_verbatim: true,
                resolved: None,
            });
        }
    }
    for defaults in folder.into_iter().flat_map(|it| workspace.applying(it).rev()) {
        let file = format!("{}/_defaults.toml", defaults.folder);
        for (name, value) in in_order(&defaults.variables) {
            add(
                &mut rows,
                VariableKind::Plain,
                name,
                value,
                file.trim_start_matches('/').to_owned(),
            );
        }
    }
    rows
}

fn show(rows: &[ShownValue], is_raw: bool, told: Told, output: &mut Output) {
    let written = |row: &ShownValue| match &row.resolved {
        Some(Ok(value)) if !is_raw => line(value),
        _ => line(&row.value),
    };
    let width = |of: &dyn Fn(&ShownValue) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let names = width(&|row| row.name.chars().count());
    let shown = width(&|row| written(row).chars().count()).min(WIDTH);
    for row in rows {
        if told.is_json {
            output.json(&json(row).to_string());
            continue;
        }
        let why = match &row.resolved {
            Some(Err(why)) if !is_raw => format!("  ({})", line(why)),
            _ if row.is_hidden => "  (hidden)".to_owned(),
            _ => String::new(),
        };
        let value = written(row);
        output.line(&format!("{:names$}  {value:shown$}  {}{why}", row.name, row.source));
    }
}

/// A value as JSON: as it is written, and what it comes to where it uses others.
fn json(row: &ShownValue) -> Value {
    let mut value = json!({
        "name": row.name, "value": row.value, "masked": row.is_masked,
        "file": row.source, "hidden": row.is_hidden,
    });
    let outcome = match &row.resolved {
        Some(Ok(resolved)) => Some(("resolved", resolved)),
        Some(Err(why)) => Some(("error", why)),
        None => None,
    };
    if let (Some((key, text)), Some(object)) = (outcome, value.as_object_mut()) {
        object.insert(key.to_owned(), Value::String(text.clone()));
    }
    value
}

/// Columns that values stand in at most; longer ones are not cut, what is behind them moves.
const WIDTH: usize = 48;

fn line(value: &str) -> String {
    printable_str(value).to_string()
}

/// Prints what differs; tells whether nothing does.
fn compare(workspace: &Workspace, two: [&str; 2], told: Told, output: &mut Output) -> bool {
    let layers = two.map(|name| workspace.layers(name));
    let sides = layers.each_ref().map(|layers| LayeredValues::of(layers));
    let mut count = 0;
    for kind in [VariableKind::Plain, VariableKind::Secret] {
        let sides = sides.each_ref().map(|it| match kind {
            VariableKind::Plain => &it.variables,
            VariableKind::Secret => &it.secrets,
        });
        let names: BTreeSet<&str> =
            sides.into_iter().flat_map(|side| side.keys().copied()).collect();
        for (name, ()) in in_order(names.into_iter().map(|name| (name, ()))) {
            let values = sides.map(|side| side.get(name).copied());
            if values[0] == values[1] {
                continue;
            }
            count += 1;
            let is_secret = kind == VariableKind::Secret;
            let shown = values.map(|value| value.map(|it| told.value(name, it, is_secret).0));
            difference(&reference(kind, name), two, &shown, told, output);
        }
    }
    if count == 0 && !told.is_json {
        output.line(&format!("nothing differs between {} and {}", two[0], two[1]));
    }
    count == 0
}

fn difference(
    name: &str,
    two: [&str; 2],
    values: &[Option<String>; 2],
    told: Told,
    output: &mut Output,
) {
    if told.is_json {
        let line = json!({ "name": name, "values": { two[0]: values[0], two[1]: values[1] } });
        return output.json(&line.to_string());
    }
    output.line(name);
    for (sign, environment, value) in [("-", two[0], &values[0]), ("+", two[1], &values[1])] {
        match value {
            Some(value) => output.line(&format!("{sign} {environment}: {}", line(value))),
            None => output.line(&format!("{sign} {environment} has none")),
        }
    }
}
