//! The pump: carries what is pending in the queue to the facts channel, in batches. One for all
//! sessions, so that records reach the shell in the order in which they happened.
//!
//! A whole batch is sent by whoever puts its last fact, while the channel has room: to wake a task for it,
//! on another thread perhaps, costs more than to send it. The task sends what is no batch yet, in time, and
//! what found no room.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::queue::{Load, Queue};
use crate::engine::clock::{self, WallSource};
use crate::engine::event::Event;
use crate::engine::receive_blocks::ReceiveBlocks;
use crate::model::id::SessionId;

/// Where batches go.
type FactSender = mpsc::Sender<VecDeque<Event>>;

/// Longest time a record waits for company.
const FLUSH_AFTER: Duration = Duration::from_millis(10);
/// Silence after which memory that is not needed any more goes back, and how often it is looked for.
const TRIM_AFTER: Duration = Duration::from_secs(10);

/// What the sinks of all sessions and the pump share: the queue, and who is to be woken.
#[derive(Default)]
pub(super) struct SinkShared {
    queue: Mutex<Queue>,
    /// The way to the shell, while there is one. Held while a batch is taken and sent, so that they are sent
    /// in the order in which they were taken.
    carrying: Mutex<Option<FactSender>>,
    /// Where streams receive.
    pub(super) blocks: ReceiveBlocks,
    /// The pump has a reason to look.
    filled: Notify,
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

    /// Changes the queue; when there is more to take than before, it is sent or the pump woken.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.lock();
        let before = queue.load();
        let outcome = change(&mut queue);
        let (load, is_news) = (queue.load(), queue.is_news_to_pump(before));
        let is_sent_here = load == Load::Full && !queue.is_held_up();
        drop(queue);
        let is_left = !is_sent_here || self.send_batches();
        if is_left && is_news {
            self.filled.notify_one();
        }
        outcome
    }

    /// What was held up may be taken now.
    pub(super) fn held_up_no_more(&self, load: Load) {
        if load == Load::Full {
            self.send_batches();
        }
        // It may wait for this alone.
        self.filled.notify_one();
    }

    /// Sends whole batches while there are some and there is room, unless somebody else is at it. Whether
    /// something is left for the pump.
    fn send_batches(&self) -> bool {
        let Ok(carrying) = self.carrying.try_lock() else { return true };
        let Some(facts) = &*carrying else { return true };
        while let Ok(permit) = facts.try_reserve() {
            match self.send_batch(permit) {
                (true, Load::Full) => {}
                (true, Load::Nothing) => return false,
                _ => break,
            }
        }
        true
    }

    /// Takes a batch and sends it, if there is one; who calls it holds `carrying`. Also how much is left.
    fn send_batch(&self, permit: mpsc::Permit<'_, VecDeque<Event>>) -> (bool, Load) {
        let (events, load) = {
            let mut queue = self.lock();
            (queue.take(), queue.load())
        };
        self.drained.notify_waiters();
        let is_sent = !events.is_empty();
        if is_sent {
            permit.send(events);
        }
        (is_sent, load)
    }

    /// Waits for something to send; after a while of silence memory that is not needed goes back.
    async fn rest(&self, filled: impl Future<Output = ()>) {
        let (mut filled, mut is_in_use) = (pin!(filled), true);
        loop {
            tokio::select! {
                biased;
                () = &mut filled => return,
                () = sleep(TRIM_AFTER), if is_in_use => {
                    self.lock().trim();
                    is_in_use = self.blocks.trim();
                }
            }
        }
    }

    fn carrying(&self) -> MutexGuard<'_, Option<FactSender>> {
        self.carrying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs until the shell is gone or `stop` fires.
    pub(super) async fn pump(&self, facts: FactSender, stop: CancellationToken) {
        *self.carrying() = Some(facts.clone());
        tokio::select! {
            biased;
            () = carry(self, &facts) => {}
            () = stop.cancelled() => {}
        }
        *self.carrying() = None;
        // Streams that wait for room must not wait for a pump that is gone.
        self.lock().close();
        self.drained.notify_waiters();
    }
}

async fn carry(shared: &SinkShared, facts: &FactSender) {
    let mut next_flush = Instant::now();
    loop {
        let filled = shared.filled.notified();
        let load = shared.lock().look();
        match load {
            Load::Nothing => {
                shared.rest(filled).await;
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
        let (is_sent, load) = {
            let _carrying = shared.carrying();
            shared.send_batch(permit)
        };
        if !is_sent && load != Load::Nothing {
            // Everything is younger than a held stamp, whose end is told like a new record.
            shared.lock().pump_waits();
            shared.filled.notified().await;
            continue;
        }
        if load != Load::Full {
            next_flush = Instant::now() + FLUSH_AFTER;
        }
    }
}
