//! One Bruno request, from the tree that all of its formats become.

use super::answer::answer;
use super::{BrunoLevel, DIALECT};
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::{FoundPreset, Gathered, first_line};
use crate::interop::import::path_values::with_path_value;
use crate::interop::import::tree::ImportFault;
use crate::model::http::{Auth, FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::{NameValue, Spec};
use crate::model::url_text::UrlText;

/// Reads a request.
pub(super) fn request(
    item: &DataNode,
    level: &BrunoLevel,
    folder: &[String],
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let name = item.at("name").str();
    let place = folder.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
    let written = item.at("request");
    let kind = item.at("type").str();
    if ["ws", "grpc", "ws-request", "grpc-request", "websocket"].contains(&kind) {
        out.left_out("requests that are not HTTP", place);
        return Ok(());
    }
    let mut spec = HttpSpec::default();
    let method = written.at("method").str().trim();
    if !method.is_empty() {
        method.clone_into(&mut spec.method);
    }
    url(written, &mut spec, out, &place);
    for row in level.headers.iter().chain(written.at("headers").items()) {
        let row = pair(row, out, &place);
        // What is nearer to the request takes the place of what is around it.
        spec.headers.retain(|known| {
            !known.name.eq_ignore_ascii_case(&row.name) || !row.enabled || !known.enabled
        });
        spec.headers.push(row);
    }
    body(written.at("body"), &mut spec, out, &place);
    let own = written.at("auth");
    let mode = own.at("mode").str();
    let inherited = level.auth.as_ref().filter(|_| ["", "inherit"].contains(&mode));
    auth(inherited.unwrap_or(own), &mut spec, out, &place);
    let mut notes = scripts(written);
    if !notes.is_empty() {
        out.left_out("scripts, kept as comments and not run", place.as_str());
    }
    let rest = answer(written, out, &place).put(&mut spec);
    if !rest.is_empty() {
        out.left_out(
            "expectations and captures that have no counterpart, kept as comments",
            place.as_str(),
        );
        notes.push(format!("expected of the answer:\n{}", rest.join("\n")));
    }
    if !written.path(&["vars", "req"]).items().is_empty() {
        let rows = written.path(&["vars", "req"]).items();
        let lines: Vec<String> = rows.iter().map(line).collect();
        out.left_out("variables of single requests, kept as comments", place.as_str());
        notes.push(format!("variables:\n{}", lines.join("\n")));
    }
    if !item.at("examples").items().is_empty() {
        out.left_out("examples of answers", place.as_str());
    }
    let about = first_line(written.at("docs").str(), &mut notes);
    let name =
        if name.is_empty() { format!("{} {}", spec.method, spec.url) } else { name.to_owned() };
    let folder = folder.to_vec();
    out.preset(FoundPreset { folder, name, about, notes, place }, Spec::Http(spec))
}

fn line(row: &DataNode) -> String {
    format!("{} = {}", row.at("name").str(), row.at("value").plain())
}

/// Scripts as texts, each behind a line that says what it was for.
pub(super) fn scripts(written: &DataNode) -> Vec<String> {
    let parts = [
        (written.path(&["script", "req"]), "before the request"),
        (written.path(&["script", "res"]), "after the answer"),
        (written.at("tests"), "tests"),
    ];
    let text = |(node, when): (&DataNode, &str)| {
        let text = node.str();
        (!text.trim().is_empty()).then(|| format!("Bruno script ({when}), not run:\n{text}"))
    };
    parts.into_iter().filter_map(text).collect()
}

/// A row, whichever way it says that it is switched off.
fn pair(row: &DataNode, out: &mut Gathered, place: &str) -> NameValue {
    let mut text = |name: &str| ours(&row.at(name).plain(), DIALECT, out, place);
    let (name, value) = (text("name"), text("value"));
    let is_off = *row.at("enabled") == DataNode::Bool(false) || row.at("disabled").is_true();
    NameValue { enabled: !is_off, name, value }
}

/// The URL holds the parameters that are switched on; those that are not become rows.
fn url(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let mut url = written.at("url").str().trim().to_owned();
    let rows = written.at("params").items();
    for row in rows.iter().filter(|row| row.at("type").str() == "path") {
        let (name, value) = (row.at("name").str(), row.at("value").plain());
        url = with_path_value(&url, name, value);
    }
    spec.url = ours(&url, DIALECT, out, place);
    let has_query = UrlText::of(&url).query.is_some();
    for row in rows.iter().filter(|row| row.at("type").str() != "path") {
        let row = pair(row, out, place);
        if !row.enabled || !has_query {
            spec.query.push(row);
        }
    }
}

fn body(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let mode = written.at("mode").str();
    let text = |name: &str, out: &mut Gathered| {
        let text = written.at(name);
        let content = text.at("content").text().or_else(|| text.text()).unwrap_or_default();
        ours(content, DIALECT, out, place)
    };
    let typed = |kind: &str, spec: &mut HttpSpec| {
        let is_given = spec
            .headers
            .iter()
            .any(|row| row.name.eq_ignore_ascii_case("content-type") && row.enabled);
        if !is_given {
            spec.headers.push(NameValue::new("Content-Type", kind));
        }
    };
    match mode {
        "json" => spec.body = HttpBody::Json(text("json", out)),
        "text" => spec.body = HttpBody::Text(text("text", out)),
        "xml" => {
            typed("application/xml", spec);
            spec.body = HttpBody::Text(text("xml", out));
        }
        "sparql" => {
            typed("application/sparql-query", spec);
            spec.body = HttpBody::Text(text("sparql", out));
        }
        "graphql" => spec.body = HttpBody::Json(graphql(written, out, place)),
        "formUrlEncoded" | "form-urlencoded" => {
            let rows = written.at("formUrlEncoded").items().iter();
            spec.body = HttpBody::Form(rows.map(|row| pair(row, out, place)).collect());
        }
        "multipartForm" | "multipart-form" => {
            let rows = written.at("multipartForm").items().iter();
            spec.body = HttpBody::Multipart(rows.map(|row| part(row, out, place)).collect());
        }
        "file" => {
            let rows = written.at("file").items();
            let chosen =
                rows.iter().find(|row| row.at("selected").is_true() || row.at("enabled").is_true());
            let chosen =
                chosen.map_or("", |row| row.at("filePath").text().unwrap_or(row.at("value").str()));
            let file = file_of(chosen).unwrap_or(chosen);
            if !file.is_empty() {
                out.changed("files that bodies name, read when they are sent", place, file);
                spec.body = HttpBody::File(ours(file, DIALECT, out, place));
            }
        }
        _ => {}
    }
}

/// The name in `@file(name)`.
fn file_of(value: &str) -> Option<&str> {
    value.strip_prefix("@file(")?.split(')').next()
}

fn part(row: &DataNode, out: &mut Gathered, place: &str) -> FormPart {
    let NameValue { enabled, name, value } = pair(row, out, place);
    let files = row.at("value").items();
    let file = file_of(&value).map(str::to_owned).or_else(|| {
        let is_file = row.at("type").str() == "file";
        is_file.then(|| files.first().map_or(value.clone(), DataNode::plain))
    });
    let content_type = row.at("contentType").str().to_owned();
    match file {
        None => FormPart { enabled, name, value, content_type, ..FormPart::default() },
        Some(file) => {
            out.changed("files that bodies name, read when they are sent", place, &file);
            let (source, value) = (PartSource::File, file);
            FormPart { enabled, name, source, value, content_type, ..FormPart::default() }
        }
    }
}

fn graphql(written: &DataNode, out: &mut Gathered, place: &str) -> String {
    let whole = written.at("graphql");
    let query = whole.text().unwrap_or_else(|| whole.at("query").str());
    let variables =
        written.at("graphql:vars").text().unwrap_or_else(|| whole.at("variables").str());
    let variables = if variables.trim().is_empty() { "{}" } else { variables };
    let query = DataNode::from(query).json(false);
    let text = format!("{{\n  \"query\": {query},\n  \"variables\": {variables}\n}}");
    ours(&text, DIALECT, out, place)
}

fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let mode = written.at("mode").str();
    let params = written.at(mode);
    let mut of = |name: &str| ours(&params.at(name).plain(), DIALECT, out, place);
    match mode {
        "" | "none" | "inherit" => {}
        "basic" => spec.auth = Auth::Basic { user: of("username"), password: of("password") },
        "bearer" => spec.auth = Auth::Bearer(of("token")),
        "apikey" => {
            let row = NameValue::new(of("key"), of("value"));
            if of("placement") == "queryparams" {
                spec.query.push(row);
            } else {
                spec.headers.push(row);
            }
        }
        mode => out.changed("credentials of a kind that is not there yet", place, mode),
    }
}
