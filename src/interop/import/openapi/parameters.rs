//! Parameters of an operation: in the path, the query, headers and cookies.

use super::operation::Operation;
use crate::compose::template;
use crate::contract::given;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::names;
use crate::interop::import::tree::ImportedVariable;
use crate::model::http::HttpSpec;
use crate::model::spec::NameValue;

/// Parameters of one operation.
const PARAMETERS: usize = 500;
/// Headers that other parts of a document say.
const SAID_ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];

/// The parameters of an operation; those of the path unless it has its own of the same name.
pub(super) fn written<'d>(
    operation: &Operation<'_, 'd>,
    out: &mut Gathered,
    place: &str,
) -> Vec<&'d DataNode> {
    let mut found: Vec<&DataNode> = Vec::new();
    for around in [operation.item, operation.written] {
        for parameter in around.at("parameters").items() {
            let Some(parameter) = operation.api.refs.resolved(parameter, place, out) else {
                continue;
            };
            let is_same = |known: &&DataNode| {
                ["name", "in"].iter().all(|it| known.at(it) == parameter.at(it))
            };
            if found.len() >= PARAMETERS {
                out.left_out("parameters beyond the first 500", place);
                return found;
            }
            found.retain(|known| !is_same(known));
            found.push(parameter);
        }
    }
    found
}

/// Puts them into the request.
pub(super) fn parameters(
    operation: &Operation<'_, '_>,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    let mut cookies = Vec::new();
    for parameter in written(operation, out, place) {
        let name = parameter.at("name").str();
        let is_needed = parameter.at("required").is_true();
        let rows = || rows(operation, parameter, name);
        match parameter.at("in").str() {
            "path" => in_path(operation, parameter, name, out),
            "query" => spec.query.extend(rows().into_iter().map(|row| switched(row, is_needed))),
            "querystring" => {
                out.left_out("queries that are one parameter (in: querystring)", place);
            }
            "header" if SAID_ELSEWHERE.contains(&name.to_ascii_lowercase().as_str()) => {}
            "header" => {
                let value = value(operation, parameter);
                let row = NameValue::new(name, template::quote(&value));
                spec.headers.push(switched(row, is_needed));
            }
            "cookie" => {
                let value = value(operation, parameter);
                cookies.push((format!("{name}={}", template::quote(&value)), is_needed));
            }
            "body" | "formData" => {}
            other => out.changed("parameters in a place that is not known", place, other),
        }
    }
    if !cookies.is_empty() {
        let is_needed = cookies.iter().any(|(_, is_needed)| *is_needed);
        let all: Vec<String> = cookies.into_iter().map(|(cookie, _)| cookie).collect();
        spec.headers.push(switched(NameValue::new("Cookie", all.join("; ")), is_needed));
    }
}

fn switched(row: NameValue, enabled: bool) -> NameValue {
    NameValue { enabled, ..row }
}

/// A part of the path is a variable: what the document gives as an example is its value.
fn in_path<'d>(
    operation: &Operation<'_, 'd>,
    parameter: &'d DataNode,
    name: &str,
    out: &mut Gathered,
) {
    let called = names::variable(name);
    let schema = parameter.at("schema");
    let shown = operation.api.shown(parameter).or_else(|| given(schema));
    if let Some(shown) = shown.filter(|it| !matches!(it, DataNode::List(_) | DataNode::Map(_))) {
        let value = template::quote(&as_segment(&shown.plain()));
        out.default_variable(ImportedVariable { name: called, value, is_secret: false });
    }
}

/// A value as a part of a path, which no sign of it ends.
fn as_segment(value: &str) -> String {
    let encoded = |c: char| match c {
        '/' => "%2F".to_owned(),
        '?' => "%3F".to_owned(),
        '#' => "%23".to_owned(),
        '%' => "%25".to_owned(),
        c => c.to_string(),
    };
    value.chars().map(encoded).collect()
}

/// What a parameter looks like.
fn shown<'d>(operation: &Operation<'_, 'd>, parameter: &'d DataNode) -> DataNode {
    if let Some(known) = operation.api.shown(parameter) {
        return known.clone();
    }
    let content = parameter.at("content").pairs().first();
    if let Some(known) = content.and_then(|(_, content)| operation.api.shown(content)) {
        return known.clone();
    }
    let schema = content.map_or(parameter.at("schema"), |(_, content)| content.at("schema"));
    // Version 2 has no schema here: the parameter is one.
    let schema = if operation.api.is_second { parameter } else { schema };
    operation.api.made(schema).unwrap_or(DataNode::Null)
}

fn value<'d>(operation: &Operation<'_, 'd>, parameter: &'d DataNode) -> String {
    match shown(operation, parameter) {
        DataNode::List(items) => items.iter().map(DataNode::plain).collect::<Vec<_>>().join(","),
        other => other.plain(),
    }
}

/// Rows of a query, several for lists and objects as the style says.
fn rows<'d>(operation: &Operation<'_, 'd>, parameter: &'d DataNode, name: &str) -> Vec<NameValue> {
    let row =
        |name: &str, value: String| NameValue::new(template::quote(name), template::quote(&value));
    let shown = shown(operation, parameter);
    if parameter.has("content") {
        return vec![row(name, shown.json(false))];
    }
    let style = parameter.at("style").str();
    let is_split = match parameter.at("explode") {
        DataNode::Bool(explode) => *explode,
        _ if operation.api.is_second => parameter.at("collectionFormat").str() == "multi",
        _ => style.is_empty() || style == "form",
    };
    let joint = match (style, parameter.at("collectionFormat").str()) {
        ("spaceDelimited", _) | (_, "ssv") => " ",
        ("pipeDelimited", _) | (_, "pipes") => "|",
        _ => ",",
    };
    match shown {
        DataNode::List(items) if is_split && !items.is_empty() => {
            items.iter().map(|item| row(name, item.plain())).collect()
        }
        DataNode::List(items) => {
            let items: Vec<String> = items.iter().map(DataNode::plain).collect();
            vec![row(name, items.join(joint))]
        }
        DataNode::Map(pairs) if style == "deepObject" => {
            pairs.iter().map(|(key, value)| row(&format!("{name}[{key}]"), value.plain())).collect()
        }
        DataNode::Map(pairs) if is_split => {
            pairs.iter().map(|(key, value)| row(key, value.plain())).collect()
        }
        DataNode::Map(pairs) => {
            let flat: Vec<String> =
                pairs.iter().flat_map(|(key, value)| [key.to_string(), value.plain()]).collect();
            vec![row(name, flat.join(joint))]
        }
        other => vec![row(name, other.plain())],
    }
}
