//! Files of requests (`.http`), as editors send them.
//!
//! ```text
//! @host = example.com
//!
//! ### users/login
//! POST http://{{host}}/login
//! Content-Type: application/json
//!
//! {"user": "{{user}}"}
//! ```

use std::fmt::Write as _;

use super::bodies::{BodyFiles, folders, one_line};
use super::checks::{captures, expects};
use super::names::{ForeignNames, NameSpelling};
use super::order::{ExportedFile, PresetExport, PresetExportOrder};
use super::requests::{ExportedRequest, requests};
use crate::codec::multipart;
use crate::interop::wire_request::WireRequest;
use crate::model::plan::{PartContent, PlanBody};
use crate::model::trust::Verify;

/// Writes the requests of an order into one file.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let mut names = ForeignNames::new(NameSpelling::HttpFile, order.with_secrets);
    let found = requests(order, &mut names, false);
    let mut bodies = BodyFiles::default();
    let mut text = String::new();
    for request in &found {
        one(request, &mut text, &mut names, &mut bodies);
    }
    let mut variables = String::new();
    for (name, value) in names.told(order.with_secrets) {
        if !value.contains(['\r', '\n']) {
            let _ = writeln!(variables, "@{} = {value}", name.theirs);
        }
    }
    let gap = if variables.is_empty() { "" } else { "\n" };
    names.say_missing(order.with_secrets);
    let mut files = vec![ExportedFile::text(name, format!("{variables}{gap}{text}"))];
    files.append(&mut bodies.files);
    PresetExport { files, count: found.len(), remarks: names.remarks }
}

fn one(
    request: &ExportedRequest<'_>,
    out: &mut String,
    names: &mut ForeignNames,
    bodies: &mut BodyFiles,
) {
    let (plan, scope, place) = (&request.plan, &request.preset.scope, request.place());
    place.clone_into(&mut names.place);
    let wire = WireRequest::new(plan);
    let folder = folders(&request.preset.folder);
    let _ = writeln!(out, "### {folder}{}", one_line(request.preset.name()));
    if !request.preset.about.is_empty() {
        let _ = writeln!(out, "# {}", one_line(&request.preset.about));
    }
    if plan.redirects == 0 {
        out.push_str("# @no-redirect\n");
    }
    if plan.verify == Verify::Off {
        names.remarks.say("certificates that are not verified (verify = false)", place);
    }
    let spec = &request.preset.spec;
    if expects(spec) {
        names.remarks.say("expectations, which .http has no word for", place);
    }
    if captures(spec) {
        names.remarks.say("captures, which .http has no word for", place);
    }
    let _ = writeln!(out, "{} {}", plan.method, names.text(&plan.url, scope));
    for (name, value) in wire.headers() {
        let _ = writeln!(out, "{}: {}", names.text(name, scope), names.text(value, scope));
    }
    if let Some((user, password)) = wire.basic() {
        let (user, password) = (names.text(&user, scope), names.text(&password, scope));
        let _ = writeln!(out, "Authorization: Basic {user}:{password}");
    }
    if let Some((user, password)) = wire.digest() {
        let (user, password) = (names.text(user, scope), names.text(password, scope));
        let _ = writeln!(out, "Authorization: Digest {user} {password}");
    }
    if let Some(keys) = wire.aws() {
        let mut of = |text: &str| names.text(text, scope);
        let _ = write!(out, "Authorization: AWS {} {}", of(&keys.access_key), of(&keys.secret_key));
        if !keys.session_token.is_empty() {
            let _ = write!(out, " token:{}", of(&keys.session_token));
        }
        let _ = writeln!(out, " region:{} service:{}", of(&keys.region), of(&keys.service));
    }
    let body = body(request, &wire, names, bodies);
    if !body.is_empty() {
        let _ = writeln!(out, "\n{body}");
    }
    out.push('\n');
}

fn body(
    request: &ExportedRequest<'_>,
    wire: &WireRequest<'_>,
    names: &mut ForeignNames,
    bodies: &mut BodyFiles,
) -> String {
    let scope = &request.preset.scope;
    let file = |path: &std::path::Path, names: &mut ForeignNames| {
        format!("< {}", names.text(&path.display().to_string(), scope))
    };
    match &request.plan.body {
        PlanBody::File(path) => file(path, names),
        PlanBody::Multipart { boundary, parts } => {
            let mut text = String::new();
            for piece in multipart::pieces(boundary, parts) {
                match piece {
                    PartContent::Bytes(bytes) => {
                        text.push_str(&names.braces(&bytes, scope).replace("\r\n", "\n"));
                    }
                    PartContent::File(path) => text.push_str(&file(&path, names)),
                }
            }
            text.trim_end_matches('\n').to_owned()
        }
        PlanBody::Bytes(_) => {
            let Some(bytes) = wire.body.filter(|bytes| !bytes.is_empty()) else {
                return String::new();
            };
            match written(bytes) {
                Some((bytes, is_cut)) => {
                    if is_cut {
                        names.remarks.say("white space at the end of a body", request.place());
                    }
                    names.braces(bytes, scope)
                }
                None => format!("< {}", bodies.file(request, bytes, names)),
            }
        }
    }
}

/// The bytes of a body that can stand among the lines, and whether its end is missing; `None` = it cannot.
fn written(bytes: &[u8]) -> Option<(&[u8], bool)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let kept = text.trim_end_matches(['\n', ' ', '\t']);
    let is_cut = kept.len() < text.len();
    // Only of JSON nobody misses it.
    let is_json = text.trim_start().starts_with(['{', '[']);
    let is_line = |line: &str| {
        let bare = line.trim_start();
        !(line.starts_with("###") || ["<", ">"].iter().any(|sign| bare.starts_with(sign)))
    };
    let can_stand = !text.contains(['\r', '\0'])
        && !text.starts_with(['\n', ' ', '\t'])
        && kept.lines().all(is_line)
        && (!is_cut || is_json && !kept.is_empty());
    can_stand.then_some((kept.as_bytes(), is_cut))
}
