//! The one place where the clock is read: stamps that never run backwards, the wall clock to show
//! them by, and waiting for a time.
//!
//! Stamps begin with the wall clock at the start of the program and add monotonic time to it, so a
//! clock that is set, or a machine that sleeps, cannot turn the order of records around or make an
//! age wrong. How far the wall clock has gone from them since is looked at with every fact, and a
//! step is told (`sink::queue`).

#[cfg(test)]
use std::sync::Arc;
use std::sync::LazyLock;
#[cfg(test)]
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::timing::Stamp;

/// A reading of both clocks that took longer was interrupted and says nothing.
const ONE_READING: Duration = Duration::from_millis(1);
/// How often an interrupted reading is made again.
const READINGS: usize = 4;

/// Completes at the time, never without one. Safe to drop.
pub async fn at(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

static START: LazyLock<(Stamp, Instant)> = LazyLock::new(|| (system_time(), Instant::now()));

fn system_time() -> Stamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp::default() + since_epoch
}

/// The time now, for order and ages; what it is on the wall, knows a
/// [`WallClock`](crate::model::wall_clock::WallClock).
#[must_use]
pub fn now() -> Stamp {
    START.0 + START.1.elapsed()
}

/// What the wall clock of the system says now, for peers who compare it with theirs.
pub(crate) fn wall() -> Stamp {
    system_time()
}

/// A wall clock, in nanoseconds since the Unix epoch; by default the system's.
pub(crate) struct WallSource(Box<dyn Fn() -> Stamp + Send + Sync>);

impl Default for WallSource {
    fn default() -> Self {
        WallSource(Box::new(system_time))
    }
}

impl WallSource {
    /// So many nanoseconds ahead of the system's clock, whatever they are at the time.
    #[cfg(test)]
    pub(crate) fn ahead_by(nanoseconds: Arc<AtomicI64>) -> Self {
        WallSource(Box::new(move || {
            Stamp(system_time().0.saturating_add_signed(nanoseconds.load(Ordering::Relaxed)))
        }))
    }

    /// The wall clock now, in nanoseconds since the Unix epoch.
    pub(crate) fn now(&self) -> Stamp {
        (self.0)()
    }

    /// Nanoseconds the wall clock is ahead of stamps; `None` when the thread was interrupted between
    /// the two readings, again and again.
    pub(super) fn ahead(&self) -> Option<i64> {
        std::iter::repeat_with(|| self.one_reading()).take(READINGS).find_map(|ahead| ahead)
    }

    fn one_reading(&self) -> Option<i64> {
        let before = now();
        let wall = self.now();
        let after = now();
        let ahead = i128::from(wall.0) - i128::from(after.0);
        if after.since(before) > ONE_READING { None } else { i64::try_from(ahead).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_never_run_backwards_and_are_of_this_century() {
        let first = now();
        assert!(now() >= first);
        assert!(first.0 > 1_700_000_000_000_000_000);
    }

    #[test]
    fn a_wall_clock_that_was_set_is_ahead_of_stamps() {
        let hour = 3_600_000_000_000;
        for by in [hour, -hour] {
            let source = WallSource::ahead_by(Arc::new(AtomicI64::new(by)));
            let ahead = std::iter::repeat_with(|| source.ahead()).flatten().next().unwrap();
            let start = system_time().0.cast_signed() - now().0.cast_signed();
            assert!((ahead - by - start).abs() < hour / 60, "{ahead}");
        }
    }
}
