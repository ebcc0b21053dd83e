//! Variables that use other variables: `base = "http://{{host}}:{{port}}"` in a file.
//!
//! What stands in files is a template of its own; a circle is named with its path, and depth and
//! length are bounded, so that no file can make a value without an end. Secrets and what the operating
//! system says are values and never looked into.

use super::expansion::Expansion;
use super::template::{Mode, Name, Template, TemplateError, TemplatePart, Variables, lookup};

/// Variables in variables.
const DEPTH: usize = 32;
/// Bytes of one value.
const LENGTH: usize = 1 << 20;

/// The value of a name with all that it uses.
///
/// # Errors
/// Nothing is known about the name or about one that its value uses, or they use each other.
pub(super) fn value(name: &Name, variables: &dyn Variables) -> Result<String, TemplateError> {
    let mut path = Vec::new();
    inner(name, variables, &mut path).map_err(|message| match message {
        None => name.unknown(),
        Some(message) => TemplateError { span: name.span.clone(), message, unknown: None },
    })
}

/// `Err(None)` = nothing is known about this very name.
fn inner(
    name: &Name,
    variables: &dyn Variables,
    path: &mut Vec<String>,
) -> Result<String, Option<String>> {
    let found = lookup(name, variables).ok_or(None)?;
    let is_of_elsewhere = name.is_of_elsewhere() || variables.is_captured(&name.name);
    if is_of_elsewhere || !found.contains("{{") {
        return Ok(found.to_owned());
    }
    let is_circle = path.contains(&name.name);
    path.push(name.name.clone());
    let way = || path.join(" uses ");
    if is_circle {
        return Err(Some(format!("variables use each other: {}", way())));
    }
    if path.len() > DEPTH {
        return Err(Some(format!("variables use more than {DEPTH} others: {}", way())));
    }
    let template = Template::parse(found, Mode::Text).map_err(|error| Some(error.message))?;
    let mut out = Expansion::of(&template);
    for part in &template.parts {
        match part {
            TemplatePart::Literal(bytes) => out.literal(bytes),
            TemplatePart::Name(used) => {
                let whole = inner(used, variables, path).map_err(|message| {
                    let unknown =
                        || format!("{} (used by '{}')", used.unknown().message, name.name);
                    Some(message.unwrap_or_else(unknown))
                })?;
                out.value(used, whole.as_bytes());
            }
        }
        if out.len() > LENGTH {
            return Err(Some(format!("the value of '{}' is longer than 1 MiB", name.name)));
        }
    }
    path.pop();
    Ok(String::from_utf8_lossy(&out.take()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset::Scope;

    fn named(name: &str) -> Name {
        let template = Template::parse(&format!("{{{{{name}}}}}"), Mode::Text).unwrap();
        match template.parts.into_iter().find(|part| matches!(part, TemplatePart::Name(_))) {
            Some(TemplatePart::Name(name)) => name,
            other => panic!("{other:?}"),
        }
    }

    fn scope(pairs: &[(&str, &str)]) -> Scope {
        let variables = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let mut scope = Scope { variables: variables.collect(), ..Scope::default() };
        scope.secrets.insert("token".into(), "{{host}}".into());
        scope.os.insert("HOME".into(), "{{host}}".into());
        scope
    }

    #[test]
    fn a_variable_may_use_others_secrets_and_the_system() {
        let scope = scope(&[
            ("host", "a.example"),
            ("base", "http://{{host}}:{{port}}"),
            ("port", "80"),
            ("url", "{{base}}/{{ host }}?{{secret.token}}{{env.HOME}}"),
            ("braces", "{{!host}} {\"a\":{{port}}}"),
            ("quote", "a\"b"),
            ("json", "{\"q\":\"{{json quote}}\",\"r\":{{json quote}}}"),
        ]);
        let value = |name: &str| super::value(&named(name), &scope).unwrap();
        assert_eq!(value("url"), "http://a.example:80/a.example?{{host}}{{host}}");
        assert_eq!(value("braces"), "{{host}} {\"a\":80}");
        assert_eq!(value("json"), "{\"q\":\"a\\\"b\",\"r\":\"a\\\"b\"}");
    }

    #[test]
    fn what_was_captured_goes_before_and_is_not_looked_into() {
        let mut scope = scope(&[("token", "of the file"), ("url", "x{{token}}")]);
        scope.captured.insert("token".into(), "{{host}}".into());
        assert_eq!(super::value(&named("url"), &scope).unwrap(), "x{{host}}");
    }

    #[test]
    fn circles_and_what_is_unknown_are_named_with_their_path() {
        let scope = scope(&[
            ("a", "{{b}}"),
            ("b", "x{{c}}"),
            ("c", "{{a}}"),
            ("me", "{{me}}"),
            ("d", "{{nope}}"),
        ]);
        let message = |name: &str| super::value(&named(name), &scope).unwrap_err().message;
        assert_eq!(message("a"), "variables use each other: a uses b uses c uses a");
        assert_eq!(message("me"), "variables use each other: me uses me");
        assert_eq!(message("d"), "unknown variable 'nope' (used by 'd')");
        assert_eq!(message("nope"), "unknown variable 'nope'");
    }

    #[test]
    fn no_file_makes_a_value_without_an_end() {
        let mut pairs: Vec<(String, String)> =
            (0..40).map(|at| (format!("v{at}"), format!("{{{{v{}}}}}", at + 1))).collect();
        pairs.push(("v40".into(), "x".into()));
        pairs.extend(
            (0..30).map(|at| (format!("w{at}"), format!("{{{{w{0}}}}}{{{{w{0}}}}}", at + 1))),
        );
        pairs.push(("w30".into(), "{{x}}".into()));
        pairs.push(("x".into(), "0123456789".into()));
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let scope = scope(&pairs);
        let message = |name: &str| super::value(&named(name), &scope).unwrap_err().message;
        assert!(message("v0").contains("more than 32"), "{}", message("v0"));
        assert!(message("w0").contains("longer than 1 MiB"), "{}", message("w0"));
    }
}
