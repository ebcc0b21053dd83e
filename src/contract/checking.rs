//! Holds an exchange against its operation.

use super::Contract;
use super::document::{ContractOperation, Document, Version, operations};
use super::parameters::AskedValues;
use super::schemas::Schemas;
use super::translate::MessageWay;
use super::{CHECKED_BODY, media};
use crate::codec::data_tree::DataNode;
use crate::json_schema::Misfit;
use crate::model::contract_facts::ContractFacts;
use crate::model::counts::count;
use crate::model::exchange::{Head, StartLine};
use crate::model::url_text::UrlText;

/// What is told of one exchange at most, and of one schema.
const FINDINGS: usize = 20;
const VIOLATIONS: usize = 5;
/// Longest piece of somebody's text in words.
const SHOWN: usize = 120;

/// A message as it was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeenMessage<'a> {
    pub(crate) head: &'a Head,
    pub(crate) body: &'a SeenBody,
}

/// A body without its codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SeenBody {
    Whole(Vec<u8>),
    /// It has so many bytes.
    TooLong(u64),
    /// Why it is not known.
    Unknown(String),
}

/// Which operation a request is for.
pub(super) enum Sought<'d> {
    Found(ContractOperation<'d>, String, Vec<(String, String)>),
    UnknownPath,
    /// The path is there, with these methods.
    OtherMethods(&'d str, Vec<String>),
}

impl Contract {
    /// What differs from the document; without an answer the request alone is looked at. `None` = nothing is said
    /// of such a request, as of what a browser asks before it sends one.
    pub(crate) fn check(
        &self,
        url: &str,
        request: SeenMessage<'_>,
        response: Option<SeenMessage<'_>>,
    ) -> Option<ContractFacts> {
        let StartLine::Request { method, .. } = &request.head.start else { return None };
        let status = response.and_then(|response| response.head.status());
        let facts = ContractFacts { status, ..ContractFacts::default() };
        let mut checker = Checker { document: &self.document, schemas: &self.schemas, facts };
        let target = UrlText::literal(url);
        match self.sought(method, target.path) {
            Sought::UnknownPath => {
                let path = if target.path.is_empty() { "/" } else { target.path };
                checker.differs(format!("unknown path {}", cut(path)));
            }
            Sought::OtherMethods(..) if is_preflight(method, request.head) => return None,
            Sought::OtherMethods(path, methods) => {
                let (method, methods) = (cut(method), methods.join(", "));
                checker.differs(format!(
                    "undocumented method {method} of {path}, which has {methods}"
                ));
            }
            Sought::Found(operation, name, values) => {
                checker.facts.operation = name;
                let query = target.query.unwrap_or_default();
                let asked = AskedValues::new(&values, query, request.head);
                checker.parameters(&operation, &asked);
                checker.request_body(&operation, request);
                if let Some(response) = response {
                    checker.response(&operation, method, response);
                }
            }
        }
        Some(checker.facts.named())
    }

    /// The operation of a request to this path.
    pub(super) fn sought(&self, method: &str, path: &str) -> Sought<'_> {
        let path = if path.is_empty() { "/" } else { path };
        let found = self.document.below(path).find_map(|path| self.paths.find(path));
        let Some(found) = found else { return Sought::UnknownPath };
        let Some((path, item)) = self.document.path(found.at) else { return Sought::UnknownPath };
        let has =
            |wanted: &str| operations(item).find(|(name, _)| name == wanted).map(|(_, it)| it);
        // What can be read can be asked for its head (RFC 9110, section 9.3.2).
        let written = has(method).or_else(|| has("GET").filter(|_| method == "HEAD"));
        if let Some(written) = written {
            let operation = ContractOperation { item, written };
            return Sought::Found(operation, format!("{method} {path}"), found.values);
        }
        Sought::OtherMethods(path, operations(item).map(|(name, _)| name).collect())
    }
}

/// Whether a browser asks if a page may send something (CORS).
fn is_preflight(method: &str, head: &Head) -> bool {
    method == "OPTIONS" && head.field("access-control-request-method").is_some()
}

/// A check under way.
pub(super) struct Checker<'c> {
    pub(super) document: &'c Document,
    pub(super) schemas: &'c Schemas,
    pub(super) facts: ContractFacts,
}

impl<'c> Checker<'c> {
    /// Something is not as the document says.
    pub(super) fn differs(&mut self, words: String) {
        if self.facts.findings.len() < FINDINGS && !self.facts.findings.contains(&words) {
            self.facts.findings.push(words);
        }
    }

    fn unchecked(&mut self, words: String) {
        if self.facts.unchecked.len() < FINDINGS && !self.facts.unchecked.contains(&words) {
            self.facts.unchecked.push(words);
        }
    }

    /// Holds a value against a schema of the document; what it may be read as are further values.
    pub(super) fn value(
        &mut self,
        about: &str,
        schema: &'c DataNode,
        way: MessageWay,
        values: &[serde_json::Value],
    ) {
        let ready = self.schemas.ready(self.document, schema, way);
        for unused in ready.unused {
            self.unchecked(format!("{about}: {unused}"));
        }
        let (Some(schema), Some(first)) = (ready.schema, values.first()) else { return };
        if values.iter().any(|value| schema.is_met(value)) {
            return;
        }
        for Misfit { pointer, words, .. } in schema.misfits(first, VIOLATIONS) {
            let place =
                if pointer.is_empty() { String::new() } else { format!("{}: ", cut(&pointer)) };
            self.differs(format!("{about}: {place}{words}"));
        }
    }

    fn request_body(&mut self, operation: &ContractOperation<'c>, request: SeenMessage<'_>) {
        if self.document.version == Version::Second {
            return self.second_request(operation, request);
        }
        let body = self.document.led(operation.written.at("requestBody"));
        if body.is_null() {
            return;
        }
        if is_empty(request.body) {
            if body.at("required").is_true() {
                self.differs("request: the body is missing".to_owned());
            }
            return;
        }
        self.content("request", body.at("content").pairs(), request, MessageWay::Request);
    }

    fn second_request(&mut self, operation: &ContractOperation<'c>, request: SeenMessage<'_>) {
        let parameters = self.document.parameters(operation);
        let Some(body) = parameters.into_iter().find(|it| it.at("in").str() == "body") else {
            return;
        };
        if is_empty(request.body) {
            if body.at("required").is_true() {
                self.differs("request: the body is missing".to_owned());
            }
            return;
        }
        let named = self.named_types(operation, "consumes");
        self.second_content("request", &named, body.at("schema"), request, MessageWay::Request);
    }

    fn response(
        &mut self,
        operation: &ContractOperation<'c>,
        method: &str,
        response: SeenMessage<'_>,
    ) {
        let Some(status) = response.head.status() else { return };
        let answers = operation.written.at("responses").pairs();
        if answers.is_empty() {
            return;
        }
        let Some(answer) = answer(answers, status) else {
            let known: Vec<&str> = answers.iter().map(|(name, _)| &**name).take(10).collect();
            let known = known.join(", ");
            return self
                .differs(format!("response: status {status} is not documented; {known} are"));
        };
        let answer = self.document.led(answer);
        self.response_headers(answer, response.head);
        if method == "HEAD" || matches!(status, 204 | 304) {
            return;
        }
        if self.document.version == Version::Second {
            let schema = answer.at("schema");
            if !schema.is_null() {
                let named = self.named_types(operation, "produces");
                self.second_content("response", &named, schema, response, MessageWay::Response);
            }
            return;
        }
        let content = answer.at("content").pairs();
        if content.is_empty() {
            return;
        }
        if is_empty(response.body) {
            if content.iter().all(|(name, _)| media::is_json(name)) {
                self.differs("response: the body is missing".to_owned());
            }
            return;
        }
        self.content("response", content, response, MessageWay::Response);
    }

    fn response_headers(&mut self, answer: &'c DataNode, head: &Head) {
        for (name, header) in answer.at("headers").pairs() {
            let header = self.document.led(header);
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            let values: Vec<String> =
                head.all(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect();
            if values.is_empty() {
                if header.at("required").is_true() {
                    self.differs(format!("response: header {name} is missing"));
                }
                continue;
            }
            let is_second = self.document.version == Version::Second;
            let schema = if is_second { header } else { header.at("schema") };
            if !schema.is_null() {
                let text = values.join(", ");
                let values = self.document.typed(schema, &text, ",");
                let about = format!("response: header {name} = \"{}\"", cut(&text));
                self.value(&about, schema, MessageWay::Response, &values);
            }
        }
    }

    /// A body against the content types of a message of 3.x.
    fn content(
        &mut self,
        about: &str,
        content: &'c [(Box<str>, DataNode)],
        message: SeenMessage<'_>,
        way: MessageWay,
    ) {
        let Some(said) = self.content_type(about, message.head) else { return };
        let Some((_, media)) = media::fitting(content, &said) else {
            let named = media::names(content);
            let said = media::essence(&said);
            return self.differs(format!(
                "{about}: content type {} is not documented; {named} is",
                cut(&said)
            ));
        };
        let schema = self.document.led(media).at("schema");
        self.body(about, schema, &said, message.body, way);
    }

    /// The same of 2.0.
    fn second_content(
        &mut self,
        about: &str,
        named: &[&str],
        schema: &'c DataNode,
        message: SeenMessage<'_>,
        way: MessageWay,
    ) {
        if is_empty(message.body) {
            return;
        }
        let Some(said) = self.content_type(about, message.head) else { return };
        let content: Vec<(Box<str>, DataNode)> =
            named.iter().map(|name| ((*name).into(), DataNode::Null)).collect();
        if !content.is_empty() && media::fitting(&content, &said).is_none() {
            let (said, named) = (media::essence(&said), media::names(&content));
            return self.differs(format!(
                "{about}: content type {} is not documented; {named} is",
                cut(&said)
            ));
        }
        self.body(about, schema, &said, message.body, way);
    }

    fn content_type(&mut self, about: &str, head: &Head) -> Option<String> {
        let said = head.field("content-type").map(|it| String::from_utf8_lossy(it).into_owned());
        if said.is_none() {
            self.differs(format!("{about}: no Content-Type says what the body is"));
        }
        said
    }

    fn named_types(&self, operation: &ContractOperation<'c>, name: &str) -> Vec<&'c str> {
        let own = operation.written.at(name);
        let named = if own.is_null() { self.document.root().at(name) } else { own };
        named.items().iter().filter_map(DataNode::text).collect()
    }

    fn body(
        &mut self,
        about: &str,
        schema: &'c DataNode,
        said: &str,
        body: &SeenBody,
        way: MessageWay,
    ) {
        if schema.is_null() {
            return;
        }
        let bytes = match body {
            SeenBody::Whole(bytes) => bytes,
            SeenBody::TooLong(length) => {
                let (length, limit) = (count(*length), count(CHECKED_BODY));
                return self.unchecked(format!(
                    "{about}: the body has {length} bytes; up to {limit} are checked"
                ));
            }
            SeenBody::Unknown(why) => return self.unchecked(format!("{about}: {why}")),
        };
        if media::is_json(said) {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match serde_json::from_slice(text) {
                Ok(value) => self.value(about, schema, way, &[value]),
                Err(error) => self.differs(format!("{about}: the body is no JSON: {error}")),
            }
        } else if media::is_form(said) {
            let form = self.document.form(schema, bytes);
            self.value(about, schema, way, &[form]);
        } else if media::essence(said).starts_with("text/") && self.document.is_text(schema) {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.value(about, schema, way, &[serde_json::Value::String(text)]);
        }
    }
}

/// The answer that a status is of: its own, that of its hundred, or that for all others.
pub(super) fn answer(answers: &[(Box<str>, DataNode)], status: u16) -> Option<&DataNode> {
    let named = |name: &str| {
        answers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, it)| it)
    };
    let own = named(&status.to_string()).or_else(|| named(&format!("{}XX", status / 100)));
    own.or_else(|| named("default"))
}

fn is_empty(body: &SeenBody) -> bool {
    matches!(body, SeenBody::Whole(bytes) if bytes.is_empty())
}

/// A text as it can stand in a sentence.
pub(super) fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
