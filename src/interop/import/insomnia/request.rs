//! One Insomnia request.

use super::{DIALECT, InsomniaLevel, SINGLE, said};
use crate::compose::template;
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::{
    FoundPreset, Gathered, api_key, aws, basic, digest, first_line, untyped,
};
use crate::interop::import::path_values::with_path_values;
use crate::interop::import::tree::ImportFault;
use crate::model::http::{ApiKeyPlace, Auth, FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::{NameValue, Spec};

/// Scripts by the members they stand in.
const SCRIPTS: [(&[&str], &str); 4] = [
    (&["preRequestScript"], "before the request"),
    (&["afterResponseScript"], "after the answer"),
    (&["scripts", "preRequest"], "before the request"),
    (&["scripts", "afterResponse"], "after the answer"),
];

/// Reads a request.
pub(super) fn request(
    item: &DataNode,
    level: &InsomniaLevel<'_>,
    folder: &[String],
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let name = item.at("name").str();
    let place = folder.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
    let mut spec = HttpSpec::default();
    let method = item.at("method").str().trim();
    if !method.is_empty() {
        method.clone_into(&mut spec.method);
    }
    let url = with_parameters(item.at("url").str().trim(), item.at("pathParameters"));
    spec.url = ours(&url, DIALECT, out, &place);
    let lists = [item.at("parameters"), item.at("params")];
    for row in lists.iter().flat_map(|list| list.items()) {
        let row = pair(row, out, &place);
        // One without a name is not sent.
        if !row.name.is_empty() {
            spec.query.push(row);
        }
    }
    headers(level, item, &mut spec, out, &place);
    let is_literal = item.at("settingDisableRenderRequestBody").is_true()
        || *item.path(&["settings", "renderRequestBody"]) == DataNode::Bool(false);
    body(item.at("body"), is_literal, &mut spec, out, &place);
    untyped(&mut spec);
    let encodes = [item.at("settingEncodeUrl"), item.path(&["settings", "encodeUrl"])];
    if encodes.iter().any(|it| **it == DataNode::Bool(false)) {
        out.changed("settings of single requests", &place, "URLs that are not encoded");
    }
    let own = said(item.at("authentication")).or(level.auth);
    auth(own.unwrap_or(&DataNode::Null), &mut spec, out, &place);
    let follows = [item.at("settingFollowRedirects"), item.path(&["settings", "followRedirects"])];
    if follows.iter().any(|it| it.str() == "off") {
        spec.redirects = 0;
    }
    let mut notes = scripts(item);
    if !notes.is_empty() {
        out.left_out("scripts, kept as comments and not run", place.as_str());
    }
    let description = [item.at("description"), item.path(&["meta", "description"])];
    let description = description.iter().map(|it| it.str()).find(|it| !it.is_empty());
    let about = first_line(description.unwrap_or_default(), &mut notes);
    let (folder, name) = (folder.to_vec(), name.to_owned());
    out.preset(FoundPreset { folder, name, about, notes, place }, Spec::Http(spec))
}

/// Headers of the folders around and of the request.
fn headers(
    level: &InsomniaLevel<'_>,
    item: &DataNode,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    for row in level.headers.iter().copied().chain(item.at("headers").items()) {
        let row = pair(row, out, place);
        let is_single = SINGLE.iter().any(|single| row.name.eq_ignore_ascii_case(single));
        if is_single && row.enabled {
            spec.headers.retain(|known| !known.name.eq_ignore_ascii_case(&row.name));
        }
        // It says which version of Insomnia it was.
        let is_its_own =
            row.name.eq_ignore_ascii_case("user-agent") && row.value.starts_with("insomnia/");
        if !row.name.is_empty() && !is_its_own {
            spec.headers.push(row);
        }
    }
}

/// Scripts as texts, each behind a line that says what it was for.
pub(super) fn scripts(item: &DataNode) -> Vec<String> {
    let text = |(path, when): (&[&str], &str)| {
        let text = item.path(path).str();
        (!text.trim().is_empty()).then(|| format!("Insomnia script ({when}), not run:\n{text}"))
    };
    SCRIPTS.into_iter().filter_map(text).collect()
}

fn pair(row: &DataNode, out: &mut Gathered, place: &str) -> NameValue {
    let mut text = |name: &str| ours(&row.at(name).plain(), DIALECT, out, place);
    let (name, value) = (text("name"), text("value"));
    NameValue { enabled: !row.at("disabled").is_true(), name, value }
}

/// Puts values in the place of `:name` in a path.
fn with_parameters(url: &str, parameters: &DataNode) -> String {
    let value = |row: &DataNode| (row.at("name").str().to_owned(), row.at("value").plain());
    with_path_values(url, parameters.items().iter().map(value))
}

/// Puts the body into the request; in a literal one braces are just that.
fn body(
    written: &DataNode,
    is_literal: bool,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    // The first formats had nothing but a text.
    let text = written.text().or_else(|| written.at("text").text()).unwrap_or_default();
    let given = spec.headers.iter().find(|row| row.name.eq_ignore_ascii_case("content-type"));
    let given = given.map(|row| row.value.clone()).unwrap_or_default();
    let kind = written.at("mimeType").text().unwrap_or(&given);
    let params = written.at("params").items();
    match kind {
        "application/x-www-form-urlencoded" if !params.is_empty() => {
            let rows = params.iter().map(|row| pair(row, out, place));
            spec.body = HttpBody::Form(rows.collect());
        }
        "multipart/form-data" => {
            let parts = params.iter().map(|row| part(row, out, place));
            spec.body = HttpBody::Multipart(parts.collect());
        }
        _ if !written.at("fileName").str().is_empty() => {
            let file = written.at("fileName").str();
            out.changed("files that bodies name, read when they are sent", place, file);
            spec.body = HttpBody::File(ours(file, DIALECT, out, place));
        }
        kind if !text.is_empty() => {
            let text =
                if is_literal { template::quote(text) } else { ours(text, DIALECT, out, place) };
            // GraphQL is kept as the JSON it sends.
            let is_json = kind.contains("json") || kind.contains("graphql");
            if given.is_empty() && !kind.is_empty() && !is_json {
                spec.headers.push(NameValue::new("Content-Type", kind));
            }
            spec.body = if is_json { HttpBody::Json(text) } else { HttpBody::Text(text) };
        }
        _ => {}
    }
    // The boundary and the type of a form go with it.
    if matches!(spec.body, HttpBody::Multipart(_)) {
        spec.headers.retain(|row| !row.name.eq_ignore_ascii_case("content-type"));
    }
}

fn part(row: &DataNode, out: &mut Gathered, place: &str) -> FormPart {
    let NameValue { enabled, name, value } = pair(row, out, place);
    if row.at("type").str() != "file" {
        return FormPart { enabled, name, value, ..FormPart::default() };
    }
    let file = row.at("fileName").str();
    out.changed("files that bodies name, read when they are sent", place, file);
    let value = ours(file, DIALECT, out, place);
    FormPart {
        enabled: enabled && !file.is_empty(),
        name,
        value,
        source: PartSource::File,
        ..FormPart::default()
    }
}

fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let mut of = |name: &str| ours(&written.at(name).plain(), DIALECT, out, place);
    let kind = written.at("type").text().or_else(|| written.at("_type").text());
    match kind.unwrap_or(if written.has("username") { "basic" } else { "" }) {
        "" | "none" => {}
        "basic" => {
            let (user, password) = (of("username"), of("password"));
            if !(user.is_empty() && password.is_empty()) {
                spec.auth = basic(user, password);
            }
        }
        "digest" => spec.auth = digest(of("username"), of("password")),
        "iam" => spec.auth = aws(of, ["accessKeyId", "secretAccessKey"]),
        "bearer" => {
            let (token, prefix) = (of("token"), of("prefix"));
            if prefix == "NO_PREFIX" {
                spec.headers.push(NameValue::new("Authorization", token));
            } else if prefix.is_empty() || prefix == "Bearer" {
                spec.auth = Auth::Bearer(token);
            } else {
                spec.headers.push(NameValue::new("Authorization", format!("{prefix} {token}")));
            }
        }
        "apikey" => {
            let (name, value, to) = (of("key"), of("value"), of("addTo"));
            let to = match to.as_str() {
                "queryParams" => ApiKeyPlace::Query,
                "cookie" => ApiKeyPlace::Cookie,
                _ => ApiKeyPlace::Header,
            };
            if name.is_empty() {
                out.left_out("keys without a name, which are not sent", place);
            } else {
                spec.auth = api_key(name, value, to);
            }
        }
        "oauth2" if !written.at("accessToken").str().is_empty() => {
            let (token, prefix) = (of("accessToken"), of("tokenPrefix"));
            if ["", "Bearer"].contains(&prefix.trim()) {
                spec.auth = Auth::Bearer(token);
            } else {
                let value = format!("{} {token}", prefix.trim());
                spec.headers.push(NameValue::new("Authorization", value));
            }
            out.left_out("ways to get a token (OAuth 2.0); the token itself came", place);
        }
        kind => out.changed("credentials of a kind that is not there yet", place, kind),
    }
}
