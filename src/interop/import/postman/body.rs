//! Bodies of Postman requests.

use super::{DIALECT, pair};
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::NameValue;

/// Puts the body into the request, with the type that Postman sends with it.
pub(super) fn body(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    if written.at("disabled").is_true() {
        out.left_out("bodies that are switched off", place);
        return;
    }
    match written.at("mode").str() {
        "raw" => raw(written, spec, out, place),
        "urlencoded" => {
            let rows = written.at("urlencoded");
            let text = rows.text().map(|text| ours(text, DIALECT, out, place));
            spec.body = text.map_or_else(|| form(rows, out, place), HttpBody::Text);
        }
        "formdata" => {
            let mut parts = Vec::new();
            for row in written.at("formdata").items() {
                parts.extend(form_parts(row, out, place));
            }
            spec.body = HttpBody::Multipart(parts);
        }
        "file" => {
            let file = written.at("file");
            let name = file.text().unwrap_or_else(|| file.at("src").str());
            let content = file.at("content").text();
            spec.body = match (name, content) {
                ("", Some(content)) => HttpBody::Text(ours(content, DIALECT, out, place)),
                ("", None) => HttpBody::None,
                (name, _) => named(name, out, place),
            };
        }
        "graphql" => spec.body = HttpBody::Json(graphql(written.at("graphql"), out, place)),
        _ => {}
    }
}

/// A file that a request names; it is read when that is sent.
fn named(name: &str, out: &mut Gathered, place: &str) -> HttpBody {
    out.changed("files that bodies name, read when they are sent", place, name);
    HttpBody::File(ours(name, DIALECT, out, place))
}

fn raw(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let text = ours(&written.at("raw").plain(), DIALECT, out, place);
    if text.is_empty() {
        return;
    }
    let language = written.path(&["options", "raw", "language"]).str();
    let given = spec
        .headers
        .iter()
        .find(|row| row.enabled && row.name.eq_ignore_ascii_case("content-type"));
    let is_json = language == "json" || given.is_some_and(|row| row.value.contains("json"));
    let of_language = match language {
        "xml" => "application/xml",
        "html" => "text/html",
        "javascript" => "application/javascript",
        _ => "",
    };
    if given.is_none() && !of_language.is_empty() {
        spec.headers.push(NameValue::new("Content-Type", of_language));
    }
    spec.body = if is_json { HttpBody::Json(text) } else { HttpBody::Text(text) };
}

fn form(rows: &DataNode, out: &mut Gathered, place: &str) -> HttpBody {
    let mut made = Vec::new();
    for row in rows.items() {
        made.extend(pair(row, out, place));
    }
    HttpBody::Form(made)
}

/// The parts of a row: one for each of its files.
fn form_parts(row: &DataNode, out: &mut Gathered, place: &str) -> Vec<FormPart> {
    let Some(NameValue { enabled, name, value }) = pair(row, out, place) else { return Vec::new() };
    let content_type = ours(row.at("contentType").str(), DIALECT, out, place);
    let part = |source, value| FormPart {
        enabled,
        name: name.clone(),
        source,
        value,
        content_type: content_type.clone(),
        ..FormPart::default()
    };
    if row.at("type").str() != "file" {
        return vec![part(PartSource::Text, value)];
    }
    let source = row.at("src");
    let one = source.text().into_iter();
    let files: Vec<String> =
        one.chain(source.items().iter().map(DataNode::str)).map(str::to_owned).collect();
    if files.is_empty() {
        out.changed("files that nobody chose", place, &name);
        return vec![FormPart { enabled: false, ..part(PartSource::File, String::new()) }];
    }
    out.changed("files that bodies name, read when they are sent", place, &files.join(", "));
    let files = files.iter().map(|file| ours(file, DIALECT, out, place));
    files.map(|file| part(PartSource::File, file)).collect()
}

fn graphql(written: &DataNode, out: &mut Gathered, place: &str) -> String {
    let (query, variables) = (written.at("query").str(), written.at("variables"));
    let variables = match variables.text() {
        Some(text) if text.trim().is_empty() => "{}".to_owned(),
        Some(text) => text.to_owned(),
        None if variables.is_null() => "{}".to_owned(),
        None => variables.json(true),
    };
    let query = DataNode::from(query).json(false);
    let name = written.at("operationName").text().filter(|name| !name.is_empty());
    let name = name.map_or_else(String::new, |name| {
        format!("  \"operationName\": {},\n", DataNode::from(name).json(false))
    });
    let text = format!("{{\n{name}  \"query\": {query},\n  \"variables\": {variables}\n}}");
    ours(&text, DIALECT, out, place)
}
