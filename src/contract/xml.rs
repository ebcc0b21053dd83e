//! XML as the values that schemas speak of, and back: names, attributes and wrapped lists as their `xml` objects say.
//!
//! Prefixes are not compared and namespaces not looked at; texts beside elements have no place in a schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::document::Document;
use crate::codec::data_tree::DataNode;
use crate::codec::xml_tree::{XmlElement, escaped, local};

/// Schemas within each other that are looked into for properties.
const DEEPEST: usize = 8;
/// Elements within each other that are read by a schema, or written.
const ELEMENTS: usize = 60;

/// A property and how it is written.
struct XmlProperty<'d> {
    name: &'d str,
    schema: &'d DataNode,
    /// As the document says, without a prefix; of a list that of the elements around or of each.
    called: &'d str,
    is_attribute: bool,
}

impl Document {
    /// What the root of a body shall be called, where its schema says so.
    pub(super) fn xml_root<'d>(&'d self, schema: &'d DataNode) -> Option<&'d str> {
        self.led(schema).path(&["xml", "name"]).text().filter(|name| !name.is_empty())
    }

    /// The value that an element is, as its schema reads it.
    pub(super) fn of_xml(&self, schema: &DataNode, element: &XmlElement) -> Value {
        self.element(schema, element, 0)
    }

    fn element<'d>(&'d self, schema: &'d DataNode, element: &XmlElement, depth: usize) -> Value {
        let is_nil = |(name, value): &(String, String)| local(name) == "nil" && value == "true";
        if element.attributes.iter().any(is_nil) {
            return Value::Null;
        }
        let types = self.types_of(schema);
        let mut properties = Vec::new();
        self.xml_properties(schema, 0, &mut properties);
        let has_inner = !element.children.is_empty() || !properties.is_empty();
        if depth < ELEMENTS && types.contains("array") && !types.contains("object") {
            let inner = self.items(schema);
            let all = element.children.iter().map(|child| self.element(inner, child, depth + 1));
            return Value::Array(all.collect());
        }
        if depth < ELEMENTS && (types.contains("object") || (types.is_empty() && has_inner)) {
            return self.object_of_xml(schema, &properties, element, depth);
        }
        if depth < ELEMENTS && !element.children.is_empty() {
            // It shall be a single value, and is not.
            return self.object_of_xml(schema, &[], element, depth);
        }
        self.typed(schema, &element.text, ",").into_iter().next().unwrap_or_default()
    }

    fn object_of_xml<'d>(
        &'d self,
        schema: &'d DataNode,
        properties: &[XmlProperty<'d>],
        element: &XmlElement,
        depth: usize,
    ) -> Value {
        let mut made = Map::new();
        let mut known: Vec<&str> = Vec::new();
        for property in properties {
            let own = property.schema;
            let value = if property.is_attribute {
                let mut all = element.attributes.iter();
                let found = all.find(|(name, _)| local(name) == property.called);
                found.map(|(_, text)| {
                    self.typed(own, text, ",").into_iter().next().unwrap_or_default()
                })
            } else if self.is_list(own) {
                self.list_of_xml(property, element, depth, &mut known)
            } else {
                known.push(property.called);
                let found = element.children.iter().find(|it| it.local() == property.called);
                found.map(|child| self.element(own, child, depth + 1))
            };
            if let Some(value) = value {
                made.insert(property.name.to_owned(), value);
            }
        }
        // What no property is for; whether there may be more says the schema.
        let more = self.led(schema).at("additionalProperties");
        for child in element.children.iter().filter(|it| !known.contains(&it.local())) {
            let value = self.element(more, child, depth + 1);
            made.entry(child.local().to_owned()).or_insert(value);
        }
        Value::Object(made)
    }

    fn list_of_xml<'d>(
        &'d self,
        property: &XmlProperty<'d>,
        element: &XmlElement,
        depth: usize,
        known: &mut Vec<&'d str>,
    ) -> Option<Value> {
        let inner = self.items(property.schema);
        let called = self.xml_root(inner).map(local);
        let is_wrapped = self.led(property.schema).path(&["xml", "wrapped"]).is_true();
        let around = if is_wrapped {
            known.push(property.called);
            element.children.iter().find(|it| it.local() == property.called)?
        } else {
            known.push(called.unwrap_or(property.called));
            element
        };
        let called = called.unwrap_or(property.called);
        let all = around.children.iter().filter(|it| it.local() == called);
        let all: Vec<Value> = all.map(|it| self.element(inner, it, depth + 1)).collect();
        // Wrapped, an empty list is something.
        (is_wrapped || !all.is_empty()).then_some(Value::Array(all))
    }

    fn is_list(&self, schema: &DataNode) -> bool {
        let types = self.types_of(schema);
        types.contains("array") && !types.contains("object")
    }

    fn items<'d>(&'d self, schema: &'d DataNode) -> &'d DataNode {
        let schema = self.led(schema);
        let all = schema.at("allOf").items().iter().map(|one| self.led(one).at("items"));
        let own = std::iter::once(schema.at("items"));
        own.chain(all).find(|items| !items.is_null()).unwrap_or(schema.at("items"))
    }

    fn xml_properties<'d>(
        &'d self,
        schema: &'d DataNode,
        depth: usize,
        found: &mut Vec<XmlProperty<'d>>,
    ) {
        let schema = self.led(schema);
        if depth > DEEPEST {
            return;
        }
        for (name, property) in schema.at("properties").pairs() {
            if found.iter().any(|known| known.name == &**name) {
                continue;
            }
            let xml = self.led(property).at("xml");
            let called = xml.at("name").text().filter(|it| !it.is_empty()).unwrap_or(name);
            let is_attribute = xml.at("attribute").is_true();
            found.push(XmlProperty {
                name,
                schema: property,
                called: local(called),
                is_attribute: is_attribute || xml.at("nodeType").str() == "attribute",
            });
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            for one in schema.at(name).items() {
                self.xml_properties(one, depth + 1, found);
            }
        }
    }

    /// A value as a document of XML.
    pub(super) fn as_xml(&self, schema: &DataNode, value: &DataNode) -> String {
        let reference = schema.at("$ref").str().rsplit('/').next().unwrap_or_default();
        let fallback = Some(reference).filter(|it| is_name(it)).unwrap_or("root");
        let mut made = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.written(schema, self.xml_root(schema).unwrap_or(fallback), value, 0, &mut made);
        made.push('\n');
        made
    }

    fn written(
        &self,
        schema: &DataNode,
        called: &str,
        value: &DataNode,
        depth: usize,
        made: &mut String,
    ) {
        if depth > ELEMENTS || !is_name(called) {
            return;
        }
        let xml = self.led(schema).at("xml");
        let prefix = xml.at("prefix").text().filter(|it| is_name(it));
        let called =
            prefix.map_or_else(|| called.to_owned(), |prefix| format!("{prefix}:{called}"));
        made.push('<');
        made.push_str(&called);
        if let Some(space) = xml.at("namespace").text() {
            let name = prefix.map_or_else(|| "xmlns".to_owned(), |it| format!("xmlns:{it}"));
            let _ = write!(made, " {name}=\"{}\"", escaped(space));
        }
        let mut properties = Vec::new();
        self.xml_properties(schema, 0, &mut properties);
        for property in properties.iter().filter(|it| it.is_attribute && is_name(it.called)) {
            if value.has(property.name) {
                let text = escaped(&value.at(property.name).plain());
                let _ = write!(made, " {}=\"{text}\"", property.called);
            }
        }
        made.push('>');
        match value {
            DataNode::Map(pairs) => {
                for (name, inner) in pairs {
                    let property = properties.iter().find(|it| it.name == &**name);
                    if !property.is_some_and(|it| it.is_attribute) {
                        self.member(property, name, inner, depth, made);
                    }
                }
            }
            DataNode::List(items) => {
                let inner = self.items(schema);
                let called = self.xml_root(inner).unwrap_or("item");
                for item in items {
                    self.written(inner, called, item, depth + 1, made);
                }
            }
            other => made.push_str(&escaped(&other.plain())),
        }
        let _ = write!(made, "</{called}>");
    }

    fn member(
        &self,
        property: Option<&XmlProperty<'_>>,
        name: &str,
        value: &DataNode,
        depth: usize,
        made: &mut String,
    ) {
        let none = DataNode::Null;
        let (schema, called) = property.map_or((&none, name), |it| (it.schema, it.called));
        let DataNode::List(items) = value else {
            return self.written(schema, called, value, depth + 1, made);
        };
        let inner = self.items(schema);
        let each = self.xml_root(inner).map_or(called, local);
        let is_wrapped = self.led(schema).path(&["xml", "wrapped"]).is_true() && is_name(called);
        if is_wrapped {
            let _ = write!(made, "<{called}>");
        }
        for item in items {
            self.written(inner, each, item, depth + 2, made);
        }
        if is_wrapped {
            let _ = write!(made, "</{called}>");
        }
    }
}

/// Whether an element can be called so.
fn is_name(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    begins && text.chars().all(|c| c.is_alphanumeric() || "_-.:".contains(c))
}
