//! The facts of all sessions that the shell has not taken yet, merged into one order of time. Pure
//! data under one lock, so that no session can say something older than what was taken already:
//! whoever puts a record reads the clock while it holds the lock, or has a moment open.
//!
//! ```text
//! session 1  [ 3 | 7 | 9 ]  ┐
//! session 2  [ 4 | 5 ]      ├─ take ─►  3 4 5 | (a moment is open since 6: 7 and 9 have to wait)
//! session 3  [ ]            ┘
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use super::pending::Pending;
use crate::engine::event::Event;
use crate::engine::sink::event_batch::{EventBatch, PARCEL_BYTES, PARCEL_RECORDS};
use crate::model::id::SessionId;
use crate::model::timing::Stamp;

/// Names the place of a session; never used twice.
pub(super) type QueuePlace = u64;

/// How much there is to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    Nothing,
    Some,
    /// Enough to send without waiting for more.
    Full,
}

/// What all sessions have said.
#[derive(Default)]
pub(super) struct Queue {
    sessions: BTreeMap<QueuePlace, Pending>,
    places: QueuePlace,
    /// Moments from which records may still come, with a number that makes each one its own.
    moments: BTreeSet<(Stamp, u64)>,
    opened: u64,
    /// Sessions with something to take, sessions that are finished, and what all hold together.
    waiting: usize,
    finished: usize,
    records: usize,
    cost: usize,
    closed: bool,
}

impl Queue {
    /// A place for a session.
    pub(super) fn enter(&mut self, session: SessionId) -> QueuePlace {
        self.places += 1;
        if !self.closed {
            self.sessions.insert(self.places, Pending::new(session));
        }
        self.places
    }

    /// The facts of a session; `None` = it is over and everything was taken.
    pub(super) fn session(&self, place: QueuePlace) -> Option<&Pending> {
        self.sessions.get(&place)
    }

    /// Adds to the facts of a session.
    pub(super) fn change(&mut self, place: QueuePlace, change: impl FnOnce(&mut Pending)) {
        let Some(pending) = self.sessions.get_mut(&place) else { return };
        let before = Share::of(pending);
        change(pending);
        let after = Share::of(pending);
        self.count(before, after);
    }

    pub(super) fn load(&self) -> Load {
        if self.records >= PARCEL_RECORDS || self.cost >= PARCEL_BYTES || self.finished > 0 {
            Load::Full
        } else if self.waiting > 0 {
            Load::Some
        } else {
            Load::Nothing
        }
    }

    /// From `at` on records may come that are put later. Returns the number of the moment.
    pub(super) fn open_moment(&mut self, at: Stamp) -> u64 {
        self.opened += 1;
        self.moments.insert((at, self.opened));
        self.opened
    }

    pub(super) fn close_moment(&mut self, at: Stamp, number: u64) {
        self.moments.remove(&(at, number));
    }

    /// What comes next, at most a parcel of it; records in the order of their stamps. Empty when
    /// there is nothing or when all of it is younger than an open moment.
    pub(super) fn take(&mut self) -> VecDeque<Event> {
        let horizon = self.moments.first().map_or(Stamp(u64::MAX), |(at, _)| *at);
        let mut parcel = EventBatch::with_room_for(self.records);
        let mut fronts: BinaryHeap<_> = self
            .sessions
            .iter_mut()
            .filter_map(|(place, pending)| Some(Reverse((pending.front()?, *place))))
            .collect();
        let mut over = Vec::new();
        while let Some(Reverse((front, place))) = fronts.pop() {
            if front > horizon || parcel.is_full() {
                break;
            }
            let next = fronts.peek().map_or(horizon, |Reverse((next, _))| *next);
            let Some(pending) = self.sessions.get_mut(&place) else { continue };
            let before = Share::of(pending);
            pending.take_until(next.min(horizon), &mut parcel);
            let after = Share::of(pending);
            fronts.extend(pending.front().map(|front| Reverse((front, place))));
            if after.finished && !after.waiting {
                over.push(place);
            }
            self.count(before, after);
        }
        for place in over {
            self.leave(place);
        }
        parcel.finish()
    }

    /// Nobody takes anything any more: forgets everything, and whatever is put from now on.
    pub(super) fn close(&mut self) {
        *self = Queue { closed: true, places: self.places, ..Queue::default() };
    }

    /// The sums are those of the sessions.
    #[cfg(test)]
    pub(super) fn is_balanced(&self) -> bool {
        let shares: Vec<Share> = self.sessions.values().map(Share::of).collect();
        self.waiting == shares.iter().filter(|share| share.waiting).count()
            && self.finished == shares.iter().filter(|share| share.finished).count()
            && self.records == shares.iter().map(|share| share.records).sum::<usize>()
            && self.cost == shares.iter().map(|share| share.cost).sum::<usize>()
    }

    fn leave(&mut self, place: QueuePlace) {
        if let Some(pending) = self.sessions.remove(&place) {
            self.count(Share::of(&pending), Share::default());
        }
    }

    fn count(&mut self, before: Share, after: Share) {
        self.waiting = self.waiting + usize::from(after.waiting) - usize::from(before.waiting);
        self.finished = self.finished + usize::from(after.finished) - usize::from(before.finished);
        self.records = self.records + after.records - before.records;
        self.cost = self.cost + after.cost - before.cost;
    }
}

/// What one session adds to the sums.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    waiting: bool,
    finished: bool,
    records: usize,
    cost: usize,
}

impl Share {
    fn of(pending: &Pending) -> Share {
        Share {
            waiting: !pending.is_empty(),
            finished: pending.is_finished(),
            records: pending.records(),
            cost: pending.cost(),
        }
    }
}
