//! The body of an operation, with the example of the document or one made of its schema.

use super::operation::Operation;
use super::parameters::written;
use crate::compose::template;
use crate::contract::given;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::NameValue;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// Puts the body into the request.
pub(super) fn body(
    operation: &Operation<'_, '_>,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    if operation.api.is_second {
        of_second(operation, spec, out, place);
        return;
    }
    let written = operation.written.at("requestBody");
    let Some(written) = operation.api.refs.resolved(written, place, out) else { return };
    let content = written.at("content").pairs();
    let is_json = |kind: &str| kind.contains("json");
    let wanted: [&dyn Fn(&str) -> bool; 4] =
        [&is_json, &|kind| kind.starts_with(FORM), &|kind| kind.starts_with(MULTIPART), &|_| true];
    let chosen = wanted.iter().find_map(|is_it| content.iter().find(|(kind, _)| is_it(kind)));
    let Some((kind, media)) = chosen else { return };
    for (other, _) in content.iter().filter(|(other, _)| other != kind) {
        out.changed("bodies of further types", place, other);
    }
    let Some(media) = operation.api.refs.resolved(media, place, out) else { return };
    let shown = operation.api.shown(media).cloned();
    let shown = shown.or_else(|| operation.api.made(media.at("schema")));
    fill(spec, kind, shown.as_ref(), out, place);
    if let HttpBody::Multipart(parts) = &mut spec.body {
        files_of(operation, media.at("schema"), parts);
        types_of(media.at("encoding"), shown.as_ref(), parts);
    }
}

/// What parts are sent as: what the document says, and JSON where they are no single values.
fn types_of(encoding: &DataNode, shown: Option<&DataNode>, parts: &mut [FormPart]) {
    let pairs = shown.map(DataNode::pairs).unwrap_or_default();
    for (name, value) in pairs {
        let said = encoding.at(name).at("contentType").str();
        let is_one = !said.is_empty() && !said.contains([',', '*']);
        let is_json = matches!(value, DataNode::Map(_));
        let kind = if is_one {
            said
        } else if is_json {
            "application/json"
        } else {
            continue;
        };
        let name = template::quote(name);
        for part in parts.iter_mut().filter(|part| part.name == name) {
            part.content_type = template::quote(kind);
        }
    }
}

/// Parts that the schema says are bytes are files.
fn files_of<'d>(operation: &Operation<'_, 'd>, schema: &'d DataNode, parts: &mut [FormPart]) {
    let led = |node: &'d DataNode| {
        let reference = node.at("$ref").text();
        reference.and_then(|reference| operation.api.refs.find(reference)).unwrap_or(node)
    };
    for (name, property) in led(schema).at("properties").pairs() {
        let property = led(property);
        let inner = led(property.at("items"));
        let is_bytes = [property, inner].iter().any(|it| {
            it.at("format").str() == "binary" || it.at("contentMediaType").text().is_some()
        });
        let name = template::quote(name);
        for part in parts.iter_mut().filter(|part| is_bytes && part.name == name) {
            *part = FormPart {
                enabled: false,
                name: name.clone(),
                source: PartSource::File,
                ..FormPart::default()
            };
        }
    }
}

fn of_second(operation: &Operation<'_, '_>, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let takes = |node: &DataNode| node.at("consumes").items().first().map(|it| it.str().to_owned());
    let kind = takes(operation.written).or_else(|| takes(operation.api.root));
    let mut fields = Vec::new();
    for parameter in written(operation, out, place) {
        let sampled = |schema| operation.api.made(schema);
        match parameter.at("in").str() {
            "body" => {
                let kind = kind.clone().unwrap_or_else(|| "application/json".to_owned());
                let shown = given(parameter).cloned().or_else(|| sampled(parameter.at("schema")));
                fill(spec, &kind, shown.as_ref(), out, place);
            }
            "formData" => {
                let is_file = parameter.at("type").str() == "file";
                let value = sampled(parameter).unwrap_or(DataNode::Null);
                fields.push((parameter.at("name").str().to_owned(), value, is_file));
            }
            _ => {}
        }
    }
    if fields.is_empty() {
        return;
    }
    let has_files = fields.iter().any(|(_, _, is_file)| *is_file);
    if has_files || kind.is_some_and(|kind| kind.starts_with(MULTIPART)) {
        let parts = fields.into_iter().map(|(name, value, is_file)| part(&name, &value, is_file));
        spec.body = HttpBody::Multipart(parts.collect());
    } else {
        let rows = fields.into_iter().map(|(name, value, _)| row(&name, &value));
        spec.body = HttpBody::Form(rows.collect());
    }
}

fn row(name: &str, value: &DataNode) -> NameValue {
    NameValue::new(template::quote(name), template::quote(&value.plain()))
}

fn part(name: &str, value: &DataNode, is_file: bool) -> FormPart {
    let (source, value) = if is_file {
        (PartSource::File, String::new())
    } else {
        (PartSource::Text, template::quote(&value.plain()))
    };
    // There is no file yet: it is switched off until one is chosen.
    FormPart {
        enabled: !is_file,
        name: template::quote(name),
        source,
        value,
        ..FormPart::default()
    }
}

fn fill(
    spec: &mut HttpSpec,
    kind: &str,
    shown: Option<&DataNode>,
    out: &mut Gathered,
    place: &str,
) {
    let pairs = shown.map(DataNode::pairs).unwrap_or_default();
    if kind.starts_with(FORM) {
        // A list is as many fields.
        let rows = pairs.iter().flat_map(|(name, value)| match value {
            DataNode::List(items) if !items.is_empty() => {
                items.iter().map(|item| row(name, item)).collect()
            }
            value => vec![row(name, value)],
        });
        spec.body = HttpBody::Form(rows.collect());
        return;
    }
    if kind.starts_with(MULTIPART) {
        let is_file = |value: &DataNode| value.str() == "binary";
        let parts = pairs.iter().map(|(name, value)| part(name, value, is_file(value)));
        spec.body = HttpBody::Multipart(parts.collect());
        return;
    }
    if kind.contains("json") || kind == "*/*" {
        let text = match shown {
            Some(DataNode::Text(text)) if text.trim_start().starts_with(['{', '[', '"']) => {
                text.to_string()
            }
            Some(shown) => shown.json(true),
            None => "{}".to_owned(),
        };
        if kind.contains("json") && kind != "application/json" {
            spec.headers.push(NameValue::new("Content-Type", template::quote(kind)));
        }
        spec.body = HttpBody::Json(template::quote(&text));
        return;
    }
    spec.headers.push(NameValue::new("Content-Type", template::quote(kind)));
    let text = shown.and_then(DataNode::text);
    match text.filter(|text| !["string", ""].contains(text)) {
        Some(text) => spec.body = HttpBody::Text(template::quote(text)),
        None => out.changed("bodies without an example of their type", place, kind),
    }
}
