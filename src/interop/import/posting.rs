//! Requests of posting: a YAML file each, folders of them a collection.

use super::braces::{Dialect, ours};
use super::data::DataNode;
use super::gathered::{FoundPreset, Gathered, basic, digest, first_line, untyped};
use super::tree::ImportFault;
use crate::model::http::{Auth, FormPart, HttpBody, HttpSpec};
use crate::model::spec::{NameValue, Spec};
use crate::model::timing::{bound, parse_duration};
use crate::model::trust::Verify;
use crate::model::url_text::UrlText;

/// How posting writes placeholders.
const DIALECT: Dialect = Dialect::Dollar;

/// Reads a request.
pub(super) fn request(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let name = data.at("name").str().to_owned();
    let place = name.clone();
    let method = data.at("method").text().unwrap_or("GET").to_owned();
    let mut spec = HttpSpec { method, ..HttpSpec::default() };
    let url = data.at("url").str();
    let url = with_path_values(url, data.at("path_params").items());
    spec.url = ours(&url, DIALECT, out, &place);
    let pairs = |list: &DataNode, out: &mut Gathered| -> Vec<NameValue> {
        list.items().iter().map(|row| pair(row, out, &place)).collect()
    };
    spec.headers = pairs(data.at("headers"), out);
    spec.query = pairs(data.at("params"), out);
    let form = pairs(data.path(&["body", "form_data"]), out);
    body(data.at("body"), form, &mut spec, out, &place);
    untyped(&mut spec);
    auth(data.at("auth"), &mut spec, out, &place);
    let options = data.at("options");
    if *options.at("follow_redirects") == DataNode::Bool(false) {
        spec.redirects = 0;
    }
    if let Ok(timeout) = parse_duration(&options.at("timeout").plain()) {
        spec.timeout = bound(timeout);
    }
    if !options.at("proxy_url").str().is_empty() {
        out.changed("proxies of single requests", &place, options.at("proxy_url").str());
    }
    cookies(data.at("cookies"), &mut spec, out, &place);
    if *options.at("verify_ssl") == DataNode::Bool(false) {
        spec.verify = Verify::Off;
        out.left_out(
            "certificates that are not verified, as it was (verify = false)",
            place.as_str(),
        );
    }
    let mut notes = Vec::new();
    for (when, script) in
        data.at("scripts").pairs().iter().filter(|(_, script)| !script.str().is_empty())
    {
        out.changed("files of scripts, which are not run", &place, script.str());
        notes.push(format!("script ({when}), not run: {}", script.str()));
    }
    let about = first_line(data.at("description").str(), &mut notes);
    out.preset(
        FoundPreset { name, about, notes, place, ..FoundPreset::default() },
        Spec::Http(spec),
    )
}

/// Whether a file is one of variables (`posting.env`): lines of `NAME=value`, and nothing else.
pub(super) fn is_variables(name: &str, text: &str) -> bool {
    let mut lines = lines(text).peekable();
    let is_called_so = name.rsplit_once('.').is_some_and(|(_, ending)| ending == "env");
    is_called_so && lines.peek().is_some() && lines.all(|line| variable(line).is_some())
}

/// Takes such a file as an environment that is called as it is.
pub(super) fn variables(name: &str, text: &str, out: &mut Gathered) {
    let file = name.rsplit('/').next().unwrap_or(name);
    let mut found = Vec::new();
    for (name, value) in lines(text).filter_map(variable) {
        found.push(out.variable(name, &value, DIALECT, false, file));
    }
    out.environment(file.strip_suffix(".env").unwrap_or(file), found);
}

/// The lines that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// `export NAME="value"`; in single quotes a dollar is one.
fn variable(line: &str) -> Option<(&str, String)> {
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_name = !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric());
    let quoted = |quote: char| value.strip_prefix(quote)?.split_once(quote).map(|(inner, _)| inner);
    let value = match (quoted('\''), quoted('"')) {
        (Some(inner), _) => inner.replace('$', "$$"),
        (None, Some(inner)) => inner.to_owned(),
        // A comment stands behind a blank.
        (None, None) => value.split_once(" #").map_or(value, |(value, _)| value).trim().to_owned(),
    };
    is_name.then_some((name, value))
}

/// Cookies of a request, which are one header.
fn cookies(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let rows = written.items().iter().map(|row| pair(row, out, place)).filter(|row| row.enabled);
    let all: Vec<String> = rows.map(|row| format!("{}={}", row.name, row.value)).collect();
    if !all.is_empty() {
        spec.headers.push(NameValue::new("Cookie", all.join("; ")));
    }
}

/// A URL with values in the place of `:name` anywhere in its path, where `::` is a plain colon.
fn with_path_values(url: &str, params: &[DataNode]) -> String {
    let parts = UrlText::of(url);
    let (before, rest) = url.split_at(parts.path_at);
    let (path, behind) = rest.split_at(parts.path.len());
    if params.is_empty() {
        return url.to_owned();
    }
    let (mut made, mut path) = (String::new(), path);
    while let Some((plain, after)) = path.split_once(':') {
        made.push_str(plain);
        if let Some(after) = after.strip_prefix(':') {
            made.push(':');
            path = after;
            continue;
        }
        let end = after.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
        let (name, rest) = after.split_at(end.unwrap_or(after.len()));
        match params.iter().find(|row| row.at("name").str() == name) {
            Some(row) => made.push_str(&row.at("value").plain()),
            None => made = made + ":" + name,
        }
        path = rest;
    }
    format!("{before}{made}{path}{behind}")
}

fn body(
    written: &DataNode,
    form: Vec<NameValue>,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    let content = written.at("content").str();
    let kind = written.at("content_type").str();
    if !form.is_empty() && kind.starts_with("multipart/") {
        let part = |NameValue { enabled, name, value }| FormPart {
            enabled,
            name,
            value,
            ..FormPart::default()
        };
        spec.body = HttpBody::Multipart(form.into_iter().map(part).collect());
    } else if !form.is_empty() {
        spec.body = HttpBody::Form(form);
    } else if !content.is_empty() {
        let text = ours(content, DIALECT, out, place);
        let is_json = kind.contains("json")
            || kind.is_empty() && content.trim_start().starts_with(['{', '[']);
        let is_said = spec.headers.iter().any(|row| row.name.eq_ignore_ascii_case("content-type"));
        if !is_said && !is_json && !kind.is_empty() {
            spec.headers.push(NameValue::new("Content-Type", kind));
        }
        spec.body = if is_json { HttpBody::Json(text) } else { HttpBody::Text(text) };
    }
}

fn pair(row: &DataNode, out: &mut Gathered, place: &str) -> NameValue {
    let mut text = |name: &str| ours(&row.at(name).plain(), DIALECT, out, place);
    let (name, value) = (text("name"), text("value"));
    NameValue { enabled: *row.at("enabled") != DataNode::Bool(false), name, value }
}

fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let mut of = |path: &[&str]| ours(written.path(path).str(), DIALECT, out, place);
    match written.at("type").str() {
        "" => {}
        "basic" => {
            spec.auth = basic(of(&["basic", "username"]), of(&["basic", "password"]));
        }
        "digest" => {
            spec.auth = digest(of(&["digest", "username"]), of(&["digest", "password"]));
        }
        "bearer_token" | "bearer" => spec.auth = Auth::Bearer(of(&["bearer_token", "token"])),
        kind => out.changed("credentials of a kind that is not there yet", place, kind),
    }
}
