//! What of a line of the tabs can be captured or expected: a cookie, a time, a fact of TLS, a check that was not met,
//! a line of a body that is no JSON.

use std::time::Duration;

use super::body_value::{self, ValueFound};
use super::body_view::BodyView;
use super::json_value::ValueForm;
use super::shown_exchange::ExchangeTab;
use super::tab_lines::{CONNECT_TO_PROXY, THROUGH_PROXY, TextLine, Tone};
use crate::app::as_expected;
use crate::check::{CheckReport, Expectation};
use crate::model::exchange::Exchange;
use crate::model::view::ViewMode;

/// Something that can be asked about: the field, what it shall be to be as it is, and a name for a variable of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ValueAsked {
    pub(super) of: String,
    pub(super) value: String,
    /// What captures it, where that is not the field itself, and the name of the variable.
    pub(super) captured: Option<(String, String)>,
}

impl ValueAsked {
    /// Captured under the field it is.
    pub(super) fn new(of: impl Into<String>, value: impl Into<String>) -> Self {
        ValueAsked { of: of.into(), value: value.into(), captured: None }
    }
}

/// Days that a certificate shall be good for.
const DAYS: &str = ">= 14";

/// What the line at this place of such a tab is about.
pub(super) fn of_line(
    tab: ExchangeTab,
    lines: &[TextLine],
    at: usize,
    exchange: &Exchange,
    report: Option<&CheckReport>,
) -> Option<ValueAsked> {
    let line = lines.get(at)?;
    match tab {
        ExchangeTab::Cookies => cookie(lines, at),
        ExchangeTab::Timing => timing(line, exchange),
        ExchangeTab::Tls => tls(lines, at, exchange),
        ExchangeTab::Checks => check(lines, at, report?),
        ExchangeTab::Headers
        | ExchangeTab::Events
        | ExchangeTab::Body
        | ExchangeTab::Raw
        | ExchangeTab::Other => None,
    }
}

/// The lines of a cookie of an answer begin with its name; those of a request are one each.
fn cookie(lines: &[TextLine], at: usize) -> Option<ValueAsked> {
    let before = lines.get(..=at)?;
    let head = before.iter().rposition(|line| line.tone == Tone::Heading);
    let (name, value) = match head {
        Some(head) => (lines.get(head)?.value.text.clone(), lines.get(head + 1)?),
        None => (lines.get(at)?.label.clone(), lines.get(at)?),
    };
    (!name.is_empty())
        .then(|| ValueAsked::new(format!("cookie.{name}"), as_expected::text(&value.value.text)))
}

fn timing(line: &TextLine, exchange: &Exchange) -> Option<ValueAsked> {
    let timing = &exchange.timing;
    let phase = |name: &str, took: Option<Duration>| {
        took.map(|took| ValueAsked::new(name, as_expected::time(took)))
    };
    match line.label.as_str() {
        "Name lookup" => phase("lookup", timing.lookup),
        "Connect" | CONNECT_TO_PROXY => phase("connect", timing.connect),
        THROUGH_PROXY => phase("tunnel", timing.tunnel),
        "TLS handshake" => phase("handshake", timing.tls),
        "Send request" => phase("send", timing.send),
        "Wait for first byte" => phase("first-byte", timing.first_byte),
        "Transfer" => phase("transfer", timing.transfer),
        "Total" => phase("total", Some(timing.total)),
        "URL" => Some(ValueAsked::new("url", as_expected::text(&exchange.url))),
        "Response" => {
            let length = exchange.response.as_ref()?.body.decoded_len;
            Some(ValueAsked::new("size", length.to_string()))
        }
        _ => None,
    }
}

fn tls(lines: &[TextLine], at: usize, exchange: &Exchange) -> Option<ValueAsked> {
    let facts = exchange.tls.as_deref()?;
    let line = lines.get(at)?;
    let headings = lines.get(..at)?.iter().filter(|line| line.tone == Tone::Heading).count();
    let leaf = facts.chain.first();
    let text = |name: &str, text: &str| Some(ValueAsked::new(name, as_expected::text(text)));
    match (line.label.as_str(), headings) {
        ("Version", 0) => text("tls.version", &facts.version),
        ("Cipher suite", 0) => text("tls.cipher", &facts.cipher),
        ("ALPN", 0) => text("tls.alpn", &facts.alpn),
        ("Handshake", 0) => Some(ValueAsked::new("handshake", as_expected::time(facts.handshake))),
        ("Certificate" | "Identity", 0) => {
            let is_verified = facts.unverified.is_empty() && facts.unproven.is_empty();
            Some(ValueAsked::new("tls.verified", is_verified.to_string()))
        }
        ("Subject", 1) => text("tls.subject", &leaf?.subject),
        ("Names", 1) => text("tls.name", leaf?.names.first()?),
        ("Issuer", 1) => text("tls.issuer", &leaf?.issuer),
        ("Valid until" | "Valid from" | "Left", 1) => Some(ValueAsked::new("tls.days-left", DAYS)),
        ("SHA-256", 1) => text("tls.sha256", &leaf?.sha256),
        _ => None,
    }
}

/// A check that was not met, with what came as what is wanted from now on.
fn check(lines: &[TextLine], at: usize, report: &CheckReport) -> Option<ValueAsked> {
    let before = lines.get(..=at)?;
    let head = before.iter().rev().find_map(|line| line.label.strip_prefix("✗ "))?;
    let results = report.results.iter().filter(|result| !result.is_met);
    let result = results.into_iter().find(|result| result.about == head)?;
    let candidates = [result.got.clone(), as_expected::text(&result.got)];
    let can = |value: &String| Expectation::parse(&result.about, value).is_ok();
    let value = candidates.into_iter().find(can)?;
    Some(ValueAsked::new(&result.about, value))
}

/// A line of a body that is no JSON laid out: its bytes, or its text as a part of the body.
pub(super) fn of_body(view: &BodyView) -> Option<ValueAsked> {
    let line = view.line(view.cursor())?;
    if view.mode == ViewMode::Hex {
        let (from, to) = (line.offset, line.offset + line.bytes.len() as u64);
        return Some(ValueAsked::new(format!("body[{from}:{to}]"), as_expected::hex(&line.bytes)));
    }
    let ValueFound::Text(..) = body_value::under(view, ValueForm::Json) else { return None };
    let value = as_expected::contained(&line.bytes)?;
    let captured = Some(as_expected::captured_line(&line.bytes));
    Some(ValueAsked { of: "body".to_owned(), value, captured })
}
