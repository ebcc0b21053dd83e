//! The tabs that are lists of lines: headers, cookies, timings, TLS. Only the lines on screen are made.

use std::time::Duration;

use super::body::BodyView;
use super::exchange::{ExchangeTab, message, shown, tab};
use super::{cookies, kind, place};
use crate::app::format;
use crate::app::state::App;
use crate::codec::hex;
use crate::codec::printable::{Marked, marked, printable};
use crate::model::exchange::{Exchange, FieldLine, Head, HttpMessage, MessageFraming};
use crate::model::timing::Timing;
use crate::model::tls::TlsFacts;
use crate::model::view::ViewMode;

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
    pub(super) fn new(tone: Tone, label: impl Into<String>, value: impl Into<Marked>) -> Self {
        TextLine { label: label.into(), value: value.into(), tone, bar: None }
    }

    pub(super) fn pair(label: &str, value: impl Into<Marked>) -> Self {
        TextLine::new(Tone::Pair, label, value)
    }
}

/// A line before it is made into text.
enum LineSource<'a> {
    Start(&'a Head),
    Field(&'a FieldLine),
    Heading(&'static str),
    Gap,
    Warning(&'a str),
}

/// Number of lines of the tab shown.
pub fn count(app: &App) -> usize {
    match (tab(app), shown(app)) {
        (ExchangeTab::Headers, Some(exchange)) => headers(app, exchange).count(),
        (ExchangeTab::Cookies, Some(exchange)) => {
            message(exchange, kind(app)).map_or(0, |message| cookies::lines(message).len())
        }
        (ExchangeTab::Timing, Some(exchange)) => timing(app, exchange).len(),
        (ExchangeTab::Tls, Some(exchange)) => {
            exchange.tls.as_ref().map_or(0, |facts| tls(facts).len())
        }
        _ => 0,
    }
}

/// The lines on screen; values are cut after `reach` bytes.
pub fn visible(app: &App, height: usize, reach: usize) -> Vec<TextLine> {
    let skip = place(app).map_or(0, |place| place.scroll);
    some(app, skip, height, reach)
}

/// Every line, as text for the clipboard.
pub fn all(app: &App) -> Vec<String> {
    let line = |line: TextLine| match (line.label.is_empty(), line.tone) {
        (true, _) => line.value.text,
        (false, Tone::Pair) => format!("{}: {}", line.label, line.value.text),
        (false, _) => format!("{} {}", line.label, line.value.text),
    };
    some(app, 0, usize::MAX, usize::MAX).into_iter().map(line).collect()
}

fn some(app: &App, skip: usize, take: usize, reach: usize) -> Vec<TextLine> {
    let Some(exchange) = shown(app) else { return Vec::new() };
    match tab(app) {
        ExchangeTab::Headers => {
            let sources = headers(app, exchange).skip(skip).take(take);
            sources.map(|source| header_line(&source, reach)).collect()
        }
        ExchangeTab::Cookies => {
            let lines = message(exchange, kind(app)).map_or_else(Vec::new, cookies::lines);
            lines.into_iter().skip(skip).take(take).collect()
        }
        ExchangeTab::Timing => timing(app, exchange).into_iter().skip(skip).take(take).collect(),
        ExchangeTab::Tls => {
            let facts = exchange.tls.as_ref();
            facts.map_or_else(Vec::new, |f| tls(f).into_iter().skip(skip).take(take).collect())
        }
        _ => Vec::new(),
    }
}

fn headers<'a>(app: &App, exchange: &'a Exchange) -> impl Iterator<Item = LineSource<'a>> {
    let message = message(exchange, kind(app));
    let head = message.into_iter().flat_map(|message| {
        let trailers = &message.body.trailers;
        let title =
            (!trailers.is_empty()).then_some(LineSource::Heading("Trailers, after the body"));
        std::iter::once(LineSource::Start(&message.head))
            .chain(message.head.fields.iter().map(LineSource::Field))
            .chain(title.into_iter().flat_map(|title| [LineSource::Gap, title]))
            .chain(trailers.iter().map(LineSource::Field))
    });
    let interim = exchange.interim.iter().flat_map(|head| {
        [LineSource::Gap, LineSource::Heading("Interim response, before the final one")]
            .into_iter()
            .chain([LineSource::Start(head)])
            .chain(head.fields.iter().map(LineSource::Field))
    });
    let odd = (!exchange.warnings.is_empty()).then_some(LineSource::Heading("Oddities"));
    let warnings = exchange.warnings.iter().map(|warning| LineSource::Warning(warning));
    head.chain(interim)
        .chain(odd.into_iter().flat_map(|title| [LineSource::Gap, title]))
        .chain(warnings)
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
        LineSource::Gap => TextLine::new(Tone::Dim, "", ""),
        LineSource::Warning(text) => TextLine::new(Tone::Warning, "", cut(text.as_bytes(), reach)),
    }
}

fn cut(bytes: &[u8], reach: usize) -> Marked {
    marked(bytes.get(..reach).unwrap_or(bytes))
}

/// One bar for each phase, then sizes and addresses.
fn timing(app: &App, exchange: &Exchange) -> Vec<TextLine> {
    let Timing { lookup, connect, tls, send, first_byte, transfer, total } = exchange.timing;
    let phases = [
        ("Name lookup", lookup),
        ("Connect", connect),
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
        let Some(took) = took else {
            lines.push(TextLine::new(Tone::Dim, label, "–"));
            continue;
        };
        let end = start + part(took);
        let bar = Some((start, end));
        lines.push(TextLine { bar, ..TextLine::pair(label, format::took(took)) });
        start = end;
    }
    let bar = Some((0.0, 1.0));
    lines.push(TextLine { bar, ..TextLine::pair("Total", format::took(total.max(sum))) });
    lines.push(TextLine::new(Tone::Dim, "", ""));
    lines.push(TextLine::pair("Started", format::clock(exchange.started, app.shared.utc_offset)));
    for (label, address) in [("Our address", exchange.local), ("Peer", exchange.peer)] {
        if let Some(address) = address {
            lines.push(TextLine::pair(label, address.to_string()));
        }
    }
    lines.push(TextLine::pair("URL", marked(exchange.url.as_bytes())));
    sizes(&mut lines, "Request", &exchange.request);
    if let Some(response) = &exchange.response {
        sizes(&mut lines, "Response", response);
    }
    lines
}

fn sizes(lines: &mut Vec<TextLine>, label: &str, message: &HttpMessage) {
    let body = &message.body;
    let framing = match body.framing {
        MessageFraming::None => "no body".to_owned(),
        MessageFraming::Length(length) => format!("Content-Length {}", format::count(length)),
        MessageFraming::Chunked => "chunked".to_owned(),
        MessageFraming::UntilClose => "until the connection closes".to_owned(),
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

fn tls(facts: &TlsFacts) -> Vec<TextLine> {
    let mut lines = Vec::new();
    let mut pair = |label: &str, value: &str| {
        if !value.is_empty() {
            lines.push(TextLine::pair(label, marked(value.as_bytes())));
        }
    };
    pair("Version", &facts.version);
    pair("Cipher suite", &facts.cipher);
    pair("Key exchange", &facts.group);
    pair("ALPN", &facts.alpn);
    pair("Server name", &facts.sni);
    pair("Handshake", &format::took(facts.handshake));
    if facts.unverified.is_empty() {
        pair("Certificate", "verified");
    } else {
        let text = format!("NOT verified: {}", printable(facts.unverified.as_bytes()));
        lines.push(TextLine::new(Tone::Failure, "Certificate", text));
    }
    for (at, certificate) in facts.chain.iter().enumerate() {
        let title = if at == 0 { "Leaf".to_owned() } else { format!("Issuer {at}") };
        lines.push(TextLine::new(Tone::Dim, "", ""));
        lines.push(TextLine::new(Tone::Heading, "", title));
        let names = certificate.names.join(", ");
        for (label, value) in [
            ("Subject", &certificate.subject),
            ("Names", &names),
            ("Issuer", &certificate.issuer),
            ("Valid from", &certificate.not_before),
            ("Valid until", &certificate.not_after),
            ("Serial", &certificate.serial),
            ("SHA-256", &certificate.sha256),
        ] {
            if !value.is_empty() {
                lines.push(TextLine::pair(label, marked(value.as_bytes())));
            }
        }
    }
    lines
}

/// The lines of a body that are on screen, as text.
pub fn of_body(view: &BodyView, height: usize) -> String {
    let (lines, _) = view.shown();
    let mut text = String::new();
    for (at, line) in lines.take(height).enumerate() {
        if view.mode == ViewMode::Hex {
            text += &hex::dump_line(line.offset, &line.bytes);
            text.push('\n');
            continue;
        }
        if at > 0 && !line.continued {
            text.push('\n');
        }
        text += &" ".repeat(line.indent.into());
        text += &printable(&line.bytes);
    }
    text
}
