//! Reading and writing a spec through field ids.
//!
//! Invariant: `get` after a successful `set` gives back what was set, in canonical form; ids that
//! do not belong to the spec read as nothing and write nothing.

use std::time::Duration;

use super::{FieldId, Part, RowList, Slot};
use crate::model::http::{Auth, HttpAnswer, HttpBody, HttpRule};
use crate::model::listener::{Rule, When};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::spec::{Row, Spec};
use crate::model::stream::Step;
use crate::model::timing::{parse_duration, show_duration};
use crate::model::tls::{ClientTls, ListenerTls, Verify};

/// A list of rows of the spec.
pub fn list(spec: &Spec, list: RowList) -> Option<&Vec<Row>> {
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

/// The same, to write to.
pub fn list_mut(spec: &mut Spec, list: RowList) -> Option<&mut Vec<Row>> {
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
pub fn body(spec: &Spec, slot: Slot) -> Option<&HttpBody> {
    match (spec, slot) {
        (Spec::Http(http), Slot::Request) => Some(&http.body),
        _ => answer(spec, slot).map(|answer| &answer.body),
    }
}

fn body_mut(spec: &mut Spec, slot: Slot) -> Option<&mut HttpBody> {
    match (spec, slot) {
        (Spec::Http(http), Slot::Request) => Some(&mut http.body),
        (spec, slot) => answer_mut(spec, slot).map(|answer| &mut answer.body),
    }
}

fn answer(spec: &Spec, slot: Slot) -> Option<&HttpAnswer> {
    match (spec, slot) {
        (Spec::HttpListener(http), Slot::Default) => Some(&http.answer),
        (Spec::HttpListener(http), Slot::Rule(at)) => http.rules.get(at).map(|rule| &rule.answer),
        _ => None,
    }
}

fn answer_mut(spec: &mut Spec, slot: Slot) -> Option<&mut HttpAnswer> {
    match (spec, slot) {
        (Spec::HttpListener(http), Slot::Default) => Some(&mut http.answer),
        (Spec::HttpListener(http), Slot::Rule(at)) => {
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

/// Steps of a TCP or UDP client.
pub fn steps(spec: &Spec) -> Option<&Vec<Step>> {
    match spec {
        Spec::Tcp(tcp) => Some(&tcp.steps),
        Spec::Udp(udp) => Some(&udp.steps),
        _ => None,
    }
}

fn steps_mut(spec: &mut Spec) -> Option<&mut Vec<Step>> {
    match spec {
        Spec::Tcp(tcp) => Some(&mut tcp.steps),
        Spec::Udp(udp) => Some(&mut udp.steps),
        _ => None,
    }
}

fn step_payload(step: &Step) -> &Payload {
    match step {
        Step::Send(payload) | Step::Expect { payload, .. } => payload,
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

/// The text of a field.
pub fn get(spec: &Spec, id: FieldId) -> String {
    match id {
        FieldId::Address => spec.address().to_owned(),
        FieldId::Cell(rows, at, part) => cell(spec, rows, at, part),
        FieldId::Body(slot) => match body(spec, slot) {
            Some(HttpBody::Text(text) | HttpBody::Json(text) | HttpBody::File(text)) => {
                text.clone()
            }
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
    let Some(row) = list(spec, rows).and_then(|rows| rows.get(at)) else {
        return String::new();
    };
    match part {
        Part::On => on_off(row.enabled).to_owned(),
        Part::Name => row.name.clone(),
        Part::Value => row.value.clone(),
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

/// Writes the text of a field.
///
/// # Errors
/// A sentence for the user when the text is no value of this field; the spec stays as it was.
pub fn set(spec: &mut Spec, id: FieldId, text: &str) -> Result<(), String> {
    match id {
        FieldId::Address => text.trim().clone_into(spec.address_mut()),
        FieldId::Cell(rows, at, part) => set_cell(spec, rows, at, (part, text)),
        FieldId::Body(slot) => {
            if let Some(HttpBody::Text(old) | HttpBody::Json(old) | HttpBody::File(old)) =
                body_mut(spec, slot)
            {
                text.clone_into(old);
            }
        }
        FieldId::Status(slot) => {
            let status = status(text)?;
            if let Some(answer) = answer_mut(spec, slot) {
                answer.status = status;
            }
        }
        FieldId::Delay(slot) => {
            let delay = duration(text)?;
            if let Some(answer) = answer_mut(spec, slot) {
                answer.delay = delay;
            }
        }
        FieldId::WhenText(at) | FieldId::Reply(at) | FieldId::ReplyDelay(at) => {
            if let Some(rule) = rules_mut(spec).and_then(|rules| rules.get_mut(at)) {
                return set_rule(rule, id, text);
            }
        }
        FieldId::StepText(at) | FieldId::StepWithin(at) => {
            if let Some(step) = steps_mut(spec).and_then(|steps| steps.get_mut(at)) {
                return set_step(step, id, text);
            }
        }
        _ => return set_option(spec, id, text),
    }
    Ok(())
}

fn set_cell(spec: &mut Spec, rows: RowList, at: usize, (part, text): (Part, &str)) {
    let Some(rows) = list_mut(spec, rows) else { return };
    if at == rows.len() && !text.is_empty() {
        rows.push(Row::new("", ""));
    }
    let Some(row) = rows.get_mut(at) else { return };
    match part {
        Part::On => {}
        Part::Name => text.clone_into(&mut row.name),
        Part::Value => text.clone_into(&mut row.value),
    }
}

fn set_rule(rule: &mut Rule, id: FieldId, text: &str) -> Result<(), String> {
    match id {
        FieldId::WhenText(_) => rule.when = when(when_parts(&rule.when).0, text),
        FieldId::Reply(_) => text.clone_into(&mut rule.send.text),
        _ => rule.delay = duration(text)?,
    }
    Ok(())
}

fn set_step(step: &mut Step, id: FieldId, text: &str) -> Result<(), String> {
    match (id, step) {
        (FieldId::StepWithin(_), Step::Expect { within, .. }) => *within = duration(text)?,
        (FieldId::StepText(_), Step::Send(payload) | Step::Expect { payload, .. }) => {
            text.clone_into(&mut payload.text);
        }
        _ => {}
    }
    Ok(())
}

fn set_option(spec: &mut Spec, id: FieldId, text: &str) -> Result<(), String> {
    let trimmed = || text.trim().to_owned();
    match (spec, id) {
        (Spec::Http(http), FieldId::Method) => http.method = trimmed(),
        (Spec::Http(http), FieldId::Timeout) => http.timeout = duration(text)?,
        (Spec::Http(http), FieldId::Redirects) => {
            http.redirects = text
                .trim()
                .parse()
                .map_err(|_| format!("'{}' is not a number from 0 to 255", text.trim()))?;
        }
        (Spec::Http(http), id) => match (&mut http.auth, id) {
            (Auth::Basic { user, .. }, FieldId::AuthUser) => text.clone_into(user),
            (Auth::Basic { password, .. }, FieldId::AuthPassword) => text.clone_into(password),
            (Auth::Bearer(token), FieldId::AuthToken) => text.clone_into(token),
            _ => {}
        },
        (spec @ Spec::HttpListener(_), FieldId::RuleMethod(at)) => {
            if let Some(rule) = http_rule(spec, at) {
                rule.method = trimmed();
            }
        }
        (spec @ Spec::HttpListener(_), FieldId::RulePath(at)) => {
            if let Some(rule) = http_rule(spec, at) {
                rule.path = trimmed();
            }
        }
        (Spec::HttpListener(http), id) => set_pem(&mut http.tls, id, text),
        (Spec::TcpListener(tcp), FieldId::Greeting) => text.clone_into(&mut tcp.greeting.text),
        (Spec::TcpListener(tcp), id) => set_pem(&mut tcp.tls, id, text),
        (Spec::Tcp(tcp), FieldId::ConnectTimeout) => tcp.connect_timeout = duration(text)?,
        (Spec::Tcp(tcp), FieldId::Sni) => {
            if let ClientTls::On { sni, .. } = &mut tcp.tls {
                *sni = trimmed();
            }
        }
        (Spec::Udp(udp), FieldId::Source) => udp.source = trimmed(),
        _ => {}
    }
    Ok(())
}

fn set_pem(tls: &mut ListenerTls, id: FieldId, text: &str) {
    if let ListenerTls::Files { certificate, key } = tls {
        match id {
            FieldId::CertificateFile => text.trim().clone_into(certificate),
            FieldId::KeyFile => text.trim().clone_into(key),
            _ => {}
        }
    }
}

/// Goes to the next (or previous) value of a choice, or flips a check.
pub fn cycle(spec: &mut Spec, id: FieldId, forward: bool) {
    match id {
        FieldId::Cell(rows, at, Part::On) => {
            if let Some(row) = list_mut(spec, rows).and_then(|rows| rows.get_mut(at)) {
                row.enabled = !row.enabled;
            }
        }
        FieldId::Method => {
            let now = get(spec, id);
            let next = next_of(&METHODS, &now.as_str(), forward);
            if let Spec::Http(http) = spec {
                next.clone_into(&mut http.method);
            }
        }
        FieldId::BodyKind(slot) => {
            if let Some(body) = body_mut(spec, slot) {
                let kind = next_of(&BODY_KINDS, &body.kind(), forward);
                *body = rekind(body, kind);
            }
        }
        FieldId::AuthKind => {
            if let Spec::Http(http) = spec {
                http.auth = next_auth(&http.auth, forward);
            }
        }
        FieldId::LineEnding => {
            if let Some((ending, _)) = ending_and_format(spec) {
                *ending = next_of(&LineEnding::ALL, ending, forward);
            }
        }
        FieldId::Format => {
            if let Some((_, format)) = ending_and_format(spec) {
                *format = other_format(*format);
            }
        }
        _ => cycle_in_list(spec, id, forward),
    }
}

/// Methods offered by the method field; any other can be typed.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

const BODY_KINDS: [&str; 5] = ["none", "json", "text", "form", "file"];

fn cycle_in_list(spec: &mut Spec, id: FieldId, forward: bool) {
    match id {
        FieldId::When(at) => {
            if let Some(rule) = rules_mut(spec).and_then(|rules| rules.get_mut(at)) {
                let (name, text) = when_parts(&rule.when);
                rule.when = when(next_of(&WHENS, &name, forward), text);
            }
        }
        FieldId::ReplyFormat(at) => {
            if let Some(rule) = rules_mut(spec).and_then(|rules| rules.get_mut(at)) {
                rule.send.format = other_format(rule.send.format);
            }
        }
        FieldId::StepFormat(at) | FieldId::StepKind(at) => {
            if let Some(step) = steps_mut(spec).and_then(|steps| steps.get_mut(at)) {
                cycle_step(step, id);
            }
        }
        _ => cycle_tls(spec, id, forward),
    }
}

fn cycle_step(step: &mut Step, id: FieldId) {
    let mut payload = step_payload(step).clone();
    if matches!(id, FieldId::StepFormat(_)) {
        payload.format = other_format(payload.format);
        match step {
            Step::Send(old) | Step::Expect { payload: old, .. } => *old = payload,
        }
    } else {
        *step = match step {
            Step::Send(_) => Step::Expect { payload, within: EXPECT_WITHIN },
            Step::Expect { .. } => Step::Send(payload),
        };
    }
}

/// Wait of a new `expect` step.
const EXPECT_WITHIN: Duration = Duration::from_secs(5);

fn cycle_tls(spec: &mut Spec, id: FieldId, forward: bool) {
    let flip = |verify: Verify| if verify == Verify::On { Verify::Off } else { Verify::On };
    match (spec, id) {
        (Spec::Http(http), FieldId::Verify) => http.verify = flip(http.verify),
        (Spec::Tcp(tcp), FieldId::Tls) => {
            tcp.tls = match tcp.tls {
                ClientTls::Off => ClientTls::On { verify: Verify::On, sni: String::new() },
                ClientTls::On { .. } => ClientTls::Off,
            };
        }
        (Spec::Tcp(tcp), FieldId::Verify) => {
            if let ClientTls::On { verify, .. } = &mut tcp.tls {
                *verify = flip(*verify);
            }
        }
        (Spec::HttpListener(http), FieldId::ListenerTls) => {
            http.tls = next_listener_tls(&http.tls, forward);
        }
        (Spec::TcpListener(tcp), FieldId::ListenerTls) => {
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
        _ => String::new(),
    };
    match kind {
        "json" => HttpBody::Json(text),
        "text" => HttpBody::Text(text),
        "form" => HttpBody::Form(Vec::new()),
        "file" => HttpBody::File(text),
        _ => HttpBody::None,
    }
}

/// Adds a rule or a step at the end.
pub fn add(spec: &mut Spec) {
    match spec {
        Spec::HttpListener(http) => http.rules.push(HttpRule {
            method: String::new(),
            path: "/".into(),
            answer: HttpAnswer::default(),
        }),
        Spec::TcpListener(tcp) => tcp.rules.push(Rule::echo()),
        Spec::UdpListener(udp) => udp.rules.push(Rule::echo()),
        Spec::Tcp(_) | Spec::Udp(_) => {
            if let Some(steps) = steps_mut(spec) {
                steps.push(Step::Send(Payload::default()));
            }
        }
        Spec::Http(_) => {}
    }
}

/// Removes the row, rule or step a field belongs to; tells whether there was one.
pub fn remove(spec: &mut Spec, id: FieldId) -> bool {
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
        FieldId::Cell(rows, at, _) => take(list_mut(spec, rows), at),
        FieldId::When(at)
        | FieldId::WhenText(at)
        | FieldId::Reply(at)
        | FieldId::ReplyFormat(at)
        | FieldId::ReplyDelay(at) => take(rules_mut(spec), at),
        FieldId::StepKind(at)
        | FieldId::StepText(at)
        | FieldId::StepFormat(at)
        | FieldId::StepWithin(at) => take(steps_mut(spec), at),
        FieldId::RuleMethod(at)
        | FieldId::RulePath(at)
        | FieldId::Status(Slot::Rule(at))
        | FieldId::Delay(Slot::Rule(at))
        | FieldId::BodyKind(Slot::Rule(at)) => match spec {
            Spec::HttpListener(http) => take(Some(&mut http.rules), at),
            _ => false,
        },
        _ => false,
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

fn other_format(format: PayloadFormat) -> PayloadFormat {
    match format {
        PayloadFormat::Text => PayloadFormat::Hex,
        PayloadFormat::Hex => PayloadFormat::Text,
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

fn next_of<T: PartialEq + Copy>(all: &[T], current: &T, forward: bool) -> T {
    let at = all.iter().position(|value| value == current);
    let step = if forward { 1 } else { all.len() - 1 };
    all[at.map_or(0, |at| (at + step) % all.len())]
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
