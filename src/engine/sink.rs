//! `Sink`: where a session puts its facts, and the pump that carries them to the shell in parcels.
//!
//! Putting never waits. Overload is met at the source instead:
//! - byte streams call [`Sink::ready`] **before** they read or write, so that TCP pushes back;
//! - datagrams use [`Sink::offer`], which drops the oldest pending ones and counts them;
//! - phases, progress and states of one exchange that are still pending are replaced by newer ones.
//!
//! Everything of one session stays in order (an exchange may come a little later, see [`event_batch`]);
//! records of all sessions together come in the order of their stamps. For that a record gets its
//! stamp under the lock of the [`queue`] they share; who needs a stamp before it can put the record
//! opens a [`StampGuard`]. A [`ConnInfo`] travels with or before the first record or exchange of its
//! connection. The pump sends at once after a pause, then at 512 records, 256 KiB or 10 ms.

mod event_batch;
mod pending;
mod pump;
mod queue;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::clock;
use super::event::{Event, Phase};
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::record::{ConnInfo, Direction, RECORD_KEEPS, Record, RecordKind};
use crate::model::timing::Stamp;
use pending::{CoalesceKey, Pending};
pub(super) use pump::pump;
use queue::{Load, Queue, QueuePlace};

/// Pending cost of a session above which its byte streams wait. One more read of 64 KiB per
/// connection may come on top of it.
const STREAM_BOUND: usize = 4 * 1024 * 1024;

/// Where the sinks of all sessions lead to.
#[derive(Clone, Default)]
pub(super) struct Sinks {
    shared: Arc<SinkShared>,
}

/// The session's end of its facts. Clones write to the same queue.
#[derive(Clone)]
pub(crate) struct Sink {
    session: SessionId,
    place: QueuePlace,
    shared: Arc<SinkShared>,
}

/// A time from which records may still be put: until it is dropped nothing younger is shown. For
/// work that does not wait, because everything else does.
pub(crate) struct StampGuard {
    at: Stamp,
    number: u64,
    shared: Arc<SinkShared>,
}

#[derive(Default)]
struct SinkShared {
    queue: Mutex<Queue>,
    /// The pump has a reason to look.
    filled: Notify,
    /// The pump took something; streams may go on.
    drained: Notify,
}

impl SinkShared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sinks {
    /// A sink for a session.
    pub(super) fn sink(&self, session: SessionId) -> Sink {
        let place = self.shared.lock().enter(session);
        Sink { session, place, shared: Arc::clone(&self.shared) }
    }
}

impl Drop for StampGuard {
    fn drop(&mut self) {
        let load = {
            let mut queue = self.shared.lock();
            queue.close_moment(self.at, self.number);
            queue.load()
        };
        if load != Load::Nothing {
            self.shared.filled.notify_one();
        }
    }
}

impl Sink {
    /// A sink that leads to nobody else's.
    #[cfg(test)]
    pub(super) fn new(session: SessionId) -> Self {
        Sinks::default().sink(session)
    }

    /// Waits until the shell has kept up. To be awaited before every read and write of a byte
    /// stream; safe to cancel.
    pub(crate) async fn ready(&self) {
        loop {
            let drained = self.shared.drained.notified();
            let cost = self.shared.lock().session(self.place).map_or(0, Pending::cost);
            if cost < STREAM_BOUND {
                return;
            }
            drained.await;
        }
    }

    /// Names a connection, or corrects what was said about it. Sent with its next record.
    pub(crate) fn conn(&self, info: ConnInfo) {
        self.change(|pending| pending.announce(info));
    }

    /// The connection will have no further records.
    pub(crate) fn retire(&self, conn: ConnId) {
        self.change(|pending| pending.retire(conn));
    }

    /// Opens a moment: records stamped from now on may be put until it is dropped.
    pub(crate) fn moment(&self) -> StampGuard {
        let mut queue = self.shared.lock();
        let at = clock::now();
        let number = queue.open_moment(at);
        StampGuard { at, number, shared: Arc::clone(&self.shared) }
    }

    /// Waits for work that sends something and says when it did: a peer may have answered before
    /// we know that we have sent, and must not come first.
    pub(crate) async fn timed<T>(&self, work: impl Future<Output = T>) -> (T, StampGuard) {
        let mut work = pin!(work);
        poll_fn(|cx| {
            let moment = self.moment();
            work.as_mut().poll(cx).map(|outcome| (outcome, moment))
        })
        .await
    }

    /// A record with its own time stamp, which has to be from an open [`StampGuard`]. Never dropped;
    /// payload beyond [`RECORD_KEEPS`] is cut.
    pub(crate) fn push(&self, record: Record) {
        log(&record);
        self.change(|pending| pending.record(cut(record)));
    }

    /// Bytes that were sent in that moment, of which `data` is kept here.
    pub(crate) fn sent(&self, moment: StampGuard, conn: ConnId, data: Bytes, original_len: u64) {
        let (direction, kind) = (Direction::Sent, RecordKind::Data);
        self.push(Record { at: moment.at, conn, direction, kind, data, original_len });
        drop(moment);
    }

    /// Bytes that were received just now, of which `data` is kept here.
    pub(crate) fn received(&self, conn: ConnId, data: Bytes, original_len: u64) {
        let (direction, kind) = (Direction::Received, RecordKind::Data);
        self.stamped(Record { at: Stamp::default(), conn, direction, kind, data, original_len });
    }

    /// A fact of a connection in words, as of now.
    pub(crate) fn note(
        &self,
        conn: ConnId,
        direction: Direction,
        kind: RecordKind,
        text: impl Into<String>,
    ) {
        let data = Bytes::from(text.into());
        let original_len = data.len() as u64;
        self.stamped(Record { at: Stamp::default(), conn, direction, kind, data, original_len });
    }

    /// Our side of a connection finished sending in that moment.
    pub(crate) fn finished_sending(&self, moment: StampGuard, conn: ConnId) {
        let data = Bytes::from_static(b"we finished sending");
        let (direction, kind) = (Direction::Sent, RecordKind::Finished);
        let original_len = data.len() as u64;
        self.push(Record { at: moment.at, conn, direction, kind, data, original_len });
        drop(moment);
    }

    /// A record of now.
    fn stamped(&self, record: Record) {
        let record = cut(record);
        self.change(|pending| pending.record(Record { at: clock::now(), ..record }));
    }

    /// Datagram records with stamps from an open [`StampGuard`]: the oldest pending ones are dropped
    /// and counted when there are too many.
    pub(crate) fn offer(&self, records: impl IntoIterator<Item = Record>) {
        self.change(|pending| {
            for record in records {
                log(&record);
                pending.datagram(cut(record));
            }
        });
    }

    /// The kernel's total of datagrams it dropped for this session.
    pub(crate) fn lost_by_kernel(&self, total: u64) {
        self.change(|pending| pending.lost_by_kernel(total));
    }

    /// What the session is doing now.
    pub(crate) fn phase(&self, phase: Phase) {
        let key = CoalesceKey::Phase(std::mem::discriminant(&phase));
        let event = Event::Phase { id: self.session, phase, at: clock::now() };
        self.change(|pending| pending.event(Some(key), event));
    }

    /// An exchange began, got its head, or ended.
    pub(crate) fn exchange(&self, exchange: Exchange) {
        let key = CoalesceKey::Exchange(exchange.number);
        self.change(|pending| pending.event(Some(key), Event::Exchange(Box::new(exchange))));
    }

    /// A body grew.
    pub(crate) fn progress(&self, number: u32, body: BodyId, encoded: u64, decoded: u64) {
        let event = Event::Progress { id: self.session, number, body, encoded, decoded };
        self.change(|pending| pending.event(Some(CoalesceKey::Progress(number, body)), event));
    }

    /// An order could not be carried out.
    pub(crate) fn refused(&self, failure: Failure) {
        self.refused_for(self.session, failure);
    }

    /// The same for a session that is not (or no longer) there.
    pub(super) fn refused_for(&self, id: SessionId, failure: Failure) {
        self.change(|pending| pending.event(None, Event::Refused { id, failure }));
    }

    /// Any other event.
    pub(super) fn event(&self, event: Event) {
        self.change(|pending| pending.event(None, event));
    }

    /// The last event; nothing put after it is sent.
    pub(super) fn finish(&self, done: Option<Event>) {
        if let Some(Event::Done { id, outcome, .. }) = &done {
            match outcome {
                Ok(summary) => tracing::info!("session {id} ended: {}", summary.ended),
                Err(failure) => tracing::info!("session {id} failed: {}", failure.cause),
            }
        }
        self.change(|pending| pending.finish(done));
    }

    /// Bytes of all `Data` records so far: sent, received (dropped ones included).
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.shared.lock().session(self.place).map_or((0, 0), Pending::totals)
    }

    fn change(&self, change: impl FnOnce(&mut Pending)) {
        let mut queue = self.shared.lock();
        let before = queue.load();
        queue.change(self.place, change);
        let wake = queue.load() != before;
        drop(queue);
        if wake {
            self.shared.filled.notify_one();
        }
    }
}

/// Facts go to the log in words. Payload and addresses may hold secrets: of them only the length,
/// and of a failure its cause when the session ends.
fn log(record: &Record) {
    let Record { conn, direction, kind, data, original_len, .. } = record;
    match kind {
        RecordKind::Data => tracing::trace!("{conn} {direction:?} {original_len} bytes"),
        RecordKind::Failed => tracing::debug!("{conn} failed"),
        kind => tracing::debug!("{conn} {}: {}", kind.name(), String::from_utf8_lossy(data)),
    }
}

fn cut(mut record: Record) -> Record {
    record.data.truncate(RECORD_KEEPS);
    record
}

#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod sink_tests;
