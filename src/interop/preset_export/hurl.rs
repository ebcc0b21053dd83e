//! Hurl files: requests with what their answers shall be and what is taken of them, and a file of variables.
//!
//! ```text
//! # login
//! POST http://{{host}}/login
//! Content-Type: application/json
//! {"user": "{{user}}"}
//! HTTP 200
//! [Captures]
//! token: jsonpath "$.token"
//! [Asserts]
//! jsonpath "$.user" == "ann"
//! ```

use std::fmt::Write as _;

use super::bodies::{folders, hex_digits, one_line};
use super::hurl_answer::answer;
use super::names::{ForeignNames, NameSpelling};
use super::order::{ExportedFile, PresetExport, PresetExportOrder};
use super::requests::{ExportedRequest, requests};
use crate::codec::multipart;
use crate::interop::secrets::{SecretRun, runs};
use crate::interop::wire_request::WireRequest;
use crate::model::http::VersionChoice;
use crate::model::plan::{PartContent, PartPlan, PlanBody};
use crate::model::trust::Verify;
use crate::model::url_text::form_pieces;

/// Writes the requests of an order into one file, and one of variables.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let mut names = ForeignNames::new(NameSpelling::Hurl, order.with_secrets);
    let found = requests(order, &mut names, true);
    let mut text = String::new();
    for request in &found {
        one(request, &mut text, &mut names);
    }
    let mut variables = String::new();
    for (name, value) in names.told(order.with_secrets) {
        if !value.contains(['\r', '\n']) {
            let _ = writeln!(variables, "{}={value}", name.theirs);
        }
    }
    names.say_missing(order.with_secrets);
    let mut files = vec![ExportedFile::text(name, text)];
    if !variables.is_empty() {
        let stem = name.strip_suffix(".hurl").unwrap_or(name);
        files.push(ExportedFile::text(format!("{stem}.vars"), variables));
    }
    PresetExport { files, count: found.len(), remarks: names.remarks }
}

fn one(request: &ExportedRequest<'_>, out: &mut String, names: &mut ForeignNames) {
    let (plan, scope) = (&request.plan, &request.preset.scope);
    request.place().clone_into(&mut names.place);
    let wire = WireRequest::new(plan);
    let folder = folders(&request.preset.folder);
    let _ = writeln!(out, "# {folder}{}", one_line(request.preset.name()));
    if !request.preset.about.is_empty() {
        let _ = writeln!(out, "# {}", one_line(&request.preset.about));
    }
    let _ = writeln!(out, "{} {}", plan.method, names.text(&plan.url, scope));
    let (sections, body, is_form) = body(request, &wire, names);
    for (name, value) in wire.headers() {
        let is_derived = is_form && name.eq_ignore_ascii_case("content-type");
        if !is_derived {
            let value = escaped(&names.text(value, scope));
            let _ = writeln!(out, "{}: {value}", names.text(name, scope));
        }
    }
    let mut options = String::new();
    if plan.redirects > 0 {
        let _ = write!(options, "location: true\nmax-redirs: {}\n", plan.redirects);
    }
    if plan.verify == Verify::Off {
        options.push_str("insecure: true\n");
    }
    if let Some(keys) = wire.aws() {
        let mut of = |text: &str| escaped(&names.text(text, scope));
        let (region, service) = (of(&keys.region), of(&keys.service));
        let (access, secret) = (of(&keys.access_key), of(&keys.secret_key));
        let _ = write!(options, "aws-sigv4: aws:amz:{region}:{service}\nuser: {access}:{secret}\n");
    }
    options.push_str(match plan.version {
        VersionChoice::Auto => "",
        VersionChoice::Http10 => "http1.0: true\n",
        VersionChoice::Http11 => "http1.1: true\n",
        // hurl takes another version too, where the server does not speak it.
        VersionChoice::Http2 | VersionChoice::Http2PriorKnowledge => "http2: true\n",
    });
    if !options.is_empty() {
        let _ = write!(out, "[Options]\n{options}");
    }
    if let Some((user, password)) = wire.basic() {
        let (user, password) = (names.text(&user, scope), names.text(&password, scope));
        let _ = writeln!(out, "[BasicAuth]\n{}: {}", escaped(&user), escaped(&password));
    }
    out.push_str(&sections);
    if !body.is_empty() {
        let _ = writeln!(out, "{body}");
    }
    out.push_str(&answer(request, names));
    out.push('\n');
}

/// Sections and body, and whether hurl gives the type of the body by itself.
fn body(
    request: &ExportedRequest<'_>,
    wire: &WireRequest<'_>,
    names: &mut ForeignNames,
) -> (String, String, bool) {
    let scope = &request.preset.scope;
    match &request.plan.body {
        PlanBody::File(path) => {
            let path = names.text(&path.display().to_string(), scope);
            (String::new(), format!("file,{};", path.replace(';', "\\;")), false)
        }
        PlanBody::Multipart { boundary, parts } => {
            let is_own = wire.headers().any(|(name, value)| wire.is_form_type(name, value));
            let rows: Option<String> =
                parts.iter().map(|part| row_of_part(part, request, names)).collect();
            if let Some(rows) = rows.filter(|_| is_own) {
                return (format!("[Multipart]\n{rows}"), String::new(), true);
            }
            let mut bytes = Vec::new();
            for piece in multipart::pieces(boundary, parts) {
                match piece {
                    PartContent::Bytes(piece) => bytes.extend_from_slice(&piece),
                    PartContent::File(path) => {
                        let what = "a file in a form whose other parts hurl cannot say";
                        let place = format!("{} ({})", request.place(), path.display());
                        names.remarks.say(what, place);
                    }
                }
            }
            (String::new(), text_or_hex(&bytes, request, names), false)
        }
        PlanBody::Bytes(_) => {
            let bytes = wire.body.filter(|bytes| !bytes.is_empty()).unwrap_or_default();
            let kind = wire.value("content-type").unwrap_or_default();
            if kind == "application/x-www-form-urlencoded"
                && let Some(rows) = rows_of_form(bytes, request, names)
            {
                return (format!("[Form]\n{rows}"), String::new(), true);
            }
            let body =
                if bytes.is_empty() { String::new() } else { text_or_hex(bytes, request, names) };
            (String::new(), body, false)
        }
    }
}

/// A form as rows, where they stand for the same bytes.
fn rows_of_form(
    bytes: &[u8],
    request: &ExportedRequest<'_>,
    names: &mut ForeignNames,
) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())?;
    let is_plain = |text: &str| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(byte);
        let is_fine = |run: &SecretRun<'_>| match run {
            SecretRun::Text(text) => text.iter().all(plain),
            SecretRun::Variable { .. } => true,
        };
        runs(text.as_bytes()).iter().all(is_fine)
    };
    let pieces = form_pieces(text);
    let is_plain = pieces.iter().all(|piece| {
        !piece.name.is_empty() && is_plain(piece.name) && piece.value.is_some_and(is_plain)
    });
    if !is_plain {
        return None;
    }
    let row = |piece: &crate::model::url_text::QueryPiece<'_>| {
        let name = names.plain(piece.name, &request.preset.scope);
        let value = names.plain(piece.value.unwrap_or_default(), &request.preset.scope);
        format!("{name}: {value}\n")
    };
    Some(pieces.iter().map(row).collect())
}

/// A part of a form as a row; `None` = it is no row.
fn row_of_part(
    part: &PartPlan,
    request: &ExportedRequest<'_>,
    names: &mut ForeignNames,
) -> Option<String> {
    let name = names.text(&part.name, &request.preset.scope);
    let is_name = !name.is_empty() && !name.contains([' ', ':', '"', ',', '#', '\\', '\n', '\r']);
    if !is_name || name.starts_with(['{', '<', '`', '[']) {
        return None;
    }
    match &part.content {
        PartContent::Bytes(bytes) => {
            let text = names.braces(bytes, &request.preset.scope);
            let is_line = std::str::from_utf8(bytes).is_ok()
                && !text.contains(['\r', '\n', '\0'])
                && text.trim() == text
                && !text.starts_with("file,");
            let is_bare = part.file_name.is_none() && part.content_type.is_none();
            (is_line && is_bare).then(|| format!("{name}: {}\n", escaped(&text)))
        }
        PartContent::File(path) => {
            let own = path.file_name().unwrap_or_default().to_string_lossy();
            if part.file_name.as_deref() != Some(&*own) {
                return None;
            }
            let kind = part.content_type.as_deref().unwrap_or_default();
            let known = multipart::type_of(&own).unwrap_or(multipart::ANY_TYPE);
            let kind = if kind == known { String::new() } else { format!(" {kind}") };
            let path = names.text(&path.display().to_string(), &request.preset.scope);
            Some(format!("{name}: file,{path};{kind}\n"))
        }
    }
}

/// A text in its fence, or hex digits.
fn text_or_hex(bytes: &[u8], request: &ExportedRequest<'_>, names: &mut ForeignNames) -> String {
    let text = std::str::from_utf8(bytes).ok();
    let text = text.filter(|text| !text.contains(['\r', '\0']) && !text.contains("```"));
    if let Some(text) = text {
        let text = names.braces(text.as_bytes(), &request.preset.scope);
        return format!("```\n{text}```");
    }
    let bytes = names.filled(bytes, &request.preset.scope, request.place());
    format!("hex,{};", hex_digits(&bytes))
}

/// A value as it stands behind a name: what begins a comment or an escape there has a backslash.
pub(super) fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '#' => made.extend(['\\', c]),
            '\t' => made.push_str("\\t"),
            c => made.push(c),
        }
    }
    made
}
