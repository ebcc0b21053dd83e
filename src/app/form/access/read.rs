//! The text of a field.

use super::{answer, body, input_line, list, parts, rules, step_payload, steps, when_parts};
use crate::app::form::{FieldId, Part, RowList};
use crate::model::http::{Auth, HttpBody, PartSource};
use crate::model::listener::Rule;
use crate::model::payload::PayloadFormat;
use crate::model::spec::Spec;
use crate::model::stream::Step;
use crate::model::timing::show_duration;
use crate::model::tls::{ClientTls, ListenerTls, Verify};

/// The text of a field.
pub fn get(spec: &Spec, id: FieldId) -> String {
    match id {
        FieldId::Address => spec.address().to_owned(),
        FieldId::Cell(rows, at, part) => cell(spec, rows, at, part),
        FieldId::Body(slot) => match body(spec, slot) {
            Some(HttpBody::Text(text) | HttpBody::Json(text) | HttpBody::File(text)) => {
                text.clone()
            }
            Some(HttpBody::Payload(payload)) => payload.text.clone(),
            _ => String::new(),
        },
        FieldId::BodyKind(slot) => body(spec, slot).map_or("none", HttpBody::kind).to_owned(),
        FieldId::Status(slot) => answer(spec, slot).map_or(String::new(), |a| a.status.to_string()),
        FieldId::Delay(slot) => {
            answer(spec, slot).map_or(String::new(), |answer| show_duration(answer.delay))
        }
        FieldId::LineEnding => input_line(spec).0.name().to_owned(),
        FieldId::Format => format_name(input_line(spec).1).to_owned(),
        FieldId::When(at)
        | FieldId::WhenText(at)
        | FieldId::Reply(at)
        | FieldId::ReplyFormat(at)
        | FieldId::ReplyDelay(at) => {
            rules(spec).and_then(|rules| rules.get(at)).map_or(String::new(), |r| get_rule(r, id))
        }
        FieldId::StepKind(at)
        | FieldId::StepText(at)
        | FieldId::StepFormat(at)
        | FieldId::StepWithin(at) => {
            steps(spec).and_then(|steps| steps.get(at)).map_or(String::new(), |s| get_step(s, id))
        }
        _ => get_option(spec, id),
    }
}

fn cell(spec: &Spec, rows: RowList, at: usize, part: Part) -> String {
    if let Some(found) = parts(spec, rows).and_then(|parts| parts.get(at)) {
        return match part {
            Part::On => on_off(!found.off).to_owned(),
            Part::Name => found.name.clone(),
            Part::Source => found.source.name().to_owned(),
            Part::Value => found.value.clone(),
            Part::FileName => found.file_name.clone(),
            Part::Type => found.content_type.clone(),
        };
    }
    let Some(row) = list(spec, rows).and_then(|rows| rows.get(at)) else {
        // The row that becomes a part when something is typed into it.
        let is_part = part == Part::Source && parts(spec, rows).is_some();
        return if is_part { PartSource::Text.name().into() } else { String::new() };
    };
    match part {
        Part::On => on_off(row.enabled).to_owned(),
        Part::Name => row.name.clone(),
        Part::Value => row.value.clone(),
        Part::Source | Part::FileName | Part::Type => String::new(),
    }
}

fn get_rule(rule: &Rule, id: FieldId) -> String {
    match id {
        FieldId::When(_) => when_parts(&rule.when).0.to_owned(),
        FieldId::WhenText(_) => when_parts(&rule.when).1.to_owned(),
        FieldId::Reply(_) => rule.send.text.clone(),
        FieldId::ReplyFormat(_) => format_name(rule.send.format).to_owned(),
        _ => show_duration(rule.delay),
    }
}

fn get_step(step: &Step, id: FieldId) -> String {
    match (id, step) {
        (FieldId::StepKind(_), Step::Send(_)) => "send".into(),
        (FieldId::StepKind(_), Step::Expect { .. }) => "expect".into(),
        (FieldId::StepWithin(_), Step::Expect { within, .. }) => show_duration(*within),
        (FieldId::StepFormat(_), step) => format_name(step_payload(step).format).into(),
        (FieldId::StepText(_), step) => step_payload(step).text.clone(),
        _ => String::new(),
    }
}

fn get_option(spec: &Spec, id: FieldId) -> String {
    match (spec, id) {
        (Spec::Http(http), FieldId::Method) => http.method.clone(),
        (Spec::Http(http), FieldId::Timeout) => show_duration(http.timeout),
        (Spec::Http(http), FieldId::Verify) => on_off(http.verify == Verify::On).into(),
        (Spec::Http(http), FieldId::Redirects) => http.redirects.to_string(),
        (Spec::Http(http), FieldId::Automatic(header)) => on_off(!http.omits(header)).into(),
        (Spec::Http(http), id) => get_auth(&http.auth, id),
        (Spec::HttpListener(http), id) => match id {
            FieldId::RuleMethod(at) => http.rules.get(at).map_or("", |r| &r.method).to_owned(),
            FieldId::RulePath(at) => http.rules.get(at).map_or("", |r| &r.path).to_owned(),
            id => get_listener_tls(&http.tls, id),
        },
        (Spec::Tcp(tcp), FieldId::ConnectTimeout) => show_duration(tcp.connect_timeout),
        (Spec::Tcp(tcp), FieldId::Tls) => on_off(tcp.tls != ClientTls::Off).into(),
        (Spec::Tcp(tcp), id) => match (&tcp.tls, id) {
            (ClientTls::On { verify, .. }, FieldId::Verify) => on_off(*verify == Verify::On).into(),
            (ClientTls::On { sni, .. }, FieldId::Sni) => sni.clone(),
            _ => String::new(),
        },
        (Spec::TcpListener(tcp), FieldId::Greeting) => tcp.greeting.text.clone(),
        (Spec::TcpListener(tcp), id) => get_listener_tls(&tcp.tls, id),
        (Spec::Udp(udp), FieldId::Source) => udp.source.clone(),
        _ => String::new(),
    }
}

fn get_auth(auth: &Auth, id: FieldId) -> String {
    match (auth, id) {
        (Auth::None, FieldId::AuthKind) => "none".into(),
        (Auth::Basic { .. }, FieldId::AuthKind) => "basic".into(),
        (Auth::Bearer(_), FieldId::AuthKind) => "bearer".into(),
        (Auth::Basic { user, .. }, FieldId::AuthUser) => user.clone(),
        (Auth::Basic { password, .. }, FieldId::AuthPassword) => password.clone(),
        (Auth::Bearer(token), FieldId::AuthToken) => token.clone(),
        _ => String::new(),
    }
}

fn get_listener_tls(tls: &ListenerTls, id: FieldId) -> String {
    match (tls, id) {
        (ListenerTls::Off, FieldId::ListenerTls) => "off".into(),
        (ListenerTls::Generated, FieldId::ListenerTls) => "own certificate".into(),
        (ListenerTls::Files { .. }, FieldId::ListenerTls) => "PEM files".into(),
        (ListenerTls::Files { certificate, .. }, FieldId::CertificateFile) => certificate.clone(),
        (ListenerTls::Files { key, .. }, FieldId::KeyFile) => key.clone(),
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
