//! The pump: carries what is pending in the queue to the facts channel, in batches. One for all
//! sessions, so that records reach the shell in the order in which they happened.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::queue::Load;
use super::shared::SinkShared;
use crate::engine::event::Event;

/// Longest time a record waits for company.
const FLUSH_AFTER: Duration = Duration::from_millis(10);

/// Runs until the shell is gone or `stop` fires.
pub(super) async fn run(
    shared: &SinkShared,
    facts: mpsc::Sender<VecDeque<Event>>,
    stop: CancellationToken,
) {
    tokio::select! {
        biased;
        () = carry(shared, &facts) => {}
        () = stop.cancelled() => {}
    }
    // Streams that wait for room must not wait for a pump that is gone.
    shared.lock().close();
    shared.drained.notify_waiters();
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
        let (parcel, load) = {
            let mut queue = shared.lock();
            (queue.take(), queue.load())
        };
        shared.drained.notify_waiters();
        if parcel.is_empty() {
            // Everything is younger than an open moment, whose end is told like a new record.
            drop(permit);
            shared.filled.notified().await;
            continue;
        }
        permit.send(parcel);
        if load != Load::Full {
            next_flush = Instant::now() + FLUSH_AFTER;
        }
    }
}
