//! What the sinks of all sessions and the pump share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::queue::Queue;

/// The queue, and who is to be woken.
#[derive(Default)]
pub(super) struct SinkShared {
    queue: Mutex<Queue>,
    /// The pump has a reason to look.
    pub(super) filled: Notify,
    /// The pump took something; streams may go on.
    pub(super) drained: Notify,
}

impl SinkShared {
    /// Held for short: every session waits for it. A panic of another holder does no harm.
    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the queue and wakes the pump when there is more to take than before.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.lock();
        let before = queue.load();
        let outcome = change(&mut queue);
        let wake = queue.load() != before;
        drop(queue);
        if wake {
            self.filled.notify_one();
        }
        outcome
    }
}
