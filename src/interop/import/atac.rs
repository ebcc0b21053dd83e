//! Collections of ATAC, in JSON or YAML.

use std::time::Duration;

use super::braces::{Dialect, ours};
use super::data::DataNode;
use super::gathered::{FoundPreset, Gathered, basic, digest};
use super::tree::ImportFault;
use crate::model::http::{Auth, FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::{NameValue, Spec};
use crate::model::timing::{LONGEST, bound};
use crate::model::trust::Verify;

/// How ATAC writes placeholders.
const DIALECT: Dialect = Dialect::Atac;

/// Reads a collection.
pub(super) fn collection(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    out.title(data.at("name").str());
    let DataNode::List(requests) = data.at("requests") else {
        return Err(ImportFault::new("requests", "it is no list of requests"));
    };
    for request in requests {
        self::request(request, out)?;
    }
    Ok(())
}

fn request(written: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let name = written.at("name").str().to_owned();
    let place = name.clone();
    let protocol = written.at("protocol");
    if protocol.at("type").str().eq_ignore_ascii_case("websocket") {
        out.left_out("requests that are not HTTP", place);
        return Ok(());
    }
    // Before there were others, the request itself said its method and body.
    let of = |member: &str| {
        [protocol.at(member), written.at(member)].into_iter().find(|it| !it.is_null())
    };
    let method = of("method").map_or("GET", DataNode::str).to_owned();
    let url = ours(written.at("url").str(), DIALECT, out, &place);
    let mut spec = HttpSpec { method, url, ..HttpSpec::default() };
    for row in written.at("params").items() {
        let row = pair(row, out, &place);
        let braces = row.name.starts_with('{') && row.name.ends_with('}');
        if braces && row.name.len() > 2 {
            spec.url = spec.url.replace(&row.name, &row.value);
        } else {
            spec.query.push(row);
        }
    }
    for row in written.at("headers").items() {
        let row = pair(row, out, &place);
        // Those that every request of it has by itself.
        let is_its_own = match row.name.to_ascii_lowercase().as_str() {
            "user-agent" => row.value.starts_with("ATAC/"),
            "connection" => row.value == "keep-alive",
            _ => false,
        };
        if !is_its_own {
            spec.headers.push(row);
        }
    }
    if let Some(body) = of("body") {
        self::body(body, &mut spec, out, &place);
    }
    auth(written.at("auth"), &mut spec, out, &place);
    let mut notes = Vec::new();
    for (when, script) in written.at("scripts").pairs() {
        if !script.str().trim().is_empty() {
            out.left_out("scripts, kept as comments and not run", place.as_str());
            notes.push(format!("ATAC script ({when}), not run:\n{}", script.str()));
        }
    }
    settings(written.at("settings"), &mut spec, out, &place);
    out.preset(FoundPreset { name, notes, place, ..FoundPreset::default() }, Spec::Http(spec))
}

fn settings(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    if *written.at("allow_redirects") == DataNode::Bool(false) {
        spec.redirects = 0;
    }
    if written.at("accept_invalid_certs").is_true()
        || written.at("accept_invalid_hostnames").is_true()
    {
        spec.verify = Verify::Off;
        out.left_out("certificates that are not verified, as it was (verify = false)", place);
    }
    // It is that by itself.
    let timeout = written.at("timeout").number().filter(|timeout| *timeout != 30_000);
    if let Some(timeout) = timeout {
        spec.timeout = bound(Duration::from_millis(timeout)).min(LONGEST);
    }
}

/// A row: a switch, and a list of two.
fn pair(row: &DataNode, out: &mut Gathered, place: &str) -> NameValue {
    let data = row.at("data").items();
    let mut text = |at: usize| {
        ours(&data.get(at).map_or_else(String::new, DataNode::plain), DIALECT, out, place)
    };
    let (name, value) = (text(0), text(1));
    NameValue { enabled: *row.at("enabled") != DataNode::Bool(false), name, value }
}

fn body(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let Some((kind, content)) = written.pairs().first() else { return };
    let text = |out: &mut Gathered| ours(content.str(), DIALECT, out, place);
    let rows = |out: &mut Gathered| -> Vec<NameValue> {
        content.items().iter().map(|row| pair(row, out, place)).collect()
    };
    spec.body = match kind.to_ascii_lowercase().as_str() {
        "json" => HttpBody::Json(text(out)),
        "form" => HttpBody::Form(rows(out)),
        "multipart" => HttpBody::Multipart(rows(out).into_iter().map(part).collect()),
        "file" => {
            out.changed("files that bodies name, read when they are sent", place, content.str());
            HttpBody::File(text(out))
        }
        kind => {
            let given =
                spec.headers.iter().any(|row| row.name.eq_ignore_ascii_case("content-type"));
            if !given && kind != "raw" {
                spec.headers.push(NameValue::new("Content-Type", format!("application/{kind}")));
            }
            HttpBody::Text(text(out))
        }
    };
}

/// A value that begins so is a file.
fn part(row: NameValue) -> FormPart {
    let NameValue { enabled, name, value } = row;
    match value.strip_prefix("!!") {
        Some(file) => {
            let (value, source) = (file.to_owned(), PartSource::File);
            FormPart { enabled, name, source, value, ..FormPart::default() }
        }
        None => FormPart { enabled, name, value, ..FormPart::default() },
    }
}

fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let Some((kind, params)) = written.pairs().first() else { return };
    let mut of = |name: &str| ours(params.at(name).str(), DIALECT, out, place);
    match &**kind {
        "basic_auth" | "BasicAuth" => {
            spec.auth = basic(of("username"), of("password"));
        }
        "digest" | "Digest" => spec.auth = digest(of("username"), of("password")),
        "bearer_token" | "BearerToken" => {
            let token = params.text().map(|token| ours(token, DIALECT, out, place));
            let token =
                token.unwrap_or_else(|| ours(params.at("token").str(), DIALECT, out, place));
            spec.auth = Auth::Bearer(token);
        }
        "no_auth" | "NoAuth" => {}
        kind => out.changed("credentials of a kind that is not there yet", place, kind),
    }
}
