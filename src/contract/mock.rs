//! Answers in place of the server that a document describes: with its examples, or with what its schemas allow.

use serde_json::json;

use super::Contract;
use super::checking::{RefusedAs, SeenBody, SeenMessage, Sought, answer, is_preflight};
use super::document::{ContractOperation, Version};
use super::negotiation::{Preferred, accepted, exact, taken};
use super::{example, media, security};
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
    /// How the request stands to the document, where the answer is none of that.
    pub(crate) facts: Option<ContractFacts>,
}

/// An answer that is being made of an operation.
struct ShownAnswer<'d> {
    found: &'d DataNode,
    applied: Vec<String>,
}

impl Contract {
    /// The answer to a request.
    pub(crate) fn mocked(&self, url: &str, head: &Head, body: &SeenBody) -> MockAnswer {
        let mut answer = self.answered(url, head, body);
        if head.field("origin").is_some() {
            // Pages of other origins are who mocks are for; there is nothing to protect in examples.
            answer.headers.push(("Access-Control-Allow-Origin".into(), "*".into()));
            answer.headers.push(("Vary".into(), "Origin".into()));
        }
        answer
    }

    fn answered(&self, url: &str, head: &Head, body: &SeenBody) -> MockAnswer {
        let StartLine::Request { method, target, .. } = &head.start else {
            return problem(400, "the request cannot be read", &[]);
        };
        if method == "OPTIONS" && target == "*" {
            return allowed(&[], head);
        }
        let found = match self.sought(method, UrlText::literal(url).path) {
            Sought::Found(operation, name, _) => Ok((operation, name)),
            Sought::OtherMethods(_, methods) if method == "OPTIONS" => {
                return allowed(&methods, head);
            }
            Sought::UnknownPath => Err((404, Vec::new())),
            Sought::OtherMethods(_, methods) => Err((405, methods)),
            Sought::Nowhere(_) => Err((501, Vec::new())),
        };
        let looked = self.looked_at(url, SeenMessage { head, body }, None);
        let refusal = looked.as_ref().map_or(RefusedAs::Malformed, |looked| looked.refusal);
        let facts = looked.map(|looked| looked.facts).unwrap_or_default();
        match found {
            Ok((operation, name)) if facts.is_ok() => self.shown(&operation, name, head),
            Ok((operation, name)) => {
                let mut refused = problem(
                    refusal as u16,
                    "the request is not as the contract says",
                    &facts.findings,
                );
                refused.headers.extend(self.beside(refusal, &operation));
                MockAnswer { operation: name, facts: Some(facts), ..refused }
            }
            Err((status, methods)) => {
                let words = facts.findings.iter().chain(&facts.unchecked).next();
                let mut refused = problem(status, words.map_or("", String::as_str), &[]);
                if status == 405 {
                    refused.headers.push(("Allow".into(), allow(&methods)));
                }
                MockAnswer { facts: Some(facts), ..refused }
            }
        }
    }

    /// The header that goes with a refusal.
    fn beside(
        &self,
        refusal: RefusedAs,
        operation: &ContractOperation<'_>,
    ) -> Option<(String, String)> {
        let root = self.document.root();
        match refusal {
            RefusedAs::Malformed => None,
            RefusedAs::Unauthorized => {
                let schemes =
                    [root.path(&["components", "securitySchemes"]), root.at("securityDefinitions")];
                let schemes = schemes.into_iter().find(|it| !it.is_null())?;
                Some(("WWW-Authenticate".into(), security::challenge(schemes).into()))
            }
            RefusedAs::WrongType => {
                let body = self.document.led(operation.written.at("requestBody"));
                let names: Vec<&str> =
                    body.at("content").pairs().iter().map(|(name, _)| &**name).collect();
                (!names.is_empty()).then(|| ("Accept".into(), names.join(", ")))
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
            let (headers, body) = (Vec::new(), Vec::new());
            return MockAnswer { status: 200, headers, body, operation: name, facts: None };
        };
        let applied = wanted.map(|(code, _)| format!("code={code}")).into_iter().collect();
        let mut shown = ShownAnswer { found: self.document.led(found), applied };
        let has_body = !matches!(status, 100..=199 | 204 | 304);
        let content = if has_body {
            self.content(operation, &mut shown, &preferred, head)
        } else {
            Ok((None, Vec::new()))
        };
        let (kind, body) = match content {
            Ok(content) => content,
            Err(names) => {
                let words = format!("the answer is {names}, which the request does not accept");
                let refused = problem(406, &words, &[]);
                let facts = ContractFacts { operation: name.clone(), ..self.facts() };
                return MockAnswer { operation: name, facts: Some(facts), ..refused };
            }
        };
        let mut headers = self.headers(shown.found);
        if !shown.applied.is_empty() {
            headers.push(("Preference-Applied".into(), shown.applied.join(", ")));
        }
        if let Some(kind) = kind {
            headers.insert(0, ("Content-Type".into(), kind));
        }
        MockAnswer { status, headers, body, operation: name, facts: None }
    }

    fn facts(&self) -> ContractFacts {
        ContractFacts { known: Some(self.known().clone()), ..ContractFacts::default() }
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
            let (shown, _) = example::of_media(&self.document, header, None);
            let value = shown.or_else(|| example::made(&self.document, schema));
            let value = value.map(|value| value.plain());
            // A line break would be a header more.
            let value = value.filter(|value| !value.chars().any(char::is_control));
            let is_name =
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            headers.extend(value.filter(|_| is_name).map(|value| (name.to_string(), value)));
        }
        headers
    }

    /// The type and bytes of an answer.
    ///
    /// # Errors
    /// The types there are, where the client takes none of them.
    fn content(
        &self,
        operation: &ContractOperation<'_>,
        shown: &mut ShownAnswer<'_>,
        preferred: &Preferred,
        head: &Head,
    ) -> Result<(Option<String>, Vec<u8>), String> {
        if self.document.version == Version::Second {
            return self.second_content(operation, shown.found, head);
        }
        let content = shown.found.at("content").pairs();
        let names: Vec<&str> = content.iter().map(|(name, _)| &**name).collect();
        if names.is_empty() {
            return Ok((None, Vec::new()));
        }
        let taken = taken(head);
        let kind = accepted(&names, &taken).ok_or_else(|| media::names(content))?;
        let media = content.iter().find(|(name, _)| &**name == kind).map(|(_, media)| media);
        let Some(media) = media.map(|media| self.document.led(media)) else {
            return Ok((None, Vec::new()));
        };
        let wanted = preferred.example.as_deref();
        let (value, is_wanted) = example::of_media(&self.document, media, wanted);
        shown.applied.extend(wanted.filter(|_| is_wanted).map(|name| format!("example={name}")));
        let kind = exact(kind, &taken);
        let body = self.bytes(&kind, media.at("schema"), value);
        Ok((Some(kind), body))
    }

    /// The same of 2.0.
    fn second_content(
        &self,
        operation: &ContractOperation<'_>,
        found: &DataNode,
        head: &Head,
    ) -> Result<(Option<String>, Vec<u8>), String> {
        let examples = found.at("examples").pairs();
        let own = operation.written.at("produces");
        let kinds = if own.is_null() { self.document.root().at("produces") } else { own };
        let kinds = kinds.items().iter().filter_map(DataNode::text);
        let names: Vec<&str> = examples.iter().map(|(name, _)| &**name).chain(kinds).collect();
        let schema = found.at("schema");
        if schema.is_null() && examples.is_empty() {
            return Ok((None, Vec::new()));
        }
        let taken = taken(head);
        let kind = match accepted(&names, &taken) {
            Some(kind) => exact(kind, &taken),
            None if names.is_empty() => "application/json".to_owned(),
            None => return Err(names.join(", ")),
        };
        let shown = examples.iter().find(|(name, _)| **name == *kind).map(|(_, it)| it.clone());
        let value = shown.or_else(|| example::made(&self.document, schema));
        let body = self.bytes(&kind, schema, value);
        Ok((Some(kind), body))
    }

    /// An example as a body of this type.
    fn bytes(&self, kind: &str, schema: &DataNode, value: Option<DataNode>) -> Vec<u8> {
        let Some(value) = value else { return Vec::new() };
        if media::is_json(kind) {
            return match value {
                // Many write their JSON as a text.
                DataNode::Text(text) if is_structure(&text) => text.into_string().into_bytes(),
                value => value.json(true).into_bytes(),
            };
        }
        match value {
            DataNode::Text(text) if !media::is_xml(kind) || text.trim_start().starts_with('<') => {
                text.into_string().into_bytes()
            }
            value if media::is_xml(kind) => self.document.as_xml(schema, &value).into_bytes(),
            DataNode::Map(pairs) if media::is_form(kind) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                for (name, value) in pairs {
                    form.append_pair(&name, &value.plain());
                }
                form.finish().into_bytes()
            }
            value => value.json(true).into_bytes(),
        }
    }
}

/// Whether a text is a list or an object of JSON.
fn is_structure(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The methods of a path, with those that every server has.
fn allow(methods: &[String]) -> String {
    let mut all: Vec<&str> = methods.iter().map(String::as_str).collect();
    if all.contains(&"GET") && !all.contains(&"HEAD") {
        all.push("HEAD");
    }
    if !all.contains(&"OPTIONS") {
        all.push("OPTIONS");
    }
    all.join(", ")
}

/// What may be asked of a path; a browser that asks before it sends something may send it.
fn allowed(methods: &[String], head: &Head) -> MockAnswer {
    let mut headers = vec![("Allow".to_owned(), allow(methods))];
    if is_preflight("OPTIONS", head) {
        let asked = head.field("access-control-request-headers");
        let asked = asked.map(|it| String::from_utf8_lossy(it).into_owned());
        headers.push(("Access-Control-Allow-Methods".into(), allow(methods)));
        headers.extend(asked.map(|names| ("Access-Control-Allow-Headers".to_owned(), names)));
    }
    let (operation, facts) = (String::new(), Some(ContractFacts::default()));
    MockAnswer { status: 204, headers, body: Vec::new(), operation, facts }
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
        facts: None,
    }
}
