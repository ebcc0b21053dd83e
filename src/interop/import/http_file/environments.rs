//! Environments beside files of requests: `http-client.env.json`, `http-client.private.env.json`, and the settings
//! of VS Code that have them.

use super::piece::DIALECT;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::tree::{ImportFault, ImportedVariable};

/// Where the settings of VS Code have them.
const SETTING: &str = "rest-client.environmentVariables";
/// Values of all environments.
const SHARED: &str = "$shared";
/// Environments of one file.
const ENVIRONMENTS: usize = 1_000;

/// Whether a file is one of environments, by its name or what is in it.
pub(crate) fn is_of_environments(name: &str, data: &DataNode) -> bool {
    name.ends_with("http-client.env.json")
        || name.ends_with("http-client.private.env.json")
        || data.has(SETTING)
}

/// Reads them. What stands in a private file is secret.
pub(crate) fn environments(
    data: &DataNode,
    name: &str,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let root = if data.has(SETTING) { data.at(SETTING) } else { data };
    let DataNode::Map(pairs) = root else {
        return Err(ImportFault::new("", "it is no object of environments"));
    };
    let is_private = name.ends_with(".private.env.json");
    let shared = root.at(SHARED);
    for (at, (name, values)) in pairs.iter().filter(|(name, _)| !name.starts_with('$')).enumerate()
    {
        if at == ENVIRONMENTS {
            let cause = format!("more than {ENVIRONMENTS} environments");
            return Err(ImportFault::new(&**name, cause));
        }
        let mut found = variables(shared, is_private, name, out);
        found.extend(variables(values, is_private, name, out));
        out.more_of_environment(name, found);
    }
    let others = pairs.iter().filter(|(name, _)| name.starts_with('$'));
    for (name, values) in others.filter(|(name, _)| &**name != SHARED || pairs.len() == 1) {
        if &**name == SHARED {
            let found = variables(values, is_private, "shared", out);
            out.more_of_environment("shared", found);
        } else {
            out.left_out("settings of environments that are no variables", &**name);
        }
    }
    Ok(())
}

fn variables(
    values: &DataNode,
    is_private: bool,
    place: &str,
    out: &mut Gathered,
) -> Vec<ImportedVariable> {
    let mut found = Vec::new();
    for (name, value) in values.pairs() {
        if matches!(value, DataNode::List(_) | DataNode::Map(_)) {
            out.changed("settings of environments that are no variables", place, name);
        } else {
            found.push(out.variable(name, &value.plain(), DIALECT, is_private, place));
        }
    }
    found
}
