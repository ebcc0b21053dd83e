//! `send` over HTTP: prints the response as it arrives.
//!
//! Of redirect hops only the last response is printed (all of them as JSON Lines). To a pipe the
//! body goes as its bytes; on a terminal it is text made printable, JSON laid out.

use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::body_printer::{BodyPrinter, PIECE};
use super::checked::Checking;
use super::filtered::ResultPrinter;
use crate::args::{self, Parts};
use crate::cli::download::Download;
use crate::cli::exit;
use crate::cli::headless::{Headless, SESSION};
use crate::cli::output::{self, Output, Style};
use crate::cli::stdin::StdinBody;
use crate::codec::event_stream::is_event_stream;
use crate::compose::http::{has_no_type, put_body};
use crate::console;
use crate::engine::event::Event;
use crate::interop::ndjson_events::{event_row, stream_event};
use crate::model::counts::counted_were;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{Plan, PlanBody};
use crate::model::secrets::Disclosure;
use crate::model::session_outcome::SessionOutcome;
use crate::model::stream_event::StreamEvent;
use crate::model::timing::Timing;
use crate::model::transfer::RETRIED;
use crate::named_file;

/// Where things are printed.
pub(in crate::cli) struct Printing {
    /// Bodies, and all else unless there is an `aside`.
    pub(in crate::cli) output: Output,
    /// Heads and what else is asked for, where bodies go to a file.
    pub(in crate::cli) aside: Option<Output>,
    pub(in crate::cli) download: Option<Download>,
}

/// What has been printed of the exchanges of a session.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct ExchangePrinter<'a> {
    to: &'a mut Printing,
    parts: Parts,
    /// Every hop is printed, not only the last.
    all_hops: bool,
    redirects: bool,
    /// It may be tried again.
    retries: bool,
    last: Option<Box<Exchange>>,
    /// Exchanges whose request's head, request's body, response's head and response's body are
    /// printed; the last of each.
    done: [Option<u32>; 4],
    /// The body of the response in the making.
    body: Option<BodyPrinter>,
    /// A body was printed, and something else follows.
    separates: bool,
    /// A body that did not go out as a whole, and no later hop sent.
    unsent: Option<String>,
    /// Events of a stream are printed as rows, and not its body.
    rows: bool,
    /// What is told of heads.
    told: Disclosure,
    /// What is printed of bodies of answers is what this jq filter gives.
    jq: Option<ResultPrinter<'a>>,
}

/// Places in `ExchangePrinter::done`.
const REQUEST_HEAD: usize = 0;
const REQUEST_BODY: usize = 1;
const RESPONSE_HEAD: usize = 2;
const RESPONSE_BODY: usize = 3;

impl Printing {
    /// The parts that are printed: those asked for, else those of the style.
    fn parts(&self, arguments: &args::Send) -> Parts {
        // How it looks (--pretty) does not say what is printed: a pipe gets the body.
        let is_named = Style::asked_for(&arguments.common) == Some(Style::Text);
        let is_looked_at = is_named || console::output_is_terminal();
        let is_text = self.output.style == Style::Text && self.aside.is_none();
        let head = is_text && is_looked_at && arguments.printing.jq.is_none();
        let usual = Parts { head, body: true, ..Parts::default() };
        let asked = arguments.printing.parts().unwrap_or(usual);
        // What was to be kept is kept, whatever is looked at.
        Parts { body: asked.body || self.aside.is_some(), ..asked }
    }

    /// Whether events of a stream are printed as rows: where people look at them, or that was asked for.
    fn prints_rows(&self, arguments: &args::Send) -> bool {
        let is_text = self.output.style == Style::Text && self.aside.is_none();
        let is_looked_at = is_text && console::output_is_terminal();
        arguments.printing.events || (is_looked_at && arguments.printing.jq.is_none())
    }

    /// Where heads go.
    fn heads(&mut self) -> &mut Output {
        self.aside.as_mut().unwrap_or(&mut self.output)
    }
}

/// Puts a body that is no text of a preset (sent as it is, no templates in it) into a planned
/// request, with its type where it is seen.
pub(super) async fn set_body(plan: &mut Plan, body: &StdinBody) {
    let Some(plan) = plan.as_http_mut() else { return };
    let asks = has_no_type(plan);
    let (content, is_json) = match body {
        StdinBody::Bytes(bytes) => {
            let is_json = asks && serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
            (PlanBody::Bytes(bytes.clone()), is_json)
        }
        StdinBody::Spooled(file, _) => {
            let is_json = asks && is_json_file(file.path().to_owned()).await;
            (PlanBody::File(file.path().into()), is_json)
        }
    };
    put_body(plan, content, body.len(), is_json.then_some("application/json"));
}

/// Whether a file holds one JSON value.
async fn is_json_file(path: PathBuf) -> bool {
    let parse = move || {
        let (file, _) = named_file::open(&path).ok()?;
        let file = BufReader::with_capacity(PIECE, file);
        serde_json::from_reader::<_, IgnoredAny>(file).ok()
    };
    tokio::task::spawn_blocking(parse).await.is_ok_and(|json| json.is_some())
}

/// Sends and prints; returns the exit status, and what came of it.
pub(super) async fn run(
    arguments: &args::Send,
    plan: Plan,
    checking: &Checking,
    headless: &mut Headless,
    printing: &mut Printing,
) -> Result<(u8, SessionOutcome), Failure> {
    let redirects = plan.follows_redirects();
    let parts = printing.parts(arguments);
    let printing_rows = printing.prints_rows(arguments);
    let mut printer = ExchangePrinter {
        to: printing,
        parts,
        all_hops: arguments.printing.all || parts.request_head || parts.request_body,
        redirects,
        retries: plan.may_be_tried_again(),
        last: None,
        done: [None; 4],
        body: None,
        separates: false,
        unsent: None,
        rows: printing_rows,
        told: headless.told.clone(),
        jq: arguments.printing.jq.as_deref().map(ResultPrinter::new),
    };
    headless.open(plan)?;
    loop {
        let due = printer.to.download.as_ref().and_then(Download::progress_due);
        let more = printer.to.output.taking(headless.next_event());
        let Some(event) = within(due, more).await else {
            printer.to.download.iter_mut().for_each(Download::show_late);
            continue;
        };
        match event? {
            Some(Event::Exchange(exchange)) => printer.on_exchange(exchange, headless).await?,
            Some(Event::StreamEvents { number, events, .. }) => {
                printer.on_events(number, &events)?;
            }
            Some(Event::Progress { encoded, .. }) => {
                printer.advance(headless).await?;
                printer.show_progress(encoded);
            }
            Some(Event::Done { outcome, .. }) => {
                headless.answered.clone_from(&printer.last);
                printer.finish(outcome.is_ok(), headless).await?;
                outcome?;
                printer.sent()?;
                printer.undecoded()?;
                let checked = checking.exchange(printer.last.as_deref(), headless)?;
                return Ok((printer.status(arguments).max(checked), printer.outcome()));
            }
            Some(_) => {}
            None => return Ok((exit::OK, printer.outcome())),
        }
    }
}

/// What comes before this time; `None` = nothing did. Without a time it is waited for.
async fn within<T>(due: Option<Instant>, more: impl Future<Output = T>) -> Option<T> {
    match due {
        None => Some(more.await),
        Some(due) => tokio::time::timeout_at(due, more).await.ok(),
    }
}

impl ExchangePrinter<'_> {
    fn response(&self) -> Option<&HttpMessage> {
        self.last.as_ref()?.response.as_ref()
    }

    /// Whether this part of the last exchange is still to be printed; it is from now on.
    fn begins(&mut self, part: usize) -> bool {
        let number = self.last.as_ref().map(|last| last.number);
        std::mem::replace(&mut self.done[part], number) != number
    }

    async fn on_exchange(
        &mut self,
        exchange: Box<Exchange>,
        headless: &mut Headless,
    ) -> Result<(), Failure> {
        if self.to.output.style == Style::Json && exchange.state != ExchangeState::Active {
            self.to.output.json(&headless.exchange_line(&exchange));
        }
        let body = &exchange.request.body;
        if exchange.state == ExchangeState::Complete {
            let is_sent = body.expected.is_some_and(|total| total > 0 && body.encoded_len >= total);
            self.unsent = body.unsent().or(self.unsent.take().filter(|_| !is_sent));
        }
        let is_over = exchange.state != ExchangeState::Active;
        self.last = Some(exchange);
        self.advance(headless).await?;
        if self.all_hops && is_over && self.to.output.style != Style::Json {
            self.end_of_response(headless).await?;
        }
        Ok(())
    }

    /// Prints events as they come, behind the head.
    fn on_events(&mut self, number: u32, events: &[StreamEvent]) -> Result<(), Failure> {
        if self.to.output.style == Style::Json {
            for event in events {
                let line = stream_event(event, (SESSION, number), &self.told);
                self.to.output.json(&line);
            }
            return Ok(());
        }
        if !self.rows || !self.parts.body {
            return Ok(());
        }
        if self.response().is_some() {
            self.begin()?;
        }
        let began = self.last.as_ref().map(|last| last.started);
        for event in events {
            let since = began.map_or(Duration::ZERO, |began| event.at.since(began));
            let row = event_row(event, &self.told);
            self.to.output.line(&format!("+{:.3} s  {row}", since.as_secs_f64()));
        }
        Ok(())
    }

    /// Prints what has come, unless a further hop may follow, so that this response is not the answer.
    async fn advance(&mut self, headless: &mut Headless) -> Result<(), Failure> {
        if self.to.output.style == Style::Json {
            return Ok(());
        }
        self.request(headless).await?;
        let Some(response) = self.response() else { return Ok(()) };
        let may_redirect = self.redirects
            && matches!(response.head.status(), Some(301 | 302 | 303 | 307 | 308))
            && response.head.field("location").is_some();
        let may_be_tried_again =
            self.retries && response.head.status().is_some_and(|status| RETRIED.contains(&status));
        if (may_redirect || may_be_tried_again) && !self.all_hops {
            return Ok(());
        }
        self.begin()?;
        match &mut self.body {
            Some(_) if self.jq.is_some() => Ok(()),
            Some(body) => body.advance(&mut self.to.output, headless).await,
            None => Ok(()),
        }
    }

    /// Prints the request: its head at once, its body when it is out.
    async fn request(&mut self, headless: &mut Headless) -> Result<(), Failure> {
        let Some(last) = &self.last else { return Ok(()) };
        let (request, is_over) = (last.request.clone(), last.state != ExchangeState::Active);
        let is_out = is_over || request.body.complete || last.response.is_some();
        if request.head.raw.is_empty() {
            return Ok(());
        }
        if self.parts.request_head && self.begins(REQUEST_HEAD) {
            self.separate();
            let head = self.told.head(&request.head.raw);
            self.to.heads().head(&head);
        }
        let has_body = request.body.decoded_len > 0;
        if is_out && self.parts.request_body && self.begins(REQUEST_BODY) && has_body {
            let mut body = BodyPrinter::new(&request);
            body.finish(self.to.heads(), headless).await?;
            self.separates = true;
        }
        Ok(())
    }

    /// An empty line between a body and what follows.
    fn separate(&mut self) {
        if std::mem::take(&mut self.separates) {
            let to = self.to.heads();
            to.safe(if to.style == Style::Text { "\n" } else { "\r\n\r\n" });
        }
    }

    /// Prints the head of the last response once, and finds the place of its body.
    fn begin(&mut self) -> Result<(), Failure> {
        if !self.begins(RESPONSE_HEAD) {
            return Ok(());
        }
        let Some(last) = &self.last else { return Ok(()) };
        let Some(response) = &last.response else { return Ok(()) };
        let (raw, start) = (&response.head.raw, &response.head.start);
        let body = BodyPrinter::new(response);
        let is_rows = self.rows && is_stream(response);
        let is_http = *start != StartLine::Unknown;
        if raw.is_empty() {
            // Nothing came behind interim responses.
        } else if self.parts.head {
            let head = self.told.head(raw);
            self.separate();
            self.to.heads().head(&head);
        } else if !is_http && self.parts.body && self.to.output.style == Style::Raw {
            // What is not HTTP has no body: these are the bytes that came.
            self.to.output.raw(raw);
        }
        self.body = (self.parts.body && !is_rows).then_some(body);
        let (Some(download), Some(last)) = (&mut self.to.download, &self.last) else {
            return Ok(());
        };
        match download.begin(last)? {
            Some((file, name)) => self.to.output = Output::to_file(file, &name),
            None => self.body = None,
        }
        Ok(())
    }

    fn show_progress(&mut self, encoded: u64) {
        let expected = self.response().and_then(|response| response.body.expected);
        if let (Some(download), Some(_)) = (&mut self.to.download, &self.body) {
            download.advanced(encoded, expected);
        }
    }

    /// The rest of the last response; what there is to say about it.
    async fn end_of_response(&mut self, headless: &mut Headless) -> Result<Vec<String>, Failure> {
        self.request(headless).await?;
        let mut remarks = Vec::new();
        if self.response().is_none() {
            return Ok(remarks);
        }
        self.begin()?;
        if !self.begins(RESPONSE_BODY) {
            return Ok(remarks);
        }
        if let (Some(jq), Some(_), Some(last)) = (&mut self.jq, &self.body, &self.last) {
            remarks.extend(jq.print(last, &mut self.to.output, headless).await?);
            self.body = None;
            self.separates = true;
        }
        if let Some(mut body) = self.body.take() {
            remarks = body.finish(&mut self.to.output, headless).await?;
            self.separates = body.printed() > 0;
        }
        if let (true, Some(last)) = (self.parts.meta, &self.last) {
            let line = facts(last);
            self.separate();
            self.to.heads().line(&line);
            self.separates = true;
        }
        Ok(remarks)
    }

    /// The session is over, well or not: prints the rest of the last response, and what there is to
    /// say about it.
    async fn finish(&mut self, is_well: bool, headless: &mut Headless) -> Result<(), Failure> {
        if self.to.output.style == Style::Json {
            return Ok(());
        }
        let remarks = self.end_of_response(headless).await?;
        let unsent = &self.unsent;
        let warnings = self.last.iter().flat_map(|last| &last.warnings);
        // Said as the failure it is.
        let warnings = warnings.filter(|warning| unsent.as_ref() != Some(warning));
        for remark in remarks.iter().filter(|_| is_well).chain(warnings) {
            output::note(remark);
        }
        Ok(())
    }

    /// What came of it, for the history.
    fn outcome(&self) -> SessionOutcome {
        self.last.as_deref().map_or(SessionOutcome::Unknown, SessionOutcome::of_exchange)
    }

    /// The upload that was asked for has happened, whatever the answer.
    fn sent(&self) -> Result<(), Failure> {
        let (Some(last), Some(cause)) = (&self.last, &self.unsent) else { return Ok(()) };
        Err(Failure::new(Stage::Send, &*last.url, FailureKind::Truncated, cause.as_str()))
    }

    /// A body that was not decoded to its end is no success; one that is something else than its
    /// codings say is printed as it came, with a remark.
    fn undecoded(&self) -> Result<(), Failure> {
        let (Some(last), Some(response)) = (&self.last, self.response()) else { return Ok(()) };
        let body = &response.body;
        let Some(error) = &body.decode_error else { return Ok(()) };
        if let Some(remark) = body.undecoded().filter(|_| body.as_came && !body.damaged) {
            output::note(&remark);
            return Ok(());
        }
        let hint = match body.decoded_len {
            _ if body.as_came => "the body is printed as it came".to_owned(),
            decoded => format!("{} decoded before", counted_were(decoded, "byte")),
        };
        Err(Failure::new(Stage::Body, &*last.url, FailureKind::Malformed, error.as_str())
            .hint(hint))
    }

    fn status(&self, arguments: &args::Send) -> u8 {
        match self.response().and_then(|response| response.head.status()) {
            Some(400..) if arguments.check_status => exit::NOT_MET,
            _ if self.jq.as_ref().is_some_and(|jq| jq.is_unfinished) => exit::INTERRUPTED,
            _ => exit::OK,
        }
    }
}

/// Whether a response is a stream of Server-Sent Events.
fn is_stream(response: &HttpMessage) -> bool {
    response.head.field("content-type").is_some_and(|kind| is_event_stream(kind))
}

/// How long an exchange took and with whom it was, in one line.
fn facts(exchange: &Exchange) -> String {
    let ms = |duration: Duration| format!("{:.1} ms", duration.as_secs_f64() * 1000.0);
    let Timing { lookup, connect, tunnel, tls, send, first_byte, transfer, total } =
        exchange.timing;
    let phases = [
        ("lookup", lookup),
        ("connect", connect),
        ("proxy", tunnel),
        ("TLS", tls),
        ("send", send),
        ("first byte", first_byte),
        ("transfer", transfer),
    ];
    let phases =
        phases.into_iter().filter_map(|(name, took)| Some(format!("{name} {}", ms(took?))));
    let peer = exchange.peer.as_ref().map_or(String::new(), |peer| format!(" from {peer}"));
    let through = exchange.proxy.as_ref();
    let through = through.map_or_else(String::new, |proxy| format!(" through proxy {proxy}"));
    format!("{}{peer}{through} ({})", ms(total), phases.collect::<Vec<_>>().join(", "))
}
