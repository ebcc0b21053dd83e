//! Where a name that has no value could get one: what is said of it when a preset is not sent for that.
//!
//! Called by `target`, which plans for all commands, and by the dry run.

use std::collections::BTreeMap;

use crate::args::Common;
use crate::model::preset::{PresetPath, Scope, listed};
use crate::model::suggest::suggest;
use crate::runner::MAKERS;
use crate::store;
use crate::store::job::Workspace;
use crate::store::paths::Paths;

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
        if let Some(meant) = of_other_kind(secret, name, scope) {
            return format!("it is there as {{{{{meant}}}}}");
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
        let all = listed(&makers, MAKERS);
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
fn makers(workspace: &Workspace, name: &str, user: Option<&PresetPath>) -> Vec<PresetPath> {
    let others = workspace.presets.iter().filter(|stored| Some(&stored.path) != user);
    let makers = others.filter(|stored| stored.captures().any(|captured| captured == name));
    makers.map(|stored| stored.path.clone()).collect()
}

/// What is there by this name among variables where a secret is asked for, or the other way round.
fn of_other_kind(secret: Option<&str>, name: &str, scope: &Scope) -> Option<String> {
    let is_there = |values: &BTreeMap<String, String>, plain: &str, named: &str| {
        values.contains_key(plain) || scope.commands.contains_key(named)
    };
    if let Some(plain) = secret {
        return is_there(&scope.variables, plain, plain).then(|| plain.to_owned());
    }
    let named = format!("secret.{name}");
    is_there(&scope.secrets, name, &named).then_some(named)
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
    use crate::model::preset::ValueCommand;

    #[test]
    fn a_name_of_the_other_kind_is_told() {
        let mut scope = Scope::default();
        scope.variables.insert("base".into(), "x".into());
        scope.secrets.insert("key".into(), "x".into());
        let command = ValueCommand::of(vec!["x".into()], true);
        scope.commands.insert("token".into(), command.clone());
        scope.commands.insert("secret.pin".into(), command);
        let other = |secret: Option<&str>, name: &str| of_other_kind(secret, name, &scope);
        assert_eq!(other(Some("base"), "secret.base").as_deref(), Some("base"));
        assert_eq!(other(Some("token"), "secret.token").as_deref(), Some("token"));
        assert_eq!(other(None, "key").as_deref(), Some("secret.key"));
        assert_eq!(other(None, "pin").as_deref(), Some("secret.pin"));
        assert_eq!((other(None, "base"), other(Some("key"), "secret.key")), (None, None));
        assert_eq!(other(None, "nothing"), None);
    }

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
        assert_eq!(listed(&paths(&["a"]), MAKERS), "a");
        assert_eq!(listed(&paths(&["a", "b", "c"]), MAKERS), "a, b and c");
        assert_eq!(listed(&paths(&["a", "b", "c", "d", "e"]), MAKERS), "a, b, c and 2 more");
    }
}
