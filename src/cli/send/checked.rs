//! Says what came of the expectations and captures of what was sent, on standard error. Called by
//! `send::http` and `send::stream` when all has come; what is not met is the exit status, too.

use std::time::Duration;

use crate::args;
use crate::check::{BODY_LIMIT, Came, CameBody, CameFrom, CheckReport, Checks, Heard};
use crate::cli::exit;
use crate::cli::headless::Headless;
use crate::cli::output;
use crate::cli::unmet;
use crate::compose::{self, UnknownNames};
use crate::model::dialled::Dialled;
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::preset::Scope;
use crate::model::protocol::Capabilities;
use crate::model::record::Record;
use crate::model::secrets::Disclosure;
use crate::model::spec::Spec;

/// Time from what came to a look at it.
const LOOK: Duration = Duration::from_millis(10);
/// The same where that takes a process of its own.
const LONG_LOOK: Duration = Duration::from_millis(200);

/// What is looked at when all has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Checking {
    pub(super) checks: Checks,
    /// What was captured is printed.
    pub(super) is_verbose: bool,
}

impl Checking {
    /// What a spec that is sent expects and captures, with these values for its names.
    pub(super) fn of(spec: &Spec, scope: &Scope, arguments: &args::Send) -> Self {
        let checks = compose::checks(spec, scope, UnknownNames::Refused);
        Checking { checks, is_verbose: arguments.printing.verbose > 0 }
    }

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
        Ok(self.told(&headless.looked(&self.checks, came), &headless.told))
    }

    /// Prints what came of them.
    fn told(&self, report: &CheckReport, told: &Disclosure) -> u8 {
        let shown = report.clone().disclosed(told);
        for captured in shown.captured.iter().filter(|_| self.is_verbose) {
            if let Ok(value) = &captured.value {
                output::note(&format!("captured {} = {value} ({})", captured.name, captured.of));
            }
        }
        unmet::tell(report, told)
    }
}

/// A conversation that is looked at when it is over.
#[derive(Debug)]
pub(super) struct Overheard<'a> {
    checking: &'a Checking,
    heard: Heard,
}

impl<'a> Overheard<'a> {
    /// Nothing was said yet.
    pub(super) fn new(checking: &'a Checking, can: Capabilities) -> Self {
        Overheard { checking, heard: Heard::new(can) }
    }

    /// How it came to be connected.
    pub(super) fn dialled(&mut self, how: Dialled) {
        self.heard.dialled(how);
    }

    /// A record of it.
    pub(super) fn take(&mut self, record: &Record) {
        if !self.checking.checks.is_empty() {
            self.heard.take(record);
        }
    }

    /// Whether something is expected of it or captured from it, which is waited for.
    pub(super) fn is_asked(&self) -> bool {
        !self.checking.checks.is_empty()
    }

    /// When to look whether all of that is here: not at each of many pieces, and less often where a look takes
    /// a process of its own.
    pub(super) fn next_look(&self) -> Duration {
        if self.checking.checks.help_wanted().is_empty() { LOOK } else { LONG_LOOK }
    }

    /// Whether all of it is as expected by now.
    pub(super) fn is_met(&self, headless: &Headless) -> bool {
        let came = self.heard.came(headless.now());
        headless.looked(&self.checking.checks, came).is_met()
    }

    /// Looks at it when it is over; the exit status.
    pub(super) fn status(&self, headless: &Headless) -> u8 {
        let Checking { checks, .. } = self.checking;
        if checks.is_empty() {
            return exit::OK;
        }
        let came = self.heard.came(headless.now());
        self.checking.told(&headless.looked(checks, came), &headless.told)
    }
}
