//! What is to be watched, and how that ended: what `listen`, `relay` and `exec` hand to each other.

use std::time::Duration;

use crate::args;
use crate::check::Checks;
use crate::cli::exec::Program;
use crate::model::failure::Failure;
use crate::model::plan::Plan;

/// What is run, and what ends it.
pub(crate) struct WatchOrder {
    pub(crate) plan: Plan,
    /// Of all that happens this is told and counted.
    pub(crate) filter: Option<String>,
    /// So many messages, requests or reads that were passed on.
    pub(crate) count: Option<u64>,
    pub(crate) lasts: Option<Duration>,
    /// Standard input goes to the peers, where that makes sense.
    pub(crate) reads_stdin: bool,
    /// Started once it listens; it ends with it.
    pub(crate) program: Option<Program>,
    /// Of exchanges a line is printed, without heads and bodies.
    pub(crate) is_brief: bool,
    /// Whose peers are is printed as text, too.
    pub(crate) tells_peers: bool,
    /// What is expected of what comes, looked at in the end.
    pub(crate) checks: Checks,
}

impl WatchOrder {
    /// What the options ask for, without a program.
    pub(crate) fn new(plan: Plan, asked: &args::WatchArgs, reads_stdin: bool) -> Self {
        let args::WatchArgs { filter, verbose, count, lasts } = asked.clone();
        WatchOrder {
            plan,
            filter,
            count,
            lasts,
            reads_stdin,
            program: None,
            is_brief: false,
            tells_peers: verbose,
            checks: Checks::default(),
        }
    }
}

/// How it ended.
pub(crate) struct ListenEnd {
    /// The exit status.
    pub(crate) outcome: Result<u8, Failure>,
    /// Records or exchanges that were taken in and not printed.
    pub(crate) behind: u64,
}

impl ListenEnd {
    /// One at which all was printed.
    pub(crate) fn of(outcome: Result<u8, Failure>) -> Self {
        ListenEnd { outcome, behind: 0 }
    }
}
