//! The tabs that are lists of lines: headers, cookies, timings, TLS.

use std::time::Duration;

use bytes::Bytes;

use super::check_lines::checks;
use super::event_lines::EventLines;
use super::shown_exchange::{ExchangeTab, ShownExchange};
use crate::app::format;
use crate::app::shared::Shared;
use crate::app::wrap_bytes;
use crate::codec::caching::caching;
use crate::codec::printable::{Marked, marked, printable};
use crate::codec::server_timing::metrics;
use crate::model::cookie::CookieFacts;
use crate::model::counts::counted;
use crate::model::exchange::{Exchange, FieldLine, Head, HttpMessage, MessageFraming};
use crate::model::timing::{Stamp, Timing};
use crate::model::tls::{CertificateFacts, TlsFacts};

/// What a line is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Label and value.
    Pair,
    /// A start line or heading.
    Heading,
    Dim,
    Warning,
    Failure,
}

/// One line of such a tab; both texts are printable.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLine {
    pub label: String,
    pub value: Marked,
    pub tone: Tone,
    /// A stretch of the whole time, as parts of one.
    pub bar: Option<(f64, f64)>,
}

impl TextLine {
    /// A line without a bar.
    pub(super) fn new(tone: Tone, label: impl Into<String>, value: impl Into<Marked>) -> Self {
        TextLine { label: label.into(), value: value.into(), tone, bar: None }
    }

    /// Whether there is something on it.
    pub(super) fn is_filled(&self) -> bool {
        !self.value.text.is_empty()
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        if self.label.is_empty() { "line".to_owned() } else { self.label.clone() }
    }

    /// A label with its value.
    pub(super) fn pair(label: &str, value: impl Into<Marked>) -> Self {
        TextLine::new(Tone::Pair, label, value)
    }
}

/// A line before it is made into text.
enum LineSource<'a> {
    Start(&'a Head),
    Field(&'a FieldLine),
    /// Between the parts; nothing for a gap.
    Heading(&'static str),
    Warning(&'a str),
    /// What it means, under this label.
    Told(&'static str, String),
}

/// Bytes of a value that are measured at most.
const WIDEST: usize = 16 * 1024;

/// A tab of lines. Only the lines on screen are made.
#[derive(Debug, Clone, Copy)]
pub struct TabLines<'a> {
    pub(super) shown: ShownExchange<'a>,
    pub(super) tab: ExchangeTab,
    /// For the time of day.
    pub(super) shared: &'a Shared,
}

impl<'a> TabLines<'a> {
    /// The events, if it is a stream of them.
    pub(super) fn events(self) -> Option<EventLines<'a>> {
        let ShownExchange { exchange, stream, opened, .. } = self.shown;
        stream.map(|log| EventLines { log, exchange, opened })
    }

    /// Number of lines.
    pub fn count(self) -> usize {
        match self.tab {
            ExchangeTab::Headers => headers(self.shown).count(),
            ExchangeTab::Events => self.events().map_or(0, EventLines::count),
            _ => self.some(0, usize::MAX, usize::MAX).len(),
        }
    }

    /// So many lines, after the first `skip`; values are cut after `reach` bytes.
    pub fn some(self, skip: usize, take: usize, reach: usize) -> Vec<TextLine> {
        let lines = match self.tab {
            ExchangeTab::Headers => {
                let sources = headers(self.shown).skip(skip).take(take);
                return sources.map(|source| header_line(&source, reach)).collect();
            }
            ExchangeTab::Cookies => {
                self.shown.message().map(|message| cookies(message, self.shown.exchange))
            }
            ExchangeTab::Events => {
                let lines = self.events().map(|events| events.some(skip, take, reach));
                return lines.unwrap_or_default();
            }
            ExchangeTab::Checks => self.shown.report.map(|report| checks(report, self)),
            ExchangeTab::Timing => Some(timing(self.shown.exchange, self.shared)),
            ExchangeTab::Tls => {
                let now = self.shared.wall_clock.at(self.shared.now);
                self.shown.exchange.tls.as_deref().map(|facts| tls(facts, now))
            }
            ExchangeTab::Body | ExchangeTab::Raw | ExchangeTab::Other => None,
        };
        lines.unwrap_or_default().into_iter().skip(skip).take(take).collect()
    }

    /// What all of it is called.
    pub(super) fn name(self) -> &'static str {
        match self.tab {
            ExchangeTab::Headers => "headers",
            ExchangeTab::Cookies => "cookies",
            ExchangeTab::Checks => "checks",
            ExchangeTab::Events => "events",
            ExchangeTab::Timing => "timing",
            ExchangeTab::Tls => "TLS facts",
            ExchangeTab::Body | ExchangeTab::Raw | ExchangeTab::Other => "lines",
        }
    }

    /// Cells of the longest value of so many lines.
    pub(super) fn widest(self, skip: usize, take: usize) -> usize {
        let lines = self.some(skip, take, WIDEST).into_iter();
        lines.map(|line| wrap_bytes::cells(&line.value.text)).max().unwrap_or(0)
    }

    /// Every line, as text for the clipboard.
    pub fn text(self) -> String {
        let line = |line: TextLine| match (line.label.is_empty(), line.tone) {
            (true, _) => line.value.text,
            (false, Tone::Pair) => format!("{}: {}", line.label, line.value.text),
            (false, _) => format!("{} {}", line.label, line.value.text),
        };
        let lines = self.some(0, usize::MAX, usize::MAX).into_iter().map(line);
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn headers(shown: ShownExchange<'_>) -> impl Iterator<Item = LineSource<'_>> {
    let exchange = shown.exchange;
    let message = shown.message().into_iter().flat_map(|message| {
        let trailers = &message.body.trailers;
        head(&message.head)
            .chain(heading("Trailers, after the body", !trailers.is_empty()))
            .chain(trailers.iter().map(LineSource::Field))
    });
    let interim = exchange.interim.iter().flat_map(|interim| {
        heading("Interim response, before the final one", true).chain(head(interim))
    });
    message
        .chain(interim)
        .chain(heading("Oddities", !exchange.warnings.is_empty()))
        .chain(exchange.warnings.iter().map(|warning| LineSource::Warning(warning)))
        .chain(heading("Contract", exchange.contract.is_some()))
        .chain(contract(exchange).map(LineSource::Warning))
        .chain(keeping(exchange))
}

/// What the fields of the answer say about keeping it.
fn keeping(exchange: &Exchange) -> impl Iterator<Item = LineSource<'_>> {
    let response = exchange.response.as_ref().map(|response| &response.head);
    let told = response.map(|head| caching(&exchange.request.head, head)).unwrap_or_default();
    let lines = told.into_iter().map(|(label, words)| LineSource::Told(label, words));
    heading("Caching", lines.len() > 0).chain(lines)
}

/// What differs from the contract, and what of it was not looked at.
fn contract(exchange: &Exchange) -> impl Iterator<Item = &str> {
    let contract = exchange.contract.as_deref().into_iter();
    contract.flat_map(|it| it.told().chain(it.unchecked.iter().map(String::as_str)))
}

fn head(head: &Head) -> impl Iterator<Item = LineSource<'_>> {
    std::iter::once(LineSource::Start(head)).chain(head.fields.iter().map(LineSource::Field))
}

/// A gap and a heading, if there is something below it.
fn heading<'a>(title: &'static str, is_needed: bool) -> impl Iterator<Item = LineSource<'a>> {
    ["", title].into_iter().filter(move |_| is_needed).map(LineSource::Heading)
}

fn header_line(source: &LineSource<'_>, reach: usize) -> TextLine {
    match source {
        LineSource::Start(head) => {
            let line = head.raw.split(|b| *b == b'\n').next().unwrap_or_default();
            TextLine::new(Tone::Heading, "", cut(line.strip_suffix(b"\r").unwrap_or(line), reach))
        }
        LineSource::Field(field) => {
            TextLine::pair(&cut(&field.name, reach).text, cut(&field.value, reach))
        }
        LineSource::Heading(title) => TextLine::new(Tone::Dim, "", *title),
        LineSource::Told(label, words) => TextLine::pair(label, cut(words.as_bytes(), reach)),
        LineSource::Warning(text) => TextLine::new(Tone::Warning, "", cut(text.as_bytes(), reach)),
    }
}

fn cut(bytes: &[u8], reach: usize) -> Marked {
    marked(bytes.get(..reach).unwrap_or(bytes))
}

/// What connecting is called where it leads to a proxy, and the time until that had connected on.
pub(super) const CONNECT_TO_PROXY: &str = "Connect to proxy";
pub(super) const THROUGH_PROXY: &str = "Tunnel of proxy";

/// One bar for each phase, then sizes and addresses.
fn timing(exchange: &Exchange, shared: &Shared) -> Vec<TextLine> {
    let Timing { lookup, connect, tunnel, tls, send, first_byte, transfer, total } =
        exchange.timing;
    let is_proxied = exchange.proxy.is_some();
    let phases = [
        ("Name lookup", lookup),
        (if is_proxied { CONNECT_TO_PROXY } else { "Connect" }, connect),
        (THROUGH_PROXY, tunnel),
        ("TLS handshake", tls),
        ("Send request", send),
        ("Wait for first byte", first_byte),
        ("Transfer", transfer),
    ];
    let sum: Duration = phases.iter().filter_map(|(_, took)| *took).sum();
    let whole = total.max(sum).as_secs_f64();
    let part = |took: Duration| if whole > 0.0 { took.as_secs_f64() / whole } else { 0.0 };
    let mut lines = Vec::new();
    let mut start = 0.0;
    for (label, took) in phases {
        if took.is_none() && label == THROUGH_PROXY {
            continue;
        }
        let Some(took) = took else {
            lines.push(TextLine::new(Tone::Dim, label, "–"));
            continue;
        };
        let end = start + part(took);
        let bar = Some((start, end));
        lines.push(TextLine { bar, ..TextLine::pair(label, format::duration(took)) });
        start = end;
    }
    let bar = Some((0.0, 1.0));
    lines.push(TextLine { bar, ..TextLine::pair("Total", format::duration(total.max(sum))) });
    measured(&mut lines, exchange, whole);
    lines.push(TextLine::new(Tone::Dim, "", ""));
    lines.push(TextLine::pair("Started", shared.time_of_day(exchange.started)));
    for (label, address) in [("Our address", &exchange.local), ("Peer", &exchange.peer)] {
        if let Some(address) = address {
            lines.push(TextLine::pair(label, address.to_string()));
        }
    }
    if let Some(proxy) = &exchange.proxy {
        lines.push(TextLine::pair("Through proxy", marked(proxy.as_bytes())));
    }
    lines.push(TextLine::pair("URL", marked(exchange.url.as_bytes())));
    sizes(&mut lines, "Request", &exchange.request);
    if let Some(response) = &exchange.response {
        sizes(&mut lines, "Response", response);
    }
    lines
}

/// What the server says it measured (`Server-Timing`), each as a part of the whole time: when it began, it does not say.
fn measured(lines: &mut Vec<TextLine>, exchange: &Exchange, whole: f64) {
    let fields =
        exchange.response.iter().flat_map(|it| it.head.fields.iter().chain(&it.body.trailers));
    let said = fields.filter(|field| field.name.eq_ignore_ascii_case(b"server-timing"));
    let metrics = metrics(said.map(|field| &*field.value));
    if metrics.is_empty() {
        return;
    }
    lines.push(TextLine::new(Tone::Dim, "", ""));
    for metric in metrics {
        let label = format!("Server: {}", printable(metric.name.as_bytes()));
        let description = printable(metric.description.as_bytes());
        let value = metric.took.map(format::duration).unwrap_or_default();
        let part = metric.took.filter(|_| whole > 0.0).map(|took| took.as_secs_f64() / whole);
        let bar = part.map(|part| (0.0, part.min(1.0)));
        lines.push(TextLine { bar, ..TextLine::pair(&label, value) });
        // Beside a bar there is no room for words.
        if !description.is_empty() {
            lines.push(TextLine::new(Tone::Dim, "", description));
        }
    }
}

fn sizes(lines: &mut Vec<TextLine>, label: &str, message: &HttpMessage) {
    let body = &message.body;
    let framing = match body.framing {
        MessageFraming::None => "no body".to_owned(),
        MessageFraming::Length(length) => format!("Content-Length {}", format::count(length)),
        MessageFraming::Chunked => "chunked".to_owned(),
        MessageFraming::UntilClose => "until the connection closes".to_owned(),
        MessageFraming::UntilStreamEnd => "until the stream ends".to_owned(),
    };
    let mut text = format!(
        "head {} B, body {} B on the wire ({framing})",
        format::count(message.head.raw.len() as u64),
        format::count(body.encoded_len),
    );
    if !body.codings.is_empty() {
        let codings = printable(body.codings.join(", ").as_bytes());
        let decoded = format::count(body.decoded_len);
        text = format!("{text}, {decoded} B decoded from {codings}");
    }
    lines.push(TextLine::pair(label, text));
}

fn tls(facts: &TlsFacts, now: Stamp) -> Vec<TextLine> {
    let mut lines = known(&[
        ("Version", &facts.version),
        ("Cipher suite", &facts.cipher),
        ("Key exchange", &facts.group),
        ("ALPN", &facts.alpn),
        ("Server name", &facts.sni),
        ("Handshake", &format::duration(facts.handshake)),
    ]);
    if facts.unverified.is_empty() {
        lines.push(TextLine::pair("Certificate", "verified"));
    } else {
        let text = format!("NOT verified: {}", printable(facts.unverified.as_bytes()));
        lines.push(TextLine::new(Tone::Failure, "Certificate", text));
    }
    if !facts.unproven.is_empty() {
        lines.push(TextLine::new(
            Tone::Failure,
            "Identity",
            format!("unproven: {}", facts.unproven),
        ));
    }
    if let Some(own) = &facts.shown {
        let text = format!("shown to the server: {}", printable(own.subject.as_bytes()));
        lines.push(TextLine::pair("Our certificate", text));
    } else if facts.wants_certificate {
        let text = "the server asked for one, and none was shown";
        lines.push(TextLine::pair("Our certificate", text));
    }
    for (at, certificate) in facts.chain.iter().enumerate() {
        let title = if at == 0 { "Leaf".to_owned() } else { format!("Issuer {at}") };
        lines.push(TextLine::new(Tone::Dim, "", ""));
        lines.push(TextLine::new(Tone::Heading, "", title));
        lines.extend(known(&[
            ("Subject", &certificate.subject),
            ("Names", &certificate.names.join(", ")),
            ("Issuer", &certificate.issuer),
            ("Valid from", &certificate.not_before),
            ("Valid until", &certificate.not_after),
            ("Left", &left(certificate, now)),
            ("Serial", &certificate.serial),
            ("SHA-256", &certificate.sha256),
        ]));
    }
    lines
}

/// How long a certificate is valid from now on.
fn left(certificate: &CertificateFacts, now: Stamp) -> String {
    match certificate.days_left(now) {
        None => String::new(),
        Some(0) => "less than a day, or it has ended".to_owned(),
        Some(days) => counted(days, "day"),
    }
}

/// The facts that are known.
fn known(facts: &[(&str, &str)]) -> Vec<TextLine> {
    let known = facts.iter().filter(|(_, value)| !value.is_empty());
    known.map(|(label, value)| TextLine::pair(label, marked(value.as_bytes()))).collect()
}

/// Which cookies of the jar went along, then those of the message with their attributes (RFC 6265, section 5.2) and what became
/// of them.
fn cookies(message: &HttpMessage, exchange: &Exchange) -> Vec<TextLine> {
    let along = exchange.cookies.as_deref().into_iter().flat_map(jar_words);
    let mut lines: Vec<_> = along.map(|words| TextLine::new(Tone::Dim, "", words)).collect();
    let outcomes = exchange.cookies.iter().flat_map(|facts| &facts.lines);
    let outcomes = outcomes.map(Some).chain(std::iter::repeat(None));
    for (value, outcome) in message.head.all("set-cookie").zip(outcomes) {
        if !lines.is_empty() {
            lines.push(TextLine::new(Tone::Dim, "", ""));
        }
        let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let (name, content) = cookie(parts.next().unwrap_or_default());
        lines.push(TextLine::new(Tone::Heading, "", name));
        lines.push(TextLine::pair("value", content));
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, content) = cookie(part);
            // Secure and HttpOnly stand alone.
            let content = if part.contains(&b'=') { content } else { "yes".into() };
            lines.push(TextLine::pair(&name, content));
        }
        if let Some(outcome) = outcome {
            let tone = if outcome.is_taken { Tone::Dim } else { Tone::Warning };
            lines.push(TextLine::new(tone, "", &*outcome.words));
        }
    }
    for value in message.head.all("cookie") {
        let parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, content) = cookie(part);
            lines.push(TextLine::pair(&name, content));
        }
    }
    lines
}

/// Which cookies of a request are of the jar, and which stayed there.
fn jar_words(facts: &CookieFacts) -> impl Iterator<Item = String> {
    let names = |names: &mut dyn Iterator<Item = &Bytes>| {
        names.map(|name| printable(name)).collect::<Vec<_>>().join(", ")
    };
    let sent = names(&mut facts.sent.iter().map(|key| &key.name));
    let kept_back = names(&mut facts.kept_back.iter());
    let sent = (!facts.sent.is_empty()).then(|| format!("went along from the jar: {sent}"));
    let kept_back = (!kept_back.is_empty())
        .then(|| format!("stayed in the jar, as the request has its own: {kept_back}"));
    sent.into_iter().chain(kept_back)
}

/// Name and value, printable.
fn cookie(part: &[u8]) -> (String, Marked) {
    let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
    let (name, value) = part.split_at_checked(at).unwrap_or((part, b""));
    let value = value.strip_prefix(b"=").unwrap_or(value);
    (printable(name.trim_ascii()), marked(value.trim_ascii()))
}
