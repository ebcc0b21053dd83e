//! What tests of the sink look at in the queue.

use super::*;

impl Queue {
    /// Nothing of a session is pending.
    pub(crate) fn is_empty(&self, session: SessionId) -> bool {
        self.cost(session) == 0
    }

    pub(crate) fn knows(&self, session: SessionId) -> bool {
        self.shares.contains_key(&session)
    }

    /// The sums are those of the sessions, and those of the items.
    pub(crate) fn is_balanced(&self) -> bool {
        let shares = self.shares.values();
        let items = self.items.values();
        let datagrams = items.clone().filter(|item| matches!(item.fact, Fact::Datagram(_)));
        self.items.values().all(|item| self.shares.contains_key(&item.session))
            && self.cost == shares.clone().map(|share| share.cost).sum::<usize>()
            && self.cost == items.clone().map(|item| item.fact.cost()).sum::<usize>()
            && self.records == items.filter(|item| item.fact.is_record()).count()
            && datagrams.count() == shares.clone().map(|share| share.datagrams.len()).sum::<usize>()
            && self.finished == shares.filter(|share| share.finished).count()
    }
}
