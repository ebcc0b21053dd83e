//! Collections of slumber: profiles are environments, recipes presets. Kinds are told by YAML tags up to version
//! 3 and by `type` after it, and what `$ref` names is put in its place.

mod whole;

use super::braces::{Dialect, ours};
use super::data::DataNode;
use super::gathered::{FoundPreset, Gathered, basic, untyped};
use super::tree::ImportFault;
use crate::model::http::{Auth, FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::{NameValue, Spec};

/// How slumber writes placeholders.
const DIALECT: Dialect = Dialect::Slumber;

/// Reads a collection.
pub(super) fn collection(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let data = &*whole::whole(data, out)?;
    let requests = data.at("requests");
    if !matches!(requests, DataNode::Map(_) | DataNode::Null) {
        return Err(ImportFault::new("requests", "it is no object of recipes"));
    }
    out.title(data.at("name").str());
    for (id, profile) in data.at("profiles").pairs() {
        let name = profile.at("name").text().unwrap_or(id).to_owned();
        let mut variables = Vec::new();
        for (variable, value) in profile.at("data").pairs() {
            variables.push(out.variable(variable, &value.plain(), DIALECT, false, &name));
        }
        out.environment(&name, variables);
    }
    for (name, _) in data.at("chains").pairs() {
        out.left_out("chains: commands, prompts, files and answers as values", &**name);
    }
    walk(requests, &mut Reading { chains: data.at("chains"), folder: Vec::new() }, out)
}

/// What is around a recipe.
struct Reading<'d> {
    chains: &'d DataNode,
    folder: Vec<String>,
}

/// A value that may stand below its tag, and the tag.
fn tagged<'d>(node: &'d DataNode, tags: &[&str]) -> (&'d str, &'d DataNode) {
    match node.pairs() {
        [(tag, inner)] if tags.contains(&&**tag) => (tag, inner),
        _ => (node.at("type").str(), node),
    }
}

fn walk(
    requests: &DataNode,
    around: &mut Reading<'_>,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    for (id, written) in requests.pairs() {
        let (_, written) = tagged(written, &["request", "folder"]);
        let name = written.at("name").text().unwrap_or(id).to_owned();
        if written.has("requests") || written.has("children") {
            around.folder.push(name);
            let inner = [written.at("requests"), written.at("children")];
            let inner = inner.into_iter().find(|it| !it.is_null());
            if let Some(inner) = inner {
                walk(inner, around, out)?;
            }
            around.folder.pop();
        } else {
            request(written, name, around, out)?;
        }
    }
    Ok(())
}

fn request(
    written: &DataNode,
    name: String,
    around: &Reading<'_>,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let Reading { chains, folder } = around;
    let place = folder.iter().map(String::as_str).chain([&*name]).collect::<Vec<_>>().join("/");
    let mut spec = HttpSpec {
        method: written.at("method").text().unwrap_or("GET").to_uppercase(),
        url: ours(written.at("url").str(), DIALECT, out, &place),
        ..HttpSpec::default()
    };
    spec.query = rows(written.at("query"), out, &place);
    spec.headers = rows(written.at("headers"), out, &place);
    body(written.at("body"), chains, &mut spec, out, &place);
    untyped(&mut spec);
    auth(written.at("authentication"), &mut spec, out, &place);
    if *written.at("persist") == DataNode::Bool(false) {
        spec.keep = false;
    }
    let folder = folder.clone();
    out.preset(FoundPreset { folder, name, place, ..FoundPreset::default() }, Spec::Http(spec))
}

/// Rows of an object, whose values may be lists, or of a list of `name=value`.
fn rows(written: &DataNode, out: &mut Gathered, place: &str) -> Vec<NameValue> {
    let mut found = Vec::new();
    for (name, value) in written.pairs() {
        let one = [value.clone()];
        let values = if value.items().is_empty() { &one[..] } else { value.items() };
        for value in values {
            let value = ours(&value.plain(), DIALECT, out, place);
            found.push(NameValue::new(ours(name, DIALECT, out, place), value));
        }
    }
    for line in written.items() {
        let (name, value) = line.str().split_once('=').unwrap_or((line.str(), ""));
        let value = ours(value, DIALECT, out, place);
        found.push(NameValue::new(ours(name, DIALECT, out, place), value));
    }
    found
}

fn body(
    written: &DataNode,
    chains: &DataNode,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    let bytes = |text: &str, out: &mut Gathered| match file_of(text, chains) {
        Some(file) => HttpBody::File(named(file, out, place)),
        None => HttpBody::Text(ours(text, DIALECT, out, place)),
    };
    if let Some(text) = written.text() {
        spec.body = bytes(text, out);
        return;
    }
    let (kind, inner) =
        tagged(written, &["json", "form_urlencoded", "form_multipart", "raw", "stream"]);
    let data = if inner.has("data") { inner.at("data") } else { inner };
    match kind {
        "" if data.is_null() => {}
        "form_urlencoded" => spec.body = HttpBody::Form(rows(data, out, place)),
        "form_multipart" => {
            let parts = data.pairs().iter();
            let parts = parts.map(|(name, value)| part(name, &value.plain(), chains, out, place));
            spec.body = HttpBody::Multipart(parts.collect());
        }
        "raw" | "stream" => spec.body = bytes(&data.plain(), out),
        _ => spec.body = HttpBody::Json(ours(&data.json(true), DIALECT, out, place)),
    }
}

fn part(name: &str, value: &str, chains: &DataNode, out: &mut Gathered, place: &str) -> FormPart {
    let name = ours(name, DIALECT, out, place);
    match file_of(value, chains) {
        Some(file) => {
            let (value, source) = (named(file, out, place), PartSource::File);
            FormPart { name, source, value, ..FormPart::default() }
        }
        None => FormPart { name, value: ours(value, DIALECT, out, place), ..FormPart::default() },
    }
}

/// A file that a body names; it is read when that is sent.
fn named(file: &str, out: &mut Gathered, place: &str) -> String {
    out.changed("files that bodies name, read when they are sent", place, file);
    ours(file, DIALECT, out, place)
}

/// The file that a whole text stands for: `{{ file('a.png') }}`, or a chain that reads it as it is.
fn file_of<'t>(text: &'t str, chains: &'t DataNode) -> Option<&'t str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    if let Some(name) = inner.strip_prefix("chains.") {
        let chain = chains.at(name);
        let is_as_it_is = ["selector", "trim"].iter().all(|it| chain.at(it).is_null());
        let file = chain.path(&["source", "file"]);
        return file.at("path").text().filter(|_| is_as_it_is);
    }
    let given = inner.strip_prefix("file(")?.strip_suffix(')')?.trim();
    let quoted = |quote: char| given.strip_prefix(quote)?.strip_suffix(quote);
    let file = quoted('\'').or_else(|| quoted('"'))?;
    (!file.is_empty() && !file.contains(['\'', '"', '\\'])).then_some(file)
}

fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let (kind, inner) = tagged(written, &["basic", "bearer"]);
    let mut of = |node: &DataNode| ours(node.str(), DIALECT, out, place);
    match kind {
        "" => {}
        "basic" => {
            spec.auth = basic(of(inner.at("username")), of(inner.at("password")));
        }
        "bearer" => {
            let token = if inner.text().is_some() { inner } else { inner.at("token") };
            spec.auth = Auth::Bearer(of(token));
        }
        kind => out.changed("credentials of a kind that is not there yet", place, kind),
    }
}
