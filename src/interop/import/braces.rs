//! Placeholders of other tools as `{{names}}` of ours.
//!
//! A name stays a name, spelled so that it can be one here. What has no counterpart (a function, a value that
//! a script makes, another request's answer) keeps its braces: such a preset is not sent before somebody has
//! put something in their place, and the import says where they stand.

use std::borrow::Cow;

use super::gathered::Gathered;
use super::names;
use crate::compose::template;
use crate::model::braces::is_name;

/// What stands between the braces of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// A variable of ours.
    Name(String),
    /// What we cannot make.
    Foreign,
}

/// How a tool writes its placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `{{name}}`, `{{$guid}}`: Postman.
    Braces,
    /// `{{ _.name }}`, `{{ _['name'] }}`, `{% function %}`: Insomnia.
    Insomnia,
    /// `{{name}}`, `{{process.env.NAME}}`: Bruno.
    Bruno,
    /// `{{name}}`, `{{$processEnv NAME}}`, `{{login.response.body.id}}`: files of requests.
    HttpFile,
    /// `{{name}}`, and functions without a mark: Hurl.
    Hurl,
    /// `$NAME`, `${NAME}`, `$$` for a dollar: posting.
    Dollar,
    /// `{{NAME}}`, and two values without a mark: ATAC.
    Atac,
    /// `{{name}}`, `{{chains.name}}`, `{{ function() | other }}`: slumber.
    Slumber,
}

/// Functions of ATAC.
const ATAC: [&str; 2] = ["NOW", "UUIDv4"];
/// Functions of Hurl.
const HURL: [&str; 2] = ["newUuid", "newDate"];

impl Dialect {
    fn read(self, inner: &str) -> Placeholder {
        match self {
            Dialect::HttpFile
                if inner.starts_with("$processEnv") || inner.starts_with("$dotenv") =>
            {
                let name = inner.split_whitespace().last().unwrap_or_default();
                Placeholder::Name(format!("env.{}", names::variable(name.trim_start_matches('%'))))
            }
            _ if inner.starts_with('$') => Placeholder::Foreign,
            Dialect::HttpFile if inner.contains(".response.") || inner.contains(".request.") => {
                Placeholder::Foreign
            }
            Dialect::Hurl if HURL.contains(&inner) || inner.contains(' ') => Placeholder::Foreign,
            Dialect::Bruno if inner.starts_with("process.env.") => {
                Placeholder::Name(names::variable(inner.trim_start_matches("process.")))
            }
            Dialect::Atac if ATAC.contains(&inner) => Placeholder::Foreign,
            Dialect::Slumber if inner.starts_with("env.") => {
                Placeholder::Name(names::variable(inner))
            }
            Dialect::Slumber if inner.starts_with("chains.") || !is_name(inner) => {
                if let Some(asked) = asked(inner) {
                    return Placeholder::Name(asked);
                }
                let of_system = of_system(inner).map(|name| format!("env.{name}"));
                of_system.map_or(Placeholder::Foreign, Placeholder::Name)
            }
            Dialect::Braces
            | Dialect::Bruno
            | Dialect::HttpFile
            | Dialect::Hurl
            | Dialect::Dollar
            | Dialect::Atac
            | Dialect::Slumber => Placeholder::Name(names::variable(inner)),
            Dialect::Insomnia => {
                let name = inner.strip_prefix("_.").unwrap_or(inner);
                let quoted = name.strip_prefix("_[").and_then(|name| name.strip_suffix(']'));
                let name = quoted.map_or(name, |name| name.trim_matches(['\'', '"']));
                let is_plain = !name.contains(['|', '(', '[', ' ']) || quoted.is_some();
                if is_plain {
                    Placeholder::Name(names::variable(name))
                } else {
                    Placeholder::Foreign
                }
            }
        }
    }
}

/// The variable of the system that `env('NAME')` of slumber names.
fn of_system(inner: &str) -> Option<&str> {
    let given = inner.strip_prefix("env(")?.strip_suffix(')')?.trim();
    let quoted = |quote: char| given.strip_prefix(quote)?.strip_suffix(quote);
    quoted('\'').or_else(|| quoted('"')).filter(|name| is_name(name))
}

/// `prompt(message='User')` of slumber as what is asked for here; `None` = it says more than that.
fn asked(inner: &str) -> Option<String> {
    let given = inner.strip_prefix("prompt(")?.strip_suffix(')')?;
    let (mut label, mut is_secret) = ("a value", false);
    let mut rest = given.trim();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=').filter(|(name, _)| is_name(name.trim()))?;
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| ['\'', '"'].contains(c));
        let (value, behind) = match quote {
            Some(quote) => value.split_at(1).1.split_once(quote)?,
            None => value.split_at(value.find(',').unwrap_or(value.len())),
        };
        match name.trim() {
            "message" => label = value,
            "sensitive" => is_secret = value.trim() == "true",
            _ => return None,
        }
        rest = behind.trim_start().trim_start_matches(',').trim_start();
    }
    let is_plain = !label.trim().is_empty() && !label.contains(['"', '\\', '{', '}']);
    let secret = if is_secret { " secret" } else { "" };
    is_plain.then(|| format!("prompt \"{label}\"{secret}"))
}

/// A text of another tool as one of ours; what has no counterpart is told to `out` with the place.
pub(super) fn ours(text: &str, dialect: Dialect, out: &mut Gathered, place: &str) -> String {
    if dialect == Dialect::Dollar {
        return dollars(text);
    }
    // What slumber writes for two braces that are just that.
    if dialect == Dialect::Slumber && text.contains("{_{") {
        let pieces = text.split("{_{").map(|piece| ours(piece, dialect, out, place));
        return pieces.collect::<Vec<_>>().join("{{!");
    }
    let text = &*functions(text, dialect);
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, behind) = rest.split_at(at);
        made.push_str(before);
        let inner = behind.split_at("{{".len()).1;
        // Three braces are one and two.
        if inner.starts_with('{') {
            made.push('{');
            rest = behind.split_at(1).1;
            continue;
        }
        let end = inner.find(['{', '}', '\n']).unwrap_or(inner.len());
        let (name, closing) = inner.split_at(end);
        if !closing.starts_with("}}") || name.trim().is_empty() {
            // As here, these are just braces; a mark of ours among them is none of theirs.
            made.push_str("{{");
            if inner.starts_with('!') || is_name(name.trim()) {
                made.push('!');
            }
            rest = inner;
            continue;
        }
        rest = closing.split_at("}}".len()).1;
        match dialect.read(name.trim()) {
            Placeholder::Name(name) => made = made + "{{" + &name + "}}",
            Placeholder::Foreign => {
                out.changed("a placeholder without a counterpart, kept", place, name.trim());
                made = made + "{{" + name.trim() + "}}";
            }
        }
    }
    made + rest
}

/// Names behind a dollar; braces mean nothing there.
fn dollars<'t>(text: &'t str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        made.push_str(&template::quote(before));
        let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let named = |text: &'t str| text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
        let inner = behind.strip_prefix('{').map(named);
        let inner = inner.and_then(|(name, after)| Some((name, after.strip_prefix('}')?)));
        let bare = named(behind);
        rest = match (behind.strip_prefix('$'), inner, bare) {
            (Some(after), ..) => {
                made.push('$');
                after
            }
            (None, Some((name, after)), _) if !name.is_empty() => {
                made = made + "{{" + name + "}}";
                after
            }
            (None, _, (name, after))
                if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                made = made + "{{" + name + "}}";
                after
            }
            _ => {
                made.push('$');
                behind
            }
        };
    }
    made + &template::quote(rest)
}

/// Functions of a tool in braces of ours, which nobody sends before something stands in their place.
fn functions(text: &str, dialect: Dialect) -> Cow<'_, str> {
    if dialect != Dialect::Insomnia || !text.contains("{%") {
        return text.into();
    }
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{%") {
        made.push_str(before);
        let Some((inner, after)) = behind.split_once("%}") else {
            // Nothing behind it is closed either.
            made.push_str("{%");
            rest = behind;
            break;
        };
        let inner = inner.trim_matches(|c: char| c == '-' || c.is_whitespace());
        made = made + "{{$" + &inner.replace(['{', '}', '\n'], " ") + "}}";
        rest = after;
    }
    (made + rest).into()
}

#[cfg(test)]
mod tests {
    use super::super::tree::ImportKind;
    use super::*;

    #[test]
    fn names_stay_names_and_what_is_none_is_said() {
        let mut out = Gathered::new(ImportKind::Postman, "x.json");
        let mut ours = |text: &str| ours(text, Dialect::Braces, &mut out, "here");
        assert_eq!(ours("{{base}}/{{ a b }}?x={{fo/o}}"), "{{base}}/{{a-b}}?x={{fo-o}}");
        assert_eq!(ours(r#"{"a":{{b}},"c":{{{d}}}}"#), r#"{"a":{{b}},"c":{{{d}}}}"#);
        assert_eq!(ours("{{$guid}} {{"), "{{$guid}} {{");
        assert_eq!(ours("{{!x}} {{x"), "{{x}} {{!x");
        assert_eq!(ours("{{\n}}"), "{{\n}}");
        let tree = out.finish();
        assert_eq!(tree.left_out.len(), 1);
        assert!(tree.left_out[0].place.contains("$guid"), "{tree:?}");
    }

    #[test]
    fn every_dialect_becomes_ours() {
        let mut out = Gathered::new(ImportKind::Postman, "x.json");
        for (dialect, theirs, made) in [
            (Dialect::Insomnia, "{{ _.base }}/{{ _['a b'] }}/{{x}}", "{{base}}/{{a-b}}/{{x}}"),
            (Dialect::Insomnia, "{% uuid 'v4' %}{{ x | upper }}", "{{$uuid 'v4'}}{{x | upper}}"),
            (Dialect::Bruno, "{{host}} {{process.env.KEY}}", "{{host}} {{env.KEY}}"),
            (Dialect::HttpFile, "{{$processEnv USER}} {{$dotenv %K}}", "{{env.USER}} {{env.K}}"),
            (Dialect::HttpFile, "{{login.response.body.$.id}}", "{{login.response.body.$.id}}"),
            (Dialect::Hurl, "{{newUuid}} {{a}}", "{{newUuid}} {{a}}"),
            (Dialect::Dollar, "$A/${b}/$$5/$5 {{x}}", "{{A}}/{{b}}/$5/$5 {{!x}}"),
            (Dialect::Atac, "{{HOST}} {{NOW}}", "{{HOST}} {{NOW}}"),
            (Dialect::Slumber, "{{host}} {{chains.c}}", "{{host}} {{chains.c}}"),
            (Dialect::Slumber, "{{ env('HOME') }} {_{x}}", "{{env.HOME}} {{!x}}"),
            (
                Dialect::Slumber,
                "{{ prompt(message='User') }}{{prompt(sensitive=true, message=\"PIN\")}}{{prompt()}}",
                "{{prompt \"User\"}}{{prompt \"PIN\" secret}}{{prompt \"a value\"}}",
            ),
            (Dialect::Slumber, "{{ prompt(default='x') }}", "{{prompt(default='x')}}"),
        ] {
            assert_eq!(ours(theirs, dialect, &mut out, "x"), made, "{dialect:?}");
        }
        assert_eq!(out.finish().left_out.len(), 7);
    }
}
