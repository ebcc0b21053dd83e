//! The faults of a relay, ready to be done. Pure: no socket, no clock.
//!
//! ```text
//! what a relay reads ─► FaultLine::take ─► queue by due time ─► FaultLine::pop_due ─► what it writes
//! ```
//! A relay has one `FaultLine` for each way of each client; all share the `Faults` in force, which can
//! change while they run.

mod chance;
pub(crate) mod control;
pub(crate) mod line;

use std::sync::Arc;
use std::time::Duration;

use super::rules::CompiledWhen;
use crate::model::fault::{FaultEffect, FaultFrom, FaultPlan, FaultsPlan};

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// What chance begins with.
    pub(crate) seed: u32,
    list: Vec<Fault>,
    off: bool,
}

#[derive(Debug)]
struct Fault {
    plan: FaultPlan,
    when: CompiledWhen,
}

impl Faults {
    /// Of a plan; `seed` is taken where it names none.
    pub(crate) fn new(plan: &FaultsPlan, seed: u32) -> Arc<Self> {
        let compiled = |plan: &FaultPlan| Fault {
            when: CompiledWhen::new(plan.when.clone()),
            plan: plan.clone(),
        };
        let list = plan.list.iter().map(compiled).collect();
        Arc::new(Faults { seed: plan.seed.unwrap_or(seed), list, off: plan.off })
    }

    /// Of these what can be done to datagrams, for those that a relay of streams passes on as well.
    pub(crate) fn of_datagrams(&self) -> Arc<Self> {
        let of_both = self.list.iter().filter(|it| it.plan.effect.is_of_streams() != Some(true));
        let list = of_both.map(|it| it.plan.clone()).collect();
        let plan = FaultsPlan { list, seed: Some(self.seed), off: self.off };
        Faults::new(&plan, self.seed)
    }

    /// Whether nothing is done to anything.
    pub(crate) fn is_none(&self) -> bool {
        self.off || self.list.is_empty()
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
        let FaultPlan { from, effect, first, every, chance, after, lasts, .. } = &self.plan;
        let kind = effect.kind().into_str();
        let how_much = match effect {
            FaultEffect::Delay { delay, jitter } if jitter.is_zero() => format!("{delay:?}"),
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

#[cfg(test)]
mod line_tests;
