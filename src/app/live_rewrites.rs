//! The rules of a relay that runs: whether they are switched off, and how often each changed something.
//!
//! Part of a session; the plan of that stays whole while its rules are off.

use std::collections::BTreeMap;

/// Rules whose changes are counted.
const COUNTED: usize = 1_000;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveRewrites {
    /// All of them are.
    pub off: bool,
    /// By their numbers.
    times: BTreeMap<u32, u64>,
}

impl LiveRewrites {
    /// The rule of this number changed something, so often in all.
    pub(crate) fn changed(&mut self, rule: u32, times: u64) {
        if let Some(known) = self.times.get_mut(&rule) {
            *known = times.max(*known);
        } else if self.times.len() < COUNTED {
            self.times.insert(rule, times);
        }
    }

    /// Other rules have the numbers now; the engine tells what they did so far.
    pub(crate) fn renumbered(&mut self) {
        self.times.clear();
    }

    /// How often the rule at this place of the list did.
    #[must_use]
    pub fn times(&self, at: usize) -> u64 {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        self.times.get(&number).copied().unwrap_or_default()
    }
}
