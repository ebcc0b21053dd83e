//! Variables that use other variables: `base = "http://{{host}}:{{port}}"` in a file.
//!
//! What stands in files is a template of its own; a circle is named with its path, and depth and
//! length are bounded, so that no file can make a value without an end. Secrets and what the operating
//! system says are values and never looked into.

use super::expansion::Expansion;
use super::template::{
    Mode, Name, Template, TemplateError, TemplatePart, Variables, WantedValue, lookup, wanted,
};

/// Variables in variables.
const DEPTH: usize = 32;
/// Bytes of one value.
const LENGTH: usize = 1 << 20;

/// Why a name has no value.
enum Lack {
    /// Nothing is known about this very name.
    Unknown,
    Because(String),
    /// It can be got.
    Wanted(WantedValue),
}

/// The value of a name with all that it uses.
///
/// # Errors
/// Nothing is known about the name or about one that its value uses, they use each other, or a value has to be
/// got first.
pub(super) fn value(name: &Name, variables: &dyn Variables) -> Result<String, TemplateError> {
    let mut path = Vec::new();
    inner(name, variables, &mut path).map_err(|lack| {
        let (message, wants) = match lack {
            Lack::Unknown => return name.unknown(),
            Lack::Because(message) => (message, None),
            Lack::Wanted(wanted) => (wanted.words(), Some(Box::new(wanted))),
        };
        TemplateError { span: name.span.clone(), message, unknown: None, wants }
    })
}

/// A text with the values that are known, all that these use included; a name without one stays as written.
pub(super) fn as_far_as_known(
    text: &str,
    variables: &dyn Variables,
    path: &mut Vec<String>,
) -> Vec<u8> {
    let Ok(template) = Template::parse(text, Mode::Text) else { return text.as_bytes().to_vec() };
    let mut out = Expansion::of(&template);
    for part in &template.parts {
        match part {
            TemplatePart::Literal(bytes) => out.literal(bytes),
            TemplatePart::Name(name) => {
                let whole = inner(name, variables, &mut Vec::new());
                let value = match (whole, lookup(name, variables)) {
                    (Ok(value), _) => value.into_bytes(),
                    (Err(_), Some(found)) if !path.contains(&name.name) && path.len() < DEPTH => {
                        path.push(name.name.clone());
                        let value = as_far_as_known(found, variables, path);
                        path.pop();
                        value
                    }
                    (Err(_), _) => name.source.clone().into_bytes(),
                };
                out.value(name, &value);
            }
        }
        if out.len() > LENGTH {
            break;
        }
    }
    out.take()
}

fn inner(name: &Name, variables: &dyn Variables, path: &mut Vec<String>) -> Result<String, Lack> {
    let lack = || wanted(name, variables).map_or(Lack::Unknown, Lack::Wanted);
    let found = lookup(name, variables).ok_or_else(lack)?;
    if let Some(why) = name.asked.as_ref().and_then(|asked| asked.wrong(found)) {
        return Err(Lack::Because(why));
    }
    let is_of_elsewhere = name.is_of_elsewhere() || variables.is_verbatim(&name.name);
    if is_of_elsewhere || !found.contains("{{") {
        return Ok(found.to_owned());
    }
    let is_circle = path.contains(&name.name);
    path.push(name.name.clone());
    let way = || path.join(" uses ");
    if is_circle {
        return Err(Lack::Because(format!("variables use each other: {}", way())));
    }
    if path.len() > DEPTH {
        let why = format!("variables use more than {DEPTH} others: {}", way());
        return Err(Lack::Because(why));
    }
    let template =
        Template::parse(found, Mode::Text).map_err(|error| Lack::Because(error.message))?;
    let mut out = Expansion::of(&template);
    for part in &template.parts {
        match part {
            TemplatePart::Literal(bytes) => out.literal(bytes),
            TemplatePart::Name(used) => {
                let whole = inner(used, variables, path).map_err(|lack| match lack {
                    Lack::Unknown => {
                        let why = used.unknown().message;
                        Lack::Because(format!("{why} (used by '{}')", name.name))
                    }
                    lack => lack,
                })?;
                out.value(used, whole.as_bytes());
            }
        }
        if out.len() > LENGTH {
            let why = format!("the value of '{}' is longer than 1 MiB", name.name);
            return Err(Lack::Because(why));
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
    fn what_is_asked_for_or_given_by_a_program_is_wanted_and_not_looked_into() {
        use crate::model::preset::ValueCommand;
        let mut scope = scope(&[("otp", "x{{prompt \"Code\"}}"), ("auth", "{{token}}{{otp}}")]);
        let command = ValueCommand::of(vec!["gh".into()], true);
        scope.commands.insert("token".into(), command.clone());
        scope.commands.insert("secret.token".into(), command.clone());
        let wants = |scope: &Scope, name: &str| {
            super::value(&named(name), scope).unwrap_err().wants.map(|it| *it)
        };
        let given = |name: &str| Some(WantedValue::Given(name.into(), command.clone()));
        assert_eq!(wants(&scope, "auth"), given("token"));
        assert_eq!(wants(&scope, "secret.token"), given("secret.token"));
        scope.outputs.insert(command.source.clone(), "{{host}}".into());
        assert!(
            matches!(wants(&scope, "auth"), Some(WantedValue::Asked(it)) if it.label == "Code")
        );
        scope.typed.insert("Code".into(), "{{host}}".into());
        let value = |name: &str| super::value(&named(name), &scope).unwrap();
        assert_eq!(value("auth"), "{{host}}x{{host}}");
        assert_eq!(value("secret.token"), "{{host}}");
        let wrong = super::value(&named("choose Code a b"), &scope).unwrap_err();
        assert_eq!((wrong.message.as_str(), wrong.wants), ("Code is one of: a, b", None));
        let odd = super::value(&named("prompt a b c"), &scope).unwrap_err();
        assert!(odd.message.contains("is not written like {{prompt"), "{}", odd.message);
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
