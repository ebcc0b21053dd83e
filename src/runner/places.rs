//! The places that a run goes to beside each other, so that what they answer can be compared: environments, values of
//! a variable, addresses.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::script::RunStep;
use crate::model::counts::counted;
use crate::model::failure::Failure;
use crate::model::preset::{Preset, Scope};
use crate::model::readdress::{AddressChange, most_common};
use crate::model::spec::Spec;
use crate::model::url_text::UrlText;
use crate::store::job::{VariableKind, Workspace};

/// A place as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedPlace {
    /// As it was typed: it is told apart by that.
    pub name: String,
    pub kind: PlaceKind,
}

/// What a place is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKind {
    Environment,
    /// A value of a variable.
    Value(String, String),
    /// Scheme, host and port, in place of those of every preset.
    Address,
}

/// A place with all that a run needs of it.
#[derive(Debug, Default)]
pub struct PreparedPlace {
    /// Empty where there is one alone.
    pub name: String,
    /// What the templates of each step, and behind them of each listener, may refer to.
    pub scopes: Vec<Arc<Scope>>,
    /// Values that win over all others.
    pub variables: BTreeMap<String, String>,
    /// Where presets go in place of where they say.
    pub address: Option<String>,
    /// The presets of the steps with that.
    pub(super) presets: Option<Vec<Result<Preset, Failure>>>,
}

impl ComparedPlace {
    /// Reads `dev`, `base=http://old`, `http://127.0.0.1:8080` or `host:80`.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let is_name = |name: &str| {
            let is_of_it = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            !name.is_empty() && name.chars().all(is_of_it)
        };
        let kind = match word.split_once('=') {
            Some((name, value)) if is_name(name) => PlaceKind::Value(name.into(), value.into()),
            _ if word.contains(':') => PlaceKind::Address,
            _ => PlaceKind::Environment,
        };
        ComparedPlace { name: word.to_owned(), kind }
    }
}

impl PreparedPlace {
    /// With these scopes, and all else as it is.
    #[must_use]
    pub fn new(name: &str, scopes: Vec<Arc<Scope>>) -> Self {
        PreparedPlace { name: name.to_owned(), scopes, ..PreparedPlace::default() }
    }

    /// Puts the presets where this place is.
    pub(super) fn readdress(&mut self, steps: &[RunStep]) {
        let Some(to) = &self.address else { return };
        let moved = |step: &RunStep| {
            let mut content = step.content.clone();
            if let Ok(preset) = &mut content {
                readdress(&mut preset.spec, to);
            }
            content
        };
        self.presets = Some(steps.iter().map(moved).collect());
    }
}

/// Lets a preset go to another scheme, host and port; one that has no scheme takes none.
pub fn readdress(spec: &mut Spec, to: &str) {
    let (parts, own) = (UrlText::of(to), UrlText::of(spec.address()).scheme);
    let to = if !spec.capabilities().exchanges {
        parts.host_port.to_owned()
    } else if parts.scheme.is_empty() && !own.is_empty() {
        format!("{own}://{to}")
    } else {
        to.to_owned()
    };
    let from = most_common([spec.address()].into_iter()).unwrap_or_default();
    let change = AddressChange::new(&from, &to).ok();
    if let Some(changed) = change.and_then(|change| change.of(spec.address())) {
        *spec.address_mut() = changed;
    }
}

/// Variables of a workspace with how they are told and what they are: `base in shop/_defaults.toml`. Secrets are none.
#[must_use]
pub fn named_variables(workspace: &Workspace) -> Vec<(String, String)> {
    let of_file = |file: String, variables: &BTreeMap<String, String>| {
        let told =
            move |(name, value): (&String, &String)| (format!("{name} in {file}"), value.clone());
        variables.iter().map(told).collect::<Vec<_>>()
    };
    let defaults = workspace.defaults.iter().map(|it| {
        let mark = if it.folder.is_empty() { "" } else { "/" };
        of_file(format!("{}{mark}_defaults.toml", it.folder), &it.variables)
    });
    let environments = workspace.environments.iter();
    let environments =
        environments.map(|it| of_file(VariableKind::Plain.file(&it.name), &it.variables));
    defaults.chain(environments).flatten().collect()
}

/// Which of them begin as a change says; in words, empty without one. Addresses are changed in presets, and values of
/// variables where they stand: other folders may use them.
#[must_use]
pub fn variables_so(variables: &[(String, String)], change: &AddressChange) -> String {
    let so = variables.iter().filter(|(_, value)| change.of(value).is_some());
    let so: Vec<&str> = so.map(|(told, _)| told.as_str()).collect();
    match so.as_slice() {
        [] => String::new(),
        [one] => format!("{one} begins so: change it there"),
        [one, more @ ..] => {
            let more = counted(more.len() as u64, "other variable");
            format!("{one} and {more} begin so: change them there")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset::Environment;
    use crate::model::protocol::{Protocol, Side};
    use crate::store::job::FolderDefaults;

    #[test]
    fn a_place_is_an_environment_a_value_or_an_address() {
        let kind = |word: &str| ComparedPlace::parse(word).kind;
        assert_eq!(kind("dev"), PlaceKind::Environment);
        assert_eq!(
            kind("base=http://old:1"),
            PlaceKind::Value("base".to_owned(), "http://old:1".to_owned())
        );
        for address in ["http://a", "h:80", "[::1]:80", "https://a/x?y=1"] {
            assert_eq!(kind(address), PlaceKind::Address, "{address}");
        }
    }

    #[test]
    fn variables_that_begin_so_are_named() {
        let of = |value: &str| BTreeMap::from([("base".to_owned(), value.to_owned())]);
        let mut workspace = Workspace::default();
        let (folder, variables) = ("shop".to_owned(), of("http://old/v1"));
        workspace.defaults.push(FolderDefaults { folder, variables, ..FolderDefaults::default() });
        for (name, value) in [("dev", "http://old"), ("prod", "http://older")] {
            let (name, variables) = (name.to_owned(), of(value));
            workspace.environments.push(Environment { name, variables, ..Environment::default() });
        }
        let all = named_variables(&workspace);
        let so = |from: &str| variables_so(&all, &AddressChange::new(from, "http://new").unwrap());
        assert_eq!(
            so("http://old"),
            "base in shop/_defaults.toml and 1 other variable begin so: change them there"
        );
        assert_eq!(so("http://older"), "base in env/prod.toml begins so: change it there");
        assert_eq!(so("http://ol"), "");
    }

    #[test]
    fn a_preset_goes_to_an_address_with_its_own_path() {
        let moved = |protocol, from: &str, to: &str| {
            let mut spec = Spec::empty(protocol, Side::Client);
            from.clone_into(spec.address_mut());
            readdress(&mut spec, to);
            spec.address().to_owned()
        };
        let http = |from, to| moved(Protocol::Http, from, to);
        assert_eq!(http("https://a.example/x?y", "http://b:81"), "http://b:81/x?y");
        assert_eq!(http("{{base}}/x", "http://b:81"), "http://b:81/x");
        assert_eq!(http("http://a:1/x", "b:81"), "http://b:81/x");
        assert_eq!(moved(Protocol::Tcp, "localhost:7", "http://b:81"), "b:81");
        assert_eq!(moved(Protocol::Udp, "{{peer}}", "b:81"), "b:81");
    }
}
