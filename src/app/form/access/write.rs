//! Writing the text of a field, or refusing it in words.

use std::time::Duration;

use super::{
    answer_mut, body_mut, http_rule, list_mut, parts_mut, rules_mut, steps_mut, when, when_parts,
};
use crate::app::form::{FormFieldId, RowList, RowPart};
use crate::model::http::{Auth, FormPart, HttpBody};
use crate::model::listener::Rule;
use crate::model::payload::Payload;
use crate::model::spec::{NameValue, Spec};
use crate::model::stream::ScriptStep;
use crate::model::timing::parse_duration;
use crate::model::tls::{ClientTls, ListenerTls};

/// Writes the text of a field.
///
/// # Errors
/// A sentence for the user when the text is no value of this field; the spec stays as it was.
pub fn set(spec: &mut Spec, id: FormFieldId, text: &str) -> Result<(), String> {
    match id {
        FormFieldId::Address => text.trim().clone_into(spec.address_mut()),
        FormFieldId::Cell(rows, at, part) => set_cell(spec, rows, at, (part, text)),
        FormFieldId::Body(slot) => {
            if let Some(
                HttpBody::Text(old)
                | HttpBody::Json(old)
                | HttpBody::File(old)
                | HttpBody::Payload(Payload { text: old, .. }),
            ) = body_mut(spec, slot)
            {
                text.clone_into(old);
            }
        }
        FormFieldId::Status(slot) => {
            let status = status(text)?;
            if let Some(answer) = answer_mut(spec, slot) {
                answer.status = status;
            }
        }
        FormFieldId::Delay(slot) => {
            let delay = duration(text)?;
            if let Some(answer) = answer_mut(spec, slot) {
                answer.delay = delay;
            }
        }
        FormFieldId::WhenText(at) | FormFieldId::Reply(at) | FormFieldId::ReplyDelay(at) => {
            if let Some(rule) = rules_mut(spec).and_then(|rules| rules.get_mut(at)) {
                return set_rule(rule, id, text);
            }
        }
        FormFieldId::StepText(at) | FormFieldId::StepWithin(at) => {
            if let Some(step) = steps_mut(spec).and_then(|steps| steps.get_mut(at)) {
                return set_step(step, id, text);
            }
        }
        _ => return set_option(spec, id, text),
    }
    Ok(())
}

fn set_cell(spec: &mut Spec, rows: RowList, at: usize, (part, text): (RowPart, &str)) {
    if let Some(parts) = parts_mut(spec, rows) {
        set_part(parts, at, (part, text));
        return;
    }
    let Some(rows) = list_mut(spec, rows) else { return };
    if at == rows.len() && !text.is_empty() {
        rows.push(NameValue::new("", ""));
    }
    let Some(row) = rows.get_mut(at) else { return };
    match part {
        RowPart::Name => text.clone_into(&mut row.name),
        RowPart::Value => text.clone_into(&mut row.value),
        RowPart::On | RowPart::Source | RowPart::FileName | RowPart::Type => {}
    }
}

fn set_part(parts: &mut Vec<FormPart>, at: usize, (part, text): (RowPart, &str)) {
    if at == parts.len() && !text.is_empty() {
        parts.push(FormPart::default());
    }
    let Some(row) = parts.get_mut(at) else { return };
    match part {
        RowPart::Name => text.clone_into(&mut row.name),
        RowPart::Value => text.clone_into(&mut row.value),
        RowPart::FileName => text.clone_into(&mut row.file_name),
        RowPart::Type => text.clone_into(&mut row.content_type),
        RowPart::On | RowPart::Source => {}
    }
}

fn set_rule(rule: &mut Rule, id: FormFieldId, text: &str) -> Result<(), String> {
    match id {
        FormFieldId::WhenText(_) => rule.when = when(when_parts(&rule.when).0, text),
        FormFieldId::Reply(_) => text.clone_into(&mut rule.send.text),
        _ => rule.delay = duration(text)?,
    }
    Ok(())
}

fn set_step(step: &mut ScriptStep, id: FormFieldId, text: &str) -> Result<(), String> {
    match (id, step) {
        (FormFieldId::StepWithin(_), ScriptStep::Expect { within, .. }) => {
            *within = duration(text)?;
        }
        (
            FormFieldId::StepText(_),
            ScriptStep::Send(payload) | ScriptStep::Expect { payload, .. },
        ) => {
            text.clone_into(&mut payload.text);
        }
        _ => {}
    }
    Ok(())
}

fn set_option(spec: &mut Spec, id: FormFieldId, text: &str) -> Result<(), String> {
    let trimmed = || text.trim().to_owned();
    match (spec, id) {
        (Spec::Http(http), FormFieldId::Method) => http.method = trimmed(),
        (Spec::Http(http), FormFieldId::Timeout) => http.timeout = duration(text)?,
        (Spec::Http(http), FormFieldId::Redirects) => {
            http.redirects = text
                .trim()
                .parse()
                .map_err(|_| format!("'{}' is not a number from 0 to 255", text.trim()))?;
        }
        (Spec::Http(http), id) => match (&mut http.auth, id) {
            (Auth::Basic { user, .. }, FormFieldId::AuthUser) => text.clone_into(user),
            (Auth::Basic { password, .. }, FormFieldId::AuthPassword) => text.clone_into(password),
            (Auth::Bearer(token), FormFieldId::AuthToken) => text.clone_into(token),
            _ => {}
        },
        (spec @ Spec::HttpListener(_), FormFieldId::RuleMethod(at)) => {
            if let Some(rule) = http_rule(spec, at) {
                rule.method = trimmed();
            }
        }
        (spec @ Spec::HttpListener(_), FormFieldId::RulePath(at)) => {
            if let Some(rule) = http_rule(spec, at) {
                rule.path = trimmed();
            }
        }
        (Spec::HttpListener(http), id) => set_pem(&mut http.tls, id, text),
        (Spec::TcpListener(tcp), FormFieldId::Greeting) => text.clone_into(&mut tcp.greeting.text),
        (Spec::TcpListener(tcp), id) => set_pem(&mut tcp.tls, id, text),
        (Spec::Tcp(tcp), FormFieldId::ConnectTimeout) => tcp.connect_timeout = duration(text)?,
        (Spec::Tcp(tcp), FormFieldId::Sni) => {
            if let ClientTls::On { sni, .. } = &mut tcp.tls {
                *sni = trimmed();
            }
        }
        (Spec::Udp(udp), FormFieldId::Source) => udp.source = trimmed(),
        _ => {}
    }
    Ok(())
}

fn set_pem(tls: &mut ListenerTls, id: FormFieldId, text: &str) {
    if let ListenerTls::Files { certificate, key } = tls {
        match id {
            FormFieldId::CertificateFile => text.trim().clone_into(certificate),
            FormFieldId::KeyFile => text.trim().clone_into(key),
            _ => {}
        }
    }
}

fn status(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(status @ 100..=999) => Ok(status),
        _ => Err(format!("'{}' is not a status; write a number from 100 to 999", text.trim())),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}
