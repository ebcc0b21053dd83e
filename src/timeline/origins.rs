//! How the bytes of records that were read from files differ from what crossed: masked, or made of what the
//! file tells of an exchange.
//!
//! Kept by the timeline beside its records, of which few are like that, or all: those that were made follow
//! each other, and are kept as ranges.

use std::collections::BTreeMap;

use crate::model::id::RecordId;
use crate::model::record::{MaskedLens, RecordOrigin};

/// How many masked ones are kept before it is looked which of them are gone.
const LOOK: usize = 4096;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Origins {
    masked: BTreeMap<RecordId, Option<MaskedLens>>,
    /// From the first to behind the last, in order.
    made: Vec<(RecordId, RecordId)>,
    /// Masked ones that are there when it is looked again.
    look: usize,
}

impl Origins {
    /// Takes note of a record that follows those before; `is_here` tells which are not gone.
    pub(super) fn set(
        &mut self,
        id: RecordId,
        origin: RecordOrigin,
        is_here: impl Fn(RecordId) -> bool,
    ) {
        if origin.is_masked {
            self.masked.insert(id, origin.lens);
        }
        if self.masked.len() > self.look.max(LOOK) {
            self.masked.retain(|id, _| is_here(*id));
            self.look = 2 * self.masked.len();
        }
        if !origin.is_made {
            return;
        }
        let after = RecordId(id.0 + 1);
        match self.made.last_mut() {
            Some((_, end)) if *end == id => *end = after,
            _ => {
                if self.made.len() >= LOOK {
                    self.made.retain(|(_, end)| is_here(RecordId(end.0.saturating_sub(1))));
                }
                self.made.push((id, after));
            }
        }
    }

    /// What was told of a record.
    pub(super) fn get(&self, id: RecordId) -> RecordOrigin {
        let masked = self.masked.get(&id);
        let at = self.made.partition_point(|(from, _)| *from <= id);
        let range = at.checked_sub(1).and_then(|at| self.made.get(at));
        RecordOrigin {
            is_masked: masked.is_some(),
            lens: masked.copied().flatten(),
            is_made: range.is_some_and(|(_, end)| id < *end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_of_records_is_known_until_they_are_gone() {
        let mut origins = Origins::default();
        let lens = Some(MaskedLens { len: 9, kept: None });
        let masked = RecordOrigin { is_masked: true, lens, is_made: false };
        let made = RecordOrigin { is_made: true, ..RecordOrigin::default() };
        let all = |_: RecordId| true;
        for (id, origin) in [(3, masked), (4, made), (5, made), (8, made)] {
            origins.set(RecordId(id), origin, all);
        }
        let told: Vec<_> = (2..10).map(|id| origins.get(RecordId(id))).collect();
        let none = RecordOrigin::default();
        assert_eq!(told, [none, masked, made, made, none, none, made, none]);
        assert_eq!(origins.made.len(), 2);
        for id in 10..20_000 {
            origins.set(RecordId(2 * id), masked, |it| it.0 + 200 > 2 * id);
            origins.set(RecordId(2 * id), made, |it| it.0 + 200 > 2 * id);
        }
        assert!(origins.masked.len() <= LOOK + 1 && origins.made.len() <= LOOK);
        assert_eq!(origins.get(RecordId(39_998)).lens, lens);
    }
}
