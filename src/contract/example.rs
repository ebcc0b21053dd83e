//! A value that a schema allows: its example where it has one, else one made of what it says, always the same.
//!
//! Schemas name each other, also in circles; so depth and size of what is made are bounded.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};
use serde_json::{Map, Number, Value, json};

use super::document::Document;
use crate::codec::data_tree::DataNode;

/// Schemas within each other.
const DEEPEST: usize = 12;
/// Values of one example.
const VALUES: usize = 1_000;
/// Elements of a list, and characters of a text, that are made at most.
const ITEMS: u64 = 50;
const LENGTH: usize = 4_096;

/// An example under construction.
pub(super) struct ExampleMaker<'d> {
    document: &'d Document,
    left: usize,
    /// References that are being followed.
    open: Vec<&'d str>,
}

impl<'d> ExampleMaker<'d> {
    /// Of the schemas of a document, none of them open.
    pub(super) fn new(document: &'d Document) -> Self {
        ExampleMaker { document, left: VALUES, open: Vec::new() }
    }

    /// What an answer with this schema looks like; `None` where a circle or a bound ends it.
    pub(super) fn make(&mut self, schema: &'d DataNode) -> Option<Value> {
        self.made(schema, 0)
    }

    fn made(&mut self, schema: &'d DataNode, depth: usize) -> Option<Value> {
        if depth > DEEPEST || self.left == 0 {
            return None;
        }
        self.left -= 1;
        if let Some(reference) = schema.at("$ref").text() {
            if self.open.contains(&reference) {
                return None;
            }
            let found = self.document.find(reference)?;
            self.open.push(reference);
            let made = self.made(found, depth + 1);
            self.open.pop();
            return made;
        }
        if let Some(given) = given(schema) {
            return serde_json::to_value(given).ok();
        }
        if let Some(made) = self.alternative(schema, depth) {
            return Some(made);
        }
        let all = schema.at("allOf").items();
        if !all.is_empty() {
            return self.all_of(schema, all, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.list(schema, depth),
            "integer" | "number" => Some(number(schema, kind(schema) == "integer")),
            "boolean" => Some(Value::Bool(true)),
            "null" => Some(Value::Null),
            _ => Some(Value::String(text(schema))),
        }
    }

    /// The first of alternatives that can be made, with the property that says which one it is.
    fn alternative(&mut self, schema: &'d DataNode, depth: usize) -> Option<Value> {
        let lists = ["oneOf", "anyOf"].into_iter().map(|name| schema.at(name).items());
        let alternatives = lists.into_iter().find(|items| !items.is_empty())?;
        let (one, made) =
            alternatives.iter().find_map(|one| Some((one, self.made(one, depth + 1)?)))?;
        let mut made = self.with_own(schema, made, depth);
        let property = schema.path(&["discriminator", "propertyName"]).text();
        if let (Some(property), Value::Object(made)) = (property, &mut made) {
            let target = one.at("$ref").str();
            let mapping = schema.path(&["discriminator", "mapping"]).pairs();
            let name = target.rsplit('/').next().unwrap_or_default();
            let mapped = mapping.iter().find(|(_, it)| it.str() == target || it.str() == name);
            let value = mapped.map_or(name, |(value, _)| value);
            made.insert(property.to_owned(), json!(value));
        }
        Some(made)
    }

    /// With the properties that stand beside alternatives.
    fn with_own(&mut self, schema: &'d DataNode, made: Value, depth: usize) -> Value {
        let Value::Object(mut inner) = made else { return made };
        if schema.has("properties")
            && let Some(Value::Object(own)) = self.object(schema, depth)
        {
            inner.extend(own);
        }
        Value::Object(inner)
    }

    fn all_of(&mut self, schema: &'d DataNode, all: &'d [DataNode], depth: usize) -> Option<Value> {
        let mut pairs = Map::new();
        let mut other = None;
        for one in all {
            match self.made(one, depth + 1) {
                Some(Value::Object(more)) => pairs.extend(more),
                made => other = made.or(other),
            }
        }
        if schema.has("properties")
            && let Some(Value::Object(own)) = self.object(schema, depth)
        {
            pairs.extend(own);
        }
        other.filter(|_| pairs.is_empty()).or(Some(Value::Object(pairs)))
    }

    fn object(&mut self, schema: &'d DataNode, depth: usize) -> Option<Value> {
        let required = schema.at("required").items();
        let mut made = Map::new();
        for (name, inner) in schema.at("properties").pairs() {
            // What only a request holds is not answered.
            let is_sent = |it: &DataNode| it.at("writeOnly").is_true();
            if is_sent(inner) || is_sent(self.document.led(inner)) {
                continue;
            }
            match self.made(inner, depth + 1) {
                Some(value) => {
                    made.insert(name.to_string(), value);
                }
                // Without it the whole would not be allowed.
                None if required.iter().any(|it| it.str() == &**name) => return None,
                None => {}
            }
        }
        let more = schema.at("additionalProperties");
        if made.is_empty() && matches!(more, DataNode::Map(pairs) if !pairs.is_empty()) {
            made.extend(self.made(more, depth + 1).map(|value| ("key".to_owned(), value)));
        }
        Some(Value::Object(made))
    }

    fn list(&mut self, schema: &'d DataNode, depth: usize) -> Option<Value> {
        let least = schema.at("minItems").number().unwrap_or(0).min(ITEMS);
        let most = schema.at("maxItems").number().unwrap_or(u64::MAX);
        let first: Vec<Value> = schema
            .at("prefixItems")
            .items()
            .iter()
            .filter_map(|it| self.made(it, depth + 1))
            .collect();
        if !first.is_empty() {
            return Some(Value::Array(first));
        }
        let Some(item) = self.made(schema.at("items"), depth + 1) else {
            return (least == 0).then(|| Value::Array(Vec::new()));
        };
        let options = self.document.led(schema.at("items")).at("enum").items();
        let is_unique = schema.at("uniqueItems").is_true();
        let other = |at: u64| match (options.get(at as usize), &item) {
            _ if !is_unique || at == 0 => item.clone(),
            (Some(option), _) => serde_json::to_value(option).unwrap_or_default(),
            (None, Value::Number(number)) if number.is_i64() => {
                json!(number.as_i64().unwrap_or_default().saturating_add_unsigned(at))
            }
            (None, Value::String(text)) => json!(format!("{text}{at}")),
            (None, other) => other.clone(),
        };
        Some(Value::Array((0..least.max(1).min(most)).map(other).collect()))
    }
}

/// What a schema says it looks like.
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
        None if schema.has("items") || schema.has("prefixItems") => "array",
        None if ["minimum", "maximum", "multipleOf"].iter().any(|it| schema.has(it)) => "number",
        None => "",
    }
}

/// A number within bounds.
fn number(schema: &DataNode, is_whole: bool) -> Value {
    let limit =
        |name: &str| schema.at(name).plain().parse::<f64>().ok().filter(|it| it.is_finite());
    let is_strict = |name: &str| schema.at(name).is_true();
    let strict = |name: &str| limit(name).filter(|_| !is_strict(name));
    let least = limit("minimum").filter(|_| !is_strict("exclusiveMinimum"));
    let above = strict("exclusiveMinimum").or_else(|| limit("minimum").filter(|_| least.is_none()));
    let most = limit("maximum").filter(|_| !is_strict("exclusiveMaximum"));
    let below = strict("exclusiveMaximum").or_else(|| limit("maximum").filter(|_| most.is_none()));
    let step = limit("multipleOf").filter(|step| *step > 0.0);
    let unit = step.unwrap_or(if is_whole { 1.0 } else { 0.5 });
    let mut value = match (least, above, most, below) {
        (Some(least), ..) => least,
        (None, Some(above), ..) => above + unit,
        (None, None, Some(most), _) => most.min(0.0),
        (None, None, None, Some(below)) => (below - unit).min(0.0),
        (None, None, None, None) => 0.0,
    };
    if step.is_some() || is_whole {
        value = (value / unit).ceil() * unit;
        if above.is_some_and(|above| value <= above) {
            value += unit;
        }
        if most.is_some_and(|most| value > most) || below.is_some_and(|below| value >= below) {
            value -= unit;
        }
    } else if let Some(top) = most.or(below)
        && value >= top
        && let Some(bottom) = least.or(above)
    {
        value = f64::midpoint(bottom, top);
    }
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is cut at the largest")]
    let whole = value as i64;
    if is_whole || value.fract().abs() < f64::EPSILON {
        json!(whole)
    } else {
        Number::from_f64(value).map_or(json!(0), Value::Number)
    }
}

/// A text of the right form and length.
fn text(schema: &DataNode) -> String {
    let length = |name: &str| schema.at(name).number().and_then(|it| usize::try_from(it).ok());
    let least = length("minLength").unwrap_or(0).min(LENGTH);
    let most = length("maxLength").unwrap_or(LENGTH);
    if let Some(made) = schema.at("pattern").text().and_then(of_pattern) {
        return made;
    }
    let mut made = of_format(schema.at("format").str()).to_owned();
    while made.chars().count() < least {
        made.push_str("string");
    }
    if made.chars().count() > most.max(least) || (most < made.chars().count()) {
        made = made.chars().take(most.max(least)).collect();
    }
    made
}

fn of_format(format: &str) -> &'static str {
    match format {
        "date-time" => "2026-01-31T12:00:00Z",
        "date" => "2026-01-31",
        "time" => "12:00:00Z",
        "duration" => "PT1H",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "email" | "idn-email" => "ann@example.com",
        "uri" | "url" | "iri" => "https://example.com/",
        "uri-reference" | "iri-reference" => "/example",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "c3RyaW5n",
        "json-pointer" => "/a",
        "regex" => ".*",
        _ => "string",
    }
}

/// The shortest text that a pattern plainly allows.
fn of_pattern(pattern: &str) -> Option<String> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let mut made = String::new();
    written(&hir, &mut made).then_some(made)
}

fn written(hir: &Hir, made: &mut String) -> bool {
    if made.len() > LENGTH {
        return false;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).is_ok_and(|text| {
            made.push_str(text);
            true
        }),
        HirKind::Class(Class::Unicode(class)) => {
            let plain = ['a', 'A', '0', '_', '-', ' '];
            let is_in =
                |c: &char| class.iter().any(|range| (range.start()..=range.end()).contains(c));
            let first = || class.iter().next().map(ClassUnicodeRange::start);
            let chosen = plain.into_iter().find(is_in).or_else(first);
            made.extend(chosen);
            chosen.is_some()
        }
        HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Repetition(repetition) => {
            let times = repetition.min.min(LENGTH as u32);
            (0..times).all(|_| written(&repetition.sub, made))
        }
        HirKind::Capture(capture) => written(&capture.sub, made),
        HirKind::Concat(parts) => parts.iter().all(|part| written(part, made)),
        HirKind::Alternation(parts) => parts.first().is_some_and(|part| written(part, made)),
    }
}

/// The example of an answer of a content type: one that is written there, by its name or the first, or one that
/// is made.
pub(super) fn of_media(document: &Document, media: &DataNode, name: Option<&str>) -> Option<Value> {
    let named = media.at("examples").pairs();
    let wanted = name.and_then(|name| named.iter().find(|(own, _)| &**own == name));
    let value = |(_, example): &(Box<str>, DataNode)| {
        let example = document.led(example);
        let places = ["value", "dataValue", "serializedValue"];
        let place = places.iter().find(|name| example.has(name))?;
        serde_json::to_value(example.at(place)).ok()
    };
    if let Some(found) = wanted.and_then(value) {
        return Some(found);
    }
    if media.has("example") {
        return serde_json::to_value(media.at("example")).ok();
    }
    named.first().and_then(value).or_else(|| made(document, media.at("schema")))
}

/// One that is made of a schema.
pub(super) fn made(document: &Document, schema: &DataNode) -> Option<Value> {
    if schema.is_null() { None } else { ExampleMaker::new(document).make(schema) }
}
