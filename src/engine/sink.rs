//! `Sink`: where a session puts its facts, and the pump that carries them to the shell in batches.
//!
//! Putting never waits. Overload is met at the source instead:
//! - byte streams call [`Sink::ready`] **before** they read or write, so that TCP pushes back;
//! - datagrams use [`Sink::offer`], which drops the oldest pending ones and counts them;
//! - phases, progress and states of one exchange that are still pending are replaced by newer ones.
//!
//! Everything of one session stays in order; a [`ConnInfo`] travels with or before the first record
//! or exchange of its connection. The pump sends at once after a pause, then at 512 records,
//! 256 KiB or 10 ms.

mod pending;
mod pump;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::clock;
use super::event::{Event, Phase};
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::record::{ConnInfo, Direction, RECORD_KEEPS, Record, RecordKind};
use pending::{Key, Pending};
pub(super) use pump::pump;

/// Pending cost above which byte streams wait. One more read of 64 KiB per connection may come on
/// top of it.
const STREAM_BOUND: usize = 4 * 1024 * 1024;

/// The session's end of its facts. Clones write to the same queue.
#[derive(Clone)]
pub(crate) struct Sink {
    shared: Arc<Shared>,
}

struct Shared {
    session: SessionId,
    pending: Mutex<Pending>,
    /// The pump has a reason to look.
    filled: Notify,
    /// The pump took something; streams may go on.
    drained: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink {
    pub(super) fn new(session: SessionId) -> Self {
        Sink {
            shared: Arc::new(Shared {
                session,
                pending: Mutex::new(Pending::new(session)),
                filled: Notify::new(),
                drained: Notify::new(),
            }),
        }
    }

    /// Waits until the shell has kept up. To be awaited before every read and write of a byte
    /// stream; safe to cancel.
    pub(crate) async fn ready(&self) {
        loop {
            let drained = self.shared.drained.notified();
            if self.shared.lock().cost() < STREAM_BOUND {
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
        self.shared.lock().retire(conn);
    }

    /// A record with its own time stamp, never dropped. Payload beyond [`RECORD_KEEPS`] is cut.
    pub(crate) fn push(&self, record: Record) {
        log(&record);
        self.change(|pending| pending.record(cut(record)));
    }

    /// Bytes that crossed a stream just now.
    pub(crate) fn data(&self, conn: ConnId, direction: Direction, data: Bytes) {
        let original_len = data.len() as u64;
        let kind = RecordKind::Data;
        self.push(Record { at: clock::now(), conn, direction, kind, data, original_len });
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
        self.push(Record { at: clock::now(), conn, direction, kind, data, original_len });
    }

    /// Datagram records: the oldest pending ones are dropped and counted when there are too many.
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
        let key = Key::Phase(std::mem::discriminant(&phase));
        let event = Event::Phase { id: self.shared.session, phase, at: clock::now() };
        self.change(|pending| pending.event(Some(key), event));
    }

    /// An exchange began, got its head, or ended.
    pub(crate) fn exchange(&self, exchange: Exchange) {
        let key = Key::Exchange(exchange.number);
        self.change(|pending| pending.event(Some(key), Event::Exchange(Box::new(exchange))));
    }

    /// A body grew.
    pub(crate) fn progress(&self, number: u32, body: BodyId, encoded: u64, decoded: u64) {
        let event = Event::Progress { id: self.shared.session, number, body, encoded, decoded };
        self.change(|pending| pending.event(Some(Key::Progress(number, body)), event));
    }

    /// An order could not be carried out.
    pub(crate) fn refused(&self, failure: Failure) {
        self.refused_for(self.shared.session, failure);
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
        self.shared.filled.notify_one();
    }

    /// Bytes of all `Data` records so far: sent, received (dropped ones included).
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.shared.lock().totals()
    }

    fn change(&self, change: impl FnOnce(&mut Pending)) {
        let mut pending = self.shared.lock();
        let (was_empty, was_full) = (pending.is_empty(), pending.fills_a_batch());
        change(&mut pending);
        let wake = was_empty || (!was_full && pending.fills_a_batch());
        drop(pending);
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
mod tests;
