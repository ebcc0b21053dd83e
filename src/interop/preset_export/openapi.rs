//! What HTTP listeners answer as an `OpenAPI` document: a stub of paths, methods, statuses, headers and example
//! bodies.

use serde_json::{Map, Value, json};

use super::order::{ExportRemarks, ExportedFile, PresetExport, PresetExportOrder};
use super::planned::{NameUse, planned};
use super::postman::pretty;
use crate::codec::http1::write::reason;
use crate::codec::path_pattern::{self, PathPiece};
use crate::interop::secrets::{SecretRun, runs};
use crate::interop::unsaid_rules::unsaid_of_rule;
use crate::model::endpoint::Bind;
use crate::model::plan::{AnswerPlan, HttpListenerPlan, HttpRulePlan, PlanBody};
use crate::model::tls::ListenerTls;
use crate::model::url_text::UrlText;

/// Methods of a path that a rule of any method answers.
const ANY: [&str; 5] = ["get", "put", "post", "delete", "patch"];
/// Methods there are in a document.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Kinds of elements of one list that are told.
const KINDS: usize = 8;

/// Writes the listeners of an order.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let mut document = Document::default();
    let (mut count, mut about) = (0, None);
    for preset in &order.presets {
        let place = preset.path.as_str();
        let Some(_) = preset.spec.as_http_listener() else {
            let what = "left out, as only HTTP listeners serve what OpenAPI describes";
            document.remarks.say(what, place);
            continue;
        };
        about.get_or_insert(preset.about.as_str());
        match planned(preset, NameUse::Shown, order.with_secrets) {
            Ok(planned) => {
                let Some(plan) = planned.plan.http_listener() else { continue };
                document.listener(&plan, place);
                count += 1;
            }
            Err(why) => {
                document
                    .remarks
                    .say("left out, as it cannot be started", format!("{place} ({why})"));
            }
        }
    }
    let about = about.unwrap_or_default();
    let mut info = json!({ "title": order.title, "version": "1.0.0" });
    if !about.is_empty() {
        info["description"] = about.into();
    }
    let text = json!({
        "openapi": "3.1.0",
        "info": info,
        "servers": document.servers,
        "paths": document.paths,
    });
    let files = vec![ExportedFile::text(name, pretty(&text))];
    PresetExport { files, count, remarks: document.remarks }
}

#[derive(Default)]
struct Document {
    servers: Vec<Value>,
    paths: Map<String, Value>,
    remarks: ExportRemarks,
}

impl Document {
    fn listener(&mut self, plan: &HttpListenerPlan, place: &str) {
        let scheme = if plan.tls == ListenerTls::Off { "http" } else { "https" };
        if let Some(host) = host(&plan.bind) {
            let server = json!({ "url": format!("{scheme}://{host}") });
            if !self.servers.contains(&server) {
                self.servers.push(server);
            }
        } else {
            self.remarks.say("where a listener is, which no URL says (a Unix socket, or a port that is chosen when it starts)", place);
        }
        for rule in &plan.rules {
            self.rule(rule, place);
        }
        if plan.rules.is_empty() {
            self.operations("/*", &ANY.map(str::to_owned), &plan.answer, place);
        } else {
            self.remarks.say("what answers when no rule fits", place);
        }
    }

    fn rule(&mut self, rule: &HttpRulePlan, place: &str) {
        let method = rule.method.to_ascii_lowercase();
        let methods: Vec<String> = if method.is_empty() {
            ANY.map(str::to_owned).to_vec()
        } else if METHODS.contains(&method.as_str()) {
            vec![method]
        } else {
            let place = format!("{place} ({})", rule.name());
            return self.remarks.say("methods that OpenAPI 3.1 has no operation for", place);
        };
        for unsaid in unsaid_of_rule(rule) {
            let place = format!("{place} ({}: {unsaid})", rule.name());
            self.remarks.say("what rules ask and do besides", place);
        }
        if let Some(source) = path_pattern::expression(&rule.path) {
            let place = format!("{place} ({source})");
            return self.remarks.say("paths that are regular expressions", place);
        }
        self.operations(&rule.path, &methods, &rule.answer, place);
    }

    /// An operation for each of these methods, unless an earlier rule has it.
    fn operations(&mut self, path: &str, methods: &[String], answer: &AnswerPlan, place: &str) {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let target = format!("{slash}{path}");
        let UrlText { path, query, .. } = UrlText::literal(&target);
        if query.is_some() {
            let what = "queries in paths of rules, which no path of OpenAPI has";
            self.remarks.say(what, format!("{place} ({target})"));
        }
        let (path, parameters) = template(path);
        if !answer.delay.is_zero() || !answer.more.every.is_zero() {
            self.remarks.say("delays of answers", format!("{place} ({path})"));
        }
        let response = self.response(answer, place);
        let item = self.paths.entry(path.clone()).or_insert_with(|| json!({}));
        for method in methods {
            if item.get(method).is_some() {
                let what = "answers behind another one for the same method and path";
                self.remarks.say(what, format!("{place} ({method} {path})"));
                continue;
            }
            let mut operation = json!({});
            if !parameters.is_empty() {
                operation["parameters"] = parameters.clone().into();
            }
            operation["responses"] = json!({ answer.status.to_string(): response });
            item[method] = operation;
        }
    }

    fn response(&mut self, answer: &AnswerPlan, place: &str) -> Value {
        let words = reason(answer.status);
        let words = if words.is_empty() { "as the listener answers" } else { words };
        let mut response = json!({ "description": words });
        let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        let mut headers = Map::new();
        for (name, value) in answer.headers.iter().filter(|(name, _)| !is_type(name)) {
            if ["content-length", "connection", "date"]
                .contains(&name.to_ascii_lowercase().as_str())
            {
                continue;
            }
            let example = plain(value.as_bytes());
            headers.insert(
                name.clone(),
                json!({ "schema": { "type": "string" }, "example": example }),
            );
        }
        if !headers.is_empty() {
            response["headers"] = headers.into();
        }
        let kind = answer.headers.iter().find(|(name, _)| is_type(name));
        let kind = kind.map_or("application/octet-stream", |(_, value)| value.as_str());
        match &answer.body {
            PlanBody::Bytes(bytes) if bytes.is_empty() => {}
            PlanBody::Bytes(bytes) => {
                if std::str::from_utf8(bytes).is_err() {
                    let what = "bodies of answers that are no text, of which there is no example";
                    self.remarks.say(what, place);
                }
                response["content"] = json!({ kind: media(bytes, kind) });
            }
            PlanBody::File(_) | PlanBody::Multipart { .. } => {
                self.remarks.say("bodies of answers that are files", place);
                response["content"] = json!({ kind: {} });
            }
        }
        response
    }
}

/// The example of a body, and the kind of value it is.
fn media(bytes: &[u8], kind: &str) -> Value {
    let json = kind.contains("json").then(|| serde_json::from_slice::<Value>(bytes).ok()).flatten();
    match (json, std::str::from_utf8(bytes)) {
        (Some(value), _) => json!({ "schema": schema(&value), "example": value }),
        (None, Ok(_)) => json!({ "schema": { "type": "string" }, "example": plain(bytes) }),
        (None, Err(_)) => json!({}),
    }
}

/// What an example says of its kind.
fn schema(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "type": "null" }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(number) if number.is_f64() => json!({ "type": "number" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(list) => match items(list) {
            Some(items) => json!({ "type": "array", "items": items }),
            None => json!({ "type": "array" }),
        },
        Value::Object(members) => {
            let of = members.iter().map(|(name, value)| (name.clone(), schema(value)));
            json!({ "type": "object", "properties": of.collect::<Map<_, _>>() })
        }
    }
}

/// What the elements of a list are: any of their kinds, where they are few. Not exactly one of them, as an object of
/// one kind may be one of another, too.
fn items(list: &[Value]) -> Option<Value> {
    let mut kinds: Vec<Value> = Vec::new();
    for element in list {
        let kind = schema(element);
        if !kinds.contains(&kind) {
            if kinds.len() == KINDS {
                return None;
            }
            kinds.push(kind);
        }
    }
    if kinds.len() > 1 { Some(json!({ "anyOf": kinds })) } else { kinds.pop() }
}

/// Where it is called: of all interfaces this machine.
fn host(bind: &Bind) -> Option<String> {
    match bind {
        // A port that is chosen when it starts is none yet.
        bind if bind.port() == 0 => None,
        Bind::Loopback { port } | Bind::All { port } => Some(format!("localhost:{port}")),
        Bind::Address(address) => Some(address.to_string()),
        Bind::Link { ip, port, .. } => Some(format!("[{ip}]:{port}")),
        Bind::Unix { .. } => None,
    }
}

/// A path in which every `*` is a parameter.
fn template(path: &str) -> (String, Vec<Value>) {
    let mut made = String::new();
    let mut parameters = Vec::new();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let mut stars = 0;
    for piece in path_pattern::pieces(&path) {
        let name = match piece {
            PathPiece::Text(text) => {
                made.push_str(text);
                continue;
            }
            PathPiece::Named(name) => name.to_owned(),
            PathPiece::Star => {
                stars += 1;
                if stars == 1 { "rest".to_owned() } else { format!("rest{stars}") }
            }
        };
        made = made + "{" + &name + "}";
        parameters.push(json!({
            "name": name, "in": "path", "required": true, "schema": { "type": "string" },
        }));
    }
    (made, parameters)
}

fn plain(text: &[u8]) -> String {
    let term = |run: SecretRun<'_>| match run {
        SecretRun::Text(text) => String::from_utf8_lossy(text).into_owned(),
        SecretRun::Variable { name, .. } => format!("{{{{{name}}}}}"),
    };
    runs(text).into_iter().map(term).collect()
}
