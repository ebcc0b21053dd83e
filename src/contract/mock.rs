//! Answers in place of the server that a document describes: with its examples, or with what its schemas allow.

use serde_json::{Value, json};

use super::Contract;
use super::checking::{SeenBody, SeenMessage, Sought, answer};
use super::document::{ContractOperation, Version};
use super::{example, media};
use crate::codec::data_tree::DataNode;
use crate::model::contract_facts::ContractFacts;
use crate::model::exchange::{Head, StartLine};
use crate::model::url_text::UrlText;

/// How problems are told (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MockAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The operation whose answer it is; empty = of none.
    pub(crate) operation: String,
    /// The request is not as the document says, and is answered so.
    pub(crate) refused: Option<ContractFacts>,
}

/// What a client would like (`Prefer: code=404, example=none`; RFC 7240).
#[derive(Debug, Default, PartialEq, Eq)]
struct Preferred {
    code: Option<u16>,
    example: Option<String>,
}

impl Preferred {
    fn of(head: &Head) -> Self {
        let mut preferred = Preferred::default();
        for line in head.all("prefer") {
            let line = String::from_utf8_lossy(line).into_owned();
            for word in line.split([',', ';', ' ']) {
                let (name, value) = word.trim().split_once('=').unwrap_or_default();
                let value = value.trim_matches('"');
                match name {
                    "code" | "status" => preferred.code = value.parse().ok(),
                    "example" => preferred.example = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        preferred
    }
}

impl Contract {
    /// The answer to a request.
    pub(crate) fn mocked(&self, url: &str, head: &Head, body: &SeenBody) -> MockAnswer {
        let StartLine::Request { method, .. } = &head.start else {
            return problem(400, "the request cannot be read", &[]);
        };
        let found = match self.sought(method, UrlText::literal(url).path) {
            Sought::Found(operation, name, _) => Ok((operation, name)),
            Sought::UnknownPath => Err((404, Vec::new())),
            Sought::OtherMethods(_, methods) => Err((405, methods)),
        };
        let facts = self.check(url, SeenMessage { head, body }, None).unwrap_or_default();
        match found {
            Ok((operation, name)) if facts.is_ok() => self.shown(&operation, name, head),
            Ok((_, name)) => {
                let refused =
                    problem(400, "the request is not as the contract says", &facts.findings);
                MockAnswer { operation: name, refused: Some(facts), ..refused }
            }
            Err((status, methods)) => {
                let words = facts.findings.first().cloned().unwrap_or_default();
                let mut refused = problem(status, &words, &[]);
                if status == 405 {
                    refused.headers.push(("Allow".into(), methods.join(", ")));
                }
                MockAnswer { refused: Some(facts), ..refused }
            }
        }
    }

    /// The answer of an operation as the document shows it.
    pub(super) fn shown(
        &self,
        operation: &ContractOperation<'_>,
        name: String,
        head: &Head,
    ) -> MockAnswer {
        let preferred = Preferred::of(head);
        let answers = operation.written.at("responses").pairs();
        let wanted = preferred.code.and_then(|code| Some((code, answer(answers, code)?)));
        let Some((status, found)) = wanted.or_else(|| usual(answers)) else {
            return MockAnswer {
                status: 200,
                headers: Vec::new(),
                body: Vec::new(),
                operation: name,
                refused: None,
            };
        };
        let found = self.document.led(found);
        let mut headers = self.headers(found);
        if wanted.is_some() {
            headers.push(("Preference-Applied".into(), format!("code={status}")));
        }
        let (kind, body) = self.content(operation, found, &preferred, head);
        let has_body = !matches!(status, 100..=199 | 204 | 304);
        if has_body && let Some(kind) = kind {
            headers.insert(0, ("Content-Type".into(), kind));
        }
        let body = if has_body { body } else { Vec::new() };
        MockAnswer { status, headers, body, operation: name, refused: None }
    }

    /// Headers that the document shows or asks for.
    fn headers(&self, found: &DataNode) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (name, header) in found.at("headers").pairs() {
            let header = self.document.led(header);
            if ["content-type", "content-length", "transfer-encoding", "connection"]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name))
            {
                continue;
            }
            let is_second = self.document.version == Version::Second;
            let schema = if is_second { header } else { header.at("schema") };
            let shown = example::of_media(&self.document, header, None);
            let value = shown.or_else(|| example::made(&self.document, schema));
            let value = value.map(|value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            });
            // A line break would be a header more.
            let value = value.filter(|value| !value.chars().any(char::is_control));
            let is_name =
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            headers.extend(value.filter(|_| is_name).map(|value| (name.to_string(), value)));
        }
        headers
    }

    /// The type and bytes of an answer.
    fn content(
        &self,
        operation: &ContractOperation<'_>,
        found: &DataNode,
        preferred: &Preferred,
        head: &Head,
    ) -> (Option<String>, Vec<u8>) {
        let accept = head.all("accept").map(|it| String::from_utf8_lossy(it).into_owned());
        let accept = accept.collect::<Vec<_>>().join(",");
        if self.document.version == Version::Second {
            let examples = found.at("examples").pairs();
            let own = operation.written.at("produces");
            let kinds = if own.is_null() { self.document.root().at("produces") } else { own };
            let kinds = kinds.items().iter().filter_map(DataNode::text);
            let names: Vec<&str> = examples.iter().map(|(name, _)| &**name).chain(kinds).collect();
            let schema = found.at("schema");
            if schema.is_null() && examples.is_empty() {
                return (None, Vec::new());
            }
            let kind = accepted(&names, &accept).unwrap_or("application/json");
            let shown = examples.iter().find(|(name, _)| &**name == kind).map(|(_, it)| it);
            let shown = shown.and_then(|it| serde_json::to_value(it).ok());
            let value = shown.or_else(|| example::made(&self.document, schema));
            return (Some(kind.to_owned()), bytes(kind, value));
        }
        let content = found.at("content").pairs();
        let names: Vec<&str> = content.iter().map(|(name, _)| &**name).collect();
        let Some(kind) = accepted(&names, &accept) else { return (None, Vec::new()) };
        let Some((_, media)) = content.iter().find(|(name, _)| &**name == kind) else {
            return (None, Vec::new());
        };
        let media = self.document.led(media);
        let value = example::of_media(&self.document, media, preferred.example.as_deref());
        let kind = if kind.contains('*') { "application/json" } else { kind };
        (Some(kind.to_owned()), bytes(kind, value))
    }
}

/// The answer when nothing goes wrong: the first of success, then that for all others, then any.
fn usual(answers: &[(Box<str>, DataNode)]) -> Option<(u16, &DataNode)> {
    let status = |name: &str| match name.get(..1)?.parse::<u16>().ok()? {
        hundred if name.get(1..).is_some_and(|rest| rest.eq_ignore_ascii_case("XX")) => {
            Some(hundred * 100)
        }
        _ => name.parse().ok().filter(|status| (200..600).contains(status)),
    };
    let known = || answers.iter().filter_map(|(name, it)| Some((status(name)?, it)));
    let least = known().filter(|(status, _)| *status < 300).min_by_key(|(status, _)| *status);
    let default = || answers.iter().find(|(name, _)| &**name == "default").map(|(_, it)| (200, it));
    least.or_else(default).or_else(|| known().next())
}

/// The content type that a client accepts; JSON where it takes all, the first where it takes none.
fn accepted<'n>(names: &[&'n str], accept: &str) -> Option<&'n str> {
    let is_taken = |name: &&&str| {
        let entry = [((**name).into(), DataNode::Null)];
        accept.split(',').any(|wanted| {
            let wanted = media::essence(wanted);
            !wanted.is_empty() && !wanted.contains('*') && media::fitting(&entry, &wanted).is_some()
        })
    };
    let json = || names.iter().find(|name| media::is_json(name));
    names.iter().find(is_taken).or_else(json).or(names.first()).copied()
}

/// An example as a body of this type.
fn bytes(kind: &str, value: Option<Value>) -> Vec<u8> {
    let Some(value) = value else { return Vec::new() };
    let written = |value: &Value| serde_json::to_vec_pretty(value).unwrap_or_default();
    match value {
        // Many write their JSON as a text.
        Value::String(text)
            if media::is_json(kind)
                && text.trim_start().starts_with(['{', '['])
                && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() =>
        {
            text.into_bytes()
        }
        value if media::is_json(kind) => written(&value),
        Value::Object(pairs) if media::is_form(kind) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in pairs {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                form.append_pair(&name, &text);
            }
            form.finish().into_bytes()
        }
        Value::String(text) => text.into_bytes(),
        value => written(&value),
    }
}

fn problem(status: u16, words: &str, findings: &[String]) -> MockAnswer {
    let mut told = json!({ "title": words, "status": status });
    if !findings.is_empty() {
        told["findings"] = json!(findings);
    }
    MockAnswer {
        status,
        headers: vec![("Content-Type".into(), PROBLEM.into())],
        body: serde_json::to_vec_pretty(&told).unwrap_or_default(),
        operation: String::new(),
        refused: None,
    }
}
