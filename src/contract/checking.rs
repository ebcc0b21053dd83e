//! Holds an exchange against its operation.

use std::sync::Arc;

use super::Contract;
use super::document::{ContractOperation, Document, Version, operations};
use super::media;
use super::parameters::AskedValues;
use super::schemas::Schemas;
use super::translate::MessageWay;
use crate::codec::data_tree::DataNode;
use crate::json_schema::Misfit;
use crate::model::contract_facts::ContractFacts;
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
    /// The path is there and leads to what is not.
    Nowhere(&'d str),
}

/// How a server answers what is not as the document says, what matters most last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RefusedAs {
    Malformed = 400,
    WrongType = 415,
    Unauthorized = 401,
}

/// An exchange that was looked at.
pub(super) struct Looked {
    pub(super) facts: ContractFacts,
    /// How its request is refused; it is not where nothing differs.
    pub(super) refusal: RefusedAs,
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
        Some(self.looked_at(url, request, response)?.facts)
    }

    /// The same, and how a server would refuse it.
    pub(super) fn looked_at(
        &self,
        url: &str,
        request: SeenMessage<'_>,
        response: Option<SeenMessage<'_>>,
    ) -> Option<Looked> {
        let StartLine::Request { method, .. } = &request.head.start else { return None };
        let status = response.and_then(|response| response.head.status());
        let known = Some(Arc::clone(&self.known));
        let facts = ContractFacts { status, known, ..ContractFacts::default() };
        let (document, schemas, refusal) = (&self.document, &self.schemas, RefusedAs::Malformed);
        let mut checker = Checker { document, schemas, facts, refusal };
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
            Sought::Nowhere(path) => {
                checker.unchecked(format!("{path} leads to what is not there ($ref)"));
            }
            Sought::Found(operation, name, values) => {
                checker.facts.operation = name;
                let query = target.query.unwrap_or_default();
                let asked = AskedValues::new(&values, query, request.head);
                checker.security(&operation, &asked, response.map(|response| response.head));
                checker.parameters(&operation, &asked);
                checker.request_body(&operation, request);
                if let Some(response) = response {
                    checker.response(&operation, method, response);
                }
                if !operation.written.at("callbacks").is_null() {
                    checker.unchecked("its callbacks are not looked at".to_owned());
                }
            }
        }
        Some(Looked { facts: checker.facts.named(), refusal: checker.refusal })
    }

    /// The operation of a request to this path.
    pub(super) fn sought(&self, method: &str, path: &str) -> Sought<'_> {
        let path = if path.is_empty() { "/" } else { path };
        let found = self.document.below(path).map(|path| self.paths.find(path));
        let Some(all) = found.into_iter().find(|found| !found.is_empty()) else {
            return Sought::UnknownPath;
        };
        let has =
            |item: &'_ DataNode, wanted: &str| operations(item).any(|(name, _)| name == wanted);
        // What can be read can be asked for its head (RFC 9110, section 9.3.2).
        let is_one = |item: &DataNode| has(item, method) || (method == "HEAD" && has(item, "GET"));
        // Several may say the same in other words, each with methods of its own.
        let items = || all.iter().filter_map(|found| Some((found, self.document.path(found.at)?)));
        let (mut methods, mut shown) = (Vec::new(), None);
        for (found, (path, item)) in items() {
            let Some(item) = item else {
                shown = shown.or(Some(Sought::Nowhere(path)));
                continue;
            };
            if !is_one(item) {
                methods.extend(operations(item).map(|(name, _)| name));
                shown = Some(Sought::OtherMethods(path, Vec::new()));
                continue;
            }
            let wanted = if has(item, method) { method } else { "GET" };
            if let Some((_, written)) = operations(item).find(|(name, _)| name == wanted) {
                let operation = ContractOperation { item, written };
                let name = format!("{method} {path}");
                return Sought::Found(operation, name, found.values.clone());
            }
        }
        match shown {
            Some(Sought::OtherMethods(path, _)) => Sought::OtherMethods(path, methods),
            Some(other) => other,
            None => Sought::UnknownPath,
        }
    }
}

/// Whether a browser asks if a page may send something (CORS).
pub(super) fn is_preflight(method: &str, head: &Head) -> bool {
    method == "OPTIONS" && head.field("access-control-request-method").is_some()
}

/// A check under way.
pub(super) struct Checker<'c> {
    pub(super) document: &'c Document,
    pub(super) schemas: &'c Schemas,
    pub(super) facts: ContractFacts,
    pub(super) refusal: RefusedAs,
}

impl<'c> Checker<'c> {
    /// Something is not as the document says.
    pub(super) fn differs(&mut self, words: String) {
        if self.facts.findings.len() < FINDINGS && !self.facts.findings.contains(&words) {
            self.facts.findings.push(words);
        }
    }

    /// The same, for which a server has a status of its own.
    pub(super) fn refused(&mut self, refusal: RefusedAs, words: String) {
        self.refusal = self.refusal.max(refusal);
        self.differs(words);
    }

    /// A content type that the operation does not take or give.
    pub(super) fn wrong_type(&mut self, words: String) {
        self.refused(RefusedAs::WrongType, words);
    }

    /// Something that is not looked at.
    pub(super) fn unchecked(&mut self, words: String) {
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
            if !answer.at("schema").is_null() {
                let named = self.named_types(operation, "produces");
                self.second_content("response", &named, answer, response, MessageWay::Response);
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
}

/// The answer that a status is of: its own, that of its hundred, or that for all others.
pub(super) fn answer(answers: &[(Box<str>, DataNode)], status: u16) -> Option<&DataNode> {
    let named = |name: &str| {
        answers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, it)| it)
    };
    let own = named(&status.to_string()).or_else(|| named(&format!("{}XX", status / 100)));
    own.or_else(|| named("default"))
}

/// Whether there is none.
pub(super) fn is_empty(body: &SeenBody) -> bool {
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
