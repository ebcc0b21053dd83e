//! What a preset would send, as JSON: for a dry run, which sends nothing. Called by the shell without a screen.
//!
//! It is planned as for an export, so names without a value, and those that nobody shall read, stand there as they
//! are written: `{{token}}`.

use serde_json::{Value, json};

use super::order::ExportedPreset;
use super::planned::{NameUse, planned};
use crate::compose;
use crate::interop::ndjson;
use crate::interop::secrets::{SecretRun, has_variable, mark, runs, variable};
use crate::model::plan::{HttpPlan, PartContent, PartPlan, PlanBody, StepPlan};
use crate::model::preset::Scope;
use crate::model::secrets::Disclosure;
use crate::model::timing::show_duration;

/// Bytes of a body or message that are told.
const TOLD: usize = 64 * 1024;

/// How names and secrets are written.
struct Writing<'a> {
    scope: &'a Scope,
    told: Disclosure,
}

/// The request, or the steps of a conversation with where it goes. The values of the names `later` are not known yet.
///
/// # Errors
/// Why it cannot be planned.
pub fn foreseen<'a>(
    mut preset: ExportedPreset,
    later: impl IntoIterator<Item = &'a String>,
    with_secrets: bool,
) -> Result<Value, String> {
    let marks = later.into_iter().map(|name| (name.clone(), mark(name)));
    preset.scope.captured.extend(marks);
    let made = planned(&preset, NameUse::Shown, with_secrets)?;
    let hidden = || Disclosure::Hiding(compose::hidden(&preset.spec, &preset.scope));
    let told = if with_secrets { Disclosure::Everything } else { hidden() };
    let writing = Writing { scope: &preset.scope, told };
    let request = made.plan.as_http().map(|plan| writing.request(plan));
    Ok(request.unwrap_or_else(|| {
        let address = made.address.unwrap_or_else(|| made.plan.address());
        let steps: Vec<Value> = made.plan.steps().iter().map(|step| writing.step(step)).collect();
        json!({ "address": writing.text(&address), "steps": steps })
    }))
}

impl Writing<'_> {
    /// Bytes with names in place of their marks.
    fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for run in runs(bytes) {
            match run {
                SecretRun::Text(text) => out.extend_from_slice(text),
                SecretRun::Variable { name, .. } => {
                    out.extend_from_slice(format!("{{{{{}}}}}", self.written(name)).as_bytes());
                }
            }
        }
        self.told.bytes(&out).into_owned()
    }

    /// A name as templates have it: a secret inside another value goes by that of its variable.
    fn written<'a>(&'a self, name: &'a str) -> String {
        let secret = self.scope.secrets.keys().find(|secret| variable(secret) == name);
        secret.map_or_else(|| name.to_owned(), |secret| format!("secret.{secret}"))
    }

    fn text(&self, text: &str) -> String {
        self.told.words(&String::from_utf8_lossy(&self.bytes(text.as_bytes())))
    }

    /// Text or `base64`, and how long it is where it is not told whole.
    fn data(&self, bytes: &[u8]) -> Value {
        let shown = self.bytes(bytes);
        let (mut part, _) = shown.split_at(shown.len().min(TOLD));
        if part.len() < shown.len()
            && let Err(error) = std::str::from_utf8(part)
            && error.error_len().is_none()
        {
            // Not within a character.
            (part, _) = part.split_at(error.valid_up_to());
        }
        let mut value = match ndjson::bytes(part) {
            Value::String(text) => json!({ "text": text }),
            other => other,
        };
        if part.len() < shown.len() {
            value["bytes"] = shown.len().into();
        }
        value
    }

    fn request(&self, plan: &HttpPlan) -> Value {
        let headers: Vec<Value> = plan
            .headers
            .iter()
            .map(|(name, value)| {
                let text = self.text(value);
                // A name gives nothing away, and says more than a mask.
                let is_named = has_variable(value.as_bytes());
                let masked = self.told.value(name.as_bytes(), text.as_bytes());
                let masked = String::from_utf8_lossy(&masked);
                json!([name, if is_named { &*text } else { &*masked }])
            })
            .collect();
        let url = self.text(&plan.url);
        let url = self.told.value(b"url", url.as_bytes());
        let url = String::from_utf8_lossy(&url);
        let mut request = json!({ "method": plan.method, "url": url, "headers": headers });
        match &plan.body {
            PlanBody::Bytes(bytes) if bytes.is_empty() => {}
            PlanBody::Bytes(bytes) => request["body"] = self.data(bytes),
            PlanBody::File(path) => request["body"] = json!({ "file": path.display().to_string() }),
            PlanBody::Multipart { parts, .. } => {
                let parts: Vec<Value> = parts.iter().map(|part| self.part(part)).collect();
                request["body"] = json!({ "parts": parts });
            }
        }
        json!({ "request": request })
    }

    fn part(&self, part: &PartPlan) -> Value {
        let mut value = match &part.content {
            PartContent::Bytes(bytes) => self.data(bytes),
            PartContent::File(path) => json!({ "file": path.display().to_string() }),
        };
        value["name"] = self.text(&part.name).into();
        for (key, text) in [("file_name", &part.file_name), ("content_type", &part.content_type)] {
            if let Some(text) = text {
                value[key] = self.text(text).into();
            }
        }
        value
    }

    fn step(&self, step: &StepPlan) -> Value {
        match step {
            StepPlan::Send(bytes) => json!({ "send": self.data(bytes) }),
            StepPlan::Expect { awaited, within } => {
                json!({ "expect": self.text(&awaited.words()), "within": show_duration(*within) })
            }
        }
    }
}
