//! Parameters of a request: in its path, its query, headers and cookies, read as their schemas say.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::checking::{Checker, cut};
use super::document::{ContractOperation, Document, Version};
use super::translate::MessageWay;
use crate::codec::data_tree::DataNode;
use crate::model::exchange::Head;
use crate::model::url_text::form_pieces;

/// Headers that other parts of a document say.
const SAID_ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];
/// Parameters of one operation.
const PARAMETERS: usize = 500;
/// Schemas within each other that are looked into for a type.
const DEEPEST: usize = 8;

/// What a request says.
pub(super) struct AskedValues<'a> {
    path: &'a [(String, String)],
    query: Vec<(String, String)>,
    head: &'a Head,
    cookies: Vec<(String, String)>,
}

impl<'a> AskedValues<'a> {
    /// Of a request with these values in its path, this query and head.
    pub(super) fn new(path: &'a [(String, String)], query: &str, head: &'a Head) -> Self {
        let cookies = head.all("cookie").flat_map(|line| {
            let line = String::from_utf8_lossy(line).into_owned();
            let pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
        });
        AskedValues { path, query: pairs(query), head, cookies: cookies.collect() }
    }

    /// Whether something stands under this name in this place.
    pub(super) fn has(&self, place: &str, name: &str) -> bool {
        self.first(place, name).is_some_and(|value| !value.is_empty())
    }

    /// The first that does.
    pub(super) fn first(&self, place: &str, name: &str) -> Option<String> {
        self.all(place, name).into_iter().next()
    }

    /// What stands under this name in this place.
    fn all(&self, place: &str, name: &str) -> Vec<String> {
        let named = |pairs: &[(String, String)]| -> Vec<String> {
            pairs.iter().filter(|(own, _)| own == name).map(|(_, value)| value.clone()).collect()
        };
        match place {
            "path" => named(self.path),
            "query" => named(&self.query),
            "cookie" => named(&self.cookies),
            _ => {
                let all =
                    self.head.all(name).map(|value| String::from_utf8_lossy(value).into_owned());
                let all: Vec<String> = all.collect();
                if all.is_empty() { all } else { vec![all.join(",")] }
            }
        }
    }
}

/// Names and values of a query or form.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pieces = form_pieces(query).into_iter().filter(|piece| !piece.whole.is_empty());
    pieces.map(|piece| (plain(piece.name), plain(piece.value.unwrap_or_default()))).collect()
}

impl Document {
    /// The parameters of an operation; those of the path unless it has its own of the same name.
    pub(super) fn parameters<'d>(&'d self, operation: &ContractOperation<'d>) -> Vec<&'d DataNode> {
        let mut found: Vec<&DataNode> = Vec::new();
        for around in [operation.item, operation.written] {
            for parameter in around.at("parameters").items() {
                let Some(parameter) = self.resolved(parameter) else { continue };
                let is_same = |known: &&DataNode| {
                    ["name", "in"].iter().all(|it| known.at(it) == parameter.at(it))
                };
                found.retain(|known| !is_same(known));
                if found.len() < PARAMETERS {
                    found.push(parameter);
                }
            }
        }
        found
    }

    /// References of parameters that lead nowhere.
    fn lost_parameters<'d>(
        &'d self,
        operation: &ContractOperation<'d>,
    ) -> impl Iterator<Item = &'d str> {
        let all = [operation.item, operation.written].into_iter();
        let all = all.flat_map(|around| around.at("parameters").items());
        let lost = all.filter(|parameter| self.resolved(parameter).is_none());
        lost.map(|parameter| parameter.at("$ref").str())
    }

    /// What types a schema allows; none = any.
    fn types<'d>(&'d self, schema: &'d DataNode, depth: usize, found: &mut BTreeSet<&'d str>) {
        let schema = self.led(schema);
        if depth > DEEPEST {
            return;
        }
        let kind = schema.at("type");
        found.extend(kind.text());
        found.extend(kind.items().iter().filter_map(DataNode::text));
        if kind.is_null() {
            if schema.has("properties") {
                found.insert("object");
            }
            if schema.has("items") {
                found.insert("array");
            }
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            schema.at(name).items().iter().for_each(|one| self.types(one, depth + 1, found));
        }
    }

    /// The same of the whole schema.
    pub(super) fn types_of<'d>(&'d self, schema: &'d DataNode) -> BTreeSet<&'d str> {
        let mut found = BTreeSet::new();
        self.types(schema, 0, &mut found);
        found
    }

    /// Whether a schema is of a text.
    pub(super) fn is_text(&self, schema: &DataNode) -> bool {
        self.types_of(schema).contains("string")
    }

    /// Whether a schema says no more than that there is a text, or bytes.
    pub(super) fn is_any_text(&self, schema: &DataNode) -> bool {
        let types = self.types_of(schema);
        types.iter().all(|kind| matches!(*kind, "string" | "file"))
    }

    /// What a text can be read as, the likeliest first; `joint` stands between elements of a list.
    pub(super) fn typed(&self, schema: &DataNode, text: &str, joint: &str) -> Vec<Value> {
        let types = self.types_of(schema);
        if types.contains("array") && !types.contains("string") {
            let items: Vec<String> = if text.is_empty() {
                Vec::new()
            } else {
                text.split(joint).map(|item| item.trim().to_owned()).collect()
            };
            return vec![self.list(schema, &items)];
        }
        let mut found = Vec::new();
        let is_number = types.contains("integer") || types.contains("number") || types.is_empty();
        if is_number && let Ok(number) = text.parse::<serde_json::Number>() {
            found.push(Value::Number(number));
        }
        if (types.contains("boolean") || types.is_empty()) && matches!(text, "true" | "false") {
            found.push(Value::Bool(text == "true"));
        }
        if types.contains("null") && matches!(text, "" | "null") {
            found.push(Value::Null);
        }
        found.push(Value::String(text.to_owned()));
        found
    }

    /// A list of texts as its schema says.
    pub(super) fn list(&self, schema: &DataNode, items: &[String]) -> Value {
        let inner = self.led(schema).at("items");
        let one =
            |item: &String| self.typed(inner, item, ",").into_iter().next().unwrap_or_default();
        Value::Array(items.iter().map(one).collect())
    }

    /// An object of texts as its schema says.
    pub(super) fn object<'p>(
        &self,
        schema: &DataNode,
        pairs: impl Iterator<Item = (&'p str, &'p str)>,
    ) -> Value {
        let schema = self.led(schema);
        let mut made = Map::new();
        for (name, text) in pairs {
            let value = self.typed(schema.at("properties").at(name), text, ",").into_iter().next();
            made.insert(name.to_owned(), value.unwrap_or_default());
        }
        Value::Object(made)
    }
}

/// How a parameter is written.
struct Shape<'d> {
    place: &'d str,
    name: &'d str,
    style: &'d str,
    is_split: bool,
    joint: &'static str,
}

impl<'d> Shape<'d> {
    fn of(parameter: &'d DataNode, is_second: bool) -> Self {
        let (place, name) = (parameter.at("in").str(), parameter.at("name").str());
        let format = parameter.at("collectionFormat").str();
        let style = match parameter.at("style").str() {
            "" if matches!(place, "query" | "cookie") => "form",
            "" => "simple",
            style => style,
        };
        let is_split = match parameter.at("explode") {
            DataNode::Bool(explode) => *explode,
            _ if is_second => format == "multi",
            _ => style == "form",
        };
        let joint = match (style, format) {
            ("spaceDelimited", _) | (_, "ssv") => " ",
            ("pipeDelimited", _) | (_, "pipes") => "|",
            (_, "tsv") => "\t",
            ("label", _) if is_split => ".",
            _ => ",",
        };
        Shape { place, name, style, is_split, joint }
    }

    /// A value in a path without what its style puts before it.
    fn bare<'t>(&self, text: &'t str) -> &'t str {
        match self.style {
            "label" => text.strip_prefix('.').unwrap_or(text),
            "matrix" => {
                let text = text.strip_prefix(';').unwrap_or(text);
                text.strip_prefix(self.name).and_then(|it| it.strip_prefix('=')).unwrap_or(text)
            }
            _ => text,
        }
    }
}

impl<'c> Checker<'c> {
    /// What is said in a request against the parameters of its operation.
    pub(super) fn parameters(
        &mut self,
        operation: &ContractOperation<'c>,
        asked: &AskedValues<'_>,
    ) {
        let is_second = self.document.version == Version::Second;
        for reference in self.document.lost_parameters(operation) {
            let why = self.document.why_lost(reference);
            self.unchecked(format!("request: a parameter {}", cut(&why)));
        }
        for parameter in self.document.parameters(operation) {
            let shape = Shape::of(parameter, is_second);
            let is_elsewhere = shape.place == "header"
                && SAID_ELSEWHERE.iter().any(|it| it.eq_ignore_ascii_case(shape.name));
            if is_elsewhere || !["path", "query", "header", "cookie"].contains(&shape.place) {
                continue;
            }
            self.parameter(parameter, &shape, asked, is_second);
        }
    }

    fn parameter(
        &mut self,
        parameter: &'c DataNode,
        shape: &Shape<'c>,
        asked: &AskedValues<'_>,
        is_second: bool,
    ) {
        let content = parameter.at("content").pairs().first();
        let schema = content.map_or(parameter.at("schema"), |(_, media)| media.at("schema"));
        let schema = if is_second { parameter } else { schema };
        let (place, name) = (shape.place, shape.name);
        let is_object = content.is_none() && self.document.types_of(schema).contains("object");
        let found = asked.all(place, name);
        if is_object && let Some(value) = self.object_of(schema, shape, asked, &found) {
            let about = format!("request: {place} parameter '{name}'");
            return self.value(&about, schema, MessageWay::Request, &[value]);
        }
        let Some(first) = found.first() else {
            if parameter.at("required").is_true() {
                self.differs(format!("request: {place} parameter '{name}' is missing"));
            }
            return;
        };
        if schema.is_null() || (first.is_empty() && parameter.at("allowEmptyValue").is_true()) {
            return;
        }
        let is_list = self.document.types_of(schema).contains("array");
        let values = if content.is_some_and(|(kind, _)| super::media::is_json(kind)) {
            match serde_json::from_str(first) {
                Ok(value) => vec![value],
                Err(error) => {
                    let words = format!("request: {place} parameter '{name}' is no JSON: {error}");
                    return self.differs(words);
                }
            }
        } else if is_list && shape.is_split && matches!(place, "query" | "cookie") {
            vec![self.document.list(schema, &found)]
        } else {
            self.document.typed(schema, shape.bare(first), shape.joint)
        };
        let about = format!("request: {place} parameter '{name}' = \"{}\"", cut(first));
        self.value(&about, schema, MessageWay::Request, &values);
    }

    /// The value of a parameter that is an object; `None` = nothing of it is there.
    fn object_of(
        &self,
        schema: &DataNode,
        shape: &Shape<'_>,
        asked: &AskedValues<'_>,
        found: &[String],
    ) -> Option<Value> {
        let name = shape.name;
        if shape.style == "deepObject" {
            let inner = |own: &'_ str| {
                let key = own.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
                Some(key.to_owned())
            };
            let pairs: Vec<(String, &String)> =
                asked.query.iter().filter_map(|(own, value)| Some((inner(own)?, value))).collect();
            let plain = pairs.iter().map(|(key, value)| (&**key, value.as_str()));
            return (!pairs.is_empty()).then(|| self.document.object(schema, plain));
        }
        if shape.style == "form" && shape.is_split {
            let properties = self.document.led(schema).at("properties");
            let named = asked.query.iter().filter(|(own, _)| properties.has(own));
            let pairs: Vec<(&str, &str)> = named.map(|(name, value)| (&**name, &**value)).collect();
            return (!pairs.is_empty()).then(|| self.document.object(schema, pairs.into_iter()));
        }
        let text = shape.bare(found.first()?);
        let parts: Vec<&str> = text.split(shape.joint).collect();
        let pairs: Vec<(&str, &str)> = if shape.is_split {
            parts.iter().filter_map(|part| part.split_once('=')).collect()
        } else {
            parts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
        };
        Some(self.document.object(schema, pairs.into_iter()))
    }
}
