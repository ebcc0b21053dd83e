//! The pump: carries what is pending in a [`Sink`] to the facts channel, in batches.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Shared, Sink};
use crate::engine::event::Event;

/// Longest time a record waits for company.
const FLUSH_AFTER: Duration = Duration::from_millis(10);

/// Runs until the sink is finished and empty, the shell is gone, or `stop` fires.
pub(in crate::engine) async fn pump(
    sink: Sink,
    facts: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    let shared = &*sink.shared;
    tokio::select! {
        biased;
        () = carry(shared, &facts) => {}
        () = stop.cancelled() => {}
    }
    // Streams that wait for room must not wait for a pump that is gone.
    shared.lock().finish(None);
    while shared.lock().take().is_some() {}
    shared.drained.notify_waiters();
}

async fn carry(shared: &Shared, facts: &mpsc::Sender<Event>) {
    let mut next_flush = Instant::now();
    loop {
        let filled = shared.filled.notified();
        let (empty, full, finished) = {
            let pending = shared.lock();
            (pending.is_empty(), pending.fills_a_batch(), pending.is_finished())
        };
        if empty {
            if finished {
                return;
            }
            filled.await;
            continue;
        }
        if !full {
            tokio::select! {
                biased;
                () = sleep_until(next_flush) => {}
                () = filled => continue,
            }
        }
        loop {
            let Ok(permit) = facts.reserve().await else { return };
            let (event, more) = {
                let mut pending = shared.lock();
                let event = pending.take();
                (event, pending.has_events() || pending.fills_a_batch() && !pending.is_empty())
            };
            shared.drained.notify_waiters();
            if let Some(event) = event {
                permit.send(event);
            }
            if !more {
                break;
            }
        }
        next_flush = Instant::now() + FLUSH_AFTER;
    }
}
