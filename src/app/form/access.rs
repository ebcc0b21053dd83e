//! Reading and writing a spec through field ids.
//!
//! Invariant: `get` after a successful `set` gives back what was set, in canonical form; ids that
//! do not belong to the spec read as nothing and write nothing.

mod choose;
mod read;
mod write;

pub use choose::{METHODS, cycle};
pub use read::get;
pub use write::set;

use super::{BodySlot, FormFieldId, RowList};
use crate::model::http::{FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::spec::{NameValue, Spec};
use crate::model::stream::{ScriptStep, TcpSpec, UdpSpec};

/// A list of rows of the spec.
pub fn list(spec: &Spec, list: RowList) -> Option<&Vec<NameValue>> {
    match (spec, list) {
        (Spec::Http(http), RowList::Query) => Some(&http.query),
        (Spec::Http(http), RowList::Headers) => Some(&http.headers),
        (_, RowList::Form(slot)) => match body(spec, slot) {
            Some(HttpBody::Form(rows)) => Some(rows),
            _ => None,
        },
        (_, RowList::Answer(slot)) => answer(spec, slot).map(|answer| &answer.headers),
        _ => None,
    }
}

/// The parts of a multipart form.
pub fn parts(spec: &Spec, list: RowList) -> Option<&Vec<FormPart>> {
    match list {
        RowList::Form(slot) => match body(spec, slot) {
            Some(HttpBody::Multipart(parts)) => Some(parts),
            _ => None,
        },
        _ => None,
    }
}

fn parts_mut(spec: &mut Spec, list: RowList) -> Option<&mut Vec<FormPart>> {
    match list {
        RowList::Form(slot) => match body_mut(spec, slot) {
            Some(HttpBody::Multipart(parts)) => Some(parts),
            _ => None,
        },
        _ => None,
    }
}

/// How many rows a list has.
pub fn len(spec: &Spec, rows: RowList) -> usize {
    let parts = || parts(spec, rows).map_or(0, Vec::len);
    list(spec, rows).map_or_else(parts, Vec::len)
}

/// Whether a row is there and switched off.
pub fn is_off(spec: &Spec, rows: RowList, at: usize) -> bool {
    let row = list(spec, rows).and_then(|rows| rows.get(at)).map(|row| !row.enabled);
    let part = || parts(spec, rows).and_then(|parts| parts.get(at)).map(|part| part.off);
    row.or_else(part).unwrap_or(false)
}

/// The same, to write to.
pub fn list_mut(spec: &mut Spec, list: RowList) -> Option<&mut Vec<NameValue>> {
    match (spec, list) {
        (Spec::Http(http), RowList::Query) => Some(&mut http.query),
        (Spec::Http(http), RowList::Headers) => Some(&mut http.headers),
        (spec, RowList::Form(slot)) => match body_mut(spec, slot) {
            Some(HttpBody::Form(rows)) => Some(rows),
            _ => None,
        },
        (spec, RowList::Answer(slot)) => answer_mut(spec, slot).map(|answer| &mut answer.headers),
        _ => None,
    }
}

/// The body in a slot.
pub fn body(spec: &Spec, slot: BodySlot) -> Option<&HttpBody> {
    match (spec, slot) {
        (Spec::Http(http), BodySlot::Request) => Some(&http.body),
        _ => answer(spec, slot).map(|answer| &answer.body),
    }
}

fn body_mut(spec: &mut Spec, slot: BodySlot) -> Option<&mut HttpBody> {
    match (spec, slot) {
        (Spec::Http(http), BodySlot::Request) => Some(&mut http.body),
        (spec, slot) => answer_mut(spec, slot).map(|answer| &mut answer.body),
    }
}

fn answer(spec: &Spec, slot: BodySlot) -> Option<&HttpAnswer> {
    match (spec, slot) {
        (Spec::HttpListener(http), BodySlot::Default) => Some(&http.answer),
        (Spec::HttpListener(http), BodySlot::Rule(at)) => {
            http.rules.get(at).map(|rule| &rule.answer)
        }
        _ => None,
    }
}

fn answer_mut(spec: &mut Spec, slot: BodySlot) -> Option<&mut HttpAnswer> {
    match (spec, slot) {
        (Spec::HttpListener(http), BodySlot::Default) => Some(&mut http.answer),
        (Spec::HttpListener(http), BodySlot::Rule(at)) => {
            http.rules.get_mut(at).map(|rule| &mut rule.answer)
        }
        _ => None,
    }
}

/// Rules of a TCP or UDP listener.
pub fn rules(spec: &Spec) -> Option<&Vec<Rule>> {
    match spec {
        Spec::TcpListener(tcp) => Some(&tcp.rules),
        Spec::UdpListener(udp) => Some(&udp.rules),
        _ => None,
    }
}

fn rules_mut(spec: &mut Spec) -> Option<&mut Vec<Rule>> {
    match spec {
        Spec::TcpListener(tcp) => Some(&mut tcp.rules),
        Spec::UdpListener(udp) => Some(&mut udp.rules),
        _ => None,
    }
}

fn http_rule(spec: &mut Spec, at: usize) -> Option<&mut HttpRule> {
    match spec {
        Spec::HttpListener(http) => http.rules.get_mut(at),
        _ => None,
    }
}

/// Rules of an HTTP listener.
pub fn http_rules(spec: &Spec) -> Option<&Vec<HttpRule>> {
    match spec {
        Spec::HttpListener(http) => Some(&http.rules),
        _ => None,
    }
}

/// Steps of a TCP or UDP client.
pub fn steps(spec: &Spec) -> Option<&Vec<ScriptStep>> {
    match spec {
        Spec::Tcp(tcp) => Some(&tcp.steps),
        Spec::Udp(udp) => Some(&udp.steps),
        _ => None,
    }
}

fn steps_mut(spec: &mut Spec) -> Option<&mut Vec<ScriptStep>> {
    match spec {
        Spec::Tcp(tcp) => Some(&mut tcp.steps),
        Spec::Udp(udp) => Some(&mut udp.steps),
        _ => None,
    }
}

fn step_payload(step: &ScriptStep) -> &Payload {
    match step {
        ScriptStep::Send(payload) | ScriptStep::Expect { payload, .. } => payload,
    }
}

fn ending_and_format(spec: &mut Spec) -> Option<(&mut LineEnding, &mut PayloadFormat)> {
    match spec {
        Spec::Tcp(s) => Some((&mut s.line_ending, &mut s.format)),
        Spec::TcpListener(s) => Some((&mut s.line_ending, &mut s.format)),
        Spec::Udp(s) => Some((&mut s.line_ending, &mut s.format)),
        Spec::UdpListener(s) => Some((&mut s.line_ending, &mut s.format)),
        _ => None,
    }
}

/// Line ending and format of the input line of a session.
pub fn input_line(spec: &Spec) -> (LineEnding, PayloadFormat) {
    match spec {
        Spec::Tcp(s) => (s.line_ending, s.format),
        Spec::TcpListener(s) => (s.line_ending, s.format),
        Spec::Udp(s) => (s.line_ending, s.format),
        Spec::UdpListener(s) => (s.line_ending, s.format),
        _ => (LineEnding::None, PayloadFormat::Text),
    }
}

/// Adds a rule or a step at the end; returns the field to go on with.
pub fn add(spec: &mut Spec) -> FormFieldId {
    match spec {
        Spec::HttpListener(HttpListenerSpec { rules, .. }) => {
            rules.push(HttpRule {
                method: String::new(),
                path: "/".into(),
                answer: HttpAnswer::default(),
            });
            FormFieldId::RulePath(rules.len() - 1)
        }
        Spec::TcpListener(TcpListenerSpec { rules, .. })
        | Spec::UdpListener(UdpListenerSpec { rules, .. }) => {
            rules.push(Rule::echo());
            FormFieldId::When(rules.len() - 1)
        }
        Spec::Tcp(TcpSpec { steps, .. }) | Spec::Udp(UdpSpec { steps, .. }) => {
            steps.push(ScriptStep::Send(Payload::default()));
            FormFieldId::StepText(steps.len() - 1)
        }
        Spec::Http(_) => FormFieldId::Tabs,
    }
}

/// Removes the row, rule or step a field belongs to; tells whether there was one.
pub fn remove(spec: &mut Spec, id: FormFieldId) -> bool {
    fn take<T>(list: Option<&mut Vec<T>>, at: usize) -> bool {
        match list {
            Some(list) if at < list.len() => {
                list.remove(at);
                true
            }
            _ => false,
        }
    }
    match id {
        FormFieldId::Cell(rows, at, _) => {
            take(list_mut(spec, rows), at) || take(parts_mut(spec, rows), at)
        }
        FormFieldId::When(at)
        | FormFieldId::WhenText(at)
        | FormFieldId::Reply(at)
        | FormFieldId::ReplyFormat(at)
        | FormFieldId::ReplyDelay(at) => take(rules_mut(spec), at),
        FormFieldId::StepKind(at)
        | FormFieldId::StepText(at)
        | FormFieldId::StepFormat(at)
        | FormFieldId::StepWithin(at) => take(steps_mut(spec), at),
        FormFieldId::RuleMethod(at)
        | FormFieldId::RulePath(at)
        | FormFieldId::Status(BodySlot::Rule(at))
        | FormFieldId::Delay(BodySlot::Rule(at))
        | FormFieldId::BodyKind(BodySlot::Rule(at)) => match spec {
            Spec::HttpListener(http) => take(Some(&mut http.rules), at),
            _ => false,
        },
        _ => false,
    }
}

const WHENS: [&str; 5] = ["always", "contains", "equals", "starts with", "matches"];

fn when_parts(when: &When) -> (&'static str, &str) {
    match when {
        When::Always => ("always", ""),
        When::Contains(text) => ("contains", text),
        When::Equals(text) => ("equals", text),
        When::StartsWith(text) => ("starts with", text),
        When::Matches(text) => ("matches", text),
    }
}

fn when(name: &str, text: &str) -> When {
    let text = text.to_owned();
    match name {
        "contains" => When::Contains(text),
        "equals" => When::Equals(text),
        "starts with" => When::StartsWith(text),
        "matches" => When::Matches(text),
        _ => When::Always,
    }
}
