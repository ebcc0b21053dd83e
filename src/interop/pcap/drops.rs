//! What captures say was lost before it came into them: beside single packets, and in the statistics of their
//! interfaces.
//!
//! Used by the reader of frames. Others do not know of two who could drop; only our own files do.

use std::collections::{BTreeMap, BTreeSet};

use crate::interop::pcapng::OURS;
use crate::model::loss_words::losses_in;

/// Interfaces whose statistics are added up.
const INTERFACES: usize = 4096;
/// `shb_userappl`, `isb_ifdrop`, `isb_osdrop`.
const APPLICATION: u16 = 4;
const DROPPED: u16 = 5;
const DROPPED_BY_SYSTEM: u16 = 7;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Drops {
    /// By section and interface: dropped by who captured, and by the system.
    of: BTreeMap<(u32, u32), [Option<u64>; 2]>,
    /// The section was written by us.
    is_ours: bool,
    /// By section and interface: what packets say was lost before them.
    beside: BTreeMap<(u32, u32), [u64; 2]>,
    told: (u64, u64),
}

impl Drops {
    /// A section begins with these options.
    pub(super) fn begin<'a>(&mut self, mut options: impl Iterator<Item = (u16, &'a [u8])>) {
        let ours =
            |(code, text): (u16, &[u8])| code == APPLICATION && text.starts_with(b"wirebench ");
        self.is_ours = options.any(ours);
    }

    /// What an interface says of itself; the last word counts.
    pub(super) fn learn(
        &mut self,
        of: (u32, u32),
        options: impl Iterator<Item = (u16, Option<u64>)>,
    ) {
        let mut said = [None, None];
        for (code, number) in options {
            match code {
                DROPPED => said[0] = number,
                DROPPED_BY_SYSTEM => said[1] = number,
                _ => {}
            }
        }
        if !self.is_ours && said != [None, None] {
            let [one, other] = said.map(Option::unwrap_or_default);
            said = [None, Some(one.saturating_add(other))];
        }
        if said != [None, None] && (self.of.len() < INTERFACES || self.of.contains_key(&of)) {
            self.of.insert(of, said);
        }
    }

    /// What was lost before a packet with these comments, by whom. Of ours it has words that say so.
    pub(super) fn packet<'a>(
        &mut self,
        of: (u32, u32),
        dropped: [u64; 2],
        comments: impl Iterator<Item = &'a [u8]>,
    ) -> [u64; 2] {
        let mut lost = dropped;
        if self.is_ours && lost != [0, 0] {
            let mut words = comments.filter_map(|it| it.strip_prefix(OURS.as_bytes()));
            lost = words.find_map(losses_in).map_or([0, 0], |(us, kernel)| [us, kernel]);
        }
        if lost != [0, 0] && (self.beside.len() < INTERFACES || self.beside.contains_key(&of)) {
            let all = self.beside.entry(of).or_default();
            *all = [0, 1].map(|at| all[at].saturating_add(lost[at]));
        }
        lost
    }

    /// Whether packets say by themselves what was lost before them: the totals of such a file come last.
    pub(super) fn are_beside_packets(&self) -> bool {
        !self.beside.is_empty()
    }

    /// Totals that were not told yet: by us, and by the system as far as it is known. What single packets
    /// say may be less than the statistics of their interface, which come last.
    pub(super) fn news(&mut self) -> Option<(u64, Option<u64>)> {
        let all: BTreeSet<_> = self.of.keys().chain(self.beside.keys()).collect();
        let sum = |at: usize| {
            let of_one = |of: &&(u32, u32)| {
                let said = self.of.get(of).and_then(|said| said[at]);
                let beside = self.beside.get(of).map(|beside| beside[at]);
                said.max(beside)
            };
            all.iter().filter_map(of_one).reduce(u64::saturating_add)
        };
        let (by_app, by_kernel) = (sum(0).unwrap_or(0), sum(1));
        let told = (by_app, by_kernel.unwrap_or(0));
        (std::mem::replace(&mut self.told, told) != told).then_some((by_app, by_kernel))
    }
}
