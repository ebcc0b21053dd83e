//! Says what came of the expectations and captures of what was sent, on standard error. Called by
//! `send::http` and `send::stream` when all has come; what is not met is the exit status, too.

use crate::check::{BODY_LIMIT, Came, CameBody, CameFrom, CheckReport, Checks, Talk};
use crate::cli::exit;
use crate::cli::headless::Headless;
use crate::cli::output;
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::secrets::{Disclosure, masked_name};
use crate::model::timing::Stamp;

/// What is looked at when all has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Checking {
    pub(super) checks: Checks,
    /// What was captured is printed.
    pub(super) is_verbose: bool,
}

impl Checking {
    /// Looks at the last exchange; the exit status.
    pub(super) fn exchange(
        &self,
        exchange: Option<&Exchange>,
        headless: &Headless,
    ) -> Result<u8, Failure> {
        let Some(exchange) = exchange.filter(|_| !self.checks.is_empty()) else {
            return Ok(exit::OK);
        };
        let body = exchange.response.as_ref().map(|response| &response.body);
        let bytes = body.map(|body| headless.read_body(body.id, 0, BODY_LIMIT)).transpose()?;
        let length = body.map_or(0, |body| body.decoded_len);
        let body = CameBody { bytes: &bytes.unwrap_or_default(), length };
        let came = Came::new(CameFrom::Exchange(exchange), body, headless.now());
        Ok(self.told(&self.checks.report(&came), &headless.told))
    }

    /// Looks at a conversation that is over; the exit status.
    pub(super) fn talk(&self, talk: &Talk, body: CameBody<'_>, headless: &Headless) -> u8 {
        if self.checks.is_empty() {
            return exit::OK;
        }
        let came = Came::new(CameFrom::Conversation(talk), body, headless.now());
        self.told(&self.checks.report(&came), &headless.told)
    }

    /// Prints what came of them.
    fn told(&self, report: &CheckReport, told: &Disclosure) -> u8 {
        for captured in report.captured.iter().filter(|_| self.is_verbose) {
            if let Ok(value) = &captured.value {
                let value = masked_name(&captured.name, value, told);
                output::note(&format!("captured {} = {value} ({})", captured.name, captured.of));
            }
        }
        if report.is_met() {
            return exit::OK;
        }
        let (unmet, all) = (report.unmet(), report.count());
        output::note(&format!("not as expected: {unmet} of {all}"));
        for line in report.unmet_lines() {
            output::note(&told.words(&line));
        }
        exit::NOT_MET
    }
}

/// What is kept of a conversation to be looked at when it is over.
#[derive(Debug)]
pub(super) struct Overheard<'a> {
    checking: &'a Checking,
    talk: Talk,
    received: Vec<u8>,
    length: u64,
    began: Option<Stamp>,
    is_of_datagrams: bool,
}

impl<'a> Overheard<'a> {
    /// Nothing was said yet.
    pub(super) fn new(checking: &'a Checking, is_of_datagrams: bool) -> Self {
        let (talk, received) = (Talk::default(), Vec::new());
        Overheard { checking, talk, received, length: 0, began: None, is_of_datagrams }
    }

    /// A record of it.
    pub(super) fn take(&mut self, record: &Record) {
        if self.checking.checks.is_empty() {
            return;
        }
        let began = *self.began.get_or_insert(record.at);
        match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Received) => {
                self.talk.received += 1;
                self.length += record.original_len;
                let room = BODY_LIMIT.saturating_sub(self.received.len());
                self.received.extend(record.data.iter().take(room));
            }
            (RecordKind::Data, Direction::Sent) => self.talk.sent += 1,
            _ => return,
        }
        self.talk.took = record.at.since(began);
    }

    /// Looks at it when it is over; the exit status.
    pub(super) fn status(&mut self, headless: &Headless) -> u8 {
        let lost = self.talk.sent.saturating_sub(self.talk.received);
        self.talk.lost = self.is_of_datagrams.then_some(lost);
        let body = CameBody { bytes: &self.received, length: self.length };
        self.checking.talk(&self.talk, body, headless)
    }
}
