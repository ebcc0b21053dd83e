//! The faults of a relay, ready to be done. Pure: no socket, no clock.
//!
//! ```text
//! what a relay reads ─► FaultLine::take ─► queue by due time ─► FaultLine::pop_due ─► what it writes
//! ```
//! A relay has one `FaultLine` for each way of each client; all share the `Faults` in force, which can
//! change while they run.

mod asked;
mod chance;
pub(crate) mod control;
pub(crate) mod line;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::codec::escape::escape;
use crate::model::fault::{FaultEffect, FaultFrom, FaultPlan, FaultWhen, FaultsPlan};
use crate::model::plan::WhenPlan;
use crate::model::timing::Stamp;
use asked::FaultTest;

/// Connections of which it is known to a fault which of them they are.
const CONNS: usize = 1024;

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// What chance begins with.
    pub(crate) seed: u32,
    /// When their time began.
    began: Stamp,
    list: Vec<Fault>,
    off: bool,
}

#[derive(Debug)]
struct Fault {
    plan: FaultPlan,
    when: FaultTest,
    /// Messages that it was asked about, of the server and of the client, where the relay counts them.
    messages: [AtomicU64; 2],
    /// Connections that it may end.
    conns: Mutex<CountedConns>,
}

/// Connections in the order in which a fault was first asked about them.
#[derive(Debug, Default, Clone)]
struct CountedConns {
    count: u64,
    /// The last ones and their numbers: both ways of one are one.
    last: VecDeque<(u32, u64)>,
}

impl CountedConns {
    fn number(&mut self, conn: u32) -> u64 {
        if let Some((_, number)) = self.last.iter().rev().find(|(known, _)| *known == conn) {
            return *number;
        }
        self.count = self.count.saturating_add(1);
        self.last.push_back((conn, self.count));
        if self.last.len() > CONNS {
            self.last.pop_front();
        }
        self.count
    }
}

impl Faults {
    /// Of a plan, which begin to count their time at `began`; `seed` is taken where it names none.
    pub(crate) fn new(plan: &FaultsPlan, seed: u32, began: Stamp) -> Arc<Self> {
        Faults { began, ..Faults::default() }.followed_by(plan, seed)
    }

    /// Those of a plan that takes the place of this one: a fault that stays counts on.
    pub(crate) fn followed_by(&self, plan: &FaultsPlan, seed: u32) -> Arc<Self> {
        let counted = |plan: &FaultPlan| {
            let before = self.list.iter().find(|old| old.plan == *plan);
            let count = |way: &AtomicU64| AtomicU64::new(way.load(Ordering::Relaxed));
            before.map(|old| (old.messages.each_ref().map(count), Mutex::new(old.conns().clone())))
        };
        let compiled = |plan: &FaultPlan| {
            let (messages, conns) = counted(plan).unwrap_or_default();
            let when = FaultTest::new(&plan.when);
            Fault { when, messages, conns, plan: plan.clone() }
        };
        let list = plan.list.iter().map(compiled).collect();
        let (seed, began) = (plan.seed.unwrap_or(seed), self.began);
        Arc::new(Faults { seed, began, list, off: plan.off })
    }

    /// Of these what can be done to datagrams, for those that a relay of streams passes on as well.
    pub(crate) fn of_datagrams(&self) -> Arc<Self> {
        let of_both = self.list.iter().filter(|it| it.plan.effect.is_of_streams() != Some(true));
        let list = of_both.map(|it| it.plan.clone()).collect();
        let plan = FaultsPlan { list, seed: Some(self.seed), off: self.off };
        Faults::new(&plan, self.seed, self.began)
    }

    /// Whether nothing is done to anything.
    pub(crate) fn is_none(&self) -> bool {
        self.off || self.list.is_empty()
    }

    /// Whether one of this way asks for more than bytes.
    pub(crate) fn have_filter(&self, from_client: bool) -> bool {
        !self.off && self.list.iter().any(|it| it.is_of(from_client) && it.when.is_filter())
    }

    /// What is to be said of them at the start and after a change; `None` = there are none.
    pub(crate) fn told(&self) -> Option<String> {
        if self.list.is_empty() {
            return None;
        }
        if self.off {
            return Some("the faults are switched off".into());
        }
        let list: Vec<_> = self.list.iter().map(Fault::told).collect();
        Some(format!("faults: {}; seed {} repeats them", list.join("; "), self.seed))
    }

    /// The next time after this one, since the start, at which one begins or ends.
    pub(crate) fn next_change(&self, now: Duration) -> Option<Duration> {
        let times = self.list.iter().filter(|_| !self.off).flat_map(Fault::times);
        times.filter(|at| *at > now).min()
    }

    /// What begins or ends at this time, in words.
    pub(crate) fn changes_at(&self, at: Duration) -> Vec<String> {
        let mut told = Vec::new();
        for fault in &self.list {
            let [begins, ends] = fault.bounds();
            if begins == Some(at) {
                told.push(format!("a fault begins: {}", fault.told()));
            }
            if ends == Some(at) {
                told.push(format!("a fault ends: {}", fault.told()));
            }
        }
        told
    }
}

impl Fault {
    fn conns(&self) -> MutexGuard<'_, CountedConns> {
        self.conns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next message that the whole relay counts, from 1.
    fn next_message(&self, from_client: bool) -> u64 {
        let messages = &self.messages[usize::from(from_client)];
        messages.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Whether it is about the one with this number.
    fn is_turn(&self, number: u64) -> bool {
        let FaultPlan { first, every, .. } = &self.plan;
        first.is_none_or(|first| number <= u64::from(first))
            && every.is_none_or(|every| number.is_multiple_of(u64::from(every.max(1))))
    }

    fn is_active(&self, now: Duration) -> bool {
        now >= self.plan.after && self.ends().is_none_or(|end| now < end)
    }

    fn ends(&self) -> Option<Duration> {
        self.plan.lasts.map(|lasts| self.plan.after.saturating_add(lasts))
    }

    /// When it begins, unless it is there from the start, and ends.
    fn bounds(&self) -> [Option<Duration>; 2] {
        [Some(self.plan.after).filter(|after| !after.is_zero()), self.ends()]
    }

    fn times(&self) -> impl Iterator<Item = Duration> + use<> {
        self.bounds().into_iter().flatten()
    }

    fn is_of(&self, from_client: bool) -> bool {
        match self.plan.from {
            FaultFrom::Both => true,
            FaultFrom::Client => from_client,
            FaultFrom::Server => !from_client,
        }
    }

    /// `delay 100ms of the server, every 3rd`
    fn told(&self) -> String {
        let FaultPlan { from, effect, first, every, chance, when, after, lasts } = &self.plan;
        let kind = effect.kind().into_str();
        let how_much = match effect {
            FaultEffect::Delay { delay, jitter } if jitter.is_zero() => format!("{delay:?}"),
            FaultEffect::Delay { delay: Duration::ZERO, jitter } => format!("up to {jitter:?}"),
            FaultEffect::Delay { delay, jitter } => format!("{delay:?} to {:?}", *delay + *jitter),
            FaultEffect::Merge(time) => format!("{time:?}"),
            FaultEffect::Rate(bytes) => format!("{bytes} B/s"),
            FaultEffect::Drop(percent) => format!("{percent} %"),
            FaultEffect::Split(bytes)
            | FaultEffect::Corrupt(bytes)
            | FaultEffect::Reset(bytes)
            | FaultEffect::HalfClose(bytes)
            | FaultEffect::Stall(bytes) => format!("{bytes} B"),
            FaultEffect::Duplicate(count) | FaultEffect::Reorder(count) => format!("{count}"),
        };
        let mut told = format!("{kind} {how_much}");
        match from {
            FaultFrom::Both => {}
            FaultFrom::Client => told.push_str(" of the client"),
            FaultFrom::Server => told.push_str(" of the server"),
        }
        let mut add = |words: String| told.push_str(&words);
        match when {
            FaultWhen::Filter(filter) => add(format!(", when {filter}")),
            FaultWhen::Bytes(phrase) => phrase_of(phrase).into_iter().for_each(&mut add),
        }
        if let Some(first) = first {
            add(format!(", the first {first}"));
        }
        if let Some(every) = every {
            add(format!(", every {every}"));
        }
        if *chance < 100 {
            add(format!(", {chance} % of them"));
        }
        if !after.is_zero() {
            add(format!(", after {after:?}"));
        }
        if let Some(lasts) = lasts {
            add(format!(", for {lasts:?}"));
        }
        told
    }
}

/// `, when contains "COMMIT"`; `None` = always.
fn phrase_of(when: &WhenPlan) -> Option<String> {
    let (word, text) = match when {
        WhenPlan::Always => return None,
        WhenPlan::Contains(bytes) => ("contains", escape(bytes)),
        WhenPlan::Equals(bytes) => ("equals", escape(bytes)),
        WhenPlan::StartsWith(bytes) => ("starts-with", escape(bytes)),
        WhenPlan::Matches(regex) => ("matches", regex.clone()),
    };
    Some(format!(", when {word} \"{text}\""))
}

#[cfg(test)]
mod line_tests;
