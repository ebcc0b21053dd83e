//! Schemas of documents as JSON Schema 2020-12: those of 2.0 and 3.0 are a dialect, and all of them refer to
//! each other, so what is referred to comes along as `$defs`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::document::{Document, Version};
use crate::codec::data_tree::DataNode;

/// Values of one schema with all that it refers to.
const NODES: usize = 50_000;
/// Schemas it refers to.
const REFERRED: usize = 2_000;

/// Before references to what a schema is made of, of which no heirs are asked for.
const BASE: &str = "base of ";

/// Which way a message goes: some of it is only read, some only written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum MessageWay {
    Request,
    Response,
}

impl MessageWay {
    /// By which word a schema says that messages of this way do not have it.
    pub(super) fn never_has(self) -> &'static str {
        match self {
            MessageWay::Request => "readOnly",
            MessageWay::Response => "writeOnly",
        }
    }
}

/// A schema as JSON Schema, and what of it could not be used.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) schema: Value,
    pub(super) lost: BTreeSet<String>,
}

/// Words that are taken over where they are numbers.
const NUMBERS: [&str; 11] = [
    "multipleOf",
    "maximum",
    "minimum",
    "maxLength",
    "minLength",
    "maxItems",
    "minItems",
    "maxProperties",
    "minProperties",
    "maxContains",
    "minContains",
];
/// Words whose value is a schema.
const SCHEMAS: [&str; 9] = [
    "not",
    "if",
    "then",
    "else",
    "additionalProperties",
    "propertyNames",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Words whose value is a list of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Words whose value is an object of schemas.
const MAPS: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];
/// Words that are about the value itself, not about what is in it.
const IN_PLACE: [&str; 8] =
    ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];
const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];

/// The schema of a document.
///
/// # Errors
/// Why it is not used: it is too large.
pub(super) fn translated(
    document: &Document,
    schema: &DataNode,
    way: MessageWay,
    with_patterns: bool,
) -> Result<Translated, String> {
    let mut translator = Translator {
        document,
        way,
        with_patterns,
        left: NODES,
        known: HashMap::new(),
        waiting: Vec::new(),
        leads: BTreeMap::new(),
        lost: BTreeSet::new(),
    };
    let mut top = translator.schema(schema, None)?;
    let mut defs = Map::new();
    while let Some((number, reference)) = translator.waiting.pop() {
        let base = reference.strip_prefix(BASE);
        let reference = base.unwrap_or(&reference).to_owned();
        let made = if let Some(found) = document.find(&reference) {
            let mut made = translator.schema(found, Some(number))?;
            if base.is_none() {
                translator.heirs(found, &reference, number, &mut made)?;
            }
            made
        } else {
            translator.lost.insert(format!("a schema {}", document.why_lost(&reference)));
            Value::Bool(true)
        };
        defs.insert(number.to_string(), made);
    }
    for number in translator.circles() {
        translator.lost.insert("a schema that consists of itself".to_owned());
        defs.insert(number.to_string(), Value::Bool(true));
    }
    if !defs.is_empty() {
        let inner = top.take();
        top = json!({ "allOf": [inner], "$defs": defs });
    }
    Ok(Translated { schema: top, lost: translator.lost })
}

struct Translator<'d> {
    document: &'d Document,
    way: MessageWay,
    with_patterns: bool,
    left: usize,
    /// Numbers of references.
    known: HashMap<String, usize>,
    waiting: Vec<(usize, String)>,
    /// Which of them are about the same value as which.
    leads: BTreeMap<usize, BTreeSet<usize>>,
    lost: BTreeSet<String>,
}

impl Translator<'_> {
    /// One schema; `place` is the reference whose value it is about, too.
    fn schema(&mut self, node: &DataNode, place: Option<usize>) -> Result<Value, String> {
        self.left = self.left.checked_sub(1).ok_or("it is too large")?;
        let DataNode::Map(pairs) = node else {
            return Ok(Value::Bool(*node != DataNode::Bool(false)));
        };
        let mut made = Map::new();
        if let Some(reference) = node.at("$ref").text() {
            made.insert("$ref".into(), self.reference(reference, place)?);
            if self.document.version != Version::Newer {
                // What stands beside a reference does not count, but this is written so and meant.
                return Ok(if is_nullable(node) { nullable(made) } else { Value::Object(made) });
            }
        }
        for (name, value) in pairs {
            self.keyword(name, value, node, place, &mut made)?;
        }
        self.one_way(node, &mut made);
        self.discriminator(node, place, &mut made)?;
        if self.document.version != Version::Newer {
            bounds(node, &mut made);
        }
        widths(node, &mut made);
        self.required(node, &mut made);
        let may_be_null = self.document.version != Version::Newer && is_nullable(node);
        Ok(if may_be_null { nullable(made) } else { Value::Object(made) })
    }

    fn keyword(
        &mut self,
        name: &str,
        value: &DataNode,
        node: &DataNode,
        place: Option<usize>,
        made: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let place = place.filter(|_| IN_PLACE.contains(&name));
        let plain = |value: &DataNode| serde_json::to_value(value).unwrap_or_default();
        let written = match (name, value) {
            ("type", _) => types(value),
            ("enum", DataNode::List(items)) if !items.is_empty() => Some(plain(value)),
            ("const", _) => Some(plain(value)),
            ("format", DataNode::Text(_)) | ("uniqueItems", DataNode::Bool(_)) => {
                Some(plain(value))
            }
            ("pattern", DataNode::Text(_)) if self.with_patterns => Some(plain(value)),
            ("exclusiveMinimum" | "exclusiveMaximum", DataNode::Number(_))
                if self.document.version == Version::Newer =>
            {
                Some(plain(value))
            }
            ("items", DataNode::List(items)) => {
                let all: Result<Vec<Value>, String> =
                    items.iter().map(|item| self.schema(item, None)).collect();
                made.insert("prefixItems".into(), Value::Array(all?));
                None
            }
            ("items", _) => Some(self.schema(value, None)?),
            ("patternProperties", _) if !self.with_patterns => None,
            (name, DataNode::Number(_)) if NUMBERS.contains(&name) => Some(plain(value)),
            (name, DataNode::Map(_) | DataNode::Bool(_)) if SCHEMAS.contains(&name) => {
                Some(self.schema(value, place)?)
            }
            (name, DataNode::List(items)) if LISTS.contains(&name) && !items.is_empty() => {
                if ["oneOf", "anyOf"].contains(&name) && is_chosen(node, items) {
                    return Ok(());
                }
                if name == "allOf" {
                    let all: Result<Vec<Value>, String> =
                        items.iter().map(|item| self.base(item, place)).collect();
                    made.insert("allOf".into(), Value::Array(all?));
                    return Ok(());
                }
                let all: Result<Vec<Value>, String> =
                    items.iter().map(|item| self.schema(item, place)).collect();
                Some(Value::Array(all?))
            }
            (name, DataNode::Map(pairs)) if MAPS.contains(&name) => {
                let mut all = Map::new();
                for (name, value) in pairs {
                    all.insert(name.to_string(), self.schema(value, place)?);
                }
                Some(Value::Object(all))
            }
            _ => None,
        };
        made.extend(written.map(|written| (name.to_owned(), written)));
        Ok(())
    }

    /// What stands for a reference.
    fn reference(&mut self, reference: &str, place: Option<usize>) -> Result<Value, String> {
        let next = self.known.len();
        let number = *self.known.entry(reference.to_owned()).or_insert(next);
        if number == next {
            if next >= REFERRED {
                return Err("it refers to too many others".to_owned());
            }
            self.waiting.push((number, reference.to_owned()));
        }
        if let Some(place) = place {
            self.leads.entry(place).or_default().insert(number);
        }
        Ok(Value::String(format!("#/$defs/{number}")))
    }

    /// References that lead to themselves without looking into the value: they would never end.
    fn circles(&self) -> Vec<usize> {
        let is_circle = |start: &usize| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![*start]);
            while let Some(at) = open.pop() {
                for next in self.leads.get(&at).into_iter().flatten() {
                    if next == start {
                        return true;
                    }
                    if seen.insert(*next) {
                        open.push(*next);
                    }
                }
            }
            false
        };
        self.leads.keys().copied().filter(is_circle).collect()
    }

    /// Alternatives of which a property says which one it is: that one counts, so what is wrong is told of it.
    fn discriminator(
        &mut self,
        node: &DataNode,
        place: Option<usize>,
        made: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let alternatives = ["oneOf", "anyOf"].into_iter().map(|name| node.at(name).items());
        let Some(alternatives) = alternatives.into_iter().find(|items| !items.is_empty()) else {
            return Ok(());
        };
        if !is_chosen(node, alternatives) {
            return Ok(());
        }
        let property = node.path(&["discriminator", "propertyName"]).str();
        let mut choices: Vec<(String, String)> = Vec::new();
        for (value, target) in node.path(&["discriminator", "mapping"]).pairs() {
            choices.push((value.to_string(), target.str().to_owned()));
        }
        for item in alternatives {
            let target = item.at("$ref").str();
            let name = target.rsplit('/').next().unwrap_or_default();
            // The name of a schema says it also beside a mapping (OpenAPI 3.1.1, Discriminator Object).
            if choices.iter().all(|(value, _)| value != name) {
                choices.push((name.to_owned(), target.to_owned()));
            }
        }
        let values: Vec<&str> = choices.iter().map(|(value, _)| value.as_str()).collect();
        let mut all = vec![json!({
            "type": "object",
            "required": [property],
            "properties": { property: { "enum": values } },
        })];
        for (value, target) in &choices {
            let is_name = !target.contains(['#', '/']);
            let target =
                if is_name { format!("#/components/schemas/{target}") } else { target.clone() };
            let reference = self.reference(&target, place)?;
            all.push(json!({
                "if": { "required": [property], "properties": { property: { "const": value } } },
                "then": { "$ref": reference },
            }));
        }
        if let Some(Value::Array(others)) = made.remove("allOf") {
            all.extend(others);
        }
        made.insert("allOf".into(), Value::Array(all));
        Ok(())
    }

    /// Members that only go the other way are not allowed.
    fn one_way(&self, node: &DataNode, made: &mut Map<String, Value>) {
        let word = self.way.never_has();
        let title = match self.way {
            MessageWay::Request => "sent (readOnly)",
            MessageWay::Response => "answered (writeOnly)",
        };
        let Some(Value::Object(properties)) = made.get_mut("properties") else { return };
        for (name, property) in node.at("properties").pairs() {
            if property.at(word).is_true() || self.document.led(property).at(word).is_true() {
                properties.insert(name.to_string(), json!({ "not": { "title": title } }));
            }
        }
    }

    /// A schema that another one is made of.
    fn base(&mut self, node: &DataNode, place: Option<usize>) -> Result<Value, String> {
        match node.at("$ref").text() {
            Some(reference) if node.pairs().len() == 1 => {
                let reference = self.reference(&format!("{BASE}{reference}"), place)?;
                Ok(json!({ "$ref": reference }))
            }
            _ => self.schema(node, place),
        }
    }

    /// Schemas that are made of this one and more: a property says which of them a value is of.
    fn heirs(
        &mut self,
        node: &DataNode,
        reference: &str,
        place: usize,
        made: &mut Value,
    ) -> Result<(), String> {
        let discriminator = node.at("discriminator");
        let property = discriminator.text().or(discriminator.at("propertyName").text());
        let has_own = ["oneOf", "anyOf"].iter().any(|name| node.has(name));
        let (Some(property), Value::Object(made)) = (property.filter(|_| !has_own), made) else {
            return Ok(());
        };
        let all = self.document.schemas();
        let of_name = |name: &str| format!("{}/{name}", self.document.schemas_at());
        let mut choices: Vec<(String, String)> = Vec::new();
        for (value, target) in discriminator.at("mapping").pairs() {
            let target = target.str();
            let is_name = !target.contains(['#', '/']);
            let target = if is_name { of_name(target) } else { target.to_owned() };
            choices.push((value.to_string(), target));
        }
        for (name, schema) in all {
            let mut parts = schema.at("allOf").items().iter();
            let target = of_name(name);
            if parts.any(|part| part.at("$ref").str() == reference)
                && !choices.iter().any(|(_, known)| *known == target)
            {
                choices.push((name.to_string(), target));
            }
        }
        let mut further = Vec::new();
        for (value, target) in choices.iter().filter(|(_, target)| target != reference) {
            let target = self.reference(target, Some(place))?;
            further.push(json!({
                "if": { "required": [property], "properties": { property: { "const": value } } },
                "then": { "$ref": target },
            }));
        }
        if !further.is_empty() {
            let mut all = match made.remove("allOf") {
                Some(Value::Array(all)) => all,
                _ => Vec::new(),
            };
            all.extend(further);
            made.insert("allOf".into(), Value::Array(all));
        }
        Ok(())
    }

    /// What must be there; what only goes the other way need not.
    fn required(&self, node: &DataNode, made: &mut Map<String, Value>) {
        let goes_otherwise = self.way.never_has();
        let properties = node.at("properties");
        let names = node.at("required").items().iter().filter_map(DataNode::text);
        let names = names.filter(|name| {
            let property = properties.at(name);
            let is_so = |it: &DataNode| it.at(goes_otherwise).is_true();
            !is_so(property) && !is_so(self.document.led(property))
        });
        let names: BTreeSet<&str> = names.collect();
        if !names.is_empty() {
            made.insert("required".into(), json!(names));
        }
    }
}

/// Whether a property says which of these alternatives it is.
fn is_chosen(node: &DataNode, items: &[DataNode]) -> bool {
    let names = node.path(&["discriminator", "propertyName"]).text().is_some();
    names && items.iter().all(|item| item.at("$ref").text().is_some())
}

/// The types that are known; `file` and the like allow anything.
fn types(value: &DataNode) -> Option<Value> {
    let is_known = |name: &str| TYPES.contains(&name);
    match value {
        DataNode::Text(name) => is_known(name).then(|| json!(name)),
        DataNode::List(items) => {
            let names: BTreeSet<&str> = items.iter().filter_map(DataNode::text).collect();
            (!names.is_empty() && names.iter().all(|name| is_known(name))).then(|| json!(names))
        }
        _ => None,
    }
}

/// How far whole numbers go that a format gives a width (`OpenAPI` 3.1.1, Data Type Format).
fn widths(node: &DataNode, made: &mut Map<String, Value>) {
    let bounds = match node.at("format").str() {
        "int32" => json!({ "minimum": i32::MIN, "maximum": i32::MAX }),
        "int64" => json!({ "minimum": i64::MIN, "maximum": i64::MAX }),
        _ => return,
    };
    match made.entry("allOf").or_insert_with(|| json!([])) {
        Value::Array(all) => all.push(bounds),
        other => *other = json!([bounds]),
    }
}

/// In 2.0 and 3.0 a bound says beside it that it is none of the values.
fn bounds(node: &DataNode, made: &mut Map<String, Value>) {
    for (bound, strict) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if node.at(strict).is_true()
            && let Some(limit) = made.remove(bound)
        {
            made.insert(strict.to_owned(), limit);
        }
    }
}

fn is_nullable(node: &DataNode) -> bool {
    node.at("nullable").is_true() || node.at("x-nullable").is_true()
}

fn nullable(mut made: Map<String, Value>) -> Value {
    if let Some(Value::Array(options)) = made.get_mut("enum")
        && !options.contains(&Value::Null)
    {
        options.push(Value::Null);
    }
    match made.get("type").cloned() {
        Some(Value::String(kind)) => {
            made.insert("type".into(), json!([kind, "null"]));
            Value::Object(made)
        }
        _ if made.is_empty() => Value::Bool(true),
        _ => json!({ "anyOf": [{ "type": "null" }, made] }),
    }
}
