//! Expands single fields and collects what is wrong with them.

use super::expansion::Expansion;
use super::issue::Issue;
use super::json_values;
use super::nested;
use crate::codec::http1::fields::is_token;
use crate::compose::address::name_control;
use crate::compose::template::{
    FORGOTTEN, Mode, Name, Template, TemplateError, TemplatePart, VariableName, Variables, lookup,
};
use crate::model::field_id::FieldId;
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::plan::AnswerPart;

/// What becomes of names nothing is known about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownNames {
    /// Each is an issue.
    Refused,
    /// They are sent as they are written, braces included (the user said so).
    Literal,
}

/// Expands the fields of one spec.
pub(super) struct Composer<'a> {
    variables: &'a dyn Variables,
    unknown: UnknownNames,
    pub(super) issues: Vec<Issue>,
    /// What is worth knowing before it is sent.
    pub(super) notes: Vec<String>,
}

/// What a text of a type gives a meaning of its own, and how the type is called.
const MEANINGS: [(&str, &[char], &str); 2] =
    [("x-www-form-urlencoded", &['&', '=', '+', '%'], "the form"), ("xml", &['<', '&'], "the XML")];

impl<'a> Composer<'a> {
    /// Expands with these variables; no issue yet.
    pub(super) fn new(variables: &'a dyn Variables, unknown: UnknownNames) -> Self {
        Composer { variables, unknown, issues: Vec::new(), notes: Vec::new() }
    }

    /// Something is wrong with the whole field, in words for the user.
    pub(super) fn issue(&mut self, field: FieldId, message: impl Into<String>) {
        let message = message.into();
        self.issues.push(Issue { field, span: None, message, unknown: None, wants: None });
    }

    /// The home folder, if the system says it.
    pub(super) fn home(&self) -> Option<&str> {
        self.variables.value_of(VariableName::Os("HOME")).filter(|home| !home.is_empty())
    }

    /// A variable of the system, whether a template names it or not.
    pub(super) fn environment(&self, name: VariableName<'_>) -> Option<&str> {
        self.variables.value_of(name)
    }

    /// The folder of the preset on the disk.
    pub(super) fn folder(&self) -> Option<&str> {
        self.variables.folder()
    }

    /// What is wrong with a template is an issue of its field.
    pub(super) fn refuse(&mut self, field: FieldId, error: TemplateError) {
        let TemplateError { span, message, unknown, wants } = error;
        self.issues.push(Issue { field, span: Some(span), message, unknown, wants });
    }

    /// The value of a name, with all that it uses.
    pub(super) fn value(&self, name: &Name) -> Result<Vec<u8>, TemplateError> {
        nested::value(name, self.variables).map(String::into_bytes).or_else(|error| {
            let is_forgotten = name.is_proper() && name.name == FORGOTTEN;
            let is_wanted = error.wants.is_some();
            let as_written = self.unknown == UnknownNames::Literal && !is_forgotten && !is_wanted;
            if as_written { Ok(name.source.clone().into_bytes()) } else { Err(error) }
        })
    }

    /// A text taken apart; `None` after an issue.
    pub(super) fn parse(&mut self, field: FieldId, text: &str, mode: Mode) -> Option<Template> {
        let template = Template::parse(text, mode).map_err(|error| self.refuse(field, error)).ok();
        self.note_braces(template.as_ref());
        template
    }

    /// Notes values that hold braces and are never looked into.
    fn note_braces(&mut self, template: Option<&Template>) {
        let is_looked_into = |name: &&Name| {
            let value = lookup(name, self.variables).unwrap_or_default();
            let template = Template::parse(value, Mode::Text);
            name.is_of_elsewhere()
                && value.contains("{{")
                && template.is_ok_and(|template| template.names().any(Name::is_proper))
        };
        let values = template.into_iter().flat_map(Template::names).filter(is_looked_into);
        let notes: Vec<_> = values
            .map(|name| {
                let source = &name.source;
                format!("the value of {source} holds braces, which are sent as they are: only variables of files use others")
            })
            .collect();
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    fn expand(&mut self, field: FieldId, template: &Template) -> Option<Vec<u8>> {
        match template.expand_with(&|name| self.value(name)) {
            Ok(bytes) => Some(bytes),
            Err(errors) => {
                for error in errors {
                    self.refuse(field, error);
                }
                None
            }
        }
    }

    /// A text of a body; empty after an issue.
    pub(super) fn text(&mut self, field: FieldId, text: &str) -> String {
        string(self.escaped(field, text, Mode::Text))
    }

    /// A text that a header gives this type. A value that the type reads otherwise than as text is
    /// noted; it may be meant so.
    pub(super) fn typed(&mut self, field: FieldId, text: &str, content_type: &str) -> String {
        let content_type = content_type.to_ascii_lowercase();
        let whole = self.text(field, text);
        if content_type.contains("json")
            && let Some((_, why)) = self.harm(text, &whole)
        {
            self.notes.push(why);
        }
        let known = MEANINGS.iter().find(|(kind, ..)| content_type.contains(kind));
        let Some((_, signs, what)) = known.filter(|_| text.contains("{{")) else { return whole };
        for part in Template::parse(text, Mode::Text).iter().flat_map(|template| &template.parts) {
            let TemplatePart::Name(name) = part else { continue };
            let value = self.value(name).unwrap_or_default();
            if let Some(sign) = String::from_utf8_lossy(&value).chars().find(|c| signs.contains(c))
            {
                let source = &name.source;
                self.notes.push(format!("the value of {source} is sent as it is, and '{sign}' in it means something to {what}"));
            }
        }
        whole
    }

    /// A text that is to be JSON. When it would be but for a value, or a value does not stay what it
    /// stands for, the value is named.
    pub(super) fn json(&mut self, field: FieldId, text: &str) -> String {
        let count = self.issues.len();
        let whole = self.text(field, text);
        if self.issues.len() == count
            && let Some((name, message)) = self.harm(text, &whole)
        {
            let span = Some(name.span);
            self.issues.push(Issue { field, span, message, unknown: None, wants: None });
        }
        whole
    }

    /// The first value that does harm to the JSON it stands in, and how.
    fn harm(&self, text: &str, whole: &str) -> Option<(Name, String)> {
        if !text.contains("{{") {
            return None;
        }
        let template = Template::parse(text, Mode::Text).ok()?;
        let value = |name: &Name| nested::value(name, self.variables).ok();
        json_values::harm(&template, whole, &value).map(|(name, why)| (name.clone(), why))
    }

    /// A text of a head: no line break, no NUL; empty after an issue.
    pub(super) fn line(&mut self, field: FieldId, text: &str) -> String {
        self.line_with(field, text, |value| value)
    }

    /// A URL. A `#` that comes with a value is data, so it is encoded, unless the value is a whole
    /// URL itself.
    pub(super) fn url(&mut self, field: FieldId, text: &str) -> String {
        self.line_with(field, text, |value| {
            let text = String::from_utf8_lossy(&value);
            if text.contains("://") { value } else { text.replace('#', "%23").into_bytes() }
        })
    }

    fn line_with(
        &mut self,
        field: FieldId,
        text: &str,
        written: impl Fn(Vec<u8>) -> Vec<u8>,
    ) -> String {
        let Some(template) = self.parse(field, text, Mode::Text) else { return String::new() };
        let value = |name: &Name| self.value(name).map(&written);
        let bytes = match template.expand_with(&value) {
            Ok(bytes) => bytes,
            Err(errors) => {
                for error in errors {
                    self.refuse(field, error);
                }
                return String::new();
            }
        };
        let Some(bad) = line_break(&bytes) else { return string(bytes) };
        // Which template brought it in, if it was one.
        let guilty = template.parts.iter().find_map(|part| match part {
            TemplatePart::Name(name) => line_break(&self.value(name).ok()?).map(|_| name),
            TemplatePart::Literal(_) => None,
        });
        let source = guilty.map(|name| format!("; it comes from {}", name.source));
        self.issues.push(Issue {
            field,
            span: guilty.map(|name| name.span.clone()),
            message: format!(
                "{} is not allowed here{}",
                name_control(char::from(bad)),
                source.unwrap_or_default()
            ),
            unknown: None,
            wants: None,
        });
        String::new()
    }

    /// A method or header name.
    pub(super) fn token(&mut self, field: FieldId, text: &str) -> String {
        let count = self.issues.len();
        let word = self.line(field, text);
        if count == self.issues.len() && !is_token(word.as_bytes()) {
            let message = match word.chars().find(|c| !c.is_ascii() || !is_token(&[*c as u8])) {
                Some(bad) => format!("'{bad}' is not allowed here"),
                None => "this is empty".to_owned(),
            };
            self.issue(field, message);
        }
        word
    }

    /// The bytes of a payload; empty after an issue.
    pub(super) fn payload(&mut self, field: FieldId, payload: &Payload) -> Vec<u8> {
        self.escaped(field, &payload.text, mode(payload.format))
    }

    /// The bytes of a text; empty after an issue.
    pub(super) fn escaped(&mut self, field: FieldId, text: &str, mode: Mode) -> Vec<u8> {
        let template = self.parse(field, text, mode);
        template.and_then(|template| self.expand(field, &template)).unwrap_or_default()
    }

    /// The parts of an automatic answer: `{{message}}` and `{{match}}` stay open until a message
    /// comes, everything else is expanded now.
    pub(super) fn answer(&mut self, field: FieldId, payload: &Payload) -> Vec<AnswerPart> {
        let Some(template) = self.parse(field, &payload.text, mode(payload.format)) else {
            return Vec::new();
        };
        let mut parts: Vec<AnswerPart> = Vec::new();
        let mut literal = Expansion::of(&template);
        for part in template.parts {
            let name = match part {
                TemplatePart::Literal(bytes) => {
                    literal.literal(&bytes);
                    continue;
                }
                TemplatePart::Name(name) => name,
            };
            let is_open = name.is_proper() && name.args.is_empty() && name.function.is_none();
            let open = match &*name.name {
                "message" if is_open => AnswerPart::Message,
                "match" if is_open => AnswerPart::Match,
                _ => {
                    match self.value(&name) {
                        Ok(value) => literal.value(&name, &value),
                        Err(error) => self.refuse(field, error),
                    }
                    continue;
                }
            };
            parts.extend(run(&mut literal));
            parts.push(open);
        }
        parts.extend(run(&mut literal));
        parts
    }
}

/// The bytes before what stays open, if there are any.
fn run(literal: &mut Expansion) -> Option<AnswerPart> {
    let bytes = literal.take();
    (!bytes.is_empty()).then(|| AnswerPart::Literal(bytes.into()))
}

/// What a template of text expands to is text.
fn string(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// What a payload of this format is written in.
pub(super) fn mode(format: PayloadFormat) -> Mode {
    match format {
        PayloadFormat::Text => Mode::Payload,
        PayloadFormat::Hex => Mode::Hex,
    }
}

/// What may not stand in a head, if there is any.
pub(super) fn line_break(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

#[cfg(test)]
mod tests {
    use crate::compose::plan;
    use crate::model::http::{HttpBody, HttpSpec};
    use crate::model::name_value::NameValue;
    use crate::model::plan::Plan;
    use crate::model::preset::Scope;
    use crate::model::spec::Spec;

    #[test]
    fn a_value_that_means_something_to_the_type_of_a_text_is_noted() {
        let mut scope = Scope::default();
        for (name, value) in [("amp", "a&b"), ("lt", "a<b"), ("quote", "a\"b"), ("plain", "a b")] {
            scope.variables.insert(name.into(), value.into());
        }
        for (content_type, text, noted) in [
            ("application/xml", "<x>{{lt}}</x>", Some("'<' in it means something to the XML")),
            ("application/soap+xml", "<x>{{amp}}</x>", Some("'&' in it")),
            ("text/xml", "<x>{{plain}}{{quote}}</x>", None),
            ("application/x-www-form-urlencoded", "q={{amp}}", Some("to the form")),
            ("application/x-www-form-urlencoded", "q={{lt}}", None),
            (
                "application/json",
                "{\"a\":\"{{quote}}\"}",
                Some("{{quote}} ends the string it stands in"),
            ),
            ("application/json", "{\"a\":\"{{amp}}\"}", None),
            ("text/plain", "{{amp}}{{lt}}", None),
        ] {
            let spec = HttpSpec {
                url: "http://a/".into(),
                headers: vec![NameValue::new("Content-Type", content_type)],
                body: HttpBody::Text(text.into()),
                ..HttpSpec::default()
            };
            let Ok(Plan::Http(plan)) = plan(&Spec::Http(spec), &scope) else { panic!("{text}") };
            assert_eq!(plan.notes.len(), usize::from(noted.is_some()), "{text}: {:?}", plan.notes);
            assert!(noted.is_none_or(|words| plan.notes[0].contains(words)), "{:?}", plan.notes);
        }
    }
}
