//! Requests as entries of a HAR file. It has no variables: a name without a value stands there as it is written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::checks::{captures, expects};
use super::order::{ExportRemarks, ExportedFile, PresetExport, PresetExportOrder};
use super::planned::{NameUse, planned};
use super::postman::pretty;
use super::requests::{no_request, say_credentials, say_options};
use crate::codec::multipart;
use crate::interop::secrets::{SecretRun, runs};
use crate::interop::wire_request::WireRequest;
use crate::model::export_kind::PresetExportKind;
use crate::model::plan::{HttpPlan, PartContent, PlanBody};
use crate::model::url_text::UrlText;

/// Writes the requests of an order.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let (mut remarks, mut entries) = (ExportRemarks::default(), Vec::new());
    for preset in &order.presets {
        let place = preset.path.as_str();
        let Some(_) = preset.spec.as_http() else {
            remarks.say(no_request(&preset.spec, "HAR"), place);
            continue;
        };
        let planned = match planned(preset, NameUse::Shown, order.with_secrets) {
            Ok(planned) => planned,
            Err(why) => {
                remarks.say("left out, as it cannot be sent", format!("{place} ({why})"));
                continue;
            }
        };
        for name in planned.missing {
            remarks.say("names without a value, which stay as they are", format!("{{{{{name}}}}}"));
        }
        let Some(plan) = planned.plan.as_http() else { continue };
        say_options(plan, "HAR", place, &mut remarks);
        say_credentials(plan, PresetExportKind::Har, place, &mut remarks);
        if expects(&preset.spec) || captures(&preset.spec) {
            remarks.say("expectations and captures, which HAR has no word for", place);
        }
        entries.push(entry(plan, place, &mut remarks));
    }
    let count = entries.len();
    let creator = json!({ "name": "wirebench", "version": env!("CARGO_PKG_VERSION") });
    let log = json!({ "log": { "version": "1.2", "creator": creator, "entries": entries } });
    PresetExport { files: vec![ExportedFile::text(name, pretty(&log))], count, remarks }
}

fn entry(plan: &HttpPlan, place: &str, remarks: &mut ExportRemarks) -> Value {
    let headers: Vec<Value> = plan
        .headers
        .iter()
        .map(|(name, value)| json!({ "name": plain(name.as_bytes()), "value": plain(value.as_bytes()) }))
        .collect();
    let url = plain(plan.url.as_bytes());
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let query: Vec<Value> = UrlText::literal(&url)
        .pieces()
        .iter()
        .filter(|piece| !piece.whole.is_empty())
        .map(|piece| json!({ "name": decoded(piece.name), "value": decoded(piece.value.unwrap_or_default()) }))
        .collect();
    let mut request = json!({
        "method": plain(plan.method.as_bytes()),
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "queryString": query,
        "headersSize": -1,
        "bodySize": -1,
    });
    if let Some(data) = post_data(plan, place, remarks) {
        request["postData"] = data;
    }
    json!({
        "startedDateTime": "1970-01-01T00:00:00.000Z",
        "time": 0,
        "request": request,
        "response": {
            "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "" },
            "redirectURL": "", "headersSize": -1, "bodySize": -1,
        },
        "cache": {},
        "timings": { "send": 0, "wait": 0, "receive": 0 },
        "comment": place,
    })
}

fn post_data(plan: &HttpPlan, place: &str, remarks: &mut ExportRemarks) -> Option<Value> {
    let wire = WireRequest::new(plan);
    let kind = plain(wire.value("content-type").unwrap_or_default().as_bytes());
    match &plan.body {
        PlanBody::File(path) => {
            remarks.say("bodies that are files, of which HAR has the name alone", place);
            Some(
                json!({ "mimeType": kind, "params": [], "text": "", "comment": path.display().to_string() }),
            )
        }
        PlanBody::Multipart { boundary, parts } if !super::requests::has_files(&plan.body) => {
            let bytes: Vec<u8> = multipart::pieces(boundary, parts)
                .into_iter()
                .filter_map(|piece| match piece {
                    PartContent::Bytes(bytes) => Some(bytes.to_vec()),
                    PartContent::File(_) => None,
                })
                .flatten()
                .collect();
            Some(json!({ "mimeType": kind, "text": plain(&bytes) }))
        }
        PlanBody::Multipart { parts, .. } => {
            let rows: Vec<Value> = parts
                .iter()
                .map(|part| {
                    let mut row = json!({ "name": plain(part.name.as_bytes()) });
                    match &part.content {
                        PartContent::Bytes(bytes) => row["value"] = plain(bytes).into(),
                        PartContent::File(path) => {
                            row["fileName"] = path.display().to_string().into();
                        }
                    }
                    if let Some(kind) = &part.content_type {
                        row["contentType"] = kind.clone().into();
                    }
                    row
                })
                .collect();
            Some(json!({ "mimeType": "multipart/form-data", "params": rows }))
        }
        PlanBody::Bytes(_) => {
            let bytes = wire.body.filter(|bytes| !bytes.is_empty())?;
            Some(match std::str::from_utf8(bytes) {
                Ok(_) => json!({ "mimeType": kind, "text": plain(bytes) }),
                // HAR has no way to say it of a request.
                Err(_) => {
                    json!({ "mimeType": kind, "text": STANDARD.encode(bytes), "_encoding": "base64" })
                }
            })
        }
    }
}

/// A text in which names without a value stand as they are written.
fn plain(text: &[u8]) -> String {
    let term = |run: SecretRun<'_>| match run {
        SecretRun::Text(text) => String::from_utf8_lossy(text).into_owned(),
        SecretRun::Variable { name, .. } => format!("{{{{{name}}}}}"),
    };
    runs(text).into_iter().map(term).collect()
}
