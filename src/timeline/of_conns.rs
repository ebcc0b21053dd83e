//! The records of a few connections out of all there are, for whoever looks at those alone.

use super::store::Timeline;
use crate::model::id::{ConnId, RecordId};
use crate::model::record::Record;

impl Timeline {
    /// The records of these connections, oldest first; marked ones that are older than the rest are
    /// among them. Costs a look at the place of every record, and nothing of those of others is copied.
    pub(crate) fn of_conns(&self, conns: &[ConnId]) -> impl Iterator<Item = (RecordId, Record)> {
        let slots: Vec<_> = conns.iter().filter_map(|conn| self.conns.slot(*conn)).collect();
        let is_wanted = |record: &Record| conns.contains(&record.conn);
        let kept: Vec<_> =
            self.kept.iter().filter(|(_, record)| is_wanted(record)).cloned().collect();
        let logged = self.log.range(self.first(), self.next_id());
        let logged = logged.filter(move |place| slots.contains(&place.stored.conn));
        kept.into_iter().chain(logged.map(|place| (place.id, self.record(place))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{conn_id, received};
    use super::*;

    #[test]
    fn the_records_of_some_connections_come_in_their_order_those_that_are_kept_first() {
        let mut timeline = Timeline::new(2_000);
        for at in 0..40 {
            let id = timeline.push(received(conn_id(1, at as u32 % 3), at, b"12345678"));
            if at == 3 || at == 4 {
                timeline.pin(id).unwrap();
            }
        }
        let of = |conns: &[ConnId]| {
            timeline
                .of_conns(conns)
                .map(|(id, record)| (id.0, record.conn.index))
                .collect::<Vec<_>>()
        };
        let found = of(&[conn_id(1, 1), conn_id(1, 0)]);
        assert_eq!(found[..2], [(3, 0), (4, 1)]);
        assert!(found.is_sorted() && found.iter().all(|(id, conn)| *id % 3 == u64::from(*conn)));
        let first = timeline.first().0;
        let expected = (first..40).filter(|id| id % 3 < 2).count() + 2;
        assert_eq!(found.len(), expected);
        assert!(of(&[conn_id(9, 9)]).is_empty());
    }
}
