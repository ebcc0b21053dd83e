//! Signals, for every command: what takes its time awaits them, too, and ends within a bound.
//!
//! A leaf of the headless shell.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::ending;
use crate::model::failure::{Failure, FailureKind, Stage};

/// How long the rest is printed after a signal.
const PRINTING: Duration = Duration::from_secs(1);
/// From a signal to the end: the session, what is still printed, the last words.
const ENDING: Duration = Duration::from_secs(5);

/// INT, TERM and HUP. Listened to from before anything is read or opened, so that none is missed;
/// `ending` sees to it that they end the program even when nobody gets round to asking here.
pub(super) struct Interrupts {
    /// Those that are not ignored because whoever started us wants it so.
    signals: Vec<Signal>,
    came: Option<Instant>,
}

impl Interrupts {
    /// Takes the signals over from their default; fails when the system refuses a handler.
    pub(super) fn listen() -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::new(Stage::Program, "signals", FailureKind::Io, error.to_string())
        };
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let obeyed = kinds.into_iter().filter(|kind| ending::is_obeyed(kind.as_raw_value()));
        let signals = obeyed.map(signal).collect::<io::Result<_>>().map_err(failed)?;
        ending::watch(|| {}).map_err(failed)?;
        Ok(Interrupts { signals, came: None })
    }

    /// Waits for one; from then on the end is ours to see to, within a bound. Cancel-safe.
    pub(super) async fn next(&mut self) {
        poll_fn(|cx| {
            let has_come = self.signals.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
            if has_come { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        ending::acknowledge(ENDING);
        self.came.get_or_insert_with(Instant::now);
    }

    /// When the first one came.
    pub(super) fn came(&self) -> Option<Instant> {
        self.came
    }

    /// After a signal: when printing ends.
    pub(super) fn printing_ends(&self) -> Option<Instant> {
        self.came.map(|came| came + PRINTING)
    }
}
