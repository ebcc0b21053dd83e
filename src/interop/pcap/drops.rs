//! What captures say was lost before it came into them: the statistics of their interfaces.
//!
//! Used by the reader of frames. Others do not know of two who could drop; only our own files do.

use std::collections::BTreeMap;

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

    /// Totals that were not told yet: by us, and by the system as far as it is known.
    pub(super) fn news(&mut self) -> Option<(u64, Option<u64>)> {
        let sum = |at: usize| {
            let all = self.of.values().filter_map(|said| said[at]);
            all.reduce(u64::saturating_add)
        };
        let (by_app, by_kernel) = (sum(0).unwrap_or(0), sum(1));
        let told = (by_app, by_kernel.unwrap_or(0));
        (std::mem::replace(&mut self.told, told) != told).then_some((by_app, by_kernel))
    }
}
