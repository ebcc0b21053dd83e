//! Bodies of Postman requests.

use super::{DIALECT, pair};
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::model::http::{FormPart, HttpBody, HttpSpec};
use crate::model::spec::NameValue;

/// Methods with which Postman sends no body unless a setting says so.
const WITHOUT: [&str; 5] = ["GET", "HEAD", "COPY", "PURGE", "UNLOCK"];

/// What is said of bodies that stay.
pub(super) const UNSENT: &str = "bodies that are not sent with this method, kept as comments";

/// Whether a body goes out with this method.
pub(super) fn is_sent(method: &str, settings: &DataNode) -> bool {
    !WITHOUT.contains(&method) || settings.at("disableBodyPruning").is_true()
}

/// A body that does not go out, as a note.
pub(super) fn unsent(written: &DataNode, out: &mut Gathered, place: &str) -> Option<String> {
    let mode = written.at("mode").str();
    let content = written.at(mode);
    let text = content.text().map_or_else(|| content.json(true), str::to_owned);
    let is_any = !["", "[]", "{}", "null"].contains(&text.trim());
    is_any.then(|| {
        out.left_out(UNSENT, place);
        unsent_note(mode, &text)
    })
}

/// The same as a note.
pub(super) fn unsent_note(mode: &str, text: &str) -> String {
    format!("Postman body ({mode}), not sent with this method:\n{text}")
}

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
            if spec.body == HttpBody::Form(Vec::new()) {
                spec.body = HttpBody::None;
            }
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
    raw_text(text, written.path(&["options", "raw", "language"]).str(), spec);
}

/// Puts a text into the request with the type of its language, unless a header says one.
pub(super) fn raw_text(text: String, language: &str, spec: &mut HttpSpec) {
    if text.is_empty() {
        return;
    }
    let given = spec
        .headers
        .iter()
        .find(|row| row.enabled && row.name.eq_ignore_ascii_case("content-type"));
    let is_json = language == "json" || given.is_some_and(|row| row.value.contains("json"));
    let of_language = match language {
        "xml" => "application/xml",
        "html" => "text/html",
        "javascript" => "application/javascript",
        _ if is_json => "",
        _ => "text/plain",
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
    let file_name = ours(row.at("fileName").str(), DIALECT, out, place);
    let part = FormPart { enabled, name, file_name, content_type, ..FormPart::default() };
    if row.at("type").str() != "file" {
        return vec![FormPart { value, ..part }];
    }
    let source = row.at("src");
    let names = source.text().into_iter().chain(source.items().iter().map(DataNode::str));
    let files: Vec<String> = names.map(|file| ours(file, DIALECT, out, place)).collect();
    out.file_parts(part, files.into_iter(), place)
}

/// A query with its variables, as they are sent.
pub(super) fn graphql(written: &DataNode, out: &mut Gathered, place: &str) -> String {
    let mut members =
        vec![format!("\"query\":{}", DataNode::from(written.at("query").str()).json(false))];
    let name = written.at("operationName").text().filter(|name| !name.is_empty());
    members
        .extend(name.map(|name| format!("\"operationName\":{}", DataNode::from(name).json(false))));
    let variables = match written.at("variables") {
        DataNode::Null => None,
        DataNode::Text(text) => Some(text.to_string()).filter(|text| !text.trim().is_empty()),
        variables => Some(variables.json(false)),
    };
    members.extend(variables.map(|variables| format!("\"variables\":{variables}")));
    ours(&format!("{{{}}}", members.join(",")), DIALECT, out, place)
}
