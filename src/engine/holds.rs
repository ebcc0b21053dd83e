//! What the relays hold: what is to be held, what waits, and who is told how that ended.
//!
//! ```text
//! a relay reads ─► HoldDesk::asks, fits ─► hold ─► Event::Held ····► somebody decides
//!                                           └► HoldTicket::decided ◄── Command::Decide
//!                                                                  ◄── time is up, or nothing is held any more
//! ```
//! A session has one desk; its tasks hold tickets. Holds come before faults: a fault is done to what is
//! passed on. What waits is bounded; what finds no place is passed on as it came and marked so.

pub(crate) mod line;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::event::Event;
use super::refusal;
use super::sink::Sink;
use crate::model::hold::{Decision, Held, HeldKind, HoldEnd, HoldMark, HoldPlan};
use crate::model::id::SessionId;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::query::{Filter, RecordFacts};

/// Things of a session that wait at most.
pub(crate) const MOST_HELD: usize = 1_000;
/// Their bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Where the tasks of a session ask and where it is decided. Clones are the same desk.
#[derive(Clone)]
pub(crate) struct HoldDesk(Arc<Desk>);

struct Desk {
    session: SessionId,
    events: Sink,
    /// Something is to be held: so that whoever passes on much need not lock for nothing.
    asks: AtomicBool,
    state: Mutex<DeskState>,
}

#[derive(Default)]
struct DeskState {
    plan: HoldPlan,
    filter: Option<Arc<Filter>>,
    waiting: BTreeMap<u32, Waiting>,
    bytes: usize,
    last: u32,
}

struct Waiting {
    verdict: oneshot::Sender<HoldVerdict>,
    len: usize,
}

/// What shall become of something, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HoldVerdict {
    pub(crate) decision: Decision,
    pub(crate) end: HoldEnd,
}

/// Something to be held.
pub(crate) struct HoldWish {
    pub(crate) kind: HeldKind,
    pub(crate) from_client: bool,
    /// What is shown, and what an edited text takes the place of.
    pub(crate) data: Bytes,
    /// What is told of it; it gets its time here.
    pub(crate) record: Record,
}

/// A place among what waits; who lets go of it says that its connection is over.
pub(crate) struct HoldTicket {
    number: u32,
    verdict: oneshot::Receiver<HoldVerdict>,
    until: Instant,
    desk: HoldDesk,
}

impl HoldVerdict {
    fn as_it_came(end: HoldEnd) -> Self {
        HoldVerdict { decision: Decision::Forward, end }
    }

    /// The mark of what it did, beside that it was held.
    pub(crate) fn mark(&self) -> HoldMark {
        match self.end {
            HoldEnd::Forwarded | HoldEnd::Released | HoldEnd::Gone | HoldEnd::Left => {
                HoldMark::Held
            }
            HoldEnd::Edited => HoldMark::Edited,
            HoldEnd::Dropped => HoldMark::Dropped,
            HoldEnd::TimedOut => HoldMark::TimedOut,
        }
    }
}

impl HoldDesk {
    /// One where nothing is held yet.
    pub(super) fn new(session: SessionId, events: Sink) -> Self {
        let (asks, state) = (AtomicBool::new(false), Mutex::default());
        HoldDesk(Arc::new(Desk { session, events, asks, state }))
    }

    /// Held for short. A panic of another holder does no harm.
    fn lock(&self) -> MutexGuard<'_, DeskState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds by this from now on. What waits goes on waiting, unless nothing is held any more: then it
    /// goes on as it came.
    pub(crate) fn change(&self, plan: &HoldPlan) {
        let released = {
            let mut state = self.lock();
            if state.plan == *plan {
                return;
            }
            if state.plan.filter.is_none() && plan.filter.is_none() {
                state.plan = plan.clone();
                return;
            }
            state.plan = plan.clone();
            // Whoever made the plan has checked it.
            let parsed = plan.filter.as_deref().and_then(|text| Filter::parse(text).ok());
            state.filter = parsed.map(Arc::new);
            self.0.asks.store(state.filter.is_some(), Ordering::Relaxed);
            let numbers = state.waiting.keys().copied().filter(|_| plan.filter.is_none());
            numbers.collect::<Vec<_>>()
        };
        for number in &released {
            self.end(*number, HoldVerdict::as_it_came(HoldEnd::Released));
        }
        let text = match &plan.filter {
            Some(filter) => format!(
                "holding {filter}: what fits waits to be forwarded, edited or dropped, and is passed on \
                 as it came after {:?}",
                plan.timeout
            ),
            None => format!("nothing is held any more; {} went on as they came", released.len()),
        };
        let itself = self.0.session.itself();
        self.0.events.note(itself, Direction::Local, RecordKind::Note, text);
    }

    /// Whether anything is to be held.
    pub(crate) fn asks(&self) -> bool {
        self.0.asks.load(Ordering::Relaxed)
    }

    /// Whether what is to be held is asked for by bytes, so that nobody can tell before they are there.
    pub(crate) fn reads_data(&self) -> bool {
        self.lock().filter.as_ref().is_some_and(|filter| filter.reads().data)
    }

    /// Whether this is to be held.
    pub(crate) fn fits(&self, conn: &ConnInfo, facts: &RecordFacts<'_>) -> bool {
        let filter = self.lock().filter.clone();
        filter.is_some_and(|filter| filter.about(conn.id, Some(conn)).matches(facts))
    }

    /// Holds something and tells of it; `None` = there is no room, and nothing was told.
    pub(crate) fn hold(&self, wish: HoldWish) -> Option<HoldTicket> {
        let HoldWish { kind, from_client, data, record } = wish;
        let len = data.len();
        let (answer, verdict) = oneshot::channel();
        let (number, timeout) = {
            let mut state = self.lock();
            if state.waiting.len() >= MOST_HELD || state.bytes + len > MOST_BYTES {
                return None;
            }
            state.last = state.last.wrapping_add(1);
            let number = state.last;
            state.bytes += len;
            state.waiting.insert(number, Waiting { verdict: answer, len });
            (number, state.plan.timeout)
        };
        let (events, now) = (&self.0.events, Instant::now());
        let stamp = events.hold_stamp();
        let (at, conn) = (stamp.at(), record.conn);
        let faults = record.faults.held(HoldMark::Held);
        events.push(Record { at, faults, ..record });
        let held = Held { number, conn, kind, from_client, at, until: at + timeout, data };
        events.event(Event::Held(Box::new(held)));
        drop(stamp);
        Some(HoldTicket { number, verdict, until: now + timeout, desk: self.clone() })
    }

    /// Somebody has decided.
    pub(crate) fn decide(&self, number: u32, decision: Decision) {
        let end = match &decision {
            Decision::Forward => HoldEnd::Forwarded,
            Decision::Edit(_) => HoldEnd::Edited,
            Decision::Drop => HoldEnd::Dropped,
        };
        if !self.end(number, HoldVerdict { decision, end }) {
            self.0.events.refused(refusal::held_no_more());
        }
    }

    /// The connection of one is over, which then waits no more.
    pub(crate) fn gone(&self, number: u32) {
        self.end(number, HoldVerdict::as_it_came(HoldEnd::Gone));
    }

    /// Ends the waiting of one; false = it does not wait (any more).
    fn end(&self, number: u32, verdict: HoldVerdict) -> bool {
        let removed = {
            let mut state = self.lock();
            let removed = state.waiting.remove(&number);
            state.bytes -= removed.as_ref().map_or(0, |it| it.len);
            removed
        };
        let Some(removed) = removed else { return false };
        let end = verdict.end;
        // Whoever waits is told before the others: what follows is theirs.
        let _ = removed.verdict.send(verdict);
        self.0.events.event(Event::HoldEnded { id: self.0.session, number, end });
        true
    }
}

impl HoldTicket {
    /// Tells it from others of its session.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whoever waits for what it becomes is gone: it waits no more, if it did.
    pub(crate) fn left(&self) {
        self.desk.end(self.number, HoldVerdict::as_it_came(HoldEnd::Left));
    }

    /// Waits for the decision; to be asked once. Safe to drop.
    pub(crate) async fn decided(&mut self) -> HoldVerdict {
        let late = HoldVerdict::as_it_came(HoldEnd::TimedOut);
        tokio::select! {
            biased;
            decided = &mut self.verdict => decided.unwrap_or(late),
            () = sleep_until(self.until) => {
                if self.desk.end(self.number, late.clone()) {
                    return late;
                }
                self.verdict.try_recv().unwrap_or(late)
            }
        }
    }
}

impl Drop for HoldTicket {
    fn drop(&mut self) {
        self.desk.end(self.number, HoldVerdict::as_it_came(HoldEnd::Gone));
    }
}
