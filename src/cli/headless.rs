//! What every command works with: the engine, its events and signals.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout_at};

use super::brought_secrets::BroughtSecrets;
use super::captures::{Captures, ExchangeWords};
use super::cookies::CommandCookies;
pub(super) use super::interrupts::Interrupts;
use super::output;
use crate::args::Common;
use crate::check::{Came, CheckReport, Checks};
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command};
use crate::engine::event::Event;
use crate::engine::{EngineHandle, Events};
use crate::interop::har::{self, HarBodies};
use crate::interop::ndjson;
use crate::interop::web_socket_talk::WebSocketTalk;
use crate::model::ciphertext::Ciphertext;
use crate::model::counts::{count, counted};
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, SessionId};
use crate::model::plan::Plan;
use crate::model::record::Record;
use crate::model::secrets::{Disclosure, Secrets};
use crate::model::timing::Stamp;
use crate::model::view::ViewPart;
use crate::model::wall_clock::WallClock;
use crate::store::paths::Paths;

/// The one session of a command.
pub(super) const SESSION: SessionId = SessionId(1);
/// How long the end of a session may take.
pub(super) const CLOSING: Duration = Duration::from_secs(1);
/// How long is looked for what is not printed any more, so that it can be counted.
const COUNTING: Duration = Duration::from_millis(100);

/// Bytes of a body put into a JSON line; what is longer is cut there, its length is told.
const JSON_BODY: usize = 16 * 1024 * 1024;

/// The same of a HAR entry.
const HAR_BODY: usize = 64 * 1024 * 1024;

/// What a command works with.
pub struct Headless {
    pub engine: EngineHandle,
    pub events: Events,
    pub paths: Paths,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
    /// What stamps are on the wall.
    pub wall_clock: WallClock,
    /// The session has been opened, and its end not been seen.
    pub is_open: bool,
    /// Other sessions run beside that one: what they tell is for the files alone.
    pub is_beside: bool,
    /// What is told of secrets.
    pub told: Disclosure,
    /// Secrets that are known only while it goes on.
    pub brought: BroughtSecrets,
    /// Answers of presets are kept.
    pub keeps: bool,
    /// The last exchange, when its session is over.
    pub answered: Option<Box<Exchange>>,
    /// Files that what happens is written to.
    pub captures: Captures,
    /// Those it begins with, and what answers set.
    pub cookies: CommandCookies,
}

impl Headless {
    /// Hides these, too, in all that is told from now on, unless secrets are asked for.
    pub(super) fn hide(&mut self, secrets: &Secrets, common: &Common) {
        self.told = if common.with_secrets {
            Disclosure::Everything
        } else {
            Disclosure::Hiding(self.told.hidden().and(secrets))
        };
    }

    /// Begins the files that what happens is written to.
    pub(super) fn begin_captures(&mut self) -> Result<(), Failure> {
        self.captures.begin(&self.told)
    }

    /// Hides what a session brings in all that is told from now on, unless secrets are asked for: what was
    /// captured, given on the command line or by a row of data.
    pub(super) fn hide_brought(&mut self, secrets: &Secrets) {
        if let Disclosure::Hiding(hidden) = &mut self.told
            && self.brought.take(hidden, secrets)
        {
            self.captures.tell(&self.told);
        }
    }

    /// Opens the session; its events follow.
    pub(super) fn open(&mut self, plan: Plan) -> Result<(), Failure> {
        if self.is_beside {
            self.captures.tell(&self.told);
        } else {
            self.begin_captures()?;
        }
        let (plan, secrets) = (Box::new(plan), self.told.hidden());
        self.engine.command(Command::Open { id: SESSION, plan, secrets })?;
        self.is_open = true;
        Ok(())
    }

    /// The next fact; `None` when the engine is gone. What is said of the certificate authority goes
    /// to standard error on the way.
    pub(super) async fn next_event(&mut self) -> Option<Event> {
        loop {
            self.captures.ready().await;
            let Some(event) = self.events.facts.recv().await else {
                self.is_open = false;
                return None;
            };
            if let Some(event) = self.for_the_command(event) {
                return Some(event);
            }
        }
    }

    /// One that came with the one before, unless a file that is behind has to be waited for.
    pub(super) fn at_hand(&mut self) -> Option<Event> {
        loop {
            self.captures.ready().now_or_never()?;
            let event = self.events.facts.at_hand()?;
            if let Some(event) = self.for_the_command(event) {
                return Some(event);
            }
        }
    }

    /// The event, if it is not for us.
    fn for_the_command(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Authority(Ok(words)) => output::note(&words),
            Event::Authority(Err(failure)) => output::print_failure(&failure),
            Event::ClockStep(step) => self.wall_clock.step(step),
            event => {
                let event = self.captured(event);
                let event = if self.is_beside { of_the_session(event)? } else { event };
                self.is_open &= !matches!(event, Event::Done { .. });
                return Some(event);
            }
        }
        None
    }

    /// The event at the wall clock, written to the files.
    fn captured(&mut self, event: Event) -> Event {
        let event = self.at_wall_clock(event);
        if let Event::Cookies { changes, .. } = &event {
            let now = self.wall_seconds();
            self.cookies.take(changes, now);
        }
        let words = match &event {
            Event::Exchange(exchange) if exchange.state != ExchangeState::Active => {
                let (entry, line) = self.captures.wants();
                let talk = self.captures.talk_of(exchange);
                let entry = entry.then(|| self.har_entry(exchange, talk.as_ref()));
                ExchangeWords { entry, line: line.then(|| self.exchange_line(exchange)) }
            }
            _ => ExchangeWords::default(),
        };
        let now = self.now();
        self.captures.take_in(&event, &words, now);
        event
    }

    /// The event with its stamps as the wall clock says them: what is printed is for people and files.
    fn at_wall_clock(&self, mut event: Event) -> Event {
        match &mut event {
            Event::Traffic(batch) => {
                for record in &mut batch.records {
                    record.at = self.wall_clock.at(record.at);
                }
            }
            Event::Ciphertext(pieces) => {
                for piece in pieces {
                    if let Ciphertext::Crossed(record) = piece {
                        record.at = self.wall_clock.at(record.at);
                    }
                }
            }
            Event::Exchange(exchange) => exchange.started = self.wall_clock.at(exchange.started),
            Event::StreamEvents { events, .. } => {
                for event in events {
                    event.at = self.wall_clock.at(event.at);
                }
            }
            _ => {}
        }
        event
    }

    /// The wall clock now.
    pub(super) fn now(&self) -> Stamp {
        self.wall_clock.at(clock::now())
    }

    /// The same in seconds, as cookies count.
    pub(super) fn wall_seconds(&self) -> i64 {
        i64::try_from(self.now().0 / 1_000_000_000).unwrap_or(i64::MAX)
    }

    /// Up to `count` bytes of a decoded body; none past its end, or where it does not go on yet.
    pub(super) fn read_body(
        &self,
        body: BodyId,
        at: u64,
        count: usize,
    ) -> Result<Vec<u8>, Failure> {
        let read = self.engine.read_body(body, ViewPart::Decoded, at, count);
        read.map_err(|e| Failure::new(Stage::Body, "body", FailureKind::Io, e.to_string()))
    }

    /// Looks at what came, with what that needs done before.
    pub(super) fn looked(&self, checks: &Checks, came: Came<'_>) -> CheckReport {
        let help = self.engine.help(&checks.help_wanted(), came.body.bytes);
        checks.report(&came.with(help))
    }

    /// The JSON line of an exchange with its bodies; what does not fit is said.
    pub(super) fn exchange_line(&self, exchange: &Exchange) -> String {
        let request = self.json_body("request", &exchange.request);
        let response = exchange.response.as_ref();
        let response = response.map(|response| self.json_body("response", response));
        let bodies = ndjson::Bodies { request: Some(&request), response: response.as_deref() };
        ndjson::exchange(exchange, bodies, &self.told)
    }

    /// The HAR entry of an exchange with its bodies.
    fn har_entry(&self, exchange: &Exchange, talk: Option<&WebSocketTalk>) -> String {
        let body = |id| self.read_body(id, 0, HAR_BODY).unwrap_or_default();
        let request = body(exchange.request.body.id);
        let response = exchange.response.as_ref().map(|response| body(response.body.id));
        let response = response.unwrap_or_default();
        let bodies = HarBodies { request: &request, response: &response };
        har::talk_entry(exchange, bodies, talk, &self.told)
    }

    fn json_body(&self, what: &str, message: &HttpMessage) -> Vec<u8> {
        let (length, read) =
            (message.body.decoded_len, self.read_body(message.body.id, 0, JSON_BODY));
        let mut body = read.unwrap_or_else(|failure| {
            output::print_failure(&failure);
            Vec::new()
        });
        if (body.len() as u64) < length {
            // Text stays text when its last character is cut.
            if let Err(error) = std::str::from_utf8(&body)
                && error.error_len().is_none()
            {
                body.truncate(error.valid_up_to());
            }
            let (kept, length) = (count(body.len() as u64), counted(length, "byte"));
            let all = if what == "response" { "; --raw prints all" } else { "" };
            output::note(&format!(
                "the line has the first {kept} of {length} of the {what}'s body{all}"
            ));
        }
        body
    }

    /// Counts what came and is not going to be printed; `tells` is what would be of records.
    pub(super) async fn not_taken(&mut self, tells: impl Fn(&Record) -> bool) -> u64 {
        let (until, mut count) = (Instant::now() + COUNTING, 0);
        while let Ok(Some(event)) = timeout_at(until, self.next_event()).await {
            count += match event {
                Event::Traffic(batch) => batch.records.iter().filter(|r| tells(r)).count() as u64,
                Event::Exchange(exchange) => u64::from(exchange.state != ExchangeState::Active),
                Event::Done { .. } => break,
                _ => 0,
            };
        }
        count
    }

    /// Ends the session and waits a moment for it; one that does not end in time ends with the
    /// program.
    pub(super) async fn close(&mut self, how: CloseMode) {
        if !self.order_close(how) {
            return;
        }
        let ended = async { while self.is_open && self.next_event().await.is_some() {} };
        let _ = tokio::time::timeout(CLOSING, ended).await;
    }

    /// Tells the session to end; whether it was told.
    pub(super) fn order_close(&self, how: CloseMode) -> bool {
        if !self.is_open {
            return false;
        }
        let told = self.engine.command(Command::Close { id: SESSION, how });
        told.inspect_err(output::print_failure).is_ok()
    }
}

/// What an event tells of the command's own session; `None` = nothing.
fn of_the_session(event: Event) -> Option<Event> {
    let is_own = match &event {
        Event::Phase { id, .. }
        | Event::Progress { id, .. }
        | Event::RuleAnswered { id, .. }
        | Event::Rewrote { id, .. }
        | Event::HoldEnded { id, .. }
        | Event::StepDone { id, .. }
        | Event::Cookies { id, .. }
        | Event::StreamEvents { id, .. }
        | Event::Refused { id, .. }
        | Event::Done { id, .. } => *id == SESSION,
        Event::Exchange(exchange) => exchange.conn.session == SESSION,
        Event::Dialled { conn, .. } | Event::PeerFound { conn, .. } => conn.session == SESSION,
        Event::Traffic(_) => {
            let Event::Traffic(mut batch) = event else { return None };
            batch.conns.retain(|conn| conn.id.session == SESSION);
            batch.records.retain(|record| record.conn.session == SESSION);
            batch.over.retain(|conn| conn.session == SESSION);
            return Some(Event::Traffic(batch));
        }
        _ => true,
    };
    is_own.then_some(event)
}
