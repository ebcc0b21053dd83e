//! A value that a schema allows: its example where it has one, else one made of what it says.
//!
//! Schemas name each other, also in circles; so depth and size of what is made are bounded.

use super::refs::Refs;
use crate::interop::import::data::DataNode;

/// Schemas within each other.
const DEEPEST: usize = 8;
/// Values of one example.
const VALUES: usize = 500;

/// An example under construction.
pub(super) struct Sampler<'r, 'd> {
    refs: &'r Refs<'d>,
    left: usize,
    /// References that are being followed.
    open: Vec<&'d str>,
}

impl<'r, 'd> Sampler<'r, 'd> {
    /// Of the schemas of a document, none of them open.
    pub(super) fn new(refs: &'r Refs<'d>) -> Self {
        Sampler { refs, left: VALUES, open: Vec::new() }
    }

    /// An example of a schema; `None` where a circle or a bound ends it.
    pub(super) fn sample(&mut self, schema: &'d DataNode, depth: usize) -> Option<DataNode> {
        if depth > DEEPEST || self.left == 0 {
            return None;
        }
        self.left -= 1;
        if let Some(reference) = schema.at("$ref").text() {
            if self.open.contains(&reference) {
                return None;
            }
            let found = self.refs.find(reference)?;
            self.open.push(reference);
            let made = self.sample(found, depth + 1);
            self.open.pop();
            return made;
        }
        if let Some(given) = given(schema) {
            return self.copied(given);
        }
        for name in ["oneOf", "anyOf"] {
            if let Some(made) =
                schema.at(name).items().iter().find_map(|one| self.sample(one, depth + 1))
            {
                return Some(made);
            }
        }
        let all = schema.at("allOf").items();
        if !all.is_empty() {
            return Some(self.all_of(schema, all, depth));
        }
        match kind(schema) {
            "object" => Some(self.object(schema, depth)),
            "array" => {
                let item = self.sample(schema.at("items"), depth + 1);
                Some(DataNode::List(item.into_iter().collect()))
            }
            "integer" | "number" => {
                let least = Some(schema.at("minimum")).filter(|it| !it.is_null());
                Some(least.cloned().unwrap_or(DataNode::Number("0".into())))
            }
            "boolean" => Some(DataNode::Bool(true)),
            "null" => Some(DataNode::Null),
            _ => Some(text(schema.at("format").str()).into()),
        }
    }

    /// An example as it is written, as far as there is room for it.
    fn copied(&mut self, given: &DataNode) -> Option<DataNode> {
        let size = size(given, self.left + 1);
        self.left = self.left.checked_sub(size)?;
        Some(given.clone())
    }

    fn all_of(&mut self, schema: &'d DataNode, all: &'d [DataNode], depth: usize) -> DataNode {
        let mut pairs: Vec<(Box<str>, DataNode)> = Vec::new();
        let mut other = None;
        let mut take = |made: Option<DataNode>| match made {
            Some(DataNode::Map(more)) => {
                for (name, value) in more {
                    if !pairs.iter().any(|(known, _)| *known == name) {
                        pairs.push((name, value));
                    }
                }
            }
            made => other = made.or(other.take()),
        };
        for one in all {
            take(self.sample(one, depth + 1));
        }
        if schema.has("properties") {
            take(Some(self.object(schema, depth)));
        }
        match other {
            Some(other) if pairs.is_empty() => other,
            _ => DataNode::Map(pairs),
        }
    }

    fn object(&mut self, schema: &'d DataNode, depth: usize) -> DataNode {
        let mut pairs = Vec::new();
        for (name, inner) in schema.at("properties").pairs() {
            // What only an answer holds is not sent.
            if inner.at("readOnly").is_true() {
                continue;
            }
            if let Some(value) = self.sample(inner, depth + 1) {
                pairs.push((name.clone(), value));
            }
        }
        DataNode::Map(pairs)
    }
}

/// What a schema or parameter says it looks like.
pub(super) fn given(schema: &DataNode) -> Option<&DataNode> {
    let plain = ["example", "x-example", "const", "default"];
    let plain = plain.iter().find(|name| schema.has(name)).map(|name| schema.at(name));
    let first =
        || schema.at("examples").items().first().or_else(|| schema.at("enum").items().first());
    plain.or_else(first)
}

/// The type of a schema: the first of several that is not null.
fn kind(schema: &DataNode) -> &str {
    let kind = schema.at("type");
    let first = || kind.items().iter().map(DataNode::str).find(|kind| *kind != "null");
    match kind.text().or_else(first) {
        Some(kind) => kind,
        None if schema.has("properties") || schema.has("additionalProperties") => "object",
        None if schema.has("items") => "array",
        None => "",
    }
}

fn text(format: &str) -> &'static str {
    match format {
        "date-time" => "2026-01-31T12:00:00Z",
        "date" => "2026-01-31",
        "time" => "12:00:00Z",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "email" => "ann@example.com",
        "uri" | "url" => "https://example.com/",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        _ => "string",
    }
}

/// Values in a tree, counted up to a bound.
fn size(node: &DataNode, most: usize) -> usize {
    let inner = |size: usize, node| if size > most { size } else { size + self::size(node, most) };
    match node {
        DataNode::List(items) => items.iter().fold(1, inner),
        DataNode::Map(pairs) => pairs.iter().map(|(_, value)| value).fold(1, inner),
        _ => 1,
    }
}
