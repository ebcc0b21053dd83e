//! Datagrams of a client that wait for its target to be found: bounded, and in their order.
//!
//! What filters ask may be the address that the target becomes. So where somebody asks (a fault, a hold, a
//! rule) what came before that is known is looked at once it is, as if it came then.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::time::Instant;

use super::ends::Ends;
use super::onward::Link;
use super::pairs::Pairs;
use super::passed_on::data_record;
use crate::model::asked_target::AskedTarget;
use crate::model::fault::FaultMarks;
use crate::model::record::{Direction, Record};

/// Datagrams and bytes of a client that wait at most.
const WAITING: (usize, usize) = (64, 256 * 1024);

/// Datagrams that wait for the target to be found.
#[derive(Debug, Default)]
pub(super) struct EarlyDatagrams {
    queue: VecDeque<Early>,
    bytes: usize,
}

/// One of them.
#[derive(Debug)]
pub(super) enum Early {
    /// As it came: nobody was asked about it, and it is not told.
    Unasked(Bytes),
    /// It went through all that may be done to it.
    Ready(Bytes),
}

impl Early {
    fn len(&self) -> usize {
        let (Early::Unasked(data) | Early::Ready(data)) = self;
        data.len()
    }
}

impl EarlyDatagrams {
    /// It begins with this one.
    pub(super) fn of(first: Early) -> Self {
        EarlyDatagrams { bytes: first.len(), queue: VecDeque::from([first]) }
    }

    /// One more, or why not.
    pub(super) fn push(&mut self, early: Early) -> Result<(), String> {
        let (datagrams, bytes) = WAITING;
        if self.queue.len() >= datagrams || self.bytes + early.len() > bytes {
            return Err("the target is still being looked up".into());
        }
        self.bytes += early.len();
        self.queue.push_back(early);
        Ok(())
    }

    /// All of them, in their order.
    pub(super) fn take(&mut self) -> Vec<Early> {
        self.bytes = 0;
        std::mem::take(&mut self.queue).into()
    }
}

impl<E: Ends> Pairs<E> {
    /// Takes a datagram of a client in; the record of it, unless it waits.
    pub(super) fn take_in(&mut self, key: &E::Key, data: Bytes) -> Option<Record> {
        let conn = self.at(key).client;
        if !self.asks_where_to(key) {
            return self.pass_in(key, data);
        }
        let now = Instant::now();
        let pair = self.known.get_mut(key)?;
        let to = pair.halves.target;
        let waits = match &mut pair.link {
            Link::Finding(waiting) => waiting.push(Early::Unasked(data.clone())),
            Link::Unreached { again } if *again <= now => {
                self.find_target(key, to, Early::Unasked(data));
                return None;
            }
            // What is said of one whose target is not there asks nobody for its address.
            Link::Unreached { .. } | Link::Open(_) => return self.pass_in(key, data),
        };
        let why = waits.err()?;
        self.lost.add(to, true, data.len(), why);
        Some(data_record(conn, Direction::Received, data, FaultMarks::default()))
    }

    /// Whether somebody may ask where a pair leads to, which is not known yet.
    fn asks_where_to(&self, key: &E::Key) -> bool {
        let Some(pair) = self.known.get(key) else { return false };
        let is_known = |asked: &AskedTarget| asked.address.is_some();
        let asks = pair.up.has_filter() || !self.rewrites.is_none() || self.session.holds.asks();
        asks && !pair.conn.asked.as_deref().is_some_and(is_known)
    }

    /// What waited of a pair whose target is found.
    pub(super) fn go_on(&mut self, key: &E::Key, waiting: Vec<Early>) {
        let stamp = self.session.events.hold_stamp();
        let mut records = Vec::new();
        for early in waiting {
            match early {
                Early::Unasked(data) => records.extend(self.pass_in(key, data)),
                Early::Ready(data) => self.send_up(key, data),
            }
        }
        self.session.events.offer(records);
        drop(stamp);
    }

    /// What waited of a pair gets nowhere.
    pub(super) fn give_up(&mut self, key: &E::Key, waiting: Vec<Early>, why: &str) {
        let Some(halves) = self.known.get(key).map(|pair| pair.halves) else { return };
        let stamp = self.session.events.hold_stamp();
        let mut records = Vec::new();
        for early in waiting {
            self.lost.add(halves.target, true, early.len(), why.to_owned());
            if let Early::Unasked(data) = early {
                let untouched = FaultMarks::default();
                records.push(data_record(halves.client, Direction::Received, data, untouched));
            }
        }
        self.session.events.offer(records);
        drop(stamp);
    }
}
