//! Waiting with a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for anything; a busy machine with two cores stays far below.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Calls `ready` until it says yes; panics with `what` after [`PATIENCE`].
pub fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}
