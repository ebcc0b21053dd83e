//! Stepping through the values of choices and checks.

use std::time::Duration;

use super::{
    WHENS, body_mut, ending_and_format, get, list_mut, parts_mut, rules_mut, step_payload,
    steps_mut, when, when_parts,
};
use crate::app::form::{FormFieldId, RowPart};
use crate::model::http::{Auth, FormPart, HttpBody, PartSource};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::spec::{NameValue, Spec};
use crate::model::stream::ScriptStep;
use crate::model::tls::{ClientTls, ListenerTls, Verify};

/// Goes to the next (or previous) value of a choice, or flips a check.
pub fn cycle(spec: &mut Spec, id: FormFieldId, forward: bool) {
    match id {
        FormFieldId::Cell(rows, at, RowPart::On) => {
            if let Some(row) = list_mut(spec, rows).and_then(|rows| rows.get_mut(at)) {
                row.enabled = !row.enabled;
            }
            if let Some(part) = parts_mut(spec, rows).and_then(|parts| parts.get_mut(at)) {
                part.off = !part.off;
            }
        }
        FormFieldId::Cell(rows, at, RowPart::Source) => {
            if let Some(parts) = parts_mut(spec, rows) {
                if at == parts.len() {
                    parts.push(FormPart::default());
                }
                if let Some(part) = parts.get_mut(at) {
                    part.source = next_of(&PartSource::ALL, &part.source, forward);
                }
            }
        }
        FormFieldId::Automatic(header) => {
            if let Spec::Http(http) = spec {
                http.toggle_automatic(header);
            }
        }
        FormFieldId::Method => {
            let now = get(spec, id);
            let next = next_of(&METHODS, &now.as_str(), forward);
            if let Spec::Http(http) = spec {
                next.clone_into(&mut http.method);
            }
        }
        FormFieldId::BodyKind(slot) => {
            if let Some(body) = body_mut(spec, slot) {
                let kind = next_of(&BODY_KINDS, &body.kind(), forward);
                *body = rekind(body, kind);
            }
        }
        FormFieldId::AuthKind => {
            if let Spec::Http(http) = spec {
                http.auth = next_auth(&http.auth, forward);
            }
        }
        FormFieldId::LineEnding => {
            if let Some((ending, _)) = ending_and_format(spec) {
                *ending = next_of(&LineEnding::ALL, ending, forward);
            }
        }
        FormFieldId::Format => {
            if let Some((_, format)) = ending_and_format(spec) {
                *format = other_format(*format);
            }
        }
        _ => cycle_in_list(spec, id, forward),
    }
}

/// Methods offered by the method field; any other can be typed.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

const BODY_KINDS: [&str; 8] =
    ["none", "json", "text", "form", "multipart", "file", "hex", "escaped"];

fn cycle_in_list(spec: &mut Spec, id: FormFieldId, forward: bool) {
    match id {
        FormFieldId::When(at) => {
            if let Some(rule) = rules_mut(spec).and_then(|rules| rules.get_mut(at)) {
                let (name, text) = when_parts(&rule.when);
                rule.when = when(next_of(&WHENS, &name, forward), text);
            }
        }
        FormFieldId::ReplyFormat(at) => {
            if let Some(rule) = rules_mut(spec).and_then(|rules| rules.get_mut(at)) {
                rule.send.format = other_format(rule.send.format);
            }
        }
        FormFieldId::StepFormat(at) | FormFieldId::StepKind(at) => {
            if let Some(step) = steps_mut(spec).and_then(|steps| steps.get_mut(at)) {
                cycle_step(step, id);
            }
        }
        _ => cycle_tls(spec, id, forward),
    }
}

fn cycle_step(step: &mut ScriptStep, id: FormFieldId) {
    let mut payload = step_payload(step).clone();
    if matches!(id, FormFieldId::StepFormat(_)) {
        payload.format = other_format(payload.format);
        match step {
            ScriptStep::Send(old) | ScriptStep::Expect { payload: old, .. } => *old = payload,
        }
    } else {
        *step = match step {
            ScriptStep::Send(_) => ScriptStep::Expect { payload, within: EXPECT_WITHIN },
            ScriptStep::Expect { .. } => ScriptStep::Send(payload),
        };
    }
}

/// Wait of a new `expect` step.
const EXPECT_WITHIN: Duration = Duration::from_secs(5);

fn cycle_tls(spec: &mut Spec, id: FormFieldId, forward: bool) {
    if id == FormFieldId::Verify {
        if let Some(verify) = spec.verify_mut() {
            *verify = if *verify == Verify::On { Verify::Off } else { Verify::On };
        }
        return;
    }
    match (spec, id) {
        (Spec::Tcp(tcp), FormFieldId::Tls) => {
            tcp.tls = match tcp.tls {
                ClientTls::Off => ClientTls::On { verify: Verify::On, sni: String::new() },
                ClientTls::On { .. } => ClientTls::Off,
            };
        }
        (Spec::HttpListener(http), FormFieldId::ListenerTls) => {
            http.tls = next_listener_tls(&http.tls, forward);
        }
        (Spec::TcpListener(tcp), FormFieldId::ListenerTls) => {
            tcp.tls = next_listener_tls(&tcp.tls, forward);
        }
        _ => {}
    }
}

fn next_listener_tls(tls: &ListenerTls, forward: bool) -> ListenerTls {
    let files = || ListenerTls::Files { certificate: String::new(), key: String::new() };
    match (tls, forward) {
        (ListenerTls::Off, true) | (ListenerTls::Files { .. }, false) => ListenerTls::Generated,
        (ListenerTls::Generated, true) | (ListenerTls::Off, false) => files(),
        _ => ListenerTls::Off,
    }
}

fn next_auth(auth: &Auth, forward: bool) -> Auth {
    let basic = || Auth::Basic { user: String::new(), password: String::new() };
    match (auth, forward) {
        (Auth::None, true) | (Auth::Bearer(_), false) => basic(),
        (Auth::Basic { .. }, true) | (Auth::None, false) => Auth::Bearer(String::new()),
        _ => Auth::None,
    }
}

/// Keeps the text when only the kind of a body changes.
fn rekind(body: &HttpBody, kind: &str) -> HttpBody {
    let text = match body {
        HttpBody::Text(text) | HttpBody::Json(text) | HttpBody::File(text) => text.clone(),
        HttpBody::Payload(payload) => payload.text.clone(),
        HttpBody::None | HttpBody::Form(_) | HttpBody::Multipart(_) => String::new(),
    };
    let payload = |format| HttpBody::Payload(Payload { text: text.clone(), format });
    match kind {
        "json" => HttpBody::Json(text),
        "text" => HttpBody::Text(text),
        "form" => HttpBody::Form(rows_of(body)),
        "multipart" => HttpBody::Multipart(parts_of(body)),
        "escaped" => payload(PayloadFormat::Text),
        "hex" => payload(PayloadFormat::Hex),
        "file" => HttpBody::File(text),
        _ => HttpBody::None,
    }
}

/// The fields of a form that can be written in one line each; files cannot.
fn rows_of(body: &HttpBody) -> Vec<NameValue> {
    let HttpBody::Multipart(parts) = body else { return Vec::new() };
    let texts = parts.iter().filter(|part| part.source == PartSource::Text);
    texts
        .map(|part| NameValue { enabled: !part.off, ..NameValue::new(&*part.name, &*part.value) })
        .collect()
}

fn parts_of(body: &HttpBody) -> Vec<FormPart> {
    let HttpBody::Form(rows) = body else { return Vec::new() };
    let part = |row: &NameValue| FormPart {
        off: !row.enabled,
        name: row.name.clone(),
        value: row.value.clone(),
        ..FormPart::default()
    };
    rows.iter().map(part).collect()
}

fn other_format(format: PayloadFormat) -> PayloadFormat {
    match format {
        PayloadFormat::Text => PayloadFormat::Hex,
        PayloadFormat::Hex => PayloadFormat::Text,
    }
}

fn next_of<T: PartialEq + Copy>(all: &[T], current: &T, forward: bool) -> T {
    let at = all.iter().position(|value| value == current);
    let step = if forward { 1 } else { all.len() - 1 };
    all[at.map_or(0, |at| (at + step) % all.len())]
}
