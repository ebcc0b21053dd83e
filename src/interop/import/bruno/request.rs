//! One Bruno request, from the tree that all of its formats become.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::answer;
use super::{BrunoLevel, DIALECT};
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::{
    FoundPreset, Gathered, api_key, aws, basic, digest, first_line, with_values,
};
use crate::interop::import::names;
use crate::interop::import::path_values::{as_browsers_send, with_path_values};
use crate::interop::import::tree::ImportFault;
use crate::model::http::{ApiKeyPlace, Auth, FormPart, HttpBody, HttpSpec};
use crate::model::spec::{NameValue, Spec};
use crate::model::timing::LONGEST;
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
    settings(item.at("settings"), &mut spec);
    let tags = [item.at("tags"), item.path(&["meta", "tags"])];
    let tags = tags.iter().flat_map(|tags| tags.items());
    // A word with a comma would be two.
    let tags = tags.map(|tag| tag.plain().replace(',', " ")).filter(|tag| !tag.trim().is_empty());
    spec.run.tags.0 = tags.collect();
    let rest = answer(written, out, &place).put(&mut spec);
    if !rest.is_empty() {
        out.left_out(
            "expectations and captures that have no counterpart, kept as comments",
            place.as_str(),
        );
        notes.push(format!("expected of the answer:\n{}", rest.join("\n")));
    }
    notes.extend(own_variables(written, &mut spec, out, &place));
    if !item.at("examples").items().is_empty() {
        out.left_out("examples of answers", place.as_str());
    }
    let about = first_line(written.at("docs").str(), &mut notes);
    let (folder, name) = (folder.to_vec(), name.to_owned());
    out.preset(FoundPreset { folder, name, about, notes, place }, Spec::Http(spec))
}

/// Puts the variables of a request in where they are named; they stay as a note.
fn own_variables(
    written: &DataNode,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) -> Option<String> {
    let rows = written.path(&["vars", "req"]).items();
    if rows.is_empty() {
        return None;
    }
    let lines: Vec<String> = rows.iter().map(line).collect();
    out.left_out("variables of single requests, put in where they were named", place);
    let rows = rows.iter().map(|row| pair(row, out, place)).filter(|row| row.enabled);
    let named = |row: NameValue| (names::variable(row.name.trim_start_matches('@')), row.value);
    let values: BTreeMap<String, String> = rows.map(named).collect();
    with_values(spec, &values);
    Some(format!("variables:\n{}", lines.join("\n")))
}

fn line(row: &DataNode) -> String {
    format!("{} = {}", row.at("name").str(), row.at("value").plain())
}

fn settings(written: &DataNode, spec: &mut HttpSpec) {
    let (follows, most) = (written.at("followRedirects"), written.at("maxRedirects"));
    if let Some(most) = most.number() {
        spec.redirects = u8::try_from(most).unwrap_or(u8::MAX);
    }
    if follows.plain() == "false" {
        spec.redirects = 0;
    }
    // It waits without an end unless it is told not to.
    if let Some(timeout) = written.at("timeout").number().filter(|timeout| *timeout > 0) {
        spec.timeout = Duration::from_millis(timeout).min(LONGEST);
    }
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
    let rows = written.at("params").items();
    let in_path = rows.iter().filter(|row| row.at("type").str() == "path");
    let values = in_path.map(|row| (row.at("name").str().to_owned(), row.at("value").plain()));
    let url = with_path_values(written.at("url").str().trim(), values);
    spec.url = as_browsers_send(&ours(&url, DIALECT, out, place));
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
        "json" => spec.body = HttpBody::Json(json(&text("json", out), out, place)),
        "text" => {
            typed("text/plain", spec);
            spec.body = HttpBody::Text(text("text", out));
        }
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
            let parts = rows.flat_map(|row| parts(row, out, place)).collect();
            spec.body = HttpBody::Multipart(parts);
        }
        "file" => {
            let (file, kind) = chosen_file(written.at("file").items());
            if !file.is_empty() {
                if !kind.is_empty() {
                    typed(kind, spec);
                }
                out.changed("files that bodies name, read when they are sent", place, file);
                spec.body = HttpBody::File(ours(file, DIALECT, out, place));
            }
        }
        _ => {}
    }
}

/// JSON as it is sent.
fn json(written: &str, out: &mut Gathered, place: &str) -> String {
    let plain = without_comments(written);
    if plain != written {
        out.left_out("comments in JSON, which are not sent", place);
    }
    plain
}

/// The file of several that is chosen, and its type.
fn chosen_file(rows: &[DataNode]) -> (&str, &str) {
    let is_chosen = |row: &&DataNode| row.at("selected").is_true() || row.at("enabled").is_true();
    let Some(row) = rows.iter().find(is_chosen) else { return ("", "") };
    let named = row.at("filePath").text().unwrap_or(row.at("value").str());
    (file_of(named).unwrap_or(named), row.at("contentType").str())
}

/// The name in `@file(name)`.
fn file_of(value: &str) -> Option<&str> {
    value.trim().strip_prefix("@file(")?.strip_suffix(')')
}

/// The parts of a row: one for each of its files.
fn parts(row: &DataNode, out: &mut Gathered, place: &str) -> Vec<FormPart> {
    let NameValue { enabled, name, value } = pair(row, out, place);
    let content_type = ours(row.at("contentType").str(), DIALECT, out, place);
    let part = FormPart { enabled, name, content_type, ..FormPart::default() };
    let listed = row.at("value").items();
    let files: Vec<String> = match file_of(&value) {
        Some(files) => files.split('|').map(|file| file.trim().to_owned()).collect(),
        None if row.at("type").str() != "file" => return vec![FormPart { value, ..part }],
        None if listed.is_empty() => vec![value],
        None => listed.iter().map(DataNode::plain).collect(),
    };
    out.file_parts(part, files.into_iter(), place)
}

/// JSON without the comments that Bruno takes out before it is sent.
fn without_comments(text: &str) -> String {
    let (mut made, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['"', '/']) {
        let (before, behind) = rest.split_at(at);
        made.push_str(before);
        let end = match behind.get(..2) {
            Some("//") => behind.find('\n').unwrap_or(behind.len()),
            Some("/*") => behind.find("*/").map_or(behind.len(), |end| end + "*/".len()),
            _ => 0,
        };
        let kept = if behind.starts_with('"') { quoted_end(behind) } else { usize::from(end == 0) };
        made.push_str(behind.split_at(kept).0);
        rest = behind.split_at(kept.max(end)).1;
    }
    made + rest
}

/// Bytes of the text in quotes at the beginning.
fn quoted_end(text: &str) -> usize {
    let mut is_escaped = true;
    let end = text.find(|c: char| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 1)
}

fn graphql(written: &DataNode, out: &mut Gathered, place: &str) -> String {
    let whole = written.at("graphql");
    let query = whole.text().unwrap_or_else(|| whole.at("query").str());
    let variables =
        written.at("graphql:vars").text().unwrap_or_else(|| whole.at("variables").str());
    let variables = if variables.trim().is_empty() { "{}" } else { variables.trim() };
    let query = DataNode::from(query).json(false);
    let text = format!("{{\"query\":{query},\"variables\":{variables}}}");
    ours(&text, DIALECT, out, place)
}

fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let mode = written.at("mode").str();
    let params = written.at(mode);
    let mut of = |name: &str| ours(&params.at(name).plain(), DIALECT, out, place);
    match mode {
        "" | "none" | "inherit" => {}
        "basic" => spec.auth = basic(of("username"), of("password")),
        "bearer" => spec.auth = Auth::Bearer(of("token")),
        "digest" => spec.auth = digest(of("username"), of("password")),
        "awsv4" => spec.auth = aws(of, ["accessKeyId", "secretAccessKey"]),
        "apikey" => {
            let (name, value, to) = (of("key"), of("value"), of("placement"));
            // OpenCollection calls it `query`.
            let is_query = to.to_ascii_lowercase().starts_with("query");
            let to = if is_query { ApiKeyPlace::Query } else { ApiKeyPlace::Header };
            if name.is_empty() {
                out.left_out("keys without a name, which are not sent", place);
            } else {
                spec.auth = api_key(name, value, to);
            }
        }
        mode => out.changed("credentials of a kind that is not there yet", place, mode),
    }
}
