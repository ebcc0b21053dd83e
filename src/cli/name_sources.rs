//! Where a name that has no value could get one: what is said of it when a preset is not sent for that.
//!
//! Called by `target`, which plans for all commands, and by the dry run.

use crate::args::Common;
use crate::model::preset::{PresetPath, Scope, StoredPreset};
use crate::model::suggest::suggest;
use crate::store;
use crate::store::job::Workspace;
use crate::store::paths::Paths;

/// Presets that are named as capturing a name.
const MAKERS: usize = 3;

/// What is known of where names get their values.
pub(super) struct NameSources<'a> {
    paths: &'a Paths,
    /// The environment that was chosen.
    environment: Option<&'a str>,
    /// The preset that uses the names.
    preset: Option<&'a PresetPath>,
}

impl<'a> NameSources<'a> {
    /// Of a command with these options that is about this preset.
    pub(super) fn of(paths: &'a Paths, common: &'a Common, preset: Option<&'a PresetPath>) -> Self {
        NameSources { paths, environment: common.env.as_deref(), preset }
    }

    /// How this name gets a value.
    pub(super) fn how(&self, name: &str, scope: &Scope) -> String {
        if name.contains(' ') {
            return "what has words behind its name is json, prompt or choose".to_owned();
        }
        if let Some(os) = name.strip_prefix("env.") {
            return format!("set {os} for the program ({os}=... wirebench)");
        }
        let secret = name.strip_prefix("secret.");
        if let (None, Some(captured)) = (secret, self.captured(name)) {
            return captured;
        }
        if let Some(environment) = self.environment {
            return lacking(environment, secret, name, scope);
        }
        match secret {
            Some(secret) => {
                format!("define {secret} in env/NAME.secret.toml and name it with --env NAME")
            }
            None => format!("define {name} in an environment and name it with --env"),
        }
    }

    /// What captures the name, and how that is sent before.
    fn captured(&self, name: &str) -> Option<String> {
        let workspace = store::read_workspace(self.paths.workspace_unasked().ok()?);
        let makers = makers(&workspace, name, self.preset);
        let first = makers.first()?;
        let all = listed(&makers);
        let captures = if makers.len() == 1 { "captures" } else { "capture" };
        Some(match self.preset {
            Some(preset) => format!(
                "{all} {captures} {name}: write needs = [\"{first}\"] into {preset}, which sends it before, or use \
                 wirebench run {first} {preset}"
            ),
            None => format!(
                "{all} {captures} {name}: save this as a preset with needs = [\"{first}\"], which sends it before, or \
                 give the value with --var {name}=VALUE"
            ),
        })
    }
}

/// The presets that capture a name, besides the one that uses it.
pub(super) fn makers(
    workspace: &Workspace,
    name: &str,
    user: Option<&PresetPath>,
) -> Vec<PresetPath> {
    let captures = |stored: &&StoredPreset| {
        let checks = stored.content.as_ref().ok().and_then(|preset| preset.spec.checks());
        let rows = checks.into_iter().flat_map(|(_, capture)| &capture.rows);
        rows.filter(|row| row.is_used()).any(|row| row.name == name)
    };
    let others = workspace.presets.iter().filter(|stored| Some(&stored.path) != user);
    others.filter(captures).map(|stored| stored.path.clone()).collect()
}

/// Some presets by their names, and how many more there are.
pub(super) fn listed(presets: &[PresetPath]) -> String {
    let names: Vec<&str> = presets.iter().take(MAKERS).map(PresetPath::as_str).collect();
    match (names.as_slice(), presets.len().saturating_sub(MAKERS)) {
        ([before @ .., last], 0) if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        (names, 0) => names.join(", "),
        (names, more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// That the environment which was chosen does not have it, what it has instead, and where it goes.
fn lacking(environment: &str, secret: Option<&str>, name: &str, scope: &Scope) -> String {
    let (what, file, known) = match secret {
        Some(secret) => (
            format!("secret '{secret}'"),
            format!("env/{environment}.secret.toml"),
            scope.secrets.keys().collect::<Vec<_>>(),
        ),
        None => (
            format!("variable '{name}'"),
            format!("env/{environment}.toml"),
            scope.variables.keys().chain(scope.typed.keys()).collect(),
        ),
    };
    let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
    let meant = suggest(secret.unwrap_or(name), &known);
    // All the names there are say little.
    if meant.starts_with("did you mean") {
        return format!(
            "environment {environment} has no {what}; {meant} Otherwise add it to {file}"
        );
    }
    format!("environment {environment} has no {what}; add it to {file}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_lacks_a_name_says_which_was_meant_and_where_it_goes() {
        let mut scope = Scope::default();
        scope.variables.insert("base_url".into(), "x".into());
        scope.secrets.insert("api-key".into(), "x".into());
        assert_eq!(
            lacking("dev", None, "base_ur", &scope),
            "environment dev has no variable 'base_ur'; did you mean 'base_url'? Otherwise add it to env/dev.toml"
        );
        assert_eq!(
            lacking("dev", Some("token"), "secret.token", &scope),
            "environment dev has no secret 'token'; add it to env/dev.secret.toml"
        );
    }

    #[test]
    fn presets_are_listed_and_counted() {
        let paths = |names: &[&str]| -> Vec<PresetPath> {
            names.iter().map(|name| PresetPath::parse(name).unwrap()).collect()
        };
        assert_eq!(listed(&paths(&["a"])), "a");
        assert_eq!(listed(&paths(&["a", "b", "c"])), "a, b and c");
        assert_eq!(listed(&paths(&["a", "b", "c", "d", "e"])), "a, b, c and 2 more");
    }
}
