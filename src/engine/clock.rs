//! The engine's clock: wall-clock stamps that never run backwards.
//!
//! The wall clock is read once; later stamps add monotonic time to it, so a correction of the
//! system's clock cannot turn the order of records around.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::timing::Stamp;

static START: OnceLock<(Stamp, Instant)> = OnceLock::new();

/// The time now.
#[must_use]
pub fn now() -> Stamp {
    let (start, instant) = START.get_or_init(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Stamp::default() + since_epoch, Instant::now())
    });
    *start + instant.elapsed()
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
