//! Turns a [`Spec`] as composed into a [`Plan`] the engine can run: templates expanded, payloads
//! turned into bytes, everything checked that could go wrong before a socket opens.
//!
//! Called when the user sends or starts (so that later typing changes nothing), and while typing
//! to mark fields. Never stops at the first trouble: every [`Issue`] names its field and place.
//! Line breaks and NUL cannot reach a head: a row or value that holds one is refused, not cleaned.

mod http;
mod issue;
mod listener;
mod stream;
mod text;

use std::collections::BTreeSet;

use bytes::Bytes;

pub use issue::{AnswerField, Field, Issue};
use text::Composer;

use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::spec::Spec;

/// Names that are sent as they are written, braces included, when nothing is known about them.
pub type Literal = BTreeSet<String>;

/// The plan of a spec, or everything that keeps it from being sent.
pub fn plan(spec: &Spec, scope: &Scope) -> Result<Plan, Vec<Issue>> {
    plan_literal(spec, scope, &Literal::new())
}

/// As [`plan`], with some unknown names sent literally (the user said so).
pub fn plan_literal(spec: &Spec, scope: &Scope, literal: &Literal) -> Result<Plan, Vec<Issue>> {
    let mut composer = Composer::new(scope, literal);
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

/// The bytes of a session's input line. A text payload gets the line ending; hex does not.
pub fn payload(payload: &Payload, ending: LineEnding, scope: &Scope) -> Result<Bytes, Issue> {
    payload_literal(payload, ending, scope, &Literal::new())
}

/// As [`payload`], with some unknown names sent literally.
pub fn payload_literal(
    payload: &Payload,
    ending: LineEnding,
    scope: &Scope,
    literal: &Literal,
) -> Result<Bytes, Issue> {
    let mut composer = Composer::new(scope, literal);
    let mut bytes = composer.payload(Field::Input, payload);
    if let Some(issue) = composer.issues.into_iter().next() {
        return Err(issue);
    }
    if payload.format == PayloadFormat::Text {
        bytes.extend_from_slice(ending.bytes());
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests;
