//! Environments that extend others: `extends = "base"` at the top of `env/NAME.toml`.
//!
//! The nearest value of a name counts; secrets and the colour are inherited, too. Who extends one that is not
//! there, or, over others, itself, is refused with the path: values would be missing, or be those of a folder,
//! and nobody would see it.

use std::collections::BTreeMap;

use super::preset::Environment;

/// Environments one over the other.
const LAYERS: usize = 16;

/// The environment of this name and those it extends, the nearest first. One that is missing ends them, and so
/// does a circle, which [`layer_fault`] tells.
#[must_use]
pub fn layers<'a>(all: &'a [Environment], name: &str) -> Vec<&'a Environment> {
    let named = |name: &str| all.iter().find(|it| it.name == name);
    let mut found: Vec<&Environment> = Vec::new();
    let mut next = named(name);
    let is_new = |found: &[&Environment], it: &Environment| {
        found.len() < LAYERS && !found.iter().any(|known| known.name == it.name)
    };
    while let Some(layer) = next.filter(|next| is_new(&found, next)) {
        found.push(layer);
        next = layer.extends.as_deref().and_then(named);
    }
    found
}

/// What keeps an environment from having the values it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFault {
    /// The environment in whose file it stands.
    pub environment: String,
    pub cause: String,
}

/// What is wrong with what an environment extends.
#[must_use]
pub fn layer_fault(all: &[Environment], name: &str) -> Option<LayerFault> {
    let found = layers(all, name);
    let last = found.last()?;
    let wanted = last.extends.as_deref()?;
    let path = |to: &str| {
        let names = found.iter().map(|it| it.name.as_str());
        names.chain([to]).collect::<Vec<_>>().join(" extends ")
    };
    let cause = match all.iter().find(|it| it.name == wanted) {
        None => format!("it extends the environment '{wanted}', which is not there"),
        Some(known) if found.iter().any(|it| it.name == known.name) => {
            format!("environments extend each other: {}", path(wanted))
        }
        Some(_) => format!("more than {LAYERS} environments extend each other: {}", path(wanted)),
    };
    Some(LayerFault { environment: last.name.clone(), cause })
}

/// All that an environment says and inherits, by name; of a program what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LayeredValues<'a> {
    pub variables: BTreeMap<&'a str, &'a str>,
    pub secrets: BTreeMap<&'a str, &'a str>,
}

impl<'a> LayeredValues<'a> {
    /// Of these layers, the nearest first.
    #[must_use]
    pub fn of(layers: &[&'a Environment]) -> Self {
        let mut values = LayeredValues::default();
        let pair = |(name, value): (&'a String, &'a String)| (name.as_str(), value.as_str());
        for layer in layers.iter().rev() {
            values.variables.extend(layer.variables.iter().map(pair));
            values.secrets.extend(layer.secrets.iter().map(pair));
            for (reference, command) in &layer.commands {
                match reference.strip_prefix("secret.") {
                    Some(name) => values.secrets.insert(name, command.shown()),
                    None => values.variables.insert(reference, command.shown()),
                };
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, what it extends, variables.
    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    fn environments(all: &[Row<'_>]) -> Vec<Environment> {
        let made = all.iter().map(|(name, extends, variables)| Environment {
            name: (*name).into(),
            extends: Some((*extends).to_owned()).filter(|name| !name.is_empty()),
            variables: variables.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(),
            ..Environment::default()
        });
        made.collect()
    }

    #[test]
    fn the_nearest_value_counts() {
        let all = environments(&[
            ("base", "", &[("host", "h"), ("port", "1"), ("only", "base")]),
            ("eu", "base", &[("host", "eu")]),
            ("lab", "eu", &[("port", "2")]),
        ]);
        let found = layers(&all, "lab");
        assert_eq!(
            found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["lab", "eu", "base"]
        );
        let values = LayeredValues::of(&found).variables;
        assert_eq!((values["host"], values["port"], values["only"]), ("eu", "2", "base"));
        assert_eq!(layer_fault(&all, "lab"), None);
        assert_eq!(layer_fault(&all, "gone"), None);
        assert!(layers(&all, "gone").is_empty());
    }

    #[test]
    fn circles_and_what_is_missing_are_told_with_their_path() {
        let all = environments(&[
            ("a", "b", &[]),
            ("b", "c", &[]),
            ("c", "a", &[]),
            ("me", "me", &[]),
            ("lost", "gone", &[]),
            ("over", "lost", &[]),
        ]);
        let fault = |name: &str| layer_fault(&all, name).unwrap();
        assert!(fault("a").cause.ends_with("each other: a extends b extends c extends a"));
        assert_eq!(fault("a").environment, "c");
        assert!(fault("me").cause.ends_with("me extends me"), "{:?}", fault("me"));
        assert_eq!(fault("over").environment, "lost");
        assert!(fault("over").cause.contains("'gone', which is not there"));
        let many: Vec<(String, String)> =
            (0..20).map(|at| (format!("e{at}"), format!("e{}", at + 1))).collect();
        let many: Vec<Row<'_>> =
            many.iter().map(|(a, b)| (a.as_str(), b.as_str(), &[][..])).collect();
        let fault = layer_fault(&environments(&many), "e0").unwrap();
        assert!(fault.cause.starts_with("more than 16"), "{fault:?}");
    }
}
