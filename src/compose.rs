//! Turns a [`Spec`] as composed into a [`Plan`] the engine can run: templates expanded, payloads
//! turned into bytes, everything checked that could go wrong before a socket opens.
//!
//! Called when the user sends or starts (so that later typing changes nothing), and while typing
//! to mark fields. Never stops at the first trouble: every [`Issue`] names its field and place.
//! Line breaks and NUL cannot reach a head: a row or value that holds one is refused, not cleaned.

pub mod address;
pub mod adopt;
mod automatic_header;
mod body;
mod http;
mod issue;
mod listener;
mod place;
mod stream;
pub mod template;
mod text;

use bytes::Bytes;

pub use automatic_header::Automatic;
pub use issue::Issue;
use text::Composer;
pub use text::UnknownNames;

use crate::model::field_id::FieldId;
use crate::model::http::{AutomaticHeader, HttpBody, HttpSpec};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::spec::Spec;
use template::Variables;

/// The plan of a spec, or everything that keeps it from being sent.
pub fn plan(spec: &Spec, scope: &Scope) -> Result<Plan, Vec<Issue>> {
    plan_with(spec, scope, UnknownNames::Refused)
}

/// As [`plan`], with unknown names taken like this.
pub fn plan_with(spec: &Spec, scope: &Scope, unknown: UnknownNames) -> Result<Plan, Vec<Issue>> {
    let mut composer = Composer::new(scope, unknown);
    let plan = match spec {
        Spec::Http(spec) => http::client(spec, &mut composer).map(Plan::Http),
        Spec::HttpListener(spec) => http::listener(spec, &mut composer).map(Plan::HttpListener),
        Spec::Tcp(spec) => stream::tcp(spec, &mut composer).map(Plan::Tcp),
        Spec::TcpListener(spec) => listener::tcp(spec, &mut composer).map(Plan::TcpListener),
        Spec::Udp(spec) => stream::udp(spec, &mut composer).map(Plan::Udp),
        Spec::UdpListener(spec) => listener::udp(spec, &mut composer).map(Plan::UdpListener),
    };
    match plan {
        Some(plan) if composer.issues.is_empty() => Ok(plan),
        _ => Err(composer.issues),
    }
}

/// Which headers [`automatic`] tells of, without their values.
#[must_use]
pub fn automatic_headers(spec: &HttpSpec) -> Vec<AutomaticHeader> {
    automatic(&light(spec), &Scope::default()).into_iter().map(|known| known.header).collect()
}

/// Longest body that is measured while it is typed.
const MEASURED: usize = 64 * 1024;

/// The headers a request brings along by itself, in the order they go out; those the user replaced
/// by own ones are not among them.
#[must_use]
pub fn automatic(spec: &HttpSpec, variables: &dyn Variables) -> Vec<Automatic> {
    let mut composer = Composer::new(variables, UnknownNames::Refused);
    let long = match &spec.body {
        HttpBody::Text(text) | HttpBody::Json(text) => text.len() > MEASURED,
        HttpBody::Payload(payload) => payload.text.len() > MEASURED,
        _ => false,
    };
    if !long {
        let mut found = http::automatic(spec, &mut composer);
        if composer
            .issues
            .iter()
            .any(|issue| issue.field == FieldId::new("body").then(spec.body.kind()))
        {
            forget_length(&mut found);
        }
        return found;
    }
    let mut found = http::automatic(&light(spec), &mut composer);
    forget_length(&mut found);
    found
}

/// The same request with an empty body of the same kind.
fn light(spec: &HttpSpec) -> HttpSpec {
    let body = match &spec.body {
        HttpBody::None => HttpBody::None,
        HttpBody::Text(_) => HttpBody::Text(String::new()),
        HttpBody::Json(_) => HttpBody::Json(String::new()),
        HttpBody::Payload(_) => HttpBody::Payload(Payload::default()),
        HttpBody::Form(_) => HttpBody::Form(Vec::new()),
        HttpBody::Multipart(_) => HttpBody::Multipart(Vec::new()),
        HttpBody::File(_) => HttpBody::File(String::new()),
    };
    let HttpSpec { method, url, query, headers, auth, .. } = spec;
    HttpSpec {
        method: method.clone(),
        url: url.clone(),
        query: query.clone(),
        headers: headers.clone(),
        auth: auth.clone(),
        body,
        ..HttpSpec::default()
    }
}

fn forget_length(found: &mut [Automatic]) {
    let length = |known: &&mut Automatic| known.header == AutomaticHeader::ContentLength;
    if let Some(known) = found.iter_mut().find(length) {
        known.value = None;
    }
}

/// The bytes of a session's input line. A text payload gets the line ending; hex does not.
pub fn payload(
    payload: &Payload,
    ending: LineEnding,
    variables: &dyn Variables,
) -> Result<Bytes, Box<Issue>> {
    let mut composer = Composer::new(variables, UnknownNames::Refused);
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
