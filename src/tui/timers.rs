//! Timers the application asked for, the next one first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokio::time::Instant;

use crate::app::message::Timer;

/// Pending timers. The application keeps few and ignores those it no longer wants.
#[derive(Debug, Default)]
pub(super) struct Timers {
    pending: BinaryHeap<Reverse<(Instant, Timer)>>,
}

impl Timers {
    /// One more to go off at `at`; those that are pending stay.
    pub(super) fn start(&mut self, at: Instant, timer: Timer) {
        self.pending.push(Reverse((at, timer)));
    }

    /// When the next one goes off.
    pub(super) fn next(&self) -> Option<Instant> {
        self.pending.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one that is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.pending.pop().map(|Reverse((_, timer))| timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn timers_go_off_in_order_of_time_and_not_early() {
        let now = Instant::now();
        let mut timers = Timers::default();
        timers.start(now + Duration::from_millis(20), Timer::Restore);
        timers.start(now + Duration::from_millis(10), Timer::Notice);
        assert_eq!(timers.take_due(now), None);
        let later = now + Duration::from_millis(30);
        assert_eq!(timers.take_due(later), Some(Timer::Notice));
        assert_eq!(timers.take_due(later), Some(Timer::Restore));
        assert_eq!(timers.take_due(later), None);
    }
}
