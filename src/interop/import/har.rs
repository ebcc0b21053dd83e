//! HAR files: the request of every entry. Answers are for `open`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::data::DataNode;
use super::gathered::{FoundPreset, Gathered, untyped};
use super::tree::ImportFault;
use crate::compose::template;
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::spec::{NameValue, Spec};
use crate::model::url_text::UrlText;

/// Headers that a client says by itself, or of one hop.
const DERIVED: [&str; 7] = [
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "proxy-connection",
    "upgrade",
];

/// Reads the requests.
pub(super) fn entries(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let DataNode::List(entries) = data.path(&["log", "entries"]) else {
        return Err(ImportFault::new("log.entries", "it is no list of entries"));
    };
    for (at, entry) in entries.iter().enumerate() {
        request(entry.at("request"), format!("log.entries[{at}]"), out)?;
    }
    Ok(())
}

fn request(written: &DataNode, place: String, out: &mut Gathered) -> Result<(), ImportFault> {
    let url = written.at("url").str();
    if let Some(scheme) = foreign_scheme(url) {
        out.changed("requests that are not HTTP", &place, &format!("{scheme}:"));
        return Ok(());
    }
    let mut spec = HttpSpec { url: template::quote(url), ..HttpSpec::default() };
    let method = written.at("method").str();
    if !method.is_empty() {
        spec.method = template::quote(method);
    }
    let row = |row: &DataNode| {
        let [name, value] = ["name", "value"].map(|member| row.at(member).plain());
        NameValue::new(template::quote(&name), template::quote(&value.replace(['\r', '\n'], " ")))
    };
    for header in written.at("headers").items() {
        let header = row(header);
        let is_derived = DERIVED.iter().any(|name| header.name.eq_ignore_ascii_case(name));
        if !(is_derived || header.name.is_empty() || header.name.starts_with(':')) {
            spec.headers.push(header);
        }
    }
    listed(written, &mut spec, &row);
    body(written.at("postData"), &mut spec, out, &place);
    untyped(&mut spec);
    out.preset(FoundPreset { place, ..FoundPreset::default() }, Spec::Http(spec))
}

/// What a URL begins with where it is none of HTTP: a browser writes `data:`, `blob:` and those of its extensions, too.
fn foreign_scheme(url: &str) -> Option<&str> {
    const WITHOUT_HOST: [&str; 5] = ["data", "blob", "about", "javascript", "file"];
    let (scheme, rest) = url.split_once(':')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let is_scheme = !scheme.is_empty() && scheme.chars().all(is_name);
    let is_it = |known: &&str| scheme.eq_ignore_ascii_case(known);
    let is_foreign = rest.starts_with("//") || WITHOUT_HOST.iter().any(is_it);
    (is_scheme && is_foreign && !["http", "https"].iter().any(is_it)).then_some(scheme)
}

/// Cookies and parameters that stand in their lists alone.
fn listed(written: &DataNode, spec: &mut HttpSpec, row: &dyn Fn(&DataNode) -> NameValue) {
    let is_said = spec.headers.iter().any(|row| row.name.eq_ignore_ascii_case("cookie"));
    let cookies = written.at("cookies").items().iter().map(row);
    let cookies: Vec<String> = cookies.map(|row| format!("{}={}", row.name, row.value)).collect();
    if !is_said && !cookies.is_empty() {
        spec.headers.push(NameValue::new("Cookie", cookies.join("; ")));
    }
    if UrlText::literal(written.at("url").str()).query.is_none() {
        spec.query.extend(written.at("queryString").items().iter().map(row));
    }
}

fn body(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let kind = written.at("mimeType").str();
    let (text, params) = (written.at("text").str(), written.at("params").items());
    if written.at("encoding").str() == "base64" || written.at("_encoding").str() == "base64" {
        match STANDARD.decode(text) {
            Ok(bytes) => {
                let mut text = String::new();
                for byte in bytes {
                    let _ = write!(text, "{byte:02x}");
                }
                spec.body = HttpBody::Payload(Payload { text, format: PayloadFormat::Hex });
                return;
            }
            Err(_) => out.left_out("bodies in base64, kept as text", place),
        }
    }
    let of = |row: &DataNode, name: &str| template::quote(&row.at(name).plain());
    if !text.is_empty() {
        let text = template::quote(text);
        spec.body = if kind.contains("json") { HttpBody::Json(text) } else { HttpBody::Text(text) };
    } else if kind.starts_with("multipart/form-data") {
        let parts = params.iter().map(|row| {
            let file = of(row, "fileName");
            let is_file = !file.is_empty() && row.at("value").plain().is_empty();
            let source = if is_file { PartSource::File } else { PartSource::Text };
            let (value, file_name) =
                if is_file { (file, String::new()) } else { (of(row, "value"), file) };
            let (enabled, content_type) = (true, of(row, "contentType"));
            FormPart { enabled, name: of(row, "name"), source, value, file_name, content_type }
        });
        spec.body = HttpBody::Multipart(parts.collect());
        // Its boundary goes with the body that was sent then.
        spec.headers.retain(|row| !row.name.eq_ignore_ascii_case("content-type"));
    } else if !params.is_empty() {
        let rows = params.iter().map(|row| NameValue::new(of(row, "name"), of(row, "value")));
        spec.body = HttpBody::Form(rows.collect());
    }
    let is_said = spec.headers.iter().any(|row| row.name.eq_ignore_ascii_case("content-type"));
    if matches!(spec.body, HttpBody::Text(_)) && !is_said && !kind.is_empty() {
        spec.headers.push(NameValue::new("Content-Type", template::quote(kind)));
    }
}
