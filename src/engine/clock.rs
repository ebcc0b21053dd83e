//! The engine's clock: wall-clock stamps that never run backwards, and waiting for a time.
//!
//! The wall clock is read once; later stamps add monotonic time to it, so a correction of the
//! system's clock cannot turn the order of records around.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::timing::Stamp;

/// Completes at the time, never without one. Safe to drop.
pub async fn at(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

static START: LazyLock<(Stamp, Instant)> = LazyLock::new(|| {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (Stamp::default() + since_epoch, Instant::now())
});

/// The time now.
#[must_use]
pub fn now() -> Stamp {
    START.0 + START.1.elapsed()
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
}
