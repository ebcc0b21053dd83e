//! Answers that are made of what was asked: `{{request.path.id}}`, `{{request.json .user.id}}`, `{{state.cart}}`.
//!
//! Parsed here and filled in when a request is there (`engine::http::filled_answer`). Where a value is written as JSON
//! is decided here, by the text around it alone, so nothing that is received is ever read as a template or changes what
//! another value is.

use std::collections::BTreeSet;

use super::expansion::Expansion;
use super::template::{
    Mode, Name, REQUEST_JSON, Template, TemplateError, TemplatePart, is_of_request,
};
use super::text::Composer;
use crate::codec::json_path::JsonPath;
use crate::model::field_id::FieldId;
use crate::model::http_answer::{AnswerPiece, AskedPart};
use crate::model::suggest::suggest;

/// What stands behind `request.`; `path`, `query`, `header` and `cookie` may have a name behind a point.
const PARTS: [&str; 9] =
    ["method", "path", "query", "header", "cookie", "json", "body", "host", "url"];

/// What an answer can be made of.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownParts {
    /// Parts of the path of its rule.
    pub(super) of_path: Vec<String>,
    /// What rules set.
    pub(super) states: BTreeSet<String>,
    /// It is the answer of a rule.
    pub(super) is_rule: bool,
}

/// A text that is put together later.
pub(super) struct OpenText {
    pub(super) pieces: Vec<AnswerPiece>,
    /// As far as it is known, with the braces of what is not.
    pub(super) shown: Vec<u8>,
}

/// Whether a text has something in it that is known with a request.
pub(super) fn is_open(text: &str, mode: Mode) -> bool {
    let template = text.contains("{{").then(|| Template::parse(text, mode).ok()).flatten();
    template.is_some_and(|template| template.names().any(is_asked))
}

fn is_asked(name: &Name) -> bool {
    let is_alone = |word: &str| name.name == word && name.args.is_empty();
    name.is_proper() && (is_of_request(&name.name) || is_alone("match") || is_alone("times"))
}

impl KnownParts {
    /// The pieces of a text; `None` after an issue.
    pub(super) fn pieces(
        &self,
        field: FieldId,
        (text, mode): (&str, Mode),
        composer: &mut Composer<'_>,
    ) -> Option<OpenText> {
        let template = composer.parse(field, text, mode)?;
        let count = composer.issues.len();
        let (mut pieces, mut shown) = (Vec::new(), Vec::new());
        let mut literal = Expansion::of(&template);
        for part in template.parts {
            let name = match part {
                TemplatePart::Literal(bytes) => {
                    shown.extend_from_slice(&bytes);
                    literal.literal(&bytes);
                    continue;
                }
                TemplatePart::Name(name) => name,
            };
            if !is_asked(&name) {
                match composer.value(&name) {
                    Ok(value) => {
                        shown.extend_from_slice(&value);
                        literal.value(&name, &value);
                    }
                    Err(error) => composer.refuse(field, error),
                }
                continue;
            }
            shown.extend_from_slice(name.source.as_bytes());
            let json = literal.left_open(&name);
            let before = literal.take();
            pieces.extend((!before.is_empty()).then(|| AnswerPiece::Literal(before.into())));
            match self.part(&name) {
                Ok(part) => pieces.push(AnswerPiece::Asked { part, json }),
                Err(message) => {
                    let (span, unknown, wants) = (name.span.clone(), None, None);
                    composer.refuse(field, TemplateError { span, message, unknown, wants });
                }
            }
        }
        let rest = literal.take();
        pieces.extend((!rest.is_empty()).then(|| AnswerPiece::Literal(rest.into())));
        (composer.issues.len() == count).then_some(OpenText { pieces, shown })
    }

    /// What a name stands for.
    fn part(&self, name: &Name) -> Result<AskedPart, String> {
        let source = &name.source;
        if !name.args.is_empty() && name.name != REQUEST_JSON {
            return Err(format!("nothing stands behind the name in {source}"));
        }
        if let Some(state) = name.name.strip_prefix("state.") {
            if self.states.contains(state) {
                return Ok(AskedPart::State(state.to_owned()));
            }
            return Err(unset(state, &self.states));
        }
        match &*name.name {
            "match" if self.is_rule => return Ok(AskedPart::Match),
            "times" if self.is_rule => return Ok(AskedPart::Times),
            "match" | "times" => return Err(format!("{source} is of rules; this answer has none")),
            _ => {}
        }
        let inner = name.name.strip_prefix("request.").unwrap_or_default();
        let (part, own) =
            inner.split_once('.').map_or((inner, None), |(part, own)| (part, Some(own)));
        Ok(match (part, own) {
            ("method", None) => AskedPart::Method,
            ("path", None) => AskedPart::Path,
            ("query", None) => AskedPart::Query,
            ("host", None) => AskedPart::Host,
            ("url", None) => AskedPart::Url,
            ("body", None) => AskedPart::Body,
            ("path", Some(own)) if self.of_path.iter().any(|known| known == own) => {
                AskedPart::PathPart(own.to_owned())
            }
            ("path", Some(own)) => {
                return Err(format!("the path of this rule has no {{{own}}}"));
            }
            ("query", Some(own)) => AskedPart::QueryValue(own.to_owned()),
            ("header", Some(own)) => AskedPart::Header(own.to_ascii_lowercase()),
            ("cookie", Some(own)) => AskedPart::Cookie(own.to_owned()),
            ("json", None) => json(&name.args)?,
            ("header" | "cookie", None) => {
                return Err(format!("a name is missing in {source}: {{{{request.{part}.NAME}}}}"));
            }
            _ => return Err(format!("a request has no '{inner}'; {}", suggest(part, &PARTS))),
        })
    }
}

/// No rule sets what is asked for.
pub(super) fn unset(name: &str, states: &BTreeSet<String>) -> String {
    let known: Vec<&str> = states.iter().map(String::as_str).collect();
    let known = if known.is_empty() {
        format!("a rule does with set = [\"{name}=value\"]")
    } else {
        suggest(name, &known)
    };
    format!("no rule sets '{name}'; {known}")
}

fn json(path: &str) -> Result<AskedPart, String> {
    if path.is_empty() {
        return Err("a path is missing: {{request.json .user.id}}".to_owned());
    }
    JsonPath::parse(path).map(|_| AskedPart::Json(path.to_owned()))
}
