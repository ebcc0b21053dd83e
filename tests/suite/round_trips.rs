//! What was opened and is exported again loses nothing: every field of every HAR file of the corpora.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::Offset;
use serde_json::Value;
use wirebench::interop::export::{
    ExportFormat, ExportPiece, ExportTimes, ExportWriter, ExportedBodies,
};
use wirebench::interop::har_read::read_har;
use wirebench::model::id::SessionId;
use wirebench::model::secrets::Disclosure;

/// The text of a HAR file that is read and written again.
fn again(har: &[u8]) -> Value {
    let (batch, _) = read_har(har, SessionId(0)).unwrap();
    let told = Disclosure::Everything;
    let mut writer = ExportWriter::new(ExportFormat::Har, told, ExportTimes::At(Offset::UTC));
    let (exchanges, bodies) = (batch.exchanges, batch.bodies);
    let piece = ExportPiece { exchanges, ..ExportPiece::default() };
    writer.piece(piece, |exchange| {
        let found = bodies.iter().find(|it| it.number == exchange.number).unwrap();
        let (request, response) = (found.request.to_vec(), found.response.to_vec());
        ExportedBodies { request, response }
    });
    writer.finish();
    serde_json::from_slice(&writer.take(0)).unwrap()
}

/// The bytes that a content or posted data stands for.
fn body(it: &Value) -> Vec<u8> {
    let text = it["text"].as_str().unwrap_or_default();
    let encoding = it["encoding"].as_str().or(it["_encoding"].as_str());
    let coded = encoding.filter(|it| *it == "base64").and_then(|_| STANDARD.decode(text).ok());
    coded.unwrap_or_else(|| text.as_bytes().to_vec())
}

/// Names and values of fields of a form, which may stand for its text.
fn is_form(post: &Value) -> bool {
    post["text"].as_str().unwrap_or_default().is_empty() && post["params"].is_array()
}

/// What of the original is not in what was written, by place.
fn missing(place: &str, original: &Value, ours: &Value, out: &mut Vec<String>) {
    match (original, ours) {
        (Value::Null, _) => {}
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                match name.as_str() {
                    "creator" | "version" if place.matches('.').count() == 2 => {}
                    "text" | "encoding" | "_encoding" if original["mimeType"].is_string() => {
                        let is_same = body(original) == body(ours) || is_form(ours);
                        out.extend((!is_same).then(|| format!("{place}: another body")));
                    }
                    // A form is told by its text, or by its fields.
                    "params" if !is_form(ours) => {
                        let has_text = ours["text"].as_str().is_some_and(|it| !it.is_empty());
                        let is_empty = value.as_array().is_some_and(Vec::is_empty);
                        out.extend((!has_text && !is_empty).then(|| place.clone()));
                    }
                    // What stands in headers and URLs as well, others take apart in other ways.
                    "cookies" | "queryString" if ours[name].is_array() => {}
                    _ => missing(&place, value, &ours[name], out),
                }
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (at, (item, other)) in items.iter().zip(others).enumerate() {
                missing(&format!("{place}[{at}]"), item, other, out);
            }
        }
        (Value::Number(one), Value::Number(other)) => {
            let [one, other] = [one, other].map(|it| it.as_f64().unwrap());
            out.extend(((one - other).abs() > 0.001).then(|| format!("{place}: {one} {other}")));
        }
        (Value::String(one), Value::String(other)) if place.ends_with("startedDateTime") => {
            let [one, other] = [one, other].map(|it| it.parse::<jiff::Timestamp>().ok());
            out.extend((one != other).then(|| format!("{place}: {one:?} {other:?}")));
        }
        (one, other) if one == other => {}
        (one, other) => {
            let short = |it: &Value| it.to_string().chars().take(90).collect::<String>();
            out.push(format!("{place}: {} | {}", short(one), short(other)));
        }
    }
}

#[test]
fn every_field_of_every_har_of_the_corpora_is_there_again() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora"));
    let (mut files, mut lost) = (0, Vec::new());
    for corpus in ["har-harviewer", "har-mitmproxy", "har-perfcascade", "har-httpsnippet"] {
        let Ok(index) = std::fs::read(root.join(corpus).join("index.json")) else {
            assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
            eprintln!("skipped: the corpora are not here");
            return;
        };
        let index: Value = serde_json::from_slice(&index).unwrap();
        for case in index["cases"].as_array().unwrap() {
            let name = case["file"].as_str().unwrap();
            let text = std::fs::read(root.join(corpus).join(name)).unwrap();
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
            let Ok(mut original) = serde_json::from_slice::<Value>(text) else { continue };
            let Some(entries) = original["log"]["entries"].as_array_mut() else { continue };
            // They are written in the order of their beginnings.
            let started = |it: &Value| {
                let text = it["startedDateTime"].as_str().unwrap_or_default();
                text.parse::<jiff::Timestamp>().unwrap_or_default()
            };
            let is_timed = entries.iter().all(|it| started(it).as_second() > 0);
            if entries.is_empty() || !is_timed {
                continue;
            }
            entries.sort_by_key(started);
            let (mut found, ours) = (Vec::new(), again(text));
            missing("", &original, &ours, &mut found);
            lost.extend(found.into_iter().map(|what| format!("{name}{what}")));
            files += 1;
        }
    }
    assert!(files > 25, "{files}");
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost.join("\n"));
}
