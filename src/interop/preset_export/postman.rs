//! Postman collections of version 2.1, with an environment.

use serde_json::{Map, Value, json};

use super::bodies::BodyFiles;
use super::names::{ForeignNames, NameSpelling};
use super::order::{ExportedFile, PresetExport, PresetExportOrder};
use super::requests::{ExportedRequest, requests};
use super::script_checks::{CheckScript, test_lines};
use crate::interop::wire_request::WireRequest;
use crate::model::http::AwsKeys;
use crate::model::http::REDIRECTS;
use crate::model::plan::{PartContent, PlanBody};
use crate::model::trust::Verify;
use crate::model::url_text::form_pieces;

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// Writes the requests of an order as a collection.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let mut names = ForeignNames::new(NameSpelling::Braces, order.with_secrets);
    let found = requests(order, &mut names, true);
    let mut bodies = BodyFiles::default();
    let mut items = Vec::new();
    for request in &found {
        let item = item(request, &mut names, &mut bodies);
        put(&mut items, &request.preset.folder, item);
    }
    let of_environment = |name: &str| {
        let bare = name.strip_prefix("secret.").unwrap_or(name);
        order
            .environment
            .as_ref()
            .is_some_and(|it| it.variables.contains_key(name) || it.secrets.contains_key(bare))
    };
    let variables: Vec<Value> = names
        .told(order.with_secrets)
        .filter(|(name, _)| !of_environment(&name.ours))
        .map(|(name, value)| json!({ "key": name.theirs, "value": value, "type": "string" }))
        .collect();
    let mut collection = json!({
        "info": { "name": order.title, "schema": SCHEMA },
        "item": items,
    });
    if !variables.is_empty() {
        collection["variable"] = variables.into();
    }
    names.say_missing(order.with_secrets);
    let mut files = vec![ExportedFile::text(name, pretty(&collection))];
    files.extend(environment(order, name));
    files.append(&mut bodies.files);
    PresetExport { files, count: found.len(), remarks: names.remarks }
}

/// JSON that people read, too.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()) + "\n"
}

/// The environment that was named; secrets without their values unless they may be told.
fn environment(order: &PresetExportOrder, name: &str) -> Option<ExportedFile> {
    let environment = order.environment.as_ref()?;
    let variables = environment.variables.iter().map(
        |(name, value)| json!({ "key": name, "value": value, "type": "default", "enabled": true }),
    );
    let secrets = environment.secrets.iter().map(|(name, value)| {
        let value = if order.with_secrets { value.as_str() } else { "" };
        json!({ "key": name, "value": value, "type": "secret", "enabled": true })
    });
    let file = json!({
        "name": environment.name,
        "values": variables.chain(secrets).collect::<Vec<_>>(),
        "_postman_variable_scope": "environment",
    });
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.strip_suffix(".postman_collection").unwrap_or(stem);
    let name = format!("{stem}.{}.postman_environment.json", environment.name);
    Some(ExportedFile::text(name, pretty(&file)))
}

/// Puts an item into its folder.
fn put(items: &mut Vec<Value>, folder: &[String], item: Value) {
    let Some((first, rest)) = folder.split_first() else { return items.push(item) };
    let at = items.iter().position(|it| it.get("item").is_some() && it["name"] == **first);
    let at = at.unwrap_or_else(|| {
        items.push(json!({ "name": first, "item": [] }));
        items.len() - 1
    });
    if let Some(Value::Array(inner)) = items.get_mut(at).and_then(|it| it.get_mut("item")) {
        put(inner, rest, item);
    }
}

/// Credentials that are no header.
fn auth(
    request: &ExportedRequest<'_>,
    wire: &WireRequest<'_>,
    names: &mut ForeignNames,
) -> Option<Value> {
    let basic = wire.basic();
    let (kind, pairs) = if let Some((user, password)) = &basic {
        ("basic", vec![("username", &**user), ("password", password)])
    } else if let Some((user, password)) = wire.digest() {
        ("digest", vec![("username", user), ("password", password)])
    } else {
        let AwsKeys { access_key, secret_key, session_token, region, service } = wire.aws()?;
        let pairs = vec![
            ("accessKey", &**access_key),
            ("secretKey", secret_key),
            ("sessionToken", session_token),
            ("region", region),
            ("service", service),
        ];
        ("awsv4", pairs)
    };
    let pairs = pairs.into_iter().map(|(key, value)| {
        let value = names.text(value, &request.preset.scope);
        json!({ "key": key, "value": value, "type": "string" })
    });
    let mut auth = json!({ "type": kind });
    auth[kind] = pairs.collect();
    Some(auth)
}

fn item(request: &ExportedRequest<'_>, names: &mut ForeignNames, bodies: &mut BodyFiles) -> Value {
    let (plan, scope) = (&request.plan, &request.preset.scope);
    request.place().clone_into(&mut names.place);
    let wire = WireRequest::new(plan);
    let body = body(request, &wire, names, bodies);
    let is_form =
        matches!(body.get("mode").and_then(Value::as_str), Some("urlencoded" | "formdata"));
    let mut headers = Vec::new();
    for (name, value) in wire.headers() {
        let is_derived =
            is_form && name.eq_ignore_ascii_case("content-type") && is_own(&wire, name, value);
        if !is_derived {
            headers
                .push(json!({ "key": names.text(name, scope), "value": names.text(value, scope) }));
        }
    }
    let mut written = json!({
        "method": plan.method,
        "header": headers,
        "url": names.text(&plan.url, scope),
    });
    if let Some(auth) = auth(request, &wire, names) {
        written["auth"] = auth;
    }
    if body.get("mode").is_some() {
        written["body"] = body;
    }
    if !request.preset.about.is_empty() {
        written["description"] = request.preset.about.clone().into();
    }
    let mut item = json!({ "name": request.preset.name(), "request": written });
    let script = test_lines(request, names, CheckScript::Postman);
    if !script.is_empty() {
        let script = json!({ "type": "text/javascript", "exec": script });
        item["event"] = json!([{ "listen": "test", "script": script }]);
    }
    let mut settings = settings(request);
    if item["request"].get("body").is_some() && WITHOUT_BODY.contains(&&*plan.method) {
        settings.insert("disableBodyPruning".into(), true.into());
    }
    if !settings.is_empty() {
        item["protocolProfileBehavior"] = settings.into();
    }
    item
}

fn settings(request: &ExportedRequest<'_>) -> Map<String, Value> {
    let plan = &request.plan;
    let mut settings = Map::new();
    if plan.redirects == 0 {
        settings.insert("followRedirects".into(), false.into());
    } else if plan.redirects != REDIRECTS {
        settings.insert("maxRedirects".into(), plan.redirects.into());
    }
    if plan.verify == Verify::Off {
        settings.insert("strictSSL".into(), false.into());
    }
    settings
}

/// Methods with which Postman sends no body unless it is told to.
const WITHOUT_BODY: [&str; 5] = ["GET", "HEAD", "COPY", "PURGE", "UNLOCK"];

/// Whether this is the type that Postman gives a form by itself.
fn is_own(wire: &WireRequest<'_>, name: &str, value: &str) -> bool {
    value == "application/x-www-form-urlencoded" || wire.is_form_type(name, value)
}

fn body(
    request: &ExportedRequest<'_>,
    wire: &WireRequest<'_>,
    names: &mut ForeignNames,
    bodies: &mut BodyFiles,
) -> Value {
    let scope = &request.preset.scope;
    match &request.plan.body {
        PlanBody::File(path) => {
            let path = names.text(&path.display().to_string(), scope);
            json!({ "mode": "file", "file": { "src": path } })
        }
        PlanBody::Multipart { parts, .. } => {
            let mut rows = Vec::new();
            for part in parts {
                let mut row = json!({ "key": names.text(&part.name, scope) });
                match &part.content {
                    PartContent::Bytes(bytes) => {
                        row["type"] = "text".into();
                        row["value"] = names.braces(bytes, scope).into();
                    }
                    PartContent::File(path) => {
                        row["type"] = "file".into();
                        row["src"] = names.text(&path.display().to_string(), scope).into();
                    }
                }
                if let Some(kind) = &part.content_type {
                    row["contentType"] = names.text(kind, scope).into();
                }
                let own = match &part.content {
                    PartContent::Bytes(_) => None,
                    PartContent::File(path) => path.file_name().and_then(|name| name.to_str()),
                };
                match part.file_name.as_deref() {
                    told if told == own => {}
                    Some(told) if own.is_some() => {
                        row["fileName"] = names.text(told, scope).into();
                    }
                    _ => {
                        let what = "names of files that parts of a form are told with";
                        names.remarks.say(what, request.place());
                    }
                }
                rows.push(row);
            }
            json!({ "mode": "formdata", "formdata": rows })
        }
        PlanBody::Bytes(_) => {
            let Some(bytes) = wire.body.filter(|bytes| !bytes.is_empty()) else { return json!({}) };
            of_bytes(bytes, request, wire, names, bodies)
        }
    }
}

fn of_bytes(
    bytes: &[u8],
    request: &ExportedRequest<'_>,
    wire: &WireRequest<'_>,
    names: &mut ForeignNames,
    bodies: &mut BodyFiles,
) -> Value {
    let scope = &request.preset.scope;
    let kind = wire.value("content-type").unwrap_or_default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        let file = bodies.file(request, bytes, names);
        return json!({ "mode": "file", "file": { "src": file } });
    };
    if kind == "application/x-www-form-urlencoded"
        && form_pieces(text).iter().all(|it| it.value.is_some())
    {
        let mut part = |text: &str| {
            let spaced = text.replace('+', " ");
            let decoded =
                percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned();
            names.text(&decoded, scope)
        };
        let mut rows = Vec::new();
        for piece in form_pieces(text) {
            let (name, value) = (part(piece.name), part(piece.value.unwrap_or_default()));
            rows.push(json!({ "key": name, "value": value, "type": "text" }));
        }
        return json!({ "mode": "urlencoded", "urlencoded": rows });
    }
    let text = names.braces(text.as_bytes(), scope);
    if kind.contains("json") {
        let options = json!({ "raw": { "language": "json" } });
        return json!({ "mode": "raw", "raw": text, "options": options });
    }
    json!({ "mode": "raw", "raw": text })
}
