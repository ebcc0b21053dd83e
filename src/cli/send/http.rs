//! `send` over HTTP: prints the response as it arrives.
//!
//! Of redirect hops only the last response is printed (all of them as JSON Lines). To a pipe the
//! body goes as its bytes; on a terminal it is text made printable, JSON laid out.

use std::io::BufReader;
use std::path::PathBuf;

use serde::de::IgnoredAny;

use crate::args;
use crate::cli::exit;
use crate::cli::headless::Headless;
use crate::cli::output::{self, Output, Style};
use crate::cli::stdin::StdinBody;
use crate::codec::charset::{self, NAMED_WITHIN, Recoder};
use crate::codec::http1::status::has_no_content;
use crate::codec::lines::JsonCheck;
use crate::codec::printable::printable;
use crate::engine::event::Event;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::BodyId;
use crate::model::plan::{Plan, PlanBody};
use crate::model::secrets::Disclosure;
use crate::model::view::{ViewMode, ViewPart, ViewQuery};
use crate::named_file;

/// Read from a body at a time.
const PIECE: usize = 256 * 1024;
/// Bytes that tell a byte order mark.
const MARK: usize = 4;
/// Lines of a laid-out body asked for at a time.
const LINES: u16 = 1000;

/// What has been printed of the response.
struct ResponsePrinter<'a> {
    output: &'a mut Output,
    redirects: bool,
    last: Option<Box<Exchange>>,
    /// The exchange whose head is printed.
    begun: Option<u32>,
    /// Bytes of its body printed so far.
    printed: u64,
    /// Its text is in another charset.
    recoder: Option<Recoder>,
    binary: bool,
    /// A body that did not go out as a whole, and no later hop sent.
    unsent: Option<String>,
    /// What is told of the head.
    told: Disclosure,
}

/// Puts a body that is no text of a preset (sent as it is, no templates in it) into a planned
/// request, with its length and, unless a header says otherwise, its type.
pub(super) async fn set_body(plan: &mut Plan, body: &StdinBody) {
    let Some(plan) = plan.as_http_mut() else { return };
    plan.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    let typed = plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let (length, content, is_json) = match body {
        StdinBody::Bytes(bytes) => {
            let is_json = !typed && serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
            (bytes.len() as u64, PlanBody::Bytes(bytes.clone()), is_json)
        }
        StdinBody::Spooled(file, length) => {
            let is_json = !typed && is_json_file(file.path().to_owned()).await;
            (*length, PlanBody::File(file.path().to_owned()), is_json)
        }
    };
    if is_json {
        plan.headers.push(("Content-Type".into(), "application/json".into()));
    }
    plan.headers.push(("Content-Length".into(), length.to_string()));
    plan.body = content;
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

/// Sends and prints; returns the exit status.
pub(super) async fn run(
    arguments: &args::Send,
    plan: Plan,
    headless: &mut Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let redirects = plan.as_http().is_some_and(|plan| plan.redirects > 0);
    let (last, begun, recoder) = (None, None, None);
    let told = headless.told.clone();
    let mut printer = ResponsePrinter {
        output,
        redirects,
        last,
        begun,
        printed: 0,
        recoder,
        binary: false,
        told,
        unsent: None,
    };
    headless.open(plan)?;
    loop {
        printer.output.ready().await?;
        match headless.next_event().await {
            Some(Event::Exchange(exchange)) => printer.on_exchange(exchange, headless).await?,
            Some(Event::Progress { .. }) => printer.print_body(headless).await?,
            Some(Event::Done { outcome, .. }) => {
                printer.finish(outcome.is_ok(), headless).await?;
                outcome?;
                printer.sent()?;
                printer.undecoded()?;
                return Ok(printer.status(arguments));
            }
            Some(_) => {}
            None => return Ok(exit::OK),
        }
    }
}

impl ResponsePrinter<'_> {
    fn response(&self) -> Option<&HttpMessage> {
        self.last.as_ref()?.response.as_ref()
    }

    async fn on_exchange(
        &mut self,
        exchange: Box<Exchange>,
        headless: &Headless,
    ) -> Result<(), Failure> {
        if self.output.style == Style::Json && exchange.state != ExchangeState::Active {
            self.output.json(&headless.exchange_line(&exchange));
        }
        let body = &exchange.request.body;
        if exchange.state == ExchangeState::Complete {
            let is_sent = body.expected.is_some_and(|total| total > 0 && body.encoded_len >= total);
            self.unsent = body.unsent().or(self.unsent.take().filter(|_| !is_sent));
        }
        self.last = Some(exchange);
        self.print_body(headless).await
    }

    /// Prints what has arrived, unless it cannot be printed yet: a further hop may follow, so that
    /// this response is not the answer, or it is laid out as a whole.
    async fn print_body(&mut self, headless: &Headless) -> Result<(), Failure> {
        let Some(response) = self.response() else { return Ok(()) };
        let may_redirect = self.redirects
            && matches!(response.head.status(), Some(301 | 302 | 303 | 307 | 308))
            && response.head.field("location").is_some();
        if may_redirect || self.is_laid_out() {
            return Ok(());
        }
        self.print_now(false, headless).await
    }

    /// JSON in UTF-8, for people.
    fn is_laid_out(&self) -> bool {
        self.output.style == Style::Text
            && self.response().is_some_and(is_json)
            && self.recoder_for(b"").is_none()
    }

    /// Prints what is there; `is_whole` when nothing more comes.
    async fn print_now(&mut self, is_whole: bool, headless: &Headless) -> Result<(), Failure> {
        if self.output.style == Style::Json {
            return Ok(());
        }
        let Some(body) = self.begin() else { return Ok(()) };
        loop {
            self.output.ready().await?;
            let bytes = headless.read_body(body, self.printed, PIECE)?;
            if bytes.is_empty() || self.binary {
                return Ok(());
            }
            if self.printed == 0 && self.output.style == Style::Text {
                if bytes.len() < MARK && !is_whole {
                    return Ok(());
                }
                self.recoder = self.recoder_for(&bytes);
                self.binary = self.recoder.is_none() && bytes.contains(&0);
                if self.binary {
                    let what =
                        "a binary body; --raw prints its bytes, for a file or another program";
                    self.output.line(&format!("({what})"));
                    return Ok(());
                }
            }
            self.printed += bytes.len() as u64;
            match &mut self.recoder {
                Some(recoder) => self.output.piece(recoder.push(&bytes, false).as_bytes()),
                None => self.output.piece(&bytes),
            }
        }
    }

    /// What reads a body that begins with these bytes, if it is in another charset.
    fn recoder_for(&self, first: &[u8]) -> Option<Recoder> {
        let content_type = self.response()?.head.field("content-type");
        let content_type = content_type.map(|value| String::from_utf8_lossy(value));
        Recoder::of(content_type.as_deref(), first)
    }

    /// Prints the head of the last response once; returns its body.
    fn begin(&mut self) -> Option<BodyId> {
        let last = self.last.as_ref()?;
        let response = last.response.as_ref()?;
        if self.begun != Some(last.number) {
            self.begun = Some(last.number);
            self.printed = 0;
            match self.output.style {
                // Nothing came behind interim responses.
                _ if response.head.raw.is_empty() => {}
                Style::Text => self.output.text(&self.told.head(&response.head.raw)),
                // What is not HTTP has no body: these are the bytes that came.
                Style::Raw if response.head.start == StartLine::Unknown => {
                    self.output.raw(&response.head.raw);
                }
                Style::Raw | Style::Json => {}
            }
        }
        Some(response.body.id)
    }

    /// The session is over, well or not: prints the rest of the last response, and what there is to
    /// say about it.
    async fn finish(&mut self, is_well: bool, headless: &mut Headless) -> Result<(), Failure> {
        if self.output.style == Style::Json {
            return Ok(());
        }
        let mut remarks = Vec::new();
        if self.is_laid_out()
            && self.begun.is_none()
            && let Some(body) = self.begin()
        {
            let first = headless.read_body(body, 0, MARK)?;
            match self.why_not_json(body, headless).await? {
                // A byte order mark, which is no JSON.
                _ if self.recoder_for(&first).is_some() => self.print_now(true, headless).await?,
                None => self.print_laid_out(body, headless).await?,
                Some(why) => remarks.push(why),
            }
        }
        if self.printed > 0 || !self.is_laid_out() || !remarks.is_empty() {
            self.print_now(true, headless).await?;
        }
        if let (Some(why), false) = (remarks.first_mut(), self.binary) {
            why.push_str("; the body is printed as it came");
            if self.output.style == Style::Text {
                why.push_str(", control characters as escapes");
            }
        }
        if let Some(mut recoder) = self.recoder.take() {
            self.output.piece(recoder.push(b"", true).as_bytes());
            if recoder.is_damaged() {
                remarks
                    .push(format!("bytes that are no {} are printed as \u{fffd}", recoder.name()));
            }
        }
        self.output.end_pieces();
        remarks.extend(self.charset_remark(headless)?);
        let unsent = &self.unsent;
        let warnings = self.last.iter().flat_map(|last| &last.warnings);
        // Said as the failure it is.
        let warnings = warnings.filter(|warning| unsent.as_ref() != Some(warning));
        for remark in remarks.iter().filter(|_| is_well).chain(warnings) {
            output::note(remark);
        }
        Ok(())
    }

    /// What there is to say about the charset of a text.
    fn charset_remark(&self, headless: &Headless) -> Result<Option<String>, Failure> {
        let Some(response) = self.response().filter(|_| self.output.style == Style::Text) else {
            return Ok(None);
        };
        let first = headless.read_body(response.body.id, 0, NAMED_WITHIN)?;
        let content_type = response.head.field("content-type");
        let content_type = content_type.map(|value| String::from_utf8_lossy(value));
        let remark = charset::remark(content_type.as_deref(), &first);
        Ok(remark.filter(|_| !first.is_empty() && !self.binary))
    }

    /// Why a body is not laid out; `None` = it is JSON from its first byte to its last.
    async fn why_not_json(
        &self,
        body: BodyId,
        headless: &Headless,
    ) -> Result<Option<String>, Failure> {
        let (mut check, mut at) = (JsonCheck::default(), 0);
        loop {
            self.output.ready().await?;
            let bytes = headless.read_body(body, at, PIECE)?;
            if bytes.is_empty() && at == 0 && self.has_no_content() {
                return Ok(None);
            }
            if bytes.is_empty() {
                return Ok(check.unfinished().map(|why| format!("not JSON: {why} at byte {at}")));
            }
            check.push(&bytes);
            if let Some(flaw) = check.flaw() {
                return Ok(Some(flaw.to_string()));
            }
            at += bytes.len() as u64;
            // A signal may have come meanwhile.
            tokio::task::yield_now().await;
        }
    }

    /// Whether there is no body whatever the head says of one.
    fn has_no_content(&self) -> bool {
        let start = self.last.as_ref().map(|last| &last.request.head.start);
        let Some(StartLine::Request { method, .. }) = start else { return false };
        let status = self.response().and_then(|response| response.head.status());
        status.is_some_and(|status| has_no_content(method, status))
    }

    /// JSON in lines, as the viewer of the workbench lays it out.
    async fn print_laid_out(
        &mut self,
        body: BodyId,
        headless: &mut Headless,
    ) -> Result<(), Failure> {
        let mut top = 0;
        loop {
            let (part, mode) = (ViewPart::Decoded, ViewMode::Pretty);
            let query = ViewQuery { body, part, mode, top, rows: LINES };
            self.output.ready().await?;
            headless.engine.view(query.clone())?;
            let view = loop {
                match headless.events.urgent.recv().await {
                    Some(Event::View(view)) if view.query == query => break view,
                    Some(_) => {}
                    None => return Ok(()),
                }
            };
            // Past the end the last lines come again.
            let fresh = view.lines.iter().skip(top.saturating_sub(view.top) as usize);
            let mut count = 0;
            for (index, line) in fresh.enumerate() {
                let breaks = if line.continued || top + (index as u64) == 0 { "" } else { "\n" };
                let indent = if line.continued { 0 } else { usize::from(line.indent) };
                let text = printable(&line.bytes);
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
            decoded => format!("{decoded} bytes were decoded before"),
        };
        Err(Failure::new(Stage::Body, &*last.url, FailureKind::Malformed, error.as_str())
            .hint(hint))
    }

    fn status(&self, arguments: &args::Send) -> u8 {
        match self.response().and_then(|response| response.head.status()) {
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
