//! Templates: `{{name}}` in any text the user writes, parsed first and expanded after.
//!
//! - A value is never parsed again, so a value cannot smuggle in another template or an escape.
//! - Names: `name` (a variable), `env.NAME` (operating system), `secret.NAME`. Letters, digits,
//!   `_`, `-` and `.`; white space around the name is fine. `{{name args}}` is kept for functions.
//! - Braces around anything that is not a well-formed name are text: `{{"a":1}}`, `{{}}`, `{{#if}}`.
//!   They cannot be a misspelt variable, and refusing them would break bodies that hold braces.
//! - `{{!anything}}` is the text `{{anything}}`; in payloads `\{{` is the text `{{`. `$` means nothing.

use std::ops::Range;

use crate::codec::{escape, hex};
use crate::model::preset::Scope;

/// What the text around the templates is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it is: URLs, headers, bodies.
    Text,
    /// With the escapes of `codec::escape`.
    Payload,
    /// Hex digits; a value stands for its own bytes.
    Hex,
}

/// A parsed text: literal runs and names in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub(super) parts: Vec<TemplatePart>,
}

/// A run of plain bytes or a name to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePart {
    Literal(Vec<u8>),
    Name(Name),
}

/// A name as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `base`, `env.HOME`, `secret.token`.
    pub name: String,
    /// What follows the name inside the braces; nothing in this version takes arguments.
    pub args: String,
    /// The whole `{{...}}` as written.
    pub source: String,
    /// Bytes of the text it covers, braces included.
    pub span: Range<usize>,
}

/// A template that cannot be parsed or expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// Bytes of the text it concerns.
    pub span: Range<usize>,
    pub message: String,
    /// The name nothing is known about, when that is the trouble.
    pub name: Option<String>,
}

impl Template {
    /// Finds the templates and reads the text between them.
    pub fn parse(text: &str, mode: Mode) -> Result<Template, TemplateError> {
        let mut parts = Vec::new();
        // Where the text begins that is no part yet, and where to look on.
        let (mut start, mut at) = (0, 0);
        while let Some(found) =
            text.as_bytes().get(at..).and_then(|rest| memchr::memchr2(b'{', b'\\', rest))
        {
            at += found;
            let (before, rest) = text.split_at(at);
            let (part, length) = match brace(rest) {
                Brace::Text => {
                    let is_escape = mode == Mode::Payload && rest.starts_with('\\');
                    at += if is_escape { escape::length(rest) } else { 1 };
                    continue;
                }
                Brace::Quoted(inner) => {
                    let literal = format!("{{{{{inner}}}}}").into_bytes();
                    (TemplatePart::Literal(literal), inner.len() + "{{!}}".len())
                }
                Brace::Name(inner) => {
                    let (name, args) = name_and_arguments(inner);
                    let (name, args) = (name.into(), args.into());
                    let source = format!("{{{{{inner}}}}}");
                    let span = at..at + source.len();
                    (
                        TemplatePart::Name(Name { name, args, source, span: span.clone() }),
                        span.len(),
                    )
                }
            };
            push(&mut parts, literal(before.split_at(start).1, start, mode)?);
            push(&mut parts, part);
            at += length;
            start = at;
        }
        push(&mut parts, literal(text.split_at(start).1, start, mode)?);
        Ok(Template { parts })
    }

    /// The names in it, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Name(name) => Some(name),
            TemplatePart::Literal(_) => None,
        })
    }

    /// The bytes with every name given by `value`, and all its errors.
    pub fn expand_with(
        &self,
        value: &dyn Fn(&Name) -> Result<Vec<u8>, TemplateError>,
    ) -> Result<Vec<u8>, Vec<TemplateError>> {
        let mut out = Vec::new();
        let mut errors = Vec::new();
        for part in &self.parts {
            match part {
                TemplatePart::Literal(bytes) => out.extend_from_slice(bytes),
                TemplatePart::Name(name) => match value(name) {
                    Ok(value) => out.extend_from_slice(&value),
                    Err(error) => errors.push(error),
                },
            }
        }
        if errors.is_empty() { Ok(out) } else { Err(errors) }
    }
}

/// The name that stands for a credential the history did not keep. Never sent, not even literally.
pub(crate) const FORGOTTEN: &str = "forgotten";

impl Name {
    /// Whether it names a secret or a variable of the operating system.
    pub(super) fn is_of_elsewhere(&self) -> bool {
        self.name.starts_with("env.") || self.name.starts_with("secret.")
    }

    /// The error for a name nobody knows, with a hint where to define it.
    #[must_use]
    pub fn unknown(&self) -> TemplateError {
        let name = &self.name;
        if name == FORGOTTEN {
            let message = "this credential is not kept in the history: type it again".to_owned();
            return TemplateError { span: self.span.clone(), message, name: None };
        }
        let message = if !self.args.is_empty() {
            format!("unknown function '{name}'")
        } else if let Some(os) = name.strip_prefix("env.") {
            format!("the operating system has no variable '{os}'")
        } else if let Some(secret) = name.strip_prefix("secret.") {
            format!("unknown secret '{secret}'")
        } else {
            format!("unknown variable '{name}'")
        };
        let inner = format!("{name} {}", self.args).trim_end().to_owned();
        TemplateError { span: self.span.clone(), message, name: Some(inner) }
    }
}

/// What a name stands for: `{{NAME}}`, `{{secret.NAME}}` or `{{env.NAME}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableName<'a> {
    Plain(&'a str),
    Secret(&'a str),
    Os(&'a str),
}

/// Who knows the values of names: a [`Scope`] of its own, or somebody who has them lying about and
/// need not copy them for a look.
pub trait Variables {
    /// The value of a name, if there is one.
    fn value_of(&self, name: VariableName<'_>) -> Option<&str>;
}

impl Variables for Scope {
    fn value_of(&self, name: VariableName<'_>) -> Option<&str> {
        match name {
            VariableName::Plain(name) => self.variables.get(name),
            VariableName::Secret(name) => self.secrets.get(name),
            VariableName::Os(name) => self.os.get(name),
        }
        .map(String::as_str)
    }
}

/// The value of a name; functions have none yet.
#[must_use]
pub fn lookup<'a>(name: &Name, variables: &'a dyn Variables) -> Option<&'a str> {
    if !name.args.is_empty() {
        return None;
    }
    variables.value_of(if let Some(os) = name.name.strip_prefix("env.") {
        VariableName::Os(os)
    } else if let Some(secret) = name.name.strip_prefix("secret.") {
        VariableName::Secret(secret)
    } else {
        VariableName::Plain(&name.name)
    })
}

/// Text that a template of text mode expands to exactly `text`.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let (brace, length) = match brace(after) {
            Brace::Text => ("{".to_owned(), 1),
            Brace::Quoted(inner) => (format!("{{{{!!{inner}}}}}"), inner.len() + "{{!}}".len()),
            Brace::Name(inner) => (format!("{{{{!{inner}}}}}"), inner.len() + "{{}}".len()),
        };
        out.push_str(&brace);
        rest = after.split_at(length).1;
    }
    out.push_str(rest);
    out
}

/// Where the names of a text in text mode are, in order; costs what the text is long.
pub(crate) fn name_spans(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text.get(at..).and_then(|rest| rest.find("{{")) {
            let start = at + found;
            let (is_name, length) = match brace(text.split_at(start).1) {
                Brace::Name(inner) => (true, inner.len() + "{{}}".len()),
                Brace::Quoted(inner) => (false, inner.len() + "{{!}}".len()),
                Brace::Text => (false, 1),
            };
            at = start + length;
            if is_name {
                return Some(start..at);
            }
        }
        None
    })
}

/// The first braces of a text that look like those of a name and are none: `{{}}`, `{{env.}}`,
/// `{{#if x}}`, `{{a}b}}`. They are sent as they are.
#[must_use]
pub(super) fn mistaken(text: &str, mode: Mode) -> Option<&str> {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("{{")) {
        at += found;
        let (before, rest) = text.split_at(at);
        let is_escaped = mode == Mode::Payload && before.ends_with('\\');
        match brace(rest) {
            Brace::Name(inner) | Brace::Quoted(inner) => at += inner.len(),
            Brace::Text if is_escaped => {}
            Brace::Text => {
                let inner = rest.split_at("{{".len()).1;
                let (inner, behind) =
                    inner.split_at(inner.find(['{', '}', '\n', '"']).unwrap_or(inner.len()));
                let closing = if behind.starts_with("}}") { 2 } else { 1 };
                let is_like = behind.starts_with("}}") || is_name(inner.trim());
                if behind.starts_with('}') && is_like {
                    return rest.get(.."{{".len() + inner.len() + closing);
                }
            }
        }
        at += 1;
    }
    None
}

/// What a `{` begins.
enum Brace<'a> {
    /// Nothing special.
    Text,
    /// `{{!...}}`, with what stands behind the `!`.
    Quoted(&'a str),
    /// `{{...}}`, with what stands between the braces.
    Name(&'a str),
}

fn brace(text: &str) -> Brace<'_> {
    let Some(inner) = text.strip_prefix("{{") else { return Brace::Text };
    // A name never spans braces or lines, so a text full of braces costs linear time.
    let Some(end) = inner.find(['{', '}', '\n']) else { return Brace::Text };
    let (inner, rest) = inner.split_at(end);
    if !rest.starts_with("}}") {
        return Brace::Text;
    }
    if let Some(inner) = inner.strip_prefix('!') {
        return Brace::Quoted(inner);
    }
    if is_name(name_and_arguments(inner).0) { Brace::Name(inner) } else { Brace::Text }
}

fn name_and_arguments(inner: &str) -> (&str, &str) {
    let inner = inner.trim();
    let (name, args) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    (name, args.trim())
}

/// Whether a text can stand between the braces: dotted words of letters, digits, `_` and `-`, none of
/// them beginning with `-`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.split('.').all(|word| {
        word.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            && word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

/// What the text between two names stands for.
fn literal(text: &str, start: usize, mode: Mode) -> Result<TemplatePart, TemplateError> {
    let error = |span: Range<usize>, message| TemplateError {
        span: span.start + start..span.end + start,
        message,
        name: None,
    };
    let bytes = match mode {
        Mode::Text => text.as_bytes().to_vec(),
        Mode::Payload => escape::unescape(text).map_err(|e| error(e.span, e.message))?,
        Mode::Hex => hex::parse(text).map_err(|e| {
            let found = text.get(e.position..).and_then(|rest| rest.chars().next());
            let end = e.position + found.map_or(0, char::len_utf8);
            error(e.position..end, e.message)
        })?,
    };
    Ok(TemplatePart::Literal(bytes))
}

/// Adds a part; neighbouring runs of bytes become one.
fn push(parts: &mut Vec<TemplatePart>, part: TemplatePart) {
    match (parts.last_mut(), part) {
        (_, TemplatePart::Literal(bytes)) if bytes.is_empty() => {}
        (Some(TemplatePart::Literal(last)), TemplatePart::Literal(bytes)) => last.extend(bytes),
        (_, part) => parts.push(part),
    }
}

#[cfg(test)]
mod template_tests;
