//! Templates: `{{name}}` in any text the user writes, parsed first and expanded after.
//!
//! - A value is never parsed again, so a value cannot smuggle in another template or an escape.
//! - Names: `name` (a variable), `env.NAME` (operating system), `secret.NAME`. Letters, digits,
//!   `_`, `-` and `.`; white space around the name is fine. `{{json NAME}}` writes the value as JSON; any other
//!   `{{word args}}` is kept for functions.
//! - Braces that look like a variable's and hold no name (`{{}}`, `{{env.}}`, `{{#if}}`, `{{a}b}}`, `{{a`) are
//!   an unknown name too: whoever means the braces says so. Any others are text: `{{"a":1}}`, `{{{`.
//! - `{{!anything}}` is the text `{{anything}}`; in payloads `\{{` is the text `{{`. `$` means nothing.

use std::ops::Range;

use super::asked_value::AskedValue;
use super::expansion::Expansion;
use crate::codec::{escape, hex};
use crate::model::braces::{Brace, NameForm, brace, is_name, name_and_arguments};
use crate::model::preset::{Scope, ValueCommand};

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

/// Has a path behind it: what stands there in the body of the request that is answered.
pub(super) const REQUEST_JSON: &str = "request.json";

/// What is made of the value of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `{{json name}}`: written as JSON, with or without the quotes, as it stands.
    Json,
}

impl Function {
    const JSON: &str = "json";

    /// What stands between braces: a function, the name whose value it takes, and what follows that.
    fn of(inner: &str) -> (Option<Function>, &str, &str) {
        match name_and_arguments(inner) {
            (Function::JSON, name) if is_name(name) => (Some(Function::Json), name, ""),
            (Function::JSON, rest) if name_and_arguments(rest).0 == REQUEST_JSON => {
                (Some(Function::Json), REQUEST_JSON, name_and_arguments(rest).1)
            }
            (name, args) => (None, name, args),
        }
    }
}

/// A name as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `base`, `env.HOME`, `secret.token`.
    pub name: String,
    /// What is made of its value.
    pub function: Option<Function>,
    /// What is asked for when it is needed: `{{prompt "OTP"}}`.
    pub asked: Option<AskedValue>,
    /// What follows the name inside the braces, where that is nothing known.
    pub args: String,
    /// The whole `{{...}}` as written.
    pub source: String,
    /// Bytes of the text it covers, braces included.
    pub span: Range<usize>,
    /// Whether it can have a value.
    pub(super) form: NameForm,
}

/// Braces that stand for nothing known: their text can be sent as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// As it is written, braces included.
    pub source: String,
    /// Whether a value can be given to it.
    pub is_name: bool,
}

impl UnknownName {
    /// What stands between the braces, white space around it and a function before it left out.
    #[must_use]
    pub fn inner(&self) -> &str {
        let inner = self.source.trim_matches(['{', '}']).trim();
        match Function::of(inner) {
            (Some(_), name, _) => name,
            (None, ..) => inner,
        }
    }

    /// What a text holds that is to become these braces.
    #[must_use]
    pub fn quoted(&self) -> String {
        self.source.replacen("{{", "{{!", 1)
    }
}

/// A template that cannot be parsed or expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// Bytes of the text it concerns.
    pub span: Range<usize>,
    pub message: String,
    /// The name nothing is known about, when that is the trouble.
    pub unknown: Option<UnknownName>,
    /// What gives the value, when that is all that is missing.
    pub wants: Option<Box<WantedValue>>,
}

/// A value that is got when it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedValue {
    /// Somebody is asked for it.
    Asked(AskedValue),
    /// A program gives it; how templates name it.
    Given(String, ValueCommand),
}

impl WantedValue {
    /// Why it is not there yet.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            WantedValue::Asked(asked) => format!("'{}' is asked for when it is sent", asked.label),
            WantedValue::Given(name, command) => {
                let (giver, words) = (command.source.giver(), command.source.in_words());
                format!("'{name}' is given by {giver} when it is sent: {words}")
            }
        }
    }
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
                Brace::Quoted => (TemplatePart::Literal(b"{{".to_vec()), "{{!".len()),
                Brace::Name(source, form) => {
                    let inner = source.trim_start_matches('{').trim_end_matches('}');
                    let (function, name, args) = Function::of(inner);
                    let asked = AskedValue::read(name, args);
                    let args = if asked.is_some() { "" } else { args };
                    let (name, args, source) = (name.into(), args.into(), source.to_owned());
                    let span = at..at + source.len();
                    let name =
                        Name { name, function, asked, args, source, span: span.clone(), form };
                    (TemplatePart::Name(name), span.len())
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
    pub fn names(&self) -> impl Iterator<Item = &Name> {
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
        let mut out = Expansion::of(self);
        let mut errors = Vec::new();
        for part in &self.parts {
            match part {
                TemplatePart::Literal(bytes) => out.literal(bytes),
                TemplatePart::Name(name) => match value(name) {
                    Ok(value) => out.value(name, &value),
                    Err(error) => errors.push(error),
                },
            }
        }
        if errors.is_empty() { Ok(out.take()) } else { Err(errors) }
    }
}

/// Whether a name is that of something an answer takes of the request it answers.
pub(super) fn is_of_request(name: &str) -> bool {
    ["request.", "state."].iter().any(|begin| name.starts_with(begin))
}

/// The name that stands for a credential the history did not keep. Never sent, not even literally.
pub(crate) const FORGOTTEN: &str = "forgotten";

impl Name {
    /// Whether it can have a value.
    #[must_use]
    pub fn is_proper(&self) -> bool {
        self.form == NameForm::Proper
    }

    /// The braces with another name in them.
    pub(super) fn renamed(&self, to: &str) -> String {
        match self.function {
            Some(Function::Json) => format!("{{{{{} {to}}}}}", Function::JSON),
            None => format!("{{{{{to}}}}}"),
        }
    }

    /// Whether it names a secret or a variable of the operating system.
    pub(super) fn is_of_elsewhere(&self) -> bool {
        self.name.starts_with("env.") || self.name.starts_with("secret.") || self.asked.is_some()
    }

    /// The error for a name nobody knows, with a hint where to define it.
    #[must_use]
    pub fn unknown(&self) -> TemplateError {
        let (name, source) = (&self.name, &self.source);
        if name == FORGOTTEN && self.form == NameForm::Proper {
            let message = "this credential is not kept in the history: type it again".to_owned();
            return TemplateError { span: self.span.clone(), message, unknown: None, wants: None };
        }
        if !self.args.is_empty()
            && let Some(usage) = AskedValue::usage(name)
        {
            let message = format!("{source} is not written like {usage}");
            return TemplateError { span: self.span.clone(), message, unknown: None, wants: None };
        }
        let message = match self.form {
            NameForm::Proper if is_of_request(name) => format!(
                "{source} is known when a request is answered: in headers and in text, json, escaped and hex bodies of answers"
            ),
            NameForm::NoName => format!("{source} is no name of a variable"),
            NameForm::Open => format!("{source} is no variable without }}}} behind its name"),
            NameForm::Proper if !self.args.is_empty() && name == Function::JSON => {
                format!("{source} takes the name of one variable: {{{{json name}}}}")
            }
            NameForm::Proper if !self.args.is_empty() => format!("unknown function '{name}'"),
            NameForm::Proper => match (name.strip_prefix("env."), name.strip_prefix("secret.")) {
                (Some(os), _) => format!("the operating system has no variable '{os}'"),
                (_, Some(secret)) => format!("unknown secret '{secret}'"),
                _ => format!("unknown variable '{name}'"),
            },
        };
        let is_name = self.form == NameForm::Proper;
        let unknown = UnknownName { source: source.clone(), is_name };
        TemplateError { span: self.span.clone(), message, unknown: Some(unknown), wants: None }
    }
}

/// What a name stands for: `{{NAME}}`, `{{secret.NAME}}` or `{{env.NAME}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableName<'a> {
    Plain(&'a str),
    Secret(&'a str),
    Os(&'a str),
    /// What was answered to the question of this label.
    Asked(&'a str),
}

/// Who knows the values of names: a [`Scope`] of its own, or somebody who has them lying about and
/// need not copy them for a look.
pub trait Variables {
    /// The value of a name, if there is one.
    fn value_of(&self, name: VariableName<'_>) -> Option<&str>;

    /// Whether the value of a plain name was captured, typed or given by a program: that uses no further names.
    fn is_verbatim(&self, _name: &str) -> bool {
        false
    }

    /// The folder where files beside the preset lie.
    fn folder(&self) -> Option<&str> {
        None
    }

    /// The program that gives the value of a name.
    fn command_of(&self, _name: VariableName<'_>) -> Option<&ValueCommand> {
        None
    }
}

impl Variables for Scope {
    fn folder(&self) -> Option<&str> {
        Some(&*self.folder).filter(|folder| !folder.is_empty())
    }

    fn value_of(&self, name: VariableName<'_>) -> Option<&str> {
        let given = |command: &ValueCommand| self.outputs.get(&command.source);
        match name {
            VariableName::Plain(plain) => {
                let said = self.typed.get(plain).or_else(|| self.captured.get(plain));
                let of_files = || match self.command_of(name) {
                    Some(command) => given(command),
                    None => self.variables.get(plain),
                };
                said.or_else(of_files)
            }
            VariableName::Secret(secret) => match self.command_of(name) {
                Some(command) => given(command),
                None => self.secrets.get(secret),
            },
            VariableName::Os(name) => self.os.get(name),
            VariableName::Asked(label) => self.typed.get(label),
        }
        .map(String::as_str)
    }

    fn is_verbatim(&self, name: &str) -> bool {
        let said = [&self.captured, &self.typed];
        said.iter().any(|said| said.contains_key(name)) || self.commands.contains_key(name)
    }

    fn command_of(&self, name: VariableName<'_>) -> Option<&ValueCommand> {
        match name {
            VariableName::Plain(name) => self.commands.get(name),
            VariableName::Secret(name) => self.commands.get(&format!("secret.{name}")),
            VariableName::Os(_) | VariableName::Asked(_) => None,
        }
    }
}

/// The value of a name, before anything is made of it.
#[must_use]
pub fn lookup<'a>(name: &Name, variables: &'a dyn Variables) -> Option<&'a str> {
    variables.value_of(variable(name)?)
}

/// What gives the value of a name that has none yet.
pub(super) fn wanted(name: &Name, variables: &dyn Variables) -> Option<WantedValue> {
    if let Some(asked) = &name.asked {
        return Some(WantedValue::Asked(asked.clone()));
    }
    let command = variables.command_of(variable(name)?)?;
    Some(WantedValue::Given(name.name.clone(), command.clone()))
}

/// What a name stands for; `None` = nothing can.
fn variable(name: &Name) -> Option<VariableName<'_>> {
    if !name.args.is_empty() || name.form != NameForm::Proper {
        return None;
    }
    Some(if let Some(asked) = &name.asked {
        VariableName::Asked(&asked.label)
    } else if let Some(os) = name.name.strip_prefix("env.") {
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
        let (braces, length) = match brace(after) {
            Brace::Text => ("{", 1),
            Brace::Quoted | Brace::Name(..) => ("{{!", "{{".len()),
        };
        out.push_str(braces);
        rest = after.split_at(length).1;
    }
    out.push_str(rest);
    out
}

/// Whether a text begins with the braces of a name, or with those that stand for braces.
#[must_use]
pub(crate) fn begins_with_braces(text: &str) -> bool {
    !matches!(brace(text), Brace::Text)
}

/// What the text between two names stands for.
fn literal(text: &str, start: usize, mode: Mode) -> Result<TemplatePart, TemplateError> {
    let error = |span: Range<usize>, message| TemplateError {
        span: span.start + start..span.end + start,
        message,
        unknown: None,
        wants: None,
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
