//! A script of k6, for load beyond what one machine can make.

use std::fmt::Write as _;

use serde_json::json;

use super::bodies::one_line;
use super::names::{ForeignNames, NameSpelling};
use super::order::{ExportedFile, PresetExport, PresetExportOrder};
use super::requests::{ExportedRequest, REPEATED, has_files, requests};
use super::script_checks::{CheckScript, capture_values, test_lines};
use crate::codec::multipart;
use crate::interop::secrets::{SecretRun, WrittenValue, runs};
use crate::interop::wire_request::WireRequest;
use crate::model::plan::{PartContent, PlanBody};
use crate::model::preset::Scope;
use crate::model::trust::Verify;

/// How a value is put into a URL.
const IN_URL: &str = r#"
// Only what cannot stand in a URL at all is encoded.
function inUrl(value) {
  return encodeURI(value).replace(/%25/g, "%").replace(/#/g, "%23");
}
"#;

/// Writes the requests of an order as one script.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let mut names = ForeignNames::new(NameSpelling::CheckScript, order.with_secrets);
    let found = requests(order, &mut names, true);
    let (mut body, mut opened) = (String::new(), Vec::new());
    let mut folder: &[String] = &[];
    for request in &found {
        if request.preset.folder.as_slice() != folder {
            folder = &request.preset.folder;
            let _ = writeln!(body, "\n  // {}/", one_line(&folder.join("/")));
        }
        one(request, &mut body, &mut names, &mut opened);
    }
    let mut out = String::from("import http from \"k6/http\";\nimport { check } from \"k6\";\n");
    if body.contains("encoding.b64encode(") {
        out.push_str("import encoding from \"k6/encoding\";\n");
    }
    let is_insecure = found.iter().any(|request| request.plan.verify == Verify::Off);
    let insecure = if is_insecure { "  insecureSkipTLSVerify: true,\n" } else { "" };
    let _ =
        write!(out, "\nexport const options = {{\n  vus: 1,\n  iterations: 1,\n{insecure}}};\n\n");
    for met in &names.all {
        let value = met.value.as_ref().filter(|_| order.with_secrets || !met.is_secret);
        // What the system knows there is not what it knew here.
        let value = value.filter(|_| !met.ours.starts_with("env."));
        let value = value.map_or_else(String::new, |value| format!(" || {}", json!(value)));
        let word = if names.captured.contains(&met.ours) { "let" } else { "const" };
        let _ = writeln!(out, "{word} {0} = __ENV.{0}{value};", met.theirs);
    }
    for (at, path) in opened.iter().enumerate() {
        let _ = writeln!(out, "const FILE_{at} = open({path}, \"b\");");
    }
    if body.contains("inUrl(") || opened.iter().any(|path| path.contains("inUrl(")) {
        out.push_str(IN_URL);
    }
    let _ = write!(out, "\nexport default function () {{\n  let r;\n{body}}}\n");
    names.say_missing(order.with_secrets);
    let files = vec![ExportedFile::text(name, out)];
    PresetExport { files, count: found.len(), remarks: names.remarks }
}

fn one(
    request: &ExportedRequest<'_>,
    out: &mut String,
    names: &mut ForeignNames,
    opened: &mut Vec<String>,
) {
    let (plan, scope) = (&request.plan, &request.preset.scope);
    let wire = WireRequest::new(plan);
    let mut headers = String::new();
    // Of a form with files the boundary is its own.
    let is_form = matches!(plan.body, PlanBody::Multipart { .. }) && has_files(&plan.body);
    let written =
        wire.headers().filter(|(name, value)| !(is_form && wire.is_form_type(name, value)));
    for name in wire.repeated() {
        names.remarks.say(REPEATED, format!("{} ({name})", request.place()));
    }
    for (name, value) in joined(written) {
        let (name, value) = (expression(name, scope, names), expression(&value, scope, names));
        let name = if name.starts_with('"') && !name.contains("\" + ") {
            name
        } else {
            format!("[{name}]")
        };
        let _ = writeln!(headers, "      {name}: {value},");
    }
    if let Some((user, password)) = wire.basic() {
        let (user, password) =
            (expression(&user, scope, names), expression(&password, scope, names));
        let _ = writeln!(
            headers,
            "      \"Authorization\": \"Basic \" + encoding.b64encode(({user}) + \":\" + ({password})),"
        );
    }
    let body = body(request, &wire, names, opened);
    let url = expression(&plan.url, scope, names);
    let _ = write!(
        out,
        "  // {}\n  r = http.request({}, {url}, {body}, {{\n    headers: {{\n{headers}    }},\n    redirects: {},\n    timeout: \"{}ms\",\n    tags: {{ name: {} }},\n  }});\n",
        one_line(request.preset.name()),
        json!(plan.method),
        plan.redirects,
        plan.head_timeout.as_millis(),
        json!(request.place()),
    );
    let checks = test_lines(request, names, CheckScript::K6);
    if !checks.is_empty() {
        let _ = write!(out, "  check(r, {{\n    {}\n  }});\n", checks.join("\n    "));
    }
    for (name, value) in capture_values(request, names, CheckScript::K6) {
        let _ = writeln!(out, "  {name} = {value};");
    }
}

/// Headers by their names: an object has each once, so values of the same name are one.
fn joined<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, String)> {
    let mut joined: Vec<(&str, String)> = Vec::new();
    for (name, value) in headers {
        match joined.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, known)) => {
                known.push_str(if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " });
                known.push_str(value);
            }
            None => joined.push((name, value.to_owned())),
        }
    }
    joined
}

fn body(
    request: &ExportedRequest<'_>,
    wire: &WireRequest<'_>,
    names: &mut ForeignNames,
    opened: &mut Vec<String>,
) -> String {
    let scope = &request.preset.scope;
    let mut open = |path: &std::path::Path, names: &mut ForeignNames| {
        opened.push(expression(&path.display().to_string(), scope, names));
        format!("FILE_{}", opened.len() - 1)
    };
    match &request.plan.body {
        PlanBody::File(path) => open(path, names),
        body @ PlanBody::Multipart { parts, .. } if has_files(body) => {
            let mut fields = String::new();
            let mut known: Vec<&str> = Vec::new();
            for part in parts {
                if known.contains(&part.name.as_str()) {
                    names.remarks.say("parts of a form with the name of another", request.place());
                }
                known.push(&part.name);
                let content = match &part.content {
                    PartContent::Bytes(bytes) => {
                        if part.content_type.is_some() || part.file_name.is_some() {
                            let what = "types and names of parts of a form that are no files";
                            names.remarks.say(what, request.place());
                        }
                        expression(&String::from_utf8_lossy(bytes), scope, names)
                    }
                    PartContent::File(path) => {
                        let file = open(path, names);
                        let name = json!(part.file_name.as_deref().unwrap_or_default());
                        let kind = json!(part.content_type.as_deref().unwrap_or_default());
                        format!("http.file({file}, {name}, {kind})")
                    }
                };
                let _ = write!(fields, "{}: {content}, ", json!(part.name));
            }
            format!("{{ {fields}}}")
        }
        PlanBody::Multipart { boundary, parts } => {
            let bytes: Vec<u8> = multipart::pieces(boundary, parts)
                .into_iter()
                .filter_map(|piece| match piece {
                    PartContent::Bytes(bytes) => Some(bytes.to_vec()),
                    PartContent::File(_) => None,
                })
                .flatten()
                .collect();
            of_bytes(&bytes, scope, names)
        }
        PlanBody::Bytes(_) => wire
            .body
            .filter(|bytes| !bytes.is_empty())
            .map_or_else(|| "null".to_owned(), |bytes| of_bytes(bytes, scope, names)),
    }
}

fn of_bytes(bytes: &[u8], scope: &Scope, names: &mut ForeignNames) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return expression(text, scope, names);
    }
    let bytes = names.filled(bytes, scope, "k6");
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    format!("new Uint8Array([{}]).buffer", numbers.join(","))
}

/// A text as an expression: literals, and variables between them.
fn expression(text: &str, scope: &Scope, names: &mut ForeignNames) -> String {
    let mut terms = Vec::new();
    for run in runs(text.as_bytes()) {
        terms.push(match run {
            SecretRun::Text(text) => literal(&String::from_utf8_lossy(text)),
            SecretRun::Variable { name, written } => {
                let name = names.meet(name, scope);
                match written {
                    WrittenValue::AsIs => name,
                    WrittenValue::Encoded => format!("encodeURIComponent({name})"),
                    WrittenValue::InUrl => format!("inUrl({name})"),
                    // The quotes stand in the text around it; what was captured may be a number.
                    WrittenValue::InJson => format!("JSON.stringify(String({name})).slice(1, -1)"),
                }
            }
        });
    }
    if terms.is_empty() { "\"\"".to_owned() } else { terms.join(" + ") }
}

/// A literal of JavaScript; what ends a line there is written as an escape.
fn literal(text: &str) -> String {
    json!(text).to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
