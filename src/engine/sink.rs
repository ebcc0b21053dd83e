//! `Sink`: where a session puts its facts, and the pump that carries them to the shell in batches.
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
//! connection. The pump sends at once after a pause, then at 512 records, 512 KiB or 10 ms.

mod event_batch;
mod pump;
mod queue;
mod wall;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::RangeInclusive;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::clock::{self, WallSource};
use super::event::{Event, Phase};
use super::receive_blocks::ReceiveBlocks;
use super::rules::RuleHits;
use crate::model::ciphertext::Ciphertext;
use crate::model::cookie::CookieChange;
use crate::model::dialled::Dialled;
use crate::model::exchange::{Exchange, ExchangeState};
use crate::model::failure::{Failure, FailureKind};
use crate::model::fault::FaultMarks;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::record::{ConnInfo, Direction, RECORD_KEEPS, Record, RecordKind};
use crate::model::secrets::Secrets;
use crate::model::stream_event::StreamEvent;
use crate::model::timing::Stamp;
use pump::SinkShared;
use queue::{Queue, QueueKey};

/// Pending cost of a session above which its byte streams wait. One more read of 64 KiB per
/// connection may come on top of it.
const STREAM_BOUND: usize = 1024 * 1024;

/// The session's end of its facts. Clones write to the same queue.
#[derive(Clone)]
pub(crate) struct Sink {
    session: SessionId,
    shared: Arc<SinkShared>,
    /// What no words of this session hold.
    secrets: Secrets,
    /// Bytes kept of one record, and of all of one message.
    keeps: usize,
    /// What crosses sockets below TLS is told.
    tells_ciphertext: bool,
}

/// A time from which records may still be put: until it is dropped nothing younger is shown. For
/// work that does not wait, because everything else does.
pub(crate) struct StampGuard {
    place: QueueKey,
    shared: Arc<SinkShared>,
}

impl StampGuard {
    /// The stamp.
    pub(crate) fn at(&self) -> Stamp {
        self.place.0
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Drop for StampGuard {
    fn drop(&mut self) {
        let (was_waited_for, load) = {
            let mut queue = self.shared.lock();
            (queue.release_stamp(self.place), queue.load())
        };
        if was_waited_for {
            self.shared.held_up_no_more(load);
        }
    }
}

impl Sink {
    /// A sink that leads to nobody else's, by the system's clock.
    pub(super) fn new(session: SessionId) -> Self {
        Sink::with_wall(session, WallSource::default())
    }

    /// A sink that leads to nobody else's, with the wall clock that is looked at.
    fn with_wall(session: SessionId, wall: WallSource) -> Self {
        let (shared, secrets) = (Arc::new(SinkShared::new(wall)), Secrets::default());
        Sink { session, shared, secrets, keeps: RECORD_KEEPS, tells_ciphertext: false }.of(session)
    }

    /// The sink of another session, to the same shell.
    pub(super) fn of(&self, session: SessionId) -> Self {
        self.shared.lock().enter(session);
        let secrets = Secrets::default();
        Sink { session, shared: Arc::clone(&self.shared), secrets, ..*self }
    }

    /// The same, which cuts nothing off if so.
    pub(super) fn keeping_whole(self, is_whole: bool) -> Self {
        Sink { keeps: if is_whole { usize::MAX } else { self.keeps }, ..self }
    }

    /// The same, which tells what crosses sockets below TLS if so.
    pub(super) fn telling_ciphertext(self, tells: bool) -> Self {
        Sink { tells_ciphertext: tells, ..self }
    }

    /// Whether what crosses sockets below TLS is wanted.
    pub(crate) fn wants_ciphertext(&self) -> bool {
        self.tells_ciphertext
    }

    /// Bytes kept of one record, and of all records of one message.
    pub(crate) fn keeps(&self) -> usize {
        self.keeps
    }

    /// The same, whose words are said without these. Bytes are left as they are.
    pub(super) fn hiding(self, secrets: Secrets) -> Self {
        Sink { secrets, ..self }
    }

    /// Carries what all sessions say to the shell, until it is gone or `stop` fires.
    pub(super) async fn pump(self, facts: mpsc::Sender<VecDeque<Event>>, stop: CancellationToken) {
        self.shared.pump(facts, stop).await;
    }

    /// Waits until the shell has kept up. To be awaited before every read and write of a byte
    /// stream; safe to cancel.
    pub(crate) async fn ready(&self) {
        loop {
            let drained = self.shared.drained.notified();
            if self.shared.lock().cost(self.session) < STREAM_BOUND {
                return;
            }
            drained.await;
        }
    }

    /// Sends the shell what there is, or what comes next, without waiting for company: it cannot go on
    /// before.
    pub(super) fn hurry(&self) {
        self.shared.change(Queue::hurry);
    }

    /// Where the streams of all sessions receive.
    pub(super) fn blocks(&self) -> &ReceiveBlocks {
        &self.shared.blocks
    }

    /// Names a connection, or corrects what was said about it. Sent with its next record.
    pub(crate) fn conn(&self, info: ConnInfo) {
        self.shared.change(|queue| queue.announce(info));
    }

    /// The connection will have no further records; whoever was told of it is told that, too.
    pub(crate) fn retire(&self, conn: ConnId) {
        self.shared.change(|queue| queue.retire(conn, clock::now()));
    }

    /// Holds a stamp: records stamped from now on may be put until it is dropped.
    pub(crate) fn hold_stamp(&self) -> StampGuard {
        // A step of the wall clock is a fact that is put here.
        let place = self.shared.change(|queue| {
            self.shared.look_at_wall(queue, self.session);
            queue.hold_stamp(clock::now())
        });
        StampGuard { place, shared: Arc::clone(&self.shared) }
    }

    /// Waits for work that sends something and says when it did: a peer may have answered before
    /// we know that we have sent, and must not come first.
    pub(crate) async fn timed<T>(&self, work: impl Future<Output = T>) -> (T, StampGuard) {
        let mut work = pin!(work);
        poll_fn(|cx| {
            let held = self.hold_stamp();
            work.as_mut().poll(cx).map(|outcome| (outcome, held))
        })
        .await
    }

    /// A record with its own time stamp, which has to be from an open [`StampGuard`]. Never dropped;
    /// payload beyond [`RECORD_KEEPS`] is cut.
    pub(crate) fn push(&self, record: Record) {
        let record = self.taken_in(record);
        self.change(|queue, session| queue.record(session, record));
    }

    /// Bytes that were sent at that stamp, of which `data` is kept here.
    pub(crate) fn sent(&self, held: StampGuard, conn: ConnId, data: Bytes, original_len: u64) {
        let record = Record::new(held.place.0, conn, Direction::Sent, RecordKind::Data, data);
        self.push(Record { original_len, ..record });
        drop(held);
    }

    /// The same of bytes that somebody changed.
    pub(crate) fn sent_changed(
        &self,
        held: StampGuard,
        (conn, faults): (ConnId, FaultMarks),
        data: Bytes,
        original_len: u64,
    ) {
        let record = Record::new(held.place.0, conn, Direction::Sent, RecordKind::Data, data);
        self.push(Record { original_len, faults, ..record });
        drop(held);
    }

    /// The same of bytes that faults touched.
    pub(crate) fn sent_touched(
        &self,
        held: StampGuard,
        conn: ConnId,
        data: Bytes,
        faults: FaultMarks,
    ) {
        let (len, data) = (data.len() as u64, self.kept(data));
        self.sent_changed(held, (conn, faults), data, len);
    }

    /// Bytes that were received just now and that faults touch.
    pub(crate) fn received_touched(&self, conn: ConnId, data: Bytes, faults: FaultMarks) {
        let (len, data) = (data.len() as u64, self.kept(data));
        self.received_changed((conn, faults), data, len);
    }

    /// The same, of which `data` is kept here.
    pub(crate) fn received_changed(
        &self,
        (conn, faults): (ConnId, FaultMarks),
        data: Bytes,
        original_len: u64,
    ) {
        let (now, kind) = (Stamp::default(), RecordKind::Data);
        let record = Record::new(now, conn, Direction::Received, kind, data);
        self.stamped(Record { original_len, faults, ..record });
    }

    /// What a record keeps of bytes.
    fn kept(&self, mut data: Bytes) -> Bytes {
        data.truncate(self.keeps());
        data
    }

    /// Bytes that were received just now, of which `data` is kept here.
    pub(crate) fn received(&self, conn: ConnId, data: Bytes, original_len: u64) {
        let (now, kind) = (Stamp::default(), RecordKind::Data);
        let record = Record::new(now, conn, Direction::Received, kind, data);
        self.stamped(Record { original_len, ..record });
    }

    /// What crossed a socket below TLS, at a stamp from an open [`StampGuard`]; `None` = just now. Never dropped.
    pub(crate) fn ciphertext(&self, held: Option<&StampGuard>, piece: Ciphertext) {
        self.change(|queue, session| {
            let at = held.map_or_else(clock::now, StampGuard::at);
            queue.ciphertext(session, at, piece);
        });
    }

    /// Words as they may be said.
    pub(crate) fn hidden(&self, words: &str) -> Bytes {
        self.secrets.hide_words(words).into()
    }

    /// A message of WebSocket that was received just now, or words about one, with its frames.
    pub(crate) fn message_came(&self, conn: ConnId, kind: RecordKind, data: Bytes, frames: Bytes) {
        let record = Record::new(Stamp::default(), conn, Direction::Received, kind, data);
        self.stamped(Record { frames, ..record });
    }

    /// The same of one whose last byte was sent at that stamp.
    pub(crate) fn message_left(
        &self,
        held: StampGuard,
        conn: ConnId,
        kind: RecordKind,
        data: Bytes,
        frames: Bytes,
    ) {
        let record = Record::new(held.place.0, conn, Direction::Sent, kind, data);
        self.push(Record { frames, ..record });
        drop(held);
    }

    /// A fact of a connection in words, as of now.
    pub(crate) fn note(
        &self,
        conn: ConnId,
        direction: Direction,
        kind: RecordKind,
        text: impl Into<String>,
    ) {
        let data = Bytes::from(self.secrets.hide_words(&text.into()));
        self.stamped(Record::new(Stamp::default(), conn, direction, kind, data));
    }

    /// The same of what faults or a hold touched.
    pub(crate) fn note_touched(&self, conn: ConnId, text: &str, faults: FaultMarks) {
        let (way, kind) = (Direction::Local, RecordKind::Note);
        let data = Bytes::from(self.secrets.hide_words(text));
        self.stamped(Record { faults, ..Record::new(Stamp::default(), conn, way, kind, data) });
    }

    /// Something failed on our side, as of now.
    pub(crate) fn failed(&self, conn: ConnId, failure: &Failure) {
        self.note(conn, Direction::Local, RecordKind::Failed, failure.to_string());
    }

    /// A connection is over by this: its peer reset it, or something failed on our side.
    pub(crate) fn broke(&self, conn: ConnId, failure: &Failure) {
        let (direction, kind) = match failure.kind {
            FailureKind::Reset => (Direction::Received, RecordKind::Reset),
            _ => (Direction::Local, RecordKind::Failed),
        };
        self.note(conn, direction, kind, failure.to_string());
    }

    /// Our side of a connection finished sending at that stamp.
    pub(crate) fn finished_sending(&self, held: StampGuard, conn: ConnId) {
        let (kind, data) = (RecordKind::Finished, Bytes::from_static(b"we finished sending"));
        self.push(Record::new(held.place.0, conn, Direction::Sent, kind, data));
        drop(held);
    }

    /// A record of now.
    fn stamped(&self, record: Record) {
        let record = self.taken_in(record);
        self.change(|queue, session| {
            queue.record(session, Record { at: clock::now(), ..record });
        });
    }

    /// Datagram records with stamps from an open [`StampGuard`]: the oldest pending ones are dropped
    /// and counted when there are too many.
    pub(crate) fn offer(&self, records: impl IntoIterator<Item = Record>) {
        self.change(|queue, session| {
            for record in records.into_iter().map(|record| self.taken_in(record)) {
                queue.datagram(session, record);
            }
        });
    }

    /// The kernel's total of datagrams it dropped for this session.
    pub(crate) fn lost_by_kernel(&self, total: u64) {
        self.change(|queue, session| queue.lost_by_kernel(session, total));
    }

    /// So many more than the kernel's total told before, for who counts some of its sockets.
    pub(crate) fn lost_by_kernel_too(&self, more: u64) {
        self.change(|queue, session| queue.lost_by_kernel_too(session, more));
    }

    /// What the session is doing now.
    pub(crate) fn phase(&self, phase: Phase) {
        self.event(Event::Phase { id: self.session, phase, at: clock::now() });
    }

    /// Steps of the session are done.
    pub(crate) fn steps_done(&self, steps: RangeInclusive<usize>) {
        let (id, at) = (self.session, clock::now());
        steps.for_each(|step| self.event(Event::StepDone { id, step, at }));
    }

    /// How a connection of ours came about.
    pub(crate) fn dialled(&self, conn: ConnId, how: Dialled) {
        self.event(Event::Dialled { conn, how: Box::new(how) });
    }

    /// An exchange began, got its head, or ended.
    pub(crate) fn exchange(&self, mut exchange: Box<Exchange>) {
        for words in &mut exchange.warnings {
            *words = self.secrets.hide_words(words);
        }
        if let Some(contract) = &mut exchange.contract {
            let contract = Arc::make_mut(contract);
            for words in contract.findings.iter_mut().chain(&mut contract.unchecked) {
                *words = self.secrets.hide_words(words);
            }
        }
        if let ExchangeState::Failed(failure) = &mut exchange.state {
            **failure = self.secrets.hide_failure(*failure.clone());
        }
        self.event(Event::Exchange(exchange));
    }

    /// A body grew.
    pub(crate) fn progress(&self, number: u32, body: BodyId, encoded: u64, decoded: u64) {
        self.event(Event::Progress { id: self.session, number, body, encoded, decoded });
    }

    /// Cookies were taken or removed.
    pub(crate) fn cookies(&self, changes: Vec<CookieChange>) {
        self.event(Event::Cookies { id: self.session, changes });
    }

    /// Events of a stream came.
    pub(crate) fn stream_events(&self, number: u32, events: Vec<StreamEvent>) {
        self.event(Event::StreamEvents { id: self.session, number, events });
    }

    /// A rule answered, so often in all.
    pub(crate) fn answered(&self, by: RuleHits) {
        let RuleHits { rule, hits } = by;
        self.event(Event::RuleAnswered { id: self.session, rule, hits });
    }

    /// A rule of a relay changed something, so often in all.
    pub(crate) fn rewrote(&self, rule: u32, times: u64) {
        self.event(Event::Rewrote { id: self.session, rule, times });
    }

    /// An order could not be carried out.
    pub(crate) fn refused(&self, failure: Failure) {
        self.refused_for(self.session, failure);
    }

    /// The same for a session that is not (or no longer) there.
    pub(super) fn refused_for(&self, id: SessionId, failure: Failure) {
        let failure = self.secrets.hide_failure(failure);
        self.event(Event::Refused { id, failure });
    }

    /// Any event, as of now.
    pub(super) fn event(&self, event: Event) {
        self.change(|queue, session| queue.event(session, clock::now(), event));
    }

    /// The last event; nothing put after it is sent.
    pub(super) fn finish(&self, mut done: Event) {
        if let Event::Done { outcome: Err(failure), .. } = &mut done {
            *failure = self.secrets.hide_failure(failure.clone());
        }
        if let Event::Done { id, outcome, .. } = &done {
            match outcome {
                Ok(summary) => tracing::info!("session {id} ended: {}", summary.ended),
                Err(failure) => tracing::info!("session {id} failed: {}", failure.cause),
            }
        }
        self.change(|queue, session| queue.finish(session, clock::now(), done));
    }

    /// A record on its way into the queue: cut to what is kept, and logged. Facts go to the log in words.
    /// Payload and addresses may hold secrets: of them only the length, and of a failure its cause when
    /// the session ends.
    fn taken_in(&self, mut record: Record) -> Record {
        record.data.truncate(self.keeps);
        record.frames.truncate(self.keeps);
        let Record { conn, direction, kind, data, original_len, .. } = &record;
        match kind {
            RecordKind::Data => tracing::trace!("{conn} {direction:?} {original_len} bytes"),
            RecordKind::Failed => tracing::debug!("{conn} failed"),
            kind => {
                tracing::debug!("{conn} {}: {}", kind.into_str(), String::from_utf8_lossy(data));
            }
        }
        record
    }

    fn change(&self, change: impl FnOnce(&mut Queue, SessionId)) {
        self.shared.change(|queue| {
            self.shared.look_at_wall(queue, self.session);
            change(queue, self.session);
        });
    }
}

#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod sink_tests;
