//! `send` over HTTP: prints the response as it arrives.
//!
//! Of redirect hops only the last response is printed (all of them as JSON Lines). To a pipe the
//! body goes as its bytes; on a terminal it is text made printable, JSON laid out.

use bytes::Bytes;

use crate::args;
use crate::cli::exit;
use crate::cli::headless::Headless;
use crate::cli::output::{self, Output, Style};
use crate::cli::text::TextStream;
use crate::codec::content_coding::ContentDecoder;
use crate::engine::event::Event;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::BodyId;
use crate::model::plan::{Plan, PlanBody};
use crate::model::view::{View, ViewMode, ViewPart, ViewQuery};

/// Read from a body at a time.
const PIECE: usize = 256 * 1024;
/// Lines of a laid-out body asked for at a time.
const LINES: u16 = 1000;

/// A body that is no text of a preset: sent as it is, no templates in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawBody {
    pub(super) bytes: Bytes,
    /// Sent unless a header says otherwise.
    pub(super) content_type: Option<String>,
}

/// What has been printed of the response.
struct ResponsePrinter<'a> {
    output: &'a mut Output,
    redirects: bool,
    last: Option<Box<Exchange>>,
    /// The exchange whose head is printed.
    begun: Option<u32>,
    /// Bytes of its body printed so far.
    printed: u64,
    text: TextStream,
    binary: bool,
}

/// Puts a raw body into a planned request, with its length and type.
pub(super) fn set_body(plan: &mut Plan, raw: RawBody) {
    let Some(plan) = plan.as_http_mut() else { return };
    let length = raw.bytes.len().to_string();
    plan.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    let typed = plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(content_type) = raw.content_type.filter(|_| !typed) {
        plan.headers.push(("Content-Type".into(), content_type));
    }
    plan.headers.push(("Content-Length".into(), length));
    plan.body = PlanBody::Bytes(raw.bytes);
}

/// Sends and prints; returns the exit status.
pub(super) async fn run(
    arguments: &args::Send,
    plan: Plan,
    headless: &mut Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let redirects = plan.as_http().is_some_and(|plan| plan.redirects > 0);
    let mut printer = ResponsePrinter {
        output,
        redirects,
        last: None,
        begun: None,
        printed: 0,
        text: TextStream::new(),
        binary: false,
    };
    headless.open(plan)?;
    loop {
        printer.output.ready().await?;
        match headless.next_event().await {
            Some(Event::Exchange(exchange)) => printer.on_exchange(exchange, headless).await?,
            Some(Event::Progress { .. }) => printer.print_body(headless).await?,
            Some(Event::Done { outcome, .. }) => {
                printer.finish(headless).await?;
                outcome?;
                printer.undecoded()?;
                return Ok(printer.status(arguments));
            }
            Some(_) => {}
            None => return Ok(exit::OK),
        }
    }
}

impl ResponsePrinter<'_> {
    async fn on_exchange(
        &mut self,
        exchange: Box<Exchange>,
        headless: &Headless,
    ) -> Result<(), Failure> {
        if self.output.style == Style::Json && exchange.state != ExchangeState::Active {
            self.output.json(&headless.exchange_line(&exchange));
        }
        self.last = Some(exchange);
        self.print_body(headless).await
    }

    /// Whether a further hop may follow, so that this response is not the answer.
    fn may_redirect(&self, response: &HttpMessage) -> bool {
        let status = response.head.status().unwrap_or_default();
        self.redirects
            && matches!(status, 301 | 302 | 303 | 307 | 308)
            && response.head.field("location").is_some()
    }

    /// Prints what has arrived, unless it cannot be printed yet.
    async fn print_body(&mut self, headless: &Headless) -> Result<(), Failure> {
        let Some(last) = &self.last else { return Ok(()) };
        let Some(response) = &last.response else { return Ok(()) };
        let laid_out = self.output.style == Style::Text && is_json(response);
        if self.output.style == Style::Json || self.may_redirect(response) || laid_out {
            return Ok(());
        }
        self.print_now(headless).await
    }

    async fn print_now(&mut self, headless: &Headless) -> Result<(), Failure> {
        let Some((number, body)) = self.begin() else { return Ok(()) };
        debug_assert_eq!(self.begun, Some(number), "the head comes first");
        loop {
            self.output.ready().await?;
            let bytes = headless.read_body(body, self.printed, PIECE)?;
            if bytes.is_empty() || self.binary {
                return Ok(());
            }
            if self.printed == 0 && self.output.style == Style::Text && bytes.contains(&0) {
                self.binary = true;
                self.output.line(
                    "(a binary body; --raw prints its bytes, for a file or another program)",
                );
                return Ok(());
            }
            self.printed += bytes.len() as u64;
            match self.output.style {
                Style::Text => {
                    let text = self.text.push(&bytes);
                    self.output.safe(&text);
                }
                Style::Raw => self.output.raw(&bytes),
                Style::Json => {}
            }
        }
    }

    /// Prints the head of the last response once; returns its number and body.
    fn begin(&mut self) -> Option<(u32, BodyId)> {
        let last = self.last.as_ref()?;
        let response = last.response.as_ref()?;
        let found = (last.number, response.body.id);
        if self.begun != Some(last.number) {
            self.begun = Some(last.number);
            self.printed = 0;
            if self.output.style == Style::Text {
                let head = response.head.raw.clone();
                self.output.text(&head);
            }
        }
        Some(found)
    }

    /// The session is over: prints the rest of the last response.
    async fn finish(&mut self, headless: &mut Headless) -> Result<(), Failure> {
        if self.output.style == Style::Json {
            return Ok(());
        }
        let laid_out =
            self.last.as_ref().and_then(|last| last.response.as_ref()).is_some_and(is_json);
        if self.output.style == Style::Text && laid_out && self.begun.is_none() {
            if let Some((_, body)) = self.begin() {
                self.print_laid_out(body, headless).await?;
            }
        } else {
            self.print_now(headless).await?;
        }
        let rest = self.text.finish();
        self.output.safe(&rest);
        for warning in self.last.iter().flat_map(|last| &last.warnings) {
            output::note(warning);
        }
        Ok(())
    }

    /// JSON in lines, as the viewer of the workbench lays it out.
    async fn print_laid_out(
        &mut self,
        body: BodyId,
        headless: &mut Headless,
    ) -> Result<(), Failure> {
        let mut top = 0;
        loop {
            let query = ViewQuery {
                body,
                part: ViewPart::Decoded,
                mode: ViewMode::Pretty,
                top,
                rows: LINES,
            };
            self.output.ready().await?;
            headless.engine.view(query.clone())?;
            let Some(view) = next_view(headless, &query).await else { return Ok(()) };
            // Past the end the last lines come again.
            let fresh = view.lines.iter().skip(top.saturating_sub(view.top) as usize);
            let mut count = 0;
            for (index, line) in fresh.enumerate() {
                let breaks = if line.continued || top + (index as u64) == 0 { "" } else { "\n" };
                let indent = if line.continued { 0 } else { usize::from(line.indent) };
                let text = crate::codec::printable::printable(&line.bytes);
                self.output.safe(&format!("{breaks}{:indent$}{text}", ""));
                count += 1;
            }
            top += count;
            if count == 0 || (view.complete && top >= view.total_lines) {
                self.output.safe("\n");
                return Ok(());
            }
        }
    }

    /// A body that was not decoded to its end is no success; one in a coding nobody here knows is
    /// printed as it came, with a remark.
    fn undecoded(&self) -> Result<(), Failure> {
        let Some(last) = &self.last else { return Ok(()) };
        let Some(body) = last.response.as_ref().map(|response| &response.body) else {
            return Ok(());
        };
        let Some(error) = &body.decode_error else { return Ok(()) };
        if ContentDecoder::new(&body.codings, std::iter::empty()).is_err() {
            output::note(&format!("{error}; the body is printed as it came"));
            return Ok(());
        }
        Err(Failure::new(Stage::Body, &*last.url, FailureKind::Malformed, error.as_str())
            .hint(format!("{} bytes were decoded before", body.decoded_len)))
    }

    fn status(&self, arguments: &args::Send) -> u8 {
        let status = self
            .last
            .as_ref()
            .and_then(|last| last.response.as_ref())
            .and_then(|response| response.head.status());
        match status {
            Some(400..) if arguments.check_status => exit::NOT_MET,
            _ => exit::OK,
        }
    }
}

fn is_json(response: &HttpMessage) -> bool {
    response.head.field("content-type").is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        memchr::memmem::find(&value, b"json").is_some()
            && memchr::memmem::find(&value, b"ndjson").is_none()
    })
}

async fn next_view(headless: &mut Headless, query: &ViewQuery) -> Option<Box<View>> {
    loop {
        match headless.events.urgent.recv().await? {
            Event::View(view) if view.query == *query => return Some(view),
            _ => {}
        }
    }
}
