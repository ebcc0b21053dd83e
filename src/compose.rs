//! Turns a [`Spec`] as composed into a [`Plan`] the engine can run: templates expanded, payloads
//! turned into bytes, everything checked that could go wrong before a socket opens.
//!
//! Called when the user sends or starts (so that later typing changes nothing), and while typing
//! to mark fields. Never stops at the first trouble: every [`Issue`] names its field and place.
//! Line breaks and NUL cannot reach a head: a row or value that holds one is refused, not cleaned.

pub mod address;
mod address_faults;
pub(crate) mod address_parts;
pub(crate) mod adopt;
pub(crate) mod anew;
pub(crate) mod asked_value;
mod body;
mod checks;
mod condition;
mod credentials;
mod expansion;
pub(crate) mod http;
mod http_relay;
mod http_rules;
mod issue;
mod json_values;
pub(crate) mod listening_names;
mod method;
mod nested;
mod network;
mod open_answer;
pub(crate) mod query_pieces;
mod relay;
pub(crate) mod relay_targets;
mod rewrite;
mod session;
mod sockets;
pub(crate) mod spec_names;
pub mod template;
mod text;
mod transfer;
mod web_socket;

use std::sync::Arc;

use bytes::Bytes;

pub(crate) use condition::{check_fault, check_hold, check_rule, has_http_rules};
pub use condition::{condition_flaw, conditioned, unreadable_condition};
pub(crate) use expansion::json_string;
pub use http::Automatic;
pub use issue::Issue;
pub(crate) use method::method_and_url;
use text::Composer;
pub use text::UnknownNames;

use crate::check::Checks;
use crate::model::cookie_jar::CookieJar;
use crate::model::field::Options;
use crate::model::field_id::FieldId;
use crate::model::http::{AutomaticHeader, HttpBody, HttpSpec};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::secrets::{Secrets, is_looked_for};
use crate::model::spec::Spec;
use template::Variables;

/// The plan of a spec, or everything that keeps it from being sent.
pub fn plan(spec: &Spec, scope: &Scope) -> Result<Plan, Vec<Issue>> {
    plan_with(spec, scope, UnknownNames::Refused)
}

/// The same plan, which makes a connection of its own if so, where one that is there would do.
pub(crate) fn on_new_connection(mut plan: Plan, is_so: bool) -> Plan {
    if let Plan::Http(plan) = &mut plan {
        plan.new_connection = is_so;
    }
    plan
}

/// The same plan with the cookies of this jar, unless it uses none.
pub(crate) fn with_cookies(mut plan: Plan, jar: &Arc<CookieJar>) -> Plan {
    if let Plan::Http(plan) = &mut plan
        && plan.cookies.is_on
    {
        plan.cookies.jar = Arc::clone(jar);
    }
    plan
}

/// As [`plan`], with unknown names taken like this.
pub(crate) fn plan_with(
    spec: &Spec,
    scope: &Scope,
    unknown: UnknownNames,
) -> Result<Plan, Vec<Issue>> {
    let mut composer = Composer::new(scope, unknown);
    let plan = match spec {
        Spec::Http(spec) => http::client(spec, &mut composer).map(Plan::Http),
        Spec::HttpListener(spec) => http::listener(spec, &mut composer).map(Plan::HttpListener),
        Spec::HttpRelay(spec) => {
            http_relay::plan(spec, &mut composer).map(Box::new).map(Plan::HttpRelay)
        }
        Spec::Tcp(spec) => session::tcp(spec, &mut composer).map(Plan::Tcp),
        Spec::TcpListener(spec) => {
            session::tcp_listener(spec, &mut composer).map(Plan::TcpListener)
        }
        Spec::TcpRelay(spec) => relay::tcp(spec, &mut composer).map(Plan::TcpRelay),
        Spec::Udp(spec) => session::udp(spec, &mut composer).map(Plan::Udp),
        Spec::UdpListener(spec) => {
            session::udp_listener(spec, &mut composer).map(Plan::UdpListener)
        }
        Spec::UdpRelay(spec) => relay::udp(spec, &mut composer).map(Plan::UdpRelay),
        Spec::Ws(spec) => web_socket::client(spec, &mut composer).map(Box::new).map(Plan::Ws),
        Spec::WsListener(spec) => {
            web_socket::listener(spec, &mut composer).map(Box::new).map(Plan::WsListener)
        }
    };
    checks::checks(spec, &mut composer);
    match plan {
        Some(plan) if composer.issues.is_empty() => Ok(plan),
        _ => Err(to_be_told(composer.issues)),
    }
}

/// What has to be got is told when nothing else keeps it from being sent: nobody is asked, and no program
/// runs, for what cannot be sent anyway.
fn to_be_told(mut issues: Vec<Issue>) -> Vec<Issue> {
    if issues.iter().any(|issue| issue.wants.is_none()) {
        issues.retain(|issue| issue.wants.is_none());
    }
    issues
}

/// What is expected of what comes back and what is taken of it; of a spec that has a plan with these
/// variables.
#[must_use]
pub fn checks(spec: &Spec, variables: &dyn Variables, unknown: UnknownNames) -> Checks {
    checks::checks(spec, &mut Composer::new(variables, unknown))
}

/// Which headers [`automatic`] tells of, without their values.
#[must_use]
pub(crate) fn automatic_headers(spec: &HttpSpec) -> Vec<AutomaticHeader> {
    let found = headers(spec, false, &Scope::default());
    found.into_iter().map(|known| known.header).collect()
}

/// What an address stands for: names filled in, and of a request the whole URL with its query.
/// `None` = something is wrong with it, or a name has no value.
#[must_use]
pub fn resolved_address(spec: &Spec, variables: &dyn Variables) -> Option<String> {
    let mut composer = Composer::new(variables, UnknownNames::Refused);
    if let Some(http) = spec.as_http() {
        return http::resolved_url(http, &mut composer);
    }
    let text = composer.line(FieldId::default(), spec.address());
    composer.issues.is_empty().then_some(text)
}

/// A text with its names filled in; `None` = one of them has no value, or has to be got first.
#[must_use]
pub(crate) fn filled(text: &str, variables: &dyn Variables) -> Option<String> {
    let mut composer = Composer::new(variables, UnknownNames::Refused);
    let text = composer.text(FieldId::default(), text);
    composer.issues.is_empty().then_some(text)
}

/// The values nobody shall read of what is sent so: those of the scope, and a key that goes under a name of its own,
/// which does not tell it from any other header or parameter.
#[must_use]
pub(crate) fn hidden(spec: &Spec, scope: &Scope) -> Secrets {
    let hidden = scope.hidden();
    let key = spec.key().and_then(|key| filled(&key.value, scope));
    match key.filter(|key| is_looked_for(key)) {
        Some(key) => hidden.and(&Secrets::new([key.as_str()])),
        None => hidden,
    }
}

/// Longest body that is measured while it is typed.
const MEASURED: usize = 64 * 1024;

/// The headers a request brings along by itself, in the order they go out; those the user replaced
/// by own ones are not among them.
#[must_use]
pub fn automatic(spec: &HttpSpec, variables: &dyn Variables) -> Vec<Automatic> {
    let is_short = match &spec.body {
        HttpBody::Text(text) | HttpBody::Json(text) => text.len() <= MEASURED,
        HttpBody::Payload(payload) => payload.text.len() <= MEASURED,
        _ => true,
    };
    headers(spec, is_short, variables)
}

/// The same; a body that is not measured, or that something is wrong with, has no length yet.
fn headers(spec: &HttpSpec, is_measured: bool, variables: &dyn Variables) -> Vec<Automatic> {
    let mut composer = Composer::new(variables, UnknownNames::Refused);
    let mut empty = HttpBody::None;
    empty.choose(spec.body.kind());
    let body = if is_measured { &spec.body } else { &empty };
    let mut found = http::automatic(spec, body, &mut composer);
    let field = FieldId::new("body").then(spec.body.kind());
    if !is_measured || composer.issues.iter().any(|issue| issue.field == field) {
        let length = |known: &&mut Automatic| known.header == AutomaticHeader::ContentLength;
        found.iter_mut().filter(length).for_each(|known| known.value = None);
    }
    found
}

/// The bytes of a session's input line. A text payload gets the line ending; hex does not.
pub fn payload(
    payload: &Payload,
    ending: LineEnding,
    variables: &dyn Variables,
    unknown: UnknownNames,
) -> Result<Bytes, Box<Issue>> {
    let mut composer = Composer::new(variables, unknown);
    let mut bytes = composer.payload(FieldId::new("input"), payload);
    if let Some(issue) = composer.issues.into_iter().next() {
        return Err(Box::new(issue));
    }
    if payload.format == PayloadFormat::Text {
        bytes.extend_from_slice(ending.bytes());
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod compose_tests;
