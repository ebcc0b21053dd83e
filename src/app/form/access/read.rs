//! The text of a field.

use super::{answer, body, input_line, list, parts, rules, step_payload, steps, when_parts};
use crate::app::form::{FormFieldId, RowList, RowPart};
use crate::model::http::{Auth, HttpBody, PartSource};
use crate::model::listener::Rule;
use crate::model::payload::PayloadFormat;
use crate::model::spec::Spec;
use crate::model::stream::ScriptStep;
use crate::model::timing::show_duration;
use crate::model::tls::{ClientTls, ListenerTls, Verify};

/// The text of a field.
pub fn get(spec: &Spec, id: FormFieldId) -> String {
    match id {
        FormFieldId::Address => spec.address().to_owned(),
        FormFieldId::Cell(rows, at, part) => cell(spec, rows, at, part),
        FormFieldId::Body(slot) => match body(spec, slot) {
            Some(HttpBody::Text(text) | HttpBody::Json(text) | HttpBody::File(text)) => {
                text.clone()
            }
            Some(HttpBody::Payload(payload)) => payload.text.clone(),
            _ => String::new(),
        },
        FormFieldId::BodyKind(slot) => body(spec, slot).map_or("none", HttpBody::kind).to_owned(),
        FormFieldId::Status(slot) => {
            answer(spec, slot).map_or(String::new(), |a| a.status.to_string())
        }
        FormFieldId::Delay(slot) => {
            answer(spec, slot).map_or(String::new(), |answer| show_duration(answer.delay))
        }
        FormFieldId::LineEnding => input_line(spec).0.name().to_owned(),
        FormFieldId::Format => format_name(input_line(spec).1).to_owned(),
        FormFieldId::When(at)
        | FormFieldId::WhenText(at)
        | FormFieldId::Reply(at)
        | FormFieldId::ReplyFormat(at)
        | FormFieldId::ReplyDelay(at) => {
            rules(spec).and_then(|rules| rules.get(at)).map_or(String::new(), |r| get_rule(r, id))
        }
        FormFieldId::StepKind(at)
        | FormFieldId::StepText(at)
        | FormFieldId::StepFormat(at)
        | FormFieldId::StepWithin(at) => {
            steps(spec).and_then(|steps| steps.get(at)).map_or(String::new(), |s| get_step(s, id))
        }
        _ => get_option(spec, id),
    }
}

fn cell(spec: &Spec, rows: RowList, at: usize, part: RowPart) -> String {
    if let Some(found) = parts(spec, rows).and_then(|parts| parts.get(at)) {
        return match part {
            RowPart::On => on_off(!found.off).to_owned(),
            RowPart::Name => found.name.clone(),
            RowPart::Source => found.source.name().to_owned(),
            RowPart::Value => found.value.clone(),
            RowPart::FileName => found.file_name.clone(),
            RowPart::Type => found.content_type.clone(),
        };
    }
    let Some(row) = list(spec, rows).and_then(|rows| rows.get(at)) else {
        // The row that becomes a part when something is typed into it.
        let is_part = part == RowPart::Source && parts(spec, rows).is_some();
        return if is_part { PartSource::Text.name().into() } else { String::new() };
    };
    match part {
        RowPart::On => on_off(row.enabled).to_owned(),
        RowPart::Name => row.name.clone(),
        RowPart::Value => row.value.clone(),
        RowPart::Source | RowPart::FileName | RowPart::Type => String::new(),
    }
}

fn get_rule(rule: &Rule, id: FormFieldId) -> String {
    match id {
        FormFieldId::When(_) => when_parts(&rule.when).0.to_owned(),
        FormFieldId::WhenText(_) => when_parts(&rule.when).1.to_owned(),
        FormFieldId::Reply(_) => rule.send.text.clone(),
        FormFieldId::ReplyFormat(_) => format_name(rule.send.format).to_owned(),
        _ => show_duration(rule.delay),
    }
}

fn get_step(step: &ScriptStep, id: FormFieldId) -> String {
    match (id, step) {
        (FormFieldId::StepKind(_), ScriptStep::Send(_)) => "send".into(),
        (FormFieldId::StepKind(_), ScriptStep::Expect { .. }) => "expect".into(),
        (FormFieldId::StepWithin(_), ScriptStep::Expect { within, .. }) => show_duration(*within),
        (FormFieldId::StepFormat(_), step) => format_name(step_payload(step).format).into(),
        (FormFieldId::StepText(_), step) => step_payload(step).text.clone(),
        _ => String::new(),
    }
}

fn get_option(spec: &Spec, id: FormFieldId) -> String {
    match (spec, id) {
        (Spec::Http(http), FormFieldId::Method) => http.method.clone(),
        (Spec::Http(http), FormFieldId::Timeout) => show_duration(http.timeout),
        (Spec::Http(http), FormFieldId::Verify) => on_off(http.verify == Verify::On).into(),
        (Spec::Http(http), FormFieldId::Redirects) => http.redirects.to_string(),
        (Spec::Http(http), FormFieldId::Automatic(header)) => on_off(!http.omits(header)).into(),
        (Spec::Http(http), id) => get_auth(&http.auth, id),
        (Spec::HttpListener(http), id) => match id {
            FormFieldId::RuleMethod(at) => http.rules.get(at).map_or("", |r| &r.method).to_owned(),
            FormFieldId::RulePath(at) => http.rules.get(at).map_or("", |r| &r.path).to_owned(),
            id => get_listener_tls(&http.tls, id),
        },
        (Spec::Tcp(tcp), FormFieldId::ConnectTimeout) => show_duration(tcp.connect_timeout),
        (Spec::Tcp(tcp), FormFieldId::Tls) => on_off(tcp.tls != ClientTls::Off).into(),
        (Spec::Tcp(tcp), id) => match (&tcp.tls, id) {
            (ClientTls::On { verify, .. }, FormFieldId::Verify) => {
                on_off(*verify == Verify::On).into()
            }
            (ClientTls::On { sni, .. }, FormFieldId::Sni) => sni.clone(),
            _ => String::new(),
        },
        (Spec::TcpListener(tcp), FormFieldId::Greeting) => tcp.greeting.text.clone(),
        (Spec::TcpListener(tcp), id) => get_listener_tls(&tcp.tls, id),
        (Spec::Udp(udp), FormFieldId::Source) => udp.source.clone(),
        _ => String::new(),
    }
}

fn get_auth(auth: &Auth, id: FormFieldId) -> String {
    match (auth, id) {
        (Auth::None, FormFieldId::AuthKind) => "none".into(),
        (Auth::Basic { .. }, FormFieldId::AuthKind) => "basic".into(),
        (Auth::Bearer(_), FormFieldId::AuthKind) => "bearer".into(),
        (Auth::Basic { user, .. }, FormFieldId::AuthUser) => user.clone(),
        (Auth::Basic { password, .. }, FormFieldId::AuthPassword) => password.clone(),
        (Auth::Bearer(token), FormFieldId::AuthToken) => token.clone(),
        _ => String::new(),
    }
}

fn get_listener_tls(tls: &ListenerTls, id: FormFieldId) -> String {
    match (tls, id) {
        (ListenerTls::Off, FormFieldId::ListenerTls) => "off".into(),
        (ListenerTls::Generated, FormFieldId::ListenerTls) => "own certificate".into(),
        (ListenerTls::Files { .. }, FormFieldId::ListenerTls) => "PEM files".into(),
        (ListenerTls::Files { certificate, .. }, FormFieldId::CertificateFile) => {
            certificate.clone()
        }
        (ListenerTls::Files { key, .. }, FormFieldId::KeyFile) => key.clone(),
        _ => String::new(),
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn format_name(format: PayloadFormat) -> &'static str {
    match format {
        PayloadFormat::Text => "text",
        PayloadFormat::Hex => "hex",
    }
}
