//! What the text of a field is made of, so that it is known what can stand in it.

use std::borrow::Cow;

use super::header_words::{METHODS, OF_ANSWERS, OF_REQUESTS, TYPES};
use crate::app::form::access::{self, TextSpelling};
use crate::app::form::{FieldKind, FormFieldId};
use crate::compose;
use crate::model::field::{Spelling, ValueKind};
use crate::model::field_access::{find, text};
use crate::model::field_id::FieldId;
use crate::model::payload::PayloadFormat;
use crate::model::spec::Spec;
use crate::query::FACETS;

/// What a word of a text can be, besides names in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WordKind {
    /// Nothing that is known.
    Any,
    /// One of a few words.
    Words(Cow<'static, [&'static str]>),
    /// The name of a header, or what can be asked about what came, each with what it is for.
    HeaderName(Vec<(&'static str, &'static str)>),
    /// The value of a header, which may be a list.
    HeaderValue(&'static [&'static str]),
    /// An expression of the filter.
    Filter,
    /// The path of a file.
    Path,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WordPlace {
    pub(crate) word: WordKind,
    /// `{{names}}` stand for their values.
    pub(crate) has_names: bool,
    /// A backslash before the braces takes their meaning away.
    pub(crate) has_escapes: bool,
    /// Names that have a value here alone, each with what it is.
    pub(crate) own_names: &'static [(&'static str, &'static str)],
}

/// Names in an automatic answer.
const OF_ANSWER: &[(&str, &str)] =
    &[("message", "what was received"), ("match", "the part of it that matched")];

/// Names in an answer of HTTP that is made of what was asked.
const OF_REQUEST: &[(&str, &str)] = &[
    ("request.method", "method of the request"),
    ("request.path", "its path, without the query"),
    ("request.path.NAME", "what {NAME} in the path of the rule took"),
    ("request.query", "its query, as it is written"),
    ("request.query.NAME", "the value of that name in its query"),
    ("request.header.NAME", "its header of that name"),
    ("request.cookie.NAME", "its cookie of that name"),
    ("request.json .PATH", "what stands at a path in its body, which is JSON"),
    ("request.body", "its body"),
    ("request.host", "the host it is for"),
    ("request.url", "all of its URL"),
    ("match", "what the * or the expression in the path of the rule took"),
    ("times", "how often the rule answered"),
    ("state.NAME", "what a rule set last under that name"),
];

/// Whether a field is a part of an answer that is put together when a request is there.
fn is_made_of_request(spec: &Spec, field: FieldId) -> bool {
    let is_rule = field.in_list().is_some_and(|(list, _)| list == FieldId::new("rule"));
    let answers = spec.has_answers() || is_rule && compose::has_http_rules(spec);
    let inner = field.to_string();
    let is_part = ["headers.", "set."].iter().any(|list| inner.contains(list));
    let is_body = ["body.text", "body.json", "body.hex", "body.escaped"]
        .iter()
        .any(|body| inner.ends_with(body));
    answers && (is_body || is_part && field.last_key() == "value")
}

/// The names that have a value in a field of the form alone, each with what it is.
pub(crate) fn own_names(spec: &Spec, id: FormFieldId) -> &'static [(&'static str, &'static str)] {
    WordPlace::of_field(spec, id).map_or(&[], |place| place.own_names)
}

impl WordPlace {
    /// A text with names and nothing else that is known.
    fn with(word: WordKind) -> Self {
        WordPlace { word, has_names: true, has_escapes: false, own_names: &[] }
    }

    /// The input line of a conversation.
    pub(crate) fn of_input(format: PayloadFormat) -> Self {
        let has_escapes = format == PayloadFormat::Text;
        WordPlace { has_escapes, ..WordPlace::with(WordKind::Any) }
    }

    /// A field of the form; `None` = it is no text, or one that is taken as it is.
    pub(crate) fn of_field(spec: &Spec, id: FormFieldId) -> Option<Self> {
        let FormFieldId::Field(field) = id else {
            return (id == FormFieldId::Address).then(|| WordPlace::with(WordKind::Any));
        };
        let Some(found) = find(spec.options(), &field) else {
            // A cell of the row that becomes real when something is typed into it.
            let own_names = if is_made_of_request(spec, field) { OF_REQUEST } else { &[] };
            let place = |_| WordPlace { own_names, ..WordPlace::with(cell(spec, field)) };
            return access::cell(spec, id).map(place);
        };
        let info = found.info();
        match info.kind {
            ValueKind::Duration
            | ValueKind::DurationRange
            | ValueKind::Number { .. }
            | ValueKind::Size { .. }
            | ValueKind::Rate { .. }
            | ValueKind::Percent => return None,
            kind if !FieldKind::from(kind).is_text() => return None,
            _ => {}
        }
        let word = match info.kind {
            ValueKind::Text if is_filter(field) => WordKind::Filter,
            _ if info.is_path => WordKind::Path,
            _ if access::cell(spec, id).is_some() => cell(spec, field),
            _ if info.key == "method" => WordKind::Words(METHODS.into()),
            ValueKind::Word(words) if !words.is_empty() => WordKind::Words(words.into()),
            _ => WordKind::Any,
        };
        let is_rule = field.in_list().is_some_and(|(list, _)| list == FieldId::new("rule"));
        let own_names = match info.kind {
            ValueKind::Payload if is_rule => OF_ANSWER,
            ValueKind::Text | ValueKind::Area if is_made_of_request(spec, field) => OF_REQUEST,
            _ => &[],
        };
        Some(WordPlace {
            // Hashes of certificates.
            has_names: !info.key.ends_with("trust"),
            has_escapes: access::spelling(spec, id) == TextSpelling::Escapes,
            own_names,
            ..WordPlace::with(word)
        })
    }
}

/// What a relay holds, and what its rules are about.
fn is_filter(field: FieldId) -> bool {
    let list = field.in_list().map(|(list, _)| list);
    match field.last_key() {
        "hold" => list.is_none(),
        "when" => ["rewrite", "fault", "rule"].iter().any(|name| list == Some(FieldId::new(name))),
        _ => false,
    }
}

/// What can be asked about what comes back to such a spec, or to its listener.
fn facets(spec: &Spec) -> Vec<(&'static str, &'static str)> {
    let (can, listens) = (spec.capabilities(), spec.side().listens());
    let fitting = FACETS.iter().filter(|facet| facet.asked.is_of(can, listens));
    fitting.map(|facet| (facet.beginning(), facet.help)).collect()
}

/// What a cell of a list of lines holds.
fn cell(spec: &Spec, field: FieldId) -> WordKind {
    let Some((list, at)) = field.in_list() else { return WordKind::Any };
    let spelling = find(spec.options(), &list).map(|found| found.info().kind);
    let is_header = spelling == Some(ValueKind::List(Spelling::Header));
    if spelling == Some(ValueKind::List(Spelling::Entries)) {
        let asks = if list == FieldId::new("expect") { "name" } else { "value" };
        let is_facet = field.last_key() == asks;
        return if is_facet { WordKind::HeaderName(facets(spec)) } else { WordKind::Any };
    }
    let known = if spec.side().listens() { OF_ANSWERS } else { OF_REQUESTS };
    match field.last_key() {
        "name" if is_header => {
            WordKind::HeaderName(known.iter().map(|it| (it.name, it.about)).collect())
        }
        "value" if is_header => {
            let name = text(spec.options(), &list.row(at).then("name"));
            let found = known.iter().find(|it| it.name.eq_ignore_ascii_case(name.trim()));
            found.map_or(WordKind::Any, |it| WordKind::HeaderValue(it.values))
        }
        "type" => WordKind::HeaderValue(TYPES),
        _ => WordKind::Any,
    }
}
