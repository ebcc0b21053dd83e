//! The pump: carries what is pending in the queue to the facts channel, in batches. One for all
//! sessions, so that records reach the shell in the order in which they happened.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::queue::{Load, Queue};
use crate::engine::clock::{self, WallSource};
use crate::engine::event::Event;
use crate::model::id::SessionId;

/// Longest time a record waits for company.
const FLUSH_AFTER: Duration = Duration::from_millis(10);

/// What the sinks of all sessions and the pump share: the queue, and who is to be woken.
#[derive(Default)]
pub(super) struct SinkShared {
    queue: Mutex<Queue>,
    /// The pump has a reason to look.
    pub(super) filled: Notify,
    /// The pump took something; streams may go on.
    pub(super) drained: Notify,
    wall: WallSource,
}

impl SinkShared {
    /// Empty, with the wall clock that is looked at.
    pub(super) fn new(wall: WallSource) -> Self {
        SinkShared { wall, ..SinkShared::default() }
    }

    /// Before a fact of a session: whether the wall clock was set. Under the lock, so that no reading
    /// comes after a newer one.
    pub(super) fn look_at_wall(&self, queue: &mut Queue, session: SessionId) {
        let now = clock::now();
        if queue.wants_wall(session, now)
            && let Some(ahead) = self.wall.ahead()
        {
            queue.wall_is(session, clock::now(), ahead);
        }
    }

    /// Held for short: every session waits for it. A panic of another holder does no harm.
    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the queue and wakes the pump when there is more to take than before.
    pub(super) fn change(&self, change: impl FnOnce(&mut Queue)) {
        let mut queue = self.lock();
        let before = queue.load();
        change(&mut queue);
        let wake = queue.load() != before;
        drop(queue);
        if wake {
            self.filled.notify_one();
        }
    }

    /// Runs until the shell is gone or `stop` fires.
    pub(super) async fn pump(&self, facts: mpsc::Sender<VecDeque<Event>>, stop: CancellationToken) {
        tokio::select! {
            biased;
            () = carry(self, &facts) => {}
            () = stop.cancelled() => {}
        }
        // Streams that wait for room must not wait for a pump that is gone.
        self.lock().close();
        self.drained.notify_waiters();
    }
}

async fn carry(shared: &SinkShared, facts: &mpsc::Sender<VecDeque<Event>>) {
    let mut next_flush = Instant::now();
    loop {
        let filled = shared.filled.notified();
        let load = shared.lock().load();
        match load {
            Load::Nothing => {
                filled.await;
                continue;
            }
            Load::Some => tokio::select! {
                biased;
                () = sleep_until(next_flush) => {}
                () = filled => continue,
            },
            Load::Full => {}
        }
        let Ok(permit) = facts.reserve().await else { return };
        let (events, load) = {
            let mut queue = shared.lock();
            (queue.take(), queue.load())
        };
        shared.drained.notify_waiters();
        if events.is_empty() {
            // Everything is younger than a held stamp, whose end is told like a new record.
            drop(permit);
            shared.filled.notified().await;
            continue;
        }
        permit.send(events);
        if load != Load::Full {
            next_flush = Instant::now() + FLUSH_AFTER;
        }
    }
}
