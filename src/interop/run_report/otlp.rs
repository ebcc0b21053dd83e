//! A run as spans of OpenTelemetry: OTLP in JSON, as collectors read files of it
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>).
//!
//! ```text
//! wirebench run ─ users/login ─ POST ─ connect, send, wait, receive
//! ```
//! Ids are hex digits, times and whole numbers decimal texts, kinds and codes numbers. Names of attributes are
//! those of the semantic conventions of HTTP and network where there are such. Ids follow from when the run
//! began and the place of a span, so that the same run is told alike.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::steps::state_word;
use crate::model::end_address::EndAddress;
use crate::model::failure::FailureKind;
use crate::model::timing::Stamp;
use crate::model::url_text::UrlText;
use crate::runner::{RunRow, RunTally, RunVerdict, RunWire, StepState};

/// `SPAN_KIND_INTERNAL`, `SPAN_KIND_CLIENT`.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;
/// `STATUS_CODE_OK`, `STATUS_CODE_ERROR`; 0 is neither.
const OK: u8 = 1;
const ERROR: u8 = 2;

/// A run that is over.
#[derive(Debug)]
pub(super) struct SpannedRun<'a> {
    pub(super) rows: &'a [RunRow],
    pub(super) began: Stamp,
    pub(super) took: Duration,
    pub(super) environment: Option<&'a str>,
    pub(super) stopped: Option<&'a str>,
}

/// The whole run as one document.
pub(super) fn report(run: &SpannedRun<'_>) -> String {
    let mut trace =
        Trace { began: run.began.0, spans: Vec::new(), id: hex(run.began.0, "trace", 16) };
    let tally = RunTally::of(run.rows);
    let mut attributes = vec![
        number("wirebench.run.passed", tally.passed as u64),
        number("wirebench.run.failed", tally.not_met as u64),
        number("wirebench.run.errors", tally.failed as u64),
        number("wirebench.run.skipped", tally.skipped as u64),
    ];
    attributes.extend(run.environment.map(|name| text("wirebench.environment", name)));
    attributes.extend(run.stopped.map(|why| text("wirebench.run.stopped", why)));
    let root = trace.span_id("run");
    let end = run.began.0.saturating_add(nanos(run.took));
    let status = if tally.is_green() { (OK, String::new()) } else { (ERROR, tally.words()) };
    trace.push("wirebench run", INTERNAL, (&root, None), (run.began.0, end), &attributes, status);
    for (at, row) in run.rows.iter().enumerate() {
        if row.tries > 0 {
            preset(&mut trace, &root, at, row);
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let resource = [text("service.name", "wirebench"), text("service.version", version)];
    let document = json!({
        "resourceSpans": [{
            "resource": { "attributes": resource },
            "scopeSpans": [{
                "scope": { "name": "wirebench", "version": version },
                "spans": trace.spans,
            }],
        }],
    });
    format!("{document}\n")
}

struct Trace {
    id: String,
    /// Nanoseconds since 1970.
    began: u64,
    spans: Vec<Value>,
}

impl Trace {
    fn span_id(&self, place: &str) -> String {
        hex(self.began, place, 8)
    }

    fn push(
        &mut self,
        name: &str,
        kind: u8,
        (id, parent): (&str, Option<&str>),
        (start, end): (u64, u64),
        attributes: &[Value],
        status: (u8, String),
    ) {
        let mut span = json!({
            "traceId": self.id,
            "spanId": id,
            "name": name,
            "kind": kind,
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": end.max(start).to_string(),
            "attributes": attributes,
        });
        if let Some(parent) = parent {
            span["parentSpanId"] = parent.into();
        }
        let (code, message) = status;
        if code != 0 {
            span["status"] = json!({ "code": code });
            if !message.is_empty() {
                span["status"]["message"] = message.into();
            }
        }
        self.spans.push(span);
    }
}

/// A preset, what it sent, and the parts of the time that took.
fn preset(trace: &mut Trace, root: &str, at: usize, row: &RunRow) {
    let id = trace.span_id(&format!("preset {at}"));
    let (start, end) = (row.began.0, row.began.0.saturating_add(nanos(row.took)));
    let mut attributes = vec![
        text("wirebench.preset", row.path.as_str()),
        text("wirebench.verdict", row.verdict.word()),
        number("wirebench.tries", row.tries.into()),
    ];
    let checks = row.report.count() as u64;
    if checks > 0 {
        attributes.push(number("wirebench.checks", checks));
        attributes.push(number("wirebench.checks.met", checks - row.report.unmet() as u64));
    }
    for (key, value) in [
        ("wirebench.place", &row.place),
        ("wirebench.round", &row.round),
        ("wirebench.why", &row.why),
    ] {
        if !value.is_empty() {
            attributes.push(text(key, value));
        }
    }
    let status = match &row.verdict {
        RunVerdict::Passed => (OK, String::new()),
        RunVerdict::Running | RunVerdict::Skipped(_) => (0, String::new()),
        RunVerdict::NotMet(_) | RunVerdict::Failed(_) => (ERROR, row.lines().join("\n")),
    };
    trace.push(row.path.as_str(), INTERNAL, (&id, Some(root)), (start, end), &attributes, status);
    sent(trace, &id, at, row);
}

/// What it sent: the last exchange, or the conversation.
fn sent(trace: &mut Trace, parent: &str, at: usize, row: &RunRow) {
    let Some((method, target)) = row.target.split_once(' ') else { return };
    let id = trace.span_id(&format!("sent {at}"));
    let (start, end) = (row.began.0, row.began.0.saturating_add(nanos(row.took)));
    let url = UrlText::literal(target);
    let mut attributes = Vec::new();
    if !url.host.is_empty() {
        attributes.push(text("server.address", url.host.trim_matches(['[', ']'])));
    }
    let default = match url.scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let port = url.port.and_then(|port| port.parse().ok()).or(default);
    attributes.extend(port.map(|port: u64| number("server.port", port)));
    let failure = row.failure();
    if let Some(failure) = failure {
        attributes.push(text("error.type", &kind_word(failure.kind)));
    }
    let Some(wire) = &row.wire else {
        let transport = method.to_ascii_lowercase();
        if target.starts_with("listener") {
            return;
        }
        if ["tcp", "udp"].contains(&transport.as_str()) {
            attributes.push(text("network.transport", &transport));
        }
        let status = failure.map_or((0, String::new()), |failure| (ERROR, failure.to_string()));
        trace.push(method, CLIENT, (&id, Some(parent)), (start, end), &attributes, status);
        steps(trace, &id, at, row);
        return;
    };
    let (of_http, status) = exchange(method, target, row, wire);
    attributes.extend(of_http);
    let start = start.saturating_add(nanos(wire.after));
    let end = start.saturating_add(nanos(wire.timing.total));
    trace.push(method, CLIENT, (&id, Some(parent)), (start, end), &attributes, status);
    phases(trace, &id, at, wire, start);
}

/// What the conventions of HTTP say of an exchange, and its status.
fn exchange(
    method: &str,
    target: &str,
    row: &RunRow,
    wire: &RunWire,
) -> (Vec<Value>, (u8, String)) {
    let (failure, mut attributes) = (row.failure(), Vec::new());
    attributes.push(text("http.request.method", method));
    attributes.push(text("url.full", target));
    attributes.push(text("network.protocol.name", "http"));
    attributes.extend(
        wire.version
            .map(|version| text("network.protocol.version", version.trim_start_matches("HTTP/"))),
    );
    attributes.extend(
        wire.peer
            .as_ref()
            .and_then(EndAddress::ip)
            .map(|ip| text("network.peer.address", &ip.to_string())),
    );
    attributes.extend(
        wire.peer
            .as_ref()
            .and_then(EndAddress::port)
            .map(|port| number("network.peer.port", port.into())),
    );
    if row.tries > 1 {
        attributes.push(number("http.request.resend_count", u64::from(row.tries) - 1));
    }
    let mut status = failure.map_or((0, String::new()), |failure| (ERROR, failure.to_string()));
    if let Some(code) = row.status {
        attributes.push(number("http.response.status_code", code.into()));
        // So the conventions have it of clients, whatever was expected.
        if code >= 400 && failure.is_none() {
            attributes.push(text("error.type", &code.to_string()));
            status = (ERROR, String::new());
        }
    }
    (attributes, status)
}

/// The parts of the time, one behind the other.
fn phases(trace: &mut Trace, parent: &str, at: usize, wire: &RunWire, start: u64) {
    let timing = &wire.timing;
    let mut from = start;
    for (name, took) in [
        ("lookup", timing.lookup),
        ("connect", timing.connect),
        ("tunnel", timing.tunnel),
        ("handshake", timing.tls),
        ("send", timing.send),
        ("first-byte", timing.first_byte),
        ("transfer", timing.transfer),
    ] {
        let Some(took) = took else { continue };
        let id = trace.span_id(&format!("{name} {at}"));
        let to = from.saturating_add(nanos(took));
        trace.push(name, INTERNAL, (&id, Some(parent)), (from, to), &[], (0, String::new()));
        from = to;
    }
}

/// The steps of a conversation that were reached.
fn steps(trace: &mut Trace, parent: &str, at: usize, row: &RunRow) {
    for (number_of, step) in (1_u64..).zip(&row.steps) {
        let (Some(after), Some(took)) = (step.after, step.took) else { continue };
        let id = trace.span_id(&format!("step {number_of} {at}"));
        let start = row.began.0.saturating_add(nanos(after));
        let attributes = [
            number("wirebench.step", number_of),
            text("wirebench.step.about", &step.about),
            text("wirebench.step.state", state_word(&step.state)),
        ];
        let status = match &step.state {
            StepState::Done => (OK, String::new()),
            StepState::NotMet(instead) => (ERROR, instead.clone()),
            StepState::Open | StepState::NotReached => (0, String::new()),
        };
        let name = step.about.split(' ').next().unwrap_or_default();
        let times = (start, start.saturating_add(nanos(took)));
        trace.push(name, INTERNAL, (&id, Some(parent)), times, &attributes, status);
    }
}

/// A kind of failure in one word.
fn kind_word(kind: FailureKind) -> String {
    let written = format!("{kind:?}");
    written.split('(').next().unwrap_or_default().to_ascii_lowercase()
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// Whole numbers are texts there, as 64 bits do not fit into a number of JSON.
fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// So many bytes that follow from when and where, in hex digits; never all zero.
fn hex(began: u64, place: &str, bytes: usize) -> String {
    let digest = Sha256::new().chain_update(began.to_be_bytes()).chain_update(place).finalize();
    digest.iter().take(bytes).fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
